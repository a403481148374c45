/* host/io/http_client.h - ask over HTTP, blocking: a voltbus of this machine, or anybody.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_HTTP_CLIENT_H
#define HOST_IO_HTTP_CLIENT_H

#include <stdatomic.h>
#include <stddef.h>

/* ---- anybody ---- */

/* Longest user:password. */
#define HTTP_SECRET_MAX 200

struct http_request {
    const char *method;      /* "GET" or "POST" */
    const char *url;         /* http://HOST[:PORT]/PATH */
    const char *body;        /* JSON; NULL = none */
    const char *secret;      /* "user:password", basic authentication; NULL = none */
    unsigned patience_ms;    /* longest time until the end of the answer */
    size_t answer_max;       /* bytes of it */
    const atomic_bool *stop; /* true: give up, from another thread; NULL = never */
};

enum http_failure {
    HTTP_NO_ANSWER = -1,   /* nobody there, closed, no HTTP, cut off, given up */
    HTTP_LATE = -2,        /* patience_ms is over. A look-up of the name is not ended by that */
    HTTP_TOO_LARGE = -3,   /* more than answer_max */
    HTTP_BAD_REQUEST = -4, /* no such URL; body or secret too long */
    HTTP_NO_START = -5,    /* libwebsockets cannot be started */
};

/* Send one request and wait for its answer; from any thread. Redirections are not followed.
 * Returns the status (200 ...) with *text, which the caller frees; it ends with 0. Returns an enum
 * http_failure, and *text = NULL, if there was no answer. */
int http_ask(const struct http_request *request, char **text);

/* ---- a voltbus of this machine ---- */

/* Room for the longest why. */
#define HTTP_CLIENT_WHY 300

#define HTTP_CLIENT_PATIENCE_MS 5000 /* for what a voltbus answers at once */

/* Send one request and wait for its answer, patience_ms at most.
 * method: "GET", or "POST" with body, which is JSON. url: http://HOST:PORT/PATH on the loopback.
 * Returns the status (200 ...) with *text, which the caller frees; it ends with 0 and has 4 MB at
 * most. Returns -1 with why, and *text = NULL, if there was no answer. */
int http_client(const char *method, const char *url, const char *body, unsigned patience_ms,
                char **text, char *why);

#endif
