/* block.h - memory of a block: for the decoder and for building.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_BLOCK_H
#define EXI_BLOCK_H

#include "exi/table.h"

struct vb_exi_heap {
    uint8_t *block;
    uint32_t used, cap;
};

/* From and to the head of the block. */
void vb_exi_heap_open(struct vb_exi_heap *heap);
void vb_exi_heap_close(const struct vb_exi_heap *heap);

/* size bytes of zeros, aligned to 1, 2, 4 or 8; NULL: no room. */
uint8_t *vb_exi_allocate(struct vb_exi_heap *heap, uint32_t size, uint32_t align);

/* Where the value of a row goes, in the struct at base: there, or out of line (then a list gets its node, a
 * reference its target). It is marked as present. NULL: no room. */
uint8_t *vb_exi_room(struct vb_exi_heap *heap, const struct vb_exi_row *row, uint8_t *base);

#endif
