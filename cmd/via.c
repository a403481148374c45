/* via.c - verbs that ask a running voltbus over HTTP.
 * SPDX-License-Identifier: MIT */
#include "cmd/via.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

json_t *via_value(const char *text) {
    json_t *number = json_loads(text, JSON_DECODE_ANY, NULL);
    if (json_is_number(number)) {
        return number;
    }
    json_decref(number);
    return json_string(text);
}

bool via_name_good(const char *name) {
    return name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "._-") == strlen(name);
}

static int refused(const char *verb, const json_t *answer, int code) {
    const char *error = json_string_value(json_object_get(answer, "error"));
    const char *reason = json_string_value(json_object_get(answer, "reason"));
    return failure(verb, "%s: %s", error ? error : "error",
                   reason        ? reason
                   : code == 404 ? "this is no voltbus"
                                 : "no reason was given");
}

json_t *via_ask(const char *verb, const char *via, const char *path, const char *body,
                unsigned patience_ms, int *status) {
    char url[512];
    char why[HTTP_CLIENT_WHY];
    char *text = NULL;
    size_t base = strlen(via);
    while (base > 0 && via[base - 1] == '/') {
        base--;
    }
    snprintf(url, sizeof url, "%.*s%s", (int)base, via, path);
    *status = EXIT_FAILED;
    int code = http_client(body ? "POST" : "GET", url, body, patience_ms, &text, why);
    if (code < 0) {
        failure(verb, "%s", why);
        return NULL;
    }
    json_t *answer = json_loads(text, 0, NULL);
    free(text);
    if (code != 200 || !json_is_object(answer)) {
        *status = refused(verb, answer, code);
        json_decref(answer);
        return NULL;
    }
    return answer;
}
