/* leaf_adapter.h - the slcan adapter (LAWICEL) through which the simulators on the EV-CAN are heard: commands, answers,
 * frames both ways. Left out: acceptance filters and polling (X0).
 * Facts: reference/can-transports.md section 2.1.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_LEAF_ADAPTER_H
#define SIM_LEAF_ADAPTER_H

#include "sim/queue.h"

#include "voltbus/slcan.h"

struct leaf_adapter {
    struct vb_slcan line;
    struct sim_queue out;
    int64_t start_ns;
    bool open, listen, rate_set, rate_right, stamps;
    bool lost; /* frames had no room since the flags were read */
};

void leaf_adapter_init(struct leaf_adapter *a, int64_t now_ns);

/* Take bytes of the host, up to the first frame that is to be sent on the bus: *frame, which lives until the next call.
 * Returns how many bytes were used; call until they all were. */
size_t leaf_adapter_feed(struct leaf_adapter *a, const uint8_t *bytes, size_t n,
                         struct vb_frame *frame, bool *sends);

/* Are frames of the bus handed on? */
bool leaf_adapter_hears(const struct leaf_adapter *a);
/* A frame of the bus. */
void leaf_adapter_put(struct leaf_adapter *a, const struct vb_frame *frame, int64_t t_ns);

#endif
