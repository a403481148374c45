/* host/config/yaml.h - a YAML file as a tree of nodes that know where they stand.
 * The grammar is libyaml's; on top of it the file is kept small and plain: UTF-8, one document, no
 * anchors, aliases or tags, keys are text and none stands twice, 8 levels, 20 000 nodes.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_CONFIG_YAML_H
#define HOST_CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "host/base/arena.h"

#define YAML_DEPTH_MAX 8
#define YAML_NODES_MAX 20000

enum yaml_type { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_type type;
    int line, column; /* from 1; columns are characters */
    bool quoted;
    bool exact;       /* its characters stand in the file as they are, on one line */
    const char *text; /* TEXT: len bytes and a 0 behind them; it may hold other 0 bytes */
    size_t len;
    struct yaml_node *first, *last; /* LIST, MAP: what is in it, in the order of the file */
    size_t count;
    struct yaml_node *next, *parent;
    struct yaml_node *key; /* in a MAP: a TEXT */
};

/* Called for each error: what is wrong there. key: of a map, where the error is about one; else
 * NULL. */
typedef void yaml_complaint(void *context, int line, int column, const struct yaml_node *key,
                            const char *what);

/* Read n bytes. Returns the root, or NULL after an error that was told. Keys that stand twice are
 * told too, but do not end it: the first of them stays. */
struct yaml_node *yaml_read(struct arena *arena, const char *text, size_t n,
                            yaml_complaint *complain, void *context);

/* The value of a key of a map; NULL if it is not there. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* The column of byte number `at` of a text; its beginning where that cannot be told. */
int yaml_column(const struct yaml_node *node, size_t at);

/* Bytes of the UTF-8 character at the beginning of n bytes; 0 if there is no good one. */
size_t utf8_length(const char *text, size_t n);

#endif
