/* SPDX-License-Identifier: MIT
 * RFC 3161 time stamps in Authenticode signatures. */
#ifndef SIGNING_SIGNATURE_TIME_H
#define SIGNING_SIGNATURE_TIME_H

#include "signature.h"

#include <openssl/pkcs7.h>

/* A store with the roots of Trust that judges as of Time. NULL when memory is short. */
X509_STORE *TrustCreateStore(const TRUST *Trust, time_t Time);

/* Checks the time stamp of a signature. True with *Time set when there is a good one; a bad one is a finding.
 */
bool SignatureCheckTimestamp(PKCS7_SIGNER_INFO *Signer, const TRUST *Trust, time_t *Time, REPORT *Report);

#endif
