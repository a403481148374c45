/* leaf_quick_charge.c - CHAdeMO as a Nissan Leaf hears and says it: the copies on its EV-CAN (ids 3B9 to 4C0), or the
 * frames of the plug itself (100 to 209, 700), by the setting "bus".
 * Left out: dynamic control by the charger (118).
 * Facts: reference/leaf-can.md section 5, checked against the captures of a ZE1 that it names: words of two bytes are
 * little endian, although the DBC (dalathegreat/leaf_can_bus_messages) has some the other way round.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

enum { BUS };
enum { EV_CAN, PLUG };
static const char *const buses[] = {[EV_CAN] = "ev-can", [PLUG] = "plug", NULL};
static const struct vb_setting settings[] = {
    [BUS] = {"bus", "ev-can = the copies in a Leaf, plug = the CHAdeMO plug itself", buses, EV_CAN},
};

/* clang-format off */
#define UNKNOWN(name, byte) {name ".unknown_" #byte, "", 8 * (byte), 8, VB_LE | VB_UNKNOWN, VB_RAW}
/* clang-format on */
#define VOLT             VB_RAW, VB_LIMITS(0, 1200)
#define AMP              VB_RAW, VB_LIMITS(0, 255)
#define WORD(name, byte) name, "V", 8 * (byte), 16, VB_LE, VOLT

static const struct vb_signal car_limits[] = {
    {"car.current_min", "A", 0, 8, VB_LE, AMP, .title = "Lowest charging current"},
    UNKNOWN("car_limits", 1),
    {WORD("car.voltage_min", 2), .title = "Lowest battery voltage"},
    {WORD("car.voltage_max", 4), .title = "Highest battery voltage: the charger stops there"},
    {"car.soc_full", "", 48, 8, VB_LE, VB_RAW, .title = "Number that stands for a full battery"},
    UNKNOWN("car_limits", 7),
};

static const struct vb_signal car_times[] = {
    UNKNOWN("car_times", 0),
    {"car.time_max_fine", "s", 8, 8, VB_LE, VB_SCALE(10, 0, 1),
     .title = "Longest charging time, in 10 s; none: in minutes", VB_LIMITS(0, 2540),
     VB_NOT_AVAILABLE(0xFF)},
    {"car.time_max", "s", 16, 8, VB_LE, VB_SCALE(60, 0, 1), .title = "Longest charging time",
     VB_LIMITS(0, 15300)},
    {"car.time_estimated", "s", 24, 8, VB_LE, VB_SCALE(60, 0, 1),
     .title = "Estimated charging time", VB_LIMITS(0, 15300)},
    UNKNOWN("car_times", 4),
    {"car.capacity", "Wh", 40, 16, VB_LE | VB_GUESS, VB_SCALE(110, 0, 1),
     .title = "Rated capacity of the battery", VB_LIMITS(0, 200000)},
    UNKNOWN("car_times", 7),
};

static const struct vb_word car_faults[] = {{0, "over-voltage"},      {1, "under-voltage"},
                                            {2, "current-deviation"}, {3, "hot"},
                                            {4, "voltage-deviation"}, {0, NULL}};
static const struct vb_word car_status[] = {
    {0, "charging"},     {1, "not-in-park"},   {2, "fault"}, {3, "contactors-open"},
    {4, "stop-request"}, {7, "can-feed-back"}, {0, NULL}};
static const struct vb_signal car_request[] = {
    {"car.protocol", "", 0, 8, VB_LE, VB_RAW, .title = "Protocol number of the car"},
    {WORD("car.voltage_target", 1), .title = "Voltage that the car asks for"},
    {"car.current_request", "A", 24, 8, VB_LE, AMP, .title = "Current that the car asks for"},
    {"car.faults", "", 32, 8, VB_LE | VB_BITS, VB_RAW, .title = "Faults that the car sees",
     .words = car_faults},
    {"car.status", "", 40, 8, VB_LE | VB_BITS, VB_RAW, .title = "State of the car",
     .words = car_status},
    {"car.soc", "", 48, 8, VB_LE, VB_RAW,
     .title = "State of charge; of car.soc_full, which is 100 for percent"},
    UNKNOWN("car_request", 7),
};

static const struct vb_signal car_discharge[] = {
    {"car.discharge_current_max", "A", 0, 8, VB_LE | VB_GUESS, AMP,
     .title = "Current that may be taken out"},
    UNKNOWN("car_discharge", 1),
    UNKNOWN("car_discharge", 2),
    UNKNOWN("car_discharge", 3),
    {"car.discharge_voltage_min", "V", 32, 16, VB_LE | VB_GUESS, VOLT,
     .title = "Lowest voltage when feeding back"},
    {"car.discharge_soc_min", "", 48, 8, VB_LE | VB_GUESS, VB_RAW,
     .title = "Lowest state of charge when feeding back"},
    {"car.charge_capacity", "", 56, 8, VB_LE | VB_GUESS, VB_RAW,
     .title = "Remaining capacity for charging, 255 = not said"},
};

static const struct vb_word dynamic[] = {
    {0, "dynamic"}, {1, "high-current"}, {2, "high-voltage"}, {0, NULL}};
static const struct vb_signal car_dynamic[] = {
    {"car.control", "", 0, 8, VB_LE | VB_BITS, VB_RAW, .title = "Ways of control that are allowed",
     .words = dynamic},
    UNKNOWN("car_dynamic", 1),
    UNKNOWN("car_dynamic", 2),
    UNKNOWN("car_dynamic", 3),
    UNKNOWN("car_dynamic", 4),
    UNKNOWN("car_dynamic", 5),
    UNKNOWN("car_dynamic", 6),
    UNKNOWN("car_dynamic", 7),
};

static const struct vb_signal car_energy[] = {
    {"car.sequence", "", 0, 8, VB_LE, VB_RAW, .title = "Number of the sequence for feeding back"},
    {"car.discharge_time", "s", 8, 16, VB_LE | VB_GUESS, VB_SCALE(60, 0, 1),
     .title = "Time until feeding back ends", VB_LIMITS(0, 3932100)},
    {"car.energy", "", 24, 16, VB_LE | VB_GUESS, VB_RAW,
     .title = "Energy that the car has to give, in unknown steps"},
    UNKNOWN("car_energy", 5),
    UNKNOWN("car_energy", 6),
    UNKNOWN("car_energy", 7),
};

static const struct vb_signal car_maker[] = {
    {"car.maker", "", 0, 8, VB_LE, VB_RAW, .title = "Code of the maker, 1 = Nissan"},
    UNKNOWN("car_maker", 1),
    UNKNOWN("car_maker", 2),
    UNKNOWN("car_maker", 3),
    UNKNOWN("car_maker", 4),
    UNKNOWN("car_maker", 5),
    UNKNOWN("car_maker", 6),
    UNKNOWN("car_maker", 7),
};

static const struct vb_signal car_lock[] = {
    UNKNOWN("car_lock", 0), UNKNOWN("car_lock", 1), UNKNOWN("car_lock", 2), UNKNOWN("car_lock", 3),
    UNKNOWN("car_lock", 4), UNKNOWN("car_lock", 5), UNKNOWN("car_lock", 6), UNKNOWN("car_lock", 7),
};

static const struct vb_signal station_limits[] = {
    {"station.weld_detection", "", 0, 8, VB_LE, VB_RAW,
     .title = "Supports the check for welded contactors", .words = vb_no_yes},
    {WORD("station.voltage_max", 1), .title = "Voltage that is available"},
    {"station.current_max", "A", 24, 8, VB_LE, AMP, .title = "Current that is available"},
    {WORD("station.voltage_threshold", 4), .title = "Voltage at which the station stops"},
    UNKNOWN("station_limits", 6),
    UNKNOWN("station_limits", 7),
};

static const struct vb_word station_status[] = {
    {0, "charging"},     {1, "station-fault"}, {2, "locked"}, {3, "incompatible"},
    {4, "system-fault"}, {5, "stop"},          {0, NULL}};
static const struct vb_signal station_output[] = {
    {"station.protocol", "", 0, 8, VB_LE, VB_RAW, .title = "Protocol number of the station"},
    {WORD("station.voltage", 1), .title = "Voltage at the plug"},
    {"station.current", "A", 24, 8, VB_LE, AMP, .title = "Current into the car"},
    UNKNOWN("station_output", 4),
    {"station.status", "", 40, 8, VB_LE | VB_BITS, VB_RAW, .title = "State of the station",
     .words = station_status},
    {"station.time_left_fine", "s", 48, 8, VB_LE, VB_SCALE(10, 0, 1),
     .title = "Remaining time, in 10 s; none: in minutes", VB_LIMITS(0, 2540),
     VB_NOT_AVAILABLE(0xFF)},
    {"station.time_left", "s", 56, 8, VB_LE, VB_SCALE(60, 0, 1), .title = "Remaining time",
     VB_LIMITS(0, 15300)},
};

static const struct vb_signal station_discharge[] = {
    UNKNOWN("station_discharge", 0), UNKNOWN("station_discharge", 1),
    UNKNOWN("station_discharge", 2), UNKNOWN("station_discharge", 3),
    UNKNOWN("station_discharge", 4), UNKNOWN("station_discharge", 5),
    UNKNOWN("station_discharge", 6), UNKNOWN("station_discharge", 7),
};
static const struct vb_signal station_sequence[] = {
    {"station.sequence", "", 0, 8, VB_LE, VB_RAW,
     .title = "Number of the sequence for feeding back"},
    UNKNOWN("station_sequence", 1),
    UNKNOWN("station_sequence", 2),
    UNKNOWN("station_sequence", 3),
    UNKNOWN("station_sequence", 4),
    UNKNOWN("station_sequence", 5),
    UNKNOWN("station_sequence", 6),
    UNKNOWN("station_sequence", 7),
};

/* A frame and its copy. */
/* clang-format off */
#define BOTH(copy, plug, table, text)                                                              \
    {VB_ID(copy), .len_min = 8, .len_max = 8, .period_ms = 100, .name = #table, .title = (text),   \
     VB_ROWS(table), .when = {BUS, 1 << EV_CAN}},                                                  \
    {VB_ID(plug), .len_min = 8, .len_max = 8, .period_ms = 100, .name = #table, .title = (text),   \
     VB_ROWS(table), .when = {BUS, 1 << PLUG}}
/* clang-format on */
static const struct vb_message messages[] = {
    BOTH(0x3B9, 0x100, car_limits, "Car: limits of the battery"),
    BOTH(0x3BB, 0x101, car_times, "Car: charging times"),
    BOTH(0x3BC, 0x102, car_request, "Car: what it asks for, faults, state"),
    BOTH(0x3BE, 0x200, car_discharge, "Car: limits of feeding back"),
    BOTH(0x4BA, 0x110, car_dynamic, "Car: ways of control"),
    BOTH(0x4BB, 0x201, car_energy, "Car: energy for feeding back"),
    BOTH(0x4BC, 0x700, car_maker, "Car: maker"),
    BOTH(0x4C0, 0x202, car_lock, "Car: unknown"),
    BOTH(0x3C8, 0x108, station_limits, "Station: what it can give"),
    BOTH(0x3C9, 0x109, station_output, "Station: what it gives, faults, state"),
    BOTH(0x3CD, 0x208, station_discharge, "Station: feeding back"),
    BOTH(0x4BE, 0x209, station_sequence, "Station: sequence of feeding back"),
};

static const char *const headline[] = {"station.voltage", "station.current", "car.current_request",
                                       "car.status",      "station.status",  NULL};

const struct vb_device vb_device_leaf_quick_charge = {
    .name = "leaf-quick-charge",
    .title = "CHAdeMO quick charge, as a Nissan Leaf has it on its EV-CAN, or on the plug",
    .kind = VB_KIND_CAN,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    .headline = headline,
};
