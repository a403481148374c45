/* bits.h - read bits, most significant first, through a window of one machine word.
 *
 * Behind the end of the input stand ones, without end: an event code of ones is an error in every state, so a
 * reader of EXI needs no check per bit; it compares once, when something is wrong, what it wanted with what is there.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_BITS_H
#define EXI_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if UINTPTR_MAX > 0xFFFFFFFFu && !defined VB_EXI_NARROW
typedef uint64_t vb_exi_word;
#else
typedef uint32_t vb_exi_word;
#endif

/* What belongs to a loop stands in it, for its variables to be in registers; what is rare stands outside. */
#define INLINE  static inline __attribute__((always_inline))
#define OUTLINE static __attribute__((noinline))

#define VB_EXI_WORD_BITS (8 * (unsigned)sizeof(vb_exi_word))
#define VB_EXI_READY     (VB_EXI_WORD_BITS - 8) /* bits that can be taken after vb_exi_fill: 56 or 24 */

struct vb_exi_in {
    const uint8_t *data;
    size_t n;
    size_t pos;         /* bytes taken into the window; above n: ones */
    vb_exi_word window; /* the next bits, from the top */
    unsigned have;      /* how many are in the window, 0 .. VB_EXI_WORD_BITS - 1 */
};

static inline vb_exi_word vb_exi_load(const uint8_t *p) {
    vb_exi_word word;
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    memcpy(&word, p, sizeof word);
    word = sizeof word == 8 ? (vb_exi_word)__builtin_bswap64(word)
                            : (vb_exi_word)__builtin_bswap32((uint32_t)word);
#else
    word = 0;
    for (unsigned i = 0; i < sizeof word; ++i) {
        word = word << 4 << 4 | p[i];
    }
#endif
    return word;
}

static inline void vb_exi_store(uint8_t *p, vb_exi_word word) {
    word = vb_exi_load((const uint8_t *)&word);
    memcpy(p, &word, sizeof word);
}

/* The word at pos, where the n bytes of input have less than a word left; n is not less than a word, or pos is behind
 * it all. */
static __attribute__((noinline, unused)) vb_exi_word vb_exi_tail(const uint8_t *data, size_t n,
                                                                 size_t pos) {
    if (pos >= n) {
        return ~(vb_exi_word)0;
    }
    const unsigned bits = 8 * (unsigned)(n - pos); /* less than a word */
    return vb_exi_load(data + n - sizeof(vb_exi_word)) << (VB_EXI_WORD_BITS - bits) |
           ~(vb_exi_word)0 >> bits;
}

/* The first word of an input that is shorter than a word. */
static inline vb_exi_word vb_exi_short(const uint8_t *data, size_t n) {
    const vb_exi_word ones = ~(vb_exi_word)0 >> 8 * n;
    vb_exi_word word = 0;
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (sizeof word == 8 && n >= 4) { /* its first four bytes, and its last four; some are both */
        uint32_t first, last;
        memcpy(&first, data, sizeof first);
        memcpy(&last, data + n - sizeof last, sizeof last);
        return (vb_exi_word)__builtin_bswap32(first) << (VB_EXI_WORD_BITS / 2) |
               (vb_exi_word)__builtin_bswap32(last) << ((0 - 8 * n) & (VB_EXI_WORD_BITS - 1)) |
               ones;
    }
#endif
    for (size_t i = 0; i < n; ++i) {
        word |= (vb_exi_word)data[i] << (VB_EXI_WORD_BITS - 8 - 8 * i);
    }
    return word | ones;
}

/* Have at least VB_EXI_READY bits in the window. */
static inline void vb_exi_fill(struct vb_exi_in *in) {
    const vb_exi_word word = in->pos + sizeof word <= in->n ? vb_exi_load(in->data + in->pos)
                                                            : vb_exi_tail(in->data, in->n, in->pos);
    /* bits below those that are counted come again with the next word, the same ones */
    in->window |= word >> in->have;
    const unsigned bytes = (VB_EXI_WORD_BITS - 1 - in->have) / 8;
    in->pos += bytes;
    in->have += 8 * bytes;
}

/* The next count bits, 1 .. VB_EXI_READY, which must be in the window. */
static inline vb_exi_word vb_exi_peek(const struct vb_exi_in *in, unsigned count) {
    return in->window >> (VB_EXI_WORD_BITS - count);
}

static inline void vb_exi_in_init(struct vb_exi_in *in, const uint8_t *data, size_t n) {
    *in = (struct vb_exi_in){.data = data, .n = n, .pos = VB_EXI_READY / 8, .have = VB_EXI_READY};
    in->window = n >= sizeof in->window ? vb_exi_load(data) : vb_exi_short(data, n);
}

static inline void vb_exi_skip(struct vb_exi_in *in, unsigned count) {
    in->window <<= count;
    in->have -= count;
}

static inline vb_exi_word vb_exi_take(struct vb_exi_in *in, unsigned count) {
    if (in->have < count) {
        vb_exi_fill(in);
    }
    const vb_exi_word bits = vb_exi_peek(in, count);
    vb_exi_skip(in, count);
    return bits;
}

/* Bits taken so far; may exceed those of the input. */
static inline size_t vb_exi_bit(const struct vb_exi_in *in) {
    return 8 * in->pos - in->have;
}

/* ---- writing ---- */

#define VB_EXI_PUT_MAX 32                     /* bits at a time */
#define VB_EXI_PIECE   (VB_EXI_WORD_BITS / 2) /* bits that are written at once */

struct vb_exi_out {
    uint8_t *data;
    size_t cap;
    size_t pos;       /* bytes written; above cap: there was no room for the last ones */
    vb_exi_word held; /* bits that are not yet written, the last one at the bottom */
    unsigned have;    /* how many: less than VB_EXI_PIECE after each call */
};

/* Write the top bytes of a word at pos, as far as there is room. */
static __attribute__((noinline, unused)) void vb_exi_spill(uint8_t *data, size_t cap, size_t pos,
                                                           vb_exi_word word, unsigned bytes) {
    for (; bytes-- > 0 && pos < cap; ++pos) {
        data[pos] = (uint8_t)(word >> (VB_EXI_WORD_BITS - 8));
        word = word << 4 << 4;
    }
}

static inline void vb_exi_put_piece(struct vb_exi_out *out, unsigned count, vb_exi_word value) {
    out->held = out->held << count | value;
    out->have += count;
    if (out->have >= VB_EXI_PIECE) {
        out->have -= VB_EXI_PIECE;
        const vb_exi_word word = out->held >> out->have;
        const size_t pos = out->pos;
        out->pos += VB_EXI_PIECE / 8;
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        if (sizeof word == 8 && out->pos <= out->cap) {
            const uint32_t half = __builtin_bswap32((uint32_t)word);
            memcpy(out->data + pos, &half, sizeof half);
            return;
        }
#endif
        vb_exi_spill(out->data, out->cap, pos, word << VB_EXI_PIECE, VB_EXI_PIECE / 8);
    }
}

/* The low count bits of value, 0 .. VB_EXI_PUT_MAX; nothing above them may be set. */
static inline void vb_exi_put(struct vb_exi_out *out, unsigned count, vb_exi_word value) {
    if (VB_EXI_PIECE < VB_EXI_PUT_MAX && count > VB_EXI_PIECE) {
        vb_exi_put_piece(out, count - VB_EXI_PIECE, value >> VB_EXI_PIECE);
        count = VB_EXI_PIECE;
        value &= ~(vb_exi_word)0 >> VB_EXI_PIECE;
    }
    vb_exi_put_piece(out, count, value);
}

/* The rest, with zeros up to a whole byte. */
static inline void vb_exi_finish(struct vb_exi_out *out) {
    const unsigned bytes = (out->have + 7) / 8;
    const size_t pos = out->pos;
    out->pos += bytes;
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (sizeof out->held == 8 && pos + 4 <= out->cap) {
        const uint32_t half = __builtin_bswap32((uint32_t)(out->held << (32 - out->have)));
        memcpy(out->data + pos, &half, sizeof half);
        return;
    }
#endif
    if (bytes > 0) {
        vb_exi_spill(out->data, out->cap, pos, out->held << (VB_EXI_WORD_BITS - out->have), bytes);
    }
}

#endif
