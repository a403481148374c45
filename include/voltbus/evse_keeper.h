/* voltbus/evse_keeper.h - keeps an OpenEVSE at the current that is asked for: the volatile limit, the
 * heartbeat under which the box falls back when voltbus is gone, and the reading back.
 *
 * While a current is wanted, the keeper sees to it that the box supervises us ($SY, RAPI 5.0.0), sends
 * the limit ($SC n V), pulses in time, reads back what is in force ($GC and news), and says why it is
 * less than asked. When nobody wants one any more it sends the safe current once and stops pulsing.
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

#define VB_KEEPER_SINCE     VB_VERSION(2, 0, 2) /* volatile limits */
#define VB_KEEPER_HEARTBEAT VB_VERSION(5, 0, 0)

struct vb_keeper_config {
    int64_t
        heartbeat_s; /* the box falls back after so long without us: 2..3600, 0 = no heartbeat */
    int64_t safe_a;  /* what it falls back to, and what is sent when nobody wants anything */
};

struct vb_keeper {
    struct vb_keeper_config config;
    uint32_t version; /* of the box, 0 = not there */
    /* wanted */
    bool wanted;
    int64_t wanted_a;
    bool farewell; /* the safe current has still to be sent */
    /* known of the box; -1 = not known */
    int64_t in_force_a, saved_a, hardware_a;
    int64_t supervised_s, supervised_a, trigger;
    int64_t answered_a; /* what the box said to our last $SC */
    bool refused;       /* ... and that it was NK */
    bool hot;
    bool level_1;
    /* under way */
    uint8_t asking; /* what the caller is asking for us; 0 = nothing */
    bool sent;      /* the limit was sent since it was wanted, or since the box came */
    int64_t pulse_ns, read_ns, again_ns;
    uint8_t fails;
};

void vb_keeper_init(struct vb_keeper *k, const struct vb_keeper_config *config, int64_t now_ns);

/* The box is there, with this version, or (0) is not. Everything is read and sent anew. */
void vb_keeper_found(struct vb_keeper *k, uint32_t version, int64_t now_ns);

/* From now on this current is wanted, in whole A; or none: then the safe one goes out once (if one
 * was wanted before). */
void vb_keeper_want(struct vb_keeper *k, int64_t amps, int64_t now_ns);
void vb_keeper_release(struct vb_keeper *k, int64_t now_ns);

/* Every frame of the box (answers and news, good ones), whoever asked. */
void vb_keeper_heard(struct vb_keeper *k, const struct vb_frame *frame, int64_t now_ns);

/* What it wants to ask now: the body ("SC 16 V"). out: room for VB_CALL_TEXT. Returns the length, 0 =
 * nothing. The caller asks it, and tells how it went by vb_keeper_answered, before it calls this again.
 */
size_t vb_keeper_ask(struct vb_keeper *k, char *out, int64_t now_ns);
/* ok: the box said OK; else no: NK. answered false: no answer. text: n characters behind OK, NK. */
void vb_keeper_answered(struct vb_keeper *k, bool answered, bool ok, const char *text, size_t n,
                        int64_t now_ns);
int64_t vb_keeper_deadline_ns(const struct vb_keeper *k); /* ask me by then; INT64_MAX = no need */

/* Everything that was wanted is done: nothing is on its way, and no farewell is left. */
bool vb_keeper_settled(const struct vb_keeper *k);

/* Why what is in force is not what is wanted; NONE where it is, or where nothing is wanted. */
enum vb_keeper_reason vb_keeper_reason(const struct vb_keeper *k);

#endif
