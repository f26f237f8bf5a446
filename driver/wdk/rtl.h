/* SPDX-License-Identifier: MIT
 *
 * Run-time library: strings, memory, the system's version, diagnostics.
 */
#ifndef WDK_RTL_H
#define WDK_RTL_H

#include "types.h"

typedef struct _OSVERSIONINFOW
{
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;

NTSYSAPI VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING Destination,
                                         PCWSTR Source); /* any IRQL if resident */
NTSYSAPI VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING Destination, PCUNICODE_STRING Source);
NTSYSAPI BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                             BOOLEAN CaseInSensitive);                        /* PASSIVE */
NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source); /* PASSIVE */
NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination,
                                                       PCUNICODE_STRING Source); /* PASSIVE */
NTSYSAPI NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base,
                                                  PUNICODE_STRING String);          /* PASSIVE */
NTSYSAPI NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid); /* PASSIVE */
NTSYSAPI SIZE_T NTAPI RtlCompareMemory(const void *Source1, const void *Source2,
                                       SIZE_T Length);                         /* any IRQL */
NTSYSAPI NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation); /* PASSIVE */

/* C functions that the kernel exports; the compiler calls the first three by itself. cdecl everywhere. */
void *memcpy(void *Destination, const void *Source, size_t Length);
void *memmove(void *Destination, const void *Source, size_t Length);
void *memset(void *Destination, int Value, size_t Length);

#define RtlCopyMemory(Destination, Source, Length) ((void)memcpy(Destination, Source, Length))
#define RtlMoveMemory(Destination, Source, Length) ((void)memmove(Destination, Source, Length))
#define RtlFillMemory(Destination, Length, Value)  ((void)memset(Destination, Value, Length))
#define RtlZeroMemory(Destination, Length)         ((void)memset(Destination, 0, Length))

/* Varargs, hence cdecl on x86 too. */
NTSYSAPI ULONG DbgPrint(PCSTR Format, ...);
NTSYSAPI ULONG DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...);

#define DPFLTR_IHVDRIVER_ID  77u
#define DPFLTR_ERROR_LEVEL   0u
#define DPFLTR_WARNING_LEVEL 1u
#define DPFLTR_INFO_LEVEL    3u

#define EXCEPTION_EXECUTE_HANDLER 1
#define EXCEPTION_CONTINUE_SEARCH 0

#endif
