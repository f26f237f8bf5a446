/* SPDX-License-Identifier: MIT */
#include "revocation.h"
#include "certificate.h"
#include "file.h"

#include <openssl/err.h>
#include <openssl/pem.h>

bool
TrustAddList(TRUST *Trust, const char *Path, REPORT *Report)
{
    FILE_BYTES Bytes;
    X509_CRL *List;
    BIO *Source;
    const uint8_t *At;
    int Before;

    if (!FileRead(Path, &Bytes, Report))
        return false;
    if (!Trust->Lists)
        Trust->Lists = sk_X509_CRL_new_null();
    Before = sk_X509_CRL_num(Trust->Lists);
    At = Bytes.Data;
    List = d2i_X509_CRL(NULL, &At, (long)Bytes.Size);
    if (List && Trust->Lists)
        sk_X509_CRL_push(Trust->Lists, List);
    Source = List ? NULL : BIO_new_mem_buf(Bytes.Data, (int)Bytes.Size);
    while (Source && Trust->Lists && (List = PEM_read_bio_X509_CRL(Source, NULL, NULL, NULL)) != NULL)
        sk_X509_CRL_push(Trust->Lists, List);
    BIO_free(Source);
    FileFree(&Bytes);
    ERR_clear_error();
    if (sk_X509_CRL_num(Trust->Lists) > Before)
        return true;
    ReportFinding(Report, "%s holds no revocation list", Path);
    return false;
}

static void
PrintDate(const ASN1_TIME *Time, char *Buffer, size_t Size)
{
    BIO *Text = BIO_new(BIO_s_mem());
    int Length = Text && ASN1_TIME_print(Text, Time) ? BIO_read(Text, Buffer, (int)Size - 1) : 0;

    Buffer[Length > 0 ? Length : 0] = 0;
    BIO_free(Text);
}

/* What one list, which is the issuer's, says of a certificate. */
static void
AskList(const TRUST *Trust, X509_CRL *List, X509 *Certificate, time_t Time, bool Stamped, REPORT *Report)
{
    const ASN1_TIME *Next = X509_CRL_get0_nextUpdate(List), *Date;
    time_t Now = Trust->Time;
    X509_REVOKED *Entry = NULL;
    char Name[256], Text[64];

    CertificateGetName(Certificate, Name, sizeof(Name));
    if (Next && X509_cmp_time(Next, &Now) < 0) {
        PrintDate(Next, Text, sizeof(Text));
        ReportFinding(Report, "the revocation list for '%s' is out of date since %s", Name, Text);
    }
    /* 1: it is listed; 2: it was and is no more. */
    if (X509_CRL_get0_by_cert(List, &Entry, Certificate) != 1)
        return;
    Date = X509_REVOKED_get0_revocationDate(Entry);
    PrintDate(Date, Text, sizeof(Text));
    if (!Stamped || X509_cmp_time(Date, &Time) < 0)
        ReportFinding(Report, "the certificate of '%s' was revoked on %s", Name, Text);
    else
        ReportNote(Report, "the certificate of '%s' was revoked on %s, after the signature was made", Name,
                   Text);
}

void
RevocationCheck(const TRUST *Trust, STACK_OF(X509) * Chain, time_t Time, bool Stamped, REPORT *Report)
{
    char Name[256];

    /* The root is trusted because somebody named it. */
    for (int Index = 0; Trust->Lists && Index + 1 < sk_X509_num(Chain); ++Index) {
        X509 *Certificate = sk_X509_value(Chain, Index), *Issuer = sk_X509_value(Chain, Index + 1);
        bool Asked = false;

        for (int List = 0; List < sk_X509_CRL_num(Trust->Lists); ++List) {
            X509_CRL *One = sk_X509_CRL_value(Trust->Lists, List);

            if (X509_NAME_cmp(X509_CRL_get_issuer(One), X509_get_issuer_name(Certificate)) ||
                X509_CRL_verify(One, X509_get0_pubkey(Issuer)) != 1)
                continue;
            Asked = true;
            AskList(Trust, One, Certificate, Time, Stamped, Report);
        }
        if (!Asked) {
            CertificateGetName(Certificate, Name, sizeof(Name));
            ReportNote(Report, "no revocation list is about '%s'", Name);
        }
    }
    ERR_clear_error();
}
