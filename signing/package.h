/* SPDX-License-Identifier: MIT
 * A driver package in memory, from a folder or put together from the resources of a DLL. */
#ifndef SIGNING_PACKAGE_H
#define SIGNING_PACKAGE_H

#include "catalog.h"
#include "file.h"

#define PACKAGE_MAX_FILES 66

typedef struct
{
    const char *InfName;
    PACKAGE_FILE
    Files[PACKAGE_MAX_FILES]; /* the INF and what it names, as far as it is there; not the catalog */
    unsigned FileCount;
    PACKAGE_FILE Catalog; /* Data NULL when there is none */
    char *CatalogName;    /* as the INF gives it */
    char *DriverDate, *DriverVersion;
    uint16_t Machine;
    FILE_BYTES Loaded[PACKAGE_MAX_FILES + 1]; /* what PackageFree frees, with the names */
    char *LoadedNames[PACKAGE_MAX_FILES + 1];
    unsigned LoadedCount;
} PACKAGE;

/* Loads an INF and, from its folder, the files that it names and its catalog. A file that is missing is left
 * out; CatalogDescribe reports it. False with findings; PackageFree is due either way. */
bool PackageLoad(PACKAGE *Package, const char *InfPath, REPORT *Report);

/* The same from files in memory, which stay the caller's. */
bool PackageAssemble(PACKAGE *Package, const char *InfName, const PACKAGE_FILE *Files, unsigned Count,
                     REPORT *Report);

void PackageFree(PACKAGE *Package);

#endif
