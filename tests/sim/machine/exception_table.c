/* SPDX-License-Identifier: MIT
 * Raising and handling where functions have unwind data (amd64, arm64, arm), in two passes as Windows does: a
 * search that asks the language handler of each frame, then an unwind that runs termination handlers up to
 * the frame whose handler accepted.
 *
 * Only frames of the innermost call from the host are searched: a frame of the model has no handlers, and a
 * driver has no business to raise through one. Language handlers run in the image's code below the raising
 * frame and call
 * __C_specific_handler as the import that it is. */
#include "exception.h"

#if !defined(__i386__)

#include <string.h>

typedef struct
{
    uintptr_t ControlPc, ImageBase;
    const void *FunctionEntry;
    uintptr_t EstablisherFrame, TargetPc;
    CONTEXT *ContextRecord;
    const void *LanguageHandler, *HandlerData;
    void *HistoryTable;
    uint32_t ScopeIndex;
    uint8_t ControlPcIsUnwound;
    uint8_t *NonVolatileRegisters;
} DISPATCHER_CONTEXT;

struct scope
{
    uint32_t begin, end, handler, target;
};

/* The exception that this thread is dispatching; nested ones link outwards. */
struct raise
{
    struct raise *outer;
    EXCEPTION_RECORD record;
    CONTEXT origin;
    uintptr_t host_sp; /* of the call whose frames are searched */
};
static __thread struct raise *Current;

/* Code offsets of arm carry the Thumb bit in some tables and not in others. */
#define THUMB (sim_arch == SIM_ARM ? 1u : 0u)

/* ---- Walking ---- */

struct walk
{
    CONTEXT context; /* in the frame at hand */
    CONTEXT caller;  /* after it */
    struct sim_image *image;
    struct unwound frame;
};

/* The frame that walk->context is in; false past the last image frame. */
static bool
look_at_frame(struct walk *walk, uint32_t want)
{
    const struct sim_stack *stack = sim_stack();
    uintptr_t sp = sim_context_sp(&walk->context);
    walk->image = sim_image_of((const void *)sim_context_pc(&walk->context));
    if (!walk->image)
        return false;
    walk->caller = walk->context;
    sim_unwind_frame(walk->image, &walk->caller, want, &walk->frame);
    uintptr_t next = sim_context_sp(&walk->caller);
    if (sp < stack->bottom || next > stack->start + 8 || next < sp || (sp & 7) ||
        walk->frame.frame < stack->bottom)
        sim_stop("exception: bad stack", "frame at %#lx unwinds to %#lx in %s", (unsigned long)sp,
                 (unsigned long)next, walk->image->name);
    return true;
}

static unsigned
call_handler(struct walk *walk, struct raise *raise, uintptr_t target)
{
    DISPATCHER_CONTEXT dispatcher = {
        .ControlPc = sim_context_pc(&walk->context),
        .ImageBase = (uintptr_t)walk->image->base,
        .FunctionEntry = walk->frame.entry,
        .EstablisherFrame = walk->frame.frame,
        .TargetPc = target,
        .ContextRecord = &walk->context,
        .LanguageHandler = walk->frame.handler,
        .HandlerData = walk->frame.handler_data,
        .ControlPcIsUnwound = 1,
    };
    const uintptr_t args[] = {
        (uintptr_t)&raise->record, walk->frame.frame,
        (uintptr_t)(raise->record.ExceptionFlags & EXCEPTION_UNWINDING ? &walk->context : &raise->origin),
        (uintptr_t)&dispatcher};
    return (unsigned)sim_call_words(walk->frame.handler, SIM_CDECL, 4, args);
}

void
sim_raise(struct sim_frame *frame, uint32_t code)
{
    struct raise raise = {.outer = Current, .host_sp = sim_stack()->host_sp};
    struct walk walk;
    raise.record.ExceptionCode = code;
    raise.record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    raise.record.ExceptionAddress = frame->return_address;
    memset(&raise.origin, 0, sizeof raise.origin);
    sim_context_from_import(&raise.origin, frame);
    sim_log("exception 0x%x raised by %s", code, frame->row->name);
    Current = &raise;
    for (walk.context = raise.origin; look_at_frame(&walk, 0); walk.context = walk.caller) {
        if (!walk.frame.handler)
            continue;
        unsigned disposition = call_handler(&walk, &raise, 0);
        if (disposition != ExceptionContinueSearch)
            sim_stop("exception: disposition",
                     "a handler of %s answered %u to 0x%x, which cannot be continued", walk.image->name,
                     disposition, code);
    }
    Current = raise.outer;
}

/* RtlUnwindEx to a frame of the exception at hand. */
static _Noreturn void
unwind_to(struct raise *raise, uintptr_t target_frame, uintptr_t target, uint64_t result)
{
    struct walk walk;
    struct sim_registers registers;
    raise->record.ExceptionFlags |= EXCEPTION_UNWINDING;
    for (walk.context = raise->origin;; walk.context = walk.caller) {
        if (!look_at_frame(&walk, EXCEPTION_UNWINDING))
            sim_stop("exception: unwind", "the target frame %#lx is not on the stack",
                     (unsigned long)target_frame);
        bool last = walk.frame.frame == target_frame;
        if (last)
            raise->record.ExceptionFlags |= EXCEPTION_TARGET_UNWIND;
        if (walk.frame.handler && call_handler(&walk, raise, target) != ExceptionContinueSearch)
            sim_stop("exception: disposition", "a termination handler of %s did not return",
                     walk.image->name);
        if (last)
            break;
    }
    memset(&registers, 0, sizeof registers);
    sim_registers_from_context(&registers, &walk.context);
    sim_stack()->host_sp = raise->host_sp;
    Current = raise->outer;
    sim_resume_image(&registers, (const void *)target, result);
}

/* ---- __C_specific_handler ---- */

static uint64_t
call_scope_function(const DISPATCHER_CONTEXT *dispatcher, uint32_t rva, uintptr_t first, uintptr_t frame)
{
    struct sim_registers base;
    const uintptr_t args[] = {first, frame};
    sim_arch_poison(&base);
    /* Outlined handlers of arm and arm64 may use the registers of their function, on amd64 they may not. */
    if (sim_arch != SIM_AMD64)
        sim_registers_from_context(&base, dispatcher->ContextRecord);
    return sim_call_from(&base, (const void *)((dispatcher->ImageBase + rva) | THUMB), SIM_CDECL, 2, args);
}

static bool
inside(const struct scope *scope, uintptr_t rva)
{
    return rva >= (scope->begin & ~THUMB) && rva < (scope->end & ~THUMB);
}

static const struct scope *
scopes_of(const DISPATCHER_CONTEXT *dispatcher, uint32_t *count)
{
    memcpy(count, dispatcher->HandlerData, sizeof *count);
    return (const struct scope *)((const uint32_t *)dispatcher->HandlerData + 1);
}

/* First pass: asks the filters around the call, inner ones first, and does not return if one accepts. */
static uint64_t
search_scopes(EXCEPTION_RECORD *record, uintptr_t frame, CONTEXT *context, DISPATCHER_CONTEXT *dispatcher)
{
    uint32_t count;
    const struct scope *scope = scopes_of(dispatcher, &count);
    uintptr_t pc = sim_scope_pc(dispatcher->ControlPc) - dispatcher->ImageBase;
    for (uint32_t i = dispatcher->ScopeIndex; i < count; i++) {
        if (!inside(&scope[i], pc) || scope[i].target == 0)
            continue;
        EXCEPTION_POINTERS pointers = {record, context};
        int32_t answer = 1; /* EXCEPTION_EXECUTE_HANDLER, for a filter that is the constant 1 */
        if (scope[i].handler != 1)
            answer = (int32_t)call_scope_function(dispatcher, scope[i].handler, (uintptr_t)&pointers, frame);
        if (answer < 0)
            return ExceptionContinueExecution;
        if (answer > 0)
            unwind_to(Current, frame, (dispatcher->ImageBase + scope[i].target) | THUMB,
                      record->ExceptionCode);
    }
    return ExceptionContinueSearch;
}

/* Second pass: runs the termination handlers around the call, up to the scope that holds the target. */
static uint64_t
unwind_scopes(const EXCEPTION_RECORD *record, uintptr_t frame, DISPATCHER_CONTEXT *dispatcher)
{
    uint32_t count;
    const struct scope *scope = scopes_of(dispatcher, &count);
    uintptr_t pc = sim_scope_pc(dispatcher->ControlPc) - dispatcher->ImageBase;
    uintptr_t target = (dispatcher->TargetPc & ~(uintptr_t)THUMB) - dispatcher->ImageBase;
    bool last = record->ExceptionFlags & EXCEPTION_TARGET_UNWIND;
    for (uint32_t i = dispatcher->ScopeIndex; i < count; i++) {
        if (!inside(&scope[i], pc))
            continue;
        if (last && (inside(&scope[i], target) || (scope[i].target & ~THUMB) == target))
            break;
        if (scope[i].target == 0) {
            dispatcher->ScopeIndex = i + 1;
            call_scope_function(dispatcher, scope[i].handler, 1, frame);
        }
    }
    return ExceptionContinueSearch;
}

static uint64_t
c_specific_handler(struct sim_frame *call)
{
    EXCEPTION_RECORD *record = (EXCEPTION_RECORD *)call->arg[0];
    DISPATCHER_CONTEXT *dispatcher = (DISPATCHER_CONTEXT *)call->arg[3];
    if (!Current || record != &Current->record)
        sim_stop("exception: handler", "__C_specific_handler called outside of a dispatch");
    if (record->ExceptionFlags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND))
        return unwind_scopes(record, call->arg[1], dispatcher);
    return search_scopes(record, call->arg[1], (CONTEXT *)call->arg[2], dispatcher);
}

static const char Source[] =
    "cpp/build: x64 exception handling, Language-specific handler; exported by ntoskrnl";

static const struct sim_import Rows[] = {
    {"ntoskrnl.exe", "__C_specific_handler", c_specific_handler, 4, 0, SIM_CDECL, SIM_SINCE_WIN7, 0, 31, 0,
     NULL, Source},
    {"ntdll.dll", "__C_specific_handler", c_specific_handler, 4, 0, SIM_CDECL, SIM_SINCE_WIN7, 0, 0, 0, NULL,
     Source},
};

const struct sim_import_table sim_exception_imports = {Rows, sizeof Rows / sizeof Rows[0]};

#endif
