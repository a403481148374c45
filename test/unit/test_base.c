/* test_base.c - bits, CRC, hex, time, and the text form of frames.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/bits.h"
#include "voltbus/crc.h"
#include "voltbus/err.h"
#include "voltbus/frame.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

static void test_little_endian_field_starts_at_its_lowest_bit(void **state) {
    (void)state;
    /* Hella IBS 0x22: AB 84 1E is 0x1E84AB = 2000043 */
    static const uint8_t ibs[] = {0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A};
    assert_int_equal(vb_bits_get_le(ibs, 0, 24), 2000043);
    assert_int_equal(vb_bits_get_le(ibs, 24, 16), 12020);
    assert_int_equal(vb_bits_get_le(ibs, 55, 1), 0);
    assert_int_equal(vb_bits_get_le(ibs, 4, 4), 0xA);
    assert_int_equal(vb_bits_get_le(ibs, 4, 8), 0x4A);
}

static void test_big_endian_field_starts_at_its_highest_bit(void **state) {
    (void)state;
    /* Leaf 0x1DB, 358 V +5.5 A: 7|11@B = 0000 0001 011 = 11, 23|10@B = B3 and two bits of 2B = 716
     */
    static const uint8_t leaf[] = {0x01, 0x60, 0xB3, 0x2B, 0x32, 0x00, 0x00, 0x04};
    assert_int_equal(vb_bits_get_be(leaf, 7, 11), 11);
    assert_int_equal(vb_bits_get_be(leaf, 23, 10), 716);
    assert_int_equal(vb_bits_get_be(leaf, 29, 1), 1); /* permission: bit 5 of byte 3 */
    assert_int_equal(vb_bits_get_be(leaf, 38, 7), 0x32);
    assert_int_equal(vb_bits_get_be(leaf, 7, 64), 0x0160B32B32000004);
    assert_int_equal(vb_bits_get_le(leaf, 0, 64), 0x040000322BB36001);
}

static void test_a_field_of_64_bits_that_is_not_byte_aligned_touches_nine_bytes(void **state) {
    (void)state;
    static const uint8_t data[] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0x10};
    assert_int_equal(vb_bits_get_be(data, 3, 64), 0x123456789ABCDEF1);
    assert_int_equal(vb_bits_get_le(data, 4, 64), 0x0EFCDAB896745230);
}

static void test_writing_a_field_changes_no_other_bit(void **state) {
    (void)state;
    uint8_t ones[3] = {0xFF, 0xFF, 0xFF};
    uint8_t zeros[3] = {0, 0, 0};
    vb_bits_put_be(ones, 12, 10, 0); /* bits 4..0 of byte 1, 7..3 of byte 2 */
    assert_memory_equal(ones, ((uint8_t[]){0xFF, 0xE0, 0x07}), 3);
    vb_bits_put_be(zeros, 12, 10, 0x3FF);
    assert_memory_equal(zeros, ((uint8_t[]){0x00, 0x1F, 0xF8}), 3);
    vb_bits_put_le(zeros, 6, 4, 0x9); /* bits 7,6 of byte 0 = 01, bits 1,0 of byte 1 = 10 */
    assert_memory_equal(zeros, ((uint8_t[]){0x40, 0x1E, 0xF8}), 3);
    vb_bits_put_le(zeros, 0, 24, 0x030201);
    assert_memory_equal(zeros, ((uint8_t[]){1, 2, 3}), 3);
}

static void test_a_field_is_inside_only_with_all_its_bits(void **state) {
    (void)state;
    assert_true(vb_bits_inside_le(2, 4, 12));
    assert_false(vb_bits_inside_le(2, 5, 12));
    assert_true(vb_bits_inside_be(2, 3, 12));
    assert_false(vb_bits_inside_be(2, 2, 12));
    assert_false(vb_bits_inside_le(0, 0, 1));
    assert_false(vb_bits_inside_le(8, 0, 0));
}

static void test_twos_complement_of_any_width(void **state) {
    (void)state;
    assert_int_equal(vb_bits_signed(0x3FF, 11), 1023);
    assert_int_equal(vb_bits_signed(0x7D8, 11), -40);
    assert_int_equal(vb_bits_signed(1, 1), -1);
    assert_int_equal(vb_bits_signed(UINT64_C(0x8000000000000000), 64), INT64_MIN);
    assert_int_equal(vb_bits_signed(0xFFFFFFFFFFFFFF80, 8), -128); /* bits above are ignored */
}

static void test_crc8_gives_the_published_check_values(void **state) {
    (void)state;
    assert_int_equal(vb_crc8(&vb_crc8_nissan, (const uint8_t *)"123456789", 9), 0x2A);
    assert_int_equal(vb_crc8(&vb_crc8_fineoffset, (const uint8_t *)"123456789", 9), 0xA2);
    assert_int_equal(vb_crc8(&vb_crc8_nissan, BYTES(0xFF, 0xE3)), 0x62); /* real 0x1ED */
    assert_int_equal(vb_crc8(&vb_crc8_nissan, NULL, 0), 0);
}

static void test_the_first_table_entries_of_0x85_are_those_of_the_reference(void **state) {
    (void)state;
    static const uint8_t first[] = {0x00, 0x85, 0x8F, 0x0A, 0x9B, 0x1E, 0x14, 0x91};
    for (uint8_t i = 0; i < sizeof first; i++) {
        assert_int_equal(vb_crc8(&vb_crc8_nissan, &i, 1), first[i]);
    }
}

static void test_a_crc_with_start_value_and_final_xor_is_that_of_sae_j1850(void **state) {
    (void)state;
    static const struct vb_crc8 j1850 = {0x1D,
                                         0xFF,
                                         0xFF,
                                         {0x00, 0x1D, 0x3A, 0x27, 0x74, 0x69, 0x4E, 0x53, 0xE8,
                                          0xF5, 0xD2, 0xCF, 0x9C, 0x81, 0xA6, 0xBB}};
    assert_int_equal(vb_crc8(&j1850, (const uint8_t *)"123456789", 9), 0x4B);
    assert_int_equal(vb_crc8(&j1850, BYTES(0, 0, 0, 0)), 0x59); /* AUTOSAR, CRC library */
}

static void test_hex_reads_pairs_with_the_separators_people_use(void **state) {
    (void)state;
    static const char *const forms[] = {"AB841E",         "ab 84 1e",   "AB.84.1E",
                                        "AB:84:1e",       "AB-84-1E",   "0xAB 0x84 0x1e",
                                        "0xAB,0x84,0x1E", " AB 84\t1E "};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        uint8_t out[3];
        size_t used;
        assert_int_equal(vb_hex_read(forms[i], strlen(forms[i]), out, 3, &used), 3);
        assert_memory_equal(out, ((uint8_t[]){0xAB, 0x84, 0x1E}), 3);
        assert_int_equal(used, strlen(forms[i]));
    }
}

static void test_hex_names_the_place_of_what_is_wrong(void **state) {
    (void)state;
    uint8_t out[4];
    size_t used;
    assert_int_equal(vb_hex_read("AB8", 3, out, 4, &used), VB_E_FORMAT);
    assert_int_equal(used, 3);
    assert_int_equal(vb_hex_read("AB 8G", 5, out, 4, &used), VB_E_FORMAT);
    assert_int_equal(used, 4);
    assert_int_equal(vb_hex_read("xy", 2, out, 4, &used), VB_E_FORMAT);
    assert_int_equal(used, 0);
    assert_int_equal(vb_hex_read("0x", 2, out, 4, &used), VB_E_FORMAT);
    assert_int_equal(vb_hex_read("0011223344", 10, out, 4, &used), VB_E_SPACE);
    assert_int_equal(used, 8);
    assert_int_equal(vb_hex_read("", 0, out, 4, &used), 0);
}

static void test_time_keeps_every_digit_of_a_recording(void **state) {
    (void)state;
    int64_t t;
    char out[VB_TIME_TEXT];
    assert_int_equal(vb_time_read("1712145600.123456", 17, &t), VB_OK);
    assert_int_equal(t, INT64_C(1712145600123456000));
    assert_int_equal(vb_time_text(t, out), 17);
    assert_memory_equal(out, "1712145600.123456", 17);
    assert_int_equal(vb_time_read("1712145600.123456789", 20, &t), VB_OK);
    assert_int_equal(vb_time_text(t, out), 20);
    assert_memory_equal(out, "1712145600.123456789", 20);
    assert_int_equal(vb_time_read("810,763633", 10, &t), VB_OK); /* a German logger */
    assert_int_equal(t, INT64_C(810763633000));
    assert_int_equal(vb_time_read("-0.5", 4, &t), VB_OK);
    assert_int_equal(vb_time_text(t, out), 9);
    assert_memory_equal(out, "-0.500000", 9);
}

static void test_time_refuses_what_is_not_a_number_of_seconds(void **state) {
    (void)state;
    static const char *const bad[] = {"", "-", ".5", "1.", "1.2.3", "12a", " 1", "1e3"};
    int64_t t;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(vb_time_read(bad[i], strlen(bad[i]), &t), VB_E_FORMAT);
    }
    assert_int_equal(vb_time_read("99999999999999999999", 20, &t), VB_E_RANGE);
}

static struct vb_frame frame_of(const char *text, uint8_t data[64]) {
    struct vb_frame frame;
    assert_int_equal(vb_frame_read(text, strlen(text), &frame, data, NULL), VB_OK);
    return frame;
}

static void test_the_digits_before_the_hash_tell_the_kind_of_frame(void **state) {
    (void)state;
    uint8_t data[64];
    struct vb_frame frame = frame_of("1DB#0160B32B32000004", data);
    assert_int_equal(frame.kind, VB_KIND_CAN);
    assert_int_equal(frame.id, 0x1DB);
    assert_int_equal(frame.flags, 0);
    assert_int_equal(frame.len, 8);
    assert_memory_equal(frame.data, ((uint8_t[]){0x01, 0x60, 0xB3, 0x2B, 0x32, 0, 0, 4}), 8);
    frame = frame_of("22#AB 84 1E F4 2E 84 7A", data);
    assert_int_equal(frame.kind, VB_KIND_LIN);
    assert_int_equal(frame.id, 0x22);
    assert_int_equal(frame.len, 7);
    frame = frame_of("18FF50E5#0011", data);
    assert_int_equal(frame.flags, VB_FRAME_EXT);
    assert_int_equal(frame.id, 0x18FF50E5);
    frame = frame_of("20000004#0000000000000000", data);
    assert_int_equal(frame.flags, VB_FRAME_ERR);
    assert_int_equal(frame.id, 4);
}

static void test_remote_fd_and_raw_dlc_forms_of_candump_are_read(void **state) {
    (void)state;
    uint8_t data[64];
    assert_int_equal(frame_of("123#R", data).flags, VB_FRAME_RTR);
    assert_int_equal(frame_of("123#R", data).remote_len, 0);
    assert_int_equal(frame_of("123#R5", data).flags, VB_FRAME_RTR);
    assert_int_equal(frame_of("123#R5", data).remote_len, 5);
    assert_int_equal(frame_of("123#R5", data).len, 0);
    assert_int_equal(frame_of("123#R8_9", data).flags, VB_FRAME_RTR);
    assert_int_equal(frame_of("123#R8_F", data).remote_len, 8);
    assert_int_equal(frame_of("123#0011223344556677", data).remote_len, 0);
    assert_int_equal(frame_of("123##5AABB", data).flags, VB_FRAME_FD | VB_FRAME_BRS);
    assert_int_equal(frame_of("123##5AABB", data).len, 2);
    assert_int_equal(frame_of("123#1122334455667788_E", data).len, 8);
    assert_int_equal(frame_of("123#", data).len, 0);
}

static void test_a_frame_that_breaks_the_notation_is_refused_with_its_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int result;
        size_t at;
    } bad[] = {
        {"1DB", VB_E_FORMAT, 3},
        {"1DBX00", VB_E_FORMAT, 3},
        {"1D#00 1", VB_E_FORMAT, 7},
        {"#00", VB_E_FORMAT, 0},
        {"12345#00", VB_E_FORMAT, 0},
        {"7FF#0G", VB_E_FORMAT, 5},
        {"800#00", VB_E_RANGE, 0},
        {"40#00", VB_E_RANGE, 0},
        {"1DB#001122334455667788", VB_E_RANGE, 20},
        {"123##", VB_E_FORMAT, 5},
        {"FFFFFFFFF#00", VB_E_FORMAT, 9},
        {"123#R9", VB_E_FORMAT, 5},
        {"123#RF", VB_E_FORMAT, 5},
        {"123#R55", VB_E_FORMAT, 6},
        {"123#R_9", VB_E_FORMAT, 5},
        {"123#R5_9", VB_E_FORMAT, 6},
        {"123#R8_8", VB_E_FORMAT, 6},
        {"123#R8_99", VB_E_FORMAT, 6},
        {"22#R", VB_E_FORMAT, 3}, /* LIN has no remote frames, */
        {"123#11_E", VB_E_FORMAT, 6},
        {"123#_E", VB_E_FORMAT, 4},
        {"123#1122334455667788_8", VB_E_FORMAT, 20},
        {"123#1122334455667788_", VB_E_FORMAT, 20},
        {"22#1122334455667788_E", VB_E_FORMAT, 19},    /* no raw DLC; */
        {"123##11122334455667788_E", VB_E_FORMAT, 22}, /* CAN FD has none either */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct vb_frame frame;
        uint8_t data[64];
        size_t at;
        assert_int_equal(vb_frame_read(bad[i].text, strlen(bad[i].text), &frame, data, &at),
                         bad[i].result);
        assert_int_equal(at, bad[i].at);
    }
}

static void test_a_frame_cut_at_any_place_never_reads_beyond_its_end(void **state) {
    (void)state;
    static const char text[] = "18FF50E5##5000102030405060708090A0B0C0D0E0F";
    for (size_t n = 0; n < sizeof text; n++) {
        char *copy = malloc(n + 1); /* the sanitizer watches its end */
        struct vb_frame frame;
        uint8_t data[64];
        memcpy(copy, text, n);
        int result = vb_frame_read(copy, n, &frame, data, NULL);
        assert_true(result == VB_OK || result == VB_E_FORMAT || result == VB_E_RANGE);
        free(copy);
    }
}

static void test_frames_are_written_as_they_are_read(void **state) {
    (void)state;
    static const char *const texts[] = {
        "1DB#0160B32B32000004", "22#AB841EF42E847A", "00000001#", "20000004#00", "123#R", "123#R5",
        "18FF50E5#R8",          "123##5AABB"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        uint8_t data[64];
        char out[VB_FRAME_TEXT];
        struct vb_frame frame = frame_of(texts[i], data);
        size_t n = vb_frame_text(&frame, out);
        assert_int_equal(n, strlen(texts[i]));
        assert_memory_equal(out, texts[i], n);
    }
}

static void test_frames_that_can_stand_on_a_can_bus(void **state) {
    (void)state;
    static const uint8_t data[64] = {0};
    static const struct {
        struct vb_frame frame;
        int result;
    } rows[] = {
        {{.id = 0x7FF, .len = 8, .data = data}, VB_OK},
        {{.id = 0x800, .len = 8, .data = data}, VB_E_RANGE},
        {{.id = 0x1FFFFFFF, .flags = VB_FRAME_EXT}, VB_OK},
        {{.id = 0x20000000, .flags = VB_FRAME_EXT}, VB_E_RANGE},
        {{.id = 0x20000, .flags = VB_FRAME_ERR, .len = 8, .data = data}, VB_OK},
        {{.id = 1, .len = 9, .data = data}, VB_E_RANGE},
        {{.id = 1, .len = 12, .flags = VB_FRAME_FD, .data = data}, VB_OK},
        {{.id = 1, .len = 64, .flags = VB_FRAME_FD, .data = data}, VB_OK},
        {{.id = 1, .len = 9, .flags = VB_FRAME_FD, .data = data}, VB_E_RANGE},
        {{.id = 1, .len = 65, .flags = VB_FRAME_FD, .data = data}, VB_E_RANGE},
        {{.id = 1, .flags = VB_FRAME_RTR, .remote_len = 8}, VB_OK},
        {{.id = 1, .flags = VB_FRAME_RTR, .remote_len = 9}, VB_E_RANGE},
        {{.id = 1, .flags = VB_FRAME_RTR, .len = 1, .data = data}, VB_E_RANGE},
        {{.id = 1, .flags = VB_FRAME_RTR | VB_FRAME_FD}, VB_E_RANGE},
        {{.id = 1, .kind = VB_KIND_LIN}, VB_E_RANGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vb_frame_can_check(&rows[i].frame), rows[i].result);
    }
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_little_endian_field_starts_at_its_lowest_bit),
        cmocka_unit_test(test_big_endian_field_starts_at_its_highest_bit),
        cmocka_unit_test(test_a_field_of_64_bits_that_is_not_byte_aligned_touches_nine_bytes),
        cmocka_unit_test(test_writing_a_field_changes_no_other_bit),
        cmocka_unit_test(test_a_field_is_inside_only_with_all_its_bits),
        cmocka_unit_test(test_twos_complement_of_any_width),
        cmocka_unit_test(test_crc8_gives_the_published_check_values),
        cmocka_unit_test(test_the_first_table_entries_of_0x85_are_those_of_the_reference),
        cmocka_unit_test(test_a_crc_with_start_value_and_final_xor_is_that_of_sae_j1850),
        cmocka_unit_test(test_hex_reads_pairs_with_the_separators_people_use),
        cmocka_unit_test(test_hex_names_the_place_of_what_is_wrong),
        cmocka_unit_test(test_time_keeps_every_digit_of_a_recording),
        cmocka_unit_test(test_time_refuses_what_is_not_a_number_of_seconds),
        cmocka_unit_test(test_the_digits_before_the_hash_tell_the_kind_of_frame),
        cmocka_unit_test(test_remote_fd_and_raw_dlc_forms_of_candump_are_read),
        cmocka_unit_test(test_a_frame_that_breaks_the_notation_is_refused_with_its_place),
        cmocka_unit_test(test_a_frame_cut_at_any_place_never_reads_beyond_its_end),
        cmocka_unit_test(test_frames_are_written_as_they_are_read),
        cmocka_unit_test(test_frames_that_can_stand_on_a_can_bus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
