/* SPDX-License-Identifier: MIT
 *
 * CREATE, CLEANUP, CLOSE and DEVICE_CONTROL of the control device; all complete in the caller's thread.
 *
 *   IRP        adapter found                     adapter gone or not there yet
 *   CREATE     FsContext = a new TUN_OPEN        STATUS_INVALID_DEVICE_STATE
 *   IOCTL      see ioctl.h                       STATUS_INVALID_DEVICE_STATE
 *   CLEANUP    ends the open's registration      success: HaltEx has ended it
 *   CLOSE      drops the TUN_OPEN                the same
 */
#include "dispatch.h"
#include "driver.h"
#include "product.h"
#include "registration.h"

/* SYSTEM and Administrators, and nobody else by inheritance. */
#define DISPATCH_SDDL L"D:P(A;;GA;;;SY)(A;;GA;;;BA)"

#define DISPATCH_DEVICE_PREFIX L"\\Device\\" PRODUCT_WIDEN(PRODUCT_DEVICE_NAME)
#define DISPATCH_LINK_PREFIX   L"\\DosDevices\\" PRODUCT_WIDEN(PRODUCT_DEVICE_NAME)

/* The adapter of a device, inside its DispatchGuard; or NULL. In a critical region until DispatchLeave,
 * because HaltEx waits for us and a client may suspend its thread. */
static TUN_ADAPTER *
DispatchEnter(PDEVICE_OBJECT Device)
{
    TUN_ADAPTER *Found = NULL;
    KIRQL Irql;

    KeEnterCriticalRegion();
    KeAcquireSpinLock(&Driver.Lock, &Irql);
    for (LIST_ENTRY *Entry = Driver.Adapters.Flink; Entry != &Driver.Adapters; Entry = Entry->Flink) {
        TUN_ADAPTER *Adapter = CONTAINING_RECORD(Entry, TUN_ADAPTER, DeviceLink);
        if (Adapter->Device == Device && GuardEnter(&Adapter->DispatchGuard)) {
            Found = Adapter;
            break;
        }
    }
    KeReleaseSpinLock(&Driver.Lock, Irql);
    if (!Found)
        KeLeaveCriticalRegion();
    return Found;
}

static VOID
DispatchLeave(TUN_ADAPTER *Adapter)
{
    GuardLeave(&Adapter->DispatchGuard);
    KeLeaveCriticalRegion();
}

static NTSTATUS
DispatchComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS NTAPI
DispatchCreate(PDEVICE_OBJECT Device, PIRP Irp)
{
    PFILE_OBJECT File = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    TUN_ADAPTER *Adapter;
    TUN_OPEN *Open;

    /* The device is no directory: access to names below it would not be checked against its descriptor. */
    if (File->FileName.Length)
        return DispatchComplete(Irp, STATUS_OBJECT_NAME_INVALID, 0);
    Adapter = DispatchEnter(Device);
    if (!Adapter)
        return DispatchComplete(Irp, STATUS_INVALID_DEVICE_STATE, 0);
    NTSTATUS Status = STATUS_SUCCESS;
    if (ReadNoFence(&Adapter->Blocked) & ADAPTER_REMOVED) {
        Status = STATUS_INVALID_DEVICE_STATE;
    } else if ((Open = DriverAllocate(sizeof(*Open))) != NULL) {
        Open->References = 1;
        File->FsContext = Open;
    } else {
        Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    DispatchLeave(Adapter);
    return DispatchComplete(Irp, Status, 0);
}

static NTSTATUS NTAPI
DispatchCleanup(PDEVICE_OBJECT Device, PIRP Irp)
{
    TUN_OPEN *Open = IoGetCurrentIrpStackLocation(Irp)->FileObject->FsContext;
    TUN_ADAPTER *Adapter = DispatchEnter(Device);

    if (Adapter) {
        RegistrationEndOf(Adapter, Open);
        DispatchLeave(Adapter);
    }
    return DispatchComplete(Irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI
DispatchCloseFile(PDEVICE_OBJECT Device, PIRP Irp)
{
    PFILE_OBJECT File = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    UNREFERENCED_PARAMETER(Device);
    OpenRelease(File->FsContext);
    File->FsContext = NULL;
    return DispatchComplete(Irp, STATUS_SUCCESS, 0);
}

#if MEMORY_ALLOCATION_ALIGNMENT == 16
/* What a 32-bit process passes: handles sign-extended, pointers zero-extended. */
static VOID
DispatchWiden(TUN_REGISTER_RINGS *Wide, const TUN_REGISTER_RINGS_32 *Narrow)
{
    Wide->Send.RingSize = Narrow->Send.RingSize;
    Wide->Send.Ring = (TUN_RING *)(ULONG_PTR)Narrow->Send.Ring;
    Wide->Send.TailMoved = (HANDLE)(LONG_PTR)(LONG)Narrow->Send.TailMoved;
    Wide->Receive.RingSize = Narrow->Receive.RingSize;
    Wide->Receive.Ring = (TUN_RING *)(ULONG_PTR)Narrow->Receive.Ring;
    Wide->Receive.TailMoved = (HANDLE)(LONG_PTR)(LONG)Narrow->Receive.TailMoved;
}
#endif

/* The input in the form of our own word size. SystemBuffer is the system's copy: nobody changes it meanwhile.
 */
static NTSTATUS
DispatchCaptureRings(PIRP Irp, ULONG Length, TUN_REGISTER_RINGS *Rings)
{
    PVOID Input = Irp->AssociatedIrp.SystemBuffer;

#if MEMORY_ALLOCATION_ALIGNMENT == 16
    if (IoIs32bitProcess(Irp)) {
        TUN_REGISTER_RINGS_32 Narrow;
        if (Length < sizeof(Narrow))
            return STATUS_INFO_LENGTH_MISMATCH;
        RtlCopyMemory(&Narrow, Input, sizeof(Narrow));
        DispatchWiden(Rings, &Narrow);
        return STATUS_SUCCESS;
    }
#endif
    if (Length < sizeof(*Rings))
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlCopyMemory(Rings, Input, sizeof(*Rings));
    return STATUS_SUCCESS;
}

/* Addresses and handles mean something in the process that asks, and only from user mode are they checked. */
static NTSTATUS
DispatchRegisterRings(TUN_ADAPTER *Adapter, PIRP Irp, PIO_STACK_LOCATION Stack)
{
    TUN_REGISTER_RINGS Rings;

    if (Irp->RequestorMode != UserMode || IoGetRequestorProcess(Irp) != IoGetCurrentProcess())
        return STATUS_ACCESS_DENIED;
    NTSTATUS Status = DispatchCaptureRings(Irp, Stack->Parameters.DeviceIoControl.InputBufferLength, &Rings);
    if (!NT_SUCCESS(Status))
        return Status;
    return RegistrationCreate(Adapter, Stack->FileObject->FsContext, &Rings);
}

static NTSTATUS
DispatchQueryIdentity(const TUN_ADAPTER *Adapter, PIRP Irp, PIO_STACK_LOCATION Stack, ULONG_PTR *Information)
{
    TUN_ADAPTER_IDENTITY Identity = {
        .NetLuid = Adapter->Luid.Value,
        .NetCfgInstanceId = Adapter->InstanceId,
        .DriverVersion = (PRODUCT_VERSION_MAJOR << 16) | PRODUCT_VERSION_MINOR,
    };

    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(Identity))
        return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, &Identity, sizeof(Identity));
    *Information = sizeof(Identity);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI
DispatchDeviceControl(PDEVICE_OBJECT Device, PIRP Irp)
{
    PIO_STACK_LOCATION Stack = IoGetCurrentIrpStackLocation(Irp);
    TUN_ADAPTER *Adapter = DispatchEnter(Device);
    ULONG_PTR Information = 0;
    NTSTATUS Status;

    if (!Adapter)
        return DispatchComplete(Irp, STATUS_INVALID_DEVICE_STATE, 0);
    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
    case TUN_IOCTL_REGISTER_RINGS:
        Status = DispatchRegisterRings(Adapter, Irp, Stack);
        break;
    case TUN_IOCTL_QUERY_IDENTITY:
        Status = ReadNoFence(&Adapter->Blocked) & ADAPTER_REMOVED
                     ? STATUS_INVALID_DEVICE_STATE
                     : DispatchQueryIdentity(Adapter, Irp, Stack, &Information);
        break;
    default:
        Status = STATUS_INVALID_DEVICE_REQUEST;
    }
    DispatchLeave(Adapter);
    return DispatchComplete(Irp, Status, Information);
}

/* Appends Number in decimal; Text has room. */
static VOID
DispatchAppendNumber(WCHAR *Text, ULONG Number)
{
    WCHAR Digits[10];
    ULONG Count = 0;

    while (*Text)
        Text++;
    do {
        Digits[Count++] = (WCHAR)(L'0' + Number % 10);
        Number /= 10;
    } while (Number);
    while (Count)
        *Text++ = Digits[--Count];
    *Text = 0;
}

NDIS_STATUS
DispatchRegister(TUN_ADAPTER *Adapter)
{
    static const UNICODE_STRING Sddl = RTL_CONSTANT_STRING(DISPATCH_SDDL);
    static PDRIVER_DISPATCH Functions[IRP_MJ_MAXIMUM_FUNCTION + 1] = {
        [IRP_MJ_CREATE] = DispatchCreate,
        [IRP_MJ_CLEANUP] = DispatchCleanup,
        [IRP_MJ_CLOSE] = DispatchCloseFile,
        [IRP_MJ_DEVICE_CONTROL] = DispatchDeviceControl,
    };
    /* Room for the number in place of the terminator. */
    WCHAR DeviceName[RTL_NUMBER_OF(DISPATCH_DEVICE_PREFIX) + 10] = DISPATCH_DEVICE_PREFIX;
    WCHAR LinkName[RTL_NUMBER_OF(DISPATCH_LINK_PREFIX) + 10] = DISPATCH_LINK_PREFIX;
    UNICODE_STRING Device, Link, Security = Sddl;
    KIRQL Irql;

    DispatchAppendNumber(DeviceName, (ULONG)Adapter->Luid.Info.NetLuidIndex);
    DispatchAppendNumber(LinkName, (ULONG)Adapter->Luid.Info.NetLuidIndex);
    RtlInitUnicodeString(&Device, DeviceName);
    RtlInitUnicodeString(&Link, LinkName);
    NDIS_DEVICE_OBJECT_ATTRIBUTES Attributes = {
        .Header = {NDIS_OBJECT_TYPE_DEVICE_OBJECT_ATTRIBUTES, NDIS_DEVICE_OBJECT_ATTRIBUTES_REVISION_1,
                   NDIS_SIZEOF_DEVICE_OBJECT_ATTRIBUTES_REVISION_1},
        .DeviceName = &Device,
        .SymbolicName = &Link,
        .MajorFunctions = Functions,
        .DefaultSDDLString = &Security,
    };
    NDIS_STATUS Status =
        NdisRegisterDeviceEx(Driver.Miniport, &Attributes, &Adapter->Device, &Adapter->DeviceHandle);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    GuardOpen(&Adapter->DispatchGuard);
    KeAcquireSpinLock(&Driver.Lock, &Irql);
    InsertTailList(&Driver.Adapters, &Adapter->DeviceLink);
    KeReleaseSpinLock(&Driver.Lock, Irql);
    return NDIS_STATUS_SUCCESS;
}

VOID
DispatchClose(TUN_ADAPTER *Adapter)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Driver.Lock, &Irql);
    RemoveEntryList(&Adapter->DeviceLink);
    KeReleaseSpinLock(&Driver.Lock, Irql);
    GuardClose(&Adapter->DispatchGuard);
}

VOID
DispatchDeregister(TUN_ADAPTER *Adapter)
{
    NdisDeregisterDeviceEx(Adapter->DeviceHandle);
}
