/* codec_voltbus.c - ours, for exi_bench.c. SPDX-License-Identifier: MIT */
#include "codec.h"
#include "voltbus/exi.h"

static const struct vb_exi_schema *const schemas[SCHEMAS] = {&vb_exi_appproto, &vb_exi_din70121,
                                                             &vb_exi_iso2};
static union {
    uint64_t align;
    uint8_t bytes[4096];
} block;

int codec_decode(enum schema schema, const uint8_t *exi, size_t n) {
    return vb_exi_decode(schemas[schema], VB_EXI_DOCUMENT, exi, n, &block, sizeof block, NULL) < 0;
}

int codec_encode(enum schema schema, uint8_t *exi, size_t cap) {
    return vb_exi_encode(schemas[schema], &block, exi, cap, NULL);
}

size_t codec_memory(enum schema schema) {
    (void)schema;
    return ((const struct vb_exi_block *)&block)->used;
}
