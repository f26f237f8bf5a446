/* SPDX-License-Identifier: MIT
 * Fast and guarded mutexes, and ERESOURCE is not among them: no driver here uses one. The count is the
 * driver's memory, 1 when free; ownership goes by thread, recursion is a deadlock and stops. */
#include "internal.h"
#include "wait.h"

static void
enter(FAST_MUTEX *mutex, const char *function)
{
    struct thread *self = thread_self();
    if (__atomic_load_n(&mutex->Owner, __ATOMIC_RELAXED) == self->seen.object)
        sim_stop("lock", "%s: mutex %p is taken by the thread that holds it", function, (void *)mutex);
    while (__atomic_fetch_sub(&mutex->Count, 1, __ATOMIC_ACQUIRE) != 1) {
        /* Somebody holds it: undo, and wait for the event that release sets. */
        if (__atomic_add_fetch(&mutex->Count, 1, __ATOMIC_RELAXED) == 1)
            continue;
        int64_t tick = -10000;
        sim_ke_wait(&mutex->Event, &tick);
    }
    __atomic_store_n(&mutex->Owner, self->seen.object, __ATOMIC_RELAXED);
}

static void
leave(FAST_MUTEX *mutex, const char *function)
{
    if (__atomic_load_n(&mutex->Owner, __ATOMIC_RELAXED) != sim_thread()->object)
        sim_stop("lock", "%s: mutex %p is not held by this thread", function, (void *)mutex);
    __atomic_store_n(&mutex->Owner, NULL, __ATOMIC_RELAXED);
    __atomic_add_fetch(&mutex->Count, 1, __ATOMIC_RELEASE);
    sim_ke_set_event(&mutex->Event);
}

static uint64_t
row_ExAcquireFastMutex(struct sim_frame *frame)
{
    FAST_MUTEX *mutex = (FAST_MUTEX *)frame->arg[0];
    uint8_t old = sim_irql();
    enter(mutex, "ExAcquireFastMutex");
    sim_irql_raise(APC);
    mutex->OldIrql = old;
    return 0;
}

static uint64_t
row_ExTryToAcquireFastMutex(struct sim_frame *frame)
{
    FAST_MUTEX *mutex = (FAST_MUTEX *)frame->arg[0];
    LONG free = 1;
    if (!__atomic_compare_exchange_n(&mutex->Count, &free, 0, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return 0;
    __atomic_store_n(&mutex->Owner, sim_thread()->object, __ATOMIC_RELAXED);
    mutex->OldIrql = sim_irql_raise(APC);
    return 1;
}

static uint64_t
row_ExReleaseFastMutex(struct sim_frame *frame)
{
    FAST_MUTEX *mutex = (FAST_MUTEX *)frame->arg[0];
    uint8_t old = (uint8_t)mutex->OldIrql;
    leave(mutex, "ExReleaseFastMutex");
    sim_irql_lower(old);
    return 0;
}

static uint64_t
row_ExAcquireFastMutexUnsafe(struct sim_frame *frame)
{
    if (sim_irql() < APC && !thread_self()->critical_region)
        sim_stop("lock", "ExAcquireFastMutexUnsafe with kernel APCs enabled");
    enter((FAST_MUTEX *)frame->arg[0], "ExAcquireFastMutexUnsafe");
    return 0;
}

static uint64_t
row_ExReleaseFastMutexUnsafe(struct sim_frame *frame)
{
    leave((FAST_MUTEX *)frame->arg[0], "ExReleaseFastMutexUnsafe");
    return 0;
}

static uint64_t
row_KeInitializeGuardedMutex(struct sim_frame *frame)
{
    KGUARDED_MUTEX *mutex = (KGUARDED_MUTEX *)frame->arg[0];
    mutex->Count = 1;
    mutex->Owner = NULL;
    mutex->Contention = 0;
    sim_ke_initialize_event(&mutex->Event, false, false);
    return 0;
}

/* A guarded region disables APCs without raising the IRQL. */
static uint64_t
row_KeAcquireGuardedMutex(struct sim_frame *frame)
{
    thread_self()->critical_region++;
    enter((KGUARDED_MUTEX *)frame->arg[0], "KeAcquireGuardedMutex");
    return 0;
}

static uint64_t
row_KeReleaseGuardedMutex(struct sim_frame *frame)
{
    leave((KGUARDED_MUTEX *)frame->arg[0], "KeReleaseGuardedMutex");
    thread_self()->critical_region--;
    return 0;
}

static const struct sim_import Rows[] = {
    ROW(HAL_ON_X86, ExAcquireFastMutex, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-exacquirefastmutex"),
    ROW(HAL_ON_X86, ExTryToAcquireFastMutex, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-extrytoacquirefastmutex"),
    ROW(HAL_ON_X86, ExReleaseFastMutex, 1, SIM_FASTCALL, SIM_SINCE_WIN7, APC, APC, 0,
        "nf-wdm-exreleasefastmutex"),
    ROW(NTOSKRNL, ExAcquireFastMutexUnsafe, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-exacquirefastmutexunsafe"),
    ROW(NTOSKRNL, ExReleaseFastMutexUnsafe, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-exreleasefastmutexunsafe"),
    ROW(NTOSKRNL, KeInitializeGuardedMutex, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-keinitializeguardedmutex"),
    ROW(NTOSKRNL, KeAcquireGuardedMutex, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-keacquireguardedmutex"),
    ROW(NTOSKRNL, KeReleaseGuardedMutex, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, APC, 0,
        "nf-wdm-kereleaseguardedmutex"),
};
TABLE(sim_mutex_imports, Rows);
