/* SPDX-License-Identifier: MIT
 * What went wrong is told by its first cause: as the last error, and in the log with its number. */
#include "dll_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arguments: the function that fails, which call of it, with what code; the last error (0: success) and the text
 * that one line of the log has. */
CLIENT_PROGRAM(program_cause)
{
    uint32_t expected = (uint32_t)strtoul(argv[4], NULL, 0);
    (void)argc;
    client_begin();
    client_set_last_error(0x1234);
    win_inject(argv[1], (unsigned)atoi(argv[2]), (uint32_t)strtoul(argv[3], NULL, 0));
    uintptr_t adapter = client_create("Cause");
    uint32_t error = adapter ? 0 : client_last_error();
    if (!win_injected() || error != expected)
        sim_fail(__FILE__, __LINE__, "%s %s, and the error is 0x%x", argv[1],
                 win_injected() ? "failed" : "was not called", error);
    win_inject(NULL, 0, 0);
    EXPECT_EQ(client_log_count(argv[5]), 1);
    client_close(adapter);
    client_end();
    return 0;
}

static void
cause(const char *function, const char *nth, const char *code, const char *error, const char *text)
{
    const char *args[] = {function, nth, code, error, text, NULL};
    struct sim_process *process = sim_process_start(sim_arch, "program_cause", args);
    EXPECT(process != NULL);
    dll_finish(process);
}

SIM_SCENARIO_ON(dll_first_cause_is_the_last_error_and_in_the_log, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    cause("CoCreateGuid", "1", "0x8007000e", "14", "Cannot make a GUID (error 0x0000000e)");
    cause("SetupCopyOEMInfW", "1", "0x800B0109", "0x800B0109", PRODUCT_COMPANY ", have to be acceptable");
    cause("WaitForSingleObject", "1", "6", "6", "Cannot create device");
    /* A name is no reason to fail. */
    cause("CoCreateInstance", "1", "0x80040154", "0",
          "cannot reach the connection manager (result 0x80040154)");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_service_that_cannot_be_asked_is_logged_with_the_reason, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.class_config_hangs = true;
    sim_machine_set_service("DeviceInstall", 4, 1);
    cause("QueryServiceStatus", "1", "1053", "1058",
          "Service NetSetupSvc: cannot be asked (error 0x0000041d)");
    cause("QueryServiceConfigW", "1", "1053", "1058",
          "Service NetSetupSvc: cannot be asked (error 0x0000041d)");
    cause("OpenServiceW", "1", "5", "1058", "Service NetSetupSvc: cannot be asked (error 0x00000005)");
    dll_machine_end();
}
