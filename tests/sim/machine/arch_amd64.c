/* SPDX-License-Identifier: MIT
 * amd64: arguments, checks and stubs of Microsoft's x64 convention. */
#include "arch.h"

#include <asm/prctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(offsetof(struct sim_registers, rsp) == 64 && offsetof(struct sim_registers, rcx) == 72 &&
                   offsetof(struct sim_registers, xmm) == 112 && sizeof(struct sim_registers) == 272,
               "as call_amd64.S has it");
_Static_assert(offsetof(struct sim_stack, left) == 16, "as call_amd64.S has it");

enum
{
    REGISTER_WORDS = 4,
    HOME_BYTES = 32
};

void
sim_arch_poison(struct sim_registers *in)
{
    uint64_t *word = (uint64_t *)in;
    for (size_t i = 0; i < sizeof *in / 8; i++)
        word[i] = 0xa11ce00000000000u + 0x0101010101u * (i + 1);
}

void
sim_arch_arguments(struct sim_registers *in, uintptr_t sp, enum sim_convention convention, unsigned words,
                   const uintptr_t *args)
{
    (void)convention;
    unsigned extra = words > REGISTER_WORDS ? words - REGISTER_WORDS : 0;
    uintptr_t *slot = (uintptr_t *)((sp - HOME_BYTES - extra * 8) & ~(uintptr_t)15);
    uint64_t *const registers[] = {&in->rcx, &in->rdx, &in->r8, &in->r9};
    for (unsigned i = 0; i < words; i++) {
        if (i < REGISTER_WORDS)
            *registers[i] = args[i];
        else
            slot[i] = args[i];
    }
    in->rsp = (uint64_t)slot;
}

void
sim_arch_check(const void *function, const struct sim_registers *in, const struct sim_registers *left,
               enum sim_convention convention, unsigned words)
{
    (void)convention;
    (void)words;
    char where[200];
    if (memcmp(in, left, offsetof(struct sim_registers, rsp)) == 0 && in->rsp == left->rsp &&
        memcmp(in->xmm, left->xmm, sizeof in->xmm) == 0)
        return;
    sim_describe(function, where, sizeof where);
    if (in->rsp != left->rsp)
        sim_stop("calling convention", "%s left rsp off by %lld bytes", where,
                 (long long)(left->rsp - in->rsp));
    static const char *const names[] = {"rbx", "rbp", "rsi", "rdi", "r12", "r13", "r14", "r15"};
    for (unsigned i = 0; i < 8; i++) {
        if ((&in->rbx)[i] != (&left->rbx)[i])
            sim_stop("calling convention", "%s did not preserve %s", where, names[i]);
    }
    sim_stop("calling convention", "%s did not preserve xmm6 to xmm15", where);
}

void
sim_arch_frame(struct sim_frame *frame, struct sim_registers *registers, unsigned words)
{
    const uintptr_t *stack = (const uintptr_t *)registers->rsp;
    memcpy(frame->arg, &registers->rcx, REGISTER_WORDS * 8);
    for (unsigned i = REGISTER_WORDS; i < words && i < SIM_MAX_WORDS; i++)
        frame->arg[i] = stack[1 + i];
    frame->return_address = (void *)stack[0];
}

void
sim_arch_leave(const struct sim_import *row, struct sim_registers *registers, unsigned words)
{
    (void)row;
    (void)registers;
    (void)words;
}

uintptr_t
sim_arch_sp(const struct sim_registers *registers)
{
    return registers->rsp;
}

size_t
sim_arch_stub(uint8_t *code, const struct sim_import *row, size_t *entry)
{
    static const uint8_t load_rax[] = {0x48, 0xb8}, load_r11[] = {0x49, 0xbb},
                         jump_r11[] = {0x41, 0xff, 0xe3};
    uint64_t target = (uint64_t)(uintptr_t)sim_import_entry, value = (uint64_t)(uintptr_t)row;
    memcpy(code, load_rax, 2);
    memcpy(code + 2, &value, 8);
    memcpy(code + 10, load_r11, 2);
    memcpy(code + 12, &target, 8);
    memcpy(code + 20, jump_r11, 3);
    *entry = 0;
    return 23;
}

/* gs is free on Linux; an image finds its NT_TIB there. */
void
sim_arch_thread(struct sim_stack *stack)
{
    uint64_t *tib = (uint64_t *)stack->teb;
    tib[1] = stack->top;
    tib[2] = stack->bottom;
    tib[6] = stack->teb;
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, stack->teb) != 0)
        sim_stop("machine", "the gs base cannot be set");
}
