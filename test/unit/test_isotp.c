/* test_isotp.c - ISO-TP frame by frame, as a listener hears it, and as a machine that asks and answers. Frames are worked
 * out by hand from ISO 15765-2, or stand in reference/leaf-can.md section 8; the answer of the battery is that of the
 * e-NV200 in reference/can-transports.md. Time is a number here.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/isotp.h"
#include "voltbus/time.h"

#define MS VB_NS_PER_MS

/* ---- frames as text: "7BB#0221..." ---- */

static struct vb_frame frame_of(const char *text) {
    static uint8_t data[64];
    struct vb_frame frame;
    size_t at = 0;
    if (vb_frame_read(text, strlen(text), &frame, data, &at) != VB_OK) {
        fail_msg("%s: no frame, at %zu", text, at);
    }
    return frame;
}

static int read_text(const char *text, int address, struct vb_isotp_pdu *pdu) {
    struct vb_frame frame = frame_of(text);
    return vb_isotp_read(&frame, address, pdu);
}

#define NORMAL VB_ISOTP_NO_ADDRESS

/* ---- one frame ---- */

static void test_each_kind_of_frame_is_read(void **state) {
    struct vb_isotp_pdu pdu;
    (void)state;
    assert_int_equal(read_text("79B#0221010000000000", NORMAL, &pdu), VB_OK);
    assert_int_equal(pdu.kind, VB_ISOTP_SINGLE);
    assert_int_equal(pdu.len, 2);
    assert_memory_equal(pdu.data, "\x21\x01", 2);
    assert_int_equal(read_text("7BB#10356101FFFFFC18", NORMAL, &pdu), VB_OK);
    assert_int_equal(pdu.kind, VB_ISOTP_FIRST);
    assert_int_equal(pdu.len, 53);
    assert_int_equal(pdu.count, 6);
    assert_memory_equal(pdu.data, "\x61\x01\xFF\xFF\xFC\x18", 6);
    assert_int_equal(read_text("7BB#2F112233", NORMAL, &pdu), VB_OK);
    assert_int_equal(pdu.kind, VB_ISOTP_CONSECUTIVE);
    assert_int_equal(pdu.number, 15);
    assert_int_equal(pdu.count, 3);
    assert_int_equal(read_text("79B#300114FFFFFFFFFF", NORMAL, &pdu), VB_OK);
    assert_int_equal(pdu.kind, VB_ISOTP_FLOW);
    assert_int_equal(pdu.number, VB_ISOTP_CONTINUE);
    assert_int_equal(pdu.block_size, 1);
    assert_int_equal(pdu.st_min, 0x14);
}

static void test_frames_that_iso_tp_does_not_have_are_ignored(void **state) {
    static const char *const frames[] = {
        "7BB#",                 /* nothing */
        "7BB#00",               /* a message of no bytes */
        "7BB#0822334455667788", /* more than a frame of 8 bytes has */
        "7BB#051122",           /* cut */
        "7BB#1007112233445566", /* would have fitted a single frame */
        "7BB#101411223344",     /* a first frame has 8 bytes */
        "7BB#100000000FFF1122", /* 32 bits for what needs 12 */
        "7BB#21",               /* no data */
        "7BB#3000",             /* cut */
        "7BB#40112233",
        "7BB#F011223344556677",
        "7BB##0080102030405060708090A0B", /* FD: 12 bytes of a frame cannot have the short length */
    };
    struct vb_isotp_pdu pdu;
    (void)state;
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        if (read_text(frames[i], NORMAL, &pdu) != VB_E_FORMAT) {
            fail_msg("%s is taken", frames[i]);
        }
    }
    assert_int_equal(read_text("7BB#R8", NORMAL, &pdu), VB_E_UNKNOWN);
    struct vb_frame damaged = frame_of("7BB#0221");
    damaged.fault = VB_FAULT_CRC;
    assert_int_equal(vb_isotp_read(&damaged, NORMAL, &pdu), VB_E_UNKNOWN);
}

static void test_can_fd_has_the_length_in_a_byte_of_its_own(void **state) {
    struct vb_isotp_pdu pdu;
    (void)state;
    assert_int_equal(read_text("7E0##1000A0102030405060708090A", NORMAL, &pdu), VB_OK);
    assert_int_equal(pdu.len, 10);
    assert_memory_equal(pdu.data, "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A", 10);
    /* 7 bytes fit a classic frame: no such message, unless an address takes one of them */
    assert_int_equal(read_text("7E0##100070102030405060708090A", NORMAL, &pdu), VB_E_FORMAT);
    assert_int_equal(read_text("7E0##1AA00070102030405060708AA", 0xAA, &pdu), VB_OK);
    assert_int_equal(pdu.len, 7);
    assert_int_equal(read_text("7E0##1000B0102030405060708090A", NORMAL, &pdu), VB_E_FORMAT);
}

static void test_an_address_stands_before_everything(void **state) {
    struct vb_isotp_pdu pdu;
    (void)state;
    assert_int_equal(read_text("6F1#1203221001", 0x12, &pdu), VB_OK);
    assert_int_equal(pdu.len, 3);
    assert_memory_equal(pdu.data, "\x22\x10\x01", 3);
    assert_int_equal(read_text("6F1#1203221001", 0x13, &pdu), VB_E_UNKNOWN);
    assert_int_equal(read_text("6F1#1207221001AABBCC", 0x12, &pdu), VB_E_FORMAT); /* 6 at most */
    assert_int_equal(read_text("6F1#1210072210010203", 0x12, &pdu), VB_OK);
    assert_int_equal(pdu.len, 7);
    assert_int_equal(pdu.count, 5);
}

static void test_pauses_are_milliseconds_or_tenths(void **state) {
    (void)state;
    assert_int_equal(vb_isotp_st_min_ns(0), 0);
    assert_int_equal(vb_isotp_st_min_ns(20), 20 * MS);
    assert_int_equal(vb_isotp_st_min_ns(0x7F), 127 * MS);
    assert_int_equal(vb_isotp_st_min_ns(0xF1), 100000);
    assert_int_equal(vb_isotp_st_min_ns(0xF9), 900000);
    assert_int_equal(vb_isotp_st_min_ns(0x80), 127 * MS); /* reserved: the longest */
    assert_int_equal(vb_isotp_st_min_ns(0xF0), 127 * MS);
    assert_int_equal(vb_isotp_st_min_ns(0xFA), 127 * MS);
    assert_int_equal(vb_isotp_st_min_ns(0xFF), 127 * MS);
}

/* ---- listening ---- */

static uint8_t heard_bytes[64];
static struct vb_isotp_listener listener;

static void listen_begin(uint32_t cap) {
    vb_isotp_listener_init(&listener, heard_bytes, cap, NORMAL);
}

static struct vb_isotp_step hear_at(const char *text, int64_t t_ns) {
    struct vb_isotp_pdu pdu;
    assert_int_equal(read_text(text, NORMAL, &pdu), VB_OK);
    return vb_isotp_listen(&listener, &pdu, t_ns);
}

#define assert_hears(text, t_ns, what_, broken_)                                                   \
    do {                                                                                           \
        struct vb_isotp_step its_step = hear_at(text, t_ns);                                       \
        assert_int_equal(its_step.what, VB_ISOTP_##what_);                                         \
        assert_int_equal(its_step.broken, VB_ISOTP_RESULT_##broken_);                              \
    } while (0)

static void test_a_listener_puts_a_message_together(void **state) {
    (void)state;
    listen_begin(sizeof heard_bytes);
    assert_hears("7BB#1010610444434241", 0, BEGUN, OK);
    assert_hears("79B#3001000000000000", 1 * MS, NOTHING, OK); /* the other direction's */
    assert_hears("7BB#2140393837363534", 10 * MS, MORE, OK);
    assert_hears("7BB#22333231FFFFFFFF", 20 * MS, COMPLETE, OK);
    assert_int_equal(listener.len, 16);
    assert_memory_equal(heard_bytes,
                        "\x61\x04\x44\x43\x42\x41\x40\x39\x38\x37\x36\x35\x34\x33\x32\x31", 16);
    assert_hears("7BB#037F211100000000", 30 * MS, COMPLETE, OK);
    assert_int_equal(listener.len, 3);
    assert_memory_equal(heard_bytes, "\x7F\x21\x11", 3);
}

static void test_numbers_go_round_after_fifteen(void **state) {
    char text[32];
    (void)state;
    static uint8_t big[256];
    vb_isotp_listener_init(&listener, big, sizeof big, NORMAL);
    assert_hears("7BB#1078000000000000", 0, BEGUN, OK); /* 120 = 6 + 16 * 7 + 2 */
    for (unsigned i = 1; i <= 16; i++) {
        snprintf(text, sizeof text, "7BB#2%X%02X%02X%02X%02X%02X%02X%02X", i & 15, i, i, i, i, i, i,
                 i);
        assert_hears(text, 0, MORE, OK);
    }
    assert_hears("7BB#21AABB", 0, COMPLETE, OK);
    assert_int_equal(big[6], 1);
    assert_int_equal(big[117], 16);
    assert_int_equal(big[119], 0xBB);
}

static void test_what_a_listener_misses_ends_the_message(void **state) {
    (void)state;
    listen_begin(sizeof heard_bytes);
    assert_hears("7BB#1010610444434241", 0, BEGUN, OK);
    assert_hears("7BB#22333231FFFFFFFF", 0, NOTHING, WRONG_SN); /* 21 was lost */
    assert_int_equal(listener.got, 6);
    assert_hears("7BB#2140393837363534", 0, NOTHING, OK); /* of no message any more */
    assert_hears("7BB#1010610444434241", 0, BEGUN, OK);
    assert_hears("7BB#2140393837363534", 0, MORE, OK);
    assert_hears("7BB#2140393837363534", 0, NOTHING, WRONG_SN); /* twice */
    assert_hears("7BB#1010610444434241", 0, BEGUN, OK);
    assert_hears("7BB#1010610444434241", 0, BEGUN, UNEXPECTED); /* a new one counts */
    assert_hears("7BB#026104", 0, COMPLETE, UNEXPECTED);
    assert_hears("7BB#1010610444434241", 0, BEGUN, OK);
    assert_hears("7BB#214039383736", 0, NOTHING, OK); /* cut: as if it had not come */
    assert_hears("7BB#2140393837363534", 0, MORE, OK);
    assert_hears("7BB#22333231", 0, COMPLETE, OK); /* the last one may be short */
}

static void test_silence_ends_a_message_and_clocks_that_stand_do_not(void **state) {
    (void)state;
    listen_begin(sizeof heard_bytes);
    assert_hears("7BB#1010610444434241", 5000 * MS, BEGUN, OK);
    assert_hears("7BB#2140393837363534", 6000 * MS, MORE, OK);
    assert_hears("7BB#22333231", 7001 * MS, NOTHING, TIMEOUT_CR);
    assert_hears("7BB#1010610444434241", 8000 * MS, BEGUN, OK);
    assert_hears("7BB#2140393837363534", 0, MORE, OK);
    assert_hears("7BB#22333231", INT64_MIN, COMPLETE, OK);
}

static void test_a_message_longer_than_the_memory_is_named(void **state) {
    (void)state;
    listen_begin(15);
    assert_hears("7BB#1010610444434241", 0, NOTHING, NO_ROOM);
    assert_int_equal(listener.len, 16);
    assert_hears("7BB#2140393837363534", 0, NOTHING, OK);
    assert_hears("7BB#100F610444434241", 0, BEGUN, OK);
    assert_hears("7BB#1000FFFFFFFF4241", 0, NOTHING, NO_ROOM); /* 4 GB less one */
    assert_int_equal(listener.len, 0xFFFFFFFF);
}

/* ---- the machine ---- */

static struct vb_isotp m;
static uint8_t room[5000];
static int64_t now;

static const struct vb_isotp_config tester = {.tx_id = 0x79B,
                                              .rx_id = 0x7BB,
                                              .tx_address = NORMAL,
                                              .rx_address = NORMAL,
                                              .pad = true,
                                              .block_size = 1};

static void begin(const struct vb_isotp_config *config, uint32_t cap) {
    now = 1000 * MS;
    memset(room, 0xEE, sizeof room);
    assert_int_equal(vb_isotp_init(&m, config, room, cap, now), VB_OK);
}

static void take_is(const char *expected, const char *file, int line) {
    struct vb_frame frame;
    char text[VB_FRAME_TEXT + 1] = "nothing";
    if (vb_isotp_take(&m, &frame)) {
        assert_int_equal(frame.kind, VB_KIND_CAN);
        text[vb_frame_text(&frame, text)] = '\0';
    }
    if (strcmp(text, expected) != 0) {
        print_error("%s:%d: %s instead of %s\n", file, line, text, expected);
        fail();
    }
}
#define assert_sends(text) take_is(text, __FILE__, __LINE__)
#define assert_silent()    take_is("nothing", __FILE__, __LINE__)

static void event_is(const char *expected, const char *file, int line) {
    static const char *const names[] = {
#define X(name, text) #name,
        VB_ISOTP_EVENTS(X)
#undef X
    };
    struct vb_isotp_event event;
    char text[80] = "nothing";
    if (vb_isotp_next_event(&m, &event)) {
        snprintf(text, sizeof text, "%s %s %u", names[event.what],
                 vb_isotp_result_text((enum vb_isotp_result)event.result), event.len);
    }
    if (strcmp(text, expected) != 0) {
        print_error("%s:%d: %s instead of %s\n", file, line, text, expected);
        fail();
    }
}
#define assert_event(text)   event_is(text, __FILE__, __LINE__)
#define assert_no_event()    event_is("nothing", __FILE__, __LINE__)
#define assert_deadline(ms_) assert_int_equal(vb_isotp_deadline_ns(&m), (ms_)*MS)
#define NEVER_DUE()          assert_int_equal(vb_isotp_deadline_ns(&m), INT64_MAX)

static bool hear(const char *text) {
    struct vb_frame frame = frame_of(text);
    return vb_isotp_heard(&m, &frame, now);
}

static void wait_ms(int64_t ms) {
    now += ms * MS;
    vb_isotp_tick(&m, now);
}

static void send_bytes(const void *bytes, uint32_t n) {
    assert_int_equal(vb_isotp_send(&m, bytes, n, now), VB_OK);
}

static void test_a_group_of_the_battery_is_asked_for_and_comes(void **state) {
    (void)state;
    begin(&tester, sizeof room);
    NEVER_DUE();
    send_bytes("\x21\x04", 2);
    assert_deadline(2000); /* N_As */
    assert_sends("79B#0221040000000000");
    assert_silent();
    assert_event("SENT ok 2");
    NEVER_DUE();
    assert_true(hear("7BB#1010610444434241"));
    assert_event("BEGUN ok 16");
    assert_sends("79B#3001000000000000"); /* one frame for each flow control */
    assert_silent();
    assert_true(hear("7BB#2140393837363534"));
    assert_no_event();
    assert_sends("79B#3001000000000000");
    now += 10 * MS;
    assert_true(hear("7BB#22333231FFFFFFFF"));
    assert_silent(); /* nothing is left to ask for */
    assert_event("RECEIVED ok 16");
    assert_no_event();
    assert_memory_equal(room,
                        "\x61\x04\x44\x43\x42\x41\x40\x39\x38\x37\x36\x35\x34\x33\x32\x31\xEE", 17);
    NEVER_DUE();
    assert_false(hear("79B#3001000000000000"));
    assert_false(hear("1DB#0160B32B32000004"));
    assert_false(hear("000007BB#026101")); /* 29 bits are another id */
}

static void test_a_long_message_goes_out_in_blocks_with_pauses(void **state) {
    static const struct vb_isotp_config ecu = {.tx_id = 0x7BB,
                                               .rx_id = 0x79B,
                                               .tx_address = NORMAL,
                                               .rx_address = NORMAL,
                                               .pad = true,
                                               .padding = 0xFF};
    (void)state;
    begin(&ecu, 0);
    send_bytes("abcdefghijklmnopqrstuvwxyz0123456789", 36); /* 6 + 7 + 7 + 7 + 7 + 2 */
    assert_int_equal(vb_isotp_send(&m, (const uint8_t *)"x", 1, now), VB_E_STATE);
    assert_sends("7BB#1024616263646566");
    assert_silent();
    assert_deadline(2000); /* N_Bs */
    wait_ms(5);
    assert_true(hear("79B#30030A0000000000")); /* three frames, 10 ms apart */
    assert_sends("7BB#216768696A6B6C6D");
    assert_silent();
    assert_deadline(1015);
    wait_ms(9);
    assert_silent();
    wait_ms(1);
    assert_sends("7BB#226E6F7071727374");
    wait_ms(10);
    assert_sends("7BB#2375767778797A30");
    assert_silent();
    wait_ms(10);
    assert_silent();                           /* the block is full */
    assert_true(hear("79B#3000F50000000000")); /* all the rest, 500 us apart */
    assert_sends("7BB#2431323334353637");
    assert_int_equal(vb_isotp_deadline_ns(&m), now + 500000);
    assert_true(hear("79B#3000F50000000000")); /* not asked for: ignored */
    assert_silent();
    wait_ms(1);
    assert_no_event();
    assert_sends("7BB#253839FFFFFFFFFF");
    assert_event("SENT ok 36");
    NEVER_DUE();
}

static void test_a_peer_may_ask_to_wait_but_not_for_ever(void **state) {
    struct vb_isotp_config patient = tester;
    patient.waits_max = 2;
    (void)state;
    begin(&patient, 8);
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    for (unsigned i = 0; i < 2; i++) {
        wait_ms(900);
        assert_true(hear("7BB#3100000000000000"));
        assert_silent();
        assert_int_equal(vb_isotp_deadline_ns(&m), now + 1000 * MS);
    }
    wait_ms(900);
    assert_true(hear("7BB#3000000000000000"));
    assert_sends("79B#2136373839000000");
    assert_event("SENT ok 10");
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    hear("7BB#3100000000000000");
    hear("7BB#3100000000000000");
    assert_no_event();
    hear("7BB#3100000000000000");
    assert_event("NOT_SENT wft-overrun 10");
    assert_silent();
    NEVER_DUE();
}

static void test_a_message_that_is_refused_or_not_answered_is_not_sent(void **state) {
    (void)state;
    begin(&tester, 8);
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    hear("7BB#3200000000000000");
    assert_event("NOT_SENT overflow 10");
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    hear("7BB#3500000000000000");
    assert_event("NOT_SENT invalid-fs 10");
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    wait_ms(999);
    assert_no_event();
    wait_ms(1);
    assert_event("NOT_SENT timeout-bs 10");
    assert_silent();
    hear("7BB#3000000000000000"); /* too late */
    assert_silent();
    send_bytes("0123456789", 10);
    wait_ms(1000); /* nobody took it: no room on the bus */
    assert_event("NOT_SENT timeout-a 10");
    assert_silent();
    assert_false(vb_isotp_sending(&m));
}

static void test_a_flow_control_at_the_last_moment_is_too_late(void **state) {
    (void)state;
    begin(&tester, 8);
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    now += 1000 * MS;
    hear("7BB#3000000000000000"); /* heard before anybody ticked */
    assert_event("NOT_SENT timeout-bs 10");
    assert_silent();
}

static void test_what_comes_wrongly_is_not_received(void **state) {
    (void)state;
    begin(&tester, 16);
    hear("7BB#2140393837363534"); /* of no message */
    assert_no_event();
    assert_silent();
    hear("7BB#1010610444434241");
    assert_event("BEGUN ok 16");
    hear("7BB#2140393837363534"); /* before our flow control went out: not asked for */
    assert_sends("79B#3001000000000000");
    hear("7BB#22333231FFFFFFFF");
    assert_event("NOT_RECEIVED wrong-sn 16");
    assert_silent();
    hear("7BB#1010610444434241");
    assert_event("BEGUN ok 16");
    assert_sends("79B#3001000000000000");
    wait_ms(999);
    assert_no_event();
    wait_ms(1);
    assert_event("NOT_RECEIVED timeout-cr 16");
    NEVER_DUE();
    hear("7BB#1010610444434241");
    assert_event("BEGUN ok 16");
    wait_ms(1000);
    assert_event("NOT_RECEIVED timeout-a 16"); /* our flow control could not go out */
    assert_silent();
}

static void test_a_new_message_ends_the_one_before(void **state) {
    (void)state;
    begin(&tester, 16);
    hear("7BB#1010610444434241");
    assert_event("BEGUN ok 16");
    assert_sends("79B#3001000000000000");
    hear("7BB#100A616263646566");
    assert_event("NOT_RECEIVED unexpected 16");
    assert_event("BEGUN ok 10");
    assert_sends("79B#3001000000000000");
    hear("7BB#2167686970");
    assert_event("RECEIVED ok 10");
    assert_memory_equal(room, "abcdefghip", 10);
    hear("7BB#1010610444434241");
    hear("7BB#037F2178");
    assert_event("BEGUN ok 16");
    assert_event("NOT_RECEIVED unexpected 16");
    assert_event("RECEIVED ok 3");
    assert_silent();
}

static void test_a_message_beyond_our_memory_is_refused_at_once(void **state) {
    (void)state;
    begin(&tester, 15);
    hear("7BB#1010610444434241");
    assert_event("NOT_RECEIVED overflow 16");
    assert_sends("79B#3200000000000000");
    assert_silent();
    hear("7BB#2140393837363534");
    assert_no_event();
    hear("7BB#1000000010006162"); /* 4096 bytes, 32 bits of length */
    assert_event("NOT_RECEIVED overflow 4096");
    assert_sends("79B#3200000000000000");
    assert_int_equal(room[15], 0xEE);
    begin(&tester, 4);
    hear("7BB#05112233445566"); /* a single frame has no flow control */
    assert_event("NOT_RECEIVED overflow 5");
    assert_silent();
}

static void test_more_than_4095_bytes_have_a_length_of_32_bits(void **state) {
    static uint8_t bytes[4096];
    char text[40];
    (void)state;
    struct vb_isotp_config all = tester;
    all.block_size = 0;
    begin(&all, sizeof room);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    send_bytes(bytes, sizeof bytes);
    assert_sends("79B#1000000010000007");
    hear("7BB#300000");
    for (size_t at = 2, number = 1; at < sizeof bytes; at += 7, number++) {
        int n = snprintf(text, sizeof text, "79B#2%zX", number & 15);
        for (size_t i = at; i < at + 7; i++) {
            n += snprintf(text + n, sizeof text - (size_t)n, "%02X",
                          i < sizeof bytes ? (unsigned)bytes[i] : 0u);
        }
        assert_sends(text);
    }
    assert_event("SENT ok 4096");
    assert_silent();
    /* and back */
    hear("7BB#100000001000AABB");
    assert_event("BEGUN ok 4096");
    assert_sends("79B#3000000000000000");
    for (unsigned at = 2, number = 1; at < 4096; at += 7, number++) {
        snprintf(text, sizeof text, "7BB#2%X%02X%02X%02X%02X%02X%02X%02X", number & 15,
                 number & 255, 1, 2, 3, 4, 5, 6);
        assert_true(hear(text));
    }
    assert_event("RECEIVED ok 4096");
    assert_silent();
    assert_memory_equal(room, "\xAA\xBB\x01\x01\x02\x03\x04\x05\x06\x02", 10);
}

static void test_we_can_make_the_peer_wait(void **state) {
    struct vb_isotp_config busy = tester;
    busy.waits_max = 2;
    (void)state;
    begin(&busy, 16);
    vb_isotp_hold(&m, true, now);
    hear("7BB#1010610444434241");
    assert_event("BEGUN ok 16");
    assert_sends("79B#3100000000000000");
    assert_silent();
    assert_deadline(1500);
    wait_ms(500);
    assert_sends("79B#3100000000000000");
    vb_isotp_hold(&m, false, now);
    assert_sends("79B#3001000000000000");
    hear("7BB#2140393837363534");
    vb_isotp_hold(&m, true, now); /* while our "go on" was waiting */
    assert_sends("79B#3100000000000000");
    wait_ms(500);
    assert_sends("79B#3100000000000000");
    assert_no_event();
    wait_ms(500);
    assert_event("NOT_RECEIVED wft-overrun 16");
    assert_silent();
    NEVER_DUE();
}

static void test_both_directions_go_on_at_once(void **state) {
    (void)state;
    begin(&tester, 16);
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    hear("7BB#1010610444434241");
    hear("7BB#3000000000000000");
    assert_sends("79B#3001000000000000"); /* flow control first: the peer has a time limit */
    assert_sends("79B#2136373839000000");
    hear("7BB#2140393837363534");
    assert_sends("79B#3001000000000000");
    hear("7BB#22333231FFFFFFFF");
    assert_event("BEGUN ok 16");
    assert_event("SENT ok 10");
    assert_event("RECEIVED ok 16");
}

static void test_extended_and_mixed_addresses(void **state) {
    static const struct vb_isotp_config bmw = {
        .tx_id = 0x6F1, .rx_id = 0x612, .tx_address = 0x12, .rx_address = 0xF1};
    (void)state;
    begin(&bmw, 16);
    send_bytes("\x22\x10\x01", 3);
    assert_sends("6F1#1203221001");
    assert_event("SENT ok 3");
    assert_false(hear("612#F20462100199")); /* for somebody else */
    assert_true(hear("612#F110086210010203"));
    assert_event("BEGUN ok 8");
    assert_sends("6F1#12300000");
    assert_true(hear("612#F121040506"));
    assert_event("RECEIVED ok 8");
    assert_memory_equal(room, "\x62\x10\x01\x02\x03\x04\x05\x06", 8);
    send_bytes("1234567", 7); /* 6 are the most */
    assert_sends("6F1#1210073132333435");
    hear("612#F1300000");
    assert_sends("6F1#12213637");
    assert_event("SENT ok 7");
    static const struct vb_isotp_config fixed = {.tx_id = 0x18CE33F1,
                                                 .rx_id = 0x18CEF133,
                                                 .ext = true,
                                                 .tx_address = 0x55,
                                                 .rx_address = 0x55,
                                                 .pad = true,
                                                 .padding = 0xCC};
    begin(&fixed, 16);
    send_bytes("\x3E\x00", 2);
    assert_sends("18CE33F1#55023E00CCCCCCCC");
    assert_true(hear("18CEF133#55027E00"));
}

static void test_can_fd_frames_end_at_lengths_that_can_fd_has(void **state) {
    static const struct vb_isotp_config fd = {.tx_id = 0x7E0,
                                              .rx_id = 0x7E8,
                                              .tx_address = NORMAL,
                                              .rx_address = NORMAL,
                                              .fd = true,
                                              .brs = true,
                                              .frame_len = 16,
                                              .padding = 0xAA,
                                              .block_size = 0,
                                              .st_min = 0xF3};
    (void)state;
    begin(&fd, 64);
    send_bytes("abc", 3);
    assert_sends("7E0##503616263"); /* up to 8 bytes as classic CAN has them */
    send_bytes("abcdefghi", 9);
    assert_sends("7E0##50009616263646566676869AA"); /* 11 bytes: 12 */
    send_bytes("abcdefghijklmno", 15);              /* 14 are the most for one frame */
    assert_sends("7E0##5100F6162636465666768696A6B6C6D6E");
    hear("7E8##0300000");
    assert_sends("7E0##5216F");
    assert_event("SENT ok 3");
    assert_event("SENT ok 9");
    assert_event("SENT ok 15");
    assert_true(hear("7E8##1101E6162636465666768696A6B6C6D6E")); /* 30: 14, then 15, then 1 */
    assert_sends("7E0##53000F3");
    assert_true(hear("7E8##1216F70717273747576777879"));         /* 11: cut */
    assert_true(hear("7E8##1216F707172737475767778797A303132")); /* 15 */
    assert_true(hear("7E8##12233"));
    assert_event("BEGUN ok 30");
    assert_event("RECEIVED ok 30");
    assert_memory_equal(room, "abcdefghijklmnopqrstuvwxyz0123", 30);
}

static void test_functional_requests_are_single_frames(void **state) {
    struct vb_isotp_config all = tester;
    all.tx_id = 0x7DF;
    all.functional = true;
    (void)state;
    begin(&all, 16);
    assert_int_equal(vb_isotp_send(&m, (const uint8_t *)"12345678", 8, now), VB_E_RANGE);
    assert_int_equal(vb_isotp_send(&m, (const uint8_t *)"", 0, now), VB_E_RANGE);
    send_bytes("\x3E\x80", 2);
    assert_sends("7DF#023E800000000000");
    assert_false(hear("7BB#027E00"));
}

static void test_stop_forgets_both(void **state) {
    (void)state;
    begin(&tester, 16);
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    hear("7BB#1010610444434241");
    assert_event("BEGUN ok 16");
    vb_isotp_stop(&m);
    assert_silent();
    NEVER_DUE();
    hear("7BB#3000000000000000");
    hear("7BB#2140393837363534");
    assert_silent();
    assert_no_event();
    send_bytes("\x3E", 1);
    assert_sends("79B#013E000000000000");
}

static void test_a_copy_is_a_machine_in_the_same_state(void **state) {
    (void)state;
    begin(&tester, 16);
    send_bytes("0123456789", 10);
    assert_sends("79B#100A303132333435");
    struct vb_isotp before = m;
    hear("7BB#3000000000000000");
    assert_sends("79B#2136373839000000");
    m = before;
    hear("7BB#3200000000000000");
    assert_event("NOT_SENT overflow 10");
}

static void test_configurations_that_cannot_be_are_refused(void **state) {
    (void)state;
    struct vb_isotp_config bad[8];
    for (size_t i = 0; i < 8; i++) {
        bad[i] = tester;
    }
    bad[0].tx_id = 0x800;
    bad[1].rx_id = 0x800;
    bad[2].tx_address = 256;
    bad[3].rx_address = -2;
    bad[4].frame_len = 12; /* without fd */
    bad[5].fd = true;
    bad[5].frame_len = 13;
    bad[6].gap_ns = -1;
    bad[7].timeout_ns = -1;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(vb_isotp_init(&m, &bad[i], room, 16, 0), VB_E_RANGE);
    }
    bad[0].ext = true;
    assert_int_equal(vb_isotp_init(&m, &bad[0], room, 16, 0), VB_OK);
}

/* Two machines, one of which answers: whatever they agree upon, each byte arrives. */
static void test_two_machines_understand_each_other(void **state) {
    static const uint8_t frame_lens[] = {8, 12, 64};
    static const uint32_t sizes[] = {1, 6, 7, 8, 11, 62, 63, 100, 4095, 4096};
    static uint8_t bytes[4096];
    static struct vb_isotp a, b;
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i ^ i >> 8);
    }
    for (unsigned k = 0; k < 3 * 10 * 2 * 3; k++) {
        struct vb_isotp_config c = {.tx_id = 1,
                                    .rx_id = 2,
                                    .tx_address = k / 30 % 2 ? 0x10 : NORMAL,
                                    .rx_address = k / 30 % 2 ? 0x20 : NORMAL,
                                    .frame_len = frame_lens[k % 3],
                                    .fd = k % 3 > 0,
                                    .block_size = (uint8_t)(k / 60 * 2),
                                    .st_min = (uint8_t)(k / 60)};
        struct vb_isotp_config d = c;
        d.tx_id = 2;
        d.rx_id = 1;
        d.tx_address = c.rx_address;
        d.rx_address = c.tx_address;
        uint32_t n = sizes[k / 3 % 10];
        assert_int_equal(vb_isotp_init(&a, &c, NULL, 0, 0), VB_OK);
        assert_int_equal(vb_isotp_init(&b, &d, room, sizeof room, 0), VB_OK);
        assert_int_equal(vb_isotp_send(&a, bytes, n, 0), VB_OK);
        struct vb_isotp_event event = {0};
        bool done = false;
        for (int64_t t = 0; t < 10000 && !done; t++) {
            struct vb_frame frame;
            vb_isotp_tick(&a, t * MS);
            vb_isotp_tick(&b, t * MS);
            while (vb_isotp_take(&a, &frame)) {
                assert_true(vb_isotp_heard(&b, &frame, t * MS));
            }
            while (vb_isotp_take(&b, &frame)) {
                assert_true(vb_isotp_heard(&a, &frame, t * MS));
            }
            while (vb_isotp_next_event(&b, &event)) {
                done |= event.what == VB_ISOTP_EVENT_RECEIVED;
            }
        }
        assert_true(done);
        assert_int_equal(event.len, n);
        assert_memory_equal(room, bytes, n);
        assert_true(vb_isotp_next_event(&a, &event));
        assert_int_equal(event.what, VB_ISOTP_EVENT_SENT);
    }
}

static void test_results_have_names_and_sentences(void **state) {
    (void)state;
    assert_string_equal(vb_isotp_result_text(VB_ISOTP_RESULT_TIMEOUT_BS), "timeout-bs");
    assert_string_equal(vb_isotp_result_why(VB_ISOTP_RESULT_TIMEOUT_BS),
                        "no flow control came (N_Bs)");
    assert_string_equal(vb_isotp_result_text((enum vb_isotp_result)99), "unknown");
    assert_string_equal(vb_isotp_result_why((enum vb_isotp_result)99), "unknown");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_kind_of_frame_is_read),
        cmocka_unit_test(test_frames_that_iso_tp_does_not_have_are_ignored),
        cmocka_unit_test(test_can_fd_has_the_length_in_a_byte_of_its_own),
        cmocka_unit_test(test_an_address_stands_before_everything),
        cmocka_unit_test(test_pauses_are_milliseconds_or_tenths),
        cmocka_unit_test(test_a_listener_puts_a_message_together),
        cmocka_unit_test(test_numbers_go_round_after_fifteen),
        cmocka_unit_test(test_what_a_listener_misses_ends_the_message),
        cmocka_unit_test(test_silence_ends_a_message_and_clocks_that_stand_do_not),
        cmocka_unit_test(test_a_message_longer_than_the_memory_is_named),
        cmocka_unit_test(test_a_group_of_the_battery_is_asked_for_and_comes),
        cmocka_unit_test(test_a_long_message_goes_out_in_blocks_with_pauses),
        cmocka_unit_test(test_a_peer_may_ask_to_wait_but_not_for_ever),
        cmocka_unit_test(test_a_message_that_is_refused_or_not_answered_is_not_sent),
        cmocka_unit_test(test_a_flow_control_at_the_last_moment_is_too_late),
        cmocka_unit_test(test_what_comes_wrongly_is_not_received),
        cmocka_unit_test(test_a_new_message_ends_the_one_before),
        cmocka_unit_test(test_a_message_beyond_our_memory_is_refused_at_once),
        cmocka_unit_test(test_more_than_4095_bytes_have_a_length_of_32_bits),
        cmocka_unit_test(test_we_can_make_the_peer_wait),
        cmocka_unit_test(test_both_directions_go_on_at_once),
        cmocka_unit_test(test_extended_and_mixed_addresses),
        cmocka_unit_test(test_can_fd_frames_end_at_lengths_that_can_fd_has),
        cmocka_unit_test(test_functional_requests_are_single_frames),
        cmocka_unit_test(test_stop_forgets_both),
        cmocka_unit_test(test_a_copy_is_a_machine_in_the_same_state),
        cmocka_unit_test(test_configurations_that_cannot_be_are_refused),
        cmocka_unit_test(test_two_machines_understand_each_other),
        cmocka_unit_test(test_results_have_names_and_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
