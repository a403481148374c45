/* fuzz_evse_keeper.c - the keeper of an OpenEVSE: whatever the box says, it asks one thing at a time,
 * not too often, never for more than is wanted, and nothing where nothing is wanted: in the end it comes
 * to rest.
 * Input: a byte of version (modulo 6) and heartbeat (bit 7: none), then steps: what happens (bits
 * 0-2), a number (bits 3-7), and for what the box says a line up to the next 00.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/evse_keeper.h"
#include "voltbus/rapi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t versions[] = {0,
                                    VB_VERSION(2, 0, 0),
                                    VB_VERSION(2, 0, 2),
                                    VB_VERSION(4, 0, 1),
                                    VB_VERSION(5, 2, 1),
                                    VB_VERSION(6, 0, 0)};
#define SAFE 6

static void require(bool ok) {
    if (!ok) {
        abort();
    }
}

/* What must be true of the keeper, known from outside. */
struct watch {
    struct vb_keeper k;
    int64_t now;
    bool wanted, asking, farewell;
    int64_t wanted_a;
    int64_t last[2 * VB_KEEPER_BURST];
    unsigned asked;
};

static bool is(const char *body, size_t n, const char *text) {
    return n == strlen(text) && memcmp(body, text, n) == 0;
}

/* "SC n V", n being this */
static bool is_limit(const char *body, size_t n, int64_t amps) {
    int64_t read = 0;
    require(n >= 6 && is(body + n - 2, 2, " V"));
    for (size_t i = 3; i < n - 2; i++) {
        require(body[i] >= '0' && body[i] <= '9');
        read = read * 10 + (body[i] - '0');
    }
    return read == amps;
}

static void ask(struct watch *w) {
    char body[VB_CALL_TEXT];
    int64_t due = vb_keeper_deadline_ns(&w->k);
    size_t n = vb_keeper_ask(&w->k, body, w->now);
    require((n > 0) == (due <= w->now));
    if (n == 0) {
        return;
    }
    require(!w->asking && w->k.version >= VB_KEEPER_SINCE && n <= VB_CALL_TEXT);
    if (memcmp(body, "SC ", 3) == 0) {
        require(is_limit(body, n, w->wanted ? w->wanted_a : SAFE));
        require(w->wanted || w->farewell);
    } else {
        require(memcmp(body, "SY ", 3) == 0 ||
                (w->wanted && (is(body, n, "SY") || body[0] == 'G')));
    }
    int64_t *oldest = &w->last[w->asked++ % (2 * VB_KEEPER_BURST)];
    require(w->asked <= 2 * VB_KEEPER_BURST || w->now - *oldest >= VB_NS_PER_S);
    *oldest = w->now;
    w->asking = true;
}

static void release(struct watch *w) {
    w->farewell = w->farewell || w->wanted;
    w->wanted = false;
    vb_keeper_release(&w->k, w->now);
}

static void want(struct watch *w, unsigned number) {
    w->wanted = true;
    w->farewell = false;
    w->wanted_a = number + 3;
    vb_keeper_want(&w->k, w->wanted_a, w->now);
}

static void line(struct watch *w, unsigned number, const uint8_t *text, size_t n) {
    static const char *const codes[] = {"GE", "GC", "GY", "SY", "SC", "GP", "GS", "SL"};
    const char *code = codes[number % 8];
    bool ok = number & 16;
    if (number & 8) {
        vb_keeper_answered(&w->k, n > 0, ok, (const char *)text, n, w->now);
        w->asking = false;
        return;
    }
    struct vb_frame frame = {.kind = VB_KIND_RAPI, .data = text, .len = (uint32_t)n};
    frame.id = VB_RAPI_ID((uint8_t)code[0], (uint8_t)code[1]);
    if (ok && n >= 2) {
        frame.id = VB_RAPI_ID(text[0], text[1]);
    }
    vb_keeper_heard(&w->k, &frame, w->now);
}

static void check(const struct watch *w) {
    enum vb_keeper_reason reason = vb_keeper_reason(&w->k);
    require((reason == VB_KEEPER_NONE) == (vb_keeper_why(reason)[0] == 0));
    require(reason == VB_KEEPER_NONE || w->wanted);
    if (!w->wanted && !w->farewell) {
        require(vb_keeper_deadline_ns(&w->k) == INT64_MAX);
    }
    require(!w->asking || vb_keeper_deadline_ns(&w->k) == INT64_MAX);
}

/* With a box that answers, it comes to rest after few questions when nothing is wanted any more. */
static void end(struct watch *w) {
    release(w);
    for (unsigned i = 0; vb_keeper_deadline_ns(&w->k) != INT64_MAX || w->asking; i++) {
        int64_t due = vb_keeper_deadline_ns(&w->k);
        require(i < 20);
        if (w->asking) {
            vb_keeper_answered(&w->k, true, true, "6 6 0", 5, w->now);
            w->asking = false;
        } else {
            w->now = due > w->now ? due : w->now;
            ask(w);
        }
    }
    require(vb_keeper_settled(&w->k));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    struct watch w = {.now = 1000 * VB_NS_PER_S};
    struct vb_keeper_config config = {.heartbeat_s = data[0] & 0x80 ? 0 : 60, .safe_a = SAFE};
    vb_keeper_init(&w.k, &config, w.now);
    vb_keeper_found(&w.k, versions[data[0] % 6], w.now);
    for (size_t i = 1; i < size; i++) {
        unsigned what = data[i] & 7;
        unsigned number = data[i] >> 3;
        if (what == 0) {
            want(&w, number);
        } else if (what == 1) {
            release(&w);
        } else if (what == 2) {
            vb_keeper_found(&w.k, versions[number % 6], w.now);
        } else if (what == 3) {
            w.now += (int64_t)number * number * 30 * VB_NS_PER_MS;
        } else if (what == 4) {
            const uint8_t *end = memchr(data + i + 1, 0, size - i - 1);
            size_t n = (end ? (size_t)(end - data) : size) - i - 1;
            line(&w, number, data + i + 1, n);
            i += n + 1;
        } else {
            ask(&w);
        }
        check(&w);
    }
    end(&w);
    return 0;
}
