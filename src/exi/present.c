/* present.c - which element of a decoded message is next.
 * A block may come from anywhere: a reference that leaves it counts as nothing.
 * SPDX-License-Identifier: MIT */
#include "exi/present.h"

#include <string.h>

static uint32_t get16(const uint8_t *block, uint32_t at) {
    uint16_t word;
    memcpy(&word, block + at, sizeof word);
    return word;
}

/* Bytes of the value of a row, and their alignment. */
static uint32_t value_size(const struct vb_exi_schema *schema, const struct vb_exi_row *row,
                           uint32_t *align) {
    uint32_t size = 4;
    *align = 4;
    switch (row->op & VB_ROW_KIND) {
    case VB_ROW_STRUCT:
    case VB_ROW_BODY: {
        const struct vb_exi_row *type = vb_exi_row(schema, row->arg);
        size = type->arg;
        *align = type->aux == 8 ? 8 : 4;
        break;
    }
    case VB_ROW_NUMBER:
        size = VB_ROW_SIZE(row->arg);
        *align = size == 8 ? 8 : 4;
        break;
    default:
        break;
    }
    return size;
}

bool vb_exi_there(const struct vb_exi_schema *schema, const uint8_t *block,
                  const struct vb_exi_row *row, const struct vb_exi_cursor *cursor, uint32_t *at) {
    const uint32_t used = get16(block, offsetof(struct vb_exi_block, used));
    const unsigned kind = row->op & VB_ROW_KIND;
    uint32_t align, place = cursor->base + (uint32_t)row->off;
    if (kind == VB_ROW_NEVER) {
        return false;
    }
    if (kind == VB_ROW_END) {
        return true;
    }
    const uint32_t size = value_size(schema, row, &align);
    if (row->op & VB_ROW_LIST) {
        const uint32_t node = cursor->list == row->off ? cursor->node : get16(block, place);
        if (node == 0 || node + align + size > used ||
            get16(block, node + offsetof(struct vb_exi_node, which)) != (uint8_t)row->aux) {
            return false;
        }
        place = node + align;
    } else if (row->op & VB_ROW_OPTIONAL) {
        if ((block[cursor->base + (row->has >> 3)] >> (row->has & 7) & 1) == 0) {
            return false;
        }
    } else if (kind == VB_ROW_BODY || (row->op & VB_ROW_FAR)) {
        if (kind == VB_ROW_BODY) {
            if (get16(block, place) != row->has) {
                return false;
            }
            place += offsetof(struct vb_exi_choice, at);
        }
        place = get16(block, place);
        if (place == 0 || place + size > used) {
            return false;
        }
    }
    if (kind == VB_ROW_BYTES || kind == VB_ROW_TEXT || kind == VB_ROW_BIG) {
        const uint32_t bytes = get16(block, place + offsetof(struct vb_exi_bytes, at));
        const uint32_t len = get16(block, place + offsetof(struct vb_exi_bytes, len));
        if (bytes == 0 || bytes + len > used || (kind == VB_ROW_BIG && len < 2)) {
            return false;
        }
    }
    *at = place;
    return true;
}

const struct vb_exi_row *vb_exi_present(const struct vb_exi_schema *schema, const uint8_t *block,
                                        const struct vb_exi_row *state,
                                        const struct vb_exi_cursor *cursor, uint32_t *at) {
    const unsigned n = state->n & ~VB_ROW_CHOICE;
    for (const struct vb_exi_row *row = state; row < state + n; ++row) {
        if (vb_exi_there(schema, block, row, cursor, at)) {
            return row;
        }
    }
    return NULL;
}

const struct vb_exi_row *vb_exi_after(const struct vb_exi_row *row, const uint8_t *block,
                                      struct vb_exi_cursor *cursor) {
    if (!(row->op & VB_ROW_LIST)) {
        return row->next == 0 ? NULL : row + row->next;
    }
    const uint32_t head = cursor->base + (uint32_t)row->off;
    const uint32_t node = cursor->list == row->off ? cursor->node : get16(block, head);
    cursor->count = (uint16_t)(cursor->list == row->off ? cursor->count + 1 : 1);
    cursor->list = row->off;
    const uint32_t next = get16(block, node);
    cursor->node = (uint16_t)(next > node ? next : 0); /* nodes go upwards: no circle */
    return row + row->next;
}
