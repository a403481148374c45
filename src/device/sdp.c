/* sdp.c - how a car finds its charger in the network: the question, sent to all, and the answer with the
 * address (SECC discovery protocol).
 * Facts: ISO 15118-2:2014, 7.10.1, as reference/ccs.md 1.2 has it.
 * SPDX-License-Identifier: MIT */
#include "voltbus/device.h"
#include "voltbus/v2gtp.h"

static const struct vb_word securities[] = {
    {VB_SDP_TLS, "tls"}, {VB_SDP_NO_TLS, "no-tls"}, {0, NULL}};
static const struct vb_word transports[] = {{VB_SDP_TCP, "tcp"}, {VB_SDP_UDP, "udp"}, {0, NULL}};

#define SECURITY(at)                                                                               \
    {                                                                                              \
        "sdp.security", "", (at)*8, 8, VB_LE, VB_RAW, .title = "Security of the connection",       \
                                                      .words = securities                          \
    }
#define TRANSPORT(at)                                                                              \
    {                                                                                              \
        "sdp.transport", "", (at)*8, 8, VB_LE, VB_RAW, .title = "Transport of the connection",     \
                                                       .words = transports                         \
    }

static const struct vb_signal sdp_req[] = {SECURITY(0), TRANSPORT(1)};
static const struct vb_signal sdp_res[] = {
    {"secc.ip", "", 0, 16, VB_BYTES | VB_ADDRESS, VB_RAW, .title = "Address of the charger"},
    {"secc.port", "", 16 * 8 + 7, 16, VB_BE, VB_RAW, .title = "TCP port of the charger"},
    SECURITY(18),
    TRANSPORT(19)};

static const struct vb_message messages[] = {
    {VB_ID(VB_V2GTP_SDP_REQ), .len_min = 2, .len_max = 2, .name = "sdp_req",
     .title = "SDP request: the car asks all where its charger is", VB_ROWS(sdp_req)},
    {VB_ID(VB_V2GTP_SDP_RES), .len_min = 20, .len_max = 20, .name = "sdp_res",
     .title = "SDP response: the charger tells its address", VB_ROWS(sdp_res)},
};

static const char *const headline[] = {"secc.ip", "secc.port", "sdp.security", NULL};

const struct vb_device vb_device_sdp = {
    .name = "sdp",
    .title = "How a car finds its charger in the network (SDP)",
    .kind = VB_KIND_V2G,
    VB_MESSAGES(messages),
    .headline = headline,
};
