/* control.c - the gate: one place that every command passes, so that no way to the wire goes round it.
 * Left out: who asks (the caller knows), the way to the wire (the link's), counters of messages.
 * SPDX-License-Identifier: MIT */
#include "voltbus/control.h"

#include <string.h>

#include "voltbus/call.h"

#define NO_LEASE INT64_MIN

static const struct {
    const char *text, *why;
} refusals[] = {
#define X(name, text, sentence) [VB_REFUSAL_##name] = {text, sentence},
    VB_REFUSALS(X)
#undef X
};
#define REFUSALS (sizeof refusals / sizeof refusals[0])

const char *vb_refusal_text(enum vb_refusal refusal) {
    return (size_t)refusal < REFUSALS ? refusals[refusal].text : "unknown";
}

const char *vb_refusal_why(enum vb_refusal refusal) {
    return (size_t)refusal < REFUSALS ? refusals[refusal].why : "unknown";
}

/* The row of a command with the limits that hold for it instead of its own, which are wider. */
static struct vb_signal limited_row(const struct vb_command *command,
                                    const struct vb_limits *limits) {
    struct vb_signal row = *command->argument;
    row.limits = limits;
    return row;
}

void vb_control_init(struct vb_control *control, const struct vb_device *device,
                     struct vb_lease *leases, bool allowed) {
    *control = (struct vb_control){.device = device, .allowed = allowed, .leases = leases};
    for (size_t i = 0; i < device->command_count; i++) {
        const struct vb_command *command = &device->commands[i];
        leases[i] = (struct vb_lease){command->limits, command->safe, NO_LEASE};
    }
}

int vb_control_limit(struct vb_control *control, size_t i, struct vb_limits limits) {
    const struct vb_command *command = &control->device->commands[i];
    const struct vb_signal row = limited_row(command, &limits);
    if (limits.min_milli > limits.max_milli || limits.min_milli < command->limits.min_milli ||
        limits.max_milli > command->limits.max_milli || !vb_signal_in_limits(&row, command->safe)) {
        return VB_E_RANGE;
    }
    control->leases[i].limits = limits;
    return VB_OK;
}

int vb_control_find(const struct vb_device *device, const char *name, size_t n) {
    for (int i = 0; i < device->command_count; i++) {
        const char *known = device->commands[i].name;
        if (strlen(known) == n && memcmp(known, name, n) == 0) {
            return i;
        }
    }
    return -1;
}

/* Rounding to what the row has must not bring a number back that is beyond the limits: 5.4 is more
 * than 5. A word has no number. */
static bool number_within(const struct vb_limits *limits, const char *text, size_t n) {
    static const struct vb_scale thousandths = {1, 0, 1000};
    int64_t milli;
    int result = vb_decimal_parse(&thousandths, false, text, n, &milli);
    return result == VB_E_FORMAT ||
           (result == VB_OK && milli >= limits->min_milli && milli <= limits->max_milli);
}

/* Where values are words, a number between them means nothing that anybody knows. */
static bool has_words(const struct vb_signal *row, int64_t raw) {
    uint64_t bits = (uint64_t)raw;
    for (const struct vb_word *w = row->words; w && w->word; w++) {
        if (row->flags & VB_BITS) {
            bits &= ~(UINT64_C(1) << w->raw);
        } else if (w->raw == raw) {
            return true;
        }
    }
    return !row->words || (row->flags & VB_BITS && bits == 0);
}

enum vb_refusal vb_control_request(struct vb_control *control, size_t i, const char *text, size_t n,
                                   int64_t lease_ns, int64_t now_ns) {
    if (!control->allowed) {
        return VB_REFUSAL_CONTROL_OFF;
    }
    if (i >= control->device->command_count) {
        return VB_REFUSAL_NO_COMMAND;
    }
    struct vb_lease *lease = &control->leases[i];
    const struct vb_signal row = limited_row(&control->device->commands[i], &lease->limits);
    int64_t raw;
    int result = vb_signal_parse(&row, text, n, &raw);
    if (result == VB_E_FORMAT) {
        return VB_REFUSAL_BAD_VALUE;
    }
    if (result < 0 || !number_within(&lease->limits, text, n)) {
        return VB_REFUSAL_OUT_OF_RANGE;
    }
    if (!has_words(&row, raw)) {
        return VB_REFUSAL_BAD_VALUE;
    }
    if (lease_ns < VB_LEASE_MIN_NS || lease_ns > VB_LEASE_MAX_NS) {
        return VB_REFUSAL_BAD_LEASE;
    }
    lease->raw = raw;
    lease->until_ns = now_ns + lease_ns;
    return VB_REFUSAL_NONE;
}

void vb_control_release(struct vb_control *control, size_t i) {
    control->leases[i].raw = control->device->commands[i].safe;
    control->leases[i].until_ns = NO_LEASE;
}

int vb_control_tick(struct vb_control *control, int64_t now_ns) {
    for (int i = 0; i < control->device->command_count; i++) {
        int64_t until_ns = control->leases[i].until_ns;
        if (until_ns != NO_LEASE && now_ns >= until_ns) {
            vb_control_release(control, (size_t)i);
            return i;
        }
    }
    return -1;
}

int64_t vb_control_deadline_ns(const struct vb_control *control) {
    int64_t first_ns = INT64_MAX;
    for (size_t i = 0; i < control->device->command_count; i++) {
        int64_t until_ns = control->leases[i].until_ns;
        if (until_ns != NO_LEASE && until_ns < first_ns) {
            first_ns = until_ns;
        }
    }
    return first_ns;
}

int vb_control_write(const struct vb_control *control, const struct vb_instance *instance, size_t m,
                     uint8_t *data) {
    const struct vb_device *device = control->device;
    struct vb_sample samples[VB_COMMANDS_MAX] = {{0}};
    size_t count = 0;
    if (m >= device->message_count) {
        return VB_E_UNKNOWN;
    }
    for (size_t i = 0; i < device->command_count && count < VB_COMMANDS_MAX; i++) {
        if (device->commands[i].message == m) {
            samples[count].signal = device->commands[i].argument;
            samples[count++].raw = control->leases[i].raw;
        }
    }
    const struct vb_message *message = &device->messages[m];
    size_t n = message->len_max;
    if (count == 0) {
        return 0;
    }
    if (message->call) { /* its only argument */
        const struct vb_argument argument = {.raw = samples[0].raw};
        return vb_call_write(message->call, &argument, 1, (char *)data, VB_WRITE_MAX);
    }
    if (n > VB_WRITE_MAX) {
        return VB_E_RANGE;
    }
    memset(data, 0, n);
    int result = vb_instance_write(instance, message, samples, count, data, n, 0, NULL);
    return result < 0 ? result : (int)n;
}
