/* SPDX-License-Identifier: MIT
 * A load configuration with control flow guard, and checks of the image's own that accept everything. */
#if defined(__i386__)
#define SYMBOL(name) _##name
#else
#define SYMBOL(name) name
#endif
#if defined(__x86_64__) || defined(__aarch64__)
#define POINTER .quad
#define SIZE 0xc0
#else
#define POINTER .long
#define SIZE 0x78
#endif

    .macro START name
    .def \name; .scl 3; .type 32; .endef
    .p2align 4
#if defined(__arm__)
    .thumb_func
#endif
\name:
    .endm

#if defined(__arm__)
    .syntax unified
    .thumb
#endif
    .text
    START OwnCheck
#if defined(__arm__)
    bx lr
#else
    ret
#endif
    START OwnDispatch
#if defined(__x86_64__)
    jmpq *%rax
#endif

    .section .00cfg, "dr"
    .p2align 3
    .globl SYMBOL(__guard_check_icall_fptr)
SYMBOL(__guard_check_icall_fptr):
    POINTER OwnCheck
    .globl SYMBOL(__guard_dispatch_icall_fptr)
SYMBOL(__guard_dispatch_icall_fptr):
    POINTER OwnDispatch

    .section .rdata, "dr"
    .p2align 3
    .globl SYMBOL(_load_config_used)
SYMBOL(_load_config_used):
    .long SIZE
#if defined(__x86_64__) || defined(__aarch64__)
    .fill 0x70 - 4, 1, 0
#else
    .fill 0x48 - 4, 1, 0
#endif
    POINTER SYMBOL(__guard_check_icall_fptr)
#if defined(__x86_64__)
    POINTER SYMBOL(__guard_dispatch_icall_fptr)
#else
    POINTER 0
#endif
    POINTER SYMBOL(__guard_fids_table)
    POINTER SYMBOL(__guard_fids_count)
    .long SYMBOL(__guard_flags)
    .long 0, 0, 0
    POINTER SYMBOL(__guard_iat_table)
    POINTER SYMBOL(__guard_iat_count)
    POINTER SYMBOL(__guard_longjmp_table)
    POINTER SYMBOL(__guard_longjmp_count)

#if defined(__i386__)
    .globl @feat.00
    .set @feat.00, 0x801
#endif
