/* udp.c - datagrams to and from one other machine (udp://HOST:PORT). Each that comes is handed
 * on by itself; what is written at once is one. Datagrams of others are thrown away by the
 * kernel. Nobody tells whether the other end is there.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/io/transport_kind.h"

#define DATAGRAM_MAX 65536
#define AT_ONCE      64            /* datagrams in one turn of the loop */
#define KERNEL_BYTES (1024 * 1024) /* what waits there while the loop is busy */

struct udp {
    struct transport t;
    uv_getaddrinfo_t lookup;
    bool looking;
    int fd; /* -1: none */
    uv_poll_t *poll;
};

static const char *shown(const struct transport *t) {
    return t->place.text + strlen("udp://");
}

static void on_readable(uv_poll_t *poll, int status, int events) {
    struct udp *u = poll->data;
    struct transport *t = &u->t;
    uint8_t bytes[DATAGRAM_MAX];
    (void)events;
    if (status < 0) { /* an answer that nobody listens there: libuv has stopped looking */
        uv_poll_start(poll, UV_READABLE, on_readable);
    }
    for (int i = 0; i < AT_ONCE && transport_live(t); i++) {
        ssize_t n = recv(u->fd, bytes, sizeof bytes, 0);
        if (n > 0) {
            transport_bytes(t, bytes, (size_t)n);
        } else if (n == 0) {
            continue;
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR && errno != ECONNREFUSED) { /* that one: to what we sent before */
            transport_ended(t, "%s: %s", shown(t), strerror(errno));
        }
    }
}

/* The port that the other end sends to, of the same family. */
static bool bind_local(const struct udp *u, int family) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } local = {.v6 = {0}};
    uint16_t port = htons(u->t.line.local_port);
    socklen_t n = family == AF_INET6 ? sizeof local.v6 : sizeof local.v4;
    if (family == AF_INET6) {
        local.v6.sin6_port = port;
    } else {
        local.v4.sin_port = port;
    }
    local.any.sa_family = (sa_family_t)family;
    return bind(u->fd, &local.any, n) == 0;
}

static void open_at(struct udp *u, const struct addrinfo *at) {
    struct transport *t = &u->t;
    int bytes = KERNEL_BYTES;
    u->fd = socket(at->ai_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (u->fd < 0) {
        transport_ended(t, "%s: %s", shown(t), strerror(errno));
        return;
    }
    (void)setsockopt(u->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes); /* as far as allowed */
    if (!bind_local(u, at->ai_family)) {
        transport_ended(t,
                        errno == EADDRINUSE ? "UDP port %u is in use by another program"
                                            : "cannot receive at UDP port %u",
                        t->line.local_port);
        return;
    }
    if (connect(u->fd, at->ai_addr, at->ai_addrlen) != 0) {
        transport_ended(t, "there is no way to %s: %s", shown(t), strerror(errno));
        return;
    }
    u->poll = transport_new_poll(t, u->fd, u);
    if (!u->poll) {
        transport_ended(t, "%s: no memory", shown(t));
        return;
    }
    uv_poll_start(u->poll, UV_READABLE, on_readable);
    transport_opened(t);
}

static void on_found(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found) {
    struct transport *t = lookup->data;
    struct udp *u = (struct udp *)t;
    u->looking = false;
    if (transport_live(t) && (status != 0 || !found)) {
        transport_ended(t, "the host of %s is not known: %s", shown(t),
                        uv_strerror(status ? status : UV_EAI_NODATA));
    } else if (transport_live(t)) {
        const struct addrinfo *at = found; /* the older family is the one that others use */
        while (at->ai_next && at->ai_family != AF_INET) {
            at = at->ai_next;
        }
        open_at(u, at->ai_family == AF_INET ? at : found);
    }
    if (found) {
        uv_freeaddrinfo(found);
    }
    transport_release(t);
}

static void start(struct transport *t) {
    struct udp *u = (struct udp *)t;
    char port[8];
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    snprintf(port, sizeof port, "%u", t->place.port);
    u->lookup.data = t;
    int status = uv_getaddrinfo(t->loop, &u->lookup, on_found, t->place.name, port, &hints);
    if (status != 0) {
        transport_ended(t, "the host of %s is not known: %s", shown(t), uv_strerror(status));
        return;
    }
    u->looking = true;
    transport_hold(t);
}

static bool check(struct transport *t, const struct sim_settings *sim, char *why) {
    (void)sim;
    (void)why;
    ((struct udp *)t)->fd = -1;
    return true;
}

/* The first send after an answer that nobody listens there fails: once more. */
static bool send_datagram(struct transport *t, const uint8_t *bytes, size_t n, bool with_break) {
    const struct udp *u = (const struct udp *)t;
    (void)with_break;
    for (int i = 0; i < 2; i++) {
        if (send(u->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n) {
            return true;
        }
        if (errno != ECONNREFUSED && errno != EINTR) {
            return false;
        }
    }
    return false;
}

static void stop(struct transport *t) {
    struct udp *u = (struct udp *)t;
    transport_drop_poll(u->poll, NULL);
    u->poll = NULL;
    if (u->fd >= 0) {
        close(u->fd);
        u->fd = -1;
    }
    if (u->looking) { /* on_found comes in any case */
        (void)uv_cancel((uv_req_t *)&u->lookup);
    }
}

const struct transport_kind transport_udp = {
    .size = sizeof(struct udp),
    .check = check,
    .start = start,
    .write = send_datagram,
    .stop = stop,
};
