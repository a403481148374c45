/* base/digits.h - two decimal digits at a time: half the divisions.
 * SPDX-License-Identifier: MIT */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

/* "00", "01" .. "99". */
extern const char digit_pairs[];

#endif
