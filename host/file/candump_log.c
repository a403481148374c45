/* candump_log.c - what `candump -l` and `candump -L` write: "(1712145600.123456) can0 1DB#00"; and
 * what our own recorder adds to it (host/out/candump.c): "22#AB84.." is LIN, "22#" a LIN header that
 * nobody answered, "RF69 #17: 24 3c .." a radio packet, "> $GS^30" and "< $OK .." the lines of a wallbox.
 * Facts: reference/can-transports.md section 1.1.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/format.h"
#include "voltbus/rfm69.h"
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
    if (body_n > 0 && (*body == '$' || *body == '>' || *body == '<')) {
        frame->bus = reader_link(r, name, name_n);
        frame->flags = *body == '>' ? VB_FRAME_TX : 0;
        if (*body != '$') {
            next_word(&at, end, &body);
        }
        frame->t_ns = t_ns;
        return reader_rapi(r, body, (size_t)(end - body), frame);
    }
    if (body_n == 4 && memcmp(body, "RF69", 4) == 0) {
        int result = vb_rfm69_read(body, (size_t)(end - body), frame, r->data, r->side);
        if (result < 0) {
            return reader_wrong(r, result, "expected \"(seconds) interface RF69 #17: 24 3c ..\"");
        }
        frame->flags &= (uint16_t)~VB_FRAME_NO_TIME;
        frame->t_ns = t_ns;
        frame->bus = reader_link(r, name, name_n);
        return LINE_FRAME;
    }
    size_t direction_n = next_word(&at, end, &direction);
    size_t place;
    int result = vb_frame_read(body, body_n, frame, r->data, &place);
    if (result < 0) {
        return reader_wrong(r, result, "column %zu: expected ID#DATA",
                            (size_t)(body - text) + place + 1);
    }
    if (frame->kind == VB_KIND_LIN && frame->len == 0) {
        frame->fault = VB_FAULT_NO_RESPONSE;
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
