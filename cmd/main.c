/* main.c - the command `voltbus`: finds the verb.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "host/file/format.h"

static const struct verb {
    const char *name, *title;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"decode", "any recording, or bytes from the command line, as values with units", cmd_decode},
    {"convert", "a recording for another program: candump, ASC, TRC, CSV, pcapng ..", cmd_convert},
    {"doctor", "what is on a CAN bus or in its recording, and what is wrong with it", cmd_doctor},
    {"session", "the story of a charge, from any recording of CCS", cmd_session},
    {"exi", "EXI of V2G to JSON, and JSON to EXI", cmd_exi},
    {"scan", "what is there: serial ports, CAN interfaces, socketcand servers", cmd_scan},
    {"watch", "a live table of what is on a link", cmd_watch},
    {"get", "one value of a device", cmd_get},
    {"set", "one command to a device", cmd_set},
    {"call", "one question or order to a device that speaks in text", cmd_call},
    {"console", "type RAPI or words to a wallbox, and read in words what it says", cmd_console},
    {"run", "the gateway: links, devices and outputs as a configuration says", cmd_run},
    {"check", "is a configuration good? Every error with its place", cmd_check},
    {"config", "every key of a configuration, and an example", cmd_config},
    {"demo", "a whole simulated site, and the page that shows it", cmd_demo},
    {"sim", "a simulated device at a pseudo terminal, a TCP port or a serial port", cmd_sim},
    {"list", "everything there is: devices, signals, commands, links, formats ..", cmd_list},
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

int recording_broken(const char *verb, const char *path, const struct reader *reader) {
    return failure(verb, "%s: after %s %lu: %s", path, reader->format->next ? "packet" : "line",
                   reader->line.number, reader_broken_why(reader));
}

int option_error(const char *verb, char **argv, const struct option *options) {
    const char *names[32] = {NULL};
    char dashed[31][32];
    char typed[64];
    char near[NEAREST_TEXT];
    for (size_t i = 0; i < 31 && options[i].name; i++) {
        snprintf(dashed[i], sizeof dashed[i], "--%s", options[i].name);
        names[i] = dashed[i];
        if (optopt != 0 && optopt == options[i].val) {
            return usage_error(verb,
                               options[i].has_arg ? "--%s needs a value" : "--%s takes no value",
                               options[i].name);
        }
    }
    if (optopt != 0) {
        return usage_error(
            verb, "unknown option '-%c' (voltbus %s --help)%s", optopt, verb,
            optopt >= '0' && optopt <= '9' ? "; values that begin with '-' stand behind --" : "");
    }
    snprintf(typed, sizeof typed, "--%s", argv[optind - 1] + strspn(argv[optind - 1], "-"));
    typed[strcspn(typed, "=")] = '\0';
    return usage_error(verb, "unknown option '%s'%s (voltbus %s --help)", typed,
                       nearest(typed, names, near), verb);
}

bool option_value(const char *verb, const struct vb_key *key, struct vb_value *value) {
    char why[VB_KEY_WHY];
    if (vb_key_parse(key, optarg, strlen(optarg), value, why) != VB_OK) {
        usage_error(verb, "--%s %s", key->name, why);
        return false;
    }
    return true;
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

/* A shell can close them (<&-), and what is opened next would stand in their place. Nothing can be
 * written there, and nothing read. */
static bool keep_standard_files(void) {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) < 0) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv) {
    if (!keep_standard_files()) {
        return EXIT_FAILED;
    }
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
            return leave(verbs[i].run(argc - 1, argv + 1));
        }
        names[i] = verbs[i].name;
    }
    char near[NEAREST_TEXT];
    return usage_error(NULL, "unknown verb '%s'%s (voltbus --help lists them)", name,
                       nearest(name, names, near));
}
