/* channel.c - a file descriptor of a transport: what is read is handed on at once, what is written
 * waits in a queue of 64 kB at most.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/io/transport_kind.h"

/* More breaks than fit into any schedule that is not long since late. */
#define BREAKS_MAX 64
#define READ_MAX   16384

struct channel {
    struct transport *t;
    const struct channel_calls *calls;
    uv_poll_t *poll;
    int fd;
    bool socket;
    bool waiting; /* for the break: nothing is written */
    bool over;    /* gone was told, or it is closed */
    int polled;   /* what libuv looks for */
    /* The queue: bytes [start, end). A break is a byte 00; its place, counted from the first byte
     * ever queued, is in breaks. */
    size_t start, end;
    uint64_t sent;
    size_t break_count;
    uint64_t breaks[BREAKS_MAX];
    uint8_t queue[TRANSPORT_QUEUE];
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void look_for(struct channel *c, int events) {
    if (!c->over && events != c->polled && uv_poll_start(c->poll, events, on_poll) == 0) {
        c->polled = events;
    }
}

static ssize_t write_some(struct channel *c, const uint8_t *bytes, size_t n) {
    ssize_t done;
    do {
        done = c->socket ? send(c->fd, bytes, n, MSG_NOSIGNAL) : write(c->fd, bytes, n);
    } while (done < 0 && errno == EINTR);
    return done;
}

/* Write until the queue is empty, a break is to be sent, or the kernel has enough. Returns 0 or the
 * error. */
static int flush(struct channel *c) {
    while (!c->waiting && c->start < c->end) {
        size_t n = c->end - c->start;
        if (c->break_count > 0) {
            if (c->breaks[0] == c->sent) {
                c->waiting = true;
                c->calls->at_break(c->t); /* may go on at once: this loop then does */
                continue;
            }
            n = (size_t)(c->breaks[0] - c->sent);
        }
        ssize_t done = write_some(c, c->queue + c->start, n);
        if (done < 0) {
            return errno == EAGAIN ? 0 : errno;
        }
        if (done == 0) { /* a terminal that has no room says it so */
            return 0;
        }
        c->start += (size_t)done;
        c->sent += (uint64_t)done;
        if (c->calls->wrote) {
            c->calls->wrote(c->t, (size_t)done);
        }
    }
    if (c->start == c->end) {
        c->start = c->end = 0;
    }
    return 0;
}

static void look_for_what_is_needed(struct channel *c) {
    bool writing = !c->waiting && c->start < c->end;
    look_for(c, writing ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static void gone(struct channel *c, int error) {
    if (!c->over) {
        c->over = true;
        uv_poll_stop(c->poll); /* a hang-up is there for ever: do not be told of it again */
        c->calls->gone(c->t, error);
    }
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct channel *c = poll->data;
    uint8_t bytes[READ_MAX];
    if (status < 0 || (events & UV_READABLE)) {
        ssize_t n = read(c->fd, bytes, sizeof bytes);
        int error = n < 0 ? errno : 0;
        if (n > 0) {
            transport_bytes(c->t, bytes, (size_t)n);
        } else if (n == 0 || (error != EAGAIN && error != EINTR)) {
            gone(c, error);
        } else if (status < 0) { /* libuv has stopped looking, and the read does not tell why */
            gone(c, EIO);
        }
    }
    if (c->over) {
        return;
    }
    if (status < 0) { /* bytes first, then the error: the next read has it */
        c->polled = 0;
    }
    int error = flush(c);
    if (error) {
        gone(c, error);
    } else {
        look_for_what_is_needed(c);
    }
}

struct channel *channel_open(struct transport *t, int fd, bool socket,
                             const struct channel_calls *calls) {
    struct channel *c = calloc(1, sizeof *c);
    if (!c) {
        return NULL;
    }
    c->t = t;
    c->calls = calls;
    c->fd = fd;
    c->socket = socket;
    c->poll = transport_new_poll(t, fd, c);
    if (!c->poll) {
        free(c);
        return NULL;
    }
    look_for(c, UV_READABLE);
    return c;
}

bool channel_write(struct channel *c, const uint8_t *bytes, size_t n, bool with_break, bool mark) {
    size_t needed = n + with_break;
    if (c->over || needed > TRANSPORT_QUEUE - (c->end - c->start) ||
        (with_break && mark && c->break_count == BREAKS_MAX)) {
        return false;
    }
    if (needed > TRANSPORT_QUEUE - c->end) {
        memmove(c->queue, c->queue + c->start, c->end - c->start);
        c->end -= c->start;
        c->start = 0;
    }
    if (with_break) {
        if (mark) {
            c->breaks[c->break_count++] = c->sent + (c->end - c->start);
        }
        c->queue[c->end++] = 0x00;
    }
    if (n > 0) {
        memcpy(c->queue + c->end, bytes, n);
        c->end += n;
    }
    (void)flush(c); /* an error is found again from the loop, where the owner may be told of it */
    look_for_what_is_needed(c);
    return true;
}

void channel_go_on(struct channel *c, bool sent) {
    c->waiting = false;
    c->break_count--;
    memmove(c->breaks, c->breaks + 1, c->break_count * sizeof c->breaks[0]);
    if (sent) {
        c->start++;
        c->sent++;
    }
    (void)flush(c);
    look_for_what_is_needed(c);
}

/* A connection acknowledges within its round trip, and some wait 40 ms for more: 256 bytes are
 * half a second of a LIN leader. */
#define UNACKED_MAX 256

size_t channel_pending(const struct channel *c) {
    int unacked = 0;
    if (!c) {
        return 0;
    }
    if (!c->socket || ioctl(c->fd, SIOCOUTQ, &unacked) != 0 || unacked <= UNACKED_MAX) {
        unacked = 0;
    }
    return c->end - c->start + (size_t)unacked;
}

void channel_close(struct channel *c) {
    if (!c) {
        return;
    }
    if (!c->over && !c->waiting && c->break_count == 0) {
        (void)flush(c);
    }
    if (c->socket) {
        /* Bytes that nobody has read make the kernel break the connection off, and what was just
         * written would be lost with it. */
        uint8_t unread[READ_MAX];
        for (int i = 0; i < 16 && recv(c->fd, unread, sizeof unread, MSG_DONTWAIT) > 0; i++) {
        }
    }
    c->over = true;
    transport_drop_poll(c->poll, c);
}
