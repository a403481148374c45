/* server.c - what the outputs that serve frames to other programs have in common.
 * SPDX-License-Identifier: MIT */
#include "host/out/server.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/hub/command.h"
#include "voltbus/time.h"

#define NO_BUS   0xFF
#define RETRY_MS 5000
/* What the kernel keeps for a client that is slow: a second or two of two full buses. Left to
 * itself it takes megabytes, and the client sees the past. */
#define KERNEL_BYTES (128 * 1024)
#define TELL_NS      (10 * VB_NS_PER_S) /* about one client at most so often */

__attribute__((format(printf, 2, 3))) static void say(const struct server *s, const char *fmt,
                                                      ...) {
    char text[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    hub_log(s->hub, "output %s: %s", s->config->name, text);
}

static bool sends(const struct server *s) {
    return s->config->values[SERVER_SEND].number != 0;
}

/* ---- clients ---- */

static struct client *free_client(struct server *s) {
    for (size_t i = 0; i < SERVER_CLIENTS; i++) {
        if (!s->clients[i].transport) {
            return &s->clients[i];
        }
    }
    return NULL;
}

/* May it be said? Now and then, and at the end of a client; then it counts anew. */
static bool is_due(struct count *count, bool end) {
    int64_t now_ns = clock_mono_ns();
    if (count->n == 0 || (!end && count->told_ns != 0 && now_ns - count->told_ns < TELL_NS)) {
        return false;
    }
    count->told_ns = now_ns;
    return true;
}

static void tell_lost(struct client *client, bool end) {
    if (is_due(&client->lost, end)) {
        say(client->server, "%s is too slow: frames lost to it: %" PRIu64, client->who,
            client->lost.n);
        client->lost.n = 0;
    }
}

static void tell_refused(struct client *client, const char *why, bool end) {
    if (is_due(&client->refused, end)) {
        say(client->server, "%s: frames refused: %" PRIu64 "%s%s", client->who, client->refused.n,
            why[0] ? ": " : "", why);
        client->refused.n = 0;
    }
}

static void tell_formless(struct client *client) {
    if (client->formless > 0) {
        say(client->server, "%s: frames left out that %s has no form for: %" PRIu64, client->who,
            client->server->config->type->name, client->formless);
    }
}

bool client_write(struct client *client, const void *bytes, size_t n) {
    return client->transport && transport_write(client->transport, bytes, n);
}

void client_lost(struct client *client, unsigned frames) {
    client->lost.n += frames;
    tell_lost(client, false);
}

void client_formless(struct client *client, const struct vb_frame *frame) {
    if (client->formless++ == 0) {
        const char *what = frame->flags & VB_FRAME_ERR   ? "error frames"
                           : frame->flags & VB_FRAME_RTR ? "remote frames"
                           : frame->flags & VB_FRAME_FD  ? "frames of CAN FD"
                                                         : "such a frame";
        say(client->server, "%s: %s has no form for %s (%X): they are left out, and counted",
            client->who, client->server->config->type->name, what, (unsigned)frame->id);
    }
}

void client_write_frame(struct client *client, const struct vb_frame *frame, const void *bytes,
                        int n) {
    if (n < 0) {
        client_formless(client, frame);
    } else if (n > 0 && !client_write(client, bytes, (size_t)n)) {
        client_lost(client, 1);
    }
}

static bool own_transport(const struct client *client) {
    return client->transport != client->server->transport;
}

static void forget(struct client *client, const char *why) {
    tell_lost(client, true);
    tell_refused(client, "", true);
    tell_formless(client);
    say(client->server, "%s is gone%s%s", client->who, why[0] ? ": " : "", why);
    free(client->state);
    *client = (struct client){.server = client->server};
}

void client_close(struct client *client, const char *why) {
    if (own_transport(client)) {
        transport_close(client->transport);
    }
    forget(client, why);
}

/* Returns false, with nothing of it left, if memory runs out. */
static bool join(struct client *client, struct transport *transport, const char *who) {
    const struct server_kind *kind = client->server->kind;
    client->state = calloc(1, kind->size + 1);
    if (!client->state) {
        return false;
    }
    client->transport = transport;
    snprintf(client->who, sizeof client->who, "%.79s", who);
    if (kind->joined) {
        kind->joined(client);
    }
    return true;
}

static void on_client_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct client *client = owner;
    (void)mono_ns;
    client->server->kind->bytes(client, bytes, n);
}

static void on_client_closed(void *owner, const char *why) {
    client_close(owner, why);
}

static void on_joined(void *owner, int fd, const char *who) {
    static const struct transport_events events = {.bytes = on_client_bytes,
                                                   .closed = on_client_closed};
    struct server *s = owner;
    struct client *client = free_client(s);
    if (!client) {
        say(s, "%s is refused: %d clients are connected", who, SERVER_CLIENTS);
        close(fd);
        return;
    }
    int bytes = KERNEL_BYTES;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes); /* works without */
    struct transport *t = transport_adopt(s->hub->loop, fd, who, &events, client);
    if (t && !join(client, t, who)) {
        transport_close(t);
        t = NULL;
    }
    say(s, t ? "%s is connected" : "%s is refused: no memory", who);
}

/* ---- the way back ---- */

const char *client_send(struct client *client, struct vb_frame *frame, unsigned bus) {
    struct server *s = client->server;
    int64_t now_ns = clock_mono_ns();
    const char *why = NULL;
    if (now_ns - s->second_ns >= VB_NS_PER_S) {
        s->second_ns = now_ns;
        s->sent = 0;
    }
    if (!sends(s)) {
        why = "sending is not allowed (send: yes in the output)";
    } else if (bus >= s->bus_count) {
        why = "there is no such bus";
    } else if (s->hub->ending || s->hub->closing) {
        why = "the gateway ends";
    } else if (command_owns(s->links[bus], frame)) {
        why = "voltbus itself sends frames of this id (control: true)";
    } else if (++s->sent > s->config->values[SERVER_RATE].number) {
        why = "too many frames";
    } else {
        s->sender = client;
        why = hub_send(s->links[bus], frame, NULL) ? NULL : "the bus does not take it";
        s->sender = NULL;
    }
    if (!why && !client->sends) {
        client->sends = true;
        say(s, "%s sends on link %s", client->who, s->links[bus]->config->name);
    } else if (why) {
        client->refused.n++;
        tell_refused(client, why, false);
    }
    return why;
}

/* ---- the place ---- */

static void on_opened(void *owner) {
    struct server *s = owner;
    const struct place *place = transport_place(s->transport);
    bool here = strncmp(place->name, "127.", 4) == 0 || strcmp(place->name, "::1") == 0 ||
                strcmp(place->name, "localhost") == 0;
    bool open = place->type == PLACE_LISTEN && !here;
    s->told = false;
    s->place = *place;
    if (place->type == PLACE_UDP) {
        (void)join(&s->clients[0], s->transport, place->text);
    }
    say(s, "%s is open, %zu %s%s%s", place->text, s->bus_count, s->bus_count == 1 ? "bus" : "buses",
        open ? ": all of that network can read" : "", open && sends(s) ? " and send" : "");
    if (s->kind->tick) {
        server_wake(s, 0);
    }
}

/* The terminal, or the datagrams: of the only client there is. */
static void on_bytes(void *owner, const uint8_t *bytes, size_t n, int64_t mono_ns) {
    struct server *s = owner;
    if (s->clients[0].transport) {
        on_client_bytes(&s->clients[0], bytes, n, mono_ns);
    }
}

static void on_peer(void *owner, bool there, const char *who) {
    struct server *s = owner;
    if (there) {
        if (join(&s->clients[0], s->transport, who)) {
            say(s, "%s is connected", who);
        }
    } else if (s->clients[0].transport) {
        forget(&s->clients[0], "");
    }
}

static void on_closed(void *owner, const char *why);

static bool open_place(struct server *s, char *why) {
    static const struct transport_events events = {.opened = on_opened,
                                                   .bytes = on_bytes,
                                                   .closed = on_closed,
                                                   .peer = on_peer,
                                                   .joined = on_joined};
    s->transport = transport_open(s->hub->loop, &s->place, &s->line, NULL, &events, s, why);
    return s->transport;
}

static void on_retry(uv_timer_t *timer);

/* Again in a while. Why is said once, not every five seconds. */
static void try_again(struct server *s, const char *why) {
    if (!s->told) {
        say(s, "%s", why);
        s->told = true;
    }
    uv_timer_start(&s->retry, on_retry, RETRY_MS, 0);
}

static void on_retry(uv_timer_t *timer) {
    struct server *s = timer->data;
    char why[TRANSPORT_WHY];
    if (!s->closed && !open_place(s, why)) {
        try_again(s, why);
    }
}

static void on_closed(void *owner, const char *why) {
    struct server *s = owner;
    if (s->clients[0].transport && !own_transport(&s->clients[0])) {
        forget(&s->clients[0], why);
    }
    transport_close(s->transport);
    s->transport = NULL;
    try_again(s, why);
}

/* ---- the buses ---- */

/* Which links are its buses. */
struct choice {
    const struct server_kind *kind;
    const struct config *config;
    const struct config_output *output;
    uint8_t bus_of[CONFIG_LINKS_MAX]; /* [number of a link]: its bus; NO_BUS */
    size_t count;
};

static bool is_can(const struct link_spec *spec) {
    return spec->kind->frame_kind == VB_KIND_CAN || spec->kind->frame_kind == VB_KIND_COUNT;
}

static bool choose_link(struct choice *choice, size_t number, size_t *key, char *why) {
    const struct config_link *link = &choice->config->links[number];
    const struct link_kind *kind = link->spec->kind;
    bool sends = choice->output->values[SERVER_SEND].number != 0;
    *key = SERVER_LINKS;
    if (!is_can(link->spec)) {
        snprintf(why, OUTPUT_WHY, "%s is no CAN link", link->name);
    } else if (choice->count == choice->kind->bus_most) {
        snprintf(why, OUTPUT_WHY, "%s has room for %zu of them", choice->output->type->name,
                 choice->kind->bus_most);
    } else if (sends && (!kind->send || (kind->sends && !kind->sends(link->spec)))) {
        *key = SERVER_SEND;
        snprintf(why, OUTPUT_WHY, "link %s only listens (listen=no lets it send)", link->name);
    } else {
        choice->bus_of[number] = (uint8_t)choice->count++;
        return true;
    }
    return false;
}

static size_t find_link(const struct config *config, const char *name, size_t n) {
    for (size_t i = 0; i < config->link_count; i++) {
        const char *its = config->links[i].name;
        if (strlen(its) == n && memcmp(its, name, n) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool choose_links(struct choice *choice, size_t *key, char *why) {
    const struct vb_value *value = &choice->output->values[SERVER_LINKS];
    const struct config *config = choice->config;
    memset(choice->bus_of, NO_BUS, sizeof choice->bus_of);
    for (size_t i = 0; value->len == 0 && i < config->link_count; i++) {
        if (is_can(config->links[i].spec) && !choose_link(choice, i, key, why)) {
            return false;
        }
    }
    *key = SERVER_LINKS;
    for (size_t at = 0; at < value->len;) {
        size_t end = at;
        while (end < value->len && value->text[end] != ',') {
            end++;
        }
        size_t from = at;
        at = end + 1;
        while (from < end && value->text[from] == ' ') {
            from++;
        }
        while (end > from && value->text[end - 1] == ' ') {
            end--;
        }
        size_t link = find_link(config, value->text + from, end - from);
        if (link == SIZE_MAX) {
            snprintf(why, OUTPUT_WHY, "unknown link '%.*s'",
                     (int)(end - from < 60 ? end - from : 60), value->text + from);
            return false;
        }
        if (choice->bus_of[link] == NO_BUS && !choose_link(choice, link, key, why)) {
            return false;
        }
    }
    if (choice->count == 0) {
        snprintf(why, OUTPUT_WHY, "there is no CAN link");
    }
    return choice->count > 0;
}

/* ADDRESS:PORT, pty:PATH, or a place as it stands. */
static bool read_where(const struct server_kind *kind, const struct config_output *output,
                       struct place *place, char *why) {
    const struct vb_value *where = &output->values[SERVER_WHERE];
    char text[PLACE_TEXT + 16];
    char reason[TRANSPORT_WHY];
    int len = (int)(where->len < PLACE_TEXT ? where->len : PLACE_TEXT);
    bool pty = len > 4 && memcmp(where->text, "pty:", 4) == 0;
    snprintf(text, sizeof text, "%s%.*s",
             pty           ? ""
             : kind->place ? kind->place
                           : "listen://",
             len, where->text);
    if (place_parse(place, text, strlen(text), reason)) {
        return true;
    }
    snprintf(why, OUTPUT_WHY, "%.200s", reason);
    return false;
}

/* Its buses and its place. False: key says of which, why what is wrong. */
static bool choose(struct choice *choice, struct place *place, size_t *key, char *why) {
    if (!choose_links(choice, key, why)) {
        return false;
    }
    *key = SERVER_WHERE;
    return read_where(choice->kind, choice->output, place, why);
}

bool server_check(const struct config *config, const struct config_output *output, size_t *key,
                  char *why) {
    struct choice choice = {.kind = output->type->live->server, .config = config, .output = output};
    struct place place;
    return choose(&choice, &place, key, why);
}

uint32_t server_bitrate(const struct server *server, unsigned bus) {
    const struct link_spec *spec = server->links[bus]->config->spec;
    int key = vb_key_find(spec->kind->keys, spec->kind->key_count, "bitrate", 7);
    return key >= 0 && spec->values[key].number > 0 ? (uint32_t)spec->values[key].number : 500000;
}

/* ---- the output ---- */

void server_raw(void *self, const struct vb_frame *frame, const char *link) {
    struct server *s = self;
    (void)link;
    uint8_t bus = frame->kind == VB_KIND_CAN && frame->bus < CONFIG_LINKS_MAX
                      ? s->bus_of[frame->bus]
                      : NO_BUS;
    if (bus == NO_BUS || frame->fault != VB_FAULT_NONE) {
        return;
    }
    for (size_t i = 0; i < SERVER_CLIENTS; i++) {
        struct client *client = &s->clients[i];
        if (client->transport && client != s->sender) {
            s->kind->frame(client, frame, bus);
        }
    }
}

static void on_alarm(uv_timer_t *timer) {
    struct server *s = timer->data;
    s->kind->tick(s);
}

void server_wake(struct server *server, uint64_t ms) {
    if (!server->closed && !uv_is_active((uv_handle_t *)&server->alarm)) {
        uv_update_time(server->hub->loop);
        uv_timer_start(&server->alarm, on_alarm, ms, 0);
    }
}

static void timer_init(struct server *s, uv_timer_t *timer) {
    uv_timer_init(s->hub->loop, timer);
    timer->data = s;
    s->handles++;
}

static bool prepare(struct server *s, char *why) {
    struct choice choice = {.kind = s->kind, .config = s->hub->config, .output = s->config};
    char reason[OUTPUT_WHY];
    size_t key;
    if (!choose(&choice, &s->place, &key, reason)) {
        snprintf(why, OUTPUT_WHY, "%s: %.250s", s->config->type->live->keys[key].name, reason);
        return false;
    }
    memcpy(s->bus_of, choice.bus_of, sizeof s->bus_of);
    s->bus_count = choice.count;
    for (size_t i = 0; i < s->hub->link_count; i++) {
        if (s->bus_of[i] != NO_BUS) {
            s->links[s->bus_of[i]] = &s->hub->links[i];
        }
    }
    return true;
}

void *server_open(struct hub *hub, const struct config_output *config, char *why) {
    struct server *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, OUTPUT_WHY, "out of memory");
        return NULL;
    }
    s->hub = hub;
    s->config = config;
    s->kind = config->type->live->server;
    for (size_t i = 0; i < SERVER_CLIENTS; i++) {
        s->clients[i].server = s;
    }
    if (!prepare(s, why)) {
        free(s);
        return NULL;
    }
    timer_init(s, &s->retry);
    timer_init(s, &s->alarm);
    uv_timer_start(&s->retry, on_retry, 0, 0); /* the kind has not finished yet */
    return s;
}

static void on_handle_closed(uv_handle_t *handle) {
    struct server *s = handle->data;
    if (--s->handles == 0) {
        free(s);
    }
}

void server_close(void *self) {
    struct server *s = self;
    s->closed = true;
    for (size_t i = 0; i < SERVER_CLIENTS; i++) {
        struct client *client = &s->clients[i];
        if (client->transport) {
            tell_lost(client, true);
            tell_refused(client, "", true);
            tell_formless(client);
            if (own_transport(client)) {
                transport_close(client->transport);
            }
            free(client->state);
            client->transport = NULL;
        }
    }
    if (s->transport) {
        transport_close(s->transport);
    }
    uv_close((uv_handle_t *)&s->retry, on_handle_closed);
    uv_close((uv_handle_t *)&s->alarm, on_handle_closed);
}
