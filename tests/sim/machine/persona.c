/* SPDX-License-Identifier: MIT
 * The table of personas. NDIS versions are those of the release's own ndis.sys, as Microsoft's overview of
 * NDIS versions lists them; `archs` says which kernels of a release exist, so that no test runs a system that
 * never was. */
#include "persona.h"

#include <string.h>

enum
{
    AMD64 = 1 << SIM_AMD64,
    X86 = 1 << SIM_X86,
    ARM64 = 1 << SIM_ARM64,
    ARM = 1 << SIM_ARM
};

#define NDIS(major, minor) ((uint32_t)(major) << 16 | (minor))

const struct sim_persona sim_personas[] = {
    {"win7", SIM_WIN7, 6, 1, 7601, NDIS(6, 20), AMD64 | X86},
    {"win8", SIM_WIN8, 6, 2, 9200, NDIS(6, 30), AMD64 | X86 | ARM},
    {"win81", SIM_WIN81, 6, 3, 9600, NDIS(6, 40), AMD64 | X86 | ARM},
    {"win10", SIM_WIN10, 10, 0, 19045, NDIS(6, 84), AMD64 | X86 | ARM64 | ARM},
    {"win11", SIM_WIN11, 10, 0, 22631, NDIS(6, 87), AMD64 | ARM64},
    {"server", SIM_SERVER, 10, 0, 20348, NDIS(6, 85), AMD64},
    {0},
};

#if defined(__x86_64__)
const enum sim_arch sim_arch = SIM_AMD64;
#elif defined(__i386__)
const enum sim_arch sim_arch = SIM_X86;
#elif defined(__aarch64__)
const enum sim_arch sim_arch = SIM_ARM64;
#elif defined(__arm__)
const enum sim_arch sim_arch = SIM_ARM;
#endif

/* Windows 10 is the release that exists for every architecture. */
const struct sim_persona *sim_persona = &sim_personas[3];

const struct sim_persona *
sim_persona_find(const char *name)
{
    for (const struct sim_persona *persona = sim_personas; persona->name; persona++) {
        if (strcmp(persona->name, name) == 0)
            return persona;
    }
    return NULL;
}

const char *
sim_arch_name(enum sim_arch arch)
{
    static const char *const names[] = {"amd64", "x86", "arm64", "arm"};
    return names[arch];
}
