/* host/out/http_answer.h - from a request to its answer: http_route.c and http_query.c.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_HTTP_ANSWER_H
#define HOST_OUT_HTTP_ANSWER_H

#include "host/out/http.h"

/* ---- http_route.c: the gate, the routes. All return what libwebsockets wants: 0, -1 = close ---- */

/* The headers of a request are there; path: n bytes, decoded. */
int route_request(struct connection *connection, const char *path, size_t n);
/* The body of a command is there. */
int route_command(struct connection *connection);
/* Something else than HTTP is asked for. */
int route_upgrade(struct connection *connection);

/* ---- http_answer.c: how answers are written ---- */

/* Prepare an answer; it is sent as soon as the socket takes it. */
int answer_refusal(struct connection *connection, const struct http_refusal *refusal);
int answer_error(struct connection *connection, unsigned status, const char *error,
                 const char *reason);
/* What is in connection->answer, or connection->file. */
int answer_send(struct connection *connection, unsigned status, const char *type);
/* The socket can take more. */
int answer_write(struct connection *connection);
/* Send a short answer without waiting for that. */
int answer_at_once(struct connection *connection);

/* The status of the answer to a command or call that was refused. */
unsigned answer_status(enum vb_refusal refusal);

/* ---- http_call.c: the answer comes when the device has answered ---- */

/* The body of a call is there; 0, or -1: close it. */
int call_begin(struct connection *connection);
/* Nobody waits for the answer any more. */
void call_leave(struct connection *connection);
/* The hub tells nobody any more. */
void call_close(struct http *http);

/* ---- http_query.c: queries of the history, one after the other, beside the loop ---- */

void query_open(struct http *http);
bool query_add(struct connection *connection, const struct http_range *range,
               const struct hub_device *device, const struct hub_value *value,
               struct http_refusal *refusal);
/* Nobody waits for the answer any more. */
void query_leave(struct connection *connection);
/* Stop: waits for a query that is running, since the history may be closed after this. */
void query_stop(struct http *http);
void query_close(struct http *http);

/* A handle of the server, or a query, is gone: the last one takes the server with it. */
void http_handle_closed(struct http *http);

#endif
