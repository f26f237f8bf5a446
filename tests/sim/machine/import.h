/* SPDX-License-Identifier: MIT
 * One row per function that a loaded image may import. The row is the single statement of what the model
 * knows about the function: who exports it, since when, at which IRQL it may be called, how it can fail, and
 * where that is documented. Byte counts and systems come from Microsoft's reference, never from the driver's
 * or the DLL's own declarations, so that one wrong number cannot hide in both. */
#ifndef SIM_IMPORT_H
#define SIM_IMPORT_H

#include <stddef.h>
#include <stdint.h>

enum sim_convention
{
    SIM_STDCALL,  /* callee pops on x86 */
    SIM_FASTCALL, /* first two words in ecx, edx on x86; the rest as stdcall */
    SIM_CDECL,    /* caller pops */
    SIM_DATA,     /* not a function: the import resolves to the address in `data` */
};

/* What the calling image had in its nonvolatile registers at the call; the exception dispatcher starts here.
 * Laid out by the assembly of each architecture (machine/call_<arch>.S). */
struct sim_registers;

/* One call of an import, on the host's stack. arg[i] is the i-th machine word of the arguments; a 64-bit
 * argument of a 32-bit image takes two words (on arm it begins at an even one). */
#define SIM_MAX_WORDS 16
struct sim_frame
{
    const struct sim_import *row;
    uintptr_t arg[SIM_MAX_WORDS];
    void *return_address;
    struct sim_registers *registers;
};

/* The result goes into the return register(s): edx:eax or r0:r1 on 32 bits. */
typedef uint64_t (*sim_import_fn)(struct sim_frame *frame);

/* How fault injection makes a call fail: the hook gives the result and the function does not run (NULL,
 * RESOURCES), or the function runs and asks sim_fault_here() at the point where it can fail. */
enum
{
    SIM_FAILS_NULL = 1,      /* returns 0 */
    SIM_FAILS_RESOURCES = 2, /* returns STATUS_INSUFFICIENT_RESOURCES, which is NDIS_STATUS_RESOURCES too */
    SIM_FAILS_INSIDE = 4,
};

struct sim_import
{
    const char *module; /* "ntoskrnl.exe", "hal.dll", "ndis.sys", "kernel32.dll", ... lower case */
    const char *name;   /* as exported, undecorated */
    sim_import_fn fn;
    uint8_t words;   /* of arguments, on a 32-bit image; bytes popped on x86 = 4 * words */
    uint8_t words64; /* the same on a 64-bit image; 0 means: as words */
    uint8_t convention;
    uint8_t systems;            /* enum sim_system bits */
    uint8_t irql_min, irql_max; /* kernel rows; 0..0 for user-mode rows */
    uint32_t failures;          /* SIM_FAILS_... bits: how fault injection may make it fail; 0 = it cannot */
    void *data;                 /* SIM_DATA rows */
    const char *source;         /* page of the documentation that says so */
};

struct sim_import_table
{
    const struct sim_import *rows;
    size_t count;
};

/* The row of an export of a module in the persona in force; NULL if that system has none. */
const struct sim_import *sim_import_find(const struct sim_import_table *const *tables, const char *module,
                                         const char *name);

/* Called around every import, on the host's stack; set once by the kernel model or by the process model.
 * `before` checks preconditions (IRQL, ...), injects failures (returns 1 and sets *result to skip the call),
 * and is a preemption point. `after` is not called for an import that raised: its call never returns. */
struct sim_import_hooks
{
    int (*before)(struct sim_frame *frame, uint64_t *result);
    void (*after)(struct sim_frame *frame, uint64_t result);
};
extern struct sim_import_hooks sim_import_hooks;

/* Where a process has other images, set once by the process model: an export of the image that it finds, or
 * loads, for a module that no table has; NULL if there is none. A kernel has none and leaves it NULL. */
extern void *(*sim_import_from_image)(const char *module, const char *name);

/* A code address that images can call and that runs row->fn; lives as long as the process. For callbacks into
 * C and for what GetProcAddress or MmGetSystemRoutineAddress return. The same row gives the same address. */
void *sim_import_address(const struct sim_import *row);

#endif
