/* SPDX-License-Identifier: MIT
 *
 * A program for a real Windows machine: the promises of wintun.h and of the ring interface, tried on the system that
 * they were made for. It prints a line for each check and a summary.
 *
 * Run it elevated with wintun.dll beside it. It is single-threaded but where a check says otherwise. Nothing but Win32 is
 * used and no C runtime, as in the example, so that it starts on a system that is new.
 */
#ifndef SELFTEST_H
#define SELFTEST_H

#include <winsock2.h>
#include <windows.h>
#include "wintun.h"

/* 10.6.7.7/24 is the adapter's, 10.6.7.8 is played by the program. */
#define SELFTEST_ADDRESS 0x0A060707u
#define SELFTEST_PEER    0x0A060708u
#define SELFTEST_PREFIX  24
#define SELFTEST_NAME    L"Selftest"

/* ---- report.c ---- */

VOID ReportPrint(LPCSTR Format, ...);
/* A failed expectation fails the check that runs; the check goes on, unless it returns. */
BOOL ReportExpect(BOOL Holds, LPCSTR What, LPCSTR File, DWORD Line);
BOOL ReportExpectEqual(DWORD Actual, DWORD Wanted, LPCSTR What, LPCSTR File, DWORD Line);
/* The check that runs could not be made, and why. */
VOID ReportSkip(LPCSTR Format, ...);
/* Runs a check, prints its line, counts it. */
VOID ReportRun(LPCSTR Name, VOID (*Check)(VOID));
/* Prints the counts; returns how many failed. */
DWORD ReportSummary(VOID);

#define EXPECT(Condition) ReportExpect((Condition) ? TRUE : FALSE, #Condition, __FILE__, __LINE__)
#define EXPECT_EQUAL(Actual, Wanted)                                                                         \
    ReportExpectEqual((DWORD)(Actual), (DWORD)(Wanted), #Actual, __FILE__, __LINE__)

/* ---- library.c ---- */

typedef struct _LIBRARY
{
    WINTUN_CREATE_ADAPTER_FUNC *CreateAdapter;
    WINTUN_OPEN_ADAPTER_FUNC *OpenAdapter;
    WINTUN_CLOSE_ADAPTER_FUNC *CloseAdapter;
    WINTUN_DELETE_DRIVER_FUNC *DeleteDriver;
    WINTUN_GET_ADAPTER_LUID_FUNC *GetAdapterLUID;
    WINTUN_GET_RUNNING_DRIVER_VERSION_FUNC *GetRunningDriverVersion;
    WINTUN_SET_LOGGER_FUNC *SetLogger;
    WINTUN_START_SESSION_FUNC *StartSession;
    WINTUN_END_SESSION_FUNC *EndSession;
    WINTUN_GET_READ_WAIT_EVENT_FUNC *GetReadWaitEvent;
    WINTUN_RECEIVE_PACKET_FUNC *ReceivePacket;
    WINTUN_RELEASE_RECEIVE_PACKET_FUNC *ReleaseReceivePacket;
    WINTUN_ALLOCATE_SEND_PACKET_FUNC *AllocateSendPacket;
    WINTUN_SEND_PACKET_FUNC *SendPacket;
} LIBRARY;

extern LIBRARY Wintun;

/* Loads wintun.dll from the program's folder and finds all exports. Returns ERROR_SUCCESS, or why not. */
DWORD LibraryLoad(VOID);

/* ---- What the checks share ---- */

/* The adapter under test, or NULL; AdapterMake prints why and skips the check that runs. */
extern WINTUN_ADAPTER_HANDLE SelftestAdapter;
BOOL AdapterMake(VOID);

VOID CheckBadNames(VOID);
VOID CheckMissingAdapter(VOID);
VOID CheckAdapterIsMade(VOID);
VOID CheckAdapterIsOpenedByName(VOID);
VOID CheckAdapterIsGone(VOID);
VOID CheckDriverIsDeleted(VOID);

VOID CheckBadCapacities(VOID);
VOID CheckSessionIsExclusive(VOID);
VOID CheckPacketTooLarge(VOID);
VOID CheckEndWakesReader(VOID);
VOID CheckRemovalEndsSession(VOID);

VOID CheckIdentity(VOID);
VOID CheckRefusedRegistrations(VOID);
VOID CheckOwnRings(VOID);

VOID CheckPings(VOID);

#endif
