/* SPDX-License-Identifier: MIT
 * What is left over of adapters: by processes that were killed, and by processes that still run. */
#include "dll_machine.h"

#include <string.h>
#include <unistd.h>

static const uint8_t Guid[16] = {1, 2, 3, 4, 5, 6, 7, 0x48, 0x89, 10, 11, 12, 13, 14, 15, 16};

/* ---- A phantom whose owner lives ---- */

CLIENT_PROGRAM(program_owns_a_phantom)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create("Pulled");
    EXPECT(adapter != 0);
    mark_set("ready");
    EXPECT(mark_wait("deleted", 60000));
    /* What is already gone is no error. */
    client_log_clear();
    client_set_last_error(0x1234);
    client_close(adapter);
    EXPECT_EQ(client_last_error(), 0x1234);
    EXPECT(!client_logged("Cannot"));
    client_end();
    return 0;
}

CLIENT_PROGRAM(program_deletes_driver)
{
    (void)argc;
    (void)argv;
    client_begin();
    if (!(uint32_t)SIM_CALL(dll.DeleteDriver))
        sim_fail(__FILE__, __LINE__, "WintunDeleteDriver fails with error %u", client_last_error());
    EXPECT(client_logged("Uninstalled device SWD\\"));
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_phantom_of_a_living_owner_is_no_adapter, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    struct sim_process *owner = dll_start("program_owns_a_phantom", NULL);
    for (unsigned i = 0; i < 60000 && !mark_is_set("ready"); i++)
        if (sim_process_wait(owner, 1) >= 0)
            dll_finish(owner);
    struct sim_adapter *adapter = sim_machine_adapter("Pulled", 5000);
    EXPECT(adapter != NULL);
    sim_machine_pull(adapter);
    EXPECT(sim_machine_settle(PRODUCT_HARDWARE_ID, dll_patience()));
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).phantoms, 1);
    dll_run("program_deletes_driver", NULL);
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 0);
    mark_set("deleted");
    dll_finish(owner);
    dll_machine_end();
}

/* ---- The same GUID after an unclean end ---- */

CLIENT_PROGRAM(program_killed_with_guid)
{
    (void)argc;
    (void)argv;
    client_begin();
    EXPECT(client_create_with("Again", "Test", Guid) != 0);
    mark_set("created");
    usleep(60 * 1000 * 1000);
    return 1;
}

CLIENT_PROGRAM(program_wants_the_guid)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create_with("Again", "Test", Guid);
    EXPECT(adapter != 0);
    EXPECT(client_logged("which process"));
    EXPECT(!client_logged("is in use"));
    EXPECT(!client_logged("and not {"));
    EXPECT(!client_logged("The name"));
    client_close(adapter);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_first_start_after_an_unclean_end_has_its_guid_and_name, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    for (unsigned i = 0; i < 3; i++) {
        mark_clear("created");
        struct sim_process *victim = dll_start("program_killed_with_guid", NULL);
        for (unsigned wait = 0; wait < 60000 && !mark_is_set("created"); wait++)
            if (sim_process_wait(victim, 1) >= 0)
                dll_finish(victim);
        sim_process_kill(victim);
        /* At once, while the removal is under way, or when it is over. */
        if (i == 1)
            EXPECT(sim_machine_settle(PRODUCT_HARDWARE_ID, dll_patience()));
        dll_run("program_wants_the_guid", NULL);
    }
    dll_machine_end();
}
