/* worst.c - what the dearest input costs: instructions per byte of input, whatever the input.
 *
 * usage: worst FILE              decodes each line "SCHEMA KIND HEX" of FILE once under callgrind, which writes
 *                                out what it counted as "NUMBER" of the line
 *        worst FILE SECONDS      searches for worse ones from those of FILE on and prints them as such lines. Only
 *                                in a program whose src/exi is compiled with -fsanitize-coverage=trace-pc: the
 *                                basic blocks that a decode enters stand for its instructions
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "voltbus/exi.h"

#define INPUT_MAX 1500
#define LINES_MAX 400

static const struct {
    const char *name;
    const struct vb_exi_schema *schema;
} schemas[] = {
    {"appproto", &vb_exi_appproto},       {"din70121", &vb_exi_din70121},
    {"iso15118-2", &vb_exi_iso2},         {"iso15118-20-common", &vb_exi_iso20_common},
    {"iso15118-20-dc", &vb_exi_iso20_dc}, {"iso15118-20-ac", &vb_exi_iso20_ac},
};
#define SCHEMAS (sizeof schemas / sizeof schemas[0])

struct input {
    unsigned schema;
    unsigned kind;
    size_t n;
    double cost; /* blocks per byte */
    uint8_t exi[INPUT_MAX];
};

static struct input lines[LINES_MAX];
static unsigned count;

static uint64_t block[65528 / 8]; /* room for every message: no input ends early for want of it */

static unsigned long blocks;
void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void) {
    blocks++;
}

static void decode(struct input *input) {
    blocks = 0;
    vb_exi_decode(schemas[input->schema].schema, (enum vb_exi_kind)input->kind, input->exi,
                  input->n, block, sizeof block, NULL);
    input->cost = (double)blocks / (double)input->n;
}

static bool read_line(const char *line, struct input *input) {
    char name[32];
    int used = 0;
    if (sscanf(line, "%31s %u %n", name, &input->kind, &used) != 2) {
        return false;
    }
    for (input->schema = 0; input->schema < SCHEMAS; input->schema++) {
        if (!strcmp(name, schemas[input->schema].name)) {
            break;
        }
    }
    unsigned byte;
    for (input->n = 0; input->n < INPUT_MAX && sscanf(line + used, "%2x", &byte) == 1; used += 2) {
        input->exi[input->n++] = (uint8_t)byte;
    }
    return input->schema < SCHEMAS && input->kind <= VB_EXI_XFRAGMENT && input->n > 0;
}

static void print(const struct input *input) {
    printf("%s %u ", schemas[input->schema].name, input->kind);
    for (size_t i = 0; i < input->n; i++) {
        printf("%02x", input->exi[i]);
    }
    printf("\n");
}

/* ---- the search ---- */

static uint32_t next_random(void) {
    static uint32_t state = 1;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static unsigned below(unsigned limit) {
    return next_random() % limit;
}

static unsigned get_bit(const struct input *input, size_t bit) {
    return bit / 8 < input->n ? input->exi[bit / 8] >> (7 - bit % 8) & 1U : 0;
}

static void put_bit(struct input *input, size_t bit, unsigned value) {
    uint8_t mask = (uint8_t)(0x80 >> bit % 8);
    input->exi[bit / 8] =
        (uint8_t)(value ? input->exi[bit / 8] | mask : input->exi[bit / 8] & ~mask);
}

/* Bits are copied over others, repeated to the end, changed, or new ones; the length may change. */
static void mutate(struct input *input, const struct input *other) {
    for (unsigned times = 1 + below(3); times > 0; times--) {
        size_t bits = input->n * 8;
        size_t at = 8 + below((unsigned)bits - 8);
        size_t len = 1 + below(below(2) ? 16 : 96);
        switch (below(6)) {
        case 0:
            put_bit(input, at, !get_bit(input, at));
            break;
        case 1: /* a piece again and again, to the end */
            for (size_t i = at + len; i < bits; i++) {
                put_bit(input, i, get_bit(input, i - len));
            }
            break;
        case 2: { /* a piece of another */
            size_t from = below((unsigned)other->n * 8);
            for (size_t i = 0; i < len && at + i < bits; i++) {
                put_bit(input, at + i, get_bit(other, from + i));
            }
            break;
        }
        case 3: /* bits less */
            for (size_t i = at; i < bits; i++) {
                put_bit(input, i, get_bit(input, i + len % 9));
            }
            break;
        case 4:
            for (size_t i = 0; i < len && at + i < bits; i++) {
                put_bit(input, at + i, below(4) == 0);
            }
            break;
        default: { /* another length */
            size_t n = 2 + below(below(4) ? 64 : INPUT_MAX - 2);
            for (size_t i = input->n; i < n; i++) {
                input->exi[i] = 0;
            }
            input->n = n;
        }
        }
    }
}

/* Worst of each schema and kind, for inputs of at most 16, 128 and more bytes. */
static void search(double seconds) {
    static struct input best[SCHEMAS * 3 * 3];
    static struct input trial;
    for (unsigned i = 0; i < count; i++) {
        decode(&lines[i]);
    }
    time_t end = time(NULL) + (time_t)seconds;
    for (unsigned long tries = 0; (tries & 1023) || time(NULL) < end; tries++) {
        struct input *seed = &lines[below(count)];
        struct input *slot = &best[below(SCHEMAS * 9)];
        trial = slot->n && below(3) ? *slot : *seed;
        mutate(&trial, seed);
        decode(&trial);
        unsigned size = trial.n <= 16 ? 0 : trial.n <= 128 ? 1 : 2;
        slot = &best[(trial.schema * 3 + trial.kind) * 3 + size];
        if (trial.n >= 2 && trial.cost > slot->cost) {
            *slot = trial;
        }
    }
    for (unsigned i = 0; i < SCHEMAS * 9; i++) {
        if (best[i].n) {
            print(&best[i]);
        }
    }
}

int main(int argc, char **argv) {
    static char line[2 * INPUT_MAX + 100];
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: worst FILE [SECONDS]\n");
        return 2;
    }
    while (count < LINES_MAX && fgets(line, sizeof line, file)) {
        count += line[0] != '#' && read_line(line, &lines[count]);
    }
    fclose(file);
    if (argc > 2) {
        search(strtod(argv[2], NULL));
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        char what[32];
        decode(&lines[i]); /* the first call also binds the functions of other libraries */
        CALLGRIND_ZERO_STATS;
        decode(&lines[i]);
        snprintf(what, sizeof what, "%u %zu", i, lines[i].n);
        CALLGRIND_DUMP_STATS_AT(what);
    }
    return 0;
}
