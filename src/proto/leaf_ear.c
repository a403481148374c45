/* leaf_ear.c - what the VCM of a Leaf hears of inverter, battery and charger, read by the rows of their devices.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "leaf_parts.h"

extern const struct vb_device vb_device_leaf_battery, vb_device_leaf_charger,
    vb_device_leaf_inverter;

/* The frames, and as bits of the generations which cars have them. */
enum { ZE0_ONLY = 1 << LEAF_ZE0, LATER = 1 << LEAF_AZE0 | 1 << LEAF_ZE1, ALL = ZE0_ONLY | LATER };
static const struct {
    const struct vb_device *device;
    uint16_t id;
    uint8_t cars;
    uint8_t voice; /* enum vb_leaf_voice */
} frames[] = {
    {&vb_device_leaf_inverter, 0x1DA, ALL, VB_LEAF_VOICE_INVERTER},
    {&vb_device_leaf_inverter, 0x55A, ALL, VB_LEAF_VOICE_HEAT},
    {&vb_device_leaf_battery, 0x1DB, ALL, VB_LEAF_VOICE_BATTERY},
    {&vb_device_leaf_battery, 0x1DC, ALL, VB_LEAF_VOICE_LIMITS},
    {&vb_device_leaf_charger, 0x390, LATER, VB_LEAF_VOICE_CHARGER},
    /* a ZE1 battery has a 380 of its own during quick charges */
    {&vb_device_leaf_charger, 0x380, ZE0_ONLY, VB_LEAF_VOICE_CHARGER},
};

/* What is taken from them. */
static const struct {
    uint16_t id;
    uint8_t value; /* enum vb_leaf_value */
    const char *row;
} values[] = {
    {0x1DA, VB_LEAF_BUS_VOLTAGE, "inverter.voltage"},
    {0x1DA, VB_LEAF_SPEED, "motor.speed"},
    {0x1DA, VB_LEAF_INVERTER_ERRORS, "inverter.errors"},
    {0x55A, VB_LEAF_HEAT_1, "motor.temperature"},
    {0x55A, VB_LEAF_HEAT_2, "inverter.temperature"},
    {0x1DB, VB_LEAF_BATTERY_VOLTAGE, "battery.voltage"},
    {0x1DB, VB_LEAF_BATTERY_CURRENT, "battery.current"},
    {0x1DB, VB_LEAF_PERMISSION, "battery.relay_permission"},
    {0x1DB, VB_LEAF_CUT_REQUEST, "battery.relay_cut_request"},
    {0x1DB, VB_LEAF_FAILSAFE, "battery.failsafe"},
    {0x1DB, VB_LEAF_BATTERY_FULL, "battery.full"},
    {0x1DC, VB_LEAF_DISCHARGE_LIMIT, "limit.discharge_power"},
    {0x1DC, VB_LEAF_BRAKE_LIMIT, "limit.charge_power"},
    {0x1DC, VB_LEAF_CHARGER_LIMIT, "limit.charger_power"},
    {0x390, VB_LEAF_CHARGER_POWER, "charger.power"},
    {0x390, VB_LEAF_CHARGER_MAX, "charger.power_max"},
    {0x390, VB_LEAF_AC_KIND, "charger.ac_kind"},
    {0x390, VB_LEAF_AC_RELAY, "charger.ac_relay"},
    {0x380, VB_LEAF_CHARGER_MAX, "charger.power_max"},
    {0x380, VB_LEAF_AC_VOLTAGE, "charger.ac_voltage"},
};
enum { FRAMES = sizeof frames / sizeof frames[0], VALUES = sizeof values / sizeof values[0] };

static const int16_t silence_ms[] = {
#define X(name, ms) ms,
    VB_LEAF_VOICES(X)
#undef X
};

void leaf_ear_init(struct vb_leaf_vcu *m) {
    for (size_t i = 0; i < VB_LEAF_VOICE_COUNT; i++) {
        m->heard_ns[i] = LEAF_NEVER;
    }
    for (size_t i = 0; i < VB_LEAF_VALUE_COUNT; i++) {
        m->value[i] = VB_LEAF_UNKNOWN;
    }
    m->damaged_ns = LEAF_NEVER;
    m->other_ns = LEAF_NEVER;
}

bool leaf_silent(const struct vb_leaf_vcu *m, enum vb_leaf_voice voice, int64_t now_ns) {
    return !leaf_within(now_ns, m->heard_ns[voice], silence_ms[voice]);
}

/* What is not heard any more is not known any more. */
void leaf_ear_forget(struct vb_leaf_vcu *m, int64_t now_ns) {
    for (size_t i = 0; i < FRAMES; i++) {
        if (!leaf_silent(m, (enum vb_leaf_voice)frames[i].voice, now_ns)) {
            continue;
        }
        for (size_t v = 0; v < VALUES; v++) {
            if (values[v].id == frames[i].id) {
                m->value[values[v].value] = VB_LEAF_UNKNOWN;
            }
        }
    }
}

static const struct vb_message *message_of(const struct vb_device *device, uint32_t id) {
    for (size_t i = 0; i < device->message_count; i++) {
        if (device->messages[i].id == id) {
            return &device->messages[i];
        }
    }
    return NULL;
}

/* 380 says something else in these bits during a quick charge. */
static bool selected(const struct vb_message *message, const struct vb_signal *row,
                     const struct vb_frame *frame) {
    int64_t raw;
    return !row->mux || (vb_signal_get(&message->signals[row->mux->selector], frame->data,
                                       frame->len, &raw) == VB_OK &&
                         raw >= row->mux->lo && raw <= row->mux->hi);
}

/* Thousandths of the unit; the raw number of a row with words. */
static int64_t read_row(const struct vb_message *message, const char *name,
                        const struct vb_frame *frame) {
    for (size_t i = 0; i < message->signal_count; i++) {
        const struct vb_signal *row = &message->signals[i];
        int64_t raw;
        if (strcmp(row->name, name) != 0) {
            continue;
        }
        if (!selected(message, row, frame) ||
            vb_signal_get(row, frame->data, frame->len, &raw) != VB_OK) {
            return VB_LEAF_UNKNOWN;
        }
        static const struct vb_scale one = {1, 0, 1};
        const struct vb_scale *scale = row->scale ? row->scale : &one;
        return row->unit[0] ? (raw * scale->mul + scale->add) * 1000 / scale->div : raw;
    }
    return VB_LEAF_UNKNOWN;
}

/* Two frames with the same counter, closer than it takes to go round. */
static bool stands_still(const struct vb_leaf_vcu *m, const struct vb_message *message,
                         uint8_t voice, const struct vb_frame *frame, int64_t now_ns) {
    unsigned bits;
    uint8_t counter = vb_message_counter(message, frame, &bits);
    return bits > 0 && counter == m->counter[voice] &&
           leaf_within(now_ns, m->heard_ns[voice], 3 * message->period_ms);
}

static void hear(struct vb_leaf_vcu *m, size_t i, const struct vb_frame *frame, int64_t now_ns) {
    const struct vb_message *message = message_of(frames[i].device, frame->id);
    uint8_t voice = frames[i].voice;
    if (!message) {
        return;
    }
    if (frame->fault != VB_FAULT_NONE || vb_message_check(message, frame) != VB_FAULT_NONE ||
        stands_still(m, message, voice, frame, now_ns)) {
        m->damaged_ns = now_ns;
        return;
    }
    m->heard_ns[voice] = now_ns;
    m->counter[voice] = vb_message_counter(message, frame, NULL);
    for (size_t v = 0; v < VALUES; v++) {
        if (values[v].id == frame->id) {
            m->value[values[v].value] = read_row(message, values[v].row, frame);
        }
    }
}

void leaf_ear_heard(struct vb_leaf_vcu *m, const struct vb_frame *frame, int64_t now_ns) {
    if (frame->kind != VB_KIND_CAN ||
        frame->flags & (VB_FRAME_EXT | VB_FRAME_RTR | VB_FRAME_ERR | VB_FRAME_TX)) {
        return;
    }
    if (frame->id == 0x11A || frame->id == 0x1D4 || frame->id == 0x1F2) {
        m->other_ns = now_ns;
    }
    for (size_t i = 0; i < FRAMES; i++) {
        if (frames[i].id == frame->id && frames[i].cars >> leaf_generation(m) & 1) {
            hear(m, i, frame, now_ns);
        }
    }
}

static bool ac_voltage(const struct vb_leaf_vcu *m) {
    return m->value[VB_LEAF_AC_VOLTAGE] >= VB_LEAF_MAINS_MIN_MV;
}

/* The power alone tells nothing: without a cable a ZE0 says 3.3 kW all the time it drives (leaf-can.md section 5: the
 * recordings), and the others 6.0 kW until they have looked. */
bool leaf_mains(const struct vb_leaf_vcu *m) {
    int64_t kind = m->value[VB_LEAF_AC_KIND];
    bool there = leaf_generation(m) == LEAF_ZE0 ? ac_voltage(m) : kind == 1 || kind == 2;
    return there && m->value[VB_LEAF_CHARGER_MAX] > 0;
}

bool leaf_plugged(const struct vb_leaf_vcu *m) {
    return ac_voltage(m) || m->value[VB_LEAF_AC_KIND] > 0 || m->value[VB_LEAF_AC_RELAY] > 0;
}

bool leaf_stands(const struct vb_leaf_vcu *m) {
    int64_t speed = m->value[VB_LEAF_SPEED];
    return speed != VB_LEAF_UNKNOWN && speed < VB_LEAF_STANDING * 1000 &&
           speed > -VB_LEAF_STANDING * 1000;
}

bool leaf_turning(const struct vb_leaf_vcu *m) {
    return m->value[VB_LEAF_SPEED] != VB_LEAF_UNKNOWN && !leaf_stands(m);
}
