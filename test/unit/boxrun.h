/* boxrun.h - a simulated OpenEVSE in virtual time, and who talks to it in literal lines.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_UNIT_BOXRUN_H
#define TEST_UNIT_BOXRUN_H

#include "simrun.h"

struct box {
    struct run r;
    struct heard heard;
};

static inline void open_box(struct box *b, const char *rapi) {
    memset(b, 0, sizeof *b);
    run_open(&b->r, "openevse");
    run_set(&b->r, "rapi", rapi);
    run_set(&b->r, "car", "away");
}

/* One that is the usual build, without a car, ready. */
static inline void start_box(struct box *b, const char *rapi) {
    open_box(b, rapi);
    run_start(&b->r, 0);
}

static inline void start_with(struct box *b, const char *rapi, const char *options) {
    open_box(b, rapi);
    run_set(&b->r, "options", options);
    run_start(&b->r, 0);
}

static inline void change(struct box *b, const char *key, const char *text) {
    const struct sim *sim = b->r.sim;
    struct vb_value value;
    int i = vb_key_find(sim->keys, sim->key_count, key, strlen(key));
    assert_in_range(i, 0, sim->key_count - 1);
    assert_true(sim->live >> i & 1);
    assert_int_equal(vb_key_parse(&sim->keys[i], text, strlen(text), &value, NULL), VB_OK);
    assert_null(sim->change(&b->r.state, (size_t)i, &value, b->r.now_ns));
}

static inline void wait_ms(struct box *b, int64_t ms) {
    run_until(&b->r, b->r.now_ns + ms * MS, hear, &b->heard);
}

/* What was said since the last time, which is forgotten. */
static inline const char *said(struct box *b) {
    static char text[4096];
    run_take(&b->r, hear, &b->heard);
    memcpy(text, b->heard.text, b->heard.n + 1);
    b->heard.n = 0;
    b->heard.text[0] = '\0';
    return text;
}

static inline void forget(struct box *b) {
    (void)said(b);
}

/* Say a line (its CR is added); the answer must be exactly this. */
static inline void says_for(struct box *b, const char *line, const char *answer, int source_line) {
    forget(b);
    run_feed(&b->r, line, strlen(line));
    run_feed(&b->r, "\r", 1);
    const char *text = said(b);
    if (strcmp(text, answer) != 0) {
        fail_msg("line %d: %s is answered %s, not %s", source_line, line, text, answer);
    }
}
#define says(b, line, answer) says_for((b), (line), (answer), __LINE__)

static inline void heard_for(struct box *b, const char *expected, int source_line) {
    const char *text = said(b);
    if (strcmp(text, expected) != 0) {
        fail_msg("line %d: it said %s, not %s", source_line, text, expected);
    }
}
#define hears(b, expected) heard_for((b), (expected), __LINE__)

/* The answer to a line, without what it is followed by. */
static inline const char *answer_of(struct box *b, const char *line) {
    forget(b);
    run_feed(&b->r, line, strlen(line));
    run_feed(&b->r, "\r", 1);
    return said(b);
}

static inline bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* In steps of the box, until the answer to $GS begins like this; at most a minute. */
static inline void until_state(struct box *b, const char *beginning) {
    for (int i = 0; i < 60 * 40; i++) {
        if (begins(answer_of(b, "$GS"), beginning)) {
            return;
        }
        wait_ms(b, 25);
    }
    fail_msg("it never gets to %s", beginning);
}

/* A car that charges; the relay has just closed. */
static inline void charge(struct box *b) {
    change(b, "car", "ready");
    until_state(b, begins(answer_of(b, "$GS"), "$OK 01") ? "$OK 03" : "$OK 3");
}

#endif
