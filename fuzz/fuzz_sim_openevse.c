/* fuzz_sim_openevse.c - the simulated OpenEVSE: whatever is said to it, whenever, and whatever happens
 * to it, what it says are whole lines, its relay is closed only where it may be, its current within
 * bounds, and energy never falls.
 * Input: a byte for each of the settings (255 = left out, else a value of its range); then steps: a
 * byte, its low two bits say what (0: n bytes follow that come over the cable; 1: n quarters of a
 * millisecond pass; 2: n * n * 5 ms pass; 3: two bytes follow: a setting is changed), the others
 * are n.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "sim/openevse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Long steps are work for the model; so many of them are enough. */
#define LONG_STEPS 8

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

static struct vb_value value_of(const struct vb_key *key, uint8_t byte) {
    struct vb_value value = vb_key_initial(key);
    int64_t words = 0;
    if (byte == 255) {
        return value;
    }
    value.given = true;
    while (key->words && key->words[words]) {
        words++;
    }
    if (key->type == VB_KEY_WORD) {
        value.number = byte % words;
    } else if (key->type == VB_KEY_WORDS) {
        value.number = (byte * INT64_C(0x01010101)) & ((INT64_C(1) << words) - 1);
    } else if (key->type == VB_KEY_FLAG) {
        value.number = byte % 2;
    } else {
        value.number = key->min + (key->max - key->min) * byte / 254;
    }
    return value;
}

/* ---- what it says ---- */

struct listener {
    size_t n; /* of the line that has begun */
    bool began;
    bool echo; /* it was on before this byte */
};

/* Echo and the lines of relay tuning are no lines of RAPI: then only their number is looked at. */
static void look_at_lines(struct listener *l, const struct openevse *s, const uint8_t *out,
                          size_t n) {
    if (s->box.echo || l->echo || openevse_has(s, OPENEVSE_RELAY_TUNING)) {
        *l = (struct listener){0};
        return;
    }
    for (size_t i = 0; i < n; i++) {
        require(l->began == (out[i] != '$'));
        require(out[i] == '\r' || (out[i] >= ' ' && out[i] < 0x7F));
        l->began = out[i] != '\r';
        l->n = l->began ? l->n + 1 : 0;
        require(l->n < VB_RAPI_LINE_MAX);
    }
}

/* ---- what it is like ---- */

static bool may_be_closed(const struct openevse *s) {
    const struct openevse_box *b = &s->box;
    bool stopping = (b->vflags & VFLAG_HARD_FAULT) && s->t_ms - b->fault_ms <= 5000;
    bool falling_asleep = b->state == EVSE_SLEEPING && s->t_ms - b->sleep_ms <= 3000;
    bool waking =
        b->state == EVSE_UNKNOWN; /* enabled before the relay was open: until a state is */
    return b->state == EVSE_C || waking || b->boot != BOOT_DONE || stopping || falling_asleep;
}

static void look_at_state(const struct openevse *s) {
    const struct openevse_box *b = &s->box;
    bool closed = b->vflags & VFLAG_RELAY;
    require(!closed || may_be_closed(s));
    require(closed || (s->car.current_ma == 0 && b->measured_ma == 0));
    require(!b->pwm || b->state == EVSE_B || b->state == EVSE_C);
    require(b->capacity >= 6 && b->capacity <= 80);
    require(s->car.current_ma >= 0 && s->car.current_ma <= 88000);
    require(s->car.missing_nj >= 0 && s->car.missing_nj <= s->car.battery_nj);
    require(b->session_nj >= 0 && b->session_nj < 1000000000);
    require(b->pilot <= EVSE_DIODE && b->trigger <= TRIGGER_MISSED);
    require(b->trigger == 0 || s->saved.heartbeat_s > 0 || openevse_since(s, 5, 0, 0));
    require(!s->car.closed || s->car.plugged);
}

struct energy {
    uint32_t session_ws;
    int64_t elapsed_ms;
};

/* It begins anew only with the elapsed time, and where nonsense was set ($SV) beyond its 32 bits. */
static void look_at_energy(const struct openevse *s, struct energy *before) {
    const struct openevse_box *b = &s->box;
    require(b->session_ws >= before->session_ws || b->elapsed_ms < before->elapsed_ms ||
            b->elapsed_ms == 0 || before->session_ws > UINT32_MAX / 2);
    *before = (struct energy){b->session_ws, b->elapsed_ms};
}

/* ---- what happens ---- */

struct bench {
    const struct sim *sim;
    struct openevse *s;
    struct listener listener;
    struct energy energy;
    int64_t now_ns;
};

static void look(struct bench *b) {
    uint8_t out[SIM_TX_MAX];
    size_t n;
    unsigned takes = 0;
    while ((n = b->sim->take(b->s, out)) > 0) {
        require(n <= SIM_TX_MAX && ++takes < 100);
        look_at_lines(&b->listener, b->s, out, n);
    }
    look_at_state(b->s);
    look_at_energy(b->s, &b->energy);
}

static void wake(struct bench *b) {
    b->listener.echo = b->s->box.echo || b->s->held_n > 0;
    b->sim->tick(b->s, b->now_ns);
    require(b->sim->deadline_ns(b->s) > b->now_ns);
    look(b);
}

static void change(struct bench *b, uint8_t key, uint8_t byte) {
    size_t i = key % b->sim->key_count;
    struct vb_value value = value_of(&b->sim->keys[i], byte);
    if (b->sim->live >> i & 1 && (value.given || value.text[0])) {
        const char *why = b->sim->change(b->s, i, &value, b->now_ns);
        require(!why || why[0]);
    }
}

static void run(struct bench *b, const uint8_t *data, size_t size) {
    struct vb_value values[SIM_KEYS_MAX];
    size_t at = 0;
    unsigned long_steps = 0;
    for (size_t i = 0; i < b->sim->key_count; i++) {
        values[i] = value_of(&b->sim->keys[i], at < size ? data[at] : 255);
        at += at < size;
    }
    b->sim->init(b->s, values, b->now_ns, INT64_C(1776686400) * VB_NS_PER_S);
    while (at < size) {
        unsigned what = data[at] & 3;
        unsigned n = data[at] >> 2;
        size_t left = size - ++at;
        if (what == 0) {
            size_t bytes = n < left ? n : left;
            for (size_t end = at + bytes; at < end; at++) {
                b->listener.echo = b->s->box.echo;
                b->sim->feed(b->s, data + at, 1, b->now_ns);
                look(b);
            }
            b->listener.echo = b->s->box.echo;
        } else if (what == 3 && left >= 2) {
            change(b, data[at], data[at + 1]);
            at += 2;
        } else if (what == 1) {
            b->now_ns += n * (VB_NS_PER_MS / 4);
            wake(b);
        } else if (what == 2 && long_steps++ < LONG_STEPS) {
            for (int64_t end_ns = b->now_ns + n * n * 5 * VB_NS_PER_MS; b->now_ns < end_ns;) {
                b->now_ns += OPENEVSE_STEP_MS * VB_NS_PER_MS;
                wake(b);
            }
        }
    }
    wake(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bench b = {.sim = sim_find("openevse")};
    require(b.sim != NULL);
    /* a block of exactly its size, so that a write beyond it is seen */
    b.s = malloc(b.sim->size);
    require(b.s != NULL);
    run(&b, data, size);
    free(b.s);
    return 0;
}
