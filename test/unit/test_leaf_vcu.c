/* test_leaf_vcu.c - the VCM of a Leaf as a machine: start, torque, charge, end, and everything that can go wrong; in
 * virtual time. Expected frames are those of reference/leaf-can.md sections 6, 7 and 9 (R: recorded in a car). The frames
 * of inverter, battery and charger are made here, with CRC and sums of this file's own.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/leaf_vcu.h"
#include "voltbus/time.h"

extern const struct vb_device vb_device_leaf_vcm;

#define MS VB_NS_PER_MS
#define VM (&vb_machine_leaf_vcu)

enum { AUTO, ZE0, AZE0, ZE1 };
enum { READY, GEAR, TORQUE, POWER, DCDC };
enum { PARK = 1, REVERSE, NEUTRAL, DRIVE };

/* ---- the other side ---- */

struct bench {
    struct vb_leaf_vcu m;
    struct vb_instance instance;
    int64_t now_ms;
    unsigned turn;
    /* what inverter, battery and charger are like */
    bool no_inverter, no_battery, no_charger;
    int bad_crc; /* id whose CRC is wrong; 0 = none */
    int stuck;   /* id whose counter stands */
    int battery_v, battery_half_a, bus_v, rpm;
    int errors; /* 1DA byte 6 without the counter */
    int b1, b3; /* 1DB bytes 1 and 3: failsafe and cut request; permission, full */
    int discharge_quarter_kw, brake_quarter_kw, charger_100w;
    int mains_b3, max_100w, gives_100w;
    int fahrenheit, fahrenheit_2;
    bool no_precharge, no_discharge;
    /* what came of the machine: the last frame of each id, and how many */
    uint8_t last[0x800][8];
    unsigned count[0x800], len[0x800];
    unsigned frames;
};

static uint8_t crc_of(const uint8_t *data, unsigned n) {
    unsigned crc = 0;
    for (unsigned i = 0; i < n; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc & 0x80 ? (crc << 1 ^ 0x85) & 0xFF : crc << 1;
        }
    }
    return (uint8_t)crc;
}

static void hear(struct bench *b, unsigned id, const uint8_t *data) {
    struct vb_frame frame = {.kind = VB_KIND_CAN, .id = id, .len = 8, .data = data};
    VM->heard(&b->m, &frame, b->now_ms * MS);
}

/* With a counter and CRC as rule 1 has them. */
static void hear_crc(struct bench *b, unsigned id, const uint8_t *from) {
    uint8_t data[8];
    memcpy(data, from, 8);
    data[6] = (uint8_t)(data[6] | ((int)id == b->stuck ? 1 : b->turn % 4));
    data[7] = crc_of(data, 7);
    data[7] ^= (int)id == b->bad_crc ? 1 : 0;
    hear(b, id, data);
}

/* Rule 2. */
static void hear_nibbles(struct bench *b, unsigned id, const uint8_t *from) {
    uint8_t data[8];
    memcpy(data, from, 8);
    data[7] = (uint8_t)((b->turn / 10 % 4) << 4);
    unsigned sum = (id >> 8) + (id >> 4 & 15) + (id & 15) + (data[7] >> 4);
    for (unsigned i = 0; i < 7; i++) {
        sum += (data[i] >> 4) + (data[i] & 15u);
    }
    data[7] = (uint8_t)(data[7] | ((sum + ((int)id == b->bad_crc ? 1 : 0)) & 15));
    hear(b, id, data);
}

static void others(struct bench *b) {
    /* the contactor box obeys 1D4 */
    int hv = b->last[0x1D4][4] & 7;
    if (hv == 3 && !b->no_precharge) {
        b->bus_v += (b->battery_v - b->bus_v + 9) / 10;
    } else if (hv == 7) {
        b->bus_v = b->bus_v > 300 ? b->battery_v : b->bus_v;
    } else if (hv == 0 && !b->no_discharge && b->bus_v > 0) {
        b->bus_v -= b->bus_v < 2 ? b->bus_v : 2;
    }
    if (!b->no_battery) {
        int v = b->battery_v * 2, a = b->battery_half_a;
        hear_crc(b, 0x1DB,
                 (const uint8_t[]){(uint8_t)((a & 0x7FF) >> 3), (uint8_t)((a & 7) << 5 | b->b1),
                                   (uint8_t)(v >> 2), (uint8_t)((v & 3) << 6 | b->b3), 50, 0, 0,
                                   0});
        int d = b->discharge_quarter_kw, r = b->brake_quarter_kw, c = b->charger_100w;
        hear_crc(b, 0x1DC,
                 (const uint8_t[]){(uint8_t)(d >> 2), (uint8_t)((d & 3) << 6 | r >> 4),
                                   (uint8_t)((r & 15) << 4 | c >> 6), (uint8_t)((c & 63) << 2 | 1),
                                   0, 0, 0, 0});
    }
    if (!b->no_inverter) {
        int rpm = b->rpm * 2;
        hear_crc(b, 0x1DA,
                 (const uint8_t[]){(uint8_t)(b->bus_v / 2), 0, 0x18, 0, (uint8_t)(rpm >> 8 & 0xFF),
                                   (uint8_t)(rpm & 0xFE), (uint8_t)b->errors, 0});
        if (b->turn % 10 == 0) {
            hear(b, 0x55A,
                 (const uint8_t[]){0, (uint8_t)b->fahrenheit, (uint8_t)b->fahrenheit_2, 0, 0x5F, 0,
                                   0, 0});
        }
    }
    if (!b->no_charger && b->turn % 10 == 0) {
        if (b->instance.choice[0] == ZE0) {
            /* R: charging; driving, with 3.3 kW that mean nothing */
            hear_nibbles(b, 0x380,
                         b->mains_b3 ? (const uint8_t[]){0x12, 4, 0x18, (uint8_t)b->max_100w, 0x50,
                                                         5, 0x1C, 0}
                                     : (const uint8_t[]){0x02, 4, 0x10, 0x21, 0, 0, 0, 0});
        } else {
            hear_nibbles(b, 0x390,
                         (const uint8_t[]){4, (uint8_t)b->gives_100w, 0, (uint8_t)b->mains_b3, 0,
                                           0x88, (uint8_t)b->max_100w, 0});
        }
    }
}

static void take(struct bench *b) {
    struct vb_frame frame;
    while (VM->take(&b->m, &frame)) {
        assert_int_equal(frame.kind, VB_KIND_CAN);
        assert_true(frame.id < 0x800 && frame.len <= 8);
        memcpy(b->last[frame.id], frame.data, frame.len);
        b->len[frame.id] = frame.len;
        b->count[frame.id]++;
        b->frames++;
    }
}

static void run(struct bench *b, int ms) {
    for (int i = 0; i < ms; i += 10) {
        b->now_ms += 10;
        b->turn++;
        others(b);
        VM->tick(&b->m, b->now_ms * MS);
        take(b);
    }
}

static void open_bench(struct bench *b, uint8_t generation) {
    memset(b, 0, sizeof *b);
    b->battery_v = 380;
    b->b3 = 0x2A;
    b->discharge_quarter_kw = 440;
    b->brake_quarter_kw = 160;
    b->charger_100w = 160; /* 6 kW */
    b->max_100w = 33;
    b->fahrenheit = b->fahrenheit_2 = 70;
    b->now_ms = 1000;
    vb_instance_init(&b->instance, &vb_device_leaf_vcm, NULL, 0);
    b->instance.choice[0] = b->instance.chosen[0] = generation;
    VM->init(&b->m, b->now_ms * MS);
    VM->beside(&b->m, &b->instance);
}

/* The cable is put in by who charges. */
static void wish(struct bench *b, size_t i, int64_t raw) {
    b->mains_b3 = i == POWER && b->m.state == VB_LEAF_OFF ? 0xB3 : b->mains_b3;
    VM->wish(&b->m, i, true, raw, b->now_ms * MS);
}

static void release(struct bench *b, size_t i) {
    VM->wish(&b->m, i, false, (int64_t[]){0, 1, 0, 100, 32}[i], b->now_ms * MS);
}

static void until(struct bench *b, enum vb_leaf_state state, int ms) {
    for (int i = 0; i < ms && b->m.state != state; i += 10) {
        run(b, 10);
    }
    assert_string_equal(VM->state(&b->m, NULL), vb_leaf_state_text(state));
}

#define FRAME(id, ...)                                                                             \
    do {                                                                                           \
        const uint8_t expected[] = {__VA_ARGS__};                                                  \
        assert_int_equal(b.len[id], sizeof expected);                                              \
        assert_memory_equal(b.last[id], expected, sizeof expected);                                \
    } while (0)

/* Run on until the counter of 1D4 has this value. */
static void counter(struct bench *b, unsigned value) {
    do {
        run(b, 10);
    } while ((unsigned)b->last[0x1D4][4] >> 6 != value);
}

static int torque(const struct bench *b) {
    int raw = b->last[0x1D4][2] << 4 | b->last[0x1D4][3] >> 4;
    return raw >= 0x800 ? raw - 0x1000 : raw;
}
static int power(const struct bench *b) { /* 100 W */
    return ((b->last[0x1F2][0] & 3) << 8 | b->last[0x1F2][1]) - 100;
}
static int hv(const struct bench *b) {
    return b->last[0x1D4][4] & 7;
}

static void drive_ready(struct bench *b, uint8_t generation) {
    open_bench(b, generation);
    run(b, 200);
    wish(b, READY, 1);
    until(b, VB_LEAF_READY, 3000);
    run(b, 2500);
}

static void in_gear(struct bench *b, uint8_t generation, int64_t gear) {
    drive_ready(b, generation);
    wish(b, GEAR, gear);
    run(b, 150);
}

static void charging(struct bench *b, uint8_t generation, int64_t raw) {
    open_bench(b, generation);
    run(b, 200);
    wish(b, POWER, raw);
    until(b, VB_LEAF_CHARGE, 5000);
    run(b, 1000);
}

/* ---- start ---- */

static void test_the_commands_are_numbered_as_this_file_does(void **state) {
    (void)state;
    assert_string_equal(vb_device_leaf_vcm.commands[READY].name, "drive.ready");
    assert_string_equal(vb_device_leaf_vcm.commands[GEAR].name, "drive.gear");
    assert_string_equal(vb_device_leaf_vcm.commands[TORQUE].name, "drive.torque");
    assert_string_equal(vb_device_leaf_vcm.commands[POWER].name, "charge.power");
    assert_string_equal(vb_device_leaf_vcm.commands[DCDC].name, "dcdc.voltage");
    assert_int_equal(vb_device_leaf_vcm.command_count, 5);
}

static void test_nothing_is_sent_until_somebody_asks(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AUTO);
    run(&b, 5000);
    assert_int_equal(b.frames, 0);
    assert_true(VM->deadline_ns(&b.m) == INT64_MAX);
    assert_true(VM->settled(&b.m));
    assert_string_equal(VM->state(&b.m, NULL), "off");
    /* the safe values of all commands are not a wish either */
    for (size_t i = 0; i < 5; i++) {
        release(&b, i);
    }
    wish(&b, READY, 0);
    run(&b, 1000);
    assert_int_equal(b.frames, 0);
}

static void test_the_first_frames_are_those_of_the_cars(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    run(&b, 100);
    wish(&b, READY, 1);
    run(&b, 10);
    assert_int_equal(b.frames, 6);
    FRAME(0x603, 0x00);
    FRAME(0x1D4, 0x6E, 0x6E, 0x00, 0x00, 0x42, 0x06, 0x60, 0x84); /* R e-NV200 */
    FRAME(0x1F2, 0x00, 0x64, 0x04, 0xA0, 0x00, 0x04, 0x01, 0x87); /* R */
    FRAME(0x50B, 0x00, 0x00, 0x00, 0xC0, 0x00, 0x00, 0x00);
    FRAME(0x50C, 0x00, 0x00, 0x00, 0x01, 0x5D, 0x5F);

    open_bench(&b, ZE0);
    run(&b, 100);
    wish(&b, READY, 1);
    run(&b, 10);
    FRAME(0x11A, 0x00, 0x40, 0x80, 0x55, 0x00, 0x00, 0x01, 0x0D); /* R ZE0 */
    FRAME(0x50B, 0x00, 0x00, 0x00, 0xC0, 0x00, 0x60);             /* R */
    run(&b, 50);
    counter(&b, 2);
    FRAME(0x11A, 0x01, 0x40, 0x80, 0x55, 0x40, 0x00, 0x02, 0xC7); /* R */
}

static void test_each_frame_has_its_period(void **state) {
    (void)state;
    struct bench b;
    drive_ready(&b, AZE0);
    unsigned before[] = {b.count[0x1D4], b.count[0x1F2], b.count[0x11A], b.count[0x50B],
                         b.count[0x50C]};
    run(&b, 1000);
    assert_int_equal(b.count[0x1D4] - before[0], 100);
    assert_int_equal(b.count[0x1F2] - before[1], 100);
    assert_int_equal(b.count[0x11A] - before[2], 100);
    assert_int_equal(b.count[0x50B] - before[3], 10);
    assert_int_equal(b.count[0x50C] - before[4], 10);
    assert_int_equal(b.count[0x603], 1);
    drive_ready(&b, ZE1); /* has no 50C */
    assert_int_equal(b.count[0x50C], 0);
    assert_int_equal(b.len[0x50B], 7);
}

static void test_all_eight_forms_of_50c_come(void **state) {
    (void)state;
    struct bench b;
    drive_ready(&b, AZE0);
    static const uint8_t forms[4][6] = {{0, 0, 0, 0, 0xB2, 0xA6},
                                        {0, 0, 0, 1, 0x5D, 0x5F},
                                        {0, 0, 0, 2, 0xB2, 0x0D},
                                        {0, 0, 0, 3, 0x5D, 0xF4}};
    for (unsigned i = 0; i < 8; i++) {
        run(&b, 100);
        assert_memory_equal(b.last[0x50C], forms[b.last[0x50C][3]], 6);
    }
}

static void test_it_precharges_and_says_hv_only_when_the_voltage_is_measured(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    b.no_precharge = true;
    run(&b, 200);
    wish(&b, READY, 1);
    until(&b, VB_LEAF_PRECHARGE, 1500);
    counter(&b, 3);
    FRAME(0x1D4, 0x6E, 0x6E, 0x00, 0x00, 0xC3, 0x46, 0x60, 0xE9); /* R e-NV200 */
    for (int ms = 0; ms < 1900; ms += 10) {
        assert_int_equal(hv(&b), 3);
        run(&b, 10);
    }
    until(&b, VB_LEAF_OPEN, 200);
    const char *why;
    VM->state(&b.m, &why);
    assert_string_equal(why, "precharging took too long");
    while (b.m.state != VB_LEAF_OFF) {
        run(&b, 10);
        assert_int_not_equal(hv(&b), 7);
    }
    unsigned frames = b.frames;
    run(&b, 3000); /* and nothing starts again by itself */
    assert_int_equal(b.frames, frames);
}

static void test_the_bus_must_have_95_percent_of_the_battery(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    b.no_precharge = true;
    run(&b, 200);
    wish(&b, READY, 1);
    until(&b, VB_LEAF_PRECHARGE, 1500);
    b.bus_v = 360; /* of 380 */
    run(&b, 1000);
    assert_int_equal(hv(&b), 3);
    b.bus_v = 362;
    run(&b, 20);
    assert_int_equal(hv(&b), 7);
}

static void test_the_start_of_a_ze0_is_the_recorded_one(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, ZE0);
    run(&b, 100);
    wish(&b, READY, 1);
    run(&b, 10); /* the first 10 ms */
    int64_t t0 = b.now_ms;
    until(&b, VB_LEAF_RELAY, 500);
    assert_in_range(b.now_ms - t0, 340, 380); /* 380 after the first 1D4 */
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0x02, 0x46, 0x70, 0x40); /* R */
    until(&b, VB_LEAF_PRECHARGE, 400);
    assert_in_range(b.now_ms - t0, 610, 650); /* 645 */
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0x03, 0x46, 0x70, 0xBB); /* R */
    until(&b, VB_LEAF_START, 600);
    assert_in_range(b.now_ms - t0, 1020, 1060); /* 1055 */
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0x07, 0x46, 0x70, 0x5D); /* R */
    until(&b, VB_LEAF_READY, 600);
    assert_in_range(b.now_ms - t0, 1520, 1580); /* 50B says ready at 1568 */
    run(&b, 100);
    FRAME(0x50B, 0x00, 0x00, 0x02, 0xC0, 0x00, 0x60);
    run(&b, 2100);
    FRAME(0x50B, 0x00, 0x00, 0x06, 0xC0, 0x00, 0x60);
    counter(&b, 1);
    FRAME(0x11A, 0x01, 0x40, 0x00, 0x55, 0x00, 0x00, 0x01, 0x15); /* R */
    FRAME(0x1F2, 0x10, 0x64, 0x00, 0x00, 0x00, 0x1E, 0x01, 0x0D);
    counter(&b, 3);
    FRAME(0x1F2, 0x10, 0x64, 0x00, 0x00, 0x00, 0x1E, 0x03, 0x0F); /* R */
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0xC7, 0x46, 0x30, 0x17); /* R */
}

static void test_it_waits_for_all_and_names_who_is_missing(void **state) {
    (void)state;
    static const struct {
        size_t command;
        bool no_inverter, no_battery, no_charger;
        int b3, discharge;
        const char *why;
    } cases[] = {
        {READY, false, true, false, 0x2A, 440, "the battery (1DB) has no voltage to tell yet"},
        {READY, false, false, false, 0x0A, 440, "the battery does not permit the relays"},
        {READY, false, false, false, 0x2A, 0x3FF, "the battery (1DC) has no limits to tell yet"},
        {READY, true, false, false, 0x2A, 440, "the inverter (1DA) has no voltage to tell yet"},
        {POWER, false, false, true, 0x2A, 440, "the charger (390, 380) is not heard"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        open_bench(&b, AZE0);
        b.no_inverter = cases[i].no_inverter;
        b.no_battery = cases[i].no_battery;
        b.no_charger = cases[i].no_charger;
        b.b3 = cases[i].b3;
        b.discharge_quarter_kw = cases[i].discharge;
        run(&b, 100);
        wish(&b, cases[i].command, cases[i].command == POWER ? 133 : 1);
        run(&b, 2900);
        const char *why;
        assert_string_equal(VM->state(&b.m, &why), "wake");
        assert_string_equal(why, cases[i].why);
        char held[VB_MACHINE_WHY];
        assert_true(VM->held_back(&b.m, cases[i].command, held));
        assert_string_equal(held + 6, cases[i].why); /* behind "wake: " */
        run(&b, 150);
        assert_string_equal(VM->state(&b.m, &why), "sleep"); /* no relay was on: no power-off */
        assert_string_equal(why, "somebody did not wake up");
        assert_int_equal(hv(&b), 0);
        until(&b, VB_LEAF_OFF, 1000);
    }
}

static void test_nothing_starts_until_the_generation_is_said(void **state) {
    (void)state;
    static const size_t commands[] = {READY, POWER};
    char why[VB_MACHINE_WHY];
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        open_bench(&b, AUTO);
        b.instance.choice[0] = AZE0; /* what a 390 has told is not enough: a ZE1 sends it, too */
        assert_int_equal(VM->ready(&b.m, commands[i], why), VB_REFUSAL_REFUSED);
        assert_string_equal(
            why, "which car is it? say generation: ze0, aze0 or ze1 (configuration, or --set)");
        wish(&b, commands[i], 133); /* past the gate */
        run(&b, 1000);
        assert_int_equal(b.frames, 0);
    }
}

static void test_a_permission_that_goes_as_soon_as_the_relay_is_on_is_heard_at_once(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    wish(&b, READY, 1);
    until(&b, VB_LEAF_RELAY, 1500);
    b.b3 = 0x0A;
    run(&b, 10);
    const char *why;
    assert_string_equal(VM->state(&b.m, &why), "open");
    assert_string_equal(why, "the battery asks for the relays to open");
    until(&b, VB_LEAF_OFF, 2000);
    assert_int_equal(b.bus_v, 0); /* never precharged */
}

/* ---- torque ---- */

static void test_worked_torque_frames_of_a_ze0(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, ZE0, DRIVE);
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0x07, 0x44, 0x30, 0x70);
    FRAME(0x11A, 0x4E, 0x40, 0x00, 0xAA, 0xC0, 0x00, 0x00, 0x6B);
    counter(&b, 1);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0x47, 0x44, 0x30, 0xB7);
    FRAME(0x11A, 0x4E, 0x40, 0x00, 0x55, 0x00, 0x00, 0x01, 0x7D);
    counter(&b, 2);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0x87, 0x44, 0x30, 0x7B);
    FRAME(0x11A, 0x4E, 0x40, 0x00, 0x55, 0x40, 0x00, 0x02, 0xB0);
    counter(&b, 3);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0xC7, 0x44, 0x30, 0xBC);
    FRAME(0x11A, 0x4E, 0x40, 0x00, 0xAA, 0x80, 0x00, 0x03, 0xA6);
    wish(&b, TORQUE, 160);
    run(&b, 500);
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0x0A, 0x00, 0x07, 0x44, 0x30, 0x32); /* +40 Nm */
    wish(&b, TORQUE, 400);
    run(&b, 1000);
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0x19, 0x00, 0x07, 0x44, 0x30, 0xFC); /* +100 Nm */
    b.rpm = 3000;
    wish(&b, TORQUE, -160);
    run(&b, 1000);
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0xF6, 0x00, 0x07, 0x44, 0x30, 0xE9); /* -40 Nm */
    wish(&b, TORQUE, -400);
    run(&b, 1000);
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0xE7, 0x00, 0x07, 0x44, 0x30, 0x4C); /* -100 Nm */
}

static void test_later_cars_have_their_own_limits_in_1d4(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, ZE1, DRIVE);
    wish(&b, TORQUE, 1360); /* 340 Nm */
    run(&b, 4000);
    assert_int_equal(torque(&b), 1360);
    assert_int_equal(b.last[0x1D4][0], 0x88);
    assert_int_equal(b.last[0x1D4][1], 0x88);
    assert_int_equal(b.last[0x11A][2], 0x04);
}

static void test_torque_rises_by_a_newton_metre_each_frame_and_falls_at_once(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 100);
    for (int i = 1; i <= 30; i++) {
        run(&b, 10);
        assert_int_equal(torque(&b), i < 25 ? 4 * i : 100);
    }
    char why[VB_MACHINE_WHY];
    assert_false(VM->held_back(&b.m, TORQUE, why));
    wish(&b, TORQUE, 20);
    run(&b, 10);
    assert_int_equal(torque(&b), 20);
    b.rpm = 4000;
    wish(&b, TORQUE, -20);
    run(&b, 10);
    assert_int_equal(torque(&b), -4); /* from zero, never across it */
    assert_true(VM->held_back(&b.m, TORQUE, why));
    assert_string_equal(why, "ready: it rises no faster");
}

static void test_the_end_of_the_lease_is_zero_torque_in_the_next_frame(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 200);
    run(&b, 1000);
    assert_int_equal(torque(&b), 200);
    release(&b, TORQUE);
    run(&b, 10);
    assert_int_equal(torque(&b), 0);
    assert_int_equal(b.m.state, VB_LEAF_READY);
}

static void test_torque_is_refused_before_ready_and_outside_of_a_gear(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    char why[VB_MACHINE_WHY];
    assert_int_equal(VM->ready(&b.m, TORQUE, why), VB_REFUSAL_REFUSED);
    assert_int_equal(VM->ready(&b.m, GEAR, why), VB_REFUSAL_REFUSED);
    assert_int_equal(VM->ready(&b.m, READY, why), VB_REFUSAL_NONE);
    wish(&b, TORQUE, 400); /* even if somebody passes by the gate */
    wish(&b, GEAR, DRIVE);
    wish(&b, READY, 1);
    until(&b, VB_LEAF_READY, 3000);
    run(&b, 500);
    assert_int_equal(torque(&b), 0);
    assert_int_equal(b.last[0x11A][0], 0x01); /* nor a gear */
    wish(&b, GEAR, DRIVE);
    run(&b, 200);
    release(&b, GEAR);
    run(&b, 300);
    assert_int_equal(VM->ready(&b.m, TORQUE, why), VB_REFUSAL_REFUSED);
    assert_string_equal(why, "the gear is neither drive nor reverse, or is being changed");
    wish(&b, TORQUE, 400); /* in park */
    run(&b, 100);
    wish(&b, GEAR, DRIVE);
    run(&b, 500);
    assert_int_equal(torque(&b), 0); /* what was asked in another gear does not hold in this one */
    assert_int_equal(VM->ready(&b.m, TORQUE, why), VB_REFUSAL_NONE);
}

static void test_a_gear_takes_100_ms_without_torque(void **state) {
    (void)state;
    struct bench b;
    drive_ready(&b, ZE0);
    wish(&b, GEAR, DRIVE);
    for (int i = 0; i < 10; i++) {
        run(&b, 10);
        assert_int_equal(b.last[0x11A][0], 0x0D); /* R: leaving park before driving */
        assert_int_equal(b.last[0x1D4][5] & 6, 0);
    }
    run(&b, 10);
    assert_int_equal(b.last[0x11A][0], 0x4E);
    assert_int_equal(b.last[0x1D4][5], 0x44);
    wish(&b, TORQUE, 40);
    run(&b, 200);
    assert_int_equal(torque(&b), 40);
    wish(&b, GEAR, REVERSE);
    run(&b, 10);
    wish(&b, TORQUE, 8); /* past the gate, in the gear that it leaves */
    for (int i = 0; i < 9; i++) {
        run(&b, 10);
        assert_int_equal(torque(&b), 0);
        assert_int_equal(b.last[0x11A][0], 0x4D);
    }
    wish(&b, TORQUE, -8);
    run(&b, 50);
    assert_int_equal(torque(&b), -8);
    assert_int_equal(b.last[0x11A][0], 0x2E);
    assert_int_equal(b.last[0x1D4][5], 0x42);
    release(&b, GEAR);
    run(&b, 120);
    assert_int_equal(b.last[0x11A][0], 0x11); /* park after driving */
    assert_int_equal(b.last[0x1D4][5], 0x46);
}

static void test_a_turning_motor_gets_neutral_and_not_park_or_reverse(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, ZE0, DRIVE);
    b.rpm = 2000;
    release(&b, GEAR);
    run(&b, 200);
    assert_int_equal(b.last[0x11A][0], 0x3E);
    assert_int_equal(b.last[0x1D4][5] & 6, 0);
    b.rpm = 50;
    run(&b, 200);
    assert_int_equal(b.last[0x11A][0], 0x11);
    wish(&b, GEAR, DRIVE);
    run(&b, 200);
    b.rpm = 101;
    wish(&b, GEAR, REVERSE);
    run(&b, 200);
    assert_int_equal(b.last[0x11A][0], 0x3E);
    drive_ready(&b, ZE0); /* park holds nothing */
    assert_int_equal(b.last[0x11A][0], 0x01);
    b.rpm = -100;
    run(&b, 200);
    assert_int_equal(b.last[0x11A][0], 0x3E);
}

static void test_reverse_drives_with_negative_torque_only(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, ZE0, REVERSE);
    wish(&b, TORQUE, -159); /* R: -39.75 Nm with b5 = 42 */
    run(&b, 1000);
    assert_int_equal(torque(&b), -159);
    wish(&b, TORQUE, 100); /* forward in R is braking: not at standstill */
    run(&b, 1000);
    assert_int_equal(torque(&b), 0);
    b.rpm = -500;
    run(&b, 1000);
    assert_int_equal(torque(&b), 100);
    b.rpm = -120;
    run(&b, 10);
    assert_int_equal(torque(&b), 20);
    b.rpm = -90;
    run(&b, 10);
    assert_int_equal(torque(&b), 0);
}

static void test_torque_times_speed_stays_below_what_the_battery_gives_and_takes(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, ZE1, DRIVE);
    b.rpm = 5000;
    b.discharge_quarter_kw = 80; /* 20 kW; 18 kW at 5000 rpm are 34.4 Nm */
    wish(&b, TORQUE, 800);
    run(&b, 3000);
    assert_int_equal(torque(&b), 137);
    char why[VB_MACHINE_WHY];
    assert_true(VM->held_back(&b.m, TORQUE, why));
    assert_string_equal(why, "ready: the battery allows no more");
    b.discharge_quarter_kw = 0;
    run(&b, 20);
    assert_int_equal(torque(&b), 0);
    b.brake_quarter_kw = 40; /* 10 kW at 5000 rpm are 19.1 Nm */
    wish(&b, TORQUE, -800);
    run(&b, 3000);
    assert_int_equal(torque(&b), -76);
    b.rpm = VB_LEAF_SPEED_MAX;
    b.discharge_quarter_kw = 440;
    wish(&b, TORQUE, 100);
    run(&b, 500);
    assert_int_equal(torque(&b), 0);
    b.rpm = 3000;
    run(&b, 500);
    assert_int_equal(torque(&b), 100);
    b.rpm = 0x3FFF; /* not available */
    run(&b, 10);
    assert_int_equal(torque(&b), 0);
    VM->held_back(&b.m, TORQUE, why);
    assert_string_equal(why, "ready: the speed of the motor is not known");
}

static void test_who_rolls_against_the_gear_feeds_the_battery_no_more_than_it_takes(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, ZE1, DRIVE);
    wish(&b, TORQUE, 1000);
    b.rpm = -3000;
    b.brake_quarter_kw = 40; /* 10 kW at 3000 rpm are 31.8 Nm */
    run(&b, 3000);
    assert_int_equal(torque(&b), 127);
    b.brake_quarter_kw = 0;
    run(&b, 10);
    assert_int_equal(torque(&b), 0);
    char why[VB_MACHINE_WHY];
    assert_true(VM->held_back(&b.m, TORQUE, why));
    assert_string_equal(why, "ready: the battery allows no more");
    b.rpm = -99; /* nearly stands: a start on a slope */
    run(&b, 3000);
    assert_int_equal(torque(&b), 1000);
    in_gear(&b, ZE0, REVERSE);
    wish(&b, TORQUE, -1000);
    b.rpm = 3000;
    b.brake_quarter_kw = 40;
    run(&b, 3000);
    assert_int_equal(torque(&b), -127);
}

static void test_torque_that_was_asked_in_another_gear_is_said_not_to_hold(void **state) {
    (void)state;
    struct bench b;
    char why[VB_MACHINE_WHY];
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 40);
    run(&b, 500);
    assert_false(VM->held_back(&b.m, TORQUE, why));
    wish(&b, GEAR, REVERSE);
    run(&b, 500);
    assert_int_equal(torque(&b), 0);
    assert_true(VM->held_back(&b.m, TORQUE, why));
    assert_string_equal(why,
                        "ready: what was asked before this gear does not hold in it: ask anew");
    wish(&b, TORQUE, -40);
    run(&b, 500);
    assert_false(VM->held_back(&b.m, TORQUE, why));
}

static void test_a_gear_that_was_asked_before_this_start_is_said_not_to_hold(void **state) {
    (void)state;
    struct bench b;
    char why[VB_MACHINE_WHY];
    in_gear(&b, AZE0, DRIVE);
    assert_false(VM->held_back(&b.m, GEAR, why));
    release(&b, READY); /* the lease of the gear goes on */
    until(&b, VB_LEAF_OFF, 8000);
    assert_true(VM->held_back(&b.m, GEAR, why));
    assert_string_equal(why, "off");
    wish(&b, READY, 1);
    until(&b, VB_LEAF_READY, 3000);
    assert_true(VM->held_back(&b.m, GEAR, why));
    assert_string_equal(why, "ready: what was asked before this start does not hold: ask anew");
    wish(&b, GEAR, DRIVE);
    run(&b, 150);
    assert_false(VM->held_back(&b.m, GEAR, why));
    release(&b, GEAR);
    assert_false(VM->held_back(&b.m, GEAR, why));
}

/* ---- what must not start at all ---- */

static void test_a_battery_that_says_0_volts_closes_no_relay(void **state) {
    (void)state;
    struct bench b;
    const char *why;
    static const int volts[] = {0, 239};
    for (size_t i = 0; i < 2; i++) {
        open_bench(&b, AZE0);
        b.battery_v = volts[i];
        wish(&b, READY, 1);
        run(&b, 1000);
        VM->state(&b.m, &why);
        assert_string_equal(why, "the battery has less than 240 V");
        until(&b, VB_LEAF_SLEEP, 3000);
        assert_int_equal(b.last[0x1D4][5] & 0x40, 0); /* the plus relay was never on */
    }
    /* nor does the bus have "its" voltage if it says so later */
    open_bench(&b, AZE0);
    wish(&b, READY, 1);
    until(&b, VB_LEAF_PRECHARGE, 2000);
    b.battery_v = b.bus_v = 0;
    for (int i = 0; i < 300; i++) {
        run(&b, 10);
        assert_int_not_equal(hv(&b), 7);
    }
    VM->state(&b.m, &why);
    assert_string_equal(why, "precharging took too long");
}

static void test_nothing_drives_while_a_cable_is_in(void **state) {
    (void)state;
    struct bench b;
    const char *why;
    for (uint8_t car = ZE0; car <= ZE1; car++) {
        open_bench(&b, car);
        wish(&b, READY, 1);
        b.mains_b3 = 0x60; /* 390 R: nobody has looked at the mains yet. 380 R: with mains */
        run(&b, 1000);
        VM->state(&b.m, &why);
        assert_string_equal(why, "a charging cable is plugged in: nothing drives");
        b.mains_b3 = 0;
        until(&b, VB_LEAF_READY, 3000);
        run(&b, 100);
        wish(&b, GEAR, DRIVE);
        run(&b, 150);
        wish(&b, TORQUE, 100);
        run(&b, 500);
        assert_int_equal(torque(&b), 100);
        b.mains_b3 = 0x60;
        run(&b, 100); /* the next frame of the charger */
        assert_int_equal(torque(&b), 0);
        until(&b, VB_LEAF_UNLOAD, 600);
    }
}

static void test_nothing_charges_while_the_motor_turns(void **state) {
    (void)state;
    struct bench b;
    const char *why;
    open_bench(&b, AZE0);
    b.rpm = -100;
    wish(&b, POWER, 133);
    run(&b, 1000);
    VM->state(&b.m, &why);
    assert_string_equal(why, "the motor turns: nothing charges");
    b.rpm = 99;
    until(&b, VB_LEAF_CHARGE, 5000);
    run(&b, 1000);
    assert_int_equal(power(&b), 33);
    b.rpm = 100;
    run(&b, 10);
    assert_int_equal(power(&b), 0);
    until(&b, VB_LEAF_UNLOAD, 600);
}

/* Without a cable a ZE0 says 3.3 kW all the time (R: 02 04 10 21 00 00 00). */
static void test_a_ze0_without_mains_does_not_charge(void **state) {
    (void)state;
    struct bench b;
    const char *why;
    open_bench(&b, ZE0);
    wish(&b, POWER, 133);
    b.mains_b3 = 0;
    run(&b, 10000);
    assert_int_equal(b.m.state, VB_LEAF_PLUG);
    b.mains_b3 = 1;
    until(&b, VB_LEAF_CHARGE, 200);
    run(&b, 1000);
    assert_int_equal(power(&b), 33);
    b.mains_b3 = 0;
    run(&b, 100);
    assert_int_equal(power(&b), 0);
    VM->state(&b.m, &why);
    assert_string_equal(why, "the charger has no mains (unplugged?)");
    until(&b, VB_LEAF_UNLOAD, 600);
}

/* ---- what goes wrong while it drives ---- */

/* Break something, look how long torque stays and when the relays open. */
static void breaks(void (*wrong)(struct bench *), int zero_ms, int open_ms, const char *why) {
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 200);
    run(&b, 1000);
    assert_int_equal(torque(&b), 200);
    wrong(&b);
    int64_t t0 = b.now_ms, zero = -1, open = -1;
    for (int i = 0; i < 12000 && open < 0; i += 10) {
        run(&b, 10);
        if (zero < 0 && torque(&b) == 0) {
            zero = b.now_ms - t0;
        }
        if (zero >= 0) {
            assert_int_equal(torque(&b), 0);
        }
        if (hv(&b) != 7) {
            open = b.now_ms - t0;
        }
    }
    const char *said;
    VM->state(&b.m, &said);
    assert_string_equal(said, why);
    assert_int_equal(zero, zero_ms);
    assert_int_equal(open, open_ms);
    char text[VB_MACHINE_WHY];
    assert_int_equal(VM->ready(&b.m, READY, text), VB_REFUSAL_REFUSED);
    /* released and repaired: it starts anew */
    until(&b, VB_LEAF_OFF, 9000);
    release(&b, READY);
    uint8_t left[sizeof b.last];
    memcpy(left, b.last, sizeof left);
    struct bench fresh;
    open_bench(&fresh, AZE0);
    fresh.m = b.m;
    fresh.m.beside = &fresh.instance;
    fresh.now_ms = b.now_ms;
    fresh.turn = b.turn;
    run(&fresh, 1000);
    assert_int_equal(fresh.frames, 0);
    wish(&fresh, READY, 1);
    until(&fresh, VB_LEAF_READY, 3000);
}

static void inverter_dies(struct bench *b) {
    b->no_inverter = true;
}
static void battery_dies(struct bench *b) {
    b->no_battery = true;
}
static void inverter_crc(struct bench *b) {
    b->bad_crc = 0x1DA;
}
static void battery_crc(struct bench *b) {
    b->bad_crc = 0x1DB;
}
static void limits_crc(struct bench *b) {
    b->bad_crc = 0x1DC;
}
static void inverter_counter(struct bench *b) {
    b->stuck = 0x1DA;
}
static void inverter_error(struct bench *b) {
    b->errors = 0x20;
}
static void battery_cuts(struct bench *b) {
    b->b1 = 0x08;
}
static void battery_stops(struct bench *b) {
    b->b1 = 0x01;
}
static void permission_goes(struct bench *b) {
    b->b3 = 0x0A;
}
static void relay_falls(struct bench *b) {
    b->bus_v = 200;
}
static void motor_burns(struct bench *b) {
    b->fahrenheit = 250; /* 121 °C */
}
static void cells_full(struct bench *b) {
    b->battery_v = b->bus_v = 404;
}

static void test_each_fault_means_zero_torque_and_then_open_relays(void **state) {
    (void)state;
    /* silence is noticed after 100 ms, and its values are gone */
    breaks(inverter_dies, 100, 530, "the inverter (1DA) is silent");
    breaks(battery_dies, 100, 1500,
           "the battery (1DB, 1DC) is silent"); /* its current is not known */
    breaks(inverter_crc, 10, 530, "the inverter (1DA) is silent");
    breaks(battery_crc, 10, 1500, "the battery (1DB, 1DC) is silent");
    breaks(limits_crc, 10, 530, "the battery (1DB, 1DC) is silent");
    breaks(inverter_error, 10, 540, "the inverter reports an error");
    breaks(battery_cuts, 10, 40, "the battery asks for the relays to open");
    breaks(battery_stops, 10, 40, "the battery asks for the relays to open");
    breaks(permission_goes, 10, 40, "the battery asks for the relays to open");
    breaks(relay_falls, 10, 340, "the bus has not the voltage of the battery");
    breaks(cells_full, 10, 240, "the battery has too high a voltage");
}

static void test_a_counter_that_stands_is_found_in_its_second_frame(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 200);
    run(&b, 1000);
    inverter_counter(&b);
    run(&b, 40);
    assert_int_equal(torque(&b), 0);
    run(&b, 600);
    assert_int_not_equal(hv(&b), 7);
}

static void test_one_damaged_frame_is_150_ms_without_torque(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 8);
    run(&b, 100);
    b.bad_crc = 0x1DB;
    run(&b, 10);
    b.bad_crc = 0;
    assert_int_equal(torque(&b), 0);
    run(&b, 140);
    assert_int_equal(torque(&b), 0);
    run(&b, 30);
    assert_int_equal(torque(&b), 8);
    assert_int_equal(b.m.state, VB_LEAF_READY);
}

static void test_a_short_silence_gives_torque_back(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 8);
    run(&b, 100);
    b.no_inverter = true;
    run(&b, 90);
    assert_int_equal(torque(&b), 8);
    run(&b, 200);
    assert_int_equal(torque(&b), 0);
    b.no_inverter = false;
    run(&b, 40);
    assert_int_equal(torque(&b), 8);
}

static void test_heat_is_zero_torque_until_it_has_gone(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 8);
    run(&b, 100);
    motor_burns(&b);
    run(&b, 110);
    assert_int_equal(torque(&b), 0);
    char why[VB_MACHINE_WHY];
    assert_true(VM->held_back(&b.m, TORQUE, why));
    assert_string_equal(why, "ready: motor or inverter is too hot");
    b.fahrenheit = 247; /* 119 °C */
    run(&b, 200);
    assert_int_equal(torque(&b), 8);
    b.fahrenheit_2 = 250; /* whichever of them is the inverter */
    run(&b, 110);
    assert_int_equal(torque(&b), 0);
}

static void test_who_comes_late_finds_zero_torque(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 200);
    run(&b, 1000);
    b.now_ms += 40; /* 50 ms between two frames is let pass */
    run(&b, 10);
    assert_int_equal(torque(&b), 200);
    b.now_ms += 70;
    run(&b, 10);
    assert_int_equal(torque(&b), 0);
    run(&b, 90);
    assert_int_equal(torque(&b), 0);
    run(&b, 20);
    assert_in_range(torque(&b), 1, 8); /* and it rises anew */
    run(&b, 1000);
    b.now_ms += 600;
    run(&b, 10);
    assert_int_equal(torque(&b), 0);
    const char *why;
    assert_string_equal(VM->state(&b.m, &why), "unload");
    assert_string_equal(why, "voltbus itself came late");
}

static void test_who_was_late_does_not_call_the_others_silent(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 8);
    run(&b, 100);
    b.now_ms += 300; /* their frames still wait in the adapter when the time comes first */
    VM->tick(&b.m, b.now_ms * MS);
    take(&b);
    assert_int_equal(torque(&b), 0);
    const char *why;
    VM->state(&b.m, &why);
    assert_string_equal(why, "voltbus itself came late");
    run(&b, 150);
    assert_int_equal(torque(&b), 8);
}

static void test_another_vcm_ends_everything_at_once(void **state) {
    (void)state;
    static const uint8_t foreign[] = {0x4E, 0x40, 0x00, 0xAA, 0xC0, 0x00, 0x00, 0x6B};
    struct bench b;
    in_gear(&b, AZE0, DRIVE);
    wish(&b, TORQUE, 200);
    run(&b, 1000);
    hear(&b, 0x11A, foreign);
    unsigned frames = b.frames;
    run(&b, 2000);
    assert_int_equal(b.frames, frames);
    const char *why;
    assert_string_equal(VM->state(&b.m, &why), "off");
    assert_string_equal(why, "another VCM is heard on this bus (11A, 1D4 or 1F2)");
    /* and it does not begin beside one */
    open_bench(&b, AZE0);
    hear(&b, 0x11A, foreign);
    run(&b, 500);
    wish(&b, READY, 1);
    run(&b, 500);
    assert_int_equal(b.frames, 0);
    release(&b, READY);
    run(&b, 600);
    wish(&b, READY, 1);
    run(&b, 500);
    assert_int_not_equal(b.frames, 0);
}

/* ---- the end ---- */

static void test_power_off_is_in_order(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, ZE0, DRIVE);
    wish(&b, TORQUE, 100);
    run(&b, 1000);
    b.battery_half_a = -40;
    release(&b, READY);
    run(&b, 10);
    assert_int_equal(torque(&b), 0);
    run(&b, 300);
    assert_int_equal(hv(&b), 7); /* 20 A flow: not yet */
    b.battery_half_a = -4;
    run(&b, 10);
    counter(&b, 0);
    assert_int_equal(b.m.state, VB_LEAF_OPEN);
    assert_int_equal(hv(&b), 5);
    assert_int_equal(b.last[0x1F2][0], 0x70);
    assert_int_equal(b.last[0x1F2][2], 0x60);
    until(&b, VB_LEAF_DISCHARGE, 100);
    counter(&b, 3);
    assert_int_equal(b.last[0x11A][1], 0x80);
    assert_int_equal(b.last[0x1D4][4], 0xC0);
    assert_int_equal(b.last[0x1D4][5] & 0x40, 0x40);
    assert_false(VM->settled(&b.m));
    until(&b, VB_LEAF_SLEEP, 4000);
    assert_true(b.bus_v < 60);
    run(&b, 450);
    FRAME(0x50B, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00); /* sleep */
    until(&b, VB_LEAF_OFF, 400);
    assert_true(VM->settled(&b.m));
    unsigned frames = b.frames;
    run(&b, 2000);
    assert_int_equal(b.frames, frames);
}

/* In drive, with 3000 rpm and 50 Nm, then drive.ready is given back. */
static void coasting(struct bench *b, uint8_t generation) {
    in_gear(b, generation, DRIVE);
    b->rpm = 3000;
    wish(b, TORQUE, 200);
    run(b, 1000);
    assert_int_equal(torque(b), 200);
    release(b, READY);
    const char *why;
    assert_string_equal(VM->state(&b->m, &why), "coast"); /* before the next frame, and why */
    assert_string_equal(why, "the motor turns: high voltage stays on until it stands");
    run(b, 10);
    assert_int_equal(torque(b), 0);
    assert_int_equal(b->m.state, VB_LEAF_COAST);
}

static void
test_ready_given_back_in_motion_keeps_high_voltage_until_the_motor_stands(void **state) {
    (void)state;
    struct bench b;
    coasting(&b, ZE0);
    const char *why;
    assert_string_equal(VM->state(&b.m, &why), "coast");
    assert_string_equal(why, "the motor turns: high voltage stays on until it stands");
    assert_int_equal(b.last[0x11A][0], 0x4D); /* the gear is being changed ... */
    run(&b, 100);
    assert_int_equal(b.last[0x11A][0], 0x3E);
    counter(&b, 0);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x00, 0x07, 0x40, 0x30, 0xA3); /* R, in neutral, standing */
    FRAME(0x11A, 0x3E, 0x40, 0x00, 0xAA, 0xC0, 0x00, 0x00, 0xBE); /* R */
    FRAME(0x1F2, 0x10, 0x64, 0x00, 0x00, 0x00, 0x1E, 0x00, 0x0C);
    FRAME(0x50B, 0x00, 0x00, 0x06, 0xC0, 0x00, 0x60);
    for (int i = 0; i < 29000; i += 10) {
        b.rpm = i % 20 ? 100 : -100;
        run(&b, 10);
        assert_int_equal(hv(&b), 7);
        assert_int_equal(torque(&b), 0);
    }
    assert_false(VM->settled(&b.m));
    b.rpm = 99;
    run(&b, 10);
    assert_string_equal(VM->state(&b.m, &why), "unload");
    until(&b, VB_LEAF_OPEN, 100);
    assert_int_equal(hv(&b), 5);
    until(&b, VB_LEAF_OFF, 6000);
    VM->state(&b.m, &why);
    assert_string_equal(why, "");             /* nothing went wrong */
    assert_int_equal(b.last[0x11A][0], 0x11); /* parked meanwhile */
}

static void test_the_end_of_a_start_in_motion_waits_for_standstill_too(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    b.rpm = -2000;
    wish(&b, READY, 1);
    until(&b, VB_LEAF_START, 3000);
    release(&b, READY);
    run(&b, 5000);
    assert_int_equal(b.m.state, VB_LEAF_COAST);
    assert_int_equal(hv(&b), 7);
    b.rpm = 0;
    run(&b, 10);
    assert_int_equal(b.m.state, VB_LEAF_UNLOAD);
}

static void test_a_motor_that_never_stands_is_waited_for_30_s(void **state) {
    (void)state;
    for (int unknown = 0; unknown < 2; unknown++) {
        struct bench b;
        const char *why;
        coasting(&b, AZE0); /* 10 ms of it */
        b.rpm = unknown ? 0x3FFF : 3000;
        run(&b, 29980);
        assert_string_equal(VM->state(&b.m, &why), "coast");
        assert_string_equal(why, unknown
                                     ? "whether the motor turns is not known: high voltage stays on"
                                     : "the motor turns: high voltage stays on until it stands");
        assert_int_equal(hv(&b), 7);
        run(&b, 50);
        assert_int_equal(hv(&b), 5);
        until(&b, VB_LEAF_OFF, 6000);
        VM->state(&b.m, &why);
        assert_string_equal(why,
                            "the motor still turned after 30 s: the relays opened all the same");
        char text[VB_MACHINE_WHY];
        assert_int_equal(VM->ready(&b.m, READY, text), VB_REFUSAL_NONE);
    }
}

static void test_nothing_drives_or_charges_while_the_motor_coasts(void **state) {
    (void)state;
    struct bench b;
    char why[VB_MACHINE_WHY];
    coasting(&b, AZE0);
    assert_int_equal(VM->ready(&b.m, TORQUE, why), VB_REFUSAL_REFUSED);
    assert_string_equal(why, "not ready to drive: ask for drive.ready first, and wait for it");
    assert_int_equal(VM->ready(&b.m, GEAR, why), VB_REFUSAL_REFUSED);
    assert_int_equal(VM->ready(&b.m, POWER, why), VB_REFUSAL_BUSY);
    wish(&b, GEAR, DRIVE); /* past the gate */
    wish(&b, TORQUE, 400);
    for (int i = 0; i < 1000; i += 10) {
        run(&b, 10);
        assert_int_equal(torque(&b), 0);
    }
    assert_int_equal(b.last[0x11A][0], 0x3E);
}

static void test_ready_asked_for_anew_while_it_coasts_is_ready_in_neutral(void **state) {
    (void)state;
    struct bench b;
    char why[VB_MACHINE_WHY];
    coasting(&b, AZE0);
    run(&b, 1000);
    assert_int_equal(VM->ready(&b.m, READY, why), VB_REFUSAL_NONE);
    wish(&b, READY, 1);
    assert_int_equal(b.m.state, VB_LEAF_READY);
    const char *reason;
    assert_string_equal(VM->state(&b.m, &reason), "ready");
    assert_string_equal(reason, ""); /* nothing is waited for any more */
    run(&b, 40000);                  /* the time of coasting does not run any more */
    assert_int_equal(b.m.state, VB_LEAF_READY);
    assert_int_equal(hv(&b), 7);
    assert_int_equal(torque(&b), 0);
    assert_int_equal(b.last[0x11A][0], 0x3E);
    wish(&b, GEAR, DRIVE);
    wish(&b, TORQUE, 40);
    run(&b, 1000);
    assert_int_equal(torque(&b), 0); /* no gear in motion */
    b.rpm = 50;
    run(&b, 500);
    assert_int_equal(b.last[0x11A][0], 0x4E);
    assert_int_equal(torque(&b), 0); /* asked before this gear */
    wish(&b, TORQUE, 40);
    run(&b, 500);
    assert_int_equal(torque(&b), 40);
    /* and each end has its own 30 s */
    b.rpm = 3000;
    run(&b, 10);
    release(&b, READY);
    run(&b, 29000);
    assert_int_equal(b.m.state, VB_LEAF_COAST);
}

/* Break something while it coasts: the relays open as fast as they do while it drives. */
static void coast_breaks(void (*wrong)(struct bench *), int open_ms, const char *why) {
    struct bench b;
    coasting(&b, AZE0);
    run(&b, 1000);
    wrong(&b);
    int64_t t0 = b.now_ms;
    for (int i = 0; i < 12000 && hv(&b) == 7; i += 10) {
        run(&b, 10);
        assert_int_equal(torque(&b), 0);
    }
    const char *said;
    VM->state(&b.m, &said);
    assert_string_equal(said, why);
    assert_int_equal(b.now_ms - t0, open_ms);
}

static void cable_put_in(struct bench *b) {
    b->mains_b3 = 0x60;
}
static void stopped_for_600_ms(struct bench *b) {
    b->now_ms += 600;
}

static void test_each_fault_while_it_coasts_opens_the_relays_as_while_it_drives(void **state) {
    (void)state;
    coast_breaks(inverter_dies, 530, "the inverter (1DA) is silent");
    coast_breaks(battery_dies, 1500, "the battery (1DB, 1DC) is silent");
    coast_breaks(inverter_crc, 530, "the inverter (1DA) is silent");
    coast_breaks(inverter_error, 540, "the inverter reports an error");
    coast_breaks(battery_cuts, 40, "the battery asks for the relays to open");
    coast_breaks(permission_goes, 40, "the battery asks for the relays to open");
    coast_breaks(relay_falls, 340, "the bus has not the voltage of the battery");
    coast_breaks(cells_full, 240, "the battery has too high a voltage");
    coast_breaks(stopped_for_600_ms, 40, "voltbus itself came late");
    struct bench b;
    coasting(&b, AZE0);
    cable_put_in(&b);
    until(&b, VB_LEAF_UNLOAD, 700);
    static const uint8_t foreign[] = {0x4E, 0x40, 0x00, 0xAA, 0xC0, 0x00, 0x00, 0x6B};
    coasting(&b, AZE0);
    hear(&b, 0x11A, foreign);
    assert_int_equal(b.m.state, VB_LEAF_OFF);
}

static void test_no_gear_is_left_in_by_a_fault(void **state) {
    (void)state;
    struct bench b;
    in_gear(&b, ZE0, DRIVE);
    b.rpm = 3000;
    inverter_error(&b);
    until(&b, VB_LEAF_DISCHARGE, 700);
    run(&b, 100);
    assert_int_equal(b.last[0x11A][0], 0x3E);
    assert_int_equal(b.last[0x1D4][5] & 6, 0);
}

static void test_current_that_does_not_fall_opens_after_a_second(void **state) {
    (void)state;
    struct bench b;
    drive_ready(&b, AZE0);
    b.battery_half_a = 60;
    release(&b, READY);
    run(&b, 990);
    assert_int_equal(hv(&b), 7);
    run(&b, 10);
    assert_int_equal(hv(&b), 5);
}

static void test_a_bus_that_keeps_its_voltage_is_called_dangerous(void **state) {
    (void)state;
    struct bench b;
    drive_ready(&b, AZE0);
    b.no_discharge = true;
    release(&b, READY);
    until(&b, VB_LEAF_OFF, 8000);
    const char *why;
    VM->state(&b.m, &why);
    assert_string_equal(why, "DANGER: the bus may still have high voltage");
}

static void test_a_wish_during_power_off_starts_after_it(void **state) {
    (void)state;
    struct bench b;
    drive_ready(&b, AZE0);
    wish(&b, GEAR, DRIVE);
    run(&b, 200);
    release(&b, READY);
    run(&b, 500);
    wish(&b, READY, 1);
    until(&b, VB_LEAF_SLEEP, 4000);
    until(&b, VB_LEAF_READY, 4000);
    run(&b, 500);
    assert_int_equal(b.last[0x11A][0], 0x01); /* the gear of before is forgotten */
    assert_int_equal(b.count[0x603], 2);
}

static void test_a_release_while_it_starts_powers_off(void **state) {
    (void)state;
    static const struct {
        enum vb_leaf_state at, then;
    } cases[] = {{VB_LEAF_WAKE, VB_LEAF_SLEEP},
                 {VB_LEAF_RELAY, VB_LEAF_OPEN},
                 {VB_LEAF_PRECHARGE, VB_LEAF_OPEN},
                 {VB_LEAF_START, VB_LEAF_UNLOAD}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bench b;
        open_bench(&b, AZE0);
        run(&b, 100);
        wish(&b, READY, 1);
        until(&b, cases[i].at, 2000);
        run(&b, 20);
        release(&b, READY);
        assert_int_equal(b.m.state, cases[i].then);
        bool was_on = hv(&b) == 7;
        while (b.m.state != VB_LEAF_OFF) {
            run(&b, 10);
            assert_true(was_on || hv(&b) != 7); /* relays never close onto an empty bus */
        }
    }
}

/* ---- charging ---- */

static void test_a_charge_starts_as_recorded(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    b.max_100w = 60; /* the placeholder before the pilot is read */
    run(&b, 100);
    wish(&b, POWER, 100 + 21);
    b.mains_b3 = 0x00;
    run(&b, 10);
    FRAME(0x11A, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0xF5); /* R */
    FRAME(0x1D4, 0x6E, 0x6E, 0x00, 0x00, 0x42, 0x06, 0x60, 0x84); /* R */
    FRAME(0x1F2, 0x00, 0x64, 0x04, 0xA0, 0x00, 0x04, 0x01, 0x87); /* R */
    run(&b, 250);
    counter(&b, 0);
    FRAME(0x1D4, 0x6E, 0x6E, 0x00, 0x00, 0x02, 0x06, 0xE0, 0xCA); /* R */
    counter(&b, 1);
    FRAME(0x1F2, 0x00, 0x64, 0x04, 0xA0, 0x00, 0x0A, 0x01, 0x8D); /* R */
    until(&b, VB_LEAF_RELAY, 1000);
    counter(&b, 1);
    FRAME(0x1D4, 0x6E, 0x6E, 0x00, 0x04, 0x42, 0x46, 0xE0, 0xC8); /* R */
    counter(&b, 0);
    FRAME(0x1F2, 0x00, 0x64, 0x24, 0xA0, 0x00, 0x32, 0x00, 0x89); /* R: 01, high nibble 0 */
    until(&b, VB_LEAF_PRECHARGE, 1000);
    counter(&b, 1);
    FRAME(0x1D4, 0x6E, 0x6E, 0x00, 0x04, 0x43, 0x46, 0xE0, 0x33); /* R */
    until(&b, VB_LEAF_PLUG, 1000);
    counter(&b, 0);
    FRAME(0x1D4, 0x6E, 0x6E, 0x00, 0x04, 0x07, 0x46, 0xE0, 0x12); /* R */
    FRAME(0x1F2, 0x10, 0x64, 0x20, 0xA0, 0x00, 0x34, 0x00, 0x88); /* R */
    run(&b, 2000);
    assert_int_equal(b.m.state, VB_LEAF_PLUG); /* 6.0 kW, but no mains: a placeholder */
    b.mains_b3 = 0xB3;
    b.max_100w = 21;
    until(&b, VB_LEAF_CHARGE, 300);
    run(&b, 1000);
    counter(&b, 0);
    FRAME(0x1F2, 0x30, 0x79, 0x20, 0x80, 0x00, 0x3C, 0x00,
          0x86); /* R with the voltage that is asked */
}

static void test_worked_power_frames(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    b.max_100w = 66;
    b.charger_100w = 100 + 66;
    wish(&b, DCDC, 43); /* 14.3 V: AC */
    wish(&b, POWER, 100);
    until(&b, VB_LEAF_CHARGE, 5000);
    run(&b, 3000);
    static const uint8_t sums[] = {0x8E, 0x8F, 0x80, 0x81};
    for (unsigned c = 0; c < 4; c++) {
        counter(&b, c);
        FRAME(0x1F2, 0x30, 0x64, 0x20, 0xAC, 0x00, 0x3C, (uint8_t)c, sums[c]);
    }
    static const struct {
        int64_t raw;
        uint8_t power, sum;
    } cases[] = {{110, 0x6E, 0x88},
                 {121, 0x79, 0x84},
                 {133, 0x85, 0x81},
                 {160, 0xA0, 0x8E},
                 {166, 0xA6, 0x84}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wish(&b, POWER, cases[i].raw);
        run(&b, 1000);
        counter(&b, 0);
        FRAME(0x1F2, 0x30, cases[i].power, 0x20, 0xAC, 0x00, 0x3C, 0x00, cases[i].sum);
    }
}

static void test_a_ze0_charges_as_recorded(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, ZE0);
    b.max_100w = 21;
    wish(&b, POWER, 133);
    until(&b, VB_LEAF_CHARGE, 5000);
    assert_int_equal(power(&b), 1);
    run(&b, 10);
    assert_int_equal(power(&b), 2); /* 100 W each 10 ms */
    run(&b, 500);
    counter(&b, 0);
    FRAME(0x1F2, 0x30, 0x79, 0x20, 0x00, 0x00, 0x82, 0x00, 0x01); /* R */
    counter(&b, 3);
    FRAME(0x1D4, 0xF7, 0x07, 0x00, 0x04, 0xC7, 0x46, 0xE0, 0xA3); /* R */
    assert_int_equal(b.len[0x50B], 6);
    char why[VB_MACHINE_WHY];
    assert_true(VM->held_back(&b.m, POWER, why));
    assert_string_equal(why, "charge: the charger gives no more");
    b.max_100w = 20; /* R: follows at once */
    run(&b, 100);
    assert_int_equal(power(&b), 20);
    assert_int_equal(VM->ready(&b.m, DCDC, why), VB_REFUSAL_NOT_THERE);
}

static void test_power_follows_charger_and_battery_down_at_once(void **state) {
    (void)state;
    struct bench b;
    charging(&b, AZE0, 133);
    assert_int_equal(power(&b), 33);
    b.charger_100w = 110;
    run(&b, 10);
    assert_int_equal(power(&b), 10);
    char why[VB_MACHINE_WHY];
    assert_true(VM->held_back(&b.m, POWER, why));
    assert_string_equal(why, "charge: the battery allows no more");
    b.charger_100w = 0x3FF; /* not available */
    run(&b, 10);
    assert_int_equal(power(&b), 0);
    b.charger_100w = 160;
    run(&b, 50);
    assert_int_equal(power(&b), 5); /* up by steps */
    b.max_100w = 3;
    run(&b, 100);
    assert_int_equal(power(&b), 3);
    wish(&b, POWER, 101);
    run(&b, 10);
    assert_int_equal(power(&b), 1);
    wish(&b, POWER, 100); /* 0 W is a pause: the charge stays */
    run(&b, 1000);
    assert_int_equal(power(&b), 0);
    assert_int_equal(b.m.state, VB_LEAF_CHARGE);
}

static void test_a_charge_ends_in_order_and_begins_again(void **state) {
    (void)state;
    struct bench b;
    charging(&b, AZE0, 133);
    b.gives_100w = 33;
    b.battery_half_a = 17;
    release(&b, POWER);
    run(&b, 10);
    assert_int_equal(power(&b), 0);
    assert_int_equal(b.last[0x1F2][2], 0x60); /* stop request */
    run(&b, 300);
    assert_int_equal(hv(&b), 7);
    b.gives_100w = 0;
    b.battery_half_a = 0;
    run(&b, 100);
    until(&b, VB_LEAF_DISCHARGE, 100);
    until(&b, VB_LEAF_OFF, 5000);
    FRAME(0x50B, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00);
    wish(&b, POWER, 110);
    until(&b, VB_LEAF_CHARGE, 5000);
    run(&b, 500);
    assert_int_equal(power(&b), 10);
}

static void charge_breaks(void (*wrong)(struct bench *), int zero_ms, int open_ms,
                          const char *why) {
    struct bench b;
    charging(&b, AZE0, 133);
    while (b.turn % 10 != 0) {
        run(&b, 10); /* a 390 has just come */
    }
    wrong(&b);
    int64_t t0 = b.now_ms, zero = -1, open = -1;
    for (int i = 0; i < 5000 && open < 0; i += 10) {
        run(&b, 10);
        zero = zero < 0 && power(&b) == 0 ? b.now_ms - t0 : zero;
        open = hv(&b) != 7 ? b.now_ms - t0 : open;
    }
    const char *said;
    VM->state(&b.m, &said);
    assert_string_equal(said, why);
    assert_int_equal(zero, zero_ms);
    assert_int_equal(open, open_ms);
}

static void charger_dies(struct bench *b) {
    b->no_charger = true;
}
static void unplugged(struct bench *b) {
    b->mains_b3 = 0x03;
    b->max_100w = 0;
}
static void battery_full(struct bench *b) {
    b->b3 = 0x3A;
}
static void battery_ends_charge(struct bench *b) {
    b->b1 = 0x02;
}
static void charger_sum(struct bench *b) {
    b->bad_crc = 0x390;
}

static void test_each_fault_of_a_charge_means_zero_power_and_then_open_relays(void **state) {
    (void)state;
    charge_breaks(charger_dies, 500, 920, "the charger (390, 380) is silent");
    charge_breaks(unplugged, 100, 620, "the charger has no mains (unplugged?)");
    charge_breaks(battery_full, 10, 30, "the battery is full, or ends the charge");
    charge_breaks(battery_ends_charge, 10, 30, "the battery is full, or ends the charge");
    charge_breaks(charger_sum, 100, 620, "frames are damaged (CRC, sum or counter)");
    charge_breaks(inverter_dies, 100, 520, "the inverter (1DA) is silent");
    charge_breaks(battery_dies, 100, 1500, "the battery (1DB, 1DC) is silent");
    charge_breaks(battery_cuts, 10, 30, "the battery asks for the relays to open");
}

static void test_a_charger_without_mains_is_waited_for_30_s(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, AZE0);
    wish(&b, POWER, 133);
    unplugged(&b);
    until(&b, VB_LEAF_PLUG, 3000);
    run(&b, 29900);
    assert_int_equal(b.m.state, VB_LEAF_PLUG);
    until(&b, VB_LEAF_UNLOAD, 300);
    const char *why;
    VM->state(&b.m, &why);
    assert_string_equal(why, "the charger did not get ready: not plugged in, or it refuses");
}

static void test_drive_and_charge_exclude_each_other(void **state) {
    (void)state;
    struct bench b;
    char why[VB_MACHINE_WHY];
    drive_ready(&b, AZE0);
    assert_int_equal(VM->ready(&b.m, POWER, why), VB_REFUSAL_BUSY);
    wish(&b, POWER, 133); /* past the gate */
    run(&b, 1000);
    assert_int_equal(b.m.state, VB_LEAF_READY);
    assert_int_equal(power(&b), 0);
    release(&b, POWER);
    run(&b, 100);
    assert_int_equal(b.m.state, VB_LEAF_READY);
    charging(&b, AZE0, 133);
    assert_int_equal(VM->ready(&b.m, READY, why), VB_REFUSAL_BUSY);
    assert_int_equal(VM->ready(&b.m, GEAR, why), VB_REFUSAL_REFUSED);
    wish(&b, GEAR, DRIVE);
    wish(&b, TORQUE, 100);
    run(&b, 500);
    assert_int_equal(torque(&b), 0);
}

static void test_the_12_volts_move_by_a_tenth_each_100_ms(void **state) {
    (void)state;
    struct bench b;
    drive_ready(&b, AZE0);
    assert_int_equal(b.last[0x1F2][3] >> 2, 32); /* 13.2 V: the safe value */
    wish(&b, DCDC, 45);
    run(&b, 10);
    assert_in_range(b.last[0x1F2][3] >> 2, 32, 33);
    run(&b, 500);
    assert_in_range(b.last[0x1F2][3] >> 2, 37, 38);
    run(&b, 1000);
    assert_int_equal(b.last[0x1F2][3], 0xB4); /* 14.5 V */
    drive_ready(&b, ZE0);
    wish(&b, DCDC, 45);
    run(&b, 2000);
    assert_int_equal(b.last[0x1F2][3], 0);
}

/* ---- anything at all ---- */

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Whatever is wished and heard: no torque outside of READY, no power outside of CHARGE, relays only with voltage. */
static void test_random_worlds_never_get_power_where_there_is_none(void **state) {
    (void)state;
    for (uint32_t round = 0; round < 60; round++) {
        struct bench b;
        uint32_t seed = round;
        open_bench(&b, (uint8_t)(round % 4));
        for (int i = 0; i < 3000; i++) {
            uint32_t dice = next(&seed) % 400;
            if (dice < 5) {
                static const int64_t lows[] = {0, 1, -1360, 100, 30},
                                     spans[] = {2, 4, 2720, 66, 16};
                wish(&b, dice, lows[dice] + next(&seed) % (uint32_t)spans[dice]);
            } else if (dice < 7) {
                release(&b, next(&seed) % 5);
            } else if (dice == 8) {
                b.no_inverter = !b.no_inverter;
            } else if (dice == 9) {
                b.rpm = (int)(next(&seed) % 24000) - 12000;
            } else if (dice == 10) {
                b.no_battery = next(&seed) % 4 == 0;
            } else if (dice == 11) {
                b.mains_b3 = next(&seed) % 2 ? 0xB3 : 0;
            } else if (dice == 12) {
                b.now_ms += next(&seed) % 200;
            }
            int before = hv(&b);
            run(&b, 10);
            if (b.m.state != VB_LEAF_OFF) {
                assert_true(hv(&b) != 7 || before == 3 || before == 7);
                assert_true(torque(&b) == 0 || b.m.state == VB_LEAF_READY);
                assert_true(power(&b) == 0 || b.m.state == VB_LEAF_CHARGE);
                assert_true(power(&b) >= 0 && power(&b) <= 66);
            }
        }
        for (size_t i = 0; i < 5; i++) {
            release(&b, i);
        }
        b.no_inverter = b.no_battery = false;
        until(&b, VB_LEAF_OFF, 39000); /* the motor may turn */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_commands_are_numbered_as_this_file_does),
        cmocka_unit_test(test_nothing_is_sent_until_somebody_asks),
        cmocka_unit_test(test_the_first_frames_are_those_of_the_cars),
        cmocka_unit_test(test_each_frame_has_its_period),
        cmocka_unit_test(test_all_eight_forms_of_50c_come),
        cmocka_unit_test(test_it_precharges_and_says_hv_only_when_the_voltage_is_measured),
        cmocka_unit_test(test_the_bus_must_have_95_percent_of_the_battery),
        cmocka_unit_test(test_the_start_of_a_ze0_is_the_recorded_one),
        cmocka_unit_test(test_it_waits_for_all_and_names_who_is_missing),
        cmocka_unit_test(test_nothing_starts_until_the_generation_is_said),
        cmocka_unit_test(test_a_permission_that_goes_as_soon_as_the_relay_is_on_is_heard_at_once),
        cmocka_unit_test(test_worked_torque_frames_of_a_ze0),
        cmocka_unit_test(test_later_cars_have_their_own_limits_in_1d4),
        cmocka_unit_test(test_torque_rises_by_a_newton_metre_each_frame_and_falls_at_once),
        cmocka_unit_test(test_the_end_of_the_lease_is_zero_torque_in_the_next_frame),
        cmocka_unit_test(test_torque_is_refused_before_ready_and_outside_of_a_gear),
        cmocka_unit_test(test_a_gear_takes_100_ms_without_torque),
        cmocka_unit_test(test_a_turning_motor_gets_neutral_and_not_park_or_reverse),
        cmocka_unit_test(test_reverse_drives_with_negative_torque_only),
        cmocka_unit_test(test_torque_times_speed_stays_below_what_the_battery_gives_and_takes),
        cmocka_unit_test(test_who_rolls_against_the_gear_feeds_the_battery_no_more_than_it_takes),
        cmocka_unit_test(test_torque_that_was_asked_in_another_gear_is_said_not_to_hold),
        cmocka_unit_test(test_a_gear_that_was_asked_before_this_start_is_said_not_to_hold),
        cmocka_unit_test(test_a_battery_that_says_0_volts_closes_no_relay),
        cmocka_unit_test(test_nothing_drives_while_a_cable_is_in),
        cmocka_unit_test(test_nothing_charges_while_the_motor_turns),
        cmocka_unit_test(test_a_ze0_without_mains_does_not_charge),
        cmocka_unit_test(test_each_fault_means_zero_torque_and_then_open_relays),
        cmocka_unit_test(test_a_counter_that_stands_is_found_in_its_second_frame),
        cmocka_unit_test(test_one_damaged_frame_is_150_ms_without_torque),
        cmocka_unit_test(test_a_short_silence_gives_torque_back),
        cmocka_unit_test(test_heat_is_zero_torque_until_it_has_gone),
        cmocka_unit_test(test_who_comes_late_finds_zero_torque),
        cmocka_unit_test(test_who_was_late_does_not_call_the_others_silent),
        cmocka_unit_test(test_another_vcm_ends_everything_at_once),
        cmocka_unit_test(test_power_off_is_in_order),
        cmocka_unit_test(test_ready_given_back_in_motion_keeps_high_voltage_until_the_motor_stands),
        cmocka_unit_test(test_the_end_of_a_start_in_motion_waits_for_standstill_too),
        cmocka_unit_test(test_a_motor_that_never_stands_is_waited_for_30_s),
        cmocka_unit_test(test_nothing_drives_or_charges_while_the_motor_coasts),
        cmocka_unit_test(test_ready_asked_for_anew_while_it_coasts_is_ready_in_neutral),
        cmocka_unit_test(test_each_fault_while_it_coasts_opens_the_relays_as_while_it_drives),
        cmocka_unit_test(test_no_gear_is_left_in_by_a_fault),
        cmocka_unit_test(test_current_that_does_not_fall_opens_after_a_second),
        cmocka_unit_test(test_a_bus_that_keeps_its_voltage_is_called_dangerous),
        cmocka_unit_test(test_a_wish_during_power_off_starts_after_it),
        cmocka_unit_test(test_a_release_while_it_starts_powers_off),
        cmocka_unit_test(test_a_charge_starts_as_recorded),
        cmocka_unit_test(test_worked_power_frames),
        cmocka_unit_test(test_a_ze0_charges_as_recorded),
        cmocka_unit_test(test_power_follows_charger_and_battery_down_at_once),
        cmocka_unit_test(test_a_charge_ends_in_order_and_begins_again),
        cmocka_unit_test(test_each_fault_of_a_charge_means_zero_power_and_then_open_relays),
        cmocka_unit_test(test_a_charger_without_mains_is_waited_for_30_s),
        cmocka_unit_test(test_drive_and_charge_exclude_each_other),
        cmocka_unit_test(test_the_12_volts_move_by_a_tenth_each_100_ms),
        cmocka_unit_test(test_random_worlds_never_get_power_where_there_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
