/* dbc_scan.c - the words, numbers and strings of a DBC.
 * Facts: reference/can-transports.md section 3.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/dbc_parts.h"
#include "host/out/text_buffer.h"

#define EXPONENT_MAX 400 /* of a number; doubles end at 308 */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_comment(const struct dbc_scan *s) {
    return s->end - s->at >= 2 && s->at[0] == '/' && s->at[1] == '/';
}

void dbc_blank(struct dbc_scan *s) {
    while (s->at < s->end && is_space(*s->at)) {
        s->at++;
    }
    if (is_comment(s)) {
        while (s->at < s->end && *s->at != '\n') {
            s->at++;
        }
    }
}

bool dbc_line_ends(struct dbc_scan *s) {
    dbc_blank(s);
    return s->at == s->end || *s->at == '\n';
}

void dbc_space(struct dbc_scan *s) {
    while (dbc_line_ends(s) && s->at < s->end) {
        s->at++;
        s->line++;
    }
}

bool dbc_take(struct dbc_scan *s, char c) {
    dbc_space(s);
    if (s->at == s->end || *s->at != c) {
        return false;
    }
    s->at++;
    return true;
}

struct dbc_word dbc_word(struct dbc_scan *s) {
    dbc_space(s);
    struct dbc_word word = {s->at, 0};
    while (s->at < s->end && !is_space(*s->at) && *s->at != '\n' &&
           !memchr(":;,\"()[]|@", *s->at, 10)) {
        s->at++;
    }
    word.n = (size_t)(s->at - word.text);
    return word;
}

bool dbc_is(struct dbc_word word, const char *text) {
    return strlen(text) == word.n && memcmp(word.text, text, word.n) == 0;
}

bool dbc_string(struct dbc_scan *s, struct dbc_word *string) {
    dbc_space(s);
    if (s->at == s->end || *s->at != '"') {
        return false;
    }
    unsigned long line = s->line;
    for (const char *p = s->at + 1; p < s->end; p++) {
        if (*p == '"') {
            *string = (struct dbc_word){s->at + 1, (size_t)(p - s->at - 1)};
            s->at = p + 1;
            s->line = line;
            return true;
        }
        if (*p == '\\' && p + 1 < s->end && (p[1] == '"' || p[1] == '\\')) {
            p++;
        }
        line += *p == '\n';
    }
    s->looked = s->end;
    return false;
}

/* ---- numbers ---- */

bool dbc_integer(struct dbc_scan *s, int64_t *value) {
    struct dbc_scan before = *s;
    struct dbc_word word = dbc_word(s);
    bool minus = word.n > 0 && word.text[0] == '-';
    size_t i = word.n > 0 && (minus || word.text[0] == '+');
    uint64_t amount = 0;
    bool good = i < word.n;
    for (; good && i < word.n; i++) {
        good = word.text[i] >= '0' && word.text[i] <= '9' &&
               !__builtin_mul_overflow(amount, UINT64_C(10), &amount) &&
               !__builtin_add_overflow(amount, (uint64_t)(word.text[i] - '0'), &amount);
    }
    good = good && (!minus || amount <= INT64_MAX);
    if (!good) {
        *s = before;
        return false;
    }
    *value = minus ? -(int64_t)amount
                   : (int64_t)amount; /* beyond 2^63: the bit pattern, as in the row */
    return true;
}

/* One digit more; what does not fit is rounded away. */
static void add_digit(struct dbc_decimal *value, unsigned digit, bool fraction, bool *full) {
    if (!*full && value->mantissa <= (INT64_MAX - 9) / 10) {
        value->mantissa = value->mantissa * 10 + digit;
        value->exponent -= fraction;
        return;
    }
    value->mantissa += !*full && digit >= 5;
    value->exponent += !fraction;
    *full = true;
}

bool dbc_decimal_of(struct dbc_word word, struct dbc_decimal *value) {
    const char *p = word.text;
    const char *end = p + word.n;
    bool any = false;
    bool fraction = false;
    bool full = false;
    *value = (struct dbc_decimal){0};
    if (p < end && (*p == '-' || *p == '+')) {
        value->minus = *p++ == '-';
    }
    for (; p < end && *p != 'e' && *p != 'E'; p++) {
        if (*p == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (*p < '0' || *p > '9' || value->exponent > EXPONENT_MAX ||
            value->exponent < -EXPONENT_MAX) {
            return false;
        }
        any = true;
        add_digit(value, (unsigned)(*p - '0'), fraction, &full);
    }
    if (p < end) { /* an exponent */
        bool below = ++p < end && *p == '-';
        int exponent = 0;
        p += p < end && (*p == '-' || *p == '+');
        any = any && p < end;
        for (; p < end; p++) {
            if (*p < '0' || *p > '9' || exponent > EXPONENT_MAX) {
                return false;
            }
            exponent = exponent * 10 + (*p - '0');
        }
        value->exponent += below ? -exponent : exponent;
    }
    while (value->mantissa > 0 && value->mantissa % 10 == 0) {
        value->mantissa /= 10;
        value->exponent++;
    }
    if (value->mantissa == 0) {
        value->exponent = 0;
        value->minus = false;
    }
    return any;
}

bool dbc_decimal(struct dbc_scan *s, struct dbc_decimal *value) {
    struct dbc_scan before = *s;
    if (dbc_decimal_of(dbc_word(s), value)) {
        return true;
    }
    *s = before;
    *value = (struct dbc_decimal){0};
    return false;
}

/* ---- texts ---- */

/* Unicode of the bytes 80 to 9F of Windows-1252; 0: not used there. */
static const uint16_t cp1252[32] = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                    0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                    0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                    0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

static char *put_cp1252(char *out, unsigned char c) {
    unsigned code = c >= 0xA0 ? c : c >= 0x80 ? cp1252[c - 0x80] : c;
    if (code == 0) {
        code = '?';
    }
    if (code < 0x80) {
        *out++ = (char)code;
    } else if (code < 0x800) {
        *out++ = (char)(0xC0 | code >> 6);
        *out++ = (char)(0x80 | (code & 0x3F));
    } else {
        *out++ = (char)(0xE0 | code >> 12);
        *out++ = (char)(0x80 | (code >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code & 0x3F));
    }
    return out;
}

static bool is_utf8(struct dbc_word string) {
    size_t length;
    for (size_t i = 0; i < string.n; i += length) {
        length = text_utf8_length(string.text + i, string.n - i);
        if (length == 0) {
            return false;
        }
    }
    return true;
}

char *dbc_text(struct arena *arena, struct dbc_word string) {
    char *text = arena_take(arena, string.n * 3 + 1); /* '€' is three bytes of UTF-8 */
    char *out = text;
    bool utf8 = is_utf8(string);
    for (size_t i = 0; text && i < string.n; i++) {
        unsigned char c = (unsigned char)string.text[i];
        if (c == '\\' && i + 1 < string.n &&
            (string.text[i + 1] == '"' || string.text[i + 1] == '\\')) {
            c = (unsigned char)string.text[++i];
        }
        /* the control characters of UTF-8, which terminals obey: C2 80 to C2 9F */
        bool control =
            c < ' ' || c == 0x7F || (utf8 && c == 0xC2 && (unsigned char)string.text[i + 1] < 0xA0);
        if (control) {
            i += c == 0xC2;
            c = ' ';
        }
        if (c == ' ' && (out == text || out[-1] == ' ')) {
            continue; /* texts of several lines become one */
        }
        if (utf8) {
            *out++ = (char)c;
        } else {
            out = put_cp1252(out, c);
        }
    }
    while (text && out > text && out[-1] == ' ') {
        *--out = '\0';
    }
    return text;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

char *dbc_value_word(struct arena *arena, struct dbc_word string) {
    char *text = dbc_text(arena, string);
    char *out = text;
    for (const char *p = text; p && *p; p++) {
        bool first = out == text || out[-1] == '_';
        bool point = *p == '.' && !first && is_digit(out[-1]) && is_digit(p[1]);
        bool minus = *p == '-' && first && is_digit(p[1]);
        if (is_letter(*p)) {
            *out++ = (char)(*p | 0x20);
        } else if (is_digit(*p) || (unsigned char)*p >= 0x80 || point || minus) {
            *out++ = *p;
        } else if (!first) {
            *out++ = '_';
        }
    }
    if (text) {
        out -= out > text && out[-1] == '_';
        *out = '\0';
    }
    return text;
}

char *dbc_name(struct arena *arena, struct dbc_word word) {
    char *name = arena_text(arena, word.text, word.n);
    for (char *p = name; p && *p; p++) {
        *p = is_letter(*p) || is_digit(*p) || *p == '_' ? *p : '_';
    }
    return name;
}
