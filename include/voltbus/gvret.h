/* voltbus/gvret.h - GVRET binary: the protocol of SavvyCAN and of the adapters that it speaks
 * with (ESP32RET, M2RET), for the host that asks and for the device that answers. Every message
 * is F1, a command byte, a body of little-endian fields, and often one byte more, a sum that all
 * send as 0 and nobody checks.
 * Leaves out: the order of a session and its timeouts; the text mode; the inputs, outputs and
 * eeprom of single boards. Facts: reference/can-transports.md section 2.2. Never seen on a wire
 * here: CAN FD (0x14), whose fields are those that SavvyCAN reads.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_GVRET_H
#define VOLTBUS_GVRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

/* Who we are: what is read is what the other side sends, what is written is ours. */
enum vb_gvret_side {
    VB_GVRET_HOST,
    VB_GVRET_DEVICE,
};

/* The messages: name, number, bytes of the body that a host sends and that a device sends (NONE:
 * it sends no such message; CAN, FD: a frame), meaning. A body of a host is followed by the sum. */
#define VB_GVRET_NONE 0xFD /* in the columns */
#define VB_GVRET_CAN  0xFE
#define VB_GVRET_FD   0xFF
#define VB_GVRET_COMMANDS(X)                                                                       \
    X(FRAME, 0x00, VB_GVRET_CAN, VB_GVRET_CAN, "a frame, to be sent or received")                  \
    X(TIME, 0x01, 0, 4, "what is your time? u32, in us")                                           \
    X(DIGITAL_IN, 0x02, 0, 1, "digital inputs? one bit each")                                      \
    X(ANALOG_IN, 0x03, 0, 14, "analog inputs? 7 u16")                                              \
    X(DIGITAL_OUT, 0x04, 1, VB_GVRET_NONE, "set the outputs: one bit each")                        \
    X(SET_BUSES, 0x05, 8, VB_GVRET_NONE, "set up buses 0 and 1: u32 each, see VB_GVRET_SET")       \
    X(BUSES, 0x06, 0, 10, "how are buses 0 and 1 set up? u8 (1 on, 0x10 listen only), u32 bit/s")  \
    X(INFO, 0x07, 0, 6, "who are you? build u16, eeprom, file type, auto start, single wire")      \
    X(SINGLE_WIRE, 0x08, 1, VB_GVRET_NONE, "single wire mode: 0x10 on")                            \
    X(ALIVE, 0x09, 0, 2, "are you there? DE AD")                                                   \
    X(SYSTEM, 0x0A, 1, VB_GVRET_NONE, "type of the board")                                         \
    X(ECHO, 0x0B, VB_GVRET_CAN, VB_GVRET_NONE, "a frame, to be taken as if it was received")       \
    X(BUS_COUNT, 0x0C, 0, 1, "how many buses?")                                                    \
    X(MORE_BUSES, 0x0D, 0, 15, "how are single wire CAN and two LIN buses set up? as BUSES")       \
    X(SET_MORE_BUSES, 0x0E, 12, VB_GVRET_NONE, "set them up: u32 each")                            \
    X(FD_FRAME, 0x14, VB_GVRET_FD, VB_GVRET_FD, "a frame of CAN FD")

enum vb_gvret_command {
#define X(name, number, host, device, title) VB_GVRET_##name = (number),
    VB_GVRET_COMMANDS(X)
#undef X
};

/* A word of SET_BUSES: the bit rate in its low 20 bits, and these; without VALID the other two
 * mean nothing, and 0 as a whole switches the bus off. */
#define VB_GVRET_SET_VALID  0x80000000u
#define VB_GVRET_SET_ON     0x40000000u
#define VB_GVRET_SET_LISTEN 0x20000000u
#define VB_GVRET_SET_RATE   0x000FFFFFu

/* This byte, outside of a message, switches a device from its text mode to binary; hosts send it
 * twice. */
#define VB_GVRET_BINARY 0xE7

/* The longest body: a frame of CAN FD with its time, and the longest message. */
#define VB_GVRET_BODY    74
#define VB_GVRET_MESSAGE (2 + VB_GVRET_BODY + 1)

enum vb_gvret_what {
    VB_GVRET_WHAT_FRAME,   /* host: received; device: to be sent, with ECHO to be shown */
    VB_GVRET_WHAT_MESSAGE, /* any other, its body in body */
    VB_GVRET_WHAT_BINARY,  /* device: E7 */
    VB_GVRET_WHAT_BAD,     /* see error */
};

struct vb_gvret_event {
    enum vb_gvret_what what;
    uint8_t command; /* FRAME, MESSAGE, BAD: as it stands there */
    uint8_t bus;     /* FRAME: number of the bus of the device */
    int error;       /* BAD: VB_E_UNKNOWN (command), VB_E_RANGE (id or length that no frame has) */
    struct vb_frame frame; /* FRAME: time 0, its bytes in the stream */
    int64_t t_us; /* host, FRAME and TIME: the device's clock, counted on where 32 bits end */
    const uint8_t *body; /* MESSAGE: len bytes, without the sum */
    size_t len;
};

/* One direction of one line. Copyable. */
struct vb_gvret {
    uint32_t bad; /* messages thrown away, since init; for reading */
    uint8_t side;
    uint8_t state;
    uint8_t row; /* of the message */
    uint8_t have, need;
    uint8_t alone; /* the command byte of a bad message, or E7 */
    bool ready, stamped;
    int64_t t_us;
    uint8_t body[VB_GVRET_BODY];
};

void vb_gvret_init(struct vb_gvret *s, enum vb_gvret_side side);

/* Take bytes up to the end of the first message. Returns how many were used, 0 only if n is 0 or
 * an event waits: call vb_gvret_next after each call, then come again with the rest.
 * Outside of messages everything but F1 (and E7) is skipped: sums, text mode. After a bad
 * message the next F1 begins one; an F1 behind an F1 is a beginning too. */
size_t vb_gvret_feed(struct vb_gvret *s, const uint8_t *buf, size_t n);

/* Take the event out. Returns false if there is none. What it points to lives until the next
 * call. */
bool vb_gvret_next(struct vb_gvret *s, struct vb_gvret_event *event);

/* ---- writing; out: room for VB_GVRET_MESSAGE; the length is returned ---- */

/* A frame as this side writes it. bus: 0..3 for a host, 0..15 for a device, CAN FD 0..255. t_us:
 * the device's clock, of which 32 bits are sent; a host sends none. Returns VB_E_RANGE for what
 * has no form: remote and error frames, what is no CAN frame, another bus. */
int vb_gvret_put_frame(enum vb_gvret_side side, const struct vb_frame *frame, unsigned bus,
                       int64_t t_us, uint8_t *out);

/* Any other message, with n bytes of body. Returns VB_E_UNKNOWN (this side does not send that),
 * VB_E_RANGE (not n). */
int vb_gvret_put(enum vb_gvret_side side, enum vb_gvret_command command, const uint8_t *body,
                 size_t n, uint8_t *out);

#endif
