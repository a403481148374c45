/* fuzz_rapi_client.c - the client of an OpenEVSE: whatever the box says and whenever, every question of
 * the caller is answered once, what is sent is a line that the box can read and has, nothing goes out
 * while an answer is waited for, and an answer that is taken was said since its question was sent.
 * Input: a byte of options (bit 0: polls, bit 1: ids, bits 2-3: checksum), then what happens: 00-7F a
 * byte of the box; 80-BF so many times 25 ms pass; C0-CF a question (number of a message, and its
 * letters follow as one byte each); D0-DF a line of the box that would be good (the list below),
 * E0-EF the same with the id that is waited for; F0-FF time until the deadline.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/rapi_client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct vb_device vb_device_openevse;

#define MS      VB_NS_PER_MS
#define TICKETS 256

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

struct watch {
    struct vb_rapi_client c;
    int64_t now;
    bool open[TICKETS];
    uint32_t asked, answered;
    bool heard; /* an OK or NK since the last line was sent */
};

static void event(struct watch *w, const struct vb_rapi_event *e) {
    switch (e->what) {
    case VB_RAPI_FRAME:
        require(e->frame.kind == VB_KIND_RAPI && !(e->frame.flags & VB_FRAME_TX));
        require(e->frame.fault == VB_FAULT_NONE || e->frame.id == 0 ||
                e->frame.flags & VB_FRAME_ASK);
        w->heard = true;
        break;
    case VB_RAPI_ANSWER:
        require(e->ticket >= 1 && e->ticket <= w->asked && w->open[e->ticket - 1]);
        w->open[e->ticket - 1] = false;
        w->answered++;
        require(e->text && e->n <= VB_RAPI_LINE_MAX);
        require(w->heard ||
                (e->result != VB_RAPI_RESULT_DONE && e->result != VB_RAPI_RESULT_REFUSED));
        break;
    case VB_RAPI_FOUND:
        require(w->c.dialect.version >= VB_VERSION(1, 0, 0));
        require(w->c.dialect.sums || w->c.dialect.version < VB_VERSION(2, 0, 0));
        require(!w->c.dialect.ids || w->c.dialect.version >= VB_VERSION(3, 0, 0));
        break;
    default:
        require(e->what == VB_RAPI_GONE && !vb_rapi_client_up(&w->c));
    }
}

static void drain(struct watch *w) {
    struct vb_rapi_event e;
    unsigned count = 0;
    while (vb_rapi_client_next(&w->c, &e)) {
        event(w, &e);
        require(++count <= 4 + VB_RAPI_QUEUE);
    }
}

/* One line at most, of a call that this version has; none while another waits for its answer. */
static void take(struct watch *w) {
    uint8_t out[VB_RAPI_SEND_MAX + 1];
    struct vb_frame frame;
    struct vb_rapi_reader box;
    struct vb_rapi_line line;
    uint32_t version = w->c.dialect.version;
    size_t n = vb_rapi_client_take(&w->c, out, &frame, w->now);
    require(n <= sizeof out && vb_rapi_client_take(&w->c, out, NULL, w->now) == 0);
    if (n == 0) {
        return;
    }
    bool read = false;
    vb_rapi_reader_init(&box, true,
                        version < VB_VERSION(3, 0, 0) ? VB_RAPI_SEND_OLD : VB_RAPI_SEND_MAX);
    for (size_t i = 0; i < n; i++) {
        read = vb_rapi_reader_feed(&box, out[i], &line);
        require(read == (i == n - 1));
    }
    require(!line.bad && line.body_n == frame.len);
    require(line.sequence == 0 || (version >= VB_VERSION(3, 0, 0) && w->c.config.ids));
    if (w->c.state == VB_RAPI_TALK && w->c.now.message != VB_RAPI_NO_MESSAGE) {
        require(vb_call_in(vb_device_openevse.messages[w->c.now.message].call, version));
    }
    w->heard = false;
}

static void settle(struct watch *w) {
    drain(w);
    take(w);
    require(w->c.state <= VB_RAPI_RESTART);
    require(w->c.waiting == (w->c.waiting && w->c.held && w->c.state == VB_RAPI_TALK));
    require(vb_rapi_client_deadline_ns(&w->c) != INT64_MIN);
}

static void hear(struct watch *w, const char *bytes, size_t n) {
    for (size_t at = 0; at < n;) {
        size_t used = vb_rapi_client_feed(&w->c, (const uint8_t *)bytes + at, n - at, w->now);
        require(used > 0 && used <= n - at);
        at += used;
        settle(w);
    }
}

static void pass(struct watch *w, int64_t until) {
    /* bounded: no tick leaves a deadline that is over */
    for (unsigned count = 0; vb_rapi_client_deadline_ns(&w->c) <= until; count++) {
        int64_t deadline = vb_rapi_client_deadline_ns(&w->c);
        w->now = deadline > w->now ? deadline : w->now;
        vb_rapi_client_tick(&w->c, w->now);
        settle(w);
        require(vb_rapi_client_deadline_ns(&w->c) > w->now && count < 10000);
    }
    w->now = until > w->now ? until : w->now;
    vb_rapi_client_tick(&w->c, w->now);
    settle(w);
}

static const char *const said[16] = {
    "OK 8.2.3 5.2.1",  "OK D3.8.4 1.0.3", "OK 4.8.0 3.0.1", "OK",         "NK",   "OK 3 754",
    "OK 0 0 0",        "OK 01 0 01 0200", "OK 4",           "OK 32 0021", "NK 6", "AB 00 8.2.3",
    "AT 00 00 0 0200", "ST 03",           "OK 9.0.0 6.0.0", "OK $GI ABC"};

/* With a checksum, unless it is that of RAPI 1.x; $GI is not what vb_rapi_put would write. */
static void say(struct watch *w, const char *body, uint8_t sequence) {
    char line[64], end[8];
    uint8_t sum = 0;
    int n = sequence ? snprintf(line, sizeof line, "$%s :%02X", body, sequence)
                     : snprintf(line, sizeof line, "$%s", body);
    for (int i = 0; i < n; i++) {
        sum ^= (uint8_t)line[i];
    }
    bool plain = w->c.dialect.version ? !w->c.dialect.sums : strstr(body, "1.0.3") != NULL;
    snprintf(end, sizeof end, "^%02X\r", sum);
    hear(w, line, (size_t)n);
    hear(w, plain ? "\r" : end, strlen(plain ? "\r" : end));
}

static void ask(struct watch *w, uint8_t message) {
    char body[VB_CALL_TEXT];
    struct vb_argument arguments[VB_ARGUMENTS_MAX] = {{0}};
    size_t m = (size_t)message % vb_device_openevse.message_count;
    const struct vb_call *call = vb_device_openevse.messages[m].call;
    int n = -1;
    for (unsigned i = 0; call && i < call->arg_count; i++) {
        arguments[i] = (struct vb_argument){message / 16, "HELLO, CAR", 10};
    }
    n = call ? vb_call_write(call, arguments, call->arg_count, body, sizeof body) : -1;
    if (n < 0) { /* news, or a word that it has not */
        n = snprintf(body, sizeof body, "G%c", 'A' + message % 26);
        m = VB_RAPI_NO_MESSAGE;
    }
    if (w->asked < TICKETS &&
        vb_rapi_client_ask(&w->c, w->asked + 1, m, body, (size_t)n, w->now) == 0) {
        w->open[w->asked++] = true;
    }
    settle(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct watch w;
    if (size < 1) {
        return 0;
    }
    const struct vb_rapi_client_config config = {.device = &vb_device_openevse,
                                                 .poll = data[0] & 1,
                                                 .ids = data[0] & 2,
                                                 .sum = (uint8_t)((data[0] >> 2) % 3)};
    memset(&w, 0, sizeof w);
    vb_rapi_client_init(&w.c, &config, w.now);
    settle(&w);
    for (size_t i = 1; i < size && i < 4000; i++) {
        uint8_t what = data[i];
        if (what < 0x80) {
            hear(&w, (const char *)data + i, 1);
        } else if (what < 0xC0) {
            pass(&w, w.now + (what - 0x80) * 25 * MS);
        } else if (what < 0xD0) {
            ask(&w, i + 1 < size ? data[++i] : 0);
        } else if (what < 0xE0) {
            say(&w, said[what & 15], 0);
        } else if (what < 0xF0) {
            say(&w, said[what & 15], w.c.sequence);
        } else {
            int64_t deadline = vb_rapi_client_deadline_ns(&w.c);
            pass(&w, deadline < w.now + 60 * VB_NS_PER_S ? deadline : w.now + 60 * VB_NS_PER_S);
        }
    }
    /* all questions come to an end by themselves */
    pass(&w, w.now + 120 * VB_NS_PER_S);
    require(w.answered == w.asked);
    return 0;
}
