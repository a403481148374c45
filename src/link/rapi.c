/* rapi.c - RAPI lines: bytes to lines, lines to frames, bodies to lines; and the tap.
 * Facts: reference/rapi.md sections 1, 2, 6.
 * SPDX-License-Identifier: MIT */
#include "voltbus/rapi.h"

#include <string.h>

#include "voltbus/crc.h"
#include "voltbus/hex.h"

/* Of n characters, as ^ or * says it. */
static uint8_t checksum(enum vb_rapi_sum sum, const char *text, size_t n) {
    return (sum == VB_RAPI_XOR ? vb_xor8 : vb_sum8)((const uint8_t *)text, n);
}

/* ---- writing ---- */

/* Stand-ins for the space of $FP, whose meaning depends on the firmware. */
static bool is_space_of_lcd(unsigned char c) {
    return c == 0x01 || c == 0x11 || c == 0xEF || c == 0xFE;
}

static bool may_stand(unsigned char c) {
    return is_space_of_lcd(c) || (c >= ' ' && c < 0x7F && c != '$' && c != '^' && c != '*');
}

/* The two digits of " :5A" at the end of n characters, behind a code at least; -1: no sequence id. */
static int sequence_at_end(const char *body, size_t n) {
    if (n < 6 || memcmp(body + n - 4, " :", 2) != 0) {
        return -1;
    }
    int high = vb_hex_digit(body[n - 2]);
    int low = vb_hex_digit(body[n - 1]);
    return high >= 0 && low >= 0 ? high << 4 | low : -1;
}

int vb_rapi_put(const char *body, size_t n, enum vb_rapi_sum sum, uint8_t sequence, char *out,
                size_t cap) {
    size_t fields = 1;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        fields += body[i] == ' ';
        if (!may_stand((unsigned char)body[i])) {
            return VB_E_FORMAT;
        }
    }
    if (n < 2 || body[0] == ' ' || body[1] == ' ' ||
        (sequence == 0 && sequence_at_end(body, n) >= 0)) {
        return VB_E_FORMAT;
    }
    if (fields + (sequence != 0) > VB_RAPI_FIELDS_MAX) {
        return VB_E_RANGE;
    }
    if (1 + n + (sequence ? 4 : 0) + (sum == VB_RAPI_PLAIN ? 0 : 3) + 1 > cap) {
        return VB_E_SPACE;
    }
    out[at++] = '$';
    memcpy(out + at, body, n);
    at += n;
    if (sequence) {
        out[at++] = ' ';
        out[at++] = ':';
        at += vb_hex_number(sequence, 2, out + at);
    }
    if (sum != VB_RAPI_PLAIN) {
        uint8_t value = checksum(sum, out, at);
        out[at++] = sum == VB_RAPI_XOR ? '^' : '*';
        at += vb_hex_number(value, 2, out + at);
    }
    out[at++] = '\r';
    return (int)at;
}

/* ---- reading ---- */

void vb_rapi_reader_init(struct vb_rapi_reader *reader, bool device, uint8_t limit) {
    *reader = (struct vb_rapi_reader){.device = device, .limit = limit};
}

/* The last field of the body, if it is " :ss": not part of it. */
static void split_sequence(struct vb_rapi_line *line) {
    int sequence = sequence_at_end(line->text + 1, line->body_n);
    if (sequence >= 0) {
        line->sequence = (uint8_t)sequence;
        line->body_n -= 4;
    }
}

/* The checksum behind a body of n characters. A client wants two digits and nothing else; a box reads
 * up to two and does not look further. */
static bool sum_is_good(const struct vb_rapi_line *line, size_t body, bool device) {
    uint8_t value = checksum((enum vb_rapi_sum)line->sum, line->text, body);
    unsigned read = 0;
    size_t at = body + 1;
    for (; at < line->n && at < body + 3 && vb_hex_digit(line->text[at]) >= 0; at++) {
        read = read << 4 | (unsigned)vb_hex_digit(line->text[at]);
    }
    return read == value && (device || (at == body + 3 && at == line->n));
}

static void split(struct vb_rapi_line *line, bool device) {
    size_t body = 1;
    while (body < line->n && line->text[body] != '^' && line->text[body] != '*') {
        body++;
    }
    *line = (struct vb_rapi_line){
        .text = line->text, .n = line->n, .body_n = (uint16_t)(body - 1), .sum = VB_RAPI_PLAIN};
    if (body < line->n) {
        line->sum = line->text[body] == '^' ? VB_RAPI_XOR : VB_RAPI_ADD;
        line->bad = !sum_is_good(line, body, device);
    }
    split_sequence(line);
}

static void restart(struct vb_rapi_reader *reader) {
    reader->skipped += reader->n;
    reader->overlong = false;
    reader->text[0] = '$';
    reader->n = 1;
}

/* Firmware 7.1.5 answers $GI with "$OK $GI ABCDEF...": to a client, that '$' begins no new line. Is
 * what is there the beginning of it? */
static bool is_odd_answer(const struct vb_rapi_reader *reader) {
    return memcmp(reader->text, "$OK $GI ", reader->n) == 0;
}

#define ODD 8 /* "$OK $GI " */

/* It is another line after all that begins there. */
static void drop_before_odd(struct vb_rapi_reader *reader) {
    reader->skipped += 4;
    reader->n = (uint8_t)(reader->n - 4);
    memmove(reader->text, reader->text + 4, reader->n);
}

/* Another character. One '$' may stand inside, as long as it may become that odd answer. */
static void append(struct vb_rapi_reader *reader, char c) {
    reader->text[reader->n++] = c;
    if (reader->n > 4 && reader->n <= ODD && reader->text[4] == '$' && !is_odd_answer(reader)) {
        drop_before_odd(reader);
    }
}

bool vb_rapi_reader_feed(struct vb_rapi_reader *reader, uint8_t byte, struct vb_rapi_line *line) {
    char c = (char)byte;
    if (c == '$') {
        bool odd = !reader->device && reader->n == 4 && memcmp(reader->text, "$OK ", 4) == 0;
        if (!odd) {
            restart(reader);
            return false;
        }
    }
    if (reader->n == 0) { /* between lines; an LF behind a CR is no byte lost */
        reader->skipped += c != '\n' && c != '\r';
        return false;
    }
    if (c == '\r') {
        if (reader->n > 4 && reader->n < ODD && reader->text[4] == '$') {
            drop_before_odd(reader);
        }
        bool good = !reader->overlong && reader->n > 1;
        *line = (struct vb_rapi_line){.text = reader->text, .n = reader->n};
        reader->skipped += good ? 0 : reader->n;
        reader->n = 0;
        reader->overlong = false;
        if (good) {
            split(line, reader->device);
        }
        return good;
    }
    if (reader->n == reader->limit) {
        reader->overlong = true;
        reader->skipped++;
        return false;
    }
    append(reader, c);
    return false;
}

/* ---- what it is ---- */

static bool begins(const struct vb_rapi_line *line, const char *code) {
    return line->body_n >= 2 && memcmp(line->text + 1, code, 2) == 0 &&
           (line->body_n == 2 || line->text[3] == ' ');
}

static unsigned fields_of(const struct vb_rapi_line *line) {
    unsigned fields = 1;
    for (unsigned i = 0; i < line->body_n; i++) {
        fields += line->text[1 + i] == ' ';
    }
    return fields;
}

enum vb_rapi_what vb_rapi_line_what(const struct vb_rapi_line *line) {
    if (begins(line, "OK")) {
        return VB_RAPI_OK;
    }
    if (begins(line, "NK")) {
        return VB_RAPI_NK;
    }
    /* $ST is also a command, with four arguments */
    bool news = begins(line, "AT") || begins(line, "AB") || begins(line, "AN") ||
                begins(line, "WF") || (begins(line, "ST") && fields_of(line) == 2);
    return news ? VB_RAPI_NEWS : VB_RAPI_ASKED;
}

uint32_t vb_rapi_line_id(const struct vb_rapi_line *line) {
    enum vb_rapi_what what = vb_rapi_line_what(line);
    bool has_code = what == VB_RAPI_NEWS || (what == VB_RAPI_ASKED && line->body_n >= 2 &&
                                             (line->body_n == 2 || line->text[3] == ' '));
    return has_code ? VB_RAPI_ID((uint8_t)line->text[1], (uint8_t)line->text[2]) : 0;
}

void vb_rapi_line_frame(const struct vb_rapi_line *line, uint32_t id, struct vb_frame *frame) {
    bool asked = vb_rapi_line_what(line) == VB_RAPI_ASKED;
    *frame = (struct vb_frame){
        .kind = VB_KIND_RAPI,
        .id = id,
        .flags = asked ? VB_FRAME_ASK : 0,
        .fault = line->bad ? VB_FAULT_SUM : VB_FAULT_NONE,
        .data = (const uint8_t *)line->text + 1,
        .len = line->body_n,
        .side = (const uint8_t *)line->text + 1 + line->body_n,
        .side_len = (uint16_t)(line->n - 1 - line->body_n),
    };
}

/* ---- the tap ---- */

void vb_rapi_tap_init(struct vb_rapi_tap *tap) {
    *tap = (struct vb_rapi_tap){0};
    vb_rapi_reader_init(&tap->reader, false, VB_RAPI_LINE_MAX);
}

bool vb_rapi_tap_feed(struct vb_rapi_tap *tap, uint8_t byte, struct vb_frame *frame) {
    struct vb_rapi_line line;
    if (!vb_rapi_reader_feed(&tap->reader, byte, &line)) {
        return false;
    }
    uint32_t id = vb_rapi_line_id(&line);
    enum vb_rapi_what what = vb_rapi_line_what(&line);
    if (what == VB_RAPI_ASKED) {
        tap->asked = line.bad ? 0 : id; /* a bad one is answered by a bare NK */
        tap->sequence = line.sequence;
    } else if (what == VB_RAPI_OK || what == VB_RAPI_NK) {
        line.bad = line.bad || (tap->sums && line.sum == VB_RAPI_PLAIN);
        tap->sums = tap->sums || (line.sum == VB_RAPI_XOR && !line.bad);
        bool its = !line.bad && (line.sequence == 0 || line.sequence == tap->sequence);
        id = its ? tap->asked : 0;
        tap->asked = its ? 0 : tap->asked;
    }
    vb_rapi_line_frame(&line, id, frame);
    return true;
}
