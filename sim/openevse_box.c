/* openevse_box.c - pilot, relay, states and faults of a simulated OpenEVSE, step by step.
 * Left out: the display and its menus, CGMI hardware's own checks.
 * Facts: reference/rapi.md sections 2, 3, 5, and the sources named there; 0400 in the vflags (the
 * exchanges there do not show it): firmware 8.2.3, and a report of users of its gateway (0540).
 * SPDX-License-Identifier: MIT */
#include "sim/openevse.h"

#define DEBOUNCE_MS   250
#define DEBOUNCE_A_MS 25
#define CHECK_MS      1000 /* ground, stuck relay, closure: so long after the relay moved */
#define UL_MS         2000 /* a fault so soon after closing is a hard one */
#define SLEEP_MS      3000 /* longest wait for the car before the relay opens */
#define PANIC_MS      5000 /* the same when it is too hot */
#define OVER_MS       10000
#define OVER_MA       5000
#define STANDING_MA   1000 /* below: no current flows */

#define COUNT_MAX 0xFE

/* ---- relay and states ---- */

bool openevse_closed(const struct openevse *s) {
    return s->box.vflags & VFLAG_RELAY;
}

static void cold_or_hot_open(struct openevse *s) {
    if (s->car.current_ma > s->saved.zero_ma) {
        s->saved.hot_opens++;
        s->saved.last_open_ma = (uint32_t)s->car.current_ma;
    } else {
        s->saved.cold_opens++;
    }
}

void openevse_open_relay(struct openevse *s) {
    if (openevse_closed(s)) {
        cold_or_hot_open(s);
        s->box.off_ms = s->t_ms;
        s->car.current_ma = 0;
    }
    s->box.vflags &= (uint16_t)~VFLAG_RELAY;
    s->box.measured_ma = 0;
}

static void print_tuning(struct openevse *s) {
    struct openevse_text t = {0, ""};
    openevse_add(&t, "\nrelayCloseMs: ");
    openevse_add_number(&t, s->saved.close_ms);
    openevse_add(&t, "\r\nrelayHoldPwm: ");
    openevse_add_number(&t, s->saved.hold_pwm);
    openevse_add(&t, "\r\n");
    (void)sim_queue_put(&s->out, t.text, t.n);
}

static void close_relay(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (openevse_has(s, OPENEVSE_RELAY_TUNING)) {
        print_tuning(s);
    }
    b->vflags = (uint16_t)((b->vflags | VFLAG_RELAY) & ~VFLAG_SESSION_ENDED);
    b->on_ms = s->t_ms;
}

static bool locked(const struct openevse *s) {
    return s->box.vflags & VFLAG_LOCKED;
}

void openevse_count(struct openevse *s, unsigned counter) {
    uint8_t *n = &s->saved.counts[counter];
    if (*n == COUNT_NEVER) {
        *n = 0;
    }
    *n = *n < COUNT_MAX ? (uint8_t)(*n + 1) : *n;
}

void openevse_hard_fault(struct openevse *s, bool final) {
    s->box.vflags |= VFLAG_HARD_FAULT;
    s->box.final = final;
}

/* The relay opens at once, the pilot goes to +12 V. */
static void fault(struct openevse *s, enum openevse_state state) {
    bool charging = s->box.state == EVSE_C;
    bool soon = charging && s->t_ms - s->box.on_ms <= UL_MS;
    s->box.state = (uint8_t)state;
    s->box.pwm = false;
    s->box.fault_ms = s->t_ms;
    openevse_open_relay(s);
    if (soon) {
        openevse_hard_fault(s, false);
    }
}

static void enter_c(struct openevse *s) {
    bool tested = !(s->saved.flags & FLAG_NO_GFI_TEST);
    if (s->fault == OPENEVSE_FAULT_GFI_TEST && tested) {
        fault(s, EVSE_GFI_TEST);
        openevse_hard_fault(s, false);
        return;
    }
    s->box.pwm = true;
    close_relay(s);
}

static void enter(struct openevse *s, uint8_t state) {
    struct openevse_box *b = &s->box;
    b->state = state;
    switch (state) {
    case EVSE_A:
        openevse_open_relay(s);
        b->pwm = false;
        openevse_drop_limits(s);
        b->override = false;
        break;
    case EVSE_B:
        openevse_open_relay(s);
        b->pwm = !locked(s);
        break;
    case EVSE_C:
        enter_c(s);
        break;
    default: /* ventilation, diode */
        fault(s, state);
        openevse_hard_fault(s, false);
        break;
    }
}

void openevse_lock(struct openevse *s, bool lock) {
    uint16_t bit = lock ? VFLAG_LOCKED : 0;
    s->box.vflags = (uint16_t)((s->box.vflags & ~VFLAG_LOCKED) | bit);
    if (s->box.state == EVSE_B || s->box.state == EVSE_C) {
        enter(s, EVSE_B);
    }
}

void openevse_enable(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (b->state == EVSE_SLEEPING || b->state == EVSE_DISABLED) {
        b->vflags &= (uint16_t)~VFLAG_LIMIT_SLEEP;
        b->state = EVSE_UNKNOWN;
        b->pwm = false;
    }
}

void openevse_disable(struct openevse *s) {
    s->box.state = EVSE_DISABLED;
    s->box.pwm = false;
    openevse_open_relay(s);
}

void openevse_sleep(struct openevse *s) {
    if (s->box.state != EVSE_SLEEPING) {
        s->box.state = EVSE_SLEEPING;
        s->box.pwm = false;
        s->box.sleep_ms = s->t_ms;
    }
}

bool openevse_in_fault(const struct openevse *s) {
    return s->box.state >= EVSE_VENT && s->box.state < EVSE_SLEEPING;
}

/* ---- the button ---- */

static void short_press(struct openevse *s) {
    if (openevse_in_fault(s)) {
        return; /* a menu opens; it is not simulated */
    }
    if (s->box.state == EVSE_DISABLED || s->box.state == EVSE_SLEEPING) {
        openevse_enable(s);
    } else {
        openevse_sleep(s);
    }
    if (s->saved.timer) {
        bool asleep = s->box.state == EVSE_SLEEPING;
        s->box.override = openevse_timer_awake(s) == asleep;
    }
}

void openevse_press(struct openevse *s, bool longer) {
    if (!(s->saved.flags & FLAG_NO_BUTTON)) {
        if (!longer) {
            short_press(s);
        }
        return;
    }
    if (openevse_since(s, 5, 1, 3) && s->notifications && s->box.boot == BOOT_DONE) {
        struct openevse_text t = {0, ""};
        openevse_add(&t, longer ? "AN 1" : "AN 0");
        openevse_line(s, &t, 0, true);
    }
}

/* ---- faults ---- */

static void trip(struct openevse *s, enum openevse_state state, unsigned counter, uint16_t vflag) {
    openevse_count(s, counter);
    s->box.vflags |= vflag;
    fault(s, state);
}

/* While the relay is closed. */
static bool closed_faults(struct openevse *s) {
    struct openevse_box *b = &s->box;
    bool checked = s->t_ms - b->on_ms > CHECK_MS;
    bool no_ground = s->fault == OPENEVSE_FAULT_NO_GROUND;
    if (s->fault == OPENEVSE_FAULT_GFCI) {
        trip(s, EVSE_GFCI, COUNT_GFI, VFLAG_GFI);
        return true;
    }
    if (s->fault == OPENEVSE_FAULT_RELAY_CLOSURE && checked) {
        if (openevse_since(s, 5, 2, 0) && !(s->saved.flags & FLAG_NO_STUCK)) {
            fault(s, EVSE_RELAY_CLOSURE);
            return true;
        }
        no_ground = !openevse_since(s, 5, 2, 0); /* no voltage behind it: so it looks */
    }
    if (no_ground && checked && !(s->saved.flags & FLAG_NO_GROUND)) {
        trip(s, EVSE_NO_GROUND, COUNT_NO_GROUND, VFLAG_NO_GROUND);
        return true;
    }
    return false;
}

/* While it is open. */
static bool open_faults(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (s->fault != OPENEVSE_FAULT_STUCK_RELAY || (s->saved.flags & FLAG_NO_STUCK)) {
        b->stuck_ms = 0;
        return false;
    }
    if (b->stuck_ms == 0) {
        b->stuck_ms = s->t_ms;
    }
    if (s->t_ms - b->stuck_ms <= CHECK_MS || s->t_ms - b->off_ms <= CHECK_MS) {
        return false;
    }
    openevse_count(s, COUNT_STUCK);
    fault(s, EVSE_STUCK_RELAY);
    openevse_hard_fault(s, true);
    return true;
}

static bool over_current(struct openevse *s) {
    struct openevse_box *b = &s->box;
    bool watched = openevse_has(s, OPENEVSE_OVER_CURRENT) &&
                   !(s->saved.flags & FLAG_NO_OVER_CURRENT) && b->state == EVSE_C;
    if (!watched || b->measured_ma < b->capacity * INT64_C(1000) + OVER_MA) {
        b->over_ms = 0;
        return false;
    }
    if (b->over_ms == 0) {
        b->over_ms = s->t_ms;
    }
    if (s->t_ms - b->over_ms < OVER_MS) {
        return false;
    }
    fault(s, EVSE_OVER_CURRENT);
    openevse_hard_fault(s, false);
    return true;
}

/* Too hot: the pilot goes first, the relay when the car has had its time. */
static bool panic(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (!openevse_in_panic(s)) {
        return false;
    }
    b->state = EVSE_OVER_TEMPERATURE;
    b->pwm = false;
    b->fault_ms = s->t_ms;
    openevse_hard_fault(s, false);
    return true;
}

static void clear_fault(struct openevse *s) {
    s->box.state = EVSE_UNKNOWN;
    s->box.vflags &= (uint16_t)~VFLAG_HARD_FAULT;
    s->box.pwm = false;
}

/* In a hard fault: until the car is unplugged, or for ever. */
static void hard_fault_step(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (openevse_closed(s) && s->t_ms - b->fault_ms >= PANIC_MS) {
        openevse_open_relay(s);
    }
    if (!b->final && !(b->vflags & VFLAG_CONNECTED) && !openevse_closed(s)) {
        clear_fault(s);
    }
}

/* Ground and GFI: unplugging ends them; else it tries again, some times. */
static void soft_fault_step(struct openevse *s) {
    struct openevse_box *b = &s->box;
    bool quick = openevse_has(s, OPENEVSE_QUICK_RETRY);
    int64_t wait_ms = quick ? 15000 : 5 * 60000;
    if (!(b->vflags & VFLAG_CONNECTED)) {
        clear_fault(s);
        return;
    }
    if (s->t_ms - b->fault_ms < wait_ms || b->state == EVSE_RELAY_CLOSURE) {
        return;
    }
    if (!quick && b->retries >= 6) {
        if (b->state == EVSE_GFCI) {
            openevse_hard_fault(s, false);
        }
        return;
    }
    b->retries++;
    clear_fault(s);
}

/* ---- the states that follow the pilot ---- */

static bool settled(struct openevse *s, uint8_t read, uint8_t now, uint8_t *seen, int64_t *seen_ms,
                    int64_t wait_ms) {
    if (read == now) {
        *seen = read;
        *seen_ms = s->t_ms;
        return false;
    }
    if (read != *seen) {
        *seen = read;
        *seen_ms = s->t_ms;
    }
    return s->t_ms - *seen_ms >= wait_ms;
}

/* The state that the pilot speaks for. */
static uint8_t read_state(const struct openevse *s) {
    uint8_t pilot = openevse_car_pilot(s);
    bool charging = pilot == EVSE_C || pilot == EVSE_VENT;
    if (s->fault == OPENEVSE_FAULT_DIODE && s->box.pwm && pilot != EVSE_A &&
        !(s->saved.flags & FLAG_NO_DIODE)) {
        return EVSE_DIODE;
    }
    if (charging && !s->box.pwm) {
        return EVSE_B; /* without a pilot nobody may charge */
    }
    return pilot == EVSE_VENT && (s->saved.flags & FLAG_NO_VENT) ? EVSE_C : pilot;
}

static void pilot_step(struct openevse *s) {
    struct openevse_box *b = &s->box;
    uint8_t state = read_state(s);
    uint8_t pilot = state == EVSE_DIODE ? EVSE_DIODE : openevse_car_pilot(s);
    if (settled(s, pilot, b->pilot, &b->seen_pilot, &b->seen_pilot_ms, DEBOUNCE_MS)) {
        b->pilot = pilot;
    }
    if (settled(s, state, b->state, &b->seen_state, &b->seen_state_ms,
                state == EVSE_A ? DEBOUNCE_A_MS : DEBOUNCE_MS)) {
        if (state <= EVSE_C) {
            b->pilot = pilot;
        }
        enter(s, state);
    }
}

static void sleep_step(struct openevse *s) {
    struct openevse_box *b = &s->box;
    bool stopped = openevse_car_pilot(s) <= EVSE_B || b->measured_ma <= STANDING_MA;
    if (openevse_closed(s) && (stopped || s->t_ms - b->sleep_ms >= SLEEP_MS)) {
        openevse_open_relay(s);
    }
    if (!openevse_closed(s) && (b->vflags & VFLAG_LIMIT_SLEEP) && !(b->vflags & VFLAG_CONNECTED)) {
        openevse_enable(s);
    }
}

static void state_step(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (b->vflags & VFLAG_BOOT_LOCK) {
        return;
    }
    if (b->vflags & VFLAG_HARD_FAULT) {
        hard_fault_step(s);
    } else if (b->state == EVSE_SLEEPING) {
        sleep_step(s);
    } else if (openevse_in_fault(s)) {
        soft_fault_step(s);
    } else if (!(openevse_closed(s) ? closed_faults(s) : open_faults(s)) && !panic(s) &&
               !over_current(s)) {
        pilot_step(s);
    }
}

static void lock_step(struct openevse *s) {
    if (!(s->box.vflags & VFLAG_MANUAL_LOCK)) {
        s->box.bolt = s->box.vflags & VFLAG_CONNECTED;
    }
}

/* The firmware looks after heartbeat and temperature only then. */
static bool awake(const struct openevse *s) {
    return s->box.state < EVSE_SLEEPING && !(s->box.vflags & (VFLAG_HARD_FAULT | VFLAG_BOOT_LOCK));
}

void openevse_box_step(struct openevse *s) {
    int64_t model_ms = OPENEVSE_STEP_MS * s->speed;
    s->t_ms += OPENEVSE_STEP_MS;
    openevse_car_step(s, model_ms);
    if (s->box.blocked_ms) { /* it does nothing else meanwhile */
        if (s->t_ms >= s->box.blocked_ms) {
            openevse_unblock(s);
        }
        return;
    }
    if (s->box.boot != BOOT_DONE) {
        openevse_boot_step(s);
        return;
    }
    openevse_watch_plug(s);
    lock_step(s);
    if (s->box.state != EVSE_DISABLED) {
        state_step(s);
    }
    if (awake(s)) {
        openevse_heartbeat_step(s);
        openevse_throttle(s);
    }
    openevse_session_step(s, model_ms);
    openevse_timer_step(s);
    openevse_news(s);
}
