/* SPDX-License-Identifier: MIT
 * amd64: the check has its target in rcx, the dispatch in rax. All but flags, r10 and r11 survive. */
#define BLOCK 0x200000

    .text

    /* Runs sim_guard_target on the host's stack with the target in r11. */
    .macro CHECK
    movq %rsp, %r10
    andq $-BLOCK, %r10
    movq (%r10), %r10
    subq $336, %r10
    movq %rsp, 320(%r10)
    movq %r10, %rsp
    movq %rax, 256(%rsp)
    movq %rcx, 264(%rsp)
    movq %rdx, 272(%rsp)
    movq %r8, 280(%rsp)
    movq %r9, 288(%rsp)
    movq %rsi, 296(%rsp)
    movq %rdi, 304(%rsp)
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps %xmm\number, \number*16(%rsp)
    .endr
    movq %r11, %rdi
    call sim_guard_target
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps \number*16(%rsp), %xmm\number
    .endr
    movq 256(%rsp), %rax
    movq 264(%rsp), %rcx
    movq 272(%rsp), %rdx
    movq 280(%rsp), %r8
    movq 288(%rsp), %r9
    movq 296(%rsp), %rsi
    movq 304(%rsp), %rdi
    movq 320(%rsp), %rsp
    .endm

    .globl sim_guard_check
    .type sim_guard_check, @function
sim_guard_check:
    movq %rcx, %r11
    CHECK
    ret
    .size sim_guard_check, . - sim_guard_check

    .globl sim_guard_dispatch
    .type sim_guard_dispatch, @function
sim_guard_dispatch:
    movq %rax, %r11
    CHECK
    jmp *%rax
    .size sim_guard_dispatch, . - sim_guard_dispatch

    .section .note.GNU-stack, "", @progbits
