/* leaf.c - the electric half of a Nissan Leaf that somebody else is the VCM of: battery, contactor box, inverter with a
 * motor that moves a car, on-board charger and DC-DC converter (PDM), on one EV-CAN behind an slcan adapter.
 * They sleep until 50B or the plug wakes them, obey 11A, 1D4, 1F2, 50B and 50C, and share one world: what the inverter,
 * the charger and the 12 V side take or give flows through the battery.
 * Left out: climate, body, quick charging, the exact order of a start (each part takes some tenths of
 * a second), the fail-safe of real parts, of which nobody has recorded the times: here it is 250 ms without 1D4 or 1F2.
 * Facts: reference/leaf-can.md sections 2, 3, 5, 6, 7. Numbers of the models are made up to be plausible.
 * SPDX-License-Identifier: MIT */
#include "sim/leaf_adapter.h"
#include "sim/leaf_groups.h"
#include "sim/leaf_pack.h"
#include "sim/world.h"

#include "voltbus/time.h"

enum { GENERATION, PARTS, SOC, SPEED, LOAD, PLUGGED, MAINS, FAULT, KEY_COUNT };

enum { PART_BATTERY = 1, PART_INVERTER = 2, PART_PDM = 4 };
static const char *const parts[] = {"battery", "inverter", "pdm", NULL};

enum { LOAD_CAR, LOAD_BENCH };
static const char *const loads[] = {"car", "bench", NULL};

#define FAULTS(X)                                                                                  \
    X(INVERTER_CRC, "inverter-crc")                                                                \
    X(INVERTER_COUNTER, "inverter-counter")                                                        \
    X(INVERTER_SILENT, "inverter-silent")                                                          \
    X(INVERTER_ERROR, "inverter-error")                                                            \
    X(HOT, "hot")                                                                                  \
    X(BATTERY_CRC, "battery-crc")                                                                  \
    X(BATTERY_COUNTER, "battery-counter")                                                          \
    X(BATTERY_SILENT, "battery-silent")                                                            \
    X(BATTERY_STOP, "battery-stop")                                                                \
    X(CHARGER_SUM, "charger-sum")                                                                  \
    X(CHARGER_SILENT, "charger-silent")                                                            \
    X(REFUSE, "refuse")                                                                            \
    X(NO_PRECHARGE, "no-precharge")                                                                \
    X(WELDED, "welded")

enum {
#define X(name, text) FAULT_##name,
    FAULTS(X)
#undef X
};
static const char *const fault_words[] = {
#define X(name, text) text,
    FAULTS(X)
#undef X
        NULL};

static const struct vb_key keys[KEY_COUNT] = {
    [GENERATION] = {"generation", VB_KEY_WORD, NULL, "aze0", 0, 0, leaf_cars, LEAF_CARS_HELP},
    [PARTS] = {"parts", VB_KEY_WORDS, NULL, "battery+inverter+pdm", 0, 0, parts,
               "who is heard; the others are there, but say nothing"},
    [SOC] = {"soc", VB_KEY_NUMBER, "%", "60", 5, 100, NULL, "state of charge at the start"},
    [SPEED] = {"speed", VB_KEY_NUMBER, NULL, "1", 1, 1000, NULL,
               "how many times faster than a real battery it fills and empties"},
    [LOAD] = {"load", VB_KEY_WORD, NULL, "car", 0, 0, loads,
              "what the motor turns: a car of 1500 kg, or a flywheel of a twentieth of that"},
    [PLUGGED] = {"plugged", VB_KEY_FLAG, NULL, "no", 0, 0, NULL,
                 "the AC cable is plugged in, and has mains"},
    [MAINS] = {"mains", VB_KEY_NUMBER, "W", "3300", 0, 6600, NULL,
               "what mains and charger can give"},
    [FAULT] = {"fault", VB_KEY_WORDS, NULL, "none", 0, 0, fault_words, "what is broken"},
};
#define LIVE (1u << SPEED | 1u << LOAD | 1u << PLUGGED | 1u << MAINS | 1u << FAULT)

#define STEP_MS    10
#define CATCH_UP   100 /* ms; who is later misses frames, as with a real adapter */
#define SILENCE_MS 250 /* without 1D4: no torque, relays open; without 1F2: no charging */
#define NEVER      INT64_MIN

static const struct slot {
    uint16_t id, period_ms, phase_ms;
    uint8_t cars, part;
} slots[] = {
    {0x1DB, 10, 0, 1 << ZE0 | 1 << AZE0 | 1 << ZE1, PART_BATTERY},
    {0x1DC, 10, 1, 1 << ZE0 | 1 << AZE0 | 1 << ZE1, PART_BATTERY},
    {0x1ED, 10, 2, 1 << ZE1, PART_BATTERY},
    {0x55B, 100, 3, 1 << ZE0 | 1 << AZE0 | 1 << ZE1, PART_BATTERY},
    {0x5BC, 100, 4, 1 << AZE0 | 1 << ZE1, PART_BATTERY},
    {0x5BC, 500, 4, 1 << ZE0, PART_BATTERY},
    {0x59E, 500, 5, 1 << AZE0 | 1 << ZE1, PART_BATTERY},
    {0x5C0, 500, 6, 1 << ZE0 | 1 << AZE0 | 1 << ZE1, PART_BATTERY},
    {0x1DA, 10, 7, 1 << ZE0 | 1 << AZE0 | 1 << ZE1, PART_INVERTER},
    {0x120, 10, 8, 1 << ZE1, PART_INVERTER},
    {0x55A, 100, 8, 1 << ZE0 | 1 << AZE0 | 1 << ZE1, PART_INVERTER},
    {0x390, 100, 9, 1 << AZE0 | 1 << ZE1, PART_PDM},
    {0x393, 100, 19, 1 << AZE0 | 1 << ZE1, PART_PDM},
    {0x380, 100, 9, 1 << ZE0, PART_PDM},
    {0x5BF, 100, 19, 1 << ZE0, PART_PDM},
};
#define SLOTS (sizeof slots / sizeof slots[0])

/* What the VCM said last. Times in ms of the simulator; NEVER. */
struct vcm {
    int64_t torque_ms, charge_ms, wake_ms;
    int counter_torque, counter_charge;
    int64_t gear, torque, hv, relay, inhibitor; /* raw */
    int64_t power_w, state, request, dcdc_mv;
    bool awake;
};

struct leaf_car_sim {
    struct leaf_adapter adapter;
    struct leaf_pack pack;
    struct leaf_groups groups; /* of the battery: 79B/7BB */
    struct vb_instance inverter, charger, vcm_rows;
    uint32_t turn[SLOTS];
    uint8_t parts, load;
    bool plugged, plug_seen;
    int64_t speed, mains_w;
    uint32_t faults; /* bits: FAULT_* */
    int64_t steps;   /* done: the time of the model is steps * STEP_MS */
    struct vcm vcm;

    int64_t awake_ms; /* since when; NEVER: asleep */
    bool main_closed, precharging;
    int64_t bus_mv;
    int64_t torque_mnm, speed_mrpm;
    int64_t inverter_mw, charger_mw, dcdc_mw; /* from and to the high voltage */
    int64_t hv_ms;                            /* since when the bus is up; NEVER */
    int64_t charging_ms;                      /* since when power is asked for; NEVER */
    int64_t aux_mv;                           /* 12 V side */
    int64_t motor_mc, inverter_mc;            /* thousandths of a degree */
};

static int64_t now_ms(const struct leaf_car_sim *c) {
    return c->steps * STEP_MS;
}

static bool within(const struct leaf_car_sim *c, int64_t t_ms, int64_t ms) {
    return t_ms != NEVER && now_ms(c) - t_ms < ms;
}

static bool broken(const struct leaf_car_sim *c, unsigned fault) {
    return c->faults >> fault & 1;
}

/* ---- what the VCM says ---- */

static const struct vb_message *heard(const struct leaf_car_sim *c, const struct vb_frame *frame) {
    const struct vb_device *device = c->vcm_rows.device;
    for (unsigned i = 0; i < device->message_count; i++) {
        const struct vb_message *message = &device->messages[i];
        if (message->id == frame->id && vb_instance_has(&c->vcm_rows, message->when)) {
            return vb_message_check(message, frame) == VB_FAULT_NONE ? message : NULL;
        }
    }
    return NULL;
}

static int64_t row(const struct vb_message *message, const struct vb_frame *frame,
                   const char *name) {
    for (unsigned i = 0; i < message->signal_count; i++) {
        int64_t raw;
        if (strcmp(message->signals[i].name, name) == 0 &&
            vb_signal_get(&message->signals[i], frame->data, frame->len, &raw) == VB_OK) {
            return raw;
        }
    }
    return 0;
}

/* A receiver wants the counter to differ. */
static bool counts(int *last, const struct vb_message *message, const struct vb_frame *frame) {
    int counter = vb_message_counter(message, frame, NULL);
    bool good = counter != *last;
    *last = counter;
    return good;
}

static void obey(struct leaf_car_sim *c, const struct vb_frame *frame) {
    const struct vb_message *m = heard(c, frame);
    struct vcm *vcm = &c->vcm;
    if (!m || frame->flags & VB_FRAME_EXT) {
        return;
    }
    switch (frame->id) {
    case 0x11A:
        vcm->gear = row(m, frame, "drive.gear");
        break;
    case 0x1D4:
        if (counts(&vcm->counter_torque, m, frame)) {
            vcm->torque_ms = now_ms(c);
            vcm->torque = row(m, frame, "drive.torque");
            vcm->hv = row(m, frame, "hv.state");
            vcm->relay = row(m, frame, "hv.relay_plus");
            vcm->inhibitor = row(m, frame, "shift.inhibitor");
        }
        break;
    case 0x1F2:
        if (counts(&vcm->counter_charge, m, frame)) {
            vcm->charge_ms = now_ms(c);
            vcm->power_w = row(m, frame, "charge.power") * 100 - 10000;
            vcm->state = row(m, frame, "vcm.state");
            vcm->request = row(m, frame, "charge.request");
            vcm->dcdc_mv = row(m, frame, "dcdc.voltage") * 100 + 10000;
        }
        break;
    case 0x50B:
        vcm->awake = row(m, frame, "wake.command") != 0;
        vcm->wake_ms = now_ms(c);
        break;
    case 0x50C:
        c->pack.answer = row(m, frame, "battery.alive_question") == 0xB2 ? 0xAA : 0x55;
        break;
    default:
        break;
    }
}

static int64_t time_ns(const struct leaf_car_sim *c) {
    return c->adapter.start_ns + now_ms(c) * VB_NS_PER_MS;
}

/* ---- the models, in steps of 10 ms ---- */

/* They stay awake for 10 s when nobody tells them to sleep. */
static void wake_step(struct leaf_car_sim *c) {
    bool plug = c->plugged && !c->plug_seen;
    c->plug_seen = c->plugged;
    if (plug && c->steps > 1 && c->parts & PART_PDM) {
        static const uint8_t zero = 0;
        struct vb_frame frame = {.kind = VB_KIND_CAN, .id = 0x679, .len = 1, .data = &zero};
        leaf_adapter_put(&c->adapter, &frame, time_ns(c));
    }
    bool awake = within(c, c->vcm.wake_ms, 10000) && c->vcm.awake;
    if (!awake) {
        c->awake_ms = NEVER;
    } else if (c->awake_ms == NEVER) {
        c->awake_ms = now_ms(c);
    }
}

static bool awake_for(const struct leaf_car_sim *c, int64_t ms) {
    return c->awake_ms != NEVER && now_ms(c) - c->awake_ms >= ms;
}

/* The box does what 1D4 says, while 1D4 comes and the battery permits it. Main relays never close onto an empty bus. */
static void contactor_step(struct leaf_car_sim *c) {
    bool vcm = within(c, c->vcm.torque_ms, SILENCE_MS);
    bool may = vcm && c->vcm.relay && awake_for(c, 400) && !c->pack.forbidden && !c->pack.cut;
    bool up = c->bus_mv > c->pack.voltage_mv * 9 / 10;
    c->main_closed = (may && c->vcm.hv == 7 && (c->main_closed || up)) ||
                     (c->main_closed && broken(c, FAULT_WELDED));
    c->precharging = may && c->vcm.hv == 3 && !broken(c, FAULT_NO_PRECHARGE);
}

#define WORKS_MV 200000

/* Torque follows within some ten ms; without the VCM, a gear or high voltage there is none. */
static void motor_step(struct leaf_car_sim *c) {
    bool gear = c->vcm.inhibitor == 1 || c->vcm.inhibitor == 2;
    bool may = within(c, c->vcm.torque_ms, SILENCE_MS) && gear && c->bus_mv > WORKS_MV &&
               !broken(c, FAULT_HOT) && !broken(c, FAULT_INVERTER_ERROR);
    int64_t target_mnm = may ? c->vcm.torque * 250 : 0;
    int64_t apart = target_mnm - c->torque_mnm;
    c->torque_mnm = apart > -1500 && apart < 1500 ? target_mnm : c->torque_mnm + apart / 3;

    /* 1500 kg behind a gear of 7.94 and wheels of 0.31 m: 4.18 rpm a second for each Nm */
    int64_t rpm = c->speed_mrpm / 1000;
    int64_t drag_mnm = rpm == 0 ? 0 : (rpm > 0 ? 2000 : -2000) + rpm * 5;
    int64_t change = (c->torque_mnm - drag_mnm) * 418 / 10000 * (c->load == LOAD_BENCH ? 20 : 1);
    bool stops = c->torque_mnm == 0 &&
                 (c->speed_mrpm > 0 ? c->speed_mrpm + change <= 0 : c->speed_mrpm + change >= 0);
    c->speed_mrpm =
        stops || (c->vcm.gear < 2 && rpm > -100 && rpm < 100) ? 0 : c->speed_mrpm + change;
    if (c->speed_mrpm > 10400000 || c->speed_mrpm < -10400000) {
        c->speed_mrpm = c->speed_mrpm > 0 ? 10400000 : -10400000;
    }
    /* P = T * 2 pi n; 93 % arrive, both ways */
    int64_t shaft_mw = c->torque_mnm * c->speed_mrpm / 9549;
    c->inverter_mw = (shaft_mw > 0 ? shaft_mw * 100 / 93 : shaft_mw * 93 / 100) +
                     (c->bus_mv > WORKS_MV ? 50000 : 0);
    int64_t heat = c->inverter_mw - shaft_mw;
    c->motor_mc += heat / 4000000 - (c->motor_mc - 20000) / 60000;
    c->inverter_mc += heat / 6000000 - (c->inverter_mc - 20000) / 30000;
}

static bool pilot_read(const struct leaf_car_sim *c) {
    return c->plugged && c->vcm.request == 1 && !broken(c, FAULT_REFUSE) && c->hv_ms != NEVER &&
           now_ms(c) - c->hv_ms >= 900;
}

static void pdm_step(struct leaf_car_sim *c) {
    bool up = c->main_closed && c->bus_mv > WORKS_MV && awake_for(c, 100);
    c->hv_ms = !up ? NEVER : c->hv_ms == NEVER ? now_ms(c) : c->hv_ms;
    /* an e-NV200 takes 3.3 s from the first command to power, a ZE0 less */
    bool asked = pilot_read(c) && c->vcm.state == 3 && c->vcm.power_w > 0 &&
                 within(c, c->vcm.charge_ms, SILENCE_MS);
    c->charging_ms = !asked ? NEVER : c->charging_ms == NEVER ? now_ms(c) : c->charging_ms;
    bool gives = asked && now_ms(c) - c->charging_ms >= (c->pack.car == ZE0 ? 400 : 3300);
    int64_t target_mw = gives ? c->vcm.power_w * 1000 : 0;
    if (target_mw > c->mains_w * 1000) {
        target_mw = c->mains_w * 1000;
    }
    int64_t taper_mw = leaf_pack_taper_ma(&c->pack) * (c->pack.voltage_mv / 1000);
    if (target_mw > taper_mw) {
        target_mw = taper_mw < 0 ? 0 : taper_mw;
    }
    c->charger_mw =
        target_mw < c->charger_mw + 25000 ? target_mw : c->charger_mw + 25000; /* 2.5 kW a second */
    /* DC-DC: 180 W for the car, and what the 12 V battery takes; whenever 1F2 comes */
    bool dcdc = up && within(c, c->vcm.charge_ms, 1000);
    int64_t wanted_mv = c->pack.car == ZE0 ? 14200 : c->vcm.dcdc_mv;
    c->aux_mv += dcdc ? (wanted_mv - c->aux_mv) / 20 : c->aux_mv > 12200 ? -1 : 0;
    c->dcdc_mw = dcdc ? 200000 : 0;
}

static void battery_step(struct leaf_car_sim *c) {
    struct leaf_pack *p = &c->pack;
    leaf_pack_rest(p, STEP_MS * c->speed);
    p->starting = !awake_for(c, 250);
    p->forbidden = !awake_for(c, 350) || broken(c, FAULT_BATTERY_STOP);
    p->charging = c->vcm.request == 1 && within(c, c->vcm.charge_ms, SILENCE_MS);
    int64_t ma = 0;
    if (c->main_closed) {
        ma = (c->charger_mw - c->inverter_mw - c->dcdc_mw) * 1000 / p->voltage_mv;
    } else if (c->precharging) {
        ma = (c->bus_mv - p->voltage_mv) / 50; /* 50 ohms */
    }
    leaf_pack_step(p, ma, STEP_MS * c->speed);
    if (!p->charging) {
        p->full = false;
    } else if (leaf_pack_soc_permille(p) >= 995 && ma < 1000) {
        p->full = true;
    }
}

/* The capacitors of inverter and PDM. */
static void bus_step(struct leaf_car_sim *c) {
    if (c->main_closed) {
        c->bus_mv = c->pack.voltage_mv;
    } else if (c->precharging) {
        c->bus_mv += (c->pack.voltage_mv - c->bus_mv) / 6; /* 60 ms */
    } else {
        /* the inverter discharges in about 2 s while 1D4 says so; else they keep it for minutes */
        bool actively = within(c, c->vcm.torque_ms, SILENCE_MS) && c->vcm.hv == 0;
        c->bus_mv -= actively || !within(c, c->vcm.torque_ms, SILENCE_MS) ? c->bus_mv / 90
                                                                          : c->bus_mv / 6000;
    }
}

static void step(struct leaf_car_sim *c) {
    c->steps++;
    wake_step(c);
    contactor_step(c);
    motor_step(c);
    pdm_step(c);
    battery_step(c);
    bus_step(c);
}

/* ---- its frames ---- */

static void motor_values(const struct leaf_car_sim *c, struct sim_values *v) {
    if (!awake_for(c, 350)) {
        sim_raw(v, "inverter.voltage", 0xFF);
        sim_raw(v, "motor.speed", 0x3FFF);
        return;
    }
    sim_milli(v, "inverter.voltage", c->bus_mv);
    sim_milli(v, "motor.torque", c->torque_mnm);
    sim_raw(v, "inverter.state", c->vcm.hv == 7 ? 3 : c->vcm.hv == 0 ? 4 : 0);
    sim_raw(v, "motor.speed", c->speed_mrpm / 1000);
    sim_raw(v, "motor.speed_valid", 1);
    unsigned errors = c->pack.car == ZE1 ? 2 : 0; /* set on a ZE1 all the time */
    errors |= broken(c, FAULT_INVERTER_ERROR) || broken(c, FAULT_HOT) ? 8 : 0;
    sim_raw(v, "inverter.errors", errors);
}

static void heat_values(const struct leaf_car_sim *c, struct sim_values *v) {
    int64_t hot_mc = broken(c, FAULT_HOT) ? 125000 : 0;
    sim_milli(v, "motor.temperature", c->motor_mc > hot_mc ? c->motor_mc : hot_mc);
    sim_milli(v, "inverter.temperature", c->inverter_mc > hot_mc ? c->inverter_mc : hot_mc);
    sim_raw(v, "heat.unknown_4", 0x5F);
    sim_word(v, "inverter.sleep", "refuse");
}

static void charger_values(const struct leaf_car_sim *c, struct sim_values *v) {
    bool pilot = pilot_read(c);
    bool asked = c->vcm.request == 1;
    sim_milli(v, "charger.power", c->charger_mw);
    sim_word(v, "charger.sleep", "refuse");
    sim_raw(v, "charger.unknown_3", pilot || (!asked && c->dcdc_mw > 0));
    sim_raw(v, "dcdc.state", c->dcdc_mw > 0 ? 1 : 0);
    sim_raw(v, "charger.ac_kind", pilot ? 2 : 0);
    sim_raw(v, "charger.ac_relay", c->plugged);
    sim_raw(v, "charger.unknown_3_high", !c->plugged ? 0 : asked ? 2 : 1);
    sim_raw(v, "charger.state", c->charger_mw > 0 ? 4 : pilot ? 4 : c->plugged ? 12 : 8);
    sim_word(v, "charger.insulation_sensor", "yes");
    /* 6.0 kW stand there until somebody asks */
    sim_milli(v, "charger.power_max", pilot ? c->mains_w * 1000 : asked ? 0 : 6000000);
}

static void supply_values(const struct leaf_car_sim *c, struct sim_values *v) {
    sim_raw(v, "supply.unknown_0", c->plugged ? 0x12 : 0x02);
    sim_raw(v, "supply.unknown_1", 4);
    /* recorded: 3.3 kW all the time without a cable, 0 with one until the pilot is read */
    sim_milli(v, "charger.power_max",
              !c->plugged     ? 3300000
              : pilot_read(c) ? c->mains_w * 1000
                              : 0);
    sim_raw(v, "charger.relay", c->plugged && c->vcm.request == 1);
    if (c->plugged) {
        sim_milli(v, "charger.ac_voltage", 233000);
    }
}

static void pilot_values(const struct leaf_car_sim *c, struct sim_values *v) {
    sim_milli(v, "charger.pilot_current", c->plugged ? c->mains_w * 1000 / 230 : 0);
    if (c->bus_mv > 260000) {
        sim_milli(v, "charger.dc_voltage", c->bus_mv);
    }
    sim_raw(v, "charger.state",
            c->charger_mw > 0 ? 0x60
            : pilot_read(c)   ? 0x80
            : c->plugged      ? 0x30
                              : 0x28);
}

static uint8_t values_of(const struct leaf_car_sim *c, uint16_t id, struct sim_values *v,
                         uint32_t turn) {
    switch (id) {
    case 0x1DA:
        motor_values(c, v);
        return 8;
    case 0x120:
        return 4;
    case 0x55A:
        heat_values(c, v);
        return 8;
    case 0x390:
        charger_values(c, v);
        return 8;
    case 0x393:
        sim_raw(v, "charger.step",
                c->charger_mw > 0     ? 0x53
                : pilot_read(c)       ? 0x52
                : c->vcm.request == 1 ? 0x51
                : c->dcdc_mw > 0      ? 0x20
                                      : 0x10);
        return 8;
    case 0x380:
        supply_values(c, v);
        return 8;
    case 0x5BF:
        pilot_values(c, v);
        return 8;
    default:
        return leaf_pack_values(&c->pack, v, turn);
    }
}

/* Is it silent, is its counter stuck, its check wrong? */
static const struct {
    uint8_t part, silent, counter, check;
    uint16_t id; /* whose check is wrong */
} ills[] = {
    {PART_BATTERY, FAULT_BATTERY_SILENT, FAULT_BATTERY_COUNTER, FAULT_BATTERY_CRC, 0x1DB},
    {PART_INVERTER, FAULT_INVERTER_SILENT, FAULT_INVERTER_COUNTER, FAULT_INVERTER_CRC, 0x1DA},
    {PART_PDM, FAULT_CHARGER_SILENT, 31, FAULT_CHARGER_SUM, 0x390},
    {PART_PDM, FAULT_CHARGER_SILENT, 31, FAULT_CHARGER_SUM, 0x380},
};

static void send_frame(struct leaf_car_sim *c, size_t slot, int64_t t_ns) {
    uint8_t part = slots[slot].part;
    uint16_t id = slots[slot].id;
    uint32_t turn = c->turn[slot];
    uint8_t flip = 0;
    bool asleep = part == PART_PDM ? c->awake_ms == NEVER && !c->plugged : c->awake_ms == NEVER;
    if (asleep || !(c->parts & part) || (part == PART_INVERTER && !awake_for(c, 200)) ||
        (part == PART_BATTERY && !awake_for(c, 60))) {
        return;
    }
    for (size_t i = 0; i < sizeof ills / sizeof ills[0]; i++) {
        if (ills[i].part == part && broken(c, ills[i].silent)) {
            return;
        }
        if (ills[i].id == id) {
            turn = broken(c, ills[i].counter) ? 1 : turn;
            flip = broken(c, ills[i].check) ? 1 : 0;
        }
    }
    struct sim_values v;
    uint8_t data[8];
    struct vb_frame frame = {.kind = VB_KIND_CAN, .id = id, .data = data};
    sim_values_begin(&v,
                     part == PART_BATTERY    ? &c->pack.instance
                     : part == PART_INVERTER ? &c->inverter
                                             : &c->charger,
                     id);
    frame.len = values_of(c, id, &v, c->turn[slot]);
    if (sim_values_end(&v, data, frame.len, turn) > 0) {
        data[frame.len - 1] ^= flip;
        leaf_adapter_put(&c->adapter, &frame, t_ns);
    }
}

/* ---- the simulator ---- */

static const char *leaf_change(void *self, size_t key, const struct vb_value *value, int64_t t_ns) {
    struct leaf_car_sim *c = self;
    (void)t_ns;
    switch (key) {
    case SPEED:
        c->speed = value->number;
        break;
    case LOAD:
        c->load = (uint8_t)value->number;
        break;
    case PLUGGED:
        c->plugged = value->number;
        break;
    case MAINS:
        c->mains_w = value->number / 100 * 100;
        break;
    case FAULT:
        c->faults = (uint32_t)value->number;
        break;
    default:
        return "this is set at the start";
    }
    return NULL;
}

static void open_rows(struct vb_instance *instance, const char *device, int64_t car) {
    vb_instance_init(instance, vb_device_find(device), NULL, 0);
    (void)vb_instance_set(instance, "generation", leaf_cars[car]);
}

static void leaf_init(void *self, const struct vb_value *values, int64_t now_ns, int64_t wall_ns) {
    struct leaf_car_sim *c = self;
    (void)wall_ns;
    memset(c, 0, sizeof *c);
    leaf_adapter_init(&c->adapter, now_ns);
    int64_t car = values[GENERATION].number;
    leaf_pack_init(&c->pack, (enum leaf_car)car, values[SOC].number);
    open_rows(&c->inverter, "leaf-inverter", car);
    open_rows(&c->charger, "leaf-charger", car);
    open_rows(&c->vcm_rows, "leaf-vcm", car);
    leaf_groups_init(&c->groups, now_ns);
    c->parts = (uint8_t)values[PARTS].number;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (LIVE >> i & 1) {
            (void)leaf_change(c, i, &values[i], now_ns);
        }
    }
    c->plug_seen = c->plugged;
    c->vcm.torque_ms = c->vcm.charge_ms = c->vcm.wake_ms = NEVER;
    c->vcm.counter_torque = c->vcm.counter_charge = -1;
    c->vcm.dcdc_mv = 14000;
    c->awake_ms = c->hv_ms = c->charging_ms = NEVER;
    c->aux_mv = 12400;
    c->motor_mc = c->inverter_mc = 20000;
}

static bool answers_groups(const struct leaf_car_sim *c) {
    return awake_for(c, 400) && c->parts & PART_BATTERY && !broken(c, FAULT_BATTERY_SILENT);
}

static void leaf_feed(void *self, const uint8_t *bytes, size_t n, int64_t now_ns) {
    struct leaf_car_sim *c = self;
    (void)now_ns;
    while (n > 0) {
        struct vb_frame frame;
        bool sends;
        size_t used = leaf_adapter_feed(&c->adapter, bytes, n, &frame, &sends);
        bytes += used;
        n -= used;
        if (sends) {
            obey(c, &frame);
        }
        if (sends && answers_groups(c)) {
            leaf_groups_heard(&c->groups, &c->pack, &frame, time_ns(c));
        }
    }
}

static int64_t due_ns(const struct leaf_car_sim *c, size_t slot) {
    return c->adapter.start_ns +
           ((int64_t)c->turn[slot] * slots[slot].period_ms + slots[slot].phase_ms) * VB_NS_PER_MS;
}

static size_t first_slot(const struct leaf_car_sim *c) {
    size_t first = 0;
    for (size_t i = 1; i < SLOTS; i++) {
        if (slots[i].cars >> c->pack.car & 1 && due_ns(c, i) < due_ns(c, first)) {
            first = i;
        }
    }
    return first;
}

static void leaf_tick(void *self, int64_t now_ns) {
    struct leaf_car_sim *c = self;
    if (now_ns - due_ns(c, first_slot(c)) > CATCH_UP * VB_NS_PER_MS) {
        /* the frames of that time are lost; what the parts did meanwhile follows below */
        for (size_t i = 0; i < SLOTS; i++) {
            int64_t period_ns = slots[i].period_ms * VB_NS_PER_MS;
            int64_t late_ns = now_ns - due_ns(c, i);
            if (late_ns > 0) {
                c->turn[i] += (uint32_t)(late_ns / period_ns);
            }
        }
        c->adapter.lost = c->adapter.lost || c->adapter.open;
    }
    for (size_t i = first_slot(c); due_ns(c, i) <= now_ns; i = first_slot(c)) {
        if (slots[i].id == 0x1DB) {
            step(c);
        }
        send_frame(c, i, due_ns(c, i));
        struct vb_frame frame;
        if (answers_groups(c) && leaf_groups_take(&c->groups, time_ns(c), &frame)) {
            leaf_adapter_put(&c->adapter, &frame,
                             due_ns(c, i)); /* one each time: others speak, too */
        }
        c->turn[i]++;
    }
}

static int64_t leaf_deadline(const void *self) {
    const struct leaf_car_sim *c = self;
    return due_ns(c, first_slot(c));
}

static size_t leaf_take(void *self, uint8_t *out) {
    struct leaf_car_sim *c = self;
    return sim_queue_take(&c->adapter.out, out);
}

const struct sim sim_leaf = {
    .name = "leaf",
    .title = "battery, inverter and PDM of a Nissan Leaf without its VCM, behind an slcan adapter",
    .link = "slcan",
    .keys = keys,
    .key_count = KEY_COUNT,
    .size = sizeof(struct leaf_car_sim),
    .init = leaf_init,
    .feed = leaf_feed,
    .tick = leaf_tick,
    .deadline_ns = leaf_deadline,
    .take = leaf_take,
    .change = leaf_change,
    .live = LIVE,
};
