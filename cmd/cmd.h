/* cmd/cmd.h - the verbs of the command line, and what they share.
 * SPDX-License-Identifier: MIT */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/base/nearest.h"
#include "voltbus/device.h"
#include "voltbus/key.h"

struct config; /* host/config/config.h */
struct hub;    /* host/hub/hub.h */

/* Exit status: the contract of docs/cli.md. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* One file per verb; argv[0] is the verb. */
int cmd_call(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_config(int argc, char **argv);
int cmd_console(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_decode(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_exi(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_sim(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_scan(int argc, char **argv);
int cmd_session(int argc, char **argv);
int cmd_set(int argc, char **argv);
int cmd_watch(int argc, char **argv);

/* Write "voltbus VERB: ..." and a line end to stderr; returns EXIT_USAGE or EXIT_FAILED. */
int usage_error(const char *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int failure(const char *verb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct reader; /* host/file/format.h */
/* After READER_BROKEN: where the recording cannot be read on, and why. Returns EXIT_FAILED. */
int recording_broken(const char *verb, const char *path, const struct reader *reader);

/* getopt_long gave '?': say which option is wrong, and the nearest. Returns EXIT_USAGE. */
int option_error(const char *verb, char **argv, const struct option *options);

/* Read the value of the option that getopt_long has found (optarg) by its row. Returns false after an
 * error was written for verb. */
bool option_value(const char *verb, const struct vb_key *key, struct vb_value *value);

/* Write a help text to stdout. Returns the exit status: it may not be writable. */
int help_text(const char *text);

/* ---- a hub that runs until it is told to stop (run.c) ---- */

struct run_options {
    bool quiet;                                      /* links and devices are not talked about */
    uint64_t for_ms;                                 /* end after this time; 0 = never */
    bool exit_at_end;                                /* end when all links are at their end */
    void (*started)(void *context, struct hub *hub); /* everything is open; may be NULL */
    void (*stopping)(void *context); /* close what you have on the loop; may be NULL */
    void *context;
};

/* Open it and run, until SIGINT, SIGTERM or run_stop. Returns the exit status; an error is written
 * for verb. */
int run_hub(const char *verb, const struct config *config, const struct run_options *options);
void run_stop(struct hub *hub);

/* The last thing of main: returns status, or ends the program with it where something was left
 * behind that an ordinary end would wait for. */
int leave(int status);

/* "2.5" or "max" (0). */
bool parse_speed(const char *text, double *speed);

/* For config_read: errors go to stderr. */
void complain_on_stderr(void *context, const char *text);

/* ---- which devices, with which settings (--as, --db, --set) ---- */

#define SELECTION_MAX      64
#define SETTINGS_GIVEN_MAX 32

struct selection {
    const struct vb_device *devices[SELECTION_MAX];
    const char *db[SELECTION_MAX]; /* the DBC file that the device is made of; NULL: built in */
    size_t count;
    bool automatic;     /* no --as, no --db: every device whose rows match */
    bool whole_story;   /* tell all that is odd about a DBC file */
    struct arena arena; /* of those devices; never freed: they live as long as the program */
    struct {
        char text[80]; /* "key" or "device.key" and the value behind it, each ending with 0 */
        const char *device, *key, *value;
        const char *given; /* as on the command line */
    } set[SETTINGS_GIVEN_MAX];
    size_t set_count;
};

/* Note one --as, --db or --set; errors are written for verb. Returns false after an error. */
bool selection_as(struct selection *selection, const char *verb, const char *device);
bool selection_db(struct selection *selection, const char *verb, const char *path);
bool selection_set(struct selection *selection, const char *verb, const char *assignment);

/* Read the DBC files. What is odd about them goes to stderr. */
bool selection_load(struct selection *selection, const char *verb);

/* What is odd about the DBC files of a configuration, to stderr. */
void tell_oddities(const struct config *config);

/* All options are noted: read the DBC files, choose the devices and check every setting. */
bool selection_ready(struct selection *selection, const char *verb);

/* Give the settings to an instance of one of the chosen devices. */
void selection_apply(const struct selection *selection, struct vb_instance *instance);

#endif
