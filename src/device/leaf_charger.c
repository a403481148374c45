/* leaf_charger.c - on-board charger and DC-DC converter of a Nissan Leaf or e-NV200 (from 2013 on in the power delivery
 * module, PDM) on the EV-CAN. ZE0 sends 380 and 5BF, AZE0 and ZE1 send 390 and 393.
 * Left out: diagnosis (792/793); 380 and 5BF of a ZE1 battery (leaf_battery.c).
 * Facts: reference/leaf-can.md sections 1, 5, 7, 9; DBC = dalathegreat/leaf_can_bus_messages, OV = OVMS; "measured" =
 * settled here on the logs that the reference lists.
 * SPDX-License-Identifier: MIT */
#include "device/leaf.h"

#define POWER VB_SCALE(100, 0, 1), VB_LIMITS(0, 51100)

/* ---- 390, 393: AZE0 and ZE1 ---- */

static const struct vb_word sleep_states[] = {{1, "refuse"}, {2, "ready"}, {0, NULL}};
static const struct vb_word exports[] = {{0, "none"}, {9, "export"}, {0, NULL}};
static const struct vb_word ac_kinds[] = {
    {0, "none"}, {1, "100v"}, {2, "200v"}, {3, "bad-wave"}, {0, NULL}};
static const struct vb_word charger_states[] = {
    {0, "off"},  {1, "idle-or-quick"}, {2, "finished"}, {4, "charging"},
    {8, "idle"}, {9, "idle-2"},        {12, "timer"},   {0, NULL}};

static const struct vb_signal charger[] = {
    {"charger.power", "W", 0, 9, VB_BE, POWER, .title = "Power that the charger gives"},
    {"charger.unknown_0", "", 1, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charger.sleep", "", 2, 2, VB_LE, VB_RAW, .title = "May the charger sleep",
     .words = sleep_states},
    {"charger.export", "", 4, 4, VB_LE | VB_GUESS, VB_RAW, .title = "Power out of the car (OVMS)",
     .words = exports},
    UNKNOWN("charger", 2),
    {"charger.unknown_3", "", 24, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"dcdc.state", "", 25, 2, VB_LE, VB_RAW, .title = "State of the DC-DC converter, as a number"},
    {"charger.ac_kind", "", 27, 2, VB_LE, VB_RAW, .title = "What comes from the socket",
     .words = ac_kinds},
    {"charger.ac_relay", "", 29, 1, VB_LE | VB_GUESS, VB_RAW, .title = "AC relay (OVMS)",
     .words = vb_off_on},
    {"charger.unknown_3_high", "", 30, 2, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charger.unknown_4", "", 32, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charger.quick_relay", "", 38, 1, VB_LE, VB_RAW, .title = "Relays of the quick charge port",
     .words = vb_off_on},
    {"charger.unknown_4_high", "", 39, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charger.state", "", 41, 6, VB_LE, VB_RAW, .title = "What the charger is doing",
     .words = charger_states},
    {"charger.insulation_sensor", "", 47, 1, VB_LE, VB_RAW,
     .title = "There is an insulation sensor for quick charging", .words = vb_no_yes},
    /* 6.0 kW before the pilot of the wallbox is read. */
    {"charger.power_max", "W", 40, 9, VB_BE, POWER, .title = "Power that the charger could give"},
    {"charger.unknown_7", "", 62, 2, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_word steps[] = {{0x10, "waking"},     {0x20, "ready"},
                                       {0x51, "charging-1"}, {0x52, "charging-2"},
                                       {0x53, "charging"},   {0, NULL}};
static const struct vb_signal progress[] = {
    UNKNOWN("progress", 0),
    {"charger.step", "", 8, 8, VB_LE, VB_RAW, .title = "Step of the sequence of the charger",
     .words = steps},
    UNKNOWN("progress", 2), /* C3 FC in a quick charge of a ZE1 */
    UNKNOWN("progress", 3),
    UNKNOWN("progress", 4), /* 20 on AZE0, 00 on ZE1 */
    UNKNOWN("progress", 5),
    UNKNOWN("progress", 6),
    {"progress.unknown_7", "", 62, 2, VB_LE | VB_UNKNOWN, VB_RAW},
};

/* ---- 380, 5BF: ZE0 ---- */

enum { ROW_QUICK };
static const struct vb_signal supply[] = {
    [ROW_QUICK] = {"charger.insulation_sensor", "", 15, 1, VB_LE, VB_RAW,
                   .title = "There is an insulation sensor for quick charging", .words = vb_no_yes},
    UNKNOWN("supply", 0),
    {"supply.unknown_1", "", 8, 7, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charger.power_max", "W", 16, 9, VB_BE, POWER, .title = "Power that the charger could give"},
    {"supply.unknown_2", "", 17, 7, VB_LE | VB_UNKNOWN, VB_RAW},
    {"supply.unknown_4", "", 32, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charger.quick_relay", "", 37, 1, VB_LE, VB_RAW, .title = "Relays of the quick charge port",
     .words = vb_off_on},
    {"charger.relay", "", 38, 1, VB_LE, VB_RAW, .title = "Relay of the charger",
     .words = vb_off_on},
    {"supply.unknown_4_high", "", 39, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    /* DBC: right; OV takes 2 V a step, which gave its users 700 V. During a quick charge something else. */
    {"charger.ac_voltage", "V", 42, 9, VB_BE, VB_SCALE(1, 140, 2), .title = "Voltage of the socket",
     VB_LIMITS(70, 326), VB_NOT_AVAILABLE(0), VB_MUX(ROW_QUICK, 0)},
    {"supply.unknown_5", "", 42, 9, VB_BE | VB_UNKNOWN, VB_RAW, VB_MUX(ROW_QUICK, 1)},
    {"supply.unknown_5_high", "", 43, 5, VB_LE | VB_UNKNOWN, VB_RAW}, /* gains 1 and 2 with power */
    {"supply.unknown_6", "", 48, 2, VB_LE | VB_UNKNOWN, VB_RAW},
    {"supply.unknown_7", "", 62, 2, VB_LE | VB_UNKNOWN, VB_RAW},
};

/* The DBC has 28, 30, 40, 60 and B0; the others were seen on the way to them. */
static const struct vb_word states_ze0[] = {
    {0x10, "starting"}, {0x18, "starting-2"},    {0x20, "idle-2"},    {0x28, "idle"},
    {0x30, "timer"},    {0x38, "off"},           {0x40, "finished"},  {0x58, "charging-2"},
    {0x60, "charging"}, {0x70, "charge-starts"}, {0x80, "preparing"}, {0xB0, "quick-charging"},
    {0, NULL}};
static const struct vb_signal pilot[] = {
    UNKNOWN("pilot", 0),
    UNKNOWN("pilot", 1), /* 64 to 66 while charging */
    /* 0.2 A (OV) or 0.5 A (DBC)? Measured once: 49 with 233 V and 2.1 kW that the charger could give, so 0.2 A. */
    {"charger.pilot_current", "A", 16, 8, VB_LE | VB_GUESS, VB_SCALE(1, 0, 5),
     .title = "Current that the wallbox allows", VB_LIMITS(0, 51)},
    /* Measured: within 1 V of 1DB in a quick charge, 6 V below it in an AC charge. */
    {"charger.dc_voltage", "V", 24, 8, VB_LE | VB_GUESS, VB_SCALE(1, 257, 1),
     .title = "Voltage of the battery side", VB_LIMITS(257, 512), VB_NOT_AVAILABLE(0)},
    {"charger.state", "", 32, 8, VB_LE, VB_RAW, .title = "What the charger is doing",
     .words = states_ze0},
    UNKNOWN("pilot", 5),
    UNKNOWN("pilot", 6),
    {"pilot.unknown_7", "", 62, 2, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_signal awake[] = {UNKNOWN("awake", 0)};

/* ---- the device ---- */

/* Each of these frames tells the generation by itself. */
#define ON_ZE0   WHEN(IN_ZE0)
#define ON_LATER WHEN(IN_AZE0 | IN_ZE1)

static const struct vb_message messages[] = {
    {VB_ID(0x390), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "charger",
     .title = "Power, socket, state (AZE0, ZE1)", VB_ROWS(charger), VB_CHECKS(leaf_nibbles),
     ON_LATER},
    {VB_ID(0x393), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "progress",
     .title = "Step of the sequence (AZE0, ZE1)", VB_ROWS(progress), VB_CHECKS(leaf_nibbles),
     ON_LATER},
    {VB_ID(0x380), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "supply",
     .title = "Socket, relays, power (ZE0)", VB_ROWS(supply), VB_CHECKS(leaf_nibbles), ON_ZE0},
    {VB_ID(0x5BF), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "pilot",
     .title = "Pilot and state (ZE0)", VB_ROWS(pilot), VB_CHECKS(leaf_nibbles), ON_ZE0},
    {VB_ID(0x679), .len_min = 1, .len_max = 1, .name = "awake",
     .title = "Once: a plug was put in, or the car starts", VB_ROWS(awake)},
};

LEAF_SETTINGS;
LEAF_CAR_HINTS;

static const char *const headline[] = {"charger.power", "charger.power_max", "charger.state", NULL};

const struct vb_device vb_device_leaf_charger = {
    .name = "leaf-charger",
    .title = "Nissan Leaf and e-NV200 on-board charger and DC-DC converter (PDM)",
    .kind = VB_KIND_CAN,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    VB_HINTS(hints),
    .headline = headline,
};
