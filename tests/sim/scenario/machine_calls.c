/* SPDX-License-Identifier: MIT
 * Calls between host and image: conventions, stack arguments, nesting, what is caught. */
#include "machine_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A word result; on 32 bits the other return register holds anything. */
#define CALL(name, words, ...) (uintptr_t) SIM_CALL(machine_test_export(image, name, words), __VA_ARGS__)

SIM_SCENARIO(machine_calls_pass_arguments_and_results)
{
    struct sim_image *image = machine_test_load("basic.sys");
    EXPECT_EQ((uint32_t)SIM_CALL(sim_image_entry(image), 0, 0), 42);
    sim_image_discard_init(image);
    EXPECT_EQ(CALL("BasicSum", 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 385);
    /* 7 + 2*2 + 3*3 + ... + 6*6; 7 + 20 + 300; 1 + 4 + 9 + 16 + 25; 1000 */
    EXPECT_EQ(CALL("BasicImports", 1, 7), 97 + 327 + 55 + 1000);
    EXPECT_EQ(SIM_CALL(machine_test_export(image, "BasicWide", 2), 0x12345678, 0xffffffff),
              0x1234567900000000);
    EXPECT_EQ(CALL("BasicNested", 1, 3), 48 + 4);
    EXPECT_EQ(CALL("BasicData", 1, 0), 'a' + 5);
    EXPECT_EQ(CALL("BasicData", 1, 1), 'b' + 6);
    sim_image_unload(image);
}

/* ---- What is caught ---- */

struct broken_call
{
    struct sim_image *image;
    const char *function;
    unsigned words; /* passed, where the function takes none */
};

static void
call_broken(void *context)
{
    struct broken_call *call = context;
    const uintptr_t args[4] = {1, 2, 3, 4};
    sim_call_words(machine_test_export(call->image, call->function, 0), SIM_STDCALL, call->words, args);
}

SIM_SCENARIO(machine_calls_broken_convention_stops)
{
    struct broken_call call = {.image = machine_test_load("broken.sys")};
    static const char *const registers[] = {"rsi", "ebx", "x19", "r9"};
    static const char *const others[] = {"did not preserve xmm", "fs:[0]", "did not preserve d8",
                                         "did not preserve d8"};
    static const char *const stacks[] = {"rsp off by -16", "took 4 bytes off the stack", "sp off by -16",
                                         "sp off by -8"};
    char text[64];
    snprintf(text, sizeof text, "did not preserve %s", registers[sim_arch]);
    call.function = "BrokenRegister";
    machine_expect_stop(call_broken, &call, text);
    call.function = "BrokenOther";
    machine_expect_stop(call_broken, &call, others[sim_arch]);
    call.function = "BrokenStack";
    machine_expect_stop(call_broken, &call, stacks[sim_arch]);
    call.function = "BrokenCookie";
    machine_expect_stop(call_broken, &call, "fast fail 2, a stack cookie was overwritten");
    if (sim_arch == SIM_X86) {
        /* A callback with too few or too many words, as wrong declarations make them. */
        call = (struct broken_call){call.image, "BasicWriteConst", 2};
        call.function = "BrokenStack";
        call.words = 2;
        machine_expect_stop(call_broken, &call, "took 4 bytes off the stack, its convention says 8");
    }
}

static void
call_with_wrong_row(void *context)
{
    SIM_CALL(context, 7);
}

/* An import whose row and declaration disagree about its words shifts the stack of its caller. */
SIM_SCENARIO(machine_calls_wrong_words_of_import_stop)
{
    struct sim_import rows[16];
    char error[256] = "";
    size_t size;
    if (sim_arch != SIM_X86)
        sim_skip("only x86 pops arguments in the callee");
    memcpy(rows, machine_test_imports.rows, machine_test_imports.count * sizeof rows[0]);
    for (unsigned i = 0; i < machine_test_imports.count; i++) {
        if (strcmp(rows[i].name, "TestSix") == 0)
            rows[i].words = 5;
    }
    const struct sim_import_table table = {rows, machine_test_imports.count};
    const struct sim_import_table *const tables[] = {&table, NULL};
    uint8_t *file = machine_test_read("basic.sys", &size);
    struct sim_image *image = sim_image_map("basic.sys", file, size, tables, error, sizeof error);
    EXPECT(image);
    machine_expect_stop(call_with_wrong_row, machine_test_export(image, "BasicImports", 1), "STOP fault");
    free(file);
}

static void
recurse(void *image)
{
    SIM_CALL(machine_test_export(image, "BasicRecurse", 1), 100000);
}

SIM_SCENARIO(machine_calls_stack_overflow_stops)
{
    struct sim_image *image = machine_test_load("basic.sys");
    EXPECT_EQ((uint32_t)SIM_CALL(machine_test_export(image, "BasicRecurse", 1), 10), 55);
    machine_expect_stop(recurse, image, "overflow");
}

/* ---- Threads ---- */

struct worker
{
    struct sim_image *basic, *raise;
    unsigned rounds;
};

static void *
work(void *context)
{
    const struct worker *worker = context;
    struct sim_image *image;
    for (unsigned i = 0; i < worker->rounds; i++) {
        image = worker->basic;
        EXPECT_EQ(CALL("BasicImports", 1, 7), 97 + 327 + 55 + 1000);
        EXPECT_EQ(CALL("BasicNested", 1, 3), 48 + 4);
        image = worker->raise;
        EXPECT_EQ(CALL("RaiseVariable", 2, 0xc0000005, 10), 10 + 9 + 1);
        EXPECT_EQ(CALL("RaiseNested", 1, 0xc0000005), 0xc0000006);
    }
    return NULL;
}

SIM_SCENARIO(machine_calls_threads_have_stacks_of_their_own)
{
    struct worker worker = {machine_test_load("basic.sys"), machine_test_load("raise.sys"), 500};
    for (unsigned round = 0; round < 3; round++) {
        pthread_t threads[4];
        for (unsigned i = 0; i < 4; i++)
            EXPECT_EQ(pthread_create(&threads[i], NULL, work, &worker), 0);
        for (unsigned i = 0; i < 4; i++)
            EXPECT_EQ(pthread_join(threads[i], NULL), 0);
    }
    EXPECT(sim_stack_deepest() > 100);
    EXPECT(sim_stack_deepest() < 8192);
}

/* Threads that threads make, each with an image stack while its maker has one. */
static void *
make_another(void *context)
{
    struct worker *worker = context;
    struct sim_image *image = worker->basic;
    struct worker next = {worker->basic, NULL, worker->rounds - 1};
    pthread_t thread;
    EXPECT_EQ(CALL("BasicNested", 1, 3), 48 + 4);
    if (next.rounds) {
        EXPECT_EQ(pthread_create(&thread, NULL, make_another, &next), 0);
        EXPECT_EQ(pthread_join(thread, NULL), 0);
    }
    EXPECT_EQ(CALL("BasicNested", 1, 3), 48 + 4);
    return NULL;
}

SIM_SCENARIO(machine_calls_threads_make_threads)
{
    struct worker worker = {machine_test_load("basic.sys"), NULL, 8};
    make_another(&worker);
}

/* ---- Hooks ---- */

static struct sim_import_hooks Outer;
static unsigned Before, After;

static int
skip_wide(struct sim_frame *frame, uint64_t *result)
{
    Before++;
    EXPECT(sim_image_of(frame->return_address));
    if (strcmp(frame->row->name, "TestWide") != 0)
        return 0;
    *result = 0x500000000;
    return 1;
}

static void
count_after(struct sim_frame *frame, uint64_t result)
{
    After++;
    if (strcmp(frame->row->name, "TestWide") == 0)
        EXPECT_EQ(result, 0x500000000);
}

SIM_SCENARIO(machine_calls_hooks_surround_imports)
{
    struct sim_image *image = machine_test_load("basic.sys");
    Outer = sim_import_hooks;
    sim_import_hooks = (struct sim_import_hooks){skip_wide, count_after};
    EXPECT_EQ(SIM_CALL(machine_test_export(image, "BasicWide", 2), 1, 2), 0x500000001);
    EXPECT_EQ(CALL("BasicNested", 1, 10), 42);
    sim_import_hooks = Outer;
    EXPECT_EQ(Before, 3); /* TestWide, then TestCallBack inside TestCallBack */
    EXPECT_EQ(After, 3);
    EXPECT_EQ(SIM_CALL(machine_test_export(image, "BasicWide", 2), 1, 2), 0x100000003);
}
