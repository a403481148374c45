/* exi_bits.c - the bit reader and writer of the EXI codec, for Frama-C (tools/prove). Whatever the bytes and
 * wherever it stands: nothing is read or written outside the bytes, no shift is too wide, no number of bits falls
 * below 0, and the state after each step is one of those that it was proven for. The code looks at its place only as a
 * distance from the end, so 20 bytes stand for any number of them. SPDX-License-Identifier: MIT */
#include <__fc_builtin.h>

#include "exi/bits.h"

#define BYTES 20

static uint8_t bytes[BYTES];

static vb_exi_word any_word(void) {
    return (vb_exi_word)Frama_C_unsigned_long_long_interval(0, ~(vb_exi_word)0);
}

/* From any state: at each distance from the end, with any number of bits in the window. */
static void reader(void) {
    Frama_C_make_unknown((char *)bytes, sizeof bytes);
    //@ loop unroll BYTES + 30;
    for (size_t pos = 0; pos <= BYTES + 2 * sizeof(vb_exi_word); ++pos) {
        //@ loop unroll 64;
        for (unsigned have = 0; have < VB_EXI_WORD_BITS; ++have) {
            struct vb_exi_in in = {.data = bytes, .n = BYTES, .pos = pos, .have = have};
            in.window = any_word();
            vb_exi_fill(&in);
            //@ assert filled: VB_EXI_READY <= in.have < VB_EXI_WORD_BITS;
            //@ assert forward: pos <= in.pos <= pos + sizeof(vb_exi_word);
            vb_exi_take(&in, (unsigned)Frama_C_interval(1, VB_EXI_READY));
            //@ assert counted: in.have < VB_EXI_WORD_BITS;
        }
    }
}

/* The first state, of inputs that are shorter than a word, too. */
static void begins(void) {
    Frama_C_make_unknown((char *)bytes, sizeof bytes);
    //@ loop unroll BYTES + 1;
    for (size_t n = 0; n <= BYTES; ++n) {
        struct vb_exi_in in;
        vb_exi_in_init(&in, bytes, n);
        //@ assert begun: in.pos <= sizeof(vb_exi_word) && in.have < VB_EXI_WORD_BITS;
        //@ loop unroll 64;
        for (unsigned count = 1; count <= VB_EXI_READY; ++count) {
            struct vb_exi_in next = in;
            vb_exi_take(&next, count);
            vb_exi_fill(&next);
            //@ assert goes_on: next.have < VB_EXI_WORD_BITS;
        }
    }
}

/* From any state: at each distance from the end of the room, with any number of bits that wait. */
static void writer(void) {
    //@ loop unroll BYTES + 30;
    for (size_t pos = 0; pos <= BYTES + 2 * sizeof(vb_exi_word); ++pos) {
        //@ loop unroll 64;
        for (unsigned have = 0; have < VB_EXI_PIECE; ++have) {
            struct vb_exi_out out = {.data = bytes, .cap = BYTES, .pos = pos, .have = have};
            out.held = any_word();
            struct vb_exi_out next = out;
            vb_exi_put(&next, (unsigned)Frama_C_interval(0, VB_EXI_PUT_MAX), any_word());
            //@ assert pending: next.have < VB_EXI_PIECE;
            vb_exi_finish(&out);
        }
    }
}

void prove(void);
void prove(void) {
    begins();
    reader();
    writer();
}
