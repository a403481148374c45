/* test_evse_kept.c - the keeper and the client against the simulated wallbox, in virtual time: what is in
 * force in the box itself, whatever the box says.
 * Facts: reference/rapi.md section 5.
 * SPDX-License-Identifier: MIT */
#include "simrun.h"

#include "sim/openevse.h"
#include "voltbus/evse_keeper.h"
#include "voltbus/rapi_client.h"

#define TICKET 1

extern const struct vb_device vb_device_openevse;

/* A caller of keeper and client, as host/link/rapi.c is one. */
struct kept {
    struct run box;
    struct vb_rapi_client client;
    struct vb_keeper keeper;
    bool asks;
    bool silent;         /* the caller is stopped: no bytes, no time */
    bool cut;            /* the cable is out */
    int64_t least, most; /* in force since look() */
    int64_t over_ns;     /* how long more than wanted was, in all */
    char asked[4096];    /* bodies of the keeper: "GE GC .. " */
};

static int64_t in_force(const struct kept *k) {
    return ((const struct openevse *)(const void *)&k->box.state)->box.capacity;
}

static void events(struct kept *k, int64_t now) {
    struct vb_rapi_event e;
    while (vb_rapi_client_next(&k->client, &e)) {
        bool ok = e.result == VB_RAPI_RESULT_DONE;
        bool said = ok || e.result == VB_RAPI_RESULT_REFUSED;
        switch ((enum vb_rapi_event_what)e.what) {
        case VB_RAPI_FRAME:
            vb_keeper_heard(&k->keeper, &e.frame, now);
            break;
        case VB_RAPI_ANSWER:
            k->asks = false;
            vb_keeper_answered(&k->keeper, said, ok, said ? e.text : "", said ? e.n : 0, now);
            break;
        case VB_RAPI_FOUND:
            vb_keeper_found(&k->keeper, k->client.dialect.version, now);
            break;
        case VB_RAPI_GONE:
            vb_keeper_found(&k->keeper, 0, now);
            break;
        }
    }
}

static void ask(struct kept *k, int64_t now) {
    char body[VB_CALL_TEXT];
    if (k->asks || k->client.queued == VB_RAPI_QUEUE) {
        return;
    }
    size_t n = vb_keeper_ask(&k->keeper, body, now);
    if (n > 0) {
        int m = vb_call_find_body(&vb_device_openevse, body, n, k->client.dialect.version, NULL,
                                  NULL, NULL, NULL);
        size_t message =
            m < 0 ? VB_RAPI_NO_MESSAGE : (size_t)m; /* SC 3 V: below the row's limits */
        assert_int_equal(vb_rapi_client_ask(&k->client, TICKET, message, body, n, now), VB_OK);
        k->asks = true;
        if (strlen(k->asked) + n + 2 < sizeof k->asked) {
            strncat(k->asked, body, n);
            strcat(k->asked, " ");
        }
    }
}

/* Everything that is ready now. */
static void go_on(struct kept *k) {
    uint8_t line[VB_RAPI_SEND_MAX + 9];
    int64_t now = k->box.now_ns;
    size_t n;
    vb_rapi_client_tick(&k->client, now);
    do {
        events(k, now);
        ask(k, now);
        n = vb_rapi_client_take(&k->client, line, NULL, now);
        if (n > 0 && !k->cut) {
            run_feed(&k->box, line, n);
        }
    } while (n > 0);
}

static void bytes(void *ctx, int64_t t_ns, const uint8_t *from, size_t n) {
    struct kept *k = ctx;
    while (n > 0 && !k->silent && !k->cut) {
        size_t used = vb_rapi_client_feed(&k->client, from, n, t_ns);
        events(k, t_ns);
        from += used;
        n -= used;
    }
}

static void look(struct kept *k) {
    k->least = INT64_MAX;
    k->most = 0;
    k->over_ns = 0;
}

/* One step of time. */
static void step(struct kept *k, int64_t until) {
    int64_t from = k->box.now_ns;
    int64_t amps = in_force(k);
    k->least = amps < k->least ? amps : k->least;
    k->most = amps > k->most ? amps : k->most;
    run_until(&k->box, until > from ? until : from + MS, bytes, k);
    k->over_ns += k->keeper.wanted && amps > k->keeper.wanted_a ? k->box.now_ns - from : 0;
}

static void run_for(struct kept *k, int64_t ns) {
    int64_t end = k->box.now_ns + ns;
    while (k->box.now_ns < end) {
        int64_t due = end;
        if (!k->silent) {
            go_on(k);
            int64_t client = vb_rapi_client_deadline_ns(&k->client);
            int64_t keeper = k->asks ? INT64_MAX : vb_keeper_deadline_ns(&k->keeper);
            due = client < due ? client : due;
            due = keeper < due ? keeper : due;
        }
        int64_t box = k->box.sim->deadline_ns(&k->box.state);
        step(k, box < due ? box : due);
    }
    if (!k->silent) {
        go_on(k);
    }
}

static void open_kept(struct kept *k, const char *rapi, int64_t heartbeat_s) {
    struct vb_rapi_client_config client = {
        .device = &vb_device_openevse, .poll = true, .sum = VB_RAPI_XOR, .ids = true};
    struct vb_keeper_config keeper = {.heartbeat_s = heartbeat_s, .safe_a = 6};
    memset(k, 0, sizeof *k);
    run_open(&k->box, "openevse");
    run_set(&k->box, "rapi", rapi);
    run_set(&k->box, "car", "ready");
    run_start(&k->box, 1000 * S);
    vb_rapi_client_init(&k->client, &client, k->box.now_ns);
    vb_keeper_init(&k->keeper, &keeper, k->box.now_ns);
}

static void change(struct kept *k, const char *key, const char *text) {
    struct vb_value value;
    int i = vb_key_find(k->box.sim->keys, k->box.sim->key_count, key, strlen(key));
    assert_true(i >= 0);
    assert_int_equal(vb_key_parse(&k->box.sim->keys[i], text, strlen(text), &value, NULL), VB_OK);
    assert_null(k->box.sim->change(&k->box.state, (size_t)i, &value, k->box.now_ns));
}

static void want(struct kept *k, int64_t amps) {
    vb_keeper_want(&k->keeper, amps, k->box.now_ns);
}

static void release(struct kept *k) {
    vb_keeper_release(&k->keeper, k->box.now_ns);
}

static void reason_is(const struct kept *k, enum vb_keeper_reason reason) {
    assert_string_equal(vb_keeper_why(vb_keeper_reason(&k->keeper)), vb_keeper_why(reason));
    assert_int_equal(vb_keeper_reason(&k->keeper), reason);
}

/* ---- */

static void test_10_a_are_in_force_2_s_after_they_are_wanted(void **state) {
    (void)state;
    static const char *const versions[] = {"3.0.1", "4.0.1", "5.2.1", "6.0.0"};
    for (size_t i = 0; i < 4; i++) {
        struct kept k;
        open_kept(&k, versions[i], 60);
        run_for(&k, 20 * S);
        assert_true(vb_rapi_client_up(&k.client));
        want(&k, 10);
        run_for(&k, 2 * S);
        assert_int_equal(in_force(&k), 10);
        assert_int_equal(k.keeper.in_force_a, 10);
        reason_is(&k, VB_KEEPER_NONE);
        look(&k);
        run_for(&k, 1000 * S); /* pulses come in time */
        assert_int_equal(k.least, 10);
        assert_int_equal(k.most, 10);
        reason_is(&k, VB_KEEPER_NONE);
        want(&k, 12);
        run_for(&k, 2 * S);
        assert_int_equal(in_force(&k), 12);
        release(&k);
        run_for(&k, 2 * S);
        assert_int_equal(in_force(&k), 6);
        assert_true(vb_keeper_settled(&k.keeper));
    }
}

static void test_old_boxes_get_nothing(void **state) {
    (void)state;
    static const char *const versions[] = {"1.0.3", "2.0.0"};
    for (size_t i = 0; i < 2; i++) {
        struct kept k;
        open_kept(&k, versions[i], 60);
        run_for(&k, 20 * S);
        assert_true(vb_rapi_client_up(&k.client));
        int64_t before = in_force(&k);
        want(&k, 10);
        run_for(&k, 60 * S);
        release(&k);
        run_for(&k, 60 * S);
        assert_string_equal(k.asked, "");
        assert_int_equal(in_force(&k), before);
    }
}

static void test_when_we_are_stopped_the_box_falls_back_and_is_told_again_afterwards(void **state) {
    (void)state;
    struct kept k;
    open_kept(&k, "5.2.1", 20);
    run_for(&k, 10 * S);
    want(&k, 12);
    run_for(&k, 5 * S);
    assert_int_equal(in_force(&k), 12);
    k.silent = true;
    run_for(&k, 14 * S);
    assert_int_equal(in_force(&k), 12);
    run_for(&k, 8 * S);
    assert_int_equal(in_force(&k), 6);
    k.silent = false;
    k.asked[0] = '\0';
    look(&k);
    run_for(&k, 3 * S);
    assert_true(k.over_ns == 0); /* never the saved maximum, which SY 165 would set free */
    assert_non_null(strstr(k.asked, "SY SY 20 6 SC 12 V "));
    assert_int_equal(in_force(&k), 12);
    reason_is(&k, VB_KEEPER_NONE);
}

/* It has fallen back, and we do not know yet: an interval of 0 would set its saved maximum free. */
static void test_a_lease_that_ends_while_we_are_stopped_sets_nothing_free(void **state) {
    (void)state;
    struct kept k;
    open_kept(&k, "5.2.1", 4);
    run_for(&k, 10 * S);
    want(&k, 16);
    run_for(&k, 2 * S);
    assert_int_equal(in_force(&k), 16);
    k.silent = true;
    run_for(&k, 9 * S);
    assert_int_equal(in_force(&k), 6);
    k.silent = false;
    release(&k);
    look(&k);
    run_for(&k, 5 * S);
    assert_int_equal(k.most, 6);
    assert_true(vb_keeper_settled(&k.keeper));
    assert_non_null(strstr(k.asked, "SC 6 V SY 4 6 SY 0 0 SC 6 V "));
}

static void test_a_cable_that_is_out_and_in_again(void **state) {
    (void)state;
    struct kept k;
    open_kept(&k, "5.2.1", 20);
    run_for(&k, 10 * S);
    want(&k, 12);
    run_for(&k, 5 * S);
    k.cut = true;
    run_for(&k, 40 * S);
    assert_int_equal(in_force(&k), 6);
    reason_is(&k, VB_KEEPER_SILENT);
    k.cut = false;
    run_for(&k, 10 * S);
    assert_int_equal(in_force(&k), 12);
    k.cut = true;
    release(&k);
    run_for(&k, 40 * S);
    k.cut = false;
    run_for(&k, 10 * S);
    assert_int_equal(in_force(&k), 6);
    assert_true(vb_keeper_settled(&k.keeper));
}

static void test_a_farewell_reaches_a_box_that_was_not_there(void **state) {
    (void)state;
    struct kept k;
    open_kept(&k, "5.2.1", 0); /* no heartbeat: it would hold 12 A for ever */
    run_for(&k, 10 * S);
    want(&k, 12);
    run_for(&k, 5 * S);
    k.cut = true;
    run_for(&k, 40 * S);
    release(&k);
    run_for(&k, 40 * S);
    assert_int_equal(in_force(&k), 12);
    k.cut = false;
    run_for(&k, 10 * S);
    assert_int_equal(in_force(&k), 6);
}

static void test_a_box_that_restarts_is_limited_again(void **state) {
    (void)state;
    struct kept k;
    open_kept(&k, "5.2.1", 60);
    run_for(&k, 10 * S);
    want(&k, 10);
    run_for(&k, 5 * S);
    run_feed(&k.box, "$FR^30\r", 7);
    run_for(&k, 20 * S);
    assert_int_equal(in_force(&k), 10);
    reason_is(&k, VB_KEEPER_NONE);
}

static void test_a_hot_box_is_lower_for_a_while_and_never_higher_afterwards(void **state) {
    (void)state;
    struct kept k;
    open_kept(&k, "5.2.1", 60);
    run_for(&k, 10 * S);
    want(&k, 20);
    run_for(&k, 5 * S);
    assert_int_equal(in_force(&k), 20);
    change(&k, "temperature", "660");
    run_for(&k, 60 * S);
    assert_true(in_force(&k) < 20);
    reason_is(&k, VB_KEEPER_HOT);
    change(&k, "temperature", "300");
    look(&k);
    run_for(&k, 60 * S);
    assert_true(k.over_ns < 1500 * MS); /* it goes back to its saved maximum by itself */
    assert_int_equal(in_force(&k), 20);
    reason_is(&k, VB_KEEPER_NONE);
}

static void test_more_than_the_saved_current_is_cut_off_with_its_reason(void **state) {
    (void)state;
    struct kept k;
    open_kept(&k, "5.2.1", 60);
    run_for(&k, 10 * S);
    want(&k, 80);
    run_for(&k, 5 * S);
    assert_int_equal(in_force(&k), 24); /* as it leaves the factory */
    reason_is(&k, VB_KEEPER_SAVED);
    want(&k, 3);
    run_for(&k, 5 * S);
    assert_int_equal(in_force(&k), 6);
    reason_is(&k, VB_KEEPER_CLAMPED);
}

static void test_what_others_set_does_not_stay(void **state) {
    (void)state;
    struct kept k;
    open_kept(&k, "5.2.1", 60);
    run_for(&k, 10 * S);
    want(&k, 10);
    run_for(&k, 15 * S);
    run_feed(&k.box, "$SC 20 V^60\r", 12); /* another client of the same box */
    run_for(&k, 12 * S);
    assert_int_equal(in_force(&k), 10);
    run_feed(&k.box, "$SC 7 V^55\r", 11);
    run_for(&k, 25 * S);
    assert_int_equal(in_force(&k), 10);
    reason_is(&k, VB_KEEPER_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_10_a_are_in_force_2_s_after_they_are_wanted),
        cmocka_unit_test(test_old_boxes_get_nothing),
        cmocka_unit_test(test_when_we_are_stopped_the_box_falls_back_and_is_told_again_afterwards),
        cmocka_unit_test(test_a_lease_that_ends_while_we_are_stopped_sets_nothing_free),
        cmocka_unit_test(test_a_cable_that_is_out_and_in_again),
        cmocka_unit_test(test_a_farewell_reaches_a_box_that_was_not_there),
        cmocka_unit_test(test_a_box_that_restarts_is_limited_again),
        cmocka_unit_test(test_a_hot_box_is_lower_for_a_while_and_never_higher_afterwards),
        cmocka_unit_test(test_more_than_the_saved_current_is_cut_off_with_its_reason),
        cmocka_unit_test(test_what_others_set_does_not_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
