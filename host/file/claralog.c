/* claralog.c - what Clara, the car's side on an STM32, writes to its serial port: "[10390] TCP will transmit: .."
 * Whole Ethernet frames until the charging loop begins, then the messages alone; where both stand in the log, the
 * frame counts and the message is left out. The rest are words: states, the duty of the pilot, voltages. Lines
 * of every second that tell nothing new are passed over. Times are ms since the start.
 * Facts: reference/ccs.md 1.12, and the logs of captures/ccs/clara-logs.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/file/log.h"
#include "voltbus/time.h"

#define SAME_NS (500 * VB_NS_PER_MS) /* a message and its packet are told so close to each other */

enum line_kind { WORDS, TX_PACKET, RX_PACKET, TX_MESSAGE, RX_MESSAGE, DULL };

/* What stands behind the time. */
static const struct {
    const char *begin;
    uint8_t kind;
} kinds[] = {
    {"ETH will transmit: ", TX_PACKET},
    {"ETH rx HP: ", RX_PACKET},
    {"ETH rx IP: ", RX_PACKET},
    {"TCP will transmit: ", TX_MESSAGE},
    {"Data received:  ", RX_MESSAGE},
    {"Data received: ", RX_MESSAGE},
    {"[TCP] sending ACK", DULL},
    {"[TCP] wrong port.", DULL}, /* of the packet in the line before */
    {"[CONNMGR] ConnectionLevel", WORDS},
    {"[CONNMGR] ", DULL},
    {"[TCP] ", WORDS},
    {"[PEVSLAC] ", WORDS},
    {"[SDP] ", WORDS},
    {"In state ", WORDS},
    {"cpDuty ", WORDS},
    {"Our MAC address: ", WORDS},
    {"Checkpoint", WORDS},
};

/* Lines without a time. */
static const char *const untimed[] = {
    "This is Clara version",
    "githubRunNumber ",
    "logging is ",
    "For MAC ",
    "ResponseCode ",
    "PreCharge aknowledge received.",
    "EVSEPresentVoltage ",
    "Warning: ",
    "=~=~=~=", /* PuTTY: date and time of the recording */
};

/* "[10390] ": its length, 0 = none. */
static size_t read_time(const char *text, size_t n, int64_t *t_ns) {
    int64_t ms = 0;
    size_t at = 1;
    if (n < 4 || text[0] != '[') {
        return 0;
    }
    for (; at < n && at < 14 && '0' <= text[at] && text[at] <= '9'; at++) {
        ms = 10 * ms + (text[at] - '0');
    }
    if (at == 1 || at + 2 > n || text[at] != ']' || text[at + 1] != ' ') {
        return 0;
    }
    *t_ns = ms * VB_NS_PER_MS;
    return at + 2;
}

static uint64_t hash_of(const uint8_t *bytes, size_t n) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001B3);
    }
    return hash;
}

/* A received packet carries this payload: the message alone may follow. */
static void remember(struct log *log, const uint8_t *payload, size_t n) {
    memmove(log->told + 1, log->told, (LOG_TOLD - 1) * sizeof log->told[0]);
    log->told[0].hash = hash_of(payload, n);
    log->told[0].n = n;
    log->told[0].t_ns = log->t_ns;
    log->told_n += log->told_n < LOG_TOLD;
}

/* Was this message told by a packet before? *other: with other bytes. */
static bool told_before(struct log *log, const uint8_t *bytes, size_t n, bool *other) {
    uint64_t hash = hash_of(bytes, n);
    *other = false;
    for (size_t i = 0; i < log->told_n; i++) {
        int64_t age_ns = log->t_ns - log->told[i].t_ns;
        if (log->told[i].hash == hash && log->told[i].n == n && 0 <= age_ns && age_ns < SAME_NS) {
            log->told_n = i; /* and those before it */
            return true;
        }
    }
    if (log->told_n > 0 && log->told[0].n == n && log->told[0].t_ns == log->t_ns) {
        log->told_n = 0;
        *other = true;
        return true;
    }
    return false;
}

/* The message that was held back comes now, by itself. */
static int release(struct reader *r, struct vb_frame *frame) {
    struct log_message *held = &r->log->held;
    unsigned long line = r->line.number;
    r->line.number = held->line;
    int result = log_message(r, held->from, held->bytes, held->n, held->t_ns, 0, frame);
    r->line.number = line;
    held->n = 0;
    return result;
}

static const char differs[] = "the log tells this message twice, with different bytes";

static int packet(struct reader *r, enum line_kind kind, int count) {
    struct log *log = r->log;
    const uint8_t *payload = NULL;
    size_t n = log_tcp_payload(log->bytes, (size_t)count, &payload);
    if (n > 0 && kind == RX_PACKET) {
        remember(log, payload, n);
    }
    return log_packet(r, log->bytes, (size_t)count, log->t_ns,
                      kind == TX_PACKET ? VB_FROM_EVCC : VB_FROM_UNKNOWN,
                      kind == TX_PACKET ? VB_FROM_UNKNOWN : VB_FROM_EVCC);
}

static int message(struct reader *r, enum line_kind kind, int count, struct vb_frame *frame) {
    struct log *log = r->log;
    bool other;
    if (kind == TX_MESSAGE) { /* its packet may follow */
        memcpy(log->held.bytes, log->bytes, (size_t)count);
        log->held.n = (size_t)count;
        log->held.t_ns = log->t_ns;
        log->held.from = VB_FROM_EVCC;
        log->held.line = r->line.number;
        return LINE_NOTHING;
    }
    if (!told_before(log, log->bytes, (size_t)count, &other)) {
        return log_message(r, VB_FROM_SECC, log->bytes, (size_t)count, log->t_ns, 0, frame);
    }
    return other ? log_note(r, VB_FROM_SECC, differs, strlen(differs), log->t_ns, 0, frame)
                 : LINE_NOTHING;
}

/* Is the message that is held back that of this packet? */
static bool in_packet(const struct log *log, int count) {
    const uint8_t *payload = NULL;
    size_t n = log_tcp_payload(log->bytes, (size_t)count, &payload);
    return n > 0 && n == log->held.n && memcmp(payload, log->held.bytes, n) == 0;
}

static int timed(struct reader *r, const char *text, size_t n, size_t column,
                 struct vb_frame *frame) {
    struct log *log = r->log;
    size_t row = 0;
    while (row < sizeof kinds / sizeof kinds[0] && !log_begins(text, n, kinds[row].begin)) {
        row++;
    }
    bool known = row < sizeof kinds / sizeof kinds[0];
    enum line_kind kind = known ? (enum line_kind)kinds[row].kind : WORDS;
    log->sure |= known;
    if (!log->sure) {
        return reader_wrong(r, VB_E_FORMAT,
                            "expected a line of Clara: [10390] TCP will transmit: ..");
    }
    if (kind == DULL) {
        return LINE_NOTHING;
    }
    if (kind == WORDS) {
        return log_note(r, VB_FROM_EVCC, text, n, log->t_ns, 0, frame);
    }
    size_t skip = strlen(kinds[row].begin);
    int count = log_hex(r, text + skip, n - skip, column + skip, log->bytes);
    bool mine = kind == TX_PACKET && count > 0 && in_packet(log, count);
    if (log->held.n > 0 && !mine && (kind != RX_PACKET || log->t_ns != log->held.t_ns)) {
        int result = release(r, frame);
        return result > 0 ? LINE_MORE : result; /* then this line again */
    }
    if (mine) {
        log->held.n = 0;
    }
    if (count <= 0) {
        return count < 0 ? count : reader_wrong(r, VB_E_FORMAT, "no bytes: the line is cut");
    }
    return kind == TX_PACKET || kind == RX_PACKET ? packet(r, kind, count)
                                                  : message(r, kind, count, frame);
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    int64_t t_ns = 0;
    if (r->log && r->log->draining) {
        return log_drain(r, frame);
    }
    if (n == 0) {
        return LINE_NOTHING;
    }
    size_t skip = read_time(text, n, &t_ns);
    bool words = false;
    for (size_t i = 0; skip == 0 && i < sizeof untimed / sizeof untimed[0]; i++) {
        words |= log_begins(text, n, untimed[i]);
    }
    if (skip == 0 && !words) {
        return reader_wrong(r, VB_E_FORMAT,
                            "expected a line of Clara: [10390] TCP will transmit: ..");
    }
    struct log *log = reader_log(r);
    if (!log) {
        return reader_wrong(r, VB_E_SPACE, "out of memory");
    }
    if (words) {
        return log_note(r, VB_FROM_EVCC, text, n, log->t_ns, 0, frame);
    }
    log->t_ns = t_ns;
    int result = timed(r, text + skip, n - skip, skip, frame);
    return log->draining ? log_drain(r, frame) : result;
}

static int finish(struct reader *r, struct vb_frame *frame) {
    if (r->log && r->log->held.n > 0) {
        return release(r, frame);
    }
    return log_finish(r, frame);
}

const struct format format_claralog = {
    "claralog", "serial log of Clara: [ms] TCP will transmit: 01fe..", read_line, finish};
