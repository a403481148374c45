/* host/out/history_parts.h - what the files of the history share; nobody else includes it.
 *
 *   history.c        the producer's side: ring, signals, notes, status; opening and closing
 *   history_file.c   the file: lock, checks, schema, damaged files moved away
 *   history_write.c  the writer thread: commits, errors and how it gets over them
 *   history_keep.c   retention in small steps
 *   history_query.c  reading
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_HISTORY_PARTS_H
#define HOST_OUT_HISTORY_PARTS_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/types.h>

#include "host/out/history.h"

#define HISTORY_RING        (1u << 18) /* samples in memory: two seconds of a whole Leaf battery */
#define HISTORY_BATCH       (1u << 16) /* samples in one transaction at most */
#define HISTORY_GAPS        1024u      /* gaps that wait */
#define HISTORY_CONTROLS    4096u      /* lines of the control log that wait */
#define HISTORY_APPLICATION 0x766F6C74 /* application_id of the file: "volt" */
#define HISTORY_VERSION     2          /* user_version */
#define HISTORY_POINTS      5000
#define MINUTE_US           INT64_C(60000000)
/* A value holds until the next sample of its signal, a gap, or so long: the means are over time. Twice
 * as long as sqlite.c lets a value that stays as it is go unwritten. */
#define HOLD_US MINUTE_US

struct record {
    int64_t t_us, raw;
    uint32_t signal;
    uint32_t order; /* place in its batch */
};

/* The last sample of a signal in this run: it holds, and its minutes get its weight when it ends. */
struct held {
    bool known;
    int64_t t_us, raw;
};

struct known_signal {
    uint32_t device;
    char *name, *unit;
    struct vb_scale scale;
};

struct gap_note {
    int64_t t_us;
    uint32_t device;
};

enum { CONTROL_WHO, CONTROL_DEVICE, CONTROL_COMMAND, CONTROL_OLD, CONTROL_NEW, CONTROL_RESULT };
#define CONTROL_TEXTS 6
struct control_note {
    struct control_note *next;
    int64_t t_us;
    char *text[CONTROL_TEXTS];
};

/* The open file; belongs to the writer. */
struct file {
    sqlite3 *db; /* NULL: not open */
    sqlite3_stmt *sample, *rollup, *gap, *gap_after, *control, *last;
    dev_t device; /* which file it is, so that it is seen when it is replaced */
    ino_t inode;
    int64_t run;      /* its row in run */
    int error;        /* errno of the last failure */
    int wal_pages;    /* pages in the -wal after the last commit */
    int64_t *signals; /* ids in the file, by number; 0 = not yet looked up */
    int64_t *devices;
    int64_t *newest_gaps; /* of each device whose id is known; INT64_MIN = none */
    size_t signal_room, device_room, gap_room;
};

/* Where retention stands. */
struct keeping {
    bool active, by_bytes, vacuum;
    int64_t cut_us;           /* what is older goes */
    int64_t signal;           /* id of the signal that it is at; 0 = before the first */
    int64_t slice_us;         /* how much time a round by bytes takes away */
    int64_t rows;             /* removed in this round */
    int64_t age_ms, bytes_ms; /* when to look again */
};

struct history {
    struct history_options options;
    char *path, *wal;
    int lock_fd;
    char *lock_path;
    bool last_troubled; /* the run before this one ended in trouble, its lock file says */

    /* The ring has one producer and one consumer, the writer: each moves its own end. */
    struct record *ring;
    _Atomic uint64_t head, tail;
    atomic_bool asleep; /* the writer waits: a full ring must wake it */
    _Atomic uint64_t put, dropped, committed, duplicates, commits;

    pthread_t thread;
    pthread_mutex_t lock; /* never held while the disk is waited for */
    pthread_cond_t wake;
    /* below: under the lock */
    bool stop;
    struct known_signal **signals;
    char **devices;
    size_t signal_count, signal_room, device_count, device_room;
    struct gap_note gaps[HISTORY_GAPS];
    size_t gap_count;
    struct control_note *controls, **controls_end;
    size_t control_count;
    uint64_t notes_lost; /* gaps and lines of the control log for which there was no room */
    char trouble[sizeof((struct history_status *)0)->trouble];
    char remark[HISTORY_WHY]; /* about the file when it was last opened again */
    int64_t remark_ms,
        drop_ms; /* when that was; when samples were last seen to be dropped; 0 = never */
    /* until here */

    /* the writer's own */
    struct file file;
    struct keeping keeping;
    struct record *batch;
    uint32_t *starts;      /* of each signal in the batch */
    struct held *held;     /* of each signal, as committed */
    struct held *held_new; /* as it will be after this commit */
    size_t start_room, held_room, held_new_room;
    uint64_t dropped_seen;

    atomic_uint generation; /* of the file: the reader opens it anew when it has changed */
    atomic_bool open;       /* the writer has one */
    sqlite3 *reader;
    unsigned reader_generation;
};

int64_t history_now_ms(void);                              /* a clock that only goes forward */
int64_t history_clock_us(void);                            /* Unix time */
int64_t history_us(int64_t t_ns);                          /* rounded down */
int64_t history_minute(int64_t t_us);                      /* the start of its minute */
void history_time_text(int64_t t_us, char *out, size_t n); /* "2026-11-21 12:00:03 UTC" */

/* An array with room for count, what is new being 0; NULL if there is no memory: nothing is changed. */
void *history_room(void *array, size_t *room, size_t count, size_t size);

/* history_file.c */
void history_forget_ids(struct file *f);
bool history_place(struct history *h, const char *path, char *why, size_t n);
bool history_lock(struct history *h, char *why, size_t n);
void history_lock_note(struct history *h,
                       const char *note);          /* for the next run; up to 10 letters */
void history_unlock(struct history *h, bool keep); /* keep: leave the note there */
bool history_file_open(struct history *h, char *why, size_t n);
void history_file_close(struct history *h, bool ended);
bool history_file_move_away(struct history *h, const char *reason, char *why, size_t n);
int64_t history_file_number(struct history *h, const char *sql); /* of the first row; 0 without */

/* history_write.c */
void history_rollback(struct history *h); /* after a failure, whose errno it notes */
void *history_writer(void *h);
int history_commit(
    struct history *h); /* a SQLite result; SQLITE_DONE: there was nothing to write */

/* history_keep.c: one small step; *more: there is more to do. A SQLite result. */
int history_keep_step(struct history *h, bool *more);

#endif
