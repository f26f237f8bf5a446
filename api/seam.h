/* SPDX-License-Identifier: MIT
 *
 * What session.c needs of its surroundings, and all of it, so that the same file also compiles for a host
 * without Windows. There the includer's path provides "seam_host.h" with the names listed here:
 *
 *   types      VOID BYTE BOOL TRUE FALSE DWORD ULONG ULONG64 GUID HANDLE LPCWSTR SIZE_T
 *              WINTUN_ADAPTER_HANDLE, WINTUN_SESSION_HANDLE (a pointer to an incomplete structure), WINAPI
 *   errors     GetLastError, SetLastError, the ERROR_ codes that session.c uses (Windows' numbers)
 *   locks      SRWLOCK (zero is unlocked), AcquireSRWLockExclusive, ReleaseSRWLockExclusive
 *   events     CreateEventW(NULL, FALSE, FALSE, NULL), SetEvent, CloseHandle of an event and of a control handle
 *   memory     VirtualAlloc(NULL, Size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE), page-aligned and zeroed;
 *              VirtualFree(Memory, 0, MEM_RELEASE)
 *   control    AdapterOpenControl (adapter.h), ControlRegisterRings (control.h)
 *   logger     LoggerWrite (logger.h), with WINTUN_LOG_ERR
 */
#ifndef SEAM_H
#define SEAM_H

#ifdef _WIN32
#include "wintun.h"
#include "adapter.h"
#include "control.h"
#include "logger.h"
#else
#include "seam_host.h"
#endif

#include "ioctl.h"

#endif
