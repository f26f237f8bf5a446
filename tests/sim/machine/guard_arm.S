/* SPDX-License-Identifier: MIT
 * arm: the check has its target in r0. Arguments survive; there is no dispatch. */
#define BLOCK_SHIFT 21

    .syntax unified
    .arch armv7-a
    .fpu vfpv3-d16
    .thumb
    .text
    .globl sim_guard_check
    .type sim_guard_check, %function
    .thumb_func
sim_guard_check:
    mov r12, sp
    lsr r12, r12, #BLOCK_SHIFT
    lsl r12, r12, #BLOCK_SHIFT
    ldr r12, [r12]
    sub r12, r12, #24
    stmia r12, {r0-r4, lr}
    mov r4, sp
    mov sp, r12
    vpush {d0-d7}
    bl sim_guard_target
    vpop {d0-d7}
    mov r12, sp
    mov sp, r4
    ldm r12, {r0-r4, lr}
    bx lr
    .size sim_guard_check, . - sim_guard_check

    .globl sim_guard_dispatch
    .type sim_guard_dispatch, %function
    .thumb_func
sim_guard_dispatch:
    udf #0
    .size sim_guard_dispatch, . - sim_guard_dispatch

    .section .note.GNU-stack, "", %progbits
