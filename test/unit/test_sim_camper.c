/* test_sim_camper.c - the simulated camper van: bytes on its LIN bus, alone and with another leader.
 * SPDX-License-Identifier: MIT */
#include "simrun.h"

#include "voltbus/lin_leader.h"

/* ---- pieces of the line as they come ---- */

struct piece {
    int64_t t_ns;
    uint8_t n, bytes[9];
};

struct pieces {
    size_t count;
    struct piece piece[256];
};

static void keep(void *ctx, int64_t t_ns, const uint8_t *bytes, size_t n) {
    struct pieces *p = ctx;
    assert_in_range(p->count, 0, 255);
    assert_in_range(n, 1, 9);
    struct piece *piece = &p->piece[p->count++];
    piece->t_ns = t_ns;
    piece->n = (uint8_t)n;
    memcpy(piece->bytes, bytes, n);
}

static void open_van(struct run *r, const char *leader) {
    run_open(r, "camper-van");
    run_set(r, "leader", leader);
    run_set(r, "start", "12");
    run_set(r, "shore", "no");
}

/* The period as camper-lin.md prints it. */
static const struct {
    uint16_t at_ms;
    uint8_t pid, answer; /* bytes with checksum, 0 = none */
} period[20] = {
    {0, 0xC1, 9},   {10, 0x42, 9},  {20, 0xC4, 9},  {30, 0x85, 9},  {40, 0xFB, 9},
    {50, 0x06, 0},  {60, 0x97, 0},  {70, 0xD8, 0},  {80, 0x99, 0},  {130, 0x5B, 0},
    {180, 0xC1, 9}, {190, 0x42, 9}, {200, 0x20, 6}, {210, 0xE2, 8}, {220, 0x25, 7},
    {230, 0xA6, 7}, {240, 0x78, 0}, {250, 0x39, 9}, {260, 0xBA, 9}, {270, 0x4C, 0},
};

static void assert_period(const struct pieces *p, int64_t start_ns, uint8_t shore_18,
                          uint8_t shore_19) {
    size_t at = 0;
    for (size_t i = 0; i < 20; i++) {
        uint8_t header[3] = {0x00, 0x55, period[i].pid};
        int64_t t_ns = start_ns + period[i].at_ms * MS;
        assert_true(at < p->count);
        assert_int_equal(p->piece[at].t_ns, t_ns);
        assert_int_equal(p->piece[at].n, 3);
        assert_memory_equal(p->piece[at].bytes, header, 3);
        at++;
        uint8_t answer = period[i].pid == 0xD8   ? shore_18
                         : period[i].pid == 0x99 ? shore_19
                                                 : period[i].answer;
        if (answer) {
            assert_true(at < p->count);
            assert_int_equal(p->piece[at].n, answer);
            assert_in_range(p->piece[at].t_ns, t_ns + MS / 2, t_ns + 2 * MS);
            at++;
        }
    }
    assert_int_equal(at, p->count);
}

static void test_the_van_asks_by_its_schedule_and_answers_itself(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    p.count = 0;
    open_van(&r, "yes");
    run_start(&r, 50 * S);
    run_until(&r, 51 * S - 1, keep, &p);
    assert_int_equal(p.count, 0); /* it listens before it speaks */
    run_until(&r, 51 * S + 360 * MS - 1, keep, &p);
    assert_period(&p, 51 * S, 0, 0);
    p.count = 0;
    run_until(&r, 51 * S + 720 * MS - 1, keep, &p);
    assert_period(&p, 51 * S + 360 * MS, 0, 0);
}

static void test_the_mains_charger_answers_with_shore_power_only(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    p.count = 0;
    open_van(&r, "yes");
    run_set(&r, "shore", "yes");
    run_start(&r, 0);
    run_until(&r, S + 360 * MS - 1, keep, &p);
    assert_period(&p, S, 5, 3);
}

/* The panel at noon: coolbox level 3, light off and set to 4, tone 6. Checksums by hand. */
static void test_bytes_of_the_panel_are_those_of_the_notes(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    p.count = 0;
    open_van(&r, "yes");
    run_start(&r, 0);
    run_until(&r, S + 50 * MS - 1, keep, &p);
    static const uint8_t panel[] = {0x00, 0x30, 0, 0, 0, 0, 0, 0, 0x0E};
    static const uint8_t light[] = {0x00, 0x46, 0, 0, 0, 0, 0, 0, 0x34};
    static const uint8_t led[] = {0, 0, 0, 0, 0, 0, 0, 0, 0x04};
    assert_memory_equal(p.piece[1].bytes, panel, 9);
    assert_memory_equal(p.piece[7].bytes, light, 9);
    assert_memory_equal(p.piece[9].bytes, led, 9);
}

static void test_without_a_panel_01_and_05_stay_bare(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    p.count = 0;
    open_van(&r, "yes");
    run_set(&r, "panel", "no");
    run_start(&r, 0);
    run_until(&r, S + 50 * MS - 1, keep, &p);
    assert_int_equal(p.count, 5 + 3); /* headers; 02, 04, 3B */
}

/* ---- a whole day through the receiver and the rows ---- */

enum { DEVICES = 7 };
static const char *const devices[DEVICES] = {
    "hella-ibs",   "votronic-mppt", "dometic-smp439a",   "nugget-panel",
    "nugget-body", "nugget-led",    "eberspacher-heater"};

struct day {
    struct vb_lin_rx rx;
    struct bench bench[DEVICES];
    unsigned answered[64], bare[64], damaged;
    bool may_be_damaged;
    int64_t factor;
    int64_t current_ma, current_ns;
    int64_t added_uas;    /* current added up */
    int64_t available_ma; /* mAh, as frame 26 says */
    int64_t soc_low, soc_high, cool_low, cool_high, volt_low, volt_high;
    int64_t least_ma, most_ma;
    unsigned modes, tap, pump, fresh, engine, compressor, light, burning;
    unsigned fresh_levels;
};

static void within(int64_t value, int64_t *low, int64_t *high) {
    *low = value < *low ? value : *low;
    *high = value > *high ? value : *high;
}

static void learn(struct day *d, uint32_t id, struct bench *b) {
    switch (id) {
    case 0x01:
        d->pump += sample(b, "pump.on")->raw != 0;
        break;
    case 0x02:
        within(milli(b, "coolbox.temperature"), &d->cool_low, &d->cool_high);
        d->tap += sample(b, "tap.open")->raw != 0;
        d->fresh_levels |= 1u << sample(b, "tank.fresh.level")->raw;
        break;
    case 0x04:
        d->compressor += sample(b, "coolbox.compressor")->raw != 0;
        d->engine += sample(b, "engine.running")->raw != 0;
        /* the two places that say the same do so */
        assert_int_equal(sample(b, "coolbox.compressor")->raw,
                         !sample(b, "coolbox.compressor_copy")->raw);
        assert_int_equal(sample(b, "engine.running")->raw, sample(b, "engine.running_copy")->raw);
        assert_int_equal(sample(b, "ignition.on")->raw, !sample(b, "ignition.on_copy")->raw);
        break;
    case 0x20:
        d->modes |= 1u << sample(b, "solar.mode")->raw;
        break;
    case 0x22:
        if (d->current_ns > 0) {
            d->added_uas += d->current_ma * ((b->frame.t_ns - d->current_ns) / MS) * d->factor;
        }
        d->current_ma = milli(b, "battery.current");
        d->current_ns = b->frame.t_ns;
        within(d->current_ma, &d->least_ma, &d->most_ma);
        within(milli(b, "battery.voltage"), &d->volt_low, &d->volt_high);
        break;
    case 0x25:
        within(milli(b, "battery.soc"), &d->soc_low, &d->soc_high);
        break;
    case 0x26:
        d->available_ma = milli(b, "battery.capacity_available");
        assert_int_equal(milli(b, "battery.capacity_configured"), 190000);
        break;
    case 0x3A:
        d->burning += sample(b, "state.unknown_0")->raw == 0x27;
        break;
    case 0x3B:
        d->light += sample(b, "led.enabled")->raw != 0;
        break;
    default:
        break;
    }
}

static void look(struct day *d, const struct vb_frame *frame) {
    if (frame->fault == VB_FAULT_NO_RESPONSE) {
        d->bare[frame->id]++;
        return;
    }
    if (d->may_be_damaged && !(frame->flags & VB_FRAME_ENHANCED)) { /* or classic, by chance */
        d->damaged++;
        return;
    }
    assert_string_equal(vb_fault_text(frame->fault), "none");
    assert_int_equal(frame->flags & VB_FRAME_ENHANCED, VB_FRAME_ENHANCED);
    d->answered[frame->id]++;
    unsigned owners = 0;
    for (size_t i = 0; i < DEVICES; i++) {
        struct bench *b = &d->bench[i];
        b->frame = *frame;
        if (bench_again(b) == VB_FAULT_NONE && b->reading.message) {
            owners++;
            if (!d->may_be_damaged) {
                assert_all_within_limits(b);
                learn(d, frame->id, b);
            }
        }
    }
    /* a lost byte that was 00 leaves the checksum right, and most frames too short for their row */
    d->damaged += d->may_be_damaged && owners == 0;
    assert_true(owners == 1 || d->may_be_damaged);
}

static void frames(struct day *d) {
    struct vb_frame frame;
    while (vb_lin_rx_next(&d->rx, &frame)) {
        look(d, &frame);
    }
}

static void day_hears(void *ctx, int64_t t_ns, const uint8_t *bytes, size_t n) {
    struct day *d = ctx;
    vb_lin_rx_tick(&d->rx, t_ns);
    frames(d);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(vb_lin_rx_feed(&d->rx, bytes[i], VB_LIN_MARK_NONE, t_ns), VB_OK);
        frames(d);
    }
}

static void open_day(struct day *d) {
    memset(d, 0, sizeof *d);
    vb_lin_rx_init(&d->rx, 19200);
    for (size_t i = 0; i < DEVICES; i++) {
        bench_open(&d->bench[i], devices[i]);
    }
    bench_set(&d->bench[0], "generation", "2");
    d->factor = 1;
    d->soc_low = d->cool_low = d->volt_low = d->least_ma = INT64_MAX;
    d->cool_high = INT64_MIN;
}

static void test_every_frame_of_a_day_decodes_and_the_charge_adds_up(void **state) {
    (void)state;
    struct run r;
    static struct day d;
    open_day(&d);
    d.factor = 72;
    run_open(&r, "camper-van");
    run_set(&r, "day", "20min");
    run_set(&r, "start", "6");
    run_start(&r, 0);
    run_until(&r, 3 * S, day_hears, &d);
    d.added_uas = 0;
    int64_t before = d.available_ma;
    run_until(&r, 500 * S, day_hears, &d); /* up to four in the afternoon */
    int64_t gained = d.available_ma - before;
    assert_in_range(gained, 40000, 70000); /* mAh */
    assert_in_range(d.added_uas / 3600000, gained * 98 / 100, gained * 102 / 100);
    run_until(&r, 850 * S, day_hears, &d); /* up to eleven in the evening */
    d.added_uas = 0;
    before = d.available_ma;
    run_until(&r, 1201 * S, day_hears, &d);
    int64_t used = before - d.available_ma;
    assert_in_range(used, 5000, 30000);
    assert_in_range(-d.added_uas / 3600000, used * 98 / 100, used * 102 / 100);
    vb_lin_rx_tick(&d.rx, INT64_MAX);
    frames(&d);

    /* 3333 periods and a third: the last one ends in its first train */
    assert_in_range(d.answered[0x01], 6666, 6667);
    assert_in_range(d.answered[0x02], 6666, 6667);
    static const uint8_t once[] = {0x04, 0x05, 0x3B, 0x20, 0x22, 0x25, 0x26, 0x39, 0x3A};
    for (size_t i = 0; i < sizeof once; i++) {
        assert_in_range(d.answered[once[i]], 3332, 3334);
        assert_int_equal(d.bare[once[i]], 0);
    }
    static const uint8_t never[] = {0x06, 0x17, 0x1B, 0x38, 0x0C};
    for (size_t i = 0; i < sizeof never; i++) {
        assert_int_equal(d.answered[never[i]], 0);
        assert_in_range(d.bare[never[i]], 3332, 3334);
    }
    /* 3.5 of 24 hours on shore power */
    assert_in_range(d.answered[0x18], 480, 490);
    assert_in_range(d.answered[0x19], 480, 490);
    assert_int_equal(d.rx.skipped, 0);

    assert_int_equal(d.modes, 0x7); /* bulk, absorption, float */
    assert_in_range(d.soc_low, 60000, 70000);
    assert_in_range(d.soc_high, 98000, 100000);
    assert_in_range(d.volt_low, 11800, 12700);
    assert_in_range(d.volt_high, 14300, 14450);
    assert_in_range(-d.least_ma, 8000, 20000); /* the glow plug */
    assert_in_range(d.most_ma, 12000, 40000);
    assert_in_range(d.cool_low, 1000, 3000);
    assert_in_range(d.cool_high, 6000, 8000);
    assert_in_range(d.tap, 20, 1000);
    assert_in_range(d.pump, 20, 1000);
    assert_in_range(d.engine, 60, 80); /* half an hour */
    assert_in_range(d.compressor, 500, 2000);
    assert_in_range(d.light, 700, 900); /* 5 h and a half */
    assert_in_range(d.burning, 300, 2000);
    assert_true((d.fresh_levels & (d.fresh_levels - 1)) != 0); /* more than one level */
}

static void test_damaged_responses_are_as_many_as_wanted(void **state) {
    (void)state;
    struct run r;
    static struct day d;
    open_day(&d);
    d.may_be_damaged = true;
    run_open(&r, "camper-van");
    run_set(&r, "noise", "100");
    run_start(&r, 0);
    run_until(&r, 101 * S, day_hears, &d);
    /* 278 periods with 13 responses make 361; not seen where a lost 00 leaves a length that a row
     * of many lengths (04, 39, 3A, 3B) allows */
    assert_in_range(d.damaged, 240, 380);
}

/* ---- followers of another leader ---- */

static uint8_t enhanced_by_hand(uint8_t pid, const uint8_t *data, size_t n) {
    unsigned sum = pid;
    for (size_t i = 0; i < n; i++) {
        sum += data[i];
        sum = sum > 255 ? sum - 255 : sum;
    }
    return (uint8_t)~sum;
}

/* Say something at once, and hear what comes within 5 ms. */
static const struct piece *say(struct run *r, struct pieces *p, const uint8_t *bytes, size_t n) {
    p->count = 0;
    run_feed(r, bytes, n);
    run_until(r, r->now_ns + 5 * MS, keep, p);
    assert_in_range(p->count, 0, 1);
    return p->count ? &p->piece[0] : NULL;
}

static void assert_answer(const struct piece *piece, uint8_t pid, size_t n) {
    assert_non_null(piece);
    assert_int_equal(piece->n, n + 1);
    assert_int_equal(piece->bytes[n], enhanced_by_hand(pid, piece->bytes, n));
}

static void test_a_follower_answers_a_header_within_milliseconds(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    open_van(&r, "no");
    run_start(&r, 0);
    run_until(&r, 10 * S, keep, &p);
    assert_int_equal(p.count, 0); /* and says nothing by itself */
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0xE2)), 0xE2, 7);
    assert_answer(say(&r, &p, BYTES(0x55, 0xE2)), 0xE2, 7); /* an adapter that loses breaks */
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0x25)), 0x25, 6);
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0xA6)), 0xA6, 6);
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0x20)), 0x20, 5);
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0x42)), 0x42, 8);
    assert_null(say(&r, &p, BYTES(0x00)));
    assert_null(say(&r, &p, BYTES(0x55)));
    assert_answer(say(&r, &p, BYTES(0xE2)), 0xE2, 7); /* a byte at a time */
}

static void test_a_follower_keeps_silent_where_nobody_would_answer(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    open_van(&r, "no");
    run_start(&r, 0);
    static const uint8_t pids[] = {
        0x06, 0x97, 0xD8, 0x99, 0x5B,
        0x78, 0x4C, 0xC1, 0x85, /* the panel's: the leader says those itself */
        0x3C, 0x7D};            /* diagnostics */
    for (size_t i = 0; i < sizeof pids; i++) {
        assert_null(say(&r, &p, BYTES(0x00, 0x55, pids[i])));
        run_until(&r, r.now_ns + 30 * MS, NULL, NULL);
    }
    assert_null(say(&r, &p, BYTES(0x00, 0x55, 0x22))); /* an id without its parity */
    run_set(&r, "panel", "yes");
    run_start(&r, r.now_ns);
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0xC1)), 0xC1, 8);
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0x85)), 0x85, 8);
}

static void test_a_follower_lives_through_garbage_and_half_headers(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    open_van(&r, "no");
    run_start(&r, 0);
    assert_null(say(&r, &p, BYTES(0xFF, 0x00, 0x12, 0x34, 0x00, 0x00, 0x55)));
    assert_answer(say(&r, &p, BYTES(0x55, 0xE2)), 0xE2, 7);
    assert_null(say(&r, &p, BYTES(0x00, 0x55)));
    run_until(&r, r.now_ns + 50 * MS, NULL, NULL);
    assert_null(say(&r, &p, BYTES(0xE2))); /* too late to belong to it */
    uint32_t x = 1;
    for (int i = 0; i < 20000; i++) {
        x = x * 1664525u + 1013904223u;
        uint8_t byte = (uint8_t)(x >> 24);
        run_feed(&r, &byte, 1);
        run_until(&r, r.now_ns + x % 3 * MS, NULL, NULL);
    }
    run_until(&r, r.now_ns + 100 * MS, NULL, NULL);
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0xE2)), 0xE2, 7);
}

static void test_a_new_header_ends_the_answer_to_the_one_before(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    open_van(&r, "no");
    run_start(&r, 0);
    run_feed(&r, BYTES(0x00, 0x55, 0xE2));
    run_until(&r, r.now_ns + MS / 2, NULL, NULL);
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0x25)), 0x25, 6);
    run_feed(&r, BYTES(0x00, 0x55, 0xE2));
    assert_null(say(&r, &p, BYTES(0x00, 0x55, 0x06))); /* nobody's: then nothing comes */
}

/* 05 with intensity 7, tone 5: FA = 85 + 75, so 05 is its checksum. FB + 01 + 75 = 171, carry 72:
 * 8D. */
static void test_the_light_follows_what_05_says(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    static const uint8_t off[] = {0, 0, 0, 0, 0, 0, 0, 0, 0x04};
    static const uint8_t on[] = {0x01, 0x75, 0, 0, 0, 0, 0, 0, 0x8D};
    open_van(&r, "no");
    run_start(&r, 0);
    const struct piece *piece = say(&r, &p, BYTES(0x00, 0x55, 0xFB));
    assert_answer(piece, 0xFB, 8);
    assert_memory_equal(piece->bytes, off, 9);
    /* a wrong checksum is not obeyed */
    assert_null(say(&r, &p, BYTES(0x00, 0x55, 0x85, 0x00, 0x75, 0, 0, 0, 0, 0, 0, 0x06)));
    run_until(&r, r.now_ns + 360 * MS, NULL, NULL);
    assert_memory_equal(say(&r, &p, BYTES(0x00, 0x55, 0xFB))->bytes, off, 9);
    run_until(&r, r.now_ns + 360 * MS, NULL, NULL);
    /* nor is what no light has: intensity 15, FA + FF - FF + ... = 85 + F5, carry 7B: 84 */
    assert_null(say(&r, &p, BYTES(0x00, 0x55, 0x85, 0x00, 0xF5, 0, 0, 0, 0, 0, 0, 0x84)));
    run_until(&r, r.now_ns + 360 * MS, NULL, NULL);
    assert_int_equal(say(&r, &p, BYTES(0x00, 0x55, 0xFB))->bytes[0], 0);
    run_until(&r, r.now_ns + 360 * MS, NULL, NULL);
    assert_null(say(&r, &p, BYTES(0x00, 0x55, 0x85, 0x00, 0x75, 0, 0, 0, 0, 0, 0, 0x05)));
    run_until(&r, r.now_ns + 360 * MS, NULL, NULL);
    assert_memory_equal(say(&r, &p, BYTES(0x00, 0x55, 0xFB))->bytes, on, 9);
}

static void test_the_coolbox_cools_when_its_level_is_set(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    open_van(&r, "no");
    run_set(&r, "day", "10min"); /* an hour takes 25 s */
    run_start(&r, 0);
    run_until(&r, 25 * S, NULL, NULL);
    assert_int_equal(say(&r, &p, BYTES(0x00, 0x55, 0xC4))->bytes[1] & 0x02, 0);
    int warm = 25 - say(&r, &p, BYTES(0x00, 0x55, 0x42))->bytes[4];
    if (warm > 127) {
        warm -= 256;
    }
    assert_in_range(warm, 15, 30);
    run_until(&r, r.now_ns + 100 * MS, NULL, NULL);
    assert_null(say(&r, &p, BYTES(0x00, 0x55, 0xC1, 0x00, 0x30, 0, 0, 0, 0, 0, 0, 0x0E)));
    run_until(&r, r.now_ns + S, NULL, NULL);
    assert_int_equal(say(&r, &p, BYTES(0x00, 0x55, 0xC4))->bytes[1] & 0x02, 0x02);
    int before = warm;
    for (int hour = 0; hour < 2; hour++) {
        run_until(&r, r.now_ns + 12 * S, NULL, NULL);
        int cool = 25 - say(&r, &p, BYTES(0x00, 0x55, 0x42))->bytes[4];
        assert_true(cool < before);
        before = cool;
    }
    run_until(&r, r.now_ns + 100 * S, NULL, NULL);
    int cool = 25 - say(&r, &p, BYTES(0x00, 0x55, 0x42))->bytes[4];
    assert_in_range(cool, 4, 8);
}

/* ---- two leaders ---- */

static void test_the_van_gives_way_to_another_leader_and_comes_back(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    open_van(&r, "yes");
    run_start(&r, 0);
    run_until(&r, 2 * S + 115 * MS, NULL, NULL); /* in a pause of its schedule */
    assert_answer(say(&r, &p, BYTES(0x00, 0x55, 0xE2)), 0xE2, 7);
    /* the panel's frames are the other leader's now */
    assert_null(say(&r, &p, BYTES(0x00, 0x55, 0xC1)));
    int64_t last_ns = r.now_ns;
    p.count = 0;
    run_until(&r, last_ns - 5 * MS + 6 * S - 1, keep, &p);
    assert_int_equal(p.count, 0); /* 5 s until it listens, 1 s until it leads */
    run_until(&r, last_ns + 6 * S + 20 * MS, keep, &p);
    assert_in_range(p.count, 3, 6);
    assert_memory_equal(p.piece[0].bytes, "\x00\x55\xC1", 3);
}

static void test_the_van_is_not_afraid_of_its_own_echo(void **state) {
    (void)state;
    struct run r;
    static struct pieces p;
    open_van(&r, "yes");
    run_start(&r, 0);
    run_until(&r, S - 1, NULL, NULL);
    for (int i = 0; i < 100; i++) {
        p.count = 0;
        run_until(&r, r.now_ns + MS, keep, &p);
        for (size_t k = 0; k < p.count; k++) { /* a transceiver gives back what it sends */
            run_feed(&r, p.piece[k].bytes, p.piece[k].n);
        }
    }
    p.count = 0;
    run_until(&r, S + 360 * MS - 1, NULL, NULL);
    run_until(&r, S + 720 * MS - 1, keep, &p);
    assert_period(&p, S + 360 * MS, 0, 0);
}

/* The library's leader and the van as its followers: both hear each other, nothing is lost. */
static void test_the_leader_of_the_library_and_the_van_go_together(void **state) {
    (void)state;
    struct run r;
    static struct day d;
    struct vb_lin_leader leader;
    static const uint8_t panel[8] = {0x00, 0x50};
    static const uint8_t light[8] = {0x00, 0x93};
    open_day(&d);
    open_van(&r, "no");
    run_start(&r, 0);
    vb_lin_leader_init(&leader, vb_lin_schedule_find("nugget"), 0);
    assert_int_equal(vb_lin_leader_publish(&leader, 0x01, 0, panel, 8), VB_OK);
    assert_int_equal(vb_lin_leader_publish(&leader, 0x05, 0, light, 8), VB_OK);
    while (r.now_ns < 20 * S) {
        int64_t due_ns = vb_lin_leader_deadline_ns(&leader);
        run_until(&r, due_ns, day_hears, &d);
        vb_lin_leader_tick(&leader, due_ns);
        struct vb_frame frame;
        while (vb_lin_leader_take(&leader, &frame)) {
            uint8_t bytes[12];
            int n = vb_lin_put_header((uint8_t)frame.id, bytes);
            if (frame.len > 0) {
                n += vb_lin_put_response((uint8_t)frame.id, 0, frame.data, frame.len, bytes + 3, 9);
            }
            day_hears(&d, r.now_ns, bytes, (size_t)n);
            run_feed(&r, bytes, (size_t)n);
        }
    }
    assert_int_equal(leader.yields, 0);
    assert_in_range(d.answered[0x01], 104, 107); /* 19 s */
    assert_in_range(d.answered[0x22], 51, 54);
    assert_in_range(d.answered[0x3B], 51, 54);
    assert_int_equal(d.bare[0x02] + d.bare[0x04] + d.bare[0x22] + d.bare[0x3B], 0);
    assert_in_range(d.light, 50, 54);
    static struct pieces p;
    assert_memory_equal(say(&r, &p, BYTES(0x00, 0x55, 0xFB))->bytes, "\x01\x93", 2);
    assert_int_equal(say(&r, &p, BYTES(0x00, 0x55, 0xC4))->bytes[1] & 0x02, 0x02);
}

static void test_the_same_times_give_the_same_bytes(void **state) {
    (void)state;
    static struct pieces p[2];
    for (int i = 0; i < 2; i++) {
        struct run r;
        run_open(&r, "camper-van");
        run_set(&r, "day", "1h");
        run_start(&r, 9 * S);
        run_until(&r, 30 * S, NULL, NULL);
        struct run copy = r; /* a state may be copied */
        p[i].count = 0;
        run_until(i == 0 ? &r : &copy, 31 * S, keep, &p[i]);
    }
    assert_memory_equal(&p[0], &p[1], sizeof p[0]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_van_asks_by_its_schedule_and_answers_itself),
        cmocka_unit_test(test_the_mains_charger_answers_with_shore_power_only),
        cmocka_unit_test(test_bytes_of_the_panel_are_those_of_the_notes),
        cmocka_unit_test(test_without_a_panel_01_and_05_stay_bare),
        cmocka_unit_test(test_every_frame_of_a_day_decodes_and_the_charge_adds_up),
        cmocka_unit_test(test_damaged_responses_are_as_many_as_wanted),
        cmocka_unit_test(test_a_follower_answers_a_header_within_milliseconds),
        cmocka_unit_test(test_a_follower_keeps_silent_where_nobody_would_answer),
        cmocka_unit_test(test_a_follower_lives_through_garbage_and_half_headers),
        cmocka_unit_test(test_a_new_header_ends_the_answer_to_the_one_before),
        cmocka_unit_test(test_the_light_follows_what_05_says),
        cmocka_unit_test(test_the_coolbox_cools_when_its_level_is_set),
        cmocka_unit_test(test_the_van_gives_way_to_another_leader_and_comes_back),
        cmocka_unit_test(test_the_van_is_not_afraid_of_its_own_echo),
        cmocka_unit_test(test_the_leader_of_the_library_and_the_van_go_together),
        cmocka_unit_test(test_the_same_times_give_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
