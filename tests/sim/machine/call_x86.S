/* SPDX-License-Identifier: MIT
 * x86: between the host's cdecl and Microsoft's conventions. Offsets are those of struct sim_registers and struct
 * sim_stack, asserted in arch_x86.c. */
#define EBX   0
#define EBP   4
#define ESI   8
#define EDI   12
#define ECX   16
#define EDX   20
#define ESP   24
#define LEFT  16
#define BLOCK 0x200000

    .text

    /* uint64_t sim_enter_image(struct sim_stack *stack, const struct sim_registers *in, const void *function) */
    .globl sim_enter_image
    .type sim_enter_image, @function
sim_enter_image:
    pushl %ebp
    pushl %ebx
    pushl %esi
    pushl %edi
    movl 20(%esp), %edx
    movl 28(%esp), %eax
    movl 24(%esp), %esi
    movl %esp, (%edx)
    movl EBX(%esi), %ebx
    movl EBP(%esi), %ebp
    movl EDI(%esi), %edi
    movl ECX(%esi), %ecx
    movl EDX(%esi), %edx
    movl ESP(%esi), %esp
    movl ESI(%esi), %esi
    call *%eax
    cld
    movl %esp, %ecx
    andl $-BLOCK, %ecx
    movl %ebx, LEFT+EBX(%ecx)
    movl %ebp, LEFT+EBP(%ecx)
    movl %esi, LEFT+ESI(%ecx)
    movl %edi, LEFT+EDI(%ecx)
    movl %esp, LEFT+ESP(%ecx)
    movl (%ecx), %esp
    popl %edi
    popl %esi
    popl %ebx
    popl %ebp
    ret
    .size sim_enter_image, . - sim_enter_image

    /* A stub came here with the row in eax. The registers are stored on the image's stack, below its arguments;
     * sim_arch_leave has moved the return address and put the distance into the slot of ecx. */
    .globl sim_import_entry
    .type sim_import_entry, @function
sim_import_entry:
    pushl %edx
    pushl %ecx
    pushl %edi
    pushl %esi
    pushl %ebp
    pushl %ebx
    movl %esp, %esi
    movl %esp, %ecx
    andl $-BLOCK, %ecx
    movl (%ecx), %esp
    andl $-16, %esp
    subl $8, %esp
    pushl %esi
    pushl %eax
    call sim_import_dispatch
    movl %esi, %esp
    popl %ebx
    popl %ebp
    popl %esi
    popl %edi
    popl %ecx
    addl $4, %esp
    addl %ecx, %esp
    ret
    .size sim_import_entry, . - sim_import_entry

    /* _Noreturn void sim_resume_image(const struct sim_registers *at, const void *where, uint64_t result) */
    .globl sim_resume_image
    .type sim_resume_image, @function
sim_resume_image:
    movl 12(%esp), %eax
    movl 8(%esp), %ecx
    movl 4(%esp), %edx
    movl EBX(%edx), %ebx
    movl EBP(%edx), %ebp
    movl ESI(%edx), %esi
    movl EDI(%edx), %edi
    movl ESP(%edx), %esp
    jmp *%ecx
    .size sim_resume_image, . - sim_resume_image

    .section .note.GNU-stack, "", @progbits
