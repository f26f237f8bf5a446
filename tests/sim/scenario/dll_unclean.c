/* SPDX-License-Identifier: MIT
 * Machines on which others have been: packages of another vendor for our hardware id, an adapter in the place of one
 * that has gone, a GUID that is in use. */
#include "dll_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- A package of another vendor ---- */

static const char *
stage_foreign(const char *date)
{
    const char *slash = sim_option_sys ? strrchr(sim_option_sys, '/') : NULL;
    char command[1024], path[512];
    if (!slash)
        sim_skip("no --sys");
    int length = (int)(slash - sim_option_sys);
    snprintf(command, sizeof command,
             "mkdir -p '%s/foreign' && cp '%s' '%s/foreign/' && "
             "sed -e 's|^DriverVer.*|DriverVer = %s,9.9.9.9\\r|' -e 's|^Provider  *= \".*|Provider = "
             "\"Another\"\\r|' "
             "'%.*s/" PRODUCT_FILE ".inf' >'%s/foreign/" PRODUCT_FILE ".inf'",
             sim_machine_root(), sim_option_sys, sim_machine_root(), date, length, sim_option_sys,
             sim_machine_root());
    EXPECT_EQ(system(command), 0);
    snprintf(path, sizeof path, "%s/foreign/" PRODUCT_FILE ".inf", sim_machine_root());
    const char *published = sim_machine_stage(path);
    EXPECT(published != NULL);
    return published;
}

CLIENT_PROGRAM(program_beside_another_vendor)
{
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t adapter = client_create("Ours");
    EXPECT(adapter != 0);
    EXPECT(client_logged("Staging"));
    EXPECT(client_logged("runs driver " PRODUCT_VERSION ".0"));
    client_close(adapter);
    EXPECT((uint32_t)SIM_CALL(dll.DeleteDriver) != 0);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_package_of_another_vendor_is_left_alone, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    stage_foreign("01/02/2020");
    dll_run("program_beside_another_vendor", "");
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 1);
    dll_machine_end();
}

/* ---- A LUID that is used again ---- */

CLIENT_PROGRAM(program_stale_handle)
{
    (void)argc;
    (void)argv;
    uint64_t first, second;
    client_begin();
    uintptr_t creator = client_create("First"), opened = client_open("First");
    EXPECT(creator != 0 && opened != 0);
    SIM_CALL(dll.GetAdapterLUID, opened, SIM_WORD(&first));
    client_close(creator);
    creator = client_create("Second");
    EXPECT(creator != 0);
    SIM_CALL(dll.GetAdapterLUID, creator, SIM_WORD(&second));
    EXPECT_EQ(first, second); /* or this tests nothing */
    EXPECT((uintptr_t)SIM_CALL(dll.StartSession, opened, 0x20000) == 0);
    EXPECT_EQ(client_last_error(), 4319 /* ERROR_DEVICE_NOT_AVAILABLE */);
    uintptr_t session = (uintptr_t)SIM_CALL(dll.StartSession, creator, 0x20000);
    EXPECT(session != 0);
    SIM_CALL(dll.EndSession, session);
    client_close(opened);
    client_close(creator);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_handle_of_a_gone_adapter_finds_no_other, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_stale_handle", "");
    dll_machine_end();
}

/* ---- A GUID that is in use ---- */

CLIENT_PROGRAM(program_same_guid)
{
    static const uint8_t guid[16] = {1, 2, 3, 4, 5, 6, 7, 0x48, 0x89, 10, 11, 12, 13, 14, 15, 16};
    uint64_t first, second;
    (void)argc;
    (void)argv;
    client_begin();
    uintptr_t one = client_create_with("One", "Test", guid), two = client_create_with("Two", "Test", guid);
    EXPECT(one != 0 && two != 0);
    EXPECT(client_logged("is in use; trying"));
    EXPECT(client_logged("and not {04030201"));
    SIM_CALL(dll.GetAdapterLUID, one, SIM_WORD(&first));
    SIM_CALL(dll.GetAdapterLUID, two, SIM_WORD(&second));
    EXPECT(first != second);
    client_close(two);
    client_close(one);
    client_end();
    return 0;
}

SIM_SCENARIO_ON(dll_guid_in_use_is_replaced, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    dll_run("program_same_guid", "");
    dll_machine_end();
}
