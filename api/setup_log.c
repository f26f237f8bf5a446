/* SPDX-License-Identifier: MIT
 *
 * The log is written by other processes meanwhile, which start a new one when it has become too long. What is read of
 * it is bounded, from its end.
 */
#include "setup_log.h"
#include "logger.h"
#include "product.h"
#include "text.h"
#include "text_log.h"

#define LOG_FILE  L"INF\\setupapi.dev.log"
#define LOG_READ  0x10000u /* bytes */
#define LOG_LINES 20u
#define LOG_LINE  400u /* characters; documented are lines of at most 336 */

/* INVALID_HANDLE_VALUE if there is none. */
static HANDLE
SetupLogOpen(DWORD64 *Size)
{
    WCHAR Path[MAX_PATH];
    LARGE_INTEGER Length;

    UINT Used = GetSystemWindowsDirectoryW(Path, ARRAYSIZE(Path));
    if (!Used || Used >= ARRAYSIZE(Path) ||
        TextFormat(Path + Used, ARRAYSIZE(Path) - Used, L"\\" LOG_FILE) >= ARRAYSIZE(Path) - Used)
        return INVALID_HANDLE_VALUE;
    HANDLE File = CreateFileW(Path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                              NULL, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    if (File == INVALID_HANDLE_VALUE)
        return INVALID_HANDLE_VALUE;
    if (!GetFileSizeEx(File, &Length)) {
        CloseHandle(File);
        return INVALID_HANDLE_VALUE;
    }
    *Size = (DWORD64)Length.QuadPart;
    return File;
}

DWORD64
SetupLogMark(VOID)
{
    DWORD LastError = GetLastError();
    DWORD64 Size = 0;

    HANDLE File = SetupLogOpen(&Size);
    if (File != INVALID_HANDLE_VALUE)
        CloseHandle(File);
    SetLastError(LastError);
    return Size;
}

static VOID
SetupLogWrite(const char *Log, DWORD Size)
{
    static const LPCSTR Keys[] = {"\\" PRODUCT_ENUMERATOR "\\", PRODUCT_FILE ".inf"};
    TEXT_LOG_LINE Lines[LOG_LINES];
    WCHAR Text[LOG_LINE];

    DWORD Count = TextLogPick(Log, Size, Keys, ARRAYSIZE(Keys), Lines, ARRAYSIZE(Lines));
    DWORD Shown = Count < ARRAYSIZE(Lines) ? Count : (DWORD)ARRAYSIZE(Lines);
    if (Count > Shown)
        LoggerWrite(WINTUN_LOG_WARN, L"%%SystemRoot%%\\" LOG_FILE L" has %u lines about this; the last %u:",
                    Count, Shown);
    for (DWORD Index = 0; Index < Shown; ++Index) {
        TextLogWiden(&Lines[Index], Text, ARRAYSIZE(Text));
        LoggerWrite(WINTUN_LOG_WARN, L"setupapi.dev.log: %s", Text);
    }
}

VOID
SetupLogQuote(DWORD64 Mark)
{
    DWORD LastError = GetLastError(), Read;
    DWORD64 Size;

    HANDLE File = SetupLogOpen(&Size);
    if (File == INVALID_HANDLE_VALUE)
        goto done;
    if (Size < Mark)
        Mark = 0; /* a new log */
    if (Size - Mark > LOG_READ)
        Mark = Size - LOG_READ;
    char *Log = Size > Mark ? HeapAlloc(GetProcessHeap(), 0, LOG_READ) : NULL;
    if (!Log)
        goto cleanupFile;
    OVERLAPPED From = {.Offset = (DWORD)Mark, .OffsetHigh = (DWORD)(Mark >> 32)};
    if (ReadFile(File, Log, (DWORD)(Size - Mark), &Read, &From))
        SetupLogWrite(Log, Read);
    HeapFree(GetProcessHeap(), 0, Log);

cleanupFile:
    CloseHandle(File);
done:
    SetLastError(LastError);
}
