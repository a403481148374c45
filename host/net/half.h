/* host/net/half.h - one direction of a TCP connection: segments in, messages of V2GTP out.
 * The bytes lie at their place in the stream, in one window; a list of pieces says which are there, when they
 * came and with which packet. The first copy of a byte counts, as it does for every receiver.
 * SPDX-License-Identifier: MIT */
#ifndef HOST_NET_HALF_H
#define HOST_NET_HALF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HALF_PIECES 64
#define HALF_ACKS   16
#define HALF_TEXT   160

struct piece {
    uint64_t at, end; /* place in the stream */
    int64_t t_ns;
    uint32_t packet;
    bool joined; /* of several segments */
    bool late;   /* out of order, or with bytes that were there already */
};

struct half {
    bool known;        /* a segment was seen: places are defined */
    bool began;        /* its SYN was seen */
    bool searching;    /* not at the beginning of a message */
    bool spoke;        /* it had a message of V2GTP */
    uint64_t next;     /* the first byte that is not taken yet ... */
    uint32_t next_seq; /* ... and its sequence number */
    uint64_t fin;      /* where the stream ends; 0 = not told */
    struct {
        uint64_t to;   /* the other end had all before this ... */
        int64_t t_ns;  /* ... then */
    } acks[HALF_ACKS]; /* the last ones, some ms apart; a ring */
    size_t ack_count;
    bool far;         /* the last segment lay far ahead ... */
    uint32_t far_seq; /* ... and ended before this number */
    uint8_t *bytes;   /* the window ... */
    size_t cap;
    uint64_t from;                    /* ... and the place of its first byte */
    struct piece pieces[HALF_PIECES]; /* in order, no two overlap; those before next are the past */
    size_t count;
    uint64_t told_from; /* the list says all of what lies behind this place */
};

/* What half_put found in a segment. */
struct half_put {
    uint32_t again;   /* bytes that had been there */
    uint32_t changed; /* of these: other bytes than the first ones, among those still known */
    int64_t first_ns; /* when they came first; INT64_MIN = long ago */
    uint32_t late;    /* bytes that were missing, until they were given up */
    uint32_t dropped; /* bytes that could not be kept ... */
    const char *why;  /* ... and why */
    bool keep_alive;
};

enum half_step { HALF_NOTHING, HALF_MESSAGE, HALF_GAP, HALF_NO_V2GTP, HALF_TLS, HALF_CUT };

/* What half_step found. */
struct half_found {
    const uint8_t *bytes; /* HALF_MESSAGE: with its header; until the next half_put */
    size_t n;
    int64_t t_ns; /* when it was complete, or when what it tells about came */
    uint32_t packet;
    bool split, merged, late;
    char text[HALF_TEXT]; /* the others: what is wrong */
};

void half_free(struct half *half);

/* The next byte of the stream has this sequence number. */
void half_begin(struct half *half, uint32_t seq);

/* A segment of n bytes. Returns false if memory ran out. */
void half_put(struct half *half, uint32_t seq, const uint8_t *bytes, size_t n, int64_t t_ns,
              uint32_t packet, struct half_put *put);

/* The other end acknowledged all before seq. */
void half_ack(struct half *half, uint32_t seq, int64_t t_ns);

/* Do bytes wait for missing ones? Then half_step has to be asked again as time passes. */
bool half_waits(const struct half *half);

/* The next message, or what is wrong, at this time. final: nothing will come any more. */
enum half_step half_step(struct half *half, int64_t t_ns, bool final, struct half_found *found);

/* Pass over all bytes that are there, unread (TLS). */
void half_skip(struct half *half);

/* Does a message of V2GTP begin here? Its header must be whole, its type one that is known, unless its length is
 * exactly that of the bytes. */
bool half_message_at(const uint8_t *bytes, size_t n);

#endif
