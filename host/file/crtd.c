/* crtd.c - CRTD of OVMS, and what GVRET-PC writes: "1632426782.045940 1R11 679 00": time, number of the bus
 * (1 if there is none) with R or T and the bits of the id, id, bytes. Records of other kinds (comments, events,
 * statistics, counters of errors) hold no frame and are passed over; those of unknown kinds are named. Bytes have
 * no count: a line that was cut between two bytes is a shorter frame.
 * Facts: reference/can-transports.md section 1.6.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/can_text.h"
#include "host/file/writer.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

static const char *const no_frames[] = {"CXX", "CVR", "CEV", "CMT", "CER",
                                        "CST", "CBC", "CDP", "CCM"};

static bool is_digit(char c) {
    return '0' <= c && c <= '9';
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *at = text;
    const char *end = text + n;
    const char *word;
    const char *type;
    int64_t t_ns;
    uint32_t id;
    size_t word_n = next_word(&at, end, &word);
    if (word_n == 0 || *word == '#') {
        return LINE_NOTHING;
    }
    if (can_time(word, word_n, VB_NS_PER_S, &t_ns) < 0) {
        return reader_wrong(r, VB_E_FORMAT, "expected a time in seconds, then 1R11, an id, bytes");
    }
    size_t type_n = next_word(&at, end, &type);
    size_t bus_n = 0;
    while (bus_n < type_n && bus_n < 4 && is_digit(type[bus_n])) {
        bus_n++;
    }
    const char *bus = bus_n > 0 ? type : "1";
    type += bus_n;
    type_n -= bus_n;
    for (size_t i = 0; i < sizeof no_frames / sizeof no_frames[0]; i++) {
        if (type_n == 3 && memcmp(type, no_frames[i], 3) == 0) {
            return LINE_NOTHING;
        }
    }
    bool extended = type_n == 3 && memcmp(type + 1, "29", 2) == 0;
    if (type_n != 3 || !can_direction(type, 1, frame) ||
        (!extended && memcmp(type + 1, "11", 2) != 0)) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected R11, R29, T11 or T29",
                            (size_t)(type - text) + 1);
    }
    word_n = next_word(&at, end, &word);
    if ((word_n != 3 && word_n != 8) || !can_number(word, word_n, 16, &id) ||
        !can_id(frame, id, extended)) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected an id of 3 or 8 digits",
                            (size_t)(word - text) + 1);
    }
    size_t count = 0;
    while ((word_n = next_word(&at, end, &word)) > 0) {
        if (count == 64 || word_n != 2 || vb_hex_read(word, 2, &r->data[count], 1, NULL) != 1) {
            return reader_wrong(r, VB_E_FORMAT, "column %zu: expected a byte",
                                (size_t)(word - text) + 1);
        }
        count++;
    }
    if (can_stamp(r, t_ns, frame) < 0) {
        return reader_wrong(r, VB_E_RANGE, "a time beyond 292 years");
    }
    int result = can_done(r, count, frame);
    frame->bus = result > 0 ? can_link(r, bus, bus_n > 0 ? bus_n : 1) : 0;
    return result;
}

/* ---- writing ---- */

#define LINE_ROOM 256

static void write_begin(struct writer *w, const struct vb_frame *first) {
    int64_t us = first ? writer_us(first->t_ns) : 0;
    for (int line = 0; line < 2; line++) {
        char *p = writer_room(w, LINE_ROOM);
        p = put_fixed(p, us, 6, 0);
        writer_used(w, put_text(p, line == 0 ? " CXX OVMS CRTD\n" : " CVR 3.0\n"));
    }
}

static bool write_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    char *p = put_fixed(writer_room(w, LINE_ROOM), writer_us(frame->t_ns), 6, 0);
    *p++ = ' ';
    p = put_fixed(p, writer_bus(w, link), 0, 0);
    *p++ = frame->flags & VB_FRAME_TX ? 'T' : 'R';
    p = put_text(p, frame->flags & VB_FRAME_EXT ? "29 " : "11 ");
    p = put_id(p, frame, 3);
    p = put_bytes(p, frame, ' ', 0);
    *p++ = '\n';
    writer_used(w, p);
    return true;
}

static const struct writing writing = {
    .name = "crtd",
    .suffix = ".crtd",
    .lacks = LACKS_OTHERS | LACKS(FD) | LACKS(REMOTE) | LACKS(ERROR) | LACKS(NO_TIME) |
             LACKS(DIGITS) | LACKS(NEGATIVE),
    .unit_ns = VB_NS_PER_US,
    .first_bus = 1,
    .begin = write_begin,
    .frame = write_frame,
};

const struct format format_crtd = {.name = "crtd",
                                   .title =
                                       "CRTD of OVMS and GVRET-PC: 1632426782.045940 1R11 679 00",
                                   .read = read_line,
                                   .writing = &writing};
