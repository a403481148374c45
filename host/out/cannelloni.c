/* cannelloni.c - a tunnel to one cannelloni (or to a voltbus with such a link), in UDP packets.
 * Frames are gathered for a moment: what came together goes together.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/out/server.h"
#include "voltbus/cannelloni.h"

enum { LOCAL = SERVER_KEY_COUNT, GATHER };

#define PACKET_MAX 1472 /* fits an Ethernet frame with IPv4 */

struct session {
    struct vb_cannelloni_rx rx;
    uint8_t number;
    uint16_t count;
    size_t n; /* of packet, with its head; 0: empty */
    uint8_t packet[PACKET_MAX];
};

static void flush(struct client *client) {
    struct session *session = client_state(client);
    if (session->count == 0) {
        return;
    }
    vb_cannelloni_put_head(session->number++, session->count, session->packet);
    if (!client_write(client, session->packet, VB_CANNELLONI_HEAD + session->n)) {
        client_lost(client, session->count);
    }
    session->count = 0;
    session->n = 0;
}

static void frame(struct client *client, const struct vb_frame *frame, unsigned bus) {
    struct session *session = client_state(client);
    (void)bus;
    if (session->n + VB_CANNELLONI_HEAD + VB_CANNELLONI_ROOM > PACKET_MAX) {
        flush(client);
    }
    int n = vb_cannelloni_put_frame(frame, session->packet + VB_CANNELLONI_HEAD + session->n);
    if (n < 0) {
        client_formless(client, frame);
    } else {
        session->n += (size_t)n;
        session->count++;
        server_wake(client->server, (uint64_t)client->server->config->values[GATHER].number);
    }
}

static void tick(struct server *server) {
    if (server->clients[0].transport) {
        flush(&server->clients[0]);
    }
}

static void bytes(struct client *client, const uint8_t *data, size_t n) {
    struct session *session = client_state(client);
    struct vb_cannelloni_packet packet;
    struct vb_frame heard;
    if (vb_cannelloni_packet(data, n, &session->rx, &packet) < 0) {
        return;
    }
    while (vb_cannelloni_next(&packet, &heard) == 1) {
        (void)client_send(client, &heard, 0); /* the log says it if not */
    }
}

static const struct server_kind kind = {.size = sizeof(struct session),
                                        .bus_most = 1,
                                        .place = "udp://",
                                        .bytes = bytes,
                                        .frame = frame,
                                        .tick = tick};

static void *open_output(struct hub *hub, const struct config_output *config, char *why) {
    struct server *server = server_open(hub, config, why);
    if (server) {
        server->line.local_port = (uint16_t)config->values[LOCAL].number;
    }
    return server;
}

static const struct vb_key keys[] = {
    SERVER_KEYS("peer", NULL, "HOST:PORT of the other end",
                "name of the CAN link; left out: the only one"),
    {"local", VB_KEY_NUMBER, NULL, "20000", 1, 65535, NULL,
     "the UDP port of this machine that the other end sends to"},
    {"gather", VB_KEY_DURATION, NULL, "5ms", 1, 1000, NULL,
     "a frame waits so long for others, at most"},
};

static const struct output_live live = {.keys = keys,
                                        .key_count = sizeof keys / sizeof keys[0],
                                        .server = &kind,
                                        .check = server_check,
                                        .open = open_output,
                                        .raw = server_raw,
                                        .close = server_close};

const struct output output_cannelloni = {
    .name = "cannelloni", .title = "a tunnel to one cannelloni (UDP)", .live = &live};
