/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

bool
FileRead(const char *Path, FILE_BYTES *Bytes, REPORT *Report)
{
    FILE *File = fopen(Path, "rb");
    struct stat Status;
    bool Ok = false;

    Bytes->Data = NULL;
    Bytes->Size = 0;
    if (!File) {
        ReportFinding(Report, "cannot open %s: %s", Path, strerror(errno));
        return false;
    }
    if (fstat(fileno(File), &Status) || !S_ISREG(Status.st_mode)) {
        ReportFinding(Report, "%s is not a file", Path);
        goto cleanupFile;
    }
    if ((uint64_t)Status.st_size > FILE_MAX_SIZE) {
        ReportFinding(Report, "%s is larger than %u MiB", Path, FILE_MAX_SIZE >> 20);
        goto cleanupFile;
    }
    Bytes->Data = malloc((size_t)Status.st_size + 1);
    if (!Bytes->Data) {
        ReportFinding(Report, "out of memory reading %s", Path);
        goto cleanupFile;
    }
    Bytes->Size = fread(Bytes->Data, 1, (size_t)Status.st_size, File);
    Bytes->Data[Bytes->Size] = 0;
    if (Bytes->Size != (size_t)Status.st_size) {
        ReportFinding(Report, "cannot read %s", Path);
        FileFree(Bytes);
        goto cleanupFile;
    }
    Ok = true;

cleanupFile:
    fclose(File);
    return Ok;
}

void
FileFree(FILE_BYTES *Bytes)
{
    free(Bytes->Data);
    Bytes->Data = NULL;
    Bytes->Size = 0;
}

bool
FileWrite(const char *Path, const uint8_t *Data, size_t Size, REPORT *Report)
{
    size_t Length = strlen(Path) + 32;
    char *Temporary = malloc(Length);
    FILE *File;
    bool Ok;

    if (!Temporary) {
        ReportFinding(Report, "out of memory writing %s", Path);
        return false;
    }
    snprintf(Temporary, Length, "%s.new.%ld", Path, (long)getpid());
    File = fopen(Temporary, "wb");
    Ok = File != NULL;
    if (File) {
        Ok = fwrite(Data, 1, Size, File) == Size;
        Ok = fclose(File) == 0 && Ok;
        Ok = Ok && rename(Temporary, Path) == 0;
    }
    if (!Ok) {
        ReportFinding(Report, "cannot write %s: %s", Path, strerror(errno));
        unlink(Temporary);
    }
    free(Temporary);
    return Ok;
}

char *
FileJoin(const char *Folder, const char *Name)
{
    size_t Length = strlen(Folder) + strlen(Name) + 2;
    char *Path = malloc(Length);

    if (Path)
        snprintf(Path, Length, "%s%s%s", Folder, *Folder ? "/" : "", Name);
    return Path;
}

char *
FileFind(const char *Folder, const char *Name)
{
    DIR *Directory = opendir(*Folder ? Folder : ".");
    struct dirent *Entry;
    char *Path = NULL;

    if (!Directory)
        return NULL;
    while (!Path && (Entry = readdir(Directory)) != NULL)
        if (!strcasecmp(Entry->d_name, Name))
            Path = FileJoin(Folder, Entry->d_name);
    closedir(Directory);
    return Path;
}
