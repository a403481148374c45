/* command.c - the way of a command: the gate with its limits and leases, the log, the link.
 * SPDX-License-Identifier: MIT */
#include "host/hub/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hub/machine.h"
#include "host/out/history.h"
#include "voltbus/time.h"

static const struct vb_command *command_row(const struct hub_device *device, size_t i) {
    return &device->config->type->commands[i];
}

bool command_open(struct hub_device *device) {
    const struct vb_device *type = device->config->type;
    struct vb_lease *leases = calloc(type->command_count + 1u, sizeof *leases);
    device->by = calloc(type->command_count + 1u, sizeof *device->by);
    if (!leases || !device->by) {
        free(leases);
        return false;
    }
    vb_control_init(&device->control, type, leases, device->config->control);
    for (size_t i = 0; i < device->config->limit_count; i++) { /* checked by the configuration */
        vb_control_limit(&device->control, device->config->limits[i].command,
                         device->config->limits[i].limits);
    }
    return true;
}

void command_free(struct hub_device *device) {
    free(device->control.leases);
    free(device->by);
}

static bool carries_commands(const struct hub_device *device, size_t message) {
    bool carries = false;
    for (size_t i = 0; device->control.allowed && i < device->config->type->command_count; i++) {
        carries |= command_row(device, i)->message == message;
    }
    return carries;
}

static bool publishes(const struct hub_device *device, uint32_t id) {
    bool found = false;
    for (size_t m = 0; m < device->config->type->message_count; m++) {
        found |= device->config->type->messages[m].id == id && carries_commands(device, m);
    }
    return found;
}

bool command_owns(const struct link *link, const struct vb_frame *frame) {
    bool owns = false;
    for (size_t i = 0; !(frame->flags & VB_FRAME_EXT) && i < link->device_count; i++) {
        owns |= publishes(link->devices[i], frame->id);
    }
    return owns;
}

/* Is there a place for all its frames in what the link sends? */
static bool link_carries(const struct hub_device *device, char *why) {
    const struct link_spec *spec = device->link->config->spec;
    for (size_t m = 0; spec->kind->carries && m < device->config->type->message_count; m++) {
        uint32_t id = device->config->type->messages[m].id;
        if (carries_commands(device, m) && !spec->kind->carries(spec, id)) {
            snprintf(why, OUTPUT_WHY,
                     "device %s has control: true, but the schedule of link %s has no slot for "
                     "its id %02X",
                     device->config->name, device->link->config->name, (unsigned)id);
            return false;
        }
    }
    return true;
}

bool command_check(const struct hub *hub, char *why) {
    for (size_t i = 0; i < hub->device_count; i++) {
        if (!link_carries(&hub->devices[i], why)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            const struct hub_device *a = &hub->devices[j];
            const struct hub_device *b = &hub->devices[i];
            for (size_t m = 0; a->link == b->link && m < a->config->type->message_count; m++) {
                if (carries_commands(a, m) && publishes(b, a->config->type->messages[m].id)) {
                    snprintf(why, OUTPUT_WHY,
                             "devices %s and %s both have control: true and would send the same "
                             "frame on link %s",
                             a->config->name, b->config->name, a->link->config->name);
                    return false;
                }
            }
        }
    }
    return true;
}

/* ---- to the link ---- */

/* What cannot be written is not sent at all: the frame of before would say something else than what
 * is in force. Returns false then. */
static bool publish_message(struct hub_device *device, size_t m) {
    device->hub->published_mono_ns = clock_mono_ns();
    uint8_t data[VB_WRITE_MAX];
    const struct link_kind *kind = device->link->config->spec->kind;
    int n = vb_control_write(&device->control, &device->view.instance, m, data);
    struct vb_frame frame = {.kind = device->config->type->kind,
                             .id = device->config->type->messages[m].id,
                             .len = n > 0 ? (uint32_t)n : 0,
                             .data = data};
    return kind->publish && kind->publish(device->link, &frame) && n > 0;
}

/* Tell the link what is in force of command i now. Returns false if it cannot carry it; why may say
 * more. */
static bool tell_link(struct hub_device *device, size_t i, char why[LINK_WHY]) {
    const struct link_kind *kind = device->link->config->spec->kind;
    const struct vb_lease *lease = &device->control.leases[i];
    if (device->machine) {
        machine_wish(device, i);
        return true;
    }
    return kind->wish
               ? kind->wish(device->link, device, i, lease->until_ns != INT64_MIN, lease->raw, why)
               : publish_message(device, command_row(device, i)->message);
}

void hub_publish(struct link *link) {
    for (size_t i = 0; i < link->device_count; i++) {
        struct hub_device *device = link->devices[i];
        for (size_t m = 0; !device->machine && m < device->config->type->message_count; m++) {
            if (carries_commands(device, m)) {
                (void)publish_message(device, m);
            }
        }
    }
    machine_begin(link);
}

/* ---- the log ---- */

static size_t text_of(const struct hub_device *device, size_t i, int64_t raw, char *out) {
    size_t n = vb_signal_text(command_row(device, i)->argument, raw, out, VALUE_TEXT - 1, NULL);
    out[n] = '\0';
    return n;
}

static void note(struct hub_device *device, size_t i, const char *by, const char *old_value,
                 const char *new_value, const char *result) {
    struct hub *hub = device->hub;
    hub_log(hub, "command %s/%s: %s -> %s by %s: %s", device->config->name,
            command_row(device, i)->name, old_value, new_value, by, result);
    if (hub->history) {
        history_control(hub->history, clock_wall_ns(), by, device->config->name,
                        command_row(device, i)->name, old_value, new_value, result);
    }
}

/* What is in force was old_raw and is something else now: to the log and to the outputs. */
static void tell(struct hub_device *device, size_t i, const char *by, int64_t old_raw,
                 const char *result) {
    char old_value[VALUE_TEXT];
    char now[VALUE_TEXT];
    text_of(device, i, old_raw, old_value);
    text_of(device, i, device->control.leases[i].raw, now);
    note(device, i, by, old_value, now, result);
    hub_changed(device);
}

/* A lease has ended: the link hears it too. */
static void ended(struct hub_device *device, size_t i, const char *by, int64_t old_raw,
                  const char *result) {
    char why[LINK_WHY];
    (void)tell_link(device, i, why);
    tell(device, i, by, old_raw, result);
}

static void end_lease(struct hub_device *device, size_t i, const char *by, const char *why) {
    int64_t old_raw = device->control.leases[i].raw;
    if (device->control.leases[i].until_ns != INT64_MIN) {
        vb_control_release(&device->control, i);
        ended(device, i, by, old_raw, why);
    }
}

/* ---- asked ---- */

void hub_command_range(const struct hub_device *device, size_t command, char *out, size_t n) {
    (void)row_range(command_row(device, command)->argument, &device->control.leases[command].limits,
                    " or ", out, n);
}

static struct hub_answer answer_now(const struct hub_device *device, size_t i) {
    struct hub_answer answer = {.refusal = VB_REFUSAL_NONE};
    text_of(device, i, device->control.leases[i].raw, answer.value);
    return answer;
}

/* A program that asks again and again must not fill the disk with refusals. */
bool command_tells_refusal(struct hub_device *device) {
    int64_t now_ns = clock_mono_ns();
    if (now_ns - device->refused_mono_ns < VB_NS_PER_S && device->refused_mono_ns != 0) {
        device->refused_unsaid++;
        return false;
    }
    if (device->refused_unsaid > 0) {
        hub_log(device->hub, "command %s: %u more were refused", device->config->name,
                device->refused_unsaid);
    }
    device->refused_mono_ns = now_ns;
    device->refused_unsaid = 0;
    return true;
}

static struct hub_answer refuse(struct hub_device *device, size_t i, const char *by,
                                const char *asked, enum vb_refusal refusal, const char *more) {
    struct hub_answer answer = answer_now(device, i);
    const struct vb_command *row = command_row(device, i);
    char range[80];
    answer.refusal = refusal;
    hub_command_range(device, i, range, sizeof range);
    if (refusal == VB_REFUSAL_OUT_OF_RANGE || refusal == VB_REFUSAL_BAD_VALUE) {
        snprintf(answer.why, sizeof answer.why, "%s %s: '%.40s' is %s: expected %s",
                 device->config->name, row->name, asked, vb_refusal_why(refusal), range);
    } else {
        snprintf(answer.why, sizeof answer.why, "%s %s: %s%s%.200s", device->config->name,
                 row->name, vb_refusal_why(refusal), more[0] ? ": " : "", more);
    }
    if (!command_tells_refusal(device)) {
        return answer;
    }
    char result[sizeof answer.why + 16];
    snprintf(result, sizeof result, "refused: %s", answer.why);
    note(device, i, by, answer.value, asked, result);
    return answer;
}

enum vb_refusal command_link_ready(const struct link *link, char why[LINK_WHY]) {
    const struct link_kind *kind = link->config->spec->kind;
    why[0] = '\0';
    if (link->hub->ending) {
        snprintf(why, LINK_WHY, "voltbus ends");
        return VB_REFUSAL_LINK_DOWN;
    }
    if (link->state != LINK_OPEN || link->alone) {
        snprintf(why, LINK_WHY, "%s", link->reason);
        return VB_REFUSAL_LINK_DOWN;
    }
    if (kind->ready) {
        return kind->ready(link, why);
    }
    return kind->publish ? VB_REFUSAL_NO_LEADER : kind->send ? VB_REFUSAL_NONE : VB_REFUSAL_NO_SLOT;
}

static enum vb_refusal command_ready(const struct hub_device *device, size_t i,
                                     char why[LINK_WHY]) {
    enum vb_refusal refusal = command_link_ready(device->link, why);
    return refusal == VB_REFUSAL_NONE && device->machine ? machine_ready(device, i, why) : refusal;
}

struct hub_answer hub_command(struct hub_device *device, size_t command, const char *text, size_t n,
                              int64_t lease_ns, const char *by) {
    struct vb_lease *lease = &device->control.leases[command];
    struct vb_lease before = *lease;
    char asked[64];
    char why[LINK_WHY] = "";
    char result[80];
    snprintf(asked, sizeof asked, "%.*s", n > 60 ? 60 : (int)n, text);
    for (char *p = asked; *p; p++) { /* it goes into the log */
        *p = (unsigned char)*p < ' ' || *p == 0x7F ? '?' : *p;
    }
    enum vb_refusal refusal =
        vb_control_request(&device->control, command, text, n, lease_ns, clock_mono_ns());
    if (refusal == VB_REFUSAL_NONE) {
        refusal = command_ready(device, command, why);
    }
    if (refusal == VB_REFUSAL_NONE && !tell_link(device, command, why)) {
        char none[LINK_WHY];
        *lease = before; /* and on the bus again what was there */
        (void)tell_link(device, command, none);
        refusal =
            device->link->config->spec->kind->wish ? VB_REFUSAL_NOT_THERE : VB_REFUSAL_NO_SLOT;
    }
    if (refusal != VB_REFUSAL_NONE) {
        *lease = before;
        return refuse(device, command, by, asked, refusal, why);
    }
    snprintf(device->by[command], sizeof device->by[command], "%s", by);
    if (before.until_ns != INT64_MIN && before.raw == lease->raw) {
        hub_changed(device); /* renewed: no news for the log */
        return answer_now(device, command);
    }
    snprintf(result, sizeof result, "done, for %.12g s", (double)lease_ns / (double)VB_NS_PER_S);
    tell(device, command, by, before.raw, result);
    return answer_now(device, command);
}

struct hub_answer hub_release(struct hub_device *device, size_t command, const char *by) {
    if (!device->control.allowed) {
        return refuse(device, command, by, "release", VB_REFUSAL_CONTROL_OFF, "");
    }
    end_lease(device, command, by, "given back");
    return answer_now(device, command);
}

/* ---- what the device makes of it ---- */

const struct hub_value *hub_command_shown(struct hub_device *device, size_t command) {
    const char *name = command_row(device, command)->shown_by;
    const struct hub_value *value = name ? hub_value_find(device, name, strlen(name)) : NULL;
    return value && value->heard && device->health == HUB_OK ? value : NULL;
}

bool hub_command_reason(const struct hub_device *device, size_t command, char *why) {
    const struct link_kind *kind = device->link->config->spec->kind;
    if (device->machine) {
        return machine_held_back(device, command, why);
    }
    return kind->shown && device->link->state == LINK_OPEN &&
           kind->shown(device->link, device, command, why);
}

/* ---- ended ---- */

void command_tick(struct hub_device *device, int64_t mono_ns) {
    struct vb_lease before[VB_COMMANDS_MAX];
    if (vb_control_deadline_ns(&device->control) > mono_ns) {
        return;
    }
    memcpy(before, device->control.leases, device->config->type->command_count * sizeof before[0]);
    for (int i; (i = vb_control_tick(&device->control, mono_ns)) >= 0;) {
        ended(device, (size_t)i, device->by[i], before[i].raw, "the lease has run out");
    }
}

static void release_all(struct hub_device *device, const char *why) {
    for (size_t i = 0; i < device->config->type->command_count; i++) {
        end_lease(device, i, device->by[i], why);
    }
}

void command_link_changed(struct link *link) {
    char why[LINK_WHY];
    char text[LINK_WHY + 64];
    enum vb_refusal refusal = command_link_ready(link, why);
    if (refusal == VB_REFUSAL_NONE) {
        return;
    }
    snprintf(text, sizeof text, "the lease ends: %s%s%s", vb_refusal_why(refusal),
             why[0] ? ": " : "", why);
    for (size_t i = 0; i < link->device_count; i++) {
        release_all(link->devices[i], text);
    }
}

void command_release_all(struct hub *hub) {
    for (size_t i = 0; i < hub->device_count; i++) {
        release_all(&hub->devices[i], "voltbus ends");
    }
}
