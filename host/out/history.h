/* host/out/history.h - the history: samples in a SQLite file, one writer thread, readers beside it.
 *
 * Samples are handed over in memory and committed by time or count; the caller never waits for the
 * disk. What cannot be kept (ring full, disk full, database gone) is counted and said.
 * The file, and how to read it with other programs: docs/history.md.
 *
 * Threads: history_signal and history_put belong to one thread (the producer); history_gap,
 * history_control and history_status may be called by any; history_query by any, one at a time.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_HISTORY_H
#define HOST_OUT_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/signal.h"

struct history; /* opaque */

struct history_options {
    const char *path;     /* the file; made if it is not there, its folder must exist */
    bool temporary;       /* history_close removes the file and its -wal and -shm */
    int64_t keep_ms;      /* older samples (by the clock of this machine) are removed; 0 = never */
    int64_t keep_bytes;   /* the oldest are removed when the file is larger; 0 = no limit */
    int64_t commit_ms;    /* commit at least this often while there is something; 0 = 1000 */
    int64_t commit_count; /* or after so many samples; 0, or too many = half of the ring */
};

/* Room for every reason and remark. */
#define HISTORY_WHY 600

/* Open or make the file, check it, start the writer. why: room for n; the reason if NULL is
 * returned, else a remark about what was found ("", "PATH: the last run was not ended: up to 1 s of
 * samples is missing after 2026-11-21 12:00:03 UTC", "PATH: the last run could not write its last
 * samples: those after 2026-11-21 12:00:03 UTC are missing", "PATH: was damaged (...): moved to
 * PATH.damaged-1, a new one is begun"). A file that is no database, or a damaged one, is moved away;
 * the database of another program or another version is left alone, with a reason.
 * Between two runs there is a gap, for every device. */
struct history *history_open(const struct history_options *options, char *why, size_t n);

/* The number of a signal for history_put; made if new. A signal whose unit or ratio differs from
 * what the file has is a new one; queries join them. scale: VB_RAW or div > 0. Never waits for the
 * disk. Returns -1 if there is no memory left. */
int history_signal(struct history *h, const char *device, const char *name, const char *unit,
                   const struct vb_scale *scale);

/* Note a sample. Never blocks: returns false if it was dropped because the ring is full (the new one
 * is dropped: the oldest may be on their way into the file). A time
 * that goes back is taken as it is. Of two samples with the same signal and microsecond the
 * first one stays. Rows of 64 bits without sign (vb_sample) have no meaning beyond 2^63 here. */
bool history_put(struct history *h, int signal, int64_t t_ns, int64_t raw);

/* True while more than half of the ring waits: whoever can should hand over less. */
bool history_busy(const struct history *h);

/* Note that the device was lost at t_ns: a plot has a gap there. */
void history_gap(struct history *h, const char *device, int64_t t_ns);

struct history_point {
    double t, mean, low, high; /* seconds; values in the unit */
    bool gap;                  /* nothing was heard here: the other fields are 0 */
};

/* Read a signal from from_ns up to and with to_ns as at most `points` (2..5000) stretches of equal
 * length, empty ones left out. Its own connection.
 * - A value holds until the next sample of its signal, a gap, or 60 s, whichever comes first. The mean
 *   is over the time in which values held, low and high are of those values; the newest sample holds
 *   for no time. Where nothing held for any time, the mean is that of the samples.
 * - If there are no more samples than points, each is its own point (mean = low = high), and so is
 *   from_ns, if a value held then.
 * - t is the time of the first sample in the stretch, or its start, if a value held then. Wide spans are made of whole minutes (the sums
 *   that the file keeps): t is then the start of the first minute, and the first and last stretch
 *   have the whole minute in which from_ns and to_ns lie. So are spans with very many samples; there
 *   may then be fewer stretches than asked for.
 * - A gap stands between two points where the device was lost in between, or where they are further
 *   apart than a minute and three times the usual (median) distance; and at the end where the device
 *   was lost after the last point.
 * - Samples of one name with different units or ratios are joined by time, each by its own ratio.
 * - What is not yet committed is not there: up to commit_ms is missing at the end.
 * out: room for 2 * points + 1. Returns how many were written; -1 if there is no such signal (0 if it
 * is known and has no samples there); -2 with *why. */
int history_query(struct history *h, const char *device, const char *name, int64_t from_ns,
                  int64_t to_ns, int points, struct history_point *out, char *why, size_t n);

struct history_status {
    /* put = committed + duplicates + dropped + what waits in memory */
    uint64_t put;        /* handed over */
    uint64_t committed;  /* in the file */
    uint64_t duplicates; /* signal and microsecond were there already */
    uint64_t dropped;    /* lost: there was no room in memory */
    uint64_t commits;
    int64_t bytes;     /* size of the file and its -wal */
    int64_t memory;    /* taken for samples on their way, at start and for good */
    char trouble[400]; /* "" or what is wrong now: "disk full: ..." ; what to do */
};
void history_status(struct history *h, struct history_status *status);

/* Write a line of the control log: who asked what, old and new value, what came of it. NULL is "".
 */
void history_control(struct history *h, int64_t t_ns, const char *who, const char *device,
                     const char *command, const char *old_value, const char *new_value,
                     const char *result);

/* Commit what is left, stop the writer, free everything. With trouble that lasts (a full disk) what
 * is left is lost after a few seconds: returns how many samples that were. */
uint64_t history_close(struct history *h);

#endif
