/* call.c - `voltbus call`: one question or order to a device that speaks in text, and its answer. On a
 * LINK of its own, or through a running voltbus (--via).
 * SPDX-License-Identifier: MIT */
#include "voltbus/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/one_link.h"
#include "cmd/sim_call.h"
#include "cmd/via.h"
#include "host/hub/hub.h"
#include "host/out/http.h"
#include "sim/sim.h"
#include "voltbus/time.h"

static const char usage[] =
    "usage: voltbus call LINK DEVICE NAME [VALUE]... [OPTION]...\n"
    "       voltbus call --via URL DEVICE NAME [VALUE]... [OPTION]...\n"
    "       voltbus call PLACE SIMULATOR KEY [VALUE]\n"
    "\n"
    "Asks or orders something once, and prints the answer: `ok`, or one line for each\n"
    "value. NAME is a call (voltbus list calls); VALUE is a word, or a number in the\n"
    "unit of that list, without the unit: 3600, not 1h. A code (SC) takes the values\n"
    "of the wire (16 V). On a LINK DEVICE is a type, such as openevse; --via asks a\n"
    "running voltbus, and DEVICE is one of its configuration.\n"
    "PLACE (tcp://HOST:PORT or a path) is where voltbus sim --calls can be changed.\n"
    "\n"
    "  --control          yes, change something\n"
    "  --set KEY=VALUE    a setting of the device\n"
    "  --timeout DURATION give up after this time (default 10s, or as the call needs)\n"
    "  --json             {\"ok\":true,\"values\":{\"limit.time\":3600},\"text\":\"4\"}\n"
    "\n"
    "Values that begin with '-' stand behind `--`.\n";

#define VERB            "call"
#define POLL_MS         20
#define PATIENCE_MS     10000
#define PATIENCE_VIA_MS 45000 /* the longest call takes half a minute */

struct errand {
    /* as given */
    const char *via, *device, *name;
    const char *arguments[VB_ARGUMENTS_MAX];
    size_t count;
    struct selection selection;
    bool control, json;
    int64_t timeout_ms;
    /* under way */
    struct hub *hub;
    struct hub_device *at;
    uv_timer_t timer;
    bool opened, asking, ended;
    int64_t give_up_ns;
    int status;
};

/* ---- on a link of our own ---- */

static void end(struct errand *e, int status) {
    e->status = status;
    e->ended = true;
    run_stop(e->hub);
}

static void print_value(const struct hub_value *value) {
    char text[SAMPLE_TEXT];
    bool is_word;
    struct vb_sample sample = hub_value_sample(value);
    size_t n = value_text(value->column, &sample, text, &is_word);
    printf("%s %.*s%s%s\n", value->signal->name, (int)n, text, value->signal->unit[0] ? " " : "",
           value->signal->unit);
}

static void print_none(const char *name) {
    printf("%s not available\n", name);
}

static void print_reply(const struct errand *e, const struct hub_reply *reply) {
    size_t values = 0;
    if (e->json) {
        struct text json = {0};
        http_reply_json(&json, e->at, reply);
        printf("%.*s\n", (int)json.n, json.data ? json.data : "");
        text_free(&json);
        return;
    }
    for (size_t i = 0; i < e->at->value_count; i++) {
        const struct hub_value *value = &e->at->values[i];
        if (hub_reply_has(reply, value)) {
            print_value(value);
            values++;
        } else if (hub_reply_lacks(reply, value)) {
            print_none(value->signal->name);
            values++;
        }
    }
    if (values == 0) {
        printf("%s\n", reply->text[0] ? reply->text : "ok");
    }
}

static void on_replied(void *context, const struct hub_reply *reply) {
    struct errand *e = context;
    const struct link *link = &e->hub->links[0];
    /* it was not even asked: the link opens, or what is at its other end may come yet */
    bool soon = reply->asked_mono_ns == 0 &&
                (reply->refusal == VB_REFUSAL_NO_ANSWER ||
                 (reply->refusal == VB_REFUSAL_LINK_DOWN && link->state != LINK_WAITING));
    e->asking = false;
    if (e->ended || (soon && clock_mono_ns() < e->give_up_ns)) {
        return; /* on_poll asks again */
    }
    if (reply->refusal != VB_REFUSAL_NONE) {
        end(e, failure(VERB, "%s: %s", vb_refusal_text(reply->refusal), reply->why));
        return;
    }
    print_reply(e, reply);
    end(e, fflush(stdout) == 0 ? EXIT_DONE : failure(VERB, "cannot write the output"));
}

static void on_poll(uv_timer_t *timer) {
    struct errand *e = timer->data;
    const struct link *link = &e->hub->links[0];
    if (e->ended) {
        return;
    }
    if (clock_mono_ns() >= e->give_up_ns) {
        end(e, failure(VERB, "%s %s: not answered within %.12g s (%s%s%s)", e->device, e->name,
                       (double)e->timeout_ms / 1000, link_state_text(link->state),
                       link->reason[0] ? ": " : "", link->reason));
    } else if (!e->asking && link->state == LINK_WAITING) {
        end(e, failure(VERB, "%s", link->reason));
    } else if (!e->asking) {
        e->asking = true;
        hub_call(e->at, e->name, strlen(e->name), e->arguments, e->count, "voltbus call",
                 on_replied, e);
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
    uv_timer_start(&e->timer, on_poll, 0, POLL_MS);
}

static void stopping(void *context) {
    struct errand *e = context;
    if (e->opened) {
        uv_close((uv_handle_t *)&e->timer, NULL);
    }
}

static int unknown_call(const struct vb_device *device, const char *name) {
    const char *names[256] = {NULL};
    size_t n = 0;
    char near[NEAREST_TEXT];
    for (unsigned m = 0; m < device->message_count && n < 255; m++) {
        if (device->messages[m].call) {
            names[n++] = device->messages[m].name;
        }
    }
    return n == 0 ? usage_error(VERB, "%s takes no calls", device->name)
                  : usage_error(VERB, "%s has no call '%s'%s (voltbus list calls)", device->name,
                                name, nearest(name, names, near));
}

static int on_link(struct errand *e, const char *link) {
    int status;
    size_t message = 0;
    if (!selection_as(&e->selection, VERB, e->device)) {
        return EXIT_USAGE;
    }
    const struct vb_device *device = e->selection.devices[0];
    int found = vb_call_find(device, e->name, strlen(e->name), 0, &message);
    if (found == VB_E_UNKNOWN) {
        return unknown_call(device, e->name);
    }
    message = found < 0 ? message : (size_t)found;
    if (device->messages[message].call->flags & VB_CALL_CHANGES && !e->control) {
        return usage_error(VERB, "%s changes something: say --control",
                           device->messages[message].name);
    }
    if (e->timeout_ms == 0) {
        e->timeout_ms = PATIENCE_MS + device->messages[message].call->wait_ms;
    }
    struct config *config = one_link(VERB, link, &e->selection, e->control, &status);
    if (!config) {
        return status;
    }
    config->devices[0].poll = false; /* only this is asked */
    struct run_options run = {
        .quiet = true, .started = started, .stopping = stopping, .context = e};
    e->status = EXIT_FAILED;
    status = run_hub(VERB, config, &run);
    config_free(config);
    if (status == EXIT_DONE && !e->ended) { /* Ctrl-C */
        return failure(VERB, "%s %s: stopped before it was answered", e->device, e->name);
    }
    return status == EXIT_DONE ? e->status : status;
}

/* ---- a simulator that runs ---- */

/* A PLACE without KIND: before it. */
static bool is_place(const char *link) {
    const char *colon = strchr(link, ':');
    const char *slash = strchr(link, '/');
    return strncmp(link, "tcp://", strlen("tcp://")) == 0 || !colon || (slash && slash < colon);
}

static int call_simulator(const struct errand *e, const char *place) {
    if (!sim_find(e->device)) {
        char near[NEAREST_TEXT];
        return usage_error(VERB,
                           "there is no simulator '%s'%s (a LINK has its kind before it: rapi:%s)",
                           e->device, nearest_sim(e->device, near), place);
    }
    if (e->count > 1) {
        return usage_error(VERB, "a setting has one value");
    }
    return sim_call(VERB, place, e->name, e->count > 0 ? e->arguments[0] : NULL);
}

/* ---- through a running voltbus ---- */

/* The answer has no units and no zeros at the end of numbers: a name means one thing in all devices. */
static const struct vb_signal *row_of(const char *signal) {
    for (size_t d = 0; d < vb_device_count; d++) {
        for (unsigned m = 0; m < vb_devices[d]->message_count; m++) {
            const struct vb_message *message = &vb_devices[d]->messages[m];
            for (unsigned i = 0; message->call && i < message->signal_count; i++) {
                if (strcmp(message->signals[i].name, signal) == 0) {
                    return &message->signals[i];
                }
            }
        }
    }
    return NULL;
}

static void print_member(const char *name, const json_t *value) {
    const struct vb_signal *row = row_of(name);
    char *number = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
    const char *text = json_is_string(value) ? json_string_value(value) : number ? number : "";
    char exact[VALUE_TEXT];
    int64_t raw;
    if (row && json_is_number(value) &&
        vb_decimal_parse(row->scale, false, text, strlen(text), &raw) == VB_OK) {
        exact[vb_signal_text(row, raw, exact, sizeof exact - 1, NULL)] = '\0';
        text = exact;
    }
    printf("%s %s%s%s\n", name, text, row && row->unit[0] ? " " : "", row ? row->unit : "");
    free(number);
}

static void print_answer(const struct errand *e, json_t *answer) {
    json_t *values = json_object_get(answer, "values");
    const char *text = json_string_value(json_object_get(answer, "text"));
    const char *name;
    json_t *value;
    if (e->json) {
        json_dumpf(answer, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
        printf("\n");
        return;
    }
    json_object_foreach(values, name, value) {
        if (json_is_null(value)) {
            print_none(name);
        } else {
            print_member(name, value);
        }
    }
    if (json_object_size(values) == 0) {
        printf("%s\n", text && text[0] ? text : "ok");
    }
}

static int through(const struct errand *e) {
    char path[256];
    int status = EXIT_FAILED;
    if (!via_name_good(e->device)) {
        return usage_error(VERB, "'%s': no name of a device", e->device);
    }
    json_t *arguments = json_array();
    for (size_t i = 0; i < e->count; i++) {
        if (json_array_append_new(arguments, json_string(e->arguments[i])) != 0) {
            json_decref(arguments);
            return usage_error(VERB, "value %zu is not UTF-8", i + 1);
        }
    }
    json_t *wish = json_pack("{s:s,s:o}", "call", e->name, "arguments", arguments);
    char *body = wish ? json_dumps(wish, JSON_COMPACT) : NULL;
    if (!body) {
        json_decref(wish);
        return usage_error(VERB, "'%s': not UTF-8", e->name);
    }
    snprintf(path, sizeof path, "/api/devices/%s/call", e->device);
    json_t *answer = via_ask(VERB, e->via, path, body,
                             e->timeout_ms ? (unsigned)e->timeout_ms : PATIENCE_VIA_MS, &status);
    free(body);
    json_decref(wish);
    if (!answer) {
        return status;
    }
    print_answer(e, answer);
    json_decref(answer);
    return fflush(stdout) == 0 ? EXIT_DONE : failure(VERB, "cannot write the output");
}

/* ---- the command line ---- */

enum { VIA = 1000, CONTROL, SET, TIMEOUT, JSON, HELP };
static const struct option options[] = {
    {"via", required_argument, NULL, VIA},
    {"control", no_argument, NULL, CONTROL},
    {"set", required_argument, NULL, SET},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"json", no_argument, NULL, JSON},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};
static const struct vb_key timeout_key = {"timeout", VB_KEY_DURATION, NULL, NULL,
                                          100,       3600000,         NULL, ""};

/* Returns -1 if all is well, else the exit status. */
static int read_options(struct errand *e, int argc, char **argv) {
    struct vb_value value;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case VIA:
            e->via = optarg;
            break;
        case CONTROL:
            e->control = true;
            break;
        case SET:
            if (!selection_set(&e->selection, VERB, optarg)) {
                return EXIT_USAGE;
            }
            break;
        case TIMEOUT:
            if (!option_value(VERB, &timeout_key, &value)) {
                return EXIT_USAGE;
            }
            e->timeout_ms = value.number;
            break;
        case JSON:
            e->json = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error(VERB, argv, options);
        }
    }
    return -1;
}

int cmd_call(int argc, char **argv) {
    static struct errand e;
    int status = read_options(&e, argc, argv);
    if (status >= 0) {
        return status;
    }
    const char *link = e.via ? NULL : argv[optind];
    int at = optind + !e.via;
    if (argc - at < 2) {
        return usage_error(VERB, "expected %sDEVICE NAME [VALUE]... (voltbus call --help)",
                           e.via ? "" : "LINK ");
    }
    if (argc - at - 2 > VB_ARGUMENTS_MAX) {
        return usage_error(VERB, "no call has more than %d values", VB_ARGUMENTS_MAX);
    }
    if (e.via && e.selection.set_count > 0) {
        return usage_error(VERB, "--set is for a LINK; a running voltbus has its configuration");
    }
    e.device = argv[at];
    e.name = argv[at + 1];
    for (int i = at + 2; i < argc; i++) {
        e.arguments[e.count++] = argv[i];
    }
    if (e.via) {
        return through(&e);
    }
    if (is_place(link)) {
        return call_simulator(&e, link);
    }
    return on_link(&e, link);
}
