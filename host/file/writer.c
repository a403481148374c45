/* writer.c - recordings written: what a format cannot hold, the numbers of buses, dates; and how text is put together
 * quickly. SPDX-License-Identifier: MIT */
#include "host/file/writer.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/file/can_text.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

#define HOUR_S    3600
#define LAST_YEAR 2199 /* that readers take for a date */
#define LINE_ROOM 1024

enum { OUT, LOST, ODD };

static const struct {
    uint8_t what;
    const char *text;
} losses[] = {
#define X(name, what, text) {what, text},
    WRITER_LOSSES(X)
#undef X
};
_Static_assert(LOSS_COUNT <= 32, "a bit each");

#define X(name, what, text) | ((what) == OUT ? LACKS(name) : 0)
static const uint32_t left_out = 0 WRITER_LOSSES(X);
#undef X

/* ---- which format ---- */

const struct writing *writer_find(const char *name) {
    for (size_t i = 0; i < format_count; i++) {
        for (const struct writing *how = formats[i]->writing; how; how = how->other) {
            if (strcmp(how->name, name) == 0) {
                return how;
            }
        }
    }
    return NULL;
}

const struct writing *writer_by_suffix(const char *path, size_t n) {
    for (size_t i = 0; i < format_count; i++) {
        const char *suffix = formats[i]->writing ? formats[i]->writing->suffix : NULL;
        size_t suffix_n = suffix ? strlen(suffix) : 0;
        if (suffix && n > suffix_n && strncasecmp(path + n - suffix_n, suffix, suffix_n) == 0) {
            return formats[i]->writing;
        }
    }
    return NULL;
}

size_t writer_names(char *text, size_t cap) {
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < format_count; i++) {
        for (const struct writing *how = formats[i]->writing; how && n < cap; how = how->other) {
            n += (size_t)snprintf(text + n, cap - n, "%s%s", n > 0 ? ", " : "", how->name);
        }
    }
    return n;
}

/* ---- frames ---- */

void writer_begin(struct writer *w, const struct writing *how, struct pack *pack) {
    memset(w, 0, sizeof *w);
    w->how = how;
    w->pack = pack;
}

/* What the frame has that a format may lack. */
static uint32_t features(const struct writing *how, const struct vb_frame *frame) {
    uint16_t flags = frame->flags;
    bool plain_error =
        frame->id == 0x80 && frame->len == 8 && memcmp(frame->data, "\0\0\0\0\0\0\0", 8) == 0;
    uint32_t has = LACKS(BUS);
    has |= frame->kind != VB_KIND_CAN ? LACKS(OTHER_WIRE) : 0;
    has |= frame->kind == VB_KIND_LIN && frame->side_len > 0 ? LACKS(CHECKSUM) : 0;
    has |= frame->fault != VB_FAULT_NONE ? LACKS(DAMAGED) : 0;
    has |= flags & VB_FRAME_FD ? LACKS(FD) : 0;
    has |= flags & (VB_FRAME_BRS | VB_FRAME_ESI) ? LACKS(FD_FLAGS) : 0;
    has |= flags & VB_FRAME_RTR ? LACKS(REMOTE) : 0;
    has |= flags & VB_FRAME_RTR && frame->remote_len > 0 ? LACKS(REMOTE_LEN) : 0;
    has |= flags & VB_FRAME_ERR ? LACKS(ERROR) | (plain_error ? 0 : LACKS(ERROR_CLASS)) : 0;
    has |= flags & VB_FRAME_TX ? LACKS(SENT) | (flags & VB_FRAME_ERR ? LACKS(ERROR_SENT) : 0) : 0;
    has |= flags & VB_FRAME_EXT && frame->id <= 0x7FF ? LACKS(ID_29) : 0;
    if (flags & VB_FRAME_NO_TIME) {
        return has | LACKS(NO_TIME);
    }
    has |= frame->t_ns < 0 ? LACKS(BEFORE_1970) | LACKS(NEGATIVE) : 0;
    has |= frame->t_ns % how->unit_ns != 0 ? LACKS(DIGITS) : 0;
    has |= frame->t_ns % VB_NS_PER_US != 0 ? LACKS(NANOSECONDS) : 0;
    return has;
}

static void begin(struct writer *w, const struct vb_frame *first) {
    w->begun = true;
    if (w->how->begin) {
        w->how->begin(w, first);
    }
}

/* Is there a number for its bus? */
static bool has_bus(struct writer *w, const char *link) {
    if (w->bus_last < w->bus_count && strcmp(w->buses[w->bus_last].name, link) == 0) {
        return true;
    }
    for (size_t i = 0; i < w->bus_count; i++) {
        if (strcmp(w->buses[i].name, link) == 0) {
            w->bus_last = i;
            return true;
        }
    }
    if (w->bus_count == WRITER_BUSES) {
        return false;
    }
    unsigned number = w->how->first_bus;
    unsigned own = strncmp(link, "can", 3) == 0 && link[3] >= '0' && link[3] <= '9'
                       ? (unsigned)strtoul(link + 3, NULL, 10)
                       : 0;
    number = own > number && own < WRITER_BUSES ? own : number;
    for (size_t i = 0; i < w->bus_count; i++) {
        if (w->buses[i].number == number) { /* taken: the next one, from the first name on */
            number++;
            i = SIZE_MAX;
        }
    }
    w->bus_last = w->bus_count++;
    snprintf(w->buses[w->bus_last].name, READER_NAME_MAX, "%s", link);
    w->buses[w->bus_last].number = number;
    return true;
}

unsigned writer_bus(struct writer *w, const char *link) {
    return has_bus(w, link) ? w->buses[w->bus_last].number : 0;
}

void writer_frame(struct writer *w, const struct vb_frame *frame, const char *link) {
    const struct writing *how = w->how;
    uint32_t lost = features(how, frame) & how->lacks;
    if (!(lost & left_out)) {
        bool good = frame->kind != VB_KIND_CAN || vb_frame_can_check(frame) == VB_OK;
        lost |= !good ? LACKS(FORM) : !has_bus(w, link) ? LACKS(BUSES) : 0;
    }
    if (!(lost & left_out)) {
        if (!w->begun) {
            begin(w, frame);
        }
        lost |= how->frame(w, frame, link) ? 0 : LACKS(FORM);
    }
    if (lost & left_out) {
        lost &= left_out;
        lost &= 0u - lost; /* one reason is enough */
    } else {
        w->frames++;
    }
    for (size_t i = 0; lost; i++, lost >>= 1) {
        w->losses[i] += lost & 1;
    }
}

void writer_end(struct writer *w) {
    if (!w->begun) {
        begin(w, NULL);
    }
    if (w->how->end) {
        w->how->end(w);
    }
    free(w->state);
    w->state = NULL;
}

/* "buses have numbers: can0 is 1": those that would be read back under another name. */
static void tell_buses(const struct writer *w, const char *path, FILE *to) {
    const char *before = "";
    for (size_t i = 0; i < w->bus_count; i++) {
        char name[READER_NAME_MAX];
        snprintf(name, sizeof name, "can%u", w->buses[i].number);
        if (strcmp(name, w->buses[i].name) != 0) {
            if (!*before) {
                fprintf(to, "%s: buses of %s have numbers, no names: ", path, w->how->name);
            }
            fprintf(to, "%s%s is %u", before, w->buses[i].name, w->buses[i].number);
            before = ", ";
        }
    }
    if (*before) {
        fputc('\n', to);
    }
}

static const char *plural(uint64_t n) {
    return n == 1 ? "" : "s";
}

void writer_tell(const struct writer *w, const char *path, FILE *to) {
    const struct writing *how = w->how;
    for (size_t i = 0; i < LOSS_COUNT; i++) {
        uint64_t n = w->losses[i];
        if (n == 0) {
            continue;
        }
        fprintf(to, "%s: ", path);
        if (losses[i].what == OUT) {
            fprintf(to, "%s has no %s: %" PRIu64 " left out\n", w->how->name, losses[i].text, n);
        } else if (losses[i].what == ODD) {
            fprintf(to, "%s: %" PRIu64 " frame%s\n", losses[i].text, n, plural(n));
        } else if (i == LOSS_DIGITS) {
            fprintf(to, "%s has no time below %" PRIu32 " us: cut off in %" PRIu64 " frame%s\n",
                    w->how->name, how->unit_ns / (uint32_t)VB_NS_PER_US, n, plural(n));
        } else {
            fprintf(to, "%s has no %s: lost in %" PRIu64 " frame%s\n", w->how->name, losses[i].text,
                    n, plural(n));
        }
    }
    if (how->first_bus != WRITER_NAMES && !(how->lacks & LACKS(BUS))) {
        tell_buses(w, path, to);
    }
}

/* ---- time ---- */

/* Is local time put forward or back within hours? A date there may be no moment, or two. */
static bool near_change(time_t s) {
    const time_t hours[] = {s - 3 * HOUR_S, s, s + 3 * HOUR_S};
    struct tm tm[3];
    for (size_t i = 0; i < 3; i++) {
        localtime_r(&hours[i], &tm[i]);
    }
    return tm[0].tm_gmtoff != tm[1].tm_gmtoff || tm[1].tm_gmtoff != tm[2].tm_gmtoff;
}

bool writer_start(struct writer *w, const struct vb_frame *first, struct tm *date) {
    w->start_ns = 0;
    if (!first || first->flags & VB_FRAME_NO_TIME || !vb_time_is_unix(first->t_ns)) {
        return false;
    }
    time_t s = (time_t)(first->t_ns / VB_NS_PER_S);
    int64_t ms = first->t_ns % VB_NS_PER_S / VB_NS_PER_MS;
    while (near_change(s)) {
        s -= HOUR_S;
    }
    localtime_r(&s, date);
    if (date->tm_year + 1900 > LAST_YEAR) {
        return false;
    }
    w->start_ns = (int64_t)s * VB_NS_PER_S + ms * VB_NS_PER_MS;
    return true;
}

int64_t writer_since(struct writer *w, const struct vb_frame *frame) {
    int64_t since;
    if (frame->flags & VB_FRAME_NO_TIME) {
        return 0;
    }
    if (__builtin_sub_overflow(frame->t_ns, w->start_ns, &since)) {
        w->losses[LOSS_TIME_RANGE]++;
        return frame->t_ns < 0 ? INT64_MIN : INT64_MAX;
    }
    w->losses[LOSS_NEGATIVE] += since < 0;
    return since;
}

int64_t writer_us(int64_t t_ns) {
    return t_ns / VB_NS_PER_US - (t_ns % VB_NS_PER_US < 0);
}

/* ---- text ---- */

char *writer_room(struct writer *w, size_t n) {
    return pack_room(w->pack, n);
}

void writer_used(struct writer *w, const char *end) {
    pack_used(w->pack, (size_t)(end - pack_room(w->pack, 0)));
}

void writer_line(struct writer *w, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *at = writer_room(w, LINE_ROOM);
    int n = vsnprintf(at, LINE_ROOM, fmt, args);
    va_end(args);
    pack_used(w->pack, n < LINE_ROOM ? (size_t)n : LINE_ROOM - 1);
}

char *put_text(char *at, const char *text) {
    size_t n = strlen(text);
    memcpy(at, text, n);
    return at + n;
}

char *put_fixed(char *at, int64_t value, unsigned digits, unsigned width) {
    char text[32];
    char *end = text + sizeof text;
    char *first = end;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    for (unsigned i = 0; rest > 0 || i <= digits; i++, rest /= 10) {
        if (i == digits && digits > 0) {
            *--first = '.';
        }
        *--first = (char)('0' + rest % 10);
    }
    if (value < 0) {
        *--first = '-';
    }
    for (size_t n = (size_t)(end - first); n < width; n++) {
        *at++ = ' ';
    }
    memcpy(at, first, (size_t)(end - first));
    return at + (end - first);
}

char *put_id(char *at, const struct vb_frame *frame, unsigned digits_11) {
    return at + vb_hex_number(frame->id, frame->flags & VB_FRAME_EXT ? 8 : digits_11, at);
}

char *put_bytes(char *at, const struct vb_frame *frame, char before, char behind) {
    char hex[2 * 64];
    size_t n = vb_hex_write(frame->data, frame->len < 64 ? frame->len : 64, hex);
    for (size_t i = 0; i < n; i += 2) {
        *at = before;
        at += before != 0;
        *at++ = hex[i];
        *at++ = hex[i + 1];
        *at = behind;
        at += behind != 0;
    }
    return at;
}

unsigned writer_dlc(const struct vb_frame *frame) {
    unsigned len = frame->flags & VB_FRAME_RTR ? frame->remote_len : frame->len;
    unsigned dlc = len < 8 ? len : 8;
    while (dlc < 15 && can_length(dlc, true) < len) {
        dlc++;
    }
    return dlc;
}
