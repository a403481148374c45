/* dometic_smp439a.c - Dometic PerfectCharge SMP439A, the camper's 230 V charger on LIN.
 * It answers only while mains is there: an unanswered header means "no shore power".
 * Facts: reference/camper-lin.md section 4. SRC = the Ford Nugget notes, WIKI = wiki.womonet.io.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

static const struct vb_signal voltage[] = {
    /* 50 in the first run, then near 183. WIKI: voltage setting * 0.5 (B9 = 92.5 V: no). */
    {"voltage.unknown_0", "", 0, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"charger.voltage", "V", 8, 16, VB_LE, VB_SCALE(1, 0, 1000), .title = "Charging voltage",
     VB_LIMITS(0, 32)},
    {"voltage.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* 0; WIKI: bit 1 = silent */
};

static const struct vb_signal current[] = {
    /* SRC says 0.5 A a step, which makes 17.5 A of its sample 23, and "typically 5, up to 7 A".
     * WIKI's 0.2 A gives 7.0 A: that one fits. */
    {"charger.current", "A", 0, 8, VB_LE | VB_GUESS, VB_SCALE(1, 0, 5),
     .title = "Charging current into the battery", VB_LIMITS(0, 50)},
    /* WIKI's bits. SRC saw 00, 09, 14: it charges in 09 (silent, charging), not in 14 (error). */
    {"charger.silent", "", 8, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Silent mode: fan is slow",
     .words = vb_no_yes},
    {"charger.reduced_power", "", 9, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Power is reduced",
     .words = vb_no_yes},
    {"charger.error", "", 10, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Charger reports an error",
     .words = vb_no_yes},
    {"charger.charging", "", 11, 1, VB_LE | VB_GUESS, VB_RAW, .title = "Charging",
     .words = vb_no_yes},
    {"current.unknown_1", "", 12, 4, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_message messages[] = {
    {VB_ID(0x18), .len_min = 4, .len_max = 4, .period_ms = 360, .name = "voltage",
     .title = "Charging voltage", VB_ROWS(voltage)},
    {VB_ID(0x19), .len_min = 2, .len_max = 2, .period_ms = 360, .name = "current",
     .title = "Charging current and state", VB_ROWS(current)},
};

static const char *const headline[] = {"charger.voltage", "charger.current", "charger.charging",
                                       NULL};

const struct vb_device vb_device_dometic_smp439a = {
    .name = "dometic-smp439a",
    .title = "Dometic PerfectCharge SMP439A battery charger",
    .kind = VB_KIND_LIN,
    VB_MESSAGES(messages),
    .headline = headline,
};
