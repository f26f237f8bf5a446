/* SPDX-License-Identifier: MIT
 * Run-down protection. The reference counts by twos; bit 0 says that the wait for release has begun, from
 * when on nobody gets in until the reference is initialised anew. */
#include "internal.h"

#include <sched.h>
#include <time.h>

static ULONG_PTR *
count_of(struct sim_frame *frame)
{
    return &((EX_RUNDOWN_REF *)frame->arg[0])->Count;
}

static uint64_t
row_ExInitializeRundownProtection(struct sim_frame *frame)
{
    __atomic_store_n(count_of(frame), 0, __ATOMIC_RELEASE);
    return 0;
}

static uint64_t
row_ExReInitializeRundownProtection(struct sim_frame *frame)
{
    if (__atomic_load_n(count_of(frame), __ATOMIC_ACQUIRE) != 1)
        sim_stop("rundown", "%p is initialised anew before it was run down", (void *)frame->arg[0]);
    __atomic_store_n(count_of(frame), 0, __ATOMIC_RELEASE);
    return 0;
}

static uint64_t
row_ExAcquireRundownProtection(struct sim_frame *frame)
{
    ULONG_PTR *count = count_of(frame), value = __atomic_load_n(count, __ATOMIC_RELAXED);
    while (!(value & 1)) {
        if (__atomic_compare_exchange_n(count, &value, value + 2, true, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return 1;
    }
    return 0;
}

static uint64_t
row_ExReleaseRundownProtection(struct sim_frame *frame)
{
    if (__atomic_fetch_sub(count_of(frame), 2, __ATOMIC_RELEASE) < 2)
        sim_stop("rundown", "%p is released more often than acquired", (void *)frame->arg[0]);
    return 0;
}

static uint64_t
row_ExWaitForRundownProtectionRelease(struct sim_frame *frame)
{
    ULONG_PTR *count = count_of(frame);
    struct timespec pause = {0, 50000};
    __atomic_fetch_or(count, 1, __ATOMIC_ACQ_REL);
    for (unsigned i = 0; __atomic_load_n(count, __ATOMIC_ACQUIRE) != 1; i++) {
        if (i < 20)
            sched_yield();
        else
            nanosleep(&pause, NULL);
    }
    return 0;
}

static uint64_t
row_ExRundownCompleted(struct sim_frame *frame)
{
    __atomic_store_n(count_of(frame), 1, __ATOMIC_RELEASE);
    return 0;
}

static const struct sim_import Rows[] = {
    ROW(NTOSKRNL, ExInitializeRundownProtection, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-exinitializerundownprotection"),
    ROW(NTOSKRNL, ExReInitializeRundownProtection, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-exreinitializerundownprotection"),
    ROW(NTOSKRNL, ExAcquireRundownProtection, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-exacquirerundownprotection"),
    ROW(NTOSKRNL, ExReleaseRundownProtection, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-exreleaserundownprotection"),
    ROW(NTOSKRNL, ExWaitForRundownProtectionRelease, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-exwaitforrundownprotectionrelease"),
    ROW(NTOSKRNL, ExRundownCompleted, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-exrundowncompleted"),
};
TABLE(sim_rundown_imports, Rows);
