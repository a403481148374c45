/* message.c - integrity rules of a frame: checking and making good.
 * Facts: reference/leaf-can.md section 1 (Nissan), weather.md section 2 (Fine Offset).
 * SPDX-License-Identifier: MIT */
#include "voltbus/message.h"

#include <string.h>

#include "voltbus/bits.h"

static unsigned nibbles(const uint8_t *data, size_t n) {
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (data[i] >> 4) + (data[i] & 15u);
    }
    return sum;
}

uint8_t vb_check_expected(const struct vb_check *check, uint32_t id, const uint8_t *data) {
    switch (check->rule) {
    case VB_RULE_CRC8:
        return vb_crc8(check->crc, data, check->at);
    case VB_RULE_SUM:
        return vb_sum8(data, check->at);
    case VB_RULE_SUM_ID:
        return (uint8_t)(vb_sum8(data, check->at) + (id >> 8 & 0xFF) + (id & 0xFF));
    default: { /* VB_RULE_NIBBLES_ID */
        unsigned high = data[check->at] & 0xF0u;
        unsigned sum =
            nibbles(data, check->at) + (high >> 4) + (id & 15) + (id >> 4 & 15) + (id >> 8 & 15);
        return (uint8_t)(high | (sum & 15));
    }
    }
}

enum vb_fault vb_message_check(const struct vb_message *message, const struct vb_frame *frame) {
    uint32_t len =
        frame->kind == VB_KIND_RAPI ? vb_field_count(frame->data, frame->len) : frame->len;
    if (len < message->len_min || len > message->len_max) {
        return VB_FAULT_LENGTH;
    }
    for (unsigned i = 0; i < message->check_count; i++) {
        const struct vb_check *check = &message->checks[i];
        if (check->rule == VB_RULE_COUNTER) {
            continue;
        }
        if (check->at >= frame->len) {
            return VB_FAULT_LENGTH;
        }
        if (frame->data[check->at] != vb_check_expected(check, frame->id, frame->data)) {
            return check->rule == VB_RULE_CRC8 ? VB_FAULT_CRC : VB_FAULT_SUM;
        }
    }
    return VB_FAULT_NONE;
}

bool vb_message_marked(const struct vb_message *message, const uint8_t *data, size_t n) {
    const struct vb_mark *mark = message->mark;
    if (!mark || n <= mark->at) {
        return !mark;
    }
    size_t there = n - mark->at;
    return memcmp(data + mark->at, mark->bytes, there < mark->len ? there : mark->len) == 0;
}

uint8_t vb_message_counter(const struct vb_message *message, const struct vb_frame *frame,
                           unsigned *bits) {
    for (unsigned i = 0; i < message->check_count; i++) {
        const struct vb_check *check = &message->checks[i];
        if (check->rule == VB_RULE_COUNTER &&
            vb_bits_inside_le(frame->len, check->at, check->len)) {
            if (bits) {
                *bits = check->len;
            }
            return (uint8_t)vb_bits_get_le(frame->data, check->at, check->len);
        }
    }
    if (bits) {
        *bits = 0;
    }
    return 0;
}

int vb_message_seal(const struct vb_message *message, uint32_t id, uint8_t *data, size_t n,
                    uint32_t counter) {
    if (n < message->len_min) {
        return VB_E_SPACE;
    }
    for (unsigned i = 0; i < message->check_count; i++) {
        const struct vb_check *check = &message->checks[i];
        if (check->rule == VB_RULE_COUNTER) {
            if (!vb_bits_inside_le(n, check->at, check->len)) {
                return VB_E_SPACE;
            }
            vb_bits_put_le(data, check->at, check->len, counter);
        } else if (check->at >= n) {
            return VB_E_SPACE;
        } else {
            data[check->at] = vb_check_expected(check, id, data);
        }
    }
    return VB_OK;
}
