/* SPDX-License-Identifier: MIT
 * Each call of the DLL fails with each code that is documented for it, at every operation of a client: what comes out
 * is a success or an error that a client can read, the log says why if it was about devices, nothing is left, and
 * the next try works. */
#include "../win32/documented_errors.h"
#include "dll_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum operation
{
    CREATE,
    OPEN,
    START,
    DELETE,
    OPERATIONS
};
static const char *const operation_names[] = {"WintunCreateAdapter", "WintunOpenAdapter",
                                              "WintunStartSession", "WintunDeleteDriver"};

/* What the reference names beside the codes that come through from the system. */
static bool
is_of_the_reference(uint32_t error)
{
    static const uint32_t named[] = {ERROR_FILE_NOT_FOUND,
                                     ERROR_ACCESS_DENIED,
                                     ERROR_NOT_ENOUGH_MEMORY,
                                     31 /* ERROR_GEN_FAILURE */,
                                     ERROR_NOT_SUPPORTED,
                                     1058 /* ERROR_SERVICE_DISABLED */,
                                     1247 /* ERROR_ALREADY_INITIALIZED */,
                                     1450 /* ERROR_NO_SYSTEM_RESOURCES */,
                                     1460 /* ERROR_TIMEOUT */,
                                     2404 /* ERROR_DEVICE_IN_USE */,
                                     4319 /* ERROR_DEVICE_NOT_AVAILABLE */,
                                     0xE0000228 /* ERROR_NO_COMPAT_DRIVERS */};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (error == named[i])
            return true;
    return false;
}

/* A failure is told by the function's own code if that is a Win32 error, or by one that the reference names; a
 * CONFIGRET means nothing to a client. */
static bool
is_told(const char *function, uint32_t code, uint32_t error)
{
    bool config = strncmp(function, "CM_", 3) == 0;
    if (error == 0)
        return false;
    if (is_of_the_reference(error) || (!config && error == code))
        return true;
    return (code & 0xFFFF0000u) == 0x80070000u && error == (code & 0xFFFF);
}

static void
judge(enum operation operation, const char *function, uint32_t code, bool succeeded, uint32_t error)
{
    if (!win_injected() || succeeded)
        return;
    if (!is_told(function, code, error))
        sim_fail(__FILE__, __LINE__, "%s failed with 0x%x, and %s with error 0x%x", function, code,
                 operation_names[operation], error);
    if (operation != START && !client_logged(""))
        sim_fail(__FILE__, __LINE__, "%s failed with 0x%x, %s fails and logs nothing", function, code,
                 operation_names[operation]);
}

static void
inject(const char *function, uint32_t code)
{
    client_log_clear();
    win_inject(function, 1, code);
}

/* The operations of one client, the first call of one function failing in each; how many met that. */
static unsigned
run_through(const char *function, uint32_t code, unsigned *failures)
{
    unsigned met = 0;
    client_begin();
    inject(function, code);
    uintptr_t adapter = client_create("Errors");
    judge(CREATE, function, code, adapter != 0, client_last_error());
    met += win_injected() != NULL;
    *failures += adapter == 0;
    win_inject(NULL, 0, 0);
    if (!adapter)
        adapter = client_create("Errors");
    if (!adapter)
        sim_fail(__FILE__, __LINE__, "after %s failed with 0x%x, creation fails with error 0x%x", function,
                 code, client_last_error());

    inject(function, code);
    uintptr_t other = client_open("Errors");
    judge(OPEN, function, code, other != 0, client_last_error());
    met += win_injected() != NULL;
    *failures += other == 0;
    win_inject(NULL, 0, 0);
    client_close(other);

    inject(function, code);
    uintptr_t session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, 0x20000);
    judge(START, function, code, session != 0, client_last_error());
    met += win_injected() != NULL;
    *failures += session == 0;
    win_inject(NULL, 0, 0);
    if (!session)
        session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, 0x20000);
    if (!session)
        sim_fail(__FILE__, __LINE__, "after %s failed with 0x%x, no session starts: error 0x%x", function,
                 code, client_last_error());
    SIM_CALL(dll.EndSession, session);
    client_close(adapter);

    inject(function, code);
    bool deleted = (uint32_t)SIM_CALL(dll.DeleteDriver) != 0;
    judge(DELETE, function, code, deleted, client_last_error());
    met += win_injected() != NULL;
    *failures += !deleted;
    win_inject(NULL, 0, 0);
    if (!deleted && !(uint32_t)SIM_CALL(dll.DeleteDriver))
        sim_fail(__FILE__, __LINE__, "after %s failed with 0x%x, the driver is not deleted: error 0x%x",
                 function, code, client_last_error());
    client_end();
    if (win_ledger_report())
        sim_fail(__FILE__, __LINE__, "%s failed with 0x%x, and something is left behind", function, code);
    return met;
}

/* Argument: one in how many codes is tried. */
CLIENT_PROGRAM(program_errors)
{
    const char *unlisted = win_undocumented_errors();
    unsigned step = (unsigned)atoi(argv[1]), turn = 0, tried = 0, met = 0, failures = 0;
    (void)argc;
    if (unlisted)
        sim_fail(__FILE__, __LINE__, "%s can fail and has no documented errors, or has them and cannot",
                 unlisted);
    for (const struct win_documented_errors *errors = win_documented_errors; errors->function; errors++) {
        for (unsigned i = 0; errors->codes[i]; i++) {
            if (turn++ % step)
                continue;
            tried++;
            met += run_through(errors->function, errors->codes[i], &failures);
        }
    }
    printf("%u codes tried, %u operations met them, %u of those failed\n", tried, met, failures);
    EXPECT(met > tried && failures > tried / 4 && failures < met);
    return 0;
}

static void
try_errors(const char *step)
{
    const char *args[] = {step, NULL};
    sim_machine_start();
    sim_machine_conditions.delay_ms = 0;
    struct sim_process *process = sim_process_start(sim_arch, "program_errors", args);
    EXPECT(process != NULL);
    EXPECT_EQ(sim_process_wait(process, 540000), 0);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_documented_errors_are_told, DLL_SYSTEMS, 0)
{
    try_errors("9");
}

SIM_SCENARIO_ON(dll_documented_errors_all_are_told, DLL_SYSTEMS, SIM_LONG)
{
    try_errors("1");
}
