/* time.c - moments from decimal text and back, without floating point.
 * SPDX-License-Identifier: MIT */
#include "voltbus/time.h"

#include <string.h>

#include "base/digits.h"
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
        static const uint32_t units[] = {1000000000, 100000000, 10000000, 1000000, 100000,
                                         10000,      1000,      100,      10,      1};
        uint32_t part = 0;
        unsigned digits = 0;
        size_t point = i++;
        for (; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
            if (digits < 9) { /* more tell nothing */
                part = part * 10 + (uint32_t)(text[i] - '0');
                digits++;
            }
        }
        if (i == point + 1) {
            return VB_E_FORMAT;
        }
        fraction = (int64_t)part * units[digits];
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
    uint64_t seconds = t / (uint64_t)VB_NS_PER_S; /* fewer than 2^34 */
    uint32_t fraction = (uint32_t)(t % (uint64_t)VB_NS_PER_S);
    char reversed[12];
    char *end = reversed + sizeof reversed;
    char *first = end;
    for (; seconds >= 100; seconds /= 100) {
        first -= 2;
        memcpy(first, digit_pairs + seconds % 100 * 2, 2);
    }
    first -= 2;
    memcpy(first, digit_pairs + seconds * 2, 2);
    first += *first == '0'; /* of an odd number of digits */
    memcpy(p, first, (size_t)(end - first));
    p += end - first;
    *p++ = '.';
    unsigned digits = 9;
    if (fraction % VB_NS_PER_US == 0) {
        fraction /= (uint32_t)VB_NS_PER_US;
        digits = 6;
    }
    unsigned i = digits;
    for (; i >= 2; i -= 2) {
        memcpy(p + i - 2, digit_pairs + fraction % 100 * 2, 2);
        fraction /= 100;
    }
    if (i > 0) {
        p[0] = (char)('0' + fraction);
    }
    return (size_t)(p - out) + digits;
}
