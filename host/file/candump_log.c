/* candump_log.c - what `candump -l` and `candump -L` write: "(1712145600.123456) can0 1DB#00". Buses that candump
 * does not know have forms of our own: "22#AB84.." is LIN, "22#" a LIN header that
 * nobody answered, "RF69 #17: 24 3c .." a radio packet, "> $GS^30" and "< $OK 16^07" lines of RAPI, sent and heard;
 * damaged ones too, as far as they are text; "V2G#8001#01000000#809A.." a message between car and charger,
 * "PLC#6065#..#.." one of HomePlug, "NET#01#..#.." an event of the network: id, side bytes (voltbus/v2gtp.h; zeros at
 * their end left out), bytes.
 * Facts: reference/can-transports.md section 1.1.
 * SPDX-License-Identifier: MIT */
#include "host/file/candump_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/file/writer.h"
#include "voltbus/hex.h"
#include "voltbus/rapi.h"
#include "voltbus/rfm69.h"
#include "voltbus/time.h"
#include "voltbus/v2gtp.h"

/* The kind of "V2G#..", or VB_KIND_COUNT. */
static uint8_t cable_kind(const char *body, size_t n) {
    return n < 4                          ? VB_KIND_COUNT
           : memcmp(body, "V2G#", 4) == 0 ? VB_KIND_V2G
           : memcmp(body, "PLC#", 4) == 0 ? VB_KIND_PLC
           : memcmp(body, "NET#", 4) == 0 ? VB_KIND_NET
                                          : VB_KIND_COUNT;
}

/* Hexadecimal digits up to '#' or the end. Returns how many bytes, or -1. */
static int field(const char **at, const char *end, uint8_t *out, size_t cap) {
    const char *mark = memchr(*at, '#', (size_t)(end - *at));
    size_t n = (size_t)((mark ? mark : end) - *at);
    int count = vb_hex_read(*at, n, out, cap, NULL);
    *at = mark ? mark + 1 : end;
    return count < 0 ? -1 : count;
}

/* "8001#0100#809A..", n characters. */
static int read_cable(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *at = text;
    uint8_t id[2] = {0, 0};
    size_t room = LINES_MAX_LINE / 2;
    if (!r->payload && !(r->payload = malloc(VB_SIDE_V2G_SIZE + room))) {
        return reader_wrong(r, VB_E_SPACE, "out of memory");
    }
    uint8_t *data = r->payload + VB_SIDE_V2G_SIZE;
    memset(r->payload, 0, VB_SIDE_V2G_SIZE);
    int id_n = field(&at, text + n, id, sizeof id);
    int side_n = field(&at, text + n, r->payload, VB_SIDE_V2G_SIZE);
    bool last = at > text && at[-1] == '#' && !memchr(at, '#', (size_t)(text + n - at));
    int data_n = last ? field(&at, text + n, data, room) : -1;
    if (id_n != (frame->kind == VB_KIND_NET ? 1 : 2) || side_n < 0 || data_n < 0) {
        return reader_wrong(r, VB_E_FORMAT, "expected ID#SIDE#DATA behind V2G#, PLC#, NET#");
    }
    frame->id = id_n == 2 ? (uint32_t)(id[0] << 8 | id[1]) : id[0];
    frame->side = r->payload;
    frame->side_len = VB_SIDE_V2G_SIZE;
    frame->data = data;
    frame->len = (uint32_t)data_n;
    return LINE_FRAME;
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *end = text + n;
    if (n == 0) {
        return LINE_NOTHING;
    }
    const char *close = text[0] == '(' ? memchr(text, ')', n) : NULL;
    int64_t t_ns;
    if (!close || vb_time_read(text + 1, (size_t)(close - text) - 1, &t_ns) < 0) {
        return reader_wrong(r, VB_E_FORMAT, "expected \"(seconds) interface ID#DATA\"");
    }
    const char *at = close + 1;
    const char *name;
    const char *body;
    const char *direction;
    size_t name_n = next_word(&at, end, &name);
    size_t body_n = next_word(&at, end, &body);
    if (body_n > 0 && (*body == '$' || *body == '>' || *body == '<')) {
        frame->bus = reader_link(r, name, name_n);
        frame->flags = *body == '>' ? VB_FRAME_TX : 0;
        if (*body != '$') {
            next_word(&at, end, &body);
        }
        frame->t_ns = t_ns;
        return reader_rapi(r, body, (size_t)(end - body), frame);
    }
    if (body_n == 4 && memcmp(body, "RF69", 4) == 0) {
        int result = vb_rfm69_read(body, (size_t)(end - body), frame, r->data, r->side);
        if (result < 0) {
            return reader_wrong(r, result, "expected \"(seconds) interface RF69 #17: 24 3c ..\"");
        }
        frame->flags &= (uint16_t)~VB_FRAME_NO_TIME;
        frame->t_ns = t_ns;
        frame->bus = reader_link(r, name, name_n);
        return LINE_FRAME;
    }
    size_t direction_n = next_word(&at, end, &direction);
    size_t place;
    int result;
    if (cable_kind(body, body_n) != VB_KIND_COUNT) {
        frame->kind = cable_kind(body, body_n);
        result = read_cable(r, body + 4, body_n - 4, frame);
        if (result < 0) {
            return result;
        }
    } else if ((result = vb_frame_read(body, body_n, frame, r->data, &place)) < 0) {
        if (memchr(body, ':', body_n)) { /* 00123#81:00:12345678#1122 */
            return reader_wrong(r, VB_E_FORMAT, "a frame of CAN XL: not read");
        }
        return reader_wrong(r, result, "column %zu: expected ID#DATA",
                            (size_t)(body - text) + place + 1);
    }
    if (frame->kind == VB_KIND_LIN && frame->len == 0) {
        frame->fault = VB_FAULT_NO_RESPONSE;
    }
    if (direction_n == 1 && *direction == 'T') {
        frame->flags |= VB_FRAME_TX;
    } else if (direction_n > 0 && !(direction_n == 1 && *direction == 'R')) {
        return reader_wrong(r, VB_E_FORMAT, "column %zu: expected R, T or the end of the line",
                            (size_t)(direction - text) + 1);
    }
    frame->t_ns = t_ns;
    frame->bus = reader_link(r, name, name_n);
    return LINE_FRAME;
}

/* ---- writing ---- */

#define NAME_MAX_SHOWN 64
#define LINE_BEFORE    (VB_TIME_TEXT + NAME_MAX_SHOWN + 16) /* what stands around a frame */

/* "> $SC 16 V^65". A line that is no text has no form. */
static size_t rapi(const struct vb_frame *frame, char *out) {
    size_t n = (size_t)sprintf(out, "%c ", frame->flags & VB_FRAME_TX ? '>' : '<');
    for (size_t i = 0; i < (size_t)frame->len + frame->side_len; i++) {
        uint8_t c = i < frame->len ? frame->data[i] : frame->side[i - frame->len];
        if (c < ' ' || c > '~' || i > VB_RAPI_LINE_MAX) {
            return 0;
        }
    }
    return n + vb_frame_text(frame, out + n);
}

/* "V2G#8001#01#809A..". A message that makes a line too long to be read has no form. */
static size_t of_v2g(const struct vb_frame *frame, char *out) {
    const char *const name = frame->kind == VB_KIND_V2G   ? "V2G#"
                             : frame->kind == VB_KIND_PLC ? "PLC#"
                                                          : "NET#";
    size_t side_len = frame->side_len;
    while (side_len > 0 && frame->side[side_len - 1] == 0) {
        side_len--;
    }
    if (2 * ((size_t)frame->len + side_len) + LINE_BEFORE + VB_FRAME_TEXT > CANDUMP_LINE) {
        return 0;
    }
    size_t n = strlen(strcpy(out, name));
    n += vb_frame_id_text(frame, out + n);
    out[n++] = '#';
    n += vb_hex_write(frame->side, side_len, out + n);
    out[n++] = '#';
    return n + vb_hex_write(frame->data, frame->len, out + n);
}

/* The frame behind the name. Returns the length, 0 if there is no form for it. */
static size_t body(const struct vb_frame *frame, char *out) {
    if (frame->kind == VB_KIND_V2G || frame->kind == VB_KIND_PLC || frame->kind == VB_KIND_NET) {
        return of_v2g(frame, out);
    }
    bool unanswered = frame->kind == VB_KIND_LIN && frame->fault == VB_FAULT_NO_RESPONSE;
    if (frame->kind == VB_KIND_RAPI) {
        return rapi(frame, out);
    }
    if ((frame->fault != VB_FAULT_NONE && !unanswered) || frame->len > VB_RFM69_DATA) {
        return 0;
    }
    if (frame->kind == VB_KIND_RADIO) {
        int n = vb_rfm69_write(frame, out);
        return n < 0 ? 0 : (size_t)n;
    }
    return vb_frame_text(frame, out);
}

size_t candump_log_line(const struct vb_frame *frame, const char *link, int64_t t_ns, char *out) {
    char *p = out;
    size_t name_n = strnlen(link, NAME_MAX_SHOWN);
    *p++ = '(';
    p += vb_time_text(t_ns, p);
    *p++ = ')';
    *p++ = ' ';
    memcpy(p, link, name_n);
    p += name_n;
    *p++ = ' ';
    size_t n = body(frame, p);
    if (n == 0) {
        return 0;
    }
    p += n;
    if (frame->flags & VB_FRAME_TX && frame->kind != VB_KIND_RAPI) {
        *p++ = ' ';
        *p++ = 'T';
    }
    *p++ = '\n';
    return (size_t)(p - out);
}

static bool write_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    char *at = writer_room(w, CANDUMP_LINE);
    size_t n = candump_log_line(frame, link, frame->t_ns, at);
    writer_used(w, at + n);
    return n > 0;
}

static const struct writing writing = {
    .name = "candump-log",
    .suffix = ".log",
    .lacks = LACKS(CHECKSUM) | LACKS(NO_TIME) | LACKS(NANOSECONDS) | LACKS(NEGATIVE),
    .unit_ns = 1,
    .first_bus = WRITER_NAMES,
    .frame = write_frame,
};

const struct format format_candump_log = {.name = "candump-log",
                                          .title = "candump -l and -L: (time) can0 1DB#00",
                                          .read = read_line,
                                          .writing = &writing};
