/* leaf_poll.c - asks the controller of a Leaf battery for its groups (79B/7BB, ISO-TP), one after the other, and begins again
 * after the time that the setting `every` says. It only reads (service 21): nothing else is ever sent.
 * What the answers mean is the device's business (leaf_battery_groups.c), which hears them as it hears everybody's.
 * Facts: reference/leaf-can.md section 8; that another tester silences us for 100 s is the rule of the battery emulator
 * that it names, and STmin 10 ms with no blocks is what a phone app was seen to ask of ZE0, AZE0 and e-NV200.
 * SPDX-License-Identifier: MIT */
#include "voltbus/leaf_poll.h"

#include <string.h>

#include "voltbus/isotp.h"
#include "voltbus/time.h"

extern const struct vb_device vb_device_leaf_battery_groups;

#define REQUEST    0x79B
#define ANSWER     0x7BB
#define READ_GROUP 0x21
#define POSITIVE   0x40
#define REFUSAL    0x7F
#define PENDING    0x78

#define ANSWER_NS  (1000 * VB_NS_PER_MS) /* an answer begins after 2 to 100 ms */
#define PENDING_NS (5000 * VB_NS_PER_MS) /* ... unless it says that it takes longer */
#define PAUSE_NS   (50 * VB_NS_PER_MS)   /* between two groups */
#define FOREIGN_NS (100 * VB_NS_PER_S)
#define AWAKE_NS   (2 * VB_NS_PER_S)    /* something was heard: nobody is woken by us */
#define LOOK_NS    (500 * VB_NS_PER_MS) /* ... is looked for so often */
#define LATE_NS    (1 * VB_NS_PER_S) /* whoever calls so late has missed what was said meanwhile */

#define STATES(X)                                                                                  \
    X(QUIET, "quiet", "nothing is heard on the bus: it is not asked, lest it is woken")            \
    X(POLLS, "polls", "")                                                                          \
    X(DUMB, "polls", "the battery does not answer")                                                \
    X(YIELDS, "yields", "another tester asks the battery: no question of ours for 100 s")

enum state {
#define X(name, text, why) name,
    STATES(X)
#undef X
};

/* In the order in which they are asked. What never changes is asked until it was answered or refused. */
static const struct {
    uint8_t number;
    bool once;
} groups[] = {{0x01, false}, {0x02, false}, {0x04, false}, {0x06, false},
              {0x61, true},  {0x62, true},  {0x83, true},  {0x84, true}};
#define GROUPS (sizeof groups / sizeof groups[0])

struct poller {
    struct vb_isotp tp;
    const struct vb_instance *instance;
    int64_t now_ns;
    int64_t round_ns;      /* this round began */
    int64_t next_ns;       /* the next question is due */
    int64_t give_up_ns;    /* no answer to the one that was asked */
    int64_t heard_ns;      /* the last frame of anybody */
    uint8_t state;         /* enum state */
    uint8_t at;            /* the group that is asked, or is next */
    uint8_t done;          /* bits: answered or refused for good */
    bool asking, answered; /* a question is out; anything came of this round */
    uint8_t question[2];
    uint8_t answer[512];
};

static const struct vb_isotp_config pair = {.tx_id = REQUEST,
                                            .rx_id = ANSWER,
                                            .tx_address = VB_ISOTP_NO_ADDRESS,
                                            .rx_address = VB_ISOTP_NO_ADDRESS,
                                            .pad = true,
                                            .st_min = 10};

/* The words of the device's setting. */
static int64_t every_ns(const struct poller *p) {
    static const uint8_t seconds[] = {5, 10, 30, 60};
    const struct vb_device *device = &vb_device_leaf_battery_groups;
    for (size_t i = 0; p->instance && i < device->setting_count; i++) {
        if (strcmp(device->settings[i].name, "every") == 0) {
            return seconds[p->instance->choice[i] % sizeof seconds] * VB_NS_PER_S;
        }
    }
    return seconds[1] * VB_NS_PER_S;
}

static void poller_init(void *self, int64_t now_ns) {
    struct poller *p = self;
    *p = (struct poller){.now_ns = now_ns, .heard_ns = INT64_MIN};
    (void)vb_isotp_init(&p->tp, &pair, p->answer, sizeof p->answer, now_ns);
    p->round_ns = p->next_ns = now_ns;
}

static void poller_beside(void *self, const struct vb_instance *instance) {
    ((struct poller *)self)->instance = instance;
}

/* The group that was asked is over with: the next one, or the next round. */
static void go_on(struct poller *p) {
    p->asking = false;
    vb_isotp_stop(&p->tp);
    do {
        p->at++;
    } while (p->at < GROUPS && p->done >> p->at & 1);
    p->next_ns = p->now_ns + PAUSE_NS;
    if (p->at < GROUPS) {
        return;
    }
    p->state = p->answered ? POLLS : DUMB;
    p->answered = false;
    p->at = 0;
    int64_t round_ns = p->round_ns + every_ns(p);
    p->next_ns = round_ns > p->next_ns ? round_ns : p->next_ns;
}

static void yield(struct poller *p) {
    p->state = YIELDS;
    p->next_ns = p->now_ns + FOREIGN_NS;
    p->asking = p->answered = false;
    p->at = 0;
    vb_isotp_stop(&p->tp);
}

static void understand(struct poller *p, const uint8_t *answer, uint32_t n) {
    bool refused = n >= 3 && answer[0] == REFUSAL && answer[1] == READ_GROUP;
    bool ours = n >= 2 && answer[0] == (READ_GROUP | POSITIVE) && answer[1] == p->question[1];
    if (!refused && !ours) {
        return; /* the answer to something older: ours comes yet */
    }
    p->answered = true;
    if (p->state == DUMB) {
        p->state = POLLS;
    }
    if (refused && answer[2] == PENDING) {
        p->give_up_ns = p->now_ns + PENDING_NS;
        return;
    }
    if (refused || groups[p->at].once) {
        p->done |= (uint8_t)(1u << p->at);
    }
    go_on(p);
}

static void events(struct poller *p) {
    struct vb_isotp_event event;
    while (p->asking && vb_isotp_next_event(&p->tp, &event)) {
        if (event.what == VB_ISOTP_EVENT_RECEIVED) {
            understand(p, p->answer, event.len);
        } else if (event.what == VB_ISOTP_EVENT_BEGUN) {
            p->give_up_ns = INT64_MAX; /* ISO-TP knows how long it may take */
        } else if (event.what != VB_ISOTP_EVENT_SENT) {
            go_on(p); /* asked again in the next round */
        }
    }
}

static void poller_heard(void *self, const struct vb_frame *frame, int64_t now_ns) {
    struct poller *p = self;
    p->now_ns = now_ns;
    if (frame->fault != VB_FAULT_NONE || frame->flags & VB_FRAME_ERR) {
        return;
    }
    p->heard_ns = now_ns;
    if (frame->id == REQUEST && !(frame->flags & VB_FRAME_EXT)) {
        yield(p);
    } else if (p->asking) { /* else it is an answer to somebody else, and flow control is theirs */
        (void)vb_isotp_heard(&p->tp, frame, now_ns);
        events(p);
    }
}

static void ask(struct poller *p) {
    bool awake = p->heard_ns != INT64_MIN && p->now_ns - p->heard_ns <= AWAKE_NS;
    if (!awake) {
        p->state = QUIET;
        p->at = 0;
        p->answered = false;
        p->next_ns = p->now_ns + LOOK_NS;
        return;
    }
    if (p->state == QUIET || p->state == YIELDS) {
        p->state = POLLS;
    }
    if (p->at == 0) {
        p->round_ns = p->now_ns;
    }
    p->question[0] = READ_GROUP;
    p->question[1] = groups[p->at].number;
    p->asking = vb_isotp_send(&p->tp, p->question, 2, p->now_ns) == VB_OK;
    p->give_up_ns = p->now_ns + ANSWER_NS;
}

static void poller_tick(void *self, int64_t now_ns) {
    struct poller *p = self;
    int64_t due_ns = p->asking ? p->give_up_ns : p->next_ns;
    p->now_ns = now_ns;
    if (now_ns > due_ns && now_ns - due_ns > LATE_NS && p->heard_ns != INT64_MIN) {
        p->heard_ns = INT64_MIN; /* who asks on the bus by now? Listen first */
    }
    if (p->asking) {
        vb_isotp_tick(&p->tp, now_ns);
        events(p);
    }
    if (p->asking && now_ns >= p->give_up_ns) {
        go_on(p);
    }
    if (!p->asking && now_ns >= p->next_ns) {
        ask(p);
    }
}

static int64_t poller_deadline_ns(const void *self) {
    const struct poller *p = self;
    if (!p->asking) {
        return p->next_ns;
    }
    int64_t its_ns = vb_isotp_deadline_ns(&p->tp);
    return its_ns < p->give_up_ns ? its_ns : p->give_up_ns;
}

static bool poller_take(void *self, struct vb_frame *frame) {
    struct poller *p = self;
    bool any = p->asking && vb_isotp_take(&p->tp, frame);
    events(p);
    return any;
}

static const char *poller_state(const void *self, const char **why) {
    static const struct {
        const char *text, *why;
    } states[] = {
#define X(name, text, why) {text, why},
        STATES(X)
#undef X
    };
    const struct poller *p = self;
    if (why) {
        *why = states[p->state].why;
    }
    return states[p->state].text;
}

const struct vb_machine vb_machine_leaf_poll = {
    .name = "leaf-groups",
    .title = "asks the battery of a Leaf for its groups, and gives way to other testers",
    .device = &vb_device_leaf_battery_groups,
    .asks = true,
    .size = sizeof(struct poller),
    .init = poller_init,
    .beside = poller_beside,
    .heard = poller_heard,
    .tick = poller_tick,
    .deadline_ns = poller_deadline_ns,
    .take = poller_take,
    .state = poller_state,
};
