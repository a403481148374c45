/* hex.c - lines of plain hexadecimal bytes. What they are depends on who reads them: a radio packet
 * a line, or, where only LIN devices are asked for, the byte stream of a LIN bus as a UART sees it,
 * whose frames may run over line ends. '#', ';' and '|' at the start or behind a space start a
 * comment.
 * SPDX-License-Identifier: MIT */
#include "voltbus/hex.h"

#include <string.h>

#include "host/file/format.h"

#define PACKET_MAX 64

/* What the LIN receiver has ready: a frame, or bytes that it gave up on (said once). */
static int lin_take(struct reader *r, struct vb_frame *frame) {
    if (vb_lin_rx_next(&r->lin, frame)) {
        frame->bus = reader_link(r, "lin", 3);
        frame->flags |= VB_FRAME_NO_TIME;
        return LINE_MORE;
    }
    if (r->lin.skipped != r->lin_skipped) {
        uint32_t n = r->lin.skipped - r->lin_skipped;
        r->lin_skipped = r->lin.skipped;
        r->again = true; /* the line goes on behind them */
        return reader_wrong(r, VB_E_FORMAT, "%u bytes of the LIN stream belong to no frame",
                            (unsigned)n);
    }
    return LINE_NOTHING;
}

/* Feed the line from r->hex_at until the receiver has something. */
static int lin_stream(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    for (;;) {
        int result = lin_take(r, frame);
        if (result != LINE_NOTHING) {
            return result;
        }
        uint8_t byte;
        size_t used;
        while (r->hex_at < n && (text[r->hex_at] == ' ' || text[r->hex_at] == '\t')) {
            r->hex_at++;
        }
        if (r->hex_at >= n) {
            r->hex_at = 0;
            return LINE_NOTHING;
        }
        if (n - r->hex_at < 2 || vb_hex_read(text + r->hex_at, 2, &byte, 1, &used) != 1) {
            size_t at = r->hex_at;
            r->hex_at = 0;
            return reader_wrong(r, VB_E_FORMAT, "column %zu: expected two hexadecimal digits",
                                at + 1);
        }
        r->hex_at += 2;
        vb_lin_rx_feed(&r->lin, byte, VB_LIN_MARK_NONE, 0);
    }
}

/* Not inside a word: "166064;RX;0x0000023A;8;" is of another tool. */
static bool comment_at(const char *text, size_t place) {
    return memchr("#;|", text[place], 3) &&
           (place == 0 || text[place - 1] == ' ' || text[place - 1] == '\t');
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    size_t place = 0;
    while (place < n && !comment_at(text, place)) {
        place++;
    }
    n = place;
    if (r->hex_kind == VB_KIND_LIN) {
        return lin_stream(r, text, n, frame);
    }
    if (r->hex_kind == VB_KIND_CAN) {
        return reader_wrong(r, VB_E_FORMAT, "a CAN frame needs its id: 1DB#0011223344556677");
    }
    int count = vb_hex_read(text, n, r->data, PACKET_MAX, &place);
    if (count == 0) {
        return LINE_NOTHING;
    }
    if (count == VB_E_SPACE) {
        return reader_wrong(r, VB_E_RANGE, "expected %d bytes at most", PACKET_MAX);
    }
    if (count < 0) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected two hexadecimal digits",
                            place + 1);
    }
    *frame = (struct vb_frame){.kind = VB_KIND_RADIO,
                               .id = r->data[0],
                               .flags = VB_FRAME_NO_TIME,
                               .bus = reader_link(r, "radio", 5),
                               .len = (uint32_t)count,
                               .data = r->data};
    return LINE_FRAME;
}

static int finish(struct reader *r, struct vb_frame *frame) {
    if (r->hex_kind != VB_KIND_LIN) {
        return LINE_NOTHING;
    }
    vb_lin_rx_tick(&r->lin, INT64_MAX);
    return lin_take(r, frame);
}

const struct format format_hex = {
    "hex", "plain bytes: a radio packet a line, or with --as a LIN device a LIN byte stream",
    read_line, finish};
