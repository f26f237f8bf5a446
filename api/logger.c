/* SPDX-License-Identifier: MIT
 *
 * Each thread that is in the callback stands in a list, as a node on its own stack, so that WintunSetLogger
 * can wait for the others without a lock that the callback might need. The wait is bounded: a program may
 * hold a lock of its own that its callback wants.
 */
#include "logger.h"
#include "text.h"

#define LOGGER_LINE           512u /* characters */
#define LOGGER_DRAIN_MS       1000u
#define LOGGER_DRAIN_SLEEP_MS 1u

typedef struct _LOGGER_CALL
{
    struct _LOGGER_CALL *Next;
    DWORD ThreadId;
    WINTUN_LOGGER_CALLBACK Target;
} LOGGER_CALL;

static SRWLOCK LoggerLock;              /* guards the two below; never held across a call of the callback */
static WINTUN_LOGGER_CALLBACK Callback; /* NULL: none */
static LOGGER_CALL *Calls;              /* those under way */

/* Whether another thread is in a callback that is no longer the one to call. */
static BOOL
LoggerIsBusyElsewhere(DWORD ThreadId)
{
    BOOL IsBusy = FALSE;
    AcquireSRWLockExclusive(&LoggerLock);
    for (const LOGGER_CALL *Call = Calls; Call; Call = Call->Next)
        IsBusy |= Call->ThreadId != ThreadId && Call->Target != Callback;
    ReleaseSRWLockExclusive(&LoggerLock);
    return IsBusy;
}

DWORD WINAPI WintunSetLogger(WINTUN_LOGGER_CALLBACK NewLogger);

DWORD WINAPI
WintunSetLogger(WINTUN_LOGGER_CALLBACK NewLogger)
{
    DWORD LastError = GetLastError();

    AcquireSRWLockExclusive(&LoggerLock);
    Callback = NewLogger;
    ReleaseSRWLockExclusive(&LoggerLock);
    for (DWORD Waited = 0; Waited < LOGGER_DRAIN_MS && LoggerIsBusyElsewhere(GetCurrentThreadId());
         Waited += LOGGER_DRAIN_SLEEP_MS)
        Sleep(LOGGER_DRAIN_SLEEP_MS);
    SetLastError(LastError);
    return TRUE;
}

static VOID
LoggerDeliver(WINTUN_LOGGER_LEVEL Level, LPCWSTR Line)
{
    LOGGER_CALL Call = {.ThreadId = GetCurrentThreadId()};
    FILETIME Now;

    AcquireSRWLockExclusive(&LoggerLock);
    WINTUN_LOGGER_CALLBACK Target = Callback;
    if (Target) {
        Call.Next = Calls;
        Call.Target = Target;
        Calls = &Call;
    }
    ReleaseSRWLockExclusive(&LoggerLock);
    if (!Target)
        return;

    GetSystemTimeAsFileTime(&Now);
    Target(Level, (DWORD64)Now.dwHighDateTime << 32 | Now.dwLowDateTime, Line);

    AcquireSRWLockExclusive(&LoggerLock);
    LOGGER_CALL **Link = &Calls;
    while (*Link != &Call)
        Link = &(*Link)->Next;
    *Link = Call.Next;
    ReleaseSRWLockExclusive(&LoggerLock);
}

VOID
LoggerWrite(WINTUN_LOGGER_LEVEL Level, LPCWSTR Format, ...)
{
    WCHAR Line[LOGGER_LINE];
    DWORD LastError = GetLastError();
    va_list Arguments;

    va_start(Arguments, Format);
    TextFormatArguments(Line, ARRAYSIZE(Line), Format, Arguments);
    va_end(Arguments);
    LoggerDeliver(Level, Line);
    SetLastError(LastError);
}

BOOL
LoggerFail(DWORD Error, LPCWSTR Format, ...)
{
    WCHAR Line[LOGGER_LINE];
    va_list Arguments;

    /* A failing call never leaves 0, even if what failed underneath did. */
    if (!Error)
        Error = ERROR_GEN_FAILURE;
    va_start(Arguments, Format);
    DWORD Length = TextFormatArguments(Line, ARRAYSIZE(Line), Format, Arguments);
    va_end(Arguments);
    if (Length < ARRAYSIZE(Line))
        TextFormat(Line + Length, ARRAYSIZE(Line) - Length, L" (error 0x%x)", Error);
    LoggerDeliver(WINTUN_LOG_ERR, Line);
    SetLastError(Error);
    return FALSE;
}
