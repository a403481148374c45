/* pyplc.c - what pyPLC prints while it runs, as the car (PEV_MODE), the charger (EVSE_MODE) or between both
 * (LISTEN_MODE): "responding (12bytes) = 01 FE 80 01 ..". Its own decoding of a message (JSON) is passed over, and
 * so are the copies that its sniffer prints of what it sent and received itself. The rest are words. No times.
 * Facts: reference/ccs.md 1.5 to 1.7; the logs of captures/ccs/pyPLC.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/file/log.h"

/* The text behind " = ", and where it begins; NULL if there is none. */
static const char *bytes_of(const char *text, size_t n, size_t *left) {
    const char *sign = memmem(text, n, "bytes) = ", 9);
    if (!sign) {
        return NULL;
    }
    *left = n - (size_t)(sign + 9 - text);
    return sign + 9;
}

/* "[SNIFFER] EXI from 50094 to 15118 (34bytes) = ..": the charger has the port 15118. */
static uint8_t sniffed_from(const char *text, size_t n) {
    static const char begin[] = "[SNIFFER] EXI from ";
    char number[16] = "";
    size_t at = strlen(begin);
    memcpy(number, text + at, n - at < sizeof number - 1 ? n - at : sizeof number - 1);
    return strtol(number, NULL, 10) == 15118 ? VB_FROM_SECC : VB_FROM_EVCC;
}

static int bytes_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    struct log *log = r->log;
    const uint8_t own = log->charger ? VB_FROM_SECC : VB_FROM_EVCC;
    const uint8_t other = log->charger ? VB_FROM_EVCC : VB_FROM_SECC;
    bool sniffed = log_begins(text, n, "[SNIFFER] EXI from ");
    uint8_t from = own; /* responding, V2Gframe */
    size_t left = 0;
    const char *hex = bytes_of(text, n, &left);
    if (log_begins(text, n, "SDP payload ") || (sniffed && !log->listens)) {
        return LINE_NOTHING; /* told by another line too */
    }
    if (log_begins(text, n, "In state ") || log_begins(text, n, "V2GTP ")) {
        from = other; /* received */
    }
    int count = log_hex(r, hex, left, (size_t)(hex - text), log->bytes);
    if (count <= 0) {
        return count < 0 ? count : reader_wrong(r, VB_E_FORMAT, "no bytes: the line is cut");
    }
    return sniffed ? log_exi(r, sniffed_from(text, n), log->bytes, (size_t)count, VB_FRAME_NO_TIME,
                             frame)
                   : log_message(r, from, log->bytes, (size_t)count, 0, VB_FRAME_NO_TIME, frame);
}

static bool sure(const char *text, size_t n) {
    static const char *const begins[] = {"starting in ",    "[addressManager] ",  "[PEVSLAC] ",
                                         "[SNIFFER] ",      "initializing pyPlc", "[PEV] ",
                                         "In state WaitFor"};
    for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++) {
        if (log_begins(text, n, begins[i])) {
            return true;
        }
    }
    return memmem(text, n, "pyPlc.py", 8) != NULL; /* how it was started */
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    size_t left;
    if (n == 0) {
        return LINE_NOTHING;
    }
    if ((!r->log || !r->log->sure) && !sure(text, n)) {
        return reader_wrong(r, VB_E_FORMAT, "expected a line of pyPLC: starting in EVSE_MODE");
    }
    struct log *log = reader_log(r);
    if (!log) {
        return reader_wrong(r, VB_E_SPACE, "out of memory");
    }
    log->sure = true;
    if (log_begins(text, n, "starting in ")) {
        log->charger = log_begins(text, n, "starting in EVSE_MODE");
        log->listens = log_begins(text, n, "starting in LISTEN_MODE");
    }
    if (memchr("{}\"", text[0], 3)) {
        return LINE_NOTHING;
    }
    if (bytes_of(text, n, &left)) {
        return bytes_line(r, text, n, frame);
    }
    return log_note(r,
                    log->charger   ? VB_FROM_SECC
                    : log->listens ? VB_FROM_UNKNOWN
                                   : VB_FROM_EVCC,
                    text, n, 0, VB_FRAME_NO_TIME, frame);
}

const struct format format_pyplc = {
    "pyplc", "console of pyPLC: responding (12bytes) = 01 FE 80 01 ..", read_line, log_finish};
