/* test_rfm69.c - the JeeNode RFM69 line in all its forms.
 * Bytes: the line of the Nugget notes (reference/weather.md section 3) and the packets of its
 * section 7 in the spacing of jeelabs/jeeh.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/rfm69.h"

#define NUGGET "RF69 #17: 24 3c ce 62 19 63 0f 03 00 02 00 00 00 00 00 a9 c9 r 116 l 2 a-1525"

static const uint8_t nugget[17] = {0x24, 0x3C, 0xCE, 0x62, 0x19, 0x63, 0x0F, 0x03, 0x00,
                                   0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0xA9, 0xC9};

struct got {
    struct vb_frame frame;
    uint8_t data[VB_RFM69_DATA];
    uint8_t side[VB_RFM69_SIDE];
};

static int read_n(const char *text, size_t n, struct got *got) {
    memset(got, 0, sizeof *got);
    return vb_rfm69_read(text, n, &got->frame, got->data, got->side);
}

static int read_text(const char *text, struct got *got) {
    return read_n(text, strlen(text), got);
}

static void test_line_of_the_notes_is_a_packet_with_registers(void **state) {
    (void)state;
    struct got got;
    assert_int_equal(read_text(NUGGET, &got), VB_OK);
    assert_int_equal(got.frame.kind, VB_KIND_RADIO);
    assert_int_equal(got.frame.id, 0x24);
    assert_int_equal(got.frame.flags, VB_FRAME_NO_TIME);
    assert_int_equal(got.frame.t_ns, 0);
    assert_int_equal(got.frame.len, 17);
    assert_memory_equal(got.frame.data, nugget, 17);
    /* 116 = 0x0074, 2, -1525 = 0xFA0B */
    assert_int_equal(got.frame.side_len, 5);
    assert_memory_equal(got.frame.side, "\x00\x74\x02\xFA\x0B", 5);
}

static void test_line_may_be_spaced_in_any_way(void **state) {
    (void)state;
    static const char *const lines[] = {
        /* jeeh: two bytes apart, the rest joined */
        "RF69 #17: 24 3c ce6219630f0300020000000000a9c9",
        "RF69 #17: 243c ce62 1963 0f03 0002 0000 0000 00a9 c9 r 116 l 2 a-1525",
        "RF69 #17: 243cce6219630f0300020000000000a9c9 r 116 l  2 a-1525 (123456)",
        "RF69 #17: 243cce6219630f0300020000000000a9c9 (123456)",
        "RF69  # 17:243CCE6219630F0300020000000000A9C9r116l2a-1525\r\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct got got;
        assert_int_equal(read_text(lines[i], &got), VB_OK);
        assert_int_equal(got.frame.len, 17);
        assert_memory_equal(got.frame.data, nugget, 17);
        if (strchr(lines[i], 'r')) {
            assert_memory_equal(got.frame.side, "\x00\x74\x02\xFA\x0B", 5);
        } else {
            assert_null(got.frame.side);
            assert_int_equal(got.frame.side_len, 0);
        }
    }
}

static void test_time_in_front_is_read_if_it_is_seconds(void **state) {
    (void)state;
    struct got got;
    assert_int_equal(read_text("1712145600.123456 " NUGGET, &got), VB_OK);
    assert_int_equal(got.frame.t_ns, INT64_C(1712145600123456000));
    assert_int_equal(got.frame.flags, 0);
    assert_int_equal(read_text("(1712145600.5) " NUGGET "\n", &got), VB_OK);
    assert_int_equal(got.frame.t_ns, INT64_C(1712145600500000000));
    assert_int_equal(got.frame.flags, 0);
    static const char *const others[] = {
        "2024-04-03 12:00:00.123 " NUGGET,
        "[12:00:00] " NUGGET,
        "Apr  3 12:00:00 van weather: " NUGGET,
        "1712145600.5 RF69 1712145600 " NUGGET,
        "() " NUGGET,
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(read_text(others[i], &got), VB_OK);
        assert_int_equal(got.frame.flags, VB_FRAME_NO_TIME);
        assert_int_equal(got.frame.t_ns, 0);
        assert_int_equal(got.frame.len, 17);
    }
}

static void test_count_of_bytes_must_be_the_declared_one(void **state) {
    (void)state;
    struct got got;
    assert_int_equal(read_text("RF69 #10: a4f03c48000003c60453", &got), VB_OK);
    assert_int_equal(read_text("RF69 #10: a4f03c48000003c604", &got), VB_E_CHECK);
    assert_int_equal(read_text("RF69 #10: a4f03c48000003c6045300", &got), VB_E_CHECK);
    assert_int_equal(read_text("RF69 #10: a4f03c48000003c604 r 116 l 2 a 10", &got), VB_E_CHECK);
    assert_int_equal(read_text("RF69 #10:", &got), VB_E_CHECK);
    assert_int_equal(read_text("RF69 #0:", &got), VB_E_RANGE);
    assert_int_equal(read_text("RF69 #67: 00", &got), VB_E_RANGE);
    assert_int_equal(read_text("RF69 #99999999999999: 00", &got), VB_E_RANGE);
}

static void test_lines_that_are_something_else_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int result;
    } rows[] = {
        {"", VB_E_FORMAT},
        {"hello", VB_E_FORMAT},
        {"RF69", VB_E_FORMAT},
        {"RF69 #", VB_E_FORMAT},
        {"RF69 #x: 24", VB_E_FORMAT},
        {"RF69 #-1: 24", VB_E_RANGE},
        {"RF69 #1 24", VB_E_FORMAT},
        {"RF69 #1: 2", VB_E_FORMAT},
        {"RF69 #1: 2 4", VB_E_FORMAT},
        {"RF69 #1: 24 r", VB_E_FORMAT},
        {"RF69 #1: 24 r 116 l 2", VB_E_FORMAT},
        {"RF69 #1: 24 r 116 2 a-1", VB_E_FORMAT},
        {"RF69 #1: 24 r 116 l 2 a-1 x", VB_E_FORMAT},
        {"RF69 #1: 24 (12", VB_E_FORMAT},
        {"RF69 #1: 24 r -1 l 2 a-1", VB_E_RANGE},
        {"RF69 #1: 24 r 65536 l 2 a-1", VB_E_RANGE},
        {"RF69 #1: 24 r 1 l 256 a-1", VB_E_RANGE},
        {"RF69 #1: 24 r 1 l 2 a 32768", VB_E_RANGE},
        {"RF69 #1: 24 r 1 l 2 a-32769", VB_E_RANGE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct got got;
        assert_int_equal(read_text(rows[i].text, &got), rows[i].result);
        assert_null(got.frame.data);
    }
}

static void test_line_cut_short_never_gives_other_bytes(void **state) {
    (void)state;
    static const char whole[] = NUGGET;
    static const size_t bytes_end =
        sizeof "RF69 #17: 24 3c ce 62 19 63 0f 03 00 02 00 00 00 00 00 a9 c9";
    for (size_t n = 0; n < sizeof whole; n++) {
        struct got got;
        int result = read_n(whole, n, &got);
        if (n + 1 < bytes_end) {
            assert_true(result < 0);
        } else if (result == VB_OK) {
            assert_memory_equal(got.frame.data, nugget, 17);
        }
    }
}

static void test_written_line_is_that_of_the_notes(void **state) {
    (void)state;
    static const uint8_t side[] = {0x00, 0x74, 0x02, 0xFA, 0x0B};
    struct vb_frame frame = {
        .kind = VB_KIND_RADIO, .id = 0x24, .len = 17, .data = nugget, .side = side, .side_len = 5};
    char out[VB_RFM69_TEXT];
    int n = vb_rfm69_write(&frame, out);
    assert_int_equal(n, sizeof NUGGET - 1);
    assert_memory_equal(out, NUGGET, sizeof NUGGET - 1);
    frame.side = NULL;
    frame.side_len = 0;
    frame.len = 2;
    n = vb_rfm69_write(&frame, out);
    assert_int_equal(n, 14);
    assert_memory_equal(out, "RF69 #2: 24 3c", 14);
}

static void test_longest_line_fits_its_room(void **state) {
    (void)state;
    static const uint8_t data[VB_RFM69_DATA + 1] = {0};
    static const uint8_t side[] = {0xFF, 0xFF, 0xFF, 0x80, 0x00};
    struct vb_frame frame = {
        .kind = VB_KIND_RADIO, .len = VB_RFM69_DATA, .data = data, .side = side, .side_len = 5};
    char out[VB_RFM69_TEXT];
    int n = vb_rfm69_write(&frame, out);
    assert_true(n > 0 && n <= VB_RFM69_TEXT);
    static const char end[] = " r65535 l255 a-32768";
    assert_memory_equal(out + n - (sizeof end - 1), end, sizeof end - 1);
    struct got got;
    assert_int_equal(read_n(out, (size_t)n, &got), VB_OK);
    assert_memory_equal(got.side, side, 5);
    frame.len = VB_RFM69_DATA + 1;
    assert_int_equal(vb_rfm69_write(&frame, out), VB_E_RANGE);
    frame.len = 0;
    assert_int_equal(vb_rfm69_write(&frame, out), VB_E_RANGE);
    frame.len = 1;
    frame.side_len = 4;
    assert_int_equal(vb_rfm69_write(&frame, out), VB_E_RANGE);
    frame.side_len = 5;
    frame.kind = VB_KIND_LIN;
    assert_int_equal(vb_rfm69_write(&frame, out), VB_E_RANGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_of_the_notes_is_a_packet_with_registers),
        cmocka_unit_test(test_line_may_be_spaced_in_any_way),
        cmocka_unit_test(test_time_in_front_is_read_if_it_is_seconds),
        cmocka_unit_test(test_count_of_bytes_must_be_the_declared_one),
        cmocka_unit_test(test_lines_that_are_something_else_are_refused),
        cmocka_unit_test(test_line_cut_short_never_gives_other_bytes),
        cmocka_unit_test(test_written_line_is_that_of_the_notes),
        cmocka_unit_test(test_longest_line_fits_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
