/* test_slcan.c - slcan lines, streams, commands and answers.
 * Bytes: what python-can sends (reference/can-transports.md section 2.1), the lines of its
 * test_slcan.py (V1013, NA123 and the frames).
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/slcan.h"

/* ---- one line ---- */

static int line(const char *text, struct vb_frame *frame, uint8_t data[64], int32_t *stamp_ms) {
    return vb_slcan_line(text, strlen(text), frame, data, stamp_ms);
}

static void test_line_of_python_can_is_a_frame(void **state) {
    (void)state;
    struct vb_frame frame;
    uint8_t data[64];
    int32_t stamp_ms;
    assert_int_equal(line("t1F28307920A0003C0288\r", &frame, data, &stamp_ms), VB_OK);
    assert_int_equal(frame.kind, VB_KIND_CAN);
    assert_int_equal(frame.id, 0x1F2);
    assert_int_equal(frame.flags, 0);
    assert_int_equal(frame.fault, VB_FAULT_NONE);
    assert_int_equal(frame.len, 8);
    assert_ptr_equal(frame.data, data);
    assert_memory_equal(data, "\x30\x79\x20\xA0\x00\x3C\x02\x88", 8);
    assert_int_equal(stamp_ms, -1);
    assert_int_equal(frame.remote_len, 0);
}

static void test_line_reads_every_letter(void **state) {
    (void)state;
    static const struct {
        const char *text;
        uint32_t id;
        uint16_t flags;
        uint32_t len;
        int32_t stamp_ms;
        uint8_t remote_len;
    } rows[] = {
        {"t4563112233", 0x456, 0, 3, -1, 0},
        {"t1230", 0x123, 0, 0, -1, 0},
        {"  t45631122330A1f\r\n", 0x456, 0, 3, 0x0A1F, 0},
        {"t4563112233EA5F", 0x456, 0, 3, 59999, 0},
        {"T12ABCDEF2AA55", 0x12ABCDEF, VB_FRAME_EXT, 2, -1, 0},
        {"r1238", 0x123, VB_FRAME_RTR, 0, -1, 8},
        {"r12380010", 0x123, VB_FRAME_RTR, 0, 16, 8},
        {"R12ABCDEF6", 0x12ABCDEF, VB_FRAME_EXT | VB_FRAME_RTR, 0, -1, 6},
        {"d7FF9000102030405060708090A0B", 0x7FF, VB_FRAME_FD, 12, -1, 0},
        {"D1FFFFFFF1AB", 0x1FFFFFFF, VB_FRAME_EXT | VB_FRAME_FD, 1, -1, 0},
        {"b0000", 0, VB_FRAME_FD | VB_FRAME_BRS, 0, -1, 0},
        {"B000000001CD1234", 0, VB_FRAME_EXT | VB_FRAME_FD | VB_FRAME_BRS, 1, 0x1234, 0},
        {"b123F"
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "000000000000000000000000000000000000000000000000",
         0x123, VB_FRAME_FD | VB_FRAME_BRS, 64, -1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vb_frame frame;
        uint8_t data[64];
        int32_t stamp_ms;
        assert_int_equal(line(rows[i].text, &frame, data, &stamp_ms), VB_OK);
        assert_int_equal(frame.id, rows[i].id);
        assert_int_equal(frame.flags, rows[i].flags);
        assert_int_equal(frame.len, rows[i].len);
        assert_int_equal(stamp_ms, rows[i].stamp_ms);
        assert_int_equal(frame.remote_len, rows[i].remote_len);
    }
}

static void test_line_refuses_what_is_no_frame(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int result;
    } rows[] = {
        {"", VB_E_FORMAT},
        {"\r", VB_E_FORMAT},
        {"S6", VB_E_FORMAT},
        {"x4563112233", VB_E_FORMAT},
        {"t456", VB_E_FORMAT},
        {"t456311223", VB_E_FORMAT},
        {"t45631122", VB_E_FORMAT},
        {"t456311223344", VB_E_FORMAT},
        {"t45631122G3", VB_E_FORMAT},
        {"t4G63112233", VB_E_FORMAT},
        {"t4569", VB_E_RANGE},
        {"t8000", VB_E_RANGE},
        {"T200000000", VB_E_RANGE},
        {"r123811", VB_E_FORMAT},
        {"t123011", VB_E_FORMAT},
        {"t4563 112233", VB_E_FORMAT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct vb_frame frame = {.id = 99};
        uint8_t data[64] = {0x77};
        assert_int_equal(line(rows[i].text, &frame, data, NULL), rows[i].result);
        assert_int_equal(frame.id, 99);
        assert_int_equal(data[0], 0x77);
    }
}

static void test_line_cut_short_is_never_a_frame(void **state) {
    (void)state;
    static const char whole[] = "t1F28307920A0003C0288";
    for (size_t n = 0; n + 1 < sizeof whole; n++) {
        struct vb_frame frame;
        uint8_t data[64];
        assert_int_equal(vb_slcan_line(whole, n, &frame, data, NULL), VB_E_FORMAT);
    }
}

/* ---- streams ---- */

/* What came, one character each: frame 'f', ok 'o', error 'e', sent 's', answer 'a', command 'c',
 * bad '!'. */
struct run {
    struct vb_slcan s;
    struct vb_slcan_event last;
    struct vb_slcan_event bad;
    char what[64];
    size_t count;
};

static void play(struct run *run, enum vb_slcan_side side, const char *text, size_t step) {
    static const char letters[] = "foesac!";
    size_t n = strlen(text);
    memset(run, 0, sizeof *run);
    vb_slcan_init(&run->s, side);
    for (size_t at = 0; at < n;) {
        size_t chunk = n - at < step ? n - at : step;
        while (chunk > 0) {
            size_t used = vb_slcan_feed(&run->s, (const uint8_t *)text + at, chunk);
            struct vb_slcan_event event;
            assert_true(used > 0);
            at += used;
            chunk -= used;
            while (vb_slcan_next(&run->s, &event)) {
                run->last = event;
                if (event.what == VB_SLCAN_BAD) {
                    run->bad = event;
                }
                assert_true(run->count + 1 < sizeof run->what);
                run->what[run->count++] = letters[event.what];
            }
        }
    }
}

static void expect(enum vb_slcan_side side, const char *text, const char *what, unsigned bad) {
    for (size_t step = 1; step <= 200; step += 199) {
        struct run run;
        play(&run, side, text, step);
        assert_string_equal(run.what, what);
        assert_int_equal(run.s.bad, bad);
    }
}

static void test_host_reads_frames_and_answers(void **state) {
    (void)state;
    expect(VB_SLCAN_HOST, "\r\a\rt4563112233\rz\rZ\rT12ABCDEF2AA55\rV1013\rNA123\rF00\r",
           "oeofssfaaa", 0);
    struct run run;
    play(&run, VB_SLCAN_HOST, "t45631122330A1F\r", 1);
    assert_int_equal(run.last.what, VB_SLCAN_FRAME);
    assert_int_equal(run.last.letter, 't');
    assert_int_equal(run.last.frame.id, 0x456);
    assert_int_equal(run.last.stamp_ms, 0x0A1F);
    assert_memory_equal(run.s.data, "\x11\x22\x33", 3);
    play(&run, VB_SLCAN_HOST, "V1013\r", 1);
    assert_int_equal(run.last.letter, 'V');
    assert_int_equal(run.last.value, 0x1013);
    play(&run, VB_SLCAN_HOST, "NA12X\r", 1);
    assert_int_equal(run.last.letter, 'N');
    assert_int_equal(run.last.len, 4);
    assert_int_equal(run.last.value, 0);
    play(&run, VB_SLCAN_HOST, "Z\r", 1);
    assert_int_equal(run.last.letter, 'Z');
}

static void test_host_reads_on_after_garbage(void **state) {
    (void)state;
    /* joined in the middle of a line */
    expect(VB_SLCAN_HOST, "0A0003C0288\rt4563112233\r", "!f", 1);
    /* a byte that is no text drops up to the next CR */
    expect(VB_SLCAN_HOST, "t45\x81\x02\x33 zz\rt4563112233\r", "!f", 1);
    /* BEL in a line: an answer, the line is lost up to the next CR */
    expect(VB_SLCAN_HOST, "t4563\a112233\rt4563112233\r", "ef", 1);
    /* BEL alone has no CR: the frame behind it is whole */
    expect(VB_SLCAN_HOST, "\at4563112233\r", "ef", 0);
    expect(VB_SLCAN_HOST, "\a\a\r", "eeo", 0);
    /* LF of a polite adapter */
    expect(VB_SLCAN_HOST, "t4563112233\r\nt4563112233\r\n", "ff", 0);
    /* commands are nothing an adapter says */
    expect(VB_SLCAN_HOST, "S6\rO\r", "!!", 2);
}

static void test_a_line_too_long_is_one_bad_line(void **state) {
    (void)state;
    char text[400];
    memset(text, '0', sizeof text);
    text[0] = 'd';
    strcpy(text + 300, "\rt4563112233\r");
    expect(VB_SLCAN_HOST, text, "!f", 1);
    struct run run;
    play(&run, VB_SLCAN_HOST, text, 7);
    assert_int_equal(run.bad.error, VB_E_SPACE);
    /* the longest allowed line: D, 8, 1, 128, 4 */
    text[0] = 'D';
    text[9] = 'F';
    strcpy(text + 142, "\r");
    play(&run, VB_SLCAN_HOST, text, 7);
    assert_string_equal(run.what, "f");
    assert_int_equal(run.last.frame.len, 64);
    assert_int_equal(run.last.stamp_ms, 0);
}

static void test_adapter_understands_what_python_can_sends(void **state) {
    (void)state;
    expect(VB_SLCAN_ADAPTER, "C\rS6\rO\rO\rt1F28307920A0003C0288\rC\r", "ccccfc", 0);
    struct run run;
    play(&run, VB_SLCAN_ADAPTER, "C\rS6\r", 1);
    assert_int_equal(run.last.what, VB_SLCAN_COMMAND);
    assert_int_equal(run.last.letter, 'S');
    assert_int_equal(run.last.value, 6);
    assert_int_equal(vb_slcan_rates[run.last.value], 500000);
    play(&run, VB_SLCAN_ADAPTER, "O\rR12ABCDEF6\r", 3);
    assert_int_equal(run.last.what, VB_SLCAN_FRAME);
    assert_int_equal(run.last.frame.remote_len, 6);
}

static void test_adapter_reads_every_command(void **state) {
    (void)state;
    static const struct {
        const char *text;
        char letter;
        uint32_t value;
    } rows[] = {
        {"S9\r", 'S', 9}, {"s031C\r", 's', 0x031C}, {"O\r", 'O', 0},
        {"L\r", 'L', 0},  {"C\r", 'C', 0},          {"P\r", 'P', 0},
        {"A\r", 'A', 0},  {"F\r", 'F', 0},          {"X1\r", 'X', 1},
        {"W0\r", 'W', 0}, {"M00000000\r", 'M', 0},  {"mFFFFFFFF\r", 'm', 0xFFFFFFFF},
        {"U1\r", 'U', 1}, {"V\r", 'V', 0},          {"v\r", 'v', 0},
        {"N\r", 'N', 0},  {"Z1\r", 'Z', 1},         {"Q2\r", 'Q', 2},
        {"Y5\r", 'Y', 5}, {"\r\r\rS0\r", 'S', 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        play(&run, VB_SLCAN_ADAPTER, rows[i].text, 1);
        assert_string_equal(run.what, "c");
        assert_int_equal(run.last.letter, rows[i].letter);
        assert_int_equal(run.last.value, rows[i].value);
        char out[VB_SLCAN_TEXT];
        const char *text = rows[i].text + strspn(rows[i].text, "\r");
        int n = vb_slcan_put_command(rows[i].letter, rows[i].value, out);
        assert_int_equal(n, strlen(text));
        assert_memory_equal(out, text, (size_t)n);
    }
}

static void test_adapter_refuses_what_is_no_command(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int error;
    } rows[] = {
        {"S\r", VB_E_FORMAT},   {"S66\r", VB_E_FORMAT},   {"SA\r", VB_E_RANGE},
        {"O1\r", VB_E_FORMAT},  {"k\r", VB_E_UNKNOWN},    {"z\r", VB_E_UNKNOWN},
        {"Z2\r", VB_E_RANGE},   {"M1234\r", VB_E_FORMAT}, {"t8000\r", VB_E_RANGE},
        {"t12\r", VB_E_FORMAT}, {"C\a\r", VB_E_FORMAT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run run;
        play(&run, VB_SLCAN_ADAPTER, rows[i].text, 1);
        assert_string_equal(run.what, "!");
        assert_int_equal(run.bad.error, rows[i].error);
        assert_int_equal(run.s.bad, 1);
    }
}

static void test_an_event_that_waits_stops_the_feed(void **state) {
    (void)state;
    struct vb_slcan s;
    struct vb_slcan_event event;
    vb_slcan_init(&s, VB_SLCAN_HOST);
    assert_false(vb_slcan_next(&s, &event));
    assert_int_equal(vb_slcan_feed(&s, (const uint8_t *)"z\rZ\r", 4), 2);
    assert_int_equal(vb_slcan_feed(&s, (const uint8_t *)"Z\r", 2), 0);
    assert_true(vb_slcan_next(&s, &event));
    assert_int_equal(event.letter, 'z');
    assert_false(vb_slcan_next(&s, &event));
    assert_int_equal(vb_slcan_feed(&s, (const uint8_t *)"Z\r", 2), 2);
    assert_true(vb_slcan_next(&s, &event));
    assert_int_equal(event.letter, 'Z');
}

/* ---- writing ---- */

static void expect_frame(struct vb_frame frame, int32_t stamp_ms, const char *text) {
    char out[VB_SLCAN_TEXT];
    int n = vb_slcan_put_frame(&frame, stamp_ms, out);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(out, text, (size_t)n);
}

static void test_frames_are_written_as_python_can_writes_them(void **state) {
    (void)state;
    static const uint8_t aa55[] = {0xAA, 0x55};
    static const uint8_t leaf[] = {0x30, 0x79, 0x20, 0xA0, 0x00, 0x3C, 0x02, 0x88};
    static const uint8_t twelve[12] = {0x01};
    expect_frame((struct vb_frame){.id = 0x1F2, .len = 8, .data = leaf}, -1,
                 "t1F28307920A0003C0288\r");
    expect_frame((struct vb_frame){.id = 0x12ABCDEF, .flags = VB_FRAME_EXT, .len = 2, .data = aa55},
                 -1, "T12ABCDEF2AA55\r");
    expect_frame((struct vb_frame){.id = 0x456, .len = 2, .data = aa55}, 59999, "t4562AA55EA5F\r");
    expect_frame(
        (struct vb_frame){.id = 0x12ABCDEF, .flags = VB_FRAME_EXT | VB_FRAME_RTR, .remote_len = 6},
        -1, "R12ABCDEF6\r");
    expect_frame((struct vb_frame){.id = 0x123, .flags = VB_FRAME_RTR}, -1, "r1230\r");
    expect_frame(
        (struct vb_frame){
            .id = 0x123, .flags = VB_FRAME_FD | VB_FRAME_BRS, .len = 12, .data = twelve},
        -1, "b1239010000000000000000000000\r");
}

static void test_frames_that_slcan_cannot_carry_are_refused(void **state) {
    (void)state;
    static const uint8_t zeros[64] = {0};
    const struct vb_frame frames[] = {
        {.id = 0x800},
        {.id = 0x20000000, .flags = VB_FRAME_EXT},
        {.id = 1, .len = 9, .data = zeros},
        {.id = 1, .len = 13, .data = zeros, .flags = VB_FRAME_FD},
        {.id = 1, .len = 65, .data = zeros, .flags = VB_FRAME_FD},
        {.id = 1, .flags = VB_FRAME_FD | VB_FRAME_RTR},
        {.id = 4, .flags = VB_FRAME_ERR},
        {.id = 1, .kind = VB_KIND_LIN},
    };
    char out[VB_SLCAN_TEXT];
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        assert_int_equal(vb_slcan_put_frame(&frames[i], -1, out), VB_E_RANGE);
    }
    assert_int_equal(vb_slcan_put_command('k', 0, out), VB_E_UNKNOWN);
    assert_int_equal(vb_slcan_put_command('S', 10, out), VB_E_RANGE);
}

static void test_answers_are_cr_bel_z_and_letters(void **state) {
    (void)state;
    char out[VB_SLCAN_TEXT];
    assert_int_equal(vb_slcan_put_answer(VB_SLCAN_OK, 0, NULL, 0, out), 1);
    assert_int_equal(out[0], '\r');
    assert_int_equal(vb_slcan_put_answer(VB_SLCAN_ERROR, 0, NULL, 0, out), 1);
    assert_int_equal(out[0], '\a');
    assert_int_equal(vb_slcan_put_answer(VB_SLCAN_SENT, 'Z', NULL, 0, out), 2);
    assert_memory_equal(out, "Z\r", 2);
    assert_int_equal(vb_slcan_put_answer(VB_SLCAN_ANSWER, 'V', "1013", 4, out), 6);
    assert_memory_equal(out, "V1013\r", 6);
    assert_int_equal(vb_slcan_put_answer(VB_SLCAN_SENT, 'y', NULL, 0, out), VB_E_RANGE);
    assert_int_equal(vb_slcan_put_answer(VB_SLCAN_ANSWER, 'S', "6", 1, out), VB_E_RANGE);
    assert_int_equal(vb_slcan_put_answer(VB_SLCAN_FRAME, 0, NULL, 0, out), VB_E_RANGE);
}

static void test_bit_rates_have_their_digits(void **state) {
    (void)state;
    assert_int_equal(vb_slcan_rate_digit(10000), 0);
    assert_int_equal(vb_slcan_rate_digit(500000), 6);
    assert_int_equal(vb_slcan_rate_digit(800000), 7);
    assert_int_equal(vb_slcan_rate_digit(750000), 7);
    assert_int_equal(vb_slcan_rate_digit(1000000), 8);
    assert_int_equal(vb_slcan_rate_digit(83300), 9);
    assert_int_equal(vb_slcan_rate_digit(9600), VB_E_UNKNOWN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line_of_python_can_is_a_frame),
        cmocka_unit_test(test_line_reads_every_letter),
        cmocka_unit_test(test_line_refuses_what_is_no_frame),
        cmocka_unit_test(test_line_cut_short_is_never_a_frame),
        cmocka_unit_test(test_host_reads_frames_and_answers),
        cmocka_unit_test(test_host_reads_on_after_garbage),
        cmocka_unit_test(test_a_line_too_long_is_one_bad_line),
        cmocka_unit_test(test_adapter_understands_what_python_can_sends),
        cmocka_unit_test(test_adapter_reads_every_command),
        cmocka_unit_test(test_adapter_refuses_what_is_no_command),
        cmocka_unit_test(test_an_event_that_waits_stops_the_feed),
        cmocka_unit_test(test_frames_are_written_as_python_can_writes_them),
        cmocka_unit_test(test_frames_that_slcan_cannot_carry_are_refused),
        cmocka_unit_test(test_answers_are_cr_bel_z_and_letters),
        cmocka_unit_test(test_bit_rates_have_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
