/* SPDX-License-Identifier: MIT
 * Between main.c and scenario.c. */
#ifndef SIM_SCENARIO_REGISTRY_H
#define SIM_SCENARIO_REGISTRY_H

#include "scenario.h"

enum
{
    SIM_STATUS_PASSED = 0,
    SIM_STATUS_FAILED = 1,
    SIM_STATUS_USAGE = 2,
    SIM_STATUS_KERNEL_GONE = 4, /* of a process: the kernel process it lived under has ended */
    SIM_STATUS_STOPPED = 3,
    SIM_STATUS_SKIPPED = 77
};

const struct sim_scenario *sim_scenario_first(void);
const struct sim_scenario *sim_scenario_find(const char *name);
const struct sim_program *sim_program_find(const char *name);

#endif
