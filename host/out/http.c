/* http.c - the output that serves docs/http-api.md: connections, the gate, routes, answers.
 * libwebsockets reads and writes HTTP and WebSocket on the hub's loop; the listening socket is ours,
 * so that a port which is in use is known before anything is promised.
 * SPDX-License-Identifier: MIT */
#include "host/out/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/out/http_answer.h"
#include "voltbus/time.h"

#define SWEEP_MS   250
#define BACKLOG    64
#define PORTS_MORE 20
#define SEND_ROOM  (256 * 1024) /* what the kernel keeps for a client that does not read */
/* libwebsockets' own times are longer than all of ours: they are only a second net. */
#define LWS_SECONDS 90

const struct http_times http_times = {
    .request = 10000, .idle = 20000, .answer = 30000, .ping = 20000, .silent = 40000};

struct http_now http_now(void) {
    int64_t wall_ns = clock_wall_ns();
    return (struct http_now){.mono_ns = clock_mono_ns(),
                             .wall_ns = wall_ns - wall_ns % VB_NS_PER_MS};
}

int64_t http_now_ms(void) {
    return clock_mono_ns() / VB_NS_PER_MS;
}

/* ---- connections ---- */

void http_kill(struct connection *connection) {
    if (connection->phase == HTTP_FREE || connection->phase == HTTP_GONE || connection->killed) {
        return;
    }
    connection->killed = true;
    /* both directions are ended, so that reading and writing fail whatever it was waiting for */
    shutdown(lws_get_socket_fd(connection->wsi), SHUT_RDWR);
    lws_rx_flow_control(connection->wsi, 1);
    lws_callback_on_writable(connection->wsi);
}

static void on_sweep(uv_timer_t *timer) {
    struct http *http = timer->data;
    int64_t now_ms = http_now_ms();
    for (size_t i = 0; i < sizeof http->connections / sizeof http->connections[0]; i++) {
        struct connection *connection = &http->connections[i];
        if (connection->phase == HTTP_LIVE) {
            live_sweep(connection, now_ms);
        } else if (now_ms > connection->deadline_ms) {
            http_kill(connection);
        }
    }
    if (!http->accepting) { /* there was no file descriptor left a moment ago */
        http->accepting = true;
        uv_poll_start(&http->accept, UV_READABLE, http->on_accept);
    }
}

static void who_is_it(struct connection *connection, int fd) {
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof peer;
    char host[INET6_ADDRSTRLEN] = "?";
    unsigned port = 0;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && peer.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&peer;
        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        port = ntohs(in6->sin6_port);
    } else if (peer.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&peer;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        port = ntohs(in->sin_port);
    }
    snprintf(connection->by, sizeof connection->by,
             peer.ss_family == AF_INET6 ? "http [%s]:%u" : "http %s:%u", host, port);
}

static void adopt(struct http *http, int fd) {
    struct connection *connection = NULL;
    size_t used = 0;
    for (size_t i = 0; i < sizeof http->connections / sizeof http->connections[0]; i++) {
        if (http->connections[i].phase != HTTP_FREE) {
            used++;
        } else if (!connection) {
            connection = &http->connections[i];
        }
    }
    if (!connection) {
        close(fd);
        return;
    }
    int on = 1;
    int room = SEND_ROOM;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    memset(connection, 0, sizeof *connection);
    connection->http = http;
    connection->phase = HTTP_WAIT;
    connection->deadline_ms = http_now_ms() + http->times.request;
    connection->too_many = used >= HTTP_CONNECTIONS_MAX;
    who_is_it(connection, fd);
    const lws_adopt_desc_t desc = {.vh = http->vhost,
                                   .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
                                   .fd = {.sockfd = fd},
                                   .opaque = connection};
    connection->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
    if (!connection->wsi) {
        connection->phase = HTTP_FREE;
    }
}

static void on_accept(uv_poll_t *poll, int status, int events) {
    struct http *http = poll->data;
    (void)status;
    (void)events;
    for (int i = 0; i < BACKLOG; i++) {
        int fd = accept4(http->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            adopt(http, fd);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            uv_poll_stop(poll); /* it would be called again at once, for ever */
            http->accepting = false;
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

/* The other side is gone, or is being closed. */
static void connection_gone(struct connection *connection) {
    live_leave(connection);
    query_leave(connection);
    call_leave(connection);
    connection->phase = HTTP_GONE;
}

static void connection_free(struct connection *connection) {
    connection_gone(connection);
    text_free(&connection->body);
    text_free(&connection->answer);
    connection->wsi = NULL;
    connection->phase = HTTP_FREE;
}

/* ---- what libwebsockets tells ---- */

static int on_body(struct connection *connection, const void *bytes, size_t n) {
    if (connection->phase != HTTP_BODY) {
        return 0; /* it is refused already: what still comes is thrown away */
    }
    if (connection->body.n + n > HTTP_BODY_MAX) {
        return -1; /* more than was announced: cannot be */
    }
    text_bytes(&connection->body, bytes, n);
    return 0;
}

static int on_established(struct connection *connection) {
    if (!live_join(connection)) {
        return -1;
    }
    connection->phase = HTTP_LIVE;
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t n) {
    struct connection *connection = lws_get_opaque_user_data(wsi);
    (void)user;
    if (!connection || (connection->wsi && connection->wsi != wsi)) {
        return 0;
    }
    connection->wsi = wsi; /* the first come from inside the adoption */
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return route_request(connection, in, n);
    case LWS_CALLBACK_HTTP_BODY:
        return on_body(connection, in, n);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return route_command(connection);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return connection->killed ? -1 : answer_write(connection);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return route_upgrade(connection);
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(connection);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return connection->killed ? -1 : live_write(connection);
    case LWS_CALLBACK_RECEIVE:
        return live_heard(connection, n);
    case LWS_CALLBACK_RECEIVE_PONG:
        connection->live.alive_ms = http_now_ms();
        return 0;
    case LWS_CALLBACK_RAW_ADOPT: /* CONNECT: a proxy is what we are not */
    case LWS_CALLBACK_RAW_RX:
        return -1;
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
        connection_gone(connection);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        connection_free(connection);
        return 0;
    default:
        return 0;
    }
}

/* ---- open ---- */

static const struct lws_protocols protocols[] = {
    {"http", callback, 0, HTTP_MESSAGE_MAX, 0, NULL, HTTP_CHUNK + LWS_PRE},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

/* On every answer, those of libwebsockets itself too. */
#define HEADER(name, value, next)                                                                  \
    { (next), NULL, (name ":"), (value) }
static const struct lws_protocol_vhost_options headers[] = {
    HEADER("content-security-policy",
           "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
           &headers[1]),
    HEADER("x-content-type-options", "nosniff", &headers[2]),
    HEADER("referrer-policy", "no-referrer", &headers[3]),
    HEADER("cross-origin-resource-policy", "same-origin", NULL),
};

static int listen_at(const struct http_address *address) {
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    if (fd < 0) {
        return -1;
    }
    /* SO_REUSEADDR only lets us have a port of which old connections wait for their end. Of two that
     * bind it at the same moment one fails in listen. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)&address->socket, sizeof address->socket) == 0 &&
        listen(fd, BACKLOG) == 0) {
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static bool find_port(struct http *http, bool free_port, char *why) {
    uint16_t wanted = http->address.port;
    unsigned more = free_port ? PORTS_MORE : 0;
    for (unsigned i = 0; i <= more && wanted + i <= 65535; i++) {
        http_address_port(&http->address, (uint16_t)(wanted + i));
        http->listener = listen_at(&http->address);
        if (http->listener >= 0 || errno != EADDRINUSE) {
            break;
        }
    }
    if (http->listener < 0) {
        bool in_use = errno == EADDRINUSE;
        snprintf(why, OUTPUT_WHY,
                 in_use ? "port %s:%u is in use by another program; choose another with listen:"
                        : "cannot listen on %s:%u: %s",
                 http->address.host, in_use ? wanted : http->address.port, strerror(errno));
        return false;
    }
    union {
        struct sockaddr any;
        struct sockaddr_in ipv4; /* its port stands where that of IPv6 does */
        struct sockaddr_in6 ipv6;
    } chosen = {.ipv6 = {0}};
    socklen_t size = sizeof chosen;
    if (getsockname(http->listener, &chosen.any, &size) == 0) {
        http->address.port = ntohs(chosen.ipv4.sin_port);
    }
    if (wanted != 0 && http->address.port != wanted) {
        hub_log(http->hub, "port %u is in use: listening on %u", wanted, http->address.port);
    }
    return true;
}

static bool create_context(struct http *http, char *why) {
    void *loops[1] = {http->hub->loop};
    const struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .headers = headers,
        .server_string = "voltbus",
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = loops,
        .max_http_header_data = HTTP_HEADER_MAX,
        .max_http_header_pool = HTTP_CONNECTIONS_MAX + HTTP_TOO_MANY + 1,
        .fd_limit_per_thread = HTTP_CONNECTIONS_MAX + HTTP_TOO_MANY + 8,
        .timeout_secs = LWS_SECONDS,
        .keepalive_timeout = LWS_SECONDS,
        .timeout_secs_ah_idle = LWS_SECONDS,
    };
    lws_set_log_level(0, NULL); /* it says on stderr that it has been started, and more */
    http->context = lws_create_context(&info);
    http->vhost = http->context ? lws_create_vhost(http->context, &info) : NULL;
    if (!http->vhost) {
        snprintf(why, OUTPUT_WHY,
                 "libwebsockets cannot be started (is libwebsockets-evlib-uv installed?)");
        return false;
    }
    return true;
}

static void timer_init(struct http *http, uv_timer_t *timer) {
    uv_timer_init(http->hub->loop, timer);
    timer->data = http;
    http->handles++;
}

void *http_open(struct hub *hub, const struct config_output *config, const struct http_times *times,
                char *why) {
    const struct vb_value *listen = &config->values[0];
    char reason[OUTPUT_WHY];
    struct http *http = calloc(1, sizeof *http);
    if (!http) {
        snprintf(why, OUTPUT_WHY, "out of memory");
        return NULL;
    }
    http->hub = hub;
    http->times = times ? *times : http_times;
    http->listener = -1;
    http->on_accept = on_accept;
    http->state = http_state_new(hub);
    if (!http->state) {
        snprintf(why, OUTPUT_WHY, "out of memory");
    } else if (!http_address_parse(&http->address, listen->text, listen->len, reason)) {
        snprintf(why, OUTPUT_WHY, "listen: %.250s", reason);
    } else if (find_port(http, config->values[1].number != 0, why) && create_context(http, why)) {
        live_open(http);
        query_open(http);
        timer_init(http, &http->sweep);
        timer_init(http, &http->delta);
        timer_init(http, &http->batch);
        timer_init(http, &http->closing);
        uv_timer_start(&http->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
        uv_poll_init(hub->loop, &http->accept, http->listener);
        http->accept.data = http;
        http->handles++;
        http->accepting = true;
        uv_poll_start(&http->accept, UV_READABLE, on_accept);
        return http;
    }
    if (http->listener >= 0) {
        close(http->listener);
    }
    http_state_free(http->state);
    free(http);
    return NULL;
}

static void *open_output(struct hub *hub, const struct config_output *config, char *why) {
    struct http *http = http_open(hub, config, NULL, why);
    if (http) {
        hub_log(hub, "the page is at %s", http_url(http, hub->page, sizeof hub->page));
    }
    return http;
}

const char *http_url(void *self, char *out, size_t n) {
    const struct http *http = self;
    snprintf(out, n, "http://%s:%u", http->address.host, http->address.port);
    return out;
}

/* ---- close ---- */

void http_handle_closed(struct http *http) {
    if (--http->handles == 0) {
        live_close(http);
        http_state_free(http->state);
        query_close(http);
        free(http);
    }
}

static void on_closed(uv_handle_t *handle) {
    http_handle_closed(handle->data);
}

struct search {
    const void *data;
    bool found;
};

static void on_walk(uv_handle_t *handle, void *context) {
    struct search *search = context;
    search->found |= handle->data == search->data;
}

/* libwebsockets lets go of a foreign loop in steps: lws_context_destroy closes the connections; when
 * the loop has told it of the last, it closes its own two handles, whose data is the context; when
 * the loop has told it of those, lws_context_destroy is called again and frees the context. Nothing
 * tells us of that moment but the handles that are no longer there (4.1). */
static void on_closing(uv_timer_t *timer) {
    struct http *http = timer->data;
    struct search search = {.data = http->context};
    uv_walk(http->hub->loop, on_walk, &search);
    if (search.found) {
        return;
    }
    lws_context_destroy(http->context);
    http->context = NULL;
    uv_close((uv_handle_t *)&http->closing, on_closed);
}

static void close_output(void *self) {
    struct http *http = self;
    http->closed = true;
    uv_poll_stop(&http->accept);
    uv_close((uv_handle_t *)&http->accept, on_closed);
    close(http->listener);
    uv_close((uv_handle_t *)&http->sweep, on_closed);
    uv_close((uv_handle_t *)&http->delta, on_closed);
    uv_close((uv_handle_t *)&http->batch, on_closed);
    query_stop(http);
    call_close(http);
    lws_context_destroy(http->context);
    uv_timer_start(&http->closing, on_closing, 0, 1);
}

static void seen(void *self, const struct seen_frame *seen, size_t device) {
    live_seen(self, seen, device);
}

static const struct vb_key keys[] = {
    {.name = "listen",
     .type = VB_KEY_TEXT,
     .initial = "127.0.0.1:8080",
     .help = "where the page is: an address of this machine alone, and a port"},
    {.name = "free_port",
     .type = VB_KEY_FLAG,
     .initial = "false",
     .help = "take the next free port where that one is in use"},
};

static bool check_output(const struct config *config, const struct config_output *output,
                         size_t *key, char *why) {
    struct http_address address;
    (void)config;
    *key = 0;
    return http_address_parse(&address, output->values[0].text, output->values[0].len, why);
}

static const struct output_live live = {.keys = keys,
                                        .key_count = sizeof keys / sizeof keys[0],
                                        .check = check_output,
                                        .open = open_output,
                                        .seen = seen,
                                        .close = close_output};

const struct output output_http = {
    .name = "http", .title = "the page, and the same for programs", .live = &live};
