/* SPDX-License-Identifier: MIT
 *
 * The name of the network connection, which users see. It is for people: the DLL itself finds adapters by a
 * property of its own.
 */
#ifndef NAMING_H
#define NAMING_H

#include "system.h"
#include "wintun.h"

/* Names the connection of the interface with this GUID, or "<Name> 1" and so on if the name is taken. Waits a
 * bounded time. What does not work is logged as a warning: an adapter works under any name.
 *
 * Returns NULL, or the handle of a thread that the system does not let go and that runs code of this DLL;
 * give it to NamingFinish before the DLL may be unloaded. */
HANDLE NamingApply(const GUID *Guid, LPCWSTR Name);

VOID NamingFinish(HANDLE Thread);

#endif
