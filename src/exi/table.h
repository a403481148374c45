/* table.h - the grammar of a schema as const tables, made by tools/exi_tables.
 *
 * A row is one production: what may come next, and where it stands in the struct. A state is a pointer to a row: its
 * productions are that row and the n - 1 behind it, so the event code is a distance, and the states of a sequence
 * with optional elements share their rows. Each type is a run of rows. Rows that several schemas
 * have in common stand in banks of their own.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_TABLE_H
#define EXI_TABLE_H

#include "voltbus/exi.h"

enum vb_exi_op {
    VB_ROW_NEVER, /* an abstract head, a wildcard, characters: has a code, is an error */
    VB_ROW_END,   /* the end of the element */
    VB_ROW_FIXED, /* arg: largest raw value, in its bits; aux: what is added to it (int8_t); one byte */
    VB_ROW_FIXED2, /* the same in two bytes */
    VB_ROW_NUMBER, /* of any number of octets; arg: VB_ROW_SIZE and the others */
    VB_ROW_SCALED, /* a number with its exponent and unit in one word: the schema's layout */
    VB_ROW_BYTES,  /* arg: most bytes, 0xFFFF = any; aux: least, 0xFF = arg */
    VB_ROW_TEXT,   /* the same in characters */
    VB_ROW_BIG,    /* an integer without bounds: a minus byte and its bytes */
    VB_ROW_STRUCT, /* arg: place of the first row of its type; aux: size of its struct, see VB_EXI_UNITS */
    VB_ROW_FAR,  /* the same by reference; 0 = not there */
    VB_ROW_BODY, /* the same by reference behind its tag, which is in has */

    VB_ROW_KIND = 0x0F,
    VB_ROW_LIST = 0x10,     /* has: see vb_exi_list_max */
    VB_ROW_BARE = 0x20,     /* an attribute or content: no CH before, no EE behind */
    VB_ROW_OPTIONAL = 0x40, /* has: its bit in the mask at the start of the struct */
    VB_ROW_CHOICE = 0x80,   /* another alternative of the same choice follows */
};

/* arg of VB_ROW_NUMBER */
#define VB_ROW_SIZE(arg)     (1u << ((arg)&3u)) /* bytes: 2, 4, 8 */
#define VB_ROW_SIGNED        0x04u
#define VB_ROW_FROM_ONE      0x08u
#define VB_ROW_LIMIT(arg)    ((arg) >> 8) /* index in vb_exi_limits; 0 = that of its size */
#define VB_EXI_ROOT_KIND     14
#define VB_EXI_BANK_SHIFT    12
#define VB_EXI_PLACE(b, row) ((uint16_t)((unsigned)(b) << VB_EXI_BANK_SHIFT | (unsigned)(row)))

struct vb_exi_row {
    uint8_t op; /* enum vb_exi_op */
    uint8_t n;  /* productions of the state that begins here */
    uint16_t arg;
    uint8_t off; /* in the struct */
    int8_t
        next; /* rows to the next state; 0: only the end can follow. LIST: to the state of further items */
    uint8_t has;
    uint8_t aux;
};

/* Of a scaled number, the bits before its sign: exponent, unit, start of the value, each with its event code, CH and EE.
 * In a struct: value, above it exponent, unit, and (where it may be absent) whether there is one. */
struct vb_exi_scaled {
    uint32_t zeros; /* those that are always 0 */
    uint8_t head_bits;
    uint8_t exponent_at, exponent_bits, exponent_max;
    uint8_t exponent_low;                 /* int8_t */
    uint8_t unit_at, unit_bits, unit_max; /* bits 0: has no unit */
    uint8_t unit_optional;
    uint8_t exponent_mask, unit_mask; /* of their bits, from 0 on */
    uint8_t has_unit; /* above exponent and unit in a struct; 0: there is always one, or never */
};

/* How messages of the cable begin nearly always: a header with nothing but a session id, then the body. In one piece
 * that is faster than its eight elements; what is different takes the way along the rows. */
struct vb_exi_usual {
    uint32_t begin;     /* the EXI header and the event codes up to the CH of the session id */
    uint8_t begin_bits; /* how many; 0: the schema has no such messages */
    uint8_t end;        /* from the EE of the session id to the event code of the body ... */
    uint8_t end_bits;   /* ... so many */
    uint8_t body_bits;  /* of the event code inside the body */
    uint8_t id, has,
        ref; /* in the root: the session id; mask and reference of what a header may have besides */
    uint16_t
        body; /* place of the row of the body; its type begins with the state of what may be in it */
};

struct vb_exi_root {
    uint16_t key;  /* enum vb_exi_kind << VB_EXI_ROOT_KIND | event code */
    uint16_t type; /* place of the first row of its type */
    uint16_t size; /* VB_EXI_UNITS */
};

struct vb_exi_schema {
    const struct vb_exi_row *const *bank;
    const struct vb_exi_root *root; /* those that are ever sent, by their key */
    uint8_t roots;
    uint8_t root_bits[3]; /* by enum vb_exi_kind; 0: has none */
    uint16_t
        names[3]; /* of the schema, sent or not: behind them come SE(*) and the end of a fragment */
    struct vb_exi_scaled scaled;
#if !defined __OPTIMIZE_SIZE__
    struct vb_exi_usual usual;
#endif
};

extern const uint32_t vb_exi_limits[];

#define VB_EXI_HEADER 0x80u /* the first byte: distinguishing bits 10, no options, version 1 */
#define VB_EXI_SCALED_BITS                                                                         \
    24                    /* of the value; exponent and unit stand above it, then "has a unit" */
#define VB_EXI_FRAMES  12 /* elements inside each other: tools/exi_tables sees to it */
#define VB_EXI_ROOT_AT 8  /* sizeof(struct vb_exi_block) */

static inline const struct vb_exi_row *vb_exi_row(const struct vb_exi_schema *schema,
                                                  uint16_t place) {
    return schema->bank[place >> VB_EXI_BANK_SHIFT] + (place & ((1u << VB_EXI_BANK_SHIFT) - 1));
}

/* The size of a struct: units of 4 bytes; with the top bit it is aligned to 8. */
#define VB_EXI_UNITS(aux) (4u * ((unsigned)(aux)&0x7Fu))
#define VB_EXI_ALIGN(aux) ((unsigned)(aux)&0x80u ? 8u : 4u)

/* The largest count of a list, 0 = any: up to 127 as it is, above a power of two, or one less. */
static inline unsigned vb_exi_list_max(uint8_t code) {
    return code < 0x80 ? code : code >= 0xC0 ? 0 : (1u << (code & 31)) - (code >> 5 & 1);
}

/* Which alternative of a list of several; 0: it has one. */
static inline unsigned vb_exi_list_which(uint8_t code) {
    return code >= 0xC0 ? code & 0x3Fu : 0;
}

/* Bytes of a simple value; where the value stands in a node of a list. */
static inline uint32_t vb_exi_simple_size(const struct vb_exi_row *row) {
    return (row->op & VB_ROW_KIND) == VB_ROW_NUMBER ? VB_ROW_SIZE(row->arg) : 4;
}
static inline uint32_t vb_exi_node_value(const struct vb_exi_row *row) {
    return (row->op & VB_ROW_KIND) >= VB_ROW_STRUCT ? VB_EXI_ALIGN(row->aux)
           : vb_exi_simple_size(row) == 8           ? 8
                                                    : 4;
}

/* NULL: the schema has none of that kind and event code. */
const struct vb_exi_root *vb_exi_root_find(const struct vb_exi_schema *schema, unsigned key);

static inline unsigned vb_exi_bits_of(uint32_t value) { /* value is not 0 */
    return ((unsigned)__builtin_clz(value) ^ 31u) + 1;  /* one instruction and an addition */
}

#endif
