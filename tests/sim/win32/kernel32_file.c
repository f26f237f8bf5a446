/* SPDX-License-Identifier: MIT
 * Files and directories of C:\. Two kinds of record locks of Linux stand for what Windows keeps with a file
 * object: a lock of one byte far behind any data for the sharing mode (shared by openers that share,
 * exclusive for one that does not and for a deletion), and the regions of LockFileEx below it. Both belong to
 * the open file and end with its last handle, the death of the process included. */
#define _FILE_OFFSET_BITS 64
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "file.h"
#include "rows.h"

#define SHARING_BYTE ((off_t)1 << 62)
#define LAST_REGION  ((off_t)1 << 61)

enum
{
    CREATE_NEW = 1,
    CREATE_ALWAYS,
    OPEN_EXISTING,
    OPEN_ALWAYS,
    TRUNCATE_EXISTING
};
#define GENERIC_READ                 0x80000000u
#define GENERIC_WRITE                0x40000000u
#define FILE_FLAG_DELETE_ON_CLOSE    0x04000000u
#define FILE_FLAG_BACKUP_SEMANTICS   0x02000000u
#define FILE_FLAG_OPEN_REPARSE_POINT 0x00200000u
#define MOVEFILE_REPLACE_EXISTING    1u
#define MOVEFILE_DELAY               4u
#define LOCKFILE_FAIL_IMMEDIATELY    1u
#define LOCKFILE_EXCLUSIVE_LOCK      2u

static int
lock_region(int fd, int how, off_t from, off_t length, bool block)
{
    struct flock region = {.l_type = (short)how, .l_whence = SEEK_SET, .l_start = from, .l_len = length};
    int result;
    do
        result = fcntl(fd, block ? F_OFD_SETLKW : F_OFD_SETLK, &region);
    while (result != 0 && errno == EINTR);
    return result;
}

/* A directory that lacks gives another code than a file that lacks. */
static uint32_t
missing(const char *path)
{
    char *parent = strdup(path), *slash = strrchr(parent, '/');
    *slash = 0;
    uint32_t error = access(parent, F_OK) == 0 ? ERROR_FILE_NOT_FOUND : ERROR_PATH_NOT_FOUND;
    free(parent);
    return error;
}

/* What the caller asked to protect a new object with is written down beside C:\ for tests to read. */
void
win_note_security(const char *path, const char *how, const char *sddl)
{
    char *name = sim_format("%s/.security", win_root());
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    char *line = sim_format("%s\t%s%s\n", path + strlen(win_root()), how, sddl);
    if (fd < 0 || write(fd, line, strlen(line)) < 0)
        sim_stop("process-files", "cannot write %s", name);
    close(fd);
    free(line);
    free(name);
}

static void
note_security(const char *path, const void *attributes)
{
    const struct
    {
        uint32_t length;
        const void *descriptor;
        uint32_t inherit;
    } *security = attributes;
    const char *sddl = security && security->descriptor ? win_descriptor_text(security->descriptor) : "";
    win_note_security(path, "", sddl);
}

/* A folder, or whatever has the name, for its facts and its protection. A symbolic link of the host is a junction. */
static uint64_t
open_for_facts(struct sim_frame *frame, char *path)
{
    uint32_t flags = (uint32_t)frame->arg[5];
    if ((uint32_t)frame->arg[4] != OPEN_EXISTING || ((uint32_t)frame->arg[1] & 0xF000007Fu))
        sim_stop("unmodelled", "CreateFileW with backup semantics to make, read or write %s", path);
    int fd = open(path, O_PATH | O_CLOEXEC | (flags & FILE_FLAG_OPEN_REPARSE_POINT ? O_NOFOLLOW : 0));
    if (fd < 0) {
        uint32_t error = errno == ENOENT || errno == ENOTDIR ? missing(path) : win_error_from_errno(errno);
        free(path);
        return win_fail(error, WIN_INVALID_HANDLE);
    }
    return win_done(win_handle_add(
        (struct win_handle){
            .kind = WIN_OBJECT_FILE, .fd = fd, .path = path, .access = (uint32_t)frame->arg[1]},
        "CreateFileW", frame->return_address));
}

uint64_t
win_create_file(struct sim_frame *frame)
{
    uint32_t access_mask = (uint32_t)frame->arg[1], share = (uint32_t)frame->arg[2];
    uint32_t disposition = (uint32_t)frame->arg[4], flags = (uint32_t)frame->arg[5];
    char *path = win_host_path((const uint16_t *)frame->arg[0]);
    if (!path)
        return win_fail(ERROR_PATH_NOT_FOUND, WIN_INVALID_HANDLE);
    if (flags & FILE_FLAG_BACKUP_SEMANTICS)
        return open_for_facts(frame, path);
    bool existed = access(path, F_OK) == 0;
    uint32_t error = 0;
    /* Linux needs a descriptor open for both to hold both kinds of lock; the access asked for is checked at
     * use. */
    int how = O_RDWR | O_CLOEXEC;
    if (disposition == CREATE_NEW)
        how |= O_CREAT | O_EXCL;
    else if (disposition == CREATE_ALWAYS || disposition == OPEN_ALWAYS)
        how |= O_CREAT;
    else if (disposition != OPEN_EXISTING && disposition != TRUNCATE_EXISTING)
        error = ERROR_INVALID_PARAMETER;
    int fd = error ? -1 : open(path, how, 0600);
    if (fd < 0 && !error)
        error = errno == ENOENT || errno == ENOTDIR ? missing(path)
                : errno == EEXIST                   ? ERROR_FILE_EXISTS
                                                    : win_error_from_errno(errno);
    if (fd >= 0 && lock_region(fd, share ? F_RDLCK : F_WRLCK, SHARING_BYTE, 1, false) != 0)
        error = ERROR_SHARING_VIOLATION;
    if (!error && (disposition == CREATE_ALWAYS || disposition == TRUNCATE_EXISTING) && ftruncate(fd, 0) != 0)
        error = win_error_from_errno(errno);
    if (error) {
        if (fd >= 0)
            close(fd);
        free(path);
        return win_fail(error, WIN_INVALID_HANDLE);
    }
    if (!existed)
        note_security(path, (const void *)frame->arg[3]);
    uint32_t value = win_handle_add((struct win_handle){.kind = WIN_OBJECT_FILE,
                                                        .fd = fd,
                                                        .path = path,
                                                        .access = access_mask,
                                                        .delete_on_close = flags & FILE_FLAG_DELETE_ON_CLOSE},
                                    "CreateFileW", frame->return_address);
    /* Documented for these two dispositions; the others promise nothing. */
    if (disposition == CREATE_ALWAYS || disposition == OPEN_ALWAYS)
        return win_fail(existed ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS, value);
    return win_done(value);
}

WIN_FUNCTION(WriteFile)
{
    struct win_handle handle;
    const char *data = (const char *)frame->arg[1];
    uint32_t size = (uint32_t)frame->arg[2], *written = (uint32_t *)frame->arg[3];
    if (frame->arg[4])
        sim_stop("unmodelled", "WriteFile with OVERLAPPED");
    if (!written)
        sim_stop("documented", "WriteFile with neither a count nor OVERLAPPED");
    *written = 0;
    if (!win_handle_find(frame->arg[0], &handle))
        return 0;
    if (handle.kind == WIN_OBJECT_FILE && !(handle.access & (GENERIC_WRITE | 2)))
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    if (handle.kind != WIN_OBJECT_FILE && handle.kind != WIN_OBJECT_CONSOLE)
        return WIN_FALSE(ERROR_INVALID_HANDLE);
    while (size) {
        ssize_t done = write(handle.fd, data, size);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return WIN_FALSE(win_error_from_errno(errno));
        data += done;
        size -= (uint32_t)done;
        *written += (uint32_t)done;
    }
    return win_done(1);
}

static bool
exclusive_use(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    bool alone = fd < 0 || lock_region(fd, F_WRLCK, SHARING_BYTE, 1, false) == 0;
    if (fd >= 0)
        close(fd);
    return alone;
}

WIN_FUNCTION(DeleteFileW)
{
    char *path = win_host_path((const uint16_t *)frame->arg[0]);
    uint32_t error = 0;
    struct stat facts;
    if (!path || stat(path, &facts) != 0)
        error = path ? missing(path) : ERROR_PATH_NOT_FOUND;
    else if (S_ISDIR(facts.st_mode))
        error = ERROR_ACCESS_DENIED;
    else if (!exclusive_use(path))
        error = ERROR_SHARING_VIOLATION;
    else if (unlink(path) != 0)
        error = win_error_from_errno(errno);
    free(path);
    return error ? WIN_FALSE(error) : win_done(1);
}

WIN_FUNCTION(CreateDirectoryW)
{
    char *path = win_host_path((const uint16_t *)frame->arg[0]);
    uint32_t error = 0;
    if (!path)
        error = ERROR_PATH_NOT_FOUND;
    else if (mkdir(path, 0700) != 0)
        error = errno == ENOENT ? ERROR_PATH_NOT_FOUND : win_error_from_errno(errno);
    else
        note_security(path, (const void *)frame->arg[1]);
    free(path);
    return error ? WIN_FALSE(error) : win_done(1);
}

WIN_FUNCTION(RemoveDirectoryW)
{
    char *path = win_host_path((const uint16_t *)frame->arg[0]);
    uint32_t error = 0;
    struct stat facts;
    /* Of a junction it removes the junction, and not what that leads to. */
    bool link = path && lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode);
    if (!path)
        error = ERROR_PATH_NOT_FOUND;
    else if ((link ? unlink(path) : rmdir(path)) != 0)
        error = errno == ENOTDIR  ? ERROR_DIRECTORY
                : errno == ENOENT ? missing(path)
                                  : win_error_from_errno(errno);
    free(path);
    return error ? WIN_FALSE(error) : win_done(1);
}

WIN_FUNCTION(MoveFileExW)
{
    const uint16_t *target = (const uint16_t *)frame->arg[1];
    uint32_t flags = (uint32_t)frame->arg[2], error = 0;
    char *from = win_host_path((const uint16_t *)frame->arg[0]), *to = target ? win_host_path(target) : NULL;
    if (!from || (target && !to)) {
        error = ERROR_PATH_NOT_FOUND;
    } else if (flags & MOVEFILE_DELAY) {
        char *list = sim_format("%s/.at-reboot", win_root()),
             *line = sim_format("%s\t%s\n", from, to ? to : "");
        int fd = win_elevated() ? open(list, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
        if (fd < 0 || write(fd, line, strlen(line)) < 0)
            error = ERROR_ACCESS_DENIED;
        if (fd >= 0)
            close(fd);
        free(list);
        free(line);
    } else if (!to) {
        error = ERROR_INVALID_PARAMETER;
    } else if (access(from, F_OK) != 0) {
        error = missing(from);
    } else if (access(to, F_OK) == 0 && !(flags & MOVEFILE_REPLACE_EXISTING)) {
        error = ERROR_ALREADY_EXISTS;
    } else if (!exclusive_use(from) || !exclusive_use(to)) {
        error = ERROR_SHARING_VIOLATION;
    } else if (rename(from, to) != 0) {
        error = win_error_from_errno(errno);
    }
    free(from);
    free(to);
    return error ? WIN_FALSE(error) : win_done(1);
}

/* OVERLAPPED: two pointer-sized words, then the offset. */
static bool
region_of(uintptr_t overlapped, uint32_t low, uint32_t high, off_t *from, off_t *length)
{
    const uint32_t *offset = (const uint32_t *)(overlapped + 2 * sizeof(void *));
    uint64_t start = (uint64_t)offset[1] << 32 | offset[0], size = (uint64_t)high << 32 | low;
    if (start >= (uint64_t)LAST_REGION || size == 0)
        return false;
    *from = (off_t)start;
    *length = size > (uint64_t)LAST_REGION - start ? LAST_REGION - (off_t)start : (off_t)size;
    return true;
}

WIN_FUNCTION(LockFileEx)
{
    struct win_handle handle;
    uint32_t flags = (uint32_t)frame->arg[1];
    off_t from, length;
    if (!win_handle_find(frame->arg[0], &handle))
        return 0;
    if (handle.kind != WIN_OBJECT_FILE)
        return WIN_FALSE(ERROR_INVALID_HANDLE);
    if (frame->arg[2] ||
        !region_of(frame->arg[5], (uint32_t)frame->arg[3], (uint32_t)frame->arg[4], &from, &length))
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    if (!(handle.access & (GENERIC_READ | GENERIC_WRITE | 3)))
        return WIN_FALSE(ERROR_ACCESS_DENIED);
    bool block = !(flags & LOCKFILE_FAIL_IMMEDIATELY);
    if (lock_region(handle.fd, flags & LOCKFILE_EXCLUSIVE_LOCK ? F_WRLCK : F_RDLCK, from, length, block) !=
        0) {
        if (errno == EAGAIN || errno == EACCES)
            return WIN_FALSE(ERROR_LOCK_VIOLATION);
        sim_stop("process-files", "the host refuses a record lock: errno %d", errno);
    }
    return win_done(1);
}

WIN_FUNCTION(UnlockFileEx)
{
    struct win_handle handle;
    off_t from, length;
    if (!win_handle_find(frame->arg[0], &handle))
        return 0;
    if (handle.kind != WIN_OBJECT_FILE ||
        !region_of(frame->arg[4], (uint32_t)frame->arg[2], (uint32_t)frame->arg[3], &from, &length))
        return WIN_FALSE(ERROR_INVALID_PARAMETER);
    lock_region(handle.fd, F_UNLCK, from, length, false);
    return win_done(1);
}

#define K32 "kernel32.dll"
static const struct sim_import rows[] = {
    WIN_ROW(K32, WriteFile, 5, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/fileapi/nf-fileapi-writefile"),
    WIN_ROW(K32, DeleteFileW, 1, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/fileapi/nf-fileapi-deletefilew"),
    WIN_ROW(K32, CreateDirectoryW, 2, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/fileapi/nf-fileapi-createdirectoryw"),
    WIN_ROW(K32, RemoveDirectoryW, 1, SIM_SINCE_WIN7, WIN_ZERO,
            "win32/api/fileapi/nf-fileapi-removedirectoryw"),
    WIN_ROW(K32, MoveFileExW, 3, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/winbase/nf-winbase-movefileexw"),
    WIN_ROW(K32, LockFileEx, 6, SIM_SINCE_WIN7, WIN_ZERO, "win32/api/fileapi/nf-fileapi-lockfileex"),
    WIN_ROW(K32, UnlockFileEx, 5, SIM_SINCE_WIN7, WIN_NEVER, "win32/api/fileapi/nf-fileapi-unlockfileex"),
};
const struct sim_import_table win_kernel32_file = WIN_TABLE(rows);
