/* SPDX-License-Identifier: MIT */
#include "owner.h"

static BOOL
OwnerIsEqual(const OWNER *Left, const OWNER *Right)
{
    return Left->ProcessId == Right->ProcessId &&
           Left->Created.dwLowDateTime == Right->Created.dwLowDateTime &&
           Left->Created.dwHighDateTime == Right->Created.dwHighDateTime;
}

BOOL
OwnerOfThisProcess(OWNER *Owner)
{
    FILETIME Exit, Kernel, User;

    Owner->ProcessId = GetCurrentProcessId();
    return GetProcessTimes(GetCurrentProcess(), &Owner->Created, &Exit, &Kernel, &User);
}

BOOL
OwnerIsThisProcess(const OWNER *Owner)
{
    OWNER Self;
    return OwnerOfThisProcess(&Self) && OwnerIsEqual(&Self, Owner);
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
