/* host/out/server.h - what the outputs that serve frames to other programs have in common: who
 * may connect, which buses they see, that a slow one loses frames and nobody else does, and the
 * way back: frames of clients go to a link only where the configuration says send: yes.
 * One protocol, one file, with a struct server_kind.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_SERVER_H
#define HOST_OUT_SERVER_H

#include "host/hub/hub.h"

#define SERVER_CLIENTS 8 /* at a time; one more is refused, and said */

/* The keys that all have, in this order. */
/* clang-format off */
#define SERVER_KEYS(where, where_initial, where_help, links_help)                                  \
    {where, VB_KEY_TEXT, NULL, where_initial, 0, 0, NULL, where_help},                             \
    {"links", VB_KEY_TEXT, NULL, "", 0, 0, NULL, links_help},                                      \
    {"send", VB_KEY_FLAG, NULL, "no", 0, 0, NULL,                                                  \
     "frames of clients go out on the link, which must be one that may send (listen=no)"},         \
    {"rate", VB_KEY_NUMBER, "1/s", "500", 1, 100000, NULL,                                         \
     "so many frames a second are taken of all clients together; more are refused"}
#define SERVER_LISTEN(initial)                                                                     \
    SERVER_KEYS("listen", initial,                                                                 \
                "ADDRESS:PORT, 127.0.0.1 lets only programs of this machine in; or pty:PATH",      \
                "names of CAN links, with commas; left out: all of them")
/* clang-format on */
enum { SERVER_WHERE, SERVER_LINKS, SERVER_SEND, SERVER_RATE, SERVER_KEY_COUNT };

struct server;

struct client {
    struct server *server;
    struct transport *transport;
    void *state; /* kind->size bytes, zero when it joined */
    char who[80];
    struct count {
        uint64_t n;      /* not yet said */
        int64_t told_ns; /* when it was said last; 0 = never */
    } lost, refused;     /* frames that it was too slow for; frames of its own */
    uint64_t formless;   /* frames that the protocol has no form for */
    bool sends;          /* it was said that it does */
};

struct server_kind {
    size_t size;       /* of a client's state */
    size_t bus_most;   /* links that the protocol can tell apart; 1: a client does not choose */
    const char *place; /* what goes before the address; NULL: "listen://" */
    void (*joined)(struct client *client); /* may be NULL */
    void (*bytes)(struct client *client, const uint8_t *bytes, size_t n);
    void (*frame)(struct client *client, const struct vb_frame *frame, unsigned bus);
    void (*tick)(struct server *server); /* see server_wake; may be NULL */
};

struct server {
    struct hub *hub;
    const struct config_output *config;
    const struct server_kind *kind;
    struct place place;
    struct line_settings line;
    struct transport
        *transport; /* which listens, is the terminal or the datagrams; NULL: not open */
    struct client clients[SERVER_CLIENTS];
    struct link *links[CONFIG_LINKS_MAX]; /* bus number i is links[i] */
    size_t bus_count;
    uint8_t bus_of[CONFIG_LINKS_MAX]; /* [number of a link]: its bus; NO_BUS */
    struct client *sender;            /* whose frame is under way: it does not get it back */
    int64_t second_ns;                /* when the second began that is counted */
    int64_t sent;                     /* frames of clients in it */
    uv_timer_t retry, alarm;
    unsigned handles;
    bool closed, told;
};

/* The functions of struct output_live. place: where clients come, or the other end is; NULL: what
 * the first key says, ADDRESS:PORT or pty:PATH. */
void *server_open(struct hub *hub, const struct config_output *config, char *why);
/* Is its configuration good? Else which key (number of its keys) is not, and why: OUTPUT_WHY. */
bool server_check(const struct config *config, const struct config_output *output, size_t *key,
                  char *why);
void server_raw(void *self, const struct vb_frame *frame, const char *link);
void server_close(void *self);

/* The state of a client. */
static inline void *client_state(const struct client *client) {
    return client->state;
}

/* Write to a client. False: it has too much waiting; of frames that is counted and said. */
bool client_write(struct client *client, const void *bytes, size_t n);
/* A frame, as n bytes. n < 0: it has no form in this protocol; the first one and, at the end of the client, their number
 * are said. */
void client_write_frame(struct client *client, const struct vb_frame *frame, const void *bytes,
                        int n);
void client_formless(struct client *client, const struct vb_frame *frame); /* the same, alone */
void client_lost(struct client *client, unsigned frames); /* count them, and say it now and then */

/* End it. Its kind must not touch it any more. */
void client_close(struct client *client, const char *why);

/* A frame of a client for bus number `bus`. Returns NULL, or why it does not go out, in a few
 * words. */
const char *client_send(struct client *client, struct vb_frame *frame, unsigned bus);

/* Call tick in so many ms, unless it is to be called already. */
void server_wake(struct server *server, uint64_t ms);

/* The bit rate of a bus in bit/s, as far as its link says; else 500000. */
uint32_t server_bitrate(const struct server *server, unsigned bus);

#endif
