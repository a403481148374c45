/* Logs with packets and messages in them: each message once, damage named, words kept.
 * The lines are those of captures/ccs (2024-02-18 efacec, 2022-11-11 pyPLC), some shortened, damaged by hand.
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
#include "voltbus/v2gtp.h"

static char result[8192];

/* What the reader gives, one line a frame: side, kind, id, ms, line, bytes or words; "!" and why for damage. */
static const char *read_all(const char *format, const char *text) {
    static struct reader reader;
    struct vb_frame f;
    char place[READER_PLACE];
    int got;
    size_t at = 0;
    result[0] = '\0';
    reader_init(&reader, lines_of_text(text, strlen(text)), NULL);
    assert_non_null(reader.format);
    assert_string_equal(reader.format->name, format);
    while ((got = reader_next(&reader, &f)) != 0 && at < sizeof result - 400) {
        if (got < 0) {
            at += (size_t)snprintf(result + at, sizeof result - at, "!%s: %s\n",
                                   reader_place(&reader, place), reader.why);
            continue;
        }
        at += (size_t)snprintf(result + at, sizeof result - at, "%c %s %X %" PRId64 " #%u%s ",
                               "?EC"[f.side[VB_SIDE_FROM]], vb_kind_text((enum vb_kind)f.kind),
                               (unsigned)f.id, f.t_ns / 1000000, f.side[VB_SIDE_PACKET + 3],
                               f.side[VB_SIDE_FLAGS] & VB_SIDE_LOG ? "" : " no log");
        for (size_t i = 0; i < f.len && i < 100; i++) {
            at += (size_t)snprintf(result + at, sizeof result - at,
                                   f.kind == VB_KIND_NET ? "%c" : "%02x", f.data[i]);
        }
        at += (size_t)snprintf(result + at, sizeof result - at, "\n");
    }
    reader_close(&reader);
    return result;
}

#define READS(format, text, expected) assert_string_equal(read_all(format, text), expected)

/* SupportedAppProtocolReq and -Res of an Efacec QC45, alone and in their packets. */
#define REQ "01fe8001000000228000dbab9371d3234b71d1b981899189d191818991d26b9b3a232b30020000040040"
#define REQ_PACKET                                                                                 \
    "0001870579d802353069204386dd60000000003e060afe80000000000000c69083f3fbcb981efe80000000000000" \
    "0"                                                                                            \
    "20187fffe0579d8e754c5e8000000c9c56483a1501803e8aa9c0000" REQ
#define RES "01fe80010000000480400040"
#define RES_PACKET                                                                                 \
    "0235306920430001870579d886dd6000000000200640fe80000000000000020187fffe0579d8fe80000000000000" \
    "c69083f3fbcb981ec5e8e754c56483a1000000f350180384d5320000" RES
#define REQ_BODY "8000dbab9371d3234b71d1b981899189d191818991d26b9b3a232b30020000040040"

static void test_a_message_that_clara_logs_as_packet_and_by_itself_comes_once(void **state) {
    (void)state;
    READS("claralog",
          "[10390] TCP will transmit: " REQ "\r\n"
          "[10390] ETH will transmit: " REQ_PACKET "\r\n"
          "[10460] ETH rx IP: " RES_PACKET "\r\n"
          "[10460] [TCP] sending ACK\r\n"
          "[10460] Data received:  " RES "\r\n",
          "E v2g 8001 10390 #2 " REQ_BODY "\n"
          "C v2g 8001 10460 #3 80400040\n");
}

static void test_without_packets_the_messages_count_each_one(void **state) {
    (void)state;
    READS("claralog",
          "[25790] TCP will transmit: " REQ "\n"
          "[25850] Data received:  " RES "\n"
          "[25910] Data received:  " RES "\n"
          "[25920] TCP will transmit: " REQ "\n",
          "E v2g 8001 25790 #1 " REQ_BODY "\n"
          "C v2g 8001 25850 #2 80400040\n"
          "C v2g 8001 25910 #3 80400040\n"
          "E v2g 8001 25920 #4 " REQ_BODY "\n");
}

static void test_a_copy_sent_by_the_charger_is_told_as_such(void **state) {
    (void)state;
    READS("claralog",
          "[10460] ETH rx IP: " RES_PACKET "\n"
          "[10460] Data received:  " RES "\n"
          "[10670] ETH rx IP: " RES_PACKET "\n"
          "[10670] Data received:  " RES "\n",
          "C v2g 8001 10460 #1 80400040\n"
          "C net 5 10670 #3 a message, 12 bytes, 210.0 ms after the first time\n");
}

static void test_packets_with_bit_errors_leave_the_message_by_itself(void **state) {
    (void)state;
    READS("claralog",
          "[10390] TCP will transmit: " REQ "\n"
          "[10390] ETH will transmit: 0001870579d8023530zz204386dd\n"
          "[10460] ETH rx IP: 023530\n"
          "[10460] Data received:  " RES "\n"
          "[10470] ETH rx IP: " RES_PACKET "\n"
          "[10470] Data received:  01fe80010000000480410040\n", /* one bit of 40 */
          "E v2g 8001 10390 #1 " REQ_BODY "\n"
          "!:2: column 46: expected two hexadecimal digits: damaged, not read\n"
          "C v2g 8001 10460 #4 80400040\n"
          "C v2g 8001 10470 #5 80400040\n"
          "C net B 10470 #6 the log tells this message twice, with different bytes\n");
}

static void test_cut_lines_and_garbage_are_named(void **state) {
    (void)state;
    READS("claralog",
          "\x80\x81This is Clara version 4=0.46.R\n"
          "[10] Our MAC address:  023530692043\n"
          "nding ACK\n"
          "[20] Data received:  \n"
          "[30] Data received:  01fe8001000000\n"
          "[40] Data received:  01fe8001000000048040\n"
          "[50] Data received:  02fe80010000000480400040\n"
          "[60] TCP will transmit: 01f\n"
          "[70] ETH will transmit: " REQ_PACKET "\n",
          "!:1: expected a line of Clara: [10390] TCP will transmit: ..\n"
          "E net B 10 #2 Our MAC address:  023530692043\n"
          "!:3: expected a line of Clara: [10390] TCP will transmit: ..\n"
          "!:4: no bytes: the line is cut\n"
          "C net 9 30 #5 7 bytes of a message\n"
          "C net 9 40 #6 10 bytes: the header says 12\n"
          "C net 7 50 #7 12 bytes: 02 ..\n"
          "!:8: column 28: expected two hexadecimal digits: damaged, not read\n"
          "E v2g 8001 70 #9 " REQ_BODY "\n");
}

static void test_words_of_clara(void **state) {
    (void)state;
    READS("claralog",
          "[1000] In state Off. TcpRetries 0\n"
          "[1010] [CONNMGR] 165 0 0 0 0 0 0 --> 5\n" /* every second, nothing new */
          "[1020] [CONNMGR] ConnectionLevel changed from 5 to 10.\n"
          "PreCharge aknowledge received. Inlet 12V, accu 230V, uMin 50V\n"
          "[1030] Something \x07 new\n",
          "E net B 1000 #1 In state Off. TcpRetries 0\n"
          "E net B 1020 #3 [CONNMGR] ConnectionLevel changed from 5 to 10.\n"
          "E net B 1020 #4 PreCharge aknowledge received. Inlet 12V, accu 230V, uMin 50V\n"
          "E net B 1030 #5 Something ? new\n");
}

static void test_pyplc_as_the_charger_and_as_the_car(void **state) {
    (void)state;
    READS("pyplc",
          "starting in EVSE_MODE\n"
          "V2GTP (10bytes) = 01 FE 90 00 00 00 00 02 10 00\n"
          "SDP payload (2bytes) = 10 00\n"
          "In state WaitForX, received (12bytes) = 01 FE 80 01 00 00 00 04 80 00 DB AB\n"
          "{\n"
          "\"msgName\": \"supportedAppProtocolReq\",\n"
          "}\n"
          "responding (12bytes) = 01 FE 80 01 00 00 00 04 80 40 00 40\n"
          "[SNIFFER] EXI from 15118 to 50094 (4bytes) = 80 40 00 40\n"
          "starting in PEV_MODE\n"
          "responding (12bytes) = 01 FE 80 01 00 00 00 04 80 00 DB AB\n"
          "In state WaitForX, received (12bytes) = 01 FE 80 01 00 00 00 04 80 40 00\n",
          "C net B 0 #1 starting in EVSE_MODE\n"
          "E v2g 9000 0 #2 1000\n"
          "E v2g 8001 0 #4 8000dbab\n"
          "C v2g 8001 0 #8 80400040\n"
          "E net B 0 #10 starting in PEV_MODE\n"
          "E v2g 8001 0 #11 8000dbab\n"
          "C net 9 0 #12 11 bytes: the header says 12\n");
}

static void test_pyplc_between_both_has_its_sniffer_only(void **state) {
    (void)state;
    READS("pyplc",
          "starting in LISTEN_MODE\n"
          "[SNIFFER] EXI from 15118 to 50094 (4bytes) = 80 40 00 40\n"
          "[SNIFFER] EXI from 50094 to 15118 (4bytes) = 80 00 DB AB\n",
          "? net B 0 #1 starting in LISTEN_MODE\n"
          "C v2g 8001 0 #2 80400040\n"
          "E v2g 8001 0 #3 8000dbab\n");
}

static void test_lists_of_exi(void **state) {
    (void)state;
    READS("exi-log",
          "init\n"
          "ED 809a02000000000000000011d00000\n"
          "DD 809A022189CBF75B9625A951E020040080\n"
          "# the handshake\n"
          "DH 8000dbab\n"
          "Dh 80400040\n"
          "01fe80010000000480400040\n"
          "01fe800100000004804\n"
          "closing\n",
          "E v2g 8001 0 #2 809a02000000000000000011d00000\n"
          "C v2g 8001 0 #3 809a022189cbf75b9625a951e020040080\n"
          "E v2g 8001 0 #5 8000dbab\n"
          "C v2g 8001 0 #6 80400040\n"
          "? v2g 8001 0 #7 80400040\n"
          "!:8: column 20: expected two hexadecimal digits: damaged, not read\n");
}

/* A HomePlug message of 17 bytes, CM_SLAC_PARM.REQ, on MOSI or MISO. */
static const uint8_t frame[] = {0xAA, 0xAA, 0xAA, 0xAA, 0x11, 0x00, 0x00, 0x00, 0xFF,
                                0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0x00, 0x00, 0x00,
                                0x00, 0x0E, 0x88, 0xE1, 0x01, 0x64, 0x60, 0x55, 0x55};

static void rows(char *text, size_t cap, size_t n, unsigned wire) {
    size_t at = strlen(text);
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(text + at, cap - at, "4.%03zu000000000000,0,0x%02X,0x%02X\n", i,
                               wire == 0 ? frame[i] : 0, wire == 1 ? frame[i] : 0xAA);
    }
}

static void test_the_bus_of_a_modem(void **state) {
    (void)state;
    char text[8192] = "Time [s],Packet ID,MOSI,MISO\n";
    rows(text, sizeof text, sizeof frame, 0);
    rows(text, sizeof text, sizeof frame, 1);
    READS("qca-spi", text,
          "E plc 6064 4000 #28 ffffffffffff02000000000e88e1016460\n"
          "E plc 6064 4000 #55 ffffffffffff02000000000e88e1016460\n");
    rows(text, sizeof text, sizeof frame - 1, 0);
    strcat(text, "4.1,0,0x00,0x00\n4.1,0,0x0\n");
    assert_non_null(strstr(read_all("qca-spi", text),
                           "!:82: a packet on MOSI without its end: not read\n"
                           "!:83: expected \"seconds,number,0xC2,0x00\"\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message_that_clara_logs_as_packet_and_by_itself_comes_once),
        cmocka_unit_test(test_without_packets_the_messages_count_each_one),
        cmocka_unit_test(test_a_copy_sent_by_the_charger_is_told_as_such),
        cmocka_unit_test(test_packets_with_bit_errors_leave_the_message_by_itself),
        cmocka_unit_test(test_cut_lines_and_garbage_are_named),
        cmocka_unit_test(test_words_of_clara),
        cmocka_unit_test(test_pyplc_as_the_charger_and_as_the_car),
        cmocka_unit_test(test_pyplc_between_both_has_its_sniffer_only),
        cmocka_unit_test(test_lists_of_exi),
        cmocka_unit_test(test_the_bus_of_a_modem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
