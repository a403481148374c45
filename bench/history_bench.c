/* history_bench.c - how fast the history takes samples, how large it gets, how long a plot takes.
 *
 * usage: history_bench FILE [MILLIONS [SIGNALS [RATE]]]
 *   MILLIONS of samples (20) of SIGNALS (150) with RATE a second each (100), as fast as they are
 *   taken; then plots of the first signal. "history_bench FILE 31.5 1 1" is a year of one a second.
 * FILE must not be there; it stays. SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host/out/history.h"
#include "voltbus/time.h"

#define START (INT64_C(1700000000) * VB_NS_PER_S)

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void wait_ms(long ms) {
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}

static void plot(struct history *h, double from_s, double to_s, int points) {
    static struct history_point out[10001];
    char why[HISTORY_WHY] = "";
    double best = 1e9;
    int count = 0;
    for (int i = 0; i < 5; i++) {
        double start = seconds(CLOCK_MONOTONIC);
        count = history_query(h, "bench", "s0", START + (int64_t)(from_s * 1e9),
                              START + (int64_t)(to_s * 1e9), points, out, why, sizeof why);
        double took = seconds(CLOCK_MONOTONIC) - start;
        best = took < best ? took : best;
    }
    printf("%10.0f s in %4d points: %4d written, %7.1f ms %s\n", to_s - from_s, points, count,
           best * 1e3, why);
}

int main(int argc, char **argv) {
    if (argc < 2 || access(argv[1], F_OK) == 0) {
        fprintf(stderr, "usage: history_bench FILE [MILLIONS [SIGNALS [RATE]]], a new FILE\n");
        return 2;
    }
    double millions = argc > 2 ? strtod(argv[2], NULL) : 20;
    int signals = argc > 3 ? atoi(argv[3]) : 150;
    int64_t rate = argc > 4 ? atoi(argv[4]) : 100;
    char why[HISTORY_WHY];
    struct history_options options = {.path = argv[1], .commit_ms = 1000};
    struct history *h = history_open(&options, why, sizeof why);
    if (!h || signals < 1 || rate < 1) {
        fprintf(stderr, "history_bench: %s\n", why);
        return 1;
    }
    for (int i = 0; i < signals; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        history_signal(h, "bench", name, "V", VB_SCALE(1, 0, 10));
    }
    int64_t rounds = (int64_t)(millions * 1e6) / signals;
    double wall = seconds(CLOCK_MONOTONIC);
    double producer = seconds(CLOCK_THREAD_CPUTIME_ID);
    double all = seconds(CLOCK_PROCESS_CPUTIME_ID);
    uint32_t noise = 1;
    for (int64_t r = 0; r < rounds; r++) {
        for (int i = 0; i < signals; i++) {
            noise = noise * 1664525 + 1013904223;
            /* a microsecond or so of jitter, a value that walks */
            int64_t t = START + r * (VB_NS_PER_S / rate) + i * 1000 + (noise >> 22);
            int64_t v = 3500 + r % 200 + (noise >> 28);
            while (!history_put(h, i, t, v)) {
                wait_ms(2);
            }
        }
    }
    struct history_status s;
    do {
        wait_ms(2);
        history_status(h, &s);
    } while (s.committed + s.duplicates + s.dropped < s.put);
    wall = seconds(CLOCK_MONOTONIC) - wall;
    producer = seconds(CLOCK_THREAD_CPUTIME_ID) - producer;
    all = seconds(CLOCK_PROCESS_CPUTIME_ID) - all;
    printf(
        "%.2f M samples of %d signals: %.2f M/s; CPU: writer %.2f us, producer %.2f us a sample; "
        "%llu commits\n",
        (double)s.committed / 1e6, signals, (double)s.committed / 1e6 / wall,
        (all - producer) * 1e6 / (double)s.committed, producer * 1e6 / (double)s.committed,
        (unsigned long long)s.commits);
    double span = (double)rounds / (double)rate;
    plot(h, span - 60, span, 500);
    plot(h, span - 3600, span, 500);
    plot(h, span - 3600, span, 5000);
    plot(h, span - 8 * 3600, span, 500);
    plot(h, span - 86400, span, 5000);
    plot(h, span - 7 * 86400, span, 500);
    plot(h, 0, 366 * 86400, 500);
    plot(h, 0, 366 * 86400, 5000);
    history_close(h);
    FILE *file = fopen(argv[1], "r");
    fseek(file, 0, SEEK_END);
    printf("%.1f MB, %.1f MB per million samples\n", (double)ftell(file) / 1e6,
           (double)ftell(file) / (double)s.committed);
    fclose(file);
    return 0;
}
