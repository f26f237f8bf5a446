/* SPDX-License-Identifier: MIT
 * Unwind codes and packed entries of arm, after "ARM exception handling" of Microsoft's C++ documentation. Addresses of
 * code lose their Thumb bit on the way in. */
#include "exception_records.h"

#include <string.h>

enum
{
    R11 = 11,
    LR = 14
};

/* ---- Contexts ---- */

void
sim_context_from_import(CONTEXT *context, const struct sim_frame *frame)
{
    const struct sim_registers *at = frame->registers;
    memcpy(&context->R[4], at->r4, sizeof at->r4);
    memcpy(&context->D[8], at->d, sizeof at->d);
    context->Sp = at->sp;
    context->Lr = at->lr;
    context->Pc = at->lr & ~1u;
}

void
sim_registers_from_context(struct sim_registers *registers, const CONTEXT *context)
{
    memcpy(registers->r4, &context->R[4], sizeof registers->r4);
    memcpy(registers->d, &context->D[8], sizeof registers->d);
    registers->sp = context->Sp;
    registers->lr = context->Lr;
}

uintptr_t
sim_context_pc(const CONTEXT *context)
{
    return context->Pc;
}

uintptr_t
sim_context_sp(const CONTEXT *context)
{
    return context->Sp;
}

void
sim_context_return(CONTEXT *context)
{
    context->Pc = context->Lr & ~1u;
}

/* ---- Codes ---- */

static uint32_t
pop(struct unwinding *u)
{
    uint32_t value;
    memcpy(&value, (const void *)(uintptr_t)u->context->Sp, sizeof value);
    u->context->Sp += 4;
    return value;
}

/* Pops r0 to r12 by bits, then lr if bit 14 is set. */
static void
pop_registers(struct unwinding *u, unsigned mask)
{
    for (unsigned i = 0; i < 13; i++) {
        if (mask & 1u << i)
            u->context->R[i] = pop(u);
    }
    if (mask & 1u << LR)
        u->context->Lr = pop(u);
}

static void
pop_floats(struct unwinding *u, unsigned first, unsigned last)
{
    for (unsigned i = first; i <= last; i++) {
        memcpy(&u->context->D[i], (const void *)(uintptr_t)u->context->Sp, 8);
        u->context->Sp += 8;
    }
}

/* Bits of r4 to r`last`. */
static unsigned
from_r4(unsigned last)
{
    return ((1u << (last + 1)) - 1) & ~15u;
}

/* Bytes that a code takes, and those of the instruction that it stands for. */
static unsigned
code_size(const struct unwinding *u, uint8_t first, unsigned *instruction)
{
    *instruction = 4;
    if (first < 0x80 || (first >= 0xc0 && first < 0xd8) || first == 0xfb) {
        *instruction = 2;
        return 1;
    }
    if (first < 0xc0 || (first >= 0xe8 && first <= 0xed) || first == 0xef || first == 0xf5 || first == 0xf6) {
        if (first == 0xec || first == 0xed)
            *instruction = 2;
        return 2;
    }
    if (first < 0xe8 || first == 0xfc)
        return 1;
    if (first == 0xf7 || first == 0xf9) {
        *instruction = first == 0xf7 ? 2 : 4;
        return 3;
    }
    if (first == 0xf8 || first == 0xfa) {
        *instruction = first == 0xf8 ? 2 : 4;
        return 4;
    }
    sim_stop("unwind data", "code 0x%x in %s", first, u->image->name);
}

static void
undo(struct unwinding *u, const uint8_t *code)
{
    CONTEXT *context = u->context;
    unsigned first = code[0], two = first << 8 | code[1];
    if (first < 0x80) { /* add sp */
        context->Sp += first * 4;
    } else if (first < 0xc0) { /* pop by mask; bit 13 stands for lr */
        pop_registers(u, (two & 0x1fff) | (two & 0x2000) << 1);
    } else if (first < 0xd0) { /* mov sp, rX */
        u->frame = context->Sp = context->R[first & 15];
    } else if (first < 0xd8) { /* pop {r4-r7, lr} */
        pop_registers(u, from_r4(4 + (first & 3)) | (first & 4) << 12);
    } else if (first < 0xe0) { /* pop {r4-r11, lr} */
        pop_registers(u, from_r4(8 + (first & 3)) | (first & 4) << 12);
    } else if (first < 0xe8) { /* vpop {d8-dX} */
        pop_floats(u, 8, 8 + (first & 7));
    } else if (first < 0xec) { /* addw sp */
        context->Sp += (two & 0x3ff) * 4;
    } else if (first < 0xee) { /* pop {r0-r7, lr} by mask */
        pop_registers(u, (two & 0xff) | (two & 0x100) << 6);
    } else if (first == 0xef) { /* ldr lr, [sp], #X */
        if (code[1] > 15)
            sim_stop("unwind data", "code 0x%x in %s", two, u->image->name);
        uint32_t sp = context->Sp;
        context->Lr = pop(u);
        context->Sp = sp + code[1] * 4;
    } else if (first == 0xf5) {
        pop_floats(u, code[1] >> 4, code[1] & 15);
    } else if (first == 0xf6) {
        pop_floats(u, 16 + (code[1] >> 4), 16 + (code[1] & 15));
    } else if (first == 0xf7 || first == 0xf9) {
        context->Sp += (uint32_t)(code[1] << 8 | code[2]) * 4;
    } else if (first == 0xf8 || first == 0xfa) {
        context->Sp += (uint32_t)(code[1] << 16 | code[2] << 8 | code[3]) * 4;
    }
    /* 0xfb and 0xfc stand for instructions that change nothing. */
}

/* In a prologue, codes count from its end: those of instructions not yet run are passed over. */
void
sim_unwind_codes(struct unwinding *u, const uint8_t *codes, unsigned size, uint32_t offset)
{
    unsigned total = 0, skip = 0, instruction;
    for (unsigned at = 0; at < size && codes[at] < 0xfd; total += instruction)
        at += code_size(u, codes[at], &instruction);
    if (offset < total)
        skip = total - offset;
    for (unsigned at = 0; at < size && codes[at] < 0xfd;) {
        unsigned taken = code_size(u, codes[at], &instruction);
        if (skip)
            skip = skip > instruction ? skip - instruction : 0;
        else
            undo(u, codes + at);
        at += taken;
    }
}

/* ---- Packed entries ---- */

void
sim_unwind_packed(struct unwinding *u, uint32_t data)
{
    unsigned home = data >> 15 & 1, reg = data >> 16 & 7, floats = data >> 19 & 1, link = data >> 20 & 1;
    unsigned chain = data >> 21 & 1, adjust = data >> 22 & 0x3ff, mask = 0;
    bool folded = adjust >= 0x3f4 && (adjust & 4); /* the prologue's push also makes room */
    unsigned words = adjust >= 0x3f4 ? (adjust & 3) + 1 : adjust;
    if (!folded)
        u->context->Sp += words * 4;
    if (floats && reg != 7)
        pop_floats(u, 8, 8 + reg);
    if (folded)
        mask |= ((1u << words) - 1) << (4 - words);
    if (!floats)
        mask |= from_r4(4 + reg);
    mask |= chain << R11 | link << LR;
    pop_registers(u, mask);
    if (home)
        u->context->Sp += 16;
}
