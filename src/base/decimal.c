/* decimal.c - exact numbers: an integer, a ratio, decimal text.
 * SPDX-License-Identifier: MIT */
#include "voltbus/decimal.h"

#include <string.h>

#include "base/digits.h"
#include "base/ieee.h"
#include "voltbus/err.h"

#define DIGITS_MAX       12 /* 1/4096 still comes out exactly */
#define DEFAULT_DECIMALS 6

static const struct vb_scale one = {1, 0, 1};

/* a * b + c, or false where that leaves 64 bits. */
static bool multiply_add(int64_t a, int64_t b, int64_t c, int64_t *result) {
    int64_t product;
    return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(product, c, result);
}

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b > 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t amount(int64_t x) {
    return x < 0 ? -(uint64_t)x : (uint64_t)x;
}

/* ---- numbers to text ---- */

struct vb_decimal vb_decimal_of(const struct vb_scale *scale, bool wide, unsigned decimals) {
    scale = scale ? scale : &one;
    int64_t div = scale->div > 0 ? scale->div : 1;
    int64_t common = (int64_t)gcd(gcd(amount(scale->mul), amount(scale->add)), (uint64_t)div);
    struct vb_decimal exact = {
        .mul = scale->mul / common, .add = scale->add / common, .div = div / common};
    struct vb_decimal lowest = exact;
    /* Ten times finer until the divisor is gone: 1/8 takes three steps, 1/3 never ends. */
    while (exact.div > 1 && exact.digits < DIGITS_MAX) {
        int64_t step = (int64_t)gcd((uint64_t)exact.div, 10);
        if (step == 1 || !multiply_add(exact.mul, 10 / step, 0, &exact.mul) ||
            !multiply_add(exact.add, 10 / step, 0, &exact.add)) {
            break;
        }
        exact.div /= step;
        exact.digits++;
    }
    unsigned wanted = decimals ? decimals : DEFAULT_DECIMALS;
    if (wanted > DIGITS_MAX) {
        wanted = DIGITS_MAX;
    }
    if (wide) { /* ten times finer would not fit: wide_text makes digit after digit */
        lowest.wide = true;
        lowest.digits = exact.div == 1 ? exact.digits : (uint8_t)wanted;
        return lowest;
    }
    if (exact.div == 1) {
        return exact;
    }
    struct vb_decimal rounded = lowest;
    while (rounded.digits < wanted) {
        int64_t mul;
        int64_t add;
        if (!multiply_add(rounded.mul, 10, 0, &mul) || !multiply_add(rounded.add, 10, 0, &add)) {
            break;
        }
        rounded.mul = mul;
        rounded.add = add;
        rounded.digits++;
    }
    return rounded;
}

const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
                           "25262728293031323334353637383940414243444546474849"
                           "50515253545556575859606162636465666768697071727374"
                           "75767778798081828384858687888990919293949596979899";

/* Add one to a decimal number of n characters; returns the new length. */
static size_t count_up(char *text, size_t n) {
    for (size_t i = n; i > 0; i--) {
        if (text[i - 1] == '.') {
            continue;
        }
        if (text[i - 1] != '9') {
            text[i - 1]++;
            return n;
        }
        text[i - 1] = '0';
    }
    memmove(text + 1, text, n);
    text[0] = '1';
    return n + 1;
}

/* (raw * mul + add) / div by long division. */
static size_t wide_text(const struct vb_decimal *decimal, int64_t raw, char *out) {
    uint64_t total;
    uint64_t add = amount(decimal->add);
    uint64_t div = decimal->div > 0 ? (uint64_t)decimal->div : 1;
    bool below = decimal->is_signed && raw < 0;
    bool minus = below != (decimal->mul < 0);
    if (__builtin_mul_overflow(below ? amount(raw) : (uint64_t)raw, amount(decimal->mul), &total)) {
        total = UINT64_MAX;
    }
    if (minus == (decimal->add < 0)) {
        total = add > UINT64_MAX - total ? UINT64_MAX : total + add;
    } else if (total >= add) {
        total -= add;
    } else {
        total = add - total;
        minus = !minus;
    }
    char reversed[20];
    size_t n = 0;
    for (uint64_t whole = total / div; whole > 0 || n == 0; whole /= 10) {
        reversed[n++] = (char)('0' + whole % 10);
    }
    char *first = out + 1; /* room for the sign */
    char *p = first;
    while (n > 0) {
        *p++ = reversed[--n];
    }
    if (decimal->digits > 0) {
        *p++ = '.';
    }
    uint64_t rest = total % div;
    for (unsigned i = 0; i < decimal->digits; i++) {
        uint64_t ten = 0; /* rest * 10 modulo div; neither sum can leave 64 bits, as div < 2^63 */
        char digit = '0';
        for (unsigned k = 0; k < 10; k++) {
            ten += rest;
            if (ten >= div) {
                ten -= div;
                digit++;
            }
        }
        rest = ten;
        *p++ = digit;
    }
    size_t length = (size_t)(p - first);
    if (rest >= div - rest) {
        length = count_up(first, length);
    }
    for (size_t i = 0; minus && i < length; i++) {
        if (first[i] > '0') {
            out[0] = '-';
            return length + 1;
        }
    }
    memmove(out, first, length);
    return length;
}

size_t vb_decimal_text(const struct vb_decimal *decimal, int64_t raw, char *out) {
    if (decimal->wide) {
        return wide_text(decimal, raw, out);
    }
    if (decimal->ieee) {
        return ieee_text(decimal, (uint64_t)raw, out);
    }
    int64_t value;
    if (!multiply_add(raw, decimal->mul, decimal->add, &value)) {
        value = (raw < 0) == (decimal->mul < 0) ? INT64_MAX : INT64_MIN;
    }
    uint64_t rest = amount(value);
    if (decimal->div > 1) { /* the row's promise is div >= 1 */
        uint64_t div = (uint64_t)decimal->div;
        uint64_t left = rest % div;
        rest = rest / div + (left >= div - left);
    }
    char *p = out;
    if (value < 0 && rest != 0) {
        *p++ = '-';
    }
    char reversed[24];
    char *end = reversed + sizeof reversed;
    char *first = end;
    /* most values fit 32 bits, where division is cheap on every machine */
    uint64_t big = rest;
    while (big > UINT32_MAX) {
        unsigned two = (unsigned)(big % 100) * 2;
        big /= 100;
        *--first = digit_pairs[two + 1];
        *--first = digit_pairs[two];
    }
    uint32_t small = (uint32_t)big;
    while (small >= 100) {
        unsigned two = small % 100 * 2;
        small /= 100;
        *--first = digit_pairs[two + 1];
        *--first = digit_pairs[two];
    }
    if (small >= 10) {
        *--first = digit_pairs[small * 2 + 1];
        *--first = digit_pairs[small * 2];
    } else {
        *--first = (char)('0' + small);
    }
    size_t n = (size_t)(end - first);
    if (decimal->digits == 0) {
        memcpy(p, first, n);
        return (size_t)(p - out) + n;
    }
    size_t digits = decimal->digits;
    if (n <= digits) { /* 0.05: zeros before the first digit */
        *p++ = '0';
        *p++ = '.';
        memset(p, '0', digits - n);
        p += digits - n;
        memcpy(p, first, n);
        return (size_t)(p - out) + n;
    }
    size_t whole = n - digits;
    memcpy(p, first, whole);
    p[whole] = '.';
    memcpy(p + whole + 1, first + whole, digits);
    return (size_t)(p - out) + n + 1;
}

/* ---- text to numbers ---- */

/* More digits behind the point than any row can tell apart are dropped: 0.30000000000000004 is what
 * others print for 0.3. */
#define FINE_ENOUGH INT64_C(1000000000000)

/* Decimal text: whole + part / unit; unit = 1, 10, 100 ... */
struct written {
    bool minus;
    uint64_t whole, part, unit;
};

static int read_text(const char *text, size_t n, struct written *w) {
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    bool point = false;
    bool any = false;
    bool large = false;
    *w = (struct written){.minus = n > 0 && text[0] == '-', .unit = 1};
    for (; i < n; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') {
            return VB_E_FORMAT;
        }
        any = true;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (!point) {
            large = large || __builtin_mul_overflow(w->whole, 10, &w->whole) ||
                    __builtin_add_overflow(w->whole, digit, &w->whole);
        } else if (w->unit < FINE_ENOUGH) {
            w->part = w->part * 10 + digit;
            w->unit *= 10;
        }
    }
    return !any ? VB_E_FORMAT : large ? VB_E_RANGE : VB_OK;
}

/* a / b, rounded half away from zero. */
static uint64_t nearest(uint64_t a, uint64_t b) {
    uint64_t left = a % b;
    return a / b + (left >= b - left);
}

/* raw = number * div, for an unsigned row of 64 bits. */
static int wide_raw(const struct written *w, uint64_t div, int64_t *raw) {
    uint64_t whole;
    uint64_t part;
    if (__builtin_mul_overflow(w->whole, div, &whole) ||
        __builtin_mul_overflow(w->part, div, &part) ||
        __builtin_add_overflow(whole, nearest(part, w->unit), &whole) || (w->minus && whole != 0)) {
        return VB_E_RANGE;
    }
    *raw = (int64_t)whole;
    return VB_OK;
}

int vb_decimal_parse(const struct vb_scale *scale, bool wide, const char *text, size_t n,
                     int64_t *raw) {
    struct written w;
    int result = read_text(text, n, &w);
    scale = scale ? scale : &one;
    if (result < 0) {
        return result;
    }
    if (wide && scale->mul == 1 && scale->add == 0 && scale->div > 0) {
        return wide_raw(&w, (uint64_t)scale->div, raw);
    }
    while (w.unit > 1 && w.whole >= (uint64_t)FINE_ENOUGH / w.unit) {
        w.part /= 10;
        w.unit /= 10;
    }
    /* raw = (number / unit * div - add) / mul */
    int64_t unit = (int64_t)w.unit;
    int64_t number;
    int64_t above;
    int64_t shift;
    int64_t below;
    if (w.whole > INT64_MAX || !multiply_add((int64_t)w.whole, unit, (int64_t)w.part, &number) ||
        !multiply_add(scale->add, unit, 0, &shift) ||
        !multiply_add(w.minus ? -number : number, scale->div, 0, &above) ||
        __builtin_sub_overflow(above, shift, &above) ||
        !multiply_add(scale->mul, unit, 0, &below) || below == 0) {
        return VB_E_RANGE; /* below is 0 for a factor of 0, which some DBC files have */
    }
    uint64_t rounded = nearest(amount(above), amount(below));
    if (rounded > INT64_MAX) {
        return VB_E_RANGE;
    }
    int64_t value = (above < 0) != (below < 0) ? -(int64_t)rounded : (int64_t)rounded;
    if (value < 0 && wide) {
        return VB_E_RANGE; /* a negative raw is a bit pattern there */
    }
    *raw = value;
    return VB_OK;
}

bool vb_decimal_within(const struct vb_scale *scale, bool wide, int64_t raw, int64_t min_milli,
                       int64_t max_milli) {
    int64_t value;
    int64_t low;
    int64_t high;
    scale = scale ? scale : &one;
    if (raw < 0 && wide) {
        return false; /* 2^63 and more: thousandths of it do not fit 64 bits */
    }
    return multiply_add(raw, scale->mul, scale->add, &value) &&
           multiply_add(value, 1000, 0, &value) && multiply_add(min_milli, scale->div, 0, &low) &&
           multiply_add(max_milli, scale->div, 0, &high) && value >= low && value <= high;
}
