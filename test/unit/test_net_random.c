/* Random sessions: a known stream of messages is cut into segments at random, which come in a random order, some
 * twice, some never. Every message of which all bytes came comes out once and in order, and each byte of the
 * stream is accounted for: in a message, in a report of what is missing, or of what could not be used.
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "test/unit/packets.h"

#define RUNS         1000
#define MESSAGES_MAX 30
#define STREAM_MAX   8192
#define SEGMENTS_MAX (2 * STREAM_MAX)

static uint64_t state_of_chance;

static unsigned chance(unsigned below) { /* splitmix64 */
    uint64_t z = state_of_chance += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (unsigned)((z ^ z >> 31) % below);
}

struct segment {
    uint32_t at, n;
    bool lost;
};

struct story {
    uint8_t stream[STREAM_MAX];
    size_t n;
    uint32_t begins[MESSAGES_MAX + 1];
    size_t messages;
    bool there[STREAM_MAX]; /* the byte came at least once */
    struct segment segments[SEGMENTS_MAX];
    size_t segment_count;
};

static void write_messages(struct story *s) {
    s->messages = 1 + chance(MESSAGES_MAX);
    s->n = 0;
    for (size_t i = 0; i < s->messages; i++) {
        size_t body = chance(4) ? chance(60) : chance(600);
        if (s->n + 8 + body > STREAM_MAX) {
            s->messages = i;
            break;
        }
        s->begins[i] = (uint32_t)s->n;
        vb_v2gtp_write(0x8001, (uint32_t)body, s->stream + s->n);
        for (size_t k = 0; k < body; k++) {
            s->stream[s->n + 8 + k] = (uint8_t)chance(256);
        }
        s->n += 8 + body;
    }
    s->begins[s->messages] = (uint32_t)s->n;
}

static void cut_segments(struct story *s, unsigned size, bool repeats, unsigned losses) {
    memset(s->there, 0, sizeof s->there);
    s->segment_count = 0;
    for (uint32_t at = 0; at < s->n;) {
        uint32_t n = 1 + chance(size);
        n = at + n <= s->n ? n : (uint32_t)s->n - at;
        bool lost = losses > 0 && chance(losses) == 0;
        s->segments[s->segment_count++] = (struct segment){at, n, lost};
        for (uint32_t k = 0; k < n && !lost; k++) {
            s->there[at + k] = true;
        }
        at += n;
        if (repeats && chance(3) == 0) { /* a piece of what was sent lately, cut in another way */
            uint32_t from = at - chance(at < 80 ? at : 80);
            uint32_t to = from + chance(40);
            to = to < at ? to : at;
            if (to > from + 1) { /* one byte would be a keep-alive */
                s->segments[s->segment_count++] = (struct segment){from, to - from, false};
                for (uint32_t k = from; k < to; k++) {
                    s->there[k] = true;
                }
            }
        }
    }
}

/* No segment comes more than `far` places too early or too late. */
static void shuffle(struct story *s, unsigned far) {
    static unsigned places[SEGMENTS_MAX];
    for (size_t i = 0; i < s->segment_count; i++) {
        struct segment segment = s->segments[i];
        unsigned place = (unsigned)i + chance(far + 1);
        size_t at = i;
        for (; at > 0 && places[at - 1] > place; at--) {
            s->segments[at] = s->segments[at - 1];
            places[at] = places[at - 1];
        }
        s->segments[at] = segment;
        places[at] = place;
    }
}

struct sums {
    unsigned long in_messages, missing, useless;
};

/* The numbers in front of the words that reports have. */
static void add(struct sums *sums, const struct vb_frame *f) {
    char text[200];
    unsigned long first = 0;
    snprintf(text, sizeof text, "%.*s", (int)f->len, (const char *)f->data);
    first = strtoul(text, NULL, 10);
    switch (f->id) {
    case VB_NET_GAP: {
        const char *came = strstr(text, "of which ");
        sums->missing += first;
        sums->useless += came ? strtoul(came + 9, NULL, 10) : 0;
        break;
    }
    case VB_NET_NO_V2GTP:
    case VB_NET_CUT:
        sums->useless += first;
        break;
    default:
        break;
    }
}

/* Take all frames; messages must be the next ones of which all bytes came. */
static void check_frames(struct bench *b, const struct story *s, size_t *message,
                         struct sums *sums) {
    struct vb_frame f;
    while (net_next(b->net, &f)) {
        if (f.kind == VB_KIND_NET) {
            add(sums, &f);
            continue;
        }
        assert_int_equal(f.kind, VB_KIND_V2G);
        for (bool whole = false; !whole; ++*message) {
            assert_true(*message < s->messages);
            whole = true;
            for (uint32_t k = s->begins[*message]; k < s->begins[*message + 1]; k++) {
                whole &= s->there[k];
            }
        }
        uint32_t begin = s->begins[*message - 1];
        assert_int_equal(f.len, s->begins[*message] - begin - 8);
        assert_memory_equal(f.data, s->stream + begin + 8, f.len);
        sums->in_messages += 8 + f.len;
    }
}

static void put(struct bench *b) {
    struct packet packet = {.t_ns = b->t_ns += MS,
                            .number = ++b->number,
                            .link_type = NET_ETHERNET,
                            .bytes = b->bytes,
                            .n = b->n,
                            .whole_n = b->n};
    net_put(b->net, &packet);
}

static void run(uint64_t seed, bool acked, bool repeats, unsigned losses) {
    static struct story s;
    static struct bench bench;
    struct bench *b = &bench;
    if (getenv("SEEDS")) {
        fprintf(stderr, "%llu\n", (unsigned long long)seed);
    }
    struct sums sums = {0, 0, 0};
    size_t message = 0;
    state_of_chance = seed;
    memset(b, 0, offsetof(struct bench, bytes));
    b->net = net_open();
    write_messages(&s);
    cut_segments(&s, 1 + chance(chance(2) ? 90 : 12), repeats, losses);
    shuffle(&s, chance(12));
    uint32_t first = chance(2) ? 0u - chance(2000) : chance(100000); /* it may wrap */
    uint32_t sent = 0;
    make_segment(b, CAR, first - 1, 0, SYN, "", 0);
    put(b);
    check_frames(b, &s, &message, &sums);
    for (size_t i = 0; i < s.segment_count; i++) {
        const struct segment *segment = &s.segments[i];
        sent = segment->at + segment->n > sent ? segment->at + segment->n : sent;
        if (!segment->lost) {
            make_segment(b, CAR, first + segment->at, 1, ACK, s.stream + segment->at, segment->n);
            put(b);
            check_frames(b, &s, &message, &sums);
        }
        if (acked && chance(3) == 0) {
            make_segment(b, CHARGER, 1, first + sent, ACK, "", 0);
            b->t_ns -= MS;
            put(b);
            check_frames(b, &s, &message, &sums);
        }
    }
    make_segment(b, CAR, first + (uint32_t)s.n, 1, FIN | ACK, "", 0);
    put(b);
    check_frames(b, &s, &message, &sums);
    net_end(b->net);
    check_frames(b, &s, &message, &sums);
    for (; message < s.messages; message++) { /* the others cannot have come out */
        bool whole = true;
        for (uint32_t k = s.begins[message]; k < s.begins[message + 1]; k++) {
            whole &= s.there[k];
        }
        assert_false(whole);
    }
    unsigned long lost = 0;
    for (size_t k = 0; k < s.n; k++) {
        lost += !s.there[k];
    }
    assert_int_equal(sums.missing, lost);
    assert_int_equal(sums.in_messages + sums.missing + sums.useless, s.n);
    net_close(b->net);
}

static void test_cut_and_mixed_up_at_random(void **state) {
    (void)state;
    for (uint64_t i = 0; i < RUNS; i++) {
        run(i, i % 2, false, 0);
    }
}

static void test_with_repetitions(void **state) {
    (void)state;
    for (uint64_t i = 0; i < RUNS; i++) {
        run(1000000 + i, i % 2, true, 0);
    }
}

static void test_with_losses(void **state) {
    (void)state;
    for (uint64_t i = 0; i < RUNS; i++) {
        /* what was acknowledged is not sent again much later */
        run(2000000 + i, i % 2, i % 4 == 2, 2 + (unsigned)(i % 30));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut_and_mixed_up_at_random),
        cmocka_unit_test(test_with_repetitions),
        cmocka_unit_test(test_with_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
