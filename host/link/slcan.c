/* slcan.c - CAN behind an adapter that speaks slcan (LAWICEL ASCII): opens its channel, reads, and sends
 * what machines have to say, where it is more than a listener (listen=no).
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* The order in which the channel is opened. */
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

/* Many adapters answer CR, some nothing at all: wait a little for each answer, and go on. To what
 * CLOSE sends there may be no, one, two or three answers, CR or BEL: none means anything, and the
 * next command goes out when no more have come for a while, lest they are taken for its own. */
#define ANSWER_NS (300 * VB_NS_PER_MS)
#define QUIET_NS  (100 * VB_NS_PER_MS)
#define CLOSE_NS  (500 * VB_NS_PER_MS) /* whatever comes */
#define SILENT_NS (10 * VB_NS_PER_S)   /* the adapter may have been reset: open it again */

struct slcan {
    struct vb_slcan stream;
    enum step step;
    bool heard; /* an answer or a frame, since CLOSE */
    int64_t deadline_ns;
    int64_t close_ns;   /* CLOSE ends then at the latest */
    int64_t refused_ns; /* the adapter refused a frame of ours then */
};

static void ask(struct link *link, char letter, uint32_t value) {
    char text[VB_SLCAN_TEXT];
    int n = vb_slcan_put_command(letter, value, text);
    if (n > 0) {
        transport_write(link->transport, (const uint8_t *)text, (size_t)n);
    }
}

/* Said of a link that is open all the same. */
#define NO_ANSWER "the adapter does not answer (baud=? is it slcan?); frames are taken all the same"

#define REFUSES                                                                                    \
    "the adapter refuses frames (is the bus connected, and another node on it? bitrate=?)"
#define REFUSES_NS VB_NS_PER_S /* none was refused for so long: it is well again */

static void go(struct link *link, enum step step) {
    struct slcan *slcan = link_kind_state(link);
    const struct link_spec *spec = link->config->spec;
    int64_t now_ns = clock_mono_ns();
    slcan->step = step;
    slcan->deadline_ns = now_ns + (step == STEP_RUNNING ? SILENT_NS : ANSWER_NS);
    switch (step) {
    case STEP_CLOSE:
        slcan->heard = false;
        slcan->close_ns = now_ns + CLOSE_NS;
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
        if (!slcan->heard) {
            link_say(link, "", NO_ANSWER);
        }
        hub_publish(link);
        break;
    }
}

static void opened(struct link *link) {
    struct slcan *slcan = link_kind_state(link);
    vb_slcan_init(&slcan->stream, VB_SLCAN_HOST);
    go(link, STEP_CLOSE);
}

/* The answer to a frame of ours. */
static void confirmed(struct link *link, bool refused) {
    struct slcan *slcan = link_kind_state(link);
    int64_t now_ns = clock_mono_ns();
    if (refused) {
        slcan->refused_ns = now_ns;
        link_say(link, "", REFUSES);
    } else if (now_ns - slcan->refused_ns > REFUSES_NS) {
        link_say(link, REFUSES, "");
    }
}

/* CR or BEL. Returns false if the link was given up. */
static bool answered(struct link *link, bool refused) {
    struct slcan *slcan = link_kind_state(link);
    const struct link_spec *spec = link->config->spec;
    int64_t quiet_ns = clock_mono_ns() + QUIET_NS;
    switch (slcan->step) {
    case STEP_CLOSE:
        slcan->deadline_ns = quiet_ns < slcan->close_ns ? quiet_ns : slcan->close_ns;
        return true;
    case STEP_RATE:
        if (refused) {
            link_fail(link, "the adapter refuses the bit rate %lld",
                      (long long)link_value(spec, "bitrate")->number);
            return false;
        }
        break;
    case STEP_STAMPS:
        break;
    case STEP_OPEN:
        if (refused) {
            link_fail(link, link_value(spec, "listen")->number
                                ? "the adapter refuses to listen only (listen=no opens it as a "
                                  "full member of the bus, which acknowledges frames)"
                                : "the adapter refuses to open the bus");
            return false;
        }
        break;
    case STEP_RUNNING:
        confirmed(link, refused);
        return true;
    }
    go(link, slcan->step + 1);
    return true;
}

static void heard(struct link *link) {
    struct slcan *slcan = link_kind_state(link);
    slcan->heard = true;
    link_say(link, NO_ANSWER, "");
}

/* Returns false if the link was given up. */
static bool event(struct link *link, struct vb_slcan_event *event) {
    struct slcan *slcan = link_kind_state(link);
    switch (event->what) {
    case VB_SLCAN_FRAME:
        heard(link);
        if (slcan->step == STEP_RUNNING || slcan->step == STEP_OPEN) {
            event->frame.t_ns = link_now_ns();
            hub_frame(link, &event->frame);
        }
        return true;
    case VB_SLCAN_OK:
    case VB_SLCAN_ERROR:
        heard(link);
        return answered(link, event->what == VB_SLCAN_ERROR);
    case VB_SLCAN_BAD:
        link->bad++;
        return true;
    case VB_SLCAN_SENT:
        heard(link);
        confirmed(link, false);
        return true;
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

/* ---- sending ---- */

static enum vb_refusal ready(const struct link *link, char why[LINK_WHY]) {
    const struct slcan *slcan = link_kind_state(link);
    if (!link_sends(link->config->spec)) {
        return VB_REFUSAL_LISTEN_ONLY;
    }
    if (slcan->step != STEP_RUNNING) {
        snprintf(why, LINK_WHY, "the adapter is being opened");
        return VB_REFUSAL_LINK_DOWN;
    }
    return VB_REFUSAL_NONE;
}

static bool send_frame(struct link *link, const struct vb_frame *frame) {
    const struct slcan *slcan = link_kind_state(link);
    char text[VB_SLCAN_TEXT];
    if (slcan->step != STEP_RUNNING || !link_sends(link->config->spec)) {
        return false;
    }
    int n = vb_slcan_put_frame(frame, -1, text);
    return n > 0 && transport_write(link->transport, (const uint8_t *)text, (size_t)n);
}

#define AMBIGUOUS_RATE 750000 /* S7 is 800000 for LAWICEL, 750000 for others */

static const struct vb_value *check(const struct link_spec *spec, char *why) {
    const struct vb_value *bitrate = link_value(spec, "bitrate");
    if (vb_slcan_rate_digit((uint32_t)bitrate->number) < 0) {
        int n = snprintf(why, LINK_WHY, "bitrate: slcan has no digit for %lld bit/s (it has",
                         (long long)bitrate->number);
        for (size_t i = 0; i < VB_SLCAN_RATES; i++) {
            n += snprintf(why + n, LINK_WHY - (size_t)n, "%s %" PRIu32, i > 0 ? "," : "",
                          vb_slcan_rates[i]);
        }
        snprintf(why + n, LINK_WHY - (size_t)n, ")");
        return bitrate;
    }
    if (bitrate->number == AMBIGUOUS_RATE && !link_value(spec, "listen")->number) {
        snprintf(why, LINK_WHY,
                 "bitrate: 750000 is 800000 to some adapters: only with listen=yes, which cannot "
                 "disturb the bus");
        return bitrate;
    }
    return NULL;
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
    .check = check,
    .opened = opened,
    .bytes = bytes,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .closed = closed,
    .ready = ready,
    .send = send_frame,
    .sends = link_sends,
};
