/* SPDX-License-Identifier: MIT */
#include "machine_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

uint32_t machine_notes[32];
unsigned machine_note_count;

/* ---- Imports ---- */

static uint64_t
test_six(struct sim_frame *frame)
{
    uintptr_t sum = 0;
    for (unsigned i = 0; i < 6; i++)
        sum += (i + 1) * frame->arg[i];
    return sum;
}

static uint64_t
test_fast(struct sim_frame *frame)
{
    return frame->arg[0] + 2 * frame->arg[1] + 3 * frame->arg[2];
}

static uint64_t
test_variadic(struct sim_frame *frame)
{
    uintptr_t sum = 0;
    for (unsigned i = 1; i <= frame->arg[0]; i++)
        sum += i * frame->arg[i];
    return sum;
}

static uint64_t
test_wide(struct sim_frame *frame)
{
    return (uint64_t)(uint32_t)frame->arg[0] << 32 | (uint32_t)frame->arg[1];
}

static uint64_t
test_call_back(struct sim_frame *frame)
{
    return SIM_CALL(frame->arg[0], frame->arg[1]);
}

static uint64_t
test_raise(struct sim_frame *frame)
{
    if (frame->arg[0]) {
        sim_raise(frame, (uint32_t)frame->arg[0]);
        sim_stop("exception not handled", "0x%x", (uint32_t)frame->arg[0]);
    }
    return 0;
}

static uint64_t
test_note(struct sim_frame *frame)
{
    if (machine_note_count < sizeof machine_notes / sizeof machine_notes[0])
        machine_notes[machine_note_count++] = (uint32_t)frame->arg[0];
    return 0;
}

static uintptr_t Data = 1000;

#define ROW(name, fn, words, convention)                                                                     \
    {                                                                                                        \
        "test.sys", name, fn, words, 0, convention, SIM_SINCE_WIN7, 0, 2, 0, NULL, "this file"               \
    }

static const struct sim_import Rows[] = {
    ROW("TestSix", test_six, 6, SIM_STDCALL),
    ROW("TestFast", test_fast, 3, SIM_FASTCALL),
    ROW("TestVariadic", test_variadic, 8, SIM_CDECL),
    ROW("TestWide", test_wide, 2, SIM_STDCALL),
    ROW("TestCallBack", test_call_back, 2, SIM_STDCALL),
    ROW("TestRaise", test_raise, 1, SIM_STDCALL),
    ROW("TestNote", test_note, 1, SIM_STDCALL),
    {"test.sys", "TestData", NULL, 0, 0, SIM_DATA, SIM_SINCE_WIN7, 0, 2, 0, &Data, "this file"},
};

const struct sim_import_table machine_test_imports = {Rows, sizeof Rows / sizeof Rows[0]};
const struct sim_import_table *const machine_test_tables[] = {&machine_test_imports, NULL};

/* ---- Images ---- */

static void
test_path(char *path, size_t size, const char *name)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    EXPECT(length > 0);
    path[length] = 0;
    char *slash = strrchr(path, '/');
    snprintf(slash, size - (size_t)(slash - path), "/testdata/%s", name);
}

struct sim_image *
machine_test_load(const char *name)
{
    char path[512], error[256] = "";
    test_path(path, sizeof path, name);
    struct sim_image *image = sim_image_load(path, machine_test_tables, error, sizeof error);
    if (!image)
        sim_fail(__FILE__, __LINE__, "%s", error);
    return image;
}

uint8_t *
machine_test_read(const char *name, size_t *size)
{
    char path[512];
    test_path(path, sizeof path, name);
    FILE *file = fopen(path, "rb");
    EXPECT(file);
    uint8_t *data = malloc(1 << 20);
    *size = fread(data, 1, 1 << 20, file);
    EXPECT(*size > 0 && *size < 1 << 20);
    fclose(file);
    return data;
}

void *
machine_test_export(struct sim_image *image, const char *name, unsigned words)
{
    char decorated[80];
    snprintf(decorated, sizeof decorated, sim_arch == SIM_X86 ? "_%s@%u" : "%s", name, words * 4);
    void *address = sim_image_export(image, decorated);
    if (!address)
        sim_fail(__FILE__, __LINE__, "no export %s", decorated);
    return address;
}

/* ---- Stops ---- */

void
machine_expect_stop(void (*body)(void *context), void *context, const char *text)
{
    int pipes[2], status;
    char said[2048];
    size_t used = 0;
    EXPECT(pipe(pipes) == 0);
    fflush(stdout);
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        body(context);
        _exit(0);
    }
    close(pipes[1]);
    for (ssize_t got;
         used < sizeof said - 1 && (got = read(pipes[0], said + used, sizeof said - 1 - used)) > 0;)
        used += (size_t)got;
    said[used] = 0;
    close(pipes[0]);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 3 || !strstr(said, text))
        sim_fail(__FILE__, __LINE__, "expected a stop with \"%s\", got wait status 0x%x and \"%s\"", text,
                 status, said);
}
