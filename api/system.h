/* SPDX-License-Identifier: MIT
 *
 * What the DLL calls outside kernel32, one row a function, looked up at run time by the full path of the library in
 * System32: a static import would be searched in the program's folder first, and some of these are missing on older
 * systems. A module is loaded when it is first needed and stays.
 *
 * The columns: module, function, the first Windows version that has it (major, minor and build, from Microsoft's
 * reference), result and arguments. On an older system the function is NULL, and its caller checks; all others are
 * there once SystemRequire has succeeded for the module. Only functions that the table names are looked up anywhere.
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <winsock2.h>
#include <windows.h>
#include <ws2ipdef.h>
#include <iphlpapi.h>
#include <netioapi.h>
#include <setupapi.h>
#include <cfgmgr32.h>
#include <devpropdef.h>
#include <netcon.h>
#include <accctrl.h>
#include "swdevice.h"

/* Versions of Windows, as numbers that compare. */
#define SYSTEM_RELEASE(Major, Minor, Build) ((DWORD)(Major) << 24 | (DWORD)(Minor) << 16 | (DWORD)(Build))
#define SYSTEM_WINDOWS_7                    SYSTEM_RELEASE(6, 1, 0)
#define SYSTEM_WINDOWS_8                    SYSTEM_RELEASE(6, 2, 0)
#define SYSTEM_WINDOWS_10                   SYSTEM_RELEASE(10, 0, 0)
#define SYSTEM_WINDOWS_10_1511              SYSTEM_RELEASE(10, 0, 10586)
#define SYSTEM_WINDOWS_10_1703              SYSTEM_RELEASE(10, 0, 15063)

/* clang-format off */
#define SYSTEM_MODULE_TABLE(Module)                                                                           \
    Module(KERNEL32, L"kernel32.dll")                                                                         \
    Module(NTDLL, L"ntdll.dll")                                                                               \
    Module(ADVAPI32, L"advapi32.dll")                                                                         \
    Module(CFGMGR32, L"cfgmgr32.dll")                                                                         \
    Module(SETUPAPI, L"setupapi.dll")                                                                         \
    Module(NEWDEV, L"newdev.dll")                                                                             \
    Module(IPHLPAPI, L"iphlpapi.dll")                                                                         \
    Module(OLE32, L"ole32.dll")                                                                               \
    Module(NETSHELL, L"netshell.dll")

#define SYSTEM_FUNCTION_TABLE(Function) \
    Function(KERNEL32, IsWow64Process2, SYSTEM_WINDOWS_10_1511, BOOL, \
        (HANDLE Process, USHORT *ProcessMachine, USHORT *NativeMachine)) \
    \
    Function(NTDLL, RtlGetVersion, SYSTEM_WINDOWS_7, LONG, (RTL_OSVERSIONINFOW *Version)) \
    \
    Function(ADVAPI32, CheckTokenMembership, SYSTEM_WINDOWS_7, BOOL, (HANDLE Token, PSID Sid, BOOL *IsMember)) \
    Function(ADVAPI32, ConvertStringSecurityDescriptorToSecurityDescriptorW, SYSTEM_WINDOWS_7, BOOL, \
        (LPCWSTR Text, DWORD Revision, PSECURITY_DESCRIPTOR *Descriptor, ULONG *Size)) \
    Function(ADVAPI32, GetSecurityDescriptorOwner, SYSTEM_WINDOWS_7, BOOL, \
        (PSECURITY_DESCRIPTOR Descriptor, PSID *Owner, BOOL *IsDefaulted)) \
    Function(ADVAPI32, GetSecurityDescriptorDacl, SYSTEM_WINDOWS_7, BOOL, \
        (PSECURITY_DESCRIPTOR Descriptor, BOOL *IsPresent, PACL *Dacl, BOOL *IsDefaulted)) \
    Function(ADVAPI32, SetSecurityInfo, SYSTEM_WINDOWS_7, DWORD, \
        (HANDLE Handle, SE_OBJECT_TYPE Type, SECURITY_INFORMATION What, PSID Owner, PSID Group, PACL Dacl, PACL Sacl)) \
    Function(ADVAPI32, RegQueryValueExW, SYSTEM_WINDOWS_7, LONG, \
        (HKEY Key, LPCWSTR Name, DWORD *Reserved, DWORD *Type, BYTE *Data, DWORD *Size)) \
    Function(ADVAPI32, RegCloseKey, SYSTEM_WINDOWS_7, LONG, (HKEY Key)) \
    Function(ADVAPI32, OpenSCManagerW, SYSTEM_WINDOWS_7, SC_HANDLE, (LPCWSTR Machine, LPCWSTR Database, DWORD Access)) \
    Function(ADVAPI32, OpenServiceW, SYSTEM_WINDOWS_7, SC_HANDLE, (SC_HANDLE Manager, LPCWSTR Name, DWORD Access)) \
    Function(ADVAPI32, QueryServiceConfigW, SYSTEM_WINDOWS_7, BOOL, \
        (SC_HANDLE Service, QUERY_SERVICE_CONFIGW *Config, DWORD Size, DWORD *Needed)) \
    Function(ADVAPI32, QueryServiceStatus, SYSTEM_WINDOWS_7, BOOL, (SC_HANDLE Service, SERVICE_STATUS *Status)) \
    Function(ADVAPI32, DeleteService, SYSTEM_WINDOWS_7, BOOL, (SC_HANDLE Service)) \
    Function(ADVAPI32, CloseServiceHandle, SYSTEM_WINDOWS_7, BOOL, (SC_HANDLE Handle)) \
    \
    Function(CFGMGR32, CM_Locate_DevNodeW, SYSTEM_WINDOWS_7, CONFIGRET, (DEVINST *Node, DEVINSTID_W InstanceId, ULONG Flags)) \
    Function(CFGMGR32, CM_Get_DevNode_Status, SYSTEM_WINDOWS_7, CONFIGRET, \
        (ULONG *Status, ULONG *Problem, DEVINST Node, ULONG Flags)) \
    Function(CFGMGR32, CM_Get_DevNode_PropertyW, SYSTEM_WINDOWS_7, CONFIGRET, \
        (DEVINST Node, const DEVPROPKEY *Key, DEVPROPTYPE *Type, BYTE *Buffer, ULONG *Size, ULONG Flags)) \
    Function(CFGMGR32, CM_Get_Device_ID_List_SizeW, SYSTEM_WINDOWS_7, CONFIGRET, (ULONG *Length, PCWSTR Filter, ULONG Flags)) \
    Function(CFGMGR32, CM_Get_Device_ID_ListW, SYSTEM_WINDOWS_7, CONFIGRET, \
        (PCWSTR Filter, WCHAR *Buffer, ULONG Length, ULONG Flags)) \
    Function(CFGMGR32, CM_Open_DevNode_Key, SYSTEM_WINDOWS_7, CONFIGRET, \
        (DEVINST Node, REGSAM Access, ULONG Profile, REGDISPOSITION Disposition, HKEY *Key, ULONG Flags)) \
    Function(CFGMGR32, SwDeviceCreate, SYSTEM_WINDOWS_8, HRESULT, \
        (PCWSTR Enumerator, PCWSTR Parent, const SW_DEVICE_CREATE_INFO *Info, ULONG PropertyCount, \
         const DEVPROPERTY *Properties, SW_DEVICE_CREATE_CALLBACK Callback, PVOID Context, HSWDEVICE *Device)) \
    Function(CFGMGR32, SwDeviceClose, SYSTEM_WINDOWS_8, VOID, (HSWDEVICE Device)) \
    \
    Function(SETUPAPI, SetupDiCreateDeviceInfoList, SYSTEM_WINDOWS_7, HDEVINFO, (const GUID *Class, HWND Parent)) \
    Function(SETUPAPI, SetupDiDestroyDeviceInfoList, SYSTEM_WINDOWS_7, BOOL, (HDEVINFO Set)) \
    Function(SETUPAPI, SetupDiCreateDeviceInfoW, SYSTEM_WINDOWS_7, BOOL, \
        (HDEVINFO Set, PCWSTR Name, const GUID *Class, PCWSTR Description, HWND Parent, DWORD Flags, \
         SP_DEVINFO_DATA *Data)) \
    Function(SETUPAPI, SetupDiOpenDeviceInfoW, SYSTEM_WINDOWS_7, BOOL, \
        (HDEVINFO Set, PCWSTR InstanceId, HWND Parent, DWORD Flags, SP_DEVINFO_DATA *Data)) \
    Function(SETUPAPI, SetupDiSetDeviceRegistryPropertyW, SYSTEM_WINDOWS_7, BOOL, \
        (HDEVINFO Set, SP_DEVINFO_DATA *Data, DWORD Property, const BYTE *Buffer, DWORD Size)) \
    Function(SETUPAPI, SetupDiBuildDriverInfoList, SYSTEM_WINDOWS_7, BOOL, (HDEVINFO Set, SP_DEVINFO_DATA *Data, DWORD Type)) \
    Function(SETUPAPI, SetupDiDestroyDriverInfoList, SYSTEM_WINDOWS_7, BOOL, (HDEVINFO Set, SP_DEVINFO_DATA *Data, DWORD Type)) \
    Function(SETUPAPI, SetupDiEnumDriverInfoW, SYSTEM_WINDOWS_7, BOOL, \
        (HDEVINFO Set, SP_DEVINFO_DATA *Data, DWORD Type, DWORD Index, SP_DRVINFO_DATA_W *Driver)) \
    Function(SETUPAPI, SetupDiGetDriverInfoDetailW, SYSTEM_WINDOWS_7, BOOL, \
        (HDEVINFO Set, SP_DEVINFO_DATA *Data, SP_DRVINFO_DATA_W *Driver, SP_DRVINFO_DETAIL_DATA_W *Detail, \
         DWORD Size, DWORD *Needed)) \
    Function(SETUPAPI, SetupCopyOEMInfW, SYSTEM_WINDOWS_7, BOOL, \
        (PCWSTR Source, PCWSTR Media, DWORD MediaType, DWORD Style, PWSTR Destination, DWORD Size, \
         DWORD *Needed, PWSTR *Component)) \
    Function(SETUPAPI, SetupUninstallOEMInfW, SYSTEM_WINDOWS_7, BOOL, (PCWSTR Name, DWORD Flags, PVOID Reserved)) \
    Function(SETUPAPI, SetupSetNonInteractiveMode, SYSTEM_WINDOWS_7, BOOL, (BOOL NonInteractive)) \
    \
    Function(NEWDEV, DiUninstallDevice, SYSTEM_WINDOWS_7, BOOL, \
        (HWND Parent, HDEVINFO Set, SP_DEVINFO_DATA *Data, DWORD Flags, BOOL *NeedReboot)) \
    Function(NEWDEV, DiUninstallDriverW, SYSTEM_WINDOWS_10_1703, BOOL, (HWND Parent, LPCWSTR Inf, DWORD Flags, BOOL *NeedReboot)) \
    \
    Function(IPHLPAPI, ConvertInterfaceGuidToLuid, SYSTEM_WINDOWS_7, DWORD, (const GUID *Guid, NET_LUID *Luid)) \
    Function(IPHLPAPI, ConvertInterfaceLuidToAlias, SYSTEM_WINDOWS_7, DWORD, (const NET_LUID *Luid, PWSTR Alias, SIZE_T Length)) \
    Function(IPHLPAPI, GetIpInterfaceEntry, SYSTEM_WINDOWS_7, DWORD, (MIB_IPINTERFACE_ROW *Row)) \
    \
    Function(OLE32, CoInitializeEx, SYSTEM_WINDOWS_7, HRESULT, (PVOID Reserved, DWORD Mode)) \
    Function(OLE32, CoUninitialize, SYSTEM_WINDOWS_7, VOID, (VOID)) \
    Function(OLE32, CoCreateGuid, SYSTEM_WINDOWS_7, HRESULT, (GUID *Guid)) \
    Function(OLE32, CoCreateInstance, SYSTEM_WINDOWS_7, HRESULT, \
        (REFCLSID Class, LPUNKNOWN Outer, DWORD Context, REFIID Interface, PVOID *Object)) \
    \
    Function(NETSHELL, NcFreeNetconProperties, SYSTEM_WINDOWS_7, VOID, (NETCON_PROPERTIES *Properties))
/* clang-format on */

/* The error code within a result, or the result itself if it is of another kind. */
static inline DWORD
ResultError(HRESULT Result)
{
    return HRESULT_FACILITY(Result) == FACILITY_WIN32 ? HRESULT_CODE(Result) : (DWORD)Result;
}

#define SYSTEM_MODULE_ENUM(Module, File)                              SYSTEM_##Module,
#define SYSTEM_FUNCTION_FIELD(Module, Name, Since, Result, Arguments) Result(WINAPI *Name) Arguments;

typedef enum _SYSTEM_MODULE
{
    SYSTEM_MODULE_TABLE(SYSTEM_MODULE_ENUM) SYSTEM_MODULE_COUNT
} SYSTEM_MODULE;

typedef struct _SYSTEM_FUNCTIONS
{
    SYSTEM_FUNCTION_TABLE(SYSTEM_FUNCTION_FIELD)
} SYSTEM_FUNCTIONS;

/* Written by SystemRequire alone; a module's pointers are constant once it has returned TRUE. */
extern SYSTEM_FUNCTIONS System;

/* Loads the module and looks up its rows; any thread, any number of times. FALSE with the reason logged,
 * as an error or as a warning, and in GetLastError: the library is missing, or lacks a function that this version of
 * Windows has. */
BOOL SystemRequire(SYSTEM_MODULE Module);
BOOL SystemRequireOrWarn(SYSTEM_MODULE Module);

/* The version of the system that runs, as SYSTEM_RELEASE, whatever the program's manifest says; or 0 with the cause in
 * GetLastError. */
DWORD SystemVersion(VOID);

/* Whether that system is a server or a domain controller. */
BOOL SystemIsServer(VOID);

/* Whether this DLL's architecture is that of the system: not under WOW64 and not emulated on ARM64. */
BOOL SystemIsNative(VOID);

/* Whether the caller acts as a member of Administrators; SYSTEM does. If not, ERROR_ACCESS_DENIED or why it cannot be
 * told is in GetLastError. */
BOOL SystemIsElevated(VOID);

#endif
