/* SPDX-License-Identifier: MIT
 * What the driver says of packets that it does not deliver: the status of a send, and the counter that it goes
 * into, for every reason to refuse one; and of a ring that its client broke. */
#include <string.h>
#include <unistd.h>
#include "ring_client.h"
#include "scenario.h"

#define CAPACITY RING_MIN_CAPACITY

static struct ring_fixture fixture;
static uint8_t data[0x10000];
static NDIS_STATISTICS_INFO before;

/* Two NBLs of three and of one packets, which get this status. */
static void
send_refused(NDIS_STATUS status)
{
    struct sim_packet packets[4];
    struct sim_send_options options = {.packets_per_nbl = 3};
    NDIS_STATUS statuses[2];
    test_packet_make(data, 100, 4, 1, 1);
    for (unsigned i = 0; i < 4; i++)
        packets[i] = (struct sim_packet){data, 100};
    EXPECT_EQ(sim_stack_send(fixture.adapter, packets, 4, &options, true, statuses), 0);
    EXPECT_EQ((uint32_t)statuses[0], (uint32_t)status);
    EXPECT_EQ((uint32_t)statuses[1], (uint32_t)status);
}

/* Since the last call: discards and errors of the way out, and nothing else. */
static void
expect_counted(uint64_t discards, uint64_t errors)
{
    NDIS_STATISTICS_INFO now = ring_fixture_statistics(&fixture);
    EXPECT_EQ(now.ifOutDiscards - before.ifOutDiscards, discards);
    EXPECT_EQ(now.ifOutErrors - before.ifOutErrors, errors);
    EXPECT_EQ(now.ifHCOutOctets, before.ifHCOutOctets);
    EXPECT_EQ(now.ifHCOutUcastPkts, before.ifHCOutUcastPkts);
    before = now;
}

SIM_SCENARIO(data_send_refused_says_why_and_is_counted)
{
    bool pauses = sim_persona->ndis_version < NDIS_RUNTIME_VERSION_630; /* before it sleeps */
    ring_fixture_start(&fixture, CAPACITY);
    before = ring_fixture_statistics(&fixture);
    sim_adapter_pause(fixture.adapter, NDIS_PAUSE_BIND_PROTOCOL);
    send_refused(NDIS_STATUS_PAUSED);
    expect_counted(4, 0);
    sim_adapter_set_power(fixture.adapter, 3); /* of a paused adapter */
    send_refused(NDIS_STATUS_PAUSED);
    sim_adapter_set_power(fixture.adapter, 0);
    expect_counted(4, 0);
    sim_adapter_set_power(fixture.adapter, 3);
    send_refused(pauses ? NDIS_STATUS_PAUSED : NDIS_STATUS_LOW_POWER_STATE);
    sim_adapter_set_power(fixture.adapter, 0);
    expect_counted(4, 0);
    ring_client_disconnect(fixture.client);
    send_refused(NDIS_STATUS_MEDIA_DISCONNECTED);
    expect_counted(4, 0);
    sim_adapter_announce_removal(fixture.adapter);
    send_refused(NDIS_STATUS_NOT_ACCEPTED);
    ring_fixture_stop(&fixture);
}

/* Errors are packets that are wrong, discards are sound ones that found no way. */
SIM_SCENARIO(data_send_dropped_counts_as_what_it_is)
{
    static const struct
    {
        uint32_t length;
        uint8_t first;
        struct sim_send_options options;
        uint8_t discards, errors;
    } cases[] = {
        {19, 0x45, {.seed = 0}, 0, 1},
        {0x10000, 0x45, {.seed = 0}, 0, 1},
        {100, 0x75, {.seed = 0}, 0, 1},
        {39, 0x60, {.seed = 0}, 0, 1},
        {100, 0x45, {.offload_slot = TcpIpChecksumNetBufferListInfo, .offload = 1 << 4}, 0, 1},
        {100, 0x45, {.fail_mapping = true}, 1, 0},
    };
    ring_fixture_start(&fixture, CAPACITY);
    before = ring_fixture_statistics(&fixture);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(data, 0, sizeof(data));
        data[0] = cases[i].first;
        struct sim_packet packet = {data, cases[i].length};
        EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, &cases[i].options, true, NULL), 0);
        expect_counted(cases[i].discards, cases[i].errors);
    }
    ring_fixture_stop(&fixture);
}

/* ---- A ring that its client broke ---- */

static _Atomic unsigned arrived;

static void
count(void *context, const uint8_t *packet, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)packet;
    (void)is_ipv6;
    EXPECT_EQ(length, 100);
    arrived++;
}

static void
wait_until_closed(void)
{
    for (unsigned i = 0; RingLoadHeadAcquire(fixture.client->receive) != RING_CLOSED; i++) {
        EXPECT(i < 30000);
        usleep(1000);
    }
}

/* Sound packets in front of a broken one arrive, in the same batch too; the broken one counts as an error. */
SIM_SCENARIO(data_packets_before_a_broken_one_arrive)
{
    for (unsigned packets = 1; packets <= 65; packets += 16) { /* 65 are more than a batch */
        arrived = 0;
        ring_fixture_start(&fixture, CAPACITY);
        sim_stack_on_receive(fixture.adapter, count, NULL);
        sim_adapter_pause(fixture.adapter, NDIS_PAUSE_BIND_PROTOCOL); /* so that all are there at once */
        for (unsigned i = 0; i < packets; i++) {
            test_packet_make(data, 100, 4, 1, i);
            EXPECT(ring_client_write(fixture.client, data, 100));
        }
        uint32_t tail = fixture.client->receive_tail;
        RingWritePacketSize(fixture.client->receive, tail, 0x10000);
        RingStoreTailRelease(fixture.client->receive, tail + 64);
        EXPECT_EQ((uint32_t)sim_adapter_restart(fixture.adapter), 0);
        wait_until_closed();
        for (unsigned i = 0; arrived < packets || ring_fixture_statistics(&fixture).ifInErrors < 1; i++) {
            EXPECT(i < 30000);
            usleep(1000);
        }
        NDIS_STATISTICS_INFO info = ring_fixture_statistics(&fixture);
        EXPECT_EQ(arrived, packets);
        EXPECT_EQ(info.ifHCInUcastPkts, packets);
        EXPECT_EQ(info.ifHCInOctets, packets * 100);
        EXPECT_EQ(info.ifInErrors, 1);
        EXPECT_EQ(info.ifInDiscards, 0);
        /* The other direction goes on. */
        struct sim_packet one = {data, 100};
        EXPECT_EQ(sim_stack_send(fixture.adapter, &one, 1, NULL, true, NULL), 1);
        ring_fixture_stop(&fixture);
    }
}

/* Only malformed packets in a batch: nothing is indicated, and they are counted all the same. */
SIM_SCENARIO(data_batch_of_malformed_packets_is_counted)
{
    ring_fixture_start(&fixture, CAPACITY);
    sim_stack_on_receive(fixture.adapter, count, NULL);
    memset(data, 0, 100);
    for (unsigned i = 0; i < 3; i++)
        EXPECT(ring_client_write(fixture.client, data, 20 + i));
    for (unsigned i = 0; ring_fixture_statistics(&fixture).ifInErrors < 3; i++) {
        EXPECT(i < 10000);
        usleep(1000);
    }
    EXPECT_EQ(ring_fixture_statistics(&fixture).ifInErrors, 3);
    EXPECT_EQ(sim_stack_counts(fixture.adapter).indications, 0);
    ring_fixture_stop(&fixture);
}
