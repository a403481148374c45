/* peer_cbv2g.c - EVerest's libcbv2g for exi_bench.c: PEERS/libcbv2g/include, PEERS/libcbv2g/lib/libcbv2g.a.
 * SPDX-License-Identifier: MIT */
#include "cbv2g/app_handshake/appHand_Datatypes.h"
#include "cbv2g/app_handshake/appHand_Decoder.h"
#include "cbv2g/app_handshake/appHand_Encoder.h"
#include "cbv2g/din/din_msgDefDatatypes.h"
#include "cbv2g/din/din_msgDefDecoder.h"
#include "cbv2g/din/din_msgDefEncoder.h"
#include "cbv2g/iso_2/iso2_msgDefDatatypes.h"
#include "cbv2g/iso_2/iso2_msgDefDecoder.h"
#include "cbv2g/iso_2/iso2_msgDefEncoder.h"
#include "codec.h"

static union {
    struct appHand_exiDocument app;
    struct din_exiDocument din;
    struct iso2_exiDocument iso2;
} document;

int codec_decode(enum schema schema, const uint8_t *exi, size_t n) {
    exi_bitstream_t stream;
    exi_bitstream_init(&stream, (uint8_t *)(uintptr_t)exi, n, 0, NULL);
    return schema == APPPROTO ? decode_appHand_exiDocument(&stream, &document.app)
           : schema == DIN    ? decode_din_exiDocument(&stream, &document.din)
                              : decode_iso2_exiDocument(&stream, &document.iso2);
}

int codec_encode(enum schema schema, uint8_t *exi, size_t cap) {
    exi_bitstream_t stream;
    exi_bitstream_init(&stream, exi, cap, 0, NULL);
    int failed = schema == APPPROTO ? encode_appHand_exiDocument(&stream, &document.app)
                 : schema == DIN    ? encode_din_exiDocument(&stream, &document.din)
                                    : encode_iso2_exiDocument(&stream, &document.iso2);
    return failed ? -1 : (int)exi_bitstream_get_length(&stream);
}

size_t codec_memory(enum schema schema) {
    return schema == APPPROTO ? sizeof document.app
           : schema == DIN    ? sizeof document.din
                              : sizeof document.iso2;
}
