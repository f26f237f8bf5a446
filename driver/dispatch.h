/* SPDX-License-Identifier: MIT
 *
 * The control device of an adapter. IRPs come for any device object that the driver ever made, also for one
 * that is deregistered but still open: the adapter is looked up in a locked table by the device object, never
 * through it.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include "adapter.h"

/* PASSIVE. Creates the device and, as its last step, lets IRPs find the adapter. */
NDIS_STATUS DispatchRegister(TUN_ADAPTER *Adapter);

/* PASSIVE. No IRP finds the adapter any more, and none is inside when this returns; the device still exists.
 */
VOID DispatchClose(TUN_ADAPTER *Adapter);

/* PASSIVE, after DispatchClose. */
VOID DispatchDeregister(TUN_ADAPTER *Adapter);

#endif
