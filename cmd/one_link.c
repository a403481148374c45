/* one_link.c - LINK and --as of the command line as a configuration, so that the hub needs no
 * second way in.
 * SPDX-License-Identifier: MIT */
#include "cmd/one_link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 32768

struct text {
    size_t n;
    bool full; /* something is missing */
    char text[TEXT_MAX];
};

static void add(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(t->text + t->n, TEXT_MAX - t->n, fmt, args);
    va_end(args);
    if (n < 0 || t->n + (size_t)n >= TEXT_MAX) {
        t->full = true;
    } else {
        t->n += (size_t)n;
    }
}

bool yaml_quoted(const char *text, char *out, size_t size) {
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    if (size < sizeof "\"\"") {
        return false;
    }
    out[n++] = '"';
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (size - n < sizeof "\\x00\"") {
            return false;
        }
        if (c < 0x20 || c == 0x7F) {
            out[n++] = '\\';
            out[n++] = 'x';
            out[n++] = digits[c >> 4];
            out[n++] = digits[c & 15];
            continue;
        }
        if (c == '"' || c == '\\') {
            out[n++] = '\\';
        }
        out[n++] = (char)c;
    }
    out[n++] = '"';
    out[n] = '\0';
    return true;
}

static void add_quoted(struct text *t, const char *text) {
    if (yaml_quoted(text, t->text + t->n, TEXT_MAX - t->n)) {
        t->n += strlen(t->text + t->n);
    } else {
        t->full = true;
    }
}

static void add_device(struct text *t, const struct vb_device *device, const char *db,
                       const struct selection *selection, bool control) {
    struct vb_instance instance;
    vb_instance_init(&instance, device, NULL, 0);
    selection_apply(selection, &instance);
    add(t, "  %s: {link: it, %s: ", device->name, db ? "db" : "type");
    add_quoted(t, db ? db : device->name);
    if (control && device->command_count > 0) {
        add(t, ", control: true");
    }
    for (unsigned s = 0; s < device->setting_count; s++) {
        if (instance.chosen[s] != device->settings[s].initial) {
            add(t, ", %s: ", device->settings[s].name);
            add_quoted(t, device->settings[s].values[instance.chosen[s]]);
        }
    }
    add(t, "}\n");
}

struct config *one_link(const char *verb, const char *link, struct selection *selection,
                        bool control, int *status) {
    static struct text t;
    struct link_spec spec;
    char why[LINK_WHY];
    size_t at = 0;
    size_t count = 0;
    *status = EXIT_USAGE;
    if (link_spec_parse(&spec, link, strlen(link), why, &at) != VB_OK) {
        const char *host = strstr(link, "//");
        bool secret = host && strchr(host, '@'); /* a password may be before it: not said again */
        usage_error(verb, "%.*s%s: %s", secret ? (int)(host + 2 - link) : (int)strlen(link), link,
                    secret ? "..." : "", why);
        return NULL;
    }
    if (!selection_ready(selection, verb)) {
        return NULL;
    }
    t.n = 0;
    t.full = false;
    add(&t, "links:\n  it: ");
    add_quoted(&t, link);
    add(&t, "\ndevices:\n");
    for (size_t i = 0; i < selection->count; i++) {
        const struct vb_device *device = selection->devices[i];
        bool fits = spec.kind->frame_kind == device->kind || spec.kind->frame_kind == VB_KIND_COUNT;
        if (fits) {
            add_device(&t, device, selection->db[i], selection, control);
            count++;
        } else if (!selection->automatic) {
            usage_error(verb, "%s is no device of a %s link", device->name, spec.kind->name);
            return NULL;
        }
    }
    if (count == 0) {
        usage_error(verb, "no device has frames of a %s link", spec.kind->name);
        return NULL;
    }
    *status = EXIT_FAILED;
    if (t.full) {
        failure(verb, "so many devices and settings are too much for one LINK: choose by --as");
        return NULL;
    }
    struct config *config = config_parse("LINK", t.text, t.n, complain_on_stderr, NULL);
    if (config) {
        config->speed = 1;
    }
    return config;
}
