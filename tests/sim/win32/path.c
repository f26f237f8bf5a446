/* SPDX-License-Identifier: MIT
 * C:\ is the directory that SIM_ROOT names. Names are found whatever their case, as on Windows. */
/* Else a directory of the host cannot be read on 32 bits. */
#define _FILE_OFFSET_BITS 64
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "win32.h"

const char *
win_root(void)
{
    const char *root = getenv("SIM_ROOT");
    if (!root)
        sim_stop("process-files", "this machine has no disk: SIM_ROOT is not set");
    return root;
}

/* Appends the name as it stands in the directory, or as given if there is none of that name. */
static char *
descend(char *directory, const char *name)
{
    char *path = sim_format("%s/%s", directory, name);
    if (access(path, F_OK) != 0) {
        DIR *entries = opendir(directory);
        struct dirent *entry;
        while (entries && (entry = readdir(entries)))
            if (sim_same_text(entry->d_name, name)) {
                free(path);
                path = sim_format("%s/%s", directory, entry->d_name);
                break;
            }
        if (entries)
            closedir(entries);
    }
    free(directory);
    return path;
}

char *
win_host_path_utf8(const char *text)
{
    if (strncmp(text, "\\\\?\\", 4) == 0)
        text += 4;
    if (!sim_starts_with(text, "C:") || (text[2] != '\\' && text[2] != '/'))
        return NULL;
    char *path = strdup(win_root());
    char *copy = strdup(text + 3), *rest = copy, *name;
    while ((name = strsep(&rest, "\\/")))
        if (*name)
            path = descend(path, name);
    free(copy);
    return path;
}

char *
win_host_path(const uint16_t *text)
{
    char *utf8 = sim_utf8_from(text);
    char *path = win_host_path_utf8(utf8);
    free(utf8);
    return path;
}

uint32_t
win_error_from_errno(int error)
{
    switch (error) {
    case ENOENT:
        return ERROR_FILE_NOT_FOUND;
    case ENOTDIR:
        return ERROR_PATH_NOT_FOUND;
    case EEXIST:
        return ERROR_ALREADY_EXISTS;
    case ENOTEMPTY:
        return ERROR_DIR_NOT_EMPTY;
    case ENOSPC:
        return ERROR_DISK_FULL;
    case EISDIR:
    case EACCES:
    case EPERM:
        return ERROR_ACCESS_DENIED;
    case ENAMETOOLONG:
        return ERROR_INVALID_NAME;
    default:
        return 31; /* ERROR_GEN_FAILURE */
    }
}
