/* host/config/config.h - CONFIG.yaml, read and checked: what `voltbus run` and `voltbus check` use.
 * Every key is a row (voltbus/key.h). Errors are one line each, all of them are found in one pass:
 *   van.yaml:7:20: devices.pump.type: unknown device 'hela-ibs'; did you mean hella-ibs? (...)
 * SPDX-License-Identifier: MIT */
#ifndef HOST_CONFIG_CONFIG_H
#define HOST_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/link/link.h"
#include "host/out/output.h"
#include "voltbus/device.h"
#include "voltbus/key.h"

#define CONFIG_LINKS_MAX   64
#define CONFIG_DEVICES_MAX 256
#define CONFIG_OUTPUTS_MAX 32
#define CONFIG_NAME_MAX    64 /* names of links, devices, outputs: [A-Za-z0-9_-]+ */
#define OUTPUT_KEYS_MAX    12

struct config_link {
    char name[CONFIG_NAME_MAX];
    struct link_spec *spec;
    int line, column; /* of its name */
};

struct config_limit {
    size_t command; /* number of the command of the device type */
    struct vb_limits limits;
};

/* What is odd about a DBC file; it is read all the same (host/file/dbc.h). */
struct config_oddity {
    struct config_oddity *next; /* in the order of the file */
    unsigned long line;
    const char *what;
};

struct config_device {
    char name[CONFIG_NAME_MAX];
    const struct vb_device *type;
    const char *db; /* the DBC file that the type is made of; NULL: it is built in */
    const struct config_oddity *odd; /* the first DBC_SHOWN of them */
    size_t odd_count;                /* all */
    size_t
        link; /* number in links; a LINK written in the device itself is a link of the same name */
    bool control;
    bool poll;                       /* ask what has a period, where the link can */
    int64_t stale_ms;                /* 0 = from the periods of its rows */
    uint8_t choice[VB_SETTINGS_MAX]; /* value number of each setting of the type */
    bool chosen[VB_SETTINGS_MAX];    /* given, not the default */
    struct config_limit *limits;
    size_t limit_count;
    int line, column;
};

struct config_output {
    char name[CONFIG_NAME_MAX];
    const struct output *type;
    struct vb_value values[OUTPUT_KEYS_MAX]; /* of type->keys */
    int line, column;
};

struct config {
    char *path;   /* as given; "-" never */
    char *site;   /* "" if not given */
    bool demo;    /* not from the file: simulators everywhere */
    double speed; /* not from the file: of replays; 0 = as fast as possible */
    struct config_link *links;
    size_t link_count;
    struct config_device *devices;
    size_t device_count;
    struct config_output *outputs;
    size_t output_count;
    void *memory; /* everything the pointers point to */
};

/* What may stand at the top and in every device, beside the maps links, devices, outputs, and the
 * settings of the type. */
extern const struct vb_key config_site_keys[], config_device_keys[], config_output_type_key;
extern const size_t config_site_key_count, config_device_key_count;

/* A setting of a device as a row. */
struct vb_key config_setting_key(const struct vb_setting *setting);

/* A complete example, with comments; it is a good configuration. */
extern const char config_example[];

/* ---- reading ---- */

#define CONFIG_BYTES_MAX  1000000 /* of a file */
#define CONFIG_ERRORS_MAX 50      /* then only their number is told */

/* One error. */
struct config_error {
    int line, column; /* 0: the whole file */
    const char *key;  /* "devices.pump.type"; "" = none */
    const char *what; /* what is wrong, what is allowed */
    size_t more;      /* not 0: so many more errors, not told one by one */
};
typedef void config_error_told(void *context, const struct config_error *error);

/* Called for each error: one line without line end, "PATH:line:column: key: what". */
typedef void config_complaint(void *context, const char *text);

/* Read a file, or text of n bytes (path then only names it in errors). Returns NULL after errors;
 * every one has been told, in the order of the file. config_free frees the result. */
struct config *config_read(const char *path, config_complaint *complain, void *context);
struct config *config_parse(const char *path, const char *text, size_t n,
                            config_complaint *complain, void *context);
/* The same for those who want the parts of an error. text == NULL: read the file. */
struct config *config_load(const char *path, const char *text, size_t n, config_error_told *tell,
                           void *context);
void config_free(struct config *config);

#endif
