/* test_sim_leaf_car.c - the simulated Leaf without its VCM: woken, driven and charged by literal frames and by the machine
 * leaf-vcm, in virtual time over slcan; energy adds up, faults, and what it does when its VCM falls silent.
 * SPDX-License-Identifier: MIT */
#include "simrun.h"

#include "voltbus/leaf_vcu.h"
#include "voltbus/slcan.h"

extern const struct vb_device vb_device_leaf_vcm;
#define VM (&vb_machine_leaf_vcu)
enum { READY, GEAR, TORQUE, POWER, DCDC };

/* A host with the machine, or without one. */
struct host {
    struct run sim;
    struct vb_slcan line;
    struct vb_leaf_vcu m;
    struct vb_instance vcm;
    bool alive; /* the machine is ticked and what it sends goes out */
    struct bench battery, inverter, charger;
    unsigned count[0x800], faults;
    int64_t first_ns[0x800], last_ns[0x800];
    uint8_t len[0x800];
    int64_t ma, mv, soc, torque, rpm, bus, power, power_max, alive_answer;
    int64_t battery_mj, shaft_mj; /* millijoules: out of the battery; out of the motor */
};

static bool read_frame(struct bench *b, const struct vb_frame *frame) {
    b->frame = *frame;
    return bench_again(b) == VB_FAULT_NONE && b->reading.message;
}

static void look(struct host *h, const struct vb_frame *frame, int64_t t_ns) {
    static const uint16_t inverters[] = {0x1DA, 0x55A, 0x120},
                          chargers[] = {0x390, 0x393, 0x380, 0x5BF, 0x679};
    struct bench *b = &h->battery;
    for (size_t i = 0; i < 3; i++) {
        b = inverters[i] == frame->id ? &h->inverter : b;
    }
    for (size_t i = 0; i < 5; i++) {
        b = chargers[i] == frame->id ? &h->charger : b;
    }
    if (h->count[frame->id]++ == 0) {
        h->first_ns[frame->id] = t_ns;
    }
    h->last_ns[frame->id] = t_ns;
    h->len[frame->id] = (uint8_t)frame->len;
    if (!read_frame(b, frame)) {
        h->faults++;
        return;
    }
    switch (frame->id) {
    case 0x1DB:
        if (sample(b, "battery.current")) {
            h->ma = milli(b, "battery.current");
            h->mv = milli(b, "battery.voltage");
            h->battery_mj -= h->ma * h->mv / 100000;
        }
        break;
    case 0x1DA:
        if (sample(b, "inverter.voltage")) {
            h->bus = milli(b, "inverter.voltage");
            h->torque = milli(b, "motor.torque");
            h->rpm = milli(b, "motor.speed") / 1000;
            h->shaft_mj += h->torque * h->rpm * 10 / 9549;
        }
        break;
    case 0x390:
    case 0x380:
        h->power_max = milli(b, "charger.power_max") / 1000;
        h->power = frame->id == 0x390 ? milli(b, "charger.power") / 1000 : 0;
        break;
    case 0x55B:
        h->soc = milli(b, "battery.soc");
        h->alive_answer = sample(b, "battery.alive_answer")->raw;
        break;
    default:
        break;
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
                e.frame.t_ns = t_ns;
                look(h, &e.frame, t_ns);
                if (h->alive) {
                    VM->heard(&h->m, &e.frame, t_ns);
                }
            }
        }
    }
}

static void say(struct host *h, const char *text) {
    h->sim.sim->feed(&h->sim.state, (const uint8_t *)text, strlen(text), h->sim.now_ns);
}

static void pump(struct host *h) {
    struct vb_frame frame;
    VM->tick(&h->m, h->sim.now_ns);
    while (VM->take(&h->m, &frame)) {
        char line[VB_SLCAN_TEXT];
        int n = vb_slcan_put_frame(&frame, -1, line);
        assert_true(n > 0);
        h->sim.sim->feed(&h->sim.state, (const uint8_t *)line, (size_t)n, h->sim.now_ns);
    }
}

static void pass(struct host *h, int ms) {
    for (int i = 0; i < ms; i++) {
        run_until(&h->sim, h->sim.now_ns + MS, host_hears, h);
        if (h->alive) {
            pump(h);
        }
    }
}

static void host_open(struct host *h, const char *generation, const char *more, const char *value) {
    memset(h, 0, sizeof *h);
    vb_slcan_init(&h->line, VB_SLCAN_HOST);
    run_open(&h->sim, "leaf");
    run_set(&h->sim, "generation", generation);
    if (more) {
        run_set(&h->sim, more, value);
    }
    run_start(&h->sim, 1000 * S);
    bench_open(&h->battery, "leaf-battery");
    bench_open(&h->inverter, "leaf-inverter");
    bench_open(&h->charger, "leaf-charger");
    bench_set(&h->battery, "generation", generation);
    bench_set(&h->inverter, "generation", generation);
    bench_set(&h->charger, "generation", generation);
    vb_instance_init(&h->vcm, &vb_device_leaf_vcm, NULL, 0);
    assert_int_equal(vb_instance_set(&h->vcm, "generation", generation), VB_OK);
    VM->init(&h->m, h->sim.now_ns);
    VM->beside(&h->m, &h->vcm);
    h->alive = true;
    say(h, "S6\rO\r");
}

static void wish(struct host *h, size_t i, int64_t raw) {
    char why[VB_MACHINE_WHY];
    assert_int_equal(VM->ready(&h->m, i, why), VB_REFUSAL_NONE);
    VM->wish(&h->m, i, true, raw, h->sim.now_ns);
}
static void release(struct host *h, size_t i) {
    VM->wish(&h->m, i, false, (int64_t[]){0, 1, 0, 100, 32}[i], h->sim.now_ns);
}

static void until(struct host *h, enum vb_leaf_state state, int ms) {
    for (int i = 0; i < ms && h->m.state != state; i += 10) {
        pass(h, 10);
    }
    assert_string_equal(VM->state(&h->m, NULL), vb_leaf_state_text(state));
}

static void change(struct host *h, const char *key, const char *text) {
    int i = vb_key_find(h->sim.sim->keys, h->sim.sim->key_count, key, strlen(key));
    struct vb_value value;
    assert_true(i >= 0 && h->sim.sim->live >> i & 1);
    assert_int_equal(vb_key_parse(&h->sim.sim->keys[i], text, strlen(text), &value, NULL), VB_OK);
    assert_null(h->sim.sim->change(&h->sim.state, (size_t)i, &value, h->sim.now_ns));
}

static void driving(struct host *h, const char *generation) {
    host_open(h, generation, NULL, NULL);
    pass(h, 100);
    wish(h, READY, 1);
    until(h, VB_LEAF_READY, 3000);
    pass(h, 200);
    wish(h, GEAR, 4);
    pass(h, 200);
}

static void charging(struct host *h, const char *generation, int64_t raw) {
    host_open(h, generation, "plugged", "yes");
    pass(h, 100);
    wish(h, POWER, raw);
    until(h, VB_LEAF_CHARGE, 6000);
    pass(h, 6000);
}

/* ---- without the machine ---- */

static void test_it_sleeps_until_50b_wakes_it(void **state) {
    (void)state;
    struct host h;
    host_open(&h, "ze0", "plugged", "no");
    h.alive = false;
    pass(&h, 3000);
    assert_int_equal(h.count[0x1DB] + h.count[0x1DA] + h.count[0x380], 0);
    say(&h, "t50B6000000C00060\r");
    pass(&h, 1000);
    assert_in_range(h.count[0x1DB], 90, 96);
    assert_in_range(h.count[0x1DA], 76, 82);
    assert_in_range(h.count[0x380], 8, 10);
    assert_int_equal(h.faults, 0);
    assert_int_equal(h.ma, 0);
    say(&h, "t50C60000000100B2\r"); /* without its CRC: nobody answers that */
    pass(&h, 200);
    say(&h, "t50C600000000B2A6\r");
    pass(&h, 200);
    assert_int_equal(h.alive_answer, 0xAA);
    say(&h, "t50C6000000015D5F\r");
    pass(&h, 200);
    assert_int_equal(h.alive_answer, 0x55);
    say(&h, "t50B6000000000000\r");
    pass(&h, 50);
    unsigned before = h.count[0x1DB];
    pass(&h, 1000);
    assert_int_equal(h.count[0x1DB], before);
}

static void test_recorded_frames_of_a_vcm_close_its_relays(void **state) {
    (void)state;
    struct host h;
    host_open(&h, "ze0", NULL, NULL);
    h.alive = false;
    say(&h, "t50B6000000C00060\r");
    pass(&h, 600);
    assert_in_range(h.bus, 0, 2000);
    /* recorded, counter 0; the same counter again does not count, so the box hears it once in 250 ms */
    say(&h, "t1D48F7070000034670BB\r");
    pass(&h, 80);
    int64_t some = h.bus;
    assert_in_range(some, 150000, 340000);
    pass(&h, 500); /* silence: it is open again, and the inverter discharges */
    assert_true(h.bus < some);
    assert_int_equal(h.ma, 0);
}

/* What came with this id, all data bytes one behind the other. */
struct group {
    uint8_t bytes[64 * 8];
    unsigned n;
};

static void group_hears(void *ctx, int64_t t_ns, const uint8_t *bytes, size_t n) {
    struct group *g = ctx;
    struct vb_slcan line;
    (void)t_ns;
    vb_slcan_init(&line, VB_SLCAN_HOST);
    while (n > 0) {
        struct vb_slcan_event e;
        size_t used = vb_slcan_feed(&line, bytes, n);
        bytes += used;
        n -= used;
        while (vb_slcan_next(&line, &e)) {
            if (e.what == VB_SLCAN_FRAME && e.frame.id == 0x7BB) {
                assert_int_equal(e.frame.len, 8);
                assert_true(g->n + 8 <= sizeof g->bytes);
                memcpy(g->bytes + g->n, e.frame.data, 8);
                g->n += 8;
            }
        }
    }
}

static void listen(struct host *h, struct group *g, int ms) {
    run_until(&h->sim, h->sim.now_ns + ms * MS, group_hears, g);
}

static void test_the_battery_answers_for_its_groups(void **state) {
    (void)state;
    struct host h;
    static struct group g;
    memset(&g, 0, sizeof g);
    host_open(&h, "aze0", NULL, NULL);
    h.alive = false;
    say(&h, "t79B80221010000000000\r");
    listen(&h, &g, 200);
    assert_int_equal(g.n, 0); /* it sleeps */
    say(&h, "t50B7000000C0000000\r");
    listen(&h, &g, 600);
    say(&h, "t79B80221020000000000\r");
    listen(&h, &g, 100);
    assert_int_equal(g.n, 8);
    assert_memory_equal(g.bytes, "\x10\xC6\x61\x02", 4); /* 198 bytes */
    say(&h, "t79B83000000000000000\r");
    listen(&h, &g, 200);
    assert_int_equal(g.n, 8 * 29);
    unsigned sum = 0, at = 0;
    uint8_t whole[210];
    for (unsigned i = 0; i < 29; i++) {
        unsigned from = i == 0 ? 2 : 1;
        if (i > 0) {
            assert_int_equal(g.bytes[8 * i], 0x20 | i % 16);
        }
        memcpy(whole + at, g.bytes + 8 * i + from, 8 - from);
        at += 8 - from;
    }
    for (unsigned i = 0; i < 96; i++) {
        unsigned cell = (unsigned)whole[2 + 2 * i] << 8 | whole[3 + 2 * i];
        assert_in_range(cell, 3600, 3950);
        sum += cell;
    }
    unsigned pack = (unsigned)whole[194] << 8 | whole[195];
    assert_in_range(sum, pack * 10 - 20, pack * 10 + 20); /* the cells are the pack */
    g.n = 0;
    say(&h, "t79B80221610000000000\r"); /* one that it has not */
    listen(&h, &g, 100);
    assert_int_equal(g.n, 8);
    assert_memory_equal(g.bytes, "\x03\x7F\x21\x12", 4);
    g.n = 0;
    say(&h, "t79B8043103000000000000\r"); /* too long a line: BEL */
    say(&h, "t79B80431030000000000\r");   /* a service that writes */
    listen(&h, &g, 100);
    assert_memory_equal(g.bytes, "\x03\x7F\x31\x11", 4);
}

/* ---- with it ---- */

static void test_periods_are_those_of_the_generations(void **state) {
    (void)state;
    static const struct {
        const char *generation;
        struct {
            uint16_t id, ms;
        } rows[10];
    } cases[] = {
        {"ze0",
         {{0x1DB, 10},
          {0x1DC, 10},
          {0x55B, 100},
          {0x5BC, 500},
          {0x1DA, 10},
          {0x55A, 100},
          {0x380, 100},
          {0x5BF, 100},
          {0x390, 0},
          {0x59E, 0}}},
        {"aze0",
         {{0x1DB, 10},
          {0x1DC, 10},
          {0x55B, 100},
          {0x5BC, 100},
          {0x1DA, 10},
          {0x55A, 100},
          {0x390, 100},
          {0x393, 100},
          {0x380, 0},
          {0x59E, 500}}},
        {"ze1",
         {{0x1DB, 10},
          {0x1DC, 10},
          {0x1ED, 10},
          {0x120, 10},
          {0x1DA, 10},
          {0x55A, 100},
          {0x390, 100},
          {0x393, 100},
          {0x5BF, 0},
          {0x59E, 500}}},
    };
    for (size_t i = 0; i < 3; i++) {
        struct host h;
        host_open(&h, cases[i].generation, NULL, NULL);
        wish(&h, READY, 1);
        until(&h, VB_LEAF_READY, 3000);
        memset(h.count, 0, sizeof h.count);
        pass(&h, 2000);
        for (size_t r = 0; r < 10; r++) {
            unsigned ms = cases[i].rows[r].ms;
            assert_int_equal(h.count[cases[i].rows[r].id], ms ? 2000 / ms : 0);
        }
        assert_int_equal(h.faults, 0);
    }
}

static void test_it_drives_and_its_energy_adds_up(void **state) {
    (void)state;
    static const char *const cars[] = {"ze0", "aze0", "ze1"};
    for (size_t i = 0; i < 3; i++) {
        struct host h;
        driving(&h, cars[i]);
        assert_in_range(h.bus, 330000, 400000);
        assert_in_range(-h.ma, 0, 2500);
        int64_t soc = h.soc;
        h.battery_mj = h.shaft_mj = 0;
        wish(&h, TORQUE, 400); /* 100 Nm for 10 s */
        pass(&h, 10000);
        assert_int_equal(h.torque, 100000);
        assert_in_range(h.rpm, 3200, 4000);
        /* 93 % of what the battery gave but 250 W of the rest of the car */
        int64_t expected_mj = h.shaft_mj * 100 / 93 + 250 * 10 * 1000;
        assert_in_range(h.battery_mj, expected_mj * 97 / 100, expected_mj * 103 / 100);
        assert_true(h.soc < soc || i == 2);
        /* and back */
        wish(&h, TORQUE, -200);
        pass(&h, 1000);
        assert_int_equal(h.torque, -50000);
        assert_true(h.ma > 20000);
        h.battery_mj = h.shaft_mj = 0;
        pass(&h, 3000);
        expected_mj = h.shaft_mj * 93 / 100 + 250 * 3 * 1000;
        assert_true(h.battery_mj < 0 && expected_mj < 0);
        assert_in_range(-h.battery_mj, -expected_mj * 96 / 100, -expected_mj * 104 / 100);
        release(&h, TORQUE);
        pass(&h, 200);
        assert_int_equal(h.torque, 0);
        release(&h, READY);
        pass(&h, 5000); /* it rolls, and the relays stay closed */
        assert_int_equal(h.m.state, VB_LEAF_COAST);
        assert_in_range(h.bus, 330000, 400000);
        change(&h, "load", "bench");
        until(&h, VB_LEAF_OFF, 20000);
        assert_true(h.rpm < 100 && h.rpm > -100);
        const char *why;
        VM->state(&h.m, &why);
        assert_string_equal(why, "");
        assert_true(h.bus < 60000);
    }
}

static void test_it_charges_and_its_energy_adds_up(void **state) {
    (void)state;
    struct host h;
    charging(&h, "aze0", 133);
    assert_int_equal(h.power_max, 3300);
    assert_int_equal(h.power, 3300);
    h.battery_mj = 0;
    pass(&h, 10000);
    assert_in_range(-h.battery_mj, 30 * 1000000, 31500000); /* 3.3 kW less 250 W, 10 s */
    VM->wish(&h.m, POWER, true, 110, h.sim.now_ns);
    pass(&h, 500);
    assert_int_equal(h.power, 1000);
    change(&h, "mains", "700");
    pass(&h, 500);
    assert_int_equal(h.power, 700);
    change(&h, "mains", "3300");
    pass(&h, 1000);
    assert_int_equal(h.power, 1000);
    release(&h, POWER);
    until(&h, VB_LEAF_OFF, 6000);
    assert_int_equal(h.power, 0);
    assert_true(h.bus < 60000);
    wish(&h, POWER, 120); /* and again */
    until(&h, VB_LEAF_CHARGE, 6000);
    pass(&h, 6000);
    assert_int_equal(h.power, 2000);
}

static void test_a_ze0_and_a_ze1_charge_too(void **state) {
    (void)state;
    struct host h;
    charging(&h, "ze0", 133);
    assert_in_range(h.ma, 7000, 9000);
    charging(&h, "ze1", 133);
    assert_int_equal(h.power, 3300);
}

static void test_a_full_battery_ends_the_charge(void **state) {
    (void)state;
    struct host h;
    host_open(&h, "aze0", "soc", "98");
    change(&h, "plugged", "yes");
    change(&h, "speed", "1000");
    wish(&h, POWER, 133);
    until(&h, VB_LEAF_CHARGE, 6000);
    until(&h, VB_LEAF_OFF, 60000);
    const char *why;
    VM->state(&h.m, &why);
    assert_string_equal(why, "the battery is full, or ends the charge");
    assert_true(h.soc >= 99000);
}

static void test_a_vcm_that_dies_leaves_no_torque_and_no_closed_relay(void **state) {
    (void)state;
    struct host h;
    driving(&h, "aze0");
    wish(&h, TORQUE, 400);
    pass(&h, 3000);
    assert_int_equal(h.torque, 100000);
    h.alive = false;
    pass(&h, 240);
    assert_int_equal(h.torque, 100000);
    pass(&h, 200);
    assert_int_equal(h.torque, 0);
    assert_int_equal(h.ma, 0);
    pass(&h, 3000);
    assert_true(h.bus < 60000);
    charging(&h, "aze0", 133);
    h.alive = false;
    pass(&h, 400);
    assert_int_equal(h.power, 0);
    assert_int_equal(h.ma, 0);
}

static void test_each_fault_is_found_by_the_machine(void **state) {
    (void)state;
    static const struct {
        const char *fault, *why;
        bool charge;
    } cases[] = {
        {"inverter-crc", "the inverter (1DA) is silent", false},
        {"inverter-counter", "frames are damaged (CRC, sum or counter)", false},
        {"inverter-silent", "the inverter (1DA) is silent", false},
        {"inverter-error", "the inverter reports an error", false},
        {"hot", "the inverter reports an error", false},
        {"battery-crc", "the battery (1DB, 1DC) is silent", false},
        {"battery-counter", "frames are damaged (CRC, sum or counter)", false},
        {"battery-silent", "the battery (1DB, 1DC) is silent", true},
        {"battery-stop", "the battery asks for the relays to open", true},
        {"charger-sum", "frames are damaged (CRC, sum or counter)", true},
        {"charger-silent", "the charger (390, 380) is silent", true},
        {"refuse", "the charger has no mains (unplugged?)", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct host h;
        if (cases[i].charge) {
            charging(&h, "aze0", 133);
        } else {
            driving(&h, "aze0");
            wish(&h, TORQUE, 400);
            pass(&h, 2000);
            assert_int_equal(h.torque, 100000);
        }
        change(&h, "fault", cases[i].fault);
        for (int t = 0; t < 3000 && h.m.fault == VB_LEAF_TROUBLE_COUNT; t++) {
            pass(&h, 1);
        }
        const char *why;
        VM->state(&h.m, &why);
        assert_string_equal(why, cases[i].why);
        change(&h, "fault", "none");
        until(&h, VB_LEAF_OFF, 7000);
        assert_true(h.bus < 60000);
        assert_int_equal(h.torque, 0);
    }
}

static void test_what_never_closes_and_what_never_opens(void **state) {
    (void)state;
    struct host h;
    const char *why;
    host_open(&h, "aze0", "fault", "no-precharge");
    wish(&h, READY, 1);
    until(&h, VB_LEAF_OFF, 8000);
    VM->state(&h.m, &why);
    assert_string_equal(why, "precharging took too long");
    driving(&h, "aze0");
    change(&h, "fault", "welded");
    release(&h, READY);
    until(&h, VB_LEAF_OFF, 9000);
    VM->state(&h.m, &why);
    assert_string_equal(why, "DANGER: the bus may still have high voltage");
    for (int ze0 = 0; ze0 < 2; ze0++) {
        host_open(&h, ze0 ? "ze0" : "aze0", NULL, NULL);
        wish(&h, POWER, 133);
        until(&h, VB_LEAF_OFF, 40000);
        VM->state(&h.m, &why);
        assert_string_equal(why, "the charger did not get ready: not plugged in, or it refuses");
    }
    host_open(&h, "aze0", "parts", "battery");
    wish(&h, READY, 1);
    until(&h, VB_LEAF_OFF, 8000);
    VM->state(&h.m, &why);
    assert_string_equal(why, "somebody did not wake up");
    assert_int_equal(h.count[0x1DA], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_sleeps_until_50b_wakes_it),
        cmocka_unit_test(test_recorded_frames_of_a_vcm_close_its_relays),
        cmocka_unit_test(test_the_battery_answers_for_its_groups),
        cmocka_unit_test(test_periods_are_those_of_the_generations),
        cmocka_unit_test(test_it_drives_and_its_energy_adds_up),
        cmocka_unit_test(test_it_charges_and_its_energy_adds_up),
        cmocka_unit_test(test_a_ze0_and_a_ze1_charge_too),
        cmocka_unit_test(test_a_full_battery_ends_the_charge),
        cmocka_unit_test(test_a_vcm_that_dies_leaves_no_torque_and_no_closed_relay),
        cmocka_unit_test(test_each_fault_is_found_by_the_machine),
        cmocka_unit_test(test_what_never_closes_and_what_never_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
