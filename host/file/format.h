/* host/file/format.h - recordings: one format, one file, one line in formats.def.
 * Most formats read lines; whether one is right for a file is found by trying. Formats of packets are told by
 * the first bytes of the file, and read it by themselves.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_FORMAT_H
#define HOST_FILE_FORMAT_H

#include <stdint.h>

#include "host/io/lines.h"
#include "host/net/net.h"
#include "voltbus/frame.h"
#include "voltbus/lin.h"
#include "voltbus/rapi.h"

#define READER_LINKS_MAX 64
#define READER_NAME_MAX  32

/* reader_next: the file cannot be read on. No vb_err has this value. */
#define READER_BROKEN (-100)

/* What a line can be to a format; negative results of enum vb_err mean "a line of this format, but
 * wrong" (or of another format), reader.why says what was expected. */
enum {
    LINE_NOTHING = 0, /* comment, header, empty: no frame, nothing wrong */
    LINE_FRAME = 1,
    LINE_MORE = 2, /* a frame, and the same line has more: call again */
};

/* What the readers of CAN logs in text keep from line to line (can_text.h). */
struct can_log {
    int64_t base_ns;  /* added to every time */
    int64_t last_ns;  /* time of the line before, without base_ns */
    int64_t block_ns; /* date of the block that begins: base_ns if it begins at 0 */
    bool delta;       /* times count from the line before */
    bool clock;       /* times are of the day: from midnight on they begin again */
    bool decimal;     /* ids and bytes are decimal numbers */
    bool block;       /* such a block begins with the next line */
    bool titled;      /* the line with the titles of the columns was there */
    int version;      /* of the format, 0 = not said */
    char order[24];   /* columns that the file names itself */
};

struct reader {
    const struct format *format;
    struct lines *lines;
    struct line line; /* the line of the last frame or error; of packets: only its number counts */
    bool again;       /* the line is not read to its end: hand it to the format again */
    uint8_t data[66]; /* bytes of the last frame */
    uint8_t side[8];  /* its side bytes */
    uint8_t
        *payload;  /* the same of longer ones: side bytes, then the others; NULL: none came yet */
    char why[120]; /* what was wrong with the last line, and what was expected */
    char links[READER_LINKS_MAX][READER_NAME_MAX]; /* name of each bus number */
    uint16_t link_count;
    size_t hex_at;        /* LIN stream: how far the line is read ... */
    struct vb_lin_rx lin; /* ... its receiver ... */
    uint32_t lin_skipped; /* ... and how many bytes it was seen to give up on */
    int64_t slcan_ms;     /* time of the last slcan line, unwrapped; -1 = none yet */
    size_t rapi_at;       /* RAPI: how far the line is read; 0 = not yet */
    struct vb_rapi_tap rapi[READER_LINKS_MAX]; /* of each link: what was asked last */
    struct can_log can;
    bool trial;        /* the format is being looked for: nobody reads why a line is wrong */
    struct net *net;   /* formats with packets in them: made when the first one comes */
    bool net_more;     /* it may have more frames of the packet before */
    struct pcap *pcap; /* state of that format */
    struct blf *blf;   /* state of that format */
    struct log *log;   /* of formats of text logs with packets in them */
};

struct format {
    const char *name, *title;
    int (*read)(struct reader *reader, const char *text, size_t n, struct vb_frame *frame);
    /* The file has ended: the next frame that was held back, called until LINE_NOTHING. Or NULL. */
    int (*finish)(struct reader *reader, struct vb_frame *frame);
    const struct columns *columns; /* of columns_read (columns.h) */
    bool vague; /* much that is not meant looks like it: most lines of a file must fit */
    /* Formats of packets instead of lines; both or none. Do the first n bytes of a file fit (n >= 4)? */
    bool (*begins)(const uint8_t *bytes, size_t n);
    /* As reader_next. */
    int (*next)(struct reader *reader, struct vb_frame *frame);
    const struct writing *writing; /* how it is written (writer.h); NULL: it is only read */
};

extern const struct format *const formats[];
extern const size_t format_count;

const struct format *format_find(const char *name);

/* Start reading. If reader->format is NULL after this, no format knows a line of the first 256 kB. */
void reader_init(struct reader *reader, struct lines *lines, const struct format *forced);

/* Why there is no format: a sentence for people, valid as long as the lines are. */
const char *reader_no_format(struct reader *reader);

/* Free what the formats made, and close the lines. */
void reader_close(struct reader *reader);

/* Is the next frame here already? Else reader_next may wait for a pipe. */
bool reader_ready(const struct reader *reader);

/* Where the last frame or error stands, to be written behind the name of the file: ":17", ": packet 17". */
#define READER_PLACE 32
const char *reader_place(const struct reader *reader, char text[READER_PLACE]);

/* The next frame, or wrong line. Returns 1 with a frame (valid until the next call), 0 at the end,
 * READER_BROKEN if the file cannot be read on, or VB_E_FORMAT / VB_E_RANGE / VB_E_CHECK for a line
 * that makes no sense (reader->line and reader->why tell). */
int reader_next(struct reader *reader, struct vb_frame *frame);

/* After READER_BROKEN: why the file cannot be read on, valid as long as the reader and its lines are. */
const char *reader_broken_why(const struct reader *reader);

/* For formats: the number of the link of that name, made if new; what is no printable ASCII becomes
 * '?'. The last number is shared by all names beyond READER_LINKS_MAX. */
uint16_t reader_link(struct reader *reader, const char *name, size_t n);

/* For formats: note what is wrong; returns err. */
int reader_wrong(struct reader *reader, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* For formats: the state that takes packets apart, made if it is not there. NULL: no memory. */
struct net *reader_net(struct reader *reader);

/* For formats: a date with the time of day, as people and tools write them: "2026-11-20 17:39:00.123456",
 * 'T' for the space, "Z" or "+01:00" at the end; without that the local time of this machine is meant.
 * Returns VB_OK, VB_E_FORMAT or VB_E_RANGE. */
int reader_date(const char *text, size_t n, int64_t *t_ns);

/* For formats: a line of RAPI, "$OK 16^07", on the link frame->bus. text: n characters, from '$' on.
 * Fills in all of the frame but time and bus. Returns LINE_FRAME or VB_E_FORMAT. */
int reader_rapi(struct reader *reader, const char *text, size_t n, struct vb_frame *frame);

/* For formats: the length of a line without its comment: '#', ';' or '|' at the start or behind a space.
 * (Not inside a word: "166064;RX;0x0000023A;8;" is of another tool.) */
size_t without_comment(const char *text, size_t n);

/* For formats: words of a line. Skips spaces and tabs, returns the word's length (0 = end). */
size_t next_word(const char **at, const char *end, const char **word);

#endif
