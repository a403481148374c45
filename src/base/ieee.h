/* base/ieee.h - floating point numbers of a frame as text, without floating point.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_IEEE_H
#define BASE_IEEE_H

#include "voltbus/decimal.h"

/* Is the pattern of 32 or 64 bits a number (not infinite, not NaN)? */
bool ieee_is_number(unsigned bits, uint64_t pattern);

/* vb_decimal_text for a decimal with ieee != 0. */
size_t ieee_text(const struct vb_decimal *decimal, uint64_t pattern, char *out);

#endif
