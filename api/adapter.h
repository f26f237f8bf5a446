/* SPDX-License-Identifier: MIT
 *
 * Adapter handles: what WintunCreateAdapter and WintunOpenAdapter return.
 */
#ifndef ADAPTER_H
#define ADAPTER_H

#include "wintun.h"

/* Opens the adapter's control device, or returns INVALID_HANDLE_VALUE with the cause logged and in
 * GetLastError. */
HANDLE AdapterOpenControl(WINTUN_ADAPTER_HANDLE Adapter);

#endif
