/* asc.c - Vector ASC, as CANoe, CANalyzer and many loggers write it: classic CAN and CAN FD, remote and error
 * frames; ids hexadecimal or decimal, times since the start or since the line before; the date in the words of
 * many languages (one that cannot be read leaves times that count from the start). Requests to send (TxRq), the
 * state and the load of the bus, J1939TP (its frames are there, too) and events of the program are passed over;
 * what was on another bus (LIN, FlexRay, Ethernet, CAN XL) is named.
 * Facts: reference/can-transports.md section 1.3.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "host/file/can_text.h"
#include "host/file/writer.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

#define FD_REMOTE 0x10u
#define FD_EDL    0x1000u

struct word {
    const char *text;
    size_t n;
};

struct words {
    const char *at, *end;
};

static struct word next(struct words *w) {
    struct word word;
    word.n = next_word(&w->at, w->end, &word.text);
    return word;
}

static struct word peek(const struct words *w) {
    struct words copy = *w;
    return next(&copy);
}

static bool is(struct word word, const char *text) {
    return word.n == strlen(text) && strncasecmp(word.text, text, word.n) == 0;
}

static bool begins(struct word word, const char *text) {
    return word.n >= strlen(text) && strncasecmp(word.text, text, strlen(text)) == 0;
}

/* ---- the header ---- */

/* Beginnings of the months in English, German, French, Italian, Spanish, Portuguese, Dutch, Swedish, in UTF-8 and
 * Latin 1; the longer ones of a pair first. */
static const struct {
    const char *begin;
    int month;
} months[] = {{"jan", 1},     {"gen", 1},  {"ene", 1},        {"f\303\251v", 2}, {"f\351v", 2},
              {"feb", 2},     {"fev", 2},  {"m\303\244r", 3}, {"m\344r", 3},     {"mrz", 3},
              {"mrt", 3},     {"maa", 3},  {"mar", 3},        {"apr", 4},        {"avr", 4},
              {"abr", 4},     {"mai", 5},  {"may", 5},        {"maj", 5},        {"mei", 5},
              {"mag", 5},     {"juil", 7}, {"jui", 6},        {"jun", 6},        {"giu", 6},
              {"jul", 7},     {"lug", 7},  {"aug", 8},        {"ago", 8},        {"ao\303\273", 8},
              {"ao\373", 8},  {"aou", 8},  {"sep", 9},        {"set", 9},        {"okt", 10},
              {"oct", 10},    {"ott", 10}, {"out", 10},       {"nov", 11},       {"d\303\251c", 12},
              {"d\351c", 12}, {"dec", 12}, {"dez", 12},       {"dic", 12}};

/* "Sam Sep 30 15:06:13.191 2017", "Sat Sep 30 10:06:13.191 PM 2017": the words may come in any order; of two that
 * look like months the second is meant, the first is the day of the week ("mar" = mardi). */
static bool read_date(struct words w, int64_t *t_ns) {
    struct tm tm = {0};
    int64_t clock_ns = -1;
    int half = -1; /* of the day: 0 = am, 1 = pm */
    for (struct word word; (word = next(&w)).n > 0;) {
        uint32_t number;
        if (memchr(word.text, ':', word.n)) {
            if (can_clock(word.text, word.n, &clock_ns) < 0) {
                return false;
            }
        } else if (is(word, "am") || is(word, "pm")) {
            half = is(word, "pm");
        } else if (can_number(word.text, word.n - (word.text[word.n - 1] == '.'), 10, &number)) {
            *(number > 31 ? &tm.tm_year : &tm.tm_mday) = (int)number;
        }
        for (size_t i = 0; i < sizeof months / sizeof months[0]; i++) {
            if (begins(word, months[i].begin)) {
                tm.tm_mon = months[i].month;
                break;
            }
        }
    }
    if (clock_ns < 0 || can_date(tm, t_ns) < 0) {
        return false;
    }
    const int64_t noon_ns = 12 * 3600 * VB_NS_PER_S;
    if (half >= 0 && clock_ns < noon_ns + noon_ns / 12) { /* 12:xx am is 00:xx */
        clock_ns += (half ? noon_ns : 0) - (clock_ns >= noon_ns ? noon_ns : 0);
    }
    *t_ns += clock_ns;
    return true;
}

/* A line without a time. Returns false if it is none of a header. */
static bool read_header(struct reader *r, struct words w) {
    struct can_log *can = &r->can;
    struct word first = next(&w);
    struct words rest = w;
    struct word second = next(&w);
    if (is(first, "date")) {
        read_date(rest, &can->base_ns);
        return true;
    }
    if (is(first, "begin") && is(second, "Triggerblock")) {
        can->last_ns = 0;
        can->block = read_date(w, &can->block_ns);
        return true;
    }
    if (is(first, "base")) {
        can->decimal = is(second, "dec");
        for (struct word word; (word = next(&w)).n > 0;) {
            can->delta |= is(word, "relative");
        }
        return true;
    }
    return first.n == 0 || begins(first, "//") || is(first, "End") || is(second, "internal") ||
           (is(first, "internal") && is(second, "events")) || is(first, "previous");
}

/* ---- frames ---- */

static bool read_number(const struct reader *r, struct word word, uint32_t *value) {
    return can_number(word.text, word.n, r->can.decimal ? 10 : 16, value);
}

/* "1DB", "18EBFF00x" */
static bool read_id(const struct reader *r, struct word word, struct vb_frame *frame) {
    uint32_t id;
    bool extended = word.n > 1 && (word.text[word.n - 1] == 'x' || word.text[word.n - 1] == 'X');
    word.n -= extended;
    return read_number(r, word, &id) && can_id(frame, id, extended);
}

static int read_bytes(struct reader *r, struct words *w, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t value;
        struct word word = next(w);
        if (word.n == 0 || !read_number(r, word, &value) || value > 255) {
            return reader_wrong(r, VB_E_FORMAT, "expected %zu bytes, %zu are there", count, i);
        }
        r->data[i] = (uint8_t)value;
    }
    return VB_OK;
}

/* Rx, Tx; TxRq is a request, whose frame comes later: *asked. */
static bool read_direction(struct word word, bool *asked, struct vb_frame *frame) {
    *asked = is(word, "TxRq");
    return *asked || can_direction(word.text, word.n, frame);
}

/* Behind the channel: "C8  Tx  d 8 09 08 .. Length = .." */
static int read_classic(struct reader *r, struct words *w, struct vb_frame *frame) {
    static const char what[] = "expected \"1.234567 1  1DB  Rx  d 8 00 11 ..\"";
    struct word id = next(w);
    bool asked;
    struct word direction = next(w);
    if (!read_id(r, id, frame)) {
        return reader_wrong(r, VB_E_FORMAT, "expected an id, not \"%.*s\"",
                            id.n < 20 ? (int)id.n : 20, id.text);
    }
    if (!read_direction(direction, &asked, frame)) { /* a symbolic name stands between them */
        direction = next(w);
        if (!read_direction(direction, &asked, frame)) {
            return reader_wrong(r, VB_E_FORMAT, "%s", what);
        }
    }
    struct word type = next(w);
    uint32_t dlc = 0;
    if (asked) {
        return LINE_NOTHING;
    }
    if (is(type, "r")) {
        frame->flags |= VB_FRAME_RTR;
        return can_done(r, read_number(r, peek(w), &dlc) && dlc <= 15 ? can_length(dlc, false) : 0,
                        frame);
    }
    if (!is(type, "d") || !read_number(r, next(w), &dlc) || dlc > 15) {
        return reader_wrong(r, VB_E_FORMAT, "%s", what);
    }
    size_t count = can_length(dlc, false);
    uint32_t more;
    if (read_bytes(r, w, count) < 0) {
        return VB_E_FORMAT;
    }
    if (peek(w).n <= 3 &&
        read_number(r, peek(w), &more)) { /* what may follow are words: "Length = .." */
        return reader_wrong(r, VB_E_FORMAT, "expected %zu bytes, more are there", count);
    }
    return can_done(r, count, frame);
}

static bool is_bit(struct word word) {
    return is(word, "0") || is(word, "1");
}

/* Behind the channel: "Rx 300 name 1 0 8 8 01 02 .. 102203 133 303000 .." */
static int read_fd(struct reader *r, struct words *w, struct vb_frame *frame) {
    static const char what[] = "expected \"1.234567 CANFD 1 Rx 300  1 0 8  8 11 c2 ..\"";
    bool asked;
    uint32_t dlc;
    uint32_t count;
    uint32_t bits = 0;
    if (!read_direction(next(w), &asked, frame)) {
        return reader_wrong(r, VB_E_FORMAT, "%s", what);
    }
    if (asked) {
        return LINE_NOTHING;
    }
    struct word id = next(w);
    if (is(id, "ErrorFrame")) {
        return can_error(r, CAN_ERROR_BUS, 0, frame);
    }
    if (!read_id(r, id, frame)) {
        return reader_wrong(r, VB_E_FORMAT, "expected an id, not \"%.*s\"",
                            id.n < 20 ? (int)id.n : 20, id.text);
    }
    struct word brs = next(w);
    if (!is_bit(brs) || !is_bit(peek(w))) { /* a symbolic name */
        brs = next(w);
    }
    struct word esi = next(w);
    struct word dlc_word = next(w);
    struct word count_word = next(w);
    if (!is_bit(brs) || !is_bit(esi) || !can_number(dlc_word.text, dlc_word.n, 16, &dlc) ||
        dlc > 15 || !can_number(count_word.text, count_word.n, 10, &count) || count > 64) {
        return reader_wrong(r, VB_E_FORMAT, "%s", what);
    }
    int result = read_bytes(r, w, count);
    if (result < 0) {
        return result;
    }
    next(w); /* the message's duration */
    next(w); /* and length */
    struct word flags = next(w);
    can_number(flags.text, flags.n, 16, &bits);
    if (bits & FD_REMOTE) {
        frame->flags |= VB_FRAME_RTR;
        return can_done(r, can_length(dlc, false), frame);
    }
    if (!bits || bits & FD_EDL || count > 8) {
        frame->flags |= (uint16_t)(VB_FRAME_FD | (is(brs, "1") ? VB_FRAME_BRS : 0) |
                                   (is(esi, "1") ? VB_FRAME_ESI : 0));
    }
    return can_done(r, count, frame);
}

/* Behind the time: what is no frame and nothing that anybody would miss, by its first or second word. */
static bool is_event(struct word first, struct word second) {
    static const char *const firsts[] = {"Start",  "CAN",   "SV:", "TFS:",   "log",
                                         "EnvVar", "Begin", "End", "GPSEvt", "WatchDog"};
    static const char *const seconds[] = {
        "Statistic:", "Status:chip", "Status:", "J1939TP", "SV:", "OverloadFrame"};
    for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
        if (is(first, firsts[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        if (begins(second, seconds[i])) {
            return true;
        }
    }
    return begins(first, "//");
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    struct words w = {text, text + n};
    uint32_t channel;
    int64_t t_ns;
    struct words whole = w;
    struct word first = next(&w);
    if (can_time(first.text, first.n, VB_NS_PER_S, &t_ns) < 0) {
        return read_header(r, whole)
                   ? LINE_NOTHING
                   : reader_wrong(r, VB_E_FORMAT, "expected a line of ASC: a time in seconds, ..");
    }
    if (r->can.block && (t_ns == 0 || r->can.base_ns == 0)) {
        /* times of a file count from its first block on; python-can writes another date into the header */
        r->can.base_ns = r->can.block_ns;
    }
    r->can.block = false;
    if (can_stamp(r, t_ns, frame) < 0) {
        return reader_wrong(r, VB_E_RANGE, "a time beyond 292 years");
    }
    struct word bus = next(&w);
    bool fd = is(bus, "CANFD");
    if (!fd && is_event(bus, peek(&w))) {
        return LINE_NOTHING;
    }
    bus = fd ? next(&w) : bus;
    if (!can_number(bus.text, bus.n, 10, &channel)) {
        return reader_wrong(r, VB_E_FORMAT, "\"%.*s\" is no channel of CAN: not read",
                            bus.n < 20 ? (int)bus.n : 20, bus.text);
    }
    int result = fd                           ? read_fd(r, &w, frame)
                 : is(peek(&w), "ErrorFrame") ? can_error(r, CAN_ERROR_BUS, 0, frame)
                                              : read_classic(r, &w, frame);
    frame->bus = result > 0 ? can_link(r, bus.text, bus.n) : 0;
    return result;
}

/* ---- writing ---- */

#define LINE_ROOM 512
#define FD_BRS    0x2000u
#define FD_ESI    0x4000u

/* The header, in the words that every reader knows. Where there is no date, none is written. */
static void write_begin(struct writer *w, const struct vb_frame *first) {
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    char date[80] = "";
    if (writer_start(w, first, &tm)) {
        int hour = tm.tm_hour % 12;
        snprintf(date, sizeof date, "%s %s %02d %02d:%02d:%02d.%03d %s %d", days[tm.tm_wday],
                 names[tm.tm_mon], tm.tm_mday, hour ? hour : 12, tm.tm_min, tm.tm_sec,
                 (int)(w->start_ns % VB_NS_PER_S / VB_NS_PER_MS), tm.tm_hour < 12 ? "am" : "pm",
                 tm.tm_year + 1900);
        writer_line(w, "date %s\n", date);
    }
    writer_line(w, "base hex  timestamps absolute\nno internal events logged\n");
    if (date[0]) {
        writer_line(w, "Begin Triggerblock %s\n   0.000000 Start of measurement\n", date);
    }
}

static void write_end(struct writer *w) {
    writer_line(w, "%s", w->start_ns ? "End TriggerBlock\n" : "");
}

static char *write_fd(char *p, const struct vb_frame *frame, const char *id, unsigned bus) {
    bool brs = frame->flags & VB_FRAME_BRS;
    bool esi = frame->flags & VB_FRAME_ESI;
    p += sprintf(p, " CANFD %3u %-4s %8s  %32s %d %d %x %2u", bus,
                 frame->flags & VB_FRAME_TX ? "Tx" : "Rx", id, "", brs, esi, writer_dlc(frame),
                 (unsigned)frame->len);
    p = put_bytes(p, frame, ' ', 0);
    unsigned bits = FD_EDL | (brs ? FD_BRS : 0) | (esi ? FD_ESI : 0);
    return p + sprintf(p, " %8d %4d %8X %8d %8d %8d %8d %8d\n", 0, 0, bits, 0, 0, 0, 0, 0);
}

static bool write_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    char *line = writer_room(w, LINE_ROOM);
    char *p = put_fixed(line, writer_us(writer_since(w, frame)), 6, 11);
    unsigned bus = writer_bus(w, link);
    char id[16] = "";
    snprintf(id, sizeof id, frame->flags & VB_FRAME_EXT ? "%Xx" : "%X", (unsigned)frame->id);
    if (frame->flags & VB_FRAME_FD && !(frame->flags & VB_FRAME_ERR)) {
        writer_used(w, write_fd(p, frame, id, bus));
        return true;
    }
    *p++ = ' ';
    p = put_fixed(p, bus, 0, 0);
    p = put_text(p, bus < 10 ? "  " : " ");
    if (frame->flags & VB_FRAME_ERR) {
        writer_used(w, put_text(p, "ErrorFrame\n"));
        return true;
    }
    size_t id_n = strlen(id);
    p = put_text(p, id);
    memset(p, ' ', 16 - id_n);
    p += 16 - id_n;
    p = put_text(p, frame->flags & VB_FRAME_TX ? "Tx   " : "Rx   ");
    p = put_text(p, frame->flags & VB_FRAME_RTR ? "r " : "d ");
    p = put_fixed(p, writer_dlc(frame), 0, 0);
    p = put_bytes(p, frame, ' ', 0);
    *p++ = '\n';
    writer_used(w, p);
    return true;
}

static const struct writing writing = {
    .name = "asc",
    .suffix = ".asc",
    .lacks = LACKS_OTHERS | LACKS(ERROR_CLASS) | LACKS(ERROR_SENT) | LACKS(NO_TIME) | LACKS(DIGITS),
    .unit_ns = VB_NS_PER_US,
    .first_bus = 1,
    .begin = write_begin,
    .frame = write_frame,
    .end = write_end,
};

const struct format format_asc = {.name = "asc",
                                  .title = "Vector ASC: 2.501000 1  C8  Rx  d 8 09 08 ..",
                                  .read = read_line,
                                  .writing = &writing};
