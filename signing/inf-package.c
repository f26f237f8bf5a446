/* SPDX-License-Identifier: MIT
 * From an INF to a package: which files, which hardware ids, which machine, which systems. */
#include "inf.h"
#include "pe.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_LIST 64

typedef struct
{
    uint16_t Machine;
    unsigned Major, Minor, Build;
    const INF_SECTION *Models; /* NULL or without lines: not supported from this system on */
} DECORATION;

static const struct
{
    unsigned System, Major, Minor, Build;
} KnownSystems[] = {
    {INF_SYSTEM_7, 6, 1, 7601},
    {INF_SYSTEM_8, 6, 2, 9200},
    {INF_SYSTEM_81, 6, 3, 9600},
    {INF_SYSTEM_10, 10, 0, 17762},
    {INF_SYSTEM_10_RS5, 10, 0, 0xffffffff},
};

/* Adds a lower-case copy unless the list has it already. */
static bool
AddUnique(char ***List, unsigned *Count, const char *Text)
{
    char *Copy, **Grown;

    for (unsigned Index = 0; Index < *Count; ++Index)
        if (!strcasecmp((*List)[Index], Text))
            return true;
    if (*Count == MAX_LIST)
        return false;
    Copy = strdup(Text);
    Grown = Copy ? realloc(*List, (*Count + 1) * sizeof(*Grown)) : NULL;
    if (!Grown) {
        free(Copy);
        return false;
    }
    for (char *At = Copy; *At; ++At)
        *At = (char)tolower((unsigned char)*At);
    *List = Grown;
    Grown[(*Count)++] = Copy;
    return true;
}

/* "NTamd64.10.0...16299": architecture, major, minor, product type, suite mask, build. */
static bool
ParseDecoration(const char *Text, DECORATION *Decoration)
{
    static const struct
    {
        const char *Name;
        uint16_t Machine;
    } Machines[] = {{"ntx86", PE_MACHINE_X86},
                    {"ntamd64", PE_MACHINE_AMD64},
                    {"ntarm64", PE_MACHINE_ARM64},
                    {"ntarm", PE_MACHINE_ARM}};
    unsigned long Fields[5] = {0};
    size_t Length = strcspn(Text, ".");

    memset(Decoration, 0, sizeof(*Decoration));
    for (size_t Index = 0; Index < 4; ++Index)
        if (strlen(Machines[Index].Name) == Length && !strncasecmp(Text, Machines[Index].Name, Length))
            Decoration->Machine = Machines[Index].Machine;
    if (!Decoration->Machine)
        return false;
    Text += Length;
    for (unsigned Field = 0; *Text == '.'; ++Field) {
        char *End = (char *)++Text;

        if (Field == 5)
            return false;
        if (isdigit((unsigned char)*Text))
            Fields[Field] = strtoul(Text, &End, 10);
        if (Fields[Field] > 0xfffffff)
            return false;
        Text = End;
    }
    Decoration->Major = (unsigned)Fields[0];
    Decoration->Minor = (unsigned)Fields[1];
    Decoration->Build = (unsigned)Fields[4];
    return !*Text;
}

static int
CompareVersion(unsigned MajorA, unsigned MinorA, unsigned BuildA, const DECORATION *B)
{
    if (MajorA != B->Major)
        return MajorA < B->Major ? -1 : 1;
    if (MinorA != B->Minor)
        return MinorA < B->Minor ? -1 : 1;
    return BuildA == B->Build ? 0 : BuildA < B->Build ? -1 : 1;
}

static bool
AddHardwareIds(const INF_SECTION *Models, INF_PACKAGE *Package)
{
    for (unsigned Line = 0; Models && Line < Models->Count; ++Line)
        for (unsigned Value = 1; Value < Models->Lines[Line].Count; ++Value)
            if (*Models->Lines[Line].Values[Value] &&
                !AddUnique(&Package->HardwareIds, &Package->HardwareIdCount,
                           Models->Lines[Line].Values[Value]))
                return false;
    return true;
}

static unsigned
FindSystems(const DECORATION *Decorations, unsigned Count, uint16_t Machine)
{
    unsigned Systems = 0;

    for (size_t System = 0; System < sizeof(KnownSystems) / sizeof(KnownSystems[0]); ++System) {
        const DECORATION *Best = NULL;

        for (unsigned Index = 0; Index < Count; ++Index)
            if (CompareVersion(KnownSystems[System].Major, KnownSystems[System].Minor,
                               KnownSystems[System].Build, &Decorations[Index]) >= 0 &&
                (!Best || CompareVersion(Decorations[Index].Major, Decorations[Index].Minor,
                                         Decorations[Index].Build, Best) > 0))
                Best = &Decorations[Index];
        if (!Best || !Best->Models || !Best->Models->Count)
            continue;
        if (KnownSystems[System].System == INF_SYSTEM_10_RS5 && Machine != PE_MACHINE_ARM64 &&
            Best->Build < 17763)
            continue;
        Systems |= KnownSystems[System].System;
    }
    /* No Windows before 8 ran on arm, none before 10 on arm64. */
    if (Machine == PE_MACHINE_ARM)
        Systems &= ~INF_SYSTEM_7;
    if (Machine == PE_MACHINE_ARM64)
        Systems &= INF_SYSTEM_10 | INF_SYSTEM_10_RS5;
    return Systems;
}

static bool
ReadModels(const INF *Inf, INF_PACKAGE *Package, REPORT *Report)
{
    const INF_SECTION *Manufacturer = InfFindSection(Inf, "Manufacturer");
    DECORATION Decorations[32];
    unsigned Count = 0;
    char Name[256];

    if (!Manufacturer || Manufacturer->Count != 1 || !Manufacturer->Lines[0].Key) {
        ReportFinding(Report, "[Manufacturer] should name one manufacturer");
        return false;
    }
    for (unsigned Value = 1; Value < Manufacturer->Lines[0].Count; ++Value) {
        const char *Text = Manufacturer->Lines[0].Values[Value];

        if (Count == 32 || !ParseDecoration(Text, &Decorations[Count])) {
            ReportFinding(Report, "[Manufacturer] has the decoration '%s', which is not understood", Text);
            return false;
        }
        snprintf(Name, sizeof(Name), "%s.%s", Manufacturer->Lines[0].Values[0], Text);
        Decorations[Count].Models = InfFindSection(Inf, Name);
        if (Package->Machine && Package->Machine != Decorations[Count].Machine) {
            ReportFinding(Report, "the INF serves more than one architecture");
            return false;
        }
        Package->Machine = Decorations[Count].Machine;
        if (!AddHardwareIds(Decorations[Count++].Models, Package)) {
            ReportFinding(Report, "more than %u hardware ids", MAX_LIST);
            return false;
        }
    }
    Package->Systems = FindSystems(Decorations, Count, Package->Machine);
    if (!Package->Systems)
        ReportFinding(Report, "the INF serves no system that is known here");
    else if (!Package->HardwareIdCount)
        ReportFinding(Report, "the INF names no hardware id");
    return Package->Systems && Package->HardwareIdCount;
}

static bool
IsPlainName(const char *Name)
{
    return *Name && *Name != '.' && !strpbrk(Name, "/\\:") && strlen(Name) < 128;
}

static bool
ReadFiles(const INF *Inf, INF_PACKAGE *Package, REPORT *Report)
{
    char Name[64];
    const INF_SECTION *Section;

    for (unsigned Pass = 0; Pass < 2; ++Pass) {
        snprintf(Name, sizeof(Name), "SourceDisksFiles%s%s", Pass ? "." : "",
                 Pass ? PeMachineName(Package->Machine) : "");
        Section = InfFindSection(Inf, Name);
        for (unsigned Line = 0; Section && Line < Section->Count; ++Line) {
            const char *File = Section->Lines[Line].Key;

            if (!File || !IsPlainName(File)) {
                ReportFinding(Report, "[%s] names a file that is no plain name", Name);
                return false;
            }
            if (!AddUnique(&Package->Files, &Package->FileCount, File)) {
                ReportFinding(Report, "more than %u files", MAX_LIST);
                return false;
            }
        }
    }
    if (!Package->FileCount)
        ReportFinding(Report, "[SourceDisksFiles] names no file");
    return Package->FileCount != 0;
}

static bool
ReadVersion(const INF *Inf, INF_PACKAGE *Package, REPORT *Report)
{
    const INF_SECTION *Version = InfFindSection(Inf, "Version");
    char Key[64];
    const char *Catalog;

    if (!Version) {
        ReportFinding(Report, "there is no [Version] section");
        return false;
    }
    snprintf(Key, sizeof(Key), "CatalogFile.NT%s", PeMachineName(Package->Machine));
    Catalog = InfFindValue(Version, Key);
    if (!Catalog)
        Catalog = InfFindValue(Version, "CatalogFile.NT");
    if (!Catalog)
        Catalog = InfFindValue(Version, "CatalogFile");
    if (!Catalog || !IsPlainName(Catalog)) {
        ReportFinding(Report, "[Version] names no catalog");
        return false;
    }
    Package->CatalogName = strdup(Catalog);
    for (unsigned Line = 0; Line < Version->Count; ++Line)
        if (Version->Lines[Line].Key && !strcasecmp(Version->Lines[Line].Key, "DriverVer") &&
            Version->Lines[Line].Count >= 2 && !Package->DriverDate) {
            Package->DriverDate = strdup(Version->Lines[Line].Values[0]);
            Package->DriverVersion = strdup(Version->Lines[Line].Values[1]);
        }
    if (!Package->DriverDate || !Package->DriverVersion)
        ReportFinding(Report, "[Version] has no DriverVer with date and version");
    return Package->CatalogName && Package->DriverDate && Package->DriverVersion;
}

bool
InfReadPackage(const INF *Inf, INF_PACKAGE *Package, REPORT *Report)
{
    memset(Package, 0, sizeof(*Package));
    return ReadModels(Inf, Package, Report) && ReadVersion(Inf, Package, Report) &&
           ReadFiles(Inf, Package, Report);
}

void
InfFreePackage(INF_PACKAGE *Package)
{
    for (unsigned Index = 0; Index < Package->FileCount; ++Index)
        free(Package->Files[Index]);
    for (unsigned Index = 0; Index < Package->HardwareIdCount; ++Index)
        free(Package->HardwareIds[Index]);
    free(Package->Files);
    free(Package->HardwareIds);
    free(Package->CatalogName);
    free(Package->DriverDate);
    free(Package->DriverVersion);
    memset(Package, 0, sizeof(*Package));
}
