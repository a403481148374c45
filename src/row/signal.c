/* signal.c - the engine for one row: bits to raw and back, raw to text and back.
 * All arithmetic is in 64-bit integers; where a product does not fit, reading saturates and writing
 * refuses. No floating point, so the same digits come out on a Cortex-M0+ as on a server.
 * SPDX-License-Identifier: MIT */
#include "voltbus/signal.h"

#include <string.h>

#include "voltbus/bits.h"
#include "voltbus/err.h"

#define DIGITS_MAX       12 /* 1/4096 still comes out exactly */
#define DEFAULT_DECIMALS 6

const struct vb_word vb_no_yes[] = {{0, "no"}, {1, "yes"}, {0, NULL}};
const struct vb_word vb_off_on[] = {{0, "off"}, {1, "on"}, {0, NULL}};

static const struct vb_scale one = {1, 0, 1};

static const struct vb_scale *scale_of(const struct vb_signal *signal) {
    return signal->scale ? signal->scale : &one;
}

/* All 64 bits, unsigned: raw is a bit pattern. */
static bool is_wide(const struct vb_signal *signal) {
    return signal->len + signal->more_len == 64 && !signal->curve &&
           !(signal->flags & (VB_SIGNED | VB_SIGN_MAG));
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

int vb_signal_get(const struct vb_signal *signal, const uint8_t *data, size_t n, int64_t *raw) {
    if (!inside(signal, n)) {
        return VB_E_MORE;
    }
    uint64_t (*get)(const uint8_t *, unsigned, unsigned) =
        signal->flags & VB_BE ? vb_bits_get_be : vb_bits_get_le;
    uint64_t bits = get(data, signal->bit, signal->len);
    unsigned len = signal->len;
    if (signal->more_len) {
        bits |= get(data, signal->more_bit, signal->more_len) << len;
        len += signal->more_len;
    }
    int64_t value;
    if (signal->flags & VB_SIGNED) {
        value = vb_bits_signed(bits, len);
    } else if (signal->flags & VB_SIGN_MAG) {
        uint64_t sign = UINT64_C(1) << (len - 1);
        value = bits & sign ? -(int64_t)(bits ^ sign) : (int64_t)bits;
    } else {
        value = (int64_t)bits; /* 64 bits: the pattern, on every compiler that we know */
    }
    if (signal->has_absent && value == signal->absent) {
        return VB_E_UNKNOWN;
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

/* a * b + c, or false where that leaves 64 bits. */
static bool multiply_add(int64_t a, int64_t b, int64_t c, int64_t *result) {
    int64_t product;
    return !__builtin_mul_overflow(a, b, &product) && !__builtin_add_overflow(product, c, result);
}

bool vb_signal_in_limits(const struct vb_signal *signal, int64_t raw) {
    const struct vb_scale *scale = scale_of(signal);
    int64_t value;
    int64_t low;
    int64_t high;
    if (!signal->limits) {
        return true;
    }
    if (raw < 0 && is_wide(signal)) {
        return false; /* 2^63 and more: thousandths of it do not fit 64 bits */
    }
    return multiply_add(raw, scale->mul, scale->add, &value) &&
           multiply_add(value, 1000, 0, &value) &&
           multiply_add(signal->limits->min_milli, scale->div, 0, &low) &&
           multiply_add(signal->limits->max_milli, scale->div, 0, &high) && value >= low &&
           value <= high;
}

/* ---- numbers to text ---- */

static uint64_t gcd(uint64_t a, uint64_t b) {
    while (b > 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static uint64_t amount(int64_t x) {
    return x < 0 ? -(uint64_t)x : (uint64_t)x;
}

struct vb_decimal vb_signal_decimal(const struct vb_signal *signal) {
    const struct vb_scale *scale = scale_of(signal);
    /* A divisor that vb_device_check would refuse counts as 1, so that no table can divide by 0. */
    int64_t div = scale->div > 0 ? scale->div : 1;
    int64_t common = (int64_t)gcd(gcd(amount(scale->mul), amount(scale->add)), (uint64_t)div);
    struct vb_decimal exact = {scale->mul / common, scale->add / common, div / common, 0, false};
    struct vb_decimal lowest = exact;
    /* Ten times finer until the divisor is gone: 1/8 takes three steps, 1/3 never ends. */
    while (exact.div > 1 && exact.digits < DIGITS_MAX) {
        int64_t step = (int64_t)gcd((uint64_t)exact.div, 10);
        if (step == 1 || !multiply_add(exact.mul, 10 / step, 0, &exact.mul) ||
            !multiply_add(exact.add, 10 / step, 0, &exact.add)) {
            break;
        }
        exact.div /= step;
        exact.digits++;
    }
    unsigned wanted = signal->decimals ? signal->decimals : DEFAULT_DECIMALS;
    if (wanted > DIGITS_MAX) {
        wanted = DIGITS_MAX;
    }
    if (is_wide(signal)) { /* ten times finer would not fit: wide_text makes digit after digit */
        lowest.wide = true;
        lowest.digits = exact.div == 1 ? exact.digits : (uint8_t)wanted;
        return lowest;
    }
    if (exact.div == 1) {
        return exact;
    }
    struct vb_decimal rounded = lowest;
    while (rounded.digits < wanted) {
        int64_t mul;
        int64_t add;
        if (!multiply_add(rounded.mul, 10, 0, &mul) || !multiply_add(rounded.add, 10, 0, &add)) {
            break;
        }
        rounded.mul = mul;
        rounded.add = add;
        rounded.digits++;
    }
    return rounded;
}

/* Two digits at a time: half the divisions. */
static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                            "25262728293031323334353637383940414243444546474849"
                            "50515253545556575859606162636465666768697071727374"
                            "75767778798081828384858687888990919293949596979899";

/* Add one to a decimal number of n characters; returns the new length. */
static size_t count_up(char *text, size_t n) {
    for (size_t i = n; i > 0; i--) {
        if (text[i - 1] == '.') {
            continue;
        }
        if (text[i - 1] != '9') {
            text[i - 1]++;
            return n;
        }
        text[i - 1] = '0';
    }
    memmove(text + 1, text, n);
    text[0] = '1';
    return n + 1;
}

/* (raw * mul + add) / div for an unsigned raw, by long division. */
static size_t wide_text(const struct vb_decimal *decimal, uint64_t raw, char *out) {
    uint64_t total;
    uint64_t add = amount(decimal->add);
    uint64_t div = decimal->div > 0 ? (uint64_t)decimal->div : 1;
    bool minus = decimal->mul < 0;
    if (__builtin_mul_overflow(raw, amount(decimal->mul), &total)) {
        total = UINT64_MAX;
    }
    if (minus == (decimal->add < 0)) {
        total = add > UINT64_MAX - total ? UINT64_MAX : total + add;
    } else if (total >= add) {
        total -= add;
    } else {
        total = add - total;
        minus = !minus;
    }
    char reversed[20];
    size_t n = 0;
    for (uint64_t whole = total / div; whole > 0 || n == 0; whole /= 10) {
        reversed[n++] = (char)('0' + whole % 10);
    }
    char *first = out + 1; /* room for the sign */
    char *p = first;
    while (n > 0) {
        *p++ = reversed[--n];
    }
    if (decimal->digits > 0) {
        *p++ = '.';
    }
    uint64_t rest = total % div;
    for (unsigned i = 0; i < decimal->digits; i++) {
        uint64_t ten = 0; /* rest * 10 modulo div; neither sum can leave 64 bits, as div < 2^63 */
        char digit = '0';
        for (unsigned k = 0; k < 10; k++) {
            ten += rest;
            if (ten >= div) {
                ten -= div;
                digit++;
            }
        }
        rest = ten;
        *p++ = digit;
    }
    size_t length = (size_t)(p - first);
    if (rest >= div - rest) {
        length = count_up(first, length);
    }
    for (size_t i = 0; minus && i < length; i++) {
        if (first[i] > '0') {
            out[0] = '-';
            return length + 1;
        }
    }
    memmove(out, first, length);
    return length;
}

size_t vb_decimal_text(const struct vb_decimal *decimal, int64_t raw, char *out) {
    if (decimal->wide) {
        return wide_text(decimal, (uint64_t)raw, out);
    }
    int64_t value;
    if (!multiply_add(raw, decimal->mul, decimal->add, &value)) {
        value = (raw < 0) == (decimal->mul < 0) ? INT64_MAX : INT64_MIN;
    }
    uint64_t rest = amount(value);
    if (decimal->div > 1) { /* the row's promise is div >= 1 */
        uint64_t div = (uint64_t)decimal->div;
        uint64_t left = rest % div;
        rest = rest / div + (left >= div - left);
    }
    char *p = out;
    if (value < 0 && rest != 0) {
        *p++ = '-';
    }
    char reversed[24];
    char *end = reversed + sizeof reversed;
    char *first = end;
    /* most values fit 32 bits, where division is cheap on every machine */
    uint64_t big = rest;
    while (big > UINT32_MAX) {
        unsigned two = (unsigned)(big % 100) * 2;
        big /= 100;
        *--first = pairs[two + 1];
        *--first = pairs[two];
    }
    uint32_t small = (uint32_t)big;
    while (small >= 100) {
        unsigned two = small % 100 * 2;
        small /= 100;
        *--first = pairs[two + 1];
        *--first = pairs[two];
    }
    if (small >= 10) {
        *--first = pairs[small * 2 + 1];
        *--first = pairs[small * 2];
    } else {
        *--first = (char)('0' + small);
    }
    size_t n = (size_t)(end - first);
    if (decimal->digits == 0) {
        memcpy(p, first, n);
        return (size_t)(p - out) + n;
    }
    size_t digits = decimal->digits;
    if (n <= digits) { /* 0.05: zeros before the first digit */
        *p++ = '0';
        *p++ = '.';
        memset(p, '0', digits - n);
        p += digits - n;
        memcpy(p, first, n);
        return (size_t)(p - out) + n;
    }
    size_t whole = n - digits;
    memcpy(p, first, whole);
    p[whole] = '.';
    memcpy(p + whole + 1, first + whole, digits);
    return (size_t)(p - out) + n + 1;
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
            char name[] = {'b', 'i', 't', '_', pairs[2 * bit], pairs[2 * bit + 1]};
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

/* Decimal text as number / unit, unit = 1, 10, 100 ... Digits behind the point that no row can tell
 * from 0 are dropped. */
#define FINE_ENOUGH INT64_C(1000000000000)
static int parse_number(const char *text, size_t n, int64_t *number, int64_t *unit) {
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    int64_t value = 0;
    int64_t one_tenth = 1;
    bool point = false;
    bool any = false;
    for (; i < n; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') {
            return VB_E_FORMAT;
        }
        any = true;
        if (point && (value >= FINE_ENOUGH || one_tenth >= FINE_ENOUGH)) {
            continue; /* 0.30000000000000004 is what others print for 0.3 */
        }
        if (!multiply_add(value, 10, text[i] - '0', &value) ||
            (point && !multiply_add(one_tenth, 10, 0, &one_tenth))) {
            return VB_E_RANGE;
        }
    }
    if (!any) {
        return VB_E_FORMAT;
    }
    *number = text[0] == '-' ? -value : value;
    *unit = one_tenth;
    return VB_OK;
}

/* Decimal text as raw of an unsigned row of 64 bits: number * div, rounded half away from zero. */
static int parse_wide(const char *text, size_t n, int64_t div, int64_t *raw) {
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    uint64_t whole = 0;
    uint64_t part = 0;
    uint64_t unit = 1;
    bool point = false;
    bool any = false;
    bool large = false;
    for (; i < n; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9') {
            return VB_E_FORMAT;
        }
        any = true;
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (!point) {
            large = large || __builtin_mul_overflow(whole, 10, &whole) ||
                    __builtin_add_overflow(whole, digit, &whole);
        } else if (unit < FINE_ENOUGH) {
            part = part * 10 + digit;
            unit *= 10;
        }
    }
    if (!any) {
        return VB_E_FORMAT;
    }
    if (large || __builtin_mul_overflow(whole, (uint64_t)div, &whole) ||
        __builtin_mul_overflow(part, (uint64_t)div, &part)) {
        return VB_E_RANGE;
    }
    uint64_t left = part % unit;
    part = part / unit + (left >= unit - left);
    if (__builtin_add_overflow(whole, part, &whole) || (text[0] == '-' && whole != 0)) {
        return VB_E_RANGE;
    }
    *raw = (int64_t)whole;
    return VB_OK;
}

int vb_signal_parse(const struct vb_signal *signal, const char *text, size_t n, int64_t *raw) {
    const struct vb_scale *scale = scale_of(signal);
    int64_t value;
    bool is_word = signal->words && (signal->flags & VB_BITS ? parse_bits(signal, text, n, &value)
                                                             : find_word(signal, text, n, &value));
    if (!is_word && is_wide(signal) && scale->mul == 1 && scale->add == 0 && scale->div > 0) {
        int result = parse_wide(text, n, scale->div, &value);
        if (result < 0) {
            return result;
        }
    } else if (!is_word) {
        int64_t number;
        int64_t unit;
        int result = parse_number(text, n, &number, &unit);
        if (result < 0) {
            return result;
        }
        /* raw = (number/unit * div - add) / mul */
        int64_t above;
        int64_t shift;
        int64_t below;
        if (!multiply_add(scale->add, unit, 0, &shift) ||
            !multiply_add(number, scale->div, 0, &above) ||
            __builtin_sub_overflow(above, shift, &above) ||
            !multiply_add(scale->mul, unit, 0, &below) || below == 0) {
            return VB_E_RANGE; /* below is 0 for a factor of 0, which some DBC files have */
        }
        uint64_t div = amount(below);
        uint64_t left = amount(above) % div;
        uint64_t rounded = amount(above) / div + (left >= div - left);
        if (rounded > INT64_MAX) {
            return VB_E_RANGE;
        }
        value = (above < 0) != (below < 0) ? -(int64_t)rounded : (int64_t)rounded;
        if (value < 0 && is_wide(signal)) {
            return VB_E_RANGE; /* a negative raw is a bit pattern there */
        }
    }
    uint64_t bits;
    if (is_absent(signal, value) || !vb_signal_in_limits(signal, value) ||
        bits_of(signal, value, &bits) < 0) {
        return VB_E_RANGE;
    }
    *raw = value;
    return VB_OK;
}
