/* config.c - `voltbus config`: every key of a configuration, out of the rows; and an example.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/config/config.h"
#include "host/out/output.h"
#include "sim/sim.h"

static const char usage[] =
    "usage: voltbus config schema [--json]   every key, what is allowed, its default\n"
    "       voltbus config example           a configuration with comments\n"
    "\n"
    "  --json  one JSON object a key\n";

struct schema {
    struct sink sink;
    bool json;
};

static void column(struct schema *s, const char *text, size_t columns) {
    sink_text(&s->sink, text);
    for (size_t width = text_columns(text, strlen(text)); width < columns; width++) {
        sink_text(&s->sink, " ");
    }
    sink_text(&s->sink, "  ");
}

static void field(struct schema *s, const char *name, const char *text) {
    sink_text(&s->sink, ",\"");
    sink_text(&s->sink, name);
    sink_text(&s->sink, "\":\"");
    sink_json(&s->sink, text);
    sink_text(&s->sink, "\"");
}

static void number(struct schema *s, const char *name, int64_t value) {
    char text[64];
    snprintf(text, sizeof text, ",\"%s\":%lld", name, (long long)value);
    sink_text(&s->sink, text);
}

static void words(struct schema *s, const char *const *list) {
    sink_text(&s->sink, ",\"words\":[");
    for (size_t i = 0; list[i]; i++) {
        sink_text(&s->sink, i ? ",\"" : "\"");
        sink_json(&s->sink, list[i]);
        sink_text(&s->sink, "\"");
    }
    sink_text(&s->sink, "]");
}

/* One key. where: its section ("links"), of: the kind or type that has it, or "". type: what JSON
 * calls its type, NULL = by the row; allowed: NULL = by the row. */
static void show(struct schema *s, const char *where, const char *of, const struct vb_key *key,
                 const char *type, const char *allowed) {
    static const char *const types[] = {
        [VB_KEY_TEXT] = "text",   [VB_KEY_FLAG] = "flag",     [VB_KEY_WORD] = "word",
        [VB_KEY_WORDS] = "words", [VB_KEY_NUMBER] = "number", [VB_KEY_DURATION] = "duration",
        [VB_KEY_SIZE] = "size"};
    char text[VB_KEY_WHY];
    allowed = allowed ? allowed : vb_key_allowed(key, text);
    if (!s->json) {
        column(s, of[0] ? of : "(any)", 18);
        column(s, key->name, 13);
        column(s, !key->initial ? "(required)" : key->initial[0] ? key->initial : "-", 10);
        column(s, allowed, 28);
        sink_text(&s->sink, key->help);
        sink_text(&s->sink, "\n");
        return;
    }
    sink_text(&s->sink, "{\"section\":\"");
    sink_text(&s->sink, where);
    sink_text(&s->sink, "\"");
    field(s, "of", of);
    field(s, "key", key->name);
    field(s, "type", type ? type : types[key->type]);
    sink_text(&s->sink, key->initial ? ",\"required\":false" : ",\"required\":true");
    if (key->initial && key->initial[0]) {
        field(s, "default", key->initial);
    }
    field(s, "allowed", allowed);
    if (key->words) {
        words(s, key->words);
    }
    if (key->unit) {
        field(s, "unit", key->unit);
    }
    if (key->type >= VB_KEY_NUMBER && (key->min != 0 || key->max != 0)) {
        number(s, "min", key->min);
        number(s, "max", key->max);
    }
    field(s, "help", key->help);
    sink_text(&s->sink, "}\n");
}

static void heading(struct schema *s, const char *text) {
    if (!s->json) {
        sink_text(&s->sink, text);
        sink_text(&s->sink, "\n");
    }
}

static void show_devices(struct schema *s) {
    static const struct vb_key limits = {
        "limits", VB_KEY_TEXT, NULL, "",
        0,        0,           NULL, "tighter than the hard limits (voltbus list commands)"};
    for (size_t i = 0; i < config_device_key_count; i++) {
        show(s, "devices", "", &config_device_keys[i], NULL, NULL);
    }
    show(s, "devices", "", &limits, "map", "{COMMAND: LOW..HIGH}");
    for (size_t i = 0; i < vb_device_count; i++) {
        for (unsigned k = 0; k < vb_devices[i]->setting_count; k++) {
            struct vb_key key = config_setting_key(&vb_devices[i]->settings[k]);
            show(s, "devices", vb_devices[i]->name, &key, NULL, NULL);
        }
    }
}

static void show_schema(struct schema *s) {
    heading(s, "At the top:");
    for (size_t i = 0; i < config_site_key_count; i++) {
        show(s, "", "", &config_site_keys[i], NULL, NULL);
    }
    heading(s, "\nlinks: {NAME: KIND:PLACE[,key=value]...}; keys by kind:");
    for (size_t i = 0; i < link_kind_count; i++) {
        for (size_t k = 0; k < link_kinds[i]->key_count; k++) {
            show(s, "links", link_kinds[i]->name, &link_kinds[i]->keys[k], NULL, NULL);
        }
    }
    heading(s, "\nlinks: KIND:sim://NAME[,key=value]...; further keys by simulator:");
    for (size_t i = 0; i < sim_count; i++) {
        for (size_t k = 0; k < sims[i]->key_count; k++) {
            show(s, "simulators", sims[i]->name, &sims[i]->keys[k], NULL, NULL);
        }
    }
    heading(s, "\ndevices: {NAME: {key: value, ...}}; keys by type:");
    show_devices(s);
    heading(s, "\noutputs: {NAME: {key: value, ...}}; keys by type:");
    show(s, "outputs", "", &config_output_type_key, NULL, NULL);
    for (size_t i = 0; i < output_count; i++) {
        const struct output_live *live = outputs[i]->live;
        for (size_t k = 0; live && k < live->key_count; k++) {
            show(s, "outputs", outputs[i]->name, &live->keys[k], NULL, NULL);
        }
    }
}

int cmd_config(int argc, char **argv) {
    enum { JSON = 1000, HELP };
    static const struct option options[] = {
        {"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, HELP}, {NULL, 0, NULL, 0}};
    static const char *const names[] = {"schema", "example", NULL};
    static struct schema s;
    char near[NEAREST_TEXT];
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case JSON:
            s.json = true;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("config", argv, options);
        }
    }
    if (optind + 1 != argc) {
        return usage_error("config", "expected one of schema, example");
    }
    sink_open(&s.sink, STDOUT_FILENO);
    if (strcmp(argv[optind], "schema") == 0) {
        show_schema(&s);
    } else if (strcmp(argv[optind], "example") != 0) {
        return usage_error("config", "expected one of schema, example; not '%s'%s", argv[optind],
                           nearest(argv[optind], names, near));
    } else if (s.json) {
        return usage_error("config", "an example is YAML: --json is for schema");
    } else {
        sink_text(&s.sink, config_example);
    }
    sink_flush(&s.sink);
    return s.sink.error ? failure("config", "cannot write the output: %s", strerror(s.sink.error))
                        : EXIT_DONE;
}
