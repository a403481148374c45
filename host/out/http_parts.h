/* host/out/http_parts.h - what http_state.c (all that is known) and http_delta.c (what changed) share.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_OUT_HTTP_PARTS_H
#define HOST_OUT_HTTP_PARTS_H

#include "host/out/http.h"

#define NO_ROW UINT32_MAX

/* What the last delta said of a command. */
struct said_command {
    int64_t raw, until_ns, shown;
    char by[32];
    char why[LINK_WHY];
};

enum { SAID = 1, SAID_OUT_OF_RANGE = 2 };

struct state_device {
    uint32_t *next; /* [value]: the next row of the same name, in another message; NONE */
    bool *later;    /* [value]: an earlier row has the name: it is shown there */
    uint8_t *said;  /* [value] */
    struct said_command *commands;
    struct text *keys; /* [value]: ["panel/coolbox.level", */
    uint32_t changes, version;
    uint64_t frames, bad;
};

struct state_link {
    uint32_t changes;
    uint64_t frames, bad;
};

struct http_state {
    struct hub *hub;
    struct state_device *devices;
    struct state_link *links;
};

/* Did `changes` come after `then`? Both count round. */
static inline bool since(uint32_t changes, uint32_t then) {
    return (int32_t)(changes - then) > 0;
}

/* Of the rows with the name of row i: the one that was heard last. */
size_t newest_row(const struct hub_device *device, const struct state_device *known, size_t i);

/* A name or another string behind a key with its punctuation; a name, and the object that it has. */
void json_member(struct text *out, const char *key, const char *value);
void json_open(struct text *out, const char *comma, const char *name);

/* Objects; those of "now" without their end. */
void signal_now(struct text *out, const struct hub_value *value);
void signal_whole(struct text *out, const struct hub_value *value, struct http_now now);
void command_now(struct text *out, struct hub_device *device, size_t i, struct http_now now);
/* The list of calls, with a comma before it; nothing where there are none. */
void device_calls(struct text *out, const struct hub_device *device);
void device_now(struct text *out, const struct hub_device *device, struct http_now now);
void link_now(struct text *out, const struct link *link);

#endif
