/* lin.c - LIN on a UART: bytes to frames, headers and responses to bytes, and the leader.
 * Frames that come of our headers are marked VB_FRAME_TX. Where nothing comes back of what is sent,
 * it is handed to the receiver here, so that a response finds its header; what we answered ourselves
 * then proves nothing and is marked VB_FRAME_UNHEARD.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/hub/hub.h"
#include "host/link/link.h"
#include "voltbus/lin.h"
#include "voltbus/lin_leader.h"
#include "voltbus/time.h"

static const char *const schedules[] = {"none", "nugget", NULL};
static const char *const echoes[] = {"auto", "no", "yes", NULL};
enum { ECHO_AUTO, ECHO_NO, ECHO_YES };

static const struct vb_key keys[] = {
    {"baud", VB_KEY_NUMBER, "bit/s", "19200", 1000, 20000, NULL, "bits per second"},
    {"leader", VB_KEY_WORD, NULL, "none", 0, 0, schedules,
     "lead the bus by this schedule: the only way in which voltbus sends on it"},
    {"echo", VB_KEY_WORD, NULL, "auto", 0, 0, echoes,
     "what is sent comes back; auto: yes on a serial port (a LIN transceiver does that), else no"},
};

/* So long nothing has gone out: the other end is stuck. */
#define STUCK_NS VB_NS_PER_S
#define NEVER    INT64_MIN

struct lin {
    struct vb_lin_rx rx;
    bool leads;
    bool unheard; /* what we send does not come back */
    struct vb_lin_leader leader;
    int64_t stuck_ns; /* since then nothing goes out, or NEVER */
    uint32_t skipped; /* as it was last counted */
    unsigned turns;   /* of the loop that a late header has waited */
};

/* The loop was held up and comes late to a slot: responses may wait to be read. Let them in before
 * the next header, or they would be taken for answers to that. */
#define LATE_NS    VB_NS_PER_MS
#define LATE_TURNS 2

#define NO_ECHO "the bus has no power, the line is cut, or the adapter has no echo (echo=no)"

static void show_leader(struct link *link) {
    struct lin *lin = link_kind_state(link);
    const struct vb_lin_leader *leader = &lin->leader;
    char reason[sizeof link->leader_reason] = "";
    const char *state = vb_lin_leader_state_text((enum vb_lin_leader_state)leader->state);
    bool guessed = !leader->echo && link_value(link->config->spec, "echo")->number == ECHO_AUTO;
    if (leader->state == VB_LIN_LEADER_YIELD && leader->disputed) {
        snprintf(reason, sizeof reason, "somebody else answers id %02X too", leader->foreign_id);
    } else if (leader->state == VB_LIN_LEADER_YIELD) {
        snprintf(reason, sizeof reason, "another leader is heard: it asked for id %02X%s",
                 leader->foreign_id, guessed ? ", or what is sent comes back (echo=yes)" : "");
    } else if (leader->state == VB_LIN_LEADER_LISTEN) {
        snprintf(reason, sizeof reason, "listening whether the bus is free");
    } else if (lin->unheard) {
        snprintf(reason, sizeof reason, "nothing that is sent comes back: " NO_ECHO);
    }
    if (link->leader != state || strcmp(link->leader_reason, reason) != 0) {
        link->leader = state;
        snprintf(link->leader_reason, sizeof link->leader_reason, "%s", reason);
        link_changed(link);
    }
}

static void hand_on(struct link *link) {
    struct lin *lin = link_kind_state(link);
    struct vb_frame frame;
    while (vb_lin_rx_next(&lin->rx, &frame)) {
        int64_t now_ns = clock_mono_ns();
        if (lin->leads) {
            enum vb_lin_origin origin = vb_lin_leader_heard(&lin->leader, &frame, now_ns);
            if (origin != VB_LIN_FOREIGN) {
                frame.flags |= VB_FRAME_TX;
            }
            if (origin == VB_LIN_OURS_ANSWERED && !lin->leader.echo) {
                frame.flags |= VB_FRAME_UNHEARD;
            }
        }
        frame.t_ns = link_now_ns() - (now_ns - frame.t_ns) / VB_NS_PER_US * VB_NS_PER_US;
        hub_frame(link, &frame);
    }
    link->bad += lin->rx.skipped - lin->skipped; /* bytes that belong to no frame */
    lin->skipped = lin->rx.skipped;
}

static void hear(struct link *link, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct lin *lin = link_kind_state(link);
    for (size_t i = 0; i < n; i++) {
        vb_lin_rx_feed(&lin->rx, bytes[i], VB_LIN_MARK_NONE, mono_ns);
        hand_on(link);
    }
}

static void send_frame(struct link *link, const struct vb_frame *frame, int64_t now_ns) {
    struct lin *lin = link_kind_state(link);
    uint8_t bytes[3 + VB_LIN_DATA_MAX + 1];
    vb_lin_put_header((uint8_t)frame->id, bytes);
    int response = 0;
    if (frame->len > 0) {
        uint16_t kind = frame->flags & (VB_FRAME_CLASSIC | VB_FRAME_ENHANCED);
        response = vb_lin_put_response((uint8_t)frame->id, kind, frame->data, frame->len, bytes + 3,
                                       sizeof bytes - 3);
    }
    size_t n = 3 + (size_t)(response > 0 ? response : 0);
    if (!transport_write_break(link->transport, bytes + 1, n - 1)) { /* the 00 is the break */
        return;
    }
    if (!lin->leader.echo) {
        hear(link, bytes, n, now_ns);
    }
}

/* Headers that wait for somebody who does not read would go out when nobody means them any more.
 * Returns true if this one must not be sent. */
static bool is_stuck(struct link *link, int64_t now_ns) {
    struct lin *lin = link_kind_state(link);
    if (transport_pending(link->transport) == 0) {
        lin->stuck_ns = NEVER;
        return false;
    }
    if (lin->stuck_ns == NEVER) {
        lin->stuck_ns = now_ns;
    }
    return true;
}

/* May end the link. */
static void lead(struct link *link, int64_t now_ns) {
    struct lin *lin = link_kind_state(link);
    struct vb_frame frame;
    if (link->alone) {
        return;
    }
    if (now_ns - vb_lin_leader_deadline_ns(&lin->leader) > LATE_NS && lin->turns < LATE_TURNS) {
        lin->turns++;
        return;
    }
    lin->turns = 0;
    vb_lin_leader_tick(&lin->leader, now_ns);
    if (is_stuck(link, now_ns)) {
        vb_lin_leader_skip(&lin->leader);
        if (now_ns - lin->stuck_ns >= STUCK_NS) {
            link_fail(link, "nothing goes out: the other end does not read");
            return;
        }
    } else if (vb_lin_leader_take(&lin->leader, &frame)) {
        send_frame(link, &frame, now_ns);
    }
    lin->unheard = vb_lin_leader_unheard(&lin->leader, now_ns);
    show_leader(link);
}

static void opened(struct link *link) {
    struct lin *lin = link_kind_state(link);
    const struct link_spec *spec = link->config->spec;
    const struct vb_value *echo = link_value(spec, "echo");
    const struct vb_value *leader = link_value(spec, "leader");
    vb_lin_rx_init(&lin->rx, (uint32_t)link_value(spec, "baud")->number);
    lin->skipped = 0;
    lin->stuck_ns = NEVER;
    lin->unheard = false;
    lin->leads = leader->number != 0;
    if (!lin->leads) {
        return;
    }
    vb_lin_leader_init(&lin->leader, vb_lin_schedule_find(schedules[leader->number]),
                       clock_mono_ns());
    lin->leader.echo =
        echo->number == ECHO_YES || (echo->number == ECHO_AUTO && spec->place.type == PLACE_SERIAL);
    if (!link->alone) {
        show_leader(link);
    }
    hub_publish(link);
}

static void bytes(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    hear(link, data, n, mono_ns);
    struct lin *lin = link_kind_state(link);
    if (lin->leads) {
        lead(link, clock_mono_ns());
    }
}

static void tick(struct link *link, int64_t mono_ns) {
    struct lin *lin = link_kind_state(link);
    vb_lin_rx_tick(&lin->rx, mono_ns);
    hand_on(link);
    if (lin->leads) {
        lead(link, mono_ns);
    }
}

static int64_t deadline_ns(struct link *link) {
    struct lin *lin = link_kind_state(link);
    int64_t rx = vb_lin_rx_deadline_ns(&lin->rx);
    int64_t leader =
        lin->leads && !link->alone ? vb_lin_leader_deadline_ns(&lin->leader) : INT64_MAX;
    return rx < leader ? rx : leader;
}

static enum vb_refusal ready(const struct link *link, char why[LINK_WHY]) {
    const struct lin *lin = link_kind_state(link);
    snprintf(why, LINK_WHY, "%s", lin->unheard ? NO_ECHO : link->leader_reason);
    return !lin->leads                                 ? VB_REFUSAL_NO_LEADER
           : lin->leader.state == VB_LIN_LEADER_YIELD  ? VB_REFUSAL_OTHER_LEADER
           : lin->leader.state == VB_LIN_LEADER_LISTEN ? VB_REFUSAL_NOT_LEADING
           : lin->unheard                              ? VB_REFUSAL_NO_ECHO
                                                       : VB_REFUSAL_NONE;
}

static bool publish(struct link *link, const struct vb_frame *frame) {
    struct lin *lin = link_kind_state(link);
    return lin->leads && vb_lin_leader_publish(&lin->leader, (uint8_t)frame->id, 0, frame->data,
                                               frame->len) == VB_OK;
}

/* A link that does not lead sends nothing, and says so when it is asked. */
static bool carries(const struct link_spec *spec, uint32_t id) {
    const struct vb_value *leader = link_value(spec, "leader");
    const struct vb_lin_schedule *schedule = vb_lin_schedule_find(schedules[leader->number]);
    bool found = !schedule;
    for (size_t i = 0; schedule && i < schedule->slot_count; i++) {
        found |= schedule->slots[i].id == id;
    }
    return found;
}

const struct link_kind link_kind_lin = {
    .name = "lin",
    .title = "LIN bus on a UART",
    .frame_kind = VB_KIND_LIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "a serial port, pty:PATH, tcp://host:port, listen://host:port or sim://NAME",
    .example = "lin:/dev/ttyUSB0,baud=19200",
    .size = sizeof(struct lin),
    .opened = opened,
    .bytes = bytes,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .ready = ready,
    .publish = publish,
    .carries = carries,
};
