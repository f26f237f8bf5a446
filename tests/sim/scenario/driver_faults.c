/* SPDX-License-Identifier: MIT
 * Every call of the driver that can fail does so once: loading, starting an adapter, opening, registering.
 * Each time the error is clean, nothing is left, and a second try works. */
#include <stdio.h>
#include "driver_fixture.h"

#define MOST 20000 /* more fallible calls than any step has */

#define EACH 60 /* calls at the beginning and at the end that are all tried */

/* Between the first calls and the last ones, which are all different, lie the allocations of one loop: one in so
 * many is tried. `total` calls happen when none fails. */
static unsigned
next_after(unsigned k, unsigned total)
{
    unsigned next = k < EACH ? k + 1 : k + 1 + k / 7;
    if (total <= 2 * EACH || k >= total - EACH)
        return k + 1;
    return next < total - EACH ? next : total - EACH;
}

static struct sim_driver *
load_with_fault(unsigned k)
{
    char error[300];
    NTSTATUS status;
    sim_fault_arm(k);
    struct sim_driver *driver = sim_driver_load(sim_option_sys, &status, error, sizeof error);
    bool fired = sim_fault_fired();
    sim_fault_arm(0);
    if (!driver) {
        EXPECT(fired);
        EXPECT(!NT_SUCCESS(status));
        EXPECT_EQ(sim_ledger_report(), 0);
    }
    return driver;
}

SIM_SCENARIO(fault_while_loading_leaves_nothing)
{
    unsigned k = 0, failed = 0;
    bool more = true;
    sim_fault_arm(0);
    struct sim_driver *whole = fixture_load();
    unsigned total = sim_fault_count();
    fixture_unload(whole);
    while (more && (k = next_after(k, total)) < MOST) {
        struct sim_driver *driver = load_with_fault(k);
        failed += driver == NULL;
        more = driver == NULL || sim_fault_fired();
        if (driver)
            sim_driver_unload(driver);
        sim_driver_unload(fixture_load());
    }
    EXPECT(k < MOST);
    EXPECT(failed > 0);
    printf("calls up to the %uth failed in turn, %u of them failed the loading\n", k, failed);
}

SIM_SCENARIO(fault_while_starting_adapter_leaves_nothing)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter_options options = {.luid_index = 7};
    unsigned k = 0, failed = 0;
    bool fired = true;
    sim_fault_arm(0);
    struct sim_adapter *whole = fixture_adapter(driver, 7);
    unsigned total = sim_fault_count();
    sim_adapter_remove(whole);
    while (fired && (k = next_after(k, total)) < MOST) {
        NTSTATUS status = STATUS_SUCCESS;
        size_t before[SIM_RESOURCES];
        for (unsigned i = 0; i < SIM_RESOURCES; i++)
            before[i] = sim_ledger_count((enum sim_resource)i);
        sim_fault_arm(k);
        struct sim_adapter *adapter = sim_adapter_start(driver, &options, &status);
        fired = sim_fault_fired();
        sim_fault_arm(0);
        if (!adapter) {
            EXPECT(fired);
            EXPECT(!NT_SUCCESS(status));
            failed++;
            for (unsigned i = 0; i < SIM_RESOURCES; i++)
                EXPECT_EQ(sim_ledger_count((enum sim_resource)i), before[i]);
            adapter = fixture_adapter(driver, 7);
        }
        sim_adapter_remove(adapter);
    }
    EXPECT(k < MOST);
    EXPECT(failed > 0);
    printf("calls up to the %uth failed in turn, %u of them failed the start\n", k, failed);
    fixture_unload(driver);
}

SIM_SCENARIO(fault_while_registering_leaves_nothing)
{
    struct sim_driver *driver = fixture_load();
    struct sim_adapter *adapter = fixture_adapter(driver, 1);
    unsigned k = 0, failed = 0;
    bool fired = true;
    while (fired && (k = next_after(k, 0)) < MOST) {
        struct fake_client client;
        struct sim_process *process = sim_process_fake();
        sim_fault_arm(k);
        NTSTATUS status = fake_try_open(&client, process, adapter, "", 0xC0000000u);
        fired = sim_fault_fired();
        sim_fault_arm(0);
        if (!NT_SUCCESS(status)) {
            EXPECT(fired);
            failed++;
        }
        sim_process_exit_fake(process);
    }
    EXPECT(k < MOST);
    for (k = 0, fired = true; fired && (k = next_after(k, 0)) < MOST;) {
        struct fake_client client;
        fake_open(&client, sim_process_fake(), adapter);
        sim_fault_arm(k);
        NTSTATUS status = fake_register(&client);
        fired = sim_fault_fired();
        sim_fault_arm(0);
        if (!NT_SUCCESS(status)) {
            EXPECT(fired);
            EXPECT(!sim_adapter_link_up(adapter));
            EXPECT_EQ(sim_ledger_count(SIM_LOCKED_PAGES), 0);
            EXPECT_EQ(sim_ledger_count(SIM_MAPPING), 0);
            EXPECT_EQ(sim_ledger_count(SIM_THREAD), 0);
            failed++;
            EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
        }
        EXPECT(sim_adapter_link_up(adapter));
        fake_exit(&client);
        EXPECT(!sim_adapter_link_up(adapter));
    }
    EXPECT(k < MOST);
    EXPECT(failed > 0);
    printf("calls up to the %uth failed in turn, %u of them failed the registration\n", k, failed);
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

/* No slot is left for a process notify routine: the driver cannot promise to unlock a dying process's pages.
 */
SIM_SCENARIO(fault_without_notify_slot_refuses_to_load)
{
    char error[300];
    NTSTATUS status;
    fixture_unload(fixture_load());
    sim_notify_slots_taken(64);
    EXPECT(sim_driver_load(sim_option_sys, &status, error, sizeof error) == NULL);
    EXPECT(!NT_SUCCESS(status));
    sim_notify_slots_taken(0);
    fixture_unload(fixture_load());
}
