/* rfm69.c - the text lines of a JeeNode or another receiver with an RFM69 radio, with or without a
 * time in front. Lines that do not speak of RF69 are the talk of the receiver's program.
 * Facts: reference/weather.md section 4.
 * SPDX-License-Identifier: MIT */
#include "voltbus/rfm69.h"

#include <string.h>

#include "host/file/format.h"

_Static_assert(sizeof((struct reader *)0)->data >= VB_RFM69_DATA, "room for the longest packet");
_Static_assert(sizeof((struct reader *)0)->side >= VB_RFM69_SIDE, "room for the registers");

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *at = text;
    const char *word;
    size_t word_n = next_word(&at, text + n, &word);
    if (word_n == 0 || *word == '#' || *word == ';') {
        return LINE_NOTHING;
    }
    int result = vb_rfm69_read(text, n, frame, r->data, r->side);
    if (result == VB_E_CHECK) {
        return reader_wrong(r, result, "the line does not have as many bytes as it says");
    }
    if (result == VB_E_RANGE) {
        return reader_wrong(r, result, "expected 1 to %d bytes and registers of 16, 8, 16 bits",
                            VB_RFM69_DATA);
    }
    if (result < 0) {
        return reader_wrong(r, result, "expected \"RF69 #17: 24 3c ..\"");
    }
    frame->bus = reader_link(r, "radio", 5);
    return LINE_FRAME;
}

const struct format format_rfm69 = {
    "rfm69", "lines of an RFM69 receiver: RF69 #17: 24 3c .. r 116 l 2 a-1525", read_line, NULL};
