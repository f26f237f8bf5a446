/* SPDX-License-Identifier: MIT
 *
 * Everywhere but on arm, whose form is probe_arm.S: the compiler knows no __try for that target.
 */
#include "probe.h"

#if defined(__arm__) && defined(_WIN32)
/* probe_arm.S */
typedef int ProbeIsElsewhere;
#elif defined(_MSC_VER)

NTSTATUS NTAPI
ProbeAndLockUserPages(PMDL Mdl)
{
    __try {
        MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return (NTSTATUS)__exception_code();
    }
    return STATUS_SUCCESS;
}

#else

/* The host has no exceptions; its kernel model offers the same service with a status instead. */
NTSTATUS ProbeHostAndLockPages(PMDL Mdl, KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation);

NTSTATUS NTAPI
ProbeAndLockUserPages(PMDL Mdl)
{
    return ProbeHostAndLockPages(Mdl, UserMode, IoWriteAccess);
}

#endif
