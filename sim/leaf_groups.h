/* leaf_groups.h - the controller of a Leaf battery when it is asked for its groups: 79B asks, 7BB answers, over ISO-TP.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_LEAF_GROUPS_H
#define SIM_LEAF_GROUPS_H

#include "sim/leaf_pack.h"
#include "voltbus/isotp.h"

#define LEAF_GROUP_MAX 198

struct leaf_groups {
    struct vb_isotp isotp;
    uint8_t question[64], answer[LEAF_GROUP_MAX];
};

void leaf_groups_init(struct leaf_groups *g, int64_t now_ns);
/* A frame of the bus; what it is about is read from the pack now. */
void leaf_groups_heard(struct leaf_groups *g, const struct leaf_pack *pack,
                       const struct vb_frame *frame, int64_t now_ns);
/* The next frame to send at this time; false: none. */
bool leaf_groups_take(struct leaf_groups *g, int64_t now_ns, struct vb_frame *frame);

#endif
