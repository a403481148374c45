/* format.c - finding the format of a recording, and reading frames out of it.
 * SPDX-License-Identifier: MIT */
#include "host/file/format.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/file/blf.h"
#include "host/file/pcap.h"
#include "voltbus/time.h"

#define FORMAT(stem) extern const struct format format_##stem;
#include "host/file/formats.def"
#undef FORMAT

const struct format *const formats[] = {
#define FORMAT(stem) &format_##stem,
#include "host/file/formats.def"
#undef FORMAT
};
const size_t format_count = sizeof formats / sizeof formats[0];

#define TRIAL_LINES 200 /* lines looked at to tell formats apart, once one of them fits */

const struct format *format_find(const char *name) {
    for (size_t i = 0; i < format_count; i++) {
        if (strcmp(formats[i]->name, name) == 0) {
            return formats[i];
        }
    }
    return NULL;
}

uint16_t reader_link(struct reader *r, const char *name, size_t n) {
    char clean[READER_NAME_MAX] = "";
    if (r->link_count > 0 && n < READER_NAME_MAX && memcmp(r->links[0], name, n) == 0 &&
        r->links[0][n] == '\0') {
        return 0; /* most recordings are of one link */
    }
    for (size_t i = 0; i < n && i < sizeof clean - 1; i++) {
        clean[i] =
            '!' <= name[i] && name[i] <= '~' ? name[i] : '?'; /* it goes to terminals, JSON */
    }
    for (uint16_t i = 0; i < r->link_count; i++) {
        if (strcmp(r->links[i], clean) == 0) {
            return i;
        }
    }
    if (r->link_count == READER_LINKS_MAX) {
        return READER_LINKS_MAX - 1;
    }
    strcpy(r->links[r->link_count], clean);
    return r->link_count++;
}

int reader_wrong(struct reader *r, int err, const char *fmt, ...) {
    va_list args;
    if (r->trial) {
        return err; /* most lines are wrong to most formats, and text takes time */
    }
    va_start(args, fmt);
    vsnprintf(r->why, sizeof r->why, fmt, args);
    va_end(args);
    return err;
}

size_t next_word(const char **at, const char *end, const char **word) {
    const char *p = *at;
    while (p < end && (*p == ' ' || *p == '\t')) {
        p++;
    }
    *word = p;
    while (p < end && *p != ' ' && *p != '\t') {
        p++;
    }
    *at = p;
    return (size_t)(p - *word);
}

size_t without_comment(const char *text, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (memchr("#;|", text[i], 3) && (i == 0 || text[i - 1] == ' ' || text[i - 1] == '\t')) {
            return i;
        }
    }
    return n;
}

/* "+01:00", "+0100", "Z": seconds ahead of UTC. Returns its length, 0 if it is none of these. */
static size_t read_zone(const char *text, size_t n, int64_t *ahead_s) {
    int hours = 0;
    int minutes = 0;
    if (n > 0 && text[n - 1] == 'Z') {
        *ahead_s = 0;
        return 1;
    }
    for (size_t length = 5; length <= 6 && length <= n; length++) {
        const char *zone = text + n - length;
        const char *form = length == 5 ? "%2d%2d" : "%2d:%2d";
        char copy[6] = "";
        memcpy(copy, zone + 1, length - 1);
        if ((*zone == '+' || *zone == '-') && strspn(copy, "0123456789:") == length - 1 &&
            sscanf(copy, form, &hours, &minutes) == 2) {
            *ahead_s = (*zone == '-' ? -1 : 1) * (hours * INT64_C(3600) + minutes * 60);
            return length;
        }
    }
    return 0;
}

#define DATE_CHARS 19 /* without the fraction */

int reader_date(const char *text, size_t n, int64_t *t_ns) {
    struct tm tm = {.tm_isdst = -1};
    char copy[DATE_CHARS + 1] = "";
    int64_t fraction = 0;
    int64_t ahead_s = 0;
    if (n < DATE_CHARS || (text[10] != ' ' && text[10] != 'T')) {
        return VB_E_FORMAT;
    }
    memcpy(copy, text, DATE_CHARS);
    copy[10] = ' ';
    const char *rest = strptime(copy, "%Y-%m-%d %H:%M:%S", &tm);
    if (!rest || *rest) {
        return VB_E_FORMAT;
    }
    size_t zone_n = read_zone(text + DATE_CHARS, n - DATE_CHARS, &ahead_s);
    n -= zone_n;
    if (n > DATE_CHARS) {
        char decimal[32] = "0";
        if (n - DATE_CHARS > sizeof decimal - 1) {
            return VB_E_FORMAT;
        }
        memcpy(decimal + 1, text + DATE_CHARS, n - DATE_CHARS);
        int result = vb_time_read(decimal, n - DATE_CHARS + 1, &fraction);
        if (result < 0) {
            return result;
        }
    }
    int64_t seconds = zone_n ? (int64_t)timegm(&tm) - ahead_s : (int64_t)mktime(&tm);
    return __builtin_mul_overflow(seconds, VB_NS_PER_S, t_ns) ||
                   __builtin_add_overflow(*t_ns, fraction, t_ns)
               ? VB_E_RANGE
               : VB_OK;
}

static void rewind_reader(struct reader *r) {
    r->again = false;
    r->link_count = 0;
    r->hex_at = 0;
    r->lin_skipped = 0;
    r->slcan_ms = -1;
    r->rapi_at = 0;
    r->can = (struct can_log){0};
    for (size_t i = 0; i < READER_LINKS_MAX; i++) {
        vb_rapi_tap_init(&r->rapi[i]);
    }
    vb_lin_rx_init(&r->lin, 0); /* hexadecimal text has no times */
    net_close(r->net);
    r->net = NULL;
    r->net_more = false;
    free(r->log);
    r->log = NULL;
}

struct net *reader_net(struct reader *r) {
    if (!r->net) {
        r->net = net_open();
    }
    return r->net;
}

/* How well a format fits the text: frames counted for it, wrong lines against it. */
static long score(struct reader *r, const struct format *format, const char *text, size_t n) {
    long frames = 0;
    long wrong = 0;
    struct lines *lines = lines_of_text(text, n);
    struct line line;
    rewind_reader(r);
    r->trial = true;
    r->format = format;
    for (int i = 0; lines && i < TRIAL_LINES && lines_next(lines, &line) > 0;) {
        do {
            struct vb_frame frame = {.kind = VB_KIND_CAN};
            r->again = false;
            int result = format->read(r, line.text, line.n, &frame);
            r->again |= result == LINE_MORE;
            frames += result > 0 && frame.fault != VB_FAULT_CHECKSUM;
            wrong += result < 0 && (frames > 0 || format->vague);
        } while (r->again);
        i += frames > 0; /* a long preface does not count */
    }
    for (struct vb_frame frame; format->finish && format->finish(r, &frame) > 0;) {
        frames++;
    }
    lines_close(lines);
    rewind_reader(r);
    r->trial = false;
    r->format = NULL;
    return frames == 0 || (format->vague && wrong > frames) ? 0 : 1 + 2 * frames - wrong;
}

static const struct format *detect(struct reader *r) {
    const char *text;
    const uint8_t *bytes;
    size_t n = lines_bytes(r->lines, 4, &bytes); /* no more: a slow pipe may have no more yet */
    for (size_t i = 0; i < format_count; i++) {
        if (formats[i]->begins && n >= 4 && formats[i]->begins(bytes, n)) {
            return formats[i];
        }
    }
    n = 0;
    while (lines_peek(r->lines, &text, &n) > 0) {
        const struct format *best = NULL;
        long most = 0;
        for (size_t i = 0; i < format_count; i++) {
            long points = formats[i]->read ? score(r, formats[i], text, n) : 0;
            if (points > most) {
                most = points;
                best = formats[i];
            }
        }
        if (best) {
            return best;
        }
    }
    return NULL;
}

void reader_init(struct reader *r, struct lines *lines, const struct format *forced) {
    memset(r, 0, sizeof *r);
    r->lines = lines;
    r->format = forced ? forced : detect(r);
    rewind_reader(r);
}

void reader_close(struct reader *r) {
    net_close(r->net);
    r->net = NULL;
    pcap_close(r->pcap);
    r->pcap = NULL;
    blf_close(r->blf);
    r->blf = NULL;
    free(r->payload);
    r->payload = NULL;
    free(r->log);
    r->log = NULL;
    lines_close(r->lines);
    r->lines = NULL;
}

bool reader_ready(const struct reader *r) {
    return r->format && r->format->next ? r->net_more : lines_ready(r->lines);
}

#define LOOKED_AT 40 /* lines, for what else it may be */

static bool is_dbc(const struct line *line) {
    static const char *const starts[] = {"VERSION \"", "NS_ ", "BU_:", "BO_ "};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        size_t n = strlen(starts[i]);
        if (line->n >= n && memcmp(line->text, starts[i], n) == 0) {
            return true;
        }
    }
    return false;
}

const char *reader_no_format(struct reader *r) {
    struct line line;
    int result = lines_next(r->lines, &line);
    if (lines_why(r->lines)[0]) {
        return lines_why(r->lines);
    }
    if (result == 0) {
        return "the file is empty";
    }
    if (lines_utf16(line.text, line.n)) {
        return LINES_UTF16_WHY;
    }
    for (unsigned i = 0; i < LOOKED_AT && result > 0; i++) {
        if (is_dbc(&line)) {
            return "a DBC file, not a recording: --db FILE says what the frames of a recording "
                   "mean";
        }
        result = lines_next(r->lines, &line);
    }
    return "not a recording that voltbus knows: no line of any of its formats in the first 256 kB "
           "(voltbus list formats)";
}

const char *reader_place(const struct reader *r, char text[READER_PLACE]) {
    snprintf(text, READER_PLACE, r->format && r->format->next ? ": packet %lu" : ":%lu",
             r->line.number);
    return text;
}

/* Mostly the file itself; else the reader, which has no memory. */
const char *reader_broken_why(const struct reader *r) {
    const char *why = lines_why(r->lines);
    return why[0] ? why : r->why;
}

int reader_next(struct reader *r, struct vb_frame *frame) {
    if (r->format->next) {
        return r->format->next(r, frame);
    }
    for (;;) {
        if (!r->again) {
            int got = lines_next(r->lines, &r->line);
            if (got == 0 && r->format->finish) {
                int result = r->format->finish(r, frame);
                r->again = false; /* there is no line to go on with */
                return result > 0 ? 1 : result;
            }
            if (got <= 0) {
                return got < 0 ? READER_BROKEN : 0;
            }
            if (r->line.cut) {
                return reader_wrong(r, VB_E_FORMAT, "the line is longer than %d bytes",
                                    LINES_MAX_LINE);
            }
        }
        *frame = (struct vb_frame){.kind = VB_KIND_CAN};
        r->again = false;
        int result = r->format->read(r, r->line.text, r->line.n, frame);
        r->again |= result == LINE_MORE;
        if (result == LINE_NOTHING) {
            continue;
        }
        return result > 0 ? 1 : result;
    }
}
