/* SPDX-License-Identifier: MIT
 *
 * The control device of an adapter: opening it, making sure whose it is, registering rings.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "wintun.h"
#include "ioctl.h"

/* Opens the control device of the adapter with this LUID and GUID, or returns INVALID_HANDLE_VALUE with the
 * cause in GetLastError. A device that answers with another identity is not used: ERROR_DEVICE_NOT_AVAILABLE.
 * A GUID that the driver does not know yet (zero) is not compared. */
HANDLE ControlOpen(const NET_LUID *Luid, const GUID *Guid, TUN_ADAPTER_IDENTITY *Identity);

/* Registers rings through an open control device; they live until the last handle to it closes. */
BOOL ControlRegisterRings(HANDLE Control, const TUN_REGISTER_RINGS *Rings);

#endif
