/* test_rapi.c - RAPI lines: written, read, and paired by the tap.
 * Bytes: reference/rapi.md sections 1, 6, 7; other checksums were worked out by a script of a few
 * lines.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/rapi.h"

/* ---- writing ---- */

static void expect_put(const char *body, enum vb_rapi_sum sum, uint8_t sequence, const char *line) {
    char out[64];
    size_t n = strlen(line);
    memset(out, '#', sizeof out);
    assert_int_equal(vb_rapi_put(body, strlen(body), sum, sequence, out, n), n);
    assert_memory_equal(out, line, n);
    assert_int_equal(out[n], '#');
    memset(out, '#', sizeof out);
    assert_int_equal(vb_rapi_put(body, strlen(body), sum, sequence, out, n - 1), VB_E_SPACE);
    assert_int_equal(out[0], '#');
}

static void test_lines_are_written_as_the_worked_exchanges_have_them(void **state) {
    (void)state;
    expect_put("GV", VB_RAPI_XOR, 0, "$GV^35\r");
    expect_put("GV", VB_RAPI_ADD, 0, "$GV*C1\r");
    expect_put("GV", VB_RAPI_PLAIN, 0, "$GV\r");
    expect_put("GV", VB_RAPI_XOR, 0x5A, "$GV :5A^5B\r");
    expect_put("QQ", VB_RAPI_XOR, 0x11, "$QQ :11^3E\r");
    expect_put("SC 10 V", VB_RAPI_XOR, 0, "$SC 10 V^63\r");
    expect_put("S1 26 11 20 17 40 0", VB_RAPI_XOR, 0, "$S1 26 11 20 17 40 0^72\r");
    expect_put("FP 0 1 HELLO", VB_RAPI_XOR, 0, "$FP 0 1 HELLO^51\r");
    expect_put("OK  ABCDEFFF0A1B2C", VB_RAPI_XOR, 0, "$OK  ABCDEFFF0A1B2C^54\r");
    expect_put("OK ", VB_RAPI_PLAIN, 0, "$OK \r");
    expect_put("NK", VB_RAPI_XOR, 0x11, "$NK :11^3B\r");
    /* what stands for a space on the display */
    expect_put("FP 0 0 A\xFE"
               "B\x01\x11\xEF",
               VB_RAPI_PLAIN, 0,
               "$FP 0 0 A\xFE"
               "B\x01\x11\xEF\r");
}

static void test_the_longest_line_that_a_box_takes_is_31_characters(void **state) {
    (void)state;
    char out[VB_RAPI_SEND_MAX + 1];
    const char *body = "FP 0 0 ABCDEFGHIJKLMNOP";
    assert_int_equal(vb_rapi_put(body, strlen(body), VB_RAPI_XOR, 0x5A, out, sizeof out), 32);
    assert_int_equal(out[31], '\r');
    assert_memory_equal(out, "$FP 0 0 ABCDEFGHIJKLMNOP :5A^", 29);
}

static void test_what_would_end_a_line_or_begin_another_is_not_written(void **state) {
    (void)state;
    static const char *const bad[] = {"",       "G",      " GV",    "G V",       "FP 0 0 a$b",
                                      "FP 0 ^", "FP 0 *", "GV\r",   "GV\n",      "GV\x7F",
                                      "GV\x80", "GV\t",   "FP :5A", "FP 0 0 :ab"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char out[64] = "#";
        assert_int_equal(vb_rapi_put(bad[i], strlen(bad[i]), VB_RAPI_XOR, 0, out, sizeof out),
                         VB_E_FORMAT);
        assert_int_equal(out[0], '#');
    }
    char out[64];
    assert_int_equal(vb_rapi_put("GV\0", 3, VB_RAPI_XOR, 0, out, sizeof out), VB_E_FORMAT);
    expect_put("FP :5A", VB_RAPI_PLAIN, 0x11, "$FP :5A :11\r"); /* here it is text */
    expect_put("FP :5", VB_RAPI_PLAIN, 0, "$FP :5\r");
    expect_put("FP :5G", VB_RAPI_PLAIN, 0, "$FP :5G\r");
}

static void test_ten_fields_are_written_eleven_are_not(void **state) {
    (void)state;
    char out[64];
    expect_put("GG 1 2 3 4 5 6 7 8 9", VB_RAPI_PLAIN, 0, "$GG 1 2 3 4 5 6 7 8 9\r");
    expect_put("GG 1 2 3 4 5 6 7 8", VB_RAPI_PLAIN, 1, "$GG 1 2 3 4 5 6 7 8 :01\r");
    assert_int_equal(vb_rapi_put("GG 1 2 3 4 5 6 7 8 9", 20, VB_RAPI_PLAIN, 1, out, sizeof out),
                     VB_E_RANGE);
    assert_int_equal(vb_rapi_put("GG 1 2 3 4 5 6 7 8 9 0", 22, VB_RAPI_PLAIN, 0, out, sizeof out),
                     VB_E_RANGE);
}

/* ---- reading ---- */

/* Read all of it; the lines as text: "body|sum sequence|" with '!' before one that is bad. */
static void read_all(struct vb_rapi_reader *reader, const char *bytes, size_t n, char *out,
                     size_t cap) {
    static const char sums[] = {'-', '^', '*'};
    struct vb_rapi_line line;
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (vb_rapi_reader_feed(reader, (uint8_t)bytes[i], &line)) {
            assert_int_equal(line.text[0], '$');
            len += (size_t)snprintf(out + len, cap - len, "%s%.*s|%c%02X ", line.bad ? "!" : "",
                                    line.body_n, line.text + 1, sums[line.sum], line.sequence);
            assert_true(len < cap);
        }
    }
}

static void expect_read(bool device, const char *bytes, const char *lines) {
    char out[400];
    struct vb_rapi_reader reader;
    vb_rapi_reader_init(&reader, device, device ? VB_RAPI_SEND_MAX : VB_RAPI_LINE_MAX);
    read_all(&reader, bytes, strlen(bytes), out, sizeof out);
    assert_string_equal(out, lines);
}

static void test_every_form_of_checksum_is_read(void **state) {
    (void)state;
    expect_read(false, "$OK 8.2.3 5.2.1^2F\r", "OK 8.2.3 5.2.1|^00 ");
    expect_read(false, "$OK D3.8.4 1.0.3\r", "OK D3.8.4 1.0.3|-00 ");
    expect_read(false, "$OK \r", "OK |-00 ");
    expect_read(true, "$GV*C1\r$GV*c1\r$GV\r$GV^35\r", "GV|*00 GV|*00 GV|-00 GV|^00 ");
    expect_read(false, "$AT 03 03 16 0140^33\r", "AT 03 03 16 0140|^00 ");
    expect_read(false, "$AN 1^3A\r$AN 1^3a\r", "AN 1|^00 AN 1|^00 ");
}

static void test_sequence_ids_are_no_part_of_the_body(void **state) {
    (void)state;
    expect_read(true, "$GV :5A^5B\r", "GV|^5A ");
    expect_read(true, "$GV :00^2F\r", "GV|^00 ");
    expect_read(false, "$OK 8.2.3 5.2.1 :5A^41\r$NK :11^3B\r", "OK 8.2.3 5.2.1|^5A NK|^11 ");
    expect_read(true, "$GV :5a\r", "GV|-5A ");
    expect_read(true, "$GV :5\r$GV :5AB\r$GV 5A\r$GV:5A\r$ :5A\r",
                "GV :5|-00 GV :5AB|-00 GV 5A|-00 GV:5A|-00  :5A|-00 ");
    expect_read(true, "$GV :11 :22\r", "GV :11|-22 "); /* the last one only */
}

static void test_a_wrong_checksum_is_told(void **state) {
    (void)state;
    expect_read(true, "$GV^00\r", "!GV|^00 ");
    expect_read(true, "$GV*C2\r", "!GV|*00 ");
    expect_read(false, "$OK 8.2.3 5.2.1^\r$OK 8.2.3 5.2.1^2\r$OK 8.2.3 5.2.1^2G\r",
                "!OK 8.2.3 5.2.1|^00 !OK 8.2.3 5.2.1|^00 !OK 8.2.3 5.2.1|^00 ");
    expect_read(false, "$OK 8.2.4 5.2.1^2F\r", "!OK 8.2.4 5.2.1|^00 ");
}

static void test_only_a_box_does_not_look_behind_the_two_digits(void **state) {
    (void)state;
    expect_read(true, "$GV^35xyz\r", "GV|^00 ");
    expect_read(false, "$GV^35xyz\r$GV^35 \r", "!GV|^00 !GV|^00 ");
}

static void test_the_first_of_both_marks_begins_the_checksum(void **state) {
    (void)state;
    expect_read(true, "$GV^35*00\r", "GV|^00 ");
    expect_read(true, "$FP 0 0 a*b^00\r", "!FP 0 0 a|*00 ");
}

static void test_what_stands_between_lines_is_skipped_and_counted(void **state) {
    (void)state;
    char out[100];
    struct vb_rapi_reader reader;
    vb_rapi_reader_init(&reader, false, VB_RAPI_LINE_MAX);
    const char *bytes = "3 754^25\r\n$OK^20\r\n\r\nnoise$OK^20\r$\r";
    read_all(&reader, bytes, strlen(bytes), out, sizeof out);
    assert_string_equal(out, "OK|^00 OK|^00 ");
    assert_int_equal(reader.skipped, 8 + 5 + 1);
}

static void test_a_dollar_begins_anew(void **state) {
    (void)state;
    char out[100];
    struct vb_rapi_reader reader;
    vb_rapi_reader_init(&reader, true, VB_RAPI_SEND_MAX);
    const char *bytes = "$SC 1$GV^35\r$$$GV^35\r";
    read_all(&reader, bytes, strlen(bytes), out, sizeof out);
    assert_string_equal(out, "GV|^00 GV|^00 ");
    assert_int_equal(reader.skipped, 5 + 2);
}

/* Firmware 7.1.5; the second line was cut short by the third. */
static void test_the_odd_answer_to_gi_is_one_line(void **state) {
    (void)state;
    expect_read(false, "$OK $GI ABCDEF1234^09\r", "OK $GI ABCDEF1234|^00 ");
    expect_read(false, "$OK $AT 03 03 16 0140^33\r", "AT 03 03 16 0140|^00 ");
    expect_read(false, "$OK $GS^30\r$OK $G$OK^20\r", "GS|^00 OK|^00 ");
    expect_read(false, "$OK $GI\r$OK $\r$OK $G\r", "GI|-00 G|-00 ");
    expect_read(true, "$OK $GI ABC\r", "GI ABC|-00 "); /* to a box it is a command */
}

static void test_a_line_that_is_too_long_is_dropped_whole(void **state) {
    (void)state;
    char out[100];
    struct vb_rapi_reader reader;
    vb_rapi_reader_init(&reader, true, VB_RAPI_SEND_OLD);
    const char *bytes = "$FP 0 0 ABCDEFGHIJKLMNOPQ^53\r"   /* 28 */
                        "$FP 0 0 ABCDEFGHIJKLMNOPQR^01\r"  /* 29 */
                        "$FP 0 0 ABCDEFGHIJKLMNOPQRS^52\r" /* 30 */
                        "$GV^35\r";
    read_all(&reader, bytes, strlen(bytes), out, sizeof out);
    assert_string_equal(out, "FP 0 0 ABCDEFGHIJKLMNOPQ|^00 FP 0 0 ABCDEFGHIJKLMNOPQR|^00 GV|^00 ");
    assert_int_equal(reader.skipped, 30);
}

static void test_a_dollar_ends_a_line_that_is_too_long(void **state) {
    (void)state;
    expect_read(true, "$FP 0 0 ABCDEFGHIJKLMNOPQRSTUVWXYZ$GV^35\r", "GV|^00 ");
}

static void test_the_longest_answer_is_120_characters(void **state) {
    (void)state;
    char line[130];
    memset(line, 'x', sizeof line);
    memcpy(line, "$OK ", 4);
    line[120] = '\r';
    char out[200];
    struct vb_rapi_reader reader;
    vb_rapi_reader_init(&reader, false, VB_RAPI_LINE_MAX);
    read_all(&reader, line, 121, out, sizeof out);
    assert_int_equal(strlen(out), 119 + 5);
    line[120] = 'x';
    line[121] = '\r';
    read_all(&reader, line, 122, out, sizeof out);
    assert_string_equal(out, "");
    assert_int_equal(reader.skipped, 121);
}

static void test_a_line_without_its_end_is_none(void **state) {
    (void)state;
    expect_read(false, "$OK 8.2.3 5.2.1^2F", "");
}

/* ---- what it is ---- */

static void expect_kind(const char *text, enum vb_rapi_what what, const char *id) {
    struct vb_rapi_line line = {
        .text = text, .n = (uint16_t)strlen(text), .body_n = (uint16_t)(strlen(text) - 1)};
    assert_int_equal(vb_rapi_line_what(&line), what);
    assert_int_equal(vb_rapi_line_id(&line), id ? VB_RAPI_ID(id[0], id[1]) : 0);
}

static void test_answers_news_and_commands_are_told_apart(void **state) {
    (void)state;
    expect_kind("$OK", VB_RAPI_OK, NULL);
    expect_kind("$OK ", VB_RAPI_OK, NULL);
    expect_kind("$OK 16", VB_RAPI_OK, NULL);
    expect_kind("$NK", VB_RAPI_NK, NULL);
    expect_kind("$NK 6", VB_RAPI_NK, NULL);
    expect_kind("$OK16", VB_RAPI_ASKED, NULL);
    expect_kind("$O", VB_RAPI_ASKED, NULL);
    expect_kind("$AT 03 03 16 0140", VB_RAPI_NEWS, "AT");
    expect_kind("$AB 00 8.2.3", VB_RAPI_NEWS, "AB");
    expect_kind("$AN 0", VB_RAPI_NEWS, "AN");
    expect_kind("$WF 02", VB_RAPI_NEWS, "WF");
    expect_kind("$GS", VB_RAPI_ASKED, "GS");
    expect_kind("$SC 16", VB_RAPI_ASKED, "SC");
}

static void test_st_is_news_with_one_field_and_a_command_with_four(void **state) {
    (void)state;
    expect_kind("$ST 03", VB_RAPI_NEWS, "ST");
    expect_kind("$ST 23 0 6 30", VB_RAPI_ASKED, "ST");
    expect_kind("$ST", VB_RAPI_ASKED, "ST");
}

/* ---- the tap ---- */

/* Both sides of a line as frames: "GS:GS? GS:OK 3 754 ", '?' where it asks, '!' where it is damaged. */
static void tap_all(struct vb_rapi_tap *tap, const char *bytes, size_t n, char *out, size_t cap) {
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        struct vb_frame frame;
        char id[VB_FRAME_ID_TEXT];
        if (vb_rapi_tap_feed(tap, (uint8_t)bytes[i], &frame)) {
            assert_int_equal(frame.kind, VB_KIND_RAPI);
            assert_int_equal(frame.flags & ~VB_FRAME_ASK, 0);
            len +=
                (size_t)snprintf(out + len, cap - len, "%s%.*s:%.*s%s ", frame.fault ? "!" : "",
                                 (int)vb_frame_id_text(&frame, id), id, (int)frame.len,
                                 (const char *)frame.data, frame.flags & VB_FRAME_ASK ? "?" : "");
            assert_true(len < cap);
        }
    }
}

static void test_the_tap_pairs_answers_with_their_questions(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *frames;
    } exchanges[] = {
        {"$GV^35\r$OK 8.2.3 5.2.1^2F\r", "GV:GV? GV:OK 8.2.3 5.2.1 "},
        {"$GV*C1\r$OK 8.2.3 5.2.1^2F\r", "GV:GV? GV:OK 8.2.3 5.2.1 "},
        {"$GV^35\r$OK D3.8.4 1.0.3\r", "GV:GV? GV:OK D3.8.4 1.0.3 "},
        {"$GV :5A^5B\r$OK 8.2.3 5.2.1 :5A^41\r", "GV:GV? GV:OK 8.2.3 5.2.1 "},
        {"$GV^00\r$NK^21\r", "!GV:GV? --:NK "},
        {"$GS*BE\r$OK 3 754\r", "GS:GS? GS:OK 3 754 "},
        {"$SC 3^27\r$NK 6^37\r", "SC:SC 3? SC:NK 6 "},
        {"$FS^31\r$OK^20\r$AT fe 01 32 0200^30\r", "FS:FS? FS:OK AT:AT fe 01 32 0200 "},
        {"$FS^31\r$ST fe^00\r$OK^20\r", "FS:FS? ST:ST fe FS:OK "},
        {"$ST 23 0 6 30^27\r$OK^20\r$GD^27\r$OK 23 0 6 30^24\r",
         "ST:ST 23 0 6 30? ST:OK GD:GD? GD:OK 23 0 6 30 "},
        {"$GI^2A\r$OK  ABCDEFFF0A1B2C^54\r", "GI:GI? GI:OK  ABCDEFFF0A1B2C "},
        {"$SD 0^23\r$OK \r", "SD:SD 0? SD:OK  "},
        {"$OK 3 754^25\r", "--:OK 3 754 "},
    };
    for (size_t i = 0; i < sizeof exchanges / sizeof exchanges[0]; i++) {
        const char *bytes = exchanges[i].bytes;
        char out[300];
        struct vb_rapi_tap tap;
        vb_rapi_tap_init(&tap);
        tap_all(&tap, bytes, strlen(bytes), out, sizeof out);
        assert_string_equal(out, exchanges[i].frames);
        vb_rapi_tap_init(&tap); /* the last byte missing: one frame fewer */
        tap_all(&tap, bytes, strlen(bytes) - 1, out, sizeof out);
        assert_memory_equal(exchanges[i].frames, out, strlen(out));
        assert_true(strlen(out) < strlen(exchanges[i].frames));
    }
}

static void expect_tap(const char *bytes, const char *frames) {
    char out[300];
    struct vb_rapi_tap tap;
    vb_rapi_tap_init(&tap);
    tap_all(&tap, bytes, strlen(bytes), out, sizeof out);
    assert_string_equal(out, frames);
}

static void test_the_tap_knows_what_answers_nothing(void **state) {
    (void)state;
    /* a second answer; one with the id of another question, before the right one */
    expect_tap("$GS^30\r$OK 3 754^25\r$OK 3 754^25\r", "GS:GS? GS:OK 3 754 --:OK 3 754 ");
    expect_tap("$GV :5A^5B\r$NK :11^3B\r$OK 8.2.3 5.2.1 :5A^41\r",
               "GV:GV? --:NK GV:OK 8.2.3 5.2.1 ");
    /* one that has lost its checksum, where others have one */
    expect_tap("$GE^26\r$OK 32 0021^22\r$GS^30\r$OK 03 754\r$OK 03 754 03 0140^13\r",
               "GE:GE? GE:OK 32 0021 GS:GS? !--:OK 03 754 GS:OK 03 754 03 0140 ");
    /* a damaged answer, then one that is whole */
    expect_tap("$GS^30\r$OK 3 755^25\r$OK 3 754^25\r", "GS:GS? !--:OK 3 755 GS:OK 3 754 ");
}

static void test_a_frame_and_its_side_are_the_line_again(void **state) {
    (void)state;
    struct vb_rapi_reader reader;
    struct vb_rapi_line line;
    struct vb_frame frame;
    const char *bytes = "$OK 8.2.3 5.2.1 :5A^41\r";
    vb_rapi_reader_init(&reader, false, VB_RAPI_LINE_MAX);
    bool whole = false;
    for (size_t i = 0; bytes[i]; i++) {
        whole = vb_rapi_reader_feed(&reader, (uint8_t)bytes[i], &line);
    }
    assert_true(whole);
    vb_rapi_line_frame(&line, VB_RAPI_ID('G', 'V'), &frame);
    assert_int_equal(frame.id, 0x4756);
    assert_int_equal(frame.len, 14);
    assert_memory_equal(frame.data, "OK 8.2.3 5.2.1", 14);
    assert_int_equal(frame.side_len, 7);
    assert_memory_equal(frame.side, " :5A^41", 7);
    assert_int_equal(frame.flags, 0);
    assert_int_equal(frame.fault, VB_FAULT_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_written_as_the_worked_exchanges_have_them),
        cmocka_unit_test(test_the_longest_line_that_a_box_takes_is_31_characters),
        cmocka_unit_test(test_what_would_end_a_line_or_begin_another_is_not_written),
        cmocka_unit_test(test_ten_fields_are_written_eleven_are_not),
        cmocka_unit_test(test_every_form_of_checksum_is_read),
        cmocka_unit_test(test_sequence_ids_are_no_part_of_the_body),
        cmocka_unit_test(test_a_wrong_checksum_is_told),
        cmocka_unit_test(test_only_a_box_does_not_look_behind_the_two_digits),
        cmocka_unit_test(test_the_first_of_both_marks_begins_the_checksum),
        cmocka_unit_test(test_what_stands_between_lines_is_skipped_and_counted),
        cmocka_unit_test(test_a_dollar_begins_anew),
        cmocka_unit_test(test_the_odd_answer_to_gi_is_one_line),
        cmocka_unit_test(test_a_line_that_is_too_long_is_dropped_whole),
        cmocka_unit_test(test_a_dollar_ends_a_line_that_is_too_long),
        cmocka_unit_test(test_the_longest_answer_is_120_characters),
        cmocka_unit_test(test_a_line_without_its_end_is_none),
        cmocka_unit_test(test_answers_news_and_commands_are_told_apart),
        cmocka_unit_test(test_st_is_news_with_one_field_and_a_command_with_four),
        cmocka_unit_test(test_the_tap_pairs_answers_with_their_questions),
        cmocka_unit_test(test_the_tap_knows_what_answers_nothing),
        cmocka_unit_test(test_a_frame_and_its_side_are_the_line_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
