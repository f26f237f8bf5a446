/* SPDX-License-Identifier: MIT
 *
 * The load configuration, for the four architectures, and what indirect calls go through until a system that checks
 * them puts its own functions there. In assembly, because a 32-bit field whose value the linker knows cannot be
 * written in C for 64 bits.
 */
#if defined(__i386__)
#define SYMBOL(Name) _##Name
#else
#define SYMBOL(Name) Name
#endif
#if defined(__x86_64__) || defined(__aarch64__)
#define POINTER .quad
#define ALIGN   3
#define SIZE    192
#else
#define POINTER .long
#define ALIGN   2
#define SIZE    120
#endif

#if defined(__arm__)
    .syntax unified
    .thumb
#endif

    .macro function Name
    .def \Name
    .scl 3
    .type 32
    .endef
    .p2align 4
#if defined(__arm__)
    .thumb_func
#endif
\Name:
    .endm

    .text

/* Checks nothing. The target is in ecx, x15 or r0, which have to survive, as has every argument. */
    function SYMBOL(GuardCheck)
#if defined(__arm__)
    bx lr
#else
    ret
#endif

#if defined(__x86_64__)
/* Goes on to the target, in rax. */
    function SYMBOL(GuardDispatch)
    jmpq *%rax
#endif

    .section .00cfg,"dr"
    .p2align ALIGN
    .globl SYMBOL(__guard_check_icall_fptr)
SYMBOL(__guard_check_icall_fptr):
    POINTER SYMBOL(GuardCheck)
#if defined(__x86_64__)
    .globl SYMBOL(__guard_dispatch_icall_fptr)
SYMBOL(__guard_dispatch_icall_fptr):
    POINTER SYMBOL(GuardDispatch)
#endif

    .section .rdata,"dr"
    .p2align ALIGN
    .globl SYMBOL(_load_config_used)
SYMBOL(_load_config_used):
    .long SIZE
    .long 0, 0, 0, 0, 0       /* TimeDateStamp, version, GlobalFlagsClear, -Set, CriticalSectionDefaultTimeout */
    POINTER 0, 0, 0, 0, 0     /* DeCommitFreeBlock-, -TotalFreeThreshold, LockPrefixTable, MaximumAllocationSize,
                                 VirtualMemoryThreshold */
    POINTER 0                 /* 64: ProcessAffinityMask; 32: ProcessHeapFlags */
    .long 0                   /* 64: ProcessHeapFlags; 32: ProcessAffinityMask */
    .long 0                   /* CSDVersion, DependentLoadFlags */
    POINTER 0                 /* EditList */
    POINTER SYMBOL(__security_cookie)
    POINTER 0, 0              /* SEHandlerTable, -Count */
    POINTER SYMBOL(__guard_check_icall_fptr)
#if defined(__x86_64__)
    POINTER SYMBOL(__guard_dispatch_icall_fptr)
#else
    POINTER 0
#endif
    POINTER SYMBOL(__guard_fids_table)
    POINTER SYMBOL(__guard_fids_count)
    .long SYMBOL(__guard_flags)
    .long 0, 0, 0             /* CodeIntegrity */
    POINTER SYMBOL(__guard_iat_table)
    POINTER SYMBOL(__guard_iat_count)
    POINTER SYMBOL(__guard_longjmp_table)
    POINTER SYMBOL(__guard_longjmp_count)
