/* SPDX-License-Identifier: MIT
 * The death of a process that owns rings, where it meets something else: a second adapter, the next session,
 * the next death, another holder of the handle, the last close. */
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include "driver_fixture.h"

static struct sim_driver *driver;
static struct sim_adapter *adapter;

static bool
emulated(void)
{
    return sim_arch == SIM_ARM64 || sim_arch == SIM_ARM;
}

static void
begin(void)
{
    driver = fixture_load();
    adapter = fixture_adapter(driver, 1);
}

static void
end(void)
{
    sim_adapter_remove(adapter);
    fixture_unload(driver);
}

static void
wait_until_down(const struct sim_adapter *which)
{
    for (unsigned i = 0; sim_adapter_link_up(which); i++) {
        if (i == 30000)
            sim_fail(__FILE__, __LINE__, "the session of a dead process does not end");
        usleep(1000);
    }
}

SIM_SCENARIO(death_of_the_owner_of_two_adapters_ends_both)
{
    begin();
    struct sim_adapter *second = fixture_adapter(driver, 2);
    struct sim_process *owner = sim_process_fake(), *other = sim_process_fake();
    struct fake_client clients[2];
    uint64_t copies[2];
    for (unsigned i = 0; i < 2; i++) {
        fake_open(&clients[i], owner, i ? second : adapter);
        EXPECT_EQ((uint32_t)fake_register(&clients[i]), STATUS_SUCCESS);
        /* So that no CLEANUP helps. */
        EXPECT_EQ((uint32_t)sim_duplicate(owner, clients[i].handle, other, &copies[i]), STATUS_SUCCESS);
    }
    sim_process_exit_fake(owner); /* the model stops if pages are still locked */
    EXPECT(fake_ended(&clients[0]) && fake_ended(&clients[1]));
    wait_until_down(adapter);
    wait_until_down(second);
    sim_process_exit_fake(other);
    sim_adapter_remove(second);
    end();
}

/* ---- While work items wait ---- */

static _Atomic unsigned blocked;
static _Atomic bool unblock;

static void
block(void *unused)
{
    (void)unused;
    blocked++;
    while (!unblock)
        usleep(500);
    blocked--;
}

/* Occupies every worker of the system. */
static void
stop_workers(void)
{
    unblock = false;
    for (unsigned i = 0; i < 8; i++)
        sim_queue_work(block, NULL);
    for (unsigned before = 0, same = 0; same < 20; usleep(1000)) {
        same = blocked && blocked == before ? same + 1 : 0;
        before = blocked;
    }
}

static void
resume_workers(void)
{
    unblock = true;
    for (unsigned i = 0; sim_ledger_count(SIM_WORK_ITEM) && blocked; i++) {
        EXPECT(i < 30000);
        usleep(1000);
    }
}

/* CLEANUP ends the session of a process that died; the work item of that death comes when the next session
 * has begun. */
SIM_SCENARIO(death_noticed_late_leaves_the_next_session_alone)
{
    struct fake_client client, next;
    begin();
    stop_workers();
    fake_open(&client, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
    fake_exit(&client);
    EXPECT(!sim_adapter_link_up(adapter));
    fake_open(&next, sim_process_fake(), adapter);
    EXPECT_EQ((uint32_t)fake_register(&next), STATUS_SUCCESS);
    resume_workers();
    usleep(50000);
    EXPECT(!fake_ended(&next) && sim_adapter_link_up(adapter));
    fake_exit(&next);
    end();
}

/* More deaths than work items: one is queued, and has to do for all. The adapter can go afterwards. */
SIM_SCENARIO(deaths_of_several_owners_share_a_work_item)
{
    struct fake_client client;
    begin();
    struct sim_process *other = sim_process_fake();
    uint64_t copy;
    stop_workers();
    for (unsigned i = 0; i < 3; i++) {
        fake_open(&client, sim_process_fake(), adapter);
        EXPECT_EQ((uint32_t)fake_register(&client), STATUS_SUCCESS);
        if (i == 2) /* the last one's end is left to the work item */
            EXPECT_EQ((uint32_t)sim_duplicate(client.process, client.handle, other, &copy), STATUS_SUCCESS);
        fake_exit(&client);
        EXPECT(fake_ended(&client));
        EXPECT_EQ(sim_ledger_count(SIM_LOCKED_PAGES), 0);
    }
    EXPECT(sim_adapter_link_up(adapter));
    resume_workers();
    wait_until_down(adapter);
    sim_process_exit_fake(other);
    end();
}

/* ---- One after the other ---- */

/* Each death is noticed although the handle lives on elsewhere, also one that comes while the work item of the
 * last one is about to return. */
SIM_SCENARIO(deaths_in_a_row_are_all_noticed)
{
    struct sim_process *last = NULL; /* holds the handle of the dead one before */
    begin();
    sim_preempt_seed(sim_option_seed);
    for (unsigned i = 0; i < (emulated() ? 20 : 200); i++) {
        struct sim_process *other = sim_process_fake();
        struct fake_client client;
        uint64_t copy;
        NTSTATUS status;
        fake_open(&client, sim_process_fake(), adapter);
        for (unsigned tries = 0; (status = fake_register(&client)) == STATUS_ALREADY_INITIALIZED; tries++) {
            if (tries == 300000)
                sim_fail(__FILE__, __LINE__, "death %u went unnoticed", i);
            usleep(20);
        }
        EXPECT_EQ((uint32_t)status, STATUS_SUCCESS);
        EXPECT_EQ((uint32_t)sim_duplicate(client.process, client.handle, other, &copy), STATUS_SUCCESS);
        if (last)
            sim_process_exit_fake(last);
        last = other;
        fake_exit(&client);
        EXPECT(fake_ended(&client));
    }
    wait_until_down(adapter);
    sim_process_exit_fake(last);
    end();
}

/* ---- The last close ---- */

static struct fake_client racing;

static void
register_while_it_closes(void *result)
{
    *(NTSTATUS *)result = fake_register(&racing);
}

/* A request that is inside the driver when the last handle closes must not leave a session that no handle
 * ends. */
SIM_SCENARIO(registration_during_the_last_close_ends_with_it)
{
    unsigned before = 0, after = 0;
    begin();
    sim_preempt_seed(sim_option_seed);
    struct sim_process *process = sim_process_fake();
    fake_open(&racing, process, adapter);
    for (unsigned i = 0; i < (emulated() ? 60 : 600); i++) {
        NTSTATUS status;
        memset(racing.send, 0, sizeof *racing.send);
        memset(racing.receive, 0, sizeof *racing.receive);
        struct sim_task *task = sim_spawn(register_while_it_closes, &status);
        usleep(i % 8 * 20);
        EXPECT_EQ((uint32_t)sim_close(process, racing.handle), STATUS_SUCCESS);
        sim_join(task);
        EXPECT(status == STATUS_SUCCESS || status == STATUS_INVALID_HANDLE ||
               status == STATUS_INVALID_DEVICE_STATE);
        before += status == STATUS_SUCCESS;
        after += status != STATUS_SUCCESS;
        EXPECT(!sim_adapter_link_up(adapter));
        EXPECT_EQ(sim_ledger_count(SIM_LOCKED_PAGES), 0);
        struct fake_client again;
        EXPECT_EQ((uint32_t)fake_try_open(&again, process, adapter, "", 0xC0000000u), STATUS_SUCCESS);
        racing.handle = again.handle;
    }
    EXPECT(before > 0 && after > 0);
    fake_exit(&racing);
    end();
}
