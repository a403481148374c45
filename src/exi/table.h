/* table.h - the grammar of a schema as const tables, made by tools/exi_tables.
 *
 * A row is one production: what may come next, and where it stands in the struct. A state is a pointer to a row: its
 * productions are that row and the n - 1 behind it, so the event code is a distance, and the states of a sequence
 * with optional elements share their rows. Each type is a run of rows behind a TYPE row. Rows that several schemas
 * have in common stand in banks of their own.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_TABLE_H
#define EXI_TABLE_H

#include "voltbus/exi.h"

enum vb_exi_op {
    VB_ROW_NEVER,  /* an abstract head, a wildcard, characters: has a code, is an error */
    VB_ROW_END,    /* the end of the element */
    VB_ROW_FIXED,  /* arg: largest raw value, in its bits; aux: what is added to it; one byte */
    VB_ROW_FIXED2, /* the same in two bytes */
    VB_ROW_NUMBER, /* of any number of octets; arg: VB_ROW_SIZE and the others */
    VB_ROW_SCALED, /* a number with its exponent and unit in one word: the schema's layout */
    VB_ROW_BYTES,  /* arg: most bytes, 0xFFFF = any; aux: least, -1 = arg */
    VB_ROW_TEXT,   /* the same in characters */
    VB_ROW_BIG,    /* an integer without bounds: a minus byte and its bytes */
    VB_ROW_STRUCT, /* arg: place of its TYPE row; FAR: by reference */
    VB_ROW_BODY,   /* a STRUCT by reference behind its tag, which is in has */
    VB_ROW_TYPE,   /* head of a type; arg: bytes of its struct, aux: their alignment */

    VB_ROW_KIND = 0x0F,
    VB_ROW_LIST =
        0x10, /* has: code of the largest count; aux: which alternative, 0 = there is one */
    VB_ROW_BARE = 0x20,     /* an attribute or content: no CH before, no EE behind */
    VB_ROW_OPTIONAL = 0x40, /* has: its bit in the mask at the start of the struct */
    VB_ROW_FAR = 0x80,      /* a reference; 0 = not there */
};

/* arg of VB_ROW_NUMBER */
#define VB_ROW_SIZE(arg)     (1u << ((arg)&3u)) /* bytes: 2, 4, 8 */
#define VB_ROW_SIGNED        0x04u
#define VB_ROW_FROM_ONE      0x08u
#define VB_ROW_LIMIT(arg)    ((arg) >> 8) /* index in vb_exi_limits; 0 = that of its size */
#define VB_ROW_CHOICE        0x80u        /* in n: another alternative of the same choice follows */
#define VB_EXI_ROOT_NEVER    0xFFFFu
#define VB_EXI_BANK_SHIFT    12
#define VB_EXI_PLACE(b, row) ((uint16_t)((unsigned)(b) << VB_EXI_BANK_SHIFT | (unsigned)(row)))

struct vb_exi_row {
    uint8_t op; /* enum vb_exi_op */
    uint8_t n;  /* productions of the state that begins here, and VB_ROW_CHOICE */
    uint16_t arg;
    uint8_t off; /* in the struct */
    int8_t
        next; /* rows to the next state; 0: only the end can follow. LIST: to the state of further items */
    uint8_t has;
    int8_t aux;
};

/* Of a scaled number: the exponent, 1 + 1 + bits + 1, then the unit, 1 or (optional) 2 + 1 + bits + 1, then the value. */
struct vb_exi_scaled {
    uint8_t exponent_bits, exponent_max;
    int8_t exponent_low;
    uint8_t unit_bits, unit_max; /* bits 0: has no unit */
    uint8_t unit_optional;
};

struct vb_exi_schema {
    const struct vb_exi_row *const *bank;
    const uint16_t
        *root[3]; /* by enum vb_exi_kind: places of TYPE rows, or of a row of its simple kind */
    uint16_t roots[3];
    uint8_t root_bits[3];
    struct vb_exi_scaled scaled;
};

extern const uint32_t vb_exi_limits[];

#define VB_EXI_SCALED_BITS                                                                         \
    24                   /* of the value; exponent and unit stand above it, then "has a unit" */
#define VB_EXI_ROOT_AT 8 /* sizeof(struct vb_exi_block) */

static inline const struct vb_exi_row *vb_exi_row(const struct vb_exi_schema *schema,
                                                  uint16_t place) {
    return schema->bank[place >> VB_EXI_BANK_SHIFT] + (place & ((1u << VB_EXI_BANK_SHIFT) - 1));
}

/* The largest count of a list, 0 = any: up to 127 as it is, else a power of two, or one less. */
static inline unsigned vb_exi_list_max(uint8_t code) {
    return code < 128 ? code : (1u << (code & 31)) - (code >> 5 & 1);
}

static inline unsigned vb_exi_bits_of(uint32_t value) { /* value is not 0 */
    return 32u - (unsigned)__builtin_clz(value);
}

#endif
