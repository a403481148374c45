/* plot_svg.c - the curve of a session as a picture: one self-contained SVG file, a panel for each quantity, the
 * phases shaded behind them. Follows the reader's light or dark colours; opaque, so that it can stand anywhere.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host/session/show.h"

#define WIDTH        960
#define LEFT         70
#define RIGHT        24
#define TOP          128 /* title, headline, legend, phases */
#define BOTTOM       48
#define PANEL_GAP    34
#define PHASE_HEIGHT 20
#define LETTER       6.4 /* width of a letter of the phases' names, about */

static const char style[] =
    "<style>\n"
    "svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;"
    "background:#fff}\n"
    ".page{fill:#fff}.ink{fill:#1c2330}.soft{fill:#5a6474}.grid{stroke:#e3e7ed}"
    ".axis{stroke:#9aa4b2}\n"
    ".voltage{stroke:#1f5fd0}.current{stroke:#c2410c}.soc{stroke:#15803d}\n"
    ".line{fill:none;stroke-width:2;stroke-linejoin:round}"
    ".target{fill:none;stroke-width:1.5;stroke-dasharray:2 4;opacity:.75}\n"
    ".odd{fill:#eef2f8}.even{fill:#e0e7f1}.oddband{fill:#f7f9fc}.evenband{fill:#eff3f9}\n"
    "@media "
    "(prefers-color-scheme:dark){svg{background:#12161d}.page{fill:#12161d}.ink{fill:#e8ecf2}"
    ".soft{fill:#9aa6b6}.grid{stroke:#29313d}.axis{stroke:#5b6675}.voltage{stroke:#79a9ff}"
    ".current{stroke:#fb923c}.soc{stroke:#4ade80}.odd{fill:#232b38}.even{fill:#2e3848}"
    ".oddband{fill:#161b24}.evenband{fill:#1b212c}}\n"
    "</style>\n";

/* Text with what XML reserves replaced; control characters and broken UTF-8 become '?'. */
static void add_xml(struct text *out, const char *bytes, size_t n) {
    for (size_t i = 0; i < n;) {
        size_t len = text_utf8_length(bytes + i, n - i);
        const char *entity = bytes[i] == '<'   ? "&lt;"
                             : bytes[i] == '>' ? "&gt;"
                             : bytes[i] == '&' ? "&amp;"
                             : bytes[i] == '"' ? "&quot;"
                                               : NULL;
        if (len == 0 || (len == 1 && (bytes[i] < 32 || bytes[i] == 127)) ||
            (len == 3 && memcmp(bytes + i, "\xEF\xBF", 2) == 0)) { /* U+FFFE and U+FFFF are none */
            text_add(out, "?");
        } else if (entity) {
            text_add(out, entity);
        } else {
            text_bytes(out, bytes + i, len);
        }
        i += len ? len : 1;
    }
}

struct frame {              /* where things stand */
    double start_s, span_s; /* since the session's start */
    double top, height;     /* of the panel */
    struct range y;
};

static double x_of(const struct frame *f, double seconds) {
    return LEFT + (seconds - f->start_s) / f->span_s * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct frame *f, double value) {
    return f->top + f->height * (1 - (value - f->y.low) / (f->y.high - f->y.low));
}

/* ---- phases ---- */

static void add_phases(struct text *out, const struct session *s, const struct frame *f,
                       double bottom) {
    unsigned shown = 0;
    for (size_t i = 0; i < s->visit_count; i++) {
        const struct visit *v = &s->visits[i];
        int64_t end_ns = i + 1 < s->visit_count ? s->visits[i + 1].first_ns : v->last_ns;
        double from = fmax(x_of(f, (double)(v->first_ns - s->start_ns) / 1e9), LEFT);
        double to = fmin(x_of(f, (double)(end_ns - s->start_ns) / 1e9), WIDTH - RIGHT);
        const char *title = phases[v->phase].title;
        if (to - from < 0.5) {
            continue;
        }
        const char *shade = shown++ % 2 ? "even" : "odd";
        text_format(out,
                    "<g><title>%s</title><rect class=\"%sband\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
                    "height=\"%.1f\"/><rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" "
                    "height=\"%d\"/>",
                    title, shade, from, TOP - PHASE_HEIGHT, to - from, bottom - TOP + PHASE_HEIGHT,
                    shade, from, TOP - PHASE_HEIGHT, to - from, PHASE_HEIGHT);
        if (to - from > LETTER * (double)strlen(title) + 6) {
            text_format(out,
                        "<text class=\"soft\" x=\"%.1f\" y=\"%d\" font-size=\"11\" "
                        "text-anchor=\"middle\">%s</text>",
                        (from + to) / 2, TOP - 6, title);
        }
        text_add(out, "</g>\n");
    }
}

/* ---- a panel ---- */

static void add_curve(struct text *out, const struct session *s, enum series series,
                      const struct frame *f, const char *class) {
    const struct curve *curve = &s->curve;
    bool pen_down = false;
    int64_t t0 = 0;
    text_format(out, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < curve->used; i++) {
        const struct bucket *bucket = &curve->buckets[i];
        if (isnan(bucket->last[series])) {
            continue;
        }
        int64_t t = (int64_t)i * curve->bucket_ns;
        double x = x_of(f, (double)(curve->start_ns - s->start_ns + t) / 1e9);
        bool gap = t - t0 > ENERGY_GAP_NS + curve->bucket_ns;
        double low = (double)bucket->min[series];
        double high = (double)bucket->max[series];
        text_format(out, "%c%.1f %.1f", pen_down && !gap ? 'L' : 'M', x, y_of(f, low));
        if (high > low) {
            text_format(out, "L%.1f %.1fL%.1f %.1f", x, y_of(f, high), x,
                        y_of(f, (double)bucket->last[series]));
        }
        pen_down = true;
        t0 = t;
    }
    text_add(out, "\"/>\n");
}

static void add_axis(struct text *out, const struct frame *f, const struct panel *panel) {
    struct marks marks = plot_marks(&f->y);
    for (unsigned i = 0; i < marks.count; i++) {
        double value = plot_mark(&marks, i);
        double y = y_of(f, value);
        text_format(out,
                    "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                    "<text class=\"soft\" x=\"%d\" y=\"%.1f\" font-size=\"12\" "
                    "text-anchor=\"end\">%.10g</text>\n",
                    LEFT, WIDTH - RIGHT, y, y, LEFT - 8, y + 4, value);
    }
    text_format(out,
                "<text class=\"ink\" x=\"18\" y=\"%.1f\" font-size=\"12\" text-anchor=\"middle\" "
                "transform=\"rotate(-90 18 %.1f)\">%s, %s</text>\n",
                f->top + f->height / 2, f->top + f->height / 2, panel->title, panel->unit);
}

static void add_panel(struct text *out, const struct session *s, const struct panel *panel,
                      const struct frame *f) {
    char class[40];
    const char *colour = panel->line == SERIES_V   ? "voltage"
                         : panel->line == SERIES_A ? "current"
                                                   : "soc";
    add_axis(out, f, panel);
    if (panel->target != SERIES_COUNT && curve_has(&s->curve, panel->target)) {
        snprintf(class, sizeof class, "target %s", colour);
        add_curve(out, s, panel->target, f, class);
    }
    snprintf(class, sizeof class, "line %s", colour);
    add_curve(out, s, panel->line, f, class);
}

static void add_time_axis(struct text *out, const struct frame *f, double bottom) {
    struct marks marks = plot_time_marks(f->start_s, f->span_s, 10);
    for (unsigned i = 0; i < marks.count; i++) {
        double t = plot_mark(&marks, i);
        char text[24];
        plot_time_text(t, f->start_s + f->span_s, text);
        text_format(out,
                    "<line class=\"axis\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>"
                    "<text class=\"soft\" x=\"%.1f\" y=\"%.1f\" font-size=\"12\" "
                    "text-anchor=\"middle\">%s</text>\n",
                    x_of(f, t), x_of(f, t), bottom, bottom + 5, x_of(f, t), bottom + 19, text);
    }
    double whole = f->start_s + f->span_s;
    text_format(out,
                "<line class=\"axis\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                "<text class=\"soft\" x=\"%d\" y=\"%.1f\" font-size=\"12\" text-anchor=\"end\">"
                "%s since the session began</text>\n",
                LEFT, WIDTH - RIGHT, bottom, bottom, WIDTH - RIGHT, bottom + 38,
                whole < 120    ? "seconds"
                : whole < 7200 ? "minutes:seconds"
                               : "hours:minutes:seconds");
}

/* ---- head ---- */

static void add_head(struct text *out, const struct session *s, const char *file) {
    char evseid[2 * MESSAGE_ID_MAX + 1];
    char mac[18] = "";
    id_text(s->evseid, s->evseid_len, evseid);
    if (s->evccid_len == 6) {
        mac_text(s->evccid, mac);
    }
    text_format(out,
                "<text class=\"ink\" x=\"%d\" y=\"34\" font-size=\"18\" "
                "font-weight=\"600\">%s%sCharging session",
                LEFT, s->dialect, s->dialect[0] ? ": " : "");
    if (s->energy.ws >= 3600) {
        text_format(out, ", %.2f kWh, peak %.1f kW%s", s->energy.ws / 3.6e6,
                    s->energy.peak_w / 1000,
                    s->quirks[QUIRK_OVERSUPPLY].count ? " (doubtful)" : "");
    }
    text_format(out, "</text>\n<text class=\"soft\" x=\"%d\" y=\"56\" font-size=\"13\">", LEFT);
    add_xml(out, file, strlen(file));
    if (mac[0]) {
        text_format(out, "  \xC2\xB7  car %s", mac);
    }
    if (evseid[0]) {
        text_add(out, "  \xC2\xB7  charger ");
        add_xml(out, evseid, strlen(evseid));
    }
    /* the legend: two strokes that every panel shares */
    text_format(out,
                "</text>\n<line class=\"line voltage\" x1=\"%d\" x2=\"%d\" y1=\"80\" y2=\"80\"/>"
                "<text class=\"soft\" x=\"%d\" y=\"84\" font-size=\"12\">present</text>"
                "<line class=\"target voltage\" x1=\"%d\" x2=\"%d\" y1=\"80\" y2=\"80\"/>"
                "<text class=\"soft\" x=\"%d\" y=\"84\" font-size=\"12\">target%s</text>\n",
                LEFT, LEFT + 28, LEFT + 36, LEFT + 100, LEFT + 128, LEFT + 136,
                curve_has(&s->curve, SERIES_A) ? "" : " or limit");
}

void plot_svg(struct text *out, const struct session *session, const char *file) {
    static const double heights[PANELS_MAX] = {150, 150, 80};
    struct panel panels[PANELS_MAX];
    size_t n = plot_panels(session, panels);
    const struct curve *curve = &session->curve;
    struct frame f = {.start_s = (double)(curve->start_ns - session->start_ns) / 1e9,
                      .span_s = (double)curve->used * (double)curve->bucket_ns / 1e9};
    double bottom = TOP;
    for (size_t i = 0; i < n; i++) {
        bottom += heights[panels[i].line == SERIES_SOC ? 2 : 0] + (i ? PANEL_GAP : 12);
    }
    text_format(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" "
                "viewBox=\"0 0 %d %.0f\" role=\"img\">\n<title>Charging session</title>\n<desc>",
                WIDTH, bottom + BOTTOM, WIDTH, bottom + BOTTOM);
    add_xml(out, session->result, strlen(session->result));
    text_format(out, "</desc>\n%s<rect class=\"page\" width=\"%d\" height=\"%.0f\"/>\n", style,
                WIDTH, bottom + BOTTOM);
    add_head(out, session, file);
    if (n > 0 && f.span_s > 0) {
        add_phases(out, session, &f, bottom);
        f.top = TOP;
        for (size_t i = 0; i < n; i++) {
            f.top += i ? PANEL_GAP : 12;
            f.height = heights[panels[i].line == SERIES_SOC ? 2 : 0];
            f.y = plot_range(curve, &panels[i], f.height > 100 ? 4 : 2);
            add_panel(out, session, &panels[i], &f);
            f.top += f.height;
        }
        add_time_axis(out, &f, bottom);
    } else {
        text_format(out, "<text class=\"soft\" x=\"%d\" y=\"%d\" font-size=\"13\">", LEFT,
                    TOP + 20);
        text_add(out, "no voltage or current was told in this session</text>\n");
    }
    text_add(out, "</svg>\n");
}
