/* leaf.h - what the tables of all parts of a Nissan Leaf share: the generations of the car and how they are told from
 * the bus, and the integrity rules of the EV-CAN.
 * Facts: reference/leaf-can.md sections 0 and 1; counters beyond those it lists were measured on its logs.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_DEVICE_LEAF_H
#define VOLTBUS_DEVICE_LEAF_H

#include "voltbus/device.h"

/* clang-format off */
#define UNKNOWN(name, byte) {name ".unknown_" #byte, "", 8 * (byte), 8, VB_LE | VB_UNKNOWN, VB_RAW}
/* clang-format on */

/* Setting "generation". AUTO shows what all share, until a frame tells. */
enum { GENERATION };
enum { AUTO, ZE0, AZE0, ZE1 };
#define WHEN(bits) .when = {GENERATION, (bits)}
#define IN_AUTO    (1 << AUTO)
#define IN_ZE0     (1 << ZE0)
#define IN_AZE0    (1 << AZE0)
#define IN_ZE1     (1 << ZE1)

static const char *const leaf_generations[] = {
    [AUTO] = "auto", [ZE0] = "ze0", [AZE0] = "aze0", [ZE1] = "ze1", NULL};
#define LEAF_SETTINGS                                                                              \
    static const struct vb_setting settings[] = {                                                  \
        [GENERATION] = {"generation",                                                              \
                        "ze0 = 2010-2012, aze0 = 2013-2017 and e-NV200, ze1 = 2018 and later; "    \
                        "auto = by the frames on the bus",                                         \
                        leaf_generations, AUTO},                                                   \
    }

/* The generation of the car, not of its battery: packs are swapped. The charger tells best: 390 and 393 are AZE0 or ZE1, 380 and 5BF ZE0
 * (a ZE1 pack sends those during a quick charge, but never without the frames that only a ZE1 has). The length of 50B
 * tells less, so that a frame of wrong length does not change the generation of a whole car. */
#define LEAF_CAR_HINTS                                                                             \
    static const struct vb_hint hints[] = {                                                        \
        {0x120, 4, GENERATION, AUTO, ZE1, 3},  {0x108, 3, GENERATION, AUTO, ZE1, 3},               \
        {0x1C2, 1, GENERATION, AUTO, ZE1, 3},  {0x390, 8, GENERATION, AUTO, AZE0, 2},              \
        {0x393, 8, GENERATION, AUTO, AZE0, 2}, {0x5BF, 8, GENERATION, AUTO, ZE0, 2},               \
        {0x380, 8, GENERATION, AUTO, ZE0, 2},  {0x50B, 6, GENERATION, AUTO, ZE0, 1},               \
        {0x50B, 7, GENERATION, AUTO, AZE0, 1},                                                     \
    }

/* Rule 1 with the counter of most frames; the receiver only wants the counter to differ. */
static const struct vb_check leaf_crc[] = {
    {VB_RULE_COUNTER, 48, 2, NULL},
    {VB_RULE_CRC8, 7, 0, &vb_crc8_nissan},
};
/* Rule 2 with the counter of the chargers. */
static const struct vb_check leaf_nibbles[] = {
    {VB_RULE_COUNTER, 60, 2, NULL},
    {VB_RULE_NIBBLES_ID, 7, 0, NULL},
};

#endif
