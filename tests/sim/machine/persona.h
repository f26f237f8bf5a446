/* SPDX-License-Identifier: MIT
 * The Windows that a simulated machine pretends to be. Chosen once, before anything is loaded. */
#ifndef SIM_PERSONA_H
#define SIM_PERSONA_H

#include <stdbool.h>
#include <stdint.h>

/* Bits, so that an import row can name every system that has it. In the order of release. */
enum sim_system
{
    SIM_WIN7 = 1,
    SIM_WIN8 = 2,
    SIM_WIN81 = 4,
    SIM_WIN10 = 8,
    SIM_WIN11 = 16,
    SIM_SERVER = 32, /* Windows Server 2016 and later */
};
#define SIM_SINCE_WIN7  (SIM_WIN7 | SIM_SINCE_WIN8)
#define SIM_SINCE_WIN8  (SIM_WIN8 | SIM_SINCE_WIN81)
#define SIM_SINCE_WIN81 (SIM_WIN81 | SIM_SINCE_WIN10)
#define SIM_SINCE_WIN10 (SIM_WIN10 | SIM_WIN11 | SIM_SERVER)

enum sim_arch
{
    SIM_AMD64,
    SIM_X86,
    SIM_ARM64,
    SIM_ARM
};

struct sim_persona
{
    const char *name; /* "win7", "win8", "win81", "win10", "win11", "server" */
    enum sim_system system;
    uint32_t major, minor, build;
    uint32_t ndis_version; /* what NdisGetVersion returns */
    unsigned archs;        /* 1 << enum sim_arch, of the kernels that exist */
};

extern const struct sim_persona sim_personas[];
/* The one in force; never NULL once main has parsed its arguments. */
extern const struct sim_persona *sim_persona;
/* The architecture that this simulator was compiled for. */
extern const enum sim_arch sim_arch;

const struct sim_persona *sim_persona_find(const char *name);
const char *sim_arch_name(enum sim_arch arch);

#endif
