/* sim_call.c - calling a simulator that runs somewhere: one line there, its answer back.
 * SPDX-License-Identifier: MIT */
#include "cmd/sim_call.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "sim/sim.h"

#define ANSWER_MS 5000

struct call {
    const char *verb;
    uv_loop_t loop;
    uv_timer_t timer;
    struct transport *place;
    char question[SIM_CALL_LINE];
    size_t n;
    char line[2 * SIM_CALL_LINE];
    bool over;
    int status;
};

const char *nearest_sim(const char *name, char *near) {
    const char *names[65] = {NULL};
    for (size_t i = 0; i < sim_count && i < 64; i++) {
        names[i] = sims[i]->name;
    }
    return nearest(name, names, near);
}

static void end(struct call *c, int status) {
    if (!c->over) {
        c->over = true;
        c->status = status;
        transport_close(c->place);
        uv_close((uv_handle_t *)&c->timer, NULL);
    }
}

static void on_late(uv_timer_t *timer) {
    struct call *c = timer->data;
    end(c, failure(c->verb, "%s does not answer", transport_place(c->place)->text));
}

static void on_opened(void *owner) {
    struct call *c = owner;
    (void)transport_write(c->place, (const uint8_t *)c->question, strlen(c->question));
}

/* One line of the answer; "ok" and "error" end it. */
static void on_line(struct call *c) {
    static const char error[] = "error: ";
    if (strncmp(c->line, error, sizeof error - 1) == 0) {
        end(c, failure(c->verb, "%s", c->line + sizeof error - 1));
    } else if (strcmp(c->line, "ok") == 0) {
        end(c, EXIT_DONE);
    } else if (strncmp(c->line, "ok ", 3) == 0) {
        puts(c->line + 3);
        end(c, EXIT_DONE);
    } else {
        puts(c->line);
    }
}

static void on_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct call *c = owner;
    (void)mono_ns;
    for (size_t i = 0; i < n && !c->over; i++) {
        if (bytes[i] == '\n') {
            c->line[c->n] = '\0';
            c->n = 0;
            on_line(c);
        } else if (c->n < sizeof c->line - 1) {
            c->line[c->n++] = bytes[i] < 0x20 || bytes[i] > '~' ? '?' : (char)bytes[i];
        }
    }
}

static void on_closed(void *owner, const char *why) {
    struct call *c = owner;
    end(c, failure(c->verb, "%s", why));
}

static const struct transport_events events = {
    .opened = on_opened, .bytes = on_bytes, .closed = on_closed};

static bool ask(struct call *c, const char *key, const char *value) {
    int n = value ? snprintf(c->question, sizeof c->question, "%s=%s\n", key, value)
                  : snprintf(c->question, sizeof c->question, "%s\n", key);
    return n > 0 && n < SIM_CALL_LINE && strchr(c->question, '\n') == c->question + n - 1;
}

int sim_call(const char *verb, const char *place, const char *key, const char *value) {
    static const struct line_settings line = {.baud = 115200};
    struct call call = {.verb = verb, .status = EXIT_FAILED};
    struct place at;
    char why[TRANSPORT_WHY];
    if (!place_parse(&at, place, strlen(place), why)) {
        return usage_error(verb, "%s", why);
    }
    if (at.type != PLACE_TCP && at.type != PLACE_SERIAL) {
        return usage_error(verb, "%s: a simulator is called at tcp://HOST:PORT or at a path",
                           place);
    }
    if (!ask(&call, key, value)) {
        return usage_error(verb, "a value has one line of %d characters at most",
                           SIM_CALL_LINE - 2);
    }
    if (uv_loop_init(&call.loop) != 0) {
        return failure(verb, "no memory");
    }
    (void)signal(SIGPIPE, SIG_IGN);
    uv_timer_init(&call.loop, &call.timer);
    call.timer.data = &call;
    call.place = transport_open(&call.loop, &at, &line, NULL, &events, &call, why);
    if (!call.place) {
        uv_close((uv_handle_t *)&call.timer, NULL);
        uv_run(&call.loop, UV_RUN_DEFAULT);
        uv_loop_close(&call.loop);
        return failure(verb, "%s", why);
    }
    uv_timer_start(&call.timer, on_late, ANSWER_MS, 0);
    uv_run(&call.loop, UV_RUN_DEFAULT);
    uv_loop_close(&call.loop);
    return call.status;
}
