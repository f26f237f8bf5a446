/* SPDX-License-Identifier: MIT
 * Unwind data of amd64, after "x64 exception handling" of Microsoft's C++ documentation: UNWIND_INFO of
 * versions 1 and 2, chained and indirect entries, and the recognition of epilogues, where a handler no longer
 * applies. */
#include "exception.h"

#include <string.h>

enum
{
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15
};

enum
{
    UWOP_PUSH_NONVOL,
    UWOP_ALLOC_LARGE,
    UWOP_ALLOC_SMALL,
    UWOP_SET_FPREG,
    UWOP_SAVE_NONVOL,
    UWOP_SAVE_NONVOL_FAR,
    UWOP_EPILOG,
    UWOP_SPARE,
    UWOP_SAVE_XMM128,
    UWOP_SAVE_XMM128_FAR,
    UWOP_PUSH_MACHFRAME
};
enum
{
    UNW_FLAG_EHANDLER = 1,
    UNW_FLAG_UHANDLER = 2,
    UNW_FLAG_CHAININFO = 4
};

struct runtime_function
{
    uint32_t begin, end, data;
};

struct unwind_info
{
    uint8_t version_flags, prolog, count, frame;
    uint16_t codes[];
};

/* ---- Contexts ---- */

void
sim_context_from_import(CONTEXT *context, const struct sim_frame *frame)
{
    const struct sim_registers *at = frame->registers;
    context->R[RBX] = at->rbx;
    context->R[RBP] = at->rbp;
    context->R[RSI] = at->rsi;
    context->R[RDI] = at->rdi;
    memcpy(&context->R[R12], &at->r12, 4 * 8);
    memcpy(context->Xmm[6], at->xmm, sizeof at->xmm);
    context->R[RSP] = at->rsp + 8;
    context->Rip = (uint64_t)frame->return_address;
}

void
sim_registers_from_context(struct sim_registers *registers, const CONTEXT *context)
{
    registers->rbx = context->R[RBX];
    registers->rbp = context->R[RBP];
    registers->rsi = context->R[RSI];
    registers->rdi = context->R[RDI];
    memcpy(&registers->r12, &context->R[R12], 4 * 8);
    memcpy(registers->xmm, context->Xmm[6], sizeof registers->xmm);
    registers->rsp = context->R[RSP];
}

uintptr_t
sim_context_pc(const CONTEXT *context)
{
    return context->Rip;
}

uintptr_t
sim_context_sp(const CONTEXT *context)
{
    return context->R[RSP];
}

uintptr_t
sim_scope_pc(uintptr_t return_address)
{
    return return_address;
}

/* ---- Unwinding ---- */

static uint64_t
load(uint64_t address)
{
    uint64_t value;
    memcpy(&value, (const void *)address, sizeof value);
    return value;
}

static const struct runtime_function *
find_function(const struct sim_image *image, uint32_t rva)
{
    const struct runtime_function *functions = (const struct runtime_function *)image->pdata;
    size_t low = 0, high = image->pdata_size / sizeof *functions;
    while (functions && low < high) {
        size_t middle = (low + high) / 2;
        if (rva < functions[middle].begin)
            high = middle;
        else if (rva >= functions[middle].end)
            low = middle + 1;
        else
            return &functions[middle];
    }
    return NULL;
}

/* How many codes an operation takes. */
static unsigned
slots(const struct sim_image *image, uint16_t code)
{
    unsigned info = code >> 12;
    switch (code >> 8 & 15) {
    case UWOP_PUSH_NONVOL:
    case UWOP_ALLOC_SMALL:
    case UWOP_SET_FPREG:
    case UWOP_EPILOG:
    case UWOP_PUSH_MACHFRAME:
        return 1;
    case UWOP_ALLOC_LARGE:
        return info ? 3 : 2;
    case UWOP_SAVE_NONVOL:
    case UWOP_SAVE_XMM128:
        return 2;
    case UWOP_SAVE_NONVOL_FAR:
    case UWOP_SAVE_XMM128_FAR:
        return 3;
    }
    sim_stop("unwind data", "code 0x%x in %s", code, image->name);
}

/* Undoes the operations whose instruction ended at or before `offset` in the prologue. */
static void
undo(const struct sim_image *image, const struct unwind_info *info, uint32_t offset, uint64_t frame,
     CONTEXT *context)
{
    for (unsigned i = 0; i < info->count;) {
        uint16_t code = info->codes[i];
        unsigned operand = code >> 12, taken = slots(image, code);
        uint32_t wide = 0;
        if (taken == 2)
            wide = info->codes[i + 1];
        else if (taken == 3)
            memcpy(&wide, &info->codes[i + 1], 4);
        i += taken;
        if ((code & 0xff) > offset)
            continue;
        switch (code >> 8 & 15) {
        case UWOP_PUSH_NONVOL:
            context->R[operand] = load(context->R[RSP]);
            context->R[RSP] += 8;
            break;
        case UWOP_ALLOC_LARGE:
            context->R[RSP] += operand ? wide : wide * 8;
            break;
        case UWOP_ALLOC_SMALL:
            context->R[RSP] += operand * 8 + 8;
            break;
        case UWOP_SET_FPREG:
            context->R[RSP] = context->R[info->frame & 15] - (info->frame >> 4) * 16;
            break;
        case UWOP_SAVE_NONVOL:
            context->R[operand] = load(frame + wide * 8);
            break;
        case UWOP_SAVE_NONVOL_FAR:
            context->R[operand] = load(frame + wide);
            break;
        case UWOP_SAVE_XMM128:
            memcpy(context->Xmm[operand], (const void *)(frame + wide * 16), 16);
            break;
        case UWOP_SAVE_XMM128_FAR:
            memcpy(context->Xmm[operand], (const void *)(frame + wide), 16);
            break;
        case UWOP_PUSH_MACHFRAME:
            sim_stop("unwind data", "a machine frame in %s", image->name);
        }
    }
}

/* ---- Epilogues ---- */

/* Whether code at pc is the rest of an epilogue; then its effect is in the context, return included. The
 * forms are those that the documentation allows: add rsp or lea rsp, pops, ret or a jump. */
static bool
run_epilogue(const struct unwind_info *info, CONTEXT *context)
{
    const uint8_t *at = (const uint8_t *)context->Rip;
    CONTEXT after = *context;
    uint8_t frame_register = info->frame & 15;
    int32_t wide;
    if (at[0] == 0x48 && at[1] == 0x83 && at[2] == 0xc4) { /* add rsp, imm8 */
        after.R[RSP] += at[3];
        at += 4;
    } else if (at[0] == 0x48 && at[1] == 0x81 && at[2] == 0xc4) { /* add rsp, imm32 */
        memcpy(&wide, at + 3, 4);
        after.R[RSP] += (uint32_t)wide;
        at += 7;
    } else if ((at[0] & 0xfe) == 0x48 && at[1] == 0x8d && (at[2] & 0x38) == 0x20 && frame_register &&
               (at[2] & 7) + (at[0] & 1) * 8 == frame_register && at[2] >> 6 != 3 && at[2] >> 6 != 0) {
        bool byte = at[2] >> 6 == 1; /* lea rsp, [frame register + disp] */
        memcpy(&wide, at + 3, 4);
        after.R[RSP] = after.R[frame_register] + (byte ? (int8_t)at[3] : wide);
        at += byte ? 4 : 7;
    }
    for (;;) {
        unsigned high = at[0] == 0x41 ? 8 : 0;
        const uint8_t *pop = high ? at + 1 : at;
        if ((pop[0] & 0xf8) != 0x58)
            break;
        after.R[(pop[0] & 7) + high] = load(after.R[RSP]);
        after.R[RSP] += 8;
        at = pop + 1;
    }
    if (at[0] != 0xc3 && !(at[0] == 0xf3 && at[1] == 0xc3) && !(at[0] == 0xff && at[1] == 0x25) &&
        !(at[0] == 0x48 && at[1] == 0xff && (at[2] & 0x38) == 0x20))
        return false;
    after.Rip = load(after.R[RSP]);
    after.R[RSP] += 8;
    *context = after;
    return true;
}

void
sim_unwind_frame(struct sim_image *image, CONTEXT *context, uint32_t want, struct unwound *out)
{
    uint32_t rva = (uint32_t)(context->Rip - (uint64_t)image->base);
    const struct runtime_function *function = find_function(image, rva);
    *out = (struct unwound){.frame = context->R[RSP], .entry = function};
    if (!function)
        sim_stop("unwind data", "%s+0x%x called an import and has none", image->name, rva);
    if (function->data & 1)
        function = (const struct runtime_function *)(image->base + (function->data & ~1u));
    const struct unwind_info *info = (const struct unwind_info *)(image->base + function->data);
    uint32_t offset = rva - function->begin;
    bool in_prologue = offset < info->prolog;
    if (!in_prologue && run_epilogue(info, context))
        return;
    for (bool first = true;; first = false) {
        unsigned version = info->version_flags & 7, flags = info->version_flags >> 3;
        if (version != 1 && version != 2)
            sim_stop("unwind data", "version %u in %s", version, image->name);
        if ((info->frame & 15) && (!in_prologue || !first))
            out->frame = context->R[info->frame & 15] - (info->frame >> 4) * 16;
        undo(image, info, first && in_prologue ? offset : UINT32_MAX, out->frame, context);
        const uint8_t *after = (const uint8_t *)(info->codes + (info->count + 1u) / 2 * 2);
        if (flags & UNW_FLAG_CHAININFO) {
            info = (const struct unwind_info *)(image->base + ((const struct runtime_function *)after)->data);
            continue;
        }
        if (!in_prologue && (flags & (want ? UNW_FLAG_UHANDLER : UNW_FLAG_EHANDLER))) {
            uint32_t handler;
            memcpy(&handler, after, 4);
            out->handler = image->base + handler;
            out->handler_data = after + 4;
        }
        break;
    }
    context->Rip = load(context->R[RSP]);
    context->R[RSP] += 8;
}
