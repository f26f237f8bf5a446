/* SPDX-License-Identifier: MIT
 * What Windows says in setupapi.dev.log about a creation that fails comes into the program's log: only that, only
 * since it began, and not too much of it. */
#include "dll_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define QUOTE "setupapi.dev.log: "

/* Arguments: the expected error, then "<n> <text>" for each text and how many lines of the log have it. */
CLIENT_PROGRAM(program_quotes)
{
    uint32_t expected = (uint32_t)strtoul(argv[1], NULL, 0);
    client_begin();
    client_set_last_error(0x1234);
    uintptr_t adapter = client_create("Quoted");
    EXPECT_EQ(adapter ? 0 : client_last_error(), expected);
    for (int i = 2; i < argc; i++) {
        char *text;
        unsigned long count = strtoul(argv[i], &text, 10);
        if (client_log_count(text + 1) != count)
            sim_fail(__FILE__, __LINE__, "%u lines of the log have \"%s\", expected %lu",
                     client_log_count(text + 1), text + 1, count);
    }
    client_close(adapter);
    client_end();
    return 0;
}

static void
quotes(const char *const *args)
{
    struct sim_process *process = sim_process_start(sim_arch, "program_quotes", args);
    EXPECT(process != NULL);
    dll_finish(process);
}
#define QUOTES(...) quotes((const char *const[]){__VA_ARGS__, NULL})

#define NOT_AVAILABLE    "4319"
#define SERVICE_DISABLED "1058"

SIM_SCENARIO_ON(dll_setup_log_of_a_device_that_fails_is_quoted, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.start_fails = true;
    QUOTES(NOT_AVAILABLE,
           "1 " QUOTE ">>>  [Device Install (Hardware initiated) - SWD\\" PRODUCT_ENUMERATOR "\\",
           "1 " QUOTE "!!!  dvi: Device not started: Device has problem: 0x0a.",
           "1 " QUOTE "<<<  [Exit Status(0x00000000)]", "0 OtherVendor", "0 Somebody else", "3 " QUOTE);
    /* What was written before the creation began is not told again. */
    QUOTES(NOT_AVAILABLE, "1 " QUOTE "!!!", "3 " QUOTE);
    sim_machine_conditions.start_fails = false;
    QUOTES("0", "0 " QUOTE);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_setup_log_of_a_refused_package_is_quoted, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.staging_fails = 0xE0000247; /* ERROR_DRIVER_STORE_ADD_FAILED */
    QUOTES("0xE0000247", "1 " QUOTE ">>>  [SetupCopyOEMInf - C:\\Windows\\" PRODUCT_DATA_FOLDER "\\",
           "1 " QUOTE "!!!  dvi: Failed to import the driver package. Error = 0xe0000247",
           "1 " QUOTE "<<<  [Exit Status(0xe0000247)]", "0 Somebody else", "3 " QUOTE);
    sim_machine_conditions.staging_fails = 0;
    QUOTES("0", "0 " QUOTE);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_setup_log_without_an_end_is_quoted, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.class_config_hangs = true;
    sim_machine_set_service("NetSetupSvc", 4, 1);
    QUOTES(SERVICE_DISABLED, "1 " QUOTE ">>>  [Device Install", "1 " QUOTE "     dvi: Waits for the class",
           "2 " QUOTE);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_setup_log_is_quoted_within_bounds, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    /* More than is ever read, from before and from now, and the end of it is what counts. */
    sim_machine_conditions.start_fails = true;
    sim_machine_conditions.setup_log_warnings = 2000;
    QUOTES(NOT_AVAILABLE, "20 " QUOTE, "1 " QUOTE "!!!  dvi: Device not started",
           "1 " QUOTE "<<<  [Exit Status(0x00000000)]", "1 " QUOTE "!    dvi: Warning 1999 of",
           "1 " QUOTE "!    dvi: Warning 1982 of", "0 Warning 1981 of", "1 the last 20");
    /* Windows begins a new log, shorter than the old one was. */
    sim_machine_conditions.setup_log_warnings = 2;
    sim_machine_conditions.setup_log_restarts = true;
    QUOTES(NOT_AVAILABLE, "5 " QUOTE, "1 " QUOTE "!    dvi: Warning 1 of", "0 the last 20");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_setup_log_that_is_missing_or_no_file_changes_nothing, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.no_setup_log = true;
    sim_machine_conditions.start_fails = true;
    QUOTES(NOT_AVAILABLE, "0 " QUOTE, "1 problem code 10");
    char *path = sim_format("%s/Windows/INF/setupapi.dev.log", sim_machine_root());
    EXPECT_EQ(mkdir(path, 0700), 0);
    free(path);
    QUOTES(NOT_AVAILABLE, "0 " QUOTE, "1 problem code 10");
    dll_machine_end();
}
