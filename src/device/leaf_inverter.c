/* leaf_inverter.c - inverter and motor of a Nissan Leaf or e-NV200 on the EV-CAN: voltage, torque, speed, temperatures.
 * ZE0 (EM61), AZE0 (EM57) and ZE1.
 * Left out: diagnosis (784/78C).
 * Facts: reference/leaf-can.md sections 1, 2, 9, 10; DBC = dalathegreat/leaf_can_bus_messages, DM = the inverter
 * controller of damienmaguire; "measured" = settled here on the logs that the reference lists.
 * SPDX-License-Identifier: MIT */
#include "device/leaf.h"

/* ---- 1DA ---- */

static const struct vb_word states[] = {{0, "starting"}, {3, "running"}, {4, "ending"}, {0, NULL}};

static const struct vb_signal motor[] = {
    /* DM adds the top bits of the next byte as two more bits of voltage. Measured: they are none. On a ZE0 the byte is
     * always 64, on later cars one bit of it follows the counter (1 for 3 and 0), at any voltage. */
    {"inverter.voltage", "V", 0, 8, VB_LE, VB_SCALE(2, 0, 1), .title = "Voltage at the inverter",
     VB_LIMITS(0, 450), VB_NOT_AVAILABLE(0xFF)},
    UNKNOWN("motor", 1),
    {"motor.torque", "Nm", 18, 11, VB_BE | VB_SIGNED, VB_SCALE(1, 0, 2),
     .title = "Torque of the motor, positive when it drives forward", VB_LIMITS(-400, 400)},
    {"inverter.state", "", 19, 5, VB_LE | VB_GUESS, VB_RAW, .title = "What the inverter is doing",
     .words = states},
    /* 3FFF at the start. Sources disagree by one in reverse; this is two's complement. */
    {"motor.speed", "rpm", 39, 15, VB_BE | VB_SIGNED, VB_RAW,
     .title = "Speed of the motor, negative in reverse", VB_LIMITS(-12000, 12000),
     VB_NOT_AVAILABLE(0x3FFF)},
    {"motor.speed_valid", "", 40, 1, VB_LE | VB_GUESS, VB_RAW,
     .title = "Set in operation, with a speed", .words = vb_no_yes},
    /* Not each bit is an error: 2 is set on a ZE1 all the time, 32 on a ZE0 after the bus is discharged. */
    {"inverter.errors", "", 50, 6, VB_LE, VB_RAW, .title = "Error bits, as a number"},
};

/* ---- 55A ---- */

/* Degrees Fahrenheit, not half degrees Celsius (DBC): measured on cold cars, which have the temperature of the air then. */
#define FAHRENHEIT VB_SCALE(5, -160, 9), .decimals = 1, VB_LIMITS(-30, 130), VB_NOT_AVAILABLE(0)

static const struct vb_word sleep_states[] = {{1, "refuse"}, {2, "ready"}, {0, NULL}};

/* Which byte is motor and which inverter is said differently by each source: OVMS's way. */
static const struct vb_signal heat[] = {
    UNKNOWN("heat", 0), /* 0; an inverter of a ZE1 alone on a bench sends other values */
    {"motor.temperature", "°C", 8, 8, VB_LE | VB_GUESS, FAHRENHEIT,
     .title = "Temperature of the motor, or of a board (a guess: which)"},
    {"inverter.temperature", "°C", 16, 8, VB_LE | VB_GUESS, FAHRENHEIT,
     .title = "Temperature of the inverter (a guess: which)"},
    {"inverter.driver_temperature", "°C", 24, 8, VB_LE | VB_GUESS, FAHRENHEIT,
     .title = "Temperature of the driver board, while driving"},
    UNKNOWN("heat", 4), /* 5F on AZE0 and mostly on ZE0; follows the load on ZE1 */
    {"motor.temperature_2", "°C", 40, 8, VB_LE | VB_GUESS, FAHRENHEIT,
     .title = "Another temperature (ZE0)"},
    UNKNOWN("heat", 6),
    {"heat.unknown_7", "", 56, 3, VB_LE | VB_UNKNOWN, VB_RAW},
    {"inverter.sleep", "", 59, 2, VB_LE, VB_RAW, .title = "May the inverter sleep",
     .words = sleep_states},
    {"heat.unknown_7_high", "", 61, 3, VB_LE | VB_UNKNOWN, VB_RAW},
};

/* ---- 120, and a frame of 29 bits ---- */

/* Changes while driving, in steps of 4; follows neither torque nor speed nor power alone (measured). */
static const struct vb_signal inverter_120[] = {
    UNKNOWN("inverter_120", 0),
    UNKNOWN("inverter_120", 1),
    {"inverter_120.unknown_2", "", 20, 4, VB_LE | VB_UNKNOWN, VB_RAW},
};
static const struct vb_check checks_120[] = {
    {VB_RULE_COUNTER, 16, 4, NULL},
    {VB_RULE_CRC8, 3, 0, &vb_crc8_nissan},
};

static const struct vb_signal boot[] = {UNKNOWN("boot", 0), UNKNOWN("boot", 1), UNKNOWN("boot", 2),
                                        UNKNOWN("boot", 3), UNKNOWN("boot", 4), UNKNOWN("boot", 5),
                                        UNKNOWN("boot", 6)};

/* ---- the device ---- */

static const struct vb_message messages[] = {
    {VB_ID(0x1DA), .len_min = 8, .len_max = 8, .period_ms = 10, .name = "motor",
     .title = "Voltage, torque, speed, errors", VB_ROWS(motor), VB_CHECKS(leaf_crc)},
    {VB_ID(0x55A), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "heat",
     .title = "Temperatures, sleep", VB_ROWS(heat)},
    {VB_ID(0x120), .len_min = 4, .len_max = 4, .period_ms = 10, .name = "inverter_120",
     .title = "Unknown (ZE1)", VB_ROWS(inverter_120), VB_CHECKS(checks_120)},
    /* A few times after power-on of an inverter alone on a bench; begins with its own id. */
    {VB_ID(0x18CC078C), .len_min = 7, .len_max = 7, .ext = true, .name = "boot",
     .title = "Unknown (ZE1 inverter alone)", VB_ROWS(boot)},
};

LEAF_SETTINGS;
LEAF_CAR_HINTS;

static const char *const headline[] = {"motor.torque", "motor.speed", "inverter.voltage",
                                       "inverter.temperature", NULL};

const struct vb_device vb_device_leaf_inverter = {
    .name = "leaf-inverter",
    .title = "Nissan Leaf and e-NV200 inverter and motor",
    .kind = VB_KIND_CAN,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    VB_HINTS(hints),
    .headline = headline,
};
