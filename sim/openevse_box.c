/* openevse_box.c - the firmware of a simulated OpenEVSE without its commands: pilot and relay, faults,
 * sessions and energy, limits, heartbeat, temperatures, delay timer, boot.
 * Left out: the display and its menus, level detection, CGMI hardware's own checks, the resistor of
 * the cable (auto-ampacity only has its flag).
 * Facts: reference/rapi.md sections 2, 3, 5, and the sources named there; 0400 in the vflags (the
 * exchanges there do not show it): firmware 8.2.3, and issue 895 of its gateway shows 0540.
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

#define LEAST_A     6
#define MOST_A      80
#define USUAL_L1_A  12
#define NOMINAL_1   120000
#define NOMINAL_2   240000
#define COUNT_MAX   0xFE
#define COUNT_NEVER 0xFF /* 1.x: an EEPROM that nobody has written */

#define MISSED       2 /* trigger: a pulse was missed */
#define ACKNOWLEDGED 1

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

static bool in_panic(const struct openevse *s) {
    int32_t set = s->saved.panic_dc;
    return temperature_watched(s) && any_at(s, set ? set : 710, set ? set : 750);
}

/* Half the current from 65 degrees on, a quarter from 68 (70 infrared); back at 62 (60), and in
 * between at 65. */
static void throttle(struct openevse *s) {
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

/* ---- relay and states ---- */

static bool closed(const struct openevse *s) {
    return s->box.vflags & VFLAG_RELAY;
}

static void cold_or_hot_open(struct openevse *s) {
    if (s->car.current_ma > s->saved.zero_ma) {
        s->saved.hot_opens++;
        s->saved.last_open_ma = (uint16_t)s->car.current_ma;
    } else {
        s->saved.cold_opens++;
    }
}

static void open_relay(struct openevse *s) {
    if (closed(s)) {
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

static void drop_limits(struct openevse *s) {
    s->box.limit_15min = s->box.limit_kwh = 0;
    s->box.vflags &= (uint16_t) ~(VFLAG_TIME_LIMIT | VFLAG_CHARGE_LIMIT);
}

static bool locked(const struct openevse *s) {
    return s->box.vflags & VFLAG_LOCKED;
}

static void count(struct openevse *s, unsigned counter) {
    uint8_t *n = &s->saved.counts[counter];
    if (*n == COUNT_NEVER) {
        *n = 0;
    }
    *n = *n < COUNT_MAX ? (uint8_t)(*n + 1) : *n;
}

static void hard_fault(struct openevse *s, bool final) {
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
    open_relay(s);
    if (soon) {
        hard_fault(s, false);
    }
}

static void enter_c(struct openevse *s) {
    bool tested = !(s->saved.flags & FLAG_NO_GFI_TEST);
    if (s->fault == OPENEVSE_FAULT_GFI_TEST && tested) {
        fault(s, EVSE_GFI_TEST);
        hard_fault(s, false);
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
        open_relay(s);
        b->pwm = false;
        drop_limits(s);
        b->override = false;
        break;
    case EVSE_B:
        open_relay(s);
        b->pwm = !locked(s);
        break;
    case EVSE_C:
        enter_c(s);
        break;
    default: /* ventilation, diode */
        fault(s, state);
        hard_fault(s, false);
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
    open_relay(s);
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

/* ---- the delay timer ---- */

bool openevse_timer_awake(const struct openevse *s) {
    int64_t minute = openevse_clock_s(s) / 60 % 1440;
    int64_t from = s->saved.start_h * 60 + s->saved.start_min;
    int64_t to = s->saved.stop_h * 60 + s->saved.stop_min;
    return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

static void timer_step(struct openevse *s) {
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

/* ---- news ---- */

#define VFLAGS_TOLD                                                                                \
    (VFLAG_LOCKED | VFLAG_CONNECTED | VFLAG_TIME_LIMIT | VFLAG_CHARGE_LIMIT | VFLAG_HARD_FAULT)

static void note_sent(struct openevse_box *b) {
    b->sent_state = b->state;
    b->sent_pilot = b->pilot;
    b->sent_capacity = b->capacity;
    b->sent_vflags = b->vflags & VFLAGS_TOLD;
}

static void tell_at(struct openevse *s, uint8_t capacity) {
    const struct openevse_box *b = &s->box;
    struct openevse_text t = {0, ""};
    openevse_add(&t, "AT ");
    openevse_add_hex(&t, b->state, 2);
    openevse_add(&t, " ");
    openevse_add_hex(&t, b->pilot, 2);
    openevse_add(&t, " ");
    openevse_add_number(&t, capacity);
    openevse_add(&t, " ");
    openevse_add_hex(&t, b->vflags, 4);
    openevse_line(s, &t, 0, true);
}

static void tell_st(struct openevse *s) {
    struct openevse_text t = {0, ""};
    openevse_add(&t, "ST ");
    openevse_add_hex(&t, s->box.state, 2);
    openevse_line(s, &t, 0, openevse_since(s, 2, 0, 1));
}

static void tell_ab(struct openevse *s, uint8_t code) {
    struct openevse_text t = {0, ""};
    openevse_add(&t, "AB ");
    openevse_add_hex(&t, code, 2);
    openevse_add(&t, " ");
    openevse_add(&t, s->release->firmware);
    openevse_line(s, &t, 0, true);
}

/* Pairs that the firmware keeps to itself. */
static bool inconsistent(const struct openevse_box *b) {
    bool connected = b->vflags & VFLAG_CONNECTED;
    return b->state == EVSE_UNKNOWN || (b->state == EVSE_A && connected) ||
           ((b->state == EVSE_B || b->state == EVSE_C) && !connected);
}

static bool changed(const struct openevse_box *b) {
    return b->state != b->sent_state || b->pilot != b->sent_pilot ||
           b->capacity != b->sent_capacity || (b->vflags & VFLAGS_TOLD) != b->sent_vflags;
}

void openevse_news(struct openevse *s) {
    struct openevse_box *b = &s->box;
    bool at = openevse_since(s, 5, 0, 0);
    bool keep =
        at ? !changed(b) || inconsistent(b) : b->state == b->sent_state || b->state == EVSE_UNKNOWN;
    if (b->boot != BOOT_DONE || keep) {
        return;
    }
    note_sent(b);
    if (s->notifications) {
        if (at) {
            tell_at(s, b->capacity);
        } else {
            tell_st(s);
        }
    }
}

/* ---- boot ---- */

static void power_up(struct openevse *s) {
    struct openevse_box *b = &s->box;
    *b = (struct openevse_box){.vflags = VFLAG_SESSION_ENDED};
    b->relays_off = s->saved.relays_off;
    b->nominal_mv = level_of(s) == 2 ? NOMINAL_2 : NOMINAL_1;
    b->capacity = openevse_saved_a(s);
    b->pulse_ms = b->off_ms = s->t_ms;
    if (s->saved.timer && openevse_since(s, 5, 2, 0)) {
        b->vflags |= VFLAG_TIMER;
    }
    if (openevse_has(s, OPENEVSE_BOOTLOCK) && !(s->saved.flags & FLAG_NO_BOOTLOCK)) {
        b->vflags |= VFLAG_BOOT_LOCK;
    }
    vb_rapi_reader_init(&s->reader, true, s->release->line_max);
    s->held_n = 0;
}

void openevse_box_init(struct openevse *s) {
    struct openevse_saved *e = &s->saved;
    e->scale = 220;
    e->volt_scale = 298;
    e->volt_offset = 12018;
    e->close_ms = 100;
    e->hold_pwm = 255;
    e->ambient_dc = e->infrared_dc = 650;
    e->zero_ma = 200;
    if (!openevse_since(s, 2, 0, 0)) {
        e->counts[COUNT_NO_GROUND] = e->counts[COUNT_STUCK] = COUNT_NEVER;
    }
    power_up(s);
    if (!(s->box.vflags & VFLAG_BOOT_LOCK)) {
        s->box.state = s->box.pilot = EVSE_A; /* it has been running for a while */
    }
    note_sent(&s->box);
}

void openevse_restart(struct openevse *s) {
    s->box.boot = closed(s) ? BOOT_STOPPING : BOOT_HANGING;
    s->box.boot_ms = s->t_ms;
    s->box.pwm = false;
}

/* The self test. Returns what $AB tells. */
static uint8_t self_test(const struct openevse *s) {
    uint16_t off = s->saved.flags;
    if (s->fault == OPENEVSE_FAULT_STUCK_RELAY && !(off & FLAG_NO_STUCK)) {
        return EVSE_STUCK_RELAY;
    }
    if (s->fault == OPENEVSE_FAULT_NO_GROUND && !(off & FLAG_NO_GROUND)) {
        return EVSE_NO_GROUND;
    }
    if (s->fault == OPENEVSE_FAULT_GFI_TEST && !(off & FLAG_NO_GFI_TEST)) {
        return EVSE_GFI_TEST;
    }
    return EVSE_UNKNOWN;
}

static void end_boot(struct openevse *s) {
    struct openevse_box *b = &s->box;
    static const int8_t counters[] = {
        [EVSE_NO_GROUND] = COUNT_NO_GROUND, [EVSE_STUCK_RELAY] = COUNT_STUCK, [EVSE_GFI_TEST] = -1};
    uint8_t code = self_test(s);
    b->boot = BOOT_DONE;
    if (s->notifications && openevse_since(s, 5, 0, 0)) {
        tell_ab(s, code);
    }
    if (code) {
        b->state = code;
        if (counters[code] >= 0) {
            count(s, (unsigned)counters[code]);
        }
        hard_fault(s, true);
    }
}

static void begin_boot(struct openevse *s) {
    power_up(s);
    s->box.boot = BOOT_TESTING;
    s->box.boot_ms = s->t_ms;
    if (s->notifications && openevse_since(s, 5, 0, 0)) {
        struct openevse_box *b = &s->box;
        uint16_t vflags = b->vflags;
        b->vflags = VFLAG_SESSION_ENDED;
        tell_at(s, 0); /* forced; the capacity is not read yet */
        b->vflags = vflags;
    } else if (s->notifications) {
        tell_st(s);
    }
}

static void boot_step(struct openevse *s) {
    static const uint16_t lasts_ms[] = {[BOOT_STOPPING] = 3000,
                                        [BOOT_HANGING] = 1500,
                                        [BOOT_STARTING] = 400,
                                        [BOOT_TESTING] = 1500};
    struct openevse_box *b = &s->box;
    if (s->t_ms - b->boot_ms < lasts_ms[b->boot]) {
        return;
    }
    b->boot_ms = s->t_ms;
    switch (b->boot) {
    case BOOT_STOPPING:
        b->boot = BOOT_HANGING;
        break;
    case BOOT_HANGING:
        open_relay(s);
        b->boot = BOOT_STARTING;
        break;
    case BOOT_STARTING:
        begin_boot(s);
        break;
    default:
        end_boot(s);
        break;
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
static void watch_plug(struct openevse *s) {
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
    b->measured_ma = closed(s) && openevse_has(s, OPENEVSE_AMMETER) && ma > 0 ? ma : 0;
}

static void meter_step(struct openevse *s, int64_t model_ms) {
    struct openevse_box *b = &s->box;
    int64_t true_uw = s->voltage_mv * s->car.current_ma;
    int64_t own_uw = openevse_voltage_mv(s) * b->measured_ma;
    /* the car may have stopped within the step: then it drew less */
    bool part = s->car.drawn_nj < true_uw * model_ms;
    b->session_nj += own_uw == true_uw ? s->car.drawn_nj
                     : part && true_uw ? own_uw * (s->car.drawn_nj / true_uw)
                                       : own_uw * model_ms;
    b->session_ws += (uint32_t)(b->session_nj / 1000000000);
    b->session_nj %= 1000000000;
}

static void limit_sleep(struct openevse *s) {
    drop_limits(s);
    s->box.vflags |= VFLAG_LIMIT_SLEEP;
    openevse_sleep(s);
}

static void session_step(struct openevse *s, int64_t model_ms) {
    struct openevse_box *b = &s->box;
    measure(s);
    if (closed(s)) {
        meter_step(s, model_ms);
    }
    if (b->state != EVSE_C) {
        return;
    }
    b->elapsed_ms += model_ms;
    if (b->limit_kwh && b->session_ws >= b->limit_kwh * UINT32_C(3600000)) {
        limit_sleep(s);
    } else if (b->limit_15min && b->elapsed_ms >= b->limit_15min * INT64_C(900000)) {
        limit_sleep(s);
    }
}

/* ---- heartbeat ---- */

bool openevse_heartbeat_restore(struct openevse *s) {
    if (!s->box.trigger) {
        return true;
    }
    return !s->box.hot && openevse_set_capacity(s, openevse_saved_a(s), false);
}

static void heartbeat_step(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (s->saved.heartbeat_s == 0 ||
        s->t_ms - b->pulse_ms <= s->saved.heartbeat_s * INT64_C(1000)) {
        return;
    }
    if (s->saved.fallback_a < b->capacity) {
        (void)openevse_set_capacity(s, s->saved.fallback_a, false);
    }
    b->trigger = MISSED;
    b->pulse_ms = s->t_ms;
}

/* ---- faults ---- */

static void trip(struct openevse *s, enum openevse_state state, unsigned counter, uint16_t vflag) {
    count(s, counter);
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
    count(s, COUNT_STUCK);
    fault(s, EVSE_STUCK_RELAY);
    hard_fault(s, true);
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
    hard_fault(s, false);
    return true;
}

/* Too hot: the pilot goes first, the relay when the car has had its time. */
static bool panic(struct openevse *s) {
    struct openevse_box *b = &s->box;
    if (!in_panic(s)) {
        return false;
    }
    b->state = EVSE_OVER_TEMPERATURE;
    b->pwm = false;
    b->fault_ms = s->t_ms;
    hard_fault(s, false);
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
    if (closed(s) && s->t_ms - b->fault_ms >= PANIC_MS) {
        open_relay(s);
    }
    if (!b->final && !(b->vflags & VFLAG_CONNECTED) && !closed(s)) {
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
            hard_fault(s, false);
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
    if (closed(s) && (stopped || s->t_ms - b->sleep_ms >= SLEEP_MS)) {
        open_relay(s);
    }
    if (!closed(s) && (b->vflags & VFLAG_LIMIT_SLEEP) && !(b->vflags & VFLAG_CONNECTED)) {
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
    } else if (!(closed(s) ? closed_faults(s) : open_faults(s)) && !panic(s) && !over_current(s)) {
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
        boot_step(s);
        return;
    }
    watch_plug(s);
    lock_step(s);
    if (s->box.state != EVSE_DISABLED) {
        state_step(s);
    }
    if (awake(s)) {
        heartbeat_step(s);
        throttle(s);
    }
    session_step(s, model_ms);
    timer_step(s);
    openevse_news(s);
}
