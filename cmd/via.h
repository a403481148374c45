/* cmd/via.h - verbs that ask a running voltbus over HTTP (--via).
 * SPDX-License-Identifier: MIT */
#ifndef CMD_VIA_H
#define CMD_VIA_H

#include <jansson.h>
#include <stdbool.h>

#include "host/io/http_client.h"

/* Ask the voltbus at the URL via for path (with "/api/..."), by POST if there is a body, and parse the
 * answer. Returns NULL after an error was written for verb; *status is then the exit status. */
json_t *via_ask(const char *verb, const char *via, const char *path, const char *body,
                unsigned patience_ms, int *status);

/* A text of the command line as JSON: a number as it stands, anything else as a string. */
json_t *via_value(const char *text);

/* May it be the name of a device or a command, and so a part of a path? */
bool via_name_good(const char *name);

#endif
