/* test_gvret.c - GVRET binary: bytes worked by hand from the table of reference/can-
 * transports.md section 2.2.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/gvret.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

/* What was read, with copies of what the events point to. */
struct heard {
    struct vb_gvret_event event[8];
    uint8_t bytes[8][VB_GVRET_BODY];
    size_t count;
};

static void feed(struct vb_gvret *s, const uint8_t *bytes, size_t n, size_t piece,
                 struct heard *heard) {
    for (size_t at = 0; at < n;) {
        size_t some = n - at < piece ? n - at : piece;
        at += vb_gvret_feed(s, bytes + at, some);
        struct vb_gvret_event e;
        while (vb_gvret_next(s, &e)) {
            assert_true(heard->count < 8);
            uint8_t *copy = heard->bytes[heard->count];
            const uint8_t *from = e.what == VB_GVRET_WHAT_FRAME ? e.frame.data : e.body;
            size_t len = e.what == VB_GVRET_WHAT_FRAME ? e.frame.len : e.len;
            if (len > 0) {
                memcpy(copy, from, len);
            }
            e.frame.data = e.body = copy;
            heard->event[heard->count++] = e;
        }
    }
}

/* Read bytes at once and byte by byte: the same must come. */
static struct heard read_all(enum vb_gvret_side side, const uint8_t *bytes, size_t n) {
    struct heard whole = {.count = 0};
    struct heard single = {.count = 0};
    struct vb_gvret s;
    vb_gvret_init(&s, side);
    feed(&s, bytes, n, n, &whole);
    vb_gvret_init(&s, side);
    feed(&s, bytes, n, 1, &single);
    assert_int_equal(whole.count, single.count);
    for (size_t i = 0; i < whole.count; i++) {
        assert_int_equal(whole.event[i].what, single.event[i].what);
        assert_int_equal(whole.event[i].command, single.event[i].command);
        assert_int_equal(whole.event[i].t_us, single.event[i].t_us);
        assert_memory_equal(whole.bytes[i], single.bytes[i], VB_GVRET_BODY);
    }
    return whole;
}

#define LEAF "\x00\x04\xC2\x62\x00\x00\x03\xB6"

static void test_host_reads_a_frame_of_the_second_bus(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_GVRET_HOST, BYTES("\xF1\x00\x78\x56\x34\x12\xDB\x01\x00\x00\x18" LEAF "\x00"));
    assert_int_equal(heard.count, 1);
    const struct vb_gvret_event *e = &heard.event[0];
    assert_int_equal(e->what, VB_GVRET_WHAT_FRAME);
    assert_int_equal(e->bus, 1);
    assert_int_equal(e->t_us, 0x12345678);
    assert_int_equal(e->frame.id, 0x1DB);
    assert_int_equal(e->frame.flags, 0);
    assert_int_equal(e->frame.kind, VB_KIND_CAN);
    assert_int_equal(e->frame.len, 8);
    assert_memory_equal(heard.bytes[0], LEAF, 8);
}

static void test_device_reads_the_same_frame_as_a_host_writes_it(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_GVRET_DEVICE, BYTES("\xF1\x00\xDB\x01\x00\x00\x01\x08" LEAF "\x00"));
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.event[0].what, VB_GVRET_WHAT_FRAME);
    assert_int_equal(heard.event[0].command, VB_GVRET_FRAME);
    assert_int_equal(heard.event[0].bus, 1);
    assert_int_equal(heard.event[0].frame.id, 0x1DB);
    assert_int_equal(heard.event[0].frame.len, 8);
    assert_memory_equal(heard.bytes[0], LEAF, 8);
}

static void test_bit_31_of_the_id_means_29_bits(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_GVRET_HOST, BYTES("\xF1\x00\x01\x00\x00\x00\xF1\xDA\xF1\x98\x02\xF1\xE7\x00"));
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.event[0].frame.id, 0x18F1DAF1);
    assert_int_equal(heard.event[0].frame.flags, VB_FRAME_EXT);
    assert_memory_equal(heard.bytes[0], "\xF1\xE7", 2); /* a start byte inside is data */
}

static void test_frames_without_bytes_and_without_sums_follow_each_other(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_GVRET_HOST, BYTES("\xF1\x00\x01\x00\x00\x00\x23\x01\x00\x00\x00"
                                      "\xF1\x00\x02\x00\x00\x00\x24\x01\x00\x00\x01\xAA"
                                      "\xF1\x00\x03\x00\x00\x00\x25\x01\x00\x00\x00\x00"));
    assert_int_equal(heard.count, 3);
    assert_int_equal(heard.event[0].frame.id, 0x123);
    assert_int_equal(heard.event[0].frame.len, 0);
    assert_int_equal(heard.event[1].frame.id, 0x124);
    assert_int_equal(heard.event[2].frame.id, 0x125);
}

static void test_a_sum_that_looks_like_a_start_does_no_harm(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_GVRET_HOST, BYTES("\xF1\x00\x02\x00\x00\x00\x24\x01\x00\x00\x01\xAA\xF1"
                                      "\xF1\x09\xDE\xAD"));
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.event[1].what, VB_GVRET_WHAT_MESSAGE);
    assert_int_equal(heard.event[1].command, VB_GVRET_ALIVE);
    assert_memory_equal(heard.bytes[1], "\xDE\xAD", 2);
}

static void test_the_first_words_of_savvycan_are_understood(void **state) {
    (void)state;
    static const uint8_t numbers[] = {0x0C, 0x06, 0x07, 0x01, 0x09};
    struct heard heard =
        read_all(VB_GVRET_DEVICE, BYTES("\xE7\xE7\xF1\x0C\xF1\x06\xF1\x07\xF1\x01\xF1\x09"));
    assert_int_equal(heard.count, 7);
    assert_int_equal(heard.event[0].what, VB_GVRET_WHAT_BINARY);
    assert_int_equal(heard.event[1].what, VB_GVRET_WHAT_BINARY);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(heard.event[2 + i].what, VB_GVRET_WHAT_MESSAGE);
        assert_int_equal(heard.event[2 + i].command, numbers[i]);
        assert_int_equal(heard.event[2 + i].len, 0);
    }
}

static void test_answers_of_a_device_have_their_lengths(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_GVRET_HOST, BYTES("\xF1\x0C\x02"
                                      "\xF1\x06\x11\x20\xA1\x07\x00\x00\x90\xD0\x03\x00"
                                      "\xF1\x07\x6A\x02\x20\x00\x00\x00"
                                      "\xF1\x01\x10\x27\x00\x00"
                                      "\xF1\x0D\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    static const uint8_t lengths[] = {1, 10, 6, 4, 15};
    assert_int_equal(heard.count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(heard.event[i].what, VB_GVRET_WHAT_MESSAGE);
        assert_int_equal(heard.event[i].len, lengths[i]);
    }
    assert_int_equal(heard.bytes[0][0], 2);
    assert_memory_equal(heard.bytes[1], "\x11\x20\xA1\x07\x00", 5); /* on, listen only, 500000 */
    assert_int_equal(heard.event[3].t_us, 10000);
}

static void test_the_clock_is_counted_on_where_its_32_bits_begin_again(void **state) {
    (void)state;
    struct heard heard = read_all(VB_GVRET_HOST, BYTES("\xF1\x01\xF0\xFF\xFF\xFF"
                                                       "\xF1\x01\x10\x00\x00\x00"
                                                       "\xF1\x01\x0F\x00\x00\x00"));
    assert_int_equal(heard.event[0].t_us, INT64_C(4294967280));
    assert_int_equal(heard.event[1].t_us, INT64_C(4294967312));
    assert_int_equal(heard.event[2].t_us, INT64_C(4294967311)); /* a little back is no round */
}

static void test_what_is_no_message_is_thrown_away_up_to_the_next_start(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        int error;
    } rows[] = {
        {"\xF1\x7F\x01\x02", 4, VB_E_UNKNOWN},
        {"\xF1\x05\x01\x02", 4, VB_E_UNKNOWN}, /* only hosts send it */
        {"\xF1\x00\x01\x00\x00\x00\x23\x01\x00\x00\x09\x11", 12, VB_E_RANGE}, /* 9 bytes */
        {"\xF1\x00\x01\x00\x00\x00\x00\x08\x00\x00\x00\x00", 12, VB_E_RANGE}, /* id 800 */
        {"\xF1\x00\x01\x00\x00\x00\x00\x00\x00\x40\x00\x00", 12, VB_E_RANGE}, /* bit 30 */
        {"\xF1\x14\x01\x00\x00\x00\x23\x01\x00\x00\x41\x00", 12, VB_E_RANGE}, /* 65 bytes */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[40];
        memcpy(bytes, rows[i].bytes, rows[i].n);
        memcpy(bytes + rows[i].n, "\xF1\x09\xDE\xAD", 4);
        struct heard heard = read_all(VB_GVRET_HOST, bytes, rows[i].n + 4);
        assert_int_equal(heard.count, 2);
        assert_int_equal(heard.event[0].what, VB_GVRET_WHAT_BAD);
        assert_int_equal(heard.event[0].error, rows[i].error);
        assert_int_equal(heard.event[1].command, VB_GVRET_ALIVE);
    }
}

static void test_a_message_cut_short_gives_nothing_until_its_rest_comes(void **state) {
    (void)state;
    static const char frame[] = "\xF1\x00\x78\x56\x34\x12\xDB\x01\x00\x00\x18" LEAF;
    for (size_t cut = 0; cut < sizeof frame - 1; cut++) {
        struct vb_gvret s;
        struct heard heard = {.count = 0};
        vb_gvret_init(&s, VB_GVRET_HOST);
        feed(&s, (const uint8_t *)frame, cut, cut, &heard);
        assert_int_equal(heard.count, 0);
        feed(&s, (const uint8_t *)frame + cut, sizeof frame - 1 - cut, 64, &heard);
        assert_int_equal(heard.count, 1);
        assert_memory_equal(heard.bytes[0], LEAF, 8);
    }
}

static void test_text_mode_is_skipped(void **state) {
    (void)state;
    struct heard heard = read_all(VB_GVRET_HOST, BYTES("3422 - 1db S 0 2 0 4\r\n\xF1\x0C\x03\r\n"));
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.bytes[0][0], 3);
}

static void test_fd_frames_have_length_and_bus_in_bytes_of_their_own(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_GVRET_HOST, BYTES("\xF1\x14\x01\x00\x00\x00\x23\x01\x00\x00\x0C\x02"
                                      "abcdefghijkl\x00"));
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.event[0].bus, 2);
    assert_int_equal(heard.event[0].frame.flags, VB_FRAME_FD);
    assert_int_equal(heard.event[0].frame.len, 12);
    assert_memory_equal(heard.bytes[0], "abcdefghijkl", 12);
    heard = read_all(VB_GVRET_DEVICE, BYTES("\xF1\x14\x23\x01\x00\x00\x02\x0C"
                                            "abcdefghijkl\x00"));
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.event[0].bus, 2);
    assert_int_equal(heard.event[0].frame.len, 12);
}

static void test_frames_are_written_as_each_side_sends_them(void **state) {
    (void)state;
    uint8_t out[VB_GVRET_MESSAGE];
    struct vb_frame frame = {
        .id = 0x1DB, .kind = VB_KIND_CAN, .len = 8, .data = (const uint8_t *)LEAF};
    assert_int_equal(vb_gvret_put_frame(VB_GVRET_DEVICE, &frame, 1, 0x512345678, out), 20);
    assert_memory_equal(out, "\xF1\x00\x78\x56\x34\x12\xDB\x01\x00\x00\x18" LEAF "\x00", 20);
    assert_int_equal(vb_gvret_put_frame(VB_GVRET_HOST, &frame, 3, 0, out), 17);
    assert_memory_equal(out, "\xF1\x00\xDB\x01\x00\x00\x03\x08" LEAF "\x00", 17);
    frame = (struct vb_frame){.id = 0x18DAF110, .flags = VB_FRAME_EXT, .kind = VB_KIND_CAN};
    assert_int_equal(vb_gvret_put_frame(VB_GVRET_HOST, &frame, 0, 0, out), 9);
    assert_memory_equal(out, "\xF1\x00\x10\xF1\xDA\x98\x00\x00\x00", 9);
    frame = (struct vb_frame){.id = 0x123,
                              .flags = VB_FRAME_FD,
                              .kind = VB_KIND_CAN,
                              .len = 12,
                              .data = (const uint8_t *)"abcdefghijkl"};
    assert_int_equal(vb_gvret_put_frame(VB_GVRET_DEVICE, &frame, 2, 1, out), 25);
    assert_memory_equal(out,
                        "\xF1\x14\x01\x00\x00\x00\x23\x01\x00\x00\x0C\x02"
                        "abcdefghijkl\x00",
                        25);
}

static void test_what_has_no_form_is_not_written(void **state) {
    (void)state;
    uint8_t out[VB_GVRET_MESSAGE];
    static const uint8_t data[9] = {0};
    const struct vb_frame wrong[] = {
        {.id = 0x800, .kind = VB_KIND_CAN},
        {.id = 0x123, .kind = VB_KIND_CAN, .flags = VB_FRAME_RTR},
        {.id = 0x4, .kind = VB_KIND_CAN, .flags = VB_FRAME_ERR},
        {.id = 0x22, .kind = VB_KIND_LIN},
        {.id = 0x123, .kind = VB_KIND_CAN, .len = 9, .data = data},
        {.id = 0x123, .kind = VB_KIND_CAN, .flags = VB_FRAME_FD, .len = 9, .data = data},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(vb_gvret_put_frame(VB_GVRET_DEVICE, &wrong[i], 0, 0, out), VB_E_RANGE);
    }
    const struct vb_frame good = {.id = 0x123, .kind = VB_KIND_CAN};
    assert_int_equal(vb_gvret_put_frame(VB_GVRET_HOST, &good, 4, 0, out), VB_E_RANGE);
    assert_int_equal(vb_gvret_put_frame(VB_GVRET_DEVICE, &good, 16, 0, out), VB_E_RANGE);
}

static void test_messages_are_written_with_the_sum_that_hosts_send(void **state) {
    (void)state;
    uint8_t out[VB_GVRET_MESSAGE];
    assert_int_equal(vb_gvret_put(VB_GVRET_HOST, VB_GVRET_ALIVE, NULL, 0, out), 2);
    assert_memory_equal(out, "\xF1\x09", 2);
    assert_int_equal(
        vb_gvret_put(VB_GVRET_DEVICE, VB_GVRET_ALIVE, (const uint8_t *)"\xDE\xAD", 2, out), 4);
    assert_memory_equal(out, "\xF1\x09\xDE\xAD", 4);
    assert_int_equal(vb_gvret_put(VB_GVRET_HOST, VB_GVRET_SET_BUSES,
                                  (const uint8_t *)"\x20\xA1\x07\xE0\x00\x00\x00\x00", 8, out),
                     11);
    assert_memory_equal(out, "\xF1\x05\x20\xA1\x07\xE0\x00\x00\x00\x00\x00", 11);
    assert_int_equal(vb_gvret_put(VB_GVRET_DEVICE, VB_GVRET_SET_BUSES, out, 8, out), VB_E_UNKNOWN);
    assert_int_equal(vb_gvret_put(VB_GVRET_HOST, VB_GVRET_FRAME, out, 6, out), VB_E_UNKNOWN);
    assert_int_equal(vb_gvret_put(VB_GVRET_DEVICE, VB_GVRET_BUS_COUNT, out, 2, out), VB_E_RANGE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_reads_a_frame_of_the_second_bus),
        cmocka_unit_test(test_device_reads_the_same_frame_as_a_host_writes_it),
        cmocka_unit_test(test_bit_31_of_the_id_means_29_bits),
        cmocka_unit_test(test_frames_without_bytes_and_without_sums_follow_each_other),
        cmocka_unit_test(test_a_sum_that_looks_like_a_start_does_no_harm),
        cmocka_unit_test(test_the_first_words_of_savvycan_are_understood),
        cmocka_unit_test(test_answers_of_a_device_have_their_lengths),
        cmocka_unit_test(test_the_clock_is_counted_on_where_its_32_bits_begin_again),
        cmocka_unit_test(test_what_is_no_message_is_thrown_away_up_to_the_next_start),
        cmocka_unit_test(test_a_message_cut_short_gives_nothing_until_its_rest_comes),
        cmocka_unit_test(test_text_mode_is_skipped),
        cmocka_unit_test(test_fd_frames_have_length_and_bus_in_bytes_of_their_own),
        cmocka_unit_test(test_frames_are_written_as_each_side_sends_them),
        cmocka_unit_test(test_what_has_no_form_is_not_written),
        cmocka_unit_test(test_messages_are_written_with_the_sum_that_hosts_send),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
