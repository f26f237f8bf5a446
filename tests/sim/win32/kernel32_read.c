/* SPDX-License-Identifier: MIT
 * Reading files of C:\ and asking for their facts. */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>
#include "rows.h"

#define GENERIC_READ                 0x80000000u
#define FILE_READ_DATA               1u
#define FILE_ATTRIBUTE_DIRECTORY     0x10u
#define FILE_ATTRIBUTE_NORMAL        0x80u
#define FILE_ATTRIBUTE_REPARSE_POINT 0x400u

WIN_FUNCTION(GetFileSizeEx)
{
    struct win_handle handle;
    struct stat facts;
    if (!win_handle_find(frame->arg[0], &handle))
        return 0;
    if (handle.kind != WIN_OBJECT_FILE || fstat(handle.fd, &facts) != 0)
        return WIN_FALSE(ERROR_INVALID_HANDLE);
    *(int64_t *)frame->arg[1] = facts.st_size;
    return win_done(1);
}

/* Of a file that was not opened for overlapped use: with an OVERLAPPED it reads from the offset therein, and then the
 * end of the file is an error. */
WIN_FUNCTION(ReadFile)
{
    struct win_handle handle;
    uint32_t *read_bytes = (uint32_t *)frame->arg[3];
    const uint32_t *offset = (const uint32_t *)(frame->arg[4] + 2 * sizeof(void *));
    if (!read_bytes)
        sim_stop("documented", "ReadFile without a count");
    if (!frame->arg[4])
        sim_stop("unmodelled", "ReadFile without OVERLAPPED");
    *read_bytes = 0;
    if (!win_handle_find(frame->arg[0], &handle))
        return 0;
    if (handle.kind != WIN_OBJECT_FILE)
        return WIN_FALSE(ERROR_INVALID_HANDLE);
    if (!(handle.access & (GENERIC_READ | FILE_READ_DATA)))
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    ssize_t done = pread(handle.fd, (void *)frame->arg[1], (uint32_t)frame->arg[2],
                         (off_t)((uint64_t)offset[1] << 32 | offset[0]));
    if (done < 0)
        return WIN_FALSE(win_error_from_errno(errno));
    if (done == 0 && frame->arg[2])
        return WIN_FALSE(ERROR_HANDLE_EOF);
    *read_bytes = (uint32_t)done;
    return win_done(1);
}

/* BY_HANDLE_FILE_INFORMATION: attributes, three times, serial number, size, links, index. */
WIN_FUNCTION(GetFileInformationByHandle)
{
    struct win_handle handle;
    struct stat facts;
    uint32_t *out = (uint32_t *)frame->arg[1];
    if (!win_handle_find(frame->arg[0], &handle))
        return 0;
    if (handle.kind != WIN_OBJECT_FILE || fstat(handle.fd, &facts) != 0)
        return WIN_FALSE(ERROR_INVALID_HANDLE);
    for (unsigned i = 0; i < 13; i++)
        out[i] = 0;
    out[0] = S_ISLNK(facts.st_mode)   ? FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT
             : S_ISDIR(facts.st_mode) ? FILE_ATTRIBUTE_DIRECTORY
                                      : FILE_ATTRIBUTE_NORMAL;
    out[9] = (uint32_t)facts.st_size;
    out[10] = (uint32_t)facts.st_nlink;
    return win_done(1);
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, GetFileInformationByHandle, 2, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/fileapi/nf-fileapi-getfileinformationbyhandle"),
    WIN_ROW(K32, GetFileSizeEx, 2, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/fileapi/nf-fileapi-getfilesizeex"),
    WIN_ROW(K32, ReadFile, 5, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/fileapi/nf-fileapi-readfile"),
};
const struct sim_import_table win_kernel32_read = WIN_TABLE(rows);
