/* set.c - `voltbus set` and `voltbus get`: one order, one question. On a LINK of their own, or
 * through a running voltbus (--via).
 * SPDX-License-Identifier: MIT */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/one_link.h"
#include "cmd/via.h"
#include "host/hub/hub.h"
#include "host/io/http_client.h"
#include "host/out/http.h"
#include "voltbus/call.h"
#include "voltbus/machine.h"
#include "voltbus/time.h"

static const char set_usage[] =
    "usage: voltbus set LINK DEVICE COMMAND VALUE --control [OPTION]...\n"
    "       voltbus set --via URL NAME COMMAND VALUE [OPTION]...\n"
    "\n"
    "Changes something (voltbus list commands). On a LINK voltbus sends it itself;\n"
    "DEVICE is a type, such as nugget-panel. When it ends, the safe value is in force\n"
    "again: --hold keeps yours. VALUE is a number without its unit, or a word.\n"
    "--via asks a running voltbus; NAME is a device of its configuration.\n"
    "\n"
    "  --control          yes, change something\n"
    "  --hold             keep it until Ctrl-C\n"
    "  --lease DURATION   --via: how long it is in force (default 30s, at most 1h)\n"
    "  --set KEY=VALUE    a setting of the device\n"
    "  --timeout DURATION give up after this time (default 10s)\n";

static const char get_usage[] =
    "usage: voltbus get LINK DEVICE SIGNAL [OPTION]...\n"
    "       voltbus get --via URL NAME SIGNAL\n"
    "\n"
    "Prints one value with its unit, as soon as it is heard. A device that\n"
    "answers questions is asked for it.\n"
    "\n"
    "  --db FILE          a DBC file: DEVICE is its name without .dbc\n"
    "  --set KEY=VALUE    a setting of the device\n"
    "  --timeout DURATION give up after this time (default 10s)\n"
    "  --json             {\"value\":12.02,\"unit\":\"V\"}\n";

struct errand {
    const char *verb;
    bool is_set;
    /* as given */
    const char *via, *device, *name, *value;
    struct selection selection;
    bool control, hold, json;
    int64_t lease_ms, timeout_ms;
    /* under way */
    struct hub *hub;
    struct hub_device *at;
    size_t command;
    uv_timer_t timer;
    bool opened, sent, ended;
    int64_t give_up_ns, sent_ns, renew_ns;
    size_t candidate; /* get: the message that is asked, or was last; its count: none */
    bool asking;
    int status;
};

#define POLL_MS  20
#define RENEW_NS (10 * VB_NS_PER_S)

/* ---- on a link of our own ---- */

static void end(struct errand *e, int status) {
    e->status = status;
    e->ended = true;
    run_stop(e->hub);
}

static void print_value(const struct errand *e, const struct hub_value *value) {
    char text[SAMPLE_TEXT];
    bool is_word;
    struct vb_sample sample = hub_value_sample(value);
    size_t n = value_text(value->column, &sample, text, &is_word);
    if (e->json) {
        struct text json = {0};
        text_add(&json, "{\"value\":");
        http_value_json(&json, text, n, is_word);
        text_format(&json, ",\"unit\":\"%s\"}\n", value->signal->unit);
        printf("%.*s", (int)json.n, json.data ? json.data : "");
        text_free(&json);
    } else {
        printf("%.*s%s%s\n", (int)n, text, value->signal->unit[0] ? " " : "", value->signal->unit);
    }
    fflush(stdout);
}

/* The next message from `from` on that can be asked without changing anything, and has the signal:
 * versions of a device have it in different ones. */
static size_t find_question(const struct vb_device *device, const char *signal, size_t from) {
    for (size_t m = from; m < device->message_count; m++) {
        const struct vb_message *message = &device->messages[m];
        bool asks = message->call && message->call->arg_count == 0 &&
                    !(message->call->flags & VB_CALL_CHANGES);
        for (unsigned i = 0; asks && i < message->signal_count; i++) {
            if (strcmp(message->signals[i].name, signal) == 0) {
                return m;
            }
        }
    }
    return device->message_count;
}

/* Of what was not sent yet: the link opens, or what is at its other end may come yet. */
static bool comes_soon(const struct errand *e, enum vb_refusal refusal) {
    return (refusal == VB_REFUSAL_LINK_DOWN && e->hub->links[0].state != LINK_WAITING) ||
           refusal == VB_REFUSAL_NOT_LEADING || refusal == VB_REFUSAL_NO_ANSWER;
}

static void on_get_reply(void *context, const struct hub_reply *reply) {
    struct errand *e = context;
    const struct vb_device *device = e->at->config->type;
    const struct hub_value *value = hub_value_find(e->at, e->name, strlen(e->name));
    bool heard = value->heard && value->mono_ns >= reply->asked_mono_ns;
    e->asking = false;
    if (e->ended || (reply->asked_mono_ns == 0 && comes_soon(e, reply->refusal) &&
                     clock_mono_ns() < e->give_up_ns)) {
        return; /* on_poll asks again */
    }
    size_t next = find_question(device, e->name, e->candidate + 1);
    if (reply->refusal == VB_REFUSAL_NONE && heard) {
        print_value(e, value);
        end(e, EXIT_DONE);
    } else if (next < device->message_count &&
               (reply->refusal == VB_REFUSAL_NONE || reply->refusal == VB_REFUSAL_NOT_THERE ||
                reply->refusal == VB_REFUSAL_REFUSED)) {
        e->candidate = next;
    } else if (reply->refusal == VB_REFUSAL_NONE) {
        end(e, failure(e->verb, "%s %s: not available: the device answers without it", e->device,
                       e->name));
    } else {
        end(e, failure(e->verb, "%s: %s", vb_refusal_text(reply->refusal), reply->why));
    }
}

static void ask_get(struct errand *e) {
    const char *name = e->at->config->type->messages[e->candidate].name;
    e->asking = true;
    hub_call(e->at, name, strlen(name), NULL, 0, "voltbus get", on_get_reply, e);
}

static void poll_get(struct errand *e, int64_t now_ns) {
    const struct hub_value *value = hub_value_find(e->at, e->name, strlen(e->name));
    const struct link *link = &e->hub->links[0];
    bool asks = link->config->spec->kind->ask && e->candidate < e->at->config->type->message_count;
    if (asks && !e->asking && link->state != LINK_WAITING && now_ns < e->give_up_ns) {
        ask_get(e);
    } else if (value->heard && !asks) {
        print_value(e, value);
        end(e, EXIT_DONE);
    } else if (link->state == LINK_WAITING) {
        end(e, failure(e->verb, "%s", link->reason));
    } else if (now_ns >= e->give_up_ns) {
        end(e, failure(e->verb, "%s: not heard within %.12g s (%s: %s)", e->name,
                       (double)e->timeout_ms / 1000, link_state_text(link->state),
                       link->reason[0] ? link->reason : e->at->reason));
    }
}

static void ask(struct errand *e, int64_t now_ns) {
    struct hub_answer answer =
        hub_command(e->at, e->command, e->value, strlen(e->value), 3 * RENEW_NS, "voltbus set");
    bool soon = comes_soon(e, answer.refusal); /* else the link tells why it did not open */
    if (answer.refusal == VB_REFUSAL_NONE) {
        e->sent_ns = e->sent ? e->sent_ns : now_ns;
        e->sent = true;
        e->renew_ns = now_ns + RENEW_NS;
    } else if (!soon || e->sent || now_ns >= e->give_up_ns) {
        end(e, failure(e->verb, "%s: %s", vb_refusal_text(answer.refusal), answer.why));
    }
}

/* The row that reads the value back. */
static const struct hub_value *read_back(const struct errand *e) {
    const struct vb_command *row = &e->at->config->type->commands[e->command];
    const char *signal = row->shown_by ? row->shown_by : row->argument->name;
    return hub_value_find(e->at, signal, strlen(signal));
}

/* The row that reads it may count otherwise than the one that it was asked by. */
static bool is_as_asked(const struct errand *e, const struct hub_value *value) {
    const struct vb_signal *argument = e->at->config->type->commands[e->command].argument;
    char asked[VALUE_TEXT];
    char shown[VALUE_TEXT];
    size_t n =
        vb_signal_text(argument, e->at->control.leases[e->command].raw, asked, sizeof asked, NULL);
    return vb_signal_text(value->signal, value->raw, shown, sizeof shown, NULL) == n &&
           memcmp(asked, shown, n) == 0;
}

/* Nothing more will come of it, and it is not as asked. Returns false if that is not so. */
static bool is_otherwise(struct errand *e, const struct hub_value *value) {
    const struct link *link = &e->hub->links[0];
    const struct link_kind *kind = link->config->spec->kind;
    const struct vb_signal *argument = e->at->config->type->commands[e->command].argument;
    char why[LINK_WHY];
    char now[VALUE_TEXT] = "?";
    if (!kind->settled || !kind->settled(link) || !hub_command_reason(e->at, e->command, why)) {
        return false;
    }
    if (value->heard) {
        now[vb_signal_text(value->signal, value->raw, now, sizeof now - 1, NULL)] = '\0';
    }
    bool same = value->heard && is_as_asked(e, value); /* by chance: nobody keeps it so */
    end(e, failure(e->verb, "%s %s: %s%s%s is in force, %s%s: %s", e->device, e->name, now,
                   argument->unit[0] ? " " : "", argument->unit, same ? "but not held" : "not ",
                   same ? "" : e->value, why));
    return true;
}

/* Sent is not done: done is what was heard on the bus afterwards. */
static void poll_set(struct errand *e, int64_t now_ns) {
    if (!e->sent || (e->status == EXIT_DONE && now_ns >= e->renew_ns)) {
        ask(e, now_ns);
        return;
    }
    const struct hub_value *value = read_back(e);
    const struct vb_lease *lease = &e->at->control.leases[e->command];
    const struct link *link = &e->hub->links[0];
    if (lease->until_ns == INT64_MIN) {
        end(e, failure(e->verb, "%s %s: given up: %s", e->device, e->name,
                       link->leader_reason[0] ? link->leader_reason : link->reason));
    } else if (e->status == EXIT_DONE) {
        return; /* holding */
    } else if (value->heard && value->mono_ns > e->sent_ns && is_as_asked(e, value)) {
        printf("%s %s ", e->device, e->name);
        print_value(e, value);
        if (value->unheard) {
            fprintf(stderr, "voltbus set: sent; this link cannot confirm it (no echo)\n");
        }
        e->status = EXIT_DONE;
        if (!e->hold) {
            end(e, EXIT_DONE);
        }
    } else if (!is_otherwise(e, value) && now_ns >= e->give_up_ns) {
        char why[LINK_WHY];
        bool told = hub_command_reason(e->at, e->command, why);
        end(e, failure(e->verb, "%s %s: sent, but not heard on the bus%s%s", e->device, e->name,
                       told ? ": " : "", told ? why : ""));
    }
}

static void on_poll(uv_timer_t *timer) {
    struct errand *e = timer->data;
    int64_t now_ns = clock_mono_ns();
    if (e->is_set) {
        poll_set(e, now_ns);
    } else {
        poll_get(e, now_ns);
    }
}

static void started(void *context, struct hub *hub) {
    struct errand *e = context;
    e->hub = hub;
    e->at = &hub->devices[0];
    e->opened = true;
    e->give_up_ns = clock_mono_ns() + e->timeout_ms * VB_NS_PER_MS;
    uv_timer_init(hub->loop, &e->timer);
    e->timer.data = e;
    uv_timer_start(&e->timer, on_poll, POLL_MS, POLL_MS);
}

static void stopping(void *context) {
    struct errand *e = context;
    if (e->opened) {
        uv_close((uv_handle_t *)&e->timer, NULL);
    }
}

/* Is it made of a DBC file of the command line? */
static const char *db_of(const struct errand *e, const struct vb_device *device) {
    return e->selection.devices[0] == device ? e->selection.db[0] : NULL;
}

static int unknown_name(const struct errand *e, const struct vb_device *device) {
    const char *names[256] = {NULL};
    size_t n = 0;
    char near[NEAREST_TEXT];
    for (unsigned i = 0; e->is_set && i < device->command_count && n < 255; i++) {
        names[n++] = device->commands[i].name;
    }
    for (unsigned m = 0; !e->is_set && m < device->message_count; m++) {
        for (unsigned i = 0; i < device->messages[m].signal_count && n < 255; i++) {
            names[n++] = device->messages[m].signals[i].name;
        }
    }
    const char *db = db_of(e, device);
    return usage_error(e->verb, "%s has no %s '%s'%s (voltbus list %s --%s %s)", device->name,
                       e->is_set ? "command" : "signal", e->name, nearest(e->name, names, near),
                       e->is_set ? "commands" : "signals", db ? "db" : "as",
                       db ? db : device->name);
}

static bool has_signal(const struct vb_device *device, const char *name) {
    for (unsigned m = 0; m < device->message_count; m++) {
        for (unsigned i = 0; i < device->messages[m].signal_count; i++) {
            if (strcmp(device->messages[m].signals[i].name, name) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* DEVICE: one of those of --db; without it a built-in one. Only that is left in the selection. */
static bool choose_device(struct errand *e) {
    struct selection *s = &e->selection;
    size_t count = s->count;
    if (!selection_load(s, e->verb)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcmp(s->devices[i]->name, e->device) == 0) {
            s->devices[0] = s->devices[i];
            s->db[0] = s->db[i];
            s->count = 1;
            return true;
        }
    }
    if (count > 0) {
        usage_error(e->verb, "no device '%s' of --db: that of %s is called %s", e->device, s->db[0],
                    s->devices[0]->name);
        return false;
    }
    return selection_as(s, e->verb, e->device);
}

static int on_link(struct errand *e, const char *link) {
    int status;
    if (!choose_device(e)) {
        return EXIT_USAGE;
    }
    const struct vb_device *device = e->selection.devices[0];
    int command = vb_control_find(device, e->name, strlen(e->name));
    if (e->is_set ? command < 0 : !has_signal(device, e->name)) {
        return unknown_name(e, device);
    }
    if (e->is_set && !e->control) {
        return usage_error(e->verb, "this changes something on the bus: say --control");
    }
    e->command = (size_t)command;
    e->candidate = find_question(device, e->name, 0);
    struct config *config = one_link(e->verb, link, &e->selection, e->is_set, &status);
    if (!config) {
        return status;
    }
    const struct vb_machine *machine = vb_machine_of(device);
    const struct link_kind *kind = config->links[0].spec->kind;
    if (!e->is_set && e->candidate < device->message_count) {
        config->devices[0].poll = false; /* only this is asked */
    } else if (!e->is_set && machine && machine->asks) {
        config->devices[0].poll = !kind->sends || kind->sends(config->links[0].spec);
    }
    struct run_options run = {
        .quiet = true, .started = started, .stopping = stopping, .context = e};
    e->status = EXIT_FAILED;
    status = run_hub(e->verb, config, &run);
    config_free(config);
    if (status == EXIT_DONE && e->status != EXIT_DONE && !e->ended) { /* Ctrl-C */
        return failure(e->verb, "%s %s: stopped before it was %s", e->device, e->name,
                       e->sent || !e->is_set ? "heard on the bus" : "sent");
    }
    return status == EXIT_DONE ? e->status : status;
}

/* ---- through a running voltbus ---- */

static void print_json_value(const struct errand *e, const json_t *value, const char *unit) {
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
    if (e->json) {
        printf("{\"value\":%s,\"unit\":\"%s\"}\n", text, unit);
    } else {
        printf("%s%s%s\n", json_is_string(value) ? json_string_value(value) : text,
               unit[0] ? " " : "", unit);
    }
    free(text);
}

static const char *unit_of(const struct vb_message *message, const char *signal) {
    for (unsigned i = 0; i < message->signal_count; i++) {
        if (strcmp(message->signals[i].name, signal) == 0) {
            return message->signals[i].unit;
        }
    }
    return "";
}

/* What is not asked regularly, or was not for too long, is asked now. Versions have a signal in different
 * messages: the first answer that has it counts. */
static int get_by_call(const struct errand *e, const struct vb_device *type) {
    const char *asked = "";
    for (size_t m = find_question(type, e->name, 0); m < type->message_count;
         m = find_question(type, e->name, m + 1)) {
        char path[256];
        char body[128];
        int status = EXIT_FAILED;
        if (strcmp(asked, type->messages[m].name) == 0) {
            continue; /* another version of the same call: the gate has chosen already */
        }
        asked = type->messages[m].name;
        snprintf(path, sizeof path, "/api/devices/%s/call", e->device);
        snprintf(body, sizeof body, "{\"call\":\"%s\"}", asked);
        json_t *answer = via_ask(e->verb, e->via, path, body, HTTP_CLIENT_PATIENCE_MS, &status);
        if (!answer) {
            return status;
        }
        const json_t *value = json_object_get(json_object_get(answer, "values"), e->name);
        if (value && !json_is_null(value)) {
            print_json_value(e, value, unit_of(&type->messages[m], e->name));
            json_decref(answer);
            return EXIT_DONE;
        }
        json_decref(answer);
    }
    return failure(e->verb, "%s %s: not available: the device answers without it", e->device,
                   e->name);
}

#define LATE_MS 2000

/* Is it longer ago than this device is asked for it by itself? Where nobody asks (poll: false, or a
 * question without a period) the state has what somebody once asked for. */
static bool is_old(const struct vb_device *type, const char *name, const json_t *signal) {
    double age_ms = json_number_value(json_object_get(signal, "age")) * 1000;
    unsigned period_ms = 0;
    for (size_t m = find_question(type, name, 0); m < type->message_count;
         m = find_question(type, name, m + 1)) {
        unsigned own = type->messages[m].period_ms;
        period_ms = own > period_ms ? own : period_ms;
    }
    return period_ms == 0 || age_ms > period_ms + LATE_MS;
}

/* Should the device be asked, and not the state of voltbus? */
static bool asks_now(const struct errand *e, const json_t *state, const json_t *device) {
    const json_t *signal = json_object_get(json_object_get(device, "signals"), e->name);
    const char *name = json_string_value(json_object_get(device, "type"));
    const char *link = json_string_value(json_object_get(device, "link"));
    const struct vb_device *type = name ? vb_device_find(name) : NULL;
    if (!type || find_question(type, e->name, 0) == type->message_count) {
        return false;
    }
    const json_t *at = link ? json_object_get(json_object_get(state, "links"), link) : NULL;
    const char *open = json_string_value(json_object_get(at, "state"));
    return !signal || (open && strcmp(open, "open") == 0 && is_old(type, e->name, signal));
}

static int get_via(const struct errand *e) {
    int status;
    json_t *state = via_ask(e->verb, e->via, "/api/state", NULL, HTTP_CLIENT_PATIENCE_MS, &status);
    if (!state) {
        return status;
    }
    const json_t *device = json_object_get(json_object_get(state, "devices"), e->device);
    const json_t *signal = json_object_get(json_object_get(device, "signals"), e->name);
    const char *health = json_string_value(json_object_get(device, "health"));
    const char *reason = json_string_value(json_object_get(device, "reason"));
    const char *unit = json_string_value(json_object_get(signal, "unit"));
    const char *type_name = json_string_value(json_object_get(device, "type"));
    const struct vb_device *type = type_name ? vb_device_find(type_name) : NULL;
    if (device && asks_now(e, state, device)) {
        json_decref(state);
        return get_by_call(e, type);
    }
    if (!device) {
        status = failure(e->verb, "no device '%s' at %s", e->device, e->via);
    } else if (!signal && type && !has_signal(type, e->name)) {
        status = unknown_name(e, type);
    } else if (!signal) {
        status =
            failure(e->verb, "%s: '%s' was not heard (%s%s%s)", e->device, e->name,
                    health ? health : "", reason && reason[0] ? ": " : "", reason ? reason : "");
    } else if (!health || strcmp(health, "ok") != 0) { /* old values are not given as new */
        status = failure(e->verb, "%s is %s%s%s", e->device, health ? health : "",
                         reason && reason[0] ? ": " : "", reason ? reason : "");
    } else {
        print_json_value(e, json_object_get(signal, "value"), unit ? unit : "");
        status = EXIT_DONE;
    }
    json_decref(state);
    return status;
}

/* body: NULL = the value of the command line. *answer: to be freed, NULL after an error. */
static int post(const struct errand *e, const char *body, json_t **answer) {
    char path[256];
    int status = EXIT_DONE;
    json_t *wish =
        json_pack("{s:o,s:f}", "value", via_value(e->value), "lease", (double)e->lease_ms / 1000);
    char *text = json_dumps(wish, JSON_REAL_PRECISION(12));
    snprintf(path, sizeof path, "/api/devices/%s/%s", e->device, e->name);
    *answer = via_ask(e->verb, e->via, path, body ? body : text, HTTP_CLIENT_PATIENCE_MS, &status);
    free(text);
    json_decref(wish);
    return *answer ? EXIT_DONE : status;
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static void catch_interrupts(void) {
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (signal(SIGHUP, SIG_IGN) != SIG_IGN) { /* nohup */
        sigaction(SIGHUP, &action, NULL);
    }
}

/* Sleep, unless Ctrl-C came; also one that comes now wakes. */
static void doze(int64_t ms) {
    struct timespec nap = {ms / 1000, ms % 1000 * 1000000};
    sigset_t ours, before;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigaddset(&ours, SIGHUP);
    sigprocmask(SIG_BLOCK, &ours, &before);
    if (!interrupted) {
        pselect(0, NULL, NULL, NULL, &nap, &before);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
}

/* status: how it went so far. */
static int give_back(const struct errand *e, int status) {
    json_t *answer;
    int result = post(e, "{\"release\":true}", &answer);
    json_decref(answer);
    if (result != EXIT_DONE) {
        return failure(e->verb, "%s %s: not given back; it ends by itself within %.12g s",
                       e->device, e->name, (double)e->lease_ms / 1000);
    }
    return status == EXIT_DONE ? status : failure(e->verb, "%s %s: given back", e->device, e->name);
}

/* Ask again before it runs out, until Ctrl-C or until it is refused; then give it back. */
static int hold_via(const struct errand *e) {
    int status = EXIT_DONE;
    while (!interrupted && status == EXIT_DONE) {
        doze(e->lease_ms < 3000 ? 400 : e->lease_ms / 3);
        if (!interrupted) {
            json_t *answer;
            status = post(e, NULL, &answer);
            json_decref(answer);
        }
    }
    return give_back(e, status);
}

static int set_via(const struct errand *e) {
    json_t *answer;
    if (!via_name_good(e->device) || !via_name_good(e->name)) {
        return usage_error(e->verb, "'%s' '%s': no name of a device and its command", e->device,
                           e->name);
    }
    if (e->hold) {
        catch_interrupts(); /* from here on it is given back */
    }
    int status = post(e, NULL, &answer);
    if (status != EXIT_DONE) {
        return interrupted ? give_back(e, status) : status;
    }
    printf("%s %s ", e->device, e->name);
    print_json_value(e, json_object_get(answer, "value"), "");
    json_decref(answer);
    fflush(stdout);
    return e->hold ? hold_via(e) : EXIT_DONE;
}

/* ---- the command line ---- */

enum { VIA = 1000, CONTROL, HOLD, LEASE, DB, SET, TIMEOUT, JSON, HELP };

static const struct vb_key durations[] = {
    {"lease", VB_KEY_DURATION, NULL, NULL, 1000, 3600000, NULL, ""},
    {"timeout", VB_KEY_DURATION, NULL, NULL, 100, 3600000, NULL, ""},
};

static int run_errand(struct errand *e, int argc, char **argv, const struct option *options) {
    struct vb_value value;
    opterr = 0;
    e->lease_ms = 0;
    e->timeout_ms = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case VIA:
            e->via = optarg;
            break;
        case CONTROL:
            e->control = true;
            break;
        case HOLD:
            e->hold = true;
            break;
        case LEASE:
        case TIMEOUT:
            if (!option_value(e->verb, &durations[option == TIMEOUT], &value)) {
                return EXIT_USAGE;
            }
            *(option == LEASE ? &e->lease_ms : &e->timeout_ms) = value.number;
            break;
        case DB:
            if (!selection_db(&e->selection, e->verb, optarg)) {
                return EXIT_USAGE;
            }
            break;
        case SET:
            if (!selection_set(&e->selection, e->verb, optarg)) {
                return EXIT_USAGE;
            }
            break;
        case JSON:
            e->json = true;
            break;
        case HELP:
        case 'h':
            return help_text(e->is_set ? set_usage : get_usage);
        default:
            return option_error(e->verb, argv, options);
        }
    }
    int expected = 2 + !e->via + e->is_set;
    if (argc - optind != expected) {
        return usage_error(e->verb, "expected %s%s%s (voltbus %s --help)",
                           e->via ? "NAME" : "LINK DEVICE", e->is_set ? " COMMAND" : " SIGNAL",
                           e->is_set ? " VALUE" : "", e->verb);
    }
    if (!e->via && e->lease_ms) {
        return usage_error(e->verb, "--lease is for --via; on a LINK --hold keeps it until Ctrl-C");
    }
    if (e->via && e->timeout_ms) {
        return usage_error(e->verb, "--timeout is for a LINK; a running voltbus answers at once");
    }
    if (e->via && e->selection.set_count > 0) {
        return usage_error(e->verb, "--set is for a LINK; a running voltbus has its configuration");
    }
    if (e->via && e->selection.count > 0) {
        return usage_error(e->verb, "--db is for a LINK; a running voltbus has its configuration");
    }
    e->lease_ms = e->lease_ms ? e->lease_ms : 30000;
    e->timeout_ms = e->timeout_ms ? e->timeout_ms : 10000;
    char **argument = argv + optind + !e->via;
    e->device = argument[0];
    e->name = argument[1];
    e->value = e->is_set ? argument[2] : NULL;
    if (!e->via) {
        return on_link(e, argv[optind]);
    }
    return e->is_set ? set_via(e) : get_via(e);
}

int cmd_set(int argc, char **argv) {
    static const struct option options[] = {
        {"via", required_argument, NULL, VIA}, {"control", no_argument, NULL, CONTROL},
        {"hold", no_argument, NULL, HOLD},     {"lease", required_argument, NULL, LEASE},
        {"set", required_argument, NULL, SET}, {"timeout", required_argument, NULL, TIMEOUT},
        {"help", no_argument, NULL, HELP},     {NULL, 0, NULL, 0},
    };
    static struct errand e = {.verb = "set", .is_set = true};
    return run_errand(&e, argc, argv, options);
}

int cmd_get(int argc, char **argv) {
    static const struct option options[] = {
        {"via", required_argument, NULL, VIA},
        {"db", required_argument, NULL, DB},
        {"set", required_argument, NULL, SET},
        {"timeout", required_argument, NULL, TIMEOUT},
        {"json", no_argument, NULL, JSON},
        {"help", no_argument, NULL, HELP},
        {NULL, 0, NULL, 0},
    };
    static struct errand e = {.verb = "get"};
    return run_errand(&e, argc, argv, options);
}
