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
struct hub_device;

/* ---- LINK as text: KIND:PLACE[,key=value]... ---- */

struct link_spec;

#define LINK_KEYS_MAX 8
#define LINK_SIM_MAX  8
#define LINK_WHY      240 /* room for the longest why */

struct link_kind {
    const char *name, *title;
    uint8_t frame_kind;        /* enum vb_kind of its frames; VB_KIND_COUNT: any (a recording) */
    const struct vb_key *keys; /* what may stand behind the place */
    size_t key_count;
    bool datagrams;     /* udp:// is a place for it */
    bool is_place;      /* its name is part of the place: file:PATH, can:can0 */
    const char *places; /* what PLACE may be, in words */
    const char *example;
    size_t size; /* of its own state, link_state(link) */
    /* What the keys cannot say one by one. Returns NULL, or the value that is wrong with why
     * (LINK_WHY). NULL: nothing. */
    const struct vb_value *(*check)(const struct link_spec *spec, char *why);
    /* file: instead of a transport. Returns false with why for what is no use to try again. */
    bool (*open)(struct link *link, char *why);
    void (*opened)(struct link *link); /* the place is there */
    void (*bytes)(struct link *link, const uint8_t *bytes, size_t n, int64_t mono_ns);
    void (*tick)(struct link *link, int64_t mono_ns);
    int64_t (*deadline_ns)(struct link *link); /* monotonic; INT64_MAX = no need */
    void (*closed)(struct link *link);         /* gone, or about to be closed; may be NULL */
    /* Commands. ready: may a command be sent now? publish: from now on this is what the bus
     * hears of the frame's id; len 0 = nothing of us. NULL: this kind carries no commands. */
    enum vb_refusal (*ready)(const struct link *link, char why[LINK_WHY]);
    bool (*publish)(struct link *link, const struct vb_frame *frame);
    /* Has all gone out that was published or wished? Asked when voltbus ends, and by who waits for
     * the end of an order. NULL: nobody knows, a while is waited. */
    bool (*settled)(const struct link *link);
    /* Can a frame of this id ever be published on such a link? NULL = yes. */
    bool (*carries)(const struct link_spec *spec, uint32_t id);
    /* Calls (voltbus/call.h). version: of what is at the other end, 0 = not known yet. ask: put
     * one question or order of device's table, as vb_call_write made it; the link answers each
     * ticket once by hub_answered (never from inside ask). wish: command number i of the device
     * has changed (leased: a lease is running; raw: what is to be in force), instead of publish;
     * false: the device does not have it, why may say more. shown: what the device makes of
     * command i, if it is not what was asked: why, in one sentence (LINK_WHY). NULL: this kind
     * has no calls. */
    uint32_t (*version)(const struct link *link);
    enum vb_refusal (*ask)(struct link *link, uint32_t ticket, struct hub_device *device,
                           size_t message, const char *body, size_t n);
    bool (*wish)(struct link *link, struct hub_device *device, size_t i, bool leased, int64_t raw,
                 char why[LINK_WHY]);
    bool (*shown)(const struct link *link, const struct hub_device *device, size_t i, char *why);
    /* Does such a link ask by itself what devices have a period for (their key poll)? So many times
     * as rarely as the period says; 0 = it does not. NULL: this kind never does. */
    unsigned (*polls)(const struct link_spec *spec);
    /* Frames of machines and of clients: hub_send. send: put one on the wire; false: it does not go out, now or
     * ever, and is dropped. What was sent is shown to all as ours, unconfirmed. ready says whether anything can be sent
     * now; the kind calls hub_publish when it can. sends: can such a link send at all, as it is set? NULL: yes. */
    bool (*send)(struct link *link, const struct vb_frame *frame);
    bool (*sends)(const struct link_spec *spec);
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
int link_spec_parse(struct link_spec *spec, const char *text, size_t n, char *why, size_t *at);

/* The value of the key of that name, which the kind must have. */
const struct vb_value *link_value(const struct link_spec *spec, const char *key);

/* For kinds with the key "listen": may voltbus send on such a link (listen=no)? */
bool link_sends(const struct link_spec *spec);

/* ---- one link of the hub (struct link stands in host/hub/hub.h) ---- */

/* Open it, and again whenever it is gone. Returns false with why (LINK_WHY) for what will not get
 * better by waiting. */
bool link_start(struct link *link, char *why);

/* Close it for good; its handles are the loop's until that has run. */
void link_stop(struct link *link);

/* For kinds: it is of no use as it is; close, say why, and try again later. */
void link_fail(struct link *link, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For kinds: what is to be said of it while it is open is now `to`, if it was `from` ("" =
 * nothing); else others say something of it, and it stays. */
void link_say(struct link *link, const char *from, const char *to);

/* For kinds: ask the deadline again. Done after every call of opened, bytes and tick. */
void link_rearm(struct link *link);

/* For kinds: a recording is at its end; broken: before its time. */
void link_end(struct link *link, const char *why, bool broken);

/* For kinds: the time stamp of what is heard now: Unix time in whole microseconds, which is more
 * than a port can tell. */
int64_t link_now_ns(void);

/* The state of the kind. */
void *link_kind_state(const struct link *link);

#endif
