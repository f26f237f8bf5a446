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

/* What is there already may have been made by other means: a link to elsewhere, or a folder that inherits what the
 * Windows folder grants, to everybody to read. The handle is to the thing itself, so what is looked at is what is
 * protected. What lies in the folder inherits the protection. Returns why that cannot be. */
static DWORD
FolderSecure(LPCWSTR Path, PSECURITY_DESCRIPTOR Descriptor)
{
    BY_HANDLE_FILE_INFORMATION Facts;
    BOOL IsPresent, IsDefaulted;
    DWORD Error;
    PSID Owner;
    PACL Dacl;

    HANDLE Folder = CreateFileW(Path, FILE_READ_ATTRIBUTES | READ_CONTROL | WRITE_DAC | WRITE_OWNER,
                                FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                                FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);
    if (Folder == INVALID_HANDLE_VALUE)
        return GetLastError();
    if (!GetFileInformationByHandle(Folder, &Facts))
        Error = GetLastError();
    else if ((Facts.dwFileAttributes & (FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT)) !=
             FILE_ATTRIBUTE_DIRECTORY)
        Error = ERROR_DIRECTORY;
    else if (!System.GetSecurityDescriptorOwner(Descriptor, &Owner, &IsDefaulted) ||
             !System.GetSecurityDescriptorDacl(Descriptor, &IsPresent, &Dacl, &IsDefaulted))
        Error = GetLastError();
    else
        Error = System.SetSecurityInfo(Folder, SE_FILE_OBJECT,
                                       OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION |
                                           PROTECTED_DACL_SECURITY_INFORMATION,
                                       Owner, NULL, Dacl, NULL);
    CloseHandle(Folder);
    return Error;
}

static BOOL
FolderCreate(LPCWSTR Path)
{
    SECURITY_ATTRIBUTES Attributes = {.nLength = sizeof(Attributes)};

    if (!SystemRequire(SYSTEM_ADVAPI32))
        return FALSE;
    if (!System.ConvertStringSecurityDescriptorToSecurityDescriptorW(FOLDER_SECURITY, SDDL_REVISION_1,
                                                                     &Attributes.lpSecurityDescriptor, NULL))
        return LoggerFail(GetLastError(), L"Cannot make a security descriptor");
    DWORD Error = CreateDirectoryW(Path, &Attributes) ? ERROR_SUCCESS : GetLastError();
    BOOL Existed = Error == ERROR_ALREADY_EXISTS;
    if (Existed)
        Error = FolderSecure(Path, Attributes.lpSecurityDescriptor);
    LocalFree(Attributes.lpSecurityDescriptor);
    if (!Error)
        return TRUE;
    return LoggerFail(Error,
                      Existed ? L"%s is no folder that can be kept for SYSTEM and Administrators alone"
                              : L"Cannot create folder %s",
                      Path);
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
