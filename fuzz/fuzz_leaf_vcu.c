/* fuzz_leaf_vcu.c - the VCM of a Leaf: whatever is wished and heard, and however late it comes, no torque outside of ready
 * and no power outside of charge, none beyond the wish, high voltage "on" only behind "precharging", nothing is sent
 * that nobody asked for or before the generation is said, relays that nothing but the end of a lease opens wait for
 * standstill or 30 s and no longer, and it comes to rest.
 * Input: a byte of generation, then steps: what happens (low three bits), a number (the others), and
 *   0: n + 1 times 10 ms with good frames of battery, inverter and charger; 1: the same in silence; 2: a wish (command n; two
 *   bytes: its value); 3: a release; 4: a frame (its id by n, 8 bytes) as it is; 5: ... with a right check; 6: n * 40 ms at once;
 *   7: the motor of the good frames turns with (n - 16) * 50 rpm.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/leaf_vcu.h"
#include "voltbus/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VM        (&vb_machine_leaf_vcu)
#define MS        VB_NS_PER_MS
#define STEPS_MAX 400 /* of 10 ms with frames: enough for every state */

enum { READY, GEAR, TORQUE, POWER, DCDC };

struct car {
    struct vb_leaf_vcu m;
    struct vb_instance instance;
    int64_t now_ns;
    uint32_t turn;
    int hv, bus_v, rpm;
    int64_t coast_ns; /* since when nobody wants high voltage, which is on while it drives */
    unsigned coasts;  /* frames 11A since */
    unsigned state;   /* as it was looked at last */
    bool leased[5];
    int64_t raw[5];
};

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

static bool wants_to_drive(const struct car *c) {
    return c->leased[READY] && c->raw[READY] == 1;
}

static void look(struct car *c, const struct vb_frame *frame) {
    const uint8_t *d = frame->data;
    require(frame->kind == VB_KIND_CAN && frame->len >= 1 && frame->len <= 8);
    require(c->instance.chosen[0] != 0);
    if (frame->id == 0x11A && c->m.state == VB_LEAF_COAST) {
        require(++c->coasts < 25 || (d[0] >> 4 != 2 && d[0] >> 4 != 4)); /* 100 ms each change */
    } else if (frame->id == 0x1D4) {
        int torque = d[2] << 4 | d[3] >> 4;
        torque = torque >= 0x800 ? torque - 0x1000 : torque;
        int64_t wish = c->leased[TORQUE] ? c->raw[TORQUE] : 0;
        require(torque == 0 || c->m.state == VB_LEAF_READY);
        require(torque == 0 || ((torque < 0) == (wish < 0) && llabs(torque) <= llabs(wish)));
        int hv = d[4] & 7;
        require(hv != 7 || c->hv == 3 || c->hv == 7);
        require(hv != 3 || c->hv == 2 || c->hv == 3);
        require(torque == 0 || wants_to_drive(c));
        c->hv = hv;
    } else if (frame->id == 0x1F2) {
        int power = ((d[0] & 3) << 8 | d[1]) - 100;
        int64_t wish = c->leased[POWER] && c->raw[POWER] > 100 ? c->raw[POWER] - 100 : 0;
        require(power >= 0 && power <= wish);
        require(power == 0 || c->m.state == VB_LEAF_CHARGE);
    }
}

/* Who may open the relays, and when they have to. */
static void look_at_the_end(struct car *c) {
    const struct vb_leaf_vcu *m = &c->m;
    bool drives = m->sequence == VB_LEAF_DRIVE, coasts = m->state == VB_LEAF_COAST;
    if (drives && m->state == VB_LEAF_UNLOAD && c->state < VB_LEAF_UNLOAD) {
        int64_t speed = m->value[VB_LEAF_SPEED];
        bool late = m->fault == VB_LEAF_STILL_TURNING_TROUBLE;
        require(m->fault != VB_LEAF_TROUBLE_COUNT || (speed > -100000 && speed < 100000));
        require(!late || c->now_ns - c->coast_ns >= 30 * VB_NS_PER_S);
    }
    c->state = m->state;
    if (!coasts) {
        c->coast_ns = INT64_MIN;
        return;
    }
    require(c->hv == 7 && !wants_to_drive(c) && m->torque == 0);
    if (c->coast_ns == INT64_MIN) {
        c->coast_ns = c->now_ns;
        c->coasts = 0;
    }
    require(c->now_ns - c->coast_ns < 32 * VB_NS_PER_S); /* and a late tick */
}

static void tick(struct car *c) {
    struct vb_frame frame;
    unsigned frames = 0;
    bool off = c->m.state == VB_LEAF_OFF;
    VM->tick(&c->m, c->now_ns);
    while (VM->take(&c->m, &frame)) {
        require(++frames <= 6);
        look(c, &frame);
    }
    require(!off || frames == 0); /* a wish begins by itself, before the tick */
    look_at_the_end(c);
    require((c->m.state == VB_LEAF_OFF) == (VM->deadline_ns(&c->m) == INT64_MAX));
    const char *why = NULL;
    require(VM->state(&c->m, &why) != NULL && why != NULL);
    for (size_t i = 0; i < 6; i++) {
        char text[VB_MACHINE_WHY];
        (void)VM->ready(&c->m, i, text);
        if (VM->held_back(&c->m, i, text)) {
            require(strlen(text) > 0 && strlen(text) < sizeof text);
        }
    }
}

static void hear(struct car *c, uint32_t id, uint8_t *data, bool seal) {
    static const char *const devices[] = {"leaf-battery", "leaf-inverter", "leaf-charger"};
    struct vb_frame frame = {.kind = VB_KIND_CAN, .id = id, .len = 8, .data = data};
    for (size_t i = 0; seal && i < 3; i++) {
        const struct vb_device *device = vb_device_find(devices[i]);
        for (size_t k = 0; k < device->message_count; k++) {
            if (device->messages[k].id == id) {
                (void)vb_message_seal(&device->messages[k], id, data, 8, c->turn);
            }
        }
    }
    VM->heard(&c->m, &frame, c->now_ns);
    look_at_the_end(c);
}

static void good_world(struct car *c) {
    c->bus_v = c->hv == 3   ? c->bus_v + (380 - c->bus_v + 7) / 8
               : c->hv == 7 ? 380
                            : c->bus_v * 9 / 10;
    c->turn++;
    hear(c, 0x1DB, (uint8_t[]){0, 0, 0xBE, 0x2A, 50, 0, 0, 0}, true);
    hear(c, 0x1DC, (uint8_t[]){0x6E, 0x0A, 0x05, 0xD5, 0, 0, 0, 0}, true);
    hear(c, 0x1DA,
         (uint8_t[]){(uint8_t)(c->bus_v / 2), 0, 0x18, 0, (uint8_t)(c->rpm >> 7 & 0xFF),
                     (uint8_t)((c->rpm & 0x7F) << 1 | 1), 0, 0},
         true);
    /* a cable, but not while it shall drive or does */
    bool drives = c->m.state != VB_LEAF_OFF && c->m.sequence == VB_LEAF_DRIVE;
    bool cable = !c->leased[READY] && !drives;
    hear(c, 0x390, (uint8_t[]){4, 0, 0, cable ? 0xB3 : 0, 0, 0x88, 33, 0}, true);
    hear(c, 0x380,
         cable ? (uint8_t[]){0x12, 4, 0x18, 33, 0x50, 5, 0x1C, 0}
               : (uint8_t[]){0x02, 4, 0x10, 33, 0, 0, 0, 0},
         true);
}

static void pass(struct car *c, unsigned n, bool good) {
    for (unsigned i = 0; i < n; i++) {
        c->now_ns += 10 * MS;
        if (good) {
            good_world(c);
        }
        tick(c);
    }
}

static void wish(struct car *c, size_t i, bool leased, uint16_t value) {
    static const int64_t lows[] = {0, 1, -1360, 100, 30}, spans[] = {2, 4, 2721, 67, 16},
                         safe[] = {0, 1, 0, 100, 32};
    c->leased[i] = leased;
    c->raw[i] = leased ? lows[i] + value % spans[i] : safe[i];
    VM->wish(&c->m, i, leased, c->raw[i], c->now_ns);
    look_at_the_end(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint16_t ids[] = {0x1DA, 0x1DB, 0x1DC, 0x390, 0x380, 0x55A, 0x11A, 0x1F2};
    static struct car car;
    struct car *c = &car;
    memset(c, 0, sizeof *c);
    if (size == 0) {
        return 0;
    }
    extern const struct vb_device vb_device_leaf_vcm;
    vb_instance_init(&c->instance, &vb_device_leaf_vcm, NULL, 0);
    c->instance.choice[0] = c->instance.chosen[0] = data[0] % 4;
    c->coast_ns = INT64_MIN;
    c->now_ns = VB_NS_PER_S;
    VM->init(&c->m, c->now_ns);
    VM->beside(&c->m, &c->instance);
    unsigned steps = 0;
    for (size_t at = 1; at < size;) {
        unsigned what = data[at] & 7, n = data[at] >> 3;
        uint8_t bytes[8] = {0};
        size_t room = what == 2 ? 2 : what == 4 || what == 5 ? 8 : 0;
        at++;
        room = room < size - at ? room : size - at;
        memcpy(bytes, data + at, room);
        at += room;
        switch (what) {
        case 0:
        case 1:
            n = steps + n < STEPS_MAX ? n + 1 : 0;
            steps += n;
            pass(c, n, what == 0);
            break;
        case 2:
            wish(c, n % 5, true, (uint16_t)(bytes[0] << 8 | bytes[1]));
            break;
        case 3:
            wish(c, n % 5, false, 0);
            break;
        case 4:
        case 5:
            hear(c, ids[n % 8], bytes, what == 5);
            break;
        case 6:
            c->now_ns += n * 40 * MS;
            tick(c);
            break;
        default:
            c->rpm = ((int)n - 16) * 50;
            break;
        }
    }
    for (size_t i = 0; i < 5; i++) {
        wish(c, i, false, 0);
    }
    for (unsigned s = 0; s < 40 && !VM->settled(&c->m); s++) {
        pass(c, 100, true);
    }
    require(VM->settled(&c->m));
    return 0;
}
