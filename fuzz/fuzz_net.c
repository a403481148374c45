/* fuzz_net.c - packets at random into host/net. The input is a list of packets: a byte that says what comes, then
 *   segments of TCP: from, flags, sequence number (2 bytes, near the last one; or 4 bytes, anywhere), length, bytes
 *   packets of any link type: length, bytes
 *   time that passes
 * Whatever comes: every message is whole, every event has its text, memory stays bounded, the end comes.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "host/net/net.h"
#include "voltbus/v2gtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at, *end;
    uint32_t next[2]; /* sequence numbers of both sides */
};

static unsigned byte(struct input *in) {
    return in->at < in->end ? *in->at++ : 0;
}

static void look_at(const struct vb_frame *frame) {
    volatile unsigned sum = 0;
    for (size_t i = 0; i < frame->len; i++) {
        sum += frame->data[i];
        if (frame->kind == VB_KIND_NET && (frame->data[i] < ' ' || frame->data[i] > '~')) {
            abort();
        }
    }
    if (frame->side_len != VB_SIDE_V2G_SIZE || frame->len > NET_MESSAGE_MAX ||
        (frame->kind != VB_KIND_PLC && frame->kind != VB_KIND_V2G && frame->kind != VB_KIND_NET) ||
        (frame->kind == VB_KIND_NET && (frame->id == VB_NET_NONE || frame->id >= VB_NET_COUNT))) {
        abort();
    }
}

static void take(struct net *net, size_t limit) {
    struct vb_frame frame;
    while (net_next(net, &frame)) {
        look_at(&frame);
        if (limit-- == 0) {
            abort();
        }
    }
}

/* IPv6 and TCP between two addresses; 4 connections, by the ports. */
static size_t segment(struct input *in, uint8_t out[2048]) {
    uint32_t *next = in->next;
    unsigned kind = byte(in);
    unsigned from = kind & 1;
    uint32_t seq = next[from] + byte(in) - 64;
    if (kind & 0x80) {
        seq = byte(in) << 24 | byte(in) << 16 | byte(in) << 8 | byte(in);
    }
    size_t n = byte(in);
    n = kind & 0x40 ? 6 * n : n;
    memset(out, 0, 74);
    out[12] = 0x86;
    out[13] = 0xDD;
    out[14] = 0x60;
    out[18] = (uint8_t)((20 + n) >> 8);
    out[19] = (uint8_t)(20 + n);
    out[20] = 6;
    out[22] = out[38] = 0xFE;
    out[23] = out[39] = 0x80;
    out[37] = (uint8_t)from;
    out[53] = (uint8_t)!from;
    out[from ? 54 : 56] = 0x3B;
    out[from ? 55 : 57] = 0x0E;
    out[from ? 57 : 55] = (uint8_t)(kind >> 1 & 3);
    for (size_t i = 0; i < 4; i++) {
        out[58 + i] = (uint8_t)(seq >> (24 - 8 * i));
        out[62 + i] = (uint8_t)(next[!from] >> (24 - 8 * i));
    }
    out[66] = 0x50;
    out[67] = (uint8_t)(byte(in) & 0x17);
    for (size_t i = 0; i < n; i++) {
        out[74 + i] = (uint8_t)byte(in);
    }
    next[from] = seq + (uint32_t)n;
    return 74 + n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint16_t links[] = {NET_ETHERNET, NET_COOKED, NET_COOKED2, NET_RAW_IP};
    struct input in = {data, data + size, {0, 0}};
    uint8_t bytes[2048];
    struct packet packet = {.link_type = NET_ETHERNET, .bytes = bytes};
    struct net *net = net_open();
    while (in.at < in.end) {
        unsigned what = byte(&in);
        packet.number++;
        packet.t_ns += what >> 4 == 15 ? INT64_C(1000000000) : (int64_t)(what >> 4) * 1000000;
        packet.link_type = NET_ETHERNET;
        if (what & 8) {
            size_t n = byte(&in);
            for (packet.n = 0; packet.n < n; packet.n++) {
                bytes[packet.n] = (uint8_t)byte(&in);
            }
            packet.link_type = links[what & 3];
        } else {
            packet.n = segment(&in, bytes);
        }
        packet.whole_n = packet.n + (what & 7 ? 0 : 5);
        net_put(net, &packet);
        take(net, 200000);
    }
    net_end(net);
    take(net, 2000000);
    net_close(net);
    return 0;
}
