/* voltbus/cannelloni.h - cannelloni: CAN frames in UDP packets (version 2), or one behind the other
 * in a TCP connection. Both ends speak alike.
 * Leaves out: when a packet is sent (cannelloni: when it is full, or 100 ms after its first frame).
 * Facts: reference/can-transports.md section 2.4.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_CANNELLONI_H
#define VOLTBUS_CANNELLONI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

#define VB_CANNELLONI_PORT 20000
#define VB_CANNELLONI_HEAD 5  /* of a packet */
#define VB_CANNELLONI_ROOM 70 /* of the longest frame */

/* ---- one frame, as it stands in packets and streams ---- */

/* Read the frame at buf. frame: written on success; its bytes are those in buf, time and bus are
 * 0. Returns the bytes that it took; VB_E_MORE if it goes on behind n bytes; VB_E_FORMAT for
 * what is no frame (a length or an id that no frame has), after which nothing can be found
 * again. */
int vb_cannelloni_frame(const uint8_t *buf, size_t n, struct vb_frame *frame);

/* Write one. out: room for VB_CANNELLONI_ROOM. Returns the length, or VB_E_RANGE (no CAN frame). */
int vb_cannelloni_put_frame(const struct vb_frame *frame, uint8_t *out);

/* ---- packets ---- */

/* What was received of one sender. All zero: nothing yet. */
struct vb_cannelloni_rx {
    bool started;
    uint8_t next;     /* the number that is expected */
    uint64_t packets; /* good heads */
    uint64_t lost; /* numbers that have not come; the number has 8 bits, so 255 in a row are none */
};

struct vb_cannelloni_packet {
    const uint8_t *at, *end;
    unsigned left; /* frames */
};

/* Begin to read a packet of n bytes. rx (may be NULL) counts. Returns the number of frames that it
 * announces (0: an empty packet, which is no error); VB_E_MORE if not even the head is there;
 * VB_E_UNKNOWN for another version or a packet without frames (ACK, NACK, which nobody sends). */
int vb_cannelloni_packet(const uint8_t *buf, size_t n, struct vb_cannelloni_rx *rx,
                         struct vb_cannelloni_packet *packet);

/* The next frame. Returns 1; 0 at the end; VB_E_MORE if the packet is shorter than it says, or
 * VB_E_FORMAT as above: the frames before it were good. */
int vb_cannelloni_next(struct vb_cannelloni_packet *packet, struct vb_frame *frame);

/* Write the head of a packet with count frames behind it. out: VB_CANNELLONI_HEAD. */
void vb_cannelloni_put_head(uint8_t number, uint16_t count, uint8_t *out);

/* ---- a TCP connection ---- */

/* What both send first, without an end. */
#define VB_CANNELLONI_HELLO     "CANNELLONIv1"
#define VB_CANNELLONI_HELLO_LEN 12

/* One direction. All zero: nothing received yet. Copyable. */
struct vb_cannelloni {
    bool greeted; /* the other's hello was there */
    uint8_t have;
    uint8_t used; /* of the frame that was given */
    uint8_t buffer[VB_CANNELLONI_ROOM];
};

/* Take bytes up to the end of the first frame. Returns how many were used: call vb_cannelloni_take
 * after each call, then come again with the rest. */
size_t vb_cannelloni_feed(struct vb_cannelloni *s, const uint8_t *buf, size_t n);

/* Take the frame out. Returns 1; 0: feed more; VB_E_UNKNOWN: the other says no hello of cannelloni;
 * VB_E_FORMAT: no frame. After an error nothing can be found again: close the connection. The bytes
 * of the frame live until the next call. */
int vb_cannelloni_take(struct vb_cannelloni *s, struct vb_frame *frame);

#endif
