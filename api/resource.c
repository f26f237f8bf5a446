/* SPDX-License-Identifier: MIT
 *
 * Walks the resource tree from the image's own base. FindResource is no help: the loader does not know an
 * image that a program has mapped from memory.
 */
#include "resource.h"
#include "logger.h"
#include "system.h"

extern const IMAGE_DOS_HEADER __ImageBase;

/* One level of the tree: the entry with this id, or the first one. */
static const IMAGE_RESOURCE_DIRECTORY_ENTRY *
ResourceEntry(const IMAGE_RESOURCE_DIRECTORY *Directory, BOOL IsAny, WORD Id)
{
    const IMAGE_RESOURCE_DIRECTORY_ENTRY *Entries = (const IMAGE_RESOURCE_DIRECTORY_ENTRY *)(Directory + 1);
    DWORD Count = (DWORD)Directory->NumberOfNamedEntries + Directory->NumberOfIdEntries;

    for (DWORD Index = 0; Index < Count; ++Index) {
        if (IsAny || (!Entries[Index].NameIsString && Entries[Index].Id == Id))
            return &Entries[Index];
    }
    return NULL;
}

const VOID *
ResourceFind(WORD Id, DWORD *Size)
{
    const BYTE *Image = (const BYTE *)&__ImageBase;
    const IMAGE_NT_HEADERS *Headers = (const IMAGE_NT_HEADERS *)(Image + __ImageBase.e_lfanew);
    const IMAGE_DATA_DIRECTORY *Location =
        &Headers->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_RESOURCE];
    if (!Location->Size)
        return NULL;

    /* Type, name and language, in this order; offsets are relative to the root. */
    const BYTE *Root = Image + Location->VirtualAddress;
    const IMAGE_RESOURCE_DIRECTORY_ENTRY *Entry =
        ResourceEntry((const IMAGE_RESOURCE_DIRECTORY *)Root, FALSE, (WORD)(ULONG_PTR)RT_RCDATA);
    if (Entry)
        Entry = ResourceEntry((const IMAGE_RESOURCE_DIRECTORY *)(Root + Entry->OffsetToDirectory), FALSE, Id);
    if (Entry)
        Entry = ResourceEntry((const IMAGE_RESOURCE_DIRECTORY *)(Root + Entry->OffsetToDirectory), TRUE, 0);
    if (!Entry)
        return NULL;
    const IMAGE_RESOURCE_DATA_ENTRY *Data = (const IMAGE_RESOURCE_DATA_ENTRY *)(Root + Entry->OffsetToData);
    *Size = Data->Size;
    return Image + Data->OffsetToData;
}

WORD
ResourcePackage(VOID)
{
    DWORD Size;

    if (!ResourceFind(RESOURCE_PACKAGE_SECOND + RESOURCE_INF, &Size))
        return RESOURCE_PACKAGE_FIRST;
    DWORD Version = SystemVersion();
    if (!Version)
        return 0;
    BOOL IsClient = Version >= SYSTEM_WINDOWS_10 && !SystemIsServer();
    LoggerWrite(WINTUN_LOG_INFO, L"Of two driver packages in this DLL the %s applies",
                IsClient ? L"first, for clients of Windows 10 and later,"
                         : L"second, for older systems and servers,");
    return IsClient ? RESOURCE_PACKAGE_FIRST : RESOURCE_PACKAGE_SECOND;
}
