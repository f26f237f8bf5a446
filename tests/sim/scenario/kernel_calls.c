/* SPDX-License-Identifier: MIT
 * Tests of the kernel model itself: what its imports do when they are called as documented. */
#include <string.h>
#include <unistd.h>
#include "kernel_test.h"

#define TAG 0x74736554 /* 'Test' */

SIM_SCENARIO(kernel_pool_is_aligned_and_dirty)
{
    for (size_t size = 1; size < 3 * PAGE_SIZE; size += size < 300 ? 1 : 501) {
        uint8_t *memory = (uint8_t *)(uintptr_t)KERNEL(ExAllocatePoolWithTag, 0, size, TAG);
        EXPECT_EQ((uintptr_t)memory % (size < PAGE_SIZE ? MEMORY_ALLOCATION_ALIGNMENT : PAGE_SIZE), 0);
        /* Never zero by chance: who needs zeroes must write them. */
        EXPECT(memory[0] != 0 && memory[size - 1] != 0);
        memset(memory, 0xFF, size);
        KERNEL(ExFreePoolWithTag, POINTER(memory), TAG);
    }
}

SIM_SCENARIO_ON(kernel_pool2_is_zeroed, SIM_SINCE_WIN10, 0)
{
    for (unsigned uninitialised = 0; uninitialised < 2; uninitialised++) {
        uint32_t flags = 0x40 | (uninitialised ? 2 : 0);
#if UINTPTR_MAX > 0xFFFFFFFFu
        uint8_t *memory = (uint8_t *)(uintptr_t)KERNEL(ExAllocatePool2, flags, 100, TAG);
#else
        uint8_t *memory = (uint8_t *)(uintptr_t)KERNEL(ExAllocatePool2, flags, 0, 100, TAG);
#endif
        EXPECT((memory[50] == 0) == !uninitialised);
        KERNEL(ExFreePoolWithTag, POINTER(memory), TAG);
    }
}

SIM_SCENARIO(kernel_routine_address_knows_the_system)
{
    UNICODE_STRING name;
    KERNEL(RtlInitUnicodeString, POINTER(&name), POINTER(u"ExAllocatePool2"));
    bool there = KERNEL(MmGetSystemRoutineAddress, POINTER(&name)) != 0;
    EXPECT(there == ((sim_persona->system & SIM_SINCE_WIN10) != 0));
    KERNEL(RtlInitUnicodeString, POINTER(&name), POINTER(u"KeQueryInterruptTimePrecise"));
    there = KERNEL(MmGetSystemRoutineAddress, POINTER(&name)) != 0;
    EXPECT(there == (sim_persona->system != SIM_WIN7));
    KERNEL(RtlInitUnicodeString, POINTER(&name), POINTER(u"NoSuchRoutine"));
    EXPECT(KERNEL(MmGetSystemRoutineAddress, POINTER(&name)) == 0);
}

/* ---- Waiting ---- */

static KEVENT event, other;
static _Atomic unsigned woken;

KERNEL_ROUTINE(wait_once, 1)
{
    EXPECT_EQ(KERNEL(KeWaitForSingleObject, frame->arg[0], 0, 0, 0, 0), STATUS_SUCCESS);
    woken++;
    KERNEL(PsTerminateSystemThread, 0);
    sim_fail(__FILE__, __LINE__, "PsTerminateSystemThread returned");
}

static void *
start_waiter(void)
{
    HANDLE handle;
    void *thread;
    EXPECT_EQ((uint32_t)KERNEL(PsCreateSystemThread, POINTER(&handle), 0x1FFFFF, 0, 0, 0,
                               POINTER(KERNEL_CODE(wait_once)), POINTER(&event)),
              STATUS_SUCCESS);
    const struct sim_import *type = sim_import_find(sim_driver_tables, NTOSKRNL, "PsThreadType");
    EXPECT_EQ((uint32_t)KERNEL(ObReferenceObjectByHandle, POINTER(handle), 0x1FFFFF,
                               POINTER(*(void **)type->data), 0, POINTER(&thread), 0),
              STATUS_SUCCESS);
    KERNEL(ZwClose, POINTER(handle));
    return thread;
}

static void
join_waiter(void *thread)
{
    EXPECT_EQ(KERNEL(KeWaitForSingleObject, POINTER(thread), 0, 0, 0, 0), STATUS_SUCCESS);
    KERNEL(ObfDereferenceObject, POINTER(thread));
}

SIM_SCENARIO(kernel_event_auto_wakes_one_manual_wakes_all)
{
    void *threads[4];
    for (unsigned manual = 0; manual < 2; manual++) {
        woken = 0;
        KERNEL(KeInitializeEvent, POINTER(&event), manual ? 0 : 1, 0);
        for (unsigned i = 0; i < 4; i++)
            threads[i] = start_waiter();
        usleep(100000);
        EXPECT_EQ(woken, 0);
        KERNEL(KeSetEvent, POINTER(&event), 0, 0);
        for (unsigned i = 0; woken < (manual ? 4u : 1u); i++) {
            EXPECT(i < 60000);
            usleep(1000);
        }
        usleep(50000);
        EXPECT_EQ(woken, manual ? 4 : 1);
        EXPECT_EQ(KERNEL(KeReadStateEvent, POINTER(&event)), manual);
        for (unsigned i = 1; !manual && i < 4; i++) {
            KERNEL(KeSetEvent, POINTER(&event), 0, 0);
            while (woken <= i)
                usleep(1000);
        }
        for (unsigned i = 0; i < 4; i++)
            join_waiter(threads[i]);
    }
}

SIM_SCENARIO(kernel_event_state_and_timeouts)
{
    int64_t zero = 0, tick = -100000, before = (int64_t)KERNEL(KeQueryUnbiasedInterruptTime);
    KERNEL(KeInitializeEvent, POINTER(&event), 1, 1);
    EXPECT_EQ(KERNEL(KeWaitForSingleObject, POINTER(&event), 0, 0, 0, POINTER(&zero)), STATUS_SUCCESS);
    EXPECT_EQ(KERNEL(KeWaitForSingleObject, POINTER(&event), 0, 0, 0, POINTER(&zero)), STATUS_TIMEOUT);
    EXPECT_EQ(KERNEL(KeWaitForSingleObject, POINTER(&event), 0, 0, 0, POINTER(&tick)), STATUS_TIMEOUT);
    EXPECT((int64_t)KERNEL(KeQueryUnbiasedInterruptTime) - before >= 100000);
    EXPECT_EQ(KERNEL(KeSetEvent, POINTER(&event), 0, 0), 0);
    EXPECT_EQ(KERNEL(KeSetEvent, POINTER(&event), 0, 0), 1);
    EXPECT_EQ(KERNEL(KeResetEvent, POINTER(&event)), 1);
    EXPECT_EQ(KERNEL(KeResetEvent, POINTER(&event)), 0);
    /* At DISPATCH_LEVEL a look at the state is allowed. */
    uint8_t irql = sim_irql_raise(DISPATCH);
    EXPECT_EQ(KERNEL(KeWaitForSingleObject, POINTER(&event), 0, 0, 0, POINTER(&zero)), STATUS_TIMEOUT);
    sim_irql_lower(irql);
}

SIM_SCENARIO(kernel_wait_for_several_names_the_first_signalled)
{
    int64_t zero = 0, second = -10000000;
    struct sim_process *process = sim_process_fake();
    uint64_t handle = sim_event_create(process, false, false);
    void *shared;
    uint8_t old_mode;
    struct sim_process *previous = process_enter(process, 1, &old_mode);
    const struct sim_import *type = sim_import_find(sim_driver_tables, NTOSKRNL, "ExEventObjectType");
    EXPECT_EQ((uint32_t)KERNEL(ObReferenceObjectByHandle, (uintptr_t)handle, 2, POINTER(*(void **)type->data),
                               1, POINTER(&shared), 0),
              STATUS_SUCCESS);
    process_leave(previous, old_mode);
    KERNEL(KeInitializeEvent, POINTER(&event), 0, 0);
    KERNEL(KeInitializeEvent, POINTER(&other), 1, 0);
    void *objects[3] = {&event, shared, &other};
#define WAIT(kind, timeout)                                                                                  \
    (uint32_t) KERNEL(KeWaitForMultipleObjects, 3, POINTER(objects), kind, 0, 0, 0, POINTER(timeout), 0)
    EXPECT_EQ(WAIT(1, &zero), STATUS_TIMEOUT);
    sim_event_set(process, handle);
    EXPECT_EQ(WAIT(1, &second), 1);
    EXPECT_EQ(WAIT(1, &zero), STATUS_TIMEOUT);
    KERNEL(KeSetEvent, POINTER(&other), 0, 0);
    EXPECT_EQ(WAIT(1, &second), 2);
    KERNEL(KeSetEvent, POINTER(shared), 0, 0);
    EXPECT(sim_event_wait(process, handle, 1000));
    KERNEL(KeSetEvent, POINTER(&event), 0, 0);
    EXPECT_EQ(WAIT(1, &second), 0);
    objects[1] = &other;
    EXPECT_EQ(WAIT(0, &zero), STATUS_TIMEOUT);
    KERNEL(KeSetEvent, POINTER(&other), 0, 0);
    EXPECT_EQ(WAIT(0, &second), 0);
    KERNEL(ObfDereferenceObject, POINTER(shared));
    sim_process_exit_fake(process);
}

/* ---- Handles ---- */

SIM_SCENARIO(kernel_handles_are_checked_as_for_user_mode)
{
    struct sim_process *process = sim_process_fake();
    uint64_t weak = sim_event_create_as(process, false, false, 0x100000),
             good = sim_event_create(process, false, false);
    HANDLE thread;
    void *object = &object;
    uint8_t old_mode;
    void *type = *(void **)sim_import_find(sim_driver_tables, NTOSKRNL, "ExEventObjectType")->data;
    void *thread_type = *(void **)sim_import_find(sim_driver_tables, NTOSKRNL, "PsThreadType")->data;
    KERNEL(KeInitializeEvent, POINTER(&event), 0, 1);
    KERNEL(PsCreateSystemThread, POINTER(&thread), 0x1FFFFF, 0, 0, 0, POINTER(KERNEL_CODE(wait_once)),
           POINTER(&event));
    struct sim_process *previous = process_enter(process, 1, &old_mode);
#define REFERENCE(handle, kind, mode)                                                                        \
    (uint32_t)                                                                                               \
        KERNEL(ObReferenceObjectByHandle, (uintptr_t)(handle), 2, POINTER(kind), mode, POINTER(&object), 0)
    EXPECT_EQ(REFERENCE(weak, type, 1), (uint32_t)STATUS_ACCESS_DENIED);
    EXPECT(object == NULL);
    EXPECT_EQ(REFERENCE(good, thread_type, 1), (uint32_t)STATUS_OBJECT_TYPE_MISMATCH);
    EXPECT_EQ(REFERENCE(good + 4, type, 1), (uint32_t)STATUS_INVALID_HANDLE);
    EXPECT_EQ(REFERENCE(0, type, 1), (uint32_t)STATUS_INVALID_HANDLE);
    EXPECT_EQ(REFERENCE(-1, type, 1), (uint32_t)STATUS_OBJECT_TYPE_MISMATCH);
    /* A kernel handle is none for user mode. */
    EXPECT_EQ(REFERENCE(thread, thread_type, 1), (uint32_t)STATUS_INVALID_HANDLE);
    EXPECT_EQ(REFERENCE(thread, thread_type, 0), STATUS_SUCCESS);
    join_waiter(object);
    EXPECT_EQ(REFERENCE(good, type, 1), STATUS_SUCCESS);
    KERNEL(ObfDereferenceObject, POINTER(object));
    process_leave(previous, old_mode);
    KERNEL(ZwClose, POINTER(thread));
    sim_process_exit_fake(process);
}

SIM_SCENARIO(kernel_notify_slots_run_out)
{
    sim_notify_slots_taken(64);
    EXPECT_EQ((uint32_t)KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(wait_once)), 0),
              (uint32_t)STATUS_INVALID_PARAMETER);
    sim_notify_slots_taken(63);
    EXPECT_EQ((uint32_t)KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(wait_once)), 0),
              STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)KERNEL(PsSetCreateProcessNotifyRoutine, POINTER(KERNEL_CODE(wait_once)), 1),
              STATUS_SUCCESS);
    sim_notify_slots_taken(0);
}

/* ---- Memory ---- */

SIM_SCENARIO(kernel_mdl_shows_the_pages_of_a_process)
{
    uint8_t old_mode;
    struct sim_process *process = sim_process_fake();
    uint8_t *memory = sim_user_allocate(process, 5 * PAGE_SIZE, true);
    struct sim_process *previous = process_enter(process, 1, &old_mode);
    MDL *mdl = (MDL *)(uintptr_t)KERNEL(IoAllocateMdl, POINTER(memory) + 4000, 2 * PAGE_SIZE, 0, 0, 0);
    EXPECT_EQ(mdl->ByteOffset, 4000);
    KERNEL(MmProbeAndLockPages, POINTER(mdl), 1, 2);
    EXPECT(mdl->Process == process);
    process_leave(previous, old_mode);
    uint8_t *view = (uint8_t *)(uintptr_t)KERNEL(MmMapLockedPagesSpecifyCache, POINTER(mdl), 0, 1, 0, 0, 16);
    EXPECT(view != memory + 4000 && (uintptr_t)view % PAGE_SIZE == 4000);
    memory[4000] = 11;
    memory[4000 + 2 * PAGE_SIZE - 1] = 12;
    EXPECT_EQ(view[0], 11);
    EXPECT_EQ(view[2 * PAGE_SIZE - 1], 12);
    view[PAGE_SIZE] = 13;
    EXPECT_EQ(memory[4000 + PAGE_SIZE], 13);
    /* Freed by its process, the memory stays for who has it locked. */
    sim_user_free(process, memory);
    EXPECT_EQ(view[PAGE_SIZE], 13);
    KERNEL(MmUnmapLockedPages, POINTER(view), POINTER(mdl));
    KERNEL(MmUnlockPages, POINTER(mdl));
    KERNEL(IoFreeMdl, POINTER(mdl));
    sim_process_exit_fake(process);
}

/* ---- Devices ---- */

static unsigned seen[28];
static IRP *held;

KERNEL_ROUTINE(cancel_held, 2)
{
    IRP *irp = (IRP *)frame->arg[1];
    KERNEL(IoReleaseCancelSpinLock, irp->CancelIrql);
    irp->IoStatus.Status = STATUS_CANCELLED;
    KERNEL(IofCompleteRequest, POINTER(irp), 0);
    return 0;
}

KERNEL_ROUTINE(dispatch, 2)
{
    IRP *irp = (IRP *)frame->arg[1];
    IO_STACK_LOCATION *stack = irp->Tail.Overlay.CurrentStackLocation;
    NTSTATUS status = STATUS_SUCCESS;
    seen[stack->MajorFunction]++;
    irp->IoStatus.Information = 0;
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL) {
        uint32_t in = stack->Parameters.DeviceIoControl.InputBufferLength;
        uint32_t out = stack->Parameters.DeviceIoControl.OutputBufferLength;
        uint8_t *buffer = irp->AssociatedIrp.SystemBuffer;
        EXPECT_EQ(irp->RequestorMode, 1);
        if ((stack->Parameters.DeviceIoControl.IoControlCode >> 2 & 0xFFF) == 0x801) {
            stack->Control |= SL_PENDING_RETURNED;
            held = irp;
            __atomic_store_n(&irp->CancelRoutine, KERNEL_CODE(cancel_held), __ATOMIC_RELEASE);
            return STATUS_PENDING;
        }
        for (uint32_t i = 0; i < out && i < in; i++)
            buffer[i] ^= 0xFF;
        irp->IoStatus.Information = in < out ? in : out;
    }
    if (stack->MajorFunction == IRP_MJ_CREATE && stack->FileObject->FileName.Length)
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    irp->IoStatus.Status = status;
    KERNEL(IofCompleteRequest, POINTER(irp), 0);
    return (uint32_t)status;
}

SIM_SCENARIO(kernel_device_opens_closes_and_controls)
{
    struct sim_process *process = sim_process_fake(),
                       *plain = sim_process_fake_as(SIM_64BIT ? 64 : 32, false);
    DEVICE_OBJECT *device = kernel_device(KERNEL_CODE(dispatch));
    uint64_t handle, copy, reader;
    uint8_t in[8] = {1, 2, 3, 4, 5, 6, 7, 8}, out[8] = {0};
    uint32_t returned;
    EXPECT_EQ((uint32_t)sim_open(plain, kernel_device_path, 0xC0000000u, &handle),
              (uint32_t)STATUS_ACCESS_DENIED);
    EXPECT_EQ(seen[IRP_MJ_CREATE], 0);
    EXPECT_EQ((uint32_t)sim_open(process, u"\\\\.\\Test\\below", 0xC0000000u, &handle),
              (uint32_t)STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ((uint32_t)sim_open(process, u"\\\\.\\Test2", 0xC0000000u, &handle),
              (uint32_t)STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(seen[IRP_MJ_CREATE], 1);
    EXPECT_EQ(seen[IRP_MJ_CLEANUP] + seen[IRP_MJ_CLOSE], 0);
    EXPECT_EQ((uint32_t)sim_open(process, u"\\\\.\\global\\tEST", 0xC0000000u, &handle), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)sim_open(process, u"\\Device\\Test", 0x80000000u, &reader), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)sim_ioctl(process, handle, 0x0022E000, in, 8, out, 4, &returned), STATUS_SUCCESS);
    EXPECT_EQ(returned, 4);
    EXPECT(out[0] == 0xFE && out[3] == 0xFB && out[4] == 0);
    EXPECT_EQ((uint32_t)sim_ioctl(process, reader, 0x0022E000, in, 8, out, 4, &returned),
              (uint32_t)STATUS_ACCESS_DENIED);
    EXPECT_EQ((uint32_t)sim_close(process, reader), STATUS_SUCCESS);
    EXPECT_EQ(seen[IRP_MJ_CLEANUP], 1);
    EXPECT_EQ(seen[IRP_MJ_CLOSE], 1);
    /* A duplicate keeps the file open; so does a device that was deleted, for its open handles. */
    EXPECT_EQ((uint32_t)sim_duplicate(process, handle, plain, &copy), STATUS_SUCCESS);
    EXPECT_EQ((uint32_t)sim_close(process, handle), STATUS_SUCCESS);
    EXPECT_EQ(seen[IRP_MJ_CLEANUP], 1);
    sim_device_delete(device);
    EXPECT_EQ((uint32_t)sim_open(process, kernel_device_path, 0xC0000000u, &handle),
              (uint32_t)STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ((uint32_t)sim_ioctl(plain, copy, 0x0022E000, in, 8, out, 8, &returned), STATUS_SUCCESS);
    sim_process_exit_fake(plain);
    EXPECT_EQ(seen[IRP_MJ_CLEANUP], 2);
    EXPECT_EQ(seen[IRP_MJ_CLOSE], 2);
    EXPECT_EQ(sim_ledger_count(SIM_DEVICE), 0);
    EXPECT_EQ((uint32_t)sim_ioctl(process, handle, 0x0022E000, in, 8, out, 8, &returned),
              (uint32_t)STATUS_INVALID_HANDLE);
    sim_process_exit_fake(process);
}

SIM_SCENARIO(kernel_pending_irp_is_cancelled_and_its_result_fetched)
{
    struct sim_process *process = sim_process_fake();
    DEVICE_OBJECT *device = kernel_device(KERNEL_CODE(dispatch));
    uint64_t handle, done = sim_event_create(process, true, false), id, information;
    uint32_t given;
    uint8_t old_mode, out[4];
    EXPECT_EQ((uint32_t)sim_open(process, kernel_device_path, 0xC0000000u, &handle), STATUS_SUCCESS);
    struct sim_process *previous = process_enter(process, 1, &old_mode);
    for (unsigned cancel = 0; cancel < 2; cancel++) {
        EXPECT_EQ((uint32_t)io_request(process, handle, IRP_MJ_DEVICE_CONTROL, 0x0022E004, NULL, 0, NULL, 4,
                                       true, done, &id, &information),
                  STATUS_PENDING);
        EXPECT_EQ((uint32_t)io_result(process, id, false, out, 4, &information, &given), STATUS_PENDING);
        EXPECT(!sim_event_wait(process, done, 0));
        if (cancel) {
            EXPECT_EQ((uint32_t)io_cancel(process, handle, 0, false), STATUS_SUCCESS);
            EXPECT_EQ((uint32_t)io_cancel(process, handle, 0, true), (uint32_t)STATUS_NOT_FOUND);
        } else {
            held->CancelRoutine = NULL;
            memcpy(held->AssociatedIrp.SystemBuffer, "word", 4);
            held->IoStatus.Status = STATUS_SUCCESS;
            held->IoStatus.Information = 4;
            KERNEL(IofCompleteRequest, POINTER(held), 0);
        }
        EXPECT(sim_event_wait(process, done, 1000));
        EXPECT_EQ((uint32_t)io_result(process, id, true, out, 4, &information, &given),
                  cancel ? (uint32_t)STATUS_CANCELLED : STATUS_SUCCESS);
        EXPECT_EQ(given, cancel ? 0 : 4);
        EXPECT(cancel || memcmp(out, "word", 4) == 0);
    }
    /* A thread that ends takes its requests with it. */
    EXPECT_EQ((uint32_t)io_request(process, handle, IRP_MJ_DEVICE_CONTROL, 0x0022E004, NULL, 0, NULL, 4, true,
                                   0, &id, &information),
              STATUS_PENDING);
    process_leave(previous, old_mode);
    sim_process_exit_fake(process);
    EXPECT_EQ(sim_ledger_count(SIM_IRP), 0);
    sim_device_delete(device);
}

/* ---- Faults ---- */

SIM_SCENARIO(kernel_fault_hits_the_call_that_was_named)
{
    sim_fault_arm(2);
    void *first = (void *)(uintptr_t)KERNEL(ExAllocatePoolWithTag, 0, 10, TAG);
    EXPECT(first != NULL && !sim_fault_fired());
    EXPECT(KERNEL(ExAllocatePoolWithTag, 0, 10, TAG) == 0);
    EXPECT(sim_fault_fired());
    void *third = (void *)(uintptr_t)KERNEL(ExAllocatePoolWithTag, 0, 10, TAG);
    EXPECT(third != NULL);
    EXPECT_EQ(sim_fault_count(), 3);
    sim_fault_arm(0);
    KERNEL(ExFreePoolWithTag, POINTER(first), TAG);
    KERNEL(ExFreePoolWithTag, POINTER(third), TAG);
}
