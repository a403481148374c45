/* sqlite.c - the output `sqlite`: which samples go into the history (host/out/history.h).
 * A value that stays as it is need not be written again and again: it is noted when it changes, at
 * most once in `every`, and once in a while so that a plot knows it was heard.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/hub/hub.h"
#include "host/out/history.h"
#include "voltbus/time.h"

enum { KEY_PATH, KEY_KEEP, KEY_SIZE, KEY_EVERY, KEY_COMMIT, KEY_COUNT, KEY_TEMPORARY };
static const struct vb_key keys[] = {
    {"path", VB_KEY_TEXT, NULL, NULL, 0, 0, NULL, "the file; made if it is not there"},
    {"keep", VB_KEY_DURATION, NULL, "400d", 0, INT64_C(100) * 366 * 86400000, NULL,
     "older samples are removed; 0s = never"},
    {"size", VB_KEY_SIZE, NULL, "2GB", 0, INT64_C(1000000000000000), NULL,
     "the oldest samples are removed when the file is larger; 0B = no limit"},
    {"every", VB_KEY_DURATION, NULL, "1s", 0, 86400000, NULL,
     "of each signal at most one change in this time is kept; 0s = every sample, changed or not"},
    {"commit", VB_KEY_DURATION, NULL, "1s", 10, 60000, NULL,
     "a power cut loses at most the last samples of this time"},
    {"commit_count", VB_KEY_NUMBER, NULL, "5000", 1, 100000, NULL, "or so many samples"},
    {"temporary", VB_KEY_FLAG, NULL, "no", 0, 0, NULL, "remove the file at the end"},
};

/* Unchanged values are noted this often: half of what the history takes a value to hold. */
#define AGAIN_NS (30 * VB_NS_PER_S)

struct kept {
    bool known, any;
    int id; /* of the history, once known; -1 = there was no memory for it */
    int64_t t_ns, raw;
    int64_t heard_ns, heard_raw; /* the last time, kept or not */
};

struct sqlite {
    struct hub *hub;
    struct history *history;
    int64_t every_ns;
    struct kept **kept; /* [device][value] */
    uv_timer_t watch;
    char trouble[400]; /* as it was last said */
};

/* Say what is wrong with the disk, once, and when it is well again. */
static void on_watch(uv_timer_t *timer) {
    struct sqlite *s = timer->data;
    struct history_status status;
    history_status(s->history, &status);
    if (strcmp(status.trouble, s->trouble) != 0) {
        if (status.trouble[0]) {
            hub_log(s->hub, "history: %s", status.trouble);
        } else {
            hub_log(s->hub, "history: writes again, %" PRIu64 " samples were lost", status.dropped);
        }
        snprintf(s->trouble, sizeof s->trouble, "%s", status.trouble);
    }
}

static void close_sqlite(void *self);

static void *open_sqlite(struct hub *hub, const struct config_output *config, char *why) {
    struct sqlite *s = calloc(1, sizeof *s);
    char path[1024];
    if (!s) {
        snprintf(why, OUTPUT_WHY, "out of memory");
        return NULL;
    }
    if (hub->history) {
        snprintf(why, OUTPUT_WHY, "there is a history already: one is kept");
        free(s);
        return NULL;
    }
    snprintf(path, sizeof path, "%.*s", (int)config->values[KEY_PATH].len,
             config->values[KEY_PATH].text);
    struct history_options options = {.path = path,
                                      .temporary = config->values[KEY_TEMPORARY].number != 0,
                                      .keep_ms = config->values[KEY_KEEP].number,
                                      .keep_bytes = config->values[KEY_SIZE].number,
                                      .commit_ms = config->values[KEY_COMMIT].number,
                                      .commit_count = config->values[KEY_COUNT].number};
    s->hub = hub;
    s->every_ns = config->values[KEY_EVERY].number * VB_NS_PER_MS;
    s->kept = calloc(hub->device_count + 1, sizeof *s->kept);
    s->history = s->kept ? history_open(&options, why, OUTPUT_WHY) : NULL;
    if (!s->history) {
        free(s->kept);
        free(s);
        return NULL;
    }
    if (why[0]) {
        hub_log(hub, "history: %s", why);
    }
    uv_timer_init(hub->loop, &s->watch);
    s->watch.data = s;
    uv_timer_start(&s->watch, on_watch, 1000, 1000);
    for (size_t d = 0; d < hub->device_count; d++) {
        s->kept[d] = calloc(hub->devices[d].value_count + 1, sizeof **s->kept);
        if (!s->kept[d]) {
            snprintf(why, OUTPUT_WHY, "out of memory");
            close_sqlite(s);
            return NULL;
        }
    }
    hub->history = s->history;
    return s;
}

/* From a to b; times of recordings may be absurd. */
static int64_t since_ns(int64_t a, int64_t b) {
    int64_t distance;
    return __builtin_sub_overflow(b, a, &distance) ? INT64_MAX : distance;
}

static bool worth_keeping(const struct sqlite *s, const struct kept *kept, int64_t t_ns,
                          int64_t raw) {
    if (s->every_ns == 0 || !kept->any || t_ns < kept->t_ns) {
        return true;
    }
    int64_t since = since_ns(kept->t_ns, t_ns);
    return raw == kept->raw ? since >= AGAIN_NS : since >= s->every_ns;
}

static void put(const struct sqlite *s, struct kept *kept, int64_t t_ns, int64_t raw) {
    if (kept->id >= 0) {
        history_put(s->history, kept->id, t_ns, raw);
    }
    kept->any = true;
    kept->t_ns = t_ns;
    kept->raw = raw;
}

/* The file keeps integers and a ratio. */
static const struct vb_scale millionths = {1, 0, 1000000};

/* A floating point number in millionths, as far as 64 bits go. */
static int64_t float_raw(const struct vb_signal *signal, int64_t raw) {
    double value;
    if (signal->len + signal->more_len == 32) {
        uint32_t bits = (uint32_t)raw;
        float single;
        memcpy(&single, &bits, sizeof single);
        value = (double)single;
    } else {
        memcpy(&value, &raw, sizeof value);
    }
    if (signal->scale) {
        value = (value * (double)signal->scale->mul + (double)signal->scale->add) /
                (double)signal->scale->div;
    }
    value *= (double)millionths.div;
    return value > 9e18    ? INT64_MAX
           : value < -9e18 ? INT64_MIN
                           : (int64_t)(value + (value < 0 ? -0.5 : 0.5));
}

static void seen(void *self, const struct seen_frame *seen, size_t d) {
    struct sqlite *s = self;
    const struct hub_device *device = &s->hub->devices[d];
    if (seen->reading.fault != VB_FAULT_NONE) {
        return;
    }
    size_t first = device->first_value[seen->reading.message - device->config->type->messages];
    int64_t lost_ns = hub_lost_ns(device, seen->reading.message);
    for (size_t i = 0; i < seen->reading.count; i++) {
        const struct vb_sample *sample = &seen->view->samples[i];
        const struct vb_signal *signal = sample->signal;
        if (signal->flags & VB_TEXT) {
            continue; /* rows of numbers have no place for it */
        }
        struct kept *kept = &s->kept[d][first + (size_t)(signal - seen->reading.message->signals)];
        int64_t t_ns = seen->t_ns;
        bool lost = kept->any && since_ns(kept->heard_ns, t_ns) > lost_ns;
        if (lost && kept->heard_ns > kept->t_ns) { /* up to where it was lost it was what it was */
            put(s, kept, kept->heard_ns, kept->heard_raw);
        }
        int64_t raw = signal->flags & VB_FLOAT ? float_raw(signal, sample->raw) : sample->raw;
        kept->heard_ns = t_ns;
        kept->heard_raw = raw;
        if (!lost && !worth_keeping(s, kept, t_ns, raw)) {
            continue;
        }
        if (kept->any && t_ns / VB_NS_PER_US == kept->t_ns / VB_NS_PER_US) {
            t_ns = kept->t_ns + VB_NS_PER_US; /* the file has microseconds: two frames in one */
        }
        if (!kept->known) {
            kept->known = true;
            kept->id = history_signal(s->history, device->config->name, signal->name, signal->unit,
                                      signal->flags & VB_FLOAT ? &millionths : signal->scale);
        }
        put(s, kept, t_ns, raw);
    }
}

static bool busy(void *self) {
    struct sqlite *s = self;
    return history_busy(s->history);
}

static void on_watch_closed(uv_handle_t *handle) {
    free(handle->data);
}

static void close_sqlite(void *self) {
    struct sqlite *s = self;
    s->hub->history = NULL;
    uint64_t lost = history_close(s->history);
    if (lost > 0) {
        hub_log(s->hub, "history: the last %" PRIu64 " samples are not written", lost);
    }
    for (size_t d = 0; d < s->hub->device_count; d++) {
        free(s->kept[d]);
    }
    free(s->kept);
    uv_close((uv_handle_t *)&s->watch, on_watch_closed);
}

static const struct output_live live = {
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .open = open_sqlite,
    .seen = seen,
    .busy = busy,
    .close = close_sqlite,
    .read_by_others = true,
};

const struct output output_sqlite = {
    .name = "sqlite",
    .title = "the history: samples in a SQLite file",
    .live = &live,
};
