/* SPDX-License-Identifier: MIT
 *
 * What a compiler expects of a run-time library and a driver has to bring along: the stack cookie, and where
 * control flow guard finds its tables. Windows targets only; the host has its own.
 */
#ifndef RUNTIME_H
#define RUNTIME_H

#include "wdk.h"

#if defined(_WIN32)
/* Discarded when DriverEntry has returned. */
#define RUNTIME_INIT __attribute__((section("INIT")))
#else
#define RUNTIME_INIT
#endif

/* What DriverEntry calls once the cookie is random. */
NTSTATUS DriverMain(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);

#endif
