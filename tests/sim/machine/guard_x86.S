/* SPDX-License-Identifier: MIT
 * x86: the check has its target in ecx. All registers survive; there is no dispatch. */
#define BLOCK 0x200000

    .text
    .globl sim_guard_check
    .type sim_guard_check, @function
sim_guard_check:
    pushal
    movl %esp, %esi
    movl %esp, %eax
    andl $-BLOCK, %eax
    movl (%eax), %esp
    andl $-16, %esp
    subl $12, %esp
    pushl %ecx
    call sim_guard_target
    movl %esi, %esp
    popal
    ret
    .size sim_guard_check, . - sim_guard_check

    .globl sim_guard_dispatch
    .type sim_guard_dispatch, @function
sim_guard_dispatch:
    ud2
    .size sim_guard_dispatch, . - sim_guard_dispatch

    .section .note.GNU-stack, "", @progbits
