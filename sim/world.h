/* sim/world.h - what the simulators share: the time of a simulated day, the sun, the weather, and
 * noise that looks like chance and is the same each time. Integers only, so that every machine
 * gives the same bytes.
 * SPDX-License-Identifier: MIT */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <stdint.h>

#define WORLD_MS_PER_DAY  INT64_C(86400000)
#define WORLD_MS_PER_HOUR INT64_C(3600000)

/* The clock of a simulated place. One simulated day takes day_ms of real time. */
struct world {
    int64_t t_ms; /* simulated; 0 = midnight of the first day */
    int64_t day_ms;
    int64_t last_ns;
    int64_t rest; /* of the division, so that no time is lost */
};

/* hour: 0..23 of the first day, or -1: the time of day of wall_ns, which is taken as solar time (so
 * it fits best at Greenwich: where the simulated place is, nobody says). */
void world_init(struct world *w, int64_t day_ms, int64_t hour, int64_t now_ns, int64_t wall_ns);

/* Time passed. After a gap of more than a minute (a machine that slept) only that minute counts.
 * Returns how many simulated milliseconds. */
int64_t world_advance(struct world *w, int64_t now_ns);

/* The time of day, 0..86399999 ms. */
int64_t world_time_of_day(int64_t t_ms);

/* 1000 * sin of an angle in thousandths of a turn; any integer. */
int32_t world_sin(int64_t milliturns);

/* A number that belongs to (seed, n) and looks random. */
uint32_t world_random(uint32_t seed, int64_t n);

/* A smooth line between -1000 and 1000 that turns about once a period. */
int32_t world_noise(uint32_t seed, int64_t t_ms, int64_t period_ms);

/* Height of the sun above the horizon: 0 by night, 1000 at noon. It rises at half past five and sets
 * at half past eight in the evening. */
int32_t world_sun(int64_t t_ms);
/* The sun behind passing clouds: 0..1000. */
int32_t world_light(int64_t t_ms);
/* Air temperature in thousandths of a degree: a spring day between about 6 and 22 °C. */
int32_t world_air(int64_t t_ms);

#endif
