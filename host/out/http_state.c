/* http_state.c - what the hub knows, as JSON: the document of /api/state, samples, the history.
 * Reads the hub, writes text; knows nothing of sockets.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "host/out/http_parts.h"
#include "voltbus/time.h"

/* ---- parts of both ---- */

void json_member(struct text *out, const char *key, const char *value) {
    text_add(out, key);
    text_json(out, value, strlen(value));
}

void http_value_json(struct text *out, const char *text, size_t n, bool is_word) {
    if (is_word) {
        text_json(out, text, n);
    } else {
        text_bytes(out, text, n);
    }
}

static void row_sample(struct text *out, const struct column *column,
                       const struct vb_sample *sample) {
    char value[SAMPLE_TEXT];
    bool is_word;
    size_t n = value_text(column, sample, value, &is_word);
    http_value_json(out, value, n, is_word);
}

static void value_json(struct text *out, const struct hub_value *value) {
    struct vb_sample sample = hub_value_sample(value);
    row_sample(out, value->column, &sample);
}

/* Of a command: its argument is a row of the message, or of its call. */
static void command_value(struct text *out, const struct vb_command *command, int64_t raw) {
    char value[VALUE_TEXT];
    bool is_word;
    size_t n = vb_signal_text(command->argument, raw, value, sizeof value, &is_word);
    http_value_json(out, value, n, is_word);
}

static void words(struct text *out, const struct vb_signal *signal,
                  const struct vb_limits *limits) {
    const char *comma = "";
    struct vb_decimal decimal = vb_signal_decimal(signal);
    bool wide = decimal.wide && !decimal.is_signed;
    text_add(out, ",\"words\":[");
    for (const struct vb_word *word = signal->words; word->word; word++) {
        if (!limits || vb_decimal_within(signal->scale, wide, word->raw, limits->min_milli,
                                         limits->max_milli)) {
            json_member(out, comma, word->word);
            comma = ",";
        }
    }
    text_add(out, "]");
}

/* Of rows with one name: the one that was heard last. */
size_t newest_row(const struct hub_device *device, const struct state_device *known, size_t i) {
    size_t best = i;
    for (uint32_t k = known->next[i]; k != NO_ROW; k = known->next[k]) {
        const struct hub_value *value = &device->values[k];
        const struct hub_value *other = &device->values[best];
        if (value->heard && (!other->heard || since(value->changes, other->changes))) {
            best = k;
        }
    }
    return best;
}

void signal_now(struct text *out, const struct hub_value *value) {
    text_add(out, "{\"value\":");
    value_json(out, value);
    text_add(out, ",\"t\":");
    text_time(out, value->t_ns);
}

/* All that can be said of a signal. */
void signal_whole(struct text *out, const struct hub_value *value, struct http_now now) {
    const struct vb_signal *signal = value->signal;
    signal_now(out, value);
    text_add(out, ",\"age\":");
    text_age(out, now.mono_ns - value->mono_ns);
    json_member(out, ",\"unit\":", signal->unit);
    json_member(out, ",\"title\":", signal->title ? signal->title : "");
    if (signal->words) {
        words(out, signal, NULL);
    }
    if (signal->flags & VB_GUESS) {
        text_add(out, ",\"guess\":true");
    }
    if (signal->flags & VB_UNKNOWN) {
        text_add(out, ",\"unknown\":true");
    }
    if (value->out_of_range) {
        text_add(out, ",\"out_of_range\":true");
    }
    text_add(out, "}");
}

void command_now(struct text *out, struct hub_device *device, size_t i, struct http_now now) {
    const struct vb_command *command = &device->config->type->commands[i];
    const struct vb_lease *lease = &device->control.leases[i];
    text_add(out, "{\"value\":");
    command_value(out, command, lease->raw);
    if (lease->until_ns != INT64_MIN) {
        text_add(out, ",\"lease\":");
        text_age(out, lease->until_ns - now.mono_ns);
        json_member(out, ",\"by\":", device->by[i]);
    }
    if (command->shown_by && lease->until_ns != INT64_MIN) {
        text_add(out, ",\"asked\":");
        command_value(out, command, lease->raw);
    }
    const struct hub_value *shown = hub_command_shown(device, i);
    char why[LINK_WHY];
    if (shown) {
        text_add(out, ",\"shown\":");
        value_json(out, shown);
    }
    if (hub_command_reason(device, i, why)) {
        json_member(out, ",\"reason\":", why);
    }
}

static void range_json(struct text *out, const struct vb_signal *row,
                       const struct vb_limits *limits) {
    char step[VB_NUMBER_TEXT];
    struct vb_decimal decimal = vb_signal_decimal(row);
    decimal.add = 0;
    decimal.mul = decimal.mul < 0 ? -decimal.mul : decimal.mul;
    text_add(out, ",\"min\":");
    text_milli(out, limits->min_milli);
    text_add(out, ",\"max\":");
    text_milli(out, limits->max_milli);
    text_add(out, ",\"step\":");
    text_bytes(out, step, vb_decimal_text(&decimal, 1, step));
}

static void command_whole(struct text *out, struct hub_device *device, size_t i,
                          struct http_now now) {
    const struct vb_command *command = &device->config->type->commands[i];
    const struct vb_limits *limits = &device->control.leases[i].limits;
    command_now(out, device, i, now);
    json_member(out, ",\"title\":", command->title);
    json_member(out, ",\"unit\":", command->argument->unit);
    if (command->argument->words) {
        words(out, command->argument, limits);
    } else {
        range_json(out, command->argument, limits);
    }
    text_add(out, ",\"safe\":");
    command_value(out, command, command->safe);
    text_add(out, "}");
}

/* ---- calls ---- */

static void call_argument(struct text *out, const struct hub_device *device,
                          const struct vb_signal *row) {
    const struct vb_limits *limits = hub_argument_limits(device, row);
    json_member(out, "{\"name\":", row->name ? row->name : "");
    json_member(out, ",\"title\":", row->title ? row->title : "");
    json_member(out, ",\"unit\":", row->unit);
    if (row->words) {
        words(out, row, limits);
    } else if (row->flags & VB_STRING) {
        text_add(out, ",\"text\":true");
    } else if (limits) {
        range_json(out, row, limits);
    }
    text_add(out, "}");
}

static bool named_before(const struct vb_device *type, size_t m) {
    for (size_t i = 0; i < m; i++) {
        if (type->messages[i].call && strcmp(type->messages[i].name, type->messages[m].name) == 0) {
            return true;
        }
    }
    return false;
}

/* What people press daily; while the version is not known, whatever some version has. */
void device_calls(struct text *out, const struct hub_device *device) {
    const struct vb_device *type = device->config->type;
    uint32_t version = hub_version(device);
    const char *comma = ",\"calls\":[";
    for (size_t m = 0; m < type->message_count; m++) {
        const struct vb_message *message = &type->messages[m];
        const struct vb_call *call = message->call;
        if (!call || !(call->flags & VB_CALL_BUTTON) ||
            (version ? !vb_call_in(call, version) : named_before(type, m))) {
            continue;
        }
        text_add(out, comma);
        json_member(out, "{\"name\":", message->name);
        json_member(out, ",\"title\":", message->title ? message->title : "");
        text_add(out, ",\"arguments\":[");
        for (size_t i = 0; i < call->arg_count; i++) {
            text_add(out, i ? "," : "");
            call_argument(out, device, &call->args[i]);
        }
        text_add(out, "]}");
        comma = ",";
    }
    text_add(out, comma[1] ? "" : "]");
}

void http_reply_json(struct text *out, const struct hub_device *device,
                     const struct hub_reply *reply) {
    const char *comma = "";
    text_add(out, "{\"ok\":true,\"values\":{");
    for (size_t i = 0; i < device->value_count; i++) {
        const struct hub_value *value = &device->values[i];
        bool has = hub_reply_has(reply, value);
        if (has || hub_reply_lacks(reply, value)) {
            json_member(out, comma, value->signal->name);
            text_add(out, has ? ":" : ":null");
            comma = ",";
        }
        if (has) {
            value_json(out, value);
        }
    }
    json_member(out, "},\"text\":", reply->text);
    text_add(out, "}");
}

void device_now(struct text *out, const struct hub_device *device, struct http_now now) {
    json_member(out, "\"health\":", hub_health_text(device->health));
    json_member(out, ",\"reason\":", device->reason);
    if (device->heard_mono_ns != INT64_MIN) {
        text_add(out, ",\"age\":");
        text_age(out, now.mono_ns - device->heard_mono_ns);
    }
    text_format(out, ",\"frames\":%" PRIu64 ",\"bad\":%" PRIu64, device->frames, device->bad);
    const char *name;
    const char *why;
    const char *state = hub_machine_state(device, &name, &why);
    if (state) {
        json_member(out, ",\"machine\":{\"name\":", name);
        json_member(out, ",\"state\":", state);
        json_member(out, ",\"reason\":", why);
        text_add(out, "}");
    }
}

void link_now(struct text *out, const struct link *link) {
    const char *reason = link->reason[0] || !link->leader ? link->reason : link->leader_reason;
    json_member(out, "\"state\":", link_state_text(link->state));
    json_member(out, ",\"reason\":", reason);
    if (link->leader) {
        json_member(out, ",\"leader\":", link->leader);
    }
    text_format(out, ",\"frames\":%" PRIu64 ",\"bad\":%" PRIu64 "}", link->frames, link->bad);
}

void json_open(struct text *out, const char *comma, const char *name) {
    json_member(out, comma, name);
    text_add(out, ":{");
}

/* ---- the document ---- */

static void device_whole(struct text *out, struct hub_device *device,
                         const struct state_device *known, struct http_now now) {
    const struct vb_device *type = device->config->type;
    const char *comma = "";
    json_member(out, "\"type\":", type->name);
    json_member(out, ",\"title\":", type->title);
    json_member(out, ",\"link\":", device->link->config->name);
    text_add(out, ",");
    device_now(out, device, now);
    text_add(out, device->control.allowed ? ",\"control\":true" : ",\"control\":false");
    text_add(out, ",\"headline\":[");
    for (const char *const *name = type->headline; name && *name; name++) {
        json_member(out, name == type->headline ? "" : ",", *name);
    }
    text_add(out, "],\"signals\":{");
    for (size_t i = 0; i < device->value_count; i++) {
        const struct hub_value *value = &device->values[newest_row(device, known, i)];
        if (!known->later[i] && value->heard) {
            json_member(out, comma, value->signal->name);
            text_add(out, ":");
            signal_whole(out, value, now);
            comma = ",";
        }
    }
    text_add(out, "}");
    if (device->control.allowed) {
        text_add(out, ",\"commands\":{");
        for (size_t i = 0; i < type->command_count; i++) {
            json_member(out, i ? "," : "", type->commands[i].name);
            text_add(out, ":");
            command_whole(out, device, i, now);
        }
        text_add(out, "}");
        device_calls(out, device);
    }
    text_add(out, "}");
}

void http_state_document(const struct http_state *state, struct text *out, uint64_t seq,
                         struct http_now now) {
    const struct hub *hub = state->hub;
    json_member(out, "{\"site\":", hub->config->site);
    text_add(out, hub->config->demo ? ",\"demo\":true,\"time\":" : ",\"demo\":false,\"time\":");
    text_time(out, now.wall_ns);
    text_format(out, ",\"seq\":%" PRIu64 ",\"links\":{", seq);
    for (size_t i = 0; i < hub->link_count; i++) {
        const struct link *link = &hub->links[i];
        json_open(out, i ? "," : "", link->config->name);
        json_member(out, "\"link\":", link->config->spec->text);
        text_add(out, ",");
        link_now(out, link);
    }
    text_add(out, "},\"devices\":{");
    for (size_t i = 0; i < hub->device_count; i++) {
        json_open(out, i ? "," : "", hub->devices[i].config->name);
        device_whole(out, &hub->devices[i], &state->devices[i], now);
    }
    text_add(out, "}}");
}

/* ---- every sample ---- */

void http_state_samples(const struct http_state *state, struct text *out,
                        const struct seen_frame *seen, size_t device) {
    const struct vb_message *message = seen->reading.message;
    const struct hub_device *its = &state->hub->devices[device];
    size_t m = (size_t)(message - its->config->type->messages);
    const struct text *keys = &state->devices[device].keys[its->first_value[m]];
    const struct column *columns = seen->view->columns[m];
    char time[VB_TIME_TEXT];
    size_t time_n = vb_time_text(seen->t_ns, time);
    for (size_t i = 0; i < seen->reading.count; i++) {
        const struct vb_sample *sample = &seen->view->samples[i];
        size_t row = (size_t)(sample->signal - message->signals);
        const struct text *key = &keys[row];
        char *start = text_room(out, key->n + VB_TIME_TEXT + SAMPLE_TEXT + 32);
        if (!start) {
            return;
        }
        char *p = start;
        memcpy(p, key->data, key->n);
        p += key->n;
        memcpy(p, time, time_n);
        p += time_n;
        *p++ = ',';
        if (sample->signal->words || sample->signal->flags & VB_TEXT) {
            out->n += (size_t)(p - start);
            row_sample(out, &columns[row], sample);
            start = p = text_room(out, 32);
            if (!start) {
                return;
            }
        } else {
            p += vb_decimal_text(&columns[row].decimal, sample->raw, p);
        }
        if (sample->out_of_range) {
            memcpy(p, ",\"out_of_range\"", 15);
            p += 15;
        }
        *p++ = ']';
        *p++ = ',';
        out->n += (size_t)(p - start);
    }
}

/* ---- the history ---- */

static void number(struct text *out, double value) {
    text_format(out, isfinite(value) ? "%.9g" : "null", value);
}

void http_history_json(struct text *out, const char *signal, const char *unit,
                       const struct http_range *range, const struct history_point *points, int n) {
    json_member(out, "{\"signal\":", signal);
    json_member(out, ",\"unit\":", unit);
    text_add(out, ",\"from\":");
    text_time(out, range->from_ns);
    text_add(out, ",\"to\":");
    text_time(out, range->to_ns);
    text_add(out, ",\"points\":[");
    for (int i = 0; i < n; i++) {
        const struct history_point *point = &points[i];
        if (i > 0) {
            text_add(out, ",");
        }
        if (point->gap || !isfinite(point->t)) {
            text_add(out, "null");
            continue;
        }
        text_format(out, "[%.3f,", point->t);
        number(out, point->mean);
        text_add(out, ",");
        number(out, point->low);
        text_add(out, ",");
        number(out, point->high);
        text_add(out, "]");
    }
    text_add(out, "]}");
}

/* ---- new, free ---- */

static bool device_new(struct state_device *known, const struct hub_device *device) {
    size_t n = device->value_count;
    known->next = malloc((n + 1) * sizeof *known->next);
    known->later = calloc(n + 1, sizeof *known->later);
    known->said = calloc(n + 1, sizeof *known->said);
    known->keys = calloc(n + 1, sizeof *known->keys);
    known->commands = calloc(device->config->type->command_count + 1u, sizeof *known->commands);
    if (!known->next || !known->later || !known->said || !known->keys || !known->commands) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char *name = device->values[i].signal->name;
        char full[2 * CONFIG_NAME_MAX + 128];
        int length = snprintf(full, sizeof full, "%s/%.120s", device->config->name, name);
        text_add(&known->keys[i], "[");
        text_json(&known->keys[i], full, (size_t)length);
        text_add(&known->keys[i], ",");
        known->next[i] = NO_ROW;
        for (size_t k = i; device->values[i].shadowed && k-- > 0;) {
            if (strcmp(device->values[k].signal->name, name) == 0) {
                known->next[k] = (uint32_t)i;
                known->later[i] = true;
                break;
            }
        }
        if (known->keys[i].failed) {
            return false;
        }
    }
    return true;
}

struct http_state *http_state_new(struct hub *hub) {
    struct http_state *state = calloc(1, sizeof *state);
    if (!state) {
        return NULL;
    }
    state->hub = hub;
    state->devices = calloc(hub->device_count + 1, sizeof *state->devices);
    state->links = calloc(hub->link_count + 1, sizeof *state->links);
    bool good = state->devices && state->links;
    for (size_t i = 0; good && i < hub->device_count; i++) {
        good = device_new(&state->devices[i], &hub->devices[i]);
    }
    if (!good) {
        http_state_free(state);
        return NULL;
    }
    http_state_begin(state);
    return state;
}

void http_state_free(struct http_state *state) {
    for (size_t i = 0; state && state->devices && i < state->hub->device_count; i++) {
        struct state_device *known = &state->devices[i];
        for (size_t k = 0; known->keys && k < state->hub->devices[i].value_count; k++) {
            text_free(&known->keys[k]);
        }
        free(known->keys);
        free(known->next);
        free(known->later);
        free(known->said);
        free(known->commands);
    }
    if (state) {
        free(state->devices);
        free(state->links);
        free(state);
    }
}
