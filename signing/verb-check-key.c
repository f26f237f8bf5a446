/* SPDX-License-Identifier: MIT
 * sign-tool check-key: looks at the signing certificate before anything is signed, so that a build stops with
 * one clear line and not with a signing tool's error in the middle. Prints the signer's subject when all is
 * well. */
#include "certificate.h"
#include "verbs.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

typedef struct
{
    const char *Certificates, *Key, *Pkcs12, *PassFile, *Cross;
    time_t Time;
} KEY_SETTINGS;

static bool
Fail(const char *Format, const char *What, const char *More)
{
    fprintf(stderr, Format, What, More);
    fputc('\n', stderr);
    return false;
}

/* The first line of the file; empty when there is none. */
static bool
ReadPass(const char *Path, char *Buffer, size_t Size)
{
    FILE *File = Path ? fopen(Path, "r") : NULL;

    Buffer[0] = 0;
    if (!Path)
        return true;
    if (!File)
        return Fail("cannot open the passphrase file %s%s", Path, "");
    if (!fgets(Buffer, (int)Size, File))
        Buffer[0] = 0;
    fclose(File);
    Buffer[strcspn(Buffer, "\r\n")] = 0;
    return true;
}

/* Never asks on the terminal: without a passphrase an encrypted key is an error. */
static int
PassCallback(char *Buffer, int Size, int Writing, void *Context)
{
    (void)Writing;
    return snprintf(Buffer, (size_t)Size, "%s", (const char *)Context);
}

static bool
LoadCertificates(const char *Path, STACK_OF(X509) * Chain)
{
    BIO *File = BIO_new_file(Path, "r");
    X509 *Certificate;

    if (!File)
        return Fail("cannot open the certificate file %s%s", Path, "");
    while ((Certificate = PEM_read_bio_X509(File, NULL, NULL, NULL)) != NULL)
        sk_X509_push(Chain, Certificate);
    BIO_free(File);
    ERR_clear_error();
    return sk_X509_num(Chain) > 0 || Fail("%s holds no certificate in PEM form%s", Path, "");
}

static bool
LoadKey(const KEY_SETTINGS *Settings, const char *Pass, EVP_PKEY **Key)
{
    BIO *File = BIO_new_file(Settings->Key, "r");
    unsigned long Error;

    if (!File)
        return Fail("cannot open the key file %s%s", Settings->Key, "");
    ERR_clear_error();
    *Key = PEM_read_bio_PrivateKey(File, NULL, PassCallback, (void *)Pass);
    BIO_free(File);
    if (*Key)
        return true;
    Error = ERR_peek_error();
    if (ERR_GET_LIB(Error) == ERR_LIB_PEM && ERR_GET_REASON(Error) == PEM_R_NO_START_LINE)
        return Fail("%s holds no key in PEM form%s", Settings->Key, "");
    return *Pass ? Fail("the passphrase of %s is wrong, or the key is damaged%s", Settings->Key, "")
                 : Fail("%s is encrypted and no passphrase is set, or it is damaged%s", Settings->Key, "");
}

static bool
LoadPkcs12(const KEY_SETTINGS *Settings, const char *Pass, EVP_PKEY **Key, STACK_OF(X509) * Chain)
{
    BIO *File = BIO_new_file(Settings->Pkcs12, "rb");
    PKCS12 *Store = File ? d2i_PKCS12_bio(File, NULL) : NULL;
    STACK_OF(X509) *Others = NULL;
    X509 *Leaf = NULL;
    bool Ok;

    BIO_free(File);
    if (!File)
        return Fail("cannot open %s%s", Settings->Pkcs12, "");
    if (!Store)
        return Fail("%s is no PKCS#12 file%s", Settings->Pkcs12, "");
    Ok = PKCS12_parse(Store, Pass, Key, &Leaf, &Others) == 1;
    PKCS12_free(Store);
    if (!Ok)
        return Fail("the passphrase of %s is wrong, or its encryption is too old for this OpenSSL%s",
                    Settings->Pkcs12, "");
    if (Leaf)
        sk_X509_push(Chain, Leaf);
    while (sk_X509_num(Others) > 0)
        sk_X509_push(Chain, sk_X509_shift(Others));
    sk_X509_free(Others);
    return (Leaf && *Key) || Fail("%s holds no key with its certificate%s", Settings->Pkcs12, "");
}

static X509 *
FindLeaf(STACK_OF(X509) * Chain, EVP_PKEY *Key)
{
    for (int Index = 0; Index < sk_X509_num(Chain); ++Index)
        if (Key ? X509_check_private_key(sk_X509_value(Chain, Index), Key) == 1
                : !X509_check_ca(sk_X509_value(Chain, Index)))
            return sk_X509_value(Chain, Index);
    ERR_clear_error();
    return NULL;
}

static bool
CheckCross(const KEY_SETTINGS *Settings, STACK_OF(X509) * Chain)
{
    STACK_OF(X509) *Cross = sk_X509_new_null();
    bool Ok = Cross && LoadCertificates(Settings->Cross, Cross), Used = false;
    char Why[512];

    for (int Index = 0; Ok && Index < sk_X509_num(Cross); ++Index) {
        Ok = CertificateCheckDates(sk_X509_value(Cross, Index), Settings->Time, Why, sizeof(Why)) ||
             Fail("%s%s", Why, "");
        for (int Child = 0; Child < sk_X509_num(Chain); ++Child)
            Used = Used ||
                   X509_check_issued(sk_X509_value(Cross, Index), sk_X509_value(Chain, Child)) == X509_V_OK;
    }
    sk_X509_pop_free(Cross, X509_free);
    return Ok && (Used || Fail("the cross-certificate %s issued none of the chain%s", Settings->Cross, ""));
}

static bool
CheckKey(const KEY_SETTINGS *Settings)
{
    STACK_OF(X509) *Chain = sk_X509_new_null();
    EVP_PKEY *Key = NULL;
    X509 *Leaf = NULL;
    char Pass[1024], Name[256], Why[512];
    bool Ok = Chain && ReadPass(Settings->PassFile, Pass, sizeof(Pass));

    if (Ok && Settings->Pkcs12)
        Ok = LoadPkcs12(Settings, Pass, &Key, Chain);
    else if (Ok)
        Ok = LoadCertificates(Settings->Certificates, Chain) &&
             (!Settings->Key || LoadKey(Settings, Pass, &Key));
    OPENSSL_cleanse(Pass, sizeof(Pass));
    if (Ok) {
        Leaf = FindLeaf(Chain, Key);
        Ok = Leaf || Fail("%s: no certificate belongs to the key%s",
                          Settings->Pkcs12 ? Settings->Pkcs12 : Settings->Certificates, "");
    }
    Ok = Ok && (CertificateCheckUsage(Leaf, Why, sizeof(Why)) || Fail("%s%s", Why, ""));
    for (int Index = 0; Ok && Index < sk_X509_num(Chain); ++Index)
        Ok = (CertificateCheckDates(sk_X509_value(Chain, Index), Settings->Time, Why, sizeof(Why)) &&
              CertificateCheckStrength(sk_X509_value(Chain, Index), Why, sizeof(Why))) ||
             Fail("%s%s", Why, "");
    Ok = Ok && (!Settings->Cross || CheckCross(Settings, Chain));
    if (Ok) {
        CertificateGetName(Leaf, Name, sizeof(Name));
        puts(Name);
    }
    EVP_PKEY_free(Key);
    sk_X509_pop_free(Chain, X509_free);
    return Ok;
}

int
VerbCheckKey(int Count, char **Arguments)
{
    KEY_SETTINGS Settings = {.Time = time(NULL)};
    struct
    {
        const char *Name;
        const char **Value;
    } Options[] = {{"--certs", &Settings.Certificates},
                   {"--key", &Settings.Key},
                   {"--pkcs12", &Settings.Pkcs12},
                   {"--pass-file", &Settings.PassFile},
                   {"--cross", &Settings.Cross}};

    for (int Index = 1; Index < Count; Index += 2) {
        bool Known = false;

        for (size_t Option = 0; Option < sizeof(Options) / sizeof(Options[0]); ++Option)
            if (Index + 1 < Count && !strcmp(Arguments[Index], Options[Option].Name)) {
                *Options[Option].Value = Arguments[Index + 1];
                Known = true;
            }
        if (!Known) {
            fprintf(stderr, "sign-tool check-key: %s is no option, or lacks its value\n", Arguments[Index]);
            return 2;
        }
    }
    if (!Settings.Certificates == !Settings.Pkcs12) {
        fprintf(stderr,
                "usage: sign-tool check-key {--certs PEM [--key PEM] | --pkcs12 FILE} [--pass-file FILE] "
                "[--cross PEM]\n");
        return 2;
    }
    return CheckKey(&Settings) ? 0 : 1;
}
