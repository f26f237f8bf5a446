/* SPDX-License-Identifier: MIT
 * arm: checks and stubs. Code is Thumb-2 only, as on Windows: addresses of code carry bit 0. */
#include "arch.h"

#include <string.h>

_Static_assert(offsetof(struct sim_registers, r4) == 64 && offsetof(struct sim_registers, sp) == 96 &&
                   offsetof(struct sim_registers, lr) == 100 && offsetof(struct sim_registers, arg) == 104 &&
                   sizeof(struct sim_registers) == 120,
               "as call_arm.S has it");
_Static_assert(offsetof(struct sim_stack, left) == 16, "as call_arm.S has it");

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
