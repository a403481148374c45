/* voltbus/far_clock.h - moments of another machine's clock as moments of ours. An adapter stamps
 * its frames when they come; we get them later, often several at once. Its stamps are better than
 * ours, but its clock begins anywhere and runs a little faster or slower.
 * The shortest delay that is seen is taken for none: the fastest message of ten seconds has come
 * at once. What remains is wrong by that shortest delay, and by the drift of ten seconds.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_FAR_CLOCK_H
#define VOLTBUS_FAR_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: nothing was heard yet. Copyable. */
struct vb_far_clock {
    bool set;
    int64_t offset_ns; /* ours minus theirs */
    int64_t least_ns;  /* the shortest delay of this span */
    int64_t until_ns;  /* the end of the span, on our clock */
};

/* What our clock showed when theirs showed far_ns; now_ns: what ours shows now. Never later than
 * now. A delay of more than a second means that one of the clocks was set: it begins anew. */
int64_t vb_far_clock(struct vb_far_clock *clock, int64_t far_ns, int64_t now_ns);

#endif
