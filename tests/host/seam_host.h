/* SPDX-License-Identifier: MIT
 *
 * What api/session.c needs of Windows, on the host: see api/seam.h.
 */
#ifndef SEAM_HOST_H
#define SEAM_HOST_H

#include "types.h"
#include "scheduler.h"

typedef unsigned char BYTE;
typedef int BOOL;
typedef ULONG DWORD;
typedef const WCHAR *LPCWSTR;
#define WINAPI
#define INVALID_HANDLE_VALUE ((HANDLE)(intptr_t)-1)

#define ERROR_SUCCESS             0u
#define ERROR_FILE_NOT_FOUND      2u
#define ERROR_ACCESS_DENIED       5u
#define ERROR_INVALID_HANDLE      6u
#define ERROR_NOT_ENOUGH_MEMORY   8u
#define ERROR_INVALID_DATA        13u
#define ERROR_GEN_FAILURE         31u
#define ERROR_HANDLE_EOF          38u
#define ERROR_INVALID_PARAMETER   87u
#define ERROR_BUFFER_OVERFLOW     111u
#define ERROR_NO_MORE_ITEMS       259u
#define ERROR_NOACCESS            998u
#define ERROR_ALREADY_INITIALIZED 1247u
#define ERROR_NO_SYSTEM_RESOURCES 1450u

#define MEM_COMMIT     0x1000u
#define MEM_RESERVE    0x2000u
#define MEM_RELEASE    0x8000u
#define PAGE_READWRITE 0x04u

/* The adapter's LUID index. */
typedef struct _WINTUN_ADAPTER *WINTUN_ADAPTER_HANDLE;
typedef struct _TUN_SESSION *WINTUN_SESSION_HANDLE;

typedef struct _SRWLOCK
{
    uintptr_t State;
} SRWLOCK;

DWORD GetLastError(void);
void SetLastError(DWORD Error);
void AcquireSRWLockExclusive(SRWLOCK *Lock);
void ReleaseSRWLockExclusive(SRWLOCK *Lock);
HANDLE CreateEventW(void *Attributes, BOOL ManualReset, BOOL InitialState, LPCWSTR Name);
BOOL SetEvent(HANDLE Event);
BOOL CloseHandle(HANDLE Handle);
VOID *VirtualAlloc(VOID *Address, SIZE_T Size, DWORD Type, DWORD Protection);
BOOL VirtualFree(VOID *Address, SIZE_T Size, DWORD Type);
/* For the tests' readers; Milliseconds 0xFFFFFFFF for ever. TRUE if the event came. */
BOOL HostWaitForEvent(HANDLE Event, DWORD Milliseconds);

typedef enum _WINTUN_LOGGER_LEVEL
{
    WINTUN_LOG_INFO,
    WINTUN_LOG_WARN,
    WINTUN_LOG_ERR
} WINTUN_LOGGER_LEVEL;
void LoggerWrite(WINTUN_LOGGER_LEVEL Level, LPCWSTR Format, ...);

struct _TUN_REGISTER_RINGS;
HANDLE AdapterOpenControl(WINTUN_ADAPTER_HANDLE Adapter);
BOOL ControlRegisterRings(HANDLE Control, const struct _TUN_REGISTER_RINGS *Rings);

#endif
