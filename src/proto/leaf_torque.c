/* leaf_torque.c - how much torque the VCM of a Leaf asks for, and in which gear. See voltbus/leaf_vcu.h.
 * Torque is signed as the motor turns, forward is positive. So braking is torque against the speed.
 * Facts: reference/leaf-can.md sections 2 and 6; the change of gear from ZE0 of 2011 and 2012.
 * SPDX-License-Identifier: MIT */
#include "leaf_parts.h"

#define SHIFT_NS (100 * VB_NS_PER_MS)

static int64_t amount(int64_t value) {
    return value < 0 ? -value : value;
}

/* The gear wished, or neutral while the motor turns. */
static uint8_t gear_wanted(const struct vb_leaf_vcu *m) {
    uint8_t wish = m->gear_wish >= LEAF_REVERSE ? m->gear_wish : LEAF_PARK;
    if (wish == LEAF_PARK && m->gear < LEAF_REVERSE) {
        return leaf_turning(m) ? LEAF_NEUTRAL : m->gear; /* park holds nothing: it rolls away */
    }
    return wish == m->gear || leaf_stands(m) ? wish : LEAF_NEUTRAL;
}

/* 100 ms without a gear, as cars have it, and without torque. What was asked in the old gear does not hold in the new. */
void leaf_gear(struct vb_leaf_vcu *m, int64_t now_ns) {
    if (m->gear_to != m->gear && now_ns - m->shift_ns >= SHIFT_NS) {
        m->gear = m->gear_to;
    }
    if (m->gear_to == m->gear && gear_wanted(m) != m->gear) {
        m->gear_to = gear_wanted(m);
        m->shift_ns = now_ns;
        m->torque_asked = false;
    }
}

static int64_t least(struct vb_leaf_vcu *m, int64_t torque, int64_t most, enum vb_leaf_hold why) {
    if (most < 0) {
        most = 0;
    }
    if (amount(torque) > most) {
        m->hold = (uint8_t)why;
        return torque < 0 ? -most : most;
    }
    return torque;
}

/* Steps of 0.25 Nm that a power (in mW) makes at that speed: P / (2 pi n). */
static int64_t torque_of(int64_t mw, int64_t rpm) {
    return mw / 1000 * 38197 / 1000 / rpm;
}

/* What may be sent of what is wished, now. */
static int64_t allowed(struct vb_leaf_vcu *m) {
    int64_t torque = m->torque_asked ? m->torque_wish : 0;
    if (m->trouble != VB_LEAF_TROUBLE_COUNT) {
        return least(m, torque, 0, VB_LEAF_HOLD_TROUBLE);
    }
    if (m->gear_to != m->gear || (m->gear != LEAF_REVERSE && m->gear != LEAF_DRIVE)) {
        return least(m, torque, 0, VB_LEAF_HOLD_GEAR);
    }
    if (m->value[VB_LEAF_SPEED] == VB_LEAF_UNKNOWN) {
        return least(m, torque, 0, VB_LEAF_HOLD_NO_SPEED);
    }
    /* in the direction of the gear: positive drives */
    int64_t forward = m->gear == LEAF_DRIVE ? 1 : -1;
    int64_t rpm = m->value[VB_LEAF_SPEED] / 1000 * forward;
    bool brakes = torque * forward < 0;
    /* Rolling against the gear, what drives forward feeds the battery as well, until the motor nearly stands. */
    bool feeds = brakes || rpm <= -VB_LEAF_STANDING;
    int64_t power = m->value[feeds ? VB_LEAF_BRAKE_LIMIT : VB_LEAF_DISCHARGE_LIMIT];
    /* of what is driven with 9/10 arrive; of what is braked, we suppose all */
    power = power == VB_LEAF_UNKNOWN ? 0 : feeds ? power : power / 10 * 9;
    if (brakes) {
        /* fades out, so that braking never turns into driving the other way */
        torque = least(m, torque, rpm - VB_LEAF_STANDING, VB_LEAF_HOLD_SLOW);
    } else if (rpm >= VB_LEAF_SPEED_MAX) {
        return least(m, torque, 0, VB_LEAF_HOLD_FAST);
    }
    if (power == 0 || rpm != 0) {
        int64_t most = power == 0 ? 0 : torque_of(power, amount(rpm));
        torque = least(m, torque, most, VB_LEAF_HOLD_BATTERY);
    }
    return torque;
}

void leaf_torque(struct vb_leaf_vcu *m) {
    m->hold = VB_LEAF_HOLD_NONE;
    int64_t torque = allowed(m);
    /* it falls at once, and rises from 0 */
    if (torque == 0 || (m->torque < 0) != (torque < 0)) {
        m->torque = 0;
    }
    if (amount(torque) > amount(m->torque) + VB_LEAF_TORQUE_RISE) {
        torque = m->torque + (torque < 0 ? -VB_LEAF_TORQUE_RISE : VB_LEAF_TORQUE_RISE);
        m->hold = VB_LEAF_HOLD_RISING;
    }
    m->torque = torque;
}
