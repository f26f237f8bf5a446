/* SPDX-License-Identifier: MIT */
#include "system.h"
#include "logger.h"
#include "text.h"

SYSTEM_FUNCTIONS System;

static SRWLOCK SystemLock;                 /* guards the load of a module */
static BOOL IsLoaded[SYSTEM_MODULE_COUNT]; /* atomic: set last, under SystemLock */

#define SYSTEM_MODULE_FILE(Module, File) File,
static const LPCWSTR Files[] = {SYSTEM_MODULE_TABLE(SYSTEM_MODULE_FILE)};

typedef struct _SYSTEM_ROW
{
    SYSTEM_MODULE Module;
    DWORD Since;
    LPCSTR Name;
    FARPROC *Target;
} SYSTEM_ROW;

#define SYSTEM_FUNCTION_ROW(Module, Name, Since, Result, Arguments)                                          \
    {SYSTEM_##Module, Since, #Name, (FARPROC *)(VOID *)&System.Name},
static const SYSTEM_ROW Rows[] = {SYSTEM_FUNCTION_TABLE(SYSTEM_FUNCTION_ROW)};

/* Under SystemLock. Missing receives the name of a function that this Release of Windows has and the library
 * lacks. */
static BOOL
SystemLoadModule(SYSTEM_MODULE Module, DWORD Release, LPCSTR *Missing)
{
    WCHAR Path[MAX_PATH];

    UINT Length = GetSystemDirectoryW(Path, ARRAYSIZE(Path));
    if (!Length)
        return FALSE;
    if (Length >= ARRAYSIZE(Path) || TextFormat(Path + Length, ARRAYSIZE(Path) - Length, L"\\%s",
                                                Files[Module]) >= ARRAYSIZE(Path) - Length) {
        SetLastError(ERROR_BUFFER_OVERFLOW);
        return FALSE;
    }
    /* With a full path, this flag has the library's own imports searched in its folder, not in the program's.
     */
    HMODULE Library = LoadLibraryExW(Path, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (!Library)
        return FALSE;
    for (DWORD Index = 0; Index < ARRAYSIZE(Rows); ++Index) {
        if (Rows[Index].Module != Module)
            continue;
        FARPROC Function = GetProcAddress(Library, Rows[Index].Name);
        if (!Function && Release >= Rows[Index].Since) {
            *Missing = Rows[Index].Name;
            SetLastError(ERROR_PROC_NOT_FOUND);
            return FALSE;
        }
        *Rows[Index].Target = Function;
    }
    return TRUE;
}

static BOOL
SystemRequireAt(SYSTEM_MODULE Module, WINTUN_LOGGER_LEVEL Level)
{
    LPCSTR Missing = NULL;
    WCHAR Name[64];
    BOOL Succeeded = TRUE;
    DWORD Error = ERROR_SUCCESS;

    if (__atomic_load_n(&IsLoaded[Module], __ATOMIC_ACQUIRE))
        return TRUE;
    /* ntdll tells the version, and has no row that is newer than Windows 7. */
    DWORD Release = Module == SYSTEM_NTDLL ? SYSTEM_WINDOWS_7 : SystemVersion();
    if (!Release)
        return FALSE;
    AcquireSRWLockExclusive(&SystemLock);
    if (!__atomic_load_n(&IsLoaded[Module], __ATOMIC_RELAXED)) {
        Succeeded = SystemLoadModule(Module, Release, &Missing);
        Error = GetLastError();
        __atomic_store_n(&IsLoaded[Module], Succeeded, __ATOMIC_RELEASE);
    }
    ReleaseSRWLockExclusive(&SystemLock);
    if (Succeeded)
        return TRUE;
    DWORD Length = 0;
    for (; Missing && Missing[Length] && Length + 1 < ARRAYSIZE(Name); ++Length)
        Name[Length] = (WCHAR)Missing[Length];
    Name[Length] = 0;
    LoggerWrite(Level, L"%s of this system cannot be loaded or lacks a function: %s (error 0x%x)",
                Files[Module], Missing ? Name : L"none known", Error);
    SetLastError(Error ? Error : ERROR_MOD_NOT_FOUND);
    return FALSE;
}

BOOL
SystemRequire(SYSTEM_MODULE Module)
{
    return SystemRequireAt(Module, WINTUN_LOG_ERR);
}

BOOL
SystemRequireOrWarn(SYSTEM_MODULE Module)
{
    return SystemRequireAt(Module, WINTUN_LOG_WARN);
}

static BOOL
SystemReadVersion(RTL_OSVERSIONINFOEXW *Version)
{
    Version->dwOSVersionInfoSize = sizeof(*Version);
    if (!SystemRequire(SYSTEM_NTDLL))
        return FALSE;
    System.RtlGetVersion((RTL_OSVERSIONINFOW *)Version); /* documented never to fail */
    return TRUE;
}

DWORD
SystemVersion(VOID)
{
    RTL_OSVERSIONINFOEXW Version;

    if (!SystemReadVersion(&Version))
        return 0;
    return SYSTEM_RELEASE(Version.dwMajorVersion, Version.dwMinorVersion & 0xFF,
                          Version.dwBuildNumber & 0xFFFF);
}

BOOL
SystemIsServer(VOID)
{
    RTL_OSVERSIONINFOEXW Version;

    return SystemReadVersion(&Version) && Version.wProductType != VER_NT_WORKSTATION;
}

#if defined(__x86_64__)
#define SYSTEM_MACHINE IMAGE_FILE_MACHINE_AMD64
#elif defined(__i386__)
#define SYSTEM_MACHINE IMAGE_FILE_MACHINE_I386
#elif defined(__aarch64__)
#define SYSTEM_MACHINE IMAGE_FILE_MACHINE_ARM64
#elif defined(__arm__)
#define SYSTEM_MACHINE IMAGE_FILE_MACHINE_ARMNT
#else
#error "an architecture that no driver is built for"
#endif

BOOL
SystemIsNative(VOID)
{
    USHORT ProcessMachine, NativeMachine;
    BOOL IsWow64 = FALSE;

    /* IsWow64Process and GetNativeSystemInfo tell an emulated amd64 process on ARM64 that it is native; only
     * IsWow64Process2 knows. A system without it is older than that emulation. */
    if (SystemRequire(SYSTEM_KERNEL32) && System.IsWow64Process2 &&
        System.IsWow64Process2(GetCurrentProcess(), &ProcessMachine, &NativeMachine))
        return NativeMachine == SYSTEM_MACHINE;
    return IsWow64Process(GetCurrentProcess(), &IsWow64) && !IsWow64;
}

BOOL
SystemIsElevated(VOID)
{
    /* S-1-5-32-544, Administrators. */
    static const struct
    {
        BYTE Revision, Count;
        SID_IDENTIFIER_AUTHORITY Authority;
        DWORD SubAuthority[2];
    } Administrators = {
        SID_REVISION, 2, {SECURITY_NT_AUTHORITY}, {SECURITY_BUILTIN_DOMAIN_RID, DOMAIN_ALIAS_RID_ADMINS}};
    BOOL IsMember = FALSE;

    if (!SystemRequire(SYSTEM_ADVAPI32) ||
        !System.CheckTokenMembership(NULL, (PSID)(const VOID *)&Administrators, &IsMember))
        return FALSE;
    if (!IsMember)
        SetLastError(ERROR_ACCESS_DENIED);
    return IsMember;
}
