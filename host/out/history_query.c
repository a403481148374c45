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

/* A stretch with something in it: samples, or a value that held there. */
struct bin {
    int64_t first_us;
    int64_t last_us;         /* the last sample in it, or the held one; minutes: their starts */
    int64_t heard_us;        /* the last sample in or before it */
    double n, sum, us, area; /* samples, their sum, time in which values held, sum of value * us */
    double low, high;        /* values */
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

/* Samples or what held, of raw from min to max. */
struct piece {
    int64_t first_us, last_us;
    double n, sum, us, area, min, max;
};

static void add_to(struct bin *bin, const struct part *p, const struct piece *piece) {
    double a = value_of(p, piece->min);
    double b = value_of(p, piece->max);
    double low = a < b ? a : b;
    double high = a < b ? b : a;
    if (bin->n == 0 && bin->us == 0) {
        *bin = (struct bin){.first_us = piece->first_us,
                            .last_us = piece->last_us,
                            .heard_us = piece->last_us,
                            .low = low,
                            .high = high};
    }
    bin->first_us = piece->first_us < bin->first_us ? piece->first_us : bin->first_us;
    bin->last_us = piece->last_us > bin->last_us ? piece->last_us : bin->last_us;
    bin->low = low < bin->low ? low : bin->low;
    bin->high = high > bin->high ? high : bin->high;
    if (piece->n > 0) {
        bin->heard_us =
            bin->n == 0 || piece->last_us > bin->heard_us ? piece->last_us : bin->heard_us;
        bin->n += piece->n;
        bin->sum += piece->n * value_of(p, piece->sum / piece->n);
    }
    if (piece->us > 0) {
        bin->us += piece->us;
        bin->area += piece->us * value_of(p, piece->area / piece->us);
    }
}

static void add_sample(struct bin *bin, const struct part *p, int64_t t_us, double raw) {
    add_to(bin, p,
           &(struct piece){
               .first_us = t_us, .last_us = t_us, .n = 1, .sum = raw, .min = raw, .max = raw});
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

/* ---- what holds ---- */

/* A sample, which holds until end_us. */
struct holding {
    bool any;
    int64_t t_us;
    double raw;
};

/* The last sample before from_us, if it may hold until then; gaps are not looked at. */
static int held_before(const struct query *q, int64_t id, int64_t from_us, struct holding *held) {
    sqlite3_stmt *s;
    *held = (struct holding){0};
    int rc = open_rows(q,
                       "SELECT t, v FROM sample WHERE signal = ?1 AND t > ?2 AND t < ?3"
                       " ORDER BY t DESC LIMIT 1",
                       id, from_us - HOLD_US, from_us, &s);
    if (!rc) {
        if (sqlite3_step(s) == SQLITE_ROW) {
            *held = (struct holding){true, sqlite3_column_int64(s, 0), sqlite3_column_double(s, 1)};
        }
        rc = sqlite3_finalize(s);
    }
    return rc;
}

/* The gaps of the device, in rising time, for holds in rising time. */
struct gaps {
    sqlite3_stmt *s;
    bool any;
    int64_t t_us; /* the next one */
};

static void next_gap(struct gaps *gaps) {
    gaps->any = gaps->any && sqlite3_step(gaps->s) == SQLITE_ROW;
    gaps->t_us = gaps->any ? sqlite3_column_int64(gaps->s, 0) : INT64_MAX;
}

static int open_gaps(const struct query *q, int64_t from_us, struct gaps *gaps) {
    int rc = open_rows(q, "SELECT t FROM gap WHERE device = ?1 AND t BETWEEN ?2 AND ?3 ORDER BY t",
                       q->device, from_us - HOLD_US, q->to_us, &gaps->s);
    gaps->any = !rc;
    if (!rc) {
        next_gap(gaps);
    }
    return rc;
}

/* Until when a sample holds at most, the next one being of next_us. */
static int64_t hold_end(struct gaps *gaps, const struct holding *held, int64_t next_us) {
    while (gaps->any && gaps->t_us < held->t_us) {
        next_gap(gaps);
    }
    int64_t end_us = next_us - held->t_us < HOLD_US ? next_us : held->t_us + HOLD_US;
    return gaps->any && gaps->t_us < end_us ? gaps->t_us : end_us;
}

/* The value that held at from_us, if one did and no sample is of just then: of all ratios that the
 * signal had the newest. */
static int held_at_from(const struct query *q, struct bin *bin, bool *any) {
    int64_t newest_us = INT64_MIN;
    int rc = SQLITE_OK;
    *any = false;
    for (size_t i = 0; i < q->part_count && !rc; i++) {
        struct holding held;
        struct gaps gaps;
        rc = held_before(q, q->parts[i].id, q->from_us, &held);
        if (rc || !held.any || held.t_us < newest_us) {
            continue;
        }
        rc = open_gaps(q, q->from_us, &gaps);
        if (!rc) {
            newest_us = held.t_us;
            *any = hold_end(&gaps, &held, q->from_us + 1) > q->from_us;
            *bin = (struct bin){0};
            add_to(bin, &q->parts[i],
                   &(struct piece){q->from_us, held.t_us, 0, 0, 1, held.raw, held.raw, held.raw});
            rc = sqlite3_finalize(gaps.s);
        }
    }
    return rc;
}

/* Each sample its own point, if there are no more than points; else *fits = false. */
static int read_single(struct query *q, bool *fits) {
    *fits = true;
    bool any = false;
    int rc = held_at_from(q, &q->bins[0], &any);
    q->bin_count = any;
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
            int64_t t = sqlite3_column_int64(s, 0);
            if (any && t == q->from_us) { /* what held before ends there */
                any = false;
                q->bins[0] = q->bins[--q->bin_count];
            }
            *fits = q->bin_count < q->points;
            if (*fits) {
                q->bins[q->bin_count] = (struct bin){0};
                add_sample(&q->bins[q->bin_count++], &q->parts[i], t, sqlite3_column_double(s, 1));
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
                       q->parts[i].id, history_minute(q->from_us), q->to_us, &s);
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

static int read_minutes(struct query *q, const struct part *part, int64_t from_us) {
    sqlite3_stmt *s;
    int rc = open_rows(q,
                       "SELECT t, n, min, max, sum, us, area FROM rollup"
                       " WHERE signal = ?1 AND t BETWEEN ?2 AND ?3 ORDER BY t",
                       part->id, from_us, q->to_us, &s);
    while (!rc && sqlite3_step(s) == SQLITE_ROW) {
        int64_t t = sqlite3_column_int64(s, 0);
        struct piece piece = {.first_us = t,
                              .last_us = t,
                              .n = sqlite3_column_double(s, 1),
                              .min = sqlite3_column_double(s, 2),
                              .max = sqlite3_column_double(s, 3),
                              .sum = sqlite3_column_double(s, 4),
                              .us = sqlite3_column_double(s, 5),
                              .area = sqlite3_column_double(s, 6)};
        if (piece.n > 0 || piece.us > 0) {
            add_to(&q->bins[(t - from_us) / q->width_us], part, &piece);
        }
    }
    return rc ? rc : sqlite3_finalize(s);
}

/* A value held until end_us: the stretches in which it did. */
static void add_hold(struct query *q, const struct part *part, const struct holding *held,
                     int64_t end_us) {
    int64_t from_us = held->t_us > q->from_us ? held->t_us : q->from_us;
    end_us = end_us < q->to_us + 1 ? end_us : q->to_us + 1;
    while (from_us < end_us) {
        int64_t number = (from_us - q->from_us) / q->width_us;
        int64_t next_us = q->from_us + (number + 1) * q->width_us;
        next_us = next_us < end_us ? next_us : end_us;
        double us = (double)(next_us - from_us);
        add_to(
            &q->bins[number], part,
            &(struct piece){from_us, held->t_us, 0, 0, us, us * held->raw, held->raw, held->raw});
        from_us = next_us;
    }
}

/* The time of the first sample behind the span: until then the last one in it holds. */
static int sample_behind(const struct query *q, int64_t id, bool *any, int64_t *t_us) {
    sqlite3_stmt *s;
    int rc = open_rows(q, "SELECT t FROM sample WHERE signal = ?1 AND t > ?3 ORDER BY t LIMIT 1",
                       id, 0, q->to_us, &s);
    if (!rc) {
        *any = sqlite3_step(s) == SQLITE_ROW;
        *t_us = *any ? sqlite3_column_int64(s, 0) : 0;
        rc = sqlite3_finalize(s);
    }
    return rc;
}

static int read_samples(struct query *q, const struct part *part) {
    struct holding held;
    struct gaps gaps = {0};
    sqlite3_stmt *s = NULL;
    int rc = held_before(q, part->id, q->from_us, &held);
    rc = rc ? rc : open_gaps(q, q->from_us, &gaps);
    rc = rc ? rc
            : open_rows(q,
                        "SELECT t, v FROM sample WHERE signal = ?1 AND t BETWEEN ?2 AND ?3"
                        " ORDER BY t",
                        part->id, q->from_us, q->to_us, &s);
    while (!rc && sqlite3_step(s) == SQLITE_ROW) {
        struct holding next = {true, sqlite3_column_int64(s, 0), sqlite3_column_double(s, 1)};
        if (held.any) {
            add_hold(q, part, &held, hold_end(&gaps, &held, next.t_us));
        }
        add_sample(&q->bins[(next.t_us - q->from_us) / q->width_us], part, next.t_us, next.raw);
        held = next;
    }
    int closed = sqlite3_finalize(s);
    rc = rc ? rc : closed;
    bool any = false;
    int64_t next_us = 0;
    rc = rc ? rc : sample_behind(q, part->id, &any, &next_us);
    if (!rc && held.any && any) {
        add_hold(q, part, &held, hold_end(&gaps, &held, next_us));
    }
    closed = sqlite3_finalize(gaps.s);
    return rc ? rc : closed;
}

/* Stretches of width_us from from_us on, out of samples or minutes. */
static int read_stretches(struct query *q, bool minutes, int64_t from_us, int64_t width_us) {
    int rc = SQLITE_OK;
    q->minutes = minutes;
    q->width_us = width_us;
    memset(q->bins, 0, (size_t)q->points * sizeof *q->bins);
    for (size_t i = 0; i < q->part_count && !rc; i++) {
        rc = minutes ? read_minutes(q, &q->parts[i], from_us) : read_samples(q, &q->parts[i]);
    }
    q->bin_count = 0;
    for (int i = 0; i < q->points; i++) {
        struct bin *bin = &q->bins[i];
        if (bin->n > 0 || bin->us > 0) {
            if (bin->n == 0 && minutes && q->bin_count > 0) {
                bin->heard_us = q->bins[q->bin_count - 1].heard_us;
            }
            q->bins[q->bin_count++] = *bin;
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
    int64_t from = history_minute(q->from_us);
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
    int64_t *distances = malloc((size_t)q->bin_count * sizeof *distances + 1);
    if (!distances) {
        return SQLITE_NOMEM;
    }
    size_t n = 0;
    int64_t before_us = 0;
    bool any = false;
    for (int i = 0; i < q->bin_count; i++) {
        if (q->bins[i].n > 0) { /* else it only holds there */
            if (any) {
                distances[n++] = q->bins[i].first_us - before_us;
            }
            any = true;
            before_us = q->bins[i].first_us;
        }
    }
    if (n == 0) {
        free(distances);
        return SQLITE_OK;
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
        out[(*count)++] =
            (struct history_point){.t = (double)bin->first_us / 1e6,
                                   .mean = bin->us > 0 ? bin->area / bin->us : bin->sum / bin->n,
                                   .low = bin->low,
                                   .high = bin->high};
        bool last = i + 1 == q->bin_count;
        int64_t next_us = last ? q->to_us : q->bins[i + 1].first_us;
        bool gap = !last && q->bins[i + 1].n > 0 && next_us - bin->heard_us > hole_us;
        /* A minute that has both samples and a loss has no place for a gap, nor a line of one. */
        if (!gap && (!q->minutes || next_us - bin->last_us > MINUTE_US)) {
            sqlite3_bind_int64(s, 1, q->device);
            sqlite3_bind_int64(s, 2, bin->last_us);
            sqlite3_bind_int64(s, 3, last ? next_us : next_us - 1);
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
