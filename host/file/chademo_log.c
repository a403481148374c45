/* chademo_log.c - the log of an Arduino between a car and its CHAdeMO charger: "Rcvd msgID: 0x102; 02; B1; 00;
 * 00; 00; 08; FF; 00  00:02:06.707". All other lines are what the logger made of the frames, in words.
 * Facts: captures/can/chademo_efaec_session.txt.gz.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/can_text.h"
#include "voltbus/hex.h"

static const char begin[] = "Rcvd msgID: 0x";

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const size_t skip = sizeof begin - 1;
    const char *end = text + n;
    const char *word;
    uint32_t id;
    int64_t t_ns;
    if (n < skip || memcmp(text, begin, skip) != 0) {
        return LINE_NOTHING;
    }
    const char *at = memchr(text, ';', n);
    if (!at || !can_number(text + skip, (size_t)(at - text) - skip, 16, &id) ||
        !can_id(frame, id, false)) {
        return reader_wrong(r, VB_E_FORMAT, "expected \"%s102; 02; B1; ..\"", begin);
    }
    size_t count = 0;
    size_t word_n;
    for (at++; (word_n = next_word(&at, end, &word)) > 0 && word_n <= 3; count++) {
        if (count == 8 || word_n < 2 || (word_n == 3 && word[2] != ';') ||
            vb_hex_read(word, 2, &r->data[count], 1, NULL) != 1) {
            return reader_wrong(r, VB_E_FORMAT, "column %zu: expected a byte",
                                (size_t)(word - text) + 1);
        }
    }
    r->can.clock = true;
    if (can_clock(word, word_n, &t_ns) < 0) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected a time of day at the end",
                            (size_t)(word - text) + 1);
    }
    frame->bus = can_link(r, "", 0);
    return can_stamp(r, t_ns, frame) < 0 ? VB_E_RANGE : can_done(r, count, frame);
}

const struct format format_chademo_log = {
    "chademo-log", "words of a CHAdeMO logger: Rcvd msgID: 0x102; 02; B1; .. 00:02:06.707",
    read_line, NULL};
