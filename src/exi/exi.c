/* exi.c - the names of schemas, roots and places.
 * SPDX-License-Identifier: MIT */
#include "voltbus/exi.h"

#include <string.h>

#include "exi/names.h"

const struct vb_exi_names *vb_exi_names_find(const char *schema) {
    for (unsigned i = 0; vb_exi_names_all[i] != NULL; ++i) {
        if (strcmp(vb_exi_names_all[i]->text, schema) == 0) {
            return vb_exi_names_all[i];
        }
    }
    return NULL;
}

const struct vb_exi_schema *vb_exi_names_schema(const struct vb_exi_names *names) {
    return names->schema;
}

const char *vb_exi_names_text(const struct vb_exi_names *names) {
    return names->text;
}

const struct vb_exi_row_name *vb_exi_name_of(const struct vb_exi_names *names, uint16_t place) {
    const unsigned bank = place >> VB_EXI_BANK_SHIFT, row = place & ((1u << VB_EXI_BANK_SHIFT) - 1);
    return bank < names->banks && row < names->rows[bank] ? &names->bank[bank][row] : NULL;
}

const struct vb_exi_root_name *vb_exi_root_name(const struct vb_exi_names *names, unsigned key) {
    const struct vb_exi_root *root = vb_exi_root_find(names->schema, key);
    return root == NULL ? NULL : &names->root[root - names->schema->root];
}

size_t vb_exi_place_text(const struct vb_exi_names *names, const struct vb_exi_place *place,
                         char *out, size_t cap) {
    size_t len = 0;
    for (unsigned i = 0; i < place->depth && i < VB_EXI_DEPTH_MAX; ++i) {
        const char *text = "?";
        if (i == 0) {
            const struct vb_exi_root_name *root = vb_exi_root_name(names, place->row[0]);
            text = root == NULL ? text : root->name;
        } else {
            const struct vb_exi_row_name *name = vb_exi_name_of(names, place->row[i]);
            text = name == NULL ? text : name->name;
        }
        if (i > 0 && *text != '\0' && len + 1 < cap) {
            out[len++] = '/';
        }
        while (*text != '\0' && len + 1 < cap) {
            out[len++] = *text++;
        }
    }
    if (cap > 0) {
        out[len] = '\0';
    }
    return len;
}

const char *vb_exi_names_root(const struct vb_exi_names *names, enum vb_exi_kind kind, unsigned i) {
    for (unsigned k = 0; k < names->schema->roots; ++k) {
        if (names->schema->root[k].key >> VB_EXI_ROOT_KIND == kind && i-- == 0) {
            return names->root[k].name;
        }
    }
    return NULL;
}
