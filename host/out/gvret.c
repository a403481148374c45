/* gvret.c - the gateway as a GVRET device: SavvyCAN and others connect to it. Its buses are the CAN
 * links, in the order in which they are named; that they are set up by the configuration, and by
 * nobody else, is why the commands that set things are ignored.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/out/server.h"
#include "voltbus/bits.h"
#include "voltbus/gvret.h"
#include "voltbus/time.h"

struct session {
    struct vb_gvret stream;
    bool binary; /* it has asked for that */
};

static void joined(struct client *client) {
    struct session *session = client_state(client);
    vb_gvret_init(&session->stream, VB_GVRET_DEVICE);
}

/* How buses first and first + 1 are set up, as BUSES has it. */
static void put_buses(const struct server *server, uint8_t out[10]) {
    for (unsigned i = 0; i < 2; i++) {
        bool there = i < server->bus_count;
        out[5 * i] = there;
        vb_bits_put_le(out + 5 * i + 1, 0, 32, there ? server_bitrate(server, i) : 0);
    }
}

static void answer(struct client *client, enum vb_gvret_command command) {
    uint8_t body[VB_GVRET_BODY] = {0};
    uint8_t out[VB_GVRET_MESSAGE];
    size_t len = 0;
    switch (command) {
    case VB_GVRET_TIME:
        len = 4;
        vb_bits_put_le(body, 0, 32, (uint32_t)(link_now_ns() / VB_NS_PER_US));
        break;
    case VB_GVRET_BUSES:
        len = 10;
        put_buses(client->server, body);
        break;
    case VB_GVRET_INFO: /* build 618, as an ESP32RET of 2022 says: SavvyCAN shows it */
        len = 6;
        memcpy(body, "\x6A\x02\x20", 3);
        break;
    case VB_GVRET_ALIVE:
        len = 2;
        memcpy(body, "\xDE\xAD", 2);
        break;
    case VB_GVRET_BUS_COUNT:
        len = 1;
        body[0] = (uint8_t)client->server->bus_count;
        break;
    case VB_GVRET_DIGITAL_IN: /* there are none: 0 */
        len = 1;
        break;
    case VB_GVRET_ANALOG_IN:
        len = 14;
        break;
    case VB_GVRET_MORE_BUSES:
        len = 15;
        break;
    default:
        return;
    }
    int n = vb_gvret_put(VB_GVRET_DEVICE, command, body, len, out);
    if (n > 0) {
        (void)client_write(client, out, (size_t)n);
    }
}

static void bytes(struct client *client, const uint8_t *data, size_t n) {
    struct session *session = client_state(client);
    while (n > 0) {
        struct vb_gvret_event event;
        size_t used = vb_gvret_feed(&session->stream, data, n);
        data += used;
        n -= used;
        while (vb_gvret_next(&session->stream, &event)) {
            if (event.what == VB_GVRET_WHAT_BINARY) {
                session->binary = true;
            } else if (event.what == VB_GVRET_WHAT_MESSAGE) {
                answer(client, (enum vb_gvret_command)event.command);
            } else if (event.what == VB_GVRET_WHAT_FRAME && event.command != VB_GVRET_ECHO) {
                (void)client_send(client, &event.frame, event.bus); /* the log says it if not */
            }
        }
    }
}

static void frame(struct client *client, const struct vb_frame *frame, unsigned bus) {
    const struct session *session = client_state(client);
    uint8_t out[VB_GVRET_MESSAGE];
    if (session->binary) {
        client_write_frame(
            client, frame, out,
            vb_gvret_put_frame(VB_GVRET_DEVICE, frame, bus, frame->t_ns / VB_NS_PER_US, out));
    }
}

static const struct server_kind kind = {.size = sizeof(struct session),
                                        .bus_most = 16,
                                        .joined = joined,
                                        .bytes = bytes,
                                        .frame = frame};

static const struct vb_key keys[] = {SERVER_LISTEN("127.0.0.1:2323")};

static const struct output_live live = {.keys = keys,
                                        .key_count = sizeof keys / sizeof keys[0],
                                        .server = &kind,
                                        .check = server_check,
                                        .open = server_open,
                                        .raw = server_raw,
                                        .close = server_close};

const struct output output_gvret = {
    .name = "gvret", .title = "a GVRET device, for SavvyCAN", .live = &live};
