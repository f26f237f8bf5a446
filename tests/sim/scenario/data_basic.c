/* SPDX-License-Identifier: MIT
 * The driver's data path, one packet at a time and in small numbers: every shape of what the stack hands
 * down, every size in the ring, what arrives is what was sent. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "ring_client.h"
#include "scenario.h"

#define CAPACITY RING_MIN_CAPACITY

static uint8_t buffer[0x10000], received[0x10000];

SIM_SCENARIO(data_adapter_starts_and_stops)
{
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, 0);
    EXPECT(!sim_adapter_link_up(fixture.adapter));
    sim_adapter_pause(fixture.adapter, NDIS_PAUSE_BIND_PROTOCOL);
    EXPECT_EQ(sim_adapter_restart(fixture.adapter), NDIS_STATUS_SUCCESS);
    ring_fixture_stop(&fixture);
}

SIM_SCENARIO(data_link_follows_registration)
{
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, CAPACITY);
    EXPECT(sim_adapter_link_up(fixture.adapter));
    ring_client_disconnect(fixture.client);
    EXPECT(ring_client_ended(fixture.client));
    EXPECT(!sim_adapter_link_up(fixture.adapter));
    EXPECT_EQ((uint32_t)ring_client_register(fixture.client, sim_adapter_luid_index(fixture.adapter)),
              STATUS_SUCCESS);
    EXPECT(sim_adapter_link_up(fixture.adapter));
    ring_fixture_stop(&fixture);
}

static void
expect_packet(struct ring_client *client, uint32_t sender, uint64_t sequence, uint32_t length)
{
    uint32_t got_length, got_sender;
    uint64_t got_sequence;
    EXPECT(ring_client_wait(client, received, &got_length, 10000));
    EXPECT_EQ(got_length, length);
    test_packet_check(received, got_length, &got_sender, &got_sequence);
    EXPECT_EQ(got_sender, sender);
    EXPECT_EQ(got_sequence, sequence);
}

SIM_SCENARIO(data_send_every_shape_arrives_whole)
{
    enum
    {
        PACKETS = 12
    };
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, CAPACITY);
    static uint8_t data[PACKETS][4000];
    struct sim_packet packets[PACKETS];
    uint64_t sequence = 0;
    for (unsigned seed = 1; seed <= 300; seed++) {
        struct sim_send_options options = {
            .packets_per_nbl = 1 + seed % 5, .max_mdls = seed % 7, .seed = seed, .at_dispatch = seed & 1};
        unsigned count = 1 + seed % PACKETS, version = seed % 3 ? 4 : 6;
        for (unsigned i = 0; i < count; i++) {
            uint32_t length = TEST_PACKET_MIN_V6 + (seed * 131 + i * 977) % 3900;
            test_packet_make(data[i], length, version, seed, sequence + i);
            packets[i] = (struct sim_packet){data[i], length};
        }
        unsigned nbls = (count + options.packets_per_nbl - 1) / options.packets_per_nbl;
        EXPECT_EQ(sim_stack_send(fixture.adapter, packets, count, &options, true, NULL), nbls);
        for (unsigned i = 0; i < count; i++)
            expect_packet(fixture.client, seed, sequence + i, packets[i].length);
        sequence += count;
    }
    uint32_t length;
    EXPECT(!ring_client_read(fixture.client, received, &length));
    ring_fixture_stop(&fixture);
}

SIM_SCENARIO(data_send_mapping_failure_drops_that_nbl)
{
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, CAPACITY);
    for (unsigned seed = 1; seed < 40; seed++) {
        struct sim_send_options options = {.max_mdls = 5, .seed = seed, .fail_mapping = true};
        NDIS_STATUS status;
        uint32_t length;
        test_packet_make(buffer, 1000, 4, 1, seed);
        struct sim_packet packet = {buffer, 1000};
        EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, &options, true, &status), 0);
        EXPECT_EQ((uint32_t)status, (uint32_t)NDIS_STATUS_RESOURCES);
        EXPECT(!ring_client_read(fixture.client, received, &length));
        options.fail_mapping = false;
        EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, &options, true, &status), 1);
        expect_packet(fixture.client, 1, seed, 1000);
    }
    ring_fixture_stop(&fixture);
}

SIM_SCENARIO(data_send_without_session_is_refused)
{
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, 0);
    NDIS_STATUS status;
    test_packet_make(buffer, 100, 4, 1, 1);
    struct sim_packet packet = {buffer, 100};
    EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, NULL, true, &status), 0);
    EXPECT_EQ((uint32_t)status, (uint32_t)NDIS_STATUS_MEDIA_DISCONNECTED);
    ring_fixture_stop(&fixture);
}

SIM_SCENARIO(data_send_wrong_packets_complete_with_errors)
{
    static const struct
    {
        uint32_t length;
        uint8_t first;
        NDIS_STATUS status;
    } cases[] = {
        {19, 0x45, NDIS_STATUS_INVALID_LENGTH}, {1, 0x45, NDIS_STATUS_INVALID_LENGTH},
        {60, 0x50, NDIS_STATUS_INVALID_PACKET}, {60, 0x00, NDIS_STATUS_INVALID_PACKET},
        {39, 0x60, NDIS_STATUS_INVALID_PACKET},
    };
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, CAPACITY);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        NDIS_STATUS status;
        uint32_t length;
        memset(buffer, 0, 64);
        buffer[0] = cases[i].first;
        struct sim_packet packet = {buffer, cases[i].length};
        EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, NULL, true, &status), 0);
        EXPECT_EQ((uint32_t)status, (uint32_t)cases[i].status);
        EXPECT(!ring_client_read(fixture.client, received, &length));
    }
    static uint8_t huge[0x10000] = {0x45};
    struct sim_packet packet = {huge, sizeof(huge)};
    NDIS_STATUS status;
    EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, NULL, true, &status), 0);
    EXPECT_EQ((uint32_t)status, (uint32_t)NDIS_STATUS_INVALID_LENGTH);
    ring_fixture_stop(&fixture);
}

/* What another layer left for the miniport to fill in, though it offers that to nobody. */
SIM_SCENARIO(data_send_that_wants_an_offload_is_refused)
{
    static const struct sim_send_options wishes[] = {
        {.offload_slot = TcpIpChecksumNetBufferListInfo, .offload = 1 << 2}, /* TcpChecksum */
        {.offload_slot = TcpIpChecksumNetBufferListInfo, .offload = 1 << 3}, /* UdpChecksum */
        {.offload_slot = TcpIpChecksumNetBufferListInfo, .offload = 1 << 4}, /* IpHeaderChecksum */
        {.offload_slot = TcpLargeSendNetBufferListInfo, .offload = 1460},    /* MSS */
    };
    struct ring_fixture fixture;
    uint32_t length;
    ring_fixture_start(&fixture, CAPACITY);
    test_packet_make(buffer, 100, 4, 1, 1);
    struct sim_packet packet = {buffer, 100};
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        NDIS_STATUS status;
        EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, &wishes[i], true, &status), 0);
        EXPECT_EQ((uint32_t)status, (uint32_t)NDIS_STATUS_INVALID_PACKET);
        EXPECT(!ring_client_read(fixture.client, received, &length));
    }
    ring_fixture_stop(&fixture);
}

/* ---- Client to stack ---- */

struct inbox
{
    _Atomic uint64_t packets;
    uint64_t sequence; /* the next one expected, from one sender */
};

static void
take(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    struct inbox *inbox = context;
    uint32_t sender;
    uint64_t sequence;
    EXPECT_EQ(data[0] >> 4, is_ipv6 ? 6 : 4);
    test_packet_check(data, length, &sender, &sequence);
    EXPECT_EQ(sequence, inbox->sequence);
    inbox->sequence++;
    inbox->packets++;
}

void
data_wait_for(_Atomic uint64_t *counter, uint64_t wanted)
{
    for (unsigned i = 0; *counter < wanted; i++) {
        if (i == 60000)
            sim_fail(__FILE__, __LINE__, "%llu packets of %llu have come", (unsigned long long)*counter,
                     (unsigned long long)wanted);
        usleep(1000);
    }
}

SIM_SCENARIO(data_receive_every_size_arrives_in_order)
{
    static const uint32_t sizes[] = {60,   61,   62,   63,   64,    100,   1280,  1500,  1501,  2047,
                                     2048, 2049, 4096, 9000, 16383, 16384, 16385, 20000, 65534, 65535};
    struct inbox inbox = {0};
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, CAPACITY);
    sim_stack_on_receive(fixture.adapter, take, &inbox);
    uint64_t sequence = 0;
    for (unsigned round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            test_packet_make(buffer, sizes[i], (round + i) % 2 ? 4 : 6, 1, sequence++);
            ring_client_write_wait(fixture.client, buffer, sizes[i]);
        }
    }
    data_wait_for(&inbox.packets, sequence);
    ring_fixture_stop(&fixture);
}

/* 64 KiB packets that begin at every offset near the ring's end run on into the space behind it. */
SIM_SCENARIO(data_largest_packets_pass_the_rings_end)
{
    struct inbox inbox = {0};
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, CAPACITY);
    sim_stack_on_receive(fixture.adapter, take, &inbox);
    for (uint64_t i = 0; i < 600; i++) {
        uint32_t length = 65535 - (uint32_t)(i * 4 % 400);
        test_packet_make(buffer, length, 4, 1, i);
        struct sim_packet packet = {buffer, length};
        EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, NULL, true, NULL), 1);
        expect_packet(fixture.client, 1, i, length);
        ring_client_write_wait(fixture.client, buffer, length);
    }
    data_wait_for(&inbox.packets, 600);
    ring_fixture_stop(&fixture);
}

/* Shutdown may come at any time and is the last that the driver hears of this run of the system. */
SIM_SCENARIO(data_shutdown_and_requests_in_sleep)
{
    struct ring_fixture fixture;
    uint8_t answer[152];
    uint32_t written, needed;
    ring_fixture_start(&fixture, CAPACITY);
    sim_adapter_set_power(fixture.adapter, 3);
    EXPECT_EQ(
        (uint32_t)sim_adapter_query(fixture.adapter, OID_GEN_STATISTICS, answer, 152, &written, &needed),
        (uint32_t)NDIS_STATUS_LOW_POWER_STATE);
    sim_adapter_set_power(fixture.adapter, 0);
    sim_adapter_shutdown(fixture.adapter);
    ring_fixture_stop(&fixture);
}
