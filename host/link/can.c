/* can.c - a CAN interface of the kernel (can:can0, SocketCAN): every controller that Linux has a
 * driver for. Bit rate, CAN FD and listen-only mode are set by `ip link`; we read and tell them.
 * Frames of other programs of this machine are heard like those of the bus.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/hub/hub.h"
#include "host/io/can.h"
#include "host/link/link.h"
#include "voltbus/socketcan.h"
#include "voltbus/time.h"

static const struct vb_key keys[] = {
    {"listen", VB_KEY_FLAG, NULL, "yes", 0, 0, NULL,
     "send nothing (that the controller does not even acknowledge is set by ip link)"},
};

struct can {
    struct can_interface interface;
    int state; /* enum vb_socketcan_state */
    bool full; /* the kernel takes no frames */
    const char *said;
    char text[LINK_WHY]; /* said of a state that has numbers */
    int64_t look_ns;     /* monotonic: ask the kernel again; INT64_MAX = no need */
    uint32_t lost;       /* as the kernel counts */
    uint64_t lost_untold, errors_untold;
    int64_t lost_told_ns, error_told_ns; /* INT64_MIN = never */
};

#define LOOK_NS   VB_NS_PER_S          /* not every driver tells that a state is over */
#define UNSENT_NS (200 * VB_NS_PER_MS) /* frames waited for so long: the bus takes none */
#define TELL_NS   (10 * VB_NS_PER_S)   /* a noisy bus must not fill the log */

#define FULL                                                                                       \
    "the bus takes no frames (is it connected, is another node on it, is the bit rate the same?)"

/* What is to be said of it now; "" = all is well. */
static const char *state_of(struct can *can) {
    switch (can->state) {
    case VB_SOCKETCAN_ACTIVE:
        return can->full ? FULL : "";
    case VB_SOCKETCAN_WARNING:
        return "many errors on the bus (error warning)";
    case VB_SOCKETCAN_PASSIVE:
        return "many errors on the bus (error passive): bit rate, termination, wires, other nodes?";
    case VB_SOCKETCAN_BUS_OFF:
        if (can->interface.restart_ms == 0) {
            snprintf(can->text, sizeof can->text,
                     "bus-off: too many errors (sudo ip link set %s type can restart)",
                     can->interface.name);
        } else {
            snprintf(can->text, sizeof can->text,
                     "bus-off: too many errors; the controller starts again after %" PRIu32 " ms",
                     can->interface.restart_ms);
        }
        return can->text;
    default:
        return vb_socketcan_state_text((unsigned)can->state);
    }
}

static void say(struct link *link) {
    struct can *can = link_kind_state(link);
    const char *now = state_of(can);
    link_say(link, can->said, now);
    can->said = now;
}

/* ---- the interface ---- */

/* "can0 (can), 500000 bit/s, CAN FD at 2000000 bit/s, listen only". */
static void tell_interface(const struct link *link) {
    const struct can *can = link_kind_state(link);
    const struct can_interface *i = &can->interface;
    char rate[32] = "";
    char data_rate[48] = "";
    if (i->bitrate) {
        snprintf(rate, sizeof rate, ", %" PRIu32 " bit/s", i->bitrate);
    }
    if (i->fd && i->data_bitrate) {
        snprintf(data_rate, sizeof data_rate, " at %" PRIu32 " bit/s", i->data_bitrate);
    }
    hub_log(link->hub, "link %s: %s (%s)%s%s%s%s", link->config->name, i->name, i->driver, rate,
            i->fd ? ", CAN FD" : "", data_rate, i->listen_only ? ", listen only" : "");
}

/* What does the kernel say of it? */
static void look(struct link *link) {
    struct can *can = link_kind_state(link);
    struct can_interface found;
    if (can_interface_find(link->config->spec->place.name, &found)) {
        can->interface = found;
        can->state = found.state >= 0 ? found.state : can->state;
    }
    bool waiting = transport_pending(link->transport) > 0;
    can->full = can->full || (waiting && clock_mono_ns() >= can->look_ns);
    can->look_ns = waiting                     ? clock_mono_ns() + UNSENT_NS
                   : can->interface.state >= 0 ? clock_mono_ns() + LOOK_NS
                                               : INT64_MAX;
}

static void opened(struct link *link) {
    struct can *can = link_kind_state(link);
    *can = (struct can){.interface = {.state = -1},
                        .said = "",
                        .look_ns = INT64_MAX,
                        .lost_told_ns = INT64_MIN,
                        .error_told_ns = INT64_MIN};
    look(link);
    if (can->interface.name[0]) {
        tell_interface(link);
    }
    say(link);
    hub_publish(link);
}

static void tick(struct link *link, int64_t mono_ns) {
    const struct can *can = link_kind_state(link);
    if (mono_ns >= can->look_ns) {
        look(link);
        say(link);
    }
}

static int64_t deadline_ns(struct link *link) {
    return ((struct can *)link_kind_state(link))->look_ns;
}

/* ---- frames ---- */

static bool is_time(int64_t *told_ns, int64_t mono_ns) {
    bool now = *told_ns == INT64_MIN || mono_ns - *told_ns >= TELL_NS;
    *told_ns = now ? mono_ns : *told_ns;
    return now;
}

/* Frames that came while we had no time for them. */
static void count_lost(struct link *link, uint32_t lost, int64_t mono_ns) {
    struct can *can = link_kind_state(link);
    uint32_t more = lost - can->lost;
    can->lost = lost;
    can->lost_untold += more;
    link->bad += more;
    if (can->lost_untold > 0 && is_time(&can->lost_told_ns, mono_ns)) {
        hub_log(link->hub, "link %s: %" PRIu64 " frames were lost: this machine was too slow",
                link->config->name, can->lost_untold);
        can->lost_untold = 0;
    }
}

static void error_frame(struct link *link, const struct vb_frame *frame, int64_t mono_ns) {
    struct can *can = link_kind_state(link);
    int state = vb_socketcan_error_state(frame);
    if (state >= 0) {
        can->state = state;
        say(link);
        return;
    }
    link->bad++;
    can->errors_untold++;
    if (is_time(&can->error_told_ns, mono_ns)) {
        char text[VB_SOCKETCAN_ERROR_TEXT];
        vb_socketcan_error_text(frame, text);
        hub_log(link->hub, "link %s: the controller says: %.160s (%" PRIu64 " error frame%s)",
                link->config->name, text, can->errors_untold, can->errors_untold == 1 ? "" : "s");
        can->errors_untold = 0;
    }
}

static void take(struct link *link, const struct can_packet *packet, int64_t mono_ns) {
    struct can *can = link_kind_state(link);
    struct vb_frame frame;
    count_lost(link, packet->lost, mono_ns);
    if (vb_socketcan_read(packet->frame, packet->n, &frame) < 0) {
        link->bad++;
        return;
    }
    frame.t_ns = packet->t_ns - packet->t_ns % VB_NS_PER_US;
    if (frame.flags & VB_FRAME_ERR) {
        error_frame(link, &frame, mono_ns);
    } else if (packet->ours) {
        /* It was on the bus. The hub has had it when it was sent: handed on again, it would go back to
         * the client who sent it, and two gateways with a tunnel between them would repeat it for ever. */
        can->full = false;
        say(link);
        return;
    } else if (can->state == VB_SOCKETCAN_BUS_OFF && can->interface.state < 0) {
        can->state = VB_SOCKETCAN_ACTIVE; /* who is off hears nothing */
        say(link);
    }
    hub_frame(link, &frame);
}

static void bytes(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    struct can_packet packet;
    for (size_t at = 0; at < n; at += sizeof packet) {
        memcpy(&packet, data + at, sizeof packet);
        take(link, &packet, mono_ns);
    }
}

/* ---- sending ---- */

static enum vb_refusal ready(const struct link *link, char why[LINK_WHY]) {
    const struct can *can = link_kind_state(link);
    if (!link_sends(link->config->spec)) {
        return VB_REFUSAL_LISTEN_ONLY;
    }
    if (can->interface.listen_only) {
        snprintf(why, LINK_WHY,
                 "the controller is set to listen only (ip link set %s type can "
                 "listen-only off)",
                 can->interface.name);
        return VB_REFUSAL_LISTEN_ONLY;
    }
    if (can->state >= VB_SOCKETCAN_BUS_OFF) {
        snprintf(why, LINK_WHY, "the controller is %s",
                 vb_socketcan_state_text((unsigned)can->state));
        return VB_REFUSAL_LINK_DOWN;
    }
    return VB_REFUSAL_NONE;
}

static bool send_frame(struct link *link, const struct vb_frame *frame) {
    struct can *can = link_kind_state(link);
    uint8_t out[VB_SOCKETCAN_FD];
    int n = vb_socketcan_write(frame, out);
    if (n < 0 || !link_sends(link->config->spec) || can->interface.listen_only ||
        (n == VB_SOCKETCAN_FD && !can->interface.fd)) {
        return false;
    }
    bool taken = transport_write(link->transport, out, (size_t)n);
    if (!taken) {
        can->full = true;
        say(link);
    } else if (transport_pending(link->transport) > 0 && !can->full) {
        int64_t soon_ns = clock_mono_ns() + UNSENT_NS;
        can->look_ns = soon_ns < can->look_ns ? soon_ns : can->look_ns;
    }
    return taken;
}

static bool settled(const struct link *link) {
    return !link->transport || transport_pending(link->transport) == 0;
}

const struct link_kind link_kind_can = {
    .name = "can",
    .title = "a CAN interface of the kernel (SocketCAN)",
    .frame_kind = VB_KIND_CAN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .is_place = true,
    .places = "the name of an interface (voltbus scan lists them)",
    .example = "can:can0",
    .size = sizeof(struct can),
    .opened = opened,
    .bytes = bytes,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .ready = ready,
    .settled = settled,
    .send = send_frame,
    .sends = link_sends,
};
