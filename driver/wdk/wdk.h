/* SPDX-License-Identifier: MIT
 *
 * The part of the NT kernel's and of NDIS 6's interface that the driver uses, in our own declarations:
 * documented names, documented values, layouts checked at compile time (tests/abi). The one header to
 * include.
 *
 * Compiles for the four *-pc-windows-msvc targets and, for the host's tests, for 64-bit Linux (with
 * -fshort-wchar), which is why no Windows type is built upon `long`. Nothing here touches a privileged
 * register or the shared user page: what Windows' own headers inline that way is an import or is left out.
 */
#ifndef WDK_H
#define WDK_H

#include "types.h"
#include "status.h"
#include "interlocked.h"
#include "list.h"
#include "ke.h"
#include "mm.h"
#include "io.h"
#include "ob.h"
#include "rtl.h"
#include "ndis_constants.h"
#include "ndis_oid.h"
#include "ndis_nbl.h"
#include "ndis_miniport.h"
#include "ndis_functions.h"

#endif
