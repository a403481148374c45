/* http_live.c - the WebSocket feeds. A message is encoded once and stands in the feed's ring; each
 * client reads it there at its own place. One that is overtaken by the ring gets the whole state
 * again: whoever reads too slowly loses messages, never the newest state, and costs no memory.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/out/http.h"
#include "voltbus/time.h"

#define DELTA_MS     100
#define HEARTBEAT_MS 5000
#define BATCH_MS     1 /* what came together goes out together; nobody waits for more */
#define BATCH_ENOUGH 16384
#define RING_CHANGES (1 << 20)
#define RING_SAMPLES (1 << 22)

/* ---- the ring: messages one after the other, each behind its length ---- */

static void ring_copy(const struct feed *feed, uint64_t place, void *out, size_t n) {
    size_t at = (size_t)(place % feed->size);
    size_t end = feed->size - at < n ? feed->size - at : n;
    memcpy(out, feed->ring + at, end);
    memcpy((char *)out + end, feed->ring, n - end);
}

static void ring_put(struct feed *feed, const void *bytes, size_t n) {
    size_t at = (size_t)(feed->head % feed->size);
    size_t end = feed->size - at < n ? feed->size - at : n;
    memcpy(feed->ring + at, bytes, end);
    memcpy(feed->ring, (const char *)bytes + end, n - end);
    feed->head += n;
}

static void want_to_write(struct connection *connection) {
    if (!connection->live.waiting) {
        connection->live.waiting = true;
        lws_callback_on_writable(connection->wsi);
    }
}

/* The newest message of a feed, with the number feed->seq. One that does not fit, because memory ran
 * out or a device has thousands of words, is left out: everybody gets a snapshot instead. */
static void publish(struct feed *feed, const struct text *message) {
    uint32_t n = (uint32_t)message->n;
    if (message->failed || message->n > HTTP_CHUNK) {
        feed->head++;
        feed->tail = feed->head;
    } else {
        while (feed->head + sizeof n + n - feed->tail > feed->size) {
            uint32_t oldest;
            ring_copy(feed, feed->tail, &oldest, sizeof oldest);
            feed->tail += sizeof oldest + oldest;
        }
        ring_put(feed, &n, sizeof n);
        ring_put(feed, message->data, n);
    }
    feed->told_ms = http_now_ms();
    for (size_t i = 0; i < sizeof feed->http->connections / sizeof feed->http->connections[0];
         i++) {
        struct connection *connection = &feed->http->connections[i];
        if (connection->phase == HTTP_LIVE && connection->live.feed == feed) {
            want_to_write(connection);
        }
    }
}

/* ---- what is published ---- */

static void emit_delta(void *context, const struct text *message) {
    publish(context, message);
}

static void on_delta(uv_timer_t *timer) {
    struct http *http = timer->data;
    struct feed *feed = &http->changes;
    http_state_delta(http->state, &feed->work, &feed->seq, http_now(),
                     http_now_ms() - feed->told_ms >= HEARTBEAT_MS, emit_delta, feed);
}

static void begin_batch(struct feed *feed) {
    text_clear(&feed->work);
    text_format(&feed->work, "{\"type\":\"samples\",\"seq\":%" PRIu64 ",\"samples\":[",
                feed->seq + 1);
}

static void end_batch(struct feed *feed) {
    feed->work.n -= feed->work.data[feed->work.n - 1] == ',';
    text_add(&feed->work, "]}");
    feed->seq++;
    publish(feed, &feed->work);
    text_clear(&feed->work);
    uv_timer_stop(&feed->http->batch);
}

static void on_batch(uv_timer_t *timer) {
    struct http *http = timer->data;
    if (http->samples.work.n > 0) {
        end_batch(&http->samples);
    }
}

void live_seen(struct http *http, const struct seen_frame *seen, size_t device) {
    struct feed *feed = &http->samples;
    if (feed->clients == 0 || seen->reading.count == 0) {
        return;
    }
    if (feed->work.n == 0) {
        begin_batch(feed);
        uv_timer_start(&http->batch, on_batch, BATCH_MS, 0);
    }
    http_state_samples(http->state, &feed->work, seen, device);
    if (feed->work.n >= BATCH_ENOUGH) {
        end_batch(feed);
    }
}

/* ---- snapshots: shared by all who need one between two messages ---- */

static void release_snapshot(struct feed *feed, struct snapshot *snapshot) {
    if (snapshot && --snapshot->users == 0) {
        if (feed->snapshot == snapshot) {
            feed->snapshot = NULL;
        }
        text_free(&snapshot->text);
        free(snapshot);
    }
}

/* What changed after the snapshot was made comes with the next message: until then, and for a
 * moment, it is as good as a newer one. */
static struct snapshot *take_snapshot(struct feed *feed) {
    struct snapshot *snapshot = feed->snapshot;
    if (!snapshot || snapshot->seq != feed->seq || http_now_ms() - snapshot->made_ms > DELTA_MS) {
        snapshot = calloc(1, sizeof *snapshot);
        if (!snapshot) {
            return NULL;
        }
        snapshot->seq = feed->seq;
        snapshot->made_ms = http_now_ms();
        http_state_document(feed->http->state, &snapshot->text, feed->seq, http_now());
        text_add(&snapshot->text, "}");
        if (snapshot->text.failed) {
            text_free(&snapshot->text);
            free(snapshot);
            return NULL;
        }
        feed->snapshot = snapshot;
    }
    snapshot->users++;
    return snapshot;
}

/* ---- clients ---- */

bool live_join(struct connection *connection) {
    struct http *http = connection->http;
    struct feed *feed = connection->every_sample ? &http->samples : &http->changes;
    if (!feed->ring) {
        feed->ring = malloc(feed->size);
        if (!feed->ring) {
            return false;
        }
    }
    if (feed->clients++ == 0 && !feed->samples) {
        http_state_begin(http->state);
        feed->told_ms = http_now_ms();
        uv_timer_start(&http->delta, on_delta, DELTA_MS, DELTA_MS);
    }
    http->live_count++;
    connection->live = (struct live_client){.feed = feed,
                                            .fresh = true,
                                            .seq = feed->seq,
                                            .asked_ms = http_now_ms(),
                                            .alive_ms = http_now_ms()};
    want_to_write(connection);
    return true;
}

void live_leave(struct connection *connection) {
    struct live_client *client = &connection->live;
    struct feed *feed = client->feed;
    if (!feed) {
        return;
    }
    release_snapshot(feed, client->snapshot);
    connection->http->live_count--;
    if (--feed->clients == 0) {
        if (feed->samples) {
            uv_timer_stop(&feed->http->batch);
        } else {
            uv_timer_stop(&feed->http->delta);
        }
        text_clear(&feed->work);
        feed->tail = feed->head;
    }
    connection->live = (struct live_client){0};
}

static int send_piece(struct connection *connection, size_t n, bool first, bool last) {
    enum lws_write_protocol how =
        (enum lws_write_protocol)lws_write_ws_flags(LWS_WRITE_TEXT, first, last);
    int sent = lws_write(connection->wsi, connection->http->scratch + LWS_PRE, n, how);
    return sent < (int)n ? -1 : 0;
}

/* A piece of the snapshot: first what differs from client to client, then what they share. */
static int send_snapshot(struct connection *connection) {
    struct live_client *client = &connection->live;
    char *out = (char *)connection->http->scratch + LWS_PRE;
    if (!client->head_sent) {
        size_t n = (size_t)snprintf(out, 80, "{\"type\":\"snapshot\",");
        if (client->missed > 0) {
            n += (size_t)snprintf(out + n, 60, "\"missed\":%" PRIu64 ",", client->missed);
        }
        n += (size_t)snprintf(out + n, 20, "\"state\":");
        client->head_sent = true;
        return send_piece(connection, n, true, false);
    }
    const struct text *text = &client->snapshot->text;
    size_t left = text->n - client->sent;
    size_t n = left < HTTP_CHUNK ? left : HTTP_CHUNK;
    memcpy(out, text->data + client->sent, n);
    client->sent += n;
    if (send_piece(connection, n, false, n == left) != 0) {
        return -1;
    }
    if (n == left) {
        release_snapshot(client->feed, client->snapshot);
        client->snapshot = NULL;
    }
    return 0;
}

static int begin_snapshot(struct connection *connection) {
    struct live_client *client = &connection->live;
    struct feed *feed = client->feed;
    client->snapshot = take_snapshot(feed);
    if (!client->snapshot) {
        return -1;
    }
    client->missed = feed->seq - client->seq;
    client->seq = feed->seq;
    client->at = feed->head;
    client->fresh = false;
    client->head_sent = false;
    client->sent = 0;
    return send_snapshot(connection);
}

static int send_message(struct connection *connection) {
    struct live_client *client = &connection->live;
    uint32_t n;
    ring_copy(client->feed, client->at, &n, sizeof n);
    ring_copy(client->feed, client->at + sizeof n, connection->http->scratch + LWS_PRE, n);
    client->at += sizeof n + n;
    client->seq++;
    return send_piece(connection, n, true, true);
}

static int send_ping(struct connection *connection) {
    unsigned char *out = connection->http->scratch + LWS_PRE;
    out[0] = '?'; /* libwebsockets does not tell of an answer that is empty */
    return lws_write(connection->wsi, out, 1, LWS_WRITE_PING) < 0 ? -1 : 0;
}

int live_write(struct connection *connection) {
    struct live_client *client = &connection->live;
    struct feed *feed = client->feed;
    int result = 0;
    client->waiting = false;
    if (client->ping) {
        client->ping = false;
        result = send_ping(connection);
    } else if (client->snapshot) {
        result = send_snapshot(connection);
    } else if (client->fresh || client->at < feed->tail) {
        result = begin_snapshot(connection);
    } else if (client->at < feed->head) {
        result = send_message(connection);
    } else {
        return 0;
    }
    want_to_write(connection);
    return result;
}

/* What a client says means nothing to us but that it is there. */
int live_heard(struct connection *connection, size_t n) {
    struct live_client *client = &connection->live;
    client->alive_ms = http_now_ms();
    client->heard = lws_is_first_fragment(connection->wsi) ? n : client->heard + n;
    if (client->heard + lws_remaining_packet_payload(connection->wsi) > HTTP_MESSAGE_MAX) {
        unsigned char why[] = "1024 bytes at most";
        lws_close_reason(connection->wsi, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, why, sizeof why - 1);
        return -1;
    }
    return 0;
}

void live_sweep(struct connection *connection, int64_t now_ms) {
    struct live_client *client = &connection->live;
    const struct http_times *times = &connection->http->times;
    if (now_ms - client->alive_ms > times->silent) {
        http_kill(connection);
    } else if (now_ms - client->asked_ms > times->ping) {
        client->asked_ms = now_ms;
        client->ping = true;
        want_to_write(connection);
    }
}

void live_open(struct http *http) {
    http->changes = (struct feed){.http = http, .size = RING_CHANGES};
    http->samples = (struct feed){.http = http, .size = RING_SAMPLES, .samples = true};
}

void live_close(struct http *http) {
    struct feed *const feeds[] = {&http->changes, &http->samples};
    for (size_t i = 0; i < 2; i++) {
        free(feeds[i]->ring);
        text_free(&feeds[i]->work);
    }
}
