/* SPDX-License-Identifier: MIT
 * Tests of the kernel model itself: each rule of memory, levels and locks is broken once, in a child process,
 * and must end it with that rule. Without these a check that never fires would look like a driver that never errs. */
#include "kernel_test.h"

#define TAG 0x74736554 /* 'Test' */

static void *
pool(size_t size)
{
    return (void *)(uintptr_t)KERNEL(ExAllocatePoolWithTag, 0, size, TAG);
}

static void
release(void *memory)
{
    KERNEL(ExFreePoolWithTag, POINTER(memory), TAG);
}

/* ---- Pool ---- */

static void
pool_double_free(void)
{
    void *memory = pool(100);
    release(memory);
    release(memory);
}

static void
pool_wrong_tag(void)
{
    KERNEL(ExFreePoolWithTag, POINTER(pool(100)), 0x68746F4F);
}

static void
pool_no_tag(void)
{
    KERNEL(ExAllocatePoolWithTag, 0, 100, 0);
}

static void
pool_no_bytes(void)
{
    pool(0);
}

static void
pool_one_byte_behind(void)
{
    uint8_t *memory = pool(13);
    memory[13] = 1;
    release(memory);
}

static void
pool_one_byte_before(void)
{
    uint8_t *memory = pool(100);
    memory[-1] = 1;
    release(memory);
}

static void
pool_overrun(void)
{
    volatile uint8_t *memory = pool(64);
    memory[64] = 1;
}

static void
pool_use_after_free(void)
{
    volatile uint8_t *memory = pool(64);
    release((void *)memory);
    memory[8] = 1;
}

static void
pool_paged_at_dispatch(void)
{
    sim_irql_raise(DISPATCH);
    KERNEL(ExAllocatePoolWithTag, 1, 64, TAG);
}

static void
pool_paged(void)
{
    KERNEL(ExAllocatePoolWithTag, 1, 64, TAG);
}

static void
pool_tag_unprintable(void)
{
    KERNEL(ExAllocatePoolWithTag, 0, 100, 0x01020304);
}

static void
pool_type_unknown(void)
{
    KERNEL(ExAllocatePoolWithTag, 5, 100, TAG);
}

static void
pool_nx_on_windows_7(void)
{
    sim_persona = sim_persona_find("win7");
    KERNEL(ExAllocatePoolWithTag, 0x200, 64, TAG);
}

/* ---- IRQL and locks ---- */

static KSPIN_LOCK one, two;

static void
irql_wait_at_dispatch(void)
{
    KEVENT event;
    int64_t tick = -10000;
    KERNEL(KeInitializeEvent, POINTER(&event), 0, 0);
    sim_irql_raise(DISPATCH);
    KERNEL(KeWaitForSingleObject, POINTER(&event), 0, 0, 0, POINTER(&tick));
}

static void
irql_passive_only_at_dispatch(void)
{
    sim_irql_raise(DISPATCH);
    KERNEL(ZwClose, 4);
}

static void
irql_lower_to_higher(void)
{
    kernel_lower_irql(DISPATCH);
}

static void
irql_raise_to_lower(void)
{
    sim_irql_raise(DISPATCH);
    KERNEL(KfRaiseIrql, APC);
}

static void
irql_lower_with_lock(void)
{
    kernel_spin_acquire(&one);
    kernel_lower_irql(PASSIVE);
}

static void
lock_recursion(void)
{
    kernel_spin_acquire(&one);
    kernel_spin_acquire(&one);
}

static void
lock_released_unheld(void)
{
    sim_irql_raise(DISPATCH);
    kernel_spin_release(&one, PASSIVE);
}

static void
lock_released_to_other_irql(void)
{
    sim_irql_raise(APC);
    kernel_spin_acquire(&one);
    kernel_spin_release(&one, PASSIVE);
}

static void
lock_order(void)
{
    uint8_t outer = kernel_spin_acquire(&one), inner = kernel_spin_acquire(&two);
    kernel_spin_release(&two, inner);
    kernel_spin_release(&one, outer);
    kernel_spin_acquire(&two);
    kernel_spin_acquire(&one);
}

static void
lock_word_overwritten(void)
{
    uint8_t old = kernel_spin_acquire(&one);
    one = 0;
    kernel_spin_release(&one, old);
}

static void
lock_queue_changed(void)
{
    KLOCK_QUEUE_HANDLE handle;
    KERNEL(KeAcquireInStackQueuedSpinLock, POINTER(&one), POINTER(&handle));
    handle.OldIrql = APC;
    KERNEL(KeReleaseInStackQueuedSpinLock, POINTER(&handle));
}

static void
lock_in_freed_memory(void)
{
    KSPIN_LOCK *lock = pool(sizeof *lock);
    *lock = 0;
    kernel_spin_acquire(lock);
    release(lock);
}

static void
lock_queued_released_as_plain(void)
{
    KLOCK_QUEUE_HANDLE handle;
    KERNEL(KeAcquireInStackQueuedSpinLock, POINTER(&one), POINTER(&handle));
    kernel_spin_release(&one, PASSIVE);
}

static void
lock_shared_recursion(void)
{
    static uint32_t lock;
    KERNEL(ExAcquireSpinLockShared, POINTER(&lock));
    KERNEL(ExAcquireSpinLockShared, POINTER(&lock));
}

static void
mutex_recursion(void)
{
    FAST_MUTEX mutex = {.Count = 1};
    sim_ke_initialize_event(&mutex.Event, false, false);
    KERNEL(ExAcquireFastMutex, POINTER(&mutex));
    KERNEL(ExAcquireFastMutex, POINTER(&mutex));
}

static void
mutex_released_unheld(void)
{
    FAST_MUTEX mutex = {.Count = 1};
    KERNEL(KeEnterCriticalRegion);
    KERNEL(ExReleaseFastMutexUnsafe, POINTER(&mutex));
}

static void
mutex_unsafe_with_apcs(void)
{
    FAST_MUTEX mutex = {.Count = 1};
    KERNEL(ExAcquireFastMutexUnsafe, POINTER(&mutex));
}

static void
rundown_released_too_often(void)
{
    EX_RUNDOWN_REF reference;
    KERNEL(ExInitializeRundownProtection, POINTER(&reference));
    KERNEL(ExReleaseRundownProtection, POINTER(&reference));
}

static void
critical_region_left_unentered(void)
{
    KERNEL(KeLeaveCriticalRegion);
}

/* ---- The cases ---- */

static void
bugcheck(void)
{
    KERNEL(KeBugCheckEx, 0xE2, 1, 2, 3, 4);
}

static const struct kernel_case Cases[] = {
    {pool_double_free, "freed already"},
    {pool_wrong_tag, "of memory allocated with tag"},
    {pool_no_tag, "a tag has one to four"},
    {pool_no_bytes, "an allocation of 0 bytes"},
    {pool_one_byte_behind, "byte 13 of allocation"},
    {pool_one_byte_before, "byte 1 before allocation"},
    {pool_overrun, "offset 64 of the allocation of 64 bytes"},
    {pool_use_after_free, "offset 8 of the freed allocation of 64 bytes with tag 'Test'"},
    {pool_paged_at_dispatch, "paged pool allocated at IRQL 2"},
    {pool_tag_unprintable, "must lie between 0x20 and 0x7e"},
    {pool_type_unknown, "pool type 0x5 is unknown"},
    {pool_paged, "nobody would see it touched"},
    {pool_nx_on_windows_7, "NonPagedPoolNx exists from Windows 8 on"},
    {irql_wait_at_dispatch, "a wait with a time-out other than zero at IRQL 2"},
    {irql_passive_only_at_dispatch, "ZwClose called at IRQL 2"},
    {irql_lower_to_higher, "lowered from 0 to 2"},
    {irql_raise_to_lower, "raised from 2 to 1"},
    {irql_lower_with_lock, "with 1 spin locks held"},
    {lock_recursion, "is taken by the thread that holds it"},
    {lock_released_unheld, "released by a thread that does not hold it"},
    {lock_released_to_other_irql, "was taken at IRQL 1 and is released to 0"},
    {lock_order, "elsewhere the other way round"},
    {lock_word_overwritten, "was overwritten"},
    {lock_queue_changed, "was changed while it held the lock"},
    {lock_in_freed_memory, "memory freed with the held lock"},
    {lock_queued_released_as_plain, "released in another way"},
    {lock_shared_recursion, "is taken by the thread that holds it"},
    {mutex_recursion, "ExAcquireFastMutex: mutex"},
    {mutex_released_unheld, "is not held by this thread"},
    {mutex_unsafe_with_apcs, "with kernel APCs enabled"},
    {rundown_released_too_often, "released more often than acquired"},
    {critical_region_left_unentered, "outside a critical region"},
    {bugcheck, "KeBugCheckEx(0xe2"},
};

SIM_SCENARIO(kernel_rule_broken_stops)
{
    kernel_expect_stops(Cases, sizeof Cases / sizeof Cases[0]);
}

/* The ledger names what is left and who took it. */
static void
leave_something(void *unused)
{
    (void)unused;
    pool(77);
    if (sim_ledger_report() == 1)
        sim_stop("ledger", "as expected");
}

SIM_SCENARIO(kernel_leak_is_reported)
{
    machine_expect_stop(leave_something, NULL, "77 bytes");
    EXPECT_EQ(sim_ledger_report(), 0);
}
