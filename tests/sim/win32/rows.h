/* SPDX-License-Identifier: MIT
 * The tables of rows, one per file of functions; tables.c lists them all. */
#ifndef SIM_WIN32_ROWS_H
#define SIM_WIN32_ROWS_H

#include <pthread.h>
#include "win32.h"

#define WIN_TABLE(rows)                                                                                      \
    {                                                                                                        \
        rows, sizeof(rows) / sizeof(*(rows))                                                                 \
    }

extern const struct sim_import_table win_kernel32_memory, win_kernel32_sync, win_kernel32_lock,
    win_kernel32_thread, win_kernel32_file, win_kernel32_read, win_kernel32_device, win_kernel32_module,
    win_kernel32_system, win_kernel32_console, win_advapi32_security, win_advapi32_service,
    win_advapi32_registry, win_cfgmgr32, win_swdevice, win_setupapi_set, win_setupapi_package, win_iphlpapi,
    win_icmp, win_ole32, win_netcon, win_user32;

#endif
