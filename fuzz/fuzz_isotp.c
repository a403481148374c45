/* fuzz_isotp.c - the ISO-TP machine and the listener, with a peer and a clock that do whatever they like.
 * Input: 6 bytes (addressing and frame length, block size, STmin, waits, room, gap), then steps: what happens (bits 0-2) with
 * its details (bits 3-7), and its bytes.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/isotp.h"
#include "voltbus/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

struct bench {
    struct vb_isotp m;
    struct vb_isotp_listener listener;
    uint8_t *room, *heard;
    uint8_t bytes[5000];
    int64_t now;
    uint32_t sending; /* bytes of the message under way, 0 = none */
    uint32_t gone;    /* of it */
    uint8_t block, frames;
    bool asked; /* a flow control is due to us */
};

/* What we send is ISO-TP, in order, and no more than the peer allowed. */
static void take(struct bench *b) {
    struct vb_frame f;
    struct vb_isotp_pdu pdu;
    for (unsigned i = 0; i < 5000 && vb_isotp_take(&b->m, &f); i++) {
        require(f.kind == VB_KIND_CAN && f.id == 1 && f.len <= b->m.config.frame_len);
        require(vb_isotp_read(&f, b->m.config.tx_address, &pdu) == VB_OK);
        if (pdu.kind == VB_ISOTP_FLOW) {
            require(pdu.number <= VB_ISOTP_OVERFLOW);
            continue;
        }
        require(b->sending > 0 && !b->asked);
        if (pdu.kind == VB_ISOTP_CONSECUTIVE) {
            require(b->gone > 0 && pdu.number == (b->frames & 15));
            b->asked = b->block > 0 && --b->block == 0;
        } else {
            require(b->gone == 0 && pdu.len == b->sending);
            b->asked = pdu.kind == VB_ISOTP_FIRST;
        }
        b->frames++;
        uint32_t left = b->sending - b->gone;
        uint32_t n = pdu.count < left ? pdu.count : left;
        require(memcmp(pdu.data, b->bytes + b->gone, n) == 0);
        b->gone += n;
    }
}

static void events(struct bench *b) {
    struct vb_isotp_event event;
    while (vb_isotp_next_event(&b->m, &event)) {
        switch (event.what) {
        case VB_ISOTP_EVENT_SENT:
            require(b->sending > 0 && b->gone == b->sending && event.len == b->sending);
            b->sending = 0;
            break;
        case VB_ISOTP_EVENT_NOT_SENT:
            require(b->sending > 0 && event.result != VB_ISOTP_RESULT_OK);
            b->sending = 0;
            break;
        case VB_ISOTP_EVENT_RECEIVED:
            require(event.len > 0 && event.len <= b->m.rx.cap);
            break;
        case VB_ISOTP_EVENT_BEGUN:
            require(event.len <= b->m.rx.cap);
            break;
        default:
            require(event.result != VB_ISOTP_RESULT_OK);
            break;
        }
    }
    require(vb_isotp_sending(&b->m) == (b->sending > 0));
}

static void send_bytes(struct bench *b, unsigned with, uint8_t low) {
    uint32_t n = with & 16 ? 4000u + low * 3u : (with & 15) * 16u + (low & 15u);
    int result = vb_isotp_send(&b->m, b->bytes, n, b->now);
    require(result == (b->sending ? VB_E_STATE : n ? VB_OK : VB_E_RANGE));
    if (result == VB_OK) {
        b->sending = n;
        b->gone = 0;
        b->frames = 0;
        b->asked = false;
        b->block = 0;
    }
}

static void hear(struct bench *b, const uint8_t *p, size_t n) {
    uint8_t frame_bytes[64] = {0};
    memcpy(frame_bytes, p, n);
    struct vb_frame f = {.kind = VB_KIND_CAN, .id = 2, .len = (uint32_t)n, .data = frame_bytes};
    struct vb_isotp_pdu pdu;
    if (vb_isotp_read(&f, b->m.config.rx_address, &pdu) == VB_OK) {
        struct vb_isotp_step step = vb_isotp_listen(&b->listener, &pdu, b->now);
        require(step.what != VB_ISOTP_COMPLETE || b->listener.got == b->listener.len);
        require(b->listener.got <= b->listener.cap);
        vb_isotp_tick(&b->m, b->now); /* it may be too late already */
        events(b);
        if (pdu.kind == VB_ISOTP_FLOW && b->asked && pdu.number == VB_ISOTP_CONTINUE) {
            b->asked = false;
            b->block = pdu.block_size;
        }
    }
    (void)vb_isotp_heard(&b->m, &f, b->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const uint8_t frame_lens[] = {8, 12, 24, 64};
    if (size < 6) {
        return 0;
    }
    struct bench b = {.now = 0};
    uint32_t cap = data[4] & 128 ? 4096u + data[4] : data[4];
    struct vb_isotp_config config = {.tx_id = 1,
                                     .rx_id = 2,
                                     .tx_address = data[0] & 1 ? 0x10 : VB_ISOTP_NO_ADDRESS,
                                     .rx_address = data[0] & 1 ? 0x20 : VB_ISOTP_NO_ADDRESS,
                                     .frame_len = frame_lens[data[0] >> 1 & 3],
                                     .fd = data[0] & 6,
                                     .pad = data[0] & 8,
                                     .block_size = data[1],
                                     .st_min = data[2],
                                     .waits_max = data[3],
                                     .gap_ns = data[5] * VB_NS_PER_MS / 10};
    b.room = malloc(cap + 1); /* of their exact size: the sanitizer sees the byte behind */
    b.heard = malloc(cap + 1);
    require(b.room && b.heard);
    for (size_t i = 0; i < sizeof b.bytes; i++) {
        b.bytes[i] = (uint8_t)(i * 31 + i / 256);
    }
    require(vb_isotp_init(&b.m, &config, b.room, cap, 0) == VB_OK);
    vb_isotp_listener_init(&b.listener, b.heard, cap, config.rx_address);
    for (size_t at = 6; at + 1 < size;) {
        unsigned what = data[at] & 7;
        unsigned with = data[at] >> 3;
        uint8_t low = data[at + 1];
        at += 2;
        switch (what) {
        case 0:
            b.now += (with + 1) * low * VB_NS_PER_MS / 10;
            break;
        case 1:
            b.now = vb_isotp_deadline_ns(&b.m) == INT64_MAX ? b.now : vb_isotp_deadline_ns(&b.m);
            break;
        case 2:
            send_bytes(&b, with, low);
            break;
        case 3:
            vb_isotp_hold(&b.m, low & 1, b.now);
            break;
        case 4: {
            size_t n = low % 65 < size - at ? low % 65 : size - at;
            hear(&b, data + at, n);
            at += n;
            break;
        }
        case 5: { /* the next frame of a message that comes */
            uint8_t next[9] = {0x20, (uint8_t)(0x20 | b.m.rx.next)};
            bool skip = config.rx_address == VB_ISOTP_NO_ADDRESS;
            next[2] = low;
            hear(&b, next + skip, 8);
            break;
        }
        case 6: { /* flow control */
            uint8_t flow[4] = {0x20, (uint8_t)(0x30 | (with & 3)), low, (uint8_t)(with * 9)};
            bool skip = config.rx_address == VB_ISOTP_NO_ADDRESS;
            hear(&b, flow + skip, skip ? 3 : 4);
            break;
        }
        default:
            if (low == 0) {
                vb_isotp_stop(&b.m);
                b.sending = 0;
            }
            break;
        }
        events(&b);
        vb_isotp_tick(&b.m, b.now);
        events(&b);
        take(&b);
        events(&b);
        require(vb_isotp_deadline_ns(&b.m) > b.now);
    }
    /* left alone, everything ends */
    for (unsigned i = 0; i < 40000 && vb_isotp_deadline_ns(&b.m) != INT64_MAX; i++) {
        b.now = vb_isotp_deadline_ns(&b.m);
        vb_isotp_tick(&b.m, b.now);
        events(&b);
        take(&b);
        events(&b);
    }
    require(vb_isotp_deadline_ns(&b.m) == INT64_MAX && b.sending == 0);
    free(b.room);
    free(b.heard);
    return 0;
}
