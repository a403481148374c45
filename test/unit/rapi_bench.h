/* rapi_bench.h - a RAPI client on a table of its own: what it sends and what it says, as text.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_UNIT_RAPI_BENCH_H
#define TEST_UNIT_RAPI_BENCH_H

#include "test.h"

#include "voltbus/rapi_client.h"

#define MS VB_NS_PER_MS

extern const struct vb_device vb_device_openevse;

struct bench {
    struct vb_rapi_client c;
    struct vb_instance instance;
    int64_t now;
    char log[2048]; /* what happened since the last look, see events() */
    size_t len;
    char values[1024]; /* what the rows of the device make of the last good frame */
    bool by_byte;      /* bytes come one by one */
};

static inline void note(struct bench *b, const char *text, size_t n) {
    assert_true(b->len + n + 2 < sizeof b->log);
    memcpy(b->log + b->len, text, n);
    b->len += n;
    b->log[b->len] = '\0';
}

#define NOTE(b, ...)                                                                               \
    do {                                                                                           \
        char noted[200];                                                                           \
        int noted_n = snprintf(noted, sizeof noted, __VA_ARGS__);                                  \
        assert_true(noted_n >= 0 && (size_t)noted_n < sizeof noted);                               \
        note((b), noted, (size_t)noted_n);                                                         \
    } while (0)

/* The samples of a frame: "evse.state=charging session.time=754 ". */
static inline void read_values(struct bench *b, const struct vb_frame *frame) {
    struct vb_sample samples[64];
    assert_true(vb_device_most(&vb_device_openevse) <= 64);
    struct vb_reading reading = vb_instance_read(&b->instance, frame, samples, 64);
    size_t len = 0;
    b->values[0] = '\0';
    for (size_t i = 0; i < reading.count; i++) {
        char text[200];
        size_t n = vb_signal_text(samples[i].signal, samples[i].raw, text, sizeof text, NULL);
        if (samples[i].signal->flags & VB_STRING) {
            n = samples[i].text_len;
            memcpy(text, samples[i].text, n);
        }
        len += (size_t)snprintf(b->values + len, sizeof b->values - len, "%s=%.*s ",
                                samples[i].signal->name, (int)n, text);
        assert_true(len < sizeof b->values);
    }
}

/* "GS:OK 3 754 " for a frame with its id, '!' before one that is damaged, "#7=ok(16) " for an answer,
 * "found " and "gone ". */
static inline void events(struct bench *b) {
    struct vb_rapi_event e;
    while (vb_rapi_client_next(&b->c, &e)) {
        char id[VB_FRAME_ID_TEXT];
        switch (e.what) {
        case VB_RAPI_FRAME:
            assert_int_equal(e.frame.kind, VB_KIND_RAPI);
            if (!e.frame.fault) {
                read_values(b, &e.frame);
            }
            NOTE(b, "%s%.*s:%.*s ", e.frame.fault ? "!" : "", (int)vb_frame_id_text(&e.frame, id),
                 id, (int)e.frame.len, (const char *)e.frame.data);
            break;
        case VB_RAPI_ANSWER:
            NOTE(b, "#%u=%s(%.*s) ", (unsigned)e.ticket,
                 vb_rapi_result_text((enum vb_rapi_result)e.result), (int)e.n, e.text);
            break;
        default:
            NOTE(b, "%s", e.what == VB_RAPI_FOUND ? "found " : "gone ");
        }
    }
}

/* A line of the box, CR and all. */
static inline void hear(struct bench *b, const char *text) {
    const uint8_t *bytes = (const uint8_t *)text;
    size_t n = strlen(text);
    for (size_t at = 0; at < n;) {
        size_t part = b->by_byte ? 1 : n - at;
        at += vb_rapi_client_feed(&b->c, bytes + at, part, b->now);
        events(b);
    }
}

/* What is to be sent, without CR; "" = nothing. */
static inline const char *sent(struct bench *b) {
    static char out[VB_RAPI_SEND_MAX + 2];
    uint8_t line[VB_RAPI_SEND_MAX + 9];
    struct vb_frame frame;
    size_t n = vb_rapi_client_take(&b->c, line, &frame, b->now);
    if (n > 0) {
        assert_true(n <= VB_RAPI_SEND_MAX + 1 && line[n - 1] == '\r');
        assert_int_equal(frame.flags, VB_FRAME_ASK | VB_FRAME_TX);
        assert_int_equal(1 + frame.len + frame.side_len + 1, n);
        assert_ptr_equal(frame.data, line + 1);
        n--;
    }
    memcpy(out, line, n);
    out[n] = '\0';
    return out;
}

#define assert_sent(b, expected) assert_string_equal(sent(b), expected)

/* What happened since the last look. */
#define assert_events(b, expected)                                                                 \
    do {                                                                                           \
        events((b));                                                                               \
        assert_string_equal((b)->log, expected);                                                   \
        (b)->len = 0;                                                                              \
        (b)->log[0] = '\0';                                                                        \
    } while (0)

static inline void forget_events(struct bench *b) {
    events(b);
    b->len = 0;
    b->log[0] = '\0';
}

/* Time goes on, to the next deadline and not beyond `ms`. Returns how many ms went by. */
static inline int64_t wait(struct bench *b, int64_t ms) {
    int64_t start = b->now;
    int64_t until = b->now + ms * MS;
    int64_t deadline = vb_rapi_client_deadline_ns(&b->c);
    b->now = deadline > b->now ? deadline : b->now;
    b->now = b->now < until ? b->now : until;
    vb_rapi_client_tick(&b->c, b->now);
    return (b->now - start) / MS;
}

static inline void open_bench(struct bench *b, const struct vb_rapi_client_config *config) {
    memset(b, 0, sizeof *b);
    b->now = 1000 * MS;
    vb_instance_init(&b->instance, &vb_device_openevse, NULL, 0);
    vb_rapi_client_init(&b->c, config, b->now);
}

/* Number of the message of that name that this version has. */
static inline size_t message_of(const char *name, uint32_t version) {
    int m = vb_call_find(&vb_device_openevse, name, strlen(name), version, NULL);
    assert_true(m >= 0);
    return (size_t)m;
}

#endif
