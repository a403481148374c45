/* Tests of the bits of EXI (src/exi/bits.h, and bits() of small.c): every offset, every width, every end of the buffer,
 * against a reader of single bits.
 * SPDX-License-Identifier: MIT */

/* small.c as it is where it is built for size, beside the codec of the library;
 * before cmocka.h, whose fail is a macro */
#ifndef __OPTIMIZE_SIZE__
#define __OPTIMIZE_SIZE__
#endif
#define vb_exi_decode small_decode
#define vb_exi_encode small_encode
#include "exi/small.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exi/bits.h"

enum { BYTES = 20 };

static uint8_t pattern(size_t i) {
    return (uint8_t)(i * 167 + (i << 3 ^ 0x5A));
}

/* Bit by bit; behind the end ones. */
static vb_exi_word slow(const uint8_t *data, size_t n, size_t bit, unsigned count) {
    vb_exi_word word = 0;
    for (unsigned i = 0; i < count; ++i, ++bit) {
        const unsigned byte = bit / 8 < n ? data[bit / 8] : 0xFF;
        word = word << 1 | (byte >> (7 - bit % 8) & 1u);
    }
    return word;
}

static void every_offset_width_and_end_reads_what_single_bits_read(void **state) {
    (void)state;
    for (size_t n = 0; n <= BYTES; ++n) {
        uint8_t *data = malloc(n + 1); /* exactly n: AddressSanitizer sees what is read beyond */
        assert_non_null(data);
        uint8_t *exact = n > 0 ? realloc(data, n) : data;
        assert_non_null(exact);
        for (size_t i = 0; i < n; ++i) {
            exact[i] = pattern(i);
        }
        for (size_t offset = 0; offset <= 8 * n + 8; ++offset) {
            for (unsigned width = 1; width <= VB_EXI_READY; ++width) {
                struct vb_exi_in in;
                vb_exi_in_init(&in, exact, n);
                for (size_t skipped = 0; skipped < offset;) {
                    const unsigned step = offset - skipped < 7 ? (unsigned)(offset - skipped) : 7;
                    vb_exi_take(&in, step);
                    skipped += step;
                }
                assert_int_equal(vb_exi_bit(&in), offset);
                assert_true(vb_exi_take(&in, width) == slow(exact, n, offset, width));
                assert_int_equal(vb_exi_bit(&in), offset + width);
            }
        }
        free(exact);
    }
}

static void what_is_put_stands_in_the_buffer_and_nowhere_else(void **state) {
    (void)state;
    for (size_t cap = 0; cap <= BYTES; ++cap) {
        for (unsigned first = 0; first <= VB_EXI_PUT_MAX; ++first) {
            for (unsigned width = 1; width <= VB_EXI_PUT_MAX; ++width) {
                uint8_t data[BYTES + 1];
                memset(data, 0xA5, sizeof data);
                struct vb_exi_out out = {.data = data, .cap = cap};
                const vb_exi_word value = slow(data, sizeof data, 3, width);
                const vb_exi_word ones = first == 0 ? 0 : slow(data, 0, 0, first);
                vb_exi_put(&out, first, ones);
                size_t bits = first;
                while (bits + width <= 8 * 12) {
                    vb_exi_put(&out, width, value);
                    bits += width;
                }
                vb_exi_finish(&out);
                assert_int_equal(out.pos, (bits + 7) / 8);
                assert_int_equal(data[cap], 0xA5);
                if (out.pos <= cap) {
                    assert_true(first == 0 || slow(data, cap, 0, first) == ones);
                    for (size_t at = first; at + width <= bits; at += width) {
                        assert_true(slow(data, cap, at, width) == value);
                    }
                    for (; bits % 8 != 0; ++bits) { /* zeros up to the whole byte */
                        assert_true(slow(data, cap, bits, 1) == 0);
                    }
                }
            }
        }
    }
}

static void small_reads_what_single_bits_read_up_to_a_limit(void **state) {
    (void)state;
    for (size_t n = 0; n <= BYTES / 2; ++n) {
        uint8_t *exact = malloc(n > 0 ? n : 1);
        assert_non_null(exact);
        for (size_t i = 0; i < n; ++i) {
            exact[i] = pattern(i);
        }
        for (uint32_t offset = 0; offset <= 8 * n + 8; ++offset) {
            for (unsigned width = 0; width <= 32; ++width) {
                const uint32_t value = (uint32_t)slow(exact, n, offset, width);
                struct codec c = {.exi = exact, .n = n, .at.bit = offset};
                assert_int_equal(bits(&c, width, value, 0), value);
                assert_int_equal(c.err, VB_OK);
                assert_int_equal(c.at.bit, offset + width);
                if (value > 0) { /* too large: it stays unread, and nothing is read behind it */
                    struct codec low = {.exi = exact, .n = n, .at.bit = offset};
                    bits(&low, width, value - 1, 0);
                    assert_int_equal(low.err, offset + width > 8 * n ? VB_E_MORE
                                              : value == 1           ? VB_E_FORMAT
                                                                     : VB_E_RANGE);
                    assert_int_equal(low.at.bit, offset);
                    assert_int_equal(bits(&low, 1, 1, 0), 0);
                    assert_int_equal(low.at.bit, offset);
                }
            }
        }
        free(exact);
    }
}

static void small_writes_into_the_buffer_and_nowhere_else(void **state) {
    (void)state;
    for (size_t cap = 0; cap <= BYTES / 2; ++cap) {
        for (uint32_t first = 0; first <= 40; ++first) {
            for (unsigned width = 0; width <= 32; ++width) {
                uint8_t data[BYTES];
                memset(data, 0xA5, sizeof data);
                struct codec c = {.exi = data, .n = cap, .writing = true};
                for (uint32_t i = 0; i < first; ++i) {
                    assert_int_equal(bits(&c, 1, 1, 1), 1);
                }
                const uint32_t value =
                    (uint32_t)slow((const uint8_t *)"\x5A\xC3\x3C\x99", 4, 0, width);
                assert_int_equal(bits(&c, width, value, value), value);
                assert_int_equal(c.err, VB_OK);
                assert_int_equal(c.at.bit, first + width);
                for (uint32_t at = 0; at < 8 * BYTES; ++at) {
                    const bool written = at < 8 * cap && at < (first + width + 7) / 8 * 8;
                    const vb_exi_word wanted = !written     ? (0xA5u >> (7 - at % 8)) & 1
                                               : at < first ? 1
                                               : at < first + width
                                                   ? value >> (first + width - 1 - at) & 1
                                                   : 0; /* up to the whole byte */
                    assert_int_equal(slow(data, sizeof data, at, 1), wanted);
                }
                if (value > 0) {
                    bits(&c, width, value - 1, value);
                    assert_int_equal(c.err, value == 1 ? VB_E_FORMAT : VB_E_RANGE);
                    assert_int_equal(c.at.bit, first + width);
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_width_and_end_reads_what_single_bits_read),
        cmocka_unit_test(what_is_put_stands_in_the_buffer_and_nowhere_else),
        cmocka_unit_test(small_reads_what_single_bits_read_up_to_a_limit),
        cmocka_unit_test(small_writes_into_the_buffer_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
