/* http_call.c - calls of devices: the answer is sent when the device has answered; whoever asked may be
 * gone by then.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/out/http_answer.h"

/* Only a second net: the link answers every call in its own time, the longest after half a minute. */
#define CALL_MS 60000

struct http_call {
    struct http_call *next;
    struct http *http;
    struct connection *connection; /* NULL: gone */
    struct hub_device *device;
};

static void unlink_call(struct http_call *call) {
    struct http_call **at = &call->http->calls;
    while (*at != call) {
        at = &(*at)->next;
    }
    *at = call->next;
}

static void on_replied(void *context, const struct hub_reply *reply) {
    struct http_call *call = context;
    struct connection *connection = call->connection;
    struct hub_device *device = call->device;
    unlink_call(call);
    free(call);
    if (!connection) {
        return;
    }
    connection->call = NULL;
    lws_rx_flow_control(connection->wsi, 1);
    int sent;
    if (reply->refusal != VB_REFUSAL_NONE) {
        sent = answer_error(connection, answer_status(reply->refusal),
                            vb_refusal_text(reply->refusal), reply->why);
    } else {
        text_clear(&connection->answer);
        http_reply_json(&connection->answer, device, reply);
        sent = answer_send(connection, 200, "application/json");
    }
    if (sent != 0) {
        http_kill(connection); /* no memory for the answer */
    }
}

int call_begin(struct connection *connection) {
    struct http *http = connection->http;
    struct http_refusal refusal = {0};
    struct http_call_body body;
    const char *arguments[VB_ARGUMENTS_MAX];
    if (!http_call_parse(connection->body.data, connection->body.n, &body, &refusal)) {
        return answer_refusal(connection, &refusal);
    }
    struct http_call *call = calloc(1, sizeof *call);
    if (!call) {
        return answer_error(connection, 503, vb_refusal_text(VB_REFUSAL_BUSY), "out of memory");
    }
    for (size_t i = 0; i < body.count; i++) {
        arguments[i] = body.arguments[i];
    }
    *call = (struct http_call){http->calls, http, connection, connection->device};
    http->calls = call;
    connection->call = call;
    connection->phase = HTTP_QUERY;
    connection->deadline_ms = http_now_ms() + CALL_MS;
    lws_rx_flow_control(connection->wsi, 0); /* what comes behind it waits */
    hub_call(connection->device, body.name, strlen(body.name), arguments, body.count,
             connection->by, on_replied, call);
    return 0;
}

void call_leave(struct connection *connection) {
    if (connection->call) {
        connection->call->connection = NULL;
        connection->call = NULL;
    }
}

void call_close(struct http *http) {
    while (http->calls) {
        struct http_call *call = http->calls;
        http->calls = call->next;
        if (call->connection) {
            call->connection->call = NULL;
        }
        free(call);
    }
}
