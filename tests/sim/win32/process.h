/* SPDX-License-Identifier: MIT
 * Times by which processes are told apart; for the files of this folder. */
#ifndef SIM_WIN32_PROCESS_H
#define SIM_WIN32_PROCESS_H

#include <stdint.h>

/* Now, in 100 ns since 1601. */
uint64_t win_system_time(void);
/* When the process of that id was created. */
uint64_t win_process_created(uint32_t process_id);

#endif
