/* pcap and pcapng: both byte orders and units, every kind of block, and damage in each place.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "host/file/format.h"

/* A HomePlug message of 24 bytes: CM_SLAC_PARM.REQ. */
#define MME                                                                                        \
    "\xFF\xFF\xFF\xFF\xFF\xFF\x02\x00\x00\x00\x00\x0E\x88\xE1\x01\x64\x60\x00\x00\x00\x00\x00\x00" \
    "\xAB"
#define MME_N 24

static char result[4096];

/* What the reader gives, as text: "plc 6064 @seconds.nanoseconds eth 24" or "! place why" a line. */
static const char *read_all(const void *bytes, size_t n) {
    static struct reader reader;
    struct vb_frame f;
    char place[READER_PLACE];
    int got;
    size_t at = 0;
    result[0] = '\0';
    reader_init(&reader, lines_of_text(bytes, n), NULL);
    if (!reader.format) {
        reader_close(&reader);
        return "no format";
    }
    while ((got = reader_next(&reader, &f)) != 0 && at < sizeof result - 200) {
        if (got == READER_BROKEN) {
            snprintf(result + at, sizeof result - at, "broken\n");
            break;
        }
        at += (size_t)(got < 0 ? snprintf(result + at, sizeof result - at, "!%s: %s\n",
                                          reader_place(&reader, place), reader.why)
                               : snprintf(result + at, sizeof result - at,
                                          "%s %X @%" PRId64 ".%09d %s %u%s%s\n",
                                          vb_kind_text((enum vb_kind)f.kind), (unsigned)f.id,
                                          f.t_ns / 1000000000, (int)(f.t_ns % 1000000000),
                                          reader.links[f.bus], (unsigned)f.len,
                                          f.flags & VB_FRAME_TX ? " tx" : "",
                                          f.flags & VB_FRAME_NO_TIME ? " no time" : ""));
    }
    reader_close(&reader);
    return result;
}

#define READS(bytes, expected) assert_string_equal(read_all(bytes, sizeof(bytes) - 1), expected)

#define LITTLE_US "\xD4\xC3\xB2\xA1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0"
#define LITTLE_NS "\x4D\x3C\xB2\xA1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0"
#define BIG_US    "\xA1\xB2\xC3\xD4\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\1"
#define BIG_NS    "\xA1\xB2\x3C\x4D\0\2\0\4\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0\1"
/* 10 s and 7 units */
#define LITTLE_AT "\x0A\0\0\0\7\0\0\0\x18\0\0\0\x18\0\0\0"
#define BIG_AT    "\0\0\0\x0A\0\0\0\7\0\0\0\x18\0\0\0\x18"

static void test_pcap_in_both_byte_orders_and_units(void **state) {
    (void)state;
    READS(LITTLE_US LITTLE_AT MME, "plc 6064 @10.000007000 eth 24\n");
    READS(LITTLE_NS LITTLE_AT MME, "plc 6064 @10.000000007 eth 24\n");
    READS(BIG_US BIG_AT MME, "plc 6064 @10.000007000 eth 24\n");
    READS(BIG_NS BIG_AT MME, "plc 6064 @10.000000007 eth 24\n");
    READS(BIG_NS BIG_AT MME BIG_AT MME,
          "plc 6064 @10.000000007 eth 24\nplc 6064 @10.000000007 eth 24\n");
    READS(LITTLE_US, "");
}

static void test_pcap_cut_anywhere_gives_what_is_there_and_says_so(void **state) {
    (void)state;
    static const char whole[] = LITTLE_US LITTLE_AT MME LITTLE_AT MME;
    for (size_t n = 4; n < 24; n++) {
        assert_string_equal(read_all(whole, n),
                            "!: packet 0: expected the header of a pcap file, 24 bytes\n");
    }
    for (size_t n = 24; n < sizeof whole - 1; n++) {
        char expected[200];
        size_t in = (n - 24) % 40;
        snprintf(expected, sizeof expected, "%s", n >= 64 ? "plc 6064 @10.000007000 eth 24\n" : "");
        if (in > 0) {
            snprintf(
                expected + strlen(expected), sizeof expected - strlen(expected),
                "!: packet %d: the file ends inside of this packet: %zu bytes of %d are there\n",
                n >= 64 ? 2 : 1, in, in < 16 ? 16 : 40);
        }
        assert_string_equal(read_all(whole, n), expected);
    }
}

static void test_pcap_with_a_mad_length_ends_there(void **state) {
    (void)state;
    READS(LITTLE_US LITTLE_AT MME "\0\0\0\0\0\0\0\0\0\0\0\x70\0\0\0\x70",
          "plc 6064 @10.000007000 eth 24\n"
          "!: packet 2: a length of 1879048192 bytes: the file is damaged from here on\n");
}

static void test_pcap_of_something_else_says_so_once(void **state) {
    (void)state;
    READS("\xD4\xC3\xB2\xA1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x69\0\0\0" LITTLE_AT MME LITTLE_AT MME,
          "!: packet 1: link type 105, which voltbus does not read: all packets of eth are passed "
          "over\n");
}

#define SECTION                                                                                    \
    "\x0A\x0D\x0D\x0A\x1C\0\0\0\x4D\x3C\x2B\x1A\1\0\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x1C\0\0\0"
#define INTERFACE "\1\0\0\0\x14\0\0\0\1\0\0\0\0\0\4\0\x14\0\0\0"
/* named "plc7", units of 2^-10 s, 100 s later */
#define NAMED                                                                                      \
    "\1\0\0\0\x34\0\0\0\1\0\0\0\0\0\4\0\2\0\4\0plc7\x09\0\1\0\x8A\0\0\0\x0E\0\x08\0\x64\0\0\0\0\0" \
    "\0\0"                                                                                         \
    "\0\0\0\0\x34\0\0\0"
#define PACKET(interface, ticks)                                                                   \
    "\6\0\0\0\x38\0\0\0" interface "\0\0\0\0\0\0\0" ticks "\x18\0\0\0\x18\0\0\0" MME "\x38\0\0\0"
#define TICKS "\x00\x06\0\0" /* 1536: 0.001536 s, or 1.5 s of 2^-10 */

static void test_pcapng_times_and_names_of_interfaces(void **state) {
    (void)state;
    READS(SECTION INTERFACE NAMED PACKET("\0", TICKS) PACKET("\1", TICKS),
          "plc 6064 @0.001536000 eth 24\n"
          "plc 6064 @101.500000000 plc7 24\n");
}

static void test_pcapng_of_several_sections_in_both_byte_orders(void **state) {
    (void)state;
    static const char big[] =
        "\x0A\x0D\x0D\x0A\0\0\0\x1C\x1A\x2B\x3C\x4D\0\1\0\0\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0"
        "\x1C"
        "\0\0\0\1\0\0\0\x14\0\1\0\0\0\4\0\0\0\0\0\x14"
        "\0\0\0\6\0\0\0\x38\0\0\0\0\0\0\0\0\0\0\x06\0\0\0\0\x18\0\0\0\x18" MME "\0\0\0\x38";
    uint8_t both[1024];
    static const char little[] = SECTION NAMED PACKET("\0", TICKS);
    size_t n = sizeof little - 1;
    memcpy(both, little, n);
    memcpy(both + n, big, sizeof big - 1);
    assert_string_equal(read_all(both, n + sizeof big - 1), "plc 6064 @101.500000000 plc7 24\n"
                                                            "plc 6064 @0.001536000 eth 24\n");
}

static void test_pcapng_simple_and_old_packets_and_unknown_blocks(void **state) {
    (void)state;
    READS(SECTION INTERFACE "\4\0\0\0\x10\0\0\0\0\0\0\0\x10\0\0\0"          /* names */
                            "\x0D\x0C\0\0\x10\0\0\0\1\2\3\4\x10\0\0\0"      /* of somebody */
                            "\3\0\0\0\x28\0\0\0\x18\0\0\0" MME "\x28\0\0\0" /* simple */
                            "\2\0\0\0\x38\0\0\0\0\0\0\0\0\0\0\0" TICKS "\x18\0\0\0\x18\0\0\0" MME
                            "\x38\0\0\0",
          "plc 6064 @0.000000000 eth 24 no time\n"
          "plc 6064 @0.001536000 eth 24\n");
}

static void test_pcapng_says_what_was_sent(void **state) {
    (void)state;
    READS(SECTION INTERFACE "\6\0\0\0\x44\0\0\0\0\0\0\0\0\0\0\0" TICKS "\x18\0\0\0\x18\0\0\0" MME
                            "\2\0\4\0\2\0\0\0\0\0\0\0\x44\0\0\0",
          "plc 6064 @0.001536000 eth 24 tx\n");
}

static void
test_pcapng_damage_is_named_and_what_follows_is_read_where_that_is_possible(void **state) {
    (void)state;
    READS(SECTION INTERFACE PACKET("\2", TICKS) PACKET("\0", TICKS),
          "!: packet 1: of interface 2, which was not described\n"
          "plc 6064 @0.001536000 eth 24\n");
    READS(SECTION INTERFACE "\6\0\0\0\x24\0\0\0\0\0\0\0\0\0\0\0" TICKS
                            "\x18\0\0\0\x18\0\0\0\1\2\3\4\x24\0\0\0" PACKET("\0", TICKS),
          "!: packet 1: 24 bytes in a block that has room for 4\n"
          "plc 6064 @0.001536000 eth 24\n");
    READS(SECTION INTERFACE PACKET("\0", TICKS) "\6\0\0\0\x0B\0\0\0\0\0\0\0",
          "plc 6064 @0.001536000 eth 24\n"
          "!: packet 1: behind it a block of type 6 has 11 bytes: the file is damaged from here "
          "on\n");
    static const char whole[] = SECTION INTERFACE PACKET("\0", TICKS) PACKET("\0", TICKS);
    for (size_t n = sizeof whole - 56; n < sizeof whole - 1; n++) {
        char expected[200];
        size_t in = n - (sizeof whole - 1 - 56);
        snprintf(expected, sizeof expected,
                 "plc 6064 @0.001536000 eth 24\n"
                 "!: packet 2: the file ends inside of this packet: %zu bytes of %d are there\n",
                 in, in < 8 ? 8 : 56);
        assert_string_equal(read_all(whole, n), expected);
    }
}

static void test_a_cooked_packet_and_can_with_its_flags(void **state) {
    (void)state;
    READS(SECTION "\1\0\0\0\x14\0\0\0\x71\0\0\0\0\0\4\0\x14\0\0\0"
                  "\1\0\0\0\x14\0\0\0\xE3\0\0\0\0\0\4\0\x14\0\0\0"
                  "\6\0\0\0\x34\0\0\0\0\0\0\0\0\0\0\0" TICKS "\x14\0\0\0\x14\0\0\0"
                  "\0\1\0\1\0\6\2\0\0\0\0\x0E\0\0\x88\xE1\1\x64\x60\0\x34\0\0\0"
                  "\6\0\0\0\x30\0\0\0\1\0\0\0\0\0\0\0" TICKS "\x10\0\0\0\x10\0\0\0"
                  "\x98\xDA\xF1\x0A\3\0\0\0\x11\x22\x33\0\0\0\0\0\x30\0\0\0",
          "plc 6064 @0.001536000 eth 18\n"
          "can 18DAF10A @0.001536000 can 3\n");
}

/* pcap of SocketCAN, 10 s: an id, length, flags, two bytes, data */
#define CAN_US         "\xD4\xC3\xB2\xA1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\xE3\0\0\0"
#define COOKED_US      "\xD4\xC3\xB2\xA1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x71\0\0\0"
#define COOKED2_US     "\xD4\xC3\xB2\xA1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x14\1\0\0"
#define AT(length)     "\x0A\0\0\0\0\0\0\0" length "\0\0\0" length "\0\0\0"
#define TWO(id)        AT("\x0A") id "\2\0\0\0\x11\x22"
#define TOLD(id, rest) "can " id " @10.000000000 " rest "\n"

static void test_ids_of_can_in_both_byte_orders(void **state) {
    (void)state;
    READS(CAN_US TWO("\0\0\1\xDB") TWO("\0\0\0\x20") TWO("\x98\xFF\x50\xE5") TWO("\x20\0\0\4"),
          TOLD("1DB", "can 2") TOLD("20", "can 2") TOLD("18FF50E5", "can 2") TOLD("4", "can 2"));
    READS(CAN_US TWO("\xDB\1\0\0") TWO("\x20\0\0\0") TWO("\xE5\x50\xFF\x98") TWO("\4\0\0\x20"),
          TOLD("1DB", "can 2") TOLD("20", "can 2") TOLD("18FF50E5", "can 2") TOLD("4", "can 2"));
    /* 29 bits with the mark on one side only tell, too; 80 on both sides goes on as before */
    READS(CAN_US TWO("\x65\x50\xFF\x98") TWO("\xE5\x50\xFF\x98"),
          TOLD("18FF5065", "can 2") TOLD("18FF50E5", "can 2"));
    READS(CAN_US TWO("\x98\xFF\x50\xE5"), TOLD("18FF50E5", "can 2"));
    /* an id of 29 bits that looks like one of 11 the other way round: what was sure before it counts, and behind it */
    READS(CAN_US TWO("\x98\xFF\x50\x65") TWO("\x8C\0\0\0") TWO("\0\0\0\x80"),
          TOLD("18FF5065", "can 2") TOLD("C000000", "can 2") TOLD("80", "can 2"));
    READS(CAN_US TWO("\x65\x50\xFF\x98") TWO("\0\0\0\x8C") TWO("\x80\0\0\0"),
          TOLD("18FF5065", "can 2") TOLD("C000000", "can 2") TOLD("80", "can 2"));
}

static void test_can_fd_and_xl_and_damage_in_pcap(void **state) {
    (void)state;
    static struct reader reader;
    struct vb_frame f;
    static const char fd[] =
        CAN_US AT("\x0A") "\0\0\1\xDB\2\5\0\0\x11\x22" AT("\x08") "\x40\0\1\xDB\5\0\0\0";
    reader_init(&reader, lines_of_text(fd, sizeof fd - 1), NULL);
    assert_int_equal(reader_next(&reader, &f), 1);
    assert_int_equal(f.flags, VB_FRAME_FD | VB_FRAME_BRS);
    assert_int_equal(reader_next(&reader, &f), 1);
    assert_int_equal(f.flags, VB_FRAME_RTR);
    assert_int_equal(f.remote_len, 5);
    reader_close(&reader);
    READS(CAN_US AT("\x0A") "\0\0\1\xDB\x80\0\0\0\x11\x22",
          "!: packet 1: a frame of CAN XL: not read\n");
    READS(CAN_US AT("\x11") "\0\0\1\xDB\x09\4\0\0"
                            "123456789",
          "!: packet 1: 9 bytes: no frame of CAN has as many\n");
    READS(CAN_US AT("\x09") "\0\0\1\xDB\2\0\0\0\x11",
          "!: packet 1: expected a CAN frame: 8 bytes, then its data\n");
}

static void test_can_in_cooked_packets(void **state) {
    (void)state;
    /* kind 4 = sent by this machine, 280 = CAN, no address, protocol 000C; the id as the machine had it */
    READS(COOKED_US AT("\x1A") "\0\4\1\x18\0\0\0\0\0\0\0\0\0\0\0\x0C"
                               "\xDB\1\0\0\2\0\0\0\x11\x22" AT(
                                   "\x1A") "\0\1\1\x18\0\0\0\0\0\0\0\0\0\0\0\x0C"
                                           "\0\0\1\xDB\2\0\0\0\x11\x22",
          TOLD("1DB", "can 2 tx") TOLD("1DB", "can 2"));
    /* the second form has the number of the interface; 000D = FD, 000E = XL */
    READS(COOKED2_US AT("\x1E") "\0\x0D\0\0\0\0\0\3\1\x18\1\0\0\0\0\0\0\0\0\0"
                                "\xDB\1\0\0\2\0\0\0\x11\x22" AT(
                                    "\x1E") "\0\x0E\0\0\0\0\0\3\1\x18\1\0\0\0\0\0\0\0\0\0"
                                            "\xDB\1\0\0\2\0\0\0\x11\x22",
          TOLD("1DB", "if3 2") "!: packet 2: a frame of CAN XL: not read\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pcap_in_both_byte_orders_and_units),
        cmocka_unit_test(test_pcap_cut_anywhere_gives_what_is_there_and_says_so),
        cmocka_unit_test(test_pcap_with_a_mad_length_ends_there),
        cmocka_unit_test(test_pcap_of_something_else_says_so_once),
        cmocka_unit_test(test_pcapng_times_and_names_of_interfaces),
        cmocka_unit_test(test_pcapng_of_several_sections_in_both_byte_orders),
        cmocka_unit_test(test_pcapng_simple_and_old_packets_and_unknown_blocks),
        cmocka_unit_test(test_pcapng_says_what_was_sent),
        cmocka_unit_test(
            test_pcapng_damage_is_named_and_what_follows_is_read_where_that_is_possible),
        cmocka_unit_test(test_a_cooked_packet_and_can_with_its_flags),
        cmocka_unit_test(test_ids_of_can_in_both_byte_orders),
        cmocka_unit_test(test_can_fd_and_xl_and_damage_in_pcap),
        cmocka_unit_test(test_can_in_cooked_packets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
