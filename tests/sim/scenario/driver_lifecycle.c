/* SPDX-License-Identifier: MIT
 * The driver's life: loading and unloading, adapters that come and go, opens, registrations and their ends,
 * in a process that the kernel side plays itself. */
#include <string.h>
#include "driver_fixture.h"

SIM_SCENARIO(driver_loads_and_unloads)
{
    struct sim_driver *driver = fixture_load();
    fixture_unload(driver);
}

SIM_SCENARIO(driver_adapter_comes_and_goes)
{
    struct sim_driver *driver = fixture_load();
    for (unsigned i = 0; i < 3; i++) {
        struct sim_adapter *adapter = fixture_adapter(driver, i + 1);
        EXPECT(!sim_adapter_link_up(adapter));
        if (i == 1)
            sim_adapter_surprise_remove(adapter);
        else
            sim_adapter_remove(adapter);
    }
    fixture_unload(driver);
}

SIM_SCENARIO(driver_registration_lives_until_close)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    struct fake_client client;
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    EXPECT(sim_adapter_link_up(adapter));
    EXPECT_EQ((uint32_t)sim_close(client.process, client.handle), STATUS_SUCCESS);
    EXPECT(!sim_adapter_link_up(adapter));
    EXPECT(fake_ended(&client));
    fake_exit(&client);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* Two adapters cannot have devices of one name: the second one does not start, with a status that is documented
 * for that, and leaves nothing. */
SIM_SCENARIO(driver_adapter_with_a_taken_name_does_not_start)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 3);
    struct sim_adapter_options options = {.luid_index = 3};
    NTSTATUS status = STATUS_SUCCESS;
    size_t objects = sim_ledger_count(SIM_NDIS_OBJECT), pool = sim_ledger_count(SIM_POOL);
    EXPECT(sim_adapter_start(driver, &options, &status) == NULL);
    EXPECT(!NT_SUCCESS(status));
    EXPECT_EQ(sim_ledger_count(SIM_NDIS_OBJECT), objects);
    EXPECT_EQ(sim_ledger_count(SIM_POOL), pool);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}
