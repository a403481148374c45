/* host/base/arena.h - memory that is freed at once: for what is built piece by piece and thrown away
 * as a whole.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_BASE_ARENA_H
#define HOST_BASE_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_chunk *first; /* NULL: empty */
};

/* n bytes of zeros, aligned for anything; NULL if memory runs out. */
void *arena_take(struct arena *arena, size_t n);

/* A copy of n bytes with a 0 behind them; NULL if memory runs out. */
char *arena_text(struct arena *arena, const char *text, size_t n);

void arena_free(struct arena *arena);

#endif
