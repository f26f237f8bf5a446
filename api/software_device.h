/* SPDX-License-Identifier: MIT
 *
 * The device of an adapter that this process owns, on Windows 8.1 and later: a software device, which lives
 * by the handle in this structure.
 */
#ifndef SOFTWARE_DEVICE_H
#define SOFTWARE_DEVICE_H

#include "device.h"

typedef struct _SOFTWARE_DEVICE
{
    HSWDEVICE Handle;
    WCHAR InstanceId[MAX_DEVICE_ID_LEN]; /* as PnP says, which may be another than was asked for */
    GUID Guid;                           /* of the network interface */
    NET_LUID Luid;
} SOFTWARE_DEVICE;

/* Creates the device and waits until it can be opened and configured. On failure nothing is left, the cause
 * is logged and in GetLastError; among them
 *
 *   ERROR_ALREADY_EXISTS    a device with this GUID exists
 *   ERROR_NO_COMPAT_DRIVERS no driver was bound, or a damaged one, so that staging the package again may help
 *   ERROR_SERVICE_DISABLED  a service that network devices need is disabled
 *   ERROR_DEVICE_NOT_AVAILABLE, ERROR_TIMEOUT
 *
 * The caller holds the machine-wide lock. */
BOOL SoftwareDeviceCreate(SOFTWARE_DEVICE *Device, LPCWSTR Name, LPCWSTR TunnelType, const GUID *Guid);

/* Removes the device and uninstalls what is left of it, if the caller holds the machine-wide lock; without
 * it, the next creation does that. A device that is already gone is no error. */
VOID SoftwareDeviceRemove(SOFTWARE_DEVICE *Device, BOOL IsLocked);

#endif
