/* exi_bench.c - times or counts one codec over the messages of messages.txt.
 *
 * usage: exi_bench FILE          a line per message: id, bytes, ns to decode, ns to encode, bytes of memory
 *        exi_bench FILE count    each message decoded, then encoded, once; between them callgrind writes
 *                                out what it counted, as "decode ID" and "encode ID"
 * The document that is encoded is the one just decoded. What does not come out as it went in, or does not
 * fit the codec, is a line "ID - - - -". SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "codec.h"

#define ROUND_NS 1500000 /* of each measurement; bench/run repeats the whole and takes medians */

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static size_t from_hex(const char *hex, uint8_t *out) {
    size_t n = 0;
    unsigned byte;
    while (sscanf(hex + 2 * n, "%2x", &byte) == 1) {
        out[n++] = (uint8_t)byte;
    }
    return n;
}

/* Nanoseconds of one decode, or of one encode. */
static double time_one(int encode, enum schema schema, const uint8_t *exi, size_t n) {
    uint8_t out[1024];
    for (long loops = 64;; loops *= 2) {
        int64_t start = now_ns();
        for (long i = 0; i < loops; i++) {
            if (encode) {
                codec_encode(schema, out, sizeof out);
            } else {
                codec_decode(schema, exi, n);
            }
        }
        int64_t took = now_ns() - start;
        if (took > ROUND_NS) {
            return (double)took / (double)loops;
        }
    }
}

static void count(const char *id, enum schema schema, const uint8_t *exi, size_t n) {
    uint8_t out[1024];
    char what[1100];
    CALLGRIND_ZERO_STATS;
    codec_decode(schema, exi, n);
    snprintf(what, sizeof what, "decode %s", id);
    CALLGRIND_DUMP_STATS_AT(what);
    CALLGRIND_ZERO_STATS;
    codec_encode(schema, out, sizeof out);
    snprintf(what, sizeof what, "encode %s", id);
    CALLGRIND_DUMP_STATS_AT(what);
}

static void measure(const char *id, const char *hex, int counting) {
    uint8_t exi[1024];
    uint8_t out[1024];
    size_t n = from_hex(hex, exi);
    enum schema schema = !strncmp(id, "app", 3) ? APPPROTO : !strncmp(id, "din", 3) ? DIN : ISO2;
    /* the first calls also bind the functions of other libraries */
    if (codec_decode(schema, exi, n) != 0 || codec_encode(schema, out, sizeof out) != (int)n ||
        memcmp(out, exi, n) != 0) {
        printf("%s - - - -\n", id);
    } else if (counting) {
        count(id, schema, exi, n);
    } else {
        double decode = time_one(0, schema, exi, n);
        double encode = time_one(1, schema, exi, n);
        printf("%s %zu %.1f %.1f %zu\n", id, n, decode, encode, codec_memory(schema));
    }
}

int main(int argc, char **argv) {
    static char line[1024];
    FILE *file = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: exi_bench FILE [count]\n");
        return 2;
    }
    while (fgets(line, sizeof line, file)) {
        char *hex = strchr(line, ' ');
        if (line[0] != '#' && hex) {
            *hex = '\0';
            measure(line, hex + 1, argc > 2);
        }
    }
    fclose(file);
    return 0;
}
