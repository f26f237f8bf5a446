/* SPDX-License-Identifier: MIT
 *
 * The receive arena: allocation, and the way of its NBLs to the thread, to the stack and back.
 */
#include "adapter.h"
#include "driver.h"
#include "product.h"

/* A packet takes the smallest class that holds it, or a larger one if that has run low. */
static const struct
{
    ULONG Size;
    ULONG Count;
    ULONG Reserve; /* of Count; at least 1 in the largest class, so that draining always goes on */
} ReceiveClasses[RECEIVE_CLASSES] = {
    {2048, 1024, 64},
    {16384, 32, 4},
    {65536, 16, 2},
};

#define RECEIVE_CONTEXT_SIZE                                                                                 \
    ((sizeof(RECEIVE_BUFFER) + MEMORY_ALLOCATION_ALIGNMENT - 1) & ~(size_t)(MEMORY_ALLOCATION_ALIGNMENT - 1))

static VOID
ReceiveListPush(RECEIVE_LIST *List, RECEIVE_BUFFER *Buffer)
{
    Buffer->Next = List->First;
    List->First = Buffer;
    if (!List->Last)
        List->Last = Buffer;
    List->Count++;
}

static RECEIVE_BUFFER *
ReceiveListPop(RECEIVE_LIST *List)
{
    RECEIVE_BUFFER *Buffer = List->First;
    if (!Buffer)
        return NULL;
    List->First = Buffer->Next;
    if (!List->First)
        List->Last = NULL;
    List->Count--;
    return Buffer;
}

/* Moves all of Source to the front of Target. */
static VOID
ReceiveListMove(RECEIVE_LIST *Target, RECEIVE_LIST *Source)
{
    if (!Source->First)
        return;
    Source->Last->Next = Target->First;
    if (!Target->Last)
        Target->Last = Source->Last;
    Target->First = Source->First;
    Target->Count += Source->Count;
    RtlZeroMemory(Source, sizeof(*Source));
}

static BOOLEAN
ReceiveBufferCreate(TUN_ADAPTER *Adapter, ULONG Class, UCHAR *Data)
{
    RECEIVE_ARENA *Arena = &Adapter->Arena;
    PMDL Mdl = NdisAllocateMdl(Adapter->Miniport, Data, ReceiveClasses[Class].Size);
    if (!Mdl)
        return FALSE;
    NET_BUFFER_LIST *Nbl =
        NdisAllocateNetBufferAndNetBufferList(Arena->Pool, (USHORT)RECEIVE_CONTEXT_SIZE, 0, Mdl, 0, 0);
    if (!Nbl) {
        NdisFreeMdl(Mdl);
        return FALSE;
    }
    RECEIVE_BUFFER *Buffer = ReceiveBufferOf(Nbl);
    Buffer->Nbl = Nbl;
    Buffer->Mdl = Mdl;
    Buffer->Data = Data;
    Buffer->Class = Class;
    ReceiveListPush(&Arena->Shared[Class], Buffer);
    return TRUE;
}

NDIS_STATUS
ReceiveArenaCreate(TUN_ADAPTER *Adapter)
{
    RECEIVE_ARENA *Arena = &Adapter->Arena;
    NET_BUFFER_LIST_POOL_PARAMETERS Parameters = {
        .Header = {NDIS_OBJECT_TYPE_DEFAULT, NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1,
                   NDIS_SIZEOF_NET_BUFFER_LIST_POOL_PARAMETERS_REVISION_1},
        .ProtocolId = NDIS_PROTOCOL_ID_DEFAULT,
        .fAllocateNetBuffer = TRUE,
        .ContextSize = (USHORT)RECEIVE_CONTEXT_SIZE,
        .PoolTag = PRODUCT_POOL_TAG,
    };

    KeInitializeSpinLock(&Arena->Lock);
    Arena->Pool = NdisAllocateNetBufferListPool(Adapter->Miniport, &Parameters);
    if (!Arena->Pool)
        return NDIS_STATUS_RESOURCES;
    for (ULONG Class = 0; Class < RECEIVE_CLASSES; Class++) {
        ULONG Size = ReceiveClasses[Class].Size, Count = ReceiveClasses[Class].Count;
        Arena->Memory[Class] = DriverAllocate((SIZE_T)Size * Count);
        if (!Arena->Memory[Class])
            return NDIS_STATUS_RESOURCES;
        for (ULONG Index = 0; Index < Count; Index++)
            if (!ReceiveBufferCreate(Adapter, Class, Arena->Memory[Class] + (SIZE_T)Size * Index))
                return NDIS_STATUS_RESOURCES;
    }
    return NDIS_STATUS_SUCCESS;
}

VOID
ReceiveArenaDestroy(TUN_ADAPTER *Adapter)
{
    RECEIVE_ARENA *Arena = &Adapter->Arena;

    for (ULONG Class = 0; Class < RECEIVE_CLASSES; Class++) {
        RECEIVE_BUFFER *Buffer;
        ReceiveListMove(&Arena->Shared[Class], &Arena->Cache[Class]);
        while ((Buffer = ReceiveListPop(&Arena->Shared[Class])) != NULL) {
            PMDL Mdl = Buffer->Mdl;
            NdisFreeNetBufferList(Buffer->Nbl); /* with the context that Buffer lives in */
            NdisFreeMdl(Mdl);
        }
        if (Arena->Memory[Class])
            DriverFree(Arena->Memory[Class]);
    }
    if (Arena->Pool)
        NdisFreeNetBufferListPool(Arena->Pool);
    RtlZeroMemory(Arena, sizeof(*Arena));
}

/* A buffer of Class beyond what is kept back, or NULL. */
static RECEIVE_BUFFER *
ReceiveTakeOrdinary(RECEIVE_ARENA *Arena, ULONG Class)
{
    RECEIVE_LIST *Cache = &Arena->Cache[Class];

    if (Cache->Count <= ReceiveClasses[Class].Reserve) {
        KIRQL Irql;
        KeAcquireSpinLock(&Arena->Lock, &Irql);
        ReceiveListMove(Cache, &Arena->Shared[Class]);
        KeReleaseSpinLock(&Arena->Lock, Irql);
    }
    return Cache->Count > ReceiveClasses[Class].Reserve ? ReceiveListPop(Cache) : NULL;
}

RECEIVE_BUFFER *
ReceiveArenaTake(RECEIVE_ARENA *Arena, ULONG Size, BOOLEAN Reserve)
{
    ULONG Fit = 0;

    while (ReceiveClasses[Fit].Size < Size)
        Fit++;
    for (ULONG Class = Fit; Class < RECEIVE_CLASSES; Class++) {
        RECEIVE_BUFFER *Buffer =
            Reserve ? ReceiveListPop(&Arena->Cache[Class]) : ReceiveTakeOrdinary(Arena, Class);
        if (Buffer)
            return Buffer;
    }
    return NULL;
}

VOID
ReceiveArenaPut(RECEIVE_ARENA *Arena, RECEIVE_BUFFER *Buffer)
{
    ReceiveListPush(&Arena->Cache[Buffer->Class], Buffer);
}

/* <= DISPATCH. NBLs of any number of indications, perhaps while one is still going on. */
VOID NTAPI
ReceiveReturnNetBufferLists(NDIS_HANDLE Context, PNET_BUFFER_LIST Chain, ULONG ReturnFlags)
{
    TUN_ADAPTER *Adapter = Context;
    RECEIVE_ARENA *Arena = &Adapter->Arena;
    RECEIVE_LIST Returned[RECEIVE_CLASSES] = {0};
    LONG Count = 0;
    KIRQL Irql;

    UNREFERENCED_PARAMETER(ReturnFlags);
    while (Chain) {
        RECEIVE_BUFFER *Buffer = ReceiveBufferOf(Chain);
        Chain = NET_BUFFER_LIST_NEXT_NBL(Chain);
        ReceiveListPush(&Returned[Buffer->Class], Buffer);
        Count++;
    }
    KeAcquireSpinLock(&Arena->Lock, &Irql);
    for (ULONG Class = 0; Class < RECEIVE_CLASSES; Class++)
        ReceiveListMove(&Arena->Shared[Class], &Returned[Class]);
    KeReleaseSpinLock(&Arena->Lock, Irql);
    /* Last: a pause that waits for this may be followed by HaltEx. */
    GuardLeaveMany(&Adapter->ReturnGuard, Count);
}
