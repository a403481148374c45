/* sims.c - the table of all simulators.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "sim/sim.h"

#define SIM(stem) extern const struct sim sim_##stem;
#include "sim/sims.def"
#undef SIM

const struct sim *const sims[] = {
#define SIM(stem) &sim_##stem,
#include "sim/sims.def"
#undef SIM
};
const size_t sim_count = sizeof sims / sizeof sims[0];

const struct sim *sim_find(const char *name) {
    for (size_t i = 0; i < sim_count; i++) {
        if (strcmp(sims[i]->name, name) == 0) {
            return sims[i];
        }
    }
    return NULL;
}
