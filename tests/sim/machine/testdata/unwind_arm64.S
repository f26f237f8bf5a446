/* SPDX-License-Identifier: MIT
 * Prologues of the forms that packed unwind data describes: each function spoils what it saves and raises.
 * void Unwind1(UINT32 status): odd count of integer registers with lr, floats, locals
 * void Unwind2(UINT32 status): frame chain, integer registers, locals */
    .text
    .globl Unwind1
    .def Unwind1; .scl 2; .type 32; .endef
    .seh_proc Unwind1
Unwind1:
    stp x19, x20, [sp, #-64]!
    .seh_save_regp_x x19, 64
    stp x21, x30, [sp, #16]
    .seh_save_lrpair x21, 16
    stp d8, d9, [sp, #32]
    .seh_save_fregp d8, 32
    str d10, [sp, #48]
    .seh_save_freg d10, 48
    sub sp, sp, #48
    .seh_stackalloc 48
    .seh_endprologue
    .irp number, 19, 20, 21
    mov x\number, #0xbad
    .endr
    .irp number, 8, 9, 10
    fmov d\number, x19
    .endr
    bl RaiseClobber
    .seh_startepilogue
    add sp, sp, #48
    .seh_stackalloc 48
    ldr d10, [sp, #48]
    .seh_save_freg d10, 48
    ldp d8, d9, [sp, #32]
    .seh_save_fregp d8, 32
    ldp x21, x30, [sp, #16]
    .seh_save_lrpair x21, 16
    ldp x19, x20, [sp], #64
    .seh_save_regp_x x19, 64
    .seh_endepilogue
    ret
    .seh_endproc

    .globl Unwind2
    .def Unwind2; .scl 2; .type 32; .endef
    .seh_proc Unwind2
Unwind2:
    stp x19, x20, [sp, #-32]!
    .seh_save_regp_x x19, 32
    stp x21, x22, [sp, #16]
    .seh_save_regp x21, 16
    stp x29, x30, [sp, #-80]!
    .seh_save_fplr_x 80
    mov x29, sp
    .seh_set_fp
    .seh_endprologue
    .irp number, 19, 20, 21, 22
    mov x\number, #0xbad
    .endr
    bl RaiseClobber
    .seh_startepilogue
    mov sp, x29
    .seh_set_fp
    ldp x29, x30, [sp], #80
    .seh_save_fplr_x 80
    ldp x21, x22, [sp, #16]
    .seh_save_regp x21, 16
    ldp x19, x20, [sp], #32
    .seh_save_regp_x x19, 32
    .seh_endepilogue
    ret
    .seh_endproc
