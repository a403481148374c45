/* http_delta.c - what changed since the last time, as JSON messages.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include "host/out/http_parts.h"

/* A delta that grows beyond this is ended, and goes on in the next message. */
#define DELTA_ENOUGH 49152

struct delta {
    struct text *out;
    uint64_t *seq;
    struct http_now now;
    http_emit *emit;
    void *context;
    bool message, device, signals; /* what is open */
    bool first_device, any;
};

static void open_message(struct delta *d) {
    text_clear(d->out);
    text_format(d->out, "{\"type\":\"delta\",\"seq\":%" PRIu64 ",\"time\":", ++*d->seq);
    text_time(d->out, d->now.wall_ns);
    text_add(d->out, ",\"devices\":{");
    d->message = true;
    d->first_device = true;
    d->any = true;
}

static void open_device(struct delta *d, const struct hub_device *device) {
    if (!d->message) {
        open_message(d);
    }
    json_open(d->out, d->first_device ? "" : ",", device->config->name);
    device_now(d->out, device, d->now);
    d->first_device = false;
    d->device = true;
}

static void close_signals(struct delta *d) {
    if (d->signals) {
        text_add(d->out, "}");
        d->signals = false;
    }
}

static void close_device(struct delta *d) {
    if (d->device) {
        close_signals(d);
        text_add(d->out, "}");
        d->device = false;
    }
}

static void close_message(struct delta *d) {
    text_add(d->out, "}");
    d->emit(d->context, d->out);
    d->message = false;
}

static void delta_signal(struct delta *d, const struct hub_device *device,
                         const struct hub_value *value, uint8_t *said) {
    if (d->out->n > DELTA_ENOUGH) {
        close_device(d);
        text_add(d->out, "}");
        close_message(d);
        open_device(d, device);
    }
    text_add(d->out, d->signals ? "," : ",\"signals\":{");
    d->signals = true;
    json_member(d->out, "", value->signal->name);
    text_add(d->out, ":");
    if (!(*said & SAID)) {
        signal_whole(d->out, value, d->now);
    } else {
        signal_now(d->out, value);
        if (value->out_of_range) {
            text_add(d->out, ",\"out_of_range\":true}");
        } else {
            text_add(d->out, *said & SAID_OUT_OF_RANGE ? ",\"out_of_range\":false}" : "}");
        }
    }
    *said = value->out_of_range ? SAID | SAID_OUT_OF_RANGE : SAID;
}

static bool command_changed(struct hub_device *device, size_t i, struct said_command *said) {
    const struct vb_lease *lease = &device->control.leases[i];
    const struct hub_value *shown = hub_command_shown(device, i);
    struct said_command now = {
        .raw = lease->raw, .until_ns = lease->until_ns, .shown = shown ? shown->raw : INT64_MIN};
    strcpy(now.by, device->by[i]);
    if (!hub_command_reason(device, i, now.why)) {
        now.why[0] = '\0';
    }
    if (said->raw == now.raw && said->until_ns == now.until_ns && said->shown == now.shown &&
        strcmp(said->by, now.by) == 0 && strcmp(said->why, now.why) == 0) {
        return false;
    }
    *said = now;
    return true;
}

/* Which calls there are depends on the version of the device. */
static void delta_calls(struct delta *d, const struct hub_device *device,
                        struct state_device *known) {
    uint32_t version = hub_version(device);
    if (device->control.allowed && version != 0 && version != known->version) {
        known->version = version;
        device_calls(d->out, device);
    }
}

static void delta_device(struct delta *d, struct hub_device *device, struct state_device *known) {
    const char *comma = ",\"commands\":{";
    open_device(d, device);
    for (size_t i = 0; i < device->value_count; i++) {
        const struct hub_value *value = &device->values[newest_row(device, known, i)];
        if (!known->later[i] && value->heard &&
            (since(value->changes, known->changes) || !(known->said[i] & SAID))) {
            delta_signal(d, device, value, &known->said[i]);
        }
    }
    close_signals(d);
    for (size_t i = 0; device->control.allowed && i < device->config->type->command_count; i++) {
        if (command_changed(device, i, &known->commands[i])) {
            json_member(d->out, comma, device->config->type->commands[i].name);
            text_add(d->out, ":");
            command_now(d->out, device, i, d->now);
            text_add(d->out, "}");
            comma = ",";
        }
    }
    if (comma[1] == '\0') {
        text_add(d->out, "}");
    }
    delta_calls(d, device, known);
    close_device(d);
    known->changes = device->changes;
    known->frames = device->frames;
    known->bad = device->bad;
}

static void delta_links(struct delta *d, struct http_state *state) {
    const char *comma = "},\"links\":{";
    for (size_t i = 0; i < state->hub->link_count; i++) {
        const struct link *link = &state->hub->links[i];
        struct state_link *known = &state->links[i];
        if (!since(link->changes, known->changes) && link->frames == known->frames &&
            link->bad == known->bad) {
            continue;
        }
        if (!d->message) {
            open_message(d);
        }
        json_open(d->out, comma, link->config->name);
        link_now(d->out, link);
        comma = ",";
        *known =
            (struct state_link){.changes = link->changes, .frames = link->frames, .bad = link->bad};
    }
    if (d->message) {
        text_add(d->out, "}");
        close_message(d);
    }
}

static bool device_changed(const struct hub_device *device, const struct state_device *known) {
    return since(device->changes, known->changes) || device->frames != known->frames ||
           device->bad != known->bad;
}

void http_state_delta(struct http_state *state, struct text *out, uint64_t *seq,
                      struct http_now now, bool even_if_empty, http_emit *emit, void *context) {
    struct delta d = {.out = out, .seq = seq, .now = now, .emit = emit, .context = context};
    for (size_t i = 0; i < state->hub->device_count; i++) {
        if (device_changed(&state->hub->devices[i], &state->devices[i])) {
            delta_device(&d, &state->hub->devices[i], &state->devices[i]);
        }
    }
    delta_links(&d, state);
    if (!d.any && even_if_empty) {
        open_message(&d);
        text_add(out, "}");
        close_message(&d);
    }
}

void http_state_begin(struct http_state *state) {
    const struct hub *hub = state->hub;
    for (size_t i = 0; i < hub->device_count; i++) {
        struct hub_device *device = &hub->devices[i];
        struct state_device *known = &state->devices[i];
        known->version = hub_version(device);
        known->changes = device->changes;
        known->frames = device->frames;
        known->bad = device->bad;
        for (size_t k = 0; k < device->value_count; k++) {
            const struct hub_value *value = &device->values[newest_row(device, known, k)];
            known->said[k] = !value->heard         ? 0
                             : value->out_of_range ? SAID | SAID_OUT_OF_RANGE
                                                   : SAID;
        }
        for (size_t k = 0; k < device->config->type->command_count; k++) {
            command_changed(device, k, &known->commands[k]);
        }
    }
    for (size_t i = 0; i < hub->link_count; i++) {
        const struct link *link = &hub->links[i];
        state->links[i] =
            (struct state_link){.changes = link->changes, .frames = link->frames, .bad = link->bad};
    }
}
