/* transport.c - what all kinds of transport share: opening on the next turn of the loop, one
 * `closed`, and freeing when libuv holds nothing of it any more.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/io/transport_kind.h"

#define TRANSPORT(type, stem) extern const struct transport_kind transport_##stem;
#include "host/io/transports.def"
#undef TRANSPORT

static const struct transport_kind *const kinds[] = {
#define TRANSPORT(type, stem) [PLACE_##type] = &transport_##stem,
#include "host/io/transports.def"
#undef TRANSPORT
};

/* A libuv handle on the heap: it lives until libuv lets go of it. */
struct held {
    union {
        uv_handle_t handle;
        uv_timer_t timer;
        uv_poll_t poll;
    } as; /* first: libuv's pointer is ours */
    struct transport *t;
    void *freed_later;
};

void transport_hold(struct transport *t) {
    t->held++;
}

void transport_release(struct transport *t) {
    t->held--;
    if (t->held == 0) { /* the starter is gone: the owner has closed */
        free(t);
    }
}

static void on_closed(uv_handle_t *handle) {
    struct held *held = (struct held *)handle;
    struct transport *t = held->t;
    free(held->freed_later);
    free(held);
    transport_release(t);
}

uv_timer_t *transport_new_timer(struct transport *t) {
    struct held *held = calloc(1, sizeof *held);
    if (!held) {
        return NULL;
    }
    held->t = t;
    uv_timer_init(t->loop, &held->as.timer); /* cannot fail */
    held->as.timer.data = t;
    transport_hold(t);
    return &held->as.timer;
}

uv_poll_t *transport_new_poll(struct transport *t, int fd, void *data) {
    struct held *held = calloc(1, sizeof *held);
    if (!held) {
        return NULL;
    }
    if (uv_poll_init(t->loop, &held->as.poll, fd) != 0) {
        free(held);
        return NULL;
    }
    held->t = t;
    held->as.poll.data = data;
    transport_hold(t);
    return &held->as.poll;
}

void transport_drop_timer(uv_timer_t *timer) {
    if (timer) {
        uv_close((uv_handle_t *)timer, on_closed);
    }
}

void transport_drop_poll(uv_poll_t *poll, void *freed_later) {
    if (poll) {
        ((struct held *)poll)->freed_later = freed_later;
        uv_close((uv_handle_t *)poll, on_closed);
    }
}

void transport_opened(struct transport *t) {
    if (t->state == TRANSPORT_OPENING) {
        t->state = TRANSPORT_OPEN;
        t->events.opened(t->owner);
    }
}

void transport_ended(struct transport *t, const char *fmt, ...) {
    if (!transport_live(t)) {
        return;
    }
    char why[TRANSPORT_WHY];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    t->state = TRANSPORT_ENDED;
    t->kind->stop(t); /* before the owner hears of it: it may open the same place at once */
    t->events.closed(t->owner, why);
}

void transport_peer(struct transport *t, bool there, const char *who) {
    if (transport_live(t) && t->events.peer) {
        t->events.peer(t->owner, there, who);
    }
}

void transport_bytes(struct transport *t, const uint8_t *bytes, size_t n) {
    if (transport_live(t)) {
        t->events.bytes(t->owner, bytes, n, clock_mono_ns());
    }
}

static void on_start(uv_timer_t *timer) {
    struct transport *t = timer->data;
    t->kind->start(t);
}

struct transport *transport_open(uv_loop_t *loop, const struct place *place,
                                 const struct line_settings *line, const struct sim_settings *sim,
                                 const struct transport_events *events, void *owner, char *why) {
    const struct transport_kind *kind =
        (size_t)place->type < sizeof kinds / sizeof kinds[0] ? kinds[place->type] : NULL;
    if (!kind) {
        snprintf(why, TRANSPORT_WHY, "%.100s is a recording: nothing can be sent there",
                 place->text);
        return NULL;
    }
    struct transport *t = calloc(1, kind->size);
    if (!t) {
        snprintf(why, TRANSPORT_WHY, "no memory");
        return NULL;
    }
    t->kind = kind;
    t->loop = loop;
    t->events = *events;
    t->owner = owner;
    t->place = *place;
    if (line) {
        t->line = *line;
    }
    if (kind->check && !kind->check(t, sim, why)) {
        free(t);
        return NULL;
    }
    t->starter = transport_new_timer(t);
    if (!t->starter) {
        snprintf(why, TRANSPORT_WHY, "no memory");
        kind->stop(t);
        free(t);
        return NULL;
    }
    uv_timer_start(t->starter, on_start, 0, 0);
    return t;
}

/* Its starter has nothing to start: it only holds the memory until the owner closes. */
struct transport *transport_new(const struct transport_kind *kind, uv_loop_t *loop,
                                const struct transport_events *events, void *owner) {
    struct transport *t = calloc(1, kind->size);
    if (!t) {
        return NULL;
    }
    t->kind = kind;
    t->loop = loop;
    t->events = *events;
    t->owner = owner;
    t->state = TRANSPORT_OPEN;
    t->starter = transport_new_timer(t);
    if (!t->starter) {
        free(t);
        return NULL;
    }
    return t;
}

bool transport_write(struct transport *t, const uint8_t *bytes, size_t n) {
    return t->state == TRANSPORT_OPEN && t->kind->write(t, bytes, n, false);
}

bool transport_write_break(struct transport *t, const uint8_t *bytes, size_t n) {
    return t->state == TRANSPORT_OPEN && t->kind->write(t, bytes, n, true);
}

size_t transport_pending(const struct transport *t) {
    return t->state == TRANSPORT_OPEN && t->kind->pending ? t->kind->pending(t) : 0;
}

const struct place *transport_place(const struct transport *t) {
    return &t->place;
}

void transport_close(struct transport *t) {
    bool live = transport_live(t);
    t->state = TRANSPORT_CLOSED;
    if (live) {
        t->kind->stop(t);
    }
    transport_drop_timer(t->starter);
}

static int64_t read_clock(clockid_t which) {
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_mono_ns(void) {
    return read_clock(CLOCK_BOOTTIME);
}

int64_t clock_wall_ns(void) {
    return read_clock(CLOCK_REALTIME);
}
