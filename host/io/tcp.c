/* tcp.c - a TCP connection: to somebody (tcp://), or from whoever comes first (listen://).
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/io/transport_kind.h"

#define CONNECT_MS 5000

/* An unplugged cable says nothing: after this long without an answer the connection is over. */
#define IDLE_S     10
#define PROBES     3
#define PROBE_S    2
#define UNACKED_MS 15000

#define WHO_TEXT 80

/* One struct for both: each uses a part. */
struct tcp {
    struct transport t;
    uv_getaddrinfo_t lookup;
    bool looking;
    struct addrinfo *found, *next;
    int fd; /* the connection, also while it is made; -1: none */
    struct channel *channel;
    uv_poll_t *poll;   /* of fd while connecting; of listener */
    uv_timer_t *timer; /* connecting */
    int listener;
    char who[WHO_TEXT]; /* the peer */
};

/* "host:port", "[::1]:80" */
static const char *shown(const struct transport *t) {
    return t->place.text + (t->place.type == PLACE_LISTEN ? strlen("listen://") : strlen("tcp://"));
}

static void name_of(const struct sockaddr *address, socklen_t n, char who[WHO_TEXT]) {
    char host[64];
    char port[8];
    if (getnameinfo(address, n, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
        snprintf(who, WHO_TEXT, "somebody");
    } else {
        snprintf(who, WHO_TEXT, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
    }
}

static void set_option(int fd, int level, int option, int value) {
    (void)setsockopt(fd, level, option, &value, sizeof value); /* works without, only worse */
}

static void set_connection(int fd) {
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, IDLE_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_S);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKED_MS);
}

static void close_fd(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void forget_addresses(struct tcp *c) {
    if (c->found) {
        uv_freeaddrinfo(c->found);
        c->found = c->next = NULL;
    }
}

/* ---- looking for the address; the same for both ---- */

static void try_next(struct tcp *c);
static void listen_on(struct tcp *c);

static void on_found(uv_getaddrinfo_t *lookup, int status, struct addrinfo *found) {
    struct transport *t = lookup->data;
    struct tcp *c = (struct tcp *)t;
    c->looking = false;
    c->found = c->next = found;
    if (!transport_live(t)) {
        forget_addresses(c);
    } else if (status != 0 || !found) {
        transport_ended(t, "the host of %s is not known: %s", shown(t),
                        uv_strerror(status ? status : UV_EAI_NODATA));
    } else if (t->place.type == PLACE_LISTEN) {
        listen_on(c);
    } else {
        try_next(c);
    }
    transport_release(t);
}

static bool look_up(struct tcp *c, int flags) {
    struct transport *t = &c->t;
    char port[8];
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    snprintf(port, sizeof port, "%u", t->place.port);
    c->lookup.data = t;
    int status = uv_getaddrinfo(t->loop, &c->lookup, on_found, t->place.name, port, &hints);
    if (status != 0) {
        transport_ended(t, "the host of %s is not known: %s", shown(t), uv_strerror(status));
        return false;
    }
    c->looking = true;
    transport_hold(t);
    return true;
}

static bool check(struct transport *t, const struct sim_settings *sim, char *why) {
    (void)sim;
    (void)why;
    struct tcp *c = (struct tcp *)t;
    c->fd = c->listener = -1;
    return true;
}

static bool send_bytes(struct transport *t, const uint8_t *bytes, size_t n, bool with_break) {
    struct tcp *c = (struct tcp *)t;
    return c->channel && channel_write(c->channel, bytes, n, with_break, false);
}

static size_t pending(const struct transport *t) {
    return channel_pending(((const struct tcp *)t)->channel);
}

static void stop(struct transport *t) {
    struct tcp *c = (struct tcp *)t;
    channel_close(c->channel);
    c->channel = NULL;
    transport_drop_poll(c->poll, NULL);
    c->poll = NULL;
    transport_drop_timer(c->timer);
    c->timer = NULL;
    close_fd(&c->fd);
    close_fd(&c->listener);
    forget_addresses(c);
    if (c->looking) { /* on_found comes in any case */
        (void)uv_cancel((uv_req_t *)&c->lookup);
    }
}

/* ---- connecting ---- */

static void cannot_connect(struct transport *t, int error) {
    switch (error) {
    case ECONNREFUSED:
        transport_ended(t, "%s refuses the connection: nothing listens there", shown(t));
        break;
    case ENETUNREACH:
    case EHOSTUNREACH:
        transport_ended(t, "there is no way to %s", shown(t));
        break;
    case ETIMEDOUT:
        transport_ended(t, "%s does not answer", shown(t));
        break;
    default:
        transport_ended(t, "cannot connect to %s: %s", shown(t), strerror(error));
        break;
    }
}

static void connection_gone(struct transport *t, int error) {
    switch (error) {
    case 0:
        transport_ended(t, "%s has closed the connection", shown(t));
        break;
    case EPIPE:
    case ECONNRESET:
        transport_ended(t, "%s has broken the connection off", shown(t));
        break;
    case ETIMEDOUT:
        transport_ended(t, "%s does not answer any more (cable, power?)", shown(t));
        break;
    case ENETUNREACH:
    case EHOSTUNREACH:
        transport_ended(t, "there is no way to %s any more", shown(t));
        break;
    default:
        transport_ended(t, "%s: %s", shown(t), strerror(error));
        break;
    }
}

static const struct channel_calls connection_calls = {.gone = connection_gone};

static void connected(struct tcp *c) {
    struct transport *t = &c->t;
    transport_drop_poll(c->poll, NULL);
    c->poll = NULL;
    uv_timer_stop(c->timer);
    forget_addresses(c);
    set_connection(c->fd);
    c->channel = channel_open(t, c->fd, true, &connection_calls);
    if (c->channel) {
        transport_opened(t);
    } else {
        transport_ended(t, "%s: no memory", shown(t));
    }
}

/* This address does not work: the next one, or the reason. */
static void not_this_one(struct tcp *c, int error) {
    transport_drop_poll(c->poll, NULL);
    c->poll = NULL;
    uv_timer_stop(c->timer);
    close_fd(&c->fd);
    c->next = c->next->ai_next;
    if (c->next) {
        try_next(c);
    } else {
        cannot_connect(&c->t, error);
    }
}

/* Who tries a port of his own machine often enough is one day given just that port, and then
 * talks to himself. */
static bool is_connected_to_itself(int fd) {
    struct sockaddr_storage ours = {0};
    struct sockaddr_storage theirs = {0};
    socklen_t n = sizeof ours;
    socklen_t m = sizeof theirs;
    return getsockname(fd, (struct sockaddr *)&ours, &n) == 0 &&
           getpeername(fd, (struct sockaddr *)&theirs, &m) == 0 && n == m &&
           memcmp(&ours, &theirs, n) == 0;
}

static void on_connect(uv_poll_t *poll, int status, int events) {
    struct tcp *c = poll->data;
    int error = 0;
    socklen_t n = sizeof error;
    (void)events;
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0) {
        error = errno;
    }
    if (error == 0 && (status < 0 || is_connected_to_itself(c->fd))) {
        error = ECONNREFUSED;
    }
    if (error == 0) {
        connected(c);
    } else {
        not_this_one(c, error);
    }
}

static void on_connect_timeout(uv_timer_t *timer) {
    struct tcp *c = timer->data;
    if (c->looking) {
        transport_ended(&c->t, "nobody tells the address of %s (DNS)", shown(&c->t));
    } else {
        not_this_one(c, ETIMEDOUT);
    }
}

static void try_next(struct tcp *c) {
    struct addrinfo *to = c->next;
    c->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) {
        not_this_one(c, errno);
        return;
    }
    /* at once: only on this machine; on_connect hears of it as of any other */
    if (connect(c->fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS) {
        not_this_one(c, errno);
        return;
    }
    c->poll = transport_new_poll(&c->t, c->fd, c);
    if (!c->poll) {
        not_this_one(c, ENOMEM);
        return;
    }
    uv_poll_start(c->poll, UV_WRITABLE, on_connect);
    uv_timer_start(c->timer, on_connect_timeout, CONNECT_MS, 0);
}

static void connect_start(struct transport *t) {
    struct tcp *c = (struct tcp *)t;
    c->timer = transport_new_timer(t);
    if (!c->timer) {
        transport_ended(t, "%s: no memory", shown(t));
    } else if (look_up(c, 0)) {
        uv_timer_start(c->timer, on_connect_timeout, CONNECT_MS, 0);
    }
}

const struct transport_kind transport_tcp = {
    .size = sizeof(struct tcp),
    .check = check,
    .start = connect_start,
    .write = send_bytes,
    .pending = pending,
    .stop = stop,
};

struct transport *transport_adopt(uv_loop_t *loop, int fd, const char *who,
                                  const struct transport_events *events, void *owner) {
    struct transport *t = transport_new(&transport_tcp, loop, events, owner);
    struct tcp *c = (struct tcp *)t;
    if (!t) {
        close(fd);
        return NULL;
    }
    snprintf(t->place.text, sizeof t->place.text, "tcp://%.200s", who);
    c->fd = fd;
    c->listener = -1;
    set_connection(fd);
    c->channel = channel_open(t, fd, true, &connection_calls);
    if (!c->channel) {
        transport_close(t);
        return NULL;
    }
    return t;
}

/* ---- listening ---- */

static void peer_gone(struct transport *t, int error) {
    (void)error;
    struct tcp *c = (struct tcp *)t;
    channel_close(c->channel);
    c->channel = NULL;
    close_fd(&c->fd);
    transport_peer(t, false, c->who);
}

static const struct channel_calls peer_calls = {.gone = peer_gone};

/* Only this one connection failed, not the listening. */
static bool is_passing(int error) {
    return error == EAGAIN || error == EINTR || error == ECONNABORTED || error == EPROTO ||
           error == ENETDOWN || error == ENETUNREACH || error == EHOSTUNREACH || error == EPERM;
}

static void on_knock(uv_poll_t *poll, int status, int events) {
    struct tcp *c = poll->data;
    struct transport *t = &c->t;
    struct sockaddr_storage address = {0};
    socklen_t n = sizeof address;
    char who[WHO_TEXT];
    (void)status;
    (void)events;
    int fd = accept4(c->listener, (struct sockaddr *)&address, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (!is_passing(errno)) { /* too many files: would be told without end */
            transport_ended(t, "%s takes no more connections: %s", shown(t), strerror(errno));
        }
        return;
    }
    name_of((struct sockaddr *)&address, n, who);
    if (t->events.joined) {
        t->events.joined(t->owner, fd, who);
        return;
    }
    if (c->channel) {
        close(fd);
        if (t->events.refused) {
            t->events.refused(t->owner, who);
        }
        return;
    }
    set_connection(fd);
    c->channel = channel_open(t, fd, true, &peer_calls);
    if (!c->channel) {
        close(fd);
        transport_ended(t, "%s: no memory", shown(t));
        return;
    }
    c->fd = fd;
    memcpy(c->who, who, sizeof who);
    transport_peer(t, true, who);
}

static void cannot_listen(struct tcp *c, int error) {
    struct transport *t = &c->t;
    switch (error) {
    case EADDRINUSE:
        transport_ended(t, "port %s is in use by another program", shown(t));
        break;
    case EACCES:
        transport_ended(t, "no permission for port %s: those below 1024 are root's", shown(t));
        break;
    case EADDRNOTAVAIL:
        transport_ended(t, "cannot listen at %s: this machine does not have that address",
                        shown(t));
        break;
    default:
        transport_ended(t, "cannot listen at %s: %s", shown(t), strerror(error));
        break;
    }
}

/* Port 0 means any: say which it is. */
static void note_port(struct tcp *c) {
    struct place *place = &c->t.place;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t n = sizeof address;
    char host[PLACE_TEXT];
    if (place->port != 0 || getsockname(c->listener, &address.any, &n) != 0) {
        return;
    }
    bool v6 = address.any.sa_family == AF_INET6;
    place->port = ntohs(v6 ? address.v6.sin6_port : address.v4.sin_port);
    memcpy(host, place->name, sizeof host);
    snprintf(place->text, sizeof place->text,
             strchr(host, ':') ? "listen://[%.235s]:%u" : "listen://%.235s:%u", host, place->port);
}

static void listen_on(struct tcp *c) {
    struct transport *t = &c->t;
    const struct addrinfo *at = c->found;
    /* "localhost" has two addresses; the older one is the one that others try */
    for (const struct addrinfo *a = c->found; a; a = a->ai_next) {
        if (a->ai_family == AF_INET) {
            at = a;
            break;
        }
    }
    c->listener = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->listener < 0) {
        cannot_listen(c, errno);
        return;
    }
    set_option(c->listener, SOL_SOCKET, SO_REUSEADDR, 1); /* or a restart would wait a minute */
    if (bind(c->listener, at->ai_addr, at->ai_addrlen) != 0 || listen(c->listener, 4) != 0) {
        cannot_listen(c, errno);
        return;
    }
    forget_addresses(c);
    note_port(c);
    c->poll = transport_new_poll(t, c->listener, c);
    if (!c->poll) {
        transport_ended(t, "%s: no memory", shown(t));
        return;
    }
    uv_poll_start(c->poll, UV_READABLE, on_knock);
    transport_opened(t);
}

static void listen_start(struct transport *t) {
    (void)look_up((struct tcp *)t, AI_PASSIVE);
}

const struct transport_kind transport_listen = {
    .size = sizeof(struct tcp),
    .check = check,
    .start = listen_start,
    .write = send_bytes,
    .pending = pending,
    .stop = stop,
};
