/* test_lin.c - LIN ids, checksums, and the receiver on streams with every kind of damage.
 * Bytes: reference/lin.md section 2, reference/camper-lin.md section 8 (computed there, and real
 * Hella and Truma frames), captures/lin (real Truma bus).
 * SPDX-License-Identifier: MIT */
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/file/format.h"
#include "voltbus/hex.h"
#include "voltbus/lin.h"
#include "voltbus/time.h"

/* ---- ids and checksums ---- */

static void test_pid_equals_the_table_of_the_kernel_patch(void **state) {
    (void)state;
    static const uint8_t table[VB_LIN_IDS] = {
        0x80, 0xC1, 0x42, 0x03, 0xC4, 0x85, 0x06, 0x47, 0x08, 0x49, 0xCA, 0x8B, 0x4C,
        0x0D, 0x8E, 0xCF, 0x50, 0x11, 0x92, 0xD3, 0x14, 0x55, 0xD6, 0x97, 0xD8, 0x99,
        0x1A, 0x5B, 0x9C, 0xDD, 0x5E, 0x1F, 0x20, 0x61, 0xE2, 0xA3, 0x64, 0x25, 0xA6,
        0xE7, 0xA8, 0xE9, 0x6A, 0x2B, 0xEC, 0xAD, 0x2E, 0x6F, 0xF0, 0xB1, 0x32, 0x73,
        0xB4, 0xF5, 0x76, 0x37, 0x78, 0x39, 0xBA, 0xFB, 0x3C, 0x7D, 0xFE, 0xBF,
    };
    int valid = 0;
    for (unsigned id = 0; id < VB_LIN_IDS; id++) {
        assert_int_equal(vb_lin_pid((uint8_t)id), table[id]);
        assert_int_equal(vb_lin_id(table[id]), id);
    }
    for (unsigned pid = 0; pid < 256; pid++) {
        int id = vb_lin_id((uint8_t)pid);
        assert_true(id == VB_E_CHECK || table[id] == pid);
        valid += id >= 0;
    }
    assert_int_equal(valid, 64);
}

static void test_checksums_are_those_of_the_references(void **state) {
    (void)state;
    static const struct {
        uint8_t id, n, data[8], classic, enhanced;
    } rows[] = {
        {0x22, 7, {0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A}, 0x8F, 0xAC},
        {0x25, 6, {0x81, 0x80, 0xE9, 0xB8, 0xBB, 0x00}, 0x9F, 0x7A},
        {0x26, 6, {0xC5, 0x04, 0xCD, 0x04, 0x5F, 0xFF}, 0x05, 0x5E},
        {0x20, 5, {0x6B, 0x01, 0x00, 0x00, 0x40}, 0x53, 0x33},
        {0x18, 4, {0xB9, 0x5D, 0x34, 0x00}, 0xB4, 0xDB},
        {0x19, 2, {0x23, 0x09}, 0xD3, 0x3A},
        {0x01, 8, {0x00, 0x30}, 0xCF, 0x0E},
        {0x02, 8, {0x5C, 0x5F, 0xD7, 0xD7, 0x0B, 0x03}, 0x86, 0x44},
        {0x04, 8, {0x00, 0x00, 0x00, 0x3B, 0x13, 0x00, 0x00, 0x01}, 0xB0, 0xEB},
        {0x04, 3, {0x00, 0x02, 0x00}, 0xFD, 0x39},
        {0x2C, 6, {0xBC, 0x02, 0xDC, 0x01, 0x46, 0xFF}, 0x1D, 0x30},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vb_lin_checksum(VB_FRAME_CLASSIC, rows[i].id, rows[i].data, rows[i].n),
                         rows[i].classic);
        assert_int_equal(vb_lin_checksum(VB_FRAME_ENHANCED, rows[i].id, rows[i].data, rows[i].n),
                         rows[i].enhanced);
    }
    static const uint8_t spec[] = {0x4A, 0x55, 0x93, 0xE5};
    assert_int_equal(vb_lin_checksum(VB_FRAME_CLASSIC, 0, spec, 4), 0xE6);
    /* id 16 without parity: 16+0D+80+0B = AE, +94 = 142 = 43, +0C+09+85 = DD: inverted 22 */
    static const uint8_t truma[] = {0x00, 0x0D, 0x80, 0x0B, 0x94, 0x0C, 0x09, 0x85};
    assert_int_equal(vb_lin_checksum(VB_FRAME_ENHANCED, 0x16, truma, 8), 0x61);
    assert_int_equal(vb_lin_checksum(VB_FRAME_UNPARITY, 0x16, truma, 8), 0x22);
}

/* ---- sending ---- */

static void test_header_is_break_sync_and_pid(void **state) {
    (void)state;
    uint8_t out[3];
    assert_int_equal(vb_lin_put_header(0x22, out), 3);
    assert_memory_equal(out, "\x00\x55\xE2", 3);
    assert_int_equal(vb_lin_put_header(64, out), VB_E_RANGE);
}

static void test_response_ends_with_the_checksum_of_its_id_or_as_asked(void **state) {
    (void)state;
    static const uint8_t ibs[] = {0x6B, 0x01, 0x00, 0x00, 0x40};
    static const uint8_t diagnostic[] = {0x02, 0x03, 0xB5, 0x3A, 0x1E, 0xFF, 0xFF, 0xFF};
    uint8_t out[9];
    assert_int_equal(vb_lin_put_response(0x20, 0, ibs, 5, out, 9), 6);
    assert_memory_equal(out, "\x6B\x01\x00\x00\x40\x33", 6);
    assert_int_equal(vb_lin_put_response(0x20, VB_FRAME_CLASSIC, ibs, 5, out, 6), 6);
    assert_int_equal(out[5], 0x53);
    assert_int_equal(vb_lin_put_response(0x3C, 0, diagnostic, 8, out, 9), 9);
    assert_memory_equal(out, "\x02\x03\xB5\x3A\x1E\xFF\xFF\xFF\xEC", 9);
    assert_int_equal(vb_lin_put_response(0x20, 0, ibs, 5, out, 5), VB_E_SPACE);
    assert_int_equal(vb_lin_put_response(0x20, 0, ibs, 0, out, 9), VB_E_RANGE);
    assert_int_equal(vb_lin_put_response(0x20, VB_FRAME_FD, ibs, 5, out, 9), VB_E_RANGE);
    assert_int_equal(vb_lin_put_response(0x40, 0, ibs, 5, out, 9), VB_E_RANGE);
}

/* ---- receiving ---- */

/* A stream is text: "B" a marked break, "!xx" a byte without stop bit, "+n" n idle bits, "xx" a
 * byte.
 * "/" is only for the eye. What comes out is text too: "22#AB.. enhanced; 06# no-response". */

enum times { GOOD, LUMPS, EQUAL, NO_BAUD };

#define BAUD 19200
#define BIT  (VB_NS_PER_S / BAUD)

struct run {
    struct vb_lin_rx rx;
    char text[8192];
    size_t len;
    int64_t first_ns;
    bool any;
};

static void drain(struct run *run) {
    struct vb_frame frame;
    while (vb_lin_rx_next(&run->rx, &frame)) {
        static const struct {
            uint16_t flag;
            const char *text;
        } kinds[] = {{VB_FRAME_CLASSIC, "classic"},
                     {VB_FRAME_ENHANCED, "enhanced"},
                     {VB_FRAME_UNPARITY, "unparity"}};
        char *p = run->text + run->len;
        if (!run->any) {
            run->first_ns = frame.t_ns;
            run->any = true;
        }
        assert_int_equal(frame.kind, VB_KIND_LIN);
        assert_true(frame.len <= VB_LIN_DATA_MAX);
        if (run->len > 0) {
            *p++ = ';';
            *p++ = ' ';
        }
        p += vb_frame_text(&frame, p);
        *p++ = ' ';
        const char *word = vb_fault_text((enum vb_fault)frame.fault);
        for (size_t i = 0; i < 3; i++) {
            if (frame.flags == kinds[i].flag) {
                assert_int_equal(frame.fault, VB_FAULT_NONE);
                word = kinds[i].text;
            }
        }
        memcpy(p, word, strlen(word) + 1);
        run->len = (size_t)(p - run->text) + strlen(word);
    }
}

static void feed(struct run *run, uint8_t byte, enum vb_lin_mark mark, int64_t t, bool each) {
    if (vb_lin_rx_feed(&run->rx, byte, mark, t) == VB_E_SPACE) {
        drain(run);
        assert_int_equal(vb_lin_rx_feed(&run->rx, byte, mark, t), VB_OK);
    }
    if (each) {
        drain(run);
    }
}

/* each: take frames after every byte, else only when the window is full and at the end. */
static void play(struct run *run, const char *stream, enum times times, bool each) {
    memset(run, 0, sizeof *run);
    vb_lin_rx_init(&run->rx, times == NO_BAUD ? 0 : BAUD);
    int64_t t = 1000 * BIT;
    unsigned lump = 0;
    for (const char *p = stream; *p;) {
        enum vb_lin_mark mark = VB_LIN_MARK_NONE;
        if (*p == ' ' || *p == '/') {
            p++;
            continue;
        }
        if (*p == '+') {
            char *end;
            t += strtol(p + 1, &end, 10) * BIT;
            p = end;
            if (times == GOOD) { /* who waits for bytes also tells that time passes */
                vb_lin_rx_tick(&run->rx, t);
                if (each) {
                    drain(run);
                }
            }
            continue;
        }
        uint8_t byte = 0;
        if (*p == 'B' && p[1] == ' ') {
            mark = VB_LIN_MARK_BREAK;
            t += 13 * BIT;
            p++;
        } else {
            if (*p == '!') {
                mark = VB_LIN_MARK_FRAMING;
                p++;
            }
            byte = (uint8_t)(vb_hex_digit(p[0]) << 4 | vb_hex_digit(p[1]));
            p += 2;
            t += 10 * BIT;
        }
        /* in lumps: bytes come seven at a time, as a UART's buffer gives them out */
        int64_t seen = times == GOOD ? t : times == LUMPS ? t - lump * 10 * BIT : 0;
        lump = (lump + 1) % 7;
        feed(run, byte, mark, seen, each);
    }
    vb_lin_rx_tick(&run->rx, INT64_MAX);
    drain(run);
    assert_int_equal(run->rx.count, 0);
}

static void expect_times(const char *stream, enum times times, const char *frames, unsigned skipped,
                         int line) {
    for (int each = 0; each <= 1; each++) {
        struct run run;
        play(&run, stream, times, each);
        if (strcmp(run.text, frames) != 0 || run.rx.skipped != skipped) {
            print_error("line %d, times %d, each %d: skipped %u\n  got  %s\n  want %s\n", line,
                        (int)times, each, (unsigned)run.rx.skipped, run.text, frames);
            fail();
        }
    }
}

static void expect_all(const char *stream, const char *frames, unsigned skipped, int line) {
    for (int times = GOOD; times <= NO_BAUD; times++) {
        expect_times(stream, (enum times)times, frames, skipped, line);
    }
}

#define EXPECT(stream, frames, skipped)      expect_all(stream, frames, skipped, __LINE__)
#define EXPECT_GOOD(stream, frames, skipped) expect_times(stream, GOOD, frames, skipped, __LINE__)

#define IBS_22  " 55 E2 AB 84 1E F4 2E 84 7A AC "
#define IBS_25  " 55 25 81 80 E9 B8 BB 00 7A "
#define IBS_26  " 55 A6 C5 04 CD 04 5F FF 5E "
#define SOLAR   " 55 20 6B 01 00 00 40 33 "
#define PANEL   " 55 C1 00 30 00 00 00 00 00 00 0E "
#define HELLA   " 55 EC BC 02 DC 01 46 FF 30 "
#define ASK     " 55 3C 02 03 B5 3A 1E FF FF FF EC "
#define ANSWER  " 55 7D 02 03 F5 3A 1E FF FF FF AC "
#define TEXT_22 "22#AB841EF42E847A enhanced"
#define TEXT_25 "25#8180E9B8BB00 enhanced"
#define TEXT_26 "26#C504CD045FFF enhanced"
#define TEXT_20 "20#6B01000040 enhanced"
#define TEXT_01 "01#0030000000000000 enhanced"
#define TEXT_2C "2C#BC02DC0146FF enhanced"
#define TEXT_3C "3C#0203B53A1EFFFFFF classic"
#define TEXT_3D "3D#0203F53A1EFFFFFF classic"

static void test_frames_with_marked_breaks_are_read(void **state) {
    (void)state;
    EXPECT("B" IBS_22 "/ B" IBS_25 "/ B" IBS_26 "/ B" SOLAR,
           TEXT_22 "; " TEXT_25 "; " TEXT_26 "; " TEXT_20, 0);
    EXPECT("B" HELLA "/ B" ASK "/ B" ANSWER, TEXT_2C "; " TEXT_3C "; " TEXT_3D, 0);
    EXPECT("!00" IBS_22 "/ !00" IBS_25, TEXT_22 "; " TEXT_25, 0); /* break as framing error */
}

static void test_frames_with_breaks_as_00_are_read(void **state) {
    (void)state;
    EXPECT("00" IBS_22 "/ 00" IBS_25 "/ 00" IBS_26 "/ 00" SOLAR,
           TEXT_22 "; " TEXT_25 "; " TEXT_26 "; " TEXT_20, 0);
    EXPECT("00" HELLA "/ 00" ASK "/ 00" ANSWER "/ 00" PANEL,
           TEXT_2C "; " TEXT_3C "; " TEXT_3D "; " TEXT_01, 0);
}

static void test_frames_without_any_break_are_read(void **state) {
    (void)state;
    EXPECT("+50" IBS_22 "+14" IBS_25 "+14" IBS_26 "+14" SOLAR,
           TEXT_22 "; " TEXT_25 "; " TEXT_26 "; " TEXT_20, 0);
    EXPECT("+50" HELLA "+14" ASK "+14" ANSWER "+14" PANEL,
           TEXT_2C "; " TEXT_3C "; " TEXT_3D "; " TEXT_01, 0);
}

static void test_a_lost_break_among_marked_ones_costs_no_frame(void **state) {
    (void)state;
    EXPECT("B" IBS_22 "00" IBS_25 "B" IBS_26, TEXT_22 "; " TEXT_25 "; " TEXT_26, 0);
    EXPECT("B" IBS_22 "+14" IBS_25 "B" IBS_26, TEXT_22 "; " TEXT_25 "; " TEXT_26, 0);
    EXPECT("B" IBS_22 "B" IBS_25 "B" IBS_26 "+14" SOLAR "B" PANEL,
           TEXT_22 "; " TEXT_25 "; " TEXT_26 "; " TEXT_20 "; " TEXT_01, 0);
}

static void test_a_break_seen_twice_leaves_one_byte_over(void **state) {
    (void)state;
    EXPECT("B" IBS_25 "B B" IBS_26, TEXT_25 "; " TEXT_26, 1);
    /* Data, checksum and 00 always pass as longer data with the checksum 00. Only who knows the
     * length can tell; without that, the longer reading stands (lin.md section 5). */
    EXPECT("B" IBS_25 "B" IBS_25 "00 B" IBS_26, TEXT_25 "; " TEXT_25 "; " TEXT_26, 1);
    EXPECT("B" IBS_25 "00 B" IBS_26, "25#8180E9B8BB007A enhanced; " TEXT_26, 0);
}

static void test_headers_that_nobody_answers_are_frames_without_data(void **state) {
    (void)state;
    EXPECT("B 55 06 / B 55 97 / B 55 D8 / B" IBS_22,
           "06# no-response; 17# no-response; 18# no-response; " TEXT_22, 0);
    EXPECT("00 55 06 / 00 55 97 / 00 55 D8 / 00" IBS_22,
           "06# no-response; 17# no-response; 18# no-response; " TEXT_22, 0);
    EXPECT("+50 55 06 / +50 55 97 / +50 55 D8 / +50" IBS_22,
           "06# no-response; 17# no-response; 18# no-response; " TEXT_22, 0);
    EXPECT("B" IBS_22 "B 55 5B", TEXT_22 "; 1B# no-response", 0);
}

static void test_a_header_pair_whose_bytes_make_a_checksum_stays_two_headers(void **state) {
    (void)state;
    /* C1 + 00 + 55 = 116, 17, inverted E8; as it stands E9 belongs to id 29: one off, and 08 with
     * 00 + 55 + 08 = 5D, inverted A2; A3 belongs to 23. E7: E7 + 55 = 13C, 3D, inverted C2. None is
     * a PID; 6F + 55 = C4, inverted 3B; but 4C + 55 = A1, inverted 5E = PID of 1E. */
    EXPECT("00 55 4C 00 55 5E 00 55 4C 00 55 5E 00" IBS_22,
           "0C# no-response; 1E# no-response; 0C# no-response; 1E# no-response; " TEXT_22, 0);
}

static void test_garbage_between_frames_is_counted_and_not_shown(void **state) {
    (void)state;
    EXPECT("7F 13 B" IBS_22 "E1 42 B" IBS_25, TEXT_22 "; " TEXT_25, 4);
    EXPECT("7F 13 00" IBS_22 "E1 42 00" IBS_25 "00" IBS_26, TEXT_22 "; " TEXT_25 "; " TEXT_26, 4);
    EXPECT("!F8 +100 B" IBS_22 "+100 !F0 +100 B" IBS_25, TEXT_22 "; " TEXT_25, 2); /* wake-up */
    EXPECT("B +100 B" IBS_22, TEXT_22, 1); /* a long wake-up pulse */
}

static void test_more_than_a_window_of_garbage_is_survived(void **state) {
    (void)state;
    EXPECT("11 22 33 44 66 77 88 99 AA BB 11 22 33 44 66 77 88 99 AA BB 11 22 33 44 66 77 88 99 AA"
           " BB 11 22 33 44 66 77 88 99 AA BB B" IBS_22,
           TEXT_22, 40);
    EXPECT(
        "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
        " 00 00 00 00 00 00 00 00 00 00 00" IBS_22 "00" IBS_25,
        TEXT_22 "; " TEXT_25, 40);
}

static void test_a_wrong_checksum_is_a_fault_and_keeps_the_bytes(void **state) {
    (void)state;
    EXPECT("B 55 E2 AB 84 1E F4 2E 84 7B AC B" IBS_25, "22#AB841EF42E847B checksum; " TEXT_25, 0);
    EXPECT("00 55 E2 AB 84 1E F4 2E 84 7B AC 00" IBS_25 "00" IBS_26,
           "22#AB841EF42E847B checksum; " TEXT_25 "; " TEXT_26, 0);
    EXPECT("B 55 25 81 80 E9 B8 B" IBS_22, "25#8180E9 checksum; " TEXT_22, 0); /* cut short */
    EXPECT("B 55 25 81 B" IBS_22, "25# checksum; " TEXT_22, 0);
}

static void test_a_byte_without_stop_bit_is_a_framing_fault(void **state) {
    (void)state;
    EXPECT("B 55 20 6B !01 00 00 40 33 B" IBS_22, "20#6B01000040 framing; " TEXT_22, 0);
}

static void test_a_marked_header_with_wrong_parity_is_a_parity_fault(void **state) {
    (void)state;
    /* 0C is what the Nugget notes print for the slot of id 06 */
    EXPECT("B 55 0C 6B 01 B" IBS_22, "0C#6B parity; " TEXT_22, 0);
    EXPECT("B 55 0C B" IBS_22, "0C# parity; " TEXT_22, 0);
}

static void test_data_that_looks_like_a_header_does_not_close_its_frame(void **state) {
    (void)state;
    /* id 25: 25+00+55+25+E9+B8+BB = 2FB, FD: inverted 02 */
#define TRAP      " 55 25 00 55 25 E9 B8 BB 02 "
#define TEXT_TRAP "25#005525E9B8BB enhanced"
    EXPECT("B" TRAP "B" IBS_26, TEXT_TRAP "; " TEXT_26, 0); /* not even when nothing is known */
    EXPECT("00" IBS_25 "00" TRAP "00" IBS_26 "00" IBS_25,
           TEXT_25 "; " TEXT_TRAP "; " TEXT_26 "; " TEXT_25, 0);
    EXPECT("+50" IBS_25 "+14" TRAP "+14" IBS_26 "+14" IBS_25,
           TEXT_25 "; " TEXT_TRAP "; " TEXT_26 "; " TEXT_25, 0);
}

static void test_a_checksum_or_data_of_00_is_not_taken_for_a_break(void **state) {
    (void)state;
    /* 20+6B+01+73 = FF: inverted 00; then 00 55 A6 begins the next header */
    EXPECT("00 55 20 6B 01 73 00 00" IBS_26 "00" IBS_22,
           "20#6B0173 enhanced; " TEXT_26 "; " TEXT_22, 0);
    EXPECT("B 55 20 6B 01 73 00 B" IBS_26, "20#6B0173 enhanced; " TEXT_26, 0);
}

static void test_a_shorter_match_before_00_and_FF_does_not_win(void **state) {
    (void)state;
    /* Truma 06: 00 00 FF.. ; classic of 00 is FF, of 00 00 is FF: two false short matches.
     * enhanced: 06 + six FF (carry: nothing) = 06, inverted F9 */
    EXPECT("B 55 06 00 00 FF FF FF FF FF FF F9 B" IBS_22, "06#0000FFFFFFFFFFFF enhanced; " TEXT_22,
           0);
    EXPECT("00 55 06 00 00 FF FF FF FF FF FF F9 00" IBS_22 "00" IBS_25,
           "06#0000FFFFFFFFFFFF enhanced; " TEXT_22 "; " TEXT_25, 0);
    EXPECT("+50 55 06 00 00 FF FF FF FF FF FF F9 +14" IBS_22 "+14" IBS_25,
           "06#0000FFFFFFFFFFFF enhanced; " TEXT_22 "; " TEXT_25, 0);
}

static void test_the_checksum_without_parity_is_recognised(void **state) {
    (void)state;
    EXPECT("B 55 D6 00 0D 80 0B 94 0C 09 85 22 B 55 D6 00 0D 80 0B 94 0C 09 85 61",
           "16#000D800B940C0985 unparity; 16#000D800B940C0985 enhanced", 0);
    /* id 03 has parity bits 00: no difference, so it is enhanced. 03+AA+0A = B7: inverted 48 */
    EXPECT("B 55 03 AA 0A FF FF FF FF FF FF 48", "03#AA0AFFFFFFFFFFFF enhanced", 0);
}

static void test_an_id_may_change_its_length(void **state) {
    (void)state;
#define LONG_04  " 55 C4 00 00 00 3B 13 00 00 01 EB "
#define SHORT_04 " 55 C4 00 02 00 39 "
    EXPECT("00" LONG_04 "00" SHORT_04 "00" SHORT_04 "00" LONG_04 "00" IBS_22,
           "04#0000003B13000001 enhanced; 04#000200 enhanced; 04#000200 enhanced; "
           "04#0000003B13000001 enhanced; " TEXT_22,
           0);
    EXPECT("B" LONG_04 "B" SHORT_04 "B" SHORT_04 "B" LONG_04 "B" IBS_22,
           "04#0000003B13000001 enhanced; 04#000200 enhanced; 04#000200 enhanced; "
           "04#0000003B13000001 enhanced; " TEXT_22,
           0);
}

static void test_a_device_that_falls_silent_is_noticed(void **state) {
    (void)state;
    EXPECT("00" SOLAR "00" SOLAR "00" SOLAR "00 55 20 00" IBS_22 "00 55 20 00 55 25 00" IBS_26,
           TEXT_20 "; " TEXT_20 "; " TEXT_20 "; 20# no-response; " TEXT_22
                   "; 20# no-response; 25# no-response; " TEXT_26,
           0);
}

static void test_every_cut_of_a_stream_gives_whole_frames_or_a_fault(void **state) {
    (void)state;
    static const char whole[] = "00" IBS_22 "00" IBS_25; /* "00 55 E2 ..." */
    char cut[sizeof whole];
    for (size_t n = 2; n + 1 < sizeof whole; n += 3) {
        for (int times = GOOD; times <= NO_BAUD; times++) {
            struct run run;
            memcpy(cut, whole, n);
            cut[n] = '\0'; /* behind a byte */
            play(&run, cut, (enum times)times, true);
            if (n < 8) {
                assert_string_equal(run.text, ""); /* no PID yet */
                assert_int_equal(run.rx.skipped, (n + 1) / 3);
            } else if (n == 8) {
                assert_string_equal(run.text, "22# no-response");
            } else if (n < 2 + 10 * 3) {
                assert_non_null(strstr(run.text, "22#"));
                assert_non_null(strstr(run.text, "checksum"));
            } else if (n == 2 + 11 * 3) { /* checksum and 00 at the end, see above */
                assert_string_equal(run.text, "22#AB841EF42E847AAC enhanced");
            } else {
                assert_memory_equal(run.text, TEXT_22, sizeof TEXT_22 - 1);
            }
        }
    }
}

static void test_silence_of_40_bits_closes_a_frame(void **state) {
    (void)state;
    struct run run;
    memset(&run, 0, sizeof run);
    vb_lin_rx_init(&run.rx, BAUD);
    static const uint8_t bytes[] = {0x00, 0x55, 0x20, 0x6B, 0x01, 0x00, 0x00, 0x40, 0x33};
    int64_t t = 5000 * BIT;
    assert_int_equal(vb_lin_rx_deadline_ns(&run.rx), INT64_MAX);
    for (size_t i = 0; i < sizeof bytes; i++) {
        t += (i == 1 ? 14 : 10) * BIT;
        feed(&run, bytes[i], VB_LIN_MARK_NONE, t, true);
    }
    assert_int_equal(run.len, 0);
    assert_int_equal(vb_lin_rx_deadline_ns(&run.rx), t + 40 * BIT);
    vb_lin_rx_tick(&run.rx, t + 39 * BIT);
    drain(&run);
    assert_int_equal(run.len, 0);
    vb_lin_rx_tick(&run.rx, t + 40 * BIT);
    drain(&run);
    assert_string_equal(run.text, TEXT_20);
    assert_int_equal(run.first_ns, 5010 * BIT); /* the break */
    assert_int_equal(vb_lin_rx_deadline_ns(&run.rx), INT64_MAX);
}

static void test_lumpy_times_wait_longer_unless_the_checksum_was_learned(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x55, 0x20, 0x6B, 0x01, 0x00, 0x00, 0x40, 0x33};
    struct run run;
    memset(&run, 0, sizeof run);
    vb_lin_rx_init(&run.rx, BAUD);
    for (size_t i = 0; i < sizeof bytes; i++) {
        feed(&run, bytes[i], VB_LIN_MARK_NONE, 0, true);
    }
    vb_lin_rx_tick(&run.rx, 40 * BIT);
    drain(&run);
    assert_int_equal(run.len, 0);
    int64_t deadline = vb_lin_rx_deadline_ns(&run.rx);
    assert_int_equal(deadline, 40 * BIT + 20 * VB_NS_PER_MS);
    vb_lin_rx_tick(&run.rx, deadline);
    drain(&run);
    assert_string_equal(run.text, TEXT_20);
    for (size_t i = 0; i < sizeof bytes; i++) {
        feed(&run, bytes[i], VB_LIN_MARK_NONE, VB_NS_PER_S, true);
    }
    vb_lin_rx_tick(&run.rx, VB_NS_PER_S + 40 * BIT);
    drain(&run);
    assert_string_equal(run.text, TEXT_20 "; " TEXT_20);
}

static void test_usb_lumps_do_not_cut_frames(void **state) {
    (void)state;
    /* 16 ms of bus time arrive at once; the cut falls into the frame */
    static const uint8_t bytes[] = {0x00, 0x55, 0xE2, 0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A,
                                    0xAC, 0x00, 0x55, 0x25, 0x81, 0x80, 0xE9, 0xB8, 0xBB, 0x00,
                                    0x7A, 0x00, 0x55, 0xA6, 0xC5, 0x04, 0xCD, 0x04, 0x5F, 0xFF,
                                    0x5E, 0x00, 0x55, 0x20, 0x6B, 0x01, 0x00, 0x00, 0x40, 0x33};
    for (size_t lump = 2; lump < sizeof bytes; lump++) {
        struct run run;
        memset(&run, 0, sizeof run);
        vb_lin_rx_init(&run.rx, BAUD);
        for (size_t i = 0; i < sizeof bytes; i++) {
            int64_t t = (int64_t)(i / lump) * 16 * VB_NS_PER_MS;
            if (i > 0 && i % lump == 0) {
                vb_lin_rx_tick(&run.rx, t - 1);
                drain(&run);
            }
            feed(&run, bytes[i], VB_LIN_MARK_NONE, t, true);
        }
        vb_lin_rx_tick(&run.rx, INT64_MAX);
        drain(&run);
        assert_string_equal(run.text, TEXT_22 "; " TEXT_25 "; " TEXT_26 "; " TEXT_20);
        assert_int_equal(run.rx.skipped, 0);
    }
}

static void test_a_full_window_refuses_and_loses_nothing(void **state) {
    (void)state;
    struct vb_lin_rx rx;
    vb_lin_rx_init(&rx, BAUD);
    for (int i = 0; i < VB_LIN_WINDOW; i++) {
        assert_int_equal(vb_lin_rx_feed(&rx, 0x11, VB_LIN_MARK_NONE, i), VB_OK);
    }
    assert_int_equal(vb_lin_rx_feed(&rx, 0x11, VB_LIN_MARK_NONE, 99), VB_E_SPACE);
    struct vb_frame frame;
    assert_false(vb_lin_rx_next(&rx, &frame));
    assert_int_equal(rx.skipped, VB_LIN_WINDOW);
    assert_int_equal(vb_lin_rx_feed(&rx, 0x11, VB_LIN_MARK_NONE, 99), VB_OK);
}

static void test_a_frame_says_which_pid_and_checksum_came(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0x00, 0x55, 0x20, 0x6B, 0x01, 0x00, 0x00, 0x40, 0x33};
    struct vb_lin_rx rx;
    struct vb_frame frame;
    vb_lin_rx_init(&rx, 0);
    for (size_t i = 0; i < sizeof bytes; i++) {
        assert_int_equal(vb_lin_rx_feed(&rx, bytes[i], VB_LIN_MARK_NONE, 0), VB_OK);
    }
    vb_lin_rx_tick(&rx, INT64_MAX);
    assert_true(vb_lin_rx_next(&rx, &frame));
    assert_int_equal(frame.side_len, 2);
    assert_memory_equal(frame.side, "\x20\x33", 2);
}

/* ---- many streams ---- */

/* The same numbers on every machine. */
static unsigned dice(uint32_t *seed, unsigned sides) {
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 16) % sides;
}

struct sent {
    uint8_t id, n, data[8];
    bool seen;
};

/* Take what is there and strike it off the list of what was sent, in order. */
static void strike_off(struct vb_lin_rx *rx, struct sent *sent, unsigned count, unsigned *at,
                       unsigned *false_alarms) {
    struct vb_frame frame;
    while (vb_lin_rx_next(rx, &frame)) {
        unsigned i = *at;
        while (i < count && (sent[i].id != frame.id || sent[i].n != frame.len ||
                             memcmp(sent[i].data, frame.data, frame.len) != 0)) {
            i++;
        }
        bool good = frame.flags != 0 || frame.fault == VB_FAULT_NO_RESPONSE;
        if (good && i < count) {
            sent[i].seen = true;
            *at = i + 1;
        } else {
            *false_alarms += good;
        }
    }
}

/* How many times longer than usual: `make check` sets it. */
static unsigned how_long(void) {
    const char *text = getenv("VOLTBUS_LONG");
    return text && atoi(text) > 0 ? (unsigned)atoi(text) : 1;
}

/* 200 schedules of 8 ids, 200 frames each (times how_long), data of 00, FF, 55 and anything, lengths 0 to 8, both
 * checksums. This measures the splitting, so our own encoder may make the bytes. Returns how many
 * frames did not come out as they were sent. */
static unsigned lost_of_40000(int breaks, bool timed) {
    uint32_t seed = 7;
    unsigned lost = 0;
    for (unsigned schedule = 0; schedule < 200 * how_long(); schedule++) {
        static struct vb_lin_rx rx;
        static struct sent sent[200];
        uint8_t first = (uint8_t)dice(&seed, 60);
        uint8_t len[8];
        uint16_t kind[8];
        unsigned at = 0, false_alarms = 0;
        for (unsigned k = 0; k < 8; k++) {
            len[k] = (uint8_t)dice(&seed, 9);
            kind[k] = dice(&seed, 4) ? VB_FRAME_ENHANCED : VB_FRAME_CLASSIC;
        }
        vb_lin_rx_init(&rx, timed ? BAUD : 0);
        for (unsigned f = 0; f < 200; f++) {
            struct sent *now = &sent[f];
            unsigned k = f % 8;
            *now = (struct sent){.id = (uint8_t)((first + 7 * k) % 60), .n = len[k]};
            for (unsigned i = 0; i < now->n; i++) {
                static const uint8_t common[] = {0x00, 0xFF, 0x55};
                unsigned throw = dice(&seed, 32);
                now->data[i] = (uint8_t)(throw < 16   ? common[throw / 8]
                                         : throw < 18 ? common[2]
                                                      : dice(&seed, 256));
            }
            uint8_t wire[12];
            size_t n = (size_t)vb_lin_put_header(now->id, wire);
            if (now->n > 0) {
                n += (size_t)vb_lin_put_response(now->id, kind[k], now->data, now->n, wire + 3, 9);
            }
            int64_t t = (int64_t)f * 10 * VB_NS_PER_MS;
            for (size_t i = breaks == 2; i < n; i++) {
                t += (i == 1 ? 14 : 10) * BIT;
                enum vb_lin_mark mark =
                    i == 0 && breaks == 0 ? VB_LIN_MARK_BREAK : VB_LIN_MARK_NONE;
                assert_int_equal(vb_lin_rx_feed(&rx, wire[i], mark, t), VB_OK);
                strike_off(&rx, sent, f + 1, &at, &false_alarms);
            }
            if (timed) {
                vb_lin_rx_tick(&rx, t + 40 * BIT);
                strike_off(&rx, sent, f + 1, &at, &false_alarms);
            }
        }
        vb_lin_rx_tick(&rx, INT64_MAX);
        strike_off(&rx, sent, 200, &at, &false_alarms);
        for (unsigned f = 0; f < 200; f++) {
            lost += !sent[f].seen;
        }
    }
    return lost;
}

static void test_random_schedules_lose_at_most_one_frame_in_700(void **state) {
    (void)state;
    static const unsigned most[3][2] = {{0, 1}, {47, 54}, {12, 41}}; /* timed, not */
    for (int breaks = 0; breaks < 3; breaks++) {
        for (int timed = 0; timed < 2; timed++) {
            unsigned lost = lost_of_40000(breaks, timed);
            print_message("breaks %d, timed %d: %u of %u frames lost\n", breaks, timed, lost,
                          40000 * how_long());
            unsigned limit = most[breaks][!timed] * how_long();
            if (how_long() > 1) { /* other dice than those that the limits were measured with */
                limit = limit * 3 / 2 + 5;
            }
            if (lost > limit) {
                fail();
            }
        }
    }
}

/* ---- a real bus ---- */

#define LOG_FRAMES 4096
enum { MARKED, AS_00, BARE, BREAKS }; /* how the stream shows breaks */

/* One log as a byte stream, with breaks in one of the three ways, with times or without. */
static void split_log(const char *path, const struct sent *sent, unsigned rows, int breaks,
                      bool timed) {
    static struct vb_lin_rx rx;
    struct vb_frame frame;
    unsigned got = 0;
    unsigned wrong = 0;
    vb_lin_rx_init(&rx, timed ? BAUD : 0);
    for (unsigned row = 0; row <= rows; row++) {
        uint8_t wire[12];
        size_t n = 0;
        int64_t t = (int64_t)row * 50 * VB_NS_PER_MS;
        if (row < rows) {
            n = (size_t)vb_lin_put_header(sent[row].id, wire);
            if (sent[row].n > 0) {
                n += (size_t)vb_lin_put_response(sent[row].id, 0, sent[row].data, sent[row].n,
                                                 wire + 3, 9);
            }
        }
        for (size_t i = breaks == BARE; i <= n; i++) {
            if (i < n) {
                t += (i == 1 ? 14 : 10) * BIT;
                assert_int_equal(vb_lin_rx_feed(&rx, wire[i],
                                                breaks == MARKED && i == 0 ? VB_LIN_MARK_BREAK
                                                                           : VB_LIN_MARK_NONE,
                                                t),
                                 VB_OK);
            } else if (row == rows || timed) {
                vb_lin_rx_tick(&rx, row == rows ? INT64_MAX : t + 45 * BIT);
            }
            while (vb_lin_rx_next(&rx, &frame)) {
                wrong += got >= rows || sent[got].id != frame.id || sent[got].n != frame.len ||
                         memcmp(sent[got].data, frame.data, frame.len) != 0;
                got++;
            }
        }
    }
    if (got != rows || wrong != 0 || rx.skipped != 0) {
        print_error("%s, breaks %d, timed %d: %u of %u frames, %u wrong, %u skipped\n", path,
                    breaks, timed, got, rows, wrong, (unsigned)rx.skipped);
        fail();
    }
}

/* The logs have no breaks and no checksums; both are added the way the notes say (enhanced, or
 * classic from 3C on), so this judges the splitting on real data, not the checksums. */
static void test_every_log_of_a_real_truma_bus_is_split_without_loss(void **state) {
    (void)state;
    static const char logs[] = TEST_DIR "/../../shared/captures/lin/*/*";
    static struct sent sent[LOG_FRAMES];
    static struct reader reader;
    glob_t found;
    if (glob(logs, 0, NULL, &found) != 0) {
        print_message("skipped: no %s\n", logs);
        skip();
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char why[160];
        struct vb_frame frame;
        unsigned rows = 0;
        struct lines *lines = lines_open(found.gl_pathv[i], why, sizeof why);
        assert_non_null(lines);
        reader_init(&reader, lines, format_find("apgdt001"));
        while (reader_next(&reader, &frame) == 1) {
            assert_true(rows < LOG_FRAMES);
            sent[rows] = (struct sent){.id = (uint8_t)frame.id, .n = (uint8_t)frame.len};
            memcpy(sent[rows].data, frame.data, frame.len);
            rows += frame.fault != VB_FAULT_PARITY; /* one log starts with a PID 00 */
        }
        lines_close(lines);
        assert_true(rows > 40);
        for (int breaks = 0; breaks < BREAKS; breaks++) {
            split_log(found.gl_pathv[i], sent, rows, breaks, true);
            split_log(found.gl_pathv[i], sent, rows, breaks, false);
        }
    }
    assert_int_equal(found.gl_pathc, 21);
    globfree(&found);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pid_equals_the_table_of_the_kernel_patch),
        cmocka_unit_test(test_checksums_are_those_of_the_references),
        cmocka_unit_test(test_header_is_break_sync_and_pid),
        cmocka_unit_test(test_response_ends_with_the_checksum_of_its_id_or_as_asked),
        cmocka_unit_test(test_frames_with_marked_breaks_are_read),
        cmocka_unit_test(test_frames_with_breaks_as_00_are_read),
        cmocka_unit_test(test_frames_without_any_break_are_read),
        cmocka_unit_test(test_a_lost_break_among_marked_ones_costs_no_frame),
        cmocka_unit_test(test_a_break_seen_twice_leaves_one_byte_over),
        cmocka_unit_test(test_headers_that_nobody_answers_are_frames_without_data),
        cmocka_unit_test(test_a_header_pair_whose_bytes_make_a_checksum_stays_two_headers),
        cmocka_unit_test(test_garbage_between_frames_is_counted_and_not_shown),
        cmocka_unit_test(test_more_than_a_window_of_garbage_is_survived),
        cmocka_unit_test(test_a_wrong_checksum_is_a_fault_and_keeps_the_bytes),
        cmocka_unit_test(test_a_byte_without_stop_bit_is_a_framing_fault),
        cmocka_unit_test(test_a_marked_header_with_wrong_parity_is_a_parity_fault),
        cmocka_unit_test(test_data_that_looks_like_a_header_does_not_close_its_frame),
        cmocka_unit_test(test_a_checksum_or_data_of_00_is_not_taken_for_a_break),
        cmocka_unit_test(test_a_shorter_match_before_00_and_FF_does_not_win),
        cmocka_unit_test(test_the_checksum_without_parity_is_recognised),
        cmocka_unit_test(test_an_id_may_change_its_length),
        cmocka_unit_test(test_a_device_that_falls_silent_is_noticed),
        cmocka_unit_test(test_every_cut_of_a_stream_gives_whole_frames_or_a_fault),
        cmocka_unit_test(test_silence_of_40_bits_closes_a_frame),
        cmocka_unit_test(test_lumpy_times_wait_longer_unless_the_checksum_was_learned),
        cmocka_unit_test(test_usb_lumps_do_not_cut_frames),
        cmocka_unit_test(test_a_full_window_refuses_and_loses_nothing),
        cmocka_unit_test(test_a_frame_says_which_pid_and_checksum_came),
        cmocka_unit_test(test_random_schedules_lose_at_most_one_frame_in_700),
        cmocka_unit_test(test_every_log_of_a_real_truma_bus_is_split_without_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
