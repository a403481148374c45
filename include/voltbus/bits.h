/* voltbus/bits.h - bit fields in byte strings, in the two orders that CAN and LIN use.
 *
 * Positions are DBC start bits (reference/can-transports.md section 3): bit b of byte B is 8*B + b,
 * bit 0 = least significant. A little-endian field starts at its LEAST significant bit and grows
 * upwards; a big-endian field starts at its MOST significant bit and goes down, then on to bit 7 of
 * the next byte.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_BITS_H
#define VOLTBUS_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if the field of len bits (1..64) at start bit lies inside n bytes. */
bool vb_bits_inside_le(size_t n, unsigned bit, unsigned len);
bool vb_bits_inside_be(size_t n, unsigned bit, unsigned len);

/* Read a field of len bits (1..64), unsigned. The field must lie inside data. */
uint64_t vb_bits_get_le(const uint8_t *data, unsigned bit, unsigned len);
uint64_t vb_bits_get_be(const uint8_t *data, unsigned bit, unsigned len);

/* Write the low len bits of value; all other bits of data keep their value. */
void vb_bits_put_le(uint8_t *data, unsigned bit, unsigned len, uint64_t value);
void vb_bits_put_be(uint8_t *data, unsigned bit, unsigned len, uint64_t value);

/* Two's complement of len bits (1..64) as a signed number. */
int64_t vb_bits_signed(uint64_t value, unsigned len);

#endif
