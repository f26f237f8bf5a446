/* SPDX-License-Identifier: MIT */
#include "certificate.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdio.h>

void
CertificateGetName(X509 *Certificate, char *Buffer, size_t Size)
{
    X509_NAME *Name = X509_get_subject_name(Certificate);

    if (X509_NAME_get_text_by_NID(Name, NID_commonName, Buffer, (int)Size) < 0)
        X509_NAME_oneline(Name, Buffer, (int)Size);
}

bool
CertificateCheckDates(X509 *Certificate, time_t Time, char *Why, size_t Size)
{
    char Name[256], Date[64] = "";
    BIO *Text = BIO_new(BIO_s_mem());
    bool Early = X509_cmp_time(X509_get0_notBefore(Certificate), &Time) > 0;
    bool Late = X509_cmp_time(X509_get0_notAfter(Certificate), &Time) < 0;

    CertificateGetName(Certificate, Name, sizeof(Name));
    if (Text && (Early || Late)) {
        ASN1_TIME_print(Text, Early ? X509_get0_notBefore(Certificate) : X509_get0_notAfter(Certificate));
        BIO_read(Text, Date, sizeof(Date) - 1);
    }
    BIO_free(Text);
    if (Early || Late)
        snprintf(Why, Size, "the certificate '%s' %s %s", Name, Early ? "is not valid before" : "expired on",
                 Date);
    return !Early && !Late;
}

bool
CertificateCheckStrength(X509 *Certificate, char *Why, size_t Size)
{
    char Name[256];
    int Digest = NID_undef;
    EVP_PKEY *Key = X509_get0_pubkey(Certificate);

    CertificateGetName(Certificate, Name, sizeof(Name));
    if (Key && EVP_PKEY_base_id(Key) == EVP_PKEY_RSA && EVP_PKEY_bits(Key) < 2048) {
        snprintf(Why, Size, "the key of '%s' is weak: RSA with fewer than 2048 bits", Name);
        return false;
    }
    /* What a root says of itself proves nothing, whatever its digest. */
    if (X509_check_issued(Certificate, Certificate) == X509_V_OK)
        return true;
    OBJ_find_sigid_algs(X509_get_signature_nid(Certificate), &Digest, NULL);
    if (Digest != NID_md5 && Digest != NID_sha1 && Digest != NID_md4 && Digest != NID_md2)
        return true;
    snprintf(Why, Size, "the certificate '%s' is signed with a weak digest, %s", Name, OBJ_nid2ln(Digest));
    return false;
}

bool
CertificateCheckUsage(X509 *Certificate, char *Why, size_t Size)
{
    uint32_t Flags = X509_get_extension_flags(Certificate);
    char Name[256];

    CertificateGetName(Certificate, Name, sizeof(Name));
    if (X509_check_ca(Certificate))
        snprintf(Why, Size, "the certificate '%s' is that of an authority, not of a signer", Name);
    else if (!(Flags & EXFLAG_XKUSAGE) || !(X509_get_extended_key_usage(Certificate) & XKU_CODE_SIGN))
        snprintf(Why, Size, "the certificate '%s' is not meant for code signing", Name);
    else if ((Flags & EXFLAG_KUSAGE) && !(X509_get_key_usage(Certificate) & KU_DIGITAL_SIGNATURE))
        snprintf(Why, Size, "the key usage of '%s' does not allow digital signatures", Name);
    else
        return true;
    return false;
}
