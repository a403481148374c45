/* decode.c - from the bits of a message to its block, along the rows of its schema.
 *
 * One loop, an explicit stack, no memory but the caller's block. A simple element is read in one piece: CH, value
 * and EE with one compare; the head of a scaled number (most of what is on the cable while charging) likewise.
 * Behind the end of the input stand ones, which are an error in every state; what is wrong is "need more" when the
 * bits that were wanted are not all there. Every length is compared with what is left of the input before memory is
 * taken.
 * Facts: reference/exi-facts.md.
 * SPDX-License-Identifier: MIT */
#include "exi/table.h"

#if !defined __OPTIMIZE_SIZE__ /* for size there is small.c */

#include <string.h>

#include "exi/bits.h"
#include "exi/block.h"
#include "exi/present.h"
#include "exi/where.h"

#define ENOUGH 24 /* bits for any event code and a simple element */
#define NUMBER 27 /* bits for a number of three octets, from CH to EE */
#define SCALED 48 /* bits for a scaled one */
#define OCTETS 10 /* of a number of 64 bits */

struct frame {
    const struct vb_exi_row *row; /* the element */
    uint8_t *base;                /* the struct that it stands in */
};

struct decoder {
    struct vb_exi_in in;
    struct vb_exi_heap heap;
    const struct vb_exi_schema *schema;
    unsigned key; /* of the root */
    unsigned depth;
    struct frame frame[VB_EXI_FRAMES];
};

static void put16(uint8_t *at, uint32_t value) {
    const uint16_t word = (uint16_t)value;
    memcpy(at, &word, sizeof word);
}

/* The loop has the window in variables: to and from memory, where other functions have it. */
INLINE void keep(struct vb_exi_in *to, const struct vb_exi_in *from) {
    to->pos = from->pos;
    to->window = from->window;
    to->have = from->have;
}

/* Two numbers of 16 bits beside each other: a reference and a length, a tag and a reference. */
static void put_pair(uint8_t *at, uint32_t first, uint32_t second) {
    const uint32_t pair = VB_EXI_BIG_ENDIAN ? first << 16 | second : second << 16 | first;
    memcpy(at, &pair, sizeof pair);
}

/* Zeros; up to 15 bytes behind the last one too. */
INLINE void clear(uint8_t *from, const uint8_t *to) {
    do { /* a call of memset costs more */
        static const uint8_t zeros[16];
        memcpy(from, zeros, sizeof zeros);
        from += sizeof zeros;
        __asm__("" : "+r"(from)); /* or it becomes that call */
    } while (from < to);
}

/* Zeros, from the end of what was before on: a block has no bytes of chance. */
INLINE uint8_t *allocate(struct vb_exi_heap *heap, uint32_t size, uint32_t align) {
    const uint32_t at = (heap->used + align - 1) & (0u - align);
    const uint32_t end = at + size;
    uint8_t *const from = heap->block + heap->used;
    if (end + 16 <= heap->cap) {
        clear(from, heap->block + end);
    } else if (end <= heap->cap) {
        memset(from, 0, end - heap->used);
    } else {
        return NULL;
    }
    heap->used = end;
    return heap->block + at;
}

/* Where the value of the next item of a list goes, whose head is at head; NULL: no room. */
INLINE uint8_t *new_item(struct vb_exi_heap *heap, const struct vb_exi_row *row, uint8_t *head) {
    const bool is_struct = (row->op & VB_ROW_KIND) >= VB_ROW_STRUCT;
    const uint32_t behind = vb_exi_node_value(row);
    const uint32_t size = is_struct ? VB_EXI_UNITS(row->aux) : vb_exi_simple_size(row);
    uint8_t *node = allocate(heap, behind + size, behind);
    if (node == NULL) {
        return NULL;
    }
    const uint32_t at = (uint32_t)(node - heap->block);
    const uint32_t last = vb_exi_get16(head + offsetof(struct vb_exi_list, last));
    put16(last == 0 ? head : heap->block + last, at);
    put16(head + offsetof(struct vb_exi_list, last), at);
    put16(head + offsetof(struct vb_exi_list, count),
          vb_exi_get16(head + offsetof(struct vb_exi_list, count)) + 1);
    if (vb_exi_list_which(row->has) != 0) {
        put16(node + offsetof(struct vb_exi_node, which), vb_exi_list_which(row->has));
    }
    return node + behind;
}

/* Something is wrong in the next count bits: are they there at all? */
static int wrong(const struct vb_exi_in *in, unsigned count, int err) {
    return vb_exi_bit(in) + count > 8 * in->n ? VB_E_MORE : err;
}

/* One bit that must be 0: CH, EE. */
INLINE bool zero(struct vb_exi_in *in) {
    if (in->have == 0) {
        vb_exi_fill(in);
    }
    if (vb_exi_peek(in, 1) != 0) {
        return false;
    }
    vb_exi_skip(in, 1);
    return true;
}

/* count bits that must be 0. */
static int zeros(struct vb_exi_in *in, unsigned count) {
    if (count != 0 && vb_exi_peek(in, count) != 0) {
        return wrong(in, count, VB_E_FORMAT);
    }
    vb_exi_skip(in, count);
    return VB_OK;
}

/* A number up to most, step by step: before it zeros (CH the last), behind it EE or nothing. */
OUTLINE int fixed(struct vb_exi_in *in, unsigned before, unsigned most, unsigned behind,
                  uint32_t *value) {
    const unsigned count = vb_exi_bits_of(most);
    vb_exi_fill(in);
    const int err = zeros(in, before);
    if (err != VB_OK) {
        return err;
    }
    *value = (uint32_t)vb_exi_peek(in, count);
    if (*value > most) {
        return wrong(in, count, VB_E_RANGE);
    }
    vb_exi_skip(in, count);
    return zeros(in, behind);
}

/* The head of a scaled number, step by step: what is not as usual, or has no unit. */
static int scaled_head(struct decoder *d, uint32_t *word) {
    const struct vb_exi_scaled *s = &d->schema->scaled;
    struct vb_exi_in *in = &d->in;
    uint32_t unit;
    int err = fixed(in, 2, s->exponent_max, 1, word);
    if (err != VB_OK) {
        return err;
    }
    vb_exi_fill(in);
    if (s->unit_optional && vb_exi_peek(in, 2) == 1) {
        vb_exi_skip(in, 2);
        return zeros(in, 1); /* CH of the value */
    }
    if (s->unit_bits != 0) {
        err = fixed(in, s->unit_optional + 2u, s->unit_max, 1, &unit);
        if (err != VB_OK) {
            return err;
        }
        *word |= s->has_unit | unit << s->exponent_bits;
    }
    for (unsigned i = 0; err == VB_OK && i < 2; ++i) { /* event code and CH of the value */
        err = zeros(in, 1);
    }
    return err;
}

/* UTF-8 of one code point; returns its length, 0 = there is no such character. */
static unsigned utf8(uint32_t code, uint8_t out[4]) {
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        return 0;
    }
    const unsigned more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    out[0] = (uint8_t)((more == 0 ? 0 : 0xF00u >> (more + 1)) | code >> 6 * more);
    for (unsigned k = 1; k <= more; ++k) {
        out[k] = (uint8_t)(0x80u | (code >> 6 * (more - k) & 0x3Fu));
    }
    return more + 1;
}

/* The next octets of a character; VB_E_RANGE: no character is that long. */
static int character(struct vb_exi_in *in, uint32_t *code) {
    unsigned octet, k = 0;
    *code = 0;
    do {
        octet = (unsigned)vb_exi_take(in, 8);
        *code |= (octet & 0x7F) << 7 * k;
    } while (octet >= 0x80 && ++k < 4);
    return octet >= 0x80 ? VB_E_RANGE : VB_OK;
}

/* A number in octets of seven bits, least significant first; VB_E_RANGE: above 64 bits. */
INLINE int octets(struct vb_exi_in *from, uint64_t *value) {
    struct vb_exi_in in = *from;
    uint64_t sum = 0;
    unsigned octet, shift = 0;
    int err = VB_OK;
    do {
        if (in.have < 8 && in.pos >= in.n) { /* no need to read ones to find that out */
            in.have = 0;
            err = VB_E_MORE;
            break;
        }
        octet = (unsigned)vb_exi_take(&in, 8);
        sum |= (uint64_t)(octet & 0x7F) << shift;
        shift += 7;
        if (shift == 7 * OCTETS && octet > 1) {
            err = VB_E_RANGE;
            break;
        }
    } while (octet >= 0x80);
    *from = in;
    *value = sum;
    return err;
}

/* What fits into the window at a time, as long as no character is above 127; returns how many are left. */
INLINE uint32_t copy_window(struct vb_exi_in *in, uint8_t *to, const uint8_t *end, uint32_t len,
                            bool text) {
    const vb_exi_word above = text ? (vb_exi_word)0x8080808080808080u : 0;
    while (len > 0) {
        const unsigned most = VB_EXI_READY / 8;
        if (in->have < 8 * most) {
            vb_exi_fill(in);
        }
        const unsigned count = len < most ? len : most;
        if ((in->window & above & ~(~(vb_exi_word)0 >> 8 * count)) != 0 ||
            sizeof above > (size_t)(end - to)) {
            break;
        }
        vb_exi_store(to, in->window);
        vb_exi_skip(in, 8 * count);
        to += count;
        len -= count;
    }
    return len;
}

/* Text, or bytes, from its length on, to the end of the block. */
OUTLINE int copy(struct decoder *d, bool text, uint8_t *ref) {
    const uint32_t less = text ? 2 : 0; /* 0 and 1 are hits in the string table */
    uint64_t sent;
    const int err = octets(&d->in, &sent);
    if (err != VB_OK || sent < less) {
        return err != VB_OK ? err : VB_E_FORMAT;
    }
    if (sent - less > UINT16_MAX) {
        return VB_E_SPACE;
    }
    uint32_t len = (uint32_t)sent - less;
    if (vb_exi_bit(&d->in) + 8 * len > 8 * d->in.n) {
        return VB_E_MORE;
    }
    struct vb_exi_in in = d->in;
    uint8_t *to = d->heap.block + d->heap.used, *const end = d->heap.block + d->heap.cap;
    const struct vb_exi_bytes bytes = {(uint16_t)d->heap.used, (uint16_t)len};
    memcpy(ref, &bytes, sizeof bytes);
    if (len > (uint32_t)(end - to)) {
        return VB_E_SPACE;
    }
    if (len >= 2 * sizeof in.window) { /* words straight from the input to the block */
        const vb_exi_word above = text ? (vb_exi_word)0x8080808080808080u : 0;
        const unsigned shift = (0u - in.have) & 7;
        in.pos -= (in.have + 7) / 8;
        while (len >= sizeof above && in.pos + sizeof above < in.n) {
            const uint8_t *from = in.data + in.pos;
            const vb_exi_word word = vb_exi_load(from) << shift | from[sizeof word] >> (8 - shift);
            if ((word & above) != 0) {
                break;
            }
            vb_exi_store(to, word);
            in.pos += sizeof word;
            to += sizeof word;
            len -= (uint32_t)sizeof word;
        }
        in.window = 0;
        in.have = 0;
        vb_exi_fill(&in);
        vb_exi_skip(&in, shift);
    }
    const uint32_t left = copy_window(&in, to, end, len, text);
    to += len - left;
    for (len = left; len > 0; --len) { /* one by one */
        uint32_t code;
        uint8_t utf[4];
        unsigned size = 1;
        if (!text) {
            utf[0] = (uint8_t)vb_exi_take(&in, 8);
        } else {
            size = character(&in, &code) == VB_OK ? utf8(code, utf) : 0;
        }
        if (size == 0 || len - 1 + size > (uint32_t)(end - to)) {
            return wrong(&in, 0, size == 0 ? VB_E_RANGE : VB_E_SPACE);
        }
        memcpy(to, utf, size);
        to += size;
    }
    d->in = in;
    d->heap.used = (uint32_t)(to - d->heap.block);
    put16(ref + offsetof(struct vb_exi_bytes, len), d->heap.used - bytes.at);
    return VB_OK;
}

/* An integer without bounds: sign, then groups of seven bits, least first. In the block: a byte that is 1 if it is
 * negative, then its amount, most significant byte first. */
OUTLINE int big(struct decoder *d, uint8_t *ref) {
    struct vb_exi_in *in = &d->in;
    const bool minus = vb_exi_take(in, 1) != 0;
    const uint32_t start = d->heap.used;
    uint8_t *const amount = d->heap.block + start + 1;
    if (start + 1 > d->heap.cap) {
        return wrong(in, 0, VB_E_SPACE);
    }
    uint32_t len = 0, bits = 0, octet;
    uint32_t held = minus; /* the amount is one more */
    do {
        octet = (uint32_t)vb_exi_take(in, 8);
        if (vb_exi_bit(in) > 8 * in->n) {
            return VB_E_MORE;
        }
        held += (octet & 0x7F) << bits;
        bits += 7;
        while (bits >= 8 || (octet < 0x80 && (held != 0 || len == 0))) {
            if (start + 1 + len >= d->heap.cap) {
                return VB_E_SPACE;
            }
            amount[len++] = (uint8_t)held;
            held >>= 8;
            bits = bits > 8 ? bits - 8 : 0;
        }
    } while (octet >= 0x80);
    while (len > 1 && amount[len - 1] == 0) {
        --len;
    }
    for (uint32_t i = 0; i < len / 2; ++i) {
        const uint8_t other = amount[i];
        amount[i] = amount[len - 1 - i];
        amount[len - 1 - i] = other;
    }
    amount[-1] = minus;
    put16(ref + offsetof(struct vb_exi_bytes, at), start);
    put16(ref + offsetof(struct vb_exi_bytes, len), len + 1);
    d->heap.used = start + 1 + len;
    return VB_OK;
}

/* A number of one, two or three octets, as nearly all are, at the top of bits: before it its sign or none, behind it
 * ends zeros. Returns how many bits that are; 0: it is another. */
INLINE unsigned short_number(vb_exi_word bits, unsigned sign, unsigned ends, uint32_t *value) {
    const uint32_t minus = (uint32_t)0 - (uint32_t)(bits >> (VB_EXI_WORD_BITS - 1) & sign);
    bits <<= sign;
    const uint32_t four = (uint32_t)(bits >> (VB_EXI_WORD_BITS - 32));
    unsigned count = 8;
    uint32_t low = four >> 24;
    if (low >= 0x80) {
        low = (low & 0x7F) | (four >> 16 & 0x7F) << 7;
        count = 16;
        if ((four & 0x800000) != 0) {
            low |= (four >> 8 & 0x7F) << 14;
            count = 24;
            if ((four & 0x8000) != 0) {
                return 0;
            }
        }
    }
    if (bits << count >> (VB_EXI_WORD_BITS - ends) != 0) {
        return 0;
    }
    *value = low ^ minus;
    return sign + count + ends;
}

/* The exponent as it stands in the block. */
INLINE uint32_t scaled_word(const struct vb_exi_scaled *s, uint32_t word, uint32_t value) {
    word = (word & ~(uint32_t)s->exponent_mask) | ((word + s->exponent_low) & s->exponent_mask);
    return word << VB_EXI_SCALED_BITS | (value & ((1u << VB_EXI_SCALED_BITS) - 1));
}

/* A scaled number in one piece, as nearly all are. false: it is another; nothing is taken. */
INLINE bool scaled(struct vb_exi_in *in, const struct vb_exi_scaled *s, uint32_t *word) {
    if (VB_EXI_READY < SCALED) {
        return false;
    }
    if (in->have < SCALED) {
        vb_exi_fill(in);
    }
    const uint32_t head = (uint32_t)vb_exi_peek(in, s->head_bits);
    const uint32_t mask = s->exponent_mask;
    const uint32_t exponent = head >> s->exponent_at & mask;
    const uint32_t unit = head >> s->unit_at & s->unit_mask;
    uint32_t value;
    if ((head & s->zeros) != 0 || exponent > s->exponent_max || unit > s->unit_max) {
        return false;
    }
    const unsigned bits = short_number(in->window << s->head_bits, 1, 2, &value);
    if (bits == 0) {
        return false;
    }
    vb_exi_skip(in, s->head_bits + bits);
    *word = scaled_word(s, s->has_unit | unit << s->exponent_bits | exponent, value);
    return true;
}

/* The same step by step. */
OUTLINE int scaled_rare(struct decoder *d, uint32_t *word) {
    struct vb_exi_in *const in = &d->in;
    uint64_t sum;
    int err = scaled_head(d, word);
    if (err != VB_OK) {
        return err;
    }
    const uint32_t minus = (uint32_t)0 - (uint32_t)vb_exi_take(in, 1);
    err = octets(in, &sum);
    if (err != VB_OK || sum >= 1u << (VB_EXI_SCALED_BITS - 1)) {
        return wrong(in, 0, err != VB_OK ? err : VB_E_RANGE);
    }
    *word = scaled_word(&d->schema->scaled, *word, (uint32_t)sum ^ minus);
    for (unsigned ends = 2; ends > 0; --ends) {
        if (!zero(in)) {
            return wrong(in, 1, VB_E_FORMAT);
        }
    }
    return VB_OK;
}

/* Is an amount, as it stands before its sign, one that the row can hold? */
INLINE bool in_range(unsigned arg, uint64_t amount) {
    const unsigned bits = 8 * VB_ROW_SIZE(arg) - ((arg & VB_ROW_SIGNED) != 0);
    if (amount >> (bits - 1) > 1) {
        return false;
    }
    return arg < VB_ROW_FROM_ONE ||
           (amount == 0 ? (arg & VB_ROW_FROM_ONE) == 0
                        : VB_ROW_LIMIT(arg) == 0 || amount <= vb_exi_limits[VB_ROW_LIMIT(arg)]);
}

/* Between CH and EE. */
OUTLINE int number(struct decoder *d, const struct vb_exi_row *row, uint8_t *at) {
    struct vb_exi_in *in = &d->in;
    uint64_t minus = 0, value;
    const unsigned arg = row->arg, size = VB_ROW_SIZE(arg);
    if (arg & VB_ROW_SIGNED) {
        minus = (uint64_t)0 - (uint64_t)vb_exi_take(in, 1);
    }
    const int err = octets(in, &value);
    if (err != VB_OK || !in_range(arg, value)) {
        return err != VB_OK ? err : VB_E_RANGE;
    }
    value ^= minus;
    const uint32_t word = (uint32_t)value;
    if (size == 2) {
        put16(at, word);
    } else {
        memcpy(at, &word, sizeof word);
    }
    if (size == 8) {
        memcpy(at, &value, sizeof value);
    }
    return VB_OK;
}

/* FIXED in two bytes or without CH and EE, BIG. */
OUTLINE int rare(struct decoder *d, const struct vb_exi_row *row, uint8_t *at) {
    const unsigned kind = row->op & VB_ROW_KIND;
    if (kind == VB_ROW_BIG) {
        return big(d, at);
    }
    uint32_t value;
    const int err = fixed(&d->in, 0, row->arg, 0, &value);
    if (err != VB_OK) {
        return err;
    }
    value += row->aux;
    *at = (uint8_t)value;
    if (kind == VB_ROW_FIXED2) {
        put16(at, value);
    }
    return VB_OK;
}

/* The elements of a struct at base, and those around it, of which depth are open. */
INLINE int elements(struct decoder *d, struct vb_exi_in *window, const struct vb_exi_row *state,
                    uint8_t *base, unsigned depth) {
    struct vb_exi_in w = *window;
    struct frame *top = d->frame + depth;
    const struct vb_exi_scaled *const s = &d->schema->scaled;
    const struct vb_exi_row *const *const bank = d->schema->bank;
    const struct vb_exi_row *row;
    unsigned wanted, lead;
    uint8_t *at;
    int err;
    for (;;) {
        if (w.have < ENOUGH) {
            vb_exi_fill(&w);
        }
        row = state;
        lead = 1;
        const unsigned n = state->n;
        if (n != 1) {
            wanted = vb_exi_bits_of(n);
            const unsigned code = (unsigned)vb_exi_peek(&w, wanted);
            if (code >= n) {
                goto code;
            }
            row += code;
            vb_exi_skip(&w, wanted);
            lead = 0;
            if (row->op & VB_ROW_OPTIONAL) {
                base[row->has >> 3] |= (uint8_t)(1u << (row->has & 7));
            }
        }
        at = base + row->off;
        const unsigned op = row->op & (VB_ROW_KIND | VB_ROW_LIST | VB_ROW_BARE);
        if (op == VB_ROW_FIXED) {
        simple:;
            const unsigned most = row->arg, bits = vb_exi_bits_of(most) + 2 + lead;
            const uint32_t raw = (uint32_t)vb_exi_peek(&w, bits);
            const uint32_t turned = raw >> 1 | raw << 31; /* CH or EE that is not 0 is too large */
            if (turned > most) {
                goto fixed;
            }
            vb_exi_skip(&w, bits);
            *at = (uint8_t)(turned + row->aux);
        } else {
            if (lead != 0) {
                if (vb_exi_peek(&w, 1) != 0) {
                    wanted = 1;
                    goto code;
                }
                vb_exi_skip(&w, 1);
            }
            if (op == VB_ROW_END) {
                goto end;
            }
            switch (op) {
            case VB_ROW_STRUCT:
            structure:
                top->row = row;
                top->base = base;
                ++top;
                base = at;
                state = bank[row->arg >> VB_EXI_BANK_SHIFT] +
                        (row->arg & ((1u << VB_EXI_BANK_SHIFT) - 1));
                continue;
            case VB_ROW_SCALED:
            scaled : {
                uint32_t word;
                if (!scaled(&w, s, &word)) {
                    keep(&d->in, &w);
                    err = scaled_rare(d, &word);
                    keep(&w, &d->in);
                    if (err != VB_OK) {
                        goto fail;
                    }
                }
                memcpy(at, &word, sizeof word);
                break;
            }
            case VB_ROW_NUMBER: {
                if (VB_EXI_READY < NUMBER) {
                    goto simple_value;
                }
                const unsigned arg = row->arg, sign = arg / VB_ROW_SIGNED & 1;
                if (w.have < NUMBER) {
                    vb_exi_fill(&w);
                }
                uint32_t word;
                const unsigned bits = short_number(w.window << 1, sign, 1, &word);
                if (bits == 0 || vb_exi_peek(&w, 1) != 0) { /* from CH to EE */
                    goto simple_value;
                }
                vb_exi_skip(&w, 1 + bits);
                if ((arg & ~VB_ROW_SIGNED) != 2 &&
                    !in_range(arg, word ^ (0 - (word >> 31 & sign)))) {
                    err = VB_E_RANGE;
                    goto value;
                }
                if ((arg & 3) == 1) {
                    put16(at, word);
                } else {
                    const uint64_t wide = (uint64_t)(0 - (word >> 31 & sign)) << 32 | word;
                    memcpy(at, &word, 4);
                    if ((arg & 3) == 3) {
                        memcpy(at, &wide, 8);
                    }
                }
                break;
            }
            case VB_ROW_BODY: {
                const uint16_t tag = row->has;
                memcpy(at, &tag, sizeof tag);
                at += offsetof(struct vb_exi_choice, at);
            }
                /* fall through */
            case VB_ROW_FAR: {
                uint8_t *ref = at;
                at = allocate(&d->heap, VB_EXI_UNITS(row->aux), VB_EXI_ALIGN(row->aux));
                if (at == NULL) {
                    err = VB_E_SPACE;
                    goto fail;
                }
                put16(ref, (uint32_t)(at - d->heap.block));
                goto structure;
            }
            case VB_ROW_NEVER:
                wanted = vb_exi_bits_of(n);
                w.have += wanted; /* only to count */
                goto code;
            default:
                if (op & VB_ROW_LIST) {
                    at = new_item(&d->heap, row, at);
                    if (at == NULL) {
                        err = VB_E_SPACE;
                        goto fail;
                    }
                    if ((op & VB_ROW_KIND) >= VB_ROW_STRUCT) {
                        goto structure;
                    }
                    if ((op & VB_ROW_KIND) == VB_ROW_SCALED) {
                        goto scaled;
                    }
                    if ((op & VB_ROW_KIND) == VB_ROW_FIXED) {
                        lead = 0;
                        goto simple;
                    }
                }
            simple_value:;
                const bool bare = (op & VB_ROW_BARE) != 0;
                if (!bare) {
                    if (vb_exi_peek(&w, 1) != 0) {
                        goto ee;
                    }
                    vb_exi_skip(&w, 1);
                }
                const unsigned kind = op & VB_ROW_KIND;
                if (kind == VB_ROW_NUMBER) {
                    keep(&d->in, &w);
                    err = number(d, row, at);
                    keep(&w, &d->in);
                } else if (kind == VB_ROW_BYTES || kind == VB_ROW_TEXT) {
                    const bool text = kind == VB_ROW_TEXT;
                    if (w.have < 8) {
                        vb_exi_fill(&w);
                    }
                    const uint32_t len = (uint32_t)vb_exi_peek(&w, 8) - (text ? 2 : 0);
                    if (len <= 16 && /* most are short */
                        vb_exi_bit(&w) + 8 + 8 * len <= 8 * w.n) {
                        const struct vb_exi_in start = w;
                        uint8_t *to = d->heap.block + d->heap.used;
                        vb_exi_skip(&w, 8);
                        if (copy_window(&w, to, d->heap.block + d->heap.cap, len, text) == 0) {
                            put_pair(at, d->heap.used, len);
                            d->heap.used += len;
                            goto ended;
                        }
                        w = start;
                    }
                    keep(&d->in, &w);
                    err = copy(d, text, at);
                    keep(&w, &d->in);
                } else {
                    keep(&d->in, &w);
                    err = rare(d, row, at);
                    keep(&w, &d->in);
                }
                if (err != VB_OK) {
                    goto value;
                }
            ended:
                if (!bare && !zero(&w)) {
                    goto ee;
                }
                break;
            }
        }
        while (row->next == 0) {
            if (row->op & VB_ROW_LIST) { /* the same again, or what follows */
                const unsigned most = vb_exi_list_max(row->has);
                uint16_t count;
                memcpy(&count, base + row->off + offsetof(struct vb_exi_list, count), sizeof count);
                state = row + (most != 0 && count >= most);
                goto next;
            }
            if (!zero(&w)) { /* only the end can follow */
                wanted = 1;
                goto code;
            }
        end:
            if (top == d->frame) {
                keep(window, &w);
                return VB_OK;
            }
            --top;
            row = top->row;
            base = top->base;
        }
        state = row + row->next;
    next:;
    }
fixed:
    keep(&d->in, &w);
    uint32_t value;
    err = fixed(&d->in, lead + 1, row->arg, 1, &value);
    keep(&w, &d->in);
    goto fail;
ee:
    err = VB_E_FORMAT;
value:
    err = wrong(&w, err == VB_E_FORMAT, err);
fail:
    top->row = row;
    ++top;
    d->depth = (unsigned)(top - d->frame);
    keep(window, &w);
    return err;
code:
    d->depth = (unsigned)(top - d->frame);
    keep(window, &w);
    return wrong(&w, wanted, VB_E_FORMAT);
}

/* The usual beginning of a message in one piece, up to the element in its body; the window is at the start of the
 * input. Returns that element's struct with its first state, or NULL: not as usual, nothing has changed. */
INLINE uint8_t *usual(struct decoder *d, struct vb_exi_in *in, const struct vb_exi_row **state) {
    const struct vb_exi_usual *u = &d->schema->usual;
    const unsigned id_bit = u->begin_bits + 8u, shift = id_bit & 7;
    const uint32_t head = (uint32_t)(in->window >> (VB_EXI_WORD_BITS - id_bit));
    const uint32_t len = head & 0xFF;
    const uint8_t *from = in->data + id_bit / 8;
    struct vb_exi_in next = {.data = in->data, .n = in->n, .pos = id_bit / 8 + len};
    if (head >> 8 != u->begin || len > 8 || in->n < id_bit / 8 + 9) {
        return NULL;
    }
    const vb_exi_word id = vb_exi_load(from) << shift | from[8] >> (8 - shift);
    vb_exi_fill(&next);
    vb_exi_skip(&next, shift);
    const unsigned tail = (unsigned)vb_exi_peek(&next, u->end_bits + u->body_bits);
    const struct vb_exi_row *const body = vb_exi_row(d->schema, u->body);
    const struct vb_exi_row *row = vb_exi_row(d->schema, body->arg);
    const unsigned code = tail - ((unsigned)u->end << u->body_bits);
    if (code >= row->n || row[code].op != VB_ROW_BODY) {
        return NULL;
    }
    row += code;
    vb_exi_skip(&next, u->end_bits + u->body_bits);
    uint8_t *const block = d->heap.block, *const base = block + VB_EXI_ROOT_AT;
    const uint32_t id_at = VB_EXI_ROOT_AT + VB_EXI_UNITS(d->schema->root->size);
    const uint32_t align = VB_EXI_ALIGN(row->aux);
    const uint32_t at = (id_at + len + align - 1) & (0u - align);
    const uint32_t end = at + VB_EXI_UNITS(row->aux);
    if (end + 16 > d->heap.cap) {
        return NULL;
    }
    clear(base, block + id_at);
    vb_exi_store(block + id_at, id);
    clear(block + id_at + len, block + end);
    d->heap.used = end;
    put_pair(base + u->id, id_at, len);
    d->frame[0] = (struct frame){body, base};
    d->frame[1] = (struct frame){row, base + body->off};
    put_pair(base + body->off, row->has, at);
    *in = next;
    *state = vb_exi_row(d->schema, row->arg);
    return block + at;
}

INLINE int message(struct decoder *d, struct vb_exi_in *in, enum vb_exi_kind kind) {
    const struct vb_exi_schema *schema = d->schema;
    struct vb_exi_block *const block = (void *)d->heap.block;
    const struct vb_exi_row *state;
    uint8_t *at = NULL;
    unsigned depth = 2;
    if (VB_EXI_WORD_BITS == 64 && schema->usual.begin_bits != 0 && kind == VB_EXI_DOCUMENT) {
        at = usual(d, in, &state);
        d->key = schema->root->key;
    }
    if (at == NULL) {
        const unsigned width = schema->root_bits[kind];
        const uint32_t code = (uint32_t)vb_exi_peek(in, 8 + width) - (VB_EXI_HEADER << width);
        const struct vb_exi_root *root = schema->root + (code < schema->roots ? code : 0);
        d->key = (unsigned)kind << VB_EXI_ROOT_KIND | code;
        if (root->key != d->key) { /* neither the only one nor the one at the place of its code */
            if (code >> width != 0) {
                d->key = UINT16_MAX; /* of no root */
                return wrong(in, 8, VB_E_FORMAT);
            }
            root = vb_exi_root_find(schema, d->key);
            if (root == NULL) {
                vb_exi_skip(in, 8);
                return wrong(in, width, VB_E_FORMAT);
            }
        }
        at = allocate(&d->heap, VB_EXI_UNITS(root->size), 8);
        if (at == NULL) {
            return VB_E_SPACE;
        }
        vb_exi_skip(in, 8 + width);
        state = vb_exi_row(schema, root->type);
        depth = 0;
    }
    const int err = elements(d, in, state, at, depth);
    *block = (struct vb_exi_block){.used = (uint16_t)d->heap.used, .root = (uint16_t)d->key};
    if (kind != VB_EXI_DOCUMENT && err == VB_OK) {
        const unsigned width = schema->root_bits[kind];
        block->kind = (uint8_t)kind;
        block->root = d->key & ((1u << VB_EXI_ROOT_KIND) - 1);
        vb_exi_fill(in); /* the end of a fragment comes behind SE(*) */
        if (vb_exi_peek(in, width) != schema->names[kind] + 1u) {
            return wrong(in, width, VB_E_FORMAT);
        }
        vb_exi_skip(in, width);
    }
    return err;
}

int vb_exi_decode(const struct vb_exi_schema *schema, enum vb_exi_kind kind, const uint8_t *exi,
                  size_t n, void *block, size_t cap, struct vb_exi_place *place) {
    struct decoder d;
    d.schema = schema;
    d.heap = (struct vb_exi_heap){.block = block,
                                  .used = VB_EXI_ROOT_AT,
                                  .cap = cap > UINT16_MAX ? UINT16_MAX : (uint32_t)cap};
    d.depth = 0;
    struct vb_exi_in in;
    vb_exi_in_init(&in, exi, n);
    d.in.data = exi;
    d.in.n = n;
    const int err = message(&d, &in, kind);
    const size_t bit = vb_exi_bit(&in);
    if (place != NULL) {
        vb_exi_where(schema, d.key, d.frame, sizeof d.frame[0], d.depth, place,
                     bit < 8 * n ? bit : 8 * n);
    }
    if (err != VB_OK) {
        return err;
    }
    /* the ones behind the end may make a right event: 80 48 of 80 48 80 */
    return 8 * n < bit ? VB_E_MORE : (int)((bit + 7) / 8);
}

#endif

const struct vb_exi_root *vb_exi_root_find(const struct vb_exi_schema *schema, unsigned key) {
    const struct vb_exi_root *root = schema->root;
    for (unsigned left = schema->roots; left > 0;) { /* they are sorted */
        const unsigned half = left / 2;
        if (root[half].key == key) {
            return root + half;
        }
        if (root[half].key < key) {
            root += half + 1;
            left -= half + 1;
        } else {
            left = half;
        }
    }
    return NULL;
}
