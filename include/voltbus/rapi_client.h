/* voltbus/rapi_client.h - the machine that talks to an OpenEVSE: one question at a time, the answer
 * tied to it, late and damaged ones told apart, everything asked regularly that the device's table
 * has a period for.
 *
 * It finds out which dialect the box speaks: the version ($GV), whether replies have checksums,
 * whether it knows sequence ids, whether it echoes. What a version does not have, or has with
 * another meaning, is never sent.
 * It never reads a clock; the caller owns all memory; copyable.
 * Facts: reference/rapi.md sections 1, 2, 4, 5, 6.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_RAPI_CLIENT_H
#define VOLTBUS_RAPI_CLIENT_H

#include "voltbus/call.h"
#include "voltbus/rapi.h"
#include "voltbus/time.h"

/* The states; limits in ms (0 = none). */
#define VB_RAPI_STATES(X)                                                                          \
    X(FIND, "find", 1000, "$GV is asked until it is answered the same way twice")                  \
    X(IDS, "ids", 500, "one question with a sequence id: does it come back?")                      \
    X(TALK, "talk", 0, "questions and answers")                                                    \
    X(AGAIN, "again", 1000,                                                                        \
      "an answer was missed: $GV until the known one comes back, so that "                         \
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
    char firmware[24], rapi[16]; /* as $GV gave them, with 0 at the end */
};

struct vb_rapi_client_config {
    const struct vb_device *device; /* its messages with calls: what can be asked, and how often */
    bool poll;                      /* ask by itself what has a period */
    uint8_t sum;                    /* enum vb_rapi_sum behind commands; usually VB_RAPI_XOR */
    bool ids;                       /* use sequence ids where the box knows them */
    int64_t wait_ns;                /* longest time until an answer begins; 0 = 500 ms */
};

#define VB_RAPI_QUEUE 8
#define VB_RAPI_POLLS 24

struct vb_rapi_question {
    uint32_t ticket; /* the caller's number; 0 = ours */
    uint16_t
        message; /* number of the message of the device; VB_RAPI_NO_MESSAGE: not in its table */
    uint8_t n;
    char body[VB_CALL_TEXT];
};
#define VB_RAPI_NO_MESSAGE 0xFFFFu

struct vb_rapi_poll {
    uint16_t message;
    bool absent; /* it said NK: not asked again before the box restarts */
    int64_t due_ns;
};

struct vb_rapi_client {
    struct vb_rapi_client_config config;
    struct vb_rapi_dialect dialect;
    uint8_t state; /* enum vb_rapi_state */
    struct vb_rapi_reader reader;
    struct vb_rapi_line line;
    /* the question that waits for its answer */
    bool waiting;
    struct vb_rapi_question now;
    uint8_t tries, sequence, missed;
    int64_t until_ns; /* the answer is missed, or the state is over */
    int64_t quiet_ns; /* nothing is sent before */
    struct vb_rapi_question queue[VB_RAPI_QUEUE];
    uint8_t queued;
    struct vb_rapi_poll polls[VB_RAPI_POLLS];
    uint8_t poll_count, poll_next;
    char tx[VB_RAPI_SEND_MAX + 9];
    uint8_t tx_n;
    uint8_t events; /* bits: what vb_rapi_client_next has still to give */
    uint32_t event_ticket, event_id;
    uint8_t event_result;
    char event_text[VB_RAPI_LINE_MAX + 1];
    uint8_t event_n;
    /* for reading: how the line is */
    uint32_t sent, answered, damaged, late, repeated, lost;
    uint32_t form_seen; /* see rapi_client.c */
};

/* Begin, in state FIND: nothing is known. config is copied. */
void vb_rapi_client_init(struct vb_rapi_client *c, const struct vb_rapi_client_config *config,
                         int64_t now_ns);

/* Ask. ticket: not 0; comes back with the answer. message: number of the message of the device whose
 * call this is. body: n characters, as vb_call_write makes them. It is sent when those before it are
 * answered, and before anything that is only asked regularly.
 * Returns VB_OK: exactly one VB_RAPI_ANSWER will come; VB_E_SPACE: the queue is full, or the body is
 * too long for it. */
int vb_rapi_client_ask(struct vb_rapi_client *c, uint32_t ticket, size_t message, const char *body,
                       size_t n, int64_t now_ns);

/* Ask message number m now that is otherwise asked regularly (also one that was absent). */
void vb_rapi_client_poll_now(struct vb_rapi_client *c, size_t m, int64_t now_ns);

/* Bytes that came: takes up to n, stops behind a line that gave events. Returns how many were used:
 * call vb_rapi_client_next until it is empty, then feed the rest. */
size_t vb_rapi_client_feed(struct vb_rapi_client *c, const uint8_t *bytes, size_t n,
                           int64_t now_ns);

/* Time passed; harmless to call early. Then next until empty, then take. */
void vb_rapi_client_tick(struct vb_rapi_client *c, int64_t now_ns);
int64_t vb_rapi_client_deadline_ns(const struct vb_rapi_client *c);

/* Bytes to send: one line at most, 0 = none. out: room for VB_RAPI_SEND_MAX + 9. *frame (may be NULL):
 * the same as a frame, with VB_FRAME_ASK | VB_FRAME_TX; its bytes are those of out. Call it after
 * every feed, tick and ask. */
size_t vb_rapi_client_take(struct vb_rapi_client *c, uint8_t *out, struct vb_frame *frame,
                           int64_t now_ns);

/* What happened. */
enum vb_rapi_event_what {
    VB_RAPI_FRAME,  /* a line was heard: an answer (id: of its question), news, or a damaged one */
    VB_RAPI_ANSWER, /* a question of the caller is over */
    VB_RAPI_FOUND,  /* the dialect is known: c->dialect */
    VB_RAPI_GONE,   /* the box does not answer any more; it is looked for again */
};
struct vb_rapi_event {
    uint8_t what;
    struct vb_frame frame; /* FRAME; bytes live until the next feed. t_ns is 0 */
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
