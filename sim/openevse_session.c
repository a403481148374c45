/* openevse_session.c - what a simulated OpenEVSE reckons: currents, temperatures and what they do to
 * the current, sessions and energy, limits, heartbeat, delay timer.
 * Left out: level detection; the resistor of the cable (auto-ampacity only has its flag).
 * Facts: reference/rapi.md sections 4 (SC, SL, SY) and 5; firmware 8.2.3, HsExpirationCheck.
 * SPDX-License-Identifier: MIT */
#include "sim/openevse.h"

#define LEAST_A    6
#define MOST_A     80
#define USUAL_L1_A 12
#define MOST_UW    INT64_C(10000000000000) /* beyond: somebody has set nonsense */

/* ---- currents ---- */

static unsigned level_of(const struct openevse *s) {
    return s->saved.flags & FLAG_LEVEL_2 ? 2 : 1;
}

uint8_t openevse_hardware_a(const struct openevse *s) {
    if (level_of(s) == 1) {
        return s->release->l1_max;
    }
    return s->saved.hardware_a ? s->saved.hardware_a : MOST_A;
}

uint8_t openevse_saved_a(const struct openevse *s) {
    uint8_t amps = s->saved.amps[level_of(s) - 1];
    if (amps == 0) {
        amps = level_of(s) == 1 ? USUAL_L1_A : s->release->l2_usual;
    }
    uint8_t most = openevse_hardware_a(s);
    return amps < LEAST_A ? LEAST_A : amps > most ? most : amps;
}

bool openevse_set_capacity(struct openevse *s, uint8_t amps, bool keep) {
    /* a passing current cannot exceed the saved one since firmware 5.0.0 */
    bool bound = !keep && openevse_since(s, 4, 0, 1);
    uint8_t most = bound ? openevse_saved_a(s) : openevse_hardware_a(s);
    uint8_t set = amps < LEAST_A ? LEAST_A : amps > most ? most : amps;
    s->box.capacity = set;
    if (keep) {
        s->saved.amps[level_of(s) - 1] = set;
    }
    return set == amps;
}

uint32_t openevse_nominal_mv(const struct openevse *s) {
    return level_of(s) == 2 ? 240000 : 120000;
}

int64_t openevse_voltage_mv(const struct openevse *s) {
    if (openevse_has(s, OPENEVSE_VOLTMETER)) {
        int64_t mv = (s->voltage_mv - 12018) * s->saved.volt_scale / 298 + s->saved.volt_offset;
        return mv < 0 ? 0 : mv;
    }
    return s->box.nominal_mv;
}

int64_t openevse_clock_s(const struct openevse *s) {
    return s->clock_s + s->t_ms / 1000;
}

/* ---- temperatures ---- */

int32_t openevse_sensor_dc(const struct openevse *s, unsigned sensor) {
    static const uint32_t fitted[] = {OPENEVSE_DS3231, OPENEVSE_MCP9808, OPENEVSE_TMP007};
    if (!openevse_has(s, fitted[sensor])) {
        return openevse_since(s, 4, 0, 1) ? -2560 : 0;
    }
    if (s->fault == OPENEVSE_FAULT_OVER_TEMPERATURE) {
        return 760;
    }
    return sensor == SENSOR_TMP007 && s->infrared_given ? s->infrared_dc : s->temperature_dc;
}

/* Is any sensor as warm as its limit? */
static bool any_at(const struct openevse *s, int32_t ambient_dc, int32_t infrared_dc) {
    return openevse_sensor_dc(s, SENSOR_DS3231) >= ambient_dc ||
           openevse_sensor_dc(s, SENSOR_MCP9808) >= ambient_dc ||
           openevse_sensor_dc(s, SENSOR_TMP007) >= infrared_dc;
}

static bool temperature_watched(const struct openevse *s) {
    return !(s->saved.flags & FLAG_NO_TEMPERATURE);
}

bool openevse_in_panic(const struct openevse *s) {
    int32_t set = s->saved.panic_dc;
    return temperature_watched(s) && any_at(s, set ? set : 710, set ? set : 750);
}

/* Half the current from 65 degrees on, a quarter from 68 (70 infrared); back at 62 (60), and in
 * between at 65. */
void openevse_throttle(struct openevse *s) {
    struct openevse_box *b = &s->box;
    uint8_t amps = openevse_saved_a(s);
    if (!temperature_watched(s)) {
        return;
    }
    if (b->hot && !any_at(s, 621, 601)) {
        b->hot = false;
        (void)openevse_set_capacity(s, amps, false);
    } else if (b->very_hot && !any_at(s, 651, 651)) {
        b->very_hot = false;
        (void)openevse_set_capacity(s, amps / 2, false);
    } else if (b->state == EVSE_C && !b->hot && any_at(s, 650, 650)) {
        b->hot = true;
        (void)openevse_set_capacity(s, amps / 2, false);
    } else if (b->state == EVSE_C && !b->very_hot && any_at(s, 680, 700)) {
        b->very_hot = true;
        (void)openevse_set_capacity(s, amps / 4, false);
    }
}

/* ---- session ---- */

static void plug(struct openevse *s) {
    s->box.elapsed_ms = 0;
    s->box.session_ws = 0;
    s->box.session_nj = 0;
    s->box.in_session = true;
}

static void unplug(struct openevse *s) {
    if (s->box.in_session) {
        s->saved.lifetime_wh += s->box.session_ws / 3600;
    }
    s->box.in_session = false;
    s->box.retries = 0;
}

/* The pilot tells whether a car is there, unless it stands at -12 V. */
void openevse_watch_plug(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (b->state == EVSE_DISABLED) {
        return;
    }
    bool before = b->vflags & VFLAG_CONNECTED;
    bool now = openevse_car_pilot(s) != EVSE_A;
    uint16_t bits = before ? VFLAG_CONNECTED_BEFORE : 0;
    bits |= now ? VFLAG_CONNECTED : VFLAG_SESSION_ENDED;
    b->vflags = (uint16_t)((b->vflags & ~(VFLAG_CONNECTED | VFLAG_CONNECTED_BEFORE)) | bits);
    if (now && !before) {
        plug(s);
    } else if (before && !now) {
        unplug(s);
    }
}

static void measure(struct openevse *s) {
    struct openevse_box *b = &s->box;
    int64_t ma = s->car.current_ma * s->saved.scale / 220 - s->saved.offset;
    if (openevse_has(s, OPENEVSE_FAKE_CURRENT)) {
        ma = b->fake_ma;
    }
    b->measured_ma = openevse_closed(s) && openevse_has(s, OPENEVSE_AMMETER) && ma > 0 ? ma : 0;
}

static void meter_step(struct openevse *s, int64_t model_ms) {
    struct openevse_box *b = &s->box;
    int64_t true_uw = s->voltage_mv * s->car.current_ma;
    int64_t own_uw = openevse_voltage_mv(s) * b->measured_ma;
    own_uw = own_uw < MOST_UW ? own_uw : MOST_UW;
    /* the car may have stopped within the step: then it drew less */
    bool part = s->car.drawn_nj < true_uw * model_ms;
    b->session_nj += own_uw == true_uw ? s->car.drawn_nj
                     : part && true_uw ? own_uw * (s->car.drawn_nj / true_uw)
                                       : own_uw * model_ms;
    b->session_ws += (uint32_t)(b->session_nj / 1000000000);
    b->session_nj %= 1000000000;
}

void openevse_drop_limits(struct openevse *s) {
    s->box.limit_15min = s->box.limit_kwh = 0;
    s->box.vflags &= (uint16_t) ~(VFLAG_TIME_LIMIT | VFLAG_CHARGE_LIMIT);
}

static void limit_sleep(struct openevse *s) {
    openevse_drop_limits(s);
    s->box.vflags |= VFLAG_LIMIT_SLEEP;
    openevse_sleep(s);
}

void openevse_session_step(struct openevse *s, int64_t model_ms) {
    struct openevse_box *b = &s->box;
    measure(s);
    if (openevse_closed(s)) {
        meter_step(s, model_ms);
    }
    if (b->state != EVSE_C) {
        return;
    }
    b->elapsed_ms += model_ms;
    bool full = b->limit_kwh && b->session_ws >= b->limit_kwh * UINT32_C(3600000);
    bool over = b->limit_15min && b->elapsed_ms >= b->limit_15min * INT64_C(900000);
    if (full || over) {
        limit_sleep(s);
    }
}

/* ---- heartbeat ---- */

bool openevse_heartbeat_restore(struct openevse *s) {
    if (s->box.trigger == TRIGGER_NONE) {
        return true;
    }
    return !s->box.hot && openevse_set_capacity(s, openevse_saved_a(s), false);
}

/* Firmware 7.1.0 to 8.2.3 has 16 bits for it: of 100 s that makes 34.464 s, of 66 s 464 ms. */
static int64_t heartbeat_ms(const struct openevse *s) {
    int64_t ms = s->saved.heartbeat_s * INT64_C(1000);
    return openevse_since(s, 5, 1, 3) && !openevse_since(s, 6, 0, 0) ? (uint16_t)ms : ms;
}

void openevse_heartbeat_step(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (s->saved.heartbeat_s == 0 || s->t_ms - b->pulse_ms <= heartbeat_ms(s)) {
        return;
    }
    if (s->saved.fallback_a < b->capacity) {
        (void)openevse_set_capacity(s, s->saved.fallback_a, false);
    }
    b->trigger = TRIGGER_MISSED;
    b->pulse_ms = s->t_ms;
}

/* ---- the delay timer ---- */

bool openevse_timer_awake(const struct openevse *s) {
    int64_t minute = openevse_clock_s(s) / 60 % 1440;
    int64_t from = s->saved.start_h * 60 + s->saved.start_min;
    int64_t to = s->saved.stop_h * 60 + s->saved.stop_min;
    return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

void openevse_timer_step(struct openevse *s) {
    struct openevse_box *b = &s->box;
    bool asleep = b->state == EVSE_SLEEPING;
    if (!s->saved.timer || !openevse_has(s, OPENEVSE_RTC) || openevse_in_fault(s) ||
        b->state == EVSE_DISABLED || s->t_ms - b->timer_ms < 1000) {
        return;
    }
    b->timer_ms = s->t_ms;
    if (openevse_timer_awake(s) == !asleep) {
        b->override = false; /* what it wants is so */
    } else if (!b->override && asleep) {
        openevse_enable(s);
    } else if (!b->override) {
        openevse_sleep(s);
    }
}
