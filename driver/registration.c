/* SPDX-License-Identifier: MIT
 *
 * Capturing, locking, mapping, owning and releasing a client's rings.
 */
#include "registration.h"
#include "driver.h"
#include "probe.h"
#include "receive.h"

static VOID
RingMappingRelease(RING_MAPPING *Mapping)
{
    if (Mapping->Mdl) {
        if (Mapping->Ring)
            MmUnmapLockedPages(Mapping->Ring, Mapping->Mdl);
        MmUnlockPages(Mapping->Mdl);
        IoFreeMdl(Mapping->Mdl);
    }
    Mapping->Mdl = NULL;
    Mapping->Ring = NULL;
}

/* The event is the client's: access is checked as for user mode. */
static NTSTATUS
RingMappingAcquire(RING_MAPPING *Mapping, ULONG RingSize, TUN_RING *Ring, HANDLE TailMoved)
{
    PVOID Event;

    Mapping->Capacity = RingCapacityOf(RingSize);
    NTSTATUS Status =
        ObReferenceObjectByHandle(TailMoved, EVENT_MODIFY_STATE, *ExEventObjectType, UserMode, &Event, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Mapping->TailMoved = Event;

    /* The whole of the pages that Ring touches, wherever in the first one it begins. */
    PMDL Mdl = IoAllocateMdl(Ring, RingSize, FALSE, FALSE, NULL);
    if (!Mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = ProbeAndLockUserPages(Mdl);
    if (!NT_SUCCESS(Status)) {
        IoFreeMdl(Mdl);
        return Status;
    }
    Mapping->Mdl = Mdl;
    Mapping->Ring = MmGetSystemAddressForMdlSafe(Mdl, Driver.MappingPriority);
    return Mapping->Ring ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static VOID
RegistrationRelease(TUN_REGISTRATION *Registration)
{
    if (InterlockedDecrement(&Registration->References))
        return;
    if (Registration->Send.TailMoved)
        ObDereferenceObject(Registration->Send.TailMoved);
    if (Registration->Receive.TailMoved)
        ObDereferenceObject(Registration->Receive.TailMoved);
    OpenRelease(Registration->Open);
    DriverFree(Registration);
}

VOID
OpenRelease(TUN_OPEN *Open)
{
    if (InterlockedDecrement(&Open->References) == 0)
        DriverFree(Open);
}

/* In a critical region: whoever else waits for Revoked, perhaps a dying process, depends on us going on. */
static VOID
RegistrationRevoke(TUN_REGISTRATION *Registration)
{
    if (InterlockedExchange(&Registration->Revoking, 1)) {
        KeWaitForSingleObject(&Registration->Revoked, Executive, KernelMode, FALSE, NULL);
        return;
    }
    GuardClose(&Registration->RingGuard);
    /* Nobody else touches the rings any more. Whoever reads or writes them learns that we have left. */
    RingStoreTailRelease(Registration->Send.Ring, RING_CLOSED);
    RingStoreHeadRelease(Registration->Receive.Ring, RING_CLOSED);
    RingMappingRelease(&Registration->Send);
    RingMappingRelease(&Registration->Receive);
    KeSetEvent(Registration->Send.TailMoved, IO_NETWORK_INCREMENT, FALSE);
    KeSetEvent(&Registration->Revoked, IO_NO_INCREMENT, FALSE);
}

/* RegistrationLock. */
static VOID
RegistrationEnd(TUN_ADAPTER *Adapter)
{
    TUN_REGISTRATION *Registration = Adapter->Registration;
    KIRQL Irql;

    if (!Registration)
        return;
    KeAcquireSpinLock(&Adapter->SendLock, &Irql);
    Adapter->SendTarget = NULL;
    KeReleaseSpinLock(&Adapter->SendLock, Irql);

    RegistrationRevoke(Registration);
    KeSetEvent(&Registration->Stop, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(Registration->Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Registration->Thread);

    KeAcquireSpinLock(&Driver.Lock, &Irql);
    RemoveEntryList(&Registration->Link);
    KeReleaseSpinLock(&Driver.Lock, Irql);
    Adapter->Registration = NULL;
    RegistrationRelease(Registration);
    AdapterSetLinkState(Adapter, MediaConnectStateDisconnected);
}

VOID
RegistrationEndOf(TUN_ADAPTER *Adapter, TUN_OPEN *Open)
{
    MutexAcquire(&Adapter->RegistrationLock);
    Open->CleanedUp = TRUE;
    if (Adapter->Registration && Adapter->Registration->Open == Open)
        RegistrationEnd(Adapter);
    MutexRelease(&Adapter->RegistrationLock);
}

VOID
RegistrationEndAll(TUN_ADAPTER *Adapter)
{
    MutexAcquire(&Adapter->RegistrationLock);
    Adapter->RegistrationRefused = TRUE;
    RegistrationEnd(Adapter);
    MutexRelease(&Adapter->RegistrationLock);
}

/* Work item: what is left to do for a registration whose owner died. Perhaps somebody else was faster. */
static VOID NTAPI
RegistrationFinishDeath(PVOID Context, NDIS_HANDLE WorkItem)
{
    TUN_ADAPTER *Adapter = Context;

    UNREFERENCED_PARAMETER(WorkItem);
    InterlockedExchange(&Adapter->WorkQueued, 0);
    MutexAcquire(&Adapter->RegistrationLock);
    if (Adapter->Registration && ReadAcquire(&Adapter->Registration->OwnerDied))
        RegistrationEnd(Adapter);
    MutexRelease(&Adapter->RegistrationLock);
    /* Last: HaltEx waits for this. The system holds the driver until we have returned. */
    GuardLeave(&Adapter->WorkGuard);
}

/* The next registration of a dying process, with a reference and inside its adapter's WorkGuard. A
 * registration on the list keeps its adapter, whose HaltEx ends it before it closes WorkGuard. */
static TUN_REGISTRATION *
RegistrationTakeOfProcess(HANDLE ProcessId)
{
    TUN_REGISTRATION *Found = NULL;
    KIRQL Irql;

    KeAcquireSpinLock(&Driver.Lock, &Irql);
    for (LIST_ENTRY *Entry = Driver.Registrations.Flink; Entry != &Driver.Registrations;
         Entry = Entry->Flink) {
        TUN_REGISTRATION *Registration = CONTAINING_RECORD(Entry, TUN_REGISTRATION, Link);
        if (Registration->OwnerProcessId != ProcessId || ReadNoFence(&Registration->OwnerDied))
            continue;
        InterlockedExchange(&Registration->OwnerDied, 1);
        InterlockedIncrement(&Registration->References);
        GuardEnter(&Registration->Adapter->WorkGuard);
        Found = Registration;
        break;
    }
    KeReleaseSpinLock(&Driver.Lock, Irql);
    return Found;
}

/* PASSIVE in a critical region, in the last thread of the process. Its pages are unlocked when this returns.
 */
VOID NTAPI
RegistrationNotifyProcess(HANDLE ParentId, HANDLE ProcessId, BOOLEAN Create)
{
    TUN_REGISTRATION *Registration;

    UNREFERENCED_PARAMETER(ParentId);
    if (Create)
        return;
    while ((Registration = RegistrationTakeOfProcess(ProcessId)) != NULL) {
        TUN_ADAPTER *Adapter = Registration->Adapter;
        RegistrationRevoke(Registration);
        RegistrationRelease(Registration);
        /* If it is queued already it has not yet looked, and will see OwnerDied of this one. */
        if (InterlockedExchange(&Adapter->WorkQueued, 1))
            GuardLeave(&Adapter->WorkGuard);
        else
            NdisQueueIoWorkItem(Adapter->WorkItem, RegistrationFinishDeath, Adapter);
    }
}

static BOOLEAN
RegistrationRingIsPlausible(ULONG RingSize, const TUN_RING *Ring)
{
    ULONG_PTR Begin = (ULONG_PTR)Ring;
    return RingCapacityOf(RingSize) && Begin && !(Begin & (RING_ALIGNMENT - 1)) && Begin + RingSize > Begin;
}

/* What can be told without touching the memory. */
static BOOLEAN
RegistrationIsPlausible(const TUN_REGISTER_RINGS *Rings)
{
    ULONG_PTR Send = (ULONG_PTR)Rings->Send.Ring, Receive = (ULONG_PTR)Rings->Receive.Ring;
    return RegistrationRingIsPlausible(Rings->Send.RingSize, Rings->Send.Ring) &&
           RegistrationRingIsPlausible(Rings->Receive.RingSize, Rings->Receive.Ring) &&
           (Send + Rings->Send.RingSize <= Receive || Receive + Rings->Receive.RingSize <= Send);
}

/* Where the two sides begin. Each offset is read once and from then on our own copy counts. */
static NTSTATUS
RegistrationAdoptOffsets(TUN_REGISTRATION *Registration)
{
    RING_MAPPING *Send = &Registration->Send, *Receive = &Registration->Receive;
    ULONG SendTail = RingLoadTailAcquire(Send->Ring), ReceiveHead = RingLoadHeadAcquire(Receive->Ring);

    if (!RingOffsetIsValid(SendTail, Send->Capacity) || !RingOffsetIsValid(ReceiveHead, Receive->Capacity) ||
        !RingOffsetIsValid(RingLoadHeadAcquire(Send->Ring), Send->Capacity) ||
        !RingOffsetIsValid(RingLoadTailAcquire(Receive->Ring), Receive->Capacity))
        return STATUS_INVALID_PARAMETER;
    Registration->SendState.Reserved = SendTail;
    Registration->ReceiveHead = ReceiveHead;
    return STATUS_SUCCESS;
}

/* The handle is a kernel handle, so that no process can close it, and is closed at once: teardown waits on
 * the object. */
static NTSTATUS
RegistrationStartThread(TUN_REGISTRATION *Registration)
{
    OBJECT_ATTRIBUTES Attributes;
    HANDLE Thread;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS Status = PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, &Attributes, NULL, NULL, ReceiveThread,
                                           Registration);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Thread, THREAD_ALL_ACCESS, *PsThreadType, KernelMode,
                                       &Registration->Thread, NULL);
    if (!NT_SUCCESS(Status)) {
        KeSetEvent(&Registration->Stop, IO_NO_INCREMENT, FALSE);
        ZwWaitForSingleObject(Thread, FALSE, NULL);
    }
    ZwClose(Thread);
    return Status;
}

/* RegistrationLock. The registration's memory, with its references on Open and itself but on no list. */
static NTSTATUS
RegistrationBuild(TUN_ADAPTER *Adapter, TUN_OPEN *Open, const TUN_REGISTER_RINGS *Rings,
                  TUN_REGISTRATION **Result)
{
    TUN_REGISTRATION *Registration = DriverAllocate(sizeof(*Registration));
    if (!Registration)
        return STATUS_INSUFFICIENT_RESOURCES;
    Registration->References = 1;
    Registration->Adapter = Adapter;
    Registration->Open = Open;
    InterlockedIncrement(&Open->References);
    Registration->OwnerProcessId = PsGetCurrentProcessId();
    KeInitializeEvent(&Registration->Revoked, NotificationEvent, FALSE);
    KeInitializeEvent(&Registration->Stop, NotificationEvent, FALSE);
    GuardInitialize(&Registration->RingGuard);

    NTSTATUS Status = RingMappingAcquire(&Registration->Send, Rings->Send.RingSize, Rings->Send.Ring,
                                         Rings->Send.TailMoved);
    if (NT_SUCCESS(Status))
        Status = RingMappingAcquire(&Registration->Receive, Rings->Receive.RingSize, Rings->Receive.Ring,
                                    Rings->Receive.TailMoved);
    if (NT_SUCCESS(Status))
        Status = RegistrationAdoptOffsets(Registration);
    if (NT_SUCCESS(Status)) {
        /* From here on the thread may be inside; should it fail to start, it never was. */
        GuardOpen(&Registration->RingGuard);
        Status = RegistrationStartThread(Registration);
    }
    if (!NT_SUCCESS(Status)) {
        RingMappingRelease(&Registration->Send);
        RingMappingRelease(&Registration->Receive);
        RegistrationRelease(Registration);
        return Status;
    }
    *Result = Registration;
    return STATUS_SUCCESS;
}

NTSTATUS
RegistrationCreate(TUN_ADAPTER *Adapter, TUN_OPEN *Open, const TUN_REGISTER_RINGS *Rings)
{
    TUN_REGISTRATION *Registration;
    NTSTATUS Status;
    KIRQL Irql;

    if (!RegistrationIsPlausible(Rings))
        return STATUS_INVALID_PARAMETER;

    MutexAcquire(&Adapter->RegistrationLock);
    if (Adapter->RegistrationRefused || Open->CleanedUp)
        Status = STATUS_INVALID_DEVICE_STATE;
    else if (Adapter->Registration)
        Status = STATUS_ALREADY_INITIALIZED;
    else
        Status = RegistrationBuild(Adapter, Open, Rings, &Registration);
    if (NT_SUCCESS(Status)) {
        /* Our process cannot die before this call ends, so it is early enough to be found by its death now.
         */
        KeAcquireSpinLock(&Driver.Lock, &Irql);
        InsertTailList(&Driver.Registrations, &Registration->Link);
        KeReleaseSpinLock(&Driver.Lock, Irql);
        Adapter->Registration = Registration;
        KeAcquireSpinLock(&Adapter->SendLock, &Irql);
        Adapter->SendTarget = Registration;
        KeReleaseSpinLock(&Adapter->SendLock, Irql);
        AdapterSetLinkState(Adapter, MediaConnectStateConnected);
    }
    MutexRelease(&Adapter->RegistrationLock);
    return Status;
}
