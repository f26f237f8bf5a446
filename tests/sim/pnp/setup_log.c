/* SPDX-License-Identifier: MIT
 * C:\Windows\INF\setupapi.dev.log: the manager writes down each staging and each installation of a device, in the
 * documented format (learn.microsoft.com, windows-hardware/drivers/install/setupapi-text-logs). Before each of ours
 * stands a failure of somebody else's device. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "model.h"

static FILE *
open_log(void)
{
    char *path = sim_format("%s/Windows/INF/setupapi.dev.log", sim_machine_root());
    FILE *log = NULL;
    if (!sim_machine_conditions.no_setup_log)
        log = fopen(path, sim_machine_conditions.setup_log_restarts ? "wb" : "ab");
    sim_machine_conditions.setup_log_restarts = false;
    free(path);
    if (log && ftell(log) == 0)
        fprintf(
            log,
            "[Device Install Log]\r\n     OS Version = 10.0.19045\r\n     Service Pack = 0.0\r\n"
            "     Suite = 0x0100\r\n     ProductType = 1\r\n     Architecture = %s\r\n\r\n[BeginLog]\r\n\r\n",
            sim_arch_name(sim_arch));
    return log;
}

static void
put_time(FILE *log, const char *format)
{
    struct timespec now;
    struct tm local;
    char text[32], stamp[48];
    clock_gettime(CLOCK_REALTIME, &now);
    localtime_r(&now.tv_sec, &local);
    strftime(text, sizeof text, "%Y/%m/%d %H:%M:%S", &local);
    snprintf(stamp, sizeof stamp, "%s.%03ld:", text, now.tv_nsec / 1000000);
    fprintf(log, format, stamp);
}

static void
begin(FILE *log, const char *title, const char *instance)
{
    fprintf(log, ">>>  [%s - %s]\r\n", title, instance);
    put_time(log, ">>>  %s Section start\r\n");
}

static void
end(FILE *log, uint32_t status)
{
    put_time(log, "<<<  [%s Section end]\r\n");
    fprintf(log, "<<<  [Exit Status(0x%08x)]\r\n\r\n\r\n", status);
}

void
pnp_log_section(const char *title, const char *instance, const char *trouble, uint32_t status, bool hangs)
{
    FILE *log = open_log();
    if (!log)
        return;
    begin(log, "Device Install (Hardware initiated)",
          "SWD\\OtherVendor\\{0c6f5e2b-37f1-4d2a-8f38-6f0f3f9e55aa}");
    fprintf(log, "!!!  dvi: Somebody else's device has failed.\r\n");
    end(log, 0xE0000203);
    begin(log, title, instance);
    fprintf(log, "     dvi: Begins.\r\n");
    for (unsigned i = 0; i < sim_machine_conditions.setup_log_warnings; i++)
        fprintf(log, "!    dvi: Warning %u of %s.\r\n", i, instance);
    if (trouble)
        fprintf(log, "!!!  dvi: %s\r\n", trouble);
    if (hangs)
        fprintf(log, "     dvi: Waits for the class to be configured.\r\n");
    else
        end(log, status);
    fclose(log);
}

void
pnp_log_device(const struct pnp_node *node, bool hangs)
{
    char *trouble = NULL;
    if (node->status & DN_HAS_PROBLEM && !hangs)
        trouble = sim_format("Device not started: Device has problem: 0x%02x.", node->problem);
    pnp_log_section("Device Install (Hardware initiated)", node->id, trouble, 0, hangs);
    free(trouble);
}

void
pnp_log_stage(const char *host_inf, uint32_t error)
{
    const char *root = sim_machine_root();
    char *path = sim_format("C:%s", sim_starts_with(host_inf, root) ? host_inf + strlen(root) : host_inf),
         *trouble = NULL;
    for (char *at = path; *at; at++)
        if (*at == '/')
            *at = '\\';
    if (error)
        trouble = sim_format("Failed to import the driver package. Error = 0x%08x", error);
    pnp_log_section("SetupCopyOEMInf", path, trouble, error, false);
    free(trouble);
    free(path);
}
