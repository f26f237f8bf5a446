/* SPDX-License-Identifier: MIT
 *
 * The thread of a registration, at PASSIVE:
 *
 *   blocked     DataGuard is closed; waits for Flowing
 *   draining    batch by batch: copies packets inside DataGuard and RingGuard, gives their space back, leaves
 *               RingGuard and indicates the batch
 *   spinning    the ring is empty; looks at Tail for a short while
 *   waiting     has set Alertable and looked again; waits for TailMoved, at first 10 ms, then longer, up to 1 s: a
 *               client that lacks the full fence between Tail and Alertable may have missed that we wait
 *   stopped     the ring is revoked, or the client broke it; waits for Stop
 *
 * Every wait also ends with Stop. RingGuard is never held while the thread waits or is inside NDIS, because
 * the death of the client's process waits for it.
 */
#include "receive.h"
#include "driver.h"
#include "registration.h"

#define RECEIVE_BATCH    64u
#define RECEIVE_SPINS    1000u
#define RECEIVE_WAIT_MIN (10 * 10000ll)   /* 10 ms in 100 ns */
#define RECEIVE_WAIT_MAX (1000 * 10000ll) /* 1 s */

typedef enum _RECEIVE_RESULT
{
    RECEIVE_EMPTY,
    RECEIVE_PROGRESS,
    RECEIVE_STOPPED
} RECEIVE_RESULT;

typedef struct _RECEIVE_BATCH_STATE
{
    NET_BUFFER_LIST *First;
    NET_BUFFER_LIST *Last;
    ULONG Count;
    BOOLEAN Reserve;         /* of the buffers kept back: indicated as RESOURCES */
    RECEIVE_BUFFER *Buffers; /* by their own links: those of the NBLs are the stack's meanwhile */
    TRAFFIC Traffic;
} RECEIVE_BATCH_STATE;

/* Sets up all of the NBL that the stack looks at or may have changed since. */
static VOID
ReceivePrepareNbl(TUN_ADAPTER *Adapter, RECEIVE_BUFFER *Buffer, ULONG Size, ULONG Family)
{
    NET_BUFFER_LIST *Nbl = Buffer->Nbl;
    NET_BUFFER *Nb = NET_BUFFER_LIST_FIRST_NB(Nbl);
    /* In network byte order. */
    ULONG_PTR FrameType = Family == 4 ? 0x0008 : 0xDD86;

    Buffer->Mdl->Next = NULL;
    NET_BUFFER_NEXT_NB(Nb) = NULL;
    NET_BUFFER_FIRST_MDL(Nb) = Buffer->Mdl;
    NET_BUFFER_CURRENT_MDL(Nb) = Buffer->Mdl;
    NET_BUFFER_CURRENT_MDL_OFFSET(Nb) = 0;
    NET_BUFFER_DATA_OFFSET(Nb) = 0;
    NET_BUFFER_DATA_LENGTH(Nb) = Size;
    NET_BUFFER_LIST_NEXT_NBL(Nbl) = NULL;
    NET_BUFFER_LIST_STATUS(Nbl) = NDIS_STATUS_SUCCESS;
    Nbl->SourceHandle = Adapter->Miniport;
    Nbl->NblFlags = Family == 4 ? NDIS_NBL_FLAGS_IS_IPV4 : NDIS_NBL_FLAGS_IS_IPV6;
    /* The slots that every NDIS has; what lies behind them only a stack that uses it fills. */
    RtlZeroMemory(Nbl->NetBufferListInfo, sizeof(Nbl->NetBufferListInfo));
    NET_BUFFER_LIST_INFO(Nbl, NetBufferListFrameType) = (PVOID)FrameType;
}

/* Inside RingGuard. Ends the ring from our side for good. */
static RECEIVE_RESULT
ReceiveRefuseRing(TUN_REGISTRATION *Registration, TRAFFIC *Traffic)
{
    Traffic->Errors++;
    RingStoreHeadRelease(Registration->Receive.Ring, RING_CLOSED);
    return RECEIVE_STOPPED;
}

/* Inside DataGuard and RingGuard. Copies up to a batch of packets out of the ring; each is judged by its
 * copy, which the client cannot change. RECEIVE_STOPPED with what the batch holds so far if the client broke
 * the ring. */
static RECEIVE_RESULT
ReceiveBuildBatch(TUN_REGISTRATION *Registration, RECEIVE_BATCH_STATE *Batch)
{
    TUN_ADAPTER *Adapter = Registration->Adapter;
    RING_MAPPING *Receive = &Registration->Receive;
    ULONG Head = Registration->ReceiveHead, Taken = 0;
    ULONG Tail = RingLoadTailAcquire(Receive->Ring);

    if (!RingOffsetIsValid(Tail, Receive->Capacity))
        return ReceiveRefuseRing(Registration, &Batch->Traffic);
    ULONG Content = RingContent(Head, Tail, Receive->Capacity);
    if (!Content)
        return RECEIVE_EMPTY;
    while (Content && Taken < RECEIVE_BATCH) {
        ULONG Size = RingReadPacketSize(Receive->Ring, Head);
        if (!RingPacketIsWhole(Size, Content))
            return ReceiveRefuseRing(Registration, &Batch->Traffic);
        RECEIVE_BUFFER *Buffer = ReceiveArenaTake(&Adapter->Arena, Size, Batch->Reserve);
        if (!Buffer) {
            if (Batch->Count || Batch->Reserve)
                break;
            Batch->Reserve = TRUE;
            continue;
        }
        RtlCopyMemory(Buffer->Data, RingPacketData(Receive->Ring, Head), Size);
        Head = RingAdvance(Head, RingPacketSpan(Size), Receive->Capacity);
        Content -= RingPacketSpan(Size);
        Taken++;
        ULONG Family = PacketFamily(Buffer->Data, Size);
        if (!Family) {
            Batch->Traffic.Errors++;
            ReceiveArenaPut(&Adapter->Arena, Buffer);
            continue;
        }
        TrafficCount(&Batch->Traffic, PacketCast(Buffer->Data, Family), Size);
        ReceivePrepareNbl(Adapter, Buffer, Size, Family);
        Buffer->Next = Batch->Buffers;
        Batch->Buffers = Buffer;
        if (Batch->Last)
            NET_BUFFER_LIST_NEXT_NBL(Batch->Last) = Buffer->Nbl;
        else
            Batch->First = Buffer->Nbl;
        Batch->Last = Buffer->Nbl;
        Batch->Count++;
    }
    Registration->ReceiveHead = Head;
    RingStoreHeadRelease(Receive->Ring, Head);
    return RECEIVE_PROGRESS;
}

/* Inside DataGuard, outside RingGuard. */
static VOID
ReceiveIndicateBatch(TUN_ADAPTER *Adapter, RECEIVE_BATCH_STATE *Batch)
{
    StatisticsAdd(&Adapter->Statistics.In, &Batch->Traffic);
    if (!Batch->Count)
        return;
    if (!Batch->Reserve) {
        /* Open as long as DataGuard is: a restart opens it first, a pause closes it last. */
        GuardEnterMany(&Adapter->ReturnGuard, (LONG)Batch->Count);
        NdisMIndicateReceiveNetBufferLists(Adapter->Miniport, Batch->First, NDIS_DEFAULT_PORT_NUMBER,
                                           Batch->Count, 0);
        return;
    }
    NdisMIndicateReceiveNetBufferLists(Adapter->Miniport, Batch->First, NDIS_DEFAULT_PORT_NUMBER,
                                       Batch->Count, NDIS_RECEIVE_FLAGS_RESOURCES);
    for (RECEIVE_BUFFER *Buffer = Batch->Buffers, *Next; Buffer; Buffer = Next) {
        Next = Buffer->Next;
        ReceiveArenaPut(&Adapter->Arena, Buffer);
    }
}

/* Inside DataGuard. */
static RECEIVE_RESULT
ReceiveDrain(TUN_REGISTRATION *Registration)
{
    RECEIVE_BATCH_STATE Batch = {0};

    if (!GuardEnter(&Registration->RingGuard))
        return RECEIVE_STOPPED;
    RECEIVE_RESULT Result = ReceiveBuildBatch(Registration, &Batch);
    GuardLeave(&Registration->RingGuard);
    ReceiveIndicateBatch(Registration->Adapter, &Batch);
    return Result;
}

static BOOLEAN
ReceiveHasPackets(TUN_REGISTRATION *Registration)
{
    return RingLoadTailAcquire(Registration->Receive.Ring) != Registration->ReceiveHead;
}

/* Looks for packets for a short while, then announces that we wait and looks once more. TRUE if there is
 * something to drain, or if the ring is gone, which draining finds out. */
static BOOLEAN
ReceivePoll(TUN_REGISTRATION *Registration)
{
    BOOLEAN Found = FALSE;

    if (!GuardEnter(&Registration->RingGuard))
        return TRUE;
    for (ULONG Spin = 0; Spin < RECEIVE_SPINS && !Found; Spin++) {
        Found = ReceiveHasPackets(Registration);
        YieldProcessor();
    }
    if (!Found) {
        RingArmAlertable(Registration->Receive.Ring);
        Found = ReceiveHasPackets(Registration);
        if (Found)
            RingDisarmAlertable(Registration->Receive.Ring);
    }
    GuardLeave(&Registration->RingGuard);
    return Found;
}

static VOID
ReceiveDisarm(TUN_REGISTRATION *Registration)
{
    if (GuardEnter(&Registration->RingGuard)) {
        RingDisarmAlertable(Registration->Receive.Ring);
        GuardLeave(&Registration->RingGuard);
    }
}

/* Waits for Stop or for Event, if there is one. STATUS_WAIT_0 is Stop, STATUS_WAIT_1 Event. */
static NTSTATUS
ReceiveWait(TUN_REGISTRATION *Registration, PKEVENT Event, LONGLONG Time)
{
    PVOID Objects[] = {&Registration->Stop, Event};
    LARGE_INTEGER Timeout = {.QuadPart = -Time};

    return KeWaitForMultipleObjects(Event ? 2 : 1, Objects, WaitAny, Executive, KernelMode, FALSE,
                                    Time ? &Timeout : NULL, NULL);
}

/* Runs until Stop is set; returns then. */
static VOID
ReceiveLoop(TUN_REGISTRATION *Registration)
{
    TUN_ADAPTER *Adapter = Registration->Adapter;
    PKEVENT TailMoved = Registration->Receive.TailMoved;
    LONGLONG Time = RECEIVE_WAIT_MIN;
    BOOLEAN Woken = FALSE;

    while (!KeReadStateEvent(&Registration->Stop)) {
        if (!GuardEnter(&Adapter->DataGuard)) {
            ReceiveWait(Registration, &Adapter->Flowing, 0);
            continue;
        }
        RECEIVE_RESULT Result = ReceiveDrain(Registration);
        GuardLeave(&Adapter->DataGuard);
        if (Result == RECEIVE_STOPPED) {
            ReceiveWait(Registration, NULL, 0);
            return;
        }
        if (Result == RECEIVE_PROGRESS) {
            Time = RECEIVE_WAIT_MIN;
            Woken = FALSE;
            continue;
        }
        /* Signalled for nothing. An event that does not reset itself would do that for ever; whatever was
         * stored before the signal that is lost here, the poll finds. */
        if (Woken)
            KeResetEvent(TailMoved);
        Woken = FALSE;
        if (ReceivePoll(Registration))
            continue;
        NTSTATUS Status = ReceiveWait(Registration, TailMoved, Time);
        ReceiveDisarm(Registration);
        Woken = Status == STATUS_WAIT_1;
        if (Status == STATUS_TIMEOUT)
            Time = Time * 2 < RECEIVE_WAIT_MAX ? Time * 2 : RECEIVE_WAIT_MAX;
    }
}

VOID NTAPI
ReceiveThread(PVOID Context)
{
    ReceiveLoop(Context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}
