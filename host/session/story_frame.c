/* story_frame.c - from a frame of a recording to an event: side bytes, SDP, EXI.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/session/story.h"
#include "voltbus/time.h"
#include "voltbus/v2g.h"

static const uint8_t no_side[VB_SIDE_V2G_SIZE];

static uint32_t big_endian(const uint8_t *at, size_t n) {
    uint32_t value = 0;
    for (size_t i = 0; i < n; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

static void read_side(struct event *e, const struct vb_frame *frame) {
    const uint8_t *side =
        frame->side && frame->side_len >= VB_SIDE_V2G_SIZE ? frame->side : no_side;
    e->from = side[VB_SIDE_FROM];
    e->flags = side[VB_SIDE_FLAGS];
    e->packet = big_endian(side + VB_SIDE_PACKET, 4);
    e->src_port = (uint16_t)big_endian(side + VB_SIDE_SRC_PORT, 2);
    e->dst_port = (uint16_t)big_endian(side + VB_SIDE_DST_PORT, 2);
    e->stream = (uint16_t)big_endian(side + VB_SIDE_STREAM, 2);
    memcpy(e->src_mac, side + VB_SIDE_SRC_MAC, 6);
    memcpy(e->dst_mac, side + VB_SIDE_DST_MAC, 6);
    if (frame->kind == VB_KIND_PLC && frame->len >= 14) { /* the frame itself knows best */
        memcpy(e->dst_mac, frame->data, 6);
        memcpy(e->src_mac, frame->data + 6, 6);
    }
}

static void bad_message(struct event *e, char *why, size_t cap, const char *text) {
    int n = snprintf(why, cap, "%s", text);
    e->what = EVENT_BAD;
    e->data = (const uint8_t *)why;
    e->len = n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}

static void exi_event(struct story *story, const struct event *head, const struct vb_frame *frame) {
    static _Alignas(8) uint8_t block[65536];
    struct heard heard;
    struct event own = *head;
    struct event *e = &own;
    struct vb_exi_place place;
    char why[200];
    enum vb_v2g_protocol protocol = vb_v2g_protocol((uint16_t)frame->id, frame->data, frame->len);
    const struct vb_exi_names *names = vb_v2g_names(protocol);
    if (!names) {
        char text[60];
        snprintf(text, sizeof text,
                 frame->id == VB_V2GTP_EXI ? "no message of a known protocol"
                                           : "payload type %04X, not known to the story",
                 (unsigned)frame->id);
        bad_message(e, why, sizeof why, text);
    } else {
        int result = vb_exi_decode(vb_v2g_schema(protocol), VB_EXI_DOCUMENT, frame->data,
                                   frame->len, block, sizeof block, &place);
        if (result < 0) {
            char path[120];
            char text[180];
            vb_exi_place_text(names, &place, path, sizeof path);
            snprintf(text, sizeof text, "%s: %s", vb_err_text((enum vb_err)result), path);
            bad_message(e, why, sizeof why, text);
        } else if (message_read(&heard, names, block)) {
            heard.dialect = protocol == VB_V2G_DIN70121    ? "DIN 70121"
                            : protocol == VB_V2G_ISO2      ? "ISO 15118-2"
                            : protocol == VB_V2G_HANDSHAKE ? ""
                                                           : "ISO 15118-20";
            e->what = EVENT_MESSAGE;
            e->heard = &heard;
            if (e->from == VB_FROM_UNKNOWN) {
                e->from = heard.request ? VB_FROM_EVCC : VB_FROM_SECC;
            }
        } else {
            bad_message(e, why, sizeof why, "no message that the story knows");
        }
    }
    story_event(story, e);
}

static void v2g_event(struct story *story, struct event *e, const struct vb_frame *frame) {
    struct vb_sdp_req req;
    struct vb_sdp_res res;
    if (frame->id == VB_V2GTP_SDP_REQ && vb_sdp_req_read(frame->data, frame->len, &req) == VB_OK) {
        e->what = EVENT_SDP_REQ;
        e->sdp_security = req.security;
    } else if (frame->id == VB_V2GTP_SDP_RES &&
               vb_sdp_res_read(frame->data, frame->len, &res) == VB_OK) {
        e->what = EVENT_SDP_RES;
        e->sdp_security = res.security;
        e->sdp_port = res.port;
    } else {
        exi_event(story, e, frame);
        return;
    }
    story_event(story, e);
}

void story_frame(struct story *story, const struct vb_frame *frame) {
    struct event e = {.t_ns = frame->t_ns,
                      .relative = frame->flags & VB_FRAME_NO_TIME || !vb_time_is_unix(frame->t_ns),
                      .timeless = frame->flags & VB_FRAME_NO_TIME,
                      .id = frame->id,
                      .data = frame->data,
                      .len = frame->len};
    read_side(&e, frame);
    switch (frame->kind) {
    case VB_KIND_PLC:
        e.what = EVENT_MME;
        story_event(story, &e);
        break;
    case VB_KIND_NET:
        e.what = EVENT_NET;
        story_event(story, &e);
        break;
    case VB_KIND_V2G:
        v2g_event(story, &e, frame);
        break;
    default:
        break;
    }
}
