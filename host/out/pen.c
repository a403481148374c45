/* pen.c - lines for people.
 * SPDX-License-Identifier: MIT */
#include "host/out/pen.h"

#include "voltbus/hex.h"

#define INDENT         4
#define BREAK_AT_LEAST 40 /* narrower terminals break lines themselves */

struct pen pen_of(struct sink *sink) {
    return (struct pen){sink, 0, sink->columns >= BREAK_AT_LEAST ? sink->columns : SIZE_MAX};
}

void pen_text(struct pen *pen, const char *text, size_t n) {
    sink_bytes(pen->sink, text, n);
    pen->column += text_columns(text, n);
}

void pen_item(struct pen *pen, const char *text, size_t n) {
    size_t columns = text_columns(text, n);
    if (pen->column + 2 + columns > pen->limit) {
        sink_bytes(pen->sink, "\n  ", 1 + INDENT / 2);
        pen->column = INDENT / 2;
    }
    sink_bytes(pen->sink, "  ", 2);
    sink_bytes(pen->sink, text, n);
    pen->column += 2 + columns;
}

void pen_hex(struct pen *pen, const uint8_t *bytes, size_t n) {
    for (size_t i = 0; i < n; i++) {
        char byte[2];
        vb_hex_write(&bytes[i], 1, byte);
        pen_text(pen, "  ", i == 0 ? 2 : 1);
        pen_text(pen, byte, sizeof byte);
    }
}

void pen_end(struct pen *pen) {
    sink_bytes(pen->sink, "\n", 1);
    pen->column = 0;
}
