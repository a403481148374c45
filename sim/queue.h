/* sim/queue.h - bytes that wait for take().
 * SPDX-License-Identifier: MIT */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <string.h>

#include "sim/sim.h"

struct sim_queue {
    size_t n;
    uint8_t bytes[2 * SIM_TX_MAX];
};

/* All n bytes or, where they have no room, none: half a frame helps nobody. */
static inline bool sim_queue_put(struct sim_queue *q, const void *bytes, size_t n) {
    if (n > sizeof q->bytes - q->n) {
        return false;
    }
    memcpy(q->bytes + q->n, bytes, n);
    q->n += n;
    return true;
}

static inline size_t sim_queue_take(struct sim_queue *q, uint8_t *out) {
    size_t n = q->n < SIM_TX_MAX ? q->n : SIM_TX_MAX;
    memcpy(out, q->bytes, n);
    q->n -= n;
    memmove(q->bytes, q->bytes + n, q->n);
    return n;
}

#endif
