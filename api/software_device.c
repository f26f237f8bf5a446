/* SPDX-License-Identifier: MIT
 *
 * What SwDeviceCreate starts goes on behind our back, in any order: the callback may come before the function
 * has returned; the node starts, the class installer writes NetCfgInstanceId, NDIS makes the LUID, the driver
 * its control device and TCP/IP its rows, or some of these never come. So one loop asks for all of them until
 * they are there or time is up.
 */
#include "software_device.h"
#include "control.h"
#include "device_problem.h"
#include "logger.h"
#include "product.h"
#include "text.h"

#define CREATE_CALLBACK_MS 15000u
#define READY_MS           30000u
#define REPORT_MS          2000u /* when a problem that stays is reported */
#define ROWS_MS            5000u /* how long to wait for the first row of TCP/IP */
#define OTHER_ROW_MS       500u  /* and then for the other family's, which may be switched off */
#define REMOVE_MS          15000u
#define POLL_MS            10u

typedef struct _CREATE_CONTEXT
{
    HANDLE Done;
    HRESULT Result;
    WCHAR *InstanceId; /* MAX_DEVICE_ID_LEN characters */
} CREATE_CONTEXT;

/* On a thread of the system; logs nothing. */
static VOID WINAPI
SoftwareDeviceCreated(HSWDEVICE Handle, HRESULT Result, PVOID Argument, PCWSTR InstanceId)
{
    CREATE_CONTEXT *Context = Argument;

    (VOID) Handle;
    Context->Result = Result;
    if (SUCCEEDED(Result) && (!InstanceId || !TextCopy(Context->InstanceId, MAX_DEVICE_ID_LEN, InstanceId)))
        Context->Result = E_UNEXPECTED;
    SetEvent(Context->Done);
}

static DEVPROPERTY
PropertyOf(DWORD Id, DEVPROPTYPE Type, const VOID *Value, ULONG Size)
{
    DEVPROPERTY Property = {
        .CompKey = {.Key = {PRODUCT_PROPERTY_GUID, Id}, .Store = DEVPROP_STORE_SYSTEM},
        .Type = Type,
        .BufferSize = Size,
        .Buffer = (VOID *)Value,
    };
    return Property;
}

static ULONG
TextSize(LPCWSTR Text)
{
    return (TextLength(Text) + 1) * sizeof(WCHAR);
}

/* ERROR_SUCCESS, ERROR_TIMEOUT, or why there is no waiting. */
static DWORD
WaitFor(HANDLE Event, DWORD Milliseconds)
{
    DWORD Result = WaitForSingleObject(Event, Milliseconds);
    return Result == WAIT_OBJECT_0 ? ERROR_SUCCESS : Result == WAIT_TIMEOUT ? ERROR_TIMEOUT : GetLastError();
}

/* Waits for the callback. A disabled service is told from slowness early. */
static DWORD
SoftwareDeviceWaitCreated(HANDLE Done)
{
    DWORD Error = WaitFor(Done, REPORT_MS);
    if (Error != ERROR_TIMEOUT)
        return Error;
    LoggerWrite(WINTUN_LOG_WARN, L"The system has not made the device yet");
    LPCWSTR Disabled = ProblemReportServices();
    if (Disabled) {
        LoggerWrite(WINTUN_LOG_WARN, L"Service %s is disabled; network devices need it", Disabled);
        return ERROR_SERVICE_DISABLED;
    }
    return WaitFor(Done, CREATE_CALLBACK_MS - REPORT_MS);
}

/* Has PnP make the node. TRUE once it is there, with a handle that keeps it. */
static BOOL
SoftwareDeviceEnumerate(SOFTWARE_DEVICE *Device, LPCWSTR Name, LPCWSTR TunnelType, const GUID *Guid)
{
    static const WCHAR HardwareIds[] = PRODUCT_WIDEN(PRODUCT_HARDWARE_ID) L"\0";
    static const DEVPROPKEY FriendlyName = {
        {0xa45c254e, 0xdf1c, 0x4efd, {0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0}}, 14};
    const DWORD Kind = DEVICE_KIND_SESSION;
    WCHAR GuidText[GUID_TEXT_LENGTH], Description[MAX_ADAPTER_NAME + 16];
    CREATE_CONTEXT Context = {.InstanceId = Device->InstanceId};
    OWNER Owner;
    DWORD Error;

    TextFormat(GuidText, ARRAYSIZE(GuidText), L"%g", Guid);
    TextFormat(Description, ARRAYSIZE(Description), L"%s Tunnel", TunnelType);
    if (!OwnerOfThisProcess(&Owner))
        return LoggerFail(GetLastError(), L"Cannot find out when this process began");
    DEVPROPERTY Properties[] = {
        PropertyOf(DEVICE_PROPERTY_KIND, DEVPROP_TYPE_UINT32, &Kind, sizeof(Kind)),
        PropertyOf(DEVICE_PROPERTY_NAME, DEVPROP_TYPE_STRING, Name, TextSize(Name)),
        PropertyOf(DEVICE_PROPERTY_POOL, DEVPROP_TYPE_STRING, TunnelType, TextSize(TunnelType)),
        PropertyOf(DEVICE_PROPERTY_PROCESS_ID, DEVPROP_TYPE_UINT32, &Owner.ProcessId,
                   sizeof(Owner.ProcessId)),
        PropertyOf(DEVICE_PROPERTY_CREATED, DEVPROP_TYPE_FILETIME, &Owner.Created, sizeof(Owner.Created)),
        PropertyOf(0, DEVPROP_TYPE_STRING, Description, TextSize(Description)),
    };
    Properties[ARRAYSIZE(Properties) - 1].CompKey.Key = FriendlyName;
    SW_DEVICE_CREATE_INFO Info = {
        .cbSize = sizeof(Info),
        .pszInstanceId = GuidText,
        .pszzHardwareIds = HardwareIds,
        .CapabilityFlags = SW_DEVICE_CAPABILITY_SILENT_INSTALL | SW_DEVICE_CAPABILITY_DRIVER_REQUIRED,
        .pszDeviceDescription = Description,
    };

    Context.Done = CreateEventW(NULL, TRUE, FALSE, NULL);
    if (!Context.Done)
        return LoggerFail(GetLastError(), L"Cannot create an event");
    HRESULT Result = System.SwDeviceCreate(PRODUCT_WIDEN(PRODUCT_ENUMERATOR), L"HTREE\\ROOT\\0", &Info,
                                           ARRAYSIZE(Properties), Properties, SoftwareDeviceCreated, &Context,
                                           &Device->Handle);
    if (FAILED(Result)) {
        Error = ResultError(Result);
        goto cleanupEvent;
    }
    Error = SoftwareDeviceWaitCreated(Context.Done);
    if (!Error && FAILED(Context.Result))
        Error = ResultError(Context.Result);
    if (Error) {
        /* No callback comes after this, so Context may go. */
        System.SwDeviceClose(Device->Handle);
        Device->Handle = NULL;
    }

cleanupEvent:
    CloseHandle(Context.Done);
    if (Error == ERROR_FILE_EXISTS)
        Error = ERROR_ALREADY_EXISTS;
    return Error ? LoggerFail(Error, L"Cannot create device %s", GuidText) : TRUE;
}

/* What the loop below has come to. */
typedef struct _READINESS
{
    DWORD Start;     /* ticks */
    BOOL IsReported; /* a problem that stays, once */
    LPCWSTR Awaited; /* what is not there yet */
    DWORD RowStart;  /* ticks, when the rows began to be waited for */
    DWORD FirstRow;  /* ticks, when one of them was there */
    BOOL IsRowAwaited, IsRowFound;
} READINESS;

/* Says what is wrong with the node, with the status beside the code if there is one: it tells a policy from a
 * signature, for example. */
static BOOL
ReadinessFail(LPCWSTR InstanceId, ULONG Problem, DWORD Error)
{
    static const DEVPROPKEY ProblemStatus = {
        {0x4340a6c5, 0x93fa, 0x4706, {0x97, 0x2c, 0x7b, 0x64, 0x80, 0x08, 0xa5, 0xa7}}, 12};
    DWORD Status;

    if (!DeviceReadSystemProperty(InstanceId, &ProblemStatus, DEVPROP_TYPE_NTSTATUS, &Status, sizeof(Status)))
        Status = 0;
    return LoggerFail(Error, L"Device %s: problem code %u (status 0x%x), %s", InstanceId, (DWORD)Problem,
                      Status, ProblemText(Problem));
}

/* FALSE, with the cause logged, if the node's problem is not one that time heals. */
static BOOL
ReadinessProblem(READINESS *Readiness, LPCWSTR InstanceId, ULONG Problem)
{
    PROBLEM_CLASS Class = ProblemClass(Problem);

    Readiness->Awaited = ProblemText(Problem);
    if (Class == PROBLEM_FINAL || (Class == PROBLEM_REBIND && GetTickCount() - Readiness->Start >= REPORT_MS))
        return ReadinessFail(InstanceId, Problem,
                             Class == PROBLEM_FINAL ? ERROR_DEVICE_NOT_AVAILABLE : ERROR_NO_COMPAT_DRIVERS);
    if (Readiness->IsReported || GetTickCount() - Readiness->Start < REPORT_MS)
        return TRUE;
    Readiness->IsReported = TRUE;
    LoggerWrite(WINTUN_LOG_WARN, L"Device %s does not start: problem code %u, %s", InstanceId, (DWORD)Problem,
                ProblemText(Problem));
    LPCWSTR Disabled = ProblemReportServices();
    return Disabled ? LoggerFail(ERROR_SERVICE_DISABLED, L"Service %s is disabled; network devices need it",
                                 Disabled)
                    : TRUE;
}

static BOOL
RowIsThere(const NET_LUID *Luid, ADDRESS_FAMILY Family)
{
    MIB_IPINTERFACE_ROW Row = {.Family = Family, .InterfaceLuid = *Luid};
    return System.GetIpInterfaceEntry(&Row) == NO_ERROR;
}

/* Whether TCP/IP is ready for the interface, or need not be waited for any longer. */
static BOOL
ReadinessRows(READINESS *Readiness, const SOFTWARE_DEVICE *Device)
{
    DWORD Now = GetTickCount();

    if (!Readiness->IsRowAwaited) {
        Readiness->IsRowAwaited = TRUE;
        Readiness->RowStart = Now;
    }
    BOOL Has4 = RowIsThere(&Device->Luid, AF_INET), Has6 = RowIsThere(&Device->Luid, AF_INET6);
    if (Has4 && Has6)
        return TRUE;
    if (Has4 || Has6) {
        if (!Readiness->IsRowFound) {
            Readiness->IsRowFound = TRUE;
            Readiness->FirstRow = Now;
        }
        if (Now - Readiness->FirstRow < OTHER_ROW_MS)
            return FALSE;
        LoggerWrite(WINTUN_LOG_INFO, L"The adapter has no %s; it may be switched off",
                    Has4 ? L"IPv6" : L"IPv4");
        return TRUE;
    }
    if (Now - Readiness->RowStart < ROWS_MS)
        return FALSE;
    LoggerWrite(WINTUN_LOG_WARN, L"TCP/IP has not taken up the adapter yet");
    return TRUE;
}

/* One look at a node without a problem: TRUE when everything is there. */
static BOOL
ReadinessLook(READINESS *Readiness, SOFTWARE_DEVICE *Device)
{
    Readiness->Awaited = L"the network interface is not there yet";
    if (!DeviceInterface(Device->InstanceId, &Device->Guid, &Device->Luid))
        return FALSE;
    if (!Readiness->IsRowAwaited) {
        Readiness->Awaited = L"the driver's control device is not there yet";
        HANDLE Control = ControlOpen(&Device->Luid, &Device->Guid, NULL);
        if (Control == INVALID_HANDLE_VALUE)
            return FALSE;
        CloseHandle(Control);
    }
    return ReadinessRows(Readiness, Device);
}

static BOOL
SoftwareDeviceWaitReady(SOFTWARE_DEVICE *Device)
{
    READINESS Readiness = {.Start = GetTickCount()};
    ULONG Status, Problem;
    DEVINST Node;

    for (;;) {
        Readiness.Awaited = L"the device does not start";
        if (System.CM_Locate_DevNodeW(&Node, Device->InstanceId, CM_LOCATE_DEVNODE_NORMAL) == CR_SUCCESS &&
            System.CM_Get_DevNode_Status(&Status, &Problem, Node, 0) == CR_SUCCESS) {
            if (Status & DN_HAS_PROBLEM) {
                if (!ReadinessProblem(&Readiness, Device->InstanceId, Problem))
                    return FALSE;
            } else if ((Status & DN_STARTED) && ReadinessLook(&Readiness, Device)) {
                return TRUE;
            }
        }
        if (GetTickCount() - Readiness.Start >= READY_MS)
            break;
        Sleep(POLL_MS);
    }
    return LoggerFail(ERROR_DEVICE_NOT_AVAILABLE, L"Device %s is not ready after %u seconds: %s",
                      Device->InstanceId, READY_MS / 1000, Readiness.Awaited);
}

BOOL
SoftwareDeviceCreate(SOFTWARE_DEVICE *Device, LPCWSTR Name, LPCWSTR TunnelType, const GUID *Guid)
{
    if (!SoftwareDeviceEnumerate(Device, Name, TunnelType, Guid))
        return FALSE;
    if (!SoftwareDeviceWaitReady(Device)) {
        DWORD LastError = GetLastError();
        SoftwareDeviceRemove(Device, TRUE);
        SetLastError(LastError);
        return FALSE;
    }
    return TRUE;
}

VOID
SoftwareDeviceRemove(SOFTWARE_DEVICE *Device, BOOL IsLocked)
{
    if (!Device->Handle)
        return;
    /* Begins a surprise removal that ends later, and leaves a phantom. */
    System.SwDeviceClose(Device->Handle);
    Device->Handle = NULL;
    if (!DeviceWaitAbsent(Device->InstanceId, REMOVE_MS))
        LoggerWrite(WINTUN_LOG_WARN, L"Device %s is still being removed; the next creation will uninstall it",
                    Device->InstanceId);
    else if (IsLocked)
        DeviceUninstall(Device->InstanceId);
}
