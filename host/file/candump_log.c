/* candump_log.c - what `candump -l` and `candump -L` write: "(1712145600.123456) can0 1DB#00".
 * Facts: reference/can-transports.md section 1.1.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/format.h"
#include "voltbus/time.h"

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *end = text + n;
    if (n == 0) {
        return LINE_NOTHING;
    }
    const char *close = text[0] == '(' ? memchr(text, ')', n) : NULL;
    int64_t t_ns;
    if (!close || vb_time_read(text + 1, (size_t)(close - text) - 1, &t_ns) < 0) {
        return reader_wrong(r, VB_E_FORMAT, "expected \"(seconds) interface ID#DATA\"");
    }
    const char *at = close + 1;
    const char *name;
    const char *body;
    const char *direction;
    size_t name_n = next_word(&at, end, &name);
    size_t body_n = next_word(&at, end, &body);
    size_t direction_n = next_word(&at, end, &direction);
    size_t place;
    int result = vb_frame_read(body, body_n, frame, r->data, &place);
    if (result < 0 || frame->kind != VB_KIND_CAN) {
        return reader_wrong(r, result < 0 ? result : VB_E_FORMAT,
                            "column %zu: expected ID#DATA of a CAN frame",
                            (size_t)(body - text) + (result < 0 ? place : 0) + 1);
    }
    if (direction_n == 1 && *direction == 'T') {
        frame->flags |= VB_FRAME_TX;
    } else if (direction_n > 0 && !(direction_n == 1 && *direction == 'R')) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected R, T or the end of the line",
                            (size_t)(direction - text) + 1);
    }
    frame->t_ns = t_ns;
    frame->bus = reader_link(r, name, name_n);
    return LINE_FRAME;
}

const struct format format_candump_log = {"candump-log", "candump -l and -L: (time) can0 1DB#00",
                                          read_line, NULL};
