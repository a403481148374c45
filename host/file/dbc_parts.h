/* host/file/dbc_parts.h - what the parts of the DBC reader share: the scanner, what the statements said, and the
 * way from there to a device. Only host/file/dbc*.c includes it.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_DBC_PARTS_H
#define HOST_FILE_DBC_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/arena.h"
#include "host/file/dbc.h"

/* ---- the scanner ---- */

struct dbc_scan {
    const char *at, *end;
    unsigned long line;
    const char *looked; /* how far for the end of a text that has none */
};

struct dbc_word { /* points into the file */
    const char *text;
    size_t n;
};

/* Skip spaces, line ends and comments; only up to the end of the line. */
void dbc_space(struct dbc_scan *s);
void dbc_blank(struct dbc_scan *s);
bool dbc_line_ends(struct dbc_scan *s);
/* Take this character, if it is the next one. */
bool dbc_take(struct dbc_scan *s, char c);
/* The next word: up to a space or one of : ; , " ( ) [ ] | @. n == 0: there is none. */
struct dbc_word dbc_word(struct dbc_scan *s);
bool dbc_is(struct dbc_word word, const char *text);
/* The text between quotes, still with its escapes. False: there is none, or it does not end. */
bool dbc_string(struct dbc_scan *s, struct dbc_word *string);
/* Whole numbers. False: no such number, or beyond 64 bits; nothing is taken then. */
bool dbc_integer(struct dbc_scan *s, int64_t *value);

/* A decimal number as it is written: mantissa * 10^exponent. Digits beyond 64 bits are rounded away. */
struct dbc_decimal {
    uint64_t mantissa;
    int exponent;
    bool minus;
};
bool dbc_decimal(struct dbc_scan *s, struct dbc_decimal *value);
bool dbc_decimal_of(struct dbc_word word, struct dbc_decimal *value);

/* A string as UTF-8 on one line, without its escapes; Windows-1252 if it is not UTF-8. */
char *dbc_text(struct arena *arena, struct dbc_word string);
/* A string as a word of a row: lower case, what is no letter or digit is '_'. Empty: there is nothing left of it. */
char *dbc_value_word(struct arena *arena, struct dbc_word string);
/* A name: letters, digits, '_'. */
char *dbc_name(struct arena *arena, struct dbc_word word);

/* ---- what is known by a name or a number ---- */

/* A tree: files of megabytes, and those made to be slow, are read in the time that a search takes, not a walk. */
struct dbc_index {
    void *root;
};

/* Of things in one index. */
enum dbc_kind {
    DBC_ID,   /* messages by id: the first one */
    DBC_NAME, /* names as they are shown: of messages (DBC_OF_MESSAGES), of rows by message */
    DBC_ROW,  /* signals by number of their message (dbc_message.number) and name: the first one */
    DBC_SIGNAL, /* signals by id and name: the first one */
    DBC_TABLE,  /* VAL_TABLE_ by name: the last one */
    DBC_GROUP,  /* messages by group of J1939 */
    DBC_VALUE,  /* values of a signal by number */
    DBC_WORD,   /* .. by word */
};

#define DBC_OF_MESSAGES (-1)

/* What stands there; NULL: nothing. */
void *dbc_known(const struct dbc_index *index, enum dbc_kind kind, int64_t number,
                struct dbc_word name);
/* The place for it, NULL in it where nothing stood; the name must outlive the index. NULL: memory ran out, and
 * that is noted nowhere. The key is taken from the arena. */
void **dbc_place(struct dbc_index *index, struct arena *arena, enum dbc_kind kind, int64_t number,
                 struct dbc_word name);
void dbc_forget(struct dbc_index *index);

/* ---- what the statements said ---- */

struct dbc_note {
    struct dbc_note *next;
    unsigned long line;
    size_t number; /* of the notes, as they were made */
    const char *what;
};

struct dbc_range { /* of SG_MUL_VAL_ */
    struct dbc_range *next;
    struct dbc_word selector;
    int64_t lo, hi;
    unsigned long line;
};

struct dbc_values { /* VAL_, VAL_TABLE_ */
    struct vb_word *words;
    size_t count;
};

struct dbc_signal {
    struct dbc_signal *next;
    unsigned long line;
    struct dbc_word name;
    const char *long_name, *title, *unit;
    unsigned start, len;
    bool big_endian, minus; /* minus: signed */
    bool selects, selected; /* M, m3 */
    int64_t value;          /* the 3 of m3 */
    struct dbc_range *ranges;
    struct dbc_decimal factor, offset, min, max;
    const struct vb_word *words;
    int float_type;   /* SIG_VALTYPE_: 1 float, 2 double */
    uint16_t number;  /* of its row */
    uint64_t bits[8]; /* which of the first 64 bytes it has */
};

struct dbc_message {
    struct dbc_message *next;
    unsigned long line;
    size_t number;
    int64_t id; /* as written: bit 31 for 29 bits */
    struct dbc_word name, sender;
    const char *long_name, *title;
    int64_t dlc;
    struct dbc_signal *first, *last;
    size_t count;
    int64_t period_ms; /* -1: the default */
    int format;        /* VFrameFormat, -1: the default */
    bool orphans;      /* VECTOR__INDEPENDENT_SIG_MSG: rows of no message */
    bool shares_group; /* another one has its group of J1939 */
};

struct dbc {
    struct arena *arena;  /* of the device */
    struct arena scratch; /* of all that is thrown away */
    struct dbc_scan s;
    struct dbc_index index;
    struct dbc_message *first, *last;
    size_t count;
    struct dbc_note *notes;
    size_t note_count;
    size_t untold;            /* notes that there was no room for */
    size_t statements;        /* understood */
    unsigned looks;           /* that are left for what shares bits */
    struct dbc_word *formats; /* the words of the attribute VFrameFormat */
    size_t format_count;
    int format;        /* its default */
    int64_t period_ms; /* default of GenMsgCycleTime */
    bool no_memory;
};

#define DBC_FORMAT_J1939 3

void dbc_note(struct dbc *d, unsigned long line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* n bytes of zeros of an arena; NULL is noted in d. */
void *dbc_take_memory(struct dbc *d, struct arena *arena, size_t n);

/* The device of all that was read; NULL: memory ran out. */
struct vb_device *dbc_make(struct dbc *d);

#endif
