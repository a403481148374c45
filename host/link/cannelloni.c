/* cannelloni.c - a CAN bus of another machine, tunnelled by cannelloni: in UDP packets, or over
 * TCP, as client (tcp://) or as server (listen://).
 * Its packets have no times: those of the frames are when the packet came, up to 100 ms late
 * (cannelloni -t sets it).
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/hub/hub.h"
#include "host/link/link.h"
#include "voltbus/cannelloni.h"
#include "voltbus/time.h"

static const struct vb_key keys[] = {
    {"local", VB_KEY_NUMBER, NULL, "20000", 1, 65535, NULL,
     "udp://: the port of this machine that the other end sends to"},
    {"listen", VB_KEY_FLAG, NULL, "yes", 0, 0, NULL, "send nothing"},
};

struct cannelloni {
    struct vb_cannelloni stream; /* TCP */
    struct vb_cannelloni_rx rx;  /* UDP */
    uint8_t number;              /* of the next packet of ours */
    uint64_t lost_told;
    int64_t told_ns; /* when that was; INT64_MIN = never */
};

#define NOTHING_YET "nothing has come yet (an idle bus is silent, too)"
#define NO_PACKETS  "packets come that are not cannelloni's (version 2)"
#define TELL_NS     (10 * VB_NS_PER_S)

static bool is_udp(const struct link *link) {
    return link->config->spec->place.type == PLACE_UDP;
}

static void opened(struct link *link) {
    struct cannelloni *c = link_kind_state(link);
    memset(c, 0, sizeof *c);
    c->told_ns = INT64_MIN;
    if (is_udp(link)) {
        link_say(link, "", NOTHING_YET);
        hub_publish(link);
    } else {
        transport_write(link->transport, (const uint8_t *)VB_CANNELLONI_HELLO,
                        VB_CANNELLONI_HELLO_LEN);
    }
}

static void give(struct link *link, struct vb_frame *frame) {
    frame->t_ns = link_now_ns();
    hub_frame(link, frame);
}

/* Packets that are missing are damage; the log hears of it now and then. */
static void count_lost(struct link *link, uint64_t lost_before, int64_t mono_ns) {
    struct cannelloni *c = link_kind_state(link);
    if (c->rx.lost > lost_before) {
        link->bad += c->rx.lost - lost_before;
    }
    if (c->rx.lost > c->lost_told && (c->told_ns == INT64_MIN || mono_ns - c->told_ns >= TELL_NS)) {
        hub_log(link->hub, "link %s: %" PRIu64 " packets were lost on the way", link->config->name,
                c->rx.lost - c->lost_told);
        c->lost_told = c->rx.lost;
        c->told_ns = mono_ns;
    }
}

static void packet(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    struct cannelloni *c = link_kind_state(link);
    struct vb_cannelloni_packet packet;
    struct vb_frame frame;
    uint64_t lost_before = c->rx.lost;
    int result = vb_cannelloni_packet(data, n, &c->rx, &packet);
    if (result < 0) {
        link->bad++;
        link_say(link, NOTHING_YET, NO_PACKETS);
        return;
    }
    link_say(link, NOTHING_YET, "");
    link_say(link, NO_PACKETS, "");
    count_lost(link, lost_before, mono_ns);
    while ((result = vb_cannelloni_next(&packet, &frame)) == 1) {
        give(link, &frame);
    }
    link->bad += result < 0;
}

static void stream(struct link *link, const uint8_t *data, size_t n) {
    struct cannelloni *c = link_kind_state(link);
    while (n > 0) {
        struct vb_frame frame;
        size_t used = vb_cannelloni_feed(&c->stream, data, n);
        data += used;
        n -= used;
        bool greeted = c->stream.greeted;
        int result = vb_cannelloni_take(&c->stream, &frame);
        if (c->stream.greeted && !greeted) {
            hub_publish(link);
        }
        if (result == 1) {
            give(link, &frame);
        } else if (result < 0) {
            link->bad++;
            link_fail(link, result == VB_E_UNKNOWN
                                ? "the other end does not speak cannelloni (version 1 over TCP)"
                                : "what comes is no frame: the connection is begun again");
            return;
        }
    }
}

static void bytes(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    if (is_udp(link)) {
        packet(link, data, n, mono_ns);
    } else {
        stream(link, data, n);
    }
}

/* ---- sending ---- */

/* Over TCP the other end takes frames when both have greeted; of UDP nobody knows. */
static enum vb_refusal ready(const struct link *link, char why[LINK_WHY]) {
    const struct cannelloni *c = link_kind_state(link);
    if (!link_sends(link->config->spec)) {
        return VB_REFUSAL_LISTEN_ONLY;
    }
    if (!is_udp(link) && !c->stream.greeted) {
        snprintf(why, LINK_WHY, "the other end has not greeted yet");
        return VB_REFUSAL_LINK_DOWN;
    }
    return VB_REFUSAL_NONE;
}

/* A packet for each frame: what machines send must not wait for more. */
static bool send_frame(struct link *link, const struct vb_frame *frame) {
    struct cannelloni *c = link_kind_state(link);
    uint8_t out[VB_CANNELLONI_HEAD + VB_CANNELLONI_ROOM];
    char why[LINK_WHY];
    int n = vb_cannelloni_put_frame(frame, out + VB_CANNELLONI_HEAD);
    if (n < 0 || ready(link, why) != VB_REFUSAL_NONE) {
        return false;
    }
    if (!is_udp(link)) {
        return transport_write(link->transport, out + VB_CANNELLONI_HEAD, (size_t)n);
    }
    vb_cannelloni_put_head(c->number++, 1, out);
    return transport_write(link->transport, out, VB_CANNELLONI_HEAD + (size_t)n);
}

const struct link_kind link_kind_cannelloni = {
    .name = "cannelloni",
    .title = "a CAN bus of another machine, by way of cannelloni",
    .frame_kind = VB_KIND_CAN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .datagrams = true,
    .places = "udp://host:port, tcp://host:port or listen://host:port",
    .example = "cannelloni:udp://192.168.1.7:20000",
    .size = sizeof(struct cannelloni),
    .opened = opened,
    .bytes = bytes,
    .ready = ready,
    .send = send_frame,
    .sends = link_sends,
};
