/* spec.c - the text of a LINK: KIND:PLACE[,key=value]...
 * A place ends at the first comma; the path of a recording (kind `file`) may have commas and ends at
 * the first one with a known key and '=' behind it.
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/nearest.h"
#include "host/link/link.h"

#define NAMES_MAX 32

/* A LINK as it is being read. */
struct reading {
    struct link_spec *spec;
    char *why;
    size_t *at;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct reading *r, size_t at,
                                                        const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->why, LINK_WHY, fmt, args);
    va_end(args);
    *r->at = at;
    return VB_E_FORMAT;
}

static int shown(size_t n) {
    return n < 40 ? (int)n : 40;
}

/* A name of n characters that does not exist: says so, with the nearest of those that do. */
static int unknown(struct reading *r, size_t at, size_t n, const char *what,
                   const char *const *names, const char *whose) {
    char typed[48];
    char near[NEAREST_TEXT];
    char all[120];
    snprintf(typed, sizeof typed, "%.*s", shown(n), r->spec->text + at);
    if (!names[0]) {
        return refuse(r, at, "unknown %s '%s' (%s has none)", what, typed, whose);
    }
    return refuse(r, at, "unknown %s '%s'%.60s (%s: %s)", what, typed, nearest(typed, names, near),
                  whose, names_text(names, all, sizeof all));
}

static int parse_kind(struct reading *r, size_t n) {
    const char *text = r->spec->text;
    const char *names[NAMES_MAX + 1] = {NULL};
    for (size_t i = 0; i < link_kind_count && i < NAMES_MAX; i++) {
        names[i] = link_kinds[i]->name;
    }
    const char *colon = memchr(text, ':', n);
    if (!colon) {
        char all[120];
        return refuse(r, 0, "'%.*s': expected KIND:PLACE, like %s (kinds: %s)", shown(n), text,
                      link_kinds[0]->example, names_text(names, all, sizeof all));
    }
    size_t len = (size_t)(colon - text);
    r->spec->kind = link_kind_find(text, len);
    return r->spec->kind ? VB_OK : unknown(r, 0, len, "kind", names, "kinds");
}

static bool is_recording(const struct link_kind *kind) {
    return kind->frame_kind == VB_KIND_COUNT;
}

/* Where the place ends that begins at `from`. */
static size_t end_of_place(const struct link_spec *spec, size_t from, size_t n) {
    const char *text = spec->text;
    for (size_t i = from; i < n; i++) {
        if (text[i] != ',') {
            continue;
        }
        const char *equals = memchr(text + i, '=', n - i);
        if (!is_recording(spec->kind) ||
            (equals && vb_key_find(spec->kind->keys, spec->kind->key_count, text + i + 1,
                                   (size_t)(equals - text) - i - 1) >= 0)) {
            return i;
        }
    }
    return n;
}

static int parse_place(struct reading *r, size_t from, size_t end) {
    const struct link_spec *spec = r->spec;
    struct place *place = &r->spec->place;
    char why[TRANSPORT_WHY];
    /* a recording is the place file:PATH, and the kind file with that path */
    size_t first = is_recording(spec->kind) ? 0 : from;
    if (end == from) {
        return refuse(r, from, "the place is missing: expected %s, like %s", spec->kind->places,
                      spec->kind->example);
    }
    if (!place_parse(place, spec->text + first, end - first, why)) {
        return refuse(r, from, "%s", why);
    }
    if (place->type == PLACE_FILE && !is_recording(spec->kind)) {
        return refuse(r, from, "'%.*s' is a recording: expected %s; or the kind file, like %s",
                      shown(end - from), spec->text + from, spec->kind->places, "file:capture.log");
    }
    return VB_OK;
}

/* A key that the kind does not have: the simulator's business. */
static int add_sim_text(struct reading *r, size_t from, size_t end, size_t *used) {
    struct link_spec *spec = r->spec;
    if (spec->sim_count == LINK_SIM_MAX) {
        return refuse(r, from, "more than %d settings of a simulator", LINK_SIM_MAX);
    }
    char *copy = spec->sim_buffer + *used; /* no more than the text has, with an end for a comma */
    memcpy(copy, spec->text + from, end - from);
    copy[end - from] = '\0';
    *used += end - from + 1;
    spec->sim_texts[spec->sim_count++] = copy;
    return VB_OK;
}

/* key=value from..end. */
static int parse_option(struct reading *r, size_t from, size_t end, size_t *sim_used) {
    struct link_spec *spec = r->spec;
    const struct link_kind *kind = spec->kind;
    const char *text = spec->text;
    const char *equals = memchr(text + from, '=', end - from);
    const char *names[LINK_KEYS_MAX + 1] = {NULL};
    for (size_t i = 0; i < kind->key_count && i < LINK_KEYS_MAX; i++) {
        names[i] = kind->keys[i].name;
    }
    if (!equals || equals == text + from) {
        char all[120];
        return refuse(r, from, "'%.*s': expected key=value (%s: %s)", shown(end - from),
                      text + from, kind->name, names_text(names, all, sizeof all));
    }
    size_t len = (size_t)(equals - text) - from;
    int key = vb_key_find(kind->keys, kind->key_count, text + from, len);
    if (key < 0 && spec->place.type == PLACE_SIM) {
        return add_sim_text(r, from, end, sim_used);
    }
    if (key < 0) {
        return unknown(r, from, len, "key", names, kind->name);
    }
    if (spec->values[key].given) {
        return refuse(r, from, "%s is given twice", kind->keys[key].name);
    }
    char why[VB_KEY_WHY];
    size_t value = from + len + 1;
    if (vb_key_parse(&kind->keys[key], text + value, end - value, &spec->values[key], why) < 0) {
        return refuse(r, value, "%s: %s", kind->keys[key].name, why);
    }
    return VB_OK;
}

int link_spec_parse(struct link_spec *spec, const char *text, size_t n, char *why, size_t *at) {
    struct reading r = {spec, why, at};
    size_t sim_used = 0;
    memset(spec, 0, sizeof *spec);
    if (n >= sizeof spec->text) {
        return refuse(&r, 0, "a link of more than %zu characters", sizeof spec->text - 1);
    }
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7F) {
            return refuse(&r, i, "a control character in a link");
        }
    }
    memcpy(spec->text, text, n);
    int result = parse_kind(&r, n);
    if (result < 0) {
        return result;
    }
    size_t place = strlen(spec->kind->name) + 1;
    size_t end = end_of_place(spec, place, n);
    for (size_t i = 0; i < spec->kind->key_count; i++) {
        spec->values[i] = vb_key_initial(&spec->kind->keys[i]);
    }
    result = parse_place(&r, place, end);
    while (result == VB_OK && end < n) {
        size_t from = end + 1;
        const char *comma = memchr(spec->text + from, ',', n - from);
        end = comma ? (size_t)(comma - spec->text) : n;
        result = parse_option(&r, from, end, &sim_used);
    }
    for (size_t i = 0; result == VB_OK && i < spec->kind->key_count; i++) {
        const struct vb_key *key = &spec->kind->keys[i];
        if (!key->initial && !spec->values[i].given) {
            char allowed[VB_KEY_WHY];
            result = refuse(&r, n, "%s= is missing (%s)", key->name, vb_key_allowed(key, allowed));
        }
    }
    return result;
}
