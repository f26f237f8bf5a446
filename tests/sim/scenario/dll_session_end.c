/* SPDX-License-Identifier: MIT
 * The end of a session while others are at work in it: every reader wakes, every call ends with the documented error,
 * packets that are held can be given back, and a session that comes after has nothing to do with it. */
#include "dll_machine.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAPACITY 0x20000u
#define READERS  4u
#define ROUNDS   60u

static uintptr_t adapter;
static _Atomic uintptr_t session;
static atomic_uint at_work;

static uintptr_t
start(void)
{
    uintptr_t started = (uintptr_t)SIM_CALL(dll.StartSession, adapter, CAPACITY);
    if (!started)
        sim_fail(__FILE__, __LINE__, "WintunStartSession fails with error %u", client_last_error());
    return started;
}

/* ---- Several readers ---- */

static void
read_to_the_end(void *context)
{
    uint32_t size;
    (void)context;
    uintptr_t mine = atomic_load(&session);
    uintptr_t event = (uintptr_t)SIM_CALL(dll.GetReadWaitEvent, mine);
    EXPECT(event != 0);
    atomic_fetch_add(&at_work, 1);
    while (SIM_CALL(dll.ReceivePacket, mine, SIM_WORD(&size)) == 0 &&
           client_last_error() == ERROR_NO_MORE_ITEMS)
        EXPECT_EQ((uint32_t)client_call("kernel32.dll", "WaitForSingleObject", event, 60000), 0);
    EXPECT_EQ(client_last_error(), ERROR_HANDLE_EOF);
}

CLIENT_PROGRAM(program_many_readers)
{
    struct win_task *readers[READERS];
    bool closed = strcmp(argv[1], "closed") == 0;
    (void)argc;
    client_begin();
    adapter = client_create("Readers");
    EXPECT(adapter != 0);
    atomic_store(&session, start());
    for (unsigned i = 0; i < READERS; i++)
        readers[i] = win_spawn(read_to_the_end, NULL);
    while (atomic_load(&at_work) < READERS)
        usleep(1000);
    usleep(20000);
    if (closed)
        client_close(adapter);
    else
        SIM_CALL(dll.EndSession, atomic_load(&session));
    for (unsigned i = 0; i < READERS; i++)
        win_join(readers[i]);
    if (closed)
        SIM_CALL(dll.EndSession, atomic_load(&session));
    else
        client_close(adapter);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_all_readers_wake_when_their_session_ends, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_many_readers", "ended");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_all_readers_wake_when_their_adapter_is_closed, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_many_readers", "closed");
    dll_machine_end();
}

/* ---- Ends amid calls ---- */

/* Allocates, fills, holds and sends, until the session is over. */
static void
send_to_the_end(void *context)
{
    uint32_t number = 0;
    (void)context;
    uintptr_t mine = atomic_load(&session);
    atomic_fetch_add(&at_work, 1);
    for (;;) {
        uint8_t *packets[3];
        unsigned count = 0;
        while (count < 3 &&
               (packets[count] = (uint8_t *)(uintptr_t)SIM_CALL(dll.AllocateSendPacket, mine, 100)))
            count++;
        uint32_t error = count < 3 ? client_last_error() : 0;
        for (unsigned i = count; i-- > 0;) {
            dll_make_numbered(packets[i], 100, 2, number++);
            EXPECT((uint32_t)SIM_CALL(dll.SendPacket, mine, SIM_WORD(packets[i])) != 0);
        }
        if (error == ERROR_HANDLE_EOF)
            return;
        EXPECT(error == 0 || error == ERROR_BUFFER_OVERFLOW);
    }
}

/* Ends without being told of it beforehand. */
CLIENT_PROGRAM(program_ends_amid_calls)
{
    uint64_t random = sim_option_seed * 0x9E3779B97F4A7C15ull + 99;
    (void)argc;
    (void)argv;
    client_begin();
    adapter = client_create("Amid");
    EXPECT(adapter != 0);
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct win_task *tasks[4];
        atomic_store(&at_work, 0);
        atomic_store(&session, start());
        for (unsigned i = 0; i < 4; i++)
            tasks[i] = win_spawn(i < 2 ? send_to_the_end : read_to_the_end, NULL);
        while (atomic_load(&at_work) < 4)
            usleep(50);
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        usleep((unsigned)(random >> 33) % 2000);
        EXPECT((uint32_t)SIM_CALL(dll.EndSession, atomic_load(&session)) != 0);
        /* The adapter is free at once, whatever the others still hold. */
        uintptr_t next = round % 2 ? start() : 0;
        for (unsigned i = 0; i < 4; i++)
            win_join(tasks[i]);
        if (next) {
            uint8_t *packet = client_allocate(next, 40);
            EXPECT(packet != NULL);
            dll_make_numbered(packet, 40, 3, 3);
            SIM_CALL(dll.SendPacket, next, SIM_WORD(packet));
            SIM_CALL(dll.EndSession, next);
        }
    }
    client_close(adapter);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_session_ends_amid_calls_of_others, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_ends_amid_calls", NULL);
    dll_machine_end();
}
