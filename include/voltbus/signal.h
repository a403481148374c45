/* voltbus/signal.h - the row: one signal, where it stands in its frame and what it means; the
 * engine that reads and writes it; and the sample.
 *
 * Rows are data. Built-in devices have them as const tables, a DBC, an LDF or the configuration
 * makes the same structs at run time; the engine sees only a pointer and a count. Everything that
 * outputs need (words, limits, Home Assistant class, names in other systems) stands here and
 * nowhere else.
 * SPDX-License-Identifier: MIT */
#ifndef VOLTBUS_SIGNAL_H
#define VOLTBUS_SIGNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "voltbus/decimal.h"

/* Lowest and highest value that makes sense, in thousandths of the unit. A value outside is read
 * and shown, and marked; it cannot be written. */
struct vb_limits {
    int64_t min_milli, max_milli;
};
#define VB_MILLI(x) ((int64_t)((x)*1000.0 + ((x) < 0 ? -0.5 : 0.5)))
#define VB_LIMITS(lo, hi)                                                                          \
    .limits = &(const struct vb_limits) { VB_MILLI(lo), VB_MILLI(hi) }

/* A word for a raw value. Tables end with word == NULL. Words are lower case without spaces. With
 * VB_BITS, raw is the number of a bit and the value is the set of the words whose bits are 1. */
struct vb_word {
    int64_t raw;
    const char *word;
};
extern const struct vb_word vb_no_yes[]; /* 0 no, 1 yes */
extern const struct vb_word vb_off_on[]; /* 0 off, 1 on */

/* The hook for what is not linear: bits of the frame to raw and back. Data stands beside the code,
 * so that one pair of functions serves many tables. to_raw and to_bits answer VB_OK or VB_E_RANGE.
 */
struct vb_curve {
    int (*to_raw)(const struct vb_curve *curve, uint64_t bits, int64_t *raw);
    int (*to_bits)(const struct vb_curve *curve, int64_t raw, uint64_t *bits);
    const uint16_t *points; /* for vb_steps_*: upper limits in rising order */
    uint8_t count;
};
/* Steps: raw = how many of the points lie below bits. Written back as the lowest bits of the step.
 */
int vb_steps_to_raw(const struct vb_curve *curve, uint64_t bits, int64_t *raw);
int vb_steps_to_bits(const struct vb_curve *curve, int64_t raw, uint64_t *bits);
#define VB_STEPS(p)                                                                                \
    { vb_steps_to_raw, vb_steps_to_bits, (p), sizeof(p) / sizeof((p)[0]) }
/* Packed decimal digits (0x59 = 59); a digit above 9 is VB_E_RANGE. */
extern const struct vb_curve vb_bcd;

/* A multiplexed row: it is in the frame only if row number `selector` of the same message is there
 * and its raw value is lo..hi, or if `or_else` says so (a chain of further ranges or selectors).
 * A selector may be multiplexed itself, VB_MUX_DEPTH_MAX deep; one that its own `when` or mux rules
 * out, or that is absent, selects nothing. */
#define VB_MUX_DEPTH_MAX 8
struct vb_mux {
    uint16_t selector;
    int64_t lo, hi;
    const struct vb_mux *or_else;
};
#define VB_MUX(row, value)                                                                         \
    .mux = &(const struct vb_mux) { (row), (value), (value), NULL }

/* A row or message that only some values of a setting of the device have (device.h): bit v of
 * values = it exists when the setting number `setting` has its value number v. values == 0: always.
 */
struct vb_when {
    uint8_t setting;
    uint8_t values;
};

enum {
    VB_LE = 0,            /* little endian: bit = place of the least significant bit */
    VB_BE = 1 << 0,       /* big endian: bit = place of the most significant bit */
    VB_SIGNED = 1 << 1,   /* two's complement */
    VB_SIGN_MAG = 1 << 2, /* top bit = minus sign, the others the amount */
    VB_BITS = 1 << 3,     /* words name bits */
    VB_TOTAL = 1 << 4,    /* only ever grows (energy, rain): a meter, not a measurement */
    VB_SIDE = 1 << 5,     /* stands in the side bytes of the frame, not in its data */
    VB_VIEW = 1 << 6,     /* another view of bits that an earlier row has; not written */
    VB_GUESS = 1 << 7,    /* the source marks the meaning or the scale as a guess */
    VB_UNKNOWN = 1 << 8,  /* nobody knows what these bits mean: recorded and shown as they are */
    /* Rows of text (RAPI): fields with one space before each, the first one has the number 0. */
    VB_FIELD = 1 << 9,   /* bit = 64 * number of the field + lowest bit, len = bits of its number */
    VB_HEX = 1 << 10,    /* the field is hexadecimal; else decimal, with a minus if VB_SIGNED */
    VB_CHAR = 1 << 11,   /* the field is one character; raw is its code */
    VB_STRING = 1 << 12, /* the field is text: the sample has it, raw only tells it from others */
    /* The number of the field times that of another one at more_bit, read the same way: both are
     * thousandths, and so is the product, rounded (power from current and voltage). Absent if one of
     * them is. */
    VB_PRODUCT = 1 << 13,
    /* Rows of bytes: a field of bytes that is no number (MAC addresses, keys). bit = 8 * number of the
     * first byte, len = how many bytes, 0 = all to the end of the frame. The sample has the bytes;
     * raw only tells them from others, and is 0 if and only if all of them are 0. */
    VB_BYTES = 1 << 14,   /* shown as hexadecimal digits; with VB_STRING as the text up to a NUL */
    VB_ADDRESS = 1 << 15, /* VB_BYTES, 6 or 16 bytes: shown as MAC address, as IPv6 address */
    VB_SUM = 1 << 16,     /* raw is the sum of the len bytes from bit on; not written (a VB_VIEW) */
    /* IEEE floating point of 32 or 64 bits: raw is its pattern, which nothing computes with. Infinite and NaN are no
     * sample. Not with words, a curve, limits; not read from text (vb_signal_parse: VB_E_RANGE). */
    VB_FLOAT = 1 << 17,
    VB_SOFT =
        1
        << 18, /* the limits hold for what is written; what is read beyond them is not marked (DBC files) */
    VB_TEXT = VB_STRING | VB_BYTES, /* the sample has text or bytes, no number */
};

struct vb_signal {
    const char *name; /* "group.quantity", lower case; API */
    const char *unit; /* "V", "A", "°C" ...; "" = a number or words */
    uint16_t bit;     /* start bit (voltbus/bits.h) */
    uint8_t len;      /* bits, 1..64 together with more_len; see raw of vb_sample */
    uint32_t flags;   /* VB_* above */
    const struct vb_scale *scale;
    /* all that follows may be left out */
    const char *title;           /* what it is, in words */
    const struct vb_word *words; /* names of values or bits */
    const struct vb_curve *curve;
    const struct vb_mux *mux;
    const struct vb_limits *limits;
    struct vb_when when;
    uint16_t more_bit; /* a second piece in the same order, above the first: its start bit ... */
    uint8_t more_len;  /* ... and its bits */
    uint8_t decimals;  /* shown where the ratio has no exact decimal form; 0 = 6, 12 at most */
    bool has_absent;
    /* These bits (as a number, after sign extension and before the curve) mean "not available": no
     * sample. As raw value to be written it stands for these bits too. */
    int64_t absent;
    const char *ha;   /* Home Assistant device class where the unit does not tell it */
    const char *ovms; /* metric name in OVMS, where one exists */
    const char *vss;  /* path in the COVESA Vehicle Signal Specification, where one exists */
};
#define VB_NOT_AVAILABLE(value) .has_absent = true, .absent = (value)

/* A sample: a time, a device instance, a row, a raw value. Unsigned rows of 64 bits (without curve)
 * have their bit pattern in raw: UINT64_MAX is -1. Text of such rows is right over the whole range
 * (with mul 1 and add 0; else it saturates), limits never hold for 2^63 and more, and a mux range
 * compares the signed number. */
struct vb_sample {
    int64_t t_ns;
    const struct vb_signal *signal;
    uint16_t device;   /* number of the instance (vb_instance.number) */
    uint16_t text_len; /* VB_STRING: that many characters, printable ASCII; VB_BYTES: bytes ... */
    int64_t raw;
    const char *text;  /* ... in the bytes of the frame: who keeps the sample copies them */
    bool out_of_range; /* beyond the limits of the row */
};
#define VB_STRING_MAX 63   /* longer text of a field is cut */
#define VB_BYTES_MAX  1536 /* more bytes to the end of a frame are cut: Ethernet has 1514 */

/* Field number i of n characters of text. Returns its length with *field, or -1 if there is none. */
int vb_field(const uint8_t *text, size_t n, unsigned i, const char **field);
/* How many there are; 0 of no text. */
unsigned vb_field_count(const uint8_t *text, size_t n);

/* The text of a row with VB_STRING, or the bytes of one with VB_BYTES. Returns the length
 * (VB_STRING_MAX, VB_BYTES_MAX at most), or as vb_signal_get; a VB_STRING field that holds something
 * else than printable ASCII is VB_E_RANGE. With VB_BYTES and VB_STRING the text ends before its NUL,
 * and a field that holds something else is given as all its bytes. */
int vb_signal_string(const struct vb_signal *signal, const uint8_t *data, size_t n,
                     const char **text);

/* Read one row from n bytes, ignoring mux and when. Of VB_TEXT rows raw is a hash of what is there.
 * Returns VB_OK; VB_E_MORE if the row reaches beyond n bytes; VB_E_RANGE if the bits have no
 * meaning (curve); VB_E_UNKNOWN if the value is the absent one. *raw is written for VB_OK only. */
int vb_signal_get(const struct vb_signal *signal, const uint8_t *data, size_t n, int64_t *raw);

/* Write one row into n bytes; all other bits keep their value. The absent value may be written
 * whatever the limits, and is not given to the curve. Not for rows of text (VB_FIELD: VB_E_RANGE), of
 * bytes (of them only the absent value: zeros), nor for sums.
 * Returns VB_OK; VB_E_SPACE if the row reaches beyond n bytes; VB_E_RANGE if raw does not fit the
 * bits, the curve or the limits, or if the curve makes the bits of "not available" out of it.
 * data is written for VB_OK only. */
int vb_signal_put(const struct vb_signal *signal, int64_t raw, uint8_t *data, size_t n);

/* Write the bytes of a row with VB_BYTES into n bytes of data. len: as many as the row has; fewer
 * with VB_STRING (no NUL among them) or to the end of the frame, then zeros follow.
 * Returns VB_OK; VB_E_SPACE if the row reaches beyond n bytes; VB_E_RANGE if len is not what the row
 * has. data is written for VB_OK only. */
int vb_bytes_put(const struct vb_signal *signal, const char *bytes, size_t len, uint8_t *data,
                 size_t n);

/* Write the bytes of a sample as people see them: text as it is, a MAC address as
 * "98:48:27:5a:3c:e6", an IPv6 address as RFC 5952 has it, all else as hexadecimal digits.
 * out: room for cap, 2 * len at least and 48, else it is cut; no terminator. Returns the length. */
size_t vb_bytes_text(const struct vb_signal *signal, const char *bytes, size_t len, char *out,
                     size_t cap);

/* The way back: bytes from what vb_bytes_text writes (hexadecimal digits in either case).
 * text: n characters. bytes: room for cap. Returns how many, VB_E_FORMAT (no such value) or
 * VB_E_RANGE (not as many as the row or cap has). */
int vb_bytes_parse(const struct vb_signal *signal, const char *text, size_t n, uint8_t *bytes,
                   size_t cap);

/* True if raw lies within the limits of the row (always where it has none). */
bool vb_signal_in_limits(const struct vb_signal *signal, int64_t raw);

/* How the numbers of a row become decimal text (vb_decimal_text). */
struct vb_decimal vb_signal_decimal(const struct vb_signal *signal);

/* Write the value of a row as people see it: its word, the words of its bits joined by '+' ("none"
 * if no bit is set), or its number without unit. A value without a word is written as the number.
 * out: cap bytes, no terminator; cut off at cap. is_word (may be NULL): it is words, not a number.
 * Returns the length. */
size_t vb_signal_text(const struct vb_signal *signal, int64_t raw, char *out, size_t cap,
                      bool *is_word);

/* The reverse: a word of the row, words joined by '+', or a decimal number in the row's unit,
 * rounded to the nearest raw value (half away from zero). text: n characters. Returns VB_OK;
 * VB_E_FORMAT (neither a number nor a word of the row); VB_E_RANGE (beyond the limits of the row or
 * of its bits, or the number that stands for "not available", also with a curve). */
int vb_signal_parse(const struct vb_signal *signal, const char *text, size_t n, int64_t *raw);

#endif
