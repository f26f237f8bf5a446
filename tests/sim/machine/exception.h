/* SPDX-License-Identifier: MIT
 * Structured exceptions as Windows' documentation of each architecture lays them out: records, contexts, and
 * what a dispatcher hands to a language handler. */
#ifndef SIM_EXCEPTION_H
#define SIM_EXCEPTION_H

#include "arch.h"

enum
{
    EXCEPTION_NONCONTINUABLE = 0x1,
    EXCEPTION_UNWINDING = 0x2,
    EXCEPTION_EXIT_UNWIND = 0x4,
    EXCEPTION_TARGET_UNWIND = 0x20,
};

enum
{
    ExceptionContinueExecution,
    ExceptionContinueSearch,
    ExceptionNestedException,
    ExceptionCollidedUnwind
};

typedef struct EXCEPTION_RECORD
{
    uint32_t ExceptionCode, ExceptionFlags;
    struct EXCEPTION_RECORD *ExceptionRecord;
    void *ExceptionAddress;
    uint32_t NumberParameters;
    uintptr_t ExceptionInformation[15];
} EXCEPTION_RECORD;

#if defined(__x86_64__)
typedef struct CONTEXT
{
    uint64_t Home[6];
    uint32_t ContextFlags, MxCsr;
    uint16_t Segments[6];
    uint32_t EFlags;
    uint64_t Dr[6];
    uint64_t R[16]; /* rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15: the numbers of unwind codes */
    uint64_t Rip;
    uint8_t FltHead[0xa0];
    _Alignas(16) uint64_t Xmm[16][2];
    uint8_t Rest[0x4d0 - 0x2a0];
} CONTEXT;
_Static_assert(offsetof(CONTEXT, R) == 0x78 && offsetof(CONTEXT, Xmm) == 0x1a0 && sizeof(CONTEXT) == 0x4d0,
               "");
#elif defined(__i386__)
typedef struct CONTEXT
{
    uint32_t ContextFlags, Dr[6];
    uint8_t FloatSave[112];
    uint32_t SegGs, SegFs, SegEs, SegDs, Edi, Esi, Ebx, Edx, Ecx, Eax, Ebp, Eip, SegCs, EFlags, Esp, SegSs;
    uint8_t ExtendedRegisters[512];
} CONTEXT;
_Static_assert(offsetof(CONTEXT, Edi) == 0x9c && sizeof(CONTEXT) == 0x2cc, "");
#elif defined(__aarch64__)
typedef struct CONTEXT
{
    uint32_t ContextFlags, Cpsr;
    uint64_t X[31]; /* x29 is the frame pointer, x30 the link register */
    uint64_t Sp, Pc;
    uint64_t V[32][2];
    uint8_t Rest[0x390 - 0x310];
} CONTEXT;
_Static_assert(offsetof(CONTEXT, Sp) == 0x100 && offsetof(CONTEXT, V) == 0x110 && sizeof(CONTEXT) == 0x390,
               "");
#elif defined(__arm__)
typedef struct CONTEXT
{
    uint32_t ContextFlags, R[13], Sp, Lr, Pc, Cpsr, Fpscr, Padding;
    uint64_t D[32];
    uint8_t Rest[0x1a0 - 0x150];
} CONTEXT;
_Static_assert(offsetof(CONTEXT, Sp) == 0x38 && offsetof(CONTEXT, D) == 0x50 && sizeof(CONTEXT) == 0x1a0, "");
#endif

typedef struct
{
    EXCEPTION_RECORD *ExceptionRecord;
    CONTEXT *ContextRecord;
} EXCEPTION_POINTERS;

/* Goes on at `where` with these nonvolatile registers and stack pointer, and with the result in the return
 * register; the host frames above stack->host_sp are gone. */
_Noreturn void sim_resume_image(const struct sim_registers *at, const void *where, uint64_t result);

/* sim_call_words with these nonvolatile registers instead of poison, for filters and termination handlers. */
uint64_t sim_call_from(const struct sim_registers *base, const void *function, enum sim_convention convention,
                       unsigned words, const uintptr_t *args);

#if !defined(__i386__)
/* ---- Architectures with function tables: exception_table.c above exception_<arch>.c ---- */

/* What unwinding one frame found. */
struct unwound
{
    uintptr_t frame;     /* establisher frame */
    const void *handler; /* language handler that applies; NULL if none */
    const void *handler_data;
    const void *entry; /* in the function table */
};

/* Undoes one frame of `image` in the context: its function's registers, stack and return address. `want` is
 * EXCEPTION_UNWINDING to be told the termination handler, 0 for the exception handler. Stops if the code has
 * no unwind data, or data that means nothing. */
void sim_unwind_frame(struct sim_image *image, CONTEXT *context, uint32_t want, struct unwound *out);
/* Between a context and the registers that cross the border. */
void sim_context_from_import(CONTEXT *context, const struct sim_frame *frame);
void sim_registers_from_context(struct sim_registers *registers, const CONTEXT *context);
uintptr_t sim_context_pc(const CONTEXT *context);
uintptr_t sim_context_sp(const CONTEXT *context);
/* Where a scope table is asked for: amd64 takes the return address, the others the call before it. */
uintptr_t sim_scope_pc(uintptr_t return_address);
#endif

#endif
