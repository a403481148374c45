/* test_pcapng.c - the recorder pcapng: its bytes, worked out by hand from the pcapng draft and the
 * layouts of the link types. test/e2e/record.sh shows that tshark reads the same.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "live.h"
#include "voltbus/lin.h"

/* 2024-04-03 12:00:00.123456789 = 0x17C2C35A_1B1B4D15 ns */
#define T INT64_C(1712145600123456789)

#define SECTION                                                                                    \
    0x0A, 0x0D, 0x0D, 0x0A, 0x2C, 0, 0, 0,      /* section header, 44 bytes */                     \
        0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0,     /* little endian, version 1.0 */                   \
        255, 255, 255, 255, 255, 255, 255, 255, /* of unknown length */                            \
        4, 0, 7, 0, 'v', 'o', 'l', 't', 'b', 'u', 's', 0, 0, 0, 0, 0, 0x2C, 0, 0, 0

#define HOUSE                                                                                      \
    1, 0, 0, 0, 0x34, 0, 0, 0, 212, 0, 0, 0, 0, 0, 0, 0,      /* interface, 52 bytes, LIN */       \
        2, 0, 5, 0, 'h', 'o', 'u', 's', 'e', 0, 0, 0,         /* if_name */                        \
        3, 0, 3, 0, 'L', 'I', 'N', 0, 9, 0, 1, 0, 9, 0, 0, 0, /* if_description, if_tsresol ns */  \
        0, 0, 0, 0, 0x34, 0, 0, 0

static void raw(const struct vb_frame *frame, const char *link) {
    live->raw(live_self, frame, link);
}

/* The battery sensor's voltage frame as the receiver gives it. */
static const uint8_t ibs[] = {0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A};
static const uint8_t ibs_side[] = {0xE2, 0xAC};
static const struct vb_frame lin_22 = {.t_ns = T,
                                       .kind = VB_KIND_LIN,
                                       .id = 0x22,
                                       .flags = VB_FRAME_ENHANCED,
                                       .len = sizeof ibs,
                                       .data = ibs,
                                       .side = ibs_side,
                                       .side_len = 2};

/* What a file of `expected` must be. */
static void expect(const char *suffix, const uint8_t *expected, size_t n) {
    int got = live_read(suffix);
    for (size_t i = 0; i < n && i < (size_t)(got < 0 ? 0 : got); i++) {
        if (live_bytes[i] != expected[i]) {
            print_error("byte %zu is %02X, expected %02X\n", i, live_bytes[i], expected[i]);
        }
    }
    assert_int_equal(got, n);
    assert_memory_equal(live_bytes, expected, n);
}

/* The payload of the only packet on the only interface, behind what stands before it. */
static void expect_payload(const struct vb_frame *frame, uint16_t link_type, const uint8_t *payload,
                           size_t n) {
    char name[160];
    live_open("pcapng", "");
    raw(frame, "x");
    live_close();
    int size = live_read("");
    assert_true(size > 44 + 8);
    assert_int_equal(live_bytes[44 + 8] | live_bytes[44 + 9] << 8, link_type);
    size_t packet = 44u + live_bytes[44 + 4];
    assert_int_equal(live_bytes[packet], 6);
    assert_int_equal(live_bytes[packet + 20], n); /* captured */
    assert_int_equal(live_bytes[packet + 24], n); /* on the wire */
    assert_memory_equal(live_bytes + packet + 28, payload, n);
    snprintf(name, sizeof name, "%s", live_path);
    unlink(name);
}

static void test_a_lin_frame_is_these_bytes(void **state) {
    (void)state;
    live_open("pcapng", "");
    raw(&lin_22, "house");
    live_close();
    expect("", BYTES(SECTION, HOUSE, 6, 0, 0, 0, 0x3C, 0, 0, 0,      /* packet, 60 bytes */
                     0, 0, 0, 0,                                     /* interface 0 */
                     0x5A, 0xC3, 0xC2, 0x17, 0x15, 0x4D, 0x1B, 0x1B, /* time, high half first */
                     15, 0, 0, 0, 15, 0, 0, 0,                       /* 15 bytes */
                     1, 0, 0, 0, 0x72, 0xE2, 0xAC, 0,                /* 7 bytes, enhanced */
                     0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A, 0,    /* and one to fill */
                     2, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0,             /* inbound */
                     0x3C, 0, 0, 0, 5, 0, 0, 0, 0x34, 0, 0, 0, 0, 0, 0, 0, /* statistics */
                     0x5A, 0xC3, 0xC2, 0x17, 0x15, 0x4D, 0x1B, 0x1B, 4, 0, 8, 0, 1, 0, 0, 0, 0, 0,
                     0, 0,                               /* one received */
                     5, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* none lost */
                     0, 0, 0, 0, 0x34, 0, 0, 0));
    assert_string_equal(live_log, "");
}

static void test_damaged_lin_frames_say_what_is_wrong(void **state) {
    (void)state;
    struct vb_frame frame = lin_22;
    frame.flags = 0;
    frame.fault = VB_FAULT_CHECKSUM;
    expect_payload(
        &frame, 212,
        BYTES(1, 0, 0, 0, 0x70, 0xE2, 0xAC, 0x08, 0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A));
    frame.fault = VB_FAULT_FRAMING;
    expect_payload(
        &frame, 212,
        BYTES(1, 0, 0, 0, 0x70, 0xE2, 0xAC, 0x02, 0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A));
    frame = (struct vb_frame){.kind = VB_KIND_LIN, .id = 0x22, .fault = VB_FAULT_NO_RESPONSE};
    expect_payload(&frame, 212, BYTES(1, 0, 0, 0, 0x00, 0xE2, 0x00, 0x01));
    frame.fault = VB_FAULT_PARITY;
    frame.side = (const uint8_t[]){0xA2};
    frame.side_len = 1;
    expect_payload(&frame, 212, BYTES(1, 0, 0, 0, 0x00, 0xA2, 0x00, 0x04));
}

static void test_lin_checksums_of_all_kinds(void **state) {
    (void)state;
    struct vb_frame frame = lin_22;
    frame.side = NULL;
    frame.side_len = 0;
    frame.data = (const uint8_t[]){0xAB};
    frame.len = 1;
    frame.flags = VB_FRAME_CLASSIC;
    expect_payload(&frame, 212, BYTES(1, 0, 0, 0, 0x11, 0xE2, 0, 0, 0xAB));
    frame.flags = VB_FRAME_UNPARITY;
    expect_payload(&frame, 212, BYTES(1, 0, 0, 0, 0x13, 0xE2, 0, 0, 0xAB));
    frame.flags = 0; /* a recording without checksums */
    expect_payload(&frame, 212, BYTES(1, 0, 0, 0, 0x10, 0xE2, 0, 0, 0xAB));
}

static void test_can_frames_of_all_kinds(void **state) {
    (void)state;
    uint8_t data[64];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    struct vb_frame frame = {.kind = VB_KIND_CAN, .id = 0x1DB, .len = 3, .data = data};
    expect_payload(&frame, 227, BYTES(0, 0, 0x01, 0xDB, 3, 0, 0, 0, 0, 1, 2));
    frame.id = 0x18FF50E5;
    frame.flags = VB_FRAME_EXT;
    frame.len = 0;
    expect_payload(&frame, 227, BYTES(0x98, 0xFF, 0x50, 0xE5, 0, 0, 0, 0));
    frame.id = 0x123;
    frame.flags = VB_FRAME_RTR;
    frame.remote_len = 5;
    expect_payload(&frame, 227, BYTES(0x40, 0, 0x01, 0x23, 5, 0, 0, 0));
    frame = (struct vb_frame){
        .kind = VB_KIND_CAN, .id = 0x88, .flags = VB_FRAME_ERR, .len = 8, .data = data};
    expect_payload(&frame, 227, BYTES(0x20, 0, 0, 0x88, 8, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7));
    frame = (struct vb_frame){.kind = VB_KIND_CAN,
                              .id = 0x7FF,
                              .flags = VB_FRAME_FD | VB_FRAME_BRS | VB_FRAME_ESI,
                              .len = 12,
                              .data = data};
    expect_payload(&frame, 227,
                   BYTES(0, 0, 0x07, 0xFF, 12, 7, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11));
}

static void test_radio_packets_have_their_side_bytes_in_front(void **state) {
    (void)state;
    static const uint8_t packet[] = {0x24, 0x3C, 0xCE};
    static const uint8_t side[] = {0, 116, 2, 0xFA, 0x0B}; /* r 116 l 2 a-1525 */
    struct vb_frame frame = {
        .kind = VB_KIND_RADIO, .id = 0x24, .len = 3, .data = packet, .side = side, .side_len = 5};
    expect_payload(&frame, 147, BYTES(5, 0, 116, 2, 0xFA, 0x0B, 0x24, 0x3C, 0xCE));
    frame.side = NULL;
    frame.side_len = 0;
    expect_payload(&frame, 147, BYTES(0, 0x24, 0x3C, 0xCE));
}

static void test_lines_of_rapi_are_whole_lines(void **state) {
    (void)state;
    struct vb_frame frame = {.kind = VB_KIND_RAPI,
                             .len = 5,
                             .data = (const uint8_t *)"OK 16",
                             .side = (const uint8_t *)" :5A^69",
                             .side_len = 7};
    expect_payload(&frame, 148,
                   BYTES('$', 'O', 'K', ' ', '1', '6', ' ', ':', '5', 'A', '^', '6', '9'));
    frame.side_len = 0; /* RAPI 1.x */
    frame.len = 2;
    expect_payload(&frame, 148, BYTES('$', 'O', 'K'));
}

static void test_v2g_messages_have_side_bytes_and_v2gtp_in_front(void **state) {
    (void)state;
    static const uint8_t exi[] = {0x80, 0x40, 0x00, 0x40};
    static const uint8_t side[] = {2, 0, 0, 0, 0, 50};
    struct vb_frame frame = {
        .kind = VB_KIND_V2G, .id = 0x8001, .len = 4, .data = exi, .side = side, .side_len = 6};
    expect_payload(
        &frame, 150,
        BYTES(6, 2, 0, 0, 0, 0, 50, 0x01, 0xFE, 0x80, 0x01, 0, 0, 0, 4, 0x80, 0x40, 0, 0x40));
    frame = (struct vb_frame){
        .kind = VB_KIND_NET, .id = 4, .len = 3, .data = (const uint8_t *)"RST", .side = side};
    expect_payload(&frame, 151, BYTES(0, 4, 'R', 'S', 'T'));
    frame = (struct vb_frame){
        .kind = VB_KIND_PLC, .id = 0x6064, .len = 4, .data = exi, .side = side, .side_len = 6};
    expect_payload(&frame, 1, BYTES(0x80, 0x40, 0, 0x40));
}

/* The blocks of a file: type, and the interface of packets and statistics, as text:
 * "S" section, "I212" interface, "p0>" packet in, "p0<" packet out, "t0:3/0" received/lost. */
static const char *blocks(const char *suffix) {
    static char text[4096];
    char *p = text;
    int n = live_read(suffix);
    for (int at = 0; at < n;) {
        const uint8_t *b = live_bytes + at;
        int size = b[4] | b[5] << 8;
        assert_true(size >= 12 && size % 4 == 0 && at + size <= n);
        assert_memory_equal(b + 4, b + size - 4, 4);
        p += b[0] == 0x0A ? sprintf(p, "S ")
             : b[0] == 1  ? sprintf(p, "I%d ", b[8])
             : b[0] == 6  ? sprintf(p, "p%d%c ", b[8], b[size - 12] == 2 ? '<' : '>')
             : b[0] == 5  ? sprintf(p, "t%d:%d/%d ", b[8], b[24], b[36])
                          : sprintf(p, "? ");
        at += size;
    }
    *p = '\0';
    return text;
}

static void test_interfaces_are_made_as_links_and_kinds_appear(void **state) {
    (void)state;
    struct vb_frame can = {.kind = VB_KIND_CAN, .id = 0x1DB, .flags = VB_FRAME_TX};
    live_open("pcapng", "");
    raw(&lin_22, "house");
    raw(&can, "can0");
    raw(&lin_22, "chassis");
    raw(&lin_22, "house");
    raw(&can, "house"); /* a recording may have both */
    raw(&can, "can0");
    live_close();
    blocks("");
    assert_string_equal(blocks(""), "S I212 p0> I227 p1< I212 p2> p0> I227 p3< p1< "
                                    "t0:2/0 t1:2/0 t2:1/0 t3:1/0 ");
}

static void test_a_file_that_is_there_gets_one_more_section(void **state) {
    (void)state;
    live_open("pcapng", "");
    raw(&lin_22, "house");
    live_close();
    live_open("pcapng", "");
    raw(&lin_22, "chassis");
    live_close();
    assert_string_equal(blocks(""), "S I212 p0> t0:1/0 S I212 p0> t0:1/0 ");
}

static void test_a_file_that_was_cut_off_is_set_aside(void **state) {
    (void)state;
    live_write(BYTES(SECTION, HOUSE, 6, 0, 0, 0, 0x3C, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3));
    live_open("pcapng", "");
    raw(&lin_22, "house");
    live_close();
    assert_string_equal(blocks(""), "S I212 p0> t0:1/0 ");
    assert_int_equal(live_read(".damaged-1"), 44 + 52 + 15);
    assert_non_null(strstr(live_log, "/bus: its last record is cut off"));
}

static void test_a_file_of_another_kind_is_an_error(void **state) {
    (void)state;
    live_write("(1.0) can0 123#\n", 16);
    assert_false(live_open_at("pcapng", live_path, ""));
    assert_non_null(strstr(live_why, "/bus: there is a file of another kind"));
    assert_int_equal(live_read(""), 16);
}

static void
test_every_file_of_a_rotation_begins_with_a_section_and_says_its_interfaces(void **state) {
    (void)state;
    static const struct vb_frame can = {.kind = VB_KIND_CAN, .id = 0x1DB};
    live_open("pcapng", "rotate_size=1kB");
    for (int i = 0; i < 8; i++) {
        raw(&lin_22, "house"); /* 60 */
        raw(&can, "can0");     /* 52 */
    }
    live_close();
    /* 44 + 52 + 48 + 7 * 60 + 6 * 52 + 2 * 52 of statistics; one packet more were 1032 */
    assert_string_equal(blocks(".1"), "S I212 p0> I227 p1> p0> p1> p0> p1> p0> p1> p0> p1> p0> p1> "
                                      "p0> t0:7/0 t1:6/0 ");
    assert_int_equal(live_read(".1"), 980);
    assert_string_equal(blocks(""), "S I227 p0> I212 p1> p0> t1:1/0 t0:2/0 ");
    assert_int_equal(live_read(".2"), -1);
}

static void test_frames_that_no_layout_holds_are_counted(void **state) {
    (void)state;
    static const uint8_t data[70000];
    struct vb_frame frame = {.kind = VB_KIND_RADIO, .len = sizeof data, .data = data};
    live_open("pcapng", "");
    raw(&frame, "radio");
    live_close();
    assert_string_equal(blocks(""), "");
    assert_string_equal(live_log,
                        "pcapng: 1 frame was not recorded: more than 256 links, or too long\n");
}

static void test_times_before_1970_become_0(void **state) {
    (void)state;
    struct vb_frame frame = lin_22;
    frame.t_ns = -1;
    live_open("pcapng", "");
    raw(&frame, "house");
    live_close();
    live_read("");
    assert_memory_equal(live_bytes + 44 + 52 + 12, "\0\0\0\0\0\0\0\0", 8);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        LIVE_TEST(test_a_lin_frame_is_these_bytes),
        LIVE_TEST(test_damaged_lin_frames_say_what_is_wrong),
        LIVE_TEST(test_lin_checksums_of_all_kinds),
        LIVE_TEST(test_can_frames_of_all_kinds),
        LIVE_TEST(test_lines_of_rapi_are_whole_lines),
        LIVE_TEST(test_v2g_messages_have_side_bytes_and_v2gtp_in_front),
        LIVE_TEST(test_radio_packets_have_their_side_bytes_in_front),
        LIVE_TEST(test_interfaces_are_made_as_links_and_kinds_appear),
        LIVE_TEST(test_a_file_that_is_there_gets_one_more_section),
        LIVE_TEST(test_a_file_that_was_cut_off_is_set_aside),
        LIVE_TEST(test_a_file_of_another_kind_is_an_error),
        LIVE_TEST(test_every_file_of_a_rotation_begins_with_a_section_and_says_its_interfaces),
        LIVE_TEST(test_frames_that_no_layout_holds_are_counted),
        LIVE_TEST(test_times_before_1970_become_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
