/* leaf_steps.c - the sequences of the VCM as rows: what the frames say, how long, and until what.
 * Times and bytes of "drive" are those of a ZE0 of 2012 and an e-NV200 with 40 kWh, of "charge" those of an e-NV200 (679 to
 * 3C) and, from 82 on, of a ZE0. Single frames in between (modes 01, 02, 05, 07, 16, 37, 38, 3C, 3E) are left out.
 * UNVERIFIED: coasting (every car of the recordings stands when it is switched off), the end of a charge (the rows of
 * power-off are those of driving), ZE0 charging before 82.
 * SPDX-License-Identifier: MIT */
#include "leaf_parts.h"

/* clang-format off */
static const struct leaf_step drive[] = {
    /* state              ms   awaits hv relay  stage trans mode: ZE0, later  status        wake */
    {VB_LEAF_WAKE,       100,  false, 2, false, 0,    0,    {0x04, 0x04},    {0x70, 0x60}, 1},
    {VB_LEAF_WAKE,       250,  true,  2, false, 0,    0,    {0x0A, 0x0A},    {0x70, 0x60}, 1},
    {VB_LEAF_RELAY,      270,  false, 2, true,  0,    0,    {0x0D, 0x14},    {0x70, 0x60}, 1},
    {VB_LEAF_PRECHARGE,  410,  true,  3, true,  0,    0,    {0x11, 0x14},    {0x70, 0x60}, 1},
    {VB_LEAF_START,      430,  false, 7, true,  1,    0,    {0x14, 0x16},    {0x70, 0x60}, 1},
    {VB_LEAF_START,      10,   false, 7, true,  1,    0,    {0x18, 0x18},    {0x70, 0x60}, 1},
    {VB_LEAF_START,      60,   false, 7, true,  1,    0,    {0x1E, 0x1E},    {0x30, 0x21}, 1},
    {VB_LEAF_READY,      2050, false, 7, true,  1,    0,    {0x1E, 0x1E},    {0x30, 0x21}, 2},
    {VB_LEAF_READY,      0,    true,  7, true,  1,    0,    {0x1E, 0x1E},    {0x30, 0x21}, 3},
    {VB_LEAF_COAST,      0,    true,  7, true,  1,    0,    {0x1E, 0x1E},    {0x30, 0x21}, 3},
    /* power-off */
    {VB_LEAF_UNLOAD,     20,   true,  7, true,  1,    0,    {0x28, 0x28},    {0x60, 0x60}, 3},
    {VB_LEAF_UNLOAD,     10,   false, 7, true,  1,    3,    {0x2C, 0x2C},    {0x60, 0x60}, 3},
    {VB_LEAF_OPEN,       30,   false, 5, true,  7,    3,    {0x2E, 0x2E},    {0x60, 0x60}, 1},
    {VB_LEAF_DISCHARGE,  460,  false, 0, true,  6,    3,    {0x32, 0x32},    {0x60, 0x60}, 1},
    {VB_LEAF_DISCHARGE,  0,    true,  0, false, 6,    3,    {0x33, 0x33},    {0x60, 0x60}, 1},
    {VB_LEAF_SLEEP,      200,  false, 0, false, 6,    3,    {0x34, 0x34},    {0x60, 0x60}, 1},
    {VB_LEAF_SLEEP,      100,  false, 0, false, 6,    3,    {0x3F, 0x3F},    {0x60, 0x60}, 1},
    {VB_LEAF_SLEEP,      300,  false, 0, false, 6,    3,    {0x3F, 0x3F},    {0x60, 0x60}, 0},
};

static const struct leaf_step charging[] = {
    /* state              ms   awaits hv relay  stage trans mode: ZE0, later  status        wake */
    {VB_LEAF_WAKE,       190,  false, 2, false, 0,    0,    {0x04, 0x04},    {0x60, 0x60}, 1},
    {VB_LEAF_WAKE,       300,  true,  2, false, 0,    0,    {0x0A, 0x0A},    {0xE0, 0xE0}, 1},
    {VB_LEAF_RELAY,      10,   false, 2, false, 0,    1,    {0x32, 0x32},    {0xE0, 0xE0}, 1},
    {VB_LEAF_RELAY,      360,  false, 2, true,  0,    1,    {0x32, 0x32},    {0xE0, 0xE0}, 1},
    {VB_LEAF_PRECHARGE,  430,  true,  3, true,  0,    1,    {0x32, 0x32},    {0xE0, 0xE0}, 1},
    {VB_LEAF_PLUG,       1100, true,  7, true,  1,    1,    {0x34, 0x34},    {0xE0, 0xE0}, 1},
    {VB_LEAF_CHARGE,     0,    true,  7, true,  3,    1,    {0x82, 0x3C},    {0xE0, 0xE0}, 1},
    /* power-off: UNVERIFIED from here to the end */
    {VB_LEAF_UNLOAD,     20,   true,  7, true,  1,    3,    {0x28, 0x28},    {0xE0, 0xE0}, 1},
    {VB_LEAF_OPEN,       30,   false, 5, true,  7,    3,    {0x2E, 0x2E},    {0x60, 0x60}, 1},
    {VB_LEAF_DISCHARGE,  460,  false, 0, true,  6,    3,    {0x32, 0x32},    {0x60, 0x60}, 1},
    {VB_LEAF_DISCHARGE,  0,    true,  0, false, 6,    3,    {0x33, 0x33},    {0x60, 0x60}, 1},
    {VB_LEAF_SLEEP,      200,  false, 0, false, 6,    3,    {0x34, 0x34},    {0x60, 0x60}, 1},
    {VB_LEAF_SLEEP,      100,  false, 0, false, 6,    3,    {0x3F, 0x3F},    {0x60, 0x60}, 1},
    {VB_LEAF_SLEEP,      300,  false, 0, false, 6,    3,    {0x3F, 0x3F},    {0x60, 0x60}, 0},
};
/* clang-format on */

static const struct leaf_step *rows_of(enum vb_leaf_sequence sequence) {
    return sequence == VB_LEAF_DRIVE ? drive : charging;
}

const struct leaf_step *leaf_step(const struct vb_leaf_vcu *m) {
    return &rows_of((enum vb_leaf_sequence)m->sequence)[m->step];
}

bool leaf_is_last_step(const struct vb_leaf_vcu *m) {
    size_t count = m->sequence == VB_LEAF_DRIVE ? sizeof drive / sizeof drive[0]
                                                : sizeof charging / sizeof charging[0];
    return m->step + 1u == count;
}

uint8_t leaf_first_step(enum vb_leaf_sequence sequence, enum vb_leaf_state state) {
    const struct leaf_step *rows = rows_of(sequence);
    uint8_t i = 0;
    while (rows[i].state != state) { /* every state but OFF is in both, or is not asked for */
        i++;
    }
    return i;
}
