/* history_write.c - the writer thread: what waits in memory becomes transactions; what goes wrong is
 * said, waited for and got over without a restart.
 * A sample leaves the ring only after its transaction is committed, so a failed one loses nothing.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "host/out/history_parts.h"

#define RETRY_MS   1000 /* how often a full or missing disk is tried again */
#define LAST_TRIES 3    /* at the end */
#define CHECKPOINT                                                                                 \
    4000 /* pages in the -wal: 16 MB; 1000 and 16000 took as long, more is kinder to a card */
#define FREEING_STEPS 1000 /* of retention, when the disk is full */

/* ---- one transaction ---- */

static int by_time(const void *a, const void *b) {
    const struct record *x = a;
    const struct record *y = b;
    if (x->t_us != y->t_us) {
        return x->t_us < y->t_us ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Copy n records out of the ring, ordered by signal and time as the table is: neighbours then go to
 * the same page. Signals are counted out; within one signal times nearly always rise already. */
static void take_sorted(struct history *h, uint64_t tail, size_t n, size_t signals) {
    memset(h->starts, 0, (signals + 1) * sizeof *h->starts);
    for (size_t i = 0; i < n; i++) {
        h->starts[h->ring[(tail + i) % HISTORY_RING].signal + 1]++;
    }
    for (size_t i = 1; i <= signals; i++) {
        h->starts[i] += h->starts[i - 1];
    }
    for (size_t i = 0; i < n; i++) {
        struct record *from = &h->ring[(tail + i) % HISTORY_RING];
        struct record *to = &h->batch[h->starts[from->signal]++];
        *to = *from;
        to->order = (uint32_t)i;
    }
    for (size_t from = 0; from < n;) {
        bool rising = true;
        size_t to = from + 1;
        for (; to < n && h->batch[to].signal == h->batch[from].signal; to++) {
            rising = rising && h->batch[to - 1].t_us <= h->batch[to].t_us;
        }
        if (!rising) {
            qsort(h->batch + from, to - from, sizeof *h->batch, by_time);
        }
        from = to;
    }
}

static int finish(sqlite3_stmt *s) {
    sqlite3_step(s);
    return sqlite3_reset(s);
}

/* The id of a row that is made if it is not there. sql: two statements with the same parameters ?1.. */
static int row_id(sqlite3 *db, const char *make, const char *find, const struct known_signal *s,
                  int64_t device, const char *name, int64_t *id) {
    const char *const both[] = {make, find};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < 2 && rc == SQLITE_OK; i++) {
        sqlite3_stmt *stmt;
        rc = sqlite3_prepare_v2(db, both[i], -1, &stmt, NULL);
        if (rc) {
            break;
        }
        sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
        if (s) {
            sqlite3_bind_int64(stmt, 2, device);
            sqlite3_bind_text(stmt, 3, s->unit, -1, SQLITE_STATIC);
            sqlite3_bind_int64(stmt, 4, s->scale.mul);
            sqlite3_bind_int64(stmt, 5, s->scale.add);
            sqlite3_bind_int64(stmt, 6, s->scale.div);
        }
        if (sqlite3_step(stmt) == SQLITE_ROW) {
            *id = sqlite3_column_int64(stmt, 0);
        }
        rc = sqlite3_finalize(stmt);
    }
    return rc == SQLITE_OK && *id == 0 ? SQLITE_INTERNAL : rc;
}

static int newest_gap(sqlite3 *db, int64_t device, int64_t *t_us) {
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(db, "SELECT max(t) FROM gap WHERE device = ?1", -1, &s, NULL);
    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(s, 1, device);
    bool any = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL;
    *t_us = any ? sqlite3_column_int64(s, 0) : INT64_MIN;
    return sqlite3_finalize(s);
}

static int device_id(struct history *h, uint32_t number, int64_t *id) {
    if (h->file.devices[number] == 0) {
        pthread_mutex_lock(&h->lock);
        const char *name = h->devices[number];
        pthread_mutex_unlock(&h->lock);
        int rc = row_id(h->file.db, "INSERT OR IGNORE INTO device(name) VALUES(?1)",
                        "SELECT id FROM device WHERE name = ?1", NULL, 0, name,
                        &h->file.devices[number]);
        if (rc) {
            return rc;
        }
        rc = newest_gap(h->file.db, h->file.devices[number], &h->file.newest_gaps[number]);
        if (rc) {
            return rc;
        }
    }
    *id = h->file.devices[number];
    return SQLITE_OK;
}

static int signal_id(struct history *h, uint32_t number, int64_t *id, uint32_t *device_number) {
    pthread_mutex_lock(&h->lock);
    const struct known_signal *s = h->signals[number];
    pthread_mutex_unlock(&h->lock);
    *device_number = s->device;
    if (h->file.signals[number] == 0) {
        int64_t device;
        int rc = device_id(h, s->device, &device);
        rc = rc ? rc
                : row_id(h->file.db,
                         "INSERT OR IGNORE INTO signal(name, device, unit, mul, \"add\", div)"
                         " VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
                         "SELECT id FROM signal WHERE name = ?1 AND device = ?2 AND unit = ?3"
                         " AND mul = ?4 AND \"add\" = ?5 AND div = ?6",
                         s, device, s->name, &h->file.signals[number]);
        if (rc) {
            return rc;
        }
    }
    *id = h->file.signals[number];
    return SQLITE_OK;
}

/* ---- samples and their minutes ---- */

/* n samples with their sum, and what held in it: area is the sum of raw * us. */
struct minute {
    bool any;
    int64_t t_us, n, min, max, us;
    double sum, area;
};

/* One signal on its way into the file. */
struct going {
    int64_t signal, device;
    int64_t newest_gap_us;
    struct held held;
    struct minute minute; /* not yet written */
};

static int put_minute(struct file *f, struct going *g) {
    const struct minute *minute = &g->minute;
    if (!minute->any) {
        return SQLITE_OK;
    }
    sqlite3_bind_int64(f->rollup, 1, g->signal);
    sqlite3_bind_int64(f->rollup, 2, minute->t_us);
    sqlite3_bind_int64(f->rollup, 3, minute->n);
    sqlite3_bind_int64(f->rollup, 4, minute->min);
    sqlite3_bind_int64(f->rollup, 5, minute->max);
    sqlite3_bind_double(f->rollup, 6, minute->sum);
    sqlite3_bind_int64(f->rollup, 7, minute->us);
    sqlite3_bind_double(f->rollup, 8, minute->area);
    g->minute.any = false;
    return finish(f->rollup);
}

/* Add to the minute that begins at start: a sample (n = 1), or a value that held for us. */
static int add_to_minute(struct file *f, struct going *g, int64_t start, int64_t raw, int64_t n,
                         int64_t us) {
    struct minute *minute = &g->minute;
    if (minute->any && start != minute->t_us) {
        int rc = put_minute(f, g);
        if (rc) {
            return rc;
        }
    }
    if (!minute->any) {
        *minute = (struct minute){.any = true, .t_us = start, .min = raw, .max = raw};
    }
    minute->n += n;
    minute->sum += n > 0 ? (double)raw : 0;
    minute->us += us;
    minute->area += (double)raw * (double)us;
    minute->min = raw < minute->min ? raw : minute->min;
    minute->max = raw > minute->max ? raw : minute->max;
    return SQLITE_OK;
}

/* The next sample is of t_us: the held value gets the time until then, or until it ended before. */
static int end_hold(struct file *f, struct going *g, int64_t t_us) {
    const struct held *held = &g->held;
    if (!held->known || t_us <= held->t_us) {
        return SQLITE_OK;
    }
    int64_t end_us = t_us - held->t_us < HOLD_US ? t_us : held->t_us + HOLD_US;
    if (g->newest_gap_us >= held->t_us) {
        sqlite3_bind_int64(f->gap_after, 1, g->device);
        sqlite3_bind_int64(f->gap_after, 2, held->t_us);
        if (sqlite3_step(f->gap_after) == SQLITE_ROW &&
            sqlite3_column_type(f->gap_after, 0) != SQLITE_NULL) {
            int64_t gap_us = sqlite3_column_int64(f->gap_after, 0);
            end_us = gap_us < end_us ? gap_us : end_us;
        }
        int rc = sqlite3_reset(f->gap_after);
        if (rc) {
            return rc;
        }
    }
    for (int64_t from_us = held->t_us; from_us < end_us;) {
        int64_t start = history_minute(from_us);
        int64_t to_us = start + MINUTE_US < end_us ? start + MINUTE_US : end_us;
        int rc = add_to_minute(f, g, start, held->raw, 0, to_us - from_us);
        if (rc) {
            return rc;
        }
        from_us = to_us;
    }
    return SQLITE_OK;
}

/* The samples of one signal, in rising time, and their minutes. */
static int put_signal(struct history *h, const struct record *records, size_t n,
                      uint64_t *duplicates) {
    struct file *f = &h->file;
    uint32_t number = records[0].signal;
    uint32_t device;
    struct going g = {.held = h->held[number]};
    int rc = signal_id(h, number, &g.signal, &device);
    rc = rc ? rc : device_id(h, device, &g.device);
    if (rc) {
        return rc;
    }
    g.newest_gap_us = f->newest_gaps[device];
    sqlite3_bind_int64(f->sample, 1, g.signal);
    for (size_t i = 0; i < n && !rc; i++) {
        const struct record *r = &records[i];
        sqlite3_bind_int64(f->sample, 2, r->t_us);
        sqlite3_bind_int64(f->sample, 3, r->raw);
        rc = finish(f->sample);
        if (rc) {
            return rc;
        }
        if (sqlite3_changes(f->db) == 0) {
            ++*duplicates;
            /* The one that is there is not known, unless it came just before. */
            g.held.known = g.held.known && g.held.t_us == r->t_us;
            continue;
        }
        rc = end_hold(f, &g, r->t_us);
        rc = rc ? rc : add_to_minute(f, &g, history_minute(r->t_us), r->raw, 1, 0);
        g.held = (struct held){true, r->t_us, r->raw};
    }
    h->held_new[number] = g.held;
    return rc ? rc : put_minute(f, &g);
}

static int put_samples(struct history *h, size_t n, uint64_t *duplicates) {
    int64_t last_us = INT64_MIN;
    for (size_t from = 0; from < n;) {
        size_t to = from + 1;
        while (to < n && h->batch[to].signal == h->batch[from].signal) {
            to++;
        }
        int rc = put_signal(h, h->batch + from, to - from, duplicates);
        if (rc) {
            return rc;
        }
        last_us = h->batch[to - 1].t_us > last_us ? h->batch[to - 1].t_us : last_us;
        from = to;
    }
    if (n == 0) {
        return SQLITE_OK;
    }
    sqlite3_bind_int64(h->file.last, 1, last_us);
    sqlite3_bind_int64(h->file.last, 2, h->file.run);
    return finish(h->file.last);
}

static int put_gap(struct history *h, const struct gap_note *gap) {
    int64_t device = 0;
    int rc = device_id(h, gap->device, &device);
    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(h->file.gap, 1, device);
    sqlite3_bind_int64(h->file.gap, 2, gap->t_us);
    int64_t *newest_us = &h->file.newest_gaps[gap->device];
    *newest_us = gap->t_us > *newest_us ? gap->t_us : *newest_us;
    return finish(h->file.gap);
}

static int put_control(struct history *h, const struct control_note *note) {
    sqlite3_bind_int64(h->file.control, 1, note->t_us);
    for (int i = 0; i < CONTROL_TEXTS; i++) {
        sqlite3_bind_text(h->file.control, 2 + i, note->text[i], -1, SQLITE_STATIC);
    }
    return finish(h->file.control);
}

/* What waits beside the samples; only the writer removes notes, so what was counted stays. */
struct notes {
    struct gap_note gaps[HISTORY_GAPS];
    size_t gap_count, control_count;
    struct control_note *controls;
};

static int put_notes(struct history *h, const struct notes *notes) {
    int rc = SQLITE_OK;
    for (size_t i = 0; i < notes->gap_count && !rc; i++) {
        rc = put_gap(h, &notes->gaps[i]);
    }
    const struct control_note *note = notes->controls;
    for (size_t i = 0; i < notes->control_count && !rc; i++) {
        rc = put_control(h, note);
        pthread_mutex_lock(&h->lock); /* the producer may be about to write `next` */
        note = note->next;
        pthread_mutex_unlock(&h->lock);
    }
    return rc;
}

static void look_at_notes(struct history *h, struct notes *notes, size_t *signals,
                          size_t *devices) {
    pthread_mutex_lock(&h->lock);
    notes->gap_count = h->gap_count;
    memcpy(notes->gaps, h->gaps, h->gap_count * sizeof *h->gaps);
    notes->controls = h->controls;
    notes->control_count = h->control_count;
    *signals = h->signal_count;
    *devices = h->device_count;
    pthread_mutex_unlock(&h->lock);
}

static void remove_notes(struct history *h, const struct notes *notes) {
    pthread_mutex_lock(&h->lock);
    h->gap_count -= notes->gap_count;
    memmove(h->gaps, h->gaps + notes->gap_count, h->gap_count * sizeof *h->gaps);
    struct control_note *done = h->controls;
    struct control_note *note = done;
    for (size_t i = 0; i < notes->control_count; i++) {
        note = note->next;
    }
    h->controls = note;
    h->control_count -= notes->control_count;
    if (!note) {
        h->controls_end = &h->controls;
    }
    pthread_mutex_unlock(&h->lock);
    for (size_t i = 0; i < notes->control_count; i++) {
        note = done->next;
        for (size_t k = 0; k < CONTROL_TEXTS; k++) {
            free(done->text[k]);
        }
        free(done);
        done = note;
    }
}

/* Room for the ids of so many names. */
static bool room_for(struct history *h, size_t signals, size_t devices) {
    struct file *f = &h->file;
    int64_t *ids = history_room(f->signals, &f->signal_room, signals, sizeof *ids);
    f->signals = ids ? ids : f->signals;
    bool good = ids || signals == 0;
    ids = history_room(f->devices, &f->device_room, devices, sizeof *ids);
    f->devices = ids ? ids : f->devices;
    good = good && (ids || devices == 0);
    ids = history_room(f->newest_gaps, &f->gap_room, devices, sizeof *ids);
    f->newest_gaps = ids ? ids : f->newest_gaps;
    good = good && (ids || devices == 0);
    struct held *held = history_room(h->held, &h->held_room, signals, sizeof *held);
    h->held = held ? held : h->held;
    good = good && (held || signals == 0);
    held = history_room(h->held_new, &h->held_new_room, signals, sizeof *held);
    h->held_new = held ? held : h->held_new;
    good = good && (held || signals == 0);
    uint32_t *starts = history_room(h->starts, &h->start_room, signals + 1, sizeof *starts);
    h->starts = starts ? starts : h->starts;
    return good && starts;
}

/* The errno of a failure: sqlite3_system_errno() does not know it for writes, the files do. */
static int last_errno(sqlite3 *db) {
    sqlite3_file *log = NULL;
    int error = 0;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK && log &&
        log->pMethods) {
        log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &error);
    }
    if (error == 0) {
        sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &error);
    }
    return error;
}

void history_rollback(struct history *h) {
    h->file.error = last_errno(h->file.db);
    sqlite3_exec(h->file.db, "ROLLBACK", NULL, NULL, NULL);
}

int history_commit(struct history *h) {
    struct notes notes;
    size_t signals;
    size_t devices;
    /* Samples first, names second: then every sample's signal is among the names. */
    uint64_t tail = atomic_load_explicit(&h->tail, memory_order_relaxed);
    uint64_t waiting = atomic_load_explicit(&h->head, memory_order_acquire) - tail;
    size_t n = waiting < HISTORY_BATCH ? (size_t)waiting : HISTORY_BATCH;
    look_at_notes(h, &notes, &signals, &devices);
    if (n == 0 && notes.gap_count == 0 && notes.control_count == 0) {
        return SQLITE_DONE;
    }
    if (!room_for(h, signals, devices)) {
        return SQLITE_NOMEM;
    }
    take_sorted(h, tail, n, signals);
    if (signals > 0) {
        memcpy(h->held_new, h->held, signals * sizeof *h->held);
    }
    sqlite3 *db = h->file.db;
    uint64_t duplicates = 0;
    int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    rc = rc ? rc : put_notes(h, &notes); /* first: gaps end what values held */
    rc = rc ? rc : put_samples(h, n, &duplicates);
    rc = rc ? rc : sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (rc) {
        history_rollback(h);
        /* ids that were made in there are gone: look all of them up again */
        history_forget_ids(&h->file);
        return rc;
    }
    if (signals > 0) {
        memcpy(h->held, h->held_new, signals * sizeof *h->held);
    }
    atomic_fetch_add(&h->committed, n - duplicates);
    atomic_fetch_add(&h->duplicates, duplicates);
    atomic_fetch_add(&h->commits, 1);
    atomic_store_explicit(&h->tail, tail + n, memory_order_release);
    remove_notes(h, &notes);
    /* a small file has a small -wal beside it */
    int64_t pages = h->options.keep_bytes ? h->options.keep_bytes / 4 / 4096 : CHECKPOINT;
    if (h->file.wal_pages >= (pages < CHECKPOINT ? pages : CHECKPOINT)) {
        /* A reader in the middle of something is no error: the rest follows next time. */
        rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        h->file.error = last_errno(db);
        rc = (rc & 0xFF) == SQLITE_BUSY || (rc & 0xFF) == SQLITE_LOCKED ? SQLITE_OK : rc;
    }
    return rc;
}

/* ---- trouble ---- */

static void set_trouble(struct history *h, const char *text) {
    pthread_mutex_lock(&h->lock);
    bool changed = (h->trouble[0] != '\0') != (text[0] != '\0');
    snprintf(h->trouble, sizeof h->trouble, "%.*s", (int)sizeof h->trouble - 1, text);
    pthread_mutex_unlock(&h->lock);
    if (changed) { /* should it be killed in the middle of that */
        history_lock_note(h, text[0] ? "trouble" : "");
    }
}

static bool is_full(int rc, int error) {
    return (rc & 0xFF) == SQLITE_FULL ||
           ((rc & 0xFF) == SQLITE_IOERR && (error == ENOSPC || error == EDQUOT || error == EFBIG));
}

static void say(struct history *h, int rc) {
    char text[HISTORY_WHY];
    int error = h->file.error;
    if (is_full(rc, error)) {
        snprintf(
            text, sizeof text,
            "disk full: %s: %s; samples wait in memory, then the new ones are dropped; free some "
            "space, then lower keep",
            h->path, error ? strerror(error) : sqlite3_errstr(rc));
    } else if ((rc & 0xFF) == SQLITE_BUSY || (rc & 0xFF) == SQLITE_LOCKED) {
        snprintf(
            text, sizeof text,
            "%s: another program has locked it; samples wait in memory; end what it does there",
            h->path);
    } else {
        snprintf(text, sizeof text, "%s: cannot be written: %s%s%s; check the disk", h->path,
                 sqlite3_errstr(rc), error ? ": " : "", error ? strerror(error) : "");
    }
    set_trouble(h, text);
}

/* Is the file still where it was, and the same? Somebody may have removed it, put another in its
 * place, or pulled out the stick. */
static bool is_there(struct history *h) {
    struct stat st;
    return stat(h->path, &st) == 0 && st.st_dev == h->file.device && st.st_ino == h->file.inode &&
           stat(h->wal, &st) == 0;
}

/* Open the file again; what is said about it stands in the status for a while. */
static bool open_again(struct history *h, const char *reason) {
    char why[HISTORY_WHY];
    char text[2 * HISTORY_WHY];
    if (!history_file_open(h, why, sizeof why)) {
        set_trouble(h, why);
        return false;
    }
    snprintf(text, sizeof text, "%s%s%s", reason, reason[0] && why[0] ? "; " : "", why);
    pthread_mutex_lock(&h->lock);
    h->trouble[0] = '\0';
    snprintf(h->remark, sizeof h->remark, "%.*s", (int)sizeof h->remark - 1, text);
    h->remark_ms = text[0] ? history_now_ms() : 0;
    pthread_mutex_unlock(&h->lock);
    return true;
}

/* A full disk: what keep allows to be removed is removed at once, and the -wal is used again. It helps
 * where there is room in the -wal: removing has to be logged too. Else somebody has to free some. */
static void make_room(struct history *h) {
    bool more = true;
    h->keeping.age_ms = 0;
    h->keeping.bytes_ms = 0;
    for (int i = 0; i < FREEING_STEPS && more; i++) {
        if (history_keep_step(h, &more) != SQLITE_OK) {
            break;
        }
    }
    sqlite3_wal_checkpoint_v2(h->file.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* Get over a result, if that is possible now. False: wait before the next try. */
static bool get_over(struct history *h, int rc) {
    if ((rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB) {
        char why[HISTORY_WHY];
        char reason[200];
        snprintf(reason, sizeof reason, "%s", sqlite3_errmsg(h->file.db));
        bool moved = history_file_move_away(h, reason, why, sizeof why);
        if (!moved) {
            set_trouble(h, why);
        }
        return moved && open_again(h, why);
    }
    bool full = is_full(rc, h->file.error);
    say(h, rc);
    if (full) {
        make_room(h);
    }
    return full;
}

/* Commit what waits now (not what comes meanwhile: that would never end). False: it went wrong. */
static bool write_all(struct history *h) {
    uint64_t until = atomic_load(&h->head);
    if (h->file.db && !is_there(h)) {
        char reason[HISTORY_WHY];
        snprintf(reason, sizeof reason,
                 "%s: it, or its -wal, was removed or replaced while in use: opened again",
                 h->path);
        history_file_close(h, true);
        if (!open_again(h, reason)) {
            return false;
        }
    } else if (!h->file.db && !open_again(h, "")) {
        return false;
    }
    bool again = false;
    for (;;) {
        int rc = history_commit(h);
        if (rc != SQLITE_OK && rc != SQLITE_DONE) {
            if (again || !get_over(h, rc)) {
                return false;
            }
            again = true;
            continue;
        }
        if (rc == SQLITE_DONE || atomic_load(&h->tail) >= until) {
            set_trouble(h, "");
            return true;
        }
    }
}

/* ---- the thread ---- */

/* Wait until due_ms, until the end, or, with by_count, until a commit's worth is waiting. */
static bool wait_for_work(struct history *h, int64_t due_ms, bool by_count) {
    struct timespec due = {.tv_sec = (time_t)(due_ms / 1000),
                           .tv_nsec = (long)(due_ms % 1000) * 1000000};
    pthread_mutex_lock(&h->lock);
    atomic_store(&h->asleep, by_count);
    int waited = 0;
    while (!h->stop && waited != ETIMEDOUT &&
           !(by_count &&
             atomic_load(&h->head) - atomic_load(&h->tail) >= (uint64_t)h->options.commit_count)) {
        waited = pthread_cond_timedwait(&h->wake, &h->lock, &due);
    }
    atomic_store(&h->asleep, false);
    bool stop = h->stop;
    pthread_mutex_unlock(&h->lock);
    return stop;
}

static void note_drops(struct history *h) {
    uint64_t dropped = atomic_load(&h->dropped);
    if (dropped != h->dropped_seen) {
        h->dropped_seen = dropped;
        pthread_mutex_lock(&h->lock);
        h->drop_ms = history_now_ms();
        pthread_mutex_unlock(&h->lock);
    }
}

void *history_writer(void *arg) {
    struct history *h = arg;
    int64_t commit_ms = history_now_ms() + h->options.commit_ms;
    int64_t keep_ms = 0; /* retention begins at once */
    bool good = true;
    bool stop = false;
    while (!stop) {
        int64_t due_ms = good && keep_ms < commit_ms ? keep_ms : commit_ms;
        stop = wait_for_work(h, due_ms, good);
        int64_t now = history_now_ms();
        uint64_t waiting = atomic_load(&h->head) - atomic_load(&h->tail);
        if (stop || now >= commit_ms || (good && waiting >= (uint64_t)h->options.commit_count)) {
            good = write_all(h);
            for (int i = 1; stop && !good && i < LAST_TRIES; i++) {
                good = write_all(h);
            }
            now = history_now_ms();
            commit_ms = now + (good ? h->options.commit_ms : RETRY_MS);
            note_drops(h);
        }
        if (!stop && good && now >= keep_ms) {
            bool more = false;
            int rc = history_keep_step(h, &more);
            int64_t end = history_now_ms();
            if (rc != SQLITE_OK && !get_over(h, rc)) {
                good = false;
                commit_ms = end + RETRY_MS;
            }
            /* between two steps as long a rest as the step took: others want the disk too */
            keep_ms = end + (rc == SQLITE_OK && more ? end - now : 1000);
        }
    }
    return NULL;
}
