/* voltbus/monitor.h - the bus monitor: which rule of its tables does a device break, which of its frames is late, lost,
 * missing or too often there?
 *
 * It knows nothing but the tables of vb_device: checks, lengths, periods, and which of them hold in which generation.
 * One vb_monitor watches one device on one link; those of a link share a vb_watched_bus, because what is silent while
 * others go on is missing, and what is silent while the bus sleeps is not. It reads no clock: times are those of the
 * frames, so a recording is judged as the live wire was. The caller owns all memory.
 *
 * Tolerances were measured on recordings of healthy cars (docs/doctor.md): no alarm on any of them, whatever the clock
 * of the recorder (1 us to 10 ms).
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_MONITOR_H
#define VOLTBUS_MONITOR_H

#include "voltbus/device.h"

/* What is wrong; the names are API. */
#define VB_FINDINGS(X)                                                                             \
    X(DAMAGED, "damaged") /* the link says so: framing, checksum of the wire */                    \
    X(LENGTH, "length")   /* not as long as it has to be, or as it was before */                   \
    X(CRC, "crc")                                                                                  \
    X(SUM, "sum")                                                                                  \
    X(REPEATED, "repeated") /* the counter stands still */                                         \
    X(SKIPPED, "skipped")   /* the counter jumps: frames were lost */                              \
    X(LATE, "late")         /* it comes, but after too long */                                     \
    X(MISSING, "missing")   /* it was there, and others still are */                               \
    X(EXTRA, "extra")       /* too often: who else sends it? */

enum vb_finding_kind {
#define X(name, text) VB_FINDING_##name,
    VB_FINDINGS(X)
#undef X
        VB_FINDING_COUNT
};
const char *vb_finding_kind_text(enum vb_finding_kind kind); /* "skipped"; never NULL */

/* One finding. seen and expected, by kind: LENGTH: bytes (expected: the shortest that is allowed, or what it was);
 * CRC, SUM: the byte in the frame and the one it should be; REPEATED, SKIPPED: counters; LATE, MISSING: time since the
 * frame before in ns, and the period; EXTRA: frames in the time of `expected` ones. */
struct vb_finding {
    enum vb_finding_kind kind;
    uint16_t message; /* number in the device */
    int64_t t_ns;     /* of the frame; MISSING: of now */
    int64_t seen, expected;
};
#define VB_FINDINGS_MAX 3 /* of one frame */

/* What the monitors of one link share. Zeros at the beginning. */
struct vb_watched_bus {
    int64_t heard_ns; /* time of the last frame of any device of these monitors */
    bool any, asleep; /* asleep: a frame said so (vb_device.sleep) */
    uint32_t waking;  /* counts the times that it woke up: what was before is not compared */
};

/* What a monitor remembers of one message. */
struct vb_watch {
    int64_t t_ns, window_ns; /* time of the last frame, and of the first of the last few */
    uint32_t waking;
    uint16_t len, window; /* bytes of the last frame; how many frames since window_ns */
    uint8_t counter;
    bool any, counted, missing;
    uint32_t frames, findings[VB_FINDING_COUNT]; /* so far */
    int64_t shortest_ns, longest_ns, sum_ns;     /* times between two, while awake */
    uint32_t gaps;                               /* how many of those */
};

struct vb_monitor {
    const struct vb_instance *instance;
    struct vb_watch *watches; /* one for each message of the device */
    struct vb_watched_bus *bus;
    int64_t heard_ns,
        back_ns; /* time of the last frame, and of the first one after a silence of the device */
};

/* Prepare. watches: device->message_count elements. */
void vb_monitor_init(struct vb_monitor *monitor, const struct vb_instance *instance,
                     struct vb_watch *watches, struct vb_watched_bus *bus);

/* A frame of the link, and what vb_instance_read made of it. Frames with VB_FRAME_NO_TIME, and messages without
 * a period, are not judged by time. Returns the number of findings, the worst first: room for VB_FINDINGS_MAX. */
size_t vb_monitor_heard(struct vb_monitor *monitor, const struct vb_frame *frame,
                        const struct vb_reading *reading, struct vb_finding *findings);

/* Time passed: is a message missing that was there? now_ns: of the clock of the frames; in a recording the time of the
 * newest one. Each is told once, until it is heard again: call until false. Costs a look at each message: a few times
 * a second is enough. */
bool vb_monitor_missing(struct vb_monitor *monitor, int64_t now_ns, struct vb_finding *finding);

#endif
