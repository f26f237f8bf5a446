/* SPDX-License-Identifier: MIT
 *
 * An image that carries signed files differs in more than their bytes: the linker derives the time stamp and
 * the identity of the symbols from a hash over everything, and later sections move when a signature has
 * another length. So compared are: headers without those fields, every section other than the resources
 * without the debug identity, and the resources one by one, images and catalogs among them without signatures
 * in turn. */
#include "same.h"
#include "catalog-asn1.h"
#include "catalog.h"
#include "pe.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LEAVES 64

typedef struct
{
    PE_IMAGE Image;
    uint8_t *Copy; /* the image, with what may differ set to zero */
    PE_RESOURCE Leaves[MAX_LEAVES];
    unsigned LeafCount;
    bool TooMany;
} SIDE;

static uint32_t
Get32(const uint8_t *Data)
{
    return Data[0] | (uint32_t)Data[1] << 8 | (uint32_t)Data[2] << 16 | (uint32_t)Data[3] << 24;
}

static void
Clear(SIDE *Side, size_t Offset, size_t Size)
{
    if (Offset <= Side->Image.Size && Size <= Side->Image.Size - Offset)
        memset(Side->Copy + Offset, 0, Size);
}

static bool
CollectLeaf(void *Context, const PE_RESOURCE *Resource)
{
    SIDE *Side = Context;

    if (Side->LeafCount == MAX_LEAVES) {
        Side->TooMany = true;
        return false;
    }
    Side->Leaves[Side->LeafCount++] = *Resource;
    return true;
}

/* Time stamps of the debug directory, the GUID of the symbols and the reproducibility hash. */
static void
ClearDebug(SIDE *Side)
{
    uint32_t Address, Size, Offset, DataSize;
    const uint8_t *Entries;

    if (!PeGetDirectory(&Side->Image, PE_DIRECTORY_DEBUG, &Address, &Size))
        return;
    Entries = PeMap(&Side->Image, Address, Size);
    for (uint32_t At = 0; Entries && At + 28 <= Size; At += 28) {
        Clear(Side, (size_t)(Entries - Side->Image.Data) + At + 4, 4);
        DataSize = Get32(Entries + At + 16);
        Offset = Get32(Entries + At + 24);
        if (Get32(Entries + At + 12) == 2) /* RSDS: signature, GUID, age, path */
            Clear(Side, (size_t)Offset + 4, 16);
        else if (Get32(Entries + At + 12) == 16)
            Clear(Side, Offset, DataSize);
    }
}

static bool
OpenSide(SIDE *Side, const uint8_t *Data, size_t Size)
{
    const char *Error;
    uint32_t Address, DirectorySize;
    const uint8_t *Export;

    memset(Side, 0, sizeof(*Side));
    if (!PeOpen(&Side->Image, Data, Size, &Error) || !PeWalkResources(&Side->Image, CollectLeaf, Side) ||
        Side->TooMany)
        return false;
    Side->Copy = malloc(Size + 1);
    if (!Side->Copy)
        return false;
    memcpy(Side->Copy, Data, Size);
    Clear(Side, Side->Image.OptionalHeader - 16, 4); /* time stamp */
    Clear(Side, Side->Image.CheckSumOffset, 4);
    Clear(Side, Side->Image.Directories + PE_DIRECTORY_CERTIFICATE * 8, 8);
    if (PeGetDirectory(&Side->Image, PE_DIRECTORY_EXPORT, &Address, &DirectorySize) &&
        (Export = PeMap(&Side->Image, Address, 8)) != NULL)
        Clear(Side, (size_t)(Export - Data) + 4, 4);
    ClearDebug(Side);
    return true;
}

/* Sizes and places that follow from the length of the resources. */
static void
ClearMoved(SIDE *Side)
{
    bool Moved = false;
    PE_SECTION Section;

    Clear(Side, Side->Image.OptionalHeader + 8, 4);  /* size of initialized data */
    Clear(Side, Side->Image.OptionalHeader + 56, 4); /* size of the image */
    Clear(Side, Side->Image.Directories + PE_DIRECTORY_RESOURCE * 8, 8);
    Clear(Side, Side->Image.Directories + 5 * 8, 8); /* relocations, which follow the resources */
    for (unsigned Index = 0; Index < Side->Image.SectionCount; ++Index) {
        PeGetSection(&Side->Image, Index, &Section);
        Moved = Moved || !strcmp(Section.Name, ".rsrc");
        if (Moved)
            Clear(Side, Side->Image.Sections + Index * 40 + 8, 16);
    }
}

static void
SameResources(const char *Path, const SIDE *A, const SIDE *B, REPORT *Report)
{
    char Inner[600];

    if (A->LeafCount != B->LeafCount) {
        ReportFinding(Report, "%s: different numbers of resources", Path);
        return;
    }
    for (unsigned Index = 0; Index < A->LeafCount; ++Index) {
        const PE_RESOURCE *First = &A->Leaves[Index], *Second = &B->Leaves[Index];

        if (First->Type != Second->Type || First->Id != Second->Id || First->Language != Second->Language ||
            strcmp(First->Name, Second->Name) || strcmp(First->TypeName, Second->TypeName)) {
            ReportFinding(Report, "%s: the resources have different names", Path);
            return;
        }
        snprintf(Inner, sizeof(Inner), "%.500s!%u", Path, First->Id);
        SameBytes(Inner, First->Data, First->Size, Second->Data, Second->Size, Report);
    }
}

/* What follows the sections, before the signature: its size without the zeros that signing pads with. */
static size_t
FindOverlay(const SIDE *Side, size_t *Offset)
{
    size_t End = Side->Image.CertificateOffset ? Side->Image.CertificateOffset : Side->Image.Size;
    PE_SECTION Section;

    *Offset = Side->Image.SizeOfHeaders;
    for (unsigned Index = 0; Index < Side->Image.SectionCount; ++Index) {
        PeGetSection(&Side->Image, Index, &Section);
        if (Section.RawSize && (size_t)Section.RawOffset + Section.RawSize > *Offset)
            *Offset = (size_t)Section.RawOffset + Section.RawSize;
    }
    while (End > *Offset && !Side->Image.Data[End - 1])
        --End;
    return End > *Offset ? End - *Offset : 0;
}

static void
SameImages(const char *Path, SIDE *A, SIDE *B, REPORT *Report)
{
    uint32_t HeaderSize = A->Image.SizeOfHeaders;
    size_t OffsetA, OffsetB, OverlayA = FindOverlay(A, &OffsetA), OverlayB = FindOverlay(B, &OffsetB);
    PE_SECTION First, Second;

    ClearMoved(A);
    ClearMoved(B);
    if (HeaderSize != B->Image.SizeOfHeaders || HeaderSize > A->Image.Size || HeaderSize > B->Image.Size ||
        A->Image.SectionCount != B->Image.SectionCount || memcmp(A->Copy, B->Copy, HeaderSize)) {
        ReportFinding(Report, "%s: the headers differ", Path);
        return;
    }
    for (unsigned Index = 0; Index < A->Image.SectionCount; ++Index) {
        PeGetSection(&A->Image, Index, &First);
        PeGetSection(&B->Image, Index, &Second);
        if (!strcmp(First.Name, ".rsrc"))
            continue;
        if (First.RawSize != Second.RawSize ||
            memcmp(A->Copy + First.RawOffset, B->Copy + Second.RawOffset, First.RawSize))
            ReportFinding(Report, "%s: section %s differs", Path, First.Name);
    }
    if (OverlayA != OverlayB || (OverlayA && memcmp(A->Copy + OffsetA, B->Copy + OffsetB, OverlayA)))
        ReportFinding(Report, "%s: what follows the sections differs", Path);
    SameResources(Path, A, B, Report);
}

/* The signed content of a catalog, in a copy that the caller frees; NULL when it is none. */
static uint8_t *
CatalogContent(const uint8_t *Der, size_t Size, int *ContentSize)
{
    PKCS7 *Whole = Size <= (4u << 20) ? d2i_PKCS7(NULL, &Der, (long)Size) : NULL;
    uint8_t *Copy = NULL;
    char Oid[80];

    if (Whole && PKCS7_type_is_signed(Whole) && Whole->d.sign && Whole->d.sign->contents &&
        OBJ_obj2txt(Oid, sizeof(Oid), Whole->d.sign->contents->type, 1) > 0 &&
        !strcmp(Oid, OID_CATALOG_LIST) && Whole->d.sign->contents->d.other)
        *ContentSize = i2d_ASN1_TYPE(Whole->d.sign->contents->d.other, &Copy);
    PKCS7_free(Whole);
    ERR_clear_error();
    return Copy;
}

void
SameBytes(const char *Path, const uint8_t *A, size_t SizeA, const uint8_t *B, size_t SizeB, REPORT *Report)
{
    SIDE *Sides = NULL;
    uint8_t *First = NULL, *Second = NULL;
    int FirstSize = 0, SecondSize = 0;

    if (SizeA == SizeB && !memcmp(A, B, SizeA))
        return;
    if (SizeA > 2 && SizeB > 2 && A[0] == 'M' && B[0] == 'M' && (Sides = calloc(2, sizeof(*Sides))) != NULL &&
        OpenSide(&Sides[0], A, SizeA) && OpenSide(&Sides[1], B, SizeB)) {
        SameImages(Path, &Sides[0], &Sides[1], Report);
    } else if (SizeA && SizeB && A[0] == 0x30 && B[0] == 0x30 &&
               (First = CatalogContent(A, SizeA, &FirstSize)) != NULL &&
               (Second = CatalogContent(B, SizeB, &SecondSize)) != NULL) {
        bool Differ = FirstSize != SecondSize || memcmp(First, Second, (size_t)FirstSize);

        /* The service words a catalog anew; the files that it is about are compared themselves. */
        if (Differ && (CatalogIsPlatform(A, SizeA) || CatalogIsPlatform(B, SizeB)))
            ReportNote(Report, "%s: a catalog by the platform's service is not compared", Path);
        else if (Differ)
            ReportFinding(Report, "%s: the catalogs say different things", Path);
    } else {
        ReportFinding(Report, "%s differs", Path);
    }
    if (Sides) {
        free(Sides[0].Copy);
        free(Sides[1].Copy);
    }
    free(Sides);
    OPENSSL_free(First);
    OPENSSL_free(Second);
}

static bool
EndsWith(const char *Path, const char *End)
{
    size_t Length = strlen(Path), EndLength = strlen(End);

    return Length >= EndLength && !strcmp(Path + Length - EndLength, End);
}

static void
SameArchives(const TREE_FILE *A, const TREE_FILE *B, unsigned *Count, unsigned *Skipped, REPORT *Report)
{
    TREE First, Second = {0};

    if (TreeLoadZip(&First, A->Data, A->Size, Report) && TreeLoadZip(&Second, B->Data, B->Size, Report))
        SameTrees(&First, &Second, Count, Skipped, Report);
    TreeFree(&First);
    TreeFree(&Second);
}

void
SameTrees(const TREE *A, const TREE *B, unsigned *Count, unsigned *Skipped, REPORT *Report)
{
    for (unsigned Index = 0; Index < B->Count; ++Index)
        if (!TreeFind(A, B->Files[Index].Path))
            ReportFinding(Report, "%s is only in the second", B->Files[Index].Path);
    for (unsigned Index = 0; Index < A->Count; ++Index) {
        const TREE_FILE *First = &A->Files[Index], *Second = TreeFind(B, First->Path);

        if (!Second) {
            ReportFinding(Report, "%s is only in the first", First->Path);
        } else if (EndsWith(First->Path, "SHA256SUMS") || EndsWith(First->Path, ".sha256") ||
                   EndsWith(First->Path, ".spdx.json")) {
            /* Hashes of signed files: they follow from the rest. */
        } else if (EndsWith(First->Path, ".zip")) {
            SameArchives(First, Second, Count, Skipped, Report);
        } else if (EndsWith(First->Path, "setup.exe")) {
            ++*Skipped;
            ReportNote(Report, "%s is a setup and not taken apart", First->Path);
        } else if (EndsWith(First->Path, ".cer")) {
            ++*Skipped;
            ReportNote(Report, "%s: certificates are not compared", First->Path);
        } else {
            ++*Count;
            SameBytes(First->Path, First->Data, First->Size, Second->Data, Second->Size, Report);
        }
    }
}
