/* SPDX-License-Identifier: MIT
 * Proves at compile time that ndis_types.h has Windows' layout. */
#include "ndis_types.h"

#include "tests/abi/ndis_layout.h"

/* What only the model uses. */
#define WIDE (sizeof(void *) == 8)
_Static_assert(offsetof(NDIS_RESTART_GENERAL_ATTRIBUTES, SupportedOidListLength) == (WIDE ? 80 : 72),
               "offset");
_Static_assert(NDIS_SIZEOF_RESTART_GENERAL_ATTRIBUTES_REVISION_2 == (WIDE ? 88 : 80), "Header.Size");
_Static_assert(NDIS_SIZEOF_NET_BUFFER_POOL_PARAMETERS_REVISION_1 == 12, "Header.Size");
_Static_assert(NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_1 == 52, "Header.Size");
_Static_assert(NDIS_SIZEOF_NDIS_PM_CAPABILITIES_REVISION_2 == 60, "Header.Size");
