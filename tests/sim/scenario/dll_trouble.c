/* SPDX-License-Identifier: MIT
 * Creation when the machine does not play along: devices that do not come up, packages that are there
 * already, creators that die, calls that fail one after the other. */
#include "dll_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- One attempt, its result and what the log is to say ---- */

/* Arguments: expected error (0: success), text of the log, "!" and what it must not say, or "-". */
CLIENT_PROGRAM(program_attempt)
{
    uint32_t expected = (uint32_t)strtoul(argv[1], NULL, 0);
    uint8_t guid[16] = {1, 2, 3, 4, 5, 6, 7, 0x48, 0x89, 10, 11, 12, 13, 14, 15, 16};
    (void)argc;
    client_begin();
    client_set_last_error(0x1234);
    uintptr_t adapter = client_create_with("Attempt", "Test", guid);
    if (!adapter)
        EXPECT_EQ(client_last_error(), expected);
    EXPECT_EQ(adapter != 0, expected == 0);
    bool unwanted = argv[2][0] == '!';
    const char *text = argv[2] + unwanted;
    if (strcmp(text, "-") != 0 && client_logged(text) == unwanted)
        sim_fail(__FILE__, __LINE__, "the log says \"%s\" or should", text);
    if (adapter) {
        uintptr_t session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, 0x20000);
        EXPECT(session != 0);
        SIM_CALL(dll.EndSession, session);
        client_close(adapter);
    }
    client_end();
    return 0;
}

static void
attempt(const char *expected, const char *log)
{
    const char *args[] = {expected, log, NULL};
    struct sim_process *process = sim_process_start(sim_arch, "program_attempt", args);
    EXPECT(process != NULL);
    dll_finish(process);
}

#define DEVICE_NOT_AVAILABLE "4319"
#define SERVICE_DISABLED     "1058"

SIM_SCENARIO_ON(dll_device_that_fails_to_start_is_reported, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.start_fails = true;
    attempt(DEVICE_NOT_AVAILABLE, "problem code 10");
    sim_machine_conditions.start_fails = false;
    sim_machine_conditions.signature_refused = true;
    attempt(DEVICE_NOT_AVAILABLE, "problem code 52");
    sim_machine_conditions.signature_refused = false;
    attempt("0", "-");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_disabled_service_is_named_early, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.class_config_hangs = true;
    sim_machine_set_service("NetSetupSvc", 4, 1);
    attempt(SERVICE_DISABLED, "NetSetupSvc");
    sim_machine_conditions.class_config_hangs = false;
    sim_machine_set_service("NetSetupSvc", 3, 1);
    attempt("0", "-");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_one_family_switched_off_is_no_error, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.ipv6_off = true;
    attempt("0", "no IPv6");
    sim_machine_conditions.ipv4_off = true;
    sim_machine_conditions.ipv6_off = false;
    attempt("0", "no IPv4");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_guid_the_system_chose_is_used_and_logged, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.guid_ignored = true;
    attempt("0", "and not {04030201");
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_device_that_never_appears_is_given_up, DLL_SYSTEMS, SIM_LONG)
{
    sim_machine_start();
    sim_machine_conditions.never_enumerates = true;
    attempt("1460" /* ERROR_TIMEOUT */, "-");
    sim_machine_conditions.never_enumerates = false;
    sim_machine_conditions.no_instance_guid = true;
    attempt(DEVICE_NOT_AVAILABLE, "not ready");
    dll_machine_end();
}

/* ---- Packages ---- */

/* A package of ours with another version beside the true driver, as an older or newer DLL would leave it. */
static void
stage_version(const char *date, const char *version)
{
    const char *slash = sim_option_sys ? strrchr(sim_option_sys, '/') : NULL;
    char command[1024], path[512];
    if (!slash)
        sim_skip("no --sys");
    int length = (int)(slash - sim_option_sys);
    snprintf(command, sizeof command,
             "mkdir -p '%s/staged' && cp '%s' '%s/staged/' && "
             "sed 's|^DriverVer.*|DriverVer = %s,%s\\r|' '%.*s/" PRODUCT_FILE
             ".inf' >'%s/staged/" PRODUCT_FILE ".inf'",
             sim_machine_root(), sim_option_sys, sim_machine_root(), date, version, length, sim_option_sys,
             sim_machine_root());
    EXPECT_EQ(system(command), 0);
    snprintf(path, sizeof path, "%s/staged/" PRODUCT_FILE ".inf", sim_machine_root());
    EXPECT(sim_machine_stage(path) != NULL);
}

SIM_SCENARIO_ON(dll_older_package_is_superseded, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    stage_version("01/02/2020", "9.9.9.9");
    attempt("0", "runs driver " PRODUCT_VERSION ".0");
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 2);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_newer_package_is_used, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    stage_version("01/02/2099", "9.8.7.6");
    attempt("0", "runs driver 9.8.7.6");
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 1);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_own_package_is_staged_once, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    attempt("0", "Staging");
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 1);
    attempt("0", "!Staging");
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 1);
    dll_machine_end();
}

/* ---- Creators killed at any instant, the lock with them ---- */

SIM_SCENARIO_ON(dll_creator_killed_at_any_instant_leaves_no_lock, DLL_SYSTEMS, 0)
{
    uint64_t random = sim_option_seed * 0x9E3779B97F4A7C15ull + 12345;
    unsigned rounds = sim_scenario_argc > 0 ? (unsigned)atoi(sim_scenario_argv[0]) : 6;
    sim_machine_start();
    attempt("0", "-");
    for (unsigned i = 0; i < rounds; i++) {
        struct sim_process *victim = dll_start("program_creator", "Victim");
        random = random * 6364136223846793005ull + 1442695040888963407ull;
        sim_process_wait(victim, (unsigned)(random >> 33) % 120);
        sim_process_kill(victim);
    }
    attempt("0", "-");
    dll_machine_end();
}

/* ---- Each call that can fail does, once ---- */

static bool
left_behind(void)
{
    static const enum win_resource kinds[] = {WIN_HANDLE, WIN_HEAP,    WIN_LOCAL,      WIN_VIRTUAL,
                                              WIN_KEY,    WIN_SERVICE, WIN_DEVICE_SET, WIN_SOFTWARE_DEVICE,
                                              WIN_COM,    WIN_THREAD};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (win_ledger_count(kinds[i]))
            return true;
    return false;
}

/* Argument: what fails, "create" or "session", and every how manieth call is tried. */
CLIENT_PROGRAM(program_faults)
{
    bool session_only = strcmp(argv[1], "session") == 0;
    unsigned step = (unsigned)atoi(argv[2]), faults = 0;
    (void)argc;
    for (unsigned k = 1;; k += step) {
        uintptr_t adapter, session = 0;
        client_begin();
        /* In the session's turn the adapter is made without faults. */
        if (!session_only)
            win_inject(NULL, k, 0);
        adapter = client_create("Faults");
        uint32_t error = client_last_error();
        if (session_only) {
            EXPECT(adapter != 0);
            win_inject(NULL, k, 0);
        }
        if (adapter && session_only) {
            session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, 0x20000);
            error = client_last_error();
        }
        const char *failed = win_injected();
        win_inject(NULL, 0, 0);
        if (!(session_only ? session : adapter)) {
            if (!failed)
                sim_fail(__FILE__, __LINE__, "fails with error %u, and nothing has failed underneath", error);
            if (error == 0)
                sim_fail(__FILE__, __LINE__, "call %u, %s, failed and the last error is 0", k, failed);
            faults++;
        }
        if (session)
            SIM_CALL(dll.EndSession, session);
        client_close(adapter);
        /* A second try works. */
        adapter = client_create("Faults");
        if (!adapter)
            sim_fail(__FILE__, __LINE__, "after call %u, %s, failed, creation fails with error %u", k, failed,
                     client_last_error());
        if (session_only) {
            session = (uintptr_t)SIM_CALL(dll.StartSession, adapter, 0x20000);
            EXPECT(session != 0);
            SIM_CALL(dll.EndSession, session);
        }
        client_close(adapter);
        client_end();
        if (left_behind()) {
            win_ledger_report();
            sim_fail(__FILE__, __LINE__, "call %u, %s, failed and something is left behind", k,
                     failed ? failed : "none");
        }
        if (!failed)
            break;
    }
    EXPECT(faults > 2);
    return 0;
}

static void
sweep(const char *what, const char *step)
{
    const char *args[] = {what, step, NULL};
    sim_machine_start();
    sim_machine_conditions.delay_ms = 0;
    struct sim_process *process = sim_process_start(sim_arch, "program_faults", args);
    EXPECT(process != NULL);
    int status = sim_process_wait(process, 540000);
    EXPECT_EQ(status, 0);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_faults_in_creation_are_clean, DLL_SYSTEMS, 0)
{
    sweep("create", "7");
}

SIM_SCENARIO_ON(dll_faults_in_creation_all_are_clean, DLL_SYSTEMS, SIM_LONG)
{
    sweep("create", "1");
}

SIM_SCENARIO_ON(dll_faults_in_sessions_are_clean, DLL_SYSTEMS, 0)
{
    sweep("session", "1");
}
