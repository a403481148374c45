/* leaf_climate.c - the automatic air conditioner of a Nissan Leaf or e-NV200 on the EV-CAN: set-point, fan, temperatures,
 * power of compressor and heater.
 * Left out: diagnosis (744/764); 50A (leaf_vcm.c), which the VCM passes on.
 * Facts: reference/leaf-can.md section 4; most scales are guesses of the DBC (dalathegreat/leaf_can_bus_messages) and
 * marked so.
 * SPDX-License-Identifier: MIT */
#include "device/leaf.h"

static const struct vb_word states[] = {{0, "on"}, {1, "off"}, {0, NULL}};
static const struct vb_word vents[] = {{0x80, "off"},
                                       {0x88, "face"},
                                       {0x90, "face-and-feet"},
                                       {0x98, "feet"},
                                       {0xA0, "feet-and-defrost"},
                                       {0xA8, "defrost"},
                                       {0, NULL}};
static const struct vb_word intakes[] = {
    {0x09, "recirculate"}, {0x12, "fresh"}, {0x92, "defrost"}, {0, NULL}};

static const struct vb_signal setpoint[] = {
    UNKNOWN("setpoint", 0), /* alternates between two values */
    UNKNOWN("setpoint", 1), /* 00 on ZE0, 80 later */
    UNKNOWN("setpoint", 2),
    UNKNOWN("setpoint", 3),
    {"climate.setpoint", "°C", 32, 8, VB_LE, VB_SCALE(1, 0, 2), .title = "Temperature asked for",
     VB_LIMITS(10, 40), VB_NOT_AVAILABLE(0)},
    UNKNOWN("setpoint", 5),
    UNKNOWN("setpoint", 6),
    UNKNOWN("setpoint", 7), /* follows the outside temperature (DBC) */
};

static const struct vb_signal air[] = {
    {"climate.state", "", 0, 1, VB_LE, VB_RAW, .title = "Air conditioning", .words = states},
    {"air.unknown_0", "", 1, 7, VB_LE | VB_UNKNOWN, VB_RAW},
    UNKNOWN("air", 1),
    {"climate.vent", "", 16, 8, VB_LE, VB_RAW, .title = "Where the air goes", .words = vents},
    {"climate.intake", "", 24, 8, VB_LE, VB_RAW, .title = "Where the air comes from",
     .words = intakes},
    {"air.unknown_4", "", 32, 3, VB_LE | VB_UNKNOWN, VB_RAW},
    {"climate.fan", "", 35, 5, VB_LE, VB_RAW, .title = "Fan, 0 to 7 (more was seen on ZE0)"},
    UNKNOWN("air", 5),
    UNKNOWN("air", 6),
    {"climate.button", "", 56, 8, VB_LE | VB_GUESS, VB_RAW, .title = "Changes with each button"},
};

static const struct vb_signal outside[] = {
    {"climate.evaporator", "", 0, 8, VB_LE | VB_GUESS, VB_RAW,
     .title = "Temperature of the evaporator, in unknown steps", VB_NOT_AVAILABLE(0xFF)},
    {"outside.unknown_1", "", 8, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"climate.rear_defrost", "", 9, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Rear window heater",
     .words = vb_off_on},
    {"climate.control", "", 10, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Climate control",
     .words = vb_off_on},
    {"climate.compressor", "", 11, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Air conditioner",
     .words = vb_off_on},
    {"outside.unknown_1_high", "", 12, 4, VB_LE | VB_UNKNOWN, VB_RAW},
    UNKNOWN("outside", 2),
    UNKNOWN("outside", 3),
    UNKNOWN("outside", 4),
    {"climate.fan_voltage", "V", 40, 8, VB_LE | VB_GUESS, VB_SCALE(1, 0, 20),
     .title = "Voltage that the fan shall have", VB_LIMITS(0, 13)},
    {"climate.outside_temperature", "°C", 48, 8, VB_LE, VB_SCALE(1, -80, 2),
     .title = "Temperature outside", VB_LIMITS(-40, 87), VB_NOT_AVAILABLE(0xFF),
     WHEN(IN_AUTO | IN_ZE0)},
    {"climate.outside_temperature", "°C", 48, 8, VB_LE, VB_SCALE(1, -81, 2),
     .title = "Temperature outside", VB_LIMITS(-41, 87), VB_NOT_AVAILABLE(0xFF),
     WHEN(IN_AZE0 | IN_ZE1)},
    UNKNOWN("outside", 7),
};

static const struct vb_signal cabin[] = {
    /* OVMS reads degrees Fahrenheit: within a degree of this between 18 and 27 °C. */
    {"climate.cabin_temperature", "°C", 0, 8, VB_LE | VB_GUESS, VB_SCALE(1, -28, 2),
     .title = "Temperature in the car", VB_LIMITS(-14, 60), WHEN(IN_AUTO | IN_ZE0 | IN_AZE0)},
    {"climate.cabin_temperature", "°C", 0, 8, VB_LE | VB_GUESS, VB_SCALE(1, -80, 2),
     .title = "Temperature in the car", VB_LIMITS(-40, 60), WHEN(IN_ZE1)},
    /* "50 W a step?" (DBC) would be 5.8 kW on a 2011 car, more than its compressor takes: as a number. */
    {"climate.compressor_power", "", 8, 8, VB_LE | VB_GUESS, VB_RAW,
     .title = "Power of the compressor, in unknown steps"},
    UNKNOWN("cabin", 2),
    UNKNOWN("cabin", 3),
    UNKNOWN("cabin", 4),
    {"climate.heater_power", "W", 40, 6, VB_LE | VB_GUESS, VB_SCALE(300, 0, 1),
     .title = "Power of the heater (300 W a step: DBC, with a question mark)", VB_LIMITS(0, 18900)},
    UNKNOWN("cabin", 6),
    UNKNOWN("cabin", 7),
};
/* The DBC has it as a status. Measured: +1 in 6721 of 6740 frames, the others behind gaps. */
static const struct vb_check cabin_checks[] = {{VB_RULE_COUNTER, 46, 2, NULL}};

static const struct vb_message messages[] = {
    {VB_ID(0x54A), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "setpoint",
     .title = "Set-point", VB_ROWS(setpoint)},
    {VB_ID(0x54B), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "air",
     .title = "State, vents, fan", VB_ROWS(air)},
    {VB_ID(0x54C), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "outside",
     .title = "Outside temperature, evaporator, fan", VB_ROWS(outside)},
    {VB_ID(0x54F), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "cabin",
     .title = "Cabin temperature, compressor and heater", VB_ROWS(cabin), VB_CHECKS(cabin_checks)},
};

LEAF_SETTINGS;
LEAF_CAR_HINTS;

static const char *const headline[] = {"climate.outside_temperature", "climate.cabin_temperature",
                                       "climate.state", "climate.heater_power", NULL};

const struct vb_device vb_device_leaf_climate = {
    .name = "leaf-climate",
    .title = "Nissan Leaf and e-NV200 air conditioner and heater",
    .kind = VB_KIND_CAN,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    VB_HINTS(hints),
    .headline = headline,
};
