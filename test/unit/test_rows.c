/* test_rows.c - promises that hold for the rows of every built-in device: names, units, words, and
 * no bit of any frame left out or said twice; limits where a number has a unit; and every line of
 * test/vectors is a good frame.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L /* glob */
#include "rows.h"

#include <ctype.h>
#include <glob.h>

#include "voltbus/homeplug.h"

static const char *const units[] = {"V",   "A",  "W",      "Wh", "Ah", "Ω",   "s",  "Hz",
                                    "°C",  "%",  "m/s",    "m",  "mm", "rpm", "Nm", "lx",
                                    "dBm", "dB", "Mbit/s", "Pa", "°",  ""};

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
                if (vb_instance_has(&instance, message->when)) {
                    visit(&instance, message);
                }
            }
        } while (next_choice(&instance));
    }
}

/* Failures name the device, the message, the row. */
#define assert_device(condition, device)                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("%s: %s", (device)->name, #condition);                                        \
        }                                                                                          \
    } while (0)

#define assert_message(condition, instance, message)                                               \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("%s, message %X %s: %s", (instance)->device->name, (unsigned)(message)->id,   \
                     (message)->name, #condition);                                                 \
        }                                                                                          \
    } while (0)

#define assert_row(condition, instance, message, row)                                              \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("%s, message %X %s, row %s: %s", (instance)->device->name,                    \
                     (unsigned)(message)->id, (message)->name, (row)->name, #condition);           \
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

/* MESSAGE.unknown_BYTE, or MESSAGE.unknown_BYTE_high; *high tells which. BYTE: where the start bit
 * stands. */
static bool is_unknown_name(const struct vb_message *message, const struct vb_signal *row,
                            bool *high) {
    char name[80];
    int n = snprintf(name, sizeof name, "%s.unknown_%d", message->name, row->bit / 8);
    *high = strcmp(row->name + (strncmp(row->name, name, (size_t)n) ? 0 : n), "_high") == 0;
    return *high || strcmp(row->name, name) == 0;
}

/* X.unknown_N_high is the second piece of byte N: a lower one is there, X.unknown_N. */
static bool has_lower_piece(const struct vb_message *message, const struct vb_signal *high) {
    size_t n = strlen(high->name) - strlen("_high");
    for (unsigned i = 0; i < message->signal_count; i++) {
        const struct vb_signal *row = &message->signals[i];
        if (strncmp(row->name, high->name, n) == 0 && row->name[n] == '\0' &&
            row->bit < high->bit) {
            return true;
        }
    }
    return false;
}

/* Names that ask a question are answered no or yes; off and on are for what is switched. */
static bool is_question(const char *name) {
    static const char *const ends[] = {"on",      "open",     "running", "low",     "full",
                                       "active",  "empty",    "busy",    "error",   "fault",
                                       "silent",  "charging", "fitted",  "enabled", "touched",
                                       "request", "power",    "changing"};
    size_t n = strlen(name);
    if (n > 5 && strcmp(name + n - 5, "_copy") == 0) {
        n -= 5;
    }
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        size_t end = strlen(ends[i]);
        if (n > end && strncmp(name + n - end, ends[i], end) == 0 &&
            strchr("._", name[n - end - 1])) {
            return true;
        }
    }
    return false;
}

static bool has_word(const struct vb_signal *row, const char *word) {
    for (const struct vb_word *w = row->words; w && w->word; w++) {
        if (strcmp(w->word, word) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_letter(const char *word) {
    while (*word && !islower((unsigned char)*word)) {
        word++;
    }
    return *word;
}

static void check_names(const struct vb_instance *instance, const struct vb_message *message) {
    assert_message(message->name && is_word(message->name, "_"), instance, message);
    assert_message(message->title, instance, message);
    assert_message(message->len_min >= 1 && message->len_min <= message->len_max, instance,
                   message);
    assert_message((message->id & message->mask) == message->id, instance, message);
    for (unsigned i = 0; i < message->signal_count; i++) {
        const struct vb_signal *row = &message->signals[i];
        const char *point = strchr(row->name, '.');
        assert_row(point && point > row->name && is_word(row->name, "_."), instance, message, row);
        bool unknown = row->flags & VB_UNKNOWN;
        bool high;
        assert_row(is_unknown_name(message, row, &high) == unknown, instance, message, row);
        assert_row(unknown || !strstr(row->name, "unknown"), instance, message, row);
        assert_row(!high || has_lower_piece(message, row), instance, message, row);
        assert_row(unknown || row->title, instance, message, row);
        assert_row(!unknown || !row->scale, instance, message, row);
        bool known = false;
        for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
            known = known || strcmp(row->unit, units[u]) == 0;
        }
        assert_row(known, instance, message, row);
        assert_row(!row->scale || (row->scale->div > 0 && row->scale->mul != 0), instance, message,
                   row);
        assert_row(!row->words || (row->unit[0] == '\0' && !row->scale), instance, message, row);
        assert_row(row->len > 1 || !is_question(row->name) ||
                       (has_word(row, "no") && has_word(row, "yes")),
                   instance, message, row);
        for (const struct vb_word *w = row->words; w && w->word; w++) {
            /* '+' joins words and digits alone are a number: neither is a word */
            assert_row(is_word(w->word, "-") && has_letter(w->word), instance, message, row);
            for (const struct vb_word *other = row->words; other != w; other++) {
                assert_row(strcmp(other->word, w->word) != 0 && other->raw != w->raw, instance,
                           message, row);
            }
        }
    }
}

static void test_names_units_and_words_follow_the_rules(void **state) {
    (void)state;
    each_message(check_names);
}

/* A number with a unit has limits: what another bus or a broken sensor says is then marked, not
 * believed. Rows that cannot have any stand here, each with its reason. */
static const char *const without_limits[] = {NULL};

static void check_limits(const struct vb_instance *instance, const struct vb_message *message) {
    for (unsigned i = 0; i < message->signal_count; i++) {
        const struct vb_signal *row = &message->signals[i];
        bool excused = false;
        for (size_t k = 0; without_limits[k]; k++) {
            excused = excused || strcmp(row->name, without_limits[k]) == 0;
        }
        assert_row(row->unit[0] == '\0' || row->limits || excused, instance, message, row);
        assert_row(!row->limits || row->limits->min_milli < row->limits->max_milli, instance,
                   message, row);
        assert_row(!row->limits || !(row->words || row->flags & VB_UNKNOWN), instance, message,
                   row);
    }
}

static void test_a_number_with_a_unit_has_limits(void **state) {
    (void)state;
    each_message(check_limits);
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
        if (!vb_instance_has(instance, row->when)) {
            continue;
        }
        for (unsigned m = 0; m < device->message_count; m++) {
            const struct vb_message *other = &device->messages[m];
            for (unsigned k = 0; k < other->signal_count; k++) {
                const struct vb_signal *twin = &other->signals[k];
                if (twin == row || strcmp(twin->name, row->name) != 0 ||
                    !vb_instance_has(instance, other->when) ||
                    !vb_instance_has(instance, twin->when)) {
                    continue;
                }
                assert_row(other != message, instance, message, row);
                assert_row(strcmp(twin->unit, row->unit) == 0 &&
                               same_text(twin->title, row->title) && twin->words == row->words,
                           instance, message, row);
            }
        }
    }
}

static void test_a_name_means_one_thing_in_a_device(void **state) {
    (void)state;
    each_message(check_unique);
}

/* The longest frame of a built-in device. */
#define FRAME_MAX 1600

static void mark(const struct vb_signal *row, uint8_t *data, size_t n) {
    if (row->flags & (VB_BYTES | VB_SUM)) {
        size_t at = row->bit / 8u;
        memset(data + at, 0xFF, row->len ? row->len : n - at);
        return;
    }
    void (*put)(uint8_t *, unsigned, unsigned, uint64_t) =
        row->flags & VB_BE ? vb_bits_put_be : vb_bits_put_le;
    put(data, row->bit, row->len, UINT64_MAX);
    if (row->more_len) {
        put(data, row->more_bit, row->more_len, UINT64_MAX);
    }
}

/* Add the bits of mask to all; none of them may be there already. */
static void add_bits(uint8_t *all, const uint8_t *mask, size_t n,
                     const struct vb_instance *instance, const struct vb_message *message,
                     const char *who) {
    for (size_t i = 0; i < n; i++) {
        if (all[i] & mask[i]) {
            fail_msg("%s, message %X %s, %s: bits %02X of byte %zu are said twice",
                     instance->device->name, (unsigned)message->id, message->name, who,
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
    static uint8_t all[FRAME_MAX], bits[FRAME_MAX];
    size_t n = instance->device->kind == VB_KIND_RADIO ? message->len_min : message->len_max;
    assert_message(n <= FRAME_MAX, instance, message);
    memset(all, 0, n);
    if (instance->device->kind == VB_KIND_RADIO) {
        all[0] = (uint8_t)message->mask; /* the first byte is the id, as far as the mask goes */
    }
    if (instance->device->kind == VB_KIND_PLC) { /* the engine writes EtherType and MMTYPE */
        memset(all + VB_MME_ETHERTYPE, 0xFF, 2);
        memset(all + VB_MME_TYPE, 0xFF, 2);
    }
    if (message->mark) {
        assert_message(message->mark->at + message->mark->len <= message->len_min, instance,
                       message);
        memset(all + message->mark->at, 0xFF, message->mark->len);
    }
    for (unsigned i = 0; i < message->check_count; i++) {
        const struct vb_check *check = &message->checks[i];
        memset(bits, 0, n);
        if (check->rule == VB_RULE_COUNTER) {
            vb_bits_put_le(bits, check->at, check->len, UINT64_MAX);
        } else {
            bits[check->at] = check->rule == VB_RULE_NIBBLES_ID ? 0x0F : 0xFF;
        }
        add_bits(all, bits, n, instance, message, "check");
    }
    for (unsigned pass = 0; pass < 2; pass++) { /* the rows themselves, then the views of them */
        for (unsigned i = 0; i < message->signal_count; i++) {
            const struct vb_signal *row = &message->signals[i];
            if (!vb_instance_has(instance, row->when) || !chosen(row, selector_raw) ||
                row->flags & VB_SIDE || !!(row->flags & VB_VIEW) != pass) {
                continue;
            }
            bool (*inside)(size_t, unsigned, unsigned) =
                row->flags & VB_BE ? vb_bits_inside_be : vb_bits_inside_le;
            bool bytes = row->flags & (VB_BYTES | VB_SUM);
            assert_row(bytes ? row->bit / 8u + row->len <= n && row->bit / 8u < n
                             : inside(n, row->bit, row->len),
                       instance, message, row);
            memset(bits, 0, n);
            mark(row, bits, n);
            if (pass == 0) {
                add_bits(all, bits, n, instance, message, row->name);
            }
            for (size_t b = 0; b < n; b++) {
                assert_row((bits[b] & ~all[b]) == 0, instance, message, row);
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i] != 0xFF) {
            fail_msg("%s, message %X %s: bits %02X of byte %zu belong to nobody (setting %u)",
                     instance->device->name, (unsigned)message->id, message->name, all[i] ^ 0xFF, i,
                     instance->choice[0]);
        }
    }
}

/* Try all values of all selectors of the message. */
static void check_coverage(const struct vb_instance *instance, const struct vb_message *message) {
    if (instance->device->kind == VB_KIND_RAPI || instance->device->unpack) {
        return; /* text has fields; test_openevse.c counts them */
    }
    int64_t raw[SAMPLES_MAX] = {0};
    bool selector[SAMPLES_MAX] = {false};
    for (unsigned i = 0; i < message->signal_count; i++) {
        for (const struct vb_mux *mux = message->signals[i].mux; mux; mux = mux->or_else) {
            const struct vb_signal *row = &message->signals[mux->selector];
            assert_row(mux->selector < message->signal_count && row->len <= 8 && !row->mux,
                       instance, message, &message->signals[i]);
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
        assert_device(device->setting_count <= VB_SETTINGS_MAX, device);
        for (unsigned i = 0; i < device->setting_count; i++) {
            assert_device(is_word(device->settings[i].name, "_"), device);
            assert_device(device->settings[i].title, device);
            while (device->settings[i].values[counts[i]]) {
                assert_device(is_word(device->settings[i].values[counts[i]++], "-"), device);
            }
            assert_device(counts[i] >= 2 && counts[i] <= 8, device);
            assert_device(device->settings[i].initial < counts[i], device);
        }
        for (unsigned i = 0; i < device->hint_count; i++) {
            const struct vb_hint *hint = &device->hints[i];
            assert_device(hint->setting < device->setting_count, device);
            assert_device(hint->value < counts[hint->setting], device);
            assert_device(hint->automatic < counts[hint->setting], device);
            assert_device(hint->value != hint->automatic, device);
            assert_device(hint->rank >= 1, device);
        }
        for (unsigned m = 0; m < device->message_count; m++) {
            const struct vb_message *message = &device->messages[m];
            for (unsigned i = 0; i <= message->signal_count; i++) {
                struct vb_when when =
                    i < message->signal_count ? message->signals[i].when : message->when;
                if (when.values) {
                    assert_device(when.setting < device->setting_count, device);
                    assert_device(when.values >> counts[when.setting] == 0, device);
                }
            }
        }
    }
}

/* What a page shows large, and what may be changed: vb_device_check has looked at all that a machine
 * can judge of devices made at run time; built-in ones are held to more. */
static bool is_understood(const struct vb_device *device) {
    for (unsigned m = 0; m < device->message_count; m++) {
        for (unsigned i = 0; i < device->messages[m].signal_count; i++) {
            if (!(device->messages[m].signals[i].flags & VB_UNKNOWN)) {
                return true;
            }
        }
    }
    return false;
}

static void test_every_device_has_a_headline_of_two_to_five_rows(void **state) {
    (void)state;
    for (size_t d = 0; d < vb_device_count; d++) {
        const struct vb_device *device = vb_devices[d];
        unsigned count = 0;
        if (!is_understood(device)) { /* nothing of it matters to anybody yet */
            assert_device(!device->headline, device);
            continue;
        }
        assert_device(device->headline, device);
        while (device->headline[count]) {
            unsigned rows = 0;
            for (unsigned m = 0; m < device->message_count; m++) {
                const struct vb_message *message = &device->messages[m];
                for (unsigned i = 0; i < message->signal_count; i++) {
                    rows += strcmp(message->signals[i].name, device->headline[count]) == 0;
                }
            }
            assert_device(rows >= 1, device);
            count++;
        }
        assert_device(count >= 2 && count <= 5, device);
    }
}

static void test_commands_have_names_titles_limits_and_a_safe_value(void **state) {
    (void)state;
    for (size_t d = 0; d < vb_device_count; d++) {
        const struct vb_device *device = vb_devices[d];
        for (unsigned i = 0; i < device->command_count; i++) {
            const struct vb_command *command = &device->commands[i];
            const char *point = strchr(command->name, '.');
            assert_device(point && point > command->name && is_word(command->name, "_."), device);
            assert_device(command->title && command->title[0], device);
            assert_device(command->limits.min_milli < command->limits.max_milli, device);
            assert_device(!(command->argument->flags & VB_UNKNOWN), device);
            /* who moves something has to know what is guessed */
            assert_device(!(command->argument->flags & VB_GUESS) || strstr(command->title, "guess"),
                          device);
        }
    }
}

static void test_devices_are_found_by_name_and_described(void **state) {
    (void)state;
    for (size_t d = 0; d < vb_device_count; d++) {
        const struct vb_device *device = vb_devices[d];
        char path[512];
        assert_device(is_word(device->name, "-"), device);
        assert_device(device->title, device);
        assert_device(vb_device_find(device->name) == device, device);
        assert_device(!device->instead_of || vb_device_find(device->instead_of), device);
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
 * of its settings. */
static void read_vectors(const char *path) {
    char line[256];
    unsigned count = 0;
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (unsigned number = 1; fgets(line, sizeof line, file); number++) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0' || strncmp(line, "RF69", 4) == 0) {
            continue; /* the receiver's own line is the business of rfm69 */
        }
        bool good = false;
        for (size_t d = 0; d < vb_device_count && !good; d++) {
            struct bench b;
            bench_open(&b, vb_devices[d]->name);
            if (!bench_try(&b, line)) {
                fail_msg("%s:%u: neither ID#DATA nor bytes: %s", path, number, line);
            }
            first_choice(&b.instance, vb_devices[d]);
            do {
                good = good || (bench_again(&b) == VB_FAULT_NONE && b.reading.count > 0);
            } while (next_choice(&b.instance));
        }
        if (!good) {
            fail_msg("%s:%u: no device reads %s", path, number, line);
        }
        count++;
    }
    fclose(file);
    if (count == 0) {
        fail_msg("%s: no frame in it", path);
    }
}

static void test_vector_files_hold_good_frames(void **state) {
    (void)state;
    glob_t files;
    assert_int_equal(glob(TEST_DIR "/vectors/*.txt", 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        if (!strstr(files.gl_pathv[i],
                    "/exi.txt")) { /* messages, no frames: test_exi.c reads them */
            read_vectors(files.gl_pathv[i]);
        }
    }
    globfree(&files);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_units_and_words_follow_the_rules),
        cmocka_unit_test(test_a_number_with_a_unit_has_limits),
        cmocka_unit_test(test_a_name_means_one_thing_in_a_device),
        cmocka_unit_test(test_every_bit_belongs_to_one_row_or_check),
        cmocka_unit_test(test_settings_and_conditions_fit_the_device),
        cmocka_unit_test(test_every_device_has_a_headline_of_two_to_five_rows),
        cmocka_unit_test(test_commands_have_names_titles_limits_and_a_safe_value),
        cmocka_unit_test(test_devices_are_found_by_name_and_described),
        cmocka_unit_test(test_vector_files_hold_good_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
