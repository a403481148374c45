/* leaf_power.c - how much power the VCM of a Leaf asks of its on-board charger, and how much voltage of its DC-DC
 * converter. See voltbus/leaf_vcu.h.
 * Facts: reference/leaf-can.md sections 4, 5 and 7: a ZE0 rises by 100 W each 10 ms once its charger says how much the mains
 * gives, and follows that within 10 ms.
 * SPDX-License-Identifier: MIT */
#include "leaf_parts.h"

#define STEP_MW 100000 /* 100 W */
/* An e-NV200 was seen to change between two steps each 50 to 150 ms. */
#define DCDC_STEP_NS (100 * VB_NS_PER_MS)

static int64_t least(struct vb_leaf_vcu *m, int64_t power, int64_t most_mw, enum vb_leaf_hold why) {
    int64_t most = most_mw == VB_LEAF_UNKNOWN || most_mw < 0 ? 0 : most_mw / STEP_MW;
    if (power > most) {
        m->hold = (uint8_t)why;
        return most;
    }
    return power;
}

void leaf_power(struct vb_leaf_vcu *m) {
    m->hold = VB_LEAF_HOLD_NONE;
    int64_t power = m->power_wish;
    if (m->trouble != VB_LEAF_TROUBLE_COUNT) {
        power = least(m, power, 0, VB_LEAF_HOLD_TROUBLE);
    }
    power = least(m, power, m->value[VB_LEAF_CHARGER_LIMIT], VB_LEAF_HOLD_BATTERY);
    power = least(m, power, m->value[VB_LEAF_CHARGER_MAX], VB_LEAF_HOLD_CHARGER);
    if (power > m->power + VB_LEAF_POWER_RISE) {
        power = m->power + VB_LEAF_POWER_RISE;
        m->hold = VB_LEAF_HOLD_RISING;
    }
    m->power = power;
}

void leaf_dcdc(struct vb_leaf_vcu *m, int64_t now_ns) {
    if (m->dcdc != m->dcdc_wish && now_ns - m->dcdc_ns >= DCDC_STEP_NS) {
        m->dcdc += m->dcdc < m->dcdc_wish ? 1 : -1;
        m->dcdc_ns = now_ns;
    }
}
