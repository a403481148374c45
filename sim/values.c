/* values.c - see values.h.
 * SPDX-License-Identifier: MIT */
#include "sim/values.h"

#include <string.h>

void sim_values_begin(struct sim_values *v, const struct vb_instance *instance, uint32_t id) {
    v->instance = instance;
    v->message = NULL;
    v->bad = false;
    v->count = 0;
    const struct vb_device *device = instance->device;
    for (unsigned i = 0; i < device->message_count; i++) {
        const struct vb_message *message = &device->messages[i];
        if ((id & message->mask) == message->id && vb_instance_has(instance, message->when)) {
            v->message = message;
            return;
        }
    }
    v->bad = true;
}

/* Views and side bytes are read, never written. */
static const struct vb_signal *row_of(const struct sim_values *v, const char *name) {
    if (!v->message) {
        return NULL;
    }
    for (unsigned i = 0; i < v->message->signal_count; i++) {
        const struct vb_signal *row = &v->message->signals[i];
        if (!(row->flags & (VB_VIEW | VB_SIDE)) && vb_instance_has(v->instance, row->when) &&
            strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

static void add(struct sim_values *v, const struct vb_signal *row, int64_t raw) {
    if (!row || v->count == SIM_VALUES_MAX) {
        v->bad = true;
        return;
    }
    v->samples[v->count++] = (struct vb_sample){.signal = row, .raw = raw};
}

void sim_raw(struct sim_values *v, const char *name, int64_t raw) {
    add(v, row_of(v, name), raw);
}

void sim_milli(struct sim_values *v, const char *name, int64_t milli) {
    const struct vb_signal *row = row_of(v, name);
    int64_t raw = 0;
    if (row) {
        static const struct vb_scale one = {1, 0, 1};
        const struct vb_scale *scale = row->scale ? row->scale : &one;
        if (row->limits && milli < row->limits->min_milli) {
            milli = row->limits->min_milli;
        }
        if (row->limits && milli > row->limits->max_milli) {
            milli = row->limits->max_milli;
        }
        /* value = (raw * mul + add) / div, backwards; mul may be negative */
        int64_t above = milli * scale->div - scale->add * 1000;
        int64_t below = scale->mul * 1000;
        int64_t half = (below < 0 ? -below : below) / 2;
        raw = (above + (above < 0 ? -half : half)) / below;
    }
    add(v, row, raw);
}

void sim_word(struct sim_values *v, const char *name, const char *word) {
    const struct vb_signal *row = row_of(v, name);
    int64_t raw = 0;
    if (row && vb_signal_parse(row, word, strlen(word), &raw) != VB_OK) {
        row = NULL;
    }
    add(v, row, raw);
}

size_t sim_values_end(const struct sim_values *v, uint8_t *data, size_t n, uint32_t counter) {
    memset(data, 0, n);
    if (v->bad || vb_instance_write(v->instance, v->message, v->samples, v->count, data, n, counter,
                                    NULL) != VB_OK) {
        return 0;
    }
    return n;
}
