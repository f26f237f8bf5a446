/* SPDX-License-Identifier: MIT
 * Tests of the model of Win32 itself: what it does to the last error, and that an injected failure is one. */
#include "../pnp/pnp.h"
#include "client_dll.h"

#define K32    "kernel32.dll"
#define BEFORE 77u

CLIENT_PROGRAM(program_last_error)
{
    uint16_t id[] = u"ROOT\\NONE\\0000";
    unsigned changed = 0;
    uint32_t node;
    (void)argc;
    (void)argv;
    uintptr_t event = (uintptr_t)client_call(K32, "CreateEventW", 0, 0, 0, 0);
    EXPECT(event != 0);
    /* A function that succeeds leaves there what it likes. */
    for (unsigned i = 0; i < 64; i++) {
        client_set_last_error(BEFORE);
        EXPECT((uint32_t)client_call(K32, "SetEvent", event) != 0);
        changed += client_last_error() != BEFORE;
    }
    EXPECT(changed > 16);
    /* One that returns its code never sets it, whether it succeeds or fails. */
    client_set_last_error(BEFORE);
    EXPECT_EQ((uint32_t)client_call("cfgmgr32.dll", "CM_Locate_DevNodeW", SIM_WORD(&node), SIM_WORD(id), 0),
              CR_NO_SUCH_DEVNODE);
    EXPECT_EQ(client_last_error(), BEFORE);
    /* One that fails sets it, injected or not. */
    EXPECT((uint32_t)client_call(K32, "SetEvent", 0x7FF0) == 0);
    EXPECT_EQ(client_last_error(), ERROR_INVALID_HANDLE);
    win_inject("CreateEventW", 2, 1450);
    uintptr_t first = (uintptr_t)client_call(K32, "CreateEventW", 0, 0, 0, 0);
    EXPECT(first != 0 && !win_injected());
    EXPECT((uintptr_t)client_call(K32, "CreateEventW", 0, 0, 0, 0) == 0);
    EXPECT_EQ(client_last_error(), 1450);
    EXPECT(win_injected() != NULL);
    uintptr_t third = (uintptr_t)client_call(K32, "CreateEventW", 0, 0, 0, 0);
    EXPECT(third != 0);
    client_call(K32, "CloseHandle", first);
    client_call(K32, "CloseHandle", third);
    client_call(K32, "CloseHandle", event);
    return 0;
}

SIM_SCENARIO(machine_last_error_tells_nothing_of_a_success)
{
    const char *args[] = {NULL};
    sim_machine_start();
    struct sim_process *process = sim_process_start(sim_arch, "program_last_error", args);
    EXPECT(process != NULL);
    EXPECT_EQ(sim_process_wait(process, 60000), 0);
    sim_machine_stop();
}

/* ---- What a process leaves behind ---- */

CLIENT_PROGRAM(program_leaves_a_handle)
{
    (void)argc;
    (void)argv;
    return client_call(K32, "CreateEventW", 0, 0, 0, 0) == 0;
}

SIM_SCENARIO(machine_process_that_leaks_is_told)
{
    const char *args[] = {NULL};
    sim_machine_start();
    struct sim_process *process = sim_process_start(sim_arch, "program_leaves_a_handle", args);
    EXPECT(process != NULL);
    EXPECT_EQ(sim_process_wait(process, 60000), 3);
    sim_machine_stop();
}
