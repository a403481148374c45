/* call.c - calls: bodies from forms and arguments, and the reverse; which version has which.
 * SPDX-License-Identifier: MIT */
#include "voltbus/call.h"

#include <string.h>

#define TEXT_ARGUMENT_MAX 16 /* what a display line holds */

/* ---- versions ---- */

int vb_version_read(const char *text, size_t n, uint32_t *version) {
    uint32_t parts[3] = {0};
    size_t part = 0;
    bool digit = false;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '.' && digit && part < 2) {
            part++;
            digit = false;
        } else if (text[i] >= '0' && text[i] <= '9') {
            parts[part] = parts[part] * 10 + (uint32_t)(text[i] - '0');
            digit = true;
            if (parts[part] > 255) {
                return VB_E_FORMAT;
            }
        } else {
            return VB_E_FORMAT;
        }
    }
    *version = digit ? VB_VERSION(parts[0], parts[1], parts[2]) : *version;
    return digit ? VB_OK : VB_E_FORMAT;
}

static const struct vb_decimal whole = {.mul = 1, .div = 1};

char *vb_version_text(uint32_t version, char out[VB_VERSION_TEXT]) {
    char number[VB_NUMBER_TEXT];
    size_t n = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        size_t digits = vb_decimal_text(&whole, version >> shift & 0xFF, number);
        memcpy(out + n, number, digits);
        n += digits;
        out[n++] = '.';
    }
    out[n - 1] = '\0';
    return out;
}

bool vb_call_in(const struct vb_call *call, uint32_t version) {
    if (version == 0) {
        return call->since == 0 && call->until == 0;
    }
    return version >= call->since && (call->until == 0 || version < call->until);
}

/* ---- arguments ---- */

static int text_argument(const char *text, size_t n, struct vb_argument *argument) {
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c >= 0x7F || c == '$' || c == '^' || c == '*') {
            return VB_E_FORMAT;
        }
    }
    if (n == 0 || text[0] == ' ' || text[n - 1] == ' ') {
        return VB_E_FORMAT; /* the box loses them */
    }
    *argument = (struct vb_argument){.text = text, .len = n};
    return n <= TEXT_ARGUMENT_MAX ? VB_OK : VB_E_RANGE;
}

/* Where values are words, a number between them means nothing that anybody knows. */
static bool has_word(const struct vb_signal *row, int64_t raw) {
    const struct vb_word *w = row->words;
    while (w && w->word && w->raw != raw) {
        w++;
    }
    return !w || w->word;
}

/* Rounding must not bring back what is beyond the limits: 80.4 is more than 80. */
static bool number_within(const struct vb_signal *row, const char *text, size_t n) {
    static const struct vb_scale thousandths = {1, 0, 1000};
    int64_t milli;
    int result = vb_decimal_parse(&thousandths, false, text, n, &milli);
    return !row->limits || result == VB_E_FORMAT ||
           (result == VB_OK && milli >= row->limits->min_milli && milli <= row->limits->max_milli);
}

/* 0 is often "no limit": five minutes in steps of fifteen must not become it. */
static bool is_nothing(const struct vb_signal *row, int64_t raw) {
    return row->scale ? raw * row->scale->mul + row->scale->add == 0 : raw == 0;
}

static bool is_zero(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (text[i] >= '1' && text[i] <= '9') {
            return false;
        }
    }
    return true;
}

int vb_call_argument(const struct vb_signal *row, const char *text, size_t n,
                     struct vb_argument *argument) {
    int64_t raw;
    if (row->flags & VB_STRING) {
        return text_argument(text, n, argument);
    }
    int result = vb_signal_parse(row, text, n, &raw);
    if (result != VB_OK) {
        return result;
    }
    if (!number_within(row, text, n)) {
        return VB_E_RANGE;
    }
    if (!has_word(row, raw)) {
        return VB_E_FORMAT;
    }
    if (!row->words && is_nothing(row, raw) && !is_zero(text, n)) {
        return VB_E_RANGE;
    }
    *argument = (struct vb_argument){.raw = raw};
    return VB_OK;
}

/* ---- writing ---- */

struct line {
    char *out;
    size_t n, cap;
    bool full;
};

static void add(struct line *line, const char *text, size_t n) {
    if (n > line->cap - line->n) {
        line->full = true;
        return;
    }
    memcpy(line->out + line->n, text, n);
    line->n += n;
}

static void add_argument(struct line *line, const struct vb_signal *row,
                         const struct vb_argument *argument) {
    char number[VB_NUMBER_TEXT];
    if (row->flags & VB_STRING) {
        add(line, argument->text, argument->len);
    } else if (row->flags & VB_CHAR) {
        number[0] = (char)argument->raw;
        add(line, number, 1);
    } else {
        add(line, number, vb_decimal_text(&whole, argument->raw, number));
    }
}

static bool is_good(const struct vb_signal *row, const struct vb_argument *argument) {
    struct vb_argument same;
    if (row->flags & VB_STRING) {
        return argument->text && text_argument(argument->text, argument->len, &same) == VB_OK;
    }
    return vb_signal_in_limits(row, argument->raw) && has_word(row, argument->raw);
}

int vb_call_write(const struct vb_call *call, const struct vb_argument *arguments, size_t count,
                  char *out, size_t cap) {
    struct line line = {.out = out, .cap = cap};
    size_t next = 0;
    if (count != call->arg_count) {
        return VB_E_RANGE;
    }
    for (const char *c = call->form; *c; c++) {
        if (*c != '%') {
            add(&line, c, 1);
        } else if (!is_good(&call->args[next], &arguments[next])) {
            return VB_E_RANGE;
        } else {
            add_argument(&line, &call->args[next], &arguments[next]);
            next++;
        }
    }
    return line.full ? VB_E_SPACE : (int)line.n;
}

/* ---- reading ---- */

/* A number as a box would read it back: digits only, a minus where the row has one. */
static int read_number(const struct vb_signal *row, const char *text, size_t n,
                       struct vb_argument *argument) {
    int64_t raw;
    if (row->flags & VB_CHAR) {
        raw = (unsigned char)text[0];
        if (n != 1) {
            return VB_E_FORMAT;
        }
    } else {
        for (size_t i = row->flags & VB_SIGNED && text[0] == '-'; i < n; i++) {
            if (text[i] < '0' || text[i] > '9') {
                return VB_E_FORMAT;
            }
        }
        int result = vb_decimal_parse(NULL, false, text, n, &raw);
        if (result != VB_OK) {
            return result;
        }
    }
    *argument = (struct vb_argument){.raw = raw};
    return is_good(row, argument) ? VB_OK : VB_E_RANGE;
}

/* Do the body and the form have the same letters and as many fields? */
static bool same_form(const struct vb_call *call, const char *body, size_t n) {
    const char *form = call->form;
    size_t at = 0;
    size_t arguments = 0;
    for (; *form && at < n; form++) {
        if (*form != '%') {
            if (body[at++] != *form) {
                return false;
            }
            continue;
        }
        if (call->args[arguments++].flags & VB_STRING) {
            return true;
        }
        while (at < n && body[at] != ' ') {
            at++;
        }
    }
    return at == n && !*form;
}

int vb_call_match(const struct vb_call *call, const char *body, size_t n,
                  struct vb_argument *arguments, size_t *at) {
    size_t count = 0;
    size_t place = 0;
    if (!same_form(call, body, n)) {
        return VB_E_UNKNOWN;
    }
    for (const char *form = call->form; *form && place < n; form++) {
        if (*form != '%') {
            place++;
            continue;
        }
        const struct vb_signal *row = &call->args[count];
        const char *end = row->flags & VB_STRING ? NULL : memchr(body + place, ' ', n - place);
        size_t len = end ? (size_t)(end - (body + place)) : n - place;
        int result = row->flags & VB_STRING ? text_argument(body + place, len, &arguments[count])
                     : len > 0              ? read_number(row, body + place, len, &arguments[count])
                                            : VB_E_FORMAT;
        if (result != VB_OK) {
            if (at) {
                *at = count;
            }
            return result;
        }
        place += len;
        count++;
    }
    return count == call->arg_count ? (int)count : VB_E_UNKNOWN; /* text may be missing */
}

/* ---- finding ---- */

static bool is_named(const struct vb_message *message, const char *name, size_t n) {
    return (strlen(message->name) == n && memcmp(message->name, name, n) == 0) ||
           (n == 2 && memcmp(message->call->form, name, 2) == 0);
}

int vb_call_find(const struct vb_device *device, const char *name, size_t n, uint32_t version,
                 size_t *other) {
    int result = VB_E_UNKNOWN;
    for (int m = 0; m < device->message_count; m++) {
        const struct vb_message *message = &device->messages[m];
        if (!message->call || !is_named(message, name, n)) {
            continue;
        }
        if (vb_call_in(message->call, version)) {
            return m;
        }
        if (other) {
            *other = (size_t)m;
        }
        result = VB_E_STATE;
    }
    return result;
}

int vb_call_find_body(const struct vb_device *device, const char *body, size_t n, uint32_t version,
                      struct vb_argument *arguments, size_t *count, size_t *at, size_t *which) {
    struct vb_argument room[VB_ARGUMENTS_MAX];
    struct vb_argument *got = arguments ? arguments : room;
    int result = VB_E_UNKNOWN;
    for (int m = 0; m < device->message_count; m++) {
        const struct vb_call *call = device->messages[m].call;
        int match = call ? vb_call_match(call, body, n, got, at) : VB_E_UNKNOWN;
        if (match == VB_E_UNKNOWN) {
            continue;
        }
        if (which) {
            *which = (size_t)m;
        }
        if (!vb_call_in(call, version)) {
            result = VB_E_STATE;
        } else if (match < 0) {
            return match;
        } else {
            if (count) {
                *count = (size_t)match;
            }
            return m;
        }
    }
    return result;
}
