/* config.c - the nodes of CONFIG.yaml checked against rows, and what comes out of it.
 * A wrong value does not stop the check: the rest is read as if it were left out, so that one run
 * tells everything. What depends on a wrong value is not complained about.
 * SPDX-License-Identifier: MIT */
#include "host/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/arena.h"
#include "host/base/nearest.h"
#include "host/config/yaml.h"

#define WHAT_TEXT 480
#define PATH_TEXT 200 /* of a key: "devices.pump.type" */
#define LIST_TEXT 240 /* of names */

const struct vb_key config_site_keys[] = {
    {"site", VB_KEY_TEXT, NULL, "", 0, 0, NULL, "the name of the whole, for people"},
};
const size_t config_site_key_count = sizeof config_site_keys / sizeof config_site_keys[0];

enum { DEVICE_TYPE, DEVICE_LINK, DEVICE_CONTROL, DEVICE_STALE };
const struct vb_key config_device_keys[] = {
    [DEVICE_TYPE] = {"type", VB_KEY_TEXT, NULL, NULL, 0, 0, NULL,
                     "which device it is (voltbus list devices)"},
    [DEVICE_LINK] = {"link", VB_KEY_TEXT, NULL, NULL, 0, 0, NULL,
                     "the name of a link, or a LINK of its own"},
    [DEVICE_CONTROL] = {"control", VB_KEY_FLAG, NULL, "false", 0, 0, NULL,
                        "may commands change anything (voltbus list commands)"},
    [DEVICE_STALE] = {"stale", VB_KEY_DURATION, NULL, "", 100, 86400000, NULL,
                      "silent for so long is stale; left out: some periods of its messages"},
};
const size_t config_device_key_count = sizeof config_device_keys / sizeof config_device_keys[0];

#define DEVICE_NAMES_MAX (DEVICE_STALE + 1 + 1 + VB_SETTINGS_MAX) /* keys, limits, settings */

const struct vb_key config_output_type_key = {
    "type", VB_KEY_TEXT, NULL, NULL, 0, 0, NULL, "which output it is (voltbus list outputs)"};

struct vb_key config_setting_key(const struct vb_setting *setting) {
    return (struct vb_key){
        setting->name,   VB_KEY_WORD,   NULL, setting->values[setting->initial], 0, 0,
        setting->values, setting->title};
}

/* ---- complaints: collected, then told in the order of the file ---- */

struct check {
    struct arena *arena;
    struct config *config;
    struct config_error errors[CONFIG_ERRORS_MAX];
    size_t error_count; /* all of them */
    const struct yaml_node *root;
    size_t named_links; /* those of the map links: devices know them by their names */
};

static size_t write_path(const struct yaml_node *node, char *out);

static size_t write_key(const struct yaml_node *key, char *out) {
    size_t n = key->parent ? write_path(key->parent, out) : 0;
    n += (size_t)snprintf(out + n, PATH_TEXT - n, "%s%.*s", n ? "." : "",
                          key->len < 64 ? (int)key->len : 64, key->text);
    return n < PATH_TEXT ? n : PATH_TEXT - 1;
}

/* "devices.pump.type": the keys from the root to a node. out: PATH_TEXT bytes. */
static size_t write_path(const struct yaml_node *node, char *out) {
    out[0] = '\0';
    return node->key ? write_key(node->key, out) : node->parent ? write_path(node->parent, out) : 0;
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

/* Keeps the errors in the order of the file. */
static void note(struct check *c, int line, int column, const char *key, const char *what) {
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

/* About a value, and where it stands: "line:column: key: what". */
__attribute__((format(printf, 3, 4))) static void
wrong(struct check *c, const struct yaml_node *node, const char *fmt, ...) {
    char key[PATH_TEXT];
    char what[WHAT_TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    write_path(node, key);
    note(c, node->line, node->column, key, what);
}

/* The same node, to complain about its key. */
static struct yaml_node at_key(const struct yaml_node *node) {
    struct yaml_node there = *node;
    if (node->key) {
        there.line = node->key->line;
        there.column = node->key->column;
    }
    return there;
}

/* The same node, to complain about byte number `at` of its text. */
static struct yaml_node at_byte(const struct yaml_node *node, size_t at) {
    struct yaml_node there = *node;
    there.column = yaml_column(node, at);
    return there;
}

/* ---- values ---- */

static const char *const type_names[] = {"a text", "a list", "a map"};

/* A value that is left empty ("limits:") is a text of nothing. */
static const char *type_name(const struct yaml_node *node) {
    return node->type == YAML_TEXT && node->len == 0 && !node->quoted ? "nothing"
                                                                      : type_names[node->type];
}

/* Read a value by its row. Complains and returns false if it is wrong. */
static bool take(struct check *c, const struct yaml_node *node, const struct vb_key *key,
                 struct vb_value *value) {
    char why[VB_KEY_WHY];
    if (node->type != YAML_TEXT) {
        wrong(c, node, "expected %s, not %s", vb_key_allowed(key, why), type_name(node));
        return false;
    }
    if (vb_key_parse(key, node->text, node->len, value, why) < 0) {
        wrong(c, node, "%s", why);
        return false;
    }
    return true;
}

/* The text of a node that may be long, or no text of C. */
static const char *shown(const struct yaml_node *node, char out[48]) {
    snprintf(out, 48, "%.*s", node->len < 40 ? (int)node->len : 40, node->text);
    return out;
}

/* A name that is none of those there are: of the key of a node, else its text. names ends with NULL.
 */
static void unknown_name(struct check *c, const struct yaml_node *node, bool key, const char *what,
                         const char *const *names) {
    const struct yaml_node there = key ? at_key(node) : *node;
    char typed[48];
    char near[NEAREST_TEXT];
    char all[LIST_TEXT];
    shown(key ? node->key : node, typed);
    nearest(typed, names, near);
    names_text(names, all, sizeof all);
    wrong(c, &there, "unknown %s '%s'%s (%s)", what, typed, near, names[0] ? all : "there is none");
}

/* Names of links, devices, outputs. */
static bool take_name(struct check *c, const struct yaml_node *node, char out[CONFIG_NAME_MAX]) {
    const struct yaml_node *key = node->key;
    bool good = key->len > 0 && key->len < CONFIG_NAME_MAX;
    for (size_t i = 0; i < key->len; i++) {
        char ch = key->text[i];
        good = good && ((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                        (ch >= '0' && ch <= '9') || ch == '_' || ch == '-');
    }
    if (!good) {
        const struct yaml_node there = at_key(node);
        wrong(c, &there, "no name: letters, digits, _ and -, at most %d of them",
              CONFIG_NAME_MAX - 1);
        return false;
    }
    memcpy(out, key->text, key->len);
    out[key->len] = '\0';
    return true;
}

static bool is_map(struct check *c, const struct yaml_node *node, const char *of) {
    if (node->type == YAML_MAP) {
        return true;
    }
    wrong(c, node, "expected a map, %s; not %s", of, type_name(node));
    return false;
}

/* ---- links ---- */

/* Of a LINK that is wrong there is no kind. */
static struct link_spec *take_link(struct check *c, const struct yaml_node *node) {
    struct link_spec *spec = arena_take(c->arena, sizeof *spec);
    char why[LINK_WHY];
    size_t at = 0;
    if (spec && link_spec_parse(spec, node->text, node->len, why, &at) != VB_OK) {
        const struct yaml_node there = at_byte(node, at);
        wrong(c, &there, "%s", why);
        spec->kind = NULL;
    }
    return spec;
}

/* One of two links would not open: ports and listening sockets are for one. Two simulators are two,
 * and of a recording or a server there may be two views. */
static bool same_place(const struct link_spec *a, const struct link_spec *b) {
    if (!a->kind || !b->kind || a->place.type != b->place.type) {
        return false;
    }
    switch (a->place.type) {
    case PLACE_SIM:
        return false;
    case PLACE_TCP:
    case PLACE_FILE:
        return strcmp(a->text, b->text) == 0;
    default:
        return strcmp(a->place.name, b->place.name) == 0 && a->place.port == b->place.port;
    }
}

/* Append the link of a LINK. Returns its number, SIZE_MAX if there is no room. */
static size_t add_link(struct check *c, const struct yaml_node *node, const char *name) {
    struct config *config = c->config;
    if (config->link_count == CONFIG_LINKS_MAX) {
        wrong(c, node, "more than %d links", CONFIG_LINKS_MAX);
        return SIZE_MAX;
    }
    struct config_link *link = &config->links[config->link_count];
    struct link_spec *spec = take_link(c, node);
    if (!spec) {
        return SIZE_MAX;
    }
    for (size_t i = 0; i < config->link_count; i++) {
        if (same_place(spec, config->links[i].spec)) {
            const struct yaml_node there = at_byte(node, strlen(spec->kind->name) + 1);
            wrong(c, &there, "%s is the place of link %s in line %d already", spec->place.text,
                  config->links[i].name, config->links[i].line);
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
        if (!take_name(c, node, name)) {
            continue;
        }
        if (node->type != YAML_TEXT) {
            wrong(c, node, "expected a LINK like %s, not %s", link_kinds[0]->example,
                  type_name(node));
        } else {
            add_link(c, node, name);
        }
    }
    c->named_links = c->config->link_count;
}

static size_t find_link(const struct check *c, const char *name, size_t n) {
    for (size_t i = 0; i < c->named_links; i++) {
        const char *known = c->config->links[i].name;
        if (strlen(known) == n && memcmp(known, name, n) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* ---- limits of commands ---- */

/* Thousandths as people write them: 6, 0.5. */
static const char *milli_text(int64_t milli, char out[VB_NUMBER_TEXT + 1]) {
    struct vb_decimal decimal = {1, 0, 1, 3, false};
    while (decimal.digits > 0 && milli % 10 == 0) {
        milli /= 10;
        decimal.digits--;
    }
    out[vb_decimal_text(&decimal, milli, out)] = '\0';
    return out;
}

/* "0..5", with the unit: "6 A..16 A". */
#define RANGE_TEXT 128
static const char *range_text(const struct vb_command *command, struct vb_limits limits,
                              char out[RANGE_TEXT]) {
    char low[VB_NUMBER_TEXT + 1];
    char high[VB_NUMBER_TEXT + 1];
    const char *unit = command->argument->unit;
    snprintf(out, RANGE_TEXT, "%s%s..%s%s", milli_text(limits.min_milli, low), unit,
             milli_text(limits.max_milli, high), unit);
    return out;
}

/* One end of a range: a number, behind it the unit or nothing; or a word of the row. */
static bool take_end(struct check *c, const struct yaml_node *node,
                     const struct vb_command *command, size_t from, size_t end, int64_t *milli) {
    static const struct vb_scale thousandths = {1, 0, 1000};
    const struct vb_signal *row = command->argument;
    const char *text = node->text;
    while (from < end && text[from] == ' ') {
        from++;
    }
    while (end > from && text[end - 1] == ' ') {
        end--;
    }
    for (const struct vb_word *w = row->words; w && w->word; w++) {
        if (strlen(w->word) == end - from && memcmp(w->word, text + from, end - from) == 0) {
            *milli = w->raw * 1000; /* words stand for raw numbers */
            return true;
        }
    }
    size_t number = from;
    while (number < end && strchr("+-.0123456789", text[number]) && text[number]) {
        number++;
    }
    size_t unit = number;
    while (unit < end && text[unit] == ' ') {
        unit++;
    }
    char range[RANGE_TEXT];
    int result = vb_decimal_parse(&thousandths, false, text + from, number - from, milli);
    if (result < 0) {
        const struct yaml_node there = at_byte(node, from);
        wrong(c, &there, "'%.*s': not a number; expected LOW..HIGH, like %s",
              end - from < 40 ? (int)(end - from) : 40, text + from,
              range_text(command, command->limits, range));
        return false;
    }
    if (unit < end &&
        !(strlen(row->unit) == end - unit && memcmp(row->unit, text + unit, end - unit) == 0)) {
        const struct yaml_node there = at_byte(node, unit);
        wrong(c, &there, "unknown unit '%.*s' (%s)", end - unit < 40 ? (int)(end - unit) : 40,
              text + unit, row->unit[0] ? row->unit : "it has none");
        return false;
    }
    return true;
}

static bool take_range(struct check *c, const struct yaml_node *node,
                       const struct vb_command *command, struct vb_limits *limits) {
    char hard[RANGE_TEXT];
    range_text(command, command->limits, hard);
    const char *dots = node->type == YAML_TEXT ? strstr(node->text, "..") : NULL;
    if (!dots) {
        wrong(c, node, "expected LOW..HIGH, like %s", hard);
        return false;
    }
    size_t at = (size_t)(dots - node->text);
    bool low = take_end(c, node, command, 0, at, &limits->min_milli);
    bool high = take_end(c, node, command, at + 2, node->len, &limits->max_milli);
    if (!low || !high) {
        return false;
    }
    char text[48];
    struct vb_signal row = *command->argument;
    row.limits = limits;
    shown(node, text);
    if (limits->min_milli > limits->max_milli) {
        wrong(c, node, "%s: the lower end stands first (%s)", text, hard);
        return false;
    }
    if (limits->min_milli < command->limits.min_milli ||
        limits->max_milli > command->limits.max_milli) {
        wrong(c, node, "%s: beyond the hard limits (%s)", text, hard);
        return false;
    }
    if (!vb_signal_in_limits(&row, command->safe)) {
        char safe[64];
        safe[vb_signal_text(&row, command->safe, safe, sizeof safe - 1, NULL)] = '\0';
        wrong(c, node, "%s: leaves out %s%s, the safe value", text, safe, row.unit);
        return false;
    }
    return true;
}

static void take_limits(struct check *c, struct config_device *device,
                        const struct yaml_node *limits) {
    const struct vb_device *type = device->type;
    const char *names[VB_COMMANDS_MAX + 1] = {NULL};
    for (size_t i = 0; i < type->command_count && i < VB_COMMANDS_MAX; i++) {
        names[i] = type->commands[i].name;
    }
    if (!is_map(c, limits, "COMMAND: LOW..HIGH")) {
        return;
    }
    device->limits = arena_take(c->arena, limits->count * sizeof *device->limits);
    for (const struct yaml_node *node = limits->first; node; node = node->next) {
        int command = vb_control_find(type, node->key->text, node->key->len);
        struct config_limit limit = {.command = (size_t)command};
        if (command < 0) {
            unknown_name(c, node, true, "command", names);
        } else if (take_range(c, node, &type->commands[command], &limit.limits) && device->limits) {
            device->limits[device->limit_count++] = limit;
        }
    }
}

/* ---- devices ---- */

static bool fits(const struct link_kind *kind, const struct vb_device *type) {
    return kind->frame_kind == type->kind || kind->frame_kind == VB_KIND_COUNT;
}

/* The value of link: a name, or a LINK, which has a ':' and a name has not. */
static void take_device_link(struct check *c, struct config_device *device,
                             const struct yaml_node *node) {
    struct vb_value value;
    if (!take(c, node, &config_device_keys[DEVICE_LINK], &value)) {
        return;
    }
    if (!memchr(node->text, ':', node->len)) {
        device->link = find_link(c, node->text, node->len);
    } else if (find_link(c, device->name, strlen(device->name)) == SIZE_MAX) {
        device->link = add_link(c, node, device->name);
    } else {
        wrong(c, node,
              "a LINK of its own is called like the device, but there is a link %s already",
              device->name);
        return;
    }
    const char *names[CONFIG_LINKS_MAX + 1] = {NULL};
    if (device->link == SIZE_MAX) {
        for (size_t i = 0; i < c->named_links; i++) {
            names[i] = c->config->links[i].name;
        }
        if (!memchr(node->text, ':', node->len)) {
            unknown_name(c, node, false, "link", names);
        }
        return;
    }
    const struct config_link *link = &c->config->links[device->link];
    if (link->spec->kind && device->type && !fits(link->spec->kind, device->type)) {
        char all[LIST_TEXT];
        size_t n = 0;
        for (size_t i = 0; i < link_kind_count && n < CONFIG_LINKS_MAX; i++) {
            if (fits(link_kinds[i], device->type)) {
                names[n++] = link_kinds[i]->name;
            }
        }
        wrong(c, node, "%s is a %s link; %s needs another kind (%s)", link->name,
              link->spec->kind->name, device->type->name, names_text(names, all, sizeof all));
    }
}

static void take_type(struct check *c, struct config_device *device, const struct yaml_node *node) {
    struct vb_value value;
    if (!take(c, node, &config_device_keys[DEVICE_TYPE], &value)) {
        return;
    }
    device->type = vb_device_find(node->text);
    if (!device->type || strlen(device->type->name) != node->len) {
        const char *names[129] = {NULL};
        for (size_t i = 0; i < vb_device_count && i < 128; i++) {
            names[i] = vb_devices[i]->name;
        }
        device->type = NULL;
        unknown_name(c, node, false, "device", names);
    }
}

static int find_setting(const struct vb_device *type, const struct yaml_node *key) {
    for (int i = 0; i < type->setting_count; i++) {
        if (strlen(type->settings[i].name) == key->len &&
            memcmp(type->settings[i].name, key->text, key->len) == 0) {
            return i;
        }
    }
    return -1;
}

/* A key that every device has, or a setting of this one. */
static void take_device_key(struct check *c, struct config_device *device,
                            const struct yaml_node *node) {
    const struct vb_device *type = device->type;
    struct vb_value value;
    switch (
        vb_key_find(config_device_keys, config_device_key_count, node->key->text, node->key->len)) {
    case DEVICE_TYPE: /* the type has been read, the others need it; the link is read last */
    case DEVICE_LINK:
        return;
    case DEVICE_CONTROL:
        if (take(c, node, &config_device_keys[DEVICE_CONTROL], &value)) {
            device->control = value.number;
            if (device->control && type && type->command_count == 0) {
                wrong(c, node, "%s takes no commands (voltbus list commands)", type->name);
            }
        }
        return;
    case DEVICE_STALE:
        if (take(c, node, &config_device_keys[DEVICE_STALE], &value)) {
            device->stale_ms = value.number;
        }
        return;
    default:
        break;
    }
    if (!type) { /* nobody knows its settings and commands */
        return;
    }
    if (node->key->len == strlen("limits") && strcmp(node->key->text, "limits") == 0) {
        take_limits(c, device, node);
        return;
    }
    int setting = find_setting(type, node->key);
    if (setting >= 0) {
        struct vb_key key = config_setting_key(&type->settings[setting]);
        if (take(c, node, &key, &value)) {
            device->choice[setting] = (uint8_t)value.number;
            device->chosen[setting] = true;
        }
        return;
    }
    const char *names[DEVICE_NAMES_MAX + 1] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < config_device_key_count; i++) {
        names[n++] = config_device_keys[i].name;
    }
    names[n++] = "limits";
    for (size_t i = 0; i < type->setting_count && i < VB_SETTINGS_MAX; i++) {
        names[n++] = type->settings[i].name;
    }
    unknown_name(c, node, true, "key", names);
}

static void missing_key(struct check *c, const struct yaml_node *node, const struct vb_key *key) {
    const struct yaml_node there = at_key(node);
    wrong(c, &there, "%s is missing: %s", key->name, key->help);
}

static void take_device(struct check *c, const struct yaml_node *node) {
    struct config_device *device = &c->config->devices[c->config->device_count];
    if (!take_name(c, node, device->name) || !is_map(c, node, "{type: TYPE, link: LINK}")) {
        return;
    }
    device->link = SIZE_MAX;
    device->line = node->key->line;
    device->column = node->key->column;
    const struct yaml_node *type = yaml_get(node, "type");
    const struct yaml_node *link = yaml_get(node, "link");
    if (type) {
        take_type(c, device, type);
    } else {
        missing_key(c, node, &config_device_keys[DEVICE_TYPE]);
    }
    for (unsigned i = 0; device->type && i < device->type->setting_count; i++) {
        device->choice[i] = device->type->settings[i].initial;
    }
    for (const struct yaml_node *key = node->first; key; key = key->next) {
        take_device_key(c, device, key);
    }
    if (link) {
        take_device_link(c, device, link);
    } else {
        missing_key(c, node, &config_device_keys[DEVICE_LINK]);
    }
    c->config->device_count++;
}

/* ---- outputs ---- */

static void take_output_type(struct check *c, struct config_output *output,
                             const struct yaml_node *node) {
    struct vb_value value;
    if (!take(c, node, &config_output_type_key, &value)) {
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
        unknown_name(c, node, false, "output", names);
    } else if (!output->type->live) {
        char all[LIST_TEXT];
        names_text(names, all, sizeof all);
        wrong(c, node, "%s is for voltbus decode only; expected one of %s", output->type->name,
              names[0] ? all : "(there is none)");
        output->type = NULL;
    }
}

static void take_output(struct check *c, const struct yaml_node *node) {
    struct config_output *output = &c->config->outputs[c->config->output_count];
    if (!take_name(c, node, output->name) || !is_map(c, node, "{type: TYPE}")) {
        return;
    }
    output->line = node->key->line;
    output->column = node->key->column;
    const struct yaml_node *type = yaml_get(node, "type");
    c->config->output_count++;
    if (!type) {
        missing_key(c, node, &config_output_type_key);
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
            missing_key(c, node, &live->keys[i]);
        }
    }
    for (const struct yaml_node *value = node->first; value; value = value->next) {
        int key = vb_key_find(live->keys, live->key_count, value->key->text, value->key->len);
        if (key >= 0 && key < OUTPUT_KEYS_MAX) {
            take(c, value, &live->keys[key], &output->values[key]);
        } else if (value != type) {
            unknown_name(c, value, true, "key", names);
        }
    }
}

/* ---- the whole ---- */

/* A map of the root: room for as many things as it names. */
static const struct yaml_node *section(struct check *c, const char *name, const char *of,
                                       size_t most) {
    const struct yaml_node *node = yaml_get(c->root, name);
    if (!node || !is_map(c, node, of)) {
        return NULL;
    }
    if (node->count > most) {
        const struct yaml_node there = at_key(node);
        wrong(c, &there, "%zu of them: expected at most %zu", node->count, most);
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
    if (!is_map(c, c->root, "links, devices, outputs")) {
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
        if (key >= 0 && take(c, node, &config_site_keys[key], &value)) {
            config->site = arena_text(c->arena, value.text, value.len);
        } else if (!names[known]) {
            unknown_name(c, node, true, "key", names);
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
        note(c, 0, 0, "", "out of memory");
        return;
    }
    if (links) {
        take_links(c, links);
    }
    for (const struct yaml_node *node = devices ? devices->first : NULL; node; node = node->next) {
        take_device(c, node);
    }
    for (const struct yaml_node *node = outs ? outs->first : NULL; node; node = node->next) {
        take_output(c, node);
    }
    bool empty = !yaml_get(c->root, "links") && !yaml_get(c->root, "devices");
    if (empty || (c->error_count == 0 && config->link_count == 0)) {
        wrong(c, c->root, "nothing to do: expected links and devices (voltbus config example)");
    } else if (c->error_count == 0 && config->device_count == 0 && !records_frames(config)) {
        wrong(c, c->root,
              "nothing to do: expected devices, or an output that records frames "
              "(voltbus config example)");
    }
}

static void note_yaml(void *context, int line, int column, const struct yaml_node *key,
                      const char *what) {
    struct check *c = context;
    char path[PATH_TEXT] = "";
    if (key) {
        write_key(key, path);
    }
    note(c, line, column, path, what);
}

/* A file of at most CONFIG_BYTES_MAX. Returns its text, or NULL with why. */
static char *read_file(struct arena *arena, const char *path, size_t *n, char why[WHAT_TEXT]) {
    char *text = arena_take(arena, CONFIG_BYTES_MAX + 1);
    int fd = text ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    ssize_t got = -1;
    *n = 0;
    while (fd >= 0 && *n <= CONFIG_BYTES_MAX &&
           (got = read(fd, text + *n, CONFIG_BYTES_MAX + 1 - *n)) > 0) {
        *n += (size_t)got;
    }
    if (got < 0) {
        snprintf(why, WHAT_TEXT, "cannot be read: %s", strerror(text ? errno : ENOMEM));
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
    char why[WHAT_TEXT];
    c.config = arena_take(&arena, sizeof *c.config);
    if (!c.config) {
        tell(context, &(struct config_error){.key = "", .what = "out of memory"});
        return NULL;
    }
    c.config->path = arena_text(&arena, path, strlen(path));
    c.config->site = arena_text(&arena, "", 0);
    c.config->speed = 1;
    if (!text && !(text = read_file(&file, path, &n, why))) {
        note(&c, 0, 0, "", why);
    } else if (n > CONFIG_BYTES_MAX) {
        note(&c, 0, 0, "", "more than a megabyte: no configuration");
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
    char text[4096 + PATH_TEXT + WHAT_TEXT];
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
