/* cmd/console_text.h - the words of `voltbus console`: what a typed line means, what an answer says,
 * what can be typed next. Nothing here asks anybody anything.
 * SPDX-License-Identifier: MIT */
#ifndef CMD_CONSOLE_TEXT_H
#define CMD_CONSOLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/out/text_buffer.h"
#include "voltbus/call.h"

/* ---- a typed line ---- */

enum console_what {
    CONSOLE_NOTHING, /* empty, or a comment (#) */
    CONSOLE_BODY,    /* RAPI: the body of a line, "SC 16 V" */
    CONSOLE_CALL,    /* the name of a call and its arguments */
    CONSOLE_HELP,    /* with a name, or without: arguments[0] */
    CONSOLE_LIST,    /* what can be asked; arguments[0]: only what has this in it */
    CONSOLE_QUIT,
    CONSOLE_WRONG, /* why */
};

#define CONSOLE_LINE 120 /* longest line */
#define CONSOLE_WHY  200

struct console_line {
    enum console_what what;
    char text[CONSOLE_LINE + 1]; /* BODY: it, n characters */
    size_t n;
    const char *name; /* CALL: as the device's table has it */
    const char *arguments[VB_ARGUMENTS_MAX + 1];
    size_t count;
    char why[CONSOLE_WHY];
};

/* Read what was typed: n characters. "$GS", "$GS^30" (whose checksum must be right), "GS" and "gs" are
 * bodies; other words are names of calls of the device (in any version), friendly words, or words of
 * the console itself. What a box of another version has is left to the hub. */
void console_read(const struct vb_device *device, const char *text, size_t n,
                  struct console_line *line);

/* ---- what can be typed next ---- */

#define CONSOLE_WORDS_MAX 160
struct console_words {
    size_t begin; /* where the word begins that they would replace */
    size_t count; /* sorted, none twice */
    char words[CONSOLE_WORDS_MAX][32];
};

/* The words that may stand at the end of n characters. version 0: those of all versions. */
void console_complete(const struct vb_device *device, uint32_t version, const char *text, size_t n,
                      struct console_words *words);

/* How many characters all of them begin with; 0 of none. */
size_t console_common(const struct console_words *words);

/* ---- in words ---- */

/* Append text, broken between words so that no line is wider than columns; at: the column where it
 * begins, and where its other lines do. */
void console_wrapped(struct text *out, const char *text, size_t at, size_t columns);

/* Append what the rows of the device make of an answer or of news, one row a line, as wide as columns
 * allow. Returns false, with nothing appended, where no message of the device reads it or it says
 * nothing. */
bool console_explain(struct text *out, const struct vb_device *device, const struct vb_frame *frame,
                     size_t columns);

/* The title of the message that a frame is; NULL if it is none of the device. */
const char *console_title(const struct vb_device *device, const struct vb_frame *frame);

/* Append a frame as its line, from '$' on, with what is not printable as '?'. */
void console_line_text(struct text *out, const struct vb_frame *frame);

/* Append what is wrong with the checksum of a damaged frame: "checksum 14, expected 13". */
void console_damage(struct text *out, const struct vb_frame *frame);

/* What NK means to a body, beyond that it means no; NULL: nothing is known. */
const char *console_no(const char *body, size_t n);

/* Append the table of calls, one a line; only those of version (0: all), and only those with part in
 * their code, name or title (NULL: all). Returns how many. */
size_t console_list(struct text *out, const struct vb_device *device, uint32_t version,
                    const char *part, size_t columns);

/* Append the help of the console, or of a call (name: n > 0 characters). Returns false, with nothing
 * appended, if there is no such call. */
bool console_help(struct text *out, const struct vb_device *device, uint32_t version,
                  const char *name, size_t n, size_t columns);

#endif
