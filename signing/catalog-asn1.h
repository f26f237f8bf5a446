/* SPDX-License-Identifier: MIT
 * ASN.1 of security catalogs as OpenSSL templates, shared by the writer and the reader. SET OF templates sort
 * their elements when they encode, and keep the order they find when they decode. */
#ifndef SIGNING_CATALOG_ASN1_H
#define SIGNING_CATALOG_ASN1_H

#include <openssl/asn1t.h>
#include <openssl/x509.h>
#include <stdint.h>

#define OID_SIGNED_DATA        "1.2.840.113549.1.7.2"
#define OID_CATALOG_LIST       "1.3.6.1.4.1.311.10.1"
#define OID_CATALOG_USAGE      "1.3.6.1.4.1.311.12.1.1"
#define OID_CATALOG_MEMBER_V1  "1.3.6.1.4.1.311.12.1.2"
#define OID_CATALOG_MEMBER_V2  "1.3.6.1.4.1.311.12.1.3"
#define OID_CATALOG_NAME_VALUE "1.3.6.1.4.1.311.12.2.1"
#define OID_CATALOG_INFO_V1    "1.3.6.1.4.1.311.12.2.2"
#define OID_CATALOG_INFO_V2    "1.3.6.1.4.1.311.12.2.3"
#define OID_INDIRECT_DATA      "1.3.6.1.4.1.311.2.1.4"
#define OID_KIND_PE            "1.3.6.1.4.1.311.2.1.15"
#define OID_KIND_FLAT          "1.3.6.1.4.1.311.2.1.25"

#define CATALOG_GUID_PE   "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}"
#define CATALOG_GUID_FLAT "{DE351A42-8E59-11D0-8C47-00C04FC295EE}"

/* Values that go with the kinds of indirect data, fixed bytes: for an image a SpcPeImageData with the flag
 * for resources and an empty file link, for any other file the empty link alone. */
extern const uint8_t CatalogKindPe[12], CatalogKindFlat[4];

#define CATALOG_NAME_VALUE_FLAGS 0x10010001
#define CATALOG_INFO_VERSION     0x200

typedef struct
{
    ASN1_BMPSTRING *Name;
    ASN1_INTEGER *Flags;
    ASN1_OCTET_STRING *Value; /* UTF-16LE with NUL */
} NAME_VALUE;
DECLARE_ASN1_FUNCTIONS(NAME_VALUE)

typedef struct
{
    ASN1_BMPSTRING *Guid;
    ASN1_INTEGER *Version;
} MEMBER_INFO;
DECLARE_ASN1_FUNCTIONS(MEMBER_INFO)

typedef struct
{
    ASN1_OBJECT *Type;
    ASN1_TYPE *Value;
} INDIRECT_KIND;
DECLARE_ASN1_FUNCTIONS(INDIRECT_KIND)

typedef struct
{
    INDIRECT_KIND *Kind;
    X509_SIG *Digest;
} INDIRECT_DATA;
DECLARE_ASN1_FUNCTIONS(INDIRECT_DATA)

typedef struct
{
    ASN1_OBJECT *Type;
    STACK_OF(ASN1_TYPE) * Values;
} LIST_ATTRIBUTE;
DECLARE_ASN1_FUNCTIONS(LIST_ATTRIBUTE)
DEFINE_STACK_OF(LIST_ATTRIBUTE)

typedef struct
{
    ASN1_OCTET_STRING *Tag;
    STACK_OF(LIST_ATTRIBUTE) * Attributes;
} LIST_MEMBER;
DECLARE_ASN1_FUNCTIONS(LIST_MEMBER)
DEFINE_STACK_OF(LIST_MEMBER)

typedef struct
{
    ASN1_OBJECT *Type;
    ASN1_OCTET_STRING *Value; /* DER of a NAME_VALUE */
} LIST_EXTENSION;
DECLARE_ASN1_FUNCTIONS(LIST_EXTENSION)
DEFINE_STACK_OF(LIST_EXTENSION)

typedef struct
{
    STACK_OF(ASN1_OBJECT) * Usage;
    ASN1_OCTET_STRING *Identifier;
    ASN1_UTCTIME *Time;
    X509_ALGOR *MemberForm;
    STACK_OF(LIST_MEMBER) * Members;
    STACK_OF(LIST_EXTENSION) * Extensions;
} TRUST_LIST;
DECLARE_ASN1_FUNCTIONS(TRUST_LIST)

typedef struct
{
    ASN1_OBJECT *Type;
    TRUST_LIST *List;
} LIST_CONTENT;
DECLARE_ASN1_FUNCTIONS(LIST_CONTENT)

typedef struct
{
    ASN1_INTEGER *Version;
    STACK_OF(ASN1_TYPE) * DigestAlgorithms;
    LIST_CONTENT *Content;
    STACK_OF(ASN1_TYPE) * Signers;
} UNSIGNED_DATA;
DECLARE_ASN1_FUNCTIONS(UNSIGNED_DATA)

typedef struct
{
    ASN1_OBJECT *Type;
    UNSIGNED_DATA *Data;
} UNSIGNED_CATALOG;
DECLARE_ASN1_FUNCTIONS(UNSIGNED_CATALOG)

#endif
