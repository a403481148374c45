/* voltbus/call.h - the call: one question or order to a device that speaks in text, as a row: how it
 * is written, what may stand in it, which versions have it.
 *
 * A call belongs to a message (message.h): the message's rows read the answer. So one table says
 * what can be asked, what can be changed and what the answers mean; the client, the console,
 * `voltbus call`, the HTTP interface and the docs all walk it.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_CALL_H
#define VOLTBUS_CALL_H

#include "voltbus/device.h"

/* A version of a protocol as one number that compares: VB_VERSION(5, 2, 1). */
#define VB_VERSION(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

/* Read "5.2.1" (n characters; up to three numbers of 0..255, the rest is 0). Returns VB_OK or
 * VB_E_FORMAT. */
int vb_version_read(const char *text, size_t n, uint32_t *version);
#define VB_VERSION_TEXT 12 /* "255.255.255" and its 0 */
char *vb_version_text(uint32_t version, char out[VB_VERSION_TEXT]);

enum {
    VB_CALL_CHANGES = 1 << 0, /* changes something: needs control: true */
    VB_CALL_ONCE = 1 << 1,    /* must not be repeated where no answer came (a press of a button) */
    VB_CALL_SILENT = 1 << 2,  /* never answered ($FR) */
    VB_CALL_BUTTON = 1 << 3,  /* what people press daily: the page shows it */
    VB_CALL_KEPT = 1 << 4,    /* what it sets survives a restart of the device (EEPROM) */
};

struct vb_call {
    /* "SC % V": each % is one argument, in order; the first two characters are the code. */
    const char *form;
    /* Rows: unit, words, ratio, limits, and a title; raw has `len` bits, `bit` is not looked at.
     * VB_CHAR: a character whose code is raw. VB_STRING: text, the last argument only. */
    const struct vb_signal *args;
    uint8_t arg_count;
    uint16_t flags;        /* VB_CALL_* */
    uint16_t wait_ms;      /* longest time until the answer begins; 0 = 500 */
    uint32_t since, until; /* first version that has it, first that has it no more; 0 = no bound */
    const char *option;    /* build option that it needs, in words; NULL = none */
};

/* An argument. */
struct vb_argument {
    int64_t raw;
    const char *text; /* VB_STRING: len characters */
    size_t len;
};
#define VB_ARGUMENTS_MAX 6

/* Does this version have it? version 0 = not known: only what every version has. */
bool vb_call_in(const struct vb_call *call, uint32_t version);

/* Read one argument from n characters, as vb_signal_parse does. Text: 1 to 16 characters of printable
 * ASCII, without $ ^ * and without a space at either end. A number becomes the nearest that the row
 * has, but only 0 becomes 0.
 * Returns VB_OK, VB_E_FORMAT or VB_E_RANGE. */
int vb_call_argument(const struct vb_signal *row, const char *text, size_t n,
                     struct vb_argument *argument);

/* Write the body: "SC 16 V". count arguments. out: cap bytes, no terminator. Returns the length;
 * VB_E_RANGE (not arg_count of them, or an argument beyond the limits of its row), VB_E_SPACE. */
#define VB_CALL_TEXT 48
int vb_call_write(const struct vb_call *call, const struct vb_argument *arguments, size_t count,
                  char *out, size_t cap);

/* The reverse: is this body ("SC 16 V") a call of this form? Returns the number of arguments, which
 * are in *arguments (room for VB_ARGUMENTS_MAX; text points into body), VB_E_UNKNOWN if the form is
 * another, VB_E_FORMAT or VB_E_RANGE if the form is right and an argument (*at, may be NULL) is not.
 */
int vb_call_match(const struct vb_call *call, const char *body, size_t n,
                  struct vb_argument *arguments, size_t *at);

/* The number of the message whose call has this name (n characters; also its code, such as "SC",
 * which finds the first with it) in this version. Returns VB_E_UNKNOWN if no version has it,
 * VB_E_STATE if others have it: *other (may be NULL) is then one of those. */
int vb_call_find(const struct vb_device *device, const char *name, size_t n, uint32_t version,
                 size_t *other);

/* The number of the message whose call this body is, in this version. Returns VB_E_UNKNOWN: none has
 * its form; VB_E_STATE: only other versions have it; VB_E_FORMAT, VB_E_RANGE: an argument (*at) is
 * wrong. *count, arguments: as vb_call_match; all may be NULL. *which: number of the message that an
 * error is about. */
int vb_call_find_body(const struct vb_device *device, const char *body, size_t n, uint32_t version,
                      struct vb_argument *arguments, size_t *count, size_t *at, size_t *which);

#endif
