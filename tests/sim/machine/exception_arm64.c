/* SPDX-License-Identifier: MIT
 * Unwind codes and packed entries of arm64, after "ARM64 exception handling" of Microsoft's C++ documentation. */
#include "exception_records.h"

#include <string.h>

enum
{
    FP = 29,
    LR = 30
};

/* ---- Contexts ---- */

void
sim_context_from_import(CONTEXT *context, const struct sim_frame *frame)
{
    const struct sim_registers *at = frame->registers;
    memcpy(&context->X[19], at->x19, sizeof at->x19);
    context->X[FP] = at->fp;
    context->X[LR] = at->lr;
    context->Sp = at->sp;
    context->Pc = at->lr;
    for (unsigned i = 0; i < 8; i++)
        context->V[8 + i][0] = at->d[i];
}

void
sim_registers_from_context(struct sim_registers *registers, const CONTEXT *context)
{
    memcpy(registers->x19, &context->X[19], sizeof registers->x19);
    registers->fp = context->X[FP];
    registers->lr = context->X[LR];
    registers->sp = context->Sp;
    for (unsigned i = 0; i < 8; i++)
        registers->d[i] = context->V[8 + i][0];
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
    context->Pc = context->X[LR];
}

/* ---- Codes ---- */

static uint64_t
load(uint64_t address)
{
    uint64_t value;
    memcpy(&value, (const void *)address, sizeof value);
    return value;
}

static void
restore_integer(struct unwinding *u, unsigned number, unsigned count, uint64_t at)
{
    count += 2 * u->next;
    u->next = 0;
    if (number + count > 31)
        sim_stop("unwind data", "registers past x30 in %s", u->image->name);
    for (unsigned i = 0; i < count; i++)
        u->context->X[number + i] = load(at + 8 * i);
}

static void
restore_float(struct unwinding *u, unsigned number, unsigned count, uint64_t at)
{
    count += 2 * u->next;
    u->next = 0;
    if (number + count > 32)
        sim_stop("unwind data", "registers past d31 in %s", u->image->name);
    for (unsigned i = 0; i < count; i++)
        u->context->V[number + i][0] = load(at + 8 * i);
}

/* Bytes that a code takes, by its first. */
static unsigned
code_size(const struct unwinding *u, uint8_t first)
{
    if (first < 0xc0)
        return 1;
    if (first <= 0xde)
        return 2;
    switch (first) {
    case 0xe0:
        return 4;
    case 0xe2:
        return 2;
    case 0xe1:
    case 0xe3:
    case 0xe4:
    case 0xe5:
    case 0xe6:
    case 0xfc:
        return 1;
    }
    sim_stop("unwind data", "code 0x%x in %s", first, u->image->name);
}

/* Loads at sp, which then moves up by size: what undoes a store with writeback. */
static uint64_t
pop(struct unwinding *u, unsigned size)
{
    uint64_t at = u->context->Sp;
    u->context->Sp += size;
    return at;
}

static void
undo(struct unwinding *u, const uint8_t *code)
{
    CONTEXT *context = u->context;
    unsigned first = code[0], two = first << 8 | code[1];
    unsigned reg = two >> 6 & 15, offset = (two & 63) * 8;
    if (first < 0x20) { /* alloc_s */
        context->Sp += (first & 31) * 16;
    } else if (first < 0x40) { /* save_r19r20_x */
        restore_integer(u, 19, 2, pop(u, (first & 31) * 8));
    } else if (first < 0x80) { /* save_fplr */
        restore_integer(u, FP, 2, context->Sp + (first & 63) * 8);
    } else if (first < 0xc0) { /* save_fplr_x */
        restore_integer(u, FP, 2, pop(u, ((first & 63) + 1) * 8));
    } else if (first < 0xc8) { /* alloc_m */
        context->Sp += (two & 0x7ff) * 16;
    } else if (first < 0xcc) { /* save_regp */
        restore_integer(u, 19 + reg, 2, context->Sp + offset);
    } else if (first < 0xd0) { /* save_regp_x */
        restore_integer(u, 19 + reg, 2, pop(u, offset + 8));
    } else if (first < 0xd4) { /* save_reg */
        restore_integer(u, 19 + reg, 1, context->Sp + offset);
    } else if (first < 0xd6) { /* save_reg_x */
        restore_integer(u, 19 + (two >> 5 & 15), 1, pop(u, ((two & 31) + 1) * 8));
    } else if (first < 0xd8) { /* save_lrpair */
        restore_integer(u, 19 + 2 * (two >> 6 & 7), 1, context->Sp + offset);
        context->X[LR] = load(context->Sp + offset + 8);
    } else if (first < 0xda) { /* save_fregp */
        restore_float(u, 8 + (two >> 6 & 7), 2, context->Sp + offset);
    } else if (first < 0xdc) { /* save_fregp_x */
        restore_float(u, 8 + (two >> 6 & 7), 2, pop(u, offset + 8));
    } else if (first < 0xde) { /* save_freg */
        restore_float(u, 8 + (two >> 6 & 7), 1, context->Sp + offset);
    } else if (first == 0xde) { /* save_freg_x */
        restore_float(u, 8 + (two >> 5 & 7), 1, pop(u, ((two & 31) + 1) * 8));
    } else if (first == 0xe0) { /* alloc_l */
        context->Sp += (code[1] << 16 | code[2] << 8 | code[3]) * 16u;
    } else if (first == 0xe1) { /* set_fp */
        u->frame = context->Sp = context->X[FP];
    } else if (first == 0xe2) { /* add_fp */
        u->frame = context->X[FP];
        context->Sp = context->X[FP] - code[1] * 8u;
    } else if (first == 0xe6) { /* save_next */
        u->next++;
    }
    /* 0xe3 nop, 0xe5 end_c and 0xfc pac_sign_lr change nothing that is looked at. */
}

void
sim_unwind_codes(struct unwinding *u, const uint8_t *codes, unsigned size, uint32_t offset)
{
    unsigned instructions = 0, skip = 0, at;
    for (at = 0; at < size && codes[at] != 0xe4; at += code_size(u, codes[at]))
        instructions++;
    if (offset / 4 < instructions)
        skip = instructions - offset / 4;
    for (at = 0; at < size && codes[at] != 0xe4; at += code_size(u, codes[at])) {
        if (skip)
            skip--;
        else
            undo(u, codes + at);
    }
}

/* ---- Packed entries ---- */

void
sim_unwind_packed(struct unwinding *u, uint32_t data)
{
    CONTEXT *context = u->context;
    unsigned floats = data >> 13 & 7, integers = data >> 16 & 15, home = data >> 20 & 1,
             chain = data >> 21 & 3;
    unsigned frame_size = (data >> 23 & 0x1ff) * 16;
    unsigned integer_size = integers * 8 + (chain == 1 ? 8 : 0);
    unsigned float_size = floats ? (floats + 1) * 8 : 0;
    unsigned save_size = (integer_size + float_size + 64 * home + 15) & ~15u;
    if (integers > 10 || frame_size < save_size)
        sim_stop("unwind data", "packed entry 0x%x in %s", data, u->image->name);
    if (chain >= 2) {
        u->frame = context->Sp = context->X[FP];
        restore_integer(u, FP, 2, context->Sp);
    }
    context->Sp += frame_size - save_size;
    if (integers)
        restore_integer(u, 19, integers, context->Sp);
    if (chain == 1)
        context->X[LR] = load(context->Sp + integers * 8);
    if (floats)
        restore_float(u, 8, floats + 1, context->Sp + integer_size);
    context->Sp += save_size;
}
