/* SPDX-License-Identifier: MIT
 * The model as DER. Every SET OF comes out sorted because the templates sort; members are sorted by their
 * tags. */
#include "catalog-asn1.h"
#include "catalog.h"

#include <string.h>

static bool
SetText(ASN1_STRING *String, const char *Text, bool BigEndian, bool WithNul)
{
    uint8_t Units[1200];
    size_t Length = strlen(Text) + (WithNul ? 1 : 0);

    if (2 * Length > sizeof(Units))
        return false;
    memset(Units, 0, sizeof(Units));
    for (size_t Index = 0; Index < Length; ++Index) {
        if ((unsigned char)Text[Index] >= 0x80)
            return false;
        Units[2 * Index + (BigEndian ? 1 : 0)] = (uint8_t)Text[Index];
    }
    return ASN1_STRING_set(String, Units, (int)(2 * Length));
}

static bool
SetObject(ASN1_OBJECT **Object, const char *Oid)
{
    ASN1_OBJECT_free(*Object);
    *Object = OBJ_txt2obj(Oid, 1);
    return *Object != NULL;
}

static bool
FillNameValue(NAME_VALUE *Item, const char *Name, const char *Value)
{
    return SetText(Item->Name, Name, true, false) &&
           ASN1_INTEGER_set(Item->Flags, CATALOG_NAME_VALUE_FLAGS) &&
           SetText(Item->Value, Value, false, true);
}

/* Adds an attribute with one value given as DER. */
static bool
AddAttribute(LIST_MEMBER *Member, const char *Oid, const uint8_t *Der, long Size)
{
    LIST_ATTRIBUTE *Attribute = LIST_ATTRIBUTE_new();
    ASN1_TYPE *Value = Attribute ? d2i_ASN1_TYPE(NULL, &Der, Size) : NULL;

    if (Value && SetObject(&Attribute->Type, Oid) && sk_ASN1_TYPE_push(Attribute->Values, Value) > 0) {
        if (sk_LIST_ATTRIBUTE_push(Member->Attributes, Attribute) > 0)
            return true;
        Value = NULL;
    }
    ASN1_TYPE_free(Value);
    LIST_ATTRIBUTE_free(Attribute);
    return false;
}

static bool
AddNameValue(LIST_MEMBER *Member, const char *Name, const char *Text)
{
    NAME_VALUE *Item = NAME_VALUE_new();
    uint8_t *Der = NULL;
    int Size = Item && FillNameValue(Item, Name, Text) ? i2d_NAME_VALUE(Item, &Der) : -1;
    bool Ok = Size > 0 && AddAttribute(Member, OID_CATALOG_NAME_VALUE, Der, Size);

    OPENSSL_free(Der);
    NAME_VALUE_free(Item);
    return Ok;
}

static bool
AddInfo(LIST_MEMBER *Member, unsigned Version, CATALOG_KIND Kind)
{
    static const uint8_t Pe[] = {0x80, 0x00}, Flat[] = {0x82, 0x00};
    MEMBER_INFO *Info;
    uint8_t *Der = NULL;
    int Size = -1;
    bool Ok;

    if (Version == 2)
        return AddAttribute(Member, OID_CATALOG_INFO_V2, Kind == CATALOG_KIND_PE ? Pe : Flat, 2);
    Info = MEMBER_INFO_new();
    if (Info &&
        SetText(Info->Guid, Kind == CATALOG_KIND_PE ? CATALOG_GUID_PE : CATALOG_GUID_FLAT, true, false) &&
        ASN1_INTEGER_set(Info->Version, CATALOG_INFO_VERSION))
        Size = i2d_MEMBER_INFO(Info, &Der);
    Ok = Size > 0 && AddAttribute(Member, OID_CATALOG_INFO_V1, Der, Size);
    OPENSSL_free(Der);
    MEMBER_INFO_free(Info);
    return Ok;
}

static bool
AddIndirect(LIST_MEMBER *Member, const CATALOG_MEMBER *From)
{
    INDIRECT_DATA *Data = INDIRECT_DATA_new();
    const uint8_t *Kind = From->Indirect == CATALOG_KIND_PE ? CatalogKindPe : CatalogKindFlat;
    long KindSize =
        From->Indirect == CATALOG_KIND_PE ? (long)sizeof(CatalogKindPe) : (long)sizeof(CatalogKindFlat);
    X509_ALGOR *Algorithm;
    ASN1_OCTET_STRING *Digest;
    uint8_t *Der = NULL;
    int Size = -1;
    bool Ok;

    if (Data &&
        SetObject(&Data->Kind->Type, From->Indirect == CATALOG_KIND_PE ? OID_KIND_PE : OID_KIND_FLAT)) {
        ASN1_TYPE_free(Data->Kind->Value);
        Data->Kind->Value = d2i_ASN1_TYPE(NULL, &Kind, KindSize);
        X509_SIG_getm(Data->Digest, &Algorithm, &Digest);
        if (Data->Kind->Value &&
            X509_ALGOR_set0(Algorithm, OBJ_nid2obj(From->DigestSize == 32 ? NID_sha256 : NID_sha1),
                            V_ASN1_NULL, NULL) &&
            ASN1_OCTET_STRING_set(Digest, From->Digest, (int)From->DigestSize))
            Size = i2d_INDIRECT_DATA(Data, &Der);
    }
    Ok = Size > 0 && AddAttribute(Member, OID_INDIRECT_DATA, Der, Size);
    OPENSSL_free(Der);
    INDIRECT_DATA_free(Data);
    return Ok;
}

static bool
AddMember(TRUST_LIST *List, const CATALOG *Catalog, const CATALOG_MEMBER *From)
{
    LIST_MEMBER *Member = LIST_MEMBER_new();

    if (Member && ASN1_OCTET_STRING_set(Member->Tag, From->Tag, (int)From->TagSize) &&
        AddNameValue(Member, "File", From->File) && AddNameValue(Member, "OSAttr", From->OsAttribute) &&
        AddInfo(Member, Catalog->Version, From->Info) &&
        (From->Indirect == CATALOG_KIND_NONE || AddIndirect(Member, From)) &&
        sk_LIST_MEMBER_push(List->Members, Member) > 0)
        return true;
    LIST_MEMBER_free(Member);
    return false;
}

static bool
AddExtension(TRUST_LIST *List, const CATALOG_EXTENSION *From)
{
    LIST_EXTENSION *Extension = LIST_EXTENSION_new();
    NAME_VALUE *Item = NAME_VALUE_new();
    uint8_t *Der = NULL;
    int Size = Item && FillNameValue(Item, From->Name, From->Value) ? i2d_NAME_VALUE(Item, &Der) : -1;
    bool Ok = Extension && Size > 0 && SetObject(&Extension->Type, OID_CATALOG_NAME_VALUE) &&
              ASN1_OCTET_STRING_set(Extension->Value, Der, Size) &&
              sk_LIST_EXTENSION_push(List->Extensions, Extension) > 0;

    OPENSSL_free(Der);
    NAME_VALUE_free(Item);
    if (!Ok)
        LIST_EXTENSION_free(Extension);
    return Ok;
}

static bool
FillList(TRUST_LIST *List, const CATALOG *Catalog)
{
    ASN1_OBJECT *Usage = OBJ_txt2obj(OID_CATALOG_USAGE, 1);
    ASN1_OBJECT *Form = OBJ_txt2obj(Catalog->Version == 1 ? OID_CATALOG_MEMBER_V1 : OID_CATALOG_MEMBER_V2, 1);

    if (!Usage || sk_ASN1_OBJECT_push(List->Usage, Usage) <= 0) {
        ASN1_OBJECT_free(Usage);
        ASN1_OBJECT_free(Form);
        return false;
    }
    if (!Form || !X509_ALGOR_set0(List->MemberForm, Form, V_ASN1_NULL, NULL)) {
        ASN1_OBJECT_free(Form);
        return false;
    }
    List->Extensions = sk_LIST_EXTENSION_new_null();
    if (!List->Extensions || !ASN1_UTCTIME_set(List->Time, Catalog->Time) ||
        !ASN1_OCTET_STRING_set(List->Identifier, Catalog->ListIdentifier, sizeof(Catalog->ListIdentifier)))
        return false;
    for (unsigned Index = 0; Index < Catalog->MemberCount; ++Index)
        if (!AddMember(List, Catalog, &Catalog->Members[Index]))
            return false;
    for (unsigned Index = 0; Index < Catalog->ExtensionCount; ++Index)
        if (!AddExtension(List, &Catalog->Extensions[Index]))
            return false;
    return true;
}

bool
CatalogEncode(const CATALOG *Catalog, uint8_t **Der, size_t *Size, REPORT *Report)
{
    UNSIGNED_CATALOG *Whole = UNSIGNED_CATALOG_new();
    int Length = -1;

    *Der = NULL;
    if (Whole && SetObject(&Whole->Type, OID_SIGNED_DATA) && ASN1_INTEGER_set(Whole->Data->Version, 1) &&
        SetObject(&Whole->Data->Content->Type, OID_CATALOG_LIST) &&
        FillList(Whole->Data->Content->List, Catalog))
        Length = i2d_UNSIGNED_CATALOG(Whole, Der);
    UNSIGNED_CATALOG_free(Whole);
    if (Length < 0)
        ReportFinding(
            Report,
            "the catalog cannot be encoded: a name outside ASCII, or a time before 1950 or after 2049");
    *Size = (size_t)Length;
    return Length >= 0;
}
