/* row/field.h - rows of text, for signal.c.
 * SPDX-License-Identifier: MIT */
#ifndef ROW_FIELD_H
#define ROW_FIELD_H

#include "voltbus/signal.h"

/* vb_signal_get for rows with VB_FIELD. */
int field_get(const struct vb_signal *signal, const uint8_t *data, size_t n, int64_t *raw);

#endif
