/* openevse_commands.c - what a simulated OpenEVSE does with each command: a table of all of them, by
 * version and build option, and how a line becomes one and is answered.
 * Left out: the commands of forks (S7, S8, G7), which standard firmware refuses; what the display
 * shows.
 * Facts: reference/rapi.md sections 1, 4, 6, and the sources named there. Made up, because only a
 * header tells of them: the wear behind $GL.
 * SPDX-License-Identifier: MIT */
#include "sim/openevse.h"
#include "voltbus/hex.h"

typedef struct openevse openevse;
typedef struct openevse_arguments arguments;
typedef struct openevse_text text;

/* ---- numbers of parameters ---- */

/* The firmware does not look: what is no digit is folded in, too. A sign counts from 6.0.0 on. */
static uint32_t number_of(const openevse *s, const char *t) {
    bool minus = openevse_since(s, 6, 0, 0) && *t == '-';
    uint32_t n = 0;
    for (t += minus; *t; t++) {
        n = n * 10 + (uint32_t)(uint8_t)*t - '0';
    }
    return minus ? 0 - n : n;
}

/* The parameter number i; one that is not there is what the last command left in memory. */
static uint32_t number(const openevse *s, const arguments *a, unsigned i) {
    return i < a->count ? number_of(s, a->text[i]) : s->stale;
}

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

#define NUMBERS(answer, ...)                                                                       \
    openevse_add_numbers((answer), sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),             \
                         (const int64_t[]){__VA_ARGS__})

/* ---- functions ---- */

static bool nothing(openevse *s, const arguments *a, text *answer) {
    (void)s;
    (void)a;
    (void)answer;
    return true;
}

static bool short_press(openevse *s, const arguments *a, text *answer) {
    uint16_t off = s->saved.flags & FLAG_NO_BUTTON;
    (void)a;
    (void)answer;
    set_flag(s, FLAG_NO_BUTTON, false); /* a disabled button does not stop this one */
    openevse_press(s, false);
    set_flag(s, FLAG_NO_BUTTON, off);
    return true;
}

static bool disable(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    openevse_disable(s);
    return true;
}

static bool enable(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    openevse_enable(s);
    return true;
}

static bool go_to_sleep(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    openevse_sleep(s);
    return true;
}

static bool restart(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    openevse_restart(s);
    return true;
}

static bool print(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    if (!openevse_since(s, 3, 0, 1)) {
        return true; /* before firmware 4.7.0 it does not count them */
    }
    return a->count >= 4 && !(openevse_since(s, 5, 0, 0) && (s->box.vflags & VFLAG_HARD_FAULT));
}

static bool reset_counters(openevse *s, const arguments *a, text *answer) {
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

static bool feature(openevse *s, const arguments *a, text *answer) {
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

static bool panic_temperature(openevse *s, const arguments *a, text *answer) {
    int16_t dc = short_of(number(s, a, 1));
    (void)answer;
    if (dc > 0) {
        s->saved.panic_dc = dc;
    }
    return dc > 0;
}

/* ---- settings ---- */

static bool lcd_type(openevse *s, const arguments *a, text *answer) {
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

static bool set_clock(openevse *s, const arguments *a, text *answer) {
    int64_t v[6];
    (void)answer;
    if (!openevse_has(s, OPENEVSE_RTC)) {
        return true; /* nobody is there to keep it */
    }
    for (unsigned i = 0; i < 6; i++) {
        v[i] = (uint8_t)number(s, a, i + 1);
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

static bool time_limit(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    if (!limits_allowed(s)) {
        return false;
    }
    s->box.limit_15min = (uint8_t)number(s, a, 1);
    s->box.override = s->box.limit_15min;
    set_vflag(s, VFLAG_TIME_LIMIT, s->box.limit_15min);
    return true;
}

static bool charge_limit(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    if (!limits_allowed(s)) {
        return false;
    }
    s->box.limit_kwh = (uint8_t)number(s, a, 1);
    s->box.override = s->box.limit_kwh;
    set_vflag(s, VFLAG_CHARGE_LIMIT, s->box.limit_kwh);
    return true;
}

static bool auth_lock(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    openevse_lock(s, (uint8_t)number(s, a, 1));
    return true;
}

static bool mennekes(openevse *s, const arguments *a, text *answer) {
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

static bool ammeter(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.scale = short_of(number(s, a, 1));
    s->saved.offset = short_of(number(s, a, 2));
    return true;
}

static bool boot_lock(openevse *s, const arguments *a, text *answer) {
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

static bool capacity(openevse *s, const arguments *a, text *answer) {
    uint8_t amps = (uint8_t)number(s, a, 1);
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

static bool lifetime(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.lifetime_wh = number(s, a, 1);
    return true;
}

static bool service_level(openevse *s, const arguments *a, text *answer) {
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
    s->box.nominal_mv = c == '2' ? 240000 : 120000;
    (void)openevse_set_capacity(s, openevse_saved_a(s), false);
    return true;
}

static bool voltmeter(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.volt_scale = (uint16_t)number(s, a, 1);
    s->saved.volt_offset = number(s, a, 2);
    return true;
}

static bool thresholds(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.ambient_dc = short_of(number(s, a, 1));
    s->saved.infrared_dc = short_of(number(s, a, 2));
    return true;
}

/* Before firmware 4.13.0 four values that begin with 0 were "off". */
static bool is_off(const openevse *s, const arguments *a) {
    bool off = true;
    for (unsigned i = 1; i < 5; i++) {
        off = off &&
              (openevse_since(s, 4, 0, 1) ? (uint8_t)number(s, a, i) == 0 : a->text[i][0] == '0');
    }
    return off;
}

static bool delay_timer(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->saved.timer = !is_off(s, a);
    if (s->saved.timer) {
        s->saved.start_h = (uint8_t)number(s, a, 1);
        s->saved.start_min = (uint8_t)number(s, a, 2);
        s->saved.stop_h = (uint8_t)number(s, a, 3);
        s->saved.stop_min = (uint8_t)number(s, a, 4);
    }
    set_vflag(s, VFLAG_TIMER, s->saved.timer && openevse_since(s, 5, 2, 0));
    return true;
}

static bool voltage(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->box.nominal_mv = number(s, a, 1);
    return true;
}

static bool zero_threshold(openevse *s, const arguments *a, text *answer) {
    uint32_t ma = number(s, a, 1);
    (void)answer;
    s->saved.zero_ma = (uint16_t)(ma > 5000 ? 5000 : ma);
    return true;
}

static bool relay_switch(openevse *s, const arguments *a, text *answer) {
    uint8_t n = (uint8_t)number(s, a, 1);
    (void)answer;
    if (n < 1 || n > 3) {
        return false;
    }
    uint8_t bit = (uint8_t)(1u << (n - 1));
    s->saved.relays_off =
        (uint8_t)(is_on(a, 2) ? s->saved.relays_off & ~bit : s->saved.relays_off | bit);
    return true;
}

static bool heartbeat_numbers(openevse *s, const arguments *a, text *answer) {
    (void)a;
    NUMBERS(answer, s->saved.heartbeat_s, s->saved.fallback_a, s->box.trigger);
    return true;
}

static bool heartbeat_acknowledged(openevse *s, uint8_t cookie) {
    if (cookie != 165) {
        return false;
    }
    if (s->box.trigger == 2) {
        if (!openevse_heartbeat_restore(s)) {
            return false;
        }
        s->box.trigger = 1;
    }
    return true;
}

static bool heartbeat(openevse *s, const arguments *a, text *answer) {
    bool ok = false;
    if (a->count == 1) {
        ok = s->box.trigger != 2;
        s->box.pulse_ms = s->t_ms;
    } else if (a->count == 2) {
        ok = heartbeat_acknowledged(s, (uint8_t)number(s, a, 1));
    } else if (a->count == 3) {
        uint16_t interval_s = (uint16_t)number(s, a, 1);
        ok = interval_s != 0 || openevse_heartbeat_restore(s);
        s->saved.heartbeat_s = interval_s;
        s->saved.fallback_a = (uint8_t)number(s, a, 2);
        s->box.trigger = 0;
        s->box.pulse_ms = s->t_ms;
    }
    (void)heartbeat_numbers(s, a, answer);
    return ok;
}

/* The switches before 4.0.0. */
static bool old_echo(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->box.echo = is_on(a, 1);
    return true;
}

static bool old_switch(openevse *s, const arguments *a, text *answer) {
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

/* ---- questions ---- */

static bool connected(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, s->box.state == EVSE_DISABLED     ? "2"
                         : s->box.vflags & VFLAG_CONNECTED ? "1"
                                                           : "0");
    return true;
}

static bool get_time_limit(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add_number(answer, s->box.limit_15min);
    return true;
}

static bool get_auth_lock(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, s->box.vflags & VFLAG_LOCKED ? "1" : "0");
    return true;
}

static bool get_mennekes(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, s->box.bolt ? "1" : "0");
    openevse_add(answer, s->box.vflags & VFLAG_MANUAL_LOCK ? " M" : " A");
    return true;
}

static bool get_ammeter(openevse *s, const arguments *a, text *answer) {
    (void)a;
    NUMBERS(answer, s->saved.scale, s->saved.offset);
    return true;
}

static bool capacity_range(openevse *s, const arguments *a, text *answer) {
    (void)a;
    NUMBERS(answer, 6, openevse_hardware_a(s));
    if (openevse_since(s, 5, 1, 0)) {
        openevse_add(answer, " ");
        NUMBERS(answer, s->box.capacity, openevse_saved_a(s));
    }
    return true;
}

static bool get_timer(openevse *s, const arguments *a, text *answer) {
    const struct openevse_saved *e = &s->saved;
    (void)a;
    if (e->timer) {
        NUMBERS(answer, e->start_h, e->start_min, e->stop_h, e->stop_min);
    } else {
        openevse_add(answer, "0 0 0 0");
    }
    return true;
}

static bool settings(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add_number(answer, s->box.capacity);
    openevse_add(answer, " ");
    openevse_add_hex(answer, s->saved.flags, 4);
    return true;
}

static bool fault_counters(openevse *s, const arguments *a, text *answer) {
    (void)a;
    for (unsigned i = 0; i < COUNTERS; i++) {
        openevse_add(answer, i ? " " : "");
        openevse_add_hex(answer, s->saved.counts[i], 0);
    }
    return true;
}

static bool current_and_voltage(openevse *s, const arguments *a, text *answer) {
    bool volts = openevse_has(s, OPENEVSE_VOLTMETER) || openevse_since(s, 5, 1, 3);
    (void)a;
    NUMBERS(answer, openevse_has(s, OPENEVSE_AMMETER) ? s->box.measured_ma : -1,
            volts ? openevse_voltage_mv(s) : -1);
    return true;
}

static bool get_charge_limit(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add_number(answer, s->box.limit_kwh);
    return true;
}

static bool identity(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, openevse_since(s, 6, 0, 0) ? " 0123456789ABCDEF0123456789ABCDEF"
                                                    : " ABCDEFFF0A1B2C");
    return true;
}

static bool get_voltmeter(openevse *s, const arguments *a, text *answer) {
    (void)a;
    NUMBERS(answer, s->saved.volt_scale, s->saved.volt_offset);
    return true;
}

static bool get_thresholds(openevse *s, const arguments *a, text *answer) {
    (void)a;
    if (openevse_since(s, 6, 0, 0)) {
        openevse_add_number(answer, s->saved.panic_dc ? s->saved.panic_dc : 710);
    } else {
        NUMBERS(answer, s->saved.ambient_dc, s->saved.infrared_dc);
    }
    return true;
}

static bool temperatures(openevse *s, const arguments *a, text *answer) {
    (void)a;
    NUMBERS(answer, openevse_sensor_dc(s, SENSOR_DS3231), openevse_sensor_dc(s, SENSOR_MCP9808),
            openevse_sensor_dc(s, SENSOR_TMP007));
    return true;
}

static bool get_state(openevse *s, const arguments *a, text *answer) {
    const struct openevse_box *b = &s->box;
    (void)a;
    if (!openevse_since(s, 5, 0, 0)) {
        NUMBERS(answer, b->state, b->elapsed_ms / 1000);
        return true;
    }
    openevse_add_hex(answer, b->state, 2);
    openevse_add(answer, " ");
    openevse_add_number(answer, b->elapsed_ms / 1000);
    openevse_add(answer, " ");
    openevse_add_hex(answer, b->pilot, 2);
    openevse_add(answer, " ");
    openevse_add_hex(answer, b->vflags, 4);
    return true;
}

static bool get_clock(openevse *s, const arguments *a, text *answer) {
    (void)a;
    if (!openevse_has(s, OPENEVSE_RTC)) {
        openevse_add(answer, "165 165 165 165 165 85"); /* all bytes of no chip are FF */
        return true;
    }
    int64_t now_s = openevse_clock_s(s);
    int64_t of_day = now_s % 86400;
    /* the year that began on the first of March */
    int64_t day = now_s / 86400 + 719468;
    int64_t year = (day * 400 + 591) / 146097;
    int64_t in_year = day - (year * 365 + year / 4 - year / 100 + year / 400);
    if (in_year < 0) {
        year--;
        in_year = day - (year * 365 + year / 4 - year / 100 + year / 400);
    }
    int64_t m = (in_year * 5 + 2) / 153;
    int64_t month = m < 10 ? m + 3 : m - 9;
    year += month <= 2;
    NUMBERS(answer, year % 100, month, in_year - (m * 153 + 2) / 5 + 1, of_day / 3600,
            of_day / 60 % 60, of_day % 60);
    return true;
}

static bool energy(openevse *s, const arguments *a, text *answer) {
    (void)a;
    NUMBERS(answer, s->box.session_ws, s->saved.lifetime_wh);
    return true;
}

static bool versions(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, s->release->firmware);
    openevse_add(answer, " ");
    openevse_add(answer, s->release->rapi);
    return true;
}

static bool relays(openevse *s, const arguments *a, text *answer) {
    uint8_t off = s->saved.relays_off;
    (void)a;
    NUMBERS(answer, !(off & 1), !(off & 2), !(off & 4));
    return true;
}

static bool frequency(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add_number(answer, 6012);
    if (openevse_has(s, OPENEVSE_RELAY_HEALTH)) {
        openevse_add(answer, " ");
        openevse_add_number(answer, s->saved.zero_ma);
    }
    return true;
}

/* ---- the health of the relay ---- */

#define COLD_WEAR 20 /* millionths of a life */
#define HOT_WEAR  130

static bool reset_health(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    s->saved.cold_opens = s->saved.hot_opens = s->saved.last_open_ma = s->saved.recoveries = 0;
    return true;
}

static bool openings(openevse *s, const arguments *a, text *answer) {
    (void)a;
    NUMBERS(answer, s->saved.hot_opens, s->saved.last_open_ma, 11, 8);
    return true;
}

static bool health(openevse *s, const arguments *a, text *answer) {
    int64_t wear = s->saved.cold_opens * COLD_WEAR + s->saved.hot_opens * HOT_WEAR;
    int64_t left = 100 - (wear + 9999) / 10000;
    (void)a;
    NUMBERS(answer, left < 0 ? 0 : left, s->saved.cold_opens, wear, 9, 0, 65535, 65535,
            left < 20 ? 1 : 0, s->saved.recoveries);
    return true;
}

/* It hammers the relay until it is free, and says nothing meanwhile. */
static bool free_relay(openevse *s, const arguments *a, text *answer) {
    (void)a;
    (void)answer;
    if (s->box.vflags & VFLAG_CONNECTED) {
        return false;
    }
    bool stuck = s->fault == OPENEVSE_FAULT_STUCK_RELAY;
    s->box.blocked_ms = s->t_ms + (stuck ? 30000 : 3000);
    return true;
}

/* ---- tests ---- */

static bool fake_current(openevse *s, const arguments *a, text *answer) {
    (void)answer;
    s->box.fake_ma = (uint8_t)number(s, a, 1) * INT64_C(1000);
    return true;
}

static bool tune_relay(openevse *s, const arguments *a, text *answer) {
    text raw = {0, ""};
    (void)answer;
    if (a->count != 3) {
        return true;
    }
    s->saved.close_ms = (uint8_t)number(s, a, 1);
    s->saved.hold_pwm = (uint8_t)number(s, a, 2);
    openevse_add(&raw, "\nZ0 ");
    NUMBERS(&raw, s->saved.close_ms, s->saved.hold_pwm);
    openevse_add(&raw, "\r\n");
    (void)sim_queue_put(&s->out, raw.text, raw.n);
    return true;
}

/* ---- the table ---- */

#define V(a, b, c) VB_VERSION(a, b, c)
#define ANY        9 /* parameters that nobody counts */
#define O(name)    OPENEVSE_##name

const struct openevse_command openevse_commands[] = {
    {"F0", V(3, 0, 1), 0, 0, 0, 1, 1, nothing, "stop, resume the own display"},
    {"F1", V(4, 0, 1), 0, 0, 0, 0, ANY, short_press, "a short press of the button"},
    {"FB", 0, V(3, 0, 1), 0, 0, 0, ANY, nothing, "backlight"},
    {"FB", V(3, 0, 1), 0, 0, 0, 1, 1, nothing, "backlight"},
    {"FC", V(6, 0, 0), 0, 0, 0, 0, ANY, reset_counters, "fault counters and lifetime energy to 0"},
    {"FD", 0, 0, 0, 0, 0, ANY, disable, "disable"},
    {"FE", 0, 0, 0, 0, 0, ANY, enable, "enable"},
    {"FF", V(4, 0, 0), 0, 0, 0, 2, 2, feature, "switch a feature"},
    {"FH", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 0, ANY, reset_health, "health of the relay anew"},
    {"FK", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 0, ANY, free_relay, "free a stuck relay"},
    {"FO", V(6, 0, 0), 0, 0, 0, 1, 1, panic_temperature, "set the panic temperature"},
    {"FP", 0, 0, 0, 0, 0, ANY, print, "print on the display"},
    {"FR", 0, 0, 0, 0, 0, ANY, restart, "restart"},
    {"FS", 0, 0, 0, 0, 0, ANY, go_to_sleep, "sleep"},
    {"G0", V(3, 0, 1), 0, 0, 0, 0, ANY, connected, "is a car connected"},
    {"G3", V(1, 0, 3), 0, O(LIMITS), 0, 0, ANY, get_time_limit, "time limit"},
    {"G4", V(3, 0, 1), 0, O(LOCK), 0, 0, ANY, get_auth_lock, "is it locked"},
    {"G5", V(5, 2, 0), 0, O(MENNEKES), 0, 0, ANY, get_mennekes, "lock of the plug"},
    {"GA", V(1, 0, 1), 0, O(AMMETER), 0, 0, ANY, get_ammeter, "ammeter: scale, offset"},
    {"GC", 0, 0, 0, 0, 0, ANY, capacity_range, "range of the current"},
    {"GD", V(3, 0, 1), 0, 0, 0, 0, ANY, get_timer, "delay timer"},
    {"GE", 0, 0, 0, 0, 0, ANY, settings, "current and flags"},
    {"GF", V(1, 0, 2), 0, 0, 0, 0, ANY, fault_counters, "fault counters"},
    {"GG", V(1, 0, 2), 0, 0, 0, 0, ANY, current_and_voltage, "current and voltage"},
    {"GH", V(1, 0, 3), 0, O(AMMETER) | O(LIMITS), 0, 0, ANY, get_charge_limit, "charge limit"},
    {"GI", V(5, 1, 4), 0, 0, 0, 0, ANY, identity, "number of the processor"},
    {"GL", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 0, ANY, health, "health of the relay"},
    {"GM", V(1, 0, 3), 0, O(VOLTMETER), 0, 0, ANY, get_voltmeter, "voltmeter: scale, offset"},
    {"GO", V(2, 0, 0), V(6, 0, 0), O(THRESHOLDS), 0, 0, ANY, get_thresholds, "thresholds"},
    {"GO", V(6, 0, 0), 0, 0, 0, 0, ANY, get_thresholds, "panic temperature"},
    {"GP", V(1, 0, 3), 0, 0, 0, 0, ANY, temperatures, "temperatures"},
    {"GR", V(6, 0, 0), 0, 0, 0, 0, ANY, relays, "which relays are used"},
    {"GS", 0, 0, 0, 0, 0, ANY, get_state, "state"},
    {"GT", V(1, 0, 1), 0, 0, 0, 0, ANY, get_clock, "clock"},
    {"GU", V(1, 0, 3), 0, O(AMMETER), 0, 0, ANY, energy, "energy"},
    {"GV", 0, 0, 0, 0, 0, ANY, versions, "versions"},
    {"GW", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 0, ANY, openings, "openings of the relay"},
    {"GY", V(5, 0, 0), 0, 0, 0, 0, ANY, heartbeat_numbers, "heartbeat"},
    {"GZ", V(6, 0, 0), 0, O(ZERO_CROSS), 0, 0, ANY, frequency, "mains frequency"},
    {"S0", 0, 0, 0, 0, 1, 1, lcd_type, "type of the display"},
    {"S1", V(1, 0, 1), 0, 0, 0, 6, 6, set_clock, "set the clock"},
    {"S2", V(1, 0, 2), V(5, 2, 0), O(AMMETER), 0, 1, 1, nothing, "calibrate the ammeter"},
    {"S3", V(1, 0, 3), 0, O(LIMITS), 0, 1, 1, time_limit, "set a time limit"},
    {"S4", V(3, 0, 1), 0, O(LOCK), 0, 1, 1, auth_lock, "lock"},
    {"S5", V(5, 2, 0), 0, O(MENNEKES), 0, 1, 1, mennekes, "lock of the plug"},
    {"SA", V(1, 0, 1), 0, O(AMMETER), 0, 2, 2, ammeter, "ammeter: scale, offset"},
    {"SB", V(5, 2, 1), 0, O(BOOTLOCK), 0, 0, ANY, boot_lock, "clear the boot lock"},
    {"SC", 0, 0, 0, 0, 1, 2, capacity, "set the current"},
    {"SD", 0, V(4, 0, 0), 0, 0, 1, 1, old_switch, "diode check"},
    {"SE", 0, V(4, 0, 0), 0, 0, 1, 1, old_echo, "echo"},
    {"SF", V(1, 0, 1), V(4, 0, 0), 0, 0, 1, 1, old_switch, "GFI self test"},
    {"SG", 0, V(4, 0, 0), 0, 0, 1, 1, old_switch, "ground check"},
    {"SH", V(1, 0, 3), 0, O(AMMETER) | O(LIMITS), 0, 1, 1, charge_limit, "set a charge limit"},
    {"SK", V(1, 0, 3), 0, O(AMMETER), 0, 0, ANY, lifetime, "set the lifetime energy"},
    {"SL", 0, 0, 0, 0, 1, 1, service_level, "set the service level"},
    {"SM", V(1, 0, 3), 0, O(VOLTMETER), 0, 2, 2, voltmeter, "voltmeter: scale, offset"},
    {"SO", V(2, 0, 0), V(4, 0, 0), O(THRESHOLDS), 0, 2, 2, thresholds, "set the thresholds"},
    {"SR", 0, V(4, 0, 0), 0, 0, 1, 1, old_switch, "stuck relay check"},
    {"SR", V(6, 0, 0), 0, 0, 0, 2, 2, relay_switch, "use a relay"},
    {"SS", 0, V(3, 0, 0), 0, 0, 1, 1, old_switch, "GFI self test"},
    {"ST", V(1, 0, 1), 0, 0, 0, 4, 4, delay_timer, "set the delay timer"},
    {"SV", 0, V(4, 0, 0), 0, 0, 1, 1, old_switch, "ventilation check"},
    {"SV", V(5, 1, 3), 0, O(AMMETER), O(VOLTMETER), 1, 1, voltage, "set the voltage"},
    {"SY", V(5, 0, 0), 0, 0, 0, 0, ANY, heartbeat, "heartbeat"},
    {"SZ", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 1, 1, zero_threshold, "set the zero threshold"},
    {"T0", 0, 0, O(FAKE_CURRENT), 0, 1, 1, fake_current, "set a false current"},
    {"Z0", V(5, 1, 3), 0, O(RELAY_TUNING), 0, 0, ANY, tune_relay, "time and hold of the relay"},
};
const size_t openevse_command_count = sizeof openevse_commands / sizeof openevse_commands[0];

bool openevse_command_in(const struct openevse_command *command, uint32_t version,
                         uint32_t options) {
    return version >= command->since && (command->until == 0 || version < command->until) &&
           (options & command->options) == command->options && !(options & command->without);
}

/* ---- a line ---- */

/* The code is the first two characters; what else stands before the first space does not count. */
static const struct openevse_command *find(const openevse *s, const char *code) {
    for (size_t i = 0; i < openevse_command_count; i++) {
        const struct openevse_command *c = &openevse_commands[i];
        if (c->code[0] == code[0] && c->code[1] == code[1] &&
            openevse_command_in(c, s->release->version, s->options)) {
            return c;
        }
    }
    return NULL;
}

/* Cut the body in place at its spaces. Returns false if it has more than ten pieces. */
static bool cut(char *body, arguments *a) {
    a->count = 0;
    a->text[a->count++] = body;
    for (; *body; body++) {
        if (*body == ' ') {
            if (a->count == VB_RAPI_FIELDS_MAX) {
                return false;
            }
            *body = '\0';
            a->text[a->count++] = body + 1;
        }
    }
    return true;
}

static bool is_hex(char c) {
    return vb_hex_digit(c) >= 0;
}

/* A last piece ":ss" is the sequence id, where the box knows them. Returns it; 0 = none. */
static uint8_t take_sequence(const openevse *s, arguments *a) {
    const char *last = a->text[a->count - 1];
    bool known =
        openevse_since(s, 5, 0, 0) || (openevse_since(s, 3, 0, 0) && openevse_has(s, OPENEVSE_IDS));
    if (!known || a->count < 2 || last[0] != ':') {
        return 0;
    }
    a->count--;
    if (!is_hex(last[1]) || !is_hex(last[2])) {
        return 0;
    }
    return (uint8_t)(vb_hex_digit(last[1]) << 4 | vb_hex_digit(last[2]));
}

/* 1.0.3 reads upper-case digits only. */
static bool sum_is_good(const openevse *s, const struct vb_rapi_line *line, size_t body) {
    if (line->sum == VB_RAPI_PLAIN || openevse_since(s, 2, 0, 0)) {
        return !line->bad;
    }
    for (size_t i = body + 1; i < line->n && i < body + 3; i++) {
        if (line->text[i] >= 'a') {
            return false;
        }
    }
    return !line->bad;
}

static void answer(openevse *s, bool ok, const text *t, uint8_t sequence) {
    text line = {0, ""};
    bool sums = openevse_since(s, 2, 0, 0);
    openevse_add(&line, ok ? "OK" : "NK");
    if (t->n > 0 || !sums) {
        openevse_add(&line, " ");
        openevse_add(&line, t->text);
    }
    openevse_line(s, &line, sequence, sums);
    if (s->box.echo) {
        (void)sim_queue_put(&s->out, "\n", 1);
    }
}

/* Before 2.0.0 a malformed $S command is answered OK, and does nothing. */
static bool forgiven(const openevse *s, const char *code) {
    return !openevse_since(s, 2, 0, 0) && code[0] == 'S';
}

static bool run(openevse *s, const arguments *a, text *t) {
    const struct openevse_command *command = find(s, a->text[0]);
    unsigned parameters = a->count - 1;
    if (!command || parameters < command->least || parameters > command->most) {
        return forgiven(s, a->text[0]);
    }
    bool ok = command->run(s, a, t);
    s->stale = a->count > 1 ? number(s, a, 1) : s->stale;
    return ok;
}

void openevse_obey(openevse *s, const struct vb_rapi_line *line) {
    char body[VB_RAPI_LINE_MAX + 1];
    arguments a;
    text t = {0, ""};
    size_t n = 1;
    while (n < line->n && line->text[n] != '^' && line->text[n] != '*') {
        n++;
    }
    memcpy(body, line->text + 1, n - 1);
    body[n - 1] = '\0';
    if (!sum_is_good(s, line, n) || !cut(body, &a)) {
        answer(s, false, &t, 0);
        return;
    }
    uint8_t sequence = take_sequence(s, &a);
    bool ok = run(s, &a, &t);
    if (s->box.boot != BOOT_DONE) {
        return; /* $FR */
    }
    if (s->box.blocked_ms) {
        s->box.blocked_sequence = sequence;
        return;
    }
    if (!openevse_since(s, 5, 1, 3) && s->box.state >= EVSE_SLEEPING) {
        openevse_news(s); /* before firmware 7.1.1 these come first */
    }
    answer(s, ok, &t, sequence);
    openevse_news(s);
}

void openevse_unblock(openevse *s) {
    const text t = {0, ""};
    s->box.blocked_ms = 0;
    if (s->fault == OPENEVSE_FAULT_STUCK_RELAY) {
        s->fault = OPENEVSE_FAULT_NONE;
        s->saved.recoveries++;
    }
    answer(s, true, &t, s->box.blocked_sequence);
}
