/* isotp_pdu.c - ISO-TP frame by frame, and messages put together by who only listens.
 * Left out: flow control and time limits of a session (isotp.c).
 * Facts: ISO 15765-2:2016 chapter 9.
 * SPDX-License-Identifier: MIT */
#include "voltbus/isotp_pdu.h"

#include <string.h>

#include "voltbus/time.h"

#define CLASSIC  8    /* bytes of the longest frame of classic CAN */
#define SHORT_FF 4095 /* the longest message whose length has 12 bits */

static const struct {
    const char *text, *why;
} results[] = {
#define X(name, text, sentence) [VB_ISOTP_RESULT_##name] = {text, sentence},
    VB_ISOTP_RESULTS(X)
#undef X
};
#define RESULTS (sizeof results / sizeof results[0])

const char *vb_isotp_result_text(enum vb_isotp_result result) {
    return (size_t)result < RESULTS ? results[result].text : "unknown";
}

const char *vb_isotp_result_why(enum vb_isotp_result result) {
    return (size_t)result < RESULTS ? results[result].why : "unknown";
}

int64_t vb_isotp_st_min_ns(uint8_t st_min) {
    if (st_min >= 0xF1 && st_min <= 0xF9) {
        return (st_min - 0xF0) * 100 * VB_NS_PER_US;
    }
    return (st_min <= 0x7F ? st_min : 0x7F) * VB_NS_PER_MS;
}

/* ---- one frame; p: n bytes behind the address, of a frame of `whole` bytes ---- */

/* Frames beyond 8 bytes have the length in a byte of its own. */
static int read_single(const uint8_t *p, size_t n, size_t whole, struct vb_isotp_pdu *pdu) {
    size_t head = whole > CLASSIC ? 2 : 1;
    size_t behind_address = CLASSIC - (whole - n); /* what a classic frame has behind the address */
    uint32_t len = p[0] & 15u;
    if (head == 2) {
        if (len != 0) {
            return VB_E_FORMAT;
        }
        len = p[1];
    }
    bool fits = len > 0 && head + len <= n && (head == 1 || len >= behind_address);
    if (!fits) {
        return VB_E_FORMAT;
    }
    *pdu = (struct vb_isotp_pdu){
        .kind = VB_ISOTP_SINGLE, .len = len, .count = (uint8_t)len, .data = p + head};
    return VB_OK;
}

static int read_first(const uint8_t *p, size_t n, size_t whole, struct vb_isotp_pdu *pdu) {
    size_t head = 2;
    if (whole < CLASSIC) {
        return VB_E_FORMAT;
    }
    uint32_t len = (uint32_t)(p[0] & 15) << 8 | p[1];
    if (len == 0) {
        head = 6;
        len = (uint32_t)p[2] << 24 | (uint32_t)p[3] << 16 | (uint32_t)p[4] << 8 | p[5];
        if (len <= SHORT_FF) {
            return VB_E_FORMAT;
        }
    }
    /* a message that a single frame of this size could have carried is none (9.6.3.1) */
    if (len <= n - (whole > CLASSIC ? 2 : 1)) {
        return VB_E_FORMAT;
    }
    *pdu = (struct vb_isotp_pdu){
        .kind = VB_ISOTP_FIRST, .len = len, .count = (uint8_t)(n - head), .data = p + head};
    return VB_OK;
}

int vb_isotp_read(const struct vb_frame *frame, int address, struct vb_isotp_pdu *pdu) {
    size_t skip = address != VB_ISOTP_NO_ADDRESS;
    if (frame->kind != VB_KIND_CAN || frame->fault != VB_FAULT_NONE ||
        frame->flags & (VB_FRAME_RTR | VB_FRAME_ERR) || frame->len > 64 || frame->len < skip ||
        (skip && frame->data[0] != address)) {
        return VB_E_UNKNOWN;
    }
    const uint8_t *p = frame->data + skip;
    size_t n = frame->len - skip;
    if (n == 0) {
        return VB_E_FORMAT;
    }
    switch (p[0] >> 4) {
    case VB_ISOTP_SINGLE:
        return read_single(p, n, frame->len, pdu);
    case VB_ISOTP_FIRST:
        return read_first(p, n, frame->len, pdu);
    case VB_ISOTP_CONSECUTIVE:
        if (n < 2) {
            return VB_E_FORMAT;
        }
        *pdu = (struct vb_isotp_pdu){.kind = VB_ISOTP_CONSECUTIVE,
                                     .number = p[0] & 15,
                                     .count = (uint8_t)(n - 1),
                                     .data = p + 1};
        return VB_OK;
    case VB_ISOTP_FLOW:
        if (n < 3) {
            return VB_E_FORMAT;
        }
        *pdu = (struct vb_isotp_pdu){
            .kind = VB_ISOTP_FLOW, .number = p[0] & 15, .block_size = p[1], .st_min = p[2]};
        return VB_OK;
    default:
        return VB_E_FORMAT;
    }
}

/* ---- a message ---- */

void vb_isotp_listener_init(struct vb_isotp_listener *listener, uint8_t *buffer, uint32_t cap,
                            int address) {
    *listener = (struct vb_isotp_listener){.buffer = buffer, .cap = cap, .address = address};
}

static struct vb_isotp_step begin(struct vb_isotp_listener *l, const struct vb_isotp_pdu *pdu,
                                  struct vb_isotp_step step) {
    if (l->open) {
        step.broken = VB_ISOTP_RESULT_UNEXPECTED;
    }
    l->open = false;
    l->len = pdu->len;
    l->got = 0;
    if (pdu->len > l->cap) {
        step.broken = VB_ISOTP_RESULT_NO_ROOM;
        return step;
    }
    memcpy(l->buffer, pdu->data, pdu->count);
    l->got = pdu->count;
    l->open = pdu->kind == VB_ISOTP_FIRST;
    l->next = 1;
    size_t in_first = pdu->len > SHORT_FF ? 6 : 2;
    l->full = (uint8_t)(pdu->count + in_first - 1);
    step.what = l->open ? VB_ISOTP_BEGUN : VB_ISOTP_COMPLETE;
    return step;
}

static struct vb_isotp_step go_on(struct vb_isotp_listener *l, const struct vb_isotp_pdu *pdu,
                                  struct vb_isotp_step step) {
    uint32_t left = l->len - l->got;
    uint32_t whole = left < l->full ? left : l->full;
    if (!l->open || pdu->count < whole) { /* of no message, or cut: as if it had not come */
        return step;
    }
    if (pdu->number != l->next) {
        l->open = false;
        step.broken = VB_ISOTP_RESULT_WRONG_SN;
        return step;
    }
    memcpy(l->buffer + l->got, pdu->data, whole);
    l->got += whole;
    l->next = (l->next + 1) & 15;
    l->open = l->got < l->len;
    step.what = l->open ? VB_ISOTP_MORE : VB_ISOTP_COMPLETE;
    return step;
}

struct vb_isotp_step vb_isotp_listen(struct vb_isotp_listener *listener,
                                     const struct vb_isotp_pdu *pdu, int64_t t_ns) {
    struct vb_isotp_step step = {VB_ISOTP_NOTHING, VB_ISOTP_RESULT_OK};
    int64_t silence_ns;
    if (pdu->kind == VB_ISOTP_FLOW) {
        return step;
    }
    if (listener->open && !__builtin_sub_overflow(t_ns, listener->t_ns, &silence_ns) &&
        silence_ns > VB_ISOTP_SILENCE_NS) {
        listener->open = false;
        step.broken = VB_ISOTP_RESULT_TIMEOUT_CR;
    }
    listener->t_ns = t_ns;
    return pdu->kind == VB_ISOTP_CONSECUTIVE ? go_on(listener, pdu, step)
                                             : begin(listener, pdu, step);
}
