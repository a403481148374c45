/* exi_log.c - V2G messages as hexadecimal text, one a line: with the header of V2GTP ("01fe8001.."), or as EXI
 * behind what pyPLC and Clara do with it: "ED 809a.." is encoded, so the car's, "DD 809A.." is decoded, so the
 * charger's; "DH" a request of the handshake, "Dh" its answer. '#' starts a comment. No times; without these two
 * letters nobody knows who sent a message.
 * Facts: reference/ccs.md 1.5; DemoExiLog.txt and RawExiLog.txt of captures/ccs/pyPLC.
 * SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "host/file/log.h"

static bool is_word(const char *text, size_t n, const char *word) {
    return n == strlen(word) && memcmp(text, word, n) == 0;
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    uint8_t from = VB_FROM_UNKNOWN;
    const char *at = text;
    const char *word;
    size_t word_n = next_word(&at, text + n, &word);
    if (word_n == 0 || *word == '#' || is_word(word, word_n, "init") ||
        is_word(word, word_n, "closing")) { /* the two ends of pyPLC's own log */
        return LINE_NOTHING;
    }
    bool prefix = word_n == 2 && (*word == 'E' || *word == 'D') && strchr("DHhI12", word[1]);
    if (prefix) {
        from = *word == 'E' || word[1] == 'H' ? VB_FROM_EVCC : VB_FROM_SECC;
        word_n = next_word(&at, text + n, &word);
    }
    const char *begin = prefix ? "80" : "01fe";
    if (word_n < 4 || strncasecmp(word, begin, strlen(begin)) != 0) {
        return reader_wrong(r, VB_E_FORMAT,
                            "expected a V2G message: 01fe8001.., or ED 809a.., DD 809a..");
    }
    struct log *log = reader_log(r);
    if (!log) {
        return reader_wrong(r, VB_E_SPACE, "out of memory");
    }
    int count = log_hex(r, word, word_n, (size_t)(word - text), log->bytes);
    if (count < 0) {
        return count;
    }
    return prefix ? log_exi(r, from, log->bytes, (size_t)count, VB_FRAME_NO_TIME, frame)
                  : log_message(r, from, log->bytes, (size_t)count, 0, VB_FRAME_NO_TIME, frame);
}

const struct format format_exi_log = {
    "exi-log", "V2G messages, one a line: 01fe8001.., ED 809a.. (sent), DD 809a.. (received)",
    read_line, NULL};
