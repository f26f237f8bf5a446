/* SPDX-License-Identifier: MIT
 *
 * Device nodes of this product, present or not: finding them, reading them, uninstalling them. A node is ours
 * if it carries our own property, whatever its name. Functions here take nodes by instance id, which stays
 * valid while nodes come and go; ids come from the system and are neither parsed nor put together.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "owner.h"
#include "system.h"
#include "wintun.h"

/* Properties of our own on every node, DEVPROPKEY ids below PRODUCT_PROPERTY_GUID; stable from release to
 * release. */
#define DEVICE_PROPERTY_KIND       2u /* DEVPROP_TYPE_UINT32: DEVICE_KIND */
#define DEVICE_PROPERTY_NAME       3u /* DEVPROP_TYPE_STRING: the name asked for */
#define DEVICE_PROPERTY_POOL       4u /* DEVPROP_TYPE_STRING: the tunnel type */
#define DEVICE_PROPERTY_PROCESS_ID 5u /* DEVPROP_TYPE_UINT32: the owner */
#define DEVICE_PROPERTY_CREATED    6u /* DEVPROP_TYPE_FILETIME: the creation time of the owner */

typedef enum _DEVICE_KIND
{
    DEVICE_KIND_NONE,       /* not ours */
    DEVICE_KIND_SESSION,    /* lives by the handle of its owner, and is to be uninstalled after it */
    DEVICE_KIND_PERSISTENT, /* lives until it is deleted */
} DEVICE_KIND;

/* Loads what this module and its callers use; no administrator's rights needed. */
BOOL DeviceRequire(VOID);

/* Calls Visit for each node of ours until it returns FALSE. FALSE if the nodes cannot be listed, with the
 * cause logged. */
typedef BOOL DEVICE_VISIT(LPCWSTR InstanceId, VOID *Context);
BOOL DeviceForEach(BOOL OnlyPresent, DEVICE_VISIT *Visit, VOID *Context);

/* One property of ours, or of the system; FALSE if there is none of this type or it does not fit. Size is in
 * bytes, a string's terminator included. */
BOOL DeviceReadProperty(LPCWSTR InstanceId, DWORD Id, DEVPROPTYPE Type, VOID *Buffer, ULONG Size);
BOOL DeviceReadSystemProperty(LPCWSTR InstanceId, const DEVPROPKEY *Key, DEVPROPTYPE Type, VOID *Buffer,
                              ULONG Size);

DEVICE_KIND DeviceKind(LPCWSTR InstanceId);

/* FALSE if the node has no owner written on it. */
BOOL DeviceOwner(LPCWSTR InstanceId, OWNER *Owner);

/* FALSE only if it is certain that the node is not there: what is done then cannot be undone. */
BOOL DeviceIsPresent(LPCWSTR InstanceId);

/* The GUID and the LUID of the network interface. FALSE while the system has not given it either yet. */
BOOL DeviceInterface(LPCWSTR InstanceId, GUID *Guid, NET_LUID *Luid);

/* Waits until the node is no longer present; FALSE if it still is after the time. */
BOOL DeviceWaitAbsent(LPCWSTR InstanceId, DWORD Milliseconds);

/* Removes all that the system remembers of a node that is not present. One that is already gone is success.
 */
BOOL DeviceUninstall(LPCWSTR InstanceId);

/* Uninstalls the session adapters whose owner has ended, and those that are no longer present, whoever owned them. The
 * caller holds the machine-wide lock, so that nothing is half made. What fails is logged;
 * there is nothing that the caller could do about it. */
VOID DeviceUninstallOrphans(VOID);

#endif
