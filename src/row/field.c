/* field.c - rows of text: fields with one space before each, numbers decimal or hexadecimal.
 * Two spaces make an empty field (reference/rapi.md section 1). A field that is no number of its row's
 * kind is no value: half a number is worse than none.
 * SPDX-License-Identifier: MIT */
#include "row/field.h"

#include <string.h>

#include "row/bytes.h"
#include "voltbus/crc.h"
#include "voltbus/err.h"
#include "voltbus/hex.h"

int vb_field(const uint8_t *text, size_t n, unsigned i, const char **field) {
    size_t at = 0;
    for (; i > 0; i--) {
        const uint8_t *space = at < n ? memchr(text + at, ' ', n - at) : NULL;
        if (!space) {
            return -1;
        }
        at = (size_t)(space - text) + 1;
    }
    const uint8_t *end = at < n ? memchr(text + at, ' ', n - at) : NULL;
    if (n == 0) {
        return -1;
    }
    *field = (const char *)text + at;
    return (int)((end ? (size_t)(end - text) : n) - at);
}

unsigned vb_field_count(const uint8_t *text, size_t n) {
    unsigned count = n > 0;
    for (size_t i = 0; i < n; i++) {
        count += text[i] == ' ';
    }
    return count;
}

/* ---- numbers ---- */

#define HEX_DIGITS_MAX     15 /* 60 bits */
#define DECIMAL_DIGITS_MAX 18

static int read_hex(const char *text, size_t n, int64_t *number) {
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = vb_hex_digit(text[i]);
        if (digit < 0) {
            return VB_E_RANGE;
        }
        value = value << 4 | (unsigned)digit;
    }
    *number = (int64_t)value;
    return n > 0 && n <= HEX_DIGITS_MAX ? VB_OK : VB_E_RANGE;
}

static int read_decimal(const char *text, size_t n, bool is_signed, int64_t *number) {
    bool minus = is_signed && n > 1 && text[0] == '-';
    int64_t value = 0;
    size_t i = minus;
    if (n == 0 || n - i > DECIMAL_DIGITS_MAX) {
        return VB_E_RANGE;
    }
    for (; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return VB_E_RANGE;
        }
        value = value * 10 + (text[i] - '0');
    }
    *number = minus ? -value : value;
    return VB_OK;
}

/* The number of the row's kind that stands in field number bit / 64. */
static int read_field(const struct vb_signal *signal, unsigned bit, const uint8_t *data, size_t n,
                      int64_t *number) {
    const char *field;
    int len = vb_field(data, n, bit / 64, &field);
    if (len < 0) {
        return VB_E_MORE;
    }
    if (signal->flags & VB_CHAR) {
        *number = len == 1 ? (unsigned char)field[0] : 0;
        return len == 1 ? VB_OK : VB_E_RANGE;
    }
    int result = signal->flags & VB_HEX
                     ? read_hex(field, (size_t)len, number)
                     : read_decimal(field, (size_t)len, signal->flags & VB_SIGNED, number);
    if (result == VB_OK && !(signal->flags & VB_SIGNED)) {
        uint64_t bits = (uint64_t)*number >> bit % 64;
        *number = (int64_t)(signal->len < 64 ? bits & ((UINT64_C(1) << signal->len) - 1) : bits);
    }
    return result;
}

/* ---- text ---- */

int vb_signal_string(const struct vb_signal *signal, const uint8_t *data, size_t n,
                     const char **text) {
    if (signal->flags & VB_BYTES) {
        return bytes_of(signal, data, n, text);
    }
    int len = vb_field(data, n, signal->bit / 64, text);
    if (len < 0) {
        return VB_E_MORE;
    }
    for (int i = 0; i < len; i++) {
        if ((*text)[i] <= ' ' || (*text)[i] >= 0x7F) {
            return VB_E_RANGE;
        }
    }
    return len == 0 ? VB_E_UNKNOWN : len < VB_STRING_MAX ? len : VB_STRING_MAX;
}

int field_get(const struct vb_signal *signal, const uint8_t *data, size_t n, int64_t *raw) {
    int64_t value, other;
    if (signal->flags & VB_STRING) {
        const char *text;
        int len = vb_signal_string(signal, data, n, &text);
        *raw = len > 0 ? vb_hash((const uint8_t *)text, (size_t)len) : *raw;
        return len > 0 ? VB_OK : len;
    }
    int result = read_field(signal, signal->bit, data, n, &value);
    if (result != VB_OK) {
        return result;
    }
    if (signal->has_absent && value == signal->absent) {
        return VB_E_UNKNOWN;
    }
    if (signal->flags & VB_PRODUCT) {
        result = read_field(signal, signal->more_bit, data, n, &other);
        if (result != VB_OK) {
            return result;
        }
        if (signal->has_absent && other == signal->absent) {
            return VB_E_UNKNOWN;
        }
        if (__builtin_mul_overflow(value, other, &value) ||
            __builtin_add_overflow(value, value < 0 ? -500 : 500, &value)) {
            return VB_E_RANGE;
        }
        value /= 1000;
    }
    *raw = value;
    return VB_OK;
}
