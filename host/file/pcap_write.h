/* host/file/pcap_write.h - the blocks of pcapng; written by the recorder (host/out/pcapng.c) and by voltbus convert.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_PCAP_WRITE_H
#define HOST_FILE_PCAP_WRITE_H

#include <stdbool.h>

#include "voltbus/frame.h"

#define PCAPNG_PAYLOAD    63488u                  /* the longest packet */
#define PCAPNG_RECORD     (PCAPNG_PAYLOAD + 1024) /* it, and a section and an interface before it */
#define PCAPNG_NAME       64                      /* of an interface */
#define PCAPNG_STATISTICS 52u                     /* size of that block */

struct pcapng_bytes {
    size_t n;
    size_t block; /* where the open block begins */
    uint8_t b[PCAPNG_RECORD];
};

/* Can the layouts hold it? */
bool pcapng_fits(const struct vb_frame *frame);

/* Append a block. number: of an interface, in the order of their blocks, from 0. name: shorter than PCAPNG_NAME.
 * begin_s: what is added to the times of the interface, in seconds; times below 0 are written as 0. */
void pcapng_section(struct pcapng_bytes *out);
void pcapng_interface(struct pcapng_bytes *out, const char *name, uint8_t kind, int64_t begin_s);
void pcapng_packet(struct pcapng_bytes *out, uint32_t number, const struct vb_frame *frame);
void pcapng_statistics(struct pcapng_bytes *out, uint32_t number, int64_t t_ns, uint64_t received,
                       uint64_t dropped);

#endif
