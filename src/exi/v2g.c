/* v2g.c - the protocol and the name of a message between car and charger.
 * Facts: reference/exi-facts.md, "Stream layout" and "Transport framing".
 * SPDX-License-Identifier: MIT */
#include "voltbus/v2g.h"

#include <string.h>

#define EXI_HEADER 0x80

/* The root element of a payload of type 0x8001, from the first bits behind the EXI header. */
static enum vb_v2g_protocol by_root(uint8_t bits) {
    if (bits < 0x80) { /* 2 bits: supportedAppProtocolReq 0, Res 1 */
        return VB_V2G_HANDSHAKE;
    }
    switch (bits >> 1) { /* 7 bits: V2G_Message */
    case 76:
        return VB_V2G_ISO2;
    case 77:
        return VB_V2G_DIN70121;
    default:
        return VB_V2G_NONE;
    }
}

enum vb_v2g_protocol vb_v2g_protocol(uint16_t type, const uint8_t *exi, size_t n) {
    switch (type) {
    case VB_V2GTP_EXI:
        return n >= 2 && exi[0] == EXI_HEADER ? by_root(exi[1]) : VB_V2G_NONE;
    case VB_V2GTP_ISO20_COMMON:
        return VB_V2G_ISO20_COMMON;
    case VB_V2GTP_ISO20_AC:
        return VB_V2G_ISO20_AC;
    case VB_V2GTP_ISO20_DC:
        return VB_V2G_ISO20_DC;
    default:
        return VB_V2G_NONE;
    }
}

uint16_t vb_v2g_type(enum vb_v2g_protocol protocol) {
    switch (protocol) {
    case VB_V2G_HANDSHAKE:
    case VB_V2G_DIN70121:
    case VB_V2G_ISO2:
        return VB_V2GTP_EXI;
    case VB_V2G_ISO20_COMMON:
        return VB_V2GTP_ISO20_COMMON;
    case VB_V2G_ISO20_AC:
        return VB_V2GTP_ISO20_AC;
    case VB_V2G_ISO20_DC:
        return VB_V2GTP_ISO20_DC;
    default:
        return 0;
    }
}

const char *vb_v2g_protocol_text(enum vb_v2g_protocol protocol) {
    switch (protocol) {
#define X(name, text, stem)                                                                        \
    case VB_V2G_##name:                                                                            \
        return text;
        VB_V2G_PROTOCOLS(X)
#undef X
    default:
        return "none";
    }
}

const struct vb_exi_schema *vb_v2g_schema(enum vb_v2g_protocol protocol) {
    switch (protocol) {
#define X(name, text, stem)                                                                        \
    case VB_V2G_##name:                                                                            \
        return &vb_exi_##stem;
        VB_V2G_PROTOCOLS(X)
#undef X
    default:
        return NULL;
    }
}

const struct vb_exi_names *vb_v2g_names(enum vb_v2g_protocol protocol) {
    switch (protocol) {
#define X(name, text, stem)                                                                        \
    case VB_V2G_##name:                                                                            \
        return &vb_exi_##stem##_names;
        VB_V2G_PROTOCOLS(X)
#undef X
    default:
        return NULL;
    }
}

const char *vb_v2g_message(const struct vb_exi_names *names, const void *block) {
    struct vb_exi_walk walk;
    struct vb_exi_item item;
    vb_exi_walk_init(&walk, names, block);
    if (!vb_exi_walk_next(&walk, &item)) {
        return "";
    }
    if (strcmp(item.name, "V2G_Message") != 0) {
        return item.name;
    }
    for (unsigned depth = 1; depth > 0 && vb_exi_walk_next(&walk, &item);) {
        if (item.what == VB_EXI_BEGIN && depth == 1 && strcmp(item.name, "Body") == 0) {
            bool body = vb_exi_walk_next(&walk, &item) && item.what == VB_EXI_BEGIN;
            return body ? item.name : "";
        }
        depth += item.what == VB_EXI_BEGIN;
        depth -= item.what == VB_EXI_END;
    }
    return "";
}

bool vb_v2g_is_response(const char *message) {
    size_t n = strlen(message);
    return n >= 3 && strcmp(message + n - 3, "Res") == 0;
}
