/* openevse_boot.c - the news of a simulated OpenEVSE, and how it starts.
 * Facts: reference/rapi.md sections 2 and 5, and the sources named there.
 * SPDX-License-Identifier: MIT */
#include "sim/openevse.h"

/* ---- news ---- */

#define VFLAGS_TOLD                                                                                \
    (VFLAG_LOCKED | VFLAG_CONNECTED | VFLAG_TIME_LIMIT | VFLAG_CHARGE_LIMIT | VFLAG_HARD_FAULT)

static void note_sent(struct openevse_box *b) {
    b->sent_state = b->state;
    b->sent_pilot = b->pilot;
    b->sent_capacity = b->capacity;
    b->sent_vflags = b->vflags & VFLAGS_TOLD;
}

static void tell_at(struct openevse *s, uint8_t capacity) {
    const struct openevse_box *b = &s->box;
    struct openevse_text t = {0, ""};
    openevse_add(&t, "AT ");
    openevse_add_hex(&t, b->state, 2);
    openevse_add(&t, " ");
    openevse_add_hex(&t, b->pilot, 2);
    openevse_add(&t, " ");
    openevse_add_number(&t, capacity);
    openevse_add(&t, " ");
    openevse_add_hex(&t, b->vflags, 4);
    openevse_line(s, &t, 0, true);
}

static void tell_st(struct openevse *s) {
    struct openevse_text t = {0, ""};
    openevse_add(&t, "ST ");
    openevse_add_hex(&t, s->box.state, 2);
    openevse_line(s, &t, 0, openevse_since(s, 2, 0, 1));
}

static void tell_ab(struct openevse *s, uint8_t code) {
    struct openevse_text t = {0, ""};
    openevse_add(&t, "AB ");
    openevse_add_hex(&t, code, 2);
    openevse_add(&t, " ");
    openevse_add(&t, s->release->firmware);
    openevse_line(s, &t, 0, true);
}

/* Pairs that the firmware keeps to itself. */
static bool inconsistent(const struct openevse_box *b) {
    bool connected = b->vflags & VFLAG_CONNECTED;
    return b->state == EVSE_UNKNOWN || (b->state == EVSE_A && connected) ||
           ((b->state == EVSE_B || b->state == EVSE_C) && !connected);
}

static bool changed(const struct openevse_box *b) {
    return b->state != b->sent_state || b->pilot != b->sent_pilot ||
           b->capacity != b->sent_capacity || (b->vflags & VFLAGS_TOLD) != b->sent_vflags;
}

void openevse_news(struct openevse *s) {
    struct openevse_box *b = &s->box;
    bool at = openevse_since(s, 5, 0, 0);
    bool keep =
        at ? !changed(b) || inconsistent(b) : b->state == b->sent_state || b->state == EVSE_UNKNOWN;
    if (b->boot != BOOT_DONE || keep) {
        return;
    }
    note_sent(b);
    if (s->notifications) {
        if (at) {
            tell_at(s, b->capacity);
        } else {
            tell_st(s);
        }
    }
}

/* ---- boot ---- */

static void power_up(struct openevse *s) {
    struct openevse_box *b = &s->box;
    *b = (struct openevse_box){.vflags = VFLAG_SESSION_ENDED};
    b->nominal_mv = openevse_nominal_mv(s);
    b->capacity = openevse_saved_a(s);
    b->pulse_ms = b->off_ms = s->t_ms;
    if (s->saved.timer && openevse_since(s, 5, 2, 0)) {
        b->vflags |= VFLAG_TIMER;
    }
    if (openevse_has(s, OPENEVSE_BOOTLOCK) && !(s->saved.flags & FLAG_NO_BOOTLOCK)) {
        b->vflags |= VFLAG_BOOT_LOCK;
    }
    vb_rapi_reader_init(&s->reader, true, s->release->line_max);
    s->held_n = 0;
}

void openevse_box_init(struct openevse *s) {
    struct openevse_saved *e = &s->saved;
    e->scale = 220;
    e->volt_scale = 298;
    e->volt_offset = 12018;
    e->close_ms = 100;
    e->hold_pwm = 255;
    e->ambient_dc = e->infrared_dc = 650;
    e->zero_ma = 200;
    if (!openevse_since(s, 2, 0, 0)) {
        e->counts[COUNT_NO_GROUND] = e->counts[COUNT_STUCK] = COUNT_NEVER;
    }
    power_up(s);
    if (!(s->box.vflags & VFLAG_BOOT_LOCK)) {
        s->box.state = s->box.pilot = EVSE_A; /* it has been running for a while */
    }
    note_sent(&s->box);
}

void openevse_restart(struct openevse *s) {
    s->box.boot = openevse_closed(s) ? BOOT_STOPPING : BOOT_HANGING;
    s->box.boot_ms = s->t_ms;
    s->box.pwm = false;
}

/* The self test. Returns what $AB tells. */
static uint8_t self_test(const struct openevse *s) {
    uint16_t off = s->saved.flags;
    if (s->fault == OPENEVSE_FAULT_STUCK_RELAY && !(off & FLAG_NO_STUCK)) {
        return EVSE_STUCK_RELAY;
    }
    if (s->fault == OPENEVSE_FAULT_NO_GROUND && !(off & FLAG_NO_GROUND)) {
        return EVSE_NO_GROUND;
    }
    if (s->fault == OPENEVSE_FAULT_GFI_TEST && !(off & FLAG_NO_GFI_TEST)) {
        return EVSE_GFI_TEST;
    }
    return EVSE_UNKNOWN;
}

static void end_boot(struct openevse *s) {
    struct openevse_box *b = &s->box;
    static const int8_t counters[] = {
        [EVSE_NO_GROUND] = COUNT_NO_GROUND, [EVSE_STUCK_RELAY] = COUNT_STUCK, [EVSE_GFI_TEST] = -1};
    uint8_t code = self_test(s);
    b->boot = BOOT_DONE;
    if (s->notifications && openevse_since(s, 5, 0, 0)) {
        tell_ab(s, code);
    }
    if (code) {
        b->state = code;
        if (counters[code] >= 0) {
            openevse_count(s, (unsigned)counters[code]);
        }
        openevse_hard_fault(s, true);
    }
}

static void begin_boot(struct openevse *s) {
    power_up(s);
    s->box.boot = BOOT_TESTING;
    s->box.boot_ms = s->t_ms;
    if (s->notifications && openevse_since(s, 5, 0, 0)) {
        struct openevse_box *b = &s->box;
        uint16_t vflags = b->vflags;
        b->vflags = VFLAG_SESSION_ENDED;
        tell_at(s, 0); /* forced; the capacity is not read yet */
        b->vflags = vflags;
    } else if (s->notifications) {
        tell_st(s);
    }
}

void openevse_boot_step(struct openevse *s) {
    static const uint16_t lasts_ms[] = {[BOOT_STOPPING] = 3000,
                                        [BOOT_HANGING] = 1500,
                                        [BOOT_STARTING] = 400,
                                        [BOOT_TESTING] = 1500};
    struct openevse_box *b = &s->box;
    if (s->t_ms - b->boot_ms < lasts_ms[b->boot]) {
        return;
    }
    b->boot_ms = s->t_ms;
    switch (b->boot) {
    case BOOT_STOPPING:
        b->boot = BOOT_HANGING;
        break;
    case BOOT_HANGING:
        openevse_open_relay(s);
        b->boot = BOOT_STARTING;
        break;
    case BOOT_STARTING:
        begin_boot(s);
        break;
    default:
        end_boot(s);
        break;
    }
}
