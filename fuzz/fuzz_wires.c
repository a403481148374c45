/* fuzz_wires.c - GVRET, socketcand and cannelloni: what was read is written again and read as
 * the same. Input: a byte (bits 0-1: which, bit 2: side, bits 3-7: size of the pieces), then the
 * stream.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/cannelloni.h"
#include "voltbus/gvret.h"
#include "voltbus/socketcand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

static void require_same(const struct vb_frame *a, const struct vb_frame *b) {
    require(a->id == b->id && a->flags == b->flags && a->kind == b->kind && a->len == b->len &&
            a->remote_len == b->remote_len);
    require(a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
    require(vb_frame_can_check(a) == VB_OK);
}

/* A host's frame as a device would send it, and the other way round. */
static void gvret_again(const struct vb_gvret_event *event, bool host) {
    uint8_t out[VB_GVRET_MESSAGE];
    enum vb_gvret_side other = host ? VB_GVRET_DEVICE : VB_GVRET_HOST;
    unsigned bus = event->bus & 3;
    int n = vb_gvret_put_frame(other, &event->frame, bus, event->t_us, out);
    require(n > 0 && n <= VB_GVRET_MESSAGE);
    struct vb_gvret s;
    struct vb_gvret_event again;
    vb_gvret_init(&s, host ? VB_GVRET_HOST : VB_GVRET_DEVICE);
    require(vb_gvret_feed(&s, out, (size_t)n) == (size_t)n - 1 && vb_gvret_next(&s, &again));
    require(again.what == VB_GVRET_WHAT_FRAME && again.bus == bus);
    require(!host || (uint32_t)again.t_us == (uint32_t)event->t_us);
    require_same(&event->frame, &again.frame);
}

static void gvret(const uint8_t *data, size_t n, size_t piece, bool host) {
    struct vb_gvret s;
    vb_gvret_init(&s, host ? VB_GVRET_HOST : VB_GVRET_DEVICE);
    for (size_t at = 0; at < n;) {
        struct vb_gvret_event event;
        size_t some = n - at < piece ? n - at : piece;
        size_t used = vb_gvret_feed(&s, data + at, some);
        require(used > 0 && used <= some);
        at += used;
        while (vb_gvret_next(&s, &event)) {
            if (event.what == VB_GVRET_WHAT_FRAME) {
                gvret_again(&event, host);
            }
        }
    }
}

static void socketcand_again(const struct vb_frame *frame, bool client) {
    char out[VB_SOCKETCAND_TEXT];
    enum vb_socketcand_side other = client ? VB_SOCKETCAND_SERVER : VB_SOCKETCAND_CLIENT;
    int n = vb_socketcand_put_frame(other, frame, out);
    require(n > 0 && n <= VB_SOCKETCAND_TEXT);
    struct vb_socketcand s;
    struct vb_socketcand_event again;
    vb_socketcand_init(&s, client ? VB_SOCKETCAND_CLIENT : VB_SOCKETCAND_SERVER);
    require(vb_socketcand_feed(&s, (const uint8_t *)out, (size_t)n) == (size_t)n);
    require(vb_socketcand_next(&s, &again) && again.what == VB_SOCKETCAND_WHAT_FRAME);
    require_same(frame, &again.frame);
}

static void socketcand(const uint8_t *data, size_t n, size_t piece, bool client) {
    struct vb_socketcand s;
    vb_socketcand_init(&s, client ? VB_SOCKETCAND_CLIENT : VB_SOCKETCAND_SERVER);
    for (size_t at = 0; at < n;) {
        struct vb_socketcand_event event;
        size_t some = n - at < piece ? n - at : piece;
        size_t used = vb_socketcand_feed(&s, data + at, some);
        require(used > 0 && used <= some);
        at += used;
        while (vb_socketcand_next(&s, &event)) {
            char out[VB_SOCKETCAND_TEXT];
            if (event.what == VB_SOCKETCAND_WHAT_FRAME) {
                socketcand_again(&event.frame, client);
            } else if (event.what == VB_SOCKETCAND_WHAT_WORD) {
                require(vb_socketcand_put(event.word, event.text, event.n, out) <= (int)sizeof out);
            }
        }
    }
}

static void beacon(const uint8_t *data, size_t n) {
    struct vb_socketcand_beacon beacon;
    struct vb_socketcand_name bus;
    size_t at;
    if (vb_socketcand_beacon((const char *)data, n, &beacon, &at) != VB_OK) {
        return;
    }
    while (vb_socketcand_beacon_bus((const char *)data, n, &at, &bus)) {
        char out[400];
        int len = vb_socketcand_put_beacon(&beacon, &bus, 1, out, sizeof out);
        require(len <= (int)sizeof out);
    }
}

static void cannelloni_again(const struct vb_frame *frame) {
    uint8_t out[VB_CANNELLONI_ROOM];
    struct vb_frame again;
    int n = vb_cannelloni_put_frame(frame, out);
    require(n > 0 && n <= VB_CANNELLONI_ROOM);
    require(vb_cannelloni_frame(out, (size_t)n, &again) == n);
    require_same(frame, &again);
}

static void cannelloni(const uint8_t *data, size_t n, size_t piece, bool stream) {
    struct vb_frame frame;
    struct vb_cannelloni_packet packet;
    struct vb_cannelloni_rx rx = {.started = false};
    if (!stream && vb_cannelloni_packet(data, n, &rx, &packet) > 0) {
        while (vb_cannelloni_next(&packet, &frame) == 1) {
            cannelloni_again(&frame);
        }
    }
    struct vb_cannelloni s = {.greeted = true};
    for (size_t at = 0; at < n && stream;) {
        size_t some = n - at < piece ? n - at : piece;
        size_t used = vb_cannelloni_feed(&s, data + at, some);
        require(used > 0 && used <= some);
        at += used;
        int result = vb_cannelloni_take(&s, &frame);
        if (result < 0) {
            return;
        }
        if (result == 1) {
            cannelloni_again(&frame);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    bool side = data[0] & 4;
    size_t piece = (data[0] >> 3) + 1u;
    switch (data[0] & 3) {
    case 0:
        gvret(data + 1, size - 1, piece, side);
        break;
    case 1:
        socketcand(data + 1, size - 1, piece, side);
        break;
    case 2:
        cannelloni(data + 1, size - 1, piece, side);
        break;
    default:
        beacon(data + 1, size - 1);
        break;
    }
    return 0;
}
