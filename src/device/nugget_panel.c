/* nugget_panel.c - Ford Nugget camper: what the touch panel (or the electronics) asks for, id 01.
 * Facts: reference/camper-lin.md section 5; who publishes it is open.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

static const struct vb_signal command[] = {
    {"panel.touched", "", 0, 1, VB_LE, VB_RAW, .title = "Display is being operated (0.4 to 0.5 s)",
     .words = vb_no_yes},
    {"pump.on", "", 1, 1, VB_LE, VB_RAW, .title = "Water pump is on", .words = vb_no_yes},
    {"command.unknown_0", "", 2, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"command.unknown_1", "", 8, 4, VB_LE | VB_UNKNOWN, VB_RAW},
    /* The notes say "bits 5,4" and "0-5"; two bits hold 0..3 only, so the whole high nibble. */
    {"coolbox.level", "", 12, 4, VB_LE, VB_RAW, .title = "Coolbox level as set, 0 to 5",
     VB_LIMITS(0, 5)},
    {"command.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"command.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"command.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"command.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"command.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"command.unknown_7", "", 56, 8, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_message messages[] = {
    {VB_ID(0x01), .len_min = 8, .len_max = 8, .period_ms = 180, .name = "command",
     .title = "Pump and coolbox level", VB_ROWS(command)},
};

const struct vb_device vb_device_nugget_panel = {
    .name = "nugget-panel",
    .title = "Ford Nugget touch panel: water pump, coolbox level",
    .kind = VB_KIND_LIN,
    VB_MESSAGES(messages),
};
