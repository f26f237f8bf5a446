/* SPDX-License-Identifier: MIT
 * Catalogs that come back from the platform's own signing service. They have attributes of that service's
 * choice, so they are asked only what counts when Windows uses them: sets in order, and a member for each
 * file. */
#include "catalog-asn1.h"
#include "catalog.h"
#include "pe.h"

#include <openssl/err.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <string.h>

/* Extended key usages of Windows hardware driver verification: tested, attested. */
static const char *const PlatformUsages[] = {"1.3.6.1.4.1.311.10.3.5", "1.3.6.1.4.1.311.10.3.5.1"};

static bool
HasPlatformUsage(X509 *Certificate)
{
    EXTENDED_KEY_USAGE *Usages = X509_get_ext_d2i(Certificate, NID_ext_key_usage, NULL, NULL);
    bool Found = false;
    char Oid[80];

    for (int Index = 0; Index < sk_ASN1_OBJECT_num(Usages); ++Index) {
        OBJ_obj2txt(Oid, sizeof(Oid), sk_ASN1_OBJECT_value(Usages, Index), 1);
        for (size_t Known = 0; Known < sizeof(PlatformUsages) / sizeof(PlatformUsages[0]); ++Known)
            Found = Found || !strcmp(Oid, PlatformUsages[Known]);
    }
    EXTENDED_KEY_USAGE_free(Usages);
    return Found;
}

bool
CatalogIsPlatform(const uint8_t *Der, size_t Size)
{
    PKCS7 *Whole = Size <= (4u << 20) ? d2i_PKCS7(NULL, &Der, (long)Size) : NULL;
    STACK_OF(PKCS7_SIGNER_INFO) *Signers =
        Whole && PKCS7_type_is_signed(Whole) ? PKCS7_get_signer_info(Whole) : NULL;
    bool Found = false;

    if (Signers && sk_PKCS7_SIGNER_INFO_num(Signers) == 1) {
        PKCS7_ISSUER_AND_SERIAL *Id = sk_PKCS7_SIGNER_INFO_value(Signers, 0)->issuer_and_serial;
        X509 *Leaf = X509_find_by_issuer_and_serial(Whole->d.sign->cert, Id->issuer, Id->serial);

        Found = Leaf && HasPlatformUsage(Leaf);
    }
    PKCS7_free(Whole);
    ERR_clear_error();
    return Found;
}

static bool
TagIs(const ASN1_OCTET_STRING *Tag, const uint8_t *Digest, size_t Size)
{
    static const char Hex[] = "0123456789ABCDEF";
    const uint8_t *Data = ASN1_STRING_get0_data(Tag);
    size_t Length = (size_t)ASN1_STRING_length(Tag);

    if (Length == Size)
        return !memcmp(Data, Digest, Size);
    if (Length != 4 * Size + 2 && Length != 4 * Size)
        return false;
    for (size_t Index = 0; Index < 2 * Size; ++Index)
        if (Data[2 * Index] != Hex[Digest[Index / 2] >> (Index % 2 ? 0 : 4) & 15] || Data[2 * Index + 1])
            return false;
    return true;
}

static bool
HasMember(const TRUST_LIST *List, const PACKAGE_FILE *File)
{
    const EVP_MD *Mds[] = {EVP_sha256(), EVP_sha1()};
    uint8_t Digest[EVP_MAX_MD_SIZE];
    const char *Error;
    unsigned Size;
    PE_IMAGE Image;

    for (size_t Md = 0; Md < 2; ++Md) {
        bool Ok =
            File->Size >= 2 && File->Data[0] == 'M' && File->Data[1] == 'Z'
                ? PeOpen(&Image, File->Data, File->Size, &Error) && PeHash(&Image, Mds[Md], Digest, &Size)
                : EVP_Digest(File->Data, File->Size, Digest, &Size, Mds[Md], NULL) == 1;

        for (int Index = 0; Ok && Index < sk_LIST_MEMBER_num(List->Members); ++Index)
            if (TagIs(sk_LIST_MEMBER_value(List->Members, Index)->Tag, Digest, Size))
                return true;
    }
    return false;
}

void
CatalogCheckPlatform(const uint8_t *Der, size_t Size, const PACKAGE_FILE *Files, unsigned Count,
                     REPORT *Report)
{
    PKCS7 *Whole = Size <= (4u << 20) ? d2i_PKCS7(NULL, &Der, (long)Size) : NULL;
    TRUST_LIST *List = NULL;
    const uint8_t *Inner;
    uint8_t *Again = NULL;
    char Oid[80];
    int InnerSize;

    if (Whole && PKCS7_type_is_signed(Whole) && Whole->d.sign && Whole->d.sign->contents &&
        OBJ_obj2txt(Oid, sizeof(Oid), Whole->d.sign->contents->type, 1) > 0 &&
        !strcmp(Oid, OID_CATALOG_LIST) && Whole->d.sign->contents->d.other &&
        Whole->d.sign->contents->d.other->type == V_ASN1_SEQUENCE) {
        Inner = ASN1_STRING_get0_data(Whole->d.sign->contents->d.other->value.sequence);
        InnerSize = ASN1_STRING_length(Whole->d.sign->contents->d.other->value.sequence);
        List = d2i_TRUST_LIST(NULL, &Inner, InnerSize);
        if (List && (i2d_TRUST_LIST(List, &Again) != InnerSize ||
                     memcmp(Again, ASN1_STRING_get0_data(Whole->d.sign->contents->d.other->value.sequence),
                            (size_t)InnerSize)))
            ReportFinding(Report, "the list is not in strict DER");
    }
    if (!List)
        ReportFinding(Report, "not a catalog");
    for (unsigned Index = 0; List && Index < Count; ++Index)
        if (!HasMember(List, &Files[Index]))
            ReportFinding(Report, "%s is not in the catalog with the hash that it has", Files[Index].Name);
    OPENSSL_free(Again);
    TRUST_LIST_free(List);
    PKCS7_free(Whole);
    ERR_clear_error();
}
