/* test_rows.c - promises that hold for the rows of every built-in device: names, units, words, and
 * no bit of any frame left out or said twice; and every line of test/vectors is a good frame.
 * SPDX-License-Identifier: MIT */
#include "rows.h"

#include <ctype.h>

static const char *const units[] = {"V",   "A", "W",  "Wh",  "Ah", "Ω",  "s",   "Hz", "°C", "%",
                                    "m/s", "m", "mm", "rpm", "Nm", "lx", "dBm", "Pa", "°",  ""};

/* All choices of all settings of a device, one after the other. */
static void first_choice(struct vb_instance *instance, const struct vb_device *device) {
    vb_instance_init(instance, device, NULL, 0);
    memset(instance->choice, 0, sizeof instance->choice);
}

static bool next_choice(struct vb_instance *instance) {
    const struct vb_device *device = instance->device;
    for (unsigned i = 0; i < device->setting_count; i++) {
        if (device->settings[i].values[++instance->choice[i]]) {
            return true;
        }
        instance->choice[i] = 0;
    }
    return false;
}

/* Call visit for each message that exists with each choice of settings. */
static void each_message(void (*visit)(const struct vb_instance *, const struct vb_message *)) {
    for (size_t d = 0; d < vb_device_count; d++) {
        struct vb_instance instance;
        first_choice(&instance, vb_devices[d]);
        do {
            for (unsigned m = 0; m < instance.device->message_count; m++) {
                const struct vb_message *message = &instance.device->messages[m];
                if (row_exists(&instance, message->when)) {
                    visit(&instance, message);
                }
            }
        } while (next_choice(&instance));
    }
}

#define assert_row(condition, message, row)                                                        \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("%s, %s: %s", (message)->name, (row)->name, #condition);                      \
        }                                                                                          \
    } while (0)

static bool is_word(const char *text, const char *also) {
    for (; *text; text++) {
        if (!islower((unsigned char)*text) && !isdigit((unsigned char)*text) &&
            !strchr(also, *text)) {
            return false;
        }
    }
    return true;
}

static bool is_unknown_name(const struct vb_message *message, const char *name) {
    size_t n = strlen(message->name);
    return strncmp(name, message->name, n) == 0 && strncmp(name + n, ".unknown_", 9) == 0;
}

static void check_names(const struct vb_instance *instance, const struct vb_message *message) {
    (void)instance;
    assert_true(message->name && is_word(message->name, "_"));
    assert_non_null(message->title);
    assert_in_range(message->len_min, 1, message->len_max);
    assert_int_equal(message->id & message->mask, message->id);
    for (unsigned i = 0; i < message->signal_count; i++) {
        const struct vb_signal *row = &message->signals[i];
        const char *point = strchr(row->name, '.');
        assert_row(point && point > row->name && is_word(row->name, "_."), message, row);
        assert_row(is_unknown_name(message, row->name) == !!(row->flags & VB_UNKNOWN), message,
                   row);
        assert_row(row->flags & VB_UNKNOWN || row->title, message, row);
        assert_row(!(row->flags & VB_UNKNOWN) || !row->scale, message, row);
        bool known = false;
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            known = known || strcmp(row->unit, units[u]) == 0;
        }
        assert_row(known, message, row);
        assert_row(!row->scale || (row->scale->div > 0 && row->scale->mul != 0), message, row);
        assert_row(!row->limits || row->limits->min_milli < row->limits->max_milli, message, row);
        assert_row(!row->words || (row->unit[0] == '\0' && !row->scale), message, row);
        for (const struct vb_word *w = row->words; w && w->word; w++) {
            assert_row(w->word[0] && is_word(w->word, "-"), message, row);
            for (const struct vb_word *other = row->words; other != w; other++) {
                assert_row(strcmp(other->word, w->word) != 0 && other->raw != w->raw, message, row);
            }
        }
    }
}

static void test_names_units_and_words_follow_the_rules(void **state) {
    (void)state;
    each_message(check_names);
}

static bool same_text(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* In one frame a name stands once. Another frame of the device may repeat it only for the same
 * quantity: a camper's or a station's second way to say it. */
static void check_unique(const struct vb_instance *instance, const struct vb_message *message) {
    const struct vb_device *device = instance->device;
    for (unsigned i = 0; i < message->signal_count; i++) {
        const struct vb_signal *row = &message->signals[i];
        if (!row_exists(instance, row->when)) {
            continue;
        }
        for (unsigned m = 0; m < device->message_count; m++) {
            const struct vb_message *other = &device->messages[m];
            for (unsigned k = 0; k < other->signal_count; k++) {
                const struct vb_signal *twin = &other->signals[k];
                if (twin == row || strcmp(twin->name, row->name) != 0 ||
                    !row_exists(instance, other->when) || !row_exists(instance, twin->when)) {
                    continue;
                }
                assert_row(other != message, message, row);
                assert_row(strcmp(twin->unit, row->unit) == 0 &&
                               same_text(twin->title, row->title) && twin->words == row->words,
                           message, row);
            }
        }
    }
}

static void test_a_name_means_one_thing_in_a_device(void **state) {
    (void)state;
    each_message(check_unique);
}

static void mark(const struct vb_signal *row, uint8_t *data) {
    void (*put)(uint8_t *, unsigned, unsigned, uint64_t) =
        row->flags & VB_BE ? vb_bits_put_be : vb_bits_put_le;
    put(data, row->bit, row->len, UINT64_MAX);
    if (row->more_len) {
        put(data, row->more_bit, row->more_len, UINT64_MAX);
    }
}

/* Add the bits of mask to all; none of them may be there already. */
static void add_bits(uint8_t *all, const uint8_t *mask, size_t n, const struct vb_message *message,
                     const char *who) {
    for (size_t i = 0; i < n; i++) {
        if (all[i] & mask[i]) {
            fail_msg("%s, %s: bits %02X of byte %zu are said twice", message->name, who,
                     all[i] & mask[i], i);
        }
        all[i] |= mask[i];
    }
}

/* Does the row stand in a frame whose selectors have these values? */
static bool chosen(const struct vb_signal *row, const int64_t *selector_raw) {
    if (!row->mux) {
        return true;
    }
    for (const struct vb_mux *mux = row->mux; mux; mux = mux->or_else) {
        int64_t raw = selector_raw[mux->selector];
        if (raw >= mux->lo && raw <= mux->hi) {
            return true;
        }
    }
    return false;
}

static void check_bits(const struct vb_instance *instance, const struct vb_message *message,
                       const int64_t *selector_raw) {
    uint8_t all[64] = {0};
    uint8_t bits[64] = {0};
    size_t n = instance->device->kind == VB_KIND_RADIO ? message->len_min : message->len_max;
    if (instance->device->kind == VB_KIND_RADIO) {
        all[0] = (uint8_t)message->mask; /* the first byte is the id, as far as the mask goes */
    }
    for (unsigned i = 0; i < message->check_count; i++) {
        const struct vb_check *check = &message->checks[i];
        memset(bits, 0, sizeof bits);
        if (check->rule == VB_RULE_COUNTER) {
            vb_bits_put_le(bits, check->at, check->len, UINT64_MAX);
        } else {
            bits[check->at] = check->rule == VB_RULE_NIBBLES_ID ? 0x0F : 0xFF;
        }
        add_bits(all, bits, n, message, "check");
    }
    for (unsigned pass = 0; pass < 2; pass++) { /* the rows themselves, then the views of them */
        for (unsigned i = 0; i < message->signal_count; i++) {
            const struct vb_signal *row = &message->signals[i];
            if (!row_exists(instance, row->when) || !chosen(row, selector_raw) ||
                row->flags & VB_SIDE || !!(row->flags & VB_VIEW) != pass) {
                continue;
            }
            bool (*inside)(size_t, unsigned, unsigned) =
                row->flags & VB_BE ? vb_bits_inside_be : vb_bits_inside_le;
            assert_row(inside(n, row->bit, row->len), message, row);
            memset(bits, 0, sizeof bits);
            mark(row, bits);
            if (pass == 0) {
                add_bits(all, bits, n, message, row->name);
            }
            for (size_t b = 0; b < sizeof bits; b++) {
                assert_row((bits[b] & ~all[b]) == 0, message, row);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i] != 0xFF) {
            fail_msg("%s: bits %02X of byte %zu belong to nobody (setting %u)", message->name,
                     all[i] ^ 0xFF, i, instance->choice[0]);
        }
    }
}

/* Try all values of all selectors of the message. */
static void check_coverage(const struct vb_instance *instance, const struct vb_message *message) {
    int64_t raw[SAMPLES_MAX] = {0};
    bool selector[SAMPLES_MAX] = {false};
    for (unsigned i = 0; i < message->signal_count; i++) {
        for (const struct vb_mux *mux = message->signals[i].mux; mux; mux = mux->or_else) {
            const struct vb_signal *row = &message->signals[mux->selector];
            assert_row(mux->selector < message->signal_count && row->len <= 8 && !row->mux, message,
                       &message->signals[i]);
            selector[mux->selector] = true;
        }
    }
    for (bool more = true; more;) {
        check_bits(instance, message, raw);
        more = false;
        for (unsigned i = 0; i < message->signal_count && !more; i++) {
            if (selector[i]) {
                raw[i] = (raw[i] + 1) % (INT64_C(1) << message->signals[i].len);
                more = raw[i] != 0;
            }
        }
    }
}

static void test_every_bit_belongs_to_one_row_or_check(void **state) {
    (void)state;
    each_message(check_coverage);
}

static void test_settings_and_conditions_fit_the_device(void **state) {
    (void)state;
    for (size_t d = 0; d < vb_device_count; d++) {
        const struct vb_device *device = vb_devices[d];
        unsigned counts[VB_SETTINGS_MAX] = {0};
        assert_in_range(device->setting_count, 0, VB_SETTINGS_MAX);
        for (unsigned i = 0; i < device->setting_count; i++) {
            assert_true(is_word(device->settings[i].name, "_"));
            assert_non_null(device->settings[i].title);
            while (device->settings[i].values[counts[i]]) {
                assert_true(is_word(device->settings[i].values[counts[i]++], "-"));
            }
            assert_in_range(counts[i], 2, 8);
            assert_in_range(device->settings[i].initial, 0, counts[i] - 1);
        }
        for (unsigned i = 0; i < device->hint_count; i++) {
            const struct vb_hint *hint = &device->hints[i];
            assert_in_range(hint->setting + 1u, 1, device->setting_count);
            assert_in_range(hint->value, 0, counts[hint->setting] - 1);
            assert_in_range(hint->automatic, 0, counts[hint->setting] - 1);
            assert_int_not_equal(hint->value, hint->automatic);
            assert_in_range(hint->rank, 1, 255);
        }
        for (unsigned m = 0; m < device->message_count; m++) {
            const struct vb_message *message = &device->messages[m];
            for (unsigned i = 0; i <= message->signal_count; i++) {
                struct vb_when when =
                    i < message->signal_count ? message->signals[i].when : message->when;
                if (when.values) {
                    assert_in_range(when.setting + 1u, 1, device->setting_count);
                    assert_int_equal(when.values >> counts[when.setting], 0);
                }
            }
        }
    }
}

static void test_devices_are_found_by_name_and_described(void **state) {
    (void)state;
    assert_int_equal(vb_device_count, 12);
    for (size_t d = 0; d < vb_device_count; d++) {
        const struct vb_device *device = vb_devices[d];
        char path[512];
        assert_true(is_word(device->name, "-"));
        assert_non_null(device->title);
        assert_ptr_equal(vb_device_find(device->name), device);
        assert_true(!device->instead_of || vb_device_find(device->instead_of));
        snprintf(path, sizeof path, "%s/../docs/%s.md", TEST_DIR, device->name);
        FILE *file = fopen(path, "r");
        if (!file) {
            fail_msg("%s is missing", path);
        }
        fclose(file);
    }
    assert_null(vb_device_find("toaster"));
}

/* Each line of a file of test/vectors must be a good frame of at least one device, with some choice
 * of its settings. Returns the number of lines. */
static unsigned read_vectors(const char *name) {
    char path[512];
    char line[256];
    unsigned count = 0;
    snprintf(path, sizeof path, "%s/vectors/%s", TEST_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0' || strncmp(line, "RF69", 4) == 0) {
            continue; /* the receiver's own line is the business of rfm69 */
        }
        bool good = false;
        for (size_t d = 0; d < vb_device_count && !good; d++) {
            struct bench b;
            bench_open(&b, vb_devices[d]->name);
            bench_frame(&b, line);
            first_choice(&b.instance, vb_devices[d]);
            do {
                good = good || (bench_again(&b) == VB_FAULT_NONE && b.reading.count > 0);
            } while (next_choice(&b.instance));
        }
        if (!good) {
            fail_msg("%s: no device reads %s", name, line);
        }
        count++;
    }
    fclose(file);
    return count;
}

static void test_vector_files_hold_good_frames(void **state) {
    (void)state;
    assert_in_range(read_vectors("camper-lin.txt"), 15, 100);
    assert_in_range(read_vectors("leaf.txt"), 40, 200);
    assert_in_range(read_vectors("weather.txt"), 15, 100);
    assert_in_range(read_vectors("worked.txt"), 20, 40);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_units_and_words_follow_the_rules),
        cmocka_unit_test(test_a_name_means_one_thing_in_a_device),
        cmocka_unit_test(test_every_bit_belongs_to_one_row_or_check),
        cmocka_unit_test(test_settings_and_conditions_fit_the_device),
        cmocka_unit_test(test_devices_are_found_by_name_and_described),
        cmocka_unit_test(test_vector_files_hold_good_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
