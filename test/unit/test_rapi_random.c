/* test_rapi_random.c - the client of an OpenEVSE against the simulated box, in virtual time, over a
 * wire that drops, doubles, delays and changes bytes in both directions. Every answer that is taken
 * is compared with what the box says to the same question over a good wire.
 * Printed: how often what happened. See the head of voltbus/rapi_client.h for what is guaranteed.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "sim/openevse.h"
#include "voltbus/rapi_client.h"

#define MS      VB_NS_PER_MS
#define BYTE_NS (87 * VB_NS_PER_US)

extern const struct vb_device vb_device_openevse;
extern const struct sim sim_openevse;

static uint32_t dice_state;
static unsigned dice(unsigned sides) {
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 17;
    dice_state ^= dice_state << 5;
    return (dice_state >> 4) % sides;
}

/* ---- the wire ---- */

#define WIRE_MAX 16384

struct noise {
    unsigned line_permille; /* a line has one wrong byte */
    unsigned byte_permille; /* a byte is wrong, as many as it happens */
    unsigned stop_permille; /* a line stops in its middle for up to stop_ms */
    unsigned stop_ms;
};

struct wire {
    const struct noise *noise;
    struct {
        int64_t due_ns;
        uint8_t byte;
    } bytes[WIRE_MAX];
    size_t first, n;
    int64_t last_ns; /* when the last byte arrives: none overtakes another */
};

static void put_byte(struct wire *w, uint8_t byte, int64_t now) {
    w->last_ns = (w->last_ns > now ? w->last_ns : now) + BYTE_NS;
    assert_true(w->n < WIRE_MAX);
    size_t at = (w->first + w->n++) % WIRE_MAX;
    w->bytes[at].due_ns = w->last_ns;
    w->bytes[at].byte = byte;
}

static void put_wrong(struct wire *w, uint8_t byte, int64_t now) {
    switch (dice(4)) {
    case 0:
        break; /* lost */
    case 1:
        put_byte(w, byte, now);
        put_byte(w, byte, now);
        break;
    case 2: /* one bit */
        put_byte(w, (uint8_t)(byte ^ 1u << dice(8)), now);
        break;
    default: /* likely ones, to be mean */
        put_byte(w,
                 dice(3) ? (uint8_t) "$^*\r :0123456789ABCDEFGNOKTS"[dice(28)] : (uint8_t)dice(256),
                 now);
    }
}

/* One line of one side. */
static void put_line(struct wire *w, const uint8_t *line, size_t n, int64_t now) {
    size_t wrong = dice(1000) < w->noise->line_permille ? dice((unsigned)n) : SIZE_MAX;
    size_t stop = dice(1000) < w->noise->stop_permille ? dice((unsigned)n) : SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        if (i == stop) {
            w->last_ns = (w->last_ns > now ? w->last_ns : now) + dice(w->noise->stop_ms) * MS;
        }
        if (i == wrong || dice(1000) < w->noise->byte_permille) {
            put_wrong(w, line[i], now);
        } else {
            put_byte(w, line[i], now);
        }
    }
}

static size_t get_bytes(struct wire *w, uint8_t *out, size_t cap, int64_t now) {
    size_t n = 0;
    while (n < cap && w->n > 0 && w->bytes[w->first].due_ns <= now) {
        out[n++] = w->bytes[w->first].byte;
        w->first = (w->first + 1) % WIRE_MAX;
        w->n--;
    }
    return n;
}

/* ---- a session ---- */

static const struct noise silence = {0};

struct counts {
    unsigned sessions, questions, results[8];
    unsigned frames;       /* answers shown */
    unsigned wrong;        /* not what the box says, and it heard what we said */
    unsigned misheard;     /* ... and it heard something else that it took for a line */
    unsigned wrong_nk;     /* a bare NK, and the box would have said OK */
    unsigned wrong_frames; /* of those shown */
    unsigned not_up;       /* 20 s after the noise */
    int64_t slowest_ms;    /* until up */
    unsigned damaged, late, repeated;
};

struct session {
    struct vb_rapi_client c;
    struct openevse box;
    struct wire to_box, to_client;
    struct vb_rapi_reader overheard; /* what the box takes for lines */
    bool misheard;                   /* since the question was asked */
    int64_t now;
    char bodies[64][VB_CALL_TEXT + 1];
    bool open[64];
    unsigned asked, answered;
    bool sums; /* behind what we send */
    struct counts *counts;
};

/* What the box says to this now, over a good wire: "OK 6 80". Returns false while it cannot. */
static bool truth(const struct session *s, const char *body, char *out, size_t cap) {
    static struct openevse copy;
    uint8_t bytes[SIM_TX_MAX];
    char line[VB_CALL_TEXT + 3];
    memcpy(&copy, &s->box, sizeof copy);
    if (copy.box.boot != BOOT_DONE || copy.box.blocked_ms) {
        return false;
    }
    copy.out.n = 0;
    copy.box.echo = false;
    copy.notifications = false;
    vb_rapi_reader_init(&copy.reader, true, copy.reader.limit);
    snprintf(line, sizeof line, "$%s\r", body);
    sim_openevse.feed(&copy, (const uint8_t *)line, strlen(line), s->now);
    size_t n = sim_openevse.take(&copy, bytes);
    struct vb_rapi_reader reader;
    struct vb_rapi_line read;
    vb_rapi_reader_init(&reader, false, VB_RAPI_LINE_MAX);
    for (size_t i = 0; i < n; i++) {
        if (vb_rapi_reader_feed(&reader, bytes[i], &read) &&
            vb_rapi_line_what(&read) <= VB_RAPI_NK) {
            assert_false(read.bad);
            snprintf(out, cap, "%.*s", read.body_n, read.text + 1);
            if (read.body_n == 3) { /* "OK " */
                out[2] = '\0';
            }
            return true;
        }
    }
    return false;
}

static void judge(struct session *s, const char *body, const struct vb_rapi_event *e) {
    struct counts *k = s->counts;
    char said[VB_RAPI_LINE_MAX + 1], is[VB_RAPI_LINE_MAX + 1];
    k->results[e->result]++;
    if ((e->result != VB_RAPI_RESULT_DONE && e->result != VB_RAPI_RESULT_REFUSED) ||
        !truth(s, body, is, sizeof is)) {
        return;
    }
    snprintf(said, sizeof said, "%s%s%.*s", e->result == VB_RAPI_RESULT_DONE ? "OK" : "NK",
             e->n ? " " : "", (int)e->n, e->text);
    if (strcmp(said, is) == 0) {
        return;
    }
    bool bare = strcmp(said, "NK") == 0;
    k->wrong_nk += bare;
    k->misheard += !bare && s->misheard;
    k->wrong += !bare && !s->misheard;
    if (getenv("VOLTBUS_TELL")) {
        printf("%s: said %s, is %s%s (%s, ids %d)\n", body, said, is,
               s->misheard ? " misheard" : "", s->box.release->rapi, s->c.dialect.ids);
    }
}

/* Answers of questions that never change anything are compared as frames too. */
static void judge_frame(struct session *s, const struct vb_frame *frame) {
    char is[VB_RAPI_LINE_MAX + 1];
    char body[3] = {(char)(frame->id >> 8), (char)frame->id, '\0'};
    bool reply = frame->len >= 2 && (memcmp(frame->data, "OK", 2) == 0);
    if (frame->fault || frame->id == 0 || !reply || body[0] != 'G' ||
        !truth(s, body, is, sizeof is)) {
        return;
    }
    s->counts->frames++;
    if (strlen(is) != frame->len || memcmp(is, frame->data, frame->len) != 0) {
        s->counts->wrong_frames++;
        if (getenv("VOLTBUS_TELL")) {
            printf("%s: shown %.*s, is %s (%s, ids %d)\n", body, (int)frame->len,
                   (const char *)frame->data, is, s->box.release->rapi, s->c.dialect.ids);
        }
    }
}

static void events(struct session *s) {
    struct vb_rapi_event e;
    while (vb_rapi_client_next(&s->c, &e)) {
        if (e.what == VB_RAPI_FRAME) {
            judge_frame(s, &e.frame);
        } else if (e.what == VB_RAPI_ANSWER) {
            assert_true(e.ticket >= 1 && e.ticket <= s->asked && s->open[e.ticket - 1]);
            s->open[e.ticket - 1] = false;
            s->answered++;
            judge(s, s->bodies[e.ticket - 1], &e);
        }
    }
}

/* Does the box take something for a line that we did not say? */
static void overhear(struct session *s, const uint8_t *bytes, size_t n) {
    struct vb_rapi_line line;
    for (size_t i = 0; i < n; i++) {
        if (vb_rapi_reader_feed(&s->overheard, bytes[i], &line) && !line.bad) {
            bool sum = line.sum != VB_RAPI_PLAIN;
            s->misheard = s->misheard || !sum;
        }
    }
}

static void exchange(struct session *s) {
    uint8_t bytes[SIM_TX_MAX];
    size_t n;
    while ((n = get_bytes(&s->to_box, bytes, sizeof bytes, s->now)) > 0) {
        overhear(s, bytes, n);
        sim_openevse.feed(&s->box, bytes, n, s->now);
    }
    sim_openevse.tick(&s->box, s->now);
    while ((n = sim_openevse.take(&s->box, bytes)) > 0) {
        for (size_t at = 0; at < n;) {
            const uint8_t *end = memchr(bytes + at, '\r', n - at);
            size_t len = end ? (size_t)(end - (bytes + at)) + 1 : n - at;
            put_line(&s->to_client, bytes + at, len, s->now);
            at += len;
        }
    }
    while ((n = get_bytes(&s->to_client, bytes, sizeof bytes, s->now)) > 0) {
        for (size_t at = 0; at < n;) {
            at += vb_rapi_client_feed(&s->c, bytes + at, n - at, s->now);
            events(s);
        }
    }
    vb_rapi_client_tick(&s->c, s->now);
    events(s);
    while ((n = vb_rapi_client_take(&s->c, bytes, NULL, s->now)) > 0) {
        put_line(&s->to_box, bytes, n, s->now);
    }
}

/* To the next thing that happens, at most until. */
static void step(struct session *s, int64_t until) {
    int64_t next = vb_rapi_client_deadline_ns(&s->c);
    const struct wire *wires[] = {&s->to_box, &s->to_client};
    for (size_t i = 0; i < 2; i++) {
        if (wires[i]->n > 0) { /* a bunch of bytes at once, as a port gives them */
            int64_t due = wires[i]->bytes[wires[i]->first].due_ns + 3 * MS;
            next = due < next ? due : next;
        }
    }
    int64_t news = sim_openevse.deadline_ns(&s->box) + 100 * MS;
    next = news < next ? news : next;
    s->now = next > s->now ? next : s->now;
    s->now = s->now < until ? s->now : until;
    exchange(s);
}

static void run_for(struct session *s, int64_t ms) {
    int64_t until = s->now + ms * MS;
    while (s->now < until) {
        step(s, until);
    }
}

static const char *const mix[] = {"version",      "settings",  "capacity", "faults",
                                  "energy",       "meter",     "timer",    "time_limit",
                                  "ammeter",      "heartbeat", "status",   "vehicle",
                                  "energy_limit", "relays",    "board",    "temperatures"};

/* A question of the mix, or an order. */
static void ask(struct session *s) {
    static const char *const orders[] = {"set_current",    "set_energy_limit", "set_ammeter",
                                         "set_time_limit", "resume",           "set_display_color"};
    char *body = s->bodies[s->asked];
    bool order = dice(4) == 0;
    const char *name = order ? orders[dice(6)] : mix[dice(sizeof mix / sizeof mix[0])];
    int m = vb_call_find(&vb_device_openevse, name, strlen(name), s->box.release->version, NULL);
    if (m < 0) {
        return;
    }
    const struct vb_call *call = vb_device_openevse.messages[m].call;
    struct vb_argument arguments[VB_ARGUMENTS_MAX] = {{0}};
    for (size_t i = 0; i < call->arg_count; i++) {
        arguments[i].raw = (call->args[i].words ? 0 : 6) + (int)dice(call->args[i].words ? 2 : 18);
    }
    int n = vb_call_write(call, arguments, call->arg_count, body, VB_CALL_TEXT);
    assert_true(n > 0);
    body[n] = '\0';
    if (vb_rapi_client_ask(&s->c, s->asked + 1, (size_t)m, body, (size_t)n, s->now) == VB_OK) {
        s->open[s->asked++] = true;
        s->counts->questions++;
        s->misheard = s->asked - s->answered == 1 ? false : s->misheard;
    }
}

struct kind {
    unsigned release; /* number of the setting rapi */
    bool ids, poll;
    uint8_t sum;
};

static void open_session(struct session *s, const struct kind *kind, const struct noise *noise,
                         struct counts *counts) {
    /* distinct values */
    static const char clean[] =
        "$SC 13\r$S3 7\r$SH 19\r$SA 225 3\r$SK 317257\r$SY 1000 9\r$FF D 0\r$SD 0\r";
    struct vb_value values[SIM_KEYS_MAX];
    uint8_t bytes[SIM_TX_MAX];
    memset(s, 0, sizeof *s);
    s->counts = counts;
    s->now = 1000 * MS;
    for (size_t i = 0; i < sim_openevse.key_count; i++) {
        values[i] = vb_key_initial(&sim_openevse.keys[i]);
        if (strcmp(sim_openevse.keys[i].name, "rapi") == 0) {
            values[i].number = kind->release;
        }
        if (strcmp(sim_openevse.keys[i].name, "car") == 0) {
            values[i].number = CAR_CONNECTED;
        }
    }
    assert_int_equal(sim_openevse.size, sizeof s->box);
    sim_openevse.init(&s->box, values, s->now, INT64_C(1795194000) * VB_NS_PER_S);
    s->now += 10000 * MS;
    sim_openevse.tick(&s->box, s->now);
    sim_openevse.feed(&s->box, (const uint8_t *)clean, sizeof clean - 1, s->now);
    while (sim_openevse.take(&s->box, bytes) > 0) {
    }
    s->to_box.noise = s->to_client.noise = noise;
    vb_rapi_reader_init(&s->overheard, true, s->box.reader.limit);
    const struct vb_rapi_client_config config = {
        .device = &vb_device_openevse, .poll = kind->poll, .ids = kind->ids, .sum = kind->sum};
    vb_rapi_client_init(&s->c, &config, s->now);
}

/* After the noise: how long until it is up and answers rightly? */
static void expect_up(struct session *s) {
    int64_t start = s->now;
    s->to_box.noise = s->to_client.noise = &silence;
    while (!(vb_rapi_client_up(&s->c) && s->c.state == VB_RAPI_TALK) &&
           s->now < start + 20000 * MS) {
        step(s, s->now + 100 * MS);
    }
    int64_t took_ms = (s->now - start) / MS;
    s->counts->slowest_ms = took_ms > s->counts->slowest_ms ? took_ms : s->counts->slowest_ms;
    s->counts->not_up += !vb_rapi_client_up(&s->c);
}

static void run_session(const struct kind *kind, const struct noise *noise, struct counts *counts) {
    static struct session s;
    open_session(&s, kind, noise, counts);
    unsigned questions = 6 + dice(10);
    for (unsigned i = 0; i < questions; i++) {
        run_for(&s, dice(3) ? dice(40) : dice(900));
        ask(&s);
    }
    int64_t start = s.now;
    while (s.answered < s.asked && s.now < start + 120000 * MS) {
        step(&s, s.now + 1000 * MS);
    }
    assert_int_equal(s.answered, s.asked); /* exactly one each, in time */
    expect_up(&s);
    counts->sessions++;
    counts->damaged += s.c.damaged;
    counts->late += s.c.late;
    counts->repeated += s.c.repeated;
}

/* ---- many sessions ---- */

/* Sessions of each kind of noise: a hundred thousand together; VOLTBUS_LONG=N: N times 4000 each. */
#define SHORT 4000
#define USUAL 34000

static unsigned sessions(unsigned usual) {
    const char *text = getenv("VOLTBUS_LONG");
    return text && atoi(text) > 0 ? (unsigned)atoi(text) * SHORT : usual;
}

static struct counts run_sessions(const char *what, const struct noise *noise, unsigned count,
                                  unsigned first, unsigned last, bool ids) {
    struct counts counts = {0};
    dice_state = 2463534242u;
    for (unsigned i = 0; i < count; i++) {
        struct kind kind = {.release = first + i % (last - first + 1),
                            .ids = ids,
                            .poll = dice(2),
                            .sum = VB_RAPI_XOR};
        run_session(&kind, noise, &counts);
    }
    printf("%-28s %6u sessions %7u questions: ok %u nk %u no-answer %u lost %u not-there %u; "
           "wrong %u misheard %u nk instead of ok %u; %u shown, wrong %u; damaged %u late %u "
           "repeated %u; up after %u ms at most\n",
           what, counts.sessions, counts.questions, counts.results[VB_RAPI_RESULT_DONE],
           counts.results[VB_RAPI_RESULT_REFUSED], counts.results[VB_RAPI_RESULT_NO_ANSWER],
           counts.results[VB_RAPI_RESULT_LOST], counts.results[VB_RAPI_RESULT_NOT_THERE],
           counts.wrong, counts.misheard, counts.wrong_nk, counts.frames, counts.wrong_frames,
           counts.damaged, counts.late, counts.repeated, (unsigned)counts.slowest_ms);
    assert_int_equal(counts.not_up, 0);
    assert_true(counts.questions > count);
    return counts;
}

/* One wrong byte in every twentieth line, and stops of up to 4 s. */
static const struct noise single = {.line_permille = 50, .stop_permille = 20, .stop_ms = 4000};
/* Every byte of a hundred, as it happens: about every tenth line, and often more than one. */
static const struct noise heavy = {.byte_permille = 10, .stop_permille = 20, .stop_ms = 4000};

static void test_with_ids_no_answer_is_ever_wrong(void **state) {
    (void)state;
    struct counts k =
        run_sessions("ids, one wrong byte a line", &single, sessions(USUAL), 2, 5, true);
    assert_int_equal(k.wrong + k.misheard + k.wrong_nk + k.wrong_frames, 0);
    assert_true(k.damaged > 0 && k.late > 0 && k.repeated > 0);
}

/* What the box takes for a line that we did not say, and damaged lines three times in a row, stay. */
static void test_with_checksums_no_answer_is_that_to_another_question(void **state) {
    (void)state;
    struct counts k =
        run_sessions("sums, one wrong byte a line", &single, sessions(USUAL), 1, 5, false);
    assert_int_equal(k.wrong + k.wrong_frames, 0);
    assert_true(k.misheard <= k.questions / 2000 && k.wrong_nk <= k.questions / 10000);
}

/* Three lines in a row with the same damage would stay; $ST has nothing to tell damage by. */
static void test_rapi_1_asks_three_times(void **state) {
    (void)state;
    struct counts k =
        run_sessions("RAPI 1, one wrong byte a line", &single, sessions(USUAL), 0, 0, false);
    assert_int_equal(k.wrong, 0);
    assert_true(k.wrong_frames <= 1 + k.frames / 1000000);
    assert_true(k.misheard <= k.questions / 2000 && k.wrong_nk <= 1 + k.questions / 10000);
}

/* XOR cannot see two changes of the same bit, nor one character lost twice. */
static void test_heavy_noise_fools_it_rarely(void **state) {
    (void)state;
    struct counts k = run_sessions("ids, heavy noise", &heavy, sessions(SHORT), 2, 5, true);
    assert_true(k.wrong + k.misheard + k.wrong_nk <= k.questions / 1000);
    k = run_sessions("sums, heavy noise", &heavy, sessions(SHORT), 1, 5, false);
    assert_true(k.wrong + k.misheard + k.wrong_nk <= k.questions / 500);
    (void)run_sessions("RAPI 1, heavy noise", &heavy, sessions(SHORT), 0, 0, false);
}

static void test_a_good_wire_needs_no_repeats(void **state) {
    (void)state;
    struct counts k = run_sessions("ids, good wire", &silence, SHORT / 4, 2, 5, true);
    assert_int_equal(k.damaged + k.late + k.wrong + k.wrong_frames, 0);
    assert_int_equal(k.results[VB_RAPI_RESULT_NO_ANSWER] + k.results[VB_RAPI_RESULT_LOST], 0);
    k = run_sessions("no ids, good wire", &silence, SHORT / 4, 0, 5, false);
    assert_int_equal(k.damaged + k.late + k.wrong + k.wrong_frames, 0);
    assert_int_equal(k.results[VB_RAPI_RESULT_NO_ANSWER] + k.results[VB_RAPI_RESULT_LOST], 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_wire_needs_no_repeats),
        cmocka_unit_test(test_with_ids_no_answer_is_ever_wrong),
        cmocka_unit_test(test_with_checksums_no_answer_is_that_to_another_question),
        cmocka_unit_test(test_rapi_1_asks_three_times),
        cmocka_unit_test(test_heavy_noise_fools_it_rarely),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
