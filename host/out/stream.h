/* host/out/stream.h - what the outputs that write a file have in common: their keys, a spool, and
 * its texts in the log of the hub. And the printers (text, json, csv) as such outputs.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_STREAM_H
#define HOST_OUT_STREAM_H

#include <uv.h>

#include "host/out/output.h"
#include "host/out/spool.h"

struct stream {
    struct spool *spool;
    struct hub *hub;
    uv_async_t news; /* the spool's thread has something to say */
};

/* The keys, in the order of the enum. */
/* clang-format off */
#define STREAM_KEYS(path_initial, path_help)                                                       \
    {"path", VB_KEY_TEXT, NULL, path_initial, 0, 0, NULL, path_help},                              \
    {"rotate_size", VB_KEY_SIZE, NULL, "", 1000, INT64_C(1000000000000), NULL,                     \
     "begin a new file before it is larger than this"},                                            \
    {"rotate_time", VB_KEY_DURATION, NULL, "", 1000, INT64_C(400) * 86400000, NULL,                \
     "begin a new file when it is this old"},                                                      \
    {"keep_files", VB_KEY_NUMBER, NULL, "10", 1, 1000, NULL,                                       \
     "so many older files stay; PATH.1 is the newest of them"}
/* clang-format on */
enum { STREAM_PATH, STREAM_ROTATE_SIZE, STREAM_ROTATE_TIME, STREAM_KEEP_FILES, STREAM_KEY_COUNT };

/* Open the file that the configuration names, "-" is standard output. size: of the state of the
 * output, which begins with a struct stream and is otherwise 0. ending: as spool_options.
 * Returns NULL with why (OUTPUT_WHY). */
void *stream_open(size_t size, struct hub *hub, const struct config_output *config,
                  int (*ending)(int fd, int64_t size), char *why);

/* The `busy` of such an output. */
bool stream_busy(void *self);

/* Write what is left; the memory is freed when the loop lets go of it. */
void stream_close(struct stream *stream);

/* One line for the log. */
void stream_say(struct stream *stream, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* text, json, csv in the gateway. */
extern const struct output_live printer_live;

#endif
