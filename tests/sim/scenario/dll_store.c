/* SPDX-License-Identifier: MIT
 * The driver store when it matters what runs: an older driver under adapters stays, a damaged package is replaced. */
#define _FILE_OFFSET_BITS 64
#include "dll_machine.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* program_attempt of dll_trouble.c: the expected error and what the log is to say. */
static void
attempt(const char *expected, const char *log)
{
    const char *args[] = {expected, log, NULL};
    struct sim_process *process = sim_process_start(sim_arch, "program_attempt", args);
    EXPECT(process != NULL);
    dll_finish(process);
}

/* ---- An adapter of an older DLL ---- */

static atomic_bool appeared;

static uint64_t
created(struct sim_frame *frame)
{
    EXPECT_EQ((uint32_t)frame->arg[1], 0);
    atomic_store(&appeared, true);
    return 0;
}

static const struct sim_import created_row = {.module = "client",
                                              .name = "Created",
                                              .fn = created,
                                              .words = 4,
                                              .convention = SIM_STDCALL,
                                              .systems = SIM_SINCE_WIN8,
                                              .source = "swdevice.h"};

/* DEVPROPERTY and SW_DEVICE_CREATE_INFO, as documented. */
struct property
{
    struct
    {
        uint32_t data1;
        uint16_t data2, data3;
        uint8_t data4[8];
    } group;
    uint32_t id, store;
    const uint16_t *locale;
    uint32_t type, size;
    const void *data;
};
struct create_info
{
    uint32_t size;
    const uint16_t *instance, *hardware_ids, *compatible_ids;
    const void *container;
    uint32_t capabilities;
    const uint16_t *description, *location;
    const void *security;
};
enum
{
    TYPE_UINT32 = 7,
    TYPE_FILETIME = 16
};

/* Makes a device as DLLs of this product do, without one. Argument: "owner", or "another" if the device says that it is
 * of an earlier process with this one's id. */
CLIENT_PROGRAM(program_older_dll)
{
    uint32_t kind = 1, process = (uint32_t)client_call("kernel32.dll", "GetCurrentProcessId");
    uint64_t times[4];
    uintptr_t device = 0;
    (void)argc;
    EXPECT((uint32_t)client_call("kernel32.dll", "GetProcessTimes", ~(uintptr_t)0, SIM_WORD(&times[0]),
                                 SIM_WORD(&times[1]), SIM_WORD(&times[2]), SIM_WORD(&times[3])) != 0);
    if (strcmp(argv[1], "another") == 0)
        times[0] -= 1;
    const struct property properties[] = {
        {PRODUCT_PROPERTY_GUID, 2, 0, NULL, TYPE_UINT32, sizeof kind, &kind},
        {PRODUCT_PROPERTY_GUID, 5, 0, NULL, TYPE_UINT32, sizeof process, &process},
        {PRODUCT_PROPERTY_GUID, 6, 0, NULL, TYPE_FILETIME, sizeof times[0], &times[0]},
    };
    uint16_t hardware[64] = {0}, *id = sim_utf16_from(PRODUCT_HARDWARE_ID),
             *enumerator = sim_utf16_from(PRODUCT_ENUMERATOR), *parent = sim_utf16_from("HTREE\\ROOT\\0"),
             *instance = sim_utf16_from("{a0a1a2a3-a4a5-46a7-88a9-aaabacadaeaf}");
    memcpy(hardware, id, 2 * sim_utf16_length(id));
    struct create_info info = {.size = sizeof info,
                               .instance = instance,
                               .hardware_ids = hardware,
                               .capabilities = 10,
                               .description = id};
    EXPECT_EQ((uint32_t)client_call("cfgmgr32.dll", "SwDeviceCreate", SIM_WORD(enumerator), SIM_WORD(parent),
                                    SIM_WORD(&info), 3, SIM_WORD(properties),
                                    SIM_WORD(sim_import_address(&created_row)), 0, SIM_WORD(&device)),
              0);
    while (!atomic_load(&appeared))
        usleep(1000);
    mark_set("older");
    EXPECT(mark_wait("done", 120000));
    client_call("cfgmgr32.dll", "SwDeviceClose", device);
    free(id);
    free(enumerator);
    free(parent);
    free(instance);
    return 0;
}

static struct sim_process *
start_older(const char *whose)
{
    struct sim_process *older = dll_start("program_older_dll", whose);
    for (unsigned i = 0; i < 60000 && !mark_is_set("older"); i++)
        if (sim_process_wait(older, 1) >= 0)
            dll_finish(older);
    EXPECT(sim_machine_adapter(NULL, 5000) != NULL);
    return older;
}

static void
stage_older(void)
{
    const char *slash = sim_option_sys ? strrchr(sim_option_sys, '/') : NULL;
    if (!slash)
        sim_skip("no --sys");
    char *folder = sim_format("%s/older", sim_machine_root()),
         *inf = sim_format("%s/" PRODUCT_FILE ".inf", folder);
    char *command =
        sim_format("mkdir '%s' && cp '%s' '%s/' && sed 's|^DriverVer.*|DriverVer = 01/02/2020,9.8.7.6\\r|' "
                   "'%.*s/" PRODUCT_FILE ".inf' >'%s'",
                   folder, sim_option_sys, folder, (int)(slash - sim_option_sys), sim_option_sys, inf);
    EXPECT_EQ(system(command), 0);
    EXPECT(sim_machine_stage(inf) != NULL);
    free(command);
    free(inf);
    free(folder);
}

SIM_SCENARIO_ON(dll_older_driver_under_adapters_stays, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    stage_older();
    struct sim_process *older = start_older("owner");
    attempt("0", "Adapters are running, so this version of the driver is not staged now");
    attempt("0", "runs driver 9.8.7.6");
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 1);
    mark_set("done");
    dll_finish(older);
    /* Nothing runs on it any more. */
    attempt("0", "runs driver " PRODUCT_VERSION ".0");
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 2);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_owner_is_told_from_a_later_process_of_its_id, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    stage_older();
    struct sim_process *older = start_older("another");
    attempt("0", "has no owner and is not going away");
    mark_set("done");
    dll_finish(older);
    attempt("0", "which process");
    dll_machine_end();
}

/* ---- A damaged package ---- */

static void
damage_store(void)
{
    char *command = sim_format("rm '%s'/Windows/System32/DriverStore/FileRepository/" PRODUCT_FILE
                               ".inf_*/" PRODUCT_FILE ".sys",
                               sim_machine_root());
    EXPECT_EQ(system(command), 0);
    free(command);
}

SIM_SCENARIO_ON(dll_damaged_package_is_staged_anew, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    attempt("0", "Staged as");
    damage_store();
    attempt("0", "Replacing staged driver package C:\\Windows\\INF\\oem");
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 1);
    attempt("0", "!Staging");
    dll_machine_end();
}

/* ---- Neither family of IP ---- */

SIM_SCENARIO_ON(dll_adapter_without_ip_is_made_with_a_warning, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    sim_machine_conditions.ipv4_off = sim_machine_conditions.ipv6_off = true;
    attempt("0", "TCP/IP has not taken up the adapter yet");
    dll_machine_end();
}

/* ---- Deleting the driver ---- */

CLIENT_PROGRAM(program_deletes_all)
{
    (void)argc;
    client_begin();
    if (!(uint32_t)SIM_CALL(dll.DeleteDriver))
        sim_fail(__FILE__, __LINE__, "WintunDeleteDriver fails with error %u", client_last_error());
    EXPECT_EQ(client_log_count("Removed driver package"), (unsigned)atoi(argv[1]));
    EXPECT_EQ(client_logged("deleted at the next restart"), argv[2][0] == '1');
    client_end();
    return 0;
}

static void
delete_all(const char *packages, bool later)
{
    const char *args[] = {packages, later ? "1" : "0", NULL};
    struct sim_process *process = sim_process_start(sim_arch, "program_deletes_all", args);
    EXPECT(process != NULL);
    dll_finish(process);
}

/* As packages leave it that copy the driver: Windows before 10 1709. */
static int
make_driver_file(char **path)
{
    *path = sim_format("%s/Windows/System32/drivers/" PRODUCT_FILE ".sys", sim_machine_root());
    return open(*path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

SIM_SCENARIO_ON(dll_delete_driver_leaves_no_package_and_no_file, DLL_SYSTEMS, 0)
{
    char *path;
    sim_machine_start();
    stage_older();
    attempt("0", "Staged as");
    close(make_driver_file(&path));
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 2);
    delete_all("2", false);
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 0);
    EXPECT(!sim_machine_has_service(PRODUCT_FILE));
    EXPECT(access(path, F_OK) != 0);
    free(path);
    /* The file is still loaded: it goes at the next restart, and that is a success. Nothing else is there. */
    int file = make_driver_file(&path);
    struct flock mapped = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = (off_t)1 << 62, .l_len = 1};
    EXPECT_EQ(fcntl(file, F_OFD_SETLK, &mapped), 0);
    delete_all("0", true);
    EXPECT(access(path, F_OK) == 0);
    char *list = sim_format("%s/.at-reboot", sim_machine_root());
    EXPECT(access(list, F_OK) == 0);
    close(file);
    free(list);
    free(path);
    dll_machine_end();
}
