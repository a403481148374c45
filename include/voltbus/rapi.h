/* voltbus/rapi.h - RAPI, the serial protocol of the OpenEVSE wallbox: lines to frames and back, on
 * both sides of the cable. No timers; who asks what, and when, is voltbus/rapi_client.h.
 *
 * A line is `$`, two letters, fields with one space before each, perhaps a sequence id, perhaps a
 * checksum, CR. Facts: reference/rapi.md sections 1, 2, 6.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_RAPI_H
#define VOLTBUS_RAPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

/* Longest line that a box accepts, '$' and checksum included, CR not; a longer one is dropped without
 * an answer. The first number is that of RAPI 1.x and 2.x. */
#define VB_RAPI_SEND_OLD   29
#define VB_RAPI_SEND_MAX   31
#define VB_RAPI_FIELDS_MAX 10  /* the command is one of them */
#define VB_RAPI_LINE_MAX   120 /* longest line that we take from a box */

/* What stands behind a line. */
enum vb_rapi_sum {
    VB_RAPI_PLAIN, /* nothing: replies of RAPI 1.x */
    VB_RAPI_XOR,   /* ^hh */
    VB_RAPI_ADD,   /* *hh; commands only */
};

/* The code of a command or message as the id of a frame: VB_RAPI_ID('G', 'S'). */
#define VB_RAPI_ID(a, b) ((uint32_t)(a) << 8 | (uint32_t)(b))

/* ---- writing ---- */

/* Write a line: '$', the body ("SC 16 V", "OK 16"), " :ss" if sequence is not 0, the checksum in
 * upper case, CR. body: n characters. out: cap bytes, no terminator.
 * Returns the length with CR; VB_E_FORMAT if the body is shorter than a code, or holds a character
 * that would end the line or begin another ($ ^ *, and what is not printable ASCII but for 01, 11, EF
 * and FE, which stand for spaces in $FP), or ends like a sequence id while sequence is 0; VB_E_RANGE
 * if the line has more than VB_RAPI_FIELDS_MAX fields; VB_E_SPACE if it needs more than cap. */
int vb_rapi_put(const char *body, size_t n, enum vb_rapi_sum sum, uint8_t sequence, char *out,
                size_t cap);

/* ---- reading ---- */

/* A line as it was read. The text belongs to the reader and lives until it is fed again. */
struct vb_rapi_line {
    const char *text; /* from '$' on, without CR */
    uint16_t n;
    uint16_t body_n;  /* of text + 1: the body, without sequence id and checksum */
    uint8_t sum;      /* enum vb_rapi_sum: what stands behind it */
    uint8_t sequence; /* 1..255; 0 = none */
    bool bad;         /* the checksum is wrong, or no two digits and an end */
};

struct vb_rapi_reader {
    uint32_t skipped; /* bytes outside lines, of lines too long and of half ones; for reading */
    bool device;      /* we are the box, which looks at two digits of a checksum and no further */
    uint8_t limit;    /* longest line, '$' included, CR not */
    bool overlong;
    uint8_t n;
    char text[VB_RAPI_LINE_MAX + 1];
};

/* Begin. limit: VB_RAPI_LINE_MAX for a client, VB_RAPI_SEND_MAX or _OLD for a box. */
void vb_rapi_reader_init(struct vb_rapi_reader *reader, bool device, uint8_t limit);

/* One byte. Returns true when it ends a line, which is then in *line. A line that is too long is
 * dropped whole; '$' drops what came before it; LF is ignored between lines. */
bool vb_rapi_reader_feed(struct vb_rapi_reader *reader, uint8_t byte, struct vb_rapi_line *line);

/* What kind of line it is, seen from a client. */
enum vb_rapi_what {
    VB_RAPI_OK,
    VB_RAPI_NK,
    VB_RAPI_NEWS,  /* $ST $AT $AB $AN $WF: nobody asked; $ST with one field only */
    VB_RAPI_ASKED, /* a command: an echo of ours, or another client's on a tapped line */
};
enum vb_rapi_what vb_rapi_line_what(const struct vb_rapi_line *line);

/* The code of a command or of news ("GS", "AT"); 0 for OK, NK and what has none. */
uint32_t vb_rapi_line_id(const struct vb_rapi_line *line);

/* Make a frame of a line: kind RAPI; data = the body, side = what stands behind it (" :5A^41"), so
 * that '$', data and side are the line again. id: the code that it belongs to: of a reply that of
 * its question. flags: VB_FRAME_ASK (with VB_FRAME_TX if ours) for a command. fault: VB_FAULT_SUM
 * if line->bad. Time and bus are 0. The bytes stay the line's. */
void vb_rapi_line_frame(const struct vb_rapi_line *line, uint32_t id, struct vb_frame *frame);

/* ---- listening to both sides of a line: which question does a reply answer? ---- */

/* A tap (a recording, or a second receiver on the cable) gives each reply the id of the last
 * question. Where replies have checksums, one without is cut short: its fault is VB_FAULT_SUM. */
struct vb_rapi_tap {
    struct vb_rapi_reader reader;
    uint32_t asked;   /* id of the question that waits; 0 = none */
    uint8_t sequence; /* of that */
    bool sums;        /* a reply had a good checksum */
};
void vb_rapi_tap_init(struct vb_rapi_tap *tap);
/* One byte. True: *frame is the line that it ends; a reply that answers nothing has the id 0. */
bool vb_rapi_tap_feed(struct vb_rapi_tap *tap, uint8_t byte, struct vb_frame *frame);

#endif
