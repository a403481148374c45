/* test_key.c - the key: what text of each type is read as, and what is said of text that is not.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/key.h"

static const char *const formats[] = {"text", "json", "csv", NULL};

static const struct vb_key path = {"path", VB_KEY_TEXT, NULL, NULL, 0, 0, NULL, ""};
static const struct vb_key prefix = {"prefix", VB_KEY_TEXT, NULL, "voltbus", 0, 0, NULL, ""};
static const struct vb_key control = {"control", VB_KEY_FLAG, NULL, "false", 0, 0, NULL, ""};
static const struct vb_key format = {"format", VB_KEY_WORD, NULL, "json", 0, 0, formats, ""};
static const char *const chips[] = {"rtc", "voltmeter", "lock", NULL};
static const struct vb_key fitted = {"fitted", VB_KEY_WORDS, NULL, "rtc+lock", 0, 0, chips, ""};
static const struct vb_key baud = {"baud", VB_KEY_NUMBER, "bit/s", "19200", 1000, 20000, NULL, ""};
static const struct vb_key port = {"port", VB_KEY_NUMBER, NULL, "", 1, 65535, NULL, ""};
static const struct vb_key any_number = {"n", VB_KEY_NUMBER, NULL, "", 0, 0, NULL, ""};
static const struct vb_key keep = {"keep", VB_KEY_DURATION,      NULL, "30 d",
                                   1000,   INT64_C(34560000000), NULL, ""};
static const struct vb_key any_time = {"t", VB_KEY_DURATION, NULL, "", 0, 0, NULL, ""};
static const struct vb_key most = {"most", VB_KEY_SIZE,         NULL, "",
                                   1000,   INT64_C(2000000000), NULL, ""};

static int64_t number_of(const struct vb_key *key, const char *text) {
    struct vb_value value = {0};
    char why[VB_KEY_WHY] = "";
    int result = vb_key_parse(key, text, strlen(text), &value, why);
    if (result != VB_OK) {
        fail_msg("'%s' is refused: %s", text, why);
    }
    assert_true(value.given);
    assert_ptr_equal(value.text, text);
    assert_int_equal(value.len, strlen(text));
    return value.number;
}

static void refused(const struct vb_key *key, int result, const char *text, const char *expected) {
    struct vb_value value = {.number = 4711};
    char why[VB_KEY_WHY] = "";
    assert_int_equal(vb_key_parse(key, text, strlen(text), &value, why), result);
    assert_string_equal(why, expected);
    assert_int_equal(value.number, 4711);
    assert_int_equal(vb_key_parse(key, text, strlen(text), &value, NULL), result);
}

static void test_any_text_is_a_text(void **state) {
    (void)state;
    assert_int_equal(number_of(&path, "history of the van.db"), 0);
    assert_int_equal(number_of(&path, "Wärme"), 0);
    assert_int_equal(number_of(&prefix, "80"), 0);
}

static void test_an_empty_text_is_refused_only_where_a_text_must_be_given(void **state) {
    (void)state;
    struct vb_value value = {0};
    refused(&path, VB_E_FORMAT, "", "nothing is given (any text)");
    assert_int_equal(vb_key_parse(&prefix, NULL, 0, &value, NULL), VB_OK);
    assert_string_equal(value.text, "");
    assert_true(value.given);
}

static void test_a_control_character_is_no_part_of_a_text(void **state) {
    (void)state;
    struct vb_value value;
    char why[VB_KEY_WHY];
    refused(&path, VB_E_FORMAT, "two\nlines", "two?lines: has a control character (any text)");
    assert_int_equal(vb_key_parse(&path, "a\0b", 3, &value, why), VB_E_FORMAT);
    assert_string_equal(why, "a?b: has a control character (any text)");
}

static void test_a_flag_has_three_words_for_each_answer(void **state) {
    (void)state;
    assert_int_equal(number_of(&control, "true"), 1);
    assert_int_equal(number_of(&control, "yes"), 1);
    assert_int_equal(number_of(&control, "on"), 1);
    assert_int_equal(number_of(&control, "false"), 0);
    assert_int_equal(number_of(&control, "no"), 0);
    assert_int_equal(number_of(&control, "off"), 0);
    refused(&control, VB_E_FORMAT, "maybe", "maybe: no such word (true or false)");
    refused(&control, VB_E_FORMAT, "1", "1: no such word (true or false)");
    refused(&control, VB_E_FORMAT, "", "nothing is given (true or false)");
}

static void test_a_word_is_its_place_among_the_words(void **state) {
    (void)state;
    assert_int_equal(number_of(&format, "text"), 0);
    assert_int_equal(number_of(&format, "csv"), 2);
    refused(&format, VB_E_FORMAT, "xml", "xml: no such word (text, json or csv)");
    refused(&format, VB_E_FORMAT, "CSV", "CSV: no such word (text, json or csv)");
    refused(&format, VB_E_FORMAT, "cs", "cs: no such word (text, json or csv)");
}

static void test_some_of_the_words_are_a_bit_for_each(void **state) {
    (void)state;
    assert_int_equal(number_of(&fitted, "rtc"), 1);
    assert_int_equal(number_of(&fitted, "lock"), 4);
    assert_int_equal(number_of(&fitted, "rtc+lock"), 5);
    assert_int_equal(number_of(&fitted, "lock+rtc"), 5);
    assert_int_equal(number_of(&fitted, "rtc,voltmeter,lock"), 7);
    assert_int_equal(number_of(&fitted, "rtc+voltmeter,lock"), 7);
    assert_int_equal(number_of(&fitted, "rtc+rtc"), 1);
    assert_int_equal(number_of(&fitted, "none"), 0);
    assert_int_equal(vb_key_initial(&fitted).number, 5);
    struct vb_value value;
    assert_int_equal(vb_key_parse(&fitted, "rtc+lock=", 8, &value, NULL), VB_OK);
    assert_int_equal(value.number, 5);
}

static void test_of_some_words_the_wrong_one_is_told(void **state) {
    (void)state;
#define SOME " (none, or with '+' between them some of rtc, voltmeter and lock)"
    refused(&fitted, VB_E_FORMAT, "clock", "clock: no such word" SOME);
    refused(&fitted, VB_E_FORMAT, "rtc+clock", "clock: no such word" SOME);
    refused(&fitted, VB_E_FORMAT, "rtc + lock", "rtc : no such word" SOME);
    refused(&fitted, VB_E_FORMAT, "rtc+none", "none: no such word" SOME);
    refused(&fitted, VB_E_FORMAT, "rtc+", "a word is missing" SOME);
    refused(&fitted, VB_E_FORMAT, "+", "a word is missing" SOME);
    refused(&fitted, VB_E_FORMAT, ",rtc", "a word is missing" SOME);
    refused(&fitted, VB_E_FORMAT, "RTC", "RTC: no such word" SOME);
    refused(&fitted, VB_E_FORMAT, "", "nothing is given" SOME);
    /* the thirty-second word has the highest bit */
    static const char *const many[] = {"01", "02", "03", "04", "05", "06", "07", "08", "09",
                                       "10", "11", "12", "13", "14", "15", "16", "17", "18",
                                       "19", "20", "21", "22", "23", "24", "25", "26", "27",
                                       "28", "29", "30", "31", "32", NULL};
    const struct vb_key key = {"n", VB_KEY_WORDS, NULL, "", 0, 0, many, ""};
    assert_int_equal(number_of(&key, "32+01"), INT64_C(0x80000001));
    char out[VB_KEY_WHY];
    assert_string_equal(vb_key_allowed(&fitted, out),
                        "none, or with '+' between them some of rtc, voltmeter and lock");
}

static void test_a_number_stands_with_or_without_its_unit(void **state) {
    (void)state;
    assert_int_equal(number_of(&baud, "19200"), 19200);
    assert_int_equal(number_of(&baud, "19200 bit/s"), 19200);
    assert_int_equal(number_of(&baud, "19200bit/s"), 19200);
    assert_int_equal(number_of(&baud, "19200.0"), 19200);
    assert_int_equal(number_of(&any_number, "-3"), -3);
    assert_int_equal(number_of(&any_number, "+3"), 3);
}

static void test_a_number_with_another_unit_is_refused(void **state) {
    (void)state;
    refused(&baud, VB_E_FORMAT, "19200V", "19200V: unknown unit 'V' (bit/s)");
    refused(&baud, VB_E_FORMAT, "19.2 kbit/s", "19.2 kbit/s: unknown unit 'kbit/s' (bit/s)");
    refused(&port, VB_E_FORMAT, "80x", "80x: unknown unit 'x' (it has none)");
    refused(&port, VB_E_FORMAT, "0x50", "0x50: unknown unit 'x50' (it has none)");
}

static void test_a_number_is_whole_and_within_its_bounds(void **state) {
    (void)state;
    assert_int_equal(number_of(&baud, "1000"), 1000);
    assert_int_equal(number_of(&baud, "20000"), 20000);
    refused(&baud, VB_E_RANGE, "999", "999: too small (1000 to 20000 bit/s)");
    refused(&baud, VB_E_RANGE, "20001 bit/s", "20001 bit/s: too large (1000 to 20000 bit/s)");
    refused(&baud, VB_E_RANGE, "-1", "-1: too small (1000 to 20000 bit/s)");
    refused(&baud, VB_E_FORMAT, "1200.5", "1200.5: not a whole number (1000 to 20000 bit/s)");
    refused(&any_number, VB_E_FORMAT, "0.5", "0.5: not a whole number (a whole number)");
}

static void test_a_number_beyond_64_bits_is_out_of_range(void **state) {
    (void)state;
    assert_int_equal(number_of(&any_number, "9223372036854775807"), INT64_MAX);
    refused(&any_number, VB_E_RANGE, "9223372036854775808",
            "9223372036854775808: too large (a whole number)");
    refused(&any_number, VB_E_RANGE, "-99999999999999999999",
            "-99999999999999999999: too small (a whole number)");
    refused(&any_time, VB_E_RANGE, "106751991168 d",
            "106751991168 d: too large (a number with ms, s, min, h or d)");
    assert_int_equal(number_of(&any_time, "106751991167 d"), INT64_C(9223372036828800000));
}

static void test_what_is_no_number_is_said_to_be_none(void **state) {
    (void)state;
    static const char *const none[] = {"-",     "+",   ".",    ".5",    "5.",   "--5",
                                       " 5",    "5 ",  "1,5",  "abc",   "V",    "1..2",
                                       "1.2.3", "5/2", "5 /s", "1_000", "\x80", "5-"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        char expected[VB_KEY_WHY];
        snprintf(expected, sizeof expected, "%s: not a number (1 to 65535)", none[i]);
        refused(&port, VB_E_FORMAT, none[i], expected);
    }
    refused(&port, VB_E_FORMAT, "", "nothing is given (1 to 65535)");
    struct vb_value value;
    assert_int_equal(vb_key_parse(&port, "80\0", 3, &value, NULL), VB_E_FORMAT);
}

static void test_a_duration_is_milliseconds(void **state) {
    (void)state;
    assert_int_equal(number_of(&any_time, "250ms"), 250);
    assert_int_equal(number_of(&any_time, "30s"), 30000);
    assert_int_equal(number_of(&any_time, "2 min"), 120000);
    assert_int_equal(number_of(&any_time, "1.5 h"), 5400000);
    assert_int_equal(number_of(&any_time, "400d"), INT64_C(34560000000));
    assert_int_equal(number_of(&any_time, "0.001s"), 1);
}

static void test_a_duration_needs_a_unit_that_it_knows(void **state) {
    (void)state;
    refused(&keep, VB_E_FORMAT, "80x", "80x: unknown unit 'x' (ms, s, min, h, d)");
    refused(&keep, VB_E_FORMAT, "3 S", "3 S: unknown unit 'S' (ms, s, min, h, d)");
    refused(&keep, VB_E_FORMAT, "30", "30: its unit is missing (ms, s, min, h, d)");
    refused(&keep, VB_E_FORMAT, "1h 30min", "1h 30min: unknown unit 'h 30min' (ms, s, min, h, d)");
}

static void test_a_duration_is_within_bounds_told_in_the_largest_unit(void **state) {
    (void)state;
    refused(&keep, VB_E_RANGE, "0.5 s", "0.5 s: too small (1 s to 400 d)");
    refused(&keep, VB_E_RANGE, "401 d", "401 d: too large (1 s to 400 d)");
    refused(&keep, VB_E_FORMAT, "1500.5 ms", "1500.5 ms: not a whole number of ms (1 s to 400 d)");
    refused(&keep, VB_E_FORMAT, "1.0005 s", "1.0005 s: not a whole number of ms (1 s to 400 d)");
}

static void test_a_size_is_bytes_in_powers_of_a_thousand(void **state) {
    (void)state;
    assert_int_equal(number_of(&most, "500MB"), 500000000);
    assert_int_equal(number_of(&most, "1.5 GB"), 1500000000);
    assert_int_equal(number_of(&most, "64 kB"), 64000);
    assert_int_equal(number_of(&most, "1024B"), 1024);
    refused(&most, VB_E_FORMAT, "1KB", "1KB: unknown unit 'KB' (B, kB, MB, GB)");
    refused(&most, VB_E_FORMAT, "5000.5 B", "5000.5 B: not a whole number of bytes (1 kB to 2 GB)");
    refused(&most, VB_E_RANGE, "3 GB", "3 GB: too large (1 kB to 2 GB)");
}

static void test_a_fraction_is_whole_or_not_however_many_digits_it_has(void **state) {
    (void)state;
    assert_int_equal(number_of(&any_time, "1.50000000000000000000000000000000 h"), 5400000);
    refused(
        &any_time, VB_E_FORMAT, "0.00000000000000000001 d",
        "0.00000000000000000001 d: not a whole number of ms (a number with ms, s, min, h or d)");
    /* 0.0000000078125 d = 0.675 ms; 0.0078125 d = 675 s */
    assert_int_equal(number_of(&any_time, "0.0078125 d"), 675000);
    refused(&any_time, VB_E_FORMAT, "0.0000000078125 d",
            "0.0000000078125 d: not a whole number of ms (a number with ms, s, min, h or d)");
}

static void test_a_long_value_is_told_in_short(void **state) {
    (void)state;
    char text[1000];
    char why[VB_KEY_WHY];
    struct vb_value value;
    memset(text, '7', sizeof text);
    assert_int_equal(vb_key_parse(&port, text, sizeof text, &value, why), VB_E_RANGE);
    assert_string_equal(why, "7777777777777777777777777777777777777777...: too large (1 to 65535)");
    memset(text, 'x', sizeof text);
    memcpy(text + 39, "ä", 2); /* is not cut in two */
    assert_int_equal(vb_key_parse(&port, text, sizeof text, &value, why), VB_E_FORMAT);
    assert_string_equal(why,
                        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...: not a number (1 to 65535)");
}

static void test_a_reason_that_is_too_long_ends_in_dots(void **state) {
    (void)state;
    static const char *const many[] = {"a-word-of-thirty-characters-01",
                                       "a-word-of-thirty-characters-02",
                                       "a-word-of-thirty-characters-03",
                                       "a-word-of-thirty-characters-04",
                                       "a-word-of-thirty-characters-05",
                                       "a-word-of-thirty-characters-06",
                                       NULL};
    const struct vb_key key = {"word", VB_KEY_WORD, NULL, "", 0, 0, many, ""};
    char out[VB_KEY_WHY];
    assert_int_equal(strlen(vb_key_allowed(&key, out)), VB_KEY_WHY - 1);
    assert_string_equal(out + VB_KEY_WHY - 8, "ers-...");
}

static void test_the_default_is_a_value_that_was_not_given(void **state) {
    (void)state;
    struct vb_value value = vb_key_initial(&keep);
    assert_int_equal(value.number, INT64_C(2592000000));
    assert_string_equal(value.text, "30 d");
    assert_int_equal(value.len, 4);
    assert_false(value.given);
    value = vb_key_initial(&path);
    assert_int_equal(value.number, 0);
    assert_string_equal(value.text, "");
    assert_false(value.given);
    value = vb_key_initial(&port);
    assert_int_equal(value.number, 0);
    assert_string_equal(value.text, "");
    assert_int_equal(vb_key_initial(&format).number, 1);
    assert_int_equal(vb_key_initial(&control).number, 0);
}

static void test_what_is_allowed_is_told_in_words(void **state) {
    (void)state;
    static const struct vb_key least = {"n", VB_KEY_NUMBER, "A", "", 6, INT64_MAX, NULL, ""};
    static const struct vb_key largest = {"n", VB_KEY_NUMBER, NULL, "", INT64_MIN, -5, NULL, ""};
    static const struct vb_key from_zero = {"n", VB_KEY_DURATION, NULL, "", 0, 90000, NULL, ""};
    char out[VB_KEY_WHY];
    assert_string_equal(vb_key_allowed(&path, out), "any text");
    assert_string_equal(vb_key_allowed(&control, out), "true or false");
    assert_string_equal(vb_key_allowed(&format, out), "text, json or csv");
    assert_string_equal(vb_key_allowed(&baud, out), "1000 to 20000 bit/s");
    assert_string_equal(vb_key_allowed(&port, out), "1 to 65535");
    assert_string_equal(vb_key_allowed(&keep, out), "1 s to 400 d");
    assert_string_equal(vb_key_allowed(&most, out), "1 kB to 2 GB");
    assert_string_equal(vb_key_allowed(&any_number, out), "a whole number");
    assert_string_equal(vb_key_allowed(&any_time, out), "a number with ms, s, min, h or d");
    assert_string_equal(vb_key_allowed(&least, out), "at least 6 A");
    assert_string_equal(vb_key_allowed(&largest, out), "at most -5");
    assert_string_equal(vb_key_allowed(&from_zero, out), "0 to 90 s");
}

static void test_a_key_is_found_by_its_whole_name(void **state) {
    (void)state;
    const struct vb_key keys[] = {path, baud, port};
    assert_int_equal(vb_key_find(keys, 3, "port=80", 4), 2);
    assert_int_equal(vb_key_find(keys, 3, "path", 4), 0);
    assert_int_equal(vb_key_find(keys, 3, "pat", 3), -1);
    assert_int_equal(vb_key_find(keys, 3, "ports", 5), -1);
    assert_int_equal(vb_key_find(keys, 3, "", 0), -1);
    assert_int_equal(vb_key_find(NULL, 0, "path", 4), -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_text_is_a_text),
        cmocka_unit_test(test_an_empty_text_is_refused_only_where_a_text_must_be_given),
        cmocka_unit_test(test_a_control_character_is_no_part_of_a_text),
        cmocka_unit_test(test_a_flag_has_three_words_for_each_answer),
        cmocka_unit_test(test_a_word_is_its_place_among_the_words),
        cmocka_unit_test(test_some_of_the_words_are_a_bit_for_each),
        cmocka_unit_test(test_of_some_words_the_wrong_one_is_told),
        cmocka_unit_test(test_a_number_stands_with_or_without_its_unit),
        cmocka_unit_test(test_a_number_with_another_unit_is_refused),
        cmocka_unit_test(test_a_number_is_whole_and_within_its_bounds),
        cmocka_unit_test(test_a_number_beyond_64_bits_is_out_of_range),
        cmocka_unit_test(test_what_is_no_number_is_said_to_be_none),
        cmocka_unit_test(test_a_duration_is_milliseconds),
        cmocka_unit_test(test_a_duration_needs_a_unit_that_it_knows),
        cmocka_unit_test(test_a_duration_is_within_bounds_told_in_the_largest_unit),
        cmocka_unit_test(test_a_size_is_bytes_in_powers_of_a_thousand),
        cmocka_unit_test(test_a_fraction_is_whole_or_not_however_many_digits_it_has),
        cmocka_unit_test(test_a_long_value_is_told_in_short),
        cmocka_unit_test(test_a_reason_that_is_too_long_ends_in_dots),
        cmocka_unit_test(test_the_default_is_a_value_that_was_not_given),
        cmocka_unit_test(test_what_is_allowed_is_told_in_words),
        cmocka_unit_test(test_a_key_is_found_by_its_whole_name),
    };
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
