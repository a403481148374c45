/* signal.c - the engine for one row: bits to raw and back, raw to text and back.
 * Numbers and their text are decimal.c's.
 * SPDX-License-Identifier: MIT */
#include "voltbus/signal.h"

#include <string.h>

#include "base/ieee.h"
#include "row/bytes.h"
#include "row/field.h"
#include "voltbus/bits.h"
#include "voltbus/err.h"

const struct vb_word vb_no_yes[] = {{0, "no"}, {1, "yes"}, {0, NULL}};
const struct vb_word vb_off_on[] = {{0, "off"}, {1, "on"}, {0, NULL}};

/* All 64 bits, unsigned: raw is a bit pattern. */
static bool is_wide(const struct vb_signal *signal) {
    return signal->len + signal->more_len == 64 && !signal->curve &&
           !(signal->flags & (VB_SIGNED | VB_SIGN_MAG | VB_SUM));
}

/* ---- curves ---- */

int vb_steps_to_raw(const struct vb_curve *curve, uint64_t bits, int64_t *raw) {
    unsigned n = 0;
    while (n < curve->count && curve->points[n] < bits) {
        n++;
    }
    *raw = n;
    return VB_OK;
}

int vb_steps_to_bits(const struct vb_curve *curve, int64_t raw, uint64_t *bits) {
    if (raw < 0 || raw > curve->count) {
        return VB_E_RANGE;
    }
    *bits = raw == 0 ? 0 : curve->points[raw - 1] + UINT64_C(1);
    return VB_OK;
}

static int bcd_to_raw(const struct vb_curve *curve, uint64_t bits, int64_t *raw) {
    (void)curve;
    int64_t value = 0;
    int64_t place = 1;
    for (; bits > 0; bits >>= 4) {
        if ((bits & 15) > 9) {
            return VB_E_RANGE;
        }
        value += (int64_t)(bits & 15) * place;
        place *= 10;
    }
    *raw = value;
    return VB_OK;
}

static int bcd_to_bits(const struct vb_curve *curve, int64_t raw, uint64_t *bits) {
    (void)curve;
    if (raw < 0 || raw > INT64_C(9999999999999999)) {
        return VB_E_RANGE;
    }
    uint64_t value = 0;
    for (unsigned shift = 0; raw > 0; raw /= 10, shift += 4) {
        value |= (uint64_t)(raw % 10) << shift;
    }
    *bits = value;
    return VB_OK;
}

const struct vb_curve vb_bcd = {bcd_to_raw, bcd_to_bits, NULL, 0};

/* ---- bits and raw ---- */

static bool inside(const struct vb_signal *signal, size_t n) {
    bool (*fits)(size_t, unsigned, unsigned) =
        signal->flags & VB_BE ? vb_bits_inside_be : vb_bits_inside_le;
    return fits(n, signal->bit, signal->len) &&
           (signal->more_len == 0 || fits(n, signal->more_bit, signal->more_len));
}

#if UINTPTR_MAX > UINT32_MAX
/* Most frames have eight bytes: one load and two shifts. (The compiler makes one load of this.) */
static bool get_of_eight(const struct vb_signal *signal, const uint8_t *data, size_t n,
                         uint64_t *bits) {
    unsigned up = 64u - signal->len;
    if (n < 8 || signal->more_len || signal->len == 0 || signal->len > 64) {
        return false;
    }
    if (signal->flags & VB_BE) {
        unsigned front =
            (signal->bit & ~7u) + 7 - (signal->bit & 7); /* from the first bit on the wire */
        uint64_t all = (uint64_t)data[0] << 56 | (uint64_t)data[1] << 48 | (uint64_t)data[2] << 40 |
                       (uint64_t)data[3] << 32 | (uint64_t)data[4] << 24 | (uint64_t)data[5] << 16 |
                       (uint64_t)data[6] << 8 | (uint64_t)data[7];
        *bits = front <= up ? all << front >> up : 0;
        return front <= up;
    }
    uint64_t all = (uint64_t)data[7] << 56 | (uint64_t)data[6] << 48 | (uint64_t)data[5] << 40 |
                   (uint64_t)data[4] << 32 | (uint64_t)data[3] << 24 | (uint64_t)data[2] << 16 |
                   (uint64_t)data[1] << 8 | (uint64_t)data[0];
    *bits = signal->bit <= up ? all << (up - signal->bit) >> up : 0;
    return signal->bit <= up;
}
#else
static bool get_of_eight(const struct vb_signal *signal, const uint8_t *data, size_t n,
                         uint64_t *bits) {
    (void)signal, (void)data, (void)n,
        (void)bits; /* 64-bit shifts are dearer there than the loop */
    return false;
}
#endif

/* The bits of a field, both pieces. */
static int get_bits(const struct vb_signal *signal, const uint8_t *data, size_t n, uint64_t *bits) {
    if (get_of_eight(signal, data, n, bits)) {
        return VB_OK;
    }
    if (!inside(signal, n)) {
        return VB_E_MORE;
    }
    uint64_t (*get)(const uint8_t *, unsigned, unsigned) =
        signal->flags & VB_BE ? vb_bits_get_be : vb_bits_get_le;
    *bits = get(data, signal->bit, signal->len);
    if (signal->more_len) {
        *bits |= get(data, signal->more_bit, signal->more_len) << signal->len;
    }
    return VB_OK;
}

int vb_signal_get(const struct vb_signal *signal, const uint8_t *data, size_t n, int64_t *raw) {
    if (signal->flags & VB_FIELD) {
        return field_get(signal, data, n, raw);
    }
    if (signal->flags & (VB_BYTES | VB_SUM)) {
        return bytes_get(signal, data, n, raw);
    }
    uint64_t bits;
    int64_t value;
    unsigned len = signal->len + signal->more_len;
    if (get_bits(signal, data, n, &bits) < 0) {
        return VB_E_MORE;
    }
    if (signal->flags & VB_SIGNED) {
        value = vb_bits_signed(bits, len);
    } else if (signal->flags & VB_SIGN_MAG) {
        uint64_t sign = UINT64_C(1) << ((len - 1) & 63);
        value = bits & sign ? -(int64_t)(bits ^ sign) : (int64_t)bits;
    } else {
        value = (int64_t)bits; /* 64 bits: the pattern, on every compiler that we know */
    }
    if (signal->has_absent && value == signal->absent) {
        return VB_E_UNKNOWN;
    }
    if (signal->flags & VB_FLOAT && !ieee_is_number(len, bits)) {
        return VB_E_RANGE;
    }
    if (signal->curve) {
        int result = signal->curve->to_raw(signal->curve, bits, &value);
        if (result < 0) {
            return result;
        }
    }
    *raw = value;
    return VB_OK;
}

/* The bits that stand for the number of a field, if they fit into it. */
static int bits_of_number(const struct vb_signal *signal, int64_t number, uint64_t *bits) {
    uint64_t limit = UINT64_C(1) << (signal->len + signal->more_len - 1); /* of the top bit */
    uint64_t amount = number < 0 ? -(uint64_t)number : (uint64_t)number;
    *bits = (uint64_t)number;
    if (signal->flags & VB_SIGNED) {
        return amount < limit || (number < 0 && amount == limit) ? VB_OK : VB_E_RANGE;
    }
    if (signal->flags & VB_SIGN_MAG) {
        *bits = number < 0 ? amount | limit : amount;
        return amount < limit ? VB_OK : VB_E_RANGE;
    }
    return is_wide(signal) || (number >= 0 && amount >> 1 < limit) ? VB_OK : VB_E_RANGE;
}

static bool is_absent(const struct vb_signal *signal, int64_t raw) {
    return signal->has_absent && raw == signal->absent;
}

/* The bits that stand for raw, if they fit into the field. The curve stands behind the absent value
 * (vb_signal_get compares first), so that one is a plain number. */
static int bits_of(const struct vb_signal *signal, int64_t raw, uint64_t *bits) {
    if (!signal->curve || is_absent(signal, raw)) {
        return bits_of_number(signal, raw, bits);
    }
    uint64_t none;
    uint64_t limit = UINT64_C(1) << (signal->len + signal->more_len - 1);
    if (signal->curve->to_bits(signal->curve, raw, bits) < 0 || *bits >> 1 >= limit) {
        return VB_E_RANGE;
    }
    return signal->has_absent && bits_of_number(signal, signal->absent, &none) == VB_OK &&
                   none == *bits
               ? VB_E_RANGE
               : VB_OK;
}

static bool writable(const struct vb_signal *signal, int64_t raw) {
    /* "Not available" may always be said, whatever the limits. */
    return is_absent(signal, raw) || vb_signal_in_limits(signal, raw);
}

int vb_signal_put(const struct vb_signal *signal, int64_t raw, uint8_t *data, size_t n) {
    uint64_t bits;
    if (signal->flags & VB_BYTES && is_absent(signal, raw)) {
        return bytes_clear(signal, data, n);
    }
    if (signal->flags & (VB_FIELD | VB_BYTES | VB_SUM)) {
        return VB_E_RANGE;
    }
    if (!inside(signal, n)) {
        return VB_E_SPACE;
    }
    if (!writable(signal, raw) || bits_of(signal, raw, &bits) < 0) {
        return VB_E_RANGE;
    }
    void (*put)(uint8_t *, unsigned, unsigned, uint64_t) =
        signal->flags & VB_BE ? vb_bits_put_be : vb_bits_put_le;
    put(data, signal->bit, signal->len, bits);
    if (signal->more_len) {
        put(data, signal->more_bit, signal->more_len, bits >> signal->len);
    }
    return VB_OK;
}

bool vb_signal_in_limits(const struct vb_signal *signal, int64_t raw) {
    const struct vb_limits *limits = signal->limits;
    return !limits || signal->flags & VB_FLOAT ||
           vb_decimal_within(signal->scale, is_wide(signal), raw, limits->min_milli,
                             limits->max_milli);
}

/* Do all numbers of a field stay within 64 bits on the way to their digits? */
static bool fits_64(const struct vb_decimal *decimal, unsigned len, bool is_signed) {
    int64_t most =
        len - is_signed < 63 ? INT64_C(1) << (len - is_signed) : INT64_MAX; /* or one more */
    int64_t value;
    return !__builtin_mul_overflow(most, decimal->mul, &value) &&
           !__builtin_add_overflow(value, decimal->add, &value) &&
           (!is_signed || (!__builtin_mul_overflow(-most, decimal->mul, &value) &&
                           !__builtin_add_overflow(value, decimal->add, &value)));
}

struct vb_decimal vb_signal_decimal(const struct vb_signal *signal) {
    unsigned len = signal->len + signal->more_len;
    bool is_signed = signal->flags & (VB_SIGNED | VB_SIGN_MAG);
    struct vb_decimal decimal = vb_decimal_of(signal->scale, is_wide(signal), signal->decimals);
    if (signal->flags & VB_FLOAT) {
        decimal = vb_decimal_of(signal->scale, true, 0); /* the lowest terms */
        decimal.wide = false;
        decimal.ieee = (uint8_t)len;
    } else if (!decimal.wide && !signal->curve &&
               !(signal->flags & (VB_FIELD | VB_TEXT | VB_SUM)) &&
               !fits_64(&decimal, len, is_signed)) {
        decimal = vb_decimal_of(signal->scale, true, signal->decimals);
        decimal.is_signed = is_signed;
    }
    return decimal;
}

/* ---- words ---- */

static const char *word_for(const struct vb_signal *signal, int64_t raw) {
    for (const struct vb_word *w = signal->words; w && w->word; w++) {
        if (w->raw == raw) {
            return w->word;
        }
    }
    return NULL;
}

/* Append n characters to out, as far as there is room; returns the new length. */
static size_t append(char *out, size_t cap, size_t at, const char *text, size_t n) {
    if (n > cap - at) {
        n = cap - at;
    }
    memcpy(out + at, text, n);
    return at + n;
}

static size_t bit_words(const struct vb_signal *signal, int64_t raw, char *out, size_t cap) {
    size_t at = 0;
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!((uint64_t)raw >> bit & 1)) {
            continue;
        }
        if (at > 0) {
            at = append(out, cap, at, "+", 1);
        }
        const char *word = word_for(signal, bit);
        if (word) {
            at = append(out, cap, at, word, strlen(word));
        } else {
            char name[] = {'b', 'i', 't', '_', (char)('0' + bit / 10), (char)('0' + bit % 10)};
            at = append(out, cap, at, name, sizeof name);
        }
    }
    return at > 0 ? at : append(out, cap, 0, "none", 4);
}

size_t vb_signal_text(const struct vb_signal *signal, int64_t raw, char *out, size_t cap,
                      bool *is_word) {
    bool words = signal->words != NULL;
    size_t n;
    const char *word = NULL;
    if (words && signal->flags & VB_BITS) {
        n = bit_words(signal, raw, out, cap);
    } else if (words && (word = word_for(signal, raw)) != NULL) {
        n = append(out, cap, 0, word, strlen(word));
    } else {
        char number[VB_NUMBER_TEXT];
        struct vb_decimal decimal = vb_signal_decimal(signal);
        n = append(out, cap, 0, number, vb_decimal_text(&decimal, raw, number));
        words = false;
    }
    if (is_word) {
        *is_word = words;
    }
    return n;
}

static bool find_word(const struct vb_signal *signal, const char *text, size_t n, int64_t *raw) {
    for (const struct vb_word *w = signal->words; w && w->word; w++) {
        if (strlen(w->word) == n && memcmp(w->word, text, n) == 0) {
            *raw = w->raw;
            return true;
        }
    }
    return false;
}

/* "bit_07", as bit_words writes it. */
static bool unnamed_bit(const char *text, size_t n, int64_t *bit) {
    if (n != 6 || memcmp(text, "bit_", 4) != 0 || text[4] < '0' || text[4] > '9' || text[5] < '0' ||
        text[5] > '9') {
        return false;
    }
    *bit = (text[4] - '0') * 10 + (text[5] - '0');
    return *bit < 64;
}

/* "stop+caution" or "none" to the bits. */
static bool parse_bits(const struct vb_signal *signal, const char *text, size_t n, int64_t *raw) {
    uint64_t bits = 0;
    if (n == 4 && memcmp(text, "none", 4) == 0) {
        *raw = 0;
        return true;
    }
    for (size_t i = 0; i <= n;) {
        size_t end = i;
        while (end < n && text[end] != '+') {
            end++;
        }
        int64_t bit;
        if (!find_word(signal, text + i, end - i, &bit) && !unnamed_bit(text + i, end - i, &bit)) {
            return false;
        }
        bits |= UINT64_C(1) << bit;
        i = end + 1;
    }
    *raw = (int64_t)bits;
    return true;
}

int vb_signal_parse(const struct vb_signal *signal, const char *text, size_t n, int64_t *raw) {
    int64_t value;
    uint64_t bits;
    if (signal->flags & VB_FLOAT) {
        return VB_E_RANGE;
    }
    bool is_word = signal->words && (signal->flags & VB_BITS ? parse_bits(signal, text, n, &value)
                                                             : find_word(signal, text, n, &value));
    int result =
        is_word ? VB_OK : vb_decimal_parse(signal->scale, is_wide(signal), text, n, &value);
    if (result < 0) {
        return result;
    }
    if (is_absent(signal, value) || !vb_signal_in_limits(signal, value) ||
        bits_of(signal, value, &bits) < 0) {
        return VB_E_RANGE;
    }
    *raw = value;
    return VB_OK;
}
