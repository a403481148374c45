/* candump.c - the recorder for CAN: "(1712145600.123456) can0 1DB#0160B32B32000004", as candump -l
 * writes it, so that can-utils and all that read its logs take it. Buses that candump does not know
 * have forms of our own, which `voltbus decode` reads: "22#AB84.." is a LIN frame, "22#" a LIN
 * header that nobody answered, "RF69 #17: 24 3c .." a radio packet, "> $GS^30" and "< $OK 16^07" lines
 * of RAPI, sent and heard; damaged ones too, as far as they are text; "V2G#8001#01000000#809A.." a message
 * between car and charger, "PLC#6065#..#.." one of HomePlug, "NET#01#..#.." an event of the network: id, side
 * bytes (voltbus/v2gtp.h; zeros at their end left out), bytes.
 * Left out: damaged LIN frames (no form says what is wrong with them) and nanoseconds (many readers
 * take nine digits for microseconds); pcapng has both.
 * Facts: reference/can-transports.md section 1.1.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/out/stream.h"
#include "voltbus/hex.h"
#include "voltbus/rapi.h"
#include "voltbus/rfm69.h"
#include "voltbus/time.h"

#define NAME_MAX_SHOWN 64
#define LINE_MAX_TEXT  SPOOL_RECORD_MAX
#define LINE_BEFORE    (VB_TIME_TEXT + NAME_MAX_SHOWN + 16) /* what stands around a frame */

struct recorder {
    struct stream stream;
    uint64_t formless; /* frames that have no form: damaged or too long */
    char line[LINE_MAX_TEXT];
};

static void *open_recorder(struct hub *hub, const struct config_output *config, char *why) {
    return stream_open(sizeof(struct recorder), hub, config, NULL, why);
}

/* "> $SC 16 V^65". A line that is no text has no form. */
static size_t rapi(const struct vb_frame *frame, char *out) {
    size_t n = (size_t)sprintf(out, "%c ", frame->flags & VB_FRAME_TX ? '>' : '<');
    for (size_t i = 0; i < (size_t)frame->len + frame->side_len; i++) {
        uint8_t c = i < frame->len ? frame->data[i] : frame->side[i - frame->len];
        if (c < ' ' || c > '~' || i > VB_RAPI_LINE_MAX) {
            return 0;
        }
    }
    return n + vb_frame_text(frame, out + n);
}

/* "V2G#8001#01#809A..". A message that makes a line too long to be read has no form. */
static size_t of_v2g(const struct vb_frame *frame, char *out) {
    const char *const name = frame->kind == VB_KIND_V2G   ? "V2G#"
                             : frame->kind == VB_KIND_PLC ? "PLC#"
                                                          : "NET#";
    size_t side_len = frame->side_len;
    while (side_len > 0 && frame->side[side_len - 1] == 0) {
        side_len--;
    }
    if (2 * ((size_t)frame->len + side_len) + LINE_BEFORE + VB_FRAME_TEXT > LINE_MAX_TEXT) {
        return 0;
    }
    size_t n = strlen(strcpy(out, name));
    n += vb_frame_id_text(frame, out + n);
    out[n++] = '#';
    n += vb_hex_write(frame->side, side_len, out + n);
    out[n++] = '#';
    return n + vb_hex_write(frame->data, frame->len, out + n);
}

/* The frame behind the name. Returns the length, 0 if there is no form for it. */
static size_t body(const struct vb_frame *frame, char *out) {
    if (frame->kind == VB_KIND_V2G || frame->kind == VB_KIND_PLC || frame->kind == VB_KIND_NET) {
        return of_v2g(frame, out);
    }
    bool unanswered = frame->kind == VB_KIND_LIN && frame->fault == VB_FAULT_NO_RESPONSE;
    if (frame->kind == VB_KIND_RAPI) {
        return rapi(frame, out);
    }
    if ((frame->fault != VB_FAULT_NONE && !unanswered) || frame->len > VB_RFM69_DATA) {
        return 0;
    }
    if (frame->kind == VB_KIND_RADIO) {
        int n = vb_rfm69_write(frame, out);
        return n < 0 ? 0 : (size_t)n;
    }
    return vb_frame_text(frame, out);
}

static void raw(void *self, const struct vb_frame *frame, const char *link) {
    struct recorder *r = self;
    char *line = r->line;
    char *p = line;
    *p++ = '(';
    p += vb_time_text(frame->t_ns - frame->t_ns % VB_NS_PER_US, p);
    p += sprintf(p, ") %.*s ", NAME_MAX_SHOWN, link);
    size_t n = body(frame, p);
    if (n == 0) {
        r->formless++;
        return;
    }
    p += n;
    if (frame->flags & VB_FRAME_TX && frame->kind != VB_KIND_RAPI) {
        *p++ = ' ';
        *p++ = 'T';
    }
    *p++ = '\n';
    n = (size_t)(p - line);
    spool_put(r->stream.spool, spool_due(r->stream.spool, n) ? SPOOL_NEW_FILE : SPOOL_NEXT, line,
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
