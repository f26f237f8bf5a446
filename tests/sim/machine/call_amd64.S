/* SPDX-License-Identifier: MIT
 * amd64: between the host's System V convention and Microsoft's. Offsets are those of struct sim_registers and
 * struct sim_stack, asserted in arch_amd64.c. */
#define RBX   0
#define RBP   8
#define RSI   16
#define RDI   24
#define R12   32
#define R13   40
#define R14   48
#define R15   56
#define RSP   64
#define RCX   72
#define RDX   80
#define R8    88
#define R9    96
#define XMM   112
#define SIZE  272
#define LEFT  16
#define BLOCK 0x200000

    .text

    .macro STORE at
    movq %rbx, (\at+RBX)(%r10)
    movq %rbp, (\at+RBP)(%r10)
    movq %rsi, (\at+RSI)(%r10)
    movq %rdi, (\at+RDI)(%r10)
    movq %r12, (\at+R12)(%r10)
    movq %r13, (\at+R13)(%r10)
    movq %r14, (\at+R14)(%r10)
    movq %r15, (\at+R15)(%r10)
    movaps %xmm6, (\at+XMM)(%r10)
    movaps %xmm7, (\at+XMM+16)(%r10)
    movaps %xmm8, (\at+XMM+32)(%r10)
    movaps %xmm9, (\at+XMM+48)(%r10)
    movaps %xmm10, (\at+XMM+64)(%r10)
    movaps %xmm11, (\at+XMM+80)(%r10)
    movaps %xmm12, (\at+XMM+96)(%r10)
    movaps %xmm13, (\at+XMM+112)(%r10)
    movaps %xmm14, (\at+XMM+128)(%r10)
    movaps %xmm15, (\at+XMM+144)(%r10)
    .endm

    .macro LOAD_XMM from
    movaps XMM(\from), %xmm6
    movaps XMM+16(\from), %xmm7
    movaps XMM+32(\from), %xmm8
    movaps XMM+48(\from), %xmm9
    movaps XMM+64(\from), %xmm10
    movaps XMM+80(\from), %xmm11
    movaps XMM+96(\from), %xmm12
    movaps XMM+112(\from), %xmm13
    movaps XMM+128(\from), %xmm14
    movaps XMM+144(\from), %xmm15
    .endm

    /* Registers of an image from the struct at rsi; rsi itself comes last. */
    .macro LOAD
    LOAD_XMM %rsi
    movq RBX(%rsi), %rbx
    movq RBP(%rsi), %rbp
    movq R12(%rsi), %r12
    movq R13(%rsi), %r13
    movq R14(%rsi), %r14
    movq R15(%rsi), %r15
    movq RSP(%rsi), %rsp
    movq RCX(%rsi), %rcx
    movq RDX(%rsi), %rdx
    movq R8(%rsi), %r8
    movq R9(%rsi), %r9
    movq RDI(%rsi), %rdi
    movq RSI(%rsi), %rsi
    .endm

    /* uint64_t sim_enter_image(struct sim_stack *stack, const struct sim_registers *in, const void *function) */
    .globl sim_enter_image
    .type sim_enter_image, @function
sim_enter_image:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $8, %rsp
    movq %rsp, (%rdi)
    movq %rdx, %rax
    LOAD
    call *%rax
    cld
    movq %rsp, %r10
    andq $-BLOCK, %r10
    movq %rsp, (LEFT+RSP)(%r10)
    STORE LEFT
    movq (%r10), %rsp
    addq $8, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size sim_enter_image, . - sim_enter_image

    /* A stub came here with the row in rax. */
    .globl sim_import_entry
    .type sim_import_entry, @function
sim_import_entry:
    movq %rsp, %r11
    movq %rsp, %r10
    andq $-BLOCK, %r10
    movq (%r10), %rsp
    subq $SIZE, %rsp
    movq %rsp, %r10
    STORE 0
    movq %r11, RSP(%rsp)
    movq %rcx, RCX(%rsp)
    movq %rdx, RDX(%rsp)
    movq %r8, R8(%rsp)
    movq %r9, R9(%rsp)
    movq %rax, %rdi
    movq %rsp, %rsi
    call sim_import_dispatch
    LOAD_XMM %rsp
    movq RSI(%rsp), %rsi
    movq RDI(%rsp), %rdi
    movq RSP(%rsp), %rsp
    ret
    .size sim_import_entry, . - sim_import_entry

    /* _Noreturn void sim_resume_image(const struct sim_registers *at, const void *where, uint64_t result) */
    .globl sim_resume_image
    .type sim_resume_image, @function
sim_resume_image:
    movq %rdx, %rax
    movq %rsi, %r11
    movq %rdi, %rsi
    LOAD
    jmp *%r11
    .size sim_resume_image, . - sim_resume_image

    .section .note.GNU-stack, "", @progbits
