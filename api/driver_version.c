/* SPDX-License-Identifier: MIT
 *
 * WintunGetRunningDriverVersion (wintun.h). The driver is loaded exactly while it has an adapter, so any
 * adapter is asked, through its control device. Callers that may not open that get what the system notes
 * about the package.
 */
#include "control.h"
#include "device.h"
#include "package_version.h"

DWORD WINAPI WintunGetRunningDriverVersion(VOID);

typedef struct _VERSION_SEARCH
{
    DWORD Version;
    DWORD Error;
} VERSION_SEARCH;

/* The version that the system notes for a device, "<major>.<minor>...", for callers that may not ask the
 * driver. */
static DWORD
VersionOfPackage(LPCWSTR InstanceId)
{
    static const DEVPROPKEY VersionKey = {
        {0xa8b865dd, 0x2e3d, 0x4094, {0xad, 0x97, 0xe5, 0x93, 0xa7, 0x0c, 0x75, 0xd6}}, 3};
    WCHAR Text[64];

    return DeviceReadSystemProperty(InstanceId, &VersionKey, DEVPROP_TYPE_STRING, Text, sizeof(Text))
               ? VersionParseShort(Text)
               : 0;
}

static BOOL
VersionVisit(LPCWSTR InstanceId, VOID *Context)
{
    VERSION_SEARCH *Search = Context;
    TUN_ADAPTER_IDENTITY Identity;
    NET_LUID Luid;
    GUID Guid;

    if (!DeviceInterface(InstanceId, &Guid, &Luid))
        return TRUE;
    HANDLE Control = ControlOpen(&Luid, &Guid, &Identity);
    if (Control != INVALID_HANDLE_VALUE) {
        CloseHandle(Control);
        Search->Version = Identity.DriverVersion;
    } else {
        Search->Error = GetLastError();
        if (Search->Error == ERROR_ACCESS_DENIED)
            Search->Version = VersionOfPackage(InstanceId);
    }
    return !Search->Version;
}

DWORD WINAPI
WintunGetRunningDriverVersion(VOID)
{
    VERSION_SEARCH Search = {.Error = ERROR_FILE_NOT_FOUND};

    if (!DeviceRequire() || !DeviceForEach(TRUE, VersionVisit, &Search))
        return 0;
    SetLastError(Search.Version ? ERROR_SUCCESS : Search.Error);
    return Search.Version;
}
