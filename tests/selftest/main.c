/* SPDX-License-Identifier: MIT
 * The order of the checks, and what the program is asked for.
 *
 *     selftest            every check; leaves the driver in the driver store
 *     selftest delete     also removes the driver from the system and makes an adapter anew: not on a machine where
 *                         other programs use it
 *     selftest hold       makes an adapter and a session and waits to be killed: the system must survive that, and a
 *                         selftest after it must pass
 *
 * Exit code: 0 all passed or skipped, 1 a check failed, 2 nothing could be tried. */
#include "selftest.h"

#define EXIT_FAILED  1
#define EXIT_NOTHING 2

typedef LONG(WINAPI RTL_GET_VERSION_FUNC)(OSVERSIONINFOW *Version);

/* What to say beside the results. */
static VOID
PrintSystem(VOID)
{
    OSVERSIONINFOW Version = {.dwOSVersionInfoSize = sizeof(Version)};
    SYSTEM_INFO System;
    HMODULE Ntdll = LoadLibraryExW(L"ntdll.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    RTL_GET_VERSION_FUNC *GetVersionOf =
        Ntdll ? (RTL_GET_VERSION_FUNC *)(VOID *)GetProcAddress(Ntdll, "RtlGetVersion") : NULL;

    GetNativeSystemInfo(&System);
    if (GetVersionOf && GetVersionOf(&Version) == 0)
        ReportPrint("Windows %u.%u.%u, processor architecture %u, %u-bit program", Version.dwMajorVersion,
                    Version.dwMinorVersion, Version.dwBuildNumber, System.wProcessorArchitecture,
                    (DWORD)sizeof(VOID *) * 8);
    else
        ReportPrint("Windows of unknown version, processor architecture %u, %u-bit program",
                    System.wProcessorArchitecture, (DWORD)sizeof(VOID *) * 8);
}

static BOOL
IsAsked(LPCWSTR Word)
{
    LPCWSTR Last = L"";

    for (LPCWSTR Text = GetCommandLineW(); *Text; ++Text) {
        if (Text[0] == L' ' && Text[1] != L' ')
            Last = Text + 1;
    }
    while (*Word && *Last == *Word) {
        ++Word;
        ++Last;
    }
    return !*Word && !*Last;
}

static VOID
Hold(VOID)
{
    if (!AdapterMake())
        return;
    WINTUN_SESSION_HANDLE Session = Wintun.StartSession(SelftestAdapter, WINTUN_MAX_RING_CAPACITY);
    if (!EXPECT(Session))
        return;
    ReportPrint("holding an adapter and a session; end this process in the task manager");
    Sleep(INFINITE);
}

VOID SelftestMain(VOID);

VOID
SelftestMain(VOID)
{
    PrintSystem();
    DWORD Error = LibraryLoad();
    if (Error) {
        ReportPrint("wintun.dll beside this program cannot be used: error %u", Error);
        ExitProcess(EXIT_NOTHING);
    }
    if (IsAsked(L"hold")) {
        ReportRun("an adapter and a session are held", Hold);
        ExitProcess(EXIT_NOTHING);
    }
    ReportRun("bad names are refused", CheckBadNames);
    ReportRun("an adapter that does not exist is not found", CheckMissingAdapter);
    ReportRun("an adapter is made", CheckAdapterIsMade);
    ReportRun("an adapter is opened by its name", CheckAdapterIsOpenedByName);
    ReportRun("bad capacities are refused", CheckBadCapacities);
    ReportRun("an adapter has one session at a time", CheckSessionIsExclusive);
    ReportRun("a packet that is too large is refused", CheckPacketTooLarge);
    ReportRun("the end of a session wakes its reader", CheckEndWakesReader);
    ReportRun("the control device tells its adapter", CheckIdentity);
    ReportRun("registrations that no client means are refused", CheckRefusedRegistrations);
    ReportRun("rings registered by hand end as documented", CheckOwnRings);
    ReportRun("the system's pings are answered", CheckPings);
    ReportRun("removal of the adapter ends its session", CheckRemovalEndsSession);
    ReportRun("an adapter that was closed is gone", CheckAdapterIsGone);
    if (IsAsked(L"delete"))
        ReportRun("the driver is deleted and comes back", CheckDriverIsDeleted);
    DWORD Failed = ReportSummary();
    Wintun.SetLogger(NULL);
    ExitProcess(Failed ? EXIT_FAILED : 0);
}
