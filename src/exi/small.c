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

#define HEADER  0x80u /* distinguishing bits 10, no options, version 1 */
#define NO_LIST 0xFF
#define OCTETS  70 /* bits in the octets of a number of 64 bits */

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
        const unsigned mask = 0x80u >> c->at.bit % 8;
        unsigned bit = 1;
        if (c->writing) {
            bit = value >> left & 1;
        }
        if (byte < c->n) {
            uint8_t *p = c->exi + byte;
            if (!c->writing) {
                bit = (*p & mask) != 0;
            } else {
                *p = (uint8_t)(mask == 0x80 ? 0 : *p);
                *p = (uint8_t)(bit ? *p | mask : *p);
            }
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
    return seen;
}

/* Bits that are 0: CH, EE, the only event code. */
static void zeros(struct codec *c, unsigned count) {
    bits(c, count, 0, 0);
}

/* A number of up to most bits in octets of seven, least significant first. */
static uint64_t octets(struct codec *c, unsigned most, uint64_t value) {
    uint64_t seen = 0;
    unsigned shift = 0;
    uint32_t octet;
    do {
        octet = bits(c, 8, 0xFF, (uint32_t)(value & 0x7F) | (value > 0x7F ? 0x80 : 0));
        value >>= 7;
        seen |= (uint64_t)(octet & 0x7F) << shift;
        shift += 7;
    } while (octet >= 0x80 && shift < most);
    if (octet > (shift == OCTETS ? 1 : 0x7F)) {
        fail(c, 0, VB_E_RANGE);
    }
    return seen;
}

/* The same behind a sign, or none. */
static uint64_t integer(struct codec *c, bool has_sign, uint64_t value) {
    uint64_t minus = 0;
    if (has_sign) {
        minus = (uint64_t)0 - bits(c, 1, 1, (uint32_t)(value >> 63));
    }
    value = octets(c, OCTETS, value ^ minus);
    if (has_sign && value >> 63 != 0) {
        fail(c, 0, VB_E_RANGE);
    }
    return value ^ minus;
}

static unsigned get16(const uint8_t *at) {
    uint16_t word;
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
    const uint64_t value = integer(c, has_sign, load(at, size, has_sign));
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
    value = integer(c, true, value);
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

/* Bytes, or characters: at is their reference. */
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
        uint32_t code = *p;
        unsigned size = 1, stands = 1;
        if (!text) {
            utf[0] = (uint8_t)bits(c, 8, 0xFF, code);
        } else {
            if (c->writing) {
                while (stands < 4 && p + stands < end && goes_on(p[stands])) {
                    ++stands;
                }
                code &= 0xFFu >> stands;
                for (unsigned k = 1; k < stands; ++k) {
                    code = code << 6 | (p[k] & 0x3Fu);
                }
            }
            code = (uint32_t)octets(c, 28, code);
            size = utf8(code, utf);
        }
        if (size == 0 || (c->writing && (size != stands || memcmp(p, utf, size) != 0))) {
            fail(c, 0, VB_E_RANGE);
        } else if (count - 1 + size > (size_t)(end - p)) {
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
    } else if (p != end) {
        fail(c, 0, VB_E_RANGE);
    }
}

/* An integer without bounds: sign, then groups of seven bits, least first; of a negative one the amount less one. */
static void big(struct codec *c, uint8_t *at) {
    int32_t held, octet, bit = 0;
    if (c->writing) {
        const uint8_t *p = c->heap.block + get16(at);
        unsigned len = get16(at + 2) - 1;
        bool minus = *p++ != 0;
        while (len > 0 && *p == 0) {
            ++p;
            --len;
        }
        minus = minus && len != 0;
        held = -(int32_t)bits(c, 1, 1, minus);
        do {
            while (bit < 14 && len > 0) { /* more than is written next: is there more? */
                held += p[--len] << bit;
                bit += 8;
            }
            octet = held & 0x7F;
            held >>= 7;
            bit -= 7;
            octet |= held != 0 || len != 0 ? 0x80 : 0;
            bits(c, 8, 0xFF, (uint32_t)octet);
        } while (octet >= 0x80);
        return;
    }
    uint8_t *const start = c->heap.block + c->heap.used, *const end = c->heap.block + c->heap.cap;
    uint8_t *to = end; /* written from the end on, then brought to its place */
    const uint8_t minus = (uint8_t)bits(c, 1, 1, 0);
    held = minus;
    if (start == end) {
        fail(c, 0, VB_E_SPACE);
    }
    do {
        octet = (int32_t)bits(c, 8, 0xFF, 0);
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
    *start = minus;
    memmove(start + 1, to, (size_t)(end - to));
    put16(at, c->heap.used);
    put16(at + 2, (unsigned)(end - to) + 1);
    c->heap.used += (uint32_t)(end - to) + 1;
}

static void value(struct codec *c, const struct vb_exi_row *row, uint8_t *at, unsigned before) {
    const unsigned kind = row->op & VB_ROW_KIND;
    if (kind == VB_ROW_SCALED) {
        scaled(c, at);
    } else {
        zeros(c, row->op & VB_ROW_BARE ? 0 : before);
        if (kind == VB_ROW_BIG || kind == VB_ROW_BYTES || kind == VB_ROW_TEXT) {
            if (c->writing && get16(at) + get16(at + 2) > c->heap.used) {
                fail(c, 0, VB_E_STATE);
                return;
            }
            if (kind != VB_ROW_BIG) {
                bytes(c, row, at);
            } else if (c->writing && get16(at + 2) < 2) {
                fail(c, 0, VB_E_STATE);
            } else {
                big(c, at);
            }
        } else if (kind == VB_ROW_NUMBER) {
            number(c, row, at);
        } else {
            const bool wide = kind == VB_ROW_FIXED2;
            uint32_t raw = ((wide ? get16(at) : *at) - row->aux) & (wide ? 0xFFFFu : 0xFFu);
            raw = bits(c, vb_exi_bits_of(row->arg), row->arg, raw) + row->aux;
            if (!c->writing) {
                *at = (uint8_t)raw;
                if (wide) {
                    put16(at, raw);
                }
            }
        }
    }
    zeros(c, row->op & VB_ROW_BARE ? 0 : 1);
}

/* ---- rows ---- */

/* Writing: where the value of a row stands, NULL: it is not there. */
static uint8_t *find(struct codec *c, struct frame *top, const struct vb_exi_row *row) {
    uint8_t *const block = c->heap.block, *const base = block + top->base, *at = base + row->off;
    const unsigned kind = row->op & VB_ROW_KIND;
    if (row->op & VB_ROW_OPTIONAL) {
        return base[row->has >> 3] >> (row->has & 7) & 1 ? at : NULL;
    }
    uint32_t first = get16(at);
    if (row->op & VB_ROW_LIST) {
        const bool in_it = top->list == row->off;
        const uint32_t behind = vb_exi_node_value(row);
        const uint32_t size =
            kind >= VB_ROW_STRUCT ? VB_EXI_UNITS(row->aux) : vb_exi_simple_size(row);
        if (in_it) {
            first = top->node;
        }
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
static bool another(struct codec *c, struct frame *top, const struct vb_exi_row *row) {
    while (row->op & VB_ROW_CHOICE) {
        do {
            ++row;
        } while (row->op == VB_ROW_NEVER);
        if (!(row->op & VB_ROW_LIST) && find(c, top, row) != NULL) {
            return true;
        }
    }
    return false;
}

/* The elements from the first state of the root's type on. */
static void walk(struct codec *c, unsigned state) {
    struct frame *top = c->frame;
    top->base = VB_EXI_ROOT_AT;
    top->list = NO_LIST;
    for (;;) {
        const struct vb_exi_row *row = vb_exi_row(c->schema, (uint16_t)state);
        const unsigned n = row->n;
        const uint32_t start = c->at.bit;
        unsigned before = 1;
        unsigned code = 0;
        uint8_t *at = NULL;
        if (c->writing) {
            while ((at = find(c, top, row + code)) == NULL) {
                if (++code == n) { /* nothing of what must be here */
                    state += n - 1;
                    fail(c, 0, VB_E_STATE);
                    goto failed;
                }
            }
        }
        if (c->err == VB_OK) {
            if (n == 1 && (row->op & ~(VB_ROW_CHOICE | VB_ROW_OPTIONAL)) == VB_ROW_FIXED) {
                before = 2; /* the event code in one piece with CH */
            } else {
                code = bits(c, vb_exi_bits_of(n), n - 1, code);
                if (c->err == VB_OK && (row[code].op & VB_ROW_KIND) == VB_ROW_NEVER) {
                    c->at.bit = start;
                    fail(c, vb_exi_bits_of(n), VB_E_FORMAT);
                }
                if (c->err != VB_OK) {
                    c->err = c->err == VB_E_RANGE ? VB_E_FORMAT : c->err;
                    return;
                }
            }
        }
        state += code;
        row += code;
        const unsigned kind = row->op & VB_ROW_KIND;
        if (kind == VB_ROW_END) {
            goto end;
        }
        if (!c->writing) {
            at = vb_exi_room(&c->heap, row, c->heap.block + top->base);
            if (at == NULL) {
                fail(c, 0, VB_E_SPACE);
            }
            top->count = (uint16_t)(top->list == row->off ? top->count + 1 : 1);
            if (row->op & VB_ROW_LIST) {
                top->list = row->off;
            }
        }
        if (c->err != VB_OK) {
            goto failed;
        }
        if (kind < VB_ROW_STRUCT) {
            value(c, row, at, before);
        }
        if (c->writing && another(c, top, row)) {
            fail(c, 0, VB_E_STATE);
        }
        if (c->err != VB_OK) {
            goto failed;
        }
        if (kind >= VB_ROW_STRUCT) {
            c->at.row[c->at.depth++] = (uint16_t)state;
            ++top;
            top->base = (uint16_t)(at - c->heap.block);
            top->list = NO_LIST;
            state = row->arg;
            continue;
        }
        for (;;) {
            if (row->next != 0) {
                state += (unsigned)row->next;
                break;
            }
            if (row->op & VB_ROW_LIST) { /* the same again, or what follows */
                const unsigned most = vb_exi_list_max(row->has);
                if (most != 0 && top->count >= most) {
                    if (c->writing && top->node != 0) {
                        fail(c, 0, VB_E_RANGE);
                        goto failed;
                    }
                    ++state;
                }
                break;
            }
            zeros(c, 1); /* only the end can follow */
            if (c->err != VB_OK) {
                return;
            }
        end:
            if (top == c->frame) {
                return;
            }
            --top;
            state = c->at.row[--c->at.depth];
            row = vb_exi_row(c->schema, (uint16_t)state);
        }
    }
failed:
    c->at.row[c->at.depth++] = (uint16_t)state;
}

static int message(struct codec *c, struct vb_exi_block *head, struct vb_exi_place *place) {
    const unsigned kind = head->kind, width = kind < 3 ? c->schema->root_bits[kind] : 0;
    if (bits(c, 8, 0xFF, HEADER) != HEADER) {
        c->at.bit = 0;
        fail(c, 8, VB_E_FORMAT);
    }
    const unsigned key = kind << VB_EXI_ROOT_KIND | bits(c, width, UINT16_MAX, head->root);
    const struct vb_exi_root *root = vb_exi_root_find(c->schema, key);
    if (root == NULL) {
        c->at.bit = c->writing || c->err != VB_OK ? 0 : 8;
        fail(c, width, c->writing ? VB_E_STATE : VB_E_FORMAT);
    } else if (c->err == VB_OK) {
        c->at.row[0] = root->key;
        c->at.depth = 1;
        if (c->writing ? VB_EXI_ROOT_AT + VB_EXI_UNITS(root->size) > c->heap.used
                       : vb_exi_allocate(&c->heap, VB_EXI_UNITS(root->size), 8) == NULL) {
            c->at.bit = 0;
            fail(c, 0, c->writing ? VB_E_STATE : VB_E_SPACE);
        } else {
            head->root = key & ((1u << VB_EXI_ROOT_KIND) - 1);
            walk(c, root->type);
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
        if (c->err == VB_OK) {
            c->err = c->writing ? VB_E_SPACE : VB_E_MORE;
        }
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
