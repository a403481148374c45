/* stream.c - outputs that write a file: opening, the log, closing; the printers.
 * SPDX-License-Identifier: MIT */
#include "host/out/stream.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/config/config.h"
#include "host/hub/hub.h"

static void log_line(void *context, const char *text) {
    hub_log(((struct stream *)context)->hub, "%s", text);
}

void stream_say(struct stream *stream, const char *fmt, ...) {
    char text[SPOOL_NEWS];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    log_line(stream, text);
}

static void wake(void *context) {
    struct stream *stream = context;
    uv_async_send(&stream->news);
}

static void woken(uv_async_t *news) {
    struct stream *stream = news->data;
    char text[SPOOL_NEWS];
    while (spool_news(stream->spool, text)) {
        log_line(stream, text);
    }
}

static void let_go(uv_handle_t *news) {
    free(news->data);
}

void *stream_open(size_t size, struct hub *hub, const struct config_output *config,
                  int (*ending)(int fd, int64_t size), char *why) {
    const struct vb_value *values = config->values;
    bool to_stdout = values[STREAM_PATH].len == 1 && memcmp(values[STREAM_PATH].text, "-", 1) == 0;
    bool rotates = values[STREAM_ROTATE_SIZE].number > 0 || values[STREAM_ROTATE_TIME].number > 0;
    if (to_stdout && rotates) {
        snprintf(why, OUTPUT_WHY, "standard output cannot be rotated: give it a path");
        return NULL;
    }
    struct stream *stream = calloc(1, size);
    char *path = strndup(values[STREAM_PATH].text, values[STREAM_PATH].len);
    if (!stream || !path || uv_async_init(hub->loop, &stream->news, woken) != 0) {
        snprintf(why, OUTPUT_WHY, "out of memory");
        free(stream);
        free(path);
        return NULL;
    }
    uv_unref((uv_handle_t *)&stream->news); /* the loop may end while we have nothing to say */
    stream->hub = hub;
    stream->news.data = stream;
    stream->spool = spool_open(
        &(struct spool_options){
            .path = to_stdout ? NULL : path,
            .fd = STDOUT_FILENO,
            .name = to_stdout ? "standard output" : NULL,
            .rotate_bytes = values[STREAM_ROTATE_SIZE].number,
            .rotate_ms = values[STREAM_ROTATE_TIME].number,
            .keep_files = (int)values[STREAM_KEEP_FILES].number,
            .ending = ending,
            .news = wake,
            .context = stream,
        },
        why, OUTPUT_WHY);
    free(path);
    if (!stream->spool) {
        uv_close((uv_handle_t *)&stream->news, let_go);
        return NULL;
    }
    return stream;
}

bool stream_busy(void *self) {
    return spool_busy(((struct stream *)self)->spool);
}

void stream_close(struct stream *stream) {
    spool_close(stream->spool, log_line, stream);
    stream->spool = NULL;
    uv_close((uv_handle_t *)&stream->news, let_go);
}

/* ---- printers ---- */

struct printer {
    struct stream stream;
    const struct output *output;
    bool first; /* nothing is in the file of ours */
    struct sink sink;
};

static const struct vb_key printer_keys[] = {STREAM_KEYS("-", "the file; - is standard output")};
_Static_assert(sizeof printer_keys / sizeof printer_keys[0] == STREAM_KEY_COUNT, "the enum");

/* Print a frame into the sink, as the first of a file or not. */
static void print(struct printer *p, const struct seen_frame *seen, bool file_begins) {
    struct seen_frame shown = *seen;
    shown.first = p->first || file_begins;
    p->sink.n = 0;
    if (file_begins && p->output->begin) {
        p->output->begin(&p->sink);
    }
    p->output->frame(&p->sink, &shown);
}

static void *printer_open(struct hub *hub, const struct config_output *config, char *why) {
    struct printer *p = stream_open(sizeof *p, hub, config, NULL, why);
    if (!p) {
        return NULL;
    }
    p->output = config->type;
    p->first = true;
    sink_open(&p->sink, STDOUT_FILENO); /* for the width of the terminal */
    p->sink.fd = -1;
    if (config->values[STREAM_PATH].len != 1 || config->values[STREAM_PATH].text[0] != '-') {
        p->sink.columns = 0;
    }
    if (spool_fresh(p->stream.spool) && p->output->begin) {
        p->output->begin(&p->sink);
        spool_put(p->stream.spool, SPOOL_NEXT, p->sink.buffer, p->sink.n);
    }
    return p;
}

static void printer_seen(void *self, const struct seen_frame *seen, size_t device) {
    struct printer *p = self;
    enum spool_place place = SPOOL_NEXT;
    (void)device;
    if (!seen->view) {
        return;
    }
    print(p, seen, false);
    if (p->sink.n == 0) {
        return; /* CSV has no row for a frame that fails */
    }
    if (spool_due(p->stream.spool, p->sink.n)) {
        place = SPOOL_NEW_FILE;
        print(p, seen, true);
    }
    size_t n = p->sink.error ? SPOOL_RECORD_MAX + 1 : p->sink.n; /* the spool counts what is lost */
    p->sink.error = 0;
    if (n > 0 && spool_put(p->stream.spool, place, p->sink.buffer, n)) {
        p->first = false;
    }
}

static void printer_close(void *self) {
    stream_close(self);
}

const struct output_live printer_live = {
    .keys = printer_keys,
    .key_count = STREAM_KEY_COUNT,
    .open = printer_open,
    .seen = printer_seen,
    .busy = stream_busy,
    .close = printer_close,
};
