/* rfm69.c - the text line of a JeeNode with an RFM69 radio.
 * Leaves out: what is in the packets and whether their CRC is right (src/device), dBm (rows).
 * Facts: reference/weather.md section 4 (the line of the Nugget notes, the forms of jeelabs/jeeh).
 * SPDX-License-Identifier: MIT */
#include "voltbus/rfm69.h"

#include <stdbool.h>
#include <string.h>

#include "voltbus/hex.h"
#include "voltbus/time.h"

/* A piece of text that is read from the front. */
struct text {
    const char *p;
    size_t n;
};

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_spaces(struct text *t) {
    while (t->n > 0 && is_space(*t->p)) {
        t->p++;
        t->n--;
    }
}

static void trim(struct text *t) {
    skip_spaces(t);
    while (t->n > 0 && is_space(t->p[t->n - 1])) {
        t->n--;
    }
}

static bool take(struct text *t, char c) {
    if (t->n == 0 || *t->p != c) {
        return false;
    }
    t->p++;
    t->n--;
    return true;
}

/* Read a decimal number behind spaces. Returns VB_OK, VB_E_FORMAT, or VB_E_RANGE. */
static int take_number(struct text *t, int32_t least, int32_t most, int32_t *value) {
    skip_spaces(t);
    bool minus = take(t, '-');
    if (t->n == 0 || *t->p < '0' || *t->p > '9') {
        return VB_E_FORMAT;
    }
    int32_t v = 0;
    for (; t->n > 0 && *t->p >= '0' && *t->p <= '9'; t->p++, t->n--) {
        if (v <= 1000000) { /* beyond, it is out of every range */
            v = v * 10 + (*t->p - '0');
        }
    }
    v = minus ? -v : v;
    *value = v;
    return v >= least && v <= most ? VB_OK : VB_E_RANGE;
}

/* Find "RF69 #" and stand behind it. front: what stands before. */
static bool find_start(struct text *t, struct text *front) {
    static const char mark[] = "RF69";
    const size_t len = sizeof mark - 1;
    front->p = t->p;
    for (; t->n >= len; t->p++, t->n--) {
        if (memcmp(t->p, mark, len) == 0) {
            struct text rest = {t->p + len, t->n - len};
            skip_spaces(&rest);
            if (take(&rest, '#')) {
                front->n = (size_t)(t->p - front->p);
                *t = rest;
                return true;
            }
        }
    }
    return false;
}

/* A time stamp "1712145600.5" or "(1712145600.5)". */
static bool read_stamp(struct text front, int64_t *t_ns) {
    trim(&front);
    if (front.n >= 2 && *front.p == '(' && front.p[front.n - 1] == ')') {
        front.p++;
        front.n -= 2;
    }
    return vb_time_read(front.p, front.n, t_ns) == VB_OK;
}

/* "r 116 l 2 a-1525", of which the r is gone. */
static int take_registers(struct text *t, uint8_t side[VB_RFM69_SIDE]) {
    int32_t r, l, a;
    int result = take_number(t, 0, UINT16_MAX, &r);
    if (result < 0) {
        return result;
    }
    skip_spaces(t);
    if (!take(t, 'l')) {
        return VB_E_FORMAT;
    }
    result = take_number(t, 0, UINT8_MAX, &l);
    if (result < 0) {
        return result;
    }
    skip_spaces(t);
    if (!take(t, 'a')) {
        return VB_E_FORMAT;
    }
    result = take_number(t, INT16_MIN, INT16_MAX, &a);
    if (result < 0) {
        return result;
    }
    side[0] = (uint8_t)(r >> 8);
    side[1] = (uint8_t)r;
    side[2] = (uint8_t)l;
    side[3] = (uint8_t)((uint16_t)a >> 8);
    side[4] = (uint8_t)a;
    return VB_OK;
}

int vb_rfm69_read(const char *text, size_t n, struct vb_frame *frame, uint8_t data[VB_RFM69_DATA],
                  uint8_t side[VB_RFM69_SIDE]) {
    struct text t = {text, n};
    struct text front;
    int32_t declared;
    if (!find_start(&t, &front)) {
        return VB_E_FORMAT;
    }
    int result = take_number(&t, 1, VB_RFM69_DATA, &declared);
    if (result < 0) {
        return result;
    }
    if (!take(&t, ':')) {
        return VB_E_FORMAT;
    }
    int32_t count = 0; /* of all bytes in the line, also those beyond the buffer */
    skip_spaces(&t);
    while (t.n > 0 && vb_hex_digit(*t.p) >= 0) {
        int low = t.n > 1 ? vb_hex_digit(t.p[1]) : -1;
        if (low < 0) {
            return VB_E_FORMAT;
        }
        if (count < VB_RFM69_DATA) {
            data[count] = (uint8_t)(vb_hex_digit(*t.p) << 4 | low);
            count++;
        } else {
            return VB_E_CHECK; /* more than any line may declare */
        }
        t.p += 2;
        t.n -= 2;
        skip_spaces(&t);
    }
    bool registers = take(&t, 'r');
    if (registers) {
        result = take_registers(&t, side);
        if (result < 0) {
            return result;
        }
    }
    skip_spaces(&t);
    if (take(&t, '(')) { /* ticks of the JeeNode's clock: of no use to anyone else */
        while (t.n > 0 && *t.p != ')') {
            t.p++;
            t.n--;
        }
        if (!take(&t, ')')) {
            return VB_E_FORMAT;
        }
        skip_spaces(&t);
    }
    if (t.n > 0) {
        return VB_E_FORMAT;
    }
    if (count != declared) {
        return VB_E_CHECK;
    }
    int64_t t_ns = 0;
    bool stamped = read_stamp(front, &t_ns);
    *frame = (struct vb_frame){
        .t_ns = stamped ? t_ns : 0,
        .id = data[0],
        .flags = stamped ? 0 : VB_FRAME_NO_TIME,
        .kind = VB_KIND_RADIO,
        .len = (uint32_t)count,
        .data = data,
        .side = registers ? side : NULL,
        .side_len = registers ? VB_RFM69_SIDE : 0,
    };
    return VB_OK;
}

/* Write a number, filled up with spaces in front to `width`. Returns the end. */
static char *put_number(char *p, int32_t value, int width) {
    char reversed[12];
    int n = 0;
    uint32_t v = value < 0 ? (uint32_t)-value : (uint32_t)value;
    do {
        reversed[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    if (value < 0) {
        reversed[n++] = '-';
    }
    for (int i = n; i < width; i++) {
        *p++ = ' ';
    }
    while (n > 0) {
        *p++ = reversed[--n];
    }
    return p;
}

int vb_rfm69_write(const struct vb_frame *frame, char *out) {
    static const char digits[] = "0123456789abcdef"; /* JeeNodes print lower case */
    if (frame->kind != VB_KIND_RADIO || frame->len == 0 || frame->len > VB_RFM69_DATA ||
        (frame->side && frame->side_len != VB_RFM69_SIDE)) {
        return VB_E_RANGE;
    }
    char *p = out;
    memcpy(p, "RF69 #", 6);
    p = put_number(p + 6, (int32_t)frame->len, 0);
    *p++ = ':';
    for (uint32_t i = 0; i < frame->len; i++) {
        *p++ = ' ';
        *p++ = digits[frame->data[i] >> 4];
        *p++ = digits[frame->data[i] & 15];
    }
    if (frame->side) {
        const uint8_t *s = frame->side;
        int32_t a = s[3] << 8 | s[4];
        memcpy(p, " r", 2);
        p = put_number(p + 2, s[0] << 8 | s[1], 4);
        memcpy(p, " l", 2);
        p = put_number(p + 2, s[2], 2);
        memcpy(p, " a", 2);
        p = put_number(p + 2, a > INT16_MAX ? a - 0x10000 : a, 4);
    }
    return (int)(p - out);
}
