/* voltbus/evse_keeper.h - keeps an OpenEVSE at the current that is asked for: the volatile limit, the
 * heartbeat under which the box falls back when voltbus is gone, and the reading back.
 *
 * While a current is wanted, the keeper sees to it that the box supervises us ($SY, RAPI 5.0.0), sends
 * the limit ($SC n V), pulses in time, reads back what is in force ($GC, before RAPI 5.1.0 $GE, and
 * news), and says why it is not what was asked. When nobody wants one any more it sends the safe
 * current, stops pulsing, and puts back the supervision that it found: $SY is saved in the box, which
 * would else fall back after every start of its own, for ever. Then the safe current once more.
 * Saved settings of the box are written only where they differ (EEPROM wears out).
 * It never reads a clock; the caller owns all memory; copyable. It asks through the caller: one body
 * at a time. Facts: reference/rapi.md sections 4 (SC, SY, GC), 5, 6.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_EVSE_KEEPER_H
#define VOLTBUS_EVSE_KEEPER_H

#include "voltbus/call.h"
#include "voltbus/frame.h"
#include "voltbus/time.h"

/* Why what is in force is not what was asked. */
#define VB_KEEPER_REASONS(X)                                                                       \
    X(NONE, "")                                                                                    \
    X(WAITING, "not answered yet")                                                                 \
    X(CLAMPED, "the box allows only this much")                                                    \
    X(SERVICE, "limited by the service level of the box")                                          \
    X(SAVED, "limited by the current that is saved in the box")                                    \
    X(HOT, "the box is too hot and has throttled itself")                                          \
    X(HEARTBEAT, "the box missed our heartbeat and has fallen back")                               \
    X(OTHERS, "somebody else has changed it")                                                      \
    X(TOO_OLD, "this firmware cannot hold a current for a while (RAPI 2.0.2 can)")                 \
    X(SILENT, "the box does not answer")

enum vb_keeper_reason {
#define X(name, sentence) VB_KEEPER_##name,
    VB_KEEPER_REASONS(X)
#undef X
};
const char *vb_keeper_why(enum vb_keeper_reason reason); /* the sentence; never NULL */

#define VB_KEEPER_SINCE       VB_VERSION(2, 0, 2) /* volatile limits */
#define VB_KEEPER_SUPERVISION VB_VERSION(5, 0, 0) /* $SY; firmware 6.0.0 to 6.1.2 has it not yet */

#define VB_KEEPER_ONCE  3  /* questions that are asked once: GE, GC, GY */
#define VB_KEEPER_BURST 16 /* so many questions in a second at most, whatever happens */

/* Firmware 7.1.0 to 8.2.3 reckons the interval in 16 bits of milliseconds (HsExpirationCheck, on the
 * AVR): a box that is told 66 s falls back after 464 ms. */
#define VB_KEEPER_HEARTBEAT_MAX 65

struct vb_keeper_config {
    int64_t heartbeat_s; /* the box falls back after so long without us: 2..65; 0 = none */
    int64_t safe_a; /* what it falls back to, and what is sent when nobody wants anything: 0..255 */
};

struct vb_keeper {
    struct vb_keeper_config config;
    uint32_t version; /* of the box, 0 = not there */
    /* wanted */
    bool wanted;
    int64_t wanted_a;
    bool farewell; /* the safe current has still to be sent */
    /* the supervision that the box had; ours: it has ours now */
    bool ours, cleared; /* cleared: it may be put back */
    int64_t before_s, before_a;
    /* known of the box; -1 = not known */
    int64_t in_force_a, saved_a, hardware_a;
    int64_t supervised_s, supervised_a, trigger;
    uint8_t got, tried; /* bits: questions that were answered; given up for now */
    bool four;          /* its $GC says what is in force */
    bool level_1;
    uint8_t hot;  /* bits: why; 0 = it is not */
    bool was_hot; /* since the limit was sent last */
    /* what became of our limit */
    bool sent; /* since the box came; */
    int64_t sent_a;
    bool done;          /* ... and answered, */
    int64_t answered_a; /* by this (-1: without a number) */
    bool room;          /* the limits of the box have changed since */
    bool missed;        /* the box fell back, and our limit is not in force again yet */
    /* under way */
    uint8_t asking;                   /* what the caller is asking for us; 0 = nothing */
    bool outdated;                    /* ... and its answer will be that of a box from before */
    bool reads_settings;              /* it reads back by $GE */
    uint8_t fails;                    /* questions in a row without an answer */
    int64_t retry_ns[VB_KEEPER_ONCE]; /* of tried */
    int64_t again_ns, pulse_ns, read_ns, heat_ns, acknowledge_ns, limit_ns;
    int64_t supervise_ns, weaker_ns; /* not before: set our supervision over one that is as good; */
    uint8_t weaker_times;            /* ... over a weaker one, which was done so often */
    int64_t window_ns;               /* when the second of VB_KEEPER_BURST began, */
    uint8_t in_window;               /* ... and how many were asked in it */
};

/* Begin: no box, nothing wanted. config is copied; what is beyond its bounds becomes the bound. */
void vb_keeper_init(struct vb_keeper *k, const struct vb_keeper_config *config, int64_t now_ns);

/* The box is there, with this version, or (0) is not. Everything is read and sent anew. */
void vb_keeper_found(struct vb_keeper *k, uint32_t version, int64_t now_ns);

/* From now on this current is wanted, in whole A (0..255); or none: then the safe one goes out once
 * (if one was wanted before), as soon as there is a box to hear it. */
void vb_keeper_want(struct vb_keeper *k, int64_t amps, int64_t now_ns);
void vb_keeper_release(struct vb_keeper *k, int64_t now_ns);

/* Every frame of the box (answers and news), whoever asked; damaged ones and questions are passed
 * over. Answers to the keeper's own questions may be left out. */
void vb_keeper_heard(struct vb_keeper *k, const struct vb_frame *frame, int64_t now_ns);

/* What it wants to ask now: the body ("SC 16 V"). out: room for VB_CALL_TEXT. Returns the length, 0 =
 * nothing. The caller asks it, and tells how it went by vb_keeper_answered; until then there is
 * nothing more. */
size_t vb_keeper_ask(struct vb_keeper *k, char *out, int64_t now_ns);
/* ok: the box said OK; else no: NK. answered false: no answer. text: n characters behind OK, NK. */
void vb_keeper_answered(struct vb_keeper *k, bool answered, bool ok, const char *text, size_t n,
                        int64_t now_ns);
int64_t vb_keeper_deadline_ns(const struct vb_keeper *k); /* ask me by then; INT64_MAX = no need */

/* Everything that was wanted is done: nothing is on its way, and no farewell is left, nor a
 * supervision of ours (or there is no box to say it to). */
bool vb_keeper_settled(const struct vb_keeper *k);

/* Why what is in force is not what is wanted; NONE where it is, or where nothing is wanted. */
enum vb_keeper_reason vb_keeper_reason(const struct vb_keeper *k);

#endif
