/* SPDX-License-Identifier: MIT
 *
 * The driver package inside the DLL.
 */
#ifndef RESOURCE_H
#define RESOURCE_H

#include <winsock2.h>
#include <windows.h>

/* RT_RCDATA resources of wintun.rc.in. The catalog is missing in unsigned builds. */
#define RESOURCE_DRIVER  1
#define RESOURCE_INF     2
#define RESOURCE_CATALOG 3

/* Returns the bytes, which live as long as the image, or NULL if there is no such resource. */
const VOID *ResourceFind(WORD Id, DWORD *Size);

#endif
