/* openevse_set.c - what the commands of a simulated OpenEVSE do: functions, settings, tests.
 * Left out: what the display shows.
 * Facts: reference/rapi.md section 4, and the sources named there.
 * SPDX-License-Identifier: MIT */
#include "sim/openevse.h"

typedef struct openevse openevse;
typedef struct openevse_arguments arguments;
typedef struct openevse_text text;

static int16_t short_of(uint32_t n) {
    uint16_t low = (uint16_t)n;
    return (int16_t)(low < 0x8000 ? low : low - 0x10000);
}

/* A switch: everything but 0 is on. */
static bool is_on(const arguments *a, unsigned i) {
    return a->text[i][0] != '0';
}

static void set_flag(openevse *s, uint16_t flag, bool set) {
    s->saved.flags = (uint16_t)(set ? s->saved.flags | flag : s->saved.flags & ~flag);
}

static void set_vflag(openevse *s, uint16_t flag, bool set) {
    s->box.vflags = (uint16_t)(set ? s->box.vflags | flag : s->box.vflags & ~flag);
}

/* ---- functions ---- */

bool openevse_do_nothing(openevse *s, const arguments *a, text *answer) {
    (void)s;
    (void)a;
    (void)answer;
    return true;
}

bool openevse_do_short_press(openevse *s, const arguments *a, text *answer) {
    uint16_t off = s->saved.flags & FLAG_NO_BUTTON;
    (void)a;
    (void)answer;
    set_flag(s, FLAG_NO_BUTTON, false); /* a disabled button does not stop this one */
    openevse_press(s, false);
    set_flag(s, FLAG_NO_BUTTON, off);
    return true;
}

bool openevse_do_disable(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    openevse_disable(s);
    return true;
}

bool openevse_do_enable(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    openevse_enable(s);
    return true;
}

bool openevse_do_go_to_sleep(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    openevse_sleep(s);
    return true;
}

bool openevse_do_restart(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    openevse_restart(s);
    return true;
}

bool openevse_do_print(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    if (!openevse_since(s, 3, 0, 1)) {
        return true; /* before firmware 4.7.0 it does not count them */
    }
    return a->count >= 4 && !(openevse_since(s, 5, 0, 0) && (s->box.vflags & VFLAG_HARD_FAULT));
}

bool openevse_do_reset_counters(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    memset(s->saved.counts, 0, sizeof s->saved.counts);
    s->saved.lifetime_wh = 0;
    return true;
}

/* What $FF switches. E is none of these. */
static const struct feature {
    char id;
    uint16_t flag;
    bool flag_is_on; /* else the flag says that it is off */
    uint32_t since, option;
} features[] = {
    {'B', FLAG_NO_BUTTON, false, VB_VERSION(5, 1, 0), 0},
    {'D', FLAG_NO_DIODE, false, 0, 0},
    {'F', FLAG_NO_GFI_TEST, false, 0, 0},
    {'G', FLAG_NO_GROUND, false, 0, 0},
    {'L', FLAG_NO_BOOTLOCK, false, VB_VERSION(6, 0, 0), OPENEVSE_BOOTLOCK},
    {'O', FLAG_NO_OVER_CURRENT, false, VB_VERSION(6, 0, 0), OPENEVSE_OVER_CURRENT},
    {'P', FLAG_AUTO_AMPACITY, true, VB_VERSION(6, 0, 0), OPENEVSE_AUTO_AMPACITY},
    {'R', FLAG_NO_STUCK, false, 0, 0},
    {'T', FLAG_NO_TEMPERATURE, false, 0, 0},
    {'V', FLAG_NO_VENT, false, 0, 0},
    {'Z', FLAG_NO_ZERO_CROSS, false, VB_VERSION(6, 0, 0), OPENEVSE_ZERO_CROSS},
};

bool openevse_do_feature(openevse *s, const arguments *a, text *answer) {
    char id = a->text[1][0];
    char value = a->text[2][0];
    (void)answer;
    if (value != '0' && value != '1') {
        return false;
    }
    if (id == 'E') {
        s->box.echo = s->echo_bug || value == '1';
        return true;
    }
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        const struct feature *f = &features[i];
        if (f->id == id && s->release->version >= f->since && openevse_has(s, f->option)) {
            set_flag(s, f->flag, (value == '1') == f->flag_is_on);
            return true;
        }
    }
    return false;
}

bool openevse_do_panic_temperature(openevse *s, const arguments *a, text *answer) {
    int16_t dc = short_of(openevse_number(s, a, 1));
    (void)answer;
    if (dc > 0) {
        s->saved.panic_dc = dc;
    }
    return dc > 0;
}

/* ---- settings ---- */

bool openevse_do_lcd_type(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    set_flag(s, FLAG_MONO_LCD, !is_on(a, 1));
    return true;
}

/* Days from the first of January 1970 to a date of the years 2000 to 2255. */
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719468;
}

bool openevse_do_set_clock(openevse *s, const arguments *a, text *answer) {
    int64_t v[6];
    (void)answer;
    if (!openevse_has(s, OPENEVSE_RTC)) {
        return true; /* nobody is there to keep it */
    }
    for (unsigned i = 0; i < 6; i++) {
        v[i] = (uint8_t)openevse_number(s, a, i + 1);
    }
    int64_t month = v[1] < 1 ? 1 : v[1] > 12 ? 12 : v[1];
    int64_t now_s = days_of(2000 + v[0], month, v[2]) * 86400 + v[3] * 3600 + v[4] * 60 + v[5];
    s->clock_s = now_s - s->t_ms / 1000;
    return true;
}

/* Limits: since firmware 4.12.0 only while a car is connected. */
static bool limits_allowed(const openevse *s) {
    return !openevse_since(s, 4, 0, 1) || s->box.state == EVSE_B || s->box.state == EVSE_C;
}

bool openevse_do_time_limit(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    if (!limits_allowed(s)) {
        return false;
    }
    s->box.limit_15min = (uint8_t)openevse_number(s, a, 1);
    s->box.override = s->box.limit_15min;
    set_vflag(s, VFLAG_TIME_LIMIT, s->box.limit_15min);
    return true;
}

bool openevse_do_charge_limit(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    if (!limits_allowed(s)) {
        return false;
    }
    s->box.limit_kwh = (uint8_t)openevse_number(s, a, 1);
    s->box.override = s->box.limit_kwh;
    set_vflag(s, VFLAG_CHARGE_LIMIT, s->box.limit_kwh);
    return true;
}

bool openevse_do_auth_lock(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    openevse_lock(s, (uint8_t)openevse_number(s, a, 1));
    return true;
}

bool openevse_do_mennekes(openevse *s, const arguments *a, text *answer) {
    char c = a->text[1][0];
    (void)answer;
    if (c == '0' || c == '1') {
        s->box.bolt = c == '1';
        return true;
    }
    if (c == 'A' || c == 'M') {
        set_vflag(s, VFLAG_MANUAL_LOCK, c == 'M');
        return true;
    }
    return false;
}

bool openevse_do_ammeter(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.scale = short_of(openevse_number(s, a, 1));
    s->saved.offset = short_of(openevse_number(s, a, 2));
    return true;
}

bool openevse_do_boot_lock(openevse *s, const arguments *a, text *answer) {
    bool refused = openevse_in_fault(s);
    (void)a;
    if (!refused) {
        set_vflag(s, VFLAG_BOOT_LOCK, false);
    }
    openevse_add(answer, refused ? "1" : "0");
    return true;
}

/* The factory's limit is burnt once. */
static bool burn(openevse *s, uint8_t amps) {
    if (s->saved.hardware_a || amps < 6 || amps > 80) {
        return false;
    }
    s->saved.hardware_a = amps;
    if (s->box.capacity > amps) {
        (void)openevse_set_capacity(s, amps, false);
    }
    return true;
}

bool openevse_do_capacity(openevse *s, const arguments *a, text *answer) {
    uint8_t amps = (uint8_t)openevse_number(s, a, 1);
    bool volatile_one = a->count == 3;
    bool ok = false;
    if (volatile_one && a->text[2][0] == 'M' && openevse_since(s, 5, 1, 2)) {
        ok = burn(s, amps);
        openevse_add_number(answer, s->saved.hardware_a ? s->saved.hardware_a : 80);
        return ok;
    }
    if (volatile_one && !openevse_since(s, 2, 0, 2)) {
        return false;
    }
    if (!(s->box.hot && amps > s->box.capacity && openevse_since(s, 3, 0, 0))) {
        ok = openevse_set_capacity(s, amps, !volatile_one);
    }
    if (openevse_since(s, 2, 0, 3)) {
        openevse_add_number(answer, s->box.capacity);
    }
    return ok;
}

bool openevse_do_lifetime(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.lifetime_wh = openevse_number(s, a, 1);
    return true;
}

bool openevse_do_service_level(openevse *s, const arguments *a, text *answer) {
    char c = a->text[1][0];
    (void)answer;
    if (c == 'A' && openevse_has(s, OPENEVSE_AUTO_LEVEL)) {
        set_flag(s, FLAG_NO_AUTO_LEVEL, false);
        return true;
    }
    if (c != '1' && c != '2') {
        return false;
    }
    set_flag(s, FLAG_LEVEL_2, c == '2');
    set_flag(s, FLAG_NO_AUTO_LEVEL, true);
    s->box.nominal_mv = openevse_nominal_mv(s);
    (void)openevse_set_capacity(s, openevse_saved_a(s), false);
    return true;
}

bool openevse_do_voltmeter(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.volt_scale = (uint16_t)openevse_number(s, a, 1);
    s->saved.volt_offset = openevse_number(s, a, 2);
    return true;
}

bool openevse_do_thresholds(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.ambient_dc = short_of(openevse_number(s, a, 1));
    s->saved.infrared_dc = short_of(openevse_number(s, a, 2));
    return true;
}

/* Before firmware 4.13.0 four values that begin with 0 were "off". */
static bool is_off(const openevse *s, const arguments *a) {
    bool off = true;
    for (unsigned i = 1; i < 5; i++) {
        off = off && (openevse_since(s, 4, 0, 1) ? (uint8_t)openevse_number(s, a, i) == 0
                                                 : a->text[i][0] == '0');
    }
    return off;
}

bool openevse_do_delay_timer(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.timer = !is_off(s, a);
    if (s->saved.timer) {
        s->saved.start_h = (uint8_t)openevse_number(s, a, 1);
        s->saved.start_min = (uint8_t)openevse_number(s, a, 2);
        s->saved.stop_h = (uint8_t)openevse_number(s, a, 3);
        s->saved.stop_min = (uint8_t)openevse_number(s, a, 4);
    }
    set_vflag(s, VFLAG_TIMER, s->saved.timer && openevse_since(s, 5, 2, 0));
    return true;
}

bool openevse_do_voltage(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->box.nominal_mv = openevse_number(s, a, 1);
    return true;
}

bool openevse_do_zero_threshold(openevse *s, const arguments *a, text *answer) {
    uint32_t ma = openevse_number(s, a, 1);
    (void)answer;
    s->saved.zero_ma = (uint16_t)(ma > 5000 ? 5000 : ma);
    return true;
}

bool openevse_do_relay_switch(openevse *s, const arguments *a, text *answer) {
    uint8_t n = (uint8_t)openevse_number(s, a, 1);
    (void)answer;
    if (n < 1 || n > 3) {
        return false;
    }
    uint8_t bit = (uint8_t)(1u << (n - 1));
    s->saved.relays_off =
        (uint8_t)(is_on(a, 2) ? s->saved.relays_off & ~bit : s->saved.relays_off | bit);
    return true;
}

bool openevse_do_heartbeat_numbers(openevse *s, const arguments *a, text *answer) {
    (void)a;
    OPENEVSE_NUMBERS(answer, s->saved.heartbeat_s, s->saved.fallback_a, s->box.trigger);
    return true;
}

static bool heartbeat_acknowledged(openevse *s, uint8_t cookie) {
    if (cookie != 165) {
        return false;
    }
    if (s->box.trigger == TRIGGER_MISSED) {
        if (!openevse_heartbeat_restore(s)) {
            return false;
        }
        s->box.trigger = TRIGGER_ACKNOWLEDGED;
    }
    return true;
}

bool openevse_do_heartbeat(openevse *s, const arguments *a, text *answer) {
    bool ok = false;
    if (a->count == 1) {
        ok = s->box.trigger != TRIGGER_MISSED;
        s->box.pulse_ms = s->t_ms;
    } else if (a->count == 2) {
        ok = heartbeat_acknowledged(s, (uint8_t)openevse_number(s, a, 1));
    } else if (a->count == 3) {
        uint16_t interval_s = (uint16_t)openevse_number(s, a, 1);
        ok = interval_s != 0 || openevse_heartbeat_restore(s);
        s->saved.heartbeat_s = interval_s;
        s->saved.fallback_a = (uint8_t)openevse_number(s, a, 2);
        s->box.trigger = TRIGGER_NONE;
        s->box.pulse_ms = s->t_ms;
    }
    (void)openevse_do_heartbeat_numbers(s, a, answer);
    return ok;
}

/* The switches before 4.0.0. */
bool openevse_do_old_echo(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->box.echo = is_on(a, 1);
    return true;
}

bool openevse_do_old_switch(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    char c = a->text[0][1];
    uint16_t flag = c == 'D'   ? FLAG_NO_DIODE
                    : c == 'G' ? FLAG_NO_GROUND
                    : c == 'R' ? FLAG_NO_STUCK
                    : c == 'V' ? FLAG_NO_VENT
                               : FLAG_NO_GFI_TEST; /* SF and SS */
    set_flag(s, flag, !is_on(a, 1));
    return true;
}

/* ---- the relay and tests ---- */

bool openevse_do_reset_health(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    s->saved.cold_opens = s->saved.hot_opens = s->saved.recoveries = 0;
    s->saved.last_open_ma = 0;
    return true;
}

/* It hammers the relay until it is free, and says nothing meanwhile. */
bool openevse_do_free_relay(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    if (s->box.vflags & VFLAG_CONNECTED) {
        return false;
    }
    bool stuck = s->fault == OPENEVSE_FAULT_STUCK_RELAY;
    s->box.blocked_ms = s->t_ms + (stuck ? 30000 : 3000);
    return true;
}

bool openevse_do_fake_current(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->box.fake_ma = (uint8_t)openevse_number(s, a, 1) * INT64_C(1000);
    return true;
}

bool openevse_do_tune_relay(openevse *s, const arguments *a, text *answer) {
    text raw = {0, ""};
    (void)answer;
    if (a->count != 3) {
        return true;
    }
    s->saved.close_ms = (uint8_t)openevse_number(s, a, 1);
    s->saved.hold_pwm = (uint8_t)openevse_number(s, a, 2);
    openevse_add(&raw, "\nZ0 ");
    OPENEVSE_NUMBERS(&raw, s->saved.close_ms, s->saved.hold_pwm);
    openevse_add(&raw, "\r\n");
    (void)sim_queue_put(&s->out, raw.text, raw.n);
    return true;
}
