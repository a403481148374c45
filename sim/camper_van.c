/* camper_van.c - the LIN bus of a Ford Nugget camper and a day of its life: leader, panel, battery
 * sensor, solar and mains charger, coolbox, lights, heater.
 * The line is simulated as bytes, a break as the byte 00. A header and its response are two pieces,
 * each sent at once: what a receiver on a pty would see.
 * Left out: diagnostics (3C, 3D), sleep, the 3-byte form of frame 04, what the heater's bytes really
 * mean (nobody knows), the echo of its own bytes that it would hear (it does no harm).
 * Facts: reference/camper-lin.md. Numbers of the model are made up to be plausible.
 * SPDX-License-Identifier: MIT */
#include "sim/queue.h"
#include "sim/values.h"
#include "sim/world.h"

#include "voltbus/lin.h"
#include "voltbus/lin_leader.h"
#include "voltbus/time.h"

enum { LEADER, PANEL, DAY, START, SOC, SHORE, NOISE, ECHO };
enum { SHORE_AUTO, SHORE_YES, SHORE_NO };

static const char *const shore_words[] = {"auto", "yes", "no", NULL};

static const struct vb_key keys[] = {
    [LEADER] = {"leader", VB_KEY_FLAG, NULL, "yes", 0, 0, NULL,
                "send the headers; no: only answer those of another leader"},
    [PANEL] = {"panel", VB_KEY_FLAG, NULL, "", 0, 0, NULL,
               "answer 01 and 05; as leader if left out: they are the leader's"},
    [DAY] = {"day", VB_KEY_DURATION, NULL, "24h", 60000, 864000000, NULL,
             "time that a simulated day takes"},
    [START] = {"start", VB_KEY_NUMBER, "h", "", 0, 23, NULL,
               "hour of the day at the start; the clock's if left out"},
    [SOC] = {"soc", VB_KEY_NUMBER, "%", "70", 0, 100, NULL, "state of charge at the start"},
    [SHORE] = {"shore", VB_KEY_WORD, NULL, "auto", 0, 0, shore_words,
               "230 V: auto = from 19:00 to 22:30"},
    [NOISE] = {"noise", VB_KEY_NUMBER, NULL, "0", 0, 100, NULL,
               "of 1000 responses so many are damaged"},
    [ECHO] = {"echo", VB_KEY_FLAG, NULL, "no", 0, 0, NULL,
              "give back what is sent, as a transceiver does"},
};

enum { SEED_TAP = 51, SEED_LOAD, SEED_SENSOR, SEED_DAMAGE };

/* From the end of a header to its response. Well below the 2.1 ms of silence that end a frame. */
#define ANSWER_NS VB_NS_PER_MS
/* Our own header, if the line gives it back, comes back within this. */
#define ECHO_NS (8 * VB_NS_PER_MS)
/* The bytes of a header that are further apart than this are none. */
#define GAP_NS   (20 * VB_NS_PER_MS)
#define TOUCH_NS (450 * VB_NS_PER_MS)

#define HEATER_PHASES(X)                                                                           \
    X(OFF, 0, 0, "too cold: GLOW")                                                                 \
    X(GLOW, 90, 10000, "then BURN")                                                                \
    X(BURN, 600, 1700, "warm enough: AFTER")                                                       \
    X(AFTER, 180, 560, "the fan cools the burner; then OFF")

enum heater_phase {
#define X(name, at_least_s, ma, sentence) HEATER_##name,
    HEATER_PHASES(X)
#undef X
};

static const struct {
    int32_t at_least_s, ma;
} heater_phases[] = {
#define X(name, at_least_s, ma, sentence) {at_least_s, ma},
    HEATER_PHASES(X)
#undef X
};

enum solar_phase { SOLAR_DARK, SOLAR_BULK, SOLAR_ABSORPTION, SOLAR_FLOAT };

struct van {
    struct world world;
    struct vb_instance ibs, mppt, charger, panel, body, led, heater;
    struct sim_queue out;

    /* the line */
    bool leads, panel_given, panel_set, echo;
    uint8_t last;       /* byte heard ... */
    int64_t last_ns;    /* ... and when */
    uint8_t own_id;     /* the header that we sent last ... */
    int64_t own_ns;     /* ... and when */
    uint8_t answer_len; /* 0: nothing is on its way */
    uint8_t answer[VB_LIN_DATA_MAX + 1];
    int64_t answer_ns;
    int64_t answers;
    int64_t noise_permille;
    struct vb_lin_leader leader;
    struct vb_lin_rx rx;

    /* what 01 and 05 say, whoever says it */
    uint8_t coolbox_level, intensity, tone;
    bool pump, light;
    uint8_t setpoint;         /* of the heater, °C; 0 = off */
    int64_t touched_until_ns; /* somebody's finger is on the panel */
    int64_t light_until_ns, setpoint_until_ns;

    /* the van, in steps of one simulated second */
    int64_t model_ms;
    uint8_t shore_setting;
    bool shore, ignition, engine, tap, compressor;
    int64_t charge_mas; /* milliampere seconds */
    int64_t current_ma; /* positive = charging */
    int64_t rest_mv;
    int64_t polarisation_uv;
    int64_t voltage_mv;
    int64_t solar_ma, shore_ma;
    bool solar_limited;
    uint8_t solar;                             /* enum solar_phase */
    int32_t solar_s;                           /* since that began */
    int64_t inside_uc, coolbox_uc, battery_uc; /* millionths of a degree */
    int32_t fresh_ml, grey_ml;
    uint8_t heating; /* enum heater_phase */
    int32_t heating_s;
};

/* ---- the day ---- */

static int64_t minute_of_day(int64_t t_ms) {
    return world_time_of_day(t_ms) / 60000;
}

static bool between(int64_t minute, int64_t from, int64_t to) {
    return minute >= from && minute < to;
}

#define AT(hour, minute) ((hour)*60 + (minute))

/* Half of all half hours of a day somebody washes something, for one to three minutes. */
static bool tap_open(int64_t t_ms) {
    const int64_t half_hour_ms = WORLD_MS_PER_HOUR / 2;
    if (!between(minute_of_day(t_ms), AT(7, 0), AT(22, 0))) {
        return false;
    }
    uint32_t r = world_random(SEED_TAP, t_ms / half_hour_ms);
    int64_t from_s = r / 8 % 1500;
    int64_t since_s = t_ms % half_hour_ms / 1000 - from_s;
    return r % 2 && since_s >= 0 && since_s < 60 + r / 16384 % 120;
}

/* A short drive on two of three mornings. */
static bool drives(int64_t t_ms, int64_t from, int64_t to) {
    return t_ms / WORLD_MS_PER_DAY % 3 != 2 && between(minute_of_day(t_ms), from, to);
}

/* Has the van a panel of its own, so that 01 and 05 are its business? */
static bool has_panel(const struct van *s) {
    return s->panel_given ? s->panel_set : s->leads;
}

/* What the people in the van set on the panel, and when. */
static void use_panel(struct van *s, int64_t now_ns) {
    static const struct {
        uint16_t minute;
        uint8_t light, intensity, tone, level, setpoint;
    } habits[] = {
        {AT(5, 30), 0, 4, 3, 3, 20},  /* the heater wakes before the people */
        {AT(6, 15), 1, 4, 6, 3, 20},  /* light for the coffee */
        {AT(7, 30), 0, 4, 6, 3, 0},   /* day */
        {AT(13, 0), 0, 4, 6, 4, 0},   /* cold drinks */
        {AT(17, 0), 0, 4, 6, 3, 19},  /* evening */
        {AT(18, 45), 1, 7, 5, 3, 19}, /* dark */
        {AT(21, 0), 1, 4, 3, 3, 19},  /* cosy */
        {AT(23, 0), 0, 4, 3, 3, 14},  /* night */
    };
    enum { HABITS = sizeof habits / sizeof habits[0] };
    size_t i = HABITS - 1;
    for (size_t h = 0; h < HABITS && habits[h].minute <= minute_of_day(s->model_ms); h++) {
        i = h;
    }
    bool light = habits[i].light;
    if (habits[i].setpoint != s->setpoint) {
        s->setpoint = habits[i].setpoint;
        s->setpoint_until_ns = now_ns + TOUCH_NS;
        s->touched_until_ns = now_ns + TOUCH_NS;
    }
    if (!has_panel(s) || (!s->panel_given && s->leader.state == VB_LIN_LEADER_YIELD)) {
        return; /* then 01 and 05 come over the line */
    }
    if (light != s->light || habits[i].intensity != s->intensity || habits[i].tone != s->tone) {
        s->light_until_ns = now_ns + TOUCH_NS;
        s->touched_until_ns = now_ns + TOUCH_NS;
    }
    if (habits[i].level != s->coolbox_level) {
        s->touched_until_ns = now_ns + TOUCH_NS;
    }
    s->light = light;
    s->intensity = habits[i].intensity;
    s->tone = habits[i].tone;
    s->coolbox_level = habits[i].level;
    s->pump = s->tap;
}

/* ---- the van ---- */

#define CAPACITY_MAS (INT64_C(171) * 3600000) /* 190 Ah when it was new */
#define TANK_ML      42000
#define HIGHEST_MV   14400

static int64_t soc_ppm(const struct van *s) {
    return s->charge_mas * 1000 / (CAPACITY_MAS / 1000);
}

/* Voltage of the battery at rest, per 10 % of charge. */
static int64_t rest_voltage_mv(const struct van *s) {
    static const int16_t points[] = {11700, 11950, 12100, 12220, 12320, 12420,
                                     12520, 12620, 12710, 12790, 12860};
    int64_t ppm = soc_ppm(s);
    if (ppm >= 1000000) {
        return points[10];
    }
    int64_t at = ppm / 100000;
    return points[at] + (points[at + 1] - points[at]) * (ppm % 100000) / 100000;
}

/* What the battery takes at 14.4 V: less and less as it fills. */
static int64_t most_ma(const struct van *s) {
    return (1000000 - soc_ppm(s)) / 5 + 400;
}

/* The voltage above which current flows into it. */
static int64_t threshold_mv(const struct van *s) {
    return s->rest_mv + 300;
}

/* What a charger that ends at this voltage may add to what flows already. */
static int64_t charge(const struct van *s, int64_t flows_ma, int64_t target_mv, int64_t can_ma) {
    int64_t span_mv = HIGHEST_MV - threshold_mv(s);
    int64_t room_ma = most_ma(s) * (target_mv - threshold_mv(s)) / span_mv - flows_ma;
    return room_ma < 0 ? 0 : room_ma < can_ma ? room_ma : can_ma;
}

static void move_towards(int64_t *value, int64_t target, int64_t tau_s) {
    *value += (target - *value) / tau_s;
}

static int64_t loads_ma(const struct van *s) {
    int64_t ma = 250 + world_noise(SEED_LOAD, s->model_ms, 20000) / 30;
    ma += s->compressor ? 3900 : 0;
    ma += s->light ? s->intensity * 160 : 0;
    ma += s->tap && s->pump ? 5200 : 0;
    ma += heater_phases[s->heating].ma;
    ma += between(minute_of_day(s->model_ms), AT(19, 0), AT(23, 0)) ? 900 : 0; /* telephones */
    return ma;
}

static void go_solar(struct van *s, enum solar_phase phase) {
    if (s->solar != phase) {
        s->solar = (uint8_t)phase;
        s->solar_s = 0;
    }
}

static void solar_step(struct van *s, int64_t can_ma) {
    s->solar_s++;
    if (can_ma < 150) {
        go_solar(s, SOLAR_DARK);
        return;
    }
    switch ((enum solar_phase)s->solar) {
    case SOLAR_DARK:
        go_solar(s, SOLAR_BULK);
        break;
    case SOLAR_BULK:
        if (s->voltage_mv >= HIGHEST_MV - 100) {
            go_solar(s, SOLAR_ABSORPTION);
        }
        break;
    case SOLAR_ABSORPTION:
        if (s->solar_s >= 7200 || (s->solar_s >= 900 && s->current_ma < 1500)) {
            go_solar(s, SOLAR_FLOAT);
        }
        break;
    case SOLAR_FLOAT:
        if (soc_ppm(s) < 850000) {
            go_solar(s, SOLAR_BULK);
        }
        break;
    }
}

static void battery_step(struct van *s) {
    s->rest_mv = rest_voltage_mv(s);
    int64_t sun_ma = world_light(s->model_ms) * INT64_C(199500) / s->voltage_mv; /* 210 W */
    solar_step(s, sun_ma);
    int64_t flows = -loads_ma(s);
    s->shore_ma = s->shore ? charge(s, flows, 14100, 7000) : 0;
    flows += s->shore_ma;
    flows += s->engine ? charge(s, flows, HIGHEST_MV, 25000) : 0;
    int64_t target = s->solar == SOLAR_FLOAT ? 13600 : HIGHEST_MV;
    s->solar_ma = s->solar == SOLAR_DARK ? 0 : charge(s, flows, target, sun_ma);
    s->solar_limited = s->solar_ma + 200 < sun_ma;
    flows += s->solar_ma;

    s->current_ma = flows;
    s->charge_mas += flows;
    if (s->charge_mas < 0) {
        s->charge_mas = 0;
    }
    if (s->charge_mas > CAPACITY_MAS) {
        s->charge_mas = CAPACITY_MAS;
    }
    /* the voltage follows the current with some delay */
    int64_t uv = flows > 0 ? 300000 + (HIGHEST_MV - threshold_mv(s)) * 1000 * flows / most_ma(s)
                           : flows * 20;
    move_towards(&s->polarisation_uv, uv, 90);
    s->voltage_mv = s->rest_mv + s->polarisation_uv / 1000;
}

static void coolbox_step(struct van *s) {
    static const int8_t targets[] = {0, 12, 9, 6, 3, -1}; /* °C at each level */
    if (s->coolbox_level == 0 || s->coolbox_level > 5) {
        s->compressor = false;
    } else {
        int64_t target_uc = targets[s->coolbox_level] * INT64_C(1000000);
        if (s->coolbox_uc > target_uc + 1000000) {
            s->compressor = true;
        } else if (s->coolbox_uc < target_uc - 1000000) {
            s->compressor = false;
        }
    }
    move_towards(&s->coolbox_uc, s->inside_uc, 14400);
    s->coolbox_uc -= s->compressor ? 3600 : 0; /* 13 degrees an hour */
}

static void heater_step(struct van *s) {
    int64_t target_uc = s->setpoint * INT64_C(1000000);
    bool done = s->heating_s >= heater_phases[s->heating].at_least_s;
    uint8_t before = s->heating;
    switch ((enum heater_phase)s->heating) {
    case HEATER_OFF:
        if (s->setpoint > 0 && s->inside_uc < target_uc - 700000) {
            s->heating = HEATER_GLOW;
        }
        break;
    case HEATER_GLOW:
        s->heating = done ? HEATER_BURN : HEATER_GLOW;
        break;
    case HEATER_BURN:
        if (s->setpoint == 0 || (done && s->inside_uc > target_uc + 700000)) {
            s->heating = HEATER_AFTER;
        }
        break;
    case HEATER_AFTER:
        s->heating = done ? HEATER_OFF : HEATER_AFTER;
        break;
    }
    s->heating_s = s->heating == before ? s->heating_s + 1 : 0;
}

static void air_step(struct van *s) {
    move_towards(&s->inside_uc, world_air(s->model_ms) * INT64_C(1000), 5400);
    s->inside_uc += world_light(s->model_ms) * 1111 / 1000; /* 4 degrees an hour in the sun */
    s->inside_uc += s->heating == HEATER_BURN ? 2500 : 0;   /* 9 degrees an hour */
    move_towards(&s->battery_uc, s->inside_uc, 36000);
}

static void water_step(struct van *s) {
    if (s->tap && s->pump && s->fresh_ml > 0) {
        s->fresh_ml -= 10;
        s->grey_ml += s->grey_ml < TANK_ML ? 9 : 0;
    }
    /* somebody empties the one and fills the other */
    if (s->fresh_ml < TANK_ML / 8 && between(minute_of_day(s->model_ms), AT(9, 0), AT(18, 0))) {
        s->fresh_ml = TANK_ML;
        s->grey_ml = 0;
    }
}

static void second(struct van *s, int64_t now_ns) {
    int64_t minute = minute_of_day(s->model_ms);
    s->shore = s->shore_setting == SHORE_YES ||
               (s->shore_setting == SHORE_AUTO && between(minute, AT(19, 0), AT(22, 30)));
    s->ignition = drives(s->model_ms, AT(10, 9), AT(10, 41));
    s->engine = drives(s->model_ms, AT(10, 10), AT(10, 40));
    s->tap = tap_open(s->model_ms);
    use_panel(s, now_ns);
    coolbox_step(s);
    heater_step(s);
    air_step(s);
    water_step(s);
    battery_step(s);
}

static void advance(struct van *s, int64_t now_ns) {
    world_advance(&s->world, now_ns);
    while (s->world.t_ms - s->model_ms >= 1000) {
        s->model_ms += 1000;
        second(s, now_ns);
    }
}

/* ---- its frames ---- */

static void panel_values(const struct van *s, struct sim_values *v, int64_t now_ns) {
    sim_raw(v, "panel.touched", now_ns < s->touched_until_ns);
    sim_raw(v, "pump.on", s->pump);
    sim_raw(v, "coolbox.level", s->coolbox_level);
}

static int64_t tank_level(int32_t ml) {
    return (ml * 5 + TANK_ML / 2) / TANK_ML;
}

static void sensors_values(const struct van *s, struct sim_values *v, int64_t now_ns) {
    sim_milli(v, "outside.temperature", world_air(s->model_ms));
    sim_milli(v, "inside.temperature", s->inside_uc / 1000);
    sim_raw(v, "sensors.unknown_2", 0xD7);
    sim_raw(v, "sensors.unknown_3", 0xD7);
    sim_milli(v, "coolbox.temperature", s->coolbox_uc / 1000);
    sim_raw(v, "tank.fresh.level", tank_level(s->fresh_ml));
    sim_raw(v, "tank.grey.level", tank_level(s->grey_ml));
    sim_raw(v, "menu.touched", now_ns < s->touched_until_ns);
    sim_raw(v, "tap.open", s->tap);
}

static void vehicle_values(const struct van *s, struct sim_values *v, int64_t now_ns) {
    sim_raw(v, "ignition.on", s->ignition);
    sim_raw(v, "engine.running", s->engine);
    sim_raw(v, "coolbox.compressor", s->compressor);
    /* byte 3: 3B while nothing runs, 36 with the engine */
    sim_word(v, "ignition.on_copy", s->ignition ? "yes" : "no");
    sim_word(v, "coolbox.compressor_copy", s->compressor ? "on" : "off");
    sim_word(v, "engine.running_copy", s->engine ? "yes" : "no");
    sim_raw(v, "vehicle.unknown_3", s->engine ? 6 : 7);
    sim_milli(v, "coolbox.temperature_copy", s->coolbox_uc / 1000);
    sim_raw(v, "heater.setpoint_touched", now_ns < s->setpoint_until_ns);
    sim_raw(v, "vehicle.unknown_7", 1);
}

static void led_set_values(const struct van *s, struct sim_values *v, int64_t now_ns) {
    sim_raw(v, "led.set.changing", now_ns < s->light_until_ns);
    sim_raw(v, "led.set.tone", s->tone);
    sim_raw(v, "led.set.intensity", s->intensity);
}

static void led_values(const struct van *s, struct sim_values *v) {
    sim_raw(v, "led.enabled", s->light);
    sim_raw(v, "led.tone", s->light ? s->tone : 0);
    sim_raw(v, "led.intensity", s->light ? s->intensity : 0);
}

static void mppt_values(const struct van *s, struct sim_values *v) {
    /* of the panel: next to nothing by night, and higher the less is taken out of it */
    int64_t mv = 3630;
    if (s->solar != SOLAR_DARK) {
        mv = 17800 + world_light(s->model_ms) + (s->solar_limited ? 1500 : 0);
    }
    bool kept_low = s->solar_limited && s->solar >= SOLAR_ABSORPTION;
    sim_milli(v, "solar.voltage", mv);
    sim_milli(v, "solar.current", s->solar_ma);
    sim_word(v, "solar.mode",
             s->solar == SOLAR_ABSORPTION ? "absorption"
             : s->solar == SOLAR_FLOAT    ? "float"
                                          : "bulk");
    sim_raw(v, "solar.on", s->solar != SOLAR_DARK);
    sim_raw(v, "solar.reduced_power", kept_low);
    /* seen with the engine running, so it hardly is a fuse */
    sim_raw(v, "solar.fuse_error", kept_low && s->engine);
    sim_raw(v, "solar.mppt_active", 1);
}

static void current_values(const struct van *s, struct sim_values *v) {
    int64_t noise = (int64_t)(world_random(SEED_SENSOR, s->answers) % 21) - 10;
    sim_milli(v, "battery.current", s->current_ma + noise);
    sim_milli(v, "battery.voltage", s->voltage_mv + noise / 4);
    sim_milli(v, "battery.temperature", s->battery_uc / 1000);
    sim_raw(v, "current.unknown_6", s->voltage_mv < 12200 ? 0x7C : 0x7A);
    sim_word(v, "sensor.error", "no");
}

static void state_values(const struct van *s, struct sim_values *v) {
    sim_milli(v, "battery.soc", soc_ppm(s) / 10);
    sim_milli(v, "battery.soh", 90000);
    sim_raw(v, "state.unknown_2", 0xE9);
    sim_milli(v, "battery.charge_voltage", 14200);
    sim_raw(v, "battery.resistance", 187);
}

static void capacity_values(const struct van *s, struct sim_values *v) {
    sim_milli(v, "battery.capacity_max", CAPACITY_MAS / 3600);
    sim_milli(v, "battery.capacity_available", s->charge_mas / 3600);
    sim_milli(v, "battery.capacity_configured", 190000);
    sim_word(v, "battery.calibrated", "yes");
    sim_raw(v, "capacity.unknown_5", 0x7F);
}

static void charger_values(const struct van *s, struct sim_values *v) {
    sim_milli(v, "charger.current", s->shore_ma);
    sim_raw(v, "charger.silent", s->shore_ma > 0);
    sim_raw(v, "charger.charging", s->shore_ma > 0);
}

/* Which byte is which is lost: these stand where there was room. That a set point, the temperature
 * inside and a comfort flag are among them, and that the answer begins with 07, or 27 while the
 * burner runs, is all that the notes say. */
static void heater_control_values(const struct van *s, struct sim_values *v) {
    int64_t deci = s->inside_uc / 100000;
    sim_raw(v, "control.unknown_0", s->setpoint > 0);
    sim_raw(v, "control.unknown_1", s->setpoint);
    sim_raw(v, "control.unknown_2", deci & 0xFF);
    sim_raw(v, "control.unknown_3", deci >> 8 & 0xFF);
    sim_raw(v, "control.unknown_7", 1);
}

static void heater_values(const struct van *s, struct sim_values *v) {
    sim_raw(v, "state.unknown_0", s->heating == HEATER_OFF ? 0x07 : 0x27);
    sim_raw(v, "state.unknown_1", s->setpoint);
    sim_raw(v, "state.unknown_2", (s->inside_uc / 1000000 + 40) & 0xFF);
}

/* The panel speaks while its van leads, or always or never if so set. */
static bool answers_panel(const struct van *s) {
    return has_panel(s) && (s->panel_given || s->leader.state == VB_LIN_LEADER_LEAD);
}

/* The response to an id: bytes of data, 0 = silence. */
static size_t response(const struct van *s, uint8_t id, uint8_t *data, int64_t now_ns) {
    struct sim_values v;
    switch (id) {
    case 0x01:
        sim_values_begin(&v, &s->panel, id);
        panel_values(s, &v, now_ns);
        return answers_panel(s) ? sim_values_end(&v, data, 8, 0) : 0;
    case 0x02:
        sim_values_begin(&v, &s->body, id);
        sensors_values(s, &v, now_ns);
        return sim_values_end(&v, data, 8, 0);
    case 0x04:
        sim_values_begin(&v, &s->body, id);
        vehicle_values(s, &v, now_ns);
        return sim_values_end(&v, data, 8, 0);
    case 0x05:
        sim_values_begin(&v, &s->led, id);
        led_set_values(s, &v, now_ns);
        return answers_panel(s) ? sim_values_end(&v, data, 8, 0) : 0;
    case 0x18:
        sim_values_begin(&v, &s->charger, id);
        sim_raw(&v, "voltage.unknown_0", 0xB9);
        sim_milli(&v, "charger.voltage", s->voltage_mv + 20);
        return s->shore ? sim_values_end(&v, data, 4, 0) : 0;
    case 0x19:
        sim_values_begin(&v, &s->charger, id);
        charger_values(s, &v);
        return s->shore ? sim_values_end(&v, data, 2, 0) : 0;
    case 0x20:
        sim_values_begin(&v, &s->mppt, id);
        mppt_values(s, &v);
        return sim_values_end(&v, data, 5, 0);
    case 0x22:
        sim_values_begin(&v, &s->ibs, id);
        current_values(s, &v);
        return sim_values_end(&v, data, 7, 0);
    case 0x25:
        sim_values_begin(&v, &s->ibs, id);
        state_values(s, &v);
        return sim_values_end(&v, data, 6, 0);
    case 0x26:
        sim_values_begin(&v, &s->ibs, id);
        capacity_values(s, &v);
        return sim_values_end(&v, data, 6, 0);
    case 0x39:
        sim_values_begin(&v, &s->heater, id);
        heater_control_values(s, &v);
        return sim_values_end(&v, data, 8, 0);
    case 0x3A:
        sim_values_begin(&v, &s->heater, id);
        heater_values(s, &v);
        return sim_values_end(&v, data, 8, 0);
    case 0x3B:
        sim_values_begin(&v, &s->led, id);
        led_values(s, &v);
        return sim_values_end(&v, data, 8, 0);
    default: /* 06, 17, 1B, 38, 0C: not fitted */
        return 0;
    }
}

/* ---- the line ---- */

/* A bad checksum, or a byte that is lost. */
static void damage(struct van *s) {
    uint32_t r = world_random(SEED_DAMAGE, s->answers);
    if (r % 1000 >= (uint32_t)s->noise_permille) {
        return;
    }
    r /= 1000;
    size_t at = r / 2 % s->answer_len;
    if (r % 2) {
        s->answer[s->answer_len - 1] ^= 0x55;
    } else {
        memmove(s->answer + at, s->answer + at + 1, s->answer_len - at - 1);
        s->answer_len--;
    }
}

/* A header was on the line. What was to be sent for the one before is too late now. */
static void begin_answer(struct van *s, uint8_t id, int64_t now_ns) {
    uint8_t data[VB_LIN_DATA_MAX];
    s->answer_len = 0;
    size_t n = response(s, id, data, now_ns);
    if (n > 0) {
        int length = vb_lin_put_response(id, 0, data, n, s->answer, sizeof s->answer);
        if (length > 0) {
            s->answer_len = (uint8_t)length;
            s->answer_ns = now_ns + ANSWER_NS;
            s->answers++;
            damage(s);
        }
    }
}

/* 01 and 05 of another leader. */
static void obey(struct van *s, const struct vb_frame *frame) {
    struct vb_sample samples[SIM_VALUES_MAX];
    if (frame->fault != VB_FAULT_NONE || (frame->id != 0x01 && frame->id != 0x05) ||
        answers_panel(s)) {
        return;
    }
    struct vb_instance instance = frame->id == 0x01 ? s->panel : s->led;
    struct vb_reading reading = vb_instance_read(&instance, frame, samples, SIM_VALUES_MAX);
    for (size_t i = 0; i < reading.count; i++) {
        const char *name = samples[i].signal->name;
        if (samples[i].out_of_range) {
            continue;
        }
        if (strcmp(name, "coolbox.level") == 0) {
            s->coolbox_level = (uint8_t)samples[i].raw;
        } else if (strcmp(name, "pump.on") == 0) {
            s->pump = samples[i].raw;
        } else if (strcmp(name, "led.set.intensity") == 0) {
            s->intensity = (uint8_t)samples[i].raw;
            s->light = samples[i].raw > 0;
        } else if (strcmp(name, "led.set.tone") == 0) {
            s->tone = (uint8_t)samples[i].raw;
        }
    }
}

static void frames(struct van *s) {
    struct vb_frame frame;
    while (vb_lin_rx_next(&s->rx, &frame)) {
        obey(s, &frame);
    }
}

static void header(struct van *s, uint8_t id, int64_t now_ns) {
    if (s->leads) {
        if (id == s->own_id && now_ns - s->own_ns < ECHO_NS) {
            return;
        }
        struct vb_frame heard = {.kind = VB_KIND_LIN, .id = id, .fault = VB_FAULT_NO_RESPONSE};
        heard.t_ns = INT64_MIN / 2; /* none of ours, whatever the time is */
        (void)vb_lin_leader_heard(&s->leader, &heard, now_ns);
    }
    begin_answer(s, id, now_ns);
}

/* A follower has to answer within milliseconds, and the receiver knows frames only when they are
 * over: so headers are looked for here. Three bytes inside a response may look like one; a wrong
 * answer then is what a real line gives too. */
static void van_feed(void *self, const uint8_t *bytes, size_t n, int64_t now_ns) {
    struct van *s = self;
    advance(s, now_ns);
    if (s->echo) {
        (void)sim_queue_put(&s->out, bytes, n);
    }
    for (size_t i = 0; i < n; i++) {
        (void)vb_lin_rx_feed(&s->rx, bytes[i], VB_LIN_MARK_NONE, now_ns);
        frames(s);
        bool sync = s->last == 0x55 && now_ns - s->last_ns < GAP_NS;
        int id = sync ? vb_lin_id(bytes[i]) : VB_E_CHECK;
        if (id >= 0) {
            header(s, (uint8_t)id, now_ns);
        }
        s->last = bytes[i];
        s->last_ns = now_ns;
    }
}

static void lead(struct van *s, int64_t now_ns) {
    struct vb_frame frame;
    vb_lin_leader_tick(&s->leader, now_ns);
    while (vb_lin_leader_take(&s->leader, &frame)) {
        uint8_t bytes[3];
        s->own_id = (uint8_t)frame.id;
        s->own_ns = now_ns;
        (void)vb_lin_put_header(s->own_id, bytes);
        (void)sim_queue_put(&s->out, bytes, sizeof bytes);
        begin_answer(s, s->own_id, now_ns);
    }
}

static void van_tick(void *self, int64_t now_ns) {
    struct van *s = self;
    advance(s, now_ns);
    vb_lin_rx_tick(&s->rx, now_ns);
    frames(s);
    if (s->answer_len > 0 && now_ns >= s->answer_ns) {
        (void)sim_queue_put(&s->out, s->answer, s->answer_len);
        s->answer_len = 0;
    }
    if (s->leads) {
        lead(s, now_ns);
    }
}

static int64_t van_deadline(const void *self) {
    const struct van *s = self;
    int64_t due_ns = s->world.last_ns + VB_NS_PER_S;
    int64_t rx_ns = vb_lin_rx_deadline_ns(&s->rx);
    due_ns = rx_ns < due_ns ? rx_ns : due_ns;
    if (s->answer_len > 0 && s->answer_ns < due_ns) {
        due_ns = s->answer_ns;
    }
    if (s->leads) {
        int64_t slot_ns = vb_lin_leader_deadline_ns(&s->leader);
        due_ns = slot_ns < due_ns ? slot_ns : due_ns;
    }
    return due_ns;
}

static size_t van_take(void *self, uint8_t *out) {
    struct van *s = self;
    return sim_queue_take(&s->out, out);
}

static void van_init(void *self, const struct vb_value *values, int64_t now_ns, int64_t wall_ns) {
    struct van *s = self;
    const struct vb_lin_schedule *schedule = vb_lin_schedule_find("nugget");
    memset(s, 0, sizeof *s);
    world_init(&s->world, values[DAY].number, values[START].given ? values[START].number : -1,
               now_ns, wall_ns);
    vb_instance_init(&s->ibs, vb_device_find("hella-ibs"), NULL, 0);
    (void)vb_instance_set(&s->ibs, "generation", "2");
    vb_instance_init(&s->mppt, vb_device_find("votronic-mppt"), NULL, 0);
    vb_instance_init(&s->charger, vb_device_find("dometic-smp439a"), NULL, 0);
    vb_instance_init(&s->panel, vb_device_find("nugget-panel"), NULL, 0);
    vb_instance_init(&s->body, vb_device_find("nugget-body"), NULL, 0);
    vb_instance_init(&s->led, vb_device_find("nugget-led"), NULL, 0);
    vb_instance_init(&s->heater, vb_device_find("eberspacher-heater"), NULL, 0);

    s->leads = values[LEADER].number != 0;
    s->panel_given = values[PANEL].given;
    s->panel_set = values[PANEL].number != 0;
    s->echo = values[ECHO].number != 0;
    s->noise_permille = values[NOISE].number;
    s->shore_setting = (uint8_t)values[SHORE].number;
    s->own_ns = now_ns - ECHO_NS;
    vb_lin_leader_init(&s->leader, schedule, now_ns);
    vb_lin_rx_init(&s->rx, schedule->baud);

    s->model_ms = s->world.t_ms;
    s->charge_mas = CAPACITY_MAS / 100 * values[SOC].number;
    s->rest_mv = rest_voltage_mv(s);
    s->voltage_mv = s->rest_mv;
    s->inside_uc = world_air(s->model_ms) * INT64_C(1000) + 3000000;
    s->battery_uc = s->inside_uc;
    /* cold where its own panel has kept it so, else nobody has switched it on yet */
    s->coolbox_uc = has_panel(s) ? 6500000 : s->inside_uc;
    s->fresh_ml = TANK_ML * 4 / 5;
    s->grey_ml = TANK_ML / 5;
    second(s, now_ns);
    s->touched_until_ns = s->light_until_ns = s->setpoint_until_ns = now_ns;
}

const struct sim sim_camper_van = {
    .name = "camper-van",
    .title = "LIN bus of a Ford Nugget camper",
    .link = "lin",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .size = sizeof(struct van),
    .init = van_init,
    .feed = van_feed,
    .tick = van_tick,
    .deadline_ns = van_deadline,
    .take = van_take,
};
