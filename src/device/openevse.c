/* openevse.c - the OpenEVSE wallbox: every command of RAPI 1.0.0 to 6.0.0, and what it tells by itself.
 * A message is one command or piece of news: its rows read the answer (field 0 is OK or NK, or the
 * code of the news), its call says how it is asked for and which versions have it. Where a version
 * changed an answer, its number of fields tells which it is.
 * period_ms is how often the client asks: what moves each second, what people change every ten.
 * Left out: which build has what (the box answers NK), the answer of a fork that reports its phases.
 * Facts: reference/rapi.md sections 2 to 6; versions are those of RAPI; where a change came with a
 * firmware in between, the RAPI version that this firmware had.
 * SPDX-License-Identifier: MIT */
#include "voltbus/call.h"
#include "voltbus/rapi.h"

/* ---- words ---- */

static const struct vb_word states[] = {
    {0x00, "starting"},
    {0x01, "not-connected"},
    {0x02, "connected"},
    {0x03, "charging"},
    {0x04, "vent-required"},
    {0x05, "diode-check-failed"},
    {0x06, "gfci-fault"},
    {0x07, "no-ground"},
    {0x08, "stuck-relay"},
    {0x09, "gfci-self-test-failed"},
    {0x0A, "over-temperature"},
    {0x0B, "over-current"},
    {0x0C, "pilot-error"},
    {0x0D, "temperature-sensor-error"},
    {0x0E, "relay-closure-fault"},
    {0x0F, "pp-shorted"},
    {0x10, "pp-missing"},
    {0x11, "eeprom-failure"},
    {0xFE, "sleeping"},
    {0xFF, "disabled"},
    {0, NULL},
};

/* Bits of vflags. 0010 was ammeter calibration before firmware 7.1.1, 8000 from there to 8.0. */
static const struct vb_word vflags[] = {
    {0, "service-test-skipped"},
    {1, "hard-fault"},
    {2, "limit-reached"},
    {3, "locked"},
    {4, "time-limit"},
    {5, "no-ground-tripped"},
    {6, "relay-closed"},
    {7, "gfci-tripped"},
    {8, "ev-connected"},
    {9, "session-ended"},
    {10, "was-connected"},
    {11, "menu-open"},
    {12, "timer"},
    {13, "energy-limit"},
    {14, "boot-locked"},
    {15, "manual-plug-lock"},
    {0, NULL},
};

static const struct vb_word on_off[] = {{0, "on"}, {1, "off"}, {0, NULL}}; /* 1 = DISABLED */
static const struct vb_word displays[] = {{0, "rgb"}, {1, "monochrome"}, {0, NULL}};
static const struct vb_word yes_no_unknown[] = {{0, "no"}, {1, "yes"}, {2, "unknown"}, {0, NULL}};
static const struct vb_word post_codes[] = {
    {0, "good"}, {7, "no-ground"}, {8, "stuck-relay"}, {9, "gfci-self-test-failed"}, {0, NULL}};
static const struct vb_word triggers[] = {
    {0, "none"}, {1, "acknowledged"}, {2, "missed"}, {0, NULL}};
static const struct vb_word presses[] = {{0, "short"}, {1, "long"}, {0, NULL}};
static const struct vb_word wifi_modes[] = {
    {0, "access-point"}, {1, "client"}, {2, "access-point-default"}, {0, NULL}};
static const struct vb_word lock_modes[] = {{'A', "automatic"}, {'M', "manual"}, {0, NULL}};
static const struct vb_word relay_warnings[] = {{0, "none"}, {1, "worn"}, {2, "at-end"}, {0, NULL}};

/* ---- rows of answers ---- */

#define DEC(field)      (field) * 64, 63, VB_FIELD
#define METER(field)    (field) * 64, 63, VB_FIELD | VB_TOTAL
#define SIGNED(field)   (field) * 64, 64, VB_FIELD | VB_SIGNED
#define HEX(field)      (field) * 64, 60, VB_FIELD | VB_HEX
#define BITS(field)     (field) * 64, 60, VB_FIELD | VB_HEX | VB_BITS
#define BIT(field, bit) (field) * 64 + (bit), 1, VB_FIELD | VB_HEX | VB_VIEW
#define LETTER(field)   (field) * 64, 8, VB_FIELD | VB_CHAR
#define STRING(field)   (field) * 64, 1, VB_FIELD | VB_STRING
#define MILLI           VB_SCALE(1, 0, 1000)
#define TENTH           VB_SCALE(1, 0, 10)
#define HUNDREDTH       VB_SCALE(1, 0, 100)
#define WATT_SECONDS    VB_SCALE(1, 0, 3600)

/* clang-format off */
#define EVSE_STATE(...)                                                                            \
    {"evse.state", "", __VA_ARGS__, VB_RAW, .title = "State of the box, and its faults",           \
     .words = states}
#define PILOT_STATE(...)                                                                           \
    {"pilot.state", "", __VA_ARGS__, VB_RAW, .title = "What the pilot says of the car",            \
     .words = states}
#define PILOT_CURRENT(field)                                                                       \
    {"pilot.current", "A", DEC(field), VB_RAW, .title = "Current that the car may take now",       \
     VB_LIMITS(0, 80)}
#define SAVED_CURRENT(field)                                                                       \
    {"limit.current", "A", DEC(field), VB_RAW, .title = "Largest current, as saved in the box",    \
     VB_LIMITS(0, 80)}
#define LEAST_CURRENT(field)                                                                       \
    {"limit.current_min", "A", DEC(field), VB_RAW, .title = "Smallest current to be offered",      \
     VB_LIMITS(0, 80)}
#define HARDWARE_CURRENT(field)                                                                    \
    {"limit.current_hardware", "A", DEC(field), VB_RAW, .title = "Largest of the hardware",        \
     VB_LIMITS(0, 80)}
#define SESSION_TIME(field)                                                                        \
    {"session.time", "s", DEC(field), VB_RAW, .title = "Charging time of this session or the last", \
     VB_LIMITS(0, 4294967295)}
#define CHARGE_CURRENT(field)                                                                      \
    {"charge.current", "A", SIGNED(field), MILLI,                                                  \
     .title = "Current of the car; 0 with an open relay", VB_LIMITS(0, 120), VB_NOT_AVAILABLE(-1)}
#define FLAG_ROWS(field)                                                                           \
    {"evse.flags", "", BITS(field), VB_RAW, .title = "What the box notes of itself (vflags)",      \
     .words = vflags},                                                                             \
    {"vehicle.connected", "", BIT(field, 8), VB_RAW, .title = "A car is plugged in",               \
     .words = yes_no_unknown},                                                                     \
    {"relay.closed", "", BIT(field, 6), VB_RAW, .title = "The relay is closed: power is on",       \
     .words = vb_no_yes},                                                                          \
    {"evse.locked", "", BIT(field, 3), VB_RAW, .title = "Charging waits for permission",           \
     .words = vb_no_yes}
/* 1 = off, as the box has it */
#define SWITCH(name, bit, what) {name, "", BIT(2, bit), VB_RAW, .title = what, .words = on_off}
/* clang-format on */

static const struct vb_signal status_new[] = {EVSE_STATE(HEX(1)), SESSION_TIME(2),
                                              PILOT_STATE(HEX(3)), FLAG_ROWS(4)};
static const struct vb_signal status_old[] = {EVSE_STATE(DEC(1)), SESSION_TIME(2)};
static const struct vb_signal news_at[] = {EVSE_STATE(HEX(1)), PILOT_STATE(HEX(2)),
                                           PILOT_CURRENT(3), FLAG_ROWS(4)};
static const struct vb_signal news_st[] = {EVSE_STATE(HEX(1))};
static const struct vb_signal news_ab[] = {
    {"evse.self_test", "", HEX(1), VB_RAW, .title = "Result of the test at the start",
     .words = post_codes},
    {"firmware.version", "", STRING(2), VB_RAW, .title = "Firmware"},
};
static const struct vb_signal news_an[] = {{"button.press", "", DEC(1), VB_RAW,
                                            .title = "Pressed while its function is off",
                                            .words = presses}};
static const struct vb_signal news_wf[] = {{"wifi.request", "", HEX(1), VB_RAW,
                                            .title = "Held for 10 s: what the WiFi module shall be",
                                            .words = wifi_modes}};

/* -1 = not fitted. The voltage is the nominal one where there is no voltmeter (from firmware 7.0.1),
 * and power with it. */
static const struct vb_signal meter[] = {
    CHARGE_CURRENT(1),
    {"charge.voltage", "V", SIGNED(2), MILLI,
     .title = "Voltage; the nominal one where no voltmeter is fitted", VB_LIMITS(0, 500),
     VB_NOT_AVAILABLE(-1)},
    {"charge.power", "W", 1 * 64, 64, VB_FIELD | VB_SIGNED | VB_PRODUCT | VB_VIEW, MILLI,
     .title = "Current times voltage", .more_bit = 2 * 64, VB_LIMITS(0, 50000),
     VB_NOT_AVAILABLE(-1)},
};
static const struct vb_signal meter_old[] = {CHARGE_CURRENT(1)};
static const struct vb_signal energy[] = {
    {"energy.session", "Wh", DEC(1), WATT_SECONDS, .title = "Energy of this session", .decimals = 1,
     VB_LIMITS(0, 1200000)},
    {"energy.total", "Wh", METER(2), VB_RAW, .title = "Energy of its life",
     VB_LIMITS(0, 4294967295)},
};
/* An absent sensor says 0 before RAPI 4.0.1, which cannot be told from 0 degrees. */
static const struct vb_signal temperatures[] = {
    {"temperature.clock", "°C", SIGNED(1), TENTH, .title = "Sensor in the clock chip (DS3231)",
     VB_LIMITS(-50, 150), VB_NOT_AVAILABLE(-2560)},
    {"temperature.ambient", "°C", SIGNED(2), TENTH, .title = "Sensor on the board (MCP9808)",
     VB_LIMITS(-50, 150), VB_NOT_AVAILABLE(-2560)},
    {"temperature.infrared", "°C", SIGNED(3), TENTH,
     .title = "Infra-red sensor (TMP007); 0 or 23 where none is fitted", VB_LIMITS(-50, 200),
     VB_NOT_AVAILABLE(-2560)},
};
static const struct vb_signal capacity_new[] = {LEAST_CURRENT(1), HARDWARE_CURRENT(2),
                                                PILOT_CURRENT(3), SAVED_CURRENT(4)};
static const struct vb_signal capacity_old[] = {LEAST_CURRENT(1), HARDWARE_CURRENT(2)};
/* The first field is the current in force, in every firmware looked at (2016 to 8.2.3, rapi_proc.cpp),
 * and so all that tells it before $GC has four fields. */
static const struct vb_signal settings_rows[] = {
    PILOT_CURRENT(1),
    {"evse.level", "", BIT(2, 0), VB_SCALE(1, 1, 1), .title = "Service level"},
    SWITCH("check.diode", 1, "Diode check"),
    SWITCH("check.vent", 2, "State D, ventilation required"),
    SWITCH("check.ground", 3, "Ground check"),
    SWITCH("check.relay", 4, "Stuck relay check"),
    SWITCH("evse.level_automatic", 5, "Automatic service level"),
    {"evse.bit_6", "", BIT(2, 6), VB_RAW, .words = vb_no_yes,
     .title = "Before RAPI 6: does not start by itself; then: current by the cable's PP resistor"},
    {"evse.serial_debug", "", BIT(2, 7), VB_RAW, .title = "Debug output", .words = vb_no_yes},
    {"display.type", "", BIT(2, 8), VB_RAW, .title = "LCD", .words = displays},
    SWITCH("check.gfci_self_test", 9, "Self test of the GFCI"),
    SWITCH("check.temperature", 10, "Temperature monitoring"),
    SWITCH("relay.zero_cross", 11, "Switching at zero crossings"),
    {"check.ground_monitor", "", BIT(2, 12), VB_RAW, .title = "Continuous ground monitor fitted",
     .words = vb_no_yes},
    SWITCH("evse.boot_lock", 13, "Boot lock"),
    SWITCH("check.over_current", 14, "Over-current check"),
    SWITCH("button.function", 15, "Button of the box"),
    {"evse.settings", "", HEX(2), VB_RAW, .title = "All of these as one number"},
};
static const struct vb_signal faults[] = {
    {"fault.gfci", "", HEX(1), VB_RAW, .title = "GFCI trips; 255 = the counter is full, or new"},
    {"fault.ground", "", HEX(2), VB_RAW, .title = "Ground faults; 255 likewise"},
    {"fault.relay", "", HEX(3), VB_RAW, .title = "Stuck relay faults; 255 likewise"},
};
static const struct vb_signal version[] = {
    {"firmware.version", "", STRING(1), VB_RAW, .title = "Firmware"},
    {"firmware.rapi", "", STRING(2), VB_RAW, .title = "Version of RAPI"},
};
/* All bits 1 from a clock that is not there: 165 and 85. */
static const struct vb_signal clock_rows[] = {
    {"clock.year", "", DEC(1), VB_SCALE(1, 2000, 1), .title = "Year", VB_NOT_AVAILABLE(165)},
    {"clock.month", "", DEC(2), VB_RAW, .title = "Month", VB_NOT_AVAILABLE(165)},
    {"clock.day", "", DEC(3), VB_RAW, .title = "Day", VB_NOT_AVAILABLE(165)},
    {"clock.hour", "", DEC(4), VB_RAW, .title = "Hour", VB_NOT_AVAILABLE(165)},
    {"clock.minute", "", DEC(5), VB_RAW, .title = "Minute", VB_NOT_AVAILABLE(165)},
    {"clock.second", "", DEC(6), VB_RAW, .title = "Second", VB_NOT_AVAILABLE(85)},
};
static const struct vb_signal vehicle[] = {{"vehicle.connected", "", DEC(1), VB_RAW,
                                            .title = "A car is plugged in",
                                            .words = yes_no_unknown}};
static const struct vb_signal time_limit[] = {{"limit.time", "s", DEC(1), VB_SCALE(900, 0, 1),
                                               .title = "Charging time limit; 0 = none",
                                               VB_LIMITS(0, 229500)}};
static const struct vb_signal energy_limit[] = {{"limit.energy", "Wh", DEC(1), VB_SCALE(1000, 0, 1),
                                                 .title = "Energy limit; 0 = none",
                                                 VB_LIMITS(0, 255000)}};
static const struct vb_signal auth_lock[] = {{"lock.charging", "", DEC(1), VB_RAW,
                                              .title = "Charging waits for permission",
                                              .words = vb_off_on}};
static const struct vb_signal plug_lock[] = {
    {"lock.plug", "", DEC(1), VB_RAW, .title = "The plug is locked (Mennekes)", .words = vb_no_yes},
    {"lock.mode", "", LETTER(2), VB_RAW, .title = "Who locks it", .words = lock_modes},
};
static const struct vb_signal ammeter[] = {
    {"ammeter.scale", "", SIGNED(1), VB_RAW, .title = "Scale of the ammeter"},
    {"ammeter.offset", "", SIGNED(2), VB_RAW, .title = "Offset of the ammeter"},
};
static const struct vb_signal voltmeter[] = {
    {"voltmeter.scale", "", SIGNED(1), VB_RAW, .title = "Scale of the voltmeter"},
    {"voltmeter.offset", "", SIGNED(2), VB_RAW, .title = "Offset of the voltmeter"},
};
static const struct vb_signal timer[] = {
    {"timer.start_hour", "", DEC(1), VB_RAW, .title = "Delay timer; all 0 = off"},
    {"timer.start_minute", "", DEC(2), VB_RAW, .title = "Delay timer"},
    {"timer.end_hour", "", DEC(3), VB_RAW, .title = "Delay timer"},
    {"timer.end_minute", "", DEC(4), VB_RAW, .title = "Delay timer"},
};
/* Firmware 7.1.5 says "OK $GI ID", later ones "OK  ID": the id is field 2 in both. */
static const struct vb_signal board_id[] = {
    {"board.id", "", STRING(2), VB_RAW, .title = "Id of the microcontroller"}};
static const struct vb_signal heartbeat[] = {
    {"heartbeat.interval", "s", DEC(1), VB_RAW,
     .title = "The box falls back after so long without a pulse; 0 = never", VB_LIMITS(0, 65535)},
    {"heartbeat.current", "A", DEC(2), VB_RAW, .title = "What it falls back to", VB_LIMITS(0, 80)},
    {"heartbeat.trigger", "", DEC(3), VB_RAW, .title = "Was a pulse missed?", .words = triggers},
};
static const struct vb_signal boot_lock[] = {{"evse.boot_lock_kept", "", DEC(1), VB_RAW,
                                              .title = "Refused, because there is a fault",
                                              .words = vb_no_yes}};
/* $SC is answered by the current that is in force now, NK or OK, since 2.0.3; "SC 40 M", which can be
 * said once in a life, by that of the hardware. */
static const struct vb_signal current_answer[] = {PILOT_CURRENT(1)};
static const struct vb_signal relays[] = {
    {"relay.dc_1", "", DEC(1), VB_RAW, .title = "DC relay 1 may close", .words = vb_no_yes},
    {"relay.dc_2", "", DEC(2), VB_RAW, .title = "DC relay 2 may close", .words = vb_no_yes},
    {"relay.ac", "", DEC(3), VB_RAW, .title = "AC relay may close", .words = vb_no_yes},
};
static const struct vb_signal relay_wear[] = {
    {"relay.hot_opens", "", DEC(1), VB_RAW, .title = "Times opened under load"},
    {"relay.hot_current", "A", DEC(2), MILLI, .title = "Current when it did so last",
     VB_LIMITS(0, 100)},
    {"relay.close_time", "s", DEC(3), MILLI, .title = "Time to close; 0.3 = timed out",
     VB_LIMITS(0, 0.3)},
    {"relay.open_time", "s", DEC(4), MILLI, .title = "Time to open; 0.3 = timed out",
     VB_LIMITS(0, 0.3)},
};
/* 65535 = not known */
static const struct vb_signal relay_life[] = {
    {"relay.life", "%", DEC(1), VB_RAW, .title = "Life left", VB_LIMITS(0, 100),
     VB_NOT_AVAILABLE(65535)},
    {"relay.cold_opens", "", DEC(2), VB_RAW, .title = "Times opened without load"},
    {"relay.damage", "", DEC(3), VB_SCALE(1, 0, 1000000), .title = "Damage; 1 = end of life"},
    {"relay.close_time_new", "s", DEC(4), MILLI, .title = "Time to close when it was new",
     VB_LIMITS(0, 0.3), VB_NOT_AVAILABLE(65535)},
    {"relay.drift", "", DEC(5), VB_RAW, .title = "Closes slower than when new", .words = vb_no_yes},
    {"relay.thermal", "", DEC(6), HUNDREDTH, .title = "Warming by current",
     VB_NOT_AVAILABLE(65535)},
    {"relay.thermal_new", "", DEC(7), HUNDREDTH, .title = "Warming by current when it was new",
     VB_NOT_AVAILABLE(65535)},
    {"relay.warning", "", DEC(8), VB_RAW, .title = "Warning", .words = relay_warnings},
    {"relay.recoveries", "", DEC(9), VB_RAW, .title = "Times it was freed after sticking"},
};
static const struct vb_signal panic[] = {{"temperature.panic", "°C", SIGNED(1), TENTH,
                                          .title = "Charging ends at this temperature",
                                          VB_LIMITS(0, 150)}};
static const struct vb_signal thresholds[] = {
    {"temperature.limit_ambient", "°C", SIGNED(1), TENTH, .title = "Throttles here (board)",
     VB_LIMITS(0, 150)},
    {"temperature.limit_infrared", "°C", SIGNED(2), TENTH, .title = "Throttles here (infra-red)",
     VB_LIMITS(0, 150)},
};
static const struct vb_signal mains[] = {
    {"mains.frequency", "Hz", DEC(1), HUNDREDTH, .title = "Mains frequency", VB_LIMITS(40, 70)},
    {"ammeter.zero", "A", DEC(2), MILLI, .title = "Less than this counts as none", VB_LIMITS(0, 5)},
};

/* ---- rows of arguments ---- */

/* clang-format off */
#define NUMBER(name_, unit_, scale_, low, high, what)                                              \
    {name_, unit_, 0, 32, 0, scale_, .title = what, VB_LIMITS(low, high)}
#define CHOICE(name_, words_, what) {name_, "", 0, 32, 0, VB_RAW, .title = what, .words = words_}
#define LETTERS(name_, words_, what)                                                               \
    {name_, "", 0, 8, VB_CHAR, VB_RAW, .title = what, .words = words_}
/* clang-format on */

static const struct vb_word level_letters[] = {
    {'1', "1"}, {'2', "2"}, {'A', "automatic"}, {0, NULL}};
static const struct vb_word plug_letters[] = {
    {'A', "automatic"}, {'M', "manual"}, {'0', "unlock"}, {'1', "lock"}, {0, NULL}};
static const struct vb_word colors[] = {{0, "off"},    {1, "red"},   {2, "green"},
                                        {3, "yellow"}, {4, "blue"},  {5, "violet"},
                                        {6, "teal"},   {7, "white"}, {0, NULL}};
static const struct vb_word display_words[] = {{0, "monochrome"}, {1, "rgb"}, {0, NULL}};
static const struct vb_word relay_words[] = {{1, "dc-1"}, {2, "dc-2"}, {3, "ac"}, {0, NULL}};
static const struct vb_word phase_words[] = {{0, "1"}, {1, "3"}, {0, NULL}};

static const struct vb_signal arg_off_on[] = {CHOICE("state", vb_off_on, "Off or on")};
static const struct vb_signal arg_current[] = {
    NUMBER("current", "A", VB_RAW, 6, 80, "Current that the car may take")};
static const struct vb_signal arg_color[] = {CHOICE("color", colors, "Colour of the backlight")};
static const struct vb_signal arg_display[] = {CHOICE("type", display_words, "Kind of LCD")};
static const struct vb_signal args_print[] = {
    NUMBER("column", "", VB_RAW, 0, 15, "Column, from the left"),
    NUMBER("row", "", VB_RAW, 0, 1, "Row: 0 is the upper one"),
    {"text", "", 0, 1, VB_STRING, VB_RAW, .title = "Text of 16 characters at most"}};
static const struct vb_signal args_clock[] = {
    NUMBER("year", "", VB_SCALE(1, 2000, 1), 2000, 2099, "Year"),
    NUMBER("month", "", VB_RAW, 1, 12, "Month"),
    NUMBER("day", "", VB_RAW, 1, 31, "Day"),
    NUMBER("hour", "", VB_RAW, 0, 23, "Hour"),
    NUMBER("minute", "", VB_RAW, 0, 59, "Minute"),
    NUMBER("second", "", VB_RAW, 0, 59, "Second")};
static const struct vb_signal arg_time_limit[] = {
    NUMBER("time", "s", VB_SCALE(900, 0, 1), 0, 229500, "Time, in steps of 900; 0 = none")};
static const struct vb_signal arg_energy_limit[] = {
    NUMBER("energy", "Wh", VB_SCALE(1000, 0, 1), 0, 255000, "Energy, in steps of 1000; 0 = none")};
static const struct vb_signal arg_energy[] = {
    NUMBER("energy", "Wh", VB_RAW, 0, 4294967295, "Energy of its life")};
static const struct vb_signal arg_level[] = {LETTERS("level", level_letters, "Service level")};
static const struct vb_signal arg_plug[] = {LETTERS("lock", plug_letters, "What to do")};
static const struct vb_signal args_scale[] = {
    NUMBER("scale", "", VB_RAW, 0, 65535, "Scale"),
    NUMBER("offset", "", VB_RAW, 0, 32767, "Offset; below 0 only from RAPI 6.0.0 on")};
static const struct vb_signal args_scale_signed[] = {
    NUMBER("scale", "", VB_RAW, 0, 65535, "Scale"),
    {"offset", "", 0, 32, VB_SIGNED, VB_RAW, .title = "Offset", VB_LIMITS(-32768, 32767)}};
static const struct vb_signal args_voltmeter[] = {
    NUMBER("scale", "", VB_RAW, 0, 65535, "Scale"),
    NUMBER("offset", "", VB_RAW, 0, 4294967295, "Offset")};
static const struct vb_signal args_timer[] = {
    NUMBER("start_hour", "", VB_RAW, 0, 23, "Start; all 0 = off"),
    NUMBER("start_minute", "", VB_RAW, 0, 59, "Start"),
    NUMBER("end_hour", "", VB_RAW, 0, 23, "End"), NUMBER("end_minute", "", VB_RAW, 0, 59, "End")};
static const struct vb_signal arg_voltage[] = {
    NUMBER("voltage", "V", MILLI, 60, 300, "Supply voltage, for power and energy")};
static const struct vb_signal args_heartbeat[] = {
    NUMBER("interval", "s", VB_RAW, 0, 65535,
           "Longest time without a pulse; more than 65 only from RAPI 6 on; 0 = never"),
    NUMBER("current", "A", VB_RAW, 0, 80, "What it falls back to")};
static const struct vb_signal arg_zero[] = {
    NUMBER("current", "A", MILLI, 0, 5, "Less than this counts as none")};
static const struct vb_signal arg_panic[] = {
    NUMBER("temperature", "°C", TENTH, 0.1, 100, "Charging ends at this temperature")};
static const struct vb_signal args_thresholds[] = {
    NUMBER("ambient", "°C", TENTH, 0, 100, "Throttles here (board)"),
    NUMBER("infrared", "°C", TENTH, 0, 100, "Throttles here (infra-red)")};
static const struct vb_signal args_relay[] = {CHOICE("relay", relay_words, "Which relay"),
                                              CHOICE("state", vb_off_on, "May it close?")};
static const struct vb_signal arg_fake[] = {
    NUMBER("current", "A", VB_RAW, 0, 80, "Charging current that is pretended")};
static const struct vb_signal args_tune[] = {
    NUMBER("close", "s", MILLI, 0, 1, "Time at full power"),
    NUMBER("hold", "", VB_RAW, 0, 255, "PWM afterwards")};
static const struct vb_signal arg_phases[] = {CHOICE("phases", phase_words, "Phases")};

/* ---- the commands ---- */

/* clang-format off */
#define CALL(...) .call = &(const struct vb_call) { .form = __VA_ARGS__ }
#define ARGS(table)                                                                                \
    .args = (table), .arg_count = sizeof(table) / sizeof((table)[0])
#define SINCE(a, b, c) .since = VB_VERSION(a, b, c)
#define UNTIL(a, b, c) .until = VB_VERSION(a, b, c)
#define CHANGES        .flags = VB_CALL_CHANGES
#define SAVES          .flags = VB_CALL_CHANGES | VB_CALL_KEPT
/* Its code; fields of the answer, "OK" counted. The OpenEVSE_Emulator says more behind GG, GP and
 * GC, and less behind SY 165. */
#define LINE(a, b, least, most)                                                                    \
    .id = VB_RAPI_ID(a, b), .mask = 0xFFFFFFFFu, .len_min = (least), .len_max = (most)
#define ANSWER(a, b) LINE(a, b, 1, 2) /* OK or NK alone; RAPI 1.x has a space behind it */

#define SET_CURRENT_VOLATILE 40 /* place of its message, which the leased command needs */

static const struct vb_message messages[] = {
    /* news */
    {LINE('A', 'T', 5, 5), .name = "news", .title = "State, pilot, current or flags have changed",
     VB_ROWS(news_at)},
    {LINE('S', 'T', 2, 2), .name = "old_news", .title = "The state has changed", VB_ROWS(news_st)},
    {LINE('A', 'B', 3, 3), .name = "boot", .title = "The box has started", VB_ROWS(news_ab)},
    {LINE('A', 'N', 2, 2), .name = "button",
     .title = "The button was pressed while its function is off", VB_ROWS(news_an)},
    {LINE('W', 'F', 2, 2), .name = "wifi", .title = "The button was held for the WiFi module",
     VB_ROWS(news_wf)},
    /* questions */
    {LINE('G', 'S', 5, 5), .name = "status",
     .title = "State, session time, pilot and flags (RAPI 5)", .period_ms = 1000,
     VB_ROWS(status_new), CALL("GS", SINCE(5, 0, 0))},
    {LINE('G', 'S', 3, 3), .name = "status", .title = "State and session time", .period_ms = 1000,
     VB_ROWS(status_old), CALL("GS", UNTIL(5, 0, 0))},
    {LINE('G', 'G', 3, 5), .name = "meter", .title = "Current and voltage", .period_ms = 1000,
     VB_ROWS(meter), CALL("GG", SINCE(1, 0, 3))},
    {LINE('G', 'G', 2, 2), .name = "meter", .title = "Current", .period_ms = 1000,
     VB_ROWS(meter_old), CALL("GG", SINCE(1, 0, 1), UNTIL(1, 0, 3))},
    {LINE('G', 'U', 3, 3), .name = "energy", .title = "Energy", .period_ms = 5000, VB_ROWS(energy),
     CALL("GU", SINCE(1, 0, 3))},
    {LINE('G', 'C', 5, 5), .name = "capacity", .title = "Limits of the current (RAPI 5.1)",
     .period_ms = 10000, VB_ROWS(capacity_new), CALL("GC", SINCE(5, 1, 0))},
    {LINE('G', 'C', 3, 5), .name = "capacity", .title = "Limits of the current",
     .period_ms = 10000, VB_ROWS(capacity_old), CALL("GC", UNTIL(5, 1, 0))},
    {LINE('G', 'P', 4, 5), .name = "temperatures", .title = "Temperatures", .period_ms = 10000,
     VB_ROWS(temperatures), CALL("GP", SINCE(1, 0, 3))},
    {LINE('G', '3', 2, 2), .name = "time_limit", .title = "Time limit", .period_ms = 10000,
     VB_ROWS(time_limit), CALL("G3", SINCE(1, 0, 3))},
    {LINE('G', 'H', 2, 2), .name = "energy_limit", .title = "Energy limit", .period_ms = 10000,
     VB_ROWS(energy_limit), CALL("GH", SINCE(1, 0, 3))},
    {LINE('G', 'Y', 4, 4), .name = "heartbeat", .title = "Heartbeat supervision",
     .period_ms = 10000, VB_ROWS(heartbeat), CALL("GY", SINCE(5, 0, 0),
     .option = "HEARTBEAT_SUPERVISION")},
    {LINE('G', 'E', 3, 3), .name = "settings", .title = "Current in force and settings",
     .period_ms = 30000, VB_ROWS(settings_rows), CALL("GE")},
    {LINE('G', 'F', 4, 4), .name = "faults", .title = "Fault counters", .period_ms = 30000,
     VB_ROWS(faults), CALL("GF", SINCE(1, 0, 2))},
    {LINE('G', '4', 2, 2), .name = "lock", .title = "Is charging locked?", .period_ms = 30000,
     VB_ROWS(auth_lock), CALL("G4", SINCE(2, 0, 4), .option = "AUTH_LOCK")},
    {LINE('G', '5', 3, 3), .name = "plug_lock", .title = "Is the plug locked?", .period_ms = 30000,
     VB_ROWS(plug_lock), CALL("G5", SINCE(5, 2, 0), .option = "MENNEKES_LOCK")},
    {LINE('G', 'V', 3, 3), .name = "version", .title = "Firmware and RAPI version",
     .period_ms = 60000, VB_ROWS(version), CALL("GV")},
    {LINE('G', 'I', 3, 3), .name = "board", .title = "Id of the microcontroller",
     .period_ms = 60000, VB_ROWS(board_id), CALL("GI", SINCE(5, 1, 4))},
    {LINE('G', 'D', 5, 5), .name = "timer", .title = "Delay timer", .period_ms = 60000,
     VB_ROWS(timer), CALL("GD", SINCE(2, 0, 4), .option = "DELAYTIMER")},
    {LINE('G', '0', 2, 2), .name = "vehicle", .title = "Is a car plugged in?", VB_ROWS(vehicle),
     CALL("G0", SINCE(2, 0, 4))},
    {LINE('G', 'T', 7, 7), .name = "clock", .title = "Time of the box", VB_ROWS(clock_rows),
     CALL("GT", SINCE(1, 0, 1), .option = "RTC")},
    {LINE('G', 'A', 3, 3), .name = "ammeter", .title = "Calibration of the ammeter",
     VB_ROWS(ammeter), CALL("GA", SINCE(1, 0, 1), .option = "AMMETER")},
    {LINE('G', 'M', 3, 3), .name = "voltmeter", .title = "Calibration of the voltmeter",
     VB_ROWS(voltmeter), CALL("GM", SINCE(1, 0, 3), .option = "VOLTMETER")},
    {LINE('G', 'O', 3, 3), .name = "thresholds", .title = "Temperatures at which it throttles",
     VB_ROWS(thresholds), CALL("GO", SINCE(1, 0, 3), UNTIL(6, 0, 0),
     .option = "TEMPERATURE_MONITORING_NY")},
    {LINE('G', 'O', 2, 2), .name = "panic_temperature",
     .title = "Temperature at which charging ends", VB_ROWS(panic), CALL("GO", SINCE(6, 0, 0))},
    {LINE('G', 'R', 4, 4), .name = "relays", .title = "Which relays may close", VB_ROWS(relays),
     CALL("GR", SINCE(6, 0, 0))},
    {LINE('G', 'W', 5, 5), .name = "relay_wear", .title = "Times of the relay",
     VB_ROWS(relay_wear), CALL("GW", SINCE(6, 0, 0))},
    {LINE('G', 'L', 10, 10), .name = "relay_life", .title = "Life of the relay",
     VB_ROWS(relay_life), CALL("GL", SINCE(6, 0, 0))},
    {LINE('G', 'Z', 2, 3), .name = "mains", .title = "Mains frequency", VB_ROWS(mains),
     CALL("GZ", SINCE(6, 0, 0))},
    {LINE('G', '7', 1, 10), .name = "phases", .title = "A fork: can it switch phases?",
     CALL("G7", .option = "a three-phase firmware")},
    /* orders of every day */
    {ANSWER('F', 'S'), .name = "pause", .title = "Sleep: the relay opens, the car may stay",
     CALL("FS", CHANGES | VB_CALL_BUTTON)},
    {ANSWER('F', 'E'), .name = "resume", .title = "Wake up: the car may charge",
     CALL("FE", CHANGES | VB_CALL_BUTTON)},
    {ANSWER('S', '3'), .name = "set_time_limit", .title = "End this session after a time",
     CALL("S3 %", ARGS(arg_time_limit), CHANGES | VB_CALL_BUTTON, SINCE(1, 0, 3))},
    {ANSWER('S', 'H'), .name = "set_energy_limit", .title = "End this session after an energy",
     CALL("SH %", ARGS(arg_energy_limit), CHANGES | VB_CALL_BUTTON, SINCE(1, 0, 3))},
    {ANSWER('S', '4'), .name = "set_lock", .title = "Charging waits for permission",
     CALL("S4 %", ARGS(arg_off_on), CHANGES | VB_CALL_BUTTON, SINCE(2, 0, 4),
     .option = "AUTH_LOCK")},
    {LINE('S', 'C', 1, 2), .name = "set_current", .title = "Largest current, saved in the box",
     VB_ROWS(current_answer), CALL("SC %", ARGS(arg_current), SAVES)},
    [SET_CURRENT_VOLATILE] = {LINE('S', 'C', 1, 2), .name = "set_current_volatile",
     .title = "Largest current until the box restarts", VB_ROWS(current_answer),
     CALL("SC % V", ARGS(arg_current), CHANGES, SINCE(2, 0, 2))},
    {LINE('S', 'C', 1, 2), .name = "burn_current_limit",
     .title = "Largest current of the hardware: can be said once in its life",
     VB_ROWS(current_answer), CALL("SC % M", ARGS(arg_current), SAVES | VB_CALL_ONCE,
     SINCE(5, 1, 2))},
    {ANSWER('F', 'D'), .name = "disable", .title = "Out of service: relay open, pilot at -12 V",
     CALL("FD", CHANGES)},
    {ANSWER('F', 'R'), .name = "restart", .title = "Restart the box",
     CALL("FR", CHANGES | VB_CALL_ONCE | VB_CALL_SILENT)},
    {ANSWER('F', '1'), .name = "press_button", .title = "As a short press of the button",
     CALL("F1", CHANGES | VB_CALL_ONCE, SINCE(4, 0, 1))},
    /* supervision */
    {LINE('S', 'Y', 1, 4), .name = "heartbeat_pulse", .title = "We are still here",
     VB_ROWS(heartbeat), CALL("SY", CHANGES, SINCE(5, 0, 0),
     .option = "HEARTBEAT_SUPERVISION")},
    {LINE('S', 'Y', 1, 4), .name = "heartbeat_acknowledge",
     .title = "A missed pulse is known: the largest current again", VB_ROWS(heartbeat),
     CALL("SY 165", CHANGES | VB_CALL_ONCE, SINCE(5, 0, 0),
     .option = "HEARTBEAT_SUPERVISION")},
    {LINE('S', 'Y', 1, 4), .name = "set_heartbeat", .title = "Fall back where no pulse comes",
     VB_ROWS(heartbeat), CALL("SY % %", ARGS(args_heartbeat), SAVES, SINCE(5, 0, 0),
     .option = "HEARTBEAT_SUPERVISION")},
    /* display */
    {ANSWER('F', '0'), .name = "set_display_updates",
     .title = "The box writes on its display by itself", CALL("F0 %", ARGS(arg_off_on), CHANGES,
     SINCE(2, 0, 4))},
    {ANSWER('F', 'B'), .name = "set_display_color", .title = "Colour of the backlight",
     CALL("FB %", ARGS(arg_color), CHANGES)},
    {ANSWER('F', 'P'), .name = "print", .title = "Text on the display",
     CALL("FP % % %", ARGS(args_print), CHANGES)},
    {ANSWER('S', '0'), .name = "set_display_type", .title = "Kind of LCD",
     CALL("S0 %", ARGS(arg_display), SAVES)},
    /* clock and timer */
    {ANSWER('S', '1'), .name = "set_clock", .title = "Time of the box",
     CALL("S1 % % % % % %", ARGS(args_clock), SAVES, SINCE(1, 0, 1), .option = "RTC")},
    {ANSWER('S', 'T'), .name = "set_timer", .title = "Delay timer",
     CALL("ST % % % %", ARGS(args_timer), SAVES, SINCE(1, 0, 1), .option = "DELAYTIMER")},
    /* checks: safety functions of the box */
    {ANSWER('F', 'F'), .name = "set_diode_check", .title = "Diode check",
     CALL("FF D %", ARGS(arg_off_on), SAVES, SINCE(4, 0, 0))},
    {ANSWER('S', 'D'), .name = "set_diode_check", .title = "Diode check",
     CALL("SD %", ARGS(arg_off_on), SAVES, UNTIL(4, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_gfci_self_test", .title = "Self test of the GFCI",
     CALL("FF F %", ARGS(arg_off_on), SAVES, SINCE(4, 0, 0))},
    {ANSWER('S', 'F'), .name = "set_gfci_self_test", .title = "Self test of the GFCI",
     CALL("SF %", ARGS(arg_off_on), SAVES, SINCE(1, 0, 1), UNTIL(4, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_ground_check", .title = "Ground check",
     CALL("FF G %", ARGS(arg_off_on), SAVES, SINCE(4, 0, 0))},
    {ANSWER('S', 'G'), .name = "set_ground_check", .title = "Ground check",
     CALL("SG %", ARGS(arg_off_on), SAVES, UNTIL(4, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_relay_check", .title = "Stuck relay check",
     CALL("FF R %", ARGS(arg_off_on), SAVES, SINCE(4, 0, 0))},
    {ANSWER('S', 'R'), .name = "set_relay_check", .title = "Stuck relay check",
     CALL("SR %", ARGS(arg_off_on), SAVES, UNTIL(4, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_vent_check", .title = "State D, ventilation required",
     CALL("FF V %", ARGS(arg_off_on), SAVES, SINCE(4, 0, 0))},
    {ANSWER('S', 'V'), .name = "set_vent_check", .title = "State D, ventilation required",
     CALL("SV %", ARGS(arg_off_on), SAVES, UNTIL(4, 0, 0))},
    {ANSWER('S', 'S'), .name = "set_gfci_self_test_old", .title = "Self test of the GFCI, as SF",
     CALL("SS %", ARGS(arg_off_on), SAVES, SINCE(1, 0, 1), UNTIL(2, 0, 4))},
    {ANSWER('F', 'F'), .name = "set_temperature_check", .title = "Temperature monitoring",
     CALL("FF T %", ARGS(arg_off_on), SAVES, SINCE(4, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_button", .title = "Function of the button",
     CALL("FF B %", ARGS(arg_off_on), SAVES, SINCE(5, 1, 0))},
    {ANSWER('F', 'F'), .name = "set_boot_lock", .title = "Boot lock",
     CALL("FF L %", ARGS(arg_off_on), SAVES, SINCE(6, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_over_current_check", .title = "Over-current check",
     CALL("FF O %", ARGS(arg_off_on), SAVES, SINCE(6, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_cable_current", .title = "Current by the cable's PP resistor",
     CALL("FF P %", ARGS(arg_off_on), SAVES, SINCE(6, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_zero_cross", .title = "Switching at zero crossings",
     CALL("FF Z %", ARGS(arg_off_on), SAVES, SINCE(6, 0, 0))},
    {ANSWER('F', 'F'), .name = "set_echo",
     .title = "Echo of what comes; off switches it on in firmware 4.9.1 to 8.2.3",
     CALL("FF E %", ARGS(arg_off_on), CHANGES, SINCE(4, 0, 0))},
    {ANSWER('S', 'E'), .name = "set_echo", .title = "Echo of what comes",
     CALL("SE %", ARGS(arg_off_on), CHANGES, UNTIL(4, 0, 0))},
    {LINE('S', 'B', 2, 2), .name = "clear_boot_lock", .title = "Clear the boot lock",
     VB_ROWS(boot_lock), CALL("SB", CHANGES, SINCE(5, 2, 1), .option = "BOOTLOCK")},
    {ANSWER('S', '5'), .name = "set_plug_lock", .title = "Lock of the plug (Mennekes)",
     CALL("S5 %", ARGS(arg_plug), CHANGES, SINCE(5, 2, 0), .option = "MENNEKES_LOCK")},
    {ANSWER('S', 'L'), .name = "set_level", .title = "Service level: the current limit follows it",
     CALL("SL %", ARGS(arg_level), SAVES)},
    /* measuring */
    {ANSWER('S', 'A'), .name = "set_ammeter", .title = "Calibration of the ammeter",
     CALL("SA % %", ARGS(args_scale), SAVES, SINCE(1, 0, 1), UNTIL(6, 0, 0))},
    {ANSWER('S', 'A'), .name = "set_ammeter", .title = "Calibration of the ammeter",
     CALL("SA % %", ARGS(args_scale_signed), SAVES, SINCE(6, 0, 0))},
    {ANSWER('S', '2'), .name = "set_ammeter_calibration",
     .title = "Measure also with an open relay", CALL("S2 %", ARGS(arg_off_on), CHANGES,
     SINCE(1, 0, 1), UNTIL(5, 2, 0))},
    {ANSWER('S', 'M'), .name = "set_voltmeter", .title = "Calibration of the voltmeter",
     CALL("SM % %", ARGS(args_voltmeter), SAVES, SINCE(1, 0, 3), .option = "VOLTMETER")},
    {ANSWER('S', 'V'), .name = "set_voltage",
     .title = "Supply voltage where there is no voltmeter, until the box restarts",
     CALL("SV %", ARGS(arg_voltage), CHANGES, SINCE(5, 1, 3))},
    {ANSWER('S', 'K'), .name = "set_total_energy", .title = "Energy of its life",
     CALL("SK %", ARGS(arg_energy), SAVES, SINCE(1, 0, 3))},
    {ANSWER('S', 'Z'), .name = "set_current_zero", .title = "Less than this counts as no current",
     CALL("SZ %", ARGS(arg_zero), SAVES, SINCE(6, 0, 0))},
    /* care */
    {ANSWER('F', 'C'), .name = "reset_counters",
     .title = "Fault counters and the energy of its life to 0", CALL("FC", SAVES, SINCE(6, 0, 0))},
    {ANSWER('F', 'H'), .name = "reset_relay_life",
     .title = "A new relay: begin its estimate again", CALL("FH", SAVES, SINCE(6, 0, 0))},
    {ANSWER('F', 'K'), .name = "free_relay",
     .title = "Move a stuck relay until it opens; no car may be plugged in",
     CALL("FK", CHANGES | VB_CALL_ONCE, .wait_ms = 35000, SINCE(6, 0, 0))},
    {ANSWER('S', 'R'), .name = "set_relay", .title = "May this relay close?",
     CALL("SR % %", ARGS(args_relay), SAVES, SINCE(6, 0, 0))},
    {ANSWER('F', 'O'), .name = "set_panic_temperature",
     .title = "Charging ends at this temperature", CALL("FO %", ARGS(arg_panic), SAVES,
     SINCE(6, 0, 0))},
    {ANSWER('S', 'O'), .name = "set_thresholds", .title = "Temperatures at which it throttles",
     CALL("SO % %", ARGS(args_thresholds), SAVES, SINCE(1, 0, 3), UNTIL(4, 0, 0),
     .option = "TEMPERATURE_MONITORING_NY")},
    {ANSWER('T', '0'), .name = "fake_current", .title = "Pretend a charging current",
     CALL("T0 %", ARGS(arg_fake), CHANGES, .option = "RAPI_T_COMMANDS")},
    {ANSWER('Z', '0'), .name = "tune_relay", .title = "How the relay is driven",
     CALL("Z0 % %", ARGS(args_tune), CHANGES, SINCE(5, 1, 3), .option = "RELAY_HOLD_DELAY_TUNING")},
    {ANSWER('S', '7'), .name = "set_phases", .title = "A fork: phases",
     CALL("S7 %", ARGS(arg_phases), CHANGES, .option = "a three-phase firmware")},
    {ANSWER('S', '8'), .name = "set_phase_switching",
     .title = "A fork: it switches phases by itself", CALL("S8 %", ARGS(arg_off_on), CHANGES,
     .option = "a three-phase firmware")},
};
/* clang-format on */

/* ---- the command that is leased ---- */

/* The volatile limit alone: lasting values are calls. Silence of whoever asked ends at the least that
 * a car can be offered; the box falls back to the same when voltbus itself is silent. */
static const struct vb_command commands[] = {
    {.name = "charge.current",
     .title = "Current that the car may take, at most",
     .message = SET_CURRENT_VOLATILE,
     .argument = arg_current,
     .limits = {VB_MILLI(6), VB_MILLI(80)},
     .safe = 6,
     .shown_by = "pilot.current"},
};

static const char *const headline[] = {"evse.state",     "charge.power",  "charge.current",
                                       "energy.session", "pilot.current", NULL};

const struct vb_device vb_device_openevse = {
    .name = "openevse",
    .title = "OpenEVSE wallbox: state, power, energy, limits, and everything else that RAPI has",
    .kind = VB_KIND_RAPI,
    VB_MESSAGES(messages),
    VB_COMMANDS(commands),
    .headline = headline,
};
