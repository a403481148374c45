/* test_candump.c - the recorder candump: its lines, and that our reader gives back the same frames.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "host/file/format.h"
#include "live.h"
#include "voltbus/rapi.h"
#include "voltbus/v2gtp.h"

#define T INT64_C(1712145600123456789)

static const uint8_t data[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const uint8_t side[] = {0, 116, 2, 0xFA, 0x0B}; /* r 116 l 2 a-1525 */

/* From the SECC, in several segments, packet 312 of connection 2. */
static const uint8_t cable_side[VB_SIDE_V2G_SIZE] = {2, 2, 0, 0, 1, 0x38, [55] = 2};
static const uint8_t from_evcc[VB_SIDE_V2G_SIZE] = {1};
static const uint8_t nothing[VB_SIDE_V2G_SIZE];

/* A frame, its link, and its line. */
static const struct {
    struct vb_frame frame;
    const char *link, *line;
} cases[] = {
    {{.kind = VB_KIND_CAN, .id = 0x1DB, .len = 8, .data = data, .t_ns = T},
     "can0",
     "(1712145600.123456) can0 1DB#0001020304050607\n"},
    {{.kind = VB_KIND_CAN, .id = 0x18FF50E5, .flags = VB_FRAME_EXT, .t_ns = INT64_C(166000000000)},
     "can1",
     "(166.000000) can1 18FF50E5#\n"},
    {{.kind = VB_KIND_CAN, .id = 0x123, .flags = VB_FRAME_RTR, .t_ns = T},
     "can0",
     "(1712145600.123456) can0 123#R\n"},
    {{.kind = VB_KIND_CAN, .id = 0x123, .flags = VB_FRAME_RTR | VB_FRAME_TX, .remote_len = 5},
     "can0",
     "(0.000000) can0 123#R5 T\n"},
    {{.kind = VB_KIND_CAN, .id = 0x88, .flags = VB_FRAME_ERR, .len = 8, .data = data},
     "can0",
     "(0.000000) can0 20000088#0001020304050607\n"},
    {{.kind = VB_KIND_CAN,
      .id = 0x7FF,
      .flags = VB_FRAME_FD | VB_FRAME_BRS,
      .len = 12,
      .data = data},
     "can0",
     "(0.000000) can0 7FF##5000102030405060708090A0B\n"},
    {{.kind = VB_KIND_LIN, .id = 0x22, .len = 7, .data = data},
     "house",
     "(0.000000) house 22#00010203040506\n"},
    {{.kind = VB_KIND_LIN, .id = 0x3D, .fault = VB_FAULT_NO_RESPONSE},
     "house",
     "(0.000000) house 3D#\n"},
    {{.kind = VB_KIND_RADIO, .len = 3, .data = data, .side = side, .side_len = 5},
     "roof",
     "(0.000000) roof RF69 #3: 00 01 02 r 116 l 2 a-1525\n"},
    {{.kind = VB_KIND_RADIO, .len = 3, .data = data, .t_ns = T},
     "roof",
     "(1712145600.123456) roof RF69 #3: 00 01 02\n"},
    {{.kind = VB_KIND_RAPI,
      .id = VB_RAPI_ID('S', 'C'),
      .flags = VB_FRAME_ASK | VB_FRAME_TX,
      .len = 7,
      .data = (const uint8_t *)"SC 16 V",
      .side = (const uint8_t *)"^65",
      .side_len = 3},
     "box",
     "(0.000000) box > $SC 16 V^65\n"},
    {{.kind = VB_KIND_RAPI,
      .id = VB_RAPI_ID('S', 'C'),
      .len = 5,
      .data = (const uint8_t *)"OK 16",
      .side = (const uint8_t *)"^07",
      .side_len = 3,
      .t_ns = T},
     "box",
     "(1712145600.123456) box < $OK 16^07\n"},
    {{.kind = VB_KIND_RAPI,
      .fault = VB_FAULT_SUM,
      .len = 5,
      .data = (const uint8_t *)"OK 17",
      .side = (const uint8_t *)"^07",
      .side_len = 3},
     "box",
     "(0.000000) box < $OK 17^07\n"},
    {{.kind = VB_KIND_V2G,
      .id = 0x8001,
      .t_ns = T,
      .len = 4,
      .data = (const uint8_t *)"\x80\x40\x00\x40",
      .side = from_evcc,
      .side_len = VB_SIDE_V2G_SIZE},
     "eth",
     "(1712145600.123456) eth V2G#8001#01#80400040\n"},
    {{.kind = VB_KIND_V2G,
      .id = 0x9000,
      .len = 2,
      .data = (const uint8_t *)"\x10\x00",
      .side = cable_side,
      .side_len = VB_SIDE_V2G_SIZE},
     "eth",
     "(0.000000) eth V2G#9000#020200000138000000000000000000000000000000000000000000000000"
     "0000000000000000000000000000000000000000000000000002#1000\n"},
    {{.kind = VB_KIND_PLC,
      .id = 0x6064,
      .len = 12,
      .data = data,
      .side = nothing,
      .side_len = VB_SIDE_V2G_SIZE,
      .flags = VB_FRAME_TX},
     "eth",
     "(0.000000) eth PLC#6064##000102030405060708090A0B T\n"},
    {{.kind = VB_KIND_NET,
      .id = VB_NET_RESET,
      .len = 3,
      .data = (const uint8_t *)"RST",
      .side = from_evcc,
      .side_len = VB_SIDE_V2G_SIZE},
     "eth",
     "(0.000000) eth NET#04#01#525354\n"},
};
#define CASES (sizeof cases / sizeof cases[0])

static void test_every_frame_is_its_line(void **state) {
    (void)state;
    char expected[4096] = "";
    live_open("candump", "");
    for (size_t i = 0; i < CASES; i++) {
        live->raw(live_self, &cases[i].frame, cases[i].link);
        strcat(expected, cases[i].line);
    }
    live_close();
    live_read("");
    assert_string_equal((char *)live_bytes, expected);
    assert_string_equal(live_log, "");
}

static void test_our_reader_gives_the_frames_back(void **state) {
    (void)state;
    static struct reader reader;
    char text[4096] = "";
    for (size_t i = 0; i < CASES; i++) {
        strcat(text, cases[i].line);
    }
    struct lines *lines = lines_of_text(text, strlen(text));
    reader_init(&reader, lines, NULL);
    assert_string_equal(reader.format->name, "candump-log");
    for (size_t i = 0; i < CASES; i++) {
        const struct vb_frame *sent = &cases[i].frame;
        struct vb_frame got;
        assert_int_equal(reader_next(&reader, &got), 1);
        assert_int_equal(got.kind, sent->kind);
        assert_int_equal(got.id, sent->id);
        assert_int_equal(got.flags, sent->flags);
        assert_int_equal(got.fault, sent->fault);
        assert_int_equal(got.len, sent->len);
        assert_int_equal(got.remote_len, sent->remote_len);
        assert_int_equal(got.side_len, sent->side_len);
        assert_true(got.t_ns == sent->t_ns / 1000 * 1000);
        assert_string_equal(reader.links[got.bus], cases[i].link);
        assert_true(got.len == 0 || memcmp(got.data, sent->data, got.len) == 0);
        assert_true(got.side_len == 0 || memcmp(got.side, sent->side, got.side_len) == 0);
    }
    struct vb_frame none;
    assert_int_equal(reader_next(&reader, &none), 0);
    reader_close(&reader);
}

/* A certificate chain is a few kilobytes. */
static void test_long_messages_come_back_whole(void **state) {
    (void)state;
    static struct reader reader;
    static uint8_t certificates[32000];
    struct vb_frame frame = {.kind = VB_KIND_V2G,
                             .id = 0x8001,
                             .data = certificates,
                             .len = sizeof certificates,
                             .side = cable_side,
                             .side_len = VB_SIDE_V2G_SIZE};
    for (size_t i = 0; i < sizeof certificates; i++) {
        certificates[i] = (uint8_t)(i * 7 % 251);
    }
    live_open("candump", "");
    live->raw(live_self, &frame, "eth");
    frame.len = 40000;
    live->raw(live_self, &frame, "eth"); /* no line of ours is that long */
    live_close();
    int n = live_read("");
    assert_string_equal(
        live_log, "candump: 1 frame was not recorded, damaged or too long: it has no form for "
                  "them, pcapng has\n");
    reader_init(&reader, lines_of_text((char *)live_bytes, (size_t)n), NULL);
    assert_int_equal(reader_next(&reader, &frame), 1);
    assert_int_equal(frame.len, sizeof certificates);
    assert_memory_equal(frame.data, certificates, sizeof certificates);
    reader_close(&reader);
}

static void test_lines_of_the_cable_that_are_wrong_are_said(void **state) {
    (void)state;
    static const char *const wrong[] = {"(0.1) eth V2G#80#01#8040",  "(0.1) eth V2G#8001#01",
                                        "(0.1) eth V2G#8001#01#804", "(0.1) eth V2G#8001#01#80#40",
                                        "(0.1) eth NET#0004##00",    "(0.1) eth PLC#"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        static struct reader reader;
        struct vb_frame frame;
        reader_init(&reader, lines_of_text(wrong[i], strlen(wrong[i])), format_find("candump-log"));
        assert_int_equal(reader_next(&reader, &frame), VB_E_FORMAT);
        assert_string_equal(reader.why, "expected ID#SIDE#DATA behind V2G#, PLC#, NET#");
        reader_close(&reader);
    }
}

static void test_damaged_lin_frames_are_counted_and_said_at_the_end(void **state) {
    (void)state;
    struct vb_frame frame = {
        .kind = VB_KIND_LIN, .id = 0x22, .len = 7, .data = data, .fault = VB_FAULT_CHECKSUM};
    live_open("candump", "");
    live->raw(live_self, &frame, "house");
    frame.fault = VB_FAULT_PARITY;
    live->raw(live_self, &frame, "house");
    frame = (struct vb_frame){.kind = VB_KIND_RAPI,
                              .id = VB_RAPI_ID('F', 'P'),
                              .len = 10,
                              .data = (const uint8_t *)"FP 0 0 A\x11"
                                                       "B"};
    live->raw(live_self, &frame, "box"); /* a stand-in for a space: no text */
    live_close();
    assert_int_equal(live_read(""), 0);
    assert_string_equal(
        live_log, "candump: 3 frames were not recorded, damaged or too long: it has no form for "
                  "them, pcapng has\n");
}

static void test_a_new_file_begins_with_a_whole_line(void **state) {
    (void)state;
    live_open("candump", "rotate_size=1kB");
    for (int i = 0; i < 30; i++) { /* 46 bytes each: 21 fit */
        live->raw(live_self, &cases[0].frame, "can0");
    }
    live_close();
    assert_int_equal(live_read(".1"), 21 * 46);
    assert_int_equal(live_read(""), 9 * 46);
    assert_memory_equal(live_bytes, "(1712145600.123456) can0", 24);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LIVE_TEST(test_every_frame_is_its_line),
        LIVE_TEST(test_our_reader_gives_the_frames_back),
        LIVE_TEST(test_long_messages_come_back_whole),
        LIVE_TEST(test_lines_of_the_cable_that_are_wrong_are_said),
        LIVE_TEST(test_damaged_lin_frames_are_counted_and_said_at_the_end),
        LIVE_TEST(test_a_new_file_begins_with_a_whole_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
