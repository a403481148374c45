/* apgdt001.c - text logs of the Microchip LIN serial analyser APGDT001:
 * "seconds,micros  PID  data bytes  baud  error". No checksum column; a header that nobody answers
 * is a line without data and with "Checksum Error". The title line may stand anywhere. Facts:
 * reference/lin.md section 7; captures/lin (Truma bus, 21 files).
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/format.h"
#include "voltbus/hex.h"
#include "voltbus/lin.h"
#include "voltbus/time.h"

static bool is_number(const char *word, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (word[i] < '0' || word[i] > '9') {
            return false;
        }
    }
    return n > 0;
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *at = text;
    const char *end = text + n;
    const char *word;
    size_t word_n = next_word(&at, end, &word);
    int64_t t_ns;
    uint8_t pid;
    if (word_n == 0 || (word_n == 4 && memcmp(word, "Time", 4) == 0) ||
        (word_n == 8 && memcmp(word, "Baudrate", 8) == 0)) {
        return LINE_NOTHING;
    }
    if (!memchr(word, ',', word_n) || vb_time_read(word, word_n, &t_ns) < 0) {
        return reader_wrong(r, VB_E_FORMAT, "expected \"seconds,micros  PID  data  baud  error\"");
    }
    word_n = next_word(&at, end, &word);
    if (word_n != 2 || vb_hex_read(word, 2, &pid, 1, NULL) != 1) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected a PID of two digits",
                            (size_t)(word - text) + 1);
    }
    uint32_t count = 0;
    for (;;) {
        word_n = next_word(&at, end, &word);
        if (word_n != 2) {
            break; /* the baud rate has four or five digits */
        }
        if (count == 8 || vb_hex_read(word, 2, &r->data[count], 1, NULL) != 1) {
            return reader_wrong(r, VB_E_FORMAT, "column %zu: expected 8 data bytes at most",
                                (size_t)(word - text) + 1);
        }
        count++;
    }
    if (!is_number(word, word_n)) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected the baud rate",
                            (size_t)(word - text) + 1);
    }
    word_n = next_word(&at, end, &word);
    int id = vb_lin_id(pid);
    frame->kind = VB_KIND_LIN;
    frame->t_ns = t_ns;
    frame->bus = reader_link(r, "lin", 3);
    frame->id = id < 0 ? pid & 0x3Fu : (uint32_t)id;
    frame->data = r->data;
    frame->len = count;
    r->side[0] = pid;
    frame->side = r->side;
    frame->side_len = 1; /* the PID; there is no checksum */
    if (id < 0) {
        frame->fault = VB_FAULT_PARITY;
    } else if (count == 0) {
        frame->fault = VB_FAULT_NO_RESPONSE;
    } else if (word_n > 0) {
        frame->fault = VB_FAULT_CHECKSUM;
    }
    return LINE_FRAME;
}

const struct format format_apgdt001 = {
    "apgdt001", "LIN text log of the Microchip APGDT001: sec,usec  PID  data  baud", read_line,
    NULL};
