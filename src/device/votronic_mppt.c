/* votronic_mppt.c - Votronic MPP 440 CI solar charger on LIN (CI bus), id 20.
 * Left out: the display bus of the same charger, which is RS485 and another protocol.
 * Facts: reference/camper-lin.md section 3. SRC = the Ford Nugget notes, WIKI = wiki.womonet.io
 * (the Dometic solar charger answers on the same id; its author says it may be wrong).
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

/* WIKI's table; SRC saw 0 and 1 only. Float would be 46 or 4E. */
static const struct vb_word modes[] = {
    {0, "bulk"}, {1, "absorption"}, {2, "float"}, {3, "desulfation"}, {0, NULL}};

/* SRC took bytes 0..3 as one number, x/47500 W. One step of its upper half is 65536/47500 = 1.38 W:
 * with 0.1 A a step (WIKI) that is 13.80 V, exactly a charging battery. So the upper half is the
 * current, and SRC's power is 13.8 V times it; the lower half is a voltage of its own. */
static const struct vb_signal state[] = {
    /* Panel or battery? By day 1200..1450 would be the battery, 1500..4500 the panel. */
    {"solar.voltage", "V", 0, 16, VB_LE | VB_GUESS, VB_SCALE(1, 0, 100),
     .title = "Voltage, of the panel or of the battery", VB_LIMITS(0, 100)},
    {"solar.current", "A", 16, 16, VB_LE, VB_SCALE(1, 0, 10),
     .title = "Charging current into the battery", VB_LIMITS(0, 100)},
    {"solar.power_provisional", "W", 0, 32, VB_LE | VB_VIEW | VB_GUESS, VB_SCALE(1, 0, 47500),
     .title = "Power as first published: 13.8 V assumed", VB_LIMITS(0, 1500), .decimals = 1},
    {"solar.mode", "", 32, 2, VB_LE | VB_GUESS, VB_RAW, .title = "Charging phase", .words = modes},
    {"solar.on", "", 34, 1, VB_LE, VB_RAW, .title = "Charger is awake", .words = vb_no_yes},
    /* SRC reads the next two as absorption phases; it saw bit 4 with the engine running. */
    {"solar.reduced_power", "", 35, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Power is reduced",
     .words = vb_no_yes},
    {"solar.fuse_error", "", 36, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Fuse error (doubtful)",
     .words = vb_no_yes},
    {"state.unknown_4", "", 37, 1, VB_LE | VB_UNKNOWN, VB_RAW},
    {"solar.mppt_active", "", 38, 1, VB_LE, VB_RAW, .title = "Tracking the best panel voltage",
     .words = vb_no_yes},
    {"state.unknown_4_high", "", 39, 1, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_message messages[] = {
    {VB_ID(0x20), .len_min = 5, .len_max = 5, .period_ms = 360, .name = "state",
     .title = "Voltage, current and phase", VB_ROWS(state)},
};

static const char *const headline[] = {"solar.current", "solar.voltage", "solar.mode", NULL};

const struct vb_device vb_device_votronic_mppt = {
    .name = "votronic-mppt",
    .title = "Votronic MPP 440 CI solar charger",
    .kind = VB_KIND_LIN,
    VB_MESSAGES(messages),
    .headline = headline,
};
