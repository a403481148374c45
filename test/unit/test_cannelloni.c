/* test_cannelloni.c - cannelloni packets and streams: bytes worked by hand from
 * reference/can-transports.md section 2.4; and the clock of another machine.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/cannelloni.h"
#include "voltbus/far_clock.h"
#include "voltbus/time.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1
#define LEAF        "\x00\x04\xC2\x62\x00\x00\x03\xB6"

/* Three frames: 1DB with eight bytes, 18DAF110 remote asking for 3, 123 of CAN FD with 12 and
 * BRS. */
#define THREE                                                                                      \
    "\x00\x00\x01\xDB\x08" LEAF "\xD8\xDA\xF1\x10\x03"                                             \
    "\x00\x00\x01\x23\x8C\x05"                                                                     \
    "abcdefghijkl"

static void is_one_of_three(const struct vb_frame *frame, size_t i) {
    static const uint32_t ids[] = {0x1DB, 0x18DAF110, 0x123};
    static const uint16_t flags[] = {0, VB_FRAME_EXT | VB_FRAME_RTR, VB_FRAME_FD | VB_FRAME_BRS};
    static const uint32_t lengths[] = {8, 0, 12};
    static const char *const data[] = {LEAF, "", "abcdefghijkl"};
    assert_int_equal(frame->kind, VB_KIND_CAN);
    assert_int_equal(frame->id, ids[i]);
    assert_int_equal(frame->flags, flags[i]);
    assert_int_equal(frame->len, lengths[i]);
    assert_int_equal(frame->remote_len, i == 1 ? 3 : 0);
    assert_memory_equal(frame->data, data[i], frame->len);
}

static void test_a_packet_has_its_frames_in_order(void **state) {
    (void)state;
    struct vb_cannelloni_packet packet;
    struct vb_frame frame;
    assert_int_equal(vb_cannelloni_packet(BYTES("\x02\x00\x07\x00\x03" THREE), NULL, &packet), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(vb_cannelloni_next(&packet, &frame), 1);
        is_one_of_three(&frame, i);
    }
    assert_int_equal(vb_cannelloni_next(&packet, &frame), 0);
}

static void test_a_packet_cut_short_gives_the_frames_before_the_cut(void **state) {
    (void)state;
    static const char whole[] = "\x02\x00\x07\x00\x03" THREE;
    static const size_t ends[] = {18, 23, 41}; /* of the three frames */
    for (size_t cut = 0; cut < sizeof whole - 1; cut++) {
        struct vb_cannelloni_packet packet;
        struct vb_frame frame;
        uint8_t exact[64]; /* nothing good behind the cut */
        memset(exact, 0xFF, sizeof exact);
        memcpy(exact, whole, cut);
        int count = vb_cannelloni_packet(exact, cut, NULL, &packet);
        if (cut < VB_CANNELLONI_HEAD) {
            assert_int_equal(count, VB_E_MORE);
            continue;
        }
        assert_int_equal(count, 3);
        size_t got = 0;
        while (vb_cannelloni_next(&packet, &frame) == 1) {
            is_one_of_three(&frame, got++);
        }
        assert_int_equal(got, (cut >= ends[0]) + (cut >= ends[1]));
    }
}

static void test_other_packets_are_refused(void **state) {
    (void)state;
    struct vb_cannelloni_packet packet;
    struct vb_cannelloni_rx rx = {.started = false};
    assert_int_equal(vb_cannelloni_packet(BYTES("\x01\x00\x07\x00\x00"), &rx, &packet),
                     VB_E_UNKNOWN);
    assert_int_equal(vb_cannelloni_packet(BYTES("\x02\x01\x07\x00\x00"), &rx, &packet),
                     VB_E_UNKNOWN);
    assert_int_equal(vb_cannelloni_packet(BYTES(""), &rx, &packet), VB_E_MORE);
    assert_int_equal(rx.packets, 0);
    assert_int_equal(vb_cannelloni_packet(BYTES("\x02\x00\x07\x00\x00"), &rx, &packet), 0);
    assert_int_equal(rx.packets, 1);
}

static void test_lengths_and_ids_that_no_frame_has_end_the_packet(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "\x00\x00\x01\xDB\x09", /* 9 bytes */
        "\x00\x00\x08\x00\x00", /* id 800 of 11 bits */
        "\x00\x00\x01\x23\x89", /* 9 bytes of CAN FD */
        "\x00\x00\x01\x23\xFF", /* 127 */
        "\x40\x00\x01\x23\x0F", /* a remote frame that asks for 15 */
        "\x40\x00\x01\x23\x88", /* a remote frame of CAN FD */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t bytes[200] = {0};
        struct vb_frame frame;
        memcpy(bytes, wrong[i], 5);
        assert_int_equal(vb_cannelloni_frame(bytes, sizeof bytes, &frame), VB_E_FORMAT);
    }
}

static void see(struct vb_cannelloni_rx *rx, uint8_t number) {
    const uint8_t bytes[] = {2, 0, number, 0, 0};
    struct vb_cannelloni_packet packet;
    assert_int_equal(vb_cannelloni_packet(bytes, sizeof bytes, rx, &packet), 0);
}

static void test_numbers_that_are_missing_are_counted(void **state) {
    (void)state;
    struct vb_cannelloni_rx rx = {.started = false};
    see(&rx, 254); /* whatever it begins with */
    see(&rx, 255);
    see(&rx, 0);
    assert_int_equal(rx.lost, 0);
    see(&rx, 3);
    assert_int_equal(rx.lost, 2);
    see(&rx, 2); /* it was only late */
    assert_int_equal(rx.lost, 1);
    see(&rx, 4);
    assert_int_equal(rx.lost, 1);
    for (unsigned i = 5; i <= 200; i++) {
        see(&rx, (uint8_t)i);
    }
    see(&rx, 100); /* the sender was started again */
    see(&rx, 101);
    assert_int_equal(rx.lost, 1);
    assert_int_equal(rx.packets, 6 + 196 + 2);
}

static void test_frames_are_written_as_they_are_read(void **state) {
    (void)state;
    const struct vb_frame frames[] = {
        {.id = 0x1DB, .kind = VB_KIND_CAN, .len = 8, .data = (const uint8_t *)LEAF},
        {.id = 0x18DAF110,
         .kind = VB_KIND_CAN,
         .flags = VB_FRAME_EXT | VB_FRAME_RTR,
         .remote_len = 3},
        {.id = 0x123,
         .kind = VB_KIND_CAN,
         .flags = VB_FRAME_FD | VB_FRAME_BRS,
         .len = 12,
         .data = (const uint8_t *)"abcdefghijkl"},
    };
    uint8_t out[VB_CANNELLONI_HEAD + 3 * VB_CANNELLONI_ROOM];
    size_t n = VB_CANNELLONI_HEAD;
    vb_cannelloni_put_head(7, 3, out);
    for (size_t i = 0; i < 3; i++) {
        n += (size_t)vb_cannelloni_put_frame(&frames[i], out + n);
    }
    assert_int_equal(n, sizeof "\x02\x00\x07\x00\x03" THREE - 1);
    assert_memory_equal(out, "\x02\x00\x07\x00\x03" THREE, n);
    const struct vb_frame error = {.id = 4,
                                   .kind = VB_KIND_CAN,
                                   .flags = VB_FRAME_ERR,
                                   .len = 8,
                                   .data = (const uint8_t *)LEAF};
    assert_int_equal(vb_cannelloni_put_frame(&error, out), 13);
    assert_memory_equal(out, "\x20\x00\x00\x04\x08" LEAF, 13);
    const struct vb_frame wrong = {.id = 0x800, .kind = VB_KIND_CAN};
    assert_int_equal(vb_cannelloni_put_frame(&wrong, out), VB_E_RANGE);
}

/* Returns how many frames came before the end or the error, which is in *result. */
static size_t stream(const char *bytes, size_t n, size_t piece, int *result) {
    struct vb_cannelloni s = {.greeted = false};
    struct vb_frame frame;
    size_t got = 0;
    *result = 0;
    for (size_t at = 0; at < n;) {
        size_t some = n - at < piece ? n - at : piece;
        at += vb_cannelloni_feed(&s, (const uint8_t *)bytes + at, some);
        *result = vb_cannelloni_take(&s, &frame);
        if (*result < 0) {
            break;
        }
        if (*result == 1) {
            is_one_of_three(&frame, got++ % 3);
        }
    }
    return got;
}

static void test_a_stream_may_be_split_anywhere(void **state) {
    (void)state;
    static const char bytes[] = "CANNELLONIv1" THREE THREE;
    int result;
    for (size_t piece = 1; piece < sizeof bytes; piece++) {
        assert_int_equal(stream(bytes, sizeof bytes - 1, piece, &result), 6);
    }
    assert_int_equal(stream(bytes, sizeof bytes - 2, 100, &result), 5);
}

static void test_a_stream_without_hello_or_with_nonsense_ends(void **state) {
    (void)state;
    int result;
    assert_int_equal(stream("CANNELLONIv2", 12, 12, &result), 0);
    assert_int_equal(result, VB_E_UNKNOWN);
    assert_int_equal(stream("HTTP/1.1", 8, 1, &result), 0);
    assert_int_equal(result, VB_E_UNKNOWN);
    assert_int_equal(stream("CANNELLONIv1\x00\x00\x01\xDB\x09", 17, 1, &result), 0);
    assert_int_equal(result, VB_E_FORMAT);
}

/* ---- the clock of another machine ---- */

#define MS VB_NS_PER_MS

static void test_a_far_clock_takes_the_shortest_delay_for_none(void **state) {
    (void)state;
    struct vb_far_clock clock = {.set = false};
    assert_int_equal(vb_far_clock(&clock, 5 * MS, 1000 * MS), 1000 * MS);
    /* three that came together: spaced as the sender stamped them, none in the future */
    assert_int_equal(vb_far_clock(&clock, 15 * MS, 1040 * MS), 1010 * MS);
    assert_int_equal(vb_far_clock(&clock, 25 * MS, 1040 * MS), 1020 * MS);
    assert_int_equal(vb_far_clock(&clock, 35 * MS, 1040 * MS), 1030 * MS);
    assert_int_equal(vb_far_clock(&clock, 70 * MS, 1050 * MS),
                     1050 * MS); /* faster than the first */
    assert_int_equal(vb_far_clock(&clock, 75 * MS, 1060 * MS), 1055 * MS);
}

static void test_a_far_clock_that_is_slower_is_followed(void **state) {
    (void)state;
    struct vb_far_clock clock = {.set = false};
    int64_t t = 0;
    for (int64_t i = 0; i < 1000; i++) { /* one message in 100 ms; theirs loses 100 ppm */
        t = vb_far_clock(&clock, i * 100 * MS - i * 10 * VB_NS_PER_US, i * 100 * MS);
        assert_true(t <= i * 100 * MS && t > i * 100 * MS - 3 * MS);
    }
}

static void test_a_clock_that_was_set_begins_anew(void **state) {
    (void)state;
    struct vb_far_clock clock = {.set = false};
    vb_far_clock(&clock, 5000 * MS, 9000 * MS);
    assert_int_equal(vb_far_clock(&clock, 1 * MS, 9010 * MS), 9010 * MS);
    assert_int_equal(vb_far_clock(&clock, 2 * MS, 9012 * MS), 9011 * MS);
    assert_int_equal(vb_far_clock(&clock, 3 * MS, 2000 * MS), 2000 * MS); /* ours was set back */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_packet_has_its_frames_in_order),
        cmocka_unit_test(test_a_packet_cut_short_gives_the_frames_before_the_cut),
        cmocka_unit_test(test_other_packets_are_refused),
        cmocka_unit_test(test_lengths_and_ids_that_no_frame_has_end_the_packet),
        cmocka_unit_test(test_numbers_that_are_missing_are_counted),
        cmocka_unit_test(test_frames_are_written_as_they_are_read),
        cmocka_unit_test(test_a_stream_may_be_split_anywhere),
        cmocka_unit_test(test_a_stream_without_hello_or_with_nonsense_ends),
        cmocka_unit_test(test_a_far_clock_takes_the_shortest_delay_for_none),
        cmocka_unit_test(test_a_far_clock_that_is_slower_is_followed),
        cmocka_unit_test(test_a_clock_that_was_set_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
