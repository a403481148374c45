/* host/config/check.h - what the parts of the configuration's check share: the complaints, and the
 * reading of single values. Only host/config includes it.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_CONFIG_CHECK_H
#define HOST_CONFIG_CHECK_H

#include "host/base/arena.h"
#include "host/config/config.h"
#include "host/config/yaml.h"

#define CHECK_WHAT 480 /* room for an error */
#define CHECK_PATH 200 /* for a key: "devices.pump.type" */
#define CHECK_LIST 240 /* for a list of names */

struct check {
    struct arena *arena;
    struct config *config;
    struct config_error errors[CONFIG_ERRORS_MAX]; /* in the order of the file */
    size_t error_count;                            /* all of them */
    const struct yaml_node *root;
    size_t named_links; /* those of the map links: devices know them by their names */
};

/* ---- complaints ---- */

void check_note(struct check *c, int line, int column, const char *key, const char *what);

/* About a value, and where it stands: "line:column: key: what". */
void check_wrong(struct check *c, const struct yaml_node *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same node, to complain about its key; about byte number `at` of its text. */
struct yaml_node check_at_key(const struct yaml_node *node);
struct yaml_node check_at_byte(const struct yaml_node *node, size_t at);

/* A name that is none of those there are: of the key of a node, else its text. names ends with NULL.
 */
void check_unknown(struct check *c, const struct yaml_node *node, bool key, const char *what,
                   const char *const *names);
/* A key of a map that must be given. */
void check_missing(struct check *c, const struct yaml_node *map, const struct vb_key *key);

/* "devices.pump.type" of a key. out: CHECK_PATH bytes. Returns the length. */
size_t check_key_path(const struct yaml_node *key, char *out);

/* What stands there: "a list"; its text, if it is not too long. */
const char *check_type_name(const struct yaml_node *node);
const char *check_shown(const struct yaml_node *node, char out[48]);

/* ---- values: each complains and returns false if it is wrong ---- */

bool check_take(struct check *c, const struct yaml_node *node, const struct vb_key *key,
                struct vb_value *value);
/* The key of a node as the name of a link, device or output. */
bool check_name(struct check *c, const struct yaml_node *node, char out[CONFIG_NAME_MAX]);
bool check_map(struct check *c, const struct yaml_node *node, const char *of);

/* ---- links and devices ---- */

/* Number of the link of that name (n characters), SIZE_MAX if there is none. */
size_t check_find_link(const struct check *c, const char *name, size_t n);
/* Append the link of a LINK. Returns its number, SIZE_MAX if there is no room. */
size_t check_add_link(struct check *c, const struct yaml_node *node, const char *name);

/* Append the device of a node of the map devices. */
void check_device(struct check *c, const struct yaml_node *node);

#endif
