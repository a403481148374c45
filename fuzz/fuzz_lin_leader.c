/* fuzz_lin_leader.c - the leader of a LIN bus: whatever is heard, published and missed, headers keep
 * their distance, and nothing is sent while others lead or before the bus was listened to.
 * Input: a byte of slots (0 = the Nugget's schedule, else a made one of so many, modulo 8), then
 * pairs: what happens (bits 0-2, see below) with its details (bits 3-7), and a number.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/lin_leader.h"
#include "voltbus/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MS VB_NS_PER_MS

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

/* What must be true of the leader, known from outside. */
struct watch {
    struct vb_lin_leader l;
    int64_t now;
    int64_t foreign; /* the last sign of another leader, and nothing for six seconds */
    int64_t sent_ns;
    int64_t own_ns; /* the last frame of ours */
    uint32_t sent;
    uint8_t len[VB_LIN_IDS];
    uint8_t first[VB_LIN_IDS];
};

static void take(struct watch *w) {
    struct vb_frame f;
    while (vb_lin_leader_take(&w->l, &f)) {
        require(w->l.state == VB_LIN_LEADER_LEAD && f.kind == VB_KIND_LIN && f.id < VB_LIN_IDS);
        require(f.flags & VB_FRAME_TX && f.fault == VB_FAULT_NONE && f.t_ns == w->now);
        require(f.len == w->len[f.id] && (f.len == 0 || f.data[0] == w->first[f.id]));
        require((f.len > 0) == (f.flags != VB_FRAME_TX));
        require(w->sent == 0 || w->now - w->sent_ns >= INT64_C(9041666));
        require(w->now >= 1000 * MS && w->now - w->foreign >= 6000 * MS);
        w->sent_ns = w->own_ns = w->now;
        w->sent++;
    }
    require(w->l.sent == w->sent);
    require(vb_lin_leader_deadline_ns(&w->l) > w->now);
}

static void tick(struct watch *w) {
    uint32_t late = w->l.late;
    vb_lin_leader_tick(&w->l, w->now);
    /* a second at most is made up for, and the shortest period is 1 ms */
    require(w->l.late - late <= 1000u * w->l.schedule->slot_count);
    require(w->l.state <= VB_LIN_LEADER_YIELD);
}

static void heard(struct watch *w, unsigned with, uint8_t id) {
    struct vb_frame f = {.kind = VB_KIND_LIN, .id = id & 0x3F, .fault = (uint8_t)((with >> 1) % 5)};
    struct vb_lin_leader before = w->l;
    f.data = &id;
    f.len = id >> 7;
    f.t_ns = w->now - (with & 1) * MS;
    w->l.echo = with & 16;
    bool leads = before.state == VB_LIN_LEADER_LEAD;
    bool ours = vb_lin_leader_heard(&w->l, &f, w->now) != VB_LIN_FOREIGN;
    require(!ours || (before.own_count > 0 && w->now - w->sent_ns <= 1000 * MS));
    if (w->l.state != VB_LIN_LEADER_YIELD) {
        require(leads ? ours || w->own_ns + INT64_C(9041666) >= f.t_ns : ours);
    } else if (leads || !ours) {
        w->foreign = w->now;
        require(w->l.foreign_id == f.id && w->l.yields > 0 && !vb_lin_leader_take(&w->l, &f));
    }
    if (ours) {
        w->own_ns = f.t_ns > w->own_ns ? f.t_ns : w->own_ns;
    }
}

static void publish(struct watch *w, unsigned with, uint8_t id) {
    uint8_t data[16];
    size_t n = with & 15;
    bool in_schedule = false;
    for (unsigned i = 0; i < w->l.schedule->slot_count; i++) {
        in_schedule = in_schedule || w->l.schedule->slots[i].id == id;
    }
    memset(data, id ^ (int)n, sizeof data);
    int result = vb_lin_leader_publish(&w->l, id, with & 16 ? VB_FRAME_CLASSIC : 0, data, n);
    require((result == VB_OK) == (in_schedule && n <= VB_LIN_DATA_MAX));
    if (result == VB_OK) {
        w->len[id] = (uint8_t)n;
        w->first[id] = data[0];
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct watch w = {.foreign = -9000 * MS};
    struct vb_lin_slot slots[7];
    struct vb_lin_schedule made = {.name = "made", .slots = slots};
    if (size < 1 || size < 1u + 2u * (data[0] % 8)) {
        return 0;
    }
    made.slot_count = data[0] % 8;
    size_t at = 1;
    for (unsigned i = 0; i < made.slot_count; i++, at += 2) {
        made.period_ms += data[at];
        slots[i] = (struct vb_lin_slot){made.period_ms, data[at + 1] & 0x3F};
    }
    made.period_ms++;
    made.baud = 19200;
    made.slot_ms = made.slot_count > 0 && data[1] > 0 ? data[1] : 10;
    vb_lin_leader_init(&w.l, made.slot_count > 0 ? &made : vb_lin_schedule_find("nugget"), 0);
    for (; at + 2 <= size; at += 2) {
        unsigned with = data[at] >> 3;
        uint8_t number = data[at + 1];
        int64_t deadline = vb_lin_leader_deadline_ns(&w.l);
        switch (data[at] & 7) {
        case 0: /* so many headers by a caller who is always a little late */
            for (unsigned i = 0; i <= number; i++) {
                deadline = vb_lin_leader_deadline_ns(&w.l);
                w.now = (deadline > w.now ? deadline : w.now) + with * MS / 10;
                tick(&w);
                take(&w);
            }
            break;
        case 1:
            w.now += number * MS / 16;
            tick(&w);
            take(&w);
            break;
        case 2:
            w.now = (deadline > w.now ? deadline : w.now) + number * MS / 16;
            tick(&w);
            take(&w);
            break;
        case 3:
            heard(&w, with, number);
            break;
        case 4:
            publish(&w, with, number);
            break;
        case 5: /* it cannot be sent */
            w.now = (deadline > w.now ? deadline : w.now) + number * MS / 64;
            tick(&w);
            vb_lin_leader_skip(&w.l);
            require(!vb_lin_leader_unheard(&w.l, w.now) || w.l.unheard > 2);
            break;
        case 6: /* nobody takes what waits */
            w.now += number * MS / 16;
            tick(&w);
            break;
        default:
            w.now += (int64_t)number * with * 10 * MS;
            tick(&w);
            take(&w);
        }
    }
    return 0;
}
