/* SPDX-License-Identifier: MIT
 * Forms of unwind data that compilers seldom make: each function spoils what it saves and raises.
 * void Unwind1(UINT32 status): registers stored by mov, a large frame
 * void Unwind2(UINT32 status): chained data
 * void Unwind3(UINT32 status): a frame pointer off the stack pointer, and a frame that grew since
 * void UnwindInEpilogue(UINT32 status): has a handler, but the call returns into its epilogue, where none applies */
    .intel_syntax noprefix
    .text

    .macro FUNCTION name
    .globl \name
    .def \name; .scl 2; .type 32; .endef
    .seh_proc \name
\name:
    .endm

    FUNCTION Unwind1
    sub rsp, 0x1028
    .seh_stackalloc 0x1028
    mov [rsp + 0x1000], rbx
    .seh_savereg rbx, 0x1000
    movaps [rsp + 0x20], xmm7
    .seh_savexmm xmm7, 0x20
    .seh_endprologue
    mov ebx, 0xbad
    pcmpeqd xmm7, xmm7
    call RaiseClobber
    mov rbx, [rsp + 0x1000]
    movaps xmm7, [rsp + 0x20]
    add rsp, 0x1028
    ret
    .seh_endproc

    FUNCTION Unwind2
    push rdi
    .seh_pushreg rdi
    sub rsp, 0x30
    .seh_stackalloc 0x30
    .seh_endprologue
    .seh_startchained
    mov [rsp + 0x20], rsi
    .seh_savereg rsi, 0x20
    .seh_endprologue
    mov esi, 0xbad
    mov edi, 0xbad
    call RaiseClobber
    mov rsi, [rsp + 0x20]
    .seh_endchained
    nop
    add rsp, 0x30
    pop rdi
    ret
    .seh_endproc

    FUNCTION Unwind3
    push rbp
    .seh_pushreg rbp
    push r15
    .seh_pushreg r15
    sub rsp, 0x48
    .seh_stackalloc 0x48
    lea rbp, [rsp + 0x20]
    .seh_setframe rbp, 0x20
    mov [rbp], r14
    .seh_savereg r14, 0x20
    .seh_endprologue
    sub rsp, 0x60
    mov r14d, 0xbad
    mov r15d, 0xbad
    call RaiseClobber
    mov r14, [rbp]
    lea rsp, [rbp + 0x28]
    pop r15
    pop rbp
    ret
    .seh_endproc

    FUNCTION UnwindInEpilogue
    .seh_handler __C_specific_handler, @except, @unwind
    sub rsp, 0x28
    .seh_stackalloc 0x28
    .seh_endprologue
.LepilogueBegin:
    call RaiseClobber
    add rsp, 0x28
    ret
.LepilogueEnd:
    .seh_handlerdata
    .long 1
    .long .LepilogueBegin@IMGREL, .LepilogueEnd@IMGREL, 1, .LepilogueEnd@IMGREL
    .text
    .seh_endproc
