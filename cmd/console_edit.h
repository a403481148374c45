/* cmd/console_edit.h - a line that is being typed on a terminal: keys, history, completion, and
 * hiding it while something is said above it.
 * SPDX-License-Identifier: MIT */
#ifndef CMD_CONSOLE_EDIT_H
#define CMD_CONSOLE_EDIT_H

#include <stdbool.h>
#include <stddef.h>

struct editor;

struct editor_calls {
    /* A line is finished (n characters, no line end). The editor is hidden: what is said now stands
     * below the line, and editor_show begins the next one. */
    void (*line)(void *context, const char *text, size_t n);
    /* Ctrl-D on an empty line, or the terminal is gone. */
    void (*end)(void *context);
    /* Tab was pressed behind n characters: what is to be inserted goes to *insert (cap bytes, ends
     * with 0). Returns true if there is a choice to be shown, by editor_hide, ..., editor_show. */
    bool (*complete)(void *context, const char *text, size_t n, char *insert, size_t cap);
    void (*choice)(void *context, const char *text, size_t n);
};

/* Take over the terminal at standard input and output. history: the path of its file, NULL = none;
 * that it cannot be read is no error. Returns NULL if the terminal cannot be used. */
struct editor *editor_open(const char *prompt, const char *history,
                           const struct editor_calls *calls, void *context);

/* Keys that were pressed. The calls are made from inside; returns false if one of them has closed the
 * editor. */
bool editor_keys(struct editor *e, const char *bytes, size_t n);

/* A key that has begun (ESC) and does not go on is forgotten: call it some 100 ms after keys. True
 * from editor_waits: there is one. */
bool editor_waits(const struct editor *e);
void editor_forget(struct editor *e);

/* Take the line off the screen, the cursor where it began; put it back. Both may be said twice. */
void editor_hide(struct editor *e);
void editor_show(struct editor *e);

void editor_resized(struct editor *e); /* SIGWINCH */
void editor_again(struct editor *e);   /* SIGCONT: the terminal as we need it, and the line */
size_t editor_columns(const struct editor *e);

/* Give the terminal back as it was, and write the history (0600). NULL does nothing. May be called
 * from inside a call. */
void editor_close(struct editor *e);

#endif
