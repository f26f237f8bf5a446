/* SPDX-License-Identifier: MIT
 *
 * ProbeAndLockUserPages for arm: a frame with a handler, and the scope table that __C_specific_handler reads. One
 * scope covers the call; its filter is the constant 1 (EXCEPTION_EXECUTE_HANDLER), and the unwinder resumes at
 * LHandler with the exception's code in r0, which is what the function returns.
 */
#if defined(__arm__)

    .syntax unified
    .thumb
    .text

    .def ProbeAndLockUserPages
    .scl 2
    .type 32
    .endef
    .globl ProbeAndLockUserPages
    .p2align 2
    .thumb_func
ProbeAndLockUserPages:
    .seh_proc ProbeAndLockUserPages
    push.w {r11, lr}
    .seh_save_regs_w {r11, lr}
    mov r11, sp
    .seh_nop
    .seh_endprologue

    movs r1, #1 /* UserMode */
    movs r2, #1 /* IoWriteAccess */
    movw r3, :lower16:__imp_MmProbeAndLockPages
    movt r3, :upper16:__imp_MmProbeAndLockPages
    ldr r3, [r3]
LBegin:
    nop
    blx r3
    nop /* the return address lies inside the scope */
LEnd:
    movs r0, #0
LHandler:
    .seh_startepilogue
    pop.w {r11, pc}
    .seh_save_regs_w {r11, lr}
    .seh_endepilogue

    .seh_handler __C_specific_handler, %except
    .seh_handlerdata
    .long 1
    .rva LBegin
    .rva LEnd
    .long 1
    .rva LHandler
    .text
    .seh_endproc

#endif
