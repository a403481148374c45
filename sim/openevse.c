/* openevse.c - an OpenEVSE wallbox: RAPI of six versions on its serial line, and behind it a box with
 * relay, faults, energy, heartbeat, and a car that charges.
 * This file: settings, lines in and out, time. The pieces are described in sim/openevse.h.
 * Left out: I2C, forks, the display and its menus.
 * Facts: reference/rapi.md.
 * SPDX-License-Identifier: MIT */
#include "sim/openevse.h"
#include "voltbus/hex.h"

enum {
    RAPI,
    NOTIFICATIONS,
    ECHO_BUG,
    OPTIONS,
    FAULT,
    CAR,
    SOC,
    BATTERY,
    CAR_CURRENT,
    SPEED,
    TEMPERATURE,
    INFRARED,
    LEVEL,
    VOLTAGE,
    BUTTON,
};
enum { BUTTON_NONE, BUTTON_SHORT, BUTTON_LONG, BUTTON_WIFI };
enum { ECHO_AUTO, ECHO_ON, ECHO_OFF };

static const char *const versions[] = {"1.0.3", "2.0.0", "3.0.1", "4.0.1", "5.2.1", "6.0.0", NULL};
static const char *const echo_bugs[] = {"auto", "on", "off", NULL};
static const char *const option_words[] = {
#define X(name, word) word,
    OPENEVSE_OPTIONS(X) NULL
#undef X
};
static const char *const faults[] = {
#define X(name, word) word,
    OPENEVSE_FAULTS(X) NULL
#undef X
};
static const char *const cars[] = {"away", "connected", "ready", "auto", NULL};
static const char *const levels[] = {"1", "2", NULL};
static const char *const presses[] = {"none", "short", "long", "wifi", NULL};

#define OLD         (OPENEVSE_RTC | OPENEVSE_AMMETER | OPENEVSE_AUTO_LEVEL | OPENEVSE_LIMITS)
#define RECENT      (OPENEVSE_AMMETER | OPENEVSE_AUTO_LEVEL | OPENEVSE_LIMITS | OPENEVSE_MENNEKES)
#define SENSORS_OLD OPENEVSE_DS3231
/* in the order of versions */
static const struct openevse_release releases[] = {
    {"1.0.3", "D3.8.4", VB_VERSION(1, 0, 3), 29, 16, 16, OLD | SENSORS_OLD},
    {"2.0.0", "4.0.0", VB_VERSION(2, 0, 0), 29, 16, 16, OLD | SENSORS_OLD},
    {"3.0.1", "4.8.1", VB_VERSION(3, 0, 1), 31, 16, 16, OLD | SENSORS_OLD | OPENEVSE_IDS},
    {"4.0.1", "5.1.0", VB_VERSION(4, 0, 1), 31, 16, 16, OLD | SENSORS_OLD | OPENEVSE_IDS},
    {"5.2.1", "8.2.3", VB_VERSION(5, 2, 1), 31, 24, 24, RECENT | OPENEVSE_MCP9808},
    {"6.0.0", "9.0.0", VB_VERSION(6, 0, 0), 39, 24, 24,
     RECENT | OPENEVSE_MCP9808 | OPENEVSE_OVER_CURRENT | OPENEVSE_ZERO_CROSS |
         OPENEVSE_RELAY_HEALTH},
};
_Static_assert(sizeof releases / sizeof releases[0] == sizeof versions / sizeof versions[0] - 1,
               "a release for each version");

static const struct vb_key keys[] = {
    [RAPI] = {"rapi", VB_KEY_WORD, NULL, "5.2.1", 0, 0, versions,
              "the RAPI version, with the firmware that had it"},
    [NOTIFICATIONS] = {"notifications", VB_KEY_FLAG, NULL, "on", 0, 0, NULL,
                       "tell what nobody asked for: $ST, $AT, $AB, $AN, $WF"},
    [ECHO_BUG] = {"echo-bug", VB_KEY_WORD, NULL, "auto", 0, 0, echo_bugs,
                  "$FF E 0 turns echo on; auto: as firmware does that has $FF"},
    [OPTIONS] = {"options", VB_KEY_WORDS, NULL, "", 0, 0, option_words,
                 "what it is built with; left out: as usual for the version"},
    [FAULT] = {"fault", VB_KEY_WORD, NULL, "none", 0, 0, faults, "what is broken"},
    [CAR] = {"car", VB_KEY_WORD, NULL, "auto", 0, 0, cars,
             "connected: wants nothing; ready: charges until full; auto: comes, charges, goes"},
    [SOC] = {"soc", VB_KEY_NUMBER, "%", "45", 0, 100, NULL,
             "state of charge when it is plugged in"},
    [BATTERY] = {"battery", VB_KEY_NUMBER, "kWh", "60", 1, 200, NULL, "battery of the car"},
    [CAR_CURRENT] = {"car-current", VB_KEY_NUMBER, "mA", "32000", 0, 80000, NULL,
                     "most that the charger of the car takes"},
    [SPEED] = {"speed", VB_KEY_NUMBER, NULL, "1", 1, 1000, NULL,
               "how many times faster than a real one the car charges; energy and elapsed time go "
               "with it"},
    [TEMPERATURE] = {"temperature", VB_KEY_NUMBER, NULL, "253", -400, 1200, NULL,
                     "ambient temperature in the box, in tenths of a degree Celsius"},
    [INFRARED] = {"infrared", VB_KEY_NUMBER, NULL, "", -400, 1200, NULL,
                  "what the TMP007 reads, in tenths; left out: as temperature"},
    [LEVEL] = {"level", VB_KEY_WORD, NULL, "2", 0, 0, levels, "service level at the start"},
    [VOLTAGE] = {"voltage", VB_KEY_NUMBER, "mV", "", 1, 300000, NULL,
                 "of the mains; left out: 240 V, at level 1 120 V"},
    [BUTTON] = {"button", VB_KEY_WORD, NULL, "none", 0, 0, presses,
                "press the button; wifi: for 10 s"},
};

/* ---- text ---- */

static void add_bytes(struct openevse_text *t, const char *bytes, size_t n) {
    if (n < sizeof t->text - t->n) { /* every answer has room */
        memcpy(t->text + t->n, bytes, n);
        t->n += n;
        t->text[t->n] = '\0';
    }
}

void openevse_add(struct openevse_text *t, const char *text) {
    add_bytes(t, text, strlen(text));
}

void openevse_add_number(struct openevse_text *t, int64_t number) {
    static const struct vb_decimal whole = {.mul = 1, .div = 1};
    char digits[VB_NUMBER_TEXT];
    add_bytes(t, digits, vb_decimal_text(&whole, number, digits));
}

void openevse_add_hex(struct openevse_text *t, uint32_t value, unsigned digits) {
    char text[8];
    unsigned n = 0;
    do {
        text[sizeof text - ++n] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (n < digits || (value > 0 && n < sizeof text));
    add_bytes(t, text + sizeof text - n, n);
}

void openevse_add_numbers(struct openevse_text *t, size_t count, const int64_t *numbers) {
    for (size_t i = 0; i < count; i++) {
        openevse_add(t, i ? " " : "");
        openevse_add_number(t, numbers[i]);
    }
}

void openevse_line(struct openevse *s, const struct openevse_text *t, uint8_t sequence, bool sum) {
    struct openevse_text line = {0, ""};
    char hex[2];
    uint8_t value = 0;
    openevse_add(&line, "$");
    openevse_add(&line, t->text);
    if (sequence) {
        (void)vb_hex_number(sequence, 2, hex);
        openevse_add(&line, " :");
        add_bytes(&line, hex, 2);
    }
    if (sum) {
        for (size_t i = 0; i < line.n; i++) {
            value ^= (uint8_t)line.text[i];
        }
        (void)vb_hex_number(value, 2, hex);
        openevse_add(&line, "^");
        add_bytes(&line, hex, 2);
    }
    openevse_add(&line, "\r");
    (void)sim_queue_put(&s->out, line.text, line.n); /* nobody reads: lost */
}

/* ---- what comes over the cable ---- */

static void feed_byte(struct openevse *s, uint8_t byte) {
    struct vb_rapi_line line;
    if (s->box.echo) {
        (void)sim_queue_put(&s->out, &byte, 1);
    }
    if (vb_rapi_reader_feed(&s->reader, byte, &line)) {
        openevse_obey(s, &line);
    }
}

#define UART_BYTES 64  /* that its serial buffer has */
#define ROOM       200 /* for what one byte may bring forth */

/* While it boots it hears nothing; while it is busy its serial buffer fills. What comes faster than
 * its answers are taken waits: on a real line it would have come more slowly. */
static void hear(struct openevse *s, uint8_t byte) {
    bool busy = s->box.blocked_ms != 0;
    size_t room = busy ? UART_BYTES : sizeof s->held;
    if (s->box.boot != BOOT_DONE) {
        return;
    }
    if (!busy && s->held_n == 0 && sizeof s->out.bytes - s->out.n >= ROOM) {
        feed_byte(s, byte);
    } else if (s->held_n < room) {
        s->held[s->held_n++] = byte;
    }
}

static void hear_held(struct openevse *s) {
    uint8_t held[sizeof s->held];
    uint16_t n = s->held_n;
    if (s->box.blocked_ms || n == 0) {
        return;
    }
    memcpy(held, s->held, n);
    s->held_n = 0;
    for (uint16_t i = 0; i < n; i++) {
        hear(s, held[i]);
    }
}

static void openevse_feed(void *self, const uint8_t *bytes, size_t n, int64_t now_ns) {
    struct openevse *s = self;
    (void)now_ns;
    for (size_t i = 0; i < n; i++) {
        hear(s, bytes[i]);
    }
}

/* ---- settings ---- */

static void press(struct openevse *s, int64_t what) {
    if (what == BUTTON_WIFI && s->notifications && openevse_since(s, 1, 0, 2)) {
        struct openevse_text t = {0, ""};
        openevse_add(&t, "WF 02");
        openevse_line(s, &t, 0, openevse_since(s, 2, 0, 1));
    } else if (what == BUTTON_SHORT || what == BUTTON_LONG) {
        openevse_press(s, what == BUTTON_LONG);
        openevse_news(s);
    }
}

#define LIVE                                                                                       \
    (1u << NOTIFICATIONS | 1u << FAULT | 1u << CAR | 1u << CAR_CURRENT | 1u << SPEED |             \
     1u << TEMPERATURE | 1u << INFRARED | 1u << VOLTAGE | 1u << BUTTON)

static const char *set_live(struct openevse *s, size_t key, const struct vb_value *value) {
    switch (key) {
    case NOTIFICATIONS:
        s->notifications = value->number;
        break;
    case FAULT:
        s->fault = (uint8_t)value->number;
        break;
    case CAR_CURRENT:
        s->car.limit_ma = value->number;
        break;
    case SPEED:
        s->speed = value->number;
        break;
    case TEMPERATURE:
        s->temperature_dc = (int32_t)value->number;
        break;
    case INFRARED:
        s->infrared_given = value->given;
        s->infrared_dc = (int32_t)value->number;
        break;
    case VOLTAGE:
        s->voltage_mv = value->number;
        break;
    default:
        return "this is set at the start";
    }
    return NULL;
}

static const char *openevse_change(void *self, size_t key, const struct vb_value *value,
                                   int64_t now_ns) {
    struct openevse *s = self;
    (void)now_ns;
    if (key == CAR) {
        openevse_car_mode(s, (uint8_t)value->number);
        return NULL;
    }
    if (key == BUTTON) {
        if (s->box.boot != BOOT_DONE || s->box.blocked_ms) {
            return "the box is starting or busy: nobody looks at the button";
        }
        press(s, value->number);
        return NULL;
    }
    return set_live(s, key, value);
}

static void openevse_init(void *self, const struct vb_value *values, int64_t now_ns,
                          int64_t wall_ns) {
    struct openevse *s = self;
    memset(s, 0, sizeof *s);
    s->release = &releases[values[RAPI].number];
    s->options = values[OPTIONS].given ? (uint32_t)values[OPTIONS].number : s->release->options;
    s->echo_bug = values[ECHO_BUG].number != ECHO_OFF;
    s->start_ns = now_ns;
    s->clock_s = wall_ns / VB_NS_PER_S;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (LIVE & 1u << i) {
            (void)set_live(s, i, &values[i]);
        }
    }
    if (values[LEVEL].number == 1) {
        s->saved.flags |= FLAG_LEVEL_2;
    }
    if (!values[VOLTAGE].given) {
        s->voltage_mv = openevse_nominal_mv(s);
    }
    if (!openevse_has(s, OPENEVSE_AUTO_LEVEL)) {
        s->saved.flags |= FLAG_NO_AUTO_LEVEL;
    }
    s->car.soc = (uint8_t)values[SOC].number;
    s->car.battery_nj = values[BATTERY].number * INT64_C(3600000000000000);
    openevse_box_init(s);
    openevse_car_init(s, (uint8_t)values[CAR].number);
}

/* ---- time ---- */

#define STEP_NS     (OPENEVSE_STEP_MS * VB_NS_PER_MS)
#define CATCH_UP_NS (60 * VB_NS_PER_S) /* of a longer gap only so much counts */

static int64_t next_ns(const struct openevse *s) {
    return s->start_ns + s->t_ms * VB_NS_PER_MS + STEP_NS;
}

static void openevse_tick(void *self, int64_t now_ns) {
    struct openevse *s = self;
    int64_t late_ns = now_ns - next_ns(s);
    if (late_ns > CATCH_UP_NS) {
        s->start_ns += late_ns - CATCH_UP_NS;
    }
    while (next_ns(s) <= now_ns) {
        openevse_box_step(s);
        hear_held(s);
    }
}

static int64_t openevse_deadline(const void *self) {
    return next_ns(self);
}

static size_t openevse_take(void *self, uint8_t *out) {
    struct openevse *s = self;
    if (s->out.n == 0) {
        hear_held(s);
    }
    return sim_queue_take(&s->out, out);
}

const struct sim sim_openevse = {
    .name = "openevse",
    .title = "OpenEVSE wallbox with a car, RAPI on its serial line",
    .link = "rapi",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .size = sizeof(struct openevse),
    .init = openevse_init,
    .feed = openevse_feed,
    .tick = openevse_tick,
    .deadline_ns = openevse_deadline,
    .take = openevse_take,
    .change = openevse_change,
    .live = LIVE,
};
