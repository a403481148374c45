/* crc.c - CRC-8 by nibbles, and sums.
 * SPDX-License-Identifier: MIT */
#include "voltbus/crc.h"

/* The table of a polynomial, worked out by the compiler. Shifting a bit out of the top of an 8-bit
 * register folds the polynomial in; T1 is the CRC of nibble 1, each further one is twice the last.
 */
#define STEP(x, poly) ((((x) << 1) ^ (((x)&0x80) ? (poly) : 0)) & 0xFF)
#define TABLE(a, b, c, d)                                                                          \
    {                                                                                              \
        0, (a), (b), (a) ^ (b), (c), (c) ^ (a), (c) ^ (b), (c) ^ (b) ^ (a), (d), (d) ^ (a),        \
            (d) ^ (b), (d) ^ (b) ^ (a), (d) ^ (c), (d) ^ (c) ^ (a), (d) ^ (c) ^ (b),               \
            (d) ^ (c) ^ (b) ^ (a)                                                                  \
    }

enum {
    NISSAN = 0x85,
    N1 = NISSAN,
    N2 = STEP(N1, NISSAN),
    N4 = STEP(N2, NISSAN),
    N8 = STEP(N4, NISSAN),
    FINE_OFFSET = 0x31,
    F1 = FINE_OFFSET,
    F2 = STEP(F1, FINE_OFFSET),
    F4 = STEP(F2, FINE_OFFSET),
    F8 = STEP(F4, FINE_OFFSET),
};

const struct vb_crc8 vb_crc8_nissan = {NISSAN, 0, 0, TABLE(N1, N2, N4, N8)};
const struct vb_crc8 vb_crc8_fineoffset = {FINE_OFFSET, 0, 0, TABLE(F1, F2, F4, F8)};

uint8_t vb_crc8(const struct vb_crc8 *crc, const uint8_t *data, size_t n) {
    unsigned reg = crc->init;
    for (size_t i = 0; i < n; i++) {
        reg ^= data[i];
        reg = ((reg << 4) & 0xFF) ^ crc->table[reg >> 4];
        reg = ((reg << 4) & 0xFF) ^ crc->table[reg >> 4];
    }
    return (uint8_t)(reg ^ crc->xor_out);
}

uint8_t vb_sum8(const uint8_t *data, size_t n) {
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += data[i];
    }
    return (uint8_t)sum;
}

uint8_t vb_xor8(const uint8_t *data, size_t n) {
    uint8_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum ^= data[i];
    }
    return sum;
}

uint32_t vb_hash(const uint8_t *data, size_t n) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ data[i]) * 16777619u;
    }
    return hash;
}
