/* host/file/writer.h - recordings written (voltbus convert). How a format is written stands in the file of its
 * reader: struct writing. What it cannot hold is a row of WRITER_LOSSES and a bit of `lacks`: the writer looks for
 * that in every frame, leaves the frame out or counts what is lost, and tells it once.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_FILE_WRITER_H
#define HOST_FILE_WRITER_H

#include <stdio.h>
#include <time.h>

#include "host/file/format.h"
#include "host/io/pack.h"

/* What becomes of the frame: left OUT; something of it LOST; written so that other programs may read it wrong, or not
 * at all: ODD. Then what the format has not, or what is odd. The first that is OUT counts. */
#define WRITER_LOSSES(X)                                                                           \
    X(OTHER_WIRE, OUT, "frames of other wires than CAN")                                           \
    X(DAMAGED, OUT, "damaged frames")                                                              \
    X(FD, OUT, "frames of CAN FD")                                                                 \
    X(REMOTE, OUT, "remote frames")                                                                \
    X(ERROR, OUT, "error frames")                                                                  \
    X(FORM, OUT, "form for frames that are damaged or too long")                                   \
    X(BUSES, OUT, "place for more than 256 buses")                                                 \
    X(FD_FLAGS, LOST, "bit rate switch and error state of CAN FD")                                 \
    X(REMOTE_LEN, LOST, "length that a remote frame asks for")                                     \
    X(ERROR_CLASS, LOST, "class of error frames")                                                  \
    X(SENT, LOST, "direction (sent)")                                                              \
    X(ERROR_SENT, LOST, "direction of error frames (sent)")                                        \
    X(ID_29, LOST, "mark of 29-bit ids up to 7FF")                                                 \
    X(BUS, LOST, "buses")                                                                          \
    X(CHECKSUM, LOST, "checksums of LIN")                                                          \
    X(NO_TIME, LOST, "frames without a time (it is 0)")                                            \
    X(BEFORE_1970, LOST, "times before 1970 (they are 0)")                                         \
    X(TIME_RANGE, LOST, "times as far away")                                                       \
    X(DIGITS, LOST, NULL /* by writing.unit_ns */)                                                 \
    X(NANOSECONDS, ODD, "times with nine digits, which older can-utils take for microseconds")     \
    X(NEGATIVE, ODD, "negative times, which other programs may not read")

enum loss {
#define X(name, what, text) LOSS_##name,
    WRITER_LOSSES(X)
#undef X
        LOSS_COUNT
};
#define LACKS(name) (1u << LOSS_##name)

/* What formats that are of CAN only lack. */
#define LACKS_OTHERS (LACKS(OTHER_WIRE) | LACKS(DAMAGED))

#define WRITER_BUSES 256
#define WRITER_NAMES 0xFF /* writing.first_bus: buses have their names */

struct writer;

struct writing {
    const char *name;            /* --to */
    const struct writing *other; /* another version that is written; NULL: none */
    const char *suffix;          /* of files: ".asc"; NULL: many formats have the same */
    uint32_t lacks;              /* LACKS(..) */
    uint32_t unit_ns;            /* the smallest step of its times; 1: nanoseconds */
    uint8_t first_bus;           /* buses are numbers from here on (writer_bus); or WRITER_NAMES */
    /* What stands before the first frame (NULL: there is none). May be NULL. */
    void (*begin)(struct writer *writer, const struct vb_frame *first);
    /* Write a frame that has nothing left which is OUT. False: it has no form. */
    bool (*frame)(struct writer *writer, const struct vb_frame *frame, const char *link);
    void (*end)(struct writer *writer); /* what stands behind the last frame; may be NULL */
};

struct writer {
    const struct writing *how;
    struct pack *pack;
    bool begun;
    uint64_t frames; /* written */
    uint64_t losses[LOSS_COUNT];
    int64_t start_ns; /* times count from here: writer_since */
    size_t bus_count, bus_last;
    struct {
        char name[READER_NAME_MAX];
        unsigned number;
    } buses[WRITER_BUSES];
    void *state; /* of the format; it is freed by writer_end */
};

/* How the format of this name is written, or that with the suffix of the file's name (n characters). Or NULL. */
const struct writing *writer_find(const char *name);
const struct writing *writer_by_suffix(const char *path, size_t n);

/* Their names with commas between them. */
size_t writer_names(char *text, size_t cap);

/* Write to pack, which stays the caller's. The writer is large. */
void writer_begin(struct writer *writer, const struct writing *how, struct pack *pack);
void writer_frame(struct writer *writer, const struct vb_frame *frame, const char *link);
void writer_end(struct writer *writer);

/* One line for each thing that the format could not hold, beginning with the name of the file. */
void writer_tell(const struct writer *writer, const char *path, FILE *to);

/* ---- for formats ---- */

/* Room for a line of n characters, and how far it was used. */
char *writer_room(struct writer *writer, size_t n);
void writer_used(struct writer *writer, const char *end);
void writer_line(struct writer *writer, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The number of a bus: that of "can3" if it is free, else the next that is. */
unsigned writer_bus(struct writer *writer, const char *link);

/* Times count from the first frame on; from a whole millisecond where it has a date, which is then given as the
 * local one. False: it has none, and its times count from 0. */
bool writer_start(struct writer *writer, const struct vb_frame *first, struct tm *date);

/* The time since then. */
int64_t writer_since(struct writer *writer, const struct vb_frame *frame);

/* Append to a text; each returns its new end. */
char *put_text(char *at, const char *text);
/* value / 10^digits with so many digits behind the point, at least width characters. */
char *put_fixed(char *at, int64_t value, unsigned digits, unsigned width);
/* The id in hexadecimal: 8 digits with 29 bits, else digits_11. */
char *put_id(char *at, const struct vb_frame *frame, unsigned digits_11);
/* The bytes of CAN as two digits each, with these characters around each; 0: none. */
char *put_bytes(char *at, const struct vb_frame *frame, char before, char behind);

/* Rounded down. */
int64_t writer_us(int64_t t_ns);

/* The DLC of a frame; of a remote frame the length that it asks for. */
unsigned writer_dlc(const struct vb_frame *frame);

#endif
