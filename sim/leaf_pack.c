/* leaf_pack.c - see leaf_pack.h.
 * Left out: the start-up in all its steps, cells one by one, frame 5EB of a ZE1.
 * Facts: reference/leaf-can.md section 3; periods, counters, the order of multiplexed pages and what stands in unknown
 * bytes: from the recordings of an AZE0, an e-NV200, a ZE0 and a ZE1 listed there.
 * SPDX-License-Identifier: MIT */
#include "sim/leaf_pack.h"

#include <string.h>

#include "sim/world.h"

const char *const leaf_cars[] = {"ze0", "aze0", "ze1", NULL};

#define ALL (1 << ZE0 | 1 << AZE0 | 1 << ZE1)
const struct leaf_slot leaf_pack_slots[LEAF_PACK_SLOTS] = {
    {0x1DB, 10, 0, ALL},
    {0x1DC, 10, 1, ALL},
    {0x1ED, 10, 2, 1 << ZE1},
    {0x55B, 100, 3, ALL},
    {0x5BC, 100, 4, 1 << AZE0 | 1 << ZE1},
    {0x5BC, 500, 4, 1 << ZE0},
    {0x59E, 500, 5, 1 << AZE0 | 1 << ZE1},
    {0x5C0, 500, 6, ALL},
};

/* The packs: 96 cells in series each, as they are after some years. */
static const struct pack {
    int32_t capacity_mah;
    int32_t energy_wh;  /* of the full pack */
    int32_t nominal_wh; /* ZE0: what the controller reckons with */
    int32_t soh_percent;
    int32_t charger_w; /* into the battery, at the AC charger */
    int32_t discharge_w;
} packs[] = {
    [ZE0] = {53000, 19600, 20000, 82, 3000, 90000},
    [AZE0] = {72000, 26600, 0, 91, 6000, 110000},
    [ZE1] = {168000, 62000, 0, 97, 6000, 180000},
};

/* ---- the battery ---- */

#define RESISTANCE_MOHM 80
#define FULL_MV         396000
#define AMBIENT_NK      INT64_C(18000000000)

int64_t leaf_pack_capacity_uas(const struct leaf_pack *p) {
    return packs[p->car].capacity_mah * INT64_C(3600000);
}

int64_t leaf_pack_soc_permille(const struct leaf_pack *p) {
    return p->charge_uas * 1000 / leaf_pack_capacity_uas(p);
}

/* Voltage of 96 cells at rest; per 10 % of charge. */
static int64_t rest_voltage_mv(const struct leaf_pack *p) {
    static const int32_t points[] = {316800, 338000, 345600, 350900, 355200, 360000,
                                     366300, 373900, 381600, 388800, FULL_MV};
    int64_t ppm = p->charge_uas / (leaf_pack_capacity_uas(p) / 1000000);
    if (ppm >= 1000000) {
        return FULL_MV;
    }
    int64_t at = ppm / 100000;
    return points[at] + (points[at + 1] - points[at]) * (ppm % 100000) / 100000;
}

int64_t leaf_pack_charger_w(const struct leaf_pack *p) {
    return packs[p->car].charger_w;
}

int64_t leaf_pack_taper_ma(const struct leaf_pack *p) {
    return (FULL_MV - p->rest_mv) * 1000 / RESISTANCE_MOHM;
}

void leaf_pack_init(struct leaf_pack *p, enum leaf_car car, int64_t soc_percent) {
    memset(p, 0, sizeof *p);
    p->car = (uint8_t)car;
    vb_instance_init(&p->instance, vb_device_find("leaf-battery"), NULL, 0);
    (void)vb_instance_set(&p->instance, "generation", leaf_cars[car]);
    p->charge_uas = leaf_pack_capacity_uas(p) / 100 * soc_percent;
    p->temperature_nk = AMBIENT_NK + 3000000000;
    p->rest_mv = rest_voltage_mv(p);
    p->voltage_mv = p->rest_mv;
}

void leaf_pack_rest(struct leaf_pack *p, int64_t dt_ms) {
    p->t_ms += dt_ms;
    p->rest_mv = rest_voltage_mv(p);
}

void leaf_pack_step(struct leaf_pack *p, int64_t current_ma, int64_t dt_ms) {
    p->current_ma = current_ma;
    p->voltage_mv = p->rest_mv + p->current_ma * RESISTANCE_MOHM / 1000;
    p->charge_uas += p->current_ma * dt_ms;
    if (p->charge_uas > leaf_pack_capacity_uas(p)) {
        p->charge_uas = leaf_pack_capacity_uas(p);
    }
    if (p->charge_uas < 0) {
        p->charge_uas = 0;
    }
    /* 250 kJ/K; it loses its warmth to the air in 20 hours */
    int64_t deci = p->current_ma / 100;
    int64_t heat_mw = deci * deci * RESISTANCE_MOHM / 100;
    p->temperature_nk += heat_mw * dt_ms / 250;
    p->temperature_nk -= (p->temperature_nk - AMBIENT_NK) / 72000000 * dt_ms;
}

/* ---- its frames ---- */

/* The dashboard keeps 5 % at both ends. */
static int64_t usable_percent(const struct leaf_pack *p) {
    int64_t percent = (leaf_pack_soc_permille(p) - 50) * 100 / 900;
    return percent < 0 ? 0 : percent > 100 ? 100 : percent;
}

static int64_t energy_wh(const struct leaf_pack *p) {
    return packs[p->car].energy_wh * (p->charge_uas / 1000) / (leaf_pack_capacity_uas(p) / 1000);
}

static void pack_values(const struct leaf_pack *p, struct sim_values *v, uint32_t turn) {
    if (p->starting) {
        sim_raw(v, "battery.current", 0x3FF);
        sim_raw(v, "battery.voltage", 0x3FF);
        return;
    }
    sim_milli(v, "battery.current", p->current_ma);
    /* the controller ends a charge with this bit */
    sim_word(v, "battery.failsafe", p->full ? "charge-stop" : "none");
    sim_word(v, "battery.relay_cut_request", p->cut ? "off" : "none");
    sim_milli(v, "battery.voltage", p->voltage_mv);
    sim_raw(v, "battery.cell_latch", turn / 68 % 2); /* toggles each 0.68 s */
    sim_word(v, "battery.discharge_state", "normal");
    sim_word(v, "battery.interlock", "yes");
    sim_word(v, "battery.full", p->full ? "yes" : "no");
    sim_word(v, "battery.relay_permission", p->forbidden ? "no" : "yes");
    if (p->car == ZE1) {
        sim_milli(v, "battery.current_wide", p->current_ma);
    } else {
        /* cars before 2013 send 0 */
        sim_raw(v, "battery.soc_usable", p->car == ZE0 ? 0 : usable_percent(p));
    }
}

int64_t leaf_pack_charger_limit_w(const struct leaf_pack *p) {
    int64_t charger = (1000 - leaf_pack_soc_permille(p)) * 120 + 1000;
    return p->full ? 0 : charger > 46000 ? 46000 : charger;
}

static void limits_values(const struct leaf_pack *p, struct sim_values *v, uint32_t turn) {
    if (p->starting) {
        sim_raw(v, "limit.discharge_power", 0x3FF);
        sim_raw(v, "limit.charge_power", 0x3FF);
        sim_raw(v, "limit.charger_power", 0x3FF);
        return;
    }
    int64_t permille = leaf_pack_soc_permille(p);
    int64_t discharge = packs[p->car].discharge_w;
    int64_t braking = (1000 - permille) * 160 + 2000;
    /* a low battery gives less, down to a tenth */
    if (permille < 200) {
        discharge = discharge * (permille < 20 ? 20 : permille) / 200;
    }
    sim_milli(v, "limit.discharge_power", discharge * 1000);
    sim_milli(v, "limit.charge_power", (braking > 70000 ? 70000 : braking) * 1000);
    /* "not available" whenever no charger is asked for */
    if (p->charging) {
        sim_milli(v, "limit.charger_power", leaf_pack_charger_limit_w(p) * 1000);
    } else {
        sim_raw(v, "limit.charger_power", 0x3FF);
    }
    sim_word(v, "limit.charge_state", "normal");
    sim_raw(v, "limit.charger_ramp", 0);
    /* four sets of codes in turn; these belong to no car */
    unsigned set = (turn + 3) % 4;
    sim_raw(v, "pairing.set", set);
    sim_raw(v, "pairing.code_a", 0x11 + 0x22 * set);
    sim_raw(v, "pairing.code_b", 0x1E + 0x21 * set);
}

static void charger_values(const struct leaf_pack *p, struct sim_values *v) {
    int64_t charger = (1000 - leaf_pack_soc_permille(p)) * 200 + 1000;
    if (p->charging) {
        sim_milli(v, "limit.charger_power_wide", (charger > 100000 ? 100000 : charger) * 1000);
    } else {
        sim_raw(v, "limit.charger_power_wide", 0x7FF);
    }
}

static void charge_values(const struct leaf_pack *p, struct sim_values *v, uint32_t turn) {
    sim_milli(v, "battery.soc", leaf_pack_soc_permille(p) * 100);
    /* the answer to 50C, whose question changes each half second; a ZE1 has none */
    int64_t answer = p->answer ? p->answer : turn / 5 % 2 ? 0x55 : 0xAA;
    sim_raw(v, "battery.alive_answer", p->car == ZE1 ? 0 : answer);
    sim_raw(v, "battery.insulation_voltage", 0x3AA + world_noise(16, p->t_ms, 20000) / 400);
    sim_word(v, "battery.insulation_fault", "no");
    sim_word(v, "battery.sleep", "refuse");
    sim_word(v, "battery.empty", leaf_pack_soc_permille(p) < 50 ? "yes" : "no");
}

/* Minutes to 100 or 80 % at a power; -1: reached. */
static int64_t minutes_to(const struct leaf_pack *p, int64_t percent, int64_t w) {
    int64_t missing = packs[p->car].energy_wh * percent / 100 - energy_wh(p);
    return missing <= 0 ? -1 : missing * 60 / w;
}

static void time_values(const struct leaf_pack *p, struct sim_values *v, uint32_t turn) {
    /* the order of the cars' own pages; quick charging has no time in any recording */
    static const struct {
        uint8_t kind, percent;
        uint16_t w;
    } ze0[] = {{0, 0, 0}, {9, 100, 3300}, {10, 80, 3300}, {17, 100, 1200}, {18, 80, 1200}},
      aze0[] = {{0, 0, 0},      {5, 100, 6000}, {8, 100, 3300}, {11, 100, 1200},
                {18, 80, 6000}, {21, 80, 3300}, {24, 80, 1200}};
    unsigned kind = 31; /* ZE1: kinds that nobody knows, so none */
    int64_t minutes = -1;
    if (p->car == ZE0) {
        unsigned i = turn % 5;
        kind = ze0[i].kind;
        minutes = i == 0 ? -1 : minutes_to(p, ze0[i].percent, ze0[i].w);
    } else if (p->car == AZE0) {
        unsigned i = turn % 7;
        kind = aze0[i].kind;
        minutes = i == 0 ? -1 : minutes_to(p, aze0[i].percent, aze0[i].w);
    }
    sim_raw(v, "charge.time_kind", kind);
    sim_raw(v, "charge.time_left", minutes < 0 ? 0x1FFF : minutes);
}

static void energy_values(const struct leaf_pack *p, struct sim_values *v, uint32_t turn) {
    const struct pack *pack = &packs[p->car];
    int64_t celsius = p->temperature_nk / 1000000000;
    /* charge and capacity change places each half second */
    bool capacity = p->car == ZE0 ? turn % 2 : turn / 5 % 2;
    if (p->car == ZE0) {
        sim_word(v, "battery.gids_shown", "remaining");
        sim_raw(v, "battery.gids", energy_wh(p) / 80);
        sim_milli(v, "battery.energy_capacity", pack->nominal_wh * INT64_C(1000));
        sim_milli(v, "battery.temperature", celsius * 1000);
        sim_raw(v, "energy.unknown_5", 1);
        if (capacity) {
            sim_raw(v, "battery.capacity_bars", 12 * pack->soh_percent / 100);
        } else {
            sim_raw(v, "battery.charge_bars", 12 * usable_percent(p) / 100);
        }
    } else {
        if (turn % 2) {
            sim_raw(v, "battery.gids_full", pack->energy_wh / 80);
        } else {
            sim_raw(v, "battery.gids", energy_wh(p) / 80);
        }
        sim_word(v, "battery.gids_shown", turn % 2 ? "full" : "remaining");
        if (capacity) {
            sim_milli(v, "battery.capacity_segments", 120 * pack->soh_percent);
        } else {
            sim_milli(v, "battery.charge_segments", 120 * usable_percent(p));
        }
        sim_milli(v, "battery.temperature_gauge", (20 + celsius) * 1000);
    }
    sim_word(v, "battery.bars_shown", capacity ? "capacity" : "charge");
    sim_raw(v, "battery.soh", pack->soh_percent);
    sim_word(v, "limit.reason", "none");
    time_values(p, v, turn);
}

static void capacity_values(const struct leaf_pack *p, struct sim_values *v) {
    int64_t energy = energy_wh(p);
    sim_milli(v, "quick_charge.energy_full", packs[p->car].energy_wh * INT64_C(1000));
    /* the 62 kWh recordings end at 50.0 kWh */
    sim_milli(v, "quick_charge.energy", (energy > 50000 ? 50000 : energy) * 1000);
    if (p->car == ZE1) {
        sim_milli(v, "battery.soc_displayed", usable_percent(p) * 1000);
    }
}

static void history_values(const struct leaf_pack *p, struct sim_values *v, uint32_t turn) {
    static const char *const kinds[] = {"max", "average", "min"};
    static const char *const rows[][4] = {
        {"history.max.wakeup_temperature", "history.max.temperature",
         "history.max.resistance_factor", "history.max.cell_voltage"},
        {"history.average.wakeup_temperature", "history.average.temperature",
         "history.average.resistance_factor", "history.average.cell_voltage"},
        {"history.min.wakeup_temperature", "history.min.temperature",
         "history.min.resistance_factor", "history.min.cell_voltage"},
    };
    sim_raw(v, "heater.next_wakeup", 0x1F); /* no heater */
    if (p->car == ZE1) {
        /* six pages; nobody knows what stands in them */
        sim_word(v, "history.kind", "none");
        sim_raw(v, "history.page", 1 + turn % 6);
        return;
    }
    unsigned i = turn % 3;
    int64_t milli = p->temperature_nk / 1000000 + 1000 - 1000 * (int64_t)i;
    sim_word(v, "history.kind", kinds[i]);
    sim_milli(v, rows[i][0], 16000);
    sim_milli(v, rows[i][1], milli);
    sim_raw(v, rows[i][2], 100);
    /* the highest one reads 1.94 V in the recordings too */
    sim_milli(v, rows[i][3], i == 0 ? 1940 : p->rest_mv / 96);
}

uint8_t leaf_pack_values(const struct leaf_pack *p, struct sim_values *v, uint32_t turn) {
    switch (v->message ? v->message->id : 0) {
    case 0x1DB:
        pack_values(p, v, turn);
        break;
    case 0x1DC:
        limits_values(p, v, turn);
        break;
    case 0x1ED:
        charger_values(p, v);
        return 3;
    case 0x55B:
        charge_values(p, v, turn);
        break;
    case 0x5BC:
        energy_values(p, v, turn);
        break;
    case 0x59E:
        capacity_values(p, v);
        break;
    default:
        history_values(p, v, turn);
        break;
    }
    return 8;
}
