/* SPDX-License-Identifier: MIT
 * A program linked with the import library of the SDK (tests/product/consumer), run to its end. */
#include "dll_machine.h"

SIM_SCENARIO_ON(dll_program_linked_with_the_library_runs, DLL_SYSTEMS, SIM_ON_REQUEST)
{
    if (!sim_option_exe)
        sim_skip("no --exe");
    sim_machine_start();
    dll_run("exe", NULL);
    dll_machine_end();
}
