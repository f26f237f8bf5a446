/* SPDX-License-Identifier: MIT
 * Functions that break the calling convention, each in one way. */
#if defined(__i386__)
#define SYMBOL(name) _##name##@0
#define EXPORT(name) "_" #name "@0"
#else
#define SYMBOL(name) name
#define EXPORT(name) #name
#endif
#if defined(__arm__)
    .syntax unified
    .thumb
#define START(name) .globl SYMBOL(name); .def SYMBOL(name); .scl 2; .type 32; .endef; .p2align 1; .thumb_func; SYMBOL(name):
#else
#define START(name) .globl SYMBOL(name); .def SYMBOL(name); .scl 2; .type 32; .endef; SYMBOL(name):
#endif

    .section .drectve, "yni"
    .ascii " /export:", EXPORT(BrokenStack), " /export:", EXPORT(BrokenRegister), " /export:", EXPORT(BrokenOther), " /export:", EXPORT(BrokenCookie)
    .text

START(BrokenStack)
#if defined(__x86_64__)
    popq %rcx
    subq $16, %rsp
    jmpq *%rcx
#elif defined(__i386__)
    ret $4
#elif defined(__aarch64__)
    sub sp, sp, #16
    ret
#else
    sub sp, sp, #8
    bx lr
#endif

START(BrokenRegister)
#if defined(__x86_64__)
    incq %rsi
    ret
#elif defined(__i386__)
    incl %ebx
    ret
#elif defined(__aarch64__)
    add x19, x19, #1
    ret
#else
    add r9, r9, #1
    bx lr
#endif

/* xmm or d registers, fs:[0] on x86. */
START(BrokenOther)
#if defined(__x86_64__)
    pxor %xmm6, %xmm6
    ret
#elif defined(__i386__)
    movl $0, %fs:0
    ret
#elif defined(__aarch64__)
    fmov d8, xzr
    ret
#else
    vmov d8, r0, r0
    bx lr
#endif

/* The fast fail of an overwritten stack cookie. */
START(BrokenCookie)
#if defined(__x86_64__) || defined(__i386__)
    movl $2, %ecx
    int $0x29
#elif defined(__aarch64__)
    mov x0, #2
    brk #0xf003
#else
    movs r0, #2
    udf #0xfb
#endif

#if defined(__i386__)
    .globl @feat.00
    .set @feat.00, 1
#endif
