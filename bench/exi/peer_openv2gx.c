/* peer_openv2gx.c - uhi22's OpenV2Gx for exi_bench.c: PEERS/openv2gx/include, PEERS/openv2gx/lib/libopenv2gx.a.
 * SPDX-License-Identifier: MIT */
#include "EXITypes.h"
#include "appHandEXIDatatypes.h"
#include "appHandEXIDatatypesDecoder.h"
#include "appHandEXIDatatypesEncoder.h"
#include "codec.h"
#include "dinEXIDatatypes.h"
#include "dinEXIDatatypesDecoder.h"
#include "dinEXIDatatypesEncoder.h"
#include "iso1EXIDatatypes.h"
#include "iso1EXIDatatypesDecoder.h"
#include "iso1EXIDatatypesEncoder.h"

static union {
    struct appHandEXIDocument app;
    struct dinEXIDocument din;
    struct iso1EXIDocument iso2; /* what it calls iso1 is ISO 15118-2:2013 */
} document;

/* Its DIN decoder reports failures through this. */
void debugAddStringAndInt(char *text, int number);
void debugAddStringAndInt(char *text, int number) {
    (void)text;
    (void)number;
}

int codec_decode(enum schema schema, const uint8_t *exi, size_t n) {
    size_t at = 0;
    bitstream_t stream = {.size = n, .data = (uint8_t *)(uintptr_t)exi, .pos = &at};
    return schema == APPPROTO ? decode_appHandExiDocument(&stream, &document.app)
           : schema == DIN    ? decode_dinExiDocument(&stream, &document.din)
                              : decode_iso1ExiDocument(&stream, &document.iso2);
}

int codec_encode(enum schema schema, uint8_t *exi, size_t cap) {
    size_t at = 0;
    bitstream_t stream = {.size = cap, .data = exi, .pos = &at, .capacity = 8};
    int failed = schema == APPPROTO ? encode_appHandExiDocument(&stream, &document.app)
                 : schema == DIN    ? encode_dinExiDocument(&stream, &document.din)
                                    : encode_iso1ExiDocument(&stream, &document.iso2);
    return failed ? -1 : (int)at;
}

size_t codec_memory(enum schema schema) {
    return schema == APPPROTO ? sizeof document.app
           : schema == DIN    ? sizeof document.din
                              : sizeof document.iso2;
}
