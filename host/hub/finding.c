/* finding.c - what the bus monitor finds, in words: for `voltbus doctor` and for the health of a device.
 * SPDX-License-Identifier: MIT */
#include "host/hub/finding.h"

#include <stdio.h>
#include <string.h>

#include "voltbus/time.h"

static unsigned counter_bits(const struct vb_message *message) {
    for (size_t i = 0; i < message->check_count; i++) {
        if (message->checks[i].rule == VB_RULE_COUNTER) {
            return message->checks[i].len;
        }
    }
    return 1;
}

const char *finding_text(const struct vb_device *device, const struct vb_finding *finding,
                         char *out) {
    const struct vb_message *message = &device->messages[finding->message];
    long long seen = finding->seen;
    long long expected = finding->expected;
    long long mask = (1LL << counter_bits(message)) - 1;
    size_t n = (size_t)snprintf(out, FINDING_TEXT, "%0*X %s: ", message->ext ? 8 : 3,
                                (unsigned)message->id, message->name);
    if (n >= FINDING_TEXT) {
        return out;
    }
    char *at = out + n;
    size_t room = FINDING_TEXT - n;
    switch (finding->kind) {
    case VB_FINDING_LENGTH:
        snprintf(at, room, "%lld bytes instead of %lld", seen, expected);
        break;
    case VB_FINDING_CRC:
    case VB_FINDING_SUM:
        snprintf(at, room, "the %s is %02llX, but the bytes give %02llX",
                 finding->kind == VB_FINDING_CRC ? "CRC" : "sum", (unsigned long long)seen,
                 (unsigned long long)expected);
        break;
    case VB_FINDING_REPEATED:
        snprintf(at, room, "the counter stands still at %lld", seen);
        break;
    case VB_FINDING_SKIPPED: {
        long long lost = (seen - expected) & mask;
        snprintf(at, room, "the counter jumps from %lld to %lld, %lld frame%s lost",
                 (expected - 1) & mask, seen, lost, lost == 1 ? " is" : "s are");
        break;
    }
    case VB_FINDING_LATE:
        snprintf(at, room, "comes after %lld ms instead of %lld", seen / VB_NS_PER_MS,
                 expected / VB_NS_PER_MS);
        break;
    case VB_FINDING_MISSING:
        snprintf(at, room, "missing for %.1f s, while others go on; it came every %lld ms",
                 (double)seen / 1e9, expected / VB_NS_PER_MS);
        break;
    case VB_FINDING_EXTRA:
        snprintf(at, room, "%lld frames in the time of %lld: who else sends it?", seen, expected);
        break;
    default:
        snprintf(at, room, "damaged on the wire");
        break;
    }
    return out;
}
