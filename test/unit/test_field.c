/* test_field.c - rows of text: fields, decimal and hexadecimal numbers, bits, letters, words, products.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "voltbus/err.h"
#include "voltbus/signal.h"

#define FIELD(f) (f) * 64

static int get(const struct vb_signal *row, const char *text, int64_t *raw) {
    return vb_signal_get(row, (const uint8_t *)text, strlen(text), raw);
}

static void expect(const struct vb_signal *row, const char *text, int64_t value) {
    int64_t raw = -99;
    assert_int_equal(get(row, text, &raw), VB_OK);
    assert_int_equal(raw, value);
}

static void refuse(const struct vb_signal *row, const char *text, int error) {
    int64_t raw = -99;
    assert_int_equal(get(row, text, &raw), error);
    assert_int_equal(raw, -99); /* not touched */
}

static void test_fields_have_one_space_before_each(void **state) {
    (void)state;
    static const char text[] = "OK 03  0140";
    const char *field;
    const uint8_t *bytes = (const uint8_t *)text;
    assert_int_equal(vb_field_count(bytes, 11), 4);
    assert_int_equal(vb_field(bytes, 11, 0, &field), 2);
    assert_memory_equal(field, "OK", 2);
    assert_int_equal(vb_field(bytes, 11, 1, &field), 2);
    assert_memory_equal(field, "03", 2);
    assert_int_equal(vb_field(bytes, 11, 2, &field), 0); /* two spaces: an empty one */
    assert_int_equal(vb_field(bytes, 11, 3, &field), 4);
    assert_memory_equal(field, "0140", 4);
    assert_int_equal(vb_field(bytes, 11, 4, &field), -1);
    assert_int_equal(vb_field_count(bytes, 3), 2); /* "OK ": RAPI 1.x */
    assert_int_equal(vb_field(bytes, 3, 1, &field), 0);
    assert_int_equal(vb_field_count(bytes, 0), 0);
    assert_int_equal(vb_field(bytes, 0, 0, &field), -1);
}

static void test_a_decimal_field_is_digits_alone(void **state) {
    (void)state;
    static const struct vb_signal row = {"a.b", "", FIELD(1), 63, VB_FIELD, VB_RAW};
    expect(&row, "OK 754", 754);
    expect(&row, "OK 0", 0);
    expect(&row, "OK 004 1", 4);
    expect(&row, "OK 999999999999999999", INT64_C(999999999999999999));
    refuse(&row, "OK 9999999999999999999", VB_E_RANGE); /* 19 digits */
    refuse(&row, "OK -5", VB_E_RANGE);
    refuse(&row, "OK 1.5", VB_E_RANGE);
    refuse(&row, "OK 7a", VB_E_RANGE);
    refuse(&row, "OK  7", VB_E_RANGE); /* an empty field, and 7 in the next */
    refuse(&row, "OK ", VB_E_RANGE);
    refuse(&row, "OK", VB_E_MORE);
    refuse(&row, "", VB_E_MORE);
}

static void test_a_signed_field_may_have_a_minus(void **state) {
    (void)state;
    static const struct vb_signal row = {.name = "a.b",
                                         .unit = "",
                                         .bit = FIELD(2),
                                         .len = 64,
                                         .flags = VB_FIELD | VB_SIGNED,
                                         VB_NOT_AVAILABLE(-2560)};
    expect(&row, "OK 253 -12 0", -12);
    expect(&row, "OK 253 12", 12);
    refuse(&row, "OK 253 -2560 0", VB_E_UNKNOWN);
    refuse(&row, "OK 253 -", VB_E_RANGE);
    refuse(&row, "OK 253 --1", VB_E_RANGE);
}

static void test_a_hexadecimal_field_has_bits(void **state) {
    (void)state;
    static const struct vb_signal whole = {"a.b", "", FIELD(4), 60, VB_FIELD | VB_HEX, VB_RAW};
    static const struct vb_signal relay = {"a.c", "", FIELD(4) + 6, 1, VB_FIELD | VB_HEX, VB_RAW};
    static const struct vb_signal car = {"a.d", "", FIELD(4) + 8, 1, VB_FIELD | VB_HEX, VB_RAW};
    static const struct vb_signal middle = {"a.e", "", FIELD(4) + 4, 4, VB_FIELD | VB_HEX, VB_RAW};
    expect(&whole, "OK 03 754 03 0140", 0x140);
    expect(&relay, "OK 03 754 03 0140", 1);
    expect(&car, "OK 03 754 03 0140", 1);
    expect(&middle, "OK 03 754 03 0140", 4);
    expect(&relay, "OK 01 0 01 0200", 0);
    expect(&whole, "OK 03 754 03 fFfF", 0xFFFF);
    refuse(&whole, "OK 03 754 03 01g0", VB_E_RANGE);
    refuse(&relay, "OK 03 754 03 ", VB_E_RANGE);
    refuse(&whole, "OK 03 754 03 0123456789ABCDEF", VB_E_RANGE); /* 16 digits do not fit */
}

static void test_a_letter_is_one_character(void **state) {
    (void)state;
    static const struct vb_signal row = {"a.b", "", FIELD(2), 8, VB_FIELD | VB_CHAR, VB_RAW};
    expect(&row, "OK 0 M", 'M');
    refuse(&row, "OK 0 MA", VB_E_RANGE);
    refuse(&row, "OK 0 ", VB_E_RANGE);
}

static void test_a_string_is_printable_text(void **state) {
    (void)state;
    static const struct vb_signal row = {"a.b", "", FIELD(1), 1, VB_FIELD | VB_STRING, VB_RAW};
    static const char text[] = "OK D3.8.4 1.0.3";
    const char *string;
    int64_t one, other;
    assert_int_equal(vb_signal_string(&row, (const uint8_t *)text, 15, &string), 6);
    assert_memory_equal(string, "D3.8.4", 6);
    assert_int_equal(get(&row, "OK D3.8.4", &one), VB_OK);
    assert_int_equal(get(&row, "OK D3.8.5", &other), VB_OK);
    assert_true(one != other); /* raw tells one from the other */
    refuse(&row, "OK D3\x07", VB_E_RANGE);
    refuse(&row, "OK D3\xC3\xA4", VB_E_RANGE);
    refuse(&row, "OK  1.0.3", VB_E_UNKNOWN); /* nothing there */
    char longest[80] = "OK ";
    memset(longest + 3, 'x', 70);
    assert_int_equal(vb_signal_string(&row, (const uint8_t *)longest, 73, &string), VB_STRING_MAX);
}

static const struct vb_signal power = {.name = "a.power",
                                       .unit = "W",
                                       .bit = FIELD(1),
                                       .len = 64,
                                       .flags = VB_FIELD | VB_SIGNED | VB_PRODUCT,
                                       .scale = VB_SCALE(1, 0, 1000),
                                       .more_bit = FIELD(2),
                                       VB_NOT_AVAILABLE(-1)};

static void test_power_is_current_times_voltage(void **state) {
    (void)state;
    char out[40];
    expect(&power, "OK 15980 239800", 3832004); /* 15.980 A x 239.800 V = 3832.004 W */
    size_t n = vb_signal_text(&power, 3832004, out, sizeof out, NULL);
    assert_int_equal(n, strlen("3832.004"));
    assert_memory_equal(out, "3832.004", n);
    refuse(&power, "OK -1 239800", VB_E_UNKNOWN);
    refuse(&power, "OK 15980 -1", VB_E_UNKNOWN);
    refuse(&power, "OK 15980", VB_E_MORE);
    refuse(&power, "OK 999999999999999999 999999999999999999", VB_E_RANGE); /* beyond 64 bits */
}

static void test_rows_of_text_are_not_written_as_bits(void **state) {
    (void)state;
    static const struct vb_signal row = {"a.b", "", FIELD(1), 63, VB_FIELD, VB_RAW};
    uint8_t data[8] = "OK 754";
    assert_int_equal(vb_signal_put(&row, 1, data, sizeof data), VB_E_RANGE);
    assert_memory_equal(data, "OK 754", 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_have_one_space_before_each),
        cmocka_unit_test(test_a_decimal_field_is_digits_alone),
        cmocka_unit_test(test_a_signed_field_may_have_a_minus),
        cmocka_unit_test(test_a_hexadecimal_field_has_bits),
        cmocka_unit_test(test_a_letter_is_one_character),
        cmocka_unit_test(test_a_string_is_printable_text),
        cmocka_unit_test(test_power_is_current_times_voltage),
        cmocka_unit_test(test_rows_of_text_are_not_written_as_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
