/* SPDX-License-Identifier: MIT */
#include "packet.h"

#include <stdarg.h>

#define IPV4_MIN_HEADER   20u
#define IPV6_HEADER       40u
#define ICMP_HEADER       8u
#define ICMP_ECHO_REPLY   0
#define ICMP_ECHO_REQUEST 8
#define PROTOCOL_ICMP     1
#define TTL               64

static WORD
Read16(const BYTE *Bytes)
{
    return (WORD)(Bytes[0] << 8 | Bytes[1]);
}

static DWORD
Read32(const BYTE *Bytes)
{
    return (DWORD)Read16(Bytes) << 16 | Read16(Bytes + 2);
}

static VOID
Write16(BYTE *Bytes, WORD Value)
{
    Bytes[0] = (BYTE)(Value >> 8);
    Bytes[1] = (BYTE)Value;
}

/* The Internet checksum: 0 over a sound header that contains its own. */
static WORD
Checksum(const BYTE *Bytes, DWORD Size)
{
    DWORD Sum = 0;

    for (DWORD Index = 0; Index + 1 < Size; Index += 2)
        Sum += Read16(Bytes + Index);
    if (Size & 1)
        Sum += (DWORD)Bytes[Size - 1] << 8;
    while (Sum >> 16)
        Sum = (Sum & 0xFFFF) + (Sum >> 16);
    return (WORD)~Sum;
}

BOOL
PacketIsPing(const BYTE *Packet, DWORD Size, DWORD Address)
{
    if (Size < IPV4_MIN_HEADER || Packet[0] >> 4 != 4)
        return FALSE;
    DWORD HeaderSize = (Packet[0] & 0xF) * 4u, TotalSize = Read16(Packet + 2);
    if (HeaderSize < IPV4_MIN_HEADER || TotalSize != Size || HeaderSize + ICMP_HEADER > Size)
        return FALSE;
    BOOL IsFragment = (Read16(Packet + 6) & 0x3FFF) != 0;
    return !IsFragment && Packet[9] == PROTOCOL_ICMP && Read32(Packet + 16) == Address &&
           Packet[HeaderSize] == ICMP_ECHO_REQUEST && Packet[HeaderSize + 1] == 0 &&
           !Checksum(Packet, HeaderSize) && !Checksum(Packet + HeaderSize, Size - HeaderSize);
}

VOID
PacketAnswerPing(const BYTE *Ping, DWORD Size, BYTE *Answer)
{
    DWORD HeaderSize = (Ping[0] & 0xF) * 4u;

    for (DWORD Index = 0; Index < Size; ++Index)
        Answer[Index] = Ping[Index];
    for (DWORD Index = 0; Index < 4; ++Index) {
        Answer[12 + Index] = Ping[16 + Index];
        Answer[16 + Index] = Ping[12 + Index];
    }
    Answer[8] = TTL;
    Write16(Answer + 10, 0);
    Write16(Answer + 10, Checksum(Answer, HeaderSize));

    BYTE *Icmp = Answer + HeaderSize;
    Icmp[0] = ICMP_ECHO_REPLY;
    Write16(Icmp + 2, 0);
    Write16(Icmp + 2, Checksum(Icmp, Size - HeaderSize));
}

VOID
TextFormat(CHAR *Text, LPCSTR Format, ...)
{
    va_list Arguments;

    va_start(Arguments, Format);
    wvsprintfA(Text, Format, Arguments);
    va_end(Arguments);
}

static LPCSTR
ProtocolName(BYTE Protocol)
{
    switch (Protocol) {
    case 1:
        return "ICMP";
    case 6:
        return "TCP";
    case 17:
        return "UDP";
    case 58:
        return "ICMPv6";
    default:
        return "protocol";
    }
}

static VOID
FormatIpv6(const BYTE *Address, CHAR *Text)
{
    TextFormat(Text, "%x:%x:%x:%x:%x:%x:%x:%x", Read16(Address), Read16(Address + 2), Read16(Address + 4),
               Read16(Address + 6), Read16(Address + 8), Read16(Address + 10), Read16(Address + 12),
               Read16(Address + 14));
}

VOID
PacketDescribe(const BYTE *Packet, DWORD Size, CHAR *Text)
{
    CHAR Source[40], Destination[40];
    const BYTE *S = Packet + 12, *D = Packet + 16;

    if (Size >= IPV4_MIN_HEADER && Packet[0] >> 4 == 4) {
        TextFormat(Text, "IPv4 %s %u, %u.%u.%u.%u -> %u.%u.%u.%u, %u bytes", ProtocolName(Packet[9]),
                   Packet[9], S[0], S[1], S[2], S[3], D[0], D[1], D[2], D[3], Size);
    } else if (Size >= IPV6_HEADER && Packet[0] >> 4 == 6) {
        FormatIpv6(Packet + 8, Source);
        FormatIpv6(Packet + 24, Destination);
        TextFormat(Text, "IPv6 %s %u, %s -> %s, %u bytes", ProtocolName(Packet[6]), Packet[6], Source,
                   Destination, Size);
    } else {
        TextFormat(Text, "not an IP packet, %u bytes", Size);
    }
}
