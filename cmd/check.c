/* check.c - `voltbus check`: reads a configuration as `voltbus run` would, and tells every error.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/config/config.h"
#include "host/out/output.h"

static const char usage[] =
    "usage: voltbus check CONFIG.yaml [OPTION]\n"
    "\n"
    "Every error is one line, PATH:LINE:COLUMN: KEY: what is wrong, what is allowed.\n"
    "Nothing is opened.\n"
    "\n"
    "  --json  errors as one JSON object a line on standard output, then their sum\n"
    "\n"
    "voltbus config schema lists all keys, voltbus config example is a whole one.\n";

struct check {
    const char *path;
    struct sink *json; /* NULL: lines on stderr */
    size_t errors;
};

/* ,"name":"text" */
static void text_field(struct sink *sink, const char *name, const char *text) {
    sink_text(sink, "\"");
    sink_text(sink, name);
    sink_text(sink, "\":\"");
    sink_json(sink, text);
    sink_text(sink, "\"");
}

static void number_field(struct sink *sink, const char *name, size_t number) {
    char text[64];
    snprintf(text, sizeof text, ",\"%s\":%zu", name, number);
    sink_text(sink, text);
}

static void tell(void *context, const struct config_error *error) {
    struct check *check = context;
    check->errors += error->more ? error->more : 1;
    if (check->json) {
        sink_text(check->json, "{");
        text_field(check->json, "path", check->path);
        if (error->line > 0) {
            number_field(check->json, "line", (size_t)error->line);
            number_field(check->json, "column", (size_t)error->column);
        }
        sink_text(check->json, ",");
        text_field(check->json, "key", error->key);
        sink_text(check->json, ",");
        text_field(check->json, "error", error->what);
        sink_text(check->json, "}\n");
        return;
    }
    fprintf(stderr, "%s:", check->path);
    if (error->line > 0) {
        fprintf(stderr, "%d:%d:", error->line, error->column);
    }
    fprintf(stderr, " %s%s%s\n", error->key, error->key[0] ? ": " : "", error->what);
}

static const char *plural(size_t n) {
    return n == 1 ? "" : "s";
}

/* The last line. */
static void sum_up(const struct check *check, const struct config *config) {
    if (check->json) {
        sink_text(check->json, "{");
        text_field(check->json, "path", check->path);
        sink_text(check->json, config ? ",\"ok\":true" : ",\"ok\":false");
        number_field(check->json, "errors", check->errors);
        if (config) {
            number_field(check->json, "links", config->link_count);
            number_field(check->json, "devices", config->device_count);
            number_field(check->json, "outputs", config->output_count);
        }
        sink_text(check->json, "}\n");
    } else if (config) {
        printf("%s: ok: %zu link%s, %zu device%s, %zu output%s\n", check->path, config->link_count,
               plural(config->link_count), config->device_count, plural(config->device_count),
               config->output_count, plural(config->output_count));
    } else {
        fprintf(stderr, "%s: %zu error%s\n", check->path, check->errors, plural(check->errors));
    }
}

int cmd_check(int argc, char **argv) {
    enum { JSON = 1000, HELP };
    static const struct option options[] = {
        {"json", no_argument, NULL, JSON}, {"help", no_argument, NULL, HELP}, {NULL, 0, NULL, 0}};
    static struct sink sink;
    struct check check = {NULL, NULL, 0};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        switch (option) {
        case JSON:
            check.json = &sink;
            break;
        case HELP:
        case 'h':
            return help_text(usage);
        default:
            return option_error("check", argv, options);
        }
    }
    if (optind + 1 != argc) {
        return usage_error("check", "expected one CONFIG.yaml (voltbus config example shows one)");
    }
    check.path = argv[optind];
    sink_open(&sink, STDOUT_FILENO);
    struct config *config = config_load(check.path, NULL, 0, tell, &check);
    if (config) {
        tell_oddities(config);
    }
    sum_up(&check, config);
    config_free(config);
    sink_flush(&sink);
    if (sink.error) {
        return failure("check", "cannot write the output: %s", strerror(sink.error));
    }
    return config ? help_text("") : EXIT_FAILED;
}
