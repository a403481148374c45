/* plot_text.c - the curve of a session on a terminal: braille dots, two by four in each character, or plain ASCII.
 * What was wished is dotted, what was there is drawn through; a longer silence is a gap in the line.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/session/show.h"

#define LABEL_COLUMNS 8 /* "  400 ┤ " */
#define ROWS_MAX      8
#define COLUMNS_MOST  200

/* Dots of one panel; [0] the line, [1] the target. */
struct dots {
    size_t across, down; /* in dots */
    uint8_t set[2][ROWS_MAX * 4][COLUMNS_MOST * 2];
};

struct scale {
    int64_t start_ns, span_ns;
    struct range y;
};

static long row_of(const struct dots *dots, const struct scale *scale, double value) {
    double part = (value - scale->y.low) / (scale->y.high - scale->y.low);
    long row = lround((1 - part) * (double)(dots->down - 1));
    long last = (long)dots->down - 1;
    return row < 0 ? 0 : row > last ? last : row;
}

static void column(struct dots *dots, int which, size_t x, long from, long to) {
    if (which == 1 && x % 3 != 0) {
        return; /* dotted */
    }
    for (long y = from < to ? from : to; y <= (from < to ? to : from); y++) {
        dots->set[which][y][x] = 1;
    }
}

/* A straight line from one moment heard to the next. */
static void join(struct dots *dots, int which, size_t x0, long y0, size_t x1, long y1) {
    for (size_t x = x0 + 1; x < x1; x++) {
        long y = y0 + (y1 - y0) * (long)(x - x0) / (long)(x1 - x0);
        column(dots, which, x, y, y);
    }
}

static void draw(struct dots *dots, int which, const struct curve *curve, enum series series,
                 const struct scale *scale) {
    bool before = false;
    size_t x0 = 0;
    long y0 = 0;
    int64_t t0 = 0;
    for (size_t i = 0; i < curve->used; i++) {
        const struct bucket *bucket = &curve->buckets[i];
        if (isnan(bucket->last[series])) {
            continue;
        }
        int64_t t = (int64_t)i * curve->bucket_ns;
        size_t x = (size_t)((double)t / (double)scale->span_ns * (double)(dots->across - 1));
        long low = row_of(dots, scale, (double)bucket->min[series]);
        long high = row_of(dots, scale, (double)bucket->max[series]);
        if (before && t - t0 <= ENERGY_GAP_NS + curve->bucket_ns) {
            join(dots, which, x0, y0, x, low);
            if (x != x0) { /* steps are upright lines */
                column(dots, which, x, y0 < high ? high : y0 > low ? low : y0, low);
            }
        }
        column(dots, which, x, low, high);
        before = true;
        x0 = x;
        y0 = row_of(dots, scale, (double)bucket->last[series]);
        t0 = t;
    }
}

/* ---- characters ---- */

static unsigned braille(const struct dots *dots, int which, size_t row, size_t col) {
    static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    unsigned pattern = 0;
    for (size_t y = 0; y < 4; y++) {
        for (size_t x = 0; x < 2; x++) {
            pattern |= dots->set[which][row * 4 + y][col * 2 + x] ? bits[y][x] : 0u;
        }
    }
    return pattern;
}

static void add_braille(struct text *out, unsigned pattern) {
    const char c[3] = {(char)0xE2, (char)(0xA0 + (pattern >> 6)), (char)(0x80 + (pattern & 0x3F))};
    if (pattern) {
        text_bytes(out, c, 3);
    } else {
        text_add(out, " ");
    }
}

/* Colours of the 16 that every terminal has: the line bold, the target plain. */
static const char *const colours[PANELS_MAX] = {"\033[34m", "\033[31m", "\033[32m"};

static void add_cell(struct text *out, const struct dots *dots, size_t row, size_t col,
                     const struct look *look, const char *colour) {
    if (!look->utf8) {
        text_add(out, dots->set[0][row][col] ? "*" : dots->set[1][row][col] ? "." : " ");
        return;
    }
    unsigned line = braille(dots, 0, row, col);
    unsigned target = braille(dots, 1, row, col);
    if (look->colour && (line || target)) {
        text_add(out, line ? colour : "\033[90m");
        add_braille(out, line | target);
        text_add(out, "\033[0m");
    } else {
        add_braille(out, line | target);
    }
}

/* The cells of a row, without spaces at the end. */
static void add_row(struct text *out, const struct dots *dots, size_t row, size_t width,
                    const struct look *look, const char *colour) {
    size_t used = 0;
    for (size_t col = 0; col < width; col++) {
        bool any = look->utf8 ? braille(dots, 0, row, col) | braille(dots, 1, row, col)
                              : dots->set[0][row][col] | dots->set[1][row][col];
        used = any ? col + 1 : used;
    }
    for (size_t col = 0; col < used; col++) {
        add_cell(out, dots, row, col, look, colour);
    }
}

/* Which mark of the axis stands at this row; NAN: none. */
static double mark_at(const struct dots *dots, const struct scale *scale, size_t row,
                      size_t dots_per_row) {
    struct marks marks = plot_marks(&scale->y);
    for (unsigned i = 0; i < marks.count; i++) {
        double v = plot_mark(&marks, i);
        if ((size_t)row_of(dots, scale, v) / dots_per_row == row) {
            return v;
        }
    }
    return (double)NAN;
}

static void panel_text(struct text *out, const struct session *s, const struct panel *panel,
                       size_t rows, struct dots *dots, const struct look *look,
                       const char *colour) {
    const struct curve *curve = &s->curve;
    size_t width = look->columns - LABEL_COLUMNS - 1;
    size_t per_row = look->utf8 ? 4 : 1;
    bool target = panel->target != SERIES_COUNT && curve_has(curve, panel->target);
    struct scale scale = {curve->start_ns, (int64_t)curve->used * curve->bucket_ns,
                          plot_range(curve, panel, rows > 5 ? 4 : 2)};
    memset(dots, 0, sizeof *dots);
    dots->across = look->utf8 ? width * 2 : width;
    dots->down = rows * per_row;
    if (target) {
        draw(dots, 1, curve, panel->target, &scale);
    }
    draw(dots, 0, curve, panel->line, &scale);
    text_format(out, "  %s, %s%s\n", panel->title, panel->unit,
                !target                          ? ""
                : !curve_has(curve, panel->line) ? ": limit of the charger, dotted"
                                                 : ": present, and target (dotted)");
    for (size_t row = 0; row < rows; row++) {
        double mark = mark_at(dots, &scale, row, per_row);
        if (isnan(mark)) {
            text_format(out, "%6s %s", "", look->utf8 ? "\u2502" : "|");
        } else {
            text_format(out, "%6.10g %s", mark, look->utf8 ? "\u2524" : "+");
        }
        add_row(out, dots, row, width, look, colour);
        text_add(out, "\n");
    }
}

static void time_axis(struct text *out, const struct session *s, const struct look *look) {
    const struct curve *curve = &s->curve;
    size_t width = look->columns - LABEL_COLUMNS - 1;
    double span = (double)curve->used * (double)curve->bucket_ns / 1e9;
    double start = (double)(curve->start_ns - s->start_ns) / 1e9;
    struct marks marks = plot_time_marks(start, span, (int)(width / 10));
    char line[COLUMNS_MOST + 32];
    bool mark[COLUMNS_MOST] = {false};
    size_t used = 0;
    memset(line, ' ', sizeof line);
    for (unsigned i = 0; i < marks.count; i++) {
        double t = plot_mark(&marks, i);
        char text[24];
        size_t x = (size_t)((t - start) / span * (double)(width - 1));
        plot_time_text(t, start + span, text);
        size_t n = strlen(text);
        size_t from = x > n / 2 ? x - n / 2 : 0;
        from = from + n > width ? width - n : from;
        mark[x] = true;
        if (used == 0 || from > used) {
            memcpy(line + from, text, n);
            used = from + n;
        }
    }
    text_format(out, "%6s %s", "", look->utf8 ? "\u2514" : "+");
    for (size_t x = 0; x < width; x++) {
        text_add(out, mark[x] ? look->utf8 ? "\u252C" : "+" : look->utf8 ? "\u2500" : "-");
    }
    text_format(out, "\n%8s%.*s\n%8s%s since the session began\n", "", (int)used, line, "",
                start + span < 120    ? "seconds"
                : start + span < 7200 ? "minutes:seconds"
                                      : "hours:minutes:seconds");
}

void plot_text(struct text *out, const struct session *session, const struct look *given) {
    struct look look = *given;
    struct panel panels[PANELS_MAX];
    struct dots *dots = malloc(sizeof *dots);
    size_t n = plot_panels(session, panels);
    look.columns = look.columns > COLUMNS_MOST ? COLUMNS_MOST : look.columns;
    if (n == 0 || session->curve.used < 2 || !dots) {
        out->failed |= !dots;
        free(dots);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        panel_text(out, session, &panels[i], panels[i].line == SERIES_SOC ? 4 : 7, dots, &look,
                   colours[panels[i].line == SERIES_V   ? 0
                           : panels[i].line == SERIES_A ? 1
                                                        : 2]);
    }
    time_axis(out, session, &look);
    free(dots);
}
