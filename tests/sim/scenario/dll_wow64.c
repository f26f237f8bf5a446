/* SPDX-License-Identifier: MIT
 * 32-bit programs on a 64-bit system: the DLL of the program's architecture opens an adapter that a native
 * program has made, and refuses to create one. */
#include "dll_machine.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

CLIENT_PROGRAM(program_wow64_owner)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create("Native");
    EXPECT(adapter != 0);
    mark_set("owned");
    EXPECT(mark_wait("done", 120000));
    client_close(adapter);
    client_end();
    return 0;
}

CLIENT_PROGRAM(program_wow64_user)
{
    uint32_t size, sender, number, is_wow64 = 0;
    (void)argc;
    (void)argv;
    client_call("kernel32.dll", "IsWow64Process", ~(uintptr_t)0, SIM_WORD(&is_wow64));
    EXPECT_EQ(is_wow64, 1);
    client_begin();
    EXPECT_EQ(client_create("Mine"), 0);
    EXPECT_EQ(client_last_error(), ERROR_NOT_SUPPORTED);
    EXPECT(client_logged("WOW64"));
    uintptr_t adapter = client_open("Native");
    EXPECT(adapter != 0);
    uintptr_t session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, 0x20000);
    if (!session)
        sim_fail(__FILE__, __LINE__, "WintunStartSession fails with error %u", client_last_error());
    mark_set("session");
    for (uint32_t i = 0; i < 100; i++) {
        uint8_t *packet = client_receive(session, &size, 30000);
        EXPECT(packet && dll_check_numbered(packet, size, &sender, &number));
        EXPECT_EQ(number, i);
        uint8_t *answer = client_allocate(session, size);
        EXPECT(answer != NULL);
        memcpy(answer, packet, size);
        SIM_CALL(dll.ReleaseReceivePacket, session, SIM_WORD(packet));
        SIM_CALL(dll.SendPacket, session, SIM_WORD(answer));
    }
    EXPECT(mark_wait("answered", 60000));
    SIM_CALL(dll.EndSession, session);
    client_close(adapter);
    client_end();
    return 0;
}

/* A 32-bit system has no WOW64. */
#if __SIZEOF_POINTER__ == 8
static atomic_uint answers, wrong;

static void
take(void *context, const uint8_t *data, uint32_t length, bool is_ipv6)
{
    uint32_t sender, number;
    (void)context;
    if (is_ipv6 || !dll_check_numbered(data, length, &sender, &number) || number != atomic_load(&answers))
        atomic_fetch_add(&wrong, 1);
    atomic_fetch_add(&answers, 1);
}

/* The DLL of another architecture lies in the folder of its name. */
static void
spread_dll(void)
{
    char mark[16];
    const char *at;
    snprintf(mark, sizeof mark, "/%s/", sim_arch_name(sim_arch));
    if (!sim_option_dll || !(at = strstr(sim_option_dll, mark)))
        sim_skip("--dll lies in no folder of its architecture");
    char *path = sim_format("%.*s/{arch}/%s", (int)(at - sim_option_dll), sim_option_dll, at + strlen(mark));
    setenv("SIM_DLL", path, 1);
    free(path);
}

SIM_SCENARIO_ON(dll_wow64_client_has_a_session, DLL_SYSTEMS, 0)
{
    uint8_t data[300];
    enum sim_arch other = sim_arch == SIM_AMD64 ? SIM_X86 : SIM_ARM;
    spread_dll();
    sim_machine_start();
    struct sim_process *owner = dll_start("program_wow64_owner", NULL);
    for (unsigned i = 0; i < 60000 && !mark_is_set("owned"); i++)
        if (sim_process_wait(owner, 1) >= 0)
            dll_finish(owner);
    struct sim_adapter *adapter = sim_machine_adapter("Native", 5000);
    EXPECT(adapter != NULL);
    sim_stack_on_receive(adapter, take, NULL);
    struct sim_process *user = sim_process_start(other, "program_wow64_user", NULL);
    if (!user) {
        mark_set("done");
        dll_finish(owner);
        dll_machine_end();
        sim_skip("the simulator of the 32-bit architecture is not built");
    }
    EXPECT(sim_process_is_wow64(user));
    for (unsigned i = 0; i < 60000 && !mark_is_set("session"); i++)
        if (sim_process_wait(user, 1) >= 0)
            dll_finish(user);
    for (uint32_t i = 0; i < 100; i++) {
        struct sim_packet packet = {data, 40 + i * 2};
        dll_make_numbered(data, packet.length, 5, i);
        EXPECT_EQ(sim_stack_send(adapter, &packet, 1, NULL, true, NULL), 1);
    }
    for (unsigned i = 0; i < 30000 && atomic_load(&answers) < 100; i++)
        usleep(1000);
    EXPECT_EQ(atomic_load(&answers), 100);
    EXPECT_EQ(atomic_load(&wrong), 0);
    mark_set("answered");
    dll_finish(user);
    mark_set("done");
    dll_finish(owner);
    dll_machine_end();
}
#endif
