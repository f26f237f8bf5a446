/* SPDX-License-Identifier: MIT
 * arm: arguments, checks and stubs. Code is Thumb-2 only, as on Windows: addresses of code carry bit 0. */
#include "arch.h"

#include <string.h>

_Static_assert(offsetof(struct sim_registers, r4) == 64 && offsetof(struct sim_registers, sp) == 96 &&
                   offsetof(struct sim_registers, lr) == 100 && offsetof(struct sim_registers, r) == 104 &&
                   sizeof(struct sim_registers) == 120,
               "as call_arm.S has it");
_Static_assert(offsetof(struct sim_stack, left) == 16, "as call_arm.S has it");

enum
{
    REGISTER_WORDS = 4
};

void
sim_arch_poison(struct sim_registers *in)
{
    uint32_t *word = (uint32_t *)in;
    for (size_t i = 0; i < sizeof *in / 4; i++)
        word[i] = 0xa11c0000u + 0x0101u * (uint32_t)(i + 1);
}

void
sim_arch_arguments(struct sim_registers *in, uintptr_t sp, enum sim_convention convention, unsigned words,
                   const uintptr_t *args)
{
    (void)convention;
    unsigned extra = words > REGISTER_WORDS ? words - REGISTER_WORDS : 0;
    uint32_t *slot = (uint32_t *)((sp - extra * 4) & ~(uintptr_t)7);
    for (unsigned i = 0; i < words; i++)
        (i < REGISTER_WORDS ? &in->r[i] : &slot[i - REGISTER_WORDS])[0] = args[i];
    in->sp = (uint32_t)(uintptr_t)slot;
}

void
sim_arch_check(const void *function, const struct sim_registers *in, const struct sim_registers *left,
               enum sim_convention convention, unsigned words)
{
    (void)convention;
    (void)words;
    char where[200];
    if (memcmp(in, left, offsetof(struct sim_registers, lr)) == 0)
        return;
    sim_describe(function, where, sizeof where);
    if (in->sp != left->sp)
        sim_stop("calling convention", "%s left sp off by %d bytes", where, (int)(left->sp - in->sp));
    for (unsigned i = 0; i < 8; i++) {
        if (in->r4[i] != left->r4[i])
            sim_stop("calling convention", "%s did not preserve r%u", where, 4 + i);
    }
    sim_stop("calling convention", "%s did not preserve d8 to d15", where);
}

void
sim_arch_frame(struct sim_frame *frame, struct sim_registers *registers, unsigned words)
{
    const uint32_t *stack = (const uint32_t *)registers->sp;
    memcpy(frame->arg, registers->r, sizeof registers->r);
    for (unsigned i = REGISTER_WORDS; i < words && i < SIM_MAX_WORDS; i++)
        frame->arg[i] = stack[i - REGISTER_WORDS];
    frame->return_address = (void *)registers->lr;
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
    return registers->sp;
}

size_t
sim_arch_stub(uint8_t *code, const struct sim_import *row, size_t *entry)
{
    static const uint16_t instructions[] = {
        0xf8df, 0xc004, /* ldr r12, [pc, #4] */
        0xf8df, 0xf004, /* ldr pc, [pc, #4] */
    };
    uint32_t values[] = {(uintptr_t)row, (uintptr_t)sim_import_entry};
    memcpy(code, instructions, sizeof instructions);
    memcpy(code + sizeof instructions, values, sizeof values);
    *entry = 1;
    return sizeof instructions + sizeof values;
}

/* The thread register of user mode on Windows; Linux keeps its own in another. */
void
sim_arch_thread(struct sim_stack *stack)
{
    uint32_t *tib = (uint32_t *)stack->teb;
    tib[1] = stack->top;
    tib[2] = stack->bottom;
    tib[6] = stack->teb;
    __asm__ volatile("mcr p15, 0, %0, c13, c0, 2" : : "r"(stack->teb));
}
