/* SPDX-License-Identifier: MIT
 *
 * The machine-wide lock: held by whoever creates, opens or removes adapters or changes the driver store.
 * Session calls never take it.
 */
#ifndef LOCK_H
#define LOCK_H

#include <winsock2.h>
#include <windows.h>

/* Waits, but not for ever. Returns the lock, or NULL with the cause in GetLastError: ERROR_TIMEOUT, or
 * ERROR_POSSIBLE_DEADLOCK if this thread has it already, which means that it is in a logger callback. The cause is
 * logged, but not the latter: it would call the callback within itself. */
HANDLE LockAcquire(VOID);

/* Preserves GetLastError. */
VOID LockRelease(HANDLE Lock);

#endif
