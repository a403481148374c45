/* test_signal.c - the engine for one row: reading, writing, decimals, words, limits.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/err.h"
#include "voltbus/signal.h"

static const struct vb_signal current = {
    "battery.current", "A", 0, 24, VB_LE, VB_SCALE(1, -2000000, 1000), VB_LIMITS(-2000, 2000)};
static const struct vb_signal temperature = {"battery.temperature", "°C", 40, 8, VB_LE,
                                             VB_SCALE(1, -80, 2)};
static const struct vb_signal leaf_current = {
    "battery.current", "A", 7, 11, VB_BE | VB_SIGNED, VB_SCALE(1, 0, 2), VB_NOT_AVAILABLE(0x3FF)};

static void shows(const struct vb_signal *signal, int64_t raw, const char *expected) {
    char out[64];
    size_t n = vb_signal_text(signal, raw, out, sizeof out, NULL);
    out[n] = '\0';
    assert_string_equal(out, expected);
}

static void test_value_is_raw_times_mul_plus_add_over_div(void **state) {
    (void)state;
    static const uint8_t ibs[] = {0xAB, 0x84, 0x1E, 0xF4, 0x2E, 0x84, 0x7A};
    int64_t raw;
    assert_int_equal(vb_signal_get(&current, ibs, sizeof ibs, &raw), VB_OK);
    assert_int_equal(raw, 2000043);
    shows(&current, raw, "0.043");
    assert_int_equal(vb_signal_get(&temperature, ibs, sizeof ibs, &raw), VB_OK);
    shows(&temperature, raw, "26.0");
}

/* Fields of eight bytes are read at once, of others byte by byte: both are what the bits say. */
static void test_fields_are_the_same_in_frames_of_any_length(void **state) {
    (void)state;
    static const uint8_t data[10] = {0xA5, 0x3C, 0x81, 0x7E, 0x12, 0xF0, 0x9B, 0x4D, 0xE7, 0x26};
    for (unsigned bit = 0; bit < 80; bit++) {
        for (unsigned len = 1; len <= 64; len++) {
            for (unsigned order = 0; order < 2; order++) {
                const struct vb_signal row = {
                    "a.b", "", (uint16_t)bit, (uint8_t)len, order ? VB_BE : VB_LE, VB_RAW};
                uint64_t expected = 0;
                unsigned front = order ? bit / 8 * 8 + 7 - bit % 8 : bit;
                for (unsigned i = 0; i < len; i++) { /* bit after bit, the highest one first */
                    unsigned at = order ? front + i : bit + len - 1 - i;
                    unsigned place = order ? 7 - at % 8 : at % 8;
                    expected = expected << 1 | (at < 80 ? (unsigned)data[at / 8] >> place & 1u : 0);
                }
                for (size_t n = 7; n <= 10; n++) {
                    int64_t raw = 0;
                    int result = vb_signal_get(&row, data, n, &raw);
                    assert_int_equal(result, front + len <= 8 * n ? VB_OK : VB_E_MORE);
                    assert_true(result < 0 || (uint64_t)raw == expected);
                }
            }
        }
    }
}

static void test_a_row_beyond_the_end_asks_for_more(void **state) {
    (void)state;
    static const uint8_t ibs[] = {0xAB, 0x84, 0x1E, 0xF4, 0x2E};
    int64_t raw = 77;
    assert_int_equal(vb_signal_get(&temperature, ibs, sizeof ibs, &raw), VB_E_MORE);
    assert_int_equal(vb_signal_get(&current, ibs, 2, &raw), VB_E_MORE);
    assert_int_equal(raw, 77);
}

static void test_the_absent_value_is_no_value(void **state) {
    (void)state;
    int64_t raw;
    assert_int_equal(vb_signal_get(&leaf_current, BYTES(0x7F, 0xE0), &raw), VB_E_UNKNOWN);
    assert_int_equal(vb_signal_get(&leaf_current, BYTES(0xFF, 0x80), &raw), VB_OK);
    shows(&leaf_current, raw, "-2.0");
}

static void test_numbers_have_the_decimals_that_the_ratio_needs(void **state) {
    (void)state;
    static const struct {
        struct vb_scale scale;
        int64_t raw;
        const char *text;
    } cases[] = {
        {{1, 0, 1}, 42, "42"},
        {{1, 0, 2}, 771, "385.5"},
        {{1, 0, 2}, 770, "385.0"},
        {{1, 0, 1000}, 5, "0.005"},
        {{1, 0, 1000}, -5, "-0.005"},
        {{14, 0, 100}, 15, "2.10"},
        {{51, 0, 800}, 15, "0.95625"},
        {{80, 20000, 1}, 50, "24000"},
        {{5, 0, 1024}, 895, "4.3701171875"},
        {{-1, 250, 10}, 300, "-5.0"},
        {{5, 0, 50}, 3, "0.3"},              /* the ratio is reduced first: 1/10 */
        {{1, 0, 4294967296}, 1, "0.000000"}, /* more than 12 digits: rounded */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct vb_signal signal = {"x.y", "", 0, 32, VB_LE, &cases[i].scale};
        shows(&signal, cases[i].raw, cases[i].text);
    }
}

static void test_other_ratios_are_rounded_half_away_from_zero(void **state) {
    (void)state;
    const struct vb_signal third = {"x.y", "", 0, 32, VB_LE, VB_SCALE(1, 0, 3), .decimals = 2};
    const struct vb_signal sixth = {"x.y", "", 0, 32, VB_LE, VB_SCALE(1, 0, 60), .decimals = 1};
    const struct vb_signal plain = {"x.y", "", 0, 32, VB_LE, VB_SCALE(1, 0, 47500)};
    shows(&third, 1, "0.33");
    shows(&third, 2, "0.67");
    shows(&third, -2, "-0.67");
    shows(&sixth, 3, "0.1"); /* 0.05 */
    shows(&sixth, -3, "-0.1");
    shows(&sixth, -1, "0.0");       /* never -0.0 */
    shows(&plain, 363, "0.007642"); /* six decimals unless the row says otherwise */
}

static void test_the_largest_numbers_come_out_whole(void **state) {
    (void)state;
    const struct vb_signal wide = {"x.y", "", 0, 64, VB_LE | VB_SIGNED, VB_RAW};
    const struct vb_signal milli = {"x.y", "", 0, 64, VB_LE | VB_SIGNED, VB_SCALE(1, 0, 1000)};
    const struct vb_signal times = {"x.y", "", 0, 64, VB_LE | VB_SIGNED, VB_SCALE(1000, 0, 1)};
    shows(&wide, INT64_MAX, "9223372036854775807");
    shows(&wide, INT64_MIN, "-9223372036854775808");
    shows(&milli, INT64_MIN, "-9223372036854775.808");
    shows(&times, INT64_MAX, "18446744073709551615"); /* saturates, as the header says */
    shows(&wide, 4294967296, "4294967296");
    shows(&wide, 100, "100");
    shows(&wide, 0, "0");
}

static void test_words_stand_for_values_and_unknown_values_stay_numbers(void **state) {
    (void)state;
    static const struct vb_word words[] = {{1, "normal"}, {3, "stop"}, {0, NULL}};
    const struct vb_signal signal = {"x.y", "", 0, 2, VB_LE, VB_RAW, .words = words};
    bool is_word;
    char out[8];
    shows(&signal, 3, "stop");
    shows(&signal, 2, "2");
    assert_int_equal(vb_signal_text(&signal, 3, out, 2, &is_word), 2); /* cut at cap */
    assert_true(is_word);
    vb_signal_text(&signal, 2, out, sizeof out, &is_word);
    assert_false(is_word);
}

static void test_bit_words_are_joined_and_unnamed_bits_get_a_number(void **state) {
    (void)state;
    static const struct vb_word words[] = {{0, "stop"}, {2, "caution"}, {0, NULL}};
    const struct vb_signal flags = {"x.y", "", 0, 8, VB_LE | VB_BITS, VB_RAW, .words = words};
    int64_t raw;
    shows(&flags, 0, "none");
    shows(&flags, 5, "stop+caution");
    shows(&flags, 0x82, "bit_01+bit_07");
    assert_int_equal(vb_signal_parse(&flags, "stop+caution", 12, &raw), VB_OK);
    assert_int_equal(raw, 5);
    assert_int_equal(vb_signal_parse(&flags, "none", 4, &raw), VB_OK);
    assert_int_equal(raw, 0);
    assert_int_equal(vb_signal_parse(&flags, "stop+fire", 9, &raw), VB_E_FORMAT);
    assert_int_equal(vb_signal_parse(&flags, "bit_01+bit_07", 13, &raw), VB_OK);
    assert_int_equal(raw, 0x82);
    assert_int_equal(vb_signal_parse(&flags, "bit_08", 6, &raw), VB_E_RANGE); /* 8 bits */
    assert_int_equal(vb_signal_parse(&flags, "bit_64", 6, &raw), VB_E_FORMAT);
}

static void test_text_becomes_the_nearest_raw_value(void **state) {
    (void)state;
    int64_t raw;
    assert_int_equal(vb_signal_parse(&current, "0.043", 5, &raw), VB_OK);
    assert_int_equal(raw, 2000043);
    assert_int_equal(vb_signal_parse(&current, "-1", 2, &raw), VB_OK);
    assert_int_equal(raw, 1999000);
    assert_int_equal(vb_signal_parse(&temperature, "26.25", 5, &raw), VB_OK); /* half: away */
    assert_int_equal(raw, 133);
    assert_int_equal(vb_signal_parse(&temperature, "+26.2", 5, &raw), VB_OK);
    assert_int_equal(raw, 132);
}

static void test_text_that_is_no_value_of_the_row_is_refused(void **state) {
    (void)state;
    static const char *const bad[] = {"", "-", ".", "1e3", "0x10", "1 A", "on", "1..2"};
    int64_t raw = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char *copy = malloc(strlen(bad[i])); /* without 0: the sanitizer watches its end */
        memcpy(copy, bad[i], strlen(bad[i]));
        assert_int_equal(vb_signal_parse(&current, copy, strlen(bad[i]), &raw), VB_E_FORMAT);
        free(copy);
    }
    assert_int_equal(vb_signal_parse(&current, "2000.001", 8, &raw), VB_E_RANGE); /* limits */
    assert_int_equal(vb_signal_parse(&temperature, "88", 2, &raw), VB_E_RANGE);   /* 8 bits */
    assert_int_equal(vb_signal_parse(&temperature, "-40.5", 5, &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_parse(&current, "99999999999999999999", 20, &raw), VB_E_RANGE);
    assert_int_equal(raw, 77);
}

static void test_digits_that_no_row_can_show_do_not_make_a_number_too_large(void **state) {
    (void)state;
    int64_t raw;
    assert_int_equal(vb_signal_parse(&current, "0.30000000000000004", 19, &raw), VB_OK);
    assert_int_equal(raw, 2000300);
    assert_int_equal(vb_signal_parse(&current, "-0.0005000000000000000001", 25, &raw), VB_OK);
    assert_int_equal(raw, 2000000); /* -0.5 of a step from 2000000: away from zero */
    assert_int_equal(vb_signal_parse(&current, "1.00000000000000000x", 20, &raw), VB_E_FORMAT);
}

static void test_a_number_that_means_not_available_cannot_be_ordered(void **state) {
    (void)state;
    const struct vb_signal voltage = {
        "battery.voltage",      "V", 23, 10, VB_BE, VB_SCALE(1, 0, 2), VB_LIMITS(0, 450),
        VB_NOT_AVAILABLE(0x3FF)};
    int64_t raw = 77;
    assert_int_equal(vb_signal_parse(&voltage, "511.5", 5, &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_parse(&leaf_current, "511.5", 5, &raw), VB_E_RANGE);
    assert_int_equal(raw, 77);
}

static void test_a_factor_of_zero_can_be_shown_but_not_reversed(void **state) {
    (void)state;
    const struct vb_signal flat = {"x.y", "", 0, 8, VB_LE, VB_SCALE(0, 5, 1)};
    int64_t raw;
    shows(&flat, 200, "5");
    assert_int_equal(vb_signal_parse(&flat, "5", 1, &raw), VB_E_RANGE);
}

static void test_writing_refuses_what_does_not_fit_and_leaves_the_bytes(void **state) {
    (void)state;
    uint8_t data[2] = {0x55, 0x55};
    assert_int_equal(vb_signal_put(&leaf_current, 1024, data, 2), VB_E_RANGE);
    assert_int_equal(vb_signal_put(&leaf_current, -1025, data, 2), VB_E_RANGE);
    assert_int_equal(vb_signal_put(&leaf_current, 0, data, 1), VB_E_SPACE);
    assert_memory_equal(data, ((uint8_t[]){0x55, 0x55}), 2);
    assert_int_equal(vb_signal_put(&leaf_current, -4, data, 2), VB_OK); /* -2.0 A: FF 8. */
    assert_memory_equal(data, ((uint8_t[]){0xFF, 0x95}), 2);
    assert_int_equal(vb_signal_put(&leaf_current, 0x3FF, data, 2), VB_OK); /* not available */
    assert_memory_equal(data, ((uint8_t[]){0x7F, 0xF5}), 2);
}

static void test_sign_and_magnitude_has_its_sign_in_the_top_bit(void **state) {
    (void)state;
    /* WH1080 over FSK: 0x83C is -6.0 degrees, 0x03C is 6.0 */
    const struct vb_signal air = {"air.temperature", "°C", 11, 12, VB_BE | VB_SIGN_MAG,
                                  VB_SCALE(1, 0, 10)};
    int64_t raw;
    uint8_t data[3] = {0xA4, 0xF0, 0x00};
    assert_int_equal(vb_signal_get(&air, BYTES(0xA4, 0xF8, 0x3C), &raw), VB_OK);
    shows(&air, raw, "-6.0");
    assert_int_equal(vb_signal_get(&air, BYTES(0xA4, 0xF0, 0x3C), &raw), VB_OK);
    shows(&air, raw, "6.0");
    assert_int_equal(vb_signal_put(&air, -60, data, 3), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0xA4, 0xF8, 0x3C}), 3);
    assert_int_equal(vb_signal_put(&air, 2048, data, 3), VB_E_RANGE);
}

static void test_a_field_in_two_pieces_is_one_number(void **state) {
    (void)state;
    /* WH24 wind direction: eight bits in byte 2, the ninth is bit 7 of byte 3 */
    const struct vb_signal direction = {
        "wind.direction",       "°", 16, 8, VB_LE, VB_RAW, .more_bit = 31, .more_len = 1,
        VB_NOT_AVAILABLE(0x1FF)};
    int64_t raw;
    uint8_t data[4] = {0};
    assert_int_equal(vb_signal_get(&direction, BYTES(0x24, 0x50, 0x67, 0xE2), &raw), VB_OK);
    assert_int_equal(raw, 359);
    assert_int_equal(vb_signal_get(&direction, BYTES(0x24, 0x50, 0xFF, 0x80), &raw), VB_E_UNKNOWN);
    assert_int_equal(vb_signal_put(&direction, 359, data, 4), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0, 0, 0x67, 0x80}), 4);
    assert_int_equal(vb_signal_put(&direction, 512, data, 4), VB_E_RANGE);
}

static void test_steps_count_the_limits_below_and_bcd_reads_digits(void **state) {
    (void)state;
    static const uint16_t limits[] = {432, 851, 1210};
    const struct vb_curve steps = VB_STEPS(limits);
    const struct vb_signal index = {"uv.index", "", 7, 16, VB_BE, VB_RAW, .curve = &steps};
    const struct vb_signal minute = {"clock.minute", "", 0, 8, VB_LE, VB_RAW, .curve = &vb_bcd};
    int64_t raw;
    uint8_t data[2] = {0};
    assert_int_equal(vb_signal_get(&index, BYTES(0x01, 0xB0), &raw), VB_OK); /* 432 */
    assert_int_equal(raw, 0);
    assert_int_equal(vb_signal_get(&index, BYTES(0x01, 0xB1), &raw), VB_OK); /* 433 */
    assert_int_equal(raw, 1);
    assert_int_equal(vb_signal_get(&index, BYTES(0xFF, 0xFF), &raw), VB_OK);
    assert_int_equal(raw, 3);
    assert_int_equal(vb_signal_put(&index, 1, data, 2), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0x01, 0xB1}), 2);
    assert_int_equal(vb_signal_put(&index, 4, data, 2), VB_E_RANGE);
    assert_int_equal(vb_signal_get(&minute, BYTES(0x59), &raw), VB_OK);
    assert_int_equal(raw, 59);
    assert_int_equal(vb_signal_get(&minute, BYTES(0x5A), &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_put(&minute, 42, data, 1), VB_OK);
    assert_int_equal(data[0], 0x42);
    assert_int_equal(vb_signal_put(&minute, 100, data, 1), VB_E_RANGE);
}

static void test_not_available_is_written_past_the_curve(void **state) {
    (void)state;
    /* WH24: UV index 0..13 in steps, FF FF = no sensor */
    static const uint16_t limits[] = {432, 851, 1210};
    const struct vb_curve steps = VB_STEPS(limits);
    const struct vb_signal index = {
        "uv.index", "", 7, 16, VB_BE, VB_RAW, VB_NOT_AVAILABLE(0xFFFF), .curve = &steps};
    const struct vb_signal minute = {
        "clock.minute", "", 0, 8, VB_LE, VB_RAW, VB_NOT_AVAILABLE(0x99), .curve = &vb_bcd};
    int64_t raw = 77;
    uint8_t data[2] = {0};
    assert_int_equal(vb_signal_put(&index, 0xFFFF, data, 2), VB_OK);
    assert_memory_equal(data, ((uint8_t[]){0xFF, 0xFF}), 2);
    assert_int_equal(vb_signal_get(&index, data, 2, &raw), VB_E_UNKNOWN);
    assert_int_equal(vb_signal_parse(&index, "65535", 5, &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_put(&minute, 99, data, 1), VB_E_RANGE); /* 99 would be 0x99 */
    assert_int_equal(vb_signal_parse(&minute, "99", 2, &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_parse(&minute, "153", 3, &raw), VB_E_RANGE);
    assert_int_equal(data[0], 0xFF);
    assert_int_equal(raw, 77);
    assert_int_equal(vb_signal_put(&minute, 0x99, data, 1), VB_OK);
    assert_int_equal(data[0], 0x99);
}

static void test_unsigned_rows_of_64_bits_reach_to_the_end(void **state) {
    (void)state;
    const struct vb_signal plain = {"x.y", "", 0, 64, VB_LE, VB_RAW};
    const struct vb_signal milli = {
        "x.y", "", 0, 32, VB_LE, VB_SCALE(1, 0, 1000), .more_bit = 32, .more_len = 32};
    const struct vb_signal third = {"x.y", "", 7, 64, VB_BE, VB_SCALE(1, 0, 3), .decimals = 2};
    const struct vb_signal eighth = {"x.y", "", 7, 64, VB_BE, VB_SCALE(1, 0, 8)};
    const struct vb_signal huge = {"x.y", "", 0, 64, VB_LE, VB_SCALE(1, 0, INT64_MAX)};
    static const uint8_t ones[] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF};
    static const uint8_t top[] = {0, 0, 0, 0, 0, 0, 0, 0x80};
    int64_t raw;
    uint8_t data[8] = {0};
    assert_int_equal(vb_signal_get(&plain, ones, 8, &raw), VB_OK);
    shows(&plain, raw, "18446744073709551615");
    shows(&milli, raw, "18446744073709551.615");
    shows(&third, raw, "6148914691236517205.00");
    shows(&third, 2, "0.67");
    shows(&third, 5, "1.67");
    shows(&eighth, raw, "2305843009213693951.875");
    shows(&huge, raw, "2.000000");           /* and a 1.08e-19 */
    shows(&huge, INT64_MAX - 1, "1.000000"); /* rounded up through all digits */
    assert_int_equal(vb_signal_get(&plain, top, 8, &raw), VB_OK);
    shows(&plain, raw, "9223372036854775808");
    shows(&plain, 0, "0");
    shows(&plain, 7, "7");

    assert_int_equal(vb_signal_parse(&plain, "18446744073709551615", 20, &raw), VB_OK);
    assert_int_equal(vb_signal_put(&plain, raw, data, 8), VB_OK);
    assert_memory_equal(data, ones, 8);
    assert_int_equal(vb_signal_parse(&plain, "9223372036854775808", 19, &raw), VB_OK);
    assert_int_equal(vb_signal_put(&plain, raw, data, 8), VB_OK);
    assert_memory_equal(data, top, 8);
    assert_int_equal(vb_signal_parse(&milli, "18446744073709551.615", 21, &raw), VB_OK);
    assert_int_equal(vb_signal_put(&milli, raw, data, 8), VB_OK);
    assert_memory_equal(data, ones, 8);
    assert_int_equal(vb_signal_parse(&eighth, "2305843009213693951.875", 23, &raw), VB_OK);
    assert_int_equal(raw, -1);
    assert_int_equal(vb_signal_parse(&plain, "0.5", 3, &raw), VB_OK); /* half: away from zero */
    assert_int_equal(raw, 1);
    assert_int_equal(vb_signal_parse(&plain, "-0.4", 4, &raw), VB_OK);
    assert_int_equal(raw, 0);
}

static void test_unsigned_rows_of_64_bits_refuse_what_is_beyond(void **state) {
    (void)state;
    const struct vb_signal plain = {"x.y", "", 0, 64, VB_LE, VB_RAW};
    const struct vb_signal milli = {"x.y", "", 0, 64, VB_LE, VB_SCALE(1, 0, 1000)};
    const struct vb_signal twice = {"x.y", "", 0, 64, VB_LE, VB_SCALE(2, 0, 1)};
    const struct vb_signal minus = {"x.y", "", 0, 64, VB_LE, VB_SCALE(-1, 5, 10)};
    const struct vb_signal limited = {"x.y", "", 0, 64, VB_LE, VB_RAW, VB_LIMITS(-5, 5)};
    uint8_t data[8] = {0};
    int64_t raw = 77;
    assert_int_equal(vb_signal_parse(&plain, "18446744073709551616", 20, &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_parse(&plain, "18446744073709551615.5", 22, &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_parse(&plain, "-1", 2, &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_parse(&plain, "1e3", 3, &raw), VB_E_FORMAT);
    assert_int_equal(vb_signal_parse(&plain, ".", 1, &raw), VB_E_FORMAT);
    assert_int_equal(vb_signal_parse(&plain, "", 0, &raw), VB_E_FORMAT);
    assert_int_equal(vb_signal_parse(&milli, "18446744073709551.616", 21, &raw), VB_E_RANGE);
    assert_int_equal(vb_signal_parse(&twice, "-2", 2, &raw), VB_E_RANGE);
    assert_int_equal(raw, 77);
    shows(&twice, -1, "18446744073709551615"); /* saturates, as the header says */
    shows(&minus, 5, "0.0");
    shows(&minus, 6, "-0.1");
    shows(&minus, -1, "-1844674407370955161.0");
    assert_false(vb_signal_in_limits(&limited, -1)); /* 2^64 - 1, not -1 */
    assert_int_equal(vb_signal_put(&limited, -1, data, 8), VB_E_RANGE);
    assert_int_equal(vb_signal_put(&limited, 5, data, 8), VB_OK);
}

static void test_a_divisor_that_is_not_positive_divides_by_nothing(void **state) {
    (void)state;
    const struct vb_signal zero = {"x.y", "", 0, 8, VB_LE, VB_SCALE(0, 0, 0), .decimals = 255};
    const struct vb_signal minus = {"x.y", "", 0, 64, VB_LE, VB_SCALE(1, 0, -2)};
    shows(&zero, 5, "0"); /* vb_device_check refuses such rows; reading them does no harm */
    shows(&minus, 5, "5");
}

static void test_limits_are_exact_at_their_edges(void **state) {
    (void)state;
    assert_true(vb_signal_in_limits(&current, 4000000));       /* 2000.000 A */
    assert_false(vb_signal_in_limits(&current, 4000001));      /* 2000.001 A */
    assert_true(vb_signal_in_limits(&current, 0));             /* -2000 A */
    assert_true(vb_signal_in_limits(&temperature, INT64_MAX)); /* no limits */
    assert_false(vb_signal_in_limits(&current, INT64_MAX));    /* no overflow either */
}

static void test_rows_made_at_run_time_are_read_like_const_ones(void **state) {
    (void)state;
    struct vb_scale scale = {1, 0, 2};
    struct vb_signal *made = calloc(1, sizeof *made);
    char name[] = "battery.voltage";
    int64_t raw;
    *made = (struct vb_signal){
        .name = name, .unit = "V", .bit = 23, .len = 10, .flags = VB_BE, .scale = &scale};
    assert_int_equal(vb_signal_get(made, BYTES(0x01, 0x60, 0xB3, 0x2B), &raw), VB_OK);
    shows(made, raw, "358.0");
    free(made);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_the_same_in_frames_of_any_length),
        cmocka_unit_test(test_value_is_raw_times_mul_plus_add_over_div),
        cmocka_unit_test(test_a_row_beyond_the_end_asks_for_more),
        cmocka_unit_test(test_the_absent_value_is_no_value),
        cmocka_unit_test(test_numbers_have_the_decimals_that_the_ratio_needs),
        cmocka_unit_test(test_other_ratios_are_rounded_half_away_from_zero),
        cmocka_unit_test(test_the_largest_numbers_come_out_whole),
        cmocka_unit_test(test_words_stand_for_values_and_unknown_values_stay_numbers),
        cmocka_unit_test(test_bit_words_are_joined_and_unnamed_bits_get_a_number),
        cmocka_unit_test(test_text_becomes_the_nearest_raw_value),
        cmocka_unit_test(test_text_that_is_no_value_of_the_row_is_refused),
        cmocka_unit_test(test_digits_that_no_row_can_show_do_not_make_a_number_too_large),
        cmocka_unit_test(test_a_number_that_means_not_available_cannot_be_ordered),
        cmocka_unit_test(test_a_factor_of_zero_can_be_shown_but_not_reversed),
        cmocka_unit_test(test_writing_refuses_what_does_not_fit_and_leaves_the_bytes),
        cmocka_unit_test(test_sign_and_magnitude_has_its_sign_in_the_top_bit),
        cmocka_unit_test(test_a_field_in_two_pieces_is_one_number),
        cmocka_unit_test(test_steps_count_the_limits_below_and_bcd_reads_digits),
        cmocka_unit_test(test_not_available_is_written_past_the_curve),
        cmocka_unit_test(test_unsigned_rows_of_64_bits_reach_to_the_end),
        cmocka_unit_test(test_unsigned_rows_of_64_bits_refuse_what_is_beyond),
        cmocka_unit_test(test_a_divisor_that_is_not_positive_divides_by_nothing),
        cmocka_unit_test(test_limits_are_exact_at_their_edges),
        cmocka_unit_test(test_rows_made_at_run_time_are_read_like_const_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
