/* test_leaf_groups.c - the battery of a Leaf is asked: its answers as rows, and the machine that asks. Frames are made by hand
 * after reference/leaf-can.md section 8; time is a number here. Recordings of real testers: e2e/leaf_groups.sh.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

#include "voltbus/leaf_poll.h"
#include "voltbus/time.h"

#define MS VB_NS_PER_MS
#define S  VB_NS_PER_S

/* ---- the device ---- */

static struct bench b;
static uint64_t memory[1024];

static void open_groups(void) {
    bench_open(&b, "leaf-battery-groups");
    memset(memory, 0, sizeof memory);
    assert_true(b.instance.device->memory <= sizeof memory);
    b.instance.memory = memory;
    b.instance.memory_size = b.instance.device->memory;
}

/* Read an answer of n bytes, as frames. Returns the fault of the last frame; those before are parts. */
static enum vb_fault read_answer(const char *bytes, size_t n) {
    char text[40];
    const uint8_t *p = (const uint8_t *)bytes;
    for (size_t at = 0, number = 0; at < n; number++) {
        size_t room = n <= 7 ? n : number ? 7 : 6;
        int k = n <= 7    ? snprintf(text, sizeof text, "7BB#%02zX", n)
                : !number ? snprintf(text, sizeof text, "7BB#1%03zX", n)
                          : snprintf(text, sizeof text, "7BB#2%zX", number & 15);
        for (size_t i = 0; i < room; i++) {
            k +=
                snprintf(text + k, sizeof text - (size_t)k, "%02X", at + i < n ? p[at + i] : 0xFFu);
        }
        at += room;
        assert_null(at > room ? b.reading.message : NULL);
        enum vb_fault fault = bench_read(&b, text);
        assert_int_equal(fault, VB_FAULT_NONE);
        assert_true(b.reading.part == (at < n));
    }
    assert_non_null(b.reading.message);
    return b.reading.fault;
}
#define read_bytes(literal) read_answer(literal, sizeof(literal) - 1)

/* 61 01, currents -1.000 A, -, -195.007 A, -, 22.36 kW, 180 kW, 384.57 V, 12.5 V, 901 kOhm */
#define HEAD                                                                                       \
    "\x61\x01\xFF\xFF\xFC\x18\x02\x89\xFF\xFD\x06\x41\xFF\xFF\xFF\xFF\x08\xBC\x46\x50\x96\x39"     \
    "\x32\x00\x03\x85"

static void test_group_01_of_a_large_pack(void **state) {
    (void)state;
    open_groups();
    assert_int_equal(read_bytes(HEAD "\x00\x00\xA5\x57"
                                     "\x22\x7A"         /* 8826 / 102.4 */
                                     "\x00\x0E\x1E\x74" /* 92.5300 % */
                                     "\x00\x18\xBF\xEE" /* 162.1998 Ah */
                                     "\x80\x00\x01"     /* */
                                     "\x80\x00\x00\x00" /* the small sensor is at its end */
                                     "\xFF\xFD\x06\x41" /* -195.007 A */
                                     "\x01\xAE"),
                     VB_FAULT_NONE);
    assert_value(&b, "battery.current_coarse", "-1.000");
    assert_value(&b, "battery.current", "-195.007");
    assert_value(&b, "limit.charge_power", "22360");
    assert_value(&b, "limit.discharge_power", "180000");
    assert_value(&b, "battery.voltage", "384.57");
    assert_value(&b, "aux.voltage", "12.5000000000");
    assert_value(&b, "battery.insulation", "901000");
    assert_value(&b, "battery.hx", "86.191406250");
    assert_value(&b, "battery.soc", "92.5300");
    assert_value(&b, "battery.capacity", "162.1998");
    assert_value(&b, "battery.current_fine", "-");
    assert_value(&b, "battery.current_wide", "-195.007");
    assert_string_equal(b.reading.message->name, "state");
}

static void test_group_01_of_older_packs_has_other_places(void **state) {
    (void)state;
    open_groups();
    assert_int_equal(read_bytes(HEAD "\x01\x44\x0B\x75" /* 29.33 % */
                                     "\x00\x0C\x2B\x69" /* 79.7545 % */
                                     "\x00\x05\x0D\x09" /* 33.1017 Ah */
                                     "\x80\x00\x01"),
                     VB_FAULT_NONE); /* 41 bytes: ZE0 */
    assert_value(&b, "battery.hx", "29.33");
    assert_value(&b, "battery.soc", "79.7545");
    assert_value(&b, "battery.capacity", "33.1017");
    assert_value(&b, "battery.current_fine", "-");
    assert_int_equal(b.instance.choice[0], 1);
    open_groups();
    assert_int_equal(read_bytes(HEAD "\x00\x5C\x34\xC7\x00\x0D\x56\x99\x00\x0C\xCC\xE7\x80\x00\x05"
                                     "\x00\x00"),
                     VB_FAULT_NONE); /* 43: AZE0 */
    assert_int_equal(b.instance.choice[0], 2);
    assert_value(&b, "battery.soc", "87.4137");
    assert_value(&b, "battery.capacity", "83.8887");
    open_groups();
    assert_int_equal(read_bytes(HEAD "\x00\x5C\x34\xC7\x00\x0D\x56\x99\x00\x0C\xCC\xE7\x80\x00\x05"
                                     "\x00\x00\x00"),
                     VB_FAULT_NONE); /* 44, seen after a wake-up: whose places? */
    assert_value(&b, "battery.voltage", "384.57");
    assert_value(&b, "battery.soc", "-");
}

static void test_cells_are_96_voltages_and_their_sum(void **state) {
    char bytes[198] = "\x61\x02";
    (void)state;
    for (size_t i = 0; i < 96; i++) {
        bytes[2 + 2 * i] = 0x0F;
        bytes[3 + 2 * i] = (char)(0x20 + i); /* 3872 mV and up */
    }
    memcpy(bytes + 194, "\x97\xAE\x96\xC8", 4);
    open_groups();
    assert_int_equal(read_answer(bytes, sizeof bytes), VB_FAULT_NONE);
    assert_int_equal(b.reading.count, 98);
    assert_value(&b, "cell.01.voltage", "3.872");
    assert_value(&b, "cell.02.voltage", "3.873");
    assert_value(&b, "cell.96.voltage", "3.967");
    assert_value(&b, "battery.voltage", "388.30");
    assert_value(&b, "battery.voltage_coarse", "386.00");
}

static void test_a_sensor_that_is_not_there_has_no_temperature_and_minus_one_is_one(void **state) {
    (void)state;
    open_groups();
    assert_int_equal(read_bytes("\x61\x04\x01\xCC\x19\x01\xCE\xFF\xFF\xFF\xFF\x01\xC2\x1A\xFF\x00"),
                     VB_FAULT_NONE);
    assert_value(&b, "sensor.1.raw", "460");
    assert_value(&b, "sensor.1.temperature", "25");
    assert_value(&b, "sensor.2.temperature", "-1");
    assert_value(&b, "sensor.3.raw", "-");
    assert_value(&b, "sensor.3.temperature", "-");
    assert_value(&b, "sensor.4.temperature", "26");
    assert_value(&b, "battery.temperature_lowest", "-1");
}

static void test_shunts_stand_as_the_pack_has_them(void **state) {
    static const char nibbles[] = "\x61\x06\x08\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x04";
    static const char bytes[] = "\x61\x06\x01\x82\0\0\0\0\0\0\0\0\0\x80"
                                "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
    (void)state;
    open_groups();
    assert_int_equal(read_answer(nibbles, 26), VB_FAULT_NONE);
    assert_value(&b, "cell.01.shunt", "-"); /* not known yet which pack it is */
    assert_int_equal(b.reading.count, 1);
    bench_set(&b, "pack", "aze0");
    assert_int_equal(read_answer(nibbles, 26), VB_FAULT_NONE);
    assert_value(&b, "cell.01.shunt", "1");
    assert_value(&b, "cell.02.shunt", "0");
    assert_value(&b, "cell.08.shunt", "1");
    assert_value(&b, "cell.94.shunt", "1");
    bench_set(&b, "pack", "large");
    assert_int_equal(read_answer(bytes, 26), VB_FAULT_NONE);
    assert_value(&b, "cell.01.shunt", "1");
    assert_value(&b, "cell.10.shunt", "1");
    assert_value(&b, "cell.16.shunt", "1");
    assert_value(&b, "cell.15.shunt", "0");
    assert_value(&b, "cell.96.shunt", "1");
}

static void test_counts_numbers_and_codes(void **state) {
    char counts[118] = "\x61\x62\x03\x14\x00\x22";
    char health[331] = "\x61\x61\x00\x00\x24\x9C";
    (void)state;
    open_groups();
    assert_int_equal(read_answer(counts, sizeof counts), VB_FAULT_NONE);
    assert_value(&b, "charge.count", "788");
    assert_value(&b, "charge.quick_count", "34");
    assert_int_equal(read_answer(health, sizeof health), VB_FAULT_NONE);
    assert_value(&b, "battery.soh", "-");
    bench_set(&b, "pack", "large");
    assert_int_equal(read_answer(health, sizeof health), VB_FAULT_NONE);
    assert_value(&b, "battery.soh", "93.72");
    assert_int_equal(read_bytes("\x61\x83"
                                "3NA0DPB\x05\x17\0\0\0\0\0\x96\x45\0\0\0\0\0\0\0\x80"),
                     VB_FAULT_NONE);
    const struct vb_sample *number = sample(&b, "part.number");
    assert_non_null(number);
    assert_int_equal(number->text_len, 7);
    assert_memory_equal(number->text, "3NA0DPB", 7);
    assert_int_equal(read_bytes("\x61\x84\x01\x02\x03"
                                "230XE1234567890\x00\x00"),
                     VB_FAULT_NONE);
    number = sample(&b, "pack.serial");
    assert_non_null(number);
    assert_int_equal(number->text_len, 15);
    assert_memory_equal(number->text, "230XE1234567890", 15);
    assert_int_equal(read_bytes("\x59\x02\xFF\x33\xE1\x00\x0E\x0A\x1F\x00\x08"), VB_FAULT_NONE);
    number = sample(&b, "trouble.1.code");
    assert_non_null(number);
    assert_memory_equal(number->text, "\x33\xE1\x00", 3);
    assert_value(&b, "trouble.2.status", "8");
    assert_null(sample(&b, "trouble.3.code"));
}

static void test_refusals_questions_and_what_nobody_described(void **state) {
    (void)state;
    open_groups();
    assert_int_equal(read_bytes("\x7F\x21\x78"), VB_FAULT_NONE);
    assert_value(&b, "refusal.service", "read-group");
    assert_value(&b, "refusal.reason", "pending");
    assert_int_equal(read_bytes("\x61\x64\x00"), VB_FAULT_NONE);
    assert_value(&b, "group.number", "100");
    assert_int_equal(read_bytes("\x7E"), VB_FAULT_NONE);
    assert_value(&b, "answer.service", "126");
    assert_int_equal(bench_read(&b, "79B#023B120000000000"), VB_FAULT_NONE);
    assert_value(&b, "request.service", "write"); /* named, so that everybody sees it */
    assert_value(&b, "request.group", "18");
    assert_int_equal(bench_read(&b, "79B#30000A0000000000"), VB_FAULT_NONE);
    assert_true(b.reading.part && !b.reading.message);
    assert_int_equal(bench_read(&b, "79A#0221010000000000"), VB_FAULT_NONE);
    assert_true(!b.reading.part && !b.reading.message);
}

static void test_a_message_with_missing_frames_is_a_fault_and_gives_no_values(void **state) {
    (void)state;
    open_groups();
    bench_read(&b, "7BB#1010610401CC1901");
    assert_true(b.reading.part);
    assert_int_equal(bench_read(&b, "7BB#22333231FFFFFFFF"), VB_FAULT_TRANSFER);
    assert_string_equal(b.reading.message->name, "temperatures");
    assert_int_equal(b.reading.count, 0);
    assert_string_equal(vb_fault_text(VB_FAULT_TRANSFER), "transfer");
    bench_read(&b, "7BB#1010610401CC1901");
    bench_read(&b, "7BB#21CEFFFFFFFF01C2");
    assert_true(b.reading.part);
    assert_int_equal(bench_read(&b, "7BB#221AFF00"), VB_FAULT_NONE); /* well again */
    assert_int_equal(b.reading.count, 7);
    /* a frame that the link found damaged is not taken for a part */
    bench_frame(&b, "7BB#1010610401CC1901");
    b.frame.fault = VB_FAULT_CRC;
    bench_again(&b);
    assert_false(b.reading.part);
}

static void test_a_group_of_wrong_length_is_a_fault(void **state) {
    char text[32];
    (void)state;
    open_groups();
    bench_read(&b, "7BB#10C5610200000000"); /* 197 bytes, not 198 */
    for (unsigned number = 1; number <= 28; number++) {
        snprintf(text, sizeof text, "7BB#2%X00000000000000", number & 15);
        bench_read(&b, text);
    }
    assert_string_equal(b.reading.message->name, "cells");
    assert_int_equal(b.reading.fault, VB_FAULT_LENGTH);
}

static void test_without_memory_nothing_is_read(void **state) {
    (void)state;
    bench_open(&b, "leaf-battery-groups");
    bench_read(&b, "7BB#0361640000000000");
    assert_null(b.reading.message);
    open_groups();
    b.instance.memory_size = b.instance.device->memory - 4095 + 8; /* smaller answers only */
    assert_int_equal(read_bytes("\x7F\x21\x11"), VB_FAULT_NONE);
    assert_int_equal(bench_read(&b, "7BB#1010610401CC1901"), VB_FAULT_TRANSFER);
}

/* ---- the machine ---- */

#define MACHINE (&vb_machine_leaf_poll)

static uint64_t self[512];
static int64_t now;

static void begin(void) {
    assert_true(MACHINE->size <= sizeof self);
    assert_true(MACHINE->asks);
    assert_ptr_equal(vb_machine_of(MACHINE->device), MACHINE);
    open_groups();
    now = 500 * S;
    MACHINE->init(self, now);
    MACHINE->beside(self, &b.instance);
}

static void hear(const char *text) {
    bench_frame(&b, text);
    MACHINE->heard(self, &b.frame, now);
}

/* Time goes on in steps of its deadlines; the bus is awake. */
static void wait_for(int64_t ns) {
    int64_t end = now + ns;
    while (MACHINE->deadline_ns(self) <= end && now < end) {
        now = MACHINE->deadline_ns(self) > now ? MACHINE->deadline_ns(self) : now + MS;
        MACHINE->tick(self, now);
    }
    now = end;
    MACHINE->tick(self, now);
}

static void sends(const char *expected, int line) {
    struct vb_frame frame;
    char text[VB_FRAME_TEXT + 1] = "nothing";
    if (MACHINE->take(self, &frame)) {
        text[vb_frame_text(&frame, text)] = '\0';
    }
    if (strcmp(text, expected) != 0) {
        print_error("line %d: %s instead of %s\n", line, text, expected);
        fail();
    }
}
#define assert_sends(text) sends(text, __LINE__)
#define assert_silent()    sends("nothing", __LINE__)

#define assert_state(text)                                                                         \
    do {                                                                                           \
        const char *its_why;                                                                       \
        assert_string_equal(MACHINE->state(self, &its_why), text);                                 \
    } while (0)

static const char *why_of(void) {
    const char *why;
    MACHINE->state(self, &why);
    return why;
}

#define AWAKE "55B#8A440AA00DFC0109" /* anything */

/* An answer of two frames, to a question that must be out. */
static void answer(const char *group) {
    char text[32];
    assert_silent();
    snprintf(text, sizeof text, "7BB#1008%s%s00000000", "61", group);
    hear(text);
    assert_sends("79B#30000A0000000000");
    hear("7BB#210000FFFFFFFFFF");
    assert_silent();
}

static void test_a_sleeping_bus_is_not_asked(void **state) {
    (void)state;
    begin();
    for (unsigned i = 0; i < 100; i++) {
        wait_for(100 * MS);
        assert_silent();
    }
    assert_state("quiet");
    hear(AWAKE);
    wait_for(600 * MS);
    assert_sends("79B#0221010000000000");
    assert_state("polls");
    for (unsigned i = 0; i < 100; i++) { /* it sleeps again */
        wait_for(100 * MS);
    }
    assert_silent();
    assert_state("quiet");
}

static void test_groups_are_asked_one_after_the_other_and_again_after_a_while(void **state) {
    static const char *const all[] = {"01", "02", "04", "06", "61", "62", "83", "84"};
    char question[32];
    (void)state;
    begin();
    hear(AWAKE);
    MACHINE->tick(self, now);
    int64_t round_ns = now;
    for (unsigned i = 0; i < 8; i++) {
        snprintf(question, sizeof question, "79B#0221%s0000000000", all[i]);
        assert_sends(question);
        wait_for(20 * MS);
        answer(all[i]);
        hear(AWAKE);
        wait_for(50 * MS);
    }
    assert_silent();
    assert_int_equal(MACHINE->deadline_ns(self), round_ns + 10 * S); /* every: 10s */
    while (now < round_ns + 9900 * MS) {
        hear(AWAKE);
        wait_for(100 * MS);
        assert_silent();
    }
    wait_for(round_ns + 10 * S - now);
    for (unsigned i = 0; i < 4; i++) { /* what never changes has been answered */
        snprintf(question, sizeof question, "79B#0221%s0000000000", all[i]);
        assert_sends(question);
        answer(all[i]);
        hear(AWAKE);
        wait_for(50 * MS);
    }
    assert_silent();
}

static void test_the_setting_says_how_often(void **state) {
    (void)state;
    begin();
    bench_set(&b, "every", "60s");
    hear(AWAKE);
    MACHINE->tick(self, now);
    int64_t round_ns = now;
    for (unsigned i = 0; i < 8; i++) { /* nobody answers */
        struct vb_frame frame;
        assert_true(MACHINE->take(self, &frame));
        hear(AWAKE);
        wait_for(1000 * MS); /* no answer came */
        hear(AWAKE);
        wait_for(50 * MS);
    }
    assert_silent();
    assert_string_equal(why_of(), "the battery does not answer");
    assert_int_equal(MACHINE->deadline_ns(self), round_ns + 60 * S);
}

static void test_another_tester_silences_us_for_a_hundred_seconds(void **state) {
    (void)state;
    begin();
    hear(AWAKE);
    MACHINE->tick(self, now);
    assert_sends("79B#0221010000000000");
    hear("7BB#10296101FFFFFC18");
    hear("79B#0221040000000000"); /* in the middle of our answer */
    assert_silent();              /* the flow control is theirs now */
    assert_state("yields");
    hear("7BB#1010610401CC1901");
    assert_silent();
    for (unsigned i = 0; i < 99; i++) {
        wait_for(1 * S);
        hear(AWAKE);
        assert_silent();
    }
    hear("79B#30000A0000000000"); /* still there: the time begins anew */
    for (unsigned i = 0; i < 99; i++) {
        wait_for(1 * S);
        hear(AWAKE);
        assert_silent();
    }
    wait_for(1 * S);
    assert_sends("79B#0221010000000000");
    assert_state("polls");
}

static void test_refused_is_not_asked_again_and_pending_is_waited_for(void **state) {
    (void)state;
    begin();
    hear(AWAKE);
    MACHINE->tick(self, now);
    assert_sends("79B#0221010000000000");
    hear("7BB#037F2178FFFFFFFF");
    for (unsigned i = 0; i < 40; i++) {
        wait_for(100 * MS);
        hear(AWAKE);
        assert_silent();
    }
    answer("01"); /* after 4 s */
    wait_for(50 * MS);
    assert_sends("79B#0221020000000000");
    hear("7BB#037F2111FFFFFFFF");
    wait_for(50 * MS);
    assert_sends("79B#0221040000000000");
    hear("7BB#0361020000000000"); /* not what was asked */
    assert_silent();
    answer("04");
    wait_for(50 * MS);
    assert_sends("79B#0221060000000000");
    wait_for(1050 * MS); /* lost: the next one */
    assert_sends("79B#0221610000000000");
}

static void test_a_broken_answer_is_asked_for_in_the_next_round(void **state) {
    (void)state;
    begin();
    hear(AWAKE);
    MACHINE->tick(self, now);
    assert_sends("79B#0221010000000000");
    hear("7BB#10296101FFFFFC18");
    assert_sends("79B#30000A0000000000");
    hear("7BB#22000000000000FF");
    wait_for(50 * MS);
    assert_sends("79B#0221020000000000");
    hear("7BB#10C661020F200F21");
    assert_sends("79B#30000A0000000000");
    hear(AWAKE);
    wait_for(999 * MS);
    assert_silent();
    hear(AWAKE);
    wait_for(60 * MS); /* N_Cr */
    assert_sends("79B#0221040000000000");
}

static void test_only_questions_and_flow_control_are_ever_sent(void **state) {
    uint32_t random = 1;
    unsigned sent = 0;
    (void)state;
    begin();
    for (unsigned i = 0; i < 20000; i++) {
        struct vb_frame frame;
        char text[40];
        random = random * 1664525 + 1013904223;
        unsigned kind = random >> 28;
        snprintf(text, sizeof text, "%s#%02X%02X%02X%02X%02X%02X0000",
                 kind == 15 && i % 37 == 0 ? "79B"
                 : kind < 12               ? "7BB"
                                           : "55B",
                 (unsigned)(i % 3 ? 0x20 | (i & 15) : random >> 24),
                 kind & 1 ? 0x61u : random >> 16 & 255, kind & 2 ? 0x7Fu : random >> 8 & 255,
                 kind & 1 ? 0x61u : 0x21u, random & 15, 0u);
        hear(text);
        wait_for((random >> 12 & 1023) * MS);
        while (MACHINE->take(self, &frame)) {
            sent++;
            assert_int_equal(frame.id, 0x79B);
            assert_int_equal(frame.len, 8);
            bool asks = frame.data[0] == 2 && frame.data[1] == 0x21;
            bool flow = frame.data[0] >> 4 == 3;
            assert_true(asks || flow);
        }
    }
    assert_true(sent > 100);
}

static void test_who_comes_late_listens_first(void **state) {
    (void)state;
    begin();
    hear(AWAKE);
    now += 5 * S; /* asleep meanwhile */
    MACHINE->tick(self, now);
    assert_silent();
    assert_state("quiet");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_group_01_of_a_large_pack),
        cmocka_unit_test(test_group_01_of_older_packs_has_other_places),
        cmocka_unit_test(test_cells_are_96_voltages_and_their_sum),
        cmocka_unit_test(test_a_sensor_that_is_not_there_has_no_temperature_and_minus_one_is_one),
        cmocka_unit_test(test_shunts_stand_as_the_pack_has_them),
        cmocka_unit_test(test_counts_numbers_and_codes),
        cmocka_unit_test(test_refusals_questions_and_what_nobody_described),
        cmocka_unit_test(test_a_message_with_missing_frames_is_a_fault_and_gives_no_values),
        cmocka_unit_test(test_a_group_of_wrong_length_is_a_fault),
        cmocka_unit_test(test_without_memory_nothing_is_read),
        cmocka_unit_test(test_a_sleeping_bus_is_not_asked),
        cmocka_unit_test(test_groups_are_asked_one_after_the_other_and_again_after_a_while),
        cmocka_unit_test(test_the_setting_says_how_often),
        cmocka_unit_test(test_another_tester_silences_us_for_a_hundred_seconds),
        cmocka_unit_test(test_refused_is_not_asked_again_and_pending_is_waited_for),
        cmocka_unit_test(test_a_broken_answer_is_asked_for_in_the_next_round),
        cmocka_unit_test(test_only_questions_and_flow_control_are_ever_sent),
        cmocka_unit_test(test_who_comes_late_listens_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
