/* leaf_battery.c - a Nissan Leaf battery behind an slcan adapter: what comes over the serial line
 * when the adapter listens to the EV-CAN of a car that charges, drives or rests.
 * Left out: all other controllers of the car, answers to questions (79B/7BB, 50C), the start-up and
 * the sleep of the controller, cells one by one, frame 5EB of a ZE1; acceptance filters and polling
 * (X0) of the adapter.
 * Facts: reference/leaf-can.md section 3, reference/can-transports.md section 2.1; periods, counters,
 * the order of multiplexed pages and what stands in unknown bytes: from the recordings of an AZE0, an
 * e-NV200, a ZE0 and a ZE1 listed there.
 * SPDX-License-Identifier: MIT */
#include "sim/leaf_adapter.h"
#include "sim/leaf_pack.h"
#include "sim/world.h"

#include "voltbus/time.h"

enum { GENERATION, MODE, SOC, SPEED };
enum { MODE_CHARGE, MODE_DRIVE, MODE_REST };

static const char *const modes[] = {"charge", "drive", "rest", NULL};

static const struct vb_key keys[] = {
    [GENERATION] = {"generation", VB_KEY_WORD, NULL, "aze0", 0, 0, leaf_cars, LEAF_CARS_HELP},
    [MODE] = {"mode", VB_KEY_WORD, NULL, "charge", 0, 0, modes,
              "what the car does: charge until full, then use some and charge again; drive until "
              "empty, charge, drive; stand still"},
    [SOC] = {"soc", VB_KEY_NUMBER, "%", "45", 5, 100, NULL, "state of charge at the start"},
    [SPEED] = {"speed", VB_KEY_NUMBER, NULL, "1", 1, 1000, NULL,
               "how many times faster than a real battery it charges and drives; frames keep their "
               "real periods"},
};

/* What the pack does; each step says when it goes on. */
#define PHASES(X)                                                                                  \
    X(CHARGE, "full: FULL; mode drive, 80 %: DRIVE")                                               \
    X(FULL, "a minute later: USE")                                                                 \
    X(USE, "charge of the start reached, at most 90 %: CHARGE")                                    \
    X(DRIVE, "10 %: CHARGE")                                                                       \
    X(REST, "never")

enum phase {
#define X(name, sentence) PHASE_##name,
    PHASES(X)
#undef X
};

#define slots    leaf_pack_slots
#define SLOTS    LEAF_PACK_SLOTS
#define STEP_MS  10  /* of the model */
#define CATCH_UP 100 /* ms; a caller who is later misses frames, as with a real adapter */

struct leaf {
    struct leaf_adapter adapter;
    struct leaf_pack pack;
    uint32_t turn[SLOTS]; /* how many of each frame there were */
    uint8_t mode, phase;
    int64_t speed;
    int64_t phase_ms; /* since the phase began */
    int64_t restart_uas;
};

/* ---- the battery ---- */

static int64_t wanted_current_ma(const struct leaf *s) {
    int64_t t = s->pack.t_ms;
    switch ((enum phase)s->phase) {
    case PHASE_CHARGE: {
        /* constant power, then constant voltage: what flows is what the last volts leave */
        int64_t power = leaf_pack_charger_w(&s->pack) * INT64_C(1000000) / s->pack.voltage_mv;
        int64_t taper = leaf_pack_taper_ma(&s->pack);
        return (power < taper ? power : taper) + world_noise(11, t, 700) / 4;
    }
    case PHASE_USE:
        return -8000 + world_noise(12, t, 4000) * 3;
    case PHASE_DRIVE: {
        int64_t a = -35000 + world_noise(13, t, 9000) * 70 + world_noise(14, t, 40000) * 45;
        return a > 60000 ? 60000 : a; /* what braking gives back */
    }
    case PHASE_FULL:
    case PHASE_REST:
        break;
    }
    return -400 + world_noise(15, t, 900) / 3; /* the 12 V side */
}

static void go(struct leaf *s, enum phase phase) {
    s->phase = (uint8_t)phase;
    s->phase_ms = 0;
    s->pack.charging = phase == PHASE_CHARGE;
    s->pack.full = phase == PHASE_FULL;
}

static void next_phase(struct leaf *s) {
    int64_t permille = leaf_pack_soc_permille(&s->pack);
    switch ((enum phase)s->phase) {
    case PHASE_CHARGE:
        if (s->mode == MODE_DRIVE && permille >= 800) {
            go(s, PHASE_DRIVE);
        } else if (permille >= 995 && s->pack.current_ma < 1000) {
            go(s, PHASE_FULL);
        }
        break;
    case PHASE_FULL:
        if (s->phase_ms >= 60000) {
            go(s, PHASE_USE);
        }
        break;
    case PHASE_USE:
        if (s->pack.charge_uas <= s->restart_uas) {
            go(s, PHASE_CHARGE);
        }
        break;
    case PHASE_DRIVE:
        if (permille <= 100) {
            go(s, PHASE_CHARGE);
        }
        break;
    case PHASE_REST:
        break;
    }
}

static void model_step(struct leaf *s, int64_t dt_ms) {
    s->phase_ms += dt_ms;
    leaf_pack_rest(&s->pack, dt_ms);
    leaf_pack_step(&s->pack, wanted_current_ma(s), dt_ms);
    next_phase(s);
}

/* ---- the simulator ---- */

static void send_frame(struct leaf *s, size_t slot, int64_t t_ns) {
    struct sim_values v;
    uint8_t data[8];
    struct vb_frame frame = {.kind = VB_KIND_CAN, .id = slots[slot].id, .data = data};
    sim_values_begin(&v, &s->pack.instance, frame.id);
    frame.len = leaf_pack_values(&s->pack, &v, s->turn[slot]);
    if (sim_values_end(&v, data, frame.len, s->turn[slot]) > 0) {
        leaf_adapter_put(&s->adapter, &frame, t_ns);
    }
}

static void leaf_feed(void *self, const uint8_t *bytes, size_t n, int64_t now_ns) {
    struct leaf *s = self;
    struct vb_frame frame;
    bool sends;
    (void)now_ns;
    while (n > 0) { /* what is sent changes nothing here */
        size_t used = leaf_adapter_feed(&s->adapter, bytes, n, &frame, &sends);
        bytes += used;
        n -= used;
    }
}

static void leaf_init(void *self, const struct vb_value *values, int64_t now_ns, int64_t wall_ns) {
    struct leaf *s = self;
    (void)wall_ns;
    memset(s, 0, sizeof *s);
    s->mode = (uint8_t)values[MODE].number;
    s->speed = values[SPEED].number;
    leaf_adapter_init(&s->adapter, now_ns);
    leaf_pack_init(&s->pack, (enum leaf_car)values[GENERATION].number, values[SOC].number);
    int64_t most = leaf_pack_capacity_uas(&s->pack) / 10 * 9;
    s->restart_uas = s->pack.charge_uas < most ? s->pack.charge_uas : most;
    go(s, s->mode == MODE_CHARGE ? PHASE_CHARGE : s->mode == MODE_DRIVE ? PHASE_DRIVE : PHASE_REST);
}

static int64_t due_ns(const struct leaf *s, size_t slot) {
    return s->adapter.start_ns +
           ((int64_t)s->turn[slot] * slots[slot].period_ms + slots[slot].phase_ms) * VB_NS_PER_MS;
}

/* The slot that is due first. */
static size_t first_slot(const struct leaf *s) {
    size_t first = 0;
    for (size_t i = 1; i < SLOTS; i++) {
        if ((slots[i].cars & (1 << s->pack.car)) && due_ns(s, i) < due_ns(s, first)) {
            first = i;
        }
    }
    return first;
}

static void leaf_tick(void *self, int64_t now_ns) {
    struct leaf *s = self;
    if (now_ns - due_ns(s, first_slot(s)) > CATCH_UP * VB_NS_PER_MS) {
        /* The car went on without us. The model did not: its time is that of its frames. */
        for (size_t i = 0; i < SLOTS; i++) {
            int64_t period_ns = slots[i].period_ms * VB_NS_PER_MS;
            int64_t late_ns = now_ns - due_ns(s, i);
            if (late_ns > 0) {
                s->turn[i] += (uint32_t)(late_ns / period_ns);
            }
        }
        s->adapter.lost = s->adapter.lost || s->adapter.open;
    }
    for (size_t i = first_slot(s); due_ns(s, i) <= now_ns; i = first_slot(s)) {
        if (slots[i].id == 0x1DB) {
            model_step(s, STEP_MS * s->speed);
        }
        if (leaf_adapter_hears(&s->adapter)) {
            send_frame(s, i, due_ns(s, i));
        }
        s->turn[i]++;
    }
}

static int64_t leaf_deadline(const void *self) {
    const struct leaf *s = self;
    return due_ns(s, first_slot(s));
}

static size_t leaf_take(void *self, uint8_t *out) {
    struct leaf *s = self;
    return sim_queue_take(&s->adapter.out, out);
}

const struct sim sim_leaf_battery = {
    .name = "leaf-battery",
    .title = "Nissan Leaf battery on the EV-CAN behind an slcan adapter",
    .link = "slcan",
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .size = sizeof(struct leaf),
    .init = leaf_init,
    .feed = leaf_feed,
    .tick = leaf_tick,
    .deadline_ns = leaf_deadline,
    .take = leaf_take,
};
