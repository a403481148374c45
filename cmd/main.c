/* main.c - the command `voltbus`: finds the verb.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"

static const struct verb {
    const char *name, *title;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"decode", "any recording, or bytes from the command line, as values with units", cmd_decode},
    {"list", "everything there is: devices, signals, commands, links, formats, outputs", cmd_list},
};
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static void complain(const char *verb, const char *fmt, va_list args) {
    fprintf(stderr, "voltbus%s%s: ", verb ? " " : "", verb ? verb : "");
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
}

int usage_error(const char *verb, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    complain(verb, fmt, args);
    va_end(args);
    return EXIT_USAGE;
}

int failure(const char *verb, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    complain(verb, fmt, args);
    va_end(args);
    return EXIT_FAILED;
}

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

const char *nearest(const char *name, const char *const *names, char text[NEAREST_TEXT]) {
    size_t allowed = strlen(name) < 24 ? strlen(name) / 3 + 1 : 8;
    size_t n = 0;
    text[0] = '\0';
    for (size_t far = 0; far <= allowed; far++) { /* the nearest first */
        for (size_t i = 0; names[i]; i++) {
            if (farness(name, names[i]) == far && n + strlen(names[i]) + 24 < NEAREST_TEXT) {
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

int option_error(const char *verb, char **argv, const struct option *options) {
    const char *names[32] = {NULL};
    char typed[64];
    char near[NEAREST_TEXT];
    for (size_t i = 0; i < 31 && options[i].name; i++) {
        names[i] = options[i].name;
        if (optopt != 0 && optopt == options[i].val) {
            return usage_error(verb,
                               options[i].has_arg ? "--%s needs a value" : "--%s takes no value",
                               options[i].name);
        }
    }
    if (optopt != 0) {
        return usage_error(verb, "unknown option '-%c' (voltbus %s --help)", optopt, verb);
    }
    snprintf(typed, sizeof typed, "%s", argv[optind - 1] + strspn(argv[optind - 1], "-"));
    typed[strcspn(typed, "=")] = '\0';
    return usage_error(verb, "unknown option '--%s'%s (voltbus %s --help)", typed,
                       nearest(typed, names, near), verb);
}

int help_text(const char *text) {
    return fputs(text, stdout) == EOF || fflush(stdout) != 0
               ? failure(NULL, "cannot write the output: %s", strerror(errno))
               : EXIT_DONE;
}

static void help(FILE *to) {
    fprintf(to, "voltbus " VOLTBUS_VERSION ": every wire that carries power talk\n\n"
                "usage: voltbus VERB [OPTION]...\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        fprintf(to, "  %-8s  %s\n", verbs[i].name, verbs[i].title);
    }
    fprintf(to, "\nvoltbus VERB --help tells more; voltbus --version\n");
}

int main(int argc, char **argv) {
    if (argc < 2) {
        help(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        help(stdout);
        return help_text("");
    }
    if (strcmp(name, "--version") == 0) {
        return help_text("voltbus " VOLTBUS_VERSION "\n");
    }
    const char *names[VERB_COUNT + 1] = {NULL};
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            return verbs[i].run(argc - 1, argv + 1);
        }
        names[i] = verbs[i].name;
    }
    char near[NEAREST_TEXT];
    return usage_error(NULL, "unknown verb '%s'%s (voltbus --help lists them)", name,
                       nearest(name, names, near));
}
