/* host/io/transport.h - a place that bytes come from and go to: a serial port, a pseudo terminal, a
 * TCP connection, a CAN interface, a simulator of this process. Everything runs on one libuv loop; nothing blocks.
 * A transport is opened once; who wants it again after it is gone opens a new one (host/link does,
 * with back-off).
 * SPDX-License-Identifier: MIT */
#ifndef HOST_IO_TRANSPORT_H
#define HOST_IO_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* One kind of place, one line in transports.def. */
enum place_type {
    PLACE_SERIAL, /* /dev/ttyUSB0: a path */
    PLACE_PTY,    /* pty:PATH: makes a pseudo terminal, and a link to it at PATH */
    PLACE_TCP,    /* tcp://host:port */
    PLACE_LISTEN, /* listen://host:port; one peer at a time */
    PLACE_SIM,    /* sim://NAME: a simulator in this process */
    PLACE_UDP,    /* udp://host:port; what is written at once is one datagram */
    PLACE_HTTP,   /* http://host[:port]/r: RAPI by way of the WiFi kit of an OpenEVSE */
    PLACE_CAN,    /* can:NAME: a CAN interface of the kernel; see host/io/can.h */
    PLACE_FILE,   /* file:PATH or -, for the kind `file` only */
};

#define PLACE_TEXT 256
struct place {
    enum place_type type;
    char text[PLACE_TEXT]; /* as given */
    char name[PLACE_TEXT]; /* path, host, or name of the simulator */
    uint16_t port;
};

/* Room for the longest why. */
#define TRANSPORT_WHY 200

/* Read a place (n characters). Returns false with why (TRANSPORT_WHY; what is wrong, what is
 * allowed). "[::1]:80" is understood. */
bool place_parse(struct place *place, const char *text, size_t n, char *why);

/* What the owner hears of it. All are called from the loop, never from inside transport_open or
 * transport_write. closed comes exactly once, unless transport_close was called; after it the
 * transport is only good for transport_close. LISTEN: opened and closed come for the listening
 * itself; peer tells that one came or went. */
struct transport_events {
    void (*opened)(void *owner);
    void (*bytes)(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns);
    void (*closed)(void *owner, const char *why);
    void (*peer)(void *owner, bool there, const char *who); /* PTY, LISTEN; may be NULL */
    void (*refused)(void *owner, const char *who); /* LISTEN: a second peer, closed; may be NULL */
    /* LISTEN: NULL, or it takes as many as come: each connection is the owner's, who adopts or
     * closes it; peer and refused do not come then. */
    void (*joined)(void *owner, int fd, const char *who);
};

struct transport;

/* What a serial port needs, and what the WiFi kit does; else ignored. */
struct line_settings {
    uint32_t baud;       /* any; those that termios does not name by BOTHER */
    uint8_t stop_bits;   /* 1 or 2; 0 = 1 */
    uint16_t local_port; /* udp://: where we receive; 0 = any */
    /* http://: file with user:password in its first line; "" = none are asked for */
    char auth[PLACE_TEXT];
};

/* What a simulator needs: "key=value" texts; read during transport_open only. */
struct sim_settings {
    const char *const *texts;
    size_t count;
};

/* Open. Returns NULL with why for what will not get better by waiting (no such simulator, bad
 * setting, no memory); everything else comes by closed. */
struct transport *transport_open(uv_loop_t *loop, const struct place *place,
                                 const struct line_settings *line, const struct sim_settings *sim,
                                 const struct transport_events *events, void *owner, char *why);

/* A connection that joined gave, as a transport of its own; it has the fd from now on. opened
 * does not come: bytes may be written at once. Returns NULL if memory runs out (the fd is
 * closed). */
struct transport *transport_adopt(uv_loop_t *loop, int fd, const char *who,
                                  const struct transport_events *events, void *owner);

/* Queue bytes. Returns false if they do not fit: more than 64 kB wait, or nobody is there. Nothing
 * of them is sent then. */
bool transport_write(struct transport *t, const uint8_t *bytes, size_t n);

/* A LIN break, then bytes: on a serial port a real break (13 bits at least, by timer, in order with
 * what was written before), elsewhere the byte 00. Returns as transport_write. */
bool transport_write_break(struct transport *t, const uint8_t *bytes, size_t n);

/* Bytes that were written and wait in this process, because the other end takes no more. TCP: and
 * those that it has not acknowledged, where they are more than a moment's. */
size_t transport_pending(const struct transport *t);

/* ---- a simulator, while it runs ---- */

/* Change a setting: "car=ready". Returns false with why (TRANSPORT_WHY): it is no simulator, has no
 * such setting, the value is not allowed, or it cannot be now. What it says then comes as bytes. */
bool transport_change(struct transport *t, const char *text, char *why);

/* Its setting number i: the row, the value as it was given last (or the default), and whether it
 * can be changed now. Returns false: there is none of that number. */
struct vb_key;
struct transport_setting {
    const struct vb_key *key;
    const char *text;
    bool live;
};
bool transport_setting(const struct transport *t, size_t i, struct transport_setting *setting);

/* The place, as given; LISTEN with port 0: from opened on with the port that it got. */
const struct place *transport_place(const struct transport *t);

/* Close and free; no event comes after it. What was written and is still queued is sent if that
 * needs no waiting. May be called in any state, from inside any event too; the memory is given back
 * by the loop, which has to run until it is empty. */
void transport_close(struct transport *t);

/* The clock of all of voltbus's machines, which never goes back and goes on while the computer
 * sleeps, and Unix time, in ns. */
int64_t clock_mono_ns(void);
int64_t clock_wall_ns(void);

#endif
