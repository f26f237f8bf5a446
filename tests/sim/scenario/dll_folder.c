/* SPDX-License-Identifier: MIT
 * The folder below the Windows folder: made for SYSTEM and Administrators alone, kept so if others made it, and never
 * a link to elsewhere. Libraries beside the program are not loaded instead of those of the system. */
#include "dll_machine.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER       "/Windows/" PRODUCT_DATA_FOLDER
#define PROTECTION   "O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"
#define NO_DIRECTORY "267"

/* How many lines of what was written down about protection begin so. */
static unsigned
protections(const char *begin)
{
    char *name = sim_format("%s/.security", sim_machine_root()), line[512];
    FILE *file = fopen(name, "r");
    unsigned count = 0;
    while (file && fgets(line, sizeof line, file))
        count += strncmp(line, begin, strlen(begin)) == 0;
    if (file)
        fclose(file);
    free(name);
    return count;
}

/* program_attempt of dll_trouble.c: the expected error and what the log is to say. */
static void
attempt(const char *expected, const char *log)
{
    const char *args[] = {expected, log, NULL};
    struct sim_process *process = sim_process_start(sim_arch, "program_attempt", args);
    EXPECT(process != NULL);
    dll_finish(process);
}

static char *
at(const char *path)
{
    return sim_format("%s%s", sim_machine_root(), path);
}

SIM_SCENARIO_ON(dll_folder_is_for_administrators_alone, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    attempt("0", "-");
    EXPECT_EQ(protections(FOLDER "\t" PROTECTION "\n"), 1);
    EXPECT_EQ(protections(FOLDER "/package\t" PROTECTION "\n"), 1);
    /* Its files inherit that. */
    EXPECT_EQ(protections(FOLDER "/lock\t\n"), 1);
    EXPECT_EQ(protections(FOLDER "/package/" PRODUCT_FILE ".sys\t\n"), 1);
    EXPECT_EQ(protections(FOLDER "/package/" PRODUCT_FILE ".inf\t\n"), 1);
    char *package = at(FOLDER "/package");
    EXPECT(access(package, F_OK) != 0);
    free(package);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_folder_that_others_made_is_protected, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    char *folder = at(FOLDER), *package = at(FOLDER "/package"), *stray = at(FOLDER "/package/stray");
    EXPECT(mkdir(folder, 0777) == 0 && mkdir(package, 0777) == 0);
    close(open(stray, O_WRONLY | O_CREAT, 0666));
    attempt("0", "-");
    EXPECT(protections(FOLDER "\tset " PROTECTION "\n") > 0);
    EXPECT(protections(FOLDER "/package\tset " PROTECTION "\n") > 0);
    unlink(stray);
    free(stray);
    free(package);
    free(folder);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_folder_that_is_a_link_is_refused, DLL_SYSTEMS, 0)
{
    sim_machine_start();
    char *folder = at(FOLDER), *trap = at("/ProgramData/trap"), *package = at(FOLDER "/package");
    EXPECT(mkdir(trap, 0777) == 0 && symlink(trap, folder) == 0);
    attempt(NO_DIRECTORY, PRODUCT_DATA_FOLDER " is no folder that can be kept");
    EXPECT_EQ(rmdir(trap), 0); /* nothing was put there */
    /* A file; and a link one level below, which goes. */
    EXPECT_EQ(unlink(folder), 0);
    close(open(folder, O_WRONLY | O_CREAT, 0666));
    attempt(NO_DIRECTORY, "is no folder that can be kept");
    EXPECT_EQ(unlink(folder), 0);
    EXPECT(mkdir(trap, 0777) == 0 && mkdir(folder, 0777) == 0 && symlink(trap, package) == 0);
    attempt("0", "-");
    EXPECT_EQ(rmdir(trap), 0);
    free(folder);
    free(trap);
    free(package);
    dll_machine_end();
}

SIM_SCENARIO_ON(dll_libraries_beside_the_program_are_not_loaded, DLL_SYSTEMS, 0)
{
    static const char *const names[] = {"kernel32.dll", "ntdll.dll",    "advapi32.dll",
                                        "cfgmgr32.dll", "setupapi.dll", "newdev.dll",
                                        "ole32.dll",    "netshell.dll", "iphlpapi.dll"};
    sim_machine_start();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *relative = sim_format("/Program/%s", names[i]), *path = at(relative);
        close(open(path, O_WRONLY | O_CREAT, 0666)); /* loading it would fail */
        free(relative);
        free(path);
    }
    attempt("0", "-");
    dll_machine_end();
}
