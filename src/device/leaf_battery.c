/* leaf_battery.c - Nissan Leaf traction battery (its controller, the LBC) on the EV-CAN: state,
 * limits, energy, history. 24/30 kWh (ZE0, AZE0, e-NV200), 40 and 62 kWh (ZE1).
 * Left out: cell voltages and everything else that has to be asked for (79B/7BB: leaf-battery-groups).
 * Facts: reference/leaf-can.md sections 0, 1, 3, 9, 10; "measured" = settled here on the captures
 * it lists. DBC = dalathegreat/leaf_can_bus_messages, OV = OVMS.
 * SPDX-License-Identifier: MIT */
#include "device/leaf.h"

/* ---- 1DB ---- */

static const struct vb_word cut_requests[] = {
    {0, "none"}, {1, "off"}, {2, "off-2"}, {3, "off-3"}, {0, NULL}}; /* all of 1..3: relay off */
static const struct vb_word failsafe[] = {
    {0, "stop"}, {1, "charge-stop"}, {2, "caution"}, {0, NULL}}; /* bits */
static const struct vb_word limit_states[] = {
    {0, "reserved"}, {1, "normal"}, {2, "high-rate"}, {3, "immediate"}, {0, NULL}};

/* Usable SOC where we do not know that it is there: cars before 2013 and ZE1 send 0 all the time,
 * and a starting LBC sends 7F. Both are "no value"; a real 0 % is lost until the generation is
 * known to be AZE0. (has_absent holds one number only.) */
static int soc_to_raw(const struct vb_curve *curve, uint64_t bits, int64_t *raw) {
    (void)curve;
    if (bits == 0 || bits == 0x7F) {
        return VB_E_RANGE;
    }
    *raw = (int64_t)bits;
    return VB_OK;
}

static int soc_to_bits(const struct vb_curve *curve, int64_t raw, uint64_t *bits) {
    (void)curve;
    if (raw < 0 || raw > 0x7F) {
        return VB_E_RANGE;
    }
    *bits = (uint64_t)raw;
    return VB_OK;
}

static const struct vb_curve soc_if_any = {soc_to_raw, soc_to_bits, NULL, 0};

#define SOC_USABLE                                                                                 \
    "battery.soc_usable", "%", 32, 7, VB_LE, VB_RAW,                                               \
        .title = "Usable state of charge, whole percent, for the dashboard of ZE0 and AZE0",       \
        VB_LIMITS(0, 100), .ha = "battery",                                                        \
        .vss = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed"

/* The widest that makes sense for any of these cars: the logs go up to 60 kWh and 180 kW. */
#define ENERGY VB_LIMITS(0, 80000)
#define POWER  VB_LIMITS(0, 200000)

static const struct vb_signal pack[] = {
    /* VSS has our sign. OVMS v.b.current has the opposite one (positive = discharging), so its name
     * is not claimed. The ZE0 DBC marks the field unsigned: wrong, driving reads negative. */
    {"battery.current", "A", 7, 11, VB_BE | VB_SIGNED, VB_SCALE(1, 0, 2),
     .title = "Pack current, positive when charging", VB_LIMITS(-512, 512), VB_NOT_AVAILABLE(0x3FF),
     .vss = "Vehicle.Powertrain.TractionBattery.CurrentCurrent"},
    {"battery.failsafe", "", 8, 3, VB_LE | VB_BITS, VB_RAW,
     .title = "What the controller asks for: stop, end of charge, caution lamp (turtle)",
     .words = failsafe},
    {"battery.relay_cut_request", "", 11, 2, VB_LE, VB_RAW, .title = "Main relay off, please",
     .words = cut_requests},
    {"battery.voltage", "V", 23, 10, VB_BE, VB_SCALE(1, 0, 2), .title = "Pack voltage",
     VB_LIMITS(0, 450), VB_NOT_AVAILABLE(0x3FF), .ovms = "v.b.voltage",
     .vss = "Vehicle.Powertrain.TractionBattery.CurrentVoltage"},
    /* Toggles about every 0.68 s. */
    {"battery.cell_latch", "", 24, 1, VB_LE, VB_RAW, .title = "Changes with each cell measurement",
     .words = vb_off_on},
    {"battery.discharge_state", "", 25, 2, VB_LE, VB_RAW, .title = "Kind of discharge limit",
     .words = limit_states},
    {"battery.interlock", "", 27, 1, VB_LE, VB_RAW, .title = "Interlock is connected",
     .words = vb_no_yes},
    {"battery.full", "", 28, 1, VB_LE, VB_RAW, .title = "Fully charged", .words = vb_no_yes},
    {"battery.relay_permission", "", 29, 1, VB_LE, VB_RAW, .title = "Contactors may close",
     .words = vb_no_yes},
    {SOC_USABLE, .curve = &soc_if_any, WHEN(IN_AUTO | IN_ZE0)},
    {SOC_USABLE, VB_NOT_AVAILABLE(0x7F), WHEN(IN_AZE0)},
    {"pack.unknown_4", "", 39, 1, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_AUTO | IN_ZE0 | IN_AZE0)},
    {"pack.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_ZE1)}, /* 0 */
    {"pack.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_AUTO | IN_ZE0 | IN_AZE0)},
    {"pack.unknown_6", "", 50, 6, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_AUTO | IN_ZE0 | IN_AZE0)},
    /* 62 kWh. Equal to the 11-bit value in 6819 of 6820 frames; the first one, before anything is
     * measured, has 800. The captures end at 430 A, so more than 512 is an inference. */
    {"battery.current_wide", "A", 47, 12, VB_BE | VB_SIGNED, VB_SCALE(1, 0, 2),
     .title = "Pack current beyond 512 A, positive when charging", VB_LIMITS(-800, 800),
     VB_NOT_AVAILABLE(-0x800), WHEN(IN_ZE1)},
    {"pack.unknown_6", "", 50, 2, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_ZE1)},
};

/* ---- 1DC, 1ED ---- */

static const struct vb_word code_sets[] = {{0, "1-and-2"}, {1, "3-and-4"}, {2, "5-and-6"},
                                           {3, "7-and-8"}, {7, "invalid"}, {0, NULL}};

static const struct vb_signal limits[] = {
    {"limit.discharge_power", "W", 7, 10, VB_BE, VB_SCALE(250, 0, 1),
     .title = "Power that may be drawn", POWER, VB_NOT_AVAILABLE(0x3FF)},
    /* OV shifts by 2 bits instead of 4: wrong for high values. A 30 kWh pack in a ZE0 says 254 kW
     * during a whole quick charge: no limit. */
    {"limit.charge_power", "W", 13, 10, VB_BE, VB_SCALE(250, 0, 1),
     .title = "Power that may be fed in by braking", VB_LIMITS(0, 256000), VB_NOT_AVAILABLE(0x3FF)},
    /* 3FF whenever the car drives: no charger is asked for. */
    {"limit.charger_power", "W", 19, 10, VB_BE, VB_SCALE(100, -10000, 1),
     .title = "Power that a charger may give", POWER, VB_NOT_AVAILABLE(0x3FF)},
    {"limit.charge_state", "", 24, 2, VB_LE, VB_RAW, .title = "Kind of charge limit",
     .words = limit_states},
    /* Level 1 takes 8 minutes from 0 to 45 kW on a ZE0, level 8 follows at once. */
    {"limit.charger_ramp", "", 37, 3, VB_LE, VB_SCALE(1, 1, 1),
     .title = "How fast charging power may rise, 1 to 8"},
    {"pairing.set", "", 34, 3, VB_LE, VB_RAW, .title = "Which codes follow", .words = code_sets},
    {"pairing.code_a", "", 33, 8, VB_BE, VB_RAW, .title = "Battery pairing code, odd number"},
    {"pairing.code_b", "", 41, 8, VB_BE, VB_RAW, .title = "Battery pairing code, even number"},
};

/* Offset: the DBC says +10 kW, other places -10. Measured: in the 62 kWh quick charge both numbers
 * are the same (383, 411) in all 1034 frames where 1DC has one, so the offset is that of 1DC. */
static const struct vb_signal charger[] = {
    {"limit.charger_power_wide", "W", 7, 11, VB_BE, VB_SCALE(100, -10000, 1),
     .title = "Power that a charger may give, beyond 92 kW", POWER, VB_NOT_AVAILABLE(0x7FF)},
    {"charger.unknown_1", "", 10, 3, VB_LE | VB_UNKNOWN, VB_RAW},
};
static const struct vb_check charger_counted[] = {
    {VB_RULE_COUNTER, 8, 2, NULL},
    {VB_RULE_CRC8, 2, 0, &vb_crc8_nissan},
};

/* ---- 55B ---- */

static const struct vb_word sleep_states[] = {{1, "refuse"}, {2, "ready"}, {0, NULL}};

static const struct vb_signal charge[] = {
    {"battery.soc", "%", 7, 10, VB_BE, VB_SCALE(1, 0, 10),
     .title = "State of charge as the controller counts it", VB_LIMITS(0, 100),
     VB_NOT_AVAILABLE(0x3FF), .ha = "battery", .ovms = "v.b.soc",
     .vss = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"},
    {"charge.unknown_1", "", 8, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    /* Answers 50C: question B2 -> AA, 5D -> 55. ZE1 has no 50C and sends 00. */
    {"battery.alive_answer", "", 16, 8, VB_LE, VB_RAW,
     .title = "Answer to the question in 50C: 170 or 85"},
    {"charge.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.insulation_voltage", "V", 39, 10, VB_BE, VB_SCALE(5, 0, 1024),
     .title = "Insulation sensor", VB_LIMITS(0, 5), VB_NOT_AVAILABLE(0x3FF)},
    /* Stays for a while after an insulation fault of the car, also in a salvaged pack. */
    {"battery.insulation_fault", "", 40, 1, VB_LE, VB_RAW, .title = "Insulation fault",
     .words = vb_no_yes},
    {"charge.unknown_5", "", 41, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charge.unknown_6", "", 50, 2, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.sleep", "", 52, 2, VB_LE, VB_RAW, .title = "May the controller sleep",
     .words = sleep_states},
    {"charge.unknown_6_high", "", 54, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.empty", "", 55, 1, VB_LE, VB_RAW, .title = "Battery is empty", .words = vb_no_yes},
};

/* ---- 5BC ---- */

static const struct vb_word gids_shown[] = {{0, "remaining"}, {1, "full"}, {0, NULL}};
static const struct vb_word bars_shown[] = {{0, "charge"}, {1, "capacity"}, {0, NULL}};
static const struct vb_word limit_reasons[] = {
    {0, "none"}, {1, "capacity"}, {2, "controller-fault"}, {3, "hot"}, {4, "cold"}, {0, NULL}};
static const struct vb_word time_kinds_ze0[] = {
    {0, "quick"}, {9, "200v-full"}, {10, "200v-80"}, {17, "100v-full"}, {18, "100v-80"}, {0, NULL}};
static const struct vb_word time_kinds_aze0[] = {
    {0, "quick"},   {5, "6kw-full"}, {8, "200v-full"}, {11, "100v-full"},
    {18, "6kw-80"}, {21, "200v-80"}, {24, "100v-80"},  {0, NULL}};

/* AZE0 and later: 12 bars from byte 2. The DBC's author tried all 16 values of its high nibble on a
 * dashboard: 15,14 -> 12; 13 -> 11; 12 -> 10; 11 -> 9; 10,9 -> 8; 8 -> 7; 7 -> 6; 6 -> 5; 5,4 -> 4;
 * 3..0 the same. The DBC also gives the byte a range of 0..240, and byte / 20 agrees with that
 * table and with full packs (F0 = 12 bars): so the byte is bars of 1/20, the table a view. */
static const uint16_t bar_limits[] = {15, 31, 47, 63, 95, 111, 127, 143, 175, 191, 207, 223};
static const struct vb_curve bars = VB_STEPS(bar_limits);

enum { ROW_GIDS_SHOWN, ROW_BARS_SHOWN }; /* selectors of the table below */
#define GIDS_REMAINING VB_MUX(ROW_GIDS_SHOWN, 0)
#define GIDS_FULL      VB_MUX(ROW_GIDS_SHOWN, 1)
#define BARS_CHARGE    VB_MUX(ROW_BARS_SHOWN, 0)
#define BARS_CAPACITY  VB_MUX(ROW_BARS_SHOWN, 1)

static const struct vb_signal energy[] = {
    /* 30 kWh and later; ZE0 packs always send 0. Seen on an e-NV200: GIDs 64, then 500. */
    [ROW_GIDS_SHOWN] = {"battery.gids_shown", "", 44, 1, VB_LE, VB_RAW,
                        .title = "GIDs of this frame: remaining or full", .words = gids_shown},
    [ROW_BARS_SHOWN] = {"battery.bars_shown", "", 32, 1, VB_LE, VB_RAW,
                        .title = "Bars of this frame: charge or capacity", .words = bars_shown},
    {"battery.gids", "", 7, 10, VB_BE, VB_RAW, .title = "Remaining energy in steps of 80 Wh",
     VB_NOT_AVAILABLE(0x3FF), GIDS_REMAINING},
    {"battery.energy", "Wh", 7, 10, VB_BE | VB_VIEW, VB_SCALE(80, 0, 1),
     .title = "Remaining energy", ENERGY, VB_NOT_AVAILABLE(0x3FF), GIDS_REMAINING,
     .ha = "energy_storage"},
    {"battery.gids_full", "", 7, 10, VB_BE, VB_RAW, .title = "Full pack in steps of 80 Wh",
     VB_NOT_AVAILABLE(0x3FF), GIDS_FULL},
    {"battery.energy_full", "Wh", 7, 10, VB_BE | VB_VIEW, VB_SCALE(80, 0, 1),
     .title = "Energy of the full pack", ENERGY, VB_NOT_AVAILABLE(0x3FF), GIDS_FULL,
     .ha = "energy_storage"},

    /* "80 Wh a step, offset 250" (DBC): the offset is in steps. 24 kWh cars send 50: (50 + 250) *
     * 80 Wh = 24.0 kWh, and the DBC's range of 20 to 24 kWh is 0..50; 50 * 80 + 250 Wh would be
     * 4.25 kWh. */
    {"battery.energy_capacity", "Wh", 13, 10, VB_BE, VB_SCALE(80, 20000, 1),
     .title = "Full capacity that the controller reckons with", ENERGY, .ha = "energy_storage",
     WHEN(IN_ZE0)},
    {"energy.unknown_1", "", 8, 6, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_AUTO | IN_AZE0 | IN_ZE1)},

    {"battery.charge_bars", "", 16, 4, VB_LE, VB_RAW, .title = "Charge bars of 12",
     VB_LIMITS(0, 12), BARS_CHARGE, WHEN(IN_ZE0)},
    {"battery.capacity_bars", "", 16, 4, VB_LE, VB_RAW, .title = "Capacity bars of 12",
     VB_LIMITS(0, 12), BARS_CAPACITY, WHEN(IN_ZE0)},
    {"battery.charge_segments", "", 16, 8, VB_LE | VB_GUESS, VB_SCALE(1, 0, 20),
     .title = "Charge in bars of 12, finer", VB_LIMITS(0, 12), BARS_CHARGE, VB_NOT_AVAILABLE(0xFF),
     WHEN(IN_AZE0 | IN_ZE1)},
    {"battery.charge_bars", "", 16, 8, VB_LE | VB_VIEW, VB_RAW, .title = "Charge bars of 12",
     .curve = &bars, VB_LIMITS(0, 12), BARS_CHARGE, VB_NOT_AVAILABLE(0xFF), WHEN(IN_AZE0 | IN_ZE1)},
    {"battery.capacity_segments", "", 16, 8, VB_LE | VB_GUESS, VB_SCALE(1, 0, 20),
     .title = "Capacity in bars of 12, finer", VB_LIMITS(0, 12), BARS_CAPACITY,
     VB_NOT_AVAILABLE(0xFF), WHEN(IN_AZE0 | IN_ZE1)},
    {"battery.capacity_bars", "", 16, 8, VB_LE | VB_VIEW, VB_RAW, .title = "Capacity bars of 12",
     .curve = &bars, VB_LIMITS(0, 12), BARS_CAPACITY, VB_NOT_AVAILABLE(0xFF),
     WHEN(IN_AZE0 | IN_ZE1)},
    {"energy.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_AUTO)},

    {"battery.temperature", "°C", 24, 8, VB_LE, VB_SCALE(1, -40, 1),
     .title = "Pack temperature, average", VB_LIMITS(-40, 100), .ovms = "v.b.temp",
     .vss = "Vehicle.Powertrain.TractionBattery.Temperature.Average", WHEN(IN_ZE0)},
    {"battery.temperature_gauge", "%", 24, 8, VB_LE, VB_SCALE(5, 0, 12),
     .title = "Place of the needle of the temperature gauge", VB_LIMITS(0, 100),
     VB_NOT_AVAILABLE(0xFF), .decimals = 1, WHEN(IN_AZE0 | IN_ZE1)},
    {"energy.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_AUTO)},

    {"battery.soh", "%", 33, 7, VB_LE, VB_RAW, .title = "State of health", VB_LIMITS(0, 100),
     .ovms = "v.b.soh", .vss = "Vehicle.Powertrain.TractionBattery.StateOfHealth"},
    {"energy.unknown_5", "", 42, 2, VB_LE | VB_UNKNOWN, VB_RAW}, /* ZE0: 1 */
    {"limit.reason", "", 45, 3, VB_LE, VB_RAW, .title = "Why power is limited",
     .words = limit_reasons},
    {"charge.time_kind", "", 41, 5, VB_BE, VB_RAW, .title = "Charging that the time is for",
     .words = time_kinds_ze0, VB_NOT_AVAILABLE(31), WHEN(IN_ZE0)},
    {"charge.time_kind", "", 41, 5, VB_BE, VB_RAW, .title = "Charging that the time is for",
     .words = time_kinds_aze0, VB_NOT_AVAILABLE(31), WHEN(IN_AZE0)},
    /* ZE1 sends many kinds; only 31 = none is understood. */
    {"charge.time_kind", "", 41, 5, VB_BE | VB_GUESS, VB_RAW,
     .title = "Charging that the time is for (number)", VB_NOT_AVAILABLE(31),
     WHEN(IN_AUTO | IN_ZE1)},
    /* Minutes (DBC), not half minutes (OV). Measured: an e-NV200 at 64 of 500 GIDs, so 35 kWh
     * short, says 450 at 6.6 kW, 780 at 200 V, 2280 at 100 V. As minutes that is 4.7, 2.7 and
     * 0.9 kW; as half minutes the 6.6 kW charger would have to give 9.3. */
    {"charge.time_left", "s", 52, 13, VB_BE, VB_SCALE(60, 0, 1), .title = "Time to charge",
     VB_LIMITS(0, 360000), VB_NOT_AVAILABLE(0x1FFF)},
};

/* ---- 59E ---- */

static const struct vb_signal capacity[] = {
    {"capacity.unknown_0", "", 0, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* e-NV200: 10 */
    {"capacity.unknown_1", "", 8, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* e-NV200: 64, 7C, AF .. */
    {"capacity.unknown_2", "", 22, 2, VB_LE | VB_UNKNOWN, VB_RAW},
    /* 9 bits for AZE0, 10 for 62 kWh (DBC). The tenth is 0 on all AZE0 captures: 10 for all. */
    {"quick_charge.energy_full", "Wh", 21, 10, VB_BE, VB_SCALE(100, 0, 1),
     .title = "Full pack, as told to a quick charger", ENERGY, .ha = "energy_storage"},
    /* Ends at 50.0 kWh: three 62 kWh logs with 51 to 52 kWh by their GIDs all say exactly that. */
    {"quick_charge.energy", "Wh", 27, 9, VB_BE, VB_SCALE(100, 0, 1),
     .title = "Remaining energy, as told to a quick charger", ENERGY, .ha = "energy_storage"},
    {"capacity.unknown_4", "", 32, 3, VB_LE | VB_UNKNOWN, VB_RAW},
    {"capacity.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"capacity.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.soc_displayed", "%", 56, 8, VB_LE | VB_GUESS, VB_SCALE(1, 0, 2),
     .title = "State of charge on the dashboard of a ZE1 (OVMS)", VB_LIMITS(0, 100),
     .ha = "battery", .vss = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed",
     WHEN(IN_ZE1)},
    {"capacity.unknown_7", "", 56, 8, VB_LE | VB_UNKNOWN, VB_RAW, WHEN(IN_AUTO | IN_ZE0 | IN_AZE0)},
};

/* ---- 5C0 ---- */

static const struct vb_word history_kinds[] = {
    {0, "none"}, {1, "max"}, {2, "average"}, {3, "min"}, {0, NULL}};

enum { ROW_KIND }; /* selector of the table below */
#define KIND(value) VB_MUX(ROW_KIND, value)

/* The all-ones values: an e-NV200 sends FE FE .. FC while nothing is calculated, a ZE0 FC right
 * after the start. */
/* clang-format off */
#define HISTORY_ROWS(name, value, text)                                                            \
    {"history." name ".voltage_events", "", 0, 4, VB_LE | VB_GUESS, VB_RAW, KIND(value),           \
     .title = text ": times the voltage was too high or too low (DBC of AZE0)"},                   \
    {"history." name ".wakeup_temperature", "°C", 9, 7, VB_LE, VB_SCALE(1, -40, 1), KIND(value),   \
     .title = text " temperature at wake-up", VB_LIMITS(-40, 80),                                  \
     VB_NOT_AVAILABLE(0x7F)},                                                                      \
    {"history." name ".temperature", "°C", 17, 7, VB_LE, VB_SCALE(1, -40, 1), KIND(value),         \
     .title = text " temperature", VB_LIMITS(-40, 80), VB_NOT_AVAILABLE(0x7F)},                    \
    {"history." name ".charge", "Ah", 24, 8, VB_LE | VB_SIGNED, VB_SCALE(3, 0, 5), KIND(value),    \
     .title = text " of the current added up", VB_LIMITS(-80, 80)},                                \
    {"history." name ".resistance_factor", "%", 33, 7, VB_LE, VB_RAW, KIND(value),                 \
     .title = text " of the inner resistance compared to new", VB_LIMITS(0, 126),                  \
     VB_NOT_AVAILABLE(0x7F)},                                                                      \
    {"history." name ".cell_voltage", "V", 42, 6, VB_LE | VB_GUESS, VB_SCALE(40, 1900, 1000),      \
     KIND(value), .title = text " cell voltage (max reads oddly low)", VB_LIMITS(1.9, 4.4),        \
     VB_NOT_AVAILABLE(0x3F)}
/* clang-format on */

static const struct vb_signal history[] = {
    [ROW_KIND] = {"history.kind", "", 6, 2, VB_LE, VB_RAW, .title = "What this frame is about",
                  .words = history_kinds},
    {"heater.stop_request", "", 4, 1, VB_LE, VB_RAW, .title = "Battery heater: off, please",
     .words = vb_no_yes},
    {"heater.start_request", "", 5, 1, VB_LE, VB_RAW, .title = "Battery heater: on, please",
     .words = vb_no_yes},
    {"heater.mail_request", "", 8, 1, VB_LE, VB_RAW, .title = "Tell the owner about the heater",
     .words = vb_no_yes},
    {"history.unknown_2", "", 16, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"heater.fitted", "", 32, 1, VB_LE, VB_RAW, .title = "Pack has a heater", .words = vb_no_yes},
    {"history.unknown_5", "", 40, 2, VB_LE | VB_UNKNOWN, VB_RAW},
    /* "Minutes, 0 to 1800" in 5 bits (DBC): the step is not known. All ones where no heater is. */
    {"heater.next_wakeup", "", 48, 5, VB_LE | VB_GUESS, VB_RAW,
     .title = "Time to the next wake-up for heating, in unknown steps", VB_NOT_AVAILABLE(0x1F)},
    {"history.unknown_6", "", 53, 3, VB_LE | VB_UNKNOWN, VB_RAW},
    /* Two codes alternate; the VCM does not start with 153..200. */
    {"battery.trouble_code", "", 56, 8, VB_LE, VB_RAW, .title = "Trouble code, 0 = none"},
    HISTORY_ROWS("max", 1, "Highest"),
    HISTORY_ROWS("average", 2, "Average"),
    HISTORY_ROWS("min", 3, "Lowest"),
    /* ZE1 leaves the kind 0 and counts pages 1..6 in b0[2:0]. The fields above read nonsense there
     * (80 °C), although the DBC has them on pages 1..3; so raw bytes. */
    {"history.page", "", 0, 3, VB_LE, VB_RAW, .title = "Page number (ZE1)", KIND(0)},
    {"history.unknown_0", "", 3, 1, VB_LE | VB_UNKNOWN, VB_RAW, KIND(0)},
    {"history.unknown_1", "", 9, 7, VB_LE | VB_UNKNOWN, VB_RAW, KIND(0)},
    {"history.unknown_2_high", "", 17, 7, VB_LE | VB_UNKNOWN, VB_RAW, KIND(0)},
    {"history.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW, KIND(0)},
    {"history.unknown_4", "", 33, 7, VB_LE | VB_UNKNOWN, VB_RAW, KIND(0)},
    {"history.unknown_5_high", "", 42, 6, VB_LE | VB_UNKNOWN, VB_RAW, KIND(0)},
};

/* ---- 5EB, 1C2, 5B3, and what a ZE1 pack sends in a quick charge ---- */

/* A ZE1 sends E0 0F FF.. all the time, an e-NV200 with 40 kWh goes through indexes 1 to 5. */
static const struct vb_signal records[] = {
    {"records.unknown_0", "", 0, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"records.index", "", 5, 3, VB_LE | VB_GUESS, VB_RAW, .title = "Which record (DBC)"},
    {"records.unknown_1", "", 8, 4, VB_LE | VB_UNKNOWN, VB_RAW},
    {"records.part", "", 12, 4, VB_LE | VB_GUESS, VB_RAW, .title = "Which part of it (DBC)"},
    UNKNOWN("records", 2),
    UNKNOWN("records", 3),
    UNKNOWN("records", 4),
    UNKNOWN("records", 5),
    UNKNOWN("records", 6),
    UNKNOWN("records", 7),
};

static const struct vb_signal alive[] = {
    {"alive.unknown_0", "", 4, 4, VB_LE | VB_UNKNOWN, VB_RAW}, /* 5 */
};
static const struct vb_check alive_checks[] = {{VB_RULE_COUNTER, 0, 4, NULL}};

static const struct vb_signal car_copy[] = {
    UNKNOWN("car_copy", 0),
    {"car_copy.unknown_1", "", 8, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"battery.soh", "%", 9, 7, VB_LE, VB_RAW, .title = "State of health", VB_LIMITS(0, 100),
     .ovms = "v.b.soh", .vss = "Vehicle.Powertrain.TractionBattery.StateOfHealth"},
    UNKNOWN("car_copy", 2),
    UNKNOWN("car_copy", 3),
    UNKNOWN("car_copy", 4),
    UNKNOWN("car_copy", 5),
    UNKNOWN("car_copy", 6),
    UNKNOWN("car_copy", 7),
};

static const struct vb_signal quick_380[] = {
    UNKNOWN("quick_380", 0), UNKNOWN("quick_380", 1),
    UNKNOWN("quick_380", 2), UNKNOWN("quick_380", 3),
    UNKNOWN("quick_380", 4), UNKNOWN("quick_380", 5),
    UNKNOWN("quick_380", 6), {"quick_380.unknown_7", "", 62, 2, VB_LE | VB_UNKNOWN, VB_RAW},
};
static const struct vb_signal quick_5bf[] = {
    UNKNOWN("quick_5bf", 0), UNKNOWN("quick_5bf", 1),
    UNKNOWN("quick_5bf", 2), UNKNOWN("quick_5bf", 3),
    UNKNOWN("quick_5bf", 4), UNKNOWN("quick_5bf", 5),
    UNKNOWN("quick_5bf", 6), {"quick_5bf.unknown_7", "", 62, 2, VB_LE | VB_UNKNOWN, VB_RAW},
};

/* ---- the device ---- */

static const struct vb_message messages[] = {
    {VB_ID(0x1DB), .len_min = 8, .len_max = 8, .period_ms = 10, .name = "pack",
     .title = "Current, voltage, relay permission", VB_ROWS(pack), VB_CHECKS(leaf_crc)},
    {VB_ID(0x1DC), .len_min = 8, .len_max = 8, .period_ms = 10, .name = "limits",
     .title = "Power limits", VB_ROWS(limits), VB_CHECKS(leaf_crc)},
    {VB_ID(0x1ED), .len_min = 3, .len_max = 3, .period_ms = 10, .name = "charger",
     .title = "Charger limit of the 62 kWh pack", VB_ROWS(charger), VB_CHECKS(charger_counted)},
    {VB_ID(0x55B), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "charge",
     .title = "State of charge, insulation, sleep", VB_ROWS(charge), VB_CHECKS(leaf_crc)},
    {VB_ID(0x5BC), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "energy",
     .title = "Energy, bars, health, charging times", VB_ROWS(energy),
     WHEN(IN_AUTO | IN_AZE0 | IN_ZE1)},
    {VB_ID(0x5BC), .len_min = 8, .len_max = 8, .period_ms = 500, .name = "energy",
     .title = "Energy, bars, health, charging times", VB_ROWS(energy), WHEN(IN_ZE0)},
    {VB_ID(0x59E), .len_min = 8, .len_max = 8, .period_ms = 500, .name = "capacity",
     .title = "Energy for quick chargers (AZE0, ZE1)", VB_ROWS(capacity)},
    {VB_ID(0x5C0), .len_min = 8, .len_max = 8, .period_ms = 500, .name = "history",
     .title = "Extremes, heater, trouble codes", VB_ROWS(history)},
    {VB_ID(0x5EB), .len_min = 8, .len_max = 8, .period_ms = 500, .name = "records",
     .title = "Records, unknown (40 and 62 kWh)", VB_ROWS(records)},
    {VB_ID(0x1C2), .len_min = 1, .len_max = 1, .period_ms = 10, .name = "alive",
     .title = "Counter of the 62 kWh pack", VB_ROWS(alive), VB_CHECKS(alive_checks)},
    {VB_ID(0x5B3), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "car_copy",
     .title = "Copy for the CAR-CAN: health", VB_ROWS(car_copy)},
    /* A 62 kWh pack alone, and in a quick charge. A ZE0 charger has the same ids: leaf-charger. */
    {VB_ID(0x380), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "quick_380",
     .title = "Unknown (62 kWh pack alone)", VB_ROWS(quick_380), VB_CHECKS(leaf_nibbles),
     WHEN(IN_ZE1)},
    {VB_ID(0x5BF), .len_min = 8, .len_max = 8, .period_ms = 100, .name = "quick_5bf",
     .title = "Unknown (62 kWh pack alone)", VB_ROWS(quick_5bf), VB_CHECKS(leaf_nibbles),
     WHEN(IN_ZE1)},
};

LEAF_SETTINGS;

/* The generation of the pack, not of the car. 5EB is no sign of a ZE1: an e-NV200 with 40 kWh sends it, and has neither 1ED nor 1C2 (captures
 * leaf_env200_leafspy, leaf_env200_ac_charge_start; leaf-can.md section 0 says otherwise). */
static const struct vb_hint hints[] = {
    {0x1ED, 0, GENERATION, AUTO, ZE1, 3},
    {0x1C2, 0, GENERATION, AUTO, ZE1, 3},
    {0x59E, 0, GENERATION, AUTO, AZE0, 2}, /* ZE1 has it too */
    {0x50B, 6, GENERATION, AUTO, ZE0, 1},  /* later cars: 7 bytes */
};

static const char *const headline[] = {"battery.soc", "battery.voltage", "battery.current",
                                       "battery.soh", "battery.energy",  NULL};

const struct vb_device vb_device_leaf_battery = {
    .name = "leaf-battery",
    .title = "Nissan Leaf and e-NV200 traction battery",
    .kind = VB_KIND_CAN,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    VB_HINTS(hints),
    .headline = headline,
};
