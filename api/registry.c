/* SPDX-License-Identifier: MIT */
#include "registry.h"
#include "system.h"
#include "text.h"

BOOL
RegistryReadGuid(HKEY Key, LPCWSTR Name, GUID *Guid)
{
    WCHAR Text[GUID_TEXT_LENGTH + 1];
    DWORD Type, Size = GUID_TEXT_LENGTH * sizeof(WCHAR);

    if (System.RegQueryValueExW(Key, Name, NULL, &Type, (BYTE *)Text, &Size) != ERROR_SUCCESS ||
        Type != REG_SZ)
        return FALSE;
    /* The registry does not promise a terminator. */
    Text[Size / sizeof(WCHAR)] = 0;
    return GuidParse(Text, Guid);
}
