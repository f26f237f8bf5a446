/* SPDX-License-Identifier: MIT
 *
 * The one place where an exception is caught.
 */
#ifndef PROBE_H
#define PROBE_H

#include "wdk.h"

/* PASSIVE, in the process whose memory Mdl describes. Locks it for writing on behalf of user mode. The status
 * of the exception if MmProbeAndLockPages raises one; nothing is locked then. */
NTSTATUS NTAPI ProbeAndLockUserPages(PMDL Mdl);

#endif
