/* lin_hex.c - the byte stream of a LIN bus in hexadecimal, as a UART sees it: "00 55 E2 AB .. AC", with or
 * without the 00 of the break; frames may run over line ends. '#', ';' and '|' at the start or behind
 * a space start a comment.
 * Facts: reference/lin.md section 5.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/format.h"
#include "voltbus/hex.h"

/* What the receiver has ready: a frame, or bytes that it gave up on (said once). */
static int take(struct reader *r, struct vb_frame *frame) {
    if (vb_lin_rx_next(&r->lin, frame)) {
        frame->bus = reader_link(r, "lin", 3);
        frame->flags |= VB_FRAME_NO_TIME;
        return LINE_MORE;
    }
    if (r->lin.skipped != r->lin_skipped) {
        uint32_t n = r->lin.skipped - r->lin_skipped;
        r->lin_skipped = r->lin.skipped;
        r->again = true; /* the line goes on behind them */
        return reader_wrong(r, VB_E_FORMAT,
                            "%u bytes belong to no LIN frame (a header is 55 and a PID)",
                            (unsigned)n);
    }
    return LINE_NOTHING;
}

/* Feed the line from r->hex_at until the receiver has something. */
static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    n = without_comment(text, n);
    for (;;) {
        int result = take(r, frame);
        if (result != LINE_NOTHING) {
            return result;
        }
        uint8_t byte;
        size_t used;
        int count = vb_hex_read(text + r->hex_at, n - r->hex_at, &byte, 1, &used);
        if (count == 0 || (count < 0 && count != VB_E_SPACE)) {
            size_t at = r->hex_at + used;
            r->hex_at = 0;
            return count == 0 ? LINE_NOTHING
                              : reader_wrong(r, VB_E_FORMAT,
                                             "column %zu: expected two hexadecimal digits", at + 1);
        }
        r->hex_at += used;
        vb_lin_rx_feed(&r->lin, byte, VB_LIN_MARK_NONE, 0);
    }
}

static int finish(struct reader *r, struct vb_frame *frame) {
    vb_lin_rx_tick(&r->lin, INT64_MAX);
    return take(r, frame);
}

const struct format format_lin_hex = {"lin-hex",
                                      "the bytes of a LIN bus: 00 55 E2 AB 84 .., breaks or not",
                                      read_line, finish, .vague = true};
