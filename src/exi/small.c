/* small.c - the codec where it is built for size: one walk along the rows of a schema that reads or writes.
 *
 * All that decode.c and encode.c do, without their shorter ways: bit by bit, each step of a message in one place for
 * both directions. Bits go through one function; after the first error it does nothing more, so that only loops and
 * the walk look for errors. Behind the end of the input stand ones, as in bits.h.
 * A block may have been made by hand: whatever stands in it, nothing is read outside of it.
 * Facts: reference/exi-facts.md.
 * SPDX-License-Identifier: MIT */
#include "exi/table.h"

#if defined __OPTIMIZE_SIZE__

#include <string.h>

#include "exi/block.h"

#define NO_LIST 0xFF
#define OCTETS  70u /* bits in the octets of a number of 64 bits */
#define SIGN    0x80u

/* A struct that is being read or written. */
struct frame {
    uint16_t base;        /* where it stands in the block */
    uint16_t node, count; /* writing: the next node of its list; how many have been */
    uint8_t list;         /* offset of that list */
};

struct codec {
    int err; /* the first one */
    bool writing, any_length;
    uint8_t *exi;
    size_t n;
    const struct vb_exi_schema *schema;
    struct vb_exi_heap heap;
    uint16_t state; /* what may come next: the place of its first row */
    struct vb_exi_place at;
    struct frame frame[VB_EXI_FRAMES]; /* at.depth of them */
};

/* Something is wrong in the next count bits: are they there at all? */
static void fail(struct codec *c, unsigned count, int err) {
    if (c->err == VB_OK) {
        c->err = !c->writing && ((size_t)c->at.bit + count + 7) / 8 > c->n ? VB_E_MORE : err;
    }
}

/* count bits, up to most: reads them, or writes value. What is wrong stays unread. */
static uint32_t bits(struct codec *c, unsigned count, uint32_t most, uint32_t value) {
    const uint32_t start = c->at.bit;
    uint32_t seen = 0;
    if (c->err != VB_OK) {
        return 0;
    }
    for (unsigned left = count; left-- > 0; ++c->at.bit) {
        const size_t byte = c->at.bit / 8;
        const unsigned shift = 7 - c->at.bit % 8;
        unsigned bit = c->writing ? value >> left & 1 : 1;
        if (byte < c->n && c->writing) { /* and zeros behind it */
            c->exi[byte] = (uint8_t)((((unsigned)c->exi[byte] >> shift & ~1u) | bit) << shift);
        } else if (byte < c->n) {
            bit = (unsigned)c->exi[byte] >> shift & 1u;
        }
        seen = seen << 1 | bit;
    }
    if (c->writing) {
        seen = value;
    }
    if (seen > most) {
        c->at.bit = start;
        fail(c, count, most == 0 ? VB_E_FORMAT : VB_E_RANGE);
    }
    if (c->at.bit >> 31 != 0) { /* many times the same text: no buffer is that large */
        fail(c, 0, VB_E_SPACE);
    }
    return seen;
}

/* Bits that are 0: CH, EE, the only event code. */
static void zeros(struct codec *c, unsigned count) {
    bits(c, count, 0, 0);
}

/* A number in octets of seven bits, least significant first. size: how many bits are in the longest, and SIGN: a sign
 * before them, which all bits of the value have. */
static uint64_t octets(struct codec *c, unsigned size, uint64_t value) {
    uint64_t seen = 0, minus = 0;
    unsigned shift = 0;
    uint32_t octet;
    if (size & SIGN) {
        minus = (uint64_t)0 - bits(c, 1, 1, (uint32_t)(value >> 63));
        value ^= minus;
    }
    do {
        octet = bits(c, 8, 0xFF, (uint32_t)(value & 0x7F) | (value > 0x7F ? 0x80 : 0));
        value >>= 7;
        seen |= (uint64_t)(octet & 0x7F) << shift;
        shift += 7;
    } while (octet >= 0x80 && shift < (size & ~SIGN));
    if (octet > (shift == OCTETS ? 1 : 0x7F) || (size & SIGN && seen >> 63 != 0)) {
        fail(c, 0, VB_E_RANGE);
    }
    return seen ^ minus;
}

static unsigned get16(const uint8_t *at) {
    uint16_t word;
    /* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): there is a block */
    memcpy(&word, at, sizeof word);
    return word;
}

static void put16(uint8_t *at, unsigned value) {
    const uint16_t word = (uint16_t)value;
    memcpy(at, &word, sizeof word);
}

/* ---- values ---- */

/* Any whole number of a block, and back. */
static uint64_t load(const uint8_t *at, unsigned size, bool has_sign) {
    uint64_t value = 0;
    const uint8_t top = at[VB_EXI_BIG_ENDIAN ? 0 : size - 1];
    if (has_sign && top >= 0x80) {
        value = UINT64_MAX;
    }
    memcpy((uint8_t *)&value + (VB_EXI_BIG_ENDIAN ? 8 - size : 0), at, size);
    return value;
}

static void number(struct codec *c, const struct vb_exi_row *row, uint8_t *at) {
    const unsigned arg = row->arg, size = VB_ROW_SIZE(arg);
    const bool has_sign = (arg & VB_ROW_SIGNED) != 0;
    const uint64_t value = octets(c, has_sign ? OCTETS | SIGN : OCTETS, load(at, size, has_sign));
    if (!c->writing) {
        memcpy(at, (const uint8_t *)&value + (VB_EXI_BIG_ENDIAN ? 8 - size : 0), size);
    }
    if (load(at, size, has_sign) != value || (value == 0 && (arg & VB_ROW_FROM_ONE)) ||
        (VB_ROW_LIMIT(arg) != 0 && value > vb_exi_limits[VB_ROW_LIMIT(arg)])) {
        fail(c, 0, VB_E_RANGE);
    }
}

/* before zeros, a number up to most, EE. */
static uint32_t fixed(struct codec *c, unsigned before, uint32_t most, uint32_t value) {
    zeros(c, before);
    value = bits(c, vb_exi_bits_of(most), most, value);
    zeros(c, 1);
    return value;
}

static void scaled(struct codec *c, uint8_t *at) {
    const struct vb_exi_scaled *s = &c->schema->scaled;
    uint32_t word;
    memcpy(&word, at, sizeof word);
    uint64_t value = word & ((1u << VB_EXI_SCALED_BITS) - 1);
    if (value >> (VB_EXI_SCALED_BITS - 1) != 0) {
        value |= ~(uint64_t)0 << VB_EXI_SCALED_BITS;
    }
    word >>= VB_EXI_SCALED_BITS;
    uint32_t unit = word >> s->exponent_bits & s->unit_mask;
    word = ((fixed(c, 2, s->exponent_max, (word - s->exponent_low) & s->exponent_mask) +
             s->exponent_low) &
            s->exponent_mask) |
           (word & ~(uint32_t)s->exponent_mask);
    const uint32_t start = c->at.bit;
    if (s->unit_optional && bits(c, 2, 3, (word & s->has_unit) == 0) == 1) {
        bits(c, 0, s->unit_max, unit); /* in a block it is right, even where it does not count */
        word &= s->exponent_mask;
    } else {
        if (s->unit_optional) {
            c->at.bit = start;
        }
        if (s->unit_bits != 0) {
            unit = fixed(c, s->unit_optional + 2u, s->unit_max, unit);
        }
        word = (word & s->exponent_mask) | unit << s->exponent_bits | s->has_unit;
        zeros(c, 1);
    }
    zeros(c, 1);
    value = octets(c, OCTETS | SIGN, value);
    if (value + (1u << (VB_EXI_SCALED_BITS - 1)) >= 1u << VB_EXI_SCALED_BITS) {
        fail(c, 0, VB_E_RANGE);
    }
    zeros(c, 1);
    if (!c->writing) {
        word = word << VB_EXI_SCALED_BITS | ((uint32_t)value & ((1u << VB_EXI_SCALED_BITS) - 1));
        memcpy(at, &word, sizeof word);
    }
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

/* Does a byte go on with a character? */
static bool goes_on(uint8_t byte) {
    return (byte & 0xC0) == 0x80;
}

/* A character, p: where it stands or is to stand. Returns its length; 0 = it is none. */
static unsigned character(struct codec *c, uint8_t *p, const uint8_t *end, uint8_t utf[4]) {
    uint32_t code = 0;
    unsigned size = 1;
    if (c->writing) {
        while (size < 4 && p + size < end && goes_on(p[size])) {
            ++size;
        }
        code = *p & 0xFFu >> size;
        for (unsigned k = 1; k < size; ++k) {
            code = code << 6 | (p[k] & 0x3Fu);
        }
    }
    const unsigned right = utf8((uint32_t)octets(c, 28, code), utf);
    for (unsigned k = 0; c->writing && k < size; ++k) { /* is it written as it should be? */
        if (size != right || p[k] != utf[k]) {
            return 0;
        }
    }
    return right;
}

/* Bytes or characters, between their reference, at, and the message. */
static void bytes(struct codec *c, const struct vb_exi_row *row, uint8_t *at) {
    const bool text = (row->op & VB_ROW_KIND) == VB_ROW_TEXT;
    const unsigned less = text ? 2 : 0; /* 0 and 1 are hits in the string table */
    uint8_t *p = c->heap.block + get16(at), *end = p + get16(at + 2);
    uint32_t count = 0;
    if (c->writing) {
        for (const uint8_t *q = p; q < end; ++q) {
            count += !text || !goes_on(*q);
        }
        const unsigned least = row->aux == 0xFF ? row->arg : row->aux;
        if (!c->any_length && (count < least || (row->arg != UINT16_MAX && count > row->arg))) {
            fail(c, 0, VB_E_RANGE);
        }
    }
    const uint64_t len = octets(c, OCTETS, count + less);
    if (!c->writing) {
        p = c->heap.block + c->heap.used;
        end = c->heap.block + c->heap.cap;
        if (len < less) {
            fail(c, 1, VB_E_FORMAT);
        }
        if (len - less > UINT16_MAX) {
            fail(c, 0, VB_E_SPACE);
        }
        count = (uint32_t)len - less;
        fail(c, 8 * count, count > (size_t)(end - p) ? VB_E_SPACE : VB_OK);
        put16(at, c->heap.used);
    }
    const uint32_t start = c->at.bit;
    for (; c->err == VB_OK && count > 0; --count) {
        uint8_t utf[4];
        unsigned size = 1;
        if (text) {
            size = character(c, p, end, utf);
        } else {
            utf[0] = (uint8_t)bits(c, 8, 0xFF, c->writing ? *p : 0);
        }
        if (size == 0) {
            fail(c, 0, VB_E_RANGE);
        } else if (count - 1 + size >
                   (size_t)(end - p)) { /* each of the others is a byte at least */
            fail(c, 0, VB_E_SPACE);
        } else if (!c->writing) {
            memcpy(p, utf, size);
        }
        p += size;
    }
    if (c->err != VB_OK) {
        c->at.bit = start;
    } else if (!c->writing) {
        put16(at + 2, (unsigned)(p - c->heap.block) - c->heap.used);
        c->heap.used = (uint32_t)(p - c->heap.block);
    } else if (p != end) { /* what goes on with no character */
        fail(c, 0, VB_E_RANGE);
    }
}

/* An integer without bounds: sign, then groups of seven bits, least first; of a negative one the amount less one. */
static void write_big(struct codec *c, const uint8_t *p, unsigned len) {
    const bool minus = *p != 0;
    do {
        ++p;
        --len;
    } while (len > 0 && *p == 0);
    int32_t octet, bit = 0, held = -(int32_t)bits(c, 1, 1, minus && len > 0);
    do {
        while (bit < 14 && len > 0) { /* more than is written next: is there anything behind it? */
            held += p[--len] << bit;
            bit += 8;
        }
        octet = held & 0x7F;
        held >>= 7;
        bit -= 7;
        octet |= held != 0 || len != 0 ? 0x80 : 0;
        bits(c, 8, 0xFF, (uint32_t)octet);
    } while (octet >= 0x80);
}

static void read_big(struct codec *c, uint8_t *at) {
    uint8_t *const start = c->heap.block + c->heap.used, *const end = c->heap.block + c->heap.cap;
    uint8_t *to = end; /* it grows from the end on, then it is brought to its place */
    const uint8_t minus = (uint8_t)bits(c, 1, 1, 0);
    uint32_t octet, bit = 0, held = minus;
    if (start == end) {
        fail(c, 0, VB_E_SPACE);
    }
    do {
        octet = bits(c, 8, 0xFF, 0);
        held += (octet & 0x7F) << bit;
        bit += 7;
        while (bit >= 8 || (octet < 0x80 && (held != 0 || to == end))) {
            if (to - start < 2) {
                fail(c, 0, VB_E_SPACE);
                return;
            }
            *--to = (uint8_t)held;
            held >>= 8;
            bit = bit > 8 ? bit - 8 : 0;
        }
    } while (octet >= 0x80);
    while (end - to > 1 && *to == 0) {
        ++to;
    }
    uint8_t *p = start;
    *p++ = minus;
    while (to < end) {
        *p++ = *to++;
    }
    put16(at, c->heap.used);
    put16(at + 2, (unsigned)(p - start));
    c->heap.used += (uint32_t)(p - start);
}

/* A number in a few bits: it begins with aux. */
static void few_bits(struct codec *c, const struct vb_exi_row *row, uint8_t *at) {
    const bool wide = (row->op & VB_ROW_KIND) == VB_ROW_FIXED2;
    const uint32_t raw = ((wide ? get16(at) : *at) - row->aux) & (wide ? 0xFFFFu : 0xFFu);
    const uint32_t number = bits(c, vb_exi_bits_of(row->arg), row->arg, raw) + row->aux;
    if (!c->writing) {
        *at = (uint8_t)number;
        if (wide) {
            put16(at, number);
        }
    }
}

/* A simple value, from CH to EE; before: zeros that it begins with. */
static void value(struct codec *c, const struct vb_exi_row *row, uint8_t *at, unsigned before) {
    const unsigned kind = row->op & VB_ROW_KIND, bare = row->op & VB_ROW_BARE;
    zeros(c, bare || kind == VB_ROW_SCALED ? 0 : before);
    if (c->writing && kind >= VB_ROW_BYTES &&
        (get16(at) + get16(at + 2) > c->heap.used || (kind == VB_ROW_BIG && get16(at + 2) < 2))) {
        fail(c, 0, VB_E_STATE);
        return;
    }
    switch (kind) {
    case VB_ROW_SCALED:
        scaled(c, at);
        break;
    case VB_ROW_NUMBER:
        number(c, row, at);
        break;
    case VB_ROW_BYTES:
    case VB_ROW_TEXT:
        bytes(c, row, at);
        break;
    case VB_ROW_BIG:
        if (c->writing) {
            write_big(c, c->heap.block + get16(at), get16(at + 2));
        } else {
            read_big(c, at);
        }
        break;
    default:
        few_bits(c, row, at);
    }
    zeros(c, bare ? 0 : 1);
}

/* ---- rows ---- */

/* Writing: where the value of a row stands, NULL: it is not there. */
static uint8_t *find(struct codec *c, const struct vb_exi_row *row) {
    struct frame *const top = &c->frame[c->at.depth - 1];
    uint8_t *const block = c->heap.block, *const base = block + top->base, *at = base + row->off;
    const unsigned kind = row->op & VB_ROW_KIND;
    if (row->op & VB_ROW_OPTIONAL) {
        /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): there is a block */
        return base[row->has >> 3] >> (row->has & 7) & 1 ? at : NULL;
    }
    if (row->op & VB_ROW_LIST) {
        const bool in_it = top->list == row->off;
        const uint32_t first = in_it ? top->node : get16(at);
        const uint32_t behind = vb_exi_node_value(row);
        const uint32_t size =
            kind >= VB_ROW_STRUCT ? VB_EXI_UNITS(row->aux) : vb_exi_simple_size(row);
        at = block + first;
        if (first == 0 || first + behind + size > c->heap.used ||
            get16(at + offsetof(struct vb_exi_node, which)) != vb_exi_list_which(row->has)) {
            return NULL;
        }
        const unsigned next = get16(at);
        top->node = (uint16_t)(next > first ? next : 0); /* nodes go upwards: no circle */
        top->count = (uint16_t)(in_it ? top->count + 1 : 1);
        top->list = row->off;
        return at + behind;
    }
    if (kind == VB_ROW_NEVER) {
        return NULL;
    }
    if (kind < VB_ROW_BYTES || kind == VB_ROW_STRUCT) {
        return at;
    }
    uint32_t first = get16(at);
    if (kind == VB_ROW_BODY) {
        if (first != row->has) {
            return NULL;
        }
        first = get16(at + offsetof(struct vb_exi_choice, at));
    } else if (first == 0) {
        return NULL;
    }
    if (kind >= VB_ROW_STRUCT) {
        at = block + first;
        if (first == 0 || first + VB_EXI_UNITS(row->aux) > c->heap.used) {
            fail(c, 0, VB_E_STATE); /* a tag without its struct, a struct outside */
        }
    }
    return at;
}

/* Is another alternative of the same choice there too? */
static bool another(struct codec *c, const struct vb_exi_row *row) {
    while (row->op & VB_ROW_CHOICE) {
        do {
            ++row;
        } while (row->op == VB_ROW_NEVER);
        if (!(row->op & VB_ROW_LIST) && find(c, row) != NULL) {
            return true;
        }
    }
    return false;
}

/* A struct of the block begins, with the first state of its type. */
static void begin(struct codec *c, const uint8_t *base, unsigned type) {
    struct frame *const top = &c->frame[c->at.depth - 1];
    top->base = (uint16_t)(base - c->heap.block);
    top->list = NO_LIST;
    c->state = (uint16_t)type;
}

/* One production of the state: event code, and the value or the beginning of a struct; NULL: a struct has begun, or
 * something is wrong. */
static const struct vb_exi_row *production(struct codec *c) {
    struct frame *const top = &c->frame[c->at.depth - 1];
    const struct vb_exi_row *row = vb_exi_row(c->schema, c->state);
    const unsigned n = row->n, width = vb_exi_bits_of(n);
    const uint32_t start = c->at.bit;
    unsigned before = 1, code = 0;
    uint8_t *at = NULL;
    if (c->writing) {
        while (code < n && (at = find(c, row + code)) == NULL) {
            ++code;
        }
        if (code == n) { /* nothing of what must be here */
            --code;
            fail(c, 0, VB_E_STATE);
        }
    }
    if (n == 1 && (row->op & ~(VB_ROW_CHOICE | VB_ROW_OPTIONAL)) == VB_ROW_FIXED) {
        before = 2; /* the event code in one piece with CH */
    } else if (c->err == VB_OK) {
        code = bits(c, width, UINT16_MAX, code);
        if (code >= n || (row[code].op & VB_ROW_KIND) == VB_ROW_NEVER) {
            c->at.bit = start;
            fail(c, width, VB_E_FORMAT);
            return NULL;
        }
    }
    c->state = (uint16_t)(c->state + code);
    row += code;
    const unsigned kind = row->op & VB_ROW_KIND;
    if (!c->writing) {
        at = vb_exi_room(&c->heap, row, c->heap.block + top->base);
        if (at == NULL) {
            fail(c, 0, VB_E_SPACE);
        }
    }
    if (at != NULL && kind != VB_ROW_END && kind < VB_ROW_STRUCT && c->err == VB_OK) {
        value(c, row, at, before);
        if (c->writing && c->err != VB_OK) {
            c->at.bit = start;
        }
    }
    if (c->writing && another(c, row)) {
        fail(c, 0, VB_E_STATE);
    }
    if (c->err == VB_OK && kind < VB_ROW_STRUCT) {
        return row;
    }
    c->at.row[c->at.depth++] = c->state;
    if (at != NULL && c->err == VB_OK) {
        begin(c, at, row->arg);
    }
    return NULL;
}

/* What comes behind a row, in the structs that end there too; false: the root has ended, or something is wrong. */
static bool follow(struct codec *c, const struct vb_exi_row *row) {
    while (row->next == 0) {
        struct frame *const top = &c->frame[c->at.depth - 1];
        if (row->op & VB_ROW_LIST) { /* the same again, or what follows */
            const unsigned most = vb_exi_list_max(row->has);
            const unsigned count = c->writing ? top->count
                                              : get16(c->heap.block + top->base + row->off +
                                                      offsetof(struct vb_exi_list, count));
            if (most != 0 && count >= most) {
                if (c->writing && top->node != 0) {
                    fail(c, 0, VB_E_RANGE);
                    c->at.row[c->at.depth++] = c->state;
                }
                ++c->state;
            }
            return c->err == VB_OK;
        }
        if ((row->op & VB_ROW_KIND) != VB_ROW_END) {
            zeros(c, 1); /* only the end can follow */
        }
        if (c->err != VB_OK || c->at.depth == 1) {
            return false;
        }
        c->state = c->at.row[--c->at.depth];
        row = vb_exi_row(c->schema, c->state);
    }
    c->state = (uint16_t)(c->state + row->next);
    return true;
}

/* The elements of the root. */
static void walk(struct codec *c) {
    const struct vb_exi_row *row;
    do {
        row = production(c);
    } while (row == NULL ? c->err == VB_OK : follow(c, row));
}

static int message(struct codec *c, struct vb_exi_block *head, struct vb_exi_place *place) {
    /* a root beyond those of its kind is of no kind */
    const unsigned kind = head->kind | (unsigned)head->root >> VB_EXI_ROOT_KIND << 8;
    const unsigned width = kind <= VB_EXI_XFRAGMENT ? c->schema->root_bits[kind] : 0;
    if (bits(c, 8, 0xFF, VB_EXI_HEADER) != VB_EXI_HEADER) {
        c->at.bit = 0;
        fail(c, 8, VB_E_FORMAT);
    }
    head->root = (uint16_t)bits(c, width, UINT16_MAX, head->root);
    const struct vb_exi_root *root =
        vb_exi_root_find(c->schema, kind << VB_EXI_ROOT_KIND | head->root);
    if (root == NULL) {
        c->at.bit = c->writing || c->err != VB_OK ? 0 : 8;
        fail(c, width, c->writing ? VB_E_STATE : VB_E_FORMAT);
    } else if (c->err == VB_OK) {
        c->at.row[c->at.depth++] = root->key;
        if (c->writing ? VB_EXI_ROOT_AT + VB_EXI_UNITS(root->size) > c->heap.used
                       : vb_exi_allocate(&c->heap, VB_EXI_UNITS(root->size), 8) == NULL) {
            c->at.bit = 0;
            fail(c, 0, c->writing ? VB_E_STATE : VB_E_SPACE);
        } else {
            begin(c, c->heap.block + VB_EXI_ROOT_AT, root->type);
            walk(c);
        }
    }
    if (c->err == VB_OK && kind != VB_EXI_DOCUMENT) { /* the end of a fragment comes behind SE(*) */
        const uint32_t start = c->at.bit, end = c->schema->names[kind] + 1u;
        if (bits(c, width, UINT16_MAX, end) != end) {
            c->at.bit = start;
            fail(c, width, VB_E_FORMAT);
        }
    }
    const size_t used = ((size_t)c->at.bit + 7) / 8;
    if (used > c->n) {
        fail(c, 0, VB_E_SPACE); /* reading: more */
        if (!c->writing) {
            c->at.bit = (uint32_t)(8 * c->n);
        }
    }
    if (place != NULL) {
        *place = c->at;
    }
    return c->err == VB_OK ? (int)used : c->err;
}

int vb_exi_decode(const struct vb_exi_schema *schema, enum vb_exi_kind kind, const uint8_t *exi,
                  size_t n, void *block, size_t cap, struct vb_exi_place *place) {
    struct codec c = {.schema = schema, .exi = (uint8_t *)(uintptr_t)exi, .n = n};
    struct vb_exi_block head = {.kind = (uint8_t)kind};
    c.heap.block = block;
    c.heap.cap = cap > UINT16_MAX ? UINT16_MAX : (uint32_t)cap;
    c.heap.used = VB_EXI_ROOT_AT;
    const int used = message(&c, &head, place);
    if (used >= 0) {
        head.used = (uint16_t)c.heap.used;
        memcpy(block, &head, sizeof head);
    }
    return used;
}

int vb_exi_encode(const struct vb_exi_schema *schema, const void *block, uint8_t *exi, size_t cap,
                  struct vb_exi_place *place) {
    struct codec c = {.schema = schema, .exi = exi, .n = cap, .writing = true};
    struct vb_exi_block head;
    memcpy(&head, block, sizeof head);
    c.heap.block = (uint8_t *)(uintptr_t)block; /* never written to */
    c.heap.used = head.used;
    c.any_length = (head.flags & VB_EXI_ANY_LENGTH) != 0;
    return message(&c, &head, place);
}

#endif
