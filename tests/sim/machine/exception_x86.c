/* SPDX-License-Identifier: MIT
 * Exceptions of x86: registrations on the stack, chained from fs:[0]. A first pass asks each handler, a
 * second one tells those below the one that accepted to unwind. The compiler's handler, _except_handler3, is
 * here as the import that it is: it walks the scope table of its function and runs filters and handlers on
 * that function's ebp.
 *
 * Only registrations of the innermost call from the host are on the chain; a frame of the model has none. */
#include "exception.h"

#include <string.h>

#define CHAIN_END ((struct registration *)-1)

struct scope
{
    int32_t enclosing;  /* -1: none */
    const void *filter; /* NULL: `handler` is a termination handler */
    const void *handler;
};

/* What a function with __try keeps in its frame; ebp follows it. */
struct registration
{
    struct registration *previous;
    const void *handler;
    const struct scope *scopes;
    int32_t level;
};
enum
{
    EBP_DISTANCE = sizeof(struct registration)
};
_Static_assert(EBP_DISTANCE == 16, "as compilers lay it out");

struct raise
{
    struct raise *outer;
    EXCEPTION_RECORD record;
    CONTEXT origin;
    uintptr_t host_sp, image_sp; /* of the call whose registrations are searched */
    struct registration *chain;
};
static __thread struct raise *Current;

static struct registration **
chain_head(void)
{
    return (struct registration **)sim_stack()->teb;
}

static void
check_registration(const struct registration *registration)
{
    const struct sim_stack *stack = sim_stack();
    uintptr_t at = (uintptr_t)registration;
    if (at < stack->bottom || at > stack->top - sizeof *registration || at % 4 != 0)
        sim_stop("exception chain", "a registration at %#lx is not on the stack", (unsigned long)at);
    if (!sim_image_of(registration->handler))
        sim_stop("exception chain", "the handler %p of a registration is in no image", registration->handler);
}

static unsigned
call_handler(struct raise *raise, struct registration *registration)
{
    uintptr_t dispatcher = 0;
    const uintptr_t args[] = {(uintptr_t)&raise->record, (uintptr_t)registration, (uintptr_t)&raise->origin,
                              (uintptr_t)&dispatcher};
    return (unsigned)sim_call_words(registration->handler, SIM_CDECL, 4, args);
}

void
sim_raise(struct sim_frame *frame, uint32_t code)
{
    struct sim_stack *stack = sim_stack();
    const struct sim_registers *at = frame->registers;
    struct raise raise = {
        .outer = Current,
        .record = {.ExceptionCode = code,
                   .ExceptionFlags = EXCEPTION_NONCONTINUABLE,
                   .ExceptionAddress = frame->return_address},
        .origin = {.Ebx = at->ebx,
                   .Ebp = at->ebp,
                   .Esi = at->esi,
                   .Edi = at->edi,
                   .Eip = (uint32_t)(uintptr_t)frame->return_address,
                   .Esp = (uint32_t)(uintptr_t)(&at->esp + 1)},
        .host_sp = stack->host_sp,
        .image_sp = stack->image_sp,
        .chain = *chain_head(),
    };
    sim_log("exception 0x%x raised by %s", code, frame->row->name);
    Current = &raise;
    for (struct registration *at_ = raise.chain; at_ != CHAIN_END; at_ = at_->previous) {
        check_registration(at_);
        unsigned disposition = call_handler(&raise, at_);
        if (disposition != ExceptionContinueSearch)
            sim_stop("exception: disposition", "a handler answered %u to 0x%x, which cannot be continued",
                     disposition, code);
        if (at_->previous <= at_)
            sim_stop("exception chain", "the registration at %p comes after %p", (void *)at_->previous,
                     (void *)at_);
    }
    Current = raise.outer;
}

/* RtlUnwind: every registration below the target runs its termination handlers and leaves the chain. */
static void
unwind_to(struct raise *raise, const struct registration *target)
{
    raise->record.ExceptionFlags |= EXCEPTION_UNWINDING;
    while (raise->chain != target) {
        if (raise->chain == CHAIN_END)
            sim_stop("exception: unwind", "the target registration %p is not on the chain",
                     (const void *)target);
        check_registration(raise->chain);
        if (call_handler(raise, raise->chain) != ExceptionContinueSearch)
            sim_stop("exception: disposition", "a termination handler did not return");
        raise->chain = raise->chain->previous;
    }
    raise->record.ExceptionFlags &= ~(uint32_t)EXCEPTION_UNWINDING;
}

/* ---- _except_handler3 ---- */

static uint64_t
call_in_frame(const struct registration *registration, const void *function)
{
    struct sim_registers base;
    sim_arch_poison(&base);
    base.ebp = (uint32_t)(uintptr_t)registration + EBP_DISTANCE;
    return sim_call_from(&base, function, SIM_CDECL, 0, NULL);
}

/* Leaves the scopes of a frame up to `stop`, running their termination handlers. */
static void
leave_scopes(struct registration *registration, int32_t stop)
{
    while (registration->level != -1 && registration->level != stop) {
        const struct scope *scope = &registration->scopes[registration->level];
        registration->level = scope->enclosing;
        if (!scope->filter)
            call_in_frame(registration, scope->handler);
    }
}

static _Noreturn void
accept(struct registration *registration, int32_t level)
{
    struct raise *raise = Current;
    struct sim_registers registers;
    const struct scope *scope = &registration->scopes[level];
    unwind_to(raise, registration);
    leave_scopes(registration, level);
    registration->level = scope->enclosing;
    /* Only ebp is the function's; it loads its own esp from its frame. */
    sim_arch_poison(&registers);
    registers.ebp = (uint32_t)(uintptr_t)registration + EBP_DISTANCE;
    registers.esp = (uint32_t)(raise->image_sp & ~(uintptr_t)3);
    *chain_head() = registration;
    sim_stack()->host_sp = raise->host_sp;
    Current = raise->outer;
    sim_resume_image(&registers, scope->handler, 1);
}

static uint64_t
except_handler3(struct sim_frame *call)
{
    EXCEPTION_RECORD *record = (EXCEPTION_RECORD *)call->arg[0];
    struct registration *registration = (struct registration *)call->arg[1];
    if (!Current || record != &Current->record)
        sim_stop("exception: handler", "_except_handler3 called outside of a dispatch");
    if (record->ExceptionFlags & (EXCEPTION_UNWINDING | EXCEPTION_EXIT_UNWIND)) {
        leave_scopes(registration, -1);
        return ExceptionContinueSearch;
    }
    EXCEPTION_POINTERS pointers = {record, (CONTEXT *)call->arg[2]};
    ((EXCEPTION_POINTERS **)registration)[-1] = &pointers;
    for (int32_t level = registration->level; level != -1; level = registration->scopes[level].enclosing) {
        const struct scope *scope = &registration->scopes[level];
        if (!scope->filter)
            continue;
        int32_t answer = (int32_t)call_in_frame(registration, scope->filter);
        if (answer < 0)
            return ExceptionContinueExecution;
        if (answer > 0)
            accept(registration, level);
    }
    return ExceptionContinueSearch;
}

static const struct sim_import Rows[] = {
    {"ntoskrnl.exe", "_except_handler3", except_handler3, 4, 0, SIM_CDECL, SIM_SINCE_WIN7, 0, 31, 0, NULL,
     "cpp/c-runtime-library: _except_handler3; exported by ntoskrnl"},
};

const struct sim_import_table sim_exception_imports = {Rows, sizeof Rows / sizeof Rows[0]};
