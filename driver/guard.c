/* SPDX-License-Identifier: MIT
 *
 * The event is set exactly by the one who brings a closed guard's count to zero, or by the closer if it was
 * zero already, and every closer waits for it. A closer that looked at the count alone could free the guard
 * between the last leaver's decrement and its KeSetEvent.
 */
#include "guard.h"

#define GUARD_CLOSED 1
#define GUARD_ONE    2

VOID
GuardInitialize(GUARD *Guard)
{
    Guard->State = GUARD_CLOSED;
    KeInitializeEvent(&Guard->Drained, NotificationEvent, TRUE);
}

VOID
GuardOpen(GUARD *Guard)
{
    KeClearEvent(&Guard->Drained);
    /* Pairs with the exchange in GuardEnterMany: whoever enters sees what the opener prepared. */
    WriteRelease(&Guard->State, 0);
}

BOOLEAN
GuardEnterMany(GUARD *Guard, LONG Count)
{
    LONG State = ReadNoFence(&Guard->State);
    for (;;) {
        if (State & GUARD_CLOSED)
            return FALSE;
        LONG Seen = InterlockedCompareExchange(&Guard->State, State + GUARD_ONE * Count, State);
        if (Seen == State)
            return TRUE;
        State = Seen;
    }
}

BOOLEAN
GuardEnter(GUARD *Guard)
{
    return GuardEnterMany(Guard, 1);
}

VOID
GuardLeaveMany(GUARD *Guard, LONG Count)
{
    LONG Left = GUARD_ONE * Count;
    if (InterlockedExchangeAdd(&Guard->State, -Left) - Left == GUARD_CLOSED)
        KeSetEvent(&Guard->Drained, IO_NO_INCREMENT, FALSE);
}

VOID
GuardLeave(GUARD *Guard)
{
    GuardLeaveMany(Guard, 1);
}

VOID
GuardClose(GUARD *Guard)
{
    if (InterlockedOr(&Guard->State, GUARD_CLOSED) == 0)
        KeSetEvent(&Guard->Drained, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&Guard->Drained, Executive, KernelMode, FALSE, NULL);
}

VOID
MutexAcquire(FAST_MUTEX *Mutex)
{
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(Mutex);
}

VOID
MutexRelease(FAST_MUTEX *Mutex)
{
    ExReleaseFastMutexUnsafe(Mutex);
    KeLeaveCriticalRegion();
}
