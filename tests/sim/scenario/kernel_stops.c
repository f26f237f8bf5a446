/* SPDX-License-Identifier: MIT
 * Tests of the kernel model itself: each rule is broken once, in a child process, and must end it with that
 * rule. Without these a check that never fires would look like a driver that never errs. Past 500
 * lines because all cases belong to one table. */
#include <string.h>
#include <unistd.h>
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

KERNEL_ROUTINE(keep_lock, 1)
{
    (void)frame;
    kernel_spin_acquire(&one);
    kernel_lower_irql(DISPATCH);
    return 0;
}

static void
thread_ends_with_lock(void)
{
    HANDLE handle;
    KERNEL(PsCreateSystemThread, POINTER(&handle), 0, 0, 0, 0, POINTER(KERNEL_CODE(keep_lock)), 0);
    sleep(20);
}

/* ---- Events ---- */

static void
event_uninitialised(void)
{
    KEVENT event;
    memset(&event, 0xA5, sizeof event);
    KERNEL(KeSetEvent, POINTER(&event), 0, 0);
}

static _Atomic bool about_to_wait;

KERNEL_ROUTINE(wait_for_context, 1)
{
    about_to_wait = true;
    KERNEL(KeWaitForSingleObject, frame->arg[0], 0, 0, 0, 0);
    return 0;
}

static void
event_freed_while_waited_for(void)
{
    KEVENT *event = pool(sizeof *event);
    HANDLE handle;
    KERNEL(KeInitializeEvent, POINTER(event), 0, 0);
    KERNEL(PsCreateSystemThread, POINTER(&handle), 0, 0, 0, 0, POINTER(KERNEL_CODE(wait_for_context)),
           POINTER(event));
    while (!about_to_wait)
        usleep(1000);
    usleep(500000);
    release(event);
}

/* ---- Work items ---- */

static void
sleep_long(void *unused)
{
    (void)unused;
    sleep(20);
}

KERNEL_ROUTINE(do_nothing, 2)
{
    (void)frame;
    return 0;
}

static void
work_item_freed_while_queued(void)
{
    uintptr_t item = (uintptr_t)KERNEL(IoAllocateWorkItem, POINTER(kernel_device(KERNEL_CODE(do_nothing))));
    for (unsigned i = 0; i < 3; i++)
        sim_queue_work(sleep_long, NULL);
    KERNEL(IoQueueWorkItem, item, POINTER(KERNEL_CODE(do_nothing)), 1, 0);
    KERNEL(IoFreeWorkItem, item);
}

static void
work_item_queued_twice(void)
{
    uintptr_t item = (uintptr_t)KERNEL(IoAllocateWorkItem, POINTER(kernel_device(KERNEL_CODE(do_nothing))));
    for (unsigned i = 0; i < 3; i++)
        sim_queue_work(sleep_long, NULL);
    KERNEL(IoQueueWorkItem, item, POINTER(KERNEL_CODE(do_nothing)), 1, 0);
    KERNEL(IoQueueWorkItem, item, POINTER(KERNEL_CODE(do_nothing)), 1, 0);
}

static void
work_item_freed_twice(void)
{
    uintptr_t item = (uintptr_t)KERNEL(IoAllocateWorkItem, POINTER(kernel_device(KERNEL_CODE(do_nothing))));
    KERNEL(IoFreeWorkItem, item);
    KERNEL(IoFreeWorkItem, item);
}

/* ---- MDLs ---- */

static struct sim_process *owner;

static MDL *
locked_mdl(void)
{
    uint8_t old_mode;
    owner = sim_process_fake();
    void *memory = sim_user_allocate(owner, 3 * PAGE_SIZE, true);
    process_enter(owner, 1, &old_mode);
    MDL *mdl = (MDL *)(uintptr_t)KERNEL(IoAllocateMdl, POINTER(memory) + 100, 2 * PAGE_SIZE, 0, 0, 0);
    KERNEL(MmProbeAndLockPages, POINTER(mdl), 1, 2);
    return mdl;
}

static uint8_t *
mapped(MDL *mdl)
{
    return (uint8_t *)(uintptr_t)KERNEL(MmMapLockedPagesSpecifyCache, POINTER(mdl), 0, 1, 0, 0, 16);
}

static void
mdl_freed_locked(void)
{
    KERNEL(IoFreeMdl, POINTER(locked_mdl()));
}

static void
mdl_unlocked_twice(void)
{
    MDL *mdl = locked_mdl();
    KERNEL(MmUnlockPages, POINTER(mdl));
    KERNEL(MmUnlockPages, POINTER(mdl));
}

static void
mdl_unmapped_twice(void)
{
    MDL *mdl = locked_mdl();
    uint8_t *address = mapped(mdl);
    KERNEL(MmUnmapLockedPages, POINTER(address), POINTER(mdl));
    KERNEL(MmUnmapLockedPages, POINTER(address), POINTER(mdl));
}

static void
mdl_mapped_unlocked(void)
{
    MDL *mdl = locked_mdl();
    KERNEL(MmUnlockPages, POINTER(mdl));
    mapped(mdl);
}

static void
mdl_used_after_unmap(void)
{
    MDL *mdl = locked_mdl();
    volatile uint8_t *address = mapped(mdl);
    KERNEL(MmUnmapLockedPages, POINTER(address), POINTER(mdl));
    address[0] = 1;
}

static void
mdl_bugcheck_on_failure(void)
{
    KERNEL(MmMapLockedPagesSpecifyCache, POINTER(locked_mdl()), 0, 1, 0, 1, 16);
}

static void
mdl_flags_of_windows_8(void)
{
    MDL *mdl = locked_mdl();
    sim_persona = sim_persona_find("win7");
    KERNEL(MmMapLockedPagesSpecifyCache, POINTER(mdl), 0, 1, 0, 0, 16 | 0x40000000);
}

static void
mdl_owner_dies(void)
{
    locked_mdl();
    sim_process_exit_fake(owner);
}

static void
mdl_unmapped_memory_unhandled(void)
{
    MDL *mdl = (MDL *)(uintptr_t)KERNEL(IoAllocateMdl, 0x10000, PAGE_SIZE, 0, 0, 0);
    KERNEL(MmProbeAndLockPages, POINTER(mdl), 1, 2);
}

/* ---- Objects ---- */

static void
object_dereferenced_too_often(void)
{
    void *body = object_create(OBJECT_EVENT, sizeof(struct event_object));
    KERNEL(ObfReferenceObject, POINTER(body));
    KERNEL(ObfDereferenceObject, POINTER(body));
    KERNEL(ObfDereferenceObject, POINTER(body));
}

static void
object_of_none(void)
{
    KERNEL(ObfReferenceObject, POINTER(pool(64)));
}

KERNEL_ROUTINE(return_at_once, 1)
{
    (void)frame;
    return 0;
}

static void
handle_closed_twice(void)
{
    HANDLE handle;
    KERNEL(PsCreateSystemThread, POINTER(&handle), 0, 0, 0, 0, POINTER(KERNEL_CODE(return_at_once)), 0);
    KERNEL(ZwClose, POINTER(handle));
    KERNEL(ZwClose, POINTER(handle));
}

static void
object_type_by_variable(void)
{
    void *object;
    KERNEL(ObReferenceObjectByHandle, 4, 2, POINTER(&object), 1, POINTER(&object), 0);
}

KERNEL_ROUTINE(notified, 3)
{
    if (!(uint8_t)frame->arg[2])
        KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(sim_import_address(frame->row)), 1);
    return 0;
}

static void
notify_removed_inside(void)
{
    KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(notified)), 0);
    sim_process_exit_fake(sim_process_fake());
}

static void
notify_removed_twice(void)
{
    KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(notified)), 0);
    KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(notified)), 1);
    KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(notified)), 1);
}

/* ---- IRPs ---- */

static unsigned wrong; /* code of the control request that the dispatch routine handles wrongly */
enum
{
    TWICE = 1,
    PENDING_STATUS,
    UNMARKED,
    MARKED,
    FORGOTTEN,
    OTHER_STATUS,
    TOO_MUCH,
    LOCKED,
    CANCEL_SET,
    HIGH_IRQL
};

static void
complete(IRP *irp, NTSTATUS status, uintptr_t information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    KERNEL(IofCompleteRequest, POINTER(irp), 0);
}

KERNEL_ROUTINE(dispatch, 2)
{
    IRP *irp = (IRP *)frame->arg[1];
    IO_STACK_LOCATION *stack = irp->Tail.Overlay.CurrentStackLocation;
    unsigned what = stack->MajorFunction == IRP_MJ_DEVICE_CONTROL ? wrong : 0;
    if (what == UNMARKED)
        return STATUS_PENDING;
    if (what == FORGOTTEN)
        return STATUS_SUCCESS;
    if (what == MARKED)
        stack->Control |= SL_PENDING_RETURNED;
    if (what == LOCKED)
        kernel_spin_acquire(&one);
    if (what == CANCEL_SET)
        irp->CancelRoutine = KERNEL_CODE(do_nothing);
    if (what == HIGH_IRQL)
        sim_irql_raise(APC);
    complete(irp, what == PENDING_STATUS ? STATUS_PENDING : STATUS_SUCCESS, what == TOO_MUCH ? 9 : 0);
    if (what == TWICE)
        KERNEL(IofCompleteRequest, POINTER(irp), 0);
    return what == OTHER_STATUS ? (uint32_t)STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
}

static void
irp_handled_wrongly(unsigned what)
{
    uint64_t handle;
    uint8_t out[8];
    struct sim_process *process = sim_process_fake();
    kernel_device(KERNEL_CODE(dispatch));
    EXPECT_EQ((uint32_t)sim_open(process, kernel_device_path, 0xC0000000u, &handle), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)sim_ioctl(process, handle, 0x222000, NULL, 0, out, sizeof out, NULL), STATUS_SUCCESS);
    wrong = what;
    sim_ioctl(process, handle, 0x222000, NULL, 0, out, sizeof out, NULL);
}

#define IRP_CASE(name, what)                                                                                 \
    static void name(void)                                                                                   \
    {                                                                                                        \
        irp_handled_wrongly(what);                                                                           \
    }
IRP_CASE(irp_completed_twice, TWICE)
IRP_CASE(irp_completed_pending, PENDING_STATUS)
IRP_CASE(irp_pending_unmarked, UNMARKED)
IRP_CASE(irp_marked_not_pending, MARKED)
IRP_CASE(irp_forgotten, FORGOTTEN)
IRP_CASE(irp_other_status, OTHER_STATUS)
IRP_CASE(irp_too_much_output, TOO_MUCH)
IRP_CASE(irp_completed_under_lock, LOCKED)
IRP_CASE(irp_completed_cancellable, CANCEL_SET)
IRP_CASE(irp_returned_at_other_irql, HIGH_IRQL)

static void
device_deleted_twice(void)
{
    DEVICE_OBJECT *device = kernel_device(KERNEL_CODE(dispatch));
    sim_device_delete(device);
    sim_device_delete(device);
}

static void
device_extension_after_deletion(void)
{
    uint64_t handle;
    DEVICE_OBJECT *device = kernel_device(KERNEL_CODE(dispatch));
    volatile uint8_t *extension = device->DeviceExtension;
    EXPECT_EQ((uint32_t)sim_open(sim_process_fake(), kernel_device_path, 0xC0000000u, &handle),
              STATUS_SUCCESS);
    sim_device_delete(device);
    extension[0] = 1;
}

static void
bugcheck(void)
{
    KERNEL(KeBugCheckEx, 0xE2, 1, 2, 3, 4);
}

static const struct
{
    void (*run)(void);
    const char *text;
} Cases[] = {
    {pool_double_free, "freed already"},
    {pool_wrong_tag, "of memory allocated with tag"},
    {pool_no_tag, "a tag has one to four"},
    {pool_no_bytes, "an allocation of 0 bytes"},
    {pool_one_byte_behind, "byte 13 of allocation"},
    {pool_one_byte_before, "byte 1 before allocation"},
    {pool_overrun, "offset 64 of the allocation of 64 bytes"},
    {pool_use_after_free, "offset 8 of the freed allocation of 64 bytes with tag 'Test'"},
    {pool_paged_at_dispatch, "paged pool allocated at IRQL 2"},
    {pool_nx_on_windows_7, "NonPagedPoolNx exists from Windows 8 on"},
    {irql_wait_at_dispatch, "a wait with a time-out other than zero at IRQL 2"},
    {irql_passive_only_at_dispatch, "ZwClose called at IRQL 2"},
    {irql_lower_to_higher, "lowered from 0 to 2"},
    {irql_lower_with_lock, "with 1 spin locks held"},
    {lock_recursion, "is taken by the thread that holds it"},
    {lock_released_unheld, "released by a thread that does not hold it"},
    {lock_released_to_other_irql, "was taken at IRQL 1 and is released to 0"},
    {lock_order, "elsewhere the other way round"},
    {lock_in_freed_memory, "memory freed with the held lock"},
    {lock_queued_released_as_plain, "released in another way"},
    {lock_shared_recursion, "is taken by the thread that holds it"},
    {mutex_recursion, "ExAcquireFastMutex: mutex"},
    {mutex_unsafe_with_apcs, "with kernel APCs enabled"},
    {rundown_released_too_often, "released more often than acquired"},
    {critical_region_left_unentered, "outside a critical region"},
    {thread_ends_with_lock, "returned with lock"},
    {event_uninitialised, "is no initialised event"},
    {event_freed_while_waited_for, "which a thread waits for"},
    {work_item_freed_while_queued, "is freed while it is queued"},
    {work_item_queued_twice, "is queued twice"},
    {work_item_freed_twice, "is no work item"},
    {mdl_freed_locked, "is freed with its pages locked"},
    {mdl_unlocked_twice, "whose pages are not locked"},
    {mdl_unmapped_twice, "is not mapped"},
    {mdl_mapped_unlocked, "but its pages are not locked"},
    {mdl_used_after_unmap, "of a mapping of user pages that was taken away"},
    {mdl_bugcheck_on_failure, "BugCheckOnFailure must be FALSE"},
    {mdl_flags_of_windows_8, "exist from Windows 8 on"},
    {mdl_owner_dies, "ended with 3 pages locked"},
    {mdl_unmapped_memory_unhandled, "raised and nothing handled it"},
    {object_dereferenced_too_often, "given back already or never taken"},
    {object_of_none, "is no object"},
    {handle_closed_twice, "which is no open handle"},
    {object_type_by_variable, "the exported variable is a pointer to it"},
    {notify_removed_inside, "inside a notify routine"},
    {notify_removed_twice, "is removed but was not registered"},
    {irp_completed_twice, "completed twice, or never sent"},
    {irp_completed_pending, "is completed with STATUS_PENDING"},
    {irp_pending_unmarked, "was not marked pending"},
    {irp_marked_not_pending, "for an IRP that was marked pending"},
    {irp_forgotten, "did not complete its IRP"},
    {irp_other_status, "for an IRP completed with 0x00000000"},
    {irp_too_much_output, "9 bytes of output where the caller has room for 8"},
    {irp_completed_under_lock, "IoCompleteRequest with a spin lock held"},
    {irp_completed_cancellable, "with a cancel routine set"},
    {irp_returned_at_other_irql, "was called at IRQL 0 and returned at 1"},
    {device_deleted_twice, "is deleted twice"},
    {device_extension_after_deletion, "freed by deletion of the device"},
    {bugcheck, "KeBugCheckEx(0xe2"},
};

static void
run_case(void *context)
{
    alarm(60);
    ((void (*)(void))context)();
}

SIM_SCENARIO(kernel_rule_broken_stops)
{
    for (size_t i = 0; i < sizeof Cases / sizeof Cases[0]; i++)
        machine_expect_stop(run_case, (void *)Cases[i].run, Cases[i].text);
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
