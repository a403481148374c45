/* arena.c - memory that is freed at once.
 * SPDX-License-Identifier: MIT */
#include "host/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 16384

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

void *arena_take(struct arena *arena, size_t n) {
    const size_t unit = alignof(max_align_t);
    struct arena_chunk *chunk = arena->first;
    if (n > SIZE_MAX / 2) {
        return NULL;
    }
    n = (n + unit - 1) / unit * unit;
    if (!chunk || chunk->size - chunk->used < n) {
        size_t size = n > CHUNK ? n : CHUNK;
        chunk = calloc(1, sizeof *chunk + size);
        if (!chunk) {
            return NULL;
        }
        chunk->size = size;
        chunk->next = arena->first;
        arena->first = chunk;
    }
    chunk->used += n;
    return chunk->bytes + chunk->used - n;
}

char *arena_text(struct arena *arena, const char *text, size_t n) {
    char *copy = arena_take(arena, n + 1);
    if (copy && n > 0) {
        memcpy(copy, text, n);
    }
    return copy;
}

void arena_free(struct arena *arena) {
    while (arena->first) {
        struct arena_chunk *next = arena->first->next;
        free(arena->first);
        arena->first = next;
    }
}
