/* hex.c - radio packets as plain hexadecimal bytes, one a line. '#', ';' and '|' at the start or behind a
 * space start a comment.
 * SPDX-License-Identifier: MIT */
#include "voltbus/hex.h"

#include "host/file/format.h"

/* Shorter lines of hexadecimal digits are numbers of some other tool; the shortest packet that any
 * device sends has 7 bytes (reference/weather.md section 5). */
#define PACKET_MIN 7
#define PACKET_MAX 64

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    size_t place;
    int count = vb_hex_read(text, without_comment(text, n), r->data, PACKET_MAX, &place);
    if (count == 0) {
        return LINE_NOTHING;
    }
    if (count > 0 && count < PACKET_MIN) {
        return reader_wrong(r, VB_E_RANGE, "%d bytes: no radio packet has less than %d", count,
                            PACKET_MIN);
    }
    if (count == VB_E_SPACE) {
        return reader_wrong(r, VB_E_RANGE, "no radio packet has more than %d bytes", PACKET_MAX);
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

const struct format format_hex = {"hex", "radio packets as plain bytes, one a line", read_line,
                                  NULL, .vague = true};
