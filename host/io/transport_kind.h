/* host/io/transport_kind.h - what the kinds of transport share; for host/io only.
 * A kind is a struct that begins with struct transport, and a line in transports.def. Everything
 * that libuv holds a pointer to is made by the transport_new_* functions, so that a transport is
 * freed after the last of it, whatever it was doing.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_TRANSPORT_KIND_H
#define HOST_IO_TRANSPORT_KIND_H

#include "host/io/transport.h"

struct transport_kind {
    size_t size; /* of its struct; all zero at the beginning */
    /* What will not get better by waiting. Returns false with why. NULL = nothing can be wrong. */
    bool (*check)(struct transport *t, const struct sim_settings *sim, char *why);
    /* Open. Called once, from the loop; ends, at once or later, in transport_opened or
     * transport_ended. */
    void (*start)(struct transport *t);
    /* Bytes, with a break before them or not. Tells nobody of anything: errors are found later,
     * from the loop. */
    bool (*write)(struct transport *t, const uint8_t *bytes, size_t n, bool with_break);
    size_t (*pending)(const struct transport *t); /* transport_pending; NULL = nothing ever waits */
    /* Give everything back. Called once, after a check that was good, in any state. */
    void (*stop)(struct transport *t);
};

struct transport {
    const struct transport_kind *kind;
    uv_loop_t *loop;
    struct transport_events events;
    void *owner;
    struct place place; /* LISTEN: with the real port once it is open */
    struct line_settings line;
    enum {
        TRANSPORT_OPENING,
        TRANSPORT_OPEN,
        TRANSPORT_ENDED,  /* stopped, closed was told */
        TRANSPORT_CLOSED, /* the owner has closed it: no event any more */
    } state;
    uv_timer_t *starter; /* there until the owner closes: the last reason not to free */
    unsigned held;       /* what libuv still knows */
};

/* A transport of that kind, without a place, that is open. NULL: no memory. */
struct transport *transport_new(const struct transport_kind *kind, uv_loop_t *loop,
                                const struct transport_events *events, void *owner);

/* From the loop only. After each of them, and after every event, the owner may have closed the
 * transport: look at transport_live. */
void transport_opened(struct transport *t);
void transport_ended(struct transport *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void transport_peer(struct transport *t, bool there, const char *who);
void transport_bytes(struct transport *t, const uint8_t *bytes, size_t n);

static inline bool transport_live(const struct transport *t) {
    return t->state == TRANSPORT_OPENING || t->state == TRANSPORT_OPEN;
}

/* A timer, its data is the transport; a poll of an fd, its data is what is given. NULL: no memory,
 * or libuv cannot. */
uv_timer_t *transport_new_timer(struct transport *t);
uv_poll_t *transport_new_poll(struct transport *t, int fd, void *data);

/* Close one of them; NULL does nothing. freed later: memory that nobody needs after it (or
 * NULL). */
void transport_drop_timer(uv_timer_t *timer);
void transport_drop_poll(uv_poll_t *poll, void *freed_later);

/* libuv has a request of this transport, or has answered it. */
void transport_hold(struct transport *t);
void transport_release(struct transport *t);

#define TRANSPORT_QUEUE (64 * 1024)

/* ---- channel: a file descriptor with a bounded queue of writes ---- */

struct channel;

struct channel_calls {
    /* End of file (error 0) or an error. Called once; close the channel then. */
    void (*gone)(struct transport *t, int error);
    /* All bytes before a break are written; channel_go_on goes on. NULL: a break is a byte 00. */
    void (*at_break)(struct transport *t);
    /* n bytes went out. May be NULL. */
    void (*wrote)(struct transport *t, size_t n);
};

/* The fd does not block; who opened it closes it, after channel_close. socket: it is one. Returns
 * NULL if libuv cannot. */
struct channel *channel_open(struct transport *t, int fd, bool socket,
                             const struct channel_calls *calls);
/* As transport_write. mark: call at_break where the break is. */
bool channel_write(struct channel *c, const uint8_t *bytes, size_t n, bool with_break, bool mark);
/* After at_break: sent = the break was a real one, no byte 00 for it. */
void channel_go_on(struct channel *c, bool sent);
size_t channel_pending(const struct channel *c); /* transport_pending; NULL: 0 */
/* Send what can be sent without waiting, stop, free. NULL does nothing. */
void channel_close(struct channel *c);

#endif
