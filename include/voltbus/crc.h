/* voltbus/crc.h - the CRC-8 family and plain sums that integrity rules name.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_CRC_H
#define VOLTBUS_CRC_H

#include <stddef.h>
#include <stdint.h>

/* A CRC-8 without reflection: polynomial, start value, what is xored to the result, and the table
 * of the polynomial for one nibble (16 bytes of flash, two steps a byte). */
struct vb_crc8 {
    uint8_t poly;
    uint8_t init;
    uint8_t xor_out;
    uint8_t table[16]; /* table[n] = CRC of the nibble n, start value 0, before xor_out */
};

/* Nissan EV-CAN: polynomial 0x85, init 0x00; "123456789" gives 0x2A (reference/leaf-can.md 1). */
extern const struct vb_crc8 vb_crc8_nissan;
/* Fine Offset weather: polynomial 0x31, init 0x00; "123456789" gives 0xA2 (reference/weather.md 2).
 */
extern const struct vb_crc8 vb_crc8_fineoffset;

/* CRC of n bytes. */
uint8_t vb_crc8(const struct vb_crc8 *crc, const uint8_t *data, size_t n);

/* Sum of n bytes modulo 256, and all of them xored. */
uint8_t vb_sum8(const uint8_t *data, size_t n);
uint8_t vb_xor8(const uint8_t *data, size_t n);

/* FNV-1a of n bytes: tells one text from another, no more. */
uint32_t vb_hash(const uint8_t *data, size_t n);

#endif
