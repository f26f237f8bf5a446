/* SPDX-License-Identifier: MIT
 * Many packets through the shipped driver with several threads on either side: none lost, duplicated, changed
 * or out of order per sender. Senders take credit for the bytes that their packets take in the ring, so that
 * nothing is dropped; what a full ring drops is another scenario's subject.
 *
 * The argument "packets=N" sets how many pass in each direction. */
#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ring_client.h"
#include "scenario.h"

#define SENDERS  4u
#define READERS  2u
#define CHAIN    32u
#define CAPACITY 0x100000u
#define LONGEST  400u

static struct ring_fixture fixture;
static _Atomic int64_t credit;
static _Atomic uint64_t delivered;
static uint64_t per_sender;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static uint64_t expected[SENDERS]; /* (order), or the indicating thread's own */

static uint32_t
length_of(uint32_t sender, uint64_t sequence)
{
    return TEST_PACKET_MIN_V6 + (uint32_t)((sequence * 7 + sender * 13) % (LONGEST - TEST_PACKET_MIN_V6));
}

static void
take_credit(int64_t bytes)
{
    while (atomic_fetch_sub(&credit, bytes) < bytes) {
        credit += bytes;
        sched_yield();
    }
}

static void
in_order(uint32_t sender, uint64_t sequence)
{
    EXPECT(sender < SENDERS);
    EXPECT_EQ(sequence, expected[sender]);
    expected[sender]++;
}

/* Quick, or millions of packets would take minutes under emulation: all bytes of every 16th packet, the
 * header of all. */
static void
check(const uint8_t *data, uint32_t length, uint32_t *sender, uint64_t *sequence)
{
    uint32_t header = data[0] >> 4 == 6 ? 40 : 20;
    memcpy(sender, data + header + 8, sizeof(*sender));
    memcpy(sequence, data + header + 12, sizeof(*sequence));
    EXPECT_EQ(length, length_of(*sender, *sequence));
    if (*sequence % 16 == 0)
        test_packet_check(data, length, sender, sequence);
}

/* ---- Stack to client ---- */

static void
stack_sender(void *context)
{
    uint32_t sender = (uint32_t)(uintptr_t)context;
    static _Thread_local uint8_t data[CHAIN][LONGEST];
    struct sim_packet packets[CHAIN];
    for (uint64_t sequence = 0; sequence < per_sender;) {
        unsigned count = 1 + (unsigned)(sequence * 31 % CHAIN);
        int64_t bytes = 0;
        if (count > per_sender - sequence)
            count = (unsigned)(per_sender - sequence);
        for (unsigned i = 0; i < count; i++, sequence++) {
            uint32_t length = length_of(sender, sequence);
            test_packet_make(data[i], length, sequence & 1 ? 6 : 4, sender, sequence);
            packets[i] = (struct sim_packet){data[i], length};
            bytes += RingPacketSpan(length);
        }
        take_credit(bytes);
        struct sim_send_options options = {.packets_per_nbl = 1 + sequence % 3,
                                           .max_mdls = sequence % 64 == 0 ? 3 : 1,
                                           .seed = sequence,
                                           .at_dispatch = sequence & 1};
        NDIS_STATUS statuses[CHAIN];
        unsigned nbls = (count + options.packets_per_nbl - 1) / options.packets_per_nbl;
        EXPECT_EQ(sim_stack_send(fixture.adapter, packets, count, &options, true, statuses), nbls);
    }
}

static void
client_reader(void *context)
{
    static _Thread_local uint8_t data[0x10000];
    uint32_t length, sender;
    uint64_t sequence;
    (void)context;
    while (delivered < per_sender * SENDERS) {
        pthread_mutex_lock(&order);
        bool got = ring_client_read(fixture.client, data, &length);
        if (got) {
            memcpy(&sender, data + (data[0] >> 4 == 6 ? 48 : 28), sizeof(sender));
            memcpy(&sequence, data + (data[0] >> 4 == 6 ? 52 : 32), sizeof(sequence));
            in_order(sender, sequence);
        }
        pthread_mutex_unlock(&order);
        if (got) {
            check(data, length, &sender, &sequence);
            credit += RingPacketSpan(length);
            delivered++;
        } else
            sim_event_wait(fixture.client->process, fixture.client->send_event, 50);
    }
}

/* ---- Client to stack ---- */

static void
client_writer(void *context)
{
    uint32_t sender = (uint32_t)(uintptr_t)context;
    uint8_t data[LONGEST];
    for (uint64_t sequence = 0; sequence < per_sender; sequence++) {
        uint32_t length = length_of(sender, sequence);
        test_packet_make(data, length, sequence & 1 ? 6 : 4, sender, sequence);
        ring_client_write_wait(fixture.client, data, length);
    }
}

/* The driver has one thread that indicates, so this is called by one thread at a time. */
static void
stack_receive(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    uint32_t sender;
    uint64_t sequence;
    (void)context;
    (void)is_ipv6;
    check(data, length, &sender, &sequence);
    in_order(sender, sequence);
    delivered++;
}

/* ---- Scenarios ---- */

static void
prepare(uint64_t packets)
{
    for (int i = 0; i < sim_scenario_argc; i++)
        sscanf(sim_scenario_argv[i], "packets=%llu", (unsigned long long *)&packets);
    per_sender = packets / SENDERS;
    credit = CAPACITY - 4;
    ring_fixture_start(&fixture, CAPACITY);
}

static void
finish(const char *direction)
{
    EXPECT_EQ(delivered, per_sender * SENDERS);
    for (unsigned i = 0; i < SENDERS; i++)
        EXPECT_EQ(expected[i], per_sender);
    struct sim_stack_counts counts = sim_stack_counts(fixture.adapter);
    printf("%llu packets %s, %llu indications, longest chain %llu, %llu with the resources flag\n",
           (unsigned long long)delivered, direction, (unsigned long long)counts.indications,
           (unsigned long long)counts.longest_chain, (unsigned long long)counts.resources);
    ring_fixture_stop(&fixture);
}

static void
stack_to_client(uint64_t packets)
{
    struct sim_task *tasks[SENDERS + READERS];
    prepare(packets);
    for (uintptr_t i = 0; i < READERS; i++)
        tasks[SENDERS + i] = sim_spawn(client_reader, NULL);
    for (uintptr_t i = 0; i < SENDERS; i++)
        tasks[i] = sim_spawn(stack_sender, (void *)i);
    for (unsigned i = 0; i < SENDERS + READERS; i++)
        sim_join(tasks[i]);
    uint32_t length;
    uint8_t data[LONGEST];
    EXPECT(!ring_client_read(fixture.client, data, &length));
    EXPECT_EQ(credit, CAPACITY - 4);
    finish("from stack to client");
}

static void
client_to_stack(uint64_t packets)
{
    struct sim_task *tasks[SENDERS];
    prepare(packets);
    sim_stack_on_receive(fixture.adapter, stack_receive, NULL);
    for (uintptr_t i = 0; i < SENDERS; i++)
        tasks[i] = sim_spawn(client_writer, (void *)i);
    for (unsigned i = 0; i < SENDERS; i++)
        sim_join(tasks[i]);
    for (unsigned i = 0; delivered < per_sender * SENDERS && i < 60000; i++)
        usleep(1000);
    finish("from client to stack");
}

SIM_SCENARIO(data_send_parallel_senders_lose_nothing)
{
    stack_to_client(200000);
}

SIM_SCENARIO(data_receive_parallel_writers_lose_nothing)
{
    client_to_stack(200000);
}

/* Natively on one system, and not under emulation, where they would take an hour. */
static void
only_native(void)
{
    if (sim_arch == SIM_ARM || sim_arch == SIM_ARM64)
        sim_skip("ten million packets are for native architectures; under emulation 200,000 pass");
}

SIM_SCENARIO_ON(data_send_ten_million_packets_lose_nothing, SIM_WIN10, SIM_LONG)
{
    only_native();
    stack_to_client(10000000);
}

SIM_SCENARIO_ON(data_receive_ten_million_packets_lose_nothing, SIM_WIN10, SIM_LONG)
{
    only_native();
    client_to_stack(10000000);
}
