/* SPDX-License-Identifier: MIT
 *
 * OID requests. All are answered at once; NDIS sends one at a time.
 */
#ifndef OID_H
#define OID_H

#include "adapter.h"

extern const NDIS_OID OidSupported[];
extern const ULONG OidSupportedLength; /* in bytes */

MINIPORT_OID_REQUEST OidRequest;
MINIPORT_CANCEL_OID_REQUEST OidCancelRequest;
MINIPORT_DIRECT_OID_REQUEST OidDirectRequest;
MINIPORT_CANCEL_DIRECT_OID_REQUEST OidCancelDirectRequest;

#endif
