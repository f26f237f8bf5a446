/* SPDX-License-Identifier: MIT
 *
 * What the driver has once, whatever the number of adapters. Written by DriverEntry before any adapter
 * exists, except the lists.
 */
#ifndef DRIVER_H
#define DRIVER_H

#include "wdk.h"

typedef struct _TUN_DRIVER
{
    NDIS_HANDLE Miniport;  /* of NdisMRegisterMiniportDriver */
    UCHAR NdisMinor;       /* of the version registered: 20 or 30 */
    POOL_TYPE Pool;        /* non-paged, without execution where the system has that */
    ULONG MappingPriority; /* of every mapping: normal, without execution where the system has that */

    KSPIN_LOCK Lock;          /* leaf lock over both lists */
    LIST_ENTRY Adapters;      /* TUN_ADAPTER.DeviceLink: those that have a control device */
    LIST_ENTRY Registrations; /* TUN_REGISTRATION.Link: those whose memory may be locked */
} TUN_DRIVER;

extern TUN_DRIVER Driver;

/* <= DISPATCH. Zeroed, NULL on failure. */
PVOID DriverAllocate(SIZE_T Size);
VOID DriverFree(PVOID Memory);

#endif
