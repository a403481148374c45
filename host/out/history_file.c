/* history_file.c - the history's file: where it may be, whose it is, whether it is whole, its tables.
 * Left out: repairing. A damaged file is moved away as it is; docs/history.md says what can be done.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/out/history_parts.h"

/* An unended run may have left a torn page (power cut on a disk that lies about what is written), so
 * the file is checked then, and only then: reading the whole of it costs five seconds a gigabyte on a
 * PC and minutes from a card. After this time the check is given up. */
#define CHECK_MS        10000
#define DAMAGED_MAX     99
#define RUNS_KEPT       1000
#define BUSY_TIMEOUT_MS 2000

/* Without a foreign key on sample.signal: it would look up the signal for every sample. "add" is a
 * word of SQL and always has to be quoted. sum and area are REAL, because they may be more than 64
 * bits; SQLite stores them as integers where they are. */
static const char schema[] =
    "CREATE TABLE device(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE signal(id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device(id),"
    " name TEXT NOT NULL, unit TEXT NOT NULL, mul INTEGER NOT NULL, \"add\" INTEGER NOT NULL,"
    " div INTEGER NOT NULL, UNIQUE(device, name, unit, mul, \"add\", div));"
    "CREATE TABLE sample(signal INTEGER NOT NULL, t INTEGER NOT NULL, v INTEGER NOT NULL,"
    " PRIMARY KEY(signal, t)) WITHOUT ROWID;"
    "CREATE TABLE rollup(signal INTEGER NOT NULL, t INTEGER NOT NULL, n INTEGER NOT NULL,"
    " min INTEGER NOT NULL, max INTEGER NOT NULL, sum REAL NOT NULL,"
    " us INTEGER NOT NULL, area REAL NOT NULL,"
    " PRIMARY KEY(signal, t)) WITHOUT ROWID;"
    "CREATE TABLE gap(device INTEGER NOT NULL REFERENCES device(id), t INTEGER NOT NULL,"
    " PRIMARY KEY(device, t)) WITHOUT ROWID;"
    "CREATE TABLE control_log(t INTEGER NOT NULL, who TEXT NOT NULL, device TEXT NOT NULL,"
    " command TEXT NOT NULL, old TEXT NOT NULL, new TEXT NOT NULL, result TEXT NOT NULL);"
    "CREATE TABLE run(id INTEGER PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER,"
    " last INTEGER);"
    "CREATE VIEW reading AS SELECT s.t AS t, d.name AS device, g.name AS signal,"
    " (s.v * g.mul + g.\"add\") * 1.0 / g.div AS value, g.unit AS unit,"
    " datetime(s.t / 1000000, 'unixepoch') AS utc"
    " FROM sample s JOIN signal g ON g.id = s.signal JOIN device d ON d.id = g.device;";

/* ---- where ---- */

/* The first folder of a path that is not there, said in words. */
static void say_folder(const char *path, const char *dir, char *why, size_t n) {
    char part[PATH_MAX];
    struct stat st;
    for (size_t i = 1; dir[i - 1]; i++) {
        if ((dir[i] != '/' && dir[i] != '\0') || i >= sizeof part) {
            continue;
        }
        memcpy(part, dir, i);
        part[i] = '\0';
        if (stat(part, &st) != 0) {
            snprintf(why, n, "%s: the folder %s %s; make it (mkdir -p %s) or change the path", path,
                     part, errno == ENOENT ? "does not exist" : strerror(errno), dir);
            return;
        }
        if (!S_ISDIR(st.st_mode)) {
            snprintf(why, n, "%s: %s is a file, not a folder; change the path", path, part);
            return;
        }
    }
    snprintf(why, n, "%s: the folder %s: %s", path, dir, strerror(errno));
}

/* Make the path absolute and free of links: two names of one file must give one lock. */
bool history_place(struct history *h, const char *path, char *why, size_t n) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    const char *base = slash ? slash + 1 : path;
    if (!base || !*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0) {
        snprintf(why, n, "%s: this names no file; give the path of one", path ? path : "");
        return false;
    }
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        snprintf(why, n, "%s: is %s; give the path of a file", path,
                 S_ISDIR(st.st_mode) ? "a folder" : "no ordinary file");
        return false;
    }
    h->path = realpath(path, NULL);
    if (!h->path) {
        char dir[PATH_MAX] = ".";
        if (slash) {
            snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path);
        }
        char *folder = realpath(dir, NULL);
        if (!folder) {
            say_folder(path, dir, why, n);
            return false;
        }
        if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
            say_folder(path, dir, why, n);
            free(folder);
            return false;
        }
        if (asprintf(&h->path, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, base) < 0) {
            h->path = NULL;
        }
        free(folder);
    }
    if (!h->path || asprintf(&h->wal, "%s-wal", h->path) < 0) {
        snprintf(why, n, "%s: not enough memory", path);
        return false;
    }
    return true;
}

/* ---- the lock: a file beside it, because the file's own locks belong to SQLite, and closing any
 * other descriptor of it would give them up ---- */

static bool same_file(int fd, const char *path) {
    struct stat a;
    struct stat b;
    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

static void say_busy(struct history *h, int fd, char *why, size_t n) {
    char text[32] = "";
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    long pid = got > 0 ? strtol(text, NULL, 10) : 0;
    if (pid > 0) {
        snprintf(why, n,
                 "%s: another voltbus (process %ld) writes this file; end it, or give this one a "
                 "path of its own",
                 h->path, pid);
    } else {
        snprintf(why, n,
                 "%s: another voltbus writes this file; end it, or give this one a path of its own",
                 h->path);
    }
}

/* The process, and a word about how it goes. Always as long, so that it can be written in place on a
 * full disk, where nothing can be written into the database: the next run then knows that more is
 * missing than what one commit takes. */
void history_lock_note(struct history *h, const char *note) {
    char text[40];
    int length = snprintf(text, sizeof text, "%-20ld\n%-10.10s\n", (long)getpid(), note);
    if (pwrite(h->lock_fd, text, (size_t)length, 0) != length) {
        return; /* it is only for messages */
    }
}

bool history_lock(struct history *h, char *why, size_t n) {
    if (asprintf(&h->lock_path, "%s.lock", h->path) < 0) {
        h->lock_path = NULL;
        snprintf(why, n, "%s: not enough memory", h->path);
        return false;
    }
    for (;;) {
        int fd = open(h->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0) {
            snprintf(why, n,
                     "%s: cannot write in its folder (%s): %s; change the path, or the folder's "
                     "permissions",
                     h->path, h->lock_path, strerror(errno));
            return false;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            say_busy(h, fd, why, n);
            close(fd);
            return false;
        }
        if (same_file(fd, h->lock_path)) { /* else its owner has just removed it: again */
            char text[40] = "";
            ssize_t got = pread(fd, text, sizeof text - 1, 0);
            h->last_troubled = got > 0 && strstr(text, "trouble") != NULL;
            h->lock_fd = fd;
            history_lock_note(h, h->last_troubled ? "trouble" : ""); /* until the file is open */
            return true;
        }
        close(fd);
    }
}

void history_unlock(struct history *h, bool keep) {
    if (!keep && same_file(h->lock_fd, h->lock_path)) {
        unlink(h->lock_path);
    }
    close(h->lock_fd);
}

/* ---- opening ---- */

enum opened { OPENED, DAMAGED, REFUSED };

static bool is_damage(int rc) {
    return (rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB;
}

/* What a result of SQLite means for opening; writes why. */
static enum opened judge(struct history *h, int rc, char *why, size_t n) {
    const char *said = sqlite3_errmsg(h->file.db);
    if (is_damage(rc)) {
        snprintf(why, n, "%s", said);
        return DAMAGED;
    }
    if ((rc & 0xFF) == SQLITE_BUSY) {
        snprintf(why, n, "%s: another program has locked it; end what it does there", h->path);
    } else if ((rc & 0xFF) == SQLITE_CANTOPEN || (rc & 0xFF) == SQLITE_READONLY ||
               (rc & 0xFF) == SQLITE_PERM) {
        int error = sqlite3_system_errno(h->file.db);
        snprintf(why, n,
                 "%s: cannot be opened for writing: %s; give this user the right to write it and "
                 "its folder, or change the path",
                 h->path, error ? strerror(error) : said);
    } else if (rc == SQLITE_FULL) {
        snprintf(why, n, "%s: disk full; free some space", h->path);
    } else {
        int error = sqlite3_system_errno(h->file.db);
        snprintf(why, n, "%s: %s%s%s; check the disk, or change the path", h->path, said,
                 error ? ": " : "", error ? strerror(error) : "");
    }
    return REFUSED;
}

/* The first number of the first row. */
static int number_of(sqlite3 *db, const char *sql, int64_t *number) {
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        *number = rc == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
        rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
        sqlite3_finalize(s);
    }
    return rc;
}

int64_t history_file_number(struct history *h, const char *sql) {
    int64_t number = 0;
    number_of(h->file.db, sql, &number);
    return number;
}

static int past(void *deadline) {
    return history_now_ms() > *(int64_t *)deadline;
}

/* PRAGMA quick_check in bounded time. what: the first fault. */
static enum opened check(struct history *h, bool *whole, char *why, size_t n) {
    int64_t deadline = history_now_ms() + CHECK_MS;
    sqlite3_stmt *s;
    sqlite3_progress_handler(h->file.db, 100000, past, &deadline);
    enum opened result = OPENED;
    int rc = sqlite3_prepare_v2(h->file.db, "PRAGMA quick_check(1)", -1, &s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(s);
        const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
        if (text && strcmp(text, "ok") != 0) {
            /* "*** in database main ***\nPage 7: ..." becomes one line */
            const char *line = strchr(text, '\n');
            snprintf(why, n, "%s", line ? line + 1 : text);
            result = DAMAGED;
        }
        sqlite3_finalize(s);
    }
    *whole = rc != SQLITE_INTERRUPT;
    if (rc != SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE && rc != SQLITE_INTERRUPT) {
        result = judge(h, rc, why, n);
    }
    sqlite3_progress_handler(h->file.db, 0, NULL, NULL);
    return result;
}

/* Is it ours? *fresh: it is empty. Nothing is written before this is known. */
static enum opened whose(struct history *h, bool *fresh, char *why, size_t n) {
    int64_t application = 0;
    int64_t version = 0;
    int64_t things = 0;
    sqlite3 *db = h->file.db;
    int rc = number_of(db, "PRAGMA application_id", &application);
    rc = rc ? rc : number_of(db, "PRAGMA user_version", &version);
    rc = rc ? rc : number_of(db, "SELECT count(*) FROM sqlite_schema", &things);
    if (rc) {
        return judge(h, rc, why, n);
    }
    *fresh = application == 0 && things == 0;
    if (!*fresh && application != HISTORY_APPLICATION) {
        snprintf(why, n, "%s: is the database of another program; give another path", h->path);
        return REFUSED;
    }
    if (!*fresh && version != HISTORY_VERSION) {
        snprintf(
            why, n,
            "%s: was made by another voltbus (version %lld of the file, this one knows %d); use "
            "that one, or give another path",
            h->path, (long long)version, HISTORY_VERSION);
        return REFUSED;
    }
    if (sqlite3_db_readonly(db, "main") == 1) {
        snprintf(
            why, n,
            "%s: may only be read by this user; give the right to write it, or change the path",
            h->path);
        return REFUSED;
    }
    return OPENED;
}

static int run_sql(struct history *h, const char *sql) {
    return sqlite3_exec(h->file.db, sql, NULL, NULL, NULL);
}

/* The way it is written, and the tables if there are none. */
static enum opened prepare(struct history *h, bool fresh, char *why, size_t n) {
    int rc = run_sql(h, "PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8000;"
                        "PRAGMA journal_size_limit=67108864;");
    if (!rc && fresh) { /* only takes effect before anything is written */
        rc = run_sql(h, "PRAGMA auto_vacuum=INCREMENTAL");
    }
    sqlite3_stmt *s = NULL;
    rc = rc ? rc : sqlite3_prepare_v2(h->file.db, "PRAGMA journal_mode=WAL", -1, &s, NULL);
    if (!rc) {
        rc = sqlite3_step(s);
        const char *mode = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
        if (mode && strcmp(mode, "wal") != 0) {
            snprintf(
                why, n,
                "%s: this place cannot hold a write-ahead log (a network folder?); give a path "
                "on a local disk",
                h->path);
            sqlite3_finalize(s);
            return REFUSED;
        }
        rc = sqlite3_finalize(s);
    }
    /* NORMAL: after a power cut the file is whole, and the last commits may be missing. */
    rc = rc ? rc
            : run_sql(h, h->options.temporary ? "PRAGMA synchronous=OFF"
                                              : "PRAGMA synchronous=NORMAL");
    if (!rc && fresh) {
        char own[100];
        snprintf(own, sizeof own, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
                 HISTORY_APPLICATION, HISTORY_VERSION);
        rc = run_sql(h, "BEGIN IMMEDIATE");
        rc = rc ? rc : run_sql(h, schema);
        rc = rc ? rc : run_sql(h, own);
    }
    return rc ? judge(h, rc, why, n) : OPENED;
}

/* The run before this one. */
struct last_run {
    bool any, unended;
    bool samples; /* it has some: the newest is of last_us, else it began then */
    int64_t last_us;
};

static int read_last_run(struct history *h, struct last_run *last) {
    sqlite3_stmt *s;
    *last = (struct last_run){0};
    int rc = sqlite3_prepare_v2(h->file.db,
                                "SELECT ended IS NULL, last IS NOT NULL, ifnull(last, started)"
                                " FROM run ORDER BY id DESC LIMIT 1",
                                -1, &s, NULL);
    if (rc) {
        return rc;
    }
    if (sqlite3_step(s) == SQLITE_ROW) {
        *last = (struct last_run){.any = true,
                                  .unended = sqlite3_column_int(s, 0) != 0,
                                  .samples = sqlite3_column_int(s, 1) != 0,
                                  .last_us = sqlite3_column_int64(s, 2)};
    }
    return sqlite3_finalize(s);
}

/* What is said about a last run that was not ended, or lost samples at its end. */
static void say_run(struct history *h, const struct last_run *last, bool troubled, bool whole,
                    char *why, size_t n) {
    char text[40];
    const char *large = whole ? "" : "; too large to be checked for damage in full";
    history_time_text(last->last_us, text, sizeof text);
    if (troubled) {
        snprintf(why, n,
                 "%s: the last run could not write its last samples: those after %s are missing%s",
                 h->path, text, large);
    } else {
        snprintf(why, n, "%s: the last run was not ended: up to %.3g s of samples is missing%s%s%s",
                 h->path, (double)h->options.commit_ms / 1000.0, last->samples ? " after " : "",
                 last->samples ? text : "", large);
    }
}

/* Look at the last run, check the file if it was not ended, begin a new one. Between two runs nothing
 * was heard, which is a gap. Not where the same process goes on with the same file: what came
 * meanwhile waits in memory. */
static enum opened begin_run(struct history *h, char *why, size_t n) {
    struct last_run last;
    struct stat st;
    int rc = read_last_run(h, &last);
    if (rc) {
        return judge(h, rc, why, n);
    }
    bool again = stat(h->path, &st) == 0 && st.st_dev == h->file.device &&
                 st.st_ino == h->file.inode && h->file.inode != 0;
    if (last.unended || (last.any && h->last_troubled)) {
        bool whole = true;
        enum opened checked = last.unended ? check(h, &whole, why, n) : OPENED;
        if (checked != OPENED) {
            return checked;
        }
        say_run(h, &last, h->last_troubled, whole, why, n);
    }
    char gaps[120] = "";
    if (last.samples && !again) {
        snprintf(gaps, sizeof gaps,
                 "INSERT OR IGNORE INTO gap(device, t) SELECT id, %lld FROM device;",
                 (long long)last.last_us + 1);
    }
    char sql[400];
    snprintf(sql, sizeof sql,
             "BEGIN IMMEDIATE; INSERT INTO run(started) VALUES(%lld);%s"
             "DELETE FROM run WHERE id <= (SELECT max(id) FROM run) - %d; COMMIT",
             (long long)history_clock_us(), gaps, RUNS_KEPT);
    rc = run_sql(h, sql);
    if (rc) {
        return judge(h, rc, why, n);
    }
    h->file.run = history_file_number(h, "SELECT max(id) FROM run");
    return OPENED;
}

static int wal_grows(void *h, sqlite3 *db, const char *name, int pages) {
    (void)db;
    (void)name;
    ((struct history *)h)->file.wal_pages = pages;
    return SQLITE_OK;
}

static enum opened statements(struct history *h, char *why, size_t n) {
    struct file *f = &h->file;
    const struct {
        sqlite3_stmt **to;
        const char *sql;
    } all[] = {
        {&f->sample, "INSERT OR IGNORE INTO sample(signal, t, v) VALUES(?1, ?2, ?3)"},
        {&f->rollup,
         "INSERT INTO rollup(signal, t, n, min, max, sum, us, area)"
         " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
         " ON CONFLICT(signal, t) DO UPDATE SET n = n + excluded.n,"
         " min = min(min, excluded.min), max = max(max, excluded.max),"
         " sum = sum + excluded.sum, us = us + excluded.us, area = area + excluded.area"},
        {&f->gap, "INSERT OR IGNORE INTO gap(device, t) VALUES(?1, ?2)"},
        {&f->gap_after, "SELECT min(t) FROM gap WHERE device = ?1 AND t >= ?2"},
        {&f->control, "INSERT INTO control_log(t, who, device, command, old, new, result)"
                      " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
        {&f->last, "UPDATE run SET last = max(ifnull(last, ?1), ?1) WHERE id = ?2"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        int rc =
            sqlite3_prepare_v3(f->db, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].to, NULL);
        if (rc) {
            return judge(h, rc, why, n);
        }
    }
    sqlite3_wal_hook(f->db, wal_grows, h); /* instead of checkpoints whose errors nobody sees */
    return OPENED;
}

static enum opened try_open(struct history *h, char *why, size_t n) {
    int rc =
        sqlite3_open_v2(h->path, &h->file.db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc) {
        return judge(h, rc, why, n);
    }
    sqlite3_extended_result_codes(h->file.db, 1);
    sqlite3_busy_timeout(h->file.db, BUSY_TIMEOUT_MS);
    /* closing somebody else's database must not change it either */
    sqlite3_db_config(h->file.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    bool fresh = false;
    enum opened result = whose(h, &fresh, why, n);
    if (result == OPENED) {
        sqlite3_db_config(h->file.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    }
    result = result ? result : prepare(h, fresh, why, n);
    result = result ? result : begin_run(h, why, n);
    result = result ? result : statements(h, why, n);
    struct stat st;
    if (result == OPENED && stat(h->path, &st) == 0) {
        h->file.device = st.st_dev;
        h->file.inode = st.st_ino;
    }
    return result;
}

bool history_file_open(struct history *h, char *why, size_t n) {
    snprintf(why, n, "%s", "");
    enum opened result = try_open(h, why, n);
    if (result == DAMAGED) {
        char reason[200];
        char remark[HISTORY_WHY];
        snprintf(reason, sizeof reason, "%s", why);
        if (!history_file_move_away(h, reason, why, n)) {
            return false;
        }
        snprintf(remark, sizeof remark, "%s", why);
        result = try_open(h, why, n);
        if (result == OPENED) {
            snprintf(why, n, "%s", remark);
        }
    }
    if (result != OPENED) {
        history_file_close(h, false);
        return false;
    }
    for (size_t i = 0; i < h->held_room; i++) {
        h->held[i].known = false; /* a value is not continued beyond a run */
    }
    h->last_troubled = false; /* it is said */
    history_lock_note(h, "");
    atomic_fetch_add(&h->generation, 1);
    atomic_store(&h->open, true);
    return true;
}

void history_forget_ids(struct file *f) {
    for (size_t i = 0; i < f->signal_room; i++) {
        f->signals[i] = 0;
    }
    for (size_t i = 0; i < f->device_room; i++) {
        f->devices[i] = 0;
    }
}

void history_file_close(struct history *h, bool ended) {
    struct file *f = &h->file;
    atomic_store(&h->open, false);
    if (!f->db) {
        return;
    }
    if (ended && f->run) {
        char sql[100];
        snprintf(sql, sizeof sql, "UPDATE run SET ended = %lld WHERE id = %lld",
                 (long long)history_clock_us(), (long long)f->run);
        run_sql(h, sql); /* if it fails the next run says that this one was not ended */
    }
    sqlite3_stmt **const all[] = {&f->sample,    &f->rollup,  &f->gap,
                                  &f->gap_after, &f->control, &f->last};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        sqlite3_finalize(*all[i]);
        *all[i] = NULL;
    }
    sqlite3_close(f->db);
    f->db = NULL;
    f->run = 0;
    f->wal_pages = 0;
    history_forget_ids(f);
}

/* ---- damaged files ---- */

bool history_file_move_away(struct history *h, const char *reason, char *why, size_t n) {
    static const char *const parts[] = {"-wal", "-shm", ""};
    char from[PATH_MAX + 16];
    char to[PATH_MAX + 32];
    /* as it is, its -wal beside it */
    sqlite3_db_config(h->file.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    history_file_close(h, false);
    int number = 1;
    do {
        snprintf(to, sizeof to, "%s.damaged-%d", h->path, number);
    } while (access(to, F_OK) == 0 && ++number <= DAMAGED_MAX);
    if (number > DAMAGED_MAX) {
        snprintf(why, n,
                 "%s: is damaged (%s), like %d before it; check the disk, remove %s.damaged-*",
                 h->path, reason, DAMAGED_MAX, h->path);
        return false;
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        snprintf(from, sizeof from, "%s%s", h->path, parts[i]);
        snprintf(to, sizeof to, "%s.damaged-%d%s", h->path, number, parts[i]);
        if (rename(from, to) != 0 && errno != ENOENT) {
            snprintf(why, n, "%s: is damaged (%s) and cannot be moved to %s: %s; move it away",
                     h->path, reason, to, strerror(errno));
            return false;
        }
    }
    snprintf(why, n, "%s: was damaged (%s): moved to %s, a new one is begun", h->path, reason, to);
    return true;
}
