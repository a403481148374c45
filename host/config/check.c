/* check.c - complaints about a configuration, and the reading of single values by their rows.
 * SPDX-License-Identifier: MIT */
#include "host/config/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/nearest.h"

/* ---- complaints ---- */

static size_t write_path(const struct yaml_node *node, char *out);

size_t check_key_path(const struct yaml_node *key, char *out) {
    size_t n = key->parent ? write_path(key->parent, out) : 0;
    n += (size_t)snprintf(out + n, CHECK_PATH - n, "%s%.*s", n ? "." : "",
                          key->len < 64 ? (int)key->len : 64, key->text);
    return n < CHECK_PATH ? n : CHECK_PATH - 1;
}

/* "devices.pump.type": the keys from the root to a node. out: CHECK_PATH bytes. */
static size_t write_path(const struct yaml_node *node, char *out) {
    out[0] = '\0';
    return node->key      ? check_key_path(node->key, out)
           : node->parent ? write_path(node->parent, out)
                          : 0;
}

/* Text that came from the file must not break the line, or the JSON around it. */
static char *printable(struct arena *arena, const char *text) {
    size_t n = strlen(text);
    char *copy = arena_text(arena, text, n);
    size_t len;
    for (size_t i = 0; copy && i < n; i += len) {
        len = utf8_length(text + i, n - i);
        if (len == 0 || (unsigned char)text[i] < ' ' || text[i] == 0x7F) {
            copy[i] = '?';
            len = 1;
        }
    }
    return copy;
}

void check_note(struct check *c, int line, int column, const char *key, const char *what) {
    if (c->error_count++ >= CONFIG_ERRORS_MAX) {
        return;
    }
    size_t i = c->error_count - 1;
    for (; i > 0; i--) {
        const struct config_error *before = &c->errors[i - 1];
        if (before->line < line || (before->line == line && before->column <= column)) {
            break;
        }
        c->errors[i] = *before;
    }
    key = printable(c->arena, key);
    what = printable(c->arena, what);
    c->errors[i] = (struct config_error){line, column, key ? key : "", what ? what : "wrong", 0};
}

void check_wrong(struct check *c, const struct yaml_node *node, const char *fmt, ...) {
    char key[CHECK_PATH] = "";
    char what[CHECK_WHAT] = "";
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    write_path(node, key);
    check_note(c, node->line, node->column, key, what);
}

struct yaml_node check_at_key(const struct yaml_node *node) {
    struct yaml_node there = *node;
    if (node->key) {
        there.line = node->key->line;
        there.column = node->key->column;
    }
    return there;
}

struct yaml_node check_at_byte(const struct yaml_node *node, size_t at) {
    struct yaml_node there = *node;
    there.column = yaml_column(node, at);
    return there;
}

/* ---- values ---- */

static const char *const type_names[] = {"a text", "a list", "a map"};

/* A value that is left empty ("limits:") is a text of nothing. */
const char *check_type_name(const struct yaml_node *node) {
    return node->type == YAML_TEXT && node->len == 0 && !node->quoted ? "nothing"
                                                                      : type_names[node->type];
}

bool check_take(struct check *c, const struct yaml_node *node, const struct vb_key *key,
                struct vb_value *value) {
    char why[VB_KEY_WHY];
    if (node->type != YAML_TEXT) {
        check_wrong(c, node, "expected %s, not %s", vb_key_allowed(key, why),
                    check_type_name(node));
        return false;
    }
    if (vb_key_parse(key, node->text, node->len, value, why) < 0) {
        check_wrong(c, node, "%s", why);
        return false;
    }
    return true;
}

const char *check_shown(const struct yaml_node *node, char out[48]) {
    snprintf(out, 48, "%.*s", node->len < 40 ? (int)node->len : 40, node->text);
    return out;
}

void check_unknown(struct check *c, const struct yaml_node *node, bool key, const char *what,
                   const char *const *names) {
    const struct yaml_node there = key ? check_at_key(node) : *node;
    char typed[48];
    char near[NEAREST_TEXT];
    char all[CHECK_LIST];
    check_shown(key ? node->key : node, typed);
    nearest(typed, names, near);
    names_text(names, all, sizeof all);
    check_wrong(c, &there, "unknown %s '%s'%s (%s)", what, typed, near,
                names[0] ? all : "there is none");
}

bool check_name(struct check *c, const struct yaml_node *node, char out[CONFIG_NAME_MAX]) {
    const struct yaml_node *key = node->key;
    bool good = key->len > 0 && key->len < CONFIG_NAME_MAX;
    for (size_t i = 0; i < key->len; i++) {
        char ch = key->text[i];
        good = good && ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                        (ch >= '0' && ch <= '9') || ch == '_' || ch == '-');
    }
    if (!good) {
        const struct yaml_node there = check_at_key(node);
        check_wrong(c, &there, "no name: letters, digits, _ and -, at most %d of them",
                    CONFIG_NAME_MAX - 1);
        return false;
    }
    memcpy(out, key->text, key->len);
    out[key->len] = '\0';
    return true;
}

bool check_map(struct check *c, const struct yaml_node *node, const char *of) {
    if (node->type == YAML_MAP) {
        return true;
    }
    check_wrong(c, node, "expected a map, %s; not %s", of, check_type_name(node));
    return false;
}

void check_missing(struct check *c, const struct yaml_node *node, const struct vb_key *key) {
    const struct yaml_node there = check_at_key(node);
    check_wrong(c, &there, "%s is missing: %s", key->name, key->help);
}
