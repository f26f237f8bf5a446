/* SPDX-License-Identifier: MIT
 *
 * The NBLs that every packet from the client is copied into, and their way to the stack and back.
 *
 * The arena belongs to the adapter and serves one session after the other. Its NBLs are either idle (on the
 * shared list, or in the cache of the one thread that drains) or held by the stack, and then counted in
 * ReturnGuard. Each class keeps a reserve back; when nothing else is left a batch is built from that and
 * indicated with NDIS_RECEIVE_FLAGS_RESOURCES, so that a stack that holds packets for ever stalls nobody.
 */
#ifndef ARENA_H
#define ARENA_H

#include "wdk.h"

#define RECEIVE_CLASSES 3

struct _TUN_ADAPTER;

/* Lives in the context space of its NBL: the one part of an NBL that nobody else may change. */
typedef struct _RECEIVE_BUFFER
{
    struct _RECEIVE_BUFFER *Next; /* while it is idle or in a batch; not while the stack holds it */
    NET_BUFFER_LIST *Nbl;
    PMDL Mdl;
    UCHAR *Data;
    ULONG Class;
} RECEIVE_BUFFER;

typedef struct _RECEIVE_LIST
{
    RECEIVE_BUFFER *First;
    RECEIVE_BUFFER *Last;
    ULONG Count;
} RECEIVE_LIST;

typedef struct _RECEIVE_ARENA
{
    NDIS_HANDLE Pool;
    UCHAR *Memory[RECEIVE_CLASSES];
    KSPIN_LOCK Lock;
    RECEIVE_LIST Shared[RECEIVE_CLASSES]; /* Lock; where the stack's NBLs come back to */
    RECEIVE_LIST Cache[RECEIVE_CLASSES];  /* the draining thread only */
} RECEIVE_ARENA;

static inline RECEIVE_BUFFER *
ReceiveBufferOf(NET_BUFFER_LIST *Nbl)
{
    return (RECEIVE_BUFFER *)(void *)NET_BUFFER_LIST_CONTEXT_DATA_START(Nbl);
}

/* PASSIVE. After a failure the arena is destroyed like a whole one. */
NDIS_STATUS ReceiveArenaCreate(struct _TUN_ADAPTER *Adapter);
/* PASSIVE, the stack holds nothing and no thread drains. Tolerates an arena that was created in part or not
 * at all. */
VOID ReceiveArenaDestroy(struct _TUN_ADAPTER *Adapter);

/* The draining thread: a buffer of at least Size <= RING_MAX_PACKET bytes, or NULL; with Reserve also from
 * what is kept back, which never fails while nothing is taken. Its NBL is to be set up anew. */
RECEIVE_BUFFER *ReceiveArenaTake(RECEIVE_ARENA *Arena, ULONG Size, BOOLEAN Reserve);
/* The draining thread: a buffer that the stack does not hold. */
VOID ReceiveArenaPut(RECEIVE_ARENA *Arena, RECEIVE_BUFFER *Buffer);

MINIPORT_RETURN_NET_BUFFER_LISTS ReceiveReturnNetBufferLists;

#endif
