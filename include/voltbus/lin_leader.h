/* voltbus/lin_leader.h - the leader of a LIN bus: sends headers by a fixed schedule, answers those
 * ids itself that it publishes, and gives way to any other leader.
 *
 * The leader deals in frames: the link makes bytes of them (voltbus/lin.h), and hands back every
 * frame that it hears; the leader knows those that it asked for. It never reads a clock; the caller
 * owns all memory; copyable.
 * Leaves out: diagnostics (3C, 3D), sleep and wake-up, event-triggered and sporadic frames.
 * Facts: reference/lin.md section 6, reference/camper-lin.md section 1.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_LIN_LEADER_H
#define VOLTBUS_LIN_LEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/frame.h"
#include "voltbus/lin.h"
#include "voltbus/lin_schedule.h"

/* The states; limits in ms. */
#define VB_LIN_LEADER_STATES(X)                                                                    \
    X(LISTEN, "listen", 1000, "nobody is heard for this long: lead")                               \
    X(LEAD, "lead", 0, "headers are sent")                                                         \
    X(YIELD, "yield", 5000, "another leader was heard; nobody for this long: listen")

enum vb_lin_leader_state {
#define X(name, text, limit_ms, sentence) VB_LIN_LEADER_##name,
    VB_LIN_LEADER_STATES(X)
#undef X
};

/* What the leader answers itself. */
struct vb_lin_published {
    uint8_t len; /* 0: not published, a follower answers */
    uint16_t kind;
    uint8_t data[VB_LIN_DATA_MAX];
    uint8_t disputed; /* times in a row that something else came back */
};

/* A header that was sent, and what we answered. */
struct vb_lin_own {
    int64_t t_ns; /* when it was sent; once it is heard, when it began */
    bool over;    /* it was heard, or a later one was */
    bool strange; /* something else began while it was under way */
    uint8_t id, len;
    uint8_t data[VB_LIN_DATA_MAX];
};

/* An echo comes within half a second (USB adapters hold bytes back for 16 ms, a busy computer for
 * longer): no schedule sends more headers in that time. */
#define VB_LIN_OWN_MAX 30

struct vb_lin_leader {
    const struct vb_lin_schedule *schedule;
    bool echo;          /* the caller's, after init: what is sent comes back */
    uint8_t state;      /* enum vb_lin_leader_state */
    uint32_t sent;      /* headers sent; for reading */
    uint32_t late;      /* slots left out because the caller came too late; for reading */
    uint32_t yields;    /* times that another leader was heard; for reading */
    uint8_t foreign_id; /* the id that it was heard asking for last ... */
    bool disputed;      /* ... or that somebody else answers beside us */
    uint8_t next;       /* slot */
    int64_t heard_ns;   /* last sign of another leader, or since when we listen */
    int64_t start_ns;   /* of this period */
    int64_t free_ns;    /* no header before: the last one may still be answered */
    bool ready;         /* the frame of slot `next` waits for vb_lin_leader_take ... */
    int64_t ready_ns;   /* ... since this tick */
    uint8_t strange;    /* headers in a row with something strange behind them */
    uint32_t unheard;   /* headers in a row that did not come back (yet) ... */
    int64_t unheard_ns; /* ... since then */
    uint8_t own_count;
    struct vb_lin_own own[VB_LIN_OWN_MAX]; /* the headers sent last, in order */
    struct vb_lin_published published[VB_LIN_IDS];
};

/* Begin, in state LISTEN. schedule: one slot or more in rising order, all before the end of the
 * period; kept by pointer. now_ns here and below: of a clock that never goes back. */
void vb_lin_leader_init(struct vb_lin_leader *l, const struct vb_lin_schedule *schedule,
                        int64_t now_ns);

/* From its next slot on answer this id with n bytes (1..8); n == 0: leave it to a follower. kind: of
 * checksum, 0 = what the id uses (vb_lin_checksum_kind). Returns VB_OK, VB_E_RANGE (id > 63, n > 8,
 * no such kind, or the schedule has no slot for it): then nothing changes. */
int vb_lin_leader_publish(struct vb_lin_leader *l, uint8_t id, uint16_t kind, const uint8_t *data,
                          size_t n);

/* What a frame is. */
enum vb_lin_origin {
    VB_LIN_FOREIGN,       /* somebody else asked for it, or nobody knows */
    VB_LIN_OURS,          /* we asked, and a follower answered or nobody did */
    VB_LIN_OURS_ANSWERED, /* we asked and answered */
};

/* Every frame of the bus, damaged ones too, before the tick of the same moment; t_ns: when its
 * header began, by the clock of now_ns. Where nothing comes back of what is sent (echo false) the
 * caller hands over the frames that it sends, too.
 * A foreign one means state YIELD, at once. Only what begins within the longest frame behind a
 * header of ours may be a response that looks like a header, or ours damaged: behind one or two
 * headers in a row it is let pass. With echo, an answer of ours that comes back otherwise three times
 * in a row is a yield too: somebody else answers that id. */
enum vb_lin_origin vb_lin_leader_heard(struct vb_lin_leader *l, const struct vb_frame *frame,
                                       int64_t now_ns);

/* Leading with echo, and for a second (three headers at least) nothing that is sent comes back. It
 * goes on sending headers, and hears when that is over. */
bool vb_lin_leader_unheard(const struct vb_lin_leader *l, int64_t now_ns);

/* Time passed; harmless to call early. A slot that is more than half its length late is left out:
 * 
 * two headers are never sent closer than the longest frame takes (9.04 ms at 19200 bit/s). Who comes
 * a second after the deadline or later has not listened meanwhile: state LISTEN, and the slots of
 * that time are not counted. */
void vb_lin_leader_tick(struct vb_lin_leader *l, int64_t now_ns);
int64_t vb_lin_leader_deadline_ns(const struct vb_lin_leader *l);

/* The frame to send now, right after vb_lin_leader_tick: len 0 = the header alone, else header and
 * response. t_ns: of that tick. flags: VB_FRAME_TX, and with a response the kind of checksum. data
 * points into l and lives until the next call. Returns false if there is none. A frame that is not
 * taken is dropped when its slot is too late. */
bool vb_lin_leader_take(struct vb_lin_leader *l, struct vb_frame *frame);

/* Instead of taking it: it cannot be sent now, its slot is left out (`late` counts it). */
void vb_lin_leader_skip(struct vb_lin_leader *l);

/* The name of a state ("lead"); never NULL. */
const char *vb_lin_leader_state_text(enum vb_lin_leader_state state);

#endif
