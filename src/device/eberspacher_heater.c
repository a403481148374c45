/* eberspacher_heater.c - Eberspacher diesel heater of the Ford Nugget on LIN, ids 39 and 3A.
 * Raw bytes only. The notes name what is inside (mode, set point, interior temperature in 0.1 °C, a
 * status byte that is 07, or 27 while the burner runs in comfort mode) but the table that said
 * which byte is which is lost, so even the running bit has no place here. Scales are not invented.
 * Facts: reference/camper-lin.md section 6, which lists what to test on a real capture.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

#define BYTE(message, number)                                                                      \
    { message ".unknown_" #number, "", 8 * number, 8, VB_LE | VB_UNKNOWN, VB_RAW }
#define BYTES(message)                                                                             \
    BYTE(message, 0), BYTE(message, 1), BYTE(message, 2), BYTE(message, 3), BYTE(message, 4),      \
        BYTE(message, 5), BYTE(message, 6), BYTE(message, 7)

/* Leader to heater: mode, comfort or intensive, set point, interior temperature. */
static const struct vb_signal control[] = {BYTES("control")};
/* Heater to leader: status, sensors, a copy of the set point. */
static const struct vb_signal state[] = {BYTES("state")};

/* The lengths are not known either: 8 bytes or fewer. */
static const struct vb_message messages[] = {
    {VB_ID(0x39), .len_min = 1, .len_max = 8, .period_ms = 360, .name = "control",
     .title = "What the leader tells the heater", VB_ROWS(control)},
    {VB_ID(0x3A), .len_min = 1, .len_max = 8, .period_ms = 360, .name = "state",
     .title = "What the heater answers", VB_ROWS(state)},
};

/* Nothing here is understood: where each frame begins, the notes expect mode and status. */
const struct vb_device vb_device_eberspacher_heater = {
    .name = "eberspacher-heater",
    .title = "Eberspacher diesel heater of the Ford Nugget (raw bytes)",
    .kind = VB_KIND_LIN,
    VB_MESSAGES(messages),
};
