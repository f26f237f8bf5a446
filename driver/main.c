/* SPDX-License-Identifier: MIT
 *
 * Entry and unload.
 */
#include "adapter.h"
#include "driver.h"
#include "oid.h"
#include "product.h"
#include "registration.h"
#include "runtime.h"

TUN_DRIVER Driver;

PVOID
DriverAllocate(SIZE_T Size)
{
    PVOID Memory = ExAllocatePoolWithTag(Driver.Pool, Size, PRODUCT_POOL_TAG);
    if (Memory)
        RtlZeroMemory(Memory, Size);
    return Memory;
}

VOID
DriverFree(PVOID Memory)
{
    ExFreePoolWithTag(Memory, PRODUCT_POOL_TAG);
}

/* No adapter exists any more, so no process has memory locked. */
static VOID NTAPI
DriverUnload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    NdisMDeregisterMiniportDriver(Driver.Miniport);
    PsSetCreateProcessNotifyRoutine(RegistrationNotifyProcess, TRUE);
}

static NTSTATUS RUNTIME_INIT
DriverRegister(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    NDIS_MINIPORT_DRIVER_CHARACTERISTICS Characteristics = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_DRIVER_CHARACTERISTICS,
                   NDIS_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2,
                   NDIS_SIZEOF_MINIPORT_DRIVER_CHARACTERISTICS_REVISION_2},
        .MajorNdisVersion = 6,
        .MinorNdisVersion = Driver.NdisMinor,
        .MajorDriverVersion = PRODUCT_VERSION_MAJOR,
        .MinorDriverVersion = PRODUCT_VERSION_MINOR,
        .Flags = NDIS_WDM_DRIVER,
        .InitializeHandlerEx = AdapterInitialize,
        .HaltHandlerEx = AdapterHalt,
        .UnloadHandler = DriverUnload,
        .PauseHandler = AdapterPause,
        .RestartHandler = AdapterRestart,
        .OidRequestHandler = OidRequest,
        .SendNetBufferListsHandler = SendNetBufferLists,
        .ReturnNetBufferListsHandler = ReceiveReturnNetBufferLists,
        .CancelSendHandler = SendCancel,
        .DevicePnPEventNotifyHandler = AdapterNotifyPnpEvent,
        .ShutdownHandlerEx = AdapterShutdown,
        .CancelOidRequestHandler = OidCancelRequest,
        .DirectOidRequestHandler = OidDirectRequest,
        .CancelDirectOidRequestHandler = OidCancelDirectRequest,
    };
    return NdisMRegisterMiniportDriver(DriverObject, RegistryPath, NULL, &Characteristics, &Driver.Miniport);
}

NTSTATUS RUNTIME_INIT
DriverMain(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    RTL_OSVERSIONINFOW Version = {.dwOSVersionInfoSize = sizeof(Version)};

    NTSTATUS Status = RtlGetVersion(&Version);
    if (!NT_SUCCESS(Status))
        return Status;
    /* Windows 8 brought memory without execution, for pool and for mappings. */
    BOOLEAN Recent =
        Version.dwMajorVersion > 6 || (Version.dwMajorVersion == 6 && Version.dwMinorVersion >= 2);
    Driver.Pool = Recent ? NonPagedPoolNx : NonPagedPool;
    Driver.MappingPriority = NormalPagePriority | (Recent ? MdlMappingNoExecute : 0);
    Driver.NdisMinor = NdisGetVersion() >= NDIS_RUNTIME_VERSION_630 ? 30 : 20;
    KeInitializeSpinLock(&Driver.Lock);
    InitializeListHead(&Driver.Adapters);
    InitializeListHead(&Driver.Registrations);

    /* Before there can be an adapter, and so a client: without it a client's death would stop the system. */
    Status = PsSetCreateProcessNotifyRoutine(RegistrationNotifyProcess, FALSE);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = DriverRegister(DriverObject, RegistryPath);
    if (!NT_SUCCESS(Status))
        PsSetCreateProcessNotifyRoutine(RegistrationNotifyProcess, TRUE);
    return Status;
}
