/* SPDX-License-Identifier: MIT
 * Adapters through the DLL: creation, opening, closing, names, and what is refused. */
#include "dll_machine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STRAY 0x1234u

/* ---- Create, open, close ---- */

CLIENT_PROGRAM(program_create_open_close)
{
    static const uint8_t guid[16] = {0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0x4E,
                                     0x8F, 0x10, 1,    2,    3,    4,    5,    6};
    uint64_t luid = 0, other = 0;
    (void)argc;
    (void)argv;
    client_begin();
    EXPECT_EQ((uint32_t)SIM_CALL(dll.GetRunningDriverVersion), 0);
    EXPECT_EQ(client_last_error(), ERROR_FILE_NOT_FOUND);
    EXPECT_EQ(client_open("Demo"), 0);
    EXPECT_EQ(client_last_error(), ERROR_FILE_NOT_FOUND);
    client_set_last_error(STRAY);
    uintptr_t adapter = client_create_with("Demo", "Test", guid);
    if (!adapter)
        sim_fail(__FILE__, __LINE__, "WintunCreateAdapter fails with error %u", client_last_error());
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    client_set_last_error(STRAY);
    EXPECT((uint32_t)SIM_CALL(dll.GetAdapterLUID, adapter, SIM_WORD(&luid)) != 0);
    EXPECT(luid != 0);
    EXPECT_EQ(client_last_error(), STRAY);
    EXPECT_EQ(luid >> 48, 53);
    EXPECT_EQ((uint32_t)SIM_CALL(dll.GetRunningDriverVersion),
              PRODUCT_VERSION_MAJOR << 16 | PRODUCT_VERSION_MINOR);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    client_set_last_error(STRAY);
    uintptr_t opened = client_open("demo");
    EXPECT(opened != 0);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    SIM_CALL(dll.GetAdapterLUID, opened, SIM_WORD(&other));
    EXPECT_EQ(other, luid);
    client_close(opened);
    mark_set("created");
    EXPECT(mark_wait("seen", 60000));
    client_close(adapter);
    EXPECT_EQ(client_open("Demo"), 0);
    EXPECT_EQ(client_last_error(), ERROR_FILE_NOT_FOUND);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_adapter_created_opened_closed, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    struct sim_process *client = dll_start("program_create_open_close", NULL);
    for (unsigned i = 0; i < 60000 && !mark_is_set("created") && sim_process_wait(client, 1) < 0; i++)
        ;
    if (!mark_is_set("created"))
        dll_finish(client);
    EXPECT(sim_machine_adapter("Demo", 5000) != NULL);
    struct sim_machine_counts counts = sim_machine_counts(PRODUCT_HARDWARE_ID);
    EXPECT_EQ(counts.started, 1);
    EXPECT_EQ(counts.packages, 1);
    mark_set("seen");
    dll_finish(client);
    dll_machine_end();
}

/* ---- Names ---- */

static void
expect_refused(const char *name, uint32_t error)
{
    client_set_last_error(STRAY);
    EXPECT_EQ(client_create(name), 0);
    EXPECT_EQ(client_last_error(), error);
    EXPECT_EQ(client_open(name), 0);
    EXPECT_EQ(client_last_error(), error);
}

CLIENT_PROGRAM(program_names)
{
    char longest[128], too_long[129];
    uint64_t luid = 0;
    uint16_t alias[257];
    (void)argc;
    (void)argv;
    memset(longest, 'n', 127);
    longest[127] = 0;
    memset(too_long, 'n', 128);
    too_long[128] = 0;
    client_begin();
    expect_refused("", ERROR_INVALID_NAME);
    expect_refused("a\\b", ERROR_INVALID_NAME);
    expect_refused("tab\there", ERROR_INVALID_NAME);
    expect_refused(too_long, ERROR_BUFFER_OVERFLOW);
    EXPECT_EQ(SIM_CALL(dll.CreateAdapter, 0, 0, 0), 0);
    EXPECT_EQ(client_last_error(), ERROR_INVALID_PARAMETER);

    static const char *const names[] = {"T\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80", "It's \"quoted\""};
    EXPECT_EQ(client_create(names[1]), 0); /* the system takes no double quotes */
    EXPECT_EQ(client_last_error(), ERROR_INVALID_NAME);
    const char *good[] = {longest, names[0], "It's fine"};
    for (unsigned i = 0; i < 3; i++) {
        uintptr_t adapter = client_create(good[i]);
        EXPECT(adapter != 0);
        SIM_CALL(dll.GetAdapterLUID, adapter, SIM_WORD(&luid));
        EXPECT_EQ((uint32_t)client_call("iphlpapi.dll", "ConvertInterfaceLuidToAlias", SIM_WORD(&luid),
                                        SIM_WORD(alias), 257),
                  0);
        char *text = sim_utf8_from(alias);
        EXPECT(strcmp(text, good[i]) == 0);
        client_close(adapter);
    }
    /* The machine has a connection of this name already. */
    uintptr_t adapter = client_create("Ethernet");
    EXPECT(adapter != 0);
    SIM_CALL(dll.GetAdapterLUID, adapter, SIM_WORD(&luid));
    client_call("iphlpapi.dll", "ConvertInterfaceLuidToAlias", SIM_WORD(&luid), SIM_WORD(alias), 257);
    EXPECT(strcmp(sim_utf8_from(alias), "Ethernet 1") == 0);
    uintptr_t opened = client_open("Ethernet");
    EXPECT(opened != 0);
    client_close(opened);
    client_close(adapter);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_names_are_taken_or_refused, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    /* A new connection is not ready to be renamed for a while. */
    sim_machine_conditions.rename_failures = 2;
    dll_run("program_names", NULL);
    dll_machine_end();
}

/* ---- Who may not ---- */

CLIENT_PROGRAM(program_refused)
{
    uint32_t expected = (uint32_t)strtoul(argv[1], NULL, 0);
    (void)argc;
    client_begin();
    client_set_last_error(STRAY);
    EXPECT_EQ(client_create("Refused"), 0);
    EXPECT_EQ(client_last_error(), expected);
    EXPECT(client_logged(expected == ERROR_NOT_SUPPORTED ? "not supported" : "administrator"));
    EXPECT_EQ(client_log_count(""), 1);
    EXPECT_EQ((uint32_t)SIM_CALL(dll.DeleteDriver), 0);
    EXPECT_EQ(client_last_error(), expected);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_older_system_is_not_supported, SIM_WIN7 | SIM_WIN8 | SIM_WIN81, 0)
{
    sim_machine_start();
    dll_run("program_refused", "50");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_not_elevated_is_denied, SIM_SINCE_WIN7, 0)
{
    static const char *const args[] = {"5", NULL};
    sim_machine_start();
    struct sim_process *client = sim_process_start_as(sim_arch, "program_refused", args, false);
    EXPECT(client != NULL);
    dll_finish(client);
    dll_machine_end();
}

/* ---- Several ---- */

CLIENT_PROGRAM(program_creator)
{
    (void)argc;
    client_begin();
    for (unsigned i = 0; i < 2; i++) {
        uintptr_t adapter = client_create(argv[1]);
        if (!adapter)
            sim_fail(__FILE__, __LINE__, "WintunCreateAdapter fails with error %u", client_last_error());
        uintptr_t opened = client_open(argv[1]);
        EXPECT(opened != 0);
        client_close(opened);
        client_close(adapter);
    }
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_two_creators_at_once_both_succeed, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    struct sim_process *first = dll_start("program_creator", "First"),
                       *second = dll_start("program_creator", "Second");
    dll_finish(first);
    dll_finish(second);
    dll_machine_end();
}

CLIENT_PROGRAM(program_loads)
{
    (void)argc;
    (void)argv;
    /* Unloaded and loaded again. */
    for (unsigned i = 0; i < 2; i++) {
        client_begin();
        uintptr_t adapter = client_create("Again");
        EXPECT(adapter != 0);
        client_close(adapter);
        client_end();
    }
    /* Twice under two names: each with its own adapters, both on the same machine. */
    client_begin();
    struct client_dll first = dll, second = client_dll_load("other.dll");
    EXPECT(first.module != second.module);
    uintptr_t one = client_create("One");
    EXPECT(one != 0);
    dll = second;
    uintptr_t two = client_create("Two"), opened = client_open("One");
    EXPECT(two != 0 && opened != 0);
    client_close(opened);
    client_close(two);
    client_dll_free(&second);
    dll = first;
    client_close(one);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_loaded_again_and_twice_works, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_loads", NULL);
    dll_machine_end();
}

/* ---- The lock ---- */

/* Holds the machine-wide lock as another process of the DLL would, for some time or until it is killed; with a second
 * argument, keeps its file from being opened at all, as a backup program may. */
CLIENT_PROGRAM(program_holds_lock)
{
    uint16_t *path = sim_utf16_from("C:\\Windows\\" PRODUCT_DATA_FOLDER "\\lock");
    uint64_t overlapped[4] = {0};
    uintptr_t file = (uintptr_t)client_call("kernel32.dll", "CreateFileW", SIM_WORD(path), 0xC0000000u,
                                            argc > 2 ? 0 : 3, 0, 3, 0x80, 0);
    EXPECT(file != WIN_INVALID_HANDLE);
    EXPECT((uint32_t)client_call("kernel32.dll", "LockFileEx", file, 2, 0, 1, 0, SIM_WORD(overlapped)) != 0);
    mark_set("held");
    usleep((unsigned)atoi(argv[1]) * 1000);
    mark_set("released");
    client_call("kernel32.dll", "CloseHandle", file);
    free(path);
    return 0;
}

CLIENT_PROGRAM(program_waits_for_lock)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create("Locked");
    EXPECT(adapter != 0);
    mark_set("created");
    client_close(adapter);
    client_end();
    return 0;
}

static void
create_against_lock(bool kill_holder, bool alone)
{
    const char *args[] = {kill_holder ? "60000" : "700", alone ? "alone" : NULL, NULL};
    sim_machine_start();
    dll_run("program_creator", "First");
    struct sim_process *holder = sim_process_start(sim_arch, "program_holds_lock", args);
    EXPECT(holder != NULL);
    for (unsigned i = 0; i < 60000 && !mark_is_set("held"); i++)
        if (sim_process_wait(holder, 1) >= 0)
            dll_finish(holder);
    struct sim_process *creator = dll_start("program_waits_for_lock", NULL);
    for (unsigned i = 0; i < 500 && !mark_is_set("released"); i++) {
        EXPECT(!mark_is_set("created") || mark_is_set("released"));
        usleep(1000);
    }
    if (kill_holder)
        sim_process_kill(holder);
    dll_finish(creator);
    EXPECT(mark_is_set("created"));
    if (!kill_holder)
        dll_finish(holder);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_creator_waits_for_the_lock, DLL_SYSTEMS, 0)
{
    create_against_lock(false, false);
}

SIM_SCENARIO_ON(dll_lock_of_a_killed_process_is_free, DLL_SYSTEMS, 0)
{
    create_against_lock(true, false);
}

SIM_SCENARIO_ON(dll_creator_waits_for_the_file_of_the_lock, DLL_SYSTEMS, 0)
{
    create_against_lock(false, true);
}

/* ---- A creator that is killed ---- */

CLIENT_PROGRAM(program_killed)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create("Orphan");
    EXPECT(adapter != 0);
    uintptr_t session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, 0x20000);
    EXPECT(session != 0);
    mark_set("running");
    uint32_t size;
    client_receive(session, &size, INFINITE_TIME);
    return 1;
}

SIM_SCENARIO_ON(dll_killed_creator_leaves_an_orphan_that_is_cleaned, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    struct sim_process *client = dll_start("program_killed", NULL);
    for (unsigned i = 0; i < 60000 && !mark_is_set("running") && sim_process_wait(client, 1) < 0; i++)
        ;
    EXPECT(mark_is_set("running"));
    struct sim_adapter *adapter = sim_machine_adapter("Orphan", 5000);
    EXPECT(adapter != NULL && sim_adapter_link_up(adapter));
    sim_process_kill(client);
    EXPECT(sim_machine_settle(PRODUCT_HARDWARE_ID, dll_patience()));
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).phantoms, 1);
    dll_run("program_creator", "Orphan");
    dll_machine_end();
}

/* ---- The driver's removal ---- */

CLIENT_PROGRAM(program_delete_driver)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create("Used");
    EXPECT(adapter != 0);
    EXPECT_EQ((uint32_t)SIM_CALL(dll.DeleteDriver), 0);
    EXPECT_EQ(client_last_error(), 2404 /* ERROR_DEVICE_IN_USE */);
    EXPECT(client_logged("in use by adapter SWD\\"));
    client_close(adapter);
    client_set_last_error(STRAY);
    EXPECT((uint32_t)SIM_CALL(dll.DeleteDriver) != 0);
    EXPECT(client_last_error() == 0 || client_last_error() == STRAY);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_delete_driver_refused_then_complete, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_delete_driver", NULL);
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 0);
    EXPECT(!sim_machine_has_service(PRODUCT_FILE));
    dll_machine_end();
}
