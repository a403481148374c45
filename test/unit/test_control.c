/* test_control.c - the gate: who may, how much, for how long; and the bytes that come of it.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/control.h"

#define S VB_NS_PER_S

/* ---- a device with every kind of command ---- */

static const struct vb_word modes[] = {{0, "off"}, {1, "eco"}, {3, "full"}, {0, NULL}};
static const struct vb_word lamps[] = {{0, "left"}, {2, "right"}, {0, NULL}};
static const struct vb_signal rows_0[] = {
    {"charge.current", "A", 0, 16, VB_LE | VB_SIGNED, VB_SCALE(1, 0, 10), VB_LIMITS(-100, 100)},
    {"charge.mode", "", 16, 2, VB_LE, VB_RAW, .words = modes},
    {"charge.unknown_2", "", 18, 6, VB_LE | VB_UNKNOWN, VB_RAW},
};
static const struct vb_signal rows_1[] = {
    {"lamp.set", "", 0, 4, VB_LE | VB_BITS, VB_RAW, .words = lamps},
    {"fan.speed", "%", 8, 8, VB_LE, VB_SCALE(1, 0, 2), VB_LIMITS(0, 100)},
};
static const struct vb_signal rows_2[] = {{"nothing.here", "", 0, 8, VB_LE, VB_RAW}};
static const struct vb_message messages[] = {
    {VB_ID(0x101), .len_min = 2, .len_max = 4, .name = "charge", VB_ROWS(rows_0)},
    {VB_ID(0x102), .len_min = 2, .len_max = 2, .name = "lamp", VB_ROWS(rows_1)},
    {VB_ID(0x103), .len_min = 1, .len_max = 1, .name = "other", VB_ROWS(rows_2)},
};
static const struct vb_command commands[] = {
    {"charge.current", "Current", 0, &rows_0[0], {VB_MILLI(-5), VB_MILLI(32.5)}, 0},
    {"charge.mode", "Mode", 0, &rows_0[1], {VB_MILLI(0), VB_MILLI(3)}, 0},
    {"lamp.set", "Lamps", 1, &rows_1[0], {VB_MILLI(0), VB_MILLI(5)}, 0},
    {"fan.speed", "Fan", 1, &rows_1[1], {VB_MILLI(10), VB_MILLI(100)}, 60 /* 30 % */},
};
static const struct vb_device device = {.name = "bench",
                                        .title = "",
                                        .kind = VB_KIND_CAN,
                                        VB_MESSAGES(messages),
                                        VB_COMMANDS(commands)};
enum { CURRENT, MODE, LAMP, FAN, COMMANDS };

/* A gate, open or not, and its instance. */
struct bench {
    struct vb_lease leases[VB_COMMANDS_MAX];
    struct vb_control control;
    struct vb_instance instance;
};

static void open_device(struct bench *b, const struct vb_device *which, bool allowed) {
    memset(b, 0xA5, sizeof *b); /* whatever stood there */
    assert_in_range(which->command_count, 1, VB_COMMANDS_MAX);
    vb_control_init(&b->control, which, b->leases, allowed);
    vb_instance_init(&b->instance, which, NULL, 0);
}

static void open_bench(struct bench *b) {
    open_device(b, &device, true);
}

/* The answer to a request of 30 s at the moment 100 s. */
static const char *ask(struct bench *b, size_t i, const char *text) {
    return vb_refusal_text(vb_control_request(&b->control, i, text, strlen(text), 30 * S, 100 * S));
}

#define assert_ask(bench, i, text, answer) assert_string_equal(ask(bench, i, text), answer)

/* The request is refused for this reason and changes nothing, without a lease and with one. */
static void refused(struct bench *b, size_t i, const char *text, int64_t lease_ns,
                    const char *reason) {
    struct vb_lease before[COMMANDS];
    memcpy(before, b->leases, sizeof before);
    enum vb_refusal refusal =
        vb_control_request(&b->control, i, text, strlen(text), lease_ns, 200 * S);
    if (strcmp(vb_refusal_text(refusal), reason) != 0) {
        fail_msg("'%s' for command %zu: %s, not %s", text, i, vb_refusal_text(refusal), reason);
    }
    assert_memory_equal(before, b->leases, sizeof before);
}

static void test_the_device_of_these_tests_is_good(void **state) {
    (void)state;
    struct vb_defect defect;
    if (vb_device_check(&device, &defect) != VB_OK) {
        fail_msg("%s", defect.what);
    }
}

/* ---- who may ---- */

static void test_a_new_gate_has_safe_values_and_no_lease(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    for (size_t i = 0; i < COMMANDS; i++) {
        assert_int_equal(b.leases[i].raw, i == FAN ? 60 : 0);
        assert_int_equal(b.leases[i].until_ns, INT64_MIN);
    }
    assert_int_equal(b.leases[CURRENT].limits.min_milli, -5000);
    assert_int_equal(b.leases[CURRENT].limits.max_milli, 32500);
    assert_int_equal(vb_control_deadline_ns(&b.control), INT64_MAX);
    assert_int_equal(vb_control_tick(&b.control, INT64_MAX), -1);
}

static void test_control_is_off_until_allowed(void **state) {
    (void)state;
    struct bench b;
    open_device(&b, &device, false);
    refused(&b, MODE, "eco", 30 * S, "control-off");
    refused(&b, 99, "eco", 30 * S, "control-off"); /* not even which commands there are */
}

static void test_commands_are_found_by_their_whole_name(void **state) {
    (void)state;
    assert_int_equal(vb_control_find(&device, "charge.mode", 11), MODE);
    assert_int_equal(vb_control_find(&device, "fan.speedy", 9), FAN);
    assert_int_equal(vb_control_find(&device, "fan.speedy", 10), -1);
    assert_int_equal(vb_control_find(&device, "charge", 6), -1);
    assert_int_equal(vb_control_find(&device, "nothing.here", 12), -1); /* a row, no command */
    assert_int_equal(vb_control_find(&device, "", 0), -1);
}

static void test_a_command_that_is_not_there_is_refused(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    refused(&b, COMMANDS, "1", 30 * S, "no-command");
    refused(&b, (size_t)vb_control_find(&device, "pump.on", 7), "1", 30 * S, "no-command");
}

/* ---- which value ---- */

static void test_numbers_are_taken_in_the_unit_of_the_row(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_ask(&b, CURRENT, "16", "none");
    assert_int_equal(b.leases[CURRENT].raw, 160);
    assert_ask(&b, CURRENT, "-2.5", "none");
    assert_int_equal(b.leases[CURRENT].raw, -25);
    assert_ask(&b, CURRENT, "+6.50", "none");
    assert_int_equal(b.leases[CURRENT].raw, 65);
    assert_ask(&b, CURRENT, "6.449999", "none"); /* the nearest that the row has */
    assert_int_equal(b.leases[CURRENT].raw, 64);
    assert_ask(&b, FAN, "50", "none");
    assert_int_equal(b.leases[FAN].raw, 100);
}

static void test_words_are_those_of_the_row(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_ask(&b, MODE, "full", "none");
    assert_int_equal(b.leases[MODE].raw, 3);
    assert_ask(&b, MODE, "1", "none");
    assert_int_equal(b.leases[MODE].raw, 1);
    assert_ask(&b, LAMP, "left+right", "none");
    assert_int_equal(b.leases[LAMP].raw, 5);
    assert_ask(&b, LAMP, "none", "none");
    assert_int_equal(b.leases[LAMP].raw, 0);
}

static void test_what_is_neither_number_nor_word_is_a_bad_value(void **state) {
    (void)state;
    static const char *const texts[] = {"",     " ",     "x",    "16 A", "16A",  " 16",      "1e1",
                                        "0x10", "1.2.3", "--1",  "1,5",  ".",    "-",        "NaN",
                                        "inf",  "FULL",  "full", "true", "null", "16;rm -rf"};
    struct bench b;
    open_bench(&b);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        refused(&b, CURRENT, texts[i], 30 * S, "bad-value");
    }
    refused(&b, MODE, "Full", 30 * S, "bad-value");
    refused(&b, MODE, "fullest", 30 * S, "bad-value");
    refused(&b, LAMP, "left+up", 30 * S, "bad-value");
    refused(&b, MODE, "2", 30 * S, "bad-value");      /* between eco and full: no word */
    refused(&b, LAMP, "bit_01", 30 * S, "bad-value"); /* nobody knows what it does */
    /* n characters count, not what stands behind them; a 0 is no digit */
    assert_int_equal(vb_control_request(&b.control, CURRENT, "1\0002", 3, 30 * S, 0),
                     VB_REFUSAL_BAD_VALUE);
    assert_int_equal(vb_control_request(&b.control, CURRENT, "16xyz", 2, 30 * S, 0),
                     VB_REFUSAL_NONE);
    assert_int_equal(b.leases[CURRENT].raw, 160);
}

static void test_a_value_at_the_limit_is_taken_and_one_beyond_is_not(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_ask(&b, CURRENT, "32.5", "none");
    assert_int_equal(b.leases[CURRENT].raw, 325);
    assert_ask(&b, CURRENT, "-5.000", "none");
    assert_int_equal(b.leases[CURRENT].raw, -50);
    refused(&b, CURRENT, "32.6", 30 * S, "out-of-range");
    refused(&b, CURRENT, "-5.1", 30 * S, "out-of-range");
    refused(&b, CURRENT, "100", 30 * S, "out-of-range"); /* the row would allow it */
    refused(&b, CURRENT, "99999999999999999999999999", 30 * S, "out-of-range");
    refused(&b, CURRENT, "-9223372036854775808", 30 * S, "out-of-range");
    refused(&b, FAN, "9.5", 30 * S, "out-of-range");
    refused(&b, MODE, "4", 30 * S, "out-of-range");
    refused(&b, LAMP, "bit_03", 30 * S, "out-of-range");
}

static void test_rounding_brings_nothing_back_within_the_limits(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    /* the row would make 32.5 and -5.0 of them */
    refused(&b, CURRENT, "32.54", 30 * S, "out-of-range");
    refused(&b, CURRENT, "32.501", 30 * S, "out-of-range");
    refused(&b, CURRENT, "-5.04", 30 * S, "out-of-range");
    assert_ask(&b, CURRENT, "32.46", "none"); /* 32.5: still within */
    assert_int_equal(b.leases[CURRENT].raw, 325);
    /* 4.25 is within 4.25, but the row has 4.2 and 4.3 only */
    assert_int_equal(vb_control_limit(&b.control, CURRENT, (struct vb_limits){0, VB_MILLI(4.25)}),
                     VB_OK);
    refused(&b, CURRENT, "4.25", 30 * S, "out-of-range");
    assert_ask(&b, CURRENT, "4.24", "none");
    assert_int_equal(b.leases[CURRENT].raw, 42);
}

static void test_limits_can_be_tightened_but_not_widened(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    static const struct vb_limits wider[] = {{-5001, 32500}, {-5000, 32501}, {-5001, 32501}};
    for (size_t i = 0; i < sizeof wider / sizeof wider[0]; i++) {
        assert_int_equal(vb_control_limit(&b.control, CURRENT, wider[i]), VB_E_RANGE);
    }
    assert_int_equal(vb_control_limit(&b.control, CURRENT, (struct vb_limits){10000, 0}),
                     VB_E_RANGE); /* upside down */
    assert_int_equal(vb_control_limit(&b.control, CURRENT, (struct vb_limits){1000, 10000}),
                     VB_E_RANGE);            /* without the safe value, 0 */
    assert_ask(&b, CURRENT, "32.5", "none"); /* nothing has changed */
    assert_int_equal(vb_control_limit(&b.control, CURRENT, (struct vb_limits){0, 10000}), VB_OK);
    assert_ask(&b, CURRENT, "10", "none");
    refused(&b, CURRENT, "10.1", 30 * S, "out-of-range");
    refused(&b, CURRENT, "-0.1", 30 * S, "out-of-range");
    assert_int_equal(vb_control_limit(&b.control, CURRENT, (struct vb_limits){-5000, 32500}),
                     VB_OK); /* back to the hard ones */
    assert_ask(&b, CURRENT, "-5", "none");
    assert_int_equal(vb_control_limit(&b.control, FAN, (struct vb_limits){30000, 30000}), VB_OK);
    assert_ask(&b, FAN, "30", "none"); /* only the safe value is left */
    refused(&b, FAN, "30.5", 30 * S, "out-of-range");
    assert_int_equal(vb_control_limit(&b.control, MODE, (struct vb_limits){0, 1000}), VB_OK);
    refused(&b, MODE, "full", 30 * S, "out-of-range"); /* a word has its number's limits */
}

/* ---- for how long ---- */

static void test_a_lease_is_1_s_to_3600_s(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    static const int64_t bad[] = {INT64_MIN, -30 * S, 0, S - 1, 3600 * S + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        refused(&b, MODE, "eco", bad[i], "bad-lease");
    }
    assert_int_equal(vb_control_request(&b.control, MODE, "eco", 3, 1000000000, 5 * S),
                     VB_REFUSAL_NONE);
    assert_int_equal(b.leases[MODE].until_ns, 6 * S);
    assert_int_equal(vb_control_request(&b.control, MODE, "eco", 3, 3600000000000, 5 * S),
                     VB_REFUSAL_NONE);
    assert_int_equal(b.leases[MODE].until_ns, 3605 * S);
    assert_int_equal(VB_LEASE_DEFAULT_NS, 30 * S);
}

static void test_of_several_reasons_the_first_is_given(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    refused(&b, CURRENT, "x", 0, "bad-value");
    refused(&b, CURRENT, "99", 0, "out-of-range");
    refused(&b, COMMANDS, "x", 0, "no-command");
}

static void test_a_lease_ends_exactly_at_its_time(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_ask(&b, CURRENT, "16", "none"); /* at 100 s for 30 s */
    assert_int_equal(vb_control_deadline_ns(&b.control), 130 * S);
    assert_int_equal(vb_control_tick(&b.control, 130 * S - 1), -1);
    assert_int_equal(b.leases[CURRENT].raw, 160);
    assert_int_equal(vb_control_tick(&b.control, 130 * S), CURRENT);
    assert_int_equal(b.leases[CURRENT].raw, 0);
    assert_int_equal(b.leases[CURRENT].until_ns, INT64_MIN);
    assert_int_equal(vb_control_tick(&b.control, 130 * S), -1);
    assert_int_equal(vb_control_deadline_ns(&b.control), INT64_MAX);
}

static void test_a_lease_can_be_renewed(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_int_equal(vb_control_request(&b.control, MODE, "eco", 3, 30 * S, 100 * S), 0);
    assert_int_equal(vb_control_request(&b.control, MODE, "eco", 3, 30 * S, 120 * S), 0);
    assert_int_equal(vb_control_tick(&b.control, 130 * S), -1);
    assert_int_equal(b.leases[MODE].raw, 1);
    assert_int_equal(vb_control_tick(&b.control, 150 * S), MODE);
}

static void test_the_newest_request_counts_even_if_it_is_shorter(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_int_equal(vb_control_request(&b.control, MODE, "full", 4, 3600 * S, 100 * S), 0);
    assert_int_equal(vb_control_request(&b.control, MODE, "eco", 3, 2 * S, 101 * S), 0);
    assert_int_equal(b.leases[MODE].raw, 1);
    assert_int_equal(vb_control_tick(&b.control, 103 * S), MODE);
    assert_int_equal(b.leases[MODE].raw, 0);
}

static void test_a_refused_request_leaves_the_lease_before_in_force(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_ask(&b, CURRENT, "16", "none");
    refused(&b, CURRENT, "33", 30 * S, "out-of-range");
    refused(&b, CURRENT, "x", 30 * S, "bad-value");
    refused(&b, CURRENT, "10", 0, "bad-lease");
    assert_int_equal(b.leases[CURRENT].raw, 160);
    assert_int_equal(vb_control_deadline_ns(&b.control), 130 * S);
}

static void test_release_brings_the_safe_value_back_at_once(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_ask(&b, FAN, "100", "none");
    vb_control_release(&b.control, FAN);
    assert_int_equal(b.leases[FAN].raw, 60);
    assert_int_equal(vb_control_deadline_ns(&b.control), INT64_MAX);
    vb_control_release(&b.control, FAN); /* again does no harm */
    assert_int_equal(b.leases[FAN].raw, 60);
    assert_int_equal(vb_control_tick(&b.control, 1000 * S), -1);
}

static void test_the_deadline_is_the_first_end_and_a_late_tick_ends_all(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b);
    assert_int_equal(vb_control_request(&b.control, FAN, "100", 3, 10 * S, 0), 0);
    assert_int_equal(vb_control_request(&b.control, MODE, "eco", 3, 20 * S, 0), 0);
    assert_int_equal(vb_control_request(&b.control, CURRENT, "16", 2, 5 * S, 0), 0);
    assert_int_equal(vb_control_request(&b.control, LAMP, "left", 4, 21 * S, 0), 0);
    assert_int_equal(vb_control_deadline_ns(&b.control), 5 * S);
    assert_int_equal(vb_control_tick(&b.control, 20 * S), CURRENT);
    assert_int_equal(vb_control_tick(&b.control, 20 * S), MODE);
    assert_int_equal(vb_control_tick(&b.control, 20 * S), FAN);
    assert_int_equal(vb_control_tick(&b.control, 20 * S), -1);
    assert_int_equal(vb_control_deadline_ns(&b.control), 21 * S);
    assert_int_equal(b.leases[LAMP].raw, 1);
    assert_int_equal(b.leases[FAN].raw, 60);
}

/* ---- the bytes ---- */

static void writes(struct bench *b, size_t m, const uint8_t *bytes, size_t n) {
    uint8_t data[VB_WRITE_MAX];
    memset(data, 0xEE, sizeof data);
    assert_int_equal(vb_control_write(&b->control, &b->instance, m, data), n);
    assert_memory_equal(data, bytes, n);
}

static void test_all_commands_of_a_message_stand_in_its_bytes(void **state) {
    (void)state;
    struct bench b;
    uint8_t data[VB_WRITE_MAX];
    open_bench(&b);
    writes(&b, 0, BYTES(0x00, 0x00, 0x00, 0x00)); /* full length */
    writes(&b, 1, BYTES(0x00, 0x3C));
    assert_ask(&b, CURRENT, "-2.5", "none");
    assert_ask(&b, MODE, "full", "none");
    writes(&b, 0, BYTES(0xE7, 0xFF, 0x03, 0x00)); /* -25 */
    writes(&b, 1, BYTES(0x00, 0x3C));
    assert_int_equal(vb_control_tick(&b.control, 130 * S), CURRENT);
    writes(&b, 0, BYTES(0x00, 0x00, 0x03, 0x00));
    assert_int_equal(vb_control_write(&b.control, &b.instance, 2, data), 0); /* no command */
    assert_int_equal(vb_control_write(&b.control, &b.instance, 3, data), VB_E_UNKNOWN);
}

static void test_the_panel_of_a_nugget_sets_the_coolbox(void **state) {
    (void)state;
    struct bench b;
    const struct vb_device *panel = vb_device_find("nugget-panel");
    assert_non_null(panel);
    open_device(&b, panel, true);
    int level = vb_control_find(panel, "coolbox.level", 13);
    assert_int_equal(level, 0);
    writes(&b, 0, BYTES(0x00, 0x00, 0, 0, 0, 0, 0, 0));
    assert_ask(&b, 0, "3", "none");
    writes(&b, 0, BYTES(0x00, 0x30, 0, 0, 0, 0, 0, 0)); /* the frame of the notes */
    assert_ask(&b, 0, "5", "none");
    writes(&b, 0, BYTES(0x00, 0x50, 0, 0, 0, 0, 0, 0));
    refused(&b, 0, "6", 30 * S, "out-of-range");
    refused(&b, 0, "5.4", 30 * S, "out-of-range");
    refused(&b, 0, "-1", 30 * S, "out-of-range");
    assert_int_equal(vb_control_tick(&b.control, 130 * S), 0);
    writes(&b, 0, BYTES(0x00, 0x00, 0, 0, 0, 0, 0, 0));
}

static void test_the_light_of_a_nugget_is_dark_and_of_middle_tone_until_asked(void **state) {
    (void)state;
    struct bench b;
    const struct vb_device *led = vb_device_find("nugget-led");
    assert_non_null(led);
    open_device(&b, led, true);
    assert_int_equal(vb_control_find(led, "led.intensity", 13), 0);
    assert_int_equal(vb_control_find(led, "led.tone", 8), 1);
    writes(&b, 0, BYTES(0x00, 0x05, 0, 0, 0, 0, 0, 0));
    assert_ask(&b, 0, "8", "none");
    writes(&b, 0, BYTES(0x00, 0x85, 0, 0, 0, 0, 0, 0));
    assert_ask(&b, 0, "10", "none");
    assert_ask(&b, 1, "1", "none");
    writes(&b, 0, BYTES(0x00, 0xA1, 0, 0, 0, 0, 0, 0));
    refused(&b, 0, "11", 30 * S, "out-of-range");
    refused(&b, 1, "0", 30 * S, "out-of-range"); /* the row has 0, the command has not */
}

static void test_the_safe_values_of_every_device_make_good_frames(void **state) {
    (void)state;
    for (size_t d = 0; d < vb_device_count; d++) {
        struct bench b;
        if (vb_devices[d]->command_count == 0) {
            continue;
        }
        open_device(&b, vb_devices[d], true);
        for (size_t i = 0; i < vb_devices[d]->command_count; i++) {
            const struct vb_command *command = &vb_devices[d]->commands[i];
            const struct vb_message *message = &vb_devices[d]->messages[command->message];
            struct vb_sample samples[64];
            uint8_t data[VB_WRITE_MAX];
            unsigned found = 0;
            int n = vb_control_write(&b.control, &b.instance, command->message, data);
            if (message->call) { /* not read back by its own message */
                assert_int_equal(n, sizeof "SC 6 V" - 1);
                assert_memory_equal(data, "SC 6 V", (size_t)n);
                continue;
            }
            assert_int_equal(n, message->len_max);
            const struct vb_frame frame = {
                .kind = vb_devices[d]->kind, .id = message->id, .data = data, .len = (uint32_t)n};
            struct vb_reading reading = vb_instance_read(&b.instance, &frame, samples, 64);
            assert_int_equal(reading.fault, VB_FAULT_NONE);
            for (size_t k = 0; k < reading.count; k++) {
                if (samples[k].signal == command->argument) {
                    found++;
                    assert_int_equal(samples[k].raw, command->safe);
                    assert_false(samples[k].out_of_range);
                }
            }
            assert_int_equal(found, 1);
        }
    }
}

static void test_a_message_that_the_settings_rule_out_is_not_written(void **state) {
    (void)state;
    static const char *const values[] = {"old", "new", NULL};
    static const struct vb_setting settings[] = {{"age", "", values, 0}};
    static const struct vb_message newer[] = {{VB_ID(0x101), .len_min = 4, .len_max = 4,
                                               .name = "charge", VB_ROWS(rows_0),
                                               .when = {0, 1 << 1}}};
    static const struct vb_command one[] = {
        {"charge.mode", "Mode", 0, &rows_0[1], {VB_MILLI(0), VB_MILLI(3)}, 0}};
    static const struct vb_device changing = {.name = "changing",
                                              .title = "",
                                              .kind = VB_KIND_CAN,
                                              VB_MESSAGES(newer),
                                              VB_SETTINGS(settings),
                                              VB_COMMANDS(one)};
    struct bench b;
    uint8_t data[VB_WRITE_MAX];
    open_device(&b, &changing, true);
    assert_int_equal(vb_control_write(&b.control, &b.instance, 0, data), VB_E_STATE);
    assert_int_equal(vb_instance_set(&b.instance, "age", "new"), VB_OK);
    writes(&b, 0, BYTES(0, 0, 0, 0));
}

static void test_a_packet_that_is_too_long_to_be_written_is_refused(void **state) {
    (void)state;
    static const struct vb_signal row[] = {{"valve.open", "", 8, 8, VB_LE, VB_RAW}};
    static const struct vb_message packet[] = {
        {VB_ID(0x24), .len_min = 2, .len_max = VB_WRITE_MAX + 1, .name = "valve", VB_ROWS(row)}};
    static const struct vb_command one[] = {
        {"valve.open", "Valve", 0, row, {VB_MILLI(0), VB_MILLI(1)}, 0}};
    static const struct vb_device radio = {
        .name = "radio", .title = "", .kind = VB_KIND_RADIO, VB_MESSAGES(packet), VB_COMMANDS(one)};
    struct bench b;
    uint8_t data[VB_WRITE_MAX];
    open_device(&b, &radio, true);
    assert_int_equal(vb_control_write(&b.control, &b.instance, 0, data), VB_E_RANGE);
}

static void test_refusals_have_a_name_and_a_sentence(void **state) {
    (void)state;
    static const char *const names[] = {
        "none",        "control-off", "no-command",  "bad-value",    "out-of-range", "bad-lease",
        "link-down",   "no-leader",   "not-leading", "other-leader", "no-echo",      "no-slot",
        "listen-only", "no-call",     "not-there",   "refused",      "no-answer",    "busy"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_string_equal(vb_refusal_text((enum vb_refusal)i), names[i]);
        assert_true(strlen(vb_refusal_why((enum vb_refusal)i)) >= 4);
    }
    assert_string_equal(vb_refusal_text((enum vb_refusal)18), "unknown");
    assert_string_equal(vb_refusal_why((enum vb_refusal)18), "unknown");
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_device_of_these_tests_is_good),
        cmocka_unit_test(test_a_new_gate_has_safe_values_and_no_lease),
        cmocka_unit_test(test_control_is_off_until_allowed),
        cmocka_unit_test(test_commands_are_found_by_their_whole_name),
        cmocka_unit_test(test_a_command_that_is_not_there_is_refused),
        cmocka_unit_test(test_numbers_are_taken_in_the_unit_of_the_row),
        cmocka_unit_test(test_words_are_those_of_the_row),
        cmocka_unit_test(test_what_is_neither_number_nor_word_is_a_bad_value),
        cmocka_unit_test(test_a_value_at_the_limit_is_taken_and_one_beyond_is_not),
        cmocka_unit_test(test_rounding_brings_nothing_back_within_the_limits),
        cmocka_unit_test(test_limits_can_be_tightened_but_not_widened),
        cmocka_unit_test(test_a_lease_is_1_s_to_3600_s),
        cmocka_unit_test(test_of_several_reasons_the_first_is_given),
        cmocka_unit_test(test_a_lease_ends_exactly_at_its_time),
        cmocka_unit_test(test_a_lease_can_be_renewed),
        cmocka_unit_test(test_the_newest_request_counts_even_if_it_is_shorter),
        cmocka_unit_test(test_a_refused_request_leaves_the_lease_before_in_force),
        cmocka_unit_test(test_release_brings_the_safe_value_back_at_once),
        cmocka_unit_test(test_the_deadline_is_the_first_end_and_a_late_tick_ends_all),
        cmocka_unit_test(test_all_commands_of_a_message_stand_in_its_bytes),
        cmocka_unit_test(test_the_panel_of_a_nugget_sets_the_coolbox),
        cmocka_unit_test(test_the_light_of_a_nugget_is_dark_and_of_middle_tone_until_asked),
        cmocka_unit_test(test_the_safe_values_of_every_device_make_good_frames),
        cmocka_unit_test(test_a_message_that_the_settings_rule_out_is_not_written),
        cmocka_unit_test(test_a_packet_that_is_too_long_to_be_written_is_refused),
        cmocka_unit_test(test_refusals_have_a_name_and_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
