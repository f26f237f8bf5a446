/* SPDX-License-Identifier: MIT */
#ifndef REGISTRY_H
#define REGISTRY_H

#include <winsock2.h>
#include <windows.h>

/* Reads a string value that is a GUID in braces. SYSTEM_ADVAPI32 is there. FALSE if there is none; says
 * nothing in the log, as values arrive late. */
BOOL RegistryReadGuid(HKEY Key, LPCWSTR Name, GUID *Guid);

#endif
