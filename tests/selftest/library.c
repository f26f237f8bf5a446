/* SPDX-License-Identifier: MIT
 * The DLL under test and its fourteen exports. */
#include "selftest.h"

#include <stddef.h>

LIBRARY Wintun;

static HMODULE Module;

#define EXPORT(Name)                                                                                         \
    {                                                                                                        \
        "Wintun" #Name, offsetof(LIBRARY, Name)                                                              \
    }
static const struct
{
    LPCSTR Name;
    SIZE_T Offset;
} Exports[] = {
    EXPORT(CreateAdapter),      EXPORT(OpenAdapter),    EXPORT(CloseAdapter),
    EXPORT(DeleteDriver),       EXPORT(GetAdapterLUID), EXPORT(GetRunningDriverVersion),
    EXPORT(SetLogger),          EXPORT(StartSession),   EXPORT(EndSession),
    EXPORT(GetReadWaitEvent),   EXPORT(ReceivePacket),  EXPORT(ReleaseReceivePacket),
    EXPORT(AllocateSendPacket), EXPORT(SendPacket),
};

static VOID CALLBACK
PrintLog(WINTUN_LOGGER_LEVEL Level, DWORD64 Timestamp, LPCWSTR Message)
{
    static const LPCSTR Levels[] = {"info", "warning", "error"};

    (VOID) Timestamp;
    if (Level != WINTUN_LOG_INFO)
        ReportPrint("      log, %s: %.900ls", Levels[Level], Message);
}

DWORD
LibraryLoad(VOID)
{
    Module = LoadLibraryExW(L"wintun.dll", NULL,
                            LOAD_LIBRARY_SEARCH_APPLICATION_DIR | LOAD_LIBRARY_SEARCH_SYSTEM32);
    if (!Module)
        return GetLastError();
    for (DWORD Index = 0; Index < ARRAYSIZE(Exports); ++Index) {
        FARPROC *Target = (FARPROC *)((BYTE *)&Wintun + Exports[Index].Offset);
        *Target = GetProcAddress(Module, Exports[Index].Name);
        if (!*Target) {
            ReportPrint("wintun.dll has no %s", Exports[Index].Name);
            return ERROR_PROC_NOT_FOUND;
        }
    }
    Wintun.SetLogger(PrintLog);
    return ERROR_SUCCESS;
}
