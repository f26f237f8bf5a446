/* SPDX-License-Identifier: MIT
 * What is asked of a certificate before it signs a release, and again of the signature that came out. */
#ifndef SIGNING_CERTIFICATE_H
#define SIGNING_CERTIFICATE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

/* Each of these gives false with one line in Why. */

/* Valid at that time. */
bool CertificateCheckDates(X509 *Certificate, time_t Time, char *Why, size_t Size);

/* Neither a weak key nor, unless it is a root, a weak digest. */
bool CertificateCheckStrength(X509 *Certificate, char *Why, size_t Size);

/* Meant for code signing. */
bool CertificateCheckUsage(X509 *Certificate, char *Why, size_t Size);

/* The common name, or the whole name if it has none. */
void CertificateGetName(X509 *Certificate, char *Buffer, size_t Size);

#endif
