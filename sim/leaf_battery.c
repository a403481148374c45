/* leaf_battery.c - a Nissan Leaf battery behind an slcan adapter: what comes over the serial line
 * when the adapter listens to the EV-CAN of a car that charges, drives or rests.
 * Left out: all other controllers of the car, answers to questions (79B/7BB, 50C), the start-up and
 * the sleep of the controller, cells one by one, frame 5EB of a ZE1; acceptance filters and polling
 * (X0) of the adapter.
 * Facts: reference/leaf-can.md section 3, reference/can-transports.md section 2.1; periods, counters,
 * the order of multiplexed pages and what stands in unknown bytes: from the recordings of an AZE0, an
 * e-NV200, a ZE0 and a ZE1 listed there.
 * SPDX-License-Identifier: MIT */
#include "sim/queue.h"
#include "sim/values.h"
#include "sim/world.h"

#include "voltbus/slcan.h"
#include "voltbus/time.h"

enum { GENERATION, MODE, SOC, SPEED };
enum { ZE0, AZE0, ZE1 };
enum { MODE_CHARGE, MODE_DRIVE, MODE_REST };

static const char *const generations[] = {"ze0", "aze0", "ze1", NULL};
static const char *const modes[] = {"charge", "drive", "rest", NULL};

static const struct vb_key keys[] = {
    [GENERATION] = {"generation", VB_KEY_WORD, NULL, "aze0", 0, 0, generations,
                    "24 kWh of 2011, 30 kWh of 2016, 62 kWh of 2019"},
    [MODE] = {"mode", VB_KEY_WORD, NULL, "charge", 0, 0, modes,
              "what the car does: charge until full, then use some and charge again; drive until "
              "empty, charge, drive; stand still"},
    [SOC] = {"soc", VB_KEY_NUMBER, "%", "45", 5, 100, NULL, "state of charge at the start"},
    [SPEED] = {"speed", VB_KEY_NUMBER, NULL, "1", 1, 1000, NULL,
               "how many times faster than a real battery it charges and drives; frames keep their "
               "real periods"},
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

/* What the pack does; each step says when it goes on. */
#define PHASES(X)                                                                                  \
    X(CHARGE, "full: FULL; mode drive, 80 %: DRIVE")                                               \
    X(FULL, "a minute later: USE")                                                                 \
    X(USE, "charge of the start reached, at most 90 %: CHARGE")                                    \
    X(DRIVE, "10 %: CHARGE")                                                                       \
    X(REST, "never")

enum phase {
#define X(name, sentence) PHASE_##name,
    PHASES(X)
#undef X
};

/* The frames. They come one behind the other, as the controller sends them, not all at once. */
static const struct slot {
    uint16_t id, period_ms, phase_ms;
    uint8_t generations;
} slots[] = {
    {0x1DB, 10, 0, 1 << ZE0 | 1 << AZE0 | 1 << ZE1},
    {0x1DC, 10, 1, 1 << ZE0 | 1 << AZE0 | 1 << ZE1},
    {0x1ED, 10, 2, 1 << ZE1},
    {0x55B, 100, 3, 1 << ZE0 | 1 << AZE0 | 1 << ZE1},
    {0x5BC, 100, 4, 1 << AZE0 | 1 << ZE1},
    {0x5BC, 500, 4, 1 << ZE0},
    {0x59E, 500, 5, 1 << AZE0 | 1 << ZE1},
    {0x5C0, 500, 6, 1 << ZE0 | 1 << AZE0 | 1 << ZE1},
};
#define SLOTS    (sizeof slots / sizeof slots[0])
#define STEP_MS  10  /* of the model */
#define CATCH_UP 100 /* ms; a caller who is later misses frames, as with a real adapter */

/* 500 kbit/s, the rate of the car: S6, or s001C with the usual 16 MHz controller. */
#define RATE_DIGIT 6
#define RATE_BTR   0x001C

struct leaf {
    struct vb_instance instance;
    struct vb_slcan line;
    struct sim_queue out;
    int64_t start_ns;
    uint32_t turn[SLOTS]; /* how many of each frame there were */

    /* the adapter */
    bool open, listen, rate_set, rate_right, stamps;
    bool lost; /* frames had no room since the flags were read */

    /* the battery */
    uint8_t generation, mode, phase;
    int64_t speed;
    int64_t t_ms;       /* of the model */
    int64_t phase_ms;   /* since the phase began */
    int64_t charge_uas; /* microampere seconds in the pack */
    int64_t restart_uas;
    int64_t current_ma; /* positive = into the pack */
    int64_t voltage_mv;
    int64_t rest_mv; /* of the same pack without current */
    int64_t
        temperature_nk; /* nano-degrees Celsius: a step of the model is far below a micro-degree */
};

/* ---- the battery ---- */

#define RESISTANCE_MOHM 80
#define FULL_MV         396000
#define AMBIENT_NK      INT64_C(18000000000)

static int64_t capacity_uas(const struct leaf *s) {
    return packs[s->generation].capacity_mah * INT64_C(3600000);
}

static int64_t soc_permille(const struct leaf *s) {
    return s->charge_uas * 1000 / capacity_uas(s);
}

/* Voltage of 96 cells at rest; per 10 % of charge. */
static int64_t rest_voltage_mv(const struct leaf *s) {
    static const int32_t points[] = {316800, 338000, 345600, 350900, 355200, 360000,
                                     366300, 373900, 381600, 388800, FULL_MV};
    int64_t ppm = s->charge_uas / (capacity_uas(s) / 1000000);
    if (ppm >= 1000000) {
        return FULL_MV;
    }
    int64_t at = ppm / 100000;
    return points[at] + (points[at + 1] - points[at]) * (ppm % 100000) / 100000;
}

static int64_t wanted_current_ma(const struct leaf *s) {
    int64_t t = s->t_ms;
    switch ((enum phase)s->phase) {
    case PHASE_CHARGE: {
        /* constant power, then constant voltage: what flows is what the last volts leave */
        int64_t power = packs[s->generation].charger_w * INT64_C(1000000) / s->voltage_mv;
        int64_t taper = (FULL_MV - s->rest_mv) * 1000 / RESISTANCE_MOHM;
        return (power < taper ? power : taper) + world_noise(11, t, 700) / 4;
    }
    case PHASE_USE:
        return -8000 + world_noise(12, t, 4000) * 3;
    case PHASE_DRIVE: {
        int64_t a = -35000 + world_noise(13, t, 9000) * 70 + world_noise(14, t, 40000) * 45;
        return a > 60000 ? 60000 : a; /* what braking gives back */
    }
    case PHASE_FULL:
    case PHASE_REST:
        break;
    }
    return -400 + world_noise(15, t, 900) / 3; /* the 12 V side */
}

static void go(struct leaf *s, enum phase phase) {
    s->phase = (uint8_t)phase;
    s->phase_ms = 0;
}

static void next_phase(struct leaf *s) {
    int64_t permille = soc_permille(s);
    switch ((enum phase)s->phase) {
    case PHASE_CHARGE:
        if (s->mode == MODE_DRIVE && permille >= 800) {
            go(s, PHASE_DRIVE);
        } else if (permille >= 995 && s->current_ma < 1000) {
            go(s, PHASE_FULL);
        }
        break;
    case PHASE_FULL:
        if (s->phase_ms >= 60000) {
            go(s, PHASE_USE);
        }
        break;
    case PHASE_USE:
        if (s->charge_uas <= s->restart_uas) {
            go(s, PHASE_CHARGE);
        }
        break;
    case PHASE_DRIVE:
        if (permille <= 100) {
            go(s, PHASE_CHARGE);
        }
        break;
    case PHASE_REST:
        break;
    }
}

static void model_step(struct leaf *s, int64_t dt_ms) {
    s->t_ms += dt_ms;
    s->phase_ms += dt_ms;
    s->rest_mv = rest_voltage_mv(s);
    s->current_ma = wanted_current_ma(s);
    s->voltage_mv = s->rest_mv + s->current_ma * RESISTANCE_MOHM / 1000;
    s->charge_uas += s->current_ma * dt_ms;
    if (s->charge_uas > capacity_uas(s)) {
        s->charge_uas = capacity_uas(s);
    }
    if (s->charge_uas < 0) {
        s->charge_uas = 0;
    }
    /* 250 kJ/K; it loses its warmth to the air in 20 hours */
    int64_t deci = s->current_ma / 100;
    int64_t heat_mw = deci * deci * RESISTANCE_MOHM / 100;
    s->temperature_nk += heat_mw * dt_ms / 250;
    s->temperature_nk -= (s->temperature_nk - AMBIENT_NK) / 72000000 * dt_ms;
    next_phase(s);
}

/* ---- its frames ---- */

/* The dashboard keeps 5 % at both ends. */
static int64_t usable_percent(const struct leaf *s) {
    int64_t percent = (soc_permille(s) - 50) * 100 / 900;
    return percent < 0 ? 0 : percent > 100 ? 100 : percent;
}

static int64_t energy_wh(const struct leaf *s) {
    return packs[s->generation].energy_wh * (s->charge_uas / 1000) / (capacity_uas(s) / 1000);
}

static void pack_values(const struct leaf *s, struct sim_values *v, uint32_t turn) {
    bool full = s->phase == PHASE_FULL;
    sim_milli(v, "battery.current", s->current_ma);
    /* the controller ends a charge with this bit */
    sim_word(v, "battery.failsafe", full ? "charge-stop" : "none");
    sim_word(v, "battery.relay_cut_request", "none");
    sim_milli(v, "battery.voltage", s->voltage_mv);
    sim_raw(v, "battery.cell_latch", turn / 68 % 2); /* toggles each 0.68 s */
    sim_word(v, "battery.discharge_state", "normal");
    sim_word(v, "battery.interlock", "yes");
    sim_word(v, "battery.full", full ? "yes" : "no");
    sim_word(v, "battery.relay_permission", "yes");
    if (s->generation == ZE1) {
        sim_milli(v, "battery.current_wide", s->current_ma);
    } else {
        /* cars before 2013 send 0 */
        sim_raw(v, "battery.soc_usable", s->generation == ZE0 ? 0 : usable_percent(s));
    }
}

static void limits_values(const struct leaf *s, struct sim_values *v, uint32_t turn) {
    int64_t permille = soc_permille(s);
    int64_t discharge = packs[s->generation].discharge_w;
    int64_t braking = (1000 - permille) * 160 + 2000;
    bool charging = s->phase == PHASE_CHARGE;
    /* a low battery gives less, down to a tenth */
    if (permille < 200) {
        discharge = discharge * (permille < 20 ? 20 : permille) / 200;
    }
    sim_milli(v, "limit.discharge_power", discharge * 1000);
    sim_milli(v, "limit.charge_power", (braking > 70000 ? 70000 : braking) * 1000);
    /* "not available" whenever no charger is asked for */
    int64_t charger = (1000 - permille) * 120 + 1000;
    if (charging) {
        sim_milli(v, "limit.charger_power", (charger > 46000 ? 46000 : charger) * 1000);
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

static void charger_values(const struct leaf *s, struct sim_values *v) {
    int64_t charger = (1000 - soc_permille(s)) * 200 + 1000;
    if (s->phase == PHASE_CHARGE) {
        sim_milli(v, "limit.charger_power_wide", (charger > 100000 ? 100000 : charger) * 1000);
    } else {
        sim_raw(v, "limit.charger_power_wide", 0x7FF);
    }
}

static void charge_values(const struct leaf *s, struct sim_values *v, uint32_t turn) {
    sim_milli(v, "battery.soc", soc_permille(s) * 100);
    /* the answer to 50C, whose question changes each half second; a ZE1 has none */
    sim_raw(v, "battery.alive_answer", s->generation == ZE1 ? 0 : turn / 5 % 2 ? 0x55 : 0xAA);
    sim_raw(v, "battery.insulation_voltage", 0x3AA + world_noise(16, s->t_ms, 20000) / 400);
    sim_word(v, "battery.insulation_fault", "no");
    sim_word(v, "battery.sleep", "refuse");
    sim_word(v, "battery.empty", soc_permille(s) < 50 ? "yes" : "no");
}

/* Minutes to 100 or 80 % at a power; -1: reached. */
static int64_t minutes_to(const struct leaf *s, int64_t percent, int64_t w) {
    int64_t missing = packs[s->generation].energy_wh * percent / 100 - energy_wh(s);
    return missing <= 0 ? -1 : missing * 60 / w;
}

static void time_values(const struct leaf *s, struct sim_values *v, uint32_t turn) {
    /* the order of the cars' own pages; quick charging has no time in any recording */
    static const struct {
        uint8_t kind, percent;
        uint16_t w;
    } ze0[] = {{0, 0, 0}, {9, 100, 3300}, {10, 80, 3300}, {17, 100, 1200}, {18, 80, 1200}},
      aze0[] = {{0, 0, 0},      {5, 100, 6000}, {8, 100, 3300}, {11, 100, 1200},
                {18, 80, 6000}, {21, 80, 3300}, {24, 80, 1200}};
    unsigned kind = 31; /* ZE1: kinds that nobody knows, so none */
    int64_t minutes = -1;
    if (s->generation == ZE0) {
        unsigned i = turn % 5;
        kind = ze0[i].kind;
        minutes = i == 0 ? -1 : minutes_to(s, ze0[i].percent, ze0[i].w);
    } else if (s->generation == AZE0) {
        unsigned i = turn % 7;
        kind = aze0[i].kind;
        minutes = i == 0 ? -1 : minutes_to(s, aze0[i].percent, aze0[i].w);
    }
    sim_raw(v, "charge.time_kind", kind);
    sim_raw(v, "charge.time_left", minutes < 0 ? 0x1FFF : minutes);
}

static void energy_values(const struct leaf *s, struct sim_values *v, uint32_t turn) {
    const struct pack *pack = &packs[s->generation];
    int64_t celsius = s->temperature_nk / 1000000000;
    /* charge and capacity change places each half second */
    bool capacity = s->generation == ZE0 ? turn % 2 : turn / 5 % 2;
    if (s->generation == ZE0) {
        sim_word(v, "battery.gids_shown", "remaining");
        sim_raw(v, "battery.gids", energy_wh(s) / 80);
        sim_milli(v, "battery.energy_capacity", pack->nominal_wh * INT64_C(1000));
        sim_milli(v, "battery.temperature", celsius * 1000);
        sim_raw(v, "energy.unknown_5", 1);
        if (capacity) {
            sim_raw(v, "battery.capacity_bars", 12 * pack->soh_percent / 100);
        } else {
            sim_raw(v, "battery.charge_bars", 12 * usable_percent(s) / 100);
        }
    } else {
        if (turn % 2) {
            sim_raw(v, "battery.gids_full", pack->energy_wh / 80);
        } else {
            sim_raw(v, "battery.gids", energy_wh(s) / 80);
        }
        sim_word(v, "battery.gids_shown", turn % 2 ? "full" : "remaining");
        if (capacity) {
            sim_milli(v, "battery.capacity_segments", 120 * pack->soh_percent);
        } else {
            sim_milli(v, "battery.charge_segments", 120 * usable_percent(s));
        }
        sim_milli(v, "battery.temperature_gauge", (20 + celsius) * 1000);
    }
    sim_word(v, "battery.bars_shown", capacity ? "capacity" : "charge");
    sim_raw(v, "battery.soh", pack->soh_percent);
    sim_word(v, "limit.reason", "none");
    time_values(s, v, turn);
}

static void capacity_values(const struct leaf *s, struct sim_values *v) {
    int64_t energy = energy_wh(s);
    sim_milli(v, "quick_charge.energy_full", packs[s->generation].energy_wh * INT64_C(1000));
    /* the 62 kWh recordings end at 50.0 kWh */
    sim_milli(v, "quick_charge.energy", (energy > 50000 ? 50000 : energy) * 1000);
    if (s->generation == ZE1) {
        sim_milli(v, "battery.soc_displayed", usable_percent(s) * 1000);
    }
}

static void history_values(const struct leaf *s, struct sim_values *v, uint32_t turn) {
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
    if (s->generation == ZE1) {
        /* six pages; nobody knows what stands in them */
        sim_word(v, "history.kind", "none");
        sim_raw(v, "history.page", 1 + turn % 6);
        return;
    }
    unsigned i = turn % 3;
    int64_t milli = s->temperature_nk / 1000000 + 1000 - 1000 * (int64_t)i;
    sim_word(v, "history.kind", kinds[i]);
    sim_milli(v, rows[i][0], 16000);
    sim_milli(v, rows[i][1], milli);
    sim_raw(v, rows[i][2], 100);
    /* the highest one reads 1.94 V in the recordings too */
    sim_milli(v, rows[i][3], i == 0 ? 1940 : s->rest_mv / 96);
}

static void send_frame(struct leaf *s, size_t slot, int64_t t_ns) {
    uint32_t turn = s->turn[slot];
    struct sim_values v;
    struct vb_frame frame = {.kind = VB_KIND_CAN, .id = slots[slot].id, .len = 8};
    uint8_t data[8];
    char text[VB_SLCAN_TEXT];
    sim_values_begin(&v, &s->instance, frame.id);
    switch (frame.id) {
    case 0x1DB:
        pack_values(s, &v, turn);
        break;
    case 0x1DC:
        limits_values(s, &v, turn);
        break;
    case 0x1ED:
        charger_values(s, &v);
        frame.len = 3;
        break;
    case 0x55B:
        charge_values(s, &v, turn);
        break;
    case 0x5BC:
        energy_values(s, &v, turn);
        break;
    case 0x59E:
        capacity_values(s, &v);
        break;
    default:
        history_values(s, &v, turn);
        break;
    }
    frame.data = data;
    if (sim_values_end(&v, data, frame.len, turn) == 0) {
        return;
    }
    int32_t stamp = s->stamps ? (int32_t)((t_ns - s->start_ns) / VB_NS_PER_MS % 60000) : -1;
    int n = vb_slcan_put_frame(&frame, stamp, text);
    if (n > 0 && !sim_queue_put(&s->out, text, (size_t)n)) {
        s->lost = true;
    }
}

/* ---- the adapter ---- */

static void answer(struct leaf *s, enum vb_slcan_what what, char letter, const char *text) {
    char line[VB_SLCAN_TEXT];
    int n = vb_slcan_put_answer(what, letter, text, text ? strlen(text) : 0, line);
    if (n > 0 && !sim_queue_put(&s->out, line, (size_t)n)) {
        s->lost = true;
    }
}

/* The rules are those of the LAWICEL adapter: what may be done while it is open, what while closed.
 * True: done. */
static bool obey(struct leaf *s, const struct vb_slcan_event *e) {
    switch (e->letter) {
    case 'S':
    case 's':
        if (s->open) {
            return false;
        }
        s->rate_set = true;
        s->rate_right = e->value == (e->letter == 'S' ? RATE_DIGIT : RATE_BTR);
        return true;
    case 'O':
    case 'L':
        if (s->open || !s->rate_set) {
            return false;
        }
        s->open = true;
        s->listen = e->letter == 'L';
        s->lost = false;
        return true;
    case 'C':
        if (!s->open) {
            return false;
        }
        s->open = false;
        return true;
    case 'Z':
        if (s->open) {
            return false;
        }
        s->stamps = e->value == 1;
        return true;
    case 'M':
    case 'm':
    case 'W': /* all frames pass, whatever the filter says */
    case 'Q':
        return !s->open;
    case 'X': /* frames are always sent without polling */
        return !s->open && e->value == 1;
    default: /* P A U Y: not this adapter */
        return false;
    }
}

static void command(struct leaf *s, const struct vb_slcan_event *e) {
    switch (e->letter) {
    case 'V':
        answer(s, VB_SLCAN_ANSWER, 'V', "1013");
        return;
    case 'v':
        answer(s, VB_SLCAN_ANSWER, 'v', "0100");
        return;
    case 'N':
        answer(s, VB_SLCAN_ANSWER, 'N', "SIM1");
        return;
    case 'F':
        if (s->open) {
            answer(s, VB_SLCAN_ANSWER, 'F', s->lost ? "08" : "00"); /* bit 3: data overrun */
            s->lost = false;
            return;
        }
        break;
    default:
        if (obey(s, e)) {
            answer(s, VB_SLCAN_OK, 0, NULL);
            return;
        }
    }
    answer(s, VB_SLCAN_ERROR, 0, NULL);
}

static void leaf_feed(void *self, const uint8_t *bytes, size_t n, int64_t now_ns) {
    struct leaf *s = self;
    (void)now_ns;
    while (n > 0) {
        struct vb_slcan_event e;
        size_t used = vb_slcan_feed(&s->line, bytes, n);
        bytes += used;
        n -= used;
        while (vb_slcan_next(&s->line, &e)) {
            if (e.what == VB_SLCAN_COMMAND) {
                command(s, &e);
            } else if (e.what == VB_SLCAN_FRAME && s->open && !s->listen &&
                       !(e.frame.flags & VB_FRAME_FD)) {
                answer(s, VB_SLCAN_SENT, e.frame.flags & VB_FRAME_EXT ? 'Z' : 'z', NULL);
            } else {
                answer(s, VB_SLCAN_ERROR, 0, NULL);
            }
        }
    }
}

/* ---- the simulator ---- */

static void leaf_init(void *self, const struct vb_value *values, int64_t now_ns, int64_t wall_ns) {
    struct leaf *s = self;
    (void)wall_ns;
    memset(s, 0, sizeof *s);
    s->generation = (uint8_t)values[GENERATION].number;
    s->mode = (uint8_t)values[MODE].number;
    s->speed = values[SPEED].number;
    s->start_ns = now_ns;
    vb_slcan_init(&s->line, VB_SLCAN_ADAPTER);
    vb_instance_init(&s->instance, vb_device_find("leaf-battery"), NULL, 0);
    (void)vb_instance_set(&s->instance, "generation", generations[s->generation]);
    s->charge_uas = capacity_uas(s) / 100 * values[SOC].number;
    int64_t most = capacity_uas(s) / 10 * 9;
    s->restart_uas = s->charge_uas < most ? s->charge_uas : most;
    s->temperature_nk = AMBIENT_NK + 3000000000;
    s->phase = s->mode == MODE_CHARGE  ? PHASE_CHARGE
               : s->mode == MODE_DRIVE ? PHASE_DRIVE
                                       : PHASE_REST;
    s->rest_mv = rest_voltage_mv(s);
    s->voltage_mv = s->rest_mv;
}

static int64_t due_ns(const struct leaf *s, size_t slot) {
    return s->start_ns +
           ((int64_t)s->turn[slot] * slots[slot].period_ms + slots[slot].phase_ms) * VB_NS_PER_MS;
}

/* The slot that is due first. */
static size_t first_slot(const struct leaf *s) {
    size_t first = 0;
    for (size_t i = 1; i < SLOTS; i++) {
        if ((slots[i].generations & (1 << s->generation)) && due_ns(s, i) < due_ns(s, first)) {
            first = i;
        }
    }
    return first;
}

static void leaf_tick(void *self, int64_t now_ns) {
    struct leaf *s = self;
    if (now_ns - due_ns(s, first_slot(s)) > CATCH_UP * VB_NS_PER_MS) {
        /* The car went on without us. The model did not: its time is that of its frames. */
        for (size_t i = 0; i < SLOTS; i++) {
            int64_t period_ns = slots[i].period_ms * VB_NS_PER_MS;
            int64_t late_ns = now_ns - due_ns(s, i);
            if (late_ns > 0) {
                s->turn[i] += (uint32_t)(late_ns / period_ns);
            }
        }
        s->lost = s->lost || s->open;
    }
    for (size_t i = first_slot(s); due_ns(s, i) <= now_ns; i = first_slot(s)) {
        if (slots[i].id == 0x1DB) {
            model_step(s, STEP_MS * s->speed);
        }
        if (s->open && s->rate_right) {
            send_frame(s, i, due_ns(s, i));
        }
        s->turn[i]++;
    }
}

static int64_t leaf_deadline(const void *self) {
    const struct leaf *s = self;
    return due_ns(s, first_slot(s));
}

static size_t leaf_take(void *self, uint8_t *out) {
    struct leaf *s = self;
    return sim_queue_take(&s->out, out);
}

const struct sim sim_leaf_battery = {
    .name = "leaf-battery",
    .title = "Nissan Leaf battery on the EV-CAN behind an slcan adapter",
    .link = "slcan",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .size = sizeof(struct leaf),
    .init = leaf_init,
    .feed = leaf_feed,
    .tick = leaf_tick,
    .deadline_ns = leaf_deadline,
    .take = leaf_take,
};
