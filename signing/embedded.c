/* SPDX-License-Identifier: MIT
 * Driver packages out of a DLL's RCDATA resources. The resources have numbers and no names, so what each is
 * shows from its content, and its name is what the INF says. */
#include "verify.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_RESOURCES  64
#define MAX_INF_SEARCH (256u << 10) /* no INF is larger */

typedef enum
{
    CONTENT_OTHER,
    CONTENT_DRIVER,
    CONTENT_IMAGE,
    CONTENT_INF,
    CONTENT_CATALOG
} CONTENT;

typedef struct
{
    PE_RESOURCE Items[MAX_RESOURCES];
    unsigned Count;
    bool TooMany;
} RESOURCE_LIST;

static CONTENT
GuessContent(const PE_RESOURCE *Resource)
{
    PE_IMAGE Image;
    const char *Error;

    if (Resource->Size >= 2 && Resource->Data[0] == 'M' && Resource->Data[1] == 'Z')
        return PeOpen(&Image, Resource->Data, Resource->Size, &Error) &&
                       Image.Subsystem == PE_SUBSYSTEM_NATIVE
                   ? CONTENT_DRIVER
                   : CONTENT_IMAGE;
    if (Resource->Size >= 2 && Resource->Data[0] == 0x30 && Resource->Data[1] >= 0x80)
        return CONTENT_CATALOG;
    for (size_t Index = 0; Index + 9 <= Resource->Size && Index < MAX_INF_SEARCH; ++Index)
        if (!strncasecmp((const char *)Resource->Data + Index, "[version]", 9))
            return CONTENT_INF;
    return CONTENT_OTHER;
}

static bool
CollectResource(void *Context, const PE_RESOURCE *Resource)
{
    RESOURCE_LIST *List = Context;

    if (Resource->Type != PE_RT_RCDATA)
        return true;
    if (List->Count == MAX_RESOURCES) {
        List->TooMany = true;
        return false;
    }
    List->Items[List->Count++] = *Resource;
    return true;
}

static bool
Collect(RESOURCE_LIST *List, const PE_IMAGE *Image, REPORT *Report)
{
    memset(List, 0, sizeof(*List));
    if (!PeWalkResources(Image, CollectResource, List)) {
        ReportFinding(Report, "the resources are malformed");
        return false;
    }
    if (List->TooMany)
        ReportFinding(Report, "more than %u raw resources", MAX_RESOURCES);
    return !List->TooMany;
}

/* Gives the parts of a package the names that its INF uses, then reads it. */
static bool
FinishPackage(EMBEDDED *Embedded, REPORT *Report)
{
    INF_PACKAGE Description = {0};
    INF *Inf = NULL;
    PACKAGE_FILE *Part[3] = {NULL};
    const char *CatalogDot;
    bool Ok = false;

    for (unsigned Index = 0; Index < Embedded->FileCount; ++Index)
        Part[Embedded->Files[Index].Name[0] - '0'] = &Embedded->Files[Index];
    if (!Part[1]) {
        ReportFinding(Report, "a driver in the resources has no INF");
        return false;
    }
    Inf = InfOpen(Part[1]->Data, Part[1]->Size, Report);
    if (Inf && InfReadPackage(Inf, &Description, Report)) {
        CatalogDot = strrchr(Description.CatalogName, '.');
        snprintf(Embedded->InfName, sizeof(Embedded->InfName), "%.*s.inf",
                 (int)(CatalogDot ? CatalogDot - Description.CatalogName : 60), Description.CatalogName);
        snprintf(Embedded->SysName, sizeof(Embedded->SysName), "%.79s", Description.Files[0]);
        Ok = Description.FileCount == 1;
        if (!Ok)
            ReportFinding(Report, "a package in the resources consists of more files than are carried");
    }
    if (Ok) {
        Part[0]->Name = Embedded->SysName;
        Part[1]->Name = Embedded->InfName;
        if (Part[2])
            Part[2]->Name = Description.CatalogName;
        Ok = PackageAssemble(&Embedded->Package, Embedded->InfName, Embedded->Files, Embedded->FileCount,
                             Report);
        /* The assembled package owns its own copy of that name. */
        Embedded->Package.Catalog.Name = Embedded->Package.CatalogName;
        if (Part[2])
            Part[2]->Name = Embedded->Package.CatalogName;
    }
    InfFreePackage(&Description);
    InfClose(Inf);
    return Ok;
}

bool
EmbeddedLoad(EMBEDDED Packages[EMBEDDED_MAX], unsigned *Count, const PE_IMAGE *Image, REPORT *Report)
{
    static const char *const Roles[] = {"0", "1", "2"};
    static RESOURCE_LIST List;
    EMBEDDED *Current = NULL;
    bool Ok = Collect(&List, Image, Report);

    *Count = 0;
    for (unsigned Index = 0; Ok && Index < List.Count; ++Index) {
        CONTENT Content = GuessContent(&List.Items[Index]);
        unsigned Role = Content == CONTENT_DRIVER    ? 0
                        : Content == CONTENT_INF     ? 1
                        : Content == CONTENT_CATALOG ? 2
                                                     : 3;
        PACKAGE_FILE File = {Roles[Role % 3], List.Items[Index].Data, List.Items[Index].Size};

        if (Role == 3)
            continue;
        if (Role == 0 && *Count < EMBEDDED_MAX) {
            Current = &Packages[(*Count)++];
            memset(Current, 0, sizeof(*Current));
        }
        if (!Current || Current->FileCount != Role) {
            ReportFinding(Report, "the raw resources are in no order of driver, INF, catalog");
            Ok = false;
        } else {
            Current->Files[Current->FileCount++] = File;
        }
    }
    for (unsigned Index = 0; Ok && Index < *Count; ++Index)
        Ok = FinishPackage(&Packages[Index], Report);
    return Ok;
}

void
EmbeddedWalkImages(const PE_IMAGE *Image, REPORT *Report,
                   void (*Callback)(void *Context, const PE_RESOURCE *Resource), void *Context)
{
    RESOURCE_LIST *List = malloc(sizeof(*List));

    if (List && Collect(List, Image, Report))
        for (unsigned Index = 0; Index < List->Count; ++Index)
            if (GuessContent(&List->Items[Index]) == CONTENT_IMAGE)
                Callback(Context, &List->Items[Index]);
    free(List);
}
