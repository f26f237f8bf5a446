/* SPDX-License-Identifier: MIT
 * A whole program: the .exe under test and the DLL beside it in C:\Program, entered as the system enters a
 * process. */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "client_dll.h"

static void
copy_to_program_folder(const char *file, const char *name)
{
    char *target = sim_format("%s/Program/%s", win_root(), name);
    char buffer[65536];
    ssize_t got;
    int in = open(file, O_RDONLY | O_CLOEXEC),
        out = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (in < 0 || out < 0)
        sim_fail(__FILE__, __LINE__, "cannot copy %s to %s", file, target);
    while ((got = read(in, buffer, sizeof buffer)) > 0)
        EXPECT(write(out, buffer, (size_t)got) == got);
    close(in);
    close(out);
    free(target);
}

/* Arguments: those of the program. */
CLIENT_PROGRAM(exe)
{
    char error[256] = "";
    if (!sim_option_exe || !sim_option_dll)
        sim_skip("no --exe and --dll");
    copy_to_program_folder(sim_option_dll, "wintun.dll");
    copy_to_program_folder(sim_option_exe, "program.exe");
    char *line = strdup("C:\\Program\\program.exe");
    for (int i = 1; i < argc; i++) {
        char *longer = sim_format("%s %s", line, argv[i]);
        free(line);
        line = longer;
    }
    win_command_line = sim_utf16_from(line);
    free(line);
    char *path = sim_format("%s/Program/program.exe", win_root());
    struct sim_image *image = sim_image_load(path, win_tables, error, sizeof error);
    if (!image)
        sim_fail(__FILE__, __LINE__, "the program does not load: %s", error);
    free(path);
    /* A program that returns from its entry ends its thread; with the last thread, the process. */
    return (int)(uint32_t)SIM_CALL(sim_image_entry(image));
}
