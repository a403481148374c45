/* host/out/spool.h - a file that is written beside the loop: records go into memory, a thread takes
 * them to the disk or the pipe. Who puts a record never waits. A record is in the file whole or not
 * at all; what does not fit into memory is lost, counted and said.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_SPOOL_H
#define HOST_OUT_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPOOL_RECORD_MAX 65536
#define SPOOL_NEWS       400
/* SPOOL_LAST records still fit into this when the memory is full. */
#define SPOOL_RESERVE 32768

struct spool; /* opaque */

struct spool_options {
    const char *path;     /* NULL: write to fd, which stays open */
    int fd;               /* without path: a pipe, a terminal, a file */
    const char *name;     /* for messages; NULL: the path */
    int64_t rotate_bytes; /* begin a new file before it becomes larger; 0 = never */
    int64_t rotate_ms;    /* begin a new file when it is this old; 0 = never */
    int keep_files;       /* older files are PATH.1 (the newest) to PATH.keep_files */
    size_t ring;          /* bytes of memory; 0 = 4 MB */
    int64_t retry_ms;     /* between two tries when the disk is full; 0 = 5 s */
    /* What a file that is there already ends with, so that records may follow: VB_OK, VB_E_CHECK (a
     * record is cut off: the file is set aside as PATH.damaged-1), VB_E_FORMAT (a file of another
     * kind: it is not touched). NULL: lines; the line end that a cut line lacks is added. */
    int (*ending)(int fd, int64_t size);
    void (*news)(void *context); /* spool_news has something: wake who asks it, and do nothing else
                                  * here, in any thread. May be NULL */
    void *context;
};

/* Open, or make, and go on behind what is there. Returns NULL with why (room for n). */
struct spool *spool_open(const struct spool_options *options, char *why, size_t n);

/* Nothing was there when it was opened: what a file begins with is wanted. */
bool spool_fresh(const struct spool *s);

/* Is a new file due before n more bytes? The record is then made with what a file begins with in
 * front, and put with SPOOL_NEW_FILE. */
bool spool_due(struct spool *s, size_t n);

enum spool_place {
    SPOOL_NEXT,     /* behind the record before it */
    SPOOL_NEW_FILE, /* at the start of a new file */
    SPOOL_LAST,     /* as SPOOL_NEXT; the last words of a file, which have a place kept for them */
};

/* Hand over a record. Returns false if it is lost: no room, longer than SPOOL_RECORD_MAX, or the
 * reader is gone for good. Never waits. */
bool spool_put(struct spool *s, enum spool_place place, const void *record, size_t n);

/* Is more than half of the memory full? Who could wait (a replay) should. */
bool spool_busy(struct spool *s);

/* Take the next thing to say, one line. text: SPOOL_NEWS bytes. */
bool spool_news(struct spool *s, char *text);

struct spool_status {
    uint64_t put, written; /* records */
    uint64_t lost;         /* records that found no room */
    bool gone;             /* the reader has closed the pipe: nothing is taken any more */
    bool trouble;          /* cannot be written just now */
};
void spool_status(struct spool *s, struct spool_status *status);

/* Write what is left, stop the thread, free everything. Waits for a disk or a reader as long as
 * something moves, 2 s at most when nothing does and 10 s in all. say: hears what there is to say. */
void spool_close(struct spool *s, void (*say)(void *context, const char *text), void *context);

#endif
