/* openevse_car.c - the car at the cable of a simulated OpenEVSE: it plugs in, closes its switch when
 * it sees a pilot, takes what it is offered, up to what its charger can, less near the end, and
 * stops when its battery is full. In mode `auto` it comes and goes by itself.
 * Left out: losses, a battery that warms up. The curve is made up, and plausible.
 * Facts: reference/rapi.md section 5; ramp and reaction times: SAE J1772 allows 5 s, cars take less.
 * SPDX-License-Identifier: MIT */
#include "sim/openevse.h"
#include "sim/world.h"

#define REACT_MS     500  /* pilot seen: close the switch */
#define RAMP_MS      250  /* a step of the ramp */
#define RAMP_UP_MA   1000 /* ... upwards */
#define RAMP_DOWN_MA 2000
#define STOP_MA      4000 /* down in each step of the model, when the pilot is gone */
#define LEAST_MA     6000 /* below that J1772 has no current */
#define EXCESS_MA    8000 /* above the offer, with fault=over-current */

#define FIRST_MS 10000 /* auto: until the first arrival */
#define GONE_MS  (20 * 60000)
#define WAIT_MS  30000
#define PAUSE_MS (3 * 60000)
#define DONE_MS  (10 * 60000)

static void arrive(struct openevse *s) {
    struct openevse_car *car = &s->car;
    car->plugged = true;
    car->missing_nj = car->battery_nj / 100 * (100 - car->soc);
    car->pause_nj = car->missing_nj / 2;
    car->ramp_ms = 0;
}

static void leave(struct openevse_car *car) {
    car->plugged = car->closed = false;
    car->current_ma = 0;
}

static void go(struct openevse_car *car, enum openevse_car_phase phase) {
    car->phase = (uint8_t)phase;
    car->phase_ms = 0;
}

void openevse_car_mode(struct openevse *s, uint8_t mode) {
    struct openevse_car *car = &s->car;
    car->mode = mode;
    if (mode == CAR_AWAY) {
        leave(car);
    } else if (!car->plugged && mode != CAR_AUTO) {
        arrive(s);
    }
    if (mode == CAR_AUTO) {
        go(car, car->plugged ? PHASE_CHARGE : PHASE_GONE);
        car->phase_ms = car->plugged ? 0 : GONE_MS - FIRST_MS;
    }
}

void openevse_car_init(struct openevse *s, uint8_t mode) {
    s->car.pwm_ms = -1;
    openevse_car_mode(s, mode);
}

/* The next phase of `auto`. */
static void plan(struct openevse *s) {
    struct openevse_car *car = &s->car;
    int64_t t = car->phase_ms;
    bool rested =
        (car->phase == PHASE_WAIT && t >= WAIT_MS) || (car->phase == PHASE_PAUSE && t >= PAUSE_MS);
    if (car->phase == PHASE_GONE && t >= GONE_MS) {
        arrive(s);
        go(car, PHASE_WAIT);
    } else if (rested) {
        go(car, PHASE_CHARGE);
    } else if (car->phase == PHASE_CHARGE && car->missing_nj == 0) {
        go(car, PHASE_DONE);
    } else if (car->phase == PHASE_CHARGE && car->missing_nj < car->pause_nj) {
        car->pause_nj = 0;
        go(car, PHASE_PAUSE);
    } else if (car->phase == PHASE_DONE && t >= DONE_MS) {
        leave(car);
        go(car, PHASE_GONE);
    }
}

static bool wants(const struct openevse_car *car) {
    bool now = car->mode == CAR_READY || (car->mode == CAR_AUTO && car->phase == PHASE_CHARGE);
    return car->plugged && now && car->missing_nj > 0;
}

/* What it would take: the offer, its own charger, the battery near its end. */
static int64_t target_ma(const struct openevse *s) {
    const struct openevse_car *car = &s->car;
    int64_t offer_ma = s->box.capacity * INT64_C(1000);
    int64_t ma = car->limit_ma < offer_ma ? car->limit_ma : offer_ma;
    int64_t taper_nj = car->battery_nj / 20; /* the last 5 % */
    if (s->fault == OPENEVSE_FAULT_OVER_CURRENT) {
        return offer_ma + EXCESS_MA;
    }
    if (car->missing_nj < taper_nj && ma > LEAST_MA) {
        ma = LEAST_MA + (ma - LEAST_MA) * (car->missing_nj / 1000) / (taper_nj / 1000);
    }
    if (car->mode == CAR_AUTO && ma > 2000) {
        ma -= 150 + world_noise(31, car->t_ms, 20000) * 150 / 1000;
    }
    return ma;
}

static int64_t towards(int64_t ma, int64_t target_ma) {
    int64_t most = target_ma > ma ? RAMP_UP_MA : RAMP_DOWN_MA;
    int64_t by = target_ma - ma;
    return ma + (by > most ? most : by < -most ? -most : by);
}

static void ramp(struct openevse *s, int64_t model_ms) {
    struct openevse_car *car = &s->car;
    int64_t target = target_ma(s);
    car->ramp_ms += model_ms;
    while (car->ramp_ms >= RAMP_MS) {
        car->ramp_ms -= RAMP_MS;
        car->current_ma = towards(car->current_ma, target);
    }
}

/* The switch S2: closed a moment after the pilot came, opened when it goes and no current flows. */
static void switch_step(struct openevse *s) {
    struct openevse_car *car = &s->car;
    bool asked = s->box.pwm && wants(car);
    if (!asked) {
        car->pwm_ms = -1;
        car->current_ma = car->current_ma > STOP_MA ? car->current_ma - STOP_MA : 0;
        car->closed = car->closed && car->current_ma > 0;
        return;
    }
    if (car->pwm_ms < 0) {
        car->pwm_ms = s->t_ms;
    }
    car->closed = car->closed || s->t_ms - car->pwm_ms >= REACT_MS;
}

void openevse_car_step(struct openevse *s, int64_t model_ms) {
    struct openevse_car *car = &s->car;
    bool live = (s->box.vflags & VFLAG_RELAY) && s->fault != OPENEVSE_FAULT_RELAY_CLOSURE;
    car->t_ms += model_ms;
    car->phase_ms += model_ms;
    car->drawn_nj = 0;
    if (car->mode == CAR_AUTO) {
        plan(s);
    }
    if (!live) {
        car->current_ma = car->ramp_ms = 0;
    }
    switch_step(s);
    if (live && car->closed && s->box.pwm && wants(car)) {
        ramp(s, model_ms);
    }
    if (live && car->current_ma > 0) {
        int64_t nj = s->voltage_mv * car->current_ma * model_ms;
        car->drawn_nj = nj < car->missing_nj ? nj : car->missing_nj;
        car->missing_nj -= car->drawn_nj;
    }
}

uint8_t openevse_car_pilot(const struct openevse *s) {
    const struct openevse_car *car = &s->car;
    if (!car->plugged) {
        return EVSE_A;
    }
    if (!car->closed) {
        return EVSE_B;
    }
    return s->fault == OPENEVSE_FAULT_VENT ? EVSE_VENT : EVSE_C;
}
