/* sim_calls.c - the place where a running simulator is told to change: `voltbus sim ... --calls`.
 * One caller at a time; half a line of one who goes is forgotten.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/sim_call.h"
#include "voltbus/key.h"

struct sim_calls {
    struct transport *place, *sim;
    void (*opened)(void *owner, const char *place);
    void (*closed)(void *owner, const char *why);
    void *owner;
    size_t n; /* of line; beyond its end: it is too long */
    char line[SIM_CALL_LINE];
};

static void reply(struct sim_calls *c, const char *text) {
    (void)transport_write(c->place, (const uint8_t *)text,
                          strlen(text)); /* who does not read ... */
}

static void list(struct sim_calls *c) {
    struct transport_setting setting;
    char allowed[VB_KEY_WHY];
    char line[SIM_CALL_LINE + VB_KEY_WHY];
    for (size_t i = 0; transport_setting(c->sim, i, &setting); i++) {
        snprintf(line, sizeof line, "%s=%s (%s)\n", setting.key->name, setting.text,
                 setting.live ? vb_key_allowed(setting.key, allowed) : "set at the start");
        reply(c, line);
    }
    reply(c, "ok\n");
}

/* What somebody wrote, so that it cannot break the line of the answer. */
static bool printable(const char *text) {
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) {
            return false;
        }
    }
    return true;
}

static void obey(struct sim_calls *c) {
    char why[TRANSPORT_WHY];
    char line[SIM_CALL_LINE + 8];
    if (strlen(c->line) != c->n || !printable(c->line)) {
        reply(c, "error: a line is KEY=VALUE or ?, in plain characters\n");
        return;
    }
    if (strcmp(c->line, "?") == 0) {
        list(c);
        return;
    }
    if (transport_change(c->sim, c->line, why)) {
        snprintf(line, sizeof line, "ok %s\n", c->line);
    } else {
        snprintf(line, sizeof line, "error: %s\n", why);
    }
    reply(c, line);
}

static void end_line(struct sim_calls *c) {
    if (c->n >= sizeof c->line) {
        char text[80];
        snprintf(text, sizeof text, "error: a line has %d characters at most\n", SIM_CALL_LINE - 1);
        reply(c, text);
    } else if (c->n > 0) {
        c->line[c->n] = '\0';
        obey(c);
    }
    c->n = 0;
}

static void on_opened(void *owner) {
    struct sim_calls *c = owner;
    c->opened(c->owner, transport_place(c->place)->text);
}

static void on_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct sim_calls *c = owner;
    (void)mono_ns;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] == '\n') {
            end_line(c);
        } else if (bytes[i] == '\r' || c->n >= sizeof c->line) {
            continue;
        } else if (c->n == sizeof c->line - 1) {
            c->n = sizeof c->line;
        } else {
            c->line[c->n++] = (char)bytes[i];
        }
    }
}

static void on_closed(void *owner, const char *why) {
    struct sim_calls *c = owner;
    c->closed(c->owner, why);
}

static void on_peer(void *owner, bool there, const char *who) {
    struct sim_calls *c = owner;
    (void)there;
    (void)who;
    c->n = 0;
}

static const struct transport_events events = {
    .opened = on_opened, .bytes = on_bytes, .closed = on_closed, .peer = on_peer};

struct sim_calls *sim_calls_open(uv_loop_t *loop, const struct place *place, struct transport *sim,
                                 void (*opened)(void *owner, const char *place),
                                 void (*closed)(void *owner, const char *why), void *owner,
                                 char *why) {
    struct sim_calls *c = calloc(1, sizeof *c);
    if (!c) {
        snprintf(why, TRANSPORT_WHY, "no memory");
        return NULL;
    }
    *c = (struct sim_calls){.sim = sim, .opened = opened, .closed = closed, .owner = owner};
    c->place = transport_open(loop, place, NULL, NULL, &events, c, why);
    if (!c->place) {
        free(c);
        return NULL;
    }
    return c;
}

void sim_calls_close(struct sim_calls *calls) {
    transport_close(calls->place); /* no event comes after it */
    free(calls);
}
