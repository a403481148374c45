/* link.c - the table of links; opening, and opening again.
 * SPDX-License-Identifier: MIT */
#include "host/link/link.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "host/hub/machine.h"
#include "voltbus/time.h"

#define LINK_KIND(stem) extern const struct link_kind link_kind_##stem;
#include "host/link/links.def"
#undef LINK_KIND

const struct link_kind *const link_kinds[] = {
#define LINK_KIND(stem) &link_kind_##stem,
#include "host/link/links.def"
#undef LINK_KIND
};
const size_t link_kind_count = sizeof link_kinds / sizeof link_kinds[0];

const struct link_kind *link_kind_find(const char *name, size_t n) {
    for (size_t i = 0; i < link_kind_count; i++) {
        if (strlen(link_kinds[i]->name) == n && memcmp(link_kinds[i]->name, name, n) == 0) {
            return link_kinds[i];
        }
    }
    return NULL;
}

const struct vb_value *link_value(const struct link_spec *spec, const char *key) {
    return &spec->values[vb_key_find(spec->kind->keys, spec->kind->key_count, key, strlen(key))];
}

bool link_sends(const struct link_spec *spec) {
    return !link_value(spec, "listen")->number;
}

const char *link_state_text(enum link_state state) {
    static const char *const texts[] = {
#define X(name, text) [LINK_##name] = text,
        LINK_STATES(X)
#undef X
    };
    return texts[state];
}

void *link_kind_state(const struct link *link) {
    return link->kind_state;
}

int64_t link_now_ns(void) {
    int64_t now_ns = clock_wall_ns();
    return now_ns - now_ns % VB_NS_PER_US;
}

static const struct link_kind *kind_of(const struct link *link) {
    return link->config->spec->kind;
}

/* ---- the deadline of the kind ---- */

/* A slot of a LIN schedule is 10 ms and a frame takes 9: the loop's timers are too coarse. */
static void set_alarm(const struct link *link, int64_t mono_ns) {
    struct itimerspec when = {{0, 0}, {0, 0}}; /* never */
    if (mono_ns != INT64_MAX) {
        int64_t at_ns = mono_ns > 0 ? mono_ns : 1;
        when.it_value.tv_sec = (time_t)(at_ns / VB_NS_PER_S);
        when.it_value.tv_nsec = (long)(at_ns % VB_NS_PER_S);
    }
    timerfd_settime(link->alarm, TFD_TIMER_ABSTIME, &when, NULL);
}

/* What the machines have to say now need not wait for the alarm. */
static void rearm(struct link *link) {
    if (link->state == LINK_OPEN) {
        machine_run(link, clock_mono_ns());
    }
    link_rearm(link);
}

static void on_deadline(uv_poll_t *poll, int status, int events) {
    struct link *link = poll->data;
    uint64_t times;
    (void)status;
    (void)events;
    if (read(link->alarm, &times, sizeof times) < 0) {
        return; /* it was set anew meanwhile */
    }
    if (link->state == LINK_OPEN && kind_of(link)->tick) {
        kind_of(link)->tick(link, clock_mono_ns());
    }
    rearm(link);
}

void link_rearm(struct link *link) {
    if (!link->started || link->closing) {
        return;
    }
    int64_t deadline_ns = INT64_MAX;
    if (link->state == LINK_OPEN) {
        int64_t machine_ns = machine_deadline_ns(link);
        deadline_ns = kind_of(link)->deadline_ns ? kind_of(link)->deadline_ns(link) : INT64_MAX;
        deadline_ns = machine_ns < deadline_ns ? machine_ns : deadline_ns;
    }
    set_alarm(link, deadline_ns);
}

/* ---- open, gone, again ---- */

#define RETRY_FIRST_MS   500
#define RETRY_LONGEST_MS 30000
#define STEADY_NS        (10 * VB_NS_PER_S) /* open for so long: the next trouble is a new one */

static void set_state(struct link *link, enum link_state state, const char *reason) {
    bool same = link->state == state && strcmp(link->reason, reason) == 0;
    link->state = state;
    if (state != LINK_OPEN || link->alone) { /* it leads nothing now */
        link->leader = NULL;
        link->leader_reason[0] = '\0';
    }
    snprintf(link->reason, sizeof link->reason, "%s", reason);
    if (!same) {
        link_changed(link);
    }
}

static void on_retry(uv_timer_t *timer);

/* It is gone or did not come: close what is left of it, and try again after a while. */
static void lost(struct link *link, const char *why) {
    if (link->closing) {
        return;
    }
    if (link->state == LINK_OPEN && kind_of(link)->closed) {
        kind_of(link)->closed(link);
    }
    if (link->transport) {
        transport_close(link->transport);
        link->transport = NULL;
    }
    set_alarm(link, INT64_MAX);
    if (link->opened_mono_ns != INT64_MIN && clock_mono_ns() - link->opened_mono_ns > STEADY_NS) {
        link->tries = 0;
    }
    link->opened_mono_ns = INT64_MIN;
    uint64_t wait_ms = (uint64_t)RETRY_FIRST_MS << (link->tries < 6 ? link->tries : 6);
    link->tries++;
    set_state(link, LINK_WAITING, why);
    uv_update_time(link->hub->loop);
    uv_timer_start(&link->retry, on_retry, wait_ms < RETRY_LONGEST_MS ? wait_ms : RETRY_LONGEST_MS,
                   0);
}

void link_fail(struct link *link, const char *fmt, ...) {
    char why[LINK_WHY];
    va_list args;
    va_start(args, fmt);
    vsnprintf(why, sizeof why, fmt, args);
    va_end(args);
    lost(link, why);
}

void link_say(struct link *link, const char *from, const char *to) {
    if (strcmp(link->reason, from) == 0 && strcmp(from, to) != 0) {
        snprintf(link->reason, sizeof link->reason, "%s", to);
        link_changed(link);
    }
}

void link_end(struct link *link, const char *why, bool broken) {
    set_alarm(link, INT64_MAX);
    if (kind_of(link)->closed) {
        kind_of(link)->closed(link);
    }
    if (broken && !link->hub->broken[0]) {
        snprintf(link->hub->broken, sizeof link->hub->broken, "link %s: %s", link->config->name,
                 why);
    }
    set_state(link, LINK_ENDED, why);
    hub_link_ended(link->hub);
}

#define NOBODY "nobody is connected"

static void on_opened(void *owner) {
    struct link *link = owner;
    enum place_type type = link->config->spec->place.type;
    link->opened_mono_ns = clock_mono_ns();
    link->alone = type == PLACE_LISTEN || type == PLACE_PTY;
    set_state(link, LINK_OPEN, link->alone ? NOBODY : "");
    if (kind_of(link)->opened) {
        kind_of(link)->opened(link);
    }
    link_rearm(link);
}

static void on_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct link *link = owner;
    if (link->state == LINK_OPEN) {
        kind_of(link)->bytes(link, bytes, n, mono_ns);
        rearm(link);
    }
}

static void on_closed(void *owner, const char *why) {
    lost(owner, why);
}

static void on_peer(void *owner, bool there, const char *who) {
    struct link *link = owner;
    hub_log(link->hub, "link %s: %s %s", link->config->name, who,
            there ? "is connected" : "is gone");
    link->alone = !there;
    set_state(link, link->state, there ? "" : NOBODY); /* gone: leases end */
    if (there && link->state == LINK_OPEN && kind_of(link)->opened) {
        kind_of(link)->opened(link); /* another peer: begin again */
        link_rearm(link);
    }
}

static void on_refused(void *owner, const char *who) {
    struct link *link = owner;
    hub_log(link->hub, "link %s: %s was refused: one at a time", link->config->name, who);
}

static bool open_transport(struct link *link, char *why) {
    static const struct transport_events events = {on_opened, on_bytes, on_closed, on_peer,
                                                   on_refused};
    const struct link_spec *spec = link->config->spec;
    int baud = vb_key_find(spec->kind->keys, spec->kind->key_count, "baud", 4);
    struct line_settings line = {.baud = baud < 0 ? 115200 : (uint32_t)spec->values[baud].number};
    int local = vb_key_find(spec->kind->keys, spec->kind->key_count, "local", 5);
    line.local_port = local < 0 ? 0 : (uint16_t)spec->values[local].number;
    int auth = vb_key_find(spec->kind->keys, spec->kind->key_count, "auth", 4);
    if (auth >= 0) {
        snprintf(line.auth, sizeof line.auth, "%.*s", (int)spec->values[auth].len,
                 spec->values[auth].text);
    }
    struct sim_settings sim = {spec->sim_texts, spec->sim_count};
    link->transport =
        transport_open(link->hub->loop, &spec->place, &line, &sim, &events, link, why);
    return link->transport != NULL;
}

static void on_retry(uv_timer_t *timer) {
    struct link *link = timer->data;
    char why[LINK_WHY];
    if (!open_transport(link, why)) {
        lost(link, why);
    }
}

bool link_start(struct link *link, char *why) {
    uv_timer_init(link->hub->loop, &link->retry);
    link->started = true;
    link->retry.data = link;
    link->alarm = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (link->alarm < 0) {
        snprintf(why, LINK_WHY, "no timer: %s", strerror(errno));
        return false;
    }
    uv_poll_init(link->hub->loop, &link->deadline, link->alarm);
    link->deadline.data = link;
    uv_poll_start(&link->deadline, UV_READABLE, on_deadline);
    link->state = LINK_OPENING;
    link->opened_mono_ns = INT64_MIN;
    link->kind_state = calloc(1, kind_of(link)->size + 1);
    if (!link->kind_state) {
        snprintf(why, LINK_WHY, "out of memory");
        return false;
    }
    if (!kind_of(link)->open) {
        return open_transport(link, why);
    }
    if (!kind_of(link)->open(link, why)) {
        return false;
    }
    set_state(link, LINK_OPEN, "");
    link_rearm(link);
    return true;
}

void link_stop(struct link *link) {
    if (!link->started || link->closing) {
        return;
    }
    if (link->state == LINK_OPEN && kind_of(link)->closed) {
        kind_of(link)->closed(link);
    }
    link->closing = true;
    if (link->transport) {
        transport_close(link->transport);
        link->transport = NULL;
    }
    uv_close((uv_handle_t *)&link->retry, NULL);
    if (link->alarm >= 0) {
        uv_close((uv_handle_t *)&link->deadline, NULL);
        close(link->alarm);
    }
}
