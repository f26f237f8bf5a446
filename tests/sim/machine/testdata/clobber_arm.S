/* SPDX-License-Identifier: MIT
 * void RaiseClobber(UINT32 status): keeps every nonvolatile register, spoils them and raises. */
    .syntax unified
    .thumb
    .text
    .globl RaiseClobber
    .def RaiseClobber; .scl 2; .type 32; .endef
    .p2align 1
    .thumb_func
    .seh_proc RaiseClobber
RaiseClobber:
    push.w {r4-r11, lr}
    .seh_save_regs_w {r4-r11, lr}
    sub sp, sp, #12
    .seh_stackalloc 12
    vpush {d8-d15}
    .seh_save_fregs {d8-d15}
    sub.w sp, sp, #512
    .seh_stackalloc_w 512
    .seh_endprologue
    .irp number, 4, 5, 6, 7, 8, 9, 10, 11
    movw r\number, #0xdead
    .endr
    .irp number, 8, 9, 10, 11, 12, 13, 14, 15
    vmov d\number, r4, r5
    .endr
    movw r3, :lower16:__imp_TestRaise
    movt r3, :upper16:__imp_TestRaise
    ldr r3, [r3]
    blx r3
    .seh_startepilogue
    add.w sp, sp, #512
    .seh_stackalloc_w 512
    vpop {d8-d15}
    .seh_save_fregs {d8-d15}
    add sp, sp, #12
    .seh_stackalloc 12
    pop.w {r4-r11, pc}
    .seh_save_regs_w {r4-r11, lr}
    .seh_endepilogue
    .seh_endproc
