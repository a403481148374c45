/* host/session/event.h - one thing that happened on the charging cable, as the story takes it: a frame, read.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_SESSION_EVENT_H
#define HOST_SESSION_EVENT_H

#include "host/session/message.h"
#include "voltbus/v2gtp.h"

enum event_what {
    EVENT_MME,     /* a HomePlug management message: id, data = the Ethernet frame */
    EVENT_SDP_REQ, /* sdp_security */
    EVENT_SDP_RES, /* sdp_security, sdp_port */
    EVENT_NET,     /* id = enum vb_net; data = text */
    EVENT_MESSAGE, /* heard */
    EVENT_BAD,     /* a V2G message that cannot be decoded; data = why */
    EVENT_END,     /* the session is over: nothing else is set but the time */
};

struct event {
    enum event_what what;
    int64_t t_ns;
    bool relative; /* t_ns is no Unix time */
    bool timeless; /* the recording has no times: t_ns is 0 */
    uint32_t packet;
    uint8_t from, flags; /* enum vb_side_from, VB_SIDE_AGAIN .. */
    uint16_t stream, src_port, dst_port;
    uint8_t src_mac[6], dst_mac[6];
    uint32_t id;
    const uint8_t *data;
    size_t len;
    uint8_t sdp_security;
    uint16_t sdp_port;
    const struct heard *heard;
};

/* Is it VB_NET_AGAIN of a segment with payload (not of a SYN, FIN or keep-alive)? */
bool copy_of_message(const struct event *e);

/* HomePlug messages that the story knows (reference/ccs.md 1.1), and places in their Ethernet frame. */
enum mme {
    MME_SET_KEY_REQ = 0x6008,
    MME_SET_KEY_CNF = 0x6009,
    MME_GET_KEY_REQ = 0x600C,
    MME_SLAC_PARM_REQ = 0x6064,
    MME_SLAC_PARM_CNF = 0x6065,
    MME_START_ATTEN = 0x606A,
    MME_ATTEN_IND = 0x606E,
    MME_ATTEN_RSP = 0x606F,
    MME_SOUND = 0x6076,
    MME_MATCH_REQ = 0x607C,
    MME_MATCH_CNF = 0x607D,
    MME_VERSION_CNF = 0xA001,
};
/* A field of a SLAC message: len bytes, or NULL where the message has none or is too short. */
const uint8_t *mme_run_id(const struct event *e);
const uint8_t *mme_car(const struct event *e); /* the car's MAC */
const uint8_t *mme_bytes(const struct event *e, size_t at, size_t n);
bool mme_is_slac(const struct event *e);
/* pyPLC sends voltages to its power supply in messages that look like SLAC (reference/ccs.md 1.6). */
bool mme_is_private(const struct event *e);

#endif
