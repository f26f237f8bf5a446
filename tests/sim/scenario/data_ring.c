/* SPDX-License-Identifier: MIT
 * Rings at their limits: a full one drops only what does not fit and says so, in order; the counters tell of
 * every way that a packet can take. */
#include <string.h>
#include <unistd.h>
#include "ring_client.h"
#include "scenario.h"

#define CAPACITY RING_MIN_CAPACITY

static uint8_t received[0x10000];

static NDIS_STATISTICS_INFO
statistics_of(struct sim_adapter *adapter)
{
    NDIS_STATISTICS_INFO info;
    uint32_t written;
    EXPECT_EQ((uint32_t)sim_adapter_query(adapter, OID_GEN_STATISTICS, &info, sizeof(info), &written, NULL),
              0);
    EXPECT_EQ(written, sizeof(info));
    return info;
}

/* What fits goes, the rest is dropped NBL by NBL; a smaller one behind a dropped one may still fit. */
SIM_SCENARIO(data_full_ring_drops_only_what_does_not_fit)
{
    enum
    {
        PACKETS = 60
    };
    static uint8_t data[PACKETS][9000];
    struct sim_packet packets[PACKETS];
    NDIS_STATUS statuses[PACKETS];
    struct ring_fixture fixture;
    uint64_t sequence = 0, dropped = 0, passed = 0, octets = 0;
    ring_fixture_start(&fixture, CAPACITY);
    for (unsigned round = 0; round < 40; round++) {
        uint32_t space = CAPACITY - 4; /* the client has read all */
        for (unsigned i = 0; i < PACKETS; i++) {
            uint32_t length = TEST_PACKET_MIN_V4 + (round * 1117 + i * 3163) % 8900;
            test_packet_make(data[i], length, 4, 9, sequence + i);
            packets[i] = (struct sim_packet){data[i], length};
        }
        struct sim_send_options options = {.at_dispatch = round & 1};
        sim_stack_send(fixture.adapter, packets, PACKETS, &options, true, statuses);
        for (unsigned i = 0; i < PACKETS; i++) {
            uint32_t length, sender;
            uint64_t got;
            bool fits = RingPacketSpan(packets[i].length) <= space;
            EXPECT_EQ((uint32_t)statuses[i], (uint32_t)(fits ? NDIS_STATUS_SUCCESS : NDIS_STATUS_RESOURCES));
            if (!fits) {
                dropped++;
                continue;
            }
            space -= RingPacketSpan(packets[i].length);
            passed++;
            octets += packets[i].length;
            EXPECT(ring_client_read(fixture.client, received, &length));
            test_packet_check(received, length, &sender, &got);
            EXPECT_EQ(got, sequence + i);
        }
        sequence += PACKETS;
    }
    EXPECT(dropped > 100);
    NDIS_STATISTICS_INFO info = statistics_of(fixture.adapter);
    EXPECT_EQ(info.ifOutDiscards, dropped);
    EXPECT_EQ(info.ifHCOutUcastPkts, passed);
    EXPECT_EQ(info.ifHCOutOctets, octets);
    EXPECT_EQ(info.ifOutErrors, 0);
    ring_fixture_stop(&fixture);
}

/* One NBL of several packets goes whole or not at all. */
SIM_SCENARIO(data_full_ring_keeps_an_nbl_whole)
{
    enum
    {
        PACKETS = 4
    };
    static uint8_t data[PACKETS][40000];
    struct sim_packet packets[PACKETS];
    struct sim_send_options options = {.packets_per_nbl = PACKETS};
    struct ring_fixture fixture;
    uint32_t length;
    NDIS_STATUS status;
    ring_fixture_start(&fixture, CAPACITY);
    for (unsigned i = 0; i < PACKETS; i++) {
        test_packet_make(data[i], 40000, 4, 1, i);
        packets[i] = (struct sim_packet){data[i], 40000};
    }
    EXPECT_EQ(sim_stack_send(fixture.adapter, packets, PACKETS, &options, true, &status),
              0); /* 160 of 128 KiB */
    EXPECT_EQ((uint32_t)status, (uint32_t)NDIS_STATUS_RESOURCES);
    EXPECT(!ring_client_read(fixture.client, received, &length));
    EXPECT_EQ(sim_stack_send(fixture.adapter, packets, 3, &options, true, &status), 1);
    for (unsigned i = 0; i < 3; i++)
        EXPECT(ring_client_read(fixture.client, received, &length));
    EXPECT_EQ(statistics_of(fixture.adapter).ifOutDiscards, PACKETS);
    ring_fixture_stop(&fixture);
}

/* ---- Counters ---- */

struct kind
{
    const char *name;
    uint8_t first, last; /* of the destination address, in IPv4 the first and the last byte */
    unsigned version;
};
static const struct kind kinds[] = {
    {"unicast", 10, 2, 4},      {"multicast", 224, 1, 4}, {"multicast", 239, 9, 4},
    {"broadcast", 255, 255, 4}, {"unicast", 0xFD, 2, 6},  {"multicast", 0xFF, 1, 6},
};

static void
make_kind(uint8_t *data, uint32_t length, const struct kind *kind, uint64_t sequence)
{
    test_packet_make(data, length, kind->version, 1, sequence);
    if (kind->version == 6)
        data[24] = kind->first;
    else {
        data[16] = kind->first;
        data[19] = kind->last;
        if (kind->last == 255)
            data[17] = data[18] = 255;
    }
}

static _Atomic uint64_t arrived;

static void
count(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)data;
    (void)length;
    (void)is_ipv6;
    arrived++;
}

SIM_SCENARIO(data_counters_tell_kinds_octets_errors_discards)
{
    enum
    {
        ROUNDS = 50
    };
    uint64_t packets[3] = {0}, octets[3] = {0};
    uint8_t data[600];
    uint32_t length, written;
    struct ring_fixture fixture;
    ring_fixture_start(&fixture, CAPACITY);
    sim_stack_on_receive(fixture.adapter, count, NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
            uint32_t size = 60 + (i * 7 + (uint32_t)k * 31) % 500;
            unsigned cast = kinds[k].name[0] == 'u' ? 0 : kinds[k].name[0] == 'm' ? 1 : 2;
            make_kind(data, size, &kinds[k], i);
            struct sim_packet packet = {data, size};
            EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, NULL, true, NULL), 1);
            EXPECT(ring_client_read(fixture.client, received, &length));
            ring_client_write_wait(fixture.client, data, size);
            packets[cast]++;
            octets[cast] += size;
        }
        data[0] = 0x15; /* neither 4 nor 6: an error in either direction */
        struct sim_packet wrong = {data, 60};
        EXPECT_EQ(sim_stack_send(fixture.adapter, &wrong, 1, NULL, true, NULL), 0);
        ring_client_write_wait(fixture.client, data, 60);
    }
    for (unsigned i = 0; i < 60000; i++) {
        if (statistics_of(fixture.adapter).ifInErrors == ROUNDS &&
            arrived == packets[0] + packets[1] + packets[2])
            break;
        usleep(1000);
    }
    NDIS_STATISTICS_INFO info = statistics_of(fixture.adapter);
    EXPECT_EQ(info.ifHCInUcastPkts, packets[0]);
    EXPECT_EQ(info.ifHCInMulticastPkts, packets[1]);
    EXPECT_EQ(info.ifHCInBroadcastPkts, packets[2]);
    EXPECT_EQ(info.ifHCInUcastOctets, octets[0]);
    EXPECT_EQ(info.ifHCInMulticastOctets, octets[1]);
    EXPECT_EQ(info.ifHCInBroadcastOctets, octets[2]);
    EXPECT_EQ(info.ifHCInOctets, octets[0] + octets[1] + octets[2]);
    EXPECT_EQ(info.ifInErrors, ROUNDS);
    EXPECT_EQ(info.ifInDiscards, 0);
    EXPECT_EQ(info.ifHCOutUcastPkts, packets[0]);
    EXPECT_EQ(info.ifHCOutMulticastPkts, packets[1]);
    EXPECT_EQ(info.ifHCOutBroadcastPkts, packets[2]);
    EXPECT_EQ(info.ifHCOutUcastOctets, octets[0]);
    EXPECT_EQ(info.ifHCOutMulticastOctets, octets[1]);
    EXPECT_EQ(info.ifHCOutBroadcastOctets, octets[2]);
    EXPECT_EQ(info.ifHCOutOctets, octets[0] + octets[1] + octets[2]);
    EXPECT_EQ(info.ifOutErrors, ROUNDS);
    EXPECT_EQ(info.ifOutDiscards, 0);

    uint64_t ok;
    EXPECT_EQ((uint32_t)sim_adapter_query(fixture.adapter, OID_GEN_XMIT_OK, &ok, sizeof(ok), &written, NULL),
              0);
    EXPECT_EQ(ok, packets[0] + packets[1] + packets[2]);
    EXPECT_EQ((uint32_t)sim_adapter_query(fixture.adapter, OID_GEN_RCV_OK, &ok, sizeof(ok), &written, NULL),
              0);
    EXPECT_EQ(ok, packets[0] + packets[1] + packets[2]);

    /* Counters are the adapter's, not the session's; without a session everything is discarded. */
    ring_client_disconnect(fixture.client);
    make_kind(data, 100, &kinds[0], 1);
    struct sim_packet packet = {data, 100};
    EXPECT_EQ(sim_stack_send(fixture.adapter, &packet, 1, NULL, true, NULL), 0);
    info = statistics_of(fixture.adapter);
    EXPECT_EQ(info.ifOutDiscards, 1);
    EXPECT_EQ(info.ifHCOutUcastPkts, packets[0]);
    ring_fixture_stop(&fixture);
}
