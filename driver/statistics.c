/* SPDX-License-Identifier: MIT */
#include "statistics.h"

#define STATISTICS_CASTS(Name)                                                                               \
    (NDIS_STATISTICS_FLAGS_VALID_DIRECTED_##Name | NDIS_STATISTICS_FLAGS_VALID_MULTICAST_##Name |            \
     NDIS_STATISTICS_FLAGS_VALID_BROADCAST_##Name)
#define STATISTICS_VALID                                                                                     \
    (STATISTICS_CASTS(FRAMES_RCV) | STATISTICS_CASTS(BYTES_RCV) | STATISTICS_CASTS(FRAMES_XMIT) |            \
     STATISTICS_CASTS(BYTES_XMIT) | NDIS_STATISTICS_FLAGS_VALID_BYTES_RCV |                                  \
     NDIS_STATISTICS_FLAGS_VALID_RCV_DISCARDS | NDIS_STATISTICS_FLAGS_VALID_RCV_ERROR |                      \
     NDIS_STATISTICS_FLAGS_VALID_BYTES_XMIT | NDIS_STATISTICS_FLAGS_VALID_XMIT_ERROR |                       \
     NDIS_STATISTICS_FLAGS_VALID_XMIT_DISCARDS)

static VOID
StatisticsAddOne(volatile LONG64 *Total, ULONG Amount)
{
    if (Amount)
        InterlockedExchangeAdd64(Total, Amount);
}

VOID
StatisticsAdd(STATISTICS_DIRECTION *Direction, const TRAFFIC *Traffic)
{
    for (ULONG Cast = 0; Cast < PACKET_CASTS; Cast++) {
        StatisticsAddOne(&Direction->Packets[Cast], Traffic->Packets[Cast]);
        StatisticsAddOne(&Direction->Octets[Cast], Traffic->Octets[Cast]);
    }
    StatisticsAddOne(&Direction->Discards, Traffic->Discards);
    StatisticsAddOne(&Direction->Errors, Traffic->Errors);
}

static ULONG64
StatisticsSum(const volatile LONG64 *Totals)
{
    ULONG64 Sum = 0;
    for (ULONG Cast = 0; Cast < PACKET_CASTS; Cast++)
        Sum += (ULONG64)ReadNoFence64(&Totals[Cast]);
    return Sum;
}

ULONG64
StatisticsPackets(const STATISTICS_DIRECTION *Direction)
{
    return StatisticsSum(Direction->Packets);
}

VOID
StatisticsQuery(const STATISTICS *Statistics, NDIS_STATISTICS_INFO *Info)
{
    const STATISTICS_DIRECTION *In = &Statistics->In, *Out = &Statistics->Out;

    RtlZeroMemory(Info, sizeof(*Info));
    Info->Header.Type = NDIS_OBJECT_TYPE_DEFAULT;
    Info->Header.Revision = NDIS_STATISTICS_INFO_REVISION_1;
    Info->Header.Size = NDIS_SIZEOF_STATISTICS_INFO_REVISION_1;
    Info->SupportedStatistics = STATISTICS_VALID;
    Info->ifInDiscards = (ULONG64)ReadNoFence64(&In->Discards);
    Info->ifInErrors = (ULONG64)ReadNoFence64(&In->Errors);
    Info->ifHCInOctets = StatisticsSum(In->Octets);
    Info->ifHCInUcastPkts = (ULONG64)ReadNoFence64(&In->Packets[PACKET_UNICAST]);
    Info->ifHCInMulticastPkts = (ULONG64)ReadNoFence64(&In->Packets[PACKET_MULTICAST]);
    Info->ifHCInBroadcastPkts = (ULONG64)ReadNoFence64(&In->Packets[PACKET_BROADCAST]);
    Info->ifHCInUcastOctets = (ULONG64)ReadNoFence64(&In->Octets[PACKET_UNICAST]);
    Info->ifHCInMulticastOctets = (ULONG64)ReadNoFence64(&In->Octets[PACKET_MULTICAST]);
    Info->ifHCInBroadcastOctets = (ULONG64)ReadNoFence64(&In->Octets[PACKET_BROADCAST]);
    Info->ifOutDiscards = (ULONG64)ReadNoFence64(&Out->Discards);
    Info->ifOutErrors = (ULONG64)ReadNoFence64(&Out->Errors);
    Info->ifHCOutOctets = StatisticsSum(Out->Octets);
    Info->ifHCOutUcastPkts = (ULONG64)ReadNoFence64(&Out->Packets[PACKET_UNICAST]);
    Info->ifHCOutMulticastPkts = (ULONG64)ReadNoFence64(&Out->Packets[PACKET_MULTICAST]);
    Info->ifHCOutBroadcastPkts = (ULONG64)ReadNoFence64(&Out->Packets[PACKET_BROADCAST]);
    Info->ifHCOutUcastOctets = (ULONG64)ReadNoFence64(&Out->Octets[PACKET_UNICAST]);
    Info->ifHCOutMulticastOctets = (ULONG64)ReadNoFence64(&Out->Octets[PACKET_MULTICAST]);
    Info->ifHCOutBroadcastOctets = (ULONG64)ReadNoFence64(&Out->Octets[PACKET_BROADCAST]);
}
