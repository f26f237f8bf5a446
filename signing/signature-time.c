/* SPDX-License-Identifier: MIT */
#include "signature-time.h"

#include <openssl/err.h>
#include <openssl/ts.h>
#include <string.h>

#define OID_RFC3161_TOKEN "1.3.6.1.4.1.311.3.3.1"

X509_STORE *
TrustCreateStore(const TRUST *Trust, time_t Time)
{
    X509_STORE *Store = X509_STORE_new();

    if (!Store)
        return NULL;
    if (Trust->SystemRoots)
        X509_STORE_set_default_paths(Store);
    for (int Index = 0; Index < sk_X509_num(Trust->Roots); ++Index)
        X509_STORE_add_cert(Store, sk_X509_value(Trust->Roots, Index));
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(Store), Time);
    ERR_clear_error();
    return Store;
}

static PKCS7 *
FindToken(PKCS7_SIGNER_INFO *Signer)
{
    PKCS7 *Token = NULL;

    for (int Index = 0; !Token && Index < sk_X509_ATTRIBUTE_num(Signer->unauth_attr); ++Index) {
        X509_ATTRIBUTE *Attribute = sk_X509_ATTRIBUTE_value(Signer->unauth_attr, Index);
        ASN1_TYPE *Value = X509_ATTRIBUTE_get0_type(Attribute, 0);
        char Oid[80];

        OBJ_obj2txt(Oid, sizeof(Oid), X509_ATTRIBUTE_get0_object(Attribute), 1);
        if (!strcmp(Oid, OID_RFC3161_TOKEN) && Value && Value->type == V_ASN1_SEQUENCE) {
            const uint8_t *Data = ASN1_STRING_get0_data(Value->value.sequence);

            Token = d2i_PKCS7(NULL, &Data, ASN1_STRING_length(Value->value.sequence));
        }
    }
    return Token;
}

static bool
HasTokenAttribute(PKCS7_SIGNER_INFO *Signer)
{
    char Oid[80];

    for (int Index = 0; Index < sk_X509_ATTRIBUTE_num(Signer->unauth_attr); ++Index) {
        OBJ_obj2txt(Oid, sizeof(Oid),
                    X509_ATTRIBUTE_get0_object(sk_X509_ATTRIBUTE_value(Signer->unauth_attr, Index)), 1);
        if (!strcmp(Oid, OID_RFC3161_TOKEN))
            return true;
    }
    return false;
}

static bool
GetTokenTime(PKCS7 *Token, time_t *Time)
{
    TS_TST_INFO *Info = PKCS7_type_is_signed(Token) ? PKCS7_to_TS_TST_INFO(Token) : NULL;
    struct tm Broken;
    bool Ok = Info && ASN1_TIME_to_tm(TS_TST_INFO_get_time(Info), &Broken);

    if (Ok)
        *Time = timegm(&Broken);
    TS_TST_INFO_free(Info);
    return Ok;
}

/* The token vouches for the bytes of the signature itself. */
static bool
VerifyToken(PKCS7 *Token, PKCS7_SIGNER_INFO *Signer, const TRUST *Trust, time_t Time)
{
    TS_VERIFY_CTX *Context = TS_VERIFY_CTX_new();
    X509_STORE *Store = TrustCreateStore(Trust, Time);
    BIO *Data =
        BIO_new_mem_buf(ASN1_STRING_get0_data(Signer->enc_digest), ASN1_STRING_length(Signer->enc_digest));
    bool Ok = false;

    if (Context && Store && Data) {
        TS_VERIFY_CTX_set_flags(Context,
                                (Trust->AnyRoot ? 0 : TS_VFY_SIGNATURE) | TS_VFY_VERSION | TS_VFY_DATA);
        TS_VERIFY_CTX_set_data(Context, Data);
        TS_VERIFY_CTX_set_store(Context, Store);
        Ok = TS_RESP_verify_token(Context, Token) == 1;
    } else {
        BIO_free(Data);
        X509_STORE_free(Store);
    }
    TS_VERIFY_CTX_free(Context);
    return Ok;
}

bool
SignatureCheckTimestamp(PKCS7_SIGNER_INFO *Signer, const TRUST *Trust, time_t *Time, REPORT *Report)
{
    PKCS7 *Token = FindToken(Signer);
    bool Ok = Token && GetTokenTime(Token, Time) && VerifyToken(Token, Signer, Trust, *Time);

    if (!Ok && HasTokenAttribute(Signer)) {
        unsigned long Error = ERR_peek_last_error();
        const char *Reason = Error ? ERR_reason_error_string(Error) : NULL;

        ReportFinding(Report, "the time stamp is not good: %s", Reason ? Reason : "malformed");
    }
    PKCS7_free(Token);
    ERR_clear_error();
    return Ok;
}
