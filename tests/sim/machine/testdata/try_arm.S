/* SPDX-License-Identifier: MIT
 * The compiler has no __try for arm, so that scopes are written out here.
 *
 *   UINTPTR TryExcept(UINTPTR (*body)(void *), void *context, int (*filter)(UINT32 code, void *),
 *                     UINTPTR (*handler)(UINT32 code, void *))
 *   UINTPTR TryFinally(UINTPTR (*body)(void *), void *context, void (*last)(UINT32 abnormal, void *))
 *
 * The first has its frame on sp, the second on r11. */
    .syntax unified
    .thumb
    .text

    .globl TryExcept
    .def TryExcept; .scl 2; .type 32; .endef
    .p2align 1
    .thumb_func
    .seh_proc TryExcept
    .seh_handler __C_specific_handler, %except, %unwind
TryExcept:
    push {r4, lr}
    .seh_save_regs {r4, lr}
    sub sp, sp, #16
    .seh_stackalloc 16
    .seh_endprologue
    str r1, [sp]
    str r2, [sp, #4]
    str r3, [sp, #8]
    mov r4, r1
    mov r3, r0
    mov r0, r1
.LexceptBegin:
    blx r3
.LexceptEnd:
    b .LexceptOut
.LexceptTarget:
    /* r0 is the code, r4 what it was at the call */
    mov r1, r4
    ldr r2, [sp, #8]
    blx r2
.LexceptOut:
    .seh_startepilogue
    add sp, sp, #16
    .seh_stackalloc 16
    pop {r4, pc}
    .seh_save_regs {r4, lr}
    .seh_endepilogue
    .seh_handlerdata
    .long 1
    .rva .LexceptBegin
    .rva .LexceptEnd
    .rva TryExceptFilter
    .rva .LexceptTarget
    .text
    .seh_endproc

    /* r0: pointers, r1: the frame */
    .def TryExceptFilter; .scl 3; .type 32; .endef
    .p2align 1
    .thumb_func
TryExceptFilter:
    ldr r0, [r0]
    ldr r0, [r0]
    ldr r2, [r1, #4]
    ldr r1, [r1]
    bx r2

    .globl TryFinally
    .def TryFinally; .scl 2; .type 32; .endef
    .p2align 1
    .thumb_func
    .seh_proc TryFinally
    .seh_handler __C_specific_handler, %except, %unwind
TryFinally:
    push.w {r4, r11, lr}
    .seh_save_regs_w {r4, r11, lr}
    sub sp, sp, #20
    .seh_stackalloc 20
    mov r11, sp
    .seh_save_sp r11
    sub sp, sp, #64
    .seh_stackalloc 64
    .seh_endprologue
    str.w r1, [r11]
    str.w r2, [r11, #4]
    mov r3, r0
    mov r0, r1
.LfinallyBegin:
    blx r3
.LfinallyEnd:
    mov r4, r0
    movs r0, #0
    ldr.w r1, [r11]
    ldr.w r2, [r11, #4]
    blx r2
    mov r0, r4
    .seh_startepilogue
    mov sp, r11
    .seh_save_sp r11
    add sp, sp, #20
    .seh_stackalloc 20
    pop.w {r4, r11, pc}
    .seh_save_regs_w {r4, r11, lr}
    .seh_endepilogue
    .seh_handlerdata
    .long 1
    .rva .LfinallyBegin
    .rva .LfinallyEnd
    .rva TryFinallyLast
    .long 0
    .text
    .seh_endproc

    /* r0: 1, r1: the frame */
    .def TryFinallyLast; .scl 3; .type 32; .endef
    .p2align 1
    .thumb_func
TryFinallyLast:
    ldr r2, [r1, #4]
    ldr r1, [r1]
    bx r2
