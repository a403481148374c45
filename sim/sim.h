/* sim/sim.h - the other side of a cable: bytes in, bytes out, no I/O, no clock.
 * One simulator, one file, one line in sims.def. `voltbus sim` connects one to a port, a link
 * `KIND:sim://NAME` to the gateway of the same process.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/key.h"

#define SIM_KEYS_MAX 16
#define SIM_TX_MAX   256 /* take() never gives more at once */

struct sim {
    const char *name, *title;
    const char *link;          /* the kind of LINK that talks to it: "lin", "slcan", "rfm69" */
    const struct vb_key *keys; /* its settings: numbers, words, flags */
    size_t key_count;          /* SIM_KEYS_MAX at most */
    size_t size;               /* bytes of its state, which the caller owns; copyable */
    /* values: key_count of them. now_ns: monotonic. wall_ns: Unix time, for the time of day. */
    void (*init)(void *self, const struct vb_value *values, int64_t now_ns, int64_t wall_ns);
    /* Bytes that came over the cable. */
    void (*feed)(void *self, const uint8_t *bytes, size_t n, int64_t now_ns);
    /* Time passed; harmless to call early. */
    void (*tick)(void *self, int64_t now_ns);
    int64_t (*deadline_ns)(const void *self); /* tick me by then */
    /* Bytes to send; out: room for SIM_TX_MAX. Returns how many, 0 = none. Call until 0. */
    size_t (*take)(void *self, uint8_t *out);
    /* Change setting number `key`, one of `live`, while it runs: plug the car in, break something.
     * Returns NULL, or why it cannot be so now, in one sentence. NULL: nothing can be changed. */
    const char *(*change)(void *self, size_t key, const struct vb_value *value, int64_t now_ns);
    uint32_t live; /* bits: the numbers of the keys that change takes */
};

extern const struct sim *const sims[];
extern const size_t sim_count;

/* The simulator of that name, or NULL. */
const struct sim *sim_find(const char *name);

#endif
