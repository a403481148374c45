/* candump.c - the recorder for CAN: "(1712145600.123456) can0 1DB#0160B32B32000004", as candump -l
 * writes it, so that can-utils and all that read its logs take it. What it writes for other wires: candump_log.c.
 * Left out: damaged LIN frames (no form says what is wrong with them) and nanoseconds (many readers
 * take nine digits for microseconds); pcapng has both.
 * Facts: reference/can-transports.md section 1.1.
 * SPDX-License-Identifier: MIT */
#include "host/file/candump_log.h"
#include "host/out/stream.h"
#include "voltbus/time.h"

_Static_assert(CANDUMP_LINE <= SPOOL_RECORD_MAX, "a line is a record");

struct recorder {
    struct stream stream;
    uint64_t formless; /* frames that have no form: damaged or too long */
    char line[CANDUMP_LINE];
};

static void *open_recorder(struct hub *hub, const struct config_output *config, char *why) {
    return stream_open(sizeof(struct recorder), hub, config, NULL, why);
}

static void raw(void *self, const struct vb_frame *frame, const char *link) {
    struct recorder *r = self;
    size_t n = candump_log_line(frame, link, frame->t_ns - frame->t_ns % VB_NS_PER_US, r->line);
    if (n == 0) {
        r->formless++;
        return;
    }
    spool_put(r->stream.spool, spool_due(r->stream.spool, n) ? SPOOL_NEW_FILE : SPOOL_NEXT, r->line,
              n);
}

static void close_recorder(void *self) {
    struct recorder *r = self;
    if (r->formless > 0) {
        stream_say(&r->stream,
                   "candump: %llu frame%s not recorded, damaged or too long: it has no form for "
                   "them, pcapng has",
                   (unsigned long long)r->formless, r->formless == 1 ? " was" : "s were");
    }
    stream_close(&r->stream);
}

static const struct vb_key keys[] = {STREAM_KEYS(NULL, "the file; - is standard output")};

static const struct output_live live = {
    .keys = keys,
    .key_count = STREAM_KEY_COUNT,
    .open = open_recorder,
    .raw = raw,
    .busy = stream_busy,
    .close = close_recorder,
};

const struct output output_candump = {
    "candump", "recorder: raw frames as candump -l writes them; all but CAN in forms of our own",
    NULL, NULL, &live};
