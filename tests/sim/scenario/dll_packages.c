/* SPDX-License-Identifier: MIT
 * A DLL that carries two driver packages stages the one for the system. tests/product/two_packages_test.sh makes that
 * DLL: INF and catalog of each package end in a comment that names it, "first package" or "second package". */
#include "dll_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arguments: what the log is to say and what not. */
CLIENT_PROGRAM(program_two_packages)
{
    (void)argc;
    client_begin();
    uintptr_t adapter = client_create("Two packages");
    EXPECT(adapter != 0);
    EXPECT(client_logged(argv[1]));
    EXPECT(!client_logged(argv[2]));
    client_close(adapter);
    client_end();
    return 0;
}

/* How many staged files of ours have the text. */
static unsigned
staged_with(const char *text)
{
    char command[512];
    unsigned count = 0;
    snprintf(command, sizeof command,
             "cd '%s/Windows/System32/DriverStore/FileRepository' && cat " PRODUCT_FILE ".inf_*/" PRODUCT_FILE
             ".inf " PRODUCT_FILE ".inf_*/" PRODUCT_FILE ".cat | grep -c '%s'",
             sim_machine_root(), text);
    FILE *output = popen(command, "r");
    EXPECT(output != NULL && fscanf(output, "%u", &count) == 1);
    pclose(output);
    return count;
}

SIM_SCENARIO_ON(dll_of_two_packages_the_one_for_the_system_is_staged, DLL_SYSTEMS | SIM_SERVER,
                SIM_ON_REQUEST)
{
    bool server = sim_persona->system == SIM_SERVER;
    const char *first = "the first, for clients", *second = "the second, for older systems and servers";
    const char *args[] = {server ? second : first, server ? first : second, NULL};
    sim_machine_start();
    struct sim_process *process = sim_process_start(sim_arch, "program_two_packages", args);
    EXPECT(process != NULL);
    dll_finish(process);
    EXPECT_EQ(sim_machine_counts(PRODUCT_HARDWARE_ID).packages, 1);
    EXPECT_EQ(staged_with(server ? "second package" : "first package"), 2);
    EXPECT_EQ(staged_with(server ? "first package" : "second package"), 0);
    dll_machine_end();
}
