/* device.c - a device of the configuration: its keys, its settings, its link, limits of commands.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/base/nearest.h"
#include "host/config/check.h"
#include "host/file/dbc.h"
#include "voltbus/machine.h"

enum { DEVICE_TYPE, DEVICE_DB, DEVICE_LINK, DEVICE_CONTROL, DEVICE_POLL, DEVICE_STALE };
const struct vb_key config_device_keys[] = {
    [DEVICE_TYPE] = {"type", VB_KEY_TEXT, NULL, "", 0, 0, NULL,
                     "which device it is (voltbus list devices); it or db is required"},
    [DEVICE_DB] = {"db", VB_KEY_TEXT, NULL, "", 0, 0, NULL,
                   "a DBC file that says what its CAN frames mean"},
    [DEVICE_LINK] = {"link", VB_KEY_TEXT, NULL, NULL, 0, 0, NULL,
                     "the name of a link, or a LINK of its own"},
    [DEVICE_CONTROL] = {"control", VB_KEY_FLAG, NULL, "false", 0, 0, NULL,
                        "may commands change anything (voltbus list commands)"},
    [DEVICE_POLL] = {"poll", VB_KEY_FLAG, NULL, "true", 0, 0, NULL,
                     "ask by itself, where the wire is silent otherwise (links of the kind rapi; "
                     "false for devices that "
                     "are asked over CAN)"},
    [DEVICE_STALE] = {"stale", VB_KEY_DURATION, NULL, "", 100, 86400000, NULL,
                      "silent for so long is stale; left out: some periods of its messages"},
};
const size_t config_device_key_count = sizeof config_device_keys / sizeof config_device_keys[0];

#define DEVICE_NAMES_MAX (DEVICE_STALE + 1 + 1 + VB_SETTINGS_MAX) /* keys, limits, settings */

struct vb_key config_setting_key(const struct vb_setting *setting) {
    return (struct vb_key){
        setting->name,   VB_KEY_WORD,   NULL, setting->values[setting->initial], 0, 0,
        setting->values, setting->title};
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
        const struct yaml_node there = check_at_byte(node, from);
        check_wrong(c, &there, "'%.*s': not a number; expected LOW..HIGH, like %s",
                    end - from < 40 ? (int)(end - from) : 40, text + from,
                    range_text(command, command->limits, range));
        return false;
    }
    if (unit < end &&
        !(strlen(row->unit) == end - unit && memcmp(row->unit, text + unit, end - unit) == 0)) {
        const struct yaml_node there = check_at_byte(node, unit);
        check_wrong(c, &there, "unknown unit '%.*s' (%s)", end - unit < 40 ? (int)(end - unit) : 40,
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
        check_wrong(c, node, "expected LOW..HIGH, like %s", hard);
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
    check_shown(node, text);
    if (limits->min_milli > limits->max_milli) {
        check_wrong(c, node, "%s: the lower end stands first (%s)", text, hard);
        return false;
    }
    if (limits->min_milli < command->limits.min_milli ||
        limits->max_milli > command->limits.max_milli) {
        check_wrong(c, node, "%s: beyond the hard limits (%s)", text, hard);
        return false;
    }
    if (!vb_signal_in_limits(&row, command->safe)) {
        char safe[64];
        safe[vb_signal_text(&row, command->safe, safe, sizeof safe - 1, NULL)] = '\0';
        check_wrong(c, node, "%s: leaves out %s%s, the safe value", text, safe, row.unit);
        return false;
    }
    return true;
}

/* By its name, or by the last part of it where only one command ends so: "current". */
static int find_limited(const struct vb_device *type, const struct yaml_node *key) {
    int found = vb_control_find(type, key->text, key->len);
    for (int i = 0; found < 0 && i < type->command_count; i++) {
        const char *dot = strrchr(type->commands[i].name, '.');
        if (!dot || strlen(dot + 1) != key->len || memcmp(dot + 1, key->text, key->len) != 0) {
            continue;
        }
        for (int k = i + 1; k < type->command_count; k++) {
            const char *other = strrchr(type->commands[k].name, '.');
            if (other && strcmp(other, dot) == 0) {
                return -1;
            }
        }
        found = i;
    }
    return found;
}

static bool is_limited(const struct config_device *device, size_t command) {
    for (size_t i = 0; i < device->limit_count; i++) {
        if (device->limits[i].command == command) {
            return true;
        }
    }
    return false;
}

static void take_limits(struct check *c, struct config_device *device,
                        const struct yaml_node *limits) {
    const struct vb_device *type = device->type;
    const char *names[VB_COMMANDS_MAX + 1] = {NULL};
    for (size_t i = 0; i < type->command_count && i < VB_COMMANDS_MAX; i++) {
        names[i] = type->commands[i].name;
    }
    if (!check_map(c, limits, "COMMAND: LOW..HIGH")) {
        return;
    }
    device->limits = arena_take(c->arena, limits->count * sizeof *device->limits);
    for (const struct yaml_node *node = limits->first; node; node = node->next) {
        int command = find_limited(type, node->key);
        struct config_limit limit = {.command = (size_t)command};
        if (command < 0) {
            check_unknown(c, node, true, "command", names);
        } else if (is_limited(device, limit.command)) {
            const struct yaml_node there = check_at_key(node);
            check_wrong(c, &there, "%s is limited twice", type->commands[command].name);
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
    if (!check_take(c, node, &config_device_keys[DEVICE_LINK], &value)) {
        return;
    }
    if (!memchr(node->text, ':', node->len)) {
        device->link = check_find_link(c, node->text, node->len);
    } else if (check_find_link(c, device->name, strlen(device->name)) == SIZE_MAX) {
        device->link = check_add_link(c, node, device->name);
    } else {
        check_wrong(c, node,
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
            check_unknown(c, node, false, "link", names);
        }
        return;
    }
    const struct config_link *link = &c->config->links[device->link];
    if (link->spec->kind && device->type && !fits(link->spec->kind, device->type)) {
        char all[CHECK_LIST];
        size_t n = 0;
        for (size_t i = 0; i < link_kind_count && n < CONFIG_LINKS_MAX; i++) {
            if (fits(link_kinds[i], device->type)) {
                names[n++] = link_kinds[i]->name;
            }
        }
        check_wrong(c, node, "%s is a %s link; %s needs another kind (%s)", link->name,
                    link->spec->kind->name, device->type->name, names_text(names, all, sizeof all));
    }
}

static void take_type(struct check *c, struct config_device *device, const struct yaml_node *node) {
    struct vb_value value;
    if (!check_take(c, node, &config_device_keys[DEVICE_TYPE], &value)) {
        return;
    }
    device->type = vb_device_find(node->text);
    if (!device->type || strlen(device->type->name) != node->len) {
        const char *names[129] = {NULL};
        for (size_t i = 0; i < vb_device_count && i < 128; i++) {
            names[i] = vb_devices[i]->name;
        }
        device->type = NULL;
        check_unknown(c, node, false, "device", names);
    }
}

struct oddities {
    struct arena *arena;
    struct config_oddity **end;
    size_t count;
};

static void keep_oddity(void *context, unsigned long line, const char *what) {
    struct oddities *odd = context;
    if (odd->count++ >= DBC_SHOWN) {
        return;
    }
    struct config_oddity *next = arena_take(odd->arena, sizeof *next);
    const char *copy = arena_text(odd->arena, what, strlen(what));
    if (next && copy) {
        *next = (struct config_oddity){NULL, line, copy};
        *odd->end = next;
        odd->end = &next->next;
    }
}

static void take_db(struct check *c, struct config_device *device, const struct yaml_node *node) {
    struct vb_value value;
    struct config_oddity *first = NULL;
    struct oddities odd = {c->arena, &first, 0};
    char why[DBC_WHY];
    if (!check_take(c, node, &config_device_keys[DEVICE_DB], &value)) {
        return;
    }
    device->db = arena_text(c->arena, node->text, node->len);
    device->type = dbc_read(c->arena, node->text, keep_oddity, &odd, why);
    device->odd = first;
    device->odd_count = odd.count;
    if (!device->type) {
        check_wrong(c, node, "%.200s: %s", node->text, why);
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
    case DEVICE_DB:
    case DEVICE_LINK:
        return;
    case DEVICE_CONTROL:
        if (check_take(c, node, &config_device_keys[DEVICE_CONTROL], &value)) {
            device->control = value.number;
            if (device->control && type && type->command_count == 0) {
                check_wrong(c, node, "%s takes no commands (voltbus list commands)", type->name);
            }
        }
        return;
    case DEVICE_POLL: /* whether it means anything the link says, which is read last */
        if (check_take(c, node, &config_device_keys[DEVICE_POLL], &value)) {
            device->poll = value.number;
        }
        return;
    case DEVICE_STALE:
        if (check_take(c, node, &config_device_keys[DEVICE_STALE], &value)) {
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
        if (check_take(c, node, &key, &value)) {
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
    check_unknown(c, node, true, "key", names);
}

/* Whether the link can carry what the machine of a device may send. */
static void check_machine(struct check *c, const struct link_spec *spec, const char *link,
                          const struct yaml_node *right) {
    if (!spec->kind->send) {
        check_wrong(c, right, "voltbus sends no frames on a %s link", spec->kind->name);
    } else if (spec->kind->sends && !spec->kind->sends(spec)) {
        check_wrong(c, right, "link %s only listens (listen=no lets it send)", link);
    }
}

/* Two of one machine on one link would send the same frames. */
static void check_alone(struct check *c, const struct config_device *device,
                        const struct vb_machine *machine, const struct yaml_node *right) {
    for (size_t i = 0; i < c->config->device_count; i++) {
        const struct config_device *other = &c->config->devices[i];
        if (other != device && other->link == device->link && other->type &&
            vb_machine_of(other->type) == machine &&
            (machine->asks ? other->poll : other->control)) {
            check_wrong(c, right, "device %s runs %s on link %s already: only one of them may",
                        other->name, machine->name, c->config->links[device->link].name);
            return;
        }
    }
}

/* A link that asks nothing, or only listens, cannot do what the device may. */
static void check_rights(struct check *c, const struct config_device *device,
                         const struct yaml_node *node) {
    const struct link_spec *spec =
        device->link < c->config->link_count ? c->config->links[device->link].spec : NULL;
    const struct yaml_node *poll = yaml_get(node, "poll");
    const struct yaml_node *control = yaml_get(node, "control");
    if (!spec || !spec->kind) {
        return;
    }
    const struct vb_machine *machine = device->type ? vb_machine_of(device->type) : NULL;
    if (machine) {
        const struct yaml_node *right = machine->asks ? poll : control;
        if (right && (machine->asks ? device->poll : device->control)) {
            check_machine(c, spec, c->config->links[device->link].name, right);
            check_alone(c, device, machine, right);
        }
        return;
    }
    bool listens = spec->kind->polls && !spec->kind->polls(spec);
    if (poll && !spec->kind->polls) {
        check_wrong(c, poll, "a %s link asks nothing by itself", spec->kind->name);
    } else if (poll && device->poll && listens) {
        check_wrong(c, poll, "link %s only listens (listen)", c->config->links[device->link].name);
    }
    if (control && device->control && listens) {
        check_wrong(c, control, "link %s only listens (listen)",
                    c->config->links[device->link].name);
    }
}

void check_device(struct check *c, const struct yaml_node *node) {
    struct config_device *device = &c->config->devices[c->config->device_count];
    if (!check_name(c, node, device->name) || !check_map(c, node, "{type: TYPE, link: LINK}")) {
        return;
    }
    device->link = SIZE_MAX;
    device->line = node->key->line;
    device->column = node->key->column;
    const struct yaml_node *type = yaml_get(node, "type");
    const struct yaml_node *link = yaml_get(node, "link");
    const struct yaml_node *db = yaml_get(node, "db");
    if (type && db) {
        check_wrong(c, db, "either type or db, not both");
    } else if (type) {
        take_type(c, device, type);
    } else if (db) {
        take_db(c, device, db);
    } else {
        check_missing(c, node, &config_device_keys[DEVICE_TYPE]);
    }
    /* who asks on a bus where others do, too, is asked for it */
    device->poll = !device->type || !vb_machine_of(device->type);
    for (unsigned i = 0; device->type && i < device->type->setting_count; i++) {
        device->choice[i] = device->type->settings[i].initial;
    }
    for (const struct yaml_node *key = node->first; key; key = key->next) {
        take_device_key(c, device, key);
    }
    if (link) {
        take_device_link(c, device, link);
    } else {
        check_missing(c, node, &config_device_keys[DEVICE_LINK]);
    }
    check_rights(c, device, node);
    c->config->device_count++;
}
