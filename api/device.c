/* SPDX-License-Identifier: MIT
 *
 * Software devices hang below the enumerator SWD. When the owner's handle is closed, by SwDeviceClose or by
 * the death of the process, the node is removed but not uninstalled: it stays as a "phantom", which keeps the
 * driver package in use and is uninstalled here.
 */
#include "device.h"
#include "logger.h"
#include "product.h"
#include "registry.h"
#include "text.h"

#define DEVICE_ORPHAN_WAIT_MS 5000u
#define DEVICE_SLEEP_MS       10u
#define DEVICE_LIST_ATTEMPTS  8u

BOOL
DeviceRequire(VOID)
{
    return SystemRequire(SYSTEM_ADVAPI32) && SystemRequire(SYSTEM_CFGMGR32) && SystemRequire(SYSTEM_IPHLPAPI);
}

static DWORD
ConfigError(CONFIGRET Result)
{
    switch (Result) {
    case CR_SUCCESS:
        return ERROR_SUCCESS;
    case CR_OUT_OF_MEMORY:
        return ERROR_NOT_ENOUGH_MEMORY;
    case CR_ACCESS_DENIED:
        return ERROR_ACCESS_DENIED;
    default:
        return ERROR_GEN_FAILURE;
    }
}

/* The ids of all software devices, a string after the other with an empty one at the end; HeapFree. */
static WCHAR *
DeviceListSoftware(BOOL OnlyPresent)
{
    ULONG Flags = CM_GETIDLIST_FILTER_ENUMERATOR | (OnlyPresent ? CM_GETIDLIST_FILTER_PRESENT : 0);
    CONFIGRET Result = CR_BUFFER_SMALL;
    WCHAR *List = NULL;
    ULONG Length;

    /* Nodes may appear between the two calls. */
    for (DWORD Attempt = 0; Result == CR_BUFFER_SMALL && Attempt < DEVICE_LIST_ATTEMPTS; ++Attempt) {
        if (List)
            HeapFree(GetProcessHeap(), 0, List);
        List = NULL;
        Result = System.CM_Get_Device_ID_List_SizeW(&Length, L"SWD", Flags);
        /* An enumerator that has never had a device, or that this system does not know. */
        if (Result == CR_NO_SUCH_VALUE || Result == CR_NO_SUCH_DEVNODE) {
            Length = 0;
            Result = CR_SUCCESS;
        }
        if (Result != CR_SUCCESS)
            break;
        List = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, ((SIZE_T)Length + 2) * sizeof(WCHAR));
        if (!List) {
            LoggerFail(ERROR_NOT_ENOUGH_MEMORY, L"Cannot list devices");
            return NULL;
        }
        if (Length)
            Result = System.CM_Get_Device_ID_ListW(L"SWD", List, Length, Flags);
    }
    if (Result == CR_SUCCESS)
        return List;
    if (List)
        HeapFree(GetProcessHeap(), 0, List);
    LoggerFail(ConfigError(Result), L"Cannot list devices: configuration manager says 0x%x", (DWORD)Result);
    return NULL;
}

BOOL
DeviceForEach(BOOL OnlyPresent, DEVICE_VISIT *Visit, VOID *Context)
{
    WCHAR *List = DeviceListSoftware(OnlyPresent);
    if (!List)
        return FALSE;
    for (const WCHAR *InstanceId = List; *InstanceId; InstanceId += TextLength(InstanceId) + 1) {
        if (DeviceKind(InstanceId) != DEVICE_KIND_NONE && !Visit(InstanceId, Context))
            break;
    }
    HeapFree(GetProcessHeap(), 0, List);
    return TRUE;
}

static BOOL
DeviceLocate(LPCWSTR InstanceId, ULONG Flags, DEVINST *Node)
{
    return System.CM_Locate_DevNodeW(Node, (DEVINSTID_W)InstanceId, Flags) == CR_SUCCESS;
}

BOOL
DeviceReadSystemProperty(LPCWSTR InstanceId, const DEVPROPKEY *Key, DEVPROPTYPE Type, VOID *Buffer,
                         ULONG Size)
{
    DEVINST Node;
    DEVPROPTYPE Found;

    return DeviceLocate(InstanceId, CM_LOCATE_DEVNODE_PHANTOM, &Node) &&
           System.CM_Get_DevNode_PropertyW(Node, Key, &Found, Buffer, &Size, 0) == CR_SUCCESS &&
           Found == Type;
}

BOOL
DeviceReadProperty(LPCWSTR InstanceId, DWORD Id, DEVPROPTYPE Type, VOID *Buffer, ULONG Size)
{
    const DEVPROPKEY Key = {PRODUCT_PROPERTY_GUID, Id};
    return DeviceReadSystemProperty(InstanceId, &Key, Type, Buffer, Size);
}

DEVICE_KIND
DeviceKind(LPCWSTR InstanceId)
{
    DWORD Kind;
    if (!DeviceReadProperty(InstanceId, DEVICE_PROPERTY_KIND, DEVPROP_TYPE_UINT32, &Kind, sizeof(Kind)))
        return DEVICE_KIND_NONE;
    /* A kind that a later version made is ours, and none that this one may clean up. */
    return Kind == DEVICE_KIND_SESSION ? DEVICE_KIND_SESSION : DEVICE_KIND_PERSISTENT;
}

BOOL
DeviceOwner(LPCWSTR InstanceId, OWNER *Owner)
{
    return DeviceReadProperty(InstanceId, DEVICE_PROPERTY_PROCESS_ID, DEVPROP_TYPE_UINT32, &Owner->ProcessId,
                              sizeof(Owner->ProcessId)) &&
           DeviceReadProperty(InstanceId, DEVICE_PROPERTY_CREATED, DEVPROP_TYPE_FILETIME, &Owner->Created,
                              sizeof(Owner->Created));
}

BOOL
DeviceIsPresent(LPCWSTR InstanceId)
{
    DEVINST Node;
    return System.CM_Locate_DevNodeW(&Node, (DEVINSTID_W)InstanceId, CM_LOCATE_DEVNODE_NORMAL) !=
           CR_NO_SUCH_DEVNODE;
}

BOOL
DeviceInterface(LPCWSTR InstanceId, GUID *Guid, NET_LUID *Luid)
{
    DEVINST Node;
    HKEY Key;

    if (!DeviceLocate(InstanceId, CM_LOCATE_DEVNODE_NORMAL, &Node) ||
        System.CM_Open_DevNode_Key(Node, KEY_QUERY_VALUE, 0, RegDisposition_OpenExisting, &Key,
                                   CM_REGISTRY_SOFTWARE) != CR_SUCCESS)
        return FALSE;
    BOOL IsKnown = RegistryReadGuid(Key, L"NetCfgInstanceId", Guid);
    System.RegCloseKey(Key);
    return IsKnown && System.ConvertInterfaceGuidToLuid(Guid, Luid) == NO_ERROR;
}

BOOL
DeviceWaitAbsent(LPCWSTR InstanceId, DWORD Milliseconds)
{
    DWORD Start = GetTickCount();
    while (DeviceIsPresent(InstanceId)) {
        if (GetTickCount() - Start >= Milliseconds)
            return FALSE;
        Sleep(DEVICE_SLEEP_MS);
    }
    return TRUE;
}

BOOL
DeviceUninstall(LPCWSTR InstanceId)
{
    SP_DEVINFO_DATA Data = {.cbSize = sizeof(Data)};
    DWORD Error = ERROR_SUCCESS;
    BOOL NeedReboot = FALSE;

    if (!SystemRequire(SYSTEM_SETUPAPI) || !SystemRequire(SYSTEM_NEWDEV))
        return FALSE;
    HDEVINFO Set = System.SetupDiCreateDeviceInfoList(NULL, NULL);
    if (Set == INVALID_HANDLE_VALUE)
        return LoggerFail(GetLastError(), L"Cannot uninstall device %s", InstanceId);
    if (!System.SetupDiOpenDeviceInfoW(Set, InstanceId, NULL, 0, &Data) ||
        !System.DiUninstallDevice(NULL, Set, &Data, 0, &NeedReboot))
        Error = GetLastError();
    System.SetupDiDestroyDeviceInfoList(Set);
    if (Error && Error != ERROR_NO_SUCH_DEVINST)
        return LoggerFail(Error, L"Cannot uninstall device %s", InstanceId);
    if (NeedReboot)
        LoggerWrite(WINTUN_LOG_WARN, L"Device %s is fully uninstalled only after a restart", InstanceId);
    return TRUE;
}

static BOOL
OrphanVisit(LPCWSTR InstanceId, VOID *Context)
{
    OWNER Owner;

    (VOID) Context;
    if (DeviceKind(InstanceId) != DEVICE_KIND_SESSION)
        return TRUE;
    if (!DeviceOwner(InstanceId, &Owner))
        Owner.ProcessId = 0;
    /* Devices are made under the lock, so one that is not present is over, whoever owned it: its owner could not
     * uninstall it, or somebody else removed it. */
    if (DeviceIsPresent(InstanceId) &&
        (!Owner.ProcessId || OwnerIsThisProcess(&Owner) || OwnerMayBeAlive(&Owner)))
        return TRUE;
    /* The handle of an owner that has ended is closed, and the removal may still be under way. */
    if (!DeviceWaitAbsent(InstanceId, DEVICE_ORPHAN_WAIT_MS)) {
        LoggerWrite(WINTUN_LOG_WARN, L"Device %s has no owner and is not going away", InstanceId);
        return TRUE;
    }
    if (DeviceUninstall(InstanceId))
        LoggerWrite(WINTUN_LOG_INFO, L"Uninstalled device %s, which process %u left over", InstanceId,
                    Owner.ProcessId);
    return TRUE;
}

VOID
DeviceUninstallOrphans(VOID)
{
    DWORD LastError = GetLastError();
    DeviceForEach(FALSE, OrphanVisit, NULL);
    SetLastError(LastError);
}
