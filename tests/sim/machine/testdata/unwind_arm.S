/* SPDX-License-Identifier: MIT
 * Prologues of the forms that packed unwind data describes: each function spoils what it saves and raises.
 * void Unwind1(UINT32 status): integer registers, locals
 * void Unwind2(UINT32 status): frame chain on r11, locals
 * void Unwind3(UINT32 status): floating-point registers
 * void Unwind4(UINT32 status): locals made by the push itself */
    .syntax unified
    .thumb
    .text

    .macro FUNCTION name
    .globl \name
    .def \name; .scl 2; .type 32; .endef
    .p2align 1
    .thumb_func
    .seh_proc \name
\name:
    .endm

    FUNCTION Unwind1
    push {r4-r7, lr}
    .seh_save_regs {r4-r7, lr}
    sub sp, sp, #28
    .seh_stackalloc 28
    .seh_endprologue
    .irp number, 4, 5, 6, 7
    movs r\number, #0xbd
    .endr
    bl RaiseClobber
    .seh_startepilogue
    add sp, sp, #28
    .seh_stackalloc 28
    pop {r4-r7, pc}
    .seh_save_regs {r4-r7, lr}
    .seh_endepilogue
    .seh_endproc

    FUNCTION Unwind2
    push.w {r4-r6, r11, lr}
    .seh_save_regs_w {r4-r6, r11, lr}
    add.w r11, sp, #12
    .seh_nop_w
    sub sp, sp, #20
    .seh_stackalloc 20
    .seh_endprologue
    .irp number, 4, 5, 6
    movs r\number, #0xbd
    .endr
    bl RaiseClobber
    .seh_startepilogue
    add sp, sp, #20
    .seh_stackalloc 20
    pop.w {r4-r6, r11, pc}
    .seh_save_regs_w {r4-r6, r11, lr}
    .seh_endepilogue
    .seh_endproc

    FUNCTION Unwind3
    push {lr}
    .seh_save_regs {lr}
    vpush {d8-d10}
    .seh_save_fregs {d8-d10}
    sub sp, sp, #4
    .seh_stackalloc 4
    .seh_endprologue
    .irp number, 8, 9, 10
    vmov d\number, r0, r0
    .endr
    bl RaiseClobber
    .seh_startepilogue
    add sp, sp, #4
    .seh_stackalloc 4
    vpop {d8-d10}
    .seh_save_fregs {d8-d10}
    pop {pc}
    .seh_save_regs {lr}
    .seh_endepilogue
    .seh_endproc

    FUNCTION Unwind4
    push {r1, r2, r3, r4, r5, lr}
    .seh_save_regs {r1-r5, lr}
    .seh_endprologue
    .irp number, 4, 5
    movs r\number, #0xbd
    .endr
    bl RaiseClobber
    .seh_startepilogue
    pop {r1, r2, r3, r4, r5, pc}
    .seh_save_regs {r1-r5, lr}
    .seh_endepilogue
    .seh_endproc
