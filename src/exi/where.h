/* where.h - the place of what was being done when decoding or encoding ended.
 * decode.c and encode.c have it each for itself: frames that are seen from outside cost instructions everywhere.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_WHERE_H
#define EXI_WHERE_H

#include <string.h>

#include "exi/table.h"

/* The elements from the root on, whose rows stand at the start of each frame. */
static __attribute__((noinline)) void vb_exi_where(const struct vb_exi_schema *schema, unsigned key,
                                                   const void *frames, size_t frame_size,
                                                   unsigned depth, struct vb_exi_place *place,
                                                   size_t bit) {
    const struct vb_exi_root *root = vb_exi_root_find(schema, key);
    const uint8_t *frame = frames;
    *place = (struct vb_exi_place){.bit = (uint32_t)bit};
    if (root == NULL) {
        return;
    }
    place->row[place->depth++] = root->key;
    uint16_t type = root->type;
    for (; depth > 0; --depth, frame += frame_size) {
        const struct vb_exi_row *row;
        memcpy(&row, frame, sizeof row);
        place->row[place->depth++] = (uint16_t)(type + (row - vb_exi_row(schema, type)));
        type = row->arg;
    }
}

#endif
