/* host/out/v2g.h - a message between car and charger, whole: every element, for people and as JSON; SDP, and
 * what happens on the network below (frames of the kinds V2G and NET).
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_V2G_H
#define HOST_OUT_V2G_H

#include "host/out/output.h"
#include "voltbus/v2g.h"

#define V2G_BLOCK 65528 /* bytes that hold every message */

/* A frame, decoded once. What it points to is valid until the next v2g_read. */
struct v2g_seen {
    const struct vb_frame *frame;
    enum vb_v2g_protocol protocol; /* VB_V2G_NONE: SDP, NET, or a schema that we do not have */
    const struct vb_exi_names *names;
    const void *block;         /* the message; NULL: there is none, see why */
    const char *message;       /* its name; "SDPRequest", "SDPResponse"; "" if there is none */
    bool unknown;              /* a payload type of which nobody knows what it holds */
    const char *from;          /* "EVCC", "SECC"; "" where nobody knows */
    const char *why;           /* what is wrong; NULL: nothing */
    struct vb_exi_place place; /* ... and where, where the protocol is known */
    uint32_t used;             /* bytes of the payload that are the message */
};

/* Read a frame of the kinds V2G or NET. Not reentrant: there is one block. */
void v2g_read(const struct vb_frame *frame, struct v2g_seen *seen);

/* The number of the packet in the recording, of frames of the kinds PLC, V2G and NET; 0: it has none. */
unsigned v2g_packet(const struct vb_frame *frame);

/* Where and why a frame cannot be decoded: "bit 123, in V2G_Message/Body/..: no such ..". out: n bytes, ends
 * with 0, "" if nothing is wrong. Returns out. */
const char *v2g_why(const struct v2g_seen *seen, char *out, size_t n);

/* The rest of a line of text, behind the time and the link, or the members of a JSON object behind
 * "link". */
void v2g_text(struct sink *sink, const struct v2g_seen *seen, const char *time_and_link, size_t n);
void v2g_json(struct sink *sink, const struct v2g_seen *seen);

#endif
