/* trc.c - PEAK TRC (PCAN-View, PCAN-Trace), versions 1.0 to 1.3, 2.0 and 2.1, classic and FD.
 * Lines of an earlier version have fixed columns, those of 2.x are named by ";$COLUMNS=". Changes of the bus's
 * state (Warng; ST) become error frames as SocketCAN has them; counters of errors and events (EC, EV) are passed
 * over. The start is local time. Left out: columns that are added to 2.x (J1939), their text is not looked at.
 * Facts: reference/can-transports.md section 1.4.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/can_text.h"
#include "host/file/columns.h"
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
    if (is(text, name_n, ";$FILEVERSION") && value_n == 3) {
        can->version = (value[0] - '0') * 10 + (value[2] - '0');
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
               : reader_wrong(r, VB_E_FORMAT, "version %d.%d of TRC without ;$COLUMNS: not read",
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

/* What is no message of the bus. *done: it was that, and the result counts. */
static int read_event(struct reader *r, const char *type, size_t n, const char *at, const char *end,
                      bool *done, struct vb_frame *frame) {
    *done = true;
    if (is(type, n, "ST") || is(type, n, "Warng")) {
        return read_state(r, at, end, frame);
    }
    if (is(type, n, "ER") || is(type, n, "Error")) {
        return can_error(r, CAN_ERROR_BUS, 0, frame);
    }
    if (is(type, n, "EC") || is(type, n, "EV")) {
        return LINE_NOTHING;
    }
    *done = false;
    return LINE_NOTHING;
}

static bool read_type(const char *type, size_t n, struct vb_frame *frame) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (is(type, n, types[i].name)) {
            frame->flags |= types[i].flags;
            return true;
        }
    }
    return can_direction(type, n, frame); /* of 1.x */
}

/* Words up to the type: number, time, bus. The first must be a number, in 1.x with ')'. Returns the type's
 * length, 0 = the line is no line of TRC. */
static size_t find_type(struct reader *r, const char **at, const char *end, const char **type,
                        struct vb_frame *frame) {
    const char *word;
    uint32_t number;
    int64_t t_ns;
    size_t n = next_word(at, end, &word);
    bool bracket = n > 1 && word[n - 1] == ')';
    if (!can_number(word, bracket ? n - 1 : n, 10, &number) || bracket != (r->can.version < 20)) {
        return 0;
    }
    n = next_word(at, end, &word);
    if (can_time(word, n, VB_NS_PER_MS, &t_ns) < 0 || can_stamp(r, t_ns, frame) < 0) {
        return 0;
    }
    for (const char *letter = r->can.order + 2; *letter && *letter != 'T'; letter++) {
        n = next_word(at, end, &word);
        if (*letter == 'w') { /* 1.0 has no types: a state is told by its id */
            *type = is(word, n, "FFFFFFFF") ? "ST" : "Rx";
            return 2;
        }
        frame->bus = *letter == 'b' ? can_link(r, word, n) : frame->bus;
    }
    return next_word(at, end, type);
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *end = text + n;
    const char *at = text;
    const char *word;
    const char *type;
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
    frame->bus = can_link(r, "", 0);
    at = text;
    size_t type_n = find_type(r, &at, end, &type, frame);
    if (type_n == 0) {
        return reader_wrong(r, VB_E_FORMAT, "expected number, time in ms, %s",
                            strchr(r->can.order, 'T') ? "type, id, .." : "id, ..");
    }
    const char *column = strchr(r->can.order, 'T');
    if (column && column[1] == 'b') {
        size_t n_bus = next_word(&at, end, &word);
        frame->bus = can_link(r, word, n_bus);
    }
    bool done;
    int result = read_event(r, type, type_n, at, end, &done, frame);
    if (done) {
        return result;
    }
    if (!read_type(type, type_n, frame)) {
        return reader_wrong(r, VB_E_FORMAT, "a line of type %.*s: voltbus knows no such type",
                            type_n < 20 ? (int)type_n : 20, type);
    }
    /* "1 RTR" in 1.x stands where the bytes are */
    const char *last = end;
    while (last > text && (last[-1] == ' ' || last[-1] == '\t')) {
        last--;
    }
    if (r->can.version < 20 && last - text > 4 && memcmp(last - 4, " RTR", 4) == 0) {
        frame->flags |= VB_FRAME_RTR;
        last -= 4;
    }
    char order[sizeof r->can.order];
    for (size_t i = 0; i < sizeof order; i++) {
        order[i] = r->can.order[i] == 'T' ? '-' : r->can.order[i];
    }
    struct columns columns = {.order = order, .separator = ' '};
    return columns_line(r, &columns, text, (size_t)(last - text), frame);
}

const struct format format_trc = {"trc", "PEAK TRC: 1) 17535.4 Rx 0100 8 00 11 ..", read_line,
                                  NULL};
