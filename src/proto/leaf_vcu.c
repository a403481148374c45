/* leaf_vcu.c - the VCM of a Leaf as a machine: wishes, states, troubles, the schedule of frames. See voltbus/leaf_vcu.h.
 *
 *            OFF        WAKE .. START         READY | CHARGE      COAST               UNLOAD .. SLEEP
 * wish       WAKE       goes on               goes on             READY               WAKE after OFF
 * release    -          power-off             COAST | power-off   -                   goes on
 * trouble    -          lasting: power-off    0; then power-off   lasting: power-off  UNLOAD waits its limit; goes on
 * other VCM  refused    OFF at once           OFF at once         OFF at once         OFF at once
 * late       -          as silence            0, rises anew       goes on             goes on
 * very late  -          power-off             power-off           power-off           goes on
 *
 * Power-off is SLEEP before the plus relay was on, OPEN before the bus had its voltage, later UNLOAD. COAST is for a
 * motor that does not stand, in START as well; where it stands a release is power-off.
 * SPDX-License-Identifier: MIT */
#include "voltbus/leaf_vcu.h"

#include <string.h>

#include "leaf_parts.h"

extern const struct vb_device vb_device_leaf_vcm;

static const struct {
    const char *text;
    int64_t limit_ns;
} states[] = {
#define X(name, text, limit_ms, sentence) {text, limit_ms * VB_NS_PER_MS},
    VB_LEAF_STATES(X)
#undef X
};

static const struct {
    int64_t lasting_ns;
    const char *sentence;
} troubles[] = {
#define X(name, lasting_ms, sentence) {lasting_ms * VB_NS_PER_MS, sentence},
    VB_LEAF_TROUBLES(X)
#undef X
};

const char *vb_leaf_state_text(enum vb_leaf_state state) {
    size_t i = (size_t)state;
    return i < VB_LEAF_STATE_COUNT ? states[i].text : "?";
}

const char *vb_leaf_trouble_text(enum vb_leaf_trouble trouble) {
    size_t i = (size_t)trouble;
    return i < VB_LEAF_TROUBLE_COUNT ? troubles[i].sentence : "";
}

enum leaf_generation leaf_generation(const struct vb_leaf_vcu *m) {
    uint8_t choice = m->beside ? m->beside->choice[0] : 0;
    return choice == 0 ? LEAF_AZE0 : (enum leaf_generation)(choice - 1);
}

/* What the bus tells may be wrong (390 is an AZE0, too, until a ZE1 wakes up), late, or never come: then the frames would
 * change in mid-drive, or a cable at a ZE0 would not be noticed. */
static bool generation_said(const struct vb_leaf_vcu *m) {
    return m->beside && m->beside->chosen[0] != 0;
}

/* ---- states ---- */

static void go_step(struct vb_leaf_vcu *m, uint8_t step, int64_t now_ns) {
    m->step = step;
    m->step_ns = now_ns;
    if (m->state != leaf_step(m)->state) {
        m->state = leaf_step(m)->state;
        m->state_ns = now_ns;
        m->missing = NULL; /* not looked for yet */
    }
}

static void go(struct vb_leaf_vcu *m, enum vb_leaf_state state, int64_t now_ns) {
    go_step(m, leaf_first_step((enum vb_leaf_sequence)m->sequence, state), now_ns);
    m->state_ns = now_ns;
}

static void off(struct vb_leaf_vcu *m) {
    m->state = VB_LEAF_OFF;
    m->due_ns = INT64_MAX;
    m->waiting = 0;
    m->missing = NULL;
    m->trouble = VB_LEAF_TROUBLE_COUNT;
    m->torque = m->power = 0;
    m->torque_asked = false;
}

static bool leaves(const struct vb_leaf_vcu *m) {
    return m->state >= VB_LEAF_UNLOAD;
}

static void let_go(struct vb_leaf_vcu *m) {
    m->torque = m->power = 0;
    m->torque_asked = false;
    m->gear_wish = LEAF_PARK;
}

static void power_off(struct vb_leaf_vcu *m, int64_t now_ns) {
    let_go(m);
    if (m->state != VB_LEAF_OFF && !leaves(m)) {
        /* UNLOAD says "on": never before the bus has its voltage */
        go(m,
           m->state == VB_LEAF_WAKE   ? VB_LEAF_SLEEP
           : m->state < VB_LEAF_START ? VB_LEAF_OPEN
                                      : VB_LEAF_UNLOAD,
           now_ns);
    }
}

static bool wished(const struct vb_leaf_vcu *m) {
    return m->drive || m->charge;
}

static void fail(struct vb_leaf_vcu *m, enum vb_leaf_trouble fault, int64_t now_ns) {
    m->fault = (uint8_t)fault;
    m->trouble = VB_LEAF_TROUBLE_COUNT;
    m->must_release = wished(m);
    power_off(m, now_ns);
}

static void begin_if_wished(struct vb_leaf_vcu *m, int64_t now_ns) {
    if (m->state != VB_LEAF_OFF || !wished(m) || m->must_release || !generation_said(m)) {
        return;
    }
    m->fault = VB_LEAF_TROUBLE_COUNT;
    if (leaf_within(now_ns, m->other_ns, 1000)) {
        fail(m, VB_LEAF_OTHER_VCM_TROUBLE, now_ns);
        return;
    }
    m->sequence = m->drive ? VB_LEAF_DRIVE : VB_LEAF_CHARGING;
    m->began_ns = now_ns;
    m->gear = m->gear_to = 0;
    m->hold = VB_LEAF_HOLD_NONE;
    m->dcdc = 40; /* 14.0 V, with which all recordings begin */
    m->dcdc_ns = now_ns;
    m->late_ns = LEAF_NEVER;
    for (size_t i = 0; i < VB_LEAF_TROUBLE_COUNT; i++) {
        m->trouble_ns[i] = LEAF_NEVER;
    }
    m->due_ns = now_ns;
    m->turn = 0;
    go(m, VB_LEAF_WAKE, now_ns);
}

/* ---- what a state waits for ---- */

static int64_t apart(const struct vb_leaf_vcu *m) {
    int64_t bus = m->value[VB_LEAF_BUS_VOLTAGE], battery = m->value[VB_LEAF_BATTERY_VOLTAGE];
    if (bus == VB_LEAF_UNKNOWN || battery == VB_LEAF_UNKNOWN) {
        return INT64_MAX;
    }
    return bus < battery ? battery - bus : bus - battery;
}

/* Drive and charge exclude each other in the world, too. */
static bool drives_plugged(const struct vb_leaf_vcu *m) {
    return m->sequence == VB_LEAF_DRIVE && leaf_plugged(m);
}
static bool charges_turning(const struct vb_leaf_vcu *m) {
    return m->sequence == VB_LEAF_CHARGING && leaf_turning(m);
}

static const char *wake_missing(const struct vb_leaf_vcu *m) {
    if (m->value[VB_LEAF_BATTERY_VOLTAGE] == VB_LEAF_UNKNOWN) {
        return "the battery (1DB) has no voltage to tell yet";
    }
    if (m->value[VB_LEAF_BATTERY_VOLTAGE] < VB_LEAF_CELLS_MIN_MV) {
        return "the battery has less than 240 V";
    }
    if (m->value[VB_LEAF_PERMISSION] != 1 || m->value[VB_LEAF_CUT_REQUEST] != 0) {
        return "the battery does not permit the relays";
    }
    if (m->value[VB_LEAF_DISCHARGE_LIMIT] == VB_LEAF_UNKNOWN) {
        return "the battery (1DC) has no limits to tell yet";
    }
    if (m->value[VB_LEAF_BUS_VOLTAGE] == VB_LEAF_UNKNOWN) {
        return "the inverter (1DA) has no voltage to tell yet";
    }
    if (m->sequence == VB_LEAF_CHARGING && m->value[VB_LEAF_CHARGER_MAX] == VB_LEAF_UNKNOWN) {
        return "the charger (390, 380) is not heard";
    }
    return drives_plugged(m)    ? vb_leaf_trouble_text(VB_LEAF_PLUGGED_TROUBLE)
           : charges_turning(m) ? vb_leaf_trouble_text(VB_LEAF_TURNING_TROUBLE)
                                : NULL;
}

static const char *unload_missing(const struct vb_leaf_vcu *m) {
    int64_t ma = m->value[VB_LEAF_BATTERY_CURRENT];
    bool small = ma != VB_LEAF_UNKNOWN && ma < 5000 && ma > -5000; /* the DC-DC takes 1 to 3 A */
    bool charges = m->sequence == VB_LEAF_CHARGING && m->value[VB_LEAF_CHARGER_POWER] > 0;
    return small && !charges ? NULL : "current still flows";
}

static const char *missing(const struct vb_leaf_vcu *m) {
    switch ((enum vb_leaf_state)m->state) {
    case VB_LEAF_WAKE:
        return wake_missing(m);
    case VB_LEAF_PRECHARGE:
        /* a battery of 0 V would have any bus precharged */
        return m->value[VB_LEAF_BATTERY_VOLTAGE] >= VB_LEAF_CELLS_MIN_MV &&
                       apart(m) <= m->value[VB_LEAF_BATTERY_VOLTAGE] / 20
                   ? NULL
                   : "the bus has not the voltage of the battery yet";
    case VB_LEAF_PLUG:
        return leaf_mains(m) ? NULL : "the charger has no mains yet";
    case VB_LEAF_COAST:
        return leaf_stands(m)    ? NULL
               : leaf_turning(m) ? "the motor turns: high voltage stays on until it stands"
                                 : "whether the motor turns is not known: high voltage stays on";
    case VB_LEAF_UNLOAD:
        return unload_missing(m);
    case VB_LEAF_DISCHARGE:
        return m->value[VB_LEAF_BUS_VOLTAGE] != VB_LEAF_UNKNOWN &&
                       m->value[VB_LEAF_BUS_VOLTAGE] < VB_LEAF_DISCHARGED
                   ? NULL
                   : "the bus still has voltage";
    case VB_LEAF_READY:
    case VB_LEAF_CHARGE:
        return ""; /* a release */
    default:
        return NULL;
    }
}

/* Nobody wants it any more, and nothing is wrong: the relays have time until the motor stands. */
static void end_in_order(struct vb_leaf_vcu *m, int64_t now_ns) {
    bool drives =
        m->state == VB_LEAF_READY || (m->state == VB_LEAF_START && m->sequence == VB_LEAF_DRIVE);
    if (drives && !leaf_stands(m)) {
        let_go(m);
        go(m, VB_LEAF_COAST, now_ns);
        m->missing = missing(m); /* the log tells it with the state */
    } else {
        power_off(m, now_ns);
    }
}

static void too_long(struct vb_leaf_vcu *m, int64_t now_ns) {
    switch ((enum vb_leaf_state)m->state) {
    case VB_LEAF_WAKE:
        fail(m,
             drives_plugged(m)    ? VB_LEAF_PLUGGED_TROUBLE
             : charges_turning(m) ? VB_LEAF_TURNING_TROUBLE
                                  : VB_LEAF_NOT_WOKEN_TROUBLE,
             now_ns);
        break;
    case VB_LEAF_PRECHARGE:
        fail(m, VB_LEAF_NO_PRECHARGE_TROUBLE, now_ns);
        break;
    case VB_LEAF_PLUG:
        fail(m, VB_LEAF_NO_MAINS_TROUBLE, now_ns);
        break;
    case VB_LEAF_COAST:
        fail(m, VB_LEAF_STILL_TURNING_TROUBLE, now_ns);
        break;
    case VB_LEAF_DISCHARGE:
        m->fault = VB_LEAF_NO_DISCHARGE_TROUBLE;
        m->must_release = wished(m);
        go(m, VB_LEAF_SLEEP, now_ns);
        break;
    default:
        go(m, VB_LEAF_OPEN, now_ns); /* UNLOAD */
        break;
    }
}

static void step_on(struct vb_leaf_vcu *m, int64_t now_ns) {
    const struct leaf_step *step = leaf_step(m);
    int64_t limit_ns = states[m->state].limit_ns;
    m->missing = step->awaits || m->state == VB_LEAF_WAKE ? missing(m) : NULL;
    if (step->awaits && m->missing && limit_ns > 0 && now_ns - m->state_ns >= limit_ns) {
        too_long(m, now_ns);
        return;
    }
    if (now_ns - m->step_ns < step->ms * VB_NS_PER_MS || (step->awaits && m->missing)) {
        return;
    }
    if (leaf_is_last_step(m)) {
        off(m);
        begin_if_wished(m, now_ns);
        return;
    }
    go_step(m, (uint8_t)(m->step + 1), now_ns);
}

/* ---- troubles ---- */

/* Bits of inverter.errors: those that the peers take for errors (byte 6 of 1DA, B0). A ZE1 has bit 1 set all the time. */
#define ERRORS 0x2C

static bool is_there(const struct vb_leaf_vcu *m, enum vb_leaf_trouble trouble, int64_t now_ns) {
    const int64_t *v = m->value;
    bool charging = m->sequence == VB_LEAF_CHARGING;
    switch (trouble) {
    case VB_LEAF_LATE_TROUBLE:
        return leaf_within(now_ns, m->late_ns, 100);
    case VB_LEAF_INVERTER_SILENT_TROUBLE:
        return leaf_silent(m, VB_LEAF_VOICE_INVERTER, now_ns);
    case VB_LEAF_BATTERY_SILENT_TROUBLE:
        return leaf_silent(m, VB_LEAF_VOICE_BATTERY, now_ns) ||
               leaf_silent(m, VB_LEAF_VOICE_LIMITS, now_ns);
    case VB_LEAF_CHARGER_SILENT_TROUBLE:
        return charging && leaf_silent(m, VB_LEAF_VOICE_CHARGER, now_ns);
    case VB_LEAF_DAMAGED_TROUBLE:
        return leaf_within(now_ns, m->damaged_ns, 150); /* the charger speaks each 100 ms */
    case VB_LEAF_BATTERY_STOP_TROUBLE:
        return v[VB_LEAF_PERMISSION] == 0 || v[VB_LEAF_CUT_REQUEST] > 0 ||
               (v[VB_LEAF_FAILSAFE] != VB_LEAF_UNKNOWN && v[VB_LEAF_FAILSAFE] & 1);
    case VB_LEAF_INVERTER_ERROR_TROUBLE:
        return v[VB_LEAF_INVERTER_ERRORS] != VB_LEAF_UNKNOWN && v[VB_LEAF_INVERTER_ERRORS] & ERRORS;
    case VB_LEAF_HOT_TROUBLE:
        return v[VB_LEAF_HEAT_1] > VB_LEAF_HEAT_MAX * 1000 ||
               v[VB_LEAF_HEAT_2] > VB_LEAF_HEAT_MAX * 1000;
    case VB_LEAF_VOLTAGE_TROUBLE:
        return m->state > VB_LEAF_PRECHARGE && apart(m) > VB_LEAF_VOLTAGE_APART &&
               !leaf_silent(m, VB_LEAF_VOICE_INVERTER, now_ns) &&
               !leaf_silent(m, VB_LEAF_VOICE_BATTERY, now_ns);
    case VB_LEAF_OVERVOLTAGE_TROUBLE:
        return v[VB_LEAF_BATTERY_VOLTAGE] > VB_LEAF_CELLS_MAX_MV;
    case VB_LEAF_UNPLUGGED_TROUBLE:
        return m->state == VB_LEAF_CHARGE && !leaf_mains(m);
    case VB_LEAF_PLUGGED_TROUBLE:
        return drives_plugged(m);
    case VB_LEAF_TURNING_TROUBLE:
        return charges_turning(m);
    case VB_LEAF_FULL_TROUBLE:
        return charging && (v[VB_LEAF_BATTERY_FULL] == 1 ||
                            (v[VB_LEAF_FAILSAFE] != VB_LEAF_UNKNOWN && v[VB_LEAF_FAILSAFE] & 2));
    default:
        return false; /* said by who finds it */
    }
}

/* The first trouble of now, and the power-off where one lasts. */
static void look(struct vb_leaf_vcu *m, int64_t now_ns) {
    m->trouble = VB_LEAF_TROUBLE_COUNT;
    if (m->state < VB_LEAF_RELAY || leaves(m)) {
        return;
    }
    for (unsigned i = 0; i < VB_LEAF_TROUBLE_COUNT; i++) {
        if (!is_there(m, (enum vb_leaf_trouble)i, now_ns)) {
            m->trouble_ns[i] = LEAF_NEVER;
            continue;
        }
        if (m->trouble_ns[i] == LEAF_NEVER) {
            m->trouble_ns[i] = now_ns;
        }
        if (m->trouble == VB_LEAF_TROUBLE_COUNT) {
            m->trouble = (uint8_t)i;
        }
        if (now_ns - m->trouble_ns[i] >= troubles[i].lasting_ns) {
            fail(m, (enum vb_leaf_trouble)i, now_ns);
            return;
        }
    }
}

/* ---- the machine ---- */

static void vcu_init(void *self, int64_t now_ns) {
    struct vb_leaf_vcu *m = self;
    (void)now_ns;
    memset(m, 0, sizeof *m);
    leaf_ear_init(m);
    m->dcdc_wish = 32;
    m->fault = VB_LEAF_TROUBLE_COUNT;
    m->late_ns = LEAF_NEVER;
    off(m);
}

static void vcu_beside(void *self, const struct vb_instance *instance) {
    struct vb_leaf_vcu *m = self;
    m->beside = instance;
}

static void vcu_heard(void *self, const struct vb_frame *frame, int64_t now_ns) {
    struct vb_leaf_vcu *m = self;
    leaf_ear_heard(m, frame, now_ns);
    if (m->other_ns == now_ns && m->state != VB_LEAF_OFF) {
        /* it has the car; two of us would only fight */
        fail(m, VB_LEAF_OTHER_VCM_TROUBLE, now_ns);
        off(m);
    }
}

static void vcu_tick(void *self, int64_t now_ns) {
    struct vb_leaf_vcu *m = self;
    int64_t late_ns = now_ns - m->due_ns;
    if (m->state == VB_LEAF_OFF || late_ns < 0) {
        return;
    }
    if (late_ns > VB_LEAF_LATE_MS * VB_NS_PER_MS) {
        m->late_ns = now_ns;
        m->torque = m->power = 0;
        if (late_ns > VB_LEAF_VERY_LATE_MS * VB_NS_PER_MS && m->state > VB_LEAF_WAKE &&
            !leaves(m)) {
            fail(m, VB_LEAF_LATE_TROUBLE, now_ns);
        }
    }
    m->due_ns = late_ns < LEAF_FRAME_NS ? m->due_ns + LEAF_FRAME_NS : now_ns + LEAF_FRAME_NS;
    leaf_ear_forget(m, now_ns);
    look(m, now_ns);
    if (m->turn > 0) {
        step_on(m, now_ns);
    }
    if (m->state == VB_LEAF_OFF) {
        return;
    }
    if (m->sequence == VB_LEAF_DRIVE && m->state >= VB_LEAF_READY) {
        leaf_gear(m, now_ns); /* and out of it, until nothing is sent */
    }
    if (m->state == VB_LEAF_READY) {
        leaf_torque(m);
    } else if (m->state == VB_LEAF_CHARGE) {
        leaf_power(m);
    }
    if (m->state == VB_LEAF_READY || m->state == VB_LEAF_CHARGE || m->state == VB_LEAF_COAST) {
        leaf_dcdc(m, now_ns);
    }
    m->waiting = 1 << LEAF_1D4 | 1 << LEAF_1F2 | 1 << LEAF_11A;
    m->waiting |= m->turn == 0 ? 1 << LEAF_603 : 0;
    m->waiting |= m->turn % 10 == 0 ? 1 << LEAF_50B | 1 << LEAF_50C : 0;
    m->turn++;
}

static int64_t vcu_deadline(const void *self) {
    const struct vb_leaf_vcu *m = self;
    return m->due_ns;
}

static bool vcu_take(void *self, struct vb_frame *frame) {
    struct vb_leaf_vcu *m = self;
    for (unsigned i = 0; i < LEAF_FRAME_COUNT; i++) {
        if (m->waiting >> i & 1) {
            m->waiting &= (uint8_t) ~(1u << i);
            if (leaf_frame(m, (enum leaf_frame)i, m->due_ns - LEAF_FRAME_NS, frame)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- wishes ---- */

#define COMMANDS(X)                                                                                \
    X(READY, "drive.ready")                                                                        \
    X(GEAR, "drive.gear")                                                                          \
    X(TORQUE, "drive.torque")                                                                      \
    X(POWER, "charge.power")                                                                       \
    X(DCDC, "dcdc.voltage")

enum {
#define X(name, text) WISH_##name,
    COMMANDS(X)
#undef X
        WISH_COUNT
};

static int wish_of(size_t i) {
    static const char *const names[] = {
#define X(name, text) text,
        COMMANDS(X)
#undef X
    };
    int found = WISH_COUNT;
    for (int w = 0; i < vb_device_leaf_vcm.command_count && w < WISH_COUNT; w++) {
        found = strcmp(vb_device_leaf_vcm.commands[i].name, names[w]) == 0 ? w : found;
    }
    return found;
}

/* One of the two that need high voltage. */
static void want(struct vb_leaf_vcu *m, bool *which, bool wanted, int64_t now_ns) {
    bool ends = *which && !wanted;
    *which = wanted;
    if (!wanted && !wished(m)) {
        m->must_release = false;
    }
    bool running = m->sequence == (which == &m->drive ? VB_LEAF_DRIVE : VB_LEAF_CHARGING);
    if (ends && running) {
        end_in_order(m, now_ns);
    }
    if (m->state == VB_LEAF_COAST && m->drive) {
        go_step(m, (uint8_t)(m->step - 1), now_ns); /* the last row of READY, in neutral */
    }
    begin_if_wished(m, now_ns);
}

static void vcu_wish(void *self, size_t i, bool leased, int64_t raw, int64_t now_ns) {
    struct vb_leaf_vcu *m = self;
    switch (wish_of(i)) {
    case WISH_READY:
        want(m, &m->drive, leased && raw == 1, now_ns);
        break;
    case WISH_GEAR:
        m->gear_asked =
            (uint8_t)(leased && raw >= LEAF_PARK && raw <= LEAF_DRIVE ? raw : LEAF_PARK);
        m->gear_wish = m->state == VB_LEAF_READY ? m->gear_asked : LEAF_PARK;
        break;
    case WISH_TORQUE:
        m->torque_asked = leased && m->state == VB_LEAF_READY;
        m->torque_wish = leased ? raw : 0;
        break;
    case WISH_POWER:
        m->power_wish = leased && raw > 100 ? raw - 100 : 0;
        want(m, &m->charge, leased, now_ns);
        break;
    case WISH_DCDC:
        m->dcdc_wish = raw;
        break;
    default:
        break;
    }
}

/* A sentence or two, as long as there is room. */
static void say(char *why, const char *first, const char *second) {
    size_t n = 0;
    for (const char *from = first; *from && n < VB_MACHINE_WHY - 1; from++) {
        why[n++] = *from;
    }
    for (const char *from = second; *from && n < VB_MACHINE_WHY - 1; from++) {
        why[n++] = *from;
    }
    why[n] = 0;
}

static enum vb_refusal ready_to_begin(const struct vb_leaf_vcu *m, bool other, char *why) {
    if (!generation_said(m)) {
        say(why, "which car is it? say generation: ze0, aze0 or ze1 (configuration, or --set)", "");
        return VB_REFUSAL_REFUSED;
    }
    if (other) {
        say(why, "drive and charge are not for the same time: end the one first", "");
        return VB_REFUSAL_BUSY;
    }
    if (m->must_release) {
        say(why, vb_leaf_trouble_text((enum vb_leaf_trouble)m->fault),
            "; release the command, then ask anew");
        return VB_REFUSAL_REFUSED;
    }
    return VB_REFUSAL_NONE;
}

static enum vb_refusal vcu_ready(const void *self, size_t i, char *why) {
    const struct vb_leaf_vcu *m = self;
    bool runs = m->state != VB_LEAF_OFF;
    switch (wish_of(i)) {
    case WISH_READY:
        return ready_to_begin(m, m->charge || (runs && m->sequence != VB_LEAF_DRIVE), why);
    case WISH_POWER:
        return ready_to_begin(m, m->drive || (runs && m->sequence == VB_LEAF_DRIVE), why);
    case WISH_GEAR:
    case WISH_TORQUE:
        if (m->state != VB_LEAF_READY) {
            say(why, "not ready to drive: ask for drive.ready first, and wait for it", "");
            return VB_REFUSAL_REFUSED;
        }
        if (wish_of(i) == WISH_TORQUE &&
            (m->gear_to != m->gear || (m->gear != LEAF_DRIVE && m->gear != LEAF_REVERSE))) {
            say(why, "the gear is neither drive nor reverse, or is being changed", "");
            return VB_REFUSAL_REFUSED;
        }
        return VB_REFUSAL_NONE;
    case WISH_DCDC:
        if (leaf_generation(m) == LEAF_ZE0) {
            say(why, "the DC-DC converter of a ZE0 takes no voltage", "");
            return VB_REFUSAL_NOT_THERE;
        }
        return VB_REFUSAL_NONE;
    default:
        return VB_REFUSAL_NO_COMMAND;
    }
}

/* Why the machine is not further than it is. */
static const char *reason(const struct vb_leaf_vcu *m) {
    static const char *const holds[] = {
#define X(name, sentence) sentence,
        VB_LEAF_HOLDS(X)
#undef X
    };
    if (m->trouble != VB_LEAF_TROUBLE_COUNT) {
        return vb_leaf_trouble_text((enum vb_leaf_trouble)m->trouble);
    }
    if (m->fault != VB_LEAF_TROUBLE_COUNT && (m->state == VB_LEAF_OFF || leaves(m))) {
        return vb_leaf_trouble_text((enum vb_leaf_trouble)m->fault);
    }
    if (m->missing && m->missing[0]) {
        return m->missing;
    }
    return m->state == VB_LEAF_READY || m->state == VB_LEAF_CHARGE ? holds[m->hold] : "";
}

static bool vcu_held_back(const void *self, size_t i, char *why) {
    const struct vb_leaf_vcu *m = self;
    bool held = false;
    switch (wish_of(i)) {
    case WISH_READY:
        held = m->drive && m->state != VB_LEAF_READY;
        break;
    case WISH_GEAR:
        held = m->gear_asked >= LEAF_REVERSE &&
               (m->state != VB_LEAF_READY || m->gear != m->gear_asked);
        break;
    case WISH_TORQUE:
        held = m->torque != m->torque_wish;
        break;
    case WISH_POWER:
        held = m->charge && (m->state != VB_LEAF_CHARGE || m->power != m->power_wish);
        break;
    case WISH_DCDC:
        held = m->state != VB_LEAF_OFF && m->dcdc != m->dcdc_wish;
        break;
    default:
        break;
    }
    if (held) {
        const char *because = reason(m);
        if (wish_of(i) == WISH_TORQUE && m->state == VB_LEAF_READY && !m->torque_asked) {
            because = "what was asked before this gear does not hold in it: ask anew";
        }
        if (wish_of(i) == WISH_GEAR && m->state == VB_LEAF_READY && m->gear_wish != m->gear_asked) {
            because = "what was asked before this start does not hold: ask anew";
        }
        say(why, vb_leaf_state_text((enum vb_leaf_state)m->state), because[0] ? ": " : "");
        size_t n = strlen(why);
        if (because[0] && n < VB_MACHINE_WHY) {
            char state[VB_MACHINE_WHY];
            memcpy(state, why, n + 1);
            say(why, state, because);
        }
    }
    return held;
}

static bool vcu_settled(const void *self) {
    const struct vb_leaf_vcu *m = self;
    return m->state == VB_LEAF_OFF;
}

static const char *vcu_state(const void *self, const char **why) {
    const struct vb_leaf_vcu *m = self;
    if (why) {
        *why = reason(m);
    }
    return vb_leaf_state_text((enum vb_leaf_state)m->state);
}

const struct vb_machine vb_machine_leaf_vcu = {
    .name = "leaf-vcu",
    .title = "plays the VCM of a Leaf: ready, torque, charging, 12 V",
    .device = &vb_device_leaf_vcm,
    .size = sizeof(struct vb_leaf_vcu),
    .init = vcu_init,
    .beside = vcu_beside,
    .heard = vcu_heard,
    .wish = vcu_wish,
    .tick = vcu_tick,
    .deadline_ns = vcu_deadline,
    .take = vcu_take,
    .ready = vcu_ready,
    .held_back = vcu_held_back,
    .settled = vcu_settled,
    .state = vcu_state,
};
