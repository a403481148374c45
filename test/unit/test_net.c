/* Packets become frames: each situation of TCP by itself, in literal bytes.
 * The messages are short ones of real sessions (vw-ac-iso2.pcap): a SupportedAppProtocolRes 80400000, a
 * SessionStopReq, in their V2GTP headers.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/packets.h"

/* 12 and 21 bytes with their headers */
#define HELLO     "\x01\xFE\x80\x01\x00\x00\x00\x04\x80\x40\x00\x00"
#define STOP      "\x01\xFE\x80\x01\x00\x00\x00\x0D\x80\x98\x02\x2B\x4A\x7B\xEB\x7D\x7F\xFF\xFF\xD1\xF0"
#define HELLO_N   12
#define STOP_N    21
#define STOP_TEXT "8098022b4a7beb7d7fffffd1f0"

/* ---- what comes out, as text, one line a frame: side, kind, id, packet, flags, bytes or event ---- */

__attribute__((format(printf, 2, 3))) static void logged(struct bench *b, const char *format, ...) {
    va_list args;
    va_start(args, format);
    int n = vsnprintf(b->log + b->log_n, sizeof b->log - b->log_n, format, args);
    va_end(args);
    if (n > 0 && (size_t)n < sizeof b->log - b->log_n) {
        b->log_n += (size_t)n;
    }
}

/* All frames that are there, into the log. */
static void take_frames(struct bench *b) {
    struct vb_frame f;
    while (net_next(b->net, &f)) {
        static const char *const flags[] = {"again", "split", "merged", "late", "log"};
        logged(b, "%c %s ", "?EC"[f.side[VB_SIDE_FROM]], vb_kind_text((enum vb_kind)f.kind));
        if (f.kind == VB_KIND_NET) {
            logged(b, "%s", vb_net_text((enum vb_net)f.id));
        } else {
            logged(b, "%04X", (unsigned)f.id);
        }
        logged(b, " #%u", (unsigned)(f.side[VB_SIDE_PACKET + 2] << 8 | f.side[VB_SIDE_PACKET + 3]));
        for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
            if (f.side[VB_SIDE_FLAGS] & 1u << i) {
                logged(b, " %s", flags[i]);
            }
        }
        if (f.kind == VB_KIND_NET) {
            logged(b, ": %.*s\n", (int)f.len, (const char *)f.data);
            continue;
        }
        logged(b, " ");
        for (size_t i = 0; i < f.len; i++) {
            logged(b, "%02x", f.data[i]);
        }
        logged(b, "\n");
    }
}

/* The bytes of b->bytes are a packet, 1 ms after the one before. */
static void packet_comes(struct bench *b, uint16_t link_type) {
    struct packet packet = {.t_ns = b->t_ns += MS,
                            .number = ++b->number,
                            .link_type = link_type,
                            .bytes = b->bytes,
                            .n = b->n,
                            .whole_n = b->n};
    net_put(b->net, &packet);
    take_frames(b);
}

static void segment_comes(struct bench *b, unsigned from, uint32_t seq, uint32_t ack,
                          unsigned flags, const void *payload, size_t n) {
    make_segment(b, from, seq, ack, flags, payload, n);
    packet_comes(b, NET_ETHERNET);
}

static struct bench *new_bench(void) {
    struct bench *b = calloc(1, sizeof *b);
    b->net = net_open();
    return b;
}

/* What came out since the last time; NULL: whatever. */
static void came(struct bench *b, const char *expected) {
    if (expected) {
        assert_string_equal(b->log, expected);
    }
    b->log_n = 0;
    b->log[0] = '\0';
}

static void ends(struct bench *b, const char *expected) {
    net_end(b->net);
    take_frames(b);
    came(b, expected);
    net_close(b->net);
    free(b);
}

/* A connection that begins: the car's first byte is 1001, the charger's 5001. Packets 1 to 3. */
static struct bench *connected(void) {
    struct bench *b = new_bench();
    segment_comes(b, CAR, 1000, 0, SYN, "", 0);
    segment_comes(b, CHARGER, 5000, 1001, SYN | ACK, "", 0);
    segment_comes(b, CAR, 1001, 5001, ACK, "", 0);
    came(b, "E net connect #1: to port 15118\n"
            "C net accept #2: port 15118 answers\n");
    return b;
}

static void car_sends(struct bench *b, uint32_t seq, const void *payload, size_t n) {
    segment_comes(b, CAR, seq, 5001, ACK, payload, n);
}

static void charger_acks(struct bench *b, uint32_t ack) {
    segment_comes(b, CHARGER, 5001, ack, ACK, "", 0);
}

static void test_a_message_in_one_segment(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, STOP, STOP_N);
    came(b, "E v2g 8001 #4 " STOP_TEXT "\n");
    segment_comes(b, CHARGER, 5001, 1001 + STOP_N, ACK, HELLO, HELLO_N);
    came(b, "C v2g 8001 #5 80400000\n");
    ends(b, "");
}

static void test_a_message_in_two_segments_whatever_the_cut(void **state) {
    (void)state;
    for (size_t cut = 1; cut < STOP_N; cut++) {
        struct bench *b = connected();
        car_sends(b, 1001, STOP, cut);
        came(b, "");
        car_sends(b, 1001 + (uint32_t)cut, STOP + cut, STOP_N - cut);
        came(b, "E v2g 8001 #5 split " STOP_TEXT "\n");
        ends(b, "");
    }
}

static void test_a_message_byte_by_byte(void **state) {
    (void)state;
    struct bench *b = connected();
    for (uint32_t i = 0; i < STOP_N; i++) {
        came(b, "");
        car_sends(b, 1001 + i, STOP + i, 1);
    }
    came(b, "E v2g 8001 #24 split " STOP_TEXT "\n");
    ends(b, "");
}

static void
test_a_long_message_byte_by_byte_needs_no_more_than_the_pieces_that_there_are(void **state) {
    (void)state;
    uint8_t message[300] = {0x01, 0xFE, 0x80, 0x01, 0x00, 0x00, 0x01, 0x24};
    struct bench *b = connected();
    for (uint32_t i = 0; i < sizeof message; i++) {
        came(b, "");
        car_sends(b, 1001 + i, message + i, 1);
    }
    assert_non_null(strstr(b->log, "E v2g 8001 #303 split 0000"));
    assert_int_equal(b->log_n, strlen("E v2g 8001 #303 split \n") + 2 * 292);
    came(b, b->log);
    ends(b, "");
}

static void test_a_message_cut_by_the_end_of_the_recording(void **state) {
    (void)state;
    for (size_t cut = 1; cut < STOP_N; cut++) {
        char expected[80];
        struct bench *b = connected();
        car_sends(b, 1001, STOP, cut);
        came(b, "");
        snprintf(expected, sizeof expected, "E net cut #4: %zu byte%s of a message%s\n", cut,
                 cut == 1 ? "" : "s", cut < 8 ? "" : " of 21");
        ends(b, expected);
    }
}

static void test_two_messages_in_one_segment(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, HELLO STOP, HELLO_N + STOP_N);
    came(b, "E v2g 8001 #4 merged 80400000\n"
            "E v2g 8001 #4 merged " STOP_TEXT "\n");
    ends(b, "");
}

static void test_two_messages_across_three_segments(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, HELLO, 5);
    car_sends(b, 1006, HELLO STOP + 5, 20);
    came(b, "E v2g 8001 #5 split merged 80400000\n");
    car_sends(b, 1026, HELLO STOP + 25, 8);
    came(b, "E v2g 8001 #6 split merged " STOP_TEXT "\n");
    ends(b, "");
}

static void test_segments_in_the_wrong_order(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1011, STOP + 10, 11);
    came(b, "");
    car_sends(b, 1001, STOP, 10);
    came(b, "E v2g 8001 #5 split late " STOP_TEXT "\n");
    ends(b, "");
}

static void test_messages_in_the_wrong_order_come_in_that_of_the_stream(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001 + HELLO_N, STOP, STOP_N);
    car_sends(b, 1001, HELLO, HELLO_N);
    came(b, "E v2g 8001 #5 late 80400000\n"
            "E v2g 8001 #4 " STOP_TEXT "\n");
    ends(b, "");
}

static void test_a_segment_sent_again_gives_its_message_once(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, STOP, STOP_N);
    b->t_ns += 209 * MS;
    came(b, "E v2g 8001 #4 " STOP_TEXT "\n");
    car_sends(b, 1001, STOP, STOP_N);
    came(b, "E net again #5 again: a message, 21 bytes, 210.0 ms after the first time\n");
    car_sends(b, 1001 + STOP_N, HELLO, HELLO_N);
    came(b, "E v2g 8001 #6 80400000\n");
    ends(b, "");
}

static void test_every_packet_seen_twice(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, STOP, STOP_N);
    b->t_ns -= MS; /* the same time */
    car_sends(b, 1001, STOP, STOP_N);
    came(b, "E v2g 8001 #4 " STOP_TEXT "\n"
            "E net again #5 again: a message, 21 bytes, 0.0 ms after the first time\n");
    ends(b, "");
}

static void test_other_bytes_the_second_time_the_first_ones_count(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, STOP, 10);
    car_sends(b, 1001, HELLO, 10); /* the first 7 are the same, then 04 80 40 for 0D 80 98 */
    came(b, "E net again #5 again: a message, 10 bytes, 1.0 ms after the first time; 2 differ: the "
            "first ones count\n");
    car_sends(b, 1011, STOP + 10, 11);
    came(b, "E v2g 8001 #6 split late " STOP_TEXT "\n");
    ends(b, "");
}

static void test_other_bytes_after_the_message_was_read_are_told_too(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, HELLO, HELLO_N);
    car_sends(b, 1009, "\xFF\x40\x00\x00", 4);
    came(b, "E v2g 8001 #4 80400000\n"
            "E net again #5 again: 4 bytes, 1.0 ms after the first time; 1 differ: the first ones "
            "count\n");
    ends(b, "");
}

static void test_segments_that_overlap(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, STOP, 12);
    car_sends(b, 1006, STOP + 5, 16);
    came(b, "E net again #5 again: 7 bytes, 1.0 ms after the first time\n"
            "E v2g 8001 #5 split late " STOP_TEXT "\n");
    ends(b, "");
}

static void test_a_segment_that_covers_two_others_and_the_hole_between(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1003, STOP + 2, 3);
    car_sends(b, 1010, STOP + 9, 4);
    came(b, "");
    car_sends(b, 1001, STOP, STOP_N);
    came(b, "E v2g 8001 #6 split late " STOP_TEXT "\n"
            "E net again #6 again: a message, 7 bytes, 2.0 ms after the first time\n");
    ends(b, "");
}

static void test_a_hole_is_given_up_once_the_other_end_has_what_is_missing(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001 + HELLO_N, STOP, STOP_N); /* HELLO is not in the recording */
    charger_acks(b, 1001 + HELLO_N + STOP_N);
    came(b, ""); /* it may still come: recorders mix packets up */
    b->t_ns += 50 * MS;
    charger_acks(b, 1001 + HELLO_N + STOP_N);
    came(b, "E net gap #4: 12 bytes are missing\n"
            "E v2g 8001 #4 " STOP_TEXT "\n");
    ends(b, "");
}

static void test_a_hole_without_any_answer_is_given_up_after_two_seconds(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001 + HELLO_N, STOP, STOP_N);
    b->t_ns += 1998 * MS;
    car_sends(b, 1001 + HELLO_N + STOP_N, HELLO, HELLO_N);
    came(b, "");
    memset(b->bytes, 0, 14); /* any packet will do */
    b->n = 14;
    packet_comes(b, NET_ETHERNET);
    came(b, "E net gap #4: 12 bytes are missing\n"
            "E v2g 8001 #4 " STOP_TEXT "\n"
            "E v2g 8001 #5 80400000\n");
    ends(b, "");
}

static void test_a_hole_inside_of_a_message_loses_that_message_only(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, STOP, 10);
    car_sends(b, 1014, STOP + 13, 8);
    car_sends(b, 1022, HELLO, HELLO_N);
    came(b, "");
    ends(b, "E net gap #5: 3 bytes are missing, of a message of which 10 came\n"
            "E net no-v2gtp #5: 8 bytes: 7b eb 7d 7f ff ff d1 f0\n"
            "E v2g 8001 #6 80400000\n");
}

static void test_what_the_other_end_has_and_the_recording_has_not(void **state) {
    (void)state;
    struct bench *b = connected();
    charger_acks(b, 1001 + STOP_N);
    ends(b, "E net gap #0: 21 bytes are missing at the end\n");
}

static void test_an_acknowledgement_of_another_connection_tells_nothing(void **state) {
    (void)state;
    struct bench *b = connected();
    charger_acks(b, 1001 + 748127); /* vw-ac-iso2.pcap, packet 43 */
    ends(b, "");
}

static void test_sequence_numbers_wrap(void **state) {
    (void)state;
    for (uint32_t back = 0; back < 40; back++) {
        struct bench *b = new_bench();
        uint32_t first = 0u - back;
        segment_comes(b, CAR, first - 1, 0, SYN, "", 0);
        segment_comes(b, CAR, first + HELLO_N, 0, ACK, STOP, STOP_N);
        segment_comes(b, CAR, first, 0, ACK, HELLO, HELLO_N);
        segment_comes(b, CAR, first, 0, ACK, HELLO, HELLO_N);
        came(b, "E net connect #1: to port 15118\n"
                "E v2g 8001 #3 late 80400000\n"
                "E v2g 8001 #2 " STOP_TEXT "\n"
                "E net again #4 again: a message, 12 bytes, 1.0 ms after the first time\n");
        ends(b, "");
    }
}

static void test_a_connection_whose_beginning_is_not_there(void **state) {
    (void)state;
    struct bench *b = new_bench();
    car_sends(b, 777, STOP + 9, 12); /* the end of a message */
    car_sends(b, 789, STOP, STOP_N);
    came(b, "E net no-v2gtp #1: 12 bytes: 98 02 2b 4a 7b eb 7d 7f ff ff d1 f0\n"
            "E v2g 8001 #2 " STOP_TEXT "\n");
    ends(b, "");
}

static void test_ports_used_again_by_a_new_syn(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, STOP, 10);
    segment_comes(b, CAR, 90000, 0, SYN, "", 0);
    came(b, "E net cut #4: 10 bytes of a message of 21\n"
            "E net connect #5: to port 15118\n");
    car_sends(b, 90001, HELLO, HELLO_N);
    came(b, "E v2g 8001 #6 80400000\n");
    ends(b, "");
}

static void test_syn_and_its_answer_sent_again(void **state) {
    (void)state;
    struct bench *b = connected();
    segment_comes(b, CAR, 1000, 0, SYN, "", 0);
    segment_comes(b, CHARGER, 5000, 1001, SYN | ACK, "", 0);
    came(b, "E net again #4 again: SYN again\n"
            "C net again #5 again: SYN ACK again\n");
    car_sends(b, 1001, HELLO, HELLO_N);
    came(b, "E v2g 8001 #6 80400000\n");
    ends(b, "");
}

static void test_fin_with_and_without_data(void **state) {
    (void)state;
    struct bench *b = connected();
    segment_comes(b, CAR, 1001, 5001, FIN | ACK, HELLO, HELLO_N);
    segment_comes(b, CHARGER, 5001, 1002 + HELLO_N, FIN | ACK, "", 0);
    segment_comes(b, CHARGER, 5001, 1002 + HELLO_N, FIN | ACK, "", 0);
    segment_comes(b, CAR, 1002 + HELLO_N, 5002, ACK, "", 0);
    came(b, "E v2g 8001 #4 80400000\n"
            "E net close #4: FIN\n"
            "C net close #5: FIN\n"
            "C net again #6 again: FIN again\n");
    ends(b, "");
}

static void test_a_reset_ends_what_waits(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, STOP, 10);
    segment_comes(b, CHARGER, 5001, 0, RST, "", 0);
    segment_comes(b, CHARGER, 5001, 0, RST, "", 0);
    came(b, "E net cut #4: 10 bytes of a message of 21\n"
            "C net reset #5: RST\n"
            "C net again #6 again: RST again\n");
    ends(b, "");
}

static void test_what_comes_behind_a_reset_and_far_behind_what_is_missing(void **state) {
    (void)state;
    struct bench *b = connected();
    charger_acks(b, 1001 + 100000);
    segment_comes(b, CHARGER, 5001, 0, RST, "", 0);
    came(b, "E net gap #0: 100000 bytes are missing at the end\n"
            "C net reset #5: RST\n");
    car_sends(b, 1001 + 100000 + 131000, STOP, STOP_N);
    came(b, "E net gap #6: 131000 bytes are missing\n"
            "E v2g 8001 #6 " STOP_TEXT "\n");
    ends(b, "");
}

static void test_bytes_that_come_after_they_were_given_up(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001 + HELLO_N, STOP, STOP_N);
    b->t_ns += 3000 * MS;
    car_sends(b, 1001 + HELLO_N + STOP_N, STOP, STOP_N);
    came(b, "E net gap #4: 12 bytes are missing\n"
            "E v2g 8001 #4 " STOP_TEXT "\n"
            "E v2g 8001 #5 " STOP_TEXT "\n");
    car_sends(b, 1001, HELLO STOP, HELLO_N + STOP_N);
    came(b, "E net again #6 again: a message, 21 bytes, 3002.0 ms after the first time\n"
            "E net gap #6: 12 bytes not read: given up as missing before\n");
    ends(b, "");
}

static void test_keep_alives_are_no_data(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1000, "\xAA", 1); /* before any data */
    car_sends(b, 1001, HELLO, HELLO_N);
    car_sends(b, 1012, "\xAA", 1);
    car_sends(b, 1012, "", 0);
    car_sends(b, 1013, STOP, STOP_N);
    came(b, "E net again #4 again: 1 byte that was sent before: keep-alive\n"
            "E v2g 8001 #5 80400000\n"
            "E net again #6 again: 1 byte that was sent before: keep-alive\n"
            "E v2g 8001 #8 " STOP_TEXT "\n");
    ends(b, "");
}

static void test_tls_is_told_once_and_passed_over(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, "\x16\x03\x01\x00\x05hello", 10);
    segment_comes(b, CHARGER, 5001, 1011, ACK, "\x16\x03\x03\x00\x05hello", 10);
    car_sends(b, 1011, HELLO, HELLO_N); /* nobody can know */
    came(b, "E net tls #4: \n");
    segment_comes(b, CAR, 1023, 5011, FIN | ACK, "", 0);
    came(b, "E net close #7: FIN\n");
    ends(b, "");
}

static void test_bytes_that_are_no_v2gtp(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, "GET / HTTP/1.1\r\n", 16);
    came(b, "E net no-v2gtp #4: 16 bytes: 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a\n");
    car_sends(b, 1017, "\r\n", 2);
    came(b, "E net no-v2gtp #5: 2 bytes: 0d 0a\n");
    car_sends(b, 1019, STOP, STOP_N);
    came(b, "E v2g 8001 #6 " STOP_TEXT "\n");
    car_sends(b, 1040, "\xFF" HELLO, 1 + HELLO_N);
    came(b, "E net no-v2gtp #7: 1 byte: ff\n"
            "E v2g 8001 #7 merged 80400000\n");
    ends(b, "");
}

static void test_a_false_length_does_not_swallow_the_stream(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001, "\x01\xFE\x80\x01\x00\x00\x80\x04\x80\x40\x00\x00", 12); /* 32 kB? */
    came(b, "");
    car_sends(b, 1013, STOP, STOP_N);
    came(b, "E net no-v2gtp #4: a message of 32780 bytes: after 12 of them the next one begins\n"
            "E v2g 8001 #5 " STOP_TEXT "\n");
    car_sends(b, 1034, "\x01\xFE\x80\x01\x00\x04\x00\x04\x80\x40\x00\x00", 12); /* 256 kB */
    came(b, "E net no-v2gtp #6: 12 bytes: 01 fe 80 01 00 04 00 04 80 40 00 00\n");
    car_sends(b, 1046, HELLO, HELLO_N);
    came(b, "E v2g 8001 #7 80400000\n");
    ends(b, "");
}

static void test_a_payload_type_nobody_knows_is_a_message(void **state) {
    (void)state;
    struct bench *b = connected(); /* of a Supercharger V3, 2024-02-14_SuC_without_authorization */
    segment_comes(b, CHARGER, 5001, 1001, ACK, "\x01\xFE\x4C\x41\x00\x00\x00\x04\x02\x00\x00\x01",
                  12);
    came(b, "C v2g 4C41 #4 02000001\n");
    ends(b, "");
}

static void test_one_segment_far_away_is_damage_two_are_a_silence_of_the_recorder(void **state) {
    (void)state;
    struct bench *b = connected();
    car_sends(b, 1001 + 0x8000000, STOP, STOP_N);
    came(b, "E net gap #4: 21 bytes not read: far ahead of all others of the connection\n");
    car_sends(b, 1001, STOP, STOP_N);
    came(b, "E v2g 8001 #5 " STOP_TEXT "\n");
    car_sends(b, 1001 + 0x8000000, STOP, STOP_N);
    car_sends(b, 1022 + 0x8000000, HELLO, HELLO_N);
    came(b, "E net gap #6: 21 bytes not read: far ahead of all others of the connection\n"
            "E net gap #7: 134217728 bytes are missing\n"
            "E v2g 8001 #7 80400000\n");
    car_sends(b, 1022 + 0x8000000 + HELLO_N, STOP, STOP_N);
    came(b, "E v2g 8001 #8 " STOP_TEXT "\n");
    ends(b, "");
}

static void test_of_more_holes_than_are_kept_the_first_one_is_given_up(void **state) {
    (void)state;
    struct bench *b = connected();
    for (uint32_t i = 0; i < 32; i++) {
        car_sends(b, 1002 + 2 * i, "x", 1);
    }
    came(b, "");
    car_sends(b, 1002 + 2 * 32, "x", 1);
    came(b, "E net gap #4: 1 byte is missing\n"
            "E net no-v2gtp #4: 1 byte: 78\n");
    ends(b, NULL);
}

static void test_bytes_behind_a_hole_wait_until_they_are_too_many(void **state) {
    (void)state;
    static uint8_t kilobyte[1024];
    struct bench *b = connected();
    uint32_t at = 1001 + HELLO_N;
    for (unsigned i = 0; i < 95; i++, at += 1024) {
        car_sends(b, at, kilobyte, 1024);
    }
    came(b, "");
    car_sends(b, at, kilobyte, 1024);
    car_sends(b, at + 1024, STOP, STOP_N);
    assert_non_null(strstr(b->log, ": 12 bytes are missing\nE net no-v2gtp"));
    assert_non_null(strstr(b->log, ": 98304 bytes: 00"));
    assert_non_null(strstr(b->log, "E v2g 8001 #100 " STOP_TEXT "\n"));
    ends(b, NULL);
}

static void test_sixty_five_connections_at_once(void **state) {
    (void)state;
    struct bench *b = new_bench();
    for (unsigned i = 0; i < 65; i++) {
        make_segment(b, CAR, 1, 0, ACK, STOP, 10);
        put16(b->bytes + 54, 50000 + i);
        packet_comes(b, NET_ETHERNET);
    }
    came(b, "? net note #65: more than 64 connections at once: the one longest silent is "
            "forgotten\n"
            "E net cut #1: 10 bytes of a message of 21\n");
    net_close(b->net);
    free(b);
}

/* ---- below TCP ---- */

static void test_homeplug_on_ethernet_vlan_and_cooked(void **state) {
    (void)state;
    static const uint8_t mme[] = {0x01, 0x64, 0x60, 0x00, 0x00, 0x00, 0x00, 0xAB};
    static const uint8_t ethernet[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02,
                                       0x00, 0x00, 0x00, 0x00, 0x0E, 0x88, 0xE1};
    static const uint8_t vlan[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0x00, 0x00,
                                   0x00, 0x00, 0x0E, 0x81, 0x00, 0x00, 0x07, 0x88, 0xE1};
    static const uint8_t cooked[] = {0x00, 0x01, 0x00, 0x01, 0x00, 0x06, 0x02, 0x00,
                                     0x00, 0x00, 0x00, 0x0E, 0x00, 0x00, 0x88, 0xE1};
    static const uint8_t cooked2[] = {0x88, 0xE1, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01,
                                      0x01, 0x06, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0E, 0x00, 0x00};
    static const struct {
        const uint8_t *header;
        size_t n;
        uint16_t link_type;
    } links[] = {{ethernet, sizeof ethernet, NET_ETHERNET},
                 {vlan, sizeof vlan, NET_ETHERNET},
                 {cooked, sizeof cooked, NET_COOKED},
                 {cooked2, sizeof cooked2, NET_COOKED2}};
    for (size_t i = 0; i < 4; i++) {
        struct bench *b = new_bench();
        memcpy(b->bytes, links[i].header, links[i].n);
        memcpy(b->bytes + links[i].n, mme, sizeof mme);
        b->n = links[i].n + sizeof mme;
        packet_comes(b, links[i].link_type);
        came(b, "E plc 6064 #1 ffffffffffff02000000000e88e10164600000"
                "0000ab\n");
        for (size_t cut = 0; cut < links[i].n + 3; cut++) { /* no MMTYPE: no message */
            b->n = cut;
            packet_comes(b, links[i].link_type);
            assert_null(strstr(b->log, "plc"));
        }
        net_close(b->net);
        free(b);
    }
}

static void test_sdp_tells_who_is_who_and_which_port(void **state) {
    (void)state;
    struct bench *b = new_bench();
    static const uint8_t headers[] = {
        0x33, 0x33, 0, 0,  0,  1,    0x02, 0,    0,    0,    0, 0x0E, 0x86, 0xDD, 0x60, 0,
        0,    0,    0, 18, 17, 10,   0xFE, 0x80, 0,    0,    0, 0,    0,    0,    0,    0,
        0,    0,    0, 0,  0,  0x0E, 0xFF, 0x02, 0,    0,    0, 0,    0,    0,    0,    0,
        0,    0,    0, 0,  0,  0x01, 0xE7, 0x53, 0x3B, 0x0E, 0, 18,   0,    0};
    memcpy(b->bytes, headers, sizeof headers);
    memcpy(b->bytes + sizeof headers, "\x01\xFE\x90\x00\x00\x00\x00\x02\x10\x00", 10);
    b->n = sizeof headers + 10;
    packet_comes(b, NET_ETHERNET);
    b->t_ns -= MS; /* both ends of the recorder's own wire */
    packet_comes(b, NET_ETHERNET);
    came(b, "E v2g 9000 #1 1000\n"
            "E v2g 9000 #2 again 1000\n");
    b->bytes[62] = 0x00; /* no V2GTP */
    packet_comes(b, NET_ETHERNET);
    came(b, "E net no-v2gtp #3: 10 bytes that are no V2GTP: 00 fe 90 00 00 00 00 02 10 00\n");
    ends(b, "");
}

static void test_neighbours(void **state) {
    (void)state;
    struct bench *b = new_bench();
    static const uint8_t packet[] = {
        0x33, 0x33, 0, 0,  0,  1,    0x02, 0,    0, 0, 0, 0x0E, 0x86, 0xDD, 0x60, 0,
        0,    0,    0, 24, 58, 255,  0xFE, 0x80, 0, 0, 0, 0,    0,    0,    0,    0,
        0,    0,    0, 0,  0,  0x0E, 0xFF, 0x02, 0, 0, 0, 0,    0,    0,    0,    0,
        0,    0,    0, 0,  0,  0x01, 135,  0,    0, 0, 0, 0,    0,    0,    0xFE, 0x80,
        0,    0,    0, 0,  0,  0,    0,    0,    0, 0, 0, 0,    0,    0x0C};
    memcpy(b->bytes, packet, sizeof packet);
    b->n = sizeof packet;
    packet_comes(b, NET_ETHERNET);
    b->bytes[54] = 136;
    packet_comes(b, NET_ETHERNET);
    came(b, "? net neighbour #1: who is fe80::c?\n"
            "? net neighbour #2: I am fe80::c\n");
    b->bytes[20] = 0; /* an extension header of 8 bytes before it */
    memmove(b->bytes + 62, b->bytes + 54, 24);
    memcpy(b->bytes + 54, "\x3A\x00\x05\x02\x00\x00\x00\x00", 8);
    b->bytes[19] = 32;
    b->n += 8;
    packet_comes(b, NET_ETHERNET);
    came(b, "? net neighbour #3: I am fe80::c\n");
    b->bytes[20] = 44; /* a fragment: more follow */
    memcpy(b->bytes + 54, "\x3A\x00\x00\x01\x00\x00\x00\x07", 8);
    packet_comes(b, NET_ETHERNET);
    came(b, "? net gap #4: a fragment of an IP packet, 24 bytes: not put together\n");
    ends(b, "");
}

static void test_ipv4_and_other_ports_where_v2gtp_is_inside(void **state) {
    (void)state;
    struct bench *b = new_bench();
    static const uint8_t headers[] = {
        0x45, 0,    0,    61,   0, 0, 0, 0, 64, 6, 0, 0, 10,   0,    0, 1, 10, 0, 0, 2,
        0xC0, 0x01, 0x1F, 0x90, 0, 0, 0, 9, 0,  0, 0, 0, 0x50, 0x10, 0, 0, 0,  0, 0, 0};
    memcpy(b->bytes, headers, sizeof headers);
    memcpy(b->bytes + sizeof headers, STOP, STOP_N);
    b->n = sizeof headers + STOP_N;
    packet_comes(b, NET_RAW_IP);
    came(b, "? v2g 8001 #1 " STOP_TEXT "\n");
    b->bytes[20] = 0xC1; /* another connection, of something else */
    b->bytes[40] = 'x';
    packet_comes(b, NET_RAW_IP);
    came(b, "");
    ends(b, "");
}

static void test_a_packet_that_the_recorder_cut(void **state) {
    (void)state;
    struct bench *b = connected();
    make_segment(b, CAR, 1001, 5001, ACK, STOP, STOP_N);
    struct packet packet = {.t_ns = b->t_ns + MS,
                            .number = 4,
                            .link_type = NET_ETHERNET,
                            .bytes = b->bytes,
                            .n = HEADERS + 10,
                            .whole_n = HEADERS + STOP_N};
    net_put(b->net, &packet);
    take_frames(b);
    came(b, "? net gap #4: the recorder kept 84 of the 95 bytes of this packet\n");
    b->number = 4;
    car_sends(b, 1022, HELLO, HELLO_N);
    ends(b, "E net gap #5: 11 bytes are missing, of a message of which 10 came\n"
            "E v2g 8001 #5 80400000\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_in_one_segment),
        cmocka_unit_test(test_a_message_in_two_segments_whatever_the_cut),
        cmocka_unit_test(test_a_message_byte_by_byte),
        cmocka_unit_test(
            test_a_long_message_byte_by_byte_needs_no_more_than_the_pieces_that_there_are),
        cmocka_unit_test(test_a_message_cut_by_the_end_of_the_recording),
        cmocka_unit_test(test_two_messages_in_one_segment),
        cmocka_unit_test(test_two_messages_across_three_segments),
        cmocka_unit_test(test_segments_in_the_wrong_order),
        cmocka_unit_test(test_messages_in_the_wrong_order_come_in_that_of_the_stream),
        cmocka_unit_test(test_a_segment_sent_again_gives_its_message_once),
        cmocka_unit_test(test_every_packet_seen_twice),
        cmocka_unit_test(test_other_bytes_the_second_time_the_first_ones_count),
        cmocka_unit_test(test_other_bytes_after_the_message_was_read_are_told_too),
        cmocka_unit_test(test_segments_that_overlap),
        cmocka_unit_test(test_a_segment_that_covers_two_others_and_the_hole_between),
        cmocka_unit_test(test_a_hole_is_given_up_once_the_other_end_has_what_is_missing),
        cmocka_unit_test(test_a_hole_without_any_answer_is_given_up_after_two_seconds),
        cmocka_unit_test(test_a_hole_inside_of_a_message_loses_that_message_only),
        cmocka_unit_test(test_what_the_other_end_has_and_the_recording_has_not),
        cmocka_unit_test(test_an_acknowledgement_of_another_connection_tells_nothing),
        cmocka_unit_test(test_sequence_numbers_wrap),
        cmocka_unit_test(test_a_connection_whose_beginning_is_not_there),
        cmocka_unit_test(test_ports_used_again_by_a_new_syn),
        cmocka_unit_test(test_syn_and_its_answer_sent_again),
        cmocka_unit_test(test_fin_with_and_without_data),
        cmocka_unit_test(test_a_reset_ends_what_waits),
        cmocka_unit_test(test_what_comes_behind_a_reset_and_far_behind_what_is_missing),
        cmocka_unit_test(test_bytes_that_come_after_they_were_given_up),
        cmocka_unit_test(test_keep_alives_are_no_data),
        cmocka_unit_test(test_tls_is_told_once_and_passed_over),
        cmocka_unit_test(test_bytes_that_are_no_v2gtp),
        cmocka_unit_test(test_a_false_length_does_not_swallow_the_stream),
        cmocka_unit_test(test_a_payload_type_nobody_knows_is_a_message),
        cmocka_unit_test(test_one_segment_far_away_is_damage_two_are_a_silence_of_the_recorder),
        cmocka_unit_test(test_of_more_holes_than_are_kept_the_first_one_is_given_up),
        cmocka_unit_test(test_bytes_behind_a_hole_wait_until_they_are_too_many),
        cmocka_unit_test(test_sixty_five_connections_at_once),
        cmocka_unit_test(test_homeplug_on_ethernet_vlan_and_cooked),
        cmocka_unit_test(test_sdp_tells_who_is_who_and_which_port),
        cmocka_unit_test(test_neighbours),
        cmocka_unit_test(test_ipv4_and_other_ports_where_v2gtp_is_inside),
        cmocka_unit_test(test_a_packet_that_the_recorder_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
