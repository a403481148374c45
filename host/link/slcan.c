/* slcan.c - CAN behind an adapter that speaks slcan (LAWICEL ASCII): opens its channel and reads.
 * Sends no frames.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "host/hub/hub.h"
#include "host/link/link.h"
#include "voltbus/slcan.h"
#include "voltbus/time.h"

static const struct vb_key keys[] = {
    {"bitrate", VB_KEY_NUMBER, "bit/s", "500000", 10000, 1000000, NULL,
     "of the CAN bus: one of those that slcan has a digit for"},
    {"baud", VB_KEY_NUMBER, "bit/s", "115200", 1200, 4000000, NULL,
     "of the serial port; USB adapters do not mind"},
    {"listen", VB_KEY_FLAG, NULL, "yes", 0, 0, NULL,
     "listen only: the adapter does not even acknowledge"},
};

/* The order in which the channel is opened. Many adapters answer CR, some nothing at all: wait a
 * little for each, and go on. */
#define STEPS(X)                                                                                   \
    X(CLOSE) /* it may be open from before; refused if not: no matter */                           \
    X(RATE)                                                                                        \
    X(STAMPS) /* off: we note the time ourselves; many do not know the command */                  \
    X(OPEN)                                                                                        \
    X(RUNNING)

enum step {
#define X(name) STEP_##name,
    STEPS(X)
#undef X
};

#define ANSWER_NS (300 * VB_NS_PER_MS)
#define SILENT_NS (10 * VB_NS_PER_S) /* the adapter may have been reset: open it again */

struct slcan {
    struct vb_slcan stream;
    enum step step;
    int64_t deadline_ns;
};

static void ask(struct link *link, char letter, uint32_t value) {
    char text[VB_SLCAN_TEXT];
    int n = vb_slcan_put_command(letter, value, text);
    if (n > 0) {
        transport_write(link->transport, (const uint8_t *)text, (size_t)n);
    }
}

static void go(struct link *link, enum step step) {
    struct slcan *slcan = link_kind_state(link);
    const struct link_spec *spec = link->config->spec;
    slcan->step = step;
    slcan->deadline_ns = clock_mono_ns() + (step == STEP_RUNNING ? SILENT_NS : ANSWER_NS);
    switch (step) {
    case STEP_CLOSE:
        transport_write(link->transport, (const uint8_t *)"\r\r", 2); /* half a line from before */
        ask(link, 'C', 0);
        break;
    case STEP_RATE:
        ask(link, 'S',
            (uint32_t)vb_slcan_rate_digit((uint32_t)link_value(spec, "bitrate")->number));
        break;
    case STEP_STAMPS:
        ask(link, 'Z', 0);
        break;
    case STEP_OPEN:
        ask(link, link_value(spec, "listen")->number ? 'L' : 'O', 0);
        break;
    case STEP_RUNNING:
        break;
    }
}

static void opened(struct link *link) {
    struct slcan *slcan = link_kind_state(link);
    int64_t rate = link_value(link->config->spec, "bitrate")->number;
    if (vb_slcan_rate_digit((uint32_t)rate) < 0) {
        link_fail(link,
                  "slcan has no digit for %lld bit/s (10000, 20000, 50000, 100000, 125000, "
                  "250000, 500000, 800000, 1000000)",
                  (long long)rate);
        return;
    }
    vb_slcan_init(&slcan->stream, VB_SLCAN_HOST);
    go(link, STEP_CLOSE);
}

/* BEL. Returns false if the link was given up. */
static bool refused(struct link *link) {
    struct slcan *slcan = link_kind_state(link);
    const struct link_spec *spec = link->config->spec;
    if (slcan->step == STEP_RATE) {
        link_fail(link, "the adapter refuses the bit rate %.*s",
                  (int)link_value(spec, "bitrate")->len, link_value(spec, "bitrate")->text);
        return false;
    }
    if (slcan->step == STEP_OPEN) {
        link_fail(link, link_value(spec, "listen")->number
                            ? "the adapter refuses to listen only (listen=no opens it as a full "
                              "member of the bus, which acknowledges frames)"
                            : "the adapter refuses to open the bus");
        return false;
    }
    if (slcan->step != STEP_RUNNING) {
        go(link, slcan->step + 1);
    }
    return true;
}

/* Returns false if the link was given up. */
static bool event(struct link *link, struct vb_slcan_event *event) {
    struct slcan *slcan = link_kind_state(link);
    switch (event->what) {
    case VB_SLCAN_FRAME:
        if (slcan->step == STEP_RUNNING || slcan->step == STEP_OPEN) {
            event->frame.t_ns = link_now_ns();
            hub_frame(link, &event->frame);
        }
        return true;
    case VB_SLCAN_OK:
        if (slcan->step != STEP_RUNNING) {
            go(link, slcan->step + 1);
        }
        return true;
    case VB_SLCAN_ERROR:
        return refused(link);
    case VB_SLCAN_BAD:
        link->bad++;
        return true;
    case VB_SLCAN_SENT:
    case VB_SLCAN_ANSWER:
    case VB_SLCAN_COMMAND:
        return true;
    }
    return true;
}

static void bytes(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    struct slcan *slcan = link_kind_state(link);
    if (slcan->step == STEP_RUNNING) {
        slcan->deadline_ns = mono_ns + SILENT_NS;
    }
    while (n > 0) {
        struct vb_slcan_event e;
        size_t used = vb_slcan_feed(&slcan->stream, data, n);
        data += used;
        n -= used;
        while (vb_slcan_next(&slcan->stream, &e)) {
            if (!event(link, &e)) {
                return;
            }
        }
    }
}

static void tick(struct link *link, int64_t mono_ns) {
    struct slcan *slcan = link_kind_state(link);
    if (mono_ns >= slcan->deadline_ns) {
        go(link, slcan->step == STEP_RUNNING ? STEP_CLOSE : slcan->step + 1);
    }
}

static int64_t deadline_ns(struct link *link) {
    return ((struct slcan *)link_kind_state(link))->deadline_ns;
}

/* Leave the adapter closed, as we would like to find it. */
static void closed(struct link *link) {
    if (link->transport) {
        ask(link, 'C', 0);
    }
}

const struct link_kind link_kind_slcan = {
    .name = "slcan",
    .title = "CAN behind an slcan (LAWICEL) adapter",
    .frame_kind = VB_KIND_CAN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "a serial port, pty:PATH, tcp://host:port, listen://host:port or sim://NAME",
    .example = "slcan:/dev/ttyACM0,bitrate=500000",
    .size = sizeof(struct slcan),
    .opened = opened,
    .bytes = bytes,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .closed = closed,
};
