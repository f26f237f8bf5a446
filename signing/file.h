/* SPDX-License-Identifier: MIT
 * Whole files in memory, and files that appear at once or not at all. */
#ifndef SIGNING_FILE_H
#define SIGNING_FILE_H

#include "report.h"

#include <stddef.h>
#include <stdint.h>

#define FILE_MAX_SIZE (256u << 20)

typedef struct
{
    uint8_t *Data; /* one zero byte follows, so that text can be read as a string; NULL when not loaded */
    size_t Size;
} FILE_BYTES;

/* Reads a file of at most FILE_MAX_SIZE bytes. On failure reports it and returns false. */
bool FileRead(const char *Path, FILE_BYTES *Bytes, REPORT *Report);

void FileFree(FILE_BYTES *Bytes);

/* Writes beside Path under another name, then renames: a reader never sees half a file. */
bool FileWrite(const char *Path, const uint8_t *Data, size_t Size, REPORT *Report);

/* "folder/name", or name alone when Folder is empty. The caller frees it. NULL when memory is short. */
char *FileJoin(const char *Folder, const char *Name);

/* Finds the entry of Folder whose name equals Name without regard to case, as Windows would. Returns its
 * path, which the caller frees, or NULL. */
char *FileFind(const char *Folder, const char *Name);

#endif
