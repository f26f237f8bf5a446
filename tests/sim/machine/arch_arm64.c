/* SPDX-License-Identifier: MIT
 * arm64: checks and stubs. */
#include "arch.h"

#include <string.h>

_Static_assert(offsetof(struct sim_registers, fp) == 80 && offsetof(struct sim_registers, sp) == 96 &&
                   offsetof(struct sim_registers, arg) == 112 && offsetof(struct sim_registers, d) == 176 &&
                   sizeof(struct sim_registers) == 240,
               "as call_arm64.S has it");
_Static_assert(offsetof(struct sim_stack, left) == 16, "as call_arm64.S has it");

void
sim_arch_check(const void *function, const struct sim_registers *in, const struct sim_registers *left,
               enum sim_convention convention, unsigned words)
{
    (void)convention;
    (void)words;
    char where[200];
    bool thread_kept = left->arg[0] == sim_stack()->teb; /* sim_enter_image left x18 there */
    if (memcmp(in, left, offsetof(struct sim_registers, lr)) == 0 && in->sp == left->sp &&
        memcmp(in->d, left->d, sizeof in->d) == 0 && thread_kept)
        return;
    sim_describe(function, where, sizeof where);
    if (in->sp != left->sp)
        sim_stop("calling convention", "%s left sp off by %lld bytes", where, (long long)(left->sp - in->sp));
    for (unsigned i = 0; i < 11; i++) {
        if ((&in->x19[0])[i] != (&left->x19[0])[i])
            sim_stop("calling convention", "%s did not preserve x%u", where, 19 + i);
    }
    sim_stop("calling convention", "%s did not preserve %s", where, thread_kept ? "d8 to d15" : "x18");
}

size_t
sim_arch_stub(uint8_t *code, const struct sim_import *row, size_t *entry)
{
    static const uint32_t instructions[] = {
        0x58000090, /* ldr x16, [pc, #16] */
        0x580000b1, /* ldr x17, [pc, #20] */
        0xd61f0220, /* br x17 */
        0xd503201f, /* nop */
    };
    uint64_t values[] = {(uintptr_t)row, (uintptr_t)sim_import_entry};
    memcpy(code, instructions, sizeof instructions);
    memcpy(code + sizeof instructions, values, sizeof values);
    *entry = 0;
    return sizeof instructions + sizeof values;
}

/* x18 is loaded on each way into an image. Its block looks like a TEB: NT_TIB first. */
void
sim_arch_thread(struct sim_stack *stack)
{
    uint64_t *tib = (uint64_t *)stack->teb;
    tib[1] = stack->top;
    tib[2] = stack->bottom;
    tib[6] = stack->teb;
}
