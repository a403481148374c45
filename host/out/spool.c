/* spool.c - the ring, its writer thread, rotation, and what is done about full disks.
 * The ring has one putter and one taker: bytes between tail and head belong to the taker, the rest
 * to the putter, so only the two counters and the texts need the lock, and nobody holds it while
 * he writes.
 * Left out: fsync. What the power cut leaves of the last seconds is the file system's affair.
 * SPDX-License-Identifier: MIT */
#include "host/out/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "voltbus/err.h"

#define RING_DEFAULT  (4u << 20)
#define RETRY_DEFAULT 5000
#define GATHER_MS     50 /* so long a record may wait for others, to be written with them */
#define LOSS_SAID_MS  1000
#define CLOSE_MS      2000
#define CLOSE_ALL_MS  10000
#define POLL_MS       100 /* how often a wait for the reader looks whether we are closing */
#define BATCH         65536
#define BATCH_RECORDS 1024
#define NEWS_COUNT    8
#define PATH_SUFFIX   32

#define HEAD     4u          /* bytes before each record in the ring: its length ... */
#define NEW_FILE 0x80000000u /* ... and whether a new file begins with it */

_Static_assert(BATCH >= SPOOL_RECORD_MAX, "a batch holds every record");

struct spool {
    struct spool_options options;
    char *path; /* NULL: an open descriptor that was given */
    char name[SPOOL_NEWS / 2];
    bool fresh;

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;     /* for the thread: records, or closing */
    pthread_cond_t finished; /* for spool_close */

    uint8_t *ring;
    size_t size;

    /* under the lock */
    uint64_t head, tail; /* bytes ever put and taken */
    struct spool_status status;
    bool closing, ended, abandoned;
    int64_t limit_ms;       /* closing: give up then */
    int64_t limit_all_ms;   /* ... and then at the latest */
    bool losing, loss_said; /* since records were lost nothing caught up */
    uint64_t lost_now;
    int64_t losing_since_ms;
    bool trouble_said;
    char news[NEWS_COUNT][SPOOL_NEWS];
    unsigned news_first, news_count;

    /* the putter's */
    int64_t file_bytes, file_since_ms; /* of the file that the next record goes to */

    /* the thread's */
    int fd;
    bool regular;
    size_t most; /* bytes that are written at once: to a pipe no more than it takes in one piece, so
                  * that records stay whole when the other end stops */
    bool moved;  /* turning: the old files have their new names, the new one is not open yet */
    bool last_try; /* closing, and tried once more after it */
    uint8_t batch[BATCH];
    size_t batch_n;
    size_t ends[BATCH_RECORDS]; /* where each record of the batch ends */
    size_t batch_records;
};

static int64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Wait on a condition until a moment; the lock is held. */
static void wait_until(struct spool *s, pthread_cond_t *condition, int64_t ms) {
    struct timespec until = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    pthread_cond_timedwait(condition, &s->lock, &until);
}

/* ---- what there is to say; the lock is held ---- */

static void tell(struct spool *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void tell(struct spool *s, const char *fmt, ...) {
    if (s->news_count == NEWS_COUNT) {
        return; /* nobody listens */
    }
    char *text = s->news[(s->news_first + s->news_count++) % NEWS_COUNT];
    int n = snprintf(text, SPOOL_NEWS, "%s: ", s->name);
    va_list args;
    va_start(args, fmt);
    vsnprintf(text + n, SPOOL_NEWS - (size_t)n, fmt, args);
    va_end(args);
    if (s->options.news) {
        s->options.news(s->options.context);
    }
}

static const char *why_lost(const struct spool *s) {
    return s->status.trouble ? "it cannot be written"
           : s->regular      ? "the disk is too slow"
                             : "the reader has stopped";
}

static void lose(struct spool *s) {
    s->status.lost++;
    if (!s->losing) {
        s->losing = true;
        s->loss_said = false;
        s->lost_now = 0;
        s->losing_since_ms = now_ms();
    }
    s->lost_now++;
    /* not at the first one: a second later the number says how bad it is */
    if (!s->loss_said && now_ms() - s->losing_since_ms >= LOSS_SAID_MS) {
        s->loss_said = true;
        tell(s, "%s: %llu records lost so far", why_lost(s), (unsigned long long)s->lost_now);
    }
}

/* Everything is written: what was wrong is over. */
static void caught_up(struct spool *s) {
    if (s->losing) {
        tell(s, "written again: %llu record%s lost", (unsigned long long)s->lost_now,
             s->lost_now == 1 ? " was" : "s were");
    } else if (s->trouble_said) {
        tell(s, "written again: nothing was lost");
    }
    s->losing = false;
    s->trouble_said = false;
}

bool spool_news(struct spool *s, char *text) {
    pthread_mutex_lock(&s->lock);
    bool any = s->news_count > 0;
    if (any) {
        strcpy(text, s->news[s->news_first]);
        s->news_first = (s->news_first + 1) % NEWS_COUNT;
        s->news_count--;
    }
    pthread_mutex_unlock(&s->lock);
    return any;
}

void spool_status(struct spool *s, struct spool_status *status) {
    pthread_mutex_lock(&s->lock);
    *status = s->status;
    pthread_mutex_unlock(&s->lock);
}

/* ---- the ring ---- */

static void ring_write(struct spool *s, uint64_t at, const void *bytes, size_t n) {
    size_t place = (size_t)(at % s->size);
    size_t first = s->size - place < n ? s->size - place : n;
    memcpy(s->ring + place, bytes, first);
    memcpy(s->ring, (const uint8_t *)bytes + first, n - first);
}

static void ring_read(const struct spool *s, uint64_t at, void *bytes, size_t n) {
    size_t place = (size_t)(at % s->size);
    size_t first = s->size - place < n ? s->size - place : n;
    memcpy(bytes, s->ring + place, first);
    memcpy((uint8_t *)bytes + first, s->ring, n - first);
}

bool spool_fresh(const struct spool *s) {
    return s->fresh;
}

bool spool_due(struct spool *s, size_t n) {
    const struct spool_options *o = &s->options;
    if (!s->path || s->file_bytes == 0) {
        return false;
    }
    return (o->rotate_bytes > 0 && s->file_bytes + (int64_t)n > o->rotate_bytes) ||
           (o->rotate_ms > 0 && now_ms() - s->file_since_ms >= o->rotate_ms);
}

bool spool_put(struct spool *s, enum spool_place place, const void *record, size_t n) {
    pthread_mutex_lock(&s->lock);
    size_t used = (size_t)(s->head - s->tail);
    size_t kept = place == SPOOL_LAST ? 0 : SPOOL_RESERVE;
    if (s->status.gone || n > SPOOL_RECORD_MAX || s->size - used < HEAD + n + kept) {
        if (!s->status.gone) {
            lose(s);
        }
        pthread_mutex_unlock(&s->lock);
        return false;
    }
    uint64_t at = s->head;
    pthread_mutex_unlock(&s->lock);

    uint32_t head = (uint32_t)n | (place == SPOOL_NEW_FILE ? NEW_FILE : 0);
    ring_write(s, at, &head, HEAD);
    ring_write(s, at + HEAD, record, n);
    if (place == SPOOL_NEW_FILE) {
        s->file_bytes = 0;
        s->file_since_ms = now_ms();
    }
    s->file_bytes += (int64_t)n;

    pthread_mutex_lock(&s->lock);
    size_t before = (size_t)(s->head - s->tail);
    s->head = at + HEAD + n;
    s->status.put++;
    if (before == 0 || (before < s->most && before + HEAD + n >= s->most)) {
        pthread_cond_signal(&s->more);
    }
    pthread_mutex_unlock(&s->lock);
    return true;
}

bool spool_busy(struct spool *s) {
    pthread_mutex_lock(&s->lock);
    bool busy = !s->status.gone && s->head - s->tail > s->size / 2;
    pthread_mutex_unlock(&s->lock);
    return busy;
}

/* ---- the file ---- */

/* Set aside a file whose last record is cut off: PATH.damaged-N, the first that is free. */
static bool set_aside(const char *path, char *why, size_t n) {
    char aside[PATH_MAX + PATH_SUFFIX];
    for (int i = 1; i < 1000; i++) {
        snprintf(aside, sizeof aside, "%s.damaged-%d", path, i);
        if (access(aside, F_OK) != 0) {
            if (rename(path, aside) != 0) {
                break;
            }
            snprintf(why, n, "its last record is cut off: it now has .damaged-%d behind its name",
                     i);
            return true;
        }
    }
    snprintf(why, n, "%s: its last record is cut off, and it cannot be set aside: %s", path,
             strerror(errno));
    return false;
}

/* Ours alone: what two write at once can be read by nobody. */
static int open_new(const struct spool *s) {
    int fd = open(s->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
        flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        close(fd);
        errno = EBUSY;
        return -1;
    }
    return fd;
}

/* How old a file is: the file system knows when it was made, most of them. */
static int64_t age_ms(int fd) {
    struct statx info;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &info) != 0 || !(info.stx_mask & STATX_BTIME)) {
        return 0;
    }
    int64_t age = ((int64_t)now.tv_sec - info.stx_btime.tv_sec) * 1000;
    return age > 0 ? age : 0;
}

/* Go on behind what is in a regular file. remark: SPOOL_NEWS. Returns false with why. */
static bool go_on_behind(struct spool *s, int64_t size, char *remark, char *why, size_t n) {
    char last = '\n';
    int result = VB_OK;
    if (size > 0 && s->options.ending) {
        result = s->options.ending(s->fd, size);
    } else if (size > 0 && pread(s->fd, &last, 1, size - 1) == 1 && last != '\n') {
        /* the last run ended in the middle of a line: leave it a line of its own */
        size += write(s->fd, "\n", 1) == 1;
    }
    if (result == VB_E_FORMAT) {
        snprintf(why, n, "%s: there is a file of another kind: choose another path", s->path);
        return false;
    }
    if (result == VB_E_CHECK) {
        if (!set_aside(s->path, remark, SPOOL_NEWS)) {
            snprintf(why, n, "%s", remark);
            return false;
        }
        close(s->fd);
        s->fd = open_new(s);
        size = 0;
        if (s->fd < 0) {
            snprintf(why, n, "%s: %s", s->path, strerror(errno));
            return false;
        }
    }
    s->fresh = size == 0;
    s->file_bytes = size;
    s->file_since_ms = now_ms() - (size > 0 ? age_ms(s->fd) : 0);
    return true;
}

static bool open_first(struct spool *s, char *remark, char *why, size_t n) {
    struct stat info;
    s->fresh = true;
    if (!s->path) {
        s->fd = s->options.fd;
        s->regular = fstat(s->fd, &info) == 0 && S_ISREG(info.st_mode);
        return true;
    }
    /* a pipe is opened for writing only: who also reads it never hears that the reader is gone */
    bool other = stat(s->path, &info) == 0 && !S_ISREG(info.st_mode);
    s->fd = other ? open(s->path, O_WRONLY | O_CLOEXEC | O_NONBLOCK) : open_new(s);
    if (s->fd < 0 || fstat(s->fd, &info) != 0) {
        snprintf(why, n, "%s: %s", s->path,
                 errno == ENXIO ? "nobody reads this pipe: start the reader first"
                 : errno == EBUSY
                     ? "another output, or another voltbus, writes this file: give each "
                       "its own"
                 : errno == EACCES ? "permission denied: choose another path, or change its rights"
                                   : strerror(errno));
        return false;
    }
    s->regular = S_ISREG(info.st_mode);
    if (s->regular) {
        return go_on_behind(s, (int64_t)info.st_size, remark, why, n);
    }
    if (s->options.rotate_bytes > 0 || s->options.rotate_ms > 0) {
        snprintf(why, n, "%s: only a file can be rotated", s->path);
        return false;
    }
    return true;
}

/* Give the old files their new names and begin a new one. May be called again after a failure. */
static bool turn(struct spool *s) {
    char from[PATH_MAX + PATH_SUFFIX];
    char to[PATH_MAX + PATH_SUFFIX];
    if (s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
    for (int i = s->options.keep_files; i >= 1 && !s->moved; i--) {
        snprintf(to, sizeof to, "%s.%d", s->path, i);
        if (i > 1) {
            snprintf(from, sizeof from, "%s.%d", s->path, i - 1);
        } else {
            strcpy(from, s->path);
        }
        if (rename(from, to) != 0 && errno != ENOENT) {
            return false;
        }
    }
    s->moved = true;
    s->fd = open_new(s);
    s->moved = s->fd < 0;
    return s->fd >= 0;
}

/* A part of a record is in the file and the rest does not go: take it back. Returns how much of the
 * batch is in the file now. */
static size_t take_back(struct spool *s, size_t written) {
    size_t whole = 0;
    for (size_t i = 0; i < s->batch_records && s->ends[i] <= written; i++) {
        whole = s->ends[i];
    }
    off_t here = lseek(s->fd, 0, SEEK_CUR);
    off_t to = here - (off_t)(written - whole);
    if (!s->regular || whole == written || here < 0 || lseek(s->fd, 0, SEEK_END) != here) {
        return written; /* somebody else writes there too: finish the record later */
    }
    return ftruncate(s->fd, to) == 0 && lseek(s->fd, to, SEEK_SET) == to ? whole : written;
}

/* ---- the thread ---- */

/* It could not be written: say why, once, and wait for the next try. Returns false when closing. */
static bool pause_and_retry(struct spool *s, int error) {
    int64_t retry_ms = s->options.retry_ms;
    pthread_mutex_lock(&s->lock);
    s->status.trouble = true;
    if (!s->trouble_said) {
        s->trouble_said = true;
        const char *what = error == ENOSPC   ? "the disk is full"
                           : error == EDQUOT ? "the quota is used up"
                           : error == EFBIG  ? "the file may not become larger"
                                             : strerror(error);
        bool room = error == ENOSPC || error == EDQUOT || error == EFBIG;
        tell(s, "%s: %stried again every %g s", what,
             room ? "make room, or let rotate_size and keep_files keep it small; " : "",
             (double)retry_ms / 1000);
    }
    for (int64_t until = now_ms() + retry_ms; now_ms() < until && !s->closing;) {
        wait_until(s, &s->more, until);
    }
    bool again = !s->closing || !s->last_try;
    s->last_try = s->closing;
    pthread_mutex_unlock(&s->lock);
    return again;
}

/* Something was written: nothing is wrong any more, and closing may wait on. */
static void moves(struct spool *s) {
    pthread_mutex_lock(&s->lock);
    s->status.trouble = false;
    if (s->closing) {
        s->limit_ms = now_ms() + CLOSE_MS;
    }
    pthread_mutex_unlock(&s->lock);
}

static bool too_late(struct spool *s) {
    int64_t now = now_ms();
    pthread_mutex_lock(&s->lock);
    bool late = s->closing && (now >= s->limit_ms || now >= s->limit_all_ms);
    pthread_mutex_unlock(&s->lock);
    return late;
}

/* Wait until a pipe or a terminal takes something. Returns false when closing takes too long. */
static bool wait_for_reader(struct spool *s) {
    struct pollfd p = {.fd = s->fd, .events = POLLOUT};
    while (poll(&p, 1, POLL_MS) == 0 || p.revents == 0) {
        if (too_late(s)) {
            return false;
        }
    }
    return true;
}

/* Write the batch. *whole: how many of its records are out. Returns false if that was the end. */
static bool write_batch(struct spool *s, size_t *whole) {
    size_t at = 0;
    bool goes_on = true;
    while (at < s->batch_n && goes_on) {
        if (!s->regular && !wait_for_reader(s)) {
            goes_on = false;
            break;
        }
        ssize_t n = write(s->fd, s->batch + at, s->batch_n - at);
        if (n > 0) {
            at += (size_t)n;
            moves(s);
        } else if (n < 0 && errno == EPIPE) {
            pthread_mutex_lock(&s->lock);
            s->status.gone = true;
            tell(s, "the reader is gone: this output has ended");
            pthread_mutex_unlock(&s->lock);
            goes_on = false;
        } else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            int error = n == 0 ? ENOSPC : errno;
            at = take_back(s, at);
            goes_on = pause_and_retry(s, error);
        }
    }
    for (*whole = 0; *whole < s->batch_records && s->ends[*whole] <= at;) {
        ++*whole;
    }
    return goes_on;
}

/* Take whole records out of the ring, as many as are written at once. Stops before a new file.
 * Returns where the ring goes on. */
static uint64_t fill_batch(struct spool *s, uint64_t tail, uint64_t head, bool *new_file) {
    s->batch_n = 0;
    s->batch_records = 0;
    while (tail < head && s->batch_records < BATCH_RECORDS) {
        uint32_t word;
        ring_read(s, tail, &word, HEAD);
        size_t n = word & ~NEW_FILE;
        if (s->batch_records > 0 && (word & NEW_FILE || s->batch_n + n > s->most)) {
            break;
        }
        if (s->batch_records == 0) {
            *new_file = word & NEW_FILE;
        }
        ring_read(s, tail + HEAD, s->batch + s->batch_n, n);
        s->batch_n += n;
        s->ends[s->batch_records++] = s->batch_n;
        tail += HEAD + n;
    }
    return tail;
}

/* Take some records to the file; the lock is held, but not meanwhile. Returns false at the end. */
static bool work(struct spool *s) {
    uint64_t head = s->head;
    uint64_t tail = s->tail;
    bool new_file = false;
    bool goes_on = true;
    size_t whole = 0;
    pthread_mutex_unlock(&s->lock);
    tail = fill_batch(s, tail, head, &new_file);
    while (new_file && goes_on && !turn(s)) {
        goes_on = pause_and_retry(s, errno);
    }
    if (goes_on) {
        goes_on = write_batch(s, &whole);
    }
    pthread_mutex_lock(&s->lock);
    s->tail = tail;
    s->status.written += whole;
    if (s->tail == s->head && goes_on) {
        caught_up(s);
    }
    return goes_on;
}

static void spool_free(struct spool *s) {
    if (s->path && s->fd >= 0) {
        close(s->fd);
    }
    pthread_cond_destroy(&s->more);
    pthread_cond_destroy(&s->finished);
    pthread_mutex_destroy(&s->lock);
    free(s->ring);
    free(s->path);
    free(s);
}

static void *run(void *context) {
    struct spool *s = context;
    pthread_mutex_lock(&s->lock);
    for (bool goes_on = true; goes_on;) {
        while (s->head == s->tail && !s->closing) {
            pthread_cond_wait(&s->more, &s->lock);
        }
        for (int64_t until = now_ms() + GATHER_MS;
             s->head - s->tail < s->most && !s->closing && now_ms() < until;) {
            wait_until(s, &s->more, until);
        }
        goes_on = s->head != s->tail && work(s);
    }
    s->ended = true;
    bool abandoned = s->abandoned;
    pthread_cond_broadcast(&s->finished);
    pthread_mutex_unlock(&s->lock);
    if (abandoned) {
        spool_free(s);
    }
    return NULL;
}

/* The thread takes no signals: those of the program are for its loop, and SIGPIPE and SIGXFSZ, which
 * a write gets for itself, are told by its errno. */
static bool start(struct spool *s) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&s->thread, NULL, run, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result == 0;
}

/* ---- opening and closing ---- */

struct spool *spool_open(const struct spool_options *options, char *why, size_t n) {
    struct spool *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, n, "out of memory");
        return NULL;
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->more, &attributes);
    pthread_cond_init(&s->finished, &attributes);
    pthread_condattr_destroy(&attributes);
    s->options = *options;
    s->options.path = NULL; /* the caller's; ours is s->path */
    s->options.retry_ms = options->retry_ms > 0 ? options->retry_ms : RETRY_DEFAULT;
    s->size = options->ring > 0 ? options->ring : RING_DEFAULT;
    s->fd = -1;
    s->ring = malloc(s->size);
    s->path = options->path ? strdup(options->path) : NULL;
    const char *name = options->name ? options->name : options->path;
    snprintf(s->name, sizeof s->name, "%s", name ? name : "output");
    char remark[SPOOL_NEWS] = "";
    if (!s->ring || (options->path && !s->path)) {
        snprintf(why, n, "out of memory");
    } else if (options->path && strlen(options->path) >= PATH_MAX) {
        snprintf(why, n, "the path is too long");
    } else if (open_first(s, remark, why, n)) {
        if (remark[0]) {
            tell(s, "%s", remark);
        }
        s->most = s->regular ? BATCH : PIPE_BUF;
        if (start(s)) {
            return s;
        }
        snprintf(why, n, "no thread can be started");
    }
    spool_free(s);
    return NULL;
}

void spool_close(struct spool *s, void (*say)(void *context, const char *text), void *context) {
    pthread_mutex_lock(&s->lock);
    s->options.news = NULL; /* what comes now is said below */
    s->closing = true;
    s->limit_ms = now_ms() + CLOSE_MS;
    s->limit_all_ms = now_ms() + CLOSE_ALL_MS;
    pthread_cond_signal(&s->more);
    /* a little longer than the thread waits by itself */
    while (!s->ended && now_ms() < s->limit_ms + 2 * POLL_MS &&
           now_ms() < s->limit_all_ms + 2 * POLL_MS) {
        wait_until(s, &s->finished, now_ms() + POLL_MS);
    }
    uint64_t left = s->status.put - s->status.written;
    if (s->losing && !s->status.gone) {
        tell(s, "%s: %llu record%s lost", why_lost(s), (unsigned long long)s->lost_now,
             s->lost_now == 1 ? " was" : "s were");
    }
    if (left > 0 && !s->status.gone) {
        tell(s, "%s: the last %llu record%s not written", why_lost(s), (unsigned long long)left,
             left == 1 ? " is" : "s are");
    }
    for (; s->news_count > 0; s->news_count--, s->news_first = (s->news_first + 1) % NEWS_COUNT) {
        say(context, s->news[s->news_first]);
    }
    /* A thread that hangs in a write (a stopped terminal, a network disk) cannot be waited for: it
     * frees its things itself if it ever comes back. */
    bool ended = s->ended;
    s->abandoned = !ended;
    pthread_t thread = s->thread;
    pthread_mutex_unlock(&s->lock);
    if (ended) {
        pthread_join(thread, NULL);
        spool_free(s);
    } else {
        pthread_detach(thread);
    }
}
