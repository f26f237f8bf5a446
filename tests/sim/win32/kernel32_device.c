/* SPDX-License-Identifier: MIT
 * Devices: CreateFileW below \\.\ and DeviceIoControl; CloseHandle for every kind of object. */
#include <stdlib.h>
#include <string.h>
#include "file.h"
#include "nt_client.h"
#include "rows.h"

#define OPEN_EXISTING        3u
#define FILE_FLAG_OVERLAPPED 0x40000000u
#define GENERIC_READ         0x80000000u
#define GENERIC_WRITE        0x40000000u
#define GENERIC_ALL          0x10000000u
#define FILE_GENERIC_READ    0x00120089u
#define FILE_GENERIC_WRITE   0x00120116u
#define FILE_ALL_ACCESS      0x001F01FFu

static uint32_t
map_generic(uint32_t access)
{
    uint32_t mapped = access & 0x0FFFFFFFu;
    if (access & GENERIC_READ)
        mapped |= FILE_GENERIC_READ;
    if (access & GENERIC_WRITE)
        mapped |= FILE_GENERIC_WRITE;
    if (access & GENERIC_ALL)
        mapped |= FILE_ALL_ACCESS;
    /* CreateFile always asks for these two. */
    return (mapped & ~(GENERIC_ALL)) | 0x00100080u;
}

WIN_FUNCTION(CreateFileW)
{
    const uint16_t *path = (const uint16_t *)frame->arg[0];
    uint32_t flags = (uint32_t)frame->arg[5];
    if (!path || !*path)
        return win_fail(ERROR_PATH_NOT_FOUND, WIN_INVALID_HANDLE);
    if (memcmp(path, u"\\\\.\\", 8) != 0)
        return win_create_file(frame);
    if ((uint32_t)frame->arg[4] != OPEN_EXISTING)
        return win_fail(ERROR_INVALID_PARAMETER, WIN_INVALID_HANDLE);
    struct wire_reply reply;
    uint32_t access = map_generic((uint32_t)frame->arg[1]);
    uint32_t status =
        nt_ask(NT_OPEN_DEVICE, NT_ARGS(access, (uint32_t)frame->arg[2], (flags & FILE_FLAG_OVERLAPPED) != 0),
               path, sim_utf16_length(path) * 2, -1, &reply, NULL, NULL, NULL);
    if (status)
        return win_fail(win_error_from_status(status), WIN_INVALID_HANDLE);
    return win_done(win_handle_add(
        (struct win_handle){.kind = WIN_OBJECT_DEVICE, .fd = -1, .kernel = reply.result[0], .access = access},
        "CreateFileW", frame->return_address));
}

WIN_FUNCTION(DeviceIoControl)
{
    struct win_handle handle;
    uint32_t out_size = (uint32_t)frame->arg[5], *returned = (uint32_t *)frame->arg[6];
    if (frame->arg[7])
        sim_stop("unmodelled", "DeviceIoControl with OVERLAPPED");
    if (!returned)
        sim_stop("documented", "DeviceIoControl with neither a count nor OVERLAPPED");
    *returned = 0;
    if (!win_handle_find(frame->arg[0], &handle))
        return 0;
    if (handle.kind != WIN_OBJECT_DEVICE)
        return WIN_FALSE(ERROR_INVALID_FUNCTION);
    struct wire_reply reply;
    size_t given = out_size;
    uint32_t status = nt_ask(NT_IOCTL, NT_ARGS(handle.kernel, (uint32_t)frame->arg[1], out_size),
                             (const void *)frame->arg[2], (uint32_t)frame->arg[3], -1, &reply,
                             (void *)frame->arg[4], &given, NULL);
    *returned = (uint32_t)reply.result[0];
    if (status)
        return WIN_FALSE(win_error_from_status(status));
    return win_done(1);
}

WIN_FUNCTION(CloseHandle)
{
    /* The pseudo handle of the process may be closed; nothing happens. */
    if (frame->arg[0] == ~(uintptr_t)0)
        return win_done(1);
    uint32_t error = win_handle_close(frame->arg[0]);
    if (error == ERROR_INVALID_HANDLE)
        sim_stop("handle-close", "CloseHandle of 0x%zx, which is not open", (size_t)frame->arg[0]);
    return error ? WIN_FALSE(error) : win_done(1);
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, CreateFileW, 7, SIM_SINCE_WIN7, WIN_INVALID, "win32/api/fileapi/nf-fileapi-createfilew"),
    WIN_ROW(K32, DeviceIoControl, 8, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/ioapiset/nf-ioapiset-deviceiocontrol"),
    WIN_ROW(K32, CloseHandle, 1, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/handleapi/nf-handleapi-closehandle"),
};
const struct sim_import_table win_kernel32_device = WIN_TABLE(rows);
