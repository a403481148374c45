/* format.c - finding the format of a text capture, and reading frames out of it.
 * SPDX-License-Identifier: MIT */
#include "host/file/format.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

static void rewind_reader(struct reader *r) {
    r->again = false;
    r->link_count = 0;
    r->hex_at = 0;
    r->lin_skipped = 0;
    r->slcan_ms = -1;
    vb_lin_rx_init(&r->lin, 0); /* hexadecimal text has no times */
}

/* How well a format fits the text: frames counted for it, wrong lines against it. */
static long score(struct reader *r, const struct format *format, const char *text, size_t n) {
    long frames = 0;
    long wrong = 0;
    struct lines *lines = lines_of_text(text, n);
    struct line line;
    rewind_reader(r);
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
    return frames == 0 || (format->vague && wrong > frames) ? 0 : 1 + 2 * frames - wrong;
}

static const struct format *detect(struct reader *r) {
    const char *text;
    size_t n = 0;
    while (lines_peek(r->lines, &text, &n) > 0) {
        const struct format *best = NULL;
        long most = 0;
        for (size_t i = 0; i < format_count; i++) {
            long points = score(r, formats[i], text, n);
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

int reader_next(struct reader *r, struct vb_frame *frame) {
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
