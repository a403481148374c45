/* socketcand.c - a CAN bus of another machine, which a socketcand server shows: opens the bus in
 * raw mode, reads, and sends (listen=no).
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/hub/hub.h"
#include "host/link/link.h"
#include "voltbus/far_clock.h"
#include "voltbus/socketcand.h"
#include "voltbus/time.h"

static const struct vb_key keys[] = {
    {"bus", VB_KEY_TEXT, NULL, "can0", 0, 0, NULL, "name of the bus, as the server has it"},
    {"listen", VB_KEY_FLAG, NULL, "yes", 0, 0, NULL, "send nothing"},
};

/* The order in which a bus is opened; what is waited for. */
#define STEPS(X)                                                                                   \
    X(HI, "no greeting came (is it socketcand?)")                                                  \
    X(OPEN, "the server does not answer to open")                                                  \
    X(RAW, "the server does not answer to rawmode")                                                \
    X(RUNNING, "")

enum step {
#define X(name, late) STEP_##name,
    STEPS(X)
#undef X
};

static const char *const late[] = {
#define X(name, late) late,
    STEPS(X)
#undef X
};

#define ANSWER_NS (5 * VB_NS_PER_S)

struct socketcand {
    struct vb_socketcand stream;
    struct vb_far_clock clock;
    enum step step;
    int64_t deadline_ns;
};

static void say(struct link *link, enum vb_socketcand_word word, const char *text, size_t n) {
    char out[VB_SOCKETCAND_TEXT];
    int len = vb_socketcand_put(word, text, n, out);
    if (len > 0) {
        transport_write(link->transport, (const uint8_t *)out, (size_t)len);
    }
}

static void go(struct link *link, enum step step) {
    struct socketcand *s = link_kind_state(link);
    const struct vb_value *bus = link_value(link->config->spec, "bus");
    s->step = step;
    s->deadline_ns = step == STEP_RUNNING ? INT64_MAX : clock_mono_ns() + ANSWER_NS;
    if (step == STEP_OPEN) {
        say(link, VB_SOCKETCAND_OPEN, bus->text, bus->len);
    } else if (step == STEP_RAW) {
        say(link, VB_SOCKETCAND_RAWMODE, NULL, 0);
    } else if (step == STEP_RUNNING) {
        hub_publish(link);
    }
}

static void opened(struct link *link) {
    struct socketcand *s = link_kind_state(link);
    memset(s, 0, sizeof *s);
    vb_socketcand_init(&s->stream, VB_SOCKETCAND_CLIENT);
    go(link, STEP_HI);
}

/* Returns false if the link was given up. */
static bool word(struct link *link, const struct vb_socketcand_event *event) {
    struct socketcand *s = link_kind_state(link);
    const struct vb_value *bus = link_value(link->config->spec, "bus");
    if (event->word == VB_SOCKETCAND_ERROR && s->step == STEP_RUNNING) {
        hub_log(link->hub, "link %s: the server says: %.*s", link->config->name, (int)event->n,
                event->text);
    } else if (event->word == VB_SOCKETCAND_ERROR) {
        link_fail(link, "the server refuses the bus '%.*s': %.*s", (int)(bus->len % 64), bus->text,
                  event->n < 100 ? (int)event->n : 100, event->text);
        return false;
    } else if ((event->word == VB_SOCKETCAND_HI && s->step == STEP_HI) ||
               (event->word == VB_SOCKETCAND_OK && (s->step == STEP_OPEN || s->step == STEP_RAW))) {
        go(link, s->step + 1);
    }
    return true;
}

static bool take(struct link *link, struct vb_socketcand_event *event) {
    struct socketcand *s = link_kind_state(link);
    switch (event->what) {
    case VB_SOCKETCAND_WHAT_FRAME:
        event->frame.t_ns = vb_far_clock(&s->clock, event->frame.t_ns, link_now_ns());
        hub_frame(link, &event->frame);
        return true;
    case VB_SOCKETCAND_WHAT_WORD:
        return word(link, event);
    case VB_SOCKETCAND_WHAT_BAD:
        link->bad++;
        return true;
    }
    return true;
}

static void bytes(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    struct socketcand *s = link_kind_state(link);
    (void)mono_ns;
    while (n > 0) {
        struct vb_socketcand_event event;
        size_t used = vb_socketcand_feed(&s->stream, data, n);
        data += used;
        n -= used;
        while (vb_socketcand_next(&s->stream, &event)) {
            if (!take(link, &event)) {
                return;
            }
        }
    }
}

static void tick(struct link *link, int64_t mono_ns) {
    struct socketcand *s = link_kind_state(link);
    if (mono_ns < s->deadline_ns) {
        return;
    }
    s->deadline_ns = INT64_MAX;
    if (!link->alone) { /* else it begins when somebody comes */
        link_fail(link, "%s", late[s->step]);
    }
}

static int64_t deadline_ns(struct link *link) {
    return ((struct socketcand *)link_kind_state(link))->deadline_ns;
}

/* ---- sending ---- */

static enum vb_refusal ready(const struct link *link, char why[LINK_WHY]) {
    const struct socketcand *s = link_kind_state(link);
    if (!link_sends(link->config->spec)) {
        return VB_REFUSAL_LISTEN_ONLY;
    }
    if (s->step != STEP_RUNNING) {
        snprintf(why, LINK_WHY, "the bus is being opened");
        return VB_REFUSAL_LINK_DOWN;
    }
    return VB_REFUSAL_NONE;
}

static bool send_frame(struct link *link, const struct vb_frame *frame) {
    const struct socketcand *s = link_kind_state(link);
    char out[VB_SOCKETCAND_TEXT];
    if (s->step != STEP_RUNNING || !link_sends(link->config->spec)) {
        return false;
    }
    int n = vb_socketcand_put_frame(VB_SOCKETCAND_CLIENT, frame, out);
    return n > 0 && transport_write(link->transport, (const uint8_t *)out, (size_t)n);
}

/* What the server would not understand. */
static const struct vb_value *check(const struct link_spec *spec, char *why) {
    const struct vb_value *bus = link_value(spec, "bus");
    bool good = bus->len > 0 && bus->len <= 16;
    for (size_t i = 0; i < bus->len; i++) {
        good = good && bus->text[i] > ' ' && !strchr("<>\x7F", bus->text[i]);
    }
    if (good) {
        return NULL;
    }
    snprintf(why, LINK_WHY, "bus: expected 1 to 16 characters without spaces, '<' and '>'");
    return bus;
}

const struct link_kind link_kind_socketcand = {
    .name = "socketcand",
    .title = "a CAN bus of another machine, by way of socketcand",
    .frame_kind = VB_KIND_CAN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "tcp://host:port, pty:PATH or listen://host:port",
    .example = "socketcand:tcp://pi:29536,bus=can0",
    .size = sizeof(struct socketcand),
    .check = check,
    .opened = opened,
    .bytes = bytes,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .ready = ready,
    .send = send_frame,
    .sends = link_sends,
};
