/* lin_leader.c - the leader of a LIN bus: when a header is due, and when to keep silent.
 * Two leaders on one wire destroy each other's frames. The one that was there first knows nothing of
 * us, so it is always this one that gives way: it listens before it speaks, and again after others.
 * Facts: reference/lin.md section 6, reference/camper-lin.md section 1.
 * SPDX-License-Identifier: MIT */
#include "voltbus/lin_leader.h"

#include <string.h>

#include "voltbus/err.h"
#include "voltbus/time.h"

static const struct {
    const char *text;
    int64_t limit_ns;
} states[] = {
#define X(name, text, limit_ms, sentence) {text, limit_ms * VB_NS_PER_MS},
    VB_LIN_LEADER_STATES(X)
#undef X
};

const char *vb_lin_leader_state_text(enum vb_lin_leader_state state) {
    size_t i = (size_t)state;
    return i < sizeof states / sizeof states[0] ? states[i].text : "?";
}

static void listen(struct vb_lin_leader *l, int64_t now_ns) {
    l->state = VB_LIN_LEADER_LISTEN;
    l->heard_ns = now_ns;
    l->ready = false;
}

void vb_lin_leader_init(struct vb_lin_leader *l, const struct vb_lin_schedule *schedule,
                        int64_t now_ns) {
    memset(l, 0, sizeof *l);
    l->schedule = schedule;
    l->free_ns = now_ns;
    listen(l, now_ns);
}

int vb_lin_leader_publish(struct vb_lin_leader *l, uint8_t id, uint16_t kind, const uint8_t *data,
                          size_t n) {
    unsigned slot = 0;
    while (slot < l->schedule->slot_count && l->schedule->slots[slot].id != id) {
        slot++;
    }
    if (id >= VB_LIN_IDS || n > VB_LIN_DATA_MAX || slot == l->schedule->slot_count ||
        (kind != 0 && kind != VB_FRAME_CLASSIC && kind != VB_FRAME_ENHANCED &&
         kind != VB_FRAME_UNPARITY)) {
        return VB_E_RANGE;
    }
    struct vb_lin_published *published = &l->published[id];
    published->len = (uint8_t)n;
    published->kind = kind ? kind : vb_lin_checksum_kind(id);
    published->disputed = 0;
    if (n > 0) { /* data of nothing may be NULL */
        memcpy(published->data, data, n);
    }
    return VB_OK;
}

/* The longest that a header and a response of 8 bytes may take: 1.4 times the nominal 34 + 90 bits
 * (reference/lin.md section 2). A slot is a little longer, and so a late caller catches up. */
static int64_t frame_max_ns(const struct vb_lin_schedule *schedule) {
    return (34 + 90) * 14 * VB_NS_PER_S / 10 / schedule->baud;
}

/* ---- what is heard ---- */

/* Later it is another's. An echo that did not come may be taken for the header of another leader that
 * asks for the same id: once, and its others are its own. */
#define ECHO_NS (500 * VB_NS_PER_MS)
/* So many in a row are no accident: answers of ours that came back otherwise, headers of ours with
 * something strange behind them. */
#define IN_A_ROW   3
#define UNHEARD_NS VB_NS_PER_S

static void yield(struct vb_lin_leader *l, uint8_t id, bool disputed, int64_t now_ns) {
    l->yields += l->state != VB_LIN_LEADER_YIELD;
    l->state = VB_LIN_LEADER_YIELD;
    l->foreign_id = id;
    l->disputed = disputed;
    l->heard_ns = now_ns;
    l->ready = false;
    l->strange = 0;
}

/* The header of ours that this frame has, or NULL. Those before it got lost. */
static struct vb_lin_own *find_own(struct vb_lin_leader *l, const struct vb_frame *frame) {
    for (unsigned i = 0; i < l->own_count; i++) {
        struct vb_lin_own *own = &l->own[i];
        int64_t since_ns = frame->t_ns - own->t_ns;
        if (!own->over && own->id == frame->id && since_ns >= 0 && since_ns <= ECHO_NS) {
            for (unsigned before = 0; before <= i; before++) {
                l->own[before].over = true;
            }
            if (i > 0 && !l->own[i - 1].strange) {
                l->strange = 0;
            }
            return own;
        }
    }
    return NULL;
}

/* Our answer came back. */
static void compare(struct vb_lin_leader *l, const struct vb_lin_own *own,
                    const struct vb_frame *frame, int64_t now_ns) {
    struct vb_lin_published *published = &l->published[own->id % VB_LIN_IDS];
    bool same = frame->fault == VB_FAULT_NONE && frame->len == own->len &&
                memcmp(frame->data, own->data, own->len) == 0;
    published->disputed = (uint8_t)(same ? 0 : published->disputed + 1);
    if (published->disputed >= IN_A_ROW) {
        published->disputed = 0;
        yield(l, own->id, true, now_ns);
    }
}

/* It began behind a header of ours, and may be the response to that. Returns false where this
 * happens too often. */
static bool is_passing(struct vb_lin_leader *l, int64_t t_ns) {
    for (unsigned i = l->own_count; l->state == VB_LIN_LEADER_LEAD && i-- > 0;) {
        struct vb_lin_own *own = &l->own[i];
        if (t_ns >= own->t_ns && t_ns - own->t_ns <= frame_max_ns(l->schedule)) {
            l->strange = (uint8_t)(l->strange + !own->strange);
            own->strange = true;
            return l->strange < IN_A_ROW;
        }
    }
    return false;
}

enum vb_lin_origin vb_lin_leader_heard(struct vb_lin_leader *l, const struct vb_frame *frame,
                                       int64_t now_ns) {
    struct vb_lin_own *own = find_own(l, frame);
    if (!own) {
        if (!is_passing(l, frame->t_ns)) {
            yield(l, (uint8_t)frame->id, false, now_ns);
        }
        return VB_LIN_FOREIGN;
    }
    own->t_ns = frame->t_ns;
    l->unheard = 0;
    if (l->echo && l->state == VB_LIN_LEADER_LEAD && own->len > 0) {
        compare(l, own, frame, now_ns);
    }
    return own->len > 0 ? VB_LIN_OURS_ANSWERED : VB_LIN_OURS;
}

bool vb_lin_leader_unheard(const struct vb_lin_leader *l, int64_t now_ns) {
    return l->echo && l->state == VB_LIN_LEADER_LEAD && l->unheard >= 3 &&
           now_ns - l->unheard_ns >= UNHEARD_NS;
}

/* ---- when to send ---- */

/* When slot `next` should be sent. */
static int64_t slot_ns(const struct vb_lin_leader *l) {
    return l->start_ns + l->schedule->slots[l->next].at_ms * VB_NS_PER_MS;
}

int64_t vb_lin_leader_deadline_ns(const struct vb_lin_leader *l) {
    if (l->state != VB_LIN_LEADER_LEAD) {
        return l->heard_ns + states[l->state].limit_ns;
    }
    int64_t due_ns = slot_ns(l);
    return due_ns > l->free_ns ? due_ns : l->free_ns;
}

static void next_slot(struct vb_lin_leader *l) {
    if (++l->next == l->schedule->slot_count) {
        l->next = 0;
        l->start_ns += l->schedule->period_ms * VB_NS_PER_MS;
    }
}

void vb_lin_leader_tick(struct vb_lin_leader *l, int64_t now_ns) {
    int64_t late_ns = now_ns - vb_lin_leader_deadline_ns(l);
    l->ready = false; /* of the tick before, and not taken: judged again */
    if (late_ns < 0) {
        return;
    }
    if (l->state == VB_LIN_LEADER_YIELD || late_ns >= states[VB_LIN_LEADER_LISTEN].limit_ns) {
        listen(l, now_ns);
        return;
    }
    if (l->state == VB_LIN_LEADER_LISTEN) {
        l->state = VB_LIN_LEADER_LEAD;
        l->start_ns = now_ns;
        l->next = 0;
        l->unheard = 0;
    }
    /* A caller who sent one slot late finds the next one pushed back by free_ns; more than half a
     * slot is left out, and so the schedule is never more than that behind. */
    int64_t half_ns = l->schedule->slot_ms * VB_NS_PER_MS / 2;
    while (now_ns - slot_ns(l) > half_ns) {
        l->late++;
        next_slot(l);
    }
    if (now_ns >= vb_lin_leader_deadline_ns(l)) {
        l->ready = true;
        l->ready_ns = now_ns;
    }
}

static void remember(struct vb_lin_leader *l, const struct vb_frame *frame) {
    if (l->own_count == VB_LIN_OWN_MAX) {
        l->own_count--;
        memmove(l->own, l->own + 1, l->own_count * sizeof l->own[0]);
    }
    struct vb_lin_own *own = &l->own[l->own_count++];
    *own = (struct vb_lin_own){
        .t_ns = frame->t_ns, .id = (uint8_t)frame->id, .len = (uint8_t)frame->len};
    memcpy(own->data, frame->data, frame->len);
    if (l->unheard++ == 0) {
        l->unheard_ns = frame->t_ns;
    }
}

bool vb_lin_leader_take(struct vb_lin_leader *l, struct vb_frame *frame) {
    if (!l->ready) {
        return false;
    }
    uint8_t id = l->schedule->slots[l->next].id;
    const struct vb_lin_published *published = &l->published[id % VB_LIN_IDS];
    *frame = (struct vb_frame){
        .t_ns = l->ready_ns,
        .id = id,
        .flags = (uint16_t)(VB_FRAME_TX | (published->len > 0 ? published->kind : 0)),
        .kind = VB_KIND_LIN,
        .len = published->len,
        .data = published->data,
    };
    remember(l, frame);
    l->ready = false;
    l->sent++;
    l->free_ns = l->ready_ns + frame_max_ns(l->schedule);
    next_slot(l);
    return true;
}

void vb_lin_leader_skip(struct vb_lin_leader *l) {
    if (l->ready) {
        l->ready = false;
        l->late++;
        next_slot(l);
    }
}
