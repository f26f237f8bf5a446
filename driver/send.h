/* SPDX-License-Identifier: MIT
 *
 * Stack to client: reserve room for a whole chain under SendLock, copy without it, publish in the order of
 * reservation, complete.
 */
#ifndef SEND_H
#define SEND_H

#include "wdk.h"

/* The producer's side of one registration's send ring; all under the adapter's SendLock. */
typedef struct _SEND_STATE
{
    ULONG Reserved; /* where the next chain is going to be copied; Tail is behind it by what is in flight */
    BOOLEAN Dead;   /* the client wrote an impossible Head; Tail is RING_CLOSED */
    NET_BUFFER_LIST *First; /* chains in flight, in the order of reservation */
    NET_BUFFER_LIST *Last;
} SEND_STATE;

MINIPORT_SEND_NET_BUFFER_LISTS SendNetBufferLists;
MINIPORT_CANCEL_SEND SendCancel;

#endif
