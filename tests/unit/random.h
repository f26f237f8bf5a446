/* SPDX-License-Identifier: MIT
 *
 * A small seeded generator (xorshift64*), and the seed of a test run: SEED from the environment, or a new
 * one; printed either way, so that a failure can be replayed.
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline uint64_t
random_next(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545F4914F6CDD1Dull;
}

/* 0 to bound - 1 */
static inline uint32_t
random_below(uint64_t *state, uint32_t bound)
{
    return (uint32_t)(((random_next(state) >> 32) * bound) >> 32);
}

/* A generator for one of several threads or rounds of the same run. */
static inline uint64_t
random_stream(uint64_t seed, uint64_t number)
{
    uint64_t z = seed + (number + 1) * 0x9E3779B97F4A7C15ull;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return (z ^ (z >> 31)) | 1;
}

static inline uint64_t
random_seed(const char *test)
{
    const char *given = getenv("SEED");
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t seed =
        given ? strtoull(given, NULL, 0) : (uint64_t)now.tv_sec * 1000000007ull + (uint64_t)now.tv_nsec;
    printf("%s: SEED=%llu\n", test, (unsigned long long)seed);
    fflush(stdout);
    return seed;
}

#endif
