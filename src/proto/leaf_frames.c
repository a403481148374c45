/* leaf_frames.c - what the VCM of a Leaf sends, by the rows of the device leaf-vcm.
 * Facts: reference/leaf-can.md sections 2, 4, 7, and the recordings that it lists.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "leaf_parts.h"

extern const struct vb_device vb_device_leaf_vcm;

#define ROWS_MAX 16

struct writer {
    struct vb_instance instance;
    const struct vb_message *message;
    bool bad; /* a name that does not exist: a mistake of ours, and the frame is not sent */
    size_t count;
    struct vb_sample samples[ROWS_MAX];
};

static void begin(struct writer *w, const struct vb_leaf_vcu *m, uint32_t id) {
    vb_instance_init(&w->instance, &vb_device_leaf_vcm, NULL, 0);
    w->instance.choice[0] = (uint8_t)(1 + leaf_generation(m));
    w->message = NULL;
    w->count = 0;
    for (size_t i = 0; i < vb_device_leaf_vcm.message_count && !w->message; i++) {
        const struct vb_message *message = &vb_device_leaf_vcm.messages[i];
        if (message->id == id && vb_instance_has(&w->instance, message->when)) {
            w->message = message;
        }
    }
    w->bad = !w->message;
}

static void put(struct writer *w, const char *name, int64_t raw) {
    for (size_t i = 0; !w->bad && i < w->message->signal_count; i++) {
        const struct vb_signal *row = &w->message->signals[i];
        if (strcmp(row->name, name) == 0 && !(row->flags & VB_VIEW) &&
            vb_instance_has(&w->instance, row->when) && w->count < ROWS_MAX) {
            w->samples[w->count++] = (struct vb_sample){.signal = row, .raw = raw};
            return;
        }
    }
    w->bad = true;
}

static void shift_frame(struct writer *w, const struct vb_leaf_vcu *m, int64_t now_ns) {
    bool later = leaf_generation(m) != LEAF_ZE0;
    if (m->sequence == VB_LEAF_CHARGING && later) {
        put(w, "drive.gear", LEAF_PARK); /* 10 00 00 00 00 00, as an e-NV200 while it charges */
        return;
    }
    bool off = leaf_step(m)->hv == 0 || leaf_step(m)->hv == 5;
    bool changing = m->gear_to != m->gear;
    int64_t since_ns = now_ns - m->began_ns;
    int64_t state = since_ns < 50 * VB_NS_PER_MS ? 0 : m->gear < LEAF_REVERSE ? 1 : 0xE;
    put(w, "drive.gear", m->gear);
    put(w, "shift.state", changing ? 0xD : state);
    /* UNVERIFIED for a ZE0 that charges: one of the peers says "off" there */
    put(w, "drive.power_state", off || m->sequence == VB_LEAF_CHARGING ? 2 : 1);
    put(w, "shift.starting", since_ns < 2 * VB_NS_PER_S);
    put(w, "shift.unknown_2", later ? 4 : 0);
    put(w, "shift.heartbeat", m->turn % 4 == 0 || m->turn % 4 == 3 ? 0xAA : 0x55);
    put(w, "shift.heartbeat_counter", (m->turn + 3) % 4);
}

static void torque_frame(struct writer *w, const struct vb_leaf_vcu *m) {
    /* what cars of the recordings send: 617, 275, 340 Nm */
    static const uint8_t limits[][2] = {
        [LEAF_ZE0] = {0xF7, 0x07}, [LEAF_AZE0] = {0x6E, 0x6E}, [LEAF_ZE1] = {0x88, 0x88}};
    static const uint8_t inhibitors[] = {3, 3, 1, 0, 2};
    const struct leaf_step *step = leaf_step(m);
    enum leaf_generation car = leaf_generation(m);
    uint8_t status = step->status[car != LEAF_ZE0];
    put(w, "torque.limit_upper", limits[car][0]);
    put(w, "torque.limit_lower", limits[car][1]);
    put(w, "drive.torque", m->torque);
    put(w, "torque.unknown_3", m->sequence == VB_LEAF_CHARGING && m->state > VB_LEAF_WAKE ? 4 : 0);
    put(w, "hv.state", step->hv);
    put(w, "hv.relay_plus", step->relay);
    put(w, "shift.inhibitor", m->gear_to != m->gear ? 0 : inhibitors[m->gear]);
    put(w, "torque.unknown_6", status & 0x1F);
    put(w, "brake.pedal", status >> 5 & 1);
    put(w, "shift.inhibit_request", status >> 6);
}

static void charge_frame(struct writer *w, const struct vb_leaf_vcu *m) {
    const struct leaf_step *step = leaf_step(m);
    bool later = leaf_generation(m) != LEAF_ZE0;
    bool waking = step->hv == 2 || step->hv == 3;
    put(w, "charge.power", 100 + m->power); /* from -10 kW */
    put(w, "charge.unknown_0", !later && (waking || m->state == VB_LEAF_SLEEP) ? 2 : 0);
    put(w, "vcm.state", step->stage);
    put(w, "vcm.waking", later && waking);
    put(w, "charge.request", step->transition);
    put(w, "vcm.mode", step->mode[later]);
    if (later) {
        put(w, "dcdc.voltage", m->dcdc);
        put(w, "charge.unknown_7", 8);
    }
}

static void wake_frame(struct writer *w, const struct vb_leaf_vcu *m) {
    const struct leaf_step *step = leaf_step(m);
    put(w, "wake.command", step->wake > 0 ? 3 : 0);
    put(w, "drive.ready", step->wake >= 2);
    put(w, "wake.faults_stored", step->wake == 3);
    if (leaf_generation(m) == LEAF_ZE0 && m->sequence == VB_LEAF_DRIVE && step->hv != 0) {
        put(w, "wake.unknown_5", 0x60);
    }
}

/* The order of these rows is that of enum leaf_frame. */
static const uint16_t ids[LEAF_FRAME_COUNT] = {0x603, 0x1D4, 0x1F2, 0x11A, 0x50B, 0x50C};

bool leaf_frame(struct vb_leaf_vcu *m, enum leaf_frame which, int64_t now_ns,
                struct vb_frame *frame) {
    struct writer w;
    begin(&w, m, ids[which]);
    uint32_t counter = m->turn;
    switch (which) {
    case LEAF_603: /* 00 */
        break;
    case LEAF_1D4:
        torque_frame(&w, m);
        break;
    case LEAF_1F2:
        charge_frame(&w, m);
        break;
    case LEAF_11A:
        shift_frame(&w, m, now_ns);
        break;
    case LEAF_50B:
        wake_frame(&w, m);
        break;
    case LEAF_50C: /* an e-NV200 asks 5D and B2 in turn; 1 5D, 2 B2, 3 5D, 0 B2 */
        counter = 1 + m->turn / 10;
        put(&w, "battery.alive_question", counter % 2 ? 0x5D : 0xB2);
        w.bad = w.bad || leaf_generation(m) == LEAF_ZE1;
        break;
    case LEAF_FRAME_COUNT:
        return false;
    }
    if (w.bad) {
        return false;
    }
    memset(m->data, 0, sizeof m->data);
    if (vb_instance_write(&w.instance, w.message, w.samples, w.count, m->data, w.message->len_max,
                          counter, NULL) != VB_OK) {
        return false;
    }
    *frame = (struct vb_frame){.t_ns = now_ns,
                               .kind = VB_KIND_CAN,
                               .flags = VB_FRAME_TX,
                               .id = ids[which],
                               .len = w.message->len_max,
                               .data = m->data};
    return true;
}
