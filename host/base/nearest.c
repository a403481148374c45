/* nearest.c - suggestions for names that do not exist, by counting edits.
 * SPDX-License-Identifier: MIT */
#include "host/base/nearest.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Edits (insert, delete, replace) from a to b; names are short. */
static size_t distance(const char *a, const char *b) {
    size_t row[64];
    size_t n = strlen(b);
    if (n >= 63) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t replace = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t least = row[j] < row[j - 1] ? row[j] : row[j - 1];
            row[j] = replace < least + 1 ? replace : least + 1;
        }
    }
    return row[n];
}

/* How far a name is from what was typed: a name that contains it, or is contained, is near. */
static size_t farness(const char *typed, const char *name) {
    size_t n = distance(typed, name);
    return strlen(typed) >= 2 && (strstr(name, typed) || strstr(typed, name)) && n > 1 ? 1 : n;
}

/* Does the list have this name before number i? Versions of a device have one signal in many messages. */
static bool stands_before(const char *const *names, size_t i) {
    for (size_t j = 0; j < i; j++) {
        if (strcmp(names[j], names[i]) == 0) {
            return true;
        }
    }
    return false;
}

const char *nearest(const char *name, const char *const *names, char text[NEAREST_TEXT]) {
    size_t allowed = strlen(name) < 24 ? strlen(name) / 3 + 1 : 8;
    size_t n = 0;
    text[0] = '\0';
    for (size_t far = 0; far <= allowed && n == 0; far++) { /* the nearest, and those as near */
        for (size_t i = 0; names[i]; i++) {
            if (farness(name, names[i]) == far && !stands_before(names, i) &&
                n + strlen(names[i]) + 24 < NEAREST_TEXT) {
                n += (size_t)snprintf(text + n, NEAREST_TEXT - n, "%s%s",
                                      n == 0 ? "; did you mean " : " or ", names[i]);
            }
        }
    }
    if (n > 0) {
        snprintf(text + n, NEAREST_TEXT - n, "?");
    }
    return text;
}

char *names_text(const char *const *names, char *out, size_t room) {
    size_t n = 0;
    out[0] = '\0';
    for (size_t i = 0; names[i] && n < room; i++) {
        n += (size_t)snprintf(out + n, room - n, "%s%s", i ? ", " : "", names[i]);
    }
    if (n >= room && room > 4) {
        memcpy(out + room - 4, "...", 4);
    }
    return out;
}
