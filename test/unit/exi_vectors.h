/* exi_vectors.h - the messages of test/vectors/exi.txt, one after the other.
 * SPDX-License-Identifier: MIT */
#ifndef TEST_EXI_VECTORS_H
#define TEST_EXI_VECTORS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "voltbus/exi.h"

struct vector {
    const struct vb_exi_names *names;
    enum vb_exi_kind kind;
    uint8_t exi[1024];
    size_t n;
};

static bool next_vector(FILE *file, struct vector *v) {
    static char line[4096];
    do {
        if (fgets(line, sizeof line, file) == NULL) {
            return false;
        }
    } while (line[0] == '#');
    char schema[40], kind[20], name[80], hex[2050];
    assert_int_equal(sscanf(line, "%39s %19s %79s %2049s", schema, kind, name, hex), 4);
    v->names = vb_exi_names_find(schema);
    assert_non_null(v->names);
    v->kind = kind[0] == 'd'   ? VB_EXI_DOCUMENT
              : kind[0] == 'f' ? VB_EXI_FRAGMENT
                               : VB_EXI_XFRAGMENT;
    v->n = strlen(hex) / 2;
    for (size_t i = 0; i < v->n; ++i) {
        const char two[] = {hex[2 * i], hex[2 * i + 1], 0};
        v->exi[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return true;
}

static void for_each_vector(void (*check)(const struct vector *v)) {
    FILE *file = fopen(TEST_DIR "/vectors/exi.txt", "r");
    assert_non_null(file);
    static struct vector v;
    unsigned count = 0;
    while (next_vector(file, &v)) {
        check(&v);
        ++count;
    }
    fclose(file);
    assert_true(count > 100);
}

#endif
