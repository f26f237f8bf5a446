/* SPDX-License-Identifier: MIT
 * The command line of the simulator, for both of its roles; see scenario.h. */
#include "../kernel/kernel.h"
#include "registry.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *sim_option_sys, *sim_option_dll, *sim_option_exe;
uint64_t sim_option_seed = 1;
int sim_scenario_argc;
char **sim_scenario_argv;

static const char Usage[] =
    "usage: sim [--persona NAME] [--seed N] [--sys FILE] [--dll FILE] [--exe FILE] run <scenario> [args]\n"
    "       sim list\n"
    "       sim [options] process <program> [args]\n"
    "{arch} in a FILE stands for the architecture. Options may also be given as SIM_PERSONA, SIM_SEED, "
    "SIM_SYS,\n"
    "SIM_DLL and SIM_EXE in the environment, where processes that are started find them.\n";

/* ---- Options ---- */

static const struct
{
    const char *option, *variable;
} Options[] = {{"--persona", "SIM_PERSONA"},
               {"--seed", "SIM_SEED"},
               {"--sys", "SIM_SYS"},
               {"--dll", "SIM_DLL"},
               {"--exe", "SIM_EXE"}};

static _Noreturn void
usage(const char *problem, const char *what)
{
    fprintf(stderr, "sim: %s %s\n%s", problem, what, Usage);
    exit(SIM_STATUS_USAGE);
}

/* The value of a file option with {arch} filled in; NULL if it was not given. */
static const char *
file_option(const char *variable)
{
    static const char mark[] = "{arch}";
    const char *value = getenv(variable);
    const char *at = value ? strstr(value, mark) : NULL;
    char *path;
    if (!at)
        return value;
    if (asprintf(&path, "%.*s%s%s", (int)(at - value), value, sim_arch_name(sim_arch), at + sizeof mark - 1) <
        0)
        abort();
    return path;
}

/* Index of the first argument that is not an option. */
static int
parse_options(int argc, char **argv)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-'; at += 2) {
        size_t i = 0;
        while (i < sizeof Options / sizeof Options[0] && strcmp(argv[at], Options[i].option) != 0)
            i++;
        if (i == sizeof Options / sizeof Options[0])
            usage("unknown option", argv[at]);
        if (at + 1 == argc)
            usage("no value for", argv[at]);
        setenv(Options[i].variable, argv[at + 1], 1);
    }
    const char *persona = getenv("SIM_PERSONA"), *seed = getenv("SIM_SEED");
    if (persona) {
        sim_persona = sim_persona_find(persona);
        if (!sim_persona)
            usage("no system is called", persona);
    }
    if (seed)
        sim_option_seed = strtoull(seed, NULL, 0);
    sim_option_sys = file_option("SIM_SYS");
    sim_option_dll = file_option("SIM_DLL");
    sim_option_exe = file_option("SIM_EXE");
    return at;
}

/* ---- list ---- */

/* One line a scenario: its name, the systems of this architecture that it makes sense on, its flags or "-".
 */
static int
list(void)
{
    for (const struct sim_scenario *scenario = sim_scenario_first(); scenario; scenario = scenario->next) {
        const char *comma = "";
        if (scenario->flags & SIM_ON_REQUEST)
            continue;
        printf("%s ", scenario->name);
        for (const struct sim_persona *persona = sim_personas; persona->name; persona++) {
            if (!(persona->archs & 1u << sim_arch) || !(scenario->systems & persona->system))
                continue;
            printf("%s%s", comma, persona->name);
            comma = ",";
        }
        printf("%s %s%s%s%s\n", *comma ? "" : "-", (scenario->flags & SIM_LONG) ? "long" : "",
               (scenario->flags & SIM_LONG) && (scenario->flags & SIM_NEEDS_ROOT) ? "," : "",
               (scenario->flags & SIM_NEEDS_ROOT) ? "root" : "", scenario->flags ? "" : "-");
    }
    return SIM_STATUS_PASSED;
}

/* ---- run ---- */

static int
run(int argc, char **argv)
{
    const struct sim_scenario *scenario = sim_scenario_find(argv[0]);
    bool wide = sizeof(void *) == 8;
    if (!scenario)
        usage("no scenario is called", argv[0]);
    if (!(sim_persona->archs & 1u << sim_arch))
        sim_skip("this system was never made for this architecture");
    if (!(scenario->systems & sim_persona->system))
        sim_skip("the scenario makes no sense on this system");
    if ((scenario->flags & SIM_NEEDS_ROOT) && geteuid() != 0)
        sim_skip("needs root");
    sim_scenario_argc = argc - 1;
    sim_scenario_argv = argv + 1;
    sim_install_fault_handler(sim_kernel_explain);
    sim_stack_configure(wide ? 24 * 1024 : 12 * 1024, wide ? 12 * 1024 : 6 * 1024);
    scenario->run();
    size_t left = sim_ledger_report();
    if (left)
        sim_stop("ledger", "%zu entries are left after %s", left, scenario->name);
    printf("passed %s on %s %s, deepest image stack %zu bytes\n", scenario->name, sim_persona->name,
           sim_arch_name(sim_arch), sim_stack_deepest());
    fflush(stdout);
    /* Without destructors: threads of the model may still wait for work. */
    _exit(SIM_STATUS_PASSED);
}

/* ---- process ---- */

/* A kernel process that ends, however it does, takes its processes with it: none of them could end otherwise while
 * it spins in code of its own. */
static void *
end_with_kernel(void *unused)
{
    (void)unused;
    struct pollfd connection = {.fd = 3};
    while (poll(&connection, 1, -1) <= 0 || !(connection.revents & (POLLHUP | POLLERR | POLLNVAL)))
        ;
    _exit(SIM_STATUS_KERNEL_GONE);
}

static int
process(int argc, char **argv)
{
    const struct sim_program *program = sim_program_find(argv[0]);
    if (!program)
        usage("no program is called", argv[0]);
    sim_install_fault_handler(NULL);
    sim_stack_configure(1024 * 1024, 0);
    pthread_t watcher;
    if (pthread_create(&watcher, NULL, end_with_kernel, NULL) != 0)
        abort();
    int status = program->run(argc, argv);
    fflush(stdout);
    fflush(stderr);
    _exit(status);
}

int
main(int argc, char **argv)
{
    int at = parse_options(argc, argv);
    if (at < argc && strcmp(argv[at], "list") == 0)
        return list();
    if (at + 1 < argc && strcmp(argv[at], "run") == 0)
        return run(argc - at - 1, argv + at + 1);
    if (at + 1 < argc && strcmp(argv[at], "process") == 0)
        return process(argc - at - 1, argv + at + 1);
    usage("what to do?", at < argc ? argv[at] : "");
}
