/* test_bytes.c - rows of bytes: reading, writing, how they look as text and back; sums; the mark that
 * tells messages of one id apart; frames written with them.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/device.h"

/* 00 11 22 33 44 55 "AB" 00 00 */
static const uint8_t frame[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 'A', 'B', 0x00, 0x00};

static const struct vb_signal mac = {"a.mac", "", 0, 6, VB_BYTES | VB_ADDRESS, VB_RAW};
static const struct vb_signal key = {"a.key", "", 8, 3, VB_BYTES, VB_RAW};
static const struct vb_signal name = {"a.name", "", 48, 4, VB_BYTES | VB_STRING, VB_RAW};
static const struct vb_signal rest = {"a.rest", "", 64, 0, VB_BYTES, VB_RAW};
static const struct vb_signal ip = {"a.ip", "", 0, 16, VB_BYTES | VB_ADDRESS, VB_RAW};

static const char *text_of(const struct vb_signal *row, const uint8_t *data, size_t n) {
    static char out[256];
    const char *bytes;
    int len = vb_signal_string(row, data, n, &bytes);
    if (len < 0) {
        return vb_err_text(len);
    }
    out[vb_bytes_text(row, bytes, (size_t)len, out, sizeof out - 1)] = '\0';
    return out;
}

static void test_bytes_are_shown_as_digits_addresses_and_text(void **state) {
    (void)state;
    assert_string_equal(text_of(&mac, frame, sizeof frame), "00:11:22:33:44:55");
    assert_string_equal(text_of(&key, frame, sizeof frame), "112233");
    assert_string_equal(text_of(&name, frame, sizeof frame), "AB");
    assert_string_equal(text_of(&rest, frame, sizeof frame), "0000");
}

static void test_text_that_is_none_is_shown_as_digits(void **state) {
    (void)state;
    static const uint8_t odd[] = {0, 0, 0, 0, 0, 0, 'A', 0x07, 0x00, 0xFF};
    assert_string_equal(text_of(&name, odd, sizeof odd), "410700ff");
}

static void test_a_row_beyond_the_end_of_the_frame_is_not_there(void **state) {
    (void)state;
    int64_t raw = 7;
    const char *bytes;
    for (size_t n = 0; n < sizeof frame; n++) {
        assert_int_equal(vb_signal_get(&mac, frame, n, &raw), n < 6 ? VB_E_MORE : VB_OK);
        assert_int_equal(vb_signal_string(&name, frame, n, &bytes), VB_E_MORE);
    }
    assert_int_equal(vb_signal_get(&rest, frame, 9, &raw), VB_OK); /* one byte is left */
    assert_int_equal(vb_signal_get(&rest, frame, 8, &raw), VB_E_MORE);
    uint8_t data[10] = {0};
    assert_int_equal(vb_bytes_put(&name, "AB", 2, data, 9), VB_E_SPACE);
    assert_int_equal(vb_bytes_put(&rest, "", 0, data, 8), VB_E_SPACE);
}

static void test_raw_is_zero_for_zeros_only_and_tells_others_apart(void **state) {
    (void)state;
    static const uint8_t zeros[6] = {0};
    static const uint8_t other[6] = {0, 0x11, 0x22, 0x33, 0x44, 0x56};
    int64_t none, one, two;
    assert_int_equal(vb_signal_get(&mac, zeros, 6, &none), VB_OK);
    assert_int_equal(vb_signal_get(&mac, frame, 6, &one), VB_OK);
    assert_int_equal(vb_signal_get(&mac, other, 6, &two), VB_OK);
    assert_int_equal(none, 0);
    assert_true(one != 0 && two != 0 && one != two);
}

static void test_zeros_may_mean_that_nothing_is_said(void **state) {
    (void)state;
    static const struct vb_signal row = {"a.id", "", 64, 2, VB_BYTES, VB_RAW, VB_NOT_AVAILABLE(0)};
    uint8_t data[10];
    int64_t raw = 7;
    memcpy(data, frame, sizeof data);
    assert_int_equal(vb_signal_get(&row, data, 10, &raw), VB_E_UNKNOWN);
    data[9] = 1;
    assert_int_equal(vb_signal_get(&row, data, 10, &raw), VB_OK);
    assert_int_equal(vb_signal_put(&row, 0, data, 10), VB_OK);
    assert_memory_equal(data, frame, sizeof data);
    assert_int_equal(vb_signal_put(&row, 1, data, 10), VB_E_RANGE); /* a number is no bytes */
    assert_int_equal(vb_signal_put(&key, 0, data, 10), VB_E_RANGE); /* here zeros are a value */
}

static void test_bytes_are_written_whole_and_text_ends_with_zeros(void **state) {
    (void)state;
    uint8_t data[10];
    memset(data, 0xEE, sizeof data);
    assert_int_equal(vb_bytes_put(&mac, "\x01\x02\x03\x04\x05", 5, data, 10), VB_E_RANGE);
    assert_int_equal(vb_bytes_put(&mac, "1234567", 7, data, 10), VB_E_RANGE);
    assert_int_equal(vb_bytes_put(&name, "ABCDE", 5, data, 10), VB_E_RANGE);
    assert_int_equal(vb_bytes_put(&name, "A\0B", 3, data, 10), VB_E_RANGE);
    for (size_t i = 0; i < sizeof data; i++) {
        assert_int_equal(data[i], 0xEE);
    }
    assert_int_equal(vb_bytes_put(&mac, "\x00\x11\x22\x33\x44\x55", 6, data, 10), VB_OK);
    assert_int_equal(vb_bytes_put(&name, "AB", 2, data, 10), VB_OK);
    assert_memory_equal(data, frame, sizeof data);
}

static void test_ipv6_addresses_are_written_as_rfc_5952_says(void **state) {
    (void)state;
    static const struct {
        uint8_t ip[16];
        const char *text;
    } vectors[] = {
        /* the address of every Clara board */
        {{0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0xC6, 0x90, 0x83, 0xF3, 0xFB, 0xCB, 0x98, 0x1E},
         "fe80::c690:83f3:fbcb:981e"},
        {{0}, "::"},
        {{[15] = 1}, "::1"},
        {{0xFF, 0x02, [15] = 1}, "ff02::1"},
        {{0x20, 0x01, 0x0D, 0xB8}, "2001:db8::"},
        {{0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1},
         "2001:db8:0:1:1:1:1:1"}, /* one group of zeros stays */
        {{0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1},
         "2001:db8::1:0:0:1"}, /* of two equal runs the first one */
        {{0x20, 0x01, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:0:0:1::1"},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t back[16];
        const char *text = vectors[i].text;
        assert_string_equal(text_of(&ip, vectors[i].ip, 16), text);
        assert_int_equal(vb_bytes_parse(&ip, text, strlen(text), back, sizeof back), 16);
        assert_memory_equal(back, vectors[i].ip, 16);
    }
    static const char *const wrong[] = {"",
                                        ":",
                                        ":::",
                                        "1",
                                        "1::2::3",
                                        "fe80:",
                                        "12345::",
                                        "1:2:3:4:5:6:7",
                                        "1:2:3:4:5:6:7:8:9",
                                        "::g",
                                        "1:2:3:4:5:6:7:8::",
                                        ":1:2:3:4:5:6:7:8",
                                        "1::2:"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t back[16];
        assert_int_equal(vb_bytes_parse(&ip, wrong[i], strlen(wrong[i]), back, 16), VB_E_FORMAT);
    }
}

static void test_text_becomes_bytes_again(void **state) {
    (void)state;
    uint8_t back[16];
    assert_int_equal(vb_bytes_parse(&mac, "00:11:22:33:44:55", 17, back, 16), 6);
    assert_memory_equal(back, frame, 6);
    assert_int_equal(vb_bytes_parse(&mac, "AA:bb:CC:dd:EE:ff", 17, back, 16), 6);
    assert_memory_equal(back, "\xAA\xBB\xCC\xDD\xEE\xFF", 6);
    assert_int_equal(vb_bytes_parse(&mac, "00:11:22:33:44", 14, back, 16), VB_E_RANGE);
    assert_int_equal(vb_bytes_parse(&mac, "00:11:22:33:44:55:", 18, back, 16), VB_E_FORMAT);
    assert_int_equal(vb_bytes_parse(&mac, "001122334455", 12, back, 16), VB_E_FORMAT);
    assert_int_equal(vb_bytes_parse(&key, "112233", 6, back, 16), 3);
    assert_int_equal(vb_bytes_parse(&key, "11223", 5, back, 16), VB_E_FORMAT);
    assert_int_equal(vb_bytes_parse(&key, "112233", 6, back, 2), VB_E_RANGE);
    assert_int_equal(vb_bytes_parse(&name, "AB", 2, back, 16), 2);
    assert_int_equal(vb_bytes_parse(&name, "ABCDE", 5, back, 16), VB_E_RANGE);
    assert_int_equal(vb_bytes_parse(&name, "A\n", 2, back, 16), VB_E_FORMAT);
    assert_int_equal(vb_bytes_parse(&rest, "", 0, back, 16), 0);
}

static void test_a_sum_adds_bytes(void **state) {
    (void)state;
    /* the mean of 10, 20 and 31 dB is 20.333 dB */
    static const uint8_t data[] = {0xFF, 10, 20, 31, 0xFF};
    const struct vb_signal mean = {.name = "a.mean",
                                   .unit = "dB",
                                   .bit = 8,
                                   .len = 3,
                                   .flags = VB_SUM | VB_VIEW,
                                   .scale = &(const struct vb_scale){1, 0, 3},
                                   .decimals = 3};
    int64_t raw;
    char out[VB_NUMBER_TEXT + 1];
    assert_int_equal(vb_signal_get(&mean, data, sizeof data, &raw), VB_OK);
    assert_int_equal(raw, 61);
    out[vb_signal_text(&mean, raw, out, sizeof out - 1, NULL)] = '\0';
    assert_string_equal(out, "20.333");
    assert_int_equal(vb_signal_get(&mean, data, 3, &raw), VB_E_MORE);
    uint8_t copy[5] = {0};
    assert_int_equal(vb_signal_put(&mean, 61, copy, sizeof copy), VB_E_RANGE);
}

/* ---- messages ---- */

static const struct vb_signal old_rows[] = {{"a.old", "", 19 * 8, 1, VB_BYTES, VB_RAW}};
static const struct vb_signal new_rows[] = {
    {"a.number", "", 19 * 8, 8, VB_LE, VB_RAW},
    {"a.rest", "", 20 * 8, 0, VB_BYTES, VB_RAW, VB_NOT_AVAILABLE(0)},
    {"a.view", "", 20 * 8, 2, VB_BYTES | VB_VIEW, VB_RAW}};
static const struct vb_message messages[] = {
    {VB_ID(0xA038), .len_min = 20, .len_max = 20, .name = "old", VB_ROWS(old_rows),
     VB_MARK(14, "\x00")},
    {VB_ID(0xA038), .len_min = 20, .len_max = 200, .name = "new", VB_ROWS(new_rows),
     VB_MARK(14, "\x01")},
};
static const struct vb_device device = {.name = "test", .kind = VB_KIND_PLC, VB_MESSAGES(messages)};

static const struct vb_message *message_of(const uint8_t *data, size_t n) {
    struct vb_instance instance;
    struct vb_sample samples[4];
    struct vb_frame f = {.kind = VB_KIND_PLC, .id = 0xA038, .data = data, .len = (uint32_t)n};
    vb_instance_init(&instance, &device, NULL, 0);
    return vb_instance_read(&instance, &f, samples, 4).message;
}

static void test_the_mark_tells_messages_of_one_id_apart(void **state) {
    (void)state;
    uint8_t data[20] = {[12] = 0x88, [13] = 0xE1, [15] = 0x38, [16] = 0xA0};
    assert_int_equal(vb_device_check(&device, NULL), VB_OK);
    assert_ptr_equal(message_of(data, 20), &messages[0]);
    data[14] = 1;
    assert_ptr_equal(message_of(data, 20), &messages[1]);
    assert_ptr_equal(message_of(data, 15), &messages[1]); /* too short, and of this kind */
    data[14] = 2;
    assert_null(message_of(data, 20));
}

static void test_a_frame_is_written_with_bytes_mark_and_type(void **state) {
    (void)state;
    struct vb_instance instance;
    vb_instance_init(&instance, &device, NULL, 0);
    struct vb_sample said[] = {{.signal = &new_rows[0], .raw = 5},
                               {.signal = &new_rows[1], .text = "\xAB\xCD", .text_len = 2}};
    static const uint8_t expected[24] = {[12] = 0x88, 0xE1, 0x01, 0x38, 0xA0, 0, 0, 5, 0xAB, 0xCD};
    uint8_t data[24] = {0};
    assert_int_equal(vb_instance_write(&instance, &messages[1], said, 2, data, 24, 0, NULL), VB_OK);
    assert_memory_equal(data, expected, sizeof data);
}

static void test_bytes_that_are_said_twice_or_do_not_fit_are_refused(void **state) {
    (void)state;
    struct vb_instance instance;
    vb_instance_init(&instance, &device, NULL, 0);
    struct vb_sample said[] = {{.signal = &new_rows[1], .text = "12", .text_len = 2},
                               {.signal = &new_rows[2], .text = "34", .text_len = 2}};
    uint8_t data[24] = {0};
    static const uint8_t zeros[24] = {0};
    size_t at;
    assert_int_equal(vb_instance_write(&instance, &messages[1], said, 2, data, 24, 0, &at),
                     VB_E_STATE);
    assert_int_equal(at, 1);
    said[0].text_len = 5; /* four bytes are left */
    assert_int_equal(vb_instance_write(&instance, &messages[1], said, 1, data, 24, 0, &at),
                     VB_E_RANGE);
    said[0].text_len = 0;
    assert_int_equal(vb_instance_write(&instance, &messages[1], said, 1, data, 20, 0, &at),
                     VB_E_SPACE); /* no byte is left */
    assert_memory_equal(data, zeros, sizeof data);
}

static void test_what_an_earlier_message_would_read_is_not_written(void **state) {
    (void)state;
    static const struct vb_signal rows[] = {{"a.first", "", 17 * 8, 2, VB_BYTES, VB_RAW}};
    const struct vb_message both[] = {
        {VB_ID(0xA038), .len_min = 19, .len_max = 19, .name = "special", VB_MARK(17, "\xDC\x55")},
        {VB_ID(0xA038), .len_min = 19, .len_max = 19, .name = "usual", VB_ROWS(rows)}};
    const struct vb_device two = {.name = "two", .kind = VB_KIND_PLC, VB_MESSAGES(both)};
    struct vb_instance instance;
    vb_instance_init(&instance, &two, NULL, 0);
    struct vb_sample said = {.signal = &rows[0], .text = "\xDC\x54", .text_len = 2};
    uint8_t data[19] = {0};
    assert_int_equal(vb_instance_write(&instance, &both[1], &said, 1, data, 19, 0, NULL), VB_OK);
    said.text = "\xDC\x55";
    assert_int_equal(vb_instance_write(&instance, &both[1], &said, 1, data, 19, 0, NULL),
                     VB_E_STATE);
}

/* ---- tables made at run time ---- */

static void refused(struct vb_signal row, const char *what) {
    const struct vb_message message = {VB_ID(1),    .len_min = 4,    .len_max = 40,
                                       .name = "m", .signals = &row, .signal_count = 1};
    const struct vb_device made = {
        .name = "made", .kind = VB_KIND_PLC, .messages = &message, .message_count = 1};
    struct vb_defect defect = {.what = "none"};
    vb_device_check(&made, &defect);
    assert_string_equal(defect.what, what);
}

static void test_rows_of_bytes_made_at_run_time_are_checked(void **state) {
    (void)state;
    struct vb_signal row = key;
    refused(row, "none");
    row.bit = 9;
    refused(row, "a row of bytes begins inside a byte, or has a second piece");
    row = key;
    row.words = vb_no_yes;
    refused(row, "a row of bytes has words, a curve, limits, or another absent value than 0");
    row = key;
    row.flags |= VB_ADDRESS;
    refused(row, "an address has not 6 or 16 bytes");
    row.flags = VB_ADDRESS;
    refused(row, "an address is no row of bytes");
    row.flags = VB_SUM;
    refused(row, "a sum is of no bytes, or no view");
    const struct vb_message message = {VB_ID(1), .len_min = 4, .len_max = 40, .name = "m",
                                       VB_MARK(3, "\x01\x02")};
    const struct vb_device made = {
        .name = "made", .kind = VB_KIND_PLC, .messages = &message, .message_count = 1};
    struct vb_defect defect;
    assert_int_equal(vb_device_check(&made, &defect), VB_E_RANGE);
    assert_string_equal(defect.what, "the mark is beyond the end of the message");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_are_shown_as_digits_addresses_and_text),
        cmocka_unit_test(test_text_that_is_none_is_shown_as_digits),
        cmocka_unit_test(test_a_row_beyond_the_end_of_the_frame_is_not_there),
        cmocka_unit_test(test_raw_is_zero_for_zeros_only_and_tells_others_apart),
        cmocka_unit_test(test_zeros_may_mean_that_nothing_is_said),
        cmocka_unit_test(test_bytes_are_written_whole_and_text_ends_with_zeros),
        cmocka_unit_test(test_ipv6_addresses_are_written_as_rfc_5952_says),
        cmocka_unit_test(test_text_becomes_bytes_again),
        cmocka_unit_test(test_a_sum_adds_bytes),
        cmocka_unit_test(test_the_mark_tells_messages_of_one_id_apart),
        cmocka_unit_test(test_a_frame_is_written_with_bytes_mark_and_type),
        cmocka_unit_test(test_bytes_that_are_said_twice_or_do_not_fit_are_refused),
        cmocka_unit_test(test_what_an_earlier_message_would_read_is_not_written),
        cmocka_unit_test(test_rows_of_bytes_made_at_run_time_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
