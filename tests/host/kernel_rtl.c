/* SPDX-License-Identifier: MIT
 *
 * Strings and the system's version.
 */
#include "host.h"

VOID NTAPI
RtlInitUnicodeString(PUNICODE_STRING Destination, PCWSTR Source)
{
    USHORT length = 0;
    while (Source && Source[length])
        length++;
    Destination->Length = (USHORT)(length * sizeof(WCHAR));
    Destination->MaximumLength = (USHORT)(Source ? Destination->Length + sizeof(WCHAR) : 0);
    Destination->Buffer = (PWSTR)Source;
}

NTSTATUS NTAPI
RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation)
{
    host_check(VersionInformation->dwOSVersionInfoSize == sizeof(*VersionInformation));
    VersionInformation->dwMajorVersion = 10;
    VersionInformation->dwMinorVersion = 0;
    VersionInformation->dwBuildNumber = 22631;
    return STATUS_SUCCESS;
}

static int
digit_of(WCHAR c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* {00112233-4455-6677-8899-aabbccddeeff} */
NTSTATUS NTAPI
RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    UCHAR bytes[16];
    unsigned int digits = 0;
    if (GuidString->Length != 38 * sizeof(WCHAR) || GuidString->Buffer[0] != '{' ||
        GuidString->Buffer[37] != '}')
        return STATUS_INVALID_PARAMETER;
    for (unsigned int i = 1; i < 37; i++) {
        WCHAR c = GuidString->Buffer[i];
        if (i == 9 || i == 14 || i == 19 || i == 24) {
            if (c != '-')
                return STATUS_INVALID_PARAMETER;
            continue;
        }
        int digit = digit_of(c);
        if (digit < 0)
            return STATUS_INVALID_PARAMETER;
        bytes[digits / 2] = (UCHAR)(digits % 2 ? bytes[digits / 2] << 4 | digit : digit);
        digits++;
    }
    Guid->Data1 = (ULONG)bytes[0] << 24 | (ULONG)bytes[1] << 16 | (ULONG)bytes[2] << 8 | bytes[3];
    Guid->Data2 = (USHORT)(bytes[4] << 8 | bytes[5]);
    Guid->Data3 = (USHORT)(bytes[6] << 8 | bytes[7]);
    RtlCopyMemory(Guid->Data4, bytes + 8, 8);
    return STATUS_SUCCESS;
}
