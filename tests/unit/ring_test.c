/* SPDX-License-Identifier: MIT
 *
 * ring.h by itself: its arithmetic against plain 64-bit arithmetic, and a producer and a consumer made of its
 * accessors against a plain queue, at every alignment, at the wrap and with packets that run to the last byte
 * of the trailing space. The ring lies at the end of its allocation, so that AddressSanitizer sees one byte
 * too many.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "random.h"
#include "ring.h"

#define QUEUE_MAX 65536u

typedef struct model
{
    TUN_RING *ring;
    uint32_t capacity;
    /* The plain queue: what was produced and not yet consumed. */
    struct
    {
        uint32_t size, pattern;
    } queue[QUEUE_MAX];
    uint32_t first, count;
    uint64_t used; /* bytes of the ring that the queued packets take */
    uint32_t next_pattern;
} model;

static uint64_t seed;

static uint8_t
pattern_byte(uint32_t pattern, uint32_t index)
{
    return (uint8_t)((pattern * 2654435761u + index * 40503u) >> 11);
}

static model *
model_create(uint32_t capacity, uint32_t offset)
{
    model *m = calloc(1, sizeof(*m));
    m->ring = calloc(1, RingSizeOf(capacity));
    assert_non_null(m->ring);
    m->capacity = capacity;
    RingStoreHeadRelease(m->ring, offset);
    RingStoreTailRelease(m->ring, offset);
    return m;
}

static void
model_free(model *m)
{
    free(m->ring);
    free(m);
}

/* Produces if the ring has room; the model decides independently whether it has. */
static bool
model_produce(model *m, uint32_t size)
{
    uint64_t span = (4ull + size + 3) / 4 * 4;
    bool fits = m->used + span + 4 <= m->capacity;
    uint32_t head = RingLoadHeadAcquire(m->ring), tail = m->ring->Tail;

    assert_int_equal(RingSpace(head, tail, m->capacity), m->capacity - 4 - m->used);
    assert_int_equal(RingPacketSpan(size) <= RingSpace(head, tail, m->capacity), fits);
    if (!fits || m->count == QUEUE_MAX)
        return false;
    RingWritePacketSize(m->ring, tail, size);
    uint8_t *data = RingPacketData(m->ring, tail);
    for (uint32_t i = 0; i < size; i++)
        data[i] = pattern_byte(m->next_pattern, i);
    RingStoreTailRelease(m->ring, RingAdvance(tail, RingPacketSpan(size), m->capacity));
    uint32_t slot = (m->first + m->count++) % QUEUE_MAX;
    m->queue[slot].size = size;
    m->queue[slot].pattern = m->next_pattern++;
    m->used += span;
    return true;
}

static bool
model_consume(model *m)
{
    uint32_t tail = RingLoadTailAcquire(m->ring), head = m->ring->Head;

    assert_true(RingOffsetIsValid(head, m->capacity));
    assert_true(RingOffsetIsValid(tail, m->capacity));
    uint32_t content = RingContent(head, tail, m->capacity);
    assert_int_equal(content, m->used);
    if (!m->count) {
        assert_int_equal(content, 0);
        return false;
    }
    uint32_t size = RingReadPacketSize(m->ring, head);
    assert_true(RingPacketIsWhole(size, content));
    assert_int_equal(size, m->queue[m->first].size);
    const uint8_t *data = RingPacketData(m->ring, head);
    for (uint32_t i = 0; i < size; i++)
        if (data[i] != pattern_byte(m->queue[m->first].pattern, i))
            fail_msg("byte %u of %u at offset %u is wrong", i, size, head);
    RingStoreHeadRelease(m->ring, RingAdvance(head, RingPacketSpan(size), m->capacity));
    m->used -= (4ull + size + 3) / 4 * 4;
    m->first = (m->first + 1) % QUEUE_MAX;
    m->count--;
    return true;
}

/* Mostly small, some of every size, some at the edges. */
static uint32_t
random_size(uint64_t *state)
{
    static const uint32_t edges[] = {0, 1, 2, 3, 4, 5, 20, 40, 1499, 1500, 65531, 65532, 65533, 65534, 65535};
    switch (random_below(state, 8)) {
    case 0:
        return random_below(state, RING_MAX_PACKET + 1);
    case 1:
        return edges[random_below(state, sizeof(edges) / sizeof(edges[0]))];
    default:
        return random_below(state, 1600);
    }
}

static void
run_against_queue(uint32_t capacity, uint32_t offset, unsigned int steps, uint64_t *state)
{
    model *m = model_create(capacity, offset);
    for (unsigned int i = 0; i < steps; i++) {
        /* Bursts in both directions, so that full, empty and everything between come up. */
        unsigned int burst = 1 + random_below(state, 64);
        bool produce = random_below(state, 2);
        while (burst-- && (produce ? model_produce(m, random_size(state)) : model_consume(m)))
            ;
    }
    while (model_consume(m))
        ;
    assert_int_equal(m->ring->Head, m->ring->Tail);
    model_free(m);
}

static void
ring_random_traffic_matches_queue(void **unused)
{
    (void)unused;
    uint64_t state = random_stream(seed, 1);
    for (unsigned int round = 0; round < 12; round++) {
        uint32_t capacity = RING_MIN_CAPACITY << random_below(&state, 4);
        run_against_queue(capacity, random_below(&state, capacity / 4) * 4, 400, &state);
    }
    run_against_queue(RING_MAX_CAPACITY, RING_MAX_CAPACITY - 4, 60, &state);
}

static void
ring_every_alignment_carries_a_packet(void **unused)
{
    (void)unused;
    uint64_t state = random_stream(seed, 2);
    model *m = model_create(RING_MIN_CAPACITY, 0);
    for (uint32_t offset = 0; offset < RING_MIN_CAPACITY; offset += 4) {
        RingStoreHeadRelease(m->ring, offset);
        RingStoreTailRelease(m->ring, offset);
        assert_true(model_produce(m, random_below(&state, 64)));
        assert_true(model_produce(m, random_below(&state, 8)));
        assert_true(model_consume(m));
        assert_true(model_consume(m));
        assert_false(model_consume(m));
    }
    model_free(m);
}

static void
ring_largest_packet_at_the_very_end_stays_inside(void **unused)
{
    (void)unused;
    for (uint32_t size = RING_MAX_PACKET - 8; size <= RING_MAX_PACKET; size++) {
        for (uint32_t offset = RING_MIN_CAPACITY - 64; offset < RING_MIN_CAPACITY; offset += 4) {
            model *m = model_create(RING_MIN_CAPACITY, offset);
            assert_true(model_produce(m, size));
            assert_true(RingPacketData(m->ring, offset) + size <=
                        (uint8_t *)m->ring + RingSizeOf(RING_MIN_CAPACITY));
            /* 128 KiB hold one packet of 64 KiB, and one more a little smaller. */
            assert_false(model_produce(m, RING_MAX_PACKET));
            assert_true(model_produce(m, RING_MIN_CAPACITY - 4 - RingPacketSpan(size) - 4));
            assert_false(model_produce(m, 0));
            while (model_consume(m))
                ;
            model_free(m);
        }
    }
}

static void
ring_full_leaves_one_unit_free(void **unused)
{
    (void)unused;
    for (uint32_t size = 0; size <= 64; size++) {
        model *m = model_create(RING_MIN_CAPACITY, 4 * size);
        while (model_produce(m, size))
            ;
        assert_int_not_equal(m->ring->Head, m->ring->Tail);
        while (model_consume(m))
            ;
        model_free(m);
    }
}

/* ---- Arithmetic and validation ---- */

static void
capacity_validation_admits_exactly_the_powers_of_two_in_range(void **unused)
{
    (void)unused;
    uint64_t state = random_stream(seed, 3);
    for (unsigned int bit = 0; bit < 32; bit++) {
        for (int64_t delta = -5; delta <= 5; delta++) {
            uint32_t capacity = (uint32_t)((1ll << bit) + delta);
            bool expected = __builtin_popcount(capacity) == 1 && capacity >= 0x20000 && capacity <= 0x4000000;
            assert_int_equal(RingCapacityIsValid(capacity), expected);
            assert_int_equal(RingCapacityOf(12 + 0x10000 + capacity), expected ? capacity : 0);
        }
    }
    for (unsigned int i = 0; i < 2000000; i++) {
        uint32_t size = (uint32_t)random_next(&state);
        int64_t rest = (int64_t)size - 12 - 0x10000;
        bool valid = rest >= 0x20000 && rest <= 0x4000000 && __builtin_popcountll((uint64_t)rest) == 1;
        assert_int_equal(RingCapacityOf(size), valid ? rest : 0);
    }
    for (uint32_t size = 0; size < 0x10000 + 64; size++)
        assert_int_equal(RingCapacityOf(size), 0);
}

static void
packet_span_is_header_and_size_rounded_up(void **unused)
{
    (void)unused;
    for (uint32_t size = 0; size <= RING_MAX_PACKET; size++) {
        uint32_t span = RingPacketSpan(size);
        assert_true(span % RING_ALIGNMENT == 0 && span >= size + 4 && span < size + 8);
    }
}

static void
offset_validation_is_exact(void **unused)
{
    (void)unused;
    for (uint32_t offset = 0; offset < 2 * RING_MIN_CAPACITY; offset++)
        assert_int_equal(RingOffsetIsValid(offset, RING_MIN_CAPACITY),
                         offset < RING_MIN_CAPACITY && offset % 4 == 0);
    assert_false(RingOffsetIsValid(RING_CLOSED, RING_MAX_CAPACITY));
    assert_false(RingOffsetIsValid(RING_MAX_CAPACITY, RING_MAX_CAPACITY));
}

static void
content_and_space_share_the_capacity(void **unused)
{
    (void)unused;
    uint64_t state = random_stream(seed, 4);
    for (unsigned int i = 0; i < 2000000; i++) {
        uint32_t capacity = RING_MIN_CAPACITY << random_below(&state, 10);
        uint32_t head = random_below(&state, capacity / 4) * 4;
        uint32_t tail = i % 16 ? random_below(&state, capacity / 4) * 4 : head;
        uint64_t content = tail >= head ? tail - head : (uint64_t)capacity - head + tail;
        assert_int_equal(RingContent(head, tail, capacity), content);
        assert_int_equal(RingSpace(head, tail, capacity), capacity - 4 - content);
        uint32_t bytes = random_below(&state, capacity / 4) * 4;
        assert_int_equal(RingAdvance(head, bytes, capacity), ((uint64_t)head + bytes) % capacity);
    }
}

static void
packet_validation_never_overflows(void **unused)
{
    (void)unused;
    uint64_t state = random_stream(seed, 5);
    static const uint32_t hostile[] = {0x10000,    0x10003,    0x1FFFC,    0x7FFFFFFF, 0x80000000,
                                       0x80000014, 0xFFFFFFF8, 0xFFFFFFF9, 0xFFFFFFFC, 0xFFFFFFFF};
    for (unsigned int i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        for (uint32_t content = 0; content < RING_MIN_CAPACITY; content += 4)
            assert_false(RingPacketIsWhole(hostile[i], content));
    for (unsigned int i = 0; i < 2000000; i++) {
        uint32_t size = i & 1 ? (uint32_t)random_next(&state) : random_below(&state, RING_MAX_PACKET + 16);
        uint32_t content = random_below(&state, RING_MIN_CAPACITY / 4) * 4;
        if (!(i % 8) && size <= RING_MAX_PACKET)
            content = (size + 7) / 4 * 4 - (i % 16 ? 4 : 0);
        bool expected = size <= 65535 && ((uint64_t)size + 4 + 3) / 4 * 4 <= content;
        assert_int_equal(RingPacketIsWhole(size, content), expected);
    }
}

/* ---- One producer and one consumer at once: what the sanitizers look at ---- */

#define PAIR_PACKETS 100000u

static void *
pair_produce(void *argument)
{
    TUN_RING *ring = argument;
    uint64_t state = random_stream(seed, 6);
    uint32_t tail = 0;
    for (uint32_t pattern = 0; pattern < PAIR_PACKETS; pattern++) {
        uint32_t size = 4 + random_below(&state, 200);
        while (RingPacketSpan(size) > RingSpace(RingLoadHeadAcquire(ring), tail, RING_MIN_CAPACITY))
            sched_yield();
        RingWritePacketSize(ring, tail, size);
        uint8_t *data = RingPacketData(ring, tail);
        for (uint32_t i = 0; i < size; i++)
            data[i] = pattern_byte(pattern, i);
        tail = RingAdvance(tail, RingPacketSpan(size), RING_MIN_CAPACITY);
        RingStoreTailRelease(ring, tail);
    }
    return NULL;
}

static void
pair_of_threads_loses_nothing(void **unused)
{
    (void)unused;
    TUN_RING *ring = calloc(1, RingSizeOf(RING_MIN_CAPACITY));
    pthread_t producer;
    uint64_t state = random_stream(seed, 6);
    uint32_t head = 0, bad = 0;

    assert_int_equal(pthread_create(&producer, NULL, pair_produce, ring), 0);
    for (uint32_t pattern = 0; pattern < PAIR_PACKETS; pattern++) {
        uint32_t content;
        while (!(content = RingContent(head, RingLoadTailAcquire(ring), RING_MIN_CAPACITY)))
            sched_yield();
        uint32_t size = RingReadPacketSize(ring, head);
        if (size != 4 + random_below(&state, 200) || !RingPacketIsWhole(size, content))
            fail_msg("packet %u has size %u in %u bytes", pattern, size, content);
        const uint8_t *data = RingPacketData(ring, head);
        for (uint32_t i = 0; i < size; i++)
            bad += data[i] != pattern_byte(pattern, i);
        head = RingAdvance(head, RingPacketSpan(size), RING_MIN_CAPACITY);
        RingStoreHeadRelease(ring, head);
    }
    pthread_join(producer, NULL);
    assert_int_equal(bad, 0);
    free(ring);
}

int
main(void)
{
    seed = random_seed("ring_test");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_random_traffic_matches_queue),
        cmocka_unit_test(ring_every_alignment_carries_a_packet),
        cmocka_unit_test(ring_largest_packet_at_the_very_end_stays_inside),
        cmocka_unit_test(ring_full_leaves_one_unit_free),
        cmocka_unit_test(capacity_validation_admits_exactly_the_powers_of_two_in_range),
        cmocka_unit_test(packet_span_is_header_and_size_rounded_up),
        cmocka_unit_test(offset_validation_is_exact),
        cmocka_unit_test(content_and_space_share_the_capacity),
        cmocka_unit_test(packet_validation_never_overflows),
        cmocka_unit_test(pair_of_threads_loses_nothing),
    };
#ifdef RING_TEST_ONLY
    cmocka_set_test_filter(RING_TEST_ONLY);
#endif
    return cmocka_run_group_tests(tests, NULL, NULL);
}
