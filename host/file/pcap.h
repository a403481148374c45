/* host/file/pcap.h - the state of reading packet captures, freed by the reader (pcap.c); how they are written
 * (pcap_write.c).
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_PCAP_H
#define HOST_FILE_PCAP_H

struct pcap;

void pcap_close(struct pcap *pcap); /* NULL is allowed */

extern const struct writing pcap_writing, pcapng_writing;

#endif
