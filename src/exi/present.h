/* present.h - which element of a block is there.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_PRESENT_H
#define EXI_PRESENT_H

#include <string.h>

#include "exi/table.h"

static inline uint32_t vb_exi_get16(const uint8_t *at) {
    uint16_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static inline bool vb_exi_has(const uint8_t *base, const struct vb_exi_row *row) {
    return (base[row->has >> 3] >> (row->has & 7) & 1) != 0;
}

/* Is the element of a row, which is no LIST, there in the struct at base? */
static inline bool vb_exi_marked(const uint8_t *base, const struct vb_exi_row *row) {
    const uint8_t *at = base + row->off;
    if (row->op & VB_ROW_OPTIONAL) {
        return vb_exi_has(base, row);
    }
    switch (row->op & VB_ROW_KIND) {
    case VB_ROW_NEVER:
        return false;
    case VB_ROW_BODY:
        return vb_exi_get16(at) == row->has &&
               vb_exi_get16(at + offsetof(struct vb_exi_choice, at)) != 0;
    case VB_ROW_BYTES:
    case VB_ROW_TEXT:
    case VB_ROW_BIG:
    case VB_ROW_FAR:
        return vb_exi_get16(at) != 0;
    default:
        return true;
    }
}

#endif
