/* test_sims.c - the table of simulators: what programs and people rely on.
 * SPDX-License-Identifier: MIT */
#include "simrun.h"

static void test_a_simulator_is_found_by_its_name(void **state) {
    (void)state;
    assert_int_equal(sim_count, 5);
    for (size_t i = 0; i < sim_count; i++) {
        assert_ptr_equal(sim_find(sims[i]->name), sims[i]);
        assert_true(strlen(sims[i]->title) > 0);
        assert_true(strlen(sims[i]->link) > 0);
    }
    assert_null(sim_find("camper"));
    assert_null(sim_find(""));
}

static void test_the_default_of_each_setting_is_a_value_of_it(void **state) {
    (void)state;
    for (size_t i = 0; i < sim_count; i++) {
        assert_in_range(sims[i]->key_count, 1, SIM_KEYS_MAX);
        for (size_t k = 0; k < sims[i]->key_count; k++) {
            const struct vb_key *key = &sims[i]->keys[k];
            struct vb_value value;
            assert_non_null(key->initial); /* none must be given */
            assert_true(strlen(key->help) > 0);
            if (*key->initial) {
                assert_int_equal(
                    vb_key_parse(key, key->initial, strlen(key->initial), &value, NULL), VB_OK);
                assert_int_equal(value.number, vb_key_initial(key).number);
            }
        }
    }
}

/* Written by hand there, so looked up here. */
static void test_each_setting_stands_in_the_documentation(void **state) {
    (void)state;
    static char text[65536];
    FILE *file = fopen(TEST_DIR "/../docs/simulators.md", "r");
    assert_non_null(file);
    size_t n = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_in_range(n, 1, sizeof text - 2);
    for (size_t i = 0; i < sim_count; i++) {
        char line[160];
        snprintf(line, sizeof line, "\n## %s\n", sims[i]->name);
        const char *chapter = strstr(text, line);
        assert_non_null(chapter);
        const char *end = strstr(chapter + 4, "\n## ");
        for (size_t k = 0; k < sims[i]->key_count; k++) {
            const struct vb_key *key = &sims[i]->keys[k];
            /* with its default, where it is a fixed one */
            if (*key->initial) {
                snprintf(line, sizeof line, "\n| `%s` | %s |", key->name, key->initial);
            } else {
                snprintf(line, sizeof line, "\n| `%s` | ", key->name);
            }
            const char *found = strstr(chapter, line);
            assert_true(found && (!end || found < end));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_simulator_is_found_by_its_name),
        cmocka_unit_test(test_the_default_of_each_setting_is_a_value_of_it),
        cmocka_unit_test(test_each_setting_stands_in_the_documentation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
