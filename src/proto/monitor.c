/* monitor.c - the bus monitor: rules of the tables, and times.
 * Left out: whether values make sense (limits of the rows tell), frames of no device (the caller sees them).
 * Facts: the tolerances, measured on the healthy recordings of reference/leaf-can.md; docs/doctor.md has the numbers.
 * SPDX-License-Identifier: MIT */
#include "voltbus/monitor.h"

#include <string.h>

#include "voltbus/time.h"

/* A frame without a counter is late after 1.5 periods: one was lost, or nearly. With 10 ms it may be 15 ms more,
 * because recorders with a clock of 10 ms show every second frame at 20 ms. */
#define LATE_SLACK_NS (15 * VB_NS_PER_MS)
/* From the last frame of the wheels to "go to sleep" a ZE0 takes up to 3.4 s. */
#define MISSING_NS      (4 * VB_NS_PER_S)
#define MISSING_PERIODS 5
/* A few in a row are no second sender: recorders hand frames over late, and together. Where there is a counter, it tells
 * two senders at once, and a charger of a ZE0 sends much more often when something changes. */
#define WINDOW_PERIODS 10
#define WINDOW_FRAMES  15
/* A bus that was silent for so long was asleep, or the recorder was. */
#define SILENCE_NS (1 * VB_NS_PER_S)

const char *vb_finding_kind_text(enum vb_finding_kind kind) {
    static const char *const texts[] = {
#define X(name, text) text,
        VB_FINDINGS(X)
#undef X
    };
    return kind < VB_FINDING_COUNT ? texts[kind] : "";
}

void vb_monitor_init(struct vb_monitor *monitor, const struct vb_instance *instance,
                     struct vb_watch *watches, struct vb_watched_bus *bus) {
    *monitor = (struct vb_monitor){.instance = instance, .watches = watches, .bus = bus};
    memset(watches, 0, instance->device->message_count * sizeof *watches);
}

static int64_t between(int64_t later, int64_t earlier) {
    int64_t ns;
    return __builtin_sub_overflow(later, earlier, &ns) ? INT64_MAX : ns;
}

/* ---- the bus ---- */

/* Did it wake up? Then nothing is compared with what was before. */
static void note_bus(struct vb_monitor *monitor, const struct vb_frame *frame,
                     const struct vb_message *message) {
    struct vb_watched_bus *bus = monitor->bus;
    const struct vb_device *device = monitor->instance->device;
    int64_t silence = between(frame->t_ns, bus->heard_ns);
    int64_t raw;
    bool asleep = bus->asleep;
    if (device->sleep_row && device->sleep_row >= message->signals &&
        device->sleep_row < message->signals + message->signal_count &&
        vb_signal_get(device->sleep_row, frame->data, frame->len, &raw) == VB_OK) {
        bus->asleep = raw == device->sleep_raw;
    }
    if ((bus->any && (silence < 0 || silence > SILENCE_NS)) || (asleep && !bus->asleep)) {
        bus->waking++;
    }
    bus->any = true;
    bus->heard_ns = frame->t_ns;
}

/* ---- one frame ---- */

struct report {
    struct vb_finding *findings;
    size_t count;
    struct vb_watch *watch;
    struct vb_finding common;
};

static void report(struct report *r, enum vb_finding_kind kind, int64_t seen, int64_t expected) {
    r->watch->findings[kind]++;
    if (r->count < VB_FINDINGS_MAX) {
        struct vb_finding *finding = &r->findings[r->count++];
        *finding = r->common;
        finding->kind = kind;
        finding->seen = seen;
        finding->expected = expected;
    }
}

/* Which byte broke the rule, and what it should be. */
static void report_check(struct report *r, const struct vb_message *message,
                         const struct vb_frame *frame, enum vb_fault fault) {
    for (size_t i = 0; i < message->check_count; i++) {
        const struct vb_check *check = &message->checks[i];
        bool crc = check->rule == VB_RULE_CRC8;
        if (check->rule == VB_RULE_COUNTER || crc != (fault == VB_FAULT_CRC) ||
            check->at >= frame->len) {
            continue;
        }
        uint8_t expected = vb_check_expected(check, frame->id, frame->data);
        if (expected != frame->data[check->at]) {
            report(r, crc ? VB_FINDING_CRC : VB_FINDING_SUM, frame->data[check->at], expected);
            return;
        }
    }
}

/* Returns true if the frame can be trusted: its counter and its time count. */
static bool check_content(struct report *r, const struct vb_message *message,
                          const struct vb_frame *frame, enum vb_fault fault) {
    switch (fault) {
    case VB_FAULT_NONE:
    case VB_FAULT_COUNTER:
        break;
    case VB_FAULT_LENGTH:
        report(r, VB_FINDING_LENGTH, frame->len, message->len_min);
        return false;
    case VB_FAULT_CRC:
    case VB_FAULT_SUM:
        report_check(r, message, frame, fault);
        return false;
    default:
        report(r, VB_FINDING_DAMAGED, 0, 0);
        return false;
    }
    if (r->watch->any && r->watch->len != frame->len) {
        report(r, VB_FINDING_LENGTH, frame->len, r->watch->len);
    }
    return true;
}

/* Is that more than it may be between two frames? */
static bool is_late(const struct vb_message *message, int64_t gap) {
    int64_t period = message->period_ms * VB_NS_PER_MS;
    int64_t half = period / 2 > LATE_SLACK_NS ? period / 2 : LATE_SLACK_NS;
    return period > 0 && gap > period + half;
}

static void check_counter(struct report *r, const struct vb_message *message,
                          const struct vb_frame *frame) {
    unsigned bits;
    uint8_t counter = vb_message_counter(message, frame, &bits);
    struct vb_watch *watch = r->watch;
    if (bits == 0) {
        return;
    }
    uint8_t next = (uint8_t)((watch->counter + 1u) & ((1u << bits) - 1));
    if (watch->counted && counter == watch->counter) {
        if (frame->flags & VB_FRAME_NO_TIME ||
            !is_late(message, between(frame->t_ns, watch->t_ns))) {
            report(r, VB_FINDING_REPEATED, counter, next);
        } /* else it has gone all the way round: late */
    } else if (watch->counted && counter != next) {
        report(r, VB_FINDING_SKIPPED, counter, next);
    }
    watch->counter = counter;
    watch->counted = true;
}

static void check_time(struct report *r, const struct vb_message *message, int64_t t_ns) {
    struct vb_watch *watch = r->watch;
    int64_t period = message->period_ms * VB_NS_PER_MS;
    int64_t gap = between(t_ns, watch->t_ns);
    if (!watch->any || period == 0 || gap < 0) {
        return;
    }
    watch->shortest_ns = watch->gaps == 0 || gap < watch->shortest_ns ? gap : watch->shortest_ns;
    watch->longest_ns = gap > watch->longest_ns ? gap : watch->longest_ns;
    watch->sum_ns += gap;
    watch->gaps++;
    if (is_late(message, gap) && r->count == 0) { /* a counter that skips has said it */
        report(r, VB_FINDING_LATE, gap, period);
    }
    if (between(t_ns, watch->window_ns) > WINDOW_PERIODS * period) {
        watch->window_ns = t_ns;
        watch->window = 0;
    }
    if (++watch->window > WINDOW_FRAMES && !watch->counted) {
        report(r, VB_FINDING_EXTRA, watch->window, WINDOW_PERIODS);
        watch->window_ns = t_ns;
        watch->window = 0;
    }
}

size_t vb_monitor_heard(struct vb_monitor *monitor, const struct vb_frame *frame,
                        const struct vb_reading *reading, struct vb_finding *findings) {
    const struct vb_message *message = reading->message;
    if (!message) {
        return 0;
    }
    uint16_t number = (uint16_t)(message - monitor->instance->device->messages);
    struct vb_watch *watch = &monitor->watches[number];
    struct report r = {findings, 0, watch, {.message = number, .t_ns = frame->t_ns}};
    bool timed = !(frame->flags & VB_FRAME_NO_TIME);
    note_bus(monitor, frame, message);
    int64_t silence = between(frame->t_ns, monitor->heard_ns);
    if (silence < 0 || silence > SILENCE_NS) {
        monitor->back_ns = frame->t_ns;
    }
    monitor->heard_ns = frame->t_ns;
    if (watch->waking != monitor->bus->waking) { /* nothing before counts */
        watch->any = watch->counted = false;
        watch->waking = monitor->bus->waking;
    }
    watch->frames++;
    watch->missing = false;
    if (check_content(&r, message, frame, reading->fault)) {
        check_counter(&r, message, frame);
    } else {
        watch->counted = false; /* the next one is not compared with this one */
    }
    if (timed) {
        check_time(&r, message, frame->t_ns);
    }
    if (!watch->any) {
        watch->window_ns = frame->t_ns;
        watch->window = 1;
    }
    watch->any = true;
    watch->t_ns = frame->t_ns;
    if (reading->fault != VB_FAULT_LENGTH) {
        watch->len = (uint16_t)frame->len;
    }
    return r.count;
}

/* ---- time passed ---- */

bool vb_monitor_missing(struct vb_monitor *monitor, int64_t now_ns, struct vb_finding *finding) {
    const struct vb_device *device = monitor->instance->device;
    const struct vb_watched_bus *bus = monitor->bus;
    /* A bus that is silent as a whole misses nothing in particular. */
    if (bus->asleep || !bus->any || between(now_ns, bus->heard_ns) > SILENCE_NS) {
        return false;
    }
    /* A device that was silent as a whole, and speaks again, has time to say everything. */
    bool back = between(now_ns, monitor->heard_ns) <= SILENCE_NS;
    for (uint16_t m = 0; m < device->message_count; m++) {
        struct vb_watch *watch = &monitor->watches[m];
        int64_t period = device->messages[m].period_ms * VB_NS_PER_MS;
        int64_t gap = between(now_ns, watch->t_ns);
        if (!watch->any || watch->missing || period == 0 || watch->waking != bus->waking ||
            (back && between(now_ns, monitor->back_ns) <= MISSING_NS) || gap <= MISSING_NS ||
            gap <= MISSING_PERIODS * period ||
            !vb_instance_has(monitor->instance, device->messages[m].when)) {
            continue;
        }
        watch->missing = true;
        watch->findings[VB_FINDING_MISSING]++;
        *finding = (struct vb_finding){VB_FINDING_MISSING, m, now_ns, gap, period};
        return true;
    }
    return false;
}
