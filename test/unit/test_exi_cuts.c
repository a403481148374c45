/* test_exi_cuts.c - EXI that is cut anywhere asks for more, and is never taken for a message or called wrong.
 * Messages: bench/exi/messages.txt, those of reference/v2g-peers.md; others worked by hand.
 * SPDX-License-Identifier: MIT */
#include "test.h"

#include "voltbus/exi.h"

static uint64_t block[512];

/* Exactly n bytes of memory, so that a reader that goes on is caught. */
static int decode(const struct vb_exi_schema *schema, const uint8_t *exi, size_t n) {
    uint8_t *bytes = malloc(n > 0 ? n : 1);
    if (n > 0) {
        memcpy(bytes, exi, n);
    }
    int result = vb_exi_decode(schema, VB_EXI_DOCUMENT, bytes, n, block, sizeof block, NULL);
    free(bytes);
    return result;
}

static void test_every_cut_of_a_message_asks_for_more(void **state) {
    (void)state;
    FILE *file = fopen(TEST_DIR "/../bench/exi/messages.txt", "r");
    assert_non_null(file);
    char line[1024];
    int messages = 0;
    while (fgets(line, sizeof line, file)) {
        char *hex = strchr(line, ' ');
        if (line[0] == '#' || !hex) {
            continue;
        }
        const struct vb_exi_schema *schema = !strncmp(line, "app", 3)   ? &vb_exi_appproto
                                             : !strncmp(line, "din", 3) ? &vb_exi_din70121
                                                                        : &vb_exi_iso2;
        uint8_t exi[512];
        size_t n = 0;
        unsigned byte;
        while (sscanf(hex + 1 + 2 * n, "%2x", &byte) == 1) {
            exi[n++] = (uint8_t)byte;
        }
        assert_int_equal(decode(schema, exi, n), n);
        for (size_t cut = 0; cut < n; cut++) {
            assert_int_equal(decode(schema, exi, cut), VB_E_MORE);
        }
        messages++;
    }
    fclose(file);
    assert_int_equal(messages, 34);
}

/* 80, root 01, ResponseCode 0 0 10 0, then the end of the Res: 01. Behind 80 48 its second bit is missing. */
static void test_an_end_that_lies_half_behind_the_bytes_is_not_there(void **state) {
    (void)state;
    const uint8_t exi[] = {0x80, 0x48, 0x80};
    assert_int_equal(decode(&vb_exi_appproto, exi, 3), 3);
    assert_int_equal(decode(&vb_exi_appproto, exi, 2), VB_E_MORE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_cut_of_a_message_asks_for_more),
        cmocka_unit_test(test_an_end_that_lies_half_behind_the_bytes_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
