/* SPDX-License-Identifier: MIT
 * Adapters that go while somebody uses them: with handles open, during opens and registrations, while their
 * client dies, asleep. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "driver_fixture.h"

static bool
emulated(void)
{
    return sim_arch == SIM_ARM64 || sim_arch == SIM_ARM;
}

static void
removal_with_open_handle(void (*remove)(struct sim_adapter *adapter))
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1), *other = fixture_adapter(driver, 2);
    struct fake_client client, idle, elsewhere;
    TUN_ADAPTER_IDENTITY identity;
    fake_open(&client, sim_process_fake(), adapter);
    fake_open(&idle, client.process, adapter);
    fake_open(&elsewhere, sim_process_fake(), other);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)fake_register(&elsewhere), STATUS_SUCCESS);
    remove(adapter);
    EXPECT(fake_ended(&client));
    EXPECT(sim_event_wait(client.process, client.send_event, 10000));
    EXPECT_EQ((uint32_t)fake_register(&client), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ((uint32_t)fake_register(&idle), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ((uint32_t)sim_ioctl(client.process, idle.handle, TUN_IOCTL_QUERY_IDENTITY, NULL, 0, &identity,
                                  sizeof identity, NULL),
              (uint32_t)STATUS_INVALID_DEVICE_STATE);
    /* The other adapter does not notice. */
    EXPECT(sim_adapter_link_up(other) && !fake_ended(&elsewhere));
    EXPECT_EQ((uint32_t)sim_ioctl(elsewhere.process, elsewhere.handle, TUN_IOCTL_QUERY_IDENTITY, NULL, 0,
                                  &identity, sizeof identity, NULL),
              STATUS_SUCCESS);
    EXPECT_EQ(identity.NetLuid, sim_adapter_luid(other));
    /* The name is free again, and handles of the old device do not reach the new one. */
    adapter = fixture_adapter(driver, 1);
    EXPECT_EQ((uint32_t)fake_register(&idle), (uint32_t)STATUS_INVALID_DEVICE_STATE);
    fake_exit(&client);
    fake_exit(&elsewhere);
    sim_adapter_remove(adapter);
    sim_adapter_remove(other);
    fixture_unload(driver);
}

SIM_SCENARIO(removal_with_open_handles_completes)
{
    removal_with_open_handle(sim_adapter_remove);
}

SIM_SCENARIO(removal_by_surprise_with_open_handles_completes)
{
    removal_with_open_handle(sim_adapter_surprise_remove);
}

/* ---- Races ---- */

static struct sim_driver *driver;
static _Atomic bool stop;
static _Atomic unsigned opened, registered;

/* Opens by name, as nobody tells a client that the adapter is about to go. */
static void
open_and_register_all_the_time(void *context)
{
    struct sim_process *process = sim_process_fake();
    struct fake_client client = {.process = process};
    (void)context;
    client.ring_size = RingSizeOf(RING_MIN_CAPACITY);
    client.send = sim_user_allocate(process, client.ring_size, true);
    client.receive = sim_user_allocate(process, client.ring_size, true);
    client.send_event = sim_event_create(process, false, false);
    client.receive_event = sim_event_create(process, false, false);
    while (!stop) {
        NTSTATUS status = sim_open(process, u"\\\\.\\Global\\Tunlane1", 0xC0000000u, &client.handle);
        if (!NT_SUCCESS(status)) {
            EXPECT(status == STATUS_OBJECT_NAME_NOT_FOUND || status == STATUS_NO_SUCH_DEVICE ||
                   status == STATUS_INVALID_DEVICE_STATE);
            usleep(100);
            continue;
        }
        opened++;
        memset(client.send, 0, sizeof *client.send);
        memset(client.receive, 0, sizeof *client.receive);
        status = fake_register(&client);
        EXPECT(status == STATUS_SUCCESS || status == STATUS_ALREADY_INITIALIZED ||
               status == STATUS_INVALID_DEVICE_STATE);
        registered += status == STATUS_SUCCESS;
        if (status == STATUS_SUCCESS)
            fake_put(&client, 64, 1);
        EXPECT_EQ((uint32_t)sim_close(process, client.handle), STATUS_SUCCESS);
    }
    sim_process_exit_fake(process);
}

static void
races(unsigned rounds)
{
    struct sim_task *tasks[3];
    driver = fixture_load();
    stop = false;
    for (unsigned i = 0; i < 3; i++)
        tasks[i] = sim_spawn(open_and_register_all_the_time, NULL);
    for (unsigned i = 0; i < rounds; i++) {
        struct sim_adapter *adapter = fixture_adapter(driver, 1);
        usleep(i % 4 * 1500);
        if (i & 1)
            sim_adapter_surprise_remove(adapter);
        else
            sim_adapter_remove(adapter);
    }
    stop = true;
    for (unsigned i = 0; i < 3; i++)
        sim_join(tasks[i]);
    EXPECT(opened > 0 && registered > 0);
    fixture_unload(driver);
}

SIM_SCENARIO(removal_during_opens_and_registrations_is_clean)
{
    races(emulated() ? 20 : 200);
}

SIM_SCENARIO(removal_during_opens_under_preemption_is_clean)
{
    sim_preempt_seed(sim_option_seed);
    races(emulated() ? 10 : 60);
}

static void
exit_client(void *context)
{
    struct fake_client *client = context;
    usleep((useconds_t)(client->handle % 7 * 50));
    fake_exit(client);
}

/* The owner of the rings dies at the moment at which its adapter goes. */
SIM_SCENARIO(removal_while_the_owner_dies_is_clean)
{
    driver = fixture_load();
    sim_preempt_seed(sim_option_seed);
    for (unsigned i = 0; i < (emulated() ? 15 : 150); i++) {
        struct sim_adapter *adapter = fixture_adapter(driver, 1);
        struct fake_client client;
        fake_open(&client, sim_process_fake(), adapter);
        EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
        fake_put(&client, 500, i);
        struct sim_task *death = sim_spawn(exit_client, &client);
        if (i & 1)
            usleep(i % 5 * 100);
        if (i & 2)
            sim_adapter_surprise_remove(adapter);
        else
            sim_adapter_remove(adapter);
        sim_join(death);
        EXPECT(fake_ended(&client));
    }
    fixture_unload(driver);
}

/* ---- A handle in two processes ---- */

SIM_SCENARIO(duplicate_keeps_rings_until_the_last_handle_closes)
{
    driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    struct sim_process *other = sim_process_fake();
    struct fake_client client;
    uint64_t copy;
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)sim_duplicate(client.process, client.handle, other, &copy), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)sim_close(client.process, client.handle), STATUS_SUCCESS);
    EXPECT(sim_adapter_link_up(adapter) && !fake_ended(&client));
    EXPECT_EQ((uint32_t)sim_close(other, copy), STATUS_SUCCESS);
    EXPECT(!sim_adapter_link_up(adapter) && fake_ended(&client));
    fake_exit(&client);
    sim_process_exit_fake(other);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

SIM_SCENARIO(duplicate_does_not_outlive_the_owner_of_the_memory)
{
    driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    struct sim_process *other = sim_process_fake();
    struct fake_client client, next;
    uint64_t copy;
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)sim_duplicate(client.process, client.handle, other, &copy), STATUS_SUCCESS);
    fake_exit(&client);
    EXPECT(fake_ended(&client));
    fake_open(&next, other, adapter);
    for (unsigned i = 0; fake_register(&next) == STATUS_ALREADY_INITIALIZED; i++) {
        EXPECT(i < 10000);
        usleep(1000);
    }
    EXPECT(sim_adapter_link_up(adapter));
    EXPECT_EQ((uint32_t)sim_close(other, copy), STATUS_SUCCESS);
    EXPECT(sim_adapter_link_up(adapter));
    sim_process_exit_fake(other);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* A section and events that another process registered: what counts is whose memory it is. */
SIM_SCENARIO(registration_of_a_duplicate_belongs_to_the_one_who_asks)
{
    driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    struct sim_process *opener = sim_process_fake();
    struct fake_client client, opened_by;
    EXPECT_EQ((uint32_t)fake_try_open(&opened_by, opener, adapter, "", 0xC0000000u), STATUS_SUCCESS);
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)sim_close(client.process, client.handle), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)sim_duplicate(opener, opened_by.handle, client.process, &client.handle),
              STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    /* The opener's end is of no interest. */
    sim_process_exit_fake(opener);
    EXPECT(sim_adapter_link_up(adapter) && !fake_ended(&client));
    fake_exit(&client);
    EXPECT(fake_ended(&client));
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* ---- Sleep, pause ---- */

static unsigned received;

static void
count(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)data;
    (void)length;
    (void)is_ipv6;
    received++;
}

static void
expect_traffic(struct fake_client *client, struct sim_adapter *adapter)
{
    uint8_t data[100] = {0x45, 0, 0, 100};
    struct sim_packet packet = {data, sizeof data};
    unsigned before = received;
    uint32_t tail = client->send->Tail;
    EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, NULL), 1);
    EXPECT_EQ(client->send->Tail, (tail + 104) & (RING_MIN_CAPACITY - 1));
    client->send->Head = client->send->Tail;
    fake_put(client, 80, 0);
    for (unsigned i = 0; *(volatile unsigned *)&received == before; i++) {
        EXPECT(i < 10000);
        usleep(1000);
    }
}

SIM_SCENARIO(sleep_and_pause_keep_the_session)
{
    driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    struct fake_client client;
    sim_stack_on_receive(adapter, count, NULL);
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    expect_traffic(&client, adapter);
    for (unsigned i = 0; i < 3; i++) {
        sim_adapter_set_power(adapter, 3);
        EXPECT(!sim_adapter_link_up(adapter));
        sim_adapter_set_power(adapter, 0);
        EXPECT(sim_adapter_link_up(adapter));
        expect_traffic(&client, adapter);
        sim_adapter_pause(adapter, 0);
        EXPECT_EQ((uint32_t)sim_adapter_restart(adapter), 0);
        expect_traffic(&client, adapter);
    }
    sim_adapter_set_power(adapter, 3);
    fake_exit(&client);
    sim_adapter_set_power(adapter, 0);
    EXPECT(!sim_adapter_link_up(adapter));
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

static void
come_and_go(void *context)
{
    struct sim_adapter *adapter = context;
    struct sim_process *process = sim_process_fake();
    struct fake_client client;
    fake_open(&client, process, adapter);
    while (!stop) {
        memset(client.send, 0, sizeof *client.send);
        memset(client.receive, 0, sizeof *client.receive);
        EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
        EXPECT_EQ((uint32_t)sim_close(process, client.handle), STATUS_SUCCESS);
        struct fake_client again;
        EXPECT_EQ((uint32_t)fake_try_open(&again, process, adapter, "", 0xC0000000u), STATUS_SUCCESS);
        client.handle = again.handle;
    }
    sim_process_exit_fake(process);
}

/* The link's state changes at any moment, and none is told to a system that sleeps. */
SIM_SCENARIO(sleep_while_sessions_come_and_go_is_quiet)
{
    driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    sim_preempt_seed(sim_option_seed);
    stop = false;
    struct sim_task *task = sim_spawn(come_and_go, adapter);
    for (unsigned i = 0; i < (emulated() ? 20 : 300); i++) {
        sim_adapter_set_power(adapter, 1 + i % 3);
        usleep(i % 4 * 100);
        sim_adapter_set_power(adapter, 0);
        usleep(i % 3 * 50);
    }
    stop = true;
    sim_join(task);
    EXPECT(!sim_adapter_link_up(adapter));
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}
