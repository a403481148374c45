/* lin.c - LIN: ids, checksums, headers and responses, and the receiver that finds frames in bytes.
 * Leaves out: schedules, the transport layer of 3C/3D, timing of the sender (all in src/proto).
 * Facts: reference/lin.md sections 2 (PID, checksums), 5 (spying with a UART). The reading of the
 * window by weighed evidence is our own way to combine the rules of section 5.
 * SPDX-License-Identifier: MIT */
#include "voltbus/lin.h"

#include <string.h>

#include "voltbus/time.h"

#define SYNC         0x55
#define ID_MASK      0x3F
#define ID_DIAG      0x3C /* from here on: classic checksum */
#define RESPONSE_MAX 9    /* bytes after the PID */

/* ---- ids and checksums ---- */

uint8_t vb_lin_pid(uint8_t id) {
    unsigned i = id & ID_MASK;
    unsigned p0 = (i ^ i >> 1 ^ i >> 2 ^ i >> 4) & 1;
    unsigned p1 = ~(i >> 1 ^ i >> 3 ^ i >> 4 ^ i >> 5) & 1;
    return (uint8_t)(i | p0 << 6 | p1 << 7);
}

int vb_lin_id(uint8_t pid) {
    return vb_lin_pid(pid) == pid ? pid & ID_MASK : VB_E_CHECK;
}

/* The sum of section 2 without the final inversion: a carry out of bit 7 comes back in at bit 0. */
static unsigned add(unsigned sum, uint8_t byte) {
    sum += byte;
    return sum > 255 ? sum - 255 : sum;
}

/* What the sum begins with. */
static unsigned sum_start(uint16_t kind, uint8_t id) {
    return kind == VB_FRAME_ENHANCED   ? vb_lin_pid(id)
           : kind == VB_FRAME_UNPARITY ? id & (unsigned)ID_MASK
                                       : 0;
}

uint8_t vb_lin_checksum(uint16_t kind, uint8_t id, const uint8_t *data, size_t n) {
    unsigned sum = sum_start(kind, id);
    for (size_t i = 0; i < n; i++) {
        sum = add(sum, data[i]);
    }
    return (uint8_t)~sum;
}

uint16_t vb_lin_checksum_kind(uint8_t id) {
    return id >= ID_DIAG ? VB_FRAME_CLASSIC : VB_FRAME_ENHANCED;
}

/* ---- sending ---- */

int vb_lin_put_header(uint8_t id, uint8_t out[3]) {
    if (id > ID_MASK) {
        return VB_E_RANGE;
    }
    out[0] = 0;
    out[1] = SYNC;
    out[2] = vb_lin_pid(id);
    return 3;
}

int vb_lin_put_response(uint8_t id, uint16_t kind, const uint8_t *data, size_t n, uint8_t *out,
                        size_t cap) {
    if (kind == 0) {
        kind = vb_lin_checksum_kind(id);
    }
    if (id > ID_MASK || n < 1 || n > VB_LIN_DATA_MAX ||
        (kind != VB_FRAME_CLASSIC && kind != VB_FRAME_ENHANCED && kind != VB_FRAME_UNPARITY)) {
        return VB_E_RANGE;
    }
    if (cap < n + 1) {
        return VB_E_SPACE;
    }
    memmove(out, data, n);
    out[n] = vb_lin_checksum(kind, id, out, n);
    return (int)n + 1;
}

/* ---- receiving ---- */

/* Flags of a byte in the window. */
enum {
    AT_BREAK = 1 << 0,   /* break mark */
    AT_FRAMING = 1 << 1, /* no stop bit */
    AT_IDLE = 1 << 2,    /* the wire was idle for more than 10 bits before it */
    AT_STOP = 1 << 3,    /* ... so long that no response goes on over it */
    AT_TIMED = 1 << 4,   /* the two above can be trusted to be absent */
};

/* How a header can begin, weakest first. */
enum { BARE, ZERO, MARKED };

/* How sure it is that nothing follows. */
enum { BUSY, PAUSE, SILENT, ENDED };

#define IDLE_BITS   10
#define STOP_BITS   40 /* all slack of a response of nine bytes in one gap is 36 bits */
#define BYTE_BITS   10
#define LUMP_NS     (20 * VB_NS_PER_MS) /* an FTDI bridge collects bytes for 16 ms */
#define COARSE_FOR  64 /* bytes that times stay doubtful after two came impossibly close */
#define STYLE_KEEP  4  /* headers of a weaker form before we believe that the stream changed */
#define BARE_ENOUGH 3  /* headers without break in a row: this stream has none */
#define LEARNED_MAX 3

/* Evidence, in bits as far as it can be reckoned: 2 to the power of what stands here to one that it
 * is not chance. 00 and 55 are one in 256 each, a valid PID one in four, a checksum of three kinds
 * one in 85. The rest is judgement, checked by the streams in test_lin.c. */
enum {
    E_MARKED = 24,           /* break mark, 55, PID */
    E_MARKED_PARITY = 14,    /* break mark, 55, no PID */
    E_ZERO = 18,             /* 00 55 PID */
    E_BARE = 10,             /* 55 PID */
    E_ZERO_UNUSUAL = -18,    /* ... though this adapter marks breaks */
    E_ZERO_AMONG_BARE = -10, /* ... though this stream has no breaks: a checksum 00 */
    E_BARE_UNMARKED = -12,   /* ... though this adapter marks breaks */
    E_BARE_UNUSUAL = -8,     /* ... though breaks of this stream come as 00 */
    E_AFTER_IDLE = 4,        /* a header without break mark after a gap */
    E_NO_GAP = -10,          /* 55 PID, no gap though times are good: where was the break? */
    E_MATCH = 6,             /* a checksum matches */
    E_MATCH_LEARNED = 10,    /* length and kind are those learned, and E_PER_TIME for each time */
    E_PER_TIME = 2,
    E_MISMATCH = -7,        /* no checksum matches */
    E_MISMATCH_ONE = -3,    /* a single byte, which never can */
    E_MISMATCH_LEN = -4,    /* ... but the length is the one learned */
    E_EMPTY_LEARNED = -3,   /* nobody answers though somebody did before */
    E_END = 4,              /* the frame ends where a break mark or silence is */
    E_END_PAUSE = 2,        /* ... where only a pause in lumpy times is */
    E_HALF_ONE = 0,         /* the window ends with 00 or 55: perhaps half a header */
    E_HALF_TWO = 6,         /* ... with 00 55 */
    E_NOISE = -4,           /* a byte that belongs to nothing */
    E_NOISE_EXPLAINED = -1, /* a break whose mark was lost, a wake-up pulse */
    E_DECIDE = 10,          /* lead over the second best reading to decide before the end is seen */
    E_DECIDE_SHORT = 18,    /* ... if the frame then is shorter than learned, and E_PER_TIME ... */
    E_NEVER = -10000,
};

/* The kinds of checksum, the usual one of ids below 3C first. */
static const uint16_t kinds[] = {VB_FRAME_ENHANCED, VB_FRAME_CLASSIC, VB_FRAME_UNPARITY};
#define KINDS    (sizeof kinds / sizeof kinds[0])
#define KIND_OFF 0xFF

void vb_lin_rx_init(struct vb_lin_rx *rx, uint32_t baud) {
    memset(rx, 0, sizeof *rx);
    rx->bit_ns = baud > 0 ? VB_NS_PER_S / (int64_t)baud : 0;
}

/* Nanoseconds from a to b; 0 if b is not later. Never overflows. */
static int64_t elapsed(int64_t a, int64_t b) {
    uint64_t d = b > a ? (uint64_t)b - (uint64_t)a : 0;
    return d > INT64_MAX ? INT64_MAX : (int64_t)d;
}

int vb_lin_rx_feed(struct vb_lin_rx *rx, uint8_t byte, enum vb_lin_mark mark, int64_t t_ns) {
    if (rx->count == VB_LIN_WINDOW) {
        return VB_E_SPACE;
    }
    unsigned flags = 0;
    if (mark == VB_LIN_MARK_BREAK || (mark == VB_LIN_MARK_FRAMING && byte == 0)) {
        flags |= AT_BREAK;
        rx->style = MARKED; /* this adapter can tell */
        rx->style_miss = 0;
    } else if (mark == VB_LIN_MARK_FRAMING) {
        flags |= AT_FRAMING;
    }
    if (rx->bit_ns > 0) {
        int64_t since = rx->any ? elapsed(rx->last_ns, t_ns) : INT64_MAX;
        /* Two bytes cannot end within half a byte: such times are those of read() calls. */
        if (since < rx->bit_ns * (BYTE_BITS / 2)) {
            rx->coarse = COARSE_FOR;
        } else if (rx->coarse > 0) {
            rx->coarse--;
        }
        int64_t lump = rx->coarse > 0 ? LUMP_NS : 0;
        if (since > rx->bit_ns * (BYTE_BITS + STOP_BITS) + lump) {
            flags |= AT_STOP | AT_IDLE;
        } else if (rx->coarse == 0) {
            flags |= AT_TIMED;
            if (since > rx->bit_ns * (BYTE_BITS + IDLE_BITS)) {
                flags |= AT_IDLE;
            }
        }
    }
    rx->any = true;
    rx->last_ns = t_ns;
    rx->quiet = BUSY;
    rx->window[rx->count++] = (struct vb_lin_byte){t_ns, byte, (uint8_t)flags};
    return VB_OK;
}

/* The moment of a level of quiet, INT64_MAX if there is none. */
static int64_t quiet_at(const struct vb_lin_rx *rx, unsigned level) {
    int64_t wait = rx->bit_ns * STOP_BITS;
    if (level == SILENT && rx->coarse > 0) {
        wait += LUMP_NS;
    }
    return rx->last_ns > INT64_MAX - wait ? INT64_MAX : rx->last_ns + wait;
}

void vb_lin_rx_tick(struct vb_lin_rx *rx, int64_t now_ns) {
    if (now_ns == INT64_MAX) {
        rx->quiet = ENDED;
        return;
    }
    if (!rx->any || rx->bit_ns == 0) {
        return;
    }
    if (rx->quiet < SILENT && now_ns >= quiet_at(rx, SILENT)) {
        rx->quiet = SILENT;
    } else if (rx->quiet < PAUSE && now_ns >= quiet_at(rx, PAUSE)) {
        rx->quiet = PAUSE;
    }
}

int64_t vb_lin_rx_deadline_ns(const struct vb_lin_rx *rx) {
    if (rx->count == 0 || rx->bit_ns == 0 || rx->quiet >= SILENT) {
        return INT64_MAX;
    }
    return quiet_at(rx, rx->quiet == BUSY ? PAUSE : SILENT);
}

/* A header as it stands in the window. */
struct header {
    unsigned form;
    unsigned len; /* bytes up to and with the PID; 0 = no header here */
    bool parity;  /* of the PID */
    int evidence;
};

static bool is_break(const struct vb_lin_byte *b) {
    return b->flags & AT_BREAK;
}

static bool is_plain(const struct vb_lin_byte *b, uint8_t value) {
    return !(b->flags & (AT_BREAK | AT_FRAMING)) && b->value == value;
}

/* Is there a header at w[at]? */
static struct header header_at(const struct vb_lin_rx *rx, unsigned at) {
    const struct vb_lin_byte *w = rx->window + at;
    unsigned n = rx->count - at;
    struct header h = {0};
    unsigned before = is_break(w) || is_plain(w, 0); /* bytes before the sync */
    if (n < before + 2 || !is_plain(w + before, SYNC)) {
        return h;
    }
    const struct vb_lin_byte *sync = w + before;
    const struct vb_lin_byte *pid = sync + 1;
    h.parity = vb_lin_id(pid->value) >= 0;
    if (pid->flags & (AT_BREAK | AT_FRAMING | AT_STOP)) {
        return h;
    }
    if (is_break(w)) { /* a slow leader may leave any gap after the break */
        h.form = MARKED;
        h.evidence = h.parity ? E_MARKED : E_MARKED_PARITY;
    } else if (!h.parity || (before && sync->flags & AT_STOP)) {
        return h;
    } else if (before) {
        h.form = ZERO;
        h.evidence = E_ZERO + (rx->style > ZERO          ? E_ZERO_UNUSUAL
                               : rx->bare >= BARE_ENOUGH ? E_ZERO_AMONG_BARE
                                                         : 0);
    } else {
        h.form = BARE;
        h.evidence = E_BARE +
                     (rx->style == MARKED ? E_BARE_UNMARKED
                      : rx->style == ZERO ? E_BARE_UNUSUAL
                                          : 0) +
                     ((sync->flags & (AT_TIMED | AT_IDLE)) == AT_TIMED ? E_NO_GAP : 0);
    }
    if (h.form != MARKED && w->flags & AT_IDLE) {
        h.evidence += E_AFTER_IDLE;
    }
    h.len = before + 2;
    return h;
}

/* How many bytes at the end of the window, from `at` on, may become a header: 0, 1 or 2. */
static unsigned half_header_at(const struct vb_lin_rx *rx, unsigned at) {
    const struct vb_lin_byte *w = rx->window + at;
    unsigned n = rx->count - at;
    bool start = is_break(w) || is_plain(w, 0);
    if (n == 1) {
        return start || is_plain(w, SYNC);
    }
    return n == 2 && start && is_plain(w + 1, SYNC) ? 2 : 0;
}

/* The bytes after a PID, read one by one. */
struct response {
    uint8_t id;
    uint8_t expected; /* kind that the id uses */
    struct vb_lin_learned learned;
    unsigned sum[KINDS]; /* over all bytes but the last */
    uint8_t kind;        /* that matches, or KIND_OFF */
    unsigned len;        /* bytes, with checksum */
    uint8_t last;
};

static struct response response_of(const struct vb_lin_rx *rx, uint8_t pid) {
    struct response r = {.id = pid & ID_MASK, .kind = KIND_OFF};
    r.learned = rx->learned[r.id];
    for (size_t i = 0; i < KINDS; i++) {
        r.sum[i] = sum_start(kinds[i], r.id);
    }
    return r;
}

static void response_add(struct response *r, uint8_t byte) {
    r->kind = KIND_OFF;
    for (size_t i = 0; i < KINDS; i++) {
        if (r->len > 0) {
            r->sum[i] = add(r->sum[i], r->last);
            if (r->kind == KIND_OFF && (uint8_t)~r->sum[i] == byte) {
                r->kind = (uint8_t)i;
            }
        }
    }
    r->last = byte;
    r->len++;
}

/* How well the bytes so far make a complete response. */
static int response_evidence(const struct response *r) {
    bool known = r->learned.times > 0;
    bool known_len = known && r->len == r->learned.len + 1u;
    if (r->len == 0) {
        return known ? E_EMPTY_LEARNED : 0;
    }
    if (r->kind != KIND_OFF) {
        return known_len && r->kind == r->learned.kind
                   ? E_MATCH_LEARNED + E_PER_TIME * r->learned.times
                   : E_MATCH;
    }
    return known_len ? E_MISMATCH_LEN : r->len == 1 ? E_MISMATCH_ONE : E_MISMATCH;
}

/* A byte at which no response goes on. */
static bool stops(const struct vb_lin_byte *b) {
    return b->flags & (AT_BREAK | AT_STOP);
}

/* Evidence that a frame ends before w[at]. */
static int end_evidence(const struct vb_lin_rx *rx, unsigned at) {
    if (at < rx->count) {
        return stops(rx->window + at) ? E_END : 0;
    }
    return rx->quiet >= SILENT ? E_END : rx->quiet == PAUSE ? E_END_PAUSE : 0;
}

/* Leave out w[at]. */
static int noise_evidence(const struct vb_lin_rx *rx, unsigned at) {
    const struct vb_lin_byte *w = rx->window + at;
    bool lost_break = is_plain(w, 0) && end_evidence(rx, at + 1) == E_END;
    return lost_break || w->flags & AT_FRAMING ? E_NOISE_EXPLAINED : E_NOISE;
}

/* The best reading of a frame: its response has len bytes. */
struct reading {
    int evidence; /* of the frame and all that follows */
    int second;   /* best evidence of a reading that ends the frame elsewhere */
    unsigned len;
    bool open; /* the response goes on after the window */
};

static void consider(struct reading *best, int evidence, unsigned len, bool open) {
    if (evidence >= best->evidence) { /* >=: of equals the longer */
        best->second = best->evidence;
        best->evidence = evidence;
        best->len = len;
        best->open = open;
    } else if (evidence > best->second) {
        best->second = evidence;
    }
}

/* Weigh all ends of the frame with header h at w[at]. after[i] = evidence of all from w[i] on. */
static struct reading read_frame(const struct vb_lin_rx *rx, unsigned at, const struct header *h,
                                 const int16_t *after) {
    struct reading best = {.evidence = E_NEVER, .second = E_NEVER};
    unsigned first = at + h->len;
    struct response r = response_of(rx, rx->window[first - 1].value);
    for (;;) {
        unsigned end = first + r.len;
        int evidence = h->parity ? response_evidence(&r) : 0;
        consider(&best, h->evidence + evidence + end_evidence(rx, end) + after[end], r.len, false);
        if (r.len == RESPONSE_MAX || (end < rx->count && stops(rx->window + end))) {
            break;
        }
        if (end == rx->count) {
            if (rx->quiet < SILENT) {
                consider(&best, h->evidence, r.len, true);
            }
            break;
        }
        response_add(&r, rx->window[end].value);
    }
    return best;
}

/* Drop n bytes from the front of the window. */
static void drop(struct vb_lin_rx *rx, unsigned n) {
    rx->count = (uint8_t)(rx->count - n);
    memmove(rx->window, rx->window + n, rx->count * sizeof rx->window[0]);
}

static void learn(struct vb_lin_learned *l, uint8_t len, uint8_t kind) {
    if (l->times > 0 && l->len == len && l->kind == kind) {
        l->times = (uint8_t)(l->times < LEARNED_MAX ? l->times + 1 : LEARNED_MAX);
    } else if (l->times > 1) {
        l->times--;
    } else {
        *l = (struct vb_lin_learned){len, kind, 1};
    }
}

static void learn_style(struct vb_lin_rx *rx, unsigned form) {
    rx->bare = (uint8_t)(form > BARE ? 0 : rx->bare < BARE_ENOUGH ? rx->bare + 1 : BARE_ENOUGH);
    if (form < rx->style && ++rx->style_miss < STYLE_KEEP) {
        return;
    }
    rx->style = (uint8_t)form;
    rx->style_miss = 0;
}

/* Hand out the frame at the front of the window, with n bytes of response. */
static void hand_out(struct vb_lin_rx *rx, const struct header *h, unsigned n,
                     struct vb_frame *frame) {
    const struct vb_lin_byte *w = rx->window + h->len;
    uint8_t pid = w[-1].value;
    struct response r = response_of(rx, pid);
    bool framing = false;
    for (unsigned i = 0; i < n; i++) {
        response_add(&r, w[i].value);
        rx->out[i] = w[i].value;
        framing |= (w[i].flags & AT_FRAMING) != 0;
    }
    rx->side[0] = pid;
    rx->side[1] = r.last;
    *frame = (struct vb_frame){
        .t_ns = rx->window[0].t_ns,
        .id = r.id,
        .kind = VB_KIND_LIN,
        .len = n > 0 ? n - 1 : 0,
        .data = rx->out,
        .side = rx->side,
        .side_len = n > 0 ? 2 : 1,
    };
    if (!h->parity) {
        frame->fault = VB_FAULT_PARITY;
    } else if (n == 0) {
        frame->fault = VB_FAULT_NO_RESPONSE;
    } else if (framing) {
        frame->fault = VB_FAULT_FRAMING;
    } else if (r.kind == KIND_OFF) {
        frame->fault = VB_FAULT_CHECKSUM;
    } else {
        frame->flags = kinds[r.kind];
        learn(&rx->learned[r.id], (uint8_t)(n - 1), r.kind);
    }
    learn_style(rx, h->form);
    drop(rx, h->len + n);
}

/* The lead over the second best reading that closes a frame before its end is certain. Data may
 * look like a header, so what ends a frame before its usual length must be more than one such
 * pattern. */
static int lead_needed(const struct vb_lin_rx *rx, const struct header *h,
                       const struct reading *best) {
    const struct vb_lin_learned *l = &rx->learned[rx->window[h->len - 1].value & ID_MASK];
    return l->times > 0 && best->len <= l->len ? E_DECIDE_SHORT + E_PER_TIME * l->times : E_DECIDE;
}

bool vb_lin_rx_next(struct vb_lin_rx *rx, struct vb_frame *frame) {
    while (rx->count > 0) {
        /* From the back: the best evidence for all bytes from each place on. */
        int16_t after[VB_LIN_WINDOW + 1];
        unsigned n = rx->count;
        struct header h = {0};
        struct reading best = {0};
        bool header_wins = false;
        unsigned half = 0;
        after[n] = 0;
        for (unsigned at = n; at-- > 0;) {
            int leave_out = noise_evidence(rx, at) + after[at + 1];
            half = half_header_at(rx, at);
            if (half > 0) {
                leave_out = half == 1 ? E_HALF_ONE : E_HALF_TWO;
            }
            h = header_at(rx, at);
            header_wins = false;
            if (h.len > 0) {
                best = read_frame(rx, at, &h, after);
                header_wins = best.evidence >= leave_out;
            }
            after[at] = (int16_t)(header_wins ? best.evidence : leave_out);
        }
        /* h, best, half now describe the front of the window. */
        if (half > 0 && rx->quiet < ENDED) {
            return false;
        }
        bool settled = rx->quiet >= SILENT || n == VB_LIN_WINDOW;
        for (unsigned i = h.len > 0 ? h.len : 1; i < n && !settled; i++) {
            settled = stops(rx->window + i);
        }
        if (header_wins) {
            unsigned end = h.len + best.len;
            if (!settled && !best.open &&
                best.evidence - best.second >= lead_needed(rx, &h, &best)) {
                /* The next header, nine bytes, or a pause after what was learned, decide. */
                settled = best.len == RESPONSE_MAX || rx->quiet == PAUSE ||
                          (end < n && header_at(rx, end).len > 0);
            }
            if (!settled) {
                return false;
            }
            if (!best.open) { /* open and settled: cannot be, the window holds more than a frame */
                hand_out(rx, &h, best.len, frame);
                return true;
            }
        } else if (h.len > 0 && !settled) {
            return false;
        }
        rx->skipped++;
        drop(rx, 1);
    }
    return false;
}
