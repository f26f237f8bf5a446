/* SPDX-License-Identifier: MIT
 * Lines on the standard output, and counts. */
#include "selftest.h"

#include <stdarg.h>

static DWORD Passed, Failed, Skipped;
static BOOL CheckFailed, CheckSkipped;

static VOID
PrintArguments(LPCSTR Format, va_list Arguments)
{
    CHAR Line[1024 + 3]; /* wvsprintf writes 1,024 characters at most */
    DWORD Written;

    int Length = wvsprintfA(Line, Format, Arguments);
    Line[Length++] = '\r';
    Line[Length++] = '\n';
    WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), Line, (DWORD)Length, &Written, NULL);
}

VOID
ReportPrint(LPCSTR Format, ...)
{
    va_list Arguments;

    va_start(Arguments, Format);
    PrintArguments(Format, Arguments);
    va_end(Arguments);
}

BOOL
ReportExpect(BOOL Holds, LPCSTR What, LPCSTR File, DWORD Line)
{
    DWORD LastError = GetLastError();

    if (!Holds) {
        CheckFailed = TRUE;
        ReportPrint("      %s:%u: expected %.700s; the last error is %u", File, Line, What, LastError);
    }
    return Holds;
}

BOOL
ReportExpectEqual(DWORD Actual, DWORD Wanted, LPCSTR What, LPCSTR File, DWORD Line)
{
    if (Actual == Wanted)
        return TRUE;
    CheckFailed = TRUE;
    ReportPrint("      %s:%u: %.700s is %u (0x%x), expected %u (0x%x)", File, Line, What, Actual, Actual,
                Wanted, Wanted);
    return FALSE;
}

VOID
ReportSkip(LPCSTR Format, ...)
{
    va_list Arguments;
    CHAR Line[256 + 16] = "      ";

    for (DWORD Index = 0; Format[Index] && Index < 256; ++Index)
        Line[6 + Index] = Format[Index];
    CheckSkipped = TRUE;
    va_start(Arguments, Format);
    PrintArguments(Line, Arguments);
    va_end(Arguments);
}

VOID
ReportRun(LPCSTR Name, VOID (*Check)(VOID))
{
    CheckFailed = CheckSkipped = FALSE;
    Check();
    if (CheckFailed) {
        ++Failed;
        ReportPrint("FAIL  %s", Name);
    } else if (CheckSkipped) {
        ++Skipped;
        ReportPrint("SKIP  %s", Name);
    } else {
        ++Passed;
        ReportPrint("PASS  %s", Name);
    }
}

DWORD
ReportSummary(VOID)
{
    ReportPrint("%u passed, %u failed, %u skipped", Passed, Failed, Skipped);
    return Failed;
}
