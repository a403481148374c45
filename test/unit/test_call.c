/* test_call.c - calls: forms, arguments, versions; on the table of the OpenEVSE.
 * The bodies are those of reference/rapi.md section 7.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/call.h"
#include "voltbus/err.h"
#include "voltbus/rapi.h"

#define V(a, b, c) VB_VERSION(a, b, c)

static const struct vb_device *box(void) {
    return vb_device_find("openevse");
}

static const struct vb_call *call_of(const char *name, uint32_t version) {
    int m = vb_call_find(box(), name, strlen(name), version, NULL);
    assert_true(m >= 0);
    return box()->messages[m].call;
}

/* Read arguments as people write them, and write the body. */
static void expect(const char *name, uint32_t version, const char *const *texts, size_t count,
                   const char *body) {
    const struct vb_call *call = call_of(name, version);
    struct vb_argument arguments[VB_ARGUMENTS_MAX];
    char out[VB_CALL_TEXT];
    assert_int_equal(call->arg_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(
            vb_call_argument(&call->args[i], texts[i], strlen(texts[i]), &arguments[i]), VB_OK);
    }
    int n = vb_call_write(call, arguments, count, out, sizeof out);
    assert_int_equal(n, strlen(body));
    assert_memory_equal(out, body, (size_t)n);
}
#define EXPECT(name, version, body, ...)                                                           \
    do {                                                                                           \
        const char *const texts[] = {__VA_ARGS__};                                                 \
        expect(name, version, texts, sizeof texts / sizeof texts[0], body);                        \
    } while (0)

static void test_arguments_become_the_words_of_the_wire(void **state) {
    (void)state;
    expect("pause", V(5, 2, 1), NULL, 0, "FS");
    EXPECT("set_current", V(5, 2, 1), "SC 16", "16");
    EXPECT("set_current_volatile", V(5, 2, 1), "SC 10 V", "10");
    EXPECT("set_time_limit", V(5, 2, 1), "S3 4", "3600"); /* 4 x 15 min = 1 h */
    EXPECT("set_energy_limit", V(5, 2, 1), "SH 10", "10000");
    EXPECT("set_clock", V(5, 2, 1), "S1 26 11 20 17 40 0", "2026", "11", "20", "17", "40", "0");
    EXPECT("set_level", V(5, 2, 1), "SL 2", "2");
    EXPECT("set_level", V(5, 2, 1), "SL A", "automatic");
    EXPECT("set_timer", V(5, 2, 1), "ST 23 0 6 30", "23", "0", "6", "30");
    EXPECT("set_heartbeat", V(5, 2, 1), "SY 100 6", "100", "6");
    EXPECT("set_voltage", V(5, 2, 1), "SV 223576", "223.576");
    EXPECT("set_display_color", V(5, 2, 1), "FB 6", "teal");
    EXPECT("print", V(5, 2, 1), "FP 0 1 HELLO", "0", "1", "HELLO");
    EXPECT("set_plug_lock", V(5, 2, 1), "S5 M", "manual");
    EXPECT("set_lock", V(5, 2, 1), "S4 1", "on");
    EXPECT("set_relay", V(6, 0, 0), "SR 2 0", "dc-2", "off");
    EXPECT("set_panic_temperature", V(6, 0, 0), "FO 705", "70.5");
    EXPECT("set_ammeter", V(6, 0, 0), "SA 225 -3", "225", "-3");
}

static void test_the_version_decides_which_words_it_becomes(void **state) {
    (void)state;
    EXPECT("set_diode_check", V(5, 2, 1), "FF D 0", "off");
    EXPECT("set_diode_check", V(1, 0, 3), "SD 0", "off");
    EXPECT("set_vent_check", V(3, 0, 1), "SV 0", "off");
    EXPECT("set_vent_check", V(5, 2, 1), "FF V 0", "off");
    EXPECT("set_relay_check", V(6, 0, 0), "FF R 1", "on");
}

static void test_what_changed_its_meaning_is_never_the_old_one(void **state) {
    (void)state;
    size_t which;
    /* "SV 0" switched the vent check off; from 5.1.3 on it would set the voltage to 0 mV */
    assert_true(vb_call_find_body(box(), "SV 0", 4, V(3, 0, 1), NULL, NULL, NULL, NULL) >= 0);
    assert_int_equal(vb_call_find_body(box(), "SV 0", 4, V(4, 0, 1), NULL, NULL, NULL, &which),
                     VB_E_STATE);
    assert_int_equal(vb_call_find_body(box(), "SV 0", 4, V(5, 2, 1), NULL, NULL, NULL, &which),
                     VB_E_RANGE);
    assert_string_equal(box()->messages[which].name, "set_voltage");
    /* "SR 1" switched the relay check on; from 6.0.0 on it is about a relay, with two arguments */
    assert_true(vb_call_find_body(box(), "SR 1", 4, V(2, 0, 0), NULL, NULL, NULL, NULL) >= 0);
    assert_int_equal(vb_call_find_body(box(), "SR 1", 4, V(6, 0, 0), NULL, NULL, NULL, NULL),
                     VB_E_STATE);
    assert_true(vb_call_find_body(box(), "SR 2 0", 6, V(6, 0, 0), NULL, NULL, NULL, NULL) >= 0);
}

static void test_an_unknown_version_has_only_what_all_have(void **state) {
    (void)state;
    size_t other;
    assert_true(vb_call_find(box(), "version", 7, 0, NULL) >= 0);
    assert_int_equal(vb_call_find(box(), "set_voltage", 11, 0, &other), VB_E_STATE);
    assert_string_equal(box()->messages[other].name, "set_voltage");
    assert_int_equal(vb_call_find(box(), "no_such", 7, 0, &other), VB_E_UNKNOWN);
}

static void test_each_version_has_its_own_answer_to_gg_go_and_ss(void **state) {
    (void)state;
    assert_int_equal(call_of("thresholds", V(5, 2, 1))->until, V(6, 0, 0));
    int m = vb_call_find(box(), "meter", 5, V(1, 0, 2), NULL);
    assert_int_equal(box()->messages[m].len_max, 2); /* the current alone */
    m = vb_call_find(box(), "GG", 2, V(1, 0, 3), NULL);
    assert_int_equal(box()->messages[m].len_min, 3);
    /* until 1.0.1 $SS saved the settings */
    assert_int_equal(vb_call_find_body(box(), "SS 0", 4, V(1, 0, 0), NULL, NULL, NULL, NULL),
                     VB_E_STATE);
    assert_true(vb_call_find_body(box(), "SS 0", 4, V(1, 0, 3), NULL, NULL, NULL, NULL) >= 0);
}

static void test_a_code_finds_its_call(void **state) {
    (void)state;
    int m = vb_call_find(box(), "GS", 2, V(5, 2, 1), NULL);
    assert_int_equal(box()->messages[m].len_min, 5);
    m = vb_call_find(box(), "GS", 2, V(4, 0, 1), NULL);
    assert_int_equal(box()->messages[m].len_min, 3);
}

static int argument(const char *name, size_t i, const char *text) {
    struct vb_argument got;
    return vb_call_argument(&call_of(name, V(6, 0, 0))->args[i], text, strlen(text), &got);
}

static void test_arguments_beyond_their_range_are_refused(void **state) {
    (void)state;
    assert_int_equal(argument("set_current", 0, "5"), VB_E_RANGE);
    assert_int_equal(argument("set_current", 0, "81"), VB_E_RANGE);
    assert_int_equal(argument("set_current", 0, "80.4"), VB_E_RANGE); /* not rounded back */
    assert_int_equal(argument("set_current", 0, "-5"), VB_E_RANGE);
    assert_int_equal(argument("set_current", 0, "16A"), VB_E_FORMAT);
    assert_int_equal(argument("set_current", 0, ""), VB_E_FORMAT);
    assert_int_equal(argument("set_time_limit", 0, "-900"), VB_E_RANGE);
    assert_int_equal(argument("set_time_limit", 0, "229500"), VB_OK); /* 255 x 15 min */
    assert_int_equal(argument("set_time_limit", 0, "230000"), VB_E_RANGE);
    assert_int_equal(argument("set_time_limit", 0, "300"), VB_E_RANGE); /* would be 0 = none */
    assert_int_equal(argument("set_time_limit", 0, "0"), VB_OK);
    assert_int_equal(argument("set_time_limit", 0, "450"), VB_OK); /* 900 */
    assert_int_equal(argument("set_energy_limit", 0, "400"), VB_E_RANGE);
    assert_int_equal(argument("set_display_color", 0, "pink"), VB_E_FORMAT);
    assert_int_equal(argument("set_display_color", 0, "9"), VB_E_FORMAT); /* no such colour */
    assert_int_equal(argument("set_level", 0, "3"), VB_E_FORMAT);         /* no such level */
    assert_int_equal(argument("print", 0, "16"), VB_E_RANGE);
}

static void test_text_holds_nothing_that_ends_a_line(void **state) {
    (void)state;
    assert_int_equal(argument("print", 2, "HELLO YOU"), VB_OK);
    assert_int_equal(argument("print", 2, "1234567890123456"), VB_OK);
    assert_int_equal(argument("print", 2, "12345678901234567"), VB_E_RANGE);
    assert_int_equal(argument("print", 2, ""), VB_E_FORMAT);
    assert_int_equal(argument("print", 2, " A"), VB_E_FORMAT);
    assert_int_equal(argument("print", 2, "A "), VB_E_FORMAT);
    static const char *const bad[] = {"A\rB", "A\nB", "A$B",  "A^B",
                                      "A*B",  "\x07", "\x7F", "\xC3\xA4"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(argument("print", 2, bad[i]), VB_E_FORMAT);
    }
}

static void test_a_body_is_taken_apart_again(void **state) {
    (void)state;
    struct vb_argument arguments[VB_ARGUMENTS_MAX];
    size_t count = 9;
    size_t at = 9;
    int m =
        vb_call_find_body(box(), "FP 0 1 HELLO YOU", 16, V(5, 2, 1), arguments, &count, &at, NULL);
    assert_string_equal(box()->messages[m].name, "print");
    assert_int_equal(count, 3);
    assert_int_equal(arguments[1].raw, 1);
    assert_int_equal(arguments[2].len, 9);
    assert_memory_equal(arguments[2].text, "HELLO YOU", 9);
    m = vb_call_find_body(box(), "SC 16 V", 7, V(5, 2, 1), arguments, &count, &at, NULL);
    assert_string_equal(box()->messages[m].name, "set_current_volatile");
    assert_int_equal(arguments[0].raw, 16);
    m = vb_call_find_body(box(), "SY 165", 6, V(5, 2, 1), arguments, &count, &at, NULL);
    assert_string_equal(box()->messages[m].name, "heartbeat_acknowledge");
    assert_int_equal(count, 0);
    assert_int_equal(
        vb_call_find_body(box(), "ST 23 0 99 30", 13, V(5, 2, 1), arguments, &count, &at, NULL),
        VB_E_RANGE);
    assert_int_equal(at, 2);
    assert_int_equal(vb_call_find_body(box(), "SC 1a", 5, V(5, 2, 1), arguments, &count, &at, NULL),
                     VB_E_FORMAT);
    static const char *const none[] = {"",       "G",         "XX",   "SC",       "SC ",
                                       "FF Q 1", "SC 16 V V", "GS 1", "ST 1 2 3", "SY 166"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        int result = vb_call_find_body(box(), none[i], strlen(none[i]), V(5, 2, 1), arguments,
                                       &count, &at, NULL);
        assert_true(result < 0);
    }
}

static void test_a_body_without_the_last_letter_is_another_call(void **state) {
    (void)state;
    static const char *const names[] = {"set_current_volatile", "burn_current_limit"};
    struct vb_argument arguments[VB_ARGUMENTS_MAX];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const struct vb_call *call = call_of(names[i], V(5, 2, 1));
        assert_int_equal(vb_call_match(call, "SC 16", 5, arguments, NULL), VB_E_UNKNOWN);
        assert_int_equal(vb_call_match(call, "SC 16 ", 6, arguments, NULL), VB_E_UNKNOWN);
    }
    assert_int_equal(vb_call_match(call_of("set_current", V(5, 2, 1)), "SC 16", 5, arguments, NULL),
                     1);
}

static void test_writing_refuses_what_does_not_fit(void **state) {
    (void)state;
    const struct vb_call *call = call_of("set_current", V(5, 2, 1));
    struct vb_argument argument = {.raw = 16};
    char out[8];
    assert_int_equal(vb_call_write(call, &argument, 0, out, sizeof out), VB_E_RANGE);
    assert_int_equal(vb_call_write(call, &argument, 2, out, sizeof out), VB_E_RANGE);
    assert_int_equal(vb_call_write(call, &argument, 1, out, 4), VB_E_SPACE);
    assert_int_equal(vb_call_write(call, &argument, 1, out, 5), 5);
    argument.raw = 81;
    assert_int_equal(vb_call_write(call, &argument, 1, out, sizeof out), VB_E_RANGE);
}

static void test_versions_are_numbers_that_compare(void **state) {
    (void)state;
    uint32_t version = 7;
    char text[VB_VERSION_TEXT];
    assert_int_equal(vb_version_read("5.2.1", 5, &version), VB_OK);
    assert_int_equal(version, V(5, 2, 1));
    assert_string_equal(vb_version_text(version, text), "5.2.1");
    assert_int_equal(vb_version_read("4.0", 3, &version), VB_OK);
    assert_int_equal(version, V(4, 0, 0));
    assert_string_equal(vb_version_text(V(255, 0, 255), text), "255.0.255");
    version = 7;
    static const char *const bad[] = {"", ".", "5..1", "5.2.", "5.2.1.1", "256.0.0", "5.2x", "-1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(vb_version_read(bad[i], strlen(bad[i]), &version), VB_E_FORMAT);
        assert_int_equal(version, 7);
    }
}

/* Each form can be written with the lowest and the highest values, fits a line of the oldest box that
 * has it, and is found again by its body. */
static void test_every_call_of_the_box_fits_a_line(void **state) {
    (void)state;
    for (size_t m = 0; m < box()->message_count; m++) {
        const struct vb_call *call = box()->messages[m].call;
        for (int high = 0; call && high < 2; high++) {
            struct vb_argument arguments[VB_ARGUMENTS_MAX];
            char body[VB_CALL_TEXT], line[64];
            for (size_t i = 0; i < call->arg_count; i++) {
                const struct vb_signal *row = &call->args[i];
                int64_t number = row->words ? row->words[0].raw : high ? 65535 : 0;
                if (row->limits) {
                    int64_t milli = high ? row->limits->max_milli : row->limits->min_milli;
                    const struct vb_scale *s = row->scale ? row->scale : VB_SCALE(1, 0, 1);
                    number =
                        (milli / 1000 * s->div + milli % 1000 * s->div / 1000 - s->add) / s->mul;
                }
                arguments[i] = (struct vb_argument){number, "ABCDEFGHIJKLMNOP", high ? 16 : 1};
            }
            int n = vb_call_write(call, arguments, call->arg_count, body, sizeof body);
            assert_true(n >= 2);
            int limit = call->since < V(3, 0, 0) ? VB_RAPI_SEND_OLD : VB_RAPI_SEND_MAX;
            int sent = vb_rapi_put(body, (size_t)n, VB_RAPI_XOR, 0, line, sizeof line);
            assert_in_range(sent, 6, limit + 1);
            size_t which = 999;
            uint32_t version = call->since ? call->since : V(1, 0, 0);
            assert_int_equal(
                vb_call_find_body(box(), body, (size_t)n, version, NULL, NULL, NULL, &which), m);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_become_the_words_of_the_wire),
        cmocka_unit_test(test_the_version_decides_which_words_it_becomes),
        cmocka_unit_test(test_what_changed_its_meaning_is_never_the_old_one),
        cmocka_unit_test(test_an_unknown_version_has_only_what_all_have),
        cmocka_unit_test(test_each_version_has_its_own_answer_to_gg_go_and_ss),
        cmocka_unit_test(test_a_code_finds_its_call),
        cmocka_unit_test(test_arguments_beyond_their_range_are_refused),
        cmocka_unit_test(test_text_holds_nothing_that_ends_a_line),
        cmocka_unit_test(test_a_body_is_taken_apart_again),
        cmocka_unit_test(test_a_body_without_the_last_letter_is_another_call),
        cmocka_unit_test(test_writing_refuses_what_does_not_fit),
        cmocka_unit_test(test_versions_are_numbers_that_compare),
        cmocka_unit_test(test_every_call_of_the_box_fits_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
