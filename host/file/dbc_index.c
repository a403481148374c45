/* dbc_index.c - what a DBC has, by number and name: a balanced tree (POSIX tsearch), which no choice of names makes slow.
 * SPDX-License-Identifier: MIT */
#include <search.h>
#include <string.h>

#include "host/file/dbc_parts.h"

struct key {
    enum dbc_kind kind;
    int64_t number;
    struct dbc_word name;
    void *thing;
};

static int by_key(const void *a, const void *b) {
    const struct key *one = a;
    const struct key *two = b;
    if (one->kind != two->kind) {
        return one->kind < two->kind ? -1 : 1;
    }
    if (one->number != two->number) {
        return one->number < two->number ? -1 : 1;
    }
    if (one->name.n != two->name.n) {
        return one->name.n < two->name.n ? -1 : 1;
    }
    return one->name.n > 0 ? memcmp(one->name.text, two->name.text, one->name.n) : 0;
}

void *dbc_known(const struct dbc_index *index, enum dbc_kind kind, int64_t number,
                struct dbc_word name) {
    const struct key sought = {kind, number, name, NULL};
    struct key *const *found = tfind(&sought, &index->root, by_key);
    return found ? (*found)->thing : NULL;
}

void **dbc_place(struct dbc_index *index, struct arena *arena, enum dbc_kind kind, int64_t number,
                 struct dbc_word name) {
    struct key *key = arena_take(arena, sizeof *key);
    if (!key) {
        return NULL;
    }
    *key = (struct key){kind, number, name, NULL};
    struct key *const *found = tsearch(key, &index->root, by_key);
    return found ? &(*found)->thing : NULL;
}

static void nothing(void *key) { /* keys are the arena's */
    (void)key;
}

void dbc_forget(struct dbc_index *index) {
    tdestroy(index->root, nothing);
    index->root = NULL;
}
