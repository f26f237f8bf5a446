/* SPDX-License-Identifier: MIT
 * The registry of scenarios and programs, and the ways to end one. */
#include "registry.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct sim_scenario *Scenarios; /* by name; filled by constructors, before any thread */
static struct sim_program *Programs;

void
sim_scenario_register(struct sim_scenario *scenario)
{
    struct sim_scenario **at = &Scenarios;
    while (*at && strcmp((*at)->name, scenario->name) < 0)
        at = &(*at)->next;
    if (*at && strcmp((*at)->name, scenario->name) == 0)
        sim_stop("scenario", "two scenarios are called %s", scenario->name);
    scenario->next = *at;
    *at = scenario;
}

void
sim_program_register(struct sim_program *program)
{
    program->next = Programs;
    Programs = program;
}

const struct sim_scenario *
sim_scenario_first(void)
{
    return Scenarios;
}

const struct sim_scenario *
sim_scenario_find(const char *name)
{
    const struct sim_scenario *scenario = Scenarios;
    while (scenario && strcmp(scenario->name, name) != 0)
        scenario = scenario->next;
    return scenario;
}

const struct sim_program *
sim_program_find(const char *name)
{
    const struct sim_program *program = Programs;
    while (program && strcmp(program->name, name) != 0)
        program = program->next;
    return program;
}

/* Both leave at once: other threads may be inside the model, and destructors are no part of a test. */
void
sim_fail(const char *file, int line, const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fprintf(stderr, "FAIL %s:%d: ", file, line);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    fflush(stderr);
    _exit(SIM_STATUS_FAILED);
}

void
sim_skip(const char *reason)
{
    fflush(stderr);
    printf("SKIP %s\n", reason);
    fflush(stdout);
    _exit(SIM_STATUS_SKIPPED);
}
