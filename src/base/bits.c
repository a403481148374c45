/* bits.c - bit fields in byte strings. One loop over the bytes that a field touches (nine at most),
 * so nothing is read outside the field and the host's byte order does not matter.
 * SPDX-License-Identifier: MIT */
#include "voltbus/bits.h"

/* Distance of a big-endian start bit from the first bit on the wire: the sawtooth made straight. */
static unsigned from_front(unsigned bit) {
    return (bit & ~7u) + 7 - (bit & 7);
}

static uint64_t low_mask(unsigned len) {
    return len < 64 ? (UINT64_C(1) << len) - 1 : UINT64_MAX;
}

bool vb_bits_inside_le(size_t n, unsigned bit, unsigned len) {
    return len >= 1 && (size_t)bit + len <= n * 8;
}

bool vb_bits_inside_be(size_t n, unsigned bit, unsigned len) {
    return vb_bits_inside_le(n, from_front(bit), len);
}

uint64_t vb_bits_get_le(const uint8_t *data, unsigned bit, unsigned len) {
    const uint8_t *p = data + bit / 8;
    uint64_t value = (uint64_t)*p++ >> (bit & 7);
    for (unsigned have = 8 - (bit & 7); have < len; have += 8) {
        value |= (uint64_t)*p++ << have;
    }
    return value & low_mask(len);
}

uint64_t vb_bits_get_be(const uint8_t *data, unsigned bit, unsigned len) {
    const uint8_t *p = data + bit / 8;
    unsigned have = (bit & 7) + 1;
    uint64_t value = *p++ & low_mask(have);
    while (have + 8 <= len) {
        value = value << 8 | *p++;
        have += 8;
    }
    if (have < len) { /* the field ends inside the next byte */
        unsigned rest = len - have;
        return value << rest | (unsigned)*p >> (8 - rest);
    }
    return value >> (have - len);
}

/* One byte of a field: the bits of mask become those of value. A byte that is all of the field's is not read: it may be
 * memory that nobody has written yet. */
static void merge(uint8_t *p, unsigned mask, uint64_t value) {
    *p = mask == 0xFF ? (uint8_t)value : (uint8_t)((*p & ~mask) | (value & mask));
}

void vb_bits_put_le(uint8_t *data, unsigned bit, unsigned len, uint64_t value) {
    uint8_t *p = data + bit / 8;
    unsigned shift = bit & 7;
    while (len > 0) {
        unsigned take = len < 8 - shift ? len : 8 - shift;
        merge(p++, (unsigned)low_mask(take) << shift, value << shift);
        value >>= take;
        len -= take;
        shift = 0;
    }
}

void vb_bits_put_be(uint8_t *data, unsigned bit, unsigned len, uint64_t value) {
    uint8_t *p = data + bit / 8;
    unsigned room = (bit & 7) + 1; /* bits left in this byte, from its bit room-1 down */
    while (len > 0) {
        unsigned take = len < room ? len : room;
        unsigned shift = room - take;
        merge(p++, (unsigned)low_mask(take) << shift, value >> (len - take) << shift);
        len -= take;
        room = 8;
    }
}

int64_t vb_bits_signed(uint64_t value, unsigned len) {
    uint64_t sign = UINT64_C(1) << (len - 1);
    uint64_t wide = ((value & low_mask(len)) ^ sign) - sign;
    /* Conversion of a large uint64_t is implementation-defined; this form is not. */
    return wide <= INT64_MAX ? (int64_t)wide : -(int64_t)(~wide) - 1;
}
