/* SPDX-License-Identifier: MIT
 *
 * A rundown-style guard: many enter and leave it at any IRQL up to DISPATCH, one side closes it, which waits
 * until everybody has left; it can be opened again. Unlike a spin lock it may be held across a copy or a call
 * into NDIS.
 *
 *   state      enter    leave               close                       open
 *   open, n    n + 1    n - 1               closed, n; waits for 0      -
 *   closed, n  refused  n - 1, 0 drains it  waits for 0                 only if drained: open, 0
 *
 * Also here: the pair that takes a fast mutex in a critical region, so that nobody who holds it can be
 * suspended.
 */
#ifndef GUARD_H
#define GUARD_H

#include "wdk.h"

typedef struct _GUARD
{
    volatile LONG State; /* bit 0: closed; the rest: twice the number of those inside */
    KEVENT Drained;      /* notification event: closed, and the last one inside has left */
} GUARD;

/* Closed and drained. */
VOID GuardInitialize(GUARD *Guard);

/* The guard is closed and drained; the caller serialises against GuardClose. */
VOID GuardOpen(GUARD *Guard);

/* <= DISPATCH. FALSE if it is closed. Entering twice in one thread is fine. */
BOOLEAN GuardEnter(GUARD *Guard);
BOOLEAN GuardEnterMany(GUARD *Guard, LONG Count);

/* <= DISPATCH. The guard may be gone when these return, unless the caller is still inside by another entry.
 */
VOID GuardLeave(GUARD *Guard);
VOID GuardLeaveMany(GUARD *Guard, LONG Count);

/* PASSIVE, outside the guard. Refuses whoever comes from now on and waits for those inside. Any number of
 * callers. */
VOID GuardClose(GUARD *Guard);

/* PASSIVE */
VOID MutexAcquire(FAST_MUTEX *Mutex);
VOID MutexRelease(FAST_MUTEX *Mutex);

#endif
