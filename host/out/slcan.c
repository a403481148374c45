/* slcan.c - the gateway as an slcan (LAWICEL) adapter: for slcand, python-can and others, at a
 * pseudo terminal or over TCP. One bus; its bit rate is the link's, whatever S says.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "host/out/server.h"
#include "voltbus/slcan.h"
#include "voltbus/time.h"

struct channel_state {
    struct vb_slcan stream;
    bool open, listens, stamps;
};

static void joined(struct client *client) {
    struct channel_state *c = client_state(client);
    vb_slcan_init(&c->stream, VB_SLCAN_ADAPTER);
}

static void answer(struct client *client, enum vb_slcan_what what, char letter, const char *text) {
    char out[VB_SLCAN_TEXT];
    int n = vb_slcan_put_answer(what, letter, text, strlen(text), out);
    if (n > 0) {
        (void)client_write(client, out, (size_t)n);
    }
}

static void command(struct client *client, const struct vb_slcan_event *event) {
    struct channel_state *c = client_state(client);
    switch (event->letter) {
    case 'O':
    case 'L':
        c->open = true;
        c->listens = event->letter == 'L';
        break;
    case 'C':
        c->open = false;
        break;
    case 'Z':
        c->stamps = event->value == 1;
        break;
    case 'V':
    case 'v':
        answer(client, VB_SLCAN_ANSWER, event->letter, "1013");
        return;
    case 'N':
        answer(client, VB_SLCAN_ANSWER, 'N', "VOLT");
        return;
    case 'F':
        answer(client, VB_SLCAN_ANSWER, 'F', "00");
        return;
    default: /* rates and filters: the link has its own, and all frames come */
        break;
    }
    answer(client, VB_SLCAN_OK, 0, "");
}

static void to_be_sent(struct client *client, struct vb_slcan_event *event) {
    const struct channel_state *c = client_state(client);
    char letter = event->frame.flags & VB_FRAME_EXT ? 'Z' : 'z';
    bool sent = c->open && !c->listens && !client_send(client, &event->frame, 0);
    answer(client, sent ? VB_SLCAN_SENT : VB_SLCAN_ERROR, letter, "");
}

static void bytes(struct client *client, const uint8_t *data, size_t n) {
    struct channel_state *c = client_state(client);
    while (n > 0) {
        struct vb_slcan_event event;
        size_t used = vb_slcan_feed(&c->stream, data, n);
        data += used;
        n -= used;
        while (vb_slcan_next(&c->stream, &event)) {
            if (event.what == VB_SLCAN_FRAME) {
                to_be_sent(client, &event);
            } else if (event.what == VB_SLCAN_COMMAND) {
                command(client, &event);
            } else {
                answer(client, VB_SLCAN_ERROR, 0, "");
            }
        }
    }
}

#define MINUTE_MS 60000

static void frame(struct client *client, const struct vb_frame *frame, unsigned bus) {
    const struct channel_state *c = client_state(client);
    char out[VB_SLCAN_TEXT];
    int64_t ms = frame->t_ns / VB_NS_PER_MS % MINUTE_MS;
    (void)bus;
    if (c->open) {
        int32_t stamp_ms = !c->stamps ? -1 : (int32_t)(ms < 0 ? ms + MINUTE_MS : ms);
        client_write_frame(client, frame, out, vb_slcan_put_frame(frame, stamp_ms, out));
    }
}

static const struct server_kind kind = {.size = sizeof(struct channel_state),
                                        .bus_most = 1,
                                        .joined = joined,
                                        .bytes = bytes,
                                        .frame = frame};

static const struct vb_key keys[] = {SERVER_KEYS(
    "listen", NULL, "pty:PATH makes a pseudo terminal, and a link to it at PATH; or ADDRESS:PORT",
    "name of the CAN link; left out: the only one")};

static const struct output_live live = {.keys = keys,
                                        .key_count = sizeof keys / sizeof keys[0],
                                        .server = &kind,
                                        .check = server_check,
                                        .open = server_open,
                                        .raw = server_raw,
                                        .close = server_close};

const struct output output_slcan = {
    .name = "slcan", .title = "an slcan adapter, for slcand and python-can", .live = &live};
