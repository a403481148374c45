/* host/out/output.h - outputs: what was read, written as text, JSON lines or CSV.
 * One output, one file, one line in outputs.def.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_OUTPUT_H
#define HOST_OUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/device.h"
#include "voltbus/key.h"

/* ---- bytes on their way to a file descriptor ---- */

#define SINK_SIZE 65536

struct sink {
    int fd;         /* -1: the buffer is all there is; what does not fit is an error */
    int error;      /* errno of the first write that failed; after it everything is dropped */
    size_t columns; /* width of the terminal, 0 if it is none */
    size_t n;
    char buffer[SINK_SIZE];
};

/* Begin to write to fd. */
void sink_open(struct sink *sink, int fd);
void sink_flush(struct sink *sink);
void sink_bytes(struct sink *sink, const char *text, size_t n);
void sink_text(struct sink *sink, const char *text);
/* As 2 * n lower-case digits. */
void sink_hex(struct sink *sink, const uint8_t *bytes, size_t n);
/* Room for n (up to SINK_SIZE) bytes in one piece; add them with sink->n += used. */
char *sink_room(struct sink *sink, size_t n);

/* ---- what outputs know of rows beforehand, so that nothing is worked out twice ---- */

struct column {
    struct vb_decimal decimal;
    uint16_t key_n, tail_n, label_n;
    const char *key;   /* JSON: "battery.voltage": with quotes and colon */
    const char *tail;  /* CSV: ,V and the line end */
    const char *label; /* text: battery.voltage */
    const char *unit;  /* text: " V", or "" */
    bool guess;
};

/* A device on one link, ready to read frames and to show them. */
struct view {
    const char *name; /* of the device: as configured, or its type */
    struct vb_instance instance;
    struct vb_sample *samples; /* room for the largest message */
    size_t cap;
    struct column **columns; /* [message][row] */
    char *json_name;         /* "device":"hella-ibs", */
};

/* Prepare a view; name is kept by pointer, NULL: that of the type. Returns false if memory runs out. */
bool view_init(struct view *view, const struct vb_device *device, const char *name,
               uint16_t number);
void view_free(struct view *view);

/* ---- outputs ---- */

/* One frame as one device saw it, or as nobody did (view == NULL). */
struct seen_frame {
    const struct vb_frame *frame;
    int64_t t_ns;  /* as it is to be shown */
    bool relative; /* t_ns counts from the start of the recording */
    bool first;    /* first of the output */
    const char *link;
    const struct view *view;
    struct vb_reading reading;
};

struct hub;    /* host/hub/hub.h */
struct config; /* host/config/config.h */
struct config_output;

/* An output of the gateway. All functions are called on the loop, and must not block. */
struct output_live {
    const struct vb_key *keys; /* what its configuration may say beside `type` */
    size_t key_count;
    /* Is its configuration good, as far as its keys alone do not tell? Else which of them is not, and why
     * (OUTPUT_WHY). May be NULL. */
    bool (*check)(const struct config *config, const struct config_output *output, size_t *key,
                  char *why);
    /* Returns its state, or NULL with why (OUTPUT_WHY). */
    void *(*open)(struct hub *hub, const struct config_output *config, char *why);
    void (*raw)(void *self, const struct vb_frame *frame,
                const char *link);                                          /* every frame, first */
    void (*seen)(void *self, const struct seen_frame *seen, size_t device); /* as a device saw it */
    void (*changed)(void *self); /* a link, the health of a device or a lease changed */
    /* Much waits to be written: a replay should not hurry. */
    bool (*busy)(void *self);
    void (*close)(void *self);        /* all others but open and close may be NULL */
    const struct server_kind *server; /* it serves clients (server.h); NULL: it does not */
    bool read_by_others;              /* the history: closed when nobody can ask it any more */
};
#define OUTPUT_WHY 300

struct output {
    const char *name, *title;
    /* printing, one frame after the other: decode, and the gateway through a file; else NULL */
    void (*begin)(struct sink *sink);
    void (*frame)(struct sink *sink, const struct seen_frame *seen);
    const struct output_live *live; /* in the gateway; NULL: not there */
    bool whole; /* frame shows a message between car and charger whole where no device is named */
};

extern const struct output *const outputs[];
extern const size_t output_count;

const struct output *output_find(const char *name);

/* Room for a number or words; for the value of any sample, which may be bytes. */
#define VALUE_TEXT  256
#define SAMPLE_TEXT (2 * VB_BYTES_MAX)
/* The value of a sample as text: from its column where it is a number. out: SAMPLE_TEXT bytes. */
size_t value_text(const struct column *column, const struct vb_sample *sample, char *out,
                  bool *is_word);

/* What a row takes within limits (NULL: none), as people read it: its words with `between` between
 * them, or "0 to 32.5 A". out: n bytes, ends with 0, "" if there is nothing to say. Returns out. */
const char *row_range(const struct vb_signal *row, const struct vb_limits *limits,
                      const char *between, char *out, size_t n);

/* Columns that n bytes of UTF-8 take on a terminal. */
size_t text_columns(const char *text, size_t n);

/* Append text as the inside of a JSON string. */
void sink_json(struct sink *sink, const char *text);

#endif
