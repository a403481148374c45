/* voltbus/decimal.h - exact numbers: an integer from the wire, an exact ratio, and decimal text.
 * All arithmetic is in 64-bit integers; where a product does not fit, writing text saturates and
 * reading it refuses. No floating point, so the same digits come out on a Cortex-M0+ as on a server.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_DECIMAL_H
#define VOLTBUS_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Physical value = (raw * mul + add) / div, in integers, so that every value is exact. div > 0.
 * (Not (raw + bias) * mul / div: "80 Wh a step from 250 Wh" has no integer bias.) */
struct vb_scale {
    int64_t mul, add, div;
};
/* clang-format off */
#define VB_SCALE(m, a, d) &(const struct vb_scale){(m), (a), (d)}
/* clang-format on */
#define VB_RAW NULL /* the value is the raw number itself */

/* In all functions below: scale == NULL means the raw number itself. wide: raw is the bit pattern of
 * an unsigned number of 64 bits. */

/* How numbers of a ratio become decimal text: text value = (raw * mul + add) / div with `digits`
 * decimals. Made once per row; div is 1 where the ratio is an exact decimal. */
struct vb_decimal {
    int64_t mul, add, div;
    uint8_t digits;
    bool
        wide; /* digit after digit, without 64 bits for all of them; div is then that of the lowest terms */
    bool is_signed; /* wide: raw is a signed number, not the pattern of an unsigned one */
    uint8_t
        ieee; /* 32, 64: raw is the pattern of a floating point number of so many bits; digits do not count */
};

/* As many decimals as the ratio needs exactly (up to 12), else `decimals` (0 = 6). A divisor below
 * 1, which vb_device_check refuses, counts as 1. */
struct vb_decimal vb_decimal_of(const struct vb_scale *scale, bool wide, unsigned decimals);

/* Room for the longest number. */
#define VB_NUMBER_TEXT 40

/* Write raw as a decimal number, rounded half away from zero; never "-0". out: room for
 * VB_NUMBER_TEXT, no terminator. Returns the length. A value saturates where raw * mul + add does
 * not fit 64 bits. A floating point number has the fewest digits that tell it from its neighbours, with an
 * exponent ("1.5e+20") beyond 10^15 and below 10^-6. */
size_t vb_decimal_text(const struct vb_decimal *decimal, int64_t raw, char *out);

/* The reverse: the raw number nearest to a decimal number (half away from zero). text: n
 * characters: digits, one '.', a sign before them. Digits that no ratio can tell from 0 are dropped.
 * Returns VB_OK, VB_E_FORMAT (no such number) or VB_E_RANGE (beyond 64 bits, or a factor of 0). */
int vb_decimal_parse(const struct vb_scale *scale, bool wide, const char *text, size_t n,
                     int64_t *raw);

/* Is the value of raw within min..max, both in thousandths? */
bool vb_decimal_within(const struct vb_scale *scale, bool wide, int64_t raw, int64_t min_milli,
                       int64_t max_milli);

#endif
