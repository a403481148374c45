/* voltbus/isotp_pdu.h - ISO-TP (ISO 15765-2) frame by frame: what one CAN frame says, and a listener that puts the messages of
 * one direction together as it hears them on the wire. It sends nothing; the machine that does is voltbus/isotp.h.
 * Facts: ISO 15765-2:2016 chapter 9 (9.6: the bytes), reference/can-transports.md section 4.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_ISOTP_PDU_H
#define VOLTBUS_ISOTP_PDU_H

#include <stdbool.h>

#include "voltbus/frame.h"

/* The kinds of frames; the number is that of the wire. */
#define VB_ISOTP_KINDS(X)                                                                          \
    X(SINGLE, "a whole message")                                                                   \
    X(FIRST, "the beginning of a longer one, and its length")                                      \
    X(CONSECUTIVE, "the next bytes of it")                                                         \
    X(FLOW, "flow control: go on, wait, or give up")

enum vb_isotp_kind {
#define X(name, text) VB_ISOTP_##name,
    VB_ISOTP_KINDS(X)
#undef X
};

/* Flow states. */
enum { VB_ISOTP_CONTINUE, VB_ISOTP_WAIT, VB_ISOTP_OVERFLOW };

/* No address byte: normal addressing, or normal fixed (all in the id). */
#define VB_ISOTP_NO_ADDRESS (-1)

struct vb_isotp_pdu {
    uint8_t kind;       /* enum vb_isotp_kind */
    uint8_t number;     /* consecutive: 0..15; flow control: its state, 3..15 mean nothing */
    uint8_t block_size; /* flow control: frames until the next one; 0 = all */
    uint8_t st_min;     /* flow control: see vb_isotp_st_min_ns */
    uint32_t len;       /* single, first: of the message */
    uint8_t count;      /* bytes at data: of a single frame all len, of others what the frame has */
    const uint8_t *data; /* in the frame */
};

/* Read one frame. address: the byte that stands before everything in extended addressing (the target) and in mixed
 * addressing (the extension), 0..255, or VB_ISOTP_NO_ADDRESS.
 * Returns VB_OK; VB_E_UNKNOWN (another address, no data frame of CAN, a damaged one); VB_E_FORMAT: the receiver shall
 * ignore it (a kind or length that ISO 15765-2 does not have, a frame too short for what it says). Writes *pdu for
 * VB_OK only. */
int vb_isotp_read(const struct vb_frame *frame, int address, struct vb_isotp_pdu *pdu);

/* The pause that a flow control asks for: 0..127 ms, 100..900 us; what is reserved means 127 ms (9.6.5.5). */
int64_t vb_isotp_st_min_ns(uint8_t st_min);

/* How a message ended; the names are those of N_Result where it has one. */
#define VB_ISOTP_RESULTS(X)                                                                        \
    X(OK, "ok", "the message is complete")                                                         \
    X(TIMEOUT_A, "timeout-a", "a frame of ours could not be sent in time (N_As, N_Ar)")            \
    X(TIMEOUT_BS, "timeout-bs", "no flow control came (N_Bs)")                                     \
    X(TIMEOUT_CR, "timeout-cr", "no consecutive frame came (N_Cr)")                                \
    X(WRONG_SN, "wrong-sn", "a consecutive frame is missing, or came twice")                       \
    X(INVALID_FS, "invalid-fs", "a flow control that nobody knows")                                \
    X(UNEXPECTED, "unexpected", "another message began before this one was complete")              \
    X(WAITS, "wft-overrun", "too often asked to wait")                                             \
    X(NO_ROOM, "overflow", "the message is longer than the receiver's memory")

enum vb_isotp_result {
#define X(name, text, sentence) VB_ISOTP_RESULT_##name,
    VB_ISOTP_RESULTS(X)
#undef X
};
const char *vb_isotp_result_text(enum vb_isotp_result result); /* "timeout-bs"; never NULL */
const char *vb_isotp_result_why(enum vb_isotp_result result);  /* the sentence; never NULL */

/* ---- a listener: one direction, heard on the wire or read from a recording ---- */

/* Longer silence inside a message ends it (N_Cr). */
#define VB_ISOTP_SILENCE_NS (INT64_C(1000) * 1000 * 1000)

struct vb_isotp_listener {
    uint8_t *buffer; /* the caller's: cap bytes */
    uint32_t cap;
    int address;
    uint32_t len, got; /* of the message that came last */
    bool open;         /* it is not complete yet */
    uint8_t next;      /* number of the next consecutive frame */
    uint8_t full;      /* bytes that a consecutive frame has, but for the last one */
    int64_t t_ns;      /* of its last frame */
};

enum vb_isotp_what {
    VB_ISOTP_NOTHING,  /* ignored */
    VB_ISOTP_BEGUN,    /* a first frame: len is known */
    VB_ISOTP_MORE,     /* a consecutive frame fitted */
    VB_ISOTP_COMPLETE, /* buffer has len bytes */
};

struct vb_isotp_step {
    uint8_t what; /* enum vb_isotp_what */
    uint8_t
        broken; /* enum vb_isotp_result: how a message ended that did not become complete; OK: none did. Its first
                     * got bytes stand in the buffer, unless a new message has begun; NO_ROOM: len says how long it is */
};

void vb_isotp_listener_init(struct vb_isotp_listener *listener, uint8_t *buffer, uint32_t cap,
                            int address);

/* One frame of that direction, as vb_isotp_read has read it. t_ns: when; steps back and standing clocks are no
 * silence. Flow control belongs to the other direction and is ignored. */
struct vb_isotp_step vb_isotp_listen(struct vb_isotp_listener *listener,
                                     const struct vb_isotp_pdu *pdu, int64_t t_ns);

#endif
