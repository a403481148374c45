/* host/file/dbc.h - a DBC file as a device: the same structs as the built-in ones, made at run time.
 *
 * One file is one device of the kind CAN. Its name is that of the file without ".dbc"; what is no letter, digit, '_'
 * or '-' is '-'. A row is called MESSAGE.SIGNAL, both as the file writes them (the long names, where it has them).
 * What the rules are, and what is left out, docs/dbc.md says.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_DBC_H
#define HOST_FILE_DBC_H

#include <stddef.h>

#include "host/base/arena.h"
#include "voltbus/device.h"

#define DBC_WHY       160      /* room for why there is no device */
#define DBC_BYTES_MAX 32000000 /* of a file */
#define DBC_SHOWN     10 /* oddities that are told in full where nobody asked for all of them */

/* Something in the file is not as it should be. The rest is read all the same. Called after the file was
 * read, in the order of its lines. what: one sentence, lives only during the call. */
typedef void dbc_oddity(void *context, unsigned long line, const char *what);

/* Read a file. The device and all that it points to are taken from the arena, and live as long. tell: may be NULL.
 * Returns NULL with why: it cannot be read, is no DBC at all, or memory ran out. vb_device_check accepts the
 * device. */
const struct vb_device *dbc_read(struct arena *arena, const char *path, dbc_oddity *tell,
                                 void *context, char why[DBC_WHY]);

/* The same for n bytes of text; path only gives the device its name. */
const struct vb_device *dbc_parse(struct arena *arena, const char *path, const char *text, size_t n,
                                  dbc_oddity *tell, void *context, char why[DBC_WHY]);

#endif
