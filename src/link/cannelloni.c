/* cannelloni.c - CAN frames in UDP packets and TCP connections.
 * Facts: reference/can-transports.md section 2.4.
 * SPDX-License-Identifier: MIT */
#include "voltbus/cannelloni.h"

#include <string.h>

#include "voltbus/bits.h"

#define VERSION 2
#define OP_DATA 0

/* In the id, as SocketCAN has them. */
#define EXT_BIT 0x80000000u
#define RTR_BIT 0x40000000u
#define ERR_BIT 0x20000000u
#define ID_MASK 0x1FFFFFFFu

#define FD_BIT  0x80 /* in the length; a byte of flags follows */
#define FD_BRS  0x01
#define FD_ESI  0x02
#define FD_MARK 0x04 /* "this is FD": newer kernels set it, nobody needs it */

#define BASE 5 /* id and length */

int vb_cannelloni_frame(const uint8_t *buf, size_t n, struct vb_frame *frame) {
    if (n < BASE) {
        return VB_E_MORE;
    }
    uint32_t id = (uint32_t)vb_bits_get_be(buf, 7, 32);
    uint8_t len = buf[4] & (uint8_t)~FD_BIT;
    bool fd = buf[4] & FD_BIT;
    size_t head = BASE + (size_t)fd;
    struct vb_frame got = {.id = id & ID_MASK, .kind = VB_KIND_CAN};
    got.flags = (uint16_t)((id & EXT_BIT ? VB_FRAME_EXT : 0) | (id & RTR_BIT ? VB_FRAME_RTR : 0) |
                           (id & ERR_BIT ? VB_FRAME_ERR : 0) | (fd ? VB_FRAME_FD : 0));
    if (id & RTR_BIT) { /* it has a length, and no bytes */
        got.remote_len = len;
    } else {
        got.len = len;
    }
    if (vb_frame_can_check(&got) < 0) {
        return VB_E_FORMAT;
    }
    if (n < head + got.len) {
        return VB_E_MORE;
    }
    if (fd) {
        got.flags |= (uint16_t)((buf[BASE] & FD_BRS ? VB_FRAME_BRS : 0) |
                                (buf[BASE] & FD_ESI ? VB_FRAME_ESI : 0));
    }
    got.data = buf + head;
    *frame = got;
    return (int)(head + got.len);
}

int vb_cannelloni_put_frame(const struct vb_frame *frame, uint8_t *out) {
    if (vb_frame_can_check(frame) < 0) {
        return VB_E_RANGE;
    }
    bool fd = frame->flags & VB_FRAME_FD;
    bool remote = frame->flags & VB_FRAME_RTR;
    uint32_t id = frame->id | (frame->flags & VB_FRAME_EXT ? EXT_BIT : 0) | (remote ? RTR_BIT : 0) |
                  (frame->flags & VB_FRAME_ERR ? ERR_BIT : 0);
    size_t n = BASE;
    vb_bits_put_be(out, 7, 32, id);
    out[4] = (uint8_t)((remote ? frame->remote_len : frame->len) | (fd ? FD_BIT : 0));
    if (fd) {
        out[n++] = (uint8_t)(FD_MARK | (frame->flags & VB_FRAME_BRS ? FD_BRS : 0) |
                             (frame->flags & VB_FRAME_ESI ? FD_ESI : 0));
    }
    if (frame->len > 0) {
        memcpy(out + n, frame->data, frame->len);
    }
    return (int)(n + frame->len);
}

/* ---- packets ---- */

#define LATE_MOST 8 /* further back: the sender began anew */

static void count(struct vb_cannelloni_rx *rx, uint8_t number) {
    uint8_t ahead = (uint8_t)(number - rx->next);
    uint8_t behind = (uint8_t)(rx->next - number);
    rx->packets++;
    if (rx->started && ahead >= 128 &&
        behind <= LATE_MOST) { /* overtaken; it was counted as lost */
        rx->lost -= rx->lost > 0;
        return;
    }
    rx->lost += rx->started && ahead < 128 ? ahead : 0;
    rx->started = true;
    rx->next = (uint8_t)(number + 1);
}

int vb_cannelloni_packet(const uint8_t *buf, size_t n, struct vb_cannelloni_rx *rx,
                         struct vb_cannelloni_packet *packet) {
    if (n < VB_CANNELLONI_HEAD) {
        return VB_E_MORE;
    }
    if (buf[0] != VERSION || buf[1] != OP_DATA) {
        return VB_E_UNKNOWN;
    }
    if (rx) {
        count(rx, buf[2]);
    }
    packet->left = (unsigned)vb_bits_get_be(buf, 8 * 3 + 7, 16);
    packet->at = buf + VB_CANNELLONI_HEAD;
    packet->end = buf + n;
    return (int)packet->left;
}

int vb_cannelloni_next(struct vb_cannelloni_packet *packet, struct vb_frame *frame) {
    if (packet->left == 0) {
        return 0;
    }
    int used = vb_cannelloni_frame(packet->at, (size_t)(packet->end - packet->at), frame);
    if (used < 0) {
        packet->left = 0;
        return used;
    }
    packet->at += used;
    packet->left--;
    return 1;
}

void vb_cannelloni_put_head(uint8_t number, uint16_t frames, uint8_t *out) {
    out[0] = VERSION;
    out[1] = OP_DATA;
    out[2] = number;
    vb_bits_put_be(out, 8 * 3 + 7, 16, frames);
}

/* ---- a TCP connection ---- */

/* What is wanted of the piece that is being read: hello, or the frame as far as it is known. */
static size_t wanted(const struct vb_cannelloni *s) {
    struct vb_frame frame;
    if (!s->greeted) {
        return VB_CANNELLONI_HELLO_LEN;
    }
    if (s->have < BASE) {
        return BASE;
    }
    if (vb_cannelloni_frame(s->buffer, s->have, &frame) != VB_E_MORE) {
        return s->have;
    }
    bool fd = s->buffer[4] & FD_BIT;
    return BASE + (size_t)fd + (s->buffer[4] & (size_t)~FD_BIT);
}

size_t vb_cannelloni_feed(struct vb_cannelloni *s, const uint8_t *buf, size_t n) {
    size_t used = 0;
    size_t want;
    if (s->used > 0) { /* the frame was taken out */
        s->have = s->used = 0;
    }
    while (used < n && s->have < (want = wanted(s))) {
        size_t some = want - s->have < n - used ? want - s->have : n - used;
        memcpy(s->buffer + s->have, buf + used, some);
        s->have = (uint8_t)(s->have + some);
        used += some;
    }
    return used;
}

int vb_cannelloni_take(struct vb_cannelloni *s, struct vb_frame *frame) {
    if (s->used > 0) {
        s->have = s->used = 0;
    }
    if (!s->greeted) {
        if (memcmp(s->buffer, VB_CANNELLONI_HELLO, s->have) != 0) {
            return VB_E_UNKNOWN;
        }
        if (s->have == VB_CANNELLONI_HELLO_LEN) {
            s->greeted = true;
            s->have = 0;
        }
        return 0;
    }
    int result = vb_cannelloni_frame(s->buffer, s->have, frame);
    if (result == VB_E_MORE) {
        return 0;
    }
    if (result > 0) {
        s->used = (uint8_t)result;
        return 1;
    }
    return result;
}
