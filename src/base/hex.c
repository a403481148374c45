/* hex.c - hexadecimal text to bytes and back.
 * SPDX-License-Identifier: MIT */
#include "voltbus/hex.h"

#include "voltbus/err.h"

static const char digits_upper[] = "0123456789ABCDEF";

int vb_hex_digit(char c) {
    unsigned digit = (unsigned)(unsigned char)c - '0';
    unsigned letter = ((unsigned)(unsigned char)c | 0x20) - 'a';
    return digit < 10 ? (int)digit : letter < 6 ? (int)letter + 10 : -1;
}

static int is_separator(char c) {
    return c == ' ' || c == '\t' || c == '.' || c == ':' || c == '-' || c == ',';
}

int vb_hex_read(const char *text, size_t n, uint8_t *out, size_t cap, size_t *used) {
    size_t count = 0;
    size_t i = 0;
    int result = VB_OK;
    while (i + 1 < n && count < cap) { /* pair after pair, as most text is */
        int high = vb_hex_digit(text[i]);
        int low = vb_hex_digit(text[i + 1]);
        if (high < 0 || low < 0) { /* "0x" comes here, too */
            break;
        }
        out[count++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    while (i < n) {
        if (is_separator(text[i])) {
            i++;
            continue;
        }
        if (n - i >= 3 && text[i] == '0' && (text[i + 1] | 0x20) == 'x') {
            i += 2;
        }
        int high = vb_hex_digit(text[i]);
        int low = i + 1 < n ? vb_hex_digit(text[i + 1]) : -1;
        if (high < 0 || low < 0) {
            result = VB_E_FORMAT;
            i += high >= 0; /* the place is the digit that is missing */
            break;
        }
        if (count == cap) {
            result = VB_E_SPACE;
            break;
        }
        out[count++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    if (used) {
        *used = i;
    }
    return result < 0 ? result : (int)count;
}

size_t vb_hex_write(const uint8_t *data, size_t n, char *out) {
    for (size_t i = 0; i < n; i++) {
        *out++ = digits_upper[data[i] >> 4];
        *out++ = digits_upper[data[i] & 15];
    }
    return 2 * n;
}

size_t vb_hex_number(uint64_t value, unsigned digits, char *out) {
    for (unsigned i = digits; i > 0; i--) {
        out[i - 1] = digits_upper[value & 15];
        value >>= 4;
    }
    return digits;
}
