/* cmd/one_link.h - a configuration for verbs that work on one LINK of the command line.
 * SPDX-License-Identifier: MIT */
#ifndef CMD_ONE_LINK_H
#define CMD_ONE_LINK_H

#include "cmd/cmd.h"
#include "host/config/config.h"

/* Make the configuration of one link with the chosen devices on it, those of its kind where nobody
 * chose. control: commands are allowed. Returns NULL after an error was written for verb; *status is
 * then the exit status. */
struct config *one_link(const char *verb, const char *link, struct selection *selection,
                        bool control, int *status);

/* Write a text in double quotes, as YAML has them. Returns false if out (size bytes) is too small. */
bool yaml_quoted(const char *text, char *out, size_t size);

#endif
