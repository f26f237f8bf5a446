/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdarg.h>

static void
ReportPrint(REPORT *Report, const char *Kind, const char *Format, va_list Arguments)
{
    char Line[1024], Clean[1024];

    vsnprintf(Line, sizeof(Line), Format, Arguments);
    fprintf(Report->Out, "%s: %s%s\n", Report->Subject, Kind, ReportPrintable(Line, Clean, sizeof(Clean)));
}

void
ReportFinding(REPORT *Report, const char *Format, ...)
{
    va_list Arguments;

    ++Report->Findings;
    va_start(Arguments, Format);
    ReportPrint(Report, "", Format, Arguments);
    va_end(Arguments);
}

void
ReportNote(REPORT *Report, const char *Format, ...)
{
    va_list Arguments;

    if (Report->Quiet)
        return;
    va_start(Arguments, Format);
    ReportPrint(Report, "note: ", Format, Arguments);
    va_end(Arguments);
}

const char *
ReportPrintable(const char *Text, char *Buffer, size_t Size)
{
    size_t Index = 0;

    for (; Text[Index] && Index + 1 < Size; ++Index)
        Buffer[Index] = (unsigned char)Text[Index] < 0x20 || Text[Index] == 0x7f ? '?' : Text[Index];
    Buffer[Index] = 0;
    return Buffer;
}
