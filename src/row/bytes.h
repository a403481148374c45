/* row/bytes.h - rows of bytes, for signal.c and field.c.
 * SPDX-License-Identifier: MIT */
#ifndef ROW_BYTES_H
#define ROW_BYTES_H

#include "voltbus/signal.h"

/* vb_signal_string for rows with VB_BYTES. */
int bytes_of(const struct vb_signal *signal, const uint8_t *data, size_t n, const char **bytes);

/* vb_signal_get for rows with VB_BYTES or VB_SUM. */
int bytes_get(const struct vb_signal *signal, const uint8_t *data, size_t n, int64_t *raw);

/* Set the bytes of a row with VB_BYTES to 0. As vb_bytes_put. */
int bytes_clear(const struct vb_signal *signal, uint8_t *data, size_t n);

#endif
