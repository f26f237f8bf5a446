/* SPDX-License-Identifier: MIT
 * Authenticode signatures of images and catalogs: content, signature, chain, time stamp. */
#ifndef SIGNING_SIGNATURE_H
#define SIGNING_SIGNATURE_H

#include "pe.h"
#include "report.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <time.h>

typedef struct
{
    STACK_OF(X509) * Roots;     /* what chains may end at; NULL as long as none was added */
    bool SystemRoots;           /* the host's store counts too */
    bool AnyRoot;               /* content and signature are checked, trust is not */
    bool RequireTimestamp;      /* a signature without a time stamp is a finding */
    bool SignsNow;              /* the signer's certificate has to be one that may sign at Time */
    STACK_OF(X509_CRL) * Lists; /* certificates that are revoked; NULL: nobody asks */
    time_t Time;                /* when a signature without a time stamp has to be valid */
} TRUST;

/* Adds the certificates of a PEM or DER file. False with a finding. */
bool TrustAddFile(TRUST *Trust, const char *Path, REPORT *Report);

/* Adds the revocation lists of a PEM or DER file. False with a finding. */
bool TrustAddList(TRUST *Trust, const char *Path, REPORT *Report);

void TrustFree(TRUST *Trust);

/* Checks every signature of an image, nested ones too. "Not signed" is a finding. */
void SignatureCheckImage(const PE_IMAGE *Image, const TRUST *Trust, REPORT *Report);

/* Checks the signature of a catalog; its content is CatalogDecode's matter. */
void SignatureCheckCatalog(const uint8_t *Der, size_t Size, const TRUST *Trust, REPORT *Report);

#endif
