/* SPDX-License-Identifier: MIT
 *
 * The software device interface of Windows 8 and later and the property structures that it takes, as
 * Microsoft's reference of swdevice.h, swdevicedef.h and devpropdef.h describes them; mingw-w64 does not ship
 * them.
 */
#ifndef SWDEVICE_H
#define SWDEVICE_H

#include <windows.h>
#include <devpropdef.h>

DECLARE_HANDLE(HSWDEVICE);

/* SW_DEVICE_CAPABILITIES */
#define SW_DEVICE_CAPABILITY_SILENT_INSTALL  0x2u
#define SW_DEVICE_CAPABILITY_DRIVER_REQUIRED 0x8u

typedef struct _SW_DEVICE_CREATE_INFO
{
    ULONG cbSize;
    PCWSTR pszInstanceId;
    PCWSTR pszzHardwareIds;
    PCWSTR pszzCompatibleIds;
    const GUID *pContainerId;
    ULONG CapabilityFlags;
    PCWSTR pszDeviceDescription;
    PCWSTR pszDeviceLocation;
    const SECURITY_DESCRIPTOR *pSecurityDescriptor;
} SW_DEVICE_CREATE_INFO;

/* DEVPROPSTORE */
#define DEVPROP_STORE_SYSTEM 0

typedef struct _DEVPROPCOMPKEY
{
    DEVPROPKEY Key;
    int Store;
    PCWSTR LocaleName;
} DEVPROPCOMPKEY;

typedef struct _DEVPROPERTY
{
    DEVPROPCOMPKEY CompKey;
    DEVPROPTYPE Type;
    ULONG BufferSize;
    PVOID Buffer;
} DEVPROPERTY;

/* Comes on a thread of the system, possibly before SwDeviceCreate has returned, and no more once
 * SwDeviceClose has returned. */
typedef VOID(WINAPI *SW_DEVICE_CREATE_CALLBACK)(HSWDEVICE Device, HRESULT Result, PVOID Context,
                                                PCWSTR InstanceId);

#endif
