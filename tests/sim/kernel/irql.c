/* SPDX-License-Identifier: MIT
 * The interrupt request level. Each thread of the simulator stands for a processor while it is at
 * DISPATCH_LEVEL: the model checks what a driver does there, it cannot keep Linux from preempting it. */
#include "internal.h"

uint8_t
sim_irql(void)
{
    return thread_self()->seen.irql;
}

uint8_t
sim_irql_raise(uint8_t to)
{
    struct thread *thread = thread_self();
    uint8_t old = thread->seen.irql;
    if (to < old)
        sim_stop("irql", "raised from %u to %u, which is lower", old, to);
    thread->seen.irql = to;
    return old;
}

void
sim_irql_lower(uint8_t to)
{
    struct thread *thread = thread_self();
    if (to > thread->seen.irql)
        sim_stop("irql", "lowered from %u to %u, which is higher", thread->seen.irql, to);
    if (to < DISPATCH && thread->seen.locks_held)
        sim_stop("irql", "lowered to %u with %u spin locks held", to, thread->seen.locks_held);
    thread->seen.irql = to;
}

static uint64_t
row_KeGetCurrentIrql(struct sim_frame *frame)
{
    (void)frame;
    return sim_irql();
}

static uint64_t
row_KfRaiseIrql(struct sim_frame *frame)
{
    return sim_irql_raise((uint8_t)frame->arg[0]);
}

static uint64_t
row_KeRaiseIrqlToDpcLevel(struct sim_frame *frame)
{
    (void)frame;
    return sim_irql_raise(DISPATCH);
}

static uint64_t
row_KeLowerIrql(struct sim_frame *frame)
{
    sim_irql_lower((uint8_t)frame->arg[0]);
    return 0;
}

#define row_KfLowerIrql row_KeLowerIrql

static const struct sim_import Rows[] = {
    ROW(HAL_ON_32, KeGetCurrentIrql, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-kegetcurrentirql"),
    ROW(HAL_ON_32, KfRaiseIrql, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "nf-wdm-keraiseirql"),
    ROW(HAL_ON_X86, KeRaiseIrqlToDpcLevel, 0, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-keraiseirqltodpclevel"),
#if defined(__i386__) || defined(__arm__)
    ROW(HAL, KfLowerIrql, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "nf-wdm-kelowerirql"),
#else
    ROW(NTOSKRNL, KeLowerIrql, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "nf-wdm-kelowerirql"),
#endif
};
TABLE(sim_irql_imports, Rows);
