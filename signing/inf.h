/* SPDX-License-Identifier: MIT
 * Reader of .inf files, and what a catalog has to know of one: files, hardware ids, target systems. */
#ifndef SIGNING_INF_H
#define SIGNING_INF_H

#include "report.h"

#include <stddef.h>
#include <stdint.h>

typedef struct
{
    char *Key;     /* left of '=', or NULL for a line without one */
    char **Values; /* comma separated, quotes removed, %strings% substituted */
    unsigned Count;
} INF_LINE;

typedef struct
{
    char *Name;
    INF_LINE *Lines;
    unsigned Count;
} INF_SECTION;

typedef struct
{
    INF_SECTION *Sections; /* sections of one name are merged; names compare without regard to case */
    unsigned Count;
} INF;

/* Parses text in ASCII, UTF-8 or UTF-16LE (by byte order mark). NULL with a finding when it is malformed. */
INF *InfOpen(const uint8_t *Data, size_t Size, REPORT *Report);

void InfClose(INF *Inf);

const INF_SECTION *InfFindSection(const INF *Inf, const char *Name);

/* The first value of the first line with that key, or NULL. */
const char *InfFindValue(const INF_SECTION *Section, const char *Key);

/* Systems that a package can serve, oldest first. */
#define INF_SYSTEM_7      0x01u
#define INF_SYSTEM_8      0x02u
#define INF_SYSTEM_81     0x04u
#define INF_SYSTEM_10     0x08u /* any build below 17763 */
#define INF_SYSTEM_10_RS5 0x10u /* named of its own: see InfReadPackage */

typedef struct
{
    char *CatalogName;
    char *DriverDate, *DriverVersion;
    char **Files; /* lower case, in the order of the INF; without the INF itself */
    unsigned FileCount;
    char **HardwareIds; /* lower case, in the order of the INF, each once */
    unsigned HardwareIdCount;
    uint16_t Machine; /* PE machine; a package here serves one architecture */
    unsigned Systems; /* INF_SYSTEM_ bits */
} INF_PACKAGE;

/* Derives the package. Target systems follow from the decorations under [Manufacturer]: the newest decoration
 * that a system satisfies decides, an empty models section says "not here". The 10_RS5 target joins for
 * arm64, whose clients have no older name, and for INFs that ask for build 17763 or later. False with
 * findings; the package is to be freed either way. */
bool InfReadPackage(const INF *Inf, INF_PACKAGE *Package, REPORT *Report);

void InfFreePackage(INF_PACKAGE *Package);

#endif
