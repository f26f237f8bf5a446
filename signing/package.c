/* SPDX-License-Identifier: MIT */
#include "package.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where PackageRead gets files from: a folder, or an array. */
typedef struct
{
    const char *Folder;
    const PACKAGE_FILE *Files;
    unsigned Count;
} PACKAGE_SOURCE;

/* Finds a file by name. True with File->Data NULL when it is not there; false with a finding when it is
 * unreadable. */
static bool
FetchFile(PACKAGE *Package, const PACKAGE_SOURCE *Source, const char *Name, PACKAGE_FILE *File,
          REPORT *Report)
{
    FILE_BYTES *Bytes = &Package->Loaded[Package->LoadedCount];
    char *Path, *Copy;
    bool Ok;

    memset(File, 0, sizeof(*File));
    for (unsigned Index = 0; Index < Source->Count; ++Index)
        if (!strcasecmp(Source->Files[Index].Name, Name))
            *File = Source->Files[Index];
    if (!Source->Folder)
        return true;
    Path = FileFind(Source->Folder, Name);
    if (!Path)
        return true;
    Copy = strdup(Name);
    Ok = Copy && FileRead(Path, Bytes, Report);
    free(Path);
    if (!Ok) {
        free(Copy);
        return false;
    }
    Package->LoadedNames[Package->LoadedCount++] = Copy;
    File->Name = Copy;
    File->Data = Bytes->Data;
    File->Size = Bytes->Size;
    return true;
}

static bool
ReadPackage(PACKAGE *Package, const PACKAGE_SOURCE *Source, const char *InfName, REPORT *Report)
{
    INF_PACKAGE Description = {0};
    PACKAGE_FILE File;
    INF *Inf = NULL;
    bool Ok;

    memset(Package, 0, sizeof(*Package));
    if (!FetchFile(Package, Source, InfName, &File, Report))
        return false;
    if (!File.Data) {
        ReportFinding(Report, "%s is missing", InfName);
        return false;
    }
    Package->InfName = File.Name;
    Package->Files[Package->FileCount++] = File;
    Inf = InfOpen(File.Data, File.Size, Report);
    Ok = Inf && InfReadPackage(Inf, &Description, Report);
    for (unsigned Index = 0; Ok && Index < Description.FileCount; ++Index) {
        Ok = FetchFile(Package, Source, Description.Files[Index], &File, Report);
        if (Ok && File.Data)
            Package->Files[Package->FileCount++] = File;
    }
    Ok = Ok && FetchFile(Package, Source, Description.CatalogName, &Package->Catalog, Report);
    if (Ok) {
        Package->Machine = Description.Machine;
        Package->CatalogName = Description.CatalogName;
        Package->DriverDate = Description.DriverDate;
        Package->DriverVersion = Description.DriverVersion;
        Description.CatalogName = Description.DriverDate = Description.DriverVersion = NULL;
    }
    InfFreePackage(&Description);
    InfClose(Inf);
    return Ok;
}

bool
PackageLoad(PACKAGE *Package, const char *InfPath, REPORT *Report)
{
    const char *Slash = strrchr(InfPath, '/');
    PACKAGE_SOURCE Source = {0};
    char *Folder = Slash ? strndup(InfPath, (size_t)(Slash - InfPath) + (Slash == InfPath)) : strdup(".");
    bool Ok;

    memset(Package, 0, sizeof(*Package));
    if (!Folder)
        return false;
    Source.Folder = Folder;
    Ok = ReadPackage(Package, &Source, Slash ? Slash + 1 : InfPath, Report);
    free(Folder);
    return Ok;
}

bool
PackageAssemble(PACKAGE *Package, const char *InfName, const PACKAGE_FILE *Files, unsigned Count,
                REPORT *Report)
{
    PACKAGE_SOURCE Source = {.Files = Files, .Count = Count};

    return ReadPackage(Package, &Source, InfName, Report);
}

void
PackageFree(PACKAGE *Package)
{
    for (unsigned Index = 0; Index < Package->LoadedCount; ++Index) {
        FileFree(&Package->Loaded[Index]);
        free(Package->LoadedNames[Index]);
    }
    free(Package->CatalogName);
    free(Package->DriverDate);
    free(Package->DriverVersion);
    memset(Package, 0, sizeof(*Package));
}
