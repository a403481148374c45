/* spec.c - the text of a LINK: KIND:PLACE[,key=value]...
 * Behind sim://NAME the settings of the simulator stand among the keys of the kind.
 * A place ends at the first comma; the path of a recording (kind `file`) may have commas and ends at
 * the first one with a known key and '=' behind it.
 * SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/base/nearest.h"
#include "host/link/link.h"
#include "sim/sim.h"

#define NAMES_MAX 32

/* A LINK as it is being read. */
struct reading {
    struct link_spec *spec;
    const struct sim *sim; /* behind sim://; else NULL */
    size_t sim_used;       /* of spec->sim_buffer */
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
    size_t first = spec->kind->is_place ? 0 : from;
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
    if (place->type == PLACE_CAN && !spec->kind->is_place) {
        return refuse(r, from, "'%.*s' is an interface of the kernel: its kind is can, like %s",
                      shown(end - from), spec->text + from, "can:can0");
    }
    if (place->type == PLACE_HTTP && spec->kind->frame_kind != VB_KIND_RAPI) {
        return refuse(r, from, "http:// is the way to the WiFi kit of an OpenEVSE: expected %s",
                      spec->kind->places);
    }
    if (place->type == PLACE_UDP && !spec->kind->datagrams) {
        return refuse(r, from, "%s does not come in datagrams: expected %s", spec->kind->name,
                      spec->kind->places);
    }
    return VB_OK;
}

/* Which simulator stands behind sim://, and does it speak this kind? */
static int find_sim(struct reading *r, size_t from, size_t end) {
    const struct link_spec *spec = r->spec;
    const char *names[NAMES_MAX + 1] = {NULL};
    size_t n = 0;
    size_t name = end - strlen(spec->place.name);
    for (size_t i = 0; i < sim_count && n < NAMES_MAX; i++) {
        if (strcmp(sims[i]->link, spec->kind->name) == 0) {
            names[n++] = sims[i]->name;
        }
    }
    r->sim = sim_find(spec->place.name);
    if (!r->sim) {
        return unknown(r, name, end - name, "simulator", names, spec->kind->name);
    }
    if (strcmp(r->sim->link, spec->kind->name) != 0) {
        return refuse(r, from, "the simulator %s is reached by %s:sim://%s, not by %s",
                      r->sim->name, r->sim->link, r->sim->name, spec->kind->name);
    }
    return VB_OK;
}

/* A setting of the simulator is checked here, and read where the simulator begins. */
static int sim_option(struct reading *r, const struct vb_key *key, size_t from, size_t end) {
    struct link_spec *spec = r->spec;
    char why[VB_KEY_WHY];
    struct vb_value value;
    size_t at = from + strlen(key->name) + 1;
    if (vb_key_parse(key, spec->text + at, end - at, &value, why) < 0) {
        return refuse(r, at, "%s: %s", key->name, why);
    }
    for (size_t i = 0; i < spec->sim_count; i++) {
        if (strncmp(spec->sim_texts[i], spec->text + from, at - from) == 0) {
            return refuse(r, from, "%s is given twice", key->name);
        }
    }
    if (spec->sim_count == LINK_SIM_MAX) {
        return refuse(r, from, "more than %d settings of a simulator", LINK_SIM_MAX);
    }
    char *copy = spec->sim_buffer + r->sim_used; /* never more than the text, with 0 for a comma */
    memcpy(copy, spec->text + from, end - from);
    copy[end - from] = '\0';
    r->sim_used += end - from + 1;
    spec->sim_texts[spec->sim_count++] = copy;
    return VB_OK;
}

/* key=value from..end. */
static int parse_option(struct reading *r, size_t from, size_t end) {
    struct link_spec *spec = r->spec;
    const struct link_kind *kind = spec->kind;
    const char *text = spec->text;
    const char *equals = memchr(text + from, '=', end - from);
    const char *names[LINK_KEYS_MAX + SIM_KEYS_MAX + 1] = {NULL};
    size_t n = 0;
    for (size_t i = 0; i < kind->key_count && i < LINK_KEYS_MAX; i++) {
        names[n++] = kind->keys[i].name;
    }
    for (size_t i = 0; r->sim && i < r->sim->key_count && i < SIM_KEYS_MAX; i++) {
        names[n++] = r->sim->keys[i].name;
    }
    if (!equals || equals == text + from) {
        char all[120];
        return refuse(r, from, "'%.*s': expected key=value (%s: %s)", shown(end - from),
                      text + from, kind->name, names_text(names, all, sizeof all));
    }
    size_t len = (size_t)(equals - text) - from;
    /* leader= is the link's and the simulator's: sim.leader= is the latter */
    bool for_sim = r->sim && len > 4 && memcmp(text + from, "sim.", 4) == 0;
    if (for_sim) {
        from += 4;
        len -= 4;
    }
    int key = for_sim ? -1 : vb_key_find(kind->keys, kind->key_count, text + from, len);
    int sim_key = r->sim ? vb_key_find(r->sim->keys, r->sim->key_count, text + from, len) : -1;
    if (key < 0 && sim_key >= 0) {
        return sim_option(r, &r->sim->keys[sim_key], from, end);
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
    struct reading r = {.spec = spec, .why = why, .at = at};
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
    if (result == VB_OK && spec->place.type == PLACE_SIM) {
        result = find_sim(&r, place, end);
    }
    while (result == VB_OK && end < n) {
        size_t from = end + 1;
        const char *comma = memchr(spec->text + from, ',', n - from);
        end = comma ? (size_t)(comma - spec->text) : n;
        result = parse_option(&r, from, end);
    }
    for (size_t i = 0; result == VB_OK && i < spec->kind->key_count; i++) {
        const struct vb_key *key = &spec->kind->keys[i];
        if (!key->initial && !spec->values[i].given) {
            char allowed[VB_KEY_WHY];
            result = refuse(&r, n, "%s= is missing (%s)", key->name, vb_key_allowed(key, allowed));
        }
    }
    if (result == VB_OK && spec->kind->check) {
        const struct vb_value *wrong = spec->kind->check(spec, why);
        if (wrong) {
            /* an empty one stands nowhere */
            *at = wrong->given && wrong->len > 0 ? (size_t)(wrong->text - spec->text) : n;
            result = VB_E_FORMAT;
        }
    }
    return result;
}
