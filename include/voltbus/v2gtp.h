/* voltbus/v2gtp.h - V2GTP: the eight bytes before every message between car and charger; SDP, by which the
 * car finds the charger; and what frames of the kinds PLC, V2G and NET carry beside their bytes.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_V2GTP_H
#define VOLTBUS_V2GTP_H

#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

#define VB_V2GTP_HEADER 8

/* Payload types (ISO 15118-2:2014 table 10, ISO 15118-20:2022 table 14; reference/exi-facts.md). */
enum vb_v2gtp_type {
    VB_V2GTP_EXI = 0x8001, /* the handshake, DIN 70121, ISO 15118-2 */
    VB_V2GTP_ISO20_COMMON = 0x8002,
    VB_V2GTP_ISO20_AC = 0x8003,
    VB_V2GTP_ISO20_DC = 0x8004,
    VB_V2GTP_ISO20_ACDP = 0x8005,
    VB_V2GTP_ISO20_WPT = 0x8006,
    VB_V2GTP_SDP_REQ = 0x9000,
    VB_V2GTP_SDP_RES = 0x9001,
};

/* Who sent a frame of the kinds PLC, V2G, NET. */
enum vb_side_from { VB_FROM_UNKNOWN, VB_FROM_EVCC, VB_FROM_SECC };

/* The side bytes of frames of the kinds PLC, V2G and NET: fixed places, numbers big endian, all zero where the
 * recording does not tell. */
enum {
    VB_SIDE_FROM = 0,  /* enum vb_side_from */
    VB_SIDE_FLAGS = 1, /* VB_SIDE_AGAIN .. */
    VB_SIDE_PACKET =
        2, /* 4 bytes: number of the packet in the recording, of the line in a log, from 1;
                           0: it has none */
    VB_SIDE_SRC_PORT = 6, /* 2 bytes */
    VB_SIDE_DST_PORT = 8, /* 2 bytes */
    VB_SIDE_SRC_MAC = 10, /* 6 bytes */
    VB_SIDE_DST_MAC = 16, /* 6 bytes */
    VB_SIDE_SRC_IP = 22,  /* 16 bytes, IPv6 */
    VB_SIDE_DST_IP = 38,  /* 16 bytes */
    VB_SIDE_STREAM = 54, /* 2 bytes: number of the TCP connection in the recording, 1 = the first */
    VB_SIDE_V2G_SIZE = 56,
};
enum {
    /* NET: sent again, the receiver had it already (a message of TCP comes out only once); PLC, and V2G
     * over UDP: the same packet less than 1 ms later, the recorder saw it twice */
    VB_SIDE_AGAIN = 1 << 0,
    VB_SIDE_SPLIT = 1 << 1,  /* V2G: came in several TCP segments */
    VB_SIDE_MERGED = 1 << 2, /* V2G: not the only message of its segment */
    VB_SIDE_LATE = 1 << 3,   /* V2G: a segment of it came out of order, or was sent a second time */
    VB_SIDE_LOG = 1 << 4,    /* from a text log, not from packets */
};

/* Events of the network, ids of VB_KIND_NET. data: a sentence of printable ASCII for people, without the
 * addresses; may be empty. */
#define VB_NETS(X)                                                                                 \
    X(CONNECT, "connect") /* TCP SYN */                                                            \
    X(ACCEPT, "accept")   /* TCP SYN ACK */                                                        \
    X(CLOSE, "close")     /* TCP FIN */                                                            \
    X(RESET, "reset")     /* TCP RST */                                                            \
    X(AGAIN, "again")     /* a segment was sent again; data: how many bytes, and how long after */ \
    X(GAP, "gap") /* bytes are missing in the recording: what follows may start anywhere */        \
    X(NO_V2GTP, "no-v2gtp")   /* bytes of the stream that are no V2GTP */                          \
    X(TLS, "tls")             /* the stream is TLS: closed to us */                                \
    X(CUT, "cut")             /* the recording ended, or the stream, inside a message */           \
    X(NEIGHBOUR, "neighbour") /* ICMPv6 neighbour solicitation or advertisement */                 \
    X(NOTE, "note")           /* a line of a log that tells more: a state, the duty of the pilot */

enum vb_net {
    VB_NET_NONE,
#define X(name, text) VB_NET_##name,
    VB_NETS(X)
#undef X
        VB_NET_COUNT
};

/* The name of an event ("connect"); never NULL. */
const char *vb_net_text(enum vb_net net);

/* Read the header (ISO 15118-2:2014, 7.8.3). buf: n bytes as received. type: payload type, any. body: length
 * of the payload in bytes. Returns 8 (bytes read); VB_E_MORE if n < 8 and the bytes that are there fit;
 * VB_E_FORMAT if the version is not 01 or its complement is wrong. type and body are written on success only. */
int vb_v2gtp_header(const uint8_t *buf, size_t n, uint16_t *type, uint32_t *body);
/* Write it. out: room for 8 bytes. Returns 8. */
int vb_v2gtp_write(uint16_t type, uint32_t body, uint8_t out[VB_V2GTP_HEADER]);

/* SDP (ISO 15118-2:2014, 7.10.1): the payloads of VB_V2GTP_SDP_REQ and _RES. */
enum { VB_SDP_TLS = 0x00, VB_SDP_NO_TLS = 0x10 }; /* security */
enum { VB_SDP_TCP = 0x00, VB_SDP_UDP = 0x10 };    /* transport */
struct vb_sdp_req {
    uint8_t security, transport;
};
struct vb_sdp_res {
    uint8_t ip[16]; /* IPv6 of the SECC */
    uint16_t port;
    uint8_t security, transport;
};
/* payload: n bytes behind the V2GTP header. Returns VB_OK or VB_E_FORMAT (not 2, not 20 bytes). Values of
 * security and transport are passed through. */
int vb_sdp_req_read(const uint8_t *payload, size_t n, struct vb_sdp_req *req);
int vb_sdp_res_read(const uint8_t *payload, size_t n, struct vb_sdp_res *res);
/* The whole datagram, header included. out: room for 10, 28 bytes. Returns its length. */
size_t vb_sdp_req_write(const struct vb_sdp_req *req, uint8_t out[10]);
size_t vb_sdp_res_write(const struct vb_sdp_res *res, uint8_t out[28]);

#endif
