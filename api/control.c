/* SPDX-License-Identifier: MIT
 *
 * The device's name carries the LUID's index, and neither the name nor the index can be trusted alone: a
 * logon session may shadow a DOS device name (hence "Global"), and an index is used again after its adapter
 * is gone. So whoever opens the device asks it who it is before anything else.
 */
#include "control.h"
#include "product.h"
#include "text.h"

HANDLE
ControlOpen(const NET_LUID *Luid, const GUID *Guid, TUN_ADAPTER_IDENTITY *Identity)
{
    static const GUID None;
    WCHAR Path[64];
    DWORD Returned, LastError;
    TUN_ADAPTER_IDENTITY Answer;

    TextFormat(Path, ARRAYSIZE(Path), L"\\\\.\\Global\\" PRODUCT_WIDEN(PRODUCT_DEVICE_NAME) L"%u",
               (DWORD)Luid->Info.NetLuidIndex);
    HANDLE Control =
        CreateFileW(Path, GENERIC_READ | GENERIC_WRITE,
                    FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (Control == INVALID_HANDLE_VALUE)
        return INVALID_HANDLE_VALUE;
    if (!DeviceIoControl(Control, TUN_IOCTL_QUERY_IDENTITY, NULL, 0, &Answer, sizeof(Answer), &Returned,
                         NULL)) {
        LastError = GetLastError();
        goto cleanupControl;
    }
    LastError = ERROR_DEVICE_NOT_AVAILABLE;
    if (Returned != sizeof(Answer) || Answer.NetLuid != Luid->Value)
        goto cleanupControl;
    if (!GuidIsEqual(&Answer.NetCfgInstanceId, &None) && !GuidIsEqual(&Answer.NetCfgInstanceId, Guid))
        goto cleanupControl;
    if (Identity)
        *Identity = Answer;
    return Control;

cleanupControl:
    CloseHandle(Control);
    SetLastError(LastError);
    return INVALID_HANDLE_VALUE;
}

BOOL
ControlRegisterRings(HANDLE Control, const TUN_REGISTER_RINGS *Rings)
{
    DWORD Returned;
    return DeviceIoControl(Control, TUN_IOCTL_REGISTER_RINGS, (VOID *)Rings, sizeof(*Rings), NULL, 0,
                           &Returned, NULL);
}
