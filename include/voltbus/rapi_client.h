/* voltbus/rapi_client.h - the machine that talks to an OpenEVSE: one question at a time, the answer
 * tied to it, late and damaged ones told apart, everything asked regularly that the device's table
 * has a period for.
 *
 * It finds out which dialect the box speaks: the version ($GV), whether replies have checksums,
 * whether it knows sequence ids, whether it echoes. What a version does not have, or has with
 * another meaning, is never sent.
 *
 * What is guaranteed of an answer, where no line has more than one wrong byte:
 * - with sequence ids: it is the answer of the box to this question, or an error.
 * - with checksums alone (RAPI 2 to 4, ids off): the same. Late answers are told apart by asking for
 *   the version before a question is repeated.
 * - RAPI 1.x, whose replies have no checksum: an answer with values counts when the same question
 *   was answered with the same bytes three times in a row, so all damages must be the same. An OK without
 *   values counts at once, since an order should not be given twice: one wrong byte can make it of
 *   an NK. News ($ST) is believed as it comes, also in RAPI 2.0.0.
 * - everywhere: a bare NK is also what a box says to a line that it could not read. It counts when it
 *   came three times in a row (of a call that must not be repeated: at once).
 * What a box has heard is another matter: it takes a line without a checksum as well, so a line that
 * has lost the '^' before its checksum (or got an end in its middle) is an order with other digits.
 * With sequence ids this is noticed and the order repeated; else reading back helps.
 * It never reads a clock; the caller owns all memory; copyable while no events wait.
 * Facts: reference/rapi.md sections 1, 2, 4, 5, 6.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_RAPI_CLIENT_H
#define VOLTBUS_RAPI_CLIENT_H

#include "voltbus/call.h"
#include "voltbus/rapi.h"
#include "voltbus/time.h"

/* The states; limits in ms: when the limit passes, what the sentence says is done again (RESTART:
 * FIND). TALK has the wait_ms of each question. */
#define VB_RAPI_STATES(X)                                                                          \
    X(FIND, "find", 1000, "$GV is asked until it is answered the same way twice")                  \
    X(IDS, "ids", 1000, "$GV with a sequence id: does it come back?")                              \
    X(TALK, "talk", 0, "questions and answers")                                                    \
    X(AGAIN, "again", 1000,                                                                        \
      "an answer was missed or is doubtful: $GV until the known one comes back, so that "          \
      "what comes late is behind us")                                                              \
    X(RESTART, "restart", 15000, "the box was told to restart: $AB, $AT 00 or this time: find")

enum vb_rapi_state {
#define X(name, text, limit_ms, sentence) VB_RAPI_##name,
    VB_RAPI_STATES(X)
#undef X
};

/* What became of a question. The texts are API. */
#define VB_RAPI_RESULTS(X)                                                                         \
    X(DONE, "ok", "the box said OK")                                                               \
    X(REFUSED, "nk", "the box said NK")                                                            \
    X(SENT, "sent", "sent; this one is never answered")                                            \
    X(NO_ANSWER, "no-answer", "the box did not answer; whether it was done is not known")          \
    X(NOT_THERE, "not-there", "the RAPI version of this box does not have it")                     \
    X(TOO_LONG, "too-long", "longer than this box can read")                                       \
    X(LOST, "lost", "the link was lost")

enum vb_rapi_result {
#define X(name, text, sentence) VB_RAPI_RESULT_##name,
    VB_RAPI_RESULTS(X)
#undef X
};
const char *vb_rapi_result_text(enum vb_rapi_result result); /* "no-answer"; never NULL */
const char *vb_rapi_result_why(enum vb_rapi_result result);  /* the sentence; never NULL */
const char *vb_rapi_state_text(enum vb_rapi_state state);

/* What is known of the box. */
struct vb_rapi_dialect {
    uint32_t version;            /* VB_VERSION; 0 = not known yet */
    bool sums;                   /* replies have checksums: one without is damaged */
    bool ids;                    /* sequence ids come back: every answer is tied to its question */
    bool echo;                   /* it repeats what we send */
    char firmware[24], rapi[16]; /* as $GV gave them; what is not printable as '?' */
};

struct vb_rapi_client_config {
    const struct vb_device *device; /* its messages with calls: what can be asked, and how often */
    bool poll;                      /* ask by itself what has a period */
    uint8_t sum;                    /* enum vb_rapi_sum behind commands; usually VB_RAPI_XOR */
    uint8_t rarely;                 /* so many times as rarely as the table says; 0 = 1 */
    bool ids;                       /* use sequence ids where the box knows them */
    int64_t wait_ns;                /* longest time until an answer begins; 0 = 500 ms */
};

#define VB_RAPI_QUEUE    8
#define VB_RAPI_POLLS    24
#define VB_RAPI_IN_A_ROW 4 /* questions of callers, before one that is due anyway has its turn */

struct vb_rapi_question {
    uint32_t ticket;  /* the caller's number; 0 = ours */
    uint16_t message; /* number of the message of the device, or VB_RAPI_NO_MESSAGE */
    uint8_t n;
    bool over; /* in the queue: not sent any more, its event waits */
    uint8_t result;
    char body[VB_CALL_TEXT];
};
#define VB_RAPI_NO_MESSAGE 0xFFFFu /* not in the device's table: any answer fits */

struct vb_rapi_poll {
    uint16_t message;
    bool absent; /* it said NK: not asked again before the box restarts */
    int64_t due_ns;
};

struct vb_rapi_client {
    struct vb_rapi_client_config config;
    struct vb_rapi_dialect dialect;
    uint8_t state;    /* enum vb_rapi_state */
    int64_t until_ns; /* an answer is missed, or the state is over */
    struct vb_rapi_reader reader;
    struct vb_rapi_line line;
    /* finding, getting back into step */
    uint8_t sum;      /* behind $GV in FIND: that of the configuration, and the oldest in turn */
    bool agree;       /* $GV was answered once */
    uint32_t known;   /* hash of its answer */
    uint8_t stale;    /* answers to $GV that may still come: asked before the question in hand, */
    uint8_t owed;     /* ... and after it */
    int64_t asked_ns; /* the last $GV */
    uint8_t without;  /* IDS: half answers without the id until it has none */
    uint8_t missed;   /* answers missed in a row */
    /* the question in hand */
    bool held, waiting; /* there is one; it was sent and is not answered */
    struct vb_rapi_question now;
    uint8_t sequence; /* its id; 0 = none */
    uint8_t next_sequence;
    uint8_t tries, misses; /* how often it was sent; how often in vain */
    bool extended;         /* a line was coming when its time was over: a little longer */
    uint32_t doubtful;     /* hash of the last answer, which may count if it comes again */
    uint8_t same;          /* how often it came in a row */
    /* what waits */
    struct vb_rapi_question queue[VB_RAPI_QUEUE];
    uint8_t queued, in_a_row;
    struct vb_rapi_poll polls[VB_RAPI_POLLS];
    uint8_t poll_count;
    /* the last line sent */
    char tx[VB_RAPI_SEND_MAX + 1];
    uint8_t tx_n, tx_body;
    bool tx_ready;
    /* events that wait */
    uint8_t events;
    bool event_damaged;
    uint8_t event_result;
    uint32_t event_id, event_ticket;
    /* for reading: how the line is */
    uint32_t sent, answered, damaged, late, repeated, lost;
};

/* Begin, in state FIND: nothing is known. config is copied. */
void vb_rapi_client_init(struct vb_rapi_client *c, const struct vb_rapi_client_config *config,
                         int64_t now_ns);

/* Ask. ticket: not 0; comes back with the answer. message: number of the message of the device whose
 * call this is, or VB_RAPI_NO_MESSAGE. body: n characters, as vb_call_write makes them. It is sent
 * when those before it are answered, and before what is only asked regularly (but see
 * VB_RAPI_IN_A_ROW). While no box is found it waits, some seconds at most.
 * Returns VB_OK: exactly one VB_RAPI_ANSWER will come; VB_E_SPACE: the queue is full, or the body is
 * too long for it; VB_E_FORMAT: it is no line (vb_rapi_put); VB_E_RANGE: no such message, or it has
 * no call. */
int vb_rapi_client_ask(struct vb_rapi_client *c, uint32_t ticket, size_t message, const char *body,
                       size_t n, int64_t now_ns);

/* Ask message number m now that is otherwise asked regularly (also one that was absent). */
void vb_rapi_client_poll_now(struct vb_rapi_client *c, size_t m, int64_t now_ns);

/* Bytes that came: takes up to n, stops behind a line that gave events, and takes none while events
 * wait. Returns how many were used: call vb_rapi_client_next until it is empty, then feed the rest. */
size_t vb_rapi_client_feed(struct vb_rapi_client *c, const uint8_t *bytes, size_t n,
                           int64_t now_ns);

/* Time passed; harmless to call early; does nothing while events wait. */
void vb_rapi_client_tick(struct vb_rapi_client *c, int64_t now_ns);
/* Tick me by then; INT64_MIN: events wait. */
int64_t vb_rapi_client_deadline_ns(const struct vb_rapi_client *c);

/* Bytes to send: one line at most, 0 = none. out: room for VB_RAPI_SEND_MAX + 1. *frame (may be NULL):
 * the same as a frame, with VB_FRAME_ASK | VB_FRAME_TX; its bytes are those of out. After every ask,
 * poll_now, feed and tick: next until it is empty, then this. The answer is waited for from now on. */
size_t vb_rapi_client_take(struct vb_rapi_client *c, uint8_t *out, struct vb_frame *frame,
                           int64_t now_ns);

/* What happened. */
enum vb_rapi_event_what {
    VB_RAPI_FRAME, /* a line was heard: an answer (id: of its question), news, a damaged one, or one
                     * that answers nothing (id 0); not what only repeats us */
    VB_RAPI_ANSWER, /* a question of the caller is over */
    VB_RAPI_FOUND,  /* the dialect is known: c->dialect; again whenever the box has restarted */
    VB_RAPI_GONE,   /* the box does not answer any more; it is looked for again */
};
struct vb_rapi_event {
    uint8_t what;
    struct vb_frame frame; /* FRAME; bytes live until the next feed. t_ns, bus are 0 */
    /* ANSWER */
    uint32_t ticket;
    uint8_t result;   /* enum vb_rapi_result */
    const char *text; /* DONE, REFUSED: what stands behind OK or NK, n characters */
    size_t n;
};
/* The next event; false: none. The FRAME of an answer comes before its ANSWER. */
bool vb_rapi_client_next(struct vb_rapi_client *c, struct vb_rapi_event *event);

/* True once the box answers (state TALK or AGAIN). */
bool vb_rapi_client_up(const struct vb_rapi_client *c);

#endif
