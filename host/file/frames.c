/* frames.c - frames as people write them, one a line: "1DB#0011223344556677" (CAN),
 * "22#AB841EF42E847A" (LIN). Lines that start with '#', ';' or '//' are comments.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/format.h"
#include "voltbus/hex.h"

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *at = text;
    const char *word;
    size_t word_n = next_word(&at, text + n, &word);
    size_t place;
    if (word_n == 0 || *word == '#' || *word == ';' || (word_n > 1 && memcmp(word, "//", 2) == 0)) {
        return LINE_NOTHING;
    }
    int result = vb_frame_read(text, n, frame, r->data, &place);
    uint8_t pid;
    if (result == VB_E_RANGE && word_n > 2 && word[2] == '#' &&
        vb_hex_read(word, 2, &pid, 1, NULL) == 1 && vb_lin_id(pid) >= 0) {
        return reader_wrong(r, result, "%.2s is a PID: write the id, %02X#..", word,
                            (unsigned)vb_lin_id(pid));
    }
    if (result == VB_E_RANGE) {
        return reader_wrong(r, result, "column %zu: the id or the count of bytes is too large",
                            place + 1);
    }
    if (result < 0) {
        return reader_wrong(r, result,
                            "column %zu: expected ID#DATA (CAN: 3 or 8 digits, LIN: 2 digits)",
                            place + 1);
    }
    const char *name = vb_kind_text((enum vb_kind)frame->kind);
    frame->bus = reader_link(r, name, strlen(name));
    frame->flags |= VB_FRAME_NO_TIME;
    return LINE_FRAME;
}

const struct format format_frames = {"frames", "one frame a line: 1DB#00112233, 22#AB84 (LIN)",
                                     read_line, NULL};
