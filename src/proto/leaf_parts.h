/* leaf_parts.h - the parts of the VCM of a Leaf (voltbus/leaf_vcu.h): what is heard, what is sent, the two sequences, and
 * how much torque or power.
 * SPDX-License-Identifier: MIT */
#ifndef PROTO_LEAF_PARTS_H
#define PROTO_LEAF_PARTS_H

#include "voltbus/leaf_vcu.h"
#include "voltbus/time.h"

#define LEAF_NEVER    INT64_MIN /* as a time: it has not been */
#define LEAF_FRAME_NS (10 * VB_NS_PER_MS)

/* Was t less than ms ago? */
static inline bool leaf_within(int64_t now_ns, int64_t t_ns, int64_t ms) {
    return t_ns != LEAF_NEVER && now_ns - t_ns < ms * VB_NS_PER_MS;
}

enum {
    LEAF_PARK = 1,
    LEAF_REVERSE,
    LEAF_NEUTRAL,
    LEAF_DRIVE
}; /* gears of 11A; 0 = park, not driven yet */

enum leaf_generation { LEAF_ZE0, LEAF_AZE0, LEAF_ZE1 };
/* AZE0 where nobody said it: then nothing is driven or charged. */
enum leaf_generation leaf_generation(const struct vb_leaf_vcu *m);

/* ---- leaf_ear.c ---- */

void leaf_ear_init(struct vb_leaf_vcu *m);
void leaf_ear_heard(struct vb_leaf_vcu *m, const struct vb_frame *frame, int64_t now_ns);
void leaf_ear_forget(struct vb_leaf_vcu *m, int64_t now_ns);
bool leaf_silent(const struct vb_leaf_vcu *m, enum vb_leaf_voice voice, int64_t now_ns);
/* Has the charger mains, and read its pilot? */
bool leaf_mains(const struct vb_leaf_vcu *m);
/* Is there a cable, as far as the charger tells? */
bool leaf_plugged(const struct vb_leaf_vcu *m);
/* Both are false while the speed is not known. */
bool leaf_stands(const struct vb_leaf_vcu *m);
bool leaf_turning(const struct vb_leaf_vcu *m);

/* ---- leaf_frames.c ---- */

/* The frames, in the order in which they are sent. */
enum leaf_frame { LEAF_603, LEAF_1D4, LEAF_1F2, LEAF_11A, LEAF_50B, LEAF_50C, LEAF_FRAME_COUNT };

/* Write one as the state has it, into m->data. False: this generation has none. */
bool leaf_frame(struct vb_leaf_vcu *m, enum leaf_frame which, int64_t now_ns,
                struct vb_frame *frame);

/* ---- leaf_steps.c ---- */

/* A row of a sequence: how long at least, until what, and what the frames say meanwhile. */
struct leaf_step {
    uint8_t state;      /* enum vb_leaf_state */
    uint16_t ms;        /* at least */
    bool awaits;        /* ... and until what the state waits for is there */
    uint8_t hv;         /* 1D4: precharge state */
    bool relay;         /* 1D4: plus relay */
    uint8_t stage;      /* 1F2 */
    uint8_t transition; /* 1F2 */
    uint8_t mode[2];    /* 1F2: ZE0, later ones */
    uint8_t status[2];  /* 1D4, byte 6: ZE0, later ones */
    uint8_t wake;       /* 50B: 0 sleep, 1 wake, 2 ready, 3 ready and diagnosis on */
};
const struct leaf_step *leaf_step(const struct vb_leaf_vcu *m);
bool leaf_is_last_step(const struct vb_leaf_vcu *m);
/* The number of the first row of that state in the sequence. */
uint8_t leaf_first_step(enum vb_leaf_sequence sequence, enum vb_leaf_state state);

/* ---- leaf_torque.c, leaf_power.c: each 10 ms ---- */

void leaf_gear(struct vb_leaf_vcu *m, int64_t now_ns);
void leaf_torque(struct vb_leaf_vcu *m);
void leaf_power(struct vb_leaf_vcu *m);
void leaf_dcdc(struct vb_leaf_vcu *m, int64_t now_ns);

#endif
