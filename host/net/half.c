/* half.c - one direction of a TCP connection (half.h).
 * A hole is given up when the other end has acknowledged what is missing (then the recorder lost it, and nobody
 * will send it again), after a time in which every sender repeats, or when nothing more can come. What follows
 * may start anywhere: the next message is searched by its header.
 * Facts: RFC 9293; the behaviour of chargers and cars: reference/ccs.md 1.3 and quirks 2 to 7.
 * SPDX-License-Identifier: MIT */
#include "host/net/half.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/net/net.h"
#include "voltbus/time.h"
#include "voltbus/v2gtp.h"

#define FIRST_PLACE                                                                                \
    (UINT64_C(1) << 40)  /* so that what lies before the first byte has a place too */
#define HISTORY     4096 /* bytes that are kept to be compared with later copies */
#define PAST_PIECES 16   /* ... and pieces */
#define WINDOW_MIN  16384
#define WINDOW_MAX  (NET_WINDOW + HISTORY)
#define NEVER       INT64_MIN

/* Recorders with two inputs write what was acknowledged up to some ms after the acknowledgement. */
#define ACKED_NS (50 * VB_NS_PER_MS)
/* Chargers send again after 200 to 480 ms (ccs.md 4); later copies of a lost segment were not seen. */
#define HOLE_NS (2 * VB_NS_PER_S)
/* Acknowledgements are remembered so far apart: HALF_ACKS of them reach back over ACKED_NS. */
#define ACK_STEP_NS (5 * VB_NS_PER_MS)
_Static_assert(HALF_ACKS *ACK_STEP_NS > ACKED_NS, "the ring reaches back far enough");

#define TLS_RECORD_MAX (16384 + 2048)

void half_free(struct half *h) {
    free(h->bytes);
    memset(h, 0, sizeof *h);
}

void half_begin(struct half *h, uint32_t seq) {
    h->known = true;
    h->next = h->from = h->told_from = FIRST_PLACE;
    h->next_seq = seq;
}

static uint64_t place(const struct half *h, uint32_t seq) {
    return h->next + (uint64_t)(int64_t)(int32_t)(seq - h->next_seq);
}

static void take(struct half *h, uint64_t to) {
    h->next_seq += (uint32_t)(to - h->next);
    h->next = to;
}

/* The end of the bytes that follow each other from next on. */
static uint64_t reach(const struct half *h) {
    uint64_t end = h->next;
    for (size_t i = 0; i < h->count && h->pieces[i].at <= end; i++) {
        if (h->pieces[i].end > end) {
            end = h->pieces[i].end;
        }
    }
    return end;
}

/* ---- the list of pieces ---- */

static void remove_pieces(struct half *h, size_t at, size_t n) {
    h->count -= n;
    memmove(h->pieces + at, h->pieces + at + n, (h->count - at) * sizeof h->pieces[0]);
}

/* The bytes before this place are no longer kept. */
static void forget(struct half *h, uint64_t before) {
    size_t n = 0;
    while (n < h->count && h->pieces[n].end <= before) {
        n++;
    }
    remove_pieces(h, 0, n);
    if (h->count > 0 && h->pieces[0].at < before) {
        h->pieces[0].at = before;
    }
    size_t kept = 0;
    for (size_t i = 0; i < h->count; i++) {
        kept = (size_t)(h->pieces[i].end - before);
    }
    if (kept > 0) {
        memmove(h->bytes, h->bytes + (before - h->from), kept);
    }
    h->from = before;
    h->told_from = h->told_from > before ? h->told_from : before;
}

/* Make two pieces that touch one, wherever there are such; those before next stay apart from the others. */
static void join_pieces(struct half *h) {
    for (size_t i = 1; i < h->count;) {
        struct piece *left = &h->pieces[i - 1];
        const struct piece *right = &h->pieces[i];
        if (left->end != right->at || left->end == h->next) {
            i++;
            continue;
        }
        left->end = right->end;
        left->joined = true;
        left->late |= right->late;
        if (right->t_ns >= left->t_ns) {
            left->t_ns = right->t_ns;
            left->packet = right->packet;
        }
        remove_pieces(h, i, 1);
    }
}

static bool room_for_piece(struct half *h) {
    size_t past = 0;
    while (past < h->count && h->pieces[past].end <= h->next) {
        past++;
    }
    if (past > PAST_PIECES) {
        h->told_from = h->pieces[past - PAST_PIECES - 1].end;
        remove_pieces(h, 0, past - PAST_PIECES);
    }
    if (h->count == HALF_PIECES) {
        join_pieces(h);
    }
    if (h->count == HALF_PIECES && h->pieces[0].end <= h->next) {
        h->told_from = h->pieces[0].end;
        remove_pieces(h, 0, 1);
    }
    return h->count < HALF_PIECES;
}

/* Room in the window up to this place. Returns false if memory ran out. */
static bool room_for_bytes(struct half *h, uint64_t end) {
    if (end - h->from <= h->cap) {
        return true;
    }
    if (h->count == 0 &&
        h->from < h->next) { /* nothing is kept, and what is missing was given up */
        h->from = h->next;
    }
    uint64_t keep = h->next - h->from > HISTORY ? h->next - HISTORY : h->from;
    if (h->count > 0 && keep > h->from) {
        forget(h, keep);
    }
    size_t need = (size_t)(end - h->from);
    if (need <= h->cap) {
        return true;
    }
    size_t cap = h->cap ? h->cap : WINDOW_MIN;
    while (cap < need) {
        cap = 2 * cap < WINDOW_MAX ? 2 * cap : WINDOW_MAX;
    }
    uint8_t *bytes = realloc(h->bytes, cap);
    if (!bytes) {
        return false;
    }
    h->bytes = bytes;
    h->cap = cap;
    return true;
}

/* ---- segments ---- */

/* Compare a segment with the bytes that are there. Pieces that it repeats are late. */
static void compare(struct half *h, uint64_t at, uint64_t end, const uint8_t *bytes,
                    struct half_put *put) {
    if (at < h->next) { /* taken, whether its bytes are still known or not */
        put->again = (uint32_t)((end < h->next ? end : h->next) - at);
        uint64_t from = at > h->told_from ? at : h->told_from;
        uint64_t to = end < h->next ? end : h->next;
        put->late = from < to ? (uint32_t)(to - from) : 0;
    }
    for (size_t i = 0; i < h->count; i++) {
        struct piece *p = &h->pieces[i];
        uint64_t from = p->at > at ? p->at : at;
        uint64_t to = p->end < end ? p->end : end;
        if (from >= to) {
            continue;
        }
        if (to > h->next) {
            put->again += (uint32_t)(to - (from > h->next ? from : h->next));
        }
        if (put->first_ns == NEVER) {
            put->first_ns = p->t_ns;
        }
        uint64_t past = to < h->next ? to : h->next;
        uint64_t told = from > h->told_from ? from : h->told_from;
        put->late -= told < past ? (uint32_t)(past - told) : 0;
        for (uint64_t k = from; k < to; k++) {
            put->changed += h->bytes[k - h->from] != bytes[k - at];
        }
        p->late |= to > h->next;
    }
}

/* The part from..to of a segment, of which no byte is there yet. */
static bool keep(struct half *h, uint64_t from, uint64_t to, const uint8_t *bytes,
                 const struct piece *like) {
    if (!room_for_piece(h) || !room_for_bytes(h, to)) {
        return false;
    }
    size_t i = h->count;
    while (i > 0 && h->pieces[i - 1].at > from) {
        i--;
    }
    memmove(h->pieces + i + 1, h->pieces + i, (h->count - i) * sizeof h->pieces[0]);
    h->count++;
    h->pieces[i] = *like;
    h->pieces[i].at = from;
    h->pieces[i].end = to;
    h->pieces[i].late |= i + 1 < h->count;
    memcpy(h->bytes + (from - h->from), bytes, (size_t)(to - from));
    return true;
}

/* The first byte from place at on that is not there, at most end; *until: the first behind it that is. */
static uint64_t missing(const struct half *h, uint64_t at, uint64_t end, uint64_t *until) {
    *until = end;
    for (size_t i = 0; i < h->count && at < end; i++) {
        const struct piece *p = &h->pieces[i];
        if (p->at <= at && at < p->end) {
            at = p->end;
        } else if (p->at > at) {
            *until = p->at < end ? p->at : end;
            break;
        }
    }
    return at < end ? at : end;
}

void half_put(struct half *h, uint32_t seq, const uint8_t *bytes, size_t n, int64_t t_ns,
              uint32_t packet, struct half_put *put) {
    *put = (struct half_put){.first_ns = NEVER};
    if (n == 0) {
        return;
    }
    if (!h->known) {
        half_begin(h, seq);
        h->searching = true;
    }
    uint64_t at = place(h, seq);
    uint64_t end = at + n;
    if (n == 1 && end == reach(h)) {
        put->keep_alive = true; /* RFC 9293, 3.8.4: one byte that was sent before, of any value */
        return;
    }
    if ((int64_t)(end - h->next) > NET_WINDOW) {
        bool goes_on = h->far && h->far_seq == seq && reach(h) == h->next;
        h->far = true;
        h->far_seq = seq + (uint32_t)n;
        if (!goes_on) { /* one alone is damage: bit errors were seen in sequence numbers */
            put->dropped = (uint32_t)n;
            put->why = "far ahead of all others of the connection";
            return;
        }
        h->count = 0;
        h->from = at; /* the window begins here, next stays: half_step finds the hole */
    }
    h->far = false;
    compare(h, at, end, bytes, put);
    put->again -= put->late;
    struct piece like = {.t_ns = t_ns, .packet = packet, .late = put->again > 0};
    uint64_t until;
    for (uint64_t k = at > h->next ? at : h->next; k < end; k = until) {
        k = missing(h, k, end, &until);
        if (k < until && (k < h->from || !keep(h, k, until, bytes + (k - at), &like))) {
            put->dropped += (uint32_t)(until - k);
            put->why = "too many others wait for missing ones";
        }
    }
}

void half_ack(struct half *h, uint32_t seq, int64_t t_ns) {
    size_t last = (h->ack_count + HALF_ACKS - 1) % HALF_ACKS;
    uint64_t to = h->known ? place(h, seq) : 0;
    if (!h->known || to <= (h->ack_count ? h->acks[last].to : h->next) ||
        (int64_t)(to - h->next) > NET_WINDOW) { /* old, of an older connection, or false */
        return;
    }
    if (h->ack_count == 0 || t_ns - h->acks[last].t_ns >= ACK_STEP_NS) {
        last = h->ack_count++ % HALF_ACKS;
        h->acks[last].t_ns = t_ns;
    }
    h->acks[last].to = to;
}

/* Since when the other end has the byte of this place; NEVER if it has not. */
static int64_t acked_since(const struct half *h, uint64_t at) {
    size_t n = h->ack_count < HALF_ACKS ? h->ack_count : HALF_ACKS;
    for (size_t i = h->ack_count - n; i < h->ack_count; i++) {
        if (h->acks[i % HALF_ACKS].to > at) {
            return h->acks[i % HALF_ACKS].t_ns;
        }
    }
    return NEVER;
}

bool half_waits(const struct half *h) {
    return h->count > 0 && h->pieces[h->count - 1].end > reach(h);
}

/* ---- messages ---- */

static bool known_type(uint16_t type) {
    return (0x8001 <= type && type <= 0x81FF) || (0x9000 <= type && type <= 0x9003);
}

bool half_message_at(const uint8_t *bytes, size_t n) {
    uint16_t type;
    uint32_t body;
    return vb_v2gtp_header(bytes, n, &type, &body) > 0 &&
           body <= NET_MESSAGE_MAX - VB_V2GTP_HEADER &&
           (known_type(type) || n - VB_V2GTP_HEADER == body);
}

/* Where the first message begins, or may begin; n = nowhere. */
static size_t search(const uint8_t *bytes, size_t from, size_t n, bool final) {
    uint16_t type;
    uint32_t body;
    for (size_t i = from; i < n; i++) {
        const uint8_t *one = memchr(bytes + i, 0x01, n - i);
        if (!one) {
            return n;
        }
        i = (size_t)(one - bytes);
        if (half_message_at(one, n - i) ||
            (!final && vb_v2gtp_header(one, n - i, &type, &body) == VB_E_MORE)) {
            return i;
        }
    }
    return n;
}

/* TLS: a record header with a possible length (RFC 8446, 5.1). Returns 1, 0, or VB_E_MORE. */
static int tls_at(const uint8_t *bytes, size_t n) {
    if ((n > 0 && (bytes[0] < 0x14 || bytes[0] > 0x17)) || (n > 1 && bytes[1] != 3) ||
        (n > 2 && bytes[2] > 4)) {
        return 0;
    }
    if (n < 5) {
        return VB_E_MORE;
    }
    unsigned length = (unsigned)bytes[3] << 8 | bytes[4];
    return length > 0 && length <= TLS_RECORD_MAX;
}

/* What is told about the bytes from next on: with the time and packet of the piece that holds this place. */
static void about(const struct half *h, uint64_t at, struct half_found *found) {
    for (size_t i = 0; i < h->count; i++) {
        if (h->pieces[i].at <= at && at < h->pieces[i].end) {
            found->t_ns = h->pieces[i].t_ns;
            found->packet = h->pieces[i].packet;
        }
    }
}

static void message(struct half *h, size_t n, struct half_found *found) {
    uint64_t end = h->next + n;
    size_t pieces = 0;
    found->bytes = h->bytes + (h->next - h->from);
    found->n = n;
    found->t_ns = NEVER;
    for (size_t i = 0; i < h->count; i++) {
        const struct piece *p = &h->pieces[i];
        if (p->end <= h->next || p->at >= end) {
            continue;
        }
        pieces++;
        found->split |= p->joined;
        found->merged |= !p->joined && (p->at < h->next || p->end > end);
        found->late |= p->late;
        if (p->t_ns >= found->t_ns) {
            found->t_ns = p->t_ns;
            found->packet = p->packet;
        }
    }
    found->split |= pieces > 1;
    h->spoke = true;
    take(h, end);
}

/* Bytes that are no message: up to the next one, or all. */
static enum half_step no_v2gtp(struct half *h, size_t n, bool final, struct half_found *found) {
    const uint8_t *bytes = h->bytes + (h->next - h->from);
    size_t stop = search(bytes, h->searching ? 0 : 1, n, final);
    size_t at = (size_t)snprintf(found->text, sizeof found->text, "%zu byte%s:", stop,
                                 stop == 1 ? "" : "s");
    for (size_t i = 0; i < stop && i < 16; i++) {
        at += (size_t)snprintf(found->text + at, sizeof found->text - at, " %02x", bytes[i]);
    }
    if (stop > 16) {
        snprintf(found->text + at, sizeof found->text - at, " ..");
    }
    about(h, h->next, found);
    h->searching = true;
    take(h, h->next + stop);
    return HALF_NO_V2GTP;
}

/* A message that is longer than what is there: does a segment inside of it begin with another one? Then its
 * length was wrong. Returns the place, or 0. */
static size_t false_length(const struct half *h, uint64_t end) {
    for (size_t i = 0; i < h->count; i++) {
        const struct piece *p = &h->pieces[i];
        if (p->at > h->next && p->at < end &&
            half_message_at(h->bytes + (p->at - h->from), (size_t)(end - p->at))) {
            return (size_t)(p->at - h->next);
        }
    }
    return 0;
}

/* So much waits behind holes that the first one must be given up. */
static bool crowded(const struct half *h) {
    size_t holes = 0;
    uint64_t end = h->next;
    for (size_t i = 0; i < h->count; i++) {
        holes += h->pieces[i].at > end;
        end = h->pieces[i].end > end ? h->pieces[i].end : end;
    }
    return holes > HALF_PIECES / 2 || end - h->next > NET_WINDOW / 4 * 3;
}

/* What is there is used up, up to a message that is not whole. */
static enum half_step hole(struct half *h, uint64_t end, int64_t t_ns, bool final,
                           struct half_found *found) {
    size_t waiting = (size_t)(end - h->next);
    const struct piece *behind = NULL;
    for (size_t i = 0; i < h->count && !behind; i++) {
        behind = h->pieces[i].at > end ? &h->pieces[i] : NULL;
    }
    int64_t acked_ns = acked_since(h, end);
    bool due = final || h->from > end || crowded(h) ||
               (acked_ns != NEVER && t_ns - acked_ns >= ACKED_NS) ||
               (behind && t_ns - behind->t_ns >= HOLE_NS);
    if (behind && due) {
        unsigned long long n = behind->at - end;
        int at = snprintf(found->text, sizeof found->text, "%llu byte%s missing", n,
                          n == 1 ? " is" : "s are");
        if (waiting > 0) {
            snprintf(found->text + at, sizeof found->text - (size_t)at,
                     ", of a message of which %zu came", waiting);
        }
        about(h, behind->at, found);
        take(h, behind->at);
        h->searching = true;
        return HALF_GAP;
    }
    if (!final) {
        return HALF_NOTHING;
    }
    if (waiting > 0) {
        uint16_t type;
        uint32_t body = 0;
        const uint8_t *bytes = h->bytes + (h->next - h->from);
        bool whole = vb_v2gtp_header(bytes, waiting, &type, &body) > 0;
        size_t stop = search(bytes, 1, waiting, true);
        int at = snprintf(found->text, sizeof found->text, "%zu byte%s of a message", stop,
                          stop == 1 ? "" : "s");
        if (whole) {
            snprintf(found->text + at, sizeof found->text - (size_t)at, " of %llu",
                     (unsigned long long)body + VB_V2GTP_HEADER);
        }
        about(h, h->next, found);
        h->searching = true;
        take(h, h->next + stop);
        return HALF_CUT;
    }
    size_t last = (h->ack_count + HALF_ACKS - 1) % HALF_ACKS;
    uint64_t sent = h->fin ? h->fin : h->ack_count ? h->acks[last].to : 0;
    if (sent > end && !(h->fin == 0 && sent == end + 1)) { /* that one may be a FIN */
        unsigned long long n = sent - end;
        snprintf(found->text, sizeof found->text, "%llu byte%s missing at the end", n,
                 n == 1 ? " is" : "s are");
        take(h, sent);
        return HALF_GAP;
    }
    return HALF_NOTHING;
}

enum half_step half_step(struct half *h, int64_t t_ns, bool final, struct half_found *found) {
    uint16_t type;
    uint32_t body;
    *found = (struct half_found){.t_ns = t_ns};
    uint64_t end = h->known ? reach(h) : 0;
    size_t n = h->known ? (size_t)(end - h->next) : 0;
    if (n == 0) {
        return h->known ? hole(h, end, t_ns, final, found) : HALF_NOTHING;
    }
    const uint8_t *bytes = h->bytes + (h->next - h->from);
    int tls = h->spoke ? 0 : tls_at(bytes, n);
    if (tls > 0) {
        about(h, h->next, found);
        half_skip(h);
        return HALF_TLS;
    }
    if (tls == VB_E_MORE && !final) {
        return hole(h, end, t_ns, final, found);
    }
    if (h->searching && search(bytes, 0, n, final) > 0) {
        return no_v2gtp(h, n, final, found);
    }
    int result = vb_v2gtp_header(bytes, n, &type, &body);
    if (result == VB_E_FORMAT || (result > 0 && body > NET_MESSAGE_MAX - VB_V2GTP_HEADER)) {
        h->searching = false;
        return no_v2gtp(h, n, final, found);
    }
    if (result > 0) {
        h->searching = false;
        if (n - VB_V2GTP_HEADER >= body) {
            message(h, VB_V2GTP_HEADER + body, found);
            return HALF_MESSAGE;
        }
        size_t stop = false_length(h, end);
        if (stop > 0) {
            snprintf(found->text, sizeof found->text,
                     "a message of %llu bytes: after %zu of them the next one begins",
                     (unsigned long long)body + VB_V2GTP_HEADER, stop);
            about(h, h->next, found);
            take(h, h->next + stop);
            return HALF_NO_V2GTP;
        }
    }
    return hole(h, end, t_ns, final, found);
}

void half_skip(struct half *h) {
    if (h->known && h->count > 0) {
        take(h, h->pieces[h->count - 1].end > h->next ? h->pieces[h->count - 1].end : h->next);
    }
}
