/* names.h - the names of rows and roots, apart from the tables: for logs and JSON.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_NAMES_H
#define EXI_NAMES_H

#include "exi/table.h"

struct vb_exi_row_name {
    const char *name;         /* of the element or attribute, "" = content */
    const char *type_name;    /* of a STRUCT */
    const char *const *words; /* of an enumeration */
    uint8_t type;             /* enum vb_exi_type */
    uint8_t rows;             /* of the type that begins here; 0: none does */
};

struct vb_exi_root_name {
    const char *name, *type_name;
};

struct vb_exi_names {
    const struct vb_exi_schema *schema;
    const char *text;
    const struct vb_exi_row_name *const *bank; /* as the schema's banks; 0: not this one's */
    const uint16_t *rows;                      /* of each bank */
    uint8_t banks;
    const struct vb_exi_root_name *root; /* as the schema's roots */
    const char *scaled;                  /* type name of the scaled numbers, and their members */
    struct vb_exi_row_name exponent, unit, value;
};

extern const struct vb_exi_names *const vb_exi_names_all[]; /* NULL: the end */

/* NULL: there is none. */
const struct vb_exi_row_name *vb_exi_name_of(const struct vb_exi_names *names, uint16_t place);
const struct vb_exi_root_name *vb_exi_root_name(const struct vb_exi_names *names, unsigned key);

#endif
