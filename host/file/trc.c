/* trc.c - PEAK TRC (PCAN-View, PCAN-Trace), versions 1.0 to 1.3, 2.0 and 2.1, classic and FD.
 * Lines of an earlier version have fixed columns, those of 2.x are named by ";$COLUMNS=". Changes of the bus's
 * state (Warng; ST) become error frames as SocketCAN has them; counters of errors and events (EC, EV) are passed
 * over. The start is local time. Left out: columns that are added to 2.x (J1939), their text is not looked at.
 * Facts: reference/can-transports.md section 1.4.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/file/can_text.h"
#include "host/file/columns.h"
#include "host/file/writer.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

/* Columns as columns.h has them; T is the type. */
static const struct {
    int version; /* 10 = 1.0 */
    const char *order;
} versions[] = {{10, "-mwlD"}, {11, "-mTwlD"}, {12, "-mbTwlD"}, {13, "-mbTw-lD"}};

/* The letters of ";$COLUMNS=" in our words. */
static const struct {
    char theirs, ours;
} letters[] = {{'N', '-'}, {'O', 'm'}, {'T', 'T'}, {'B', 'b'}, {'I', 'w'},
               {'d', 'd'}, {'L', 'k'}, {'l', 'l'}, {'D', 'D'}};

/* Types of 2.x. */
static const struct {
    char name[3];
    uint16_t flags;
} types[] = {{"DT", 0},
             {"RR", VB_FRAME_RTR},
             {"FD", VB_FRAME_FD},
             {"FB", VB_FRAME_FD | VB_FRAME_BRS},
             {"FE", VB_FRAME_FD | VB_FRAME_ESI},
             {"BI", VB_FRAME_FD | VB_FRAME_BRS | VB_FRAME_ESI}};

/* Types that are no messages. */
enum { STATE, ERROR, QUIET };
static const struct {
    const char *name;
    uint8_t kind;
} events[] = {{"ST", STATE},    {"Warng", STATE}, {"ER", ERROR},
              {"Error", ERROR}, {"EC", QUIET},    {"EV", QUIET}};

/* States of the controller, the worst first, as SocketCAN tells them (linux/can/error.h). */
static const struct {
    uint32_t bit;
    uint16_t class;
    uint8_t byte_1;
} states[] = {{0x00010, CAN_ERROR_BUS_OFF, 0},
              {0x40000, CAN_ERROR_CONTROLLER, 0x30}, /* error passive */
              {0x0000C, CAN_ERROR_CONTROLLER, 0x0C}, /* warning */
              {0x00002, CAN_ERROR_CONTROLLER, 0x03}, /* overrun */
              {0, CAN_ERROR_CONTROLLER, 0x40}};      /* error active again */

static bool is(const char *word, size_t n, const char *text) {
    return n == strlen(text) && memcmp(word, text, n) == 0;
}

static void set_columns(struct can_log *can, const char *text, size_t n) {
    size_t at = 0;
    for (size_t i = 0; i < n && at < sizeof can->order - 1; i++) {
        size_t row = 0;
        if (text[i] == ',') {
            continue;
        }
        while (row < sizeof letters / sizeof letters[0] && letters[row].theirs != text[i]) {
            row++;
        }
        can->order[at++] = row < sizeof letters / sizeof letters[0] ? letters[row].ours : '-';
    }
    can->order[at] = '\0';
    if (!strchr(can->order, 'm') || !strchr(can->order, 'w') || !strchr(can->order, 'D')) {
        can->order[0] = '\0'; /* no frames without time, id and bytes */
    }
}

/* ";$FILEVERSION=1.1", ";$STARTTIME=44548.6028595139", ";$COLUMNS=N,O,T,B,I,d,R,L,D" */
static void read_header(struct can_log *can, const char *text, size_t n) {
    const char *equals = memchr(text, '=', n);
    if (!equals) {
        return;
    }
    size_t name_n = (size_t)(equals - text);
    const char *value = equals + 1;
    size_t value_n = n - name_n - 1;
    while (value_n > 0 && (value[value_n - 1] == ' ' || value[value_n - 1] == '\t')) {
        value_n--;
    }
    uint32_t minor;
    if (is(text, name_n, ";$FILEVERSION") && value_n == 3 && can_number(value, 1, 10, &minor) &&
        can_number(value + 2, 1, 10, &minor)) {
        can->version = (value[0] - '0') * 10 + (int)minor;
        can->order[0] = '\0';
    } else if (is(text, name_n, ";$STARTTIME")) {
        can_days(value, value_n, &can->base_ns);
    } else if (is(text, name_n, ";$COLUMNS")) {
        set_columns(can, value, value_n);
    }
}

static int set_order(struct reader *r) {
    struct can_log *can = &r->can;
    int version = can->version ? can->version : 10;
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (versions[i].version == version) {
            strcpy(can->order, versions[i].order);
        }
    }
    return can->order[0]
               ? VB_OK
               : reader_wrong(r, VB_E_FORMAT,
                              "version %d.%d of TRC without ;$COLUMNS (N,O,T,I,d,l,D): not read",
                              version / 10, version % 10);
}

/* The first bytes of that number, one behind the other, from there on. NULL: there are none. */
static const char *find_bytes(const char *at, const char *end, size_t want, uint8_t *out) {
    size_t count = 0;
    const char *word;
    for (size_t n; count < want && (n = next_word(&at, end, &word)) > 0;) {
        count = n == 2 && vb_hex_read(word, 2, &out[count], 1, NULL) == 1 ? count + 1 : 0;
    }
    return count == want ? at : NULL;
}

/* The controller's state changed: four bytes, behind columns that may be empty. */
static int read_state(struct reader *r, const char *at, const char *end, struct vb_frame *frame) {
    uint8_t b[4];
    if (!find_bytes(at, end, sizeof b, b)) {
        return reader_wrong(r, VB_E_FORMAT, "expected the state of the controller, 4 bytes");
    }
    uint32_t bits = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
    size_t row = 0;
    while (states[row].bit && !(states[row].bit & bits)) {
        row++;
    }
    return can_error(r, states[row].class, states[row].byte_1, frame);
}

/* What stands before the id. */
struct head {
    const char *type, *bus;
    size_t type_n, bus_n;
    const char *rest; /* behind the type */
};

/* Number (in 1.x with a bracket), time, bus and type. False: the line is no line of TRC. */
static bool read_head(struct reader *r, const char *at, const char *end, struct head *head,
                      struct vb_frame *frame) {
    const char *order = r->can.order;
    const char *word;
    uint32_t number;
    int64_t t_ns;
    bool good = true;
    for (const char *letter = order; *letter != 'w' && good; letter++) {
        size_t n = next_word(&at, end, &word);
        bool bracket = n > 1 && word[n - 1] == ')';
        if (*letter == 'T') {
            head->type = word;
            head->type_n = n;
        } else if (*letter == 'b') {
            head->bus = word;
            head->bus_n = n;
        } else if (*letter == 'm') {
            good = can_time(word, n, VB_NS_PER_MS, &t_ns) == VB_OK &&
                   can_stamp(r, t_ns, frame) == VB_OK;
        } else if (letter == order) {
            good = can_number(word, bracket ? n - 1 : n, 10, &number) &&
                   bracket == (r->can.version < 20);
        }
    }
    head->rest = at;
    if (!strchr(order, 'T')) { /* 1.0: a state is told by its id */
        size_t n = next_word(&at, end, &word);
        head->type = is(word, n, "FFFFFFFF") ? "ST" : "Rx";
        head->type_n = 2;
    }
    return good && head->type_n > 0;
}

static int read_event(struct reader *r, const struct head *head, bool error, const char *end,
                      struct vb_frame *frame) {
    int result =
        error ? can_error(r, CAN_ERROR_BUS, 0, frame) : read_state(r, head->rest, end, frame);
    const char *at = head->rest;
    const char *word;
    for (size_t n; result > 0 && (n = next_word(&at, end, &word)) > 0;) {
        frame->flags |= is(word, n, "Tx") ? VB_FRAME_TX : 0;
    }
    frame->bus = result > 0 ? can_link(r, head->bus, head->bus_n) : 0;
    return result;
}

static bool read_type(const struct head *head, struct vb_frame *frame) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (is(head->type, head->type_n, types[i].name)) {
            frame->flags |= types[i].flags;
            return true;
        }
    }
    return can_direction(head->type, head->type_n, frame); /* of 1.x */
}

static int read_message(struct reader *r, const char *text, const char *end,
                        struct vb_frame *frame) {
    while (end > text && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    if (r->can.version < 20 && end - text > 4 && memcmp(end - 4, " RTR", 4) == 0) {
        frame->flags |= VB_FRAME_RTR; /* in 1.x it stands where the bytes are */
        end -= 4;
    }
    char order[sizeof r->can.order];
    for (size_t i = 0; i < sizeof order; i++) {
        order[i] = r->can.order[i] == 'T' ? '-' : r->can.order[i];
    }
    struct columns columns = {.order = order, .separator = ' '};
    return columns_line(r, &columns, text, (size_t)(end - text), frame);
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *end = text + n;
    const char *at = text;
    const char *word;
    struct head head = {0};
    if (next_word(&at, end, &word) == 0) {
        return LINE_NOTHING;
    }
    if (*word == ';') {
        read_header(&r->can, word, (size_t)(end - word));
        return LINE_NOTHING;
    }
    if (!r->can.order[0] && set_order(r) < 0) {
        return VB_E_FORMAT;
    }
    if (!read_head(r, text, end, &head, frame)) {
        return reader_wrong(r, VB_E_FORMAT, "expected number, time in ms, %s",
                            strchr(r->can.order, 'T') ? "type, id, .." : "id, ..");
    }
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        if (is(head.type, head.type_n, events[i].name)) {
            return events[i].kind == QUIET
                       ? LINE_NOTHING
                       : read_event(r, &head, events[i].kind == ERROR, end, frame);
        }
    }
    return read_type(&head, frame)
               ? read_message(r, text, end, frame)
               : reader_wrong(r, VB_E_FORMAT, "a line of type %.*s: voltbus knows no such type",
                              head.type_n < 20 ? (int)head.type_n : 20, head.type);
}

/* ---- writing: 2.1, and 1.1 for programs that know no later one ---- */

#define LINE_ROOM    512
#define DAY_S        86400
#define DAYS_TO_1970 25569 /* from 1899-12-30 on */

/* The start has twelve digits behind the day, the fewest that are exact to the microsecond. */
static void write_start(struct writer *w, const struct vb_frame *first, const char *columns) {
    struct tm tm;
    if (!writer_start(w, first, &tm)) {
        writer_line(w, "%s", columns);
        return;
    }
    int ms = (int)(w->start_ns % VB_NS_PER_S / VB_NS_PER_MS);
    int64_t local_s = (int64_t)timegm(&tm);
    int64_t day = local_s / DAY_S + DAYS_TO_1970;
    uint64_t of_day = (uint64_t)(local_s % DAY_S) * 1000 + (uint64_t)ms;
    writer_line(w, ";$STARTTIME=%" PRId64 ".%012" PRIu64 "\n%s;\n", day,
                (of_day * 1000000000u + DAY_S / 2) / DAY_S, columns);
    writer_line(w, ";   Start time: %02d.%02d.%04d %02d:%02d:%02d.%03d.0\n", tm.tm_mday,
                tm.tm_mon + 1, tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec, ms);
}

static void write_begin(struct writer *w, const struct vb_frame *first) {
    writer_line(w, ";$FILEVERSION=2.1\n");
    write_start(w, first, ";$COLUMNS=N,O,T,B,I,d,R,L,D\n");
    writer_line(w, ";   Generated by voltbus\n"
                   ";   Message   Time    Type    ID     Rx/Tx\n"
                   ";   Number    Offset  |  Bus  [hex]  |  Reserved\n"
                   ";   |         [ms]    |  |    |      |  |  Data Length Code\n"
                   ";   |         |       |  |    |      |  |  |    Data [hex] ...\n"
                   ";---+-- ------+------ +- +- --+----- +- +- +--- +- -- -- -- -- -- -- --\n");
}

static void write_begin_1(struct writer *w, const struct vb_frame *first) {
    writer_line(w, ";$FILEVERSION=1.1\n");
    write_start(w, first, "");
    writer_line(w, ";   Generated by voltbus\n"
                   ";   Message Number\n"
                   ";   |         Time Offset (ms)\n"
                   ";   |         |        Type\n"
                   ";   |         |        |        ID (hex)\n"
                   ";   |         |        |        |     Data Length\n"
                   ";   |         |        |        |     |   Data Bytes (hex) ...\n"
                   ";---+--   ----+----  --+--  ----+---  +  -+ -- -- -- -- -- -- --\n");
}

/* The row of states that says the same as an error frame, or none: the wire. */
static const size_t no_state = sizeof states / sizeof states[0];
static size_t state_of(const struct vb_frame *frame) {
    size_t row = 0;
    while (row < no_state && !(states[row].class == frame->id && frame->len > 1 &&
                               states[row].byte_1 == frame->data[1])) {
        row++;
    }
    return row;
}

/* Is there no more in the frame than what it is read back as? */
static bool error_is_exact(const struct vb_frame *frame, size_t row) {
    bool exact =
        frame->len == 8 && (row < no_state || (frame->id == CAN_ERROR_BUS && frame->data[1] == 0));
    for (size_t i = 0; i < frame->len; i++) {
        exact &= i == 1 || frame->data[i] == 0;
    }
    return exact;
}

/* Behind the number of the bus. */
static char *write_error(char *p, size_t row, const char *direction) {
    if (row == no_state) { /* 8: an error of another kind than bit, form, stuff */
        return p + sprintf(p, "       - %s -  5    08 00 00 00 00\n", direction);
    }
    uint32_t bits = states[row].bit;
    return p + sprintf(p, "       - %s -  4    00 %02X %02X %02X\n", direction,
                       (unsigned)(bits >> 16), (unsigned)(bits >> 8 & 0xFF),
                       (unsigned)(bits & 0xFF));
}

static const char *type_of(const struct vb_frame *frame) {
    uint16_t flags = frame->flags & (VB_FRAME_RTR | VB_FRAME_FD | VB_FRAME_BRS | VB_FRAME_ESI);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (types[i].flags == flags) {
            return types[i].name;
        }
    }
    return types[0].name;
}

static bool write_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    char *line = writer_room(w, LINE_ROOM);
    const char *direction = frame->flags & VB_FRAME_TX ? "Tx" : "Rx";
    unsigned bus = writer_bus(w, link);
    char *p = put_fixed(line, (int64_t)w->frames + 1, 0, 7);
    *p++ = ' ';
    p = put_fixed(p, writer_us(writer_since(w, frame)), 3, 13);
    *p++ = ' ';
    bool error = frame->flags & VB_FRAME_ERR;
    size_t row = error ? state_of(frame) : 0;
    p = put_text(p, !error ? type_of(frame) : row == no_state ? "ER" : "ST");
    *p++ = ' ';
    p = put_fixed(p, bus, 0, 0);
    p = put_text(p, bus < 10 ? "  " : " ");
    if (error) {
        w->losses[LOSS_ERROR_CLASS] += !error_is_exact(frame, row);
        writer_used(w, write_error(p, row, direction));
        return true;
    }
    p = put_text(p, frame->flags & VB_FRAME_EXT ? "" : "    ");
    p = put_id(p, frame, 4);
    *p++ = ' ';
    p = put_text(p, direction);
    p = put_text(p, " - ");
    p = put_fixed(p, writer_dlc(frame), 0, 2);
    p = put_text(p, frame->len > 0 ? "   " : "");
    p = put_bytes(p, frame, ' ', 0);
    *p++ = '\n';
    writer_used(w, p);
    return true;
}

/* Its times are of tenths of a millisecond, and it has one bus. */
static bool write_frame_1(struct writer *w, const struct vb_frame *frame, const char *link) {
    char *p = put_fixed(writer_room(w, LINE_ROOM), (int64_t)w->frames + 1, 0, 6);
    int64_t us = writer_us(writer_since(w, frame));
    bool remote = frame->flags & VB_FRAME_RTR;
    (void)link;
    p = put_text(p, ") ");
    p = put_fixed(p, us / 100 - (us % 100 < 0), 1, 11);
    p = put_text(p, frame->flags & VB_FRAME_TX ? "  Tx     " : "  Rx     ");
    p = put_text(p, frame->flags & VB_FRAME_EXT ? "" : "    ");
    p = put_id(p, frame, 4);
    p = put_text(p, "  ");
    p = put_fixed(p, writer_dlc(frame), 0, 0);
    p = put_text(p, remote ? "  RTR" : frame->len > 0 ? " " : "");
    p = put_bytes(p, frame, ' ', 0);
    *p++ = '\n';
    writer_used(w, p);
    return true;
}

static const struct writing writing_1 = {
    .name = "trc-1.1",
    .lacks = LACKS_OTHERS | LACKS(FD) | LACKS(ERROR) | LACKS(BUS) | LACKS(NO_TIME) | LACKS(DIGITS),
    .unit_ns = 100 * VB_NS_PER_US,
    .first_bus = WRITER_NAMES,
    .begin = write_begin_1,
    .frame = write_frame_1,
};

static const struct writing writing = {
    .name = "trc",
    .other = &writing_1,
    .suffix = ".trc",
    .lacks = LACKS_OTHERS | LACKS(NO_TIME) | LACKS(DIGITS),
    .unit_ns = VB_NS_PER_US,
    .first_bus = 1,
    .begin = write_begin,
    .frame = write_frame,
};

const struct format format_trc = {.name = "trc",
                                  .title = "PEAK TRC: 1) 17535.4 Rx 0100 8 00 11 ..",
                                  .read = read_line,
                                  .writing = &writing};
