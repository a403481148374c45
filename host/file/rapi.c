/* rapi.c - lines of an OpenEVSE: terminal logs, our own recordings, notes, and the bytes of the line as they
 * are (each ends with CR). What stands before '$' may have
 *   a time           (1712145600.123456), 1712145600.123, 2026-11-20 17:39:00.123, 17:39:00.123
 *   a direction      > TX (sent), < RX (heard); -> and <- separate only
 *   a link           the word behind a time in parentheses
 *   a question       GS: in two letters, for a reply that stands alone
 * and several lines of RAPI may stand in one line of text: "> $GS^30 < $OK 03 754 03 0140^13".
 * A time of day is read as one since midnight: a recording that passes it jumps.
 * Facts: reference/rapi.md sections 1, 2, 7.
 * SPDX-License-Identifier: MIT */
#include "voltbus/rapi.h"

#include <string.h>

#include "host/file/format.h"
#include "voltbus/hex.h"
#include "voltbus/time.h"

#define SECONDS_LEAST 9 /* digits; a shorter number without a point is no time */
#define WORDS_MAX     8 /* before '$'; a line with more is prose */

static bool is_code_char(char c, bool digits) {
    return (c >= 'A' && c <= 'Z') || (digits && c >= '0' && c <= '9');
}

/* ---- one line of RAPI ---- */

/* The length of what belongs to it: up to what stands behind the checksum, without spaces at the end. */
static size_t whole(const char *text, size_t n) {
    size_t end = 1;
    while (end < n && text[end] != '^' && text[end] != '*') {
        end++;
    }
    if (end < n) {
        while (end < n && text[end] != ' ' && text[end] != '`' && text[end] != '\t') {
            end++;
        }
        return end;
    }
    end = without_comment(text, n);
    while (end > 1 && strchr(" \t`<>", text[end - 1])) { /* and the direction of the next one */
        end--;
    }
    return end;
}

/* Two letters, then a space, a checksum or the end: else it is a '$' of something else. */
static bool is_line(const char *text, size_t n) {
    return n >= 3 && is_code_char(text[1], false) && is_code_char(text[2], true) &&
           (n == 3 || strchr(" ^*", text[3]));
}

int reader_rapi(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    struct vb_rapi_tap *tap = &r->rapi[frame->bus];
    struct vb_frame line;
    bool ended = false;
    n = whole(text, n);
    if (!is_line(text, n)) {
        return reader_wrong(r, VB_E_FORMAT, "expected a line of RAPI: $GS^30, $OK 16^07");
    }
    tap->reader.n = 0;
    for (size_t i = 0; i < n; i++) {
        ended = vb_rapi_tap_feed(tap, (uint8_t)text[i], &line) || ended;
    }
    if (ended || !vb_rapi_tap_feed(tap, '\r', &line)) {
        return reader_wrong(r, VB_E_FORMAT, "no line of RAPI has more than %d characters",
                            VB_RAPI_LINE_MAX);
    }
    line.t_ns = frame->t_ns;
    line.bus = frame->bus;
    line.flags |= frame->flags;
    *frame = line;
    return LINE_FRAME;
}

/* ---- what stands before it ---- */

/* A word without the brackets and commas around it. */
static size_t bare(const char **word, size_t n) {
    while (n > 0 && strchr("([`\"'", **word)) {
        ++*word;
        n--;
    }
    while (n > 0 && strchr(")],`\"'|", (*word)[n - 1])) {
        n--;
    }
    return n;
}

static bool is(const char *word, size_t n, const char *text) {
    return n == strlen(text) && memcmp(word, text, n) == 0;
}

/* "17:39:00.123" as a time since midnight. */
static bool time_of_day(const char *word, size_t n, int64_t *t_ns) {
    char date[48] = "1970-01-01T";
    if (n < 8 || n > 24 || word[2] != ':' || word[5] != ':') {
        return false;
    }
    memcpy(date + 11, word, n);
    date[11 + n] = 'Z';
    return reader_date(date, 12 + n, t_ns) == VB_OK;
}

/* What is known of a line before its '$'. */
struct preface {
    bool timed;
    int64_t t_ns;
    uint16_t flags;
    uint32_t asked;
    bool name_due; /* the next word is the link */
    const char *name;
    size_t name_n;
};

/* A time; a date and the time of day behind it are two words. */
static bool take_time(struct preface *p, const char *word, size_t n, const char **at,
                      const char *end) {
    const char *more = *at;
    const char *day;
    bool good = n > 0 && word[0] >= '0' && word[0] <= '9';
    if (good && n == 10 && word[4] == '-') {
        size_t day_n = next_word(&more, end, &day);
        day_n = bare(&day, day_n);
        good = reader_date(word, (size_t)(day - word) + day_n, &p->t_ns) == VB_OK;
        *at = good ? more : *at;
    } else if (good) {
        good = reader_date(word, n, &p->t_ns) == VB_OK || time_of_day(word, n, &p->t_ns) ||
               ((memchr(word, '.', n) || n >= SECONDS_LEAST) &&
                vb_time_read(word, n, &p->t_ns) == VB_OK);
    }
    p->timed |= good;
    return good;
}

static void take_word(struct preface *p, const char *word, size_t n, const char **at,
                      const char *end) {
    bool opened = *word == '(';
    n = bare(&word, n);
    if (n == 0 || is(word, n, "->") || is(word, n, "<-") || is(word, n, "<") || is(word, n, "RX") ||
        is(word, n, "RX:") || is(word, n, "-") || is(word, n, "--")) {
        return;
    }
    if (is(word, n, ">") || is(word, n, "TX") || is(word, n, "TX:")) {
        p->flags = VB_FRAME_TX;
    } else if (n == 3 && word[2] == ':' && is_code_char(word[0], false) &&
               is_code_char(word[1], true)) {
        p->asked = VB_RAPI_ID((uint8_t)word[0], (uint8_t)word[1]);
    } else if (p->name_due) {
        p->name = word;
        p->name_n = n;
    } else if (!p->timed) {
        p->name_due = take_time(p, word, n, at, end) && opened;
        return;
    }
    p->name_due = false;
}

/* Returns false if there are too many words. */
static bool read_preface(const char *text, const char *end, struct preface *p) {
    const char *word;
    *p = (struct preface){.name = "rapi"};
    for (unsigned words = 0;; words++) {
        size_t n = next_word(&text, end, &word);
        if (n == 0) {
            p->name_n = p->name_n ? p->name_n : 4;
            return true;
        }
        if (words == WORDS_MAX) {
            return false;
        }
        take_word(p, word, n, &text, end);
    }
}

/* ---- lines of text ---- */

/* The '$' that begins the next line of RAPI; that of "$OK $GI ABCD" (firmware 7.1.5) belongs to it. */
static const char *next_line(const char *at, const char *end) {
    const char *dollar = memchr(at + 1, '$', (size_t)(end - at) - 1);
    bool odd = dollar && dollar == at + 4 && end - dollar > 4 && memcmp(at, "$OK ", 4) == 0 &&
               memcmp(dollar, "$GI ", 4) == 0;
    return odd ? memchr(dollar + 1, '$', (size_t)(end - dollar) - 1) : dollar;
}

/* The first '$' that may begin a line; that of a prompt ("~$ picocom") does not. */
static const char *first_line(const char *from, const char *end) {
    const char *dollar = memchr(from, '$', (size_t)(end - from));
    while (dollar && (end - dollar < 2 || !is_code_char(dollar[1], false))) {
        dollar = memchr(dollar + 1, '$', (size_t)(end - dollar) - 1);
    }
    return dollar;
}

static int read_line(struct reader *r, const char *text, size_t n, struct vb_frame *frame) {
    const char *end = text + n;
    const char *from = text + r->rapi_at;
    const char *dollar = first_line(from, end);
    struct preface p, between;
    r->rapi_at = 0;
    if (!dollar) {
        return LINE_NOTHING; /* what people write between, a prompt, what is left of a line */
    }
    if (!read_preface(text, first_line(text, end), &p) || !read_preface(from, dollar, &between)) {
        return reader_wrong(r, VB_E_FORMAT, "expected \"time link > $GS^30\"");
    }
    p.flags = between.flags; /* time and link hold for the whole line */
    p.asked = between.asked;
    const char *more = next_line(dollar, end);
    frame->bus = reader_link(r, p.name, p.name_n);
    frame->t_ns = p.t_ns;
    frame->flags = (uint16_t)(p.flags | (p.timed ? 0 : VB_FRAME_NO_TIME));
    if (p.asked) {
        r->rapi[frame->bus].asked = p.asked;
        r->rapi[frame->bus].sequence = 0;
    }
    int result = reader_rapi(r, dollar, (size_t)((more ? more : end) - dollar), frame);
    if (more) {
        r->rapi_at = (size_t)(dollar - text) + whole(dollar, (size_t)(more - dollar));
        r->again = true;
    }
    return result;
}

const struct format format_rapi = {
    "rapi", "lines of an OpenEVSE, with or without time and direction: > $GS^30", read_line, NULL};
