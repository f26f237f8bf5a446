/* SPDX-License-Identifier: MIT
 *
 * One adapter, from InitializeEx to HaltEx: its states, its link state and the miniport handlers that change
 * them.
 *
 * The data path runs in both directions while nothing blocks it. Blocked is a set, because the reasons come
 * and go independently of each other:
 *
 *   ADAPTER_PAUSED     set from InitializeEx and MiniportPause, cleared by MiniportRestart
 *   ADAPTER_LOW_POWER  set by OID_PNP_SET_POWER to D1-D3, cleared by D0
 *   ADAPTER_REMOVED    set by the surprise removal event or by HaltEx, never cleared
 */
#ifndef ADAPTER_H
#define ADAPTER_H

#include "guard.h"
#include "arena.h"
#include "statistics.h"

#define ADAPTER_PAUSED    1
#define ADAPTER_LOW_POWER 2
#define ADAPTER_REMOVED   4

#define ADAPTER_MTU 0xFFFFu
#define ADAPTER_LINK_SPEED                                                                                   \
    100000000000ull /* bits per second; nothing but a number that no route metric punishes */
#define ADAPTER_FILTERS                                                                                      \
    (NDIS_PACKET_TYPE_DIRECTED | NDIS_PACKET_TYPE_MULTICAST | NDIS_PACKET_TYPE_ALL_MULTICAST |               \
     NDIS_PACKET_TYPE_BROADCAST | NDIS_PACKET_TYPE_PROMISCUOUS)
#define ADAPTER_STATISTICS_CASTS(Name)                                                                       \
    (NDIS_STATISTICS_DIRECTED_##Name##_SUPPORTED | NDIS_STATISTICS_MULTICAST_##Name##_SUPPORTED |            \
     NDIS_STATISTICS_BROADCAST_##Name##_SUPPORTED)
/* What OID_GEN_STATISTICS answers: everything. The structure itself says that with bits of another family. */
#define ADAPTER_STATISTICS                                                                                   \
    (ADAPTER_STATISTICS_CASTS(FRAMES_RCV) | ADAPTER_STATISTICS_CASTS(BYTES_RCV) |                            \
     ADAPTER_STATISTICS_CASTS(FRAMES_XMIT) | ADAPTER_STATISTICS_CASTS(BYTES_XMIT) |                          \
     NDIS_STATISTICS_BYTES_RCV_SUPPORTED | NDIS_STATISTICS_RCV_DISCARDS_SUPPORTED |                          \
     NDIS_STATISTICS_RCV_ERROR_SUPPORTED | NDIS_STATISTICS_BYTES_XMIT_SUPPORTED |                            \
     NDIS_STATISTICS_XMIT_ERROR_SUPPORTED | NDIS_STATISTICS_XMIT_DISCARDS_SUPPORTED)

struct _TUN_REGISTRATION;

/* Locks, in the order in which they are taken (docs/driver.md argues them):
 * RegistrationLock or TransitionLock, never both; then at most one of the spin locks, which are all leaves.
 */
typedef struct _TUN_ADAPTER
{
    NDIS_HANDLE Miniport;
    NET_LUID Luid;
    GUID InstanceId; /* NetCfgInstanceId, zero if it could not be read */

    /* Control device (ioctl.c). */
    LIST_ENTRY DeviceLink; /* Driver.Lock */
    PDEVICE_OBJECT Device; /* key of the dispatch table */
    NDIS_HANDLE DeviceHandle;
    GUARD DispatchGuard; /* every IRP that found this adapter is inside */

    /* Transitions. */
    FAST_MUTEX TransitionLock;
    volatile LONG Blocked; /* ADAPTER_...; written under TransitionLock */
    GUARD DataGuard;       /* open while Blocked is empty; every send and every indication is inside */
    GUARD ReturnGuard;     /* receive NBLs that the stack holds; open from restart to pause */
    KEVENT Flowing;        /* notification: DataGuard is open */

    /* Link state. */
    KSPIN_LOCK LinkLock;
    NDIS_MEDIA_CONNECT_STATE LinkWanted, LinkIndicated; /* LinkLock */
    BOOLEAN LinkAsleep, LinkIndicating;                 /* LinkLock */
    GUARD StatusGuard; /* open while status may be indicated: not in low power, not after removal */

    /* Registration (registration.c). */
    FAST_MUTEX RegistrationLock;
    struct _TUN_REGISTRATION *Registration; /* RegistrationLock */
    BOOLEAN RegistrationRefused;            /* RegistrationLock; the adapter is going away */
    NDIS_HANDLE WorkItem;                   /* ends the registration of an owner that died */
    volatile LONG WorkQueued;
    GUARD WorkGuard; /* the owner's death: from notification to the end of the work item */

    /* Data path. */
    KSPIN_LOCK SendLock;
    struct _TUN_REGISTRATION *SendTarget; /* SendLock */
    RECEIVE_ARENA Arena;
    STATISTICS Statistics;
    ULONG PacketFilter; /* OIDs, which NDIS serialises */
} TUN_ADAPTER;

MINIPORT_INITIALIZE AdapterInitialize;
MINIPORT_HALT AdapterHalt;
MINIPORT_PAUSE AdapterPause;
MINIPORT_RESTART AdapterRestart;
MINIPORT_SHUTDOWN AdapterShutdown;
MINIPORT_DEVICE_PNP_EVENT_NOTIFY AdapterNotifyPnpEvent;

/* PASSIVE. Stops the data path for one more reason and waits until nothing is inside; gives one reason up. */
VOID AdapterBlock(TUN_ADAPTER *Adapter, LONG Reason);
VOID AdapterUnblock(TUN_ADAPTER *Adapter, LONG Reason);

/* <= DISPATCH. The status with which a request is refused while the adapter is blocked. */
NDIS_STATUS AdapterRefusal(const TUN_ADAPTER *Adapter);

/* PASSIVE, no spin lock held. Indicates the new state when status may be indicated. */
VOID AdapterSetLinkState(TUN_ADAPTER *Adapter, NDIS_MEDIA_CONNECT_STATE State);

/* PASSIVE. OID_PNP_SET_POWER; cannot fail. */
VOID AdapterSetPower(TUN_ADAPTER *Adapter, BOOLEAN LowPower);

#endif
