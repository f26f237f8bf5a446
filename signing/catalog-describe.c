/* SPDX-License-Identifier: MIT
 * What the catalog of a package should say: computed from its INF and its files, and the comparison with a
 * catalog that was read. */
#include "catalog.h"
#include "pe.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct
{
    unsigned System;
    uint16_t Machine;
    const char *Names;
} OsNames[] = {
    {INF_SYSTEM_7, PE_MACHINE_X86, "7X86"},
    {INF_SYSTEM_7, PE_MACHINE_AMD64, "7X64,Server2008R2X64"},
    {INF_SYSTEM_8, PE_MACHINE_X86, "8X86"},
    {INF_SYSTEM_8, PE_MACHINE_AMD64, "8X64,Server2012X64"},
    {INF_SYSTEM_8, PE_MACHINE_ARM, "8ARM"},
    {INF_SYSTEM_81, PE_MACHINE_X86, "_v63"},
    {INF_SYSTEM_81, PE_MACHINE_AMD64, "_v63_X64,_v63_Server_X64"},
    {INF_SYSTEM_81, PE_MACHINE_ARM, "_v63_ARM"},
    {INF_SYSTEM_10, PE_MACHINE_X86, "_v100"},
    {INF_SYSTEM_10, PE_MACHINE_AMD64, "_v100_X64,Server_v100_X64"},
    {INF_SYSTEM_10, PE_MACHINE_ARM64, "Server_v100_ARM64"},
    {INF_SYSTEM_10_RS5, PE_MACHINE_X86, "_v100_RS5"},
    {INF_SYSTEM_10_RS5, PE_MACHINE_AMD64, "_v100_X64_RS5,Server_v100_X64_RS5"},
    {INF_SYSTEM_10_RS5, PE_MACHINE_ARM64, "_v100_ARM64_RS5,Server_v100_ARM64_RS5"},
};

static const struct
{
    unsigned Systems;
    const char *Attribute;
} OsAttributes[] = {
    {INF_SYSTEM_7, "2:6.1"},
    {INF_SYSTEM_8, "2:6.2"},
    {INF_SYSTEM_81, "2:6.3"},
    {INF_SYSTEM_10 | INF_SYSTEM_10_RS5, "2:10.0"},
};

static void
AppendItem(char *Buffer, size_t Size, const char *Item)
{
    size_t Used = strlen(Buffer);

    snprintf(Buffer + Used, Size - Used, "%s%s", Used ? "," : "", Item);
}

static bool
AddExtension(CATALOG *Catalog, const char *Name, const char *Value, REPORT *Report)
{
    CATALOG_EXTENSION *Extension = &Catalog->Extensions[Catalog->ExtensionCount];

    if (Catalog->ExtensionCount == sizeof(Catalog->Extensions) / sizeof(Catalog->Extensions[0]) ||
        strlen(Value) >= sizeof(Extension->Value) || strlen(Name) >= sizeof(Extension->Name)) {
        ReportFinding(Report, "%s is too long for a catalog", Name);
        return false;
    }
    strcpy(Extension->Name, Name);
    strcpy(Extension->Value, Value);
    ++Catalog->ExtensionCount;
    return true;
}

static bool
AddExtensions(CATALOG *Catalog, const INF_PACKAGE *Package, REPORT *Report)
{
    char Text[512] = "";

    for (size_t Index = 0; Index < sizeof(OsNames) / sizeof(OsNames[0]); ++Index)
        if ((OsNames[Index].System & Package->Systems) && OsNames[Index].Machine == Package->Machine)
            AppendItem(Text, sizeof(Text), OsNames[Index].Names);
    if (!*Text) {
        ReportFinding(Report, "no system that the INF serves has a name in catalogs");
        return false;
    }
    if (!AddExtension(Catalog, "OS", Text, Report))
        return false;
    for (unsigned Index = Package->HardwareIdCount; Index > 0; --Index) {
        snprintf(Text, sizeof(Text), "HWID%u", Index);
        if (!AddExtension(Catalog, Text, Package->HardwareIds[Index - 1], Report))
            return false;
    }
    return true;
}

/* The hash of a member: Authenticode for an image, plain for everything else. */
static bool
HashFile(const PACKAGE_FILE *File, const PE_IMAGE *Image, const EVP_MD *Md, uint8_t Digest[EVP_MAX_MD_SIZE])
{
    unsigned Size;

    return Image ? PeHash(Image, Md, Digest, &Size)
                 : EVP_Digest(File->Data, File->Size, Digest, &Size, Md, NULL) == 1;
}

static void
SetTextTag(CATALOG_MEMBER *Member, const uint8_t Digest[SHA_DIGEST_LENGTH])
{
    static const char Hex[] = "0123456789ABCDEF";

    memset(Member->Tag, 0, sizeof(Member->Tag));
    for (size_t Index = 0; Index < SHA_DIGEST_LENGTH; ++Index) {
        Member->Tag[4 * Index] = (uint8_t)Hex[Digest[Index] >> 4];
        Member->Tag[4 * Index + 2] = (uint8_t)Hex[Digest[Index] & 15];
    }
    Member->TagSize = 4 * SHA_DIGEST_LENGTH + 2;
}

static bool
AddMember(CATALOG *Catalog, const PACKAGE_FILE *File, const PE_IMAGE *Image, const char *OsAttribute,
          bool Sha256, REPORT *Report)
{
    CATALOG_MEMBER *Member = &Catalog->Members[Catalog->MemberCount];
    uint8_t Digest[EVP_MAX_MD_SIZE];
    size_t Size = Sha256 ? SHA256_DIGEST_LENGTH : SHA_DIGEST_LENGTH;

    if (Catalog->MemberCount == CATALOG_MAX_MEMBERS || strlen(File->Name) >= sizeof(Member->File)) {
        ReportFinding(Report, "too many files, or a name too long");
        return false;
    }
    if (!HashFile(File, Image, Sha256 ? EVP_sha256() : EVP_sha1(), Digest)) {
        ReportFinding(Report, "%s cannot be hashed", File->Name);
        return false;
    }
    memset(Member, 0, sizeof(*Member));
    for (size_t Index = 0; File->Name[Index]; ++Index)
        Member->File[Index] =
            (char)(File->Name[Index] >= 'A' && File->Name[Index] <= 'Z' ? File->Name[Index] + 32
                                                                        : File->Name[Index]);
    strcpy(Member->OsAttribute, OsAttribute);
    Member->Info = Image ? CATALOG_KIND_PE : CATALOG_KIND_FLAT;
    if (Catalog->Version == 1) {
        SetTextTag(Member, Digest);
    } else {
        memcpy(Member->Tag, Digest, Size);
        Member->TagSize = Size;
    }
    /* Version 2 names the SHA-1 without vouching for it. */
    if (Catalog->Version == 1 || Sha256) {
        Member->Indirect = Member->Info;
        memcpy(Member->Digest, Digest, Size);
        Member->DigestSize = Size;
    }
    ++Catalog->MemberCount;
    return true;
}

static const PACKAGE_FILE *
FindFile(const PACKAGE_FILE *Files, unsigned Count, const char *Name)
{
    for (unsigned Index = 0; Index < Count; ++Index)
        if (!strcasecmp(Files[Index].Name, Name))
            return &Files[Index];
    return NULL;
}

static bool
AddFile(CATALOG *Catalog, const PACKAGE_FILE *File, const INF_PACKAGE *Package, const char *OsAttribute,
        REPORT *Report)
{
    PE_IMAGE Image;
    const char *Error;
    bool IsImage = File->Size >= 2 && File->Data[0] == 'M' && File->Data[1] == 'Z';

    if (IsImage && !PeOpen(&Image, File->Data, File->Size, &Error)) {
        ReportFinding(Report, "%s: %s", File->Name, Error);
        return false;
    }
    if (IsImage && Image.Machine != Package->Machine) {
        ReportFinding(Report, "%s is for %s, the INF for %s", File->Name,
                      PeMachineName(Image.Machine) ? PeMachineName(Image.Machine) : "an unknown machine",
                      PeMachineName(Package->Machine));
        return false;
    }
    return (Catalog->Version == 1 ||
            AddMember(Catalog, File, IsImage ? &Image : NULL, OsAttribute, true, Report)) &&
           AddMember(Catalog, File, IsImage ? &Image : NULL, OsAttribute, false, Report);
}

/* DER's order of octet strings of any length: by encoding, so a shorter one comes first. */
static int
CompareMembers(const void *A, const void *B)
{
    const CATALOG_MEMBER *First = A, *Second = B;
    size_t Size = First->TagSize < Second->TagSize ? First->TagSize : Second->TagSize;
    int Order = memcmp(First->Tag, Second->Tag, Size);

    return Order ? Order : First->TagSize < Second->TagSize ? -1 : First->TagSize > Second->TagSize;
}

static bool
DeriveIdentifier(CATALOG *Catalog, REPORT *Report)
{
    uint8_t Digest[SHA256_DIGEST_LENGTH], *Der;
    size_t Size;

    if (!CatalogEncode(Catalog, &Der, &Size, Report))
        return false;
    SHA256(Der, Size, Digest);
    OPENSSL_free(Der);
    memcpy(Catalog->ListIdentifier, Digest, sizeof(Catalog->ListIdentifier));
    return true;
}

bool
CatalogDescribe(CATALOG *Catalog, const char *InfName, const PACKAGE_FILE *Files, unsigned FileCount,
                time_t Time, const uint8_t *ListIdentifier, REPORT *Report)
{
    const PACKAGE_FILE *File = FindFile(Files, FileCount, InfName);
    INF_PACKAGE Package = {0};
    char OsAttribute[64] = "";
    bool Ok = false;
    INF *Inf;

    memset(Catalog, 0, sizeof(*Catalog));
    Catalog->Time = Time;
    if (!File) {
        ReportFinding(Report, "%s is missing", InfName);
        return false;
    }
    Inf = InfOpen(File->Data, File->Size, Report);
    if (!Inf)
        return false;
    if (!InfReadPackage(Inf, &Package, Report))
        goto cleanupPackage;
    for (size_t Index = 0; Index < sizeof(OsAttributes) / sizeof(OsAttributes[0]); ++Index)
        if (OsAttributes[Index].Systems & Package.Systems)
            AppendItem(OsAttribute, sizeof(OsAttribute), OsAttributes[Index].Attribute);
    Catalog->Version = Package.Systems & INF_SYSTEM_7 ? 1 : 2;
    if (!AddExtensions(Catalog, &Package, Report) || !AddFile(Catalog, File, &Package, OsAttribute, Report))
        goto cleanupPackage;
    for (unsigned Index = 0; Index < Package.FileCount; ++Index) {
        if (!strcasecmp(Package.Files[Index], InfName))
            continue;
        File = FindFile(Files, FileCount, Package.Files[Index]);
        if (!File) {
            ReportFinding(Report, "the INF names %s, which is missing", Package.Files[Index]);
            goto cleanupPackage;
        }
        if (!AddFile(Catalog, File, &Package, OsAttribute, Report))
            goto cleanupPackage;
    }
    qsort(Catalog->Members, Catalog->MemberCount, sizeof(Catalog->Members[0]), CompareMembers);
    Ok = true;
    if (ListIdentifier)
        memcpy(Catalog->ListIdentifier, ListIdentifier, sizeof(Catalog->ListIdentifier));
    else
        Ok = DeriveIdentifier(Catalog, Report);

cleanupPackage:
    InfFreePackage(&Package);
    InfClose(Inf);
    return Ok;
}

static void
CompareMember(const CATALOG_MEMBER *Expected, const CATALOG_MEMBER *Actual, REPORT *Report)
{
    if (strcmp(Expected->File, Actual->File))
        ReportFinding(Report, "the member of %s is named '%s'", Expected->File, Actual->File);
    if (strcmp(Expected->OsAttribute, Actual->OsAttribute))
        ReportFinding(Report, "%s: the system attribute is '%s' and should be '%s'", Expected->File,
                      Actual->OsAttribute, Expected->OsAttribute);
    if (Expected->Info != Actual->Info)
        ReportFinding(Report, "%s: the member info says it is %s image", Expected->File,
                      Actual->Info == CATALOG_KIND_PE ? "an" : "no");
    if (Expected->Indirect != Actual->Indirect)
        ReportFinding(Report, "%s: the hash is given for another kind of file", Expected->File);
    else if (Expected->DigestSize != Actual->DigestSize ||
             memcmp(Expected->Digest, Actual->Digest, Expected->DigestSize))
        ReportFinding(Report, "%s: the hash in the catalog is not that of the file", Expected->File);
}

static const CATALOG_MEMBER *
FindMember(const CATALOG *Catalog, const CATALOG_MEMBER *Like)
{
    for (unsigned Index = 0; Index < Catalog->MemberCount; ++Index)
        if (!CompareMembers(&Catalog->Members[Index], Like))
            return &Catalog->Members[Index];
    return NULL;
}

void
CatalogCompare(const CATALOG *Expected, const CATALOG *Actual, REPORT *Report)
{
    if (Expected->Version != Actual->Version)
        ReportFinding(Report, "the catalog is of version %u, the package asks for version %u",
                      Actual->Version, Expected->Version);
    for (unsigned Index = 0; Index < Expected->MemberCount; ++Index) {
        const CATALOG_MEMBER *Member = FindMember(Actual, &Expected->Members[Index]);

        if (Member)
            CompareMember(&Expected->Members[Index], Member, Report);
        else
            ReportFinding(Report, "%s is not in the catalog with the hash that it has (%s)",
                          Expected->Members[Index].File,
                          Expected->Members[Index].TagSize == SHA256_DIGEST_LENGTH ? "SHA-256" : "SHA-1");
    }
    for (unsigned Index = 0; Index < Actual->MemberCount; ++Index)
        if (!FindMember(Expected, &Actual->Members[Index]))
            ReportFinding(Report, "the catalog lists '%s' with a hash that no file of the package has",
                          Actual->Members[Index].File);
    for (unsigned Index = 0; Index < Expected->ExtensionCount || Index < Actual->ExtensionCount; ++Index) {
        const CATALOG_EXTENSION *Should = &Expected->Extensions[Index], *Is = &Actual->Extensions[Index];

        if (Index >= Actual->ExtensionCount)
            ReportFinding(Report, "the catalog lacks %s = '%s'", Should->Name, Should->Value);
        else if (Index >= Expected->ExtensionCount)
            ReportFinding(Report, "the catalog has %s = '%s', which the INF does not", Is->Name, Is->Value);
        else if (strcmp(Should->Name, Is->Name) || strcmp(Should->Value, Is->Value))
            ReportFinding(Report, "the catalog says %s = '%s', the INF %s = '%s'", Is->Name, Is->Value,
                          Should->Name, Should->Value);
    }
}
