/* SPDX-License-Identifier: MIT
 * void RaiseClobber(UINT32 status): keeps every nonvolatile register, spoils them and raises. */
    .intel_syntax noprefix
    .text
    .globl RaiseClobber
    .def RaiseClobber; .scl 2; .type 32; .endef
    .seh_proc RaiseClobber
RaiseClobber:
    .irp register, rbx, rbp, rsi, rdi, r12, r13, r14, r15
    push \register
    .seh_pushreg \register
    .endr
    sub rsp, 0xd8
    .seh_stackalloc 0xd8
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps [rsp + 0x20 + (\number - 6) * 16], xmm\number
    .seh_savexmm xmm\number, 0x20 + (\number - 6) * 16
    .endr
    .seh_endprologue
    .irp register, rbx, rbp, rsi, rdi, r12, r13, r14, r15
    mov \register, 0xdead
    .endr
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    pcmpeqd xmm\number, xmm\number
    .endr
    call qword ptr [rip + __imp_TestRaise]
    .irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movaps xmm\number, [rsp + 0x20 + (\number - 6) * 16]
    .endr
    add rsp, 0xd8
    .irp register, r15, r14, r13, r12, rdi, rsi, rbp, rbx
    pop \register
    .endr
    ret
    .seh_endproc
