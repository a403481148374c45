/* openevse_commands.c - what a simulated OpenEVSE does with each command: a table of all of them, by
 * version and build option, and how a line becomes one and is answered.
 * Left out: the commands of forks (S7, S8, G7), which standard firmware refuses.
 * Facts: reference/rapi.md sections 1, 4, 6, and the sources named there.
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
uint32_t openevse_number(const openevse *s, const arguments *a, unsigned i) {
    return i < a->count ? number_of(s, a->text[i]) : s->stale;
}

/* ---- the table ---- */

#define V(a, b, c) VB_VERSION(a, b, c)
#define ANY        9 /* parameters that nobody counts */
#define O(name)    OPENEVSE_##name
#define DO(name)   openevse_do_##name

const struct openevse_command openevse_commands[] = {
    {"F0", V(3, 0, 1), 0, 0, 0, 1, 1, DO(nothing), "stop, resume the own display"},
    {"F1", V(4, 0, 1), 0, 0, 0, 0, ANY, DO(short_press), "a short press of the button"},
    {"FB", 0, V(3, 0, 1), 0, 0, 0, ANY, DO(nothing), "backlight"},
    {"FB", V(3, 0, 1), 0, 0, 0, 1, 1, DO(nothing), "backlight"},
    {"FC", V(6, 0, 0), 0, 0, 0, 0, ANY, DO(reset_counters),
     "fault counters and lifetime energy to 0"},
    {"FD", 0, 0, 0, 0, 0, ANY, DO(disable), "disable"},
    {"FE", 0, 0, 0, 0, 0, ANY, DO(enable), "enable"},
    {"FF", V(4, 0, 0), 0, 0, 0, 2, 2, DO(feature), "switch a feature"},
    {"FH", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 0, ANY, DO(reset_health), "health of the relay anew"},
    {"FK", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 0, ANY, DO(free_relay), "free a stuck relay"},
    {"FO", V(6, 0, 0), 0, 0, 0, 1, 1, DO(panic_temperature), "set the panic temperature"},
    {"FP", 0, 0, 0, 0, 0, ANY, DO(print), "print on the display"},
    {"FR", 0, 0, 0, 0, 0, ANY, DO(restart), "restart"},
    {"FS", 0, 0, 0, 0, 0, ANY, DO(go_to_sleep), "sleep"},
    {"G0", V(3, 0, 1), 0, 0, 0, 0, ANY, DO(connected), "is a car connected"},
    {"G3", V(1, 0, 3), 0, O(LIMITS), 0, 0, ANY, DO(get_time_limit), "time limit"},
    {"G4", V(3, 0, 1), 0, O(LOCK), 0, 0, ANY, DO(get_auth_lock), "is it locked"},
    {"G5", V(5, 2, 0), 0, O(MENNEKES), 0, 0, ANY, DO(get_mennekes), "lock of the plug"},
    {"GA", V(1, 0, 1), 0, O(AMMETER), 0, 0, ANY, DO(get_ammeter), "ammeter: scale, offset"},
    {"GC", 0, 0, 0, 0, 0, ANY, DO(capacity_range), "range of the current"},
    {"GD", V(3, 0, 1), 0, 0, 0, 0, ANY, DO(get_timer), "delay timer"},
    {"GE", 0, 0, 0, 0, 0, ANY, DO(settings), "current and flags"},
    {"GF", V(1, 0, 2), 0, 0, 0, 0, ANY, DO(fault_counters), "fault counters"},
    {"GG", V(1, 0, 2), 0, 0, 0, 0, ANY, DO(current_and_voltage), "current and voltage"},
    {"GH", V(1, 0, 3), 0, O(AMMETER) | O(LIMITS), 0, 0, ANY, DO(get_charge_limit), "charge limit"},
    {"GI", V(5, 1, 4), 0, 0, 0, 0, ANY, DO(identity), "number of the processor"},
    {"GL", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 0, ANY, DO(health), "health of the relay"},
    {"GM", V(1, 0, 3), 0, O(VOLTMETER), 0, 0, ANY, DO(get_voltmeter), "voltmeter: scale, offset"},
    {"GO", V(2, 0, 0), V(6, 0, 0), O(THRESHOLDS), 0, 0, ANY, DO(get_thresholds), "thresholds"},
    {"GO", V(6, 0, 0), 0, 0, 0, 0, ANY, DO(get_thresholds), "panic temperature"},
    {"GP", V(1, 0, 3), 0, 0, 0, 0, ANY, DO(temperatures), "temperatures"},
    {"GR", V(6, 0, 0), 0, 0, 0, 0, ANY, DO(relays), "which relays are used"},
    {"GS", 0, 0, 0, 0, 0, ANY, DO(get_state), "state"},
    {"GT", V(1, 0, 1), 0, 0, 0, 0, ANY, DO(get_clock), "clock"},
    {"GU", V(1, 0, 3), 0, O(AMMETER), 0, 0, ANY, DO(energy), "energy"},
    {"GV", 0, 0, 0, 0, 0, ANY, DO(versions), "versions"},
    {"GW", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 0, ANY, DO(openings), "openings of the relay"},
    {"GY", V(5, 0, 0), 0, 0, 0, 0, ANY, DO(heartbeat_numbers), "heartbeat"},
    {"GZ", V(6, 0, 0), 0, O(ZERO_CROSS), 0, 0, ANY, DO(frequency), "mains frequency"},
    {"S0", 0, 0, 0, 0, 1, 1, DO(lcd_type), "type of the display"},
    {"S1", V(1, 0, 1), 0, 0, 0, 6, 6, DO(set_clock), "set the clock"},
    {"S2", V(1, 0, 2), V(5, 2, 0), O(AMMETER), 0, 1, 1, DO(nothing), "calibrate the ammeter"},
    {"S3", V(1, 0, 3), 0, O(LIMITS), 0, 1, 1, DO(time_limit), "set a time limit"},
    {"S4", V(3, 0, 1), 0, O(LOCK), 0, 1, 1, DO(auth_lock), "lock"},
    {"S5", V(5, 2, 0), 0, O(MENNEKES), 0, 1, 1, DO(mennekes), "lock of the plug"},
    {"SA", V(1, 0, 1), 0, O(AMMETER), 0, 2, 2, DO(ammeter), "ammeter: scale, offset"},
    {"SB", V(5, 2, 1), 0, O(BOOTLOCK), 0, 0, ANY, DO(boot_lock), "clear the boot lock"},
    {"SC", 0, 0, 0, 0, 1, 2, DO(capacity), "set the current"},
    {"SD", 0, V(4, 0, 0), 0, 0, 1, 1, DO(old_switch), "diode check"},
    {"SE", 0, V(4, 0, 0), 0, 0, 1, 1, DO(old_echo), "echo"},
    {"SF", V(1, 0, 1), V(4, 0, 0), 0, 0, 1, 1, DO(old_switch), "GFI self test"},
    {"SG", 0, V(4, 0, 0), 0, 0, 1, 1, DO(old_switch), "ground check"},
    {"SH", V(1, 0, 3), 0, O(AMMETER) | O(LIMITS), 0, 1, 1, DO(charge_limit), "set a charge limit"},
    {"SK", V(1, 0, 3), 0, O(AMMETER), 0, 0, ANY, DO(lifetime), "set the lifetime energy"},
    {"SL", 0, 0, 0, 0, 1, 1, DO(service_level), "set the service level"},
    {"SM", V(1, 0, 3), 0, O(VOLTMETER), 0, 2, 2, DO(voltmeter), "voltmeter: scale, offset"},
    {"SO", V(2, 0, 0), V(4, 0, 0), O(THRESHOLDS), 0, 2, 2, DO(thresholds), "set the thresholds"},
    {"SR", 0, V(4, 0, 0), 0, 0, 1, 1, DO(old_switch), "stuck relay check"},
    {"SR", V(6, 0, 0), 0, 0, 0, 2, 2, DO(relay_switch), "use a relay"},
    {"SS", 0, V(3, 0, 0), 0, 0, 1, 1, DO(old_switch), "GFI self test"},
    {"ST", V(1, 0, 1), 0, 0, 0, 4, 4, DO(delay_timer), "set the delay timer"},
    {"SV", 0, V(4, 0, 0), 0, 0, 1, 1, DO(old_switch), "ventilation check"},
    {"SV", V(5, 1, 3), 0, O(AMMETER), O(VOLTMETER), 1, 1, DO(voltage), "set the voltage"},
    {"SY", V(5, 0, 0), 0, 0, 0, 0, ANY, DO(heartbeat), "heartbeat"},
    {"SZ", V(6, 0, 0), 0, O(RELAY_HEALTH), 0, 1, 1, DO(zero_threshold), "set the zero threshold"},
    {"T0", 0, 0, O(FAKE_CURRENT), 0, 1, 1, DO(fake_current), "set a false current"},
    {"Z0", V(5, 1, 3), 0, O(RELAY_TUNING), 0, 0, ANY, DO(tune_relay), "time and hold of the relay"},
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
        if (strncmp(c->code, code, 2) == 0 &&
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
    s->stale = a->count > 1 ? openevse_number(s, a, 1) : s->stale;
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
