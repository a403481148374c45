/* fuzz_control.c - the gate: whatever is asked for, what is in force is within the limits or safe,
 * ends in time, and a refused request changes nothing.
 * Input: device, then steps: what happens (bits 0-1), the command (bits 2-4), seconds; a request is
 * followed by its text up to a line end.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

/* A device with what the built-in ones do not have: units, signs, words, bits. */
static const struct vb_word modes[] = {{0, "off"}, {1, "eco"}, {3, "full"}, {0, NULL}};
static const struct vb_word lamps[] = {{0, "left"}, {2, "right"}, {0, NULL}};
static const struct vb_signal rows[] = {
    {"a.current", "A", 0, 16, VB_LE | VB_SIGNED, VB_SCALE(1, 0, 10), VB_LIMITS(-100, 100)},
    {"a.mode", "", 16, 4, VB_LE, VB_RAW, .words = modes},
    {"a.lamps", "", 20, 4, VB_LE | VB_BITS, VB_RAW, .words = lamps},
    {"a.wide", "", 24, 40, VB_LE, VB_SCALE(-3, 7, 9), VB_NOT_AVAILABLE(5)},
};
static const struct vb_message message = {VB_ID(1), .len_min = 8, .len_max = 8, .name = "a",
                                          VB_ROWS(rows)};
static const struct vb_command commands[] = {
    {"a.current", "", 0, &rows[0], {-5000, 32500}, 0},
    {"a.mode", "", 0, &rows[1], {0, 3000}, 0},
    {"a.lamps", "", 0, &rows[2], {0, 5000}, 0},
    {"a.wide", "", 0, &rows[3], {-1000000000, 500}, 2},
};
static const struct vb_device made = {.name = "made",
                                      .title = "",
                                      .kind = VB_KIND_CAN,
                                      .messages = &message,
                                      .message_count = 1,
                                      VB_COMMANDS(commands)};

/* What is in force can be sent, and reads as what was asked for. */
static void writes(const struct vb_control *control, struct vb_instance *instance) {
    struct vb_sample samples[64];
    uint8_t data[VB_WRITE_MAX];
    for (size_t m = 0; m < control->device->message_count; m++) {
        int n = vb_control_write(control, instance, m, data);
        require(n >= 0);
        struct vb_frame frame = {.kind = control->device->kind,
                                 .id = control->device->messages[m].id,
                                 .data = data,
                                 .len = (uint32_t)n};
        struct vb_reading reading = {0};
        if (n > 0) {
            reading = vb_instance_read(instance, &frame, samples, 64);
            require(reading.fault == VB_FAULT_NONE && reading.message);
        }
        for (size_t i = 0; i < control->device->command_count; i++) {
            for (size_t k = 0; k < reading.count; k++) {
                if (samples[k].signal == control->device->commands[i].argument) {
                    require(samples[k].raw == control->leases[i].raw && !samples[k].out_of_range);
                }
            }
        }
    }
}

static void looks_right(const struct vb_control *control, int64_t now) {
    int64_t first = INT64_MAX;
    for (size_t i = 0; i < control->device->command_count; i++) {
        const struct vb_lease *lease = &control->leases[i];
        struct vb_signal row = *control->device->commands[i].argument;
        row.limits = &lease->limits;
        require(vb_signal_in_limits(&row, lease->raw));
        if (lease->until_ns == INT64_MIN) {
            require(lease->raw == control->device->commands[i].safe);
        } else {
            require(lease->until_ns > now && lease->until_ns - now <= VB_LEASE_MAX_NS);
            first = lease->until_ns < first ? lease->until_ns : first;
        }
    }
    require(vb_control_deadline_ns(control) == first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const names[] = {"nugget-panel", "nugget-led"};
    struct vb_lease leases[8];
    struct vb_lease before[8];
    struct vb_control control;
    struct vb_instance instance;
    int64_t now = 0;
    require(vb_device_check(&made, NULL) == VB_OK);
    if (size < 1) {
        return 0;
    }
    const struct vb_device *device = data[0] & 3 ? &made : vb_device_find(names[data[0] >> 2 & 1]);
    memset(leases, 0, sizeof leases);
    vb_control_init(&control, device, leases, !(data[0] & 0x80));
    vb_instance_init(&instance, device, NULL, 0);
    for (size_t at = 1; at + 2 <= size;) {
        unsigned what = data[at] & 3;
        size_t i = data[at] >> 2 & 7;
        int64_t seconds = data[at + 1] * 20;
        at += 2;
        if (what == 0) {
            now += seconds * VB_NS_PER_S;
        } else if (what == 1 && i < device->command_count) {
            vb_control_release(&control, i);
        } else if (what >= 2) {
            size_t n = 0;
            while (at + n < size && data[at + n] != '\n') {
                n++;
            }
            memcpy(before, leases, sizeof before);
            enum vb_refusal refusal = vb_control_request(&control, i, (const char *)data + at, n,
                                                         seconds * VB_NS_PER_S, now);
            require(refusal <= VB_REFUSAL_BAD_LEASE);
            require(refusal == VB_REFUSAL_NONE || memcmp(before, leases, sizeof before) == 0);
            require((refusal == VB_REFUSAL_CONTROL_OFF) == !control.allowed);
            at += n + (at + n < size);
        }
        for (size_t ended = 0; vb_control_tick(&control, now) >= 0; ended++) {
            require(ended < device->command_count);
        }
        looks_right(&control, now);
        writes(&control, &instance);
    }
    return 0;
}
