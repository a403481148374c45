/* encode.c - from the block of a message to its bits, along the rows of its schema.
 *
 * The mirror of decode.c. A block may have been made by hand: whatever stands in it, nothing is read outside of it
 * and nothing written outside the caller's buffer.
 * Facts: reference/exi-facts.md.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "exi/bits.h"
#include "exi/present.h"
#include "exi/table.h"

#define HEADER 0x80

struct frame {
    const struct vb_exi_row *row; /* the element */
    struct vb_exi_cursor cursor;  /* in the struct that it stands in */
};

struct encoder {
    struct vb_exi_out out;
    const struct vb_exi_schema *schema;
    const uint8_t *block;
    unsigned depth;
    bool any_length;
    struct frame frame[VB_EXI_DEPTH_MAX];
};

static uint32_t get16(const uint8_t *block, uint32_t at) {
    uint16_t word;
    memcpy(&word, block + at, sizeof word);
    return word;
}

/* ---- values ---- */

static void octets(struct encoder *e, uint64_t value) {
    while (value >= 0x80) {
        vb_exi_put(&e->out, 8, 0x80 | (vb_exi_word)(value & 0x7F));
        value >>= 7;
    }
    vb_exi_put(&e->out, 8, (vb_exi_word)value);
}

static int number(struct encoder *e, const struct vb_exi_row *row, const uint8_t *at) {
    const unsigned size = VB_ROW_SIZE(row->arg);
    const bool is_signed = (row->arg & VB_ROW_SIGNED) != 0;
    uint64_t value = 0;
    uint32_t four;
    if (size == 2) {
        value = get16(at, 0);
    } else if (size == 4) {
        memcpy(&four, at, sizeof four);
        value = four;
    } else {
        memcpy(&value, at, sizeof value);
    }
    if (is_signed) {
        const bool minus = value >> (8 * size - 1) != 0;
        if (minus) {
            value = ~value & UINT64_MAX >> (64 - 8 * size);
        }
        vb_exi_put(&e->out, 1, minus);
    }
    if ((VB_ROW_LIMIT(row->arg) != 0 && value > vb_exi_limits[VB_ROW_LIMIT(row->arg)]) ||
        ((row->arg & VB_ROW_FROM_ONE) != 0 && value == 0)) {
        return VB_E_RANGE;
    }
    octets(e, value);
    return VB_OK;
}

static int scaled(struct encoder *e, const uint8_t *at) {
    const struct vb_exi_scaled *s = &e->schema->scaled;
    uint32_t word;
    memcpy(&word, at, sizeof word);
    const uint32_t above = word >> VB_EXI_SCALED_BITS;
    const uint32_t sign = 1u << (s->exponent_bits - 1);
    const uint32_t low = (uint32_t)s->exponent_low;
    const uint32_t raw = ((above & (2 * sign - 1)) ^ sign) - sign - low;
    if (raw > s->exponent_max) {
        return VB_E_RANGE;
    }
    vb_exi_put(&e->out, s->exponent_bits + 3u, raw << 1);
    if (s->unit_bits != 0) {
        if (s->unit_optional && above >> (s->exponent_bits + s->unit_bits) == 0) {
            vb_exi_put(&e->out, 2, 1); /* straight on to the value */
        } else {
            const uint32_t unit = above >> s->exponent_bits & ((1u << s->unit_bits) - 1);
            if (unit > s->unit_max) {
                return VB_E_RANGE;
            }
            vb_exi_put(&e->out, s->unit_bits + 4u + s->unit_optional, unit << 2);
        }
    } else {
        vb_exi_put(&e->out, 1, 0);
    }
    const uint32_t top = 1u << (VB_EXI_SCALED_BITS - 1);
    uint32_t value = word & (2 * top - 1);
    const bool minus = (value & top) != 0;
    if (minus) {
        value = ~value & (2 * top - 1);
    }
    vb_exi_put(&e->out, 2, minus); /* CH and sign */
    octets(e, value);
    vb_exi_put(&e->out, 2, 0);
    return VB_OK;
}

/* Does a row allow a length? */
static bool long_enough(const struct encoder *e, const struct vb_exi_row *row, uint32_t len) {
    const uint32_t least = row->aux < 0 ? row->arg : (uint32_t)row->aux;
    return e->any_length ||
           ((row->op & VB_ROW_LIST || len >= least) && (row->arg == UINT16_MAX || len <= row->arg));
}

static int bytes(struct encoder *e, const struct vb_exi_row *row, const uint8_t *p, uint32_t len) {
    if (!long_enough(e, row, len)) {
        return VB_E_RANGE;
    }
    octets(e, len);
    for (uint32_t i = 0; i < len; ++i) {
        vb_exi_put(&e->out, 8, p[i]);
    }
    return VB_OK;
}

/* The character of UTF-8 at p, of at most len bytes; returns its length, 0 = there is none. */
static uint32_t character(const uint8_t *p, uint32_t len, uint32_t *code) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const uint32_t more = *p < 0x80 ? 0 : *p < 0xC0 ? 4 : *p < 0xE0 ? 1 : *p < 0xF0 ? 2 : 3;
    if (more >= len || more > 3) {
        return 0;
    }
    *code = more == 0 ? *p : *p & (0x3Fu >> more);
    for (uint32_t k = 1; k <= more; ++k) {
        if ((p[k] & 0xC0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (p[k] & 0x3Fu);
    }
    if (*code < least[more] || *code > 0x10FFFF || (*code >= 0xD800 && *code < 0xE000)) {
        return 0;
    }
    return more + 1;
}

static int text(struct encoder *e, const struct vb_exi_row *row, const uint8_t *p, uint32_t len) {
    uint32_t count = 0, code = 0;
    for (uint32_t i = 0; i < len; ++count) {
        const uint32_t size = character(p + i, len - i, &code);
        if (size == 0) {
            return VB_E_RANGE;
        }
        i += size;
    }
    if (!long_enough(e, row, count)) {
        return VB_E_RANGE;
    }
    octets(e, count + 2u);
    for (uint32_t i = 0; i < len;) {
        i += character(p + i, len - i, &code);
        octets(e, code);
    }
    return VB_OK;
}

/* Bit k of a number of len bytes, most significant first. */
static unsigned bit_of(const uint8_t *p, uint32_t len, uint32_t k) {
    return k / 8 < len ? (unsigned)p[len - 1 - k / 8] >> k % 8 & 1u : 0;
}

static int big(struct encoder *e, const uint8_t *p, uint32_t len) {
    const bool minus = p[0] != 0;
    ++p;
    --len;
    while (len > 0 && *p == 0) {
        ++p;
        --len;
    }
    const bool less = minus && len > 0; /* its amount less one is what is sent */
    uint32_t bits = 8 * len;
    while (bits > 0 && bit_of(p, len, bits - 1) == 0) {
        --bits;
    }
    bool borrow = less;
    vb_exi_put(&e->out, 1, less);
    uint32_t k = 0;
    /* the highest bit goes where the amount is a power of two */
    bool power = less;
    for (uint32_t i = 0; power && i + 1 < bits; ++i) {
        power = bit_of(p, len, i) == 0;
    }
    if (power && bits > 0) {
        --bits;
    }
    do {
        unsigned octet = 0;
        for (unsigned i = 0; i < 7; ++i, ++k) {
            unsigned bit = bit_of(p, len, k);
            if (borrow) {
                borrow = bit == 0;
                bit ^= 1;
            }
            octet |= (k < bits ? bit : 0) << i;
        }
        vb_exi_put(&e->out, 8, octet | (k < bits ? 0x80u : 0));
    } while (k < bits);
    return VB_OK;
}

static int value(struct encoder *e, const struct vb_exi_row *row, const uint8_t *at) {
    const unsigned kind = row->op & VB_ROW_KIND;
    if (kind == VB_ROW_SCALED) {
        return scaled(e, at);
    }
    const unsigned around = (row->op & VB_ROW_BARE) != 0 ? 0 : 1; /* CH, EE */
    if (kind == VB_ROW_FIXED || kind == VB_ROW_FIXED2) {
        unsigned stored = kind == VB_ROW_FIXED2 ? get16(at, 0) : *at;
        if (row->aux < 0) {
            stored = (stored ^ 0x80) - 0x80; /* int8_t */
        }
        const unsigned raw = stored - (unsigned)row->aux;
        if (raw > row->arg) {
            return VB_E_RANGE;
        }
        vb_exi_put(&e->out, vb_exi_bits_of(row->arg) + 2 * around, raw << around);
        return VB_OK;
    }
    if (around != 0) {
        vb_exi_put(&e->out, 1, 0);
    }
    int err;
    const uint8_t *p = e->block + get16(at, offsetof(struct vb_exi_bytes, at));
    const uint32_t len = get16(at, offsetof(struct vb_exi_bytes, len));
    switch (kind) {
    case VB_ROW_NUMBER:
        err = number(e, row, at);
        break;
    case VB_ROW_BYTES:
        err = bytes(e, row, p, len);
        break;
    case VB_ROW_TEXT:
        err = text(e, row, p, len);
        break;
    default:
        err = big(e, p, len);
        break;
    }
    if (around != 0) {
        vb_exi_put(&e->out, 1, 0);
    }
    return err;
}

/* ---- rows ---- */

/* Is another alternative of the same choice there too? */
static bool another(const struct encoder *e, const struct vb_exi_row *row,
                    const struct vb_exi_cursor *cursor) {
    uint32_t at;
    while (row->n & VB_ROW_CHOICE) {
        do {
            ++row;
        } while (row->op == VB_ROW_NEVER);
        if (vb_exi_there(e->schema, e->block, row, cursor, &at)) {
            return true;
        }
    }
    return false;
}

static int elements(struct encoder *e, const struct vb_exi_row *state, uint32_t base) {
    struct vb_exi_cursor cursor = {.base = (uint16_t)base, .list = 0xFF};
    for (;;) {
        uint32_t at = 0;
        const struct vb_exi_row *row = vb_exi_present(e->schema, e->block, state, &cursor, &at);
        if (row == NULL) {
            return VB_E_STATE;
        }
        e->frame[e->depth] = (struct frame){row, cursor};
        ++e->depth;
        if ((row->n & VB_ROW_CHOICE) && another(e, row, &cursor)) {
            return VB_E_STATE;
        }
        vb_exi_put(&e->out, vb_exi_bits_of(state->n & ~VB_ROW_CHOICE), (vb_exi_word)(row - state));
        if (e->out.pos > e->out.cap) {
            return VB_E_SPACE;
        }
        const unsigned kind = row->op & VB_ROW_KIND;
        if (kind == VB_ROW_STRUCT || kind == VB_ROW_BODY) {
            state = vb_exi_row(e->schema, row->arg) + 1;
            cursor = (struct vb_exi_cursor){.base = (uint16_t)at, .list = 0xFF};
            continue;
        }
        if (kind != VB_ROW_END) {
            const int err = value(e, row, e->block + at);
            if (err != VB_OK) {
                return err;
            }
        }
        for (;;) {
            if ((row->op & VB_ROW_KIND) != VB_ROW_END) {
                const unsigned most = row->op & VB_ROW_LIST ? vb_exi_list_max(row->has) : 0;
                state = vb_exi_after(row, e->block, &cursor);
                if (most != 0 && cursor.count >= most) {
                    if (cursor.node != 0) {
                        return VB_E_RANGE;
                    }
                    ++state;
                }
                if (state != NULL) {
                    --e->depth;
                    break;
                }
                vb_exi_put(&e->out, 1, 0);
            }
            --e->depth;
            if (e->depth == 1) {
                return VB_OK;
            }
            row = e->frame[e->depth - 1].row;
            cursor = e->frame[e->depth - 1].cursor;
        }
    }
}

static int message(struct encoder *e, const struct vb_exi_block *head) {
    const struct vb_exi_schema *schema = e->schema;
    if (head->kind > VB_EXI_XFRAGMENT || head->root >= schema->roots[head->kind] ||
        schema->root[head->kind][head->root] == VB_EXI_ROOT_NEVER) {
        return VB_E_STATE;
    }
    const struct vb_exi_row *row = vb_exi_row(schema, schema->root[head->kind][head->root]);
    const unsigned width = schema->root_bits[head->kind];
    vb_exi_put(&e->out, 8, HEADER);
    vb_exi_put(&e->out, width, head->root);
    e->depth = 1;
    int err;
    if (row->op == VB_ROW_TYPE) {
        err = head->used < VB_EXI_ROOT_AT + row->arg ? VB_E_STATE
                                                     : elements(e, row + 1, VB_EXI_ROOT_AT);
    } else if (head->used < VB_EXI_ROOT_AT + 8) {
        err = VB_E_STATE;
    } else {
        err = value(e, row, e->block + VB_EXI_ROOT_AT);
    }
    if (err == VB_OK && head->kind != VB_EXI_DOCUMENT) {
        vb_exi_put(&e->out, width, schema->roots[head->kind] + 1u);
    }
    return err;
}

int vb_exi_encode(const struct vb_exi_schema *schema, const void *block, uint8_t *exi, size_t cap,
                  struct vb_exi_place *place) {
    struct encoder e;
    e.schema = schema;
    e.block = block;
    e.depth = 0;
    e.out = (struct vb_exi_out){.data = exi, .cap = cap < INT32_MAX ? cap : INT32_MAX};
    struct vb_exi_block head;
    memcpy(&head, block, sizeof head);
    e.any_length = (head.flags & VB_EXI_ANY_LENGTH) != 0;
    int err = message(&e, &head);
    if (place != NULL) {
        *place = (struct vb_exi_place){.bit = (uint32_t)(8 * e.out.pos + e.out.have),
                                       .depth = (uint8_t)e.depth};
        place->row[0] = (uint16_t)((unsigned)head.kind << 14 | head.root);
        uint16_t type = e.depth == 0 ? 0 : schema->root[head.kind][head.root];
        for (unsigned i = 1; i < e.depth; ++i) {
            const struct vb_exi_row *row = e.frame[i].row;
            place->row[i] = (uint16_t)(type + (row - vb_exi_row(schema, type)));
            type = row->arg;
        }
    }
    if (e.out.have % 8 != 0) {
        vb_exi_put(&e.out, 8 - e.out.have % 8, 0);
    }
    vb_exi_flush(&e.out);
    if (err == VB_OK && e.out.pos > e.out.cap) {
        err = VB_E_SPACE;
    }
    return err != VB_OK ? err : (int)e.out.pos;
}
