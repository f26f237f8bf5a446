/* SPDX-License-Identifier: MIT */
#include "verify.h"
#include "container.h"

#include <dirent.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static REPORT
BeginReport(const VERIFY *Verify, const char *Subject)
{
    return (REPORT){.Out = Verify->Out, .Subject = Subject, .Quiet = Verify->Quiet};
}

static void
EndReport(VERIFY *Verify, const REPORT *Report)
{
    Verify->Findings += Report->Findings;
}

/* Everything of a release carries one version. */
static void
CheckVersion(VERIFY *Verify, const char *Text, REPORT *Report)
{
    if (!Verify->Version && !*Verify->Found)
        snprintf(Verify->Found, sizeof(Verify->Found), "%s", Text);
    if (strcmp(Verify->Version ? Verify->Version : Verify->Found, Text))
        ReportFinding(Report, "carries version %s and not %s", Text,
                      Verify->Version ? Verify->Version : Verify->Found);
}

static void
CheckVersionResource(VERIFY *Verify, const PE_IMAGE *Image, REPORT *Report)
{
    PE_VERSION Version;
    char Text[64];

    if (!PeGetVersion(Image, &Version)) {
        ReportFinding(Report, "has no version resource");
        return;
    }
    snprintf(Text, sizeof(Text), "%u.%u.%u", Version.File[0], Version.File[1], Version.File[2]);
    CheckVersion(Verify, Text, Report);
    if (memcmp(Version.File, Version.Product, sizeof(Version.File)))
        ReportFinding(Report, "file version and product version differ");
    if (!*Version.CompanyName || !*Version.ProductName || !*Version.FileDescription)
        ReportFinding(Report, "the version resource lacks company, product or description");
}

static void
CheckImage(VERIFY *Verify, const PE_IMAGE *Image, REPORT *Report)
{
    ++Verify->Images;
    PeCheckRules(Image, Report);
    CheckVersionResource(Verify, Image, Report);
    if (!Verify->Unsigned)
        SignatureCheckImage(Image, &Verify->Trust, Report);
}

/* A folder in the path that is named like an architecture promises that architecture. */
static void
CheckFolder(const PE_IMAGE *Image, const char *Path, REPORT *Report)
{
    static const uint16_t Machines[] = {PE_MACHINE_AMD64, PE_MACHINE_X86, PE_MACHINE_ARM64, PE_MACHINE_ARM};
    const char *Is = PeMachineName(Image->Machine);

    for (const char *Part = Path, *End; (End = strchr(Part, '/')) != NULL; Part = End + 1)
        for (unsigned Index = 0; Is && Index < 4; ++Index) {
            const char *Name = PeMachineName(Machines[Index]);

            if (strlen(Name) == (size_t)(End - Part) && !strncmp(Part, Name, strlen(Name)) &&
                strcmp(Name, Is))
                ReportFinding(Report, "is for %s and lies in the folder %s", Is, Name);
        }
}

typedef struct
{
    VERIFY *Verify;
    const char *Path;
} EMBEDDED_CONTEXT;

static void
CheckEmbeddedImage(void *Context, const PE_RESOURCE *Resource)
{
    EMBEDDED_CONTEXT *Outer = Context;
    REPORT Report = BeginReport(Outer->Verify, Outer->Path);
    char Path[600];

    /* A helper in a helper in a helper is nobody's release. */
    if (Outer->Verify->Helpers > 2) {
        ReportFinding(&Report, "holds images nested too deep to be looked into");
        EndReport(Outer->Verify, &Report);
        return;
    }
    snprintf(Path, sizeof(Path), "%.500s!%u", Outer->Path, Resource->Id);
    VerifyImage(Outer->Verify, Path, Resource->Data, Resource->Size);
}

static void
CheckEmbedded(VERIFY *Verify, const char *Path, const PE_IMAGE *Image, REPORT *Report)
{
    EMBEDDED *Packages = calloc(EMBEDDED_MAX, sizeof(*Packages));
    EMBEDDED_CONTEXT Context = {Verify, Path};
    unsigned Count = 0;
    bool Ok;
    char Inner[600];

    if (!Packages)
        return;
    Ok = EmbeddedLoad(Packages, &Count, Image, Report);
    if (Ok)
        for (unsigned Index = 0; Index < Count; ++Index) {
            snprintf(Inner, sizeof(Inner), "%.400s!%s", Path, Packages[Index].InfName);
            VerifyPackage(Verify, Inner, &Packages[Index].Package);
        }
    /* 0x2000: a DLL. The DLL of this product is there to carry the driver. */
    if ((Image->Characteristics & 0x2000) && !Count)
        ReportFinding(Report, "the DLL carries no driver package");
    for (unsigned Index = 0; Index < Count; ++Index)
        PackageFree(&Packages[Index].Package);
    free(Packages);
    ++Verify->Helpers;
    if (Ok)
        EmbeddedWalkImages(Image, Report, CheckEmbeddedImage, &Context);
    --Verify->Helpers;
}

void
VerifyImage(VERIFY *Verify, const char *Path, const uint8_t *Data, size_t Size)
{
    REPORT Report = BeginReport(Verify, Path);
    PE_IMAGE Image;
    const char *Error;

    if (PeOpen(&Image, Data, Size, &Error)) {
        CheckFolder(&Image, Path, &Report);
        CheckImage(Verify, &Image, &Report);
        if (!Verify->Helpers)
            ContainerKeep(Verify, Path, Data, Size, &Report);
        if (Image.Subsystem != PE_SUBSYSTEM_NATIVE)
            CheckEmbedded(Verify, Path, &Image, &Report);
    } else {
        ReportFinding(&Report, "%s", Error);
    }
    EndReport(Verify, &Report);
}

static void
CheckCatalog(VERIFY *Verify, const PACKAGE *Package, REPORT *Report)
{
    CATALOG *Catalogs = calloc(2, sizeof(*Catalogs));

    if (Catalogs && CatalogDescribe(&Catalogs[0], Package->InfName, Package->Files, Package->FileCount, 0,
                                    NULL, Report)) {
        if (!Package->Catalog.Data) {
            if (!Verify->Unsigned)
                ReportFinding(Report, "the catalog %s is missing", Package->CatalogName);
        } else if (CatalogIsPlatform(Package->Catalog.Data, Package->Catalog.Size)) {
            CatalogCheckPlatform(Package->Catalog.Data, Package->Catalog.Size, Package->Files,
                                 Package->FileCount, Report);
            SignatureCheckCatalog(Package->Catalog.Data, Package->Catalog.Size, &Verify->Trust, Report);
        } else if (CatalogDecode(&Catalogs[1], Package->Catalog.Data, Package->Catalog.Size, Report)) {
            CatalogCompare(&Catalogs[0], &Catalogs[1], Report);
            if (!Verify->Unsigned)
                SignatureCheckCatalog(Package->Catalog.Data, Package->Catalog.Size, &Verify->Trust, Report);
        }
    }
    free(Catalogs);
}

/* The driver is of the version that the INF names: Windows compares the INF's, people read the driver's. */
static void
CheckDriver(VERIFY *Verify, const char *Path, const PACKAGE *Package, const PACKAGE_FILE *File)
{
    char Subject[600];
    REPORT Own, *Report = &Own;
    PE_IMAGE Image;
    PE_VERSION Version;
    const char *Error;
    char Text[64];

    snprintf(Subject, sizeof(Subject), "%.450s (%.100s)", Path, File->Name);
    Own = BeginReport(Verify, Subject);
    if (!PeOpen(&Image, File->Data, File->Size, &Error)) {
        ReportFinding(Report, "%s", Error);
        EndReport(Verify, Report);
        return;
    }
    if (Image.Subsystem != PE_SUBSYSTEM_NATIVE)
        ReportFinding(Report, "is no driver");
    CheckImage(Verify, &Image, Report);
    if (PeGetVersion(&Image, &Version)) {
        snprintf(Text, sizeof(Text), "%u.%u.%u.%u", Version.File[0], Version.File[1], Version.File[2],
                 Version.File[3]);
        if (strcmp(Text, Package->DriverVersion))
            ReportFinding(Report, "carries version %s, the INF %s", Text, Package->DriverVersion);
    }
    EndReport(Verify, Report);
}

void
VerifyPackage(VERIFY *Verify, const char *Path, const PACKAGE *Package)
{
    REPORT Report = BeginReport(Verify, Path);
    size_t NameSize;

    ++Verify->Packages;
    CheckCatalog(Verify, Package, &Report);
    for (unsigned Index = 0; Index < Package->FileCount; ++Index) {
        NameSize = strlen(Package->Files[Index].Name);
        if (NameSize > 4 && !strcasecmp(Package->Files[Index].Name + NameSize - 4, ".sys"))
            CheckDriver(Verify, Path, Package, &Package->Files[Index]);
    }
    EndReport(Verify, &Report);
}

static bool
EndsWith(const char *Path, const char *End)
{
    size_t Length = strlen(Path), EndLength = strlen(End);

    return Length >= EndLength && !strcasecmp(Path + Length - EndLength, End);
}

static const char *
BaseName(const char *Path)
{
    const char *Slash = strrchr(Path, '/');

    return Slash ? Slash + 1 : Path;
}

/* The package of an INF in a tree: the files of its folder. */
static void
CheckTreePackage(VERIFY *Verify, const char *Path, const TREE *Tree, const TREE_FILE *Inf)
{
    size_t FolderSize = (size_t)(BaseName(Inf->Path) - Inf->Path);
    PACKAGE_FILE *Files = calloc(Tree->Count, sizeof(*Files));
    REPORT Report = BeginReport(Verify, Path);
    unsigned Count = 0;
    PACKAGE Package;

    if (!Files)
        return;
    for (unsigned Index = 0; Index < Tree->Count; ++Index)
        if (!strncmp(Tree->Files[Index].Path, Inf->Path, FolderSize) &&
            !strchr(Tree->Files[Index].Path + FolderSize, '/'))
            Files[Count++] = (PACKAGE_FILE){Tree->Files[Index].Path + FolderSize, Tree->Files[Index].Data,
                                            Tree->Files[Index].Size};
    if (PackageAssemble(&Package, BaseName(Inf->Path), Files, Count, &Report))
        VerifyPackage(Verify, Path, &Package);
    PackageFree(&Package);
    free(Files);
    EndReport(Verify, &Report);
}

/* SHA256SUMS: "<64 hex digits>  <path>" per line, paths relative to its folder, every other file listed. */
static void
CheckSums(VERIFY *Verify, const char *Path, const TREE *Tree, const TREE_FILE *Sums)
{
    size_t FolderSize = (size_t)(BaseName(Sums->Path) - Sums->Path);
    REPORT Report = BeginReport(Verify, Path);
    bool *Listed = calloc(Tree->Count, sizeof(*Listed));
    char *Text = strndup((const char *)Sums->Data, Sums->Size), *Save = NULL;

    for (char *Line = Text && Listed ? strtok_r(Text, "\n", &Save) : NULL; Line;
         Line = strtok_r(NULL, "\n", &Save)) {
        uint8_t Digest[EVP_MAX_MD_SIZE];
        char Hex[65] = "", *File = Line + 66;
        const TREE_FILE *Found = NULL;
        bool Twice = false;
        unsigned Size;

        if (strlen(Line) < 67 || strspn(Line, "0123456789abcdef") != 64 || Line[64] != ' ') {
            ReportFinding(&Report, "has a line that is no checksum");
            break;
        }
        for (unsigned Index = 0; Index < Tree->Count; ++Index)
            if (!strncmp(Tree->Files[Index].Path, Sums->Path, FolderSize) &&
                !strcmp(Tree->Files[Index].Path + FolderSize, File)) {
                Found = &Tree->Files[Index];
                Twice = Listed[Index];
                Listed[Index] = true;
            }
        if (!Found) {
            ReportFinding(&Report, "lists %s, which is missing", File);
            continue;
        }
        if (Twice) {
            ReportFinding(&Report, "lists %s twice", File);
            break;
        }
        EVP_Digest(Found->Data, Found->Size, Digest, &Size, EVP_sha256(), NULL);
        for (unsigned Index = 0; Index < 32; ++Index)
            snprintf(Hex + 2 * Index, 3, "%02x", Digest[Index]);
        if (memcmp(Hex, Line, 64))
            ReportFinding(&Report, "%s is not the file whose checksum is listed", File);
    }
    for (unsigned Index = 0; Listed && Index < Tree->Count; ++Index)
        if (!Listed[Index] && &Tree->Files[Index] != Sums &&
            !strncmp(Tree->Files[Index].Path, Sums->Path, FolderSize))
            ReportFinding(&Report, "does not list %s", Tree->Files[Index].Path + FolderSize);
    free(Text);
    free(Listed);
    EndReport(Verify, &Report);
}

static void
CheckTreeFile(VERIFY *Verify, const char *Path, const TREE *Tree, const TREE_FILE *File)
{
    TREE Inner;
    REPORT Report = BeginReport(Verify, Path);

    ContainerNoteFile(Verify, Path, File->Data, File->Size);
    if (EndsWith(File->Path, ".inf")) {
        CheckTreePackage(Verify, Path, Tree, File);
    } else if (!strcmp(BaseName(File->Path), "SHA256SUMS") || EndsWith(File->Path, ".sha256")) {
        CheckSums(Verify, Path, Tree, File);
    } else if (EndsWith(File->Path, ".zip")) {
        ++Verify->Archives;
        if (TreeLoadZip(&Inner, File->Data, File->Size, &Report) &&
            (Verify->Unpacked += Inner.Bytes) <= TREE_MAX_BYTES)
            VerifyTree(Verify, Path, &Inner);
        else if (Verify->Unpacked > TREE_MAX_BYTES)
            ReportFinding(&Report, "the archives in archives hold more than %u MiB", TREE_MAX_BYTES >> 20);
        TreeFree(&Inner);
    } else if (File->Size >= 2 && File->Data[0] == 'M' && File->Data[1] == 'Z') {
        VerifyImage(Verify, Path, File->Data, File->Size);
    } else if (ContainerKeep(Verify, Path, File->Data, File->Size, &Report)) {
        ++Verify->Archives;
    } else if (EndsWith(File->Path, ".sys") || EndsWith(File->Path, ".dll") || EndsWith(File->Path, ".exe") ||
               EndsWith(File->Path, ".cab")) {
        ReportFinding(&Report, "is named like %s and is none",
                      EndsWith(File->Path, ".cab") ? "a cabinet" : "an image");
    }
    EndReport(Verify, &Report);
}

void
VerifyTree(VERIFY *Verify, const char *Path, const TREE *Tree)
{
    REPORT Report = BeginReport(Verify, Path);

    /* An archive in an archive in an archive is nobody's release. */
    if (Verify->Depth == 3) {
        ReportFinding(&Report, "is nested too deep in other archives to be looked into");
        EndReport(Verify, &Report);
        return;
    }
    ++Verify->Depth;
    for (unsigned Index = 0; Index < Tree->Count; ++Index) {
        char *Inner = FileJoin(Path, Tree->Files[Index].Path);

        if (Inner)
            CheckTreeFile(Verify, Inner, Tree, &Tree->Files[Index]);
        free(Inner);
    }
    --Verify->Depth;
}

static void
VerifyFile(VERIFY *Verify, const char *Path, REPORT *Report)
{
    FILE_BYTES Bytes = {0};
    PACKAGE Package;
    TREE Tree;
    CATALOG *Catalog;

    if (EndsWith(Path, ".inf")) {
        if (PackageLoad(&Package, Path, Report))
            VerifyPackage(Verify, Path, &Package);
        PackageFree(&Package);
    } else if (!FileRead(Path, &Bytes, Report)) {
        return;
    } else if (Bytes.Size >= 2 && Bytes.Data[0] == 'M' && Bytes.Data[1] == 'Z') {
        VerifyImage(Verify, Path, Bytes.Data, Bytes.Size);
    } else if (Bytes.Size >= 2 && Bytes.Data[0] == 'P' && Bytes.Data[1] == 'K') {
        ++Verify->Archives;
        if (TreeLoadZip(&Tree, Bytes.Data, Bytes.Size, Report))
            VerifyTree(Verify, Path, &Tree);
        TreeFree(&Tree);
    } else if (ContainerKeep(Verify, Path, Bytes.Data, Bytes.Size, Report)) {
        ++Verify->Archives;
    } else if (EndsWith(Path, ".cat") && (Catalog = malloc(sizeof(*Catalog))) != NULL) {
        ++Verify->Catalogs;
        if ((CatalogIsPlatform(Bytes.Data, Bytes.Size) ||
             CatalogDecode(Catalog, Bytes.Data, Bytes.Size, Report)) &&
            !Verify->Unsigned)
            SignatureCheckCatalog(Bytes.Data, Bytes.Size, &Verify->Trust, Report);
        free(Catalog);
    } else {
        ReportFinding(Report, "is neither an image, nor a package, nor an archive");
    }
    FileFree(&Bytes);
}

void
VerifyPath(VERIFY *Verify, const char *Path)
{
    REPORT Report = BeginReport(Verify, Path);
    struct stat Status;
    TREE Tree;

    if (!stat(Path, &Status) && S_ISDIR(Status.st_mode)) {
        if (TreeLoadFolder(&Tree, Path, &Report))
            VerifyTree(Verify, Path, &Tree);
        TreeFree(&Tree);
    } else {
        VerifyFile(Verify, Path, &Report);
    }
    EndReport(Verify, &Report);
}
