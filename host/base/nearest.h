/* host/base/nearest.h - what somebody meant who wrote a name that does not exist.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_BASE_NEAREST_H
#define HOST_BASE_NEAREST_H

#include <stddef.h>

/* "; did you mean a or b?" with the names nearest to name, or "" if none is near. names ends with
 * NULL. Returns text. */
#define NEAREST_TEXT 200
const char *nearest(const char *name, const char *const *names, char text[NEAREST_TEXT]);

/* "a, b, c", cut with "..." where room (bytes at out) ends. names ends with NULL. Returns out. */
char *names_text(const char *const *names, char *out, size_t room);

#endif
