/* test_exi_alike.c - the codec for speed (src/exi/decode.c, encode.c) and the one for size (small.c) are one codec: the same
 * block, the same bytes, the same error at the same place, whatever they are given.
 * Messages: test/vectors/exi.txt, whole, cut, damaged; blocks of them, damaged too.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/exi.h"

#include "exi_vectors.h"

/* small.c under other names, see test/CMakeLists.txt. */
int small_decode(const struct vb_exi_schema *schema, enum vb_exi_kind kind, const uint8_t *exi,
                 size_t n, void *block, size_t cap, struct vb_exi_place *place);
int small_encode(const struct vb_exi_schema *schema, const void *block, uint8_t *exi, size_t cap,
                 struct vb_exi_place *place);

enum { CAP = 4096 };
static _Alignas(8) uint8_t fast_block[CAP], small_block[CAP];
static unsigned answers[8]; /* how many messages [0] and errors */

/* rows: which element; the bit may differ by slack. */
static void assert_same_place(const struct vb_exi_place *fast, const struct vb_exi_place *small,
                              uint32_t slack) {
    assert_int_equal(small->depth, fast->depth);
    assert_memory_equal(small->row, fast->row, fast->depth * sizeof fast->row[0]);
    assert_true(small->bit <= fast->bit + slack && fast->bit <= small->bit + slack);
}

static int decode_both(const struct vb_exi_schema *schema, enum vb_exi_kind kind,
                       const uint8_t *exi, size_t n, size_t cap) {
    struct vb_exi_place fast_place, small_place;
    const int fast = vb_exi_decode(schema, kind, exi, n, fast_block, cap, &fast_place);
    const int small = small_decode(schema, kind, exi, n, small_block, cap, &small_place);
    assert_int_equal(small, fast);
    /* a number that its type cannot have: before or behind its EE */
    assert_same_place(&fast_place, &small_place, fast == VB_E_RANGE ? 1 : 0);
    if (fast >= 0) {
        assert_memory_equal(small_block, fast_block,
                            ((struct vb_exi_block *)(void *)fast_block)->used);
    }
    ++answers[fast < 0 ? -fast : 0];
    return fast;
}

/* Both write fast_block, from exactly its bytes. */
static void encode_both(const struct vb_exi_schema *schema, size_t cap) {
    const size_t used = ((struct vb_exi_block *)(void *)fast_block)->used;
    uint8_t *block = malloc(used), *fast_exi = malloc(cap + 1), *small_exi = malloc(cap + 1);
    memcpy(block, fast_block, used);
    struct vb_exi_place fast_place, small_place;
    fast_exi[cap] = small_exi[cap] = 0xA5;
    const int fast = vb_exi_encode(schema, block, fast_exi, cap, &fast_place);
    const int small = small_encode(schema, block, small_exi, cap, &small_place);
    assert_memory_equal(block, fast_block, used);
    assert_int_equal(small_exi[cap], 0xA5);
    assert_int_equal(small, fast);
    /* in the same element: from before its event code to its first bits */
    assert_same_place(&fast_place, &small_place, fast < 0 && fast != VB_E_SPACE ? 16 : 0);
    if (fast >= 0) {
        assert_memory_equal(small_exi, fast_exi, (size_t)fast);
    }
    free(block);
    free(fast_exi);
    free(small_exi);
    ++answers[fast < 0 ? -fast : 0];
}

static void set_flags(uint8_t flags) {
    fast_block[offsetof(struct vb_exi_block, flags)] = flags;
}

/* VOLTBUS_LONG=20: that many times as many. */
static unsigned times(unsigned usual) {
    const char *factor = getenv("VOLTBUS_LONG");
    return factor ? usual * (unsigned)atoi(factor) : usual;
}

static uint32_t chance(uint32_t below) {
    static uint32_t seed = 20140415;
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static void check_whole_and_cut(const struct vector *v) {
    const struct vb_exi_schema *schema = vb_exi_names_schema(v->names);
    for (size_t n = 0; n <= v->n; ++n) {
        uint8_t *exact = malloc(n > 0 ? n : 1); /* AddressSanitizer sees what is read beyond */
        memcpy(exact, v->exi, n);
        decode_both(schema, v->kind, exact, n, CAP);
        free(exact);
    }
    for (size_t cap = 0; cap <= v->n; ++cap) {
        encode_both(schema, cap);
    }
    const size_t used = ((struct vb_exi_block *)(void *)fast_block)->used;
    for (size_t cap = 0; cap < used; ++cap) {
        decode_both(schema, v->kind, v->exi, v->n, cap);
    }
}

/* A few bits turned over, a byte set, bytes put in or taken out. */
static size_t damage(uint8_t *exi, size_t n, size_t most) {
    const uint32_t at = chance((uint32_t)n);
    switch (chance(6)) {
    case 0:
        exi[at] = (uint8_t)(chance(4) == 0 ? 0xFF : chance(256));
        return n;
    case 1:
        if (n < most) {
            memmove(exi + at + 1, exi + at, n - at);
            exi[at] = (uint8_t)chance(256);
            return n + 1;
        }
        /* fall through */
    case 2:
        memmove(exi + at, exi + at + 1, n - at - 1);
        return n > 1 ? n - 1 : n;
    default:
        exi[at] ^= (uint8_t)(1u << chance(8));
        return n;
    }
}

static void check_damaged_messages(const struct vector *v) {
    const struct vb_exi_schema *schema = vb_exi_names_schema(v->names);
    static uint8_t exi[1024];
    for (unsigned i = 0; i < times(800); ++i) {
        memcpy(exi, v->exi, v->n);
        size_t n = v->n;
        for (unsigned k = 0; k <= i % 4; ++k) {
            n = damage(exi, n, sizeof exi);
        }
        if (decode_both(schema, v->kind, exi, n, CAP) >= 0) {
            encode_both(schema, CAP);
            set_flags(VB_EXI_ANY_LENGTH);
            encode_both(schema, CAP);
        }
    }
}

static void check_damaged_blocks(const struct vector *v) {
    const struct vb_exi_schema *schema = vb_exi_names_schema(v->names);
    static uint8_t whole[CAP];
    vb_exi_decode(schema, v->kind, v->exi, v->n, fast_block, CAP, NULL);
    memcpy(whole, fast_block, CAP);
    const uint32_t used = ((struct vb_exi_block *)(void *)fast_block)->used;
    for (unsigned i = 0; i < times(400); ++i) {
        memcpy(fast_block, whole, CAP);
        for (unsigned k = 0; k <= i % 3; ++k) {
            const uint32_t at = 2 + chance(used - 2); /* not how long it is */
            fast_block[at] = (uint8_t)(i % 2 ? chance(256) : fast_block[at] ^ 1u << chance(8));
        }
        encode_both(schema, CAP);
    }
}

static void whole_and_cut_messages_and_buffers_that_are_too_small(void **state) {
    (void)state;
    for_each_vector(check_whole_and_cut);
}
static void damaged_messages(void **state) {
    (void)state;
    memset(answers, 0, sizeof answers);
    for_each_vector(check_damaged_messages);
    assert_true(answers[0] > 50000 && answers[-VB_E_FORMAT] > 50000);
    assert_true(answers[-VB_E_MORE] > 5000 && answers[-VB_E_RANGE] > 1000);
    assert_true(answers[-VB_E_SPACE] > 250);
}
static void damaged_blocks(void **state) {
    (void)state;
    memset(answers, 0, sizeof answers);
    for_each_vector(check_damaged_blocks);
    assert_true(answers[0] > 20000 && answers[-VB_E_STATE] > 10000 && answers[-VB_E_RANGE] > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_cut_messages_and_buffers_that_are_too_small),
        cmocka_unit_test(damaged_messages),
        cmocka_unit_test(damaged_blocks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
