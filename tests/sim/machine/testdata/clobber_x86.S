/* SPDX-License-Identifier: MIT
 * void __stdcall RaiseClobber(UINT32 status): keeps every nonvolatile register, spoils them and raises. */
    .intel_syntax noprefix
    .text
    .globl _RaiseClobber@4
_RaiseClobber@4:
    push ebx
    push ebp
    push esi
    push edi
    mov eax, [esp + 20]
    .irp register, ebx, ebp, esi, edi
    mov \register, 0xdead
    .endr
    push eax
    call dword ptr [__imp__TestRaise@4]
    pop edi
    pop esi
    pop ebp
    pop ebx
    ret 4
    /* No handler in this file: the linker may claim the image safe. */
    .globl @feat.00
    .set @feat.00, 1
