/* far_clock.c - moments of another machine's clock as moments of ours.
 * SPDX-License-Identifier: MIT */
#include "voltbus/far_clock.h"

#include "voltbus/time.h"

#define SPAN_NS    (10 * VB_NS_PER_S)
#define LONGEST_NS VB_NS_PER_S

static void next_span(struct vb_far_clock *clock, int64_t now_ns) {
    clock->least_ns = INT64_MAX;
    clock->until_ns = now_ns + SPAN_NS;
}

int64_t vb_far_clock(struct vb_far_clock *clock, int64_t far_ns, int64_t now_ns) {
    int64_t delay_ns = now_ns - clock->offset_ns - far_ns;
    if (!clock->set || delay_ns < -LONGEST_NS || delay_ns > LONGEST_NS) {
        clock->set = true;
        clock->offset_ns = now_ns - far_ns;
        next_span(clock, now_ns);
        delay_ns = 0;
    } else if (delay_ns < 0) { /* faster than any before */
        clock->offset_ns += delay_ns;
        delay_ns = 0;
    }
    clock->least_ns = delay_ns < clock->least_ns ? delay_ns : clock->least_ns;
    if (now_ns >= clock->until_ns) { /* theirs is slower: it falls behind */
        clock->offset_ns += clock->least_ns;
        delay_ns -= clock->least_ns;
        next_span(clock, now_ns);
    }
    return now_ns - delay_ns;
}
