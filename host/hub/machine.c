/* machine.c - runs the machines of the library: what the link hears goes to them, their frames to the link.
 * Nothing is sent from inside of what gives a frame or a wish; the alarm of the link comes for it at once.
 * SPDX-License-Identifier: MIT */
#include "host/hub/machine.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hub/command.h"
#include "voltbus/machine.h"

/* So many bytes wait for an adapter that takes no more, some 100 ms of a machine that sends each 10 ms: what came after
 * them would be of the past when it goes out, and what ends a movement would stand behind what asked for it. */
#define UNSENT_MAX 1024

struct hub_machine {
    const struct vb_machine *type;
    void *self;
    bool running;  /* begun, and its link was never gone since */
    bool due;      /* it heard or was wished something: it may have frames */
    uint64_t lost; /* frames that the link did not take */
    char state[64], why[VB_MACHINE_WHY], held[VB_MACHINE_WHY]; /* as they were told last */
    char past[VB_MACHINE_WHY]; /* what it was when its link went, until it does something again */
};

bool machine_open(struct hub_device *device) {
    const struct config_device *config = device->config;
    const struct link_kind *kind = device->link->config->spec->kind;
    const struct vb_machine *type = vb_machine_of(config->type);
    bool allowed = type && (type->asks ? config->poll : config->control);
    if (!allowed || !kind->send) {
        return true;
    }
    struct hub_machine *machine = calloc(1, sizeof *machine);
    void *self = calloc(1, type->size);
    if (!machine || !self) {
        free(machine);
        free(self);
        return false;
    }
    *machine = (struct hub_machine){.type = type, .self = self};
    device->machine = machine;
    return true;
}

void machine_free(struct hub_device *device) {
    if (device->machine) {
        free(device->machine->self);
        free(device->machine);
    }
}

static struct hub_machine *running(const struct hub_device *device) {
    return device->machine && device->machine->running ? device->machine : NULL;
}

static bool at_rest(const struct hub_machine *machine) {
    return !machine->type->settled || machine->type->settled(machine->self);
}

/* ---- begin, stand still ---- */

void machine_begin(struct link *link) {
    int64_t now_ns = clock_mono_ns();
    for (size_t i = 0; i < link->device_count; i++) {
        struct hub_device *device = link->devices[i];
        struct hub_machine *machine = device->machine;
        if (!machine || machine->running) {
            continue;
        }
        memset(machine->self, 0, machine->type->size);
        machine->type->init(machine->self, now_ns);
        if (machine->type->beside) {
            machine->type->beside(machine->self, &device->view.instance);
        }
        machine->running = machine->due = true;
        for (size_t c = 0; c < device->config->type->command_count; c++) {
            if (device->control.leases[c].until_ns != INT64_MIN) {
                machine_wish(device, c);
            }
        }
        machine_look(device);
    }
    link_rearm(link);
}

void machine_link_changed(struct link *link) {
    if (link->state == LINK_OPEN && !link->alone) {
        return;
    }
    for (size_t i = 0; i < link->device_count; i++) {
        struct hub_machine *machine = running(link->devices[i]);
        if (machine) {
            if (!machine->past[0] && (!at_rest(machine) || machine->why[0])) {
                snprintf(machine->past, sizeof machine->past,
                         "its link was gone; before that it was %.24s%s%.90s", machine->state,
                         machine->why[0] ? ": " : "", machine->why);
            }
            machine->running = false;
            machine_look(link->devices[i]);
        }
    }
}

/* ---- frames and time ---- */

void machine_heard(struct link *link, const struct vb_frame *frame,
                   const struct hub_machine *from) {
    for (size_t i = 0; i < link->device_count; i++) {
        struct hub_machine *machine = running(link->devices[i]);
        if (machine && machine != from) {
            machine->type->heard(machine->self, frame, clock_mono_ns());
            machine->due = true;
        }
    }
}

static bool send_one(struct link *link, struct vb_frame *frame, const struct hub_machine *machine) {
    bool stuck = link->transport && transport_pending(link->transport) > UNSENT_MAX;
    return !stuck && hub_send(link, frame, machine);
}

static void send_all(struct hub_device *device) {
    struct hub_machine *machine = device->machine;
    struct link *link = device->link;
    struct vb_frame frame = {0};
    machine->due = false;
    while (machine->running && machine->type->take(machine->self, &frame)) {
        frame.kind = device->config->type->kind;
        if (!send_one(link, &frame, machine) && machine->lost++ == 0) {
            hub_log(link->hub, "%s: %s: link %s does not take a frame of it: it is dropped",
                    device->config->name, machine->type->name, link->config->name);
        }
        frame = (struct vb_frame){0};
    }
}

void machine_run(struct link *link, int64_t mono_ns) {
    for (size_t i = 0; i < link->device_count; i++) {
        struct hub_device *device = link->devices[i];
        struct hub_machine *machine = running(device);
        if (!machine || (!machine->due && machine->type->deadline_ns(machine->self) > mono_ns)) {
            continue;
        }
        command_tick(device, mono_ns); /* what ends now is not in the next frame any more */
        machine->type->tick(machine->self, mono_ns);
        send_all(device);
        machine_look(device);
    }
}

int64_t machine_deadline_ns(const struct link *link) {
    int64_t first_ns = INT64_MAX;
    for (size_t i = 0; i < link->device_count; i++) {
        const struct hub_machine *machine = running(link->devices[i]);
        if (machine) {
            int64_t its_ns = machine->due ? 0 : machine->type->deadline_ns(machine->self);
            first_ns = its_ns < first_ns ? its_ns : first_ns;
        }
    }
    return first_ns;
}

/* ---- commands ---- */

enum vb_refusal machine_ready(const struct hub_device *device, size_t i, char why[LINK_WHY]) {
    const struct hub_machine *machine = running(device);
    if (!machine) {
        snprintf(why, LINK_WHY, "link %s cannot send yet", device->link->config->name);
        return VB_REFUSAL_LINK_DOWN;
    }
    return machine->type->ready ? machine->type->ready(machine->self, i, why) : VB_REFUSAL_NONE;
}

void machine_wish(struct hub_device *device, size_t i) {
    struct hub_machine *machine = running(device);
    const struct vb_lease *lease = &device->control.leases[i];
    if (machine && machine->type->wish) {
        machine->type->wish(machine->self, i, lease->until_ns != INT64_MIN, lease->raw,
                            clock_mono_ns());
        machine->due = true;
        link_rearm(device->link);
    }
}

bool machine_held_back(const struct hub_device *device, size_t i, char why[LINK_WHY]) {
    const struct hub_machine *machine = running(device);
    return machine && machine->type->held_back && device->control.leases[i].until_ns != INT64_MIN &&
           machine->type->held_back(machine->self, i, why);
}

/* ---- what people see ---- */

const char *hub_machine_state(const struct hub_device *device, const char **name,
                              const char **why) {
    const struct hub_machine *machine = device->machine;
    if (!machine) {
        return NULL;
    }
    *name = machine->type->name;
    *why = machine->running ? "" : "its link cannot send";
    const char *state = machine->running ? machine->type->state(machine->self, why) : "off";
    if (machine->past[0] && (!machine->running || !(*why)[0])) {
        *why = machine->past; /* all that is known, and it may be dangerous */
    }
    return state;
}

void machine_look(struct hub_device *device) {
    struct hub_machine *machine = device->machine;
    const char *name;
    const char *why;
    char held[VB_MACHINE_WHY] = "";
    if (machine && machine->running && (!machine->type->settled || !at_rest(machine))) {
        machine->past[0] = '\0';
    }
    const char *state = hub_machine_state(device, &name, &why);
    if (!state) {
        return;
    }
    for (size_t i = 0; i < device->config->type->command_count && held[0] == '\0'; i++) {
        char reason[LINK_WHY];
        if (machine_held_back(device, i, reason)) {
            snprintf(held, sizeof held, "%.*s", VB_MACHINE_WHY - 1, reason);
        }
    }
    bool new_state = strcmp(machine->state, state) != 0;
    bool not_yet = machine->state[0] == '\0' && !machine->running; /* the link is being opened */
    if (!new_state && strcmp(machine->why, why) == 0 && strcmp(machine->held, held) == 0) {
        return;
    }
    if (new_state && !not_yet) {
        hub_log(device->hub, "%s: %s is %s%s%s", device->config->name, name, state,
                why[0] ? ": " : "", why);
    }
    snprintf(machine->state, sizeof machine->state, "%s", state);
    snprintf(machine->why, sizeof machine->why, "%s", why);
    memcpy(machine->held, held, sizeof held);
    hub_changed(device);
}

/* ---- the end ---- */

static bool settled(const struct hub_device *device) {
    const struct hub_machine *machine = running(device);
    return !machine || (!machine->due && at_rest(machine));
}

bool machine_settled(const struct hub *hub) {
    for (size_t i = 0; i < hub->device_count; i++) {
        if (!settled(&hub->devices[i])) {
            return false;
        }
    }
    return true;
}

void machine_tell_unsettled(struct hub *hub) {
    for (size_t i = 0; i < hub->device_count; i++) {
        const struct hub_device *device = &hub->devices[i];
        if (!settled(device)) {
            const struct hub_machine *machine = device->machine;
            hub_log(hub, "%s: %s ends as it is (%s%s%s): its safe end was not reached in time",
                    device->config->name, machine->type->name, machine->state,
                    machine->why[0] ? ": " : "", machine->why);
        }
    }
}
