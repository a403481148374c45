/* nugget_body.c - Ford Nugget camper: sensors of the central electronics (LIN id 02) and coolbox
 * and car signals (id 04).
 * Facts: reference/camper-lin.md section 5.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

/* Byte 3 of id 04 repeats bits upside down: 0 = yes. */
static const struct vb_word yes_no[] = {{0, "yes"}, {1, "no"}, {0, NULL}};
static const struct vb_word on_off[] = {{0, "on"}, {1, "off"}, {0, NULL}};

/* A coolbox freezes, and stands in a car in the sun. What another bus sends on this id is often far
 * below: 25 - 255 = -230. */
#define COOLBOX VB_LIMITS(-30, 60)

static const struct vb_signal sensors[] = {
    /* Both fall as the number rises. */
    {"outside.temperature", "°C", 0, 8, VB_LE, VB_SCALE(-1, 120, 2), .title = "Outside temperature",
     VB_LIMITS(-60, 60)},
    {"inside.temperature", "°C", 8, 8, VB_LE, VB_SCALE(-1, 120, 2), .title = "Inside temperature",
     VB_LIMITS(-60, 60)},
    {"sensors.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* D7: sensor absent? */
    {"sensors.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* D7 */
    /* A fit of the notes' author: T = 25 - x, "very linear". */
    {"coolbox.temperature", "°C", 32, 8, VB_LE, VB_SCALE(-1, 25, 1), .title = "Coolbox temperature",
     COOLBOX},
    /* "Grey and Fresh": the order of the nibbles is read from these words only. */
    {"tank.fresh.level", "", 40, 4, VB_LE | VB_GUESS, VB_RAW, .title = "Fresh water, 0 to 5",
     VB_LIMITS(0, 5)},
    {"tank.grey.level", "", 44, 4, VB_LE | VB_GUESS, VB_RAW, .title = "Grey water, 0 to 5",
     VB_LIMITS(0, 5)},
    {"sensors.unknown_6", "", 48, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"menu.touched", "", 54, 1, VB_LE, VB_RAW, .title = "Menu is being operated (0.4 to 0.5 s)",
     .words = vb_no_yes},
    {"sensors.unknown_6_high", "", 55, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"tap.open", "", 56, 1, VB_LE, VB_RAW, .title = "Water tap is open", .words = vb_no_yes},
    {"sensors.unknown_7", "", 57, 7, VB_LE | VB_UNKNOWN, VB_RAW},
};

/* "Mostly 3-byte frames, periodically 8-byte": a LIN id has one length, but a slow responder is cut
 * off by the notes' listener (2 ms without a byte), and 00 02 00 fits as the first 3 of the 8
 * bytes. Rows beyond the end are left out. */
static const struct vb_signal vehicle[] = {
    {"ignition.on", "", 0, 1, VB_LE, VB_RAW, .title = "Car contact is on", .words = vb_no_yes},
    {"vehicle.unknown_0", "", 1, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"engine.running", "", 2, 1, VB_LE, VB_RAW, .title = "Car engine runs", .words = vb_no_yes},
    {"vehicle.unknown_0_high", "", 3, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"vehicle.unknown_1", "", 8, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"coolbox.compressor", "", 9, 1, VB_LE, VB_RAW, .title = "Coolbox compressor",
     .words = vb_off_on},
    {"vehicle.unknown_1_high", "", 10, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"vehicle.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    /* Bytes 0 and 3 say the same twice (3B normal, 36 engine running): compare them. */
    {"ignition.on_copy", "", 24, 1, VB_LE, VB_RAW, .title = "Car contact is on, second bit",
     .words = yes_no},
    /* The notes' table says "1 = compressor runs", their text says byte 3 shows the opposite of
     * byte 1, and their sample agrees with the text (3B while byte 1 is 00). */
    {"coolbox.compressor_copy", "", 25, 1, VB_LE | VB_GUESS, VB_RAW,
     .title = "Coolbox compressor, second bit", .words = on_off},
    {"engine.running_copy", "", 26, 1, VB_LE, VB_RAW, .title = "Car engine runs, second bit",
     .words = vb_no_yes},
    {"vehicle.unknown_3", "", 27, 5, VB_LE | VB_UNKNOWN, VB_RAW},
    {"coolbox.temperature_copy", "°C", 32, 8, VB_LE, VB_SCALE(-1, 25, 1),
     .title = "Coolbox temperature, as in frame 02", COOLBOX},
    {"vehicle.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"vehicle.unknown_6", "", 48, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"heater.setpoint_touched", "", 54, 1, VB_LE, VB_RAW,
     .title = "Heater set point is being changed (0.4 to 0.5 s)", .words = vb_no_yes},
    {"vehicle.unknown_6_high", "", 55, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"vehicle.unknown_7", "", 56, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* 01 */
};

static const struct vb_message messages[] = {
    {VB_ID(0x02), .len_min = 8, .len_max = 8, .period_ms = 180, .name = "sensors",
     .title = "Temperatures, tanks, tap", VB_ROWS(sensors)},
    {VB_ID(0x04), .len_min = 3, .len_max = 8, .period_ms = 360, .name = "vehicle",
     .title = "Contact, engine, coolbox", VB_ROWS(vehicle)},
};

static const char *const headline[] = {"coolbox.temperature", "inside.temperature",
                                       "outside.temperature", "tank.fresh.level",
                                       "tank.grey.level",     NULL};

const struct vb_device vb_device_nugget_body = {
    .name = "nugget-body",
    .title = "Ford Nugget central electronics: temperatures, tanks, coolbox, car signals",
    .kind = VB_KIND_LIN,
    VB_MESSAGES(messages),
    .headline = headline,
};
