/* Tests of the bits of EXI (src/exi/bits.h): every offset, every width, every end of the buffer, against a reader of
 * single bits.
 * SPDX-License-Identifier: MIT */
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_width_and_end_reads_what_single_bits_read),
        cmocka_unit_test(what_is_put_stands_in_the_buffer_and_nowhere_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
