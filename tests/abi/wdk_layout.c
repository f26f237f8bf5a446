/* SPDX-License-Identifier: MIT
 *
 * Holds driver/wdk to the measured layouts. Compiled for each Windows target; there is nothing to run.
 */
#include "driver/wdk/wdk.h"

#include "ndis_layout.h"
#include "wdm_layout.h"

/* Names that are an offset away from an error no layout shows. */
_Static_assert(_Generic(&NdisMSleep, void(NTAPI *)(ULONG) : 1, default : 0), "stdcall import");
_Static_assert(sizeof(NDIS_STATUS) == 4 && sizeof(LONG) == 4 && sizeof(NDIS_HALT_ACTION) == 4,
               "32-bit types");
_Static_assert(RTL_NUMBER_OF(((DRIVER_OBJECT *)0)->MajorFunction) == 28, "28 dispatch entries");
