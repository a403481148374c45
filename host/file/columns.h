/* host/file/columns.h - CAN logs whose lines are columns of text in a fixed order: a format of that kind is a
 * row of columns.c, and columns_read reads it.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_COLUMNS_H
#define HOST_FILE_COLUMNS_H

#include "host/file/format.h"

struct columns {
    /* A letter for each column:
     *   t m u h    time: seconds, milliseconds, microseconds, a time of day
     *   i          id, hexadecimal; 29 bits if above 7FF
     *   w          the same; 29 bits if it has more than four digits
     *   I          id, decimal, or hexadecimal behind 0x
     *   x          is it 29 bits? true, false, 1, 0
     *   d          Rx, Tx
     *   o          the same, and may be left out
     *   b          name or number of the bus
     *   l          count of bytes
     *   k          DLC: above 8 a code of CAN FD
     *   f          "Data frame", "Remote frame"
     *   s          s, x (29 bits), sr, xr (remote)
     *   c          all bytes
     *   D          a column for each byte, up to the end of the line
     *   -          something else */
    const char *order;
    char separator;      /* between columns; ' ' = any number of spaces and tabs */
    const char *skip[6]; /* lines that begin so hold no frame: titles, comments */
    bool needs_title;    /* too much else looks like it without the first of these */
    /* Take a line of the file's header; true: it was one. Or NULL. */
    bool (*header)(struct reader *reader, const char *text, size_t n);
};

/* struct format.read of all formats that have columns. */
int columns_read(struct reader *reader, const char *text, size_t n, struct vb_frame *frame);

/* A line of these columns. */
int columns_line(struct reader *reader, const struct columns *columns, const char *text, size_t n,
                 struct vb_frame *frame);

#endif
