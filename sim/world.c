/* world.c - see world.h. The numbers of the weather are made up: one mild day like the other.
 * SPDX-License-Identifier: MIT */
#include "sim/world.h"

#include "voltbus/time.h"

#define GAP_NS (60 * VB_NS_PER_S)

enum { SEED_CLOUDS = 101, SEED_AIR };

/* Rounded towards minus infinity, also for moments before the start. */
static int64_t floor_div(int64_t a, int64_t b) {
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

void world_init(struct world *w, int64_t day_ms, int64_t hour, int64_t now_ns, int64_t wall_ns) {
    int64_t t_ms =
        hour >= 0 ? hour * WORLD_MS_PER_HOUR : world_time_of_day(floor_div(wall_ns, VB_NS_PER_MS));
    *w = (struct world){.t_ms = t_ms, .day_ms = day_ms > 0 ? day_ms : 1, .last_ns = now_ns};
}

int64_t world_advance(struct world *w, int64_t now_ns) {
    if (now_ns <= w->last_ns) {
        return 0;
    }
    /* the difference of two moments may not fit */
    uint64_t passed_ns = (uint64_t)now_ns - (uint64_t)w->last_ns;
    w->last_ns = now_ns;
    if (passed_ns > GAP_NS) {
        passed_ns = GAP_NS;
    }
    int64_t scaled = (int64_t)passed_ns / VB_NS_PER_US * WORLD_MS_PER_DAY + w->rest;
    int64_t day_us = w->day_ms * 1000;
    w->rest = scaled % day_us;
    w->t_ms += scaled / day_us;
    return scaled / day_us;
}

int64_t world_time_of_day(int64_t t_ms) {
    return t_ms - floor_div(t_ms, WORLD_MS_PER_DAY) * WORLD_MS_PER_DAY;
}

int32_t world_sin(int64_t milliturns) {
    /* a quarter turn in 25 steps: 1000 * sin(k * 3.6 degrees) */
    static const int16_t quarter[26] = {0,   63,  125, 187, 249, 309, 368, 426, 482,
                                        536, 588, 637, 685, 729, 771, 809, 844, 876,
                                        905, 930, 951, 969, 982, 992, 998, 1000};
    int64_t a = milliturns - floor_div(milliturns, 1000) * 1000;
    int32_t sign = 1;
    if (a >= 500) {
        a -= 500;
        sign = -1;
    }
    if (a > 250) {
        a = 500 - a;
    }
    int32_t low = quarter[a / 10];
    int32_t high = quarter[a / 10 + (a % 10 ? 1 : 0)];
    return sign * (low + (high - low) * (int32_t)(a % 10) / 10);
}

uint32_t world_random(uint32_t seed, int64_t n) {
    /* splitmix64: each bit of the input moves each bit of the output */
    uint64_t z = (uint64_t)n + UINT64_C(0x9E3779B97F4A7C15) * (seed + UINT64_C(1));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

int32_t world_noise(uint32_t seed, int64_t t_ms, int64_t period_ms) {
    int64_t knot = floor_div(t_ms, period_ms);
    int64_t x = (t_ms - knot * period_ms) * 1000 / period_ms;
    int64_t smooth = x * x * (3000 - 2 * x) / 1000000;
    int64_t a = (int64_t)(world_random(seed, knot) % 2001) - 1000;
    int64_t b = (int64_t)(world_random(seed, knot + 1) % 2001) - 1000;
    return (int32_t)(a + (b - a) * smooth / 1000);
}

int32_t world_sun(int64_t t_ms) {
    const int64_t rise = 5 * WORLD_MS_PER_HOUR + WORLD_MS_PER_HOUR / 2;
    const int64_t day = 15 * WORLD_MS_PER_HOUR;
    int64_t since = world_time_of_day(t_ms) - rise;
    return since <= 0 || since >= day ? 0 : world_sin(since * 500 / day);
}

int32_t world_light(int64_t t_ms) {
    int32_t clouds = world_noise(SEED_CLOUDS, t_ms, 40 * 60000); /* above 0: some */
    return world_sun(t_ms) * (1000 - (clouds > 0 ? clouds * 7 / 10 : 0)) / 1000;
}

int32_t world_air(int64_t t_ms) {
    /* warmest at three in the afternoon */
    int64_t turn = (world_time_of_day(t_ms) - 9 * WORLD_MS_PER_HOUR) * 1000 / WORLD_MS_PER_DAY;
    return 14000 + 7 * world_sin(turn) + world_noise(SEED_AIR, t_ms, 3 * WORLD_MS_PER_HOUR);
}
