/* host/out/http.h - the parts of the HTTP output, among themselves. The interface that they serve
 * is docs/http-api.md.
 *
 *   http.c          the server: opens, closes, keeps connections and their times
 *   http_route.c    the gate that every request passes, and the way to its answer
 *   http_answer.c   how an answer is written
 *   http_call.c     calls of devices: answered when the device has answered
 *   http_query.c    questions to the history, beside the loop
 *   http_live.c     the WebSocket feeds
 *   http_request.c  what a request says, as values: pure functions
 *   http_state.c    what the hub knows, as JSON: pure functions
 *   http_delta.c    what of it changed: pure functions
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_HTTP_H
#define HOST_OUT_HTTP_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "host/hub/hub.h"
#include "host/out/history.h"
#include "host/out/text_buffer.h"
#include "voltbus/call.h"

/* ---- limits; docs/http-api.md names them ---- */

#define HTTP_HEADER_MAX      8192
#define HTTP_BODY_MAX        4096
#define HTTP_CONNECTIONS_MAX 64 /* the others are told so */
#define HTTP_TOO_MANY        16 /* so many at a time; beyond them a connection is just closed */
#define HTTP_LIVE_MAX        32
#define HTTP_QUERIES_MAX     16
#define HTTP_MESSAGE_MAX     1024  /* of a WebSocket client */
#define HTTP_CHUNK           65536 /* handed to a socket at once */

/* Times in ms; those of a test are shorter. */
struct http_times {
    int64_t request; /* a request must be complete after this, headers and body */
    int64_t idle;    /* a connection without request is kept so long */
    int64_t answer;  /* an answer must have been taken */
    int64_t ping;    /* a WebSocket client is asked for a sign of life */
    int64_t silent;  /* and is closed without one */
};
extern const struct http_times http_times;

/* ---- http_request.c ---- */

/* Why a request is refused: the status, and the two members of the answer. */
struct http_refusal {
    unsigned status; /* 0: it is not */
    const char *error;
    char reason[HUB_WHY];
};
bool http_refuse(struct http_refusal *refusal, unsigned status, const char *error, const char *fmt,
                 ...) __attribute__((format(printf, 4, 5))); /* always false */

/* The body of a command. */
struct http_command {
    bool release;
    char value[VALUE_TEXT]; /* as text: a word, or a decimal number without exponent */
    size_t value_n;
    int64_t lease_ns;
};
bool http_command_parse(const char *body, size_t n, struct http_command *command,
                        struct http_refusal *refusal);

/* The body of a call. */
#define HTTP_CALL_NAME     48
#define HTTP_CALL_ARGUMENT 64
struct http_call_body {
    char name[HTTP_CALL_NAME];
    char arguments[VB_ARGUMENTS_MAX][HTTP_CALL_ARGUMENT];
    size_t count;
};
bool http_call_parse(const char *body, size_t n, struct http_call_body *call,
                     struct http_refusal *refusal);

/* The arguments of a history query: each of them as text "name=value", then the end. */
struct http_range {
    char signal[2 * CONFIG_NAME_MAX]; /* DEVICE/SIGNAL */
    int64_t from_ns, to_ns;
    int points;
    unsigned given; /* bits: which were there */
};
bool http_range_argument(struct http_range *range, const char *text, size_t n, int64_t now_ns,
                         struct http_refusal *refusal);
bool http_range_end(struct http_range *range, int64_t now_ns, struct http_refusal *refusal);

/* Where to listen. */
struct http_address {
    struct sockaddr_storage socket;
    char host[48]; /* as in a URL: 127.0.0.1, [::1] */
    uint16_t port;
};
/* Read HOST:PORT; only the loopback is taken. why: OUTPUT_WHY. */
bool http_address_parse(struct http_address *address, const char *text, size_t n, char *why);
void http_address_port(struct http_address *address, uint16_t port);

/* Is this the Host that we are, is this the Origin of our own page? */
bool http_host_is_ours(const struct http_address *address, const char *host, size_t n);
bool http_origin_is_ours(const struct http_address *address, const char *origin, size_t n);

/* ---- http_state.c, http_delta.c ---- */

struct http_now {
    int64_t mono_ns, wall_ns;
};

struct http_state; /* what the last delta said */

struct http_state *http_state_new(struct hub *hub);
void http_state_free(struct http_state *state);

/* Write the document of /api/state. seq: of the newest delta. */
void http_state_document(const struct http_state *state, struct text *out, uint64_t seq,
                         struct http_now now);
/* The next delta tells what changes after this moment. */
void http_state_begin(struct http_state *state);
/* Write what changed since the delta before, as messages that count up *seq. Each is handed to
 * emit; out is working memory. even_if_empty: one at least. */
typedef void http_emit(void *context, const struct text *message);
void http_state_delta(struct http_state *state, struct text *out, uint64_t *seq,
                      struct http_now now, bool even_if_empty, http_emit *emit, void *context);
/* The elements of `samples` for one frame, each with a comma behind it. */
void http_state_samples(const struct http_state *state, struct text *out,
                        const struct seen_frame *seen, size_t device);
/* A value as JSON: a number as it is, everything else as a string. */
void http_value_json(struct text *out, const char *text, size_t n, bool is_word);
/* The answer to a call that was done: {"ok":true,"values":{...},"text":"..."}. */
void http_reply_json(struct text *out, const struct hub_device *device,
                     const struct hub_reply *reply);
/* A point of the history for each stretch. */
void http_history_json(struct text *out, const char *signal, const char *unit,
                       const struct http_range *range, const struct history_point *points, int n);

/* ---- http.c and http_live.c ---- */

struct http;
struct query;
struct http_call;

/* How far a connection is. */
enum http_phase {
    HTTP_FREE,   /* no connection: the place may be taken */
    HTTP_WAIT,   /* for a request, or the rest of its headers */
    HTTP_BODY,   /* for the body of a command */
    HTTP_QUERY,  /* for the answer of the history, or of a device */
    HTTP_ANSWER, /* an answer is being sent */
    HTTP_DRAIN,  /* it is sent: what still comes is ignored, until the other side closes */
    HTTP_LIVE,   /* a WebSocket */
    HTTP_GONE,   /* closed; its place is not free yet */
};

struct snapshot {
    size_t users;
    uint64_t seq;
    int64_t made_ms;
    struct text text;
};

/* A WebSocket client. */
struct live_client {
    struct feed *feed;
    uint64_t at;     /* place in the ring: of the next message for it */
    uint64_t seq;    /* of the newest message that it has */
    bool fresh;      /* it needs a snapshot */
    uint64_t missed; /* what that snapshot replaces */
    bool head_sent;  /* of the snapshot */
    struct snapshot *snapshot;
    size_t sent;      /* bytes of it */
    bool waiting;     /* it will be told when it may write */
    size_t heard;     /* bytes of the message that it is sending us */
    bool ping;        /* one is due */
    int64_t asked_ms; /* the last ping */
    int64_t alive_ms; /* the last sign of life */
};

struct connection {
    struct http *http;
    struct lws *wsi;
    enum http_phase phase;
    int64_t deadline_ms;
    bool killed, too_many, head, every_sample;
    char by[64]; /* who it is: "http 127.0.0.1:50312" */
    /* the request */
    struct text body;
    unsigned body_ends; /* how often we were told that it is complete */
    struct hub_device *device;
    char command[CONFIG_NAME_MAX];
    struct query *query;
    struct http_call *call;
    /* the answer */
    unsigned status;
    const char *type, *etag, *allow; /* headers; NULL = not there */
    bool gzip, close_after, drain, headers_sent;
    struct text answer;
    const unsigned char *file; /* instead of `answer` */
    size_t answer_n, sent;
    struct live_client live;
};

/* One kind of /api/live: messages are encoded once, and stand in a ring that all its clients read,
 * each at its own place. */
struct feed {
    struct http *http;
    bool samples;
    char *ring; /* there from the first client on */
    size_t size;
    uint64_t head, tail; /* places count up for ever; ring[place % size] */
    uint64_t seq;        /* of the newest message */
    size_t clients;
    struct snapshot *snapshot; /* the newest, if anybody still needs it */
    struct text work;
    int64_t told_ms; /* when the newest message was made */
};

struct http {
    struct hub *hub;
    struct http_times times;
    struct http_address address;
    struct lws_context *context;
    struct lws_vhost *vhost;
    int listener;
    uv_poll_t accept;
    uv_poll_cb on_accept;
    uv_timer_t sweep;   /* deadlines */
    uv_timer_t delta;   /* changes, ten times a second */
    uv_timer_t batch;   /* samples that wait */
    uv_timer_t closing; /* until libwebsockets has let go of the loop */
    unsigned handles;   /* of ours that are open */
    bool accepting, closed;
    size_t live_count;
    struct connection connections[HTTP_CONNECTIONS_MAX + HTTP_TOO_MANY];
    struct http_state *state;
    struct feed changes, samples;
    struct query *running, *first, *last;
    size_t queries;
    uv_sem_t query_done;
    struct http_call *calls;
    unsigned char scratch[LWS_PRE + HTTP_CHUNK];
};

struct http_now http_now(void);
int64_t http_now_ms(void);
/* End a connection from outside its callbacks. */
void http_kill(struct connection *connection);

/* times: NULL = http_times. The others as in struct output_live. */
void *http_open(struct hub *hub, const struct config_output *config, const struct http_times *times,
                char *why);
/* "http://127.0.0.1:8080": where the output `self` listens. */
const char *http_url(void *self, char *out, size_t n);

void live_open(struct http *http);
void live_close(struct http *http);
bool live_join(struct connection *connection);
void live_leave(struct connection *connection);
/* 0, or -1: close it. */
int live_write(struct connection *connection);
int live_heard(struct connection *connection, size_t n);
void live_sweep(struct connection *connection, int64_t now_ms);
void live_seen(struct http *http, const struct seen_frame *seen, size_t device);

#endif
