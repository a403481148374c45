/* console_text.c - the words of `voltbus console` (console_text.h).
 * What is asked and what an answer means is all in the rows of the device; here are only the few
 * words that people use instead, and what is known of refusals that no row says.
 * Facts: reference/rapi.md sections 1, 4.
 * SPDX-License-Identifier: MIT */
#include "cmd/console_text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/base/nearest.h"
#include "host/out/output.h"
#include "voltbus/crc.h"
#include "voltbus/rapi.h"

/* What people say for a call; with arguments it may be another one. */
static const struct {
    const char *word, *call, *call_with, *title;
} friendly[] = {
    {"state", "status", NULL, "what the box is doing"},
    {"current", "capacity", "set_current_volatile",
     "limits of the current; current 16: 16 A until the box restarts"},
    {NULL, NULL, NULL, NULL},
};

static const struct {
    const char *word, *title;
    enum console_what what;
} own[] = {
    {"help", "this; help NAME tells more of one", CONSOLE_HELP},
    {"list", "everything that can be asked; list WORD: what has this in it", CONSOLE_LIST},
    {"quit", "ends the console, as Ctrl-D does", CONSOLE_QUIT},
    {"exit", NULL, CONSOLE_QUIT},
    {NULL, NULL, CONSOLE_NOTHING},
};

/* Many firmwares answer NK for what is not built in; of these more is known. */
static const struct {
    const char *code, *means;
} refusals[] = {
    {"SC", "the current was beyond the limits of the box: what it says instead is in force now"},
    {"S3", "limits are taken only while a car is connected (firmware 4.12.0 and later)"},
    {"SH", "limits are taken only while a car is connected (firmware 4.12.0 and later)"},
    {"SY", "a pulse was missed, or the number is not 165: heartbeat_acknowledge ends that"},
    {"SL", "the automatic level is not in every build"},
    {"FP", "an empty text, or the display shows a hard fault"},
    {"FK", "a car is plugged in"},
    {"FO", "the temperature must be above 0"},
};

/* ---- small pieces ---- */

static bool same(const char *word, const char *text, size_t n) {
    return strlen(word) == n && memcmp(word, text, n) == 0;
}

static const struct vb_call *call_of(const struct vb_device *device, size_t m) {
    return device->messages[m].call;
}

/* 0: of any version. */
static bool in_version(const struct vb_call *call, uint32_t version) {
    return version == 0 || vb_call_in(call, version);
}

static bool is_code(const struct vb_device *device, const char *two) {
    for (size_t m = 0; m < device->message_count; m++) {
        if (call_of(device, m) && memcmp(call_of(device, m)->form, two, 2) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- a typed line ---- */

__attribute__((format(printf, 2, 3))) static void wrong(struct console_line *line, const char *fmt,
                                                        ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(line->why, sizeof line->why, fmt, args);
    va_end(args);
    line->what = CONSOLE_WRONG;
}

static uint8_t sum_of(char kind, const uint8_t *bytes, size_t n, uint8_t sum) {
    return (uint8_t)(kind == '^' ? sum ^ vb_xor8(bytes, n) : sum + vb_sum8(bytes, n));
}

/* Cut the checksum off a line that was typed, or pasted, with one. text: from '$' on. Returns false if
 * it is wrong. */
static bool cut_sum(struct console_line *line, const char *text, size_t *n) {
    size_t at = 0;
    while (at < *n && text[at] != '^' && text[at] != '*') {
        at++;
    }
    if (at == *n) {
        return true;
    }
    char right[8];
    snprintf(right, sizeof right, "%c%02X", text[at],
             sum_of(text[at], (const uint8_t *)text, at, 0));
    if (*n - at != 3 || strncasecmp(text + at, right, 3) != 0) {
        wrong(line, "checksum %.*s, expected %s (it may be left out)", (int)(*n - at), text + at,
              right);
        return false;
    }
    *n = at;
    return true;
}

static void take_body(struct console_line *line, const char *text, size_t n) {
    memcpy(line->text, text, n);
    line->text[n] = '\0';
    line->n = n;
    line->what = CONSOLE_BODY;
    for (size_t i = 0; i < n && i < 2; i++) { /* codes are upper case; what follows is as typed */
        line->text[i] = (char)toupper((unsigned char)line->text[i]);
    }
    if (n < 2 || (n > 2 && text[2] != ' ')) {
        wrong(line, "'%.20s': expected a code of two characters, such as GS", line->text);
    }
}

/* The row of argument i of the call of that name, in any version; NULL: none. */
static const struct vb_signal *argument_row(const struct vb_device *device, const char *name,
                                            size_t i) {
    for (size_t m = 0; m < device->message_count; m++) {
        const struct vb_call *call = call_of(device, m);
        if (call && strcmp(device->messages[m].name, name) == 0 && i < call->arg_count) {
            return &call->args[i];
        }
    }
    return NULL;
}

/* Words of the line; the text of a display is one, to the end. name: of the call, whose words they
 * are. */
static void take_arguments(struct console_line *line, const struct vb_device *device,
                           const char *name, char *text) {
    while (*(text += strspn(text, " "))) {
        const struct vb_signal *row = argument_row(device, name, line->count);
        if (line->count == VB_ARGUMENTS_MAX) {
            wrong(line, "no call has more than %d arguments", VB_ARGUMENTS_MAX);
            return;
        }
        line->arguments[line->count++] = text;
        if (row && row->flags & VB_STRING) {
            return;
        }
        text += strcspn(text, " ");
        if (*text) {
            *text++ = '\0';
        }
    }
}

static void unknown(struct console_line *line, const struct vb_device *device, const char *word) {
    const char *names[CONSOLE_WORDS_MAX + 1] = {NULL};
    char near[NEAREST_TEXT];
    size_t n = 0;
    for (size_t i = 0; friendly[i].word; i++) {
        names[n++] = friendly[i].word;
    }
    for (size_t i = 0; own[i].word; i++) {
        names[n++] = own[i].word;
    }
    for (size_t m = 0; m < device->message_count && n < CONSOLE_WORDS_MAX; m++) {
        bool again = m > 0 && strcmp(device->messages[m].name, device->messages[m - 1].name) == 0;
        if (call_of(device, m) && !again) {
            names[n++] = device->messages[m].name;
        }
    }
    wrong(line, "unknown word '%.40s'%.80s (help, list)", word, nearest(word, names, near));
}

static void take_call(struct console_line *line, const struct vb_device *device, const char *name,
                      char *rest) {
    line->what = CONSOLE_CALL;
    line->name = name;
    take_arguments(line, device, name, rest);
}

/* The word at the beginning is the console's, a friendly one, or a name. rest: what stands behind. */
static void take_words(struct console_line *line, const struct vb_device *device, const char *word,
                       char *rest) {
    for (size_t i = 0; own[i].word; i++) {
        if (strcmp(own[i].word, word) == 0) {
            line->what = own[i].what;
            take_arguments(line, device, "", rest);
            return;
        }
    }
    for (size_t i = 0; friendly[i].word; i++) {
        if (strcmp(friendly[i].word, word) == 0) {
            bool with = friendly[i].call_with && rest[strspn(rest, " ")];
            take_call(line, device, with ? friendly[i].call_with : friendly[i].call, rest);
            return;
        }
    }
    for (size_t m = 0; m < device->message_count; m++) {
        if (call_of(device, m) && strcmp(device->messages[m].name, word) == 0) {
            take_call(line, device, device->messages[m].name, rest);
            return;
        }
    }
    unknown(line, device, word);
}

void console_read(const struct vb_device *device, const char *text, size_t n,
                  struct console_line *line) {
    memset(line, 0, sizeof *line);
    while (n > 0 && isspace((unsigned char)text[0])) {
        text++;
        n--;
    }
    while (n > 0 && isspace((unsigned char)text[n - 1])) {
        n--;
    }
    if (n == 0 || text[0] == '#') {
        return;
    }
    if (n > CONSOLE_LINE) {
        wrong(line, "a line of more than %d characters", CONSOLE_LINE);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < ' ' || (unsigned char)text[i] >= 0x7F) {
            wrong(line, "a character that RAPI does not have, at %zu", i + 1);
            return;
        }
    }
    if (text[0] == '$') {
        if (cut_sum(line, text, &n)) {
            take_body(line, text + 1, n - 1);
        }
        return;
    }
    memcpy(line->text, text, n);
    char *rest = line->text + strcspn(line->text, " ");
    bool code = rest == line->text + 2 && isupper((unsigned char)text[0]);
    char two[2] = {(char)toupper((unsigned char)line->text[0]),
                   (char)toupper((unsigned char)line->text[1])};
    if (code || (rest == line->text + 2 && is_code(device, two))) {
        take_body(line, text, n);
        return;
    }
    if (*rest) {
        *rest++ = '\0';
    }
    take_words(line, device, line->text, rest);
}

/* ---- what can be typed next ---- */

static void add_word(struct console_words *words, const char *word, size_t len, const char *typed,
                     size_t n) {
    char copy[sizeof words->words[0]];
    size_t at = 0;
    if (len >= sizeof copy || len < n || memcmp(word, typed, n) != 0) {
        return;
    }
    memcpy(copy, word, len);
    copy[len] = '\0';
    while (at < words->count && strcmp(words->words[at], copy) < 0) {
        at++;
    }
    if ((at < words->count && strcmp(words->words[at], copy) == 0) ||
        words->count == CONSOLE_WORDS_MAX) {
        return;
    }
    memmove(words->words[at + 1], words->words[at], (words->count - at) * sizeof words->words[0]);
    memcpy(words->words[at], copy, sizeof copy);
    words->count++;
}

/* Names of calls. */
static void add_names(struct console_words *words, const struct vb_device *device, uint32_t version,
                      const char *typed, size_t n) {
    for (size_t m = 0; m < device->message_count; m++) {
        const char *name = device->messages[m].name;
        if (call_of(device, m) && in_version(call_of(device, m), version)) {
            add_word(words, name, strlen(name), typed, n);
        }
    }
}

/* The first word of a line: everything, codes only where one has been begun. */
static void add_beginnings(struct console_words *words, const struct vb_device *device,
                           uint32_t version, const char *typed, size_t n) {
    bool dollar = n > 0 && typed[0] == '$';
    for (size_t m = 0; m < device->message_count; m++) {
        const struct vb_call *call = call_of(device, m);
        if (call && in_version(call, version) && n > 0) {
            char code[3] = {'$', call->form[0], call->form[1]};
            add_word(words, dollar ? code : code + 1, dollar ? 3 : 2, typed, n);
        }
    }
    if (dollar) {
        return;
    }
    add_names(words, device, version, typed, n);
    for (size_t i = 0; friendly[i].word; i++) {
        add_word(words, friendly[i].word, strlen(friendly[i].word), typed, n);
    }
    for (size_t i = 0; own[i].word; i++) {
        add_word(words, own[i].word, strlen(own[i].word), typed, n);
    }
}

/* The words of argument i of calls of that name. */
static void add_values(struct console_words *words, const struct vb_device *device,
                       uint32_t version, const char *name, size_t i, const char *typed, size_t n) {
    for (size_t m = 0; m < device->message_count; m++) {
        const struct vb_call *call = call_of(device, m);
        if (!call || strcmp(device->messages[m].name, name) != 0 || !in_version(call, version) ||
            i >= call->arg_count) {
            continue;
        }
        for (const struct vb_word *w = call->args[i].words; w && w->word; w++) {
            add_word(words, w->word, strlen(w->word), typed, n);
        }
    }
}

/* Field i (0: the code) of a form, or NULL. */
static const char *field_of(const char *form, size_t i, size_t *len) {
    while (i-- > 0 && form) {
        form = strchr(form, ' ');
        form = form ? form + 1 : NULL;
    }
    *len = form ? strcspn(form, " ") : 0;
    return form;
}

/* Does the beginning of a body, of so many whole fields, fit the form? */
static bool begins_like(const char *form, const char *body, size_t fields) {
    for (size_t i = 0; i < fields; i++) {
        size_t len;
        size_t typed;
        const char *field = field_of(form, i, &len);
        const char *given = field_of(body, i, &typed);
        if (!field || !given ||
            (field[0] != '%' && !(len == typed && memcmp(field, given, len) == 0))) {
            return false;
        }
    }
    return true;
}

/* Letters that stand in forms: "FF D %". */
static void add_letters(struct console_words *words, const struct vb_device *device,
                        uint32_t version, const char *body, size_t field, const char *typed,
                        size_t n) {
    for (size_t m = 0; m < device->message_count; m++) {
        const struct vb_call *call = call_of(device, m);
        size_t len;
        const char *letters = call ? field_of(call->form, field, &len) : NULL;
        if (letters && letters[0] != '%' && in_version(call, version) &&
            begins_like(call->form, body, field)) {
            add_word(words, letters, len, typed, n);
        }
    }
}

void console_complete(const struct vb_device *device, uint32_t version, const char *text, size_t n,
                      struct console_words *words) {
    char copy[CONSOLE_LINE + 1];
    words->count = 0;
    words->begin = n;
    if (n > CONSOLE_LINE) {
        return;
    }
    memcpy(copy, text, n);
    copy[n] = '\0';
    while (words->begin > 0 && copy[words->begin - 1] != ' ') {
        words->begin--;
    }
    const char *typed = copy + words->begin;
    size_t len = n - words->begin;
    size_t field = 0; /* number of words before this one; two spaces are two */
    for (size_t i = 0; i < words->begin; i++) {
        field += copy[i] == ' ';
    }
    const char *first = copy + (copy[0] == '$');
    if (field == 0) {
        add_beginnings(words, device, version, typed, len);
    } else if (first[2] == ' ' && is_code(device, first)) {
        add_letters(words, device, version, first, field, typed, len);
    } else if (strncmp(copy, "help ", 5) == 0 && field == 1) {
        add_names(words, device, version, typed, len);
    } else {
        copy[strcspn(copy, " ")] = '\0';
        const char *name = copy;
        for (size_t i = 0; friendly[i].word; i++) {
            if (strcmp(friendly[i].word, copy) == 0 && friendly[i].call_with) {
                name = friendly[i].call_with;
            }
        }
        add_values(words, device, version, name, field - 1, typed, len);
    }
}

size_t console_common(const struct console_words *words) {
    size_t n = words->count > 0 ? strlen(words->words[0]) : 0;
    for (size_t i = 1; i < words->count; i++) {
        size_t same_n = 0;
        while (same_n < n && words->words[i][same_n] == words->words[0][same_n]) {
            same_n++;
        }
        n = same_n;
    }
    return n;
}

/* ---- answers ---- */

#define INDENT 2

/* The length of the piece at the beginning of text that is not broken: up to a space or behind a '+',
 * but not inside brackets. */
static size_t piece_length(const char *text) {
    size_t n = 0;
    bool inside = false;
    for (; text[n] && (inside || text[n] != ' '); n++) {
        inside = text[n] == '(' || (inside && text[n] != ')');
        if (text[n] == '+') {
            return n + 1;
        }
    }
    return n;
}

void console_wrapped(struct text *out, const char *text, size_t at, size_t columns) {
    size_t room = columns > at + 10 ? columns - at : 10;
    size_t used = 0;
    while (*text) {
        size_t spaces = strspn(text, " ");
        size_t n = piece_length(text + spaces);
        size_t wide = text_columns(text + spaces, n);
        if (used > 0 && used + spaces + wide > room) {
            text_format(out, "\n%*s", (int)at, "");
            used = 0;
        } else {
            text_bytes(out, text, spaces);
            used += spaces;
        }
        text_bytes(out, text + spaces, n);
        used += wide;
        text += spaces + n;
    }
}

static size_t widest_piece(const char *text) {
    size_t widest = 0;
    while (*text) {
        text += strspn(text, " ");
        size_t n = piece_length(text);
        size_t wide = text_columns(text, n);
        widest = wide > widest ? wide : widest;
        text += n;
    }
    return widest;
}

/* "12 min 34 s": long times, and much energy, as people say them. "" where the unit says enough. */
static void in_other_words(const struct vb_signal *row, int64_t raw, char *out, size_t cap) {
    const struct vb_scale one = {1, 0, 1};
    const struct vb_scale *scale = row->scale ? row->scale : &one;
    double value = ((double)raw * (double)scale->mul + (double)scale->add) / (double)scale->div;
    bool is_minutes = strcmp(row->unit, "min") == 0;
    bool is_time = is_minutes || strcmp(row->unit, "s") == 0;
    int64_t seconds = value >= 0 && value < 1e12 ? (int64_t)value * (is_minutes ? 60 : 1) : 0;
    out[0] = '\0';
    if (is_time && seconds >= 3600) {
        snprintf(out, cap, "  (%" PRId64 " h %" PRId64 " min)", seconds / 3600, seconds / 60 % 60);
    } else if (is_time && seconds >= 60 && !is_minutes) {
        snprintf(out, cap, "  (%" PRId64 " min %" PRId64 " s)", seconds / 60, seconds % 60);
    } else if (strcmp(row->unit, "Wh") == 0 && value >= 1000 && value < 1e12) {
        snprintf(out, cap, "  (%.3f kWh)", value / 1000);
    }
}

static void value_in_words(const struct vb_sample *sample, char *out, size_t cap) {
    const struct vb_signal *row = sample->signal;
    char number[SAMPLE_TEXT];
    char more[48] = "";
    bool is_word = true;
    size_t n;
    if (row->flags & VB_TEXT) {
        n = vb_bytes_text(row, sample->text, sample->text_len, number, sizeof number);
    } else {
        n = vb_signal_text(row, sample->raw, number, sizeof number, &is_word);
    }
    if (!is_word) {
        in_other_words(row, sample->raw, more, sizeof more);
    }
    snprintf(out, cap, "%.*s%s%s%s%s", (int)n, number, is_word || !row->unit[0] ? "" : " ",
             is_word ? "" : row->unit, more, sample->out_of_range ? "  ! beyond what can be" : "");
}

static const struct vb_sample *sample_of(const struct vb_sample *samples, size_t count,
                                         const struct vb_signal *row) {
    for (size_t i = 0; i < count; i++) {
        if (samples[i].signal == row) {
            return &samples[i];
        }
    }
    return NULL;
}

#define SAMPLES_MAX 64

/* What the rows of the device make of a frame. samples: room for SAMPLES_MAX. */
static struct vb_reading read_frame(const struct vb_device *device, const struct vb_frame *frame,
                                    struct vb_sample *samples) {
    struct vb_instance instance;
    if (vb_device_most(device) > SAMPLES_MAX) {
        return (struct vb_reading){0};
    }
    vb_instance_init(&instance, device, NULL, 0);
    return vb_instance_read(&instance, frame, samples, SAMPLES_MAX);
}

bool console_explain(struct text *out, const struct vb_device *device, const struct vb_frame *frame,
                     size_t columns) {
    struct vb_sample samples[SAMPLES_MAX];
    struct vb_reading reading = read_frame(device, frame, samples);
    size_t wide = 0;
    if (!reading.message || reading.fault != VB_FAULT_NONE || reading.message->signal_count == 0) {
        return false;
    }
    for (size_t i = 0; i < reading.message->signal_count; i++) {
        size_t n = strlen(reading.message->signals[i].name);
        wide = n > wide ? n : wide;
    }
    for (size_t i = 0; i < reading.message->signal_count; i++) {
        const struct vb_signal *row = &reading.message->signals[i];
        const struct vb_sample *sample = sample_of(samples, reading.count, row);
        char value[VALUE_TEXT + 96] = "not available";
        if (sample) {
            value_in_words(sample, value, sizeof value);
        } else if (vb_field_count(frame->data, frame->len) <= row->bit / 64) {
            continue; /* the field is not in this answer */
        }
        size_t at = INDENT + wide + 2;
        if (at + widest_piece(value) > columns) { /* below its name */
            at = 2 * INDENT;
            text_format(out, "%*s%s\n%*s", INDENT, "", row->name, (int)at, "");
        } else {
            text_format(out, "%*s%-*s  ", INDENT, "", (int)wide, row->name);
        }
        console_wrapped(out, value, at, columns);
        text_add(out, "\n");
    }
    return true;
}

const char *console_title(const struct vb_device *device, const struct vb_frame *frame) {
    struct vb_sample samples[SAMPLES_MAX];
    struct vb_reading reading = read_frame(device, frame, samples);
    return reading.message ? reading.message->title : NULL;
}

void console_line_text(struct text *out, const struct vb_frame *frame) {
    char line[VB_FRAME_TEXT]; /* lines have VB_RAPI_LINE_MAX characters at most */
    text_bytes(out, line, vb_frame_text(frame, line));
}

void console_damage(struct text *out, const struct vb_frame *frame) {
    size_t at = 0;
    while (at < frame->side_len && frame->side[at] != '^' && frame->side[at] != '*') {
        at++;
    }
    char kind = at < frame->side_len ? (char)frame->side[at] : '^';
    uint8_t sum = sum_of(kind, frame->data, frame->len, '$');
    sum = sum_of(kind, frame->side, at, sum);
    if (at < frame->side_len) {
        text_add(out, "checksum ");
        for (size_t i = at + 1; i < frame->side_len; i++) {
            char c = (char)frame->side[i];
            text_bytes(out, isprint((unsigned char)c) && (unsigned char)c < 0x7F ? &c : "?", 1);
        }
        text_format(out, "%s, expected %02X", at + 1 == frame->side_len ? "missing" : "", sum);
    } else {
        text_format(out, "no checksum, expected ^%02X", sum);
    }
}

const char *console_no(const char *body, size_t n) {
    for (size_t i = 0; n >= 2 && i < sizeof refusals / sizeof refusals[0]; i++) {
        if (memcmp(refusals[i].code, body, 2) == 0) {
            return refusals[i].means;
        }
    }
    return NULL;
}

/* ---- lists and help ---- */

static bool has_part(const struct vb_message *message, const char *part) {
    return !part || strcasestr(message->name, part) || strcasestr(message->title, part) ||
           strncasecmp(message->call->form, part, strlen(part)) == 0;
}

#define NAME_COLUMNS 24

size_t console_list(struct text *out, const struct vb_device *device, uint32_t version,
                    const char *part, size_t columns) {
    size_t count = 0;
    for (size_t m = 0; m < device->message_count; m++) {
        const struct vb_message *message = &device->messages[m];
        /* of two that versions have in turn, one is enough while the version is not known */
        bool again = m > 0 && strcmp(message->name, message[-1].name) == 0;
        if (!message->call || !in_version(message->call, version) || !has_part(message, part) ||
            (version == 0 && again)) {
            continue;
        }
        text_format(out, "%c %.2s  %-*s ", message->call->flags & VB_CALL_CHANGES ? '!' : ' ',
                    message->call->form, NAME_COLUMNS, message->name);
        if (columns < 60) { /* the title on a line of its own */
            text_format(out, "\n%*s", 6, "");
        }
        console_wrapped(out, message->title, columns < 60 ? 6 : NAME_COLUMNS + 7, columns);
        text_add(out, "\n");
        count++;
    }
    return count;
}

static void help_all(struct text *out, size_t columns) {
    static const char *const lines[] = {
        "RAPI as it stands on the wire, with or without $ and checksum: GS, $GS, SC 16 V",
        "or names: status, capacity, set_timer 23 0 6 30. Tab completes.",
        "What changes something needs --control.", NULL};
    for (size_t i = 0; lines[i]; i++) {
        console_wrapped(out, lines[i], 0, columns);
        text_add(out, "\n");
    }
    for (size_t i = 0; friendly[i].word; i++) {
        text_format(out, "  %-9s", friendly[i].word);
        console_wrapped(out, friendly[i].title, 11, columns);
        text_add(out, "\n");
    }
    text_add(out, "  pause    ");
    console_wrapped(out, "sleep; resume: wake up", 11, columns);
    text_add(out, "\n");
    for (size_t i = 0; own[i].word; i++) {
        if (own[i].title) {
            text_format(out, "  %-9s", own[i].word);
            console_wrapped(out, own[i].title, 11, columns);
            text_add(out, "\n");
        }
    }
}

static void help_call(struct text *out, const struct vb_message *message, size_t columns) {
    const struct vb_call *call = message->call;
    char text[VB_VERSION_TEXT];
    text_format(out, "%s  $%s\n  ", message->name, call->form);
    console_wrapped(out, message->title, 2, columns);
    text_add(out, "\n");
    for (size_t i = 0; i < call->arg_count; i++) {
        char range[200];
        char line[320];
        (void)row_range(&call->args[i], call->args[i].limits, ", ", range, sizeof range);
        snprintf(line, sizeof line, "%s: %.90s%s%s", call->args[i].name,
                 call->args[i].title ? call->args[i].title : "", range[0] ? ": " : "", range);
        text_add(out, "  % ");
        console_wrapped(out, line, 4, columns);
        text_add(out, "\n");
    }
    if (call->flags & VB_CALL_CHANGES) {
        text_add(out, "  changes the box: needs --control\n");
    }
    if (call->flags & VB_CALL_KEPT) {
        text_add(out, "  is kept over a restart of the box\n");
    }
    if (call->since) {
        text_format(out, "  RAPI %s and later\n", vb_version_text(call->since, text));
    }
    if (call->until) {
        text_format(out, "  not in RAPI %s and later\n", vb_version_text(call->until, text));
    }
    if (call->option) {
        char line[120];
        text_add(out, "  ");
        snprintf(line, sizeof line, "not in every build: needs %s", call->option);
        console_wrapped(out, line, 2, columns);
        text_add(out, "\n");
    }
}

bool console_help(struct text *out, const struct vb_device *device, uint32_t version,
                  const char *name, size_t n, size_t columns) {
    bool found = n == 0;
    if (n == 0) {
        help_all(out, columns);
    }
    for (size_t i = 0; n > 0 && friendly[i].word; i++) {
        if (same(friendly[i].word, name, n)) {
            text_format(out, "%s: ", friendly[i].word);
            console_wrapped(out, friendly[i].title, strlen(friendly[i].word) + 2, columns);
            text_add(out, "\n");
            name = friendly[i].call_with ? friendly[i].call_with : friendly[i].call;
            n = strlen(name);
            found = true;
        }
    }
    for (size_t m = 0; n > 0 && m < device->message_count; m++) {
        const struct vb_message *message = &device->messages[m];
        bool it = message->call && in_version(message->call, version) &&
                  (same(message->name, name, n) ||
                   (n == 2 && strncasecmp(message->call->form, name, 2) == 0));
        if (it) {
            help_call(out, message, columns);
            found = true;
        }
    }
    return found;
}
