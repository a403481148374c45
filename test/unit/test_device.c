/* test_device.c - from a frame to samples, on devices made up at run time: routing, length,
 * counters, multiplexing, settings and hints; from values to a frame, with bytes that real devices
 * sent; the check of devices made at run time. Built-in devices have tests of their own.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/device.h"
#include "voltbus/time.h"

static struct vb_sample samples[8];
static struct vb_sample written[16];
static struct vb_seen seen[4];
static struct vb_instance instance;

static struct vb_reading read_at(int64_t t_ms, uint32_t id, uint16_t flags, const uint8_t *data,
                                 uint32_t n) {
    struct vb_frame frame = {.t_ns = t_ms * VB_NS_PER_MS,
                             .kind = VB_KIND_CAN,
                             .id = id,
                             .flags = flags,
                             .data = data,
                             .len = n};
    return vb_instance_read(&instance, &frame, samples, 8);
}

static struct vb_reading read(uint32_t id, const uint8_t *data, size_t n) {
    return read_at(0, id, 0, data, (uint32_t)n);
}

static void has(const struct vb_reading *reading, const char *name, int64_t raw) {
    for (size_t i = 0; i < reading->count; i++) {
        if (strcmp(samples[i].signal->name, name) == 0) {
            assert_int_equal(samples[i].raw, raw);
            return;
        }
    }
    fail_msg("no sample %s", name);
}

static void has_not(const struct vb_reading *reading, const char *name) {
    for (size_t i = 0; i < reading->count; i++) {
        assert_string_not_equal(samples[i].signal->name, name);
    }
}

/* ---- a message with a 2-bit counter in byte 1 and a CRC in byte 2, every 10 ms ---- */

static const struct vb_signal counted_rows[] = {{"a.value", "", 0, 8, VB_LE, VB_RAW}};
static const struct vb_check counted_checks[] = {{VB_RULE_COUNTER, 8, 2, NULL},
                                                 {VB_RULE_CRC8, 2, 0, &vb_crc8_nissan}};
static const struct vb_message counted[] = {{VB_ID(0x100), .len_min = 3, .len_max = 3,
                                             .period_ms = 10, .name = "counted",
                                             VB_ROWS(counted_rows), VB_CHECKS(counted_checks)}};
static const struct vb_device counted_device = {"counted", "", VB_KIND_CAN, VB_MESSAGES(counted)};

/* FF E0 68 and FF E1 ED are real 0x1ED frames of a ZE1, so their CRCs are Nissan's. */
static const uint8_t first[] = {0xFF, 0xE0, 0x68};
static const uint8_t second[] = {0xFF, 0xE1, 0xED};

static void test_a_counter_must_differ_from_the_frame_before(void **state) {
    (void)state;
    vb_instance_init(&instance, &counted_device, seen, 7);
    struct vb_reading reading = read_at(0, 0x100, 0, first, 3);
    assert_int_equal(reading.fault, VB_FAULT_NONE);
    assert_int_equal(samples[0].device, 7);
    assert_int_equal(read_at(10, 0x100, 0, first, 3).fault, VB_FAULT_COUNTER);
    assert_int_equal(read_at(20, 0x100, 0, second, 3).fault, VB_FAULT_NONE);
    assert_int_equal(read_at(30, 0x100, 0, first, 3).fault, VB_FAULT_NONE);
}

static void test_a_counter_that_may_have_gone_round_in_a_gap_is_no_fault(void **state) {
    (void)state;
    vb_instance_init(&instance, &counted_device, seen, 0);
    read_at(0, 0x100, 0, first, 3);
    assert_int_equal(read_at(30, 0x100, 0, first, 3).fault, VB_FAULT_COUNTER);
    assert_int_equal(read_at(70, 0x100, 0, first, 3).fault, VB_FAULT_NONE); /* four periods */
    assert_int_equal(read_at(5, 0x100, 0, first, 3).fault, VB_FAULT_NONE);  /* the clock fell */
}

static void test_a_clock_that_jumps_across_all_of_time_is_no_fault(void **state) {
    (void)state;
    vb_instance_init(&instance, &counted_device, seen, 0);
    read_at(-9223372029000, 0x100, 0, first, 3);
    assert_int_equal(read_at(9223372029000, 0x100, 0, first, 3).fault, VB_FAULT_NONE);
    assert_int_equal(read_at(-9223372029000, 0x100, 0, first, 3).fault, VB_FAULT_NONE);
}

static void test_without_memory_counters_are_not_checked(void **state) {
    (void)state;
    vb_instance_init(&instance, &counted_device, NULL, 0);
    read_at(0, 0x100, 0, first, 3);
    assert_int_equal(read_at(10, 0x100, 0, first, 3).fault, VB_FAULT_NONE);
}

static void
test_a_wrong_crc_or_length_gives_no_samples_and_does_not_move_the_counter(void **state) {
    (void)state;
    vb_instance_init(&instance, &counted_device, seen, 0);
    read_at(0, 0x100, 0, first, 3);
    struct vb_reading reading = read_at(10, 0x100, 0, BYTES(0xFF, 0xE1, 0xEE));
    assert_int_equal(reading.fault, VB_FAULT_CRC);
    assert_int_equal(reading.count, 0);
    assert_int_equal(read_at(10, 0x100, 0, first, 2).fault, VB_FAULT_LENGTH);
    assert_int_equal(read_at(20, 0x100, 0, second, 3).fault, VB_FAULT_NONE);
}

static void test_only_data_frames_with_the_id_and_its_width_are_the_message(void **state) {
    (void)state;
    vb_instance_init(&instance, &counted_device, seen, 0);
    assert_null(read_at(0, 0x101, 0, first, 3).message);
    assert_null(read_at(0, 0x100, VB_FRAME_EXT, first, 3).message);
    assert_null(read_at(0, 0x100, VB_FRAME_RTR, first, 0).message);
    assert_null(read_at(0, 0x100, VB_FRAME_ERR, first, 3).message);
    struct vb_frame lin = {.kind = VB_KIND_LIN, .id = 0x100, .data = first, .len = 3};
    assert_null(vb_instance_read(&instance, &lin, samples, 8).message);
}

static void test_what_the_link_found_wrong_is_the_fault(void **state) {
    (void)state;
    vb_instance_init(&instance, &counted_device, seen, 0);
    struct vb_frame frame = {
        .kind = VB_KIND_CAN, .id = 0x100, .data = first, .len = 3, .fault = VB_FAULT_CHECKSUM};
    struct vb_reading reading = vb_instance_read(&instance, &frame, samples, 8);
    assert_int_equal(reading.fault, VB_FAULT_CHECKSUM);
    assert_int_equal(reading.count, 0);
}

static void test_a_sender_seals_what_a_receiver_accepts(void **state) {
    (void)state;
    uint8_t data[3] = {0xFF, 0xE0, 0};
    assert_int_equal(vb_message_seal(&counted[0], 0x100, data, 3, 5), VB_OK); /* 5 mod 4 = 1 */
    assert_memory_equal(data, second, 3);
    assert_int_equal(vb_message_seal(&counted[0], 0x100, data, 2, 5), VB_E_SPACE);
}

static void test_a_counter_may_stand_at_the_end_of_a_can_fd_frame(void **state) {
    (void)state;
    static const struct vb_check last[] = {{VB_RULE_COUNTER, 508, 4, NULL}};
    const struct vb_message message = {.len_min = 64, .len_max = 64, VB_CHECKS(last)};
    uint8_t data[64] = {0};
    const struct vb_frame frame = {.flags = VB_FRAME_FD, .data = data, .len = 64};
    unsigned bits;
    assert_int_equal(vb_message_seal(&message, 0x100, data, 64, 5), VB_OK);
    assert_int_equal(data[63], 0x50);
    assert_int_equal(vb_message_counter(&message, &frame, &bits), 5);
    assert_int_equal(bits, 4);
}

static void test_sums_with_the_id_are_those_of_real_frames(void **state) {
    (void)state;
    /* reference/leaf-can.md section 9: 284 R, 390 R, 380 R, 1F2 with b7 high 8 */
    static const struct vb_check bytes[] = {{VB_RULE_SUM_ID, 7, 0, NULL}};
    static const struct vb_check nibbles[] = {{VB_RULE_NIBBLES_ID, 7, 0, NULL}};
    static const struct {
        uint32_t id;
        const struct vb_check *check;
        uint8_t data[8];
    } frames[] = {
        {0x284, bytes, {0, 0, 0, 0, 0, 0, 0xD9, 0x5F}},
        {0x390, nibbles, {0x04, 0x15, 0x00, 0xB3, 0x00, 0x88, 0x15, 0xE8}},
        {0x380, nibbles, {0x12, 0x04, 0x18, 0x15, 0x50, 0x05, 0x1C, 0x80}},
        {0x5BF, nibbles, {0x00, 0x66, 0x31, 0x75, 0x60, 0x00, 0x00, 0x34}},
        {0x1F2, nibbles, {0x30, 0x79, 0x20, 0xA0, 0x00, 0x3C, 0x00, 0x88}},
    };
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct vb_message message = {
            .len_min = 8, .len_max = 8, .checks = frames[i].check, .check_count = 1};
        uint8_t data[8];
        struct vb_frame frame = {.id = frames[i].id, .data = data, .len = 8};
        memcpy(data, frames[i].data, 8);
        assert_int_equal(vb_message_check(&message, &frame), VB_FAULT_NONE);
        data[3] ^= 1;
        assert_int_equal(vb_message_check(&message, &frame), VB_FAULT_SUM);
        assert_int_equal(vb_message_seal(&message, frames[i].id, data, 8, 0), VB_OK);
        assert_int_equal(vb_message_check(&message, &frame), VB_FAULT_NONE);
        data[3] ^= 1;
        vb_message_seal(&message, frames[i].id, data, 8, 0);
        assert_memory_equal(data, frames[i].data, 8); /* the high nibble of byte 7 was kept */
    }
}

static void test_every_worked_frame_of_the_leaf_keeps_its_rule(void **state) {
    (void)state;
    /* reference/leaf-can.md sections 1, 4 and 9, all lengths: CRC in the last byte */
    static const char *const crcs[] = {
        "11A#4E4000AAC000006B", "11A#4E4000550000017D", "11A#4E400055400002B0",
        "11A#4E4000AA800003A6", "11A#014000AAC0000003", "1D4#F707000007443070",
        "1D4#F7070000474430B7", "1D4#F70700008744307B", "1D4#F7070000C74430BC",
        "1D4#F7070A0007443032", "1D4#F707F600074430E9", "1D4#F7071900074430FC",
        "1D4#F707E7000744304C", "1D4#6E6E0000074621C0", "1D4#6E6E00040746E012",
        "1DA#C832180000010159", "1DA#FF0000007FFE0197", "1DB#0160B32B32000004",
        "1DB#FB00BE2B32000096", "1DB#FF80C0AA00000284", "1DC#6E0A05D50000002B",
        "1DC#A00A05D5000000CE", "55B#A440AA00DFC01095", "1ED#FFE068",
        "1ED#FFE1ED",           "1ED#FFE2E7",           "1ED#FFE362",
        "50C#000000005DC8",     "50C#000000015D5F",     "50C#000000025D63",
        "50C#000000035DF4",     "50C#00000000B2A6",     "50C#00000001B231",
        "50C#00000002B20D",     "50C#00000003B29A"};
    /* ... and the nibble sum with the id in the low nibble of byte 7 */
    static const char *const nibbles[] = {
        "1F2#306420AC003C0006", "1F2#306420AC003C0107", "1F2#306420AC003C0208",
        "1F2#306420AC003C0309", "1F2#306420AC003C008E", "1F2#306420AC003C018F",
        "1F2#306420AC003C0280", "1F2#306420AC003C0381", "1F2#306E20AC003C0088",
        "1F2#307920AC003C0084", "1F2#308520AC003C0081", "1F2#30A020AC003C008E",
        "1F2#30A620AC003C0084", "1F2#306420000082000B", "1F2#306420000082010C",
        "1F2#306420000082020D", "1F2#306420000082030E", "1F2#307920A0003C0088",
        "390#041500B3008815E8", "380#1204181550051C80", "5BF#0066317560000034"};
    for (size_t i = 0; i < sizeof crcs / sizeof crcs[0] + sizeof nibbles / sizeof nibbles[0]; i++) {
        bool crc = i < sizeof crcs / sizeof crcs[0];
        const char *text = crc ? crcs[i] : nibbles[i - sizeof crcs / sizeof crcs[0]];
        struct vb_frame frame;
        uint8_t data[64];
        assert_int_equal(vb_frame_read(text, strlen(text), &frame, data, NULL), VB_OK);
        struct vb_check check = {.rule = crc ? VB_RULE_CRC8 : VB_RULE_NIBBLES_ID,
                                 .at = (uint16_t)(frame.len - 1),
                                 .crc = &vb_crc8_nissan};
        struct vb_message message = {
            .len_min = 1, .len_max = 8, .checks = &check, .check_count = 1};
        if (vb_message_check(&message, &frame) != VB_FAULT_NONE) {
            fail_msg("%s", text);
        }
        data[0] ^= 0x10;
        assert_int_not_equal(vb_message_check(&message, &frame), VB_FAULT_NONE);
    }
}

/* ---- multiplexing, as a DBC with extended multiplexing has it ---- */

enum { OUTER, INNER };
static const struct vb_mux or_seven = {OUTER, 7, 7, NULL};
static const struct vb_mux two_to_four = {OUTER, 2, 4, &or_seven};
static const struct vb_mux outer_one = {OUTER, 1, 1, NULL};
static const struct vb_mux inner_nine = {INNER, 9, 9, NULL};
static const struct vb_mux itself = {4, 0, 255, NULL};
static const struct vb_mux nowhere = {99, 0, 255, NULL};
static const struct vb_signal mux_rows[] = {
    [OUTER] = {"mux.outer", "", 0, 4, VB_LE, VB_RAW},
    [INNER] = {"mux.inner", "", 4, 4, VB_LE, VB_RAW, .mux = &outer_one},
    {"mux.ranges", "", 8, 8, VB_LE, VB_RAW, .mux = &two_to_four},
    {"mux.nested", "", 8, 8, VB_LE, VB_RAW, .mux = &inner_nine},
    {"mux.loop", "", 8, 8, VB_LE, VB_RAW, .mux = &itself},
    {"mux.nowhere", "", 8, 8, VB_LE, VB_RAW, .mux = &nowhere},
};
static const struct vb_message mux_messages[] = {
    {VB_ID(0x200), .len_min = 1, .len_max = 8, .name = "mux", VB_ROWS(mux_rows)}};
static const struct vb_device mux_device = {"mux", "", VB_KIND_CAN, VB_MESSAGES(mux_messages)};

static void test_rows_are_there_for_ranges_and_further_ranges_of_their_selector(void **state) {
    (void)state;
    static const bool there[16] = {[2] = true, [3] = true, [4] = true, [7] = true};
    vb_instance_init(&instance, &mux_device, seen, 0);
    for (uint8_t i = 0; i < 16; i++) {
        struct vb_reading reading = read(0x200, (uint8_t[]){i, 0x55}, 2);
        if (there[i]) {
            has(&reading, "mux.ranges", 0x55);
        } else {
            has_not(&reading, "mux.ranges");
        }
    }
}

static void test_a_nested_row_needs_its_selector_to_be_there(void **state) {
    (void)state;
    vb_instance_init(&instance, &mux_device, seen, 0);
    struct vb_reading reading = read(0x200, BYTES(0x91, 0x55));
    has(&reading, "mux.inner", 9);
    has(&reading, "mux.nested", 0x55);
    reading = read(0x200, BYTES(0x92, 0x55)); /* inner bits are 9, but outer is not 1 */
    has_not(&reading, "mux.inner");
    has_not(&reading, "mux.nested");
}

static void test_a_table_that_points_at_itself_or_nowhere_gives_no_row_and_no_loop(void **state) {
    (void)state;
    vb_instance_init(&instance, &mux_device, seen, 0);
    struct vb_reading reading = read(0x200, BYTES(0x00, 0x55));
    has_not(&reading, "mux.loop");
    has_not(&reading, "mux.nowhere");
}

static void test_rows_beyond_the_end_are_left_out_and_cap_is_kept(void **state) {
    (void)state;
    vb_instance_init(&instance, &mux_device, seen, 0);
    struct vb_reading reading = read(0x200, BYTES(0x02));
    has(&reading, "mux.outer", 2);
    has_not(&reading, "mux.ranges");
    struct vb_frame frame = {.kind = VB_KIND_CAN, .id = 0x200, .data = (uint8_t[]){2, 2}, .len = 2};
    assert_int_equal(vb_instance_read(&instance, &frame, samples, 1).count, 1);
}

/* ---- settings and hints ---- */

static const char *const ages[] = {"auto", "old", "new", NULL};
static const struct vb_setting age[] = {{"age", "", ages, 0}};
static const struct vb_hint hints[] = {{0x300, 0, 0, 0, 1, 1}, {0x301, 4, 0, 0, 2, 2}};
static const struct vb_signal age_rows[] = {
    {"age.old", "", 0, 8, VB_LE, VB_RAW, .when = {0, 1 << 1}},
    {"age.new", "", 0, 8, VB_LE, VB_RAW, .when = {0, 1 << 2}},
};
static const struct vb_message age_messages[] = {
    {VB_ID(0x302), .len_min = 1, .len_max = 8, .name = "age", VB_ROWS(age_rows)},
    {VB_ID(0x303), .len_min = 1, .len_max = 8, .name = "only-new", VB_ROWS(age_rows),
     .when = {0, 1 << 2}},
};
static const struct vb_device age_device = {
    "age", "", VB_KIND_CAN, VB_MESSAGES(age_messages), VB_SETTINGS(age), VB_HINTS(hints)};

static void test_hints_move_an_automatic_setting_and_rank_decides(void **state) {
    (void)state;
    vb_instance_init(&instance, &age_device, seen, 0);
    assert_int_equal(read(0x302, BYTES(5)).count, 0); /* not known yet */
    assert_null(read(0x303, BYTES(5)).message);
    read(0x300, BYTES(0));
    struct vb_reading reading = read(0x302, BYTES(5));
    has(&reading, "age.old", 5);
    read(0x301, BYTES(0, 0, 0)); /* not the length of the hint */
    reading = read(0x302, BYTES(5));
    has(&reading, "age.old", 5);
    read(0x301, BYTES(0, 0, 0, 0));
    read(0x300, BYTES(0)); /* of lower rank: too late */
    reading = read(0x302, BYTES(5));
    has(&reading, "age.new", 5);
    assert_non_null(read(0x303, BYTES(5)).message);
}

static void test_a_broken_frame_or_one_with_a_29_bit_id_is_no_hint(void **state) {
    (void)state;
    vb_instance_init(&instance, &age_device, seen, 0);
    struct vb_frame frame = {
        .kind = VB_KIND_CAN, .id = 0x300, .data = first, .len = 3, .fault = VB_FAULT_FRAMING};
    vb_instance_read(&instance, &frame, samples, 8);
    read_at(0, 0x300, VB_FRAME_EXT, first, 3);
    assert_int_equal(read(0x302, BYTES(5)).count, 0);
}

static void test_a_setting_given_by_the_user_is_not_moved(void **state) {
    (void)state;
    vb_instance_init(&instance, &age_device, seen, 0);
    assert_int_equal(vb_instance_set(&instance, "age", "old"), VB_OK);
    read(0x301, BYTES(0, 0, 0, 0));
    struct vb_reading reading = read(0x302, BYTES(5));
    has(&reading, "age.old", 5);
    assert_int_equal(vb_instance_set(&instance, "age", "auto"), VB_OK);
    read(0x301, BYTES(0, 0, 0, 0));
    reading = read(0x302, BYTES(5));
    has(&reading, "age.new", 5);
    assert_int_equal(vb_instance_set(&instance, "agee", "old"), VB_E_UNKNOWN);
    assert_int_equal(vb_instance_set(&instance, "age", "odd"), VB_E_RANGE);
}

static const struct vb_signal side_rows[] = {
    {"side.channel", "", 0, 8, VB_LE | VB_SIDE, VB_RAW},
    {"old.channel", "", 0, 8, VB_LE, VB_RAW, .when = {0, 1 << 1}},
    {"side.one", "", 8, 8, VB_LE, VB_RAW, VB_MUX(0, 1)},
    {"old.one", "", 8, 8, VB_LE, VB_RAW, VB_MUX(1, 1)},
};
static const struct vb_message side_messages[] = {
    {VB_ID(0x400), .len_min = 2, .len_max = 2, .name = "side", VB_ROWS(side_rows)}};
static const struct vb_device side_device = {"side", "", VB_KIND_CAN, VB_MESSAGES(side_messages),
                                             VB_SETTINGS(age)};

static void
test_a_selector_in_the_side_bytes_or_of_another_setting_counts_as_it_stands(void **state) {
    (void)state;
    uint8_t side[1] = {1};
    uint8_t data[2] = {2, 0x55};
    struct vb_frame frame = {
        .kind = VB_KIND_CAN, .id = 0x400, .data = data, .len = 2, .side = side, .side_len = 1};
    vb_instance_init(&instance, &side_device, NULL, 0);
    struct vb_reading reading = vb_instance_read(&instance, &frame, samples, 8);
    has(&reading, "side.one", 0x55);
    side[0] = 2; /* and the data says 1, which is not what was asked */
    data[0] = 1;
    reading = vb_instance_read(&instance, &frame, samples, 8);
    has_not(&reading, "side.one");
    has_not(&reading, "old.one"); /* its selector is not there with this setting */
    vb_instance_set(&instance, "age", "old");
    reading = vb_instance_read(&instance, &frame, samples, 8);
    has(&reading, "old.one", 0x55);
}

/* ---- writing ---- */

static const struct vb_message *writing; /* the message that is written */
static size_t given;                     /* samples so far */
static size_t refused;

/* Begin a frame of a built-in device: the first message of that name that its settings have. */
static void begin(const char *device, const char *message) {
    vb_instance_init(&instance, vb_device_find(device), NULL, 0);
    given = 0;
    writing = instance.device->messages;
    while (strcmp(writing->name, message) != 0) {
        writing++;
    }
}

/* Add a sample for the row that is there with auto or default settings, by its text. */
static void give(const char *name, const char *text) {
    for (unsigned i = 0; i < writing->signal_count; i++) {
        const struct vb_signal *row = &writing->signals[i];
        int64_t raw;
        if (strcmp(row->name, name) == 0 &&
            (row->when.values == 0 || row->when.values >> instance.choice[row->when.setting] & 1)) {
            assert_int_equal(vb_signal_parse(row, text, strlen(text), &raw), VB_OK);
            written[given++] = (struct vb_sample){.signal = row, .raw = raw};
            return;
        }
    }
    fail_msg("no row %s", name);
}

static int write_into(uint8_t *data, size_t n, uint32_t counter) {
    return vb_instance_write(&instance, writing, written, given, data, n, counter, &refused);
}

#define assert_writes(counter, ...)                                                                \
    do {                                                                                           \
        static const uint8_t expected[] = {__VA_ARGS__};                                           \
        uint8_t zeros[sizeof expected] = {0};                                                      \
        assert_int_equal(write_into(zeros, sizeof zeros, counter), VB_OK);                         \
        assert_int_equal(refused, given);                                                          \
        assert_memory_equal(zeros, expected, sizeof expected);                                     \
    } while (0)

static void test_values_become_the_bytes_that_a_hella_sensor_sent(void **state) {
    (void)state;
    begin("hella-ibs", "current");
    give("battery.current", "0.043");
    give("battery.voltage", "12.020");
    give("battery.temperature", "26.0");
    give("current.unknown_6", "122");
    give("sensor.error", "no");
    assert_writes(0, 0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A);
}

static void test_values_become_the_bytes_that_a_leaf_sent_with_counter_and_crc(void **state) {
    (void)state;
    begin("leaf-battery", "pack");
    give("battery.relay_permission", "yes"); /* in any order */
    give("battery.current", "5.5");
    give("battery.voltage", "358");
    give("battery.cell_latch", "on");
    give("battery.discharge_state", "normal");
    give("battery.interlock", "yes");
    give("battery.soc_usable", "50");
    assert_writes(0, 0x01, 0x60, 0xB3, 0x2B, 0x32, 0x00, 0x00, 0x04);

    begin("leaf-battery", "charger");
    give("limit.charger_power_wide", "31100");
    assert_writes(7, 0x33, 0x63, 0x39); /* counter 3 */
}

static void test_values_become_the_packets_that_weather_stations_sent(void **state) {
    (void)state;
    begin("wh24", "weather");
    give("station.id", "60");
    give("wind.direction", "206");
    give("weather.unknown_3", "3");
    give("air.temperature", "13.7");
    give("air.humidity", "99");
    give("wind.speed", "2.10");
    give("wind.gust", "3.36");
    give("rain.total", "0.6");
    assert_writes(0, 0x24, 0x3C, 0xCE, 0x62, 0x19, 0x63, 0x0F, 0x03, 0x00, 0x02, 0x00, 0x00, 0x00,
                  0x00, 0x00, 0xA9, 0xC9);

    /* the id is the high nibble of byte 0, the station has the low one */
    begin("wh1080", "weather");
    give("station.id", "79");
    give("air.temperature", "-6.0");
    give("air.humidity", "72");
    give("rain.total", "289.8");
    give("wind.direction", "90");
    assert_writes(0, 0xA4, 0xF8, 0x3C, 0x48, 0x00, 0x00, 0x03, 0xC6, 0x04, 0x79);
}

static void test_a_multiplexed_frame_is_written_with_its_selector(void **state) {
    (void)state;
    begin("leaf-battery", "history");
    give("history.max.wakeup_temperature", "5"); /* before its selector */
    give("history.kind", "max");
    give("history.max.temperature", "5");
    give("history.max.charge", "-0.6");
    give("heater.fitted", "yes");
    give("history.max.resistance_factor", "54");
    give("history.max.cell_voltage", "2.14");
    give("heater.next_wakeup", "13");
    assert_writes(0, 0x40, 0x5A, 0x5A, 0xFF, 0x6D, 0x18, 0x0D, 0x00);
}

static void test_a_row_that_the_frame_does_not_select_is_refused(void **state) {
    (void)state;
    uint8_t data[8] = {0x80, 0, 0, 0, 0, 0, 0, 0}; /* kind 2, average */
    begin("leaf-battery", "history");
    give("heater.fitted", "yes");
    give("history.max.temperature", "5");
    assert_int_equal(write_into(data, 8, 0), VB_E_STATE);
    assert_int_equal(refused, 1);
    assert_memory_equal(data, ((uint8_t[]){0x80, 0, 0, 0, 0, 0, 0, 0}), 8);
    data[0] = 0x40; /* the bytes themselves may select it */
    assert_int_equal(write_into(data, 8, 0), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0x40, 0, 0x5A, 0, 0x01, 0, 0, 0}), 8);
    give("history.kind", "average");
    assert_int_equal(write_into(data, 8, 0), VB_E_STATE);
    assert_int_equal(refused, 1);
}

static void test_what_is_not_given_keeps_its_bits(void **state) {
    (void)state;
    /* from one real frame to another: both have the interlock and the permission */
    uint8_t data[] = {0x01, 0x60, 0xB3, 0x2B, 0x32, 0x00, 0x00, 0x04};
    begin("leaf-battery", "pack");
    give("battery.current", "-1");
    give("battery.voltage", "380");
    give("battery.cell_latch", "off");
    give("battery.soc_usable", "0");
    assert_int_equal(write_into(data, 8, 1), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0xFF, 0xC0, 0xBE, 0x2A, 0x00, 0x00, 0x01, 0x3A}), 8);
}

static void test_a_view_may_be_given_instead_of_its_row_but_not_with_it(void **state) {
    (void)state;
    uint8_t data[8] = {0x00, 0x00, 0xF0, 0x78, 0xC5, 0x02, 0x5F, 0xFF}; /* e-NV200: 64 GIDs */
    begin("leaf-battery", "energy");
    give("battery.energy", "5120");
    assert_int_equal(write_into(data, 8, 0), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0x10, 0x00, 0xF0, 0x78, 0xC5, 0x02, 0x5F, 0xFF}), 8);
    give("battery.gids", "64");
    assert_int_equal(write_into(data, 8, 0), VB_E_STATE);
    assert_int_equal(refused, 1);
    given = 1;
    give("battery.energy", "5120");
    assert_int_equal(write_into(data, 8, 0), VB_E_STATE); /* twice the same row */
}

static void test_not_available_can_be_sent(void **state) {
    (void)state;
    uint8_t data[8] = {0};
    begin("leaf-battery", "charge");
    give("battery.soc", "0");
    written[0].raw = 0x3FF; /* beyond the limits */
    assert_int_equal(write_into(data, 8, 0), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0xFF, 0xC0, 0, 0, 0, 0, 0}), 7);
    written[0].raw = 1001;
    assert_int_equal(write_into(data, 8, 0), VB_E_RANGE);
    assert_int_equal(refused, 0);
}

static void test_a_row_or_message_that_is_not_there_is_refused(void **state) {
    (void)state;
    static const struct vb_signal stranger = {"a.b", "", 0, 8, VB_LE, VB_RAW};
    uint8_t data[25] = {0};
    begin("wh24", "weather");
    give("radio.gain", "1"); /* side bytes */
    assert_int_equal(write_into(data, 17, 0), VB_E_UNKNOWN);
    written[0].signal = &stranger;
    assert_int_equal(write_into(data, 17, 0), VB_E_UNKNOWN);
    assert_int_equal(refused, 0);
    given = 0;
    writing = &vb_device_find("ws69")->messages[0];
    assert_int_equal(write_into(data, 25, 0), VB_E_UNKNOWN);

    vb_instance_init(&instance, &age_device, NULL, 0); /* age: auto */
    writing = &age_messages[1];
    assert_int_equal(write_into(data, 1, 0), VB_E_STATE); /* only-new */
    writing = &age_messages[0];
    given = 1;
    written[0] = (struct vb_sample){.signal = &age_rows[1], .raw = 5};
    assert_int_equal(write_into(data, 1, 0), VB_E_STATE);
    vb_instance_set(&instance, "age", "new");
    assert_int_equal(write_into(data, 1, 0), VB_OK);
    assert_int_equal(data[0], 5);
}

static void test_a_frame_of_a_length_that_the_message_has_not_is_refused(void **state) {
    (void)state;
    uint8_t data[9] = {0};
    begin("leaf-battery", "pack");
    assert_int_equal(write_into(data, 7, 0), VB_E_SPACE);
    assert_int_equal(write_into(data, 9, 0), VB_E_RANGE);
    assert_int_equal(refused, 0); /* = given: none of the samples */
    vb_instance_init(&instance, &mux_device, NULL, 0);
    writing = &mux_messages[0];
    written[0] = (struct vb_sample){.signal = &mux_rows[OUTER], .raw = 2};
    written[1] = (struct vb_sample){.signal = &mux_rows[2], .raw = 5};
    given = 2;
    assert_int_equal(write_into(data, 1, 0), VB_E_SPACE); /* the row is in byte 1 */
    assert_int_equal(refused, 1);
    assert_int_equal(write_into(data, 2, 0), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0x02, 0x05}), 2);
}

static void test_bits_of_the_counter_and_the_checks_are_not_for_samples(void **state) {
    (void)state;
    static const struct vb_signal rows[] = {{"a.counter", "", 8, 2, VB_LE, VB_RAW},
                                            {"a.crc", "", 16, 8, VB_LE, VB_RAW},
                                            {"a.value", "", 0, 8, VB_LE, VB_RAW}};
    static const struct vb_message messages[] = {{VB_ID(0x100), .len_min = 3, .len_max = 3,
                                                  .name = "counted", VB_ROWS(rows),
                                                  VB_CHECKS(counted_checks)}};
    static const struct vb_device device = {"counted", "", VB_KIND_CAN, VB_MESSAGES(messages)};
    uint8_t data[3] = {0, 0xE0, 0};
    vb_instance_init(&instance, &device, NULL, 0);
    writing = messages;
    given = 1;
    for (size_t i = 0; i < 2; i++) {
        written[0] = (struct vb_sample){.signal = &rows[i], .raw = 1};
        assert_int_equal(write_into(data, 3, 1), VB_E_STATE);
    }
    written[0] = (struct vb_sample){.signal = &rows[2], .raw = 0xFF};
    assert_int_equal(write_into(data, 3, 1), VB_OK);
    assert_memory_equal(data, second, 3);
}

/* ---- devices made at run time ---- */

static void test_the_built_in_devices_keep_all_promises(void **state) {
    (void)state;
    for (size_t i = 0; i < vb_device_count; i++) {
        struct vb_defect defect;
        if (vb_device_check(vb_devices[i], &defect) != VB_OK) {
            fail_msg("%s, message %zd, row %zd: %s", vb_devices[i]->name, (ssize_t)defect.message,
                     (ssize_t)defect.row, defect.what);
        }
    }
    assert_int_equal(vb_device_check(&counted_device, NULL), VB_OK);
    assert_int_equal(vb_device_check(&age_device, NULL), VB_OK);
}

/* A good device to break: message 1 has a counter, a CRC and a selector with a row. */
struct made {
    struct vb_device device;
    struct vb_setting setting;
    const char *values[10];
    struct vb_hint hint;
    struct vb_message messages[2];
    struct vb_check checks[2];
    struct vb_signal rows[2];
    struct vb_scale scale;
    struct vb_limits limits;
    struct vb_mux mux;
    struct vb_word words[2];
    struct vb_command commands[2];
    const char *headline[3];
};

static void make(struct made *m) {
    *m = (struct made){
        .device = {"made", "", VB_KIND_CAN, m->messages, 2, &m->setting, 1, &m->hint, 1,
                   m->commands, 2, m->headline, NULL},
        .setting = {"age", "", m->values, 0},
        .values = {"auto", "old", "new"},
        .hint = {0x300, 0, 0, 0, 1, 1},
        .messages = {{VB_ID(0x100), .len_min = 0, .len_max = 0, .name = "empty"},
                     {VB_ID(0x101), .len_min = 8, .len_max = 8, .name = "full", .signals = m->rows,
                      .signal_count = 2, .checks = m->checks, .check_count = 2,
                      .when = {0, 1 << 2}}},
        .checks = {{VB_RULE_COUNTER, 56, 8, NULL}, {VB_RULE_CRC8, 6, 0, &vb_crc8_nissan}},
        .rows = {{"a.selector", "", 0, 8, VB_LE | VB_BITS, VB_RAW, .words = m->words},
                 {"a.value", "V", 8, 10, VB_LE | VB_SIGNED, &m->scale, .mux = &m->mux,
                  .limits = &m->limits, .when = {0, 1 << 1}, VB_NOT_AVAILABLE(-512)}},
        .scale = {1, 0, 10},
        .limits = {0, 5000},
        .mux = {0, 1, 2, NULL},
        .words = {{7, "top"}, {0, NULL}},
        .commands = {{"a.set", "", 1, &m->rows[1], {0, 5000}, 50},
                     {"b.set", "", 1, &m->rows[0], {-1000, 128000}, 128}},
        .headline = {"a.value", "a.selector", NULL},
    };
}

static void defect_at(const struct made *m, size_t message, size_t row, size_t part,
                      const char *what) {
    struct vb_defect defect;
    assert_int_equal(vb_device_check(&m->device, &defect), VB_E_RANGE);
    assert_string_equal(defect.what, what);
    assert_int_equal(defect.message, message);
    assert_int_equal(defect.row, row);
    assert_int_equal(defect.part, part);
}

#define BROKEN(change, message, row, part, what)                                                   \
    do {                                                                                           \
        struct made m;                                                                             \
        make(&m);                                                                                  \
        change;                                                                                    \
        defect_at(&m, message, row, part, what);                                                   \
    } while (0)
#define NO VB_NOWHERE

static void test_a_row_that_the_engine_cannot_work_with_is_found_with_its_place(void **state) {
    (void)state;
    static const uint16_t limits[] = {5};
    static const struct vb_curve steps = VB_STEPS(limits);
    static const struct vb_curve one_way = {vb_steps_to_raw, NULL, limits, 1};
    static const struct vb_mux again = {9, 0, 0, NULL};
    struct made good;
    make(&good);
    assert_int_equal(vb_device_check(&good.device, NULL), VB_OK);
    BROKEN(m.rows[1].name = NULL, 1, 1, NO, "a row has no name or no unit");
    BROKEN(m.rows[1].len = 0, 1, 1, NO, "the row has not 1 to 64 bits");
    BROKEN(m.rows[1].len = 65, 1, 1, NO, "the row has not 1 to 64 bits");
    BROKEN(m.rows[1].more_len = 55, 1, 1, NO, "the row has not 1 to 64 bits");
    BROKEN(m.rows[1].flags |= VB_SIGN_MAG, 1, 1, NO, "the row has two kinds of sign");
    BROKEN(m.scale.div = 0, 1, 1, NO, "the divisor is not positive");
    BROKEN(m.scale.div = -10, 1, 1, NO, "the divisor is not positive");
    BROKEN(m.scale.mul = 0, 1, 1, NO, "the factor is 0");
    BROKEN(m.limits.min_milli = 5001, 1, 1, NO, "the limits leave no value");
    BROKEN(m.rows[1].decimals = 13, 1, 1, NO, "the row has more than 12 decimals");
    BROKEN(m.words[0].raw = 64, 1, 0, NO, "a word names no bit 0 to 63");
    BROKEN(m.words[0].raw = -1, 1, 0, NO, "a word names no bit 0 to 63");
    BROKEN(m.rows[1].absent = 512, 1, 1, NO, "the absent value does not fit the bits");
    BROKEN(m.rows[1].curve = &one_way, 1, 1, NO, "the curve goes one way only");
    BROKEN((m.rows[1].curve = &steps, m.rows[1].absent = 1), 1, 1, NO,
           "the absent value is also a value of the curve");
    BROKEN(m.rows[1].when.setting = 1, 1, 1, NO,
           "the condition is about a setting that is not there");
    BROKEN(m.rows[1].when.values = 8, 1, 1, NO,
           "the condition names a value that its setting has not");
    BROKEN(m.mux.selector = 2, 1, 1, NO, "the selector is no row of the message");
    BROKEN(m.mux.or_else = &again, 1, 1, NO, "the selector is no row of the message");
    BROKEN(m.mux.lo = 3, 1, 1, NO, "the range of the selector is empty");
    BROKEN(m.mux.selector = 1, 1, 1, NO, "the selectors go round in a circle, or too deep");
    BROKEN(m.mux.or_else = &m.mux, 1, 1, NO, "the selectors go round in a circle, or too deep");
}

static void test_a_message_or_setting_that_cannot_be_is_found_with_its_place(void **state) {
    (void)state;
    BROKEN(m.messages[0].name = NULL, 0, NO, NO, "a message has no name");
    BROKEN(m.messages[0].id = 0x800, 0, NO, NO, "no frame can have this id");
    BROKEN(m.messages[0].mask = 0xFF, 0, NO, NO, "no frame can have this id");
    BROKEN(m.messages[1].len_min = 9, 1, NO, NO, "no frame can have this length");
    BROKEN(m.messages[1].len_max = 65, 1, NO, NO, "no frame can have this length");
    BROKEN(m.messages[1].signals = NULL, 1, NO, NO, "the message has no table");
    BROKEN(m.messages[1].when.values = 255, 1, NO, NO,
           "the condition names a value that its setting has not");
    BROKEN(m.checks[0].len = 0, 1, NO, 0, "the counter has not 1 to 8 bits");
    BROKEN(m.checks[0].len = 9, 1, NO, 0, "the counter has not 1 to 8 bits");
    BROKEN(m.checks[0].at = 57, 1, NO, 0, "the counter is beyond the end of the message");
    BROKEN(m.checks[1].at = 8, 1, NO, 1, "a check is beyond the end of the message");
    BROKEN(m.checks[1].crc = NULL, 1, NO, 1, "a CRC has no polynomial");
    BROKEN(m.checks[1].rule = 99, 1, NO, 1, "there is no such integrity rule");
    BROKEN(m.device.kind = VB_KIND_COUNT, NO, NO, NO, "the device has no name or no kind of wire");
    BROKEN(m.device.kind = VB_KIND_LIN, 0, NO, NO, "no frame can have this id");
    BROKEN(m.device.setting_count = 5, NO, NO, NO, "the device has too many settings");
    BROKEN(m.device.hints = NULL, NO, NO, NO, "the device has no table");
    BROKEN(m.setting.initial = 3, NO, NO, 0, "the default is none of the values of the setting");
    BROKEN(m.values[0] = NULL, NO, NO, 0, "a setting has no values or more than 8");
    BROKEN(
        memset(m.values, 0, sizeof m.values); for (int i = 0; i < 9; i++) { m.values[i] = "x"; },
                                              NO, NO, 0, "a setting has no values or more than 8");
    BROKEN(m.hint.setting = 1, NO, NO, 0, "a hint is about a setting that is not there");
    BROKEN(m.hint.value = 3, NO, NO, 0, "a hint means a value that its setting has not");
    BROKEN(m.hint.rank = 0, NO, NO, 0, "the rank of a hint is 0");
}

static void test_a_command_that_cannot_be_is_found_with_its_number(void **state) {
    (void)state;
    static const char no_row[] = "the argument of a command is no row of its message";
    static const char too_wide[] = "the limits of a command are wider than those of its row";
    static const char not_safe[] = "the safe value of a command is beyond its limits or its bits";
    BROKEN(m.device.commands = NULL, NO, NO, NO, "the device has no table");
    BROKEN(m.device.command_count = 17, NO, NO, NO, "the device has too many commands");
    BROKEN(m.commands[0].name = NULL, NO, NO, 0, "a command has no name");
    BROKEN(m.commands[1].message = 2, NO, NO, 1,
           "a command is carried by a message that is not there");
    BROKEN(m.commands[1].message = 0, NO, NO, 1, no_row);
    BROKEN(m.commands[1].argument = NULL, NO, NO, 1, no_row);
    BROKEN(m.commands[1].argument = &m.rows[2], NO, NO, 1, no_row);
    BROKEN(m.rows[0].flags |= VB_SIDE, NO, NO, 1,
           "the argument of a command is a row that is not written");
    BROKEN(m.rows[0].flags |= VB_VIEW, NO, NO, 1,
           "the argument of a command is a row that is not written");
    BROKEN(m.commands[0].limits.min_milli = 5001, NO, NO, 0,
           "the limits of a command leave no value");
    BROKEN(m.commands[0].limits.max_milli = 5001, NO, NO, 0, too_wide);
    BROKEN(m.commands[0].limits.min_milli = -1, NO, NO, 0, too_wide);
    BROKEN(m.commands[0].safe = 51, NO, NO, 0, not_safe); /* 5.1 V */
    BROKEN(m.commands[0].safe = -1, NO, NO, 0, not_safe); /* -0.1 V */
    BROKEN(m.commands[0].safe = INT64_MAX, NO, NO, 0, not_safe);
    BROKEN(m.commands[1].safe = -1, NO, NO, 1, not_safe); /* eight bits without sign */
    BROKEN(m.commands[1].name = "a.set", NO, NO, 1, "two commands have the same name");
    BROKEN(m.commands[1].argument = &m.rows[1]; m.commands[1].limits.min_milli = 0;
           m.commands[1].limits.max_milli = 5000;
           m.commands[1].safe = 0, NO, NO, 1, "two commands change the same row");
}

static void test_a_headline_without_its_row_is_found_with_the_number_of_its_name(void **state) {
    (void)state;
    struct made none;
    make(&none);
    none.device.headline = NULL;
    assert_int_equal(vb_device_check(&none.device, NULL), VB_OK);
    BROKEN(m.headline[1] = "a.select", NO, NO, 1, "the headline has a name that no row has");
    BROKEN(m.headline[0] = "", NO, NO, 0, "the headline has a name that no row has");
    BROKEN(m.headline[1] = "a.value", NO, NO, 1, "the headline has a name twice");
}

static void test_a_knot_of_selectors_is_found_in_time(void **state) {
    (void)state;
    /* each row is selected by any row before it: 2^8 ways down from the ninth */
    static struct vb_mux mux[20][20];
    static struct vb_signal rows[20];
    struct vb_message message = {VB_ID(1), .len_max = 8, .name = "knot", VB_ROWS(rows)};
    const struct vb_device device = {"knot", "", VB_KIND_CAN, .messages = &message,
                                     .message_count = 1};
    struct vb_defect defect;
    for (uint16_t i = 0; i < 20; i++) {
        rows[i] = (struct vb_signal){"a.b", "", 0, 8, .mux = i > 0 ? mux[i] : NULL};
        for (uint16_t k = 0; k < i; k++) {
            mux[i][k] = (struct vb_mux){k, 0, 0, k + 1 < i ? &mux[i][k + 1] : NULL};
        }
    }
    message.signal_count = 9;
    assert_int_equal(vb_device_check(&device, &defect), VB_OK);
    message.signal_count = 20;
    assert_int_equal(vb_device_check(&device, &defect), VB_E_RANGE);
    assert_string_equal(defect.what, "the selectors go round in a circle, or too deep");
}

/* Messages with masks, of 11 and 29 bits, and one behind a setting: two finders for all of them. */
static void test_finders_find_what_a_search_finds(void **state) {
    (void)state;
    static const struct vb_signal row[] = {{"a.b", "", 0, 8, VB_LE, VB_RAW}};
    static const char *const words[] = {"one", "two", NULL};
    static const struct vb_setting settings[] = {{"kind", "", words, 0}};
    static const struct vb_message messages[] = {
        {VB_ID(0x100), .len_max = 8, .name = "first", VB_ROWS(row)},
        {VB_ID(0x101), .len_max = 8, .name = "of_two", VB_ROWS(row), .when = {0, 2}},
        {VB_ID(0x101), .len_max = 8, .name = "of_one", VB_ROWS(row), .when = {0, 1}},
        {.id = 0x200, .mask = 0x7F0, .len_max = 8, .name = "group", VB_ROWS(row)},
        {.id = 0x00FEF000,
         .mask = 0x03FFFF00,
         .ext = true,
         .len_max = 8,
         .name = "pgn",
         VB_ROWS(row)},
        {VB_ID(0x100), .ext = true, .len_max = 8, .name = "long", VB_ROWS(row)},
    };
    static const struct vb_device device = {
        .name = "d", .kind = VB_KIND_CAN, VB_MESSAGES(messages), VB_SETTINGS(settings)};
    static const struct {
        uint32_t id;
        bool ext;
        const char *name; /* NULL: nobody's */
    } frames[] = {{0x100, false, "first"},   {0x100, true, "long"},     {0x101, false, "of_one"},
                  {0x205, false, "group"},   {0x20F, false, "group"},   {0x210, false, NULL},
                  {0x18FEF0AA, true, "pgn"}, {0x0CFEF012, true, "pgn"}, {0x18FEF112, true, NULL},
                  {0x101, true, NULL},       {0x100, false, "first"},   {0, false, NULL}};
    struct vb_finder finders[2] = {{0}};
    struct vb_sample sample;
    struct vb_instance finding;
    vb_instance_init(&finding, &device, NULL, 0);
    finding.finders = finders;
    finding.finder_bits = 1;
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
            struct vb_frame frame = {.id = frames[i].id,
                                     .kind = VB_KIND_CAN,
                                     .flags = frames[i].ext ? VB_FRAME_EXT : 0,
                                     .len = 1,
                                     .data = (const uint8_t[]){7}};
            struct vb_reading reading = vb_instance_read(&finding, &frame, &sample, 1);
            const char *name =
                round > 0 && frames[i].id == 0x101 && !frames[i].ext ? "of_two" : frames[i].name;
            assert_string_equal(reading.message ? reading.message->name : "", name ? name : "");
        }
        assert_int_equal(vb_instance_set(&finding, "kind", "two"),
                         VB_OK); /* what is remembered stays right */
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finders_find_what_a_search_finds),
        cmocka_unit_test(test_a_counter_must_differ_from_the_frame_before),
        cmocka_unit_test(test_a_counter_that_may_have_gone_round_in_a_gap_is_no_fault),
        cmocka_unit_test(test_a_clock_that_jumps_across_all_of_time_is_no_fault),
        cmocka_unit_test(test_without_memory_counters_are_not_checked),
        cmocka_unit_test(test_a_wrong_crc_or_length_gives_no_samples_and_does_not_move_the_counter),
        cmocka_unit_test(test_only_data_frames_with_the_id_and_its_width_are_the_message),
        cmocka_unit_test(test_what_the_link_found_wrong_is_the_fault),
        cmocka_unit_test(test_a_sender_seals_what_a_receiver_accepts),
        cmocka_unit_test(test_a_counter_may_stand_at_the_end_of_a_can_fd_frame),
        cmocka_unit_test(test_sums_with_the_id_are_those_of_real_frames),
        cmocka_unit_test(test_every_worked_frame_of_the_leaf_keeps_its_rule),
        cmocka_unit_test(test_rows_are_there_for_ranges_and_further_ranges_of_their_selector),
        cmocka_unit_test(test_a_nested_row_needs_its_selector_to_be_there),
        cmocka_unit_test(test_a_table_that_points_at_itself_or_nowhere_gives_no_row_and_no_loop),
        cmocka_unit_test(test_rows_beyond_the_end_are_left_out_and_cap_is_kept),
        cmocka_unit_test(test_hints_move_an_automatic_setting_and_rank_decides),
        cmocka_unit_test(test_a_broken_frame_or_one_with_a_29_bit_id_is_no_hint),
        cmocka_unit_test(test_a_setting_given_by_the_user_is_not_moved),
        cmocka_unit_test(
            test_a_selector_in_the_side_bytes_or_of_another_setting_counts_as_it_stands),
        cmocka_unit_test(test_values_become_the_bytes_that_a_hella_sensor_sent),
        cmocka_unit_test(test_values_become_the_bytes_that_a_leaf_sent_with_counter_and_crc),
        cmocka_unit_test(test_values_become_the_packets_that_weather_stations_sent),
        cmocka_unit_test(test_a_multiplexed_frame_is_written_with_its_selector),
        cmocka_unit_test(test_a_row_that_the_frame_does_not_select_is_refused),
        cmocka_unit_test(test_what_is_not_given_keeps_its_bits),
        cmocka_unit_test(test_a_view_may_be_given_instead_of_its_row_but_not_with_it),
        cmocka_unit_test(test_not_available_can_be_sent),
        cmocka_unit_test(test_a_row_or_message_that_is_not_there_is_refused),
        cmocka_unit_test(test_a_frame_of_a_length_that_the_message_has_not_is_refused),
        cmocka_unit_test(test_bits_of_the_counter_and_the_checks_are_not_for_samples),
        cmocka_unit_test(test_the_built_in_devices_keep_all_promises),
        cmocka_unit_test(test_a_row_that_the_engine_cannot_work_with_is_found_with_its_place),
        cmocka_unit_test(test_a_message_or_setting_that_cannot_be_is_found_with_its_place),
        cmocka_unit_test(test_a_command_that_cannot_be_is_found_with_its_number),
        cmocka_unit_test(test_a_headline_without_its_row_is_found_with_the_number_of_its_name),
        cmocka_unit_test(test_a_knot_of_selectors_is_found_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
