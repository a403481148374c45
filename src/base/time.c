/* time.c - moments from decimal text and back, without floating point.
 * SPDX-License-Identifier: MIT */
#include "voltbus/time.h"

#include "voltbus/err.h"

bool vb_time_is_unix(int64_t t_ns) {
    return t_ns >= 100000000 * VB_NS_PER_S;
}

int vb_time_read(const char *text, size_t n, int64_t *t_ns) {
    size_t i = 0;
    int minus = n > 0 && text[0] == '-';
    i += (size_t)minus;
    size_t first = i;
    int64_t seconds = 0;
    for (; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
        if (seconds > INT64_MAX / VB_NS_PER_S / 10 - 1) {
            return VB_E_RANGE;
        }
        seconds = seconds * 10 + (text[i] - '0');
    }
    if (i == first) {
        return VB_E_FORMAT;
    }
    int64_t fraction = 0;
    if (i < n && (text[i] == '.' || text[i] == ',')) {
        int64_t unit = VB_NS_PER_S / 10;
        size_t point = i++;
        for (; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
            fraction += unit * (text[i] - '0');
            unit /= 10;
        }
        if (i == point + 1) {
            return VB_E_FORMAT;
        }
    }
    if (i != n) {
        return VB_E_FORMAT;
    }
    int64_t t = seconds * VB_NS_PER_S + fraction;
    *t_ns = minus ? -t : t;
    return VB_OK;
}

size_t vb_time_text(int64_t t_ns, char *out) {
    char *p = out;
    uint64_t t = t_ns < 0 ? -(uint64_t)t_ns : (uint64_t)t_ns;
    if (t_ns < 0) {
        *p++ = '-';
    }
    uint64_t seconds = t / (uint64_t)VB_NS_PER_S;
    uint32_t fraction = (uint32_t)(t % (uint64_t)VB_NS_PER_S);
    char reversed[20];
    unsigned n = 0;
    do {
        reversed[n++] = (char)('0' + seconds % 10);
        seconds /= 10;
    } while (seconds > 0);
    while (n > 0) {
        *p++ = reversed[--n];
    }
    *p++ = '.';
    unsigned digits = 9;
    if (fraction % VB_NS_PER_US == 0) {
        fraction /= (uint32_t)VB_NS_PER_US;
        digits = 6;
    }
    for (unsigned i = digits; i > 0; i--) {
        p[i - 1] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    return (size_t)(p - out) + digits;
}
