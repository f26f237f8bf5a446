/* SPDX-License-Identifier: MIT
 *
 * An adapter's counters. The data path counts into a TRAFFIC on its stack and adds that once per call; the
 * totals are 64-bit, added to and read without a lock, each exact by itself.
 */
#ifndef STATISTICS_H
#define STATISTICS_H

#include "packet.h"

/* What one call, or one batch, has to add. */
typedef struct _TRAFFIC
{
    ULONG Packets[PACKET_CASTS];
    ULONG Octets[PACKET_CASTS];
    ULONG Discards; /* sound packets for which there was no room or no session */
    ULONG Errors;   /* packets that are not what they have to be */
} TRAFFIC;

typedef struct _STATISTICS_DIRECTION
{
    volatile LONG64 Packets[PACKET_CASTS];
    volatile LONG64 Octets[PACKET_CASTS];
    volatile LONG64 Discards;
    volatile LONG64 Errors;
} STATISTICS_DIRECTION;

typedef struct _STATISTICS
{
    STATISTICS_DIRECTION In;  /* client to stack */
    STATISTICS_DIRECTION Out; /* stack to client */
} STATISTICS;

static inline VOID
TrafficCount(TRAFFIC *Traffic, PACKET_CAST Cast, ULONG Size)
{
    Traffic->Packets[Cast]++;
    Traffic->Octets[Cast] += Size;
}

/* <= DISPATCH */
VOID StatisticsAdd(STATISTICS_DIRECTION *Direction, const TRAFFIC *Traffic);
ULONG64 StatisticsPackets(const STATISTICS_DIRECTION *Direction);
VOID StatisticsQuery(const STATISTICS *Statistics, NDIS_STATISTICS_INFO *Info);

#endif
