/* SPDX-License-Identifier: MIT
 * Last error, process and system information, time, directories; RtlGetVersion of ntdll. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "nt_client.h"
#include "process.h"
#include "rows.h"

#define CURRENT_PROCESS   (~(uintptr_t)0)
#define STILL_ACTIVE      259u
#define CSTR_LESS_THAN    1
#define CSTR_EQUAL        2
#define CSTR_GREATER_THAN 3

WIN_FUNCTION(GetLastError)
{
    (void)frame;
    return win_thread()->last_error;
}

WIN_FUNCTION(SetLastError)
{
    win_thread()->last_error = (uint32_t)frame->arg[0];
    return 0;
}

WIN_FUNCTION(GetCurrentProcess)
{
    (void)frame;
    return CURRENT_PROCESS;
}

WIN_FUNCTION(GetCurrentProcessId)
{
    (void)frame;
    return win_process_id;
}

WIN_FUNCTION(GetCurrentThreadId)
{
    (void)frame;
    return win_thread()->id;
}

WIN_FUNCTION(OpenProcess)
{
    struct wire_reply reply;
    int fd = -1;
    uint32_t status = nt_ask(NT_OPEN_PROCESS, NT_ARGS((uint32_t)frame->arg[2], (uint32_t)frame->arg[0]), NULL,
                             0, -1, &reply, NULL, NULL, &fd);
    /* An id that no process has: documented as an invalid parameter. */
    if (status)
        return WIN_FALSE(status == 0xC0000022u ? ERROR_ACCESS_DENIED : ERROR_INVALID_PARAMETER);
    return win_done(
        win_handle_add((struct win_handle){.kind = WIN_OBJECT_PROCESS, .fd = fd, .kernel = reply.result[0]},
                       "OpenProcess", frame->return_address));
}

static bool
query_process(uint64_t value, struct wire_reply *reply)
{
    struct win_handle handle = {.kernel = WIRE_CURRENT_PROCESS};
    if (value != CURRENT_PROCESS && !win_handle_find(value, &handle))
        return false;
    uint32_t status = nt_ask(NT_QUERY_PROCESS, NT_ARGS(handle.kernel), NULL, 0, -1, reply, NULL, NULL, NULL);
    if (status)
        win_fail(win_error_from_status(status), 0);
    return status == 0;
}

WIN_FUNCTION(GetExitCodeProcess)
{
    struct wire_reply reply;
    if (!query_process(frame->arg[0], &reply))
        return 0;
    *(uint32_t *)frame->arg[1] = reply.result[2] ? (uint32_t)reply.result[3] : STILL_ACTIVE;
    return win_done(1);
}

WIN_FUNCTION(GetProcessTimes)
{
    struct wire_reply reply;
    if (!query_process(frame->arg[0], &reply))
        return 0;
    uint64_t created = win_process_created((uint32_t)reply.result[0]), zero = 0;
    memcpy((void *)frame->arg[1], &created, 8);
    memcpy((void *)frame->arg[2], reply.result[2] ? &created : &zero, 8);
    memcpy((void *)frame->arg[3], &zero, 8);
    memcpy((void *)frame->arg[4], &zero, 8);
    return win_done(1);
}

WIN_FUNCTION(IsWow64Process)
{
    struct wire_reply reply;
    if (!query_process(frame->arg[0], &reply))
        return 0;
    *(uint32_t *)frame->arg[1] = reply.result[1] != 0;
    return win_done(1);
}

static uint16_t
machine_of(enum sim_arch arch)
{
    static const uint16_t machines[] = {
        [SIM_AMD64] = 0x8664, [SIM_X86] = 0x014C, [SIM_ARM64] = 0xAA64, [SIM_ARM] = 0x01C4};
    return machines[arch];
}

WIN_FUNCTION(IsWow64Process2)
{
    struct wire_reply reply;
    if (!query_process(frame->arg[0], &reply))
        return 0;
    *(uint16_t *)frame->arg[1] = reply.result[1] ? machine_of(sim_arch) : 0;
    if (frame->arg[2])
        *(uint16_t *)frame->arg[2] = machine_of(win_native_arch());
    return win_done(1);
}

/* SYSTEM_INFO. */
WIN_FUNCTION(GetNativeSystemInfo)
{
    static const uint16_t architectures[] = {[SIM_AMD64] = 9, [SIM_X86] = 0, [SIM_ARM64] = 12, [SIM_ARM] = 5};
    struct
    {
        uint16_t architecture, reserved;
        uint32_t page_size;
        void *minimum, *maximum;
        uintptr_t active_mask;
        uint32_t processors, type, granularity;
        uint16_t level, revision;
    } *info = (void *)frame->arg[0];
    memset(info, 0, sizeof *info);
    info->architecture = architectures[win_native_arch()];
    info->page_size = 0x1000;
    info->minimum = (void *)0x10000;
    info->maximum = (void *)(sizeof(void *) == 8 ? (uintptr_t)0x7FFFFFEFFFFull : (uintptr_t)0x7FFEFFFF);
    info->active_mask = 3;
    info->processors = 2;
    info->granularity = 0x10000;
    return 0;
}

uint64_t
win_system_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec + 11644473600ull) * 10000000 + (uint64_t)now.tv_nsec / 100;
}

WIN_FUNCTION(GetSystemTimeAsFileTime)
{
    uint64_t now = win_system_time();
    memcpy((void *)frame->arg[0], &now, sizeof now);
    return 0;
}

WIN_FUNCTION(GetTickCount)
{
    struct timespec now;
    (void)frame;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

/* The number of units copied, or what the buffer would have to hold with the end. */
static uint64_t
give_directory(struct sim_frame *frame, const uint16_t *directory)
{
    size_t length = sim_utf16_length(directory);
    if ((uint32_t)frame->arg[1] <= length)
        return win_done(length + 1);
    memcpy((void *)frame->arg[0], directory, (length + 1) * 2);
    return win_done(length);
}

WIN_FUNCTION(GetSystemDirectoryW)
{
    return give_directory(frame, u"C:\\Windows\\system32");
}

WIN_FUNCTION(GetSystemWindowsDirectoryW)
{
    return give_directory(frame, u"C:\\Windows");
}

static uint16_t
upper(uint16_t c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 0xE0 && c <= 0xFE && c != 0xF7) ||
        (c >= 0x3B1 && c <= 0x3C9 && c != 0x3C2) || (c >= 0x430 && c <= 0x44F))
        return c - 0x20;
    return c;
}

WIN_FUNCTION(CompareStringOrdinal)
{
    const uint16_t *left = (const uint16_t *)frame->arg[0], *right = (const uint16_t *)frame->arg[2];
    if (!left || !right)
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    int32_t left_length = (int32_t)frame->arg[1], right_length = (int32_t)frame->arg[3];
    size_t m = left_length < 0 ? sim_utf16_length(left) : (size_t)left_length;
    size_t n = right_length < 0 ? sim_utf16_length(right) : (size_t)right_length;
    bool fold = (uint32_t)frame->arg[4] != 0;
    for (size_t i = 0; i < m && i < n; i++) {
        uint16_t a = fold ? upper(left[i]) : left[i], b = fold ? upper(right[i]) : right[i];
        if (a != b)
            return win_done(a < b ? CSTR_LESS_THAN : CSTR_GREATER_THAN);
    }
    return win_done(m == n ? CSTR_EQUAL : m < n ? CSTR_LESS_THAN : CSTR_GREATER_THAN);
}

/* RTL_OSVERSIONINFOW or the longer form; the true version, whatever the manifest says. */
WIN_FUNCTION(RtlGetVersion)
{
    struct
    {
        uint32_t size, major, minor, build, platform;
        uint16_t service_pack[128];
        uint16_t service_pack_major, service_pack_minor, suite; /* from here on in the longer form alone */
        uint8_t product_type, reserved;
    } *version = (void *)frame->arg[0];
    if (version->size != 276 && version->size != sizeof *version)
        sim_stop("documented", "RtlGetVersion with a structure of %u bytes", version->size);
    memset(&version->major, 0, version->size - sizeof version->size);
    version->major = sim_persona->major;
    version->minor = sim_persona->minor;
    version->build = sim_persona->build;
    version->platform = 2; /* VER_PLATFORM_WIN32_NT */
    if (version->size == sizeof *version)
        version->product_type =
            sim_persona->system == SIM_SERVER ? 3 : 1; /* VER_NT_SERVER, VER_NT_WORKSTATION */
    return 0;
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, GetLastError, 0, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/errhandlingapi/nf-errhandlingapi-getlasterror"),
    WIN_ROW(K32, SetLastError, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/errhandlingapi/nf-errhandlingapi-setlasterror"),
    WIN_ROW(K32, GetCurrentProcess, 0, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/processthreadsapi/nf-processthreadsapi-getcurrentprocess"),
    WIN_ROW(K32, GetCurrentProcessId, 0, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/processthreadsapi/nf-processthreadsapi-getcurrentprocessid"),
    WIN_ROW(K32, GetCurrentThreadId, 0, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/processthreadsapi/nf-processthreadsapi-getcurrentthreadid"),
    WIN_ROW(K32, OpenProcess, 3, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/processthreadsapi/nf-processthreadsapi-openprocess"),
    WIN_ROW(K32, GetExitCodeProcess, 2, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/processthreadsapi/nf-processthreadsapi-getexitcodeprocess"),
    WIN_ROW(K32, GetProcessTimes, 5, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/processthreadsapi/nf-processthreadsapi-getprocesstimes"),
    WIN_ROW(K32, IsWow64Process, 2, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/wow64apiset/nf-wow64apiset-iswow64process"),
    WIN_ROW(K32, IsWow64Process2, 3, SIM_SINCE_WIN10, WIN_ZERO,
            "win32/api/wow64apiset/nf-wow64apiset-iswow64process2"),
    WIN_ROW(K32, GetNativeSystemInfo, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/sysinfoapi/nf-sysinfoapi-getnativesysteminfo"),
    WIN_ROW(K32, GetSystemTimeAsFileTime, 1, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/sysinfoapi/nf-sysinfoapi-getsystemtimeasfiletime"),
    WIN_ROW(K32, GetTickCount, 0, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/sysinfoapi/nf-sysinfoapi-gettickcount"),
    WIN_ROW(K32, GetSystemDirectoryW, 2, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/sysinfoapi/nf-sysinfoapi-getsystemdirectoryw"),
    WIN_ROW(K32, GetSystemWindowsDirectoryW, 2, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/sysinfoapi/nf-sysinfoapi-getsystemwindowsdirectoryw"),
    WIN_ROW(K32, CompareStringOrdinal, 5, SIM_SINCE_WIN7, WIN_NEVER,
            "win32/api/stringapiset/nf-stringapiset-comparestringordinal"),
    WIN_ROW("ntdll.dll", RtlGetVersion, 1, SIM_SINCE_WIN7, WIN_NEVER, "win32/devnotes/rtlgetversion"),
};
const struct sim_import_table win_kernel32_system = WIN_TABLE(rows);
