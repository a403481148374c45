/* socketcand.c - the gateway as a socketcand server: a bus is a CAN link, by its name. Raw mode
 * only: subscriptions, the broadcast manager, ISO-TP and statistics are refused in words.
 * The beacon, if it is wanted, tells every network that the server listens in, once in two
 * seconds.
 * SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/out/server.h"
#include "voltbus/socketcand.h"

enum { BEACON = SERVER_KEY_COUNT };

#define BEACON_MS   2000
#define BEACON_ROOM 2048
#define NOT_OPEN    0xFF

struct session {
    struct vb_socketcand stream;
    uint8_t bus; /* NOT_OPEN: none yet */
    bool raw;
};

static void say(struct client *client, enum vb_socketcand_word word, const char *text) {
    char out[VB_SOCKETCAND_TEXT];
    int n = vb_socketcand_put(word, text, strlen(text), out);
    if (n > 0) {
        (void)client_write(client, out, (size_t)n);
    }
}

static void joined(struct client *client) {
    struct session *session = client_state(client);
    vb_socketcand_init(&session->stream, VB_SOCKETCAND_SERVER);
    session->bus = NOT_OPEN;
    say(client, VB_SOCKETCAND_HI, "");
}

static bool open_bus(struct client *client, const char *name, size_t n) {
    struct session *session = client_state(client);
    const struct server *server = client->server;
    for (size_t i = 0; i < server->bus_count; i++) {
        const char *its = server->links[i]->config->name;
        if (strlen(its) == n && memcmp(its, name, n) == 0) {
            session->bus = (uint8_t)i;
            return true;
        }
    }
    return false;
}

/* Returns false if the client was closed. */
static bool word(struct client *client, const struct vb_socketcand_event *event) {
    struct session *session = client_state(client);
    bool opened = session->bus != NOT_OPEN;
    if (event->word == VB_SOCKETCAND_ECHO) {
        say(client, VB_SOCKETCAND_ECHO, "");
    } else if (event->word == VB_SOCKETCAND_OPEN && !opened) {
        if (!open_bus(client, event->text,
                      event->n)) { /* as the protocol has it, and then the end */
            say(client, VB_SOCKETCAND_ERROR, "could not open bus");
            client_close(client, "it asks for a bus that is not there");
            return false;
        }
        say(client, VB_SOCKETCAND_OK, "");
    } else if (opened &&
               (event->word == VB_SOCKETCAND_RAWMODE || event->word == VB_SOCKETCAND_BCMMODE)) {
        say(client, VB_SOCKETCAND_OK, "");
        session->raw = event->word == VB_SOCKETCAND_RAWMODE;
    } else {
        say(client, VB_SOCKETCAND_ERROR,
            event->word == VB_SOCKETCAND_WORD_COUNT ? "unknown command"
            : opened ? "not supported here (rawmode, bcmmode, send, sendrtr, echo)"
                     : "no bus is open");
    }
    return true;
}

static void to_be_sent(struct client *client, struct vb_frame *frame) {
    const struct session *session = client_state(client);
    const char *why =
        session->bus == NOT_OPEN ? "no bus is open" : client_send(client, frame, session->bus);
    if (why) {
        say(client, VB_SOCKETCAND_ERROR, why);
    }
}

static void bytes(struct client *client, const uint8_t *data, size_t n) {
    struct session *session = client_state(client);
    while (n > 0) {
        struct vb_socketcand_event event;
        size_t used = vb_socketcand_feed(&session->stream, data, n);
        data += used;
        n -= used;
        while (vb_socketcand_next(&session->stream, &event)) {
            if (event.what == VB_SOCKETCAND_WHAT_FRAME) {
                to_be_sent(client, &event.frame);
            } else if (event.what == VB_SOCKETCAND_WHAT_BAD) {
                say(client, VB_SOCKETCAND_ERROR, "syntax error");
            } else if (!word(client, &event)) {
                return;
            }
        }
    }
}

static void frame(struct client *client, const struct vb_frame *frame, unsigned bus) {
    const struct session *session = client_state(client);
    char out[VB_SOCKETCAND_TEXT];
    if (session->raw && session->bus == bus) {
        client_write_frame(client, frame, out,
                           vb_socketcand_put_frame(VB_SOCKETCAND_SERVER, frame, out));
    }
}

/* ---- the beacon ---- */

static struct vb_socketcand_name name_of(const char *text) {
    return (struct vb_socketcand_name){text, strlen(text)};
}

/* To one network: our address there, and that which all hear. */
static void tell_network(const struct server *server, int fd, struct in_addr ours,
                         struct in_addr all) {
    struct vb_socketcand_name buses[CONFIG_LINKS_MAX];
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(VB_SOCKETCAND_BEACON_PORT), .sin_addr = all};
    char host[INET_ADDRSTRLEN];
    char url[INET_ADDRSTRLEN + 16];
    char out[BEACON_ROOM];
    inet_ntop(AF_INET, &ours, host, sizeof host);
    snprintf(url, sizeof url, "can://%s:%u", host, server->place.port);
    for (size_t i = 0; i < server->bus_count; i++) {
        buses[i] = name_of(server->links[i]->config->name);
    }
    const char *site = server->hub->config->site;
    const struct vb_socketcand_beacon beacon = {.name = name_of(site[0] ? site : "voltbus"),
                                                .type = name_of("voltbus"),
                                                .description = name_of("CAN buses of a voltbus"),
                                                .url = name_of(url)};
    int n = vb_socketcand_put_beacon(&beacon, buses, server->bus_count, out, sizeof out);
    if (n > 0) { /* a network that is gone hears nothing */
        (void)sendto(fd, out, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to);
    }
}

/* Every network whose address the server listens at: all of them for 0.0.0.0. */
static void tick(struct server *server) {
    struct ifaddrs *first;
    int on = 1;
    if (!server->config->values[BEACON].number || !server->transport) {
        return;
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0 &&
        getifaddrs(&first) == 0) {
        struct in_addr at = {.s_addr = INADDR_ANY};
        (void)inet_pton(AF_INET, server->place.name, &at);
        for (const struct ifaddrs *i = first; i; i = i->ifa_next) {
            union {
                const struct sockaddr *any;
                const struct sockaddr_in *v4;
            } ours = {i->ifa_addr}, mask = {i->ifa_netmask};
            if (ours.any && mask.any && ours.any->sa_family == AF_INET && (i->ifa_flags & IFF_UP) &&
                (at.s_addr == INADDR_ANY || at.s_addr == ours.v4->sin_addr.s_addr)) {
                struct in_addr all = {ours.v4->sin_addr.s_addr | ~mask.v4->sin_addr.s_addr};
                tell_network(server, fd, ours.v4->sin_addr, all);
            }
        }
        freeifaddrs(first);
    }
    if (fd >= 0) {
        close(fd);
    }
    server_wake(server, BEACON_MS);
}

static const struct server_kind kind = {.size = sizeof(struct session),
                                        .bus_most = CONFIG_LINKS_MAX,
                                        .joined = joined,
                                        .bytes = bytes,
                                        .frame = frame,
                                        .tick = tick};

static const struct vb_key keys[] = {
    SERVER_LISTEN("127.0.0.1:29536"),
    {"beacon", VB_KEY_FLAG, NULL, "no", 0, 0, NULL,
     "tell the network every two seconds that it is there (UDP port 42000)"},
};

static const struct output_live live = {.keys = keys,
                                        .key_count = sizeof keys / sizeof keys[0],
                                        .server = &kind,
                                        .check = server_check,
                                        .open = server_open,
                                        .raw = server_raw,
                                        .close = server_close};

const struct output output_socketcand = {
    .name = "socketcand", .title = "a socketcand server", .live = &live};
