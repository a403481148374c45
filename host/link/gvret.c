/* gvret.c - CAN behind an adapter that speaks GVRET binary (ESP32RET, M2RET and others that
 * SavvyCAN knows): switches it to binary, reads one of its buses, asks now and then whether it
 * is there, and sends (listen=no). Without bitrate= nothing is set up: what the adapter has stays as it is.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/hub/hub.h"
#include "host/link/link.h"
#include "voltbus/bits.h"
#include "voltbus/far_clock.h"
#include "voltbus/gvret.h"
#include "voltbus/time.h"

#define BUSES_SET 2 /* those that it can be told of */

static const struct vb_key keys[] = {
    {"bus", VB_KEY_NUMBER, NULL, "0", 0, 15, NULL, "which bus of the adapter, counted from 0"},
    {"bitrate", VB_KEY_NUMBER, "bit/s", "", 10000, 1000000, NULL,
     "of the CAN bus, which is set up so; left out: as the adapter has it"},
    {"baud", VB_KEY_NUMBER, "bit/s", "1000000", 1200, 4000000, NULL,
     "of the serial port; USB adapters do not mind"},
    {"listen", VB_KEY_FLAG, NULL, "yes", 0, 0, NULL,
     "send nothing; with bitrate=: the adapter does not even acknowledge"},
};

#define ALIVE_NS  (2 * VB_NS_PER_S)  /* so often it is asked whether it is there */
#define SILENT_NS (10 * VB_NS_PER_S) /* not a byte for so long: it is not */

struct gvret {
    struct vb_gvret stream;
    struct vb_far_clock clock;
    bool heard;       /* anything of GVRET, since it was opened */
    bool knows_buses; /* how they are set up */
    int64_t heard_ns;
    int64_t deadline_ns;
};

#define NOTHING_YET "nothing of GVRET has come yet (baud=? is it binary GVRET?)"
#define OFF         "the adapter has switched this bus off (bitrate= sets it up)"
#define DEAF        "the adapter only listens on this bus (bitrate= sets it up)"

static unsigned bus_of(const struct link *link) {
    return (unsigned)link_value(link->config->spec, "bus")->number;
}

static void ask(struct link *link, enum vb_gvret_command command, const uint8_t *body, size_t n) {
    uint8_t out[VB_GVRET_MESSAGE];
    int len = vb_gvret_put(VB_GVRET_HOST, command, body, n, out);
    if (len > 0) {
        transport_write(link->transport, out, (size_t)len);
    }
}

/* Said again and again: boards that are reset when their port is opened, or later, hear nothing for a
 * while and are then in text mode, where they answer questions and show no frames. */
static void ask_all(struct link *link) {
    static const uint8_t binary[] = {VB_GVRET_BINARY, VB_GVRET_BINARY};
    const struct gvret *gvret = link_kind_state(link);
    transport_write(link->transport, binary, sizeof binary);
    if (!gvret->knows_buses) {
        ask(link, VB_GVRET_BUS_COUNT, NULL, 0);
        ask(link, VB_GVRET_BUSES, NULL, 0);
    }
    ask(link, VB_GVRET_ALIVE, NULL, 0);
}

static void opened(struct link *link) {
    struct gvret *gvret = link_kind_state(link);
    int64_t now_ns = clock_mono_ns();
    memset(gvret, 0, sizeof *gvret);
    vb_gvret_init(&gvret->stream, VB_GVRET_HOST);
    gvret->heard_ns = now_ns;
    gvret->deadline_ns = now_ns + ALIVE_NS;
    ask_all(link);
}

static void heard(struct link *link) {
    struct gvret *gvret = link_kind_state(link);
    link_say(link, NOTHING_YET, "");
    if (!gvret->heard) {
        gvret->heard = true;
        hub_publish(link);
    }
}

/* How buses 0 and 1 are set up: tell it if that is not what is wanted of ours. */
static void check_buses(struct link *link, const uint8_t *body) {
    const struct link_spec *spec = link->config->spec;
    uint32_t rate = (uint32_t)link_value(spec, "bitrate")->number;
    unsigned bus = bus_of(link);
    uint8_t words[4 * BUSES_SET];
    uint32_t has = 0;
    uint32_t wanted = 0;
    if (bus >= BUSES_SET) {
        return;
    }
    for (unsigned i = 0; i < BUSES_SET; i++) {
        uint8_t how = body[5 * i];
        uint32_t word = (uint32_t)vb_bits_get_le(body + 5 * i + 1, 0, 32) & VB_GVRET_SET_RATE;
        word |= VB_GVRET_SET_VALID | (how & 0x0F ? VB_GVRET_SET_ON : 0) |
                (how & 0x10 ? VB_GVRET_SET_LISTEN : 0);
        if (i == bus) {
            has = wanted = word;
            if (rate > 0) {
                wanted = VB_GVRET_SET_VALID | VB_GVRET_SET_ON |
                         (!link_sends(spec) ? VB_GVRET_SET_LISTEN : 0) | rate;
            }
        }
        vb_bits_put_le(words, 32 * i, 32, i == bus ? wanted : word);
    }
    if (wanted != has) {
        ask(link, VB_GVRET_SET_BUSES, words, sizeof words);
    }
    link_say(link, "",
             !(wanted & VB_GVRET_SET_ON)                          ? OFF
             : (wanted & VB_GVRET_SET_LISTEN) && link_sends(spec) ? DEAF
                                                                  : "");
}

/* Returns false if the link was given up. */
static bool answered(struct link *link, const struct vb_gvret_event *event) {
    heard(link);
    if (event->command == VB_GVRET_BUSES) {
        ((struct gvret *)link_kind_state(link))->knows_buses = true;
        check_buses(link, event->body);
    } else if (event->command == VB_GVRET_BUS_COUNT && bus_of(link) >= event->body[0]) {
        link_fail(link, "the adapter has %u buses, counted from 0: there is no bus=%u",
                  event->body[0], bus_of(link));
        return false;
    }
    return true;
}

static bool take(struct link *link, struct vb_gvret_event *event) {
    struct gvret *gvret = link_kind_state(link);
    switch (event->what) {
    case VB_GVRET_WHAT_FRAME:
        heard(link);
        if (event->bus == bus_of(link)) {
            int64_t now_ns = link_now_ns();
            event->frame.t_ns = vb_far_clock(&gvret->clock, event->t_us * VB_NS_PER_US, now_ns);
            hub_frame(link, &event->frame);
        }
        return true;
    case VB_GVRET_WHAT_MESSAGE:
        return answered(link, event);
    case VB_GVRET_WHAT_BAD:
        link->bad++;
        return true;
    case VB_GVRET_WHAT_BINARY:
        return true;
    }
    return true;
}

static void bytes(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    struct gvret *gvret = link_kind_state(link);
    gvret->heard_ns = mono_ns;
    while (n > 0) {
        struct vb_gvret_event event;
        size_t used = vb_gvret_feed(&gvret->stream, data, n);
        data += used;
        n -= used;
        while (vb_gvret_next(&gvret->stream, &event)) {
            if (!take(link, &event)) {
                return;
            }
        }
    }
}

static void tick(struct link *link, int64_t mono_ns) {
    struct gvret *gvret = link_kind_state(link);
    if (mono_ns < gvret->deadline_ns) {
        return;
    }
    if (mono_ns - gvret->heard_ns > SILENT_NS && !link->alone) {
        link_fail(link, gvret->heard ? "the adapter does not answer any more"
                                     : "the adapter does not answer (baud=? is it binary GVRET?)");
        return;
    }
    gvret->deadline_ns = mono_ns + ALIVE_NS;
    link_say(link, "", gvret->heard ? "" : NOTHING_YET);
    ask_all(link);
}

static int64_t deadline_ns(struct link *link) {
    return ((struct gvret *)link_kind_state(link))->deadline_ns;
}

/* ---- sending ---- */

static enum vb_refusal ready(const struct link *link, char why[LINK_WHY]) {
    const struct gvret *gvret = link_kind_state(link);
    if (!link_sends(link->config->spec)) {
        return VB_REFUSAL_LISTEN_ONLY;
    }
    if (!gvret->heard) {
        snprintf(why, LINK_WHY, "the adapter has not answered yet");
        return VB_REFUSAL_LINK_DOWN;
    }
    return VB_REFUSAL_NONE;
}

static bool send_frame(struct link *link, const struct vb_frame *frame) {
    const struct gvret *gvret = link_kind_state(link);
    uint8_t out[VB_GVRET_MESSAGE];
    if (!gvret->heard || !link_sends(link->config->spec)) {
        return false;
    }
    int n = vb_gvret_put_frame(VB_GVRET_HOST, frame, bus_of(link), 0, out);
    return n > 0 && transport_write(link->transport, out, (size_t)n);
}

static const struct vb_value *check(const struct link_spec *spec, char *why) {
    const struct vb_value *bitrate = link_value(spec, "bitrate");
    if (bitrate->number > 0 && link_value(spec, "bus")->number >= BUSES_SET) {
        snprintf(why, LINK_WHY, "bitrate: GVRET can set up the buses 0 and 1, not bus=%d",
                 (int)link_value(spec, "bus")->number);
        return bitrate;
    }
    return NULL;
}

const struct link_kind link_kind_gvret = {
    .name = "gvret",
    .title = "CAN behind a GVRET adapter (those of SavvyCAN: ESP32RET, M2RET)",
    .frame_kind = VB_KIND_CAN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places = "a serial port, pty:PATH, tcp://host:port or listen://host:port",
    .example = "gvret:tcp://192.168.4.1:23",
    .size = sizeof(struct gvret),
    .check = check,
    .opened = opened,
    .bytes = bytes,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .ready = ready,
    .send = send_frame,
    .sends = link_sends,
};
