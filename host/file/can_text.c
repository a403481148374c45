/* can_text.c - numbers, times and rules of CAN logs in text (can_text.h).
 * SPDX-License-Identifier: MIT */
#include "host/file/can_text.h"

#include <string.h>
#include <strings.h>

#include "voltbus/hex.h"
#include "voltbus/time.h"

#define DAY_S        INT64_C(86400)
#define HALF_DAY_NS  (DAY_S / 2 * VB_NS_PER_S)
#define DAYS_TO_1970 25569 /* from 1899-12-30 on */
#define CLOCK_TENTHS 4     /* digits behind the seconds that are no milliseconds */
#define ID_STANDARD  0x7FFu
#define ID_EXTENDED  0x1FFFFFFFu
#define DAYS_DIGITS  12 /* of a fraction: more would not fit the arithmetic, and tell nothing */

bool can_number(const char *text, size_t n, unsigned base, uint32_t *value) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        int digit = vb_hex_digit(text[i]);
        if (digit < 0 || (unsigned)digit >= base) {
            return false;
        }
        sum = sum * base + (unsigned)digit;
        if (sum > UINT32_MAX) {
            return false;
        }
    }
    *value = (uint32_t)sum;
    return n > 0;
}

static bool is_digit(char c) {
    return '0' <= c && c <= '9';
}

int can_time(const char *text, size_t n, int64_t unit_ns, int64_t *t_ns) {
    bool minus = n > 0 && *text == '-';
    int64_t sum = 0;
    size_t i = minus;
    if (i == n || !is_digit(text[i])) {
        return VB_E_FORMAT;
    }
    for (; i < n && is_digit(text[i]); i++) {
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, text[i] - '0', &sum)) {
            return VB_E_RANGE;
        }
    }
    if (__builtin_mul_overflow(sum, unit_ns, &sum)) {
        return VB_E_RANGE;
    }
    int64_t fraction = 0;
    if (i < n && (text[i] == '.' || text[i] == ',')) {
        for (i++; i < n && is_digit(text[i]); i++) {
            unit_ns /= 10;
            fraction += (text[i] - '0') * unit_ns;
        }
    }
    if (i < n) {
        return VB_E_FORMAT;
    }
    if (__builtin_add_overflow(sum, fraction, &sum)) {
        return VB_E_RANGE;
    }
    *t_ns = minus ? -sum : sum;
    return VB_OK;
}

int can_clock(const char *text, size_t n, int64_t *t_ns) {
    static const uint32_t limits[] = {24, 60, 60};
    const char *at = text;
    const char *end = text + n;
    int64_t seconds = 0;
    for (int part = 0; part < 3; part++) {
        const char *from = at;
        uint32_t value;
        while (at < end && is_digit(*at)) {
            at++;
        }
        if (at - from > 2 || !can_number(from, (size_t)(at - from), 10, &value) ||
            value >= limits[part] || (part < 2 && (at == end || *at++ != ':'))) {
            return VB_E_FORMAT;
        }
        seconds = seconds * 60 + value;
    }
    *t_ns = seconds * VB_NS_PER_S;
    if (at == end) {
        return VB_OK;
    }
    int64_t rest;
    size_t digits = (size_t)(end - at) - 1;
    bool is_fraction = *at != ':' || digits >= CLOCK_TENTHS;
    if (!strchr(":.,", *at) || digits == 0 || digits > 9 || !is_digit(at[1]) ||
        can_time(at + 1, digits, is_fraction ? 1 : VB_NS_PER_MS, &rest) < 0) {
        return VB_E_FORMAT;
    }
    for (size_t i = digits; is_fraction && i < 9; i++) {
        rest *= 10;
    }
    *t_ns += rest;
    return VB_OK;
}

int can_date(struct tm tm, int64_t *t_ns) {
    tm.tm_isdst = -1;
    if (tm.tm_year < 1970 || tm.tm_year > 2200 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
        tm.tm_mday < 1 || tm.tm_mday > 31) {
        return VB_E_FORMAT;
    }
    tm.tm_year -= 1900;
    tm.tm_mon--;
    *t_ns = (int64_t)mktime(&tm) * VB_NS_PER_S;
    return VB_OK;
}

int can_days(const char *text, size_t n, int64_t *t_ns) {
    const char *dot = memchr(text, '.', n);
    size_t whole_n = dot ? (size_t)(dot - text) : n;
    size_t digits = dot ? n - whole_n - 1 : 0;
    uint32_t days;
    int64_t fraction = 0;
    int64_t units = 1; /* of the fraction in a day */
    if (!can_number(text, whole_n, 10, &days) || days < DAYS_TO_1970 || days > 100000) {
        return VB_E_FORMAT;
    }
    for (size_t i = 0; i < digits && i < DAYS_DIGITS; i++, units *= 10) {
        if (!is_digit(dot[1 + i])) {
            return VB_E_FORMAT;
        }
        fraction = fraction * 10 + (dot[1 + i] - '0');
    }
    int64_t parts = fraction * DAY_S; /* of a second */
    int64_t us = (parts % units * 1000000 + units / 2) / units;
    time_t utc = (time_t)((days - DAYS_TO_1970) * DAY_S + parts / units);
    struct tm tm;
    gmtime_r(&utc,
             &tm); /* the days are local ones: take them apart, and read them as a local date */
    tm.tm_year += 1900;
    tm.tm_mon++;
    int result = can_date(tm, t_ns);
    *t_ns += result == VB_OK ? us * VB_NS_PER_US : 0;
    return result;
}

int can_stamp(struct reader *r, int64_t t_ns, struct vb_frame *frame) {
    struct can_log *can = &r->can;
    if (can->delta && __builtin_add_overflow(t_ns, can->last_ns, &t_ns)) {
        return VB_E_RANGE;
    }
    bool midnight = can->clock && can->last_ns - t_ns > HALF_DAY_NS; /* it has passed */
    int64_t base_ns;
    if (__builtin_add_overflow(can->base_ns, midnight ? DAY_S * VB_NS_PER_S : 0, &base_ns)) {
        return VB_E_RANGE;
    }
    can->base_ns = base_ns;
    can->last_ns = t_ns;
    return __builtin_add_overflow(t_ns, can->base_ns, &frame->t_ns) ? VB_E_RANGE : VB_OK;
}

bool can_id(struct vb_frame *frame, uint32_t id, bool extended) {
    if (id > ID_EXTENDED) {
        return false;
    }
    frame->id = id;
    frame->flags |= extended || id > ID_STANDARD ? VB_FRAME_EXT : 0;
    return true;
}

uint16_t can_link(struct reader *r, const char *name, size_t n) {
    char text[READER_NAME_MAX] = "can";
    bool number = n > 0 && is_digit(*name);
    size_t room = sizeof text - 1 - (number ? 3 : 0);
    if (n == 0) {
        return reader_link(r, "can", 3);
    }
    n = n < room ? n : room;
    memcpy(text + (number ? 3 : 0), name, n);
    return reader_link(r, text, n + (number ? 3 : 0));
}

unsigned can_length(unsigned dlc, bool fd) {
    static const uint8_t lengths[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64};
    unsigned length = lengths[dlc < 15 ? dlc : 15];
    return fd || length < 8 ? length : 8;
}

bool can_direction(const char *text, size_t n, struct vb_frame *frame) {
    static const struct {
        const char *word;
        bool sent;
    } words[] = {{"Rx", false},       {"Tx", true},       {"R", false},
                 {"T", true},         {"Receive", false}, {"Send", true},
                 {"Received", false}, {"Transmit", true}, {"Sent", true}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i].word) == n && strncasecmp(words[i].word, text, n) == 0) {
            frame->flags |= words[i].sent ? VB_FRAME_TX : 0;
            return true;
        }
    }
    return false;
}

int can_done(struct reader *r, size_t len, struct vb_frame *frame) {
    frame->kind = VB_KIND_CAN;
    frame->data = r->data;
    if (frame->flags & VB_FRAME_RTR) {
        frame->flags &= (uint16_t) ~(VB_FRAME_FD | VB_FRAME_BRS | VB_FRAME_ESI);
        frame->remote_len = (uint8_t)(len < 8 ? len : 8);
        frame->len = 0;
        return LINE_FRAME;
    }
    frame->flags |= len > 8 ? VB_FRAME_FD : 0;
    frame->len = (uint32_t)len;
    return vb_frame_can_check(frame) < 0
               ? reader_wrong(r, VB_E_RANGE, "%zu bytes: no frame of CAN has as many", len)
               : LINE_FRAME;
}

int can_error(struct reader *r, uint32_t class, uint8_t byte_1, struct vb_frame *frame) {
    memset(r->data, 0, 8);
    r->data[1] = byte_1;
    frame->id = class;
    frame->flags &=
        (uint16_t) ~(VB_FRAME_EXT | VB_FRAME_RTR | VB_FRAME_FD | VB_FRAME_BRS | VB_FRAME_ESI);
    frame->flags |= VB_FRAME_ERR;
    return can_done(r, 8, frame);
}
