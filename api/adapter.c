/* SPDX-License-Identifier: MIT
 *
 * Adapters as programs see them: create, open, close, and the driver behind them. These are exports; wintun.h
 * describes them. Those that are VOID there return nonzero here, as one language binding reads the result.
 */
#include "adapter.h"
#include "control.h"
#include "driver_store.h"
#include "lock.h"
#include "logger.h"
#include "naming.h"
#include "product.h"
#include "setup_log.h"
#include "software_device.h"
#include "text.h"

#define CREATE_ATTEMPTS 3u

WINTUN_ADAPTER_HANDLE WINAPI WintunCreateAdapter(LPCWSTR Name, LPCWSTR TunnelType, const GUID *RequestedGUID);
WINTUN_ADAPTER_HANDLE WINAPI WintunOpenAdapter(LPCWSTR Name);
DWORD WINAPI WintunCloseAdapter(WINTUN_ADAPTER_HANDLE Adapter);
BOOL WINAPI WintunDeleteDriver(VOID);
DWORD WINAPI WintunGetAdapterLUID(WINTUN_ADAPTER_HANDLE Adapter, NET_LUID *Luid);

/* Constant from its creation to WintunCloseAdapter. */
struct _WINTUN_ADAPTER
{
    SOFTWARE_DEVICE Device; /* Handle is NULL if the adapter was opened */
    HANDLE NamingThread;    /* usually NULL */
};

/* 1 to MAX_ADAPTER_NAME - 1 characters that the system takes in the name of a connection. */
static BOOL
NameIsValid(LPCWSTR Name)
{
    static const WCHAR Refused[] = L"\\/:*?\"<>|";

    if (!Name) {
        SetLastError(ERROR_INVALID_PARAMETER);
        return FALSE;
    }
    DWORD Length = TextLength(Name);
    if (Length >= MAX_ADAPTER_NAME) {
        SetLastError(ERROR_BUFFER_OVERFLOW);
        return FALSE;
    }
    BOOL IsValid = Length != 0;
    for (DWORD Index = 0; Index < Length; ++Index) {
        IsValid = IsValid && Name[Index] >= L' ';
        for (DWORD Other = 0; Refused[Other]; ++Other)
            IsValid = IsValid && Name[Index] != Refused[Other];
    }
    if (!IsValid)
        SetLastError(ERROR_INVALID_NAME);
    return IsValid;
}

static BOOL
CallerIsElevated(VOID)
{
    return SystemIsElevated() ||
           LoggerFail(GetLastError(), L"Adapters take administrator's rights, with an elevated token");
}

/* Whether devices can be created and removed here; says which of the reasons it is if not. */
static BOOL
SystemIsSupported(VOID)
{
    DWORD Version = SystemVersion();
    if (!Version)
        return FALSE;
    if (Version < SYSTEM_WINDOWS_10)
        return LoggerFail(ERROR_NOT_SUPPORTED,
                          L"Windows %u.%u is not supported yet; Windows 10 or 11 is needed", Version >> 24,
                          Version >> 16 & 0xFF);
    return SystemIsNative() ||
           LoggerFail(ERROR_NOT_SUPPORTED,
                      L"A program that runs under WOW64 or emulation cannot create or remove "
                      L"adapters yet; use the program and DLL of the system's architecture");
}

/* What HasAdapters looks for, and the first one that it finds. */
typedef struct _PRESENCE
{
    BOOL IsFound;
    WCHAR InstanceId[MAX_DEVICE_ID_LEN];
} PRESENCE;

static BOOL
PresenceVisit(LPCWSTR InstanceId, VOID *Context)
{
    PRESENCE *Presence = Context;
    Presence->IsFound = TRUE;
    TextCopy(Presence->InstanceId, ARRAYSIZE(Presence->InstanceId), InstanceId);
    return FALSE;
}

static BOOL
HasAdapters(BOOL OnlyPresent, PRESENCE *Presence)
{
    Presence->IsFound = FALSE;
    Presence->InstanceId[0] = 0;
    return DeviceForEach(OnlyPresent, PresenceVisit, Presence);
}

typedef struct _GUID_SEARCH
{
    const GUID *Guid;
    BOOL IsFound;
} GUID_SEARCH;

static BOOL
GuidVisit(LPCWSTR InstanceId, VOID *Context)
{
    GUID_SEARCH *Search = Context;
    NET_LUID Luid;
    GUID Guid;

    Search->IsFound = DeviceInterface(InstanceId, &Guid, &Luid) && GuidIsEqual(&Guid, Search->Guid);
    return !Search->IsFound;
}

static BOOL
GuidMake(GUID *Guid)
{
    HRESULT Result = System.CoCreateGuid(Guid);
    return SUCCEEDED(Result) || LoggerFail(ResultError(Result), L"Cannot make a GUID");
}

/* Another GUID for one that is in use. */
static BOOL
GuidReplace(GUID *Guid)
{
    GUID Former = *Guid;
    if (!GuidMake(Guid))
        return FALSE;
    LoggerWrite(WINTUN_LOG_WARN, L"GUID %g is in use; trying %g", &Former, Guid);
    return TRUE;
}

/* Under the machine-wide lock: makes the device, having another try where one can help. */
static BOOL
AdapterCreateDevice(SOFTWARE_DEVICE *Device, LPCWSTR Name, LPCWSTR TunnelType, const GUID *RequestedGUID)
{
    BOOL Repair = FALSE;
    PRESENCE Others;
    GUID Guid;

    if (!RequestedGUID && !GuidMake(&Guid))
        return FALSE;
    if (RequestedGUID)
        Guid = *RequestedGUID;
    for (DWORD Attempt = 1;; ++Attempt) {
        DeviceUninstallOrphans();
        /* PnP may hand out a second handle to a device that exists, so look for it first. */
        GUID_SEARCH Search = {.Guid = &Guid};
        if (!DeviceForEach(TRUE, GuidVisit, &Search) || (Search.IsFound && !GuidReplace(&Guid)))
            return FALSE;
        if (!HasAdapters(TRUE, &Others) || !DriverStorePrepare(Others.IsFound, Repair))
            return FALSE;
        if (SoftwareDeviceCreate(Device, Name, TunnelType, &Guid))
            return TRUE;
        DWORD Error = GetLastError();
        if (Attempt == CREATE_ATTEMPTS)
            return FALSE;
        if (Error == ERROR_ALREADY_EXISTS) {
            if (!GuidReplace(&Guid))
                return FALSE;
        } else if (Error == ERROR_NO_COMPAT_DRIVERS && !Repair) {
            Repair = TRUE;
            LoggerWrite(WINTUN_LOG_WARN, L"Trying once more with the driver package staged anew");
        } else {
            SetLastError(Error);
            return FALSE;
        }
    }
}

static VOID
AdapterReportDriver(LPCWSTR InstanceId)
{
    static const GUID DriverProperties = {
        0xa8b865dd, 0x2e3d, 0x4094, {0xad, 0x97, 0xe5, 0x93, 0xa7, 0x0c, 0x75, 0xd6}};
    const DEVPROPKEY VersionKey = {DriverProperties, 3}, InfKey = {DriverProperties, 5},
                     ProviderKey = {DriverProperties, 9};
    WCHAR Version[64], Inf[64], Provider[MAX_PATH];

    if (!DeviceReadSystemProperty(InstanceId, &VersionKey, DEVPROP_TYPE_STRING, Version, sizeof(Version)))
        TextCopy(Version, ARRAYSIZE(Version), L"of unknown version");
    if (!DeviceReadSystemProperty(InstanceId, &InfKey, DEVPROP_TYPE_STRING, Inf, sizeof(Inf)))
        TextCopy(Inf, ARRAYSIZE(Inf), L"an unknown package");
    LoggerWrite(WINTUN_LOG_INFO, L"Device %s runs driver %s from %s", InstanceId, Version, Inf);
    if (DeviceReadSystemProperty(InstanceId, &ProviderKey, DEVPROP_TYPE_STRING, Provider, sizeof(Provider)) &&
        !TextIsEqual(Provider, PRODUCT_WIDEN(PRODUCT_COMPANY)))
        LoggerWrite(WINTUN_LOG_WARN, L"That driver package is not ours: its provider is %s", Provider);
}

static WINTUN_ADAPTER_HANDLE
AdapterAllocate(VOID)
{
    WINTUN_ADAPTER_HANDLE Adapter = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*Adapter));
    if (!Adapter)
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
    return Adapter;
}

WINTUN_ADAPTER_HANDLE WINAPI
WintunCreateAdapter(LPCWSTR Name, LPCWSTR TunnelType, const GUID *RequestedGUID)
{
    DWORD LastError;

    if (!NameIsValid(Name) || !NameIsValid(TunnelType) || !CallerIsElevated() || !SystemIsSupported())
        return NULL;
    if (!DeviceRequire() || !SystemRequire(SYSTEM_OLE32))
        return NULL;
    WINTUN_ADAPTER_HANDLE Adapter = AdapterAllocate();
    if (!Adapter)
        return NULL;
    HANDLE Lock = LockAcquire();
    if (!Lock) {
        LastError = GetLastError();
        goto cleanupAdapter;
    }
    DWORD64 Mark = SetupLogMark();
    if (!AdapterCreateDevice(&Adapter->Device, Name, TunnelType, RequestedGUID)) {
        LastError = GetLastError();
        /* A device whose instance id never came cannot be named, but carries our mark. */
        DeviceUninstallOrphans();
        SetupLogQuote(Mark);
        goto cleanupLock;
    }
    if (RequestedGUID && !GuidIsEqual(&Adapter->Device.Guid, RequestedGUID))
        LoggerWrite(WINTUN_LOG_WARN, L"The adapter has GUID %g, as the system chose it, and not %g",
                    &Adapter->Device.Guid, RequestedGUID);
    AdapterReportDriver(Adapter->Device.InstanceId);
    Adapter->NamingThread = NamingApply(&Adapter->Device.Guid, Name);
    LockRelease(Lock);
    LoggerWrite(WINTUN_LOG_INFO, L"Created adapter %s", Name);
    SetLastError(ERROR_SUCCESS);
    return Adapter;

cleanupLock:
    LockRelease(Lock);
cleanupAdapter:
    HeapFree(GetProcessHeap(), 0, Adapter);
    SetLastError(LastError);
    return NULL;
}

/* What WintunOpenAdapter looks for. A connection that has the name now goes before one that was created under
 * it. */
typedef struct _OPEN_SEARCH
{
    LPCWSTR Name;
    SOFTWARE_DEVICE Found;
    BOOL IsFound;
    BOOL IsUnusable; /* one was created under the name, but has no interface */
} OPEN_SEARCH;

static BOOL
OpenVisit(LPCWSTR InstanceId, VOID *Context)
{
    OPEN_SEARCH *Search = Context;
    WCHAR Name[MAX_ADAPTER_NAME], Alias[IF_MAX_STRING_SIZE + 1];
    NET_LUID Luid;
    GUID Guid;

    BOOL IsCreated =
        DeviceReadProperty(InstanceId, DEVICE_PROPERTY_NAME, DEVPROP_TYPE_STRING, Name, sizeof(Name)) &&
        TextIsEqual(Name, Search->Name);
    if (!DeviceInterface(InstanceId, &Guid, &Luid)) {
        Search->IsUnusable |= IsCreated;
        return TRUE;
    }
    BOOL IsNamed = System.ConvertInterfaceLuidToAlias(&Luid, Alias, ARRAYSIZE(Alias)) == NO_ERROR &&
                   TextIsEqual(Alias, Search->Name);
    if (!IsNamed && (!IsCreated || Search->IsFound))
        return TRUE;
    if (!TextCopy(Search->Found.InstanceId, ARRAYSIZE(Search->Found.InstanceId), InstanceId))
        return TRUE;
    Search->Found.Guid = Guid;
    Search->Found.Luid = Luid;
    Search->IsFound = TRUE;
    return !IsNamed;
}

WINTUN_ADAPTER_HANDLE WINAPI
WintunOpenAdapter(LPCWSTR Name)
{
    OPEN_SEARCH Search = {.Name = Name};
    DWORD Error = ERROR_SUCCESS;

    if (!NameIsValid(Name) || !CallerIsElevated() || !DeviceRequire())
        return NULL;
    /* An adapter that somebody is creating is found when it is complete, or not at all. */
    HANDLE Lock = LockAcquire();
    if (!Lock)
        return NULL;
    if (!DeviceForEach(TRUE, OpenVisit, &Search))
        Error = GetLastError();
    LockRelease(Lock);
    if (!Error && !Search.IsFound)
        Error = Search.IsUnusable ? ERROR_DEVICE_NOT_AVAILABLE : ERROR_FILE_NOT_FOUND;
    if (Error) {
        LoggerFail(Error, L"Cannot open adapter %s", Name);
        return NULL;
    }
    WINTUN_ADAPTER_HANDLE Adapter = AdapterAllocate();
    if (!Adapter)
        return NULL;
    Adapter->Device = Search.Found;
    SetLastError(ERROR_SUCCESS);
    return Adapter;
}

DWORD WINAPI
WintunCloseAdapter(WINTUN_ADAPTER_HANDLE Adapter)
{
    DWORD LastError = GetLastError();

    if (!Adapter)
        return TRUE;
    if (Adapter->Device.Handle) {
        HANDLE Lock = LockAcquire();
        SoftwareDeviceRemove(&Adapter->Device, Lock != NULL);
        if (Lock)
            LockRelease(Lock);
    }
    NamingFinish(Adapter->NamingThread);
    HeapFree(GetProcessHeap(), 0, Adapter);
    SetLastError(LastError);
    return TRUE;
}

DWORD WINAPI
WintunGetAdapterLUID(WINTUN_ADAPTER_HANDLE Adapter, NET_LUID *Luid)
{
    if (Adapter)
        *Luid = Adapter->Device.Luid;
    else
        Luid->Value = 0;
    return TRUE;
}

HANDLE
AdapterOpenControl(WINTUN_ADAPTER_HANDLE Adapter)
{
    HANDLE Control = ControlOpen(&Adapter->Device.Luid, &Adapter->Device.Guid, NULL);
    if (Control == INVALID_HANDLE_VALUE)
        LoggerFail(GetLastError(), L"Cannot open the control device of %s", Adapter->Device.InstanceId);
    return Control;
}

BOOL WINAPI
WintunDeleteDriver(VOID)
{
    PRESENCE Presence;
    BOOL Succeeded = FALSE;

    if (!CallerIsElevated() || !SystemIsSupported() || !DeviceRequire())
        return FALSE;
    HANDLE Lock = LockAcquire();
    if (!Lock)
        return FALSE;
    DeviceUninstallOrphans();
    if (HasAdapters(FALSE, &Presence))
        Succeeded = Presence.IsFound ? LoggerFail(ERROR_DEVICE_IN_USE, L"The driver is in use by adapter %s",
                                                  Presence.InstanceId)
                                     : DriverStoreRemove();
    LockRelease(Lock);
    if (Succeeded)
        SetLastError(ERROR_SUCCESS);
    return Succeeded;
}
