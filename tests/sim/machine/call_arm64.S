/* SPDX-License-Identifier: MIT
 * arm64: the conventions of both sides agree on registers, except that x18 belongs to the platform: images find the
 * thread block there. Offsets are those of struct sim_registers and struct sim_stack, asserted in arch_arm64.c. */
#define X19   0
#define FP    80
#define SP_   96
#define X0    112
#define D8    176
#define SIZE  240
#define LEFT  16
#define BLOCK_SHIFT 21

    .text

    .macro STORE base, at
    stp x19, x20, [\base, #\at+X19]
    stp x21, x22, [\base, #\at+X19+16]
    stp x23, x24, [\base, #\at+X19+32]
    stp x25, x26, [\base, #\at+X19+48]
    stp x27, x28, [\base, #\at+X19+64]
    stp x29, x30, [\base, #\at+FP]
    stp d8, d9, [\base, #\at+D8]
    stp d10, d11, [\base, #\at+D8+16]
    stp d12, d13, [\base, #\at+D8+32]
    stp d14, d15, [\base, #\at+D8+48]
    .endm

    .macro LOAD base
    ldp x19, x20, [\base, #X19]
    ldp x21, x22, [\base, #X19+16]
    ldp x23, x24, [\base, #X19+32]
    ldp x25, x26, [\base, #X19+48]
    ldp x27, x28, [\base, #X19+64]
    ldp x29, x30, [\base, #FP]
    ldp d8, d9, [\base, #D8]
    ldp d10, d11, [\base, #D8+16]
    ldp d12, d13, [\base, #D8+32]
    ldp d14, d15, [\base, #D8+48]
    .endm

    .macro HEADER register
    mov \register, sp
    lsr \register, \register, #BLOCK_SHIFT
    lsl \register, \register, #BLOCK_SHIFT
    .endm

    /* uint64_t sim_enter_image(struct sim_stack *stack, const struct sim_registers *in, const void *function) */
    .globl sim_enter_image
    .type sim_enter_image, %function
sim_enter_image:
    sub sp, sp, #SIZE
    STORE sp, 0
    mov x9, sp
    str x9, [x0]
    ldr x18, [x0, #8]
    mov x10, x2
    mov x9, x1
    LOAD x9
    ldr x11, [x9, #SP_]
    mov sp, x11
    ldp x0, x1, [x9, #X0]
    ldp x2, x3, [x9, #X0+16]
    ldp x4, x5, [x9, #X0+32]
    ldp x6, x7, [x9, #X0+48]
    blr x10
    HEADER x9
    STORE x9, LEFT
    mov x10, sp
    str x10, [x9, #LEFT+SP_]
    str x18, [x9, #LEFT+X0]
    ldr x9, [x9]
    mov sp, x9
    LOAD sp
    add sp, sp, #SIZE
    ret
    .size sim_enter_image, . - sim_enter_image

    /* A stub came here with the row in x16. */
    .globl sim_import_entry
    .type sim_import_entry, %function
sim_import_entry:
    HEADER x9
    ldr x10, [x9]
    sub x10, x10, #SIZE
    STORE x10, 0
    mov x11, sp
    str x11, [x10, #SP_]
    stp x0, x1, [x10, #X0]
    stp x2, x3, [x10, #X0+16]
    stp x4, x5, [x10, #X0+32]
    stp x6, x7, [x10, #X0+48]
    mov sp, x10
    mov x0, x16
    mov x1, x10
    bl sim_import_dispatch
    ldr x30, [sp, #FP+8]
    ldr x9, [sp, #SP_]
    mov sp, x9
    HEADER x9
    ldr x18, [x9, #8]
    ret
    .size sim_import_entry, . - sim_import_entry

    /* _Noreturn void sim_resume_image(const struct sim_registers *at, const void *where, uint64_t result) */
    .globl sim_resume_image
    .type sim_resume_image, %function
sim_resume_image:
    mov x9, x0
    mov x16, x1
    mov x0, x2
    LOAD x9
    ldr x11, [x9, #SP_]
    mov sp, x11
    HEADER x9
    ldr x18, [x9, #8]
    br x16
    .size sim_resume_image, . - sim_resume_image

    .section .note.GNU-stack, "", %progbits
