/* frame.c - the frame as text: "1DB#0011223344556677", "22#AB841EF42E847A".
 * Left out: CAN XL.
 * Facts: reference/can-transports.md section 1.1 (candump); the two-digit LIN form is voltbus' own.
 * SPDX-License-Identifier: MIT */
#include "voltbus/frame.h"

#include <stdbool.h>
#include <string.h>

#include "voltbus/hex.h"

#define CAN_ERR_BIT 0x20000000u /* SocketCAN marks error frames in the id */
#define CAN_SFF_MAX 0x7FFu
#define CAN_EFF_MAX 0x1FFFFFFFu
#define LIN_ID_MAX  0x3Fu

const char *vb_kind_text(enum vb_kind kind) {
    switch (kind) {
#define X(name, text)                                                                              \
    case VB_KIND_##name:                                                                           \
        return text;
        VB_KINDS(X)
#undef X
    case VB_KIND_COUNT:
        break;
    }
    return "unknown";
}

/* Lengths that CAN FD can have. */
static bool is_fd_length(uint32_t n) {
    return n <= 8 || n == 12 || n == 16 || n == 20 || n == 24 || n == 32 || n == 48 || n == 64;
}

int vb_frame_can_check(const struct vb_frame *frame) {
    bool wide = frame->flags & (VB_FRAME_EXT | VB_FRAME_ERR);
    bool fd = frame->flags & VB_FRAME_FD;
    bool remote = frame->flags & VB_FRAME_RTR;
    if (frame->kind != VB_KIND_CAN || frame->id > (wide ? CAN_EFF_MAX : CAN_SFF_MAX) ||
        (fd ? !is_fd_length(frame->len) : frame->len > 8) ||
        (remote && (fd || frame->len > 0 || frame->remote_len > 8))) {
        return VB_E_RANGE;
    }
    return VB_OK;
}

static char printable(uint8_t c) {
    return c >= ' ' && c < 0x7F ? (char)c : '?';
}

size_t vb_frame_id_text(const struct vb_frame *frame, char *out) {
    if (frame->kind == VB_KIND_RAPI) {
        out[0] = frame->id ? printable(frame->id >> 8 & 0xFF) : '-';
        out[1] = frame->id ? printable(frame->id & 0xFF) : '-';
        return 2;
    }
    if (frame->kind == VB_KIND_PLC || frame->kind == VB_KIND_V2G) {
        return vb_hex_number(frame->id, 4, out);
    }
    if (frame->kind != VB_KIND_CAN) {
        return vb_hex_number(frame->id, 2, out);
    }
    if (frame->flags & VB_FRAME_ERR) {
        return vb_hex_number(frame->id | CAN_ERR_BIT, 8, out);
    }
    return vb_hex_number(frame->id, frame->flags & VB_FRAME_EXT ? 8 : 3, out);
}

/* The id before '#': how many digits tell the kind. */
static int read_id(const char *text, size_t digits, struct vb_frame *frame) {
    uint32_t id = 0;
    for (size_t i = 0; i < digits; i++) {
        id = id << 4 | (uint32_t)vb_hex_digit(text[i]);
    }
    switch (digits) {
    case 2:
        frame->kind = VB_KIND_LIN;
        frame->id = id;
        return id <= LIN_ID_MAX ? VB_OK : VB_E_RANGE;
    case 3:
        frame->kind = VB_KIND_CAN;
        frame->id = id;
        return id <= CAN_SFF_MAX ? VB_OK : VB_E_RANGE;
    case 8:
        frame->kind = VB_KIND_CAN;
        if (id & CAN_ERR_BIT) {
            frame->flags = VB_FRAME_ERR;
            id &= ~CAN_ERR_BIT;
        } else {
            frame->flags = VB_FRAME_EXT;
        }
        frame->id = id;
        return id <= CAN_EFF_MAX ? VB_OK : VB_E_RANGE;
    default:
        return VB_E_FORMAT;
    }
}

/* Where text[first..n) ends without "_9" .. "_F": a raw DLC above 8, as candump writes it behind 8
 * bytes. The frame has 8 bytes all the same. */
static size_t before_raw_dlc(const char *text, size_t first, size_t n) {
    bool has = n - first >= 2 && text[n - 2] == '_' && vb_hex_digit(text[n - 1]) > 8;
    return has ? n - 2 : n;
}

int vb_frame_read(const char *text, size_t n, struct vb_frame *frame, uint8_t data[64],
                  size_t *at) {
    size_t i = 0;
    while (i < n && (text[i] == ' ' || text[i] == '\t')) {
        i++;
    }
    while (n > i && (text[n - 1] == ' ' || text[n - 1] == '\t')) {
        n--;
    }
    size_t first = i;
    while (i < n && vb_hex_digit(text[i]) >= 0) {
        i++;
    }
    size_t place_unused;
    size_t *place = at ? at : &place_unused;
    *place = i;
    if (i == n || text[i] != '#' || i - first > 8) {
        return VB_E_FORMAT;
    }
    struct vb_frame got = {.data = data};
    int result = read_id(text + first, i - first, &got);
    if (result < 0) {
        *place = first;
        return result;
    }
    i++;
    if (got.kind == VB_KIND_CAN && i < n && (text[i] == 'R' || text[i] == 'r')) {
        got.flags |= VB_FRAME_RTR;
        i++;
        if (i < n && text[i] >= '0' && text[i] <= '8') {
            got.remote_len = (uint8_t)(text[i++] - '0');
        }
        size_t end = got.remote_len == 8 ? before_raw_dlc(text, i, n) : n;
        *place = i;
        if (i < end) {
            return VB_E_FORMAT;
        }
        *frame = got;
        return VB_OK;
    }
    size_t cap = 8;
    if (got.kind == VB_KIND_CAN && i < n && text[i] == '#') {
        int fd_flags = i + 1 < n ? vb_hex_digit(text[i + 1]) : -1;
        if (fd_flags < 0) {
            *place = i + 1;
            return VB_E_FORMAT;
        }
        got.flags |= (uint16_t)(VB_FRAME_FD | (fd_flags & 1 ? VB_FRAME_BRS : 0) |
                                (fd_flags & 2 ? VB_FRAME_ESI : 0));
        cap = 64;
        i += 2;
    }
    size_t end = got.kind == VB_KIND_CAN && cap == 8 ? before_raw_dlc(text, i, n) : n;
    size_t used;
    int count = vb_hex_read(text + i, end - i, data, cap, &used);
    *place = i + used;
    if (count < 0) {
        return count == VB_E_SPACE ? VB_E_RANGE : count;
    }
    if (got.flags & VB_FRAME_FD && !is_fd_length((uint32_t)count)) {
        return VB_E_RANGE;
    }
    if (end < n && count != 8) {
        *place = end;
        return VB_E_FORMAT;
    }
    got.len = (uint32_t)count;
    *frame = got;
    return VB_OK;
}

/* A line as it stood on the wire. */
static size_t line_text(const struct vb_frame *frame, char *out) {
    char *p = out;
    *p++ = '$';
    for (uint32_t i = 0; i < frame->len; i++) {
        *p++ = printable(frame->data[i]);
    }
    for (uint32_t i = 0; i < frame->side_len; i++) {
        *p++ = printable(frame->side[i]);
    }
    return (size_t)(p - out);
}

size_t vb_frame_text(const struct vb_frame *frame, char *out) {
    char *p = out;
    if (frame->kind == VB_KIND_RAPI) {
        return line_text(frame, out);
    }
    if (frame->kind != VB_KIND_RADIO) {
        p += vb_frame_id_text(frame, p);
        *p++ = '#';
    }
    if (frame->flags & VB_FRAME_RTR) {
        *p++ = 'R';
        if (frame->remote_len >= 1 && frame->remote_len <= 8) {
            *p++ = (char)('0' + frame->remote_len);
        }
        return (size_t)(p - out);
    }
    if (frame->flags & VB_FRAME_FD) {
        *p++ = '#';
        p += vb_hex_number(4 | (frame->flags & VB_FRAME_BRS ? 1 : 0) |
                               (frame->flags & VB_FRAME_ESI ? 2 : 0),
                           1, p);
    }
    p += vb_hex_write(frame->data, frame->len, p);
    return (size_t)(p - out);
}
