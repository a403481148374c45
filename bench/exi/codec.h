/* codec.h - what exi_bench.c asks of a codec, ours or a peer's: one file each implements it.
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_EXI_CODEC_H
#define BENCH_EXI_CODEC_H

#include <stddef.h>
#include <stdint.h>

enum schema { APPPROTO, DIN, ISO2, SCHEMAS };

/* Decode the n bytes at exi into the codec's own document, which is not cleared before. 0: done. */
int codec_decode(enum schema schema, const uint8_t *exi, size_t n);

/* Encode that document. Returns the number of bytes, -1: failed. */
int codec_encode(enum schema schema, uint8_t *exi, size_t cap);

/* Bytes of memory that the document just decoded takes. */
size_t codec_memory(enum schema schema);

#endif
