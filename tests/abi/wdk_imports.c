/* SPDX-License-Identifier: MIT
 *
 * A driver that does nothing but refer to every import of imports.txt (names.inc is made from it), through
 * the prototypes of driver/wdk. It links only if each prototype's convention and argument bytes are those of
 * the table, and what it imports shows which module each name is taken from.
 */
#include "driver/wdk/wdk.h"

/* Called by compiled code only, so driver/wdk does not declare them. */
#if defined(__i386__)
extern char _except_handler3, _alldiv, _allmul, _allrem, _aulldiv, _aullrem, _allshl, _allshr, _aullshr;
#else
extern char __C_specific_handler;
#endif

DRIVER_INITIALIZE DriverEntry;

NTSTATUS NTAPI
DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    const void *volatile *Sink = (const void *volatile *)(void *)DriverObject;

    UNREFERENCED_PARAMETER(RegistryPath);
#define X(Name) *Sink = (const void *)&Name;
#include "names.inc"
#undef X
    return STATUS_SUCCESS;
}
