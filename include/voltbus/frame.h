/* voltbus/frame.h - the frame: a time, a bus, a kind, an id, bytes.
 * A frame is a view: the bytes belong to whoever made it and live until the maker is called again;
 * who keeps a frame copies its bytes.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_FRAME_H
#define VOLTBUS_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "voltbus/err.h"

/* The kinds of wire; the text is the name of a link that a recording does not name itself. */
#define VB_KINDS(X)                                                                                \
    X(CAN, "can")     /* id: 11 or 29 bits; data: 0..8 bytes, 0..64 with VB_FRAME_FD */            \
    X(LIN, "lin")     /* id: 6 bits, without parity; data: 0..8 bytes, without the checksum */     \
    X(RADIO, "radio") /* id: the first byte of the packet; data: the whole packet */               \
    X(RAPI, "rapi") /* a line of an OpenEVSE (rapi.h). id: two letters, "GS" = 4753; data: the   \
                         text without '$' and checksum */ \
    X(PLC, "plc")   /* a HomePlug management message. id: its MMTYPE; data: the Ethernet frame */  \
    X(V2G, "v2g")   /* a message between car and charger. id: the payload type of V2GTP; data:   \
                         the payload, without the 8 bytes of V2GTP */ \
    X(NET, "net")   /* what happens below those messages (v2gtp.h). id: enum vb_net; data: text */

enum vb_kind {
#define X(name, text) VB_KIND_##name,
    VB_KINDS(X)
#undef X
        VB_KIND_COUNT
};

enum {
    VB_FRAME_EXT = 1 << 0,       /* CAN: 29-bit id */
    VB_FRAME_RTR = 1 << 1,       /* CAN: remote frame, no data */
    VB_FRAME_ERR = 1 << 2,       /* CAN: error frame, id = SocketCAN error class bits */
    VB_FRAME_FD = 1 << 3,        /* CAN FD */
    VB_FRAME_BRS = 1 << 4,       /* CAN FD: bit rate switch */
    VB_FRAME_ESI = 1 << 5,       /* CAN FD: sender is error passive */
    VB_FRAME_TX = 1 << 6,        /* sent by the recording side */
    VB_FRAME_CLASSIC = 1 << 7,   /* LIN: the classic checksum matched (data only) */
    VB_FRAME_ENHANCED = 1 << 8,  /* LIN: the enhanced checksum matched (PID and data) */
    VB_FRAME_NO_TIME = 1 << 9,   /* the recording gives no time: t_ns is 0 */
    VB_FRAME_UNPARITY = 1 << 10, /* LIN: enhanced checksum over the id without its parity bits */
    VB_FRAME_UNHEARD = 1 << 11,  /* our own, sent where nothing that is sent comes back */
    VB_FRAME_ASK = 1 << 12,      /* RAPI: a question or order; rows read answers only */
};

struct vb_frame {
    int64_t t_ns;       /* see voltbus/time.h */
    uint32_t id;        /* meaning by kind */
    uint16_t bus;       /* number of the link it came from */
    uint16_t flags;     /* VB_FRAME_* */
    uint8_t kind;       /* enum vb_kind */
    uint8_t fault;      /* enum vb_fault: what the link found wrong; rows never read such a frame */
    uint16_t side_len;  /* bytes at side */
    uint32_t len;       /* bytes at data */
    uint8_t remote_len; /* CAN remote frame: the length that it asks for, 0..8; 0 else */
    const uint8_t *data; /* payload */
    const uint8_t *side; /* what the receiver says about the frame (lin.h, rfm69.h), or NULL */
};

/* The name of a kind ("can"); never NULL. */
const char *vb_kind_text(enum vb_kind kind);

/* Can it stand on a CAN bus? Returns VB_OK, or VB_E_RANGE: another kind, an id beyond 7FF
 * (1FFFFFFF with VB_FRAME_EXT and for error frames), more than 8 bytes, or with VB_FRAME_FD a
 * length that CAN FD has not, a remote frame with bytes, of CAN FD or asking for more than 8. */
int vb_frame_can_check(const struct vb_frame *frame);

/* Room for the id of any frame as text. */
#define VB_FRAME_ID_TEXT 8

/* Write the id as people write it: 3 digits for CAN, 8 for 29-bit CAN, 4 for HomePlug and V2G, 2 for
 * LIN, radio and events, the two letters of RAPI ("--" for 0).
 * out: room for VB_FRAME_ID_TEXT, no terminator. Returns the length. */
size_t vb_frame_id_text(const struct vb_frame *frame, char *out);

/* Read "ID#DATA", the notation of candump and of voltbus (reference/can-transports.md 1.1):
 * 3 digits = CAN, 8 digits = 29-bit CAN (error frame if bit 0x20000000 is set), 2 digits = LIN id
 * (00..3F). DATA: pairs of digits, with or without '.' and spaces between; "R", "R0".."R8" =
 * remote frame, and the length it asks for; "#FDATA" = CAN FD with one digit of flags; "_9".."_F"
 * behind 8 bytes or "R8" = raw DLC, accepted and dropped. text: n characters, surrounding spaces
 * allowed. frame: written on success; time, bus, side and fault are 0. data: room for 64 bytes,
 * frame->data points there. Returns VB_OK; VB_E_FORMAT (no such notation; *at, if not NULL, is the
 * place of the first character that breaks it); VB_E_RANGE (id or count of bytes beyond what the
 * kind can have). */
int vb_frame_read(const char *text, size_t n, struct vb_frame *frame, uint8_t data[64], size_t *at);

/* Room for the longest text of vb_frame_text: 8 + "##F" + 128. */
#define VB_FRAME_TEXT 160

/* Write a CAN or LIN frame as "ID#DATA" (upper case; "ID#R" or "ID#R5" for a remote frame), a radio
 * packet as its bytes, a RAPI frame as its line ("$OK 16^07"; what is not printable as '?').
 * out: room for VB_FRAME_TEXT, 2*len + 8 if that is more; no terminator. Returns the length. */
size_t vb_frame_text(const struct vb_frame *frame, char *out);

#endif
