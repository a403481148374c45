/* dbc_make.c - from what a DBC says to the structs of a device, and what is odd about it.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "host/file/dbc_parts.h"
#include "voltbus/bits.h"

#define EXT_BIT   INT64_C(0x80000000)
#define EXT_IDS   INT64_C(0x1FFFFFFF)
#define STD_IDS   INT64_C(0x7FF)
#define CAN_BYTES 64

/* J1939: priority 3 bits, page 2, format 8, specific 8, source 8. Below format 240 "specific" is the address of
 * the receiver. */
#define J1939_PGN       0x03FFFF00u
#define J1939_PGN_TO    0x03FF0000u
#define J1939_ALL       0x03FFFFFFu
#define J1939_BROADCAST 240

/* ---- numbers ---- */

#define EXPONENT_LEAST (-18)                      /* 10^18 is the largest power of ten in 64 bits */
#define PRECISE        UINT64_C(1000000000000000) /* more digits than these are of no account */

static bool times_ten(int64_t *value, int times) {
    while (times-- > 0 && *value != 0) {
        if (__builtin_mul_overflow(*value, 10, value)) {
            return false;
        }
    }
    return true;
}

/* One digit less. */
static void coarser(struct dbc_decimal *value) {
    value->mantissa = (value->mantissa + 5) / 10;
    value->exponent = value->mantissa == 0 ? 0 : value->exponent + 1;
}

static int64_t whole(const struct dbc_decimal *value) {
    return value->minus ? -(int64_t)value->mantissa : (int64_t)value->mantissa;
}

static int64_t gcd(int64_t a, int64_t b) {
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

/* value = (raw * mul + add) / div of a factor and an offset. Returns false if digits were lost. */
static bool ratio(struct dbc_decimal factor, struct dbc_decimal offset, struct vb_scale *scale) {
    bool exact = true;
    for (;;) {
        int below = factor.exponent < offset.exponent ? factor.exponent : offset.exponent;
        below = below < 0 ? -below : 0;
        int64_t div = 1;
        int64_t mul = whole(&factor);
        int64_t add = whole(&offset);
        if (below <= -EXPONENT_LEAST && times_ten(&div, below) &&
            times_ten(&mul, factor.exponent + below) && times_ten(&add, offset.exponent + below)) {
            int64_t common = gcd(gcd(div, mul), add);
            *scale = (struct vb_scale){mul / common, add / common, div / common};
            return exact && mul != 0;
        }
        if (below == 0) { /* beyond 64 bits: what is nearest */
            *scale = (struct vb_scale){factor.minus ? -INT64_MAX : INT64_MAX, 0, 1};
            return false;
        }
        struct dbc_decimal *finer = factor.exponent <= offset.exponent ? &factor : &offset;
        coarser(finer);
        exact &= finer->mantissa >= PRECISE;
    }
}

static const struct vb_scale *make_scale(struct dbc *d, const struct dbc_signal *signal) {
    struct dbc_decimal factor = signal->factor;
    if (factor.mantissa == 0) {
        dbc_note(d, signal->line, "%.*s: the factor is 0: read as 1", (int)signal->name.n,
                 signal->name.text);
        factor = (struct dbc_decimal){1, 0, false};
    }
    if (factor.mantissa == 1 && factor.exponent == 0 && !factor.minus &&
        signal->offset.mantissa == 0) {
        return VB_RAW;
    }
    struct vb_scale *scale = dbc_take_memory(d, d->arena, sizeof *scale);
    if (scale && !ratio(factor, signal->offset, scale)) {
        if (scale->mul == 0) { /* too small for any number of the row */
            scale->mul = factor.minus ? -1 : 1;
            scale->div = INT64_MAX;
        }
        dbc_note(
            d, signal->line,
            "%.*s: factor and offset do not fit 64 bits together: the nearest that does is taken",
            (int)signal->name.n, signal->name.text);
    }
    return scale;
}

/* Thousandths, rounded away from 0 so that the range never becomes narrower. False: beyond 64 bits. */
static bool thousandths(const struct dbc_decimal *value, int64_t *milli) {
    *milli = whole(value);
    int up = value->exponent + 3;
    if (up >= 0) {
        return times_ten(milli, up);
    }
    bool rest = false;
    for (; up < 0 && *milli != 0; up++) {
        rest |= *milli % 10 != 0;
        *milli /= 10;
    }
    *milli += rest ? (value->minus ? -1 : 1) : 0;
    return true;
}

/* Lowest and highest raw number of a field. False: 64 bits without sign. */
static bool raw_range(const struct vb_signal *row, int64_t *low, int64_t *high) {
    bool minus = row->flags & VB_SIGNED;
    *low = minus ? -(INT64_C(1) << (row->len - 1 < 63 ? row->len - 1 : 62)) : 0;
    *high = row->len - minus < 63 ? (INT64_C(1) << (row->len - minus)) - 1 : INT64_MAX;
    if (minus && row->len == 64) {
        *low = INT64_MIN;
    }
    return minus || row->len < 64;
}

/* [0|0] is no range, nor is one whose ends the engine could not compare, or that leaves no value. */
static const struct vb_limits *make_limits(struct dbc *d, const struct dbc_signal *signal,
                                           const struct vb_signal *row) {
    struct vb_limits limits;
    int64_t low;
    int64_t high;
    if ((signal->min.mantissa == 0 && signal->max.mantissa == 0) || row->flags & VB_FLOAT ||
        !thousandths(&signal->min, &limits.min_milli) ||
        !thousandths(&signal->max, &limits.max_milli) || !raw_range(row, &low, &high)) {
        return NULL;
    }
    if (limits.min_milli > limits.max_milli) {
        dbc_note(d, signal->line, "%.*s: the minimum is above the maximum: no range",
                 (int)signal->name.n, signal->name.text);
        return NULL;
    }
    static const struct vb_scale one = {1, 0, 1};
    const struct vb_scale *scale = row->scale ? row->scale : &one;
    int64_t unused;
    bool fits = !__builtin_mul_overflow(limits.min_milli, scale->div, &unused) &&
                !__builtin_mul_overflow(limits.max_milli, scale->div, &unused);
    const int64_t ends[] = {low, high};
    for (size_t i = 0; i < 2; i++) {
        int64_t value;
        fits = fits && !__builtin_mul_overflow(ends[i], scale->mul, &value) &&
               !__builtin_add_overflow(value, scale->add, &value) &&
               !__builtin_mul_overflow(value, INT64_C(1000), &unused);
    }
    struct vb_limits *kept = fits ? dbc_take_memory(d, d->arena, sizeof *kept) : NULL;
    if (kept) {
        *kept = limits;
    }
    return kept;
}

/* ---- multiplexing ---- */

static const struct dbc_signal *signal_named(const struct dbc *d, const struct dbc_message *m,
                                             struct dbc_word name) {
    return dbc_known(&d->index, DBC_ROW, (int64_t)m->number, name);
}

/* The row that "m3" is about: the one with M that is not selected itself, else the first one with M. */
static const struct dbc_signal *root_of(const struct dbc_message *m) {
    const struct dbc_signal *root = NULL;
    for (const struct dbc_signal *s = m->first; s; s = s->next) {
        if (s->selects && (!root || (root->selected && !s->selected))) {
            root = s;
        }
    }
    return root;
}

static const struct vb_mux *make_mux(struct dbc *d, const struct dbc_message *m,
                                     const struct dbc_signal *signal,
                                     const struct dbc_signal *root) {
    const struct vb_mux *chain = NULL;
    for (const struct dbc_range *range = signal->ranges; range; range = range->next) {
        const struct dbc_signal *selector = signal_named(d, m, range->selector);
        struct vb_mux *mux = selector ? dbc_take_memory(d, d->arena, sizeof *mux) : NULL;
        if (!selector) {
            dbc_note(d, range->line, "%.*s: the message has no signal '%.*s' that could select it",
                     (int)signal->name.n, signal->name.text, (int)range->selector.n,
                     range->selector.text);
        } else if (mux) {
            *mux = (struct vb_mux){selector->number, range->lo, range->hi, chain};
            chain = mux;
        }
    }
    if (chain || !signal->selected) {
        return chain;
    }
    if (!root || root == signal) {
        dbc_note(d, signal->line, "%.*s: the message has no signal with M: shown in every frame",
                 (int)signal->name.n, signal->name.text);
        return NULL;
    }
    struct vb_mux *mux = dbc_take_memory(d, d->arena, sizeof *mux);
    if (mux) {
        *mux = (struct vb_mux){root->number, signal->value, signal->value, NULL};
    }
    return mux;
}

static void check_selectors(struct dbc *d, const struct dbc_message *m) {
    const struct dbc_signal *first = NULL;
    bool ranges = false;
    for (const struct dbc_signal *s = m->first; s; s = s->next) {
        ranges |= s->ranges != NULL;
    }
    for (const struct dbc_signal *s = m->first; s && !ranges; s = s->next) {
        if (s->selects && !s->selected && first) {
            dbc_note(d, s->line, "%.*s: a second M without SG_MUL_VAL_: only %.*s selects",
                     (int)s->name.n, s->name.text, (int)first->name.n, first->name.text);
        }
        first = !first && s->selects && !s->selected ? s : first;
    }
}

/* ---- what shares bits ---- */

static bool apart(const struct vb_signal *rows, const struct vb_signal *a,
                  const struct vb_signal *b, unsigned *looks);

/* A row that is there for these values of its selector: is it then never there together with b? */
static bool excluded(const struct vb_signal *rows, const struct vb_mux *mux,
                     const struct vb_signal *b, unsigned *looks) {
    bool differ = b->mux != NULL;
    for (const struct vb_mux *two = b->mux; two && differ; two = two->or_else) {
        if (*looks == 0) {
            return true;
        }
        --*looks;
        differ = mux->selector == two->selector && (mux->hi < two->lo || two->hi < mux->lo);
    }
    return differ || apart(rows, &rows[mux->selector], b, looks);
}

static bool always_excluded(const struct vb_signal *rows, const struct vb_signal *a,
                            const struct vb_signal *b, unsigned *looks) {
    bool all = a->mux != NULL;
    for (const struct vb_mux *mux = a->mux; mux && all; mux = mux->or_else) {
        all = excluded(rows, mux, b, looks);
    }
    return all;
}

/* Can two rows never stand in the same frame? Then they, or what selects them, have one selector with different
 * values. Who looks too often gives up, and nothing is said. */
static bool apart(const struct vb_signal *rows, const struct vb_signal *a,
                  const struct vb_signal *b, unsigned *looks) {
    if (*looks == 0) {
        return true;
    }
    --*looks;
    return always_excluded(rows, a, b, looks) || always_excluded(rows, b, a, looks);
}

#define LOOKS     1000     /* at selectors, for two rows */
#define LOOKS_ALL 10000000 /* for all rows of a file */

static void note_bits(struct dbc_signal *signal) {
    unsigned first =
        signal->big_endian ? (signal->start & ~7u) + 7 - (signal->start & 7) : signal->start;
    for (unsigned i = 0; i < signal->len; i++) {
        unsigned at = first + i;
        unsigned bit = signal->big_endian ? (at & ~7u) + 7 - (at & 7) : at;
        if (bit < 8 * CAN_BYTES) {
            signal->bits[bit / 64] |= UINT64_C(1) << bit % 64;
        }
    }
}

static bool share_bits(const struct dbc_signal *a, const struct dbc_signal *b) {
    uint64_t both = 0;
    for (size_t i = 0; i < sizeof a->bits / sizeof a->bits[0]; i++) {
        both |= a->bits[i] & b->bits[i];
    }
    return both != 0;
}

/* Tell of a row once, with the first one before it that it is in the way of; and once that no more is looked at. */
static void check_shared(struct dbc *d, const struct dbc_message *m, const struct dbc_signal *s,
                         const struct vb_signal *rows) {
    for (const struct dbc_signal *other = m->first; other != s && d->looks > 0;
         other = other->next) {
        unsigned most = d->looks < LOOKS ? d->looks : LOOKS;
        unsigned looks = most;
        bool meet =
            share_bits(s, other) && !apart(rows, &rows[s->number], &rows[other->number], &looks);
        unsigned used = most - looks + 1;
        d->looks -= used < d->looks ? used : d->looks;
        if (meet) {
            dbc_note(d, s->line, "%.*s: shares bits with %.*s in line %lu", (int)s->name.n,
                     s->name.text, (int)other->name.n, other->name.text, other->line);
            break;
        }
    }
    if (d->looks == 0) {
        dbc_note(d, s->line, "%.*s: too many signals on the same bits: not looked at from here on",
                 (int)s->name.n, s->name.text);
    }
}

static void check_bits(struct dbc *d, struct dbc_message *m, const struct vb_signal *rows) {
    struct dbc_signal taken = {0}; /* the bits of all rows so far */
    for (struct dbc_signal *s = m->first; s; s = s->next) {
        bool fits = s->big_endian ? vb_bits_inside_be((size_t)m->dlc, s->start, s->len)
                                  : vb_bits_inside_le((size_t)m->dlc, s->start, s->len);
        if (!fits) {
            dbc_note(
                d, s->line,
                "%.*s: reaches beyond the %lld byte%s of the message: absent in shorter frames",
                (int)s->name.n, s->name.text, (long long)m->dlc, m->dlc == 1 ? "" : "s");
        }
        note_bits(s);
        if (d->looks > 0 && share_bits(s, &taken)) {
            check_shared(d, m, s, rows);
        }
        for (size_t i = 0; i < sizeof s->bits / sizeof s->bits[0]; i++) {
            taken.bits[i] |= s->bits[i];
        }
    }
}

/* ---- messages ---- */

#define LINE_DIGITS 21 /* '_' and the number of a line */

/* A name that no other message, or row of the message, has: outputs tell them apart by it. What would be the second
 * of a name has its line behind it, then its number, because there may be more in that line. NULL: memory ran out. */
static const char *own_name(struct dbc *d, int64_t of, struct dbc_word written, const char *name,
                            unsigned long *line, size_t number) {
    const char *wanted = name;
    const unsigned long *first = NULL; /* the line of what has that */
    unsigned long behind = *line;
    void **place = NULL;
    while (name &&
           (place = dbc_place(&d->index, &d->scratch, DBC_NAME, of,
                              (struct dbc_word){name, strlen(name)})) &&
           *place) {
        first = first ? first : *place;
        size_t room = strlen(name) + LINE_DIGITS + 1;
        char *longer = dbc_take_memory(d, d->arena, room);
        if (longer) {
            snprintf(longer, room, "%s_%lu", name, behind);
        }
        name = longer;
        behind = number;
    }
    if (!name || !place) {
        d->no_memory = true;
        return NULL;
    }
    *place = line;
    if (first) {
        dbc_note(d, *line, "%.*s: line %lu has the name %s already: called %s", (int)written.n,
                 written.text, *first, wanted, name);
    }
    return name;
}

/* "MESSAGE.SIGNAL" */
static const char *row_name(struct dbc *d, const struct dbc_message *m, const char *message,
                            struct dbc_signal *s) {
    const char *name =
        own_name(d, (int64_t)m->number, s->name,
                 s->long_name ? s->long_name : dbc_name(&d->scratch, s->name), &s->line, s->number);
    size_t room = strlen(message) + (name ? strlen(name) : 0) + 2;
    char *both = name ? dbc_take_memory(d, d->arena, room) : NULL;
    if (both) {
        snprintf(both, room, "%s.%s", message, name);
    }
    return both;
}

static const char *message_name(struct dbc *d, struct dbc_message *m) {
    return own_name(d, DBC_OF_MESSAGES, m->name,
                    m->long_name ? m->long_name : dbc_name(d->arena, m->name), &m->line, m->number);
}

static void make_row(struct dbc *d, const struct dbc_message *m, struct dbc_signal *signal,
                     const struct dbc_signal *root, const char *message, struct vb_signal *row) {
    row->name = row_name(d, m, message, signal);
    row->unit = signal->unit;
    row->bit = (uint16_t)signal->start;
    row->len = (uint8_t)signal->len;
    row->flags = (signal->big_endian ? VB_BE : VB_LE) | VB_SOFT;
    if (signal->float_type > 0) {
        row->flags |= VB_FLOAT;
    } else {
        row->flags |= signal->minus ? VB_SIGNED : 0;
        row->words = signal->words;
    }
    row->decimals = 12;
    row->title = signal->title;
    row->scale = make_scale(d, signal);
    row->limits = make_limits(d, signal, row);
    row->mux = make_mux(d, m, signal, root);
}

/* The bits of an id of J1939 that say what the message is. */
static uint32_t group_mask(uint32_t id) {
    return (id >> 16 & 0xFF) < J1939_BROADCAST ? J1939_PGN_TO : J1939_PGN;
}

/* Which messages of J1939 have the same number of their group? Then the source tells them apart. */
static void find_groups(struct dbc *d) {
    for (struct dbc_message *m = d->first; m; m = m->next) {
        uint32_t id = (uint32_t)(m->id & EXT_IDS);
        void **place = m->id & EXT_BIT ? dbc_place(&d->index, &d->scratch, DBC_GROUP,
                                                   id & group_mask(id), (struct dbc_word){NULL, 0})
                                       : NULL;
        d->no_memory |= m->id & EXT_BIT && !place;
        if (place && *place) {
            struct dbc_message *other = *place;
            m->shares_group = other->shares_group = true;
        } else if (place) {
            *place = m;
        }
    }
}

static void make_id(const struct dbc *d, const struct dbc_message *m, struct vb_message *message) {
    int format = m->format >= 0 ? m->format : d->format;
    message->ext = m->id > STD_IDS;
    message->mask = UINT32_MAX;
    message->id = (uint32_t)(m->id & EXT_IDS);
    if (message->ext && format == DBC_FORMAT_J1939) {
        message->mask = m->shares_group ? J1939_ALL : group_mask(message->id);
        message->id &= message->mask;
    }
}

/* Returns false if no frame can be this message. */
static bool check_message(struct dbc *d, struct dbc_message *m) {
    if (m->id < 0 || (m->id & ~EXT_BIT) > EXT_IDS) {
        dbc_note(d, m->line, "%.*s: no frame can have the id %lld: left out", (int)m->name.n,
                 m->name.text, (long long)m->id);
        return false;
    }
    if (m->id > STD_IDS && m->id < EXT_BIT) {
        dbc_note(d, m->line,
                 "%.*s: %lld is no id of 11 bits: read as one of 29 (which is written %lld)",
                 (int)m->name.n, m->name.text, (long long)m->id, (long long)(m->id | EXT_BIT));
    }
    if (m->dlc < 0 || m->dlc > CAN_BYTES) {
        dbc_note(d, m->line,
                 "%.*s: %lld bytes: a CAN frame has 0 to 64; longer messages are not put together",
                 (int)m->name.n, m->name.text, (long long)m->dlc);
        m->dlc = m->dlc < 0 ? 0 : CAN_BYTES;
    }
    const struct dbc_message *same_id =
        dbc_known(&d->index, DBC_ID, m->id, (struct dbc_word){NULL, 0});
    if (same_id != m) {
        dbc_note(d, m->line, "%.*s: the id stands in line %lu already: only that message is read",
                 (int)m->name.n, m->name.text, same_id->line);
    }
    return true;
}

#define BROKEN_MAX 10 /* selectors of one message */

/* The rows of one message alone, so that the engine can be asked about them. */
static void check_rows(struct dbc *d, const struct dbc_message *m, const struct vb_message *message,
                       struct vb_signal *rows) {
    const struct vb_device alone = {
        .name = "", .kind = VB_KIND_CAN, .messages = message, .message_count = 1};
    struct vb_defect defect;
    unsigned broken = 0;
    while (m->first && vb_device_check(&alone, &defect) != VB_OK && defect.row != VB_NOWHERE) {
        const struct dbc_signal *signal = m->first;
        for (size_t i = 0; i < defect.row && signal->next; i++) {
            signal = signal->next;
        }
        dbc_note(d, signal->line, "%.*s: %s: shown in every frame", (int)signal->name.n,
                 signal->name.text, defect.what);
        rows[defect.row].mux = NULL; /* all else has been seen to above */
        if (++broken == BROKEN_MAX) {
            dbc_note(d, m->line,
                     "%.*s: %d selectors that are none: all signals are shown in every frame",
                     (int)m->name.n, m->name.text, BROKEN_MAX);
            for (size_t i = 0; i < message->signal_count; i++) {
                rows[i].mux = NULL;
            }
        }
    }
}

/* Milliseconds between two; 0: it has none, or one that has no room in the row. */
static uint16_t make_period(struct dbc *d, const struct dbc_message *m) {
    int64_t period_ms = m->period_ms >= 0 ? m->period_ms : d->period_ms;
    if (period_ms > UINT16_MAX) {
        dbc_note(d, m->line, "%.*s: a cycle time of more than %d ms: left out", (int)m->name.n,
                 m->name.text, UINT16_MAX);
    }
    return period_ms < 0 || period_ms > UINT16_MAX ? 0 : (uint16_t)period_ms;
}

static void make_message(struct dbc *d, struct dbc_message *m, struct vb_message *message) {
    struct vb_signal *rows = dbc_take_memory(d, d->arena, (m->count + 1) * sizeof *rows);
    const char *name = message_name(d, m);
    if (!rows || !name) {
        d->no_memory = true;
        return;
    }
    make_id(d, m, message);
    message->len_max =
        CAN_BYTES; /* the length is wrong in many files: rows beyond the end are absent */
    message->name = name;
    message->title = m->title                           ? m->title
                     : dbc_is(m->sender, "Vector__XXX") ? ""
                                                        : dbc_text(d->arena, m->sender);
    message->period_ms = make_period(d, m);
    message->signals = rows;
    uint16_t n = 0;
    for (struct dbc_signal *s = m->first; s; s = s->next) {
        s->number = n++;
    }
    const struct dbc_signal *root = root_of(m);
    check_selectors(d, m);
    for (struct dbc_signal *s = m->first; s; s = s->next) {
        make_row(d, m, s, root, name, &rows[s->number]);
    }
    message->signal_count = n;
    d->no_memory |= !message->title;
    if (!d->no_memory) {
        check_rows(d, m, message, rows);
        check_bits(d, m, rows);
    }
}

struct vb_device *dbc_make(struct dbc *d) {
    struct vb_device *device = dbc_take_memory(d, d->arena, sizeof *device);
    struct vb_message *messages = dbc_take_memory(d, d->arena, (d->count + 1) * sizeof *messages);
    size_t n = 0;
    d->looks = LOOKS_ALL;
    find_groups(d);
    for (struct dbc_message *m = d->first; m && messages && !d->no_memory; m = m->next) {
        if (n == UINT16_MAX) {
            dbc_note(d, m->line, "%.*s: more than %d messages: left out from here on",
                     (int)m->name.n, m->name.text, UINT16_MAX);
            break;
        }
        if (m->count > UINT16_MAX) {
            dbc_note(d, m->line, "%.*s: more than %d signals: left out", (int)m->name.n,
                     m->name.text, UINT16_MAX);
        } else if (!m->orphans && check_message(d, m)) {
            make_message(d, m, &messages[n++]);
        }
    }
    if (d->no_memory || !device) {
        return NULL;
    }
    *device = (struct vb_device){
        .name = "", .kind = VB_KIND_CAN, .messages = messages, .message_count = (uint16_t)n};
    return device;
}
