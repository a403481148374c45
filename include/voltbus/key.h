/* voltbus/key.h - the key: one thing that can be set, as a row, and the reading of its value from
 * text. Links, outputs, simulators and the configuration have keys; `voltbus check`, error texts
 * and docs come from the rows.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_KEY_H
#define VOLTBUS_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/err.h"

enum vb_key_type {
    VB_KEY_TEXT,     /* any text without control characters; number = 0 */
    VB_KEY_FLAG,     /* true, false, yes, no, on, off; number = 0 or 1 */
    VB_KEY_WORD,     /* one of words; number = its place among them */
    VB_KEY_WORDS,    /* some of words, joined by '+' or ',', or "none"; number = a bit for each */
    VB_KEY_NUMBER,   /* a whole number, with or without the row's unit behind it */
    VB_KEY_DURATION, /* a number with ms, s, min, h or d; number = milliseconds */
    VB_KEY_SIZE,     /* a number with B, kB, MB or GB (powers of 1000); number = bytes */
};

struct vb_key {
    const char *name;
    uint8_t type;             /* enum vb_key_type */
    const char *unit;         /* NUMBER: the unit that may stand behind it; NULL = none */
    const char *initial;      /* the default as text; NULL = must be given, "" = may be left out */
    int64_t min, max;         /* NUMBER, DURATION, SIZE: in the base unit; both 0 = no bounds */
    const char *const *words; /* WORD, WORDS: ends with NULL; WORDS: 32 at most */
    const char *help;         /* one line */
};

/* A value as it was given, or the default. */
struct vb_value {
    int64_t number;
    const char *text; /* the caller's (or the row's default); never NULL after vb_key_parse */
    size_t len;
    bool given; /* not the default */
};

/* Room for the longest text of why. */
#define VB_KEY_WHY 160

/* Read a value from n characters of text: no space around it; a decimal fraction is good where the
 * whole is a number of base units (1.5 h). Empty text is a value only of a TEXT that has a default.
 * value: written on success. why (may be NULL): room for VB_KEY_WHY; for any error the reason and
 * what is allowed, one line without the key's name: "80x: unknown unit 'x' (ms, s, min, h, d)".
 * Returns VB_OK; VB_E_FORMAT (no such value, or another unit); VB_E_RANGE (beyond min or max). */
int vb_key_parse(const struct vb_key *key, const char *text, size_t n, struct vb_value *value,
                 char *why);

/* The default of a row; number 0 and text "" where it has none. */
struct vb_value vb_key_initial(const struct vb_key *key);

/* The number of the row of that name (n characters), or -1. */
int vb_key_find(const struct vb_key *keys, size_t count, const char *name, size_t n);

/* What a row allows, in words: "1 s to 400 d", "text, json or csv", "true or false".
 * out: room for VB_KEY_WHY, ends with 0. Returns out. */
char *vb_key_allowed(const struct vb_key *key, char *out);

#endif
