/* dbc.c - reading a DBC file: its statements. What becomes of them is dbc_make.c's.
 * A statement that makes no sense is noted with its line, and the next one is read: from the next line on that
 * begins with a keyword.
 * Left out, without a note: nodes, environment variables, signal groups and types, attributes but five
 * (GenMsgCycleTime, VFrameFormat, System*LongSymbol), and everything about relations.
 * Facts: reference/can-transports.md section 3.
 * SPDX-License-Identifier: MIT */
#include "host/file/dbc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/file/dbc_parts.h"
#include "host/io/lines.h"

#define ORPHANS_ID  INT64_C(0xC0000000)
#define NOTES_MAX   10000
#define FORMATS_MAX 64 /* words of VFrameFormat; 16 are known */
/* Bytes that may be read again because what was begun before them made no sense: so many times the file, and more. */
#define WASTE_TIMES 16
#define WASTE_MORE  1000000

void *dbc_take_memory(struct dbc *d, struct arena *arena, size_t n) {
    void *memory = arena_take(arena, n);
    d->no_memory |= !memory;
    return memory;
}

void dbc_note(struct dbc *d, unsigned long line, const char *fmt, ...) {
    char text[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (d->note_count == NOTES_MAX) {
        d->untold++;
        return;
    }
    struct dbc_note *note = dbc_take_memory(d, &d->scratch, sizeof *note);
    if (note) {
        struct dbc_word word = {text, strlen(text)};
        *note = (struct dbc_note){d->notes, line, d->note_count++, dbc_text(&d->scratch, word)};
        d->no_memory |= !note->what;
        d->notes = note;
    }
}

/* What stands there, for a note. */
#define SHOWN 40
static struct dbc_word next_thing(const struct dbc_scan *s) {
    struct dbc_scan look = *s;
    struct dbc_word word = {"the end of the line", 19};
    if (!dbc_line_ends(&look)) {
        const char *end = memchr(look.at, '\n', (size_t)(look.end - look.at));
        word.text = look.at;
        word.n = (size_t)((end ? end : look.end) - look.at);
    }
    word.n = word.n < SHOWN ? word.n : SHOWN;
    return word;
}

/* Note what was expected where the scanner stands. Returns false. */
static bool expected(struct dbc *d, const char *what) {
    struct dbc_word shown = next_thing(&d->s);
    dbc_note(d, d->s.line, "expected %s, not '%.*s'", what, (int)shown.n, shown.text);
    return false;
}

/* ---- finding what a statement is about ---- */

static struct dbc_message *find_message(struct dbc *d, int64_t id) {
    return dbc_known(&d->index, DBC_ID, id, (struct dbc_word){NULL, 0});
}

/* Where an id stands twice, a signal may be in either. */
static struct dbc_signal *find_signal(struct dbc *d, int64_t id, struct dbc_word name) {
    return dbc_known(&d->index, DBC_SIGNAL, id, name);
}

/* Remember it where nothing stands yet. */
static void remember_first(struct dbc *d, enum dbc_kind kind, int64_t number, struct dbc_word name,
                           void *thing) {
    void **place = dbc_place(&d->index, &d->scratch, kind, number, name);
    d->no_memory |= !place;
    if (place && !*place) {
        *place = thing;
    }
}

static bool take_message(struct dbc *d, struct dbc_message **message) {
    int64_t id;
    unsigned long line = d->s.line;
    if (!dbc_integer(&d->s, &id)) {
        return expected(d, "the number of a message");
    }
    *message = find_message(d, id);
    if (!*message) {
        dbc_note(d, line, "there is no message %lld", (long long)id);
    }
    return *message != NULL;
}

static bool take_signal(struct dbc *d, struct dbc_signal **signal, int64_t *id) {
    unsigned long line = d->s.line;
    if (!dbc_integer(&d->s, id)) {
        return expected(d, "the number of a message");
    }
    struct dbc_word name = dbc_word(&d->s);
    *signal = find_signal(d, *id, name);
    if (!*signal) {
        dbc_note(d, line, "message %lld has no signal '%.*s'", (long long)*id,
                 name.n < SHOWN ? (int)name.n : SHOWN, name.text);
    }
    return *signal != NULL;
}

/* ---- BO_, SG_ ---- */

/* BO_ 475 HVBAT_current: 8 HVBAT */
static bool read_message(struct dbc *d) {
    struct dbc_message *m = dbc_take_memory(d, &d->scratch, sizeof *m);
    if (!m) {
        return false;
    }
    m->line = d->s.line;
    m->period_ms = -1;
    m->format = -1;
    if (!dbc_integer(&d->s, &m->id)) {
        return expected(d, "BO_ NUMBER NAME: LENGTH SENDER");
    }
    m->name = dbc_word(&d->s);
    if (m->name.n == 0 || !dbc_take(&d->s, ':')) {
        return expected(d, "BO_ NUMBER NAME: LENGTH SENDER");
    }
    if (!dbc_integer(&d->s, &m->dlc)) {
        return expected(d, "the length of the message");
    }
    if (!dbc_line_ends(&d->s)) {
        m->sender = dbc_word(&d->s);
    }
    m->orphans = m->id == ORPHANS_ID;
    *(d->first ? &d->last->next : &d->first) = m;
    d->last = m;
    m->number = d->count++;
    remember_first(d, DBC_ID, m->id, (struct dbc_word){NULL, 0}, m);
    return true;
}

/* M, m3, m3M, or nothing. */
static bool read_indicator(struct dbc *d, struct dbc_signal *signal) {
    struct dbc_scan before = d->s;
    struct dbc_word word = dbc_word(&d->s);
    signal->selects = word.n > 0 && word.text[word.n - 1] == 'M';
    word.n -= signal->selects;
    if (word.n == 0) {
        return true;
    }
    struct dbc_scan digits = {word.text + 1, word.text + word.n, d->s.line, NULL};
    signal->selected =
        word.text[0] == 'm' && dbc_integer(&digits, &signal->value) && digits.at == digits.end;
    if (!signal->selected) {
        d->s = before;
    }
    return signal->selected;
}

/* A number of a signal, or 0 with a note. */
static void read_number(struct dbc *d, const char *what, struct dbc_decimal *value) {
    if (!dbc_decimal(&d->s, value)) {
        struct dbc_word word = dbc_word(&d->s);
        dbc_note(d, d->s.line, "%s: '%.*s' is no number, read as 0", what,
                 word.n < SHOWN ? (int)word.n : SHOWN, word.text);
    }
}

static void
skip_list(struct dbc *d) { /* of names with commas between them, to the end of the line */
    bool comma = false;
    while (comma || !dbc_line_ends(&d->s)) {
        struct dbc_scan before = d->s;
        struct dbc_word word = dbc_word(&d->s);
        if (word.n == 0 && !dbc_take(&d->s, ',')) {
            d->s = before;
            return;
        }
        comma = word.n == 0;
    }
}

/* SG_ LB_Current : 7|11@0- (0.5,0) [-400|200] "A" Vector__XXX */
static bool read_signal(struct dbc *d) {
    static const char form[] =
        "SG_ NAME : START|BITS@ORDER SIGN (FACTOR,OFFSET) [MIN|MAX] \"UNIT\"";
    struct dbc_scan *s = &d->s;
    struct dbc_signal *signal = dbc_take_memory(d, &d->scratch, sizeof *signal);
    struct dbc_word unit;
    int64_t start;
    int64_t len;
    if (!signal) {
        return false;
    }
    signal->line = s->line;
    if (dbc_line_ends(s) || (signal->name = dbc_word(s)).n == 0) {
        return expected(d, form);
    }
    if (!d->last) {
        dbc_note(d, signal->line, "a signal before the first message: left out");
        return false;
    }
    if (!dbc_take(s, ':')) {
        if (!read_indicator(d, signal)) {
            return expected(d, "M, m and a number, or ':' behind the name of the signal");
        }
        if (!dbc_take(s, ':')) {
            return expected(d, form);
        }
    }
    if (!dbc_integer(s, &start) || !dbc_take(s, '|') || !dbc_integer(s, &len) ||
        !dbc_take(s, '@')) {
        return expected(d, "START|BITS@ORDER");
    }
    bool one = dbc_take(s, '1');
    if (!one && !dbc_take(s, '0')) {
        return expected(d, "1 (little endian) or 0 (big endian)");
    }
    signal->big_endian = !one;
    signal->minus = dbc_take(s, '-');
    if (!signal->minus && !dbc_take(s, '+')) {
        return expected(d, "'+' or '-'");
    }
    if (!dbc_take(s, '(')) {
        return expected(d, "(FACTOR,OFFSET)");
    }
    read_number(d, "the factor", &signal->factor);
    if (!dbc_take(s, ',')) {
        return expected(d, "(FACTOR,OFFSET)");
    }
    read_number(d, "the offset", &signal->offset);
    if (!dbc_take(s, ')') || !dbc_take(s, '[')) {
        return expected(d, "[MIN|MAX]");
    }
    read_number(d, "the minimum", &signal->min);
    if (!dbc_take(s, '|')) {
        return expected(d, "[MIN|MAX]");
    }
    read_number(d, "the maximum", &signal->max);
    if (!dbc_take(s, ']') || !dbc_string(s, &unit)) {
        return expected(d, "] \"UNIT\"");
    }
    skip_list(d);
    if (start < 0 || start > UINT16_MAX || len < 1 || len > 64) {
        dbc_note(d, signal->line,
                 "%.*s: %lld bits from bit %lld on: expected 1 to 64 bits; left out",
                 (int)signal->name.n, signal->name.text, (long long)len, (long long)start);
        return true;
    }
    signal->start = (unsigned)start;
    signal->len = (unsigned)len;
    signal->unit = dbc_text(d->arena, unit);
    d->no_memory |= !signal->unit;
    *(d->last->first ? &d->last->last->next : &d->last->first) = signal;
    d->last->last = signal;
    d->last->count++;
    remember_first(d, DBC_ROW, (int64_t)d->last->number, signal->name, signal);
    remember_first(d, DBC_SIGNAL, d->last->id, signal->name, signal);
    return true;
}

/* ---- values ---- */

/* Put it there; false: something stands there already, or memory ran out. */
static bool put_new(struct dbc *d, struct dbc_index *index, enum dbc_kind kind, int64_t number,
                    struct dbc_word name) {
    void **place = dbc_place(index, &d->scratch, kind, number, name);
    d->no_memory |= !place;
    bool is_new = place && !*place;
    if (is_new) {
        *place = place;
    }
    return is_new;
}

/* The word of a text that no other value has: with its number behind it where that is needed. NULL: no memory. */
static const char *own_word(struct dbc *d, struct dbc_index *seen, struct dbc_word text,
                            int64_t raw) {
    const char *word = dbc_value_word(d->arena, text);
    while (word && (word[0] == '\0' ||
                    !put_new(d, seen, DBC_WORD, 0, (struct dbc_word){word, strlen(word)}))) {
        size_t room = strlen(word) + 32;
        char *numbered = d->no_memory ? NULL : dbc_take_memory(d, d->arena, room);
        if (numbered) {
            snprintf(numbered, room, "%s_%lld", word[0] ? word : "value", (long long)raw);
        }
        word = numbered;
    }
    d->no_memory |= !word;
    return word;
}

/* 1 "on" 0 "off" ; */
static bool read_values(struct dbc *d, struct dbc_values *values) {
    struct dbc_scan *s = &d->s;
    struct dbc_scan before = *s;
    int64_t raw;
    struct dbc_word text;
    size_t most = 0;
    while (dbc_integer(s, &raw) && dbc_string(s, &text)) {
        most++;
    }
    *s = before;
    values->words = dbc_take_memory(d, d->arena, (most + 1) * sizeof *values->words);
    struct dbc_index seen = {NULL};
    for (size_t i = 0; values->words && i < most; i++) {
        dbc_integer(s, &raw);
        unsigned long line = s->line;
        dbc_string(s, &text);
        if (!put_new(d, &seen, DBC_VALUE, raw, (struct dbc_word){NULL, 0})) {
            dbc_note(d, line, "the value %lld has a second text: left out", (long long)raw);
            continue;
        }
        const char *word = own_word(d, &seen, text, raw);
        values->words[values->count++] = (struct vb_word){raw, word ? word : ""};
    }
    dbc_forget(&seen);
    return dbc_take(s, ';') || expected(d, "NUMBER \"TEXT\" or ;");
}

static bool read_table(struct dbc *d) { /* VAL_TABLE_ name 1 "on" 0 "off" ; */
    struct dbc_values *table = dbc_take_memory(d, &d->scratch, sizeof *table);
    struct dbc_word name = dbc_word(&d->s);
    void **place = dbc_place(&d->index, &d->scratch, DBC_TABLE, 0, name);
    if (!table || !place) {
        d->no_memory = true;
        return false;
    }
    *place = table;
    return read_values(d, table);
}

/* VAL_ 475 Relay 1 "on" 0 "off" ;   VAL_ 475 Relay on_off ;   VAL_ Variable 1 "on" ; */
static bool read_values_of(struct dbc *d) {
    struct dbc_values values = {0};
    struct dbc_signal *signal;
    struct dbc_scan look = d->s;
    int64_t id;
    if (!dbc_integer(&look, &id)) {
        if (dbc_word(&d->s).n == 0) {
            return expected(d, "the number of a message");
        }
        return read_values(d, &values); /* of an environment variable */
    }
    if (!take_signal(d, &signal, &id)) {
        return false;
    }
    look = d->s;
    struct dbc_word name = dbc_word(&look);
    if (name.n > 0 && !strchr("+-0123456789", name.text[0])) {
        d->s = look;
        const struct dbc_values *table = dbc_known(&d->index, DBC_TABLE, 0, name);
        if (!table) {
            dbc_note(d, d->s.line, "there is no VAL_TABLE_ '%.*s'",
                     name.n < SHOWN ? (int)name.n : SHOWN, name.text);
        } else if (table->count > 0) {
            signal->words = table->words;
        }
        return dbc_take(&d->s, ';') || expected(d, ";");
    }
    if (!read_values(d, &values)) {
        return false;
    }
    signal->words = values.count > 0 ? values.words : NULL;
    return true;
}

/* ---- what is said about messages and signals ---- */

static bool read_comment(struct dbc *d) { /* CM_ [BO_ 475 | SG_ 475 Relay | ..] "text" ; */
    struct dbc_word text;
    struct dbc_message *message = NULL;
    struct dbc_signal *signal = NULL;
    int64_t id;
    if (!dbc_string(&d->s, &text)) {
        struct dbc_word what = dbc_word(&d->s);
        if (dbc_is(what, "BO_")) {
            take_message(d, &message);
        } else if (dbc_is(what, "SG_")) {
            take_signal(d, &signal, &id);
        } else {
            dbc_word(&d->s); /* a node, an environment variable */
        }
        if (!dbc_string(&d->s, &text)) {
            return expected(d, "\"COMMENT\"");
        }
    }
    if (message) {
        message->title = dbc_text(d->arena, text);
        d->no_memory |= !message->title;
    } else if (signal) {
        signal->title = dbc_text(d->arena, text);
        d->no_memory |= !signal->title;
    }
    return dbc_take(&d->s, ';') || expected(d, ";");
}

/* To the ';' that ends the statement. */
static bool skip_statement(struct dbc *d) {
    struct dbc_word string;
    while (!dbc_take(&d->s, ';')) {
        if (d->s.at == d->s.end) {
            return expected(d, ";");
        }
        if (*d->s.at == '"') {
            if (!dbc_string(&d->s, &string)) {
                return expected(d, "a text that ends with \"");
            }
        } else if (dbc_word(&d->s).n == 0) {
            d->s.at++;
        }
    }
    return true;
}

/* A number, or a word of the attribute VFrameFormat; -1: neither. */
static int format_of(const struct dbc *d, struct dbc_word value) {
    struct dbc_decimal number;
    for (size_t i = 0; i < d->format_count; i++) {
        if (d->formats[i].n == value.n && memcmp(d->formats[i].text, value.text, value.n) == 0) {
            return (int)i;
        }
    }
    if (dbc_is(value, "J1939PG")) {
        return DBC_FORMAT_J1939;
    }
    return dbc_decimal_of(value, &number) && number.exponent == 0 && number.mantissa < 100
               ? (int)number.mantissa
               : -1;
}

/* Milliseconds, rounded; -1: no such number. */
static int64_t period_of(struct dbc_word value) {
    struct dbc_decimal number;
    if (!dbc_decimal_of(value, &number) || number.minus || number.exponent > 9) {
        return -1;
    }
    uint64_t ms = number.mantissa;
    for (int i = 0; i < number.exponent; i++) {
        ms = ms > UINT32_MAX ? ms : ms * 10;
    }
    for (int i = number.exponent; i < 0; i++) {
        ms = i == -1 ? (ms + 5) / 10 : ms / 10;
    }
    return ms < UINT32_MAX ? (int64_t)ms : UINT32_MAX;
}

/* The value of an attribute, quoted or not. */
static bool take_value(struct dbc *d, struct dbc_word *value) {
    if (dbc_string(&d->s, value)) {
        return true;
    }
    *value = dbc_word(&d->s);
    return value->n > 0 || expected(d, "the value of the attribute");
}

static void set_long_name(struct dbc *d, const char **name, struct dbc_word value) {
    if (value.n > 0) {
        *name = dbc_name(d->arena, value);
        d->no_memory |= !*name;
    }
}

/* BA_ "GenMsgCycleTime" BO_ 475 10 ; */
static bool read_attribute(struct dbc *d) {
    struct dbc_word name;
    struct dbc_word value;
    if (!dbc_string(&d->s, &name)) {
        return expected(d, "the \"NAME\" of the attribute");
    }
    bool period = dbc_is(name, "GenMsgCycleTime");
    bool format = dbc_is(name, "VFrameFormat");
    bool message_name = dbc_is(name, "SystemMessageLongSymbol");
    bool signal_name = dbc_is(name, "SystemSignalLongSymbol");
    struct dbc_scan look = d->s;
    struct dbc_word what = dbc_word(&look);
    struct dbc_message *message;
    struct dbc_signal *signal;
    int64_t id;
    if (signal_name && dbc_is(what, "SG_")) {
        d->s = look;
        if (take_signal(d, &signal, &id) && take_value(d, &value)) {
            set_long_name(d, &signal->long_name, value);
        }
    } else if ((period || format || message_name) && dbc_is(what, "BO_")) {
        d->s = look;
        if (take_message(d, &message) && take_value(d, &value)) {
            message->period_ms = period ? period_of(value) : message->period_ms;
            message->format = format ? format_of(d, value) : message->format;
            if (message_name) {
                set_long_name(d, &message->long_name, value);
            }
        }
    }
    return skip_statement(d);
}

/* BA_DEF_ BO_ "VFrameFormat" ENUM "StandardCAN","ExtendedCAN","reserved","J1939PG" ; */
static bool read_definition(struct dbc *d) {
    struct dbc_word name;
    struct dbc_word word;
    if (!dbc_string(&d->s, &name)) {
        dbc_word(&d->s);
        if (!dbc_string(&d->s, &name)) {
            return expected(d, "the \"NAME\" of the attribute");
        }
    }
    struct dbc_scan look = d->s;
    if (dbc_is(name, "VFrameFormat") && dbc_is(dbc_word(&look), "ENUM")) {
        struct dbc_scan first = look;
        d->format_count = 0;
        while (dbc_string(&look, &word) && d->format_count < FORMATS_MAX) {
            d->format_count++;
            dbc_take(&look, ',');
        }
        if (d->format_count == FORMATS_MAX) {
            dbc_note(d, d->s.line, "VFrameFormat has more than %d words: left out from there on",
                     FORMATS_MAX - 1);
            d->format_count--;
        }
        d->formats = dbc_take_memory(d, &d->scratch, d->format_count * sizeof *d->formats);
        d->format_count = d->formats ? d->format_count : 0;
        for (size_t i = 0; i < d->format_count; i++) {
            dbc_string(&first, &d->formats[i]);
            dbc_take(&first, ',');
        }
    }
    return skip_statement(d);
}

static bool read_default(struct dbc *d) { /* BA_DEF_DEF_ "GenMsgCycleTime" 100 ; */
    struct dbc_word name;
    struct dbc_word value;
    if (!dbc_string(&d->s, &name)) {
        return expected(d, "the \"NAME\" of the attribute");
    }
    struct dbc_scan look = d->s;
    if (dbc_is(name, "GenMsgCycleTime") &&
        (dbc_string(&look, &value) || (value = dbc_word(&look)).n > 0)) {
        d->period_ms = period_of(value);
    } else if (dbc_is(name, "VFrameFormat") &&
               (dbc_string(&look, &value) || (value = dbc_word(&look)).n > 0)) {
        d->format = format_of(d, value);
    }
    return skip_statement(d);
}

static bool read_value_type(struct dbc *d) { /* SIG_VALTYPE_ 475 Power : 1 ; */
    struct dbc_signal *signal;
    int64_t id;
    int64_t type;
    if (!take_signal(d, &signal, &id)) {
        return false;
    }
    unsigned long line = d->s.line;
    dbc_take(&d->s, ':');
    if (!dbc_integer(&d->s, &type)) {
        return expected(d, "0, 1 (float) or 2 (double)");
    }
    unsigned len = type == 1 ? 32 : 64;
    if (type < 0 || type > 2) {
        dbc_note(d, line, "%.*s: expected 0, 1 (float) or 2 (double), not %lld: read as an integer",
                 (int)signal->name.n, signal->name.text, (long long)type);
    } else if (type > 0 && signal->len != len) {
        dbc_note(d, line,
                 "%.*s: a floating point number of %u bits, expected %u: read as an integer",
                 (int)signal->name.n, signal->name.text, signal->len, len);
    } else {
        signal->float_type = (int)type;
    }
    return dbc_take(&d->s, ';') || expected(d, ";");
}

/* SG_MUL_VAL_ 475 Cell_4 Group 1-1, 3-5 ; */
static bool read_ranges(struct dbc *d) {
    struct dbc_signal *signal;
    int64_t id;
    unsigned long line = d->s.line;
    if (!take_signal(d, &signal, &id)) {
        return false;
    }
    struct dbc_word selector = dbc_word(&d->s);
    do {
        struct dbc_word text = dbc_word(&d->s);
        const char *dash = text.n > 1 ? memchr(text.text + 1, '-', text.n - 1) : NULL;
        struct dbc_range *range = dbc_take_memory(d, &d->scratch, sizeof *range);
        if (!dash || !range) {
            return expected(d, "LOW-HIGH");
        }
        struct dbc_scan low = {text.text, dash, line, NULL};
        struct dbc_scan high = {dash + 1, text.text + text.n, line, NULL};
        *range = (struct dbc_range){signal->ranges, selector, 0, 0, line};
        if (!dbc_integer(&low, &range->lo) || !dbc_integer(&high, &range->hi) || low.at != dash ||
            high.at != high.end || range->lo > range->hi) {
            dbc_note(d, line, "%.*s: '%.*s' is no range LOW-HIGH", (int)signal->name.n,
                     signal->name.text, text.n < SHOWN ? (int)text.n : SHOWN, text.text);
        } else {
            signal->ranges = range;
        }
    } while (dbc_take(&d->s, ','));
    return dbc_take(&d->s, ';') || expected(d, ", or ;");
}

/* ---- all statements ---- */

static bool read_version(struct dbc *d) {
    struct dbc_word text;
    return dbc_string(&d->s, &text) || expected(d, "\"VERSION\"");
}

static bool read_line(struct dbc *d) { /* of which nothing is needed */
    while (!dbc_line_ends(&d->s)) {
        d->s.at++;
    }
    return true;
}

static bool is_keyword(struct dbc_word word);

/* BU_: nodes, over as many lines as there are. */
static bool read_nodes(struct dbc *d) {
    read_line(d);
    for (;;) {
        struct dbc_scan before = d->s;
        struct dbc_word word = dbc_word(&d->s);
        if (word.n == 0 || is_keyword(word)) {
            d->s = before;
            return true;
        }
    }
}

/* NS_ : the keywords that there are, one a line. */
static bool read_symbols(struct dbc *d) {
    dbc_take(&d->s, ':');
    for (;;) {
        struct dbc_scan before = d->s;
        struct dbc_word word = dbc_word(&d->s);
        if (word.n == 0 || !dbc_line_ends(&d->s)) {
            d->s = before;
            return true;
        }
    }
}

static const struct {
    const char *keyword;
    bool (*read)(struct dbc *d);
} statements[] = {
    {"SG_", read_signal},
    {"BO_", read_message},
    {"VAL_", read_values_of},
    {"CM_", read_comment},
    {"BA_", read_attribute},
    {"SG_MUL_VAL_", read_ranges},
    {"SIG_VALTYPE_", read_value_type},
    {"VAL_TABLE_", read_table},
    {"BA_DEF_", read_definition},
    {"BA_DEF_DEF_", read_default},
    {"VERSION", read_version},
    {"NS_", read_symbols},
    {"BS_", read_line},
    {"BU_", read_nodes},
    {"BO_TX_BU_", skip_statement},
    {"EV_", skip_statement},
    {"ENVVAR_DATA_", skip_statement},
    {"EV_DATA_", skip_statement},
    {"SGTYPE_", skip_statement},
    {"SGTYPE_VAL_", skip_statement},
    {"BA_DEF_SGTYPE_", skip_statement},
    {"BA_SGTYPE_", skip_statement},
    {"SIG_TYPE_REF_", skip_statement},
    {"SIG_GROUP_", skip_statement},
    {"SIGTYPE_VALTYPE_", skip_statement},
    {"BA_DEF_REL_", skip_statement},
    {"BA_DEF_DEF_REL_", skip_statement},
    {"BA_REL_", skip_statement},
    {"BU_SG_REL_", skip_statement},
    {"BU_EV_REL_", skip_statement},
    {"BU_BO_REL_", skip_statement},
    {"CAT_DEF_", skip_statement},
    {"CAT_", skip_statement},
    {"FILTER", skip_statement},
};
#define STATEMENTS (sizeof statements / sizeof statements[0])

static size_t statement_of(struct dbc_word word) {
    size_t i = 0;
    while (i < STATEMENTS && !dbc_is(word, statements[i].keyword)) {
        i++;
    }
    return i;
}

static bool is_keyword(struct dbc_word word) {
    return statement_of(word) < STATEMENTS;
}

/* Go on with the next line that begins with a keyword. */
static void recover(struct dbc *d) {
    for (;;) {
        read_line(d);
        struct dbc_scan next = d->s;
        struct dbc_word word = dbc_word(&next);
        if (d->s.at == d->s.end || is_keyword(word)) {
            return;
        }
        dbc_space(&d->s);
    }
}

/* Bytes behind the keyword of a statement without sense that were looked at: they are read again. */
static size_t wasted(const struct dbc *d, const struct dbc_scan *begin) {
    const char *far = d->s.looked && d->s.looked > d->s.at ? d->s.looked : d->s.at;
    return (size_t)(far - begin->at);
}

static void read_all(struct dbc *d) {
    size_t waste = WASTE_MORE + WASTE_TIMES * (size_t)(d->s.end - d->s.at);
    for (dbc_space(&d->s); d->s.at < d->s.end && !d->no_memory; dbc_space(&d->s)) {
        d->s.looked = NULL;
        struct dbc_scan before = d->s;
        size_t i = statement_of(dbc_word(&d->s));
        struct dbc_scan behind = d->s;
        if (i == STATEMENTS) {
            d->s = before;
            if (!dbc_take(&d->s, ';')) { /* one too many */
                expected(d, "a keyword of DBC");
                recover(d);
            }
        } else if (statements[i].read(d)) {
            d->statements++;
        } else { /* it may have taken the next one for a part of it */
            size_t again = wasted(d, &behind);
            d->s = behind;
            if (again > waste) {
                dbc_note(d, d->s.line,
                         "too many statements without an end: nothing is read from here on");
                return;
            }
            waste -= again;
            recover(d);
        }
    }
}

/* ---- from a file to a device ---- */

static int by_line(const void *a, const void *b) {
    const struct dbc_note *one = *(const struct dbc_note *const *)a;
    const struct dbc_note *two = *(const struct dbc_note *const *)b;
    if (one->line != two->line) {
        return one->line < two->line ? -1 : 1;
    }
    return (one->number > two->number) - (one->number < two->number);
}

static void tell_notes(struct dbc *d, dbc_oddity *tell, void *context) {
    const struct dbc_note **notes =
        dbc_take_memory(d, &d->scratch, (d->note_count + 1) * sizeof(struct dbc_note *));
    size_t n = 0;
    for (const struct dbc_note *note = notes ? d->notes : NULL; note; note = note->next) {
        notes[n++] = note;
    }
    if (notes) {
        qsort(notes, n, sizeof *notes, by_line);
    }
    for (size_t i = 0; i < n; i++) {
        tell(context, notes[i]->line, notes[i]->what);
    }
    if (n > 0 && d->untold > 0) {
        char more[64];
        snprintf(more, sizeof more, "%zu more things are odd, and are not told", d->untold);
        tell(context, notes[n - 1]->line, more);
    }
}

/* The name of the file without folder and ".dbc". */
static const char *device_name(struct arena *arena, const char *path) {
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t n = strlen(base);
    if (n > 4 && (strcmp(base + n - 4, ".dbc") == 0 || strcmp(base + n - 4, ".DBC") == 0)) {
        n -= 4;
    }
    n = n < 63 ? n : 63; /* as long as names of the configuration may be */
    char *name = arena_text(arena, n > 0 ? base : "dbc", n > 0 ? n : 3);
    for (char *p = name; p && *p; p++) {
        bool good = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                    (*p >= '0' && *p <= '9') || *p == '_';
        *p = good ? *p : '-';
    }
    return name;
}

static const char *device_title(struct arena *arena, const char *path) {
    static const char form[] = "the DBC file %s";
    char *title = arena_take(arena, sizeof form + strlen(path));
    if (title) {
        snprintf(title, sizeof form + strlen(path), form, path);
    }
    return title;
}

const struct vb_device *dbc_parse(struct arena *arena, const char *path, const char *text, size_t n,
                                  dbc_oddity *tell, void *context, char why[DBC_WHY]) {
    struct dbc d = {.arena = arena, .s = {text, text + n, 1, NULL}, .format = -1};
    struct vb_device *device = NULL;
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        d.s.at += 3;
    }
    read_all(&d);
    if (d.statements == 0 && !d.no_memory) {
        snprintf(why, DBC_WHY, "%s",
                 lines_utf16(text, n)
                     ? LINES_UTF16_WHY
                     : "no DBC: none of its statements (VERSION, BU_, BO_ ..) in it");
    } else if (d.no_memory || !(device = dbc_make(&d)) ||
               !(device->name = device_name(arena, path)) ||
               !(device->title = device_title(arena, path))) {
        snprintf(why, DBC_WHY, "out of memory");
        device = NULL;
    }
    if (device && tell) {
        tell_notes(&d, tell, context);
    }
    dbc_forget(&d.index);
    arena_free(&d.scratch);
    return device;
}

const struct vb_device *dbc_read(struct arena *arena, const char *path, dbc_oddity *tell,
                                 void *context, char why[DBC_WHY]) {
    size_t room = 65536;
    size_t n = 0;
    ssize_t got = -1;
    char *text = malloc(room);
    int fd = text ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    while (fd >= 0 && (got = read(fd, text + n, room - n)) > 0 && n <= DBC_BYTES_MAX) {
        n += (size_t)got;
        char *more = n == room ? realloc(text, room *= 2) : text;
        if (!more) {
            got = -1;
            errno = ENOMEM;
            break;
        }
        text = more;
    }
    const struct vb_device *device = NULL;
    if (got < 0) {
        snprintf(why, DBC_WHY, "cannot be read: %s", strerror(errno));
    } else if (n > DBC_BYTES_MAX) {
        snprintf(why, DBC_WHY, "more than %d MB: no DBC", DBC_BYTES_MAX / 1000000);
    } else {
        device = dbc_parse(arena, path, text, n, tell, context, why);
    }
    if (fd >= 0) {
        close(fd);
    }
    free(text);
    return device;
}
