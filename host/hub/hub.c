/* hub.c - frames of all links to the devices, what they say to the outputs.
 * Commands stand in command.c.
 * SPDX-License-Identifier: MIT */
#include "host/hub/hub.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hub/command.h"
#include "host/hub/finding.h"
#include "host/hub/machine.h"
#include "host/out/history.h"
#include "host/out/text_buffer.h"
#include "voltbus/time.h"

#define PULSE_MS 100

/* A device is stale when nothing good came for three of its longest periods (of its shortest where we
 * ask), two seconds at least.
 * Nothing is known of the periods of some: weather masts send every 16 to 48 s. */
#define STALE_PERIODS 3
#define STALE_MIN_MS  2000
#define STALE_ELSE_MS 180000
/* A damaged frame now and then is normal on a cable; so many in a row are not. It is well again
 * when none came for a while: where one kind of frame fails and another does not, it would change
 * with every frame. */
#define BAD_IN_ROW 3
#define WELL_NS    VB_NS_PER_S

const char *hub_health_text(enum hub_health health) {
    static const char *const texts[] = {
#define X(name, text) [HUB_##name] = text,
        HUB_HEALTHS(X)
#undef X
    };
    return texts[health];
}

/* Devices and clients have a say in what is logged, and terminals show it: what they would obey, also
 * the control characters beyond ASCII (C2 80 to C2 9F), becomes '?'. */
static void make_plain(char *text) {
    size_t left = strlen(text);
    while (left > 0) {
        size_t n = text_utf8_length(text, left);
        const unsigned char *c = (const unsigned char *)text;
        if (n == 0 || c[0] < ' ' || c[0] == 0x7F) {
            *text = '?';
            n = 1;
        } else if (c[0] == 0xC2 && c[1] < 0xA0) {
            text[0] = text[1] = '?';
        }
        text += n;
        left -= n;
    }
}

void hub_log(struct hub *hub, const char *fmt, ...) {
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    make_plain(text);
    if (hub->log) {
        hub->log(hub->log_context, text);
    } else {
        fprintf(stderr, "voltbus: %s\n", text);
    }
}

static uint32_t change(struct hub *hub) {
    if (++hub->changes == 0) {
        hub->changes = 1;
    }
    return hub->changes;
}

static void tell_changed(struct hub *hub) {
    for (size_t i = 0; i < hub->output_count; i++) {
        const struct output_live *live = hub->outputs[i].config->type->live;
        if (hub->outputs[i].self && live->changed) {
            live->changed(hub->outputs[i].self);
        }
    }
}

void hub_changed(struct hub_device *device) {
    device->changes = change(device->hub);
    tell_changed(device->hub);
}

/* ---- health ---- */

static void set_health(struct hub_device *device, enum hub_health health, const char *reason) {
    if (device->health == health && strcmp(device->reason, reason) == 0) {
        return;
    }
    if (device->health != health) {
        if (health == HUB_STALE && device->hub->history) {
            history_gap(device->hub->history, device->config->name, device->heard_ns + 1);
        }
        hub_log(device->hub, "%s is %s%s%s", device->config->name, hub_health_text(health),
                reason[0] ? ": " : "", reason);
    }
    device->health = health;
    snprintf(device->reason, sizeof device->reason, "%s", reason);
    hub_changed(device);
}

/* The same, as time passes. */
static void look_after(struct hub_device *device, int64_t mono_ns) {
    char reason[sizeof device->reason];
    const struct link *link = device->link;
    bool heard = device->heard_mono_ns != INT64_MIN;
    if (heard && mono_ns - device->heard_mono_ns <= device->stale_ns) {
        return;
    }
    if (link->state != LINK_OPEN) {
        snprintf(reason, sizeof reason, "link %s: %.120s", link->config->name,
                 link->reason[0] ? link->reason : link_state_text(link->state));
    } else if (device->bad_in_row >= BAD_IN_ROW &&
               mono_ns - device->bad_mono_ns <= device->stale_ns) {
        return; /* it is heard, if badly: error, as it stands */
    } else if (device->asked_mono_ns != INT64_MIN &&
               mono_ns - device->asked_mono_ns <= device->stale_ns) {
        snprintf(reason, sizeof reason, "it is asked and does not answer");
    } else if (link->reason[0] && link->config->spec->kind->polls) { /* who asks knows why */
        snprintf(reason, sizeof reason, "link %s: %.120s", link->config->name, link->reason);
    } else if (heard) {
        snprintf(reason, sizeof reason, "nothing heard for more than %" PRId64 " s",
                 device->stale_ns / VB_NS_PER_S);
    } else if (device->unheard) {
        snprintf(reason, sizeof reason,
                 "sent by voltbus, not heard: link %s cannot confirm what is sent (no echo)",
                 link->config->name);
    } else {
        snprintf(reason, sizeof reason, "nothing heard yet on link %s", link->config->name);
    }
    set_health(device, heard ? HUB_STALE : HUB_SILENT, reason);
}

/* What we ask for is answered: the shortest period counts. Who speaks by itself may have only the
 * message with the longest. Who is not asked, and does not speak by itself, has no period. */
static int64_t stale_ns(const struct hub_device *device) {
    const struct config_device *config = device->config;
    const struct link_spec *spec = device->hub->config->links[config->link].spec;
    unsigned asked = spec->kind->polls && config->poll ? spec->kind->polls(spec) : 0;
    int64_t period = 0;
    if (config->stale_ms > 0) {
        return config->stale_ms * VB_NS_PER_MS;
    }
    for (unsigned m = 0; m < config->type->message_count; m++) {
        const struct vb_message *message = &config->type->messages[m];
        bool counts = message->period_ms > 0 && (asked || !message->call);
        bool better = asked ? message->period_ms < period : message->period_ms > period;
        period = counts && (period == 0 || better) ? message->period_ms : period;
    }
    period *= asked ? asked : 1;
    int64_t ms = period == 0                             ? STALE_ELSE_MS
                 : period * STALE_PERIODS < STALE_MIN_MS ? STALE_MIN_MS
                                                         : period * STALE_PERIODS;
    return ms * VB_NS_PER_MS;
}

/* Of what we ask for each message has a period of its own; what comes by itself, when something has
 * changed, holds as long as the device is there. */
int64_t hub_lost_ns(const struct hub_device *device, const struct vb_message *message) {
    const struct link_spec *spec = device->link->config->spec;
    if (!spec->kind->polls) {
        return device->stale_ns;
    }
    int64_t ns = STALE_PERIODS * message->period_ms * VB_NS_PER_MS * spec->kind->polls(spec);
    return ns == 0 ? INT64_MAX : ns > device->stale_ns ? ns : device->stale_ns;
}

static void look_for_missing(struct hub_device *device);

static void pulse(uv_timer_t *timer) {
    struct hub *hub = timer->data;
    int64_t mono_ns = clock_mono_ns();
    for (size_t i = 0; i < hub->device_count; i++) {
        look_after(&hub->devices[i], mono_ns);
        look_for_missing(&hub->devices[i]);
        command_tick(&hub->devices[i], mono_ns);
        machine_look(&hub->devices[i]);
    }
    calls_tick(hub, mono_ns);
}

void link_changed(struct link *link) {
    struct hub *hub = link->hub;
    link->changes = change(hub);
    if (hub->closing) {
        return;
    }
    hub_log(hub, "link %s is %s%s%s%s%s", link->config->name, link_state_text(link->state),
            link->reason[0] ? ": " : "", link->reason, link->leader ? ", leader: " : "",
            link->leader ? link->leader : "");
    command_link_changed(link);
    machine_link_changed(link);
    calls_link_changed(link);
    tell_changed(hub);
}

void hub_link_ended(struct hub *hub) {
    if (hub->running == 0 || --hub->running > 0) {
        return;
    }
    if (hub->ended) {
        hub->ended(hub);
    } else {
        hub_log(hub, "all links have ended; Ctrl-C ends voltbus (--exit-at-end does it by itself)");
    }
}

bool hub_busy(const struct hub *hub) {
    for (size_t i = 0; i < hub->output_count; i++) {
        const struct output_live *live = hub->outputs[i].config->type->live;
        if (live->busy && live->busy(hub->outputs[i].self)) {
            return true;
        }
    }
    return false;
}

/* ---- from a frame to values ---- */

static void note_values(struct hub_device *device, const struct vb_reading *reading,
                        const struct vb_frame *frame, int64_t mono_ns) {
    const struct vb_message *messages = device->config->type->messages;
    size_t first = device->first_value[reading->message - messages];
    uint32_t changes = change(device->hub);
    for (size_t i = 0; i < reading->count; i++) {
        const struct vb_sample *sample = &device->view.samples[i];
        struct hub_value *value =
            &device->values[first + (size_t)(sample->signal - reading->message->signals)];
        value->raw = sample->raw;
        value->out_of_range = sample->out_of_range;
        value->heard = true;
        value->unheard = frame->flags & VB_FRAME_UNHEARD;
        value->t_ns = frame->t_ns;
        value->mono_ns = mono_ns;
        value->changes = changes;
        if (value->text) { /* what the sample has are the bytes of the frame */
            value->text_len = sample->text_len;
            memcpy(value->text, sample->text, sample->text_len);
        }
    }
    device->changes = changes;
}

/* What the monitor says of a frame: the number of findings. What we sent ourselves, unheard, proves nothing. */
static size_t watch_frame(struct hub_device *device, const struct vb_frame *frame,
                          const struct vb_reading *reading, struct vb_finding *findings) {
    return device->monitor.watches && !(frame->flags & VB_FRAME_UNHEARD)
               ? vb_monitor_heard(&device->monitor, frame, reading, findings)
               : 0;
}

static void set_error(struct hub_device *device, const struct vb_finding *finding) {
    char text[FINDING_TEXT];
    set_health(device, HUB_ERROR, finding_text(device->config->type, finding, text));
}

/* Too many of a message are no damage, but no health either. */
static bool too_many(struct hub_device *device, const struct vb_finding *findings, size_t found,
                     int64_t mono_ns) {
    for (size_t i = 0; i < found; i++) {
        if (findings[i].kind == VB_FINDING_EXTRA) {
            device->bad_mono_ns = mono_ns;
            set_error(device, &findings[i]);
            return true;
        }
    }
    return false;
}

/* Is a message that was missed still missing? */
static bool still_missing(struct hub_device *device) {
    const struct vb_watched_bus *bus = &device->link->watched;
    for (size_t m = 0; device->missing && m < device->config->type->message_count; m++) {
        const struct vb_watch *watch = &device->monitor.watches[m];
        if (watch->missing && watch->waking == bus->waking && !bus->asleep) {
            return true;
        }
    }
    device->missing = false;
    return false;
}

static void look_for_missing(struct hub_device *device) {
    struct vb_finding finding;
    while (device->monitor.watches && device->health != HUB_STALE &&
           vb_monitor_missing(&device->monitor, device->link->watched.heard_ns, &finding)) {
        device->missing = true;
        set_error(device, &finding);
    }
}

static void device_frame(struct hub_device *device, const struct vb_frame *frame) {
    struct hub *hub = device->hub;
    struct vb_finding findings[VB_FINDINGS_MAX];
    struct vb_reading reading =
        vb_instance_read(&device->view.instance, frame, device->view.samples, device->view.cap);
    if (!reading.message) {
        return;
    }
    device->frames++;
    size_t found = watch_frame(device, frame, &reading, findings);
    if (reading.fault != VB_FAULT_NONE) {
        device->bad++;
        device->bad_mono_ns = clock_mono_ns();
        device->changes = change(hub);
        if (++device->bad_in_row >= BAD_IN_ROW) {
            char reason[sizeof device->reason];
            char text[FINDING_TEXT];
            if (found > 0) {
                snprintf(reason, sizeof reason, "frames fail: %s",
                         finding_text(device->config->type, &findings[0], text));
            } else {
                snprintf(reason, sizeof reason, "frames fail: %s, %s", vb_fault_text(reading.fault),
                         vb_fault_why(reading.fault));
            }
            set_health(device, HUB_ERROR, reason);
        }
    } else if (frame->flags & VB_FRAME_UNHEARD) { /* whether it is there is not known */
        device->unheard = true;
        note_values(device, &reading, frame, clock_mono_ns());
    } else {
        int64_t mono_ns = clock_mono_ns();
        bool well = device->bad_mono_ns == INT64_MIN || mono_ns - device->bad_mono_ns > WELL_NS;
        device->heard_mono_ns = mono_ns;
        device->heard_ns = frame->t_ns;
        note_values(device, &reading, frame, mono_ns);
        if (!too_many(device, findings, found, mono_ns) && !still_missing(device) &&
            (device->health != HUB_ERROR || well)) {
            device->bad_in_row = 0;
            set_health(device, HUB_OK, "");
        }
    }
    struct seen_frame seen = {.frame = frame,
                              .t_ns = frame->t_ns,
                              .link = device->link->config->name,
                              .view = &device->view,
                              .reading = reading};
    for (size_t i = 0; i < hub->output_count; i++) {
        const struct output_live *live = hub->outputs[i].config->type->live;
        if (live->seen) {
            live->seen(hub->outputs[i].self, &seen, device->number);
        }
    }
}

/* Whose header was it that nobody answered? */
static void note_unanswered(const struct link *link, const struct vb_frame *frame) {
    for (size_t i = 0; i < link->device_count; i++) {
        const struct vb_device *type = link->devices[i]->config->type;
        for (unsigned m = 0; m < type->message_count; m++) {
            if ((frame->id & type->messages[m].mask) == type->messages[m].id) {
                link->devices[i]->asked_mono_ns = clock_mono_ns();
            }
        }
    }
}

/* from: the machine it came from, or NULL. */
static void take_frame(struct link *link, struct vb_frame *frame, const struct hub_machine *from) {
    struct hub *hub = link->hub;
    if (hub->closing) {
        return;
    }
    frame->bus = link->number;
    hub->frames++;
    link->frames++;
    link->changes = change(hub);
    if (hub->frame) {
        hub->frame(hub->frame_context, link, frame);
    }
    for (size_t i = 0; i < hub->output_count; i++) {
        const struct output_live *live = hub->outputs[i].config->type->live;
        if (live->raw) {
            live->raw(hub->outputs[i].self, frame, link->config->name);
        }
    }
    if (frame->fault == VB_FAULT_NO_RESPONSE) { /* normal on camper buses: nobody is fitted there */
        note_unanswered(link, frame);
        return;
    }
    link->bad += frame->fault != VB_FAULT_NONE;
    for (size_t i = 0; i < link->device_count; i++) {
        device_frame(link->devices[i], frame);
    }
    machine_heard(link, frame, from);
}

void hub_frame(struct link *link, struct vb_frame *frame) {
    take_frame(link, frame, NULL);
}

bool hub_send(struct link *link, struct vb_frame *frame, const struct hub_machine *from) {
    const struct link_kind *kind = link->config->spec->kind;
    if (link->state != LINK_OPEN || link->alone || !kind->send || !kind->send(link, frame)) {
        return false;
    }
    frame->t_ns = link_now_ns();
    frame->flags |= VB_FRAME_TX | VB_FRAME_UNHEARD;
    take_frame(link, frame, from);
    return true;
}

struct hub_device *hub_device_find(struct hub *hub, const char *name, size_t n) {
    for (size_t i = 0; i < hub->device_count; i++) {
        const char *its = hub->devices[i].config->name;
        if (strlen(its) == n && memcmp(its, name, n) == 0) {
            return &hub->devices[i];
        }
    }
    return NULL;
}

struct vb_sample hub_value_sample(const struct hub_value *value) {
    return (struct vb_sample){.t_ns = value->t_ns,
                              .signal = value->signal,
                              .raw = value->raw,
                              .out_of_range = value->out_of_range,
                              .text_len = value->text_len,
                              .text = value->text};
}

struct hub_value *hub_value_find(struct hub_device *device, const char *signal, size_t n) {
    struct hub_value *found = NULL;
    for (size_t i = 0; i < device->value_count; i++) {
        struct hub_value *value = &device->values[i];
        bool it = strlen(value->signal->name) == n && memcmp(value->signal->name, signal, n) == 0;
        if (it && (!found || (value->heard && value->mono_ns >= found->mono_ns))) {
            found = value;
        }
    }
    return found;
}

/* ---- open, close ---- */

/* The most characters or bytes that samples of a row can have. */
static size_t text_max(const struct vb_signal *signal, const struct vb_message *message) {
    if (!(signal->flags & VB_BYTES)) {
        return VB_STRING_MAX;
    }
    size_t most = message->len_max < VB_BYTES_MAX ? message->len_max : VB_BYTES_MAX;
    return signal->len ? signal->len : most;
}

/* By name; of one name in the order of the rows. */
static int by_name(const void *a, const void *b) {
    const struct hub_value *one = *(struct hub_value *const *)a;
    const struct hub_value *two = *(struct hub_value *const *)b;
    int order = strcmp(one->signal->name, two->signal->name);
    return order != 0 ? order : one < two ? -1 : one > two;
}

/* Which rows have the name of an earlier one? Sorted, because a DBC file may have a hundred thousand. */
static bool mark_shadowed(struct hub_device *device) {
    struct hub_value **sorted = calloc(device->value_count + 1, sizeof(struct hub_value *));
    for (size_t i = 0; sorted && i < device->value_count; i++) {
        sorted[i] = &device->values[i];
    }
    if (sorted) {
        qsort(sorted, device->value_count, sizeof(struct hub_value *), by_name);
    }
    for (size_t i = 1; sorted && i < device->value_count; i++) {
        sorted[i]->shadowed = strcmp(sorted[i - 1]->signal->name, sorted[i]->signal->name) == 0;
    }
    bool good = sorted != NULL;
    free(sorted);
    return good;
}

static bool device_values(struct hub_device *device) {
    const struct vb_device *type = device->config->type;
    device->first_value = calloc(type->message_count + 1u, sizeof *device->first_value);
    for (unsigned m = 0; device->first_value && m < type->message_count; m++) {
        device->first_value[m] = device->value_count;
        device->value_count += type->messages[m].signal_count;
    }
    device->values = calloc(device->value_count + 1, sizeof *device->values);
    if (!device->first_value || !device->values) {
        return false;
    }
    for (unsigned m = 0; m < type->message_count; m++) {
        for (unsigned i = 0; i < type->messages[m].signal_count; i++) {
            struct hub_value *value = &device->values[device->first_value[m] + i];
            value->signal = &type->messages[m].signals[i];
            value->column = &device->view.columns[m][i];
            value->message = (uint16_t)m;
            bool text = value->signal->flags & VB_TEXT;
            value->text = text ? calloc(1, text_max(value->signal, &type->messages[m]) + 1) : NULL;
            if (text && !value->text) {
                return false;
            }
        }
    }
    return mark_shadowed(device);
}

/* The monitor judges by periods that a sender keeps by itself: on CAN. What a DBC file says of them is often
 * wrong, or holds only while something is active. */
static bool device_watch(struct hub_device *device) {
    const struct vb_device *type = device->config->type;
    if (type->kind != VB_KIND_CAN || type->unpack || device->config->db) {
        return true;
    }
    struct vb_watch *watches = calloc(type->message_count + 1u, sizeof *watches);
    if (watches) {
        vb_monitor_init(&device->monitor, &device->view.instance, watches, &device->link->watched);
    }
    return watches;
}

static bool device_open(struct hub_device *device, char *why) {
    const struct config_device *config = device->config;
    device->heard_mono_ns = device->bad_mono_ns = device->asked_mono_ns = INT64_MIN;
    device->stale_ns = stale_ns(device);
    if (!view_init(&device->view, config->type, config->name, device->number) ||
        !device_values(device) || !device_watch(device) || !command_open(device) ||
        !machine_open(device)) {
        snprintf(why, OUTPUT_WHY, "out of memory");
        return false;
    }
    for (unsigned s = 0; s < config->type->setting_count; s++) {
        const struct vb_setting *setting = &config->type->settings[s];
        if (config->chosen[s]) {
            vb_instance_set(&device->view.instance, setting->name,
                            setting->values[config->choice[s]]);
        }
    }
    struct link *link = device->link;
    struct hub_device **more =
        realloc(link->devices, (link->device_count + 1) * sizeof(struct hub_device *));
    if (!more) {
        snprintf(why, OUTPUT_WHY, "out of memory");
        return false;
    }
    link->devices = more;
    link->devices[link->device_count++] = device;
    snprintf(device->reason, sizeof device->reason, "nothing heard yet on link %s",
             link->config->name);
    return true;
}

static bool hub_allocate(struct hub *hub) {
    const struct config *config = hub->config;
    hub->links = calloc(config->link_count + 1, sizeof *hub->links);
    hub->devices = calloc(config->device_count + 1, sizeof *hub->devices);
    hub->outputs = calloc(config->output_count + 1, sizeof *hub->outputs);
    if (!hub->links || !hub->devices || !hub->outputs) {
        return false;
    }
    for (size_t i = 0; i < config->link_count; i++) {
        hub->links[i].hub = hub;
        hub->links[i].config = &config->links[i];
        hub->links[i].number = (uint16_t)i;
    }
    hub->link_count = config->link_count;
    for (size_t i = 0; i < config->device_count; i++) {
        hub->devices[i].hub = hub;
        hub->devices[i].config = &config->devices[i];
        hub->devices[i].number = (uint16_t)i;
        hub->devices[i].link = &hub->links[config->devices[i].link];
    }
    hub->device_count = config->device_count;
    return true;
}

static bool hub_open_all(struct hub *hub, char *why) {
    if (!hub_allocate(hub)) {
        snprintf(why, OUTPUT_WHY, "out of memory");
        return false;
    }
    for (size_t i = 0; i < hub->device_count; i++) {
        if (!device_open(&hub->devices[i], why)) {
            return false;
        }
    }
    if (!command_check(hub, why)) {
        return false;
    }
    for (size_t i = 0; i < hub->config->output_count; i++) {
        struct hub_output *output = &hub->outputs[i];
        char reason[OUTPUT_WHY] = "";
        output->hub = hub;
        output->config = &hub->config->outputs[i];
        output->self = output->config->type->live->open(hub, output->config, reason);
        if (!output->self) {
            snprintf(why, OUTPUT_WHY, "output %s: %.220s", output->config->name, reason);
            return false;
        }
        hub->output_count = i + 1;
    }
    hub->running = hub->link_count;
    for (size_t i = 0; i < hub->link_count; i++) {
        char reason[LINK_WHY] = "";
        if (!link_start(&hub->links[i], reason)) {
            snprintf(why, OUTPUT_WHY, "link %s: %.220s", hub->config->links[i].name, reason);
            return false;
        }
    }
    return true;
}

bool hub_open(struct hub *hub, uv_loop_t *loop, const struct config *config, char *why) {
    hub->loop = loop;
    hub->config = config;
    hub->changes = 1;
    hub->published_mono_ns = INT64_MIN;
    uv_timer_init(loop, &hub->pulse);
    hub->pulse.data = hub;
    uv_timer_start(&hub->pulse, pulse, PULSE_MS, PULSE_MS);
    hub->calls = calls_new(hub);
    if (!hub->calls) {
        snprintf(why, OUTPUT_WHY, "out of memory");
    }
    if (!hub->calls || !hub_open_all(hub, why)) {
        hub_close_now(hub);
        return false;
    }
    return true;
}

static void close_outputs(struct hub *hub, bool read_by_others) {
    for (size_t i = hub->output_count; i-- > 0;) {
        struct hub_output *output = &hub->outputs[i];
        if (output->config->type->live->read_by_others == read_by_others) {
            output->config->type->live->close(output->self);
        }
    }
}

void hub_close_now(struct hub *hub) {
    if (hub->closing) {
        return;
    }
    hub->closing = true;
    calls_close(hub); /* nobody is told: who asked is closed next */
    for (size_t i = 0; i < hub->link_count; i++) {
        link_stop(&hub->links[i]);
    }
    close_outputs(hub, false); /* in whatever order the configuration names them */
    close_outputs(hub, true);
    hub->output_count = 0;
    uv_close((uv_handle_t *)&hub->pulse, NULL);
}

/* Two rounds of the longest schedule that we lead, so that the safe values are heard. A link that
 * knows when they are (settled) may need an answer first, and one more. A machine may have contactors to open, which
 * takes as long as a motor needs to come to rest and the current to fall: what leaf-vcu allows itself, and a little. */
#define FAREWELL_MS      750
#define FAREWELL_MOST_MS 1500
#define FAREWELL_LOOK_MS 10
#define MACHINES_MOST_MS 40000

static bool said_farewell(struct hub *hub, int64_t mono_ns) {
    bool before = hub->settled;
    hub->settled = machine_settled(hub);
    if (!hub->settled) {
        int64_t more_ns = (MACHINES_MOST_MS - FAREWELL_MOST_MS) * VB_NS_PER_MS;
        bool late = mono_ns >= hub->farewell_mono_ns + more_ns;
        if (late) {
            machine_tell_unsettled(hub);
        }
        return late;
    }
    if (!before) { /* the last frame is on its way: one look more */
        return false;
    }
    for (size_t i = 0; i < hub->link_count; i++) {
        const struct link *link = &hub->links[i];
        const struct link_kind *kind = link->config->spec->kind;
        if (link->state == LINK_OPEN && kind->settled && !kind->settled(link)) {
            return mono_ns >= hub->farewell_mono_ns;
        }
    }
    return hub->published_mono_ns == INT64_MIN ||
           mono_ns - hub->published_mono_ns >= FAREWELL_MS * VB_NS_PER_MS;
}

static void on_farewell(uv_timer_t *timer) {
    struct hub *hub = timer->data;
    if (said_farewell(hub, clock_mono_ns())) {
        hub_close_now(hub);
    }
}

void hub_close(struct hub *hub) {
    if (hub->closing || hub->ending) {
        return;
    }
    hub->ending = true;
    hub->settled = machine_settled(hub);
    command_release_all(hub);
    int64_t now_ns = clock_mono_ns();
    hub->farewell_mono_ns = now_ns + FAREWELL_MOST_MS * VB_NS_PER_MS;
    if (said_farewell(hub, now_ns)) {
        hub_close_now(hub);
        return;
    }
    uv_timer_start(&hub->pulse, on_farewell, FAREWELL_LOOK_MS, FAREWELL_LOOK_MS);
}

void hub_free(struct hub *hub) {
    for (size_t i = 0; i < hub->device_count; i++) {
        view_free(&hub->devices[i].view);
        for (size_t k = 0; hub->devices[i].values && k < hub->devices[i].value_count; k++) {
            free(hub->devices[i].values[k].text);
        }
        free(hub->devices[i].values);
        free(hub->devices[i].first_value);
        free(hub->devices[i].monitor.watches);
        command_free(&hub->devices[i]);
        machine_free(&hub->devices[i]);
    }
    for (size_t i = 0; i < hub->link_count; i++) {
        free(hub->links[i].kind_state);
        free(hub->links[i].devices);
    }
    calls_free(hub->calls);
    free(hub->links);
    free(hub->devices);
    free(hub->outputs);
    memset(hub, 0, sizeof *hub);
}
