/* SPDX-License-Identifier: MIT
 * DER to the model. Whatever is not the one accepted form is a finding; nothing is repaired silently. */
#include "catalog-asn1.h"
#include "catalog.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <string.h>

/* UTF-16 to ASCII; what is not ASCII becomes '?', what is too long is cut. Unit order as the string type has
 * it. */
static void
CopyText(const ASN1_STRING *String, bool BigEndian, char *Buffer, size_t Size)
{
    const uint8_t *Data = ASN1_STRING_get0_data(String);
    size_t Count = (size_t)ASN1_STRING_length(String) / 2, Used = 0;

    for (; Used < Count && Used + 1 < Size; ++Used) {
        unsigned Low = Data[2 * Used + (BigEndian ? 1 : 0)], High = Data[2 * Used + (BigEndian ? 0 : 1)];

        if (!High && !Low)
            break;
        Buffer[Used] = High || Low >= 0x7f || Low < 0x20 ? '?' : (char)Low;
    }
    Buffer[Used] = 0;
}

static bool
IsObject(const ASN1_OBJECT *Object, const char *Oid)
{
    char Text[80];

    return OBJ_obj2txt(Text, sizeof(Text), Object, 1) > 0 && !strcmp(Text, Oid);
}

/* Text with its final NUL, as name-value pairs carry it. */
static bool
HasFinalNul(const ASN1_STRING *String)
{
    const uint8_t *Data = ASN1_STRING_get0_data(String);
    int Length = ASN1_STRING_length(String);

    return Length >= 2 && Length % 2 == 0 && !Data[Length - 2] && !Data[Length - 1];
}

static bool
ReadNameValue(const uint8_t *Der, long Size, char *Name, size_t NameSize, char *Value, size_t ValueSize)
{
    const uint8_t *At = Der;
    NAME_VALUE *Item = d2i_NAME_VALUE(NULL, &At, Size);
    bool Ok = Item && At == Der + Size && ASN1_INTEGER_get(Item->Flags) == CATALOG_NAME_VALUE_FLAGS &&
              HasFinalNul(Item->Value);

    if (Ok) {
        CopyText(Item->Name, true, Name, NameSize);
        CopyText(Item->Value, false, Value, ValueSize);
    }
    NAME_VALUE_free(Item);
    return Ok;
}

static bool
ReadInfoV1(const uint8_t *Der, long Size, CATALOG_KIND *Kind)
{
    const uint8_t *At = Der;
    MEMBER_INFO *Info = d2i_MEMBER_INFO(NULL, &At, Size);
    char Guid[64] = "";
    bool Ok = Info && At == Der + Size && ASN1_INTEGER_get(Info->Version) == CATALOG_INFO_VERSION;

    if (Ok) {
        CopyText(Info->Guid, true, Guid, sizeof(Guid));
        *Kind = !strcmp(Guid, CATALOG_GUID_PE)     ? CATALOG_KIND_PE
                : !strcmp(Guid, CATALOG_GUID_FLAT) ? CATALOG_KIND_FLAT
                                                   : CATALOG_KIND_NONE;
    }
    MEMBER_INFO_free(Info);
    return Ok && *Kind != CATALOG_KIND_NONE;
}

static bool
ReadInfoV2(const uint8_t *Der, long Size, CATALOG_KIND *Kind)
{
    if (Size != 2 || Der[1])
        return false;
    *Kind = Der[0] == 0x80 ? CATALOG_KIND_PE : Der[0] == 0x82 ? CATALOG_KIND_FLAT : CATALOG_KIND_NONE;
    return *Kind != CATALOG_KIND_NONE;
}

/* A kind consists of its identifier and of fixed bytes. */
static bool
IsKind(const INDIRECT_KIND *Kind, const char *Oid, const uint8_t *Fixed, size_t FixedSize)
{
    uint8_t *Der = NULL;
    int Size = i2d_ASN1_TYPE(Kind->Value, &Der);
    bool Ok = IsObject(Kind->Type, Oid) && Size == (int)FixedSize && !memcmp(Der, Fixed, FixedSize);

    OPENSSL_free(Der);
    return Ok;
}

static bool
ReadIndirect(const uint8_t *Der, long Size, CATALOG_MEMBER *Member)
{
    const uint8_t *At = Der;
    INDIRECT_DATA *Data = d2i_INDIRECT_DATA(NULL, &At, Size);
    const X509_ALGOR *Algorithm;
    const ASN1_OBJECT *Object;
    const ASN1_OCTET_STRING *Digest;
    int Parameter;
    bool Ok = false;

    if (Data && At == Der + Size) {
        X509_SIG_get0(Data->Digest, &Algorithm, &Digest);
        X509_ALGOR_get0(&Object, &Parameter, NULL, Algorithm);
        if (IsKind(Data->Kind, OID_KIND_PE, CatalogKindPe, sizeof(CatalogKindPe)))
            Member->Indirect = CATALOG_KIND_PE;
        else if (IsKind(Data->Kind, OID_KIND_FLAT, CatalogKindFlat, sizeof(CatalogKindFlat)))
            Member->Indirect = CATALOG_KIND_FLAT;
        Member->DigestSize = OBJ_obj2nid(Object) == NID_sha256 ? 32
                             : OBJ_obj2nid(Object) == NID_sha1 ? 20
                                                               : 0;
        Ok = Member->Indirect != CATALOG_KIND_NONE && Member->DigestSize && Parameter == V_ASN1_NULL &&
             (size_t)ASN1_STRING_length(Digest) == Member->DigestSize;
        if (Ok)
            memcpy(Member->Digest, ASN1_STRING_get0_data(Digest), Member->DigestSize);
    }
    INDIRECT_DATA_free(Data);
    return Ok;
}

/* One bit per attribute, to find what comes twice. */
enum
{
    HAS_FILE = 1,
    HAS_OS = 2,
    HAS_INFO = 4,
    HAS_INDIRECT = 8
};

static unsigned
ReadAttribute(const LIST_ATTRIBUTE *Attribute, unsigned Version, CATALOG_MEMBER *Member)
{
    char Name[32], Value[128];
    uint8_t *Der = NULL;
    unsigned Found = 0;
    int Size = -1;

    if (sk_ASN1_TYPE_num(Attribute->Values) == 1)
        Size = i2d_ASN1_TYPE(sk_ASN1_TYPE_value(Attribute->Values, 0), &Der);
    if (Size <= 0)
        return 0;
    if (IsObject(Attribute->Type, OID_CATALOG_NAME_VALUE) &&
        ReadNameValue(Der, Size, Name, sizeof(Name), Value, sizeof(Value))) {
        if (!strcmp(Name, "File")) {
            snprintf(Member->File, sizeof(Member->File), "%s", Value);
            Found = HAS_FILE;
        } else if (!strcmp(Name, "OSAttr")) {
            snprintf(Member->OsAttribute, sizeof(Member->OsAttribute), "%s", Value);
            Found = HAS_OS;
        }
    } else if (IsObject(Attribute->Type, Version == 1 ? OID_CATALOG_INFO_V1 : OID_CATALOG_INFO_V2)) {
        if (Version == 1 ? ReadInfoV1(Der, Size, &Member->Info) : ReadInfoV2(Der, Size, &Member->Info))
            Found = HAS_INFO;
    } else if (IsObject(Attribute->Type, OID_INDIRECT_DATA) && ReadIndirect(Der, Size, Member)) {
        Found = HAS_INDIRECT;
    }
    OPENSSL_free(Der);
    return Found;
}

/* DER's order of a set: encodings ascending, as if the shorter were padded with zeros. */
static bool
IsSorted(const LIST_MEMBER *Member)
{
    uint8_t *Last = NULL, *Der;
    int LastSize = 0, Size;
    bool Sorted = true;

    for (int Index = 0; Index < sk_LIST_ATTRIBUTE_num(Member->Attributes) && Sorted; ++Index) {
        Der = NULL;
        Size = i2d_LIST_ATTRIBUTE(sk_LIST_ATTRIBUTE_value(Member->Attributes, Index), &Der);
        if (Size < 0)
            Sorted = false;
        else if (Last) {
            int Order = memcmp(Last, Der, (size_t)(Size < LastSize ? Size : LastSize));

            Sorted = Order < 0 || (Order == 0 && LastSize <= Size);
        }
        OPENSSL_free(Last);
        Last = Der;
        LastSize = Size;
    }
    OPENSSL_free(Last);
    return Sorted;
}

static void
ReadMember(CATALOG *Catalog, const LIST_MEMBER *From, REPORT *Report)
{
    CATALOG_MEMBER *Member = &Catalog->Members[Catalog->MemberCount];
    size_t TagSize = (size_t)ASN1_STRING_length(From->Tag);
    unsigned Has = 0, Found, Need = HAS_FILE | HAS_OS | HAS_INFO;
    int Count = sk_LIST_ATTRIBUTE_num(From->Attributes);

    memset(Member, 0, sizeof(*Member));
    if (Catalog->Version == 1 ? TagSize != 82 : TagSize != 20 && TagSize != 32) {
        ReportFinding(Report, "a member's tag has %zu bytes, no form of a hash in version %u", TagSize,
                      Catalog->Version);
        return;
    }
    Member->TagSize = TagSize;
    memcpy(Member->Tag, ASN1_STRING_get0_data(From->Tag), TagSize);
    for (int Index = 0; Index < Count; ++Index) {
        Found = ReadAttribute(sk_LIST_ATTRIBUTE_value(From->Attributes, Index), Catalog->Version, Member);
        if (!Found)
            ReportFinding(Report, "member '%s' has an attribute that is unknown or malformed", Member->File);
        else if (Has & Found)
            ReportFinding(Report, "member '%s' has an attribute twice", Member->File);
        Has |= Found;
    }
    if (Catalog->Version == 1 || TagSize == 32)
        Need |= HAS_INDIRECT;
    if (Has != Need)
        ReportFinding(Report, "member '%s' lacks an attribute or has one too many", Member->File);
    if (!IsSorted(From))
        ReportFinding(Report,
                      "member '%s': the set of attributes is not sorted as DER asks, Windows refuses it",
                      Member->File);
    ++Catalog->MemberCount;
}

static void
ReadMembers(CATALOG *Catalog, const TRUST_LIST *List, REPORT *Report)
{
    int Count = sk_LIST_MEMBER_num(List->Members);

    if (Count > CATALOG_MAX_MEMBERS)
        ReportFinding(Report, "%d members, more than the %d that are read", Count, CATALOG_MAX_MEMBERS);
    for (int Index = 0; Index < Count && Index < CATALOG_MAX_MEMBERS; ++Index)
        ReadMember(Catalog, sk_LIST_MEMBER_value(List->Members, Index), Report);
    for (unsigned Index = 1; Index < Catalog->MemberCount; ++Index) {
        const CATALOG_MEMBER *Last = &Catalog->Members[Index - 1], *This = &Catalog->Members[Index];
        size_t Size = Last->TagSize < This->TagSize ? Last->TagSize : This->TagSize;
        int Order = memcmp(Last->Tag, This->Tag, Size);

        if (Order > 0 || (Order == 0 && Last->TagSize >= This->TagSize)) {
            ReportFinding(Report, "member '%s' is out of order: members are sorted by their tags",
                          This->File);
            return;
        }
    }
}

static void
ReadExtensions(CATALOG *Catalog, const TRUST_LIST *List, REPORT *Report)
{
    int Count = List->Extensions ? sk_LIST_EXTENSION_num(List->Extensions) : 0;
    int Limit = sizeof(Catalog->Extensions) / sizeof(Catalog->Extensions[0]);

    if (Count > Limit)
        ReportFinding(Report, "%d catalog attributes, more than the %d that are read", Count, Limit);
    for (int Index = 0; Index < Count && Index < Limit; ++Index) {
        const LIST_EXTENSION *From = sk_LIST_EXTENSION_value(List->Extensions, Index);
        CATALOG_EXTENSION *Extension = &Catalog->Extensions[Catalog->ExtensionCount];

        if (IsObject(From->Type, OID_CATALOG_NAME_VALUE) &&
            ReadNameValue(ASN1_STRING_get0_data(From->Value), ASN1_STRING_length(From->Value),
                          Extension->Name, sizeof(Extension->Name), Extension->Value,
                          sizeof(Extension->Value)))
            ++Catalog->ExtensionCount;
        else
            ReportFinding(Report, "catalog attribute %d is unknown or malformed", Index + 1);
    }
}

static bool
ReadList(CATALOG *Catalog, const TRUST_LIST *List, REPORT *Report)
{
    const ASN1_OBJECT *Form;
    int ParameterType;
    struct tm Time;

    X509_ALGOR_get0(&Form, &ParameterType, NULL, List->MemberForm);
    Catalog->Version = IsObject(Form, OID_CATALOG_MEMBER_V1)   ? 1
                       : IsObject(Form, OID_CATALOG_MEMBER_V2) ? 2
                                                               : 0;
    if (ParameterType != V_ASN1_NULL)
        ReportFinding(Report, "the member form has a parameter");
    if (!Catalog->Version) {
        ReportFinding(Report, "the catalog is neither of version 1 nor of version 2");
        return false;
    }
    if (sk_ASN1_OBJECT_num(List->Usage) != 1 ||
        !IsObject(sk_ASN1_OBJECT_value(List->Usage, 0), OID_CATALOG_USAGE))
        ReportFinding(Report, "the list is not meant as a catalog");
    if (ASN1_STRING_length(List->Identifier) == sizeof(Catalog->ListIdentifier))
        memcpy(Catalog->ListIdentifier, ASN1_STRING_get0_data(List->Identifier),
               sizeof(Catalog->ListIdentifier));
    else
        ReportFinding(Report, "the list identifier has %d bytes and not 16",
                      ASN1_STRING_length(List->Identifier));
    if (ASN1_TIME_to_tm(List->Time, &Time))
        Catalog->Time = timegm(&Time);
    else
        ReportFinding(Report, "the time of the list is malformed");
    ReadMembers(Catalog, List, Report);
    ReadExtensions(Catalog, List, Report);
    return true;
}

/* What the sets have not explained already: anything that a strict writer would have written otherwise. */
static void
CheckStrict(const TRUST_LIST *List, const uint8_t *Der, int Size, REPORT *Report)
{
    uint8_t *Again = NULL;
    int AgainSize = i2d_TRUST_LIST(List, &Again);

    if (AgainSize != Size || memcmp(Again, Der, (size_t)Size))
        ReportFinding(Report, "the list is not in strict DER");
    OPENSSL_free(Again);
}

bool
CatalogDecode(CATALOG *Catalog, const uint8_t *Der, size_t Size, REPORT *Report)
{
    const uint8_t *At = Der, *Inner;
    PKCS7 *Whole = Size <= (4u << 20) ? d2i_PKCS7(NULL, &At, (long)Size) : NULL;
    const ASN1_STRING *Content;
    TRUST_LIST *List = NULL;
    bool Ok = false;
    unsigned Before = Report->Findings;

    memset(Catalog, 0, sizeof(*Catalog));
    if (!Whole || !PKCS7_type_is_signed(Whole) || !Whole->d.sign || !Whole->d.sign->contents ||
        !IsObject(Whole->d.sign->contents->type, OID_CATALOG_LIST) || !Whole->d.sign->contents->d.other ||
        Whole->d.sign->contents->d.other->type != V_ASN1_SEQUENCE) {
        ReportFinding(Report, "not a catalog");
        goto cleanupWhole;
    }
    if (ASN1_INTEGER_get(Whole->d.sign->version) != 1)
        ReportFinding(Report, "the signed data is not of version 1");
    if (At != Der + Size)
        ReportFinding(Report, "%zu bytes follow the catalog", Size - (size_t)(At - Der));
    Content = Whole->d.sign->contents->d.other->value.sequence;
    Inner = ASN1_STRING_get0_data(Content);
    List = d2i_TRUST_LIST(NULL, &Inner, ASN1_STRING_length(Content));
    if (!List || Inner != ASN1_STRING_get0_data(Content) + ASN1_STRING_length(Content)) {
        ReportFinding(Report, "the list in the catalog is malformed");
        goto cleanupWhole;
    }
    Ok = ReadList(Catalog, List, Report);
    if (Report->Findings == Before)
        CheckStrict(List, ASN1_STRING_get0_data(Content), ASN1_STRING_length(Content), Report);

cleanupWhole:
    TRUST_LIST_free(List);
    PKCS7_free(Whole);
    ERR_clear_error();
    return Ok;
}
