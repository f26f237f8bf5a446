/* SPDX-License-Identifier: MIT
 * The system's own stack pings an address that this program plays: each packet crosses driver and rings in both
 * directions. One thread answers, another one asks. */
#include "selftest.h"
#include "packet.h"

#include <iphlpapi.h>
#include <netioapi.h>
#include <icmpapi.h>

#define PINGS     1000
#define CAPACITY  0x400000 /* 4 MiB */
#define TIMEOUT   5000     /* ms, for one ping */
#define REPLY_END 8        /* room for an ICMP error behind the reply, as IcmpSendEcho asks */

typedef struct _RESPONDER
{
    WINTUN_SESSION_HANDLE Session;
    HANDLE Thread;
    DWORD Answered, Others; /* written by the thread, read once that has ended */
} RESPONDER;

static DWORD WINAPI
AnswerPings(LPVOID Context)
{
    RESPONDER *Responder = Context;
    HANDLE Event = Wintun.GetReadWaitEvent(Responder->Session);
    DWORD Size;

    for (;;) {
        BYTE *Packet = Wintun.ReceivePacket(Responder->Session, &Size);
        if (!Packet) {
            if (GetLastError() != ERROR_NO_MORE_ITEMS)
                return 0;
            WaitForSingleObject(Event, INFINITE);
            continue;
        }
        if (PacketIsPing(Packet, Size, SELFTEST_PEER)) {
            BYTE *Answer = Wintun.AllocateSendPacket(Responder->Session, Size);
            if (Answer) {
                PacketAnswerPing(Packet, Size, Answer);
                Wintun.SendPacket(Responder->Session, Answer);
                ++Responder->Answered;
            }
        } else {
            ++Responder->Others; /* a system talks on a new network: multicast, name look-ups */
        }
        Wintun.ReleaseReceivePacket(Responder->Session, Packet);
    }
}

/* IP Helper takes addresses in network byte order. */
static DWORD
NetworkOrder(DWORD Address)
{
    return Address >> 24 | (Address >> 8 & 0xFF00) | (Address & 0xFF00) << 8 | Address << 24;
}

static DWORD
SetAddress(VOID)
{
    MIB_UNICASTIPADDRESS_ROW Row;

    InitializeUnicastIpAddressEntry(&Row);
    Wintun.GetAdapterLUID(SelftestAdapter, &Row.InterfaceLuid);
    Row.Address.Ipv4.sin_family = AF_INET;
    Row.Address.Ipv4.sin_addr.S_un.S_addr = NetworkOrder(SELFTEST_ADDRESS);
    Row.OnLinkPrefixLength = SELFTEST_PREFIX;
    Row.DadState = IpDadStatePreferred;
    DWORD Error = CreateUnicastIpAddressEntry(&Row);
    return Error == ERROR_OBJECT_ALREADY_EXISTS ? ERROR_SUCCESS : Error;
}

/* Whether the reply brings back what was asked with. */
static BOOL
IsEcho(const ICMP_ECHO_REPLY *Reply, const BYTE *Data, WORD Size)
{
    if (Reply->Status != IP_SUCCESS || Reply->Address != NetworkOrder(SELFTEST_PEER) ||
        Reply->DataSize != Size)
        return FALSE;
    for (WORD Index = 0; Index < Size; ++Index) {
        if (((const BYTE *)Reply->Data)[Index] != Data[Index])
            return FALSE;
    }
    return TRUE;
}

static VOID
Ping(HANDLE Icmp)
{
    static const WORD Sizes[] = {0, 1, 32, 333, 1400};
    static BYTE Data[1400], Buffer[sizeof(ICMP_ECHO_REPLY) + sizeof(Data) + REPLY_END];
    DWORD Lost = 0;

    for (DWORD Index = 0; Index < sizeof(Data); ++Index)
        Data[Index] = (BYTE)(Index * 7);
    DWORD Start = GetTickCount();
    for (DWORD Number = 0; Number < PINGS; ++Number) {
        WORD Size = Sizes[Number % ARRAYSIZE(Sizes)];
        DWORD Replies = IcmpSendEcho(Icmp, NetworkOrder(SELFTEST_PEER), Data, Size, NULL, Buffer,
                                     sizeof(Buffer), TIMEOUT);
        if (!Replies || !IsEcho((const ICMP_ECHO_REPLY *)Buffer, Data, Size))
            ++Lost;
        if (Lost > 3)
            break;
    }
    EXPECT_EQUAL(Lost, 0);
    ReportPrint("      %u pings in %u ms", PINGS, GetTickCount() - Start);
}

VOID
CheckPings(VOID)
{
    RESPONDER Responder = {0};

    if (!AdapterMake())
        return;
    if (!EXPECT_EQUAL(SetAddress(), ERROR_SUCCESS))
        return;
    Responder.Session = Wintun.StartSession(SelftestAdapter, CAPACITY);
    if (!EXPECT(Responder.Session))
        return;
    Responder.Thread = CreateThread(NULL, 0, AnswerPings, &Responder, 0, NULL);
    HANDLE Icmp = IcmpCreateFile();
    if (EXPECT(Responder.Thread) && EXPECT(Icmp != INVALID_HANDLE_VALUE)) {
        Sleep(1000); /* the link has just come up */
        Ping(Icmp);
    }
    if (Icmp != INVALID_HANDLE_VALUE)
        IcmpCloseHandle(Icmp);
    Wintun.EndSession(Responder.Session);
    if (Responder.Thread) {
        WaitForSingleObject(Responder.Thread, INFINITE);
        CloseHandle(Responder.Thread);
        EXPECT_EQUAL(Responder.Answered, PINGS);
        ReportPrint("      %u other packets", Responder.Others);
    }
}
