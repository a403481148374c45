/* v2gtp.c - the header of V2GTP, the two payloads of SDP, the names of events.
 * Facts: reference/exi-facts.md "Transport framing", reference/ccs.md 1.2.
 * SPDX-License-Identifier: MIT */
#include "voltbus/v2gtp.h"

#include <string.h>

#define VERSION    0x01
#define COMPLEMENT 0xFE /* of the version: tells V2GTP from anything else */

const char *vb_net_text(enum vb_net net) {
    static const char *const names[VB_NET_COUNT] = {[VB_NET_NONE] = "none",
#define X(name, text) [VB_NET_##name] = text,
                                                    VB_NETS(X)
#undef X
    };
    return (unsigned)net < VB_NET_COUNT ? names[net] : "unknown";
}

int vb_v2gtp_header(const uint8_t *buf, size_t n, uint16_t *type, uint32_t *body) {
    if ((n > 0 && buf[0] != VERSION) || (n > 1 && buf[1] != COMPLEMENT)) {
        return VB_E_FORMAT;
    }
    if (n < VB_V2GTP_HEADER) {
        return VB_E_MORE;
    }
    *type = (uint16_t)(buf[2] << 8 | buf[3]);
    *body = (uint32_t)buf[4] << 24 | (uint32_t)buf[5] << 16 | (uint32_t)buf[6] << 8 | buf[7];
    return VB_V2GTP_HEADER;
}

int vb_v2gtp_write(uint16_t type, uint32_t body, uint8_t out[VB_V2GTP_HEADER]) {
    const uint8_t header[VB_V2GTP_HEADER] = {VERSION,
                                             COMPLEMENT,
                                             (uint8_t)(type >> 8),
                                             (uint8_t)type,
                                             (uint8_t)(body >> 24),
                                             (uint8_t)(body >> 16),
                                             (uint8_t)(body >> 8),
                                             (uint8_t)body};
    memcpy(out, header, sizeof header);
    return VB_V2GTP_HEADER;
}

/* ---- SDP ---- */

#define REQ_SIZE 2
#define RES_SIZE 20
#define IP_SIZE  16

int vb_sdp_req_read(const uint8_t *payload, size_t n, struct vb_sdp_req *req) {
    if (n != REQ_SIZE) {
        return VB_E_FORMAT;
    }
    *req = (struct vb_sdp_req){payload[0], payload[1]};
    return VB_OK;
}

int vb_sdp_res_read(const uint8_t *payload, size_t n, struct vb_sdp_res *res) {
    if (n != RES_SIZE) {
        return VB_E_FORMAT;
    }
    memcpy(res->ip, payload, IP_SIZE);
    res->port = (uint16_t)(payload[IP_SIZE] << 8 | payload[IP_SIZE + 1]);
    res->security = payload[IP_SIZE + 2];
    res->transport = payload[IP_SIZE + 3];
    return VB_OK;
}

size_t vb_sdp_req_write(const struct vb_sdp_req *req, uint8_t out[10]) {
    uint8_t *p = out + vb_v2gtp_write(VB_V2GTP_SDP_REQ, REQ_SIZE, out);
    p[0] = req->security;
    p[1] = req->transport;
    return VB_V2GTP_HEADER + REQ_SIZE;
}

size_t vb_sdp_res_write(const struct vb_sdp_res *res, uint8_t out[28]) {
    uint8_t *p = out + vb_v2gtp_write(VB_V2GTP_SDP_RES, RES_SIZE, out);
    memcpy(p, res->ip, IP_SIZE);
    p[IP_SIZE] = (uint8_t)(res->port >> 8);
    p[IP_SIZE + 1] = (uint8_t)res->port;
    p[IP_SIZE + 2] = res->security;
    p[IP_SIZE + 3] = res->transport;
    return VB_V2GTP_HEADER + RES_SIZE;
}
