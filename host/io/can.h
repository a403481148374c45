/* host/io/can.h - what the transport of a CAN interface (can:can0) gives and takes.
 * Each call of `bytes` is some struct can_packet, one behind the other, whole. What is written is one
 * frame, as voltbus/socketcan.h has it. A frame that the kernel has no room for waits for half a
 * second at most, and is then dropped: transport_pending is not 0 while any waits.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_CAN_H
#define HOST_IO_CAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/socketcan.h"

struct can_packet {
    int64_t t_ns;  /* Unix time, by the kernel's clock, when the frame came from the controller */
    uint32_t lost; /* frames that this socket had no room for, since it was opened (modulo 2^32) */
    bool ours;     /* we have sent it, and it was on the bus */
    uint8_t n;     /* bytes of the frame */
    uint8_t frame[VB_SOCKETCAN_FD];
};

/* ---- the CAN interfaces of this machine ---- */

#define CAN_NAME 16 /* with the 0 at its end: the kernel's IFNAMSIZ */

struct can_interface {
    char name[CAN_NAME];
    char driver[CAN_NAME]; /* "can": a controller; "vcan", "vxcan"; "" = not told */
    bool up;
    bool fd;               /* CAN FD is on */
    bool listen_only;      /* the controller acknowledges and sends nothing */
    int state;             /* enum vb_socketcan_state; -1: it is none with a state (vcan) */
    uint32_t bitrate;      /* in bit/s; 0 = none, or not set */
    uint32_t data_bitrate; /* CAN FD */
    uint32_t restart_ms;   /* after bus-off it starts again so much later; 0 = not by itself */
};

/* Ask the kernel for the interface of that name. Returns false: it is not there, is no CAN
 * interface, or the kernel does not tell. */
bool can_interface_find(const char *name, struct can_interface *found);

/* All of them, in the kernel's order. Returns false with why (TRANSPORT_WHY) if the kernel does not
 * tell. */
bool can_interfaces(void (*each)(void *context, const struct can_interface *interface),
                    void *context, char *why);

/* Read one RTM_NEWLINK message of the kernel (n bytes from its struct nlmsghdr on). Returns false:
 * it is something else, or no CAN interface. */
bool can_interface_read(const uint8_t *message, size_t n, struct can_interface *found);

#endif
