/* ieee.c - IEEE 754 numbers of 32 and 64 bits to the shortest decimal text that tells them from their neighbours.
 * Exact integers as long as it takes, after Steele and White, "How to print floating-point numbers accurately" (1990):
 * the number is r/s, half the distances to its neighbours are up/s and down/s, and digits are made until what is left
 * is less than these. The ratio of a row multiplies all of them.
 * SPDX-License-Identifier: MIT */
#include "base/ieee.h"

#include <string.h>

/* 2^1075 (the smallest double), the 63 bits of a divisor and of an offset, one digit, rounded up. */
#define WORDS      40
#define DIGITS_MAX 20

struct big { /* the lowest word first; n: how many are not 0 */
    uint32_t word[WORDS];
    unsigned n;
};

static void set(struct big *b, uint64_t value) {
    memset(b, 0, sizeof *b);
    b->word[0] = (uint32_t)value;
    b->word[1] = (uint32_t)(value >> 32);
    b->n = b->word[1] ? 2 : b->word[0] ? 1 : 0;
}

static void times_small(struct big *b, uint32_t factor) {
    uint64_t carry = 0;
    for (unsigned i = 0; i < b->n; i++) {
        carry += (uint64_t)b->word[i] * factor;
        b->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0 && b->n < WORDS) {
        b->word[b->n++] = (uint32_t)carry;
    }
    while (b->n > 0 && b->word[b->n - 1] == 0) {
        b->n--;
    }
}

static void add(struct big *a, const struct big *b) {
    uint64_t carry = 0;
    unsigned n = a->n > b->n ? a->n : b->n;
    for (unsigned i = 0; i < n; i++) {
        carry += (uint64_t)a->word[i] + b->word[i];
        a->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->n = n;
    if (carry > 0 && n < WORDS) {
        a->word[a->n++] = (uint32_t)carry;
    }
}

static int compare(const struct big *a, const struct big *b) {
    if (a->n != b->n) {
        return a->n < b->n ? -1 : 1;
    }
    for (unsigned i = a->n; i-- > 0;) {
        if (a->word[i] != b->word[i]) {
            return a->word[i] < b->word[i] ? -1 : 1;
        }
    }
    return 0;
}

/* a -= b, which is not larger. */
static void subtract(struct big *a, const struct big *b) {
    uint64_t borrow = 0;
    for (unsigned i = 0; i < a->n; i++) {
        uint64_t less = (uint64_t)b->word[i] + borrow;
        borrow = a->word[i] < less;
        a->word[i] = (uint32_t)(a->word[i] - less);
    }
    while (a->n > 0 && a->word[a->n - 1] == 0) {
        a->n--;
    }
}

static void shift_up(struct big *b, unsigned bits) {
    for (; bits >= 16; bits -= 16) {
        times_small(b, UINT32_C(1) << 16);
    }
    times_small(b, UINT32_C(1) << bits);
}

static void times(struct big *b, uint64_t factor) {
    struct big high = *b;
    times_small(&high, (uint32_t)(factor >> 32));
    shift_up(&high, 32);
    times_small(b, (uint32_t)factor);
    add(b, &high);
}

static uint64_t amount(int64_t x) {
    return x < 0 ? -(uint64_t)x : (uint64_t)x;
}

/* ---- the format ---- */

static unsigned fraction_bits(unsigned bits) {
    return bits == 32 ? 23 : 52;
}

static unsigned exponent_of(unsigned bits, uint64_t pattern) {
    return (unsigned)(pattern >> fraction_bits(bits)) & (bits == 32 ? 0xFFu : 0x7FFu);
}

bool ieee_is_number(unsigned bits, uint64_t pattern) {
    return exponent_of(bits, pattern) != (bits == 32 ? 0xFFu : 0x7FFu);
}

/* The number as a fraction. */
struct number {
    struct big r, s, up, down;
    bool minus, even; /* even: a reader rounds what is half-way to this number */
};

static void take_apart(struct number *x, unsigned bits, uint64_t pattern) {
    unsigned fraction = fraction_bits(bits);
    unsigned exponent = exponent_of(bits, pattern);
    uint64_t one = UINT64_C(1) << fraction;
    uint64_t mantissa = pattern & (one - 1);
    bool finer_below = mantissa == 0 && exponent > 1; /* at a power of two */
    mantissa |= exponent > 0 ? one : 0;
    int power = (int)(exponent > 0 ? exponent : 1) - (bits == 32 ? 127 : 1023) - (int)fraction;
    unsigned up = power > 0 ? (unsigned)power : 0;
    unsigned down = power < 0 ? (unsigned)-power : 0;
    set(&x->r, mantissa * (finer_below ? 4 : 2));
    set(&x->s, finer_below ? 4 : 2);
    set(&x->up, finer_below ? 2 : 1);
    set(&x->down, 1);
    shift_up(&x->r, up);
    shift_up(&x->up, up);
    shift_up(&x->down, up);
    shift_up(&x->s, down);
    x->minus = pattern >> (bits - 1) & 1;
    x->even = mantissa % 2 == 0;
}

/* (number * mul + plus) / div. */
static void apply(struct number *x, const struct vb_decimal *ratio) {
    struct big plus = x->s;
    bool minus = x->minus != (ratio->mul < 0);
    times(&plus, amount(ratio->add));
    times(&x->r, amount(ratio->mul));
    times(&x->up, amount(ratio->mul));
    times(&x->down, amount(ratio->mul));
    times(&x->s, ratio->div > 0 ? (uint64_t)ratio->div : 1);
    if (minus == (ratio->add < 0)) {
        add(&x->r, &plus);
    } else if (compare(&x->r, &plus) >= 0) {
        subtract(&x->r, &plus);
    } else { /* the offset is the larger one: the number counts the other way */
        struct big rest = x->r;
        x->r = plus;
        subtract(&x->r, &rest);
        rest = x->up;
        x->up = x->down;
        x->down = rest;
        minus = !minus;
    }
    x->minus = minus;
}

/* Is r + up at s, as far as the next digit is concerned? */
static bool at_next(const struct number *x) {
    struct big sum = x->r;
    add(&sum, &x->up);
    int order = compare(&sum, &x->s);
    return x->even ? order >= 0 : order > 0;
}

static void ten_times_finer(struct number *x) {
    times_small(&x->r, 10);
    times_small(&x->up, 10);
    times_small(&x->down, 10);
}

/* Digits d1 d2 .. of 0.d1d2.. * 10^*exponent. Returns how many. */
static unsigned make_digits(struct number *x, char digits[DIGITS_MAX], int *exponent) {
    unsigned n = 0;
    *exponent = 0;
    while (at_next(x)) {
        times_small(&x->s, 10);
        ++*exponent;
    }
    for (;;) {
        struct number finer = *x;
        ten_times_finer(&finer);
        if (at_next(&finer)) {
            break;
        }
        *x = finer;
        --*exponent;
    }
    for (;;) {
        char digit = '0';
        ten_times_finer(x);
        while (compare(&x->r, &x->s) >= 0) {
            subtract(&x->r, &x->s);
            digit++;
        }
        int order = compare(&x->r, &x->down);
        bool low = x->even ? order <= 0 : order < 0;
        bool high = at_next(x);
        if (low || high || n == DIGITS_MAX - 1) {
            times_small(&x->r, 2);
            digit = (char)(digit + (high && (!low || compare(&x->r, &x->s) >= 0)));
            digits[n++] = digit;
            return n;
        }
        digits[n++] = digit;
    }
}

/* ---- text ---- */

/* Digits before the point, and zeros behind it, that are written out; else as 1.5e+20. */
#define PLAIN_MAX   15
#define PLAIN_ZEROS 5

static char *put_exponent(char *p, int exponent) {
    unsigned value = (unsigned)(exponent < 0 ? -exponent : exponent);
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    if (value >= 100) {
        *p++ = (char)('0' + value / 100);
    }
    *p++ = (char)('0' + value / 10 % 10);
    *p++ = (char)('0' + value % 10);
    return p;
}

static char *put_zeros(char *p, int n) {
    for (; n > 0; n--) {
        *p++ = '0';
    }
    return p;
}

static char *put_some(char *p, const char *digits, unsigned n) {
    memcpy(p, digits, n);
    return p + n;
}

size_t ieee_text(const struct vb_decimal *decimal, uint64_t pattern, char *out) {
    struct number x;
    char digits[DIGITS_MAX];
    int exponent;
    char *p = out;
    take_apart(&x, decimal->ieee, pattern);
    apply(&x, decimal);
    unsigned n = x.r.n == 0 ? 0 : make_digits(&x, digits, &exponent);
    if (n == 0 || (n == 1 && digits[0] == '0')) {
        *out = '0';
        return 1;
    }
    if (x.minus) {
        *p++ = '-';
    }
    if (exponent > PLAIN_MAX || exponent < -PLAIN_ZEROS) {
        *p++ = digits[0];
        if (n > 1) {
            *p++ = '.';
            p = put_some(p, digits + 1, n - 1);
        }
        p = put_exponent(p, exponent - 1);
    } else if (exponent <= 0) {
        *p++ = '0';
        *p++ = '.';
        p = put_some(put_zeros(p, -exponent), digits, n);
    } else if ((unsigned)exponent >= n) {
        p = put_zeros(put_some(p, digits, n), exponent - (int)n);
    } else {
        p = put_some(p, digits, (unsigned)exponent);
        *p++ = '.';
        p = put_some(p, digits + exponent, n - (unsigned)exponent);
    }
    return (size_t)(p - out);
}
