/* SPDX-License-Identifier: MIT
 * arm64: the check has its target in x15. Arguments and x15 survive; there is no dispatch. */
#define BLOCK_SHIFT 21

    .text
    .globl sim_guard_check
    .type sim_guard_check, %function
sim_guard_check:
    mov x9, sp
    lsr x9, x9, #BLOCK_SHIFT
    lsl x9, x9, #BLOCK_SHIFT
    ldr x9, [x9]
    sub x9, x9, #240
    mov x10, sp
    mov sp, x9
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x15, [sp, #64]
    stp x10, x30, [sp, #80]
    str x18, [sp, #96]
    stp q0, q1, [sp, #112]
    stp q2, q3, [sp, #144]
    stp q4, q5, [sp, #176]
    stp q6, q7, [sp, #208]
    mov x0, x15
    bl sim_guard_target
    ldp q0, q1, [sp, #112]
    ldp q2, q3, [sp, #144]
    ldp q4, q5, [sp, #176]
    ldp q6, q7, [sp, #208]
    ldr x18, [sp, #96]
    ldp x10, x30, [sp, #80]
    ldp x8, x15, [sp, #64]
    ldp x6, x7, [sp, #48]
    ldp x4, x5, [sp, #32]
    ldp x2, x3, [sp, #16]
    ldp x0, x1, [sp]
    mov sp, x10
    ret
    .size sim_guard_check, . - sim_guard_check

    .globl sim_guard_dispatch
    .type sim_guard_dispatch, %function
sim_guard_dispatch:
    brk #1
    .size sim_guard_dispatch, . - sim_guard_dispatch

    .section .note.GNU-stack, "", %progbits
