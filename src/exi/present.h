/* present.h - which element of a decoded message is next: for the encoder and the walk.
 * SPDX-License-Identifier: MIT */
#ifndef EXI_PRESENT_H
#define EXI_PRESENT_H

#include "exi/table.h"

/* Where a reader of a block stands in one struct. */
struct vb_exi_cursor {
    uint16_t base; /* the struct */
    uint8_t list;  /* offset of the list that it is in; 0xFF = none */
    uint16_t node; /* the next node of that list */
    uint16_t count;
};

/* Is the element of a row there, and at which place is its value (its struct, behind a reference)? */
bool vb_exi_there(const struct vb_exi_schema *schema, const uint8_t *block,
                  const struct vb_exi_row *row, const struct vb_exi_cursor *cursor, uint32_t *at);

/* The first row of a state whose element is there, or its end. NULL: something mandatory is missing. */
const struct vb_exi_row *vb_exi_present(const struct vb_exi_schema *schema, const uint8_t *block,
                                        const struct vb_exi_row *state,
                                        const struct vb_exi_cursor *cursor, uint32_t *at);

/* The state behind a row that was found so, NULL: only the end. Takes the list one node further. */
const struct vb_exi_row *vb_exi_after(const struct vb_exi_row *row, const uint8_t *block,
                                      struct vb_exi_cursor *cursor);

#endif
