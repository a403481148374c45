/* history.c - the producer's side of the history: the ring, the names, the notes, the status.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/out/history_parts.h"
#include "voltbus/time.h"

/* ---- clocks ---- */

int64_t history_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / VB_NS_PER_MS;
}

int64_t history_clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / VB_NS_PER_US;
}

int64_t history_us(int64_t t_ns) {
    return t_ns / VB_NS_PER_US - (t_ns % VB_NS_PER_US < 0);
}

int64_t history_minute(int64_t t_us) {
    int64_t within = t_us % MINUTE_US;
    return t_us - within - (within < 0 ? MINUTE_US : 0);
}

void history_time_text(int64_t t_us, char *out, size_t n) {
    time_t seconds = (time_t)(t_us / 1000000 - (t_us % 1000000 < 0));
    struct tm tm;
    if (!gmtime_r(&seconds, &tm) || strftime(out, n, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0) {
        snprintf(out, n, "%lld s", (long long)seconds);
    }
}

/* ---- names ---- */

void *history_room(void *array, size_t *room, size_t count, size_t size) {
    if (count <= *room) {
        return array;
    }
    size_t more = 2 * count > 64 ? 2 * count : 64;
    char *larger = realloc(array, more * size);
    if (larger) {
        memset(larger + *room * size, 0, (more - *room) * size);
        *room = more;
    }
    return larger;
}

/* The number of a device, made if new; under the lock. -1: no memory. */
static int64_t device_number(struct history *h, const char *name) {
    for (size_t i = 0; i < h->device_count; i++) {
        if (strcmp(h->devices[i], name) == 0) {
            return (int64_t)i;
        }
    }
    char **devices =
        history_room(h->devices, &h->device_room, h->device_count + 1, sizeof *h->devices);
    if (!devices) {
        return -1;
    }
    h->devices = devices;
    devices[h->device_count] = strdup(name);
    return devices[h->device_count] ? (int64_t)h->device_count++ : -1;
}

static bool same_scale(const struct vb_scale *a, const struct vb_scale *b) {
    return a->mul == b->mul && a->add == b->add && a->div == b->div;
}

static int64_t signal_number(struct history *h, uint32_t device, const char *name, const char *unit,
                             const struct vb_scale *scale) {
    for (size_t i = 0; i < h->signal_count; i++) {
        const struct known_signal *s = h->signals[i];
        if (s->device == device && strcmp(s->name, name) == 0 && strcmp(s->unit, unit) == 0 &&
            same_scale(&s->scale, scale)) {
            return (int64_t)i;
        }
    }
    struct known_signal **signals =
        history_room(h->signals, &h->signal_room, h->signal_count + 1, sizeof(void *));
    if (!signals) {
        return -1;
    }
    h->signals = signals;
    struct known_signal *s = calloc(1, sizeof *s);
    if (!s) {
        return -1;
    }
    *s = (struct known_signal){
        .device = device, .name = strdup(name), .unit = strdup(unit), .scale = *scale};
    if (!s->name || !s->unit) {
        free(s->name);
        free(s->unit);
        free(s);
        return -1;
    }
    signals[h->signal_count] = s;
    return (int64_t)h->signal_count++;
}

int history_signal(struct history *h, const char *device, const char *name, const char *unit,
                   const struct vb_scale *scale) {
    const struct vb_scale one = {1, 0, 1};
    pthread_mutex_lock(&h->lock);
    int64_t number = device_number(h, device);
    if (number >= 0) {
        number = signal_number(h, (uint32_t)number, name, unit, scale ? scale : &one);
    }
    pthread_mutex_unlock(&h->lock);
    return (int)number;
}

/* ---- samples and notes ---- */

static void wake(struct history *h) {
    pthread_mutex_lock(&h->lock);
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
}

bool history_put(struct history *h, int signal, int64_t t_ns, int64_t raw) {
    if (signal < 0) { /* there was no memory for its name */
        return false;
    }
    atomic_fetch_add_explicit(&h->put, 1, memory_order_relaxed);
    uint64_t head = atomic_load_explicit(&h->head, memory_order_relaxed);
    uint64_t waiting = head - atomic_load_explicit(&h->tail, memory_order_acquire);
    if (waiting >= HISTORY_RING) {
        atomic_fetch_add_explicit(&h->dropped, 1, memory_order_relaxed);
        return false;
    }
    h->ring[head % HISTORY_RING] =
        (struct record){.t_us = history_us(t_ns), .raw = raw, .signal = (uint32_t)signal};
    atomic_store(&h->head, head + 1);
    /* Either we see it asleep here, or it sees the new head before it falls asleep. */
    if (waiting + 1 >= (uint64_t)h->options.commit_count && atomic_load(&h->asleep)) {
        wake(h);
    }
    return true;
}

void history_gap(struct history *h, const char *device, int64_t t_ns) {
    pthread_mutex_lock(&h->lock);
    int64_t number = device_number(h, device);
    if (number >= 0 && h->gap_count < HISTORY_GAPS) {
        h->gaps[h->gap_count++] =
            (struct gap_note){.t_us = history_us(t_ns), .device = (uint32_t)number};
    } else {
        h->notes_lost++;
    }
    pthread_mutex_unlock(&h->lock);
}

static void control_free(struct control_note *note) {
    for (size_t i = 0; note && i < CONTROL_TEXTS; i++) {
        free(note->text[i]);
    }
    free(note);
}

void history_control(struct history *h, int64_t t_ns, const char *who, const char *device,
                     const char *command, const char *old_value, const char *new_value,
                     const char *result) {
    const char *const texts[CONTROL_TEXTS] = {who, device, command, old_value, new_value, result};
    struct control_note *note = calloc(1, sizeof *note);
    bool whole = note;
    for (size_t i = 0; note && i < CONTROL_TEXTS; i++) {
        note->text[i] = strdup(texts[i] ? texts[i] : "");
        whole = whole && note->text[i];
    }
    pthread_mutex_lock(&h->lock);
    if (whole && h->control_count < HISTORY_CONTROLS) {
        note->t_us = history_us(t_ns);
        *h->controls_end = note;
        h->controls_end = &note->next;
        h->control_count++;
        note = NULL;
    } else {
        h->notes_lost++;
    }
    pthread_mutex_unlock(&h->lock);
    control_free(note);
}

/* ---- status ---- */

#define SAID_MS 60000 /* how long what is over is still said */

static int64_t file_bytes(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

bool history_busy(const struct history *h) {
    return atomic_load(&h->head) - atomic_load(&h->tail) > HISTORY_RING / 2;
}

void history_status(struct history *h, struct history_status *status) {
    *status = (struct history_status){0};
    status->committed = atomic_load(&h->committed);
    status->duplicates = atomic_load(&h->duplicates);
    status->dropped = atomic_load(&h->dropped);
    status->commits = atomic_load(&h->commits);
    status->put = atomic_load(&h->put);
    status->bytes = file_bytes(h->path) + file_bytes(h->wal);
    status->memory = (int64_t)((HISTORY_RING + HISTORY_BATCH) * sizeof(struct record));
    int64_t now = history_now_ms();
    pthread_mutex_lock(&h->lock);
    if (h->trouble[0]) {
        snprintf(status->trouble, sizeof status->trouble, "%s", h->trouble);
    } else if (h->drop_ms && now - h->drop_ms < SAID_MS) {
        snprintf(status->trouble, sizeof status->trouble,
                 "%s: %llu samples dropped so far, because the disk could not take them; if it is "
                 "too slow for them, keep fewer (every)",
                 h->path, (unsigned long long)status->dropped);
    } else if (h->remark_ms && now - h->remark_ms < SAID_MS) {
        snprintf(status->trouble, sizeof status->trouble, "%.*s", (int)sizeof status->trouble - 1,
                 h->remark);
    } else if (h->notes_lost) {
        snprintf(status->trouble, sizeof status->trouble,
                 "%s: %llu gaps or lines of the control log were lost while the file could not be "
                 "written",
                 h->path, (unsigned long long)h->notes_lost);
    }
    pthread_mutex_unlock(&h->lock);
}

/* ---- opening and closing ---- */

#define COMMIT_MS_MAX 86400000

static void history_free(struct history *h) {
    for (size_t i = 0; i < h->signal_count; i++) {
        free(h->signals[i]->name);
        free(h->signals[i]->unit);
        free(h->signals[i]);
    }
    for (size_t i = 0; i < h->device_count; i++) {
        free(h->devices[i]);
    }
    while (h->controls) {
        struct control_note *note = h->controls;
        h->controls = note->next;
        control_free(note);
    }
    free(h->signals);
    free(h->devices);
    free(h->ring);
    free(h->batch);
    free(h->starts);
    free(h->held);
    free(h->held_new);
    free(h->file.signals);
    free(h->file.devices);
    free(h->file.newest_gaps);
    free(h->path);
    free(h->wal);
    free(h->lock_path);
    pthread_mutex_destroy(&h->lock);
    pthread_cond_destroy(&h->wake);
    free(h);
}

static struct history *history_new(const struct history_options *options) {
    struct history *h = calloc(1, sizeof *h);
    if (!h) {
        return NULL;
    }
    h->options = *options;
    h->options.path = NULL; /* the caller's; h->path is ours */
    if (h->options.commit_ms <= 0) {
        h->options.commit_ms = 1000;
    }
    if (h->options.commit_ms > COMMIT_MS_MAX) {
        h->options.commit_ms = COMMIT_MS_MAX;
    }
    if (h->options.commit_count <= 0 || h->options.commit_count > HISTORY_RING / 2) {
        h->options.commit_count = HISTORY_RING / 2;
    }
    h->lock_fd = -1;
    h->controls_end = &h->controls;
    pthread_mutex_init(&h->lock, NULL);
    pthread_condattr_t attr; /* not the clock on the wall, which may be set */
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&h->wake, &attr);
    pthread_condattr_destroy(&attr);
    h->ring = malloc(HISTORY_RING * sizeof *h->ring);
    h->batch = malloc(HISTORY_BATCH * sizeof *h->batch);
    if (!h->ring || !h->batch) {
        history_free(h);
        return NULL;
    }
    return h;
}

struct history *history_open(const struct history_options *options, char *why, size_t n) {
    snprintf(why, n, "%s", "");
    struct history *h = history_new(options);
    if (!h) {
        snprintf(why, n, "%s: not enough memory", options->path);
        return NULL;
    }
    if (history_place(h, options->path, why, n) && history_lock(h, why, n)) {
        if (history_file_open(h, why, n)) {
            if (pthread_create(&h->thread, NULL, history_writer, h) == 0) {
                return h;
            }
            snprintf(why, n, "%s: cannot start a thread: too many processes or too little memory",
                     h->path);
            history_file_close(h, true);
        }
        history_unlock(h, h->last_troubled);
    }
    history_free(h);
    return NULL;
}

uint64_t history_close(struct history *h) {
    if (!h) {
        return 0;
    }
    pthread_mutex_lock(&h->lock);
    h->stop = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    uint64_t lost = atomic_load(&h->head) - atomic_load(&h->tail);
    sqlite3_close(h->reader); /* before the writer's, which then tidies up the -wal */
    history_file_close(h, lost == 0);
    if (h->options.temporary) {
        char shm[4096 + 8];
        snprintf(shm, sizeof shm, "%s-shm", h->path);
        unlink(h->path);
        unlink(h->wal);
        unlink(shm);
    }
    bool say = lost > 0 && !h->options.temporary;
    if (say) {
        history_lock_note(h, "trouble");
    }
    history_unlock(h, say);
    history_free(h);
    return lost;
}
