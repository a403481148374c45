/* nugget_panel.c - Ford Nugget camper: what the touch panel (or the electronics) asks for, id 01.
 * Facts: reference/camper-lin.md section 5; who publishes it is open.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

enum { ROW_COOLBOX_LEVEL = 4 }; /* the argument of the command below */

static const struct vb_signal command[] = {
    {"panel.touched", "", 0, 1, VB_LE, VB_RAW, .title = "Display is being operated (0.4 to 0.5 s)",
     .words = vb_no_yes},
    {"pump.on", "", 1, 1, VB_LE, VB_RAW, .title = "Water pump is on", .words = vb_no_yes},
    {"command.unknown_0", "", 2, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"command.unknown_1", "", 8, 4, VB_LE | VB_UNKNOWN, VB_RAW},
    /* The notes say "bits 5,4" and "0-5"; two bits hold 0..3 only, so the whole high nibble. */
    [ROW_COOLBOX_LEVEL] = {"coolbox.level", "", 12, 4, VB_LE, VB_RAW,
                           .title = "Coolbox level as set, 0 to 5", VB_LIMITS(0, 5)},
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

/* Safe is off: the coolbox runs on the leisure battery, and a box that nobody asks for any more must
 * not empty it. */
static const struct vb_command commands[] = {
    {"coolbox.level",
     "Coolbox level, 0 is off",
     0,
     &command[ROW_COOLBOX_LEVEL],
     {VB_MILLI(0), VB_MILLI(5)},
     0},
};

static const char *const headline[] = {"coolbox.level", "pump.on", NULL};

const struct vb_device vb_device_nugget_panel = {
    .name = "nugget-panel",
    .title = "Ford Nugget touch panel: water pump, coolbox level",
    .kind = VB_KIND_LIN,
    VB_MESSAGES(messages),
    VB_COMMANDS(commands),
    .headline = headline,
};
