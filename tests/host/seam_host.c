/* SPDX-License-Identifier: MIT
 *
 * The session's side of the host: Windows functions above the kernel model.
 */
#include "seam_host.h"
#include "host.h"
#include "ioctl.h"

static __thread DWORD last_error;

DWORD
GetLastError(void)
{
    return last_error;
}

void
SetLastError(DWORD Error)
{
    last_error = Error;
}

static bool
srw_lock_is_free(void *lock)
{
    return !((SRWLOCK *)lock)->State;
}

void
AcquireSRWLockExclusive(SRWLOCK *Lock)
{
    sched_point();
    for (unsigned int spins = 0;; spins++) {
        uintptr_t seen = 0;
        if (__atomic_compare_exchange_n(&Lock->State, &seen, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return;
        if (sched_is_seeded())
            sched_block("a session lock", srw_lock_is_free, Lock, -1);
        else if (spins < 100)
            YieldProcessor();
        else
            sched_relax();
    }
}

void
ReleaseSRWLockExclusive(SRWLOCK *Lock)
{
    host_check(__atomic_exchange_n(&Lock->State, 0, __ATOMIC_RELEASE) == 1);
    sched_point();
}

HANDLE
CreateEventW(void *Attributes, BOOL ManualReset, BOOL InitialState, LPCWSTR Name)
{
    host_check(!Attributes && !InitialState && !Name);
    if (fault_here("CreateEvent")) {
        SetLastError(ERROR_NO_SYSTEM_RESOURCES);
        return NULL;
    }
    return host_event_create(ManualReset ? NotificationEvent : SynchronizationEvent);
}

BOOL
SetEvent(HANDLE Event)
{
    KeSetEvent(host_event_of(Event), IO_NO_INCREMENT, FALSE);
    return TRUE;
}

BOOL
HostWaitForEvent(HANDLE Event, DWORD Milliseconds)
{
    LARGE_INTEGER timeout = {.QuadPart = -(LONGLONG)Milliseconds * 10000};
    return KeWaitForSingleObject(host_event_of(Event), UserRequest, KernelMode, FALSE,
                                 Milliseconds == 0xFFFFFFFFu ? NULL : &timeout) == STATUS_SUCCESS;
}

BOOL
CloseHandle(HANDLE Handle)
{
    host_handle_close(Handle);
    return TRUE;
}

VOID *
VirtualAlloc(VOID *Address, SIZE_T Size, DWORD Type, DWORD Protection)
{
    host_check(!Address && Type == (MEM_COMMIT | MEM_RESERVE) && Protection == PAGE_READWRITE);
    if (fault_here("VirtualAlloc")) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    return host_user_allocate(Size);
}

BOOL
VirtualFree(VOID *Address, SIZE_T Size, DWORD Type)
{
    host_check(!Size && Type == MEM_RELEASE);
    host_user_free(Address);
    return TRUE;
}

void
LoggerWrite(WINTUN_LOGGER_LEVEL Level, LPCWSTR Format, ...)
{
    UNREFERENCED_PARAMETER(Level);
    UNREFERENCED_PARAMETER(Format);
}

/* What RtlNtStatusToDosError makes of them. */
static DWORD
error_of(NTSTATUS status)
{
    switch ((ULONG)status) {
    case 0xC000000Du:
        return ERROR_INVALID_PARAMETER;
    case 0xC0000005u:
        return ERROR_NOACCESS;
    case 0xC0000510u:
        return ERROR_ALREADY_INITIALIZED;
    case 0xC000009Au:
        return ERROR_NO_SYSTEM_RESOURCES;
    case 0xC0000034u:
        return ERROR_FILE_NOT_FOUND;
    default:
        return ERROR_GEN_FAILURE;
    }
}

HANDLE
AdapterOpenControl(WINTUN_ADAPTER_HANDLE Adapter)
{
    NTSTATUS status;
    HANDLE control = host_control_open((uint32_t)(uintptr_t)Adapter, &status);
    if (control)
        return control;
    SetLastError(error_of(status));
    return INVALID_HANDLE_VALUE;
}

BOOL
ControlRegisterRings(HANDLE Control, const TUN_REGISTER_RINGS *Rings)
{
    TUN_REGISTER_RINGS copy = *Rings;
    NTSTATUS status = host_control(Control, TUN_IOCTL_REGISTER_RINGS, &copy, sizeof(copy), 0, NULL);
    if (NT_SUCCESS(status))
        return TRUE;
    SetLastError(error_of(status));
    return FALSE;
}
