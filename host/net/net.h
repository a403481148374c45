/* host/net/net.h - packets in, frames out: Ethernet, IPv6, UDP and TCP of a charging cable.
 * One packet goes in with its time; what it completes comes out as frames of the kinds PLC, V2G and NET
 * (voltbus/v2gtp.h), pulled one by one. A message of TCP comes out once, in the order of the stream, whatever
 * happened to its segments on the way; what is missing, came twice or is no V2GTP is told as a NET frame.
 * Checksums are not looked at: recordings made inside of a computer or a modem have none, and wrong ones.
 * Memory is bounded: NET_STREAMS connections, NET_WINDOW bytes of each direction.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_NET_NET_H
#define HOST_NET_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

#define NET_STREAMS 64 /* TCP connections that are followed at once */
#define NET_MESSAGE_MAX                                                                            \
    65536 /* longest message, header included: the largest of Plug and
                                           Charge (certificate chains) stay far below */
#define NET_WINDOW (2 * NET_MESSAGE_MAX) /* bytes of one direction that wait for others */

/* Link types of packets (the numbers of pcap). */
enum {
    NET_ETHERNET = 1,
    NET_RAW_IP = 101,
    NET_COOKED = 113, /* Linux "any" interface */
    NET_IPV4 = 228,
    NET_IPV6 = 229,
    NET_COOKED2 = 276,
};

struct packet {
    int64_t t_ns;
    uint32_t number;    /* in the recording, from 1; 0 = it has none */
    uint16_t link_type; /* NET_ETHERNET .. */
    uint16_t bus;       /* handed on to the frames */
    uint16_t flags;     /* handed on: VB_FRAME_NO_TIME, VB_FRAME_TX */
    uint8_t side_flags; /* handed on: VB_SIDE_LOG */
    uint8_t from, to;   /* enum vb_side_from, if whoever wrote the recording knows */
    const uint8_t *bytes;
    size_t n;       /* bytes that are there */
    size_t whole_n; /* bytes that it had on the wire; more than n if the recorder cut it */
};

struct net;

/* Returns NULL if memory runs out. */
struct net *net_open(void);
void net_close(struct net *net); /* NULL is allowed */

bool net_knows(uint16_t link_type);

/* Take a packet. packet->bytes must live until net_next said false. All frames of the packet before must
 * have been taken. */
void net_put(struct net *net, const struct packet *packet);

/* The recording has ended: what waited for missing bytes comes out now. */
void net_end(struct net *net);

/* The next frame. Its data and side live until the next call for this net. */
bool net_next(struct net *net, struct vb_frame *frame);

#endif
