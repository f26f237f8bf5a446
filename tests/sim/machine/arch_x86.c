/* SPDX-License-Identifier: MIT
 * x86: stdcall, fastcall and cdecl; who pops what is checked on every return. fs leads to a thread block,
 * whose first word is the chain of exception registrations. */
#include "arch.h"

#include <asm/ldt.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(offsetof(struct sim_registers, ecx) == 16 && offsetof(struct sim_registers, esp) == 24,
               "as call_x86.S has it");
_Static_assert(offsetof(struct sim_stack, left) == 16, "as call_x86.S has it");

enum
{
    FASTCALL_WORDS = 2,
    CHAIN_END = -1
};

/* NT_TIB, as far as code of images reads it. */
struct tib
{
    uint32_t exception_list, stack_base, stack_limit, sub_system, fiber_data, arbitrary, self;
};

void
sim_arch_poison(struct sim_registers *in)
{
    *in =
        (struct sim_registers){0xb0b0ebb1, 0xb0b0ebb2, 0xb0b0ebb3, 0xb0b0ebb4, 0xb0b0ebb5, 0xb0b0ebb6, 0, 0};
}

/* Arguments end up at an address that is 4 modulo 16: the platform promises no more than 4. */
void
sim_arch_arguments(struct sim_registers *in, uintptr_t sp, enum sim_convention convention, unsigned words,
                   const uintptr_t *args)
{
    unsigned in_registers = convention == SIM_FASTCALL ? FASTCALL_WORDS : 0, first = 0;
    for (; first < in_registers && first < words; first++)
        (first ? &in->edx : &in->ecx)[0] = args[first];
    uint32_t *slot = (uint32_t *)(((sp - (words - first) * 4) & ~(uintptr_t)15) - 12);
    for (unsigned i = first; i < words; i++)
        slot[i - first] = args[i];
    in->esp = (uint32_t)(uintptr_t)slot;
    struct tib *tib = (struct tib *)sim_stack()->teb;
    in->chain = tib->exception_list;
    tib->exception_list = (uint32_t)CHAIN_END;
}

static unsigned
popped(enum sim_convention convention, unsigned words)
{
    if (convention == SIM_CDECL)
        return 0;
    if (convention == SIM_FASTCALL)
        return words > FASTCALL_WORDS ? (words - FASTCALL_WORDS) * 4 : 0;
    return words * 4;
}

void
sim_arch_check(const void *function, const struct sim_registers *in, const struct sim_registers *left,
               enum sim_convention convention, unsigned words)
{
    static const char *const names[] = {"ebx", "ebp", "esi", "edi"};
    char where[200];
    uint32_t pops = popped(convention, words), wanted = in->esp + pops;
    sim_describe(function, where, sizeof where);
    if (left->esp != wanted)
        sim_stop("calling convention", "%s took %d bytes off the stack, its convention says %u", where,
                 (int)(left->esp - in->esp), pops);
    for (unsigned i = 0; i < 4; i++) {
        if ((&in->ebx)[i] != (&left->ebx)[i])
            sim_stop("calling convention", "%s did not preserve %s", where, names[i]);
    }
    struct tib *tib = (struct tib *)sim_stack()->teb;
    if (tib->exception_list != (uint32_t)CHAIN_END)
        sim_stop("exception chain", "%s left its registration at fs:[0]", where);
    tib->exception_list = in->chain;
}

void
sim_arch_frame(struct sim_frame *frame, struct sim_registers *registers, unsigned words)
{
    const uint32_t *stack = (const uint32_t *)&registers->esp;
    unsigned first = 0;
    if (frame->row->convention == SIM_FASTCALL) {
        frame->arg[0] = registers->ecx;
        frame->arg[1] = registers->edx;
        first = FASTCALL_WORDS;
    }
    for (unsigned i = first; i < words && i < SIM_MAX_WORDS; i++)
        frame->arg[i] = stack[1 + i - first];
    frame->return_address = (void *)stack[0];
}

void
sim_arch_leave(const struct sim_import *row, struct sim_registers *registers, unsigned words)
{
    unsigned pops = popped(row->convention, words);
    *(uint32_t *)((uint8_t *)&registers->esp + pops) = registers->esp;
    registers->ecx = pops;
}

uintptr_t
sim_arch_sp(const struct sim_registers *registers)
{
    return (uintptr_t)registers;
}

size_t
sim_arch_stub(uint8_t *code, const struct sim_import *row, size_t *entry)
{
    uint32_t value = (uint32_t)(uintptr_t)row;
    uint32_t distance = (uint32_t)(uintptr_t)sim_import_entry - ((uint32_t)(uintptr_t)code + 10);
    code[0] = 0xb8; /* mov eax, row */
    memcpy(code + 1, &value, 4);
    code[5] = 0xe9; /* jmp */
    memcpy(code + 6, &distance, 4);
    *entry = 0;
    return 10;
}

/* The host's thread-local storage is behind gs; fs is free for a segment of our own. A thread inherits its
 * maker's segments, and there are but three: so the first thread asks which one is free, and all the others
 * take the same. */
void
sim_arch_thread(struct sim_stack *stack)
{
    struct tib *tib = (struct tib *)stack->teb;
    /* Threads inherit the segments of their maker, and there are three: so all take the same entry. */
    static _Atomic int entry = -1;
    struct user_desc segment = {.entry_number = (unsigned)entry,
                                .base_addr = (unsigned)stack->teb,
                                .limit = 0xfffff,
                                .seg_32bit = 1,
                                .limit_in_pages = 1,
                                .useable = 1};
    tib->exception_list = (uint32_t)CHAIN_END;
    tib->stack_base = stack->top;
    tib->stack_limit = stack->bottom;
    tib->self = stack->teb;
    if (syscall(SYS_set_thread_area, &segment) != 0)
        sim_stop("machine", "no segment for fs");
    entry = (int)segment.entry_number;
    uint16_t selector = (uint16_t)(segment.entry_number * 8 + 3);
    __asm__ volatile("movw %0, %%fs" : : "r"(selector));
}
