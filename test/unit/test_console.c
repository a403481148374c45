/* test_console.c - what `voltbus console` makes of a typed line, of an answer, and of Tab.
 * Lines of the box: reference/rapi.md, section 7.
 * SPDX-License-Identifier: MIT */
#include "cmd/console_text.h"
#include "test/unit/test.h"
#include "voltbus/rapi.h"

#define V_1_0_3 VB_VERSION(1, 0, 3)
#define V_5_2_1 VB_VERSION(5, 2, 1)
#define V_6_0_0 VB_VERSION(6, 0, 0)

static const struct vb_device *box;
static struct text out;
static struct console_line line;

static int set_up(void **state) {
    (void)state;
    box = vb_device_find("openevse");
    return box ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    text_free(&out);
    return 0;
}

/* As a loop has it: without a 0 behind it. */
static void type(const char *text) {
    size_t n = strlen(text);
    char *copy = malloc(n + !n);
    assert_non_null(copy);
    memcpy(copy, text, n);
    memset(&line, 0xA5, sizeof line);
    console_read(box, copy, n, &line);
    free(copy);
}

static void assert_body(const char *text, const char *body) {
    type(text);
    if (line.what != CONSOLE_BODY || strcmp(line.text, body) != 0 || line.n != strlen(body)) {
        fail_msg("'%s' is %d '%s', expected the body '%s'", text, (int)line.what, line.text, body);
    }
}

/* arguments: joined by '|'. */
static void assert_call(const char *text, const char *name, const char *arguments) {
    char got[200] = "";
    type(text);
    if (line.what != CONSOLE_CALL) {
        fail_msg("'%s' is no call but %d: %s", text, (int)line.what,
                 line.what == CONSOLE_WRONG ? line.why : "");
    }
    assert_string_equal(line.name, name);
    for (size_t i = 0; i < line.count; i++) {
        strcat(got, i > 0 ? "|" : "");
        strcat(got, line.arguments[i]);
    }
    assert_string_equal(got, arguments);
}

static void assert_wrong(const char *text, const char *why) {
    type(text);
    if (line.what != CONSOLE_WRONG || !strstr(line.why, why)) {
        fail_msg("'%s' is %d \"%s\", expected \"%s\"", text, (int)line.what,
                 line.what == CONSOLE_WRONG ? line.why : "", why);
    }
}

static const char *said(void) {
    text_bytes(&out, "", 1);
    assert_false(out.failed);
    out.n--;
    return out.data;
}

static void assert_said(const char *text) {
    assert_string_equal(said(), text);
    text_clear(&out);
}

static void assert_says(const char *part) {
    if (!strstr(said(), part)) {
        fail_msg("\"%s\" does not say \"%s\"", said(), part);
    }
}

/* A line of the box as a frame; of an answer, id is that of its question. Its bytes live until the
 * next one. */
static struct vb_frame heard(const char *text, uint32_t id) {
    static struct vb_rapi_reader reader;
    struct vb_rapi_line read;
    struct vb_frame frame = {0};
    bool whole = false;
    vb_rapi_reader_init(&reader, false, VB_RAPI_LINE_MAX);
    for (const char *c = text; *c; c++) {
        whole = vb_rapi_reader_feed(&reader, (uint8_t)*c, &read);
    }
    assert_true(whole);
    vb_rapi_line_frame(&read, id ? id : vb_rapi_line_id(&read), &frame);
    return frame;
}

static bool explain(const char *text, uint32_t id, size_t columns) {
    struct vb_frame frame = heard(text, id);
    return console_explain(&out, box, &frame, columns);
}

/* ---- a typed line ---- */

static void test_console_reads_rapi_as_it_is_written(void **state) {
    (void)state;
    assert_body("$GS", "GS");
    assert_body("GS", "GS");
    assert_body("gs", "GS");
    assert_body("  $GS  \r", "GS");
    assert_body("SC 16 V", "SC 16 V");
    assert_body("sc 16 V", "SC 16 V");
    assert_body("$FP 0 1 Hello you", "FP 0 1 Hello you");
    assert_body("QQ", "QQ"); /* no call of the table; the hub decides */
    assert_body("$g3", "G3");
}

static void test_console_takes_a_checksum_that_is_right(void **state) {
    (void)state;
    assert_body("$GS^30", "GS");
    assert_body("$GS*BE", "GS");
    assert_body("$SC 10 V^63", "SC 10 V");
    assert_body("$GM^2e", "GM");
    assert_wrong("$GS^31", "checksum ^31, expected ^30");
    assert_wrong("$GS*00", "checksum *00, expected *BE");
    assert_wrong("$GS^3", "checksum ^3, expected ^30");
    assert_wrong("$GS^300", "checksum ^300, expected ^30");
    assert_wrong("$GS^", "checksum ^, expected ^30");
}

static void test_console_refuses_what_rapi_has_not(void **state) {
    (void)state;
    char many[CONSOLE_LINE + 2];
    assert_wrong("$", "expected a code of two characters");
    assert_wrong("$G", "'G': expected a code of two characters");
    assert_wrong("$GSX", "expected a code of two characters");
    assert_wrong("$GS\x01", "a character that RAPI does not have, at 4");
    assert_wrong("x", "unknown word 'x'");
    assert_wrong("caf\xC3\xA9", "a character that RAPI does not have, at 4");
    memset(many, 'x', sizeof many);
    console_read(box, many, sizeof many, &line);
    assert_int_equal(line.what, CONSOLE_WRONG);
    assert_non_null(strstr(line.why, "more than 120 characters"));
}

static void test_console_reads_names_of_calls_and_their_arguments(void **state) {
    (void)state;
    assert_call("status", "status", "");
    assert_call(" capacity ", "capacity", "");
    assert_call("set_timer 23 0  6 30", "set_timer", "23|0|6|30");
    assert_call("set_display_color teal", "set_display_color", "teal");
    assert_call("print 0 1 Hello you", "print", "0|1|Hello you"); /* text goes to the end */
    assert_wrong("set_clock 26 11 20 17 40 0 1", "no call has more than 6 arguments");
}

static void test_console_reads_friendly_words(void **state) {
    (void)state;
    assert_call("state", "status", "");
    assert_call("current", "capacity", "");
    assert_call("current 16", "set_current_volatile", "16");
    assert_call("pause", "pause", "");
    assert_call("resume", "resume", "");
    assert_call("version", "version", "");
}

static void test_console_reads_its_own_words(void **state) {
    (void)state;
    type("quit");
    assert_int_equal(line.what, CONSOLE_QUIT);
    type("help set_timer");
    assert_int_equal(line.what, CONSOLE_HELP);
    assert_int_equal(line.count, 1);
    assert_string_equal(line.arguments[0], "set_timer");
    type("list");
    assert_int_equal(line.what, CONSOLE_LIST);
    assert_int_equal(line.count, 0);
    type("");
    assert_int_equal(line.what, CONSOLE_NOTHING);
    type("# a comment");
    assert_int_equal(line.what, CONSOLE_NOTHING);
    assert_wrong("statsu", "unknown word 'statsu'; did you mean state or status?");
}

/* ---- answers ---- */

static void test_console_explains_a_status_by_its_rows(void **state) {
    (void)state;
    assert_true(explain("$OK 03 754 03 0140^13\r", VB_RAPI_ID('G', 'S'), 80));
    assert_said("  evse.state         charging\n"
                "  session.time       754 s  (12 min 34 s)\n"
                "  pilot.state        charging\n"
                "  evse.flags         relay-closed+ev-connected\n"
                "  vehicle.connected  yes\n"
                "  relay.closed       yes\n"
                "  evse.locked        no\n");
}

static void test_console_explains_the_status_of_an_old_box(void **state) {
    (void)state;
    assert_true(explain("$OK 254 1820^18\r", VB_RAPI_ID('G', 'S'), 80)); /* decimal */
    assert_said("  evse.state    sleeping\n"
                "  session.time  1820 s  (30 min 20 s)\n");
}

static void test_console_says_what_is_not_available(void **state) {
    (void)state;
    assert_true(explain("$OK -1 -1^20\r", VB_RAPI_ID('G', 'G'), 80));
    assert_said("  charge.current  not available\n"
                "  charge.voltage  not available\n"
                "  charge.power    not available\n");
    assert_true(explain("$OK 253 -2560 0^28\r", VB_RAPI_ID('G', 'P'), 80));
    assert_says("  temperature.clock     25.3 °C\n");
    assert_says("  temperature.ambient   not available\n");
}

static void test_console_says_energy_in_kwh_too(void **state) {
    (void)state;
    assert_true(explain("$OK 12240000 317257^20\r", VB_RAPI_ID('G', 'U'), 80));
    assert_said("  energy.session  3400.0 Wh  (3.400 kWh)\n"
                "  energy.total    317257 Wh  (317.257 kWh)\n");
}

static void test_console_survives_numbers_beyond_everything(void **state) {
    (void)state;
    assert_true(explain("$OK 9223372036854775807 9223372036854775807\r", VB_RAPI_ID('G', 'U'), 80));
    assert_null(strstr(said(), "kWh"));
    text_clear(&out);
    assert_true(explain("$OK 9223372036854775807\r", VB_RAPI_ID('G', '3'), 80));
    assert_null(strstr(said(), "("));
}

static void test_console_explains_text_and_the_clamped_current_of_a_refusal(void **state) {
    (void)state;
    assert_true(explain("$OK 8.2.3 5.2.1^2F\r", VB_RAPI_ID('G', 'V'), 80));
    assert_said("  firmware.version  8.2.3\n"
                "  firmware.rapi     5.2.1\n");
    assert_true(explain("$NK 80^09\r", VB_RAPI_ID('S', 'C'), 80));
    assert_says(" 80 A\n");
    assert_non_null(strstr(console_no("SC 90", 5), "what it says instead is in force"));
    assert_non_null(strstr(console_no("S3 4", 4), "only while a car is connected"));
    assert_null(console_no("QQ", 2));
    assert_null(console_no("S", 1));
}

static void test_console_breaks_long_values_where_the_terminal_ends(void **state) {
    (void)state;
    /* vflags 0149: four bits; what stands in brackets is not broken */
    assert_true(explain("$OK 03 754 03 0149\r", VB_RAPI_ID('G', 'S'), 40));
    assert_says("  session.time       754 s\n"
                "                     (12 min 34 s)\n");
    assert_says("  evse.flags\n"
                "    service-test-skipped+locked+\n"
                "    relay-closed+ev-connected\n");
    text_clear(&out);
    assert_true(explain("$OK 03 754 03 0149\r", VB_RAPI_ID('G', 'S'), 60));
    assert_says("  evse.flags         service-test-skipped+locked+\n"
                "                     relay-closed+ev-connected\n");
}

static void test_console_explains_news(void **state) {
    (void)state;
    struct vb_frame frame = heard("$AT fe 01 32 0200^30\r", 0);
    assert_true(console_explain(&out, box, &frame, 80));
    assert_says("  evse.state         sleeping\n");
    assert_says("  pilot.current      32 A\n");
    assert_string_equal(console_title(box, &frame), "State, pilot, current or flags have changed");
    text_clear(&out);
    console_line_text(&out, &frame);
    assert_said("$AT fe 01 32 0200^30");
}

static void test_console_explains_nothing_that_it_does_not_know(void **state) {
    (void)state;
    assert_false(explain("$OK^20\r", VB_RAPI_ID('F', 'E'), 80)); /* says no more than that */
    assert_false(explain("$NK^21\r", VB_RAPI_ID('G', 'S'), 80));
    assert_false(explain("$OK 1 2 3\r", VB_RAPI_ID('Q', 'Q'), 80));
    assert_int_equal(out.n, 0);
}

static void test_console_says_which_checksum_was_expected(void **state) {
    (void)state;
    struct vb_frame frame = heard("$OK 03 754 03 0140^14\r", VB_RAPI_ID('G', 'S'));
    assert_false(console_explain(&out, box, &frame, 80));
    console_damage(&out, &frame);
    assert_said("checksum 14, expected 13");
    frame = heard("$OK 8.2.3 5.2.1 :5A^40\r", VB_RAPI_ID('G', 'V')); /* with a sequence id: 41 */
    console_damage(&out, &frame);
    assert_said("checksum 40, expected 41");
    frame = heard("$OK 16^\r", VB_RAPI_ID('S', 'C'));
    console_damage(&out, &frame);
    assert_said("checksum missing, expected 07");
    frame = heard("$OK 16\r", VB_RAPI_ID('S', 'C'));
    console_damage(&out, &frame);
    assert_said("no checksum, expected ^07");
    frame = heard("$GS*BF\r", 0); /* a sum */
    console_damage(&out, &frame);
    assert_said("checksum BF, expected BE");
}

static void test_console_shows_what_is_not_printable_as_question_marks(void **state) {
    (void)state;
    struct vb_frame frame = {
        .kind = VB_KIND_RAPI, .data = (const uint8_t *)"OK \x1B[2J\xC3", .len = 8};
    console_line_text(&out, &frame);
    assert_said("$OK ?[2J?");
}

/* ---- Tab ---- */

static void assert_completes(const char *text, uint32_t version, const char *words) {
    static struct console_words got;
    char all[4000] = "";
    console_complete(box, version, text, strlen(text), &got);
    for (size_t i = 0; i < got.count; i++) {
        strcat(all, i > 0 ? " " : "");
        strcat(all, got.words[i]);
    }
    if (strcmp(all, words) != 0) {
        fail_msg("'%s' completes to '%s', expected '%s'", text, all, words);
    }
}

static void test_console_completes_the_first_word(void **state) {
    (void)state;
    assert_completes("sta", V_5_2_1, "state status");
    assert_completes("pau", V_5_2_1, "pause");
    assert_completes("qui", V_5_2_1, "quit");
    assert_completes("$GS", V_5_2_1, "$GS");
    assert_completes("GG", V_5_2_1, "GG");
    assert_completes("nothing", V_5_2_1, "");
}

static void test_console_completes_what_the_version_has(void **state) {
    (void)state;
    assert_completes("$FF", V_1_0_3, "");
    assert_completes("$FF", V_5_2_1, "$FF");
    assert_completes("$FF", 0, "$FF"); /* not known yet: everything */
    assert_completes("relay", V_5_2_1, "");
    assert_completes("relay", V_6_0_0, "relay_life relay_wear relays");
}

static void test_console_completes_words_of_arguments(void **state) {
    (void)state;
    assert_completes("set_display_color t", V_5_2_1, "teal");
    assert_completes("set_display_color ", V_5_2_1, "blue green off red teal violet white yellow");
    assert_completes("set_display_color teal ", V_5_2_1, "");
    assert_completes("set_relay d", V_6_0_0, "dc-1 dc-2");
    assert_completes("set_relay dc-1 o", V_6_0_0, "off on");
    assert_completes("current ", V_5_2_1, ""); /* numbers are nobody's words */
    assert_completes("help set_tim", V_5_2_1, "set_time_limit set_timer");
}

static void test_console_completes_letters_of_forms(void **state) {
    (void)state;
    assert_completes("FF ", V_5_2_1, "B D E F G R T V");
    assert_completes("$FF ", V_6_0_0, "B D E F G L O P R T V Z");
    assert_completes("SC 16 ", V_5_2_1, "M V");
    assert_completes("SC 16 ", VB_VERSION(2, 0, 2), "V");
    assert_completes("SC ", V_5_2_1, "");
}

static void test_console_completes_from_where_the_word_begins(void **state) {
    (void)state;
    static struct console_words words;
    console_complete(box, V_5_2_1, "help set_tim", 12, &words);
    assert_int_equal(words.begin, 5);
    assert_int_equal(console_common(&words), 8); /* set_time */
    console_complete(box, V_5_2_1, "zzz", 3, &words);
    assert_int_equal(console_common(&words), 0);
}

/* ---- lists and help ---- */

static void test_console_lists_what_the_version_has(void **state) {
    (void)state;
    size_t old = console_list(&out, box, V_1_0_3, NULL, 80);
    text_clear(&out);
    size_t new = console_list(&out, box, V_5_2_1, NULL, 80);
    assert_in_range(old, 20, new - 1);
    assert_says("  GS  status                   State, session time, pilot and flags (RAPI 5)\n");
    assert_says("! FS  pause                    Sleep: the relay opens, the car may stay\n");
    text_clear(&out);
    assert_int_equal(console_list(&out, box, V_5_2_1, "backlight", 80), 1);
    assert_says("set_display_color");
    text_clear(&out);
    assert_int_equal(console_list(&out, box, V_5_2_1, "nothing of that kind", 80), 0);
    assert_int_equal(out.n, 0);
}

static void test_console_help_tells_arguments_and_versions(void **state) {
    (void)state;
    assert_true(console_help(&out, box, 0, "set_current_volatile", 20, 80));
    assert_said("set_current_volatile  $SC % V\n"
                "  Largest current until the box restarts\n"
                "  % current: Current that the car may take: 6 to 80 A\n"
                "  changes the box: needs --control\n"
                "  RAPI 2.0.2 and later\n");
    assert_true(console_help(&out, box, V_5_2_1, "set_display_color", 17, 80));
    assert_says("off, red, green, yellow, blue, violet, teal,\n"
                "    white\n");
    text_clear(&out);
    assert_true(console_help(&out, box, V_5_2_1, "sc", 2, 80));
    assert_says("$SC % M\n");
    text_clear(&out);
    assert_true(console_help(&out, box, V_5_2_1, "", 0, 80));
    assert_says("Tab completes");
    text_clear(&out);
    assert_false(console_help(&out, box, V_5_2_1, "nothing", 7, 80));
    assert_int_equal(out.n, 0);
}

static void test_console_keeps_to_40_columns(void **state) {
    (void)state;
    console_list(&out, box, V_6_0_0, NULL, 40);
    console_help(&out, box, V_6_0_0, "", 0, 40);
    console_help(&out, box, V_6_0_0, "print", 5, 40);
    explain("$OK 03 754 03 0149\r", VB_RAPI_ID('G', 'S'), 40);
    for (const char *at = said(); *at;) {
        size_t n = strcspn(at, "\n");
        if (n > 40) {
            fail_msg("%zu columns: %.*s", n, (int)n, at);
        }
        at += n + (at[n] == '\n');
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(test_console_##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(reads_rapi_as_it_is_written),
        TEST(takes_a_checksum_that_is_right),
        TEST(refuses_what_rapi_has_not),
        TEST(reads_names_of_calls_and_their_arguments),
        TEST(reads_friendly_words),
        TEST(reads_its_own_words),
        TEST(explains_a_status_by_its_rows),
        TEST(explains_the_status_of_an_old_box),
        TEST(says_what_is_not_available),
        TEST(says_energy_in_kwh_too),
        TEST(survives_numbers_beyond_everything),
        TEST(explains_text_and_the_clamped_current_of_a_refusal),
        TEST(breaks_long_values_where_the_terminal_ends),
        TEST(explains_news),
        TEST(explains_nothing_that_it_does_not_know),
        TEST(says_which_checksum_was_expected),
        TEST(shows_what_is_not_printable_as_question_marks),
        TEST(completes_the_first_word),
        TEST(completes_what_the_version_has),
        TEST(completes_words_of_arguments),
        TEST(completes_letters_of_forms),
        TEST(completes_from_where_the_word_begins),
        TEST(lists_what_the_version_has),
        TEST(help_tells_arguments_and_versions),
        TEST(keeps_to_40_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
