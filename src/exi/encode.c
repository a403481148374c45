/* encode.c - from the block of a message to its bits, along the rows of its schema.
 *
 * The mirror of decode.c. A block may have been made by hand: whatever stands in it, nothing is read outside of it
 * and nothing written outside the caller's buffer.
 * Facts: reference/exi-facts.md.
 * SPDX-License-Identifier: MIT */
#include "exi/table.h"

#if !defined __OPTIMIZE_SIZE__ /* for size there is small.c */

#include <string.h>

#include "exi/bits.h"
#include "exi/present.h"
#include "exi/where.h"

#define NO_LIST 0xFF

struct frame {
    const struct vb_exi_row *row; /* the element */
    const uint8_t *base;          /* the struct that it stands in */
    uint16_t node, count;         /* the next node of a list in it, and how many have been */
    uint8_t list;                 /* offset of that list */
};

struct encoder {
    struct vb_exi_out out;
    const struct vb_exi_schema *schema;
    const uint8_t *block;
    uint32_t used;
    unsigned depth;
    bool any_length;
    struct frame frame[VB_EXI_FRAMES];
};

/* ---- values ---- */

INLINE void octets(struct vb_exi_out *out, uint64_t value) {
    while (value >= 0x80) {
        vb_exi_put(out, 8, 0x80 | (vb_exi_word)(value & 0x7F));
        value >>= 7;
    }
    vb_exi_put(out, 8, (vb_exi_word)value);
}

/* A number and behind it ends zeros: up to three octets in one piece. */
INLINE void number(struct vb_exi_out *out, uint64_t value, unsigned ends) {
    if (value < 1u << 21) {
        vb_exi_word piece = (vb_exi_word)value;
        unsigned count = 8;
        if (value >= 0x80) {
            const vb_exi_word first = (piece & 0x7F) | 0x80;
            piece >>= 7;
            count = 16;
            if (value >= 0x4000) {
                piece = (piece & 0x7F) << 8 | 0x8000 | piece >> 7;
                count = 24;
            }
            piece |= first << (count - 8);
        }
        vb_exi_put(out, count + ends, piece << ends);
        return;
    }
    octets(out, value);
    vb_exi_put(out, ends, 0);
}

/* Does a row allow a length? */
static bool fits(const struct vb_exi_row *row, uint32_t len) {
    const uint32_t least = row->aux == 0xFF ? row->arg : row->aux;
    return len >= least && (row->arg == UINT16_MAX || len <= row->arg);
}

/* Bytes as they are. */
INLINE void copy(struct vb_exi_out *out, const uint8_t *p, uint32_t len) {
    while (len >= 4) {
        uint32_t word;
        memcpy(&word, p, sizeof word);
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        word = __builtin_bswap32(word);
#endif
        vb_exi_put(out, 32, word);
        p += 4;
        len -= 4;
    }
    vb_exi_word rest = 0;
    for (uint32_t i = 0; i < len; ++i) {
        rest = rest << 8 | p[i];
    }
    vb_exi_put(out, 8 * len, rest);
}

/* The character of UTF-8 at p, of at most len bytes; returns its length, 0 = there is none. */
static uint32_t character(const uint8_t *p, uint32_t len, uint32_t *code) {
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    const uint32_t more = *p < 0x80   ? 0
                          : *p < 0xC0 ? 4
                          : *p < 0xE0 ? 1
                          : *p < 0xF0 ? 2
                          : *p < 0xF8 ? 3
                                      : 4;
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

/* Text with characters above 127: each has octets of its own. */
OUTLINE int text(struct vb_exi_out *out, const struct vb_exi_row *row, const uint8_t *p,
                 uint32_t len, bool any_length) {
    uint32_t count = 0, code = 0;
    for (uint32_t i = 0; i < len; ++count) {
        const uint32_t size = character(p + i, len - i, &code);
        if (size == 0) {
            return VB_E_RANGE;
        }
        i += size;
    }
    if (!any_length && !fits(row, count)) {
        return VB_E_RANGE;
    }
    octets(out, count + 2u);
    for (uint32_t i = 0; i < len;) {
        i += character(p + i, len - i, &code);
        octets(out, code);
    }
    return VB_OK;
}

/* Has it a byte above 127? */
INLINE bool is_ascii(const uint8_t *p, uint32_t len) {
    uint64_t all = 0, word;
    if (len >= 8) {
        const uint8_t *const last = p + len - 8;
        memcpy(&all, last, sizeof all); /* perhaps some of them again below */
        for (; p < last; p += 8) {
            memcpy(&word, p, sizeof word);
            all |= word;
        }
        len = 0;
    }
    uint8_t rest = 0;
    while (len-- > 0) {
        rest |= *p++;
    }
    return ((all & 0x8080808080808080u) | (rest & 0x80u)) == 0;
}

/* Bit k of a number of len bytes, most significant first. */
OUTLINE unsigned bit_of(const uint8_t *p, uint32_t len, uint32_t k) {
    return k / 8 < len ? (unsigned)p[len - 1 - k / 8] >> k % 8 & 1u : 0;
}

OUTLINE void big(struct vb_exi_out *out, const uint8_t *p, uint32_t len) {
    const uint8_t *const amount = p + 1;
    int32_t k = 0, top = 8 * ((int32_t)len - 1) - 1; /* the highest bit that is 1; -1: none */
    while (top >= 0 && bit_of(amount, len - 1, (uint32_t)top) == 0) {
        --top;
    }
    bool more, less = p[0] != 0 && top >= 0; /* of a negative one the amount less one is sent */
    vb_exi_put(out, 1, less);
    do {
        unsigned octet = 0;
        for (unsigned i = 0; i < 7; ++i, ++k) {
            const bool bit = bit_of(amount, len - 1, (uint32_t)k) != 0;
            octet |= (unsigned)(bit != less) << i;
            less = less && !bit;
        }
        more = less ? k < top : k <= top; /* where there is one to take away, that may be all */
        vb_exi_put(out, 8, (unsigned)more << 7 | octet);
    } while (more);
}

/* Text, bytes, a large integer: what stands behind a reference. */
OUTLINE int referred(struct encoder *e, const struct vb_exi_row *row, const uint8_t *ref) {
    const uint32_t at = vb_exi_get16(ref + offsetof(struct vb_exi_bytes, at));
    const uint32_t len = vb_exi_get16(ref + offsetof(struct vb_exi_bytes, len));
    const uint8_t *p = e->block + at;
    const unsigned kind = row->op & VB_ROW_KIND;
    if (at + len > e->used || (kind == VB_ROW_BIG && len < 2)) {
        return VB_E_STATE;
    }
    struct vb_exi_out *const out = &e->out;
    int err = VB_OK;
    if (kind == VB_ROW_BIG) {
        big(out, p, len);
    } else if (kind == VB_ROW_TEXT && !is_ascii(p, len)) {
        err = text(out, row, p, len, e->any_length);
    } else if (!e->any_length && !fits(row, len)) {
        err = VB_E_RANGE;
    } else {
        octets(out, kind == VB_ROW_TEXT ? len + 2u : len);
        copy(out, p, len);
    }
    if (!(row->op & VB_ROW_BARE)) {
        vb_exi_put(out, 1, 0);
    }
    return err;
}

/* A number of a block; one with a sign comes with it in all 64 bits. */
INLINE uint64_t stored(const uint8_t *at, unsigned arg) {
    const unsigned size = VB_ROW_SIZE(arg);
    const bool has_sign = (arg & VB_ROW_SIGNED) != 0;
    uint32_t four;
    uint64_t eight;
    if (size == 4) {
        memcpy(&four, at, sizeof four);
        return has_sign ? (uint64_t)(int32_t)four : four;
    }
    if (size == 2) {
        four = vb_exi_get16(at);
        return has_sign ? (uint64_t)(int16_t)four : four;
    }
    memcpy(&eight, at, sizeof eight);
    return eight;
}

/* ---- rows ---- */

/* The next node of a list as the element of a row, its value in *at; 0 = there is none. */
INLINE uint32_t next_node(const struct encoder *e, struct frame *top, const struct vb_exi_row *row,
                          const uint8_t *base, const uint8_t **at) {
    uint32_t node = vb_exi_get16(base + row->off), count = 1;
    if (top->list == row->off) {
        node = top->node;
        count += top->count;
    }
    if (node == 0) {
        return 0;
    }
    const uint32_t behind = vb_exi_node_value(row);
    const uint32_t size =
        (row->op & VB_ROW_KIND) >= VB_ROW_STRUCT ? VB_EXI_UNITS(row->aux) : vb_exi_simple_size(row);
    const uint8_t *const p = e->block + node;
    if (node + behind + size > e->used ||
        vb_exi_get16(p + offsetof(struct vb_exi_node, which)) != vb_exi_list_which(row->has)) {
        return 0;
    }
    const uint32_t next = vb_exi_get16(p);
    top->node = (uint16_t)(next > node ? next : 0); /* nodes go upwards: no circle */
    top->count = (uint16_t)count;
    top->list = row->off;
    *at = p + behind;
    return node;
}

/* Is another alternative of the same choice there too? */
OUTLINE bool another(const uint8_t *base, const struct vb_exi_row *row) {
    while (row->op & VB_ROW_CHOICE) {
        do {
            ++row;
        } while (row->op == VB_ROW_NEVER);
        if (!(row->op & VB_ROW_LIST) && vb_exi_marked(base, row)) {
            return true;
        }
    }
    return false;
}

/* The elements of a struct at base, and those around it, of which depth are open. */
INLINE int elements(struct encoder *e, struct vb_exi_out *out, const struct vb_exi_row *state,
                    const uint8_t *base, unsigned depth) {
    struct vb_exi_out o = *out;
    const uint8_t *const block = e->block;
    const struct vb_exi_scaled *const s = &e->schema->scaled;
    const struct vb_exi_row *const *const bank = e->schema->bank;
    struct frame *top = e->frame + depth;
    const struct vb_exi_row *row;
    int err;
    top->list = NO_LIST;
    for (;;) {
        const unsigned n = state->n;
        const unsigned width = vb_exi_bits_of(n);
        const uint8_t *at;
        unsigned code = 0;
        row = state;
        do {
            if (row->op & VB_ROW_OPTIONAL && !vb_exi_has(base, row)) {
                continue;
            }
            const unsigned op = row->op & (VB_ROW_KIND | VB_ROW_LIST | VB_ROW_BARE);
            at = base + row->off;
            if (op == VB_ROW_FIXED) {
            simple:;
                const unsigned bits = vb_exi_bits_of(row->arg) + 2;
                const unsigned raw = (uint8_t)(*at - row->aux);
                if (raw > row->arg) {
                    err = VB_E_RANGE;
                    goto fail;
                }
                vb_exi_put(&o, width + bits, code << bits | raw << 1);
                goto done;
            }
            if (op == VB_ROW_END) {
                vb_exi_put(&o, width, code);
                goto end;
            }
            switch (op) {
            case VB_ROW_SCALED:
            scaled : {
                uint32_t word;
                memcpy(&word, at, sizeof word);
                uint32_t value = word & ((1u << VB_EXI_SCALED_BITS) - 1);
                word >>= VB_EXI_SCALED_BITS;
                const uint32_t exponent = (word - s->exponent_low) & s->exponent_mask;
                const uint32_t unit = word >> s->exponent_bits & s->unit_mask;
                if (exponent > s->exponent_max || unit > s->unit_max) {
                    err = VB_E_RANGE;
                    goto fail;
                }
                const uint32_t minus = value >> (VB_EXI_SCALED_BITS - 1);
                value ^= (0u - minus) & ((1u << VB_EXI_SCALED_BITS) - 1);
                unsigned bits = s->head_bits;
                uint32_t head = exponent << s->exponent_at | unit << s->unit_at;
                if ((word & s->has_unit) !=
                    s->has_unit) { /* the second event code of two, then CH */
                    bits = s->exponent_bits + 6u;
                    head = exponent << 4 | 2;
                }
                const vb_exi_word first = code;
                vb_exi_put(&o, width + bits + 1, first << (bits + 1) | head << 1 | minus);
                number(&o, value, 2);
                goto done;
            }
            case VB_ROW_NUMBER:
            plain : {
                uint64_t value = stored(at, row->arg);
                if (row->arg >= VB_ROW_FROM_ONE &&
                    (value == 0 ? (row->arg & VB_ROW_FROM_ONE) != 0
                                : VB_ROW_LIMIT(row->arg) != 0 &&
                                      value > vb_exi_limits[VB_ROW_LIMIT(row->arg)])) {
                    err = VB_E_RANGE;
                    goto fail;
                }
                unsigned lead = width + 1;
                vb_exi_word first = code << 1;
                if (row->arg & VB_ROW_SIGNED) {
                    const uint64_t minus = value >> 63;
                    value ^= 0 - minus;
                    ++lead;
                    first = first << 1 | (vb_exi_word)minus;
                }
                vb_exi_put(&o, lead, first);
                number(&o, value, 1);
                goto done;
            }
            case VB_ROW_STRUCT:
            structure:
                vb_exi_put(&o, width, code);
                if (row->op & VB_ROW_CHOICE && another(base, row)) {
                    err = VB_E_STATE;
                    goto fail;
                }
                top->row = row;
                top->base = base;
                ++top;
                top->list = NO_LIST;
                base = at;
                state = bank[row->arg >> VB_EXI_BANK_SHIFT] +
                        (row->arg & ((1u << VB_EXI_BANK_SHIFT) - 1));
                goto next;
            case VB_ROW_BODY: { /* its tag is the event code, and one */
                const uint32_t tag = vb_exi_get16(at);
                if (tag == 0 || tag >= n || state[tag - 1].op != VB_ROW_BODY) {
                    code = n - 2; /* perhaps it may be empty */
                    row = state + code;
                    continue;
                }
                code = tag - 1;
                row = state + code;
                at += offsetof(struct vb_exi_choice, at);
            }
                /* fall through */
            case VB_ROW_FAR: {
                const uint32_t far = vb_exi_get16(at);
                if (far == 0) {
                    if (op == VB_ROW_FAR) {
                        continue;
                    }
                    err = VB_E_STATE; /* a tag without its struct */
                    goto fail;
                }
                if (far + VB_EXI_UNITS(row->aux) > e->used) {
                    err = VB_E_STATE;
                    goto fail;
                }
                at = block + far;
                goto structure;
            }
            case VB_ROW_NEVER:
                continue;
            default:
                if (row->op & VB_ROW_LIST) {
                    if (next_node(e, top, row, base, &at) == 0) {
                        continue;
                    }
                    const unsigned kind = row->op & VB_ROW_KIND;
                    if (kind == VB_ROW_FIXED) {
                        goto simple;
                    }
                    if (kind == VB_ROW_STRUCT) {
                        goto structure;
                    }
                    if (kind == VB_ROW_SCALED) {
                        goto scaled;
                    }
                    if (kind == VB_ROW_NUMBER) {
                        goto plain;
                    }
                } else if (!vb_exi_marked(base, row)) {
                    continue;
                }
                vb_exi_put(&o, width, code);
                const unsigned around = row->op & VB_ROW_BARE ? 0 : 1;
                if ((row->op & VB_ROW_KIND) <= VB_ROW_FIXED2) {
                    const unsigned wide = (row->op & VB_ROW_KIND) == VB_ROW_FIXED2;
                    const unsigned raw =
                        ((wide ? vb_exi_get16(at) : *at) - row->aux) & (wide ? 0xFFFF : 0xFF);
                    if (raw > row->arg) {
                        err = VB_E_RANGE;
                        goto fail;
                    }
                    vb_exi_put(&o, vb_exi_bits_of(row->arg) + 2 * around, raw << around);
                    goto done;
                }
                vb_exi_put(&o, around, 0);
                const uint32_t bytes = vb_exi_get16(at);
                const uint32_t len = vb_exi_get16(at + offsetof(struct vb_exi_bytes, len));
                const uint8_t *const p = block + bytes;
                const bool is_text = (row->op & VB_ROW_KIND) == VB_ROW_TEXT;
                if (len < 0x7E && (row->op & VB_ROW_KIND) != VB_ROW_BIG && bytes + len <= e->used &&
                    fits(row, len) && (!is_text || is_ascii(p, len))) { /* short, as most are */
                    vb_exi_put(&o, 8, len + 2 * is_text);
                    copy(&o, p, len);
                    vb_exi_put(&o, around, 0);
                    goto done;
                }
                e->out = o;
                err = referred(e, row, at);
                o = e->out;
                if (err != VB_OK) {
                    goto fail;
                }
                goto done;
            }
        } while (++row, ++code < n);
        --row; /* nothing of what must be here */
        err = VB_E_STATE;
        goto fail;
    done:
        if (row->op & VB_ROW_CHOICE && another(base, row)) {
            err = VB_E_STATE;
            goto fail;
        }
        while (row->next == 0) {
            if (row->op & VB_ROW_LIST) { /* the same again, or what follows */
                const unsigned most = vb_exi_list_max(row->has);
                state = row;
                if (most != 0 && top->count >= most) {
                    ++state;
                    if (top->node != 0) {
                        err = VB_E_RANGE;
                        goto fail;
                    }
                }
                goto next;
            }
            vb_exi_put(&o, 1, 0); /* only the end can follow */
        end:
            if (top == e->frame) {
                *out = o;
                return VB_OK;
            }
            --top;
            row = top->row;
            base = top->base;
        }
        state = row + row->next;
    next:;
    }
fail:
    top->row = row;
    ++top;
    e->depth = (unsigned)(top - e->frame);
    *out = o;
    return err;
}

/* The usual beginning of a message in one piece, up to the element in its body. Returns that element's struct with its
 * first state, or NULL: not as usual, nothing is written. */
INLINE const uint8_t *usual(struct encoder *e, struct vb_exi_out *out,
                            const struct vb_exi_row **state) {
    const struct vb_exi_usual *u = &e->schema->usual;
    const uint8_t *const base = e->block + VB_EXI_ROOT_AT;
    const struct vb_exi_row *const body = vb_exi_row(e->schema, u->body);
    const struct vb_exi_row *row = vb_exi_row(e->schema, body->arg);
    const uint32_t id = vb_exi_get16(base + u->id), len = vb_exi_get16(base + u->id + 2);
    const uint32_t code = vb_exi_get16(base + body->off) - 1;
    const uint32_t at = vb_exi_get16(base + body->off + 2);
    if (base[u->has] != 0 || vb_exi_get16(base + u->ref) != 0 || len > 8 || id == 0 ||
        id + 8 > e->used || code >= row->n || row[code].op != VB_ROW_BODY || at == 0 ||
        at + VB_EXI_UNITS(row[code].aux) > e->used) {
        return NULL;
    }
    row += code;
    const unsigned front = u->begin_bits + 8u, behind = u->end_bits + u->body_bits;
    const vb_exi_word tail = (vb_exi_word)u->end << u->body_bits | code;
#if defined __BYTE_ORDER__ && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (len == 8 && VB_EXI_WORD_BITS == 64 && out->cap >= 12) { /* twelve bytes, and what is left */
        const vb_exi_word bytes = vb_exi_load(e->block + id);
        const vb_exi_word rest = (bytes & (((vb_exi_word)1 << front) - 1)) << behind | tail;
        vb_exi_store(out->data,
                     (vb_exi_word)(u->begin << 8 | len) << (64 - front) | bytes >> front);
        out->have = front + behind - 32;
        const uint32_t half = __builtin_bswap32((uint32_t)(rest >> out->have));
        memcpy(out->data + 8, &half, sizeof half);
        out->pos = 12;
        out->held = rest;
    } else
#endif
    {
        vb_exi_put(out, front, u->begin << 8 | len);
        for (uint32_t i = 0; i < len; ++i) {
            vb_exi_put(out, 8, e->block[id + i]);
        }
        vb_exi_put(out, behind, tail);
    }
    e->frame[0] = (struct frame){.row = body, .base = base, .list = NO_LIST};
    e->frame[1] = (struct frame){.row = row, .base = base + body->off, .list = NO_LIST};
    *state = vb_exi_row(e->schema, row->arg);
    return e->block + at;
}

INLINE int message(struct encoder *e, struct vb_exi_out *out, const struct vb_exi_block *head,
                   const struct vb_exi_root *root) {
    if (root == NULL || VB_EXI_ROOT_AT + VB_EXI_UNITS(root->size) > head->used) {
        e->depth = 0;
        return VB_E_STATE;
    }
    const unsigned width = e->schema->root_bits[head->kind];
    const struct vb_exi_row *state;
    const uint8_t *at = NULL;
    unsigned depth = 2;
    if (VB_EXI_WORD_BITS == 64 && e->schema->usual.begin_bits != 0 &&
        head->kind == VB_EXI_DOCUMENT) {
        at = usual(e, out, &state);
    }
    if (at == NULL) {
        vb_exi_put(out, 8, VB_EXI_HEADER);
        vb_exi_put(out, width, head->root);
        state = vb_exi_row(e->schema, root->type);
        at = e->block + VB_EXI_ROOT_AT;
        depth = 0;
    }
    const int err = elements(e, out, state, at, depth);
    if (err == VB_OK && head->kind != VB_EXI_DOCUMENT) {
        vb_exi_put(out, width, e->schema->names[head->kind] + 1u);
    }
    return err;
}

int vb_exi_encode(const struct vb_exi_schema *schema, const void *block, uint8_t *exi, size_t cap,
                  struct vb_exi_place *place) {
    struct encoder e;
    struct vb_exi_block head;
    memcpy(&head, block, sizeof head);
    e.schema = schema;
    e.block = block;
    e.used = head.used;
    e.any_length = (head.flags & VB_EXI_ANY_LENGTH) != 0;
    struct vb_exi_out out;
    out = (struct vb_exi_out){.data = exi, .cap = cap};
    unsigned key = (unsigned)head.kind << VB_EXI_ROOT_KIND | head.root;
    const struct vb_exi_root *root = schema->root + (head.root < schema->roots ? head.root : 0);
    if (root->key != key) { /* neither the only one nor the one at the place of its code */
        if (head.root >> VB_EXI_ROOT_KIND !=
            0) { /* a root beyond those of its kind is of no kind */
            key = UINT32_MAX;
        }
        root = vb_exi_root_find(schema, key);
    }
    int err = message(&e, &out, &head, root);
    if (place != NULL) {
        vb_exi_where(schema, key, e.frame, sizeof e.frame[0], err != VB_OK ? e.depth : 0, place,
                     8 * out.pos + out.have);
    }
    vb_exi_finish(&out);
    if (err == VB_OK && out.pos > out.cap) {
        err = VB_E_SPACE;
    }
    return err != VB_OK ? err : (int)out.pos;
}

#endif
