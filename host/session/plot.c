/* plot.c - what both plots of a session need: panels and axes.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "host/session/show.h"

size_t plot_panels(const struct session *session, struct panel out[PANELS_MAX]) {
    static const struct panel all[PANELS_MAX] = {
        {"Voltage", "V", SERIES_V, SERIES_V_TARGET},
        {"Current", "A", SERIES_A, SERIES_A_TARGET},
        {"SOC", "%", SERIES_SOC, SERIES_COUNT},
    };
    size_t n = 0;
    for (size_t i = 0; i < PANELS_MAX; i++) {
        if (all[i].line == SERIES_SOC && session->soc_first == session->soc_last) {
            continue; /* a flat line tells nothing that the head does not */
        }
        bool target = all[i].target != SERIES_COUNT && curve_has(&session->curve, all[i].target);
        if (curve_has(&session->curve, all[i].line) || target) {
            out[n++] = all[i];
        }
    }
    return n;
}

double plot_step(double span, int marks) {
    double power = pow(10, floor(log10(span / marks)));
    static const double factors[] = {1, 2, 5, 10};
    for (size_t i = 0; i < 4; i++) {
        if (power * factors[i] * marks >= span * (1 - 1e-9)) {
            return power * factors[i];
        }
    }
    return power * 10;
}

static struct marks marks_between(double low, double high, double step) {
    struct marks marks = {ceil(low / step - 1e-9) * step, step, 0};
    double count = floor((high - marks.first) / step + 1e-9) + 1;
    marks.count = count < 0 ? 0 : count > MARKS_MOST ? MARKS_MOST : (unsigned)count;
    return marks;
}

struct marks plot_marks(const struct range *range) {
    return marks_between(range->low, range->high, range->step);
}

struct marks plot_time_marks(double start, double span, int most) {
    return marks_between(start, start + span, plot_time_step(span, most));
}

double plot_mark(const struct marks *marks, unsigned i) {
    double value = marks->first + i * marks->step;
    return fabs(value) < marks->step / 1e6 ? 0 : value; /* no "-0", no "1e-17" */
}

double plot_time_step(double seconds, int marks) {
    static const double steps[] = {1,   2,   5,   10,   15,   30,   60,   120,
                                   300, 600, 900, 1800, 3600, 7200, 14400};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (steps[i] * marks >= seconds) {
            return steps[i];
        }
    }
    return plot_step(seconds / 86400, marks) * 86400;
}

struct range plot_range(const struct curve *curve, const struct panel *panel, int marks) {
    const enum series both[2] = {panel->line, panel->target};
    double low = INFINITY;
    double high = -INFINITY;
    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; both[k] != SERIES_COUNT && i < curve->used; i++) {
            low = fmin(low, (double)curve->buckets[i].min[both[k]]);
            high = fmax(high, (double)curve->buckets[i].max[both[k]]);
        }
    }
    if (!(low <= high)) {
        low = high = 0;
    }
    bool ramp = panel->line != SERIES_SOC && low < high / 2; /* show where it comes from */
    if (low > 0 && (ramp || panel->line == SERIES_A)) {
        low = 0;
    }
    if (high - low < (panel->line == SERIES_SOC ? 4 : 10)) { /* noise is no curve */
        high = low + (panel->line == SERIES_SOC ? 4 : 10);
    }
    double step = plot_step(high - low, marks);
    double fine = step / 4; /* the axis may end between two marks */
    return (struct range){floor(low / fine + 1e-9) * fine, ceil(high / fine - 1e-9) * fine, step};
}

void plot_time_text(double seconds, double whole, char out[24]) {
    unsigned s = (unsigned)lround(fmin(fmax(seconds, 0), 1e9));
    if (whole < 120) {
        snprintf(out, 24, "%u", s);
    } else if (whole < 7200) {
        snprintf(out, 24, "%u:%02u", s / 60, s % 60);
    } else {
        snprintf(out, 24, "%u:%02u:%02u", s / 3600, s / 60 % 60, s % 60);
    }
}
