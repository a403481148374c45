/* test_socketcand.c - messages of socketcand and its beacon. Literal messages: what python-can
 * 4.1 sends (reference/can-transports.md section 2.3), the examples of the protocol's
 * description.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/socketcand.h"
#include "voltbus/time.h"

struct heard {
    struct vb_socketcand_event event[8];
    uint8_t data[8][8];
    char text[8][VB_SOCKETCAND_TEXT];
    size_t count;
    uint32_t bad;
};

static struct heard read_pieces(enum vb_socketcand_side side, const char *text, size_t piece) {
    struct heard heard = {.count = 0};
    struct vb_socketcand s;
    size_t n = strlen(text);
    vb_socketcand_init(&s, side);
    for (size_t at = 0; at < n;) {
        size_t some = n - at < piece ? n - at : piece;
        at += vb_socketcand_feed(&s, (const uint8_t *)text + at, some);
        struct vb_socketcand_event e;
        while (vb_socketcand_next(&s, &e)) {
            assert_true(heard.count < 8);
            memcpy(heard.text[heard.count], e.text, e.n);
            memcpy(heard.data[heard.count], e.frame.data ? e.frame.data : (const uint8_t *)"",
                   e.frame.len);
            heard.event[heard.count++] = e;
        }
    }
    heard.bad = s.bad;
    return heard;
}

/* Whole, and byte by byte: the same must come. */
static struct heard read_all(enum vb_socketcand_side side, const char *text) {
    struct heard whole = read_pieces(side, text, strlen(text));
    struct heard single = read_pieces(side, text, 1);
    assert_int_equal(whole.count, single.count);
    assert_int_equal(whole.bad, single.bad);
    for (size_t i = 0; i < whole.count; i++) {
        assert_int_equal(whole.event[i].what, single.event[i].what);
        assert_int_equal(whole.event[i].word, single.event[i].word);
        assert_string_equal(whole.text[i], single.text[i]);
        assert_memory_equal(whole.data[i], single.data[i], 8);
    }
    return whole;
}

static void test_server_reads_what_python_can_sends(void **state) {
    (void)state;
    struct heard heard = read_all(VB_SOCKETCAND_SERVER, "< send 1F2 8 30 79 20 a0 0 3c 2 88 >");
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.event[0].what, VB_SOCKETCAND_WHAT_FRAME);
    assert_int_equal(heard.event[0].word, VB_SOCKETCAND_SEND);
    assert_int_equal(heard.event[0].frame.id, 0x1F2);
    assert_int_equal(heard.event[0].frame.flags, 0);
    assert_int_equal(heard.event[0].frame.kind, VB_KIND_CAN);
    assert_int_equal(heard.event[0].frame.len, 8);
    assert_memory_equal(heard.data[0], "\x30\x79\x20\xA0\x00\x3C\x02\x88", 8);
}

static void test_server_reads_the_examples_of_the_description(void **state) {
    (void)state;
    struct heard heard = read_all(VB_SOCKETCAND_SERVER,
                                  "< open can0 >< rawmode >< send 123 0 > < send 1AAAAAAA 2 1 F1 >"
                                  "< sendrtr 1AAAAAAA 2 >\n< echo >");
    assert_int_equal(heard.count, 6);
    assert_int_equal(heard.event[0].word, VB_SOCKETCAND_OPEN);
    assert_string_equal(heard.text[0], "can0");
    assert_int_equal(heard.event[1].word, VB_SOCKETCAND_RAWMODE);
    assert_string_equal(heard.text[1], "");
    assert_int_equal(heard.event[2].frame.id, 0x123);
    assert_int_equal(heard.event[2].frame.len, 0);
    assert_int_equal(heard.event[3].frame.id, 0x1AAAAAAA);
    assert_int_equal(heard.event[3].frame.flags, VB_FRAME_EXT);
    assert_memory_equal(heard.data[3], "\x01\xF1", 2);
    assert_int_equal(heard.event[4].frame.flags, VB_FRAME_EXT | VB_FRAME_RTR);
    assert_int_equal(heard.event[4].frame.remote_len, 2);
    assert_int_equal(heard.event[5].what, VB_SOCKETCAND_WHAT_WORD);
    assert_int_equal(heard.event[5].word, VB_SOCKETCAND_ECHO);
}

static void test_an_id_without_leading_zeros_that_needs_29_bits_has_them(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_SOCKETCAND_SERVER, "< send ABCDEF 1 1 >< send 12 1 1 >< send 00000123 1 1 >");
    assert_int_equal(heard.count, 3);
    assert_int_equal(heard.event[0].frame.id, 0xABCDEF);
    assert_int_equal(heard.event[0].frame.flags, VB_FRAME_EXT);
    assert_int_equal(heard.event[1].frame.id, 0x12);
    assert_int_equal(heard.event[1].frame.flags, 0);
    assert_int_equal(heard.event[2].frame.id, 0x123);
    assert_int_equal(heard.event[2].frame.flags, VB_FRAME_EXT);
}

static void test_client_reads_frames_with_their_time(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_SOCKETCAND_CLIENT,
                 "< hi >< ok >< frame 1DB 1700000000.123456 0004C262000003B6 >< frame 123 "
                 "23.424242 11 22 33 44 >"
                 "< frame 18DAF110 1.5  >< rtr 123 23.424242 4 >< error 020 5.000001 >");
    assert_int_equal(heard.count, 7);
    assert_int_equal(heard.event[0].word, VB_SOCKETCAND_HI);
    assert_int_equal(heard.event[1].word, VB_SOCKETCAND_OK);
    assert_int_equal(heard.event[2].what, VB_SOCKETCAND_WHAT_FRAME);
    assert_int_equal(heard.event[2].frame.id, 0x1DB);
    assert_int_equal(heard.event[2].frame.t_ns, INT64_C(1700000000123456000));
    assert_memory_equal(heard.data[2], "\x00\x04\xC2\x62\x00\x00\x03\xB6", 8);
    assert_int_equal(heard.event[3].frame.len, 4);
    assert_memory_equal(heard.data[3], "\x11\x22\x33\x44", 4);
    assert_int_equal(heard.event[4].frame.flags, VB_FRAME_EXT);
    assert_int_equal(heard.event[4].frame.len, 0);
    assert_int_equal(heard.event[5].frame.flags, VB_FRAME_RTR);
    assert_int_equal(heard.event[5].frame.remote_len, 4);
    assert_int_equal(heard.event[6].frame.flags, VB_FRAME_ERR);
    assert_int_equal(heard.event[6].frame.id, 0x20);
}

static void test_an_error_with_words_is_no_frame(void **state) {
    (void)state;
    struct heard heard = read_all(
        VB_SOCKETCAND_CLIENT, "< error could not open bus >< error unknown command ><error 020>");
    assert_int_equal(heard.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(heard.event[i].what, VB_SOCKETCAND_WHAT_WORD);
        assert_int_equal(heard.event[i].word, VB_SOCKETCAND_ERROR);
    }
    assert_string_equal(heard.text[0], "could not open bus");
}

static void test_words_that_are_not_known_are_told_as_they_stand(void **state) {
    (void)state;
    struct heard heard =
        read_all(VB_SOCKETCAND_SERVER, "< subscribe 0 0 123 >< fdsend 123 >< can0 B 500000 >< >");
    assert_int_equal(heard.count, 4);
    assert_int_equal(heard.event[0].word, VB_SOCKETCAND_SUBSCRIBE);
    assert_string_equal(heard.text[0], "0 0 123");
    assert_int_equal(heard.event[1].word, VB_SOCKETCAND_WORD_COUNT);
    assert_int_equal(heard.event[2].word, VB_SOCKETCAND_WORD_COUNT);
    assert_int_equal(heard.event[3].word, VB_SOCKETCAND_WORD_COUNT);
    assert_int_equal(heard.bad, 0);
}

static void test_messages_that_are_wrong_are_thrown_away_one_by_one(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int error;
    } rows[] = {
        {"< send >", VB_E_FORMAT},
        {"< send 1G2 1 0 >", VB_E_FORMAT},
        {"< send 123456789 0 >", VB_E_FORMAT},
        {"< send 123 9 1 2 3 4 5 6 7 8 9 >", VB_E_RANGE},
        {"< send 123 2 1 >", VB_E_FORMAT},
        {"< send 123 1 1 2 >", VB_E_FORMAT},
        {"< send 123 1 100 >", VB_E_FORMAT},
        {"< send 20000000 0 >", VB_E_RANGE},
        {"< sendrtr 123 >", VB_E_FORMAT},
        {"< open can\x01 >", VB_E_FORMAT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[300];
        strcpy(text, rows[i].text);
        strcat(text, "< echo >");
        struct heard heard = read_all(VB_SOCKETCAND_SERVER, text);
        assert_int_equal(heard.count, 2);
        assert_int_equal(heard.event[0].what, VB_SOCKETCAND_WHAT_BAD);
        assert_int_equal(heard.event[0].error, rows[i].error);
        assert_int_equal(heard.event[1].word, VB_SOCKETCAND_ECHO);
        assert_int_equal(heard.bad, 1);
    }
    static const char *const frames[] = {"< frame 123 >", "< frame 123 x 00 >",
                                         "< frame 123 1.0 0 >",
                                         "< frame 123 1.0 112233445566778899 >", "< rtr 123 1.0 >"};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct heard heard = read_all(VB_SOCKETCAND_CLIENT, frames[i]);
        assert_int_equal(heard.count, 1);
        assert_int_equal(heard.event[0].what, VB_SOCKETCAND_WHAT_BAD);
    }
}

static void test_a_message_without_end_is_bad_where_another_begins(void **state) {
    (void)state;
    struct heard heard = read_all(VB_SOCKETCAND_SERVER, "rubbish > < open ca< echo >");
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.event[0].word, VB_SOCKETCAND_ECHO);
    assert_int_equal(heard.bad, 1);
}

static void test_a_message_that_is_too_long_is_thrown_away_up_to_its_end(void **state) {
    (void)state;
    char text[1000] = "< muxfilter 0 0 123 2";
    for (int i = 0; i < 200; i++) {
        strcat(text, " FF");
    }
    strcat(text, " >< echo >");
    struct heard heard = read_all(VB_SOCKETCAND_SERVER, text);
    assert_int_equal(heard.count, 2);
    assert_int_equal(heard.event[0].error, VB_E_SPACE);
    assert_int_equal(heard.event[1].word, VB_SOCKETCAND_ECHO);
}

static void writes(enum vb_socketcand_side side, const struct vb_frame *frame, const char *text) {
    char out[VB_SOCKETCAND_TEXT];
    int n = vb_socketcand_put_frame(side, frame, out);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(out, text, (size_t)n);
}

static void test_frames_are_written_as_each_side_sends_them(void **state) {
    (void)state;
    struct vb_frame frame = {.t_ns = INT64_C(1700000000123456789),
                             .id = 0x1DB,
                             .kind = VB_KIND_CAN,
                             .len = 3,
                             .data = (const uint8_t *)"\x00\x04\xC2"};
    writes(VB_SOCKETCAND_SERVER, &frame, "< frame 1DB 1700000000.123456 0004C2 >");
    writes(VB_SOCKETCAND_CLIENT, &frame, "< send 1DB 3 00 04 C2 >");
    frame.flags = VB_FRAME_EXT;
    writes(VB_SOCKETCAND_CLIENT, &frame, "< send 000001DB 3 00 04 C2 >");
    frame.len = 0;
    writes(VB_SOCKETCAND_SERVER, &frame, "< frame 000001DB 1700000000.123456  >");
    frame.flags = VB_FRAME_RTR;
    frame.remote_len = 8;
    writes(VB_SOCKETCAND_SERVER, &frame, "< rtr 1DB 1700000000.123456 8 >");
    writes(VB_SOCKETCAND_CLIENT, &frame, "< sendrtr 1DB 8 >");
    frame = (struct vb_frame){.id = 0x20, .kind = VB_KIND_CAN, .flags = VB_FRAME_ERR};
    writes(VB_SOCKETCAND_SERVER, &frame, "< error 020 0.000000 >");
    char out[VB_SOCKETCAND_TEXT];
    assert_int_equal(vb_socketcand_put_frame(VB_SOCKETCAND_CLIENT, &frame, out), VB_E_RANGE);
    frame.flags = VB_FRAME_FD;
    assert_int_equal(vb_socketcand_put_frame(VB_SOCKETCAND_SERVER, &frame, out), VB_E_RANGE);
}

static void test_words_are_written_between_brackets(void **state) {
    (void)state;
    char out[VB_SOCKETCAND_TEXT];
    assert_int_equal(vb_socketcand_put(VB_SOCKETCAND_HI, NULL, 0, out), 6);
    assert_memory_equal(out, "< hi >", 6);
    assert_int_equal(vb_socketcand_put(VB_SOCKETCAND_OPEN, "can0", 4, out), 13);
    assert_memory_equal(out, "< open can0 >", 13);
    assert_int_equal(vb_socketcand_put(VB_SOCKETCAND_OPEN, "a>", 2, out), VB_E_RANGE);
    assert_int_equal(vb_socketcand_put(VB_SOCKETCAND_OPEN, "a\n", 2, out), VB_E_RANGE);
    assert_int_equal(vb_socketcand_put(VB_SOCKETCAND_OPEN, out, 250, out), VB_E_RANGE);
}

#define BEACON                                                                                     \
    "<CANBeacon name=\"HeartOfGold\" type=\"SocketCAN\" description=\"A human readable "           \
    "description\">\n"                                                                             \
    "    <URL>can://127.0.0.1:29536</URL>\n"                                                       \
    "    <Bus name=\"vcan0\"/>\n"                                                                  \
    "    <Bus name=\"vcan1\"/>\n"                                                                  \
    "</CANBeacon>"

static void is_name(struct vb_socketcand_name name, const char *text) {
    assert_int_equal(name.n, strlen(text));
    assert_memory_equal(name.text, text, name.n);
}

static void test_the_beacon_of_the_description_is_read(void **state) {
    (void)state;
    struct vb_socketcand_beacon beacon;
    struct vb_socketcand_name bus;
    size_t at;
    assert_int_equal(vb_socketcand_beacon(BEACON, sizeof BEACON - 1, &beacon, &at), VB_OK);
    is_name(beacon.name, "HeartOfGold");
    is_name(beacon.type, "SocketCAN");
    is_name(beacon.description, "A human readable description");
    is_name(beacon.url, "can://127.0.0.1:29536");
    assert_true(vb_socketcand_beacon_bus(BEACON, sizeof BEACON - 1, &at, &bus));
    is_name(bus, "vcan0");
    assert_true(vb_socketcand_beacon_bus(BEACON, sizeof BEACON - 1, &at, &bus));
    is_name(bus, "vcan1");
    assert_false(vb_socketcand_beacon_bus(BEACON, sizeof BEACON - 1, &at, &bus));
}

static void test_a_beacon_cut_short_is_never_read_beyond(void **state) {
    (void)state;
    size_t url_end = (size_t)(strstr(BEACON, "</URL>") - BEACON);
    for (size_t n = 0; n < sizeof BEACON - 1; n++) {
        struct vb_socketcand_beacon beacon;
        struct vb_socketcand_name bus;
        size_t at;
        int result = vb_socketcand_beacon(BEACON, n, &beacon, &at);
        assert_int_equal(result, n > url_end ? VB_OK : VB_E_FORMAT);
        while (result == VB_OK && vb_socketcand_beacon_bus(BEACON, n, &at, &bus)) {
            assert_true(bus.text + bus.n < &BEACON[n]);
        }
    }
}

static void test_a_beacon_is_written(void **state) {
    (void)state;
    static const struct vb_socketcand_beacon beacon = {
        {"van", 3}, {"voltbus", 7}, {"a<b>\"", 5}, {"can://127.0.0.1:29536", 21}};
    static const struct vb_socketcand_name buses[] = {{"drive", 5}, {"body", 4}};
    static const char wanted[] =
        "<CANBeacon name=\"van\" type=\"voltbus\" description=\"a_b__\">\n"
        "<URL>can://127.0.0.1:29536</URL><Bus name=\"drive\"/><Bus name=\"body\"/></CANBeacon>";
    char out[200];
    int n = vb_socketcand_put_beacon(&beacon, buses, 2, out, sizeof out);
    assert_int_equal(n, sizeof wanted - 1);
    assert_memory_equal(out, wanted, (size_t)n);
    assert_int_equal(vb_socketcand_put_beacon(&beacon, buses, 2, out, (size_t)n - 1), VB_E_SPACE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_reads_what_python_can_sends),
        cmocka_unit_test(test_server_reads_the_examples_of_the_description),
        cmocka_unit_test(test_an_id_without_leading_zeros_that_needs_29_bits_has_them),
        cmocka_unit_test(test_client_reads_frames_with_their_time),
        cmocka_unit_test(test_an_error_with_words_is_no_frame),
        cmocka_unit_test(test_words_that_are_not_known_are_told_as_they_stand),
        cmocka_unit_test(test_messages_that_are_wrong_are_thrown_away_one_by_one),
        cmocka_unit_test(test_a_message_without_end_is_bad_where_another_begins),
        cmocka_unit_test(test_a_message_that_is_too_long_is_thrown_away_up_to_its_end),
        cmocka_unit_test(test_frames_are_written_as_each_side_sends_them),
        cmocka_unit_test(test_words_are_written_between_brackets),
        cmocka_unit_test(test_the_beacon_of_the_description_is_read),
        cmocka_unit_test(test_a_beacon_cut_short_is_never_read_beyond),
        cmocka_unit_test(test_a_beacon_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
