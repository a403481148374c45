/* sim.c - a simulator of this process as a transport: its clock is the loop's.
 * Nothing of it runs inside transport_write: what is written waits for the next turn, as it
 * would on a cable.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/io/transport_kind.h"
#include "sim/sim.h"

#define SETTING_TEXT 200 /* a longer one is only shown cut */

struct sim_transport {
    struct transport t;
    const struct sim *sim;
    void *self;
    uv_timer_t *timer;
    char texts[SIM_KEYS_MAX][SETTING_TEXT]; /* of its settings */
    size_t waiting;                         /* bytes of queue */
    uint8_t queue[TRANSPORT_QUEUE];
};

extern const struct transport_kind transport_sim;

/* ---- settings ---- */

static bool unknown_key(const struct sim *sim, const char *text, size_t n, char *why) {
    size_t at = (size_t)snprintf(why, TRANSPORT_WHY, "sim://%s has no setting '%.*s' (", sim->name,
                                 n < 24 ? (int)n : 24, text);
    for (size_t i = 0; i < sim->key_count && at < TRANSPORT_WHY; i++) {
        at += (size_t)snprintf(why + at, TRANSPORT_WHY - at, "%s%s", i ? ", " : "",
                               sim->keys[i].name);
    }
    if (at < TRANSPORT_WHY) {
        snprintf(why + at, TRANSPORT_WHY - at, sim->key_count ? ")" : "it has none)");
    }
    return false;
}

static bool read_setting(const struct sim *sim, const char *text, struct vb_value *values,
                         char *why) {
    const char *equals = strchr(text, '=');
    size_t n = equals ? (size_t)(equals - text) : strlen(text);
    char reason[VB_KEY_WHY];
    int key = vb_key_find(sim->keys, sim->key_count, text, n);
    if (key < 0) {
        return unknown_key(sim, text, n, why);
    }
    if (!equals) {
        snprintf(why, TRANSPORT_WHY, "sim://%s: %s needs a value: %s=%s", sim->name,
                 sim->keys[key].name, sim->keys[key].name, vb_key_allowed(&sim->keys[key], reason));
        return false;
    }
    if (vb_key_parse(&sim->keys[key], equals + 1, strlen(equals + 1), &values[key], reason) !=
        VB_OK) {
        snprintf(why, TRANSPORT_WHY, "sim://%s: %s: %s", sim->name, sim->keys[key].name, reason);
        return false;
    }
    return true;
}

static bool read_settings(const struct sim *sim, const struct sim_settings *given,
                          struct vb_value *values, char *why) {
    for (size_t i = 0; i < sim->key_count; i++) {
        values[i] = vb_key_initial(&sim->keys[i]);
    }
    for (size_t i = 0; given && i < given->count; i++) {
        if (!read_setting(sim, given->texts[i], values, why)) {
            return false;
        }
    }
    for (size_t i = 0; i < sim->key_count; i++) {
        if (!sim->keys[i].initial && !values[i].given) {
            snprintf(why, TRANSPORT_WHY, "sim://%s: %s must be given (%.60s)", sim->name,
                     sim->keys[i].name, sim->keys[i].help);
            return false;
        }
    }
    return true;
}

static void keep_text(struct sim_transport *s, size_t key, const struct vb_value *value) {
    snprintf(s->texts[key], SETTING_TEXT, "%.*s", (int)value->len, value->text);
}

static bool check(struct transport *t, const struct sim_settings *settings, char *why) {
    struct sim_transport *s = (struct sim_transport *)t;
    struct vb_value values[SIM_KEYS_MAX] = {0};
    s->sim = sim_find(t->place.name);
    if (!s->sim) {
        snprintf(why, TRANSPORT_WHY, "there is no simulator %.60s (voltbus sim --list lists them)",
                 t->place.name);
        return false;
    }
    if (!read_settings(s->sim, settings, values, why)) {
        return false;
    }
    s->self = calloc(1, s->sim->size);
    if (!s->self) {
        snprintf(why, TRANSPORT_WHY, "no memory");
        return false;
    }
    for (size_t i = 0; i < s->sim->key_count; i++) {
        keep_text(s, i, &values[i]);
    }
    s->sim->init(s->self, values, clock_mono_ns(), clock_wall_ns());
    return true;
}

/* ---- running ---- */

static void on_timer(uv_timer_t *timer);

/* libuv counts whole ms. Never 0: a simulator whose deadline has passed would keep the loop
 * busy. */
static void wait_for_deadline(struct sim_transport *s) {
    int64_t deadline_ns = s->sim->deadline_ns(s->self);
    if (deadline_ns == INT64_MAX) {
        uv_timer_stop(s->timer);
        return;
    }
    int64_t left_ns = deadline_ns - clock_mono_ns();
    int64_t left_ms = left_ns <= 0 ? 1 : left_ns / 1000000 + (left_ns % 1000000 != 0);
    uv_update_time(s->t.loop);
    uv_timer_start(s->timer, on_timer, (uint64_t)left_ms, 0);
}

static void on_timer(uv_timer_t *timer) {
    struct transport *t = timer->data;
    struct sim_transport *s = (struct sim_transport *)t;
    uint8_t out[SIM_TX_MAX];
    int64_t now_ns = clock_mono_ns();
    if (s->waiting > 0) {
        size_t n = s->waiting;
        s->waiting = 0;
        s->sim->feed(s->self, s->queue, n, now_ns);
    }
    s->sim->tick(s->self, now_ns);
    for (size_t n; (n = s->sim->take(s->self, out)) > 0;) {
        transport_bytes(t, out, n);
        if (!transport_live(t)) {
            return;
        }
    }
    if (s->waiting == 0) { /* else the timer runs already, for what the owner has answered */
        wait_for_deadline(s);
    }
}

static void start(struct transport *t) {
    struct sim_transport *s = (struct sim_transport *)t;
    s->timer = transport_new_timer(t);
    if (!s->timer) {
        transport_ended(t, "%s: no memory", t->place.text);
        return;
    }
    uv_timer_start(s->timer, on_timer, 0, 0);
    transport_opened(t);
}

static bool send_bytes(struct transport *t, const uint8_t *bytes, size_t n, bool with_break) {
    struct sim_transport *s = (struct sim_transport *)t;
    if (n + with_break > sizeof s->queue - s->waiting) {
        return false;
    }
    if (with_break) {
        s->queue[s->waiting++] = 0x00;
    }
    if (n > 0) {
        memcpy(s->queue + s->waiting, bytes, n);
        s->waiting += n;
    }
    uv_timer_start(s->timer, on_timer, 0, 0);
    return true;
}

static void stop(struct transport *t) {
    struct sim_transport *s = (struct sim_transport *)t;
    transport_drop_timer(s->timer);
    s->timer = NULL;
    free(s->self);
    s->self = NULL;
}

/* ---- changing it ---- */

bool transport_setting(const struct transport *t, size_t i, struct transport_setting *setting) {
    const struct sim_transport *s = (const struct sim_transport *)t;
    if (t->kind != &transport_sim || i >= s->sim->key_count) {
        return false;
    }
    *setting = (struct transport_setting){&s->sim->keys[i], s->texts[i],
                                          s->sim->change && (s->sim->live >> i & 1)};
    return true;
}

static bool apply(struct sim_transport *s, const char *text, char *why) {
    struct vb_value values[SIM_KEYS_MAX] = {0};
    struct transport_setting setting;
    if (!read_setting(s->sim, text, values, why)) {
        return false;
    }
    size_t key = 0;
    while (!values[key].given) {
        key++;
    }
    if (!transport_setting(&s->t, key, &setting) || !setting.live) {
        snprintf(why, TRANSPORT_WHY, "sim://%s: %s is set at the start and stays", s->sim->name,
                 s->sim->keys[key].name);
        return false;
    }
    const char *refused = s->sim->change(s->self, key, &values[key], clock_mono_ns());
    if (refused) {
        snprintf(why, TRANSPORT_WHY, "sim://%s: %s: %s", s->sim->name, s->sim->keys[key].name,
                 refused);
        return false;
    }
    keep_text(s, key, &values[key]);
    return true;
}

bool transport_change(struct transport *t, const char *text, char *why) {
    struct sim_transport *s = (struct sim_transport *)t;
    if (t->kind != &transport_sim || !transport_live(t) || !s->timer) {
        snprintf(why, TRANSPORT_WHY, "%.150s: no simulator runs here", t->place.text);
        return false;
    }
    if (!apply(s, text, why)) {
        return false;
    }
    uv_update_time(t->loop);
    uv_timer_start(s->timer, on_timer, 0, 0); /* it may have something to say */
    return true;
}

const struct transport_kind transport_sim = {
    .size = sizeof(struct sim_transport),
    .check = check,
    .start = start,
    .write = send_bytes,
    .stop = stop,
};
