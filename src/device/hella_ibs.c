/* hella_ibs.c - Hella battery sensor IBS 200X on LIN: current, voltage, temperature, charge.
 * Listens only: the bus leader asks (the Ford Nugget asks for 22, 25 and 26 every 360 ms).
 * Left out: ids 11/12 and 34..37 (seen, unknown), configuration by 3C/3D (it changes a sensor in a
 * customer's vehicle).
 * Facts: reference/camper-lin.md section 2. SRC = the Ford Nugget notes, IBSLIB = mestrode's
 * IBS-Sensor-Library, RVSC = RvSmartControl.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

/* The label on the sensor says "Sensor 1" or "Sensor 2": the same frames on other ids. */
enum { SENSOR, GENERATION };
#define SENSOR_1     .when = {SENSOR, 1 << 0}
#define SENSOR_2     .when = {SENSOR, 1 << 1}
#define GENERATION_1 .when = {GENERATION, 1 << 0}
#define GENERATION_2 .when = {GENERATION, 1 << 1}

static const struct vb_signal status[] = {
    /* IBSLIB tests the bit with ~ on an int, which is always true; others wait until it is 0. */
    {"sensor.busy", "", 0, 1, VB_LE, VB_RAW, .title = "Sensor is busy: its answers are not ready",
     .words = vb_no_yes},
    {"status.unknown_0", "", 1, 7, VB_LE | VB_UNKNOWN, VB_RAW}, /* C0, C2, D0 seen */
};

static const struct vb_signal current[] = {
    {"battery.current", "A", 0, 24, VB_LE, VB_SCALE(1, -2000000, 1000),
     .title = "Battery current, positive when charging", VB_LIMITS(-2000, 2000)},
    {"battery.voltage", "V", 24, 16, VB_LE, VB_SCALE(1, 0, 1000), .title = "Battery voltage",
     VB_LIMITS(0, 32)},
    /* RVSC and others cut the half degree off; the bit is there. */
    {"battery.temperature", "°C", 40, 8, VB_LE, VB_SCALE(1, -80, 2),
     .title = "Temperature at the battery pole", VB_LIMITS(-40, 87.5)},
    /* 7A and 7C seen: "7C when voltage fell below some point" (SRC). */
    {"current.unknown_6", "", 48, 7, VB_LE | VB_UNKNOWN, VB_RAW},
    {"sensor.error", "", 55, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Sensor reports an error (RVSC)",
     .words = vb_no_yes},
};

static const struct vb_signal error[] = {
    {"error.unknown_0", "", 0, 8, VB_LE | VB_UNKNOWN, VB_RAW, .title = "Error flags of the sensor"},
};

static const struct vb_signal details[] = {
    {"details.unknown_0", "", 0, 16, VB_LE | VB_UNKNOWN, VB_RAW},
    {"details.unknown_2", "", 16, 16, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_signal state[] = {
    {"battery.soc", "%", 0, 8, VB_LE, VB_SCALE(1, 0, 2), .title = "State of charge",
     VB_LIMITS(0, 100), .ha = "battery"},
    {"battery.soh", "%", 8, 8, VB_LE, VB_SCALE(1, 0, 2), .title = "State of health",
     VB_LIMITS(0, 100)},
    {"state.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* FF and E9 seen */
    /* Unknown to SRC, named by RVSC as 13.0 V + 0.05 V * (u8 - 160) = (u8 + 100) / 20. Both samples
     * give sensible values (14.20 V, 14.35 V). */
    {"battery.charge_voltage", "V", 24, 8, VB_LE | VB_GUESS, VB_SCALE(1, 100, 20),
     .title = "Voltage the sensor finds best for charging", VB_LIMITS(10, 17)},
    /* u16/100 mΩ (RVSC); one sample shows 0 = not measured yet. */
    {"battery.resistance", "Ω", 32, 16, VB_LE | VB_GUESS, VB_SCALE(1, 0, 100000),
     .title = "Inner resistance, average", VB_LIMITS(0, 0.5)},
};

static const struct vb_signal capacity[] = {
    /* RVSC calls this one "available" and the next "dischargeable". SRC's names stand here: its
     * author watched both over weeks. Available may pass max while charging: not an error. */
    {"battery.capacity_max", "Ah", 0, 16, VB_LE, VB_SCALE(1, 0, 10),
     .title = "Highest capacity seen", VB_LIMITS(0, 1000)},
    {"battery.capacity_available", "Ah", 16, 16, VB_LE, VB_SCALE(1, 0, 10),
     .title = "Capacity that can be drawn", VB_LIMITS(0, 1000)},
    /* SRC gives no scale but says its van has 190 Ah and reads 5F = 95: a generation 2 sensor. */
    {"battery.capacity_configured", "Ah", 32, 8, VB_LE, VB_RAW,
     .title = "Nominal capacity as configured", VB_LIMITS(0, 1000), GENERATION_1},
    {"battery.capacity_configured", "Ah", 32, 8, VB_LE, VB_SCALE(2, 0, 1),
     .title = "Nominal capacity as configured", VB_LIMITS(0, 1000), GENERATION_2},
    {"battery.calibrated", "", 40, 1, VB_LE, VB_RAW, .title = "Sensor has learned the battery",
     .words = vb_no_yes},
    {"capacity.unknown_5", "", 41, 7, VB_LE | VB_UNKNOWN, VB_RAW}, /* all ones: filling? */
};

#define MESSAGE(number, bytes, text, long_text, table, sensor)                                     \
    {                                                                                              \
        VB_ID(number), .len_min = (bytes), .len_max = (bytes), .period_ms = 360, .name = (text),   \
                       .title = (long_text), VB_ROWS(table), sensor                                \
    }

static const struct vb_message messages[] = {
    MESSAGE(0x21, 1, "status", "Ready or busy", status, SENSOR_1),
    MESSAGE(0x22, 7, "current", "Current, voltage, temperature", current, SENSOR_1),
    MESSAGE(0x23, 1, "error", "Error flags", error, SENSOR_1),
    MESSAGE(0x24, 4, "details", "Two numbers that nobody knows", details, SENSOR_1),
    MESSAGE(0x25, 6, "state", "State of charge and health", state, SENSOR_1),
    MESSAGE(0x26, 6, "capacity", "Capacities", capacity, SENSOR_1),
    MESSAGE(0x27, 1, "status", "Ready or busy", status, SENSOR_2),
    MESSAGE(0x28, 7, "current", "Current, voltage, temperature", current, SENSOR_2),
    MESSAGE(0x29, 1, "error", "Error flags", error, SENSOR_2),
    MESSAGE(0x2A, 4, "details", "Two numbers that nobody knows", details, SENSOR_2),
    MESSAGE(0x2B, 6, "state", "State of charge and health", state, SENSOR_2),
    MESSAGE(0x2C, 6, "capacity", "Capacities", capacity, SENSOR_2),
};

static const char *const one_two[] = {"1", "2", NULL};

static const struct vb_setting settings[] = {
    [SENSOR] = {"sensor", "Number on the sensor's label: 1 = ids 21..26, 2 = ids 27..2C", one_two,
                0},
    [GENERATION] = {"generation", "2: the configured capacity is sent in steps of 2 Ah", one_two,
                    0},
};

static const char *const headline[] = {"battery.voltage", "battery.current", "battery.soc",
                                       "battery.temperature", NULL};

const struct vb_device vb_device_hella_ibs = {
    .name = "hella-ibs",
    .title = "Hella IBS 200X battery sensor",
    .kind = VB_KIND_LIN,
    VB_MESSAGES(messages),
    VB_SETTINGS(settings),
    .headline = headline,
};
