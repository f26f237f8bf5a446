/* SPDX-License-Identifier: MIT
 *
 * Which packages are staged is asked of SetupAPI with a device information element that exists in this
 * process only and is never registered: it lists the drivers that would fit a device with our hardware id.
 * Functions that install a driver on all matching devices of the machine are used nowhere.
 */
#include "driver_store.h"
#include "folder.h"
#include "logger.h"
#include "package_version.h"
#include "product.h"
#include "resource.h"
#include "text.h"

#define STORE_MAX_PACKAGES 32u

#define FILE_SYS PRODUCT_WIDEN(PRODUCT_FILE) L".sys"
#define FILE_INF PRODUCT_WIDEN(PRODUCT_FILE) L".inf"
#define FILE_CAT PRODUCT_WIDEN(PRODUCT_FILE) L".cat"

static const LPCWSTR PackageFiles[] = {
    [RESOURCE_DRIVER] = FILE_SYS, [RESOURCE_INF] = FILE_INF, [RESOURCE_CATALOG] = FILE_CAT};

typedef struct _PACKAGE
{
    WCHAR Inf[MAX_PATH]; /* full path of the published oem<n>.inf */
    PACKAGE_VERSION Version;
} PACKAGE;

typedef struct _PACKAGE_LIST
{
    DWORD Count;
    PACKAGE Packages[STORE_MAX_PACKAGES];
} PACKAGE_LIST;

/* Reads one driver of the list; FALSE with the error. A driver of another provider is left out by setting
 * *IsOurs. */
static BOOL
PackageRead(HDEVINFO Set, SP_DEVINFO_DATA *Device, SP_DRVINFO_DATA_W *Driver, PACKAGE *Package, BOOL *IsOurs)
{
    DWORD Size = 0, Error = ERROR_SUCCESS;

    *IsOurs = TextIsEqual(Driver->ProviderName, PRODUCT_WIDEN(PRODUCT_COMPANY));
    if (!*IsOurs)
        return TRUE;
    if (System.SetupDiGetDriverInfoDetailW(Set, Device, Driver, NULL, 0, &Size) ||
        GetLastError() != ERROR_INSUFFICIENT_BUFFER)
        return FALSE;
    SP_DRVINFO_DETAIL_DATA_W *Detail = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, Size);
    if (!Detail) {
        SetLastError(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    Detail->cbSize = sizeof(*Detail);
    if (!System.SetupDiGetDriverInfoDetailW(Set, Device, Driver, Detail, Size, NULL))
        Error = GetLastError();
    else if (!TextCopy(Package->Inf, ARRAYSIZE(Package->Inf), Detail->InfFileName))
        Error = ERROR_BUFFER_OVERFLOW;
    HeapFree(GetProcessHeap(), 0, Detail);
    Package->Version.Date =
        (DWORD64)Driver->DriverDate.dwHighDateTime << 32 | Driver->DriverDate.dwLowDateTime;
    Package->Version.Version = Driver->DriverVersion;
    SetLastError(Error);
    return !Error;
}

/* Fills List from a set that has one element with our hardware id. */
static BOOL
StoreEnumerate(HDEVINFO Set, SP_DEVINFO_DATA *Device, PACKAGE_LIST *List)
{
    DWORD Error = ERROR_SUCCESS;
    BOOL IsOurs;

    if (!System.SetupDiBuildDriverInfoList(Set, Device, SPDIT_COMPATDRIVER))
        return FALSE;
    for (DWORD Index = 0; List->Count < STORE_MAX_PACKAGES; ++Index) {
        SP_DRVINFO_DATA_W Driver = {.cbSize = sizeof(Driver)};
        if (!System.SetupDiEnumDriverInfoW(Set, Device, SPDIT_COMPATDRIVER, Index, &Driver)) {
            Error = GetLastError() == ERROR_NO_MORE_ITEMS ? ERROR_SUCCESS : GetLastError();
            break;
        }
        if (!PackageRead(Set, Device, &Driver, &List->Packages[List->Count], &IsOurs)) {
            Error = GetLastError();
            break;
        }
        List->Count += IsOurs;
    }
    System.SetupDiDestroyDriverInfoList(Set, Device, SPDIT_COMPATDRIVER);
    SetLastError(Error);
    return !Error;
}

/* The staged packages of ours, or NULL with the cause logged; HeapFree. */
static PACKAGE_LIST *
StoreList(VOID)
{
    static const GUID NetClass = {
        0x4d36e972, 0xe325, 0x11ce, {0xbf, 0xc1, 0x08, 0x00, 0x2b, 0xe1, 0x03, 0x18}};
    static const WCHAR HardwareIds[] = PRODUCT_WIDEN(PRODUCT_HARDWARE_ID) L"\0";
    SP_DEVINFO_DATA Device = {.cbSize = sizeof(Device)};
    DWORD Error = ERROR_SUCCESS;

    if (!SystemRequire(SYSTEM_SETUPAPI))
        return NULL;
    PACKAGE_LIST *List = HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, sizeof(*List));
    if (!List) {
        LoggerFail(ERROR_NOT_ENOUGH_MEMORY, L"Cannot list driver packages");
        return NULL;
    }
    HDEVINFO Set = System.SetupDiCreateDeviceInfoList(&NetClass, NULL);
    if (Set == INVALID_HANDLE_VALUE) {
        Error = GetLastError();
        goto cleanupList;
    }
    if (!System.SetupDiCreateDeviceInfoW(Set, PRODUCT_WIDEN(PRODUCT_FILE), &NetClass, NULL, NULL,
                                         DICD_GENERATE_ID, &Device) ||
        !System.SetupDiSetDeviceRegistryPropertyW(Set, &Device, SPDRP_HARDWAREID, (const BYTE *)HardwareIds,
                                                  sizeof(HardwareIds)) ||
        !StoreEnumerate(Set, &Device, List))
        Error = GetLastError();
    System.SetupDiDestroyDeviceInfoList(Set);
    if (!Error)
        return List;

cleanupList:
    HeapFree(GetProcessHeap(), 0, List);
    LoggerFail(Error, L"Cannot list driver packages");
    return NULL;
}

/* Writes the package for this system into a folder. An unsigned build carries no catalog. */
static BOOL
PackageExtract(LPCWSTR Folder)
{
    WORD Package = ResourcePackage();
    if (!Package)
        return FALSE;
    for (WORD Index = 0; Index < ARRAYSIZE(PackageFiles); ++Index) {
        DWORD Size;
        const VOID *Data = ResourceFind(Package + Index, &Size);
        if (!Data && Index == RESOURCE_CATALOG) {
            LoggerWrite(WINTUN_LOG_WARN, L"This DLL carries an unsigned driver package");
            continue;
        }
        if (!Data)
            return LoggerFail(ERROR_RESOURCE_NAME_NOT_FOUND, L"This DLL lacks %s", PackageFiles[Index]);
        if (!FolderWriteFile(Folder, PackageFiles[Index], Data, Size))
            return FALSE;
    }
    return TRUE;
}

static BOOL
StoreStage(VOID)
{
    WCHAR Folder[MAX_PATH], Source[MAX_PATH], Staged[MAX_PATH];
    DWORD Error = ERROR_SUCCESS;

    if (!FolderPreparePackage(Folder, ARRAYSIZE(Folder), PackageFiles, ARRAYSIZE(PackageFiles)))
        return FALSE;
    if (!PackageExtract(Folder)) {
        Error = GetLastError();
        goto cleanupFolder;
    }
    if (TextFormat(Source, ARRAYSIZE(Source), L"%s\\%s", Folder, FILE_INF) >= ARRAYSIZE(Source)) {
        Error = ERROR_BUFFER_OVERFLOW;
        goto cleanupFolder;
    }
    LoggerWrite(WINTUN_LOG_INFO, L"Staging driver package %s %s", PRODUCT_WIDEN(PRODUCT_NAME),
                PRODUCT_WIDEN(PRODUCT_VERSION));
    /* A publisher that is not trusted yet would otherwise prompt, with the lock held and perhaps in session
     * 0. */
    BOOL WasNonInteractive = System.SetupSetNonInteractiveMode(TRUE);
    Staged[0] = 0;
    if (!System.SetupCopyOEMInfW(Source, NULL, SPOST_NONE, 0, Staged, ARRAYSIZE(Staged), NULL, NULL))
        Error = GetLastError();
    System.SetupSetNonInteractiveMode(WasNonInteractive);
    if (Error)
        LoggerFail(
            Error,
            L"The system refuses driver package %s %s; its signature and its publisher, %s, have to be "
            L"acceptable here, and %%SystemRoot%%\\INF\\setupapi.dev.log has the details",
            PRODUCT_WIDEN(PRODUCT_NAME), PRODUCT_WIDEN(PRODUCT_VERSION), PRODUCT_WIDEN(PRODUCT_COMPANY));
    else
        LoggerWrite(WINTUN_LOG_INFO, L"Staged as %s", Staged);

cleanupFolder:
    FolderDelete(Folder, PackageFiles, ARRAYSIZE(PackageFiles));
    SetLastError(Error);
    return !Error;
}

static LPCWSTR
FileName(LPCWSTR Path)
{
    LPCWSTR Name = Path;
    for (; *Path; ++Path) {
        if (*Path == L'\\')
            Name = Path + 1;
    }
    return Name;
}

BOOL
DriverStorePrepare(BOOL HasAdapters, BOOL Repair)
{
    PACKAGE_VERSION Own;
    const PACKAGE *Best = NULL;
    BOOL IsStaged = FALSE;

    PACKAGE_LIST *List = StoreList();
    if (!List)
        return FALSE;
    VersionOwn(&Own);
    for (DWORD Index = 0; Index < List->Count; ++Index) {
        const PACKAGE *Package = &List->Packages[Index];
        if (!Best || VersionCompare(&Package->Version, &Best->Version) > 0)
            Best = Package;
    }
    int Order = Best ? VersionCompare(&Best->Version, &Own) : -1;
    if (Repair && !Order && !HasAdapters) {
        LoggerWrite(WINTUN_LOG_WARN, L"Replacing staged driver package %s", Best->Inf);
        if (!System.SetupUninstallOEMInfW(FileName(Best->Inf), 0, NULL))
            LoggerWrite(WINTUN_LOG_WARN, L"Cannot remove %s (error 0x%x)", Best->Inf, GetLastError());
    } else if (Best && HasAdapters) {
        if (Order)
            LoggerWrite(WINTUN_LOG_INFO,
                        L"Adapters are running, so this version of the driver is not staged now; the newest "
                        L"one staged is %s",
                        Best->Inf);
        IsStaged = TRUE;
    } else if (Best && Order > 0) {
        LoggerWrite(WINTUN_LOG_INFO, L"A newer version of the driver is staged and will be used (%s)",
                    Best->Inf);
        IsStaged = TRUE;
    } else if (Best) {
        IsStaged = !Order;
    }
    HeapFree(GetProcessHeap(), 0, List);
    return IsStaged || StoreStage();
}

/* Removes a package from the store, by the function that also knows about its service where there is one. */
static DWORD
PackageRemove(const PACKAGE *Package)
{
    BOOL NeedReboot = FALSE;
    BOOL Removed = System.DiUninstallDriverW ? System.DiUninstallDriverW(NULL, Package->Inf, 0, &NeedReboot)
                                             : System.SetupUninstallOEMInfW(FileName(Package->Inf), 0, NULL);
    if (!Removed) {
        DWORD Error = GetLastError();
        LoggerFail(Error, L"Cannot remove driver package %s", Package->Inf);
        return Error ? Error : ERROR_GEN_FAILURE;
    }
    LoggerWrite(WINTUN_LOG_INFO, L"Removed driver package %s%s", Package->Inf,
                NeedReboot ? L"; complete after a restart" : L"");
    return ERROR_SUCCESS;
}

/* Deletes the service, if packages have left it behind. */
static DWORD
ServiceRemove(VOID)
{
    DWORD Error = ERROR_SUCCESS;

    SC_HANDLE Manager = System.OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (!Manager) {
        Error = GetLastError();
        goto done;
    }
    SC_HANDLE Service = System.OpenServiceW(Manager, PRODUCT_WIDEN(PRODUCT_FILE), DELETE);
    if (!Service || !System.DeleteService(Service))
        Error = GetLastError();
    if (Service)
        System.CloseServiceHandle(Service);
    System.CloseServiceHandle(Manager);
    if (Error == ERROR_SERVICE_DOES_NOT_EXIST || Error == ERROR_SERVICE_MARKED_FOR_DELETE)
        Error = ERROR_SUCCESS;
done:
    if (Error)
        LoggerFail(Error, L"Cannot delete service %s", PRODUCT_WIDEN(PRODUCT_FILE));
    return Error;
}

/* Deletes System32\drivers\<product>.sys, which packages that run out of the driver store do not have. */
static DWORD
FileRemove(VOID)
{
    WCHAR Path[MAX_PATH];

    UINT Length = GetSystemDirectoryW(Path, ARRAYSIZE(Path));
    if (!Length || Length >= ARRAYSIZE(Path) ||
        TextFormat(Path + Length, ARRAYSIZE(Path) - Length, L"\\drivers\\%s", FILE_SYS) >=
            ARRAYSIZE(Path) - Length)
        return ERROR_SUCCESS;
    if (DeleteFileW(Path) || GetLastError() == ERROR_FILE_NOT_FOUND || GetLastError() == ERROR_PATH_NOT_FOUND)
        return ERROR_SUCCESS;
    DWORD Error = GetLastError();
    if (MoveFileExW(Path, NULL, MOVEFILE_DELAY_UNTIL_REBOOT)) {
        LoggerWrite(WINTUN_LOG_WARN, L"%s is still loaded and will be deleted at the next restart", Path);
        return ERROR_SUCCESS;
    }
    LoggerFail(Error, L"Cannot delete %s", Path);
    return Error;
}

BOOL
DriverStoreRemove(VOID)
{
    DWORD First = ERROR_SUCCESS, Error;

    if (!SystemRequire(SYSTEM_ADVAPI32) || !SystemRequire(SYSTEM_NEWDEV))
        return FALSE;
    PACKAGE_LIST *List = StoreList();
    if (!List)
        return FALSE;
    for (DWORD Index = 0; Index < List->Count; ++Index) {
        Error = PackageRemove(&List->Packages[Index]);
        First = First ? First : Error;
    }
    HeapFree(GetProcessHeap(), 0, List);
    if (!First)
        First = ServiceRemove();
    if (!First)
        First = FileRemove();
    SetLastError(First);
    return !First;
}
