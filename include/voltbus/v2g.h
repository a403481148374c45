/* voltbus/v2g.h - from a V2G payload to its message: which schema reads it, and what it is called.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_V2G_H
#define VOLTBUS_V2G_H

#include "voltbus/exi.h"
#include "voltbus/v2gtp.h"

/* The protocols: name as in the JSON output and of `voltbus exi --schema`, stem of the EXI tables. */
#define VB_V2G_PROTOCOLS(X)                                                                        \
    X(HANDSHAKE, "appproto", appproto) /* supportedAppProtocol: they agree on one of the others */ \
    X(DIN70121, "din70121", din70121)                                                              \
    X(ISO2, "iso15118-2", iso2)                                                                    \
    X(ISO20_COMMON, "iso15118-20-common", iso20_common)                                            \
    X(ISO20_AC, "iso15118-20-ac", iso20_ac)                                                        \
    X(ISO20_DC, "iso15118-20-dc", iso20_dc)

enum vb_v2g_protocol {
    VB_V2G_NONE, /* no message, or of a schema that we do not have */
#define X(name, text, stem) VB_V2G_##name,
    VB_V2G_PROTOCOLS(X)
#undef X
        VB_V2G_PROTOCOL_COUNT
};

/* Which protocol a payload speaks, without decoding it: ISO 15118-20 has a payload type for each schema, the
 * others share 0x8001 and differ in the number of the root element behind the EXI header (handshake 80 00 to
 * 80 7F, ISO 15118-2 80 98 and 99, DIN 70121 80 9A and 9B; reference/exi-facts.md, "Stream layout").
 * type: payload type of V2GTP (vb_v2gtp_header, or the id of a V2G frame). exi: n bytes, the payload.
 * Returns VB_V2G_NONE if there is none, or for 0x8001 if n < 2. */
enum vb_v2g_protocol vb_v2g_protocol(uint16_t type, const uint8_t *exi, size_t n);

/* The reverse: the payload type of a protocol; 0 for VB_V2G_NONE. */
uint16_t vb_v2g_type(enum vb_v2g_protocol protocol);

/* The name of a protocol ("din70121"); "none" for VB_V2G_NONE and what is none. Never NULL. */
const char *vb_v2g_protocol_text(enum vb_v2g_protocol protocol);

/* ---- these link the tables and names of every protocol ---- */

/* The tables and names of a protocol; NULL for VB_V2G_NONE. A program that speaks one protocol names its
 * tables instead (exi.h). */
const struct vb_exi_schema *vb_v2g_schema(enum vb_v2g_protocol protocol);
const struct vb_exi_names *vb_v2g_names(enum vb_v2g_protocol protocol);

/* The name of a decoded message: of the element inside Body where the root is V2G_Message
 * ("CurrentDemandReq"), else of the root ("supportedAppProtocolReq", "DC_ChargeLoopReq"). Returns "" for an
 * empty Body. block: as vb_exi_decode made it with the schema of these names. */
const char *vb_v2g_message(const struct vb_exi_names *names, const void *block);

/* Does it answer something? By its name: it ends with "Res". (Who sent it is in the frame: VB_SIDE_FROM.) */
bool vb_v2g_is_response(const char *message);

#endif
