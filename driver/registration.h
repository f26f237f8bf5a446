/* SPDX-License-Identifier: MIT
 *
 * A registration: two rings of a client, locked and mapped, with the thread that drains the receive ring. An
 * adapter has at most one.
 *
 * It ends in two steps. Revoking takes the client's memory away (nobody touches a ring any more, pages are
 * unlocked) and waits for nothing but copies; whoever is second waits until the first has done it. Ending
 * does the rest: the thread, the link state, the events. The owner's death revokes at once and leaves the
 * ending to a work item.
 *
 *   step                       who
 *   revoke                     the process notification of the owner; or the one who ends
 *   end (RegistrationLock)     CLEANUP of the open that registered; surprise removal; HaltEx; the work item
 */
#ifndef REGISTRATION_H
#define REGISTRATION_H

#include "adapter.h"
#include "ioctl.h"
#include "send.h"

/* Behind FsContext. References: the file object, and the registration made through it. */
typedef struct _TUN_OPEN
{
    volatile LONG References;
    BOOLEAN CleanedUp; /* RegistrationLock; the last handle is closed */
} TUN_OPEN;

typedef struct _RING_MAPPING
{
    PMDL Mdl;       /* locked; NULL once revoked */
    TUN_RING *Ring; /* system address; valid inside RingGuard */
    ULONG Capacity;
    PKEVENT TailMoved; /* referenced until the registration is freed */
} RING_MAPPING;

typedef struct _TUN_REGISTRATION
{
    LIST_ENTRY Link;          /* Driver.Lock; from its birth until it is revoked and its thread has ended */
    volatile LONG References; /* the adapter's, and that of a notification at work */
    TUN_ADAPTER *Adapter;
    TUN_OPEN *Open;
    HANDLE OwnerProcessId; /* whose memory is locked */
    volatile LONG OwnerDied;
    volatile LONG Revoking; /* somebody has begun to revoke */
    KEVENT Revoked;         /* notification: that is done */
    GUARD RingGuard;        /* every access to a ring is inside */

    RING_MAPPING Send;    /* stack to client */
    RING_MAPPING Receive; /* client to stack */
    SEND_STATE SendState;
    ULONG ReceiveHead; /* the thread's own copy: what the ring says is never read back */

    KEVENT Stop;  /* notification: the thread is to end */
    PVOID Thread; /* referenced thread object */
} TUN_REGISTRATION;

/* PASSIVE, in the caller's process. Rings has been captured. STATUS_... as ioctl.h lists. */
NTSTATUS RegistrationCreate(TUN_ADAPTER *Adapter, TUN_OPEN *Open, const TUN_REGISTER_RINGS *Rings);

/* PASSIVE. Ends the registration made through Open; none is fine. Open takes no other from now on. */
VOID RegistrationEndOf(TUN_ADAPTER *Adapter, TUN_OPEN *Open);

/* PASSIVE. Ends whatever is registered and refuses what comes later; the adapter is going away. */
VOID RegistrationEndAll(TUN_ADAPTER *Adapter);

/* Frees it with the last reference. */
VOID OpenRelease(TUN_OPEN *Open);

CREATE_PROCESS_NOTIFY_ROUTINE RegistrationNotifyProcess;

#endif
