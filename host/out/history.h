/* host/out/history.h - the history: samples in a SQLite file, one writer thread, readers beside it.
 *
 * Samples are handed over in memory and committed by time or count; the caller never waits for the
 * disk. What cannot be kept (ring full, disk full, database gone) is counted and said, once.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_HISTORY_H
#define HOST_OUT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/signal.h"

struct history; /* opaque */

struct history_options {
    const char *path;     /* the file; made if it is not there */
    bool temporary;       /* history_close removes the file and its -wal and -shm */
    int64_t keep_ms;      /* older samples are removed; 0 = never */
    int64_t keep_bytes;   /* the oldest are removed when the file is larger; 0 = no limit */
    int64_t every_ms;     /* per signal: at most one sample in this time; 0 = every sample */
    int64_t commit_ms;    /* commit at least this often while there is something */
    int64_t commit_count; /* or after so many samples */
};

/* Open or make the file, check it, start the writer. why: room for n; the reason if NULL is
 * returned, else a remark about what was found ("", "the last run was not ended: 0 to 1 s of
 * samples are missing before 2026-11-21 12:00:03", "history.db was damaged: moved to
 * history.db.damaged-1"). */
struct history *history_open(const struct history_options *options, char *why, size_t n);

/* The number of a signal for history_put; made if new. A signal whose unit or ratio differs from
 * what the file has is a new one; queries join them. Called before or between history_put. */
int history_signal(struct history *h, const char *device, const char *name, const char *unit,
                   const struct vb_scale *scale);

/* Note a sample. Never blocks: returns false if it was dropped because the ring is full. */
bool history_put(struct history *h, int signal, int64_t t_ns, int64_t raw);

/* Note that the device was lost at t_ns: a plot has a gap there. */
void history_gap(struct history *h, const char *device, int64_t t_ns);

struct history_point {
    double t, mean, low, high; /* seconds; values in the unit */
    bool gap;                  /* nothing was heard here: the other fields are 0 */
};

/* Read a signal between two moments as at most `points` stretches (see docs/http-api.md). Its own connection:
 * may run in any thread, one at a time. out: room for 2 * points + 1. Returns how many were
 * written; -1 if there is no such signal; -2 with *why. */
int history_query(struct history *h, const char *device, const char *name, int64_t from_ns,
                  int64_t to_ns, int points, struct history_point *out, char *why, size_t n);

struct history_status {
    uint64_t put, committed, dropped, commits;
    int64_t bytes;     /* size of the file */
    char trouble[200]; /* "" or what is wrong now: "disk full: ..." ; what to do */
};
void history_status(struct history *h, struct history_status *status);

/* Write a line of the control log: who asked what, old and new value, what came of it. */
void history_control(struct history *h, int64_t t_ns, const char *who, const char *device,
                     const char *command, const char *old_value, const char *new_value,
                     const char *result);

/* Commit what is left, stop the writer, free everything. */
void history_close(struct history *h);

#endif
