/* columns.c - CAN logs whose lines are columns: the reader of them all, and a row for each format.
 * Facts: reference/can-transports.md sections 1.5, 1.7 and 1.8, and the files of captures/can.
 * SPDX-License-Identifier: MIT */
#include "host/file/columns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/file/can_text.h"
#include "host/file/writer.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

struct field {
    const char *text;
    size_t n;
};

struct row {
    struct field bus;
    int64_t t_ns;
    uint32_t id;
    uint32_t length;
    bool has_length, has_time, extended;
};

static const struct {
    char letter;
    const char *what;
} expected[] = {
    {'t', "a time in seconds"},
    {'m', "a time in milliseconds"},
    {'u', "a time in microseconds"},
    {'h', "a time of day"},
    {'i', "an id in hexadecimal"},
    {'w', "an id in hexadecimal"},
    {'I', "an id"},
    {'x', "true or false"},
    {'d', "Rx or Tx"},
    {'b', "a bus"},
    {'l', "a count of bytes"},
    {'k', "a DLC"},
    {'f', "Data frame or Remote frame"},
    {'s', "s, x, sr or xr"},
    {'c', "bytes"},
};

static bool is(struct field f, const char *word) {
    return strlen(word) == f.n && strncasecmp(word, f.text, f.n) == 0;
}

static bool begins(struct field f, const char *word) {
    return f.n >= strlen(word) && strncasecmp(word, f.text, strlen(word)) == 0;
}

/* The next column. False: the line has no more. */
static bool next_field(const char **at, const char *end, char separator, struct field *f) {
    if (separator == ' ') {
        f->n = next_word(at, end, &f->text);
        return f->n > 0;
    }
    if (*at > end) {
        return false;
    }
    const char *from = *at;
    const char *stop = memchr(from, separator, (size_t)(end - from));
    *at = stop ? stop + 1 : end + 1;
    stop = stop ? stop : end;
    while (from < stop && (*from == ' ' || *from == '\t')) {
        from++;
    }
    while (stop > from && (stop[-1] == ' ' || stop[-1] == '\t')) {
        stop--;
    }
    *f = (struct field){from, (size_t)(stop - from)};
    return true;
}

static bool read_id(struct field f, unsigned base, uint32_t *id) {
    bool marked = f.n > 2 && f.text[0] == '0' && (f.text[1] == 'x' || f.text[1] == 'X');
    return marked ? can_number(f.text + 2, f.n - 2, 16, id) : can_number(f.text, f.n, base, id);
}

static bool read_type(struct field f, struct row *row, struct vb_frame *frame) {
    if (!(f.n == 1 || (f.n == 2 && (f.text[1] == 'r' || f.text[1] == 'R'))) ||
        !strchr("sSxX", f.text[0])) {
        return false;
    }
    row->extended = f.text[0] == 'x' || f.text[0] == 'X';
    frame->flags |= f.n == 2 ? VB_FRAME_RTR : 0;
    return true;
}

static bool read_frame_type(struct field f, struct vb_frame *frame) {
    frame->flags |= begins(f, "Remote") ? VB_FRAME_RTR : 0;
    return begins(f, "Remote") || begins(f, "Data");
}

static bool read_time(char letter, struct field f, struct row *row) {
    row->has_time = true;
    return (letter == 'h'   ? can_clock(f.text, f.n, &row->t_ns)
            : letter == 't' ? can_time(f.text, f.n, VB_NS_PER_S, &row->t_ns)
            : letter == 'm' ? can_time(f.text, f.n, VB_NS_PER_MS, &row->t_ns)
                            : can_time(f.text, f.n, VB_NS_PER_US, &row->t_ns)) == VB_OK;
}

static bool read_column(struct reader *r, char letter, struct field f, struct row *row,
                        struct vb_frame *frame) {
    uint32_t dlc;
    switch (letter) {
    case 'h':
        r->can.clock = true;
        return read_time(letter, f, row);
    case 't':
    case 'm':
    case 'u':
        return read_time(letter, f, row);
    case 'i':
    case 'w':
        row->extended |= letter == 'w' && f.n > 4;
        return read_id(f, r->can.decimal ? 10 : 16, &row->id);
    case 'I':
        return read_id(f, 10, &row->id);
    case 'x':
        row->extended = is(f, "true") || is(f, "1");
        return row->extended || is(f, "false") || is(f, "0");
    case 'd':
        return can_direction(f.text, f.n, frame);
    case 'b':
        row->bus = f;
        return f.n > 0;
    case 'l':
        row->has_length = can_number(f.text, f.n, 10, &row->length);
        return row->has_length && row->length <= 64;
    case 'k':
        row->has_length = can_number(f.text, f.n, 10, &dlc) && dlc <= 15;
        row->length = row->has_length ? can_length(dlc, frame->flags & VB_FRAME_FD) : 0;
        return row->has_length;
    case 'f':
        return read_frame_type(f, frame);
    case 's':
        return read_type(f, row, frame);
    default:
        return true;
    }
}

static int missing(struct reader *r, size_t want, size_t have) {
    return reader_wrong(r, VB_E_FORMAT, "expected %zu bytes, %zu are there", want, have);
}

/* A column for each byte. *at: behind what was read. Returns how many, or what reader_wrong gave. */
static int read_bytes(struct reader *r, char separator, const char **at, const char *end,
                      const struct row *row) {
    const char *line = *at;
    size_t want = row->has_length ? row->length : 64;
    size_t count = 0;
    struct field f;
    while (count < want && next_field(at, end, separator, &f) && f.n > 0) {
        uint32_t value = 0;
        bool good = r->can.decimal ? can_number(f.text, f.n, 10, &value) && value <= 255
                                   : vb_hex_read(f.text, f.n, &r->data[count], 1, NULL) == 1;
        if (!good) {
            return row->has_length
                       ? missing(r, want, count)
                       : reader_wrong(r, VB_E_FORMAT, "expected bytes, \"%.*s\" is none",
                                      f.n < 20 ? (int)f.n : 20, f.text);
        }
        r->data[count] = r->can.decimal ? (uint8_t)value : r->data[count];
        count++;
        line = *at;
    }
    *at = line;
    return row->has_length && count < want ? missing(r, want, count) : (int)count;
}

/* Behind the last column: nothing, or (of CSV, which has a column for each byte that could be) more bytes. */
static int read_end(struct reader *r, const struct columns *c, const char *at, const char *end) {
    struct field f;
    uint8_t byte;
    while (next_field(&at, end, c->separator, &f)) {
        if (f.n > 0 && (c->separator == ' ' || vb_hex_read(f.text, f.n, &byte, 1, NULL) != 1)) {
            return reader_wrong(r, VB_E_FORMAT, "expected the end behind the bytes, not \"%.*s\"",
                                f.n < 20 ? (int)f.n : 20, f.text);
        }
    }
    return 0;
}

/* All bytes in one column. */
static int read_block(struct reader *r, struct field f, const struct row *row) {
    int count = vb_hex_read(f.text, f.n, r->data, 64, NULL);
    if (count < 0) {
        return reader_wrong(r, VB_E_FORMAT, "expected bytes, two digits each");
    }
    return row->has_length && (size_t)count != row->length ? missing(r, row->length, (size_t)count)
                                                           : count;
}

static int finish_row(struct reader *r, const struct row *row, size_t count,
                      struct vb_frame *frame) {
    if (!can_id(frame, row->id, row->extended)) {
        return reader_wrong(r, VB_E_RANGE, "an id above 1FFFFFFF");
    }
    if (frame->flags & VB_FRAME_RTR) {
        count = row->length;
    }
    int result = can_done(r, count, frame);
    if (result < 0) {
        return result;
    }
    if (!row->has_time) {
        frame->flags |= VB_FRAME_NO_TIME;
    } else if (can_stamp(r, row->t_ns, frame) < 0) {
        return reader_wrong(r, VB_E_RANGE, "a time beyond 292 years");
    }
    frame->bus = can_link(r, row->bus.text, row->bus.n);
    return LINE_FRAME;
}

/* Column `letter` is not what it should be, or not there. */
static int wrong_column(struct reader *r, char letter, size_t column) {
    size_t i = 0;
    while (i + 1 < sizeof expected / sizeof expected[0] && expected[i].letter != letter) {
        i++;
    }
    return reader_wrong(r, VB_E_FORMAT, "column %zu: expected %s", column, expected[i].what);
}

int columns_line(struct reader *r, const struct columns *c, const char *text, size_t n,
                 struct vb_frame *frame) {
    const char *at = text;
    const char *end = text + n;
    struct row row = {0};
    struct field f;
    int count = 0;
    for (const char *letter = c->order; *letter && count >= 0; letter++) {
        bool remote = frame->flags & VB_FRAME_RTR;
        const char *before = at;
        if (*letter == 'D') {
            count = remote ? 0 : read_bytes(r, c->separator, &at, end, &row);
            if (count >= 0 && !remote && read_end(r, c, at, end) < 0) {
                count = VB_E_FORMAT;
            }
            continue;
        }
        bool there = next_field(&at, end, c->separator, &f);
        if (there && *letter == 'c') {
            count = remote ? 0 : read_block(r, f, &row);
        } else if (there && *letter == 'o') {
            at = can_direction(f.text, f.n, frame) ? at : before;
        } else if (there ? !read_column(r, *letter, f, &row, frame) : *letter != '-') {
            return wrong_column(r, *letter, (there ? (size_t)(f.text - text) : n) + 1);
        }
    }
    return count < 0 ? count : finish_row(r, &row, (size_t)count, frame);
}

int columns_read(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const struct columns *c = r->format->columns;
    bool blank = true;
    for (size_t i = 0; i < n && blank; i++) {
        blank = text[i] == ' ' || text[i] == '\t' || text[i] == '\0';
    }
    for (size_t i = 0; i < sizeof c->skip / sizeof c->skip[0] && c->skip[i]; i++) {
        bool found = begins((struct field){text, n}, c->skip[i]);
        r->can.titled |= found;
        blank |= found;
    }
    if (c->needs_title && r->trial && !r->can.titled) {
        return VB_E_FORMAT;
    }
    return blank || (c->header && c->header(r, text, n)) ? LINE_NOTHING
                                                         : columns_line(r, c, text, n, frame);
}

/* ---- the formats ---- */

static const char busmaster_start[] = "***START DATE AND TIME ";

/* The header of BusMaster: lines in stars. Times are of the day, since the start, or since the line before. */
static bool busmaster_header(struct reader *r, const char *text, size_t n) {
    struct field line = {text, n};
    struct tm tm = {0};
    int64_t clock_ns;
    const size_t before = sizeof busmaster_start - 1;
    char date[40] = "";
    if (n < 3 || memcmp(text, "***", 3) != 0) {
        return false;
    }
    if (is(line, "***DEC***") || is(line, "***HEX***")) {
        r->can.decimal = is(line, "***DEC***");
    } else if (is(line, "***RELATIVE MODE***") || is(line, "***ABSOLUTE MODE***")) {
        r->can.delta = is(line, "***RELATIVE MODE***");
        int64_t start_ns; /* times count from the start on, not from midnight on */
        if (!__builtin_add_overflow(r->can.base_ns, r->can.last_ns, &start_ns)) {
            r->can.base_ns = start_ns;
        }
        r->can.last_ns = 0;
    } else if (begins(line, busmaster_start) && n > before + 3) {
        size_t length = n - before - 3;
        memcpy(date, text + before, length < sizeof date - 1 ? length : sizeof date - 1);
        const char *clock = strchr(date, ' ');
        if (clock && sscanf(date, "%2d:%2d:%4d", &tm.tm_mday, &tm.tm_mon, &tm.tm_year) == 3 &&
            can_clock(clock + 1, strlen(clock + 1), &clock_ns) == VB_OK &&
            can_date(tm, &r->can.base_ns) == VB_OK) {
            r->can.last_ns = clock_ns;
        }
    }
    return true;
}

/* ---- writing ---- */

#define LINE_ROOM 256

static void savvycan_begin(struct writer *w, const struct vb_frame *first) {
    (void)first;
    writer_line(w, "Time Stamp,ID,Extended,Dir,Bus,LEN,D1,D2,D3,D4,D5,D6,D7,D8\n");
}

/* Its ids have eight digits, a comma stands behind every byte, and there are eight columns of them. */
static bool savvycan_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    char *p = put_fixed(writer_room(w, LINE_ROOM), writer_us(frame->t_ns), 0, 0);
    *p++ = ',';
    p = put_id(p, frame, 8);
    p = put_text(p, frame->flags & VB_FRAME_EXT ? ",true," : ",false,");
    p = put_text(p, frame->flags & VB_FRAME_TX ? "Tx," : "Rx,");
    p = put_fixed(p, writer_bus(w, link), 0, 0);
    *p++ = ',';
    p = put_fixed(p, frame->len, 0, 0);
    *p++ = ',';
    p = put_bytes(p, frame, 0, ',');
    *p++ = '\n';
    writer_used(w, p);
    return true;
}

static const struct writing savvycan_writing = {
    .name = "savvycan",
    .suffix = ".csv",
    .lacks =
        LACKS_OTHERS | LACKS(FD) | LACKS(REMOTE) | LACKS(ERROR) | LACKS(NO_TIME) | LACKS(DIGITS),
    .unit_ns = VB_NS_PER_US,
    .begin = savvycan_begin,
    .frame = savvycan_frame,
};

static void cabana_begin(struct writer *w, const struct vb_frame *first) {
    (void)first;
    writer_line(w, "time,addr,bus,data\n");
}

static bool cabana_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    char *p = writer_room(w, LINE_ROOM);
    p += vb_time_text(frame->t_ns, p);
    *p++ = ',';
    p = put_fixed(p, frame->id, 0, 0);
    *p++ = ',';
    p = put_fixed(p, writer_bus(w, link), 0, 0);
    *p++ = ',';
    p = put_bytes(p, frame, 0, 0);
    *p++ = '\n';
    writer_used(w, p);
    return true;
}

static const struct writing cabana_writing = {
    .name = "cabana",
    .lacks = LACKS_OTHERS | LACKS(FD) | LACKS(REMOTE) | LACKS(ERROR) | LACKS(NO_TIME) |
             LACKS(SENT) | LACKS(ID_29),
    .unit_ns = 1,
    .begin = cabana_begin,
    .frame = cabana_frame,
};

/* clang-format off */
#define WRITTEN_COLUMNS(stem, its_name, its_title, its_writing, ...)                               \
    const struct format format_##stem = {.name = its_name,                                         \
                                         .title = its_title,                                       \
                                         .read = columns_read,                                     \
                                         .writing = its_writing,                                   \
                                         .columns = &(const struct columns){__VA_ARGS__}};
#define COLUMNS(stem, its_name, its_title, ...)                                                    \
    WRITTEN_COLUMNS(stem, its_name, its_title, NULL, __VA_ARGS__)

WRITTEN_COLUMNS(savvycan, "savvycan",
        "CSV of SavvyCAN and GVRET: Time Stamp,ID,Extended,Dir,Bus,LEN,D1,..", &savvycan_writing,
        .order = "uixoblD", .separator = ',', .skip = {"Time Stamp,"})
WRITTEN_COLUMNS(cabana, "cabana", "CSV of Cabana: time,addr,bus,data", &cabana_writing,
        .order = "tIbc", .separator = ',', .skip = {"time,addr,"}, .needs_title = true)
COLUMNS(tab_log, "tab-log", "columns with tabs: ParserFlags, Ch, Counter, T/R, Time, ..",
        .order = "-b-dm-ilc", .separator = '\t', .skip = {"ParserFlags\t"})
COLUMNS(seconds, "seconds", "0000.000553 000001F2 8 10 64 00 ..",
        .order = "tilD", .separator = ' ')
COLUMNS(busmon, "busmon", "CARBUS Analyzer and busmon: 26,641405 1 00000004 112 8 00 20 ..",
        .order = "tb-wlc", .separator = '\t', .skip = {"@ TEXT", "# $"})
COLUMNS(microchip, "microchip", "Microchip CAN BUS Analyzer: 166064;RX;0x0000021A;8;0xFE;..",
        .order = "mdilD", .separator = ';',
        .skip = {"//", "Microchip ", "CAN BUS Analyzer", "SavvyCAN Exporter", "Logging "})
COLUMNS(busmaster, "busmaster", "BusMaster: 22:20:14:992 Rx 0 0000021A s 8 FE 36 ..",
        .order = "hdbislD", .separator = ' ', .header = busmaster_header)
COLUMNS(direction_log, "direction-log", "columns NO, Direction, Time Scale, Frame Type, ..",
        .order = "-dhf-ilc", .separator = '\0', .skip = {"NO "})
/* clang-format on */
