/* rapi_client.c - the machine that talks to an OpenEVSE: finds its dialect, asks one question at a
 * time, ties the answer to it, and asks regularly what the device's table has a period for.
 * Left out: what the answers mean (the rows of the device), who may change something (the caller).
 *
 *          | own answer            | other OK, NK       | bare NK              | nothing in time
 * FIND     | twice the same: IDS   | ignore             | ask with the other   | ask again; the 5th
 *          | or TALK; else again   |                    | checksum             | time: ends what waits
 * IDS      | TALK, with ids        | without id, more   | counts half          | again; the 5th time:
 *          |                       | than may be late:  |                      | FIND, gone
 *          |                       | TALK               |                      |
 * TALK     | the question is over, | ignore, wait on    | with ids: of a       | AGAIN
 *          | or (doubtful) AGAIN   |                    | damaged line, repeat |
 * AGAIN    | TALK                  | ignore             | ignore               | again; the 5th time:
 *          |                       |                    |                      | FIND, gone
 * RESTART  | ignore                | ignore             | say it again         | FIND
 * In every state: $AB, $AT 00, $ST 00 (the box starts) lead to FIND; $AT, $ST make polls due; a damaged
 * line, an echo and a command change nothing. A question in hand is kept on the way through AGAIN, IDS and
 * FIND, and sent again, unless it must not be (VB_CALL_ONCE) or was missed three times.
 *
 * Answers come in the order of the questions. So a question is only repeated when the answer to a
 * later $GV has come: whatever it is late for is then behind us. Answers to $GV that may still come
 * are counted: those to `stale` were asked before the question in hand, so as many prove nothing;
 * those to `owed` after it. Later they are known by their text.
 * Facts: reference/rapi.md sections 1, 2, 4, 5, 6.
 * SPDX-License-Identifier: MIT */
#include "voltbus/rapi_client.h"

#include <string.h>

#include "voltbus/crc.h"
#include "voltbus/err.h"

#define WAIT_NS     (500 * VB_NS_PER_MS)
#define EXTEND_NS   (100 * VB_NS_PER_MS) /* for a line that has begun */
#define LATE_NS     (10 * VB_NS_PER_S)   /* an answer comes until then, or never */
#define GONE_AFTER  5                    /* answers missed in a row */
#define WITHOUT_IDS 3  /* more answers to $GV than may be late, and none with its id: it has none */
#define OWED_MAX    10 /* $GV asked in vain in that time */
#define TRIES_MAX   8  /* of one question, for whatever reason */
#define MISSES_MAX  3
#define SAME        3 /* so many equal doubtful answers in a row count */

#define FIRST_XOR  VB_VERSION(1, 0, 3) /* commands with ^hh */
#define FIRST_SUMS VB_VERSION(2, 0, 1) /* checksums behind news */
#define FIRST_IDS  VB_VERSION(3, 0, 0) /* and the longer line */

enum { /* bits of events */
       EVENT_FRAME = 1,
       EVENT_ANSWER = 2,
       EVENT_GONE = 4,
       EVENT_FOUND = 8,
};

static const struct {
    const char *text;
    int64_t limit_ns;
} states[] = {
#define X(name, text, limit_ms, sentence) {text, limit_ms * VB_NS_PER_MS},
    VB_RAPI_STATES(X)
#undef X
};

static const struct {
    const char *text, *why;
} results[] = {
#define X(name, text, sentence) {text, sentence},
    VB_RAPI_RESULTS(X)
#undef X
};
#define RESULTS (sizeof results / sizeof results[0])

const char *vb_rapi_result_text(enum vb_rapi_result result) {
    return (size_t)result < RESULTS ? results[result].text : "?";
}

const char *vb_rapi_result_why(enum vb_rapi_result result) {
    return (size_t)result < RESULTS ? results[result].why : "?";
}

const char *vb_rapi_state_text(enum vb_rapi_state state) {
    return (size_t)state < sizeof states / sizeof states[0] ? states[state].text : "?";
}

bool vb_rapi_client_up(const struct vb_rapi_client *c) {
    return c->state == VB_RAPI_TALK || c->state == VB_RAPI_AGAIN;
}

/* ---- the line that was heard ---- */

static const char *body_of(const struct vb_rapi_client *c) {
    return c->reader.text + 1;
}

/* What stands behind "OK " or "NK ". */
static const char *text_of(const struct vb_rapi_client *c, size_t *n) {
    *n = c->line.body_n > 3 ? c->line.body_n - 3u : 0;
    return body_of(c) + 3;
}

/* RAPI 1.x has a space behind OK and NK even then. */
static bool is_bare(const struct vb_rapi_client *c) {
    return c->line.body_n <= 3;
}

/* Of the line; never 0. */
static uint32_t hash_of(const struct vb_rapi_client *c) {
    uint32_t hash = vb_hash((const uint8_t *)body_of(c), c->line.body_n);
    return hash ? hash : 1;
}

/* The answer to $GV: firmware, version, perhaps more. Forks put letters behind the version. */
static bool read_version(const struct vb_rapi_client *c, uint32_t *version) {
    const uint8_t *body = (const uint8_t *)body_of(c);
    const char *firmware, *rapi;
    int n = vb_field(body, c->line.body_n, 2, &rapi);
    int digits = 0;
    bool dot = false;
    while (digits < n && ((rapi[digits] >= '0' && rapi[digits] <= '9') || rapi[digits] == '.')) {
        dot = dot || rapi[digits] == '.';
        digits++;
    }
    return dot && vb_field(body, c->line.body_n, 1, &firmware) > 0 &&
           vb_version_read(rapi, (size_t)digits, version) == VB_OK &&
           *version >= VB_VERSION(1, 0, 0);
}

static bool is_known_version(const struct vb_rapi_client *c, enum vb_rapi_what what) {
    return what == VB_RAPI_OK && c->dialect.version != 0 && hash_of(c) == c->known;
}

/* Is this line without a checksum as it should be? Who is not known yet is only believed to be of
 * RAPI 1.x when it says so. */
static bool may_be_plain(const struct vb_rapi_client *c, enum vb_rapi_what what) {
    uint32_t version = c->dialect.version;
    switch (what) {
    case VB_RAPI_OK:
        return version ? !c->dialect.sums
                       : read_version(c, &version) && version < VB_VERSION(2, 0, 0);
    case VB_RAPI_NK:
        return !c->dialect.sums;
    case VB_RAPI_NEWS: /* $AT, $AB and $AN are younger than checksums */
        return version != 0 && version < FIRST_SUMS && body_of(c)[0] != 'A';
    default:
        return true;
    }
}

static bool is_damaged(const struct vb_rapi_client *c, enum vb_rapi_what what) {
    return c->line.bad || (c->line.sum == VB_RAPI_PLAIN && !may_be_plain(c, what)) ||
           (c->line.sum == VB_RAPI_ADD && what != VB_RAPI_ASKED);
}

/* What we have just sent, letter by letter. */
static bool is_echo(const struct vb_rapi_client *c) {
    return c->line.n + 1u == c->tx_n && memcmp(c->reader.text, c->tx, c->line.n) == 0;
}

/* ---- sending ---- */

static const struct vb_call *call_of(const struct vb_rapi_client *c,
                                     const struct vb_rapi_question *question) {
    return question->message == VB_RAPI_NO_MESSAGE
               ? NULL
               : c->config.device->messages[question->message].call;
}

static bool has_flag(const struct vb_rapi_client *c, const struct vb_rapi_question *question,
                     unsigned flag) {
    const struct vb_call *call = call_of(c, question);
    return call && call->flags & flag;
}

/* How long the answer to the line that was just sent may take. */
static int64_t limit_ns(const struct vb_rapi_client *c) {
    const struct vb_call *call = call_of(c, &c->now);
    int64_t wait_ns = c->config.wait_ns > 0 ? c->config.wait_ns : WAIT_NS;
    if (c->state != VB_RAPI_TALK) { /* a way that is slow is slow from the beginning */
        bool slow = c->state != VB_RAPI_RESTART && wait_ns > states[c->state].limit_ns;
        return slow ? wait_ns : states[c->state].limit_ns;
    }
    return call && call->wait_ms * VB_NS_PER_MS > wait_ns ? call->wait_ms * VB_NS_PER_MS : wait_ns;
}

static uint8_t sum_of(const struct vb_rapi_client *c) {
    return c->dialect.version == 0          ? c->sum
           : c->dialect.version < FIRST_XOR ? (uint8_t)VB_RAPI_ADD
                                            : c->config.sum;
}

static bool put(struct vb_rapi_client *c, const char *body, size_t n, uint8_t sequence,
                int64_t now_ns) {
    size_t room = c->dialect.version < FIRST_IDS ? VB_RAPI_SEND_OLD : VB_RAPI_SEND_MAX;
    char line[VB_RAPI_SEND_MAX + 1];
    int length = vb_rapi_put(body, n, (enum vb_rapi_sum)sum_of(c), sequence, line, room + 1);
    if (length < 0) {
        return false;
    }
    memcpy(c->tx, line, (size_t)length);
    c->tx_n = (uint8_t)length;
    c->tx_body = (uint8_t)n;
    c->tx_ready = true;
    c->sequence = sequence;
    c->extended = false;
    c->until_ns = now_ns + limit_ns(c);
    c->sent++;
    return true;
}

static uint8_t next_sequence(struct vb_rapi_client *c) {
    c->next_sequence = (uint8_t)(c->next_sequence % 255 + 1);
    return c->next_sequence;
}

/* FIND asks with the checksum of the configuration and the oldest in turn: before 1.0.3 only that is
 * known. */
static uint8_t other_sum(const struct vb_rapi_client *c) {
    return c->sum == c->config.sum ? (uint8_t)VB_RAPI_ADD : c->config.sum;
}

static void ask_version(struct vb_rapi_client *c, int64_t now_ns) {
    put(c, "GV", 2, c->state == VB_RAPI_IDS ? next_sequence(c) : 0, now_ns);
    c->owed = (uint8_t)(c->owed + (c->owed < OWED_MAX));
    c->asked_ns = now_ns;
}

/* An answer to $GV came, or an NK that may be one. */
static void owe_less(struct vb_rapi_client *c) {
    if (c->stale > 0) {
        c->stale--;
    } else {
        c->owed = (uint8_t)(c->owed - (c->owed > 0));
    }
}

/* The question in hand is $GV itself. */
static bool is_version_question(const struct vb_rapi_client *c) {
    return memcmp(c->now.body, "GV", 2) == 0;
}

/* The question in hand goes out: what is owed was asked before it. */
static void owe_before(struct vb_rapi_client *c, int64_t now_ns) {
    unsigned stale = now_ns - c->asked_ns > LATE_NS ? 0u : (unsigned)c->stale + c->owed;
    c->stale = (uint8_t)(stale < OWED_MAX ? stale : OWED_MAX);
    c->owed = is_version_question(c);
    c->asked_ns = c->owed ? now_ns : c->asked_ns;
}

/* ---- the end of a question ---- */

static struct vb_rapi_poll *poll_of(struct vb_rapi_client *c, size_t message) {
    for (unsigned i = 0; i < c->poll_count; i++) {
        if (c->polls[i].message == message) {
            return &c->polls[i];
        }
    }
    return NULL;
}

/* The question in hand is over. */
static void finish(struct vb_rapi_client *c, enum vb_rapi_result result) {
    struct vb_rapi_poll *poll = poll_of(c, c->now.message);
    if (c->now.ticket) {
        c->events |= EVENT_ANSWER;
        c->event_ticket = c->now.ticket;
        c->event_result = (uint8_t)result;
    } else if (poll && result == VB_RAPI_RESULT_REFUSED) {
        poll->absent = true;
    }
    c->lost += result == VB_RAPI_RESULT_NO_ANSWER;
    c->held = c->waiting = false;
}

/* One that was never sent is over; its event waits in the queue. */
static void drop(struct vb_rapi_question *question, enum vb_rapi_result result) {
    question->over = true;
    question->result = (uint8_t)result;
}

static void drop_all(struct vb_rapi_client *c) {
    if (c->held) {
        finish(c, c->tries > 0 ? VB_RAPI_RESULT_NO_ANSWER : VB_RAPI_RESULT_LOST);
    }
    for (unsigned i = 0; i < c->queued; i++) {
        if (!c->queue[i].over) {
            drop(&c->queue[i], VB_RAPI_RESULT_LOST);
        }
    }
}

/* ---- states ---- */

/* Begin anew, with nothing asked yet. */
static void forget(struct vb_rapi_client *c) {
    if (c->held && c->tries > 0 && has_flag(c, &c->now, VB_CALL_ONCE)) {
        finish(c, VB_RAPI_RESULT_NO_ANSWER);
    }
    c->dialect = (struct vb_rapi_dialect){0};
    c->state = VB_RAPI_FIND;
    c->sum = c->config.sum;
    c->waiting = c->agree = false;
    c->missed = 0;
}

static void find(struct vb_rapi_client *c, int64_t now_ns) {
    forget(c);
    ask_version(c, now_ns);
}

/* Nothing of the questions before is to be taken for an answer to the next. */
static void again(struct vb_rapi_client *c, int64_t now_ns) {
    c->state = VB_RAPI_AGAIN;
    c->waiting = false;
    ask_version(c, now_ns);
}

static void talk(struct vb_rapi_client *c) {
    c->state = VB_RAPI_TALK;
    c->missed = 0;
}

static void found(struct vb_rapi_client *c, bool ids, int64_t now_ns) {
    c->dialect.ids = ids;
    c->events |= EVENT_FOUND;
    for (unsigned i = 0; i < c->poll_count; i++) {
        c->polls[i].absent = false;
        c->polls[i].due_ns = now_ns;
    }
    talk(c);
}

static void version_found(struct vb_rapi_client *c, uint32_t version, int64_t now_ns) {
    struct vb_rapi_dialect *d = &c->dialect;
    const char *field;
    for (unsigned i = 1; i <= 2; i++) {
        char *out = i == 1 ? d->firmware : d->rapi;
        size_t cap = i == 1 ? sizeof d->firmware : sizeof d->rapi;
        int n = vb_field((const uint8_t *)body_of(c), c->line.body_n, i, &field);
        size_t len = n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
        for (size_t at = 0; at < len; at++) { /* it will be shown */
            out[at] = field[at] > ' ' && field[at] < 0x7F ? field[at] : '?';
        }
        out[len] = '\0';
    }
    d->version = version;
    c->missed = 0;
    d->sums = c->line.sum != VB_RAPI_PLAIN;
    if (!c->config.ids || version < FIRST_IDS) {
        found(c, false, now_ns);
        return;
    }
    c->state = VB_RAPI_IDS;
    c->without = (uint8_t)(2 * (c->stale + c->owed + WITHOUT_IDS));
    ask_version(c, now_ns);
}

static void gone(struct vb_rapi_client *c, int64_t now_ns) {
    c->events |= EVENT_GONE;
    drop_all(c);
    forget(c); /* it was asked often enough: again in a second */
    c->sum = other_sum(c);
    c->until_ns = now_ns + states[VB_RAPI_FIND].limit_ns;
}

/* ---- replies ---- */

static void reply_in_find(struct vb_rapi_client *c, enum vb_rapi_what what, int64_t now_ns) {
    uint32_t version;
    if (what == VB_RAPI_NK) {
        if (c->sum == c->config.sum && c->sum != VB_RAPI_ADD && !c->agree) {
            c->sum = VB_RAPI_ADD; /* else at the next time */
            ask_version(c, now_ns);
        }
        return;
    }
    if (!read_version(c, &version)) {
        c->late++;
        return;
    }
    bool same = c->agree && c->known == hash_of(c);
    bool first = !c->agree;
    bool stale = c->stale > 0;
    owe_less(c);
    c->agree = true;
    c->known = hash_of(c);
    c->event_id = same ? VB_RAPI_ID('G', 'V') : 0;
    if (same && !stale) {
        version_found(c, version, now_ns);
    } else if (same || first) { /* who says something else each time is asked once a second */
        c->missed = 0;
        ask_version(c, now_ns);
    }
}

static void reply_in_ids(struct vb_rapi_client *c, enum vb_rapi_what what, int64_t now_ns) {
    bool known = is_known_version(c, what);
    if (!known && (what == VB_RAPI_OK || c->line.sequence != 0)) {
        c->late++;
        return;
    }
    owe_less(c);
    c->event_id = known ? VB_RAPI_ID('G', 'V') : 0;
    /* an NK may only mean a damaged line */
    uint8_t counts = known ? 2 : 1;
    c->without = (uint8_t)(c->without > counts ? c->without - counts : 0);
    if (known && c->line.sequence != 0) { /* or that of the one before: all the same */
        found(c, true, now_ns);
    } else if (c->without == 0) {
        found(c, false, now_ns);
    } else {
        ask_version(c, now_ns);
    }
}

static void reply_in_again(struct vb_rapi_client *c, enum vb_rapi_what what, int64_t now_ns) {
    bool known = is_known_version(c, what);
    bool stale = c->stale > 0;
    c->event_id = known ? VB_RAPI_ID('G', 'V') : 0;
    if (known) {
        owe_less(c);
    }
    if (!known || c->line.sequence != c->sequence) { /* with an id: asked in IDS, or by a caller */
        c->late++;
        return;
    }
    if (stale) {
        ask_version(c, now_ns);
    } else {
        talk(c);
    }
}

static void reply_in_restart(struct vb_rapi_client *c, enum vb_rapi_what what) {
    c->late++;
    if (what == VB_RAPI_NK && is_bare(c) && c->misses < MISSES_MAX) {
        c->misses++; /* it did not understand; the line is still there */
        c->tx_ready = true;
        c->repeated++;
        c->sent++;
    }
}

/* Can some row read this field, or is none about it? */
static bool field_fits(const struct vb_rapi_client *c, const struct vb_message *message,
                       unsigned field) {
    bool any = false;
    for (unsigned i = 0; i < message->signal_count; i++) {
        const struct vb_signal *row = &message->signals[i];
        int64_t raw;
        if (!(row->flags & VB_FIELD) || row->flags & VB_PRODUCT || row->bit / 64 != field) {
            continue;
        }
        int got = vb_signal_get(row, (const uint8_t *)body_of(c), c->line.body_n, &raw);
        if (got == VB_OK || got == VB_E_UNKNOWN) {
            return true;
        }
        any = true;
    }
    return !any;
}

/* Has it the shape of an answer to the question in hand? */
static bool fits(const struct vb_rapi_client *c, enum vb_rapi_what what) {
    if (c->now.message == VB_RAPI_NO_MESSAGE || (what == VB_RAPI_NK && is_bare(c))) {
        return true;
    }
    const struct vb_message *message = &c->config.device->messages[c->now.message];
    unsigned fields = is_bare(c) ? 1 : vb_field_count((const uint8_t *)body_of(c), c->line.body_n);
    if (message->signal_count == 0 && message->call->flags & VB_CALL_CHANGES && !is_bare(c)) {
        return false; /* an order that has nothing to tell */
    }
    if (fields < message->len_min || fields > message->len_max) {
        return false;
    }
    for (unsigned i = 1; i < fields; i++) {
        if (!field_fits(c, message, i)) {
            return false;
        }
    }
    return true;
}

/* See the head of rapi_client.h. */
static bool is_believed(struct vb_rapi_client *c, enum vb_rapi_what what) {
    bool bare_nk = what == VB_RAPI_NK && is_bare(c);
    bool bare_ok = what == VB_RAPI_OK && is_bare(c);
    uint32_t hash = hash_of(c);
    c->same = (uint8_t)(c->doubtful == hash ? c->same + 1 : 1);
    c->doubtful = hash;
    return bare_ok || (c->dialect.sums && !bare_nk) || c->same >= SAME ||
           has_flag(c, &c->now, VB_CALL_ONCE);
}

/* It was sent in vain, or the answer is doubtful: once more when the box answers again, or that was
 * it. */
static void try_again(struct vb_rapi_client *c, int64_t now_ns) {
    if (c->misses >= MISSES_MAX || c->tries >= TRIES_MAX ||
        (c->misses > 0 && has_flag(c, &c->now, VB_CALL_ONCE))) {
        finish(c, VB_RAPI_RESULT_NO_ANSWER);
    }
    again(c, now_ns);
}

/* An answer to something else. With ids, a bare NK without one is said of a line that the box could
 * not read: that was ours. */
static void reply_to_other(struct vb_rapi_client *c, enum vb_rapi_what what, int64_t now_ns) {
    c->late++;
    if (c->sequence != 0 && c->line.sequence == 0 && what == VB_RAPI_NK && is_bare(c) &&
        !has_flag(c, &c->now, VB_CALL_ONCE)) {
        c->misses++;
        try_again(c, now_ns);
    }
}

static void reply_in_talk(struct vb_rapi_client *c, enum vb_rapi_what what, int64_t now_ns) {
    bool ours = c->waiting && c->line.sequence == c->sequence;
    bool known = is_known_version(c, what);
    if (known) {
        owe_less(c);
    }
    if (known && !(ours && is_version_question(c))) {
        c->event_id = VB_RAPI_ID('G', 'V');
        c->late++;
        return;
    }
    /* a stale $GV may have been damaged on its way: whose NK is it? */
    bool unclear = what == VB_RAPI_NK && is_bare(c) && c->sequence == 0 && c->stale > 0;
    if (unclear || !c->waiting) {
        owe_less(c);
        c->late++;
        return;
    }
    if (!ours || !fits(c, what)) {
        reply_to_other(c, what, now_ns);
        return;
    }
    c->missed = 0;
    c->misses = 0;
    if (is_believed(c, what)) {
        c->event_id = VB_RAPI_ID((uint8_t)c->now.body[0], (uint8_t)c->now.body[1]);
        c->answered++;
        finish(c, what == VB_RAPI_OK ? VB_RAPI_RESULT_DONE : VB_RAPI_RESULT_REFUSED);
    } else {
        try_again(c, now_ns);
    }
}

static void on_reply(struct vb_rapi_client *c, enum vb_rapi_what what, int64_t now_ns) {
    switch (c->state) {
    case VB_RAPI_FIND:
        reply_in_find(c, what, now_ns);
        break;
    case VB_RAPI_IDS:
        reply_in_ids(c, what, now_ns);
        break;
    case VB_RAPI_TALK:
        reply_in_talk(c, what, now_ns);
        break;
    case VB_RAPI_AGAIN:
        reply_in_again(c, what, now_ns);
        break;
    default:
        reply_in_restart(c, what);
    }
}

/* ---- news ---- */

/* The state has changed: what is asked most often is asked now. */
static void hurry(struct vb_rapi_client *c, int64_t now_ns) {
    unsigned shortest = UINT16_MAX;
    for (unsigned i = 0; i < c->poll_count; i++) {
        unsigned period = c->config.device->messages[c->polls[i].message].period_ms;
        shortest = period < shortest ? period : shortest;
    }
    for (unsigned i = 0; i < c->poll_count; i++) {
        struct vb_rapi_poll *poll = &c->polls[i];
        if (c->config.device->messages[poll->message].period_ms == shortest &&
            poll->due_ns > now_ns) {
            poll->due_ns = now_ns;
        }
    }
}

static bool begins(const struct vb_rapi_client *c, const char *text) {
    return c->line.body_n >= strlen(text) && memcmp(body_of(c), text, strlen(text)) == 0;
}

/* State 00 is said at the beginning of a boot, $AB at its end: one of them may be lost. */
static void on_news(struct vb_rapi_client *c, int64_t now_ns) {
    c->event_id = vb_rapi_line_id(&c->line);
    if (begins(c, "AB") || begins(c, "AT 00") || begins(c, "ST 00")) {
        find(c, now_ns);
    } else if (begins(c, "AT") || begins(c, "ST")) {
        hurry(c, now_ns);
    }
}

/* ---- what to ask next ---- */

/* What forbids to send it; DONE: nothing. */
static enum vb_rapi_result refusal(const struct vb_rapi_client *c,
                                   const struct vb_rapi_question *question) {
    const struct vb_call *call = call_of(c, question);
    size_t room = c->dialect.version < FIRST_IDS ? VB_RAPI_SEND_OLD : VB_RAPI_SEND_MAX;
    size_t length = 1u + question->n + (sum_of(c) == VB_RAPI_PLAIN ? 0 : 3);
    if (call && !vb_call_in(call, c->dialect.version)) {
        return VB_RAPI_RESULT_NOT_THERE;
    }
    return length > room ? VB_RAPI_RESULT_TOO_LONG : VB_RAPI_RESULT_DONE;
}

static const struct vb_call *poll_call(const struct vb_rapi_client *c,
                                       const struct vb_rapi_poll *poll) {
    return c->config.device->messages[poll->message].call;
}

/* The one whose time is up longest, or that is next; NULL: none. */
static const struct vb_rapi_poll *next_poll(const struct vb_rapi_client *c) {
    const struct vb_rapi_poll *first = NULL;
    for (unsigned i = 0; i < c->poll_count; i++) {
        const struct vb_rapi_poll *poll = &c->polls[i];
        if (!poll->absent && vb_call_in(poll_call(c, poll), c->dialect.version) &&
            (!first || poll->due_ns < first->due_ns)) {
            first = poll;
        }
    }
    return first;
}

static void hold(struct vb_rapi_client *c, const struct vb_rapi_question *question) {
    c->now = *question;
    c->held = true;
    c->tries = c->misses = c->same = 0;
    c->doubtful = 0;
}

static void hold_poll(struct vb_rapi_client *c, size_t number, int64_t now_ns) {
    struct vb_rapi_poll *poll = &c->polls[number];
    struct vb_rapi_question question = {.message = poll->message};
    int n = vb_call_write(poll_call(c, poll), NULL, 0, question.body, sizeof question.body);
    poll->due_ns = now_ns + c->config.device->messages[poll->message].period_ms * VB_NS_PER_MS *
                                (c->config.rarely ? c->config.rarely : 1);
    if (n > 0) {
        question.n = (uint8_t)n;
        hold(c, &question);
    }
}

/* The first in the queue that may be sent; those before it that may not are over. */
static struct vb_rapi_question *first_queued(struct vb_rapi_client *c) {
    for (unsigned i = 0; i < c->queued; i++) {
        struct vb_rapi_question *question = &c->queue[i];
        if (question->over) {
            continue;
        }
        enum vb_rapi_result result = refusal(c, question);
        if (result == VB_RAPI_RESULT_DONE) {
            return question;
        }
        drop(question, result);
    }
    return NULL;
}

static void unqueue(struct vb_rapi_client *c, size_t number) {
    struct vb_rapi_question *question = &c->queue[number];
    c->queued--;
    memmove(question, question + 1, (c->queued - number) * sizeof *question);
}

/* Take a question in hand, if it is time for one. */
static void choose(struct vb_rapi_client *c, int64_t now_ns) {
    struct vb_rapi_question *question = first_queued(c);
    const struct vb_rapi_poll *poll = next_poll(c);
    bool due = poll && poll->due_ns <= now_ns;
    if (question && !(due && c->in_a_row >= VB_RAPI_IN_A_ROW)) {
        c->in_a_row = (uint8_t)(c->in_a_row + (c->in_a_row < VB_RAPI_IN_A_ROW));
        hold(c, question);
        if (has_flag(c, question, VB_CALL_SILENT)) {
            drop(question, VB_RAPI_RESULT_SENT);
        } else {
            unqueue(c, (size_t)(question - c->queue));
        }
    } else if (due) {
        c->in_a_row = 0;
        hold_poll(c, (size_t)(poll - c->polls), now_ns);
    }
}

/* Send the question in hand. */
static void send_it(struct vb_rapi_client *c, int64_t now_ns) {
    const char *body = c->now.body;
    bool sent = c->dialect.ids && put(c, body, c->now.n, next_sequence(c), now_ns);
    if (!sent && !put(c, body, c->now.n, 0, now_ns)) { /* with an id it may be too long */
        finish(c, VB_RAPI_RESULT_TOO_LONG);
        return;
    }
    owe_before(c, now_ns);
    c->repeated += c->tries > 0;
    c->tries++;
    c->waiting = true;
    if (has_flag(c, &c->now, VB_CALL_SILENT)) { /* its event is that in the queue */
        c->held = c->waiting = false;
        c->state = VB_RAPI_RESTART;
        c->until_ns = now_ns + limit_ns(c);
    }
}

/* Send something, if it is time. */
static void pump(struct vb_rapi_client *c, int64_t now_ns) {
    if (c->state != VB_RAPI_TALK || c->waiting) {
        return;
    }
    if (c->held && refusal(c, &c->now) != VB_RAPI_RESULT_DONE) {
        finish(c, refusal(c, &c->now)); /* the box came back as another */
    }
    if (!c->held) {
        choose(c, now_ns);
    }
    if (c->held) {
        send_it(c, now_ns);
    }
}

/* ---- what the caller does ---- */

static void add_polls(struct vb_rapi_client *c) {
    const struct vb_device *device = c->config.device;
    for (unsigned m = 0; m < device->message_count && c->poll_count < VB_RAPI_POLLS; m++) {
        const struct vb_message *message = &device->messages[m];
        if (message->call && message->period_ms > 0 && message->call->arg_count == 0 &&
            !(message->call->flags & VB_CALL_CHANGES)) {
            c->polls[c->poll_count++] = (struct vb_rapi_poll){.message = (uint16_t)m};
        }
    }
}

void vb_rapi_client_init(struct vb_rapi_client *c, const struct vb_rapi_client_config *config,
                         int64_t now_ns) {
    memset(c, 0, sizeof *c);
    c->config = *config;
    vb_rapi_reader_init(&c->reader, false, VB_RAPI_LINE_MAX);
    if (config->poll) {
        add_polls(c);
    }
    find(c, now_ns);
}

int vb_rapi_client_ask(struct vb_rapi_client *c, uint32_t ticket, size_t message, const char *body,
                       size_t n, int64_t now_ns) {
    const struct vb_device *device = c->config.device;
    char line[1 + VB_CALL_TEXT + 1];
    if (message != VB_RAPI_NO_MESSAGE &&
        (message >= device->message_count || !device->messages[message].call)) {
        return VB_E_RANGE;
    }
    if (c->queued == VB_RAPI_QUEUE || n > VB_CALL_TEXT) {
        return VB_E_SPACE;
    }
    if (vb_rapi_put(body, n, VB_RAPI_PLAIN, 0, line, sizeof line) < 0) {
        return VB_E_FORMAT;
    }
    struct vb_rapi_question *question = &c->queue[c->queued++];
    *question =
        (struct vb_rapi_question){.ticket = ticket, .message = (uint16_t)message, .n = (uint8_t)n};
    memcpy(question->body, body, n);
    pump(c, now_ns);
    return VB_OK;
}

void vb_rapi_client_poll_now(struct vb_rapi_client *c, size_t m, int64_t now_ns) {
    struct vb_rapi_poll *poll = poll_of(c, m);
    if (poll) {
        poll->absent = false;
        poll->due_ns = now_ns;
        pump(c, now_ns);
    }
}

static void on_line(struct vb_rapi_client *c, int64_t now_ns) {
    enum vb_rapi_what what = vb_rapi_line_what(&c->line);
    if (what == VB_RAPI_ASKED && is_echo(c)) {
        c->dialect.echo = true;
        return;
    }
    c->events |= EVENT_FRAME;
    c->event_damaged = is_damaged(c, what);
    c->event_id = what == VB_RAPI_ASKED ? vb_rapi_line_id(&c->line) : 0;
    if (c->event_damaged) {
        c->damaged++;
    } else if (what == VB_RAPI_NEWS) {
        on_news(c, now_ns);
    } else if (what != VB_RAPI_ASKED) {
        on_reply(c, what, now_ns);
    }
    pump(c, now_ns);
}

size_t vb_rapi_client_feed(struct vb_rapi_client *c, const uint8_t *bytes, size_t n,
                           int64_t now_ns) {
    size_t used = 0;
    while (used < n && c->events == 0) {
        if (vb_rapi_reader_feed(&c->reader, bytes[used++], &c->line)) {
            on_line(c, now_ns);
        }
    }
    return used;
}

/* Nothing came in time. */
static void on_silence(struct vb_rapi_client *c, int64_t now_ns) {
    switch (c->state) {
    case VB_RAPI_FIND:
        c->sum = other_sum(c);
        if (++c->missed >= GONE_AFTER) {
            c->missed = 0;
            drop_all(c);
        }
        ask_version(c, now_ns);
        break;
    case VB_RAPI_IDS:
    case VB_RAPI_AGAIN:
        if (++c->missed >= GONE_AFTER) {
            gone(c, now_ns);
        } else {
            ask_version(c, now_ns);
        }
        break;
    case VB_RAPI_TALK:
        c->misses++;
        c->missed++;
        try_again(c, now_ns);
        break;
    default:
        find(c, now_ns);
    }
}

void vb_rapi_client_tick(struct vb_rapi_client *c, int64_t now_ns) {
    if (c->events != 0) {
        return;
    }
    if (now_ns >= c->until_ns && (c->state != VB_RAPI_TALK || c->waiting)) {
        if (c->waiting && c->reader.n > 0 && !c->extended) {
            c->extended = true;
            c->until_ns = now_ns + EXTEND_NS;
        } else {
            on_silence(c, now_ns);
        }
    }
    pump(c, now_ns);
}

/* The first question of the queue that is over; NULL: none. */
static const struct vb_rapi_question *first_over(const struct vb_rapi_client *c) {
    for (unsigned i = 0; i < c->queued; i++) {
        if (c->queue[i].over) {
            return &c->queue[i];
        }
    }
    return NULL;
}

int64_t vb_rapi_client_deadline_ns(const struct vb_rapi_client *c) {
    if (c->events != 0 || first_over(c)) {
        return INT64_MIN;
    }
    if (c->state != VB_RAPI_TALK || c->waiting) {
        return c->until_ns;
    }
    const struct vb_rapi_poll *poll = next_poll(c);
    return poll ? poll->due_ns : INT64_MAX;
}

size_t vb_rapi_client_take(struct vb_rapi_client *c, uint8_t *out, struct vb_frame *frame,
                           int64_t now_ns) {
    if (!c->tx_ready) {
        return 0;
    }
    c->tx_ready = false;
    c->until_ns = now_ns + limit_ns(c);
    memcpy(out, c->tx, c->tx_n);
    if (frame) {
        *frame = (struct vb_frame){
            .kind = VB_KIND_RAPI,
            .id = VB_RAPI_ID(out[1], out[2]),
            .flags = VB_FRAME_ASK | VB_FRAME_TX,
            .len = c->tx_body,
            .data = out + 1,
            .side_len = (uint16_t)(c->tx_n - 2 - c->tx_body),
            .side = out + 1 + c->tx_body,
        };
    }
    return c->tx_n;
}

static void frame_event(const struct vb_rapi_client *c, struct vb_rapi_event *event) {
    struct vb_rapi_line line = c->line;
    line.text = c->reader.text;
    event->what = VB_RAPI_FRAME;
    vb_rapi_line_frame(&line, c->event_id, &event->frame);
    event->frame.fault = c->event_damaged ? VB_FAULT_SUM : VB_FAULT_NONE;
}

static void answer_event(const struct vb_rapi_client *c, struct vb_rapi_event *event) {
    event->what = VB_RAPI_ANSWER;
    event->ticket = c->event_ticket;
    event->result = c->event_result;
    event->text = "";
    if (event->result == VB_RAPI_RESULT_DONE || event->result == VB_RAPI_RESULT_REFUSED) {
        event->text = text_of(c, &event->n);
    }
}

bool vb_rapi_client_next(struct vb_rapi_client *c, struct vb_rapi_event *event) {
    const struct vb_rapi_question *over = first_over(c);
    *event = (struct vb_rapi_event){0};
    if (c->events & EVENT_FRAME) {
        c->events &= (uint8_t)~EVENT_FRAME;
        frame_event(c, event);
    } else if (c->events & EVENT_ANSWER) {
        c->events &= (uint8_t)~EVENT_ANSWER;
        answer_event(c, event);
    } else if (over) {
        *event = (struct vb_rapi_event){
            .what = VB_RAPI_ANSWER, .ticket = over->ticket, .result = over->result, .text = ""};
        unqueue(c, (size_t)(over - c->queue));
    } else if (c->events & EVENT_GONE) {
        c->events &= (uint8_t)~EVENT_GONE;
        event->what = VB_RAPI_GONE;
    } else if (c->events & EVENT_FOUND) {
        c->events &= (uint8_t)~EVENT_FOUND;
        event->what = VB_RAPI_FOUND;
    } else {
        return false;
    }
    return true;
}
