/* SPDX-License-Identifier: MIT
 *
 * What a test packet carries: an IP header, its sender, its number, its size, a check of these, and a pattern that
 * follows from them.
 */
#ifndef HOST_PACKET_PATTERN_H
#define HOST_PACKET_PATTERN_H

#include <string.h>

#include "host.h"
#include "traffic.h"

#define META 40u /* where our own header lies: behind the longer of both IP headers */

typedef struct meta
{
    uint32_t sender;
    uint32_t size;
    uint64_t number;
    uint32_t check;
} __attribute__((packed)) meta;

_Static_assert(META + sizeof(meta) == TRAFFIC_SMALLEST, "meta");

static inline uint32_t
packet_check(uint32_t sender, uint64_t number, uint32_t size)
{
    uint64_t z = number * 0x9E3779B97F4A7C15ull ^ ((uint64_t)sender << 32 | size);
    z = (z ^ (z >> 31)) * 0xBF58476D1CE4E5B9ull;
    return (uint32_t)(z >> 32);
}

static inline uint64_t
pattern_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static inline void
packet_fill(uint8_t *data, uint32_t sender, uint64_t number, uint32_t size)
{
    meta m = {sender, size, number, packet_check(sender, number, size)};
    memset(data, 0, META);
    data[0] = number & 1 ? 0x60 : 0x45;
    data[16] = 10;
    memcpy(data + META, &m, sizeof(m));
    uint64_t state = m.check | 1ull << 40;
    for (uint32_t at = TRAFFIC_SMALLEST; at < size; at += 8) {
        uint64_t word = pattern_next(&state);
        memcpy(data + at, &word, size - at < 8 ? size - at : 8);
    }
}

static inline meta
packet_verify(const uint8_t *data, uint32_t size)
{
    meta m;
    host_check(size >= TRAFFIC_SMALLEST);
    memcpy(&m, data + META, sizeof(m));
    if (m.size != size || m.sender >= TRAFFIC_THREADS || m.check != packet_check(m.sender, m.number, size) ||
        data[0] != (m.number & 1 ? 0x60 : 0x45))
        host_fail("a packet of %u bytes has a broken header (says %u bytes, sender %u, number %llu)", size,
                  m.size, m.sender, (unsigned long long)m.number);
    uint64_t state = m.check | 1ull << 40;
    for (uint32_t at = TRAFFIC_SMALLEST; at < size; at += 8) {
        uint64_t word = pattern_next(&state);
        if (memcmp(data + at, &word, size - at < 8 ? size - at : 8))
            host_fail("packet %llu of sender %u is corrupt at byte %u of %u", (unsigned long long)m.number,
                      m.sender, at, size);
    }
    return m;
}

#endif
