/* SPDX-License-Identifier: MIT
 *
 * The adapter's life. NDIS serialises Initialize, Pause, Restart and Halt of one adapter; OID_PNP_SET_POWER
 * and the surprise removal event change the same state, hence TransitionLock.
 */
#include "adapter.h"
#include "dispatch.h"
#include "driver.h"
#include "oid.h"
#include "registration.h"

/* ---- Transitions ---- */

VOID
AdapterBlock(TUN_ADAPTER *Adapter, LONG Reason)
{
    MutexAcquire(&Adapter->TransitionLock);
    InterlockedOr(&Adapter->Blocked, Reason);
    /* Before the guard: the receive thread, refused by it, must find an event to wait for. */
    KeClearEvent(&Adapter->Flowing);
    GuardClose(&Adapter->DataGuard);
    if (Reason & (ADAPTER_LOW_POWER | ADAPTER_REMOVED))
        GuardClose(&Adapter->StatusGuard);
    MutexRelease(&Adapter->TransitionLock);
}

VOID
AdapterUnblock(TUN_ADAPTER *Adapter, LONG Reason)
{
    MutexAcquire(&Adapter->TransitionLock);
    LONG Before = InterlockedAnd(&Adapter->Blocked, ~Reason), After = Before & ~Reason;
    if ((Before & ADAPTER_LOW_POWER) && !(After & (ADAPTER_LOW_POWER | ADAPTER_REMOVED)))
        GuardOpen(&Adapter->StatusGuard);
    if (Before && !After) {
        GuardOpen(&Adapter->DataGuard);
        KeSetEvent(&Adapter->Flowing, IO_NO_INCREMENT, FALSE);
    }
    MutexRelease(&Adapter->TransitionLock);
}

NDIS_STATUS
AdapterRefusal(const TUN_ADAPTER *Adapter)
{
    LONG Blocked = ReadNoFence(&Adapter->Blocked);
    if (Blocked & ADAPTER_REMOVED)
        return NDIS_STATUS_NOT_ACCEPTED;
    /* Paused comes first: up to 6.20 the adapter sleeps in that state, and is in it before and after. */
    return Blocked == ADAPTER_LOW_POWER ? NDIS_STATUS_LOW_POWER_STATE : NDIS_STATUS_PAUSED;
}

NDIS_STATUS NTAPI
AdapterPause(NDIS_HANDLE Context, PNDIS_MINIPORT_PAUSE_PARAMETERS Parameters)
{
    TUN_ADAPTER *Adapter = Context;

    UNREFERENCED_PARAMETER(Parameters);
    AdapterBlock(Adapter, ADAPTER_PAUSED);
    /* After the last indication has returned; waits until the stack has given everything back. */
    GuardClose(&Adapter->ReturnGuard);
    return NDIS_STATUS_SUCCESS;
}

NDIS_STATUS NTAPI
AdapterRestart(NDIS_HANDLE Context, PNDIS_MINIPORT_RESTART_PARAMETERS Parameters)
{
    TUN_ADAPTER *Adapter = Context;

    UNREFERENCED_PARAMETER(Parameters);
    GuardOpen(&Adapter->ReturnGuard);
    AdapterUnblock(Adapter, ADAPTER_PAUSED);
    return NDIS_STATUS_SUCCESS;
}

VOID NTAPI
AdapterNotifyPnpEvent(NDIS_HANDLE Context, PNET_DEVICE_PNP_EVENT Event)
{
    TUN_ADAPTER *Adapter = Context;

    if (Event->DevicePnPEvent != NdisDevicePnPEventSurpriseRemoved)
        return;
    /* HaltEx may not come before the last handle is closed, and nothing makes a client close it but the end
     * of its session. */
    AdapterBlock(Adapter, ADAPTER_REMOVED);
    RegistrationEndAll(Adapter);
}

VOID NTAPI
AdapterShutdown(NDIS_HANDLE Context, NDIS_SHUTDOWN_ACTION Action)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Action);
}

/* ---- Link state ---- */

static VOID
AdapterSendLinkState(TUN_ADAPTER *Adapter, NET_IF_MEDIA_CONNECT_STATE State)
{
    NDIS_LINK_STATE Link = {
        .Header = {NDIS_OBJECT_TYPE_DEFAULT, NDIS_LINK_STATE_REVISION_1, NDIS_SIZEOF_LINK_STATE_REVISION_1},
        .MediaConnectState = State,
        .MediaDuplexState = MediaDuplexStateFull,
        .XmitLinkSpeed = ADAPTER_LINK_SPEED,
        .RcvLinkSpeed = ADAPTER_LINK_SPEED,
        .PauseFunctions = NdisPauseFunctionsUnsupported,
    };
    NDIS_STATUS_INDICATION Indication = {
        .Header = {NDIS_OBJECT_TYPE_STATUS_INDICATION, NDIS_STATUS_INDICATION_REVISION_1,
                   NDIS_SIZEOF_STATUS_INDICATION_REVISION_1},
        .SourceHandle = Adapter->Miniport,
        .StatusCode = NDIS_STATUS_LINK_STATE,
        .StatusBuffer = &Link,
        .StatusBufferSize = sizeof(Link),
    };
    NdisMIndicateStatusEx(Adapter->Miniport, &Indication);
}

/* Indicates until what was indicated is what is wanted. One thread at a time does that, without the lock; the
 * others leave it to that one, which looks again. */
static VOID
AdapterUpdateLinkState(TUN_ADAPTER *Adapter)
{
    KIRQL Irql;

    if (!GuardEnter(&Adapter->StatusGuard))
        return;
    KeAcquireSpinLock(&Adapter->LinkLock, &Irql);
    while (!Adapter->LinkIndicating) {
        NET_IF_MEDIA_CONNECT_STATE State =
            Adapter->LinkAsleep ? MediaConnectStateUnknown : Adapter->LinkWanted;
        if (State == Adapter->LinkIndicated)
            break;
        Adapter->LinkIndicating = TRUE;
        KeReleaseSpinLock(&Adapter->LinkLock, Irql);
        AdapterSendLinkState(Adapter, State);
        KeAcquireSpinLock(&Adapter->LinkLock, &Irql);
        Adapter->LinkIndicated = State;
        Adapter->LinkIndicating = FALSE;
    }
    KeReleaseSpinLock(&Adapter->LinkLock, Irql);
    GuardLeave(&Adapter->StatusGuard);
}

VOID
AdapterSetLinkState(TUN_ADAPTER *Adapter, NET_IF_MEDIA_CONNECT_STATE State)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Adapter->LinkLock, &Irql);
    Adapter->LinkWanted = State;
    KeReleaseSpinLock(&Adapter->LinkLock, Irql);
    AdapterUpdateLinkState(Adapter);
}

static VOID
AdapterSetAsleep(TUN_ADAPTER *Adapter, BOOLEAN Asleep)
{
    KIRQL Irql;

    KeAcquireSpinLock(&Adapter->LinkLock, &Irql);
    Adapter->LinkAsleep = Asleep;
    KeReleaseSpinLock(&Adapter->LinkLock, Irql);
    AdapterUpdateLinkState(Adapter);
}

/* An adapter that cannot wake the system says that its link state is unknown before it sleeps, and the real
 * one afterwards. NBLs that the stack holds stay with it; packets of the client wait in the ring. */
VOID
AdapterSetPower(TUN_ADAPTER *Adapter, BOOLEAN LowPower)
{
    if (LowPower) {
        AdapterSetAsleep(Adapter, TRUE);
        AdapterBlock(Adapter, ADAPTER_LOW_POWER);
    } else {
        AdapterUnblock(Adapter, ADAPTER_LOW_POWER);
        AdapterSetAsleep(Adapter, FALSE);
    }
}

/* ---- Initialize and halt ---- */

static NDIS_STATUS
AdapterSetAttributes(TUN_ADAPTER *Adapter)
{
    BOOLEAN Recent = Driver.NdisMinor >= 30;
    NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES Registration = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES,
                   Recent ? NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_2
                          : NDIS_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1,
                   NDIS_SIZEOF_MINIPORT_ADAPTER_REGISTRATION_ATTRIBUTES_REVISION_1},
        .MiniportAdapterContext = Adapter,
        /* Sessions live through sleep. Where NDIS can leave out the pause before it, the driver does not need
           it. */
        .AttributeFlags = NDIS_MINIPORT_ATTRIBUTES_NDIS_WDM | NDIS_MINIPORT_ATTRIBUTES_SURPRISE_REMOVE_OK |
                          NDIS_MINIPORT_ATTRIBUTES_NO_HALT_ON_SUSPEND |
                          (Recent ? NDIS_MINIPORT_ATTRIBUTES_NO_PAUSE_ON_SUSPEND : 0),
        .InterfaceType = NdisInterfaceInternal,
    };
    /* It wakes nobody, and says so. */
    NDIS_PM_CAPABILITIES Power = {
        .Header = {NDIS_OBJECT_TYPE_DEFAULT,
                   Recent ? NDIS_PM_CAPABILITIES_REVISION_2 : NDIS_PM_CAPABILITIES_REVISION_1,
                   Recent ? NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2
                          : NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1},
        .MinMagicPacketWakeUp = NdisDeviceStateUnspecified,
        .MinPatternWakeUp = NdisDeviceStateUnspecified,
        .MinLinkChangeWakeUp = NdisDeviceStateUnspecified,
    };
    /* A subnet lies behind a TUN, broadcast and multicast included, so the access type is broadcast. */
    NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES General = {
        .Header = {NDIS_OBJECT_TYPE_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES,
                   NDIS_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2,
                   NDIS_SIZEOF_MINIPORT_ADAPTER_GENERAL_ATTRIBUTES_REVISION_2},
        .MediaType = NdisMediumIP,
        .PhysicalMediumType = NdisPhysicalMediumUnspecified,
        .MtuSize = ADAPTER_MTU,
        .MaxXmitLinkSpeed = ADAPTER_LINK_SPEED,
        .XmitLinkSpeed = ADAPTER_LINK_SPEED,
        .MaxRcvLinkSpeed = ADAPTER_LINK_SPEED,
        .RcvLinkSpeed = ADAPTER_LINK_SPEED,
        .MediaConnectState = MediaConnectStateDisconnected,
        .MediaDuplexState = MediaDuplexStateFull,
        .LookaheadSize = ADAPTER_MTU,
        .MacOptions = NDIS_MAC_OPTION_TRANSFERS_NOT_PEND | NDIS_MAC_OPTION_COPY_LOOKAHEAD_DATA |
                      NDIS_MAC_OPTION_NO_LOOPBACK,
        .SupportedPacketFilters = ADAPTER_FILTERS,
        .AccessType = NET_IF_ACCESS_BROADCAST,
        .DirectionType = NET_IF_DIRECTION_SENDRECEIVE,
        .ConnectionType = NET_IF_CONNECTION_DEDICATED,
        .IfType = IF_TYPE_PROP_VIRTUAL,
        .IfConnectorPresent = FALSE,
        .SupportedStatistics = ADAPTER_STATISTICS,
        .SupportedPauseFunctions = NdisPauseFunctionsUnsupported,
        .SupportedOidList = (PNDIS_OID)OidSupported,
        .SupportedOidListLength = OidSupportedLength,
        .PowerManagementCapabilitiesEx = &Power,
    };
    NDIS_STATUS Status = NdisMSetMiniportAttributes(Adapter->Miniport,
                                                    (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)(PVOID)&Registration);
    if (Status != NDIS_STATUS_SUCCESS)
        return Status;
    return NdisMSetMiniportAttributes(Adapter->Miniport, (PNDIS_MINIPORT_ADAPTER_ATTRIBUTES)(PVOID)&General);
}

/* Not having it is no reason to fail: the identity then says zero. */
static VOID
AdapterReadInstanceId(TUN_ADAPTER *Adapter)
{
    NDIS_CONFIGURATION_OBJECT Object = {
        .Header = {NDIS_OBJECT_TYPE_CONFIGURATION_OBJECT, NDIS_CONFIGURATION_OBJECT_REVISION_1,
                   NDIS_SIZEOF_CONFIGURATION_OBJECT_REVISION_1},
        .NdisHandle = Adapter->Miniport,
    };
    NDIS_STRING Keyword = RTL_CONSTANT_STRING(L"NetCfgInstanceId");
    NDIS_CONFIGURATION_PARAMETER *Parameter;
    NDIS_HANDLE Configuration;
    NDIS_STATUS Status;
    GUID Id;

    if (NdisOpenConfigurationEx(&Object, &Configuration) != NDIS_STATUS_SUCCESS)
        return;
    NdisReadConfiguration(&Status, &Parameter, Configuration, &Keyword, NdisParameterString);
    if (Status == NDIS_STATUS_SUCCESS && Parameter->ParameterType == NdisParameterString &&
        NT_SUCCESS(RtlGUIDFromString(&Parameter->ParameterData.StringData, &Id)))
        Adapter->InstanceId = Id;
    NdisCloseConfiguration(Configuration);
}

NDIS_STATUS NTAPI
AdapterInitialize(NDIS_HANDLE Miniport, NDIS_HANDLE DriverContext, PNDIS_MINIPORT_INIT_PARAMETERS Parameters)
{
    NDIS_STATUS Status;
    TUN_ADAPTER *Adapter = DriverAllocate(sizeof(*Adapter));

    UNREFERENCED_PARAMETER(DriverContext);
    if (!Adapter)
        return NDIS_STATUS_RESOURCES;
    Adapter->Miniport = Miniport;
    Adapter->Luid = Parameters->NetLuid;
    Adapter->Blocked = ADAPTER_PAUSED;
    Adapter->LinkWanted = Adapter->LinkIndicated = MediaConnectStateDisconnected;
    KeInitializeSpinLock(&Adapter->LinkLock);
    KeInitializeSpinLock(&Adapter->SendLock);
    ExInitializeFastMutex(&Adapter->TransitionLock);
    ExInitializeFastMutex(&Adapter->RegistrationLock);
    KeInitializeEvent(&Adapter->Flowing, NotificationEvent, FALSE);
    GuardInitialize(&Adapter->DispatchGuard);
    GuardInitialize(&Adapter->DataGuard);
    GuardInitialize(&Adapter->ReturnGuard);
    GuardInitialize(&Adapter->StatusGuard);
    GuardInitialize(&Adapter->WorkGuard);

    Status = AdapterSetAttributes(Adapter);
    if (Status != NDIS_STATUS_SUCCESS)
        goto cleanupAdapter;
    AdapterReadInstanceId(Adapter);
    Status = ReceiveArenaCreate(Adapter);
    if (Status != NDIS_STATUS_SUCCESS)
        goto cleanupArena;
    Adapter->WorkItem = NdisAllocateIoWorkItem(Adapter->Miniport);
    if (!Adapter->WorkItem) {
        Status = NDIS_STATUS_RESOURCES;
        goto cleanupArena;
    }
    GuardOpen(&Adapter->WorkGuard);
    GuardOpen(&Adapter->StatusGuard);
    /* Last: from here on clients come. */
    Status = DispatchRegister(Adapter);
    if (Status != NDIS_STATUS_SUCCESS)
        goto cleanupWorkItem;
    return NDIS_STATUS_SUCCESS;

cleanupWorkItem:
    NdisFreeIoWorkItem(Adapter->WorkItem);
cleanupArena:
    ReceiveArenaDestroy(Adapter);
cleanupAdapter:
    DriverFree(Adapter);
    /* The page of MiniportInitializeEx lists what it may return; a device name that is taken is not in the list. */
    return Status == NDIS_STATUS_RESOURCES ? Status : NDIS_STATUS_FAILURE;
}

/* Paused: no send, no indication, nothing with the stack. What may still be inside, and why it ends:
 * docs/driver.md. */
VOID NTAPI
AdapterHalt(NDIS_HANDLE Context, NDIS_HALT_ACTION Action)
{
    TUN_ADAPTER *Adapter = Context;

    UNREFERENCED_PARAMETER(Action);
    AdapterBlock(Adapter, ADAPTER_REMOVED); /* no status any more */
    DispatchClose(Adapter);                 /* no IRP any more */
    RegistrationEndAll(Adapter);            /* no ring and no thread any more */
    GuardClose(&Adapter->WorkGuard);        /* no notification and no work item any more */
    DispatchDeregister(Adapter);
    NdisFreeIoWorkItem(Adapter->WorkItem);
    ReceiveArenaDestroy(Adapter);
    DriverFree(Adapter);
}
