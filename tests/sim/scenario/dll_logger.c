/* SPDX-License-Identifier: MIT
 * The logger's callback: what may be called from within it, and when a former one is no longer running. */
#include "dll_machine.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* ---- Calls from within the callback ---- */

static atomic_uint nested; /* 1 within the first line, 2 after it */
static uintptr_t running;  /* a session */
static uintptr_t closing;  /* an adapter of this process */

static void
call_from_callback(const char *text)
{
    uint32_t size;
    (void)text;
    unsigned none = 0;
    if (!atomic_compare_exchange_strong(&nested, &none, 1))
        return;
    /* The machine-wide lock is this thread's, or about to be. */
    EXPECT_EQ(client_create("Nested"), 0);
    EXPECT_EQ(client_last_error(), 1131 /* ERROR_POSSIBLE_DEADLOCK */);
    EXPECT_EQ(client_open("Logged"), 0);
    EXPECT_EQ(client_last_error(), 1131);
    EXPECT_EQ((uint32_t)SIM_CALL(dll.DeleteDriver), 0);
    EXPECT_EQ(client_last_error(), 1131);
    /* Removed without the lock. */
    client_close(closing);
    EXPECT(client_open("Closing") == 0);
    /* What takes no lock works. */
    EXPECT((uint32_t)SIM_CALL(dll.GetRunningDriverVersion) != 0);
    EXPECT_EQ(SIM_CALL(dll.ReceivePacket, running, SIM_WORD(&size)), 0);
    EXPECT_EQ(client_last_error(), ERROR_NO_MORE_ITEMS);
    uint8_t *packet = client_allocate(running, 60);
    EXPECT(packet != NULL);
    dll_make_numbered(packet, 60, 1, 1);
    SIM_CALL(dll.SendPacket, running, SIM_WORD(packet));
    atomic_store(&nested, 2);
}

CLIENT_PROGRAM(program_calls_from_callback)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create("Logged");
    EXPECT(adapter != 0);
    running = (uintptr_t)SIM_CALL(dll.StartSession, adapter, 0x20000);
    EXPECT(running != 0);
    closing = client_create("Closing");
    EXPECT(closing != 0);
    client_on_log(call_from_callback);
    uintptr_t second = client_create("Second");
    EXPECT(second != 0);
    client_on_log(NULL);
    EXPECT_EQ(atomic_load(&nested), 2);
    SIM_CALL(dll.EndSession, running);
    client_close(second);
    client_close(adapter);
    /* Which takes what is left of the one that was closed without the lock. */
    EXPECT((uint32_t)SIM_CALL(dll.DeleteDriver) != 0);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_callback_may_call_what_takes_no_lock, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_calls_from_callback", NULL);
    dll_machine_end();
}

/* ---- Replacing it ---- */

static atomic_bool inside, left, stay;

static void
linger(const char *text)
{
    (void)text;
    atomic_store(&inside, true);
    for (unsigned i = 0; i < 100 || (atomic_load(&stay) && i < 5000); i++)
        usleep(1000);
    atomic_store(&left, true);
}

/* Logs one line: there is no such adapter. */
static void
log_one(void *context)
{
    (void)context;
    EXPECT_EQ(client_open("None"), 0);
}

static struct win_task *
enter(bool until_told)
{
    atomic_store(&inside, false);
    atomic_store(&left, false);
    atomic_store(&stay, until_told);
    struct win_task *task = win_spawn(log_one, NULL);
    while (!atomic_load(&inside))
        usleep(100);
    return task;
}

CLIENT_PROGRAM(program_replaces_logger)
{
    unsigned quick = 0;
    (void)argc;
    (void)argv;
    client_begin();
    client_on_log(linger);
    /* A former callback has ended when the function returns. */
    struct win_task *task = enter(false);
    EXPECT((uint32_t)SIM_CALL(dll.SetLogger, 0) != 0);
    EXPECT(atomic_load(&left));
    win_join(task);
    /* The one that stays is not waited for, however long it takes. Three tries, for busy machines. */
    for (unsigned i = 0; i < 3 && !quick; i++) {
        client_set_logger(&dll);
        task = enter(true);
        uint32_t start = (uint32_t)client_call("kernel32.dll", "GetTickCount");
        client_set_logger(&dll);
        quick += (uint32_t)client_call("kernel32.dll", "GetTickCount") - start < 800;
        EXPECT(!atomic_load(&left) || !quick);
        atomic_store(&stay, false);
        win_join(task);
    }
    EXPECT(quick != 0);
    client_on_log(NULL);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_former_logger_has_ended_when_replaced, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_replaces_logger", NULL);
    dll_machine_end();
}
