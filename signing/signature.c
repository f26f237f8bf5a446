/* SPDX-License-Identifier: MIT */
#include "signature.h"
#include "catalog-asn1.h"
#include "certificate.h"
#include "file.h"
#include "revocation.h"
#include "signature-time.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509v3.h>
#include <string.h>

#define OID_NESTED_SIGNATURE "1.3.6.1.4.1.311.2.4.1"
#define MAX_NESTED           8

static bool
IsObject(const ASN1_OBJECT *Object, const char *Oid)
{
    char Text[80];

    return OBJ_obj2txt(Text, sizeof(Text), Object, 1) > 0 && !strcmp(Text, Oid);
}

bool
TrustAddFile(TRUST *Trust, const char *Path, REPORT *Report)
{
    FILE_BYTES Bytes;
    BIO *Source;
    X509 *Certificate;
    int Before = sk_X509_num(Trust->Roots);
    const uint8_t *At;

    if (!FileRead(Path, &Bytes, Report))
        return false;
    if (!Trust->Roots)
        Trust->Roots = sk_X509_new_null();
    At = Bytes.Data;
    Certificate = Bytes.Size <= INT32_MAX ? d2i_X509(NULL, &At, (long)Bytes.Size) : NULL;
    if (Certificate && Trust->Roots)
        sk_X509_push(Trust->Roots, Certificate);
    Source = Certificate ? NULL : BIO_new_mem_buf(Bytes.Data, (int)Bytes.Size);
    while (Source && Trust->Roots && (Certificate = PEM_read_bio_X509(Source, NULL, NULL, NULL)) != NULL)
        sk_X509_push(Trust->Roots, Certificate);
    BIO_free(Source);
    FileFree(&Bytes);
    ERR_clear_error();
    if (sk_X509_num(Trust->Roots) > (Before < 0 ? 0 : Before))
        return true;
    ReportFinding(Report, "%s holds no certificate", Path);
    return false;
}

void
TrustFree(TRUST *Trust)
{
    sk_X509_pop_free(Trust->Roots, X509_free);
    sk_X509_CRL_pop_free(Trust->Lists, X509_CRL_free);
    Trust->Roots = NULL;
    Trust->Lists = NULL;
}

/* The bytes that the signature covers: the content without its outer tag and length. */
static bool
GetContent(PKCS7 *Signature, const uint8_t **Der, long *DerSize, const uint8_t **Inner, long *InnerSize)
{
    PKCS7 *Contents = Signature->d.sign->contents;
    ASN1_TYPE *Other = Contents->d.other;
    int Tag, Class;

    /* For the types that PKCS#7 itself defines the union holds something else. */
    if ((!IsObject(Contents->type, OID_INDIRECT_DATA) && !IsObject(Contents->type, OID_CATALOG_LIST)) ||
        !Other || Other->type != V_ASN1_SEQUENCE)
        return false;
    *Der = *Inner = ASN1_STRING_get0_data(Other->value.sequence);
    *DerSize = ASN1_STRING_length(Other->value.sequence);
    return !(ASN1_get_object(Inner, InnerSize, &Tag, &Class, *DerSize) & 0x81);
}

/* An authority that says what it issues for has to say code signing. */
static void
CheckAuthorities(STACK_OF(X509) * Chain, REPORT *Report)
{
    char Name[256];

    for (int Index = 1; Index < sk_X509_num(Chain); ++Index) {
        X509 *Authority = sk_X509_value(Chain, Index);

        if (!(X509_get_extension_flags(Authority) & EXFLAG_XKUSAGE) ||
            (X509_get_extended_key_usage(Authority) & (XKU_CODE_SIGN | XKU_ANYEKU)))
            continue;
        CertificateGetName(Authority, Name, sizeof(Name));
        ReportFinding(Report, "the authority '%s' may not issue certificates for code signing", Name);
    }
}

static void
CheckChain(PKCS7 *Signature, X509 *Leaf, const TRUST *Trust, time_t Time, bool Stamped, REPORT *Report)
{
    X509_STORE *Store = TrustCreateStore(Trust, Time);
    X509_STORE_CTX *Context = X509_STORE_CTX_new();
    char Name[256], Issuer[256];

    CertificateGetName(Leaf, Name, sizeof(Name));
    if (!Store || !Context || !X509_STORE_CTX_init(Context, Store, Leaf, Signature->d.sign->cert)) {
        ReportFinding(Report, "out of memory checking the chain");
    } else if (X509_verify_cert(Context) != 1) {
        X509 *At = X509_STORE_CTX_get_current_cert(Context);
        int Error = X509_STORE_CTX_get_error(Context);

        CertificateGetName(At ? At : Leaf, Issuer, sizeof(Issuer));
        ReportFinding(Report, "the chain of '%s' is not good at '%s': %s", Name, Issuer,
                      X509_verify_cert_error_string(Error));
    } else {
        CheckAuthorities(X509_STORE_CTX_get0_chain(Context), Report);
        RevocationCheck(Trust, X509_STORE_CTX_get0_chain(Context), Time, Stamped, Report);
    }
    if (!(X509_get_extension_flags(Leaf) & EXFLAG_XKUSAGE) ||
        !(X509_get_extended_key_usage(Leaf) & XKU_CODE_SIGN))
        ReportFinding(Report, "the certificate of '%s' is not meant for code signing", Name);
    X509_STORE_CTX_free(Context);
    X509_STORE_free(Store);
    ERR_clear_error();
}

/* The signer's attributes name the type of the content; PKCS7_signatureVerify compares the digest alone. */
static bool
NamesContentType(PKCS7 *Signature, PKCS7_SIGNER_INFO *Signer)
{
    ASN1_TYPE *Type = PKCS7_get_signed_attribute(Signer, NID_pkcs9_contentType);

    return Type && Type->type == V_ASN1_OBJECT &&
           !OBJ_cmp(Type->value.object, Signature->d.sign->contents->type);
}

static bool
VerifyBytes(PKCS7 *Signature, PKCS7_SIGNER_INFO *Signer, X509 *Leaf, const uint8_t *Inner, long InnerSize)
{
    const EVP_MD *Md = EVP_get_digestbyobj(Signer->digest_alg->algorithm);
    BIO *Hash = BIO_new(BIO_f_md()), *Sink = BIO_new(BIO_s_null());
    bool Ok = false;

    if (Md && Hash && Sink) {
        BIO_push(Hash, Sink);
        Ok = BIO_set_md(Hash, Md) > 0 && BIO_write(Hash, Inner, (int)InnerSize) == (int)InnerSize &&
             PKCS7_signatureVerify(Hash, Signature, Signer, Leaf) > 0;
    }
    BIO_free(Hash);
    BIO_free(Sink);
    ERR_clear_error();
    return Ok;
}

/* Everything about one SignedData but its content's meaning. Strong is set when its digest is not a broken
 * one. */
static void
CheckSigned(PKCS7 *Signature, const TRUST *Trust, bool *Strong, REPORT *Report)
{
    STACK_OF(PKCS7_SIGNER_INFO) *Signers = PKCS7_get_signer_info(Signature);
    PKCS7_SIGNER_INFO *Signer;
    const uint8_t *Der, *Inner;
    long DerSize, InnerSize;
    time_t Time = Trust->Time;
    bool Stamped;
    char Name[256], Why[512];
    X509 *Leaf;
    int Digest;

    if (sk_PKCS7_SIGNER_INFO_num(Signers) != 1) {
        ReportFinding(Report, "there are %d signers and not one",
                      sk_PKCS7_SIGNER_INFO_num(Signers) < 0 ? 0 : sk_PKCS7_SIGNER_INFO_num(Signers));
        return;
    }
    Signer = sk_PKCS7_SIGNER_INFO_value(Signers, 0);
    Leaf = X509_find_by_issuer_and_serial(Signature->d.sign->cert, Signer->issuer_and_serial->issuer,
                                          Signer->issuer_and_serial->serial);
    if (!Leaf) {
        ReportFinding(Report, "the signer's certificate is missing");
        return;
    }
    Digest = OBJ_obj2nid(Signer->digest_alg->algorithm);
    *Strong = *Strong || Digest == NID_sha256 || Digest == NID_sha384 || Digest == NID_sha512;
    if (!GetContent(Signature, &Der, &DerSize, &Inner, &InnerSize) || !NamesContentType(Signature, Signer) ||
        !VerifyBytes(Signature, Signer, Leaf, Inner, InnerSize))
        ReportFinding(Report, "the signature is not over this content, or is damaged");
    Stamped = SignatureCheckTimestamp(Signer, Trust, &Time, Report);
    if (!Stamped) {
        Time = Trust->Time;
        if (Trust->RequireTimestamp)
            ReportFinding(Report, "the signature has no good time stamp");
    }
    if (Trust->SignsNow && !(CertificateCheckUsage(Leaf, Why, sizeof(Why)) &&
                             CertificateCheckDates(Leaf, Trust->Time, Why, sizeof(Why)) &&
                             CertificateCheckStrength(Leaf, Why, sizeof(Why))))
        ReportFinding(Report, "%s", Why);
    if (!Trust->AnyRoot)
        CheckChain(Signature, Leaf, Trust, Time, Stamped, Report);
    CertificateGetName(Leaf, Name, sizeof(Name));
    ReportNote(Report, "signed by '%s' with %s, %s", Name, OBJ_nid2sn(Digest),
               Stamped ? "time-stamped" : "without a time stamp");
}

/* Padding is how many zero bytes may follow. Anything else behind a signature is nobody's signed content. */
static PKCS7 *
ParseSigned(const uint8_t *Der, size_t Size, size_t Padding)
{
    const uint8_t *At = Der;
    PKCS7 *Signature = Size <= (16u << 20) ? d2i_PKCS7(NULL, &At, (long)Size) : NULL;
    bool Clean = Signature && Size - (size_t)(At - Der) <= Padding;

    for (; Clean && At < Der + Size; ++At)
        Clean = !*At;
    ERR_clear_error();
    if (Clean && PKCS7_type_is_signed(Signature) && Signature->d.sign && Signature->d.sign->contents)
        return Signature;
    PKCS7_free(Signature);
    return NULL;
}

/* The hash in the signature is that of the image. */
static void
CheckImageHash(const PE_IMAGE *Image, PKCS7 *Signature, REPORT *Report)
{
    const uint8_t *Der, *Inner;
    long DerSize, InnerSize;
    INDIRECT_DATA *Data = NULL;
    const X509_ALGOR *Algorithm;
    const ASN1_OBJECT *Object;
    const ASN1_OCTET_STRING *Digest;
    uint8_t Actual[EVP_MAX_MD_SIZE];
    unsigned ActualSize;
    const EVP_MD *Md;

    if (IsObject(Signature->d.sign->contents->type, OID_INDIRECT_DATA) &&
        GetContent(Signature, &Der, &DerSize, &Inner, &InnerSize))
        Data = d2i_INDIRECT_DATA(NULL, &Der, DerSize);
    if (!Data || !IsObject(Data->Kind->Type, OID_KIND_PE)) {
        ReportFinding(Report, "the signature is not one of an image");
        INDIRECT_DATA_free(Data);
        return;
    }
    X509_SIG_get0(Data->Digest, &Algorithm, &Digest);
    X509_ALGOR_get0(&Object, NULL, NULL, Algorithm);
    Md = EVP_get_digestbyobj(Object);
    if (!Md || !PeHash(Image, Md, Actual, &ActualSize) || ASN1_STRING_length(Digest) != (int)ActualSize ||
        memcmp(ASN1_STRING_get0_data(Digest), Actual, ActualSize))
        ReportFinding(Report, "the image was changed after it was signed");
    INDIRECT_DATA_free(Data);
    ERR_clear_error();
}

static void
CheckImageSignature(const PE_IMAGE *Image, PKCS7 *Signature, const TRUST *Trust, bool *Strong,
                    unsigned *Budget, REPORT *Report)
{
    STACK_OF(PKCS7_SIGNER_INFO) *Signers = PKCS7_get_signer_info(Signature);

    CheckImageHash(Image, Signature, Report);
    CheckSigned(Signature, Trust, Strong, Report);
    for (int Signer = 0; Signer < sk_PKCS7_SIGNER_INFO_num(Signers); ++Signer) {
        STACK_OF(X509_ATTRIBUTE) *Attributes = sk_PKCS7_SIGNER_INFO_value(Signers, Signer)->unauth_attr;

        for (int Index = 0; Index < sk_X509_ATTRIBUTE_num(Attributes); ++Index) {
            X509_ATTRIBUTE *Attribute = sk_X509_ATTRIBUTE_value(Attributes, Index);

            if (!IsObject(X509_ATTRIBUTE_get0_object(Attribute), OID_NESTED_SIGNATURE))
                continue;
            for (int Value = 0; Value < X509_ATTRIBUTE_count(Attribute); ++Value) {
                ASN1_TYPE *Type = X509_ATTRIBUTE_get0_type(Attribute, Value);
                PKCS7 *Nested = Type && Type->type == V_ASN1_SEQUENCE
                                    ? ParseSigned(ASN1_STRING_get0_data(Type->value.sequence),
                                                  (size_t)ASN1_STRING_length(Type->value.sequence), 0)
                                    : NULL;

                if (!Nested || !*Budget)
                    ReportFinding(Report, "a nested signature is malformed");
                else {
                    --*Budget;
                    CheckImageSignature(Image, Nested, Trust, Strong, Budget, Report);
                }
                PKCS7_free(Nested);
            }
        }
    }
}

void
SignatureCheckImage(const PE_IMAGE *Image, const TRUST *Trust, REPORT *Report)
{
    const uint8_t *Der;
    size_t Size;
    unsigned Index = 0, Budget = MAX_NESTED;
    bool Strong = false;
    int More;

    if (!Image->CertificateSize) {
        ReportFinding(Report, "is not signed");
        return;
    }
    for (; (More = PeGetCertificate(Image, Index, &Der, &Size)) > 0; ++Index) {
        PKCS7 *Signature = ParseSigned(Der, Size, 7);

        if (Signature && Budget) {
            --Budget;
            CheckImageSignature(Image, Signature, Trust, &Strong, &Budget, Report);
        } else
            ReportFinding(Report, "a signature is malformed, or something follows it");
        PKCS7_free(Signature);
    }
    if (More < 0)
        ReportFinding(Report, "the certificate table is malformed");
    else if (!Index)
        ReportFinding(Report, "the certificate table holds no signature");
    else if (!Strong)
        ReportFinding(Report, "no signature has a digest stronger than SHA-1");
}

void
SignatureCheckCatalog(const uint8_t *Der, size_t Size, const TRUST *Trust, REPORT *Report)
{
    PKCS7 *Signature = ParseSigned(Der, Size, 0);
    bool Strong = false;

    if (!Signature || !IsObject(Signature->d.sign->contents->type, OID_CATALOG_LIST)) {
        ReportFinding(Report, "not a catalog");
    } else if (sk_PKCS7_SIGNER_INFO_num(PKCS7_get_signer_info(Signature)) <= 0) {
        ReportFinding(Report, "the catalog is not signed");
    } else {
        CheckSigned(Signature, Trust, &Strong, Report);
        if (!Strong)
            ReportFinding(Report, "the catalog is signed with no digest stronger than SHA-1");
    }
    PKCS7_free(Signature);
}
