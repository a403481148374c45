/* fuzz_sim.c - the simulators: whatever comes over the cable and however late they are woken, they
 * never send more at once than they may, they run dry, and after a tick they want the next one later.
 * Input: a byte: which simulator; a byte for each of its keys: 255 = left out, else a value of its
 * range; then steps: a byte, its low two bits say what (0: n bytes follow that come over the cable;
 * 1: n quarters of a millisecond pass; 2: time passes up to the deadline; 3: n * n * 5 ms pass), the
 * others are n.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"
#include "voltbus/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Long steps are work for the models; so many of them are enough. */
#define LONG_STEPS 4

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

static struct vb_value value_of(const struct vb_key *key, uint8_t byte) {
    struct vb_value value = vb_key_initial(key);
    if (byte == 255) {
        return value;
    }
    value.given = true;
    int64_t words = 0;
    while (key->words && key->words[words]) {
        words++;
    }
    if (key->type == VB_KEY_WORD) {
        value.number = byte % words;
    } else if (key->type == VB_KEY_WORDS) {
        value.number = (byte * INT64_C(0x01010101)) & ((INT64_C(1) << words) - 1);
    } else if (key->type == VB_KEY_FLAG) {
        value.number = byte % 2;
    } else {
        value.number = key->min + (key->max - key->min) * byte / 254;
    }
    return value;
}

static void wake(const struct sim *sim, void *state, int64_t now_ns) {
    uint8_t out[SIM_TX_MAX];
    size_t n;
    unsigned takes = 0;
    sim->tick(state, now_ns);
    while ((n = sim->take(state, out)) > 0) {
        require(n <= SIM_TX_MAX && ++takes < 100);
    }
    require(sim->deadline_ns(state) > now_ns);
}

static void run(const struct sim *sim, void *state, const uint8_t *data, size_t size) {
    struct vb_value values[SIM_KEYS_MAX];
    int64_t now_ns = 0;
    size_t at = 0;
    unsigned long_steps = 0;
    require(sim->key_count <= SIM_KEYS_MAX);
    for (size_t i = 0; i < sim->key_count; i++) {
        values[i] = value_of(&sim->keys[i], at < size ? data[at] : 255);
        at += at < size;
    }
    sim->init(state, values, now_ns, INT64_C(1776686400) * VB_NS_PER_S);
    while (at < size) {
        unsigned what = data[at] & 3;
        unsigned n = data[at] >> 2;
        int64_t due_ns = sim->deadline_ns(state);
        at++;
        if (what == 0) {
            size_t left = size - at;
            size_t bytes = n < left ? n : left;
            sim->feed(state, data + at, bytes, now_ns);
            at += bytes;
        } else if (what == 1) {
            now_ns += n * (VB_NS_PER_MS / 4);
        } else if (what == 2) {
            now_ns = due_ns > now_ns ? due_ns : now_ns;
        } else if (long_steps++ < LONG_STEPS) {
            now_ns += n * n * 5 * VB_NS_PER_MS;
        }
        if (what != 0) {
            wake(sim, state, now_ns);
        }
    }
    wake(sim, state, now_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const struct sim *sim = sims[data[0] % sim_count];
    /* a block of exactly its size, so that a write beyond it is seen */
    void *state = malloc(sim->size);
    require(state != NULL && sim_find(sim->name) == sim);
    run(sim, state, data + 1, size - 1);
    free(state);
    return 0;
}
