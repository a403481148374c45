/* test_sim_leaf.c - the simulated Leaf battery: what an slcan host would see.
 * SPDX-License-Identifier: MIT */
#include "simrun.h"

#include "voltbus/slcan.h"

/* A host: reads lines, decodes frames, keeps what it needs. */
struct host {
    struct vb_slcan line;
    struct bench bench;
    unsigned count[0x600];
    int64_t first_ns[0x600], last_ns[0x600];
    unsigned frames, faults;
    unsigned pages; /* of 5C0, as bits */
    unsigned kinds; /* of 5BC, as bits */
    int64_t current_ma, voltage_mv, soc_milli;
    int64_t charged_uas; /* added up from what 1DB says */
    int64_t most_ma, least_ma, full, factor;
    int counter[0x600];
    bool keep_counters;
};

static void look(struct host *h, const struct vb_slcan_event *e, int64_t t_ns) {
    struct bench *b = &h->bench;
    uint32_t id = e->frame.id;
    assert_in_range(id, 0, 0x5FF);
    b->frame = e->frame;
    b->frame.t_ns = t_ns;
    h->frames++;
    if (h->count[id]++ == 0) {
        h->first_ns[id] = t_ns;
    }
    h->last_ns[id] = t_ns;
    if (bench_again(b) != VB_FAULT_NONE || !b->reading.message) {
        h->faults++;
        return;
    }
    assert_all_within_limits(b);
    unsigned bits;
    int counter = vb_message_counter(b->reading.message, &b->frame, &bits);
    if (bits > 0 && h->count[id] > 1) {
        assert_int_equal(counter, (h->counter[id] + 1) % (1 << bits));
    }
    h->counter[id] = counter;
    if (id == 0x1DB) {
        h->current_ma = milli(b, "battery.current");
        h->voltage_mv = milli(b, "battery.voltage");
        h->charged_uas += h->current_ma * 10 * h->factor;
        h->most_ma = h->current_ma > h->most_ma ? h->current_ma : h->most_ma;
        h->least_ma = h->current_ma < h->least_ma ? h->current_ma : h->least_ma;
        h->full += sample(b, "battery.full")->raw;
    } else if (id == 0x55B) {
        h->soc_milli = milli(b, "battery.soc");
    } else if (id == 0x5C0) {
        h->pages |= 1u << sample(b, "history.kind")->raw;
    } else if (id == 0x5BC && sample(b, "charge.time_kind")) {
        h->kinds |= 1u << sample(b, "charge.time_kind")->raw;
    }
}

static void host_hears(void *ctx, int64_t t_ns, const uint8_t *bytes, size_t n) {
    struct host *h = ctx;
    while (n > 0) {
        struct vb_slcan_event e;
        size_t used = vb_slcan_feed(&h->line, bytes, n);
        bytes += used;
        n -= used;
        while (vb_slcan_next(&h->line, &e)) {
            assert_int_not_equal(e.what, VB_SLCAN_BAD);
            if (e.what == VB_SLCAN_FRAME) {
                look(h, &e, t_ns);
            }
        }
    }
}

static void host_open(struct host *h, const char *generation) {
    memset(h, 0, sizeof *h);
    vb_slcan_init(&h->line, VB_SLCAN_HOST);
    bench_open(&h->bench, "leaf-battery");
    bench_set(&h->bench, "generation", generation);
    h->factor = 1;
}

/* What the adapter answers to text. */
static const char *ask(struct run *r, struct heard *h, const char *text) {
    h->n = 0;
    h->text[0] = '\0';
    run_feed(r, text, strlen(text));
    run_take(r, hear, h);
    return h->text;
}

static void test_the_adapter_answers_like_a_lawicel_adapter(void **state) {
    (void)state;
    static const struct {
        const char *ask, *answer;
    } talk[] = {
        {"\r\r\r", ""}, /* hosts clear the line like this */
        {"V\r", "V1013\r"},
        {"N\r", "NSIM1\r"},
        {"v\r", "v0100\r"},
        {"C\r", "\a"}, /* not open */
        {"F\r", "\a"},
        {"O\r", "\a"}, /* no bit rate yet */
        {"S6\r", "\r"},
        {"X1\r", "\r"},
        {"X0\r", "\a"}, /* polling is not simulated */
        {"M00000000\rmFFFFFFFF\r", "\r\r"},
        {"Z0\r", "\r"},
        {"t1F28307920A0003C0288\r", "\a"}, /* closed */
        {"O\r", "\r"},
        {"O\r", "\a"},
        {"S6\r", "\a"}, /* not while it is open */
        {"Z1\r", "\a"},
        {"F\r", "F00\r"},
        {"t1F28307920A0003C0288\r", "z\r"},
        {"T18FF50E580102030405060708\r", "Z\r"},
        {"r1F28\r", "z\r"},
        {"d1F28307920A0003C0288\r", "\a"}, /* CAN FD */
        {"t1F283079\r", "\a"},             /* digits missing */
        {"P\r", "\a"},
        {"?\r", "\a"},
        {"C\r", "\r"},
        {"s001C\r", "\r"},
        {"L\r", "\r"},
        {"t1F28307920A0003C0288\r", "\a"}, /* listens only */
        {"C\r", "\r"},
    };
    struct run r;
    struct heard h;
    run_open(&r, "leaf-battery");
    run_start(&r, 5 * S);
    for (size_t i = 0; i < sizeof talk / sizeof talk[0]; i++) {
        assert_string_equal(ask(&r, &h, talk[i].ask), talk[i].answer);
    }
    /* the same, a byte at a time */
    run_start(&r, 5 * S);
    for (size_t i = 0; i < sizeof talk / sizeof talk[0]; i++) {
        struct heard all = {.n = 0};
        for (const char *c = talk[i].ask; *c; c++) {
            run_feed(&r, c, 1);
        }
        run_take(&r, hear, &all);
        assert_string_equal(all.text, talk[i].answer);
    }
}

static void test_frames_come_only_while_the_adapter_is_open_at_the_rate_of_the_car(void **state) {
    (void)state;
    struct run r;
    struct heard h = {.n = 0};
    run_open(&r, "leaf-battery");
    run_start(&r, 0);
    run_until(&r, S, hear, &h);
    assert_int_equal(h.n, 0);
    assert_string_equal(ask(&r, &h, "S5\rO\r"), "\r\r"); /* 250 kbit/s */
    h.n = 0;
    run_until(&r, 2 * S, hear, &h);
    assert_int_equal(h.n, 0);
    assert_string_equal(ask(&r, &h, "C\rS6\rO\r"), "\r\r\r");
    h.n = 0;
    run_until(&r, 2 * S + 20 * MS, hear, &h);
    assert_true(h.n > 0);
    assert_string_equal(ask(&r, &h, "C\r"), "\r");
    h.n = 0;
    run_until(&r, 3 * S, hear, &h);
    assert_int_equal(h.n, 0);
}

/* Worked out by hand. 45 % at 18 °C: 355.2 V + half of the way to 360.0 V = 357.6 V at rest.
 * mode=rest: -0.4 A and noise below 0.34 A; -0.5 A is the step nearest to -0.4. */
static void test_the_first_lines_are_frames_of_a_real_shape(void **state) {
    (void)state;
    struct run r;
    struct heard h = {.n = 0};
    run_open(&r, "leaf-battery");
    run_set(&r, "mode", "rest");
    run_start(&r, 0);
    (void)ask(&r, &h, "S6\rO\r");
    h.n = 0;
    run_until(&r, MS, hear, &h);
    h.text[h.n] = '\0';
    /* FFE0: -0.5 A; B2 and the top of EA: 357.5 V; the rest of EA: permission, interlock, normal;
     * 2C: 44 % usable */
    assert_memory_equal(h.text, "t1DB8FFE0B2EA2C0000", 19);
    assert_memory_equal(h.text + 22, "t1DC8", 5);
    assert_int_equal(h.n, 44);
}

static void test_time_stamps_are_milliseconds_up_to_a_minute(void **state) {
    (void)state;
    struct run r;
    struct heard h = {.n = 0};
    run_open(&r, "leaf-battery");
    run_start(&r, 7 * S);
    run_until(&r, 7 * S + 61 * S, NULL, NULL);
    (void)ask(&r, &h, "Z1\rS6\rO\r");
    h.n = 0;
    run_until(&r, 7 * S + 61 * S + 10 * MS, hear, &h);
    h.text[h.n] = '\0';
    assert_memory_equal(h.text, "t1DC8", 5); /* its 61.001 s */
    assert_memory_equal(h.text + 21, "03E9\r", 5);
}

static void test_each_frame_keeps_its_period_counter_and_check(void **state) {
    (void)state;
    static const struct {
        const char *generation;
        struct {
            uint16_t id, period_ms;
        } frames[7];
        unsigned pages, kinds;
    } cars[] = {
        /* 5BC of a ZE0 comes five times less often; it has no 59E. 5C0: max, average, min. */
        {"ze0",
         {{0x1DB, 10}, {0x1DC, 10}, {0x55B, 100}, {0x5BC, 500}, {0x5C0, 500}},
         0xE,
         1 << 0 | 1 << 9 | 1 << 10 | 1 << 17 | 1 << 18},
        {"aze0",
         {{0x1DB, 10}, {0x1DC, 10}, {0x55B, 100}, {0x5BC, 100}, {0x59E, 500}, {0x5C0, 500}},
         0xE,
         1 << 0 | 1 << 5 | 1 << 8 | 1 << 11 | 1 << 18 | 1 << 21 | 1 << 24},
        {"ze1",
         {{0x1DB, 10},
          {0x1DC, 10},
          {0x1ED, 10},
          {0x55B, 100},
          {0x5BC, 100},
          {0x59E, 500},
          {0x5C0, 500}},
         0x1,
         0},
    };
    for (size_t c = 0; c < 3; c++) {
        struct run r;
        static struct host h;
        struct heard answer;
        host_open(&h, cars[c].generation);
        run_open(&r, "leaf-battery");
        run_set(&r, "generation", cars[c].generation);
        run_start(&r, 3 * S);
        assert_string_equal(ask(&r, &answer, "S6\rO\r"), "\r\r");
        run_until(&r, 3 * S + 10 * S - 1, host_hears, &h);
        assert_int_equal(h.faults, 0);
        unsigned expected = 0;
        for (size_t i = 0; i < 7 && cars[c].frames[i].id; i++) {
            unsigned id = cars[c].frames[i].id;
            int64_t period_ms = cars[c].frames[i].period_ms;
            unsigned count = (unsigned)(10000 / period_ms);
            assert_int_equal(h.count[id], count);
            assert_int_equal(h.last_ns[id] - h.first_ns[id], (count - 1) * period_ms * MS);
            expected += count;
        }
        assert_int_equal(h.frames, expected);
        assert_int_equal(h.pages, cars[c].pages);
        assert_int_equal(h.kinds, cars[c].kinds);
    }
}

static void test_a_charge_adds_up_ends_and_begins_again(void **state) {
    (void)state;
    struct run r;
    static struct host h;
    struct heard answer;
    host_open(&h, "aze0");
    h.factor = 100;
    run_open(&r, "leaf-battery");
    run_set(&r, "soc", "80");
    run_set(&r, "speed", "100");
    run_start(&r, 0);
    (void)ask(&r, &answer, "S6\rO\r");
    run_until(&r, 10 * S, host_hears, &h);
    assert_int_equal(h.faults, 0);
    assert_in_range(h.current_ma, 15000, 16000); /* 6 kW / 384 V = 15.6 A */
    int64_t before = h.soc_milli;
    h.charged_uas = 0;
    run_until(&r, 20 * S, host_hears, &h);
    /* 72 Ah: the change of charge is the current added up */
    int64_t percent_milli = h.charged_uas / (72 * INT64_C(36000));
    int64_t error = h.soc_milli - before - percent_milli;
    assert_in_range(percent_milli, 5000, 7000);
    assert_in_range(error + 120, 0, 240); /* 2 %; SOC comes in steps of 0.1 % */
    int64_t top = h.soc_milli;
    int64_t at_end = 0;
    while (h.full == 0) {
        at_end = h.current_ma;
        assert_in_range(r.now_ns, 0, 120 * S);
        run_until(&r, r.now_ns + 10 * MS, host_hears, &h);
    }
    assert_in_range(h.soc_milli, top, 100000);
    assert_in_range(h.soc_milli, 99000, 100000);
    assert_in_range(at_end, 0, 1500); /* the current fell before the end */
    assert_in_range(h.voltage_mv, 395000, 396500);
    h.least_ma = 0;
    run_until(&r, r.now_ns + 10 * S, host_hears, &h);
    assert_in_range(-h.least_ma, 7000, 12000); /* something is used */
    while (h.current_ma < 10000) {             /* then it is charged again */
        assert_in_range(r.now_ns, 0, 1200 * S);
        run_until(&r, r.now_ns + 10 * MS, host_hears, &h);
    }
    assert_in_range(h.soc_milli, 79500, 80500);
    assert_int_equal(h.faults, 0);
}

static void test_a_drive_uses_and_regains_until_the_battery_is_low(void **state) {
    (void)state;
    struct run r;
    static struct host h;
    struct heard answer;
    host_open(&h, "ze0");
    h.factor = 50;
    run_open(&r, "leaf-battery");
    run_set(&r, "generation", "ze0");
    run_set(&r, "mode", "drive");
    run_set(&r, "soc", "30");
    run_set(&r, "speed", "50");
    run_start(&r, 0);
    (void)ask(&r, &answer, "S6\rO\r");
    int64_t low = 30000;
    for (int i = 0; i < 120; i++) {
        run_until(&r, r.now_ns + S, host_hears, &h);
        low = h.soc_milli < low ? h.soc_milli : low;
    }
    assert_int_equal(h.faults, 0);
    assert_in_range(low, 9500, 10500); /* then it is charged */
    assert_in_range(h.soc_milli, low + 1000, 80500);
    assert_in_range(-h.least_ma, 80000, 200000); /* pulls away */
    assert_in_range(h.most_ma, 20000, 60000);    /* brakes */
}

static void test_a_caller_who_is_late_loses_frames_and_is_told(void **state) {
    (void)state;
    struct run r;
    struct heard h = {.n = 0};
    run_open(&r, "leaf-battery");
    run_start(&r, 0);
    (void)ask(&r, &h, "S6\rO\r");
    run_until(&r, 100 * MS, NULL, NULL);
    r.now_ns = 3600 * S;
    r.sim->tick(&r.state, r.now_ns);
    assert_true(r.sim->deadline_ns(&r.state) > r.now_ns);
    h.n = 0;
    run_take(&r, hear, &h);
    assert_in_range(h.n, 1, 300);
    assert_string_equal(ask(&r, &h, "F\r"), "F08\r");
    assert_string_equal(ask(&r, &h, "F\r"), "F00\r");
}

static void test_the_same_times_give_the_same_bytes(void **state) {
    (void)state;
    static struct heard a, b;
    struct heard *both[] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        struct run r;
        struct heard answer;
        run_open(&r, "leaf-battery");
        run_start(&r, 9 * S);
        (void)ask(&r, &answer, "S6\rO\r");
        both[i]->n = 0;
        run_until(&r, 9 * S + 700 * MS, hear, both[i]);
    }
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.text, b.text, a.n);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_adapter_answers_like_a_lawicel_adapter),
        cmocka_unit_test(test_frames_come_only_while_the_adapter_is_open_at_the_rate_of_the_car),
        cmocka_unit_test(test_the_first_lines_are_frames_of_a_real_shape),
        cmocka_unit_test(test_time_stamps_are_milliseconds_up_to_a_minute),
        cmocka_unit_test(test_each_frame_keeps_its_period_counter_and_check),
        cmocka_unit_test(test_a_charge_adds_up_ends_and_begins_again),
        cmocka_unit_test(test_a_drive_uses_and_regains_until_the_battery_is_low),
        cmocka_unit_test(test_a_caller_who_is_late_loses_frames_and_is_told),
        cmocka_unit_test(test_the_same_times_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
