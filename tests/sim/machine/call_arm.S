/* SPDX-License-Identifier: MIT
 * arm: Thumb-2 on both sides, the same registers. Offsets are those of struct sim_registers and struct sim_stack,
 * asserted in arch_arm.c. */
#define D8    0
#define R4    64
#define SP_   96
#define R0    104
#define SIZE  120
#define LEFT  16
#define BLOCK_SHIFT 21

    .syntax unified
    .arch armv7-a
    .fpu vfpv3-d16
    .thumb
    .text

    .macro HEADER register
    mov \register, sp
    lsr \register, \register, #BLOCK_SHIFT
    lsl \register, \register, #BLOCK_SHIFT
    .endm

    /* uint64_t sim_enter_image(struct sim_stack *stack, const struct sim_registers *in, const void *function) */
    .globl sim_enter_image
    .type sim_enter_image, %function
    .thumb_func
sim_enter_image:
    push {r4-r11, lr}
    vpush {d8-d15}
    sub sp, sp, #4
    str sp, [r0]
    mov r12, r2
    mov lr, r1
    vldmia r1, {d8-d15}
    add r1, r1, #R4
    ldm r1, {r4-r11}
    ldr r0, [lr, #SP_]
    mov sp, r0
    add lr, lr, #R0
    ldm lr, {r0-r3}
    blx r12
    HEADER r2
    add r3, r2, #LEFT
    vstmia r3!, {d8-d15}
    stmia r3!, {r4-r11}
    mov r12, sp
    str r12, [r3]
    ldr r2, [r2]
    mov sp, r2
    add sp, sp, #4
    vpop {d8-d15}
    pop {r4-r11, pc}
    .size sim_enter_image, . - sim_enter_image

    /* A stub came here with the row in r12. */
    .globl sim_import_entry
    .type sim_import_entry, %function
    .thumb_func
sim_import_entry:
    /* r0-r3 go where the image has no use for memory: below its stack pointer. */
    push {r0-r3}
    HEADER r0
    ldr r0, [r0]
    sub r0, r0, #SIZE
    mov r1, r0
    vstmia r1!, {d8-d15}
    stmia r1!, {r4-r11}
    pop {r4-r7}
    mov r2, sp
    strd r2, lr, [r0, #SP_]
    add r1, r0, #R0
    stm r1, {r4-r7}
    mov sp, r0
    mov r1, r0
    mov r0, r12
    bl sim_import_dispatch
    mov r12, sp
    vldmia r12!, {d8-d15}
    ldmia r12!, {r4-r11}
    ldrd r2, lr, [r12]
    mov sp, r2
    bx lr
    .size sim_import_entry, . - sim_import_entry

    /* _Noreturn void sim_resume_image(const struct sim_registers *at, const void *where, uint64_t result) */
    .globl sim_resume_image
    .type sim_resume_image, %function
    .thumb_func
sim_resume_image:
    mov r12, r0
    mov lr, r1
    mov r0, r2
    mov r1, r3
    vldmia r12!, {d8-d15}
    ldmia r12!, {r4-r11}
    ldr r2, [r12]
    mov sp, r2
    bx lr
    .size sim_resume_image, . - sim_resume_image

    .section .note.GNU-stack, "", %progbits
