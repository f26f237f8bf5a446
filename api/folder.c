/* SPDX-License-Identifier: MIT
 *
 * The folder lies below %SystemRoot%, where ordinary users cannot create anything, so it can only have been
 * made by somebody who may. %ProgramData% was rejected: there any user can make the folder first and keep a
 * handle to it, or make it a link to elsewhere. System32 was rejected, as it is another folder to a 32-bit
 * process.
 *
 * Read access is refused too: whoever can open the lock file for reading can lock it.
 */
#include "folder.h"
#include "logger.h"
#include "product.h"
#include "system.h"
#include "text.h"

#include <sddl.h>

#define FOLDER_SECURITY L"O:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

static BOOL
FolderCreate(LPCWSTR Path)
{
    SECURITY_ATTRIBUTES Attributes = {.nLength = sizeof(Attributes)};

    if (!SystemRequire(SYSTEM_ADVAPI32))
        return FALSE;
    if (!System.ConvertStringSecurityDescriptorToSecurityDescriptorW(FOLDER_SECURITY, SDDL_REVISION_1,
                                                                     &Attributes.lpSecurityDescriptor, NULL))
        return LoggerFail(GetLastError(), L"Cannot make a security descriptor");
    BOOL Created = CreateDirectoryW(Path, &Attributes);
    DWORD Error = GetLastError();
    LocalFree(Attributes.lpSecurityDescriptor);
    if (Created || Error == ERROR_ALREADY_EXISTS)
        return TRUE;
    return LoggerFail(Error, L"Cannot create folder %s", Path);
}

BOOL
FolderPrepare(WCHAR *Path, DWORD Capacity)
{
    UINT Length = GetSystemWindowsDirectoryW(Path, Capacity);
    if (!Length)
        return LoggerFail(GetLastError(), L"Cannot find the Windows folder");
    if (Length >= Capacity || TextFormat(Path + Length, Capacity - Length, L"\\%s",
                                         PRODUCT_WIDEN(PRODUCT_DATA_FOLDER)) >= Capacity - Length)
        return LoggerFail(ERROR_BUFFER_OVERFLOW, L"The path of the Windows folder is too long");
    return FolderCreate(Path);
}

BOOL
FolderPreparePackage(WCHAR *Path, DWORD Capacity, const LPCWSTR *Files, DWORD FileCount)
{
    WCHAR Parent[MAX_PATH];

    if (!FolderPrepare(Parent, ARRAYSIZE(Parent)))
        return FALSE;
    if (TextFormat(Path, Capacity, L"%s\\package", Parent) >= Capacity)
        return LoggerFail(ERROR_BUFFER_OVERFLOW, L"The path of the Windows folder is too long");
    /* Left over by a process that was killed. */
    FolderDelete(Path, Files, FileCount);
    return FolderCreate(Path);
}

VOID
FolderDelete(LPCWSTR Path, const LPCWSTR *Files, DWORD FileCount)
{
    WCHAR File[MAX_PATH];
    DWORD LastError = GetLastError();

    for (DWORD Index = 0; Index < FileCount; ++Index) {
        if (TextFormat(File, ARRAYSIZE(File), L"%s\\%s", Path, Files[Index]) < ARRAYSIZE(File))
            DeleteFileW(File);
    }
    RemoveDirectoryW(Path);
    SetLastError(LastError);
}

BOOL
FolderWriteFile(LPCWSTR Path, LPCWSTR File, const VOID *Data, DWORD Size)
{
    WCHAR Full[MAX_PATH];
    DWORD Written, Error = ERROR_SUCCESS;

    if (TextFormat(Full, ARRAYSIZE(Full), L"%s\\%s", Path, File) >= ARRAYSIZE(Full))
        return LoggerFail(ERROR_BUFFER_OVERFLOW, L"The path of the Windows folder is too long");
    /* Not shared: nobody reads half a file. The folder hands its access rights down. */
    HANDLE Handle = CreateFileW(Full, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    if (Handle == INVALID_HANDLE_VALUE)
        return LoggerFail(GetLastError(), L"Cannot create %s", Full);
    if (!WriteFile(Handle, Data, Size, &Written, NULL))
        Error = GetLastError();
    else if (Written != Size)
        Error = ERROR_HANDLE_DISK_FULL;
    CloseHandle(Handle);
    return Error ? LoggerFail(Error, L"Cannot write %s", Full) : TRUE;
}
