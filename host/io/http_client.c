/* http_client.c - ask a voltbus that runs on this machine: one request, one answer, blocking.
 * SPDX-License-Identifier: MIT */
#include "host/io/http_client.h"

#include <arpa/inet.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "host/out/text_buffer.h"

#define PATIENCE_S 5
#define ANSWER_MAX (4 << 20)
#define URL_MAX    600
#define READ_MAX   4096

struct errand {
    const char *body; /* NULL: none */
    int status;       /* 0: no answer yet */
    bool whole;       /* the answer came to its end */
    bool done, late, too_large;
    struct text answer;
    struct lws_context *context;
    lws_sorted_usec_list_t patience;
};

static int add_headers(struct lws *wsi, const struct errand *errand, unsigned char **p,
                       unsigned char *end) {
    static const unsigned char json[] = "application/json";
    if (!errand->body) {
        return 0;
    }
    if (lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, json, sizeof json - 1, p,
                                     end) ||
        lws_add_http_header_content_length(wsi, strlen(errand->body), p, end)) {
        return -1;
    }
    lws_client_http_body_pending(wsi, 1);
    lws_callback_on_writable(wsi);
    return 0;
}

static int send_body(struct lws *wsi, const struct errand *errand) {
    unsigned char room[LWS_PRE + READ_MAX];
    size_t n = errand->body ? strlen(errand->body) : 0;
    if (n == 0) {
        return 0;
    }
    memcpy(room + LWS_PRE, errand->body, n);
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
    if (errand->answer.n + n > ANSWER_MAX) {
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

static bool is_loopback(const char *host) {
    struct in_addr ipv4;
    struct in6_addr ipv6;
    return strcasecmp(host, "localhost") == 0 ||
           (inet_pton(AF_INET, host, &ipv4) == 1 && ntohl(ipv4.s_addr) >> 24 == 127) ||
           (inet_pton(AF_INET6, host, &ipv6) == 1 && IN6_IS_ADDR_LOOPBACK(&ipv6));
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
        .timeout_secs = 2 * PATIENCE_S,
        .http_proxy_address = "", /* of the environment: it does not know our loopback */
    };
    lws_set_log_level(0, NULL);
    struct lws_context *context = lws_create_context(&info);
    if (!context) {
        return false;
    }
    connect->context = context;
    errand->context = context;
    lws_sul_schedule(context, 0, &errand->patience, on_patience, PATIENCE_S * LWS_US_PER_SEC);
    if (!lws_client_connect_via_info(connect)) {
        errand->done = true;
    }
    while (!errand->done && lws_service(context, 0) >= 0) {
    }
    lws_sul_cancel(&errand->patience);
    lws_context_destroy(context);
    return true;
}

static int fail(char *why, const struct errand *errand, const char *host, int port) {
    const char *at = strchr(host, ':') ? "http://[%s]:%d" : "http://%s:%d";
    char place[80];
    snprintf(place, sizeof place, at, host, port);
    if (errand->too_large) {
        snprintf(why, HTTP_CLIENT_WHY, "%s answers more than 4 MB: this is no voltbus", place);
    } else if (errand->late) {
        snprintf(why, HTTP_CLIENT_WHY, "%s does not answer within %d s", place, PATIENCE_S);
    } else {
        snprintf(why, HTTP_CLIENT_WHY,
                 "no voltbus answers at %s (is it running? voltbus run or voltbus demo)", place);
    }
    return -1;
}

int http_client(const char *method, const char *url, const char *body, char **text, char *why) {
    char copy[URL_MAX];
    char path[URL_MAX + 1];
    char host_port[80];
    const char *scheme;
    const char *host;
    const char *rest;
    int port = 80;
    struct errand errand = {.body = body};
    *text = NULL;
    if (strlen(url) >= sizeof copy || strncasecmp(url, "http://", 7) != 0 ||
        lws_parse_uri(strcpy(copy, url), &scheme, &host, &port, &rest) != 0 || port <= 0 ||
        port > 65535) {
        snprintf(why, HTTP_CLIENT_WHY, "'%.200s' is not http://HOST:PORT", url);
        return -1;
    }
    if (!is_loopback(host)) {
        snprintf(why, HTTP_CLIENT_WHY,
                 "%.60s:%d is not on this machine: voltbus answers on 127.0.0.1 only", host, port);
        return -1;
    }
    if (body && strlen(body) > READ_MAX) {
        snprintf(why, HTTP_CLIENT_WHY, "a request has %d bytes at most", READ_MAX);
        return -1;
    }
    snprintf(path, sizeof path, "/%s", rest);
    snprintf(host_port, sizeof host_port, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
    struct lws_client_connect_info connect = {
        .address = host,
        .port = port,
        .ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT, /* off this machine */
        .path = path,
        .host = host_port,
        .method = method,
        .protocol = "http",
        .userdata = &errand};
    if (!run(&errand, &connect)) {
        snprintf(why, HTTP_CLIENT_WHY, "libwebsockets cannot be started");
        return -1;
    }
    bool good = errand.status > 0 && errand.whole && !errand.late && !errand.too_large;
    text_bytes(&errand.answer, "", 1);
    if (!good || errand.answer.failed) {
        text_free(&errand.answer);
        return fail(why, &errand, host, port);
    }
    *text = errand.answer.data;
    return errand.status;
}
