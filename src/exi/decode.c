/* decode.c - from the bits of a message to its block, along the rows of its schema.
 *
 * One loop, an explicit stack, no memory but the caller's block. A simple element is read in one piece: event code,
 * CH, value and EE; a scaled number (most of what is on the cable while charging) likewise. Every length is compared
 * with what is left of the input before memory is taken.
 * Facts: reference/exi-facts.md.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "exi/bits.h"
#include "exi/block.h"
#include "exi/table.h"

#define HEADER 0x80 /* distinguishing bits 10, no options, version 1 */
#define OCTETS 10   /* of a number of 64 bits */

struct frame {
    const struct vb_exi_row *row; /* the element */
    uint8_t *base;                /* the struct that it stands in */
};

struct decoder {
    struct vb_exi_in in;
    const struct vb_exi_schema *schema;
    struct vb_exi_heap heap;
    unsigned depth;
    struct frame frame[VB_EXI_DEPTH_MAX];
};

/* ---- places ---- */

static size_t bit_of(const struct decoder *d) {
    const size_t bit = vb_exi_bit(&d->in);
    return bit < 8 * d->in.n ? bit : 8 * d->in.n;
}

static void put16(uint8_t *at, uint32_t value) {
    const uint16_t word = (uint16_t)value;
    memcpy(at, &word, sizeof word);
}

static uint16_t get16(const uint8_t *at) {
    uint16_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* ---- values ---- */

/* Something was wrong in the next count bits: are they there at all? */
static int wrong(struct decoder *d, unsigned count, int err) {
    return vb_exi_bit(&d->in) + count > 8 * d->in.n ? VB_E_MORE : err;
}

/* One bit that must be 0: CH, EE. */
static int zero(struct decoder *d) {
    if (d->in.have == 0) {
        vb_exi_fill(&d->in);
    }
    if (vb_exi_peek(&d->in, 1) != 0) {
        return wrong(d, 1, VB_E_FORMAT);
    }
    vb_exi_skip(&d->in, 1);
    return VB_OK;
}

static int octets(struct decoder *d, uint64_t *value) {
    uint64_t sum = 0;
    for (unsigned k = 0;; ++k) {
        const unsigned octet = (unsigned)vb_exi_take(&d->in, 8);
        if (vb_exi_bit(&d->in) > 8 * d->in.n) {
            return VB_E_MORE;
        }
        if (k == OCTETS - 1 && octet > 1) {
            return VB_E_RANGE;
        }
        sum |= (uint64_t)(octet & 0x7F) << 7 * k;
        if (octet < 0x80) {
            *value = sum;
            return VB_OK;
        }
    }
}

static int number(struct decoder *d, const struct vb_exi_row *row, uint8_t *at) {
    const unsigned size = VB_ROW_SIZE(row->arg);
    const bool is_signed = (row->arg & VB_ROW_SIGNED) != 0;
    const bool minus = is_signed && vb_exi_take(&d->in, 1) != 0;
    uint64_t value;
    const int err = octets(d, &value);
    if (err != VB_OK) {
        return err;
    }
    const uint64_t most = VB_ROW_LIMIT(row->arg) != 0 ? vb_exi_limits[VB_ROW_LIMIT(row->arg)]
                                                      : UINT64_MAX >> (64 - 8 * size) >> is_signed;
    if (value > most || ((row->arg & VB_ROW_FROM_ONE) != 0 && value == 0)) {
        return VB_E_RANGE;
    }
    if (minus) {
        value = ~value;
    }
    if (size == 2) {
        put16(at, (uint32_t)value);
    } else if (size == 4) {
        const uint32_t word = (uint32_t)value;
        memcpy(at, &word, sizeof word);
    } else {
        memcpy(at, &value, sizeof value);
    }
    return VB_OK;
}

static int scaled(struct decoder *d, uint8_t *at) {
    const struct vb_exi_scaled *s = &d->schema->scaled;
    unsigned bits = s->exponent_bits + 3u;
    unsigned raw = (unsigned)vb_exi_take(&d->in, bits);
    if (raw >> 1 > s->exponent_max || (raw & 1) != 0) {
        d->in.have += bits; /* only to count */
        return wrong(d, bits, raw >> (bits - 2) != 0 || (raw & 1) != 0 ? VB_E_FORMAT : VB_E_RANGE);
    }
    const uint32_t exponent = (uint32_t)((int)(raw >> 1) + s->exponent_low);
    uint32_t word = (exponent & ((1u << s->exponent_bits) - 1)) << VB_EXI_SCALED_BITS;
    unsigned code = 0; /* 0: the unit, 1: without unit the value */
    if (s->unit_bits != 0) {
        const unsigned width = 1u + s->unit_optional;
        code = (unsigned)vb_exi_take(&d->in, width);
        if (code > s->unit_optional) {
            d->in.have += width;
            return wrong(d, width, VB_E_FORMAT);
        }
        if (code == 0) {
            bits = s->unit_bits + 2u;
            raw = (unsigned)vb_exi_take(&d->in, bits);
            if (raw >> 1 > s->unit_max || (raw & 1) != 0) {
                d->in.have += bits;
                return wrong(d, bits,
                             raw >> (bits - 1) != 0 || (raw & 1) != 0 ? VB_E_FORMAT : VB_E_RANGE);
            }
            word |= raw >> 1 << (VB_EXI_SCALED_BITS + s->exponent_bits);
            if (s->unit_optional) {
                word |= 1u << (VB_EXI_SCALED_BITS + s->exponent_bits + s->unit_bits);
            }
        }
    }
    for (unsigned k = code; k < 2; ++k) { /* the event code, if that was not it; CH */
        const int err = zero(d);
        if (err != VB_OK) {
            return err;
        }
    }
    const bool minus = vb_exi_take(&d->in, 1) != 0;
    uint64_t value;
    int err = octets(d, &value);
    if (err != VB_OK) {
        return err;
    }
    if (value >= 1u << (VB_EXI_SCALED_BITS - 1)) {
        return VB_E_RANGE;
    }
    if (minus) {
        value = ~value;
    }
    word |= (uint32_t)value & ((1u << VB_EXI_SCALED_BITS) - 1);
    memcpy(at, &word, sizeof word);
    err = zero(d);
    return err != VB_OK ? err : zero(d);
}

static void set_bytes(struct decoder *d, uint8_t *at, uint32_t place, uint32_t len) {
    put16(at + offsetof(struct vb_exi_bytes, at), place);
    put16(at + offsetof(struct vb_exi_bytes, len), len);
    d->heap.used = place + len;
}

/* A length, of what takes at least a byte of input each. */
static int length(struct decoder *d, unsigned less, uint32_t *len) {
    uint64_t value;
    const int err = octets(d, &value);
    if (err != VB_OK) {
        return err;
    }
    if (value < less) {
        return VB_E_FORMAT; /* a hit in the string table */
    }
    value -= less;
    if (value > UINT16_MAX) {
        return VB_E_SPACE;
    }
    if (vb_exi_bit(&d->in) + 8 * value > 8 * d->in.n) {
        return VB_E_MORE;
    }
    *len = (uint32_t)value;
    return *len > d->heap.cap - d->heap.used ? VB_E_SPACE : VB_OK;
}

static int bytes(struct decoder *d, uint8_t *at) {
    uint32_t len;
    const int err = length(d, 0, &len);
    if (err != VB_OK) {
        return err;
    }
    for (uint32_t i = 0; i < len; ++i) {
        d->heap.block[d->heap.used + i] = (uint8_t)vb_exi_take(&d->in, 8);
    }
    set_bytes(d, at, d->heap.used, len);
    return VB_OK;
}

/* UTF-8 of one code point; returns its length, 0 = there is no such character. */
static unsigned utf8(uint64_t code, uint8_t out[4]) {
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        return 0;
    }
    unsigned more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    out[0] = (uint8_t)((0xF00u >> (more + 1) & 0xFFu) | (unsigned)(code >> 6 * more));
    for (unsigned k = 1; k <= more; ++k) {
        out[k] = (uint8_t)(0x80u | (unsigned)(code >> 6 * (more - k) & 0x3F));
    }
    return more + 1;
}

static int text(struct decoder *d, uint8_t *at) {
    uint32_t len;
    int err = length(d, 2, &len);
    if (err != VB_OK) {
        return err;
    }
    uint32_t end = d->heap.used;
    while (len-- > 0) {
        uint64_t code;
        uint8_t out[4];
        err = octets(d, &code);
        if (err != VB_OK) {
            return err;
        }
        const unsigned size = utf8(code, out);
        if (size == 0) {
            return VB_E_RANGE;
        }
        if (size > d->heap.cap - end) {
            return VB_E_SPACE;
        }
        memcpy(d->heap.block + end, out, size);
        end += size;
    }
    set_bytes(d, at, d->heap.used, end - d->heap.used);
    return VB_OK;
}

/* An integer without bounds: sign, then groups of seven bits, least first. In the block: a byte that is 1 if it is
 * negative, then its amount, most significant byte first. */
static int big(struct decoder *d, uint8_t *at) {
    const bool minus = vb_exi_take(&d->in, 1) != 0;
    const uint32_t start = d->heap.used;
    uint32_t end = start + 1, carry = 0;
    unsigned held = 0, octet;
    do {
        octet = (unsigned)vb_exi_take(&d->in, 8);
        if (vb_exi_bit(&d->in) > 8 * d->in.n) {
            return VB_E_MORE;
        }
        carry |= (octet & 0x7F) << held;
        held += 7;
        if (held >= 8 || octet < 0x80) {
            if (end >= d->heap.cap) {
                return VB_E_SPACE;
            }
            d->heap.block[end++] = (uint8_t)carry;
            carry >>= 8;
            held = held >= 8 ? held - 8 : 0;
        }
    } while (octet >= 0x80);
    if (held != 0 && carry != 0) {
        if (end >= d->heap.cap) {
            return VB_E_SPACE;
        }
        d->heap.block[end++] = (uint8_t)carry;
    }
    uint8_t *const amount = d->heap.block + start + 1;
    if (minus) { /* -1 - value */
        uint32_t k = 0;
        while (start + 1 + k < end && ++amount[k] == 0) {
            ++k;
        }
        if (start + 1 + k == end) {
            if (end >= d->heap.cap) {
                return VB_E_SPACE;
            }
            d->heap.block[end++] = 1;
        }
    }
    uint32_t len = end - start - 1;
    while (len > 1 && amount[len - 1] == 0) {
        --len;
    }
    for (uint32_t i = 0; i < len / 2; ++i) {
        const uint8_t other = amount[i];
        amount[i] = amount[len - 1 - i];
        amount[len - 1 - i] = other;
    }
    d->heap.block[start] = minus;
    set_bytes(d, at, start, len + 1);
    return VB_OK;
}

static int fixed(struct decoder *d, const struct vb_exi_row *row, uint8_t *at) {
    const bool bare = (row->op & VB_ROW_BARE) != 0;
    const unsigned bits = vb_exi_bits_of(row->arg);
    int err = bare ? VB_OK : zero(d);
    if (err != VB_OK) {
        return err;
    }
    const unsigned raw = (unsigned)vb_exi_take(&d->in, bits);
    if (raw > row->arg) {
        d->in.have += bits;
        return wrong(d, bits, VB_E_RANGE);
    }
    const unsigned value = raw + (unsigned)row->aux;
    if ((row->op & VB_ROW_KIND) == VB_ROW_FIXED2) {
        put16(at, value);
    } else {
        *at = (uint8_t)value;
    }
    return bare ? VB_OK : zero(d);
}

static int value(struct decoder *d, const struct vb_exi_row *row, uint8_t *at) {
    const unsigned kind = row->op & VB_ROW_KIND;
    if (kind == VB_ROW_SCALED) {
        return scaled(d, at);
    }
    if (kind == VB_ROW_FIXED || kind == VB_ROW_FIXED2) {
        return fixed(d, row, at);
    }
    const bool bare = (row->op & VB_ROW_BARE) != 0;
    int err = bare ? VB_OK : zero(d);
    if (err != VB_OK) {
        return err;
    }
    switch (kind) {
    case VB_ROW_NUMBER:
        err = number(d, row, at);
        break;
    case VB_ROW_BYTES:
        err = bytes(d, at);
        break;
    case VB_ROW_TEXT:
        err = text(d, at);
        break;
    default:
        err = big(d, at);
        break;
    }
    return err != VB_OK || bare ? err : zero(d);
}

/* ---- rows ---- */

static int elements(struct decoder *d, const struct vb_exi_row *state, uint8_t *base) {
    for (;;) {
        const unsigned n = state->n & ~VB_ROW_CHOICE;
        const unsigned width = vb_exi_bits_of(n);
        vb_exi_fill(&d->in);
        const unsigned code = (unsigned)vb_exi_peek(&d->in, width);
        if (code >= n || state[code].op == VB_ROW_NEVER) {
            return wrong(d, width, VB_E_FORMAT);
        }
        vb_exi_skip(&d->in, width);
        const struct vb_exi_row *row = state + code;
        unsigned kind = row->op & VB_ROW_KIND;
        if (kind != VB_ROW_END) {
            d->frame[d->depth] = (struct frame){row, base};
            ++d->depth;
            uint8_t *const at = vb_exi_room(&d->heap, d->schema, row, base);
            if (at == NULL) {
                return VB_E_SPACE;
            }
            if (kind == VB_ROW_STRUCT || kind == VB_ROW_BODY) {
                base = at;
                state = vb_exi_row(d->schema, row->arg) + 1;
                continue;
            }
            const int err = value(d, row, at);
            if (err != VB_OK) {
                return err;
            }
            --d->depth;
        }
        for (;;) { /* what follows */
            if (kind != VB_ROW_END) {
                if (row->op & VB_ROW_LIST) {
                    const unsigned most = vb_exi_list_max(row->has);
                    state = row + row->next;
                    if (most != 0 &&
                        get16(base + row->off + offsetof(struct vb_exi_list, count)) >= most) {
                        ++state;
                    }
                    break;
                }
                if (row->next != 0) {
                    state = row + row->next;
                    break;
                }
                const int err = zero(d);
                if (err != VB_OK) {
                    return err;
                }
            }
            if (d->depth == 1) {
                return VB_OK;
            }
            --d->depth;
            row = d->frame[d->depth].row;
            base = d->frame[d->depth].base;
            kind = VB_ROW_STRUCT;
        }
    }
}

static int message(struct decoder *d, enum vb_exi_kind kind, struct vb_exi_block *head,
                   uint16_t *root) {
    const struct vb_exi_schema *schema = d->schema;
    if (vb_exi_peek(&d->in, 8) != HEADER) {
        return wrong(d, 8, VB_E_FORMAT);
    }
    vb_exi_skip(&d->in, 8);
    const unsigned width = schema->root_bits[kind];
    const unsigned roots = schema->roots[kind];
    if (roots == 0) {
        return VB_E_FORMAT;
    }
    const unsigned code = (unsigned)vb_exi_peek(&d->in, width);
    if (code >= roots || schema->root[kind][code] == VB_EXI_ROOT_NEVER) {
        return wrong(d, width, VB_E_FORMAT);
    }
    vb_exi_skip(&d->in, width);
    head->kind = (uint8_t)kind;
    head->root = (uint16_t)code;
    *root = (uint16_t)((unsigned)kind << 14 | code);
    d->depth = 1;
    const struct vb_exi_row *row = vb_exi_row(schema, schema->root[kind][code]);
    int err;
    uint8_t *base;
    if (row->op == VB_ROW_TYPE) {
        base = vb_exi_allocate(&d->heap, row->arg, 8);
        err = base == NULL ? VB_E_SPACE : elements(d, row + 1, base);
    } else {
        base = vb_exi_allocate(&d->heap, 8, 8);
        err = base == NULL ? VB_E_SPACE : value(d, row, base);
    }
    if (err == VB_OK && kind != VB_EXI_DOCUMENT) { /* the end of a fragment, behind SE(*) */
        if (vb_exi_take(&d->in, width) != roots + 1) {
            d->in.have += width;
            err = wrong(d, width, VB_E_FORMAT);
        }
    }
    if (err == VB_OK && vb_exi_bit(&d->in) > 8 * d->in.n) {
        err = VB_E_MORE;
    }
    return err;
}

/* Of all elements that it is in, from the root on. */
static void say_where(const struct decoder *d, uint16_t root, struct vb_exi_place *place) {
    *place = (struct vb_exi_place){.bit = (uint32_t)bit_of(d), .depth = (uint8_t)d->depth};
    place->row[0] = root;
    uint16_t type = d->depth == 0 ? 0 : d->schema->root[root >> 14][root & 0x3FFF];
    for (unsigned i = 1; i < d->depth; ++i) {
        const struct vb_exi_row *row = d->frame[i].row;
        place->row[i] = (uint16_t)(type + (row - vb_exi_row(d->schema, type)));
        type = row->arg;
    }
}

int vb_exi_decode(const struct vb_exi_schema *schema, enum vb_exi_kind kind, const uint8_t *exi,
                  size_t n, void *block, size_t cap, struct vb_exi_place *place) {
    struct decoder d;
    d.schema = schema;
    d.heap.block = block;
    d.heap.cap = cap > UINT16_MAX ? UINT16_MAX : (uint32_t)cap;
    d.heap.used = VB_EXI_ROOT_AT;
    d.depth = 0;
    vb_exi_in_init(&d.in, exi, n);
    struct vb_exi_block head = {0};
    uint16_t root = 0;
    const int err = d.heap.cap < sizeof head ? VB_E_SPACE : message(&d, kind, &head, &root);
    if (place != NULL) {
        say_where(&d, root, place);
    }
    if (err != VB_OK) {
        return err;
    }
    head.used = (uint16_t)d.heap.used;
    memcpy(block, &head, sizeof head);
    return (int)((vb_exi_bit(&d.in) + 7) / 8);
}
