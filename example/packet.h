/* SPDX-License-Identifier: MIT
 *
 * Just enough of IP and ICMP to answer pings. Addresses are in host byte order, 10.6.7.8 is 0x0A060708.
 */
#ifndef PACKET_H
#define PACKET_H

#include <winsock2.h>
#include <windows.h>

/* Whether this is a whole, sound ICMP echo request to Address. */
BOOL PacketIsPing(const BYTE *Packet, DWORD Size, DWORD Address);

/* Writes the answer to a ping; it is as long as the ping itself. */
VOID PacketAnswerPing(const BYTE *Ping, DWORD Size, BYTE *Answer);

/* A line of text about a packet: version, protocol, addresses, size. At least 160 bytes. */
VOID PacketDescribe(const BYTE *Packet, DWORD Size, CHAR *Text);

/* wsprintf with the arguments in place. */
VOID TextFormat(CHAR *Text, LPCSTR Format, ...);

#endif
