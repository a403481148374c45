/* voltbus/isotp.h - ISO-TP (ISO 15765-2) as a machine: messages of any length over frames of 8 to 64 bytes, both ways at once.
 * (bytes or frame, now) to (frames, events, deadline); it never reads a clock. The caller owns all memory; a copy of it is a
 * machine in the same state (sharing the buffer). Who only wants to listen takes voltbus/isotp_pdu.h.
 *
 * After each call: next_event until false, then take until false, and next_event again if a frame was taken.
 *
 * The states of a message that we send and of one that we receive:
 *
 *            IDLE ---send---> READY ---first frame taken---> FLOW ---continue---> READY ---taken---> GAP ---> READY ..
 *                              |  single, last: SENT          |  wait: again; overflow, no answer: FAILED
 *            IDLE ---first--> ANSWER --flow control taken--> DATA ---block full---> ANSWER ..
 *                              |  hold: it says "wait"        |  last: RECEIVED; silence, gap: FAILED
 *
 * Facts: ISO 15765-2:2016 chapters 9 and 10, reference/can-transports.md section 4.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_ISOTP_H
#define VOLTBUS_ISOTP_H

#include "voltbus/isotp_pdu.h"

#define VB_ISOTP_FRAME_MAX 64

/* One pair of ids. What stays 0 has the value in brackets. */
struct vb_isotp_config {
    uint32_t tx_id, rx_id; /* of our frames, of the peer's */
    bool ext;              /* both have 29 bits */
    int tx_address;        /* the byte before everything in our frames, 0..255: extended and mixed
                            * addressing; VB_ISOTP_NO_ADDRESS */
    int rx_address;        /* ... in the peer's */
    uint8_t frame_len;     /* our longest frame (8): 8, 12, 16, 20, 24, 32, 48, 64 bytes */
    bool fd, brs;          /* our frames are CAN FD, with bit rate switch */
    bool
        pad; /* fill short frames up to 8 bytes; longer ones always end at a length that CAN FD has */
    uint8_t padding;    /* with this byte */
    bool functional;    /* to many: single frames only, nothing is received */
    uint8_t block_size; /* what we ask of the peer: frames between two of our flow controls (all) */
    uint8_t st_min;    /* ... and its pause, as on the wire: 00..7F ms, F1..F9 100..900 us (none) */
    uint8_t waits_max; /* how often we let the peer make us wait in a row, and make it wait (10) */
    int64_t
        gap_ns; /* added to the pause that the peer asks for: the time a frame of ours takes (none) */
    int64_t timeout_ns; /* N_As, N_Ar, N_Bs, N_Cr (1 s) */
    int64_t wait_ns;    /* N_Br: between two "wait" of ours (timeout_ns / 2) */
};

#define VB_ISOTP_EVENTS(X)                                                                         \
    X(SENT, "our message has gone out")                                                            \
    X(NOT_SENT, "it has not: result")                                                              \
    X(BEGUN, "a longer message comes: len; hold makes the peer wait")                              \
    X(RECEIVED, "a message: len bytes in the buffer, until the next call of heard")                \
    X(NOT_RECEIVED, "it did not become complete: result")

enum vb_isotp_event_what {
#define X(name, text) VB_ISOTP_EVENT_##name,
    VB_ISOTP_EVENTS(X)
#undef X
};

struct vb_isotp_event {
    uint8_t what;   /* enum vb_isotp_event_what */
    uint8_t result; /* enum vb_isotp_result */
    uint32_t len;
};

#define VB_ISOTP_QUEUE 4 /* events of one call: 3 at most */

struct vb_isotp {
    struct vb_isotp_config config;
    int64_t now_ns;

    /* what we send */
    uint8_t tx_state; /* isotp.c */
    const uint8_t *tx;
    uint32_t tx_len, tx_at;
    uint8_t tx_number;     /* of the next consecutive frame */
    uint8_t tx_block;      /* frames until the next flow control */
    uint8_t tx_block_size; /* ... as the peer has it, 0 = all */
    uint8_t tx_waits;      /* flow controls that said "wait", in a row */
    int64_t tx_pause_ns, tx_deadline_ns;

    /* what we receive */
    uint8_t rx_state;
    struct vb_isotp_listener rx;
    uint8_t rx_flow; /* flow state to be sent */
    bool hold;
    uint8_t rx_block, rx_waits;
    int64_t rx_deadline_ns;

    struct vb_isotp_event events[VB_ISOTP_QUEUE];
    uint8_t event_count;
    uint8_t data[VB_ISOTP_FRAME_MAX]; /* of the frame that was taken last */
};

/* Prepare. buffer: cap bytes for messages that come; a longer one is refused (overflow). cap may be 0. It lives as long
 * as the machine. Returns VB_OK, or VB_E_RANGE for what the config cannot have: ids, addresses, frame_len (beyond 8 without
 * fd), times below 0. */
int vb_isotp_init(struct vb_isotp *m, const struct vb_isotp_config *config, uint8_t *buffer,
                  uint32_t cap, int64_t now_ns);

/* Send n bytes, 1 to 2^32 - 1; they must stay as they are until SENT or NOT_SENT. Returns VB_OK; VB_E_STATE: the message
 * before is not out yet; VB_E_RANGE: none, or more than a single frame has where the config says functional. */
int vb_isotp_send(struct vb_isotp *m, const uint8_t *bytes, uint32_t n, int64_t now_ns);

/* A frame of the bus; all but those of the peer are ignored. Returns true if it was one of the peer's that ISO-TP knows. */
bool vb_isotp_heard(struct vb_isotp *m, const struct vb_frame *frame, int64_t now_ns);

/* From now on answer with "wait" whenever the peer needs our flow control (hold), or go on. The peer gives up after some
 * waits; so do we, after waits_max. */
void vb_isotp_hold(struct vb_isotp *m, bool hold, int64_t now_ns);

/* Forget the message that we send, the one that comes, and the events that nobody has looked at. */
void vb_isotp_stop(struct vb_isotp *m);

/* Is a message of ours on its way? */
bool vb_isotp_sending(const struct vb_isotp *m);

/* Time passed; harmless to call early. */
void vb_isotp_tick(struct vb_isotp *m, int64_t now_ns);
int64_t vb_isotp_deadline_ns(const struct vb_isotp *m); /* INT64_MAX: none */

/* The next frame to send now: id, flags, kind, len, data are set; its bytes live until the next call. Its time is that
 * of the call before. Who does not take a frame within timeout_ns finds the message failed (N_As, N_Ar). */
bool vb_isotp_take(struct vb_isotp *m, struct vb_frame *frame);
bool vb_isotp_next_event(struct vb_isotp *m, struct vb_isotp_event *event);

#endif
