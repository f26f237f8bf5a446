/* SPDX-License-Identifier: MIT
 * Revoked certificates, by lists that the caller names: nothing is fetched. */
#ifndef SIGNING_REVOCATION_H
#define SIGNING_REVOCATION_H

#include "signature.h"

/* Asks the lists of Trust about a verified chain, leaf first, root last. A signature that a good time stamp dates
 * before the revocation stays good, as Windows has it; without one a revoked certificate is a finding. */
void RevocationCheck(const TRUST *Trust, STACK_OF(X509) * Chain, time_t Time, bool Stamped, REPORT *Report);

#endif
