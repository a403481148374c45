/* sim/values.h - a frame from the names of its signals: the rows of the device know where the bits
 * go. No simulator packs a bit by hand.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_VALUES_H
#define SIM_VALUES_H

#include "voltbus/device.h"

#define SIM_VALUES_MAX 48

struct sim_values {
    const struct vb_instance *instance;
    const struct vb_message *message; /* NULL: the device has none with this id */
    bool bad;                         /* a name or word that does not exist */
    size_t count;
    struct vb_sample samples[SIM_VALUES_MAX];
};

void sim_values_begin(struct sim_values *v, const struct vb_instance *instance, uint32_t id);

/* The value of a signal: as the raw number, in thousandths of its unit (rounded to the nearest step,
 * and kept within the limits of the row, as a sensor ends where it ends), or as a word. Of rows with
 * the same name the one that the settings choose. */
void sim_raw(struct sim_values *v, const char *name, int64_t raw);
void sim_milli(struct sim_values *v, const char *name, int64_t milli);
void sim_word(struct sim_values *v, const char *name, const char *word);

/* Write all of them into n bytes, the others are 0; counter: see vb_instance_write.
 * Returns n, or 0 if anything was wrong. */
size_t sim_values_end(const struct sim_values *v, uint8_t *data, size_t n, uint32_t counter);

#endif
