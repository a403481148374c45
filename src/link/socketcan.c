/* socketcan.c - frames as Linux has them in memory, and what its error frames say.
 * Facts: reference/can-transports.md section 2.6; linux/can.h and linux/can/error.h.
 * SPDX-License-Identifier: MIT */
#include "voltbus/socketcan.h"

#include <stdbool.h>
#include <string.h>

/* In the id. */
#define EXT_BIT 0x80000000u
#define RTR_BIT 0x40000000u
#define ERR_BIT 0x20000000u
#define ID_MASK 0x1FFFFFFFu

/* Where things stand behind it. */
enum { AT_LEN = 4, AT_FD_FLAGS = 5, AT_DATA = 8 };

enum {
    FD_BRS = 0x01,
    FD_ESI = 0x02,
    FD_MARK =
        0x04, /* "this is CAN FD": newer kernels set it; the length of the frame says it, too */
};

int vb_socketcan_read(const uint8_t *buf, size_t n, struct vb_frame *frame) {
    bool fd = n == VB_SOCKETCAN_FD;
    uint32_t id;
    if (n != VB_SOCKETCAN_CLASSIC && !fd) {
        return VB_E_FORMAT;
    }
    memcpy(&id, buf, sizeof id);
    struct vb_frame got = {
        .id = id & ID_MASK, .kind = VB_KIND_CAN, .len = buf[AT_LEN], .data = buf + AT_DATA};
    got.flags = (uint16_t)((id & EXT_BIT ? VB_FRAME_EXT : 0) | (id & RTR_BIT ? VB_FRAME_RTR : 0) |
                           (id & ERR_BIT ? VB_FRAME_ERR : 0));
    if (fd) {
        got.flags |= (uint16_t)(VB_FRAME_FD | (buf[AT_FD_FLAGS] & FD_BRS ? VB_FRAME_BRS : 0) |
                                (buf[AT_FD_FLAGS] & FD_ESI ? VB_FRAME_ESI : 0));
    } else if (id & RTR_BIT) { /* it has a length, and no bytes */
        got.remote_len = buf[AT_LEN];
        got.len = 0;
    }
    if (vb_frame_can_check(&got) < 0) {
        return VB_E_FORMAT;
    }
    *frame = got;
    return VB_OK;
}

int vb_socketcan_write(const struct vb_frame *frame, uint8_t *out) {
    if (vb_frame_can_check(frame) < 0) {
        return VB_E_RANGE;
    }
    uint32_t id = frame->id | (frame->flags & VB_FRAME_EXT ? EXT_BIT : 0) |
                  (frame->flags & VB_FRAME_RTR ? RTR_BIT : 0) |
                  (frame->flags & VB_FRAME_ERR ? ERR_BIT : 0);
    memset(out, 0, VB_SOCKETCAN_FD);
    memcpy(out, &id, sizeof id);
    out[AT_LEN] = (uint8_t)(frame->flags & VB_FRAME_RTR ? frame->remote_len : frame->len);
    if (frame->len > 0) {
        memcpy(out + AT_DATA, frame->data, frame->len);
    }
    if (!(frame->flags & VB_FRAME_FD)) {
        return VB_SOCKETCAN_CLASSIC;
    }
    out[AT_FD_FLAGS] = (uint8_t)(FD_MARK | (frame->flags & VB_FRAME_BRS ? FD_BRS : 0) |
                                 (frame->flags & VB_FRAME_ESI ? FD_ESI : 0));
    return VB_SOCKETCAN_FD;
}

/* ---- error frames ---- */

/* The classes, bits of the id. */
enum {
    CLASS_CONTROLLER = 0x004, /* byte 1 has more */
    CLASS_PROTOCOL = 0x008,   /* bytes 2 and 3 */
    CLASS_BUS_OFF = 0x040,
    CLASS_RESTARTED = 0x100,
    CLASS_COUNTERS = 0x200, /* bytes 6 and 7 */
};

enum { IN_ID = -1 };

/* One bit of it in words. state: what it means for the controller; NONE: nothing. */
#define NONE VB_SOCKETCAN_STATE_COUNT
static const struct {
    uint32_t in_class; /* the bit means something there only; 0: everywhere */
    int byte;          /* of the data, or IN_ID */
    uint32_t bit;
    uint8_t state;
    const char *text;
} bits[] = {
    {0, IN_ID, CLASS_BUS_OFF, VB_SOCKETCAN_BUS_OFF, "bus-off"},
    {0, IN_ID, CLASS_RESTARTED, VB_SOCKETCAN_ACTIVE, "started anew"},
    {CLASS_CONTROLLER, 1, 0x40, VB_SOCKETCAN_ACTIVE, "error active again"},
    {CLASS_CONTROLLER, 1, 0x20, VB_SOCKETCAN_PASSIVE, "error passive in sending"},
    {CLASS_CONTROLLER, 1, 0x10, VB_SOCKETCAN_PASSIVE, "error passive in receiving"},
    {CLASS_CONTROLLER, 1, 0x08, VB_SOCKETCAN_WARNING, "many errors in sending"},
    {CLASS_CONTROLLER, 1, 0x04, VB_SOCKETCAN_WARNING, "many errors in receiving"},
    {CLASS_CONTROLLER, 1, 0x02, NONE, "the controller's send buffer overflowed"},
    {CLASS_CONTROLLER, 1, 0x01, NONE, "the controller's receive buffer overflowed"},
    {0, IN_ID, 0x001, NONE, "sending took too long"},
    {0, IN_ID, 0x002, NONE, "arbitration lost"},
    {0, IN_ID, 0x010, NONE, "transceiver error"},
    {0, IN_ID, 0x020, NONE, "no acknowledgement"},
    {0, IN_ID, 0x080, NONE, "bus error"},
    {CLASS_PROTOCOL, 2, 0x01, NONE, "wrong bit"},
    {CLASS_PROTOCOL, 2, 0x02, NONE, "wrong form"},
    {CLASS_PROTOCOL, 2, 0x04, NONE, "wrong stuffing"},
    {CLASS_PROTOCOL, 2, 0x08, NONE, "no dominant bit could be sent"},
    {CLASS_PROTOCOL, 2, 0x10, NONE, "no recessive bit could be sent"},
    {CLASS_PROTOCOL, 2, 0x20, NONE, "bus overloaded"},
    {CLASS_PROTOCOL, 2, 0x40, NONE, "active error frame"},
    {CLASS_PROTOCOL, 2, 0x80, NONE, "while sending"},
};

static uint32_t data_byte(const struct vb_frame *frame, int byte) {
    return byte >= 0 && (uint32_t)byte < frame->len ? frame->data[byte] : 0;
}

/* Does the frame have bit number i of the table? */
static bool has(const struct vb_frame *frame, size_t i) {
    uint32_t word = bits[i].byte == IN_ID ? frame->id : data_byte(frame, bits[i].byte);
    return (bits[i].in_class == 0 || frame->id & bits[i].in_class) && word & bits[i].bit;
}

const char *vb_socketcan_state_text(unsigned state) {
    static const char *const texts[] = {
#define X(name, text) text,
        VB_SOCKETCAN_STATES(X)
#undef X
    };
    return state < VB_SOCKETCAN_STATE_COUNT ? texts[state] : "in an unknown state";
}

int vb_socketcan_error_state(const struct vb_frame *frame) {
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if (bits[i].state != NONE && has(frame, i)) {
            return bits[i].state;
        }
    }
    return VB_E_UNKNOWN;
}

static size_t add(char *out, size_t n, const char *text) {
    size_t len = strlen(text);
    if (n > 0) {
        memcpy(out + n, ", ", 2);
        n += 2;
    }
    memcpy(out + n, text, len + 1);
    return n + len;
}

/* A number up to 255 behind the text. */
static size_t add_number(char *out, size_t n, uint32_t value) {
    out[n++] = ' ';
    for (uint32_t digit = value >= 100 ? 100 : value >= 10 ? 10 : 1; digit > 0; digit /= 10) {
        out[n++] = (char)('0' + value / digit % 10);
    }
    out[n] = '\0';
    return n;
}

size_t vb_socketcan_error_text(const struct vb_frame *frame, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++) {
        if (has(frame, i)) {
            n = add(out, n, bits[i].text);
        }
    }
    if (frame->id & CLASS_COUNTERS) {
        n = add_number(out, add(out, n, "errors sent"), data_byte(frame, 6));
        n = add_number(out, add(out, n, "received"), data_byte(frame, 7));
    }
    return n > 0 ? n : add(out, 0, "unknown error");
}
