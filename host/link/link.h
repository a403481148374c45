/* host/link/link.h - the LINK: bytes of a place to frames and back, opened again when it is gone.
 * One kind of link, one file, one line in links.def.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_LINK_LINK_H
#define HOST_LINK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/io/transport.h"
#include "voltbus/control.h"
#include "voltbus/frame.h"
#include "voltbus/key.h"

struct link;

/* ---- LINK as text: KIND:PLACE[,key=value]... ---- */

#define LINK_KEYS_MAX 8
#define LINK_SIM_MAX  8

struct link_kind {
    const char *name, *title;
    uint8_t frame_kind;        /* enum vb_kind of its frames; VB_KIND_COUNT: any (a recording) */
    const struct vb_key *keys; /* what may stand behind the place */
    size_t key_count;
    const char *places; /* what PLACE may be, in words */
    const char *example;
    size_t size;                                        /* of its own state, link_state(link) */
    bool (*opens_itself)(struct link *link, char *why); /* file: no transport; else NULL */
    void (*opened)(struct link *link);                  /* the place is there */
    void (*bytes)(struct link *link, const uint8_t *bytes, size_t n, int64_t mono_ns);
    void (*tick)(struct link *link, int64_t mono_ns);
    int64_t (*deadline_ns)(struct link *link); /* monotonic; INT64_MAX = no need */
    bool (*send)(struct link *link, const struct vb_frame *frame);
    void (*closed)(struct link *link);
};

extern const struct link_kind *const link_kinds[];
extern const size_t link_kind_count;
const struct link_kind *link_kind_find(const char *name, size_t n);

struct link_spec {
    char text[PLACE_TEXT]; /* as given */
    const struct link_kind *kind;
    struct place place;
    struct vb_value values[LINK_KEYS_MAX]; /* of kind->keys; their text points into text */
    const char *sim_texts[LINK_SIM_MAX];   /* sim://: the simulator's settings, good ones */
    char sim_buffer[PLACE_TEXT];
    size_t sim_count;
};

/* Read a LINK of n characters. Returns VB_OK, or an error with why (LINK_WHY) and *at, the place of
 * the character it is about. The spec must not be moved afterwards (it points into itself). */
#define LINK_WHY 240
int link_spec_parse(struct link_spec *spec, const char *text, size_t n, char *why, size_t *at);

#endif
