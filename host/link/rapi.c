/* rapi.c - an OpenEVSE at a serial port: what is asked regularly, what is asked by others, and the
 * current that it is kept at (voltbus/rapi_client.h, voltbus/evse_keeper.h).
 * Our own questions are frames of the link too (VB_FRAME_TX). With listen=yes nothing is ever sent:
 * both sides of somebody else's talk are heard.
 * SPDX-License-Identifier: MIT */
#include "voltbus/rapi.h"

#include <stdio.h>
#include <string.h>

#include "host/hub/hub.h"
#include "host/link/link.h"
#include "voltbus/evse_keeper.h"
#include "voltbus/rapi_client.h"
#include "voltbus/time.h"

static const char *const uses_ids[] = {"auto", "off", NULL};
static const char *const checksums[] = {"xor", "add", "none", NULL};
static const uint8_t sums[] = {VB_RAPI_XOR, VB_RAPI_ADD, VB_RAPI_PLAIN};

static const struct vb_key keys[] = {
    {"baud", VB_KEY_NUMBER, "bit/s", "115200", 1200, 4000000, NULL, "of the serial port"},
    {"ids", VB_KEY_WORD, NULL, "auto", 0, 0, uses_ids,
     "number the questions where the box can, so that a late answer is told from the next"},
    {"checksum", VB_KEY_WORD, NULL, "xor", 0, 0, checksums, "what stands behind our lines"},
    {"heartbeat", VB_KEY_DURATION, NULL, "10s", 0, VB_KEEPER_HEARTBEAT_MAX * 1000, NULL,
     "while a current is commanded: the box falls back so long after voltbus is gone; 0s = never"},
    {"auth", VB_KEY_TEXT, NULL, "", 0, 0, NULL,
     "http://: a file with user:password in its first line"},
    {"listen", VB_KEY_FLAG, NULL, "no", 0, 0, NULL,
     "only listen: both sides of somebody else's talk; nothing is ever sent"},
};

#define HEARTBEAT_MIN_MS 2000
/* Nothing answered for so long: that is said. $GV is asked once a second. */
#define SILENT_NS (3 * VB_NS_PER_S)
/* So long nothing has gone out: the other end is stuck. What waits would reach it when nobody means
 * it any more. */
#define STUCK_NS VB_NS_PER_S
#define NEVER    INT64_MAX
/* The WiFi kit asks the box for us, and may take its time; it says itself when it is gone. */
#define KIT_NS     (6 * VB_NS_PER_S)
#define KIT_RARELY 5 /* each question is a request of its own, and it has other clients */

#define NO_ANSWER "the box does not answer (baud? RAPI? wired crosswise?)"
#define RESTARTS  "the box restarts"

/* The keeper has one question under way; the hub's tickets are smaller. */
#define KEEPER_TICKET 0x80000000u

struct rapi {
    struct vb_rapi_client client;
    struct vb_rapi_tap tap; /* listen */
    struct vb_keeper keeper;
    bool listens, keeps; /* keeps: a device on it may be controlled */
    bool begun;          /* the keeper: what was wanted outlives a port that is gone */
    bool keeper_asks;    /* its question is under way */
    bool up;             /* as it was told last */
    bool kick;           /* somebody asked: at once */
    int64_t silent_ns;   /* until then the box may be silent */
    int64_t stuck_ns;    /* since then nothing goes out, or NEVER */
    uint32_t skipped;    /* as it was last counted */
    enum vb_keeper_reason said;
};

static void set_reason(struct link *link, const char *reason) {
    if (strcmp(link->reason, reason) != 0) {
        snprintf(link->reason, sizeof link->reason, "%s", reason);
        link_changed(link);
    }
}

/* ---- what was heard ---- */

static enum vb_refusal refusal_of(uint8_t result) {
    switch (result) {
    case VB_RAPI_RESULT_DONE:
    case VB_RAPI_RESULT_SENT:
        return VB_REFUSAL_NONE;
    case VB_RAPI_RESULT_REFUSED:
        return VB_REFUSAL_REFUSED;
    case VB_RAPI_RESULT_NOT_THERE:
        return VB_REFUSAL_NOT_THERE;
    case VB_RAPI_RESULT_TOO_LONG:
        return VB_REFUSAL_BAD_VALUE;
    case VB_RAPI_RESULT_LOST:
        return VB_REFUSAL_LINK_DOWN;
    default:
        return VB_REFUSAL_NO_ANSWER;
    }
}

static void answered(struct link *link, const struct vb_rapi_event *event, int64_t now_ns) {
    struct rapi *rapi = link_kind_state(link);
    bool done = event->result == VB_RAPI_RESULT_DONE;
    bool said = done || event->result == VB_RAPI_RESULT_REFUSED;
    if (event->ticket == KEEPER_TICKET) {
        rapi->keeper_asks = false;
        vb_keeper_answered(&rapi->keeper, said, done, said ? event->text : "", said ? event->n : 0,
                           now_ns);
    } else {
        hub_answered(link, event->ticket, refusal_of(event->result),
                     vb_rapi_result_why((enum vb_rapi_result)event->result),
                     said ? event->text : "", said ? event->n : 0);
    }
}

static void found(struct link *link, int64_t now_ns) {
    struct rapi *rapi = link_kind_state(link);
    const struct vb_rapi_dialect *dialect = &rapi->client.dialect;
    hub_log(link->hub, "link %s: an OpenEVSE with firmware %s, RAPI %s", link->config->name,
            dialect->firmware, dialect->rapi);
    vb_keeper_found(&rapi->keeper, dialect->version, now_ns);
}

static void hear(struct link *link, int64_t now_ns) {
    struct rapi *rapi = link_kind_state(link);
    struct vb_rapi_event event;
    while (vb_rapi_client_next(&rapi->client, &event)) {
        switch ((enum vb_rapi_event_what)event.what) {
        case VB_RAPI_FRAME:
            if (event.frame.fault == VB_FAULT_NONE) {
                vb_keeper_heard(&rapi->keeper, &event.frame, now_ns);
            }
            event.frame.t_ns = link_now_ns();
            hub_frame(link, &event.frame);
            break;
        case VB_RAPI_ANSWER:
            answered(link, &event, now_ns);
            break;
        case VB_RAPI_FOUND:
            found(link, now_ns);
            break;
        case VB_RAPI_GONE:
            vb_keeper_found(&rapi->keeper, 0, now_ns);
            break;
        }
    }
    link->bad += rapi->client.reader.skipped - rapi->skipped; /* bytes that belong to no line */
    rapi->skipped = rapi->client.reader.skipped;
}

/* Is it there? That ends leases, and lets go what waited. */
static void notice(struct link *link, int64_t now_ns) {
    struct rapi *rapi = link_kind_state(link);
    bool up = vb_rapi_client_up(&rapi->client);
    bool was_up = rapi->up;
    rapi->up = up;
    if (up) {
        rapi->silent_ns = now_ns + SILENT_NS;
        set_reason(link, "");
    } else if (rapi->client.state == VB_RAPI_RESTART) {
        set_reason(link, RESTARTS);
    } else if (was_up || now_ns >= rapi->silent_ns) {
        set_reason(link, NO_ANSWER);
    }
    if (up && !was_up) {
        hub_found(link);
    }
}

/* What the device makes of what was asked is news, though no frame tells it. */
static void show_keeper(struct link *link) {
    struct rapi *rapi = link_kind_state(link);
    enum vb_keeper_reason reason = vb_keeper_reason(&rapi->keeper);
    for (size_t i = 0; reason != rapi->said && i < link->device_count; i++) {
        hub_changed(link->devices[i]);
    }
    rapi->said = reason;
}

/* ---- what is sent ---- */

static void ask_for_keeper(struct link *link, int64_t now_ns) {
    struct rapi *rapi = link_kind_state(link);
    char body[VB_CALL_TEXT];
    if (!rapi->keeps || !rapi->up || rapi->keeper_asks || rapi->client.queued >= VB_RAPI_QUEUE) {
        return;
    }
    size_t n = vb_keeper_ask(&rapi->keeper, body, now_ns);
    if (n == 0) {
        return;
    }
    const struct vb_device *type = rapi->client.config.device;
    int message =
        vb_call_find_body(type, body, n, rapi->client.dialect.version, NULL, NULL, NULL, NULL);
    rapi->keeper_asks = vb_rapi_client_ask(&rapi->client, KEEPER_TICKET,
                                           message < 0 ? VB_RAPI_NO_MESSAGE : (size_t)message, body,
                                           n, now_ns) == VB_OK;
    if (!rapi->keeper_asks) { /* cannot be: there was room */
        vb_keeper_answered(&rapi->keeper, false, false, "", 0, now_ns);
    }
}

/* Returns false if the link was given up. */
static bool send_line(struct link *link, const uint8_t *bytes, size_t n, int64_t now_ns) {
    struct rapi *rapi = link_kind_state(link);
    if (transport_pending(link->transport) == 0) {
        rapi->stuck_ns = NEVER;
    } else if (rapi->stuck_ns == NEVER) {
        rapi->stuck_ns = now_ns;
    } else if (now_ns - rapi->stuck_ns >= STUCK_NS) {
        link_fail(link, "nothing goes out: the other end does not read");
        return false;
    }
    transport_write(link->transport, bytes, n);
    return true;
}

#define LINES_AT_ONCE 8 /* more than it ever is: a question waits for its answer */

/* Everything that time, bytes or somebody's wish has made possible. */
static void go_on(struct link *link) {
    struct rapi *rapi = link_kind_state(link);
    int64_t now_ns = clock_mono_ns();
    rapi->kick = false;
    vb_rapi_client_tick(&rapi->client, now_ns);
    for (unsigned i = 0; i < LINES_AT_ONCE; i++) {
        uint8_t line[VB_RAPI_SEND_MAX + 1];
        struct vb_frame frame = {0};
        hear(link, now_ns);
        notice(link, now_ns);
        ask_for_keeper(link, now_ns);
        size_t n = vb_rapi_client_take(&rapi->client, line, &frame, now_ns);
        if (n == 0) {
            break;
        }
        if (!send_line(link, line, n, now_ns)) {
            return;
        }
        frame.t_ns = link_now_ns();
        hub_frame(link, &frame);
    }
    show_keeper(link);
}

/* ---- the link ---- */

static const struct vb_device *first_device(void) {
    for (size_t i = 0; i < vb_device_count; i++) {
        if (vb_devices[i]->kind == VB_KIND_RAPI) {
            return vb_devices[i];
        }
    }
    return NULL;
}

static void begin_keeper(struct link *link, int64_t now_ns) {
    struct rapi *rapi = link_kind_state(link);
    struct vb_keeper_config config = {
        .heartbeat_s = link_value(link->config->spec, "heartbeat")->number / 1000, .safe_a = 6};
    for (size_t i = 0; i < link->device_count; i++) {
        const struct vb_device *type = link->devices[i]->config->type;
        if (link->devices[i]->control.allowed && type->command_count > 0) {
            rapi->keeps = true;
            config.safe_a = type->commands[0].safe;
        }
    }
    vb_keeper_init(&rapi->keeper, &config, now_ns);
    rapi->begun = true;
}

/* What was commanded ends with it (hub); the safe current goes out when the box is there again. */
static void closed(struct link *link) {
    struct rapi *rapi = link_kind_state(link);
    int64_t now_ns = clock_mono_ns();
    rapi->up = false;
    if (rapi->keeper_asks) {
        rapi->keeper_asks = false;
        vb_keeper_answered(&rapi->keeper, false, false, "", 0, now_ns);
    }
    vb_keeper_found(&rapi->keeper, 0, now_ns);
}

static unsigned polls(const struct link_spec *spec) {
    return link_value(spec, "listen")->number ? 0 : spec->place.type == PLACE_HTTP ? KIT_RARELY : 1;
}

static void opened(struct link *link) {
    struct rapi *rapi = link_kind_state(link);
    const struct link_spec *spec = link->config->spec;
    int64_t now_ns = clock_mono_ns();
    if (rapi->begun) {
        closed(link); /* another peer, where one had been */
    }
    bool by_kit = spec->place.type == PLACE_HTTP;
    struct vb_rapi_client_config config = {
        .device = link->device_count > 0 ? link->devices[0]->config->type : first_device(),
        .rarely = (uint8_t)polls(spec),
        .sum = sums[link_value(spec, "checksum")->number],
        .ids = link_value(spec, "ids")->number == 0 && !by_kit, /* it ties answers to questions */
        .wait_ns = by_kit ? KIT_NS : 0};
    for (size_t i = 0; i < link->device_count; i++) {
        config.poll |= link->devices[i]->config->poll;
    }
    rapi->listens = link_value(spec, "listen")->number;
    if (!rapi->begun) {
        begin_keeper(link, now_ns);
    }
    vb_rapi_tap_init(&rapi->tap);
    vb_rapi_client_init(&rapi->client, &config, now_ns);
    rapi->up = false;
    rapi->skipped = 0;
    rapi->silent_ns = now_ns + SILENT_NS;
    rapi->stuck_ns = NEVER;
    rapi->kick = true;
}

static void listen_to(struct link *link, const uint8_t *data, size_t n) {
    struct rapi *rapi = link_kind_state(link);
    struct vb_frame frame;
    for (size_t i = 0; i < n; i++) {
        if (vb_rapi_tap_feed(&rapi->tap, data[i], &frame)) {
            frame.t_ns = link_now_ns();
            hub_frame(link, &frame);
        }
    }
    link->bad += rapi->tap.reader.skipped - rapi->skipped;
    rapi->skipped = rapi->tap.reader.skipped;
}

static void bytes(struct link *link, const uint8_t *data, size_t n, int64_t mono_ns) {
    struct rapi *rapi = link_kind_state(link);
    if (rapi->listens) {
        listen_to(link, data, n);
        return;
    }
    while (n > 0) {
        size_t used = vb_rapi_client_feed(&rapi->client, data, n, mono_ns);
        data += used;
        n -= used;
        hear(link, mono_ns);
        if (used == 0) {
            break;
        }
    }
    if (!link->alone) {
        go_on(link);
    }
}

static void tick(struct link *link, int64_t mono_ns) {
    struct rapi *rapi = link_kind_state(link);
    (void)mono_ns;
    if (!rapi->listens && !link->alone) {
        go_on(link);
    }
}

static int64_t deadline_ns(struct link *link) {
    struct rapi *rapi = link_kind_state(link);
    if (rapi->listens || link->alone) {
        return INT64_MAX;
    }
    if (rapi->kick) {
        return 0;
    }
    int64_t deadline = vb_rapi_client_deadline_ns(&rapi->client);
    int64_t keeper =
        rapi->keeps && rapi->up && !rapi->keeper_asks && rapi->client.queued < VB_RAPI_QUEUE
            ? vb_keeper_deadline_ns(&rapi->keeper)
            : INT64_MAX;
    int64_t silent = !rapi->up && !link->reason[0] ? rapi->silent_ns : INT64_MAX;
    deadline = keeper < deadline ? keeper : deadline;
    return silent < deadline ? silent : deadline;
}

/* ---- commands and calls ---- */

static enum vb_refusal ready(const struct link *link, char why[LINK_WHY]) {
    const struct rapi *rapi = link_kind_state(link);
    if (rapi->listens) {
        return VB_REFUSAL_LISTEN_ONLY;
    }
    if (!vb_rapi_client_up(&rapi->client)) {
        snprintf(why, LINK_WHY, "%s", link->reason[0] ? link->reason : "it is still looked for");
        return VB_REFUSAL_NO_ANSWER;
    }
    return VB_REFUSAL_NONE;
}

static void kick(struct link *link) {
    struct rapi *rapi = link_kind_state(link);
    rapi->kick = true;
    link_rearm(link);
}

/* A device has one such command: the current. */
static bool wish(struct link *link, struct hub_device *device, size_t i, bool leased, int64_t raw,
                 char why[LINK_WHY]) {
    struct rapi *rapi = link_kind_state(link);
    (void)device;
    (void)i;
    if (rapi->listens || !rapi->begun) {
        return !leased;
    }
    if (leased && rapi->client.dialect.version < VB_KEEPER_SINCE) {
        snprintf(why, LINK_WHY, "%s", vb_keeper_why(VB_KEEPER_TOO_OLD));
        return false;
    }
    if (leased) {
        vb_keeper_want(&rapi->keeper, raw, clock_mono_ns());
    } else {
        vb_keeper_release(&rapi->keeper, clock_mono_ns());
    }
    kick(link);
    return true;
}

static bool settled(const struct link *link) {
    const struct rapi *rapi = link_kind_state(link);
    return rapi->listens || link->alone || !rapi->keeps || !rapi->up ||
           vb_keeper_settled(&rapi->keeper);
}

static bool shown(const struct link *link, const struct hub_device *device, size_t i, char *why) {
    const struct rapi *rapi = link_kind_state(link);
    enum vb_keeper_reason reason = vb_keeper_reason(&rapi->keeper);
    if (device->control.leases[i].until_ns == INT64_MIN || reason == VB_KEEPER_NONE) {
        return false;
    }
    snprintf(why, LINK_WHY, "%s", vb_keeper_why(reason));
    return true;
}

static uint32_t version(const struct link *link) {
    const struct rapi *rapi = link_kind_state(link);
    return rapi->begun && vb_rapi_client_up(&rapi->client) ? rapi->client.dialect.version : 0;
}

static enum vb_refusal ask(struct link *link, uint32_t ticket, struct hub_device *device,
                           size_t message, const char *body, size_t n) {
    struct rapi *rapi = link_kind_state(link);
    (void)device;
    if (vb_rapi_client_ask(&rapi->client, ticket,
                           message == HUB_NO_MESSAGE ? VB_RAPI_NO_MESSAGE : message, body, n,
                           clock_mono_ns()) != VB_OK) {
        return VB_REFUSAL_BUSY;
    }
    kick(link);
    return VB_REFUSAL_NONE;
}

static const struct vb_value *check(const struct link_spec *spec, char *why) {
    const struct vb_value *heartbeat = link_value(spec, "heartbeat");
    if (heartbeat->number != 0 &&
        (heartbeat->number < HEARTBEAT_MIN_MS || heartbeat->number % 1000 != 0)) {
        snprintf(why, LINK_WHY, "heartbeat: %.*s: expected whole seconds from 2s to 65s, or 0s",
                 (int)(heartbeat->len < 40 ? heartbeat->len : 40), heartbeat->text);
        return heartbeat;
    }
    if (spec->place.type == PLACE_HTTP && !polls(spec)) {
        snprintf(why, LINK_WHY, "listen: over http:// only answers to our questions come");
        return link_value(spec, "listen");
    }
    return NULL;
}

const struct link_kind link_kind_rapi = {
    .name = "rapi",
    .title = "an OpenEVSE wallbox (RAPI)",
    .frame_kind = VB_KIND_RAPI,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .places =
        "a serial port, pty:PATH, tcp://host:port, listen://host:port, http://host/r or sim://NAME",
    .example = "rapi:/dev/ttyUSB0",
    .size = sizeof(struct rapi),
    .check = check,
    .opened = opened,
    .bytes = bytes,
    .tick = tick,
    .deadline_ns = deadline_ns,
    .closed = closed,
    .ready = ready,
    .settled = settled,
    .version = version,
    .ask = ask,
    .wish = wish,
    .shown = shown,
    .polls = polls,
};
