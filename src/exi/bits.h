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

#if UINTPTR_MAX > 0xFFFFFFFFu && !defined VB_EXI_NARROW
typedef uint64_t vb_exi_word;
#else
typedef uint32_t vb_exi_word;
#endif

#define VB_EXI_WORD_BITS (8 * (unsigned)sizeof(vb_exi_word))
#define VB_EXI_READY     (VB_EXI_WORD_BITS - 7) /* bits that can be taken after vb_exi_fill: 57 or 25 */

struct vb_exi_in {
    const uint8_t *data;
    size_t n;
    size_t pos;         /* bytes taken into the window; above n: ones */
    vb_exi_word window; /* the next bits, from the top */
    unsigned have;      /* how many are in the window, 0 .. VB_EXI_WORD_BITS - 1 */
};

static inline vb_exi_word vb_exi_load(const uint8_t *p) {
    vb_exi_word word = 0;
    for (unsigned i = 0; i < sizeof word; ++i) {
        word = word << 7 << 1 | p[i];
    }
    return word;
}

/* Have at least VB_EXI_READY bits in the window. */
static inline void vb_exi_fill(struct vb_exi_in *in) {
    if (in->n - in->pos >= sizeof(vb_exi_word) && in->pos <= in->n) {
        in->window |= vb_exi_load(in->data + in->pos) >> in->have;
        const unsigned bytes = (VB_EXI_WORD_BITS - 1 - in->have) / 8;
        in->pos += bytes;
        in->have += 8 * bytes;
        return;
    }
    while (in->have < VB_EXI_READY) {
        const vb_exi_word byte = in->pos < in->n ? in->data[in->pos] : 0xFF;
        ++in->pos;
        in->have += 8;
        /* bits below those counted may be there already, from a whole word: the same ones */
        in->window |= byte << (VB_EXI_WORD_BITS - in->have);
    }
}

static inline void vb_exi_in_init(struct vb_exi_in *in, const uint8_t *data, size_t n) {
    *in = (struct vb_exi_in){.data = data, .n = n};
    vb_exi_fill(in);
}

/* The next count bits, 1 .. VB_EXI_READY, which must be in the window. */
static inline vb_exi_word vb_exi_peek(const struct vb_exi_in *in, unsigned count) {
    return in->window >> (VB_EXI_WORD_BITS - count);
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

struct vb_exi_out {
    uint8_t *data;
    size_t cap;
    size_t pos;       /* bytes written; above cap: there was no room for the last ones */
    vb_exi_word held; /* bits that are not yet written, the last one at the bottom */
    unsigned have;    /* how many, 0 .. 7 after vb_exi_flush */
};

static inline void vb_exi_flush(struct vb_exi_out *out) {
    while (out->have >= 8) {
        out->have -= 8;
        if (out->pos < out->cap) {
            out->data[out->pos] = (uint8_t)(out->held >> out->have);
        }
        ++out->pos;
    }
}

/* The low count bits of value, 1 .. 25; nothing above them may be set. */
static inline void vb_exi_put(struct vb_exi_out *out, unsigned count, vb_exi_word value) {
    if (out->have + count > VB_EXI_WORD_BITS) {
        vb_exi_flush(out);
    }
    out->held = out->held << count | value;
    out->have += count;
}

#endif
