/* http_answer.c - how an answer is written: headers, then its bytes as fast as they are taken.
 * SPDX-License-Identifier: MIT */
#include "host/out/http_answer.h"

#include <inttypes.h>
#include <string.h>

#define HEADERS_ROOM 1024
#define DRAIN_MS     2000

int answer_send(struct connection *connection, unsigned status, const char *type) {
    connection->status = status;
    connection->type = type;
    connection->sent = 0;
    connection->headers_sent = false;
    connection->phase = HTTP_ANSWER;
    connection->deadline_ms = http_now_ms() + connection->http->times.answer;
    if (!connection->file) {
        connection->answer_n = connection->answer.n;
        if (connection->answer.failed) {
            return -1;
        }
    }
    lws_callback_on_writable(connection->wsi);
    return 0;
}

int answer_error(struct connection *connection, unsigned status, const char *error,
                 const char *reason) {
    struct text *answer = &connection->answer;
    text_clear(answer);
    text_add(answer, "{\"error\":");
    text_json(answer, error, strlen(error));
    text_add(answer, ",\"reason\":");
    text_json(answer, reason, strlen(reason));
    text_add(answer, "}");
    return answer_send(connection, status, "application/json");
}

int answer_refusal(struct connection *connection, const struct http_refusal *refusal) {
    return answer_error(connection, refusal->status, refusal->error, refusal->reason);
}

static bool header(struct lws *wsi, enum lws_token_indexes token, const char *value,
                   unsigned char **p, unsigned char *end) {
    return !value || lws_add_http_header_by_token(wsi, token, (const unsigned char *)value,
                                                  (int)strlen(value), p, end) == 0;
}

static int write_headers(struct connection *connection) {
    unsigned char room[LWS_PRE + HEADERS_ROOM];
    unsigned char *start = room + LWS_PRE;
    unsigned char *p = start;
    unsigned char *end = room + sizeof room;
    struct lws *wsi = connection->wsi;
    /* the page is asked for again each time, and mostly not sent again; values are never kept */
    const char *keep = connection->etag ? "no-cache" : "no-store";
    bool none = connection->status == 304;
    if (lws_add_http_header_status(wsi, connection->status, &p, end) ||
        !header(wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, none ? NULL : connection->type, &p, end) ||
        (!none && lws_add_http_header_content_length(wsi, connection->answer_n, &p, end)) ||
        !header(wsi, WSI_TOKEN_HTTP_CACHE_CONTROL, keep, &p, end) ||
        !header(wsi, WSI_TOKEN_HTTP_ETAG, connection->etag, &p, end) ||
        !header(wsi, WSI_TOKEN_HTTP_ALLOW, connection->allow, &p, end) ||
        !header(wsi, WSI_TOKEN_HTTP_CONTENT_ENCODING, connection->gzip ? "gzip" : NULL, &p, end) ||
        !header(wsi, WSI_TOKEN_CONNECTION, connection->close_after ? "close" : NULL, &p, end) ||
        lws_finalize_http_header(wsi, &p, end)) {
        return -1;
    }
    connection->headers_sent = true;
    return lws_write(wsi, start, (size_t)(p - start), LWS_WRITE_HTTP_HEADERS) < 0 ? -1 : 0;
}

static int write_piece(struct connection *connection) {
    unsigned char *out = connection->http->scratch + LWS_PRE;
    const char *bytes = connection->file ? (const char *)connection->file : connection->answer.data;
    size_t left = connection->answer_n - connection->sent;
    size_t n = left < HTTP_CHUNK ? left : HTTP_CHUNK;
    memcpy(out, bytes + connection->sent, n);
    connection->sent += n;
    return lws_write(connection->wsi, out, n, n == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0
               ? -1
               : 0;
}

/* All of it is on its way. */
static int finish(struct connection *connection) {
    struct http *http = connection->http;
    struct lws *wsi = connection->wsi;
    text_free(&connection->body);
    text_free(&connection->answer);
    connection->file = NULL;
    if (connection->drain) {
        /* a socket that is closed with bytes unread takes the answer with it: let them come first */
        shutdown(lws_get_socket_fd(wsi), SHUT_WR);
        connection->phase = HTTP_DRAIN;
        connection->deadline_ms = http_now_ms() + DRAIN_MS;
        return 0;
    }
    if (connection->close_after) {
        return -1;
    }
    connection->phase = HTTP_WAIT;
    connection->deadline_ms = http_now_ms() + http->times.idle + http->times.request;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static bool all_written(const struct connection *connection) {
    return connection->headers_sent && (connection->head || connection->status == 304 ||
                                        connection->sent == connection->answer_n);
}

int answer_write(struct connection *connection) {
    if (connection->phase != HTTP_ANSWER) {
        return 0;
    }
    int result = 0;
    if (!connection->headers_sent) {
        result = write_headers(connection);
    } else if (!all_written(connection)) {
        result = write_piece(connection);
    } else {
        return finish(connection);
    }
    /* also after the last piece: what the socket did not take at once must be gone before `finish` */
    lws_callback_on_writable(connection->wsi);
    return result;
}

int answer_at_once(struct connection *connection) {
    return connection->phase == HTTP_ANSWER &&
                   (write_headers(connection) != 0 || write_piece(connection) != 0)
               ? -1
               : 0;
}
