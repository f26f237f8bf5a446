/* SPDX-License-Identifier: MIT
 * A stack that holds what it receives: other packets go on, a session ends without waiting for it, a pause
 * waits, and what comes back in any order serves again. While the model holds NBLs the driver cannot touch
 * them. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>
#include "ring_client.h"
#include "scenario.h"

#define CAPACITY 0x80000u

static struct ring_fixture fixture;
static _Atomic uint64_t arrived;
static uint64_t expected, written; /* of the stack; of the client */
static uint8_t packet[0x10000];

static void
take(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    uint32_t sender;
    uint64_t sequence;
    (void)context;
    (void)is_ipv6;
    test_packet_check(data, length, &sender, &sequence);
    EXPECT_EQ(sequence, expected);
    expected++;
    arrived++;
}

static void
start(void)
{
    arrived = expected = written = 0;
    ring_fixture_start(&fixture, CAPACITY);
    sim_stack_on_receive(fixture.adapter, take, NULL);
}

static void
write_packets(uint64_t count, uint32_t length)
{
    for (uint64_t i = 0; i < count; i++) {
        test_packet_make(packet, length, 4, 1, written++);
        ring_client_write_wait(fixture.client, packet, length);
    }
}

static void
wait_for(uint64_t count)
{
    for (unsigned i = 0; arrived < count; i++) {
        if (i == 60000)
            sim_fail(__FILE__, __LINE__, "%llu of %llu packets have come", (unsigned long long)arrived,
                     (unsigned long long)count);
        usleep(1000);
    }
}

/* Far more packets than the driver has NBLs, none of which comes back. */
SIM_SCENARIO(data_held_for_long_stalls_nobody)
{
    static const uint32_t lengths[] = {100, 9000, 65535};
    start();
    sim_stack_hold(fixture.adapter, true);
    uint64_t total = 0;
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned round = 0; round < 20; round++) {
            write_packets(150, lengths[i]);
            total += 150;
            wait_for(total);
        }
        struct sim_stack_counts counts = sim_stack_counts(fixture.adapter);
        EXPECT(counts.resources > 0); /* the reserve was indicated */
        /* All but what is kept back, of every size that serves. */
        EXPECT_EQ(sim_stack_held(fixture.adapter), 1024 - 64 + 32 - 4 + 16 - 2);
    }
    sim_stack_hold(fixture.adapter, false);
    EXPECT(sim_stack_release_held(fixture.adapter, 5) > 0);
    uint64_t before = sim_stack_counts(fixture.adapter).resources;
    write_packets(50, 100);
    wait_for(total + 50);
    EXPECT_EQ(sim_stack_counts(fixture.adapter).resources, before); /* what came back serves again */
    ring_fixture_stop(&fixture);
}

/* A session ends while the stack holds its packets, and the next one starts; the packets come back after
 * that. */
SIM_SCENARIO(data_held_packets_pin_no_session)
{
    start();
    for (unsigned round = 1; round <= 5; round++) {
        sim_stack_hold(fixture.adapter, true);
        write_packets(100, 500);
        wait_for(round * 100);
        ring_client_close(fixture.client);
        fixture.client = ring_client_open(fixture.adapter, CAPACITY);
        sim_stack_hold(fixture.adapter, false);
        EXPECT_EQ(sim_stack_release_held(fixture.adapter, round), 100);
    }
    ring_fixture_stop(&fixture);
}

static _Atomic bool paused;

static void
pause_adapter(void *context)
{
    (void)context;
    sim_adapter_pause(fixture.adapter, NDIS_PAUSE_BIND_PROTOCOL);
    paused = true;
}

SIM_SCENARIO(data_held_packets_make_a_pause_wait)
{
    start();
    for (unsigned round = 1; round <= 10; round++) {
        sim_stack_hold(fixture.adapter, true);
        write_packets(30, 300);
        wait_for(round * 30);
        paused = false;
        struct sim_task *task = sim_spawn(pause_adapter, NULL);
        usleep(20000);
        EXPECT(!paused);
        sim_stack_hold(fixture.adapter, false);
        EXPECT_EQ(sim_stack_release_held(fixture.adapter, round), 30);
        sim_join(task);
        EXPECT(paused);
        EXPECT_EQ((uint32_t)sim_adapter_restart(fixture.adapter), 0);
    }
    ring_fixture_stop(&fixture);
}

/* From 6.30 on a miniport with NO_PAUSE_ON_SUSPEND goes to sleep while the stack holds packets. */
SIM_SCENARIO_ON(data_held_packets_let_the_adapter_sleep, SIM_SINCE_WIN8, 0)
{
    start();
    sim_stack_hold(fixture.adapter, true);
    write_packets(30, 300);
    wait_for(30);
    sim_adapter_set_power(fixture.adapter, 3);
    sim_stack_hold(fixture.adapter, false);
    sim_adapter_set_power(fixture.adapter, 0);
    EXPECT_EQ(sim_stack_release_held(fixture.adapter, 3), 30);
    write_packets(30, 300);
    wait_for(60);
    ring_fixture_stop(&fixture);
}

/* ---- Coming in again from inside ---- */

SIM_SCENARIO(data_send_inside_completion_works)
{
    uint32_t length;
    unsigned read = 0;
    start();
    for (unsigned i = 0; i < 200; i++) {
        test_packet_make(packet, 200, 4, 1, i);
        struct sim_packet one = {packet, 200};
        struct sim_send_options options = {.at_dispatch = i & 1};
        sim_stack_reenter(fixture.adapter, 3);
        EXPECT_EQ(sim_stack_send(fixture.adapter, &one, 1, &options, true, NULL), 1);
        sim_stack_drain(fixture.adapter);
        while (ring_client_read(fixture.client, packet, &length))
            read++;
    }
    EXPECT_EQ(read, 200 * 4);
    ring_fixture_stop(&fixture);
}

SIM_SCENARIO(data_cancel_finds_nothing_waiting)
{
    struct sim_send_options options = {.cancel_id = &fixture};
    uint32_t length;
    start();
    test_packet_make(packet, 200, 4, 1, 1);
    struct sim_packet one = {packet, 200};
    EXPECT_EQ(sim_stack_send(fixture.adapter, &one, 1, &options, true, NULL), 1);
    sim_adapter_cancel_send(fixture.adapter, &fixture);
    sim_adapter_cancel_send(fixture.adapter, &packet);
    EXPECT(ring_client_read(fixture.client, packet, &length));
    ring_fixture_stop(&fixture);
}
