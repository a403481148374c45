/* config.c - the nodes of CONFIG.yaml checked against rows, and what comes out of it.
 * A wrong value does not stop the check: the rest is read as if it were left out, so that one run
 * tells everything. What depends on a wrong value is not complained about.
 * SPDX-License-Identifier: MIT */
#include "host/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/base/nearest.h"
#include "host/config/check.h"

const struct vb_key config_site_keys[] = {
    {"site", VB_KEY_TEXT, NULL, "", 0, 0, NULL, "the name of the whole, for people"},
};
const size_t config_site_key_count = sizeof config_site_keys / sizeof config_site_keys[0];

const struct vb_key config_output_type_key = {
    "type", VB_KEY_TEXT, NULL, NULL, 0, 0, NULL, "which output it is (voltbus list outputs)"};

/* ---- links ---- */

/* Of a LINK that is wrong there is no kind. */
static struct link_spec *take_link(struct check *c, const struct yaml_node *node) {
    struct link_spec *spec = arena_take(c->arena, sizeof *spec);
    char why[LINK_WHY];
    size_t at = 0;
    if (spec && link_spec_parse(spec, node->text, node->len, why, &at) != VB_OK) {
        const struct yaml_node there = check_at_byte(node, at);
        check_wrong(c, &there, "%s", why);
        spec->kind = NULL;
    }
    return spec;
}

/* One of two links would not open: ports and listening sockets are for one. Two simulators are two,
 * and of a recording or a server there may be two views. */
static bool same_place(const struct link_spec *a, const struct link_spec *b) {
    if (!b->kind || a->place.type != b->place.type) {
        return false;
    }
    switch (a->place.type) {
    case PLACE_SIM:
        return false;
    case PLACE_TCP:
    case PLACE_HTTP:
    case PLACE_FILE:
        return strcmp(a->text, b->text) == 0;
    default:
        return strcmp(a->place.name, b->place.name) == 0 && a->place.port == b->place.port;
    }
}

size_t check_add_link(struct check *c, const struct yaml_node *node, const char *name) {
    struct config *config = c->config;
    if (config->link_count == CONFIG_LINKS_MAX) {
        check_wrong(c, node, "more than %d links", CONFIG_LINKS_MAX);
        return SIZE_MAX;
    }
    struct config_link *link = &config->links[config->link_count];
    struct link_spec *spec = take_link(c, node);
    if (!spec) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < config->link_count; i++) {
        if (spec->kind && same_place(spec, config->links[i].spec)) {
            const struct yaml_node there = check_at_byte(node, strlen(spec->kind->name) + 1);
            check_wrong(c, &there, "%s is the place of link %s in line %d already",
                        spec->place.text, config->links[i].name, config->links[i].line);
            break;
        }
    }
    snprintf(link->name, sizeof link->name, "%s", name);
    link->spec = spec;
    link->line = node->line;
    link->column = node->column;
    return config->link_count++;
}

static void take_links(struct check *c, const struct yaml_node *links) {
    for (const struct yaml_node *node = links->first; node; node = node->next) {
        char name[CONFIG_NAME_MAX];
        if (!check_name(c, node, name)) {
            continue;
        }
        if (node->type != YAML_TEXT) {
            check_wrong(c, node, "expected a LINK like %s, not %s", link_kinds[0]->example,
                        check_type_name(node));
        } else {
            check_add_link(c, node, name);
        }
    }
    c->named_links = c->config->link_count;
}

size_t check_find_link(const struct check *c, const char *name, size_t n) {
    for (size_t i = 0; i < c->named_links; i++) {
        const char *known = c->config->links[i].name;
        if (strlen(known) == n && memcmp(known, name, n) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* ---- outputs ---- */

static void take_output_type(struct check *c, struct config_output *output,
                             const struct yaml_node *node) {
    struct vb_value value;
    if (!check_take(c, node, &config_output_type_key, &value)) {
        return;
    }
    const char *names[65] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < output_count && n < 64; i++) {
        if (outputs[i]->live) {
            names[n++] = outputs[i]->name;
        }
    }
    output->type = output_find(node->text);
    if (!output->type || strlen(output->type->name) != node->len) {
        output->type = NULL;
        check_unknown(c, node, false, "output", names);
    } else if (!output->type->live) {
        char all[CHECK_LIST];
        names_text(names, all, sizeof all);
        check_wrong(c, node, "%s is for voltbus decode only; expected one of %s",
                    output->type->name, names[0] ? all : "(there is none)");
        output->type = NULL;
    }
}

static void take_output(struct check *c, const struct yaml_node *node) {
    struct config_output *output = &c->config->outputs[c->config->output_count];
    if (!check_name(c, node, output->name) || !check_map(c, node, "{type: TYPE}")) {
        return;
    }
    output->line = node->key->line;
    output->column = node->key->column;
    const struct yaml_node *type = yaml_get(node, "type");
    c->config->output_count++;
    if (!type) {
        check_missing(c, node, &config_output_type_key);
        return;
    }
    take_output_type(c, output, type);
    if (!output->type) {
        return;
    }
    const struct output_live *live = output->type->live;
    const char *names[OUTPUT_KEYS_MAX + 2] = {"type"};
    for (size_t i = 0; i < live->key_count && i < OUTPUT_KEYS_MAX; i++) {
        names[i + 1] = live->keys[i].name;
        output->values[i] = vb_key_initial(&live->keys[i]);
        if (!live->keys[i].initial && !yaml_get(node, live->keys[i].name)) {
            check_missing(c, node, &live->keys[i]);
        }
    }
    for (const struct yaml_node *value = node->first; value; value = value->next) {
        int key = vb_key_find(live->keys, live->key_count, value->key->text, value->key->len);
        if (key >= 0 && key < OUTPUT_KEYS_MAX) {
            check_take(c, value, &live->keys[key], &output->values[key]);
        } else if (value != type) {
            check_unknown(c, value, true, "key", names);
        }
    }
}

/* What only an output knows: links that it needs, addresses. After all else was good. */
static void check_outputs(struct check *c, const struct yaml_node *outs) {
    char why[OUTPUT_WHY];
    size_t i = 0;
    for (const struct yaml_node *node = outs->first; node; node = node->next, i++) {
        const struct config_output *output = &c->config->outputs[i];
        const struct output_live *live = output->type->live;
        size_t key = 0;
        if (live->check && !live->check(c->config, output, &key, why)) {
            const struct yaml_node *value = yaml_get(node, live->keys[key].name);
            const struct yaml_node there = check_at_key(node);
            if (value) {
                check_wrong(c, value, "%s", why);
            } else {
                check_wrong(c, &there, "%s: %s", live->keys[key].name, why);
            }
        }
    }
}

/* ---- the whole ---- */

/* A map of the root: room for as many things as it names. */
static const struct yaml_node *section(struct check *c, const char *name, const char *of,
                                       size_t most) {
    const struct yaml_node *node = yaml_get(c->root, name);
    if (!node || !check_map(c, node, of)) {
        return NULL;
    }
    if (node->count > most) {
        const struct yaml_node there = check_at_key(node);
        check_wrong(c, &there, "%zu of them: expected at most %zu", node->count, most);
        return NULL;
    }
    return node;
}

static bool records_frames(const struct config *config) {
    for (size_t i = 0; i < config->output_count; i++) {
        if (!config->outputs[i].type || config->outputs[i].type->live->raw) {
            return true; /* or nobody knows */
        }
    }
    return false;
}

static void check_root(struct check *c) {
    struct config *config = c->config;
    static const char *const names[] = {"site", "links", "devices", "outputs", NULL};
    if (!check_map(c, c->root, "links, devices, outputs")) {
        return;
    }
    for (const struct yaml_node *node = c->root->first; node; node = node->next) {
        struct vb_value value;
        int key =
            vb_key_find(config_site_keys, config_site_key_count, node->key->text, node->key->len);
        size_t known = 0;
        while (names[known] && strcmp(names[known], node->key->text) != 0) {
            known++;
        }
        if (key >= 0 && check_take(c, node, &config_site_keys[key], &value)) {
            config->site = arena_text(c->arena, value.text, value.len);
        } else if (!names[known]) {
            check_unknown(c, node, true, "key", names);
        }
    }
    const struct yaml_node *links = section(c, "links", "NAME: LINK", CONFIG_LINKS_MAX);
    const struct yaml_node *devices =
        section(c, "devices", "NAME: {type: TYPE, link: LINK}", CONFIG_DEVICES_MAX);
    const struct yaml_node *outs = section(c, "outputs", "NAME: {type: TYPE}", CONFIG_OUTPUTS_MAX);
    config->links = arena_take(c->arena, CONFIG_LINKS_MAX * sizeof *config->links);
    config->devices =
        arena_take(c->arena, (devices ? devices->count : 0) * sizeof *config->devices);
    config->outputs = arena_take(c->arena, (outs ? outs->count : 0) * sizeof *config->outputs);
    if (!config->links || !config->devices || !config->outputs || !config->site) {
        check_note(c, 0, 0, "", "out of memory");
        return;
    }
    if (links) {
        take_links(c, links);
    }
    for (const struct yaml_node *node = devices ? devices->first : NULL; node; node = node->next) {
        check_device(c, node);
    }
    for (const struct yaml_node *node = outs ? outs->first : NULL; node; node = node->next) {
        take_output(c, node);
    }
    if (outs && c->error_count == 0) {
        check_outputs(c, outs);
    }
    bool empty = !yaml_get(c->root, "links") && !yaml_get(c->root, "devices");
    if (empty || (c->error_count == 0 && config->link_count == 0)) {
        check_wrong(c, c->root,
                    "nothing to do: expected links and devices (voltbus config example)");
    } else if (c->error_count == 0 && config->device_count == 0 && !records_frames(config)) {
        check_wrong(c, c->root,
                    "nothing to do: expected devices, or an output that records frames "
                    "(voltbus config example)");
    }
}

static void note_yaml(void *context, int line, int column, const struct yaml_node *key,
                      const char *what) {
    struct check *c = context;
    char path[CHECK_PATH] = "";
    if (key) {
        check_key_path(key, path);
    }
    check_note(c, line, column, path, what);
}

/* A file of at most CONFIG_BYTES_MAX. Returns its text, or NULL with why. */
static char *read_file(struct arena *arena, const char *path, size_t *n, char why[CHECK_WHAT]) {
    char *text = arena_take(arena, CONFIG_BYTES_MAX + 1);
    int fd = text ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = -1;
    *n = 0;
    while (fd >= 0 && *n <= CONFIG_BYTES_MAX &&
           (got = read(fd, text + *n, CONFIG_BYTES_MAX + 1 - *n)) > 0) {
        *n += (size_t)got;
    }
    if (got < 0) {
        snprintf(why, CHECK_WHAT, "cannot be read: %s", strerror(text ? errno : ENOMEM));
    }
    if (fd >= 0) {
        close(fd);
    }
    return got < 0 ? NULL : text;
}

struct config *config_load(const char *path, const char *text, size_t n, config_error_told *tell,
                           void *context) {
    struct arena arena = {NULL};
    struct arena file = {NULL};
    struct check c = {.arena = &arena};
    char why[CHECK_WHAT];
    c.config = arena_take(&arena, sizeof *c.config);
    if (!c.config) {
        tell(context, &(struct config_error){.key = "", .what = "out of memory"});
        return NULL;
    }
    c.config->path = arena_text(&arena, path, strlen(path));
    c.config->site = arena_text(&arena, "", 0);
    c.config->speed = 1;
    if (!text && !(text = read_file(&file, path, &n, why))) {
        check_note(&c, 0, 0, "", why);
    } else if (n > CONFIG_BYTES_MAX) {
        check_note(&c, 0, 0, "", "more than a megabyte: no configuration");
    } else if ((c.root = yaml_read(&arena, text, n, note_yaml, &c))) {
        check_root(&c);
    }
    arena_free(&file); /* the nodes have copies */
    if (c.error_count == 0) {
        c.config->memory = arena.first;
        return c.config;
    }
    size_t told = c.error_count < CONFIG_ERRORS_MAX ? c.error_count : CONFIG_ERRORS_MAX;
    for (size_t i = 0; i < told; i++) {
        tell(context, &c.errors[i]);
    }
    if (c.error_count > told) {
        snprintf(why, sizeof why, "%zu more errors", c.error_count - told);
        tell(context, &(struct config_error){.key = "", .what = why, .more = c.error_count - told});
    }
    arena_free(&arena);
    return NULL;
}

/* Errors as lines, for config_parse. */
struct lines_wanted {
    const char *path;
    config_complaint *complain;
    void *context;
};

static void tell_line(void *context, const struct config_error *error) {
    const struct lines_wanted *wanted = context;
    char place[40] = "";
    char text[4096 + CHECK_PATH + CHECK_WHAT];
    if (error->line > 0) {
        snprintf(place, sizeof place, "%d:%d:", error->line, error->column);
    }
    snprintf(text, sizeof text, "%.4000s:%s %s%s%s", wanted->path, place, error->key,
             error->key[0] ? ": " : "", error->what);
    wanted->complain(wanted->context, text);
}

struct config *config_parse(const char *path, const char *text, size_t n,
                            config_complaint *complain, void *context) {
    struct lines_wanted wanted = {path, complain, context};
    return config_load(path, text, n, tell_line, &wanted);
}

struct config *config_read(const char *path, config_complaint *complain, void *context) {
    return config_parse(path, NULL, 0, complain, context);
}

void config_free(struct config *config) {
    if (config) {
        struct arena arena = {config->memory};
        arena_free(&arena);
    }
}
