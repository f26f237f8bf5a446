/* SPDX-License-Identifier: MIT
 * Scenarios: tests that run inside the simulator, one per process, on every architecture.
 *
 *   sim [--persona win10] [--seed N] [--sys FILE] [--dll FILE] [--exe FILE] run <scenario> [args]
 *                                      kernel side
 *   sim list                           a line for each scenario: its name, the systems of this architecture it
 *                                      makes sense on, its flags or "-"
 *   sim process <program> [args]       client side, started by the kernel side only
 *
 * {arch} in a FILE stands for the architecture. Options are handed on in the environment (SIM_PERSONA,
 * SIM_SEED, SIM_SYS, SIM_DLL, SIM_EXE), where a process that is started finds them.
 *
 * Exit status: 0 passed, 77 skipped (the reason is the last line), 1 an expectation failed, 3 a rule was
 * broken (sim_stop). After every scenario the ledger must be empty: the runner checks it. */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "../machine/machine.h"

struct sim_scenario
{
    const char *name; /* subject_condition_result */
    void (*run)(void);
    unsigned systems; /* personas it makes sense on */
    unsigned flags;   /* SIM_LONG: only in check-long under emulation; ... */
    struct sim_scenario *next;
};
enum
{
    SIM_LONG = 1,
    SIM_NEEDS_ROOT = 2,
    SIM_ON_REQUEST = 4 /* not listed: a test or demo asks for it by name */
};
struct sim_program
{
    const char *name;
    int (*run)(int argc, char **argv);
    struct sim_program *next;
};
void sim_scenario_register(struct sim_scenario *scenario);
void sim_program_register(struct sim_program *program);

#define SIM_SCENARIO_ON(scenario_name, which, scenario_flags)                                                \
    static void scenario_name(void);                                                                         \
    static struct sim_scenario scenario_name##_entry = {#scenario_name, scenario_name, which,                \
                                                        scenario_flags, NULL};                               \
    __attribute__((constructor)) static void scenario_name##_register(void)                                  \
    {                                                                                                        \
        sim_scenario_register(&scenario_name##_entry);                                                       \
    }                                                                                                        \
    static void scenario_name(void)
#define SIM_SCENARIO(scenario_name) SIM_SCENARIO_ON(scenario_name, SIM_SINCE_WIN7, 0)

/* A client: C code of the simulator that lives in a simulated process and calls the DLL's exports (SIM_CALL).
 */
#define SIM_PROGRAM(program_name)                                                                            \
    static int program_name(int argc, char **argv);                                                          \
    static struct sim_program program_name##_entry = {#program_name, program_name, NULL};                    \
    __attribute__((constructor)) static void program_name##_register(void)                                   \
    {                                                                                                        \
        sim_program_register(&program_name##_entry);                                                         \
    }                                                                                                        \
    static int program_name(int argc, char **argv)

_Noreturn void sim_fail(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void sim_skip(const char *reason);
#define EXPECT(condition) ((condition) ? (void)0 : sim_fail(__FILE__, __LINE__, "expected %s", #condition))
#define EXPECT_EQ(actual, wanted)                                                                            \
    do {                                                                                                     \
        unsigned long long actual_ = (unsigned long long)(actual), wanted_ = (unsigned long long)(wanted);   \
        if (actual_ != wanted_)                                                                              \
            sim_fail(__FILE__, __LINE__, "%s is %llu (0x%llx), expected %llu (0x%llx)", #actual, actual_,    \
                     actual_, wanted_, wanted_);                                                             \
    } while (0)

/* Options of the command line. */
extern const char *sim_option_sys, *sim_option_dll, *sim_option_exe;
extern uint64_t sim_option_seed;
extern int sim_scenario_argc;
extern char **sim_scenario_argv;

#endif
