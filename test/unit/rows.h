/* rows.h - helpers for tests of device rows: read a frame from its text, ask for values as people
 * see them, and put what was read back into empty bytes.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_UNIT_ROWS_H
#define TEST_UNIT_ROWS_H

#include "test.h"

#include "voltbus/bits.h"
#include "voltbus/device.h"
#include "voltbus/hex.h"

#define SAMPLES_MAX 128

/* One device on one link, the last frame it read, and what came of it. */
struct bench {
    struct vb_instance instance;
    struct vb_seen seen[128];
    struct vb_frame frame;
    uint8_t data[1536];
    struct vb_reading reading;
    struct vb_sample samples[SAMPLES_MAX];
    char text[8][80]; /* answers of value(), in turn */
    unsigned turn;
};

static inline void bench_open(struct bench *b, const char *device) {
    memset(b, 0, sizeof *b);
    const struct vb_device *found = vb_device_find(device);
    assert_non_null(found);
    assert_in_range(found->message_count, 1, sizeof b->seen / sizeof b->seen[0]);
    assert_in_range(vb_device_most(found), 1, SAMPLES_MAX);
    vb_instance_init(&b->instance, found, b->seen, 7);
}

static inline void bench_set(struct bench *b, const char *setting, const char *value) {
    assert_int_equal(vb_instance_set(&b->instance, setting, value), VB_OK);
}

/* "1DB#0160..." = a CAN or LIN frame, otherwise the bytes of a radio packet. False: neither. */
static inline bool bench_try(struct bench *b, const char *text) {
    int64_t t_ns = b->frame.t_ns + 10000000; /* 10 ms after the one before */
    if (strchr(text, '#')) {
        size_t at;
        if (vb_frame_read(text, strlen(text), &b->frame, b->data, &at) != VB_OK) {
            return false;
        }
    } else {
        size_t n = strlen(text) / 2;
        if (n == 0 || n > sizeof b->data || strlen(text) % 2) {
            return false;
        }
        for (size_t i = 0; i < n; i++) {
            int high = vb_hex_digit(text[2 * i]);
            int low = vb_hex_digit(text[2 * i + 1]);
            if (high < 0 || low < 0) {
                return false;
            }
            b->data[i] = (uint8_t)(high << 4 | low);
        }
        b->frame = (struct vb_frame){.kind = VB_KIND_RADIO, .data = b->data};
        b->frame.len = (uint32_t)n;
        b->frame.id = b->data[0];
    }
    b->frame.t_ns = t_ns;
    return true;
}

static inline void bench_frame(struct bench *b, const char *text) {
    assert_true(bench_try(b, text));
}

static inline enum vb_fault bench_again(struct bench *b) {
    b->reading = vb_instance_read(&b->instance, &b->frame, b->samples, SAMPLES_MAX);
    return b->reading.fault;
}

static inline enum vb_fault bench_read(struct bench *b, const char *text) {
    bench_frame(b, text);
    return bench_again(b);
}

/* A good frame. */
static inline void bench_good(struct bench *b, const char *text) {
    assert_string_equal(vb_fault_text(bench_read(b, text)), "none");
    assert_non_null(b->reading.message);
}

static inline const struct vb_sample *sample(const struct bench *b, const char *name) {
    const struct vb_sample *found = NULL;
    for (size_t i = 0; i < b->reading.count; i++) {
        if (strcmp(b->samples[i].signal->name, name) == 0) {
            assert_null(found); /* twice the same name in one frame */
            found = &b->samples[i];
        }
    }
    return found;
}

/* What people see; "-" without a sample, "!" behind a value beyond its limits. */
static inline const char *value(struct bench *b, const char *name) {
    const struct vb_sample *s = sample(b, name);
    if (!s) {
        return "-";
    }
    char *out = b->text[b->turn++ % 8];
    size_t cap = sizeof b->text[0] - 2;
    size_t n = s->signal->flags & VB_BYTES
                   ? vb_bytes_text(s->signal, s->text, s->text_len, out, cap)
                   : vb_signal_text(s->signal, s->raw, out, cap, NULL);
    if (s->out_of_range) {
        out[n++] = '!';
    }
    out[n] = '\0';
    return out;
}

#define assert_value(bench, name, expected) assert_string_equal(value(bench, name), expected)

/* Write what the frame says into zeros; it must be the frame again. */
static inline void assert_writes_the_same_bytes(const struct bench *b) {
    const struct vb_message *message = b->reading.message;
    struct vb_sample said[SAMPLES_MAX];
    uint8_t out[VB_WRITE_MAX] = {0};
    uint32_t counter = vb_message_counter(message, &b->frame, NULL);
    size_t n = b->frame.len;
    size_t count = 0;
    size_t at;
    for (size_t i = 0; i < b->reading.count; i++) {
        if (!(b->samples[i].signal->flags & (VB_VIEW | VB_SIDE))) {
            said[count++] = b->samples[i];
        }
    }
    int result = vb_instance_write(&b->instance, message, said, count, out, n, counter, &at);
    if (result != VB_OK) {
        fail_msg("%s cannot be written back: %s", at < count ? said[at].signal->name : "the frame",
                 vb_err_text(result));
    }
    /* what is not available has no sample: say it row by row, where the row is there */
    for (unsigned i = 0; i < message->signal_count; i++) {
        const struct vb_signal *row = &message->signals[i];
        struct vb_sample absent = {.signal = row, .raw = row->absent};
        int64_t raw;
        if (!(row->flags & (VB_VIEW | VB_SIDE)) &&
            vb_signal_get(row, b->frame.data, n, &raw) == VB_E_UNKNOWN) {
            result = vb_instance_write(&b->instance, message, &absent, 1, out, n, counter, NULL);
            assert_true(result == VB_OK || result == VB_E_STATE);
        }
    }
    assert_memory_equal(out, b->frame.data, n);
}

#endif
