/* SPDX-License-Identifier: MIT
 * Tests of the kernel model itself, like kernel_stops.c: each rule of MDLs, objects, handles, IRPs and devices is broken
 * once. */
#include "kernel_test.h"

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
mdl_of_no_bytes(void)
{
    KERNEL(IoAllocateMdl, 0x10000, 0, 0, 0, 0);
}

static void
mdl_freed_twice(void)
{
    uintptr_t mdl = (uintptr_t)KERNEL(IoAllocateMdl, 0x10000, PAGE_SIZE, 0, 0, 0);
    KERNEL(IoFreeMdl, mdl);
    KERNEL(IoFreeMdl, mdl);
}

static void
mdl_locked_twice(void)
{
    KERNEL(MmProbeAndLockPages, POINTER(locked_mdl()), 1, 2);
}

static void
mdl_locked_at_dispatch(void)
{
    MDL *mdl = locked_mdl();
    KERNEL(MmUnlockPages, POINTER(mdl));
    sim_irql_raise(DISPATCH);
    KERNEL(MmProbeAndLockPages, POINTER(mdl), 1, 2);
}

static void
mdl_mapped_twice(void)
{
    MDL *mdl = locked_mdl();
    mapped(mdl);
    mapped(mdl);
}

static void
mdl_unmapped_elsewhere(void)
{
    MDL *mdl = locked_mdl();
    KERNEL(MmUnmapLockedPages, POINTER(mapped(mdl) + PAGE_SIZE), POINTER(mdl));
}

static void
mdl_mapped_with_odd_cache(void)
{
    KERNEL(MmMapLockedPagesSpecifyCache, POINTER(locked_mdl()), 0, 9, 0, 0, 16);
}

static void
mdl_mapped_with_odd_priority(void)
{
    KERNEL(MmMapLockedPagesSpecifyCache, POINTER(locked_mdl()), 0, 1, 0, 0, 7);
}

static void
mdl_of_no_pool(void)
{
    uint64_t memory[8];
    uintptr_t mdl = (uintptr_t)KERNEL(IoAllocateMdl, POINTER(memory), sizeof memory, 0, 0, 0);
    KERNEL(MmBuildMdlForNonPagedPool, mdl);
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
    uint64_t none[8] = {0};
    KERNEL(ObfReferenceObject, POINTER(none));
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

static void
object_without_type(void)
{
    void *object;
    KERNEL(ObReferenceObjectByHandle, 4, 2, 0, 1, POINTER(&object), 0);
}

static void
priority_of_no_thread(void)
{
    uint64_t nothing[8] = {0};
    KERNEL(KeSetPriorityThread, POINTER(nothing), 8);
}

KERNEL_ROUTINE(notified_badly, 3)
{
    if ((uint8_t)frame->arg[2])
        return 0;
    sim_irql_raise(APC);
    return 0;
}

static void
notify_returns_at_apc_level(void)
{
    KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(notified_badly)), 0);
    sim_process_exit_fake(sim_process_fake());
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

KERNEL_ROUTINE(do_nothing, 2)
{
    (void)frame;
    return 0;
}

static KSPIN_LOCK one;
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
device_sddl(const uint16_t *sddl)
{
    void *table[28] = {0};
    DEVICE_OBJECT *device;
    sim_device_create(&kernel_driver, u"\\Device\\Test", NULL, sddl, table, 0, &device);
    uint64_t handle;
    sim_open(sim_process_fake(), kernel_device_path, 0xC0000000u, &handle);
}

static void
device_for_an_unknown_account(void)
{
    device_sddl(u"D:P(A;;GA;;;ZZ)");
}

static void
device_with_an_unknown_right(void)
{
    device_sddl(u"D:P(A;;QQ;;;SY)");
}

static void
device_without_dacl(void)
{
    device_sddl(u"O:BA");
}

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

static const struct kernel_case Cases[] = {
    {mdl_freed_locked, "is freed with its pages locked"},
    {mdl_of_no_bytes, "IoAllocateMdl of 0 bytes"},
    {mdl_freed_twice, "is no MDL, or was freed"},
    {mdl_locked_twice, "which describes locked pages already"},
    {mdl_locked_at_dispatch, "of pageable memory at IRQL 2"},
    {mdl_mapped_twice, "is mapped already"},
    {mdl_unmapped_elsewhere, "is mapped at"},
    {mdl_mapped_with_odd_cache, "cache type 9 is unknown"},
    {mdl_mapped_with_odd_priority, "mapping priority 7 is unknown"},
    {mdl_of_no_pool, "which is no pool"},
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
    {object_without_type, "without an object type"},
    {priority_of_no_thread, "which is no thread"},
    {notify_returns_at_apc_level, "returned at IRQL 1"},
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
    {device_for_an_unknown_account, "account 'ZZ' is unknown"},
    {device_with_an_unknown_right, "is unknown"},
    {device_without_dacl, "has no DACL"},
    {device_deleted_twice, "is deleted twice"},
    {device_extension_after_deletion, "freed by deletion of the device"},
};

SIM_SCENARIO(kernel_object_rule_broken_stops)
{
    kernel_expect_stops(Cases, sizeof Cases / sizeof Cases[0]);
}
