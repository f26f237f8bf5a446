/* SPDX-License-Identifier: MIT
 * void RaiseClobber(UINT32 status): keeps every nonvolatile register, spoils them and raises. */
    .text
    .globl RaiseClobber
    .def RaiseClobber; .scl 2; .type 32; .endef
    .seh_proc RaiseClobber
RaiseClobber:
    stp x29, x30, [sp, #-176]!
    .seh_save_fplr_x 176
    stp x19, x20, [sp, #16]
    .seh_save_regp x19, 16
    stp x21, x22, [sp, #32]
    .seh_save_next
    stp x23, x24, [sp, #48]
    .seh_save_next
    stp x25, x26, [sp, #64]
    .seh_save_regp x25, 64
    stp x27, x28, [sp, #80]
    .seh_save_regp x27, 80
    stp d8, d9, [sp, #96]
    .seh_save_fregp d8, 96
    stp d10, d11, [sp, #112]
    .seh_save_fregp d10, 112
    stp d12, d13, [sp, #128]
    .seh_save_fregp d12, 128
    stp d14, d15, [sp, #144]
    .seh_save_fregp d14, 144
    mov x29, sp
    .seh_set_fp
    sub sp, sp, #32
    .seh_stackalloc 32
    .seh_endprologue
    mov x9, #0xdead
    .irp number, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
    mov x\number, x9
    .endr
    .irp number, 8, 9, 10, 11, 12, 13, 14, 15
    fmov d\number, x9
    .endr
    adrp x8, __imp_TestRaise
    ldr x8, [x8, :lo12:__imp_TestRaise]
    blr x8
    .seh_startepilogue
    add sp, sp, #32
    .seh_stackalloc 32
    ldp d14, d15, [sp, #144]
    .seh_save_fregp d14, 144
    ldp d12, d13, [sp, #128]
    .seh_save_fregp d12, 128
    ldp d10, d11, [sp, #112]
    .seh_save_fregp d10, 112
    ldp d8, d9, [sp, #96]
    .seh_save_fregp d8, 96
    ldp x27, x28, [sp, #80]
    .seh_save_regp x27, 80
    ldp x25, x26, [sp, #64]
    .seh_save_regp x25, 64
    ldp x23, x24, [sp, #48]
    .seh_save_regp x23, 48
    ldp x21, x22, [sp, #32]
    .seh_save_regp x21, 32
    ldp x19, x20, [sp, #16]
    .seh_save_regp x19, 16
    ldp x29, x30, [sp], #176
    .seh_save_fplr_x 176
    .seh_endepilogue
    ret
    .seh_endfunclet
    .seh_endproc
