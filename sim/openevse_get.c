/* openevse_get.c - what a simulated OpenEVSE answers to questions.
 * Facts: reference/rapi.md section 4, and the sources named there. Made up, because only a header tells
 * of them: the numbers behind $GL and $GW, but for the openings themselves.
 * SPDX-License-Identifier: MIT */
#include "sim/openevse.h"

typedef struct openevse openevse;
typedef struct openevse_arguments arguments;
typedef struct openevse_text text;

bool openevse_do_connected(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, s->box.state == EVSE_DISABLED     ? "2"
                         : s->box.vflags & VFLAG_CONNECTED ? "1"
                                                           : "0");
    return true;
}

bool openevse_do_get_time_limit(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add_number(answer, s->box.limit_15min);
    return true;
}

bool openevse_do_get_auth_lock(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, s->box.vflags & VFLAG_LOCKED ? "1" : "0");
    return true;
}

bool openevse_do_get_mennekes(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, s->box.bolt ? "1" : "0");
    openevse_add(answer, s->box.vflags & VFLAG_MANUAL_LOCK ? " M" : " A");
    return true;
}

bool openevse_do_get_ammeter(openevse *s, const arguments *a, text *answer) {
    (void)a;
    OPENEVSE_NUMBERS(answer, s->saved.scale, s->saved.offset);
    return true;
}

bool openevse_do_capacity_range(openevse *s, const arguments *a, text *answer) {
    (void)a;
    OPENEVSE_NUMBERS(answer, 6, openevse_hardware_a(s));
    if (openevse_since(s, 5, 1, 0)) {
        openevse_add(answer, " ");
        OPENEVSE_NUMBERS(answer, s->box.capacity, openevse_saved_a(s));
    }
    return true;
}

bool openevse_do_get_timer(openevse *s, const arguments *a, text *answer) {
    const struct openevse_saved *e = &s->saved;
    (void)a;
    if (e->timer) {
        OPENEVSE_NUMBERS(answer, e->start_h, e->start_min, e->stop_h, e->stop_min);
    } else {
        openevse_add(answer, "0 0 0 0");
    }
    return true;
}

bool openevse_do_settings(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add_number(answer, s->box.capacity);
    openevse_add(answer, " ");
    openevse_add_hex(answer, s->saved.flags, 4);
    return true;
}

bool openevse_do_fault_counters(openevse *s, const arguments *a, text *answer) {
    (void)a;
    for (unsigned i = 0; i < COUNTERS; i++) {
        openevse_add(answer, i ? " " : "");
        openevse_add_hex(answer, s->saved.counts[i], 0);
    }
    return true;
}

bool openevse_do_current_and_voltage(openevse *s, const arguments *a, text *answer) {
    bool volts = openevse_has(s, OPENEVSE_VOLTMETER) || openevse_since(s, 5, 1, 3);
    (void)a;
    OPENEVSE_NUMBERS(answer, openevse_has(s, OPENEVSE_AMMETER) ? s->box.measured_ma : -1,
                     volts ? openevse_voltage_mv(s) : -1);
    return true;
}

bool openevse_do_get_charge_limit(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add_number(answer, s->box.limit_kwh);
    return true;
}

bool openevse_do_identity(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, openevse_since(s, 6, 0, 0) ? " 0123456789ABCDEF0123456789ABCDEF"
                                                    : " ABCDEFFF0A1B2C");
    return true;
}

bool openevse_do_get_voltmeter(openevse *s, const arguments *a, text *answer) {
    (void)a;
    OPENEVSE_NUMBERS(answer, s->saved.volt_scale, s->saved.volt_offset);
    return true;
}

bool openevse_do_get_thresholds(openevse *s, const arguments *a, text *answer) {
    (void)a;
    if (openevse_since(s, 6, 0, 0)) {
        openevse_add_number(answer, s->saved.panic_dc ? s->saved.panic_dc : 710);
    } else {
        OPENEVSE_NUMBERS(answer, s->saved.ambient_dc, s->saved.infrared_dc);
    }
    return true;
}

bool openevse_do_temperatures(openevse *s, const arguments *a, text *answer) {
    (void)a;
    OPENEVSE_NUMBERS(answer, openevse_sensor_dc(s, SENSOR_DS3231),
                     openevse_sensor_dc(s, SENSOR_MCP9808), openevse_sensor_dc(s, SENSOR_TMP007));
    return true;
}

bool openevse_do_get_state(openevse *s, const arguments *a, text *answer) {
    const struct openevse_box *b = &s->box;
    (void)a;
    if (!openevse_since(s, 5, 0, 0)) {
        OPENEVSE_NUMBERS(answer, b->state, b->elapsed_ms / 1000);
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

bool openevse_do_get_clock(openevse *s, const arguments *a, text *answer) {
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
    OPENEVSE_NUMBERS(answer, year % 100, month, in_year - (m * 153 + 2) / 5 + 1, of_day / 3600,
                     of_day / 60 % 60, of_day % 60);
    return true;
}

bool openevse_do_energy(openevse *s, const arguments *a, text *answer) {
    (void)a;
    OPENEVSE_NUMBERS(answer, s->box.session_ws, s->saved.lifetime_wh);
    return true;
}

bool openevse_do_versions(openevse *s, const arguments *a, text *answer) {
    (void)a;
    openevse_add(answer, s->release->firmware);
    openevse_add(answer, " ");
    openevse_add(answer, s->release->rapi);
    return true;
}

bool openevse_do_relays(openevse *s, const arguments *a, text *answer) {
    uint8_t off = s->saved.relays_off;
    (void)a;
    OPENEVSE_NUMBERS(answer, !(off & 1), !(off & 2), !(off & 4));
    return true;
}

bool openevse_do_frequency(openevse *s, const arguments *a, text *answer) {
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

bool openevse_do_openings(openevse *s, const arguments *a, text *answer) {
    (void)a;
    OPENEVSE_NUMBERS(answer, s->saved.hot_opens, s->saved.last_open_ma, 11, 8);
    return true;
}

bool openevse_do_health(openevse *s, const arguments *a, text *answer) {
    int64_t wear = s->saved.cold_opens * COLD_WEAR + s->saved.hot_opens * HOT_WEAR;
    int64_t left = 100 - (wear + 9999) / 10000;
    (void)a;
    OPENEVSE_NUMBERS(answer, left < 0 ? 0 : left, s->saved.cold_opens, wear, 9, 0, 65535, 65535,
                     left < 20 ? 1 : 0, s->saved.recoveries);
    return true;
}
