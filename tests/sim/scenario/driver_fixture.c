/* SPDX-License-Identifier: MIT */
#include "driver_fixture.h"

#include <stdio.h>
#include <string.h>
#include "product.h"

#define RING_BYTES RingSizeOf(RING_MIN_CAPACITY)

struct sim_driver *
fixture_load(void)
{
    char error[300] = "";
    NTSTATUS status;
    if (!sim_option_sys)
        sim_skip("needs the driver: --sys FILE");
    struct sim_driver *driver = sim_driver_load(sim_option_sys, &status, error, sizeof error);
    if (!driver)
        sim_fail(__FILE__, __LINE__, "the driver did not load: %s (0x%08x)", error, status);
    return driver;
}

void
fixture_unload(struct sim_driver *driver)
{
    sim_driver_unload(driver);
}

struct sim_adapter *
fixture_adapter(struct sim_driver *driver, uint32_t luid_index)
{
    struct sim_adapter_options options = {.luid_index = luid_index};
    NTSTATUS status;
    memset(options.net_cfg_instance_id, (int)luid_index, sizeof options.net_cfg_instance_id);
    struct sim_adapter *adapter = sim_adapter_start(driver, &options, &status);
    if (!adapter)
        sim_fail(__FILE__, __LINE__, "the adapter did not start: 0x%08x", (unsigned)status);
    return adapter;
}

NTSTATUS
fake_try_open(struct fake_client *client, struct sim_process *process, struct sim_adapter *adapter,
              const char *suffix, uint32_t access)
{
    char path[100];
    uint16_t wide[100];
    memset(client, 0, sizeof *client);
    client->process = process;
    client->adapter = adapter;
    snprintf(path, sizeof path, "\\\\.\\Global\\" PRODUCT_NAME "%u%s", sim_adapter_luid_index(adapter),
             suffix);
    for (size_t i = 0; i <= strlen(path); i++)
        wide[i] = (uint8_t)path[i];
    return sim_open(process, wide, access, &client->handle);
}

void
fake_open(struct fake_client *client, struct sim_process *process, struct sim_adapter *adapter)
{
    NTSTATUS status = fake_try_open(client, process, adapter, "", 0xC0000000u);
    if (status != STATUS_SUCCESS)
        sim_fail(__FILE__, __LINE__, "the device did not open: 0x%08x", (unsigned)status);
    client->ring_size = RING_BYTES;
    client->send = sim_user_allocate(process, RING_BYTES, true);
    client->receive = sim_user_allocate(process, RING_BYTES, true);
    client->send_event = sim_event_create(process, false, false);
    client->receive_event = sim_event_create(process, false, false);
}

size_t
fake_request(const struct fake_client *client, void *request)
{
    TUN_REGISTER_RINGS rings = {
        .Send = {client->ring_size, client->send, (HANDLE)(uintptr_t)client->send_event},
        .Receive = {client->ring_size, client->receive, (HANDLE)(uintptr_t)client->receive_event}};
    TUN_REGISTER_RINGS_32 narrow = {
        .Send = {client->ring_size, (ULONG)(uintptr_t)client->send, (ULONG)client->send_event},
        .Receive = {client->ring_size, (ULONG)(uintptr_t)client->receive, (ULONG)client->receive_event}};
    if (sim_process_is_wow64(client->process)) {
        memcpy(request, &narrow, sizeof narrow);
        return sizeof narrow;
    }
    memcpy(request, &rings, sizeof rings);
    return sizeof rings;
}

NTSTATUS
fake_send_request(const struct fake_client *client, const void *request, size_t size)
{
    return sim_ioctl(client->process, client->handle, TUN_IOCTL_REGISTER_RINGS, request, (uint32_t)size, NULL,
                     0, NULL);
}

NTSTATUS
fake_register(const struct fake_client *client)
{
    uint8_t request[sizeof(TUN_REGISTER_RINGS)];
    size_t size = fake_request(client, request);
    return fake_send_request(client, request, size);
}

bool
fake_ended(const struct fake_client *client)
{
    return __atomic_load_n(&client->send->Tail, __ATOMIC_ACQUIRE) == RING_CLOSED;
}

void
fake_put(const struct fake_client *client, uint32_t length, uint32_t mark)
{
    TUN_RING *ring = client->receive;
    uint32_t tail = __atomic_load_n(&ring->Tail, __ATOMIC_RELAXED);
    TUN_PACKET *packet = (TUN_PACKET *)(ring->Data + tail);
    packet->Size = length;
    memset(packet->Data, 0, length);
    packet->Data[0] = 0x45;
    packet->Data[2] = (uint8_t)(length >> 8);
    packet->Data[3] = (uint8_t)length;
    memcpy(packet->Data + 20, &mark, sizeof mark);
    tail = (tail + 4 + ((length + 3) & ~3u)) & (RING_MIN_CAPACITY - 1);
    __atomic_store_n(&ring->Tail, tail, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ring->Alertable, __ATOMIC_SEQ_CST))
        sim_event_set(client->process, client->receive_event);
}

void
fake_exit(struct fake_client *client)
{
    sim_process_exit_fake(client->process);
}
