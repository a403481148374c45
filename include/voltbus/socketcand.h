/* voltbus/socketcand.h - socketcand: CAN over TCP as text, "< send 1F2 2 30 79 >", for the
 * client that opens a bus and for the server that has it; and the beacon by which servers are
 * found. Leaves out: what the words of the broadcast manager and of ISO-TP mean (they are told
 * by name, with their text); the order of a session and its timeouts. Of CAN FD nothing is
 * specified.
 * Facts: reference/can-transports.md section 2.3, docs/socketcand.md.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_SOCKETCAND_H
#define VOLTBUS_SOCKETCAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"

#define VB_SOCKETCAND_PORT        29536
#define VB_SOCKETCAND_BEACON_PORT 42000 /* UDP */

enum vb_socketcand_side {
    VB_SOCKETCAND_CLIENT, /* we read what a server sends */
    VB_SOCKETCAND_SERVER, /* we read what a client sends */
};

/* The first words of messages. */
#define VB_SOCKETCAND_WORDS(X)                                                                     \
    X(HI, "hi")           /* server: here I am */                                                  \
    X(OK, "ok")           /* server: done */                                                       \
    X(ERROR, "error")     /* server: refused, why; or an error frame */                            \
    X(OPEN, "open")       /* client: the bus of that name */                                       \
    X(RAWMODE, "rawmode") /* client: every frame, please */                                        \
    X(BCMMODE, "bcmmode") /* client: only what I subscribe to (the mode after open) */             \
    X(CONTROLMODE, "controlmode")                                                                  \
    X(ISOTPMODE, "isotpmode")                                                                      \
    X(ECHO, "echo")             /* client: are you there? server: the same */                      \
    X(SEND, "send")             /* client: a frame, ID LEN BYTES */                                \
    X(SENDRTR, "sendrtr")       /* client: a remote frame, ID LEN */                               \
    X(FRAME, "frame")           /* server: a frame was heard, ID TIME BYTES */                     \
    X(RTR, "rtr")               /* server: a remote frame was heard, ID TIME LEN */                \
    X(STATISTICS, "statistics") /* client: every so many ms */                                     \
    X(STAT, "stat")             /* server: bytes and frames received, bytes and frames sent */     \
    X(ADD, "add")                                                                                  \
    X(UPDATE, "update")                                                                            \
    X(DELETE, "delete")                                                                            \
    X(FILTER, "filter")                                                                            \
    X(MUXFILTER, "muxfilter")                                                                      \
    X(SUBSCRIBE, "subscribe")                                                                      \
    X(UNSUBSCRIBE, "unsubscribe")                                                                  \
    X(ISOTPCONF, "isotpconf")                                                                      \
    X(SENDPDU, "sendpdu")                                                                          \
    X(PDU, "pdu")

enum vb_socketcand_word {
#define X(name, text) VB_SOCKETCAND_##name,
    VB_SOCKETCAND_WORDS(X)
#undef X
        VB_SOCKETCAND_WORD_COUNT /* none of them */
};

/* Room for a message with its brackets. Longer ones (a mux filter) are thrown away. */
#define VB_SOCKETCAND_TEXT 256

enum vb_socketcand_what {
    VB_SOCKETCAND_WHAT_FRAME, /* client: heard; server: to be sent */
    VB_SOCKETCAND_WHAT_WORD,  /* any other message that is well formed */
    VB_SOCKETCAND_WHAT_BAD,   /* error: VB_E_FORMAT, VB_E_RANGE (no such frame), VB_E_SPACE */
};

struct vb_socketcand_event {
    enum vb_socketcand_what what;
    enum vb_socketcand_word word;
    int error;
    struct vb_frame frame; /* t_ns: the server's clock, Unix time; 0 of what a client sends */
    const char *text;      /* n characters behind the word, without spaces around them */
    size_t n;
};

/* One direction of one connection. Copyable. */
struct vb_socketcand {
    uint32_t bad; /* messages thrown away, since init; for reading */
    uint8_t side;
    bool inside; /* behind '<' */
    bool drop;   /* too long, up to '>' */
    bool ready;
    uint16_t len;
    char text[VB_SOCKETCAND_TEXT];
    uint8_t data[8];
};

void vb_socketcand_init(struct vb_socketcand *s, enum vb_socketcand_side side);

/* Take bytes up to the end of the first message. Returns how many were used, 0 only if n is 0 or an
 * event waits: call vb_socketcand_next after each call, then come again with the rest.
 * What stands between messages is skipped. A '<' inside a message begins another one. */
size_t vb_socketcand_feed(struct vb_socketcand *s, const uint8_t *buf, size_t n);

/* Take the event out. Returns false if there is none. What it points to lives until the next call.
 * An id of eight digits, or beyond 7FF, has 29 bits: real clients write neither leading zeros nor
 * always eight digits. */
bool vb_socketcand_next(struct vb_socketcand *s, struct vb_socketcand_event *event);

/* ---- writing; out: room for VB_SOCKETCAND_TEXT, no terminator; the length is returned ---- */

/* A word with n characters of text (0: none). Returns VB_E_RANGE if that is too long or has
 * brackets or control characters. */
int vb_socketcand_put(enum vb_socketcand_word word, const char *text, size_t n, char *out);

/* A frame: of a client "send" and "sendrtr", of a server "frame", "rtr" and "error", with its
 * time in whole microseconds. Returns VB_E_RANGE for what has no form: CAN FD, error frames of a
 * client. */
int vb_socketcand_put_frame(enum vb_socketcand_side side, const struct vb_frame *frame, char *out);

/* ---- the beacon ---- */

/* A name or address, n characters of somebody's text. */
struct vb_socketcand_name {
    const char *text;
    size_t n;
};

/* What a beacon says. Its parts point into the text that was read, as they stand there (&amp;
 * and the like are not resolved). */
struct vb_socketcand_beacon {
    struct vb_socketcand_name name, type, description; /* n = 0: not there */
    struct vb_socketcand_name url;                     /* "can://192.168.1.7:29536" */
};

/* Read one. at: where its buses begin, for vb_socketcand_beacon_bus. Returns VB_OK, or VB_E_FORMAT:
 * no <CANBeacon ..> with a <URL>. */
int vb_socketcand_beacon(const char *text, size_t n, struct vb_socketcand_beacon *beacon,
                         size_t *at);

/* The next bus. Returns false if there is none. */
bool vb_socketcand_beacon_bus(const char *text, size_t n, size_t *at,
                              struct vb_socketcand_name *bus);

/* Write one. What would end an attribute or a tag is written as '_'. Returns the length, or
 * VB_E_SPACE if it has more than cap. */
int vb_socketcand_put_beacon(const struct vb_socketcand_beacon *beacon,
                             const struct vb_socketcand_name *buses, size_t count, char *out,
                             size_t cap);

#endif
