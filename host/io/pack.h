/* host/io/pack.h - bytes into a file or pipe, plain, gzip or zstd: the way back of lines.h.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_PACK_H
#define HOST_IO_PACK_H

#include <stdbool.h>
#include <stddef.h>

/* The most that pack_room gives in one piece. */
#define PACK_ROOM 131072

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

/* By the end of a name, ".gz" or ".zst". *n: the length of the name, afterwards without that end. */
enum packing packing_of(const char *name, size_t *n);

struct pack; /* opaque */

/* Write to fd, which stays open. NULL: no memory. */
struct pack *pack_open(int fd, enum packing packing);

/* Room for n bytes (up to PACK_ROOM) in one piece; n of them are written then by pack_used. */
char *pack_room(struct pack *pack, size_t n);
void pack_used(struct pack *pack, size_t n);

/* What is there goes to the file now. */
void pack_flush(struct pack *pack);

/* errno of the first write that failed, 0 if all is well. After it everything is dropped. */
int pack_error(const struct pack *pack);

/* Write the rest and free everything. Returns as pack_error. */
int pack_close(struct pack *pack);

#endif
