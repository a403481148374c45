/* http_client.c - one request, one answer, blocking: a voltbus that runs on this machine, or,
 * from libuv's pool, the WiFi kit of an OpenEVSE. Each request has a context of libwebsockets of
 * its own, so several threads may ask at once. No TLS, no redirections, no connection that is
 * kept.
 * SPDX-License-Identifier: MIT */
#include "host/io/http_client.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/out/text_buffer.h"

#define PATIENCE_MS 5000
#define ANSWER_MAX  (4 << 20)
#define URL_MAX     600
#define READ_MAX    4096
#define LOOK_MS     50 /* how often `stop` is looked at */

struct errand {
    const struct http_request *request;
    int status; /* 0: no answer yet */
    bool whole; /* the answer came to its end */
    bool done, late, too_large;
    struct text answer;
    struct lws_context *context;
    lws_sorted_usec_list_t patience, look;
};

static int add_authorization(struct lws *wsi, const char *secret, unsigned char **p,
                             unsigned char *end) {
    char text[HTTP_SECRET_MAX * 4 / 3 + 16] = "Basic ";
    size_t n = strlen(text);
    int more = lws_b64_encode_string(secret, (int)strlen(secret), text + n, (int)(sizeof text - n));
    if (more < 0) {
        return -1;
    }
    return lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_AUTHORIZATION,
                                        (const unsigned char *)text, (int)n + more, p, end);
}

static int add_headers(struct lws *wsi, const struct errand *errand, unsigned char **p,
                       unsigned char *end) {
    static const unsigned char json[] = "application/json";
    const struct http_request *request = errand->request;
    if (request->secret && add_authorization(wsi, request->secret, p, end)) {
        return -1;
    }
    if (!request->body) {
        return 0;
    }
    if (lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, json, sizeof json - 1, p,
                                     end) ||
        lws_add_http_header_content_length(wsi, strlen(request->body), p, end)) {
        return -1;
    }
    lws_client_http_body_pending(wsi, 1);
    lws_callback_on_writable(wsi);
    return 0;
}

static int send_body(struct lws *wsi, const struct errand *errand) {
    unsigned char room[LWS_PRE + READ_MAX];
    const char *body = errand->request->body;
    size_t n = body ? strlen(body) : 0;
    if (n == 0) {
        return 0;
    }
    memcpy(room + LWS_PRE, body, n);
    lws_client_http_body_pending(wsi, 0);
    return lws_write(wsi, room + LWS_PRE, n, LWS_WRITE_HTTP_FINAL) < (int)n ? -1 : 0;
}

static int read_some(struct lws *wsi) {
    char room[LWS_PRE + READ_MAX];
    char *p = room + LWS_PRE;
    int n = READ_MAX;
    return lws_http_client_read(wsi, &p, &n) < 0 ? -1 : 0;
}

static int take(struct errand *errand, const char *bytes, size_t n) {
    if (errand->answer.n + n > errand->request->answer_max) {
        errand->too_large = true;
        return -1;
    }
    text_bytes(&errand->answer, bytes, n);
    return 0;
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t n) {
    struct errand *errand = user;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return add_headers(wsi, errand, in, *(unsigned char **)in + n);
    case LWS_CALLBACK_CLIENT_HTTP_WRITEABLE:
        return send_body(wsi, errand);
    case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
        errand->status = (int)lws_http_client_http_response(wsi);
        return 0;
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
        return read_some(wsi);
    case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
        return take(errand, in, n);
    case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
        errand->whole = true;
        errand->done = true;
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
        errand->done = true;
        return 0;
    default:
        return 0;
    }
}

static void on_patience(lws_sorted_usec_list_t *timer) {
    struct errand *errand = lws_container_of(timer, struct errand, patience);
    errand->late = true;
    errand->done = true;
    lws_cancel_service(errand->context); /* else it waits for something else to happen first */
}

static void on_look(lws_sorted_usec_list_t *timer) {
    struct errand *errand = lws_container_of(timer, struct errand, look);
    if (atomic_load(errand->request->stop)) {
        errand->done = true;
        lws_cancel_service(errand->context);
    } else {
        lws_sul_schedule(errand->context, 0, timer, on_look, LOOK_MS * LWS_US_PER_MS);
    }
}

static bool run(struct errand *errand, struct lws_client_connect_info *connect) {
    static const struct lws_protocols protocols[] = {
        {"http", callback, 0, READ_MAX, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    const struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .fd_limit_per_thread = 8,
        .timeout_secs = 2 * PATIENCE_MS / 1000,
        .http_proxy_address = "", /* of the environment: it does not know our loopback */
    };
    lws_set_log_level(0, NULL);
    struct lws_context *context = lws_create_context(&info);
    if (!context) {
        return false;
    }
    connect->context = context;
    errand->context = context;
    lws_sul_schedule(context, 0, &errand->patience, on_patience,
                     (lws_usec_t)errand->request->patience_ms * LWS_US_PER_MS);
    if (errand->request->stop) {
        lws_sul_schedule(context, 0, &errand->look, on_look, LOOK_MS * LWS_US_PER_MS);
    }
    if (!lws_client_connect_via_info(connect)) {
        errand->done = true;
    }
    while (!errand->done && lws_service(context, 0) >= 0) {
    }
    lws_sul_cancel(&errand->patience);
    lws_sul_cancel(&errand->look);
    lws_context_destroy(context);
    return true;
}

/* The parts of a URL; they stand in copy. */
struct url {
    char copy[URL_MAX];
    char path[URL_MAX + 1], host_port[URL_MAX];
    const char *host;
    int port;
};

static bool read_url(struct url *url, const char *text) {
    const char *scheme;
    const char *rest;
    url->port = 80;
    if (strlen(text) >= sizeof url->copy || strncasecmp(text, "http://", 7) != 0 ||
        lws_parse_uri(strcpy(url->copy, text), &scheme, &url->host, &url->port, &rest) != 0 ||
        url->port <= 0 || url->port > 65535) {
        return false;
    }
    snprintf(url->path, sizeof url->path, "/%s", rest);
    snprintf(url->host_port, sizeof url->host_port, strchr(url->host, ':') ? "[%s]:%d" : "%s:%d",
             url->host, url->port);
    return true;
}

int http_ask(const struct http_request *request, char **text) {
    struct url url;
    struct errand errand = {.request = request};
    *text = NULL;
    if (!read_url(&url, request->url) || (request->body && strlen(request->body) > READ_MAX) ||
        (request->secret && strlen(request->secret) > HTTP_SECRET_MAX)) {
        return HTTP_BAD_REQUEST;
    }
    struct lws_client_connect_info connect = {
        .address = url.host,
        .port = url.port,
        .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT, /* to somebody whom nobody has named */
        .path = url.path,
        .host = url.host_port,
        .method = request->method,
        .protocol = "http",
        .userdata = &errand};
    if (!run(&errand, &connect)) {
        return HTTP_NO_START;
    }
    bool good = errand.status > 0 && errand.whole && !errand.late && !errand.too_large;
    text_bytes(&errand.answer, "", 1);
    if (!good || errand.answer.failed) {
        text_free(&errand.answer);
        return errand.too_large ? HTTP_TOO_LARGE : errand.late ? HTTP_LATE : HTTP_NO_ANSWER;
    }
    *text = errand.answer.data;
    return errand.status;
}

/* ---- a voltbus of this machine ---- */

static bool is_loopback(const char *host) {
    struct in_addr ipv4;
    struct in6_addr ipv6;
    return strcasecmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, &ipv4) == 1 && ntohl(ipv4.s_addr) >> 24 == 127) ||
           (inet_pton(AF_INET6, host, &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6));
}

static void explain(char *why, int failure, const char *host_port, unsigned patience_ms) {
    switch (failure) {
    case HTTP_TOO_LARGE:
        snprintf(why, HTTP_CLIENT_WHY, "http://%.80s answers more than 4 MB: this is no voltbus",
                 host_port);
        break;
    case HTTP_LATE:
        snprintf(why, HTTP_CLIENT_WHY, "http://%.80s does not answer within %u s", host_port,
                 patience_ms / 1000);
        break;
    case HTTP_NO_START:
        snprintf(why, HTTP_CLIENT_WHY, "libwebsockets cannot be started");
        break;
    default:
        snprintf(why, HTTP_CLIENT_WHY,
                 "no voltbus answers at http://%.80s (is it running? voltbus run or voltbus demo)",
                 host_port);
        break;
    }
}

int http_client(const char *method, const char *url, const char *body, unsigned patience_ms,
                char **text, char *why) {
    const struct http_request request = {.method = method,
                                         .url = url,
                                         .body = body,
                                         .patience_ms = patience_ms,
                                         .answer_max = ANSWER_MAX};
    struct url parts;
    *text = NULL;
    if (!read_url(&parts, url)) {
        snprintf(why, HTTP_CLIENT_WHY, "'%.200s' is not http://HOST:PORT", url);
        return -1;
    }
    if (!is_loopback(parts.host)) {
        snprintf(why, HTTP_CLIENT_WHY,
                 "%.60s:%d is not on this machine: voltbus answers on 127.0.0.1 only", parts.host,
                 parts.port);
        return -1;
    }
    if (body && strlen(body) > READ_MAX) {
        snprintf(why, HTTP_CLIENT_WHY, "a request has %d bytes at most", READ_MAX);
        return -1;
    }
    int status = http_ask(&request, text);
    if (status < 0) {
        explain(why, status, parts.host_port, patience_ms);
        return -1;
    }
    return status;
}
