/* SPDX-License-Identifier: MIT
 *
 * The driver packages inside the DLL: RT_RCDATA resources, three numbers in a row for each package. One package
 * serves every system. Of two, the first is for clients of Windows 10 and later, which load what Microsoft
 * attestation-signs, and the second for those that ask for more: Windows 7 to 8.1, and servers.
 */
#ifndef RESOURCE_H
#define RESOURCE_H

#include <winsock2.h>
#include <windows.h>

/* Where the packages begin; api/CMakeLists.txt defines API_PACKAGE_* and writes the resources by the same numbers. */
#define RESOURCE_PACKAGE_FIRST  API_PACKAGE_FIRST
#define RESOURCE_PACKAGE_SECOND API_PACKAGE_SECOND

/* What a package consists of, added to the number where it begins. The catalog is missing in unsigned builds. */
#define RESOURCE_DRIVER  0
#define RESOURCE_INF     1
#define RESOURCE_CATALOG 2

/* Where the package for the running system begins, logged if there is a choice; or 0 with the cause logged and in
 * GetLastError. */
WORD ResourcePackage(VOID);

/* Returns the bytes, which live as long as the image, or NULL if there is no such resource. */
const VOID *ResourceFind(WORD Id, DWORD *Size);

#endif
