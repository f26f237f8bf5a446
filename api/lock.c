/* SPDX-License-Identifier: MIT
 *
 * A locked range of a file, which the system unlocks when the process that has it ends, however it ends.
 * Named mutexes were rejected: in a private namespace that outlives its creator two of one name can exist,
 * and in the global one any user can take the name first. The file is never deleted, or else two processes
 * could lock two files of one name.
 *
 * Locks belong to file handles, so two threads of one process exclude each other as well, and so do two
 * copies of the DLL.
 */
#include "lock.h"
#include "folder.h"
#include "logger.h"
#include "text.h"

#define LOCK_WAIT_MS  60000u
#define LOCK_SLEEP_MS 20u

static DWORD OwnerThread; /* atomic: the thread of this DLL that has the lock, or 0 */

static HANDLE
LockOpen(LPCWSTR Path)
{
    return CreateFileW(Path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
}

static BOOL
LockTry(HANDLE File)
{
    OVERLAPPED Range = {.Offset = 0};
    return LockFileEx(File, LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &Range);
}

HANDLE
LockAcquire(VOID)
{
    WCHAR Path[MAX_PATH];
    DWORD Error;

    if (__atomic_load_n(&OwnerThread, __ATOMIC_RELAXED) == GetCurrentThreadId()) {
        SetLastError(ERROR_POSSIBLE_DEADLOCK);
        return NULL;
    }
    if (!FolderPrepare(Path, ARRAYSIZE(Path)))
        return NULL;
    DWORD Length = TextLength(Path);
    if (TextFormat(Path + Length, ARRAYSIZE(Path) - Length, L"\\lock") >= ARRAYSIZE(Path) - Length) {
        LoggerFail(ERROR_BUFFER_OVERFLOW, L"The path of the Windows folder is too long");
        return NULL;
    }
    DWORD Start = GetTickCount();
    HANDLE File = LockOpen(Path);
    /* A backup or a virus scanner may have it for itself for a while. */
    while (File == INVALID_HANDLE_VALUE && GetLastError() == ERROR_SHARING_VIOLATION &&
           GetTickCount() - Start < LOCK_WAIT_MS) {
        Sleep(LOCK_SLEEP_MS);
        File = LockOpen(Path);
    }
    if (File == INVALID_HANDLE_VALUE) {
        LoggerFail(GetLastError(), L"Cannot open the lock file %s", Path);
        return NULL;
    }
    while (!LockTry(File)) {
        Error = GetLastError();
        if (Error == ERROR_LOCK_VIOLATION || Error == ERROR_IO_PENDING) {
            if (GetTickCount() - Start < LOCK_WAIT_MS) {
                Sleep(LOCK_SLEEP_MS);
                continue;
            }
            Error = ERROR_TIMEOUT;
        }
        CloseHandle(File);
        LoggerFail(Error, L"Cannot lock %s", Path);
        return NULL;
    }
    __atomic_store_n(&OwnerThread, GetCurrentThreadId(), __ATOMIC_RELAXED);
    return File;
}

VOID
LockRelease(HANDLE Lock)
{
    DWORD LastError = GetLastError();
    OVERLAPPED Range = {.Offset = 0};

    __atomic_store_n(&OwnerThread, 0, __ATOMIC_RELAXED);
    UnlockFileEx(Lock, 0, 1, 0, &Range);
    CloseHandle(Lock);
    SetLastError(LastError);
}
