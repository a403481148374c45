/* test_reader_rapi.c - lines of an OpenEVSE in text: what may stand around them, whole, cut and damaged.
 * Exchanges: reference/rapi.md section 7.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "host/file/format.h"

static struct reader reader;

/* All frames of a text: "1.5 evse GS? GS:OK 3 754 ": time and link where they change, '?' where it
 * asks, '!' where it is damaged, '>' where we sent it; "#" is a line that is not understood. */
static const char *read_all(const char *text, size_t n, const char *format) {
    static char out[4000];
    size_t len = 0;
    int64_t t_ns = 0;
    const char *link = "rapi";
    struct lines *lines = lines_of_text(text, n);
    struct vb_frame f;
    assert_non_null(lines);
    reader_init(&reader, lines, format_find(format));
    out[0] = '\0';
    for (int result; (result = reader_next(&reader, &f)) != 0;) {
        char id[VB_FRAME_ID_TEXT + 1] = "";
        assert_true(len < sizeof out - 300);
        if (result < 0) {
            assert_true(reader.why[0] != '\0');
            len += (size_t)sprintf(out + len, "# ");
            continue;
        }
        assert_int_equal(f.kind, VB_KIND_RAPI);
        assert_int_equal(!(f.flags & VB_FRAME_NO_TIME), f.t_ns != 0);
        vb_frame_id_text(&f, id);
        if (f.t_ns != t_ns) {
            len += (size_t)sprintf(out + len, "%.6f ", (double)f.t_ns / 1e9);
            t_ns = f.t_ns;
        }
        if (strcmp(reader.links[f.bus], link) != 0) {
            link = reader.links[f.bus];
            len += (size_t)sprintf(out + len, "%s ", link);
        }
        len += (size_t)sprintf(out + len, "%s%s%s:%.*s%s ", f.flags & VB_FRAME_TX ? ">" : "",
                               f.fault ? "!" : "", id, (int)f.len, (const char *)f.data,
                               f.flags & VB_FRAME_ASK ? "?" : "");
    }
    lines_close(lines);
    return out;
}

static void gives(const char *text, const char *frames) {
    assert_string_equal(read_all(text, strlen(text), "rapi"), frames);
}

static void test_a_line_stands_alone_or_behind_what_logs_write(void **state) {
    (void)state;
    setenv("TZ", "UTC", 1);
    gives("$GS^30", "GS:GS? ");
    gives("  $GS^30  ", "GS:GS? ");
    gives("> $GS^30", ">GS:GS? ");
    gives("TX: $GS^30", ">GS:GS? ");
    gives("tx $GS^30", "GS:GS? ");
    gives("RX $AT 03 03 16 0140^33", "AT:AT 03 03 16 0140 ");
    gives("(1712145600.123456) evse > $GS^30", "1712145600.123456 evse >GS:GS? ");
    gives("1712145600.5 < $ST fe^00", "1712145600.500000 ST:ST fe ");
    gives("1712145600 $GS", "1712145600.000000 GS:GS? ");
    gives("[2026-11-20 17:39:00.123] > $GS^30", "1795196340.123000 >GS:GS? ");
    gives("2026-11-20T17:39:00Z $GS^30", "1795196340.000000 GS:GS? ");
    gives("2026-11-20T18:39:00.5+01:00 $GS^30", "1795196340.500000 GS:GS? ");
    gives("2026-11-20 12:09:00-0530, $GS^30", "1795196340.000000 GS:GS? ");
    gives("17:39:00.123 -> $GS^30", "63540.123000 GS:GS? ");
    gives("Sending: $GS^30", "GS:GS? ");
    gives("| 10 | idle | `> $GS^30`<br>`< $OK 01 0 01 0200^12` | state 01 |",
          ">GS:GS? GS:OK 01 0 01 0200 ");
    gives("$GS^30 ; a note", "GS:GS? ");
    gives("$GS # a note", "GS:GS? ");
}

static void test_a_local_time_is_that_of_this_machine(void **state) {
    (void)state;
    setenv("TZ", "EST5", 1);
    gives("2026-11-20 12:39:00 $GS^30", "1795196340.000000 GS:GS? ");
    setenv("TZ", "UTC", 1);
}

static void test_an_answer_has_the_id_of_its_question(void **state) {
    (void)state;
    gives("$GS^30\n$OK 03 754 03 0140^13\n", "GS:GS? GS:OK 03 754 03 0140 ");
    gives("$GS^30 $OK 03 754 03 0140^13", "GS:GS? GS:OK 03 754 03 0140 ");
    gives("> $GV < $OK D3.8.4 1.0.3", ">GV:GV? GV:OK D3.8.4 1.0.3 ");
    gives("(1.5) a > $GV^35 < $OK 8.2.3 5.2.1^2F", "1.500000 a >GV:GV? GV:OK 8.2.3 5.2.1 ");
    gives("GS: $OK 03 754 03 0140^13", "GS:OK 03 754 03 0140 ");
    gives("$OK 03 754 03 0140^13", "--:OK 03 754 03 0140 ");
    gives("$GI^2A\n$OK $GI ABCDEFFF0A1B2C^7E\n", "GI:GI? GI:OK $GI ABCDEFFF0A1B2C ");
    gives("$FS^31\r$ST fe^00\r$OK^20\r", "FS:FS? ST:ST fe FS:OK ");
    gives("$GV :5A^5B\n$OK 8.2.3 5.2.1 :5A^41\n", "GV:GV? GV:OK 8.2.3 5.2.1 ");
    gives("$SC 3^27\n$NK 6^37\n", "SC:SC 3? SC:NK 6 ");
    /* news and notes between do not part them; with echo on, lines begin with LF */
    gives("$GS^30\nwaiting ..\n$AT 03 03 16 0140^33\n$OK 03 754 03 0140^13\n",
          "GS:GS? AT:AT 03 03 16 0140 GS:OK 03 754 03 0140 ");
    gives("$GS^30\r\n$GS^30\r\n\n$OK 03 754 03 0140^13\r\n", "GS:GS? GS:GS? GS:OK 03 754 03 0140 ");
}

static void test_each_link_has_a_question_of_its_own(void **state) {
    (void)state;
    static const char text[] = "(1.0) left > $GS^30\n(1.0) right > $GE^26\n"
                               "(1.0) left < $OK 03 754 03 0140^13\n(1.0) right < $OK 32 0021^22\n";
    static const char frames[] = "1.000000 left >GS:GS? right >GE:GE? "
                                 "left GS:OK 03 754 03 0140 right GE:OK 32 0021 ";
    assert_string_equal(read_all(text, strlen(text), "rapi"), frames);
    assert_string_equal(read_all(text, strlen(text), "candump-log"), frames);
}

static void test_damaged_lines_are_frames_with_a_fault(void **state) {
    (void)state;
    gives("$GS^31", "!GS:GS? ");
    gives("$GS^3", "!GS:GS? ");
    gives("$GS^", "!GS:GS? ");
    gives("$GS^3G", "!GS:GS? ");
    gives("$GS^301", "!GS:GS? ");
    gives("$GS^30\n$OK 03 755 03 0140^13\n$OK 03 754 03 0140^13\n",
          "GS:GS? !--:OK 03 755 03 0140 GS:OK 03 754 03 0140 ");
}

/* Without its end, "$OK 03 754 03 0140^13" is the answer of another firmware: a box that has sent a
 * checksum sends all with one. */
static void test_an_answer_cut_anywhere_is_never_another_one(void **state) {
    (void)state;
    static const char before[] = "$GE^26\n$OK 32 0021^22\n$GS^30\n";
    static const char line[] = "$OK 03 754 03 0140^13";
    for (size_t n = 0; n <= strlen(line); n++) {
        char text[80];
        snprintf(text, sizeof text, "%s%.*s", before, (int)n, line);
        char *copy = strdup(text); /* the sanitizer watches its end */
        const char *frames = read_all(copy, strlen(copy), "rapi");
        const char *last = frames + strlen("GE:GE? GE:OK 32 0021 GS:GS? ");
        if (n == strlen(line)) {
            assert_string_equal(last, "GS:OK 03 754 03 0140 ");
        } else {
            assert_null(strstr(frames, "GS:OK"));
            assert_true(*last == '\0' || *last == '!' || *last == '#');
        }
        free(copy);
    }
}

static void test_what_is_no_line_is_passed_over_or_told(void **state) {
    (void)state;
    gives("user@pi:~$ picocom -b 115200 /dev/ttyUSB0\nTerminal ready\n$GS^30\n", "GS:GS? ");
    gives("$\n$ \n$1.50\n$GS^30\n", "GS:GS? ");
    gives("echo $HOME\n$gs\n$G\n$GS^30\n", "# # GS:GS? ");
    gives("one two three four five six seven eight nine $GS^30\n", "# ");
    char text[200] = "$FP ";
    memset(text + 4, 'A', 150);
    gives(text, "# ");
}

static void test_the_format_is_found_by_content(void **state) {
    (void)state;
    static const struct {
        const char *text, *format;
    } cases[] = {
        {"$GS^30\n$OK 03 754 03 0140^13\n", "rapi"},
        {"> $GS^30\n", "rapi"},
        {"\n$OK 03 754^10\r", "rapi"},
        {"(1712145600.123456) evse > $GS^30\n", "candump-log"},
        {"(1.0) can0 1DB#0160B32B32000004\n(1.0) evse < $OK^20\n", "candump-log"},
        {"#!/bin/sh\nPATH=$HOME/bin:$PATH\ncost $5\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lines *lines = lines_of_text(cases[i].text, strlen(cases[i].text));
        reader_init(&reader, lines, NULL);
        assert_string_equal(reader.format ? reader.format->name : "none",
                            cases[i].format ? cases[i].format : "none");
        lines_close(lines);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_stands_alone_or_behind_what_logs_write),
        cmocka_unit_test(test_a_local_time_is_that_of_this_machine),
        cmocka_unit_test(test_an_answer_has_the_id_of_its_question),
        cmocka_unit_test(test_each_link_has_a_question_of_its_own),
        cmocka_unit_test(test_damaged_lines_are_frames_with_a_fault),
        cmocka_unit_test(test_an_answer_cut_anywhere_is_never_another_one),
        cmocka_unit_test(test_what_is_no_line_is_passed_over_or_told),
        cmocka_unit_test(test_the_format_is_found_by_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
