/* SPDX-License-Identifier: MIT
 * Waking the driver: it says when it wants to be signalled, finds what nobody signalled, and is not kept busy by
 * an event that does not reset itself. */
#include <unistd.h>
#include "driver_fixture.h"

static struct sim_driver *driver;
static struct sim_adapter *adapter;
static struct fake_client client;
static _Atomic unsigned arrived;

static bool
is_alertable(void)
{
    return __atomic_load_n(&client.receive->Alertable, __ATOMIC_SEQ_CST) != 0;
}

static void
count(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    (void)context;
    (void)data;
    (void)length;
    (void)is_ipv6;
    EXPECT(!is_alertable()); /* while it is at work it asks for nothing */
    arrived++;
}

static void
begin(bool manual_reset)
{
    driver = fixture_load();
    adapter = fixture_adapter(driver, 1);
    arrived = 0;
    sim_stack_on_receive(adapter, count, NULL);
    fake_open(&client, sim_process_fake(), adapter);
    if (manual_reset)
        client.receive_event = sim_event_create(client.process, true, false);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
}

static void
end(void)
{
    fake_exit(&client);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

static void
wait_until_alertable(void)
{
    for (unsigned i = 0; !is_alertable(); i++) {
        if (i == 10000)
            sim_fail(__FILE__, __LINE__, "an idle driver does not ask to be signalled");
        usleep(1000);
    }
}

static void
wait_for(unsigned packets)
{
    for (unsigned i = 0; arrived < packets; i++) {
        if (i == 10000)
            sim_fail(__FILE__, __LINE__, "%u of %u packets have come", arrived, packets);
        usleep(1000);
    }
}

SIM_SCENARIO(data_idle_driver_asks_to_be_signalled)
{
    begin(false);
    for (unsigned i = 1; i <= 20; i++) {
        wait_until_alertable();
        fake_put(&client, 100, i);
        wait_for(i);
    }
    end();
}

/* A client without the full fence may have read Alertable too early and signal nothing. After a short rest and
 * after a long one, when the driver looks less often. */
SIM_SCENARIO(data_packet_that_nobody_signalled_is_found)
{
    static const useconds_t rests[] = {0, 5000, 50000, 1500000};
    begin(false);
    for (unsigned i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
        wait_until_alertable();
        usleep(rests[i]);
        client.receive_event = sim_event_create(client.process, false, false); /* not the driver's */
        fake_put(&client, 100, i);
        wait_for(i + 1);
    }
    end();
}

/* The driver resets such an event itself once a signal was for nothing, and hears the next one. */
SIM_SCENARIO(data_event_that_does_not_reset_itself_is_reset)
{
    begin(true);
    for (unsigned i = 1; i <= 20; i++) {
        fake_put(&client, 100, i);
        sim_event_set(client.process, client.receive_event);
        wait_for(i);
        for (unsigned tries = 0; sim_event_wait(client.process, client.receive_event, 0); tries++) {
            if (tries == 10000)
                sim_fail(__FILE__, __LINE__, "the event stays signalled");
            usleep(1000);
        }
    }
    end();
}
