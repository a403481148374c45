/* fuzz_rapi.c - RAPI lines: what a reader takes for a line is one, no byte is lost or used twice, and
 * what is written is read back.
 * Input: a byte of options (bit 0: we are the box, bit 1: the short line, bits 2-3: checksum), a
 * sequence id, and bytes: first read as they are, then as a body to be written.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/err.h"
#include "voltbus/rapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

static void check_line(const struct vb_rapi_line *line, unsigned limit) {
    enum vb_rapi_what what = vb_rapi_line_what(line);
    uint32_t id = vb_rapi_line_id(line);
    struct vb_frame frame;
    require(line->n >= 2 && line->n <= limit && line->text[0] == '$');
    require(line->body_n < line->n && line->sum <= VB_RAPI_ADD);
    require(line->sum != VB_RAPI_PLAIN || !line->bad);
    require(!memchr(line->text, '\r', line->n));
    require(!memchr(line->text + 1, '^', line->body_n) &&
            !memchr(line->text + 1, '*', line->body_n));
    require((what != VB_RAPI_OK && what != VB_RAPI_NK) || id == 0);
    require(what != VB_RAPI_NEWS || id != 0);
    vb_rapi_line_frame(line, id, &frame);
    require(frame.len + frame.side_len + 1 == line->n);
    require(frame.len == 0 || memcmp(frame.data, line->text + 1, frame.len) == 0);
    require((frame.fault != VB_FAULT_NONE) == line->bad);
}

/* Every byte is in a line, skipped, still in the reader, or an end of line. */
static void read_bytes(bool device, uint8_t limit, const uint8_t *data, size_t size) {
    struct vb_rapi_reader reader;
    struct vb_rapi_line line;
    size_t used = 0;
    vb_rapi_reader_init(&reader, device, limit);
    for (size_t i = 0; i < size; i++) {
        bool between = reader.n == 0;
        bool whole = vb_rapi_reader_feed(&reader, data[i], &line);
        require(reader.n <= limit && (!whole || (data[i] == '\r' && reader.n == 0)));
        used += data[i] == '\r' || (between && data[i] == '\n');
        if (whole) {
            check_line(&line, limit);
            used += line.n;
        }
        require(used + reader.skipped + reader.n == i + 1);
    }
}

static void tap_bytes(const uint8_t *data, size_t size) {
    struct vb_rapi_tap tap;
    struct vb_frame frame;
    vb_rapi_tap_init(&tap);
    for (size_t i = 0; i < size; i++) {
        uint32_t asked = tap.asked;
        if (vb_rapi_tap_feed(&tap, data[i], &frame)) {
            bool reply = frame.len >= 2 &&
                         (memcmp(frame.data, "OK", 2) == 0 || memcmp(frame.data, "NK", 2) == 0) &&
                         (frame.len == 2 || frame.data[2] == ' ');
            require(!reply || frame.id == 0 || frame.id == asked);
            require(!reply || !(frame.flags & VB_FRAME_ASK));
        }
    }
}

static void write_and_read(enum vb_rapi_sum sum, uint8_t sequence, const char *body, size_t n) {
    char out[VB_RAPI_LINE_MAX + 1];
    struct vb_rapi_reader reader;
    struct vb_rapi_line line = {0};
    int length = vb_rapi_put(body, n, sum, sequence, out, sizeof out);
    if (length < 0) {
        require(length == VB_E_FORMAT || length == VB_E_RANGE || length == VB_E_SPACE);
        return;
    }
    vb_rapi_reader_init(&reader, true, VB_RAPI_LINE_MAX);
    for (int i = 0; i < length; i++) {
        require(vb_rapi_reader_feed(&reader, (uint8_t)out[i], &line) == (i == length - 1));
    }
    require(!line.bad && line.sum == sum && line.sequence == sequence && line.body_n == n);
    require(memcmp(line.text + 1, body, n) == 0 && reader.skipped == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    bool device = data[0] & 1;
    uint8_t limit = !device ? VB_RAPI_LINE_MAX : data[0] & 2 ? VB_RAPI_SEND_OLD : VB_RAPI_SEND_MAX;
    read_bytes(device, limit, data + 2, size - 2);
    tap_bytes(data + 2, size - 2);
    write_and_read((enum vb_rapi_sum)((data[0] >> 2) % 3), data[1], (const char *)data + 2,
                   size - 2);
    return 0;
}
