/* SPDX-License-Identifier: MIT */
#include "owner.h"

static BOOL
OwnerIsEqual(const OWNER *Left, const OWNER *Right)
{
    return Left->ProcessId == Right->ProcessId &&
           Left->Created.dwLowDateTime == Right->Created.dwLowDateTime &&
           Left->Created.dwHighDateTime == Right->Created.dwHighDateTime;
}

VOID
OwnerOfThisProcess(OWNER *Owner)
{
    FILETIME Exit, Kernel, User;

    Owner->ProcessId = GetCurrentProcessId();
    if (!GetProcessTimes(GetCurrentProcess(), &Owner->Created, &Exit, &Kernel, &User))
        Owner->Created.dwLowDateTime = Owner->Created.dwHighDateTime = 0;
}

BOOL
OwnerIsThisProcess(const OWNER *Owner)
{
    OWNER Self;
    OwnerOfThisProcess(&Self);
    return OwnerIsEqual(&Self, Owner);
}

BOOL
OwnerMayBeAlive(const OWNER *Owner)
{
    FILETIME Exit, Kernel, User;
    OWNER Found = {.ProcessId = Owner->ProcessId};
    DWORD ExitCode;

    HANDLE Process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, Owner->ProcessId);
    if (!Process)
        return GetLastError() != ERROR_INVALID_PARAMETER; /* which means that nobody has this id */
    /* A process that has ended keeps its id while somebody has a handle to it. */
    BOOL MayBeAlive = !GetProcessTimes(Process, &Found.Created, &Exit, &Kernel, &User) ||
                      (OwnerIsEqual(&Found, Owner) &&
                       (!GetExitCodeProcess(Process, &ExitCode) || ExitCode == STILL_ACTIVE));
    CloseHandle(Process);
    return MayBeAlive;
}
