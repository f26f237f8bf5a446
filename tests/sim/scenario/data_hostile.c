/* SPDX-License-Identifier: MIT
 * A client that writes nonsense into its rings, before the driver looks and while it looks: its own session
 * ends, the counters say what was wrong with packets, nothing else suffers, and the adapter serves the next
 * session. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ring_client.h"
#include "scenario.h"

#define CAPACITY RING_MIN_CAPACITY

static struct ring_fixture fixture;
static _Atomic uint64_t arrived;
static uint8_t packet[0x10000];

static void
take(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    EXPECT(length >= (is_ipv6 ? 40 : 20));
    EXPECT_EQ(data[0] >> 4, is_ipv6 ? 6 : 4);
    arrived++;
}

static void
start(void)
{
    ring_fixture_start(&fixture, CAPACITY);
    sim_stack_on_receive(fixture.adapter, take, NULL);
}

static void
wait_until(const uint32_t *shared, uint32_t value)
{
    for (unsigned i = 0; __atomic_load_n(shared, __ATOMIC_ACQUIRE) != value; i++) {
        if (i == 30000)
            sim_fail(__FILE__, __LINE__, "the driver ends the ring: it holds 0x%x", *shared);
        usleep(1000);
    }
}

static void
poke(uint32_t *shared, uint32_t value)
{
    __atomic_store_n(shared, value, __ATOMIC_SEQ_CST);
    sim_event_set(fixture.client->process, fixture.client->receive_event);
}

/* The next session works in both directions. */
static void
expect_healthy(void)
{
    uint32_t length;
    ring_client_close(fixture.client);
    fixture.client = ring_client_open(fixture.adapter, CAPACITY);
    uint64_t before = arrived;
    test_packet_make(packet, 300, 4, 1, 1);
    ring_client_write_wait(fixture.client, packet, 300);
    for (unsigned i = 0; arrived != before + 1; i++) {
        EXPECT(i < 30000);
        usleep(1000);
    }
    struct sim_packet one = {packet, 300};
    EXPECT_EQ(sim_stack_send(fixture.adapter, &one, 1, NULL, true, NULL), 1);
    EXPECT(ring_client_read(fixture.client, packet, &length));
}

SIM_SCENARIO(data_wrong_tail_ends_the_session)
{
    static const uint32_t tails[] = {1,          2,          3,         CAPACITY, CAPACITY + 4, CAPACITY - 1,
                                     0x80000000, 0xFFFFFFFC, 0xFFFFFFFF};
    start();
    for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
        poke(&fixture.client->receive->Tail, tails[i]);
        wait_until(&fixture.client->receive->Head, RING_CLOSED);
        expect_healthy();
    }
    ring_fixture_stop(&fixture);
}

SIM_SCENARIO(data_wrong_size_ends_the_session)
{
    static const struct
    {
        uint32_t size, ahead; /* of Head: where Tail is put */
    } cases[] = {
        {0x10000, 0x10008}, {0xFFFFFFFF, 64}, {0xFFFFFFFC, 64}, {100, 64},
        {61, 64},           {65535, 4},       {1, 4},           {0x80000000, CAPACITY - 4},
    };
    start();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t head = RingLoadHeadAcquire(fixture.client->receive);
        while (head != fixture.client->receive_tail) { /* the driver is still at the packet before */
            usleep(100);
            head = RingLoadHeadAcquire(fixture.client->receive);
        }
        RingWritePacketSize(fixture.client->receive, head, cases[i].size);
        poke(&fixture.client->receive->Tail, RingAdvance(head, cases[i].ahead, CAPACITY));
        wait_until(&fixture.client->receive->Head, RING_CLOSED);
        expect_healthy();
    }
    ring_fixture_stop(&fixture);
}

SIM_SCENARIO(data_wrong_head_ends_the_session)
{
    static const uint32_t heads[] = {1, 2, CAPACITY, CAPACITY + 4, 0x80000000, 0xFFFFFFFF};
    start();
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        NDIS_STATUS status;
        struct sim_packet one = {packet, 300};
        test_packet_make(packet, 300, 4, 1, i);
        __atomic_store_n(&fixture.client->send->Head, heads[i], __ATOMIC_SEQ_CST);
        EXPECT_EQ(sim_stack_send(fixture.adapter, &one, 1, NULL, true, &status), 0);
        EXPECT(ring_client_ended(fixture.client));
        EXPECT(sim_event_wait(fixture.client->process, fixture.client->send_event, 10000));
        /* For good: a Head that is valid again does not bring it back. */
        __atomic_store_n(&fixture.client->send->Head, 0, __ATOMIC_SEQ_CST);
        EXPECT_EQ(sim_stack_send(fixture.adapter, &one, 1, NULL, true, &status), 0);
        EXPECT(ring_client_ended(fixture.client));
        expect_healthy();
    }
    ring_fixture_stop(&fixture);
}

/* Packets that are none are counted and passed over; the ones around them arrive. */
SIM_SCENARIO(data_malformed_packets_are_counted_and_skipped)
{
    static const struct
    {
        uint32_t size;
        uint8_t first;
    } wrong[] = {{0, 0},     {1, 0x45},   {19, 0x45},  {20, 0x44}, {20, 0x4F},
                 {39, 0x60}, {100, 0x00}, {100, 0x50}, {100, 0xF0}};
    enum
    {
        COUNT = sizeof(wrong) / sizeof(wrong[0]),
        ROUNDS = 40
    };
    start();
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < COUNT; i++) {
            memset(packet, 0, 100);
            packet[0] = wrong[i].first;
            ring_client_write_wait(fixture.client, packet, wrong[i].size);
            test_packet_make(packet, 100 + i, i & 1 ? 6 : 4, 1, i);
            ring_client_write_wait(fixture.client, packet, 100 + i);
        }
    }
    for (unsigned i = 0;
         arrived < COUNT * ROUNDS || ring_fixture_statistics(&fixture).ifInErrors < COUNT * ROUNDS; i++) {
        EXPECT(i < 30000);
        usleep(1000);
    }
    EXPECT_EQ(arrived, COUNT * ROUNDS);
    EXPECT_EQ(ring_fixture_statistics(&fixture).ifInErrors, COUNT * ROUNDS);
    EXPECT_EQ(ring_fixture_statistics(&fixture).ifInDiscards, 0);
    ring_fixture_stop(&fixture);
}

/* ---- While the driver looks ---- */

static _Atomic bool stopping;

/* Writes over headers, sizes and data without any rule. */
static void
scribble(void *context)
{
    struct ring_client *client = context;
    uint64_t x = (uintptr_t)client ^ 0x1234567;
    while (!stopping) {
        for (unsigned i = 0; i < 50; i++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            uint32_t at = (uint32_t)(x >> 33) % 4096 & ~3u, value = (uint32_t)(x >> 20);
            __atomic_store_n((uint32_t *)(void *)(client->receive->Data + at), x & 1 ? value : value % 1500,
                             __ATOMIC_RELAXED);
            __atomic_store_n((uint32_t *)(void *)(client->send->Data + at), value, __ATOMIC_RELAXED);
        }
        __atomic_store_n(&client->receive->Tail, (uint32_t)(x >> 40) % 4096 & ~3u, __ATOMIC_RELEASE);
        __atomic_store_n(&client->send->Head, (uint32_t)(x >> 44) % 4096 & ~3u, __ATOMIC_RELEASE);
        __atomic_store_n(&client->send->Tail, (uint32_t)x,
                         __ATOMIC_RELAXED); /* the driver's, but it can be written */
        __atomic_store_n(&client->receive->Head, (uint32_t)x, __ATOMIC_RELAXED);
        __atomic_store_n(&client->receive->Alertable, (int32_t)x, __ATOMIC_RELAXED);
        if (x & 64)
            sim_event_set(client->process, client->receive_event);
    }
}

static void
scribble_under_traffic(unsigned rounds)
{
    static uint8_t data[8][1200];
    struct sim_packet packets[8];
    start();
    for (unsigned i = 0; i < 8; i++) {
        test_packet_make(data[i], 200 + i * 120, i & 1 ? 6 : 4, 1, i);
        packets[i] = (struct sim_packet){data[i], 200 + i * 120};
    }
    for (unsigned round = 0; round < rounds; round++) {
        stopping = false;
        struct sim_task *task = sim_spawn(scribble, fixture.client);
        for (unsigned i = 0; i < 200; i++) {
            struct sim_send_options options = {.seed = i, .max_mdls = 1 + i % 3, .at_dispatch = i & 1};
            sim_stack_send(fixture.adapter, packets, 8, &options, true, NULL);
        }
        stopping = true;
        sim_join(task);
        expect_healthy();
    }
    ring_fixture_stop(&fixture);
}

SIM_SCENARIO(data_scribbling_client_hurts_itself_alone)
{
    scribble_under_traffic(30);
}

SIM_SCENARIO(data_scribbling_client_hurts_itself_alone_under_preemption)
{
    sim_preempt_seed(sim_option_seed + 3);
    scribble_under_traffic(3);
}

static void
send_chains(void *unused)
{
    static const uint8_t data[9000] = {0x45, 0, 9000 >> 8, 9000 & 0xFF};
    struct sim_packet packets[6];
    (void)unused;
    for (unsigned i = 0; i < 6; i++)
        packets[i] = (struct sim_packet){data, sizeof(data)};
    for (unsigned i = 0; !stopping; i++) {
        struct sim_send_options options = {.seed = i, .max_mdls = 3, .at_dispatch = i & 1};
        sim_stack_send(fixture.adapter, packets, 6, &options, true, NULL);
    }
}

/* A ring that was ended stays so: senders that are still copying into it publish nothing any more. */
SIM_SCENARIO(data_wrong_head_while_others_send_ends_the_ring_for_good)
{
    start();
    sim_preempt_seed(sim_option_seed + 4); /* between reserving and publishing too */
    for (unsigned round = 0; round < 60; round++) {
        TUN_RING *send = fixture.client->send;
        struct sim_task *tasks[3];
        stopping = false;
        for (unsigned i = 0; i < 3; i++)
            tasks[i] = sim_spawn(send_chains, NULL);
        for (unsigned reads = 0; reads < 20; reads++) {
            RingStoreHeadRelease(send, RingLoadTailAcquire(send));
            usleep(100);
        }
        /* All have room and begin to copy; the next to reserve finds the wrong Head. */
        RingStoreHeadRelease(send, RingLoadTailAcquire(send));
        for (volatile unsigned spin = round % 20 * 300; spin; spin--)
            ;
        RingStoreHeadRelease(send, CAPACITY + round);
        wait_until(&send->Tail, RING_CLOSED);
        stopping = true;
        for (unsigned i = 0; i < 3; i++)
            sim_join(tasks[i]);
        EXPECT(ring_client_ended(fixture.client));
        expect_healthy();
    }
    ring_fixture_stop(&fixture);
}

/* The other adapter of the same driver does not notice. */
SIM_SCENARIO(data_hostile_client_leaves_other_adapters_alone)
{
    NDIS_STATUS status;
    uint32_t length;
    start();
    struct sim_adapter *other = sim_adapter_start(fixture.driver, NULL, &status);
    EXPECT(other != NULL);
    struct ring_client *quiet = ring_client_open(other, CAPACITY);
    stopping = false;
    struct sim_task *task = sim_spawn(scribble, fixture.client);
    for (unsigned i = 0; i < 300; i++) {
        struct sim_packet one = {packet, 500};
        uint32_t sender;
        uint64_t sequence;
        test_packet_make(packet, 500, 4, 2, i);
        EXPECT_EQ(sim_stack_send(other, &one, 1, NULL, true, NULL), 1);
        EXPECT(ring_client_read(quiet, packet, &length));
        test_packet_check(packet, length, &sender, &sequence);
        EXPECT_EQ(sequence, i);
    }
    stopping = true;
    sim_join(task);
    ring_client_close(quiet);
    sim_adapter_remove(other);
    ring_fixture_stop(&fixture);
}
