/* host/out/pen.h - lines for people: items two spaces apart, broken between items where the terminal ends.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_PEN_H
#define HOST_OUT_PEN_H

#include "host/out/output.h"

struct pen {
    struct sink *sink;
    size_t column, limit;
};

/* A pen at the start of a line. */
struct pen pen_of(struct sink *sink);

/* Text that is not broken, without space before it. */
void pen_text(struct pen *pen, const char *text, size_t n);

/* An item, on a line of its own if this one has no room for it. */
void pen_item(struct pen *pen, const char *text, size_t n);

/* Bytes in hexadecimal, one space apart. The terminal breaks them. */
void pen_hex(struct pen *pen, const uint8_t *bytes, size_t n);

void pen_end(struct pen *pen); /* of the line */

#endif
