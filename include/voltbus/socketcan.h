/* voltbus/socketcan.h - frames as Linux has them in memory (SocketCAN: struct can_frame and
 * canfd_frame), and what its error frames say.
 * Leaves out: sockets (host/io/can.c), CAN XL.
 * Facts: reference/can-transports.md section 2.6; linux/can.h and linux/can/error.h.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_SOCKETCAN_H
#define VOLTBUS_SOCKETCAN_H

#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

#define VB_SOCKETCAN_CLASSIC 16 /* bytes of a frame; the MTU of an interface without CAN FD */
#define VB_SOCKETCAN_FD      72 /* and with it */

/* Read a frame as a raw socket gives it: n bytes, in the byte order of this machine, 16 = classic,
 * 72 = CAN FD. frame: written on success; its bytes are those in buf, time and bus are 0. Returns
 * VB_OK; VB_E_FORMAT for another n, or for what is no CAN frame. */
int vb_socketcan_read(const uint8_t *buf, size_t n, struct vb_frame *frame);

/* Write one. out: room for VB_SOCKETCAN_FD. Returns VB_SOCKETCAN_CLASSIC or VB_SOCKETCAN_FD, or
 * VB_E_RANGE (no CAN frame). */
int vb_socketcan_write(const struct vb_frame *frame, uint8_t *out);

/* How a controller is doing; the numbers are the kernel's (enum can_state), the texts are API.
 * Error active is the normal state; an error passive one may no longer stop the frames of others; a
 * bus-off one is off the bus until it is started anew. */
#define VB_SOCKETCAN_STATES(X)                                                                     \
    X(ACTIVE, "error active")                                                                      \
    X(WARNING, "error warning")                                                                    \
    X(PASSIVE, "error passive")                                                                    \
    X(BUS_OFF, "bus-off")                                                                          \
    X(STOPPED, "stopped")                                                                          \
    X(SLEEPING, "sleeping")

enum vb_socketcan_state {
#define X(name, text) VB_SOCKETCAN_##name,
    VB_SOCKETCAN_STATES(X)
#undef X
        VB_SOCKETCAN_STATE_COUNT
};

/* The text of a state; never NULL. */
const char *vb_socketcan_state_text(unsigned state);

/* The state that an error frame tells of: an enum vb_socketcan_state, or VB_E_UNKNOWN if it tells
 * of none. */
int vb_socketcan_error_state(const struct vb_frame *frame);

/* Room for the longest text of an error frame. */
#define VB_SOCKETCAN_ERROR_TEXT 640

/* What an error frame says, in words: "bus-off", "no acknowledgement, errors sent 128, received 0".
 * out: room for VB_SOCKETCAN_ERROR_TEXT, ends with 0; "unknown error" if none of its bits is
 * known. Returns the length. */
size_t vb_socketcan_error_text(const struct vb_frame *frame, char *out);

#endif
