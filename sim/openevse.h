/* sim/openevse.h - the pieces of the simulated OpenEVSE: pilot, relay and faults (openevse_box.c), what
 * it reckons (openevse_session.c), how it starts and what it tells (openevse_boot.c), the car at its
 * cable (openevse_car.c), the table of its commands (openevse_commands.c), what those do
 * (openevse_set.c, openevse_get.c). For sim/openevse*.c, their tests and the fuzzer.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_OPENEVSE_H
#define SIM_OPENEVSE_H

#include "sim/queue.h"
#include "voltbus/call.h"
#include "voltbus/rapi.h"
#include "voltbus/time.h"

/* ---- what may differ from box to box ---- */

/* Build options that change answers; bits of the setting `options`. */
#define OPENEVSE_OPTIONS(X)                                                                        \
    X(RTC, "rtc")                                                                                  \
    X(AMMETER, "ammeter")                                                                          \
    X(VOLTMETER, "voltmeter")                                                                      \
    X(LOCK, "lock")                                                                                \
    X(BOOTLOCK, "bootlock")                                                                        \
    X(MENNEKES, "mennekes")                                                                        \
    X(IDS, "ids")                                                                                  \
    X(AUTO_LEVEL, "auto-level")                                                                    \
    X(LIMITS, "limits")                                                                            \
    X(DS3231, "ds3231")                                                                            \
    X(MCP9808, "mcp9808")                                                                          \
    X(TMP007, "tmp007")                                                                            \
    X(THRESHOLDS, "thresholds")                                                                    \
    X(OVER_CURRENT, "over-current")                                                                \
    X(AUTO_AMPACITY, "auto-ampacity")                                                              \
    X(ZERO_CROSS, "zero-cross")                                                                    \
    X(RELAY_HEALTH, "relay-health")                                                                \
    X(RELAY_TUNING, "relay-tuning")                                                                \
    X(FAKE_CURRENT, "fake-current")                                                                \
    X(QUICK_RETRY, "quick-retry")

enum {
#define X(name, word) OPENEVSE_BIT_##name,
    OPENEVSE_OPTIONS(X)
#undef X
};
enum {
#define X(name, word) OPENEVSE_##name = 1 << OPENEVSE_BIT_##name,
    OPENEVSE_OPTIONS(X)
#undef X
};

/* A firmware with its RAPI version. */
struct openevse_release {
    const char *rapi, *firmware;
    uint32_t version; /* VB_VERSION of rapi */
    uint8_t line_max; /* longest command */
    uint8_t l1_max;   /* A */
    uint8_t l2_usual; /* A, before anybody has set it */
    uint32_t options; /* of the common build */
};

#define OPENEVSE_FAULTS(X)                                                                         \
    X(NONE, "none")                                                                                \
    X(GFCI, "gfci")                                                                                \
    X(NO_GROUND, "no-ground")                                                                      \
    X(STUCK_RELAY, "stuck-relay")                                                                  \
    X(DIODE, "diode")                                                                              \
    X(VENT, "vent")                                                                                \
    X(GFI_TEST, "gfi-test")                                                                        \
    X(OVER_TEMPERATURE, "over-temperature")                                                        \
    X(OVER_CURRENT, "over-current")                                                                \
    X(RELAY_CLOSURE, "relay-closure")

enum openevse_fault {
#define X(name, word) OPENEVSE_FAULT_##name,
    OPENEVSE_FAULTS(X)
#undef X
};

/* ---- the box ---- */

enum openevse_state {
    EVSE_UNKNOWN = 0x00,
    EVSE_A = 0x01,
    EVSE_B = 0x02,
    EVSE_C = 0x03,
    EVSE_VENT = 0x04,
    EVSE_DIODE = 0x05,
    EVSE_GFCI = 0x06,
    EVSE_NO_GROUND = 0x07,
    EVSE_STUCK_RELAY = 0x08,
    EVSE_GFI_TEST = 0x09,
    EVSE_OVER_TEMPERATURE = 0x0A,
    EVSE_OVER_CURRENT = 0x0B,
    EVSE_RELAY_CLOSURE = 0x0E,
    EVSE_SLEEPING = 0xFE,
    EVSE_DISABLED = 0xFF,
};

/* Saved flags ($GE) and volatile ones ($GS). */
enum {
    FLAG_LEVEL_2 = 0x0001,
    FLAG_NO_DIODE = 0x0002,
    FLAG_NO_VENT = 0x0004,
    FLAG_NO_GROUND = 0x0008,
    FLAG_NO_STUCK = 0x0010,
    FLAG_NO_AUTO_LEVEL = 0x0020,
    FLAG_AUTO_AMPACITY = 0x0040,
    FLAG_MONO_LCD = 0x0100,
    FLAG_NO_GFI_TEST = 0x0200,
    FLAG_NO_TEMPERATURE = 0x0400,
    FLAG_NO_ZERO_CROSS = 0x0800,
    FLAG_NO_BOOTLOCK = 0x2000,
    FLAG_NO_OVER_CURRENT = 0x4000,
    FLAG_NO_BUTTON = 0x8000,
};
enum {
    VFLAG_HARD_FAULT = 0x0002,
    VFLAG_LIMIT_SLEEP = 0x0004,
    VFLAG_LOCKED = 0x0008,
    VFLAG_TIME_LIMIT = 0x0010,
    VFLAG_NO_GROUND = 0x0020,
    VFLAG_RELAY = 0x0040,
    VFLAG_GFI = 0x0080,
    VFLAG_CONNECTED = 0x0100,
    VFLAG_SESSION_ENDED = 0x0200,
    VFLAG_CONNECTED_BEFORE = 0x0400,
    VFLAG_TIMER = 0x1000,
    VFLAG_CHARGE_LIMIT = 0x2000,
    VFLAG_BOOT_LOCK = 0x4000,
    VFLAG_MANUAL_LOCK = 0x8000,
};

/* The counters of $GF. */
enum { COUNT_GFI, COUNT_NO_GROUND, COUNT_STUCK, COUNTERS };
#define COUNT_NEVER 0xFF /* 1.x: an EEPROM that nobody has written */

/* The third number of $SY and $GY. */
enum { TRIGGER_NONE, TRIGGER_ACKNOWLEDGED, TRIGGER_MISSED };

/* What a restart does not change. 0 = never written, unless it says otherwise. */
struct openevse_saved {
    uint16_t flags;
    uint8_t amps[2]; /* of level 1 and 2 */
    uint8_t hardware_a;
    int16_t scale, offset; /* of the ammeter */
    uint16_t volt_scale;
    uint32_t volt_offset;
    uint32_t lifetime_wh;
    uint8_t counts[COUNTERS];
    bool timer;
    uint8_t start_h, start_min, stop_h, stop_min;
    uint16_t heartbeat_s;
    uint8_t fallback_a;
    uint8_t close_ms, hold_pwm;
    uint8_t relays_off; /* bits 0..2: DC 1, DC 2, AC */
    int16_t panic_dc;   /* tenths of a degree, as all temperatures here */
    int16_t ambient_dc, infrared_dc;
    uint16_t zero_ma;
    uint16_t hot_opens, cold_opens, recoveries;
    uint32_t last_open_ma;
};

/* Boot, in order. */
enum openevse_boot {
    BOOT_DONE,
    BOOT_STOPPING, /* $FR while charging: 3 s for the car */
    BOOT_HANGING,  /* until the watchdog bites */
    BOOT_STARTING,
    BOOT_TESTING,
};

struct openevse_box {
    uint8_t state, pilot;           /* as reported */
    uint8_t seen_state, seen_pilot; /* as read, not yet believed */
    int64_t seen_state_ms, seen_pilot_ms;
    bool pwm;
    uint16_t vflags;
    uint8_t capacity;
    uint32_t nominal_mv;
    /* boot */
    uint8_t boot; /* enum openevse_boot */
    int64_t boot_ms;
    /* relay and faults */
    int64_t on_ms, off_ms, sleep_ms, fault_ms, stuck_ms, over_ms;
    uint8_t retries;
    bool final; /* a hard fault that only a restart ends */
    bool hot, very_hot;
    /* session */
    int64_t elapsed_ms;
    uint32_t session_ws;
    int64_t session_nj; /* what is not yet a Ws */
    bool in_session;
    int64_t measured_ma, fake_ma;
    uint8_t limit_15min, limit_kwh;
    bool override; /* of the delay timer */
    int64_t timer_ms;
    /* heartbeat */
    uint8_t trigger;
    int64_t pulse_ms;
    bool bolt; /* of the Mennekes lock */
    bool echo;
    int64_t blocked_ms; /* $FK works until then; 0 = it does not */
    uint8_t blocked_sequence;
    /* what the last news said */
    uint8_t sent_state, sent_pilot, sent_capacity;
    uint16_t sent_vflags;
};

/* ---- the car ---- */

enum openevse_car_mode { CAR_AWAY, CAR_CONNECTED, CAR_READY, CAR_AUTO };
enum openevse_car_phase { PHASE_GONE, PHASE_WAIT, PHASE_CHARGE, PHASE_PAUSE, PHASE_DONE };

struct openevse_car {
    uint8_t mode, phase;
    bool plugged, closed; /* closed: its switch S2, which asks for current */
    int64_t phase_ms, pwm_ms, ramp_ms, t_ms;
    int64_t current_ma, limit_ma;
    int64_t missing_nj, pause_nj; /* of a full battery; the pause of this charge */
    int64_t battery_nj;
    uint8_t soc;
    int64_t drawn_nj; /* in this step */
};

struct openevse {
    const struct openevse_release *release;
    uint32_t options;
    bool notifications, echo_bug;
    uint8_t fault;
    int32_t temperature_dc, infrared_dc;
    bool infrared_given;
    int64_t voltage_mv, speed;
    int64_t start_ns, t_ms; /* t_ms: time of the model */
    int64_t clock_s;        /* local time of the box at t_ms 0, Unix seconds */
    uint32_t stale;         /* the first parameter of the last command: $SK alone reads it */
    struct vb_rapi_reader reader;
    struct sim_queue out;
    uint8_t held[2048]; /* what it has still to read */
    uint16_t held_n;
    struct openevse_saved saved;
    struct openevse_box box;
    struct openevse_car car;
};

#define OPENEVSE_STEP_MS 25

static inline bool openevse_since(const struct openevse *s, uint8_t a, uint8_t b, uint8_t c) {
    return s->release->version >= VB_VERSION(a, b, c);
}
static inline bool openevse_has(const struct openevse *s, uint32_t options) {
    return (s->options & options) == options;
}

/* ---- text ---- */

struct openevse_text {
    size_t n;
    char text[VB_RAPI_LINE_MAX];
};
void openevse_add(struct openevse_text *t, const char *text);
void openevse_add_number(struct openevse_text *t, int64_t number);
void openevse_add_hex(struct openevse_text *t, uint32_t value, unsigned digits); /* 0: as many */
/* numbers with a space before each but the first */
void openevse_add_numbers(struct openevse_text *t, size_t count, const int64_t *numbers);

#define OPENEVSE_NUMBERS(t, ...)                                                                   \
    openevse_add_numbers((t), sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                  \
                         (const int64_t[]){__VA_ARGS__})

/* A line of the box: '$', the text, perhaps a sequence id and a checksum, CR. */
void openevse_line(struct openevse *s, const struct openevse_text *t, uint8_t sequence, bool sum);

/* ---- openevse_box.c ---- */

void openevse_box_step(struct openevse *s);

void openevse_enable(struct openevse *s);
void openevse_disable(struct openevse *s);
void openevse_sleep(struct openevse *s);
void openevse_lock(struct openevse *s, bool lock);
void openevse_press(struct openevse *s, bool longer); /* the button */
bool openevse_in_fault(const struct openevse *s);
bool openevse_closed(const struct openevse *s); /* the relay */
void openevse_open_relay(struct openevse *s);
void openevse_hard_fault(struct openevse *s, bool final); /* final: only a restart ends it */
void openevse_count(struct openevse *s, unsigned counter);

/* ---- openevse_boot.c ---- */

void openevse_box_init(struct openevse *s);
void openevse_restart(struct openevse *s);
void openevse_boot_step(struct openevse *s);
void openevse_news(struct openevse *s); /* tell what has changed */

/* ---- openevse_session.c ---- */

uint8_t openevse_hardware_a(const struct openevse *s); /* of the service level */
uint8_t openevse_saved_a(const struct openevse *s);
/* Returns false if it had to be clamped; it is in force then, too. */
bool openevse_set_capacity(struct openevse *s, uint8_t amps, bool keep);
bool openevse_heartbeat_restore(struct openevse *s);

uint32_t openevse_nominal_mv(const struct openevse *s); /* of the service level */
int64_t openevse_voltage_mv(const struct openevse *s);  /* that it reckons with */
int64_t openevse_clock_s(const struct openevse *s);
enum openevse_sensor { SENSOR_DS3231, SENSOR_MCP9808, SENSOR_TMP007, SENSORS };
int32_t openevse_sensor_dc(const struct openevse *s, unsigned sensor);
bool openevse_in_panic(const struct openevse *s); /* far too hot */
bool openevse_timer_awake(const struct openevse *s);
void openevse_drop_limits(struct openevse *s);

void openevse_watch_plug(struct openevse *s);
void openevse_session_step(struct openevse *s, int64_t model_ms);
void openevse_heartbeat_step(struct openevse *s);
void openevse_throttle(struct openevse *s);
void openevse_timer_step(struct openevse *s);

/* ---- openevse_car.c ---- */

void openevse_car_init(struct openevse *s, uint8_t mode);
void openevse_car_mode(struct openevse *s, uint8_t mode); /* somebody plugs, unplugs */
void openevse_car_step(struct openevse *s, int64_t model_ms);
/* What the box reads on the pilot: EVSE_A, B, C, VENT. */
uint8_t openevse_car_pilot(const struct openevse *s);

/* ---- openevse_commands.c ---- */

struct openevse_arguments {
    unsigned count;
    const char *text[VB_RAPI_FIELDS_MAX]; /* end with 0; text[0] is the command itself */
};
typedef bool openevse_handler(struct openevse *s, const struct openevse_arguments *a,
                              struct openevse_text *answer);

/* What they do: functions and settings in openevse_set.c, questions in openevse_get.c. */
openevse_handler openevse_do_nothing, openevse_do_short_press, openevse_do_reset_counters,
    openevse_do_disable, openevse_do_enable, openevse_do_feature, openevse_do_reset_health,
    openevse_do_free_relay, openevse_do_panic_temperature, openevse_do_print, openevse_do_restart,
    openevse_do_go_to_sleep, openevse_do_connected, openevse_do_get_time_limit,
    openevse_do_get_auth_lock, openevse_do_get_mennekes, openevse_do_get_ammeter,
    openevse_do_capacity_range, openevse_do_get_timer, openevse_do_settings,
    openevse_do_fault_counters, openevse_do_current_and_voltage, openevse_do_get_charge_limit,
    openevse_do_identity, openevse_do_health, openevse_do_get_voltmeter, openevse_do_get_thresholds,
    openevse_do_temperatures, openevse_do_relays, openevse_do_get_state, openevse_do_get_clock,
    openevse_do_energy, openevse_do_versions, openevse_do_openings, openevse_do_heartbeat_numbers,
    openevse_do_frequency, openevse_do_lcd_type, openevse_do_set_clock, openevse_do_time_limit,
    openevse_do_auth_lock, openevse_do_mennekes, openevse_do_ammeter, openevse_do_boot_lock,
    openevse_do_capacity, openevse_do_old_switch, openevse_do_old_echo, openevse_do_charge_limit,
    openevse_do_lifetime, openevse_do_service_level, openevse_do_voltmeter, openevse_do_thresholds,
    openevse_do_relay_switch, openevse_do_delay_timer, openevse_do_voltage, openevse_do_heartbeat,
    openevse_do_zero_threshold, openevse_do_fake_current, openevse_do_tune_relay;

/* Parameter number i; one that is not there is what the last command left in memory. */
uint32_t openevse_number(const struct openevse *s, const struct openevse_arguments *a, unsigned i);

struct openevse_command {
    char code[3];
    uint32_t since, until; /* VB_VERSION; 0 = no bound */
    uint32_t options;      /* all of them are needed ... */
    uint32_t without;      /* ... and none of those */
    uint8_t least, most;   /* parameters; else NK */
    openevse_handler *run;
    const char *what;
};
extern const struct openevse_command openevse_commands[];
extern const size_t openevse_command_count;

/* Does a box of this version with these options have it? */
bool openevse_command_in(const struct openevse_command *command, uint32_t version,
                         uint32_t options);
/* Do what a command says, and answer. */
void openevse_obey(struct openevse *s, const struct vb_rapi_line *line);
/* $FK is through. */
void openevse_unblock(struct openevse *s);

#endif
