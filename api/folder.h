/* SPDX-License-Identifier: MIT
 *
 * The product's folder: %SystemRoot%\<folder>, which SYSTEM and Administrators alone can read and write. It
 * holds the machine-wide lock file, and a driver package while that is staged.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <winsock2.h>
#include <windows.h>

/* Makes the folder if it is not there, and sees to its protection if it is. Path receives it, without a trailing backslash. */
BOOL FolderPrepare(WCHAR *Path, DWORD Capacity);

/* Makes an empty folder below it, having deleted a former one and Files in it. The caller holds the
 * machine-wide lock. */
BOOL FolderPreparePackage(WCHAR *Path, DWORD Capacity, const LPCWSTR *Files, DWORD FileCount);

/* Deletes Files and then the folder; what is not there is no error. */
VOID FolderDelete(LPCWSTR Path, const LPCWSTR *Files, DWORD FileCount);

/* Writes a new file in a folder. */
BOOL FolderWriteFile(LPCWSTR Path, LPCWSTR File, const VOID *Data, DWORD Size);

#endif
