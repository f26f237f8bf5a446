/* SPDX-License-Identifier: MIT
 * The self-test for real machines, run here first: every check of it passes, it survives its own death, and it fails
 * when something is wrong. */
#include "dll_machine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* selftest.exe lies beside the example. */
static void
choose_selftest(void)
{
    if (!sim_option_exe || !sim_option_dll)
        sim_skip("no --exe and --dll");
    const char *slash = strrchr(sim_option_exe, '/');
    if (!slash)
        sim_skip("--exe without a folder");
    static char path[4096];
    snprintf(path, sizeof path, "%.*s/selftest.exe", (int)(slash - sim_option_exe), sim_option_exe);
    sim_option_exe = path;
    setenv("SIM_EXE", path, 1);
}

SIM_SCENARIO_ON(dll_selftest_passes, DLL_SYSTEMS, 0)
{
    choose_selftest();
    sim_machine_start();
    dll_run("exe", NULL);
    dll_run("exe", "delete");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_selftest_passes_after_one_was_killed, DLL_SYSTEMS, 0)
{
    choose_selftest();
    sim_machine_start();
    struct sim_process *held = dll_start("exe", "hold");
    struct sim_adapter *adapter = NULL;
    for (unsigned i = 0; i < 600 && !(adapter && sim_adapter_link_up(adapter)); i++) {
        adapter = sim_machine_adapter("Selftest", 50);
        usleep(20000);
    }
    EXPECT(adapter != NULL && sim_adapter_link_up(adapter));
    kill(sim_process_linux_id(held), SIGKILL);
    sim_process_wait(held, dll_patience());
    dll_run("exe", NULL);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_selftest_fails_when_a_device_does_not_start, DLL_SYSTEMS, 0)
{
    choose_selftest();
    sim_machine_start();
    sim_machine_conditions.start_fails = true;
    struct sim_process *process = dll_start("exe", NULL);
    EXPECT_EQ(sim_process_wait(process, dll_patience()), 1);
    sim_machine_idle();
}
