/* SPDX-License-Identifier: MIT */
#include "device_problem.h"
#include "logger.h"

#define SERVICE_CONFIG_SIZE 8192u /* what QueryServiceConfig takes at most */

/* By number: mingw-w64's cfgmgr32.h ends before 49. */
static const struct
{
    ULONG Problem;
    PROBLEM_CLASS Class;
    LPCWSTR Text;
} Problems[] = {
    {1, PROBLEM_PENDING, L"the device is not configured yet"},
    {10, PROBLEM_FINAL, L"the device cannot start"},
    {14, PROBLEM_FINAL, L"the system has to be restarted first"},
    {18, PROBLEM_REBIND, L"the driver has to be installed again"},
    {22, PROBLEM_FINAL, L"the device is disabled"},
    {24, PROBLEM_FINAL, L"the device is gone"},
    {28, PROBLEM_REBIND, L"no driver is installed for the device"},
    {31, PROBLEM_FINAL, L"the driver could not be loaded for the device"},
    {32, PROBLEM_FINAL, L"the driver's service is disabled"},
    {37, PROBLEM_FINAL, L"the driver reported failure when it was loaded"},
    {38, PROBLEM_FINAL,
     L"an older image of the driver is still in memory; end the programs whose adapters run on it, or "
     L"restart the system"},
    {39, PROBLEM_REBIND, L"the driver's file is missing or damaged"},
    {48, PROBLEM_FINAL, L"the system blocks the driver"},
    {52, PROBLEM_FINAL, L"the driver's signature is not accepted by this system"},
    {54, PROBLEM_PENDING, L"the device is being reset"},
    {56, PROBLEM_PENDING, L"the network class is still configuring the device"},
};

static DWORD
ProblemIndex(ULONG Problem)
{
    DWORD Index = 0;
    while (Index < ARRAYSIZE(Problems) && Problems[Index].Problem != Problem)
        ++Index;
    return Index;
}

PROBLEM_CLASS
ProblemClass(ULONG Problem)
{
    DWORD Index = ProblemIndex(Problem);
    return Index < ARRAYSIZE(Problems) ? Problems[Index].Class : PROBLEM_FINAL;
}

LPCWSTR
ProblemText(ULONG Problem)
{
    DWORD Index = ProblemIndex(Problem);
    return Index < ARRAYSIZE(Problems) ? Problems[Index].Text : L"see the device manager";
}

/* The start type and state of one service, or why they cannot be read. */
static DWORD
ServiceQuery(SC_HANDLE Manager, LPCWSTR Name, DWORD *StartType, DWORD *State)
{
    SERVICE_STATUS Status;
    DWORD Needed, Error = ERROR_SUCCESS;

    SC_HANDLE Service = System.OpenServiceW(Manager, Name, SERVICE_QUERY_CONFIG | SERVICE_QUERY_STATUS);
    if (!Service)
        return GetLastError();
    QUERY_SERVICE_CONFIGW *Config = HeapAlloc(GetProcessHeap(), 0, SERVICE_CONFIG_SIZE);
    if (!Config) {
        Error = ERROR_NOT_ENOUGH_MEMORY;
    } else if (!System.QueryServiceConfigW(Service, Config, SERVICE_CONFIG_SIZE, &Needed) ||
               !System.QueryServiceStatus(Service, &Status)) {
        Error = GetLastError();
    } else {
        *StartType = Config->dwStartType;
        *State = Status.dwCurrentState;
    }
    if (Config)
        HeapFree(GetProcessHeap(), 0, Config);
    System.CloseServiceHandle(Service);
    return Error;
}

LPCWSTR
ProblemReportServices(VOID)
{
    static const LPCWSTR Names[] = {L"NetSetupSvc", L"DeviceInstall"};
    LPCWSTR Disabled = NULL;
    DWORD StartType = 0, State = 0, Error;

    if (!SystemRequire(SYSTEM_ADVAPI32))
        return NULL;
    SC_HANDLE Manager = System.OpenSCManagerW(NULL, NULL, SC_MANAGER_CONNECT);
    if (!Manager) {
        LoggerWrite(WINTUN_LOG_WARN, L"Cannot ask for the state of services (error 0x%x)", GetLastError());
        return NULL;
    }
    for (DWORD Index = 0; Index < ARRAYSIZE(Names); ++Index) {
        Error = ServiceQuery(Manager, Names[Index], &StartType, &State);
        if (Error) {
            LoggerWrite(WINTUN_LOG_WARN, L"Service %s: cannot be asked (error 0x%x)", Names[Index], Error);
            continue;
        }
        if (StartType == SERVICE_DISABLED)
            Disabled = Names[Index];
        LoggerWrite(WINTUN_LOG_INFO, L"Service %s: start type %u%s, state %u%s", Names[Index], StartType,
                    StartType == SERVICE_DISABLED ? L" (disabled)" : L"", State,
                    State == SERVICE_RUNNING ? L" (running)" : L"");
    }
    System.CloseServiceHandle(Manager);
    return Disabled;
}
