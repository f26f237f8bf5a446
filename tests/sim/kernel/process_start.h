/* SPDX-License-Identifier: MIT
 * Processes that are Linux processes, for the server of their system calls. */
#ifndef SIM_PROCESS_START_H
#define SIM_PROCESS_START_H

#include "internal.h"

struct sim_process *process_start(enum sim_arch arch, const char *program, const char *const *args,
                                  bool elevated, uint32_t parent, int standard);
/* A thread for one more connection of the process; returns its id. */
unsigned process_serve(struct sim_process *process, int connection);

#endif
