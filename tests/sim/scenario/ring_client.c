/* SPDX-License-Identifier: MIT */
#include "ring_client.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "product.h"
#include "scenario.h"

#define GENERIC_READ_WRITE 0xC0000000u

void
ring_client_path(uint32_t luid_index, uint16_t path[64])
{
    char text[64];
    int length = snprintf(text, sizeof(text), "\\\\.\\Global\\%s%u", PRODUCT_DEVICE_NAME, luid_index);
    for (int i = 0; i <= length; i++)
        path[i] = (uint16_t)text[i];
}

struct ring_client *
ring_client_create(uint32_t capacity)
{
    struct ring_client *client = calloc(1, sizeof(*client));
    client->process = sim_process_fake();
    client->capacity = capacity;
    client->send = sim_user_allocate(client->process, RingSizeOf(capacity), true);
    client->receive = sim_user_allocate(client->process, RingSizeOf(capacity), true);
    client->send_event = sim_event_create(client->process, false, false);
    client->receive_event = sim_event_create(client->process, false, false);
    pthread_mutex_init(&client->reader, NULL);
    pthread_mutex_init(&client->writer, NULL);
    return client;
}

NTSTATUS
ring_client_register(struct ring_client *client, uint32_t luid_index)
{
    uint16_t path[64];
    ring_client_path(luid_index, path);
    NTSTATUS status = sim_open(client->process, path, GENERIC_READ_WRITE, &client->device);
    if (!NT_SUCCESS(status))
        return status;
    memset(client->send, 0, sizeof(TUN_RING));
    memset(client->receive, 0, sizeof(TUN_RING));
    client->send_head = client->receive_tail = 0;
    TUN_REGISTER_RINGS rings = {
        .Send = {RingSizeOf(client->capacity), client->send, (HANDLE)(uintptr_t)client->send_event},
        .Receive = {RingSizeOf(client->capacity), client->receive, (HANDLE)(uintptr_t)client->receive_event},
    };
    uint32_t returned;
    return sim_ioctl(client->process, client->device, TUN_IOCTL_REGISTER_RINGS, &rings, sizeof(rings), NULL,
                     0, &returned);
}

struct ring_client *
ring_client_open(struct sim_adapter *adapter, uint32_t capacity)
{
    struct ring_client *client = ring_client_create(capacity);
    EXPECT_EQ((uint32_t)ring_client_register(client, sim_adapter_luid_index(adapter)), STATUS_SUCCESS);
    return client;
}

void
ring_client_disconnect(struct ring_client *client)
{
    EXPECT_EQ((uint32_t)sim_close(client->process, client->device), STATUS_SUCCESS);
    client->device = 0;
}

void
ring_client_close(struct ring_client *client)
{
    if (client->device)
        ring_client_disconnect(client);
    sim_close(client->process, client->send_event);
    sim_close(client->process, client->receive_event);
    sim_user_free(client->process, client->send);
    sim_user_free(client->process, client->receive);
    sim_process_exit_fake(client->process);
    free(client);
}

bool
ring_client_ended(const struct ring_client *client)
{
    return RingLoadTailAcquire(client->send) == RING_CLOSED;
}

bool
ring_client_read(struct ring_client *client, uint8_t *data, uint32_t *length)
{
    bool found = false;
    pthread_mutex_lock(&client->reader);
    uint32_t tail = RingLoadTailAcquire(client->send);
    if (tail != RING_CLOSED) {
        EXPECT(RingOffsetIsValid(tail, client->capacity));
        uint32_t content = RingContent(client->send_head, tail, client->capacity);
        if (content) {
            uint32_t size = RingReadPacketSize(client->send, client->send_head);
            EXPECT(RingPacketIsWhole(size, content));
            memcpy(data, RingPacketData(client->send, client->send_head), size);
            *length = size;
            client->send_head = RingAdvance(client->send_head, RingPacketSpan(size), client->capacity);
            RingStoreHeadRelease(client->send, client->send_head);
            client->reads++;
            found = true;
        }
    }
    pthread_mutex_unlock(&client->reader);
    return found;
}

bool
ring_client_wait(struct ring_client *client, uint8_t *data, uint32_t *length, unsigned timeout_ms)
{
    while (!ring_client_read(client, data, length)) {
        if (ring_client_ended(client))
            return false;
        if (!sim_event_wait(client->process, client->send_event, timeout_ms))
            return ring_client_read(client, data, length);
        client->wakeups++;
    }
    return true;
}

bool
ring_client_write(struct ring_client *client, const void *data, uint32_t length)
{
    uint32_t span = RingPacketSpan(length);
    pthread_mutex_lock(&client->writer);
    uint32_t head = RingLoadHeadAcquire(client->receive);
    bool room = RingOffsetIsValid(head, client->capacity) &&
                span <= RingSpace(head, client->receive_tail, client->capacity);
    if (room) {
        RingWritePacketSize(client->receive, client->receive_tail, length);
        memcpy(RingPacketData(client->receive, client->receive_tail), data, length);
        client->receive_tail = RingAdvance(client->receive_tail, span, client->capacity);
        RingStoreTailRelease(client->receive, client->receive_tail);
        client->writes++;
    } else
        client->full++;
    pthread_mutex_unlock(&client->writer);
    if (room && RingConsumerIsAlertable(client->receive))
        sim_event_set(client->process, client->receive_event);
    return room;
}

void
ring_client_write_wait(struct ring_client *client, const void *data, uint32_t length)
{
    while (!ring_client_write(client, data, length))
        sched_yield();
}

/* ---- Fixture ---- */

void
ring_fixture_start(struct ring_fixture *fixture, uint32_t capacity)
{
    NTSTATUS status;
    NDIS_STATUS ndis_status;
    char error[256] = "";
    if (!sim_option_sys)
        sim_skip("needs --sys FILE");
    fixture->driver = sim_driver_load(sim_option_sys, &status, error, sizeof(error));
    if (!fixture->driver)
        sim_fail(__FILE__, __LINE__, "the driver loads: 0x%x %s", (unsigned)status, error);
    fixture->adapter = sim_adapter_start(fixture->driver, NULL, &ndis_status);
    if (!fixture->adapter)
        sim_fail(__FILE__, __LINE__, "the adapter starts: 0x%x", (unsigned)ndis_status);
    fixture->client = capacity ? ring_client_open(fixture->adapter, capacity) : NULL;
}

void
ring_fixture_stop(struct ring_fixture *fixture)
{
    if (fixture->client)
        ring_client_close(fixture->client);
    if (fixture->adapter)
        sim_adapter_remove(fixture->adapter);
    if (fixture->driver)
        sim_driver_unload(fixture->driver);
}

/* ---- Packets ---- */

static uint32_t
mix(uint32_t sender, uint64_t sequence)
{
    uint64_t x = (sequence + 1) * 0x9E3779B97F4A7C15u ^ (uint64_t)sender << 32;
    x ^= x >> 29;
    return (uint32_t)(x * 0xBF58476D1CE4E5B9u >> 32);
}

void
test_packet_make(uint8_t *data, uint32_t length, unsigned version, uint32_t sender, uint64_t sequence)
{
    uint32_t header = version == 6 ? 40 : 20,
             minimum = version == 6 ? TEST_PACKET_MIN_V6 : TEST_PACKET_MIN_V4;
    EXPECT(length >= minimum && length <= 0xFFFF);
    memset(data, 0, header + 8);
    if (version == 6) {
        data[0] = 0x60;
        data[4] = (uint8_t)((length - 40) >> 8);
        data[5] = (uint8_t)(length - 40);
        data[6] = 17;
        data[7] = 64;
        data[8] = data[24] = 0xFD;
        data[23] = 1;
        data[39] = 2;
    } else {
        data[0] = 0x45;
        data[2] = (uint8_t)(length >> 8);
        data[3] = (uint8_t)length;
        data[8] = 64;
        data[9] = 17;
        data[12] = data[16] = 10;
        data[15] = 1;
        data[19] = 2;
    }
    memcpy(data + header + 8, &sender, sizeof(sender));
    memcpy(data + header + 12, &sequence, sizeof(sequence));
    uint32_t pattern = mix(sender, sequence);
    for (uint32_t i = minimum; i < length; i++) {
        data[i] = (uint8_t)(pattern >> 24);
        pattern = pattern * 1664525u + 1013904223u;
    }
}

void
test_packet_check(const uint8_t *data, uint32_t length, uint32_t *sender, uint64_t *sequence)
{
    static _Thread_local uint8_t wanted[0x10000];
    unsigned version = data[0] >> 4;
    uint32_t header = version == 6 ? 40 : 20;
    EXPECT(version == 4 || version == 6);
    EXPECT(length >= header + 20);
    memcpy(sender, data + header + 8, sizeof(*sender));
    memcpy(sequence, data + header + 12, sizeof(*sequence));
    test_packet_make(wanted, length, version, *sender, *sequence);
    if (memcmp(data, wanted, length) != 0)
        sim_fail(__FILE__, __LINE__, "packet %llu of sender %u was changed on its way",
                 (unsigned long long)*sequence, *sender);
}

NDIS_STATISTICS_INFO
ring_fixture_statistics(const struct ring_fixture *fixture)
{
    NDIS_STATISTICS_INFO info;
    uint32_t written;
    EXPECT_EQ((uint32_t)sim_adapter_query(fixture->adapter, OID_GEN_STATISTICS, &info, sizeof(info), &written,
                                          NULL),
              0);
    return info;
}
