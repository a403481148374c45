/* simrun.h - runs a simulator in virtual time and hands over what it sends, with the time.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_UNIT_SIMRUN_H
#define TEST_UNIT_SIMRUN_H

#include "rows.h"

#include "sim/sim.h"
#include "voltbus/time.h"

#define MS VB_NS_PER_MS
#define S  VB_NS_PER_S

/* Monday the 20th of April 2026, 12:00 UTC. */
#define RUN_WALL_NS (INT64_C(1776686400) * VB_NS_PER_S)
#define RUN_STATE   8192

struct run {
    const struct sim *sim;
    struct vb_value values[SIM_KEYS_MAX];
    int64_t now_ns;
    union {
        uint8_t bytes[RUN_STATE];
        int64_t aligned;
        void *pointer;
    } state;
};

/* What came; ctx: whoever asked. */
typedef void run_sink(void *ctx, int64_t t_ns, const uint8_t *bytes, size_t n);

static inline void run_set(struct run *r, const char *key, const char *text) {
    int i = vb_key_find(r->sim->keys, r->sim->key_count, key, strlen(key));
    assert_in_range(i, 0, r->sim->key_count - 1);
    assert_int_equal(vb_key_parse(&r->sim->keys[i], text, strlen(text), &r->values[i], NULL),
                     VB_OK);
}

static inline void run_open(struct run *r, const char *name) {
    memset(r, 0, sizeof *r);
    r->sim = sim_find(name);
    assert_non_null(r->sim);
    assert_in_range(r->sim->size, 1, RUN_STATE);
    assert_in_range(r->sim->key_count, 0, SIM_KEYS_MAX);
    for (size_t i = 0; i < r->sim->key_count; i++) {
        r->values[i] = vb_key_initial(&r->sim->keys[i]);
    }
}

static inline void run_start(struct run *r, int64_t now_ns) {
    r->now_ns = now_ns;
    r->sim->init(&r->state, r->values, now_ns, RUN_WALL_NS);
}

/* Everything that is ready now. */
static inline void run_take(struct run *r, run_sink *sink, void *ctx) {
    uint8_t out[SIM_TX_MAX];
    size_t n;
    while ((n = r->sim->take(&r->state, out)) > 0) {
        assert_in_range(n, 1, SIM_TX_MAX);
        if (sink) {
            sink(ctx, r->now_ns, out, n);
        }
    }
}

/* Wake it at its deadlines, and at no other time, up to and with t_ns. */
static inline void run_until(struct run *r, int64_t t_ns, run_sink *sink, void *ctx) {
    for (;;) {
        int64_t due_ns = r->sim->deadline_ns(&r->state);
        if (due_ns > t_ns) {
            break;
        }
        if (due_ns > r->now_ns) {
            r->now_ns = due_ns;
        }
        r->sim->tick(&r->state, r->now_ns);
        assert_true(r->sim->deadline_ns(&r->state) > r->now_ns);
        run_take(r, sink, ctx);
    }
    r->now_ns = t_ns;
}

static inline void run_feed(struct run *r, const void *bytes, size_t n) {
    r->sim->feed(&r->state, bytes, n, r->now_ns);
}

/* A sink that keeps the bytes as text. */
struct heard {
    char text[4096];
    size_t n;
};

static inline void hear(void *ctx, int64_t t_ns, const uint8_t *bytes, size_t n) {
    struct heard *h = ctx;
    (void)t_ns;
    assert_in_range(n, 0, sizeof h->text - 1 - h->n);
    memcpy(h->text + h->n, bytes, n);
    h->n += n;
    h->text[h->n] = '\0';
}

/* The value of a sample in thousandths of its unit. */
static inline int64_t milli_of(const struct vb_sample *s) {
    const struct vb_scale *scale = s->signal->scale;
    return scale ? (s->raw * scale->mul + scale->add) * 1000 / scale->div : s->raw * 1000;
}

static inline void assert_all_within_limits(const struct bench *b) {
    for (size_t i = 0; i < b->reading.count; i++) {
        if (b->samples[i].out_of_range) {
            fail_msg("%s is out of range: raw %lld", b->samples[i].signal->name,
                     (long long)b->samples[i].raw);
        }
    }
}

/* The value of a row of the last frame, in thousandths. */
static inline int64_t milli(const struct bench *b, const char *name) {
    const struct vb_sample *s = sample(b, name);
    assert_non_null(s);
    return milli_of(s);
}

#endif
