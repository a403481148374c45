/* select.c - --as, --db and --set: which devices read the frames, with which settings.
 *
 * "family" is the one key that is not a setting of a device: it decides which of the radio devices
 * answers, because two of them share their frames (reference/weather.md section 3).
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "host/config/config.h"
#include "host/file/dbc.h"

static const char *const *device_names(void) {
    static const char *names[SELECTION_MAX + 1];
    for (size_t i = 0; i < vb_device_count && i < SELECTION_MAX; i++) {
        names[i] = vb_devices[i]->name;
    }
    return names;
}

bool selection_as(struct selection *s, const char *verb, const char *name) {
    const struct vb_device *device = vb_device_find(name);
    char near[NEAREST_TEXT];
    if (!device) {
        usage_error(verb, "unknown device '%s'%s (voltbus list devices lists them)", name,
                    nearest(name, device_names(), near));
        return false;
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->devices[i] == device) {
            return true;
        }
    }
    if (s->count == SELECTION_MAX) {
        usage_error(verb, "more than %d --as", SELECTION_MAX);
        return false;
    }
    s->devices[s->count++] = device;
    return true;
}

bool selection_db(struct selection *s, const char *verb, const char *path) {
    if (s->count == SELECTION_MAX) {
        usage_error(verb, "more than %d --as and --db", SELECTION_MAX);
        return false;
    }
    s->db[s->count++] = path;
    return true;
}

struct oddities {
    const char *path;
    bool all;
    size_t count;
};

static void tell_oddity(void *context, unsigned long line, const char *what) {
    struct oddities *odd = context;
    if (odd->all || odd->count < DBC_SHOWN) {
        fprintf(stderr, "%s:%lu: %s\n", odd->path, line, what);
    }
    odd->count++;
}

static void tell_more(const struct oddities *odd) {
    if (odd->count > DBC_SHOWN && !odd->all) {
        fprintf(stderr,
                "%s: %zu more of these (voltbus list signals --db %s --verbose shows all)\n",
                odd->path, odd->count - DBC_SHOWN, odd->path);
    }
}

void tell_oddities(const struct config *config) {
    for (size_t i = 0; i < config->device_count; i++) {
        const struct config_device *device = &config->devices[i];
        struct oddities odd = {device->db, false, 0};
        bool told = false; /* of two devices with one file */
        for (size_t k = 0; k < i && device->db && !told; k++) {
            told = config->devices[k].db && strcmp(config->devices[k].db, device->db) == 0;
        }
        if (told) {
            continue;
        }
        for (const struct config_oddity *o = device->odd; o; o = o->next) {
            tell_oddity(&odd, o->line, o->what);
        }
        odd.count = device->odd_count;
        tell_more(&odd);
    }
}

/* Outputs tell devices apart by their names. */
static bool name_is_free(const struct selection *s, const char *verb, size_t i) {
    const char *name = s->devices[i]->name;
    const char *other = vb_device_find(name) ? "the built-in device" : NULL;
    for (size_t k = 0; k < i && !other; k++) {
        other = strcmp(s->devices[k]->name, name) == 0 ? s->db[k] : NULL;
    }
    if (other) {
        usage_error(verb, "--db %s: it would be called %s, like %s: rename the file", s->db[i],
                    name, other);
    }
    return !other;
}

bool selection_load(struct selection *s, const char *verb) {
    for (size_t i = 0; i < s->count; i++) {
        struct oddities odd = {s->db[i], s->whole_story, 0};
        char why[DBC_WHY];
        if (!s->db[i] || s->devices[i]) {
            continue;
        }
        s->devices[i] = dbc_read(&s->arena, s->db[i], tell_oddity, &odd, why);
        if (!s->devices[i]) {
            usage_error(verb, "--db %s: %s", s->db[i], why);
            return false;
        }
        tell_more(&odd);
        if (!name_is_free(s, verb, i)) {
            return false;
        }
    }
    return true;
}

bool selection_set(struct selection *s, const char *verb, const char *assignment) {
    const char *equals = strchr(assignment, '=');
    if (!equals || equals == assignment || strlen(assignment) + 2 > sizeof s->set[0].text) {
        usage_error(verb, "--set '%s': expected KEY=VALUE or DEVICE.KEY=VALUE", assignment);
        return false;
    }
    if (s->set_count == SETTINGS_GIVEN_MAX) {
        usage_error(verb, "more than %d --set", SETTINGS_GIVEN_MAX);
        return false;
    }
    char *text = strcpy(s->set[s->set_count].text, assignment);
    text[equals - assignment] = '\0';
    char *dot = strchr(text, '.');
    if (dot) {
        *dot = '\0';
    }
    s->set[s->set_count].device = dot ? text : NULL;
    s->set[s->set_count].key = dot ? dot + 1 : text;
    s->set[s->set_count].value = text + (equals - assignment) + 1;
    s->set[s->set_count].given = assignment;
    s->set_count++;
    return true;
}

/* The device that answers for the frames of this one unless a family is chosen. */
static const char *family_of(const struct vb_device *device) {
    return device->instead_of ? device->instead_of : device->name;
}

/* --set family=NAME. Without --as: of the radio devices only this one. With --as: in place of the device
 * that answers for the frames of both. */
static bool choose_family(struct selection *s, const char *verb, const char *value) {
    const struct vb_device *chosen = vb_device_find(value);
    if (!chosen || chosen->kind != VB_KIND_RADIO) {
        char names[NEAREST_TEXT] = "";
        size_t n = 0;
        for (size_t i = 0; i < vb_device_count && n + 32 < sizeof names; i++) {
            if (vb_devices[i]->kind == VB_KIND_RADIO) {
                n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "",
                                      vb_devices[i]->name);
            }
        }
        usage_error(verb, "--set family=%s: no such family (%s)", value, names);
        return false;
    }
    if (s->automatic) {
        size_t kept = 0;
        for (size_t i = 0; i < s->count; i++) {
            if (s->devices[i]->kind != VB_KIND_RADIO) {
                s->devices[kept++] = s->devices[i];
            }
        }
        s->devices[kept++] = chosen;
        s->count = kept;
        return true;
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->devices[i] == chosen || strcmp(s->devices[i]->name, family_of(chosen)) == 0) {
            s->devices[i] = chosen;
            return true;
        }
    }
    usage_error(verb, "--set family=%s contradicts --as", value);
    return false;
}

/* Which of the chosen devices take setting number i? Counts those that know the key and the value.
 */
static void who_takes(const struct selection *s, size_t i, size_t *key, size_t *value) {
    *key = *value = 0;
    for (size_t d = 0; d < s->count; d++) {
        struct vb_instance instance;
        if (s->set[i].device && strcmp(s->set[i].device, s->devices[d]->name) != 0) {
            continue;
        }
        vb_instance_init(&instance, s->devices[d], NULL, 0);
        int result = vb_instance_set(&instance, s->set[i].key, s->set[i].value);
        *key += result != VB_E_UNKNOWN;
        *value += result == VB_OK;
    }
}

static bool bad_value(const struct selection *s, const char *verb, size_t i) {
    char allowed[NEAREST_TEXT] = "";
    size_t n = 0;
    for (size_t d = 0; d < s->count; d++) {
        for (unsigned k = 0; k < s->devices[d]->setting_count; k++) {
            const struct vb_setting *setting = &s->devices[d]->settings[k];
            bool meant = !s->set[i].device || strcmp(s->set[i].device, s->devices[d]->name) == 0;
            for (size_t v = 0; meant && strcmp(setting->name, s->set[i].key) == 0 &&
                               setting->values[v] && n + 64 < sizeof allowed;
                 v++) {
                n += (size_t)snprintf(allowed + n, sizeof allowed - n, "%s%s%s%s",
                                      v == 0 && n ? "; " : "", v == 0 ? s->devices[d]->name : "",
                                      v == 0 ? ": " : ", ", setting->values[v]);
            }
        }
    }
    usage_error(verb, "--set %s: no such value (%s)", s->set[i].given, allowed);
    return false;
}

static bool bad_key(const struct selection *s, const char *verb, size_t i) {
    if (s->set[i].device && !vb_device_find(s->set[i].device)) {
        char near_device[NEAREST_TEXT];
        usage_error(verb, "--set %s: unknown device '%s'%s", s->set[i].given, s->set[i].device,
                    nearest(s->set[i].device, device_names(), near_device));
        return false;
    }
    const char *names[SELECTION_MAX + 2] = {"family"};
    size_t n = 1;
    for (size_t d = 0; d < s->count; d++) {
        for (unsigned k = 0; k < s->devices[d]->setting_count && n < SELECTION_MAX; k++) {
            bool known = false;
            for (size_t j = 0; j < n; j++) {
                known |= strcmp(names[j], s->devices[d]->settings[k].name) == 0;
            }
            names[n] = s->devices[d]->settings[k].name;
            n += !known;
        }
    }
    names[n] = NULL;
    char near[NEAREST_TEXT];
    usage_error(verb, "--set %s: no chosen device has this setting%s", s->set[i].given,
                nearest(s->set[i].key, names, near));
    return false;
}

bool selection_ready(struct selection *s, const char *verb) {
    if (!selection_load(s, verb)) {
        return false;
    }
    if (s->count == 0) {
        s->automatic = true;
        for (size_t i = 0; i < vb_device_count && s->count < SELECTION_MAX; i++) {
            if (!vb_devices[i]->instead_of) {
                s->devices[s->count++] = vb_devices[i];
            }
        }
    }
    for (size_t i = 0; i < s->set_count; i++) {
        if (!s->set[i].device && strcmp(s->set[i].key, "family") == 0 &&
            !choose_family(s, verb, s->set[i].value)) {
            return false;
        }
    }
    for (size_t i = 0; i < s->set_count; i++) {
        size_t key;
        size_t value;
        if (!s->set[i].device && strcmp(s->set[i].key, "family") == 0) {
            continue;
        }
        who_takes(s, i, &key, &value);
        if (value == 0) {
            return key == 0 ? bad_key(s, verb, i) : bad_value(s, verb, i);
        }
    }
    return true;
}

void selection_apply(const struct selection *s, struct vb_instance *instance) {
    for (size_t i = 0; i < s->set_count; i++) {
        if (!s->set[i].device || strcmp(s->set[i].device, instance->device->name) == 0) {
            vb_instance_set(instance, s->set[i].key, s->set[i].value);
        }
    }
}
