/* SPDX-License-Identifier: MIT
 * Everything that can happen to an adapter, while packets pass in both directions on several threads: pause
 * and restart, sleep, sessions that come and go, removal. The model checks that each NBL is completed and
 * returned exactly once and what may happen in which state; these scenarios add that traffic goes on
 * afterwards and that what arrives is whole and in order. Also under seeded preemption at every import. */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>
#include "ring_client.h"
#include "scenario.h"

#define CAPACITY RING_MIN_CAPACITY
#define SENDERS  3u

static struct ring_fixture fixture;
static _Atomic bool stopping, gone;
static _Atomic uint64_t sent, read_count, indicated, dropped;
static pthread_rwlock_t session = PTHREAD_RWLOCK_INITIALIZER; /* taken to change fixture.client */
static uint64_t last_read[SENDERS], last_indicated;

static uint32_t
length_of(uint64_t sequence)
{
    return TEST_PACKET_MIN_V6 + (uint32_t)(sequence * 131 % 1400);
}

static void
stack_sender(void *context)
{
    uint32_t sender = (uint32_t)(uintptr_t)context;
    static _Thread_local uint8_t data[8][1600];
    struct sim_packet packets[8];
    uint64_t sequence = 1;
    while (!stopping) {
        unsigned count = 1 + (unsigned)(sequence % 8);
        for (unsigned i = 0; i < count; i++, sequence++) {
            test_packet_make(data[i], length_of(sequence), sequence & 1 ? 4 : 6, sender, sequence);
            packets[i] = (struct sim_packet){data[i], length_of(sequence)};
        }
        struct sim_send_options options = {.packets_per_nbl = 1 + (unsigned)(sequence % 2),
                                           .max_mdls = 1 + (unsigned)(sequence % 3),
                                           .seed = sequence,
                                           .at_dispatch = sequence & 1};
        unsigned nbls = (count + options.packets_per_nbl - 1) / options.packets_per_nbl;
        unsigned passed = sim_stack_send(fixture.adapter, packets, count, &options, sequence & 4, NULL);
        sent += count;
        dropped += nbls - passed;
        if (gone)
            usleep(1000);
    }
}

/* Packets may be missing (dropped in a transition), but those that come rise. */
static void
client_reader(void *context)
{
    static _Thread_local uint8_t data[0x10000];
    uint32_t length, sender;
    uint64_t sequence;
    (void)context;
    while (!stopping) {
        bool got = false;
        pthread_rwlock_rdlock(&session);
        if (fixture.client && ring_client_read(fixture.client, data, &length)) {
            got = true;
            test_packet_check(data, length, &sender, &sequence);
            EXPECT(sender < SENDERS);
            EXPECT(sequence > last_read[sender]);
            last_read[sender] = sequence;
            read_count++;
        }
        pthread_rwlock_unlock(&session);
        if (!got)
            usleep(200);
    }
}

static void
client_writer(void *context)
{
    uint8_t data[1600];
    uint64_t sequence = 1;
    (void)context;
    while (!stopping) {
        uint32_t length = length_of(sequence);
        bool written = false;
        test_packet_make(data, length, sequence & 1 ? 4 : 6, 77, sequence);
        pthread_rwlock_rdlock(&session);
        if (fixture.client)
            written = ring_client_write(fixture.client, data, length);
        pthread_rwlock_unlock(&session);
        if (written)
            sequence++;
        else
            usleep(200);
    }
}

static void
stack_receive(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    uint32_t sender;
    uint64_t sequence;
    (void)context;
    (void)is_ipv6;
    test_packet_check(data, length, &sender, &sequence);
    EXPECT(sequence > last_indicated);
    last_indicated = sequence;
    indicated++;
}

/* ---- What happens meanwhile ---- */

static struct sim_task *tasks[SENDERS + 2];

static void
begin(void)
{
    stopping = gone = false;
    sent = read_count = indicated = dropped = last_indicated = 0;
    memset(last_read, 0, sizeof(last_read));
    ring_fixture_start(&fixture, CAPACITY);
    sim_stack_on_receive(fixture.adapter, stack_receive, NULL);
    for (uintptr_t i = 0; i < SENDERS; i++)
        tasks[i] = sim_spawn(stack_sender, (void *)i);
    tasks[SENDERS] = sim_spawn(client_reader, NULL);
    tasks[SENDERS + 1] = sim_spawn(client_writer, NULL);
}

static void
end(void)
{
    stopping = true;
    for (unsigned i = 0; i < SENDERS + 2; i++)
        sim_join(tasks[i]);
    if (fixture.adapter)
        sim_stack_drain(fixture.adapter);
    ring_fixture_stop(&fixture);
}

/* Both directions move, now. */
static void
expect_traffic(void)
{
    uint64_t reads = read_count + 20, indications = indicated + 20;
    for (unsigned i = 0; read_count < reads || indicated < indications; i++) {
        if (i == 30000)
            sim_fail(__FILE__, __LINE__, "no traffic: %llu read, %llu indicated",
                     (unsigned long long)read_count, (unsigned long long)indicated);
        usleep(1000);
    }
}

static void
pause_and_restart(unsigned rounds)
{
    begin();
    for (unsigned i = 0; i < rounds; i++) {
        expect_traffic();
        sim_adapter_pause(fixture.adapter, NDIS_PAUSE_ATTACH_FILTER);
        uint64_t reads_before = indicated;
        usleep(i % 3 * 1000);
        EXPECT_EQ(indicated, reads_before);
        EXPECT_EQ((uint32_t)sim_adapter_restart(fixture.adapter), 0);
    }
    expect_traffic();
    EXPECT(dropped > 0);
    end();
}

SIM_SCENARIO(data_traffic_survives_pause_and_restart)
{
    pause_and_restart(40);
}

SIM_SCENARIO(data_traffic_survives_pause_under_preemption)
{
    sim_preempt_seed(sim_option_seed + 1);
    pause_and_restart(15);
}

SIM_SCENARIO(data_traffic_survives_sleep)
{
    begin();
    for (unsigned i = 0; i < 20; i++) {
        expect_traffic();
        sim_adapter_set_power(fixture.adapter, 1 + i % 3);
        usleep(i % 3 * 1000);
        sim_adapter_set_power(fixture.adapter, 0);
    }
    expect_traffic();
    end();
}

/* Sleep of a paused adapter, as when old filters are in the stack. */
SIM_SCENARIO(data_traffic_survives_sleep_of_a_paused_adapter)
{
    begin();
    for (unsigned i = 0; i < 10; i++) {
        expect_traffic();
        sim_adapter_pause(fixture.adapter, NDIS_PAUSE_LOW_POWER);
        sim_adapter_set_power(fixture.adapter, 3);
        sim_adapter_set_power(fixture.adapter, 0); /* restarts what is paused */
    }
    expect_traffic();
    end();
}

static void
change_sessions(unsigned rounds)
{
    begin();
    for (unsigned i = 0; i < rounds; i++) {
        expect_traffic();
        struct ring_client *old = fixture.client;
        pthread_rwlock_wrlock(&session);
        fixture.client = NULL;
        pthread_rwlock_unlock(&session);
        ring_client_close(old);
        struct ring_client *next = ring_client_open(fixture.adapter, CAPACITY << i % 3);
        pthread_rwlock_wrlock(&session);
        fixture.client = next;
        pthread_rwlock_unlock(&session);
    }
    expect_traffic();
    end();
}

SIM_SCENARIO(data_traffic_survives_change_of_sessions)
{
    change_sessions(25);
}

SIM_SCENARIO(data_traffic_survives_change_of_sessions_under_preemption)
{
    sim_preempt_seed(sim_option_seed + 2);
    change_sessions(10);
}

static void
remove_under_traffic(void (*removal)(struct sim_adapter *adapter))
{
    for (unsigned i = 0; i < 5; i++) {
        begin();
        expect_traffic();
        gone = true;
        removal(fixture.adapter);
        EXPECT(ring_client_ended(fixture.client));
        struct ring_client *client = fixture.client;
        stopping = true;
        for (unsigned t = 0; t < SENDERS + 2; t++)
            sim_join(tasks[t]);
        ring_client_close(client);
        sim_driver_unload(fixture.driver);
    }
}

SIM_SCENARIO(data_traffic_ends_with_removal)
{
    remove_under_traffic(sim_adapter_remove);
}

SIM_SCENARIO(data_traffic_ends_with_surprise_removal)
{
    remove_under_traffic(sim_adapter_surprise_remove);
}

static void
announce_long_before(struct sim_adapter *adapter)
{
    sim_adapter_announce_removal(adapter);
    usleep(20000); /* sends go on and are refused; requests too */
    uint8_t buffer[152];
    uint32_t written, needed;
    EXPECT_EQ(
        (uint32_t)sim_adapter_query(adapter, OID_GEN_STATISTICS, buffer, sizeof(buffer), &written, &needed),
        (uint32_t)NDIS_STATUS_NOT_ACCEPTED);
    sim_adapter_remove(adapter);
}

SIM_SCENARIO(data_traffic_ends_with_a_removal_announced_early)
{
    remove_under_traffic(announce_long_before);
}
