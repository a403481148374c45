/* gvret.c - GVRET binary in both directions, from both sides.
 * Facts: reference/can-transports.md section 2.2, docs/gvret.md.
 * SPDX-License-Identifier: MIT */
#include "voltbus/gvret.h"

#include <string.h>

#include "voltbus/bits.h"

#define START   0xF1
#define EXT_BIT 0x80000000u

static const struct row {
    uint8_t number;
    uint8_t body[2]; /* of a host, of a device */
} rows[] = {
#define X(name, number, host, device, title) {number, {host, device}},
    VB_GVRET_COMMANDS(X)
#undef X
};
#define ROWS (sizeof rows / sizeof rows[0])

enum state {
    OUTSIDE,
    COMMAND, /* F1 was there */
    BODY,
};

/* Where the parts of a frame stand in its body. A device of CAN writes bus and length into one
 * byte, one of CAN FD the length before the bus, a host after it. */
static const struct layout {
    uint8_t id, bus, len, data;
} layouts[2][2] = {
    /* from a host, from a device */
    {{0, 4, 5, 6}, {4, 8, 8, 9}},  /* CAN */
    {{0, 4, 5, 6}, {4, 9, 8, 10}}, /* CAN FD */
};

static const struct layout *layout_of(uint8_t body, bool device) {
    return &layouts[body == VB_GVRET_FD][device];
}

static bool is_frame(uint8_t body) {
    return body == VB_GVRET_CAN || body == VB_GVRET_FD;
}

/* The other side, whose messages we read. */
static bool from_device(const struct vb_gvret *s) {
    return s->side == VB_GVRET_HOST;
}

static uint8_t body_of(const struct vb_gvret *s) {
    return rows[s->row].body[from_device(s)];
}

static size_t find(uint8_t number) {
    size_t i = 0;
    while (i < ROWS && rows[i].number != number) {
        i++;
    }
    return i;
}

void vb_gvret_init(struct vb_gvret *s, enum vb_gvret_side side) {
    memset(s, 0, sizeof *s);
    s->side = (uint8_t)side;
}

static void take_command(struct vb_gvret *s, uint8_t c) {
    size_t row = find(c);
    if (c == START) { /* the one before was no beginning: a sum, or half a message */
        return;
    }
    uint8_t body = row < ROWS ? rows[row].body[from_device(s)] : VB_GVRET_NONE;
    if (body == VB_GVRET_NONE) {
        s->state = OUTSIDE;
        s->alone = c;
        s->ready = true;
        return;
    }
    s->row = (uint8_t)row;
    s->have = 0;
    s->need = is_frame(body) ? layout_of(body, from_device(s))->data : body;
    s->state = BODY;
    s->ready = s->need == 0;
}

/* The head of a frame is there: how long is it? A length that no frame has ends it here. */
static void take_length(struct vb_gvret *s, uint8_t body) {
    const struct layout *at = layout_of(body, from_device(s));
    uint8_t len = s->body[at->len];
    if (at->bus == at->len) {
        len &= 0x0F;
    }
    if (len <= (body == VB_GVRET_FD ? 64 : 8)) {
        s->need = (uint8_t)(at->data + len);
    }
    s->ready = s->have == s->need;
}

static void take(struct vb_gvret *s, uint8_t c) {
    switch (s->state) {
    case OUTSIDE:
        if (c == START) {
            s->state = COMMAND;
        } else if (c == VB_GVRET_BINARY && s->side == VB_GVRET_DEVICE) {
            s->alone = c;
            s->ready = true;
        }
        break;
    case COMMAND:
        take_command(s, c);
        break;
    default:
        s->body[s->have++] = c;
        if (s->have < s->need) {
            break;
        }
        if (is_frame(body_of(s)) && s->have == layout_of(body_of(s), from_device(s))->data) {
            take_length(s, body_of(s));
        } else {
            s->ready = true;
        }
        break;
    }
}

size_t vb_gvret_feed(struct vb_gvret *s, const uint8_t *buf, size_t n) {
    size_t used = 0;
    while (used < n && !s->ready) {
        take(s, buf[used++]);
    }
    return used;
}

/* The 32 bits begin again every 71.6 minutes; a little back is no new round. */
static int64_t unwrap(struct vb_gvret *s) {
    uint32_t now = (uint32_t)vb_bits_get_le(s->body, 0, 32);
    if (s->stamped) {
        s->t_us += (int32_t)(now - (uint32_t)s->t_us);
    } else {
        s->t_us = now;
        s->stamped = true;
    }
    return s->t_us;
}

static int read_frame(struct vb_gvret *s, struct vb_gvret_event *event) {
    uint8_t body = body_of(s);
    const struct layout *at = layout_of(body, from_device(s));
    uint32_t id = (uint32_t)vb_bits_get_le(s->body, 8u * at->id, 32);
    bool joined = at->bus == at->len;
    event->what = VB_GVRET_WHAT_FRAME;
    event->bus = joined ? s->body[at->bus] >> 4 : s->body[at->bus];
    event->frame = (struct vb_frame){
        .id = id & ~EXT_BIT,
        .flags =
            (uint16_t)((id & EXT_BIT ? VB_FRAME_EXT : 0) | (body == VB_GVRET_FD ? VB_FRAME_FD : 0)),
        .kind = VB_KIND_CAN,
        .len = joined ? s->body[at->len] & 0x0Fu : s->body[at->len],
        .data = s->body + at->data,
    };
    return vb_frame_can_check(&event->frame);
}

bool vb_gvret_next(struct vb_gvret *s, struct vb_gvret_event *event) {
    if (!s->ready) {
        return false;
    }
    int result = VB_OK;
    *event = (struct vb_gvret_event){.what = VB_GVRET_WHAT_BINARY, .command = s->alone};
    if (s->state == BODY) {
        event->command = rows[s->row].number;
        if (is_frame(body_of(s))) {
            result = read_frame(s, event);
        } else {
            event->what = VB_GVRET_WHAT_MESSAGE;
            event->body = s->body;
            event->len = s->have;
        }
        bool timed = event->what == VB_GVRET_WHAT_FRAME || event->command == VB_GVRET_TIME;
        if (from_device(s) && timed && result == VB_OK) {
            event->t_us = unwrap(s);
        }
    } else if (s->alone != VB_GVRET_BINARY || s->side != VB_GVRET_DEVICE) {
        result = VB_E_UNKNOWN;
    }
    s->state = OUTSIDE;
    s->ready = false;
    s->alone = 0;
    if (result < 0) {
        s->bad++;
        event->what = VB_GVRET_WHAT_BAD;
        event->error = result;
    }
    return true;
}

/* ---- writing ---- */

int vb_gvret_put_frame(enum vb_gvret_side side, const struct vb_frame *frame, unsigned bus,
                       int64_t t_us, uint8_t *out) {
    bool fd = frame->flags & VB_FRAME_FD;
    bool device = side == VB_GVRET_DEVICE;
    const struct layout *at = &layouts[fd][device];
    bool joined = at->bus == at->len;
    unsigned bus_most = fd ? 255 : joined ? 15 : 3;
    if (vb_frame_can_check(frame) < 0 || frame->flags & (VB_FRAME_RTR | VB_FRAME_ERR) ||
        bus > bus_most) {
        return VB_E_RANGE;
    }
    uint8_t *body = out + 2;
    out[0] = START;
    out[1] = fd ? VB_GVRET_FD_FRAME : VB_GVRET_FRAME;
    if (device) {
        vb_bits_put_le(body, 0, 32, (uint32_t)t_us);
    }
    vb_bits_put_le(body, 8u * at->id, 32, frame->id | (frame->flags & VB_FRAME_EXT ? EXT_BIT : 0));
    body[at->bus] = (uint8_t)bus;
    body[at->len] = (uint8_t)(joined ? bus << 4 | frame->len : frame->len);
    if (frame->len > 0) {
        memcpy(body + at->data, frame->data, frame->len);
    }
    size_t n = 2u + at->data + frame->len;
    out[n] = 0; /* the sum */
    return (int)n + 1;
}

int vb_gvret_put(enum vb_gvret_side side, enum vb_gvret_command command, const uint8_t *body,
                 size_t n, uint8_t *out) {
    size_t row = find((uint8_t)command);
    uint8_t needed = row < ROWS ? rows[row].body[side == VB_GVRET_DEVICE] : VB_GVRET_NONE;
    if (needed == VB_GVRET_NONE || is_frame(needed)) {
        return VB_E_UNKNOWN;
    }
    if (n != needed) {
        return VB_E_RANGE;
    }
    out[0] = START;
    out[1] = (uint8_t)command;
    if (n == 0) {
        return 2;
    }
    memcpy(out + 2, body, n);
    if (side == VB_GVRET_DEVICE) {
        return (int)n + 2;
    }
    out[2 + n] = 0; /* the sum */
    return (int)n + 3;
}
