/* SPDX-License-Identifier: MIT
 *
 * The driver package of this DLL and those of other versions of it in the system's driver store. Packages are
 * only staged, which touches no device; PnP binds the newest one (date before version) to each device that is
 * created afterwards. The caller of all functions holds the machine-wide lock.
 */
#ifndef DRIVER_STORE_H
#define DRIVER_STORE_H

#include "system.h"

/* Sees to it that PnP will find a package for a new device:
 *
 *   nothing staged                     stages ours
 *   ours, or a newer one               leaves it
 *   an older one, no adapter present   stages ours beside it
 *   an older one, adapters present     leaves it: they run on it, and one image serves them all
 *
 * HasAdapters says whether adapters of ours are present. With Repair the staged package of our version has
 * turned out not to work and is replaced, unless adapters run on it. */
BOOL DriverStorePrepare(BOOL HasAdapters, BOOL Repair);

/* Removes all packages of ours, the service and the driver's file. No device of ours is left, or is left as a
 * phantom. Goes on after an error and returns the first one. */
BOOL DriverStoreRemove(VOID);

#endif
