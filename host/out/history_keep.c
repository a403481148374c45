/* history_keep.c - retention: what is older than keep_ms, or more than keep_bytes, goes. In steps of
 * a few thousand rows, so that commits in between are not held up. Samples, minutes and gaps go
 * together; lines of the control log stay ten times as long as samples, whatever the size.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "host/out/history_parts.h"

#define AGE_EVERY_MS   600000
#define BYTES_EVERY_MS 2000 /* two pragmas that read a header in memory */
#define STEP_ROWS      5000
#define STEP_SIGNALS   200
#define VACUUM_PAGES   "200"
#define DAY_US         (24 * 60 * MINUTE_US)
#define CONTROL_TIMES  10

/* Bytes in use; *size (or NULL): with the *unused ones, which are free to be used again. */
static int64_t bytes_in_use(struct history *h, int64_t *size, int64_t *unused) {
    int64_t page = history_file_number(h, "PRAGMA page_size");
    int64_t all = page * history_file_number(h, "PRAGMA page_count");
    int64_t free = page * history_file_number(h, "PRAGMA freelist_count");
    if (size) {
        *size = all;
        *unused = free;
    }
    return all - free;
}

/* A statement with up to two numbers; *number: what its first row says. False: no row. */
static int ask(struct history *h, const char *sql, int64_t a, int64_t b, int64_t *number,
               bool *any) {
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(h->file.db, sql, -1, &s, NULL);
    if (rc) {
        return rc;
    }
    sqlite3_bind_int64(s, 1, a);
    sqlite3_bind_int64(s, 2, b);
    bool row = sqlite3_step(s) == SQLITE_ROW && sqlite3_column_type(s, 0) != SQLITE_NULL;
    if (row && number) {
        *number = sqlite3_column_int64(s, 0);
    }
    if (any) {
        *any = row;
    }
    return sqlite3_finalize(s);
}

/* What by bytes leaves: a little below the limit, so that it does not begin again with the next commit.
 */
static int64_t goal(const struct history *h) {
    return h->options.keep_bytes - h->options.keep_bytes / 20;
}

static void begin_round(struct history *h, int64_t cut_us, bool by_bytes) {
    struct keeping *k = &h->keeping;
    k->cut_us = cut_us;
    k->by_bytes = by_bytes;
    k->active = true;
    k->signal = 0;
    k->rows = 0;
}

/* A round by bytes, if the file is larger than the limit: the oldest minute, or more. Not a share of
 * the whole span: one sample with a wrong time in the far future would make that years. */
static int begin_by_bytes(struct history *h, int64_t limit) {
    struct keeping *k = &h->keeping;
    int64_t oldest = 0;
    bool any = false;
    int rc = SQLITE_OK;
    if (bytes_in_use(h, NULL, NULL) > limit) {
        rc = ask(h, "SELECT min((SELECT min(t) FROM sample WHERE signal = g.id)) FROM signal g", 0,
                 0, &oldest, &any);
    }
    if (!rc && any) {
        k->slice_us = k->slice_us ? k->slice_us : MINUTE_US;
        begin_round(h, history_minute(oldest) + k->slice_us, true);
    }
    return rc;
}

/* Does anything have to go? */
static int begin(struct history *h) {
    struct keeping *k = &h->keeping;
    int64_t now = history_now_ms();
    if (h->options.keep_ms > 0 && now >= k->age_ms) {
        k->age_ms = now + AGE_EVERY_MS;
        int64_t clock = history_clock_us();
        if (h->options.keep_ms < clock / 1000) {
            begin_round(h, history_minute(clock - h->options.keep_ms * 1000), false);
        }
    } else if (h->options.keep_bytes > 0 && now >= k->bytes_ms) {
        k->bytes_ms = now + BYTES_EVERY_MS;
        return begin_by_bytes(h, h->options.keep_bytes);
    }
    return SQLITE_OK;
}

/* A round is over: gaps, and by age the control log. By bytes the next round follows at once if it
 * was not enough, with more time where there was little in this one. */
static int end_round(struct history *h) {
    struct keeping *k = &h->keeping;
    k->active = false;
    int rc = ask(h, "DELETE FROM gap WHERE t < ?1", k->cut_us, 0, NULL, NULL);
    if (k->by_bytes) {
        if (k->rows < STEP_ROWS / 5 && k->slice_us < DAY_US) {
            k->slice_us *= 2;
        } else if (k->rows > STEP_ROWS * 4 && k->slice_us > MINUTE_US) {
            k->slice_us /= 2;
        }
        return rc ? rc : begin_by_bytes(h, goal(h));
    }
    int64_t clock = history_clock_us();
    if (!rc && h->options.keep_ms < clock / 1000 / CONTROL_TIMES) {
        rc = ask(h, "DELETE FROM control_log WHERE t < ?1",
                 clock - h->options.keep_ms * 1000 * CONTROL_TIMES, 0, NULL, NULL);
    }
    return rc;
}

/* Remove up to `rows` samples of one signal that are older than the cut. */
static int remove_some(struct history *h, int64_t signal, int64_t rows, int64_t *removed,
                       bool *done) {
    struct keeping *k = &h->keeping;
    char sql[128];
    int64_t bound = 0;
    bool more = false;
    snprintf(sql, sizeof sql,
             "SELECT t FROM sample WHERE signal = ?1 AND t < ?2 ORDER BY t LIMIT 1 OFFSET %lld",
             (long long)rows);
    int rc = ask(h, sql, signal, k->cut_us, &bound, &more);
    rc = rc ? rc
            : ask(h, "DELETE FROM sample WHERE signal = ?1 AND t < ?2", signal,
                  more ? bound : k->cut_us, NULL, NULL);
    *removed = rc ? 0 : sqlite3_changes(h->file.db);
    *done = !more;
    if (!rc && *done) {
        rc = ask(h, "DELETE FROM rollup WHERE signal = ?1 AND t < ?2", signal, k->cut_us, NULL,
                 NULL);
    }
    return rc;
}

static int remove_step(struct history *h) {
    struct keeping *k = &h->keeping;
    int64_t rows = 0;
    int rc = SQLITE_OK;
    for (int i = 0; i < STEP_SIGNALS && rows < STEP_ROWS && !rc; i++) {
        int64_t signal = 0;
        bool any = false;
        int64_t removed = 0;
        bool done = false;
        rc = ask(h, "SELECT id FROM signal WHERE id > ?1 ORDER BY id LIMIT 1", k->signal, 0,
                 &signal, &any);
        if (!rc && (!any || (k->by_bytes && bytes_in_use(h, NULL, NULL) <= goal(h)))) {
            rc = end_round(h);
            if (!k->active) {
                return rc;
            }
            continue;
        }
        rc = rc ? rc : remove_some(h, signal, STEP_ROWS - rows, &removed, &done);
        rows += removed;
        k->rows += removed;
        if (!rc && done) {
            k->signal = signal;
        }
    }
    return rc;
}

/* Give pages back to the disk: where the file is larger than it may be, or a quarter of it is free.
 * Else free pages wait for new samples, which costs nothing. */
static int vacuum_step(struct history *h, bool *more) {
    int64_t unused = 0;
    int64_t size = 0;
    bytes_in_use(h, &size, &unused);
    *more = unused > 0 && ((h->options.keep_bytes > 0 && size > h->options.keep_bytes) ||
                           (unused > size / 4 && unused > 1 << 20));
    return *more ? sqlite3_exec(h->file.db, "PRAGMA incremental_vacuum(" VACUUM_PAGES ")", NULL,
                                NULL, NULL)
                 : SQLITE_OK;
}

int history_keep_step(struct history *h, bool *more) {
    struct keeping *k = &h->keeping;
    int64_t now = history_now_ms();
    *more = false;
    if (!k->active && !k->vacuum && (h->options.keep_ms <= 0 || now < k->age_ms) &&
        (h->options.keep_bytes <= 0 || now < k->bytes_ms)) {
        return SQLITE_OK;
    }
    k->vacuum = false;
    int rc = sqlite3_exec(h->file.db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc) {
        return rc;
    }
    rc = k->active ? SQLITE_OK : begin(h);
    if (!rc) {
        bool removing = k->active;
        rc = removing ? remove_step(h) : vacuum_step(h, &k->vacuum);
        k->vacuum = k->vacuum || (removing && !k->active);
    }
    rc = rc ? rc : sqlite3_exec(h->file.db, "COMMIT", NULL, NULL, NULL);
    if (rc) {
        history_rollback(h);
        k->active = false;
        return rc;
    }
    *more =
        k->active || k->vacuum || (h->options.keep_bytes > 0 && history_now_ms() >= k->bytes_ms);
    return SQLITE_OK;
}
