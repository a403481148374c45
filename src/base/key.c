/* key.c - values of keys from text: flags, words, sets of words, whole numbers, durations,
 * sizes.
 * All in integers: "1.5 h" is 5400000 ms exactly, "0.1 ms" is refused because it is no whole number
 * of milliseconds.
 * SPDX-License-Identifier: MIT */
#include "voltbus/key.h"

#include <string.h>

#include "voltbus/decimal.h"

/* ---- one line of text in VB_KEY_WHY bytes; what does not fit is cut, and "..." tells so ---- */

struct line {
    char *out; /* NULL: nobody wants to know */
    size_t n;
};

static void add_bytes(struct line *line, const char *text, size_t n) {
    static const char cut[] = "...";
    const size_t room = VB_KEY_WHY - sizeof cut;
    if (!line->out) {
        return;
    }
    if (n <= room - line->n) {
        memcpy(line->out + line->n, text, n);
        line->n += n;
        line->out[line->n] = '\0';
        return;
    }
    n = room - line->n;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) {
        n--; /* not in the middle of a character */
    }
    memcpy(line->out + line->n, text, n);
    memcpy(line->out + line->n + n, cut, sizeof cut);
    line->out = NULL; /* full */
}

static void add(struct line *line, const char *text) {
    add_bytes(line, text, strlen(text));
}

static void add_number(struct line *line, int64_t number) {
    static const struct vb_decimal whole = {.mul = 1, .div = 1};
    char digits[VB_NUMBER_TEXT];
    add_bytes(line, digits, vb_decimal_text(&whole, number, digits));
}

/* What somebody wrote: not too much of it, and nothing that would break the line. */
static void add_given(struct line *line, const char *text, size_t n) {
    size_t shown = n < 40 ? n : 40;
    while (shown < n && shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80) {
        shown--;
    }
    for (size_t i = 0; i < shown; i++) {
        bool plain = (unsigned char)text[i] >= 0x20 && text[i] != 0x7F;
        add_bytes(line, plain ? text + i : "?", 1);
    }
    add(line, shown < n ? "..." : "");
}

/* ---- units ---- */

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit durations[] = {{"ms", 1},      {"s", 1000},     {"min", 60000},
                                        {"h", 3600000}, {"d", 86400000}, {NULL, 0}};
static const struct unit sizes[] = {
    {"B", 1}, {"kB", 1000}, {"MB", 1000000}, {"GB", 1000000000}, {NULL, 0}};

static const struct unit *units_of(const struct vb_key *key) {
    return key->type == VB_KEY_DURATION ? durations : key->type == VB_KEY_SIZE ? sizes : NULL;
}

/* "ms, s, min, h, d", or the one unit of a number. */
static void add_units(struct line *line, const struct vb_key *key) {
    const struct unit *units = units_of(key);
    if (!units) {
        add(line, key->unit ? key->unit : "it has none");
        return;
    }
    for (size_t i = 0; units[i].name; i++) {
        add(line, i ? ", " : "");
        add(line, units[i].name);
    }
}

/* Find the unit of n characters. Returns its factor, 0 if there is none of that name. */
static int64_t unit_find(const struct vb_key *key, const char *name, size_t n) {
    const struct unit *units = units_of(key);
    if (!units) {
        return n == 0 || (key->unit && strlen(key->unit) == n && memcmp(key->unit, name, n) == 0);
    }
    for (size_t i = 0; units[i].name; i++) {
        if (strlen(units[i].name) == n && memcmp(units[i].name, name, n) == 0) {
            return units[i].factor;
        }
    }
    return 0;
}

/* ---- what is allowed ---- */

static bool bounded(const struct vb_key *key) {
    return key->min != 0 || key->max != 0;
}

/* A bound in the largest unit in which it is whole: "400 d". */
static void add_amount(struct line *line, const struct vb_key *key, int64_t amount) {
    const struct unit *units = units_of(key);
    if (!units) {
        add_number(line, amount);
        return;
    }
    size_t largest = 0;
    for (size_t i = 1; units[i].name; i++) {
        largest = amount % units[i].factor == 0 ? i : largest;
    }
    add_number(line, amount / units[largest].factor);
    if (amount != 0) {
        add(line, " ");
        add(line, units[largest].name);
    }
}

static void add_range(struct line *line, const struct vb_key *key) {
    if (key->min == INT64_MIN) {
        add(line, "at most ");
    } else if (key->max == INT64_MAX) {
        add(line, "at least ");
    }
    if (key->min != INT64_MIN) {
        add_amount(line, key, key->min);
        add(line, key->max != INT64_MAX ? " to " : "");
    }
    if (key->max != INT64_MAX) {
        add_amount(line, key, key->max);
    }
    if (!units_of(key) && key->unit) {
        add(line, " ");
        add(line, key->unit);
    }
}

/* "a, b or c"; of WORDS "a, b and c". */
static void add_words(struct line *line, const struct vb_key *key) {
    const char *last = key->type == VB_KEY_WORD ? " or " : " and ";
    for (size_t i = 0; key->words[i]; i++) {
        add(line, i == 0 ? "" : key->words[i + 1] ? ", " : last);
        add(line, key->words[i]);
    }
}

static void add_allowed(struct line *line, const struct vb_key *key) {
    static const char *const any[] = {
        [VB_KEY_TEXT] = "any text",
        [VB_KEY_FLAG] = "true or false",
        [VB_KEY_NUMBER] = "a whole number",
        [VB_KEY_DURATION] = "a number with ms, s, min, h or d",
        [VB_KEY_SIZE] = "a number with B, kB, MB or GB",
    };
    if (key->type == VB_KEY_WORD) {
        add_words(line, key);
    } else if (key->type == VB_KEY_WORDS) {
        add(line, "none, or with '+' between them some of ");
        add_words(line, key);
    } else if (key->type >= VB_KEY_NUMBER && bounded(key)) {
        add_range(line, key);
    } else {
        add(line, any[key->type]);
    }
}

char *vb_key_allowed(const struct vb_key *key, char *out) {
    struct line line = {out, 0};
    out[0] = '\0';
    add_allowed(&line, key);
    return out;
}

/* ---- reading ---- */

/* "GIVEN: what (allowed)" */
static int refuse(const struct vb_key *key, int result, const char *text, size_t n,
                  const char *what, char *why) {
    struct line line = {why, 0};
    if (n > 0) {
        add_given(&line, text, n);
        add(&line, ": ");
    }
    add(&line, what);
    add(&line, " (");
    add_allowed(&line, key);
    add(&line, ")");
    return result;
}

static int refuse_unit(const struct vb_key *key, const char *text, size_t n, size_t unit,
                       char *why) {
    struct line line = {why, 0};
    if (unit == n) {
        add_given(&line, text, n);
        add(&line, ": its unit is missing (");
    } else {
        add_given(&line, text, n);
        add(&line, ": unknown unit '");
        add_given(&line, text + unit, n - unit);
        add(&line, "' (");
    }
    add_units(&line, key);
    add(&line, ")");
    return VB_E_FORMAT;
}

/* A decimal number at the beginning of a text: (whole + part / unit), the sign apart. */
struct amount {
    bool minus, large; /* large: beyond 63 bits */
    bool fine;         /* more decimals than any unit can make whole */
    int64_t whole, part, unit;
};

/* Returns the number of characters that belong to it, 0 if it is no number. */
static size_t read_amount(const char *text, size_t n, struct amount *a) {
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    *a = (struct amount){.minus = n > 0 && text[0] == '-', .unit = 1};
    size_t first = i;
    for (; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
        a->large = a->large || __builtin_mul_overflow(a->whole, 10, &a->whole) ||
                   __builtin_add_overflow(a->whole, text[i] - '0', &a->whole);
    }
    if (i == first || i == n || text[i] != '.') {
        return i > first ? i : 0;
    }
    size_t point = i++;
    for (; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
        if (a->unit < INT64_C(1000000000000)) {
            a->part = a->part * 10 + (text[i] - '0');
            a->unit *= 10;
        } else {
            a->fine = a->fine || text[i] != '0';
        }
    }
    return i > point + 1 ? i : 0;
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b > 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The amount times factor. Returns VB_OK, VB_E_FORMAT (not whole) or VB_E_RANGE. */
static int whole_of(const struct amount *a, int64_t factor, int64_t *number) {
    int64_t common = gcd(factor, a->unit);
    int64_t step = a->unit / common; /* the part must be a multiple */
    int64_t whole;
    if (a->fine || a->part % step != 0) {
        return VB_E_FORMAT;
    }
    if (a->large || __builtin_mul_overflow(a->whole, factor, &whole) ||
        __builtin_add_overflow(whole, a->part / step * (factor / common), &whole)) {
        return VB_E_RANGE;
    }
    *number = a->minus ? -whole : whole;
    return VB_OK;
}

static int parse_amount(const struct vb_key *key, const char *text, size_t n, int64_t *number,
                        char *why) {
    struct amount amount;
    size_t unit = read_amount(text, n, &amount);
    while (unit > 0 && unit < n && text[unit] == ' ') {
        unit++;
    }
    char next = unit < n ? text[unit] : 'a';
    bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '%' ||
                  (unsigned char)next >= 0x80; /* of an Ohm or a degree */
    if (unit == 0 || !letter || (unit == n && text[n - 1] == ' ')) {
        return refuse(key, VB_E_FORMAT, text, n, "not a number", why);
    }
    int64_t factor = unit_find(key, text + unit, n - unit);
    if (factor == 0) {
        return refuse_unit(key, text, n, unit, why);
    }
    int result = whole_of(&amount, factor, number);
    if (result == VB_E_FORMAT) {
        return refuse(key, result, text, n,
                      key->type == VB_KEY_DURATION ? "not a whole number of ms"
                      : key->type == VB_KEY_SIZE   ? "not a whole number of bytes"
                                                   : "not a whole number",
                      why);
    }
    bool low = result == VB_OK ? bounded(key) && *number < key->min : amount.minus;
    bool high = result == VB_OK ? bounded(key) && *number > key->max : !amount.minus;
    if (low || high) {
        return refuse(key, VB_E_RANGE, text, n, low ? "too small" : "too large", why);
    }
    return VB_OK;
}

static bool same(const char *name, const char *text, size_t n) {
    return strlen(name) == n && memcmp(name, text, n) == 0;
}

/* The place of n characters among words, or -1. */
static int place_of(const char *const *words, const char *text, size_t n) {
    for (int i = 0; words[i]; i++) {
        if (same(words[i], text, n)) {
            return i;
        }
    }
    return -1;
}

static int parse_word(const struct vb_key *key, const char *text, size_t n, int64_t *number,
                      char *why) {
    static const char *const flags[] = {"false", "true", "no", "yes", "off", "on", NULL};
    const char *const *words = key->type == VB_KEY_FLAG ? flags : key->words;
    int place = place_of(words, text, n);
    if (place < 0) {
        return refuse(key, VB_E_FORMAT, text, n, "no such word", why);
    }
    *number = key->type == VB_KEY_FLAG ? place % 2 : place;
    return VB_OK;
}

static int parse_words(const struct vb_key *key, const char *text, size_t n, int64_t *number,
                       char *why) {
    if (same("none", text, n)) {
        return VB_OK; /* no bit is set */
    }
    for (size_t from = 0; from <= n;) {
        size_t end = from;
        while (end < n && text[end] != '+' && text[end] != ',') {
            end++;
        }
        int place = place_of(key->words, text + from, end - from);
        if (place < 0) {
            return refuse(key, VB_E_FORMAT, text + from, end - from,
                          end > from ? "no such word" : "a word is missing", why);
        }
        *number |= INT64_C(1) << place;
        from = end + 1;
    }
    return VB_OK;
}

static int parse_text(const struct vb_key *key, const char *text, size_t n, char *why) {
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
            return refuse(key, VB_E_FORMAT, text, n, "has a control character", why);
        }
    }
    return VB_OK;
}

int vb_key_parse(const struct vb_key *key, const char *text, size_t n, struct vb_value *value,
                 char *why) {
    int64_t number = 0;
    int result;
    if (n == 0 && !(key->type == VB_KEY_TEXT && key->initial)) {
        return refuse(key, VB_E_FORMAT, "", 0, "nothing is given", why);
    }
    switch (key->type) {
    case VB_KEY_TEXT:
        result = parse_text(key, text, n, why);
        break;
    case VB_KEY_FLAG:
    case VB_KEY_WORD:
        result = parse_word(key, text, n, &number, why);
        break;
    case VB_KEY_WORDS:
        result = parse_words(key, text, n, &number, why);
        break;
    default:
        result = parse_amount(key, text, n, &number, why);
        break;
    }
    if (result == VB_OK) {
        *value = (struct vb_value){number, n > 0 ? text : "", n, true};
    }
    return result;
}

struct vb_value vb_key_initial(const struct vb_key *key) {
    const char *initial = key->initial ? key->initial : "";
    struct vb_value value = {0, initial, strlen(initial), false};
    if (initial[0] != '\0' && vb_key_parse(key, initial, value.len, &value, NULL) == VB_OK) {
        value.given = false;
    }
    return value;
}

int vb_key_find(const struct vb_key *keys, size_t count, const char *name, size_t n) {
    for (size_t i = 0; i < count; i++) {
        if (same(keys[i].name, name, n)) {
            return (int)i;
        }
    }
    return -1;
}
