/* curve.c - voltage, current and SOC over time in a fixed number of buckets, and the energy under them.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "host/session/session.h"

#define VALUE_MOST      1e9                     /* more is nonsense, and no float */
#define FIRST_BUCKET_NS (10 * INT64_C(1000000)) /* finer than any recording's answers */

const char *const series_names[SERIES_COUNT] = {"voltage", "current", "target_voltage",
                                                "target_current", "soc"};

static void bucket_clear(struct bucket *bucket) {
    for (int i = 0; i < SERIES_COUNT; i++) {
        bucket->min[i] = bucket->max[i] = bucket->last[i] = NAN;
    }
}

/* fminf and fmaxf take the number where the other is none. */
static void bucket_join(struct bucket *to, const struct bucket *later) {
    for (int i = 0; i < SERIES_COUNT; i++) {
        to->min[i] = fminf(to->min[i], later->min[i]);
        to->max[i] = fmaxf(to->max[i], later->max[i]);
        to->last[i] = isnan(later->last[i]) ? to->last[i] : later->last[i];
    }
}

static void halve(struct curve *curve) {
    for (size_t i = 0; i < CURVE_BUCKETS / 2; i++) {
        struct bucket both;
        bucket_clear(&both);
        for (size_t k = 2 * i; k < 2 * i + 2 && k < curve->used; k++) {
            bucket_join(&both, &curve->buckets[k]);
        }
        curve->buckets[i] = both;
    }
    curve->used = (curve->used + 1) / 2;
    curve->bucket_ns *= 2;
}

void curve_add(struct curve *curve, int64_t t_ns, enum series series, double value) {
    if (curve->bucket_ns == 0) {
        curve->start_ns = t_ns;
        curve->bucket_ns = FIRST_BUCKET_NS;
    }
    if (t_ns < curve->start_ns || !(fabs(value) < VALUE_MOST)) {
        return;
    }
    uint64_t since = (uint64_t)t_ns - (uint64_t)curve->start_ns;
    while (since / (uint64_t)curve->bucket_ns >= CURVE_BUCKETS) {
        halve(curve);
    }
    size_t at = (size_t)(since / (uint64_t)curve->bucket_ns);
    while (curve->used <= at) {
        bucket_clear(&curve->buckets[curve->used++]);
    }
    struct bucket *bucket = &curve->buckets[at];
    bucket->min[series] = fminf(bucket->min[series], (float)value);
    bucket->max[series] = fmaxf(bucket->max[series], (float)value);
    bucket->last[series] = (float)value;
}

bool curve_has(const struct curve *curve, enum series series) {
    for (size_t i = 0; i < curve->used; i++) {
        if (!isnan(curve->buckets[i].last[series])) {
            return true;
        }
    }
    return false;
}

void energy_add(struct energy *energy, int64_t t_ns, double volt, double ampere) {
    double w = volt * ampere;
    int64_t step = energy->samples ? t_ns - energy->last_ns : 0;
    if (step > ENERGY_GAP_NS) {
        energy->gaps++;
        energy->gap_ns += step;
    } else if (step > 0) {
        double ws = (w + energy->last_w) / 2 * ((double)step / 1e9);
        *(ws < 0 ? &energy->ws_back : &energy->ws) += ws < 0 ? -ws : ws;
        energy->counted_ns += step;
    }
    if (energy->samples == 0 || fabs(w) > fabs(energy->peak_w)) {
        energy->peak_w = w;
    }
    energy->samples++;
    energy->last_ns = t_ns;
    energy->last_w = w;
}
