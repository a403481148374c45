/* history_query.c - reading the history: a signal over a span of time as a limited number of points,
 * with bounded work: the samples themselves where they are few, else the minutes.
 * Rules: history.h. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/out/history_parts.h"

/* Samples that are read one by one at most (0.15 s on a PC); beyond, minutes. */
#define SAMPLES_MAX 1000000
/* Ratios that one signal may have had. */
#define PARTS_MAX 64
/* A hole is wider than this, and than so many times the usual distance. */
#define HOLE_US    MINUTE_US
#define HOLE_TIMES 3

/* One row of the table signal. */
struct part {
    int64_t id;
    double mul, add, div;
};

/* A stretch with something in it. */
struct bin {
    int64_t first_us, last_us;
    double n, sum, low, high; /* values */
};

struct query {
    struct history *h;
    sqlite3 *db;
    int64_t from_us, to_us;
    int points;
    struct part parts[PARTS_MAX];
    size_t part_count;
    int64_t device;
    int64_t width_us; /* of a stretch; 0: each sample is its own point */
    bool minutes;     /* read from the minutes: times are those of their starts */
    struct bin *bins; /* points of them */
    int bin_count;
};

static double value_of(const struct part *p, double raw) {
    return (raw * p->mul + p->add) / p->div;
}

static void add_to(struct bin *bin, const struct part *p, int64_t first_us, int64_t last_us,
                   double n, double min, double max, double sum) {
    double a = value_of(p, min);
    double b = value_of(p, max);
    double low = a < b ? a : b;
    double high = a < b ? b : a;
    if (bin->n == 0) {
        *bin = (struct bin){.first_us = first_us, .last_us = last_us, .low = low, .high = high};
    }
    bin->first_us = first_us < bin->first_us ? first_us : bin->first_us;
    bin->last_us = last_us > bin->last_us ? last_us : bin->last_us;
    bin->low = low < bin->low ? low : bin->low;
    bin->high = high > bin->high ? high : bin->high;
    bin->n += n;
    bin->sum += n * value_of(p, sum / n);
}

static int64_t minute_of(int64_t t_us) {
    int64_t within = t_us % MINUTE_US;
    return t_us - within - (within < 0 ? MINUTE_US : 0);
}

/* A statement with ?1 = id, ?2 = from, ?3 = to. */
static int open_rows(const struct query *q, const char *sql, int64_t id, int64_t from_us,
                     int64_t to_us, sqlite3_stmt **s) {
    int rc = sqlite3_prepare_v2(q->db, sql, -1, s, NULL);
    if (!rc) {
        sqlite3_bind_int64(*s, 1, id);
        sqlite3_bind_int64(*s, 2, from_us);
        sqlite3_bind_int64(*s, 3, to_us);
    }
    return rc;
}

static int parts_of(struct query *q, const char *device, const char *name) {
    sqlite3_stmt *s;
    int rc = sqlite3_prepare_v2(q->db,
                                "SELECT g.id, g.mul, g.\"add\", g.div, d.id FROM signal g"
                                " JOIN device d ON d.id = g.device WHERE d.name = ?1"
                                " AND g.name = ?2 ORDER BY g.id DESC",
                                -1, &s, NULL);
    if (rc) {
        return rc;
    }
    sqlite3_bind_text(s, 1, device, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
    while (q->part_count < PARTS_MAX && sqlite3_step(s) == SQLITE_ROW) {
        double div = sqlite3_column_double(s, 3);
        q->parts[q->part_count++] =
            (struct part){sqlite3_column_int64(s, 0), sqlite3_column_double(s, 1),
                          sqlite3_column_double(s, 2), div != 0 ? div : 1};
        q->device = sqlite3_column_int64(s, 4);
    }
    return sqlite3_finalize(s);
}

static int by_time(const void *a, const void *b) {
    const struct bin *x = a;
    const struct bin *y = b;
    return x->first_us < y->first_us ? -1 : x->first_us > y->first_us;
}

/* Each sample its own point, if there are no more than points; else *fits = false. */
static int read_single(struct query *q, bool *fits) {
    q->bin_count = 0;
    *fits = true;
    int rc = SQLITE_OK;
    for (size_t i = 0; i < q->part_count && *fits && !rc; i++) {
        sqlite3_stmt *s;
        rc = open_rows(q,
                       "SELECT t, v FROM sample WHERE signal = ?1 AND t BETWEEN ?2 AND ?3"
                       " ORDER BY t",
                       q->parts[i].id, q->from_us, q->to_us, &s);
        if (rc) {
            break;
        }
        while (*fits && sqlite3_step(s) == SQLITE_ROW) {
            *fits = q->bin_count < q->points;
            if (*fits) {
                int64_t t = sqlite3_column_int64(s, 0);
                double v = sqlite3_column_double(s, 1);
                q->bins[q->bin_count] = (struct bin){0};
                add_to(&q->bins[q->bin_count++], &q->parts[i], t, t, 1, v, v, v);
            }
        }
        rc = sqlite3_finalize(s);
    }
    if (q->part_count > 1) {
        qsort(q->bins, (size_t)q->bin_count, sizeof *q->bins, by_time);
    }
    return rc;
}

/* How many samples there are, to the minute. */
static int estimate(struct query *q, double *n) {
    int rc = SQLITE_OK;
    *n = 0;
    for (size_t i = 0; i < q->part_count && !rc; i++) {
        sqlite3_stmt *s;
        rc = open_rows(q, "SELECT total(n) FROM rollup WHERE signal = ?1 AND t BETWEEN ?2 AND ?3",
                       q->parts[i].id, minute_of(q->from_us), q->to_us, &s);
        if (rc) {
            break;
        }
        if (sqlite3_step(s) == SQLITE_ROW) {
            *n += sqlite3_column_double(s, 0);
        }
        rc = sqlite3_finalize(s);
    }
    return rc;
}

/* Stretches of width_us from from_us on, out of samples or minutes. */
static int read_stretches(struct query *q, bool minutes, int64_t from_us, int64_t width_us) {
    int rc = SQLITE_OK;
    q->minutes = minutes;
    q->width_us = width_us;
    memset(q->bins, 0, (size_t)q->points * sizeof *q->bins);
    for (size_t i = 0; i < q->part_count && !rc; i++) {
        sqlite3_stmt *s;
        rc = open_rows(q,
                       minutes ? "SELECT t, n, min, max, sum FROM rollup"
                                 " WHERE signal = ?1 AND t BETWEEN ?2 AND ?3 ORDER BY t"
                               : "SELECT t, 1, v, v, v FROM sample"
                                 " WHERE signal = ?1 AND t BETWEEN ?2 AND ?3 ORDER BY t",
                       q->parts[i].id, from_us, q->to_us, &s);
        if (rc) {
            break;
        }
        while (sqlite3_step(s) == SQLITE_ROW) {
            int64_t t = sqlite3_column_int64(s, 0);
            double n = sqlite3_column_double(s, 1);
            struct bin *bin = &q->bins[(t - from_us) / width_us];
            if (n > 0) {
                add_to(bin, &q->parts[i], t, t, n, sqlite3_column_double(s, 2),
                       sqlite3_column_double(s, 3), sqlite3_column_double(s, 4));
            }
        }
        rc = sqlite3_finalize(s);
    }
    q->bin_count = 0;
    for (int i = 0; i < q->points; i++) {
        if (q->bins[i].n > 0) {
            q->bins[q->bin_count++] = q->bins[i];
        }
    }
    return rc;
}

static int read_bins(struct query *q) {
    bool fits;
    int rc = read_single(q, &fits);
    if (rc || fits) {
        return rc;
    }
    int64_t width = (q->to_us - q->from_us) / q->points + 1;
    double samples = 0;
    if (width < MINUTE_US) { /* else it is minutes anyway */
        rc = estimate(q, &samples);
    }
    if (width < MINUTE_US && samples <= SAMPLES_MAX) {
        return rc ? rc : read_stretches(q, false, q->from_us, width);
    }
    int64_t from = minute_of(q->from_us);
    int64_t count = (q->to_us - from) / MINUTE_US + 1;
    return rc ? rc : read_stretches(q, true, from, ((count - 1) / q->points + 1) * MINUTE_US);
}

static int rising(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* From which distance on there is a hole. */
static int hole_from(const struct query *q, int64_t *hole_us) {
    *hole_us = HOLE_US;
    if (q->bin_count < 2) {
        return SQLITE_OK;
    }
    size_t n = (size_t)q->bin_count - 1;
    int64_t *distances = malloc(n * sizeof *distances);
    if (!distances) {
        return SQLITE_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        distances[i] = q->bins[i + 1].first_us - q->bins[i].first_us;
    }
    qsort(distances, n, sizeof *distances, rising);
    int64_t usual = distances[n / 2];
    free(distances);
    if (q->width_us > 0 && q->width_us < usual) {
        usual = q->width_us; /* there are more samples than stretches */
    }
    if (usual > HOLE_US / HOLE_TIMES) {
        *hole_us = usual < INT64_MAX / HOLE_TIMES ? usual * HOLE_TIMES : INT64_MAX;
    }
    return SQLITE_OK;
}

/* Put the gaps between the points. */
static int emit(struct query *q, struct history_point *out, int *count) {
    int64_t hole_us;
    sqlite3_stmt *s;
    int rc = hole_from(q, &hole_us);
    rc = rc ? rc
            : sqlite3_prepare_v2(
                  q->db, "SELECT 1 FROM gap WHERE device = ?1 AND t BETWEEN ?2 AND ?3 LIMIT 1", -1,
                  &s, NULL);
    if (rc) {
        return rc;
    }
    *count = 0;
    for (int i = 0; i < q->bin_count; i++) {
        const struct bin *bin = &q->bins[i];
        out[(*count)++] = (struct history_point){.t = (double)bin->first_us / 1e6,
                                                 .mean = bin->sum / bin->n,
                                                 .low = bin->low,
                                                 .high = bin->high};
        bool last = i + 1 == q->bin_count;
        int64_t next_us = last ? q->to_us : q->bins[i + 1].first_us;
        bool gap = !last && next_us - bin->last_us > hole_us;
        /* A minute that has both samples and a loss has no place for a gap, nor a line of one. */
        if (!gap && (!q->minutes || next_us - bin->last_us > MINUTE_US)) {
            sqlite3_bind_int64(s, 1, q->device);
            sqlite3_bind_int64(s, 2, bin->last_us);
            sqlite3_bind_int64(s, 3, next_us);
            gap = sqlite3_step(s) == SQLITE_ROW;
            rc = sqlite3_reset(s);
            if (rc) {
                break;
            }
        }
        if (gap) {
            out[(*count)++] = (struct history_point){.gap = true};
        }
    }
    sqlite3_finalize(s);
    return rc;
}

/* Is it known without having been written yet? */
static bool is_known(struct history *h, const char *device, const char *name) {
    bool known = false;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < h->signal_count && !known; i++) {
        const struct known_signal *s = h->signals[i];
        known = strcmp(s->name, name) == 0 && strcmp(h->devices[s->device], device) == 0;
    }
    pthread_mutex_unlock(&h->lock);
    return known;
}

/* The reader's connection, to the file that the writer has now. */
static int open_reader(struct history *h) {
    unsigned generation = atomic_load(&h->generation);
    if (h->reader && generation == h->reader_generation) {
        return SQLITE_OK;
    }
    sqlite3_close(h->reader);
    h->reader = NULL;
    int rc = sqlite3_open_v2(h->path, &h->reader, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
    if (!rc) {
        sqlite3_busy_timeout(h->reader, 1000);
        h->reader_generation = generation;
    }
    return rc;
}

static int run_query(struct query *q, const char *device, const char *name,
                     struct history_point *out, int *count) {
    int rc = parts_of(q, device, name);
    if (rc || q->part_count == 0) {
        *count = is_known(q->h, device, name) ? 0 : -1;
        return rc;
    }
    rc = read_bins(q);
    return rc ? rc : emit(q, out, count);
}

int history_query(struct history *h, const char *device, const char *name, int64_t from_ns,
                  int64_t to_ns, int points, struct history_point *out, char *why, size_t n) {
    if (from_ns > to_ns || points < 2 || points > HISTORY_POINTS) {
        snprintf(why, n, "%s", from_ns > to_ns ? "from is after to" : "points: 2 to 5000");
        return -2;
    }
    if (!atomic_load(&h->open)) {
        struct history_status status;
        history_status(h, &status);
        snprintf(why, n, "%s", status.trouble);
        return -2;
    }
    struct query q = {
        .h = h, .from_us = history_us(from_ns), .to_us = history_us(to_ns), .points = points};
    int count = 0;
    q.bins = malloc((size_t)points * sizeof *q.bins);
    int rc = q.bins ? open_reader(h) : SQLITE_NOMEM;
    if (!rc) {
        q.db = h->reader;
        /* one moment of the file for all that is read */
        rc = sqlite3_exec(q.db, "BEGIN", NULL, NULL, NULL);
        rc = rc ? rc : run_query(&q, device, name, out, &count);
        sqlite3_exec(q.db, "COMMIT", NULL, NULL, NULL);
    }
    free(q.bins);
    if (rc) {
        bool damaged = (rc & 0xFF) == SQLITE_CORRUPT || (rc & 0xFF) == SQLITE_NOTADB;
        snprintf(why, n, "%s: cannot be read: %s%s", h->path, sqlite3_errstr(rc),
                 damaged ? "; end voltbus and see docs/history.md, \"Damage\"" : "");
        sqlite3_close(h->reader);
        h->reader = NULL;
        return -2;
    }
    return count;
}
