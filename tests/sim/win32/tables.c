/* SPDX-License-Identifier: MIT
 * All tables of a process, and the files of System32 that LoadLibrary finds. */
#include "rows.h"

const struct sim_import_table *const win_tables[] = {&win_kernel32_memory,
                                                     &win_kernel32_sync,
                                                     &win_kernel32_lock,
                                                     &win_kernel32_thread,
                                                     &win_kernel32_file,
                                                     &win_kernel32_read,
                                                     &win_kernel32_device,
                                                     &win_kernel32_module,
                                                     &win_kernel32_system,
                                                     &win_kernel32_console,
                                                     &win_advapi32_security,
                                                     &win_advapi32_service,
                                                     &win_advapi32_registry,
                                                     &win_cfgmgr32,
                                                     &win_swdevice,
                                                     &win_setupapi_set,
                                                     &win_setupapi_package,
                                                     &win_iphlpapi,
                                                     &win_icmp,
                                                     &win_ole32,
                                                     &win_netcon,
                                                     &win_user32,
                                                     &sim_exception_imports,
                                                     NULL};

bool
win_system_library(const char *file_name)
{
    static const char *const files[] = {"kernel32.dll", "ntdll.dll",   "advapi32.dll", "cfgmgr32.dll",
                                        "setupapi.dll", "newdev.dll",  "user32.dll",   "ole32.dll",
                                        "netshell.dll", "iphlpapi.dll"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (sim_same_text(files[i], file_name))
            return true;
    return false;
}
