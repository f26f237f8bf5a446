/* SPDX-License-Identifier: MIT
 * Calls of arm and arm64: the first words go in registers, the rest on the stack, and the caller pops them. */
#if defined(__aarch64__) || defined(__arm__)
#include "arch.h"

#include <string.h>

enum
{
    REGISTER_WORDS = sizeof((struct sim_registers *)NULL)->arg / sizeof(uintptr_t)
};

void
sim_arch_poison(struct sim_registers *in)
{
    uintptr_t *word = (uintptr_t *)in;
    for (size_t i = 0; i < sizeof *in / sizeof *word; i++)
        word[i] = (uintptr_t)0xa11ce000a11c0000u + (uintptr_t)0x0101010101u * (i + 1);
}

void
sim_arch_arguments(struct sim_registers *in, uintptr_t sp, enum sim_convention convention, unsigned words,
                   const uintptr_t *args)
{
    (void)convention;
    unsigned extra = words > REGISTER_WORDS ? words - REGISTER_WORDS : 0;
    uintptr_t *slot = (uintptr_t *)((sp - extra * sizeof *slot) & ~(2 * sizeof *slot - 1));
    for (unsigned i = 0; i < words; i++)
        *(i < REGISTER_WORDS ? (uintptr_t *)&in->arg[i] : &slot[i - REGISTER_WORDS]) = args[i];
    in->sp = (uintptr_t)slot;
}

void
sim_arch_frame(struct sim_frame *frame, struct sim_registers *registers, unsigned words)
{
    const uintptr_t *stack = (const uintptr_t *)registers->sp;
    memcpy(frame->arg, registers->arg, sizeof registers->arg);
    for (unsigned i = REGISTER_WORDS; i < words && i < SIM_MAX_WORDS; i++)
        frame->arg[i] = stack[i - REGISTER_WORDS];
    frame->return_address = (void *)(uintptr_t)registers->lr;
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

#endif
