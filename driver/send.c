/* SPDX-License-Identifier: MIT
 *
 * The way of a chain:
 *
 *   prepare    caller's IRQL, inside DataGuard   check each NBL, map its MDLs: nothing can fail later
 *   reserve    SendLock                          place the NBLs that fit, queue the chain
 *   copy       DISPATCH, inside RingGuard        in parallel with other senders
 *   publish    SendLock                          mark the chain ready, take all ready chains off the front, move Tail
 *   signal     DISPATCH, inside RingGuard        once per publication
 *   complete   caller's IRQL, inside DataGuard   what was published: this chain and maybe others, or nothing
 *
 * A chain that is ready before an earlier one stays in the queue, and whoever publishes the earlier one
 * publishes and completes both. So a sender leaves DataGuard with its chain still in the queue only while the
 * chain at the front belongs to a sender that is inside: a drained DataGuard means an empty queue.
 *
 * From reserving to publishing the IRQL is DISPATCH, though SendLock is let go for the copy: a sender that
 * lost its processor between the two would hold up everybody behind it, and one that were suspended there
 * would hold up the end of the client's process. What raises it is a spin lock of the sender's own.
 * KeRaiseIrql would say this better, but which module exports it differs by architecture and is not known for
 * all.
 */
#include "send.h"
#include "driver.h"
#include "registration.h"

/* While the driver owns a chain, its first NBL carries where the chain ends in the ring and whether it is
 * copied, its last NBL and the next chain in flight. Before that, Scratch of each NBL carries its span; 0 if
 * it is not sent. */
#define SEND_READY 1u /* offsets are multiples of RING_ALIGNMENT */

static inline ULONG
SendNblSpan(const NET_BUFFER_LIST *Nbl)
{
    return (ULONG)(ULONG_PTR)Nbl->Scratch;
}

/* Maps every MDL that carries Length bytes of Nb, and finds the first byte. */
static NDIS_STATUS
SendMapNetBuffer(NET_BUFFER *Nb, ULONG Length, ULONG *Version)
{
    PMDL Mdl = NET_BUFFER_CURRENT_MDL(Nb);
    ULONG Offset = NET_BUFFER_CURRENT_MDL_OFFSET(Nb);
    BOOLEAN Front = TRUE;

    while (Length) {
        if (!Mdl || Offset > MmGetMdlByteCount(Mdl))
            return NDIS_STATUS_INVALID_PACKET;
        ULONG Part = MmGetMdlByteCount(Mdl) - Offset;
        if (Part > Length)
            Part = Length;
        if (Part) {
            const UCHAR *Data = MmGetSystemAddressForMdlSafe(Mdl, Driver.MappingPriority);
            if (!Data)
                return NDIS_STATUS_RESOURCES;
            if (Front)
                *Version = Data[Offset] >> 4;
            Front = FALSE;
        }
        Length -= Part;
        Offset = 0;
        Mdl = Mdl->Next;
    }
    return NDIS_STATUS_SUCCESS;
}

/* Offloads that nobody advertised: sending the packet as it is would put a wrong one on the wire. */
static BOOLEAN
SendWantsOffload(const NET_BUFFER_LIST *Nbl)
{
    NDIS_TCP_IP_CHECKSUM_NET_BUFFER_LIST_INFO Checksum;
    Checksum.Value = NET_BUFFER_LIST_INFO(Nbl, TcpIpChecksumNetBufferListInfo);
    return Checksum.Transmit.TcpChecksum || Checksum.Transmit.UdpChecksum ||
           Checksum.Transmit.IpHeaderChecksum ||
           NET_BUFFER_LIST_INFO(Nbl, TcpLargeSendNetBufferListInfo) != NULL;
}

static NDIS_STATUS
SendPrepareNbl(NET_BUFFER_LIST *Nbl, ULONG *Span, ULONG *Packets)
{
    NDIS_STATUS Status = NDIS_STATUS_SUCCESS;
    ULONG Total = 0;

    *Packets = 0;
    for (NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb; Nb = NET_BUFFER_NEXT_NB(Nb)) {
        ULONG Length = NET_BUFFER_DATA_LENGTH(Nb), Version = 0;

        ++*Packets;
        if (Status != NDIS_STATUS_SUCCESS)
            continue;
        if (Length > ADAPTER_MTU || Length < PACKET_IPV4_HEADER) {
            Status = NDIS_STATUS_INVALID_LENGTH;
            continue;
        }
        Status = SendMapNetBuffer(Nb, Length, &Version);
        if (Status == NDIS_STATUS_SUCCESS && Version != 4 && !(Version == 6 && Length >= PACKET_IPV6_HEADER))
            Status = NDIS_STATUS_INVALID_PACKET;
        Total += RingPacketSpan(Length);
        /* No ring holds this, and the sum stays far from its limit. */
        if (Status == NDIS_STATUS_SUCCESS && Total >= RING_MAX_CAPACITY)
            Status = NDIS_STATUS_RESOURCES;
    }
    if (Status == NDIS_STATUS_SUCCESS && (!Total || SendWantsOffload(Nbl)))
        Status = NDIS_STATUS_INVALID_PACKET;
    *Span = Status == NDIS_STATUS_SUCCESS ? Total : 0;
    return Status;
}

static VOID
SendCountRefused(TRAFFIC *Traffic, NDIS_STATUS Status, ULONG Packets)
{
    if (Status == NDIS_STATUS_INVALID_LENGTH || Status == NDIS_STATUS_INVALID_PACKET)
        Traffic->Errors += Packets;
    else
        Traffic->Discards += Packets;
}

/* Returns the last NBL; *Any tells whether one of them may be sent. */
static NET_BUFFER_LIST *
SendPrepareChain(NET_BUFFER_LIST *Chain, TRAFFIC *Traffic, BOOLEAN *Any)
{
    NET_BUFFER_LIST *Last = Chain;

    *Any = FALSE;
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        ULONG Span, Packets;
        NDIS_STATUS Status = SendPrepareNbl(Nbl, &Span, &Packets);
        NET_BUFFER_LIST_STATUS(Nbl) = Status;
        Nbl->Scratch = (PVOID)(ULONG_PTR)Span;
        if (Span)
            *Any = TRUE;
        else
            SendCountRefused(Traffic, Status, Packets);
        Last = Nbl;
    }
    return Last;
}

static VOID
SendRefuseNbl(NET_BUFFER_LIST *Nbl, NDIS_STATUS Status, TRAFFIC *Traffic)
{
    NET_BUFFER_LIST_STATUS(Nbl) = Status;
    for (NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb; Nb = NET_BUFFER_NEXT_NB(Nb))
        Traffic->Discards++;
}

/* Gives what prepare let pass the status of a chain that is not sent. Without any prepare, Prepared is FALSE.
 */
static VOID
SendRefuseChain(NET_BUFFER_LIST *Chain, BOOLEAN Prepared, NDIS_STATUS Status, TRAFFIC *Traffic)
{
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        if (Prepared && !SendNblSpan(Nbl))
            continue;
        SendRefuseNbl(Nbl, Status, Traffic);
    }
}

/* SendLock. Places what fits, NBL by NBL, from *Start on; the others get NDIS_STATUS_RESOURCES. FALSE if
 * nothing fits: then nothing is queued. *Closed is set if the client has just ended its ring by an impossible
 * Head. */
static BOOLEAN
SendReserve(TUN_REGISTRATION *Registration, NET_BUFFER_LIST *Chain, NET_BUFFER_LIST *Last, ULONG *Start,
            BOOLEAN *Closed, TRAFFIC *Traffic)
{
    SEND_STATE *State = &Registration->SendState;
    RING_MAPPING *Send = &Registration->Send;
    ULONG Taken = 0, Space = 0;

    if (!State->Dead) {
        ULONG Head = RingLoadHeadAcquire(Send->Ring);
        if (RingOffsetIsValid(Head, Send->Capacity)) {
            Space = RingSpace(Head, State->Reserved, Send->Capacity);
        } else {
            State->Dead = TRUE;
            *Closed = TRUE;
            RingStoreTailRelease(Send->Ring, RING_CLOSED);
        }
    }
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        ULONG Span = SendNblSpan(Nbl);
        if (Span > Space - Taken)
            SendRefuseNbl(Nbl, NDIS_STATUS_RESOURCES, Traffic);
        else
            Taken += Span;
    }
    if (!Taken)
        return FALSE;

    *Start = State->Reserved;
    State->Reserved = RingAdvance(State->Reserved, Taken, Send->Capacity);
    /* From here on the Scratch of the first NBL is the chain's; copying goes by Status. */
    Chain->Scratch = (PVOID)(ULONG_PTR)State->Reserved;
    Chain->MiniportReserved[0] = Last;
    Chain->MiniportReserved[1] = NULL;
    if (State->Last)
        State->Last->MiniportReserved[1] = Chain;
    else
        State->First = Chain;
    State->Last = Chain;
    return TRUE;
}

static VOID
SendCopyNetBuffer(UCHAR *Destination, NET_BUFFER *Nb)
{
    PMDL Mdl = NET_BUFFER_CURRENT_MDL(Nb);
    ULONG Offset = NET_BUFFER_CURRENT_MDL_OFFSET(Nb);

    for (ULONG Left = NET_BUFFER_DATA_LENGTH(Nb); Left; Mdl = Mdl->Next, Offset = 0) {
        ULONG Part = MmGetMdlByteCount(Mdl) - Offset;
        if (Part > Left)
            Part = Left;
        if (!Part)
            continue;
        /* Mapped by SendMapNetBuffer, so this returns what is there. */
        RtlCopyMemory(Destination,
                      (UCHAR *)MmGetSystemAddressForMdlSafe(Mdl, Driver.MappingPriority) + Offset, Part);
        Destination += Part;
        Left -= Part;
    }
}

/* What kind of destination a packet counts for, from the copy in the ring: the client may change that
 * meanwhile, and then miscounts itself. */
static PACKET_CAST
SendCast(const UCHAR *Copy, ULONG Size)
{
    UCHAR Header[PACKET_IPV6_HEADER] = {0};
    RtlCopyMemory(Header, Copy, Size < sizeof(Header) ? Size : sizeof(Header));
    return PacketCast(Header, (ULONG)(Header[0] >> 4) == 6 ? 6 : 4);
}

/* Inside RingGuard; the space from Start on is this chain's. */
static VOID
SendCopyChain(TUN_REGISTRATION *Registration, NET_BUFFER_LIST *Chain, ULONG Start, TRAFFIC *Traffic)
{
    RING_MAPPING *Send = &Registration->Send;

    for (NET_BUFFER_LIST *Nbl = Chain; Nbl; Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        if (NET_BUFFER_LIST_STATUS(Nbl) != NDIS_STATUS_SUCCESS)
            continue;
        for (NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl); Nb; Nb = NET_BUFFER_NEXT_NB(Nb)) {
            ULONG Size = NET_BUFFER_DATA_LENGTH(Nb);
            UCHAR *Copy = RingPacketData(Send->Ring, Start);
            RingWritePacketSize(Send->Ring, Start, Size);
            SendCopyNetBuffer(Copy, Nb);
            TrafficCount(Traffic, SendCast(Copy, Size), Size);
            Start = RingAdvance(Start, RingPacketSpan(Size), Send->Capacity);
        }
    }
}

/* SendLock. Marks Chain ready and returns all NBLs that are now published, as one chain; NULL if an earlier
 * chain is still being copied. */
static NET_BUFFER_LIST *
SendPublish(TUN_REGISTRATION *Registration, NET_BUFFER_LIST *Chain)
{
    SEND_STATE *State = &Registration->SendState;
    NET_BUFFER_LIST *Published = NULL, *PublishedLast = NULL;
    ULONG Tail = 0;

    Chain->Scratch = (PVOID)((ULONG_PTR)Chain->Scratch | SEND_READY);
    while (State->First && ((ULONG_PTR)State->First->Scratch & SEND_READY)) {
        NET_BUFFER_LIST *Front = State->First;
        Tail = (ULONG)(ULONG_PTR)Front->Scratch & ~SEND_READY;
        State->First = Front->MiniportReserved[1];
        if (!State->First)
            State->Last = NULL;
        if (PublishedLast)
            NET_BUFFER_LIST_NEXT_NBL(PublishedLast) = Front;
        else
            Published = Front;
        PublishedLast = Front->MiniportReserved[0];
    }
    /* Under the lock, because Tail must never go back. */
    if (Published && !State->Dead)
        RingStoreTailRelease(Registration->Send.Ring, Tail);
    return Published;
}

/* A version-1 client never says that it waits, so each publication signals. */
static VOID
SendSignal(TUN_REGISTRATION *Registration)
{
    KeSetEvent(Registration->Send.TailMoved, IO_NETWORK_INCREMENT, FALSE);
}

/* What is to be completed: Chain, or what was published with it, or NULL. */
static NET_BUFFER_LIST *
SendTransferChain(TUN_ADAPTER *Adapter, NET_BUFFER_LIST *Chain, NET_BUFFER_LIST *Last, TRAFFIC *Traffic)
{
    KIRQL Irql;
    ULONG Start;
    BOOLEAN Closed = FALSE;
    /* Nobody else's: the way to DISPATCH and back. */
    KSPIN_LOCK Level;

    KeInitializeSpinLock(&Level);
    KeAcquireSpinLock(&Level, &Irql);
    KeAcquireSpinLockAtDpcLevel(&Adapter->SendLock);
    TUN_REGISTRATION *Registration = Adapter->SendTarget;
    if (!Registration || !GuardEnter(&Registration->RingGuard)) {
        KeReleaseSpinLockFromDpcLevel(&Adapter->SendLock);
        KeReleaseSpinLock(&Level, Irql);
        SendRefuseChain(Chain, TRUE, NDIS_STATUS_MEDIA_DISCONNECTED, Traffic);
        return Chain;
    }
    BOOLEAN Reserved = SendReserve(Registration, Chain, Last, &Start, &Closed, Traffic);
    KeReleaseSpinLockFromDpcLevel(&Adapter->SendLock);

    NET_BUFFER_LIST *Completed = Chain;
    if (Reserved) {
        SendCopyChain(Registration, Chain, Start, Traffic);
        KeAcquireSpinLockAtDpcLevel(&Adapter->SendLock);
        Completed = SendPublish(Registration, Chain);
        KeReleaseSpinLockFromDpcLevel(&Adapter->SendLock);
    }
    if (Closed || (Reserved && Completed))
        SendSignal(Registration);
    GuardLeave(&Registration->RingGuard);
    KeReleaseSpinLock(&Level, Irql);
    return Completed;
}

VOID NTAPI
SendNetBufferLists(NDIS_HANDLE Context, PNET_BUFFER_LIST Chain, NDIS_PORT_NUMBER PortNumber, ULONG SendFlags)
{
    TUN_ADAPTER *Adapter = Context;
    TRAFFIC Traffic = {0};
    /* The flag says what the caller knows of its IRQL, which is the IRQL of the completion too. */
    ULONG CompleteFlags =
        SendFlags & NDIS_SEND_FLAGS_DISPATCH_LEVEL ? NDIS_SEND_COMPLETE_FLAGS_DISPATCH_LEVEL : 0;

    UNREFERENCED_PARAMETER(PortNumber);
    if (!GuardEnter(&Adapter->DataGuard)) {
        SendRefuseChain(Chain, FALSE, AdapterRefusal(Adapter), &Traffic);
        StatisticsAdd(&Adapter->Statistics.Out, &Traffic);
        NdisMSendNetBufferListsComplete(Adapter->Miniport, Chain, CompleteFlags);
        return;
    }
    BOOLEAN Any;
    NET_BUFFER_LIST *Last = SendPrepareChain(Chain, &Traffic, &Any);
    if (Any)
        Chain = SendTransferChain(Adapter, Chain, Last, &Traffic);
    StatisticsAdd(&Adapter->Statistics.Out, &Traffic);
    if (Chain)
        NdisMSendNetBufferListsComplete(Adapter->Miniport, Chain, CompleteFlags);
    GuardLeave(&Adapter->DataGuard);
}

/* No NBL waits in the driver: those in flight are being copied and complete by themselves. */
VOID NTAPI
SendCancel(NDIS_HANDLE Context, PVOID CancelId)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(CancelId);
}
