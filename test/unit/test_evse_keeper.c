/* test_evse_keeper.c - the keeper in virtual time: what it asks, in which order, and what it makes of
 * the answers. Bodies: reference/rapi.md sections 4, 5, 7.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/err.h"
#include "voltbus/evse_keeper.h"
#include "voltbus/rapi.h"

#define MS VB_NS_PER_MS
#define S  VB_NS_PER_S

struct bench {
    struct vb_keeper k;
    int64_t now;
};

static void open_bench(struct bench *b, int64_t heartbeat_s, uint32_t version) {
    struct vb_keeper_config config = {.heartbeat_s = heartbeat_s, .safe_a = 6};
    b->now = 1000 * S;
    vb_keeper_init(&b->k, &config, b->now);
    vb_keeper_found(&b->k, version, b->now);
}

/* A line of the box: "AT 03 03 16 0140"; of an answer id says whose. */
static void heard(struct bench *b, const char *id, const char *line) {
    struct vb_frame frame = {.kind = VB_KIND_RAPI,
                             .id = VB_RAPI_ID((uint8_t)id[0], (uint8_t)id[1]),
                             .data = (const uint8_t *)line,
                             .len = (uint32_t)strlen(line)};
    vb_keeper_heard(&b->k, &frame, b->now);
}

static void news(struct bench *b, const char *line) {
    heard(b, line, line);
}

/* What it asks at its deadline, which is not later than so many ms from now. */
static const char *asked_within(struct bench *b, int64_t ms) {
    static char body[VB_CALL_TEXT + 1];
    int64_t at = vb_keeper_deadline_ns(&b->k);
    assert_true(at <= b->now + ms * MS);
    b->now = at > b->now ? at : b->now;
    size_t n = vb_keeper_ask(&b->k, body, b->now);
    assert_in_range(n, 2, VB_CALL_TEXT);
    body[n] = 0;
    return body;
}

/* The answer comes 20 ms later, "" = none; as a frame and then as an answer. */
static void answer(struct bench *b, const char *body, const char *line) {
    b->now += 20 * MS;
    if (!*line) {
        b->now += 480 * MS;
        vb_keeper_answered(&b->k, false, false, NULL, 0, b->now);
        return;
    }
    char id[3] = {body[0], body[1], 0};
    heard(b, id, line);
    const char *text = strlen(line) > 3 ? line + 3 : "";
    vb_keeper_answered(&b->k, true, line[0] == 'O', text, strlen(text), b->now);
}

/* It asks this, within so long, and is answered. */
static void talk_within(struct bench *b, int64_t ms, const char *body, const char *line) {
    assert_string_equal(asked_within(b, ms), body);
    answer(b, body, line);
}

static void talk(struct bench *b, const char *body, const char *line) {
    talk_within(b, 0, body, line);
}

/* It has nothing to ask for so long. */
static void quiet_for(const struct bench *b, int64_t ms) {
    assert_true(vb_keeper_deadline_ns(&b->k) > b->now + ms * MS);
}

static void reason_is(const struct bench *b, enum vb_keeper_reason reason) {
    assert_int_equal(vb_keeper_reason(&b->k), reason);
}

/* RAPI 5.2.1, 16 A wanted and in force, 60 s of heartbeat, 32 A saved, level 2. */
static void open_16(struct bench *b) {
    open_bench(b, 60, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b->k, 16, b->now);
    talk(b, "GE", "OK 32 0021");
    talk(b, "GC", "OK 6 80 32 32");
    talk(b, "GY", "OK 60 6 0");
    talk(b, "SY", "OK 60 6 0");
    talk(b, "SC 16 V", "OK 16");
    talk(b, "GC", "OK 6 80 16 32");
}

/* ---- holding a current ---- */

static void test_nothing_is_asked_while_nothing_is_wanted(void **state) {
    (void)state;
    struct bench b;
    char body[VB_CALL_TEXT];
    open_bench(&b, 60, VB_VERSION(5, 2, 1));
    assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
    assert_int_equal(vb_keeper_ask(&b.k, body, b.now + 3600 * S), 0);
    assert_true(vb_keeper_settled(&b.k));
    reason_is(&b, VB_KEEPER_NONE);
    vb_keeper_release(&b.k, b.now); /* of nothing: no farewell */
    assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
}

static void test_a_wanted_current_is_supervised_sent_and_read_back(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 60, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    reason_is(&b, VB_KEEPER_WAITING);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "GY", "OK 0 0 0");
    talk(&b, "SY 60 6", "OK 60 6 0");
    reason_is(&b, VB_KEEPER_WAITING);
    assert_false(vb_keeper_settled(&b.k));
    talk(&b, "SC 16 V", "OK 16");
    assert_int_equal(b.k.in_force_a, 16);
    reason_is(&b, VB_KEEPER_NONE);
    talk(&b, "GC", "OK 6 80 16 32");
    assert_int_equal(b.k.saved_a, 32);
    assert_true(vb_keeper_settled(&b.k));
    assert_true(b.now < 1002 * S);
}

static void test_the_interval_is_not_written_where_the_box_has_it_already(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    assert_int_equal(b.k.supervised_s, 60);
}

static void
test_a_pulse_goes_out_four_times_in_the_interval_and_the_current_is_read_every_10_s(void **state) {
    (void)state;
    struct bench b;
    unsigned pulses = 0, reads = 0;
    open_16(&b);
    int64_t end = b.now + 60 * S;
    while (vb_keeper_deadline_ns(&b.k) < end) {
        const char *body = asked_within(&b, 10000);
        if (strcmp(body, "SY") == 0) {
            pulses++;
            answer(&b, "SY", "OK 60 6 0");
        } else {
            assert_string_equal(body, "GC");
            reads++;
            answer(&b, "GC", "OK 6 80 16 32");
        }
    }
    assert_in_range(pulses, 3, 4);
    assert_in_range(reads, 5, 6);
}

static void test_no_interval_is_longer_than_a_box_can_reckon(void **state) {
    (void)state;
    struct bench b; /* 66 000 ms and more do not fit its 16 bits */
    open_bench(&b, 3600, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "GY", "OK 0 0 0");
    talk(&b, "SY 65 6", "OK 65 6 0");
}

static void test_the_shortest_interval_has_three_chances(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 2, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "GY", "OK 2 6 0");
    talk(&b, "SY", "OK 2 6 0");
    int64_t heard_ns = b.now;
    talk(&b, "SC 16 V", "OK 16");
    talk(&b, "GC", "OK 6 80 16 32");
    talk_within(&b, 500, "SY", "OK 2 6 0");
    talk_within(&b, 500, "SY", "OK 2 6 0");
    talk_within(&b, 500, "SY", "OK 2 6 0");
    assert_true(b.now < heard_ns + 2 * S);
}

static void test_another_current_goes_out_at_once(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_want(&b.k, 10, b.now);
    reason_is(&b, VB_KEEPER_WAITING);
    talk(&b, "SC 10 V", "OK 10");
    reason_is(&b, VB_KEEPER_NONE);
    talk(&b, "GC", "OK 6 80 10 32");
    vb_keeper_want(&b.k, 10, b.now); /* the same again: nothing */
    quiet_for(&b, 5000);
}

static void test_a_current_that_changes_while_the_box_answers_is_sent_again(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_want(&b.k, 10, b.now);
    assert_string_equal(asked_within(&b, 0), "SC 10 V");
    vb_keeper_want(&b.k, 12, b.now);
    assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX); /* one question at a time */
    answer(&b, "SC", "OK 10");
    assert_false(vb_keeper_settled(&b.k));
    talk(&b, "SC 12 V", "OK 12");
    assert_true(vb_keeper_settled(&b.k));
}

static void test_currents_beyond_a_byte_are_not_cut_to_one(void **state) {
    (void)state;
    struct bench b; /* a box would make 44 of 300 */
    open_16(&b);
    vb_keeper_want(&b.k, 300, b.now);
    talk(&b, "SC 255 V", "NK 32");
    vb_keeper_want(&b.k, -5, b.now);
    talk(&b, "SC 0 V", "NK 6");
    reason_is(&b, VB_KEEPER_CLAMPED);
}

/* ---- the end ---- */

static void test_release_sends_the_safe_current_and_stops_pulsing(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_release(&b.k, b.now);
    assert_false(vb_keeper_settled(&b.k));
    reason_is(&b, VB_KEEPER_NONE);
    talk(&b, "SC 6 V", "OK 6");
    assert_int_equal(b.k.in_force_a, 6);
    assert_false(vb_keeper_settled(&b.k));
    talk(&b, "SY 60 6", "OK 60 6 0"); /* it may have missed us: 0 would set its maximum free */
    talk(&b, "SY 0 0", "OK 0 0 0");   /* it was ours before we came: one of us was killed */
    assert_false(vb_keeper_settled(&b.k));
    talk(&b, "SC 6 V", "OK 6");
    assert_true(vb_keeper_settled(&b.k));
    assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
    vb_keeper_release(&b.k, b.now);
    assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
}

/* $SY is saved: a box that went on supervising nobody would fall back after each start, for ever. */
static void test_the_supervision_of_before_is_put_back(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 60, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "GY", "OK 5 8 0"); /* the WiFi module's */
    talk(&b, "SY", "OK 5 8 0");
    talk(&b, "SY 60 6", "OK 60 6 0");
    talk(&b, "SC 16 V", "OK 16");
    talk(&b, "GC", "OK 6 80 16 32");
    vb_keeper_release(&b.k, b.now);
    talk(&b, "SC 6 V", "OK 6");
    talk(&b, "SY 60 6", "OK 60 6 0");
    talk(&b, "SY 5 8", ""); /* no answer: once more, and time has passed */
    assert_false(vb_keeper_settled(&b.k));
    talk_within(&b, 500, "SY 60 6", "OK 60 6 0");
    talk(&b, "SY 5 8", "OK 5 8 0");
    talk(&b, "SC 6 V", "OK 6");
    assert_true(vb_keeper_settled(&b.k));
    assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
}

static void test_a_supervision_that_somebody_else_has_set_is_left_alone(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    heard(&b, "SY", "OK 30 10 0");
    vb_keeper_release(&b.k, b.now);
    talk(&b, "SC 6 V", "OK 6");
    assert_true(vb_keeper_settled(&b.k));
    assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
}

static void test_a_farewell_without_an_answer_is_said_again(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_release(&b.k, b.now);
    talk(&b, "SC 6 V", "");
    assert_false(vb_keeper_settled(&b.k));
    talk_within(&b, 500, "SC 6 V", "");
    talk_within(&b, 1000, "SC 6 V", "OK 6");
    talk(&b, "SY 60 6", "OK 60 6 0");
    talk(&b, "SY 0 0", "OK 0 0 0");
    talk(&b, "SC 6 V", "OK 6");
    assert_true(vb_keeper_settled(&b.k));
}

static void test_a_new_wish_cancels_the_farewell(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_release(&b.k, b.now);
    vb_keeper_want(&b.k, 16, b.now); /* before it was said */
    talk(&b, "GE", "OK 16 0021");
    talk(&b, "GC", "OK 6 80 16 32");
    talk(&b, "GY", "OK 60 6 0");
    talk(&b, "SY", "OK 60 6 0");
    talk(&b, "SC 16 V", "OK 16");
    b.now += 1 * S;
    vb_keeper_release(&b.k, b.now);
    assert_string_equal(asked_within(&b, 0), "SC 6 V");
    vb_keeper_want(&b.k, 16, b.now); /* while it is said */
    answer(&b, "SC", "OK 6");
    assert_int_equal(b.k.in_force_a, 6);
    talk(&b, "GE", "OK 6 0021");
    talk(&b, "GC", "OK 6 80 6 32");
    talk(&b, "GY", "OK 60 6 0");
    talk(&b, "SY", "OK 60 6 0");
    talk(&b, "SC 16 V", "OK 16");
    reason_is(&b, VB_KEEPER_NONE);
}

static void test_released_while_the_limit_is_on_its_way_still_says_farewell(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_want(&b.k, 20, b.now);
    assert_string_equal(asked_within(&b, 0), "SC 20 V");
    vb_keeper_release(&b.k, b.now);
    assert_false(vb_keeper_settled(&b.k));
    answer(&b, "SC", "OK 20");
    talk(&b, "SC 6 V", "OK 6");
    talk(&b, "SY 60 6", "OK 60 6 0");
    talk(&b, "SY 0 0", "OK 0 0 0");
    talk(&b, "SC 6 V", "OK 6");
    assert_true(vb_keeper_settled(&b.k));
}

static void test_a_farewell_that_no_box_could_hear_is_said_when_it_is_back(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_found(&b.k, 0, b.now);
    vb_keeper_release(&b.k, b.now);
    assert_true(vb_keeper_settled(&b.k)); /* nothing can be done, nobody should wait */
    b.now += 60 * S;
    vb_keeper_found(&b.k, VB_VERSION(5, 2, 1), b.now);
    talk(&b, "SC 6 V", "OK 6");
    /* it has fallen back meanwhile: an interval of 0 would set its saved maximum free */
    talk(&b, "SY 60 6", "OK 60 6 0");
    talk(&b, "SY 0 0", "OK 0 0 0");
    talk(&b, "SC 6 V", "OK 6");
    assert_true(vb_keeper_settled(&b.k));
}

/* ---- the heartbeat ---- */

static void test_a_missed_pulse_is_acknowledged_and_the_limit_follows_at_once(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    b.now += 9 * S;
    talk_within(&b, 1000, "GC", "OK 6 80 6 32"); /* it fell back, 10 s is up */
    reason_is(&b, VB_KEEPER_OTHERS);             /* not known yet why */
    b.now += 20 * S;
    talk(&b, "SY", "NK 60 6 2");
    reason_is(&b, VB_KEEPER_HEARTBEAT);
    talk(&b, "SY 60 6", "OK 60 6 0"); /* clears it, and sets no maximum free as SY 165 would */
    reason_is(&b, VB_KEEPER_HEARTBEAT);
    talk(&b, "SC 16 V", "OK 16");
    reason_is(&b, VB_KEEPER_NONE);
    talk(&b, "GC", "OK 6 80 16 32");
    talk_within(&b, 10000, "GC", "OK 6 80 16 32");
}

static void test_an_acknowledgement_that_nobody_answers_is_said_again(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    b.now += 26 * S;
    talk(&b, "SY", "NK 60 6 2");
    talk(&b, "SY 60 6", "");
    talk_within(&b, 500, "SY 60 6", "OK 60 6 0");
    talk(&b, "SC 16 V", "OK 16");
}

static void test_a_missed_pulse_is_said_before_the_current_is_read(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    heard(&b, "SY", "NK 60 6 2");
    assert_int_equal(b.k.in_force_a, 6);
    reason_is(&b, VB_KEEPER_HEARTBEAT);
}

static void test_pulses_that_nobody_answers_do_not_become_too_rare(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 2, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "GY", "OK 2 6 0");
    for (unsigned i = 0; i < 20; i++) {
        talk_within(&b, 500, "SY", "");
    }
}

static void test_an_acknowledgement_that_is_refused_is_tried_again_later(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    b.now += 26 * S;
    talk(&b, "SY", "NK 60 6 2");
    talk(&b, "SY 60 6", "NK 60 6 2");
    talk(&b, "SC 16 V", "NK 6");
    talk(&b, "GC", "OK 6 80 6 32");
    reason_is(&b, VB_KEEPER_HEARTBEAT);
    quiet_for(&b, 9500);
    talk_within(&b, 10000, "SY 60 6", "OK 60 6 0");
    talk(&b, "SC 16 V", "OK 16");
    reason_is(&b, VB_KEEPER_NONE);
}

static void test_a_box_that_fell_back_before_we_came_is_acknowledged(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 60, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 6 0021");
    talk(&b, "GC", "OK 6 80 6 32");
    talk(&b, "GY", "OK 60 6 2");
    reason_is(&b, VB_KEEPER_HEARTBEAT);
    talk(&b, "SY 60 6", "OK 60 6 0");
    talk(&b, "SC 16 V", "OK 16");
    reason_is(&b, VB_KEEPER_NONE);
}

static void test_without_a_heartbeat_nothing_of_it_is_touched(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "SC 16 V", "OK 16");
    talk(&b, "GC", "OK 6 80 16 32");
    talk_within(&b, 10000, "GC", "OK 6 80 16 32");
}

static void test_without_a_heartbeat_what_others_missed_is_not_acknowledged(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "SC 16 V", "OK 16");
    talk(&b, "GC", "OK 6 80 16 32");
    heard(&b, "SY", "NK 5 6 2"); /* the WiFi kit's pulse was late */
    reason_is(&b, VB_KEEPER_HEARTBEAT);
    talk_within(&b, 10000, "SC 16 V", "OK 16");
}

static void test_a_box_without_supervision_is_kept_without(void **state) {
    (void)state;
    struct bench b; /* firmware 6.0.0 is RAPI 5.0.0 and has no SY yet */
    open_bench(&b, 60, VB_VERSION(5, 0, 0));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80");
    talk(&b, "GY", "NK");
    talk(&b, "SC 16 V", "OK 16");
    talk(&b, "GE", "OK 16 0021");
    reason_is(&b, VB_KEEPER_NONE);
    quiet_for(&b, 9000);
}

static void test_somebody_elses_interval_is_not_overwritten_again_and_again(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    talk_within(&b, 10000, "GC", "OK 6 80 16 32");
    heard(&b, "SY", "OK 5 6 0"); /* a gateway sets its own, at each start of it */
    talk(&b, "SY 60 6", "OK 60 6 0");
    heard(&b, "SY", "OK 5 6 0");
    unsigned writes = 0, pulses = 0;
    int64_t end = b.now + 500 * S;
    while (vb_keeper_deadline_ns(&b.k) < end) {
        const char *body = asked_within(&b, 10000);
        writes += strncmp(body, "SY 6", 4) == 0;
        pulses += strcmp(body, "SY") == 0;
        answer(&b, body, strncmp(body, "SY", 2) == 0 ? "OK 5 6 0" : "OK 6 80 16 32");
    }
    assert_int_equal(writes, 0);
    assert_in_range(pulses, 300, 420); /* of its interval, though */
}

/* Killed now we would leave 16 A in force for ever. */
static void test_a_supervision_that_somebody_has_switched_off_is_set_again_soon(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    heard(&b, "SY", "OK 0 0 0");
    talk(&b, "SY 60 6", "OK 60 6 0");
    int64_t before = b.now;
    heard(&b, "SY", "OK 3600 16 0"); /* again, and one that is no help */
    talk_within(&b, 10000, "GC", "OK 6 80 16 32");
    talk_within(&b, 10000, "SY 60 6", "OK 60 6 0");
    assert_true(b.now - before < 11 * S);
    heard(&b, "SY", "OK 60 16 0");
    unsigned writes = 0;
    int64_t end = b.now + 3600 * S;
    while (vb_keeper_deadline_ns(&b.k) < end) { /* they do not give up: EEPROM wears */
        const char *body = asked_within(&b, 25000);
        writes += strcmp(body, "SY 60 6") == 0;
        answer(&b, body, strncmp(body, "SY", 2) == 0 ? "OK 0 0 0" : "OK 6 80 16 32");
    }
    assert_in_range(writes, 8, 12);
}

/* ---- reasons ---- */

static void test_a_current_that_is_clamped_is_in_force_with_its_reason(void **state) {
    (void)state;
    static const struct {
        int64_t amps;
        const char *settings, *range, *answer;
        enum vb_keeper_reason reason;
    } cases[] = {
        {3, "OK 32 0021", "OK 6 80 32 32", "NK 6", VB_KEEPER_CLAMPED},
        {90, "OK 80 0021", "OK 6 80 80 80", "NK 80", VB_KEEPER_CLAMPED},
        {40, "OK 32 0021", "OK 6 80 32 32", "NK 32", VB_KEEPER_SAVED},
        {40, "OK 32 0020", "OK 6 24 24 24", "NK 24", VB_KEEPER_SERVICE},
        {20, "OK 12 0020", "OK 6 24 12 12", "NK 12", VB_KEEPER_SAVED},
        {32, "OK 32 0021", "OK 6 80 32 32", "NK 20", VB_KEEPER_CLAMPED}, /* the cable's resistor */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        open_bench(&b, 0, VB_VERSION(5, 2, 1));
        vb_keeper_want(&b.k, cases[i].amps, b.now);
        talk(&b, "GE", cases[i].settings);
        talk(&b, "GC", cases[i].range);
        char limit[16];
        sprintf(limit, "SC %d V", (int)cases[i].amps);
        talk(&b, limit, cases[i].answer);
        reason_is(&b, cases[i].reason);
        assert_int_equal(b.k.in_force_a, atoi(cases[i].answer + 3));
        assert_true(vb_keeper_settled(&b.k)); /* NK has applied it */
    }
}

static void test_too_hot_to_raise_is_hot_and_tried_again_when_it_has_cooled(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_want(&b.k, 20, b.now);
    talk(&b, "SC 20 V", "NK 16"); /* unchanged */
    talk(&b, "GC", "OK 6 80 16 32");
    talk(&b, "GP", "OK 655 -2560 0");
    reason_is(&b, VB_KEEPER_HOT);
    talk_within(&b, 10000, "GC", "OK 6 80 16 32");
    talk_within(&b, 1000, "GP", "OK 630 -2560 0"); /* restored at 62.0 only */
    reason_is(&b, VB_KEEPER_HOT);
    talk_within(&b, 10000, "SY", "OK 60 6 0");
    talk_within(&b, 10000, "GC", "OK 6 80 16 32");
    talk_within(&b, 1000, "GP", "OK 610 -2560 0");
    talk(&b, "SC 20 V", "OK 20");
    reason_is(&b, VB_KEEPER_NONE);
}

static void test_a_box_that_throttles_itself_is_hot(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    heard(&b, "GP", "OK 253 -2560 660");
    reason_is(&b, VB_KEEPER_NONE); /* still 16 A */
    news(&b, "AT 03 03 8 0140");
    assert_int_equal(b.k.in_force_a, 8);
    reason_is(&b, VB_KEEPER_HOT);
    news(&b, "AT 0a 01 8 0100");
    heard(&b, "GP", "OK 253 -2560 600");
    reason_is(&b, VB_KEEPER_HOT); /* state 0a says so, too */
    news(&b, "AT 02 02 8 0100");
    talk(&b, "GC", "OK 6 80 8 32");
    talk(&b, "GP", "OK 253 -2560 600");
    talk_within(&b, 10000, "SC 16 V", "OK 16");
    reason_is(&b, VB_KEEPER_NONE);
}

static void test_the_state_of_old_boxes_is_decimal(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0, VB_VERSION(4, 0, 1));
    heard(&b, "GS", "OK 10 754");
    assert_true(b.k.hot);
    heard(&b, "GS", "OK 3 754");
    assert_false(b.k.hot);
    vb_keeper_found(&b.k, VB_VERSION(5, 2, 1), b.now);
    heard(&b, "GS", "OK 0a 754 01 0140");
    assert_true(b.k.hot);
    heard(&b, "GS", "OK 10 754 01 0140"); /* 16 */
    assert_false(b.k.hot);
}

static void test_a_current_that_others_lower_is_set_again_every_10_s_at_most(void **state) {
    (void)state;
    struct bench b;
    unsigned sent = 0;
    open_16(&b);
    int64_t end = b.now + 100 * S;
    news(&b, "AT 03 03 10 0140");
    reason_is(&b, VB_KEEPER_OTHERS);
    while (vb_keeper_deadline_ns(&b.k) < end) {
        const char *body = asked_within(&b, 10000);
        if (strcmp(body, "SC 16 V") == 0) {
            sent++;
            answer(&b, "SC", "OK 16");
            news(&b, "AT 03 03 10 0140"); /* and lowered again */
        } else if (strcmp(body, "GP") == 0) {
            answer(&b, "GP", "OK 253 -2560 0");
        } else {
            answer(&b, body, body[0] == 'S' ? "OK 60 6 0" : "OK 6 80 10 32");
        }
    }
    assert_in_range(sent, 8, 10);
    reason_is(&b, VB_KEEPER_OTHERS);
}

static void test_more_than_wanted_is_taken_back_within_a_second(void **state) {
    (void)state;
    struct bench b; /* a box that has cooled goes back to its saved maximum by itself */
    open_16(&b);
    news(&b, "AT 03 03 32 0140");
    reason_is(&b, VB_KEEPER_OTHERS);
    talk(&b, "GC", "OK 6 80 32 32");
    talk_within(&b, 1000, "SC 16 V", "OK 16");
    reason_is(&b, VB_KEEPER_NONE);
}

static void test_a_saved_current_that_rises_makes_room_for_the_wanted_one(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_want(&b.k, 40, b.now);
    talk(&b, "SC 40 V", "NK 32");
    talk(&b, "GC", "OK 6 80 32 32");
    reason_is(&b, VB_KEEPER_SAVED);
    quiet_for(&b, 9000);
    heard(&b, "SC", "OK 48"); /* somebody saves 48 A */
    talk(&b, "GC", "OK 6 80 32 48");
    reason_is(&b, VB_KEEPER_CLAMPED);
    talk(&b, "GP", "OK 253 -2560 0");
    talk_within(&b, 10000, "SC 40 V", "OK 40");
    reason_is(&b, VB_KEEPER_NONE);
}

/* ---- dialects ---- */

static void test_a_box_that_would_write_its_eeprom_is_left_alone(void **state) {
    (void)state;
    static const uint32_t old[] = {VB_VERSION(1, 0, 3), VB_VERSION(2, 0, 0), VB_VERSION(2, 0, 1)};
    for (size_t i = 0; i < 3; i++) {
        struct bench b;
        open_bench(&b, 60, old[i]);
        vb_keeper_want(&b.k, 16, b.now);
        news(&b, "ST 03");
        assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
        reason_is(&b, VB_KEEPER_TOO_OLD);
        vb_keeper_release(&b.k, b.now);
        assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
        assert_true(vb_keeper_settled(&b.k));
    }
}

static void test_rapi_2_0_2_says_nothing_but_ok(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 60, VB_VERSION(2, 0, 2));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 30 0021");
    talk(&b, "GC", "OK 6 80");
    talk(&b, "SC 16 V", "OK");
    assert_int_equal(b.k.in_force_a, 16);
    reason_is(&b, VB_KEEPER_NONE);
    talk(&b, "GE", "OK 16 0021");
    vb_keeper_want(&b.k, 90, b.now);
    talk(&b, "SC 90 V", "NK");
    talk(&b, "GE", "OK 80 0021");
    assert_int_equal(b.k.in_force_a, 80);
    reason_is(&b, VB_KEEPER_CLAMPED);
}

static void test_rapi_3_0_1_and_4_0_1_say_the_current_to_sc_and_read_back_by_ge(void **state) {
    (void)state;
    static const uint32_t versions[] = {VB_VERSION(3, 0, 1), VB_VERSION(4, 0, 1)};
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        open_bench(&b, 60, versions[i]);
        vb_keeper_want(&b.k, 10, b.now);
        talk(&b, "GE", "OK 32 0021");
        talk(&b, "GC", "OK 6 80");
        talk(&b, "SC 10 V", "OK 10");
        talk(&b, "GE", "OK 10 0021");
        reason_is(&b, VB_KEEPER_NONE);
        quiet_for(&b, 9000);
        news(&b, "ST 03");
        talk(&b, "GE", "OK 10 0021");
    }
}

static void test_rapi_6_0_0_is_kept_like_5_2_1(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 60, VB_VERSION(6, 0, 0));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "GY", "OK 60 6 1");
    talk(&b, "SY", "OK 60 6 1");
    talk(&b, "SC 16 V", "OK 16");
    talk(&b, "GC", "OK 6 80 16 32");
    reason_is(&b, VB_KEEPER_NONE);
}

/* ---- boxes that do not answer, restart, or say nonsense ---- */

static void test_a_box_without_the_reading_questions_is_kept_all_the_same(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 60, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    talk(&b, "GE", "NK");
    talk(&b, "GC", "NK");
    talk(&b, "GY", "NK");
    talk(&b, "SC 16 V", "OK 16");
    assert_int_equal(b.k.in_force_a, 16);
    reason_is(&b, VB_KEEPER_NONE);
    talk(&b, "GC", "NK");
    quiet_for(&b, 9000);
    talk_within(&b, 10000, "GE", "NK"); /* it may have been a damaged line: asked again, seldom */
    talk(&b, "GC", "NK");
    talk(&b, "GY", "NK");
    talk_within(&b, 100, "GC", "NK");
    quiet_for(&b, 9000);
}

static void test_a_silent_box_is_asked_ever_more_seldom(void **state) {
    (void)state;
    struct bench b;
    unsigned asked = 0;
    open_bench(&b, 60, VB_VERSION(5, 2, 1));
    vb_keeper_want(&b.k, 16, b.now);
    int64_t end = b.now + 100 * S;
    while (vb_keeper_deadline_ns(&b.k) < end) {
        answer(&b, asked_within(&b, 10000), "");
        asked++;
    }
    assert_in_range(asked, 12, 20);
    reason_is(&b, VB_KEEPER_SILENT);
    assert_false(vb_keeper_settled(&b.k));
}

static void test_a_nk_without_a_number_is_a_damaged_line_and_is_said_again(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_want(&b.k, 20, b.now);
    talk(&b, "SC 20 V", "NK");
    reason_is(&b, VB_KEEPER_WAITING);
    talk_within(&b, 500, "SC 20 V", "OK 20");
    reason_is(&b, VB_KEEPER_NONE);
    vb_keeper_want(&b.k, 24, b.now); /* but not for ever */
    talk(&b, "SC 24 V", "NK");
    talk_within(&b, 500, "SC 24 V", "NK");
    talk_within(&b, 1000, "SC 24 V", "NK");
    talk_within(&b, 2000, "SC 24 V", "NK");
    talk(&b, "GC", "OK 6 80 20 32");
    reason_is(&b, VB_KEEPER_CLAMPED);
}

static void test_a_box_that_restarts_gets_everything_anew(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    news(&b, "AT 00 00 0 0200");
    reason_is(&b, VB_KEEPER_WAITING);
    assert_int_equal(b.k.in_force_a, -1);
    assert_string_equal(asked_within(&b, 0), "GE");
    news(&b, "AB 00 8.2.3");
    answer(&b, "GE", "OK 0 0000"); /* of a box that was still starting */
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "GY", "OK 60 6 0");
    talk(&b, "SY", "OK 60 6 0");
    talk(&b, "SC 16 V", "OK 16");
    talk(&b, "GC", "OK 6 80 16 32");
    reason_is(&b, VB_KEEPER_NONE);
}

static void test_a_box_that_was_gone_gets_everything_anew(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    talk_within(&b, 10000, "GC", "");
    vb_keeper_found(&b.k, 0, b.now);
    reason_is(&b, VB_KEEPER_SILENT);
    assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
    vb_keeper_found(&b.k, VB_VERSION(5, 2, 1), b.now);
    talk(&b, "GE", "OK 32 0021");
    talk(&b, "GC", "OK 6 80 32 32");
    talk(&b, "GY", "OK 60 6 0");
    talk(&b, "SY", "OK 60 6 0");
    talk(&b, "SC 16 V", "OK 16");
}

static void test_an_answer_from_before_the_box_was_gone_counts_for_nothing(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    vb_keeper_want(&b.k, 20, b.now);
    assert_string_equal(asked_within(&b, 0), "SC 20 V");
    vb_keeper_found(&b.k, 0, b.now);
    vb_keeper_found(&b.k, VB_VERSION(5, 2, 1), b.now);
    vb_keeper_answered(&b.k, true, true, "20", 2, b.now);
    assert_int_equal(b.k.in_force_a, -1);
    talk(&b, "GE", "OK 32 0021");
}

static void test_numbers_that_are_none_change_nothing(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    heard(&b, "GC", "OK 6 80 1x 32");
    heard(&b, "GC", "OK 6  80 10 32"); /* an empty field */
    heard(&b, "GC", "OK");
    heard(&b, "GC", "OK -6 80 10 32");
    heard(&b, "GC", "OK 6 80 10000000000 32");
    heard(&b, "SY", "NK 60 6");
    heard(&b, "GP", "OK ff ff ff");
    heard(&b, "GS", "OK 0a0a0a0a0a0a 1");
    news(&b, "AT 03 03 - 0140");
    assert_int_equal(b.k.in_force_a, 16);
    assert_int_equal(b.k.hardware_a, 80);
    assert_int_equal(b.k.supervised_s, 60);
    assert_false(b.k.hot);
}

static void test_damaged_lines_questions_and_frames_of_others_are_passed_over(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    struct vb_frame frame = {.kind = VB_KIND_RAPI, .id = VB_RAPI_ID('A', 'T')};
    frame.data = (const uint8_t *)"AT 03 03 10 0140";
    frame.len = 16;
    struct vb_frame bad = frame, asked = frame, can = frame;
    bad.fault = VB_FAULT_SUM;
    asked.flags = VB_FRAME_ASK;
    can.kind = VB_KIND_CAN;
    vb_keeper_heard(&b.k, &bad, b.now);
    vb_keeper_heard(&b.k, &asked, b.now);
    vb_keeper_heard(&b.k, &can, b.now);
    assert_int_equal(b.k.in_force_a, 16);
    vb_keeper_heard(&b.k, &frame, b.now);
    assert_int_equal(b.k.in_force_a, 10);
}

static void test_an_answer_to_nothing_changes_nothing(void **state) {
    (void)state;
    struct bench b;
    open_16(&b);
    struct vb_keeper before = b.k;
    vb_keeper_answered(&b.k, true, true, "6", 1, b.now);
    vb_keeper_answered(&b.k, false, false, NULL, 0, b.now);
    assert_memory_equal(&before, &b.k, sizeof before);
}

static void test_reasons_have_sentences(void **state) {
    (void)state;
    assert_string_equal(vb_keeper_why(VB_KEEPER_NONE), "");
    for (int reason = VB_KEEPER_WAITING; reason <= VB_KEEPER_SILENT; reason++) {
        assert_string_not_equal(vb_keeper_why((enum vb_keeper_reason)reason), "");
    }
    assert_string_equal(vb_keeper_why(VB_KEEPER_SILENT), "the box does not answer");
    assert_string_equal(vb_keeper_why((enum vb_keeper_reason)99), "");
}

/* ---- any answers, in any order ---- */

/* A box of RAPI 5.2.1 as far as the current goes: reference/rapi.md sections 4 and 5. */
struct box {
    int64_t now_a, saved_a, interval_s, fallback_a, trigger, pulse_ns;
    bool hot;
};

static uint32_t seed;
static unsigned any(unsigned n) {
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

static bool box_set(struct box *x, int64_t amps) {
    int64_t good = amps < 6 ? 6 : amps > x->saved_a ? x->saved_a : amps;
    if (x->hot && amps > x->now_a) {
        return false;
    }
    x->now_a = good;
    return good == amps;
}

static bool box_supervise(struct box *x, const char *body, int64_t now) {
    int i, a;
    bool ok = x->trigger != 2;
    if (strcmp(body, "SY 165") == 0) {
        ok = x->trigger != 2 || (!x->hot && box_set(x, x->saved_a));
        x->trigger = x->trigger == 2 && ok ? 1 : x->trigger;
    } else if (sscanf(body, "SY %d %d", &i, &a) == 2) {
        ok = i != 0 || x->trigger == 0 || (!x->hot && box_set(x, x->saved_a));
        *x = (struct box){x->now_a, x->saved_a, i, a, 0, now, x->hot};
    } else {
        x->pulse_ns = now;
    }
    return ok;
}

static void box_time(struct box *x, int64_t now) {
    if (x->interval_s > 0 && now - x->pulse_ns > x->interval_s * S) {
        x->now_a = x->fallback_a < x->now_a ? x->fallback_a : x->now_a;
        x->trigger = 2;
        x->pulse_ns = now;
    }
}

/* Its line for a body. */
static void box_answer(struct box *x, const char *body, int64_t now, char line[40]) {
    int amps;
    bool ok = true;
    if (sscanf(body, "SC %d V", &amps) == 1) {
        ok = box_set(x, amps);
        sprintf(line, "%s %d", ok ? "OK" : "NK", (int)x->now_a);
    } else if (strncmp(body, "SY", 2) == 0 || strcmp(body, "GY") == 0) {
        ok = body[0] == 'G' || box_supervise(x, body, now);
        sprintf(line, "%s %d %d %d", ok ? "OK" : "NK", (int)x->interval_s, (int)x->fallback_a,
                (int)x->trigger);
    } else if (strcmp(body, "GC") == 0) {
        sprintf(line, "OK 6 80 %d %d", (int)x->now_a, (int)x->saved_a);
    } else if (strcmp(body, "GE") == 0) {
        sprintf(line, "OK %d 0021", (int)x->now_a);
    } else if (strcmp(body, "GP") == 0) {
        sprintf(line, "OK %d -2560 0", x->hot ? 660 : 250);
    } else {
        fail_msg("a box does not know \"%s\"", body);
    }
}

/* One question on a line that loses one in `loss` on either way, and damages some. */
static void one_question(struct bench *b, struct box *x, unsigned loss) {
    char line[40] = "";
    const char *body = asked_within(b, 3600 * 1000);
    box_time(x, b->now);
    bool arrives = !loss || any(loss) != 0;
    bool damaged = loss && any(40) == 0;
    if (damaged) {
        strcpy(line, "NK");
    } else if (arrives) {
        box_answer(x, body, b->now, line);
    }
    answer(b, body, loss && any(loss) == 0 ? "" : line);
}

static void happens(struct bench *b, struct box *x) {
    char line[40];
    switch (any(12)) {
    case 0:
        vb_keeper_want(&b->k, (int64_t)any(50), b->now);
        break;
    case 1:
        vb_keeper_release(&b->k, b->now);
        break;
    case 2: /* a restart: the volatile limit is lost */
        x->now_a = x->saved_a;
        x->trigger = 0;
        x->pulse_ns = b->now;
        news(b, "AB 00 8.2.3");
        break;
    case 3:
        vb_keeper_found(&b->k, 0, b->now);
        vb_keeper_found(&b->k, VB_VERSION(5, 2, 1), b->now);
        break;
    case 4: /* somebody else */
        box_set(x, (int64_t)any(60));
        sprintf(line, "AT 03 03 %d 0140", (int)x->now_a);
        news(b, line);
        break;
    case 5:
        x->hot = !x->hot;
        x->now_a = x->hot ? x->now_a / 2 < 6 ? 6 : x->now_a / 2 : x->saved_a;
        break;
    case 6:
        b->now += (int64_t)any(400) * S; /* we were stopped */
        box_time(x, b->now);
        break;
    case 7:
        heard(b, "GC", "OK 6 80 7");
        heard(b, "SY", "OK 0 0");
        break;
    default:
        b->now += (int64_t)any(1000) * MS;
        box_time(x, b->now);
        break;
    }
}

/* Then everything works again: in a minute the current is what it should be. */
static void settle(struct bench *b, struct box *x) {
    int64_t end = b->now + 60 * S;
    if (x->hot) {
        x->hot = false;
        x->now_a = x->saved_a;
    }
    while (vb_keeper_deadline_ns(&b->k) < end) {
        one_question(b, x, 0);
    }
    b->now = end;
    box_time(x, end);
    assert_true(vb_keeper_settled(&b->k));
}

static void
test_whatever_happens_a_minute_later_the_current_is_the_wanted_or_the_safe_one(void **state) {
    (void)state;
    for (unsigned run = 0; run < 20000; run++) {
        struct bench b;
        struct box x = {32, 32, 0, 0, 0, 1000 * S, false};
        seed = run;
        open_bench(&b, run % 2 ? 60 : 4, VB_VERSION(5, 2, 1));
        vb_keeper_want(&b.k, 16, b.now);
        for (unsigned i = 0; i < 60; i++) {
            if (vb_keeper_deadline_ns(&b.k) <= b.now && any(3) > 0) {
                one_question(&b, &x, 5);
            } else {
                happens(&b, &x);
            }
        }
        vb_keeper_want(&b.k, 12, b.now);
        settle(&b, &x);
        assert_int_equal(x.now_a, 12);
        assert_int_equal(b.k.in_force_a, 12);
        reason_is(&b, VB_KEEPER_NONE);
        b.now += (int64_t)any(3) * 90 * S; /* the lease ends while we are stopped */
        box_time(&x, b.now);
        vb_keeper_release(&b.k, b.now);
        settle(&b, &x);
        assert_int_equal(x.now_a, 6);
        assert_true(vb_keeper_deadline_ns(&b.k) == INT64_MAX);
    }
}

/* Where pulses are ours the pause is short for their sake; here they are somebody else's. */
static void
test_without_a_heartbeat_it_pauses_after_silence_whoever_supervises_the_box(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 0, VB_VERSION(5, 2, 1));
    heard(&b, "GY", "OK 5 6 0"); /* as the WiFi kit sets it */
    vb_keeper_want(&b.k, 16, b.now);
    heard(&b, "GY", "OK 5 6 0");
    talk(&b, "GE", "");
    quiet_for(&b, 499);
    talk_within(&b, 500, "GE", "");
    quiet_for(&b, 999);
}

static void test_no_answer_makes_it_ask_more_than_its_burst_in_a_second(void **state) {
    (void)state;
    static const char *const lines[] = {"OK",         "NK",        "OK 16",         "NK 6",
                                        "OK 60 6 0",  "NK 60 6 2", "OK 6 80 10 32", "OK 32 0021",
                                        "OK 660 0 0", "OK 6 80",   "NK 0 0 2",      "OK 1 6 0"};
    struct bench b;
    seed = 1;
    open_bench(&b, 2, VB_VERSION(5, 2, 1));
    int64_t last[2 * VB_KEEPER_BURST] = {0}; /* the moments of the last questions */
    unsigned asked = 0;
    for (unsigned i = 0; i < 200000; i++) {
        char body[VB_CALL_TEXT + 1];
        size_t n = vb_keeper_ask(&b.k, body, b.now);
        if (n > 0) {
            int64_t *oldest = &last[asked++ % (2 * VB_KEEPER_BURST)];
            assert_true(*oldest == 0 || b.now - *oldest >= 1 * S);
            *oldest = b.now;
            const char *line = lines[any(12)];
            const char *text = strlen(line) > 3 ? line + 3 : "";
            vb_keeper_answered(&b.k, any(10) > 0, line[0] == 'O', text, strlen(text), b.now);
        } else { /* its deadline is true, and not now */
            assert_true(vb_keeper_deadline_ns(&b.k) > b.now);
        }
        if (any(3) == 0) {
            vb_keeper_want(&b.k, (int64_t)any(40), b.now);
        } else if (any(50) == 0) {
            vb_keeper_release(&b.k, b.now);
        } else if (any(20) == 0) {
            news(&b, "AT 03 03 10 0140");
        } else if (any(100) == 0) {
            vb_keeper_found(&b.k, VB_VERSION(5, 2, 1), b.now);
        }
        b.now += (int64_t)any(40) * MS;
    }
    assert_true(asked > 10000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_asked_while_nothing_is_wanted),
        cmocka_unit_test(test_a_wanted_current_is_supervised_sent_and_read_back),
        cmocka_unit_test(test_the_interval_is_not_written_where_the_box_has_it_already),
        cmocka_unit_test(
            test_a_pulse_goes_out_four_times_in_the_interval_and_the_current_is_read_every_10_s),
        cmocka_unit_test(test_no_interval_is_longer_than_a_box_can_reckon),
        cmocka_unit_test(test_the_shortest_interval_has_three_chances),
        cmocka_unit_test(test_another_current_goes_out_at_once),
        cmocka_unit_test(test_a_current_that_changes_while_the_box_answers_is_sent_again),
        cmocka_unit_test(test_currents_beyond_a_byte_are_not_cut_to_one),
        cmocka_unit_test(test_release_sends_the_safe_current_and_stops_pulsing),
        cmocka_unit_test(test_the_supervision_of_before_is_put_back),
        cmocka_unit_test(test_a_supervision_that_somebody_else_has_set_is_left_alone),
        cmocka_unit_test(test_a_farewell_without_an_answer_is_said_again),
        cmocka_unit_test(test_a_new_wish_cancels_the_farewell),
        cmocka_unit_test(test_released_while_the_limit_is_on_its_way_still_says_farewell),
        cmocka_unit_test(test_a_farewell_that_no_box_could_hear_is_said_when_it_is_back),
        cmocka_unit_test(test_a_missed_pulse_is_acknowledged_and_the_limit_follows_at_once),
        cmocka_unit_test(test_an_acknowledgement_that_nobody_answers_is_said_again),
        cmocka_unit_test(test_a_missed_pulse_is_said_before_the_current_is_read),
        cmocka_unit_test(test_pulses_that_nobody_answers_do_not_become_too_rare),
        cmocka_unit_test(test_an_acknowledgement_that_is_refused_is_tried_again_later),
        cmocka_unit_test(test_a_box_that_fell_back_before_we_came_is_acknowledged),
        cmocka_unit_test(test_without_a_heartbeat_nothing_of_it_is_touched),
        cmocka_unit_test(test_without_a_heartbeat_what_others_missed_is_not_acknowledged),
        cmocka_unit_test(test_a_box_without_supervision_is_kept_without),
        cmocka_unit_test(test_somebody_elses_interval_is_not_overwritten_again_and_again),
        cmocka_unit_test(test_a_supervision_that_somebody_has_switched_off_is_set_again_soon),
        cmocka_unit_test(test_a_current_that_is_clamped_is_in_force_with_its_reason),
        cmocka_unit_test(test_too_hot_to_raise_is_hot_and_tried_again_when_it_has_cooled),
        cmocka_unit_test(test_a_box_that_throttles_itself_is_hot),
        cmocka_unit_test(test_the_state_of_old_boxes_is_decimal),
        cmocka_unit_test(test_a_current_that_others_lower_is_set_again_every_10_s_at_most),
        cmocka_unit_test(test_more_than_wanted_is_taken_back_within_a_second),
        cmocka_unit_test(test_a_saved_current_that_rises_makes_room_for_the_wanted_one),
        cmocka_unit_test(test_a_box_that_would_write_its_eeprom_is_left_alone),
        cmocka_unit_test(test_rapi_2_0_2_says_nothing_but_ok),
        cmocka_unit_test(test_rapi_3_0_1_and_4_0_1_say_the_current_to_sc_and_read_back_by_ge),
        cmocka_unit_test(test_rapi_6_0_0_is_kept_like_5_2_1),
        cmocka_unit_test(test_a_box_without_the_reading_questions_is_kept_all_the_same),
        cmocka_unit_test(test_a_silent_box_is_asked_ever_more_seldom),
        cmocka_unit_test(test_a_nk_without_a_number_is_a_damaged_line_and_is_said_again),
        cmocka_unit_test(test_a_box_that_restarts_gets_everything_anew),
        cmocka_unit_test(test_a_box_that_was_gone_gets_everything_anew),
        cmocka_unit_test(test_an_answer_from_before_the_box_was_gone_counts_for_nothing),
        cmocka_unit_test(test_numbers_that_are_none_change_nothing),
        cmocka_unit_test(test_damaged_lines_questions_and_frames_of_others_are_passed_over),
        cmocka_unit_test(test_an_answer_to_nothing_changes_nothing),
        cmocka_unit_test(test_reasons_have_sentences),
        cmocka_unit_test(
            test_whatever_happens_a_minute_later_the_current_is_the_wanted_or_the_safe_one),
        cmocka_unit_test(
            test_without_a_heartbeat_it_pauses_after_silence_whoever_supervises_the_box),
        cmocka_unit_test(test_no_answer_makes_it_ask_more_than_its_burst_in_a_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
