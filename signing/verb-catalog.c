/* SPDX-License-Identifier: MIT
 * sign-tool catalog: writes the unsigned catalog of a driver package. */
#include "catalog.h"
#include "file.h"
#include "package.h"
#include "verbs.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static bool
ParseIdentifier(const char *Text, uint8_t Identifier[16])
{
    for (unsigned Index = 0; Index < 16; ++Index) {
        unsigned Byte;

        if (strspn(Text + 2 * Index, "0123456789abcdefABCDEF") < 2 ||
            sscanf(Text + 2 * Index, "%2x", &Byte) != 1)
            return false;
        Identifier[Index] = (uint8_t)Byte;
    }
    return Text[32] == 0;
}

bool
VerbGetTime(time_t *Time)
{
    const char *Text = getenv("SOURCE_DATE_EPOCH");
    char *End;

    *Time = time(NULL);
    if (!Text || !*Text)
        return true;
    errno = 0;
    *Time = (time_t)strtoll(Text, &End, 10);
    if (!*End && !errno)
        return true;
    fprintf(stderr, "SOURCE_DATE_EPOCH is no number: %s\n", Text);
    return false;
}

static bool
MakeCatalog(const char *InfPath, const char *OutPath, time_t Time, const uint8_t *Identifier, REPORT *Report)
{
    static CATALOG Catalog;
    PACKAGE Package;
    uint8_t *Der = NULL;
    size_t Size;
    bool Ok = PackageLoad(&Package, InfPath, Report) &&
              CatalogDescribe(&Catalog, Package.InfName, Package.Files, Package.FileCount, Time, Identifier,
                              Report) &&
              CatalogEncode(&Catalog, &Der, &Size, Report) && FileWrite(OutPath, Der, Size, Report);

    OPENSSL_free(Der);
    PackageFree(&Package);
    return Ok;
}

int
VerbCatalog(int Count, char **Arguments)
{
    REPORT Report = {.Out = stderr};
    uint8_t Identifier[16];
    bool HasIdentifier = false;
    time_t Time;
    int Index = 1;

    if (!VerbGetTime(&Time))
        return 2;
    for (; Index + 1 < Count && !strcmp(Arguments[Index], "--identifier"); Index += 2) {
        HasIdentifier = ParseIdentifier(Arguments[Index + 1], Identifier);
        if (!HasIdentifier) {
            fprintf(stderr, "--identifier takes 32 hexadecimal digits\n");
            return 2;
        }
    }
    if (Count - Index != 2) {
        fprintf(stderr, "usage: sign-tool catalog [--identifier HEX] PACKAGE.inf OUT.cat\n");
        return 2;
    }
    Report.Subject = Arguments[Index];
    return MakeCatalog(Arguments[Index], Arguments[Index + 1], Time, HasIdentifier ? Identifier : NULL,
                       &Report)
               ? 0
               : 1;
}
