/* SPDX-License-Identifier: MIT
 * Moments of an adapter's life at which a client comes too early or too late: its device exists but
 * InitializeEx has not returned, it has not run yet, its removal is announced, HaltEx is at work. Each is
 * brought about, not waited for. */
#include <string.h>
#include <unistd.h>
#include "driver_fixture.h"

static struct sim_driver *driver;
static struct sim_process *process;
static struct sim_adapter *adapter;
static struct fake_client client;
static _Atomic unsigned arrived;

static void
count(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)data;
    (void)length;
    (void)is_ipv6;
    arrived++;
}

static void
wait_for(unsigned packets)
{
    for (unsigned i = 0; arrived < packets; i++) {
        EXPECT(i < 30000);
        usleep(1000);
    }
}

static NTSTATUS
try_open_by_name(uint64_t *handle)
{
    return sim_open(process, u"\\\\.\\Global\\Tunlane1", 0xC0000000u, handle);
}

static NTSTATUS
identity_of(const struct fake_client *which)
{
    TUN_ADAPTER_IDENTITY identity;
    return sim_ioctl(which->process, which->handle, TUN_IOCTL_QUERY_IDENTITY, NULL, 0, &identity,
                     sizeof identity, NULL);
}

/* An adapter that InitializeEx has made and nothing has restarted. */
static void
begin_paused(void)
{
    struct sim_adapter_options options = {.luid_index = 1, .stays_paused = true};
    NDIS_STATUS status;
    driver = fixture_load();
    adapter = sim_adapter_start(driver, &options, &status);
    EXPECT(adapter != NULL);
    arrived = 0;
    sim_stack_on_receive(adapter, count, NULL);
    fake_open(&client, sim_process_fake(), adapter);
}

/* ---- Too early ---- */

static _Atomic unsigned tried;

static void
open_too_early(void *unused)
{
    uint64_t handle;
    (void)unused;
    EXPECT_EQ((uint32_t)try_open_by_name(&handle), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    tried++;
}

/* In a thread of its own, as a client is; it must not have to wait for InitializeEx or HaltEx. */
static void
open_at_once(void *context, bool going)
{
    if (going == (context != NULL))
        sim_join(sim_spawn(open_too_early, NULL));
}

SIM_SCENARIO(open_before_initialization_has_ended_is_refused)
{
    driver = fixture_load();
    process = sim_process_fake();
    tried = 0;
    sim_ndis_on_device(open_at_once, NULL);
    adapter = fixture_adapter(driver, 1);
    sim_ndis_on_device(NULL, NULL);
    EXPECT_EQ(tried, 1);
    /* The refusal left nothing that stands in the way of the next one. */
    fake_open(&client, process, adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    fake_exit(&client);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* What a client writes before the first restart waits in the ring. */
SIM_SCENARIO(registration_before_the_first_restart_waits_for_it)
{
    begin_paused();
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    EXPECT(sim_adapter_link_up(adapter));
    for (unsigned i = 0; i < 10; i++)
        fake_put(&client, 100, i);
    usleep(50000); /* were it to indicate now, the model would stop */
    EXPECT_EQ(arrived, 0);
    EXPECT_EQ((uint32_t)sim_adapter_restart(adapter), 0);
    wait_for(10);
    fake_exit(&client);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* The device goes while InitializeEx is at work: NDIS hears of it when that has returned, and halts an
 * adapter that never ran. A client was quicker. */
static void
removal_before_the_first_restart(bool by_surprise)
{
    begin_paused();
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    for (unsigned i = 0; i < 10; i++)
        fake_put(&client, 100, i);
    if (by_surprise)
        sim_adapter_announce_removal(adapter);
    sim_adapter_remove(adapter);
    EXPECT(fake_ended(&client));
    EXPECT_EQ(client.receive->Head, RING_CLOSED);
    EXPECT(sim_event_wait(client.process, client.send_event, 10000));
    EXPECT_EQ(arrived, 0);
    EXPECT_EQ((uint32_t)fake_register(&client), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(sim_ledger_count(SIM_LOCKED_PAGES), 0);
    fake_exit(&client);
    fixture_unload(driver);
}

SIM_SCENARIO(removal_before_the_first_restart_ends_the_session)
{
    removal_before_the_first_restart(false);
}

SIM_SCENARIO(removal_by_surprise_before_the_first_restart_ends_the_session)
{
    removal_before_the_first_restart(true);
}

/* ---- Too late ---- */

/* Systems before Windows 8 announce a removal long before it comes: until then the device exists. */
SIM_SCENARIO(removal_announced_ends_sessions_and_refuses_new_ones)
{
    struct fake_client idle, late;
    uint8_t data[100] = {0x45, 0, 0, 100};
    struct sim_packet packet = {data, sizeof data};
    NDIS_STATUS status;
    driver = fixture_load();
    adapter = fixture_adapter(driver, 1);
    fake_open(&client, sim_process_fake(), adapter);
    fake_open(&idle, client.process, adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    sim_adapter_announce_removal(adapter);
    EXPECT(fake_ended(&client));
    EXPECT_EQ(client.receive->Head, RING_CLOSED);
    EXPECT(sim_event_wait(client.process, client.send_event, 10000));
    EXPECT_EQ(sim_ledger_count(SIM_LOCKED_PAGES), 0);
    EXPECT_EQ((uint32_t)fake_try_open(&late, client.process, adapter, "", 0xC0000000u),
              (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ((uint32_t)fake_register(&client), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ((uint32_t)fake_register(&idle), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ((uint32_t)identity_of(&idle), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, &status), 0);
    EXPECT_EQ((uint32_t)status, (uint32_t)NDIS_STATUS_NOT_ACCEPTED);
    EXPECT_EQ((uint32_t)sim_adapter_query(adapter, OID_GEN_STATISTICS, data, sizeof data, NULL, NULL),
              (uint32_t)NDIS_STATUS_NOT_ACCEPTED);
    for (uint32_t state = NdisDeviceStateD3 + 1;
         state-- > NdisDeviceStateD0;) /* a power state is granted always */
        EXPECT_EQ((uint32_t)sim_adapter_set(adapter, OID_PNP_SET_POWER, &state, sizeof state, NULL), 0);
    EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, &status), 0);
    EXPECT_EQ((uint32_t)status, (uint32_t)NDIS_STATUS_NOT_ACCEPTED);
    EXPECT_EQ((uint32_t)sim_close(client.process, client.handle), STATUS_SUCCESS);
    sim_adapter_remove(adapter);
    fake_exit(&client);
    fixture_unload(driver);
}

static void
use_too_late(void *unused)
{
    open_too_early(unused);
    EXPECT_EQ((uint32_t)identity_of(&client), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ((uint32_t)fake_register(&client), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ((uint32_t)sim_close(client.process, client.handle), STATUS_SUCCESS);
}

static void
use_at_the_end(void *context, bool going)
{
    (void)context;
    if (going)
        sim_join(sim_spawn(use_too_late, NULL));
}

/* HaltEx has let go of the clients and not of the device yet: its name still leads to the driver. */
SIM_SCENARIO(open_while_the_device_is_given_up_is_refused)
{
    for (unsigned i = 0; i < 2; i++) {
        driver = fixture_load();
        adapter = fixture_adapter(driver, 1);
        process = sim_process_fake();
        tried = 0;
        fake_open(&client, process, adapter);
        EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
        sim_ndis_on_device(use_at_the_end, NULL);
        if (i)
            sim_adapter_surprise_remove(adapter);
        else
            sim_adapter_remove(adapter);
        sim_ndis_on_device(NULL, NULL);
        EXPECT_EQ(tried, 1);
        EXPECT(fake_ended(&client));
        fake_exit(&client);
        fixture_unload(driver);
    }
}
