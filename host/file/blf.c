/* blf.c - Vector BLF (binary logging format): objects in containers, packed by zlib or not, and objects that run
 * over the end of a container; in constant memory, from files and pipes. Read are the messages of CAN (types 1,
 * 86) and CAN FD (100, 101) and error frames (2, 73, 104); objects that are no traffic are passed over, those of other
 * buses are counted and named at the end. The start is local time.
 * Facts: reference/can-transports.md section 1.9; the files of captures/can.
 * SPDX-License-Identifier: MIT */
#include "host/file/blf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST /* its input is not written */
#include <zlib.h>

#include "host/file/can_text.h"
#include "voltbus/time.h"

#define FILE_HEADER      144u
#define HEADER           16u /* of an object: LOBJ, size of its header, version, size, type */
#define TIME_HEADER      32u /* and its flags and time */
#define CONTAINER_HEADER 32u
#define OBJECT_MAX       192u /* bytes of an object that are looked at; the longest message has less */
#define OBJECT_DAMAGED   0x4000000u /* a size above that is none */
#define WINDOW           131072u
#define PADDING_MAX      8u
#define OTHERS_MAX       4
#define TYPES_MORE       UINT32_MAX /* stands for several */

enum { CONTAINER = 10, RAW = 0, ZLIB = 2 };

struct blf {
    int64_t base_ns;
    bool begun, ended;
    bool cut;               /* the file ends inside of this container */
    uint8_t window[WINDOW]; /* what the containers have in them, one behind the other */
    size_t at, end;
    uint32_t left; /* bytes of the container that is being read, still in the file */
    uint16_t method;
    bool inflating;
    z_stream z;
    struct {
        uint32_t type;
        unsigned long count;
    } others[OTHERS_MAX]; /* objects that were passed over */
    size_t other_count;
    size_t gone; /* bytes of the last object, still to be taken */
    size_t lost; /* bytes that were no object */
    bool others_told;
};

void blf_close(struct blf *c) {
    if (c && c->inflating) {
        inflateEnd(&c->z);
    }
    free(c);
}

static uint32_t get16(const uint8_t *p) {
    return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t get32(const uint8_t *p) {
    return get16(p + 2) << 16 | get16(p);
}

static uint64_t get64(const uint8_t *p) {
    return (uint64_t)get32(p + 4) << 32 | get32(p);
}

/* ---- what is in the containers, as one stream ---- */

/* Where LOBJ is in the first n bytes: an object may have padding before it. n: it is not there. */
static size_t find_object(const uint8_t *b, size_t n) {
    size_t at = 0;
    while (at + 4 <= n && memcmp(b + at, "LOBJ", 4) != 0) {
        at++;
    }
    return at + 4 <= n ? at : n;
}

static bool is_zero(const uint8_t *b, size_t n) {
    while (n > 0 && b[n - 1] == 0) {
        n--;
    }
    return n == 0;
}

static int end_wrong(struct reader *r, const char *why) {
    r->blf->ended = true;
    return lines_why(r->lines)[0] ? LINE_NOTHING /* why is told at the very end */
                                  : reader_wrong(r, VB_E_FORMAT, "%s", why);
}

/* The next object of the file: a container, or an object that is in none. Returns LINE_NOTHING (left is 0 at the
 * end of the file), or what is wrong. */
static int open_container(struct reader *r) {
    struct blf *c = r->blf;
    const uint8_t *b;
    size_t n = lines_bytes(r->lines, PADDING_MAX + CONTAINER_HEADER, &b);
    size_t skip = find_object(b, n < PADDING_MAX + 4 ? n : PADDING_MAX + 4);
    if (n < 4 && is_zero(b, n)) {
        c->ended = true; /* nothing, or the padding of the last one */
        return LINE_NOTHING;
    }
    if (n < HEADER) {
        return end_wrong(r, "the file ends inside of the next object");
    }
    if (skip > PADDING_MAX) {
        return end_wrong(r, "behind it there is no object: the file is damaged from here on");
    }
    b += skip;
    n -= skip;
    if (n < HEADER) {
        return end_wrong(r, "the file ends inside of the next object");
    }
    uint32_t size = get32(b + 8);
    if (size < HEADER || size > OBJECT_DAMAGED ||
        (get32(b + 12) == CONTAINER && size < CONTAINER_HEADER)) {
        return end_wrong(r,
                         "behind it an object has a wrong size: the file is damaged from here on");
    }
    c->method = RAW;
    c->left = size;
    lines_skip(r->lines, skip);
    if (get32(b + 12) != CONTAINER) {
        return LINE_NOTHING; /* the object itself, header and all */
    }
    if (n < CONTAINER_HEADER) {
        return end_wrong(r, "the file ends inside of the next container");
    }
    c->method = (uint16_t)get16(b + HEADER);
    lines_skip(r->lines, CONTAINER_HEADER);
    c->left -= CONTAINER_HEADER;
    if (c->method == ZLIB) {
        int result = c->inflating ? inflateReset(&c->z) : inflateInit(&c->z);
        c->inflating = result == Z_OK;
        return c->inflating ? LINE_NOTHING : end_wrong(r, "no memory for zlib");
    }
    if (c->method != RAW) {
        lines_skip(r->lines, c->left);
        c->left = 0;
        return reader_wrong(
            r, VB_E_FORMAT,
            "behind it a container packed by method %u, which voltbus does not know: "
            "passed over",
            (unsigned)c->method);
    }
    return LINE_NOTHING;
}

static int unpack(struct reader *r, const uint8_t *b, size_t n) {
    struct blf *c = r->blf;
    c->z.next_in = b;
    c->z.avail_in = (uInt)n;
    c->z.next_out = c->window + c->end;
    c->z.avail_out = (uInt)(WINDOW - c->end);
    int result = inflate(&c->z, Z_NO_FLUSH);
    size_t used = n - c->z.avail_in;
    bool more = c->z.avail_out == 0;                         /* the window was full */
    bool cut = result == Z_OK && used == c->left && !c->cut; /* zlib has not come to its end */
    c->end = WINDOW - c->z.avail_out;
    lines_skip(r->lines, used);
    c->left -= (uint32_t)used;
    if (result == Z_STREAM_END || (result != Z_OK && result != Z_BUF_ERROR)) {
        lines_skip(r->lines, c->left);
        c->left = 0;
    }
    if (result == Z_STREAM_END || (result == Z_OK && !cut) || (result == Z_BUF_ERROR && more)) {
        return LINE_NOTHING;
    }
    return reader_wrong(r, VB_E_FORMAT,
                        "behind it a container with damaged zlib data: passed over");
}

/* Get more behind window[end]. Returns LINE_NOTHING, with ended at the end of the file, or what is wrong. */
static int fill(struct reader *r) {
    struct blf *c = r->blf;
    memmove(c->window, c->window + c->at, c->end - c->at);
    c->end -= c->at;
    c->at = 0;
    if (c->left == 0) {
        return c->cut ? end_wrong(r, "the file ends inside of the next container")
                      : open_container(r);
    }
    const uint8_t *b;
    size_t piece = c->left < WINDOW / 2 ? c->left : WINDOW / 2;
    size_t n = lines_bytes(r->lines, piece, &b);
    if (n < piece) {
        c->left = (uint32_t)n; /* what is there is used */
        c->cut = true;
        if (n == 0) {
            return LINE_NOTHING;
        }
    }
    if (c->method == ZLIB) {
        return unpack(r, b, n);
    }
    n = n < WINDOW - c->end ? n : WINDOW - c->end;
    memcpy(c->window + c->end, b, n);
    c->end += n;
    lines_skip(r->lines, n);
    c->left -= (uint32_t)n;
    return LINE_NOTHING;
}

/* Have n bytes in the window, if the file has them. */
static int want(struct reader *r, size_t n) {
    struct blf *c = r->blf;
    int result = LINE_NOTHING;
    while (c->end - c->at < n && !c->ended && result == LINE_NOTHING) {
        result = fill(r);
    }
    return result;
}

/* Take n bytes out of the stream. */
static int drop(struct reader *r, size_t n) {
    struct blf *c = r->blf;
    int result = LINE_NOTHING;
    while (n > 0 && result == LINE_NOTHING) {
        size_t have = c->end - c->at < n ? c->end - c->at : n;
        c->at += have;
        n -= have;
        if (n > 0 && c->ended) {
            return end_wrong(r, "the file ends inside of this object");
        }
        result = n > 0 ? fill(r) : LINE_NOTHING;
    }
    return result;
}

/* ---- messages ---- */

static uint16_t link_of(struct reader *r, uint32_t channel) {
    char text[12];
    return can_link(r, text, (size_t)snprintf(text, sizeof text, "%u", (unsigned)channel));
}

static int take(struct reader *r, const uint8_t *data, size_t here, size_t len,
                struct vb_frame *frame) {
    bool remote = frame->flags & VB_FRAME_RTR;
    if (!remote && (len > 64 || len > here)) {
        return reader_wrong(r, VB_E_FORMAT, "a message of %zu bytes in an object of fewer", len);
    }
    if (!remote) {
        memcpy(r->data, data, len);
    }
    return can_done(r, len, frame);
}

/* Channel, flags, DLC, id, data; n >= 16. */
static int classic(struct reader *r, const uint8_t *b, size_t n, struct vb_frame *frame) {
    frame->bus = link_of(r, get16(b));
    frame->flags |= (uint16_t)((b[2] & 0x01 ? VB_FRAME_TX : 0) | (b[2] & 0x80 ? VB_FRAME_RTR : 0));
    return take(r, b + 8, n - 8, b[3] < 8 ? b[3] : 8, frame);
}

/* The same, with flags of FD and a count of bytes; n >= 20. */
static int fd(struct reader *r, const uint8_t *b, size_t n, struct vb_frame *frame) {
    frame->bus = link_of(r, get16(b));
    frame->flags |=
        (uint16_t)((b[2] & 0x01 ? VB_FRAME_TX : 0) | (b[2] & 0x80 ? VB_FRAME_RTR : 0) |
                   (b[13] & 0x01 ? VB_FRAME_FD : 0) | (b[13] & 0x02 ? VB_FRAME_BRS : 0) |
                   (b[13] & 0x04 ? VB_FRAME_ESI : 0));
    bool remote = frame->flags & VB_FRAME_RTR;
    return take(r, b + 20, n - 20, remote ? can_length(b[3] & 15u, false) : b[14], frame);
}

/* Channel, DLC, count of bytes, tries, id, and much else; n >= 40. */
static int fd_64(struct reader *r, const uint8_t *b, size_t n, struct vb_frame *frame) {
    uint32_t flags = get32(b + 12);
    if (b[34] == 2) {
        return LINE_NOTHING; /* a request to send: its message comes by itself */
    }
    frame->bus = link_of(r, b[0]);
    frame->flags |=
        (uint16_t)((b[34] ? VB_FRAME_TX : 0) | (flags & 0x10 ? VB_FRAME_RTR : 0) |
                   (flags & 0x1000 ? VB_FRAME_FD : 0) | (flags & 0x2000 ? VB_FRAME_BRS : 0) |
                   (flags & 0x4000 ? VB_FRAME_ESI : 0));
    bool remote = frame->flags & VB_FRAME_RTR;
    return take(r, b + 40, n - 40, remote ? can_length(b[1] & 15u, false) : b[2], frame);
}

static int error_frame(struct reader *r, const uint8_t *b, size_t n, struct vb_frame *frame) {
    (void)n;
    frame->bus = link_of(r, get16(b));
    return can_error(r, CAN_ERROR_BUS, 0, frame);
}

static int error_frame_64(struct reader *r, const uint8_t *b, size_t n, struct vb_frame *frame) {
    (void)n;
    frame->bus = link_of(r, b[0]);
    return can_error(r, CAN_ERROR_BUS, 0, frame);
}

/* The objects that are frames; id_at: where the id is, 0 = it has none. */
static const struct {
    uint32_t type, size, id_at;
    int (*read)(struct reader *, const uint8_t *, size_t, struct vb_frame *);
} messages[] = {{1, 16, 4, classic},        {86, 16, 4, classic},   {100, 20, 4, fd},
                {101, 40, 4, fd_64},        {2, 4, 0, error_frame}, {73, 4, 0, error_frame},
                {104, 4, 0, error_frame_64}};

/* Objects that are no traffic: state and load of a bus, text, variables, markers, positions of the file. */
static const uint8_t quiet[] = {4, 5, 6, 7, 8, 9, 31, 65, 72, 92, 96, 115};

static void count_other(struct blf *c, uint32_t type) {
    size_t i = 0;
    if (type <= UINT8_MAX && memchr(quiet, (int)type, sizeof quiet)) {
        return;
    }
    while (i < c->other_count && c->others[i].type != type) {
        i++;
    }
    if (i == OTHERS_MAX) { /* the last stands for all that have no place */
        i = OTHERS_MAX - 1;
        type = TYPES_MORE;
    }
    c->other_count = i < c->other_count ? c->other_count : i + 1;
    c->others[i].type = type;
    c->others[i].count++;
}

/* What was passed over, once, at the end. */
static int tell_others(struct reader *r) {
    struct blf *c = r->blf;
    char text[100] = "";
    size_t n = 0;
    c->others_told = true;
    for (size_t i = 0; i < c->other_count && n < sizeof text; i++) {
        char type[16] = "more types";
        if (c->others[i].type != TYPES_MORE) {
            snprintf(type, sizeof type, "type %u", (unsigned)c->others[i].type);
        }
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%lu of %s", i ? ", " : "",
                              c->others[i].count, type);
    }
    return c->other_count
               ? reader_wrong(r, VB_E_FORMAT, "objects of no CAN bus, not read: %s", text)
               : LINE_NOTHING;
}

/* An object with its time: size bytes in the file, n of them at b. */
static int read_object(struct reader *r, const uint8_t *b, size_t n, struct vb_frame *frame) {
    uint32_t type = get32(b + 12);
    uint32_t header = get16(b + 4);
    size_t row = 0;
    while (row < sizeof messages / sizeof messages[0] && messages[row].type != type) {
        row++;
    }
    if (row == sizeof messages / sizeof messages[0]) {
        count_other(r->blf, type);
        return LINE_NOTHING;
    }
    if (header < TIME_HEADER || n < header || n - header < messages[row].size) {
        return reader_wrong(r, VB_E_FORMAT, "an object of type %u with %zu bytes: too few",
                            (unsigned)type, n);
    }
    *frame = (struct vb_frame){.kind = VB_KIND_CAN};
    uint64_t time = get64(b + 24);
    int64_t unit_ns = get32(b + 16) == 1 ? 10 * VB_NS_PER_US : 1;
    int64_t t_ns;
    if (time > INT64_MAX || __builtin_mul_overflow((int64_t)time, unit_ns, &t_ns) ||
        __builtin_add_overflow(t_ns, r->blf->base_ns, &frame->t_ns)) {
        return reader_wrong(r, VB_E_RANGE, "a time beyond 292 years");
    }
    const uint8_t *body = b + header;
    uint32_t id = messages[row].id_at ? get32(body + messages[row].id_at) : 0;
    if (!can_id(frame, id & 0x1FFFFFFF, id >> 31)) {
        return reader_wrong(r, VB_E_RANGE, "an id above 1FFFFFFF");
    }
    return messages[row].read(r, body, n - header, frame);
}

/* Behind the padding of the object before: is there another one? *found: at window[at]. */
static int find_next(struct reader *r, bool *found) {
    struct blf *c = r->blf;
    int result = want(r, HEADER + PADDING_MAX);
    size_t have = c->end - c->at;
    size_t skip = find_object(c->window + c->at, have);
    *found = result == LINE_NOTHING && skip < have && have - skip >= HEADER;
    if (result < 0) {
        return result;
    }
    if (skip == have && !c->ended) {
        skip -= 3; /* LOBJ may stand across the edge */
    }
    if (!*found && c->ended) {
        skip = have;
    }
    bool rest = !*found && c->ended && !c->cut && !is_zero(c->window + c->at, have);
    c->at += skip;
    c->lost += skip;
    if (rest || ((*found || c->ended) && c->lost > PADDING_MAX)) {
        size_t lost = c->lost;
        c->lost = 0;
        *found = false;
        return reader_wrong(r, VB_E_FORMAT, "%zu bytes behind it are no object: damaged", lost);
    }
    c->lost = *found ? 0 : c->lost;
    return LINE_NOTHING;
}

/* The next object. Returns 1 with a frame, LINE_NOTHING, or what is wrong. */
static int next_object(struct reader *r, struct vb_frame *frame) {
    struct blf *c = r->blf;
    bool found;
    int result = drop(r, c->gone);
    c->gone = 0;
    result = result < 0 ? result : find_next(r, &found);
    if (result < 0 || !found) {
        return result;
    }
    r->line.number++;
    uint32_t size = get32(c->window + c->at + 8);
    if (size < HEADER || size > OBJECT_DAMAGED) {
        c->at += 4;
        return reader_wrong(r, VB_E_FORMAT, "an object of %u bytes: the file is damaged here",
                            (unsigned)size);
    }
    size_t seen = size < OBJECT_MAX ? size : OBJECT_MAX;
    result = want(r, seen);
    if (result < 0 && !c->ended) {
        r->line.number--;
        return result; /* named; then again from here */
    }
    if (c->end - c->at < seen) {
        c->at = c->end;
        return result < 0 ? result : end_wrong(r, "the file ends inside of this object");
    }
    c->gone = size;
    return read_object(r, c->window + c->at, seen, frame);
}

static int file_header(struct reader *r) {
    struct blf *c = r->blf;
    const uint8_t *b;
    size_t n = lines_bytes(r->lines, FILE_HEADER, &b);
    c->begun = true;
    if (n < FILE_HEADER || memcmp(b, "LOGG", 4) != 0 || get32(b + 4) < FILE_HEADER ||
        get32(b + 4) > LINES_MAX_LINE) {
        c->ended = true;
        return reader_wrong(r, VB_E_FORMAT, "expected the header of a BLF file, 144 bytes");
    }
    const uint8_t *start = b + 40; /* year, month, day of the week, day, hour, .. */
    int64_t base_ns;
    struct tm tm = {.tm_year = (int)get16(start),
                    .tm_mon = (int)get16(start + 2),
                    .tm_mday = (int)get16(start + 6),
                    .tm_hour = (int)get16(start + 8),
                    .tm_min = (int)get16(start + 10),
                    .tm_sec = (int)get16(start + 12)};
    if (can_date(tm, &base_ns) == VB_OK) { /* zeros: times count from the start */
        c->base_ns = base_ns + (int64_t)get16(start + 14) * VB_NS_PER_MS;
    }
    lines_skip(r->lines, get32(b + 4));
    return LINE_NOTHING;
}

static bool begins(const uint8_t *b, size_t n) {
    return n >= 4 && memcmp(b, "LOGG", 4) == 0;
}

static int next(struct reader *r, struct vb_frame *frame) {
    if (!r->blf && !(r->blf = calloc(1, sizeof *r->blf))) {
        return reader_wrong(r, READER_BROKEN, "out of memory");
    }
    struct blf *c = r->blf;
    int result = c->begun ? LINE_NOTHING : file_header(r);
    while (result == LINE_NOTHING && !(c->ended && c->at == c->end && c->gone == 0)) {
        result = next_object(r, frame);
    }
    if (result == LINE_NOTHING && !c->others_told) {
        result = tell_others(r);
    }
    return result > 0 ? 1 : result < 0 ? result : lines_why(r->lines)[0] != 0 ? READER_BROKEN : 0;
}

const struct format format_blf = {
    .name = "blf", .title = "Vector BLF: CAN and CAN FD", .begins = begins, .next = next};
