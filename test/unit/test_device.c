/* test_device.c - from a frame to samples, on devices made up at run time: routing, length,
 * counters, multiplexing, settings and hints. Built-in devices have tests of their own.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/device.h"
#include "voltbus/time.h"

static struct vb_sample samples[8];
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

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_counter_must_differ_from_the_frame_before),
        cmocka_unit_test(test_a_counter_that_may_have_gone_round_in_a_gap_is_no_fault),
        cmocka_unit_test(test_a_clock_that_jumps_across_all_of_time_is_no_fault),
        cmocka_unit_test(test_without_memory_counters_are_not_checked),
        cmocka_unit_test(test_a_wrong_crc_or_length_gives_no_samples_and_does_not_move_the_counter),
        cmocka_unit_test(test_only_data_frames_with_the_id_and_its_width_are_the_message),
        cmocka_unit_test(test_what_the_link_found_wrong_is_the_fault),
        cmocka_unit_test(test_a_sender_seals_what_a_receiver_accepts),
        cmocka_unit_test(test_sums_with_the_id_are_those_of_real_frames),
        cmocka_unit_test(test_rows_are_there_for_ranges_and_further_ranges_of_their_selector),
        cmocka_unit_test(test_a_nested_row_needs_its_selector_to_be_there),
        cmocka_unit_test(test_a_table_that_points_at_itself_or_nowhere_gives_no_row_and_no_loop),
        cmocka_unit_test(test_rows_beyond_the_end_are_left_out_and_cap_is_kept),
        cmocka_unit_test(test_hints_move_an_automatic_setting_and_rank_decides),
        cmocka_unit_test(test_a_broken_frame_or_one_with_a_29_bit_id_is_no_hint),
        cmocka_unit_test(test_a_setting_given_by_the_user_is_not_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
