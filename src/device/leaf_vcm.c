/* leaf_vcm.c - what the vehicle control module (VCM) of a Nissan Leaf or e-NV200 sends on the EV-CAN, and what it passes
 * on from the body: gear, torque, charging power, wake and sleep, wheels, range. ZE0 (where the shift module sends 11A),
 * AZE0 and ZE1. Who has no VCM sends these frames: the commands are the rows that such a program decides.
 * Left out: the answers to diagnosis (797/79A).
 * Facts: reference/leaf-can.md sections 1, 2, 4, 6, 7, 9; DBC = dalathegreat/leaf_can_bus_messages; "measured" = settled
 * here on the logs that the reference lists.
 * SPDX-License-Identifier: MIT */
#include "device/leaf.h"

#define ON_LATER_CARS WHEN(IN_AUTO | IN_AZE0 | IN_ZE1)

/* ---- 11A ---- */

static const struct vb_word gears[] = {{0, "park-at-start"}, {1, "park"},  {2, "reverse"},
                                       {3, "neutral"},       {4, "drive"}, {0, NULL}};
static const struct vb_word shift_states[] = {
    {0, "starting"}, {1, "parked"}, {13, "changing"}, {14, "selected"}, {0, NULL}};
static const struct vb_word power_states[] = {{0, "none"}, {1, "on"}, {2, "off"}, {0, NULL}};
static const struct vb_word shift_errors[] = {
    {0, "none"}, {1, "torque-down-request"}, {3, "shift-system"}, {0, NULL}};

enum { ROW_GEAR };
static const struct vb_signal shift[] = {
    /* B of ZE0 and AZE0 is "drive" as well. An e-NV200 that is not ready says 10. */
    [ROW_GEAR] = {"drive.gear", "", 4, 4, VB_LE, VB_RAW, .title = "Gear that is selected",
                  .words = gears},
    /* "changing" lasts 90 to 100 ms. */
    {"shift.state", "", 0, 4, VB_LE, VB_RAW, .title = "How far the change of gear is",
     .words = shift_states},
    {"shift.error", "", 8, 2, VB_LE, VB_RAW, .title = "What the shift system reports",
     .words = shift_errors},
    {"shift.unknown_1", "", 10, 2, VB_LE | VB_UNKNOWN, VB_RAW},
    {"drive.eco", "", 12, 1, VB_LE, VB_RAW, .title = "ECO mode", .words = vb_off_on},
    {"shift.unknown_1_high", "", 13, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"drive.power_state", "", 14, 2, VB_LE, VB_RAW, .title = "Is the car switched on",
     .words = power_states},
    /* 04 on AZE0 and ZE1, 00 on ZE0 */
    {"shift.unknown_2", "", 16, 7, VB_LE | VB_UNKNOWN, VB_RAW},
    {"shift.starting", "", 23, 1, VB_LE, VB_RAW, .title = "Set for the first 2 s after the start",
     .words = vb_no_yes},
    /* By the counter: 0 AA C0, 1 55 00, 2 55 40, 3 AA 80 while awake; an e-NV200 that charges sends 00 00. */
    {"shift.heartbeat", "", 24, 8, VB_LE, VB_RAW,
     .title = "Heartbeat: 170, 85, 85, 170 by the counter, 0 while charging"},
    {"shift.unknown_4", "", 32, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"shift.heartbeat_counter", "", 38, 2, VB_LE, VB_RAW,
     .title = "Second counter: one less than the first, 0 while charging"},
    {"shift.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"shift.unknown_6", "", 50, 6, VB_LE | VB_UNKNOWN, VB_RAW},
};

/* ---- 1D4 ---- */

static const struct vb_word hv_states[] = {{0, "discharging"}, {2, "not-started"},
                                           {3, "precharging"}, {5, "discharge-starts"},
                                           {7, "on"},          {0, NULL}};
static const struct vb_word inhibitor[] = {
    {0, "none"}, {1, "reverse"}, {2, "drive"}, {3, "park"}, {0, NULL}};
static const struct vb_word pedal[] = {{0, "released"}, {1, "pressed"}, {0, NULL}};
static const struct vb_word charge_states[] = {
    {0x8C, "interrupted"}, {0xE0, "charging"}, {0, NULL}};

enum { ROW_TORQUE };
static const struct vb_signal torque[] = {
    /* Measured: -61 to +340 Nm on a ZE1, -39.75 in reverse on a ZE0, whose DBC marks the field unsigned: wrong. */
    [ROW_TORQUE] = {"drive.torque", "Nm", 23, 12, VB_BE | VB_SIGNED, VB_SCALE(1, 0, 4),
                    .title = "Torque that is asked of the motor, negative when braking",
                    VB_LIMITS(-512, 512)},
    /* F7 = 617.5 Nm: no limit */
    {"torque.limit_upper", "Nm", 0, 8, VB_LE, VB_SCALE(5, 0, 2), .title = "Highest torque allowed",
     VB_LIMITS(0, 640)},
    {"torque.limit_lower", "Nm", 8, 8, VB_LE, VB_SCALE(-5, 0, 2),
     .title = "Lowest torque allowed: the limit of braking", VB_LIMITS(-640, 0)},
    {"torque.unknown_3", "", 24, 4, VB_LE | VB_UNKNOWN, VB_RAW}, /* 4 while charging */
    {"hv.state", "", 32, 3, VB_LE, VB_RAW, .title = "High voltage: how far it is switched on",
     .words = hv_states},
    {"hv.supplied", "", 34, 1, VB_LE | VB_VIEW, VB_RAW, .title = "High voltage is supplied",
     .words = vb_no_yes},
    {"torque.unknown_4", "", 35, 3, VB_LE | VB_UNKNOWN, VB_RAW},
    {"torque.unknown_5", "", 40, 1, VB_LE | VB_UNKNOWN, VB_RAW, .more_bit = 43, .more_len = 1},
    {"shift.inhibitor", "", 41, 2, VB_LE, VB_RAW, .title = "Gear that may turn the motor",
     .words = inhibitor},
    {"drive.vibration_control", "", 44, 2, VB_LE | VB_GUESS, VB_RAW,
     .title = "State of the control of motor vibration (DBC)"},
    {"hv.relay_plus", "", 46, 1, VB_LE, VB_RAW, .title = "Main relay, plus side",
     .words = vb_off_on},
    {"torque.unknown_5_high", "", 47, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    /* The low bit is set while an AZE0 or ZE1 is ready. */
    {"torque.unknown_6", "", 48, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"brake.pedal", "", 53, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Brake pedal (DBC; 1 in charge)",
     .words = pedal},
    {"shift.inhibit_request", "", 54, 2, VB_LE | VB_GUESS, VB_RAW,
     .title = "Request not to change gear (DBC)"},
    {"charge.status", "", 48, 8, VB_LE | VB_VIEW, VB_RAW,
     .title = "The same byte while an AC cable is plugged in", .words = charge_states},
};
static const struct vb_check torque_checks[] = {
    {VB_RULE_COUNTER, 38, 2, NULL},
    {VB_RULE_CRC8, 7, 0, &vb_crc8_nissan},
};

/* ---- 1F2 ---- */

static const struct vb_word car_states[] = {
    {0, "starting"}, {1, "ready"}, {3, "charging"}, {5, "quick-charging"},
    {6, "ending"},   {7, "off"},   {0, NULL}};
static const struct vb_word charge_targets[] = {{0, "full"}, {1, "eighty-percent"}, {0, NULL}};
static const struct vb_word charge_requests[] = {
    {0, "none"}, {1, "normal"}, {2, "quick"}, {3, "stop"}, {0, NULL}};
static const struct vb_word vcm_modes[] = {{0x1E, "ready"},
                                           {0x3C, "charging"},
                                           {0x5A, "quick-charging"},
                                           {0x82, "charging-ze0"},
                                           {0, NULL}};

enum { ROW_CHARGE_POWER, ROW_DCDC };
static const struct vb_signal charge[] = {
    /* 100 W a step from -10 kW: measured on chargers of 2.1 kW, which are told 79. */
    [ROW_CHARGE_POWER] = {"charge.power", "W", 1, 10, VB_BE, VB_SCALE(100, -10000, 1),
                          .title = "Power that the charger shall give", VB_LIMITS(-10000, 92300)},
    /* The DBC has -10 V; with +10 the bytes seen are the 12 V system's 13.0 to 14.5 V. 0 on a ZE0, which has no
     * control of it, and on all others before the start. */
    [ROW_DCDC] = {"dcdc.voltage", "V", 31, 6, VB_BE, VB_SCALE(1, 100, 10),
                  .title = "Voltage that the DC-DC converter shall keep on the 12 V side",
                  VB_LIMITS(10, 16.5), VB_NOT_AVAILABLE(0)},
    {"charge.unknown_0", "", 2, 2, VB_LE | VB_UNKNOWN, VB_RAW}, /* seen at start and end of a ZE0 */
    {"vcm.state", "", 4, 3, VB_LE, VB_RAW, .title = "What the car is doing", .words = car_states},
    {"charge.target", "", 7, 1, VB_LE, VB_RAW, .title = "Where charging ends",
     .words = charge_targets},
    {"charge.unknown_2", "", 16, 1, VB_LE | VB_UNKNOWN, VB_RAW, .more_bit = 19, .more_len = 1},
    {"charge.to_home", "", 17, 1, VB_LE, VB_RAW, .title = "A vehicle-to-home plug is connected",
     .words = vb_no_yes},
    {"vcm.waking", "", 18, 1, VB_LE, VB_RAW, .title = "Set for the first second (AZE0, ZE1)",
     .words = vb_no_yes},
    {"charge.keep_soc", "", 20, 1, VB_LE, VB_RAW,
     .title = "Heat the battery only, do not charge it", .words = vb_no_yes},
    {"charge.request", "", 21, 2, VB_LE, VB_RAW, .title = "Which way of charging is asked for",
     .words = charge_requests},
    {"charge.unknown_2_high", "", 23, 1, VB_LE | VB_UNKNOWN, VB_RAW}, /* quick charge */
    {"charge.unknown_3", "", 24, 2, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charge.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    /* Counts through other numbers at start and end: leaf-can.md sections 4 and 6. */
    {"vcm.mode", "", 40, 8, VB_LE, VB_RAW, .title = "Step of the sequence of the VCM",
     .words = vcm_modes},
    {"charge.unknown_6", "", 50, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charge.unknown_7", "", 60, 4, VB_LE | VB_UNKNOWN, VB_RAW}, /* 8 on AZE0 and ZE1 */
};
static const struct vb_check charge_checks[] = {
    {VB_RULE_COUNTER, 48, 2, NULL},
    {VB_RULE_NIBBLES_ID, 7, 0, NULL},
};

/* ---- 50B, 50C, 50A ---- */

static const struct vb_word wake_states[] = {{0, "sleep"}, {3, "wake"}, {0, NULL}};

enum { ROW_READY, ROW_WAKE };
static const struct vb_signal wake[] = {
    [ROW_READY] = {"drive.ready", "", 17, 1, VB_LE, VB_RAW, .title = "The car is ready to drive",
                   .words = vb_off_on},
    [ROW_WAKE] = {"wake.command", "", 30, 2, VB_LE, VB_RAW, .title = "Wake up or go to sleep",
                  .words = wake_states},
    {"wake.unknown_0", "", 0, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* ZE1: changes in a quick charge */
    {"wake.unknown_1", "", 8, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"wake.unknown_2", "", 16, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"wake.faults_stored", "", 18, 1, VB_LE, VB_RAW,
     .title = "Whoever misses a frame stores a trouble code; from 2 s after ready",
     .words = vb_no_yes},
    {"wake.unknown_2_high", "", 19, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"wake.unknown_3", "", 24, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"wake.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"wake.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* ZE0: 60 in ready */
    {"wake.unknown_6", "", 48, 5, VB_LE | VB_UNKNOWN, VB_RAW, ON_LATER_CARS},
    {"heater.mail_sent", "", 53, 1, VB_LE, VB_RAW,
     .title = "The owner was told about the battery heater", .words = vb_no_yes, ON_LATER_CARS},
    {"wake.unknown_6_high", "", 54, 2, VB_LE | VB_UNKNOWN, VB_RAW, ON_LATER_CARS},
};

static const struct vb_signal question[] = {
    {"question.unknown_0", "", 0, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"question.unknown_1", "", 8, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"question.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"question.unknown_3", "", 26, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.alive_question", "", 32, 8, VB_LE, VB_RAW,
     .title = "Question to the battery: 178 (answer 170) or 93 (85)"},
};
static const struct vb_check question_checks[] = {
    {VB_RULE_COUNTER, 24, 2, NULL},
    {VB_RULE_CRC8, 5, 0, &vb_crc8_nissan},
};

static const struct vb_signal relayed[] = {
    {"relayed.unknown_0", "", 0, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"relayed.unknown_1", "", 8, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"relayed.unknown_1_high", "", 15, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"relayed.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    /* Rises with the compressor, decays slowly (DBC). */
    {"climate.pressure", "", 24, 8, VB_LE | VB_GUESS, VB_RAW,
     .title = "Pressure sensor of the air conditioner, in unknown steps"},
    {"relayed.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"relayed.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"relayed.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW, ON_LATER_CARS},
    {"relayed.unknown_7", "", 56, 8, VB_LE | VB_UNKNOWN, VB_RAW, ON_LATER_CARS},
};
/* Measured: +1 in 6968 of 6993 frames, the others behind gaps. The DBC has these values as unknown. */
static const struct vb_check relayed_checks[] = {{VB_RULE_COUNTER, 13, 2, NULL}};

/* ---- wheels and dashboard ---- */

/* 0.005 km/h a step (opendbc has it for 2018): measured against the speed of the motor, it is right on ZE0 as well. */
#define WHEEL VB_SCALE(1, 0, 720), .decimals = 3, VB_LIMITS(0, 92)
static const struct vb_signal wheels[] = {
    {"wheel.speed_left", "m/s", 7, 16, VB_BE, WHEEL, .title = "Front wheel, left"},
    {"wheel.speed_right", "m/s", 23, 16, VB_BE, WHEEL, .title = "Front wheel, right"},
    {"wheel.speed", "m/s", 39, 16, VB_BE | VB_GUESS, WHEEL,
     .title = "Speed, perhaps the mean of the rear wheels; ends 8 % above the others"},
};
/* The DBC calls these two bytes "distance travelled". */
static const struct vb_check wheels_checks[] = {
    {VB_RULE_COUNTER, 48, 8, NULL},
    {VB_RULE_SUM_ID, 7, 0, NULL},
};

static const struct vb_word display_units[] = {{0, "kilometres"}, {1, "miles"}, {0, NULL}};

/* Measured: half of the wheels' numbers, so 0.01 km/h a step. */
#define SPEED VB_SCALE(1, 0, 360), .decimals = 3, VB_LIMITS(0, 92)
static const struct vb_signal display[] = {
    {"display.speed", "m/s", 7, 16, VB_BE | VB_GUESS, SPEED, .title = "Speed, left"},
    {"display.speed_2", "m/s", 23, 16, VB_BE | VB_GUESS, SPEED, .title = "Speed, right"},
    {"display.unknown_4", "", 32, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"display.units", "", 37, 1, VB_LE, VB_RAW, .title = "Units of the dashboard",
     .words = display_units},
    {"display.unknown_4_high", "", 38, 2, VB_LE | VB_UNKNOWN, VB_RAW},
    {"display.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"display.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"display.unknown_7", "", 56, 8, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_word eco_states[] = {{1, "off"}, {2, "on"}, {3, "charging"}, {0, NULL}};
static const struct vb_signal range[] = {
    {"range.eco", "", 0, 2, VB_LE, VB_RAW, .title = "ECO mode, as the dashboard has it",
     .words = eco_states},
    {"range.unknown_0", "", 2, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"range.distance", "m", 15, 12, VB_BE, VB_SCALE(200, 0, 1), .title = "Range on the dashboard",
     VB_LIMITS(0, 819000), VB_NOT_AVAILABLE(0xFFF)},
    {"range.low", "", 16, 1, VB_LE, VB_RAW, .title = "Low battery: message and lamp",
     .words = vb_no_yes},
    {"range.unknown_2", "", 17, 3, VB_LE | VB_UNKNOWN, VB_RAW},
    {"range.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"range.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"range.unknown_5", "", 40, 3, VB_LE | VB_UNKNOWN, VB_RAW},
    {"range.critical", "", 43, 1, VB_LE, VB_RAW, .title = "The range flashes", .words = vb_no_yes},
    {"range.unknown_5_high", "", 44, 4, VB_LE | VB_UNKNOWN, VB_RAW},
    {"range.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"range.unknown_7", "", 56, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charge.disabled", "", 57, 1, VB_LE, VB_RAW,
     .title = "Charging is blocked (battery lease contract)", .words = vb_no_yes},
    {"range.unknown_7_high", "", 58, 6, VB_LE | VB_UNKNOWN, VB_RAW},
};

#define MINUTES VB_SCALE(60, 0, 1), VB_LIMITS(0, 122820), VB_NOT_AVAILABLE(0x7FF)
static const struct vb_signal gauge[] = {
    {"display.charge_bars", "", 3, 5, VB_LE, VB_RAW, .title = "Charge bars of 12 on the dashboard",
     VB_LIMITS(0, 12)},
    {"display.charge_time", "s", 2, 11, VB_BE, MINUTES, .title = "Time to charge at 200 V"},
    {"display.charge_time_100v", "s", 18, 11, VB_BE | VB_GUESS, MINUTES,
     .title = "Time to charge at 100 V (DBC of AZE0)"},
    {"gauge.unknown_2", "", 19, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"gauge.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"gauge.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW, ON_LATER_CARS},
    {"gauge.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW, ON_LATER_CARS},
};

static const struct vb_signal odometer[] = {
    {"odometer.unknown_0", "", 0, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* 40; 44 on a bench */
    {"vehicle.odometer", "m", 15, 24, VB_BE | VB_TOTAL | VB_GUESS, VB_SCALE(1000, 0, 1),
     .title = "Distance that the car has gone, if its unit is km", VB_LIMITS(0, 2000000000)},
    {"odometer.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"odometer.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"odometer.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"odometer.unknown_7", "", 56, 8, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_word remote_commands[] = {
    {0x11, "unlock"}, {0x46, "idle"},         {0x4E, "climate-on"}, {0x56, "climate-off"},
    {0x60, "lock"},   {0x66, "start-charge"}, {0x86, "car-off"},    {0, NULL}};
static const struct vb_signal remote[] = {
    {"remote.command", "", 0, 8, VB_LE | VB_GUESS, VB_RAW,
     .title = "What the telematics unit asks for (OVMS)", .words = remote_commands},
    {"remote.unknown_1", "", 8, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"remote.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"remote.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW},
};

/* ---- content unknown ---- */

static const struct vb_signal brake[] = {
    UNKNOWN("brake", 0), UNKNOWN("brake", 1),
    UNKNOWN("brake", 2), UNKNOWN("brake", 3),
    UNKNOWN("brake", 4), {"brake.unknown_5", "", 42, 6, VB_LE | VB_UNKNOWN, VB_RAW},
};
static const struct vb_check brake_checks[] = {
    {VB_RULE_COUNTER, 40, 2, NULL},
    {VB_RULE_CRC8, 6, 0, &vb_crc8_nissan},
};
/* b2 counts 0 to 14, but not with each frame: no check. */
static const struct vb_signal vcm_3b8[] = {UNKNOWN("vcm_3b8", 0), UNKNOWN("vcm_3b8", 1),
                                           UNKNOWN("vcm_3b8", 2), UNKNOWN("vcm_3b8", 3),
                                           UNKNOWN("vcm_3b8", 4)};
static const struct vb_signal body_45e[] = {UNKNOWN("body_45e", 0)};
static const struct vb_signal body_481[] = {UNKNOWN("body_481", 0), UNKNOWN("body_481", 1)};
static const struct vb_signal body_4b9[] = {
    {"body_4b9.unknown_0", "", 4, 4, VB_LE | VB_UNKNOWN, VB_RAW}}; /* 4 */
static const struct vb_check body_4b9_checks[] = {{VB_RULE_COUNTER, 0, 4, NULL}};
static const struct vb_signal body_5cd[] = {UNKNOWN("body_5cd", 0), UNKNOWN("body_5cd", 1),
                                            UNKNOWN("body_5cd", 2), UNKNOWN("body_5cd", 3),
                                            UNKNOWN("body_5cd", 4)};
static const struct vb_signal body_5e3[] = {UNKNOWN("body_5e3", 0), UNKNOWN("body_5e3", 1),
                                            UNKNOWN("body_5e3", 2), UNKNOWN("body_5e3", 3),
                                            UNKNOWN("body_5e3", 4)};
static const struct vb_signal body_5ec[] = {UNKNOWN("body_5ec", 0)};
static const struct vb_signal body_5fc[] = {
    UNKNOWN("body_5fc", 0),
    UNKNOWN("body_5fc", 1),
    UNKNOWN("body_5fc", 2),
    UNKNOWN("body_5fc", 3),
    {"body_5fc.unknown_4", "", 34, 6, VB_LE | VB_UNKNOWN, VB_RAW}, /* 20 */
    UNKNOWN("body_5fc", 5),
    UNKNOWN("body_5fc", 6)};
static const struct vb_check body_5fc_checks[] = {{VB_RULE_COUNTER, 32, 2, NULL}};
static const struct vb_signal body_625[] = {UNKNOWN("body_625", 0), UNKNOWN("body_625", 1),
                                            UNKNOWN("body_625", 2), UNKNOWN("body_625", 3),
                                            UNKNOWN("body_625", 4), UNKNOWN("body_625", 5)};
/* On a bench an inverter alone sends no 108, so it is somebody else's. */
static const struct vb_signal vcm_108[] = {
    UNKNOWN("vcm_108", 0),
    {"vcm_108.unknown_1", "", 12, 4, VB_LE | VB_UNKNOWN, VB_RAW},
};
static const struct vb_check checks_108[] = {
    {VB_RULE_COUNTER, 8, 4, NULL},
    {VB_RULE_CRC8, 2, 0, &vb_crc8_nissan},
};
static const struct vb_signal awake_603[] = {UNKNOWN("awake_603", 0)};
static const struct vb_signal awake_605[] = {UNKNOWN("awake_605", 0)};
static const struct vb_signal awake_607[] = {UNKNOWN("awake_607", 0)};
static const struct vb_signal awake_68c[] = {UNKNOWN("awake_68c", 0)};

/* ---- the device ---- */

#define LENGTH(n) .len_min = (n), .len_max = (n)
#define WAKE_ROWS .name = "wake", .title = "Wake up, go to sleep, ready", VB_ROWS(wake)
#define RELAY_ROWS                                                                                 \
    .name = "relayed", .title = "Air conditioner, passed on", VB_ROWS(relayed),                    \
    VB_CHECKS(relayed_checks)
#define RANGE_ROWS .name = "range", .title = "Range and warnings for the dashboard", VB_ROWS(range)
#define GAUGE_ROWS                                                                                 \
    .name = "gauge", .title = "Bars and charging times for the dashboard", VB_ROWS(gauge)

enum { SHIFT, TORQUE, CHARGE, WAKE };
static const struct vb_message messages[] = {
    [SHIFT] = {VB_ID(0x11A), LENGTH(8), .period_ms = 10, .name = "shift",
               .title = "Gear and power state", VB_ROWS(shift), VB_CHECKS(leaf_crc)},
    [TORQUE] = {VB_ID(0x1D4), LENGTH(8), .period_ms = 10, .name = "torque",
                .title = "Torque request, state of the high voltage", VB_ROWS(torque),
                VB_CHECKS(torque_checks)},
    [CHARGE] = {VB_ID(0x1F2), LENGTH(8), .period_ms = 10, .name = "charge",
                .title = "Charging power, 12 V side, step of the VCM", VB_ROWS(charge),
                VB_CHECKS(charge_checks)},
    /* The commands stand in the form that any generation has. */
    [WAKE] = {VB_ID(0x50B), .len_min = 6, .len_max = 7, .period_ms = 100, WAKE_ROWS, WHEN(IN_AUTO)},
    {VB_ID(0x50B), LENGTH(6), .period_ms = 100, WAKE_ROWS, WHEN(IN_ZE0)},
    {VB_ID(0x50B), LENGTH(7), .period_ms = 100, WAKE_ROWS, WHEN(IN_AZE0 | IN_ZE1)},
    /* not on a ZE1 */
    {VB_ID(0x50C), LENGTH(6), .period_ms = 100, .name = "question",
     .title = "Is the battery controller alive", VB_ROWS(question), VB_CHECKS(question_checks)},
    {VB_ID(0x50A), LENGTH(8), .period_ms = 100, RELAY_ROWS, WHEN(IN_AZE0 | IN_ZE1)},
    {VB_ID(0x50A), LENGTH(6), .period_ms = 100, RELAY_ROWS, WHEN(IN_ZE0)},
    {VB_ID(0x50A), .len_min = 6, .len_max = 8, .period_ms = 100, RELAY_ROWS, WHEN(IN_AUTO)},
    {VB_ID(0x284), LENGTH(8), .period_ms = 20, .name = "wheels", .title = "Speed of the wheels",
     VB_ROWS(wheels), VB_CHECKS(wheels_checks)},
    {VB_ID(0x355), LENGTH(8), .period_ms = 40, .name = "display",
     .title = "Speed and units of the dashboard (ZE1)", VB_ROWS(display)},
    /* AZE0 100 ms and 8 bytes, e-NV200 500 ms and 7: no period is sure. */
    {VB_ID(0x5A9), .len_min = 7, .len_max = 8, RANGE_ROWS, WHEN(IN_AUTO | IN_AZE0 | IN_ZE1)},
    {VB_ID(0x5A9), LENGTH(8), .period_ms = 510, RANGE_ROWS, WHEN(IN_ZE0)},
    {VB_ID(0x5B9), LENGTH(7), .period_ms = 500, GAUGE_ROWS, WHEN(IN_AZE0 | IN_ZE1)},
    {VB_ID(0x5B9), LENGTH(5), .period_ms = 510, GAUGE_ROWS, WHEN(IN_ZE0)},
    {VB_ID(0x5B9), .len_min = 5, .len_max = 7, .period_ms = 500, GAUGE_ROWS, WHEN(IN_AUTO)},
    {VB_ID(0x5C5), LENGTH(8), .period_ms = 100, .name = "odometer", .title = "Odometer",
     VB_ROWS(odometer)},
    {VB_ID(0x56E), .len_min = 1, .len_max = 4, .period_ms = 100, .name = "remote",
     .title = "Telematics unit: 1 byte, from 2016 on 4", VB_ROWS(remote)},
    {VB_ID(0x1CB), LENGTH(7), .period_ms = 10, .name = "brake", .title = "Brake (ZE1), unknown",
     VB_ROWS(brake), VB_CHECKS(brake_checks)},
    {VB_ID(0x108), LENGTH(3), .period_ms = 10, .name = "vcm_108", .title = "Counter (ZE1)",
     VB_ROWS(vcm_108), VB_CHECKS(checks_108)},
    {VB_ID(0x3B8), LENGTH(5), .period_ms = 100, .name = "vcm_3b8", .title = "Unknown (ZE1)",
     VB_ROWS(vcm_3b8)},
    {VB_ID(0x45E), LENGTH(1), .period_ms = 500, .name = "body_45e", .title = "Unknown (AZE0)",
     VB_ROWS(body_45e)},
    {VB_ID(0x481), LENGTH(2), .period_ms = 500, .name = "body_481", .title = "Unknown (AZE0, ZE1)",
     VB_ROWS(body_481)},
    {VB_ID(0x4B9), LENGTH(1), .period_ms = 100, .name = "body_4b9", .title = "Counter (ZE1)",
     VB_ROWS(body_4b9), VB_CHECKS(body_4b9_checks)},
    {VB_ID(0x5CD), LENGTH(5), .period_ms = 1000, .name = "body_5cd", .title = "Unknown (ZE1)",
     VB_ROWS(body_5cd)},
    {VB_ID(0x5E3), LENGTH(5), .period_ms = 500, .name = "body_5e3", .title = "Unknown (e-NV200)",
     VB_ROWS(body_5e3)},
    {VB_ID(0x5EC), LENGTH(1), .period_ms = 500, .name = "body_5ec", .title = "Unknown (ZE1)",
     VB_ROWS(body_5ec)},
    {VB_ID(0x5FC), LENGTH(7), .period_ms = 500, .name = "body_5fc", .title = "Unknown (AZE0)",
     VB_ROWS(body_5fc), VB_CHECKS(body_5fc_checks)},
    {VB_ID(0x625), LENGTH(6), .period_ms = 100, .name = "body_625", .title = "Unknown (ZE1)",
     VB_ROWS(body_625)},
    /* once each, at the start */
    {VB_ID(0x603), LENGTH(1), .name = "awake_603", .title = "Wake-up frame", VB_ROWS(awake_603)},
    {VB_ID(0x605), LENGTH(1), .name = "awake_605", .title = "Wake-up frame", VB_ROWS(awake_605)},
    {VB_ID(0x607), LENGTH(1), .name = "awake_607", .title = "Wake-up frame", VB_ROWS(awake_607)},
    {VB_ID(0x68C), LENGTH(1), .name = "awake_68c", .title = "Wake-up frame (ZE0)",
     VB_ROWS(awake_68c)},
};

/* What a program that stands in for the VCM is asked for. The frames around it (counters, heartbeats, limits, the order of
 * a start and of an end) are its own business; a command is not in force by being asked for. */
static const struct vb_command commands[] = {
    {"drive.ready",
     "Start the car: high voltage on, inverter ready",
     WAKE,
     &wake[ROW_READY],
     {VB_MILLI(0), VB_MILLI(1)},
     0,
     NULL},
    /* Safe is park: no torque. It holds no wheel; who sends the frame must not say park while the motor turns. */
    {"drive.gear", "Select a gear", SHIFT, &shift[ROW_GEAR], {VB_MILLI(1), VB_MILLI(4)}, 1, NULL},
    /* As far as any car of the logs went; the inverter has its own limits below that. */
    {"drive.torque",
     "Turn the motor, or brake with it",
     TORQUE,
     &torque[ROW_TORQUE],
     {VB_MILLI(-340), VB_MILLI(340)},
     0,
     NULL},
    {"charge.power",
     "Charge with this power from AC; 0 = the charger rests",
     CHARGE,
     &charge[ROW_CHARGE_POWER],
     {VB_MILLI(0), VB_MILLI(6600)},
     100,
     NULL},
    /* What cars of the logs ask for; safe is where they rest with a full 12 V battery. */
    {"dcdc.voltage",
     "Voltage of the 12 V side (AZE0 and later)",
     CHARGE,
     &charge[ROW_DCDC],
     {VB_MILLI(13), VB_MILLI(14.5)},
     32,
     NULL},
};

LEAF_SETTINGS;
LEAF_CAR_HINTS;

static const char *const headline[] = {"drive.ready",  "drive.gear", "drive.torque",
                                       "charge.power", "hv.state",   NULL};

const struct vb_device vb_device_leaf_vcm = {
    .name = "leaf-vcm",
    .title = "Nissan Leaf and e-NV200 vehicle control: gear, torque, charging, body",
    .kind = VB_KIND_CAN,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    VB_HINTS(hints),
    VB_COMMANDS(commands),
    .headline = headline,
    .sleep_row = &wake[ROW_WAKE],
    .sleep_raw = 0,
};
