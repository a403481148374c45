/* nugget_led.c - Ford Nugget camper: light settings from the panel (LIN id 05) and the state of the
 * LED module (id 3B).
 * Facts: reference/camper-lin.md section 5.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"

enum { ROW_SET_TONE = 2, ROW_SET_INTENSITY }; /* the arguments of the commands below */

/* Panel to LED module. Keeps the set values while the light is off. */
static const struct vb_signal setting[] = {
    {"setting.unknown_0", "", 0, 7, VB_LE | VB_UNKNOWN, VB_RAW},
    {"led.set.changing", "", 7, 1, VB_LE, VB_RAW, .title = "Being changed on the touch screen",
     .words = vb_no_yes},
    /* Which nibble is which is not stated: intensity is assumed to stand first. */
    [ROW_SET_TONE] = {"led.set.tone", "", 8, 4, VB_LE | VB_GUESS, VB_RAW,
                      .title = "Colour tone as set, 1 to 10", VB_LIMITS(0, 10)},
    [ROW_SET_INTENSITY] = {"led.set.intensity", "", 12, 4, VB_LE | VB_GUESS, VB_RAW,
                           .title = "Brightness as set, 1 to 10", VB_LIMITS(0, 10)},
    {"setting.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* this and the rest: 0 */
    {"setting.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"setting.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"setting.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"setting.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"setting.unknown_7", "", 56, 8, VB_LE | VB_UNKNOWN, VB_RAW},
};

/* LED module. Shows 0 while the light is off. */
static const struct vb_signal state[] = {
    {"led.enabled", "", 0, 1, VB_LE, VB_RAW,
     .title = "Light may be used: no when off on the screen or just after 12 V on",
     .words = vb_no_yes},
    {"state.unknown_0", "", 1, 6, VB_LE | VB_UNKNOWN, VB_RAW},
    {"led.changing", "", 7, 1, VB_LE, VB_RAW, .title = "Being changed on the dimmer knob",
     .words = vb_no_yes},
    {"led.tone", "", 8, 4, VB_LE | VB_GUESS, VB_RAW, .title = "Colour tone, 1 to 10; 0 off",
     VB_LIMITS(0, 10)},
    {"led.intensity", "", 12, 4, VB_LE | VB_GUESS, VB_RAW, .title = "Brightness, 1 to 10; 0 off",
     VB_LIMITS(0, 10)},
    {"state.unknown_2", "", 16, 8, VB_LE | VB_UNKNOWN, VB_RAW}, /* this and the rest: 0 */
    {"state.unknown_3", "", 24, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"state.unknown_4", "", 32, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"state.unknown_5", "", 40, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"state.unknown_6", "", 48, 8, VB_LE | VB_UNKNOWN, VB_RAW},
    {"state.unknown_7", "", 56, 8, VB_LE | VB_UNKNOWN, VB_RAW},
};

static const struct vb_message messages[] = {
    {VB_ID(0x05), .len_min = 8, .len_max = 8, .period_ms = 360, .name = "setting",
     .title = "What the panel asks of the light", VB_ROWS(setting)},
    /* Its length is not stated: two bytes are used. */
    {VB_ID(0x3B), .len_min = 2, .len_max = 8, .period_ms = 360, .name = "state",
     .title = "What the light does", VB_ROWS(state)},
};

/* Safe is a dark light: brightness 0. The tone has no such value: it goes from 1 to 10, no panel
 * sends 0, so it is the middle, which does nothing while the light is dark and makes a valid frame.
 * Two guesses: a panel was never seen to send brightness 0 either (05 keeps the set values while the
 * light is off); and if the nibbles are the other way round, the two commands change places and
 * "safe" is a light of half brightness. Neither can hurt more than an eye. */
static const struct vb_command commands[] = {
    {"led.intensity",
     "Brightness of the light, 0 is dark (a guess: which nibble)",
     0,
     &setting[ROW_SET_INTENSITY],
     {VB_MILLI(0), VB_MILLI(10)},
     0},
    {"led.tone",
     "Colour tone of the light (a guess: which nibble)",
     0,
     &setting[ROW_SET_TONE],
     {VB_MILLI(1), VB_MILLI(10)},
     5},
};

static const char *const headline[] = {"led.intensity", "led.tone", "led.enabled", NULL};

const struct vb_device vb_device_nugget_led = {
    .name = "nugget-led",
    .title = "Ford Nugget LED module: brightness and tone of the light",
    .kind = VB_KIND_LIN,
    VB_MESSAGES(messages),
    VB_COMMANDS(commands),
    .headline = headline,
};
