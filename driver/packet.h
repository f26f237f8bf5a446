/* SPDX-License-Identifier: MIT
 *
 * What the driver looks at in an IP packet: family, and which kind of destination it counts for. Both take
 * memory that nobody else writes.
 */
#ifndef PACKET_H
#define PACKET_H

#include "wdk.h"

#define PACKET_IPV4_HEADER 20u
#define PACKET_IPV6_HEADER 40u

typedef enum _PACKET_CAST
{
    PACKET_UNICAST,
    PACKET_MULTICAST,
    PACKET_BROADCAST,
    PACKET_CASTS
} PACKET_CAST;

/* 4, 6, or 0 if Size bytes at Data cannot be an IPv4 or IPv6 packet: wrong version, or shorter than its
 * header. */
static inline ULONG
PacketFamily(const UCHAR *Data, ULONG Size)
{
    if (Size < PACKET_IPV4_HEADER)
        return 0;
    ULONG HeaderWords = Data[0] & 15u;
    switch (Data[0] >> 4) {
    case 4:
        return HeaderWords * 4 >= PACKET_IPV4_HEADER && HeaderWords * 4 <= Size ? 4 : 0;
    case 6:
        return Size >= PACKET_IPV6_HEADER ? 6 : 0;
    default:
        return 0;
    }
}

/* Of a packet whose family is Family. */
static inline PACKET_CAST
PacketCast(const UCHAR *Data, ULONG Family)
{
    if (Family == 6)
        return Data[24] == 0xFF ? PACKET_MULTICAST : PACKET_UNICAST;
    if (Data[16] == 0xFF && Data[17] == 0xFF && Data[18] == 0xFF && Data[19] == 0xFF)
        return PACKET_BROADCAST;
    return (Data[16] & 0xF0) == 0xE0 ? PACKET_MULTICAST : PACKET_UNICAST;
}

#endif
