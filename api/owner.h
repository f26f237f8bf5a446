/* SPDX-License-Identifier: MIT
 *
 * Who owns an adapter: a process, by its id and its creation time, as ids are used again.
 */
#ifndef OWNER_H
#define OWNER_H

#include <winsock2.h>
#include <windows.h>

typedef struct _OWNER
{
    DWORD ProcessId;
    FILETIME Created;
} OWNER;

/* FALSE with the cause in GetLastError. */
BOOL OwnerOfThisProcess(OWNER *Owner);

BOOL OwnerIsThisProcess(const OWNER *Owner);

/* FALSE only if it is certain that the process has ended. */
BOOL OwnerMayBeAlive(const OWNER *Owner);

#endif
