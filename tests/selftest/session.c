/* SPDX-License-Identifier: MIT
 * Checks of sessions: one at a time, sizes, and how they end under a reader's feet. */
#include "selftest.h"

#define CAPACITY WINTUN_MIN_RING_CAPACITY
#define PATIENCE 10000 /* ms */

/* A session of the adapter under test, or NULL. */
static WINTUN_SESSION_HANDLE
SessionMake(VOID)
{
    if (!AdapterMake())
        return NULL;
    WINTUN_SESSION_HANDLE Session = Wintun.StartSession(SelftestAdapter, CAPACITY);
    EXPECT(Session);
    return Session;
}

VOID
CheckBadCapacities(VOID)
{
    static const DWORD Capacities[] = {
        0, CAPACITY / 2, CAPACITY + 1, 3 * CAPACITY, WINTUN_MAX_RING_CAPACITY * 2u, MAXDWORD};

    if (!AdapterMake())
        return;
    for (DWORD Index = 0; Index < ARRAYSIZE(Capacities); ++Index) {
        WINTUN_SESSION_HANDLE Session = Wintun.StartSession(SelftestAdapter, Capacities[Index]);
        if (!EXPECT(!Session))
            Wintun.EndSession(Session);
        else
            EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    }
}

VOID
CheckSessionIsExclusive(VOID)
{
    WINTUN_SESSION_HANDLE First = SessionMake();
    if (!First)
        return;
    WINTUN_SESSION_HANDLE Second = Wintun.StartSession(SelftestAdapter, CAPACITY);
    if (!EXPECT(!Second))
        Wintun.EndSession(Second);
    else
        EXPECT_EQUAL(GetLastError(), ERROR_ALREADY_INITIALIZED);
    Wintun.EndSession(First);
    /* The largest: 64 MiB a ring. */
    Second = Wintun.StartSession(SelftestAdapter, WINTUN_MAX_RING_CAPACITY);
    EXPECT(Second);
    Wintun.EndSession(Second);
}

VOID
CheckPacketTooLarge(VOID)
{
    WINTUN_SESSION_HANDLE Session = SessionMake();
    if (!Session)
        return;
    EXPECT(!Wintun.AllocateSendPacket(Session, WINTUN_MAX_IP_PACKET_SIZE + 1));
    EXPECT_EQUAL(GetLastError(), ERROR_INVALID_PARAMETER);
    /* The smallest ring takes one of the largest size and no second one. */
    EXPECT(Wintun.AllocateSendPacket(Session, WINTUN_MAX_IP_PACKET_SIZE));
    EXPECT(!Wintun.AllocateSendPacket(Session, WINTUN_MAX_IP_PACKET_SIZE));
    EXPECT_EQUAL(GetLastError(), ERROR_BUFFER_OVERFLOW);
    Wintun.EndSession(Session);
}

typedef struct _READER
{
    WINTUN_SESSION_HANDLE Session;
    HANDLE Thread;
    DWORD Result; /* why it stopped; written by the thread, read once that has ended */
} READER;

/* Reads until the session says that it is over. */
static DWORD WINAPI
ReadToTheEnd(LPVOID Context)
{
    READER *Reader = Context;
    WINTUN_SESSION_HANDLE Session = Reader->Session;
    HANDLE Event = Wintun.GetReadWaitEvent(Session);
    DWORD Size;

    for (;;) {
        BYTE *Packet = Wintun.ReceivePacket(Session, &Size);
        if (Packet) {
            Wintun.ReleaseReceivePacket(Session, Packet);
            continue;
        }
        DWORD Error = GetLastError();
        if (Error != ERROR_NO_MORE_ITEMS)
            return Reader->Result = Error;
        if (WaitForSingleObject(Event, INFINITE) != WAIT_OBJECT_0)
            return Reader->Result = GetLastError();
    }
}

static BOOL
StartReader(READER *Reader, WINTUN_SESSION_HANDLE Session)
{
    Reader->Session = Session;
    Reader->Result = ERROR_SUCCESS;
    Reader->Thread = CreateThread(NULL, 0, ReadToTheEnd, Reader, 0, NULL);
    Sleep(200); /* so that it waits */
    return EXPECT(Reader->Thread);
}

/* A reader that does not end keeps its stack and the session: the program does not go on with it. */
static VOID
ExpectReaderEnds(READER *Reader)
{
    if (!EXPECT_EQUAL(WaitForSingleObject(Reader->Thread, PATIENCE), WAIT_OBJECT_0))
        ExitProcess(1);
    EXPECT_EQUAL(Reader->Result, ERROR_HANDLE_EOF);
    CloseHandle(Reader->Thread);
}

VOID
CheckEndWakesReader(VOID)
{
    READER Reader;

    WINTUN_SESSION_HANDLE Session = SessionMake();
    if (!Session)
        return;
    BOOL Reads = StartReader(&Reader, Session);
    Wintun.EndSession(Session);
    if (Reads)
        ExpectReaderEnds(&Reader);
}

/* Closes the adapter while a session runs. */
VOID
CheckRemovalEndsSession(VOID)
{
    READER Reader;
    DWORD Size;

    WINTUN_SESSION_HANDLE Session = SessionMake();
    if (!Session)
        return;
    BOOL Reads = StartReader(&Reader, Session);
    Wintun.CloseAdapter(SelftestAdapter);
    SelftestAdapter = NULL;
    if (Reads)
        ExpectReaderEnds(&Reader);
    EXPECT(!Wintun.ReceivePacket(Session, &Size));
    EXPECT_EQUAL(GetLastError(), ERROR_HANDLE_EOF);
    EXPECT(!Wintun.AllocateSendPacket(Session, 100));
    EXPECT_EQUAL(GetLastError(), ERROR_HANDLE_EOF);
    Wintun.EndSession(Session);
}
