/* evse_keeper.c - keeps an OpenEVSE at the current that is wanted, and knows what is in force.
 * What it leaves out: finding the box and its version, repeating and pacing questions on the wire
 * (rapi_client.h), and who may want what (control.h).
 * Facts: reference/rapi.md sections 4 (SC SY GC GE GP), 5, 6. That field 1 of $GE is the current in
 * force, not the saved one: firmware 4.11 to 8.2.3, rapi_proc.cpp.
 * SPDX-License-Identifier: MIT */
#include "voltbus/evse_keeper.h"

#include <string.h>

#include "voltbus/hex.h"
#include "voltbus/rapi.h"
#include "voltbus/signal.h"

/* The states. None is stored: each follows from what is known and wanted.
 *
 *            GONE          OLD        IDLE       KEEP                     LEAVE
 *            no box        < 2.0.2    no wish    a current is wanted      the farewell is due, or
 *                                                                         it supervises us still
 * found      another state by version and wish; what was known of the box is forgotten
 * want       remembered    remembered KEEP       the new limit goes out   KEEP, no farewell
 * release    LEAVE later   forgotten  -          LEAVE                    -
 * heard      passed over   values are taken in all other states; news of a restart forgets them
 * ask        nothing       nothing    nothing    the questions below      SC safe V, SY, SY, SC safe V
 * answered   passed over   passed over (nothing was asked) taken          IDLE; not answered: again
 */

/* The questions of KEEP and LEAVE, the most urgent first. Each has its time (due), its words (write)
 * and what its answer changes beyond what any such answer tells (taken). */
#define QUESTIONS(X)                                                                               \
    X(FAREWELL, "SC", "the safe current, once")                                                    \
    X(PUT_BACK, "SY", "the supervision that the box had")                                          \
    X(ACKNOWLEDGE, "SY", "the box fell back: its supervision again, see below")                    \
    X(PULSE, "SY", "four times in the interval")                                                   \
    X(SETTINGS, "GE", "service level; before RAPI 5.1.0 also what is in force")                    \
    X(RANGE, "GC", "bounds, and what is in force")                                                 \
    X(SUPERVISION, "GY", "what the box does when we are silent")                                   \
    X(SUPERVISE, "SY", "only if that is not what we want")                                         \
    X(LIMIT, "SC", "what is wanted")                                                               \
    X(READ, "GC", "after each change, at news, every 10 s")                                        \
    X(HEAT, "GP", "is it heat that keeps the current down?")

/* A missed pulse is acknowledged by setting the supervision that the box has once more: that clears its
 * trigger and nothing else. SY 165 would set the saved maximum free until our limit follows, and so
 * does an interval of 0 while the trigger is there (firmware 6.1.3 to 8.2.3, HsRestoreAmpacity).
 * So before the supervision is put back the trigger is cleared, whatever we believe of it: if we were
 * stopped ourselves, the box has missed us and we do not know. And the farewell follows once more. */

enum question {
    NOTHING,
#define X(name, code, sentence) ASK_##name,
    QUESTIONS(X)
#undef X
        QUESTION_COUNT
};

/* Times. */
#define NOW            INT64_C(0)
#define NEVER          INT64_MAX
#define READ_NS        (10 * VB_NS_PER_S)
#define RESEND_NS      (10 * VB_NS_PER_S) /* others have lowered it: no fight */
#define RESEND_UP_NS   (1 * VB_NS_PER_S)  /* more than wanted is in force */
#define ACKNOWLEDGE_NS (1 * VB_NS_PER_S)
#define REFUSED_NS     (10 * VB_NS_PER_S)  /* ... where it was refused */
#define SUPERVISE_NS   (600 * VB_NS_PER_S) /* somebody else sets it too: EEPROM wears */
#define WEAKER_NS      (10 * VB_NS_PER_S)  /* ... and to one that is no help: sooner at first */
#define WEAKER_MAX     6                   /* doublings */
#define AGAIN_NS       (500 * VB_NS_PER_MS)
#define AGAIN_MAX      4 /* doublings */
#define TRIES          3 /* for what we can do without */

/* The heat: throttled at 65.0 °C, restored at 62.0 (reference/rapi.md section 5), in tenths. */
#define HOT_DC        650
#define COOL_DC       620
#define HOT_BY_STATE  1
#define HOT_BY_SENSOR 2
#define STATE_HOT     0x0a

#define MISSED 2 /* trigger: a pulse was missed and not acknowledged */

const char *vb_keeper_why(enum vb_keeper_reason reason) {
    static const char *const sentences[] = {
#define X(name, sentence) sentence,
        VB_KEEPER_REASONS(X)
#undef X
    };
    size_t i = (size_t)reason;
    return i < sizeof sentences / sizeof sentences[0] ? sentences[i] : "";
}

/* ---- text ---- */

/* What stands behind OK or NK, or behind the code of news. */
struct text {
    const char *at;
    size_t n;
};

#define DIGITS_MAX 9

static unsigned digit_of(char c) {
    int digit = vb_hex_digit(c);
    return digit < 0 ? UINT8_MAX : (unsigned)digit;
}

/* Field number i as a number. *value is written if it is one. */
static bool number(struct text text, unsigned i, unsigned base, int64_t *value) {
    const char *field = "";
    int n = vb_field((const uint8_t *)text.at, text.n, i, &field);
    int minus = n > 0 && field[0] == '-';
    int64_t sum = 0;
    for (int at = minus; at < n && at < DIGITS_MAX + 2; at++) {
        if (digit_of(field[at]) >= base) {
            return false;
        }
        sum = sum * base + digit_of(field[at]);
    }
    if (n <= minus || n > DIGITS_MAX + minus) {
        return false;
    }
    *value = minus ? -sum : sum;
    return true;
}

/* A current or a time as a box gives it. */
static bool amount(struct text text, unsigned i, int64_t *value) {
    int64_t read;
    if (!number(text, i, 10, &read) || read < 0) {
        return false;
    }
    *value = read;
    return true;
}

static size_t put_text(char *out, const char *text) {
    size_t n = strlen(text);
    memcpy(out, text, n);
    return n;
}

static size_t put_number(char *out, int64_t value) {
    static const struct vb_decimal whole = {.mul = 1, .div = 1};
    char digits[VB_NUMBER_TEXT];
    size_t n = vb_decimal_text(&whole, value, digits);
    memcpy(out, digits, n);
    return n;
}

/* ---- what is known ---- */

static bool usable(const struct vb_keeper *k) {
    return k->version >= VB_KEEPER_SINCE;
}

/* The box supervises us as we want it. */
static bool is_ours(const struct vb_keeper *k) {
    return k->supervised_s == k->config.heartbeat_s && k->supervised_a == k->config.safe_a;
}

/* It has none, or one that falls back later or to more than ours. */
static bool is_weaker(const struct vb_keeper *k) {
    return k->supervised_s == 0 || k->supervised_s > k->config.heartbeat_s ||
           k->supervised_a > k->config.safe_a;
}

static bool heartbeat(const struct vb_keeper *k) {
    return k->config.heartbeat_s > 0 && k->version >= VB_KEEPER_SUPERVISION;
}

/* SETTINGS, RANGE and SUPERVISION are asked once: their numbers are 0, 1, 2. */
static unsigned once_of(enum question question) {
    return (unsigned)(question - ASK_SETTINGS);
}

static unsigned bit_of(enum question question) {
    return once_of(question) < VB_KEEPER_ONCE ? 1u << once_of(question) : 0;
}

/* When to ask what is asked once: NK may have been a damaged line, so it is asked again, seldom. */
static int64_t once_due(const struct vb_keeper *k, enum question question) {
    unsigned bit = bit_of(question);
    return k->got & bit ? NEVER : k->tried & bit ? k->retry_ns[once_of(question)] : NOW;
}

static void give_up_for_now(struct vb_keeper *k, enum question question, int64_t now_ns) {
    if (bit_of(question)) {
        k->tried = (uint8_t)(k->tried | bit_of(question));
        k->retry_ns[once_of(question)] = now_ns + READ_NS;
    }
}

/* Nothing is known of the box, and nothing of ours is in it. */
static void forget(struct vb_keeper *k) {
    k->in_force_a = k->saved_a = k->hardware_a = -1;
    k->supervised_s = k->supervised_a = k->trigger = -1;
    k->got = k->tried = k->hot = 0;
    k->four = k->level_1 = k->was_hot = k->room = k->missed = false;
    k->sent = k->done = false;
    k->answered_a = -1;
    k->pulse_ns = k->read_ns = k->heat_ns = k->acknowledge_ns = NOW;
    k->supervise_ns = k->weaker_ns = k->limit_ns = NOW;
    k->weaker_times = 0;
    k->again_ns = k->fails == 0 ? NOW : k->again_ns;
    k->outdated = k->asking != NOTHING;
}

static int64_t within(int64_t value, int64_t least, int64_t most) {
    return value < least ? least : value > most ? most : value;
}

void vb_keeper_init(struct vb_keeper *k, const struct vb_keeper_config *config, int64_t now_ns) {
    memset(k, 0, sizeof *k);
    k->config.safe_a = within(config->safe_a, 0, 255);
    k->config.heartbeat_s =
        config->heartbeat_s > 0 ? within(config->heartbeat_s, 2, VB_KEEPER_HEARTBEAT_MAX) : 0;
    k->window_ns = now_ns;
    forget(k);
}

void vb_keeper_found(struct vb_keeper *k, uint32_t version, int64_t now_ns) {
    (void)now_ns;
    k->version = version;
    k->fails = 0;
    forget(k);
}

void vb_keeper_want(struct vb_keeper *k, int64_t amps, int64_t now_ns) {
    amps = within(amps, 0, 255);
    k->farewell = false;
    if (!k->wanted) { /* what was known may be old */
        k->got = k->tried = 0;
        k->supervised_s = k->supervised_a = k->trigger = -1;
        k->heat_ns = NOW;
        k->read_ns = now_ns;
    }
    if (!k->wanted || amps != k->wanted_a) {
        k->done = false;
        k->answered_a = -1;
    }
    k->wanted = true;
    k->wanted_a = amps;
}

void vb_keeper_release(struct vb_keeper *k, int64_t now_ns) {
    (void)now_ns;
    k->farewell = k->farewell || (k->wanted && (k->version == 0 || usable(k)));
    k->wanted = k->missed = k->cleared = false;
    k->sent = k->done = false;
}

/* ---- what the box says ---- */

/* The current in force, as somebody has just read it. */
static void take_in_force(struct vb_keeper *k, int64_t amps) {
    k->in_force_a = amps;
    if (k->trigger != MISSED && k->done) {
        k->missed = false;
    }
}

/* A bound of the box; where it changes, a limit that was cut off may now be possible. */
static void take_bound(struct vb_keeper *k, int64_t *bound, int64_t amps) {
    k->room = k->room || (*bound >= 0 && *bound != amps);
    *bound = amps;
}

static void take_range(struct vb_keeper *k, struct text text) {
    int64_t least, most, now, saved;
    if (!amount(text, 0, &least) || !amount(text, 1, &most)) {
        return;
    }
    take_bound(k, &k->hardware_a, most);
    k->four = amount(text, 2, &now) && amount(text, 3, &saved);
    if (k->four) {
        take_bound(k, &k->saved_a, saved);
        take_in_force(k, now);
    }
}

#define FLAG_LEVEL_2 1

static void take_settings(struct vb_keeper *k, struct text text) {
    int64_t amps, flags;
    if (!amount(text, 0, &amps) || !number(text, 1, 16, &flags)) {
        return;
    }
    k->level_1 = !(flags & FLAG_LEVEL_2);
    if (!k->four) {
        take_in_force(k, amps);
    }
}

/* $GY, and every answer to $SY, whoever sent it. */
static void take_supervision(struct vb_keeper *k, struct text text, int64_t now_ns) {
    int64_t seconds, amps, trigger;
    if (!amount(text, 0, &seconds) || !amount(text, 1, &amps) || !amount(text, 2, &trigger)) {
        return;
    }
    if (k->trigger >= 0 && k->trigger != trigger) {
        k->read_ns = now_ns; /* it has fallen back, or somebody has set the maximum free */
    }
    k->supervised_s = seconds;
    k->supervised_a = amps;
    k->trigger = trigger;
    k->got = (uint8_t)(k->got | bit_of(ASK_SUPERVISION));
    if (heartbeat(k) && k->wanted && !k->ours && is_ours(k)) {
        /* left behind by one of us that was killed: nobody else asks for just this */
        k->ours = true;
        k->before_s = k->before_a = 0;
    } else if (k->asking == NOTHING && !is_ours(k)) {
        k->ours = false; /* somebody else has set it */
    }
    if (trigger == MISSED && k->wanted) {
        k->missed = true;
        if (k->in_force_a > amps) {
            k->in_force_a = amps;
        }
    }
}

static void take_hot(struct vb_keeper *k, uint8_t by, bool hot) {
    k->hot = (uint8_t)(hot ? k->hot | by : k->hot & ~by);
    k->was_hot = k->was_hot || k->hot;
}

static void take_heat(struct vb_keeper *k, struct text text) {
    int64_t hottest = INT64_MIN;
    for (unsigned i = 0; i < 3; i++) {
        int64_t tenths;
        if (number(text, i, 10, &tenths) && tenths > hottest) {
            hottest = tenths;
        }
    }
    if (hottest >= HOT_DC || hottest < COOL_DC) { /* between the two it stays as it is */
        take_hot(k, HOT_BY_SENSOR, hottest >= HOT_DC);
    }
}

static void take_state(struct vb_keeper *k, struct text text, unsigned base) {
    int64_t state;
    if (number(text, 0, base, &state)) {
        take_hot(k, HOT_BY_STATE, state == STATE_HOT);
    }
}

static void take_news(struct vb_keeper *k, uint32_t id, struct text text, int64_t now_ns) {
    int64_t state, amps;
    bool has_state = id != VB_RAPI_ID('A', 'B') && number(text, 0, 16, &state);
    if (id == VB_RAPI_ID('A', 'B') || (has_state && state == 0)) {
        forget(k); /* it starts: a volatile limit is lost */
        return;
    }
    take_state(k, text, 16);
    if (id == VB_RAPI_ID('A', 'T') && amount(text, 2, &amps)) {
        take_in_force(k, amps);
    }
    k->read_ns = now_ns;
}

/* An answer, whoever asked. */
static void take_answer(struct vb_keeper *k, uint32_t id, bool ok, struct text text,
                        int64_t now_ns) {
    switch (id) {
    case VB_RAPI_ID('S', 'Y'): /* NK also has the three numbers */
        take_supervision(k, text, now_ns);
        return;
    case VB_RAPI_ID('S', 'C'): /* NK has changed it too; the number may be that of $SC n M */
        k->read_ns = now_ns;
        return;
    default:
        break;
    }
    if (!ok) {
        return;
    }
    switch (id) {
    case VB_RAPI_ID('G', 'E'):
        take_settings(k, text);
        return;
    case VB_RAPI_ID('G', 'C'):
        take_range(k, text);
        return;
    case VB_RAPI_ID('G', 'Y'):
        take_supervision(k, text, now_ns);
        return;
    case VB_RAPI_ID('G', 'P'):
        take_heat(k, text);
        return;
    case VB_RAPI_ID('G', 'S'):
        take_state(k, text, k->version >= VB_VERSION(5, 0, 0) ? 16 : 10);
        return;
    case VB_RAPI_ID('S', 'L'): /* the service level sets the current anew */
        k->got = (uint8_t)(k->got & ~bit_of(ASK_SETTINGS));
        k->read_ns = now_ns;
        return;
    default: /* says nothing about the current */
        return;
    }
}

static bool is_news(uint32_t id) {
    return id == VB_RAPI_ID('A', 'T') || id == VB_RAPI_ID('A', 'B') || id == VB_RAPI_ID('S', 'T');
}

void vb_keeper_heard(struct vb_keeper *k, const struct vb_frame *frame, int64_t now_ns) {
    if (!usable(k) || frame->kind != VB_KIND_RAPI || frame->fault != VB_FAULT_NONE ||
        (frame->flags & VB_FRAME_ASK) || frame->len < 2) {
        return;
    }
    struct text text = {"", 0};
    if (frame->len > 3 && frame->data[2] == ' ') {
        text = (struct text){(const char *)frame->data + 3, frame->len - 3};
    }
    bool ok = memcmp(frame->data, "OK", 2) == 0;
    if (ok || memcmp(frame->data, "NK", 2) == 0) {
        take_answer(k, frame->id, ok, text, now_ns);
    } else if (is_news(frame->id)) {
        take_news(k, frame->id, text, now_ns);
    }
}

/* ---- when what is asked ---- */

/* Our limit was answered, and now something else is in force. */
static bool differs(const struct vb_keeper *k) {
    if (!k->done || k->in_force_a < 0 || k->in_force_a == k->wanted_a) {
        return false;
    }
    return (k->answered_a >= 0 && k->in_force_a != k->answered_a) || (k->was_hot && !k->hot) ||
           k->room;
}

static int64_t limit_due(const struct vb_keeper *k) {
    if (!k->sent || k->sent_a != k->wanted_a) {
        return NOW;
    }
    if (!k->done) {
        return NOW; /* not answered: again_ns sets the pace */
    }
    if (!differs(k)) {
        return NEVER;
    }
    return k->limit_ns + (k->in_force_a > k->wanted_a ? RESEND_UP_NS : RESEND_NS);
}

/* The box is supervised otherwise than it should be. */
static int64_t supervise_due(const struct vb_keeper *k) {
    if (!heartbeat(k) || k->supervised_s < 0 || is_ours(k)) {
        return NEVER;
    }
    return is_weaker(k) ? k->weaker_ns : k->supervise_ns;
}

static int64_t pulse_every_ns(const struct vb_keeper *k) {
    int64_t s = k->config.heartbeat_s;
    if (k->supervised_s > 0 && k->supervised_s < s) { /* somebody has set another interval */
        s = k->supervised_s;
    }
    return s * VB_NS_PER_S / 4;
}

/* A current below the wanted one, and no bound of the box that explains it. */
static bool heat_is_likely(const struct vb_keeper *k) {
    return k->done && k->in_force_a >= 0 && k->in_force_a < k->wanted_a && !k->missed &&
           (k->hot || (k->in_force_a != k->saved_a && k->in_force_a != k->hardware_a));
}

static int64_t due_in_keep(const struct vb_keeper *k, enum question question) {
    switch (question) {
    case ASK_ACKNOWLEDGE:
        return heartbeat(k) && k->supervised_s > 0 && k->trigger == MISSED ? k->acknowledge_ns
                                                                           : NEVER;
    case ASK_PULSE:
        return heartbeat(k) && k->supervised_s > 0 ? k->pulse_ns : NEVER;
    case ASK_SETTINGS:
    case ASK_RANGE:
        return once_due(k, question);
    case ASK_SUPERVISION:
        return heartbeat(k) ? once_due(k, question) : NEVER;
    case ASK_SUPERVISE:
        return supervise_due(k);
    case ASK_LIMIT:
        return limit_due(k);
    case ASK_READ:
        return k->read_ns;
    case ASK_HEAT:
        return heat_is_likely(k) ? k->heat_ns : NEVER;
    default: /* FAREWELL: not in this state */
        return NEVER;
    }
}

static enum question next_in_leave(const struct vb_keeper *k) {
    if (k->farewell) {
        return ASK_FAREWELL;
    }
    if (!k->ours) {
        return NOTHING;
    }
    return k->cleared ? ASK_PUT_BACK : ASK_ACKNOWLEDGE;
}

static int64_t due(const struct vb_keeper *k, enum question question) {
    if (k->asking != NOTHING || !usable(k)) {
        return NEVER;
    }
    if (k->wanted) {
        return due_in_keep(k, question);
    }
    return question == next_in_leave(k) ? NOW : NEVER;
}

/* Nothing is asked before: no answer came, or too much was asked. */
static int64_t gate_ns(const struct vb_keeper *k) {
    int64_t full = k->in_window >= VB_KEEPER_BURST ? k->window_ns + VB_NS_PER_S : NOW;
    return full > k->again_ns ? full : k->again_ns;
}

int64_t vb_keeper_deadline_ns(const struct vb_keeper *k) {
    int64_t first = NEVER;
    for (unsigned q = NOTHING + 1; q < QUESTION_COUNT; q++) {
        int64_t at = due(k, (enum question)q);
        first = at < first ? at : first;
    }
    int64_t gate = gate_ns(k);
    return first != NEVER && first < gate ? gate : first;
}

/* ---- asking ---- */

static size_t put_limit(char *out, int64_t amps) {
    size_t n = put_text(out, "SC ");
    n += put_number(out + n, amps);
    return n + put_text(out + n, " V");
}

static size_t put_supervision(char *out, int64_t seconds, int64_t amps) {
    size_t n = put_text(out, "SY ");
    n += put_number(out + n, seconds);
    n += put_text(out + n, " ");
    return n + put_number(out + n, amps);
}

static size_t put_supervise(struct vb_keeper *k, char *out) {
    if (!k->ours) {
        k->before_s = k->supervised_s;
        k->before_a = k->supervised_a;
    }
    k->ours = true; /* even if no answer comes: it may have been done */
    return put_supervision(out, k->config.heartbeat_s, k->config.safe_a);
}

static size_t put_question(struct vb_keeper *k, enum question question, char *out, int64_t now_ns) {
    static const char *const codes[] = {"",
#define X(name, code, sentence) code,
                                        QUESTIONS(X)
#undef X
    };
    switch (question) {
    case ASK_LIMIT:
        k->done = k->room = false;
        k->was_hot = k->hot != 0;
        k->sent = true;
        k->sent_a = k->wanted_a;
        k->limit_ns = now_ns;
        return put_limit(out, k->wanted_a);
    case ASK_FAREWELL:
        return put_limit(out, k->config.safe_a);
    case ASK_PUT_BACK:
        return put_supervision(out, k->before_s, k->before_a);
    case ASK_ACKNOWLEDGE:
        k->done = false; /* and the limit again */
        k->acknowledge_ns = now_ns + ACKNOWLEDGE_NS;
        k->pulse_ns = now_ns + pulse_every_ns(k); /* it is one */
        return k->supervised_s > 0 ? put_supervision(out, k->supervised_s, k->supervised_a)
                                   : put_supervise(k, out);
    case ASK_PULSE:
        k->pulse_ns = now_ns + pulse_every_ns(k);
        break;
    case ASK_SUPERVISE:
        k->supervise_ns = now_ns + SUPERVISE_NS;
        k->weaker_ns = now_ns + (WEAKER_NS << k->weaker_times);
        k->weaker_times = (uint8_t)(k->weaker_times + (k->weaker_times < WEAKER_MAX));
        k->pulse_ns = now_ns + k->config.heartbeat_s * VB_NS_PER_S / 4;
        return put_supervise(k, out);
    case ASK_READ:
        k->read_ns = now_ns + READ_NS;
        k->reads_settings = !k->four && (k->got & (bit_of(ASK_RANGE) | bit_of(ASK_SETTINGS)));
        return put_text(out, k->reads_settings ? "GE" : "GC");
    case ASK_HEAT:
        k->heat_ns = now_ns + READ_NS;
        break;
    default:
        break;
    }
    return put_text(out, codes[question]);
}

size_t vb_keeper_ask(struct vb_keeper *k, char *out, int64_t now_ns) {
    if (now_ns < gate_ns(k)) {
        return 0;
    }
    for (unsigned q = NOTHING + 1; q < QUESTION_COUNT; q++) {
        if (due(k, (enum question)q) > now_ns) {
            continue;
        }
        if (now_ns - k->window_ns >= VB_NS_PER_S) {
            k->window_ns = now_ns;
            k->in_window = 0;
        }
        k->in_window++;
        k->asking = (uint8_t)q;
        k->outdated = false;
        return put_question(k, (enum question)q, out, now_ns);
    }
    return 0;
}

/* ---- answers to what we asked ---- */

/* Nobody answered, or a line was damaged on its way to the box. */
static void not_answered(struct vb_keeper *k, enum question question, int64_t now_ns) {
    int64_t pause = AGAIN_NS << (k->fails < AGAIN_MAX ? k->fails : AGAIN_MAX);
    if (heartbeat(k) && k->supervised_s > 0 && pause > pulse_every_ns(k)) {
        pause = pulse_every_ns(k);
    }
    k->again_ns = now_ns + pause;
    k->fails = (uint8_t)(k->fails + (k->fails < UINT8_MAX));
    switch (question) {
    case ASK_PULSE:
        k->pulse_ns = now_ns;
        break;
    case ASK_SUPERVISE:
        k->supervise_ns = k->weaker_ns = now_ns;
        break;
    case ASK_PUT_BACK:
        k->cleared = false; /* time has passed: it may have missed us */
        break;
    case ASK_READ:
        k->read_ns = now_ns;
        break;
    default: /* SETTINGS, RANGE, SUPERVISION: later, if it does not come now. The others stay due. */
        if (k->fails >= TRIES) {
            give_up_for_now(k, question, now_ns);
        }
        break;
    }
}

/* $SC: since RAPI 2.0.3 with the current that is in force now, also behind NK. Returns false for a
 * bare NK that means that the line was damaged. */
static bool take_limit(struct vb_keeper *k, int64_t asked_a, bool ok, struct text text,
                       int64_t now_ns) {
    int64_t amps = -1;
    if (!amount(text, 0, &amps) && ok) {
        amps = asked_a;
    }
    if (amps < 0 && k->version > VB_KEEPER_SINCE && k->fails < TRIES) {
        return false;
    }
    k->done = k->sent && k->wanted && k->sent_a == k->wanted_a;
    k->answered_a = amps;
    if (amps >= 0) {
        take_in_force(k, amps);
    }
    k->read_ns = now_ns;
    return true;
}

/* Returns false if it counts as not answered. */
static bool taken(struct vb_keeper *k, enum question question, bool ok, struct text text,
                  int64_t now_ns) {
    switch (question) {
    case ASK_LIMIT:
        return take_limit(k, k->sent_a, ok, text, now_ns);
    case ASK_FAREWELL:
        if (!take_limit(k, k->config.safe_a, ok, text, now_ns)) {
            return false;
        }
        k->farewell = false;
        break;
    case ASK_PUT_BACK:
        k->ours = false; /* also where it is refused: so it stays */
        k->farewell = !k->wanted;
        break;
    case ASK_ACKNOWLEDGE:
        k->cleared = !k->wanted; /* asked once: it is put back whatever came of it */
        if (!ok) {
            k->acknowledge_ns = now_ns + REFUSED_NS;
        }
        break;
    case ASK_SUPERVISION:
        k->pulse_ns = now_ns;
        break;
    case ASK_SUPERVISE:
        if (!ok) { /* or an earlier one was done, and only its answer lost: what does it have now? */
            k->got = (uint8_t)(k->got & ~bit_of(ASK_SUPERVISION));
        }
        break;
    default:
        break;
    }
    if (ok) {
        k->got = (uint8_t)(k->got | bit_of(question));
    } else {
        give_up_for_now(k, question, now_ns);
    }
    return true;
}

void vb_keeper_answered(struct vb_keeper *k, bool answered, bool ok, const char *text, size_t n,
                        int64_t now_ns) {
    static const uint32_t ids[] = {0,
#define X(name, code, sentence) VB_RAPI_ID((code)[0], (code)[1]),
                                   QUESTIONS(X)
#undef X
    };
    enum question question = (enum question)k->asking;
    k->asking = NOTHING;
    if (question == NOTHING || k->outdated) {
        return;
    }
    struct text what = {n > 0 ? text : "", n};
    uint32_t id = question == ASK_READ && k->reads_settings ? ids[ASK_SETTINGS] : ids[question];
    if (!answered || !taken(k, question, ok, what, now_ns)) {
        not_answered(k, question, now_ns);
        return;
    }
    k->fails = 0;
    k->again_ns = NOW;
    if (id != VB_RAPI_ID('S', 'C')) {
        take_answer(k, id, ok, what, now_ns);
    }
}

/* ---- how it stands ---- */

bool vb_keeper_settled(const struct vb_keeper *k) {
    if (!usable(k)) {
        return true;
    }
    return k->asking == NOTHING && !k->farewell && (k->wanted ? k->done : !k->ours);
}

/* The limit was answered, and less than wanted is in force. */
static enum vb_keeper_reason why_less(const struct vb_keeper *k) {
    if (k->hot) {
        return VB_KEEPER_HOT;
    }
    if (k->answered_a >= 0 && k->in_force_a != k->answered_a) {
        return k->was_hot ? VB_KEEPER_HOT : VB_KEEPER_OTHERS;
    }
    if (k->in_force_a == k->hardware_a) {
        return k->level_1 ? VB_KEEPER_SERVICE : VB_KEEPER_CLAMPED;
    }
    /* without the saved one: RAPI 5.0.0 has no other bound below that of the hardware */
    bool saved = k->saved_a >= 0
                     ? k->in_force_a == k->saved_a
                     : k->version >= VB_VERSION(5, 0, 0) && k->in_force_a < k->hardware_a;
    return saved ? VB_KEEPER_SAVED : VB_KEEPER_CLAMPED;
}

enum vb_keeper_reason vb_keeper_reason(const struct vb_keeper *k) {
    if (!k->wanted || (usable(k) && k->in_force_a == k->wanted_a)) {
        return VB_KEEPER_NONE;
    }
    if (k->version != 0 && !usable(k)) {
        return VB_KEEPER_TOO_OLD;
    }
    if (k->version == 0 || k->fails >= TRIES) {
        return VB_KEEPER_SILENT;
    }
    if (k->missed) {
        return VB_KEEPER_HEARTBEAT;
    }
    if (!k->done) {
        return VB_KEEPER_WAITING;
    }
    if (k->in_force_a < 0) {
        return VB_KEEPER_CLAMPED;
    }
    if (k->in_force_a < k->wanted_a) {
        return why_less(k);
    }
    return k->in_force_a == k->answered_a ? VB_KEEPER_CLAMPED : VB_KEEPER_OTHERS;
}
