/* SPDX-License-Identifier: MIT
 * Spin locks. The lock word is the driver's own memory: 0 is free, as drivers initialise it inline. What a
 * thread holds is noted, so that recursion, release by another and a wrong order stop at once instead of
 * hanging. */
#include "internal.h"
#include "lock_order.h"

#include "../machine/arch.h"
#include <sched.h>
#include <time.h>

static bool
is_within(const struct sim_stack *stack, const void *address)
{
    return (uintptr_t)address >= stack->bottom && (uintptr_t)address < stack->top;
}

void
lock_note_taking(const void *lock, const void *caller)
{
    const struct thread *thread = thread_self();
    for (unsigned i = 0; i < thread->seen.locks_held; i++) {
        if (thread->held[i].lock == lock)
            sim_stop("lock", "lock %p is taken by the thread that holds it", lock);
    }
    if (thread->seen.locks_held == MAX_HELD_LOCKS)
        sim_stop("lock", "more than %u locks held", MAX_HELD_LOCKS);
    /* A lock on the stack is nobody else's, and its address is soon another's. */
    const struct sim_stack *stack = sim_stack();
    for (unsigned i = 0; i < thread->seen.locks_held; i++) {
        if (is_within(stack, lock) || is_within(stack, thread->held[i].lock))
            continue;
        lock_order_add(thread->held[i].lock, lock, caller);
    }
}

void
lock_note_taken(const void *lock, enum lock_kind kind, uint8_t old_irql, const void *caller)
{
    struct thread *thread = thread_self();
    thread->held[thread->seen.locks_held++] = (struct held_lock){lock, kind, old_irql, caller};
}

uint8_t
lock_note_release(const void *lock, enum lock_kind kind)
{
    struct thread *thread = thread_self();
    unsigned i = thread->seen.locks_held;
    while (i > 0 && thread->held[i - 1].lock != lock)
        i--;
    if (i == 0)
        sim_stop("lock", "lock %p is released by a thread that does not hold it", lock);
    if (thread->held[i - 1].kind != kind)
        sim_stop("lock", "lock %p is released in another way than it was taken", lock);
    uint8_t old = thread->held[i - 1].old_irql;
    for (thread->seen.locks_held--; i <= thread->seen.locks_held; i++)
        thread->held[i - 1] = thread->held[i];
    return old;
}

/* A holder that Linux has preempted needs the processor to let go. */
static void
back_off(unsigned *tries)
{
    if (++*tries % 64 == 0) {
        struct timespec pause = {0, 20000};
        if (*tries > 100000)
            nanosleep(&pause, NULL);
        else
            sched_yield();
    }
    if (*tries > 60000000)
        sim_stop("lock", "a spin lock was not to be had for a minute: deadlock");
}

/* ---- KSPIN_LOCK ---- */

static void
take(KSPIN_LOCK *lock, enum lock_kind kind, uint8_t old_irql, const void *caller)
{
    uintptr_t mine = (uintptr_t)thread_self();
    lock_note_taking(lock, caller);
    for (unsigned tries = 0;; back_off(&tries)) {
        uintptr_t free = 0;
        if (__atomic_compare_exchange_n(lock, &free, mine, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            break;
    }
    lock_note_taken(lock, kind, old_irql, caller);
}

static uint8_t
leave(KSPIN_LOCK *lock, enum lock_kind kind)
{
    uint8_t old = lock_note_release(lock, kind);
    if (__atomic_load_n(lock, __ATOMIC_RELAXED) != (uintptr_t)thread_self())
        sim_stop("lock", "the word of the held lock %p was overwritten", (void *)lock);
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    return old;
}

uint8_t
spin_lock_take(KSPIN_LOCK *lock, const void *caller)
{
    uint8_t old = sim_irql_raise(DISPATCH);
    take(lock, LOCK_SPIN, old, caller);
    return old;
}

void
spin_lock_leave(KSPIN_LOCK *lock)
{
    sim_irql_lower(leave(lock, LOCK_SPIN));
}

void
spin_lock_drop(KSPIN_LOCK *lock)
{
    leave(lock, LOCK_SPIN);
}

#if !defined(__x86_64__)
static uint64_t
row_KeInitializeSpinLock(struct sim_frame *frame)
{
    OUT(KSPIN_LOCK, frame->arg[0]) = 0;
    return 0;
}
#endif

static uint64_t
acquire_raise(struct sim_frame *frame)
{
    uint8_t old = sim_irql_raise(DISPATCH);
    take((KSPIN_LOCK *)frame->arg[0], LOCK_SPIN, old, frame->return_address);
    return old;
}

/* The caller says what the IRQL was before it took the lock. */
static uint64_t
lower(const struct sim_frame *frame, uint8_t old)
{
    uint8_t to = (uint8_t)frame->arg[1];
    if (to != old)
        sim_stop("irql", "spin lock %p was taken at IRQL %u and is released to %u", (void *)frame->arg[0],
                 old, to);
    sim_irql_lower(to);
    return 0;
}

static uint64_t
release_lower(struct sim_frame *frame)
{
    return lower(frame, leave((KSPIN_LOCK *)frame->arg[0], LOCK_SPIN));
}

static uint64_t
acquire_at_dispatch(struct sim_frame *frame)
{
    take((KSPIN_LOCK *)frame->arg[0], LOCK_SPIN, DISPATCH, frame->return_address);
    return 0;
}

static uint64_t
release_at_dispatch(struct sim_frame *frame)
{
    leave((KSPIN_LOCK *)frame->arg[0], LOCK_SPIN);
    return 0;
}

static uint64_t
row_KeTestSpinLock(struct sim_frame *frame)
{
    return __atomic_load_n((KSPIN_LOCK *)frame->arg[0], __ATOMIC_ACQUIRE) == 0;
}

/* ---- In-stack queued ---- */

static uint64_t
acquire_queued(struct sim_frame *frame, bool raise)
{
    KSPIN_LOCK *lock = (KSPIN_LOCK *)frame->arg[0];
    KLOCK_QUEUE_HANDLE *handle = (KLOCK_QUEUE_HANDLE *)frame->arg[1];
    uint8_t old = raise ? sim_irql_raise(DISPATCH) : DISPATCH;
    take(lock, LOCK_QUEUED, old, frame->return_address);
    handle->LockQueue.Next = NULL;
    handle->LockQueue.Lock = lock;
    handle->OldIrql = old;
    return 0;
}

static uint64_t
release_queued(struct sim_frame *frame, bool lower)
{
    KLOCK_QUEUE_HANDLE *handle = (KLOCK_QUEUE_HANDLE *)frame->arg[0];
    uint8_t old = leave(handle->LockQueue.Lock, LOCK_QUEUED);
    if (lower && old != handle->OldIrql)
        sim_stop("lock", "lock queue handle %p was changed while it held the lock", (void *)handle);
    handle->LockQueue.Lock = NULL;
    if (lower)
        sim_irql_lower(old);
    return 0;
}

static uint64_t
row_KeAcquireInStackQueuedSpinLock(struct sim_frame *frame)
{
    return acquire_queued(frame, true);
}

static uint64_t
row_KeReleaseInStackQueuedSpinLock(struct sim_frame *frame)
{
    return release_queued(frame, true);
}

static uint64_t
row_KeAcquireInStackQueuedSpinLockAtDpcLevel(struct sim_frame *frame)
{
    return acquire_queued(frame, false);
}

static uint64_t
row_KeReleaseInStackQueuedSpinLockFromDpcLevel(struct sim_frame *frame)
{
    return release_queued(frame, false);
}

/* ---- EX_SPIN_LOCK: shared and exclusive in one LONG ---- */

#define EXCLUSIVE 0x80000000u

static void
take_shared(uint32_t *lock, uint8_t old_irql, const void *caller)
{
    lock_note_taking(lock, caller);
    for (unsigned tries = 0;; back_off(&tries)) {
        uint32_t value = __atomic_load_n(lock, __ATOMIC_RELAXED);
        if (!(value & EXCLUSIVE) &&
            __atomic_compare_exchange_n(lock, &value, value + 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            break;
    }
    lock_note_taken(lock, LOCK_SHARED, old_irql, caller);
}

/* Readers that come after a waiting writer wait for it, as the documentation promises. */
static void
take_exclusive(uint32_t *lock, uint8_t old_irql, const void *caller)
{
    unsigned tries = 0;
    lock_note_taking(lock, caller);
    while (__atomic_fetch_or(lock, EXCLUSIVE, __ATOMIC_ACQUIRE) & EXCLUSIVE)
        back_off(&tries);
    while (__atomic_load_n(lock, __ATOMIC_ACQUIRE) != EXCLUSIVE)
        back_off(&tries);
    lock_note_taken(lock, LOCK_EXCLUSIVE, old_irql, caller);
}

static uint8_t
leave_ex(uint32_t *lock, enum lock_kind kind)
{
    uint8_t old = lock_note_release(lock, kind);
    if (kind == LOCK_SHARED)
        __atomic_fetch_sub(lock, 1, __ATOMIC_RELEASE);
    else
        __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
    return old;
}

static uint64_t
row_ExAcquireSpinLockShared(struct sim_frame *frame)
{
    uint8_t old = sim_irql_raise(DISPATCH);
    take_shared((uint32_t *)frame->arg[0], old, frame->return_address);
    return old;
}

static uint64_t
row_ExAcquireSpinLockSharedAtDpcLevel(struct sim_frame *frame)
{
    take_shared((uint32_t *)frame->arg[0], DISPATCH, frame->return_address);
    return 0;
}

static uint64_t
row_ExReleaseSpinLockSharedFromDpcLevel(struct sim_frame *frame)
{
    leave_ex((uint32_t *)frame->arg[0], LOCK_SHARED);
    return 0;
}

static uint64_t
row_ExAcquireSpinLockExclusive(struct sim_frame *frame)
{
    uint8_t old = sim_irql_raise(DISPATCH);
    take_exclusive((uint32_t *)frame->arg[0], old, frame->return_address);
    return old;
}

static uint64_t
row_ExAcquireSpinLockExclusiveAtDpcLevel(struct sim_frame *frame)
{
    take_exclusive((uint32_t *)frame->arg[0], DISPATCH, frame->return_address);
    return 0;
}

static uint64_t
row_ExReleaseSpinLockExclusiveFromDpcLevel(struct sim_frame *frame)
{
    leave_ex((uint32_t *)frame->arg[0], LOCK_EXCLUSIVE);
    return 0;
}

static uint64_t
row_ExReleaseSpinLockShared(struct sim_frame *frame)
{
    return lower(frame, leave_ex((uint32_t *)frame->arg[0], LOCK_SHARED));
}

static uint64_t
row_ExReleaseSpinLockExclusive(struct sim_frame *frame)
{
    return lower(frame, leave_ex((uint32_t *)frame->arg[0], LOCK_EXCLUSIVE));
}

#define row_KfAcquireSpinLock              acquire_raise
#define row_KfReleaseSpinLock              release_lower
#define row_KefAcquireSpinLockAtDpcLevel   acquire_at_dispatch
#define row_KefReleaseSpinLockFromDpcLevel release_at_dispatch
#define row_KeAcquireSpinLockRaiseToDpc    acquire_raise
#define row_KeReleaseSpinLock              release_lower
#define row_KeAcquireSpinLockAtDpcLevel    acquire_at_dispatch
#define row_KeReleaseSpinLockFromDpcLevel  release_at_dispatch

static const struct sim_import Rows[] = {
#if !defined(__x86_64__) /* inline on amd64, and not in its import library */
    ROW(NTOSKRNL, KeInitializeSpinLock, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0,
        "nf-wdm-keinitializespinlock"),
#endif
#if defined(__i386__)
    ROW(HAL, KfAcquireSpinLock, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-keacquirespinlock"),
    ROW(HAL, KfReleaseSpinLock, 2, SIM_FASTCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-kereleasespinlock"),
    ROW(NTOSKRNL, KefAcquireSpinLockAtDpcLevel, 1, SIM_FASTCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-keacquirespinlockatdpclevel"),
    ROW(NTOSKRNL, KefReleaseSpinLockFromDpcLevel, 1, SIM_FASTCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-kereleasespinlockfromdpclevel"),
#else
    ROW(NTOSKRNL, KeAcquireSpinLockRaiseToDpc, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-keacquirespinlock"),
    ROW(NTOSKRNL, KeReleaseSpinLock, 2, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-kereleasespinlock"),
    ROW(NTOSKRNL, KeAcquireSpinLockAtDpcLevel, 1, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-keacquirespinlockatdpclevel"),
    ROW(NTOSKRNL, KeReleaseSpinLockFromDpcLevel, 1, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-kereleasespinlockfromdpclevel"),
#endif
    ROW(NTOSKRNL, KeTestSpinLock, 1, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, HIGH, 0, "nf-wdm-ketestspinlock"),
    ROW(HAL_ON_X86, KeAcquireInStackQueuedSpinLock, 2, SIM_FASTCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-keacquireinstackqueuedspinlock"),
    ROW(HAL_ON_X86, KeReleaseInStackQueuedSpinLock, 1, SIM_FASTCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-kereleaseinstackqueuedspinlock"),
    ROW(NTOSKRNL, KeAcquireInStackQueuedSpinLockAtDpcLevel, 2, SIM_FASTCALL, SIM_SINCE_WIN7, DISPATCH,
        DISPATCH, 0, "nf-wdm-keacquireinstackqueuedspinlockatdpclevel"),
    ROW(NTOSKRNL, KeReleaseInStackQueuedSpinLockFromDpcLevel, 1, SIM_FASTCALL, SIM_SINCE_WIN7, DISPATCH,
        DISPATCH, 0, "nf-wdm-kereleaseinstackqueuedspinlockfromdpclevel"),
    ROW(NTOSKRNL, ExAcquireSpinLockShared, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-exacquirespinlockshared"),
    ROW(NTOSKRNL, ExReleaseSpinLockShared, 2, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-exreleasespinlockshared"),
    ROW(NTOSKRNL, ExAcquireSpinLockSharedAtDpcLevel, 1, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-exacquirespinlocksharedatdpclevel"),
    ROW(NTOSKRNL, ExReleaseSpinLockSharedFromDpcLevel, 1, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-exreleasespinlocksharedfromdpclevel"),
    ROW(NTOSKRNL, ExAcquireSpinLockExclusive, 1, SIM_STDCALL, SIM_SINCE_WIN7, PASSIVE, DISPATCH, 0,
        "nf-wdm-exacquirespinlockexclusive"),
    ROW(NTOSKRNL, ExReleaseSpinLockExclusive, 2, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-exreleasespinlockexclusive"),
    ROW(NTOSKRNL, ExAcquireSpinLockExclusiveAtDpcLevel, 1, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH, 0,
        "nf-wdm-exacquirespinlockexclusiveatdpclevel"),
    ROW(NTOSKRNL, ExReleaseSpinLockExclusiveFromDpcLevel, 1, SIM_STDCALL, SIM_SINCE_WIN7, DISPATCH, DISPATCH,
        0, "nf-wdm-exreleasespinlockexclusivefromdpclevel"),
};
TABLE(sim_lock_imports, Rows);
